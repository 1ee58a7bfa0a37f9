// What is shown in a step: how much of the answer is written, and which part of it is looked at.

import { measure, visible } from "../../app/kit/shapes.js";
import { stepMode } from "../../app/kit/steps.js";

export const PAD = 12;
const WORD = 30; // height of a word's chip and the space below it, in columns
export const DEEP = 300; // the least height of the picture, so that the page does not jump from task to task

/** Steps of this answer: the task, then a part of the answer each. A new answer gets a new bar. */
export function stepsFor(g, data, local) {
  const count = data.written.length;
  const kind = `${data.use} ${count}`;
  if (local.kind !== kind) {
    local.kind = kind;
    if (local.timer) { clearInterval(local.timer); local.timer = null; }
    g.figure.querySelector(".gb-steps")?.remove();
    const unit = { links: "word", passage: "part", lines: data.use === "code" ? "line" : "sentence" }[data.kind];
    local.steps = stepMode("spoken", ["Nothing written", ...Array.from({ length: count }, (_, n) => `${n + 1} ${unit}${n ? "s" : ""}`)]);
  }
  return local.steps;
}
/** How many parts of the answer are there. */
export const spoken = (data, local) => (local.steps && data.written.length ? Math.min(local.steps.of(local), data.written.length) : 0);
/** The part of the answer that is looked at: pointed at, chosen, or the last one; -1: none. */
export function partOf(data, local) {
  const count = spoken(data, local);
  if (local.hover?.kind === "written" && local.hover.at < count) return local.hover.at;
  const chosen = local.sel.said ?? -1;
  if (chosen >= 0 && chosen < count) return chosen;
  return count - 1;
}
/** What part `at` of the answer reads of each part of the source: (read,), or null. */
export function readsOf(data, local, at) {
  if (!data.cells || at < 0) return null;
  const width = data.read.length;
  return data.cells.slice(at * width, (at + 1) * width);
}

/** A text whose invisible characters are named, as in a token's chip; its spaces stay. */
export const plainly = (text) => text.split(" ").map((word) => word && visible(word)).join(" ");

/** Words set into lines: places [{i, x, y, w, line}], and the height. `own` wide chips or running text. */
export function flow(list, room, o = {}) {
  const { pitch = 28, gap = 4, size = 13, pad = 12 } = o;
  const places = [];
  let [x, y] = [0, 0];
  list.forEach((one, i) => {
    const w = Math.min(room, measure(visible(one.text), size, true) + pad);
    if (x + w > room && x) { x = 0; y += pitch; }
    places.push({ i, x, y, w });
    x += w + gap;
  });
  return { places, height: list.length ? y + pitch : 0 };
}
/** A text set into lines of mono letters, line ends kept: [{text, first}]. */
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
