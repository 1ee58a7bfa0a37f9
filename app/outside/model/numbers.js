// Small computations over tensors that several pictures need.

import { tensor } from "./forward.js";

/** @import { Tensor } from "./forward.js" */

/** The length of each row over the last axis. @type {(x: Tensor) => Tensor} */
export function lengths(x) {
  const n = /** @type {number} */ (x.shape.at(-1));
  const out = tensor(x.shape.slice(0, -1));
  for (let row = 0; row < out.length; row++) {
    let square = 0;
    for (let i = row * n; i < (row + 1) * n; i++) square += x[i] * x[i];
    out[row] = Math.sqrt(square);
  }
  return out;
}

/** Tensors of one shape, one after another along a new first axis. @type {(parts: Tensor[], shape: number[]) => Tensor} */
export function stacked(parts, shape) {
  const out = tensor([parts.length, ...shape]);
  for (const [i, part] of parts.entries()) out.set(part, i * part.length);
  return out;
}

/** The places of the n largest numbers, the largest first; of equals, the first. @type {(row: ArrayLike<number>, n: number) => number[]} */
export function topOf(row, n) {
  /** @type {number[]} */
  const best = [];
  for (let i = 0; i < row.length; i++) {
    if (best.length === n && row[i] <= row[best[n - 1]]) continue;
    let at = best.length;
    while (at > 0 && row[best[at - 1]] < row[i]) at--;
    best.splice(at, 0, i);
    if (best.length > n) best.pop();
  }
  return best;
}
