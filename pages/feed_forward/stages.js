// The layer step by step: what each step shows, said with the picture's own numbers.

import { counted } from "../../app/kit/counts.js";
import { thousands, visible } from "../../app/kit/shapes.js";
import { outlined } from "./layout.js";

export const followed = (data) => visible(data.rows[data.row].text);
/** How few of the neurons write nearly all. */
export const writers = (data) => (data.needed ? `${outlined(data) ? "outlined: " : ""}${thousands(data.needed)} write 90 %` : "none writes anything");
export const firing = (data) => Math.round(data.fires * data.neurons);

export const WORDS = [
  (d) => `The stream holds ${counted(d.width, "number")} for ${followed(d)}. ${d.late ? "This model normalises after adding, so the layer reads them as they are." : d.norm === "no norm" ? "The layer reads them as they are." : `${d.norm.replace("norm", "normalization")} brings them to size; the layer reads the result, x.`} Every token goes this way alone, through the same weights.`,
  (d) => `Each of ${counted(d.neurons, "neuron")} takes its own weighted sum of x: a large one says that x points the neuron’s way. Green is above 0, brown below: ${thousands(firing(d))} of them are above 0 here.`,
  (d) => `${d.plain}, ${d.formula}, bends every sum: those above 0 go through, the others are held near 0.${d.gated ? ` In this model a second sum of each neuron multiplies what comes through: ${d.act}.` : ""} A neuron that lets something through fires.`,
  (d) => `Each neuron writes its row of W_out, as strongly as it fires; all rows add up to ${counted(d.width, "number")} again. ${d.needed ? `${thousands(d.needed)} of ${counted(d.neurons, "neuron")}${outlined(d) ? " (outlined)" : ""} write 90 % of it, by squared length.` : "Here none of them writes anything."}`,
];
