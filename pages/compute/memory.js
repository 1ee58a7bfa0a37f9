// What training and use hold, as bars beside the bytes of the card, and what fits on it; the two sliders.

import { counted } from "../../app/kit/counts.js";
import { clamp, css, fit, h, html, inLines, label, thousands } from "../../app/kit/shapes.js";
import { manyOf, sizeOf, threeDigits } from "../../app/kit/units.js";
import { nowOf, stepOf } from "./figure.js";

export const KINDS = {
  weights: { title: "weights", hue: "res" }, gradients: { title: "gradients", hue: "neg" }, optimizer: { title: "optimizer", hue: "pos" },
  activations: { title: "activations", hue: "mlp" }, cache: { title: "keys and values", hue: "att" },
};
const MODES = { training: "Training", using: "Using it" };

export const memoryHeight = (at) => (at.phone ? 330 : 250);

export function drawMemory(g, data, local, at) {
  const { x, y, w, phone } = at;
  const now = nowOf(data, local);
  const { focus } = stepOf(data, local);
  const totals = Object.fromEntries(Object.keys(MODES).map((mode) => [mode, now.memory[mode].reduce((sum, one) => sum + one.bytes, 0)]));
  const largest = Math.max(...Object.values(totals), 1);
  const card = data.card.memory;
  const shown = largest >= card / 8; // otherwise the card's line would make the bars vanish
  const left = x + 66;
  const across = w - 66 - 78;
  const end = shown ? Math.max(1.03 * largest, 1.12 * card) : 1.02 * largest;
  const X = (bytes) => left + (across * bytes) / end;
  const bars = y + 40;
  g.part("memory", [at, now.batch, now.length, focus], () => [
    label(x, y + 14, "Memory", { weight: 600, fill: "ink" }),
    label(x + 62, y + 14, fit(`trained in ${data.trained}, used in ${data.precision}`, w - 62, 12, false), { fill: "ink3" }),
    Object.keys(MODES).map((mode, k) => {
      const mid = bars + 14 + 34 * k;
      const off = focus && !(mode === "training" ? ["weights", "gradients", "optimizer", "activations", "fits"] : ["using", "fits"]).includes(focus);
      let from = 0;
      return h("g", { "data-mode": mode, opacity: off ? 0.5 : 1 },
        label(x, mid + 4, MODES[mode], { fill: "ink", weight: 500 }),
        now.memory[mode].map((one) => {
          const bar = h("rect", { x: X(from), y: mid - 10, width: Math.max(one.bytes ? 0.75 : 0, X(from + one.bytes) - X(from)), height: 20, fill: css(KINDS[one.name].hue), opacity: focus && focus !== one.name && mode === "training" && KINDS[focus] ? 0.3 : 1, "data-kind": one.name });
          from += one.bytes;
          return g.tip(bar, kindText(one));
        }),
        label(x + w, mid + 4, sizeOf(totals[mode]), { anchor: "end", mono: true, weight: 600, fill: totals[mode] > card ? "accent" : "ink" }));
    }),
    shown ? [h("path", { d: `M${X(card)},${bars - 6}V${bars + 68}`, stroke: css("accent"), "stroke-width": 2, "data-card": "line" }),
      label(clamp(X(card), left + 40, x + w - 60), bars - 10, data.card.name, { anchor: "middle", fill: "accent", weight: 600 })]
      : label(x + w, bars - 10, fit(`${data.card.name}: its line is ${threeDigits(card / largest)} times as far →`, across + 78, 12, false), { anchor: "end", fill: "accent", "data-card": "beyond" }),
    drawLegend(g, now, { x, y: bars + 84, w, phone }),
  ]);
  const fitsY = bars + 84 + (phone ? 6 : 4) * 17 + 8;
  g.part("fits", [at, now.batch, now.length, focus], () => drawFits(data, now, { x, y: fitsY, w }, focus));
}

