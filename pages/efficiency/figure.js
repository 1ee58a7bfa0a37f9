// A model in fewer bits: one matrix and its grid, all matrices, the whole model's cost and words. layout.js says what
// stands where, and leaves room for the page's chart of size against loss; a file draws it there.

import { counted } from "../../app/kit/counts.js";
import { mount } from "../../app/kit/glass.js";
import { say } from "../../app/kit/say.js";
import {
  MONO,
  clamp,
  css,
  fit,
  h,
  inLines,
  label,
  measure,
  num,
  percent,
  thousands,
  tokenSpans,
  visible,
} from "../../app/kit/shapes.js";
import { stepMode } from "../../app/kit/steps.js";
import { siOf, timeOf } from "../../app/kit/units.js";
import { PITCH, answerPlaces, plan } from "./layout.js";

/**
 * @import { Stage, View } from "../../app/kit/glass.js"
 * @import { Plan } from "./layout.js"
 *
 * What figure.py sends. Losses are in nats a token, sizes in bytes, times in seconds; `now` and what belongs to it are null
 * (or empty) as long as a large model is still being compressed.
 * @typedef {object} Data
 * @property {{text: string, id: number, special: boolean}[]} tokens of the open text, one for each row of the logits
 * @property {Answer[]} answers
 * @property {boolean} encoder
 * @property {string} stack "encoder" or "decoder" of a model that has both, else ""
 * @property {Setting} setting
 * @property {number | null} bitsEach bits a weight in the blocks, with their scales
 * @property {Judged & {over: string}} original over: what its loss is taken over, in words
 * @property {Judged | null} now
 * @property {Passes | null} passes
 * @property {number} blocks
 * @property {{key: string, name: string}[]} pieces the matrices of a block
 * @property {{block: number, piece: string, weights: number, products: number}[]} errors how far each matrix moved, of its size
 * @property {Matrix | null} matrix null: the model has no blocks
 * @property {(Judged & {name: string, bits: number, gptq: boolean, here: boolean, front: boolean})[]} points the settings measured
 * @property {{bytes: number, kind: string, bits: number} | null} came the file of few bits that the model was unpacked from
 * @property {string | null} chart size against loss as SVG; null: the page has it
 */
/**
 * A place's first choice and its probability in the original (before, p) and in few bits (after, q); `left` is what the
 * original's choice has left.
 * @typedef {{before: string, p: number, after: string, q: number, left: number, same: boolean}} Answer
 * @typedef {{name: string, bits: number, granularity: "tensor" | "channel" | "group", group: number, method: "nearest" | "gptq", symmetric: boolean}} Setting
 *
 * A model on the texts that are held out. agreement: the share of first choices that stay, low to high its 95 % interval;
 * rise: of the loss, with its own; kl: from the original's distribution, in nats; places: tokens judged;
 * texts: that they stand in.
 * @typedef {{bytes: number, loss: number, rise: number, riseLow: number, riseHigh: number, agreement: number, low: number, high: number, kl: number, places: number, texts: number}} Judged
 *
 * Seconds of a pass. int8: null where this machine has no such products (`why`); low, high: the middle half of int8 / float32.
 * @typedef {{float32: number, int8: number | null, tokens: number, low: number, high: number, agreement: number | null, why: string, machine: string}} Passes
 *
 * The matrix that is looked at. counts: its weights by size, in `bins` from low to high; before, after, codes: those of one
 * row and group that are drawn; grid: every value they may take; shared: how many weights share it.
 * @typedef {object} Matrix
 * @property {number} block
 * @property {string} piece
 * @property {string} name
 * @property {number} rows
 * @property {number} columns
 * @property {number} row
 * @property {number} group
 * @property {number} groups of a row
 * @property {number} low
 * @property {number} high
 * @property {number} bins
 * @property {number[]} counts
 * @property {number[]} grid
 * @property {number} scale
 * @property {number} zero
 * @property {number[]} before
 * @property {number[]} after
 * @property {number[]} codes
 * @property {number} shared
 * @property {{largest: number, zeros: number} | null} moved largest: in steps of the grid; zeros: the share that is 0 now
 *
 * pick: the weight that is read out; fixed: nothing is computed anew here; number: of the picture in its document.
 * @typedef {{sel: Record<string, any>, steps: ReturnType<typeof stepMode>, pick: number, fixed?: boolean, number?: number}} Kept
 * @typedef {(g: Stage, data: Data, local: Kept, at: Plan) => void} Draw
 */

