// Home's geometry: where every column, block and row stands, from the data, the width and what is open.

import { clamp, lerp, measure, visible } from "../../app/kit/shapes.js";
import { legendOf } from "./columns.js";
import { FOLD, foldedWidths, folds, phoneWidths } from "./fold.js";
import { stepOf } from "./steps.js";

// fold: the height of nine full rows, which leaves the cards at the foot on a 768 px screen; up to 16 rows shrink to snug for it.
export const BASE = { top: 22, least: 380, rowsTop: 150, pitch: 32, snug: 24, fold: 288, smallest: 18, fullRows: 16, chipGap: 14, embed: 66, bars: 170, fan: 46, act: 40 };
const MAX_COLUMN = 26;

/** The row that is followed now: under the pointer, chosen, or the one that predicts. */
export function rowOf(data, local) {
  const chosen = local.hover ?? local.sel.follow ?? -1;
  return chosen < 0 || chosen >= data.tokens.length ? data.home_row : chosen;
}
/** The open block: the folded one that the pointer rests on, or the chosen one. */
export const blockOf = (data, local) => clamp(local.peek ?? local.sel.block ?? 0, 0, Math.max(0, data.blocks - 1));
export const headOf = (data, local) => clamp(local.sel.head ?? 0, 0, data.heads - 1);
/** The attention that the open block shows: the rows' own, or a decoder's view of the source. */
export const looking = (data, local) => (data.cross && local.sel.attention === "cross" ? local.cross : local.own);
export const pickRow = (packed, index, row) => {
  const n = packed.shape[packed.shape.length - 1];
  return packed.subarray((index * packed.shape[packed.shape.length - 2] + row) * n,
    (index * packed.shape[packed.shape.length - 2] + row + 1) * n);
};
/** The attention of the followed row in the open block's head. */
export const attentionRow = (data, local, row) =>
  pickRow(looking(data, local).pattern, blockOf(data, local) * data.heads + headOf(data, local), row);
export const argmax = (values) => values.reduce((best, v, i) => (v > values[best] ? i : best), 0);

/** A typical largest value: outliers (a first token's stream can be 30 times longer) do not shrink all others. */
export function reference(values, times) {
  const sorted = Float32Array.from(values).filter(Number.isFinite).sort();
  if (!sorted.length) return 1;
  return Math.min(sorted[sorted.length - 1], times * sorted[sorted.length >> 1]) || 1;
}
export const lineWidth = (local, norm) => clamp((5 * (norm || 0)) / local.residScale, 0.75, 7);
export const dotRadius = (local, norm, limit = 8) =>
  norm > 0 ? clamp(7 * Math.sqrt(norm / local.addScale), 0.75, limit) : 0;

/** Where an event happened, in the picture's own pixels: the projector mode enlarges the page. */
export function spot(g, event) {
  const box = g.svg.getBoundingClientRect();
  const zoom = g.layout.width / box.width;
  return [(event.clientX - box.left) * zoom, (event.clientY - box.top) * zoom];
}

export function layout(g, data, local) {
  return g.width < 640 || (g.width < FOLD.narrowest && folds(data, g.width)) ? phoneLayout(g, data, local) : wideLayout(g, data, local);
}

function rowsOf(g, data, local, base, pitch, room) {
  const n = data.tokens.length;
  const step = n <= base.fullRows ? clamp(Math.floor(base.fold / n), base.snug, pitch)
    : clamp(Math.floor(room / n), base.smallest, base.snug);
  if (g.whole) return { pitch: step, rows: n, first: 0, last: n - 1, scrolls: false };
  const rows = Math.min(n, Math.floor(room / step));
  const row = rowOf(data, { ...local, hover: null });
  // Another token is followed, chosen here or anywhere else: its row comes into view.
  if (local.followed !== row || local.first === undefined) local.first = clamp(local.first ?? 0, row - rows + 1, row);
  local.followed = row;
  local.first = clamp(local.first, 0, n - rows);
  return { pitch: step, rows, first: local.first, last: local.first + rows - 1, scrolls: n > rows };
}

function wideLayout(g, data, local) {
  const longest = Math.max(...data.tokens.map((t) => measure(visible(t), 13, true)));
  const folded = folds(data, g.width);
  const chipW = clamp(Math.ceil(longest + 18), 70, folded ? FOLD.chip : 104);
  const embX = chipW + BASE.chipGap;
  const blocksX = folded ? FOLD.left : embX + BASE.embed + 10;
  const room = g.width - BASE.bars - BASE.fan - blocksX;
  const { closed, widths, opened, gap, narrow } = folded ? foldedWidths(data, room) : widthsOf(data, room);
  const opening = local.opening;
  const open = blockOf(data, local);
  const blocks = [];
  let x = blocksX;
  for (let l = 0; l < data.blocks; l++) {
    const o = opening ? (l === open ? opening.t : l === opening.from ? 1 - opening.t : 0) : l === open ? 1 : 0;
    const w = lerp(widths[l], opened[l], o);
    blocks.push({ x, w, o, closed: widths[l], opened: opened[l] });
    x += w + gap;
  }
  const blocksEnd = data.blocks ? x - gap : blocksX + room;
  const r = rowsOf(g, data, local, BASE, BASE.pitch, BASE.fullRows * BASE.pitch);
  const bottom = BASE.rowsTop + r.rows * r.pitch + 24;
  const lensY = bottom + (folded ? 18 : 8);
  const actY = folded ? 438 : Math.max(lensY, 438); // the bars need their height however short the text
  const barsX = blocksEnd + BASE.fan;
  const L = {
    phone: false, tight: false, folded, ...r, chipW, embX, embW: blocksX - 10 - embX, blocksX, blocksEnd, blocks, closed, gap, narrow,
    barsX, barsW: BASE.bars, width: barsX + BASE.bars, top: BASE.top, rowsTop: BASE.rowsTop, bottom,
    lensY, legendY: bottom + (folded ? 76 : 61), actY, y: (i) => BASE.rowsTop + (i - r.first + 0.5) * r.pitch,
  };
  const under = stepOf(data, local) ? L.legendY + 81 : legendOf(data, L).at(-1).y + 11;
  return { ...L, height: Math.max(actY + BASE.act + 2, under) };
}

