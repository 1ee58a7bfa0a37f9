// The tokens as rows, a column of bars for each explainer, and how integrated gradients came to its own.

import { counted } from "../../app/kit/counts.js";
import { pointerAt } from "../../app/kit/glass.js";
import { MONO, chip, clamp, css, fit, h, html, inLines, label, num, tokenSpans, visible } from "../../app/kit/shapes.js";

export const SHORT = { "integrated gradients": "Integrated gradients", "gradient × input": "Gradient × input", "leave one out": "Leave one out", "attention rollout": "Attention rollout", "last layer’s attention": "Last layer’s attention" };
const SIGNED = new Set(["integrated gradients", "gradient × input", "leave one out"]); // weights say no direction
const PITCH = 24;
const LEAD = 112;

/** The chosen explainer, by its place among those that this model has. */
export const chosenOf = (data, local) => {
  const name = data.names[clamp(local.sel.explainer ?? 0, 0, data.names.length - 1)];
  const at = data.explainers.findIndex((one) => one.name === name);
  return Math.max(0, at);
};
export const choose = (g, data, at) => g.select({ explainer: data.names.indexOf(data.explainers[clamp(at, 0, data.explainers.length - 1)].name) });

/** The values drawn: of integrated gradients only so far as the chosen step of the way. */
export function shownValues(data, local, one) {
  const along = local.sel.along ?? -1;
  const { steps, weights } = data.integrated;
  if (one.name !== data.names[0] || along < 0 || along >= steps - 1) return one.values;
  const n = data.tokens.length;
  const sums = new Array(n).fill(0);
  for (let step = 0; step <= along; step++) for (let i = 0; i < n; i++) sums[i] += weights[step] * local.slopes[step * n + i];
  return sums;
}

/** Which place in the order of taking away a token has with an explainer, from 1; null for special tokens. */
export function ranksOf(data, one) {
  const free = data.tokens.flatMap((t, i) => (t.free ? [i] : []));
  const order = [...free].sort((a, b) => one.values[b] - one.values[a] || a - b);
  const ranks = new Array(data.tokens.length).fill(null);
  order.forEach((i, k) => (ranks[i] = k + 1));
  return ranks;
}

export function drawTokens(g, data, local, { x, y, w }) {
  const narrow = w < 620;
  const chosen = chosenOf(data, local);
  const about = `What each explainer says of the ${data.says} of`;
  g.part("tokens head", [w], () => h("text", { x, y: y + 14, "font-size": 14, "font-weight": 600, fill: css("ink") }, narrow ? `The ${data.says} of ` : `${about} `, h("tspan", { "font-family": MONO, fill: css("accent") }, tokenSpans(data.asked, 120, 14))));
  const names = g.overlay("explainers", { left: x, top: y + 22, width: narrow ? w : undefined }, () => html("div", { class: "im-names", role: "group", "aria-label": "Explainer" },
    data.explainers.map((one, i) => html("button", { type: "button", "data-explainer": i, onclick: () => choose(g, g.local.data, i) }, SHORT[one.name]))), (node) => {
    node.classList.toggle("im-wide", !narrow);
    if (node.children.length !== data.explainers.length) node.replaceChildren(...data.explainers.map((one, i) => html("button", { type: "button", "data-explainer": i, onclick: () => choose(g, g.local.data, i) }, SHORT[one.name])));
    [...node.children].forEach((button, i) => {
      button.setAttribute("aria-pressed", String(i === chosen));
      Object.assign(button.style, narrow ? { left: "", width: "" } : { left: `${LEAD + (i * (w - LEAD)) / data.explainers.length}px`, width: `${(w - LEAD) / data.explainers.length - 8}px` });
    });
  });
  const top = y + (narrow ? 34 + names.offsetHeight : 66);
  const shown = narrow ? [chosen] : data.explainers.map((_, i) => i);
  const col = (w - LEAD) / shown.length;
  g.part("tokens", [w, local.hover ?? null, chosen, local.sel.along ?? -1], () => data.tokens.map((t, i) => {
    const mid = top + PITCH * i + PITCH / 2;
    const name = chip(g, x, mid, LEAD - 16, t.text, { height: 20, size: 12, faint: !t.free, selected: i === local.hover, id: t.id });
    const rule = i && t.written && !data.tokens[i - 1].written ? h("path", { d: `M${x},${mid - PITCH / 2}H${x + w}`, stroke: css("ink3"), "stroke-dasharray": "2 3" }) : null;
    return h("g", {}, rule, name, shown.map((k, c) => bar(g, data, local, k, i, { x: x + LEAD + c * col, w: col - 10, mid, chosen: k === chosen })));
  }));
  return top + PITCH * data.tokens.length;
}

