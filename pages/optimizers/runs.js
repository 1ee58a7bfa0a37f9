// Real runs: the five optimizers on one small model and the same batches, with a dial for the rate of each (the race's dials
// are the same); and the fast recipe, with what the loss becomes when one part of it is taken away.

import { curves } from "../../app/kit/curves.js";
import { say } from "../../app/kit/say.js";
import { clamp, css, h, html, inLines, label, measure, num } from "../../app/kit/shapes.js";
import { LOOKS, paragraph, planFive, planRecipe, set, sliderValue } from "./layout.js";

/**
 * @import { Chart, Run } from "../../app/kit/curves.js"
 * @import { Feed } from "../../app/kit/feed.js"
 * @import { Local, OverlayBox, Stage, View } from "../../app/kit/glass.js"
 *
 * An optimizer with its rate.
 * @typedef {{id: string, name: string, short: string, rate: number}} Kind
 * The usual rate is left out of the field that keeps the rates; of a recorded run also the lowest and the highest loss of
 * the seeds at the best rate, and all rates that were tried with the losses of their seeds (null: diverged).
 * @typedef {Kind & {usual: number, low: number, high: number, tried?: {rate: number, losses: (number | null)[]}[]}} RunKind
 *
 * Rates that were turned and that the page has not heard of yet, by optimizer.
 * @typedef {{turning?: Record<string, number> | null}} Turned
 *
 * What Python sends of the five runs: as curves.js takes them, with the optimizer, its rate and the last held-out loss.
 * @typedef {object} Five
 * @property {(Run & {kind: string, rate: number, going: boolean, held: number | null})[]} runs
 * @property {RunKind[]} kinds their rates: of the next runs
 * @property {number | null} guessing the loss of a guess, in nats
 * @property {boolean} own whether they are the learner's
 * @property {boolean} going whether one of them still trains
 * @property {string} about what they are, in words
 *
 * @typedef {Local & Turned & {chart: Chart | null}} FiveKept
 *
 * A part of the recipe that was taken away and what stood in its place; the held-out loss without it: mean, lowest and
 * highest of the seeds; how many times as long a step takes; whether seeds differ as much as that.
 * @typedef {{removed: string, what: string, loss: number, low: number, high: number, step_time: number, unclear: boolean}} Part
 *
 * @typedef {{full: Part, rows: Part[], about: string[]}} Recipe
 * @typedef {ReturnType<typeof planRecipe>} RecipeLayout
 */

// ---------------------------------------------------------------- dials of rates

// A dial's places: 0, then from a ten-thousandth to ten in steps of about a tenth of what is there.
const LOWEST = -4;
const DECADES = 5;
const PLACES = 100;
/** @param {number} place */
const rateAt = (place) =>
  place <= 0 ? 0 : Number((10 ** (LOWEST + (DECADES * (place - 1)) / (PLACES - 1))).toPrecision(2));
/** @param {number} rate */
const placeOf = (rate) =>
  rate <= 0 ? 0 : clamp(Math.round(1 + ((Math.log10(rate) - LOWEST) / DECADES) * (PLACES - 1)), 1, PLACES);

/** An optimizer's rate as it was last turned. @type {(local: Turned, kind: {id: string, rate: number}) => number} */
export const rateOf = (local, kind) => local.turning?.[kind.id] ?? kind.rate;

/** Rates that were turned and that the page has not heard of yet. @type {(data: {kinds: Kind[]}, local: Turned) => Record<string, number> | null} */
export function unheard(data, local) {
  const left = Object.entries(local.turning ?? {}).filter(
    ([id, rate]) => data.kinds.find((kind) => kind.id === id)?.rate !== rate,
  );
  return left.length ? Object.fromEntries(left) : null;
}
/**
 * Change one optimizer's rate: at once on the dial, and in the race as soon as it was run again.
 * @param {Stage} g
 * @param {Turned} local
 * @param {string} field that keeps the rates
 * @param {(Kind & {usual: number})[]} kinds
 * @param {string} id of the one that is turned
 * @param {number} rate
 */
