// The lower half: two small models trained alike but for the one part, and what the measurements of both say.

import { curves, heardRuns } from "../../app/kit/curves.js";
import { say } from "../../app/kit/say.js";
import { MONO, css, h, label, thousands } from "../../app/kit/shapes.js";
import { WHOLE, WITHOUT, drawDepth, drawSaid } from "./charts.js";
import { EVIDENCE, REMEDY, remedyLines, sampleLines } from "./layout.js";

/**
 * @import { Run } from "../../app/kit/curves.js"
 * @import { Stage } from "../../app/kit/glass.js"
 * @import { Shapes } from "../../app/kit/shapes.js"
 * @import { DepthChart } from "./charts.js"
 * @import { BreakIt, Kept } from "./figure.js"
 * @import { Column, Layout } from "./layout.js"
 *
 * What Python sends of the trained pair: the whole one first.
 * @typedef {object} Pair
 * @property {string} about size, steps and seed
 * @property {boolean} own whether they are the learner's
 * @property {Run[]} runs
 * @property {{value: number, text: string}} guessing
 * @property {number | null} at the step of the checkpoint that is shown; null: nothing was measured yet
 * @property {boolean} newest whether that is the last one
 * @property {string[]} names of the blocks
 * @property {DepthChart[]} charts the two that differ most
 * @property {string[]} samples of both
 * @property {string[]} findings
 * @property {string} cost
 * @property {string} remedy
 */

/** Curves, samples, charts, diagnosis and remedy. @type {(g: Stage, data: BreakIt, local: Kept, at: Layout, stage: number) => void} */
export function drawPair(g, data, local, at, stage) {
  const pair = data.pair;
  g.part("pair head", [at.pairTop], () => [
    h("path", { d: `M${at.x},${at.pairTop - 8}H${at.x + at.w}`, stroke: css("line") }),
    label(at.x, at.pairTop + 14, data.words.trained, { size: 14, weight: 600, fill: "ink" }),
    at.phone
      ? label(at.x, at.pairTop + 32, pair.about, { fill: "ink3" })
      : label(at.diagnosis.x - 24, at.pairTop + 14, pair.about, { anchor: "end", fill: "ink3" }),
  ]);
  local.chart = curves(g, "pair", at.curves, {
    runs: pair.runs.map((run, i) => ({
      ...run,
      name: i ? data.words.second : run.name,
      colour: i ? WITHOUT : WHOLE,
      dash: i ? [6, 3] : undefined,
    })),
    lines: [
      { column: "loss", kind: "raw" },
      { column: "held_out", kind: "solid" },
    ],
    x: "step",
    guessing: pair.guessing,
    ends: "line",
    ticks: true,
    title: say("Held-out loss, nats a token"),
    marks: pair.at === null || pair.newest ? [] : [{ x: pair.at, colour: "ink3", text: "" }],
    onpoint: (_, what) => heardRuns(g, local, what),
  });
  g.part("pair samples", [at.samples], () => {
    const { x, y, w } = at.samples;
    let top = y;
    return pair.samples.map((text, i) => {
      const rows = sampleLines(text, w - 76, at.phone ? 3 : 1);
      const out = [
        label(x, top, i ? data.words.second : say("whole"), { fill: i ? "accent" : "ink3" }),
        rows.map((row, k) =>
          h(
            "text",
            {
              x: x + 72,
              y: top + 16 * k,
              "font-family": MONO,
              "font-size": 12,
              fill: css("ink2"),
              direction: "ltr",
            },
            row,
          ),
        ),
      ];
      top += 16 * Math.max(1, rows.length);
      return out;
    });
  });
  if (stage >= EVIDENCE)
    for (const [i, one] of pair.charts.entries())
      g.part(`pair ${i}`, [at.trained[i]], () =>
        drawDepth(g, at.trained[i], { ...one, names: pair.names, second: data.words.second }),
      );
  g.part("diagnosis", [stage, at.diagnosis], () =>
    drawSaid(at.diagnosis, stage, pair, say("Diagnosis at step {step}", { step: thousands(pair.at ?? 0) })),
  );
  if (stage === REMEDY) g.part("remedy", [at.remedy], () => drawRemedy(at.remedy, pair.remedy));
}

/** What the diagnosis asks for. @type {(box: Column, text: string) => Shapes} */
function drawRemedy({ x, y, w }, text) {
  if (!text) return [];
  const { head, rows } = remedyLines(text, w);
  return [
    label(x, y, say("Remedy"), { weight: 600, fill: "ink" }),
    rows.map((line, i) => label(x + head, y + 16 * i, line, { fill: "ink" })),
  ];
}