const STEPS = [
  say("The weights"),
  say("A grid over them"),
  say("Rounded"),
  say("Every matrix"),
  say("Token by token"),
  say("What it costs"),
  say("Every setting"),
];
/** What each step shows. @type {((d: Data, fixed?: boolean) => string)[]} */
const WORDS = [
  (d) =>
    d.matrix
      ? say(
          "A model is tables of numbers, its weights. These are {rows} × {columns} of them, by size: most lie near 0, and each usually takes 32 bits, switches that are on or off.",
          { rows: thousands(d.matrix.rows), columns: thousands(d.matrix.columns) },
        )
      : matrixSaid(d),
  ({ setting, matrix }) =>
    setting.bits === 16
      ? say(
          "With {bits} bits a number can say only some 60,000 values. At that, they lie so near each other that no grid shows.",
          { bits: setting.bits },
        )
      : `${say("With {bits} bits a number can say only {values}.", { bits: setting.bits, values: counted(2 ** setting.bits - Number(setting.symmetric), "value") })} ${gridSaid(setting, matrix?.row ?? 0)}`,
  () =>
    say(
      "Each weight moves to the nearest line of the grid, and only the line’s number is kept. Choose a weight in the strip to see what it was, and what it has become.",
    ),
  (_, fixed) =>
    say(
      "The same in every matrix of the model, a cell each: the darker, the further its weights, and what it makes of your text, were moved.",
    ) + (fixed ? "" : ` ${say("Click a cell to look at that matrix.")}`),
  () =>
    say(
      "What does the model say now? At each token, a word or a part of one, stands what it expected before and what it expects with rounded weights: many small errors mostly cancel, and some do not.",
    ),
  () =>
    say(
      "The price and the gain: how many bytes the model takes, how wrong it is (its loss), how often its first choice is still the same, and how long a pass takes.",
    ),
  () =>
    say(
      "The chart holds every setting against every other: to the left is smaller, lower is better. What nothing beats in both lies on the edge; the others cost more for less.",
    ),
];
/** @param {Kept} local */
const stepNow = (local) => local.steps.of(local);

/** A number with as many digits as tell it from its neighbours. @param {number} v */
const small = (v) =>
  v === 0
    ? "0"
    : Math.abs(v) < 0.001 || Math.abs(v) >= 1000
      ? `${num(v / 10 ** exponent(v), 2)}e${signedWhole(exponent(v))}`
      : num(v, 4);
/** @param {number} v */
const exponent = (v) => Math.floor(Math.log10(Math.abs(v)));

/** Bytes of a file, by powers of 1,000. @param {number} count */
const bytesOf = (count) => siOf(count, "B");
/** A whole number with a true minus sign. @param {number} v */
const signedWhole = (v) => String(v).replace("-", "−");
/** @type {(data: Data, key: string) => string} */
const pieceName = (data, key) => data.pieces.find((one) => one.key === key)?.name ?? "";
/** @type {(data: Data, block: number, piece: string) => Data["errors"][number] | undefined} */
const errorAt = (data, block, piece) => data.errors.find((one) => one.block === block && one.piece === piece);
/** A part's title, and in fainter words what it is about. @type {(x: number, y: number, text: string, about?: string | null, room?: number) => (SVGElement | "" | null | undefined)[]} */
const title = (x, y, text, about, room = 1e4) => [
  label(x, y, text, { weight: 600, fill: "ink" }),
  about &&
    label(
      x + measure(text, 12, false) * 1.07 + 10,
      y,
      fit(about, room - measure(text, 12, false) * 1.07 - 10, 12, false),
      { fill: "ink3" },
    ),
];

/** What the chosen weight became, in one sentence. @type {(data: Data, at: number) => string | null} */
function weightSaid(data, at) {
  const m = data.matrix;
  if (!m || at < 0 || at >= m.before.length) return null;
  const w = m.before[at];
  const where = say("Weight {weight} of row {row}", {
    weight: m.group * (m.groups > 1 ? m.columns / m.groups : 0) + at,
    row: m.row,
  });
  if (!m.after.length) return `${where}: ${small(w)}.`;
  const now = m.after[at];
  if (!m.codes.length)
    return say("{where}: {was} becomes {now}, the nearest float16.", {
      where,
      was: small(w),
      now: small(now),
    });
  const code = m.codes[at];
  const sum = m.zero ? `(${code} − ${m.zero})` : signedWhole(code);
  return say(
    "{where}: {was} ÷ {scale} = {steps}; code {code} stands for {sum} × {scale} = {now}, {away} of a step away.",
    {
      where,
      was: small(w),
      scale: small(m.scale),
      steps: num(w / m.scale, 2),
      code: signedWhole(code),
      sum,
      now: small(now),
      away: num(Math.abs(now - w) / m.scale, 2),
    },
  );
}

