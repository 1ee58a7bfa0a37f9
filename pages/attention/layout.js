// What stands where: the panels of each step and their places, in pixels of the picture.

import { clamp, measure, visible } from "../../app/kit/shapes.js";
import { isDesk, isPhone } from "../../app/kit/widths.js";

/**
 * @import { Stage } from "../../app/kit/glass.js"
 * @import { Data, Local } from "./figure.js"
 *
 * @typedef {"x" | "q" | "k" | "v" | "turn" | "scores" | "scale" | "bias" | "mask" | "softmax" | "sum" | "out"} StepId
 * @typedef {"past" | "now" | "next"} Phase
 *
 * A panel is named after its array ("tq": the turned queries) or its step ("scores"); "keychips" are the tokens that answer.
 * @typedef {{id: string, phase: Phase, x: number, y: number, w: number, pitch: number, rows: number, cols: number}} Panel
 * @typedef {{id: StepId, phase: Phase, x: number, y: number, w: number, h: number, rows: number, cols: number, last: boolean}} Mini
 *   a small map of a matrix
 * @typedef {{past: string[], old?: StepId[], now: string[], coming: StepId[], next: string[]}} Flow
 *
 * Places in pixels of the picture. lines: rows there are; shown: the height of those in view; chips: the tokens' right edge.
 * @typedef {object} Layout
 * @property {StepId} id
 * @property {boolean} wide
 * @property {number} T
 * @property {number} S
 * @property {number} top
 * @property {boolean} slanted
 * @property {number} chips
 * @property {number} pitch
 * @property {number} shown
 * @property {number} lines
 * @property {Panel[]} panels
 * @property {Mini[]} minis
 * @property {Flow} flow
 */

export const RAIL = 42;
export const HEAD = 54;
export const ROWS = 290;
export const CARD = 78;
export const HIDING = 46; // and what its button takes of a phone's
/** The array of each step whose result is a matrix of T rows and S columns. @type {Record<string, string>} */
export const MATRICES = {
  scores: "scores",
  scale: "scaled",
  bias: "biased",
  mask: "masked",
  softmax: "pattern",
};
/** Colours of each panel: its words and its frame. @type {Record<string, string>} */
export const INK = {
  x: "ink2",
  xk: "ink2",
  q: "q-ink",
  k: "k-ink",
  v: "v-ink",
  tq: "q-ink",
  tk: "k-ink",
  z: "att-ink",
  out: "att-ink",
};
/** @type {Record<string, string>} */
export const FRAME = {
  x: "line",
  xk: "line",
  q: "q",
  k: "k",
  v: "v",
  tq: "q",
  tk: "k",
  z: "att",
  out: "att",
};
/** @param {string} id */
export const byKey = (id) => ["xk", "k", "v", "tk", "keychips"].includes(id);

/** @param {Data} data @param {Pick<Local, "step">} local */
export const stepId = (data, local) => data.steps[local.step].id;
/** @param {Data} data */
const matrices = (data) => data.steps.map((s) => s.id).filter((id) => MATRICES[id]);

/**
 * The panels of a step: what is over, what is now, what is to come ("stack": small maps, one above the other).
 * @param {Data} data @param {StepId} id
 */
