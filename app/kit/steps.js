// Step mode: a picture opens whole, with one button that steps through it; from there it is shown operation by operation, each
// with its caption, by Back, Next and Play at the right of the claim.
//
//   const steps = stepMode("formula", ["Logits", "Softmax", "Loss"]);   // once, outside view: the field that keeps it
//   steps.bar(g, local, (step) => WORDS[step](data));                   // in draw: the bar, and the caption of the step

import { say } from "./say.js";
import { html } from "./shapes.js";
import { isDesk } from "./widths.js";

/**
 * @import { Local, Stage } from "./glass.js"
 *
 * @typedef {Pick<Stage, "figure" | "select" | "redraw" | "width" | "visit">} Ground
 * @typedef {Local & {timer?: number | null}} Played a selection, and whether Play is on
 * @typedef {(step: number) => string} Captions one or two sentences for each step
 */
/**
 * A field that holds a step shows that step, with its caption. One without shows the whole picture, which is drawn as the last
 * step is.
 * @typedef {object} Steps
 * @property {string[]} names
 * @property {number} last
 * @property {(local: Local) => number} of the step that is drawn
 * @property {(local: Local) => boolean} told whether it is a step that is told, and not the whole picture
 * @property {(g: Ground, local: Played, at: number) => void} to a step; past the last one: the whole picture
 * @property {(g: Ground, local: Played, move: number) => void} by steps on or back; after the last comes the whole picture
 * @property {(g: Ground, local: Played, on: boolean) => void} play
 * @property {(g: Ground, local: Played, captions: Captions) => void} bar puts buttons and caption over the picture
 * @property {(event: KeyboardEvent, g: Ground, local: Played) => boolean} key whether it was one of step mode's keys
 * @property {(g: Ground, local: Played) => boolean} halt whether there was anything to stop
 * @property {(g: Ground, local: Played) => boolean} whole whether there was anything to go back from
 * @property {(g: Ground, local: Played, inner?: () => boolean) => void} up what Escape does: it stops Play, shows the whole
 *   picture, lets go of what the page has chosen (`inner`: whether there was anything), goes to Home
 * @property {(local: Local, captions?: Captions) => string} said the step for a screen reader, with its caption
 * @property {(local: Played) => {step: number, steps: number, whole: boolean, playing: boolean}} state
 */
/**
 * Where a page differs.
 * @typedef {object} Ways
 * @property {number} [whole] the step that the whole picture is drawn as, if that is not the last
 * @property {number} [first] the field's value for the first step; what is less is the whole picture
 * @property {(local: Played, at: number) => Record<string, unknown>} [along] what else a step chooses
 * @property {Record<string, unknown>} [leave] what else the whole picture chooses
 */

export const WHOLE = say("The whole picture");
/**
 * Returns how far a key steps: 1 for "." and Shift + →, -1 for "," and Shift + ←, 0 for others. Arrow keys alone move what the
 * picture has marked.
 * @param {Pick<KeyboardEvent, "key" | "shiftKey">} event
 */
export function stepKey({ key, shiftKey }) {
  if (key === "." || (shiftKey && key === "ArrowRight")) return 1;
  return key === "," || (shiftKey && key === "ArrowLeft") ? -1 : 0;
}

/**
 * Returns 1 for the entry after, -1 for the one before, in a picture whose choices stand in one line: both pairs of arrow keys
 * move along it. 0 for other keys.
 * @param {Pick<KeyboardEvent, "key" | "shiftKey">} event
 */
export function entryKey({ key, shiftKey }) {
  if (shiftKey) return 0;
  if (key === "ArrowDown" || key === "ArrowRight") return 1;
  return key === "ArrowUp" || key === "ArrowLeft" ? -1 : 0;
}

const PACE = 1800; // milliseconds that Play stays at a step

/** The steps whose bar this is: another text may have brought others. @type {WeakMap<Element, Steps>} */
const held = new WeakMap();

/**
 * Where a page puts its charts before its picture (a phone has one column), the bar stands above them all the same.
 * @type {(figure: HTMLElement, bar: HTMLElement) => void}
 */
