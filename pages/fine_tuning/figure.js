// Fine-tuning: four ways of adapting one pretrained model, live or recorded (the chart), what each costs (table.js), and
// LoRA's arithmetic on one of its matrices (lora.js).

import { curves, heardRuns } from "../../app/kit/curves.js";
import { mount } from "../../app/kit/glass.js";
import { say } from "../../app/kit/say.js";
import { fit, html, inLines, label, percent, unpack, visible } from "../../app/kit/shapes.js";
import { planStep, planWays } from "./layout.js";
import { WORDS, drawLora, stages } from "./lora.js";
import { FORGOTTEN, WAY_COLOURS, WAY_DASHES, cells, drawTable, saidOf } from "./table.js";

/**
 * @import { Axis, Chart } from "../../app/kit/curves.js"
 * @import { Local, PointBox, Stage, View } from "../../app/kit/glass.js"
 * @import { Arrays, Lora } from "./lora.js"
 * @import { Way } from "./table.js"
 *
 * What Python sends.
 * @typedef {object} Tuning
 * @property {"sentiment" | "questions"} job the task
 * @property {string} text of the learner
 * @property {string[]} [tokens] of it, on the page
 * @property {string} title of the chart: what share is drawn
 * @property {string} asks what stands before a way's answer
 * @property {{value: number, text: string} | null} guessing
 * @property {number} low bound of the axis, a share
 * @property {string} about what the ways learn from
 * @property {Axis} x
 * @property {Way[]} ways
 * @property {Lora | null} lora null: the LoRA run keeps nothing yet
 *
 * What the browser keeps: LoRA's matrices, the chart, what the page was told of its runs, and Play.
 * @typedef {Local & {arrays: Arrays | null, chart?: Chart | null, heard?: string, asking?: number, timer?: number | null, across?: Axis}} Kept
 */

