// Prose in a picture: sentences from box.y on, each a paragraph broken at the width of the box.

import { inLines, label } from "./shapes.js";

/** @import { Stage } from "./glass.js" */

/**
 * Returns the y below it.
 * @param {Pick<Stage, "part">} g
 * @param {string} key
 * @param {{x: number, y: number, w: number}} box
 * @param {string[]} lines
 * @param {{size?: number, fill?: string}} o
 */
export function paragraphs(g, key, box, lines, o = {}) {
  const { size = 13, fill = "ink" } = o;
  let y = box.y;
  const set = lines.flatMap((line, i) =>
    inLines(line, box.w, size).map((words, k) => {
      y += size + 5 + (i && !k ? 5 : 0);
      return { words, y };
    }),
  );
  g.part(key, [box, lines], () => set.map((one) => label(box.x, one.y, one.words, { size, fill })));
  return y + 8;
}
