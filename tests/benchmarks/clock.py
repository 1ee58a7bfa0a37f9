"""The browser's own clock: from the event that changes a control, or moves the mouse, to the picture that answers."""

from __future__ import annotations

from playwright.sync_api import Page

from tests.benchmarks import pair
from tests.browser import driver

CHANGE_MS, CHANGE_P95_MS = 150, 300

# Starts the clock at the next event of the kind `starts`, and keeps a promise of the milliseconds until `holds` is true
# of the state, drawn.
CLOCK = """([name, starts, holds]) => {
  const figure = () => document.querySelector(`[data-component="${name}"]`);
  const ready = new Function('state', `return ${holds}`);
  window.waited = new Promise((done, fail) => {
    let started = null;
    addEventListener(starts, () => { started ??= performance.now(); }, {capture: true, once: true});
    const look = () => {
      const now = figure()?.dataset.state;
      if (started === null || !now || !ready(JSON.parse(now))) return;
      watch.disconnect();
      requestAnimationFrame(() => done(performance.now() - started));
    };
    const watch = new MutationObserver(look);
    watch.observe(document.body, {subtree: true, childList: true, attributes: true, attributeFilter: ['data-state']});
    setTimeout(() => fail(new Error(`waited 10 s for ${holds}: ${figure()?.dataset.state?.slice(0, 400)}`)), 10000);
  });
}"""

# Moves the mouse over 60 places of the picture, half of them parts that answer to it; each time: the script's own time,
# in the events and the next frame. Tells how many different pictures and tooltips that made, too.
HOVERED = """async (name) => {
  const figure = document.querySelector(`[data-component="${name}"]`);
  const svg = figure.querySelector('svg'), box = svg.getBoundingClientRect();
  const under = (x, y) => { const e = document.elementFromPoint(x, y); return e && svg.contains(e) ? e : svg; };
  const frame = window.requestAnimationFrame.bind(window);
  let spent = 0;
  const timed = (work) => (...given) => {
    const started = performance.now();
    work(...given);
    spent += performance.now() - started;
  };
  window.requestAnimationFrame = (work) => frame(timed(work));
  const times = [], states = new Set();
  const hot = [...svg.querySelectorAll('.gb-hot, .gb-chip')];
  const place = (i) => {
    const part = i % 2 ? hot[Math.floor(i * hot.length / 60)]?.getBoundingClientRect() : null;
    if (part?.width) return [part.x + part.width / 2, part.y + part.height / 2];
    return [box.x + box.width * (0.05 + 0.9 * ((i * 7) % 60) / 60), box.y + box.height * (0.2 + 0.6 * i / 60)];
  };
  let last = null;
  for (let i = 0; i < 60; i++) {
    const [x, y] = place(i), element = under(x, y);
    const event = {bubbles: true, clientX: x, clientY: y, pointerType: 'mouse'};
    const now = element.closest('.gb-hot, .gb-chip');
    spent = 0;
    if (now !== last) {  // what a browser sends to the part alone
      timed(() => last?.dispatchEvent(new PointerEvent('pointerleave', {...event, bubbles: false})))();
      timed(() => now?.dispatchEvent(new PointerEvent('pointerenter', {...event, bubbles: false})))();
      last = now;
    }
    for (const type of ['pointerover', 'pointermove'])
      timed(() => element.dispatchEvent(new PointerEvent(type, event)))();
    await new Promise(done => frame(() => frame(done)));
    times.push(spent);
    states.add(figure.dataset.state + (document.querySelector('.gb-tip:not([hidden])')?.innerText ?? ''));
  }
  window.requestAnimationFrame = frame;
  return [times, states.size];
}"""


def button(label: str, name: int) -> str:
    """JavaScript that finds one button of a row of buttons."""
    return (
        f"[...document.querySelectorAll('[data-testid=\"stButtonGroup\"]')]"
        f".find(group => group.innerText.startsWith('{label}'))"
        f".querySelectorAll('button')[{name}]"
    )


def toggle(label: str) -> str:
    """JavaScript that finds a toggle."""
    return (
        "[...document.querySelectorAll('[data-testid=\"stCheckbox\"]')]"
        f".find(box => box.innerText.includes('{label}')).querySelector('input')"
    )


def part(name: str, selector: str) -> str:
    """JavaScript that finds a part of a picture."""
    return f"document.querySelector('[data-component=\"{name}\"] {selector}')"


def change(title: str, milliseconds: list[float]) -> pair.Figure:
    """A change of a control, beside what a person may wait for."""
    return pair.Figure(title, milliseconds, CHANGE_MS, most_95=CHANGE_P95_MS)


def press(page: Page, name: str, find: str, holds: str) -> float:
    """Milliseconds from a click to the new picture."""
    page.evaluate(CLOCK, [name, "click", holds])
    page.evaluate(f"{find}.dispatchEvent(new MouseEvent('click', {{bubbles: true}}))")
    return waited(page)


def write(page: Page, name: str, label: str, text: str, holds: str) -> float:
    """Milliseconds from Enter (of Ctrl+Enter) in a text box to the picture of the new text."""
    page.get_by_label(label, exact=True).first.fill(text)
    page.evaluate(CLOCK, [name, "keydown", holds])
    page.keyboard.press("Control+Enter")
    return waited(page)


def waited(page: Page) -> float:
    """What the clock says; returns when the page has come to rest."""
    found: float = page.evaluate("window.waited")
    driver.wait_until_drawn(page)
    return found


def reads(text: str) -> str:
    """The condition that a picture shows this text."""
    return f"state.tokens.join('').endsWith('{text}')"
