// What stands where in the Regularization picture: dropout above, the trained runs below; step by step first only dropout.

import { inLines } from "../../app/kit/shapes.js";
import { isPhone } from "../../app/kit/widths.js";

/**
 * @typedef {{x: number, y: number, w: number}} Column as high as what stands in it
 *
 * What the layout hangs on.
 * @typedef {object} Shown
 * @property {number} rows tokens of the panels
 * @property {boolean} early a step before the trained runs
 * @property {string[]} stops what is said of early stopping, a text for each run that was measured
 *
 * `panels`: as computed, the mask, what goes on. `written`: the baseline of the chosen number's sum.
 * @typedef {object} Layout
 * @property {boolean} phone
 * @property {number} x
 * @property {number} w
 * @property {number} top of the panels
 * @property {number} pitch from row to row of the panels
 * @property {number} chips width of the tokens
 * @property {number} gap between panels, which holds × and =
 * @property {{x: number, w: number, top: number}[]} panels
 * @property {number} written
 * @property {Column} mean
 * @property {Column} under
 * @property {number} mid where the trained runs begin
 * @property {{x: number, y: number}} arms
 * @property {{left: number, top: number, width: number, height: number}} curves
 * @property {{x: number, y: number, anchor: "start" | "end"}} legend
 * @property {Column} stops
 * @property {Column & {h: number}} weights
 * @property {{x: number, y: number}} door
 * @property {number} height
 */

/** @type {(width: number, shown: Shown) => Layout} */
export function planRegularization(w, shown) {
  if (isPhone(w)) return planPhone(w, shown);
  const side = Math.round(w * 0.2);
  const gap = 28;
  const chips = 74;
  const pw = Math.floor((w - side - 26 - chips - 10 - 2 * gap) / 3);
  const panels = [0, 1, 2].map((k) => ({ x: chips + 10 + k * (pw + gap), w: pw, top: 42 }));
  const right = w - side;
  const c = panels[2].x;
  const pitch = shown.early ? 34 : 17; // step by step there is room: the runs come with the last
  const written = 42 + 10 * pitch + 22;
  return {
    x: 0,
    w,
    top: 42,
    pitch,
    chips,
    gap,
    panels,
    written,
    mean: { x: right, y: 0, w: side },
    under: { x: right, y: 124, w: side },
    mid: 250,
    arms: { x: 140, y: 257 },
    curves: { left: 0, top: 288, width: c - 30, height: 206 },
    legend: { x: c - 8, y: 272, anchor: "end" },
    stops: { x: c, y: 258, w: right - c - 26 },
    weights: { x: right, y: 258, w: side, h: 236 },
    height: 500,
    door: { x: right - 122, y: 256 },
    phone: false,
  };
}

/** @type {(width: number, shown: Shown) => Layout} */
function planPhone(w, { rows, early, stops: texts }) {
  const tall = rows * 17;
  const first = 50;
  const panels = [0, 1, 2].map((k) => ({ x: 70, w: w - 70, top: first + k * (tall + 36) }));
  const end = first + 3 * (tall + 36) - 8; // below the panels
  const stops = end + 644;
  const weights = stops + stopsHeight(texts, w) + 24;
  return {
    x: 0,
    w,
    top: first,
    pitch: 17,
    chips: 62,
    gap: 0,
    panels,
    written: end,
    mean: { x: 0, y: end + 46, w },
    under: { x: 0, y: end + 176, w },
    mid: end + 300,
    arms: { x: 0, y: end + 330 },
    curves: { left: 0, top: end + 404, width: w, height: 220 },
    legend: { x: 0, y: end + 396, anchor: "start" },
    stops: { x: 0, y: stops, w },
    weights: { x: 0, y: weights, w, h: 220 },
    door: { x: -2, y: weights + 232 },
    height: early ? end + 300 : weights + 262,
    phone: true,
  };
}

/** How high the words about early stopping get. @type {(texts: string[], w: number) => number} */
const stopsHeight = (texts, w) =>
  34 + texts.reduce((sum, text) => sum + 25 + 16 * inLines(text, w).length, 0);
