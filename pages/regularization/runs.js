// The lower half: models trained with and without, where each is best, and how large their weights are.

import { curves } from "../../app/kit/curves.js";
import { feedOf } from "../../app/kit/feed.js";
import { say } from "../../app/kit/say.js";
import { css, fit, h, html, inLines, label, measure, num, thousands } from "../../app/kit/shapes.js";

/**
 * @import { Chart, Run } from "../../app/kit/curves.js"
 * @import { What } from "../../app/kit/feed.js"
 * @import { Stage } from "../../app/kit/glass.js"
 * @import { Shapes } from "../../app/kit/shapes.js"
 * @import { Kept, Regularization } from "./figure.js"
 * @import { Column, Layout } from "./layout.js"
 *
 * Early stopping of a run: the best held-out loss and its step, where patience ends it, the last loss, in words.
 * @typedef {{best: number, bestStep: number, step: number, early: boolean, last: number, saved: number, missed: number, text: string}} Stop
 *
 * How a run's weights are spread: counts in equal bins from -edge to edge, and their root mean square.
 * @typedef {{counts: number[], edge: number, rms: number}} Weights
 *
 * What Python sends of the trained runs: the plain one first, one beside it second.
 * @typedef {object} Trained
 * @property {{key: string, name: string}[]} arms that can stand beside the plain run
 * @property {boolean} own whether they are the learner's
 * @property {string} about what they were trained on
 * @property {Run[]} runs
 * @property {Run[]} others that train and are not drawn: their ends are waited for
 * @property {number} low bounds of the axis, in nats a token
 * @property {number} high
 * @property {(Stop | null)[]} stops of both; null: nothing was measured
 * @property {(Weights | null)[]} weights of both at `step`
 * @property {number | null} step
 */

const PLAIN = "ink2";
const ARM = "accent";
const LEGEND = say("solid: held out · others: training");

/** Curves of the plain run and one beside it, early stopping, weights. @type {(g: Stage, data: Regularization, local: Kept, at: Layout) => void} */
export function drawRuns(g, data, local, at) {
  const t = data.trained;
  g.part("runs head", null, () => [
    h("path", { d: `M${at.x},${at.mid}H${at.x + at.w}`, stroke: css("line") }),
    label(at.x, at.mid + 22, t.about, { size: 14, weight: 600, fill: "ink" }),
    label(at.legend.x, at.legend.y, LEGEND, { anchor: at.legend.anchor, fill: "ink3" }),
  ]);
  if (g.can.recompute)
    g.overlay(
      "arms",
      { left: at.arms.x, top: at.arms.y },
      () =>
        html(
          "div",
          { class: "reg-arms", role: "group", "aria-label": say("Beside the plain run") },
          t.arms.map((arm) =>
            html(
              "button",
              { type: "button", "data-arm": arm.key, onclick: () => g.select({ arm: arm.key }) },
              arm.name,
            ),
          ),
        ),
      (node) => {
        for (const button of node.children)
          button.setAttribute("aria-pressed", String(button.getAttribute("data-arm") === local.sel.arm));
      },
    );
  else
    g.part("arm", [at.arms, at.legend], () =>
      label(
        at.arms.x + (at.phone ? 0 : 12),
        at.arms.y + 15,
        fit(say("beside it: {arm}", { arm: armOf(t, local.sel.arm) }), roomOf(at), 12, false),
        { fill: "accent" },
      ),
    );
  const chart = curves(g, "runs", at.curves, {
    runs: t.runs.map((run, i) => ({ ...run, colour: i ? ARM : PLAIN })),
    x: "step",
    ends: "line",
    title: say("Loss, nats a token"),
    low: t.low,
    high: t.high,
    marks: t.stops.flatMap((stop, i) => (stop ? [{ x: stop.bestStep, colour: i ? ARM : PLAIN }] : [])),
    onpoint: (_, what) => heard(g, local, what),
  });
  local.chart = chart;
  g.part("best", [t.stops.map((stop) => stop?.bestStep), at.curves], () =>
    drawBest(chart, t.stops, at.curves.top + 18),
  );
  local.listener ??= (_, what) => heard(g, local, what);
  local.others = t.others.map((run) => feedOf(g, run));
  for (const feed of local.others) feed.listeners.add(local.listener);
  g.part("stops", null, () => drawStops(at.stops, t));
  g.part("weights", null, () => drawWeights(at.weights, t));
}

/** The run beside the plain one, in words. @type {(t: Trained, key: string) => string} */
function armOf({ arms }, key) {
  const parts = arms.filter((arm) => arm.key !== "both" && (arm.key === key || key === "both"));
  return parts.map((arm) => arm.name.toLowerCase()).join(say(" and "));
}
/** How wide it may be: as far as the legend. @type {(at: Layout) => number} */
const roomOf = (at) => (at.phone ? at.w : at.legend.x - measure(LEGEND, 12, false) * 1.06 - at.arms.x - 24);

