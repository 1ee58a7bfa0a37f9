// Effect: every head a dot. Across: how much it reads; up and down: what happens to the prediction without it.

import { counted } from "../../app/kit/counts.js";
import { clamp, css, fit, h, html, label, lerp, measure, num, visible } from "../../app/kit/shapes.js";
import { offSet } from "./foot.js";
import { allMeasured, blockOf, headOf, nameOf, roleOf, wrapped } from "./layout.js";

function effectPlan(data, local, at) {
  const p = at.panel;
  const e = data.effect;
  const said = allMeasured(data) ? largestSaid(data, local, p, at.phone) : measuredSaid(data, p);
  while (data.roles.length > 64 && said.length < (at.phone ? 5 : 3)) said.push(""); // so that the axes stay where they are
  const [left, right, top, bottom] = [p.x + 54, p.x + p.w - 22, p.top + 36 + 16 * (said.length - 1), p.bottom - 40];
  const values = e.change.flat().filter((v) => v !== null);
  let [low, high] = [Math.min(0, ...values), Math.max(0, ...values)];
  const room = Math.max(0.02, high - low) * 0.07;
  const names = 44 / Math.max(1, bottom - top - 44); // of the other side's reach: room for names beyond the line at 0
  [low, high] = [Math.min(low - room, -high * names), Math.max(high + room, -low * names)];
  const reach = Math.max(...e.weight.flat());
  const most = [0.05, 0.1, 0.2, 0.4].find((step) => step >= reach) ?? 1; // where all heads spread widely, the axis ends early
  return { said, left, right, top, bottom, low, high, most, x: (w) => left + (w / most) * (right - left), y: (v) => top + ((high - v) / (high - low)) * (bottom - top) };
}
/** Round steps between low and high: about n of them. */
function ticks(low, high, n) {
  const raw = (high - low) / n;
  const size = 10 ** Math.floor(Math.log10(raw));
  const step = [1, 2, 5, 10].map((k) => k * size).find((s) => s >= raw);
  const out = [];
  for (let v = Math.ceil(low / step) * step; v <= high + 1e-9; v += step) out.push(Math.abs(v) < step / 1e6 ? 0 : v);
  return { values: out, digits: Math.max(0, -Math.floor(Math.log10(step) + 1e-9)) };
}

export function drawEffect(g, data, local, at, row) {
  const p = at.panel;
  if (!data.effect.change) return drawUnmeasured(g, data, at);
  const e = data.effect;
  const q = (local.effectAt = effectPlan(data, local, at));
  const [block, head] = [blockOf(data, local), headOf(data, local)];
  g.part("effect axes", [e.token, local.sel.off, e.measured], () => {
    const t = ticks(q.low, q.high, 6);
    return [
      q.said.map((line, i) => label(p.x, p.top + 8 + 16 * i, line, { fill: "ink", weight: 500 })),
      t.values.map((v) => [h("path", { d: `M${q.left},${q.y(v)}H${q.right}`, stroke: css(v === 0 ? "ink3" : "line"), "stroke-width": 1 }),
        label(q.left - 6, q.y(v) + 4, (v > 0 ? "+" : "") + num(v, t.digits), { anchor: "end", mono: true, fill: "ink3" })]),
      [0, 0.25, 0.5, 0.75, 1].map((part) => part * q.most).map((w) => [h("path", { d: `M${q.x(w)},${q.bottom}v4`, stroke: css("ink3") }),
        label(q.x(w), q.bottom + 16, num(w, q.most < 0.4 ? 3 : 2), { anchor: "middle", mono: true, fill: "ink3" })]),
      label(q.right + 20, q.bottom + 34, fit(at.phone ? "its largest weight →" : "the most that the row gives to one token →", (q.right - q.left) / 1.8, 12, false), { anchor: "end", fill: "ink2" }),
      label(p.x, q.top - 10, fit(`${at.phone ? "" : "each dot: a head off; "}change of log p of ${visible(e.token)}${at.phone ? "" : ` ${e.where}`} ↑ likelier without it`, p.w, 12, false), { fill: "ink2" }),
      label(p.x, q.bottom + 34, "↓ less likely: the head helped", { fill: "ink2" }),
    ];
  });
  if (!allMeasured(data) && !e.running) measureButton(g, data, { left: p.x + 300, top: p.top - 8, height: at.phone ? 44 : 30 });
  const order = e.change.flat().map((v, i) => [Math.abs(v), i]).filter(([, i]) => e.change[Math.floor(i / data.heads)][i % data.heads] !== null).sort((a, b) => b[0] - a[0]).map(([, i]) => i);
  g.part("dots", [block, head, local.peek, e.measured], () => {
    const radius = data.roles.length > 64 ? 3.5 : 5;
    const off = offSet(data, local);
    return e.change.flatMap((line, l) => line.map((v, i) => {
      if (v === null) return null;
      const on = l === block && i === head;
      const peek = local.peek?.block === l && local.peek?.head === i;
      return h("circle", { class: "gb-hot", "data-dot": `${l}.${i}`, cx: q.x(e.weight[l][i]), cy: q.y(v), r: on || peek ? radius + 2 : radius, fill: off.has(`${l}.${i}`) ? css("bg") : css("att"), "fill-opacity": on || peek ? 1 : 0.55, stroke: css(on || peek ? "accent" : "att"), "stroke-width": on || peek ? 2 : 1 });
    }));
  });
  g.part("dot names", [block, head, local.peek, e.measured], () => dotNames(g, data, local, q, order, block, head));
}

