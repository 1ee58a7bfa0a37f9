// What stands where: the text, then a row for each option. And which votes of the room belong to this picture.

import { isPhone } from "../../app/kit/widths.js";

/**
 * @import { State } from "../../app/rooms/connection.js"
 * @import { Data } from "./figure.js"
 *
 * @typedef {{x: number, y: number, w: number}} Word
 */

const LINE = 32;

/**
 * All places, in pixels.
 * @param {number} width of the picture
 * @param {string[]} words of the text
 * @param {(text: string, size: number, mono: boolean) => number} measure
 * @param {number} options
 * @param {number} rounds of votes that are shown
 */
export function plan(width, words, measure, options, rounds) {
  const phone = isPhone(width);
  let [x, y] = [0, 18];
  const placed = words.map((word) => {
    const w = Math.ceil(measure(word, 13, true)) + 12;
    if (x > 0 && x + w > width) [x, y] = [0, y + LINE];
    const here = { x, y, w };
    x += w + 4;
    return here;
  });
  const head = y + 44;
  const top = head + 14;
  const pitch = (phone ? 26 : 14) + 11 * (1 + rounds) + (phone ? 4 : 0);
  const names = phone ? width * 0.6 : Math.min(240, width * 0.3);
  const numbers = rounds ? 150 : 70;
  const bar = phone ? 0 : names;
  const costs = top + options * pitch + 18;
  return {
    phone,
    words: placed,
    head,
    top,
    pitch,
    names,
    bar,
    room: width - bar - (phone ? 0 : numbers),
    right: width,
    costs,
    height: costs + (phone ? 140 : 50),
  };
}

/**
 * The votes on this very question, round by round; of another question none.
 * @type {(data: Data, state: State | null) => number[][]}
 */
export function barsOf(data, state) {
  if (
    !state ||
    state.question !== data.question ||
    JSON.stringify(state.options) !== JSON.stringify(data.asked)
  )
    return [];
  return (state.bars ?? []).filter((bars) => bars !== null).filter((bars) => bars.some((votes) => votes > 0));
}
