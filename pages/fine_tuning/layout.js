// What stands where in the Fine-tuning picture: LoRA's matrices at its steps, then the curves with the table of the ways.

import { inLines } from "../../app/kit/shapes.js";
import { isPhone } from "../../app/kit/widths.js";

/**
 * @typedef {{x: number, y: number, w: number}} Column as high as what stands in it
 * @typedef {Column & {h: number}} Box
 *
 * A cell of a way's row: its left edge as a share of the width, and in which line it stands.
 * @typedef {[share: number, line: number]} Cell
 *
 * @typedef {"W" | "A" | "B" | "added" | "sum"} Matrix
 */

const GAP = 36; // between matrices

/**
 * One step of LoRA: the matrices that it shows.
 * @param {number} width
 * @param {number} step
 * @param {{rank: number, columns: number}} lora the rank, and the columns of W
 */
export function planStep(width, step, { rank, columns }) {
  const phone = isPhone(width);
  const size = phone ? Math.min(width - 40, 240) : Math.min(260, Math.floor((width - 120) / 3.4)); // of W
  const top = 34;
  const thin = Math.max(8, Math.round((size * rank) / columns)); // of A and B
  const right = phone ? { x: 0, y: top + size + 64 } : { x: size + GAP, y: top };
  const inner = { x: right.x + thin + 14, y: right.y + thin + 26 };
  const sum = phone ? { x: 0, y: right.y + size + 64 } : { x: inner.x + size + GAP, y: top };
  /** @type {Partial<Record<Matrix, Box>>} */
  const boxes = { W: { x: 0, y: top, w: size, h: size } };
  if (step >= 1) {
    boxes.B = { x: right.x, y: right.y, w: thin, h: size };
    boxes.A = { x: inner.x, y: right.y, w: size, h: thin };
  }
  if (step >= 2) boxes.added = { ...inner, w: size - thin - 26, h: size - thin - 26 };
  if (step >= 4) boxes.sum = { ...sum, w: size, h: size };
  const tall = phone ? (step >= 4 ? 3 : step >= 1 ? 2 : 1) * (size + 64) : size + 20;
  return { top, boxes, height: top + tall };
}

/**
 * All four ways: their curves, and beside or below them a row of the table for each.
 * @param {number} width
 * @param {string} about what they learn from
 * @param {string} foot what stands below the table
 */
export function planWays(width, about, foot) {
  const phone = isPhone(width);
  const chart = phone
    ? { left: 0, top: 22, width, height: 250 }
    : { left: 0, top: 22, width: Math.round(width * 0.5), height: 330 };
  const axis = { left: 0, top: phone ? 280 : 360 };
  /** @type {Column} */
  const told = phone ? { x: 0, y: 346, w: width } : { x: 140, y: 371, w: chart.width - 150 };
  const under = told.y + 16 * inLines(about, told.w).length;
  /** @type {Column & {pitch: number, cells: Cell[]}} */
  const table = phone
    ? {
        x: 0,
        y: under + 6,
        w: width,
        pitch: 114,
        cells: [
          [0, 0],
          [0.6, 0],
          [0, 1],
          [0.3, 1],
          [0.6, 1],
        ],
      }
    : {
        x: chart.width + 28,
        y: 4,
        w: width - chart.width - 28,
        pitch: 78,
        cells: [
          [0, 0],
          [0.33, 0],
          [0.545, 0],
          [0.685, 0],
          [0.79, 0],
        ],
      };
  const below = table.y + 4 * table.pitch + 8 + 16 * inLines(foot, table.w).length;
  /** @type {Column} */
  const read = { x: table.x, y: below + 12, w: table.w };
  return { phone, chart, table, axis, about: told, read, height: Math.max(read.y + 8, under) };
}
