// Step mode: a picture shown operation by operation, with Back, Next and Play at the right of the claim.
//
//   const steps = stepMode("formula", ["Logits", "Softmax", "Loss"]);   // once, outside view: the field that keeps it

import { clamp, html } from "./shapes.js";
import { isDesk } from "./widths.js";

/**
 * @import { Local, Stage } from "./glass.js"
 *
 * @typedef {Pick<Stage, "figure" | "select" | "redraw" | "width">} Ground
 * @typedef {Local & {timer?: number | null}} Played a selection, and whether Play is on
 */
/**
 * The last step shows everything; the field holds -1 for it, so that a link without it shows the whole picture.
 * @typedef {object} Steps
 * @property {string[]} names
 * @property {number} last
 * @property {(local: Local) => number} of the step that is shown
 * @property {(g: Ground, local: Played, at: number) => void} to
 * @property {(g: Ground, local: Played, on: boolean) => void} play
 * @property {(g: Ground, local: Played) => void} bar puts Back, Next and Play over the picture
 * @property {(event: KeyboardEvent, g: Ground, local: Played) => boolean} key whether it was one of step mode's keys
 * @property {(g: Ground, local: Played) => boolean} halt whether there was anything to stop
 * @property {(g: Ground, local: Played) => boolean} whole whether there was anything to go back from
 * @property {(local: Played) => {step: number, steps: number, playing: boolean}} state
 */

/**
 * Where a page puts its charts before its picture (a phone has one column), the bar stands above them all the same.
 * @type {(figure: HTMLElement, bar: HTMLElement) => void}
 */
function lifted(figure, bar) {
  const whole = figure.closest('[class*="st-key-gb-steps-above"]');
  if (!whole) return;
  const place = () => {
    const zoom = figure.currentCSSZoom || 1;
    const far = (figure.getBoundingClientRect().top - whole.getBoundingClientRect().top) / zoom;
    const under = matchMedia("(max-width: 759px)").matches;
    figure.classList.toggle("gb-steps-lifted", under);
    bar.style.top = under ? `${-far}px` : "";
  };
  const watch = new ResizeObserver(() => (figure.isConnected ? place() : watch.disconnect()));
  for (const part of [whole, document.documentElement]) watch.observe(part);
  place();
}

const PACE = 1800; // milliseconds that Play stays at a step

/**
 * @param {string} field of the selection, which keeps the step
 * @param {string[]} names
 * @returns {Steps}
 */
export function stepMode(field, names) {
  const last = names.length - 1;
  /** @type {Steps["of"]} */
  const of = (local) => {
    const at = local.sel[field] ?? -1;
    return at < 0 || at > last ? last : at;
  };
  /** @type {Steps["to"]} */
  const to = (g, local, at) => {
    const step = clamp(at, 0, last);
    g.select({ [field]: step === last ? -1 : step });
    if (step === last) play(g, local, false);
  };
  /** @type {Steps["to"]} */
  const by = (g, local, move) => to(g, local, of(local) + move);
  /** @type {Steps["play"]} */
  const play = (g, local, on) => {
    clearInterval(local.timer ?? undefined);
    local.timer = null;
    if (on) {
      to(g, local, of(local) >= last ? 0 : of(local) + 1);
      local.timer = setInterval(() => {
        if (g.figure.isConnected) by(g, local, 1);
        else clearInterval(local.timer ?? undefined);
      }, PACE);
    }
    g.redraw();
  };
  const build = (/** @type {Ground} */ g, /** @type {Played} */ local) => {
    /** @type {(act: string, click: () => void, extra?: string) => HTMLButtonElement} */
    const button = (act, click, extra = "") => html("button", { type: "button", class: `gb-button gb-small ${extra}`, "data-act": act, click });
    const made = html("div", { class: "gb-steps" }, html("span", { class: "gb-steps-count", role: "status" }),
      button("back", () => by(g, local, -1)),
      button("next", () => by(g, local, 1), "gb-primary"),
      button("play", () => play(g, local, !local.timer)));
    g.figure.prepend(made);
    lifted(g.figure, made);
    return made;
  };
  /** @type {Steps["bar"]} */
  const bar = (g, local) => {
    const made = g.figure.querySelector(".gb-steps") ?? build(g, local);
    const count = made.children[0];
    const [back, next, run] = made.querySelectorAll("button");
    g.figure.classList.toggle("gb-steps-beside", isDesk(g.width)); // room for it beside the claim
    const now = of(local);
    count.textContent = `Step ${now + 1} of ${names.length}: ${names[now]}`;
    back.textContent = "Back";
    next.textContent = now < last ? `Next: ${names[now + 1]}` : "The end";
    run.textContent = local.timer ? "Pause" : "Play";
    back.disabled = now === 0;
    next.disabled = now === last;
  };
  /** @type {Steps["halt"]} */
  const halt = (g, local) => {
    if (!local.timer) return false;
    play(g, local, false);
    return true;
  };
  /** @type {Steps["whole"]} */
  const whole = (g, local) => {
    if (of(local) >= last) return false;
    to(g, local, last);
    return true;
  };
  /** @type {Steps["key"]} */
  const key = (event, g, local) => {
    if (event.key === "ArrowLeft" || event.key === ",") by(g, local, -1);
    else if (event.key === "ArrowRight" || event.key === ".") by(g, local, 1);
    else if (event.key === " ") play(g, local, !local.timer);
    else return false;
    return true;
  };
  /** @type {Steps["state"]} */
  const state = (local) => ({ step: of(local), steps: names.length, playing: Boolean(local.timer) });
  return { names, last, of, to, play, bar, key, halt, whole, state };
}
