// Below the Bias picture: the pronoun gap by profession (gaps.js), and the corpus lab that moves it (lab.js).

import { mount } from "../../app/kit/glass.js";
import { paragraphs } from "../../app/kit/paragraphs.js";
import { clamp } from "../../app/kit/shapes.js";
import { drawGaps, gapSaid } from "./corpus_lab_gaps.js";
import { drawDoses, drawOwn, drawRemedies, inPercent } from "./corpus_lab_lab.js";

const biasMore = {
  keys: [["↑ ↓", "another profession"]],

  init(data, local) {
    return { row: clamp(local.sel.profession ?? 0, 0, data.tokens.length - 1) };
  },
  selected(g, data, local, change) {
    if ("profession" in change) local.row = change.profession;
  },

  draw(g, data, local) {
    const wide = g.width >= 860;
    const w = wide ? Math.round(g.width * 0.48) : g.width - 4;
    const left = { x: 4, y: 0, w };
    const right = wide ? { x: w + 44, y: 0, w: g.width - w - 48, h: 250 } : { x: 4, y: 0, w, h: 220 };
    let y = drawGaps(g, data, local, left);
    if (!wide) right.y = y + 18;
    let down = drawDoses(g, data, local, right);
    down = drawRemedies(g, data, { ...right, y: down + 6 });
    down = drawOwn(g, data, local, { ...right, y: down });
    down = paragraphs(g, "lab words", { ...right, y: down + 4 }, data.lab.findings, { size: 12.5 });
    y = Math.max(y, down);
    g.height = paragraphs(g, "limits", { x: 4, y: y + 8, w: g.width - 8 }, data.limits, { size: 12.5, fill: "ink2" }) + 4;
  },

  key(event, g, data, local) {
    const by = { ArrowUp: -1, ArrowDown: 1 }[event.key];
    if (!by) return false;
    g.select({ profession: clamp(local.row + by, 0, data.tokens.length - 1) });
    return true;
  },

  describe(data, local) {
    const said = data.series.map((one) => gapSaid(one, local.row) || `${one.name}: ${one.waits ? "not asked yet" : one.why}`);
    const doses = data.lab.doses.map((one) => `at ${inPercent(one.at)} ${inPercent(one.dialled.mean)}, untouched ${inPercent(one.others.mean)}`);
    const remedies = data.lab.remedies.map((one) => `${one.name} ${inPercent(one.dialled.mean)}`);
    const own = data.lab.own.filter((one) => one.trace.length).map((one) => `yours, ${one.name}: ${inPercent(one.trace.at(-1).dialled)}`);
    return `Pronoun gap of ${data.tokens[local.row]}. ${said.join("; ")}. ${data.findings.join(" ")} Dose and response: ${doses.join("; ")}. Remedies: ${remedies.join("; ")}. ${own.join("; ")}`;
  },

  state(data, local) {
    return {
      tokens: data.tokens, row: local.row, templates: data.templates, findings: data.findings,
      series: data.series.map((one) => ({ name: one.name, shape: one.shape, why: one.why, waits: one.waits, unknown: one.unknown, band: one.band, means: one.gaps.map((gap) => gap && gap.mean), values: one.gaps[local.row]?.values ?? null })),
      doses: data.lab.doses.map((one) => ({ at: one.at, dialled: one.dialled.mean, others: one.others.mean })),
      remedies: data.lab.remedies.map((one) => ({ remedy: one.remedy, dialled: one.dialled.mean })),
      own: data.lab.own, live: local.chart?.summary() ?? null,
    };
  },
};

export default mount("bias_corpus_lab", biasMore);
