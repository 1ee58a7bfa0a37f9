// Dropout step by step: what each step shows, said with the picture's own numbers.

import { counted } from "../../app/kit/counts.js";
import { num } from "../../app/kit/shapes.js";
import { stepMode } from "../../app/kit/steps.js";

export const stages = stepMode("stage", ["As computed", "Draw a mask", "Scale up", "Many masks", "In use", "Trained with it"]);
export const [DRAWN, SCALED, MANY, USED] = [1, 2, 3, 4];

export const WORDS = [
  (d) => `Dropout works on numbers inside the model, here on ${d.what}. Green is above 0, brown below. This is what the model computes with nothing dropped.`,
  (d) => `In training each number is set to 0 with probability ${num(d.rate, 2)}: a coin for each, thrown anew at every step. Here ${num(100 * (1 - d.drawn), 0)} % fall out.`,
  (d) => `What is kept is divided by 1 − ${num(d.rate, 2)} = ${num(1 - d.rate, 2)}: it makes up for what fell out, so that the mean stays as it was.`,
  (d) => `One mask changes much, and the next token with it. The mean over ${counted(d.counts.at(-1), "mask")} is ${num(100 * d.errors.at(-1), 1)} % off what was computed; after one mask it is ${num(100 * d.errors[0], 0)} %.`,
  () => "When training is over, nothing is dropped and nothing is scaled: the model in use gives one answer, always the same.",
];

/** The model in use: by the switch below the picture, or as the step that shows it. */
export const inUse = (data, local) => data.dropout.evaluate || stages.of(local) === USED;
/** What the panels show: under the mask, or with nothing dropped. */
export const numbersOf = (data, local) => (inUse(data, local) ? local.idle : local.a);
