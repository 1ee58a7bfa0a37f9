// What becomes of a prediction without heads, as core.analysis.heads.effects measures it: without those that are off, and
// without each one alone besides. Nothing before a head's block changes, so such a pass begins there.

import { say } from "../../../app/kit/say.js";
import { resume, tensor, unembed } from "../../../app/outside/model/forward.js";
import { topOf } from "../../../app/outside/model/numbers.js";

/**
 * @import { Carried } from "../../../app/outside/model/carried.js"
 * @import { Change, Tensor, Trace } from "../../../app/outside/model/forward.js"
 * @import { Data, Likely, Measured } from "../figure.js"
 * @import { Told } from "./words.js"
 *
 * @typedef {[block: number, head: number]} Head
 * @typedef {{heads: Head[], value: "zero" | "mean"}} Off the heads that are off, and what stands in their place
 *
 * By how much a token's log probability changes at a row without each head (L, H), and what it is with all of them.
 * @typedef {{before: number, change: number[][]}} Effects
 */

const SHOWN = 5; // tokens at the foot

/** A pass without these heads: what they mixed (T, H, K) becomes zero, or its mean over the text. @type {(off: Off) => Change} */
export function withoutHeads({ heads, value }) {
  /** @type {Change} */
  const change = {};
  for (const block of new Set(heads.map(([l]) => l))) {
    const here = heads.flatMap(([l, head]) => (l === block ? [head] : []));
    change[`blocks.${block}.attn.hook_z`] = (z) => {
      for (const head of here) silence(z, head, value);
    };
  }
  return change;
}

/** @type {(z: Tensor, head: number, value: Off["value"]) => void} */
function silence(z, head, value) {
  const [T, H, K] = z.shape;
  for (let k = 0; k < K; k++) {
    let mean = 0;
    if (value === "mean") for (let t = 0; t < T; t++) mean += z[(t * H + head) * K + k] / T;
    for (let t = 0; t < T; t++) z[(t * H + head) * K + k] = mean;
  }
}

/** The log probabilities of one row of logits. @type {(logits: Float32Array) => Float64Array} */
function logProbabilities(logits) {
  const most = logits.reduce((a, b) => Math.max(a, b), -Infinity);
  const sum = Math.log(logits.reduce((all, one) => all + Math.exp(one - most), 0)) + most;
  return Float64Array.from(logits, (one) => one - sum);
}

/** The same at a row of a pass. @type {(trace: Trace, row: number) => Float64Array} */
export function predictionOf(trace, row) {
  const logits = /** @type {Tensor} */ (trace.get("unembed.hook_out"));
  const V = logits.shape[1];
  return logProbabilities(logits.subarray(row * V, (row + 1) * V));
}

/**
 * Switches each head off alone, besides those that are off; a step for each.
 * @param {Carried} model @param {Trace} passed the pass without those that are off @param {Off} off
 * @param {number} row @param {number} token
 * @returns {Generator<false, Effects>}
 */
export function* effectsOf(model, passed, off, row, token) {
  const { n_layers: L, n_heads: H, causal } = model.config;
  const before = predictionOf(passed, row)[token];
  /** @type {number[][]} */
  const change = [];
  for (let l = 0; l < L; l++) {
    const stream = /** @type {Tensor} */ (passed.get(`blocks.${l}.hook_resid_pre`));
    const [T, D] = stream.shape;
    // Under a causal mask later rows do not reach this one; a mean over the text does.
    const rows = causal && off.value === "zero" ? row + 1 : T;
    const line = [];
    for (let head = 0; head < H; head++) {
      yield false;
      const one = withoutHeads({ heads: [...off.heads, [l, head]], value: off.value });
      const end = resume(model, l, tensor([rows, D], stream.subarray(0, rows * D)), one);
      const logits = unembed(model, tensor([1, D], end.subarray(row * D, (row + 1) * D)));
      line.push(logProbabilities(logits)[token] - before);
    }
    change.push(line);
  }
  return { before, change };
}

/** The head whose absence changes the prediction most; null: none changes anything that the picture could show. @type {(effects: Effects, told: Told) => Head | null} */
export function largestOf({ change }, { rules }) {
  const sizes = change.flat().map(Math.abs);
  const [most] = topOf(sizes, 1);
  const heads = change[0]?.length ?? 1;
  return most !== undefined && sizes[most] >= rules.nothing ? [Math.floor(most / heads), most % heads] : null;
}

/**
 * A head that reads after the one that matters most: the chosen one, or else the one whose reading changes most. Each row: what
 * every head (L, H) gives from it to T tokens, as the picture stands and without the head that matters.
 * @param {Head} largest @param {Head} chosen @param {Off} off @param {Float32Array[][]} now @param {Float32Array[][]} then
 * @returns {Measured["reader"]}
 */
export function readerOf([layer], chosen, off, now, then) {
  const isOff = (/** @type {number} */ l, /** @type {number} */ h) =>
    off.heads.some(([block, head]) => block === l && head === h);
  const moved = now.map((line, l) =>
    line.map((row, h) =>
      l <= layer || isOff(l, h) ? -1 : row.reduce((sum, one, s) => sum + Math.abs(one - then[l][h][s]), 0),
    ),
  );
  let [l, h] = chosen;
  if (moved[l][h] < 0) {
    const [most] = topOf(moved.flat(), 1);
    [l, h] = [Math.floor(most / moved[0].length), most % moved[0].length];
  }
  if (moved[l][h] < 0) return null;
  const [col] = topOf(now[l][h], 1);
  return [l, h, col, now[l][h][col], then[l][h][col]];
}

/**
 * The likeliest tokens at a row, with all heads and without those that are off: the first of both, then the others.
 * @param {Carried} model @param {number} after the id of the row @param {Float64Array} before @param {Float64Array} without
 * @param {Off} off
 * @returns {Data["next"]}
 */
export function following({ tokenizer }, after, before, without, off) {
  const [first, then] = [topOf(before, SHOWN), topOf(without, SHOWN)];
  const shown = [...new Set([...first.slice(0, 1), ...then.slice(0, 2), ...first.slice(1), ...then])].slice(
    0,
    SHOWN,
  );
  /** @type {(id: number) => Likely} */
  const likely = (id) => ({
    text: tokenizer.display(id),
    id,
    before: Math.exp(before[id]),
    after: Math.exp(without[id]),
  });
  return {
    label: say("Next token after"),
    after: tokenizer.display(after),
    tokens: shown.map(likely),
    changed: off.heads.length > 0,
  };
}
