// The learning-rate finder: loss against rate, a step each, and what can be read off it.

import { counted } from "../../app/kit/counts.js";
import { roundTicks } from "../../app/kit/pens.js";
import { clamp, css, h, label, num, unpack } from "../../app/kit/shapes.js";
import { lineTo, onGround } from "./ground.js";
import { paragraph, set, sig } from "./layout.js";

function finderPlan(g) {
  const phone = g.width < 760;
  const words = phone ? g.width : 300;
  return {
    phone, left: 44, top: 12, right: phone ? g.width - 4 : g.width - words - 36, bottom: 232,
    words: phone ? { x: 0, y: 276, w: g.width } : { x: g.width - words, y: 0, w: words },
    height: phone ? 420 : 268,
  };
}

export const finderFigure = {
  init(data) {
    if (!data.trials) return { rates: null };
    return { rates: unpack(data.rates), losses: unpack(data.losses), smooth: unpack(data.smooth) };
  },
  draw(g, data, local) {
    const at = finderPlan(g);
    g.height = at.height;
    if (!local.rates) { // no empty chart
      g.height = at.phone ? 92 : 56;
      g.part("none", [g.width], () => paragraph(0, 16, "Nothing was searched on this text yet. The search trains a copy of the model, with a rate that grows from far too small to far too large, and watches the loss.", Math.min(g.width, 760), { fill: "ink2" }));
      return;
    }
    const [low, high] = [Math.log10(data.low), Math.log10(data.high)];
    const X = (rate) => at.left + ((Math.log10(rate) - low) / (high - low)) * (at.right - at.left);
    const seen = Array.from(local.losses).filter(Number.isFinite);
    const most = seen.length ? Math.min(Math.max(...seen), 1.6 * seen[0] + 0.5) : 7;
    const Y = (loss) => at.bottom - ((at.bottom - at.top) * clamp(loss, 0, most * 1.04)) / (most * 1.04);
    const unit = roundTicks(0, most, 4);
    g.part("axes", [at, most], () => [
      Array.from({ length: Math.floor(most / unit.step) + 1 }, (_, i) => i * unit.step).map((v) => [
        h("path", { d: `M${at.left},${Y(v)}H${at.right}`, stroke: css("line") }), label(at.left - 6, Y(v) + 4, set(v), { mono: true, anchor: "end", fill: "ink3" })]),
      Array.from({ length: Math.round(high - low) + 1 }, (_, i) => low + i).map((ten) => label(X(10 ** ten), at.bottom + 18, set(10 ** ten), { mono: true, anchor: ten === low ? "start" : ten === high ? "end" : "middle", fill: "ink3" })),
      label((at.left + at.right) / 2, at.bottom + 34, `rate of ${data.name}, a little larger at each step`, { anchor: "middle", fill: "ink3" }),
      label(0, at.top - 0, "loss", { fill: "ink3" }),
    ]);
    const clip = "op-finder";
    const d = (values) => lineTo(Array.from(values, (v, i) => [X(local.rates[i]), Number.isFinite(v) ? Y(v) : at.top]));
    g.part("curve", [at, most], () => [
      h("defs", {}, h("clipPath", { id: clip }, h("rect", { x: at.left, y: at.top - 6, width: at.right - at.left + 4, height: at.bottom - at.top + 8 }))),
      h("g", { "clip-path": `url(#${clip})` },
        h("path", { d: d(local.losses), fill: "none", stroke: css("res"), "stroke-width": 1.2, opacity: 0.8 }),
        h("path", { d: d(Array.from(local.smooth).filter((v) => Number.isFinite(v))), fill: "none", stroke: css("ink"), "stroke-width": 2 })),
      Array.from(local.rates, (rate, i) => g.tip(h("rect", { x: X(rate) - 3, y: at.top, width: 6, height: at.bottom - at.top, fill: "transparent" }),
        `step ${i + 1}, rate ${sig(rate, 3)}\nloss ${sig(local.losses[i])}, smooth ${sig(local.smooth[i])}`)),
    ]);
    const mark = (i, colour, text, high) => [
      h("path", { d: `M${X(local.rates[i])},${at.top}V${at.bottom}`, stroke: css(colour), "stroke-width": 1.5, "stroke-dasharray": high ? null : "4 3" }),
      h("circle", { cx: X(local.rates[i]), cy: Y(local.smooth[i]), r: 5, fill: css(colour), stroke: css("bg"), "stroke-width": 1.5 }),
      onGround(X(local.rates[i]) - 6, at.top + (high ? 8 : 26), text, { anchor: "end", fill: colour, weight: 600 }),
    ];
    g.part("marks", [at, data.steepest, data.lowest], () => [
      mark(data.lowest, "ink2", "lowest", false),
      data.steepest !== null && mark(data.steepest, "accent", `falls fastest: ${sig(local.rates[data.steepest], 2)}`, true),
    ]);
    g.part("words", [at, data.steepest, data.end], () => {
      const { x, y, w } = at.words;
      const said = data.steepest === null ? "The loss never fell: no rate helps here." : `Begin near ${sig(local.rates[data.steepest], 2)}: there the loss falls fastest. At ${sig(local.rates[data.lowest], 2)} it was lowest, which is already too far: there it no longer falls.`;
      const first = paragraph(x, y + 14, said, w, { fill: "ink", size: 14, line: 20 });
      return [first, paragraph(x, y + 14 + first.length * 20 + 6, `${data.end} A real search reads new text at each step.`.trim(), w, { fill: "ink2" }),
        paragraph(x, y + 14 + first.length * 20 + 76, "grey: the loss of each step; black: its running mean", w, { fill: "ink3" })];
    });
  },
  describe(data, local) {
    if (!local.rates) return `Learning-rate finder for ${data.name}: nothing was searched yet.`;
    const rate = data.steepest === null ? "it never fell" : `it fell fastest at rate ${sig(local.rates[data.steepest], 3)}`;
    return `Learning-rate finder for ${data.name}: ${counted(data.trials, "step")}, loss ${num(local.losses[0], 3)} at first; ${rate}; lowest ${num(local.smooth[data.lowest], 3)} at rate ${sig(local.rates[data.lowest], 3)}. ${data.end}`;
  },
  state(data, local) {
    return { name: data.name, trials: data.trials, rates: local.rates ? Array.from(local.rates) : [], losses: local.rates ? Array.from(local.losses) : [], steepest: data.steepest ?? null, lowest: data.lowest ?? null };
  },
};
