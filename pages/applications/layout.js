// How much of the answer is written, which part of it is looked at, and where words, lines and links stand.

import { measure, visible } from "../../app/kit/shapes.js";

/** @import { Data, Kept, Part } from "./figure.js" */

/**
 * Where both rows (or columns, from `right` on) of a translation's words stand; a word's y is the middle of its chip.
 * @typedef {{x: number, y: number, w: number}} Spot
 * @typedef {{across: boolean, right: number, read: Spot[], written: Spot[], bottom: number}} LinkPlaces
 */

export const PAD = 12;
export const DEEP = 300; // the least height of the picture, so that the page does not jump from task to task

/** How many parts of the answer are there. @param {Data} data @param {Kept} local */
export const spoken = (data, local) =>
  local.steps && data.written.length ? Math.min(local.steps.of(local), data.written.length) : 0;
/**
 * The part of the answer that is looked at: pointed at, chosen, or the last one; -1: none.
 * @param {Data} data @param {Kept} local
 */
export function partOf(data, local) {
  const count = spoken(data, local);
  if (local.hover?.kind === "written" && local.hover.at < count) return local.hover.at;
  const chosen = local.sel.said ?? -1;
  if (chosen >= 0 && chosen < count) return chosen;
  return count - 1;
}
/**
 * What part `at` of the answer reads of each part of the source: (read,), or null.
 * @param {Data} data @param {number} at
 */
export function readsOf(data, at) {
  if (!data.cells || at < 0) return null;
  const width = data.read.length;
  return data.cells.slice(at * width, (at + 1) * width);
}

/** A text whose invisible characters are named, as in a token's chip; its spaces stay. @param {string} text */
export const plainly = (text) =>
  text
    .split(" ")
    .map((word) => word && visible(word))
    .join(" ");

/**
 * Words set into lines: places [{i, x, y, w, line}], and the height. `own` wide chips or running text.
 * @param {Pick<Part, "text">[]} list @param {number} room
 * @param {{pitch?: number, gap?: number, size?: number, pad?: number}} [o]
 */
export function flow(list, room, o = {}) {
  const { pitch = 28, gap = 4, size = 13, pad = 12 } = o;
  /** @type {{i: number, x: number, y: number, w: number}[]} */
  const places = [];
  let [x, y] = [0, 0];
  list.forEach((one, i) => {
    const w = Math.min(room, measure(visible(one.text), size, true) + pad);
    if (x + w > room && x) {
      x = 0;
      y += pitch;
    }
    places.push({ i, x, y, w });
    x += w + gap;
  });
  return { places, height: list.length ? y + pitch : 0 };
}
/** A text set into lines of mono letters, line ends kept: [{text, first}]. @param {string} text @param {number} room */
export function monoLines(text, room, size = 12.5) {
  const most = Math.max(8, Math.floor(room / measure("m", size, true)));
  const lines = [];
  let first = 0;
  for (const line of text.split("\n")) {
    let rest = line;
    let at = first;
    do {
      let cut = rest.length <= most ? rest.length : rest.lastIndexOf(" ", most);
      if (cut <= 0) cut = Math.min(most, rest.length);
      lines.push({ text: rest.slice(0, cut), first: at });
      at += cut;
      rest = rest.slice(cut);
    } while (rest);
    first += line.length + 1;
  }
  return lines;
}

/**
 * A translation: source words above and written words below, or, where a row has no room for them, in two columns.
 * @param {number} width @param {Pick<Data, "read" | "written">} data
 * @returns {LinkPlaces}
 */
export function planLinks(width, data) {
  const wide = (/** @type {Part[]} */ list) =>
    list.reduce((sum, one) => sum + measure(visible(one.text), 13, true) + 16, 0);
  const across = Math.max(wide(data.read), wide(data.written)) <= width - 2 * PAD;
  const spread = (/** @type {Part[]} */ list, /** @type {number} */ y) => {
    const room = width - 2 * PAD;
    const gap = Math.min(28, (room - wide(list)) / Math.max(1, list.length) + 4);
    let x = PAD;
    return list.map((one) => {
      const w = measure(visible(one.text), 13, true) + 12;
      const place = { x, y, w };
      x += w + gap;
      return place;
    });
  };
  if (across) {
    const [top, below] = [62, 262];
    return {
      across,
      right: PAD,
      read: spread(data.read, top),
      written: spread(data.written, below),
      bottom: below + 44,
    };
  }
  const each = Math.min(220, (width - 2 * PAD) * 0.36);
  const column = (/** @type {Part[]} */ list, /** @type {number} */ x, /** @type {boolean} */ right) =>
    list.map((one, i) => {
      const w = Math.min(each, measure(visible(one.text), 13, true) + 12);
      return { x: right ? x + each - w : x, y: 50 + i * 26, w };
    });
  const right = Math.min(width - PAD - each, PAD + each + 260);
  return {
    across,
    right,
    read: column(data.read, PAD, true),
    written: column(data.written, right, false),
    bottom: 50 + 26 * Math.max(data.read.length, data.written.length) + 6,
  };
}
