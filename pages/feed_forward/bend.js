// The activation as a curve, with every neuron of the followed token as a dot on it, and the whole text below.

import { clamp, css, fit, h, label, thousands } from "../../app/kit/shapes.js";
import { short } from "./layout.js";

const BINS = 40; // pixels of the text's histogram

/** Round numbers inside [low, high], about `count` of them. */
function roundNumbers(low, high, count = 4) {
  const raw = (high - low) / count;
  const power = 10 ** Math.floor(Math.log10(raw));
  const step = power * ([1, 2, 5].find((m) => m * power >= raw) ?? 10);
  const out = [];
  for (let at = Math.ceil(low / step) * step; at <= high; at += step) out.push(Math.abs(at) < step / 1e6 ? 0 : at);
  return out;
}

export function drawBend(g, data, local, box, step) {
  const c = data.curve;
  const a = local.a;
  const [xs, ys] = [a.cx, a.cy];
  const [low, high] = [xs[0], xs[xs.length - 1]];
  const shown = [...ys, ...a.usual];
  const bottom = box.y + box.h - BINS - 20;
  const [least, most] = [Math.min(0, ...shown), Math.max(...shown, 1e-9)];
  const X = (v) => box.x + (box.w * (clamp(v, low, high) - low)) / (high - low || 1);
  const Y = (v) => bottom - ((bottom - box.y) * (clamp(v, least, most) - least)) / (most - least || 1);
  const path = (values) => xs.reduce((d, x, i) => `${d}${i ? "L" : "M"}${X(x).toFixed(1)},${Y(values[i]).toFixed(1)}`, "");
  const one = data.neuron;
  g.part("bend", [box], () => {
    const counts = data.bins.counts;
    const highest = Math.max(...counts, 1);
    const wide = (data.bins.high - data.bins.low) / counts.length;
    const bars = counts.map((count, i) => {
      const [left, right] = [data.bins.low + i * wide, data.bins.low + (i + 1) * wide];
      return right < low || left > high || !count ? "" : `M${X(left).toFixed(1)},${box.y + box.h}v${(-(BINS - 4) * Math.sqrt(count / highest)).toFixed(1)}H${X(right).toFixed(1)}V${box.y + box.h}Z`;
    }).join("");
    return [
      label(box.x, box.y - 32, data.act, { weight: 600, fill: "ink" }), g.tip(label(box.x, box.y - 16, fit(data.formula + (data.gated ? " × 2nd sum" : ""), box.w + 10, 12, true), { mono: true, fill: "ink3" }), `${data.act}: ${data.formula}${data.gated ? " × the neuron’s second sum" : ""}`),
      h("path", { d: `M${box.x},${Y(0)}H${box.x + box.w}M${X(0)},${box.y}V${bottom}`, stroke: css("line") }),
      roundNumbers(low, high).map((v) => label(X(v), bottom + 14, short(v).replace(/\.?0+$/, "") || "0", { anchor: "middle", mono: true, fill: "ink3" })),
      [least, most].filter((v, i) => i || v < -0.02 * most).map((v) => label(box.x - 4, Y(v) + 4, short(v), { anchor: "end", mono: true, fill: "ink3" })),
      h("path", { d: bars, fill: css("res"), opacity: 0.45 }),
      g.tip(h("rect", { x: box.x, y: box.y + box.h - BINS, width: box.w, height: BINS, fill: "transparent" }), `before the bend, in the whole text: ${thousands(counts.reduce((s, v) => s + v, 0))} sums\nthe bars’ heights are the roots of their counts`),
      h("path", { d: path(ys), fill: "none", stroke: css("res"), "stroke-width": 1.5 }),
      c.beside && [h("path", { d: path(a.cb), fill: "none", stroke: css("ink2"), "stroke-width": 1.5, "stroke-dasharray": "5 3" }),
        label(box.x + 6, box.y + 12, `dashed: ${c.beside.name}`, { fill: "ink2" })],
      h("path", { d: Array.from(a.pre, (v, i) => `M${X(v).toFixed(1)},${Y(a.usual[i]).toFixed(1)}h0`).join(""), stroke: css("mlp"), "stroke-width": data.neurons > 1500 ? 2.5 : 4.5, "stroke-linecap": "round", opacity: 0.75 }),
    ];
  });
  const marked = (n) => [X(a.pre[n]), Y(a.usual[n])];
  g.part("bend mark", [local.hover, box], () => {
    const [x, y] = marked(one.number);
    const flip = x > box.x + box.w * 0.6;
    const own = clamp(y + 4, box.y + 10, bottom - 6);
    const other = c.beside ? Y(c.beside.dot) + 4 : 0; // kept apart from the model's own number
    const besideY = Math.abs(other - own) >= 15 ? other : own + (c.beside?.dot > one.post && own > box.y + 24 ? -15 : 15);
    return [
      local.hover !== null && h("circle", { cx: marked(local.hover)[0], cy: marked(local.hover)[1], r: 5, fill: "none", stroke: css("ink"), "stroke-width": 1.5 }),
      h("path", { d: `M${x},${Y(0)}V${y}`, stroke: css("accent"), "stroke-dasharray": "2 3" }),
      c.beside && h("circle", { cx: x, cy: Y(c.beside.dot), r: 5, fill: css("bg"), stroke: css("accent"), "stroke-width": 2 }),
      h("circle", { cx: x, cy: y, r: 6, fill: css("accent"), stroke: css("bg"), "stroke-width": 1.5 }),
      label(x + (flip ? -11 : 11), own, short(one.post), { anchor: flip ? "end" : "start", mono: true, weight: 700, fill: "accent", stroke: css("bg"), "stroke-width": 4, "paint-order": "stroke" }),
      c.beside && label(x + (flip ? -11 : 11), besideY, short(c.beside.dot), { anchor: flip ? "end" : "start", mono: true, fill: "ink2", stroke: css("bg"), "stroke-width": 4, "paint-order": "stroke" }),
    ];
  });
}
