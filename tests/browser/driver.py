"""Helpers for the tests that look at the app as a person does: through a real browser.

Every component of ours keeps what it shows as JSON in the attribute `data-state` of an element that carries
`data-component="NAME"`; that is how a picture's numbers are compared with `core`. Components may live in open shadow
roots: Playwright's CSS selectors look into those by themselves.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode, urlsplit

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Error,
    Locator,
    Page,
    Request,
    ViewportSize,
    sync_playwright,
)

from app.session import keys
from app.session.owner import COOKIE, signed
from scripts import browser as chromium
from tests.ports import free_port

if TYPE_CHECKING:
    from core.runs import Store

ROOT = Path(__file__).resolve().parents[2]
DESKTOP: ViewportSize = {"width": 1366, "height": 768}
PHONE: ViewportSize = {"width": 390, "height": 844}
SECONDS = 60  # the longest a page may take to draw on a busy two-core machine

BROKEN = "Something went wrong on this page"  # what app/server/start.py says when a page raised

# Streamlit asks these below the page's own path first, is told 404, and then finds them at the root.
STREAMLITS_OWN_PROBES = ("/_stcore/health", "/_stcore/host-config")

# True once nothing on the page is still being computed, fetched or drawn. What the page has heard of is drawn in the
# next frame, which a busy machine shows late; a window that nobody sees has no frames.
DRAWN = """async () => {
  await new Promise((done) => {
    requestAnimationFrame(() => requestAnimationFrame(done));
    setTimeout(done, 500);
  });
  const app = document.querySelector('[data-testid="stApp"]');
  if (!app || app.dataset.testScriptState !== 'notRunning') return false;
  if (app.dataset.testConnectionState !== 'CONNECTED') return false;
  if (window.glassbox?.loading) return false; // a picture's modules
  const waiting = '[data-testid="stSkeleton"], [data-testid="stAppSkeleton"], [data-stale="true"]';
  if (document.querySelector(waiting)) return false;
  if (!document.querySelector('[data-testid="stMainBlockContainer"] [data-testid="stElementContainer"]')) return false;
  const all = (root) => [...root.querySelectorAll('*')].flatMap(e => e.shadowRoot ? [e, ...all(e.shadowRoot)] : [e]);
  return all(document).filter(e => e.hasAttribute('data-component')).every(e => {
    try { JSON.parse(e.getAttribute('data-state')); return e.getAttribute('data-state') !== null; }
    catch { return false; }
  });
}"""


@dataclass
class Server:
    """A running app."""

    url: str
    log: Path
    process: subprocess.Popen[bytes]
    data: Path  # where its run store is

    def store(self) -> Store:
        """The server's run store, opened from here: what is put into it, the server's workers train.

        Raises:
            StoreAway, SchemaError: it cannot be opened.
        """
        from core.runs import Store

        return Store(f"sqlite:///{self.data / 'runs.sqlite'}")

    def output(self, last: int = 200) -> str:
        """The last lines that the server printed."""
        return "\n".join(self.log.read_text(encoding="utf-8", errors="replace").splitlines()[-last:])


@dataclass
class Findings:
    """What went wrong in a page without anybody seeing it."""

    messages: list[str] = field(default_factory=list)

    def watch(self, page: Page, base: str) -> Callable[[], None]:
        """Collect the page's uncaught errors, console errors, and requests that leave this machine, until called off.

        Returns:
            What ends it.
        """

        def on_console(message: ConsoleMessage) -> None:
            address = message.location.get("url", "")
            probe = "404" in message.text and urlsplit(address).path.endswith(STREAMLITS_OWN_PROBES)
            if message.type == "error" and not probe:
                self.messages.append(f"console error: {message.text} ({address})")

        def on_request(request: Request) -> None:
            local = request.url.startswith((base, base.replace("http", "ws", 1), "data:", "blob:", "about:"))
            if not local:
                self.messages.append(f"request to the outside: {request.url}")

        def on_error(error: Exception) -> None:
            self.messages.append(f"uncaught error: {error}")

        def unwatch() -> None:
            page.remove_listener("console", on_console)
            page.remove_listener("pageerror", on_error)
            page.remove_listener("request", on_request)

        page.on("console", on_console)
        page.on("pageerror", on_error)
        page.on("request", on_request)
        return unwatch


def is_healthy(url: str) -> bool:
    """Whether the app at this address answers its health check."""
    opener = urllib.request.build_opener(
        urllib.request.ProxyHandler({})
    )  # never through a proxy: it is local
    with suppress(OSError), opener.open(f"{url}/_stcore/health", timeout=5) as answer:
        return bool(answer.status == 200)
    return False


@contextmanager
def serving(
    folder: Path,
    main: Path = ROOT / "app" / "main.py",
    env: dict[str, str] | None = None,
    port: int | None = None,
    workers: int = 0,
    root: Path = ROOT,
) -> Iterator[Server]:
    """Start the real app, wait until it is healthy, and stop it at the end.

    Args:
        folder: where the server's log and its run store go.
        main: the script to run.
        env: further environment variables of the server.
        port: None: a free one.
        workers: processes that may train runs; most tests do without.
        root: the checkout whose code is served.
    Raises:
        RuntimeError: the app ended or did not answer within two minutes; the message holds what it printed.
    """
    port = port or free_port()
    options = {
        "server.headless": "true",
        "server.port": str(port),
        "server.address": "127.0.0.1",
        "server.fileWatcherType": "none",
        "browser.gatherUsageStats": "false",
        "browser.serverAddress": "127.0.0.1",
    }
    command = [sys.executable, "-m", "streamlit", "run", str(main)]
    command += [part for name, value in options.items() for part in (f"--{name}", value)]
    log = folder / "server.log"
    data = folder / "data"
    own = {
        "OMP_NUM_THREADS": "1", "PYTHONUNBUFFERED": "1", "GLASSBOX_DATA": str(data), "GLASSBOX_DB": "",
        "GLASSBOX_WORKERS": str(workers),
        # A machine that is slow, or busy with other tests, would draw offers of shorter runs that another does not.
        "GLASSBOX_LONG": "100000",
    }  # fmt: skip
    variables = {**os.environ, **own, **(env or {})}
    with log.open("wb") as output:
        process = subprocess.Popen(command, cwd=root, env=variables, stdout=output, stderr=subprocess.STDOUT)
        server = Server(f"http://127.0.0.1:{port}", log, process, data)
        try:
            deadline = time.monotonic() + 120
            while not is_healthy(server.url):
                if process.poll() is not None or time.monotonic() > deadline:
                    raise RuntimeError(f"the app did not start; it printed:\n{server.output()}")
                time.sleep(0.2)
            yield server
        finally:
            process.terminate()
            try:
                process.wait(timeout=15)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


@contextmanager
def busy(server: Server, workers: int = 2) -> Iterator[None]:
    """Each of the server's workers has a run that does not end: what a page starts now waits, and can be stopped.

    What earlier tests left is stopped. Runs of a page's presets last seconds: on a machine that is quick with them and
    slow with pages they are over before a button is found.

    Raises:
        RuntimeError: the workers did not begin; the message holds what the server printed.
    """
    from tests.runs import tiny  # brings PyTorch, which a photograph of a page does without

    spec, owner = tiny(steps=1_000_000, eval_every=100_000), "e" * 32
    with closing(server.store()) as store:
        for run in store.list():
            if not run.over:
                store.command(run.id, run.owner, "stop")
        held = [store.create(spec, owner).id for _ in range(workers)]
        try:
            deadline = time.monotonic() + 2 * SECONDS
            while any(store.get(id).state != "running" for id in held):
                if time.monotonic() > deadline:
                    raise RuntimeError(f"the workers did not begin; the server printed:\n{server.output()}")
                time.sleep(0.1)
            yield
        finally:
            for id in held:
                store.command(id, owner, "stop")


@contextmanager
def launched(*arguments: str) -> Iterator[Browser]:
    """A headless Chromium.

    Args:
        arguments: for its command line, beside those that every launch has.
    Raises:
        RuntimeError: there is none; `make test` would have installed one.
    """
    path = chromium.find(sys.executable)
    if path is None:
        raise RuntimeError(chromium.MISSING.format(python=sys.executable))
    options = [*chromium.ARGUMENTS, *arguments]
    with (
        sync_playwright() as playwright,
        playwright.chromium.launch(executable_path=path, args=options) as browser,
    ):
        yield browser


def new_context(
    browser: Browser,
    server: Server,
    theme: str = "light",
    viewport: ViewportSize | None = None,
    owner: str | None = None,
) -> BrowserContext:
    """A fresh browser: no cookies, no storage, relative addresses resolved against the app.

    Args:
        owner: the id of the browser whose training runs it may command, 32 hexadecimal digits; None: a new one.
    """
    context = browser.new_context(
        base_url=server.url,
        viewport=viewport or DESKTOP,
        color_scheme="dark" if theme == "dark" else "light",
        reduced_motion="reduce",
        accept_downloads=True,
        locale="en-US",
    )
    context.set_default_timeout(SECONDS * 1000)
    if owner is not None:
        context.add_cookies([owner_cookie(server, owner)])
    return context


def owner_cookie(server: Server, owner: str) -> Any:
    """The cookie with which a browser is this owner to the server."""
    key = (server.data / keys.NAME).read_bytes()
    return {"name": COOKIE, "value": signed(owner, key), "url": server.url}


def wait_until_drawn(page: Page) -> None:
    """Wait until the script has run, nothing is stale, and every component has drawn and stays so for six frames.

    Raises:
        AssertionError: it never came to rest; the message names components that keep no state.
    """
    calm, deadline = 0, time.monotonic() + SECONDS
    while (calm := calm + 1 if _is_drawn(page) else 0) < 3:
        if calm:
            continue
        if time.monotonic() > deadline:
            silent = page.locator("[data-component]:not([data-state])").evaluate_all(
                "all => all.map(e => e.dataset.component)"
            )
            raise AssertionError(
                f"{page.url} was not drawn within {SECONDS} s; components without state: {silent}"
            )
        page.wait_for_timeout(50)


def _is_drawn(page: Page) -> bool:
    try:
        return bool(page.evaluate(DRAWN))
    except Error as why:
        if "navigation" not in str(
            why
        ):  # else the page was left while it was looked at: the next one is waited for
            raise
        return False


def open_page(page: Page, slug: str, **query: str | int | float) -> None:
    """Open a page of the app by its slug, as a link with this query would, and wait until all of it is drawn."""
    address = "" if slug == "home" else slug.strip("/")  # the default page lives at the root
    page.goto(f"/{address}" + (f"?{urlencode(query)}" if query else ""))
    wait_until_drawn(page)
    # The app shows one of these when a page broke: never what a test wanted.
    trouble = page.locator(f'[data-testid="stException"], [data-testid="stAlert"]:has-text("{BROKEN}")')
    assert trouble.count() == 0, f"{page.url} shows an error: {trouble.first.inner_text()}"


def go_to_page(page: Page, slug: str) -> None:
    """Go to another page by its link in the contents, which takes the text along, and wait until it is drawn."""
    page.locator(f"[data-testid=stSidebarNavLink][href$='/{slug}']").click()
    page.wait_for_url(f"**/{slug}?*")
    wait_until_drawn(page)


def wait_for_link(page: Page, *words: str, without: str | None = None) -> None:
    """Wait until the address says all of `words`, and not `without`: it follows a moment after the picture.

    A choice in a picture is seen at once, but told to the page up to 150 ms later; the address changes at the end of
    the run that the page makes of it.
    """
    page.wait_for_url(lambda url: all(word in url for word in words) and not (without and without in url))


def component(page: Page, name: str) -> Any:
    """The locator of a component's root element."""
    return page.locator(f'[data-component="{name}"]').first


