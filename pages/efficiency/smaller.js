// Below the charts of pruning and of students: what they say, the tables of what each came to, own runs as they train.

import { counted } from "../../app/kit/counts.js";
import { curves, heardRuns } from "../../app/kit/curves.js";
import { mount } from "../../app/kit/glass.js";
import { paragraphs } from "../../app/kit/paragraphs.js";
import { say } from "../../app/kit/say.js";
import { clamp, fit, h, label, num, percent, thousands } from "../../app/kit/shapes.js";
import { isDesk } from "../../app/kit/widths.js";

/**
 * @import { Stage, View } from "../../app/kit/glass.js"
 *
 * What smaller.py sends. Losses and rises are in nats a token, shares between 0 and 1, sizes in bytes; a speed says how many
 * times as fast a pass is (null: the rounds do not tell it from the original's).
 * @typedef {object} Data
 * @property {string[]} tokens of the open text
 * @property {string} name of the open model
 * @property {Cut} cut
 * @property {number} share removed, as the learner chose
 * @property {number} retrained steps after pruning
 * @property {{name: string, loss: number, numbers: number, bytes: number, places: number, texts: number}} base the recorded runs' model
 * @property {Record<Cut, Level[]>} curves
 * @property {boolean} neuronsOnly whether the open model's heads cannot go
 * @property {(Measured | {sparsity: number, why: string})[]} mine the open model, pruned and not retrained
 * @property {number} waits shares still to be measured
 * @property {Student[]} students alone, taught, and alone for as many operations
 * @property {Own[]} own
 * @property {any[]} live own runs that train, as curves.js takes them
 * @property {{name: string, counted: number, said: number, glue: number, imdb: number, squad: number, seconds: number}[]} published
 *   BERT and DistilBERT
 * @property {{pruned: string[], taught: string[], published: string[]}} said
 */
/**
 * @typedef {"magnitude" | "structured"} Cut
 * @typedef {{mean: number, low: number, high: number}} Interval of the seeds
 * @typedef {{sparsity: number, numbers: number, bytes: number, speed: number | null, before: {rise: number, agreement: number}, after: {rise: Interval, agreement: Interval}}} Level
 * @typedef {{way: string, steps: number, numbers: number, bytes: number, trace: {step: number, loss: Interval}[], agreement: Interval, speed: number | null}} Student
 *
 * What stays of a block, of how many.
 * @typedef {{heads: [stay: number, of: number], neurons: [stay: number, of: number]}} Parts
 *
 * The open model without a share of its weights; low to high: the 95 % interval of its agreement.
 * @typedef {Parts & {why?: undefined, sparsity: number, rise: number, agreement: number, low: number, high: number, numbers: number, bytes: number, texts: number, places: number, speed: number | null}} Measured
 *
 * A run of the learner; end: null until it is measured.
 * @typedef {object} Own
 * @property {string} id
 * @property {string} name
 * @property {string} short
 * @property {string} way
 * @property {string} base
 * @property {(Partial<Parts> & {loss: number, agreement: number, numbers: number, bytes: number, speed: number | null}) | null} end
 *
 * @typedef {{sel: Record<string, any>, share: number, chart: any}} Kept
 * @typedef {{x: number, y: number, w: number}} Box
 *
 * A cell of a table: its text, or its text and its tip.
 * @typedef {string | [text: string, tip: string]} Cell
 */

// ---------------------------------------------------------------- words

/** @type {Record<Cut, string>} */
const PRUNED = {
  magnitude: say("Pruning the blocks’ weights, the smallest first: {model}."),
  structured: say("Pruning heads and neurons: {model}."),
};
const restsOn = (/** @type {{texts: number, places: number}} */ one) =>
  say("on {texts} ({tokens})", { texts: counted(one.texts, "text"), tokens: counted(one.places, "token") });
const inMegabytes = (/** @type {number} */ v) => `${num(v / 1e6, v < 1e5 ? 3 : 2)} MB`;

