// Where the parts of the picture stand: two columns on a desk, one on a phone. Places and sizes are in pixels.

import { isDesk } from "../../app/kit/widths.js";

/** @typedef {ReturnType<typeof plan>} Plan */

const CHART = 238; // height of the page's chart of size against loss
const DRAWN = { ratio: 324 / 518, least: 280 }; // of the drawing of it that a file has: its sides, and its least height
export const PITCH = 18; // a row of the matrices' table

/**
 * @param {number} width of the figure
 * @param {number} pieces matrices in a block, each a row of the table
 * @param {(room: number) => string[]} about what there is to say of the matrix, in lines that wide
 * @param {boolean} [alone] in a file: the chart is drawn, not laid over, and a line says where times were taken
 */
export function plan(width, pieces, about, alone = false) {
  const phone = !isDesk(width); // as in frame.css
  const left = { x: 0, w: phone ? width - 2 : Math.round(width * 0.53) };
  const right = phone ? { x: 0, w: width - 2 } : { x: left.w + 36, w: width - left.w - 38 };
  const table = { x: left.x, y: 0, w: left.w, h: 34 + PITCH * Math.max(1, pieces) };
  const said = about(left.w);
  const histogram = { x: left.x, y: table.y + table.h + 12, w: left.w, h: 112 + 15 * said.length, said };
  const strip = { x: left.x, y: histogram.y + histogram.h + 2, w: left.w, h: phone ? 120 : 102 };
  const below = strip.y + strip.h;
  const costs = { x: right.x, y: phone ? below + 20 : 0, w: right.w, h: alone ? 146 : 128 };
  // On a desk the chart stands below the costs (frame.css), on a phone below all of this.
  const drawn = DRAWN.ratio * right.w;
  const tall = !alone ? CHART : phone ? drawn : Math.min(drawn, Math.max(DRAWN.least, below - costs.h - 14));
  const under = (phone ? costs.y + costs.h : Math.max(below, costs.h + 14 + tall)) + 16;
  const front = { x: right.x, y: costs.y + costs.h + 14, w: right.w, h: tall }; // on a phone below the answers
  return { phone, table, histogram, strip, costs, front, answers: { x: 0, y: under, w: width - 2 } };
}

/**
 * Where each token's answer stands below the picture, row by row.
 * @param {{x: number, y: number, w: number}} box
 * @param {number} count of tokens
 * @param {boolean} phone
 */
export function answerPlaces(box, count, phone) {
  const columns = Math.max(1, Math.min(count, Math.floor(box.w / (phone ? 104 : 92))));
  const each = box.w / columns;
  const pitch = 58;
  const places = Array.from({ length: count }, (_, k) => ({
    x: box.x + (k % columns) * each,
    y: box.y + 33 + Math.floor(k / columns) * pitch,
  }));
  return { places, each, h: pitch - 6, bottom: box.y + 28 + Math.ceil(Math.max(1, count) / columns) * pitch };
}