/** One bar: signed explainers grow to both sides of a middle line, weights to the right. */
function bar(g, data, local, k, i, { x, w, mid, chosen }) {
  const one = data.explainers[k];
  if (!data.tokens[i].free) return i === 0 || data.tokens[i - 1].free ? label(x + 2, mid + 4, "special: stays", { fill: "ink3", size: 12 }) : label(x + 2, mid + 4, "stays", { fill: "ink3" });
  const value = shownValues(data, local, one)[i];
  const most = Math.max(...one.values.map(Math.abs), 1e-12);
  const signed = SIGNED.has(one.name);
  const text = Math.max(most, 0) < 0.01 ? value.toExponential(0).replace("-", "−") : num(value, most >= 10 ? 1 : 2);
  const room = Math.max(10, w - 48);
  const zero = signed ? x + room / 2 : x;
  const size = ((signed ? room / 2 : room) * Math.min(1, Math.abs(value) / most));
  const rank = local.ranks[k][i];
  return g.tip(h("g", { class: "gb-hot", click: () => choose(g, data, k) },
    h("rect", { x, y: mid - PITCH / 2, width: w, height: PITCH, fill: "transparent" }),
    signed && h("path", { d: `M${zero},${mid - 9}v18`, stroke: css("line") }),
    h("rect", { x: value < 0 ? zero - size : zero, y: mid - 7, width: Math.max(0.5, size), height: 14, rx: 2, fill: css(!signed ? "att" : value < 0 ? "neg" : "pos"), opacity: chosen ? 1 : 0.55 }),
    label(x + w, mid + 4, text, { anchor: "end", mono: true, fill: chosen ? "ink" : "ink3" })),
  `${one.name}: ${visible(data.tokens[i].text)} ${num(value, 4)}\n${rank === 1 ? "goes first" : `goes as number ${rank}`} in its order`);
}

// ---------------------------------------------------------------- the way of integrated gradients

