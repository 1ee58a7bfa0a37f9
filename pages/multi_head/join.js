// Join: the heads' outputs side by side, one matrix, and what each head puts into the stream; they add up.

import { counted } from "../../app/kit/counts.js";
import { clamp, css, fit, h, label, num, visible } from "../../app/kit/shapes.js";
import { headOf, nameOf, named, wrapped } from "./layout.js";
import { furthest, strip } from "./pair.js";

/** How many parts (heads, then the bias) have been added in the step mode; all of them outside it. */
export const partsOf = (data) => data.heads + (data.join.biased ? 1 : 0);
export function addedOf(data, local) {
  const added = local.sel.added ?? -1;
  return added < 0 ? partsOf(data) : Math.min(added, partsOf(data));
}
/** The sum of the first n parts: (D). */
export function partial(local, n, D) {
  const out = new Float32Array(D);
  for (let i = 0; i < n; i++) for (let d = 0; d < D; d++) out[d] += local.a.vectors[i * D + d];
  return out;
}
export const length = (values) => Math.sqrt(values.reduce((s, v) => s + v * v, 0));
export const partName = (data, i) => (i < data.heads ? nameOf(data.join.block, i) : "bias");

function joinPlan(data, local, at) {
  const p = at.panel;
  const names = 46;
  const parts = partsOf(data);
  const concat = p.top + 20;
  const top = concat + 84;
  const foot = at.phone ? 112 : 84;
  const pitch = Math.min(34, (p.bottom - foot - top) / parts);
  const width = Math.round((p.w - names) * (at.phone ? 0.4 : 0.46));
  const bar = p.x + names + width + 66;
  return { names, parts, concat, top, pitch, width, x: p.x + names, bar, barW: p.x + p.w - 54 - bar, sum: top + parts * pitch + 8 };
}

export function drawJoin(g, data, local, at) {
  const q = (local.joinAt = joinPlan(data, local, at));
  const p = at.panel;
  const D = local.a.vectors.shape[1];
  const added = addedOf(data, local);
  const head = headOf(data, local);
  const token = data.rows[data.join.row];
  g.part("concat", [head, added], () => drawConcat(g, data, local, at, q, head, token, D));
  const most = furthest(local.a.vectors);
  const shares = data.join.shares;
  const [low, high] = [Math.min(0, ...shares), Math.max(...shares, 0.001)];
  const zero = q.bar + (q.barW * -low) / (high - low);
  const scale = q.barW / (high - low);
  const names = named(q.parts, q.pitch, [head]);
  g.part("join heads", null, () => [
    label(q.x, q.top - 8, fit(at.phone ? "what each adds" : `what each adds: ${counted(D, "number")}`, q.width, 12, false), { fill: "att-ink", weight: 600 }),
    label(q.bar - 12, q.top - 8, "length", { anchor: "end", fill: "ink2" }),
    label(p.x + p.w, q.top - 8, fit("share of the output", q.barW + 54, 12, false), { anchor: "end", fill: "att-ink", weight: 600 }),
  ]);
  g.part("join rows", [added, head], () => Array.from({ length: q.parts }, (_, i) => {
    const middle = q.top + (i + 0.5) * q.pitch;
    const tall = Math.max(1, Math.min(24, q.pitch - (q.pitch > 8 ? 4 : 0.5)));
    const share = shares[i];
    const out = [i === head && h("rect", { x: p.x, y: middle - q.pitch / 2, width: p.w, height: q.pitch, rx: 4, fill: css("accent-soft") }),
      strip(g, local.a.vectors.subarray(i * D, (i + 1) * D), q.x, middle - tall / 2, q.width, tall, most, q.pitch > 10 ? "att" : null),
      h("rect", { x: Math.min(zero, zero + share * scale), y: middle - tall / 3, width: Math.max(1, Math.abs(share * scale)), height: (tall * 2) / 3, fill: css("att"), opacity: share < 0 ? 0.45 : 0.8 })];
    if (names.has(i)) {
      out.push(label(p.x + 4, middle + 4, partName(data, i), { fill: i === head ? "accent" : "ink", weight: i === head ? 700 : 500 }),
        label(q.bar - 12, middle + 4, num(data.join.norms[i], 2), { anchor: "end", mono: true, fill: "ink2" }),
        label(p.x + p.w, middle + 4, num(share, 3), { anchor: "end", mono: true, fill: i === head ? "accent" : "att-ink", weight: i === head ? 700 : 400 }));
    }
    return h("g", { class: "gb-hot", "data-part-row": i, opacity: i < added ? 1 : 0.22 }, out);
  }).concat(h("path", { d: `M${zero},${q.top}V${q.top + q.parts * q.pitch}`, stroke: css("ink3"), "stroke-width": 1 })));
  g.part("join sum", [added], () => drawTotal(g, data, local, at, q, p, added, D));
}