/** What is left of each block: whole heads and neurons only can go. @param {Parts} one */
const partsStay = (one) =>
  say("{heads} of {allHeads} and {neurons} of {allNeurons} of each block stay", {
    heads: one.heads[0],
    allHeads: counted(one.heads[1], "head"),
    neurons: thousands(one.neurons[0]),
    allNeurons: counted(one.neurons[1], "neuron"),
  });

/** The open model at the learner's share, in words. @type {(data: Data, share: number) => string} */
function mineSaid(data, share) {
  const one = data.mine.find((each) => Math.abs(each.sparsity - share) < 1e-6);
  const what = removedSaid(data, percent(share, 0));
  if (!one) return say("{model} without {what}: not measured yet.", { model: data.name, what });
  if (one.why !== undefined) return `${data.name}: ${one.why}.`;
  const given = {
    model: data.name,
    what,
    texts: restsOn(one),
    rise: num(one.rise, 2),
    kept: percent(one.agreement, 1),
    low: percent(one.low, 0),
    high: percent(one.high, 0),
    numbers: counted(one.numbers, "number"),
    file: inMegabytes(one.bytes),
    base: restsOn(data.base),
  };
  if (data.cut === "magnitude")
    return say(
      "{model} without {what}, measured now {texts}, not retrained: {rise} nats above its own loss, {kept} of its first choices stay ({low} to {high}); {numbers}, a file of {file}; a pass multiplies by the zeros all the same. The recorded curves rest {base}.",
      given,
    );
  const asked = data.neuronsOnly
    ? say("{model}, {what} asked for: {parts} (the heads share one table of biases).", {
        ...given,
        parts: partsStay(one),
      })
    : say("{model}, {what} asked for: {parts}.", { ...given, parts: partsStay(one) });
  const now = one.speed
    ? say(
        "Measured now {texts}, not retrained: {rise} nats above its own loss, {kept} of its first choices stay ({low} to {high}); {numbers}, a file of {file}; a pass is {speed} times as fast. The recorded curves rest {base}.",
        { ...given, speed: num(one.speed, 1) },
      )
    : say(
        "Measured now {texts}, not retrained: {rise} nats above its own loss, {kept} of its first choices stay ({low} to {high}); {numbers}, a file of {file}; a pass is as fast. The recorded curves rest {base}.",
        given,
      );
  return `${asked} ${now}`;
}

/** What is taken out of the open model. @type {(data: Data, share: string) => string} */
function removedSaid(data, share) {
  if (data.cut === "magnitude") return say("{share} of the blocks’ weights, the smallest first", { share });
  return data.neuronsOnly
    ? say("{share} of the neurons", { share })
    : say("{share} of heads and neurons", { share });
}

// ---------------------------------------------------------------- tables

const ARMS = [say("student alone"), say("student taught"), say("alone, as many operations")];
/** The same in a table, with their steps. @type {((steps: string) => string)[]} */
const SHORTLY = [
  (steps) => say("alone, {steps}", { steps }),
  (steps) => say("taught, {steps}", { steps }),
  (steps) => say("alone, {steps}", { steps }),
];

/** Rows of columns, the first to the left and the others to the right; a cell is text, or [text, its tip]. Returns the y below. @type {(g: Stage, key: string, box: Box, head: string[], rows: Cell[][]) => number} */
function drawTable(g, key, box, head, rows) {
  const first = Math.min(150, box.w * (head.length > 4 ? 0.29 : 0.37));
  const each = (box.w - first) / (head.length - 1);
  const cell = (/** @type {string} */ text, /** @type {number} */ r, /** @type {number} */ c) =>
    label(
      c ? box.x + first + each * c : box.x,
      box.y + 14 + 19 * r,
      c ? fit(text, each - 6, 12, true) : fit(text, first - 4, 12, false),
      { anchor: c ? "end" : null, mono: c > 0 && r > 0, size: 12, fill: r ? "ink" : "ink3" },
    );
  g.part(key, [box, head, rows], () =>
    [head, ...rows].map((row, r) =>
      row.map((one, c) =>
        Array.isArray(one)
          ? g.tip(h("g", { "data-row": one[0] }, cell(one[0], r, c)), one[1])
          : cell(one, r, c),
      ),
    ),
  );
  return box.y + 14 + 19 * rows.length + 14;
}

