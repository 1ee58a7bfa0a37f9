// Below the picture. A shift by k as one matrix: it turns every pair of a sinusoidal row by k times the pair's rate, and fits
// no learned table. And what lies beyond the trained length.

import { counted } from "../../app/kit/counts.js";
import { mount } from "../../app/kit/glass.js";
import { pieces, say, sayOf } from "../../app/kit/say.js";
import {
  MONO,
  css,
  fit,
  h,
  heat,
  heatImage,
  inLines,
  label,
  measure,
  num,
  unpack,
} from "../../app/kit/shapes.js";
import { isPhone } from "../../app/kit/widths.js";

/**
 * @import { Local, Stage, View } from "../../app/kit/glass.js"
 * @import { Packed, Shapes, Unpacked } from "../../app/kit/shapes.js"
 * @import { Box } from "./layout.js"
 */

/**
 * Rows of a table beside what the shift makes of an earlier one: row `at` + by, and M times row `at`. `error`: the largest
 * difference over all `rows`.
 * @typedef {{name: string, at: number, error: number, rows: number, moved: Packed, after: Packed}} Table
 *
 * A kind of position on one task: the share of rows without a mistake by length, mean and span (worst, best) over seeds.
 * @typedef {{kind: string, name: string, mean: number[], span: [low: number, high: number][]}} Kind
 * @typedef {{task: string, title: string, trained: number, lengths: number[], kinds: Kind[], seeds: number,
 *   answers: Answer[]}} Chart
 * @typedef {[length: number, given: string, right: string, said: string]} Answer
 *
 * The training that the learner asked for, so far; `margin`: what counting a few rows leaves open.
 * @typedef {{step: number, steps: number, loss: number, seed: number, exact: number[], margin: number[],
 *   answers: Answer[]}} Mine
 *
 * What extrapolation.py sends. `matrix` (size, size): the beginning of M, for a shift by `by` positions; `angles`: what it
 * turns each pair by, in radians.
 * @typedef {{by: number, kind: string, name: string, tables: Table[], matrix: Packed, size: number, angles: number[],
 *   charts: Chart[], task: string, mine: Mine | null}} Data
 *
 * What the browser knows: the kind, the length and the task under the pointer.
 * @typedef {Local & {over: string | null, length: number | null, task: string | null, matrix: Unpacked,
 *   tables: {moved: Unpacked, after: Unpacked}[], shiftEnd: number, beyondEnd: number}} Kept
 */

/**
 * @param {Stage} g @param {number} x @param {number} y @param {number} w @param {number} tall
 * @param {Float32Array} values @param {number} most
 */
function strip(g, x, y, w, tall, values, most) {
  return [
    heatImage(
      x,
      y,
      w,
      tall,
      heat(values, 1, values.length, (v) => g.signedRgb(v, most)),
    ),
    h("rect", { x, y, width: w, height: tall, fill: "none", stroke: css("line") }),
  ];
}
/** @param {number} x */
const small = (x) => (x === 0 ? "0" : x >= 0.001 ? num(x, 3) : x.toExponential(1).replace("e-", "e−"));

/** @param {Stage} g @param {Data} data @param {Kept} local @param {Box} box */
function drawShift(g, data, local, box) {
  const { x, y, w } = box;
  const n = data.size;
  const size = Math.min(168, w);
  /** @type {Shapes[]} */
  const title = [label(x, y + 14, say("A shift is one matrix"), { size: 14, weight: 600, fill: "ink" })];
  const said = inLines(
    [
      say(
        "Row t + {by} of a sinusoidal table is M times row t, the same M for every t: each pair of numbers is turned by {by} × its rate.",
        { by: data.by },
      ),
      say("So a model can ask for “{by} before” with one set of weights.", { by: data.by }),
    ].join(" "),
    w,
    12,
  );
  for (const [i, line] of said.entries()) title.push(label(x, y + 34 + 16 * i, line));
  const top = y + 48 + 16 * said.length;
  const cell = size / n;
  const lines = [];
  for (let i = 2; i < n; i += 2) lines.push(`M${x + i * cell},${top}v${size}M${x},${top + i * cell}h${size}`);
  /** @type {Shapes[]} */
  const out = [
    title,
    heatImage(
      x,
      top,
      size,
      size,
      heat(local.matrix, n, n, (v) => g.signedRgb(v, 1)),
    ),
    h("path", { d: lines.join(""), stroke: css("bg") }),
    label(x, top + size + 16, say("M: first {rows} and columns", { rows: counted(n, "row") }), {
      fill: "ink3",
    }),
  ];
  const narrow = isPhone(w);
  const across = narrow ? 0 : (w - size - 40) / 2; // the tables side by side where there is room
  const [sy, sw] = narrow ? [top + size + 40, w] : [top + 12, across - 30];
  data.tables.forEach((table, k) => {
    const a = local.tables[k];
    const most = Math.max(...a.after.map(Math.abs), ...a.moved.map(Math.abs), 1e-9);
    const [at, sx] = narrow ? [sy + k * 112, x] : [sy, x + size + 40 + k * across];
    const exact = table.error < 1e-6;
    out.push(label(sx, at, table.name, { weight: 600, fill: "ink" }));
    const strips = [
      { name: say("M × row {row}", { row: table.at }), values: a.moved },
      { name: say("row {row}", { row: table.at + data.by }), values: a.after },
    ];
    strips.forEach(({ name, values }, i) => {
      out.push(
        label(sx, at + 24 + 24 * i, name, { fill: "ink3" }),
        strip(g, sx + 90, at + 12 + 24 * i, sw - 90, 16, values, most),
      );
    });
    out.push(
      h(
        "text",
        { x: sx, y: at + 72, "font-size": 12, fill: css("ink2") },
        pieces(say("largest difference at {positions} positions: {error}"), {
          positions: String(table.rows),
          error: h(
            "tspan",
            { "font-family": MONO, "font-weight": 700, fill: css(exact ? "accent" : "ink") },
            small(table.error),
          ),
        }),
      ),
      label(sx, at + 88, exact ? say("rounding: the identity holds") : say("no such matrix fits it"), {
        fill: exact ? "accent" : "ink2",
      }),
    );
  });
  local.shiftEnd = narrow ? sy + 2 * 112 : top + size + 28;
  return out;
}

