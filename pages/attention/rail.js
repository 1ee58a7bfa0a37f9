// The rail of steps, the buttons that walk along it, and what the whole model predicts.

import {
  MONO, clamp, css, fit, h, html, label, measure, num, shareBar, tokenSpans, visible,
} from "../../app/kit/shapes.js";
import { RAIL } from "./layout.js";

export function drawRail(g, data, local) {
  const n = data.steps.length;
  const w = g.width / n;
  const names = w >= 76;
  const parts = data.steps.map((step, i) => {
    const on = i === local.step;
    const x = i * w;
    return h("g", {},
      h("rect", { x, y: 0, width: w, height: RAIL, fill: css(on ? "accent" : i < local.step ? "wash" : "bg") }),
      i > 0 && h("path", { d: `M${x},0V${RAIL}`, stroke: css("line") }),
      names ? [
        label(x + 8, 17, fit(step.title, w - 12, 12, false), { weight: 600, fill: on ? "accent-on" : "ink" }),
        label(x + 8, 34, fit(step.off ? "off" : step.formula, w - 10, 12, true), { mono: true, fill: on ? "accent-on" : step.off ? "accent" : "ink3" }),
      ] : label(x + w / 2, 26, i + 1, { anchor: "middle", weight: 600, size: 13, fill: on ? "accent-on" : "ink2" }));
  });
  return h("g", {}, h("clipPath", { id: "att-rail" }, h("rect", { x: 0.5, y: 0.5, width: g.width - 1, height: RAIL - 1, rx: 8 })),
    h("g", { "clip-path": "url(#att-rail)" }, parts),
    h("rect", { x: 0.5, y: 0.5, width: g.width - 1, height: RAIL - 1, rx: 8, fill: "none", stroke: css("line") }));
}

/** What the whole model predicts, as it is and with the change: one line, a bar a token. */
export function drawNext(g, data, y) {
  const { tokens, label: name, changed } = data.next;
  const wide = g.width >= 720;
  const after = data.next.after ? fit(visible(data.next.after), 90, 13) : "";
  const lead = 1.06 * measure(`${name} ${after}`, 12, false) + 38;
  const room = g.width - (wide ? 150 + (changed ? 70 : 0) : 0);
  const per = wide ? Math.min(190, (room - lead) / Math.min((g.width < 900 ? 3 : 5) - (changed ? 1 : 0), tokens.length)) : g.width / 2;
  if (!tokens.length) return [label(0, y + 14, fit(name, g.width, 12, false), { fill: "ink2" })];
  const shown = tokens.slice(0, wide ? Math.max(1, Math.floor((room - lead) / per)) : 4);
  return [shown.map((t, i) => {
    const x = wide ? lead + i * per : (i % 2) * per;
    const base = wide ? y : y + 40 + 24 * Math.floor(i / 2);
    const numbers = changed ? `${num(t.before, 3)} → ${num(t.after, 3)}` : num(t.after, 3);
    const word = per - measure(numbers, 12, true) - 22;
    const bar = per - 14;
    return h("g", {},
      h("text", { x, y: base + 14, "font-family": MONO, "font-size": 13, fill: css("ink"), direction: "ltr" }, tokenSpans(t.text, word)),
      label(x + bar, base + 14, numbers, { anchor: "end", mono: true, fill: changed && t.after !== t.before ? "accent" : "ink2" }),
      h("rect", { x, y: base + 19, width: bar, height: 4, rx: 2, fill: css("field") }),
      changed && shareBar(x, base + 19, bar, 4, t.before, { fill: css("res"), opacity: 0.55 }),
      shareBar(x, base + (changed ? 20 : 19), bar, changed ? 2 : 4, t.after, { fill: css(changed ? "accent" : "res") }));
  })];
}

export function go(g, data, local, step) {
  const next = clamp(step, 0, data.steps.length - 1);
  if (next !== local.step) { local.hover = null; g.select({ step: next }); }
}
export function play(g, data, local, on = !local.timer) {
  clearInterval(local.timer);
  local.timer = null;
  if (on) {
    if (local.step >= local.data.steps.length - 1) go(g, local.data, local, 0);
    local.timer = setInterval(() => {
      go(g, local.data, local, local.step + 1);
      if (local.step >= local.data.steps.length - 1 || !g.figure.isConnected) play(g, local.data, local, false);
    }, 1600);
  }
  g.redraw();
}

/** Back, Next and Play: real buttons, at the right of the claim where there is room, else above the rail. */
export function drawBar(g, data, local) {
  let bar = g.figure.querySelector(".att-bar");
  if (!bar) {
    const button = (name, act, extra = "") => html("button", { type: "button", class: `gb-button ${extra}`, "data-act": name, click: act });
    bar = html("div", { class: "att-bar" }, html("span", { class: "att-count", role: "status" }),
      button("back", () => go(g, local.data, local, local.step - 1)),
      button("next", () => go(g, local.data, local, local.step + 1), "gb-primary"),
      button("play", () => play(g, local.data, local)));
    g.figure.prepend(bar);
  }
  const [count, back, next, run] = bar.children;
  const last = local.step === data.steps.length - 1;
  count.textContent = `Step ${local.step + 1} of ${data.steps.length}`;
  back.textContent = "Back";
  next.textContent = last ? "The end" : `Next: ${data.steps[local.step + 1].title.split(" ").at(-1).replace(/^./, (c) => c.toUpperCase())}`;
  run.textContent = local.timer ? "Pause" : "Play";
  back.disabled = local.step === 0;
  next.disabled = last;
}

/** Which rows are scrolled out of view: a button above the chips and one below them, which bring those rows in. */
export function overRows(g, local, at) {
  const first = Math.round(local.scroll / at.pitch);
  const last = first + Math.round(at.shown / at.pitch) - 1;
  const rows = (from, to) => (from === to ? `row ${from}` : `rows ${from}–${to}`);
  const sign = (key, box, text, by) => g.overlay(key, box,
    () => html("button", { type: "button", class: "gb-rows att-rows", click: () => { local.scroll = clamp(local.scroll + by, 0, at.lines * at.pitch - at.shown); g.redraw(); } }),
    (node) => { node.textContent = text; });
  if (first > 0) sign("rows above", { left: -2, top: at.top - 34 }, `${rows(0, first - 1)}\nabove`, -at.shown);
  if (last < at.lines - 1) sign("rows below", { left: -2, top: at.top + at.shown - 2 }, `${rows(last + 1, at.lines - 1)} below`, at.shown);
}

/** Transparent buttons over the drawn rail, so that it can be reached by Tab and read aloud. */
export function overRail(g, data, local) {
  const w = g.width / data.steps.length;
  data.steps.forEach((step, i) => g.overlay(`rail ${i}`, { left: i * w, top: 0, width: w, height: RAIL },
    () => html("button", { type: "button", class: "att-step", click: () => go(g, local.data, local, i) }),
    (node) => {
      node.setAttribute("aria-label", `Step ${i + 1}: ${step.title}, ${step.off ? "off" : step.formula}`);
      node.title = step.title;
      if (i === local.step) node.setAttribute("aria-current", "step"); else node.removeAttribute("aria-current");
    }));
}
