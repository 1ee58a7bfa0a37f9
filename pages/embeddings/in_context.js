// Below the Embeddings picture: a word in context (context.js), and all analogies of the chosen table by section.

import { mount } from "../../app/kit/glass.js";
import { css, fit, h, inLines, label, num, thousands, visible } from "../../app/kit/shapes.js";
import { depthName, drawPair, drawProbe, drawSides } from "./in_context_context.js";

function drawScores(g, data, box) {
  const { sections, name, all } = data.scores;
  const out = [label(box.x, box.y + 14, fit(`Analogies by section, ${name}`, box.w, 14, false), { size: 14, weight: 600, fill: "ink" })];
  if (!all) return [...out, inLines("Google’s list has 19,544 analogies in 14 sections: capitals, family, opposites, plurals. “Score all analogies” puts each whose four words the table has, and counts how often b − a + c ends nearest the fourth.", box.w, 13).map((line, i) => label(box.x, box.y + 42 + 18 * i, line, { size: 13 }))];
  out.push(label(box.x, box.y + 34, all.share === null ? "none of them is covered by this table" : `${num(100 * all.share, 1)} % of ${thousands(all.covered)} right; ${thousands(all.asked - all.covered)} not covered`, { fill: "ink2" }));
  const pitch = Math.min(24, (box.h - 46) / Math.max(1, sections.length));
  const names = Math.min(190, box.w * 0.56);
  sections.forEach((one, i) => {
    const y = box.y + 44 + i * pitch;
    const share = one.covered ? one.right / one.covered : null;
    const room = box.w - names - 46;
    out.push(g.tip(h("g", {}, h("rect", { x: box.x, y, width: box.w, height: pitch, fill: "transparent" }),
      label(box.x, y + pitch / 2 + 4, fit(one.name.replace(/^gram\d+-/, "").replaceAll("-", " "), names - 8, 12, false), { fill: "ink2" }),
      share !== null && h("rect", { x: box.x + names, y: y + pitch / 2 - 4, width: Math.max(1, room * share), height: 8, rx: 2, fill: css("accent"), opacity: 0.8 }),
      label(box.x + box.w, y + pitch / 2 + 4, share === null ? "none" : `${num(100 * share, 0)} %`, { anchor: "end", mono: true, fill: share === null ? "ink3" : "ink" })),
    `${one.name}\n${thousands(one.right)} of ${thousands(one.covered)} right, ${thousands(one.asked)} on the list`));
  });
  return out;
}

const more = {
  draw(g, data) {
    const wide = g.width >= 900;
    const w = g.width;
    const gap = 34;
    const each = wide ? (w - 2 * gap) / 3 : w;
    const tall = 330;
    const top = 76;
    const boxes = wide ? [0, 1, 2].map((k) => ({ x: k * (each + gap), y: top, w: each, h: tall })) : [0, 1, 2].map((k) => ({ x: 0, y: top + k * (tall + 30), w, h: tall }));
    g.height = wide ? top + tall + 8 : top + 3 * (tall + 30);
    g.part("sides", null, () => drawSides(g, data, { x: 0, y: 14, w }));
    g.part("pair", null, () => drawPair(g, data, boxes[0]));
    g.part("probe", null, () => drawProbe(g, data, boxes[1]));
    g.part("scores", null, () => drawScores(g, data, boxes[2]));
  },

  describe(data) {
    const { pair, probe, scores } = data;
    const first = pair.said ? pair.said : `${visible(pair.word)} in two sentences, read by ${data.model}: cosine ${num(pair.static, 2)} in the table, then ${pair.cosines.map((v) => num(v, 2)).join(", ")} by depth; any two tokens ${pair.usual.map((v) => num(v, 2)).join(", ")}.`;
    const second = probe.said ? ` ${probe.said}` : ` A probe of senses, ${probe.about}: ${num(100 * probe.static.share, 0)} % by the table, ${num(100 * probe.layers[probe.best].share, 0)} % ${depthName(probe.best)}.`;
    return first + second + (scores.all?.share != null ? ` Analogies: ${num(100 * scores.all.share, 1)} % of ${thousands(scores.all.covered)} right.` : "");
  },

  state(data) {
    const { pair, probe, scores } = data;
    return {
      model: data.model, word: pair.word, said: pair.said, mine: pair.sides.map((side) => side.mine), static: pair.static, cosines: pair.cosines, usual: pair.usual,
      probe: !probe.said ? { word: probe.word, static: probe.static.share, layers: probe.layers.map((one) => one.share), worded: probe.worded.map((one) => one.share), best: probe.best, judged: probe.judged } : probe.said,
      scores: scores.all, sections: scores.sections,
    };
  },
};

export default mount("embeddings_in_context", more);
