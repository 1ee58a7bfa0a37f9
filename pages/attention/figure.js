// One attention head from x to output. The current step is large and carries its numbers, what came before stands to
// its left, what is still to come is pale at its right, and every token keeps its row from the chip to the end.
// A cell, hovered or chosen, is framed back to where it came from and written out below (terms.js).
// layout.js says what stands where; panels.js, frames.js and rail.js draw it; hands.js answers pointer and keys.

import { mount } from "../../app/kit/glass.js";
import { clamp, css, fit, h, html, num, unpack, visible } from "../../app/kit/shapes.js";
import { drawFrames } from "./frames.js";
import { arrows, bindPointer, edit, hide, overEdit, reveal } from "./hands.js";
import { HEAD, MATRICES, RAIL, ROWS, plan, stepId } from "./layout.js";
import {
  drawChips, drawColumns, drawHeads, drawMini, drawPanel, drawPin, flowArrows, hintOf, seen, sharing, sharingLabel,
} from "./panels.js";
import { drawBar, drawNext, drawRail, go, overRail, overRows, play } from "./rail.js";
import { cardOf, drawCard, row } from "./terms.js";

/** Where the number furthest from 0 stands: the cell a learner who has chosen none is shown. */
const largest = (values) => values.reduce((best, v, i) => (Math.abs(v) > Math.abs(values[best]) ? i : best), 0);
export function activeCell(data, local) {
  const id = stepId(data, local);
  const active = { row: local.row, col: local.col, dim: local.dim, keyed: local.keyed, ...(local.hover ?? {}) };
  active.keyed = id === "k" || id === "v" || (id === "turn" && Boolean(active.keyed));
  if (MATRICES[id]) return { ...active, dim: active.dim ?? 0 };
  const values = seen(local, id === "turn" ? (active.keyed ? "tk" : "tq") : id === "sum" ? "z" : id);
  active.dim = active.dim === null ? largest(row(values, active.keyed ? active.col : active.row)) : clamp(active.dim, 0, values.shape[1] - 1);
  return active;
}

