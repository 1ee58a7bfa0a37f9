// The lookup: one-hot row times table, row by row, and the row that is left; under it the same word in the other table.

import { counted } from "../../app/kit/counts.js";
import { pointerAt } from "../../app/kit/glass.js";
import {
  MONO, clamp, css, fit, h, heat, heatImage, label, num, thousands, tokenSpans, visible,
} from "../../app/kit/shapes.js";
import { HOT, ROW, TABLE, stages, word } from "./layout.js";

export function drawLookup(g, data, local, at, step) {
  const box = at.lookup;
  const d = data.lookup;
  const { dims, size } = data.table;
  const lines = [];
  d.rows.forEach((row, i) => {
    if (i && row !== d.rows[i - 1] + 1) lines.push(null);
    lines.push(i);
  });
  const [numbers, names, hot] = [44, 128, 150]; // right end of the row's number, end of its word, middle of its place in x
  const strips = box.w - 172;
  const each = (strips - 14) / 2;
  const [left, right] = [box.x + 172, box.x + 172 + each + 14];
  const top = box.y + 32;
  const pitch = 20;
  const sorted = Array.from(local.values, Math.abs).sort((a, b) => a - b);
  const most = sorted[Math.floor(sorted.length * 0.98)] || 1e-9;
  Object.assign(g, { product: local.product, most }); // of the step's own drawing
  const paint = (v) => g.signedRgb(v, most);
  const strip = (values, x, y, w, tall) => heatImage(x, y, w, tall, heat(values, 1, values.length, paint));
  const read = (name, values, x, w) => (event) => {
    const [px] = pointerAt(g, event);
    const j = clamp(Math.floor(((px - x) / w) * values.length), 0, values.length - 1);
    return `${name}, number ${j}: ${num(values[j], 4)}`;
  };
  const valuesOf = (i) => local.values.subarray(i * dims, (i + 1) * dims);
  g.part("lookup head", [step, box], () => [
    label(box.x, box.y + 8, `Lookup: ${fit(visible(data.subject.word), 90, 14, false)} is row ${thousands(data.subject.row)}`, { size: 14, weight: 600, fill: "ink" }),
    step >= HOT && label(box.x + hot, top - 7, "x", { anchor: "middle", mono: true, weight: 700, fill: step === HOT ? "accent" : "ink2" }),
    step >= TABLE && label(left, top - 7, fit(`E, ${thousands(size)} × ${dims}`, each, 12, false), { fill: step === TABLE ? "accent" : "ink2" }),
    step >= TABLE && label(right, top - 7, "x times E", { fill: step === TABLE ? "accent" : "ink2" }),
  ]);
  g.part("lookup rows", [step, box], () => lines.map((i, k) => {
    const y = top + k * pitch;
    if (i === null) return label(box.x + numbers, y + 13, "⋮", { anchor: "end", fill: "ink3" });
    const chosen = d.rows[i] === data.subject.row;
    const ink = chosen ? "accent" : "ink3";
    const values = valuesOf(i);
    const one = d.one_hot[i];
    const product = values.map((v) => v * one);
    return [
      chosen && h("rect", { x: box.x, y, width: box.w, height: pitch, rx: 4, fill: css("accent-soft") }),
      label(box.x + numbers, y + 14, thousands(d.rows[i]), { anchor: "end", mono: true, fill: ink, weight: chosen ? 700 : null }),
      h("text", { x: box.x + numbers + 8, y: y + 14, "font-family": MONO, "font-size": 12, fill: css(chosen ? "accent" : "ink2"), "font-weight": chosen ? 700 : null, direction: "ltr" }, tokenSpans(d.words[i], names - numbers - 8, 12)),
      step >= HOT && label(box.x + hot, y + 14, num(one, 0), { anchor: "middle", mono: true, fill: ink, weight: chosen ? 700 : null }),
      step >= TABLE && g.tip(strip(values, left, y + 2, each, pitch - 4), read(`${visible(d.words[i])} in E`, values, left, each)),
      step >= TABLE && (one ? g.tip(strip(product, right, y + 2, each, pitch - 4), read(`1 times ${visible(d.words[i])}`, product, right, each))
        : [h("rect", { x: right, y: y + 2, width: each, height: pitch - 4, fill: css("mid") }), label(right + each / 2, y + 14, each > 100 ? "0 times: nothing" : "nothing", { anchor: "middle", fill: "ink3" })]),
    ];
  }));
  const end = top + lines.length * pitch + 8;
  g.part("lookup sum", [step, box], () => {
    if (step < ROW) return [];
    const product = local.product;
    const shown = Math.min(dims, Math.floor(box.w / 64));
    return [
      h("path", { d: `M${right},${end - 6}H${right + each}`, stroke: css("ink3") }),
      label(box.x, end + 12, fit(`Added up: the embedding of ${visible(data.subject.word)}, ${counted(dims, "number")}`, box.w, 12, false), { weight: 600, fill: "ink" }),
      g.tip(strip(product, box.x, end + 20, box.w, 24), read(visible(data.subject.word), product, box.x, box.w)),
      h("rect", { x: box.x, y: end + 20, width: box.w, height: 24, fill: "none", stroke: css("accent"), "stroke-width": 1.5, "pointer-events": "none" }),
      Array.from(product.subarray(0, shown), (v, j) => label(box.x + 64 * j, end + 60, num(v, 3), { mono: true, fill: "ink2" })),
      shown < dims && label(box.x + box.w, end + 60, "…", { anchor: "end", fill: "ink3" }),
      label(box.x, end + 78, `its length: ${num(d.length, 3)}`, { fill: "ink3" }),
    ];
  });
}

/** The same word in the table that is not chosen: its row there, and who is near it. */
export function drawOther(g, data, local, at, step) {
  const other = data.other;
  if (!other || step < stages.last) return;
  const box = at.other;
  g.part("other", [box], () => {
    const name = fit(other.name, 120, 12, false);
    const head = [h("path", { d: `M${box.x},${box.y - 8}H${box.x + box.w}`, stroke: css("line") })];
    if (other.row === null) return [...head, label(box.x, box.y + 12, fit(`${word(data.subject.word)} has no row of its own in ${name}.`, box.w, 12, false), { fill: "ink2" })];
    const most = Math.max(...Array.from(local.other, Math.abs), 1e-9);
    return [...head,
      label(box.x, box.y + 12, fit(`In ${name}: ${visible(other.word)} is row ${thousands(other.row)} of ${thousands(other.size)}, ${counted(other.dims, "number")}`, box.w, 12, false), { weight: 600, fill: "ink" }),
      heatImage(box.x, box.y + 20, box.w, 14, heat(local.other, 1, other.dims, (v) => g.signedRgb(v, 0.7 * most))),
      h("text", { x: box.x, y: box.y + 52, "font-size": 12, fill: css("ink2") }, "nearest there: ",
        other.near.map((one, i) => [i ? ", " : "", h("tspan", { "font-family": MONO, fill: css("ink"), direction: "ltr" }, fit(visible(one.word), 80, 12)), ` ${num(one.cosine, 2)}`])),
    ];
  });
}