/** Whose grid is drawn, and how far it reaches. @type {(setting: Setting, row: number) => string} */
function gridSaid({ granularity, symmetric }, row) {
  if (granularity === "tensor")
    return symmetric
      ? say(
          "The lines are the values that there are, evenly spaced around 0, out to its largest weight: a grid.",
        )
      : say(
          "The lines are the values that there are, evenly spaced from its smallest weight to its largest: a grid.",
        );
  if (granularity === "channel")
    return symmetric
      ? say(
          "The lines are the values of row {row}, evenly spaced around 0, out to its largest weight: a grid.",
          { row },
        )
      : say(
          "The lines are the values of row {row}, evenly spaced from its smallest weight to its largest: a grid.",
          { row },
        );
  return symmetric
    ? say(
        "The lines are the values of one group of weights, evenly spaced around 0, out to its largest weight: a grid.",
      )
    : say(
        "The lines are the values of one group of weights, evenly spaced from its smallest weight to its largest: a grid.",
      );
}

/** What the whole matrix went through, in one sentence of its numbers. @param {Data} data */
function matrixSaid(data) {
  const m = data.matrix;
  if (!m) return say("This model has no blocks, so there is no matrix to quantize.");
  const size = `${thousands(m.rows)} × ${counted(m.columns, "weight")}`;
  if (data.setting.bits === 16) return say("{size}, each kept as a float16 of its own.", { size });
  if (!m.moved) return `${size}.`;
  const values = counted(m.grid.length, "value");
  const wide = {
    tensor: say("all share one grid of {values}", { values }),
    channel: say("each row of {columns} has a grid of {values}", { columns: thousands(m.columns), values }),
    group: say("every {shared} share a grid of {values}", { shared: m.shared, values }),
  }[data.setting.granularity];
  const far =
    m.moved.largest <= 0.501
      ? say("none moves by more than half a step")
      : say("one moves by {largest} steps", { largest: num(m.moved.largest, 1) });
  return say("{size}; {wide}; {far}; {share} are 0 now.", { size, wide, far, share: percent(m.moved.zeros) });
}

// ---------------------------------------------------------------- one matrix

/** Every matrix's movement, of its weights and of its products: a row for each piece, a column for each block. @type {(g: Stage, data: Data, at: Plan) => void} */
function drawMatrices(g, data, at) {
  const { x, y, w } = at.table;
  const names = 92;
  const each = (w - names - 26) / 2;
  const m = data.matrix;
  /** @type {["weights" | "products", string][]} */
  const kinds = [
    ["weights", say("weights: |W′ − W| / |W|")],
    ["products", say("products: |W′X − WX| / |WX|")],
  ];
  g.part("matrices", [m?.block, m?.piece, at.phone], () =>
    [
      title(x, y + 12, say("Moved"), null),
      data.pieces.map((piece, k) =>
        label(x, y + 45 + PITCH * k, fit(piece.name, names - 6, 12, false), {
          fill: m?.piece === piece.key ? "ink" : "ink2",
          weight: m?.piece === piece.key ? 600 : null,
        }),
      ),
      kinds.map(([kind, said], side) => {
        const left = x + names + side * (each + 26);
        const cell = each / Math.max(1, data.blocks);
        const most = Math.max(0.05, ...data.errors.map((one) => one[kind]));
        const numbers = (/** @type {string} */ said) => cell >= 40 && measure(said, 11, true) < cell;
        const every = Math.ceil(22 / cell);
        return [
          label(left, y + 12, fit(said, each + 20, 12, false), { fill: "ink3" }),
          Array.from(
            { length: data.blocks },
            (_, b) =>
              b % every === 0 &&
              label(left + (b + 0.5) * cell, y + 27, `L${b}`, { anchor: "middle", fill: "ink3", size: 11 }),
          ),
          data.pieces.map((piece, k) =>
            Array.from({ length: data.blocks }, (_, b) => {
              const one = errorAt(data, b, piece.key);
              const top = y + 32 + PITCH * k;
              const here = m && m.block === b && m.piece === piece.key;
              const share = one ? one[kind] / most : 0;
              const node = h(
                "g",
                {
                  class: g.can.recompute ? "gb-hot" : null,
                  "data-matrix": `${b} ${piece.key}`,
                  click: () => {
                    if (g.can.recompute) g.select({ block: b, piece: piece.key, stage: -1 });
                  },
                },
                h("rect", {
                  x: left + b * cell + 0.5,
                  y: top + 0.5,
                  width: Math.max(1, cell - 1),
                  height: PITCH - 1,
                  rx: 2,
                  fill: one ? g.sequential(0.62 * share, 1, "accent") : css("wash"),
                }),
                one &&
                  numbers(percent(one[kind])) &&
                  label(left + (b + 0.5) * cell, top + 13, percent(one[kind]), {
                    anchor: "middle",
                    mono: true,
                    size: 11,
                    fill: "ink",
                  }),
                here &&
                  h("rect", {
                    x: left + b * cell + 1,
                    y: top + 1,
                    width: Math.max(2, cell - 2),
                    height: PITCH - 2,
                    rx: 2,
                    fill: "none",
                    stroke: css("accent"),
                    "stroke-width": 2,
                  }),
              );
              return g.tip(node, () =>
                [
                  say("{piece} of block {block}", { piece: piece.name, block: b }),
                  one
                    ? say(
                        "its weights moved by {weights} of their size\nits products on your text by {products}",
                        { weights: percent(one.weights), products: percent(one.products) },
                      )
                    : say("not compressed yet"),
                ].join("\n"),
              );
            }),
          ),
        ];
      }),
    ].flat(9),
  );
}

