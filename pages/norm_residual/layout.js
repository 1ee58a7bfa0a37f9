// What stands where, which line is chosen, and the steps: a line of the ledger each, then the norm.

import { say, sayOf } from "../../app/kit/say.js";
import { clamp, measure, visible } from "../../app/kit/shapes.js";
import { isDesk } from "../../app/kit/widths.js";

/**
 * @import { Stage } from "../../app/kit/glass.js"
 * @import { Data, Kind, Line, Local, Part, Place } from "./figure.js"
 *
 * @typedef {[from: number, width: number]} Span of a column
 *
 * Places in pixels of the picture. rows: lines in view, of `count` from `first` on; hint: the room above and below them that says
 * how many are not; own: the words under the sum.
 * @typedef {object} Layout
 * @property {boolean} phone
 * @property {number} rows
 * @property {number} count
 * @property {number} first
 * @property {number} hint
 * @property {{places: {x: number, y: number, w: number}[], height: number}} [chips] tokens on a phone
 * @property {{x: number, y: number, w: number, chip: number, rows: number, top: number}} [rail] tokens beside the ledger
 * @property {number} top
 * @property {number} pitch
 * @property {number} x
 * @property {number} w
 * @property {number} end
 * @property {number} stream
 * @property {Span} names
 * @property {Span | null} strip
 * @property {Span} size
 * @property {Span} cosine
 * @property {Span | null} logit
 * @property {number} own
 * @property {{x: number, y: number, w: number}} card
 * @property {{x: number, y: number, w: number}} norm
 * @property {number} height
 */

export const NORM_STEPS = [
  say("Into the norm"),
  say("Off the mean"),
  say("Over the spread"),
  say("Times the weight"),
];
/** @type {Record<Kind, string>} */
export const KIND = { layer: "LayerNorm", rms: "RMSNorm" };
/** A line's name by its part. @type {Record<Part, (block: number | null) => string>} */
const NAMES = {
  embedding: () => sayOf("ledger", "embedding"),
  position: () => sayOf("ledger", "position"),
  "token type": () => sayOf("ledger", "token type"),
  attention: (block) => sayOf("ledger", "L{block} attention", { block }),
  "cross-attention": (block) => sayOf("ledger", "L{block} cross-attention", { block }),
  mlp: (block) => sayOf("ledger", "L{block} mlp", { block }),
  "norm bias": () => sayOf("ledger", "norm biases"),
};
/** What a line is called. @param {Line} one */
export const nameOf = (one) => NAMES[one.part](one.layer);
/** The same for little room. @param {Line} one */
export const shortOf = (one) =>
  one.part === "cross-attention" ? sayOf("ledger", "L{block} cross", { block: one.layer }) : nameOf(one);
/** @type {Record<Part, string>} */
export const COLOUR = {
  embedding: "res",
  position: "res",
  "token type": "res",
  attention: "att",
  "cross-attention": "att",
  mlp: "mlp",
  "norm bias": "ink3",
};
/** The parts as the link names them. @type {Record<Part, string>} */
export const LINE = {
  embedding: "embedding",
  position: "position",
  "token type": "type",
  attention: "attention",
  "cross-attention": "cross",
  mlp: "mlp",
  "norm bias": "norms",
};
/** @type {Record<string, string>} */
const INK = { att: "att-ink", mlp: "mlp-ink", res: "ink", ink3: "ink2" };
/** @param {Part} part */
export const inkOf = (part) => INK[COLOUR[part]];

const MOST_LINES = 26; // of a ledger that is shown whole: 12 blocks

/**
 * The step, counted over lines and norm: line k is step k.
 * @param {Local} local
 */
export const stepNow = (local) => local.steps.of(local);
/**
 * How many lines are written at this step.
 * @param {Data} data @param {Local} local
 */
export const written = (data, local) => Math.min(stepNow(local) + 1, data.lines.length);
/**
 * The norm's step: -1 before it, 0 to 3, 4 for the whole picture.
 * @param {Data} data @param {Local} local
 */
export const normStep = (data, local) => stepNow(local) - data.lines.length;

/**
 * The chosen line's number; as many as there are lines: the sum. In step mode it is the one being written.
 * @param {Data} data @param {Local} local
 */
