// What is followed, open and chosen in Home's picture, and the operations of its step mode.

import { say } from "../../app/kit/say.js";
import { clamp } from "../../app/kit/shapes.js";

/**
 * @import { Unpacked } from "../../app/kit/shapes.js"
 * @import { Data, Heads, Kept } from "./figure.js"
 *
 * An operation of the pass; its part of the picture, and its block, if it has one.
 * @typedef {"tokens" | "embedding" | "position" | "attention" | "cross" | "mlp" | "norm" | "logits" | "next"} Part
 * @typedef {{name: string, part: Part, block?: number}} Step
 */

/**
 * The row that is followed now: under the pointer, chosen, or the one that predicts.
 * @type {(data: Data, local: Pick<Kept, "hover" | "sel">) => number}
 */
export function rowOf(data, local) {
  const chosen = local.hover ?? local.sel.follow ?? -1;
  return chosen < 0 || chosen >= data.tokens.length ? data.home_row : chosen;
}
/**
 * The open block: the folded one that the pointer rests on, or the chosen one.
 * @type {(data: Data, local: Kept) => number}
 */
export const blockOf = (data, local) =>
  clamp(local.peek ?? local.sel.block ?? 0, 0, Math.max(0, data.blocks - 1));
/** @type {(data: Data, local: Kept) => number} */
export const headOf = (data, local) => clamp(local.sel.head ?? 0, 0, data.heads - 1);
/**
 * The attention that the open block shows: the rows' own, or a decoder's view of the source.
 * @type {(data: Data, local: Kept) => Heads<Unpacked>}
 */
export const looking = (data, local) =>
  (data.cross && local.sel.attention === "cross" && local.cross) || local.own;
/** @type {(packed: Unpacked, index: number, row: number) => Float32Array} */
export const pickRow = (packed, index, row) => {
  const n = packed.shape[packed.shape.length - 1];
  return packed.subarray(
    (index * packed.shape[packed.shape.length - 2] + row) * n,
    (index * packed.shape[packed.shape.length - 2] + row + 1) * n,
  );
};
/**
 * The attention of the followed row in the open block's head.
 * @type {(data: Data, local: Kept, row: number) => Float32Array}
 */
export const attentionRow = (data, local, row) =>
  pickRow(looking(data, local).pattern, blockOf(data, local) * data.heads + headOf(data, local), row);
/** @type {(values: Float32Array) => number} */
export const argmax = (values) => values.reduce((best, v, i) => (v > values[best] ? i : best), 0);

/**
 * All operations in order: The same list drives the curtain, the caption and the buttons.
 * @type {(data: Data) => Step[]}
 */
export function stepsOf(data) {
  /** @type {Step[]} */
  const steps = [
    { name: say("Tokens"), part: "tokens" },
    { name: say("Embedding"), part: "embedding" },
  ];
  if (data.position_norm) steps.push({ name: say("Position"), part: "position" });
  for (let l = 0; l < data.blocks; l++) {
    steps.push({ name: say("Block {block}: attention", { block: l }), part: "attention", block: l });
    if (data.cross)
      steps.push({ name: say("Block {block}: cross-attention", { block: l }), part: "cross", block: l });
    steps.push({ name: say("Block {block}: MLP", { block: l }), part: "mlp", block: l });
  }
  if (!data.logits) return steps;
  if (data.final_norm) steps.push({ name: say("Final norm"), part: "norm" });
  return [
    ...steps,
    { name: say("Logits"), part: "logits" },
    { name: data.shape === "encoder" ? say("Prediction") : say("Next token"), part: "next" },
  ];
}
/**
 * The index of the current step; -1 when the whole picture is shown (`walk` counts from 1).
 * @type {(data: Data, local: Kept) => number}
 */
export const walked = (data, local) =>
  (local.sel.walk ?? 0) <= stepsOf(data).length ? (local.sel.walk ?? 0) - 1 : -1;
/** The current step, or null when the whole picture is shown. @type {(data: Data, local: Kept) => Step | null} */
export function stepOf(data, local) {
  return stepsOf(data)[walked(data, local)] ?? null;
}
/** @type {Part[]} */
const ORDER = ["tokens", "embedding", "position", "attention", "cross", "mlp", "norm", "logits", "next"];
/** The step has not yet reached `part` (of the right side). @type {(data: Data, local: Kept, part: Part) => boolean} */
export function frontierHides(data, local, part) {
  const step = stepOf(data, local);
  return step !== null && ORDER.indexOf(step.part) < ORDER.indexOf(part) - (part === "next" ? 1 : 0);
}
