// Regularization: dropout number by number on the open model (dropout.js), and trained runs with and without (runs.js).

import { mount } from "../../app/kit/glass.js";
import { say } from "../../app/kit/say.js";
import { clamp, num, unpack, visible } from "../../app/kit/shapes.js";
import { MANY, WORDS, cellOf, drawMasks, drawMean, drawUnder, inUse, numbersOf, stages } from "./dropout.js";
import { planRegularization } from "./layout.js";
import { drawRuns } from "./runs.js";

/**
 * @import { Chart } from "../../app/kit/curves.js"
 * @import { Feed, Listener } from "../../app/kit/feed.js"
 * @import { Local, PointBox, Stage, View } from "../../app/kit/glass.js"
 * @import { Cell, Dropout, Numbers } from "./dropout.js"
 * @import { Layout } from "./layout.js"
 * @import { Trained } from "./runs.js"
 *
 * What Python sends.
 * @typedef {{tokens: {text: string, id: number}[], dropout: Dropout, trained: Trained}} Regularization
 *
 * What the browser keeps: the numbers under the mask and with nothing dropped, the cell under the pointer, the chart, runs
 * that train unseen, and what the page was told of them all.
 * @typedef {object} KeptHere
 * @property {Numbers} a
 * @property {Numbers} idle
 * @property {number} cols
 * @property {Cell | null} hover
 * @property {Chart | null} [chart]
 * @property {Feed[]} [others]
 * @property {Listener} [listener]
 * @property {string} [heard]
 * @property {number} [asking]
 * @property {number | null} [timer] of Play
 *
 * @typedef {Local & KeptHere} Kept
 */

/** What stands where now. @type {(g: Stage, data: Regularization, early: boolean) => Layout} */
const planned = (g, data, early) =>
  planRegularization(g.width, {
    rows: data.dropout.rows.length,
    early,
    stops: data.trained.stops.flatMap((stop) => stop?.text ?? []),
  });

/** @type {View<Regularization, Kept>} */
const regularization = {
  init(data) {
    const d = data.dropout;
    const a = {
      clean: unpack(d.clean),
      factors: unpack(d.factors),
      values: unpack(d.values),
      mean: unpack(d.mean),
    };
    const idle = { clean: a.clean, factors: a.factors.map(() => 1), values: a.clean, mean: a.clean }; // in use: nothing is dropped
    return { a, idle, cols: d.clean.shape[1], hover: null };
  },

  draw(g, data, local) {
    const step = stages.of(local);
    const early = step < stages.last;
    const at = planned(g, data, early);
    g.height = at.height;
    stages.bar(g, local, (now) => WORDS[now](data.dropout));
    drawMasks(g, data, local, at, step);
    if (step >= MANY) {
      g.part("mean", [at.mean], () => drawMean(g, data, at.mean));
      g.part("under", [at.under, step], () => drawUnder(g, data, at.under, inUse(data, local)));
    }
    if (early) {
      local.chart = null;
      return;
    }
    drawRuns(g, data, local, at);
    if (g.can.visit)
      g.door(
        "lab",
        { left: at.door.x, top: at.door.y },
        say("Training lab"),
        say("Runs of your own, with any dropout and decay"),
      );
  },

  points(g, data, local) {
    const early = stages.of(local) < stages.last;
    const at = planned(g, data, early);
    const { x, top, w } = at.panels[1];
    /** @type {Record<string, PointBox>} */
    const shown =
      stages.of(local) > 0 ? { mask: [x, top - 20, w, 20 + data.dropout.rows.length * at.pitch] } : {};
    if (early) return shown;
    const { curves: chart, stops, weights } = at;
    const below = at.phone ? weights.y - 24 : stops.y + weights.h;
    return {
      ...shown,
      curves: [chart.left, chart.top, chart.width, chart.height],
      "early stopping": [stops.x, stops.y, stops.w, below - stops.y],
    };
  },

  within: ({ arm: _, ...change }) => change, // the data are of one run beside the plain one

  key(event, g, data, local) {
    const d = data.dropout;
    const move = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] }[event.key];
    if (move && !event.shiftKey) {
      const [r, c] = cellOf(data, { ...local, hover: null });
      g.select({
        row: d.rows[clamp(r + move[0], 0, d.rows.length - 1)].at,
        number: clamp(c + move[1], 0, local.cols - 1),
      });
    } else if (stages.key(event, g, local)) return true;
    else if (event.key === "n" && g.can.recompute) g.send("another", { at: Date.now() });
    else if (event.key === "Escape") stages.up(g, local);
    else return false;
    return true;
  },

  describe(data, local) {
    const d = data.dropout;
    const [r, c] = cellOf(data, local);
    const a = numbersOf(data, local);
    const i = r * local.cols + c;
    const t = data.trained;
    const text = data.tokens
      .slice(0, 24)
      .map((token) => visible(token.text))
      .join(" ");
    const told = stages.said(local, (now) => WORDS[now](d));
    const cell = {
      what: d.what,
      number: c,
      token: visible(d.rows[r].text),
      clean: num(a.clean[i], 3),
      value: num(a.values[i], 3),
    };
    const dropped = inUse(data, local)
      ? say(
          "The model in use, nothing is dropped on {what}: number {number} of {token} is {clean} and goes on as {value}.",
          cell,
        )
      : say("Dropout of {rate} on {what}: number {number} of {token} is {clean} and goes on as {value}.", {
          ...cell,
          rate: num(d.rate, 2),
        });
    return (
      `${told}${say("The text {text}.", { text: data.tokens.length > 24 ? `${text} …` : text })} ${dropped} ` +
      `${d.next.label}: ${d.next.tokens.map((k) => say("{token} {clean}, mean under masks {mean}", { token: visible(k.text), clean: num(k.clean, 3), mean: num(k.mean, 3) })).join("; ")}. ` +
      t.runs.map((run, k) => `${run.name}: ${t.stops[k]?.text ?? say("nothing measured yet")}`).join(" ")
    );
  },

  state(data, local) {
    const d = data.dropout;
    const [r, c] = cellOf(data, local);
    const a = numbersOf(data, local);
    const i = r * local.cols + c;
    const { runs, stops, weights, step: at, own } = data.trained;
    return {
      tokens: data.tokens.map((t) => t.text),
      hook: d.hook,
      rate: d.rate,
      seed: d.seed,
      evaluate: d.evaluate,
      kept: d.kept,
      rows: d.rows.map((row) => row.at),
      cell: {
        row: d.rows[r].at,
        col: c,
        clean: a.clean[i],
        factor: a.factors[i],
        value: a.values[i],
        mean: a.mean[i],
      },
      errors: d.errors,
      next: d.next.tokens.map(({ text, id, clean, mean }) => ({ text, id, clean, mean })),
      stage: stages.state(local),
      arm: local.sel.arm,
      runs: runs.map((run) => run.name),
      stops,
      rms: weights.map((k) => k?.rms ?? null),
      step: at,
      own,
      curves: local.chart?.summary() ?? null,
    };
  },
};

export default mount("regularization", regularization);
