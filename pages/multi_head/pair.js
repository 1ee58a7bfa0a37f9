// Query-key: why the row reads what it reads. Its query beside every key, number by number, and their sums.

import { counted } from "../../app/kit/counts.js";
import { MONO, chip, clamp, css, fit, h, heat, heatImage, label, measure, num, visible } from "../../app/kit/shapes.js";
import { colOf, named, weightsOf } from "./layout.js";

function pairPlan(data, local, at) {
  const p = at.panel;
  const S = data.cols.length;
  const longest = Math.max(...data.cols.map((t) => measure(visible(t.text), 13, true)));
  const chips = clamp(longest + 18, 44, at.phone ? 66 : 96);
  const sums = (local.a.bias ? 154 : 108) + (at.phone ? 4 : 60);
  const strip = Math.max(40, (p.w - chips - sums - 34) / 2);
  const top = p.top + 62;
  const bottom = p.bottom - (at.phone ? 62 : 50);
  const pitch = Math.min(34, (bottom - top) / S);
  const k = p.x + chips + 10;
  return { chips, strip, top, pitch, k, product: k + strip + 12, sum: k + 2 * strip + 12, bottom };
}

/** A row of numbers as a strip of coloured cells. */
export function strip(g, values, x, y, w, height, max, frame) {
  return [heatImage(x, y, w, height, heat(values, 1, values.length, (v) => g.signedRgb(v, max))),
    frame && h("rect", { x, y, width: w, height, rx: 3, fill: "none", stroke: css(frame), "stroke-opacity": 0.7 })];
}
export function furthest(values) {
  let max = 0;
  for (const v of values) if (Number.isFinite(v)) max = Math.max(max, Math.abs(v));
  return max || 1;
}
const slice = (values, i) => values.subarray(i * values.shape[1], (i + 1) * values.shape[1]);

export function drawPair(g, data, local, at, row) {
  const q = (local.pairAt = pairPlan(data, local, at));
  const p = at.panel;
  const K = local.a.q.shape[1];
  const S = data.cols.length;
  const col = colOf(data, local);
  const max = { q: furthest(local.a.q), k: furthest(local.a.k) };
  const query = slice(local.a.q, row);
  const products = Array.from({ length: S }, (_, c) => Array.from(slice(local.a.k, c), (v, i) => v * query[i]));
  const most = furthest(products.flat());
  g.part("pair heads", [row], () => {
    const y = p.top + 8;
    return [
      label(q.k - 10, p.top + 32, "query", { anchor: "end", fill: "q-ink", weight: 600 }),
      label(q.k, y, fit(`q of ${visible(data.rows[row].text)} (${row}): what it asks, ${counted(K, "number")}`, 2 * q.strip + 10, 12, false), { fill: "q-ink" }),
      strip(g, query, q.k, p.top + 16, q.strip, 20, max.q, "q"),
      label(q.product, p.top + 32, at.phone ? "× key" : "× each key below, number by number", { fill: "ink3" }),
      label(q.k, p.top + 54, at.phone ? "k" : fit("k: what each token answers", q.strip, 12, false), { fill: "k-ink", weight: 600 }),
      label(q.product, p.top + 54, "q × k", { fill: "ink2", weight: 600 }),
      label(q.sum + 62, p.top + 54, data.factorText ? "scaled" : "sum", { anchor: "end", fill: "ink2", weight: 600 }),
      local.a.bias && label(q.sum + 108, p.top + 54, "bias", { anchor: "end", fill: "ink2", weight: 600 }),
      label(p.x + p.w - 6, p.top + 54, "reads", { anchor: "end", fill: "att-ink", weight: 600 }),
    ];
  });
  g.part("pair rows", [row], () => {
    const tall = Math.max(1, Math.min(24, q.pitch - (q.pitch > 8 ? 4 : 0.5)));
    const weights = weightsOf(data, local, data.block, data.head, row);
    const names = named(S, q.pitch, [...weights.keys()].sort((a, b) => weights[b] - weights[a]));
    return data.cols.map((t, c) => {
      const middle = q.top + (c + 0.5) * q.pitch;
      const hidden = local.a.scaled[row * S + c] === -Infinity || !local.a.allowed[row * S + c];
      const out = [hidden ? null : strip(g, slice(local.a.k, c), q.k, middle - tall / 2, q.strip, tall, max.k, q.pitch > 10 ? "k" : null),
        hidden ? null : strip(g, products[c], q.product, middle - tall / 2, q.strip, tall, most, q.pitch > 10 ? "line" : null)];
      if (!names.has(c)) return out;
      const bar = Math.max(0, p.x + p.w - 44 - q.sum - (local.a.bias ? 112 : 66));
      out.push(hidden ? label(q.k, middle + 4, "later: hidden by the mask", { fill: "ink3" }) : [
        label(q.sum + 62, middle + 4, num(local.a.scaled[row * S + c], 2), { anchor: "end", mono: true, fill: "ink" }),
        local.a.bias && label(q.sum + 108, middle + 4, num(local.a.bias[row * S + c], 2), { anchor: "end", mono: true, fill: "ink2" }),
        h("rect", { x: p.x + p.w - 42 - bar * weights[c], y: middle - 4, width: bar * weights[c], height: 8, fill: css("att"), opacity: 0.6 }),
        label(p.x + p.w - 6, middle + 4, num(weights[c], 2), { anchor: "end", mono: true, fill: "att-ink" })]);
      return out;
    });
  });
  g.part("pair keys", [row, col], () => {
    const weights = weightsOf(data, local, data.block, data.head, row);
    const names = named(S, q.pitch, [col, ...[...weights.keys()].sort((a, b) => weights[b] - weights[a])]);
    return data.cols.map((t, c) => names.has(c) && chip(g, p.x + 0.75, q.top + (c + 0.5) * q.pitch, q.chips - 1.5, t.text, { height: clamp(q.pitch - 3, 13, 22), size: 12, id: t.id, colour: c === col ? "k" : q.pitch < 17 ? "bg" : undefined, faint: t.special || (data.causal && c > row) }));
  });
  g.part("pair sum", [row, col, data.block, data.head], () => drawSum(g, data, local, at, q, row, col, products[col]));
}