/** A speed in a table: only where the rounds tell it from the teacher's. @param {number | null} speed */
const inTimes = (speed) => (speed ? `${num(speed, 1)}×` : say("as fast"));
/** An own run in full, for its row. @param {Own} one @param {NonNullable<Own["end"]>} end */
const ownSaid = (one, end) =>
  [
    say("yours: {run}", { run: one.name }),
    say("began with {base}; loss {loss}, first choices {share}", {
      base: one.base,
      loss: num(end.loss, 3),
      share: percent(end.agreement, 1),
    }),
    ...(one.way === "structured" && end.heads ? [partsStay(/** @type {Parts} */ (end))] : []),
  ].join("\n");

const lossOf = (/** @type {Student} */ one) => one.trace[one.trace.length - 1].loss.mean;

/** Head and rows of the students' table. @type {(data: Data, narrow: boolean) => [string[], Cell[][]]} */
function studentRows(data, narrow) {
  /** @type {(name: Cell, numbers: number, bytes: number, speed: string, loss: string, agreement: string) => Cell[]} */
  const row = (name, numbers, bytes, speed, loss, agreement) =>
    narrow
      ? [name, thousands(numbers), loss, agreement]
      : [name, thousands(numbers), inMegabytes(bytes), speed, loss, agreement];
  const head = narrow
    ? ["", say("numbers"), say("loss"), say("agrees")]
    : ["", say("numbers"), say("file"), say("speed"), say("loss"), say("agrees")];
  return [
    head,
    [
      row(say("teacher"), data.base.numbers, data.base.bytes, "1×", num(data.base.loss, 3), "100 %"),
      ...data.students.map((one, i) =>
        row(
          SHORTLY[i](counted(one.steps, "step")),
          one.numbers,
          one.bytes,
          inTimes(one.speed),
          num(lossOf(one), 3),
          percent(one.agreement.mean, 1),
        ),
      ),
      ...data.own.flatMap((one) =>
        one.end
          ? [
              row(
                [one.short, ownSaid(one, one.end)],
                one.end.numbers,
                one.end.bytes,
                inTimes(one.end.speed),
                num(one.end.loss, 3),
                percent(one.end.agreement, 1),
              ),
            ]
          : [],
      ),
    ],
  ];
}

/** Head and rows of the table of BERT and DistilBERT. @type {(data: Data, narrow: boolean) => [string[], Cell[][]]} */
function publishedRows(data, narrow) {
  const [one, other] = data.published;
  /** @type {(name: string, of: (model: Data["published"][number]) => number, text: (value: number) => string) => Cell[]} */
  const line = (name, of, text) => [name, text(of(one)), text(of(other)), percent(of(other) / of(one), 0)];
  return [
    ["", narrow ? "BERT" : one.name, other.name, say("share")],
    [
      line(
        say("weights, published"),
        (m) => m.said,
        (v) => `${num(v / 1e6, 0)}M`,
      ),
      line(
        say("GLUE, mean score"),
        (m) => m.glue,
        (v) => num(v, 1),
      ),
      line(
        say("IMDb, % right"),
        (m) => m.imdb,
        (v) => num(v, 2),
      ),
      line(
        say("SQuAD, F1"),
        (m) => m.squad,
        (v) => num(v, 1),
      ),
      line(
        say("seconds, one pass"),
        (m) => m.seconds,
        (v) => num(v, 0),
      ),
    ],
  ];
}