/** "0.999 → 0.049", with as many places as it takes to tell the two apart (five at most). */
function fromTo(before, after) {
  const both = (digits) => [before, after].map((log) => num(Math.exp(log), digits));
  const digits = [3, 4, 5].find((n) => both(n)[0] !== both(n)[1]) ?? 3;
  return both(digits).map((text) => (Number(text) === 0 ? `<${num(10 ** -digits, digits)}` : text)).join(" → ");
}

/** How far the measurement is, where it is not done. */
function measuredSaid(data, p) {
  const how = data.effect.running ? "; a bar below says how far it is" : "";
  return wrapped(`Measured so far: the heads of ${data.effect.measured} of ${counted(data.blocks, "block")}, from coarse to fine${how}.`, p.w, 3);
}

/** What the measurement found, in words: the head that matters most, and what becomes of a later head without it. */
function largestSaid(data, local, p, phone) {
  const e = data.effect;
  if (offSet(data, local).size === data.roles.length) return wrapped("All heads are off already: none is left to switch off.", p.w, 2);
  if (!e.largest) return wrapped("Here no head changes anything.", p.w, 2);
  const [block, head] = e.largest;
  const change = e.change[block][head];
  const [name, token] = [nameOf(block, head), fit(visible(e.token), 110, 12, true)];
  const first = `Of ${offSet(data, local).size ? "the heads still on" : "all heads"}, ${name} (${roleOf(data, block, head).name}) matters most: without it ${token} ${change < 0 ? "falls" : "rises"}, ${fromTo(e.before, e.before + change)}.`;
  return [...wrapped(first, p.w, 3), ...wrapped(readerSaid(data, name), p.w, phone ? 4 : 2)];
}
function readerSaid(data, without) {
  if (!data.effect.reader) return "No head that is on comes after its block.";
  const [block, head, col, before, after] = data.effect.reader;
  const [name, token] = [nameOf(block, head), fit(visible(data.cols[col].text), 110, 12, true)];
  if (Math.abs(after - before) < 0.005) return `What ${name} reads most stays: ${token}, ${num(before, 2)}.`;
  return `${name} then gives ${token} ${num(after, 2)} of its attention, not ${num(before, 2)}: what it reads depends on ${without}.`;
}

