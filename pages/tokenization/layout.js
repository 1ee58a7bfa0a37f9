// Where everything is: one line of text shared by all rows, a column a character, and the two panels below.

import { clamp, measure, visible } from "../../app/kit/shapes.js";
import { isPhone } from "../../app/kit/widths.js";

/** @import { Data, Piece } from "./figure.js" */

/**
 * Columns of the text, from 0: x[i] is where character i begins, `base` the width of a usual one; `left` and `right` of them
 * stand names and counts, `front` and `back` is the room of special tokens; `room` is what can be seen, of `total`.
 * @typedef {{left: number, right: number, room: number, word: WordColumns | null, x: number[], base: number, front: number,
 *   back: number, total: number, wide: boolean, pitch: number}} TextColumns
 *
 * Columns of the word beside the text; where they are wider than `width`, the last ones are left out.
 * @typedef {{x: number[], base: number, chars: string[], width: number}} WordColumns
 */

export const TOK = {
  label: 150,
  count: 84,
  chip: 19,
  line: 18,
  gap: 5,
  least: 9,
  most: 19,
  size: 13,
  word: 0.3,
};
/** "\xf0\x9f" for a piece that is only a part of a character; null for one that is text. @param {{bytes?: string}} p */
export const bytesOf = (p) => p.bytes ?? null;
/** A symbol of a vocabulary as it is shown: its spaces as dots, wherever they stand. @param {string} text */
export const dotted = (text) => visible(text).replace(/ /g, "·");
/** @param {string} text */
export const plain = (text) => /^[\u0020-\u024f\u0370-\u052f]*$/.test(text);

/**
 * Room that a character needs: more where a row breaks it into several pieces, which then stand side by side.
 * @param {string[]} chars @param {{pieces: Piece[]}[]} rows @param {number} base
 */
function columnWidths(chars, rows, base) {
  const widths = chars.map((c) => Math.max(base, Math.ceil(measure(visible(c), TOK.size, true)) + 3));
  for (const row of rows) {
    const need = new Map();
    for (const p of row.pieces) {
      if (p.end - p.start !== 1) continue;
      const bytes = bytesOf(p);
      if (bytes) need.set(p.start, (need.get(p.start) ?? 0) + measure(bytes, 12, true) + 9);
    }
    for (const [at, width] of need) widths[at] = Math.max(widths[at], width);
  }
  return widths;
}

/**
 * Columns of the word beside the text, as wide as its characters need, at most a third of the room; null on a phone.
 * @param {Pick<Data, "spoken">} data @param {{word: Piece[]}[]} rows @param {number} room
 */
function wordColumns(data, rows, room) {
  const chars = [...data.spoken];
  const base = clamp(Math.floor((room * TOK.word - 16) / Math.max(1, chars.length)), TOK.least, 15);
  const widths = columnWidths(
    chars,
    rows.map((row) => ({ pieces: row.word })),
    base,
  );
  const x = [0];
  for (const w of widths) x.push(x[x.length - 1] + w);
  return { x, base, chars, width: Math.min(x[x.length - 1], room * 0.4) };
}

/**
 * Columns of the text: x[i] is where character i begins, from 0; `room` is what can be seen of it.
 * @param {Pick<Data, "chars" | "front" | "back" | "spoken">} data @param {{pieces: Piece[], word: Piece[]}[]} rows
 * @param {number} width
 */
export function textColumns(data, rows, width) {
  const wide = !isPhone(width);
  const left = wide ? TOK.label : 84;
  const right = wide ? TOK.count : 36;
  const chip = (/** @type {string} */ t) => measure(visible(t), 12, true) + 12;
  const front = data.front.reduce((sum, t) => sum + chip(t) + 4, 0);
  const added = rows.some((row) => row.pieces.some((p) => p.end === p.start)) ? 15 : 0;
  const back = data.back.reduce((sum, t) => sum + chip(t) + 4, 0);
  const word = wide ? wordColumns(data, rows, width - left - right) : null;
  const room = width - left - right - (word ? word.width + 28 : 0);
  const base = clamp(
    Math.floor((room - front - added - back) / Math.max(1, data.chars.length)),
    TOK.least,
    TOK.most,
  );
  const widths = columnWidths(data.chars, rows, base);
  const x = [front + added];
  for (const w of widths) x.push(x[x.length - 1] + w);
  return {
    left,
    right,
    room,
    word,
    x,
    base,
    front,
    back,
    total: x[x.length - 1] + back,
    wide,
    pitch: wide ? 22 : 30,
  };
}

/**
 * Where a piece's chip stands: pieces of one broken character share its column.
 * @param {Piece[]} pieces @param {number[]} x
 */
export function placePieces(pieces, x) {
  const boxes = [];
  for (let i = 0; i < pieces.length; ) {
    const p = pieces[i];
    let n = 1;
    if (p.end === p.start) {
      // a sign that was put before the text: it stands for none of it
      boxes.push([x[p.start] - 15, x[p.start]]);
      i++;
      continue;
    }
    while (i + n < pieces.length && pieces[i + n].start < p.end && pieces[i + n].start >= p.start) n++;
    const [from, to] = [x[p.start], x[Math.max(p.end, ...pieces.slice(i, i + n).map((q) => q.end))]];
    if (n === 1) boxes.push([from, to]);
    else {
      const parts = pieces.slice(i, i + n).map((q) => measure(bytesOf(q) ?? visible(q.text), 12, true) + 9);
      const scale = (to - from) / parts.reduce((a, b) => a + b, 0);
      let at = from;
      for (const w of parts) {
        boxes.push([at, at + w * scale]);
        at += w * scale;
      }
    }
    i += n;
  }
  return boxes;
}

/**
 * The word of the text around a character: up to the next spaces, at most `most` characters.
 * @param {string[]} chars @param {number} at
 */
export function wordAt(chars, at, most = 24) {
  const space = (/** @type {string | undefined} */ c) => /\s/.test(c ?? " ");
  while (at < chars.length && space(chars[at])) at++;
  let [from, to] = [at, at];
  while (from > 0 && !space(chars[from - 1])) from--;
  while (to < chars.length && !space(chars[to])) to++;
  if (to - from > most) [from, to] = [Math.max(from, at - most / 2), Math.min(to, at + most / 2)];
  return chars.slice(from, to).join("");
}

/**
 * Where the word stands in the text: [first, after last] for each time it does.
 * @param {string[]} chars @param {string} word
 */
export function placesOf(chars, word) {
  const wanted = [...word];
  /** @type {[from: number, to: number][]} */
  const found = [];
  if (!wanted.length) return found;
  for (let i = 0; i + wanted.length <= chars.length && found.length < 50; i++) {
    if (wanted.every((c, k) => chars[i + k] === c)) found.push([i, i + wanted.length]);
  }
  return found;
}

/**
 * Where each row stands; rows of one group stand together.
 * @param {{group: number}[]} rows @param {Pick<TextColumns, "wide" | "pitch">} given
 */
export function rowPlaces(rows, { wide, pitch }) {
  let y = TOK.line + 6 + (wide ? 0 : 45);
  return rows.map((row, i) => {
    if (i && row.group !== rows[i - 1].group) y += TOK.gap;
    y += pitch;
    return y - pitch / 2;
  });
}
