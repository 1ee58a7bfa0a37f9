// What stands where in the tree: a row for every end of a path, a column for every step, in pixels of the picture.
// Rows and columns are those of the whole tree, so that nothing moves while the steps grow it.

import { clamp, measure, visible } from "../../app/kit/shapes.js";
import { isDesk } from "../../app/kit/widths.js";
import { endOf, rivals, stagesOf } from "./paths.js";

/**
 * @import { Stage } from "../../app/kit/glass.js"
 * @import { Data, Kept, Path } from "./figure.js"
 */

/**
 * The tree's own order and what of it is drawn: children, the row of every node (-1: none), how many rows, and which ends
 * of dropped texts are hidden.
 * @typedef {{kids: number[][], row: number[], rows: number, drawn: (i: number) => boolean, hidden: number[]}} Arranged
 *
 * What stands where, in pixels of the picture. x, w: of the columns; y: of a node; `tree`: width of the window through
 * which the tree is seen, `total` of the tree; mostX, mostY: how far it can be moved under the window; `ends`: where the
 * sums begin, `labels`: their width.
 * @typedef {Arranged & {wide: boolean, room: number, size: number, tree: number, pitch: number, labels: number, x: number[],
 *   w: number[], gap: number, end: number, total: number, deep: number, first: number, depth: number, ends: number,
 *   clip: {x: number, y: number, w: number, h: number}, y: (i: number) => number, raceY: number, legendY: number,
 *   panel: {x: number, y: number, w: number}, tallest: number,
 *   source: {y: number, room: number, flow: ReturnType<typeof flowSource>}, mostX: number, mostY: number}} Layout
 */

const PANEL = 240; // the distribution at the right, at least
export const TOP = 44; // column heads
const LEGEND = 468; // the legend; above it the reckoning, with a row more for a branch by hand and a line for the search
const RACE = 96;
export const SAID = 30;
const TALL = 504;
const LABEL = 90; // sum, name and, in a second line, score at the end of a path: at least
const GAP = 34; // between two steps: the place of a probability, at least
const FEWEST = 44; // pixels of a chip that must give way
const LEFT = 4;

/**
 * Rank of a path among siblings: the best at the top, then the beams, what a hand forced, samples, greedy, the rest.
 * @param {Data} data @param {string} name
 */
function standing(data, name) {
  if (name === data.best) return 0;
  const rank = Number(name.split(" ")[1] ?? 1);
  return name.startsWith("beam")
    ? rank
    : name.startsWith("forced")
      ? 2000 + rank
      : name === "sample"
        ? 4000
        : 5000;
}

/**
 * The tree's own order and what of it is drawn: children, the row of every node, how many rows, and which ends are hidden.
 * Every path is drawn. Of the other ends (texts that a beam search dropped, tokens that nobody took) those with the
 * largest sums are, as many as there are rows for.
 * @param {Data} data @param {number} most
 */
function arrange(data, most) {
  const { parent, on, sum, next, running } = data.nodes;
  const all = parent.map((_, i) => i);
  const taken = (/** @type {number} */ i) => i === 0 || on[i].length > 0;
  const ends = all.filter((i) => taken(i) && !data.children[i].some(taken)).length;
  const dropped = (/** @type {number} */ i) => running[i] || next[i] >= 0;
  const bySum = (/** @type {number[]} */ list) => list.sort((a, b) => sum[b] - sum[a]);
  const dead = bySum(all.filter((i) => !taken(i) && dropped(i) && !data.children[i].some(dropped)));
  const pale = bySum(all.filter((i) => !taken(i) && !dropped(i) && taken(parent[i])));
  const spare = Math.max(3, most - ends);
  const few = Math.min(pale.length, Math.max(2, Math.floor(spare / 3))); // tokens to force are never crowded out
  const kept = [...dead.slice(0, spare - few), ...pale.slice(0, Math.max(few, spare - dead.length))];
  const drawn = parent.map((_, i) => taken(i));
  for (const end of kept) for (let i = end; !drawn[i]; i = parent[i]) drawn[i] = true;
  const key = on.map((names, i) =>
    names.length ? Math.min(...names.map((name) => standing(data, name))) : 1e5 - sum[i] * 100,
  );
  for (let i = parent.length - 1; i > 0; i--) key[parent[i]] = Math.min(key[parent[i]], key[i]);
  const kids = data.children.map((list) => list.filter((i) => drawn[i]).sort((a, b) => key[a] - key[b]));
  const row = parent.map(() => -1);
  let rows = 0;
  const place = (/** @type {number} */ i) => {
    if (!kids[i].length) {
      row[i] = rows++;
      return;
    }
    for (const child of kids[i]) place(child);
    row[i] = row[kids[i][0]];
  };
  place(0);
  return {
    kids,
    row,
    rows,
    drawn: (/** @type {number} */ i) => drawn[i],
    hidden: dead.filter((i) => !drawn[i]),
  };
}

