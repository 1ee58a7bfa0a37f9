// What stands where: at the left the list with its bars, at the right the details of the picked model, below the
// learner's text in the open one. On a phone one under the other.

import { clamp, fit, measure, num, thousands } from "../../app/kit/shapes.js";
import { isPhone } from "../../app/kit/widths.js";

/**
 * @import { Data, Entry, Kept } from "./figure.js"
 *
 * The list: its names, and its bars, in rows `pitch` apart; the card of the picked model; the text below.
 * @typedef {{x: number, y: number, w: number, name: number, bar: number, bw: number, pitch: number, rows: number}} List
 * @typedef {{phone: boolean, list: List, card: {x: number, y: number, w: number, h: number}, text: {x: number, y: number, w: number}}} Plan
 */

const LISTED = 15; // rows in view; the list moves under the picked one
const DEEP = 299; // px of all rows, beside the card
export const PARTS = ["res", "att", "mlp", "ink3"]; // the colours of tables, attention, feed-forward, norms and heads

/** @type {(g: {width: number, whole?: boolean}, data: Data) => Plan} */
export function plan(g, data) {
  const phone = isPhone(g.width);
  const all = Math.max(1, data.entries.length);
  const shown = Math.min(phone ? 9 : LISTED, all);
  const pitch = phone ? 44 : Math.min(23, Math.floor(DEEP / shown));
  const rows = g.whole ? all : shown;
  if (phone) {
    const top = 46;
    const list = { x: 0, y: top, w: g.width, name: g.width, bar: 0, bw: g.width - 124, pitch, rows };
    const card = { x: 0, y: top + rows * pitch + 46, w: g.width, h: data.held ? 330 : 262 };
    return { phone, list, card, text: { x: 0, y: card.y + card.h + 26, w: g.width } };
  }
  const side = clamp(g.width * 0.33, 270, 360);
  const w = g.width - side - 28;
  const longest = Math.max(...data.entries.map((one) => measure(one.short, 13, false)), 0) * 1.04 + 26;
  const name = clamp(longest, Math.min(210, w * 0.34), w * 0.5);
  const list = { x: 0, y: 44, w, name, bar: name + 8, bw: w - name - 8 - 132, pitch, rows };
  const card = { x: w + 28, y: 0, w: side, h: 372 };
  return { phone, list, card, text: { x: 0, y: Math.max(390, list.y + rows * pitch + 46), w: g.width } };
}

/** @type {(data: Data, local: Kept) => number} */
export const rowOf = (data, local) => {
  const name = local.sel.picked || data.current.name;
  return data.entries.findIndex((one) => one.name === name);
};
/**
 * The picked model, also where a filter leaves it out of the list: the card below the picture is of the same one.
 * @type {(data: Data, local: Kept) => Entry}
 */
export const pickedOf = (data, local) =>
  [...data.entries, data.picked].find((one) => one.name === local.sel.picked) ?? data.current;

/**
 * The first row in view, so that the picked one is among them.
 * @type {(data: Data, local: Kept, rows: number) => number}
 */
export function firstOf(data, local, rows) {
  const most = Math.max(0, data.entries.length - rows);
  const row = rowOf(data, local);
  let first = clamp(local.first ?? 0, 0, most);
  if (row >= 0 && !local.free) first = clamp(first, row - rows + 1, row);
  local.first = clamp(first, 0, most);
  return local.first;
}

/** 1,050,112 -> "1.05 M" @param {number} n */
export function millions(n) {
  if (n >= 1e9) return `${num(n / 1e9, 2)} B`;
  return n >= 1e5 ? `${num(n / 1e6, n < 9.995e6 ? 2 : n < 99.95e6 ? 1 : 0)} M` : thousands(n);
}

/**
 * `text` cut in the middle where it does not fit: the ends tell long names of one family apart.
 * @type {(text: string, room: number, size: number) => string}
 */
export function fitMiddle(text, room, size) {
  const letters = [...text];
  if (measure(text, size, false) <= room || letters.length < 8) return fit(text, room, size, false);
  for (let keep = letters.length - 1; keep > 6; keep--) {
    const head = Math.ceil(keep * 0.45);
    const cut = `${letters.slice(0, head).join("")}…${letters.slice(letters.length - keep + head).join("")}`;
    if (measure(cut, size, false) <= room) return cut;
  }
  return fit(text, room, size, false);
}
/** A mark of the axis: 100,000 -> "0.1 M". @type {(n: number) => string} */
export const markText = (n) =>
  n === 0 ? "0" : n >= 1e9 ? `${n / 1e9} B` : n >= 1e5 ? `${n / 1e6} M` : thousands(n);

/**
 * From weights to pixels, and the marks of the axis.
 * @type {(data: Data, local: Kept, width: number) => {to: (n: number) => number, marks: number[]}}
 */
export function scaleOf(data, local, width) {
  const most = Math.max(1e6, ...data.entries.map((one) => one.total));
  if ((local.sel.ruler ?? "log") === "linear") {
    const power = 10 ** Math.floor(Math.log10(most));
    const step = [0.2, 0.5, 1, 2].map((k) => k * power).find((one) => most / one <= 6) ?? power;
    const marks = Array.from({ length: Math.floor(most / step) + 1 }, (_, k) => k * step);
    return { to: (/** @type {number} */ n) => (width * n) / most, marks };
  }
  const least = Math.min(
    1e5,
    ...data.entries.filter((one) => one.total).map((one) => 10 ** Math.floor(Math.log10(one.total) - 0.3)),
  );
  const [a, b] = [Math.log10(least), Math.log10(most)];
  /** @type {number[]} */
  const marks = [];
  for (let k = Math.ceil(a); k <= b; k++) marks.push(10 ** k);
  return {
    to: (/** @type {number} */ n) => (width * Math.max(0, Math.log10(Math.max(n, least)) - a)) / (b - a),
    marks,
  };
}
