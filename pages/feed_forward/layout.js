// What stands where: tokens at the left, then the stream, what is read, the neurons before and behind the bend, what
// they write, the stream again, and the next token; below it the chosen neuron with its numbers.

import { clamp, inLines, measure, num, visible } from "../../app/kit/shapes.js";
import { stepMode } from "../../app/kit/steps.js";
import { alongLines } from "./neuron.js";
import { WORDS } from "./stages.js";

export const TOP = 44; // of the panels, under two lines of words
const TALL = 236; // of the neurons' grids
const SHORT = 150; // of a strip of d_model numbers
export const stages = stepMode("stage", ["Read", "Expand", "Activate", "Contract", "Add"]);
export const [READ, EXPAND, ACTIVATE, CONTRACT, ADD] = [0, 1, 2, 3, 4];

/** How many columns a grid of n cells has in a box: near square cells, and whole rows where that is near. */
function columnsFor(n, w, tall) {
  const best = clamp(Math.round(Math.sqrt((n * w) / tall)), 1, n);
  const whole = Array.from({ length: n > 1 ? 2 * best : 1 }, (_, i) => i + 1).filter((c) => n % c === 0);
  const near = whole.reduce((a, b) => (Math.abs(b - best) < Math.abs(a - best) ? b : a), 1);
  return near > 0.6 * best && near < 1.6 * best ? near : best;
}

export function plan(g, data, local) {
  const n = data.neurons;
  const step = stages.of(local);
  if (g.width < 760) return phonePlan(g, data, n, step);
  const w = g.width;
  const chips = { x: 0, w: 78, bar: 82, end: 118, top: TOP, rows: g.whole ? data.rows.length : Math.min(data.rows.length, 11) };
  chips.pitch = clamp(TALL / chips.rows, 21, 26);
  const more = Math.max(0, chips.rows * chips.pitch - TALL - 6);
  const next = { x: w - 108, y: 0, w: 108 };
  const [strip, funnel] = [14, 42];
  const stream = { x: 138, w: strip };
  const read = { x: stream.x + strip + 26, w: strip };
  const after = { x: next.x - 24 - strip, w: strip };
  const out = { x: after.x - 42 - strip, w: strip };
  const left = read.x + strip + funnel; // of the first grid
  const room = out.x - funnel - left - 52 - 16; // 52: the curve's numbers and air
  const wide = Math.floor(room * 0.31);
  const pre = { x: left, y: TOP, w: wide, h: TALL };
  const curve = { x: left + wide + 52, y: TOP, w: room - 2 * wide, h: TALL };
  const post = { x: out.x - funnel - wide, y: TOP, w: wide, h: TALL };
  for (const one of [stream, read, out, after]) Object.assign(one, { y: TOP + (TALL - SHORT) / 2, h: SHORT, upright: true });
  for (const one of [pre, post]) one.cols = columnsFor(n, one.w, one.h);
  const middle = TOP + TALL / 2;
  const told = step < stages.last; // step by step words stand at the left, where at the end the neuron's sum begins
  const [a, b] = told ? [0.36, 0.34] : [0.285, 0.295];
  const [first, second] = [Math.round(w * a), Math.round(w * b)];
  const y = 322 + more;
  const sum = told ? { x: first + 34, y, w: second - 34 } : { x: 0, y, w: first };
  const writes = told ? { x: first + second + 34, y, w: w - first - second - 34 } : { x: first + 26, y, w: second - 26 };
  return {
    phone: false, w, chips, stream, read, pre, curve, post, out, after, next, middle, floor: TOP + TALL + 15, line: 308 + more,
    plus: (out.x + strip + after.x) / 2, words: { x: 0, y: y + 14, w: told ? first : 0 }, sum, writes,
    texts: { x: first + second + 26, y, w: w - first - second - 26 }, height: 506 + more,
  };
}

function phonePlan(g, data, n, step) {
  const w = g.width;
  const chips = { x: 0, w, top: 26, wrapped: wrapped(data, w) };
  let y = chips.top + (chips.wrapped.at(-1)?.y ?? 0) + 34;
  const words = { x: 0, y: y + 14, w };
  if (step < stages.last) y += 20 + 20 * inLines(WORDS[step](data), w, 14).length;
  const band = (tall) => { const box = { x: 1, y: y + 22, w: w - 2, h: tall, upright: false }; y += tall + 34; return box; };
  const stream = band(14);
  const read = band(14);
  y += 14;
  const pre = Object.assign(band(150), { cols: columnsFor(n, w - 2, 150) });
  if (step < EXPAND) y = pre.y - 36;
  const curve = { x: 34, y: y + 48, w: w - 38, h: 230 };
  const post = { x: 1, y: y + 332, w: w - 2, h: 150, cols: pre.cols };
  if (step >= ACTIVATE) y += 494;
  y += 10;
  const out = step >= CONTRACT ? band(14) : pre;
  const after = step >= ADD ? band(14) : pre;
  const next = { x: 0, y: y + 8, w };
  if (step >= ADD) y = next.y + 40 + 47 * data.next.tokens.length;
  const line = y + 4;
  const sum = { x: 0, y: line + 14, w };
  const writes = { x: 0, y: sum.y + 66 + 17 * (data.neuron.terms.length + 2), w };
  const texts = { x: 0, y: writes.y + (data.gated ? 206 : 190), w };
  const ends = [line, writes.y, writes.y + 70, texts.y, texts.y + 76 + 20 * (Math.max(2, data.windows.length) + alongLines(data, w).length)];
  const height = ends[step];
  return { phone: true, w, chips, stream, read, pre, curve, post, out, after, next, words, line, sum, writes, texts, height };
}

/** The tokens as chips in lines: [{at, x, y, w}]. */
function wrapped(data, room) {
  const out = [];
  let [x, y] = [0, 0];
  data.rows.forEach((row, at) => {
    const w = clamp(measure(visible(row.text), 13, true) + 16, 30, room);
    if (x && x + w > room) { x = 0; y += 32; }
    out.push({ at, x, y, w });
    x += w + 4;
  });
  return out;
}

/** The first of the token rows that are shown: those around the followed one. */
export const firstRow = (data, at) => clamp(data.row - Math.floor(at.chips.rows / 2), 0, data.rows.length - at.chips.rows);

/** Whether the neurons that write most are outlined: so few that they can be told apart. */
export const outlined = (data) => data.most.length <= Math.min(100, data.neurons / 4);
export const percent = (share, digits = 0) => `${num(100 * share, digits)} %`;
export const nameOf = (data, n) => `${data.mark ? "encoder " : ""}L${data.block}N${n}`;
/** A number as short as a cell wants it. */
export const short = (x) => num(x, Math.abs(x) >= 99.5 ? 0 : Math.abs(x) >= 9.95 ? 1 : 2);