function lifted(figure, bar) {
  const whole = /** @type {HTMLElement | null} */ (figure.closest('[class*="st-key-gb-steps-above"]'));
  if (!whole) return;
  const place = () => {
    const zoom = figure.currentCSSZoom || 1;
    const far = (figure.getBoundingClientRect().top - whole.getBoundingClientRect().top) / zoom;
    const under = getComputedStyle(whole).getPropertyValue("--gb-steps-lifted").trim() === "1"; // frame.css
    figure.classList.toggle("gb-steps-lifted", under);
    bar.style.top = under ? `${-far}px` : "";
    whole.style.setProperty("--gb-steps-tall", `${bar.offsetHeight + 8}px`);
  };
  const watch = new ResizeObserver(() => (figure.isConnected ? place() : watch.disconnect()));
  for (const part of [whole, bar, document.documentElement]) watch.observe(part);
  place();
}

/**
 * Takes the bar away and stops Play: there is nothing to step through.
 * @param {Ground} g @param {Played} local
 */
export function withoutSteps(g, local) {
  clearInterval(local.timer ?? undefined);
  local.timer = null;
  g.figure.querySelector(".gb-steps-top")?.remove();
}

/** What `isClear` found, until one of the words or widths that it hangs on changes. @type {WeakMap<Element, {about: string, clear: boolean}>} */
const found = new WeakMap();

/**
 * Whether a bar at the right of the claim stands clear of its words, which are as long as the page's claim is. To measure
 * them in the middle of a drawing makes the browser lay out the whole page, so it is done when something has changed.
 * @type {(figure: HTMLElement, bar: Element, width: number) => boolean}
 */
export function isClear(figure, bar, width) {
  const claim = document.querySelector(".gb-claim");
  if (!claim) return true;
  const about = [
    width,
    document.fonts.status,
    claim.textContent,
    ...[...bar.children].map((part) => (/** @type {HTMLElement} */ (part).hidden ? "" : part.textContent)),
  ].join("\n");
  const known = found.get(bar);
  if (known?.about === about) return known.clear;
  const end =
    claim.getBoundingClientRect().left +
    Math.max(0, ...[...claim.querySelectorAll("h1, p")].map((line) => line.getBoundingClientRect().width));
  const parts = [...bar.children].map((part) => part.getBoundingClientRect()).filter((box) => box.width);
  const wide = parts.length ? parts[parts.length - 1].right - parts[0].left : 0;
  const clear = end + 16 + wide <= figure.getBoundingClientRect().right;
  found.set(bar, { about, clear });
  return clear;
}

/**
 * @param {string} field of the selection, which keeps the step
 * @param {string[]} names
 * @param {Ways} [ways]
 * @returns {Steps}
 */
