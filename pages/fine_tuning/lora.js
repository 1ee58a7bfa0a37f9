// LoRA step by step, with the numbers of one matrix of the run that is shown.

import { pointerAt } from "../../app/kit/glass.js";
import { say } from "../../app/kit/say.js";
import { clamp, css, h, heat, heatImage, label, num, thousands } from "../../app/kit/shapes.js";
import { stepMode } from "../../app/kit/steps.js";

/**
 * @import { Stage } from "../../app/kit/glass.js"
 * @import { Packed, Unpacked } from "../../app/kit/shapes.js"
 * @import { Box, Matrix, planStep } from "./layout.js"
 *
 * What Python sends of one matrix of the LoRA run.
 * @typedef {object} Lora
 * @property {string} name of the matrix
 * @property {number} rank
 * @property {number} alpha
 * @property {Packed} W (out, in) of the pretrained model
 * @property {Packed} A (rank, in)
 * @property {Packed} B (out, rank)
 * @property {Packed} added (out, in) B times A times alpha / rank
 * @property {{lora: number, full: number | null}} moved how much of W's length that has, and what the full way changed
 * @property {{row: number, col: number, w: number, terms: number[], scale: number, added: number}} cell one number: of W, the
 *   terms of its sum over the rank, alpha / rank, and what is added to it
 *
 * @typedef {Record<Matrix, Unpacked | Float32Array>} Arrays
 * @typedef {{name: string, values: Arrays[Matrix], shape: number[]}} Shown
 */

export const stages = stepMode("stage", [
  say("The matrix W"),
  say("Two thin ones"),
  say("Their product"),
  say("One number"),
  say("The sum"),
  say("All four ways"),
]);

/** What is said at each step. @type {((d: Lora) => string)[]} */
export const WORDS = [
  (d) =>
    say(
      "A model is tables of numbers, matrices. This is one of {base}’s: {name}, {size} numbers, green above 0 and brown below; LoRA leaves it as it is.",
      { base: BASE_NAME, name: d.name, size: d.W.shape.join(" × ") },
    ),
  (d) =>
    say(
      "Instead two thin matrices are learned, A ({a}) and B ({b}): {few} numbers instead of {many}. A begins at random, B at 0.",
      {
        a: d.A.shape.join(" × "),
        b: d.B.shape.join(" × "),
        few: thousands(d.rank * (d.A.shape[1] + d.B.shape[0])),
        many: thousands(d.W.shape[0] * d.W.shape[1]),
      },
    ),
  (d) => {
    const given = {
      alpha: short(d.alpha),
      rank: d.rank,
      scale: short(d.cell.scale),
      size: num(100 * d.moved.lora, 1),
    };
    if (d.moved.full === null)
      return say(
        "B times A is as large as W, times a set number, alpha / rank = {alpha} / {rank} = {scale}. It is made of {rank} stripes laid over each other (rank {rank}), and in size {size} % of W.",
        given,
      );
    return say(
      "B times A is as large as W, times a set number, alpha / rank = {alpha} / {rank} = {scale}. It is made of {rank} stripes laid over each other (rank {rank}), and in size {size} % of W; training every number changed this matrix by {full} %.",
      { ...given, full: num(100 * d.moved.full, 1) },
    );
  },
  (d) =>
    say(
      "One number of it, written out: row {row} of B times column {col} of A: {summed}, times {scale}: {added}.",
      {
        row: d.cell.row,
        col: d.cell.col,
        summed: summed(d.cell.terms),
        scale: short(d.cell.scale),
        added: num(d.cell.added, digitsOf(d.cell.terms)),
      },
    ),
  (d) =>
    say(
      "It is added to W, there {w} + {added} = {sum}. The model is not slower than before, and without what was added it is the old one again.",
      { w: num(d.cell.w, 3), added: num(d.cell.added, 3), sum: num(d.cell.w + d.cell.added, 3) },
    ),
  () =>
    say(
      "LoRA beside three other ways of teaching the same model the same task: the curves show how much each gets right while it learns, the table what it costs and what the model forgets.",
    ),
];
const BASE_NAME = "tales-bert";
/** No zeros that say nothing. @param {number} x */
const short = (x) => String(Number(x.toPrecision(4)));
/** As many digits after the point as show three of the largest term: a sum that is written out has to add up. @param {number[]} terms */
const digitsOf = (terms) => clamp(3 - Math.ceil(Math.log10(Math.max(...terms.map(Math.abs), 1e-9))), 2, 7);
/** Terms and their sum: "0.0093 − 0.0012 = 0.0081". @param {number[]} terms */
function summed(terms) {
  const digits = digitsOf(terms);
  const written = terms
    .map((t) => num(t, digits))
    .join(" + ")
    .replaceAll("+ −", "− ")
    .replaceAll("+ -", "− ");
  return `${written} = ${num(
    terms.reduce((sum, t) => sum + t, 0),
    digits,
  )}`;
}