/** All outputs side by side, the chosen head's part framed, and the matrix that they meet. */
function drawConcat(g, data, local, at, q, head, token, D) {
  const p = at.panel;
  const K = local.a.z.shape[1];
  const gap = data.heads > 24 ? 0.5 : 3;
  const room = p.w;
  const w = (room - gap * (data.heads - 1)) / data.heads;
  const max = furthest(local.a.z);
  const wide = w > 34;
  const out = [h("text", { x: p.x, y: p.top + 8, "font-size": 12, fill: css("ink2") }, h("tspan", { "font-weight": 600, fill: css("att-ink") }, "Concatenate "),
    fit(at.phone ? `side by side: ${data.heads} × ${K} = ${counted(data.heads * K, "number")}`
      : `for ${visible(token.text)} (row ${data.join.row}): the heads’ outputs side by side, ${data.heads} × ${K} = ${counted(data.heads * K, "number")}`, p.w - 84, 12, false))];
  for (let i = 0; i < data.heads; i++) {
    const x = p.x + i * (w + gap);
    out.push(h("g", { class: "gb-hot", "data-part-row": i }, strip(g, local.a.z.subarray(i * K, (i + 1) * K), x, q.concat, w, 20, max, w > 6 ? "att" : null),
      i === head && h("rect", { x: x - 1, y: q.concat - 1, width: w + 2, height: 22, rx: 3, fill: "none", stroke: css("accent"), "stroke-width": 2 }),
      (wide || i === head) && label(clamp(x + w / 2, p.x + 16, p.x + p.w - 16), q.concat + 34, nameOf(data.join.block, i), { anchor: "middle", fill: i === head ? "accent" : "ink3", weight: i === head ? 700 : 400 })));
  }
  const rows = `its ${counted(K, "row")} of W_O`;
  out.push(h("text", { x: p.x, y: q.concat + 55, "font-size": 12, fill: css("ink2") }, h("tspan", { "font-weight": 600, fill: css("att-ink") }, "Project "),
    fit(at.phone ? `through W_O: each part becomes ${counted(D, "number")}`
      : `through W_O, ${data.heads * K} × ${D}: each part meets ${rows} and becomes ${counted(D, "number")}`, p.w - 50, 12, false)));
  return out;
}

/** The sum so far, its length, its share of the output; with everything added, how far it is from the model's own. */
function drawTotal(g, data, local, at, q, p, added, D) {
  const sum = partial(local, added, D);
  const all = added === q.parts;
  const share = data.join.shares.slice(0, added).reduce((a, b) => a + b, 0);
  const y = q.sum;
  const most = furthest(local.a.out);
  local.gap = all ? Math.max(...sum.map((v, d) => Math.abs(v - local.a.out[d]))) : null;
  const same = all && local.gap <= 1e-4 * Math.max(1, most);
  const text = all ? (same ? "The sum is what the attention adds to the stream: the very same numbers." : `The sum differs from the attention’s output by ${num(local.gap, 3)}.`)
    : added ? `${partName(data, 0)}${added > 1 ? ` to ${partName(data, added - 1)}` : ""} added; ${q.parts - added} to come` : "nothing added yet: Next adds one head after the other";
  return [
    h("path", { d: `M${p.x},${y - 4}h${p.w}`, stroke: css("ink3") }),
    label(p.x + 4, y + 15, "sum", { weight: 600, fill: "att-ink" }),
    strip(g, sum, q.x, y + 1, q.width, 20, most, "att"),
    label(q.bar - 12, y + 15, num(length(sum), 2), { anchor: "end", mono: true, fill: "ink" }),
    label(p.x + p.w, y + 15, num(share, 3), { anchor: "end", mono: true, fill: "att-ink", weight: 700 }),
    label(q.bar, y + 15, at.phone ? "add up to" : fit("shares add up to", q.barW, 12, false), { fill: "ink3" }),
    [...wrapped(text, p.w, 2), ...(all ? wrapped("Lengths do not add up: the parts point in different directions. A share is a part’s length along the sum, over the sum’s length.", p.w, 4) : [])].map((line, i) => label(p.x, y + 38 + 16 * i, line, { fill: "ink2" })),
  ];
}
