// What stands where: the grid of all heads at the left, the chosen head's panel at the right, the next token below.

import { say } from "../../app/kit/say.js";
import { clamp, fit, measure } from "../../app/kit/shapes.js";
import { isPhone } from "../../app/kit/widths.js";

/**
 * @import { Stage } from "../../app/kit/glass.js"
 * @import { Data, Head, Local, Role } from "./figure.js"
 *
 * @typedef {"lines" | "map" | "pair" | "join" | "effect"} PanelName
 *
 * The tiles of all heads, `size` wide and dx, dy apart: a row a block, in bands side by side, or in the order of a list.
 * @typedef {{x: number, y: number, large: boolean, size: number, dx: number, dy: number, left: number, top: number, end: number,
 *   w: number, heads: number}} Tiles
 * @typedef {Tiles & {rows: number, band: number, per: number, space: number, order?: undefined}} BlockGrid per: heads that share keys
 * @typedef {Tiles & {order: number[], slots: number[], cols: number}} ListGrid order: heads by their place in `roles`; slots: the reverse
 *
 * Places in pixels of the picture. head, top, bottom: where the panel's head and what is under it begin, and its end; scores:
 * how many stand in a line, lead: what stands left of them; foot: where the next token begins.
 * @typedef {object} Layout
 * @property {boolean} phone
 * @property {BlockGrid | ListGrid} grid
 * @property {{x: number, y: number, w: number, h: number, head: number, scores: number, lead: number, top: number, bottom: number}} panel
 * @property {number} foot
 * @property {RoleWord[][]} lines
 * @property {number} bar
 * @property {number} width
 * @property {number} height
 * @typedef {{name: string, short: string, count: number, text: string, x: number, w: number}} RoleWord
 */

/** @type {PanelName[]} */
export const PANELS = ["lines", "map", "pair", "join", "effect"];
/** @type {Record<PanelName, string>} */
export const PANEL_NAMES = {
  lines: say("Lines"),
  map: say("Map"),
  pair: say("Query-key"),
  join: say("Join"),
  effect: say("Effect"),
};
const DEEP = 528; // the height of the picture on a wide screen
const FOOT = 42; // of it for the next token
const HEADER = 144; // of a panel: buttons, name, meaning, sentence, scores
const LEAD = 104; // left of the scores: what they are shares of
const TALL = 118; // the largest tile of the grid
const MANY = 36; // from more heads on they can be put in another order

/** @param {Data} data @param {Local} local */
export const blockOf = (data, local) => clamp(local.sel.block ?? 0, 0, data.blocks - 1);
/** @param {Data} data @param {Local} local */
export const headOf = (data, local) => clamp(local.sel.head ?? 0, 0, data.heads - 1);
/**
 * The head that the panel shows: under the pointer in the grid, or the chosen one.
 * @param {Data} data @param {Local} local
 */
export function shownHead(data, local) {
  const peek = local.peek;
  if (peek && ["lines", "map", "effect"].includes(panelOf(local))) return peek;
  return { block: blockOf(data, local), head: headOf(data, local) };
}
/** @type {(local: Pick<Local, "sel">) => PanelName} */
export const panelOf = (local) => (PANELS.includes(local.sel.panel) ? local.sel.panel : "lines");
/**
 * The row that asks: under the pointer, chosen, or the one that predicts.
 * @param {Data} data @param {Local} local
 */
export function rowOf(data, local) {
  const chosen = local.hover?.row ?? local.sel.row ?? -1;
  return chosen >= 0 && chosen < data.rows.length ? chosen : data.home;
}
/**
 * The key that answers: under the pointer, chosen, or the one that the row reads most.
 * @param {Data} data @param {Local} local
 */
export function colOf(data, local) {
  const chosen = local.hover?.col ?? local.sel.col ?? -1;
  if (chosen >= 0 && chosen < data.cols.length) return chosen;
  const { block, head } = shownHead(data, local);
  return argmax(weightsOf(data, local, block, head, rowOf(data, local)));
}
/** @param {number[]} values */
export const argmax = (values) => values.reduce((best, v, i) => (v > values[best] ? i : best), 0);
/**
 * Whether the exact arrays that came with the data are this head's; of the others there are maps in 256 steps.
 * @param {Data} data @param {number} block @param {number} head
 */