function order(data, id) {
  const all = matrices(data);
  const turned = data.steps.some((s) => s.id === "turn");
  const [Q, K] = turned ? ["tq", "tk"] : ["q", "k"];
  const keys = data.cross ? ["keychips"] : [];
  const source = data.cross ? ["xk"] : ["x"];
  const end = ["z", "out"];
  const at = all.indexOf(id);
  if (at > 0)
    return {
      past: [Q, ...keys, K, "v", "stack"],
      old: all.slice(0, at),
      now: [id],
      coming: all.slice(at + 1),
      next: at + 1 < all.length ? ["stack", ...end] : end,
    };
  /** @type {Partial<Record<StepId, Flow>>} */
  const flows = {
    x: { past: [], now: ["x"], coming: all, next: ["q", "k", "v", "stack", ...end] },
    q: { past: ["x"], now: ["q"], coming: all, next: ["k", "v", "stack", ...end] },
    k: {
      past: [...keys, ...source, ...(data.cross ? [] : ["q"])],
      now: ["k"],
      coming: all,
      next: ["v", "stack", ...end],
    },
    v: {
      past: [...keys, ...source, ...(data.cross ? [] : ["q"]), "k"],
      now: ["v"],
      coming: all,
      next: ["stack", ...end],
    },
    turn: { past: ["q", ...keys, "k", "v"], now: ["tq", "tk"], coming: all, next: ["stack", ...end] },
    scores: {
      past: ["x", Q, ...keys, K, "v"],
      now: ["scores"],
      coming: all.slice(1),
      next: ["stack", ...end],
    },
    sum: { past: [...keys, "v", "softmax"], now: ["z"], coming: [], next: ["out"] },
    out: { past: ["softmax", "z"], now: ["out"], coming: [], next: [] },
  };
  return /** @type {Flow} */ (flows[id]);
}
/** @param {string} id @param {Phase} phase @param {number} chips */
const wanted = (id, phase, chips) =>
  id === "keychips"
    ? chips
    : id === "x" || id === "xk"
      ? 85
      : id === "stack"
        ? 84
        : phase === "next"
          ? id === "z" || id === "out"
            ? 46
            : 54
          : id === "softmax"
            ? 190
            : 66;

/** The panel of the step itself; where queries and keys turn, one of the two. @type {(at: Layout, keyed?: boolean) => Panel} */
export const panelNow = (at, keyed) =>
  /** @type {Panel} */ (
    at.panels.find((p) => p.phase === "now" && (at.id !== "turn" || p.id === (keyed ? "tk" : "tq")))
  );

/**
 * Whether the column labels have to slant to fit over cells this wide.
 * @param {Data} data @param {number} cell
 */
export const slants = (data, cell) =>
  cell >= 14 && Math.max(...data.cols.map((t) => measure(visible(t.text), 12, true))) > cell - 2;

/**
 * Places every panel: {id, x, w, y, pitch, rows, cols, phase}, in pixels of the picture.
 * @param {Pick<Stage, "width" | "whole">} g @param {Data} data @param {Pick<Local, "step" | "a">} local
 * @returns {Layout}
 */
