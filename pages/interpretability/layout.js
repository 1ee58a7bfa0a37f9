// What stands where, which cell is chosen, and the steps of the telling.

import { clamp } from "../../app/kit/shapes.js";

export const STEPS = ["Two texts", "Lens", "Attribution", "One patch", "Every place", "Every head", "The whole picture"];
export const SIGHTS = ["lens", "stream", "attention", "cross", "mlp", "heads", "parts"];
export const SITE = { stream: "Stream", attention: "Attention", cross: "Cross-attention", mlp: "MLP" };
export const SITE_INK = { stream: "ink", attention: "att-ink", cross: "att-ink", mlp: "mlp-ink" };
export const COLOUR = { embedding: "res", position: "res", "token type": "res", attention: "att", "cross-attention": "att", mlp: "mlp", biases: "ink3" };
export const stepNow = (local) => local.steps.of(local);
export const depthName = (data, tier) => (tier ? `after block ${tier - 1}` : "at the embedding");
export const headName = (data, block, head) => `L${block}${data.mark}${head}`;

export function plan(g, data) {
  const phone = g.width < 860;
  const most = Math.max(data.rows.length, data.tokens.length);
  const pitch = phone ? clamp(Math.floor(420 / most), 17, 24) : clamp(Math.floor(262 / most), 13, 21);
  return phone ? phonePlan(g, data, pitch) : widePlan(g, data, pitch);
}

function widePlan(g, data, pitch) {
  const [L, W] = [data.blocks, g.width];
  const top = 50;
  const rail = { x: 0, w: data.one ? 134 : 84, lens: true };
  const depths = data.lens ? data.lens.ids.length : 0;
  const lens = { x: rail.x + rail.w + 8, y: top, w: depths ? Math.round(clamp(depths * 60, 150, W * 0.3)) : 0, cols: depths, rows: data.tokens.length, pitch };
  let x = lens.x + lens.w + 24;
  const second = data.one ? null : { x, w: 128 };
  if (second) x += second.w + 8;
  const gap = 16;
  const each = (W - 1 - x - gap * (data.sites.length - 1)) / data.sites.length;
  const sites = Object.fromEntries(data.sites.map((site, i) => [site, { x: x + i * (each + gap), y: top, w: each, cols: L, rows: data.rows.length, pitch }]));
  const tall = Math.max(data.rows.length, data.tokens.length) * pitch;
  const band = top + tall + 20;
  const parts = { x: 0, y: band, w: lens.x + lens.w, h: 112 };
  const right = lens.x + lens.w + 24;
  const third = (W - right - 32) / 3;
  const cell = clamp(92 / Math.max(1, L), 5, 23);
  const head = (i) => ({ x: right + i * (third + 16), y: band + 34, w: third - 26, cols: data.heads, rows: L, pitch: cell });
  const below = Math.max(parts.h + 6, 40 + L * cell);
  return {
    phone: false, pitch, top, rail, second, lens, sites, parts, direct: head(0), patched: head(1), neurons: { x: right + 2 * (third + 16), y: band, w: third },
    card: { x: 0, y: band + below + 24, w: W }, height: band + below + 24 + 28,
  };
}

function phonePlan(g, data, pitch) {
  const [L, W] = [data.blocks, g.width - 1]; // the frame's last line
  const rail = { x: 0, w: 66, lens: true };
  const top = 66;
  const depths = data.lens ? data.lens.ids.length : 0;
  const lens = { x: rail.w + 6, y: top, w: W - rail.w - 6, cols: depths, rows: data.tokens.length, pitch };
  let y = top + data.tokens.length * pitch + 30;
  const second = { x: 0, w: 66 };
  const sites = {};
  for (let i = 0; i < data.sites.length; i += 2) {
    const pair = data.sites.slice(i, i + 2);
    const each = (W - second.w - 6 - 14 * (pair.length - 1)) / Math.max(2, pair.length);
    pair.forEach((site, k) => (sites[site] = { x: second.w + 6 + k * (each + 14), y: y + 44, w: each, cols: L, rows: data.rows.length, pitch }));
    y += 44 + data.rows.length * pitch + 18;
  }
  const parts = { x: 0, y, w: W, h: 130 };
  y += 150;
  const cell = clamp(110 / Math.max(1, L), 6, 26);
  const half = (W - 14) / 2;
  const head = (i) => ({ x: i * (half + 14), y: y + 50, w: half - 24, cols: data.heads, rows: L, pitch: cell });
  const places = [head(0), head(1)];
  y += 50 + L * cell + 24;
  const neurons = { x: 0, y, w: W };
  y += 138;
  return { phone: true, pitch, top, rail, second, lens, sites, parts, direct: places[0], patched: places[1], neurons, card: { x: 0, y, w: W }, height: y + 112 };
}