/** The pointed pair written out: its largest products, their sum, and what becomes of it. */
function drawSum(g, data, local, at, q, row, col, products) {
  const p = at.panel;
  const S = data.cols.length;
  const y = q.bottom + 8;
  const order = products.map((_, i) => i).sort((a, b) => Math.abs(products[b]) - Math.abs(products[a]));
  const shown = order.slice(0, at.phone ? 3 : 5);
  const sum = products.reduce((a, b) => a + b, 0);
  const rest = sum - shown.reduce((a, i) => a + products[i], 0);
  const scaled = local.a.scaled[row * S + col];
  const hidden = !local.a.allowed[row * S + col];
  const digits = Math.abs(sum) >= 10 ? 1 : 2;
  const terms = shown.map((i) => num(products[i], digits)).join(" + ").replaceAll("+ −", "− ");
  const others = products.length - shown.length;
  const line = `${terms}${others ? ` ${rest < 0 ? "−" : "+"} ${num(Math.abs(rest), digits)} (${counted(others, "other")})` : ""} = ${num(sum, 2)}`;
  const steps = [data.factorText && `${data.factorText} = ${num(scaled, 2)}`, local.a.bias && `bias ${num(local.a.bias[row * S + col], 2)}`,
    hidden ? "hidden by the mask: 0" : `softmax over the row: ${num(local.a.pattern[row * S + col], 3)}`].filter(Boolean);
  return [
    h("rect", { x: p.x + 0.75, y: q.top + col * q.pitch, width: p.w - 1.5, height: Math.max(2, q.pitch), rx: 3, fill: "none", stroke: css("accent"), "stroke-width": 1.5 }),
    h("path", { d: `M${p.x},${y - 4}h${p.w}`, stroke: css("line") }),
    h("text", { x: p.x, y: y + 14, "font-size": 12, fill: css("ink2") }, h("tspan", { fill: css("q-ink") }, "q"), " · ", h("tspan", { fill: css("k-ink") }, "k"), " = ", h("tspan", { "font-family": MONO }, fit(line, p.w - 44, 12, true))),
    label(p.x, y + 32, fit(steps.join(", then "), p.w, 12, false), { fill: "ink2" }),
  ];
}
