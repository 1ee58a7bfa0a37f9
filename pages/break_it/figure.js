// A part taken out: of the open model at once (now.js), and of a model in training (pair.js). charts.js has what both show.

import { mount } from "../../app/kit/glass.js";
import { say } from "../../app/kit/say.js";
import { visible } from "../../app/kit/shapes.js";
import { sized, stages, wordsOf } from "./charts.js";
import { planBreakIt } from "./layout.js";
import { drawNow } from "./now.js";
import { drawPair } from "./pair.js";

/**
 * @import { Chart } from "../../app/kit/curves.js"
 * @import { Local, View } from "../../app/kit/glass.js"
 * @import { Now } from "./now.js"
 * @import { Pair } from "./pair.js"
 *
 * What Python sends.
 * @typedef {object} BreakIt
 * @property {{text: string, id: number}[]} tokens of the text
 * @property {string} name of the open model
 * @property {string} part that is taken out
 * @property {string[]} parts that can be
 * @property {{now: string, trained: string, second_now: string, second: string}} words titles of the halves, and what the
 *   second model of each is called
 * @property {Now} now
 * @property {Pair} pair
 *
 * What the browser keeps: the chart, what the page was told of its runs, and Play.
 * @typedef {Local & {chart?: Chart | null, heard?: string, asking?: number, timer?: number | null}} Kept
 */

/** @type {View<BreakIt, Kept>} */
const breakIt = {
  draw(g, data, local) {
    const stage = stages.of(local);
    const at = planBreakIt(g.width, data, stage);
    g.height = at.height;
    stages.bar(g, local, (now) => wordsOf(data.part, now));
    drawNow(g, data, at, stage);
    drawPair(g, data, local, at, stage);
    if (!at.phone && g.can.visit)
      g.door(
        "loss",
        { left: -2, top: at.tokens.y + 34 },
        say("Loss"),
        say("The loss of each token, on its own page"),
      );
  },

  within: ({ part: _, ...change }) => change, // the data are of one part

  key(event, g, data, local) {
    const to = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (to && !event.shiftKey) {
      // From the part that was last chosen: the page may still be busy with it.
      const at = data.parts.indexOf(local.sel.part ?? data.part);
      g.select({ part: data.parts[(at + to + data.parts.length) % data.parts.length] });
    } else if (stages.key(event, g, local)) return true;
    else if (event.key === "Escape") stages.up(g, local);
    else return false;
    return true;
  },

  describe(data, local) {
    const next = data.now.next;
    const told = stages.said(local, (now) => wordsOf(data.part, now));
    return (
      `${told}${data.words.now}. ${say("Loss of the text {loss}, whole {whole}.", { loss: sized(data.now.loss[1]), whole: sized(data.now.loss[0]) })} ` +
      `${next.label} ${visible(next.after)}: ${next.tokens
        .slice(0, 3)
        .map((t) =>
          say("{token} {without}, whole {whole}", {
            token: visible(t.text),
            without: sized(t.without),
            whole: sized(t.whole),
          }),
        )
        .join("; ")}. ` +
      `${data.now.findings.join(" ")} ${data.words.trained}: ${data.pair.findings.join(" ")} ${data.pair.cost} ${data.pair.remedy}`
    );
  },

  state(data, local) {
    return {
      tokens: data.tokens.map((t) => t.text),
      part: data.part,
      name: data.name,
      loss: data.now.loss,
      said: data.now.said,
      next: data.now.next.tokens,
      stage: stages.state(local),
      names: data.now.names,
      charts: Object.fromEntries(data.now.charts.map((c) => [c.key, { whole: c.whole, without: c.without }])),
      findings: data.now.findings,
      cost: data.now.cost,
      pair: {
        names: data.pair.names,
        charts: data.pair.charts.map(({ key, whole, without }) => ({ key, whole, without })),
        findings: data.pair.findings,
        cost: data.pair.cost,
        remedy: data.pair.remedy,
        at: data.pair.at,
        own: data.pair.own,
        samples: data.pair.samples,
        curves: local.chart?.summary() ?? null,
      },
    };
  },
};

export default mount("break_it", breakIt);