/** Places for a name beside a dot, near ones first: left edge, base line, and whether a line must lead there. */
function spots(x, y, w, on) {
  const near = [[x + 10, y + 4], [x - 10 - w, y + 4], [x - w / 2, y - 11], [x - w / 2, y + 20], [x + 6, y - 9], [x - w - 6, y - 9], [x + 6, y + 18], [x - w - 6, y + 18], [x - w + 8, y - 18], [x - 8, y - 18], [x - w + 8, y + 28], [x - 8, y + 28]];
  const far = [27, 41, 56].flatMap((d) => [-1, 1].flatMap((side) => [0, 14, -14, 30, -30].map((shift) => [x - w / 2 + shift, y + side * d + (side > 0 ? 10 : 0), true])));
  const aside = (on ? [50, 90, 140, 200] : [24]).flatMap((d) => [0, 16, -16, 34, -34].flatMap((down) => [[x + d, y + 4 + down, true], [x - d - w, y + 4 + down, true]]));
  return [...near, ...far, ...aside];
}
/** Names of the dots (of many heads the largest only), none over a dot, a line, or another name. */
function dotNames(g, data, local, q, order, block, head) {
  const e = data.effect;
  const peek = local.peek ? local.peek.block * data.heads + local.peek.head : -1;
  const chosen = block * data.heads + head;
  const dots = e.change.flatMap((line, l) => line.map((v, k) => (v === null ? [-1e6, -1e6] : [q.x(e.weight[l][k]), q.y(v)]))); // those to come are out of the way
  const [boxes, leads] = [[], []];
  const tried = [...new Set([...(peek >= 0 ? [peek] : []), chosen, ...order.slice(0, dots.length > 36 ? 8 : 36)])];
  return tried.map((i) => {
    const [l, k] = [Math.floor(i / data.heads), i % data.heads];
    const v = e.change[l][k];
    if (v === null) return null;
    const on = i === chosen || i === peek;
    const text = on ? `${nameOf(l, k)}  ${fromTo(e.before, e.before + v)}` : nameOf(l, k);
    const w = measure(text, 12, false) * (on ? 1.08 : 1.02);
    const [x, y] = dots[i];
    const place = spots(x, y, w, on).find((spot) => isFree(spot, w, i, q, dots, boxes, leads))
      ?? (on ? [clamp(x - w / 2, q.left + 2, q.right + 20 - w), clamp(y - 11, q.top + 10, q.bottom - 4)] : null);
    if (!place) return null;
    boxes.push({ left: place[0], base: place[1], w });
    const to = leadEnd(place, x, y, w);
    if (place[2]) leads.push(...between([x, y], to));
    return [place[2] && h("path", { d: `M${x},${y}L${to[0]},${to[1]}`, stroke: css(on ? "accent" : "ink3"), "stroke-width": 0.8 }),
      label(place[0], place[1], text, { fill: on ? "accent" : "ink", weight: on ? 700 : 500, "paint-order": "stroke", stroke: css("bg"), "stroke-width": 3 })];
  });
}
const leadEnd = ([left, base], x, y, w) => [clamp(x, left, left + w), base < y ? base + 4 : base - 11];
const between = ([x0, y0], [x1, y1]) => Array.from({ length: 7 }, (_, i) => [lerp(x0, x1, (i + 1) / 8), lerp(y0, y1, (i + 1) / 8)]);
const hits = (box, [x, y], r) => x > box.left - r && x < box.left + box.w + r && y > box.base - 10 - r && y < box.base + 3 + r;
/** Whether a name fits at a spot of dot i: inside the plot, over no dot, no line at 0, no name, and led there past all of them. */
function isFree([left, base, led], w, i, q, dots, boxes, leads) {
  const [box, zero] = [{ left, base, w }, q.y(0)];
  if (left < q.left + 2 || left + w > q.right + 20 || base < q.top + 10 || base > q.bottom - 4) return false;
  if (base - 11 < zero && base + 4 > zero) return false;
  if (boxes.some((b) => left < b.left + b.w + 5 && left + w + 5 > b.left && Math.abs(base - b.base) < 14)) return false;
  if (dots.some((dot) => hits(box, dot, 6)) || leads.some((at) => hits(box, at, 1))) return false;
  return !led || between(dots[i], leadEnd([left, base], ...dots[i], w)).every((at) => !boxes.some((b) => hits(b, at, 1)) &&
    !dots.some((dot, j) => j !== i && Math.hypot(dot[0] - at[0], dot[1] - at[1]) < 6));
}

function drawUnmeasured(g, data, at) {
  const p = at.panel;
  if (data.effect.unsaid) {
    const why = wrapped(`${data.effect.unsaid} What a head is worth to a prediction cannot be measured here; what it brings to its block is under Join.`, p.w, 4);
    g.part("unmeasured", null, () => why.map((line, i) => label(p.x, p.top + 24 + 18 * i, line, { fill: "ink2" })));
    return;
  }
  const n = data.blocks * data.heads;
  const text = `Each of the ${counted(n, "head")} is switched off alone, and the model runs again. On this model and text that takes about ${data.effect.seconds} s on one processor; you can stop it at any time.`;
  const lines = wrapped(text, p.w, 4);
  const y = p.top + 24 + 18 * lines.length;
  g.part("unmeasured", null, () => lines.map((line, i) => label(p.x, p.top + 24 + 18 * i, line, { fill: "ink2" })));
  if (data.effect.running) {
    g.part("measuring", null, () => label(p.x, y + 16, "Being measured: a bar below says how far it is.", { fill: "accent", weight: 600 }));
    return;
  }
  measureButton(g, data, { left: p.x, top: y, height: at.phone ? 44 : 36 });
}
/** Begins the measurement, or goes on with it. */
function measureButton(g, data, box) {
  g.overlay("measure", box, () => html("button", { type: "button", class: "gb-button gb-primary", onclick: () => g.send("measure", { at: Date.now() }) }),
    (node) => { node.textContent = data.effect.change ? "Go on" : `Measure ${counted(data.blocks * data.heads, "head")}`; });
}
