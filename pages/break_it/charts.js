// Small charts of what a model is block by block, whole and without a part, and text that wraps.

import { clamp, css, fit, h, inLines, label, measure, num, thousands } from "../../app/kit/shapes.js";

export const WHOLE = "ink2"; // the whole model's colour, and its dash where lines cross
export const WITHOUT = "accent";

/** A paragraph and its height. */
export function lines(x, y, text, room, o = {}) {
  const rows = inLines(text, room);
  return { nodes: rows.map((row, i) => label(x, y + 16 * i, row, o)), height: 16 * rows.length };
}

/** Two digits that say the size: 0.97, 12, 3.2e−9. */
export function sized(v) {
  if (v === null || v === undefined || !Number.isFinite(v)) return "overflow";
  const size = Math.abs(v);
  if (size >= 0.01 && size < 10) return num(v, 2);
  if (size >= 10 && size < 1000) return num(v, size < 100 ? 1 : 0);
  if (v === 0) return "0";
  const [mantissa, power] = v.toExponential(1).split("e");
  return `${mantissa.replace("-", "−")}e${power.replace("-", "−").replace("+", "")}`;
}

/** Bounds of a chart: of all finite values, on a logarithm where they differ more than tenfold. */
function scaleOf(series, log, zero) {
  const values = series.flat().filter((v) => Number.isFinite(v) && v !== null && (!log || v > 0));
  if (!values.length) return { low: 0, high: 1, at: () => 0.5 };
  let [low, high] = [zero ? Math.min(0, ...values) : Math.min(...values), Math.max(...values)];
  if (log) {
    [low, high] = [Math.log10(low), Math.log10(high)];
    const spare = Math.max(0.15, (high - low) * 0.08);
    return { low: low - spare, high: high + spare, at: (v) => (Math.log10(Math.max(v, 1e-45)) - low + spare) / (high - low + 2 * spare) };
  }
  const spare = (high - low || Math.abs(high) || 1) * 0.1;
  low = zero ? low : low - spare;
  high += spare;
  return { low, high, at: (v) => (v - low) / (high - low || 1) };
}

/** Up to four powers of ten, where a chart spans more than two of them. */
function powersOf(scale) {
  const [from, to] = [Math.ceil(scale.low), Math.floor(scale.high)];
  if (to - from < 2) return [];
  const step = Math.ceil((to - from) / 3);
  return Array.from({ length: Math.floor((to - from) / step) + 1 }, (_, i) => to - i * step);
}
const powerName = (power) => (power >= 0 && power < 4 ? thousands(10 ** power) : `1e${num(power, 0)}`);

