// Step mode: a picture told operation by operation, with Back, Next and Play at the right of the claim.
//
//   const steps = stepMode("formula", ["Logits", "Softmax", "Loss"]);   // once, outside view: the field that keeps it
//
// Returns {names, last, of(local) -> the shown step, to(g, local, at), play(g, local, on), bar(g, local), key(event, g,
// local) -> whether it was one of step mode's keys, halt(g, local) and whole(g, local) -> whether there was anything to
// stop or to go back from, state(local)}. The last step shows everything; the field holds -1 for it, so that a link
// without it shows the whole picture.

import { clamp, html } from "./shapes.js";

/** Where a page puts its charts before its picture (a phone has one column), the bar stands above them all the same. */
function lifted(figure, bar) {
  const whole = figure.closest('[class*="st-key-gb-steps-above"]');
  if (!whole) return;
  const place = () => {
    const zoom = figure.currentCSSZoom || 1;
    const far = (figure.getBoundingClientRect().top - whole.getBoundingClientRect().top) / zoom;
    const under = matchMedia("(max-width: 640px)").matches;
    figure.classList.toggle("gb-steps-lifted", under);
    bar.style.top = under ? `${-far}px` : "";
  };
  const watch = new ResizeObserver(() => (figure.isConnected ? place() : watch.disconnect()));
  for (const part of [whole, document.documentElement]) watch.observe(part);
  place();
}

const PACE = 1800; // milliseconds that Play stays at a step

export function stepMode(field, names) {
  const last = names.length - 1;
  const of = (local) => {
    const at = local.sel[field] ?? -1;
    return at < 0 || at > last ? last : at;
  };
  const to = (g, local, at) => {
    const step = clamp(at, 0, last);
    g.select({ [field]: step === last ? -1 : step });
    if (step === last) play(g, local, false);
  };
  const by = (g, local, move) => to(g, local, of(local) + move);
  const play = (g, local, on) => {
    clearInterval(local.timer);
    local.timer = null;
    if (on) {
      to(g, local, of(local) >= last ? 0 : of(local) + 1);
      local.timer = setInterval(() => {
        if (g.figure.isConnected) by(g, local, 1);
        else clearInterval(local.timer);
      }, PACE);
    }
    g.redraw();
  };
  const build = (g, local) => {
    const button = (act, click, extra = "") => html("button", { type: "button", class: `gb-button gb-small ${extra}`, "data-act": act, click });
    const made = html("div", { class: "gb-steps" }, html("span", { class: "gb-steps-count", role: "status" }),
      button("back", () => by(g, local, -1)),
      button("next", () => by(g, local, 1), "gb-primary"),
      button("play", () => play(g, local, !local.timer)));
    g.figure.prepend(made);
    lifted(g.figure, made);
    return made;
  };
  const bar = (g, local) => {
    const [count, back, next, run] = (g.figure.querySelector(".gb-steps") ?? build(g, local)).children;
    g.figure.classList.toggle("gb-steps-beside", g.width >= 1000); // room for it beside the claim
    const now = of(local);
    count.textContent = `Step ${now + 1} of ${names.length}: ${names[now]}`;
    back.textContent = "Back";
    next.textContent = now < last ? `Next: ${names[now + 1]}` : "The end";
    run.textContent = local.timer ? "Pause" : "Play";
    back.disabled = now === 0;
    next.disabled = now === last;
  };
  const halt = (g, local) => Boolean(local.timer) && (play(g, local, false), true);
  const whole = (g, local) => of(local) < last && (to(g, local, last), true);
  const key = (event, g, local) => {
    if (event.key === "ArrowLeft" || event.key === ",") by(g, local, -1);
    else if (event.key === "ArrowRight" || event.key === ".") by(g, local, 1);
    else if (event.key === " ") play(g, local, !local.timer);
    else return false;
    return true;
  };
  const state = (local) => ({ step: of(local), steps: names.length, playing: Boolean(local.timer) });
  return { names, last, of, to, play, bar, key, halt, whole, state };
}
