// The chosen head, number by number, and what it and the others of its block bring to a row: of a pass, what figure.py records.

import { tensor } from "../../../app/outside/model/forward.js";
import { lengths } from "../../../app/outside/model/numbers.js";

/**
 * @import { Carried } from "../../../app/outside/model/carried.js"
 * @import { Tensor, Trace } from "../../../app/outside/model/forward.js"
 * @import { Data } from "../figure.js"
 * @import { Maps } from "./patterns.js"
 *
 * @typedef {Uint8Array & {shape: number[]}} Bytes
 * @typedef {{block: number, head: number, passed: Trace, maps: Maps}} OpenHead with the pass that it is looked at in
 */

/** @type {(trace: Trace, name: string) => Tensor} */
const at = (trace, name) => /** @type {Tensor} */ (trace.get(name));

/** Numbers of one head out of (T, heads, K): (T, K). @type {(x: Tensor, head: number) => Tensor} */
function ofHead(x, head) {
  const [T, H, K] = x.shape;
  const out = tensor([T, K]);
  for (let t = 0; t < T; t++) out.set(x.subarray((t * H + head) * K, (t * H + head + 1) * K), t * K);
  return out;
}

/** Queries or keys as they meet: turned by their places, and before that normed, where the model does so. @type {(model: Carried, trace: Trace, attn: string, side: "q" | "k") => Tensor} */
function meeting({ weights }, trace, attn, side) {
  const turned = trace.get(`${attn}.hook_rot_${side}`);
  const normed = trace.get(`${attn}.${side}_norm.hook_normalized`);
  if (turned || !normed) return turned ?? at(trace, `${attn}.hook_${side}`);
  const gain = weights.get(`${attn}.${side}_norm.w`);
  return gain
    ? tensor(
        normed.shape,
        normed.map((one, i) => one * gain[i % gain.length]),
      )
    : normed;
}

/** Its queries and keys, and what comes of them. @type {(model: Carried, open: OpenHead) => Record<string, Tensor | Bytes>} */
export function opened(model, { block, head, passed, maps }) {
  const { config } = model;
  const { n_heads: H, n_kv_heads: G, d_head: K, scale_scores, position } = config;
  const [attn, T, factor] = [`blocks.${block}.attn`, maps.ids.length, scale_scores ? 1 / Math.sqrt(K) : 1];
  const q = ofHead(meeting(model, passed, attn, "q"), head);
  const k = ofHead(meeting(model, passed, attn, "k"), Math.floor((head * G) / H));
  const cells = (/** @type {(t: number, s: number) => number} */ of) =>
    tensor(
      [T, T],
      Array.from({ length: T * T }, (_, i) => of(Math.floor(i / T), i % T)),
    );
  const dot = (/** @type {number} */ t, /** @type {number} */ s) => {
    let sum = 0;
    for (let i = 0; i < K; i++) sum += q[t * K + i] * k[s * K + i];
    return sum;
  };
  const allowed = Uint8Array.from({ length: T * T }, (_, i) =>
    Number(!config.causal || i % T <= Math.floor(i / T)),
  );
  return {
    pattern: tensor([T, T], maps.maps[block].subarray(head * T * T, (head + 1) * T * T)),
    q,
    k,
    scaled: cells((t, s) => dot(t, s) * factor),
    ...(position === "alibi" && { bias: cells((t, s) => -(2 ** ((-8 / H) * (head + 1))) * Math.abs(t - s)) }),
    allowed: Object.assign(allowed, { shape: [T, T] }),
  };
}

/** What each head of its block brings at the row, and its share of the sum (core.analysis.heads.shares). @type {(model: Carried, open: OpenHead & {row: number}) => {arrays: Record<string, Tensor>, join: Data["join"]}} */
export function joined({ config, weights }, { block, row, passed }) {
  const [attn, { n_heads: H, d_head: K, d_model: D }] = [`blocks.${block}.attn`, config];
  const table = /** @type {Tensor} */ (weights.get(`${attn}.weight_o`));
  const z = tensor([H, K], at(passed, `${attn}.hook_z`).subarray(row * H * K, (row + 1) * H * K));
  const out = tensor([D], at(passed, `blocks.${block}.hook_attn_out`).subarray(row * D, (row + 1) * D));
  const vectors = tensor([H + 1, D], new Float32Array((H + 1) * D));
  const bias = weights.get(`${attn}.b_O`);
  if (bias) vectors.set(bias, H * D);
  for (let h = 0; h < H; h++) {
    for (let d = 0; d < D; d++)
      for (let k = 0; k < K; k++) vectors[h * D + d] += z[h * K + k] * table[d * H * K + h * K + k];
  }
  const square = out.reduce((sum, one) => sum + one * one, 0);
  const parts = bias?.some((one) => one !== 0) ? H + 1 : H;
  const along = Array.from({ length: parts }, (_, i) =>
    out.reduce((sum, one, d) => sum + one * vectors[i * D + d], 0),
  );
  const shares = along.map((one) => (square > 0 ? one / square : 0));
  return {
    arrays: { z, out, vectors },
    join: { block, row, biased: parts > H, shares, norms: [...lengths(vectors)].slice(0, parts) },
  };
}
