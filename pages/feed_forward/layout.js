// What stands where and what each step says: tokens at the left, then the stream, what is read, the neurons before and behind the bend, what
// they write, the stream again, and the next token; below it the chosen neuron with its numbers.

import { counted } from "../../app/kit/counts.js";
import { say, sayOf } from "../../app/kit/say.js";
import { clamp, measure, num, thousands, visible } from "../../app/kit/shapes.js";
import { stepMode } from "../../app/kit/steps.js";
import { isPhone } from "../../app/kit/widths.js";

/**
 * @import { Stage } from "../../app/kit/glass.js"
 * @import { Data, Local } from "./figure.js"
 *
 * Places in pixels of the picture; strips stand upright on a wide screen and lie on a phone.
 * @typedef {{x: number, y: number, w: number, h: number, upright?: boolean}} Box
 * @typedef {Box & {cols: number}} GridBox
 * @typedef {{x: number, y: number, w: number}} Corner
 * @typedef {{w: number, stream: Box, read: Box, pre: GridBox, curve: Box, post: GridBox, out: Box, after: Box, next: Corner,
 *   sum: Corner, writes: Corner, texts: Corner, line: number, height: number}} Places
 * @typedef {Places & {phone: true, chips: {x: number, w: number, top: number, wrapped: Chip[]}}} PhoneLayout
 * @typedef {Places & {phone: false, middle: number, floor: number, plus: number,
 *   chips: {x: number, w: number, bar: number, end: number, top: number, rows: number, pitch: number}}} WideLayout
 * @typedef {PhoneLayout | WideLayout} Layout
 * @typedef {{at: number, x: number, y: number, w: number}} Chip of token `at`
 */

export const TOP = 44; // of the panels, under two lines of words
const TALL = 236; // of the neurons' grids
const SHORT = 150; // of a strip of d_model numbers
export const stages = stepMode("stage", [
  sayOf("step", "Read"),
  sayOf("step", "Expand"),
  sayOf("step", "Activate"),
  sayOf("step", "Contract"),
  sayOf("step", "Add"),
]);
export const [READ, EXPAND, ACTIVATE, CONTRACT, ADD] = [0, 1, 2, 3, 4];

/**
 * How many columns a grid of n cells has in a box: near square cells, and whole rows where that is near.
 * @param {number} n @param {number} w @param {number} tall
 */
function columnsFor(n, w, tall) {
  const best = clamp(Math.round(Math.sqrt((n * w) / tall)), 1, n);
  const whole = Array.from({ length: n > 1 ? 2 * best : 1 }, (_, i) => i + 1).filter((c) => n % c === 0);
  const near = whole.reduce((a, b) => (Math.abs(b - best) < Math.abs(a - best) ? b : a), 1);
  return near > 0.6 * best && near < 1.6 * best ? near : best;
}

