// The cost of what is removed from the open model, of weights or of whole parts, in words.

import { counted } from "../../app/kit/counts.js";
import { num, thousands } from "../../app/kit/shapes.js";

export const inPercent = (v, digits = 0) => `${num(100 * v, digits)} %`;
export const WHAT = { magnitude: "the blocks’ weights, the smallest first", structured: "heads and neurons" };
const timesAsFast = (speed) => (speed ? `${num(speed, 1)} times as fast` : "as fast");
const restsOn = (one) => `on ${one.texts} ${one.texts === 1 ? "text" : "texts"} (${counted(one.places, "token")})`;
const nats = (v) => `${num(v, 2)} nats`;
export const inMegabytes = (v) => `${num(v / 1e6, v < 1e5 ? 3 : 2)} MB`;

/** What is left of each block: whole heads and neurons only can go. */
export const partsStay = (one) => `${one.heads[0]} of ${counted(one.heads[1], "head")} and ${thousands(one.neurons[0])} of ${counted(one.neurons[1], "neuron")} of each block stay`;

/** The open model at the learner's share, in words. */
export function mineSaid(data, share) {
  const one = data.mine.find((each) => Math.abs(each.sparsity - share) < 1e-6);
  const what = `${inPercent(share)} of ${data.cut === "structured" && data.neuronsOnly ? "the neurons" : WHAT[data.cut]}`;
  if (!one) return `${data.name} without ${what}: not measured yet.`;
  if (one.why) return `${data.name}: ${one.why}.`;
  const begin = data.cut === "structured"
    ? `${data.name}, ${what} asked for: ${partsStay(one)}${data.neuronsOnly ? " (the heads share one table of biases)" : ""}. Measured now ${restsOn(one)}`
    : `${data.name} without ${what}, measured now ${restsOn(one)}`;
  const speed = data.cut === "structured" ? `a pass is ${timesAsFast(one.speed)}` : "a pass multiplies by the zeros all the same";
  return `${begin}, not retrained: ${num(one.rise, 2)} nats above its own loss, ${inPercent(one.agreement, 1)} of its first choices stay (${inPercent(one.low)} to ${inPercent(one.high)}); ${counted(one.numbers, "number")}, a file of ${inMegabytes(one.bytes)}; ${speed}. The recorded curves rest ${restsOn(data.base)}.`;
}
