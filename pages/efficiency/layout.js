// What stands where, the steps of the telling, and what the chosen weight is.

import { counted } from "../../app/kit/counts.js";
import { fit, inLines, label, measure, num, thousands } from "../../app/kit/shapes.js";
import { siOf } from "../../app/kit/units.js";

export const STEPS = ["The weights", "A grid over them", "Rounded", "Every matrix", "Token by token", "What it costs", "The whole picture"];
export const stepNow = (local) => local.steps.of(local);
const CHART = 238; // px of the page's chart
export const PITCH = 18; // of a row of the matrices' table

export function plan(g, data) {
  const W = g.width;
  const phone = W < 860;
  const left = { x: 0, w: phone ? W - 2 : Math.round(W * 0.53) };
  const right = phone ? { x: 0, w: W - 2 } : { x: left.w + 36, w: W - left.w - 38 };
  const heat = { x: left.x, y: 0, w: left.w, h: 34 + PITCH * Math.max(1, data.pieces.length) };
  const said = inLines(matrixSaid(data), left.w);
  const histogram = { x: left.x, y: heat.y + heat.h + 12, w: left.w, h: 112 + 15 * said.length, said };
  const strip = { x: left.x, y: histogram.y + histogram.h + 2, w: left.w, h: phone ? 120 : 102 };
  const below = strip.y + strip.h;
  const costs = { x: right.x, y: phone ? below + 20 : 0, w: right.w, h: 128 };
  // On a desk the chart of size against loss stands below the costs (frame.css), on a phone below all of this.
  const under = (phone ? costs.y + costs.h : Math.max(below, costs.h + 14 + CHART)) + 16;
  const answers = { x: 0, y: under, w: W - 2, phone };
  return { phone, heat, histogram, strip, costs, answers };
}

/** A number with as many digits as tell it from its neighbours. */
export const small = (v) => (v === 0 ? "0" : Math.abs(v) < 0.001 || Math.abs(v) >= 1000 ? num(v / 10 ** exponent(v), 2) + "e" + String(exponent(v)).replace("-", "−") : num(v, 4));
const exponent = (v) => Math.floor(Math.log10(Math.abs(v)));
export const percent = (v) => v > 0 && v < 0.001 ? `${num(100 * v, Math.min(12, 1 - exponent(100 * v)))} %` : `${num(100 * v, v > 0 && (v < 0.0995 || (v > 0.9949 && v < 1)) ? 1 : 0)} %`;

export const bytesOf = (count) => siOf(count, "B"); // of a file, by powers of 1,000
export const pieceName = (data, key) => data.pieces.find((one) => one.key === key)?.name ?? "";
export const errorAt = (data, block, piece) => data.errors.find((one) => one.block === block && one.piece === piece);
export const title = (x, y, text, about, room = 1e4) => [label(x, y, text, { weight: 600, fill: "ink" }), about && label(x + measure(text, 12, false) * 1.07 + 10, y, fit(about, room - measure(text, 12, false) * 1.07 - 10, 12, false), { fill: "ink3" })];

/** What the chosen weight became: lines of words. */
export function weightSaid(data, at) {
  const m = data.matrix;
  if (!m || at < 0 || at >= m.before.length) return null;
  const w = m.before[at];
  const where = `Weight ${m.group * (m.groups > 1 ? m.columns / m.groups : 0) + at} of row ${m.row}`;
  if (!m.after.length) return `${where}: ${small(w)}.`;
  const now = m.after[at];
  if (!m.codes.length) return `${where}: ${small(w)} becomes ${small(now)}, the nearest float16.`;
  const code = m.codes[at];
  const sum = m.zero ? `(${code} − ${m.zero})` : String(code).replace("-", "−");
  return `${where}: ${small(w)} ÷ ${small(m.scale)} = ${num(w / m.scale, 2)}; code ${String(code).replace("-", "−")} stands for ${sum} × ${small(m.scale)} = ${small(now)}, ${num(Math.abs(now - w) / m.scale, 2)} of a step away.`;
}

/** What the whole matrix went through, in one sentence of its numbers. */
export function matrixSaid(data) {
  const m = data.matrix;
  if (!m) return "This model has no blocks, so there is no matrix to quantize.";
  const size = `${thousands(m.rows)} × ${counted(m.columns, "weight")}`;
  if (data.setting.bits === 16) return `${size}, each kept as a float16 of its own.`;
  if (!m.moved) return `${size}.`;
  const wide = { tensor: "all share one grid", channel: `each row of ${thousands(m.columns)} has a grid`, group: `every ${m.shared} share a grid` }[data.setting.granularity];
  const far = m.moved.largest <= 0.501 ? "none moves by more than half a step" : `one moves by ${num(m.moved.largest, 1)} steps`;
  return `${size}; ${wide} of ${counted(m.grid.length, "value")}; ${far}; ${percent(m.moved.zeros)} are 0 now.`;
}
