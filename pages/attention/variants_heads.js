// Heads that share keys and values: query heads above, what they read below, and what sharing costs this model.

import { counted } from "../../app/kit/counts.js";
import { clamp, css, fit, h, inLines, label, measure, num, thousands } from "../../app/kit/shapes.js";
import { predictions, word } from "./variants_masks.js";

const tallRow = (w) => (w < 520 ? 262 : 112);

/** One way: H query heads, joined by lines to the heads of keys and values that they read. */
function wiring(x, y, w, heads, kv) {
  const step = Math.min(30, w / heads);
  const size = clamp(step - 4, 3, 18);
  const half = Math.min(size, (step - 4) / 2); // a key beside its value
  const group = heads / kv;
  const top = (i) => x + (i + 0.5) * step;
  const low = (k) => top(k * group) + ((group - 1) * step) / 2;
  const parts = [];
  for (let i = 0; i < heads; i++) {
    const k = Math.floor(i / group);
    parts.push(h("path", { d: `M${top(i)},${y + size}L${low(k)},${y + 52}`, stroke: css("ink3"), "stroke-width": 1.2 }),
      h("rect", { x: top(i) - size / 2, y, width: size, height: size, rx: 3, fill: css("q") }));
  }
  for (let k = 0; k < kv; k++) {
    parts.push(h("rect", { x: low(k) - half, y: y + 52, width: half - 0.5, height: size, rx: 2, fill: css("k") }),
      h("rect", { x: low(k) + 0.5, y: y + 52, width: half - 0.5, height: size, rx: 2, fill: css("v") }));
  }
  return parts;
}
export const bytes = (n) => (n < 1024 ? `${n} bytes` : n < 1024 ** 2 ? `${num(n / 1024, n < 10240 ? 1 : 0)} KB` : n < 1024 ** 3 ? `${num(n / 1024 ** 2, n < 10 * 1024 ** 2 ? 1 : 0)} MB` : `${num(n / 1024 ** 3, 1)} GB`);
const plural = (n, one) => `${n} ${one}${n === 1 ? "" : "s"}`;
const capital = (text) => text.replace(/^./, (c) => c.toUpperCase());

export function headsHeight(data, w) {
  return 58 + data.shared.length * tallRow(w) + 44;
}

export function drawShared(g, data, at) {
  const { x, y, w } = at;
  const narrow = w < 520;
  const own = data.shared.find((one) => one.own);
  const names = own ? 1.08 * (measure(capital(own.name), 12, false) + measure("this model’s", 12, false)) + 8 : 0;
  const lead = narrow ? w : Math.max(150, Math.ceil(names) - 12);
  const most = Math.max(...data.shared.map((one) => one.full));
  const worst = Math.max(...data.shared.flatMap((one) => [one.loss ?? 0, one.stories ?? 0]), 1e-9);
  const about = inLines("Fewer heads of keys and values make a smaller cache. Here each group’s were replaced by their mean; a model meant for it is trained so.", w);
  const from = y + 42 + 16 * about.length;
  const parts = [
    label(x, y + 14, "Heads that share keys", { size: 14, weight: 600, fill: "ink" }),
    about.map((line, i) => label(x, y + 34 + 16 * i, line, { fill: "ink3" })),
  ];
  const columns = narrow ? [0, w / 2] : [lead + 24, lead + 24 + (w - lead - 24) * 0.36, lead + 24 + (w - lead - 24) * 0.7];
  const room = narrow ? w / 2 - 16 : (w - lead - 24) * 0.3;
  data.shared.forEach((one, i) => {
    const top = from + i * tallRow(w);
    const said = `${plural(data.heads, "query head")}, ${one.kv} of keys and values`;
    parts.push(
      i > 0 && h("path", { d: `M${x},${top - 12.5}h${w}`, stroke: css("line") }),
      label(x, top + 4, capital(one.name), { weight: 600, fill: "ink" }),
      one.own && label(x + measure(capital(one.name), 12, false) * 1.08 + 8, top + 4, "this model’s", { fill: "accent" }),
      wiring(x, top + 16, narrow ? Math.min(w, 240) : lead, data.heads, one.kv),
    );
    const low = narrow ? top + 100 : top;
    const [cache, next, loss] = narrow ? [x, x + columns[1], x] : columns.map((c) => x + c);
    parts.push(
      label(cache, low + 4, "Keys and values", { weight: 600 }),
      label(cache, low + 24, `your text ${bytes(one.bytes)}`, { mono: false, fill: "ink" }),
      label(cache, low + 42, `${counted(data.context, "token")} ${bytes(one.full)}`, { fill: "ink2" }),
      h("rect", { x: cache, y: low + 50, width: room, height: 6, rx: 3, fill: css("field") }),
      h("rect", { x: cache, y: low + 50, width: Math.max(2, (room * one.full) / most), height: 6, rx: 3, fill: css("k") }),
      g.tip(h("rect", { x: cache, y: low, width: room, height: 60, fill: "transparent" }), `${said}: ${thousands(one.bytes)} bytes for your text`),
      !data.waits && label(next, low + 4, fit(word(data), room, 12, false), { weight: 600 }), predictions(g, next, low + 12, room, one.next),
    );
    const under = narrow ? low + 74 : low;
    const where = narrow ? cache : loss;
    if (data.waits) {
      parts.push(inLines(data.waits, room).map((line, k) => label(where, under + 4 + 16 * k, line, { fill: "ink3" })));
      return;
    }
    [["your text", one.loss], [data.stories > 1 ? `${counted(data.stories, "story")}` : "a story", one.stories]].forEach(([name, value], k) => parts.push(
      k === 0 && label(where, under + 4, "Loss, nats a token", { weight: 600 }),
      label(where, under + 24 + 26 * k, name, { fill: "ink3" }),
      label(where + room, under + 24 + 26 * k, num(value, 2), { anchor: "end", mono: true, fill: "ink" }),
      h("rect", { x: where, y: under + 29 + 26 * k, width: room, height: 4, rx: 2, fill: css("field") }),
      h("rect", { x: where, y: under + 29 + 26 * k, width: Math.max(1, (room * value) / worst), height: 4, rx: 2, fill: css(one.own ? "res" : "accent") }),
    ));
  });
  const one = data.shared[0];
  const tokens = data.tokens.reduce((a, b) => a + b);
  const formula = `2 (a key, a value) × ${plural(data.layers, "layer")} × ${plural(one.kv, "head")} × ${counted(data.dHead, "number")} × ${plural(tokens, "token")} × ${one.bytes / (2 * data.layers * one.kv * data.dHead * tokens)} bytes = ${thousands(one.bytes)}`;
  const base = from + data.shared.length * tallRow(w);
  parts.push(inLines(formula + (data.shape === "encoder" ? ". An encoder reads a text once and keeps none of it." : ""), w).map((line, i) => label(x, base + 16 * i, line, { fill: "ink3" })));
  return parts;
}
