// The table of parts: weights and operations of a pass side by side, each with its bar, and the sum under them.

import { chip, css, fit, h, inLines, label, measure, num, thousands, visible } from "../../app/kit/shapes.js";
import { exactOf, manyOf, siOf } from "../../app/kit/units.js";
import { nowOf, stepOf } from "./figure.js";

export const TITLES = { embedding: "Embedding", positions: "Positions", attention: "Attention", scores: "Scores", "cross-attention": "Cross-attention", mlp: "MLP", norms: "Norms", head: "Head" };
const HUES = { embedding: "res", positions: "res", attention: "att", scores: "att", "cross-attention": "att", mlp: "mlp", norms: "ink3", head: "ink2" };
const INKS = { attention: "att-ink", scores: "att-ink", "cross-attention": "att-ink", mlp: "mlp-ink" };
const rowHeight = (at) => (at.phone ? 32 : 26);
export const partsHeight = (data, at) => 40 + rowHeight(at) * (data.rows.length + 1) + 8;

export function drawParts(g, data, local, at) {
  const { x, y, w, phone } = at;
  const now = nowOf(data, local);
  const step = stepOf(data, local);
  const row = rowHeight(at);
  const name = phone ? 96 : 112;
  const half = (w - name) / 2;
  const numbers = Math.min(half - 12, 12 + Math.max(...data.rows.map((one) => measure(exactOf(one.weights, siOf(one.weights)), 12, true)), measure(thousands(data.rows.reduce((a, one) => a + one.weights, 0)), 12, true) * 1.08));
  const columns = [
    { title: "Weights", hint: "", values: data.rows.map((one) => one.weights), left: x + name, bar: half - numbers - 14, right: x + name + half - 14, exact: true },
    { title: phone ? "Operations" : "Operations of a pass", hint: `${manyOf(now.batch, "text")} × ${thousands(now.length)}`, values: now.flops, left: x + name + half + 8, bar: half - (phone ? 74 : 84) - 10, right: x + w, exact: false },
  ];
  const part = data.rows.findIndex((one) => one.name === step.focus);
  const known = (k) => part < 0 || k <= part;
  g.part("parts", [at, now.batch, now.length, step.focus], () => [
    label(x, y + 14, "Part", { weight: 600, fill: "ink" }),
    columns.map((c) => [label(c.left, y + 14, c.title, { weight: 600, fill: "ink" }), c.hint && label(c.left, y + 30, fit(c.hint, half, 12, false), { fill: "ink3" })]),
    !phone && label(columns[0].left, y + 30, "each is a number to learn", { fill: "ink3" }),
    data.rows.map((one, k) => {
      const mid = y + 40 + row * k + row / 2;
      const faint = step.focus && (part >= 0 ? k !== part : !["total", "flops"].includes(step.focus));
      const drawn = h("g", { class: "gb-hot", "data-row": one.name, opacity: faint ? 0.45 : 1 },
        h("rect", { x: x - 6, y: mid - row / 2, width: w + 12, height: row, rx: 4, fill: css(k === part ? "accent-soft" : "bg") }),
        label(x, mid + 4, TITLES[one.name], { fill: INKS[one.name] ?? "ink", weight: k === part ? 700 : 500 }),
        columns.map((c) => known(k) && drawNumber(c, c.values[k], mid, HUES[one.name], one.name === "scores" ? 0.55 : 1)));
      return known(k) ? g.tip(drawn, partText(columns, one, k)) : drawn;
    }),
    drawTotal(columns, data, { x, y: y + 40 + row * data.rows.length, w, row }, known, part >= 0 ? "so far" : "All"),
  ]);
}

function drawNumber(c, value, mid, hue, opacity) {
  if (!value) return label(c.right, mid + 4, "–", { anchor: "end", fill: "ink3", mono: true });
  const most = Math.max(...c.values, 1);
  const exact = exactOf(value, siOf(value));
  return [h("rect", { x: c.left, y: mid - 5, width: Math.max(1, (c.bar * value) / most), height: 10, rx: 2, fill: css(hue), opacity }),
    label(c.right, mid + 4, c.exact && measure(exact, 12, true) <= c.right - c.left - 20 ? exact : siOf(value, c.exact ? "" : "FLOP"), { anchor: "end", mono: true, fill: "ink" })];
}
function drawTotal(columns, data, { x, y, w, row }, known, name) {
  const mid = y + row / 2 + 2;
  return [h("path", { d: `M${x},${y + 1}H${x + w}`, stroke: css("ink3") }),
    label(x, mid + 4, name, { weight: 700, fill: "ink" }),
    columns.map((c) => {
      const sum = c.values.reduce((a, b, k) => (known(k) ? a + b : a), 0);
      return label(c.right, mid + 4, c.exact ? exactOf(sum, siOf(sum)) : siOf(sum, "FLOP"), { anchor: "end", mono: true, weight: 700, fill: "ink" });
    })];
}

/** A part's numbers whole, and its share of all. */
function partText(columns, one, k) {
  const line = (c, unit) => {
    const all = c.values.reduce((a, b) => a + b, 0);
    const exact = exactOf(c.values[k], siOf(c.values[k]));
    return `${exact} ${unit}${all ? `, ${num((100 * c.values[k]) / all, 1)} % of all` : ""}`;
  };
  return `${TITLES[one.name]}\n${line(columns[0], "weights")}\n${line(columns[1], "FLOP of a pass")}`;
}

/** The step's name and lines, under the table. */
export function storyLines(data, local, w) {
  const step = stepOf(data, local);
  return step.lines.flatMap((line) => inLines(line, w));
}
/** What is counted; texts longer than the model's positions are counted all the same, and that is said. */
function titleOf(data, now) {
  const past = now.length > data.context ? `; its own context ends at ${thousands(data.context)}` : "";
  return `${data.name}${data.changed ? ", resized" : ""}, ${manyOf(now.batch, "text")} of ${manyOf(now.length, "token")}${past}`;
}
export function drawStory(g, data, local, at) {
  const step = stepOf(data, local);
  const lines = storyLines(data, local, at.w);
  g.part("story", [at, step.name], () => [
    label(at.x, at.y + 14, step.focus ? step.name : titleOf(data, nowOf(data, local)), { weight: 600, fill: "ink" }),
    lines.map((line, i) => label(at.x, at.y + 33 + 17 * i, line, { fill: "ink2" })),
  ]);
}

/** The learner's tokens, as many as a row holds: the text that the open model is counted on. */
export function drawTokens(g, data, local, { x, y, w }) {
  const now = nowOf(data, local);
  g.part("tokens", [x, y, w, now.length], () => {
    const widths = data.tokens.map((token) => Math.min(150, 14 + measure(visible(token), 12, true)));
    let [left, shown] = [x, 0];
    const chips = [];
    while (shown < widths.length && left + widths[shown] <= x + w - (shown < widths.length - 1 ? 64 : 0)) {
      chips.push(chip(g, left, y + 12, widths[shown], data.tokens[shown], { height: 22, size: 12, faint: shown >= now.length }));
      left += widths[shown++] + 4;
    }
    return [chips, shown < widths.length && label(left + 4, y + 16, `${thousands(widths.length - shown)} more`, { fill: "ink3" })];
  });
}