# What of a chart's words lies outside its drawing.
OUTSIDE = """all => [...all.querySelectorAll("svg.marks")].flatMap(svg =>
  [...svg.querySelectorAll("text")].filter(word => {
    const [box, room] = [word.getBoundingClientRect(), svg.getBoundingClientRect()];
    return box.width && (box.left < room.left - 1 || box.right > room.right + 1);
  }).map(word => word.textContent))"""


def chart(page: Page, name: str) -> Locator:
    """All of a chart of Altair's or Plotly's: its drawings, its state, the button to its table."""
    return page.locator(f'[class*="st-key-gb-chart-"]:has(> * figure[data-component="{name}"])').first


def marks(page: Page, name: str, kind: str) -> Locator:
    """The marks of a chart of Altair's that are called `kind` there."""
    return chart(page, name).locator(f'[class*=" {kind}"] path')


MIDDLE = """part => {
  const box = part.getBoundingClientRect();
  return box.width ? [box.x + box.width / 2, box.y + box.height / 2] : null;
}"""


def shown(page: Page, within: Locator, script: str, argument: str | None = None) -> Any:
    """What a function of the browser says of a part of a picture, once it says something.

    A picture may be drawn anew at any moment. Playwright holds on to the node it found, and fails, or measures nothing,
    when another has taken its place: so this asks again.
    """
    deadline = time.monotonic() + SECONDS
    while not (found := within.evaluate(script, argument)):
        assert time.monotonic() < deadline, f"{within} is not shown"
        page.wait_for_timeout(20)
    return found