/** What the upright lines are, each on its own side of the two; once where both stand at one step. @type {(chart: Chart, stops: (Stop | null)[], y: number) => Shapes} */
function drawBest(chart, stops, y) {
  const known = stops.flatMap((stop, i) => (stop ? [{ step: stop.bestStep, fill: i ? ARM : PLAIN }] : []));
  const [first, last] = [
    Math.min(...known.map((one) => one.step)),
    Math.max(...known.map((one) => one.step)),
  ];
  if (first === last)
    return known.slice(-1).map(({ step, fill }) =>
      label(chart.px(step) + 6, y, known.length > 1 ? say("best of both") : say("best"), {
        fill,
        weight: 600,
      }),
    );
  return known.map(({ step, fill }) =>
    label(chart.px(step) + (step === first ? -6 : 6), y, say("best"), {
      fill,
      weight: 600,
      anchor: step === first ? "end" : "start",
    }),
  );
}

/** New measurements are worth a look by the page, once a second at most. @type {(g: Stage, local: Kept, what: What) => void} */
function heard(g, local, what) {
  if (what === "points") return;
  const now = [...(local.chart?.feeds ?? []), ...(local.others ?? [])]
    .map((feed) => `${feed.checkpoints.length} ${feed.state.state}`)
    .join(",");
  if (now === local.heard) return;
  local.heard = now;
  clearTimeout(local.asking);
  local.asking = setTimeout(() => {
    if (g.figure.isConnected) g.send("arrived", { at: Date.now() });
  }, 1000);
}

/** Early stopping on both curves: what is kept, where patience stops, what that saves. @type {(box: Column, t: Trained) => Shapes} */
function drawStops(box, t) {
  const { x, y, w } = box;
  /** @type {Shapes[]} */
  const out = [label(x, y + 12, say("Early stopping"), { weight: 600, fill: "ink" })];
  let at = y + 34;
  for (const [i, stop] of t.stops.entries()) {
    if (!stop) continue;
    out.push(label(x, at, t.runs[i].name ?? "", { weight: 600, fill: i ? ARM : "ink" }));
    const said = inLines(stop.text, w);
    out.push(said.map((line, k) => label(x, at + 17 + 16 * k, line)));
    at += 25 + 16 * said.length;
  }
  if (t.stops.every((stop) => !stop))
    out.push(
      inLines(say("Nothing has been measured on held-out text yet."), w).map((line, k) =>
        label(x, at + 16 * k, line),
      ),
    );
  return out;
}

/** The weights of both at one moment, as outlines over one axis. @type {(box: Layout["weights"], t: Trained) => Shapes} */
function drawWeights(box, t) {
  const { x, y, w } = box;
  /** @type {SVGElement[]} */
  const out = [
    label(x, y + 12, say("Weights inside the blocks"), { weight: 600, fill: "ink" }),
    label(
      x,
      y + 28,
      t.step === null ? say("none measured yet") : say("at step {step}", { step: thousands(t.step) }),
      { fill: "ink3" },
    ),
  ];
  const known = t.weights.filter((k) => k !== null);
  if (!known.length) return out;
  const edge = Math.max(...known.map((k) => k.edge));
  const density = (/** @type {Weights} */ k) =>
    k.counts.map((c) => c / k.counts.reduce((a, b) => a + b, 0) / ((2 * k.edge) / k.counts.length));
  const most = Math.max(...known.flatMap(density));
  const [top, bottom] = [y + 54, y + box.h - 20];
  const X = (/** @type {number} */ v) => x + (w * (v + edge)) / (2 * edge);
  out.push(
    h("path", { d: `M${x},${bottom}H${x + w}`, stroke: css("line") }),
    label(x, bottom + 15, num(-edge, 2), { fill: "ink3", mono: true }),
    label(X(0), bottom + 15, "0", { fill: "ink3", anchor: "middle", mono: true }),
    label(x + w, bottom + 15, num(edge, 2), { fill: "ink3", anchor: "end", mono: true }),
  );
  for (const [i, k] of t.weights.entries()) {
    if (!k) continue;
    const wide = (2 * k.edge) / k.counts.length;
    const d = density(k)
      .map(
        (v, b) =>
          `${b ? "L" : "M"}${X(-k.edge + b * wide).toFixed(1)},${(bottom - ((bottom - top) * v) / most).toFixed(1)}H${X(-k.edge + (b + 1) * wide).toFixed(1)}`,
      )
      .join("");
    out.push(
      h("path", {
        d,
        fill: "none",
        stroke: css(i ? ARM : PLAIN),
        "stroke-width": 2,
        "stroke-dasharray": i ? null : "4 2",
      }),
      label(x + w, y + 28 + i * 16, `${t.runs[i].name}: rms ${num(k.rms, 3)}`, {
        anchor: "end",
        fill: i ? ARM : "ink2",
        weight: i ? 600 : 400,
      }),
    );
  }
  return out;
}
