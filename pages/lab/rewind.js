// Rewind: a slider on the loss chart's own axis, one tick a checkpoint; where it stands, every page stands.

import { say } from "../../app/kit/say.js";
import { clamp, css, fit, h, html, label, measure, thousands } from "../../app/kit/shapes.js";

/**
 * @import { Chart } from "../../app/kit/curves.js"
 * @import { Ground, Kept, Lab, Layout } from "./figure.js"
 */

// ---------------------------------------------------------------- moments of a training

/** The steps of the subject that can be opened: Python's, and those that came since. @type {(data: Lab, chart: Chart | undefined) => number[]} */
export function momentsOf(data, chart) {
  const kept = data.moments.steps;
  const feed = chart?.feeds[0];
  const later =
    feed && data.moments.id === feed.id
      ? feed.checkpoints.map((one) => one.step).filter((step) => !kept.length || step > kept[kept.length - 1])
      : [];
  return [...kept, ...later];
}
/** The step that every page shows now; null while the open model is not the first curve's. @type {(data: Lab, local: Kept) => number | null} */
export function momentNow(data, local) {
  if (!data.moments.model || local.sel.model !== data.moments.model) return null;
  const steps = data.moments.steps;
  return local.sel.snapshot < 0 ? (steps[steps.length - 1] ?? null) : local.sel.snapshot;
}
/** Rewind: every page follows. The last moment of a finished training is the finished model. @type {(g: Ground, data: Lab, step: number) => void} */
export function rewindTo(g, data, step) {
  const steps = momentsOf(data, g.local.chart);
  const last = step === steps[steps.length - 1];
  g.select({ model: data.moments.model, snapshot: last ? -1 : step });
}
/** The step that lies nearest to a value, by where `at` places steps. @type {(steps: number[], value: number, at?: (step: number) => number) => number} */
export const nearest = (steps, value, at = (s) => s) =>
  steps.reduce(
    (best, step) => (Math.abs(at(step) - value) < Math.abs(at(best) - value) ? step : best),
    steps[0],
  );
/** Rewind by so many moments. @type {(g: Ground, data: Lab, move: number) => void} */
export function stepBy(g, data, move) {
  const steps = momentsOf(data, g.local.chart);
  if (!steps.length) return;
  const now = momentNow(data, g.local) ?? steps[steps.length - 1];
  const at = steps.indexOf(nearest(steps, now));
  rewindTo(g, data, steps[clamp(at + move, 0, steps.length - 1)]);
}

// ---------------------------------------------------------------- the slider

/** By how many moments a key moves the slider. @type {Record<string, number>} */
const MOVES = {
  ArrowRight: 1,
  ArrowUp: 1,
  ArrowLeft: -1,
  ArrowDown: -1,
  PageUp: 3,
  PageDown: -3,
  Home: -1e6,
  End: 1e6,
};

/** Where the slider stands, in words: of several ways the longest first. @type {(name: string, now: number | null, visits: boolean) => string[]} */
function waysToSay(name, now, visits) {
  const step = now === null ? "" : thousands(now);
  const short = now === null ? "" : say("step {step}", { step });
  if (!visits) return now === null ? [short] : [say("{name} at step {step}", { name, step }), short];
  if (now === null)
    return [
      say("slide it: every page then shows {name} at that moment", { name }),
      say("slide it: every page follows"),
    ];
  return [
    say("every page now shows {name} at step {step}", { name, step }),
    say("every page: step {step}", { step }),
    short,
  ];
}

