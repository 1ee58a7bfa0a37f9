// What stands where in the pictures of this page, how their numbers are written, and how an optimizer looks in all of them.

import { clamp, inLines, label, measure, num, thousands } from "../../app/kit/shapes.js";
import { isPhone } from "../../app/kit/widths.js";

/**
 * @import { Lettering, Point } from "../../app/kit/shapes.js"
 *
 * A place in pixels; without a height it is as high as what stands in it.
 * @typedef {{x: number, y: number, w: number}} Column
 * @typedef {Column & {h: number}} Box
 * @typedef {Column & {row: number}} Rows each `row` high
 *
 * Edges of a chart's axes.
 * @typedef {{left: number, top: number, right: number, bottom: number}} Plot
 *
 * What two coordinates reach: left, right, low, high.
 * @typedef {[left: number, right: number, low: number, high: number]} Bounds
 *
 * How an optimizer is drawn: a colour of the theme, and dashes, as colour never stands alone.
 * @typedef {{colour: string, dash: number[] | null}} Look
 */

/** @type {Record<string, Look>} */
export const LOOKS = {
  sgd: { colour: "ink2", dash: null },
  momentum: { colour: "k-ink", dash: [8, 3] },
  adam: { colour: "accent", dash: null },
  adamw: { colour: "v-ink", dash: [2, 3] },
  muon: { colour: "q-ink", dash: [8, 3, 2, 3] },
};

// ---------------------------------------------------------------- what stands where

const DEEP = 478; // the height of the race on a wide screen
const ROW = 27; // of one optimizer

/** The race: map and slider, beside them the formula, a row for each optimizer, their losses, one step; the text below. @param {number} width */
export function planRace(width) {
  const phone = isPhone(width);
  const wide = phone ? width : Math.min(542, Math.round(width * 0.51));
  /** @type {Box} */
  const map = { x: 0, y: 0, w: wide, h: Math.round(wide * 0.75) };
  /** @type {Box} */
  const slider = { x: 0, y: map.h + 6, w: wide, h: phone ? 44 : 20 };
  /** @type {Column} */
  const side = phone
    ? { x: 0, y: slider.y + slider.h + 34, w: width }
    : { x: wide + 26, y: 0, w: width - wide - 26 };
  const row = phone ? 46 : ROW;
  /** @type {Rows} */
  const rows = { ...side, y: side.y + (phone ? 70 : 60), row };
  /** @type {Box} */
  const chart = { x: side.x, y: rows.y + 5 * row + (phone ? 56 : 32), w: side.w, h: 70 };
  /** @type {Column} */
  const numbers = { x: side.x, y: chart.y + chart.h + (phone ? 34 : 28), w: side.w };
  /** @type {Column} */
  const strip = phone ? { x: 0, y: numbers.y + 196, w: width } : { x: 0, y: DEEP - 26, w: width };
  return { phone, map, slider, side, rows, chart, numbers, strip, height: phone ? strip.y + 60 : DEEP };
}

/** Adam on one weight: its matrix, its numbers step by step, one step with its numbers. @param {number} width */
export function planMoments(width) {
  const phone = isPhone(width);
  const side = phone ? width : 300;
  /** @type {Box} */
  const map = { x: 0, y: 42, w: side, h: phone ? 220 : 256 };
  /** @type {Column} */
  const chart = phone
    ? { x: 0, y: map.y + map.h + 64, w: width }
    : { x: side + 30, y: 0, w: Math.round((width - side - 60) * 0.42) };
  /** @type {Column} */
  const sums = phone
    ? { x: 0, y: chart.y + 372, w: width }
    : { x: chart.x + chart.w + 30, y: 0, w: width - chart.x - chart.w - 30 };
  return { phone, map, chart, sums, height: phone ? sums.y + 348 : 338 };
}

/** The five on a real model: their curves, and a row with a dial for each. @param {number} width */
export function planFive(width) {
  const phone = isPhone(width);
  const side = phone ? width : 390;
  /** @type {Rows} */
  const rows = phone ? { x: 0, y: 322, w: width, row: 46 } : { x: width - side, y: 24, w: side, row: 36 };
  return {
    phone,
    chart: { left: 0, top: 24, width: phone ? width : width - side - 26, height: 256 },
    rows,
    height: phone ? 690 : 320,
  };
}

/** The rate finder: a chart, and words beside or below it. @param {number} width */
export function planFinder(width) {
  const phone = isPhone(width);
  const beside = phone ? width : 300;
  /** @type {Plot} */
  const plot = { left: 44, top: 12, right: phone ? width - 4 : width - beside - 36, bottom: 232 };
  /** @type {Column} */
  const words = phone ? { x: 0, y: 276, w: width } : { x: width - beside, y: 0, w: beside };
  return { phone, ...plot, words, height: phone ? 420 : 268 };
}

