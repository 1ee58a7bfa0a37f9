// The lesson of the fast recipe: what the loss becomes when one part of it is taken away, and how far seeds differ.

import { css, h, inLines, label, measure, num } from "../../app/kit/shapes.js";

function recipePlan(g, data) {
  const phone = g.width < 760;
  const names = phone ? 0 : Math.round(g.width * 0.46);
  const numbers = 118; // the width of both columns of figures
  const room = phone ? g.width : names - 24;
  const lows = [data.full, ...data.rows].map((row) => row.low);
  const highs = [data.full, ...data.rows].map((row) => row.high);
  const spare = 0.03 * (Math.max(...highs) - Math.min(...lows) || 0.1);
  const [low, high] = [Math.min(...lows) - spare, Math.max(...highs) + spare];
  const [left, right] = [names, g.width - numbers];
  let y = 44;
  const rows = data.rows.map((row) => {
    // What stands in a part's place goes on in the line of its name where it fits, else below it.
    const beside = measure(row.removed, 12, false) * 1.08 + 10;
    const one = beside + measure(row.what, 12, false) <= room;
    const lines = one ? [row.what] : inLines(row.what, room);
    const top = y;
    y += (one ? 24 : 24 + 16 * lines.length) + (phone ? 22 : 0);
    return { row, x: one ? beside : 0, below: one ? 0 : 1, lines, top, mid: phone ? top + 16 + (one ? 0 : 16 * lines.length) : top - 4 };
  });
  return { phone, rows, end: y, X: (v) => left + ((right - left) * (v - low)) / (high - low) };
}

/** Lowest to highest of the seeds, as a line with ends; nothing where there was but one. */
const spreadLine = (X, { low, high }, mid) => (high > low
  ? h("path", { d: `M${X(low)},${mid}H${X(high)}M${X(low)},${mid - 4}v8M${X(high)},${mid - 4}v8`, stroke: css("ink"), "stroke-width": 1.5 }) : null);
const fromTo = ({ low, high }) => (high > low ? `, from ${num(low, 3)} to ${num(high, 3)}` : "");

function drawRecipeRow(g, data, at, { row, x, below, lines, top, mid }) {
  const { X, phone } = at;
  const [a, b] = [X(data.full.loss), X(row.loss)];
  const node = h("g", { "data-removed": row.removed },
    label(0, top, row.removed, { weight: 600, fill: "ink" }), lines.map((line, k) => label(x, top + 16 * below * (k + 1), line, { fill: "ink3" })),
    h("rect", { x: Math.min(a, b), y: mid - 6, width: Math.max(1.5, Math.abs(b - a)), height: 12, rx: 2, fill: css("res"), opacity: row.unclear ? 0.4 : 1 }),
    phone && h("path", { d: `M${a},${mid - 10}v20`, stroke: css("accent"), "stroke-width": 1.5 }),
    spreadLine(X, row, mid),
    label(g.width - 54, mid + 4, num(row.loss, 3), { mono: true, anchor: "end", fill: "ink", weight: 600 }),
    label(g.width, mid + 4, `× ${num(row.step_time, 2)}`, { mono: true, anchor: "end", fill: "ink2" }));
  return g.tip(node, `without ${row.removed}: ${num(row.loss, 3)}${fromTo(row)}\nthe whole recipe: ${num(data.full.loss, 3)}${fromTo(data.full)}\na step takes ${num(row.step_time, 2)} times as long`);
}

export const recipeFigure = {
  draw(g, data) {
    const at = recipePlan(g, data);
    const { phone, rows, end, X } = at;
    const here = X(data.full.loss);
    let y = end + 14;
    const about = data.about.map((text) => {
      const lines = inLines(text, Math.min(g.width, 1000)).map((line) => ({ line, y: (y += 16) - 16 }));
      y += 6;
      return lines;
    });
    g.height = y;
    g.part("recipe", [g.width], () => [
      label(0, 14, "Without …", { weight: 600, fill: "ink", size: 14 }), !phone && label(86, 14, "and what stood in its place", { fill: "ink3" }),
      label(phone ? g.width - 118 : here, 14, `the whole recipe: ${num(data.full.loss, 3)}`, { fill: "accent", weight: 600, anchor: phone ? "end" : "start" }),
      label(g.width - 54, 14, "loss", { anchor: "end", fill: "ink3" }), label(g.width, 14, "a step", { anchor: "end", fill: "ink3" }),
      !phone && data.full.high > data.full.low && h("rect", { x: X(data.full.low), y: 24, width: X(data.full.high) - X(data.full.low), height: end - 30, fill: css("accent-soft") }),
      !phone && h("path", { d: `M${here},24V${end - 6}`, stroke: css("accent"), "stroke-width": 1.5 }),
      rows.map((one) => drawRecipeRow(g, data, at, one)),
      about.flat().map((one) => label(0, one.y, one.line, { fill: "ink3" })),
    ]);
  },
  describe(data) {
    return `Held-out loss of the fast recipe ${num(data.full.loss, 3)}${fromTo(data.full)}; ${data.rows.map((row) => `without ${row.removed} ${num(row.loss, 3)}${fromTo(row)}`).join("; ")}. ${data.about.join(" ")}`;
  },
  state(data) {
    return { full: data.full.loss, rows: data.rows.map((row) => [row.removed, row.loss, row.step_time]), unclear: data.rows.filter((row) => row.unclear).map((row) => row.removed) };
  },
};