/** From weights to pixels: the matrix's own range, with the grid inside. @param {{x: number, w: number}} box @param {Matrix} m */
function scaleOf(box, m) {
  const reach = Math.max(1e-12, (m.high - m.low) * 0.03);
  const low = Math.min(m.low, ...m.grid.slice(0, 1)) - reach;
  const high = Math.max(m.high, ...m.grid.slice(-1)) + reach;
  return (/** @type {number} */ v) => box.x + ((v - low) / (high - low)) * box.w;
}

/** The matrix's weights by size, with the grid over them. @type {Draw} */
function drawHistogram(g, data, local, at) {
  const box = at.histogram;
  const m = data.matrix;
  const step = stepNow(local);
  if (!m) {
    g.part("histogram", null, () => box.said.map((line, i) => label(box.x, box.y + 14 + 15 * i, line)));
    return;
  }
  const X = scaleOf(box, m);
  const [top, bottom] = [box.y + 24 + 15 * box.said.length, box.y + box.h - 18];
  g.part("histogram", [step, m.row, m.group], () => {
    const most = Math.max(...m.counts);
    const bin = (m.high - m.low) / m.bins;
    const width = Math.max(0.5, X(bin) - X(0) - 0.4);
    const values = step >= 1 ? m.grid : [];
    const close = values.length > 1 && X(values[1]) - X(values[0]) < 3;
    const marks = [m.low, 0, m.high].filter(
      (_, i) => i !== 1 || (X(0) - X(m.low) > 56 && X(m.high) - X(0) > 56),
    );
    return [
      title(
        box.x,
        box.y + 12,
        say("{piece} of block {block}", { piece: pieceName(data, m.piece), block: m.block }) +
          (data.stack ? `, ${data.stack === "encoder" ? say("encoder") : say("decoder")}` : ""),
        null,
      ),
      (step >= 2
        ? box.said
        : [
            say("{rows} × {weights} by size", {
              rows: thousands(m.rows),
              weights: counted(m.columns, "weight"),
            }),
          ]
      ).map((line, i) => label(box.x, box.y + 28 + 15 * i, line, { fill: "ink3" })),
      m.counts.map(
        (count, i) =>
          count > 0 &&
          h("rect", {
            x: X(m.low + i * bin),
            y: bottom - (bottom - top) * (count / most),
            width,
            height: (bottom - top) * (count / most),
            fill: css("res"),
            opacity: 0.55,
          }),
      ),
      h("path", { d: `M${box.x},${bottom + 0.5}H${box.x + box.w}`, stroke: css("line") }),
      values.map((v) =>
        h("path", {
          class: "gb-grid-value",
          d: `M${X(v).toFixed(2)},${top - 4}V${bottom}`,
          stroke: css("accent"),
          "stroke-width": close ? 0.6 : 1.3,
          opacity: close ? 0.55 : 0.9,
        }),
      ),
      marks.map((v) =>
        label(
          clamp(
            X(v),
            box.x + measure(small(v), 11, true) / 2,
            box.x + box.w - measure(small(v), 11, true) / 2,
          ),
          bottom + 14,
          small(v),
          { anchor: "middle", mono: true, size: 11, fill: "ink3" },
        ),
      ),
    ].flat(3);
  });
}