/** Every kind with its bytes: training's at the left, use's at the right, on a phone below. */
function drawLegend(g, now, { x, y, w, phone }) {
  return Object.keys(MODES).flatMap((mode, side) => now.memory[mode].map((one, i) => {
    const left = phone ? x : x + side * (w / 2 + 10);
    const mid = y + 17 * (phone ? i + side * now.memory.training.length : i);
    const right = phone ? x + w : left + w / 2 - 10;
    const all = now.memory[mode].reduce((sum, each) => sum + each.bytes, 0) || 1;
    return g.tip(h("g", { "data-legend": `${mode} ${one.name}` }, h("rect", { x: left, y: mid - 13, width: right - left, height: 17, fill: "transparent" }), h("rect", { x: left, y: mid - 9, width: 10, height: 10, rx: 2, fill: css(KINDS[one.name].hue) }),
      label(left + 16, mid, phone ? `${MODES[mode].toLowerCase()}: ${KINDS[one.name].title}` : KINDS[one.name].title, { fill: "ink2" }),
      label(right, mid, `${sizeOf(one.bytes)} ${String(Math.round((100 * one.bytes) / all)).padStart(3, "\u2007")} %`, { anchor: "end", mono: true, fill: "ink2" })), kindText(one));
  }));
}
/** A kind's bytes, whole. */
const kindText = (one) => `${KINDS[one.name].title}: ${sizeOf(one.bytes)}${Number.isSafeInteger(one.bytes) ? `, ${thousands(one.bytes)} bytes` : ""}`;

/** What fits, in numbers; the largest context of another batch is known when the page has answered. */
export function fitsOf(data, now) {
  return Object.fromEntries(Object.keys(MODES).map((mode) => {
    const sum = (name) => data.memory[mode].reduce((total, one) => total + one[name][now.at], 0);
    const free = data.card.memory - sum("fixed");
    const batch = free < 0 ? 0 : sum("row") ? Math.floor(free / sum("row")) : null;
    return [mode, { batch, length: data.fits.batch === now.batch ? data.fits[mode].length : undefined }];
  }));
}
function drawFits(data, now, { x, y, w }, focus) {
  const found = fitsOf(data, now);
  return Object.keys(MODES).flatMap((mode) => {
    const { batch, length } = found[mode];
    const texts = batch === null ? "any number of texts" : manyOf(batch, "text");
    const most = data.fits.longest; // a model with a position for each token of its context reads no longer text
    const long = length === undefined ? "…" : most && (length === null || length >= most) ? `of all ${counted(most, "token")} that it can read` : length === null ? "of any length" : `of ${thousands(length)}`;
    const none = batch === 0 && length === 0;
    return [none ? `${data.card.name} has no room for ${mode === "training" ? "training" : "using"} it, whatever is read.`
      : `${data.card.name} ${mode === "training" ? "trains on" : "keeps"} ${texts} of ${manyOf(now.length, "token")}, or ${manyOf(now.batch, "text")} ${long}.`];
  }).flatMap((line) => inLines(line, w)).map((line, i) => label(x, y + 4 + 17 * i, line, { fill: focus === "fits" ? "accent" : "ink", weight: focus === "fits" ? 600 : 400 }));
}

export function drawSliders(g, data, local, now, { x, y, w, phone }) {
  const tall = phone ? 44 : 24;
  const name = 62;
  const said = 124;
  const range = (key, about, values, value, pick, text, top) => {
    g.part(`name ${key}`, [x, top, w, text], () => [label(x, top + tall / 2 + 4, about, { fill: "ink" }), label(x + w, top + tall / 2 + 4, text, { anchor: "end", mono: true, fill: "ink" })]);
    g.overlay(`range ${key}`, { left: x + name, top, width: w - name - said, height: tall },
      () => html("input", { type: "range", class: "gb-range", min: 0, step: 1, "data-range": key, "aria-label": key === "batch" ? "Texts side by side" : "Tokens of a text" }),
      (node) => {
        node.max = values.length - 1;
        node.value = values.indexOf(value);
        node.setAttribute("aria-valuetext", text);
        node.style.setProperty("--fill", `${(100 * values.indexOf(value)) / (values.length - 1)}%`);
        node.oninput = () => pick(values[Number(node.value)]);
      });
  };
  range("batch", "Batch", data.batches, now.batch, (v) => g.select({ together: v }), manyOf(now.batch, "text"), y);
  range("context", "Context", data.lengths, now.length, (v) => g.select({ long: v === data.usual ? -1 : v }), manyOf(now.length, "token"), y + tall + 2);
}