/** The number under the pointer, and how large the largest is. @type {(g: Stage, event: MouseEvent, box: Box, shown: Shown, largest: number) => string} */
function cellText(g, event, box, { name, values, shape }, largest) {
  const [rows, cols] = shape;
  const [x, y] = pointerAt(g, event);
  const [i, j] = [
    clamp(Math.floor(((y - box.y) / box.h) * rows), 0, rows - 1),
    clamp(Math.floor(((x - box.x) / box.w) * cols), 0, cols - 1),
  ];
  return say("{name}, row {row}, column {col}: {value}\n{rows} × {cols}, largest {largest}", {
    name,
    row: i,
    col: j,
    value: num(values[i * cols + j], 4),
    rows,
    cols,
    largest: num(largest, 3),
  });
}

/** W, A, B, the product and the sum, as far as the step shows them. @type {(g: Stage, d: Lora, arrays: Arrays, at: ReturnType<typeof planStep>, step: number) => void} */
export function drawLora(g, d, arrays, at, step) {
  /** @type {[key: Matrix, name: string, shape: number[]][]} */
  const matrices = [
    ["W", "W", d.W.shape],
    ["B", "B", d.B.shape],
    ["A", "A", d.A.shape],
    ["added", "ΔW = B A · α/r", d.W.shape],
    ["sum", "W + ΔW", d.W.shape],
  ];
  for (const [key, name, shape] of matrices) {
    const box = at.boxes[key];
    if (box)
      g.part(`lora ${key}`, [box.x, box.y, box.w, step], () =>
        drawMatrix(g, d, key, box, { name, values: arrays[key], shape }, step),
      );
  }
}

/** A matrix in colours; from the fourth step on with lines at the row and the column of the written-out number. @type {(g: Stage, d: Lora, key: Matrix, box: Box, shown: Shown, step: number) => SVGElement[]} */
function drawMatrix(g, d, key, box, shown, step) {
  const {
    name,
    values,
    shape: [rows, cols],
  } = shown;
  const largest = values.reduce((most, v) => Math.max(most, Math.abs(v)), 0);
  const top = 3 * Math.sqrt(values.reduce((sum, v) => sum + v * v, 0) / values.length) || 1; // single large ones would pale all others
  const image = heatImage(
    box.x,
    box.y,
    box.w,
    box.h,
    heat(values, rows, cols, (v) => g.signedRgb(v, top)),
  );
  const across = key === "A" ? "" : `M${box.x},${box.y + ((d.cell.row + 0.5) / rows) * box.h}h${box.w}`;
  const down = key === "B" ? "" : `M${box.x + ((d.cell.col + 0.5) / cols) * box.w},${box.y}v${box.h}`;
  return [
    h("rect", {
      x: box.x - 0.5,
      y: box.y - 0.5,
      width: box.w + 1,
      height: box.h + 1,
      fill: "none",
      stroke: css("line"),
    }),
    g.tip(image, (event) => cellText(g, event, box, shown, largest)),
    label(box.x, box.y - 6, `${name}${box.w > 90 ? `, ${rows} × ${cols}` : ""}`, {
      weight: 600,
      fill: "ink",
    }),
    ...(step >= 3
      ? [h("path", { d: across + down, stroke: css("accent"), "stroke-width": 1, "pointer-events": "none" })]
      : []),
  ];
}