export const isOpen = (data, block, head) => data.block === block && data.head === head;
/**
 * One row of a head's attention, S weights.
 * @param {Data} data @param {Local} local @param {number} block @param {number} head @param {number} row
 */
export function weightsOf(data, local, block, head, row) {
  const [T, S] = [data.rows.length, data.cols.length];
  if (isOpen(data, block, head)) return Array.from(local.a.pattern.subarray(row * S, (row + 1) * S));
  const at = ((block * data.heads + head) * T + row) * S;
  return Array.from(local.maps.subarray(at, at + S), (v) => v / 255);
}
/** @param {number} block @param {number} head */
export const nameOf = (block, head) => `L${block}H${head}`;
/** @param {Data} data @param {number} block @param {number} head */
export const roleOf = (data, block, head) => data.roles[block * data.heads + head];

/**
 * The heads that are off, as "block.head", read from the link's text (ablation.py): "3.2 1.*", or "*" for all of them.
 * @param {Pick<Data, "mark" | "blocks" | "heads">} data @param {Pick<Local, "sel">} local
 */
export function offSet(data, local) {
  /** @type {Set<string>} */
  const out = new Set();
  const all = (/** @type {number} */ n) => Array.from({ length: n }, (_, i) => i);
  for (const part of String(local.sel.off ?? "").split(" ")) {
    const read = /^([ce]?)(?:(\*)|(\d+)\.(?:(\*)|(\d+)))$/.exec(part);
    if (!read || read[1] !== data.mark) continue;
    for (const l of read[2] ? all(data.blocks) : [Number(read[3])]) {
      for (const i of read[2] || read[4] ? all(data.heads) : [Number(read[5])])
        if (l < data.blocks && i < data.heads) out.add(`${l}.${i}`);
    }
  }
  return out;
}

/**
 * All places, in pixels of the picture.
 * @param {Pick<Stage, "width">} g @param {Data} data @param {Pick<Local, "sel" | "pinned">} local
 */
export function plan(g, data, local) {
  const phone = isPhone(g.width);
  const total = data.blocks * data.heads;
  const most = phone
    ? g.width
    : Math.round(
        data.heads > 12 || total > 150 ? clamp(g.width * 0.5, 300, 540) : clamp(g.width * 0.44, 300, 472),
      );
  // Few heads leave more to the panel: a large tile needs its map and the words below it.
  const few = data.blocks <= 5 && data.heads * 104 < most;
  const width = phone || !few ? most : Math.max(250, data.heads * 104);
  const lines = roleLines(data, width);
  const bar = total <= MANY ? 0 : phone ? 52 : 10; // for the buttons of the order
  const y = 20 + bar + 17 * lines.length;
  const grid = planGrid(data, orderOf(data, local), {
    x: 0,
    y,
    width,
    bottom: phone ? y + Math.min(width, 440) : DEEP - FOOT - 8,
  });
  const box = phone
    ? { x: 0, y: grid.end + 22, w: g.width, h: 574 }
    : { x: width + 26, y: 0, w: g.width - width - 26, h: DEEP - FOOT - 10 };
  const scores = phone ? Math.ceil(data.scoreNames.length / 2) : data.scoreNames.length; // of them in a line
  const lead = !phone && (box.w - LEAD) / scores >= 50 ? LEAD : 0;
  const head = box.y + (phone ? 46 : 0);
  const panel = { ...box, head, scores, lead, top: head + HEADER + (phone ? 72 : 0), bottom: box.y + box.h };
  const foot = phone ? panel.bottom + 16 : DEEP - FOOT;
  return { phone, grid, panel, foot, lines, bar, width, height: phone ? foot + 148 : DEEP };
}

/**
 * The tiles: large ones carry name, role and number below them; small ones the role's short name, if it fits.
 * @param {Data} data @param {number[] | null} order @param {{x: number, y: number, width: number, bottom: number}} box
 * @returns {BlockGrid | ListGrid}
 */
function planGrid(data, order, { x, y, width, bottom }) {
  const room = bottom - y;
  if (order) return packGrid(data, order, { x, y, width, room });
  const pitch = [Math.min(width / data.heads, TALL + 30), Math.min(room / data.blocks, TALL)];
  const large = pitch[0] >= 84 && pitch[1] >= 70;
  if (large) {
    const size = Math.min(pitch[0] - 14, pitch[1] - 33);
    return {
      x,
      y,
      large,
      size,
      dx: pitch[0],
      dy: pitch[1],
      left: 7,
      top: y,
      end: y + pitch[1] * data.blocks,
      w: pitch[0] * data.heads,
      ...oneBand(data),
    };
  }
  return bandGrid(data, { x, y, width, bottom });
}
/** @param {Data} data */
const oneBand = (data) => ({
  heads: data.heads,
  rows: Math.max(1, data.blocks),
  band: 0,
  per: data.heads / data.kvHeads,
  space: 0,
});

