// What stands where: the grid of all heads at the left, the chosen head's panel at the right, the next token below.

import { clamp, fit, measure } from "../../app/kit/shapes.js";

export const PANELS = ["lines", "map", "pair", "join", "effect"];
export const PANEL_NAMES = { lines: "Lines", map: "Map", pair: "Query-key", join: "Join", effect: "Effect" };
const DEEP = 528; // the height of the picture on a wide screen
const FOOT = 42; // of it for the next token
const HEADER = 144; // of a panel: buttons, name, meaning, sentence, scores
const LEAD = 104; // left of the scores: what they are shares of
const TALL = 118; // the largest tile of the grid
const MANY = 36; // from more heads on they can be put in another order

export const blockOf = (data, local) => clamp(local.sel.block ?? 0, 0, data.blocks - 1);
export const headOf = (data, local) => clamp(local.sel.head ?? 0, 0, data.heads - 1);
/** The head that the panel shows: under the pointer in the grid, or the chosen one. */
export function shownHead(data, local) {
  const peek = local.peek;
  if (peek && ["lines", "map", "effect"].includes(panelOf(local))) return peek;
  return { block: blockOf(data, local), head: headOf(data, local) };
}
export const panelOf = (local) => (PANELS.includes(local.sel.panel) ? local.sel.panel : "lines");
/** The row that asks: under the pointer, chosen, or the one that predicts. */
export function rowOf(data, local) {
  const chosen = local.hover?.row ?? local.sel.row ?? -1;
  return chosen >= 0 && chosen < data.rows.length ? chosen : data.home;
}
/** The key that answers: under the pointer, chosen, or the one that the row reads most. */
export function colOf(data, local) {
  const chosen = local.hover?.col ?? local.sel.col ?? -1;
  if (chosen >= 0 && chosen < data.cols.length) return chosen;
  const { block, head } = shownHead(data, local);
  return argmax(weightsOf(data, local, block, head, rowOf(data, local)));
}
export const argmax = (values) => values.reduce((best, v, i) => (v > values[best] ? i : best), 0);
/** Whether the exact arrays that came with the data are this head's; of the others there are maps in 256 steps. */
export const isOpen = (data, block, head) => data.block === block && data.head === head;
/** One row of a head's attention, S weights. */
export function weightsOf(data, local, block, head, row) {
  const [T, S] = [data.rows.length, data.cols.length];
  if (isOpen(data, block, head)) return Array.from(local.a.pattern.subarray(row * S, (row + 1) * S));
  const at = ((block * data.heads + head) * T + row) * S;
  return Array.from(local.maps.subarray(at, at + S), (v) => v / 255);
}
export const nameOf = (block, head) => `L${block}H${head}`;
export const roleOf = (data, block, head) => data.roles[block * data.heads + head];

/** All places, in pixels of the picture. */
export function plan(g, data, local) {
  const phone = g.width < 760;
  const total = data.blocks * data.heads;
  const most = phone ? g.width : Math.round(data.heads > 12 || total > 150 ? clamp(g.width * 0.5, 300, 540) : clamp(g.width * 0.44, 300, 472));
  // Few heads leave more to the panel: a large tile needs its map and the words below it.
  const few = data.blocks <= 5 && data.heads * 104 < most;
  const width = phone || !few ? most : Math.max(250, data.heads * 104);
  const lines = roleLines(data, width);
  const bar = total <= MANY ? 0 : phone ? 52 : 10; // for the buttons of the order
  const y = 20 + bar + 17 * lines.length;
  const grid = planGrid(data, orderOf(data, local), { x: 0, y, width, bottom: phone ? y + Math.min(width, 440) : DEEP - FOOT - 8 });
  const panel = phone ? { x: 0, y: grid.end + 22, w: g.width, h: 574 } : { x: width + 26, y: 0, w: g.width - width - 26, h: DEEP - FOOT - 10 };
  panel.head = panel.y + (phone ? 46 : 0);
  panel.scores = phone ? Math.ceil(data.scoreNames.length / 2) : data.scoreNames.length; // of them in a line
  panel.lead = !phone && (panel.w - LEAD) / panel.scores >= 50 ? LEAD : 0;
  panel.top = panel.head + HEADER + (phone ? 72 : 0);
  panel.bottom = panel.y + panel.h;
  const foot = phone ? panel.bottom + 16 : DEEP - FOOT;
  return { phone, grid, panel, foot, lines, bar, width, height: phone ? foot + 148 : DEEP };
}