// ---------------------------------------------------------------- the picture

/** The learner's runs as they train. Returns the y below. @type {(g: Stage, data: Data, local: Kept, box: Box) => number} */
function drawLiveRuns(g, data, local, box) {
  local.chart = null;
  if (!data.live.length) return box.y;
  g.part("live head", [box], () =>
    label(box.x, box.y + 12, say("Your run: loss on what it reads, smoothed, by step"), { fill: "ink3" }),
  );
  local.chart = curves(
    g,
    "live",
    { left: box.x, top: box.y + 18, width: box.w, height: 120 },
    {
      runs: data.live,
      lines: [{ column: "smooth", kind: "solid" }],
      x: "step",
      ends: "line",
      title: say("Your run"),
      onpoint: (_, what) => heardRuns(g, local, what),
    },
  );
  return box.y + 150;
}

/** @type {View<Data, Kept>} */
const efficiencySmaller = {
  init(data, local) {
    return { share: (local.sel.removed ?? Math.round(100 * data.share)) / 100 };
  },
  selected(_g, _data, local, change) {
    if ("removed" in change) local.share = change.removed / 100;
  },

  draw(g, data, local) {
    const wide = isDesk(g.width);
    const w = wide ? (g.width - 44) / 2 : g.width - 4;
    const left = { x: 2, y: 0, w };
    const x = wide ? w + 44 : 2;
    const now = mineSaid(data, local.share);
    const y = paragraphs(g, "pruned words", { ...left, y: 4 }, [...(now ? [now] : []), ...data.said.pruned], {
      size: 12.5,
    });
    let down = wide ? 0 : y + 18;
    down = drawTable(g, "students", { x, y: down, w }, ...studentRows(data, w < 480));
    down = drawLiveRuns(g, data, local, { x, y: down, w });
    down = paragraphs(g, "taught words", { x, y: down, w }, data.said.taught, { size: 12.5 });
    down = drawTable(g, "published", { x, y: down + 10, w }, ...publishedRows(data, w < 480));
    down = paragraphs(g, "published words", { x, y: down - 4, w }, data.said.published, { size: 12.5 });
    g.height = Math.max(y, down) + 6;
  },

  // ← →: another share removed.
  key(event, g, _, local) {
    const by = event.key === "ArrowLeft" ? -5 : event.key === "ArrowRight" ? 5 : 0;
    if (!by) return false;
    g.select({ removed: clamp(5 * Math.round(20 * local.share) + by, 5, 95) });
    return true;
  },

  describe(data, local) {
    const levels = data.curves[data.cut].map((one) =>
      say("{share} removed: {rise} nats above, after retraining {mended}", {
        share: percent(one.sparsity, 0),
        rise: num(one.before.rise, 2),
        mended: num(one.after.rise.mean, 2),
      }),
    );
    const students = data.students.map((one, i) =>
      say("{student}: {loss} after {steps}", {
        student: ARMS[i],
        loss: num(lossOf(one), 3),
        steps: counted(one.steps, "step"),
      }),
    );
    return [
      PRUNED[data.cut].replace("{model}", data.base.name),
      `${levels.join("; ")}.`,
      mineSaid(data, local.share),
      ...data.said.pruned,
      say("Teacher {loss}.", { loss: num(data.base.loss, 3) }),
      `${students.join("; ")}.`,
      ...data.said.taught,
      ...data.said.published,
    ].join(" ");
  },

  state(data, local) {
    return {
      tokens: data.tokens,
      name: data.name,
      cut: data.cut,
      share: local.share,
      base: data.base,
      mine: data.mine,
      waits: data.waits,
      levels: data.curves[data.cut],
      students: data.students,
      own: data.own,
      published: data.published,
      said: data.said,
      live: local.chart?.summary() ?? null,
    };
  },
};

export default mount("efficiency_smaller", efficiencySmaller);
