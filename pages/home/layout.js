// Home's geometry: where every column, block and row stands, from the data, the width and what is open.

import { say } from "../../app/kit/say.js";
import { clamp, lerp, measure, visible } from "../../app/kit/shapes.js";
import { isPhone } from "../../app/kit/widths.js";
import { blockOf, rowOf } from "./selection.js";

/**
 * @import { Data, Kept } from "./figure.js"
 *
 * A block's column: how wide it is now, closed and opened; o is 0 when it is closed, 1 when it is open.
 * @typedef {{x: number, w: number, o: number, closed: number, opened: number}} Block
 *
 * Rows of the picture: which are in view, how far apart, and whether there are more.
 * @typedef {{pitch: number, rows: number, first: number, last: number, scrolls: boolean}} Rows
 *
 * Widths of closed and of opened blocks that stand side by side, with the gap between them.
 * @typedef {{closed: number, widths: number[], opened: number[], gap: number, narrow: boolean}} Widths
 *
 * What both layouts say, from the left to the right, then from the top to the bottom.
 * @typedef {object} Common
 * @property {number} chipW of a token
 * @property {number} blocksX where the blocks begin
 * @property {number} blocksEnd
 * @property {Block[]} blocks
 * @property {number} closed width of a closed block
 * @property {number} gap between blocks
 * @property {boolean} narrow closed blocks have room for their number only
 * @property {boolean} folded most blocks are narrow columns
 * @property {number} barsX the next token's bars
 * @property {number} barsW
 * @property {number} width
 * @property {number} height
 * @property {number} top of the blocks
 * @property {number} rowsTop
 * @property {number} bottom of the blocks
 * @property {number} lensY
 * @property {(i: number) => number} y the middle of a row
 *
 * @typedef {Rows & Common & {phone: false, embX: number, embW: number, legendY: number, actY: number}} Wide
 * @typedef {Rows & Common & {phone: true, openX: number, openW: number, openY: number, openRowsTop: number, openBottom: number,
 *   across: number, size: number, headsY: number, barsY: number, controlsY: number}} Phone the open block one screen down;
 *   heads `size` large, so many across
 * @typedef {Wide | Phone} Layout
 *
 * @typedef {{width: number, whole?: boolean}} Sheet what a stage says of its size
 *
 * @typedef {{kind: "line" | "dot" | "ring", colour: string, text: string, x: number, y: number, left: number, right: number}} Entry of the legend
 */

/** What a letter stands for; the pointer on it asks for the word. */
export const NAMED = { q: "query", k: "key", v: "value" };

// fold: the height of nine full rows, which leaves the cards at the foot on a 768 px screen; up to 16 rows shrink to snug for it.
export const BASE = {
  top: 22,
  least: 380,
  rowsTop: 150,
  pitch: 32,
  snug: 24,
  fold: 288,
  smallest: 18,
  fullRows: 16,
  chipGap: 14,
  embed: 66,
  bars: 170,
  fan: 46,
  act: 40,
};
const MAX_COLUMN = 26;

export const FOLD = {
  end: 46,
  gap: 2,
  least: 300,
  most: 400,
  share: 0.43,
  left: 150,
  chip: 84, // widths: of first and last, of the open block, left of the blocks
  narrowest: 860,
  phone: 14, // the least width of the wide picture; the least width of a phone's columns before they fold
  rest: 180, // ms that the pointer rests on a column before it opens
  squares: 100,
  line: 34, // heights of the squares over a column, of the lens's line
};

/**
 * Whether so many blocks run off a picture of this width, each closed one as narrow as its maps allow.
 * @type {(data: Data, width: number) => boolean}
 */
export function folds(data, width) {
  const room = width - BASE.bars - BASE.fan - 194; // with the widest chips
  return data.blocks > 3 && (room - BASE.least) / (data.blocks - 1) - 4 < (data.cross ? 28 : 20);
}
/**
 * Widths of folded, first and last blocks, closed and opened; they always sum to `room`.
 * @type {(data: Data, room: number) => Widths}
 */
export function foldedWidths(data, room) {
  const n = data.blocks;
  const open = clamp(room * FOLD.share, FOLD.least, FOLD.most);
  const closed = Math.max(1, (room - open - 2 * FOLD.end - (n - 1) * FOLD.gap) / (n - 3));
  const widths = Array.from({ length: n }, (_, l) => (l === 0 || l === n - 1 ? FOLD.end : closed));
  return { closed, widths, opened: widths.map((w) => open + w - closed), gap: FOLD.gap, narrow: true };
}
/**
 * The same of a phone, where the open block is a wider column and its inside stands one screen down.
 * @type {(data: Data, room: number, open: number, gap: number) => Pick<Widths, "closed" | "widths">}
 */
