// What stands where, which line is chosen, and the steps: a line of the ledger each, then the norm.

import { clamp, measure, visible } from "../../app/kit/shapes.js";

export const NORM_STEPS = ["Into the norm", "Off the mean", "Over the spread", "Times the weight"];
export const KIND = { layer: "LayerNorm", rms: "RMSNorm" };
export const COLOUR = { embedding: "res", position: "res", "token type": "res", attention: "att", "cross-attention": "att", mlp: "mlp", "norm bias": "ink3" };
export const LINE = { embedding: "embedding", position: "position", "token type": "type", attention: "attention", "cross-attention": "cross", mlp: "mlp", "norm bias": "norms" };
export const inkOf = (part) => ({ att: "att-ink", mlp: "mlp-ink", res: "ink", ink3: "ink2" })[COLOUR[part]];

const MOST_LINES = 26; // of a ledger that is shown whole: 12 blocks

/** The step, counted over lines and norm: line k is step k. */
export const stepNow = (local) => local.steps.of(local);
/** How many lines are written at this step. */
export const written = (data, local) => Math.min(stepNow(local) + 1, data.lines.length);
/** The norm's step: -1 before it, 0 to 3, 4 for the whole picture. */
export const normStep = (data, local) => stepNow(local) - data.lines.length;

/** The chosen line's number; as many as there are lines: the sum. In step mode it is the one being written. */
export function chosenOf(data, local) {
  const step = stepNow(local);
  if (step < data.lines.length) return step;
  const { line, block } = local.sel;
  if (line === "sum") return data.lines.length;
  const at = data.lines.findIndex((one) => LINE[one.part] === line && (one.layer === null || one.layer === block));
  if (at >= 0) return at;
  return data.lines.findIndex((one) => one.part === "attention" && one.layer === block) >= 0
    ? data.lines.findIndex((one) => one.part === "attention" && one.layer === block) : data.lines.length;
}
export const placeOf = (data, at) => data.places[at < data.lines.length ? data.lines[at].name : "sum"];
/** The norm that is taken apart: the model's own, or the one asked for; null: none stands there. */
export const kindOf = (data, place) => (data.wanted === "own" ? place.own : data.wanted);
export function numberOf(data, local) {
  return clamp(local.sel.number ?? 0, 0, local.cols - 1);
}

/** How many lines of the ledger are in view, and the room that is left above and below them to say how many are not. */
function windowOf(g, data, most, hint) {
  const n = data.lines.length;
  const shown = g.whole || n <= MOST_LINES ? n : most;
  return { rows: shown, hint: shown < n ? hint : 0 };
}

export function plan(g, data) {
  if (g.width < 860) return phonePlan(g, data);
  const { rows: n, hint } = windowOf(g, data, 20, 18);
  const norm = { w: Math.round(clamp(g.width * 0.285, 270, 330)), y: 0 };
  norm.x = g.width - norm.w;
  const rail = { x: 0, y: 0, w: 116, chip: 78 };
  const x = rail.w + 16;
  const w = norm.x - 30 - x;
  const top = 48 + hint;
  const pitch = clamp(330 / (n + 1), 13.5, 34);
  const deep = g.whole ? data.tokens.length * 22 + 60 : 0; // of the tokens, all with a row of their own
  const share = (from, to) => [x + w * from, w * (to - from)];
  const [names, strip, size, cosine, logit] = [share(0, 0.195), share(0.195, 0.39), share(0.41, 0.625), share(0.65, 0.825), share(0.855, 1)];
  const end = top + pitch * (n + 1) + 8 + hint;
  const height = Math.max(500, end + 134, deep);
  return {
    phone: false, rows: n, hint, rail: { ...rail, rows: Math.floor((height - 60) / 22), top: 48 }, top, pitch, x, w, end,
    stream: x + 6, names, strip, size, cosine, logit: data.direct ? logit : null, own: end + 18, card: { x, y: end + 44, w }, norm, height,
  };
}

function phonePlan(g, data) {
  const w = g.width;
  const { rows: n, hint } = windowOf(g, data, 16, 44); // a finger's room
  const chips = chipRows(data, w);
  const top = chips.height + 66 + hint;
  const pitch = data.lines.length > 24 ? 22 : 28;
  const end = top + pitch * (n + 1) + 8 + hint;
  const names = [0, 120];
  const size = [122, w - 122 - 86];
  const cosine = [w - 78, 78];
  return {
    phone: true, rows: n, hint, chips, rail: null, top, pitch, x: 0, w, end, stream: 6, names, strip: null, size, cosine, logit: null,
    own: end + 18, card: { x: 0, y: end + 46, w }, norm: { x: 0, y: end + 46 + 7 * 18, w }, height: end + 172 + 480 + 52,
  };
}
/** Where each chip of the text stands on a phone, line by line. */
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