/** @type {View<Tuning, Kept>} */
const tuning = {
  init(data) {
    if (!data.lora) return { arrays: null };
    const [W, A, B, added] = [data.lora.W, data.lora.A, data.lora.B, data.lora.added].map((packed) =>
      unpack(packed),
    );
    return { arrays: { W, A, B, added, sum: W.map((v, i) => v + added[i]) } };
  },

  draw(g, data, local) {
    const step = stages.of(local);
    stages.bar(g, local, (now) => caption(data, now));
    if (step < stages.last) {
      local.chart = null;
      drawStep(g, data, local, step);
      return;
    }
    const at = planWays(g.width, data.about, FORGOTTEN);
    g.height = at.height;
    g.part("head", [at.phone], () => [label(0, 12, data.title, { weight: 600, fill: "ink", size: 13 })]);
    local.chart = curves(g, "ways", at.chart, {
      runs: data.ways.map((way) => ({
        ...way.curve,
        colour: WAY_COLOURS[way.key],
        dash: WAY_DASHES[way.key],
      })),
      lines: [{ column: "held_out", kind: "solid" }],
      x: across(data, local),
      ends: "line",
      low: data.low,
      high: 1,
      title: data.title,
      guessing: data.guessing,
      format: (share) => percent(share, 1),
      onpoint: (_, what) => heardRuns(g, local, what),
    });
    g.overlay(
      "axis",
      at.axis,
      () =>
        html(
          "div",
          { class: "tune-axis", role: "group", "aria-label": say("Across") },
          [
            ["step", say("Steps")],
            ["seconds", say("Seconds")],
          ].map(([key, name]) =>
            html(
              "button",
              {
                type: "button",
                "data-axis": key,
                onclick: () => measure(g, local, /** @type {Axis} */ (key)),
              },
              name,
            ),
          ),
        ),
      (node) => {
        for (const button of node.children)
          button.setAttribute(
            "aria-pressed",
            String(button.getAttribute("data-axis") === across(data, local)),
          );
      },
    );
    g.part("about", [at.about], () =>
      inLines(data.about, at.about.w).map((line, i) =>
        label(at.about.x, at.about.y + 16 * i, line, { fill: "ink3" }),
      ),
    );
    drawTable(g, data, at.table);
    g.part("read", [at.read, data.text], () =>
      label(
        at.read.x,
        at.read.y,
        fit(say("Your text: “{text}”", { text: visible(data.text) }), at.read.w, 12, false),
        { fill: "ink2" },
      ),
    );
  },

  points(g, data, local) {
    if (stages.of(local) === stages.last) {
      const { chart, table } = planWays(g.width, data.about, FORGOTTEN);
      return {
        curves: [chart.left, 0, chart.width, chart.top + chart.height],
        table: [table.x, table.y, table.w, 4 * table.pitch - 8],
      };
    }
    const { W, A, B, added } = planned(g, data, stages.of(local)).boxes;
    /** @type {Record<string, PointBox>} */
    const shown = {};
    const name = 18; // above a matrix
    if (W) shown["matrix W"] = [W.x, W.y - name, W.w, W.h + name];
    if (A && B) shown["thin tables"] = [B.x, A.y - name, A.x + A.w - B.x, B.y + B.h - A.y + name];
    if (added) shown.product = [added.x, added.y - name, added.w, added.h + name];
    return shown;
  },

  key(event, g, _, local) {
    if (stages.key(event, g, local)) return true;
    if (event.key !== "Escape") return false;
    stages.up(g, local);
    return true;
  },

  describe(data, local) {
    const step = stages.of(local);
    const told = stages.said(local, (now) => caption(data, now));
    if (step < stages.last) return told;
    const ways = data.ways.map((way) => {
      const row = cells(way);
      const given = { ...row, name: way.curve.name, says: saidOf(way) };
      return way.own
        ? say(
            "{name}, yours: held out {accuracy}, {learned} numbers learned, file {bytes}, {seconds}, forgotten {forgets}; your text: {says}",
            given,
          )
        : say(
            "{name}, recorded: held out {accuracy}, {learned} numbers learned, file {bytes}, {seconds}, forgotten {forgets}; your text: {says}",
            given,
          );
    });
    return `${told}${data.title}. ${ways.join(". ")}.`;
  },

  state(data, local) {
    const { lora } = data;
    return {
      tokens: data.tokens,
      job: data.job,
      stage: stages.state(local),
      x: across(data, local),
      ways: data.ways.map((way) => ({
        key: way.key,
        id: way.curve.id,
        own: way.own,
        going: way.going,
        worth: way.worth,
        judged: way.judged,
        cells: cells(way),
      })),
      lora: lora && {
        name: lora.name,
        rank: lora.rank,
        alpha: lora.alpha,
        cell: lora.cell,
        moved: lora.moved,
        sum: Number(local.arrays?.sum[lora.cell.row * lora.W.shape[1] + lora.cell.col].toPrecision(6)),
      },
      chart: local.chart?.summary() ?? null,
    };
  },
};

/** What is measured along the chart. @type {(data: Tuning, local: Kept) => Axis} */
const across = (data, local) => local.across ?? data.x;

/** Measures along steps or seconds: the page knows it, and its link; a file by itself. @type {(g: Stage, local: Kept, x: Axis) => void} */
function measure(g, local, x) {
  if (g.can.recompute) g.send("axis", { x, at: Date.now() });
  else {
    local.across = x;
    g.redraw();
  }
}

/** What is said of a step. @type {(data: Tuning, step: number) => string} */
const caption = ({ lora }, step) => (lora ? WORDS[step](lora) : say("The LoRA run has learned nothing yet."));

/** What stands where at a step of LoRA. @type {(g: Stage, data: Tuning, step: number) => ReturnType<typeof planStep>} */
const planned = (g, { lora }, step) =>
  planStep(g.width, step, lora ? { rank: lora.rank, columns: lora.W.shape[1] } : { rank: 1, columns: 1 });

/** A step of LoRA: its matrices. @type {(g: Stage, data: Tuning, local: Kept, step: number) => void} */
function drawStep(g, data, { arrays }, step) {
  const { lora } = data;
  const at = planned(g, data, step);
  g.height = at.height;
  if (lora && arrays) drawLora(g, lora, arrays, at, step);
  else
    g.part("no lora", [at], () =>
      label(0, at.top + 20, say("The LoRA run has learned nothing yet."), { size: 14, fill: "ink" }),
    );
}

export default mount("fine_tuning", tuning);