/** The tiles: large ones carry name, role and number below them; small ones the role's short name, if it fits. */
function planGrid(data, order, { x, y, width, bottom }) {
  const room = bottom - y;
  if (order) return packGrid(data, order, { x, y, width, room });
  const pitch = [Math.min(width / data.heads, TALL + 30), Math.min(room / data.blocks, TALL)];
  const large = pitch[0] >= 84 && pitch[1] >= 70;
  if (large) {
    const size = Math.min(pitch[0] - 14, pitch[1] - 33);
    return { x, y, large, size, dx: pitch[0], dy: pitch[1], left: 7, top: y, end: y + pitch[1] * data.blocks, w: pitch[0] * data.heads, ...oneBand(data) };
  }
  return bandGrid(data, { x, y, width, bottom });
}
const oneBand = (data) => ({ heads: data.heads, rows: Math.max(1, data.blocks), band: 0, per: data.heads / data.kvHeads, space: 0 });

/** Small tiles, a row a block: of many blocks in two or more bands side by side, in as many as make the tiles largest. */
function bandGrid(data, { x, y, width, bottom }) {
  const per = data.heads / data.kvHeads;
  const space = per > 1 && data.kvHeads > 1 ? 3 : 0; // between groups that share keys
  const [left, top] = [30, y + (per > 1 ? 21 : 16)];
  let best = null;
  for (let bands = 1; bands <= 4; bands++) {
    const rows = Math.ceil(data.blocks / bands);
    const groups = space * (data.kvHeads - 1);
    const step = Math.min((width / bands - left - groups - (bands > 1 ? 8 : 0)) / data.heads, (bottom - top) / rows);
    if (!best || step > 1.1 * best.step) best = { step, rows, bands, groups };
  }
  const gap = best.step > 14 ? 3 : 1;
  const size = Math.max(2, Math.min(best.step, 110) - gap);
  const step = size + gap;
  const one = data.heads * step + best.groups;
  const band = best.bands > 1 ? Math.max(one + left, (width - one - left) / (best.bands - 1)) : 0; // bands spread over the width
  return { x, y, large: false, size, dx: step, dy: step, left, top, end: top + step * best.rows, w: one + band * (best.bands - 1), heads: data.heads, rows: best.rows, band, per, space };
}

/** Tiles in the order of a list, line after line, in as many columns as make them largest. */
function packGrid(data, order, { x, y, width, room }) {
  let best = { step: 0 };
  for (let cols = 1; cols <= order.length; cols++) {
    const step = Math.min((width - 6) / cols, (room - 2) / Math.ceil(order.length / cols));
    if (step > best.step) best = { step, cols };
  }
  const rows = Math.ceil(order.length / best.cols);
  const slots = Array(data.roles.length).fill(-1);
  order.forEach((i, slot) => (slots[i] = slot));
  const [dx, dy] = [Math.min(width / best.cols, TALL + 30), Math.min(room / rows, TALL)];
  const large = dx >= 84 && dy >= 70;
  const gap = best.step > 14 ? 3 : 1;
  const size = large ? Math.min(dx - 14, dy - 33) : Math.max(2, Math.min(best.step, 110) - gap);
  const [across, down] = large ? [dx, dy] : [size + gap, size + gap];
  const [left, top] = large ? [7, y] : [3, y + 2];
  return { x, y, large, size, dx: across, dy: down, left, top, end: top + down * rows, w: across * best.cols, heads: data.heads, cols: best.cols, order, slots };
}