/** The weights of one row and group, one by one, before and after. @type {Draw} */
function drawStrip(g, data, local, at) {
  const box = at.strip;
  const m = data.matrix;
  if (!m) return;
  const X = scaleOf(box, m);
  const step = stepNow(local);
  const [up, down] = [box.y + 30, box.y + 58];
  const picked = local.pick ?? 0;
  const rounded = step >= 2 && m.after.length > 0;
  const what =
    m.groups > 1
      ? say("Row {row}, group {group}", { row: m.row, group: m.group })
      : say("Row {row}", { row: m.row });
  const about =
    m.before.length < (m.groups > 1 ? m.columns / m.groups : m.columns)
      ? say("its first {weights}, before and after", { weights: counted(m.before.length, "weight") })
      : say("its {weights}, before and after", { weights: counted(m.before.length, "weight") });
  const turn = (/** @type {number} */ x, /** @type {string} */ sign, /** @type {number} */ by) =>
    h(
      "g",
      { class: "gb-hot", "data-turn": by > 0 ? "next" : "before", click: () => turnGroup(g, data, by) },
      h("rect", { x: x - 8, y: box.y, width: 24, height: 20, fill: "transparent" }),
      label(x + 4, box.y + 14, sign, { anchor: "middle", fill: "accent", weight: 700 }),
    );
  g.part("strip", [step, picked, m.row, m.group], () => {
    const from = measure(what, 12, false) * 1.07 + 14;
    const turns = g.can.recompute ? 50 : 0; // room of the two
    return [
      title(box.x, box.y + 14, what, null),
      g.can.recompute && [turn(box.x + from, "‹", -1), turn(box.x + from + 24, "›", 1)],
      label(box.x + from + turns, box.y + 14, fit(about, box.w - from - turns, 12, false), { fill: "ink3" }),
      h("path", {
        d: `M${box.x},${up}H${box.x + box.w}M${box.x},${down}H${box.x + box.w}`,
        stroke: css("line"),
      }),
      rounded &&
        m.grid.length <= 64 &&
        m.grid.map((v) =>
          h("path", { d: `M${X(v).toFixed(2)},${down - 5}v10`, stroke: css("accent"), opacity: 0.6 }),
        ),
      m.before.map((w, i) => {
        const here = i === picked;
        const now = m.after[i];
        const node = h(
          "g",
          {
            class: "gb-hot",
            "data-weight": i,
            click: () => {
              local.pick = i;
              g.redraw();
            },
          },
          rounded &&
            h("path", {
              d: `M${X(w).toFixed(2)},${up}L${X(now).toFixed(2)},${down}`,
              stroke: css(here ? "accent" : "ink3"),
              "stroke-width": here ? 2 : 0.8,
              opacity: here ? 1 : 0.5,
            }),
          h("circle", { cx: X(w), cy: up, r: here ? 4.5 : 3, fill: css(here ? "accent" : "res") }),
          rounded && h("circle", { cx: X(now), cy: down, r: here ? 4.5 : 3, fill: css("accent") }),
          h("circle", { cx: X(w), cy: up, r: 7, fill: "transparent" }),
        );
        return g.tip(node, () => weightSaid(data, i) ?? "");
      }),
      inLines((rounded ? weightSaid(data, picked) : null) ?? "", box.w)
        .slice(0, 2)
        .map((line, i) => label(box.x, box.y + 80 + 15 * i, line, { fill: "ink2" })),
    ].flat(3);
  });
}

/** The next weights that share a grid, or those before. @type {(g: Stage, data: Data, by: number) => void} */
function turnGroup(g, data, by) {
  const m = data.matrix;
  if (!m || !g.can.recompute) return;
  const all = m.rows * m.groups;
  const next = (m.row * m.groups + m.group + by + all) % all;
  g.select({ output: Math.floor(next / m.groups), slice: next % m.groups });
}

// ---------------------------------------------------------------- the whole model

/** What the setting costs and saves, beside the original. @type {(g: Stage, data: Data, at: Plan) => void} */
function drawCosts(g, data, at) {
  const { x, y, w } = at.costs;
  const [was, now] = [data.original, data.now];
  const cols = [x + w * 0.32, x + w * 0.55, x + w];
  g.part("costs", null, () => {
    /** @type {(k: number, name: string, before: string, after: string, tip: string | null) => SVGElement} */
    const row = (k, name, before, after, tip) => {
      const top = y + 31 + 18 * k;
      const node = h(
        "g",
        {},
        h("rect", { x, y: top - 13, width: w, height: 18, fill: "transparent" }),
        label(x, top, name, { fill: "ink2" }),
        label(cols[1] - 8, top, before, { mono: true, anchor: "end", fill: "ink2" }),
        label(cols[2], top, fit(after, cols[2] - cols[1] - 4, 12, true), {
          mono: true,
          anchor: "end",
          fill: "ink",
        }),
      );
      return tip ? g.tip(node, tip) : node;
    };
    const p = data.passes;
    const wait = "…";
    const stored = storedBytes(data);
    return [
      title(x, y + 12, say("What it costs"), null),
      label(
        cols[1] - 8,
        y + 12,
        data.came ? say("as it came, {kind}", { kind: data.came.kind }) : say("original, float32"),
        { anchor: "end", fill: "ink3" },
      ),
      label(
        cols[2],
        y + 12,
        fit(
          say("{bits} bits", { bits: data.setting.bits }) +
            (data.setting.bits < 16 && data.setting.method === "gptq" ? ", GPTQ" : ""),
          150,
          12,
          false,
        ),
        { anchor: "end", fill: "accent", weight: 600 },
      ),
      row(
        0,
        say("file"),
        bytesOf(stored),
        now ? `${bytesOf(now.bytes)}  ÷ ${num(stored / now.bytes, 1)}` : wait,
        now &&
          say("{bytes} bytes of {whole}; {bits} bits a weight in the blocks, with their scales", {
            bytes: thousands(now.bytes),
            whole: thousands(stored),
            bits: num(data.bitsEach ?? 0, 2),
          }),
      ),
      row(
        1,
        say("loss, {tokens} held out", { tokens: counted(was.places, "token") }),
        num(was.loss, 3),
        now ? `${num(now.loss, 3)}  ${now.rise < 0 ? "−" : "+"}${num(Math.abs(now.rise), 3)}` : wait,
        now && lossSaid(was, now, Boolean(g.can.recompute)),
      ),
      row(
        2,
        say("first choice kept"),
        "100 %",
        now
          ? say("{share}  {low} to {high}", {
              share: percent(now.agreement),
              low: percent(now.low),
              high: percent(now.high),
            })
          : wait,
        now && keptSaid(data, now, Boolean(g.can.recompute)),
      ),
      row(
        3,
        say("pass, widened"),
        p ? timeOf(p.float32) : say("not timed"),
        p ? say("the same: float32") : "",
        say("the codes are turned back into float32 before each product: storage only"),
      ),
      row(
        4,
        say("pass, int8 products"),
        p ? timeOf(p.float32) : say("not timed"),
        !p
          ? ""
          : p.int8 === null
            ? say("not here: {why}", { why: p.why })
            : `${timeOf(p.int8)}  ${p.high < 1 ? say("saves") : p.low > 1 ? say("costs") : say("no clear gain")}`,
        p && (p.int8 === null ? say("not here: {why}", { why: p.why }) : passSaid(p)),
      ),
      label(
        x,
        y + 31 + 18 * 5,
        fit(
          data.setting.bits === 16
            ? say("Every weight, norm and bias is a float16.")
            : say("Tables and head: 8 bits, a scale a row. Norms, biases: float16."),
          w,
          12,
          false,
        ),
        { fill: "ink3" },
      ),
      !g.can.recompute &&
        p &&
        label(
          x,
          y + 31 + 18 * 6,
          fit(say("Passes were timed on {machine}.", { machine: p.machine }), w, 12, false),
          { fill: "ink3" },
        ),
    ].flat(3);
  });
}