export function phoneWidths(data, room, open, gap) {
  const wide = new Set([0, open, data.blocks - 1]);
  const closed = (room - (data.blocks - 1) * gap - 22 * wide.size) / (data.blocks - wide.size);
  return { closed, widths: Array.from({ length: data.blocks }, (_, l) => (wide.has(l) ? 22 : closed)) };
}

/**
 * A typical largest value: outliers (a first token's stream can be 30 times longer) do not shrink all others.
 * @type {(values: ArrayLike<number>, times: number) => number}
 */
export function reference(values, times) {
  const sorted = Float32Array.from(values)
    .filter((v) => Number.isFinite(v))
    .sort();
  if (!sorted.length) return 1;
  return Math.min(sorted[sorted.length - 1], times * sorted[sorted.length >> 1]) || 1;
}
/** @type {(local: Kept, norm: number) => number} */
export const lineWidth = (local, norm) => clamp((5 * (norm || 0)) / local.residScale, 0.75, 7);
/** @type {(local: Kept, norm: number, limit?: number) => number} */
export const dotRadius = (local, norm, limit = 8) =>
  norm > 0 ? clamp(7 * Math.sqrt(norm / local.addScale), 0.75, limit) : 0;

/**
 * Where an event happened, in the picture's own pixels: the projector mode enlarges the page.
 * @type {(g: {svg: SVGSVGElement, layout: Layout}, event: MouseEvent) => [number, number]}
 */
export function spot(g, event) {
  const box = g.svg.getBoundingClientRect();
  const zoom = g.layout.width / box.width;
  return [(event.clientX - box.left) * zoom, (event.clientY - box.top) * zoom];
}

/** @type {(g: Sheet, data: Data, local: Kept) => Layout} */
export function layout(g, data, local) {
  return isPhone(g.width) || (g.width < FOLD.narrowest && folds(data, g.width))
    ? phoneLayout(g, data, local)
    : wideLayout(g, data, local);
}

/** @type {(g: Sheet, data: Data, local: Kept, base: typeof BASE, pitch: number, room: number) => Rows} */
function rowsOf(g, data, local, base, pitch, room) {
  const n = data.tokens.length;
  const step =
    n <= base.fullRows
      ? clamp(Math.floor(base.fold / n), base.snug, pitch)
      : clamp(Math.floor(room / n), base.smallest, base.snug);
  if (g.whole) return { pitch: step, rows: n, first: 0, last: n - 1, scrolls: false };
  const rows = Math.min(n, Math.floor(room / step));
  const row = rowOf(data, { ...local, hover: null });
  // Another token is followed, chosen here or anywhere else: its row comes into view.
  if (local.followed !== row || local.first === undefined)
    local.first = clamp(local.first ?? 0, row - rows + 1, row);
  local.followed = row;
  local.first = clamp(local.first, 0, n - rows);
  return { pitch: step, rows, first: local.first, last: local.first + rows - 1, scrolls: n > rows };
}

/** @type {(g: Sheet, data: Data, local: Kept) => Wide} */
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
  /** @type {Block[]} */
  const blocks = [];
  let x = blocksX;
  for (let l = 0; l < data.blocks; l++) {
    const o = opening
      ? l === open
        ? opening.t
        : l === opening.from
          ? 1 - opening.t
          : 0
      : l === open
        ? 1
        : 0;
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
  /** @type {Omit<Wide, "height">} */
  const L = {
    phone: false,
    folded,
    ...r,
    chipW,
    embX,
    embW: blocksX - 10 - embX,
    blocksX,
    blocksEnd,
    blocks,
    closed,
    gap,
    narrow,
    barsX,
    barsW: BASE.bars,
    width: barsX + BASE.bars,
    top: BASE.top,
    rowsTop: BASE.rowsTop,
    bottom,
    lensY,
    legendY: bottom + (folded ? 76 : 61),
    actY,
    y: (i) => BASE.rowsTop + (i - r.first + 0.5) * r.pitch,
  };
  const under = (legendOf(data, L).at(-1)?.y ?? 0) + 11;
  return { ...L, height: Math.max(actY + BASE.act + 2, under) };
}

/**
 * Widths of closed and of opened blocks that stand side by side in `room`.
 * @type {(data: Data, room: number) => Widths}
 */
function widthsOf(data, room) {
  const n = Math.max(1, data.blocks);
  let [closed, gap] = [54, 8];
  let narrow = false;
  if (n > 6 || room - (n - 1) * (closed + gap) < BASE.least) {
    gap = n > 8 ? 4 : 6;
    closed = clamp(
      (room - BASE.least) / Math.max(1, n - 1) - gap,
      data.cross ? 28 : 20,
      data.cross ? 40 : 30,
    );
    narrow = true;
  }
  const opened = Math.max(BASE.least, room - (n - 1) * (closed + gap));
  return { closed, widths: Array(n).fill(closed), opened: Array(n).fill(opened), gap, narrow };
}

