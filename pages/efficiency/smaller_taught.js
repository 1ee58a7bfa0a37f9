// The student with and without its teacher: a table of what each came to, and DistilBERT.

import { counted } from "../../app/kit/counts.js";
import { fit, h, label, num, thousands } from "../../app/kit/shapes.js";
import { inMegabytes, inPercent, partsStay } from "./smaller_pruned.js";

export const ARMS = ["student alone", "student taught", "alone, as many operations"];

/** Rows of columns, the first to the left and the others to the right; a cell is text, or [text, its tip]. Returns the y below. */
export function drawTable(g, key, box, head, rows) {
  const first = Math.min(150, box.w * (head.length > 4 ? 0.29 : 0.37));
  const each = (box.w - first) / (head.length - 1);
  const cell = (text, r, c) => label(c ? box.x + first + each * c : box.x, box.y + 14 + 19 * r, c ? fit(text, each - 6, 12, true) : fit(text, first - 4, 12, false),
    { anchor: c ? "end" : null, mono: c > 0 && r > 0, size: 12, fill: r ? "ink" : "ink3" });
  g.part(key, [box, head, rows], () => [head, ...rows].map((row, r) => row.map((one, c) => (Array.isArray(one) ? g.tip(h("g", { "data-row": one[0] }, cell(one[0], r, c)), one[1]) : cell(one, r, c)))));
  return box.y + 14 + 19 * rows.length + 14;
}

/** A speed in a table: only where the rounds tell it from the teacher's. */
const inTimes = (speed) => (speed ? `${num(speed, 1)}×` : "as fast");
/** An own run in full, for its row. */
const ownSaid = (one) => `yours: ${one.name}\nbegan with ${one.base}; loss ${num(one.end.loss, 3)}, first choices ${inPercent(one.end.agreement, 1)}${one.way === "structured" && one.end.heads ? `\n${partsStay(one.end)}` : ""}`;

export function studentRows(data, narrow) {
  const row = (name, numbers, bytes, speed, loss, agreement) => (narrow ? [name, thousands(numbers), loss, agreement] : [name, thousands(numbers), inMegabytes(bytes), speed, loss, agreement]);
  const head = narrow ? ["", "numbers", "loss", "agrees"] : ["", "numbers", "file", "speed", "loss", "agrees"];
  return [head, [
    row("teacher", data.base.numbers, data.base.bytes, "1×", num(data.base.loss, 3), "100 %"),
    ...data.students.map((one, i) => row(i === 2 ? `alone, ${counted(one.steps, "step")}` : `${ARMS[i].replace("student ", "")}, ${counted(one.steps, "step")}`, one.numbers, one.bytes, inTimes(one.speed), num(one.trace.at(-1).loss.mean, 3), inPercent(one.agreement.mean, 1))),
    ...data.own.filter((one) => one.end).map((one) => row([one.short, ownSaid(one)], one.end.numbers, one.end.bytes, inTimes(one.end.speed), num(one.end.loss, 3), inPercent(one.end.agreement, 1))),
  ]];
}

export function publishedRows(data, narrow) {
  const [one, other] = data.published;
  const line = (name, of, text) => [name, text(of(one)), text(of(other)), inPercent(of(other) / of(one))];
  return [["", narrow ? "BERT" : one.name, other.name, "share"], [
    line("weights, published", (m) => m.said, (v) => `${num(v / 1e6, 0)}M`), line("GLUE, mean score", (m) => m.glue, (v) => num(v, 1)),
    line("IMDb, % right", (m) => m.imdb, (v) => num(v, 2)), line("SQuAD, F1", (m) => m.squad, (v) => num(v, 1)), line("seconds, one pass", (m) => m.seconds, (v) => num(v, 0)),
  ]];
}