/** Where a head's tile stands; null where it is not among those shown. */
export function tile(at, block, head) {
  const { grid } = at;
  if (!grid.order) {
    const band = Math.floor(block / grid.rows);
    return { x: grid.left + band * grid.band + head * grid.dx + grid.space * Math.floor(head / grid.per), y: grid.top + (block % grid.rows) * grid.dy, s: grid.size };
  }
  const slot = grid.slots[block * grid.heads + head];
  return slot < 0 ? null : { x: grid.left + (slot % grid.cols) * grid.dx, y: grid.top + Math.floor(slot / grid.cols) * grid.dy, s: grid.size };
}

/** The head whose tile lies under a point, or null. */
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

/** The kinds that occur, those with a habit first, the most frequent first. */
export function kindsOf(data) {
  const counts = new Map();
  for (const role of data.roles) counts.set(role.name, { name: role.name, short: role.short, count: (counts.get(role.name)?.count ?? 0) + 1 });
  return [...counts.values()].sort((a, b) => (a.short ? 0 : 1) - (b.short ? 0 : 1) || b.count - a.count);
}
/** Whether every head's effect is measured: until then the values of the others are null. */
export const allMeasured = (data) => Boolean(data.effect.change) && data.effect.measured === data.blocks;
/** What the heads are ordered by; by effect only where that has been measured. */
export const orderedBy = (data, local) => (local.sel.order === "effect" && !allMeasured(data) ? "block" : local.sel.order ?? "block");
/** The heads by kind and score, or by effect, largest first, as places in `roles`: of a pinned kind, only those. null: by block. */
export function orderOf(data, local) {
  const by = orderedBy(data, local);
  if (by === "block") return null;
  const all = data.roles.map((_, i) => i).filter((i) => !local.pinned || data.roles[i].name === local.pinned);
  if (by === "effect") {
    const change = data.effect.change.flat();
    return all.sort((a, b) => Math.abs(change[b]) - Math.abs(change[a]));
  }
  const rank = new Map(kindsOf(data).map(({ name }, i) => [name, i]));
  return all.sort((a, b) => rank.get(data.roles[a].name) - rank.get(data.roles[b].name) || (data.roles[b].score ?? 0) - (data.roles[a].score ?? 0));
}

/** The roles that occur, most frequent first, each with its count, set into lines of the given width. */
function roleLines(data, width) {
  const out = [[]];
  let x = 0;
  const dense = data.roles.length > 36;
  for (const role of kindsOf(data)) {
    const text = `${role.name}${dense && role.short ? ` (${role.short})` : ""} `;
    const w = measure(text + role.count, 12, false) + 24;
    if (x + w > width && x) { out.push([]); x = 0; }
    out.at(-1).push({ ...role, text, x, w });
    x += w;
  }
  return out;
}

/** Heights of a list of tokens: all named where there is room, else those that count most, 13 px apart. */
export function named(count, pitch, first) {
  if (pitch >= 13) return new Set(Array.from({ length: count }, (_, i) => i));
  const out = new Set();
  const apart = Math.ceil(13 / pitch);
  for (const i of [...first, ...Array.from({ length: count }, (_, k) => k)]) {
    let free = true;
    for (const j of out) if (Math.abs(j - i) < apart) { free = false; break; }
    if (free) out.add(i);
  }
  return out;
}

/** Words set into lines of the given width, at most `most` of them. */
export function wrapped(text, room, most) {
  const lines = [""];
  for (const word of text.split(" ")) {
    const longer = lines.at(-1) ? `${lines.at(-1)} ${word}` : word;
    if (measure(longer, 12, false) * 1.02 <= room || !lines.at(-1) || lines.length === most) lines[lines.length - 1] = longer;
    else lines.push(word);
  }
  return lines.map((line) => fit(line, room, 12, false));
}