/** @param {Data} data @param {Pick<Arranged, "drawn">} at @param {number} size @param {number} pad */
function widthsOf(data, at, size, pad) {
  const { depth, text, on } = data.nodes;
  const widths = new Array(data.depth + 1).fill(30);
  for (let i = 0; i < text.length; i++) {
    if (!at.drawn(i)) continue;
    const room = measure(visible(i ? text[i] : data.prompt.chip), size, true) + pad;
    widths[depth[i]] = Math.max(widths[depth[i]], Math.min(room, on[i].length || !i ? 104 : 46));
  }
  return widths;
}

/**
 * Take what is a little too much off the widest columns; a tree that is much too wide pans instead.
 * @param {number[]} widths @param {number} excess
 */
function narrow(widths, excess) {
  if (excess > 90) return;
  for (let most = Math.max(...widths); excess > 0 && most > FEWEST; most--) {
    for (let d = 0; d < widths.length && excess > 0; d++)
      if (widths[d] >= most) {
        widths[d]--;
        excess--;
      }
  }
}

/** How wide the column of sums, names and scores must be, so that no name is cut. @param {Data} data */
function labelsOf(data) {
  /** @type {Map<number, Path[]>} */
  const ends = new Map();
  for (const path of data.paths) {
    const end = path.nodes.at(-1);
    if (end !== undefined) ends.set(end, [...(ends.get(end) ?? []), path]);
  }
  const wide = [...ends].map(([i, paths]) => {
    const end = endOf(data, i, paths, false);
    return Math.max(end.left + measure(end.name, 12, false) * 1.08, measure(end.score, 12, false));
  });
  return Math.ceil(Math.max(LABEL, ...wide) + 14);
}

/**
 * Lay the picture out; `arranged` is kept from step to step, so that nothing moves.
 * @param {Pick<Stage, "width" | "whole">} g @param {Data} data @param {{arranged?: Arranged}} local
 * @returns {Layout}
 */