export function turn(g, local, field, kinds, id, rate) {
  local.turning = { ...local.turning, [id]: rate };
  const now = kinds.map((kind) => ({ ...kind, rate: kind.id === id ? rate : rateOf(local, kind) }));
  const text = now
    .filter((kind) => kind.rate !== kind.usual)
    .map((kind) => `${kind.id}:${kind.rate}`)
    .join(" ");
  g.select({ [field]: text });
}

/** By how much the longest name is longer than the room of most: what stands behind it moves. @type {(kinds: Kind[]) => number} */
export const beyond = (kinds) =>
  clamp(Math.ceil(Math.max(...kinds.map((kind) => measure(kind.name, 12))) * 1.06) - 104, 0, 40);

/** A slider over the rates of one optimizer. @type {(g: Stage, local: Turned, name: string, box: OverlayBox, kind: Kind, turned: (rate: number) => void) => void} */
export function drawDial(g, local, name, box, kind, turned) {
  g.overlay(
    name,
    box,
    () =>
      html("input", {
        type: "range",
        class: "gb-range",
        min: 0,
        max: PLACES,
        step: 1,
        "data-rate": kind.id,
        input: (event) => turned(rateAt(sliderValue(event))),
      }),
    (node) => {
      const place = placeOf(rateOf(local, kind));
      if (document.activeElement !== node || Number(node.value) !== place) node.value = String(place);
      node.style.setProperty("--fill", `${place}%`);
      node.setAttribute("aria-label", say("Rate of {name}", { name: kind.name }));
      node.setAttribute("aria-valuetext", set(rateOf(local, kind)));
    },
  );
}

// ---------------------------------------------------------------- the five optimizers

