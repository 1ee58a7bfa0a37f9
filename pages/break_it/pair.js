// The lower half: two small models trained alike but for the one part, and what the measurements of both say.

import { curves } from "../../app/kit/curves.js";
import { MONO, css, h, inLines, label, measure, thousands, visible } from "../../app/kit/shapes.js";
import { WHOLE, WITHOUT, drawDepth } from "./charts.js";
import { EVIDENCE, drawSaid, stages } from "./stages.js";

/** A sample in lines of the monospaced face. */
function sampleLines(text, room, most) {
  const count = Math.max(8, Math.floor(room / measure("0", 12, true)));
  const all = [...visible(text)];
  const rows = Array.from({ length: Math.min(most, Math.ceil(all.length / count)) }, (_, i) => all.slice(i * count, (i + 1) * count).join(""));
  if (all.length > most * count) rows[most - 1] = `${[...rows[most - 1]].slice(0, -1).join("")}…`;
  return rows;
}
export const samplesHeight = (samples, w) => samples.reduce((sum, text) => sum + 16 * Math.max(1, sampleLines(text, w - 76, 3).length), 0);

export function drawPair(g, data, local, at, stage) {
  const pair = data.pair;
  g.part("pair head", [at.pairTop], () => [
    h("path", { d: `M${at.x},${at.pairTop - 8}H${at.x + at.w}`, stroke: css("line") }),
    label(at.x, at.pairTop + 14, data.words.trained, { size: 14, weight: 600, fill: "ink" }),
    at.phone ? label(at.x, at.pairTop + 32, pair.about, { fill: "ink3" }) : label(at.diagnosis.x - 24, at.pairTop + 14, pair.about, { anchor: "end", fill: "ink3" }),
  ]);
  const chart = (local.chart = curves(g, "pair", at.curves, {
    runs: pair.runs.map((run, i) => ({ ...run, name: i ? data.words.second : run.name, colour: i ? WITHOUT : WHOLE, dash: i ? [6, 3] : null })),
    lines: [{ column: "loss", kind: "raw" }, { column: "held_out", kind: "solid" }],
    x: "step", guessing: pair.guessing, ends: "line", ticks: true, title: "Held-out loss, nats a token",
    marks: pair.at === null || pair.newest ? [] : [{ x: pair.at, colour: "ink3", text: "" }],
    onpoint: (feed, what) => heard(g, data, local, what),
  }));
  g.part("pair samples", [at.samples], () => {
    const { x, y, w } = at.samples;
    let top = y;
    return pair.samples.map((text, i) => {
      const rows = sampleLines(text, w - 76, at.phone ? 3 : 1);
      const out = [label(x, top, i ? data.words.second : "whole", { fill: i ? "accent" : "ink3" }),
        rows.map((row, k) => h("text", { x: x + 72, y: top + 16 * k, "font-family": MONO, "font-size": 12, fill: css("ink2"), direction: "ltr" }, row))];
      top += 16 * Math.max(1, rows.length);
      return out;
    });
  });
  if (stage >= EVIDENCE) pair.charts.forEach((one, i) => g.part(`pair ${i}`, [at.trained[i]], () => drawDepth(g, at.trained[i], { ...one, names: pair.names, second: data.words.second })));
  g.part("diagnosis", [stage, at.diagnosis], () => drawSaid(at.diagnosis, stage, pair, `Diagnosis at step ${thousands(pair.at ?? 0)}`).nodes);
  if (stage === stages.last) g.part("remedy", [at.remedy], () => drawRemedy(at.remedy, pair.remedy));
  return chart;
}

/** What the diagnosis asks for. */
function drawRemedy({ x, y, w }, text) {
  if (!text) return [];
  const head = measure("Remedy", 12, false) * 1.08 + 10;
  return [label(x, y, "Remedy", { weight: 600, fill: "ink" }), inLines(text, w - head).map((line, i) => label(x + head, y + 16 * i, line, { fill: "ink" }))];
}
export const remedyHeight = (text, w) => (text ? 16 * inLines(text, w - measure("Remedy", 12, false) * 1.08 - 10).length : 0);

/** New checkpoints and the end are worth a new diagnosis: the page is asked at most once a second. */
function heard(g, data, local, what) {
  if (what === "points") return;
  const now = local.chart?.feeds.map((feed) => `${feed.checkpoints.length} ${feed.state.state}`).join(",");
  if (now === local.heard) return;
  local.heard = now;
  clearTimeout(local.asking);
  local.asking = setTimeout(() => { if (g.figure.isConnected) g.send("arrived", { at: Date.now() }); }, 1000);
}
