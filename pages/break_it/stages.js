// From symptom to remedy: what each step shows, and the column of words beside the charts.

import { label, thousands } from "../../app/kit/shapes.js";
import { stepMode } from "../../app/kit/steps.js";
import { drawFindings, lines } from "./charts.js";

export const stages = stepMode("stage", ["Symptom", "Evidence", "Diagnosis", "Remedy"]);
export const [EVIDENCE, FOUND] = [1, 2];
const LOOK = "Block by block, from the input up: the size of the numbers that leave a block, how hard the loss pulls on its weights, how widely its attention spreads. Where do the two lines part?";
const lookAt = (pair) => `The same of two models in training, at step ${thousands(pair.at ?? 0)}; shown are the two measures that differ most. The slider goes to other steps.`;

/** The words of a step: first only what it costs, then what to look at, then what the measurements say. */
export function drawSaid({ x, y, w, h: tall }, stage, said, title = "What the numbers say") {
  if (stage >= FOUND) return drawFindings(x, y, w, title, said.findings, said.cost, tall);
  const [head, text] = stage < EVIDENCE ? ["What it costs", said.cost] : ["What was measured", said.at === undefined ? LOOK : lookAt(said)];
  const { nodes, height } = lines(x, y + 32, text, w, { fill: "ink" });
  return { nodes: [label(x, y + 12, head, { weight: 600, fill: "ink" }), nodes], bottom: y + 32 + height };
}
