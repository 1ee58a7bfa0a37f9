// The walk through a circuit: a rung a step, its finding in words beside its small picture. rungs.js draws them.

import { mount } from "../../app/kit/glass.js";
import { css, h, inLines, label, measure } from "../../app/kit/shapes.js";
import { stepMode } from "../../app/kit/steps.js";
import { rungs, verdict } from "./circuit_rungs.js";

const NAMES = ["Said twice", "A head looks back", "By content or by place", "Who tells it where", "What the teller reads", "It hands the item on", "Taken away", "How many are enough"];
const walkSteps = stepMode("circuit", NAMES);
const GAP = 22;

const walkView = {
  keys: [["← →", "a step of the walk"], ["Space", "play"]],

  init(data, local) {
    return { data };
  },

  draw(g, data, local) {
    const w = g.width;
    const wide = w >= 720;
    if (!data.known) {
      const text = data.why || "Not measured yet: the walk takes a hundred or so passes over lists said twice.";
      g.part("none", [w], () => inLines(text, w).map((line, i) => label(0, 16 + 17 * i, line, { fill: "ink2", size: 13 })));
      g.height = 60;
      return;
    }
    walkSteps.bar(g, local);
    const now = walkSteps.of(local);
    const last = now === walkSteps.last;
    const head = inLines(last ? verdict(data) : "Step by step: each rung is measured on the open model; a later one may say no.", w, 13);
    g.part("verdict", [w, now], () => head.map((line, i) => label(0, 16 + 18 * i, line, { fill: last ? "ink" : "ink2", size: 13, weight: last ? 600 : 400 })));
    let y = 18 * head.length + 26;
    const lead = wide ? Math.round(w * 0.5) : w;
    rungs(data).forEach((one, i) => {
      if (i > now) return;
      const lines = inLines(one.text, wide ? lead - 60 : w - 34);
      const words = 24 + 16 * lines.length;
      const picture = { x: wide ? lead + 16 : 34, y: y + (wide ? 4 : words + 6), w: wide ? w - lead - 16 : w - 34 };
      const top = y;
      const tall = wide ? Math.max(words, one.high) : words + 6 + one.high;
      const current = !last && i === now;
      g.part(`rung ${i}`, [w, current, y], () => [
        current && h("rect", { x: 0, y: top - 8, width: w, height: tall + 14, rx: 6, fill: css("accent-soft") }),
        i > 0 && !current && h("path", { d: `M0,${top - GAP / 2}H${w}`, stroke: css("line") }),
        h("circle", { cx: 13, cy: top + 11, r: 11, fill: css(one.ok ? "pos" : "bg"), stroke: css(one.ok ? "pos" : "ink3"), "stroke-width": 1.5 }),
        h("text", { x: 13, y: top + 15, "text-anchor": "middle", "font-size": 12, "font-weight": 700, fill: css(one.ok ? "bg" : "ink2") }, i + 1),
        label(34, top + 15, one.title, { size: 14, weight: 600, fill: "ink" }),
        label(34 + measure(one.title, 14) * 1.08 + 10, top + 15, one.ok ? "found" : "not found", { fill: one.ok ? "pos" : "ink3", weight: 600 }),
        lines.map((line, k) => label(34, top + 36 + 16 * k, line, { fill: "ink2" })),
        h("g", {}, one.draw(g, picture, data)),
      ]);
      y += tall + GAP;
    });
    g.height = y;
  },

  key(event, g, data, local) {
    if (!data.known) return false;
    if (walkSteps.key(event, g, local)) return true;
    if (event.key === "Escape") return walkSteps.halt(g, local) || walkSteps.whole(g, local);
    return false;
  },

  describe(data, local) {
    if (!data.known) return data.why || "The circuit is not measured yet.";
    const now = walkSteps.of(local);
    const shown = now === walkSteps.last ? rungs(data) : [rungs(data)[now]];
    return `${now === walkSteps.last ? `${verdict(data)} ` : ""}${shown.map((one) => `${one.title}, ${one.ok ? "found" : "not found"}: ${one.text}`).join(" ")}`;
  },

  state(data, local) {
    if (!data.known) return { known: false, why: data.why, tokens: [] };
    const { selection, stamp, ...rest } = data;
    return { ...rest, tokens: [], stage: walkSteps.state(local), verdict: verdict(data), rungs: rungs(data).map(({ title, ok, text }) => ({ title, ok, text })) };
  },
};

export default mount("interpretability_circuit", walkView);