export function chosenOf(data, local) {
  const step = stepNow(local);
  if (step < data.lines.length) return step;
  const { line, block } = local.sel;
  if (line === "sum") return data.lines.length;
  const at = data.lines.findIndex(
    (one) => LINE[one.part] === line && (one.layer === null || one.layer === block),
  );
  if (at >= 0) return at;
  return data.lines.findIndex((one) => one.part === "attention" && one.layer === block) >= 0
    ? data.lines.findIndex((one) => one.part === "attention" && one.layer === block)
    : data.lines.length;
}
/** @param {Data} data @param {number} at */
export const placeOf = (data, at) => data.places[at < data.lines.length ? data.lines[at].name : "sum"];
/**
 * The norm that is taken apart: the model's own, or the one asked for; null: none stands there.
 * @param {Data} data @param {Place} place
 */
export const kindOf = (data, place) => (data.wanted === "own" ? place.own : data.wanted);
/** @param {Local} local */
export function numberOf(local) {
  return clamp(local.sel.number ?? 0, 0, local.cols - 1);
}

/**
 * How many lines of the ledger are in view, and the room that is left above and below them to say how many are not.
 * @param {Pick<Stage, "whole">} g @param {Data} data @param {number} most @param {number} hint
 */
function windowOf(g, data, most, hint) {
  const n = data.lines.length;
  const shown = g.whole || n <= MOST_LINES ? n : most;
  return { rows: shown, hint: shown < n ? hint : 0 };
}

/** @param {Pick<Stage, "width" | "whole">} g @param {Data} data */
export function plan(g, data) {
  if (!isDesk(g.width)) return phonePlan(g, data);
  const { rows: n, hint } = windowOf(g, data, 20, 18);
  const side = Math.round(clamp(g.width * 0.285, 270, 330));
  const norm = { x: g.width - side, y: 0, w: side };
  const rail = { x: 0, y: 0, w: 116, chip: 78 };
  const x = rail.w + 16;
  const w = norm.x - 30 - x;
  const top = 48 + hint;
  const pitch = clamp(330 / (n + 1), 13.5, 34);
  const deep = g.whole ? data.tokens.length * 22 + 60 : 0; // of the tokens, all with a row of their own
  /** @type {(from: number, to: number) => Span} */
  const share = (from, to) => [x + w * from, w * (to - from)];
  const [names, strip, size, cosine, logit] = [
    share(0, 0.195),
    share(0.195, 0.39),
    share(0.41, 0.625),
    share(0.65, 0.825),
    share(0.855, 1),
  ];
  const end = top + pitch * (n + 1) + 8 + hint;
  const height = Math.max(500, end + 134, deep);
  return {
    phone: false,
    rows: n,
    count: data.lines.length,
    first: 0,
    hint,
    rail: { ...rail, rows: Math.floor((height - 60) / 22), top: 48 },
    top,
    pitch,
    x,
    w,
    end,
    stream: x + 6,
    names,
    strip,
    size,
    cosine,
    logit: data.direct ? logit : null,
    own: end + 18,
    card: { x, y: end + 44, w },
    norm,
    height,
  };
}

/** @param {Pick<Stage, "width" | "whole">} g @param {Data} data */
function phonePlan(g, data) {
  const w = g.width;
  const { rows: n, hint } = windowOf(g, data, 16, 44); // a finger's room
  const chips = chipRows(data, w);
  const top = chips.height + 66 + hint;
  const pitch = data.lines.length > 24 ? 22 : 28;
  const end = top + pitch * (n + 1) + 8 + hint;
  /** @type {Span[]} */
  const [names, size, cosine] = [
    [0, 120],
    [122, w - 122 - 86],
    [w - 78, 78],
  ];
  return {
    phone: true,
    rows: n,
    count: data.lines.length,
    first: 0,
    hint,
    chips,
    top,
    pitch,
    x: 0,
    w,
    end,
    stream: 6,
    names,
    strip: null,
    size,
    cosine,
    logit: null,
    own: end + 18,
    card: { x: 0, y: end + 46, w },
    norm: { x: 0, y: end + 46 + 7 * 18, w },
    height: end + 172 + 480 + 52,
  };
}
/**
 * Where each chip of the text stands on a phone, line by line.
 * @param {Data} data @param {number} w
 */
function chipRows(data, w) {
  let [x, y] = [0, 0];
  const places = data.tokens.map((token) => {
    const wide = clamp(measure(visible(token.text), 13, true) + 14, 26, 120);
    if (x + wide > w) [x, y] = [0, y + 32];
    const place = { x, y, w: wide };
    x += wide + 4;
    return place;
  });
  return { places, height: y + 32 };
}
