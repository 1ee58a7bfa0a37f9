// LoRA step by step, with the numbers of one matrix of the run that is shown.

import { pointerAt } from "../../app/kit/glass.js";
import { clamp, css, h, heat, heatImage, label, num, thousands } from "../../app/kit/shapes.js";
import { stepMode } from "../../app/kit/steps.js";

export const stages = stepMode("stage", ["The matrix W", "Two thin ones", "Their product", "One number", "The sum", "All four ways"]);

export const WORDS = [
  (d) => `${d.W.shape[0]} × ${d.W.shape[1]} numbers of ${BASE_NAME}: ${d.name}. LoRA leaves them as they are; green is above 0, brown below.`,
  (d) => `Learned are A, ${d.A.shape.join(" × ")}, and B, ${d.B.shape.join(" × ")}: ${thousands(d.rank * (d.A.shape[1] + d.B.shape[0]))} numbers instead of ${thousands(d.W.shape[0] * d.W.shape[1])}. A begins at random, B at 0.`,
  (d) => `B times A is as large as W, times alpha / r = ${num(d.alpha, 4)} / ${d.rank} = ${num(d.cell.scale, 4)}. It has rank ${d.rank}: rows that repeat, more or less, in stripes. By the root of their summed squares it is ${num(100 * d.moved.lora, 1)} % of W${d.moved.full === null ? "" : `; the full way changed this matrix by ${num(100 * d.moved.full, 1)} %`}.`,
  (d) => `Row ${d.cell.row} of B times column ${d.cell.col} of A: ${summed(d.cell.terms)}, times ${num(d.cell.scale, 4)}: ${num(d.cell.added, digitsOf(d.cell.terms))}.`,
  (d) => `W + ΔW there: ${num(d.cell.w, 3)} + ${num(d.cell.added, 3)} = ${num(d.cell.w + d.cell.added, 3)}. With the sum in place of W nothing is slower than before, and taking it off again gives the old model back.`,
];
const BASE_NAME = "tales-bert";
/** As many digits after the point as show three of the largest term: a sum that is written out has to add up. */
const digitsOf = (terms) => clamp(3 - Math.ceil(Math.log10(Math.max(...terms.map(Math.abs), 1e-9))), 2, 7);
/** Terms and their sum: "0.0093 − 0.0012 = 0.0081". */
function summed(terms) {
  const digits = digitsOf(terms);
  const written = terms.map((t) => num(t, digits)).join(" + ").replaceAll("+ −", "− ").replaceAll("+ -", "− ");
  return `${written} = ${num(terms.reduce((sum, t) => sum + t, 0), digits)}`;
}

/** The number under the pointer, and how large the largest is. */
function cellText(g, event, box, largest) {
  const [rows, cols] = box.shape;
  const [x, y] = pointerAt(g, event);
  const [i, j] = [clamp(Math.floor(((y - box.y) / box.h) * rows), 0, rows - 1), clamp(Math.floor(((x - box.x) / box.w) * cols), 0, cols - 1)];
  return `${box.say}, row ${i}, column ${j}: ${num(box.values[i * cols + j], 4)}\n${rows} × ${cols}, largest ${num(largest, 3)}`;
}

/** W, A, B, the product and the sum, as far as the step shows them. */
export function drawLora(g, data, local, at, step) {
  const d = data.lora;
  if (!d) {
    g.part("no lora", [at], () => label(0, at.top + 20, "The LoRA run has learned nothing yet.", { size: 14, fill: "ink" }));
    return;
  }
  const a = local.arrays;
  const size = at.size;
  const thin = Math.max(8, Math.round((size * d.rank) / d.W.shape[1]));
  const gap = at.gap;
  const boxes = [{ key: "W", x: 0, y: at.top, w: size, h: size, values: a.W, shape: d.W.shape, say: "W" }];
  const right = at.phone ? { x: 0, y: at.top + size + 64 } : { x: size + gap, y: at.top };
  if (step >= 1) {
    boxes.push({ key: "B", x: right.x, y: right.y, w: thin, h: size, values: a.B, shape: d.B.shape, say: "B" });
    boxes.push({ key: "A", x: right.x + thin + 14, y: right.y, w: size, h: thin, values: a.A, shape: d.A.shape, say: "A" });
  }
  if (step >= 2) boxes.push({ key: "added", x: right.x + thin + 14, y: right.y + thin + 26, w: size - thin - 26, h: size - thin - 26, values: a.added, shape: d.W.shape, say: "ΔW = B A · α/r" });
  if (step >= 4) {
    const sum = at.phone ? { x: 0, y: right.y + size + 64 } : { x: right.x + thin + 14 + size + gap, y: at.top };
    boxes.push({ key: "sum", x: sum.x, y: sum.y, w: size, h: size, values: a.sum, shape: d.W.shape, say: "W + ΔW" });
  }
  for (const box of boxes) {
    const largest = box.values.reduce((most, v) => Math.max(most, Math.abs(v)), 0);
    const top = 3 * Math.sqrt(box.values.reduce((sum, v) => sum + v * v, 0) / box.values.length) || 1; // single large ones would pale all others
    g.part(`lora ${box.key}`, [box.x, box.y, box.w, step], () => {
      const [rows, cols] = box.shape;
      const href = heat(box.values, rows, cols, (v) => g.signedRgb(v, top));
      const image = heatImage(box.x, box.y, box.w, box.h, href);
      const i = box.key === "A" ? -1 : d.cell.row;
      const j = box.key === "B" ? -1 : d.cell.col;
      const mark = step >= 3 && h("path", { d: `${i >= 0 ? `M${box.x},${box.y + ((i + 0.5) / rows) * box.h}h${box.w}` : ""}${j >= 0 ? `M${box.x + ((j + 0.5) / cols) * box.w},${box.y}v${box.h}` : ""}`, stroke: css("accent"), "stroke-width": 1 });
      if (mark) mark.setAttribute("pointer-events", "none");
      return [h("rect", { x: box.x - 0.5, y: box.y - 0.5, width: box.w + 1, height: box.h + 1, fill: "none", stroke: css("line") }), g.tip(image, (event) => cellText(g, event, box, largest)),
        label(box.x, box.y - 6, `${box.say}${box.w > 90 ? `, ${rows} × ${cols}` : ""}`, { weight: 600, fill: "ink" }), mark];
    });
  }
}