// ---------------------------------------------------------------- beyond the trained length: tiny models, equal but for their positions

/** @type {Record<string, [colour: string, dash: string | null]>} */
const LOOKS = {
  sinusoidal: ["q-ink", null],
  learned: ["ink2", "6 3"],
  rotary: ["k-ink", null],
  alibi: ["v-ink", null],
  relative: ["att-ink", "8 3"],
  none: ["mlp-ink", "2 3"],
};

/** @param {Stage} g @param {Data} data @param {Kept} local @param {Box} box */
function drawBeyond(g, data, local, box) {
  const { x, y, w } = box;
  const seeds = data.charts[0].seeds;
  const said = inLines(
    [
      say(
        "The same tiny model with each kind of position, trained on rows of 2 to {letters} and tested on up to 30.",
        { letters: counted(data.charts[0].trained, "letter") },
      ),
      say(
        "The share of 200 rows without a mistake; lines: mean of {seeds}, bands: from the worst to the best seed.",
        { seeds: counted(seeds, "seed") },
      ),
    ].join(" "),
    w,
    12,
  );
  /** @type {Shapes[]} */
  const out = [
    label(x, y + 14, say("Beyond the trained length"), { size: 14, weight: 600, fill: "ink" }),
    said.map((line, i) => label(x, y + 34 + 16 * i, line)),
  ];
  const names = data.charts[0].kinds;
  let [lx, ly] = [x, y + 42 + 16 * said.length];
  for (const one of names) {
    const wide = 30 + measure(one.name, 12, false) * 1.06 + 18;
    if (lx + wide > x + w) {
      lx = x;
      ly += 22;
    }
    const [colour, dash] = LOOKS[one.kind];
    const on = local.over ? local.over === one.kind : one.kind === data.kind;
    const node = h(
      "g",
      {
        class: "gb-hot",
        "data-kind": one.kind,
        pointerenter: () => {
          local.over = one.kind;
          g.redraw();
        },
        pointerleave: () => {
          local.over = null;
          g.redraw();
        },
      },
      h("rect", {
        x: lx - 4,
        y: ly - 2,
        width: wide - 6,
        height: 20,
        rx: 10,
        fill: css(on ? "field" : "bg"),
      }),
      h("path", {
        d: `M${lx + 2},${ly + 8}h22`,
        stroke: css(colour),
        "stroke-width": 2.5,
        "stroke-dasharray": dash,
      }),
      label(lx + 30, ly + 12, one.name, { weight: on ? 700 : 400, fill: "ink" }),
    );
    out.push(node);
    lx += wide;
  }
  const across = w < 620 ? 1 : 3;
  const cw = (w - 26 * (across - 1)) / across;
  const top = ly + 40;
  const tall = 186;
  for (const [k, chart] of data.charts.entries())
    out.push(
      drawTask(g, data, local, chart, {
        x: x + (k % across) * (cw + 26),
        y: top + Math.floor(k / across) * (tall + 66),
        w: cw,
        h: tall,
      }),
    );
  const end = top + (across === 1 ? 3 : 1) * (tall + 66) - 8;
  out.push(drawAnswer(data, local, x, end, w));
  local.beyondEnd = end + 82;
  return out;
}