/** One measure by block: grey the whole, accent without the part. chart: {name, hint, log, zero, names, whole, without}. */
export function drawDepth(g, box, chart) {
  const { x, y, w, h: tall } = box;
  const { names, whole, without } = chart;
  const series = [[whole, WHOLE], [without, WITHOUT]].filter(([values]) => values);
  const scale = scaleOf(series.map(([values]) => values), chart.log, chart.zero);
  const powers = chart.log ? powersOf(scale) : [];
  const widest = (texts) => Math.max(0, ...texts.map((text) => measure(text, 12, true)));
  const side = 8 + 1.04 * widest(series.map(([values]) => sized(values.at(-1)))); // bold is a little wider
  const [top, bottom, left, right] = [y + 40, y + tall - 18, x + (powers.length ? 10 + widest(powers.map(powerName)) : 4), x + w - side];
  const n = Math.max(names.length, 1);
  const X = (i) => (n === 1 ? (left + right) / 2 : left + ((right - left) * i) / (n - 1));
  const Y = (v) => clamp(bottom - (bottom - top) * scale.at(v), top, bottom);
  // Of two stacks the first and the last block have long names: they are cut where both do not stand beside each other.
  const tight = n > 1 && widest([names[0]]) + widest([names[n - 1]]) + 12 > right - left;
  const [short, last] = [names[0], names[n - 1]].map((name) => (tight ? name?.replace(/^(enc|dec)oder/, "$1") : name));
  const first = tight && widest([short]) + widest([last]) + 12 > right - left ? short.split(" ")[0] : short;
  const room = right - left - widest([first]) - widest([last]);
  const line = (values) => {
    let pen = "M";
    return values.map((v, i) => { // a value that is no number interrupts the line
      if (v === null || !Number.isFinite(v)) { pen = "M"; return ""; }
      const out = `${pen}${X(i).toFixed(1)},${Y(v).toFixed(1)}`;
      pen = "L";
      return out;
    }).join("");
  };
  const ends = series.map(([values, colour]) => {
    const last = values.length - 1;
    const good = Number.isFinite(values[last]) && values[last] !== null;
    return { text: sized(values[last]), y: good ? Y(values[last]) : top, colour };
  });
  if (ends.length > 1 && Math.abs(ends[0].y - ends[1].y) < 14) {
    const mid = clamp((ends[0].y + ends[1].y) / 2, top + 7, bottom - 7);
    const up = ends[0].y <= ends[1].y ? 0 : 1;
    ends[up].y = mid - 7;
    ends[1 - up].y = mid + 7;
  }
  const out = [
    label(x, y + 12, chart.name, { weight: 600, fill: "ink" }), label(x, y + 28, fit(chart.hint, w, 12, false), { fill: "ink3" }),
    h("path", { d: `M${left},${bottom + 4}H${right}`, stroke: css("line") }), powers.map((power) => [
      h("path", { d: `M${left},${Y(10 ** power)}H${right}`, stroke: css("line"), "stroke-dasharray": "2 3" }),
      label(left - 6, Y(10 ** power) + 4, powerName(power), { anchor: "end", fill: "ink3", mono: true }),
    ]),
    label(X(0), y + tall - 2, n === 1 ? `block ${names[0]}` : first, { fill: "ink3", anchor: n === 1 ? "middle" : "start", mono: true }),
    n > 1 && label(right, y + tall - 2, last, { fill: "ink3", anchor: "end", mono: true }),
    n > 1 && room > 1.5 * measure("block", 12) && label((left + right) / 2, y + tall - 2, "block", { fill: "ink3", anchor: "middle" }),
    whole && h("path", { d: line(whole), fill: "none", stroke: css(WHOLE), "stroke-width": 2 }),
    without && h("path", { d: line(without), fill: "none", stroke: css(WITHOUT), "stroke-width": 2, "stroke-dasharray": "6 3" }),
    ends.map((end) => label(right + 6, end.y + 4, end.text, { fill: end.colour, mono: true, weight: end.colour === WITHOUT ? 600 : 400 })),
  ];
  const wide = n === 1 ? right - left : (right - left) / (n - 1);
  names.forEach((name, i) => {
    const at = series.filter(([values]) => values[i] !== null && Number.isFinite(values[i]));
    at.forEach(([values, colour]) => out.push(h(colour === WHOLE ? "circle" : "rect", colour === WHOLE
      ? { cx: X(i), cy: Y(values[i]), r: 3, fill: css(colour) }
      : { x: X(i) - 3, y: Y(values[i]) - 3, width: 6, height: 6, fill: css(colour) })));
    out.push(g.tip(h("rect", { x: X(i) - wide / 2, y: y + 30, width: wide, height: tall - 30, fill: "transparent" }),
      `${chart.name}, block ${name}${chart.unit ? `\n${chart.unit}` : ""}\nwhole ${sized(whole?.[i])}${without ? `\n${chart.second} ${sized(without[i])}` : ""}`));
  });
  return out;
}

/** Findings one under the other, a mark before each; returns what it drew and how high it got. */
export function drawFindings(x, y, room, title, findings, cost, most) {
  const out = [label(x, y + 12, title, { weight: 600, fill: "ink" })];
  let at = y + 32;
  for (const text of findings) {
    const block = lines(x + 12, at, text, room - 12, { fill: "ink" });
    if (at + block.height > y + most && at > y + 40) break;
    out.push(h("path", { d: `M${x + 2},${at - 10}v${block.height - 6}`, stroke: css(WITHOUT), "stroke-width": 3 }), block.nodes);
    at += block.height + 6;
  }
  const rest = lines(x, at, cost, room);
  out.push(rest.nodes);
  return { nodes: out, bottom: at + rest.height };
}