/** The size of the original's file: the one that it came in, or one of float32. @param {Data} data */
const storedBytes = (data) => data.came?.bytes ?? data.original.bytes;

/** What the loss is over, and how sure its difference is. @type {(was: Judged & {over: string}, now: Judged, beside: boolean) => string} */
function lossSaid(was, now, beside) {
  const given = {
    texts: was.over,
    low: num(now.riseLow, 4),
    high: num(now.riseHigh, 4),
    paired: counted(now.texts, "text"),
  };
  return beside
    ? say(
        "nats a token, over {texts}; the recorded runs below rest on more texts, so the original’s loss differs a little there; the difference lies between {low} and {high} (95 %, paired, a bootstrap over {paired})",
        given,
      )
    : say(
        "nats a token, over {texts}; the difference lies between {low} and {high} (95 %, paired, a bootstrap over {paired})",
        given,
      );
}

/** How many first choices stay, here and in the text. @type {(data: Data, now: Judged, below: boolean) => string} */
function keptSaid({ answers }, now, below) {
  const given = {
    places: counted(now.places, "place"),
    changed: answers.filter((one) => !one.same).length,
    answers: answers.length,
    nats: num(now.kl, 4),
  };
  return below
    ? say(
        "of {places}, with Wilson’s 95 % interval; in your text {changed} of {answers} change, which is said below; the distribution moved by {nats} nats (KL)",
        given,
      )
    : say(
        "of {places}, with Wilson’s 95 % interval; in your text {changed} of {answers} change; the distribution moved by {nats} nats (KL)",
        given,
      );
}

/** How int8 products were timed. @param {Passes} p */
function passSaid(p) {
  const given = { tokens: counted(p.tokens, "token"), low: num(p.low, 2), high: num(p.high, 2) };
  return p.agreement === null
    ? say(
        "{tokens}; turn by turn int8 takes {low} to {high} of float32’s time (the middle half of the rounds); weights of 8 bits a row and what they read rounded to int8, too",
        given,
      )
    : say(
        "{tokens}; turn by turn int8 takes {low} to {high} of float32’s time (the middle half of the rounds); weights of 8 bits a row and what they read rounded to int8, too: {share} of the first choices stay",
        { ...given, share: percent(p.agreement) },
      );
}

/** What both models find likeliest after a token. @type {(text: string, one: Data["answers"][number]) => string} */
function answerSaid(text, one) {
  const before = visible(one.before);
  return [
    say("after {token}", { token: visible(text) }),
    say("original: {token} {p}", { token: before, p: num(one.p, 4) }),
    say("few bits: {token} {p}", { token: visible(one.after), p: num(one.q, 4) }),
    ...(one.same ? [] : [say("{token} has {p} left", { token: before, p: num(one.left, 4) })]),
  ].join("\n");
}

let pictures = 0; // of this document, so that the ids of their drawings differ

