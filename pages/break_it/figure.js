// A part taken out: of the open model at once (now.js), and of a model in training (pair.js). charts.js has the shapes.

import { mount } from "../../app/kit/glass.js";
import { visible } from "../../app/kit/shapes.js";
import { sized } from "./charts.js";
import { drawNow, tokensHeight } from "./now.js";
import { drawPair, remedyHeight, samplesHeight } from "./pair.js";
import { EVIDENCE, drawSaid, stages } from "./stages.js";

/** Where everything stands: three columns of charts over two bands; on a phone one under the other. */
function plan(g, data, stage) {
  if (g.width < 640) return phonePlan(g.width, data, stage);
  const w = g.width;
  const c = [0, 0.226, 0.405, 0.584, 0.763].map((share) => Math.round(share * w));
  const cell = (i, y, h) => ({ x: c[i], y, w: (c[i + 1] ?? w) - c[i] - 18, h });
  const trained = [cell(2, 308, 158), cell(3, 308, 158)];
  const remedy = remedyHeight(data.pair.remedy, w);
  return {
    x: 0, w, head: 0, tokens: { x: 0, y: 26, w }, next: { ...cell(0, 94, 176), w: c[1] - 24 }, now: [1, 2, 3].map((i) => cell(i, 94, 176)),
    says: { x: c[4], y: 94, w: w - c[4], h: 176 }, pairTop: 284, curves: { left: 0, top: 306, width: c[2] - 24, height: 160 }, trained,
    samples: { x: 0, y: 484, w: c[4] - 24 }, diagnosis: { x: c[4], y: 286, w: w - c[4], h: 226 }, remedy: { x: 0, y: 520, w }, height: 508 + Math.max(16, remedy), phone: false,
  };
}
function phonePlan(w, data, stage) {
  const charts = stage >= EVIDENCE ? 176 : 0;
  const cell = (y) => ({ x: 0, y, w, h: 160 });
  const tall = (part) => drawSaid({ x: 0, y: 0, w, h: 1e9 }, stage, part).bottom;
  const next = 50 + tokensHeight(data.now.said, w) + 14;
  const now = next + 194;
  const says = now + 3 * charts;
  const top = says + tall(data.now) + 20; // where the trained pair begins
  const samples = top + 268;
  const trained = samples + samplesHeight(data.pair.samples, w) + 10;
  const diagnosis = trained + 2 * charts;
  const remedy = diagnosis + tall(data.pair) + 20;
  return {
    x: 0, w, head: 0, tokens: { x: 0, y: 50, w, phone: true }, next: { x: 0, y: next, w, h: 176 }, now: [0, 1, 2].map((i) => cell(now + i * charts)), says: { x: 0, y: says, w, h: 1e9 },
    pairTop: top, curves: { left: 0, top: top + 44, width: w, height: 200 }, samples: { x: 0, y: samples, w }, trained: [0, 1].map((i) => cell(trained + i * charts)),
    diagnosis: { x: 0, y: diagnosis, w, h: 1e9 }, remedy: { x: 0, y: remedy, w }, height: remedy + (stage === stages.last ? remedyHeight(data.pair.remedy, w) : 0), phone: true,
  };
}

const breakIt = {
  draw(g, data, local) {
    const stage = stages.of(local);
    const at = plan(g, data, stage);
    g.height = at.height;
    stages.bar(g, local);
    drawNow(g, data, at, stage);
    drawPair(g, data, local, at, stage);
    if (!at.phone) g.door("loss", { left: -2, top: at.tokens.y + 34 }, "Loss", "The loss of each token, on its own page");
  },

  key(event, g, data, local) {
    const to = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (to && !event.shiftKey) {
      // By the last word of the hand: the page may still be busy with it.
      const at = data.parts.indexOf(local.sel.part ?? data.part);
      g.select({ part: data.parts[(at + to + data.parts.length) % data.parts.length] });
    } else if (stages.key(event, g, local)) return true;
    else if (event.key === "Escape") {
      if (!stages.halt(g, local) && !stages.whole(g, local)) g.visit("home");
    } else return false;
    return true;
  },

  describe(data, local) {
    const next = data.now.next;
    const stage = stages.of(local);
    const told = stage < stages.last ? `Step ${stage + 1}, ${stages.names[stage]}. ` : "";
    return `${told}${data.words.now}. Loss of the text ${sized(data.now.loss[1])}, whole ${sized(data.now.loss[0])}. ` +
      `${next.label} ${visible(next.after)}: ${next.tokens.slice(0, 3).map((t) => `${visible(t.text)} ${sized(t.without)}, whole ${sized(t.whole)}`).join("; ")}. ` +
      `${data.now.findings.join(" ")} ${data.words.trained}: ${data.pair.findings.join(" ")} ${data.pair.cost} ${data.pair.remedy}`;
  },

  state(data, local) {
    return {
      tokens: data.tokens.map((t) => t.text), part: data.part, name: data.name, loss: data.now.loss, said: data.now.said, next: data.now.next.tokens, stage: stages.state(local),
      names: data.now.names, charts: Object.fromEntries(data.now.charts.map((c) => [c.key, { whole: c.whole, without: c.without }])), findings: data.now.findings, cost: data.now.cost,
      pair: {
        names: data.pair.names, charts: data.pair.charts.map(({ key, whole, without }) => ({ key, whole, without })), findings: data.pair.findings,
        cost: data.pair.cost, remedy: data.pair.remedy, at: data.pair.at, own: data.pair.own, samples: data.pair.samples, curves: local.chart?.summary() ?? null,
      },
    };
  },
};

export default mount("break_it", breakIt);
