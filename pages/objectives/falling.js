// The three losses falling side by side: recorded at first, live as soon as the learner trains the three.

import { counted } from "../../app/kit/counts.js";
import { RUN_COLOURS, RUN_DASHES, curves } from "../../app/kit/curves.js";
import { stateWord } from "../../app/kit/endings.js";
import { say } from "../../app/kit/say.js";
import { css, fit, h, html, inLines, label, num, thousands } from "../../app/kit/shapes.js";

/**
 * @import { Feed } from "../../app/kit/feed.js"
 * @import { Draw, Standing } from "./figure.js"
 */

export const NAMES = { next_token: say("next token"), masked: say("masked"), span_corruption: say("spans") };

/** @type {Draw} */
export function drawFalling(g, data, local, at) {
  const p = at.curve;
  const tall = at.phone ? 190 : 216;
  const box = { left: p.x, top: p.y + 44 + (at.phone ? 10 : 0), width: p.w, height: tall };
  g.door(
    "lab",
    { left: p.x - 2, top: p.y - 2 },
    say("The three losses, falling"),
    say("Train anything you like in the lab"),
  );
  const tell = () => g.redraw();
  local.chart = curves(g, "falling", box, {
    runs: data.runs.map((run, i) => ({ ...run, colour: RUN_COLOURS[i], dash: RUN_DASHES[i] ?? undefined })),
    lines: [
      { column: "loss", kind: "raw" },
      { column: "held_out", kind: "solid" },
    ],
    guessing: data.guessing,
    ends: "none",
    title: say("Loss, nats per scored token"),
    onpoint: tell,
    ticks: false,
    left: 26,
  });
  g.part("falling head", [data.trained], () =>
    label(
      p.x,
      p.y + (at.phone ? 46 : 34),
      fit(say("nats per scored token; bold: held out"), p.w, 12, false),
      { fill: "ink3" },
    ),
  );
  /** @type {Standing[]} */
  const rows = local.chart.feeds.map((feed) => ({
    first: first(feed),
    last: feed.last("held_out")?.value ?? null,
    step: Math.max(0, feed.lastStep),
    steps: feed.state.steps,
    state: feed.state.state,
    lost: feed.lost,
    ended: feed.state.ended,
    place: feed.state.place,
    starting: Boolean(feed.state.starting),
  }));
  local.rows = rows;
  g.part("falling rows", [rows], () =>
    rows.map((row, i) => {
      const y = box.top + tall + 22 + 36 * i;
      const run = data.runs[i];
      return [
        h("path", {
          d: `M${p.x},${y - 4}h22`,
          stroke: css(RUN_COLOURS[i]),
          "stroke-width": 2.5,
          "stroke-dasharray": RUN_DASHES[i]?.join(" ") ?? null,
        }),
        label(p.x + 30, y, NAMES[run.objective], { weight: 600, fill: RUN_COLOURS[i] }),
        label(
          p.x + p.w,
          y,
          row.last === null
            ? "–"
            : `${row.first === null ? "" : `${num(row.first, 2)} → `}${num(row.last, 2)}`,
          { anchor: "end", mono: true, fill: "ink", weight: 600 },
        ),
        label(p.x + 30, y + 16, fit(row.lost || wordOf(row), p.w - 30, 12, false), {
          fill: row.lost ? "accent" : "ink3",
        }),
      ];
    }),
  );
  const y = box.top + tall + 12 + 36 * rows.length;
  const going = rows.some((row) => ["queued", "running", "paused"].includes(row.state));
  local.going = going;
  if (g.can.recompute)
    g.overlay(
      "train",
      { left: p.x, top: y, width: Math.min(p.w, 210) },
      () => html("button", { type: "button", class: "gb-button gb-primary gb-small", "data-act": "train" }),
      (node) => {
        node.textContent = going
          ? say("Stop the three")
          : data.mine
            ? say("Train the three again")
            : say("Train the three here");
        node.classList.toggle("gb-primary", !going);
        node.disabled = Boolean(data.cannot) || (going && !data.mine);
        node.onclick = () => g.send(going ? "stop" : "train", { at: Date.now() });
      },
    );
  g.part("falling foot", [data.estimate, data.cannot, data.trained, going], () => {
    const now = g.can.recompute
      ? inLines(data.cannot || (going ? say("Leave the page: they go on.") : data.estimate), p.w)
      : [];
    const top = g.can.recompute ? y + (at.phone ? 62 : 46) : y + 8;
    const all = [
      ...inLines(say("Different questions: a lower line is not a better model."), p.w),
      data.trained,
      ...now,
    ];
    return all.map((line, i) =>
      label(p.x, top + 16 * i, line, {
        fill: data.cannot && i >= all.length - now.length ? "accent" : "ink3",
      }),
    );
  });
}
/** The first held-out loss. @type {(feed: Feed) => number | null} */
const first = (feed) => {
  for (let i = 0; i < feed.n; i++) if (Number.isFinite(feed.cols.held_out[i])) return feed.cols.held_out[i];
  return null;
};
/** @type {(row: Standing) => string} */
function wordOf(row) {
  const step = say("step {step} of {steps}", {
    step: thousands(row.step),
    steps: thousands(row.steps || row.step),
  });
  if (row.state === "queued" && row.starting) return say("the workers are starting");
  if (row.state === "queued")
    return (row.place ?? 0) > 1
      ? say("waits, place {place} in the queue", { place: row.place })
      : row.place
        ? say("waits for a worker")
        : say("begins");
  if (row.state === "done") return `${counted(row.step, "step")}`;
  if (row.state === "running") return step;
  return `${stateWord(row.state)}, ${step}`;
}