export function plan(g, data, local) {
  const id = stepId(data, local);
  const wide = !isPhone(g.width); // a phone: one panel, and the small maps below it
  const roomy = isDesk(g.width); // in between: without what x was and what the sum will be
  const T = data.rows.length;
  const S = data.cols.length;
  const longest = Math.max(...[...data.rows, ...data.cols].map((t) => measure(visible(t.text), 13, true)));
  const chips = clamp(longest + 18, 44, wide ? 92 : 64);
  const lines = Math.max(T, data.cross ? S : 0);
  const flow = order(data, id);
  /** @type {(ids: string[], phase: Phase) => [id: string, phase: Phase][]} */
  const during = (ids, phase) => ids.map((p) => [p, phase]);
  const seq = [
    ...during(
      wide
        ? flow.past
        : flow.past.filter((p) => (p === "keychips" && byKey(flow.now[0])) || (id === "sum" && p === "v")),
      "past",
    ),
    ...during(flow.now, "now"),
    ...during(wide ? flow.next : [], "next"),
  ].filter(([p, phase]) => roomy || phase === "now" || !["x", "xk", "z", "out"].includes(p));
  const colsOf = (/** @type {string} */ p) =>
    MATRICES[p] ? S : (local.a[p === "out" ? "result" : p]?.shape[1] ?? 1);
  const gaps = seq.map(([p, phase], i) => {
    const [last, was] = seq[i - 1] ?? ["chips", "past"];
    return !wide ? 8 : phase !== was || p === "stack" || last === "stack" ? 34 : 12;
  });
  if (wide && seq[0][1] === "past" && seq[0][0] !== "stack") gaps[0] = 12;
  const widths = seq.map(([p, phase]) => (phase === "now" ? 0 : wide ? wanted(p, phase, chips) : 40));
  const fixed = chips + [...gaps, ...widths].reduce((x, y) => x + y, 0);
  const rest = Math.max(60, g.width - fixed - 3);
  seq.forEach(([p, phase], i) => {
    if (phase === "now")
      widths[i] = Math.min(rest / flow.now.length, colsOf(p) * (MATRICES[p] ? (S < 7 ? 64 : 48) : 52));
  });
  // The narrowest matrix of all steps decides, so that the rows stand at one height from step to step.
  const least = g.width - chips - (roomy ? 645 : 405) - (data.cross ? chips + 12 : 0);
  const slanted = slants(data, wide ? Math.min(48, least / S) : rest / S);
  const top = RAIL + HEAD + (slanted ? 14 : 0);
  const room = ROWS - (slanted ? 14 : 0);
  const pitch = clamp(Math.floor(room / lines), 18, 46);
  const shown = (g.whole ? lines : Math.min(lines, Math.floor(room / pitch))) * pitch;
  const weights = seq.findIndex(([p, phase]) => p === "softmax" && phase === "past");
  if (weights >= 0 && wide) {
    const left = rest - widths[seq.findIndex(([, phase]) => phase === "now")];
    widths[weights] = Math.min(widths[weights] + left, S * 42);
  }
  /** @type {Panel[]} */
  const panels = [];
  const place = (/** @type {number} */ i, /** @type {number} */ x) => {
    const [p, phase] = seq[i];
    panels.push({ id: p, phase, x, w: widths[i], y: top, pitch, rows: byKey(p) ? S : T, cols: colsOf(p) });
  };
  let x = chips;
  const first = seq.findIndex(([, phase]) => phase === "next");
  const split = first < 0 ? seq.length : first;
  for (let i = 0; i < split; i++) {
    place(i, x + gaps[i]);
    x += gaps[i] + widths[i];
  }
  let right = g.width;
  for (let i = seq.length - 1; i >= split; i--) {
    place(i, right - widths[i]);
    right -= widths[i] + gaps[i];
  }
  return {
    id,
    wide,
    T,
    S,
    top,
    slanted,
    chips,
    pitch,
    shown,
    lines,
    panels: panels.filter((p) => p.id !== "stack"),
    minis: minis(g, data, flow, panels, { wide, top, T, S, shown, hidden: shown < lines * pitch }),
    flow,
  };
}

/**
 * @param {Pick<Stage, "width">} g @param {Data} data @param {Flow} flow @param {Panel[]} panels
 * @param {Pick<Layout, "wide" | "top" | "T" | "S" | "shown"> & {hidden: boolean}} at hidden: some rows are scrolled away
 */
function minis(g, data, flow, panels, { wide, top, T, S, shown, hidden }) {
  /** @type {Mini[]} */
  const out = [];
  /** @type {(ids: StepId[], x: number, phase: Phase) => void} */
  const column = (ids, x, phase) => {
    const room = (RAIL + HEAD + ROWS - top + 22 - 38 * (ids.length - 1)) / Math.max(1, ids.length);
    const unit = Math.min(84 / Math.max(S, T), room / T);
    for (const [i, id] of ids.entries())
      out.push({
        id,
        phase,
        x,
        y: top - 22 + i * (unit * T + 38),
        w: Math.max(8, unit * S),
        h: Math.max(8, unit * T),
        rows: T,
        cols: S,
        last: i === ids.length - 1,
      });
  };
  if (!wide) {
    const ids = matrices(data);
    const unit = Math.min((g.width - 8 * (ids.length - 1)) / ids.length, 64) / Math.max(S, T);
    const step = (g.width - 8 * (ids.length - 1)) / ids.length + 8;
    for (const [i, id] of ids.entries())
      out.push({
        id,
        phase: flow.now.includes(id) ? "now" : flow.coming.includes(id) ? "next" : "past",
        x: i * step,
        y: top + shown + 30 + (hidden ? 16 : 0),
        w: unit * S,
        h: unit * T,
        rows: T,
        cols: S,
        last: true,
      });
    return out;
  }
  const past = panels.find((p) => p.id === "stack" && p.phase === "past");
  const next = panels.find((p) => p.id === "stack" && p.phase === "next");
  if (past) column(flow.old ?? [], past.x, "past");
  if (next) column(flow.coming, next.x, "next");
  return out;
}
