// What is chosen or pointed at, and the numbers that stand there.

import { clamp } from "../../app/kit/shapes.js";
import { BIASES } from "./stages.js";

export const countOf = (data) => data.tokens.length;
export const rowOf = (data, local) => { const at = local.sel.row ?? -1; return at >= 0 && at < countOf(data) ? at : countOf(data) - 1; };
export function colOf(data, local) {
  const at = local.sel.col ?? -1;
  return at >= 0 && at < countOf(data) ? at : Math.max(0, rowOf(data, local) - 3);
}
/** The place of column `number` among those that are shown: itself, or the nearest. */
export function columnAt(data, number) {
  let best = 0;
  data.columns.forEach((c, i) => { if (Math.abs(c - number) < Math.abs(data.columns[best] - number)) best = i; });
  return best;
}

/** The chosen cell, or the one that the pointer is on: row, col, and every number that a sentence may need. */
export function factsOf(data, local) {
  const over = local.hover ?? {};
  const row = over.row ?? rowOf(data, local);
  const col = over.col ?? colOf(data, local);
  const n = over.number ?? columnAt(data, local.sel.number ?? 0);
  const a = local.a;
  const [place, other] = [data.begins + row, data.begins + col];
  const out = { row, col, n, place, other, apart: col - row, column: data.columns[n] ?? 0, rate: data.rates?.[n] ?? null, length: data.lengths?.[n] ?? null,
    angle: null, value: null, partner: null, embed: null, pair: null, score: null, bucket: null };
  if (a.waves) {
    const cols = data.columns.length;
    out.value = a.waves[data.rows[row] * cols + n];
    out.partner = a.others ? a.others[data.rows[row] * cols + n] : a.waves[data.rows[row] * cols + Math.min(cols - 1, n ^ 1)];
    if (out.rate !== null) out.angle = place * out.rate;
    if (data.added) out.embed = a.embed[row * cols + n];
  }
  if (a.matrix) out.pair = a.matrix[row * countOf(data) + col];
  if (a.scores && !(data.causal && col > row)) out.score = a.scores[row * countOf(data) + col];
  if (a.query) {
    const two = (values, at) => [values[(at * data.width + n) * 2], values[(at * data.width + n) * 2 + 1]];
    Object.assign(out, { q: two(a.query, row), k: two(a.key, col), tq: two(a.turnedQuery, row), tk: two(a.turnedKey, col) });
    out.product = out.tq[0] * out.tk[0] + out.tq[1] * out.tk[1];
  }
  if (data.bias?.buckets) out.bucket = data.bias.buckets[data.bias.distances.indexOf(col - row)] ?? null;
  return out;
}

/** The tokens that are drawn: all, or as many as fit around the chosen one. */
export function shownRows(data, local, most) {
  const count = countOf(data);
  const first = clamp(rowOf(data, local) - Math.floor(most / 2), 0, Math.max(0, count - most));
  const start = count <= most ? 0 : first;
  return Array.from({ length: Math.min(most, count) }, (_, i) => start + i);
}

export const frameOf = (data, local, at) => {
  const f = factsOf(data, local);
  const arrows = data.kind === "rotary" || BIASES.includes(data.kind);
  return at === f.row ? (arrows ? "q" : "accent") : at === f.col ? (arrows ? "k" : "ink3") : null;
};