/** @param {Pick<Stage, "width" | "whole">} g @param {Data} data @param {Pick<Local, "sel">} local @returns {Layout} */
export function plan(g, data, local) {
  const n = data.neurons;
  const step = stages.of(local);
  if (isPhone(g.width)) return phonePlan(g, data, n, step);
  const w = g.width;
  const rows = g.whole ? data.rows.length : Math.min(data.rows.length, 11);
  const chips = { x: 0, w: 78, bar: 82, end: 118, top: TOP, rows, pitch: clamp(TALL / rows, 21, 26) };
  const more = Math.max(0, chips.rows * chips.pitch - TALL - 6);
  const next = { x: w - 108, y: 0, w: 108 };
  const [strip, funnel] = [14, 42];
  const upright = (/** @type {number} */ x) => ({
    x,
    y: TOP + (TALL - SHORT) / 2,
    w: strip,
    h: SHORT,
    upright: true,
  });
  const stream = upright(138);
  const read = upright(stream.x + strip + 26);
  const after = upright(next.x - 24 - strip);
  const out = upright(after.x - 42 - strip);
  const left = read.x + strip + funnel; // of the first grid
  const room = out.x - funnel - left - 52 - 16; // 52: the curve's numbers and air
  const wide = Math.floor(room * 0.31);
  const pre = { x: left, y: TOP, w: wide, h: TALL, cols: columnsFor(n, wide, TALL) };
  const curve = { x: left + wide + 52, y: TOP, w: room - 2 * wide, h: TALL };
  const post = { ...pre, x: out.x - funnel - wide };
  const middle = TOP + TALL / 2;
  const [first, second] = [Math.round(w * 0.285), Math.round(w * 0.295)];
  const y = 322 + more;
  const sum = { x: 0, y, w: first };
  const writes = { x: first + 26, y, w: second - 26 };
  return {
    phone: false,
    w,
    chips,
    stream,
    read,
    pre,
    curve,
    post,
    out,
    after,
    next,
    middle,
    floor: TOP + TALL + 15,
    line: 308 + more,
    plus: (out.x + strip + after.x) / 2,
    sum,
    writes,
    texts: { x: first + second + 26, y, w: w - first - second - 26 },
    height: 506 + more,
  };
}

/** @param {Pick<Stage, "width">} g @param {Data} data @param {number} n @param {number} step @returns {PhoneLayout} */
function phonePlan(g, data, n, step) {
  const w = g.width;
  const chips = { x: 0, w, top: 26, wrapped: wrapped(data, w) };
  let y = chips.top + (chips.wrapped.at(-1)?.y ?? 0) + 34;
  const band = (/** @type {number} */ tall) => {
    const box = { x: 1, y: y + 22, w: w - 2, h: tall, upright: false };
    y += tall + 34;
    return box;
  };
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
  const ends = [
    line,
    writes.y,
    writes.y + 70,
    texts.y,
    texts.y + 76 + 20 * (Math.max(2, data.windows.length) + alongLines(data, w).length),
  ];
  const height = ends[step];
  return {
    phone: true,
    w,
    chips,
    stream,
    read,
    pre,
    curve,
    post,
    out,
    after,
    next,
    line,
    sum,
    writes,
    texts,
    height,
  };
}

/**
 * The tokens as chips in lines: [{at, x, y, w}].
 * @param {Data} data @param {number} room
 */
function wrapped(data, room) {
  /** @type {Chip[]} */
  const out = [];
  let [x, y] = [0, 0];
  data.rows.forEach((row, at) => {
    const w = clamp(measure(visible(row.text), 13, true) + 16, 30, room);
    if (x && x + w > room) {
      x = 0;
      y += 32;
    }
    out.push({ at, x, y, w });
    x += w + 4;
  });
  return out;
}

/**
 * The first of the token rows that are shown: those around the followed one.
 * @param {Data} data @param {WideLayout} at
 */
export const firstRow = (data, at) =>
  clamp(data.row - Math.floor(at.chips.rows / 2), 0, data.rows.length - at.chips.rows);

/**
 * Whether the neurons that write most are outlined: so few that they can be told apart.
 * @param {Data} data
 */
export const outlined = (data) => data.most.length <= Math.min(100, data.neurons / 4);
/** @param {Data} data @param {number} n */
export const nameOf = (data, n) =>
  data.mark ? say("encoder {neuron}", { neuron: `L${data.block}N${n}` }) : `L${data.block}N${n}`;
/**
 * A number as short as a cell wants it.
 * @param {number} x
 */
export const short = (x) => num(x, Math.abs(x) >= 99.5 ? 0 : Math.abs(x) >= 9.95 ? 1 : 2);
/**
 * The learner's text in lines: the parts of it that fit, from which token to which.
 * @param {Data} data @param {number} w
 */
