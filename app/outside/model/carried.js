// A model out of a file: its weights unpacked, at the end of its training or at a step before.

import { unpack } from "../../kit/shapes.js";
import { tensor } from "./forward.js";
import { Tokenizer } from "./tokenizer.js";

/**
 * @import { Packed } from "../../kit/shapes.js"
 * @import { Config, Model, Tensor } from "./forward.js"
 * @import { Vocabulary } from "./tokenizer.js"
 *
 * Weights as packed.py writes them; whole numbers from -127 to 127 (`q`, as u8, 128 more) come with the size of a step for each row.
 * @typedef {Record<string, Packed | {q: Packed, scale: Packed}>} PackedWeights
 * @typedef {{label: string, weights: PackedWeights}} Moment of the training
 * @typedef {{name: string, config: Config, vocabulary: Vocabulary, moments: Moment[]}} PackedModel
 * @typedef {Model & {tokenizer: Tokenizer}} Carried
 */

/** @type {(packed: PackedWeights[string]) => Tensor} */
function opened(packed) {
  if (!("q" in packed)) return /** @type {Tensor} */ (unpack(packed));
  const [steps, scale] = [unpack(packed.q), unpack(packed.scale)];
  const [rows, columns] = packed.q.shape;
  const made = tensor([rows, columns]);
  for (let i = 0; i < made.length; i++)
    made[i] = Math.fround((steps[i] - 128) * scale[Math.floor(i / columns)]);
  return made;
}

/** Opens the moments of a model: each is unpacked when it is first asked for. @param {PackedModel} packed */
export function open(packed) {
  const tokenizer = new Tokenizer(packed.vocabulary);
  /** @type {Map<number, Carried>} */
  const models = new Map();
  /** @type {(moment: number) => Carried} */
  const at = (moment) => {
    let model = models.get(moment);
    if (!model) {
      const weights = new Map(
        Object.entries(packed.moments[moment].weights).map(([name, one]) => [name, opened(one)]),
      );
      model = { config: packed.config, weights, tokenizer };
      models.set(moment, model);
    }
    return model;
  };
  return { at, tokenizer, labels: packed.moments.map((one) => one.label) };
}