def middles(page: Page, figure: Locator, selector: str) -> list[tuple[float, float]]:
    """Where the middles of a figure's parts are on the screen, in the order of the document."""
    script = f"""(figure, selector) => {{
      const found = [...figure.querySelectorAll(selector)].map({MIDDLE});
      return found.length && found.every(Boolean) ? found : null;
    }}"""
    return [(float(x), float(y)) for x, y in shown(page, figure, script, selector)]


def hover(page: Page, part: Locator) -> None:
    """Move the mouse onto the middle of a part of a picture."""
    part.evaluate("part => part.scrollIntoView({ block: 'nearest' })")
    page.mouse.move(*shown(page, part, MIDDLE))


def click(page: Page, part: Locator) -> None:
    """Click the middle of a part of a picture."""
    hover(page, part)
    page.mouse.down()
    page.mouse.up()


def component_state(page: Page, name: str) -> Any:
    """What a component says that it shows now, parsed.

    Raises:
        AssertionError: there is no such component on the page.
    """
    found = page.locator(f'[data-component="{name}"]')
    states = found.evaluate_all("all => all.slice(0, 1).map(e => e.dataset.state || 'null')")
    if not states:
        present = page.locator("[data-component]").evaluate_all("all => all.map(e => e.dataset.component)")
        raise AssertionError(f"no component {name!r} on {page.url}; there are {present}")
    return json.loads(states[0])