/** @param {Stage} g @param {Data} data @param {Kept} local @param {Chart} chart @param {Box & {h: number}} box */
function drawTask(g, data, local, chart, box) {
  const { w, h: tall } = box;
  const x = box.x + 36;
  const wide = w - 46;
  const lengths = chart.lengths;
  const X = (/** @type {number} */ n) =>
    x + (wide * (n - lengths[0])) / (lengths[lengths.length - 1] - lengths[0]);
  const Y = (/** @type {number} */ share) => box.y + 16 + (tall - 16) * (1 - share);
  const chosen = local.over ?? data.kind;
  const path = (/** @type {number[]} */ values) =>
    values.map((v, i) => `${i ? "L" : "M"}${X(lengths[i]).toFixed(1)},${Y(v).toFixed(1)}`).join("");
  const at = local.length ?? null;
  return h(
    "g",
    {},
    label(box.x, box.y, chart.title, { weight: 600, fill: "ink" }),
    data.mine &&
      data.task === chart.task &&
      label(
        box.x + w,
        box.y,
        data.mine.exact.length
          ? say("dots: trained here, seed {seed}", { seed: data.mine.seed })
          : say("trained here: step {step}, loss {loss}", {
              step: data.mine.step,
              loss: num(data.mine.loss, 3),
            }),
        { anchor: "end", fill: "accent", weight: 600 },
      ),
    h("rect", {
      x: X(lengths[0]),
      y: Y(1),
      width: X(chart.trained) - X(lengths[0]),
      height: Y(0) - Y(1),
      fill: css("field"),
    }),
    label(X(lengths[0]) + 4, Y(0) - 6, say("trained on"), { size: 11, fill: "ink3" }),
    [0, 0.5, 1].map((v) => [
      h("path", { d: `M${x},${Y(v)}h${wide}`, stroke: css("line") }),
      label(x - 5, Y(v) + 4, `${100 * v}%`, { anchor: "end", size: 11, fill: "ink3" }),
    ]),
    chart.kinds.map(
      (one) =>
        one.kind === chosen &&
        h("path", {
          d: `${
            path(one.span.map((s) => s[1])) +
            one.span
              .map((_, i) => one.span.length - 1 - i)
              .map((i) => `L${X(lengths[i]).toFixed(1)},${Y(one.span[i][0]).toFixed(1)}`)
              .join("")
          }Z`,
          fill: css(LOOKS[one.kind][0]),
          opacity: 0.22,
        }),
    ),
    chart.kinds.map((one) =>
      h("path", {
        d: path(one.mean),
        fill: "none",
        stroke: css(LOOKS[one.kind][0]),
        "stroke-width": one.kind === chosen ? 3 : 1.5,
        opacity: one.kind === chosen || !local.over ? 1 : 0.35,
        "stroke-dasharray": LOOKS[one.kind][1],
      }),
    ),
    data.mine && data.task === chart.task && data.mine.exact.length > 0 && drawMine(data.mine, lengths, X, Y),
    at !== null &&
      h("path", { d: `M${X(at)},${Y(1)}V${Y(0)}`, stroke: css("ink3"), "stroke-dasharray": "2 3" }),
    [lengths[0], chart.trained, 20, lengths[lengths.length - 1]].map((n) =>
      label(X(n), Y(0) + 15, n, { anchor: "middle", mono: true, size: 11, fill: "ink3" }),
    ),
    label(x + wide / 2, Y(0) + 30, say("letters"), { anchor: "middle", size: 11, fill: "ink3" }),
    g.tip(
      h("rect", {
        class: "gb-hot",
        x,
        y: Y(1),
        width: wide,
        height: Y(0) - Y(1),
        fill: "transparent",
        pointermove: (event) => {
          const n = lengthAt(event, lengths);
          if (n !== local.length || local.task !== chart.task) {
            local.length = n;
            local.task = chart.task;
            g.redraw();
          }
        },
        pointerleave: () => {
          local.length = null;
          g.redraw();
        },
      }),
      (event) => {
        const i = lengths.indexOf(lengthAt(event, lengths));
        const kinds = [...chart.kinds].sort((a, b) => b.mean[i] - a.mean[i]);
        return [
          counted(lengths[i], "letter"),
          ...kinds.map(
            (one) =>
              `${num(100 * one.mean[i], 0).padStart(3)} % ${say("{kind} ({low} to {high})", { kind: one.name, low: num(100 * one.span[i][0], 0), high: num(100 * one.span[i][1], 0) })}`,
          ),
        ].join("\n");
      },
    ),
  );
}
/**
 * The model that was trained on this page: a dot for each tested length, with what counting 200 rows leaves open.
 * @param {Mine} mine @param {number[]} lengths @param {(n: number) => number} X @param {(share: number) => number} Y
 */