/** @type {(g: Sheet, data: Data, local: Kept) => Phone} */
function phoneLayout(g, data, local) {
  const [chipW, rowsTop, gap] = [60, 26, data.blocks > 8 ? 2 : 5];
  const blocksX = chipW + 9;
  const even = (g.width - blocksX + gap) / Math.max(1, data.blocks) - gap;
  const folded = even < FOLD.phone;
  // Of a folded model rows are lower, and fewer: the list of next tokens stays on the first screen.
  const r = folded
    ? rowsOf(g, data, local, { ...BASE, fullRows: 14, fold: 280, snug: 20 }, 24, 280)
    : rowsOf(g, data, local, { ...BASE, fullRows: 12, fold: Infinity }, 27, 12 * 27);
  const { closed, widths } = folded
    ? phoneWidths(data, g.width - blocksX, blockOf(data, local), gap)
    : { closed: even, widths: Array(data.blocks).fill(even) };
  /** @type {Block[]} */
  const blocks = [];
  let x = blocksX;
  for (const w of widths) {
    blocks.push({ x, w, o: 0, closed: w, opened: w });
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
  const openY = data.logits ? controlsY + 122 : barsY;
  const openRowsTop = openY + 66;
  const openBottom = openRowsTop + r.rows * r.pitch + 24;
  return {
    phone: true,
    folded,
    ...r,
    chipW,
    blocksX,
    blocksEnd: g.width,
    blocks,
    closed,
    gap,
    narrow: true,
    openW: g.width - 52,
    openX: 52,
    openY,
    openRowsTop,
    openBottom,
    across,
    size,
    headsY,
    barsY,
    controlsY,
    barsX: 0,
    barsW: g.width,
    width: g.width,
    top: 22,
    rowsTop,
    bottom,
    lensY,
    height: openBottom + 40,
    y: (i) => rowsTop + (i - r.first + 0.5) * r.pitch,
  };
}

/**
 * The insides of an open block of width w, from its left edge; `tight` is the phone's, `crossing` has slanted words.
 * @param {number} w @param {number} columns @param {boolean} tight
 */
export function insides(w, columns, tight, crossing = false) {
  const s = tight
    ? {
        start: 4,
        strip: 10,
        cell: 3.5,
        lanes: 42,
        lanesEnd: 56,
        q: 60,
        first: 68,
        out: 78,
        plus: 62,
        mlp: 54,
        mlpEnd: 24,
        plus2: 11,
      }
    : {
        start: 10,
        strip: 30,
        cell: 6.25,
        lanes: 86,
        lanesEnd: 112,
        q: 134,
        first: 145,
        out: 138,
        plus: 102,
        mlp: 91,
        mlpEnd: 28,
        plus2: 14,
      };
  const room = w - s.out - 9 - s.first - (crossing ? 30 : 0);
  const pitch = Math.min(MAX_COLUMN, room / Math.max(1, columns - 1));
  return {
    ...s,
    stripEnd: s.strip + 8 * s.cell,
    pitch,
    col: (/** @type {number} */ j) => s.first + j * pitch,
    lastCol: s.first + (columns - 1) * pitch,
    out: w - s.out,
    plus: w - s.plus,
    mlp: w - s.mlp,
    mlpEnd: w - s.mlpEnd,
    plus2: w - s.plus2,
    end: w,
  };
}

/**
 * What the lines and dots mean, each with its place: lines end before the bars while these still run on at the right.
 * @type {(data: Data, L: Phone | Omit<Wide, "height">) => Entry[]}
 */
export function legendOf(data, L) {
  /** @type {[Entry["kind"], string, string][]} */
  const items = [
    [
      "line",
      "res",
      L.phone ? say("residual stream") : say("residual stream →   a row’s numbers, thicker when larger"),
    ],
    ["dot", "att", say("attention adds")],
  ];
  if (data.cross) items.push(["ring", "att", say("cross-attention adds")]);
  items.push(["dot", "mlp", say("MLP adds")]);
  if (L.phone) items.push(...items.splice(0, 1));
  else
    items.push(
      ["line", "q", say("Q asks")],
      ["line", "k", say("K answers")],
      [
        "line",
        "v",
        data.cross
          ? say("V carries")
          : data.tokens.length > 24
            ? say("V carries; drawn are the 8 that the row reads most")
            : say("V carries; K and V as wide as the row’s attention"),
      ],
    );
  const edge = (/** @type {number} */ y) =>
    L.phone ? Infinity : y < L.actY + BASE.act + 10 ? L.barsX - 16 : L.width;
  let x = 0;
  let y = L.phone ? L.lensY + (data.lens ? (L.folded ? 46 : 52) : 12) : L.legendY;
  return items.map(([kind, colour, text]) => {
    const long = measure(text, 12, false);
    if (x && x + 20 + long > edge(y)) [x, y] = [0, y + 20];
    const left = x + (kind === "line" ? 20 : 16);
    const item = { kind, colour, text, x, y, left, right: left + long };
    x = item.right + (L.phone ? 14 : 16);
    return item;
  });
}