/**
 * Small tiles, a row a block: of many blocks in two or more bands side by side, in as many as make the tiles largest.
 * @param {Data} data @param {{x: number, y: number, width: number, bottom: number}} box
 */
function bandGrid(data, { x, y, width, bottom }) {
  const per = data.heads / data.kvHeads;
  const space = per > 1 && data.kvHeads > 1 ? 3 : 0; // between groups that share keys
  const [left, top] = [30, y + (per > 1 ? 21 : 16)];
  let best = { step: 0, rows: 1, bands: 1, groups: 0 };
  for (let bands = 1; bands <= 4; bands++) {
    const rows = Math.ceil(data.blocks / bands);
    const groups = space * (data.kvHeads - 1);
    const step = Math.min(
      (width / bands - left - groups - (bands > 1 ? 8 : 0)) / data.heads,
      (bottom - top) / rows,
    );
    if (step > 1.1 * best.step) best = { step, rows, bands, groups };
  }
  const gap = best.step > 14 ? 3 : 1;
  const size = Math.max(2, Math.min(best.step, 110) - gap);
  const step = size + gap;
  const one = data.heads * step + best.groups;
  const band = best.bands > 1 ? Math.max(one + left, (width - one - left) / (best.bands - 1)) : 0; // bands spread over the width
  return {
    x,
    y,
    large: false,
    size,
    dx: step,
    dy: step,
    left,
    top,
    end: top + step * best.rows,
    w: one + band * (best.bands - 1),
    heads: data.heads,
    rows: best.rows,
    band,
    per,
    space,
  };
}

/**
 * Tiles in the order of a list, line after line, in as many columns as make them largest.
 * @param {Data} data @param {number[]} order @param {{x: number, y: number, width: number, room: number}} box
 */
function packGrid(data, order, { x, y, width, room }) {
  let best = { step: 0, cols: 1 };
  for (let cols = 1; cols <= order.length; cols++) {
    const step = Math.min((width - 6) / cols, (room - 2) / Math.ceil(order.length / cols));
    if (step > best.step) best = { step, cols };
  }
  const rows = Math.ceil(order.length / best.cols);
  const slots = Array(data.roles.length).fill(-1);
  for (const [slot, i] of order.entries()) slots[i] = slot;
  const [dx, dy] = [Math.min(width / best.cols, TALL + 30), Math.min(room / rows, TALL)];
  const large = dx >= 84 && dy >= 70;
  const gap = best.step > 14 ? 3 : 1;
  const size = large ? Math.min(dx - 14, dy - 33) : Math.max(2, Math.min(best.step, 110) - gap);
  const [across, down] = large ? [dx, dy] : [size + gap, size + gap];
  const [left, top] = large ? [7, y] : [3, y + 2];
  return {
    x,
    y,
    large,
    size,
    dx: across,
    dy: down,
    left,
    top,
    end: top + down * rows,
    w: across * best.cols,
    heads: data.heads,
    cols: best.cols,
    order,
    slots,
  };
}

/**
 * Where a head's tile stands; null where it is not among those shown.
 * @param {Pick<Layout, "grid">} at @param {number} block @param {number} head
 */
export function tile(at, block, head) {
  const { grid } = at;
  if (!grid.order) return blockTile(grid, block, head);
  const slot = grid.slots[block * grid.heads + head];
  return slot < 0
    ? null
    : { x: grid.left + (slot % grid.cols) * grid.dx, y: grid.top + Math.floor(slot / grid.cols) * grid.dy };
}
/** The same where every block has its row. @type {(grid: BlockGrid, block: number, head: number) => {x: number, y: number}} */
export const blockTile = (grid, block, head) => ({
  x:
    grid.left +
    Math.floor(block / grid.rows) * grid.band +
    head * grid.dx +
    grid.space * Math.floor(head / grid.per),
  y: grid.top + (block % grid.rows) * grid.dy,
});

/**
 * The head whose tile lies under a point, or null.
 * @param {Data} data @param {Pick<Layout, "grid">} at @param {number} x @param {number} y
 */