def wait_for_state(page: Page, name: str, holds: Callable[[Any], bool], seconds: float = SECONDS) -> Any:
    """Wait until a component's state satisfies `holds` and return it, for as long as it still changes.

    The component may not be on the page yet: after a click on a link, Streamlit draws one after another. How long a
    training run or a measurement takes depends on the machine.

    Raises:
        AssertionError: it did not change for `seconds`; the message holds it.
    """
    last, since = None, time.monotonic()
    page.locator(f'[data-component="{name}"]').first.wait_for(state="attached")
    while True:
        state = component_state(page, name)
        if state is not None and holds(state):
            return state
        if state != last:
            last, since = state, time.monotonic()
        if time.monotonic() - since > seconds:
            raise AssertionError(
                f"component {name!r} did not reach the state; for {seconds} s it has been {state}"
            )
        page.wait_for_timeout(50)


def axe(page: Page, options: dict[str, Any] | None = None) -> list[dict[str, Any]]:
    """What axe-core finds wrong with the page at rest: a list of violations, empty when it is accessible.

    Streamlit fades what a run is about to replace, and faded words have too little contrast for as long as that takes:
    a finding counts if it is still there three seconds later.
    """
    for _ in range(2):
        results = Axe().run(page, options={"resultTypes": ["violations"], **(options or {})})
        violations: list[dict[str, Any]] = results.response["violations"]
        if not violations:
            break
        page.wait_for_timeout(3000)
    return violations


def axe_lines(violations: list[dict[str, Any]]) -> list[str]:
    """One readable line for each violation: the rule, how bad, and where."""
    return [
        f"{found['id']} ({found['impact']}): {found['help']}: "
        + "; ".join(" >>> ".join(map(str, node["target"])) for node in found["nodes"][:3])
        for found in violations
    ]


def set_theme(page: Page, theme: str) -> None:
    """Let the page follow a system that prefers "light" or "dark", and wait until it has changed its colours."""
    page.emulate_media(color_scheme="dark" if theme == "dark" else "light", reduced_motion="reduce")
    brightness = """() => {
      const [r, g, b] = getComputedStyle(document.querySelector('[data-testid="stApp"]')).backgroundColor
        .match(/\\d+/g).map(Number);
      return r + g + b;
    }"""
    page.wait_for_function(f"dark => ((({brightness})() < 384) === dark)", arg=theme == "dark")
    wait_until_drawn(page)


def taken_svg(page: Page) -> str:
    """The page's picture as the button SVG of Take away hands it out."""
    with page.expect_download() as download:
        page.locator(".st-key-gb-card-take").get_by_role("button", name="SVG", exact=True).click()
    return Path(download.value.path()).read_text(encoding="utf-8")


def drawing_of(page: Page, name: str) -> str:
    """The SVG that a chart of Plotly's saves by the button beside its own."""
    chart(page, name).scroll_into_view_if_needed()
    with page.expect_download() as download:
        chart(page, name).get_by_role("button", name="Save as SVG").click()
    assert re.fullmatch(
        rf"glassbox-{name.replace('_', '-')}(-[a-z0-9-]+)?\.svg", download.value.suggested_filename
    )
    return Path(download.value.path()).read_text(encoding="utf-8")


def picture_of(page: Page, name: str, file: Path) -> bytes:
    """The PNG that a chart of Plotly's saves by its own button."""
    chart(page, name).scroll_into_view_if_needed()
    with page.expect_download() as download:
        chart(page, name).locator('.modebar-btn[data-title^="Download plot"]').click()
    download.value.save_as(file)
    return file.read_bytes()
