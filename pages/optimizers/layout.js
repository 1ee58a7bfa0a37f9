// What stands where in the race, how numbers are written, and how an optimizer looks wherever it appears.

import { clamp, inLines, label, num, thousands } from "../../app/kit/shapes.js";

export const LOOKS = {
  sgd: { colour: "ink2", dash: null },
  momentum: { colour: "k-ink", dash: [8, 3] },
  adam: { colour: "accent", dash: null },
  adamw: { colour: "v-ink", dash: [2, 3] },
  muon: { colour: "q-ink", dash: [8, 3, 2, 3] },
};
const DEEP = 521; // the height of the picture on a wide screen
const ROW = 27; // of one optimizer

/** Four figures of a number, whatever its size: 0.1234, 12.34, 1.23e−5. */
export function sig(x, figures = 4) {
  if (!Number.isFinite(x)) return num(x);
  if (x === 0) return "0";
  const size = Math.abs(x);
  if (size < 1e5 && size >= 10 ** figures) return thousands(Math.round(size)).replace(/^/, x < 0 ? "−" : "");
  const text = size >= 1e5 || size < 1e-3 ? x.toExponential(figures - 2).replace("e+", "e") : x.toPrecision(figures);
  return text.replace(/-/g, "−");
}
/** A setting as it was set, without trailing zeros. */
export const set = (x) => (x !== 0 && (Math.abs(x) < 1e-3 || Math.abs(x) >= 1e5) ? sig(x, 3).replace(/\.0+e/, "e") : String(Number(x.toPrecision(5))).replace("-", "−"));
/** In a product or a sum a negative number stands in brackets. */
export const factor = (text) => (text.startsWith("−") ? `(${text})` : text);

const RAISED = "⁰¹²³⁴⁵⁶⁷⁸⁹";
export const power = (n) => [...String(n)].map((d) => RAISED[d]).join("");

export function plan(g) {
  const phone = g.width < 760;
  const wide = phone ? g.width : Math.min(598, Math.round(g.width * 0.563));
  const map = { x: 0, y: 0, w: wide, h: Math.round(wide * 0.75) };
  const slider = { x: 0, y: map.h + 6, w: wide, h: phone ? 44 : 20 };
  const side = phone ? { x: 0, y: slider.y + slider.h + 34, w: g.width } : { x: wide + 26, y: 0, w: g.width - wide - 26 };
  const row = phone ? 46 : ROW;
  const rows = { ...side, y: side.y + (phone ? 70 : 60), row };
  const chart = { x: side.x, y: rows.y + 5 * row + (phone ? 56 : 32), w: side.w, h: 70 };
  const numbers = { x: side.x, y: chart.y + chart.h + 34, w: side.w };
  const strip = phone ? { x: 0, y: numbers.y + 196, w: g.width } : { x: 0, y: DEEP - 26, w: g.width };
  return { phone, map, slider, side, rows, chart, numbers, strip, height: phone ? strip.y + 60 : DEEP };
}

/** From the surface's coordinates to pixels of the map and back. */
export function scaleOf(box, map) {
  const [left, right, low, high] = box;
  return {
    x: (v) => map.x + ((v - left) / (right - left)) * map.w,
    y: (v) => map.y + ((high - v) / (high - low)) * map.h,
    back: (px, py) => [left + ((px - map.x) / map.w) * (right - left), high - ((py - map.y) / map.h) * (high - low)],
  };
}
/** Within a picture's reach, so that a point far away does not break a path. */
export const near = (px) => clamp(Number.isFinite(px) ? px : 1e4, -4000, 5000);

/** The step that is shown: being dragged or played, chosen, or the last. */
export function lapOf(data, local) {
  const at = local.lap ?? local.sel.lap ?? -1;
  return at < 0 || at > data.steps ? data.steps : at;
}
export const trackOf = (local, id) => local.tracks.find((track) => track.id === id);
/** The optimizer whose numbers are written out: the chosen one, or the first that takes part. */
export function racerOf(local) {
  return trackOf(local, local.sel.racer) ?? local.tracks[0] ?? null;
}
/** Who takes part by the last word of the hand: its track may still be on its way. */
export const takes = (data, local, id) => {
  const said = (local.sel.racers ?? "").trim();
  return said ? said.split(/\s+/).includes(id) : data.kinds.some((kind) => kind.id === id);
};
/** Where the race begins by the last word of the hand: the race from there may still be on its way. */
export function startOf(data, local) {
  const said = (local.sel.start ?? "").trim().split(/\s+/).map(Number);
  return said.length === 2 && said.every(Number.isFinite) ? said : data.start;
}

/** Words in lines of at most `room` pixels. */
export const paragraph = (x, y, text, room, o = {}) => inLines(text, room, o.size ?? 12).map((line, i) => label(x, y + i * (o.line ?? 16), line, o));
