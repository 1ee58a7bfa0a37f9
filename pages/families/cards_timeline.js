// The line of time: a square for each published model, its area as its number of weights, all to one scale.

import { counted } from "../../app/kit/counts.js";
import { css, h, label, measure } from "../../app/kit/shapes.js";
import { chosenOf } from "./cards.js";

const FROM = 2018; // the axis
const TILL = 2023.6;
const SHAPES = ["decoder", "encoder", "encoder-decoder"];
const LARGEST = 175e9;
/** The longest side of all squares, and of one with so many weights. */
const sideOf = (g, weights) => (g.width < 700 ? 96 : 132) * Math.sqrt(weights / LARGEST);
const atYear = (g, date) => 8 + ((date - FROM) / (TILL - FROM)) * (g.width - 60);

/** 124,439,808 -> 124.4M; 174,604,259,328 -> 174.6B. */
export function weightsText(n) {
  if (n >= 1e9) return `${(n / 1e9).toFixed(n < 1e10 ? 2 : 1)}B`;
  return `${(n / 1e6).toFixed(1)}M`;
}
export const givenText = (n) => (n >= 2e9 ? `${n / 1e9}B` : `${n / 1e6}M`);

/** Where each family stands: at its month, farther right where two of a row would overlap. */
export function marksOf(g, data) {
  const top = sideOf(g, LARGEST) + 26;
  const base = { decoder: top, encoder: top + 44, "encoder-decoder": top + 104 };
  const free = {};
  const marks = data.families.map((one) => {
    const side = Math.max(3, ...one.sizes.map((size) => sideOf(g, size.parameters)), one.sizes.length ? 0 : 30);
    const x = Math.max(atYear(g, one.date), (free[one.shape] ?? -1e9) + 10);
    free[one.shape] = x + Math.max(side + 6, 0) + measure(one.name, 12, false) * 1.05;
    return { one, x, side, y: base[one.shape] };
  });
  return { marks, base, height: base["encoder-decoder"] + 44 };
}

export function drawTimeline(g, data, local) {
  const { marks, base, height } = marksOf(g, data);
  const chosen = chosenOf(data, local);
  const out = [];
  const axis = height - 14;
  for (let year = FROM; year <= 2023; year++) {
    out.push(h("line", { x1: atYear(g, year), x2: atYear(g, year), y1: 14, y2: axis - 22, stroke: css("line") }), label(atYear(g, year), axis + 4, String(year), { anchor: year === FROM ? "start" : "middle", fill: "ink3" }));
  }
  for (const shape of SHAPES) out.push(h("line", { x1: 0, x2: g.width, y1: base[shape], y2: base[shape], stroke: css("line") }), label(g.width, base[shape] + 14, shape, { anchor: "end", fill: "ink3" }));
  for (const mark of marks) out.push(drawMark(g, mark, mark.one.name === chosen));
  return out;
}
function drawMark(g, { one, x, side, y }, on) {
  const ordered = [...one.sizes].sort((a, b) => b.parameters - a.parameters);
  const squares = ordered.map((size, k) => {
    const s = Math.max(2, sideOf(g, size.parameters));
    return h("rect", { x, y: y - s, width: s, height: s, fill: css(k === ordered.length - 1 ? (on ? "accent" : "ink3") : on ? "accent-soft" : "field"), stroke: css(on ? "accent" : "ink3"), "stroke-width": 1 });
  });
  if (!one.sizes.length) squares.push(h("rect", { x, y: y - side, width: side, height: side, fill: "none", stroke: css(on ? "accent" : "ink3"), "stroke-dasharray": "3 3" }), label(x + side / 2, y - side / 2 + 5, "?", { anchor: "middle", size: 15, fill: on ? "accent" : "ink3" }));
  const fits = x + side + 5 + measure(one.name, 12, false) * 1.1 <= g.width;
  const node = h("g", { class: "gb-hot", "data-family": one.name }, h("rect", { x: x - 4, y: y - Math.max(side, 22), width: side + 12 + measure(one.name, 12, false), height: Math.max(side, 22) + 4, fill: "transparent" }), squares,
    label(fits ? x + side + 5 : g.width, fits ? y - 5 : y - side - 6, one.name, { anchor: fits ? null : "end", fill: on ? "accent" : "ink", weight: on ? 700 : 500 }));
  const said = one.sizes.length ? one.sizes.map((size) => `${one.name} ${size.name}: ${counted(size.parameters, "weight")}`).join("\n") : `${one.name}: its size is not published`;
  return g.tip(node, `${one.since}\n${said}`);
}
