// A shift by k as one matrix: it turns every pair of a sinusoidal row by k times the pair's rate, and fits no learned table.

import { counted } from "../../app/kit/counts.js";
import { MONO, css, h, heat, heatImage, inLines, label, num } from "../../app/kit/shapes.js";

function strip(g, x, y, w, tall, values, most) {
  return [heatImage(x, y, w, tall, heat(values, 1, values.length, (v) => g.signedRgb(v, most))), h("rect", { x, y, width: w, height: tall, fill: "none", stroke: css("line") })];
}
export const small = (x) => (x === 0 ? "0" : x >= 0.001 ? num(x, 3) : x.toExponential(1).replace("e-", "e−"));

export function drawShift(g, data, local, box) {
  const { x, y, w } = box;
  const n = data.size;
  const size = Math.min(168, w);
  const title = [label(x, y + 14, "A shift is one matrix", { size: 14, weight: 600, fill: "ink" })];
  const said = inLines(`Row t + ${data.by} of a sinusoidal table is M times row t, the same M for every t: each pair of numbers is turned by ${data.by} × its rate. So a model can ask for “${data.by} before” with one set of weights.`, w, 12);
  said.forEach((line, i) => title.push(label(x, y + 34 + 16 * i, line)));
  const top = y + 48 + 16 * said.length;
  const cell = size / n;
  const lines = [];
  for (let i = 2; i < n; i += 2) lines.push(`M${x + i * cell},${top}v${size}M${x},${top + i * cell}h${size}`);
  const out = [title, heatImage(x, top, size, size, heat(local.matrix, n, n, (v) => g.signedRgb(v, 1))), h("path", { d: lines.join(""), stroke: css("bg") }),
    label(x, top + size + 16, `M: first ${counted(n, "row")} and columns`, { fill: "ink3" })];
  const narrow = w < 700;
  const across = narrow ? 0 : (w - size - 40) / 2; // the tables side by side where there is room
  const [sy, sw] = narrow ? [top + size + 40, w] : [top + 12, across - 30];
  data.tables.forEach((table, k) => {
    const a = local.tables[k];
    const most = Math.max(...a.after.map(Math.abs), ...a.moved.map(Math.abs), 1e-9);
    const [at, sx] = narrow ? [sy + k * 112, x] : [sy, x + size + 40 + k * across];
    const exact = table.error < 1e-6;
    out.push(label(sx, at, table.name, { weight: 600, fill: "ink" }));
    [[`M × row ${table.at}`, a.moved], [`row ${table.at + data.by}`, a.after]].forEach(([name, values], i) => {
      out.push(label(sx, at + 24 + 24 * i, name, { fill: "ink3" }), strip(g, sx + 90, at + 12 + 24 * i, sw - 90, 16, values, most));
    });
    out.push(h("text", { x: sx, y: at + 72, "font-size": 12, fill: css("ink2") }, ["largest difference at ", `${table.rows} positions: `, h("tspan", { "font-family": MONO, "font-weight": 700, fill: css(exact ? "accent" : "ink") }, small(table.error))]),
      label(sx, at + 88, exact ? "rounding: the identity holds" : "no such matrix fits it", { fill: exact ? "accent" : "ink2" }));
  });
  local.shiftEnd = narrow ? sy + 2 * 112 : top + size + 28;
  return out;
}