const attention = {
  keys: [
    ["arrows", "move the cell"], ["Shift + ← →", "one step back or on; also , and ."], ["Space", "play and pause"],
    ["Enter", "type a new score"], ["Delete", "hide a key: its score becomes −∞"], ["0 … 9", "choose a head"], ["Esc", "up, to the whole machine"],
  ],

  init(data, local) {
    const a = {};
    for (const [name, packed] of Object.entries(data.arrays)) a[name] = unpack(packed);
    const from = (field, last, fallback) => {
      const given = local.sel[field];
      return given === undefined || given < 0 ? fallback : clamp(given, 0, last);
    };
    return {
      a, data, max: {},
      step: from("step", data.steps.length - 1, 0),
      row: from("row", data.rows.length - 1, data.rows.length - 1),
      col: from("col", data.cols.length - 1, data.best),
      dim: local.dim ?? null, scroll: local.scroll ?? null, hover: local.hover ?? null, keyed: local.keyed ?? false,
    };
  },

  selected(g, data, local, change) {
    if ("step" in change) local.entered = performance.now();
    for (const name of ["row", "col", "step"]) if (name in change) local[name] = change[name];
  },

  draw(g, data, local) {
    if (!local.bound) { local.bound = true; bindPointer(g, local); }
    const at = (local.at = plan(g, data, local));
    reveal(local, at);
    const active = activeCell(data, local);
    const wide = at.wide;
    const key = [local.step];
    const now = at.panels.filter((p) => p.phase === "now");
    drawBar(g, data, local);
    g.figure.classList.toggle("att-wide", g.width >= 1000);
    g.part("rail", key, () => drawRail(g, data, local));
    overRail(g, data, local);
    g.part("heads", [local.step, active.row], () => drawHeads(g, data, local, at, active));
    g.part("columns", [local.step, active.col], () => now.filter((p) => MATRICES[p.id]).map((p) => drawColumns(data, at, p, active)));
    const clip = g.part("clip", key, () => h("clipPath", { id: "att-rows" }, h("rect", { x: -4, y: at.top - 3, width: g.width + 8, height: at.shown + 6 })));
    clip.firstChild.firstChild.setAttribute("height", at.shown + 6);
    const window = { "clip-path": "url(#att-rows)" };
    const scrolled = (nodes) => h("g", window, h("g", { transform: `translate(0,${-local.scroll})` }, nodes));
    g.part("chips", [local.step, active.row, active.col, active.keyed, local.scroll], () => scrolled(drawChips(g, data, at, active)));
    g.part("panels", [local.step, local.scroll], () => h("g", { class: performance.now() - (local.entered ?? -1e9) < 100 ? "att-enter" : "" }, scrolled(at.panels.filter((p) => p.id !== "keychips").map((p) => drawPanel(g, local, p)))));
    g.part("minis", key, () => at.minis.map((m) => drawMini(g, data, local, m)));
    if (MATRICES[at.id] || at.id === "sum") g.part("pins", [local.step, active.row, active.col], () => at.minis.map((m) => drawPin(m, active)));
    g.part("arrows", key, () => at.wide && flowArrows(at));
    g.part("frames", [local.step, active, local.scroll], () => {
      const nodes = drawFrames(g, data, local, at, active);
      const wire = at.id === "scores" ? nodes.pop() : null;
      return [scrolled(nodes), wire && h("g", { transform: `translate(0,${-local.scroll})` }, wire)];
    });
    if (at.lines * at.pitch > at.shown) {
      const share = at.shown / (at.lines * at.pitch);
      overRows(g, local, at);
      g.part("thumb", [local.scroll], () => h("rect", { x: at.chips + 3, y: at.top + local.scroll * share, width: 4, height: at.shown * share, rx: 2, fill: css("ink3"), opacity: 0.5 }));
    }
    const base = wide ? Math.max(RAIL + HEAD + ROWS, at.top + at.shown) + 12 : Math.max(...at.minis.map((m) => m.y + m.h)) + 16;
    let height = 0;
    g.part("card", [local.step, active], () => {
      const card = drawCard(g, data, local, at.id, active, base);
      local.cardHeight = card.height;
      return card.nodes;
    });
    height = base + local.cardHeight + 8;
    g.part("next", null, () => drawNext(g, data, height));
    const after = data.next.after ? ` ${fit(visible(data.next.after), 90, 12)}` : "";
    if (data.next.tokens.length) g.door("decoding", { left: -2, top: wide ? height + 1 : height - 12 }, data.next.label + after, "From probabilities to text: greedy, beam, sampling");
    const corner = (key, text, left, width, act) => g.overlay(key, { left, top: wide ? height - 2 : height - 8, width, height: wide ? 28 : 44 },
      () => html("button", { type: "button", class: "gb-button att-corner", click: act }, text));
    const doors = wide ? height + 2 : height + 80;
    g.door("multi_head", { left: wide ? g.width - 132 : -2, top: doors }, "All heads", "Every head of every block side by side");
    g.door("home", { left: wide ? g.width - 56 : 90, top: doors }, "Home", "The whole machine");
    if (!wide) g.part("sharing", null, () => sharingLabel(data, g.width, doors + 15, g.width - 144)); // beside the doors
    if (data.next.changed) corner("reset", "Reset", wide ? g.width - 132 - 70 : g.width - 62, 62, () => g.send("reset", { at: Date.now() }));
    g.height = height + (wide ? 26 : 126);
    overEdit(g, data, local, at);
  },

  key(event, g, data, local) {
    const move = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
    if (event.key === "," || event.key === "." || (event.shiftKey && move?.[0])) go(g, data, local, local.step + (event.key === "," || move?.[0] < 0 ? -1 : 1));
    else if (move) arrows(g, data, local, ...move);
    else if (event.key === " ") play(g, data, local);
    else if (event.key === "Enter") return edit(g, data, local, local);
    else if (event.key === "Delete") return hide(g, local, local);
    else if (event.key === "Escape") g.visit("home");
    else if (/^[0-9]$/.test(event.key) && Number(event.key) < data.nHeads) g.select({ head: Number(event.key) });
    else return false;
    return true;
  },

  describe(data, local) {
    const step = data.steps[local.step];
    const s = attention.state(data, local);
    const where = MATRICES[step.id] ? `row ${s.row} ${visible(data.rows[s.row].text)}, column ${s.col} ${visible(data.cols[s.col].text)}`
      : s.keyed ? `key ${s.col} ${visible(data.cols[s.col].text)}, number ${s.dim}` : `row ${s.row} ${visible(data.rows[s.row].text)}, number ${s.dim}`;
    return `${data.name}, step ${local.step + 1} of ${data.steps.length}: ${step.title}, ${hintOf(data, local, s.row)}. At ${where} the value is ${num(s.value, 3)}. ${s.shared && `${s.shared}. `}` +
      `${data.next.label}${data.next.tokens.length ? ` ${data.next.tokens.slice(0, 3).map((t) => `${visible(t.text)} ${num(t.after, 3)}`).join(", ")}.` : ""}`;
  },

  state(data, local) {
    const id = stepId(data, local);
    const active = activeCell(data, local);
    const card = cardOf(data, local, id, active, false);
    return {
      step: id, steps: data.steps.map((s) => s.id), block: data.block, head: data.head, attention: data.attention,
      row: active.row, col: active.col, dim: active.dim, keyed: active.keyed, value: card.value === -Infinity ? null : card.value,
      sum: card.sum ?? null, terms: card.rows?.[2].values ?? null, others: card.others, rest: card.rest, hover: local.hover !== null,
      playing: Boolean(local.timer), tokens: data.rows.map((t) => t.text), changed: data.next.changed, edits: data.edits,
      shared: sharing(data), blind: data.blind, moved: data.moved, hint: hintOf(data, local, active.row),
      next: data.next.tokens.map(({ text, id, before, after }) => ({ text, id, before, after })),
    };
  },
};

export default mount("attention", attention);