export function tileAt(data, at, x, y) {
  const { grid } = at;
  const wide = grid.large ? grid.dx - 6 : grid.size;
  for (let i = 0; i < data.roles.length; i++) {
    const [block, head] = [Math.floor(i / data.heads), i % data.heads];
    const t = tile(at, block, head);
    if (t && x >= t.x && x < t.x + wide && y >= t.y && y < t.y + grid.dy) return { block, head };
  }
  return null;
}

/**
 * The kinds that occur, those with a habit first, the most frequent first.
 * @param {Data} data
 */
export function kindsOf(data) {
  /** @type {Map<string, Pick<RoleWord, "name" | "short" | "count">>} */
  const counts = new Map();
  for (const role of data.roles)
    counts.set(role.name, {
      name: role.name,
      short: role.short,
      count: (counts.get(role.name)?.count ?? 0) + 1,
    });
  return [...counts.values()].sort((a, b) => (a.short ? 0 : 1) - (b.short ? 0 : 1) || b.count - a.count);
}
/**
 * Whether every head's effect is measured: until then the values of the others are null.
 * @param {Data} data
 */
export const allMeasured = (data) => Boolean(data.effect.change) && data.effect.measured === data.blocks;
/**
 * What the heads are ordered by; by effect only where that has been measured.
 * @param {Data} data @param {Pick<Local, "sel">} local
 */
export const orderedBy = (data, local) =>
  local.sel.order === "effect" && !allMeasured(data) ? "block" : (local.sel.order ?? "block");
/**
 * The heads by kind and score, or by effect, largest first, as places in `roles`: of a pinned kind, only those. null: by block.
 * @param {Data} data @param {Pick<Local, "sel" | "pinned">} local
 */
export function orderOf(data, local) {
  const by = orderedBy(data, local);
  if (by === "block") return null;
  const all = data.roles.map((_, i) => i).filter((i) => !local.pinned || data.roles[i].name === local.pinned);
  if (by === "effect") {
    const change = (data.effect.change ?? []).flat().map((v) => Math.abs(v ?? 0));
    return all.sort((a, b) => change[b] - change[a]);
  }
  const rank = new Map(kindsOf(data).map(({ name }, i) => [name, i]));
  const rankOf = (/** @type {number} */ i) => rank.get(data.roles[i].name) ?? 0;
  return all.sort((a, b) => rankOf(a) - rankOf(b) || (data.roles[b].score ?? 0) - (data.roles[a].score ?? 0));
}

/**
 * The roles that occur, most frequent first, each with its count, set into lines of the given width.
 * @param {Data} data @param {number} width
 */
function roleLines(data, width) {
  /** @type {RoleWord[][]} */
  const out = [[]];
  let x = 0;
  const dense = data.roles.length > 36;
  for (const role of kindsOf(data)) {
    const text = `${role.name}${dense && role.short ? ` (${role.short})` : ""} `;
    const w = measure(text + role.count, 12, false) + 24;
    if (x + w > width && x) {
      out.push([]);
      x = 0;
    }
    out[out.length - 1].push({ ...role, text, x, w });
    x += w;
  }
  return out;
}

/**
 * Heights of a list of tokens: all named where there is room, else those that count most, 13 px apart.
 * @param {number} count @param {number} pitch @param {Iterable<number>} first
 */
export function named(count, pitch, first) {
  if (pitch >= 13) return new Set(Array.from({ length: count }, (_, i) => i));
  const out = new Set();
  const apart = Math.ceil(13 / pitch);
  for (const i of [...first, ...Array.from({ length: count }, (_, k) => k)]) {
    let free = true;
    for (const j of out)
      if (Math.abs(j - i) < apart) {
        free = false;
        break;
      }
    if (free) out.add(i);
  }
  return out;
}

/**
 * Words set into lines of the given width, at most `most` of them.
 * @param {string} text @param {number} room @param {number} most
 */
export function wrapped(text, room, most) {
  const lines = [""];
  for (const word of text.split(" ")) {
    const longer = lines.at(-1) ? `${lines.at(-1)} ${word}` : word;
    if (measure(longer, 12, false) * 1.02 <= room || !lines.at(-1) || lines.length === most)
      lines[lines.length - 1] = longer;
    else lines.push(word);
  }
  return lines.map((line) => fit(line, room, 12, false));
}