/** The slider under the loss, where it stands, and a button that forks there. @type {(g: Ground, data: Lab, local: Kept, at: Layout, chart: Chart) => void} */
export function drawRewind(g, data, local, at, chart) {
  const steps = momentsOf(data, chart);
  const y = at.rewindY + 11;
  const rail = () => [chart.px(0), Math.max(chart.px(0), chart.plot.right)];
  if (!steps.length || !data.moments.model) {
    g.part("rewind none", [at, data.moments.why], () =>
      label(chart.plot.left, y + 4, fit(data.moments.why, at.main - 40, 12, false), { fill: "ink3" }),
    );
    return;
  }
  const now = momentNow(data, local);
  const places = steps.map((step) => Math.round(chart.px(step) * 2) / 2);
  const [from, to] = rail().map(Math.round);
  const here = now === null ? null : chart.px(nearest(steps, now));
  g.part("rewind rail", [at, from, to, places, here], () => [
    h("rect", { x: from, y: y - 1.5, width: to - from, height: 3, rx: 1.5, fill: css("line") }),
    here !== null &&
      h("rect", {
        x: from,
        y: y - 1.5,
        width: Math.max(0, here - from),
        height: 3,
        rx: 1.5,
        fill: css("accent"),
      }),
    places.map((x) =>
      h("path", {
        d: `M${x},${y - 6}v12`,
        stroke: css(here !== null && x <= here + 0.5 ? "accent" : "ink3"),
        "stroke-width": 1.5,
      }),
    ),
  ]);
  const span = { left: from - 9, top: y - 10, width: Math.max(30, to - from + 18) };
  g.overlay(
    "rewind",
    span,
    () => rewindInput(g),
    (node) => {
      Object.assign(node, { min: 0, max: span.width - 18 });
      const x = (here ?? places[places.length - 1]) - from;
      if (Number(node.value) !== x) node.value = String(x);
      const step = now ?? steps[steps.length - 1];
      node.setAttribute(
        "aria-valuetext",
        now === null ? say("not on this run") : say("step {step}", { step: thousands(step) }),
      );
      node.classList.toggle("gb-rewind-off", now === null);
    },
  );
  const name = data.runs[0].name;
  const forks = data.forks && g.can.recompute;
  const word = say("Rewind");
  const lead = Math.max(56, Math.round(measure(word, 12) * 1.08) + 10);
  const room = at.main - chart.plot.left - lead - 4 - (forks ? 118 : 0);
  const ways = waysToSay(name ?? "", now, Boolean(g.can.visit));
  const said =
    ways.find((way) => measure(way, 12) * 1.08 <= room) ?? fit(ways[ways.length - 1], room, 12, false);
  g.part("rewind words", [at, said], () => [
    label(chart.plot.left, y + 27, word, { weight: 600, fill: "ink" }),
    label(chart.plot.left + lead, y + 27, said, { weight: 600, fill: "accent" }),
  ]);
  if (!forks) return;
  const step = now ?? steps[steps.length - 1];
  g.overlay(
    "fork",
    { left: at.main - 114, top: y + 11 },
    () => html("button", { class: "gb-lab-fork", type: "button" }),
    (node) => {
      node.textContent = say("Fork at {step}", { step: thousands(step) });
      node.title = say("A new run goes on from here; what your settings would change is listed first");
      node.onclick = () => g.send("fork", { run: data.moments.id, step, at: Date.now() });
    },
  );
}

/** @param {Ground} g */
function rewindInput(g) {
  const node = html("input", {
    class: "gb-range gb-rewind",
    type: "range",
    step: "any",
    "aria-label": g.can.visit
      ? say("Rewind: the step of the training that every page shows")
      : say("Rewind: a step of the training"),
  });
  const data = () => g.local.data;
  node.addEventListener("input", () => {
    const { chart } = g.local;
    if (!chart) return;
    const steps = momentsOf(data(), chart);
    const step = nearest(steps, chart.px(0) + Number(node.value), (s) => chart.px(s));
    if (step !== momentNow(data(), g.local)) rewindTo(g, data(), step);
    else g.redraw();
  });
  node.addEventListener("change", () => g.redraw()); // the knob comes to rest on its tick
  node.addEventListener("keydown", (event) => {
    const move = MOVES[event.key];
    if (move === undefined) return;
    event.preventDefault();
    event.stopPropagation();
    stepBy(g, data(), move);
  });
  return node;
}
