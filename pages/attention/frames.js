// Where the active cell comes from: its query row, its key column, itself, and the wires back to q and k.

import { css, h, wire } from "../../app/kit/shapes.js";
import { FRAME, INK, MATRICES, RAIL } from "./layout.js";

const box = (x, y, w, height, colour, width = 2, o = {}) => h("rect", { x, y, width: w, height, rx: 4, fill: "none", stroke: css(colour), "stroke-width": width, ...o });
function rowBox(p, r, colour, width = 2, o = {}) {
  const tall = MATRICES[p.id] ? p.pitch : Math.min(p.phase === "now" ? 26 : 22, p.pitch - 5) + 2;
  return box(p.x - 1.5, p.y + r * p.pitch + (p.pitch - tall) / 2, p.w + 3, tall, colour, width, o);
}
function cellBox(p, r, c, colour, width = 3) {
  const cell = p.w / p.cols;
  const tall = MATRICES[p.id] ? p.pitch : Math.min(26, p.pitch - 5) + 2;
  return box(p.x + c * cell, p.y + r * p.pitch + (p.pitch - tall) / 2, Math.max(cell, 3), tall, colour, width);
}

export function drawFrames(g, data, local, at, active) {
  const find = (id) => at.panels.find((p) => p.id === id);
  const now = at.panels.find((p) => p.phase === "now" && (at.id !== "turn" || p.id === (active.keyed ? "tk" : "tq")));
  const [Q, K] = ["tq", "tk"].map((id) => find(id) ?? find(id[1]));
  const out = [];
  const { row, col, dim } = active;
  if (MATRICES[at.id]) {
    const cell = now.w / now.cols;
    if (Q) out.push(rowBox(Q, row, "q", 3));
    if (K) out.push(rowBox(K, col, "k", 3));
    out.push(box(now.x + col * cell, now.y - 1, cell, now.rows * now.pitch + 2, "k"));
    out.push(rowBox(now, row, "q", 2, { fill: css("q"), "fill-opacity": 0.07 }), cellBox(now, row, col, "accent"));
    if (at.id !== "softmax") { // a learner's own scores
      for (const [r, c] of data.edits) out.push(h("rect", { x: now.x + c * cell + 2, y: now.y + r * now.pitch + 2, width: Math.max(2, cell - 4), height: now.pitch - 4, rx: 4, fill: "none", stroke: css("accent"), "stroke-width": 1.5, "stroke-dasharray": "3 2" }));
    }
    if (at.id === "scores" && at.wide && Q && K) out.push(wires(at, now, Q, K, row, col, local));
  } else if (at.id === "sum") {
    const weights = find("softmax");
    const values = find("v");
    if (weights) out.push(rowBox(weights, row, "att"));
    if (values) out.push(box(values.x + (dim * values.w) / values.cols - 1, values.y, values.w / values.cols + 2, values.rows * values.pitch, "v"));
    out.push(cellBox(now, row, dim, "accent"));
  } else {
    const from = { q: "x", k: data.cross ? "xk" : "x", v: data.cross ? "xk" : "x", turn: active.keyed ? "k" : "q", out: "z" }[at.id];
    const line = active.keyed ? col : row;
    if (find(from)) out.push(rowBox(find(from), line, INK[now.id] === "ink2" ? "ink3" : FRAME[now.id]));
    out.push(cellBox(now, line, dim, "accent"));
  }
  return out;
}
function wires(at, now, Q, K, row, col, local) {
  const line = (r) => now.y + (r + 0.5) * now.pitch - local.scroll;
  const inside = (y) => y > at.top - 2 && y < at.top + at.shown + 2;
  const cell = now.w / now.cols;
  const parts = [];
  const path = (points, colour) => h("path", { d: wire(points, 8), fill: "none", stroke: css(colour), "stroke-width": 3, "stroke-linejoin": "round" });
  if (inside(line(col))) {
    const lane = K.x + K.w + 6;
    const over = RAIL + 26;
    const end = now.x + (col + 0.5) * cell;
    parts.push(path([[K.x + K.w + 1, line(col)], [lane, line(col)], [lane, over], [end, over], [end, over + 6]], "k"));
  }
  if (inside(line(row))) {
    const low = line(row) + (at.pitch / 2) * 0.92;
    parts.push(path([[Q.x + Q.w + 1, line(row)], [Q.x + Q.w + 6, line(row)], [Q.x + Q.w + 6, low], [now.x - 12, low], [now.x - 12, line(row)], [now.x - 2, line(row)]], "q"));
  }
  return h("g", { transform: `translate(0,${local.scroll})` }, parts);
}
