// The five optimizers on one small model and the same batches: their losses, and a dial for the rate of each.

import { curves } from "../../app/kit/curves.js";
import { css, h, inLines, label, num } from "../../app/kit/shapes.js";
import { LOOKS, paragraph, set } from "./layout.js";
import { drawDial, rateOf, turn, unheard } from "./side.js";

function toyPlan(g) {
  const phone = g.width < 760;
  const side = phone ? g.width : 390;
  return {
    phone, chart: { left: 0, top: 24, width: phone ? g.width : g.width - side - 26, height: 256 },
    rows: phone ? { x: 0, y: 322, w: g.width, row: 46 } : { x: g.width - side, y: 24, w: side, row: 36 },
    height: phone ? 690 : 320,
  };
}

export const toyFigure = {
  init(data, local) {
    return { turning: unheard(data, local) };
  },
  draw(g, data, local) {
    const at = toyPlan(g);
    g.data = data;
    g.height = at.height;
    g.part("title", [at.chart], () => [label(0, 14, "Held-out loss", { weight: 600, fill: "ink" })]);
    local.chart = curves(g, "toy", at.chart, {
      runs: data.runs.map((run) => ({ ...run, colour: LOOKS[run.kind].colour, dash: LOOKS[run.kind].dash })),
      lines: [{ column: "held_out", kind: "solid" }], guessing: data.guessing ? { value: data.guessing, text: `guessing: ${num(data.guessing, 2)}` } : undefined,
      title: "Held-out loss, nats per token", ends: at.phone ? "none" : "line",
      onpoint: (feed, what) => { if (what === "points" || what === "state") g.redraw(); if (what === "end" && data.going) g.send("ended", { id: feed.id, at: Date.now() }); },
    });
    const { rows } = at;
    const words = `${data.about} All have the same model, first weights and batches. Muon moves the matrices; beside it Adam moves the rest, at Adam’s rate.`;
    g.part("heads", [rows, words], () => [
      label(rows.x + rows.w, rows.y - 10, "held-out loss", { anchor: "end", fill: "ink3" }),
      label(rows.x + 140, rows.y - 10, "rate of the next run", { fill: "ink3" }),
      paragraph(rows.x, rows.y + 5 * rows.row + 20, words, rows.w, { fill: "ink3" }),
    ]);
    g.door("lab", { left: rows.x - 2, top: rows.y + 5 * rows.row + 8 + 16 * inLines(words, rows.w).length }, "Training lab", "Choose everything else about such a run");
    data.kinds.forEach((kind, i) => {
      const run = data.runs.find((one) => one.kind === kind.id);
      const feed = local.chart.feeds[data.runs.indexOf(run)];
      const mid = rows.y + i * rows.row + rows.row / 2;
      const look = LOOKS[kind.id];
      const state = feed?.state.state ?? "done";
      const held = feed ? heldOf(feed, run) : null;
      const said = state === "diverged" ? "diverged" : run?.going && state !== "done" ? (state === "queued" ? `waits (${feed.state.place ?? ""})` : `step ${feed.lastStep ?? 0}`) : held === null ? "none yet" : num(held, 3);
      const range = kind.tried && held !== null ? `${num(kind.low, 3)}–${num(kind.high, 3)}` : "";
      g.part(`row ${kind.id}`, [rows, said, rateOf(local, kind), run?.rate, range], () => [
        h("path", { d: `M${rows.x},${mid}h22`, stroke: css(look.colour), "stroke-width": 2.5, "stroke-dasharray": look.dash?.join(" ") }),
        label(rows.x + 30, mid + 4, kind.name, { fill: look.colour, weight: 600 }),
        label(rows.x + rows.w - 130, mid + 4, set(rateOf(local, kind)), { mono: true, fill: run && run.rate === rateOf(local, kind) ? "ink" : "accent" }),
        label(rows.x + rows.w, mid + (range ? -2 : 4), said, { anchor: "end", mono: held !== null && !run?.going, fill: state === "diverged" ? "accent" : "ink", weight: 600 }),
        range && g.tip(h("g", {}, label(rows.x + rows.w, mid + 13, range, { anchor: "end", mono: true, fill: "ink3" }), h("rect", { x: rows.x + rows.w - 96, y: mid - 17, width: 96, height: 34, fill: "transparent" })),
          `${kind.name}, held-out losses of the seeds\n${kind.tried.map((one) => `rate ${set(one.rate).padEnd(6)} ${one.losses.map((v) => (v === null ? "diverged" : num(v, 3))).join("  ")}`).join("\n")}`),
      ]);
      drawDial(g, data, local, `rate ${kind.id}`, { left: rows.x + 140, top: mid - (at.phone ? 22 : 12), width: rows.w - 140 - 140, height: at.phone ? 44 : 24 }, kind,
        (rate) => turn(g, g.data, local, "toyrates", g.data.kinds, kind.id, rate));
    });
  },
  describe(data) {
    const rows = data.runs.map((run) => `${data.kinds.find((kind) => kind.id === run.kind).name} at rate ${set(run.rate)}: ${run.held === null ? "no held-out loss yet" : num(run.held, 3)}`);
    return `${data.own ? "Your" : "Recorded"} runs of one small model with five optimizers; held-out loss ${rows.join("; ")}.`;
  },
  state(data, local) {
    return { own: data.own, going: data.going, rates: Object.fromEntries(data.kinds.map((kind) => [kind.id, rateOf(local, kind)])), held: Object.fromEntries(data.runs.map((run, i) => [run.kind, local.chart?.feeds[i] ? heldOf(local.chart.feeds[i], run) : run.held])), chart: local.chart?.summary() ?? null };
  },
};

/** The last held-out loss that a run has, from its stream or as it was recorded. */
function heldOf(feed, run) {
  const values = feed.column("held_out");
  for (let i = feed.n - 1; i >= 0; i--) if (Number.isFinite(values[i])) return values[i];
  return run.held;
}
