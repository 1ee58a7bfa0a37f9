// Below the Interpretability picture: explainers token by token, judged by taking tokens away, and probes with controls.
// tokens.js, judged.js and probes.js draw them.

import { mount } from "../../app/kit/glass.js";
import { clamp, inLines, label, num, unpack, visible } from "../../app/kit/shapes.js";
import { drawJudged, judgedSaid } from "./explainers_judged.js";
import { drawProbes } from "./explainers_probes.js";
import { choose, chosenOf, drawTokens, drawWay, ranksOf, shownValues, sized } from "./explainers_tokens.js";

const explainedView = {
  keys: [["← →", "another explainer"], ["↑ ↓", "another token"], [", .", "a step of integrated gradients"]],

  init(data, local, before) {
    const same = before && data.stamp === before.stamp;
    return {
      data, slopes: data.integrated && unpack(data.integrated.slopes), hover: same ? local.hover : null,
      ranks: data.explainers.map((one) => ranksOf(data, one)),
    };
  },

  draw(g, data, local) {
    const w = g.width;
    const wide = w >= 900;
    let y = 0;
    if (data.explainers.length) {
      const left = wide ? w - 320 : w;
      const rows = drawTokens(g, data, local, { x: 0, y: 0, w: left });
      const way = drawWay(g, data, local, wide ? { x: left + 36, y: 0, w: w - left - 36 } : { x: 0, y: rows + 24, w });
      y = drawJudged(g, data, local, { x: 0, y: Math.max(rows, way) + 40, w });
    } else {
      const said = inLines(data.why ? `Nothing to explain here: ${data.why}.` : "Not measured yet: the button above measures what each token is worth.", w);
      g.part("none", [w], () => said.map((line, i) => label(0, 16 + 17 * i, line, { fill: "ink2", size: 13 })));
      y = 20 + 17 * said.length;
    }
    g.height = drawProbes(g, data, local, { x: 0, y: y + 36, w }) + 8;
  },

  key(event, g, data, local) {
    if (!data.explainers.length) return false;
    const across = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    const down = { ArrowUp: -1, ArrowDown: 1 }[event.key];
    const along = { ",": -1, ".": 1 }[event.key];
    if (across) choose(g, data, chosenOf(data, local) + across);
    else if (down) { local.hover = clamp((local.hover ?? (down > 0 ? -1 : data.tokens.length)) + down, 0, data.tokens.length - 1); g.redraw(); }
    else if (along) {
      const { steps } = data.integrated;
      const now = local.sel.along < 0 || local.sel.along >= steps ? steps - 1 : local.sel.along;
      const next = clamp(now + along, 0, steps - 1);
      g.select({ along: next === steps - 1 ? -1 : next });
    } else if (event.key === "Escape" && (local.hover !== null || local.sel.along >= 0)) { local.hover = null; if (local.sel.along >= 0) g.select({ along: -1 }); else g.redraw(); }
    else return false;
    return true;
  },

  describe(data, local) {
    const probe = data.probe.why ? ` Nothing to probe: ${data.probe.why}.` : data.probe.layers.length ? ` Probe, ${data.probe.words} ${data.probe.layers.map((one) => `${one.depth ? `after block ${one.depth - 1}` : "embedding"} ${num(one.task[0], 2)}, control ${num(one.control[0], 2)}`).join("; ")}.` : "";
    if (!data.explainers.length) return `${data.why || "The explanations of this large model are not measured yet."}${probe}`;
    const one = data.explainers[chosenOf(data, local)];
    const values = shownValues(data, local, one);
    const read = local.hover === null ? "" : ` ${visible(data.tokens[local.hover].text)}: ${num(values[local.hover], 3)}.`;
    const top = data.tokens.map((t, i) => [i, values[i]]).filter(([i]) => data.tokens[i].free).sort((a, b) => b[1] - a[1]).slice(0, 3);
    return `Explained is the ${data.says} of ${visible(data.asked)}, by ${one.name}.${read} Highest: ${top.map(([i, v]) => `${visible(data.tokens[i].text)} ${num(v, 3)}`).join(", ")}. ` +
      `The shares of integrated gradients add up to ${sized(data.integrated.total)}, delta ${sized(data.integrated.delta)}. ${data.judged ? judgedSaid(data) : ""}${probe}`;
  },

  state(data, local) {
    const one = data.explainers.length ? data.explainers[chosenOf(data, local)] : null;
    const areasOf = (side) => Object.fromEntries(Object.entries(data.judged[side].curves).map(([name, curve]) => [name, { area: curve.area, asGood: curve.asGood, verdict: curve.verdict, values: curve.values }]));
    return {
      asked: data.asked, says: data.says, blank: data.blank, why: data.why, tokens: data.tokens.map((t) => t.text), hover: local.hover,
      explainer: one?.name ?? null, shown: one ? shownValues(data, local, one) : [], values: Object.fromEntries(data.explainers.map((each) => [each.name, each.values])),
      along: local.sel.along ?? -1,
      integrated: data.integrated && { at: data.integrated.at, base: data.integrated.base, total: data.integrated.total, delta: data.integrated.delta, steps: data.integrated.steps, deltas: data.integrated.deltas },
      judged: data.judged && { counts: data.judged.counts, deletion: areasOf("deletion"), insertion: areasOf("insertion"), random: { deletion: data.judged.deletion.area, insertion: data.judged.insertion.area } },
      probe: data.probe,
    };
  },
};

export default mount("interpretability_explainers", explainedView);