export function plan(g, data, local) {
  const wide = isDesk(g.width);
  const panel = Math.max(PANEL, 50 + 42 * stagesOf(data, -1).length);
  const room = wide ? g.width - panel - 22 : g.width;
  const race =
    RACE + 17 * (rivals(data).length - 2) + (data.verdict.search.length || data.verdict.act ? SAID : 0);
  let rowsAt = wide ? LEGEND - 4 - race : 384;
  let high = rowsAt - TOP;
  local.arranged ??= arrange(data, Math.floor((high - 8) / 30));
  const at = local.arranged;
  const pitch = clamp(Math.floor((high - 8) / at.rows), 29, 44);
  const more = g.whole ? Math.max(0, at.rows * pitch + 8 - high) : 0; // a file does not pan
  [rowsAt, high] = [rowsAt + more, high + more];
  const labels = labelsOf(data);
  const depth = data.depth;
  const excess = (/** @type {number[]} */ widths) =>
    LEFT + labels + GAP * depth + widths.reduce((a, b) => a + b, 0) - room;
  let [size, widths] = [13, widthsOf(data, at, 13, 8)];
  if (excess(widths) > 0) [size, widths] = [12, widthsOf(data, at, 12, 5)]; // smaller signs rather than fewer
  narrow(widths, excess(widths));
  const base = widths.reduce((a, b) => a + b, 0);
  const spare = room - LEFT - labels - base - (GAP + 1) * depth;
  if (spare > 0 && depth) {
    const wider = Math.min(spare / 2 / depth, 24);
    for (let d = 1; d <= depth; d++) widths[d] += Math.max(0, Math.min(wider, 64 - widths[d]));
  }
  const used = widths.reduce((a, b) => a + b, 0);
  const gap = depth ? clamp((room - LEFT - labels - used) / depth, GAP, depth < 4 ? 140 : 72) : GAP;
  const x = [LEFT];
  for (let d = 1; d <= depth; d++) x.push(x[d - 1] + widths[d - 1] + gap);
  const end = x[depth] + widths[depth];
  const tree = wide ? room - labels : room; // the window: sums and names stay beside it, on a phone they move along
  const total = wide ? end : end + labels;
  const deep = at.rows * pitch;
  const first = TOP + Math.max(8, Math.min(16, (high - deep) / 2));
  const flow = flowSource(data, g.width);
  const tall = wide ? race : race + 96; // a phone's sentence has up to seven lines, and its button one of its own
  return {
    ...at,
    wide,
    room,
    size,
    tree,
    pitch,
    labels,
    x,
    w: widths,
    gap,
    end,
    total,
    deep,
    first,
    depth,
    ends: (wide ? Math.min(end, tree) : end) + 12,
    clip: { x: 0, y: TOP - 6, w: tree, h: high + 8 },
    y: (/** @type {number} */ i) => first + (at.row[i] + 0.5) * pitch,
    raceY: rowsAt + 4,
    legendY: rowsAt + tall + 4,
    panel: wide
      ? { x: g.width - panel, y: 0, w: panel }
      : { x: 0, y: rowsAt + tall + 126 + flow.height, w: g.width },
    tallest: TALL + more,
    source: { y: wide ? TALL + more + 6 : rowsAt + tall + 122, room: g.width, flow },
    mostX: total - tree > 6 ? total - tree : 0,
    mostY: Math.max(0, deep + (first - TOP) - high),
  };
}

/** Move the tree under its window so that node i can be seen. @param {Kept} local @param {number} i */
export function reveal(local, i) {
  const at = local.at;
  if (!at || at.row[i] < 0) return;
  const d = local.data.nodes.depth[i];
  const left = at.x[d] - (d ? at.gap : 0);
  const right = at.x[d] + at.w[d] + (d === at.depth && !at.wide ? at.labels : 8);
  local.panX = clamp(local.panX, Math.max(0, right - at.tree), Math.min(left, at.mostX));
  const y = at.y(i);
  local.panY = clamp(
    local.panY,
    Math.max(0, y + at.pitch - (TOP + at.clip.h)),
    Math.max(0, Math.min(y - at.pitch / 2 - TOP, at.mostY)),
  );
}

export const SOURCE_LINE = 21;
export const SOURCE_TOP = 30; // from the strip's upper edge to its first line

/**
 * The source's tokens, set into lines: {places: [{i, x, y, w}], height}; nothing where there is no source.
 * @param {Data} data @param {number} room
 */
export function flowSource(data, room) {
  if (!data.source) return { places: [], height: 0 };
  let [x, y] = [0, 0];
  const places = data.source.tokens.map(({ text }, i) => {
    const w = Math.min(room, measure(visible(text), 12, true) + 6);
    if (x + w > room && x) {
      x = 0;
      y += SOURCE_LINE;
    }
    const place = { i, x, y, w };
    x += w;
    return place;
  });
  return { places, height: SOURCE_TOP + y + SOURCE_LINE + 8 };
}