export const colWidth = (box) => box.w / Math.max(1, box.cols);

/** The map of a site so far, or null; of its blocks those of `data.patched` are. */
export const mapOf = (data, local, site) => local.maps[site] ?? null;
const isPatched = (data, site, tier) => data.patched[site]?.includes(tier) ?? false;
/** The patched block nearest to one, the earlier of two; -1: none is. */
export const nearest = (data, site, tier) => (data.patched[site] ?? []).reduce((best, one) => (best < 0 || Math.abs(one - tier) < Math.abs(best - tier) ? one : best), -1);

/** The chosen cell: {sight, row, tier, block, head, line}. Where nothing was chosen, the strongest there is. */
export function chosenOf(data, local) {
  const { sight, row, tier, block, head } = local.sel;
  let kind = SIGHTS.includes(sight) ? sight : "stream";
  if (kind === "lens" && !data.lens) kind = "parts";
  if (kind in SITE && !data.sites.includes(kind)) kind = "stream";
  if (kind in SITE && (data.why || !data.blocks)) kind = data.lens ? "lens" : "parts";
  if (kind === "heads" && !data.blocks) kind = "parts";
  if (kind === "lens") return { sight: kind, row: row >= 0 ? Math.min(row, data.tokens.length - 1) : data.row, tier: tier >= 0 ? Math.min(tier, data.lens.ids.length - 1) : data.lens.ids.length - 1 };
  if (kind === "heads") return { sight: kind, block: clamp(block, 0, data.blocks - 1), head: clamp(head, 0, data.heads - 1), row: patchRow(data, row) };
  if (kind === "parts") return { sight: kind, line: tier >= 0 ? Math.min(tier, data.parts.lines.length - 1) : loudestLine(data) };
  const best = bestOf(data, local, kind);
  return { sight: kind, row: row >= 0 ? patchRow(data, row) : best.row, tier: tier >= 0 ? Math.min(tier, data.blocks - 1) : best.tier };
}
export const patchRow = (data, row) => (row >= 0 ? Math.min(row, data.rows.length - 1) : data.best?.row ?? data.rows.length - 1);
export function loudestLine(data) {
  return data.parts.lines.reduce((best, line, i, all) => (Math.abs(line.value) > Math.abs(all[best].value) ? i : best), 0);
}
export function bestOf(data, local, site) {
  if (site === "stream" && data.best) return data.best;
  const map = mapOf(data, local, site);
  if (!map) return { row: data.rows.length - 1, tier: 0 };
  let at = data.patched[site][0] * data.rows.length;
  for (let i = 0; i < map.length; i++) if (isPatched(data, site, Math.floor(i / data.rows.length)) && (Math.abs(map[i]) > Math.abs(map[at]) || Number.isNaN(map[at]))) at = i;
  return { row: at % data.rows.length, tier: Math.floor(at / data.rows.length) };
}
export const patchValue = (data, local, site, tier, row) => (isPatched(data, site, tier) ? local.maps[site][tier * data.rows.length + row] : undefined);
/** One head's patch: at all positions, or at the chosen one. */
export function headValue(data, local, block, head, row) {
  if (local.sel.extent === "here") return isPatched(data, "heads", block) ? local.maps.heads[(block * data.heads + head) * data.rows.length + row] : undefined;
  return isPatched(data, "head", block) ? local.maps.head[block * data.heads + head] : undefined;
}
/** From which depth on the answer is the first token of its row, or -1. */
export function knownFrom(data, row) {
  const ranks = data.lens?.rank.map((line) => line[row]) ?? [];
  let from = ranks.length;
  while (from > 0 && ranks[from - 1] === 0) from--;
  return from < ranks.length ? from : -1;
}