export function alongLines(data, w, lines = 99) {
  /** @type {[from: number, to: number][]} */
  const out = [];
  let [from, left] = [0, 0];
  data.rows.forEach((row, i) => {
    const wide = measure(visible(row.text), 12, true) + 3;
    if (left + wide > w && i > from) {
      out.push([from, i]);
      from = i;
      left = 0;
    }
    left += wide;
  });
  out.push([from, data.rows.length]);
  if (out.length <= lines) return out;
  const at = clamp(out.findIndex(([, to]) => data.row < to) - lines + 1, 0, out.length - lines);
  return out.slice(at, at + lines);
}

// ---------------------------------------------------------------- what each step says, with the picture's own numbers

/** Norms by what Python calls them; a layer that has none is not in here. @type {Record<string, {name: string, brings: string} | undefined>} */
export const NORMS = {
  "layer norm": {
    name: say("layer norm"),
    brings: say("layer normalization brings them to one size, and the layer reads the result, x."),
  },
  "RMS norm": {
    name: say("RMS norm"),
    brings: say("RMS normalization brings them to one size, and the layer reads the result, x."),
  },
};

/** @param {Data} data */
export const followed = (data) => visible(data.rows[data.row].text);
/**
 * How few of the neurons write nearly all.
 * @param {Data} data
 */
export const writers = (data) =>
  !data.needed
    ? say("none writes anything")
    : outlined(data)
      ? say("outlined: {count} write 90 %", { count: thousands(data.needed) })
      : say("{count} write 90 %", { count: thousands(data.needed) });
/** @param {Data} data */
export const firing = (data) => Math.round(data.fires * data.neurons);

/** What the layer reads. @param {Data} d */
const readSaid = (d) =>
  (d.late ? undefined : NORMS[d.norm]?.brings) ?? say("The layer reads them as they are.");
/** How few write nearly all, in a sentence. @param {Data} d */
function writersSaid(d) {
  const share = { count: thousands(d.needed), neurons: counted(d.neurons, "neuron") };
  return !d.needed
    ? say("Here none of them writes anything.")
    : outlined(d)
      ? say("{count} of {neurons} (outlined) write 90 % of it, by squared length.", share)
      : say("{count} of {neurons} write 90 % of it, by squared length.", share);
}
/** What the curve does. @param {Data} d */
const bendSaid = (d) =>
  d.gated
    ? say(
        "A curve, {curve}, bends every sum: those above 0 go through, the others are held near 0; here a second sum of each neuron multiplies what comes through ({bend}).",
        { curve: d.plain, bend: d.act },
      )
    : say("A curve, {curve}, bends every sum: those above 0 go through, the others are held near 0.", {
        curve: d.plain,
      });
/** @type {((d: Data) => string)[]} */
export const WORDS = [
  (d) =>
    `${say("Each token has a row of {numbers}, the stream; this is that of {token}.", { numbers: counted(d.width, "number"), token: followed(d) })} ${readSaid(d)}`,
  (d) =>
    say(
      "Each of {neurons} takes its own weighted sum of the same x: a large one says that x has what this neuron looks for. Green is above 0, brown below: {count} of them are above 0 here.",
      { neurons: counted(d.neurons, "neuron"), count: thousands(firing(d)) },
    ),
  (d) => `${bendSaid(d)} ${say("A neuron that lets something through is said to fire.")}`,
  (d) =>
    `${say("Each neuron has {numbers} of its own that it writes, as strongly as it fires; all that they write is added up.", { numbers: counted(d.width, "number") })} ${writersSaid(d)}`,
  (d) =>
    [
      d.residual
        ? say("The sum is added to the row of {token}, which goes on.", { token: followed(d) })
        : say("The sum goes on in place of the row of {token}.", { token: followed(d) }),
      d.next.tokens.length
        ? say(
            "At the right: what the whole model says comes next, {token} first; below: the texts on which the chosen neuron fires most.",
            { token: visible(d.next.tokens[0].text) },
          )
        : say("Below: the texts on which the chosen neuron fires most."),
    ].join(" "),
];