/** f from the blank text to the text, with the steps as dots; below, how well the shares add up. */
export function drawWay(g, data, local, { x, y, w }) {
  const one = data.integrated;
  const along = local.sel.along ?? -1;
  const [left, right, top, bottom] = [x + 46, x + w - 8, y + 44, y + 150];
  const [low, high] = [Math.min(one.base, one.at, ...one.height), Math.max(one.base, one.at, ...one.height)];
  const X = (t) => left + (right - left) * t;
  const Y = (v) => bottom - ((bottom - top) * (v - low)) / (high - low || 1);
  const now = along < 0 || along >= one.steps ? one.steps - 1 : along;
  g.part("way", [w, along], () => {
    const dots = one.along.map((t, i) => h("circle", { cx: X(t), cy: Y(one.height[i]), r: one.steps > 64 ? 1.6 : 2.8, fill: css(i <= now ? "accent" : "bg"), stroke: css("accent"), "stroke-width": 1 }));
    const line = [[0, one.base], ...one.along.map((t, i) => [t, one.height[i]]), [1, one.at]].map(([t, v], i) => `${i ? "L" : "M"}${X(t).toFixed(1)},${Y(v).toFixed(1)}`).join("");
    const pick = (event) => {
      const t = clamp((pointerAt(g, event)[0] - left) / (right - left), 0, 1);
      const near = one.along.reduce((best, at, i) => (Math.abs(at - t) < Math.abs(one.along[best] - t) ? i : best), 0);
      g.select({ along: near >= one.steps - 1 ? -1 : near });
    };
    const { ticks, step } = roundEnds(low, high);
    return [
      label(x, y + 14, "The way from nothing to the text", { size: 14, weight: 600, fill: "ink" }),
      label(x, y + 31, fit(along < 0 ? `${counted(one.steps, "step")}; a click stops at one of them` : `the first ${now + 1} of ${counted(one.steps, "step")} are added up`, w, 12, false), { fill: along < 0 ? "ink3" : "accent" }),
      ticks.map((t) => [h("path", { d: `M${left},${Y(t)}H${right}`, stroke: css("line") }), label(left - 6, Y(t) + 4, step < 0.01 ? t.toExponential(0) : num(t, step < 0.1 ? 2 : 1), { anchor: "end", mono: true, fill: "ink3" })]),
      h("path", { d: line, fill: "none", stroke: css("ink2"), "stroke-width": 1.5 }), dots,
      label(left, bottom + 18, "every token gone", { fill: "ink3" }), label(right, bottom + 18, "the text", { fill: "ink3", anchor: "end" }),
      h("rect", { class: "gb-hot", "data-way": "", x: left - 6, y: top - 8, width: right - left + 12, height: bottom - top + 16, fill: "transparent", click: pick }),
    ];
  });
  const off = Math.abs(one.delta);
  const said = [
    `The shares add up to ${sized(one.total)}; the ${data.says} goes from ${sized(one.base)} to ${sized(one.at)}, a difference of ${sized(one.at - one.base)}.`,
    `Convergence delta: ${sized(one.delta)}${off > 0.05 * Math.max(1e-9, Math.abs(one.at - one.base)) ? ": more than a twentieth; take more steps" : ""}.`,
    data.normed && data.blank === "zero" && "This model norms a token’s vector first, so its length does not count: from zeros all of the change lies at the very beginning, where no step looks, and gradient × input is 0 for every token.",
    data.shape === "encoder-decoder" && "Both texts are explained, what was read and what was written; rollout takes every attention as a step: the encoder’s, the decoder’s own, and that between them.",
  ].filter(Boolean).flatMap((text) => inLines(text, w));
  const less = one.deltas.filter(([n]) => n < one.steps);
  const fewer = less.length ? inLines(`Delta with fewer steps: ${less.map(([n, d]) => `${n}: ${sized(d)}`).join(", ")}.`, w) : [];
  g.part("adds up", [w], () => [
    said.map((line, i) => label(x, bottom + 42 + 16 * i, line, { fill: "ink2" })),
    fewer.map((line, i) => label(x, bottom + 48 + 16 * (said.length + i), line, { fill: "ink3" })),
  ]);
  return bottom + 44 + 16 * (said.length + fewer.length);
}

/** Two or three round heights between low and high. */
export function roundEnds(low, high) {
  const raw = (high - low) / 3 || 1;
  const power = 10 ** Math.floor(Math.log10(raw));
  const step = power * ([1, 2, 5].find((m) => m * power >= raw * 0.99) ?? 10);
  const ticks = [];
  for (let t = Math.ceil(low / step - 1e-6) * step; t <= high + step * 1e-6 && ticks.length < 6; t += step) ticks.push(Math.abs(t) < step * 1e-6 ? 0 : t);
  return { ticks, step };
}
/** A number of any size, short. */
export function sized(v) {
  if (v === 0) return "0";
  if (Math.abs(v) >= 0.01) return num(v, Math.abs(v) >= 100 ? 0 : 3);
  const [digits, power] = Math.abs(v).toExponential(1).split("e");
  return `${v < 0 ? "−" : ""}${digits}e${power.replace("-", "−").replace("+", "")}`;
}