/** Size against loss, as the page draws it. @type {(g: Stage, data: Data, local: Kept, box: {x: number, y: number, w: number, h: number}) => void} */
function drawFront(g, { chart }, local, { x, y, w, h: tall }) {
  if (!chart) return;
  local.number ??= ++pictures;
  const own = chart.replace(/(\bid="|url\(#|href="#)/g, `$1front${local.number}-`);
  g.part("front", [x, y, w, tall], () => {
    const svg = document.importNode(
      /** @type {Element} */ (new DOMParser().parseFromString(own, "image/svg+xml").documentElement),
      true,
    );
    if (!(svg instanceof SVGElement)) return null;
    for (const [name, value] of Object.entries({
      x,
      y,
      width: w,
      height: tall,
      preserveAspectRatio: "xMidYMin meet",
    }))
      svg.setAttribute(name, String(value));
    return svg;
  });
}

/** Every row of the logits: the token read, what both models find likeliest after it. Returns the y below. @type {(g: Stage, data: Data, local: Kept, at: Plan) => number} */
function drawAnswers(g, data, local, at) {
  const box = at.answers;
  const { places, each, h: tall, bottom } = answerPlaces(box, data.tokens.length, at.phone);
  const changed = data.answers.filter((one) => !one.same).length;
  const now = data.now;
  const what = data.encoder
    ? say("the likeliest token at each place: original, then few bits")
    : say("the likeliest next token: original, then few bits");
  const about =
    now && data.answers.length && now.agreement < 1
      ? say("{what}; of {tokens} {share} stay", {
          what,
          tokens: counted(now.places, "held-out token"),
          share: percent(now.agreement),
        })
      : what;
  g.part("answers", [local.sel.stage], () =>
    [
      title(
        box.x,
        box.y + 12,
        data.answers.length
          ? say("Your text: {changed} of {count} first choices change", {
              changed,
              count: data.answers.length,
            })
          : say("Your text"),
        about,
        box.w,
      ),
      data.tokens.map((token, k) => {
        const { x: left, y: top } = places[k];
        const one = data.answers[k];
        const wide = Math.min(each - 8, 128);
        const line = (
          /** @type {number} */ y,
          /** @type {string} */ text,
          /** @type {number} */ p,
          /** @type {string} */ ink,
          /** @type {boolean} */ bold,
        ) => [
          h("rect", {
            x: left,
            y: y - 11,
            width: Math.max(1, wide * p),
            height: 14,
            rx: 2,
            fill: css(ink),
            opacity: 0.2,
          }),
          h(
            "text",
            {
              x: left + 3,
              y,
              "font-family": MONO,
              "font-size": 12,
              fill: css("ink"),
              "font-weight": bold ? 700 : null,
              direction: "ltr",
            },
            tokenSpans(text, wide - 34, 12),
          ),
          label(left + wide, y, num(p, p < 0.01 ? 4 : 2), {
            mono: true,
            size: 11,
            anchor: "end",
            fill: "ink3",
          }),
        ];
        const node = h(
          "g",
          { "data-token": k },
          h("rect", { x: left - 2, y: top - 12, width: each - 4, height: tall, fill: "transparent" }),
          h(
            "text",
            {
              x: left,
              y: top,
              "font-family": MONO,
              "font-size": 12,
              fill: css(token.special ? "ink3" : "ink2"),
              direction: "ltr",
            },
            tokenSpans(token.text, wide, 12),
          ),
          one && line(top + 17, one.before, one.p, "res", false),
          one && line(top + 33, one.after, one.q, one.same ? "accent" : "neg", !one.same),
          one &&
            !one.same &&
            h("rect", {
              x: left - 2.5,
              y: top + 20.5,
              width: wide + 5,
              height: 17,
              rx: 3,
              fill: "none",
              stroke: css("neg"),
              "stroke-width": 1.5,
            }),
        );
        return g.tip(node, () => (one ? answerSaid(token.text, one) : visible(token.text)));
      }),
      !data.answers.length &&
        label(
          box.x,
          box.y + 58,
          g.can.recompute
            ? say(
                "The model is being compressed, block after block; the bar below the picture says how far it is.",
              )
            : say("The model was still being compressed when this was saved."),
          { fill: "ink3" },
        ),
    ].flat(9),
  );
  return bottom;
}

// ---------------------------------------------------------------- the picture
// what stands where, and leaves room for the page's chart of size against loss.

/** @type {Record<string, number>} */
const BLOCKS = { ArrowUp: -1, ArrowDown: 1 };
/** @type {Record<string, number>} */
const GROUPS = { ArrowLeft: -1, ArrowRight: 1 };

/** @type {View<Data, Kept>} */
const efficiencyView = {
  init(data, local, before) {
    const same =
      before?.matrix &&
      data.matrix &&
      before.matrix.name === data.matrix.name &&
      before.matrix.row === data.matrix.row &&
      before.matrix.group === data.matrix.group;
    return { steps: local.steps ?? stepMode("stage", STEPS), pick: same ? (local.pick ?? 0) : 0 };
  },

  draw(g, data, local) {
    local.fixed = !g.can.recompute;
    const at = plan(g.width, data.pieces.length, (room) => inLines(matrixSaid(data), room), local.fixed);
    local.steps.bar(g, local, (now) => WORDS[now](data, local.fixed));
    const step = stepNow(local);
    drawHistogram(g, data, local, at);
    drawStrip(g, data, local, at);
    if (step >= 3) drawMatrices(g, data, at);
    let low = at.answers.y + 20;
    if (step >= 4) low = drawAnswers(g, data, local, at);
    if (step >= 5) drawCosts(g, data, at);
    if (step === STEPS.length - 1 && data.chart) {
      drawFront(g, data, local, at.phone ? { ...at.front, y: low + 8 } : at.front);
      if (at.phone) low += 8 + at.front.h;
    }
    const doors = !g.can.visit
      ? []
      : [
          ["compute", say("Compute and memory"), say("What a model takes at every precision")],
          ["adaptability", say("Adaptability"), say("Few numbers that learn")],
        ];
    for (const [i, [page, text, about]] of doors.entries())
      g.door(
        page,
        at.phone ? { left: i * 168, top: low + 6 } : { left: g.width - 270 + i * 168, top: at.answers.y - 3 },
        text,
        about,
      );
    g.height = low + (at.phone && g.can.visit ? 38 : 2);
  },

  within: ({ stage }) => (stage === undefined ? {} : { stage }), // the data hold one matrix

  // ↑ ↓: another block; [ ]: another matrix of it; ← →: the weights that share a grid, before or after; n p: the weight after or
  // before; Esc: up, to the whole picture; with Shift, and , . Space: step mode's own.
  key(event, g, data, local) {
    const m = g.can.recompute ? data.matrix : null;
    const down = BLOCKS[event.key];
    const side = GROUPS[event.key];
    if (down && m) g.select({ block: clamp(m.block + down, 0, data.blocks - 1), stage: -1 });
    else if ((event.key === "[" || event.key === "]") && m) {
      const at = data.pieces.findIndex((one) => one.key === m.piece) + (event.key === "[" ? -1 : 1);
      g.select({ piece: data.pieces[(at + data.pieces.length) % data.pieces.length].key, stage: -1 });
    } else if (side && !event.shiftKey) turnGroup(g, data, side);
    else if ((event.key === "n" || event.key === "p") && data.matrix) {
      local.pick = clamp((local.pick ?? 0) + (event.key === "n" ? 1 : -1), 0, data.matrix.before.length - 1);
      g.redraw();
    } else if (local.steps.key(event, g, local)) return true;
    else if (event.key === "Escape") local.steps.up(g, local);
    else return false;
    return true;
  },

  describe(data, local) {
    const step = local.steps.said(local, (now) => WORDS[now](data, local.fixed));
    const m = data.matrix;
    const matrix = m
      ? `${say("{piece} of block {block}", { piece: pieceName(data, m.piece), block: m.block })}: ${matrixSaid(data)} ${weightSaid(data, local.pick ?? 0) ?? ""}`
      : matrixSaid(data);
    const now = data.now;
    const cost = now
      ? say(
          "{setting}: {bytes} instead of {whole}, loss {loss} instead of {before}, {share} of the first choices stay. {changed} of {answers} change in your text.",
          {
            setting: data.setting.name,
            bytes: bytesOf(now.bytes),
            whole: bytesOf(storedBytes(data)),
            loss: num(now.loss, 3),
            before: num(data.original.loss, 3),
            share: percent(now.agreement),
            changed: data.answers.filter((one) => !one.same).length,
            answers: data.answers.length,
          },
        )
      : say("The whole model is not compressed yet.");
    return `${step}${matrix} ${cost} ${say("{settings} measured.", { settings: counted(data.points.length, "setting") })}`;
  },

  state(data, local) {
    const m = data.matrix;
    return {
      tokens: data.tokens.map((token) => token.text),
      stage: local.steps.state(local),
      setting: data.setting,
      stack: data.stack,
      original: data.original,
      now: data.now,
      bitsEach: data.bitsEach,
      passes: data.passes,
      answers: data.answers.map(({ before, p, after, q }) => ({ before, p, after, q })),
      changed: data.answers.filter((one) => !one.same).length,
      matrix: m && {
        block: m.block,
        piece: m.piece,
        name: m.name,
        row: m.row,
        group: m.group,
        grid: m.grid,
        scale: m.scale,
        zero: m.zero,
        before: m.before,
        after: m.after,
        codes: m.codes,
        counts: m.counts,
        moved: m.moved,
      },
      errors: data.errors,
      said: weightSaid(data, local.pick ?? 0),
      picked: local.pick ?? 0,
      points: data.points.map(({ name, bytes, loss, front, here }) => ({ name, bytes, loss, front, here })),
    };
  },
};

export default mount("efficiency", efficiencyView);