/** @type {View<Five, FiveKept, {data: Five}>} */
export const toyFigure = {
  init(data, local) {
    return { turning: unheard(data, local) };
  },
  draw(g, data, local) {
    const at = planFive(g.width);
    g.data = data;
    g.height = at.height;
    g.part("title", [at.chart], () => [label(0, 14, say("Held-out loss"), { weight: 600, fill: "ink" })]);
    const chart = curves(g, "toy", at.chart, {
      runs: data.runs.map((run) => ({
        ...run,
        colour: LOOKS[run.kind].colour,
        dash: LOOKS[run.kind].dash ?? undefined,
      })),
      lines: [{ column: "held_out", kind: "solid" }],
      guessing: data.guessing
        ? { value: data.guessing, text: say("guessing: {sum}", { sum: num(data.guessing, 2) }) }
        : undefined,
      title: say("Held-out loss, nats per token"),
      ends: at.phone ? "none" : "line",
      onpoint: (feed, what) => {
        if (what === "points" || what === "state") g.redraw();
        if (what === "end" && data.going) g.send("ended", { id: feed.id, at: Date.now() });
      },
    });
    local.chart = chart;
    const { rows } = at;
    const dial = 140 + beyond(data.kinds);
    const words = `${data.about} ${say("All have the same model, first weights and batches. Muon moves the matrices; beside it Adam moves the rest, at Adam’s rate.")}`;
    g.part("heads", [rows, words], () => [
      label(rows.x + rows.w, rows.y - 10, say("held-out loss"), { anchor: "end", fill: "ink3" }),
      label(rows.x + dial, rows.y - 10, say("rate of the next run"), { fill: "ink3" }),
      paragraph(rows.x, rows.y + 5 * rows.row + 20, words, rows.w, { fill: "ink3" }),
    ]);
    const below = rows.y + 5 * rows.row + 8 + 16 * inLines(words, rows.w).length;
    g.height = Math.max(at.height, below + 24);
    g.door(
      "lab",
      { left: rows.x - 2, top: below },
      say("Training lab"),
      say("Choose everything else about such a run"),
    );
    data.kinds.forEach((kind, i) => {
      const run = data.runs.find((one) => one.kind === kind.id);
      const feed = run && chart.feeds[data.runs.indexOf(run)];
      const mid = rows.y + i * rows.row + rows.row / 2;
      const look = LOOKS[kind.id];
      const state = feed?.state.state ?? "done";
      const held = run && feed ? heldOf(feed, run) : null;
      const said =
        state === "diverged"
          ? say("diverged")
          : run?.going && state !== "done"
            ? state === "queued"
              ? feed?.state.place
                ? say("waits ({place})", { place: feed.state.place })
                : say("waits")
              : say("step {step}", { step: feed?.lastStep ?? 0 })
            : held === null
              ? say("none yet")
              : num(held, 3);
      const range = kind.tried && held !== null ? `${num(kind.low, 3)}–${num(kind.high, 3)}` : "";
      g.part(`row ${kind.id}`, [rows, said, rateOf(local, kind), run?.rate, range], () => [
        h("path", {
          d: `M${rows.x},${mid}h22`,
          stroke: css(look.colour),
          "stroke-width": 2.5,
          "stroke-dasharray": look.dash?.join(" "),
        }),
        label(rows.x + 30, mid + 4, kind.name, { fill: look.colour, weight: 600 }),
        label(rows.x + rows.w - 130, mid + 4, set(rateOf(local, kind)), {
          mono: true,
          fill: run && run.rate === rateOf(local, kind) ? "ink" : "accent",
        }),
        label(rows.x + rows.w, mid + (range ? -2 : 4), said, {
          anchor: "end",
          mono: held !== null && !run?.going,
          fill: state === "diverged" ? "accent" : "ink",
          weight: 600,
        }),
        range &&
          g.tip(
            h(
              "g",
              {},
              label(rows.x + rows.w, mid + 13, range, { anchor: "end", mono: true, fill: "ink3" }),
              h("rect", { x: rows.x + rows.w - 96, y: mid - 17, width: 96, height: 34, fill: "transparent" }),
            ),
            `${say("{name}, held-out losses of the seeds", { name: kind.name })}\n${kind.tried?.map((one) => say("rate {rate} {losses}", { rate: set(one.rate).padEnd(6), losses: one.losses.map((v) => (v === null ? say("diverged") : num(v, 3))).join("  ") })).join("\n")}`,
          ),
      ]);
      drawDial(
        g,
        local,
        `rate ${kind.id}`,
        {
          left: rows.x + dial,
          top: mid - (at.phone ? 22 : 12),
          width: rows.w - dial - 140,
          height: at.phone ? 44 : 24,
        },
        kind,
        (rate) => turn(g, local, "toyrates", g.data.kinds, kind.id, rate),
      );
    });
  },
  describe(data) {
    const rows = data.runs
      .map((run) =>
        say("{name} at rate {rate}: {loss}", {
          name: data.kinds.find((kind) => kind.id === run.kind)?.name,
          rate: set(run.rate),
          loss: run.held === null ? say("no held-out loss yet") : num(run.held, 3),
        }),
      )
      .join("; ");
    return data.own
      ? say("Your runs of one small model with five optimizers; held-out loss {rows}.", { rows })
      : say("Recorded runs of one small model with five optimizers; held-out loss {rows}.", { rows });
  },
  state(data, local) {
    return {
      own: data.own,
      going: data.going,
      rates: Object.fromEntries(data.kinds.map((kind) => [kind.id, rateOf(local, kind)])),
      held: Object.fromEntries(
        data.runs.map((run, i) => [
          run.kind,
          local.chart?.feeds[i] ? heldOf(local.chart.feeds[i], run) : run.held,
        ]),
      ),
      chart: local.chart?.summary() ?? null,
    };
  },
};

/** The last held-out loss that a run has, from its stream or as it was recorded. @type {(feed: Feed, run: Five["runs"][0]) => number | null} */
function heldOf(feed, run) {
  const values = feed.column("held_out");
  for (let i = feed.n - 1; i >= 0; i--) if (Number.isFinite(values[i])) return values[i];
  return run.held;
}

// ---------------------------------------------------------------- the fast recipe, part by part

/** Lowest to highest of the seeds, as a line with ends; nothing where there was but one. @type {(X: RecipeLayout["X"], part: Part, mid: number) => SVGPathElement | null} */
const spreadLine = (X, { low, high }, mid) =>
  high > low
    ? h("path", {
        d: `M${X(low)},${mid}H${X(high)}M${X(low)},${mid - 4}v8M${X(high)},${mid - 4}v8`,
        stroke: css("ink"),
        "stroke-width": 1.5,
      })
    : null;