/** Widths of closed and of opened blocks that stand side by side in `room`. */
function widthsOf(data, room) {
  const n = Math.max(1, data.blocks);
  let [closed, gap, narrow] = [54, 8, false];
  if (n > 6 || room - (n - 1) * (closed + gap) < BASE.least) {
    gap = n > 8 ? 4 : 6;
    [closed, narrow] = [clamp((room - BASE.least) / Math.max(1, n - 1) - gap, data.cross ? 28 : 20, data.cross ? 40 : 30), true];
  }
  const opened = Math.max(BASE.least, room - (n - 1) * (closed + gap));
  return { closed, widths: Array(n).fill(closed), opened: Array(n).fill(opened), gap, narrow };
}

function phoneLayout(g, data, local) {
  const [chipW, rowsTop, gap] = [60, 26, data.blocks > 8 ? 2 : 5];
  const blocksX = chipW + 9;
  const even = (g.width - blocksX + gap) / Math.max(1, data.blocks) - gap;
  const folded = even < FOLD.phone;
  // Of a folded model rows are lower, and fewer: the list of next tokens stays on the first screen.
  const r = folded ? rowsOf(g, data, local, { ...BASE, fullRows: 14, fold: 280, snug: 20 }, 24, 280)
    : rowsOf(g, data, local, { ...BASE, fullRows: 12, fold: Infinity }, 27, 12 * 27);
  const { closed, widths } = folded ? phoneWidths(data, g.width - blocksX, blockOf(data, local), gap) : { closed: even, widths: Array(data.blocks).fill(even) };
  const blocks = [];
  let x = blocksX;
  for (const w of widths) {
    blocks.push({ x, w, o: 0, closed: w });
    x += w + gap;
  }
  const bottom = rowsTop + r.rows * r.pitch + 4;
  const lensY = bottom + 6;
  const headsY = lensY + (data.lens ? (folded ? 80 : 88) : 44);
  const across = folded && data.heads <= 10 ? data.heads : Math.max(8, Math.floor(g.width / 46));
  const thumb = (g.width - 4 * (Math.min(across, data.heads) - 1)) / Math.min(across, data.heads);
  const size = Math.min(44, thumb);
  const headRows = Math.ceil(data.heads / across);
  const barsY = headsY + 14 + headRows * (size + 4) + 26;
  const controlsY = barsY + 22 + 5 * 23 + 26;
  const openY = (data.logits ? controlsY + 122 : barsY) + (stepOf(data, local) ? 210 : 0);
  const openRowsTop = openY + 66;
  const openBottom = openRowsTop + r.rows * r.pitch + 24;
  return {
    phone: true, tight: true, folded, ...r, chipW, blocksX, blocksEnd: g.width, blocks, closed, gap, narrow: true,
    openW: g.width - 52, openX: 52, openY, openRowsTop, openBottom, across, size, headsY, barsY, controlsY,
    barsX: 0, barsW: g.width, width: g.width, top: 22, rowsTop, bottom, lensY, height: openBottom + 40,
    y: (i) => rowsTop + (i - r.first + 0.5) * r.pitch,
  };
}

/** The insides of an open block of width w, from its left edge; `tight` is the phone's, `crossing` has slanted words. */
export function insides(w, columns, tight, crossing = false) {
  const s = tight
    ? { start: 4, strip: 10, cell: 3.5, lanes: 42, lanesEnd: 56, q: 60, first: 68, out: 78, plus: 62, mlp: 54, mlpEnd: 24, plus2: 11 }
    : { start: 10, strip: 30, cell: 6.25, lanes: 86, lanesEnd: 112, q: 134, first: 145, out: 138, plus: 102, mlp: 91, mlpEnd: 28, plus2: 14 };
  const room = w - s.out - 9 - s.first - (crossing ? 30 : 0);
  const pitch = Math.min(MAX_COLUMN, room / Math.max(1, columns - 1));
  return {
    ...s, stripEnd: s.strip + 8 * s.cell, pitch, col: (j) => s.first + j * pitch, lastCol: s.first + (columns - 1) * pitch,
    out: w - s.out, plus: w - s.plus, mlp: w - s.mlp, mlpEnd: w - s.mlpEnd, plus2: w - s.plus2, end: w,
  };
}
