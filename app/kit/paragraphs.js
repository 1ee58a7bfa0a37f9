// Prose in a picture: sentences from box.y on, each a paragraph broken at the width of the box.

import { inLines, label } from "./shapes.js";

/** Returns the y below it. */
export function paragraphs(g, key, box, lines, o = {}) {
  const { size = 13, fill = "ink" } = o;
  let y = box.y;
  const set = lines.flatMap((line, i) => inLines(line, box.w, size).map((words, k) => ({ words, y: (y += size + 5 + (i && !k ? 5 : 0)) })));
  g.part(key, [box, lines], () => set.map((one) => label(box.x, one.y, one.words, { size, fill })));
  return y + 8;
}