/** A part's loss, and how far its seeds reach. @param {Part} part */
const lossOf = ({ loss, low, high }) =>
  high > low
    ? say("{loss}, from {low} to {high}", { loss: num(loss, 3), low: num(low, 3), high: num(high, 3) })
    : num(loss, 3);

/** One part: its name, what stood in its place, its loss as a bar from the whole recipe's. @type {(g: Stage, data: Recipe, at: RecipeLayout, row: Part, place: RecipeLayout["rows"][0]) => SVGGElement} */
function drawRecipeRow(g, data, at, row, { x, below, lines, top, mid }) {
  const { X, phone } = at;
  const [a, b] = [X(data.full.loss), X(row.loss)];
  const node = h(
    "g",
    { "data-removed": row.removed },
    label(0, top, row.removed, { weight: 600, fill: "ink" }),
    lines.map((line, k) => label(x, top + 16 * below * (k + 1), line, { fill: "ink3" })),
    h("rect", {
      x: Math.min(a, b),
      y: mid - 6,
      width: Math.max(1.5, Math.abs(b - a)),
      height: 12,
      rx: 2,
      fill: css("res"),
      opacity: row.unclear ? 0.4 : 1,
    }),
    phone && h("path", { d: `M${a},${mid - 10}v20`, stroke: css("accent"), "stroke-width": 1.5 }),
    spreadLine(X, row, mid),
    label(g.width - 54, mid + 4, num(row.loss, 3), { mono: true, anchor: "end", fill: "ink", weight: 600 }),
    label(g.width, mid + 4, `× ${num(row.step_time, 2)}`, { mono: true, anchor: "end", fill: "ink2" }),
  );
  return g.tip(
    node,
    say("without {part}: {loss}\nthe whole recipe: {whole}\na step takes {times} times as long", {
      part: row.removed,
      loss: lossOf(row),
      whole: lossOf(data.full),
      times: num(row.step_time, 2),
    }),
  );
}

/** @type {View<Recipe>} */
export const recipeFigure = {
  draw(g, data) {
    const at = planRecipe(g.width, data.full, data.rows);
    const { phone, rows, end, X } = at;
    const here = X(data.full.loss);
    let y = end + 14;
    const about = data.about.map((text) => {
      const top = y;
      const lines = inLines(text, Math.min(g.width, 1000)).map((line, i) => ({ line, y: top + 16 * i }));
      y += 16 * lines.length + 6;
      return lines;
    });
    g.height = y;
    g.part("recipe", [g.width], () => [
      label(0, 14, say("Without …"), { weight: 600, fill: "ink", size: 14 }),
      !phone && label(86, 14, say("and what stood in its place"), { fill: "ink3" }),
      label(
        phone ? g.width - 118 : here,
        14,
        say("the whole recipe: {loss}", { loss: num(data.full.loss, 3) }),
        { fill: "accent", weight: 600, anchor: phone ? "end" : "start" },
      ),
      label(g.width - 54, 14, say("loss"), { anchor: "end", fill: "ink3" }),
      label(g.width, 14, say("a step"), { anchor: "end", fill: "ink3" }),
      !phone &&
        data.full.high > data.full.low &&
        h("rect", {
          x: X(data.full.low),
          y: 24,
          width: X(data.full.high) - X(data.full.low),
          height: end - 30,
          fill: css("accent-soft"),
        }),
      !phone && h("path", { d: `M${here},24V${end - 6}`, stroke: css("accent"), "stroke-width": 1.5 }),
      rows.map((place, i) => drawRecipeRow(g, data, at, data.rows[i], place)),
      about.flat().map((one) => label(0, one.y, one.line, { fill: "ink3" })),
    ]);
  },
  describe(data) {
    const rows = data.rows
      .map((row) => say("without {part} {loss}", { part: row.removed, loss: lossOf(row) }))
      .join("; ");
    return `${say("Held-out loss of the fast recipe {loss}; {rows}.", { loss: lossOf(data.full), rows })} ${data.about.join(" ")}`;
  },
  state(data) {
    return {
      full: data.full.loss,
      rows: data.rows.map((row) => [row.removed, row.loss, row.step_time]),
      unclear: data.rows.filter((row) => row.unclear).map((row) => row.removed),
    };
  },
};