function drawMine(mine, lengths, X, Y) {
  return lengths.map((n, i) => [
    h("path", {
      d: `M${X(n)},${Y(Math.min(1, mine.exact[i] + mine.margin[i]))}V${Y(Math.max(0, mine.exact[i] - mine.margin[i]))}`,
      stroke: css("accent"),
    }),
    h("circle", { cx: X(n), cy: Y(mine.exact[i]), r: 3.5, fill: css("accent") }),
  ]);
}
/** @param {MouseEvent} event @param {number[]} lengths */
function lengthAt(event, lengths) {
  const box = /** @type {Element} */ (event.target).getBoundingClientRect();
  const n =
    lengths[0] + ((event.clientX - box.left) / box.width) * (lengths[lengths.length - 1] - lengths[0]);
  return lengths.reduce((best, one) => (Math.abs(one - n) < Math.abs(best - n) ? one : best), lengths[0]);
}
/**
 * One tested row of the page's kind: what was given, what is right, and what the model wrote.
 * @param {Data} data @param {Kept} local @param {number} x @param {number} y @param {number} w
 */
function drawAnswer(data, local, x, y, w) {
  const chart = data.charts.find((one) => one.task === (local.task ?? data.task)) ?? data.charts[0];
  const length = local.length ?? 12;
  const mine = data.mine && data.task === chart.task && data.mine.answers.length ? data.mine : null;
  const answers = mine ? mine.answers : chart.answers;
  const answer = answers.find((one) => one[0] === length) ?? answers[0];
  const [n, given, right, wrote] = answer;
  const same = right === wrote;
  const about = { kind: data.name, letters: counted(n, "letter"), task: chart.title.toLowerCase() };
  return h(
    "g",
    {},
    label(
      x,
      y + 12,
      mine
        ? say("{kind}, trained here, one row of {letters} ({task})", about)
        : say("{kind}, one row of {letters} ({task})", about),
      { weight: 600, fill: "ink" },
    ),
    [
      [say("given"), given, "ink2"],
      [sayOf("row", "right"), right, "ink2"],
      [say("written"), wrote, same ? "accent" : "ink"],
    ].map(([name, text, fill], i) => [
      label(x, y + 32 + 18 * i, name, { fill: "ink3" }),
      label(x + 56, y + 32 + 18 * i, fit(text, w - 110, 12), { mono: true, fill }),
      i === 2 &&
        label(x + w, y + 32 + 18 * i, same ? sayOf("verdict", "right") : sayOf("verdict", "wrong"), {
          anchor: "end",
          weight: 600,
          fill: same ? "accent" : "ink2",
        }),
    ]),
  );
}

// ---------------------------------------------------------------- the picture

/** @type {View<Data, Kept>} */
const extrapolationView = {
  init(data) {
    return {
      over: null,
      length: null,
      task: null,
      matrix: unpack(data.matrix),
      tables: data.tables.map((one) => ({ moved: unpack(one.moved), after: unpack(one.after) })),
    };
  },
  draw(g, data, local) {
    g.part("shift", null, () => drawShift(g, data, local, { x: 0, y: 0, w: g.width }));
    const box = { x: 0, y: local.shiftEnd + 20, w: g.width };
    g.part("beyond", [box, local.over, local.length, local.task], () => drawBeyond(g, data, local, box));
    g.height = local.beyondEnd;
  },
  describe(data) {
    const i = data.charts[0].lengths.indexOf(12);
    const tables = data.tables.map((one) =>
      say("{table}, largest difference {error}", { table: one.name, error: small(one.error) }),
    );
    const tasks = data.charts.map(
      (chart) =>
        `${chart.title}: ${chart.kinds.map((one) => `${one.name} ${num(100 * one.mean[i], 0)} %`).join(", ")}`,
    );
    return [
      say("A shift by {by} positions as one matrix: {tables}.", { by: data.by, tables: tables.join("; ") }),
      say("Trained on rows of up to {letters}, right on rows of 12: {tasks}.", {
        letters: counted(data.charts[0].trained, "letter"),
        tasks: tasks.join("; "),
      }),
    ].join(" ");
  },
  state(data) {
    return {
      by: data.by,
      kind: data.kind,
      task: data.task,
      mine: data.mine,
      tables: data.tables.map(({ name, error, rows }) => ({ name, error, rows })),
      angles: data.angles,
      charts: data.charts.map(({ task, trained, lengths, kinds }) => ({
        task,
        trained,
        lengths,
        kinds: kinds.map(({ kind, mean }) => ({ kind, mean })),
      })),
    };
  },
};

export default mount("positions_extrapolation", extrapolationView);
