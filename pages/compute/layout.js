// Where the parts of the picture stand: parts, sliders and story at the left, memory at the right above the page's chart of
// the roofline; on a phone one below the other. Places and sizes are in pixels.

import { isPhone } from "../../app/kit/widths.js";

/** @typedef {ReturnType<typeof plan>} Plan */

const ROOFLINE = 244; // the page's chart, which stands below the memory on a desk (frame.css)

/**
 * @param {number} width of the figure
 * @param {number} rows of the table of parts, without their sum
 * @param {(room: number) => number} lines how many the story takes in so much room
 * @param {boolean} listed whether the tokens of the text stand below it
 * @param {boolean} [alone] without the page's chart, and without ways to other pages
 */
export function plan(width, rows, lines, listed, alone = false) {
  const phone = isPhone(width);
  const half = phone ? width : Math.floor((width - 48) / 2);
  const [x, w] = phone ? [2, half - 8] : [6, half - 6];
  const row = phone ? 32 : 26;
  const parts = { x, y: 0, w, phone, row, h: 40 + row * (rows + 1) + 8 };
  const sliders = { x, y: parts.h + 12, w, phone };
  const story = { x, y: sliders.y + (phone ? 104 : 66), w };
  const tokens = { x, y: story.y + 40 + 17 * lines(w), w };
  const told = tokens.y + (listed ? 30 : 0);
  const memory = phone
    ? { x: 2, y: told + 20, w: half - 4, h: 330, phone }
    : { x: half + 48, y: 0, w: half, h: 250, phone };
  const low = Math.max(
    memory.y + memory.h + (phone || alone ? 0 : ROOFLINE),
    told + (phone ? 8 : alone ? 12 : 36),
  );
  return {
    phone,
    parts,
    sliders,
    story,
    tokens,
    memory,
    doors: { x: 4, y: phone ? low + 4 : low - 24, phone },
    rule: phone ? null : { x: half + 24, h: low },
    height: phone && !alone ? low + 44 : low,
  };
}