/** The loss landscape: a map, and words beside or below it. @param {number} width */
export function planLandscape(width) {
  const phone = isPhone(width);
  const w = phone ? width : Math.min(520, Math.round(width * 0.49));
  const h = Math.round(w * 0.66);
  /** @type {Box} */
  const map = { x: 0, y: 0, w, h };
  /** @type {Column} */
  const words = phone ? { x: 0, y: h + 34, w: width } : { x: w + 30, y: 0, w: width - w - 30 };
  return { phone, map, words, height: phone ? h + 420 : h + 30 };
}

/**
 * The recipe: a row for each part that was taken away, and the axis of their losses.
 * @param {number} width
 * @param {{low: number, high: number}} full losses of the whole recipe's seeds
 * @param {{removed: string, what: string, low: number, high: number}[]} parts
 */
export function planRecipe(width, full, parts) {
  const phone = isPhone(width);
  const names = phone ? 0 : Math.round(width * 0.46);
  const numbers = 118; // the width of both columns of figures
  const room = phone ? width : names - 24;
  const lows = [full, ...parts].map((part) => part.low);
  const highs = [full, ...parts].map((part) => part.high);
  const spare = 0.03 * (Math.max(...highs) - Math.min(...lows) || 0.1);
  const [low, high] = [Math.min(...lows) - spare, Math.max(...highs) + spare];
  const [left, right] = [names, width - numbers];
  let y = 44;
  const rows = parts.map((part) => {
    // What stands in a part's place goes on in the line of its name where it fits, else below it.
    const beside = measure(part.removed, 12, false) * 1.08 + 10;
    const one = beside + measure(part.what, 12, false) <= room;
    const lines = one ? [part.what] : inLines(part.what, room);
    const top = y;
    y += (one ? 24 : 24 + 16 * lines.length) + (phone ? 22 : 0);
    return {
      x: one ? beside : 0,
      below: one ? 0 : 1,
      lines,
      top,
      mid: phone ? top + 16 + (one ? 0 : 16 * lines.length) : top - 4,
    };
  });
  return {
    phone,
    rows,
    end: y,
    X: (/** @type {number} */ loss) => left + ((right - left) * (loss - low)) / (high - low),
  };
}

/**
 * From a surface's coordinates to pixels of a map, and back.
 * @param {Bounds} bounds
 * @param {Box} map
 */
export function scaleOf([left, right, low, high], map) {
  return {
    x: (/** @type {number} */ v) => map.x + ((v - left) / (right - left)) * map.w,
    y: (/** @type {number} */ v) => map.y + ((high - v) / (high - low)) * map.h,
    /** @type {(px: number, py: number) => Point} */
    back: (px, py) => [
      left + ((px - map.x) / map.w) * (right - left),
      high - ((py - map.y) / map.h) * (high - low),
    ],
  };
}
/** Within a picture's reach, so that a point far away does not break a path. @param {number} px */
export const near = (px) => clamp(Number.isFinite(px) ? px : 1e4, -4000, 5000);

// ---------------------------------------------------------------- numbers and words

/** Four figures of a number, whatever its size: 0.1234, 12.34, 1.23e−5. @param {number} x */
export function sig(x, figures = 4) {
  if (!Number.isFinite(x)) return num(x);
  if (x === 0) return "0";
  const size = Math.abs(x);
  if (size < 1e5 && size >= 10 ** figures) return (x < 0 ? "−" : "") + thousands(Math.round(size));
  const text =
    size >= 1e5 || size < 1e-3 ? x.toExponential(figures - 2).replace("e+", "e") : x.toPrecision(figures);
  return text.replace(/-/g, "−");
}
/** A setting as it was set, without trailing zeros. @param {number} x */
export const set = (x) =>
  x !== 0 && (Math.abs(x) < 1e-3 || Math.abs(x) >= 1e5)
    ? sig(x, 3).replace(/\.0+e/, "e")
    : String(Number(x.toPrecision(5))).replace("-", "−");

/** Words in lines of at most `room` pixels. @type {(x: number, y: number, text: string, room: number, o?: Lettering & {line?: number}) => SVGTextElement[]} */
export const paragraph = (x, y, text, room, o = {}) =>
  inLines(text, room, o.size ?? 12).map((line, i) => label(x, y + i * (o.line ?? 16), line, o));

/** Where a slider stands. @param {Event} event */
export const sliderValue = (event) => Number(/** @type {HTMLInputElement} */ (event.target).value);