export function stepMode(
  field,
  names,
  { whole: drawn = names.length - 1, first = 0, along, leave: home } = {},
) {
  const last = names.length - 1;
  const chosen = (/** @type {Local} */ local) => (local.sel[field] ?? first - 1) - first;
  /** @type {Steps["told"]} */
  const told = (local) => chosen(local) >= 0 && chosen(local) <= last;
  /** @type {Steps["of"]} */
  const of = (local) => (told(local) ? chosen(local) : drawn);
  const stop = (/** @type {Played} */ local) => {
    clearInterval(local.timer ?? undefined);
    local.timer = null;
  };
  /** @type {Steps["to"]} */
  const to = (g, local, at) => {
    if (at > last) {
      stop(local);
      g.select({ ...home, [field]: first - 1 });
    } else {
      const step = Math.max(at, 0);
      g.select({ ...along?.(local, step), [field]: step + first });
    }
  };
  /** @type {Steps["by"]} */
  const by = (g, local, move) => {
    if (told(local)) to(g, local, of(local) + move);
    else to(g, local, move < 0 ? last : 0); // the whole picture stands after the last step, and before the first
  };
  /** @type {Steps["play"]} */
  const play = (g, local, on) => {
    stop(local);
    if (on) {
      to(g, local, told(local) && of(local) < last ? of(local) + 1 : 0);
      local.timer = setInterval(() => {
        if (g.figure.isConnected) by(g, local, 1);
        else stop(local);
      }, PACE);
    }
    g.redraw();
  };
  const build = (/** @type {Ground} */ g, /** @type {Played} */ local) => {
    /** @type {(act: string, click: (now: Steps) => void, extra?: string) => HTMLButtonElement} */
    const button = (act, click, extra = "") =>
      html("button", {
        type: "button",
        class: `gb-button gb-small ${extra}`,
        "data-act": act,
        click: () => {
          const now = held.get(made);
          if (now) click(now);
        },
      });
    const made = html(
      "div",
      { class: "gb-steps-top" },
      html(
        "div",
        { class: "gb-steps" },
        html("span", { class: "gb-steps-count", role: "status" }),
        button("back", (now) => now.by(g, local, -1)),
        button("next", (now) => now.by(g, local, 1), "gb-primary"),
        button("play", (now) => now.play(g, local, !local.timer)),
      ),
      html(
        "div",
        { class: "gb-steps-row" },
        html(
          "p",
          { class: "gb-steps-said", role: "status", "data-part": "step" },
          html("strong", {}),
          html("span", {}),
        ),
        button("whole", (now) => now.to(g, local, now.last + 1)),
      ),
    );
    g.figure.prepend(made);
    lifted(g.figure, made);
    return made;
  };
  /** @type {Steps["bar"]} */
  const bar = (g, local, captions) => {
    const made = g.figure.querySelector(".gb-steps-top") ?? build(g, local);
    held.set(made, steps);
    const [line, said] = [made.children[0], made.children[1].children[0]];
    const [back, next, run, leave] = made.querySelectorAll("button");
    const [now, on] = [of(local), told(local)];
    if (!on && local.timer) stop(local); // the page went back to the whole picture by itself
    /** @type {(node: Element, text: string) => void} */
    const write = (node, text) => {
      if (node.textContent !== text) node.textContent = text;
    };
    write(line.children[0], on ? "" : WHOLE);
    write(back, say("Back"));
    back.title = say("Keys: , or Shift + ←");
    next.title = say("Keys: . or Shift + →");
    run.title = say("Key: Space");
    write(
      next,
      !on
        ? say("Step through it ({count} steps)", { count: names.length })
        : now < last
          ? say("Next: {step}", { step: names[now + 1] })
          : WHOLE,
    );
    write(run, local.timer ? say("Pause") : say("Play"));
    write(leave, say("Whole picture"));
    back.disabled = now === 0;
    write(
      said.children[0],
      on ? say("Step {now} of {count}: {step}", { now: now + 1, count: names.length, step: names[now] }) : "",
    );
    write(said.children[1], on ? captions(now) : "");
    const inside = made.contains(document.activeElement);
    for (const node of [back, run, leave]) node.hidden = !on;
    leave.hidden = !on || now === last; // where Next leads there
    made.classList.toggle("gb-steps-told", on);
    g.figure.classList.toggle("gb-steps-beside", isDesk(g.width) && isClear(g.figure, line, g.width));
    if (inside && !made.contains(document.activeElement)) next.focus(); // a button that hides, or can do nothing, loses it
    if (
      inside &&
      document.activeElement instanceof HTMLButtonElement &&
      (document.activeElement.hidden || document.activeElement.disabled)
    )
      next.focus();
  };
  /** @type {Steps["halt"]} */
  const halt = (g, local) => {
    if (!local.timer) return false;
    play(g, local, false);
    return true;
  };
  /** @type {Steps["whole"]} */
  const whole = (g, local) => {
    if (!told(local)) return false;
    to(g, local, last + 1);
    return true;
  };
  /** @type {Steps["up"]} */
  const up = (g, local, inner) => {
    if (!halt(g, local) && !whole(g, local) && !inner?.()) g.visit("home");
  };
  /** @type {Steps["key"]} */
  const key = (event, g, local) => {
    const move = stepKey(event);
    if (move) by(g, local, move);
    else if (event.key === " ") play(g, local, !local.timer);
    else return false;
    return true;
  };
  /** @type {Steps["said"]} */
  const said = (local, captions) =>
    told(local)
      ? `${say("Step {now} of {count}, {step}:", { now: of(local) + 1, count: names.length, step: names[of(local)] })} ${captions ? `${captions(of(local))} ` : ""}`
      : `${WHOLE}. `;
  /** @type {Steps["state"]} */
  const state = (local) => ({
    step: of(local),
    steps: names.length,
    whole: !told(local),
    playing: Boolean(local.timer),
  });
  /** @type {Steps} */
  const steps = { names, last, of, told, to, by, play, bar, key, halt, whole, up, said, state };
  return steps;
}
