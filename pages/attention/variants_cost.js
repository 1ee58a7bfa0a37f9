// The cost as the text grows: measured points on the fitted curves, and the bytes of the scores under the axis.

import { counted } from "../../app/kit/counts.js";
import { css, h, inLines, label, measure, num, thousands } from "../../app/kit/shapes.js";
import { bytes } from "./variants_heads.js";

export const LINES = [
  { key: "attention", name: "scores, softmax, mixing", colour: "att", ink: "att-ink", dash: null },
  { key: "fused", name: "the same, fused", colour: "accent", ink: "accent", dash: "7 4" },
  { key: "rest", name: "all the rest", colour: "res", ink: "ink2", dash: "2 3" },
];
export const milliseconds = (s) => (s < 0.00995 ? `${num(1e3 * s, 2)} ms` : s < 0.0995 ? `${num(1e3 * s, 1)} ms` : s < 9.995 ? `${num(1e3 * s, 0)} ms` : `${num(s, 1)} s`);
/** The round number (1, 2 or 5 times a power of ten) that is next to `least`. */
function roundStep(least) {
  const power = 10 ** Math.floor(Math.log10(least));
  return power * [1, 2, 5, 10].find((k) => k * power >= least);
}
const at2nd = ([square, linear, fixed], n) => square * n * n + linear * n + fixed; // core.analysis.heads.cost.Curve

function costWords(data, w) {
  const { points, lengths, repeats, bytes: sizes, crossing } = data.cost;
  if (!points.length) {
    return inLines(`Every pair of tokens has a score, so attention grows with the square of the length and everything else in step with it. One press measures this model here: texts of ${lengths[0]} to ${thousands(lengths.at(-1))} random tokens, the middle of ${counted(repeats, "pass")} each, some seconds in all. ` +
      `The scores of one layer then take ${bytes(sizes[0])} to ${bytes(sizes.at(-1))}.`, w);
  }
  const last = points.at(-1);
  const square = data.cost.curves.attention ? `Fitted: ${num(1e9 * data.cost.curves.attention[0], 1)} ns × length² for attention, ${num(1e6 * data.cost.curves.rest[1], 1)} µs × length for the rest. ` : "";
  const when = crossing === null ? "At none of these lengths did attention take longer than the rest." : `From ${counted(crossing, "token")} on, attention took longer than all the rest.`;
  const cut = last.n < lengths.at(-1) ? ` Longer texts would not have fitted into the time.` : "";
  return inLines(`${square}${when}${cut} Fused: one kernel that never keeps the scores, ${bytes(last.bytes)} a layer at ${counted(last.n, "token")}.`, w);
}
export const costHeight = (data, w) => (data.cost.points.length ? 330 : 40) + 16 * costWords(data, w).length + 44;

export function drawCost(g, data, at) {
  const { x, y, w } = at;
  const { points, curves } = data.cost;
  const parts = [label(x, y + 14, "Cost as the text grows", { size: 14, weight: 600, fill: "ink" })];
  const words = costWords(data, w);
  if (!points.length) return [...parts, words.map((line, i) => label(x, y + 36 + 16 * i, line, { fill: "ink3" }))];
  const [left, right, top, bottom] = [x + 52, x + w - 12, y + 36, y + 270];
  const end = points.at(-1).n;
  const most = 1.06 * Math.max(...points.flatMap((p) => LINES.map(({ key }) => p[key])));
  const X = (n) => left + ((right - left) * n) / end;
  const Y = (s) => bottom - ((bottom - top) * s) / most;
  const step = roundStep(most / 4);
  for (let v = 0; v <= most; v += step) {
    parts.push(h("path", { d: `M${left},${Y(v)}H${right}`, stroke: css("line") }), label(left - 8, Y(v) + 4, milliseconds(v).replace("0.00 ms", "0"), { anchor: "end", fill: "ink3" }));
  }
  let [free, low] = [x + 46, bottom + 16];
  points.forEach((p) => {
    const size = bytes(p.bytes);
    const wide = Math.max(measure(thousands(p.n), 12, false), measure(size, 12, false));
    if (X(p.n) - wide / 2 < free) return;
    free = X(p.n) + wide / 2 + 10;
    const o = { anchor: p.n === end ? "end" : "middle", fill: "ink3" };
    parts.push(label(p.n === end ? right + 12 : X(p.n), low, thousands(p.n), o), label(p.n === end ? right + 12 : X(p.n), low + 16, size, o));
  });
  parts.push(label(x, low, "tokens", { fill: "ink3" }), label(x, low + 16, "scores", { fill: "ink3" }));
  LINES.forEach((line, k) => {
    const curve = curves[line.key];
    if (curve) {
      const path = Array.from({ length: 61 }, (_, i) => `${i ? "L" : "M"}${X((end * i) / 60).toFixed(1)},${Y(at2nd(curve, (end * i) / 60)).toFixed(1)}`).join("");
      parts.push(h("path", { d: path, fill: "none", stroke: css(line.colour), "stroke-width": 2, "stroke-dasharray": line.dash }));
    }
    points.forEach((p) => parts.push(g.tip(h("circle", { cx: X(p.n), cy: Y(p[line.key]), r: 4, fill: css(line.colour), stroke: css("bg"), "stroke-width": 1 }), `${counted(p.n, "token")}: ${line.name} ${milliseconds(p[line.key])}`)));
    parts.push(h("path", { d: `M${left + 10},${top + 10 + 18 * k}h22`, stroke: css(line.colour), "stroke-width": 2, "stroke-dasharray": line.dash }),
      label(left + 40, top + 14 + 18 * k, `${line.name} ${milliseconds(points.at(-1)[line.key])}`, { fill: line.ink }));
  });
  return [...parts, words.map((line, i) => label(x, low + 42 + 16 * i, line, { fill: "ink3" }))];
}
