// What a configuration costs: its parts, its memory beside a card's, its two passes. Python sends every number at every stop of
// the two sliders; here they are only picked and added. The roofline is the page's chart, layout.js leaves it room.

import { counted } from "../../app/kit/counts.js";
import { mount } from "../../app/kit/glass.js";
import { say, sayOf } from "../../app/kit/say.js";
import {
  chip,
  clamp,
  css,
  fit,
  h,
  html,
  inLines,
  label,
  measure,
  num,
  thousands,
  visible,
} from "../../app/kit/shapes.js";
import { stepMode } from "../../app/kit/steps.js";
import { exactOf, siOf, sizeOf, threeDigits } from "../../app/kit/units.js";
import { plan } from "./layout.js";

/**
 * @import { Stage, View } from "../../app/kit/glass.js"
 * @import { Shapes } from "../../app/kit/shapes.js"
 * @import { Plan } from "./layout.js"
 *
 * What figure.py sends. Lists by length have a number for each of `lengths`; operations are FLOP, rates a second.
 * @typedef {object} Data
 * @property {string} name of the configuration
 * @property {boolean} own whether it is the open model as it is
 * @property {string[]} tokens of the open text
 * @property {boolean} changed whether its sizes are another's
 * @property {string} wrong why the sizes asked for make no model
 * @property {{name: string, weights: number, sum: string}[]} rows the parts
 * @property {number[]} batches where the slider of texts stops
 * @property {number[]} lengths where the slider of tokens stops
 * @property {number} usual length
 * @property {number} context the longest text that it was trained on
 * @property {number[][]} flops of a pass over one text: by part, by length
 * @property {Record<Mode, Kind[]>} memory
 * @property {string} precision it is used in
 * @property {string} trained in this precision
 * @property {Roof & {name: string, memory: number, ridge: number}} card
 * @property {Record<"reading" | "writing", Work | null>} works null: an encoder writes nothing
 * @property {{batch: number, length: number, longest: number | null} & Record<Mode, Fit>} fits what fits on the card, of the page's
 *   batch and length; longest: text that the model can read (null: any)
 * @property {Step[]} steps
 * @property {(Roof & {batch: number, length: number, points: Record<string, {intensity: number, flops: number, seconds: number, most: number}>}) | null} machine
 *   measured here
 */
/**
 * @typedef {"training" | "using"} Mode
 * @typedef {{peak: number, bandwidth: number}} Roof operations and bytes a second
 * @typedef {{name: string, fixed: number[], row: number[]}} Kind bytes of memory by length: once, and for each text
 * @typedef {{weights: number, flops: number[], bytes: number[]}} Work bytes of the weights; by length, operations and bytes of a text
 * @typedef {{batch: number | null, length: number | null}} Fit the most texts, the longest ones; null: any
 * @typedef {{name: string, focus: string, said: string, lines: string[]}} Step focus: the row or the kind of memory that it tells of;
 *   said: what happens there; lines: its arithmetic
 *
 * Every number at the stops of the sliders; bytes of each kind of memory.
 * @typedef {object} Now
 * @property {number} batch
 * @property {number} at which of the lengths
 * @property {number} length
 * @property {number[]} flops of each part
 * @property {Record<Mode, Held[]>} memory
 *
 * @typedef {{name: string, bytes: number}} Held
 * @typedef {{title: string, hint: string, values: number[], left: number, bar: number, right: number, exact: boolean}} Column
 * @typedef {{sel: Record<string, any>, steps: ReturnType<typeof stepMode>, listening?: boolean, alone?: boolean}} Kept alone: nothing is counted anew here
 * @typedef {Stage & {data: Data}} Board
 */

/** The stop that the sliders stand at, and every number there. @type {(data: Data, local: Kept) => Now} */
function nowOf(data, local) {
  const batch = local.sel.together ?? data.fits.batch;
  const asked = local.sel.long ?? -1;
  const wanted = asked > 0 ? asked : data.usual;
  const known = data.lengths.indexOf(wanted);
  const at = known < 0 ? data.lengths.indexOf(data.fits.length) : known;
  /** @type {(kinds: Kind[]) => Held[]} */
  const held = (kinds) =>
    kinds.map((one) => ({ name: one.name, bytes: one.fixed[at] + batch * one.row[at] }));
  const memory = { training: held(data.memory.training), using: held(data.memory.using) };
  return { batch, at, length: data.lengths[at], flops: data.flops.map((row) => batch * row[at]), memory };
}
/** The shown step. @type {(data: Data, local: Kept) => Step} */
const stepOf = (data, local) => data.steps[local.steps.of(local)];

/** Operations a second that a roof allows at most. @type {(intensity: number, roof: Roof) => number} */
const under = (intensity, roof) => Math.min(roof.peak, intensity * roof.bandwidth);

/** Both passes at the shown texts: operations, bytes, and what the card allows at most. @type {(data: Data, now: Now) => Record<string, {flops: number, bytes: number, intensity: number, most: number}>} */
function passesOf(data, now) {
  return Object.fromEntries(
    Object.entries(data.works).flatMap(([name, one]) => {
      if (!one) return [];
      const flops = now.batch * one.flops[now.at];
      const bytes = one.weights + now.batch * one.bytes[now.at];
      return [[name, { flops, bytes, intensity: flops / bytes, most: under(flops / bytes, data.card) }]];
    }),
  );
}

// ---------------------------------------------------------------- the table of parts

/** @type {Record<string, string>} */
const TITLES = {
  embedding: say("Embedding"),
  positions: say("Positions"),
  attention: say("Attention"),
  scores: say("Scores"),
  "cross-attention": say("Cross-attention"),
  mlp: "MLP",
  norms: say("Norms"),
  head: sayOf("output", "Head"),
};
/** @type {Record<string, string>} */
const HUES = {
  embedding: "res",
  positions: "res",
  attention: "att",
  scores: "att",
  "cross-attention": "att",
  mlp: "mlp",
  norms: "ink3",
  head: "ink2",
};
/** @type {Record<string, string>} */
const INKS = { attention: "att-ink", scores: "att-ink", "cross-attention": "att-ink", mlp: "mlp-ink" };
/** The table of parts: weights and operations of a pass side by side, each with its bar, and the sum under them. @type {(g: Stage, data: Data, local: Kept, at: Plan["parts"]) => void} */
function drawParts(g, data, local, at) {
  const { x, y, w, phone, row } = at;
  const now = nowOf(data, local);
  const step = stepOf(data, local);
  const name = phone ? 96 : 112;
  const half = (w - name) / 2;
  const numbers = Math.min(
    half - 12,
    12 +
      Math.max(
        ...data.rows.map((one) => measure(exactOf(one.weights, siOf(one.weights)), 12, true)),
        measure(thousands(data.rows.reduce((a, one) => a + one.weights, 0)), 12, true) * 1.08,
      ),
  );
  /** @type {Column[]} */
  const columns = [
    {
      title: say("Weights"),
      hint: "",
      values: data.rows.map((one) => one.weights),
      left: x + name,
      bar: half - numbers - 14,
      right: x + name + half - 14,
      exact: true,
    },
    {
      title: phone ? say("Operations") : say("Operations of a pass"),
      hint: `${counted(now.batch, "text")} × ${thousands(now.length)}`,
      values: now.flops,
      left: x + name + half + 8,
      bar: half - (phone ? 74 : 84) - 10,
      right: x + w,
      exact: false,
    },
  ];
  const part = data.rows.findIndex((one) => one.name === step.focus);
  const known = (/** @type {number} */ k) => part < 0 || k <= part;
  g.part("parts", [at, now.batch, now.length, step.focus], () => [
    label(x, y + 14, say("Part"), { weight: 600, fill: "ink" }),
    columns.map((c) => [
      label(c.left, y + 14, c.title, { weight: 600, fill: "ink" }),
      c.hint && label(c.left, y + 30, fit(c.hint, half, 12, false), { fill: "ink3" }),
    ]),
    !phone && label(columns[0].left, y + 30, say("each is a number to learn"), { fill: "ink3" }),
    data.rows.map((one, k) => {
      const mid = y + 40 + row * k + row / 2;
      const faint = step.focus && (part >= 0 ? k !== part : !["total", "flops"].includes(step.focus));
      const drawn = h(
        "g",
        { class: "gb-hot", "data-row": one.name, opacity: faint ? 0.45 : 1 },
        h("rect", {
          x: x - 6,
          y: mid - row / 2,
          width: w + 12,
          height: row,
          rx: 4,
          fill: css(k === part ? "accent-soft" : "bg"),
        }),
        label(x, mid + 4, TITLES[one.name], {
          fill: INKS[one.name] ?? "ink",
          weight: k === part ? 700 : 500,
        }),
        columns.map(
          (c) =>
            known(k) && drawNumber(c, c.values[k], mid, HUES[one.name], one.name === "scores" ? 0.55 : 1),
        ),
      );
      return known(k) ? g.tip(drawn, partText(columns, one, k)) : drawn;
    }),
    drawTotal(
      columns,
      { x, y: y + 40 + row * data.rows.length, w, row },
      known,
      part >= 0 ? say("so far") : sayOf("sum", "All"),
    ),
  ]);
}

/** A part's number and its bar; a dash where it has none. @type {(c: Column, value: number, mid: number, hue: string, opacity: number) => Shapes} */
function drawNumber(c, value, mid, hue, opacity) {
  if (!value) return label(c.right, mid + 4, "–", { anchor: "end", fill: "ink3", mono: true });
  const most = Math.max(...c.values, 1);
  const exact = exactOf(value, siOf(value));
  return [
    h("rect", {
      x: c.left,
      y: mid - 5,
      width: Math.max(1, (c.bar * value) / most),
      height: 10,
      rx: 2,
      fill: css(hue),
      opacity,
    }),
    label(
      c.right,
      mid + 4,
      c.exact && measure(exact, 12, true) <= c.right - c.left - 20
        ? exact
        : siOf(value, c.exact ? "" : "FLOP"),
      { anchor: "end", mono: true, fill: "ink" },
    ),
  ];
}
/** The sum of each column, as far as its parts are told. @type {(columns: Column[], box: {x: number, y: number, w: number, row: number}, known: (k: number) => boolean, name: string) => Shapes} */
function drawTotal(columns, { x, y, w, row }, known, name) {
  const mid = y + row / 2 + 2;
  return [
    h("path", { d: `M${x},${y + 1}H${x + w}`, stroke: css("ink3") }),
    label(x, mid + 4, name, { weight: 700, fill: "ink" }),
    columns.map((c) => {
      const sum = c.values.reduce((a, b, k) => (known(k) ? a + b : a), 0);
      return label(c.right, mid + 4, c.exact ? exactOf(sum, siOf(sum)) : siOf(sum, "FLOP"), {
        anchor: "end",
        mono: true,
        weight: 700,
        fill: "ink",
      });
    }),
  ];
}

/** A part's numbers whole, and its share of all. @type {(columns: Column[], one: Data["rows"][number], k: number) => string} */
function partText(columns, one, k) {
  const line = (/** @type {Column} */ c, /** @type {(count: string) => string} */ named) => {
    const all = c.values.reduce((a, b) => a + b, 0);
    const count = named(exactOf(c.values[k], siOf(c.values[k])));
    return all
      ? say("{count}, {share} % of all", { count, share: num((100 * c.values[k]) / all, 1) })
      : count;
  };
  return `${TITLES[one.name]}\n${line(columns[0], (count) => say("{count} weights", { count }))}\n${line(columns[1], (count) => say("{count} FLOP of a pass", { count }))}`;
}

/** What the step says: its arithmetic is that of the page's texts, and is said to be where the sliders stand elsewhere. @type {(data: Data, local: Kept) => string[]} */
function linesOf(data, local) {
  const [now, { lines }] = [nowOf(data, local), stepOf(data, local)];
  const here = now.batch === data.fits.batch && now.length === data.fits.length;
  return here || !local.alone
    ? lines
    : [
        say("With {texts} of {tokens}:", {
          texts: counted(data.fits.batch, "text"),
          tokens: counted(data.fits.length, "token"),
        }),
        ...lines,
      ];
}
/** The same, in as many lines as they need. @type {(data: Data, local: Kept, w: number) => string[]} */
const storyLines = (data, local, w) => linesOf(data, local).flatMap((line) => inLines(line, w));

/** What is counted; texts longer than the model's positions are counted all the same, and that is said. @type {(data: Data, now: Now) => string} */
function titleOf(data, now) {
  const values = { name: data.name, texts: counted(now.batch, "text"), tokens: counted(now.length, "token") };
  const title = data.changed
    ? say("{name}, resized, {texts} of {tokens}", values)
    : say("{name}, {texts} of {tokens}", values);
  return now.length > data.context
    ? `${title}; ${say("its own context ends at {context}", { context: thousands(data.context) })}`
    : title;
}
/** The step's name and lines, under the table. @type {(g: Stage, data: Data, local: Kept, at: Plan["story"]) => void} */
function drawStory(g, data, local, at) {
  const step = stepOf(data, local);
  const lines = storyLines(data, local, at.w);
  g.part("story", [at, step.name, lines], () => [
    label(at.x, at.y + 14, step.focus ? step.name : titleOf(data, nowOf(data, local)), {
      weight: 600,
      fill: "ink",
    }),
    lines.map((line, i) => label(at.x, at.y + 33 + 17 * i, line, { fill: "ink2" })),
  ]);
}

/** The learner's tokens, as many as a row holds: the text that the open model is counted on. @type {(g: Stage, data: Data, local: Kept, at: Plan["tokens"]) => void} */
function drawTokens(g, data, local, { x, y, w }) {
  const now = nowOf(data, local);
  g.part("tokens", [x, y, w, now.length], () => {
    const widths = data.tokens.map((token) => Math.min(150, 14 + measure(visible(token), 12, true)));
    let [left, shown] = [x, 0];
    /** @type {SVGElement[]} */
    const chips = [];
    while (shown < widths.length && left + widths[shown] <= x + w - (shown < widths.length - 1 ? 64 : 0)) {
      chips.push(
        chip(g, left, y + 12, widths[shown], data.tokens[shown], {
          height: 22,
          size: 12,
          faint: shown >= now.length,
        }),
      );
      left += widths[shown++] + 4;
    }
    return [
      chips,
      shown < widths.length &&
        label(left + 4, y + 16, say("{count} more", { count: thousands(widths.length - shown) }), {
          fill: "ink3",
        }),
    ];
  });
}

// ---------------------------------------------------------------- memory

/** @type {Record<string, {title: string, hue: string}>} */
const KINDS = {
  weights: { title: say("weights"), hue: "res" },
  gradients: { title: say("gradients"), hue: "neg" },
  optimizer: { title: say("optimizer"), hue: "pos" },
  activations: { title: say("activations"), hue: "mlp" },
  cache: { title: say("keys and values"), hue: "att" },
};
/** @type {Record<Mode, string>} */
const MODES = { training: sayOf("memory", "Training"), using: say("Using it") };

/** @type {Record<string, string>} */
const PASSES = { reading: say("reading"), writing: say("writing") };
const BOTH = /** @type {Mode[]} */ (Object.keys(MODES));

/** What training and use hold, as bars beside the bytes of the card, and what fits on it. @type {(g: Stage, data: Data, local: Kept, at: Plan["memory"]) => void} */
function drawMemory(g, data, local, at) {
  const { x, y, w, phone } = at;
  const now = nowOf(data, local);
  const { focus } = stepOf(data, local);
  /** @param {Mode} mode */
  const total = (mode) => now.memory[mode].reduce((sum, one) => sum + one.bytes, 0);
  const totals = { training: total("training"), using: total("using") };
  const largest = Math.max(...Object.values(totals), 1);
  const card = data.card.memory;
  const shown = largest >= card / 8; // otherwise the card's line would make the bars vanish
  const left = x + 66;
  const across = w - 66 - 78;
  const end = shown ? Math.max(1.03 * largest, 1.12 * card) : 1.02 * largest;
  const X = (/** @type {number} */ bytes) => left + (across * bytes) / end;
  const bars = y + 40;
  g.part("memory", [at, now.batch, now.length, focus], () => [
    label(x, y + 14, say("Memory"), { weight: 600, fill: "ink" }),
    label(
      x + 62,
      y + 14,
      fit(
        say("trained in {trained}, used in {used}", { trained: data.trained, used: data.precision }),
        w - 62,
        12,
        false,
      ),
      { fill: "ink3" },
    ),
    BOTH.map((mode, k) => {
      const mid = bars + 14 + 34 * k;
      const off =
        focus &&
        !(
          mode === "training"
            ? ["weights", "gradients", "optimizer", "activations", "fits"]
            : ["using", "fits"]
        ).includes(focus);
      let from = 0;
      return h(
        "g",
        { "data-mode": mode, opacity: off ? 0.5 : 1 },
        label(x, mid + 4, MODES[mode], { fill: "ink", weight: 500 }),
        now.memory[mode].map((one) => {
          const bar = h("rect", {
            x: X(from),
            y: mid - 10,
            width: Math.max(one.bytes ? 0.75 : 0, X(from + one.bytes) - X(from)),
            height: 20,
            fill: css(KINDS[one.name].hue),
            opacity: focus && focus !== one.name && mode === "training" && KINDS[focus] ? 0.3 : 1,
            "data-kind": one.name,
          });
          from += one.bytes;
          return g.tip(bar, kindText(one));
        }),
        label(x + w, mid + 4, sizeOf(totals[mode]), {
          anchor: "end",
          mono: true,
          weight: 600,
          fill: totals[mode] > card ? "accent" : "ink",
        }),
      );
    }),
    shown
      ? [
          h("path", {
            d: `M${X(card)},${bars - 6}V${bars + 68}`,
            stroke: css("accent"),
            "stroke-width": 2,
            "data-card": "line",
          }),
          label(clamp(X(card), left + 40, x + w - 60), bars - 10, data.card.name, {
            anchor: "middle",
            fill: "accent",
            weight: 600,
          }),
        ]
      : label(
          x + w,
          bars - 10,
          fit(
            say("{card}: its line is {times} times as far →", {
              card: data.card.name,
              times: threeDigits(card / largest),
            }),
            across + 78,
            12,
            false,
          ),
          { anchor: "end", fill: "accent", "data-card": "beyond" },
        ),
    drawLegend(g, now, { x, y: bars + 84, w, phone }),
  ]);
  const fitsY = bars + 84 + (phone ? 6 : 4) * 17 + 8;
  g.part("fits", [at, now.batch, now.length, focus], () =>
    drawFits(data, now, { x, y: fitsY, w }, focus, local),
  );
}

/** Every kind with its bytes: training's at the left, use's at the right, on a phone below. @type {(g: Stage, now: Now, at: {x: number, y: number, w: number, phone: boolean}) => Shapes} */
function drawLegend(g, now, { x, y, w, phone }) {
  return BOTH.flatMap((mode, side) =>
    now.memory[mode].map((one, i) => {
      const left = phone ? x : x + side * (w / 2 + 10);
      const mid = y + 17 * (phone ? i + side * now.memory.training.length : i);
      const right = phone ? x + w : left + w / 2 - 10;
      const all = now.memory[mode].reduce((sum, each) => sum + each.bytes, 0) || 1;
      return g.tip(
        h(
          "g",
          { "data-legend": `${mode} ${one.name}` },
          h("rect", { x: left, y: mid - 13, width: right - left, height: 17, fill: "transparent" }),
          h("rect", { x: left, y: mid - 9, width: 10, height: 10, rx: 2, fill: css(KINDS[one.name].hue) }),
          label(
            left + 16,
            mid,
            phone ? `${MODES[mode].toLowerCase()}: ${KINDS[one.name].title}` : KINDS[one.name].title,
            { fill: "ink2" },
          ),
          label(
            right,
            mid,
            `${sizeOf(one.bytes)} ${String(Math.round((100 * one.bytes) / all)).padStart(3, "\u2007")} %`,
            { anchor: "end", mono: true, fill: "ink2" },
          ),
        ),
        kindText(one),
      );
    }),
  );
}
/** A kind's bytes, whole. @param {Held} one */
const kindText = (one) =>
  `${KINDS[one.name].title}: ${sizeOf(one.bytes)}${Number.isSafeInteger(one.bytes) ? `, ${say("{count} bytes", { count: thousands(one.bytes) })}` : ""}`;

/** What fits, in numbers; the largest context of another batch is known when the page has answered. @type {(data: Data, now: Now) => Record<Mode, {batch: number | null, length?: number | null}>} */
function fitsOf(data, now) {
  /** @param {Mode} mode */
  const fit = (mode) => {
    const sum = (/** @type {"fixed" | "row"} */ name) =>
      data.memory[mode].reduce((total, one) => total + one[name][now.at], 0);
    const free = data.card.memory - sum("fixed");
    const batch = free < 0 ? 0 : sum("row") ? Math.floor(free / sum("row")) : null;
    return { batch, length: data.fits.batch === now.batch ? data.fits[mode].length : undefined };
  };
  return { training: fit("training"), using: fit("using") };
}
/** What fits on the card, in sentences. @type {(data: Data, now: Now, box: {x: number, y: number, w: number}, focus: string, local: Kept) => Shapes} */
function drawFits(data, now, { x, y, w }, focus, { alone }) {
  const found = fitsOf(data, now);
  return BOTH.flatMap((mode) => {
    const { batch, length } = found[mode];
    const texts = batch === null ? say("any number of texts") : counted(batch, "text");
    const most = data.fits.longest; // a model with a position for each token of its context reads no longer text
    const long =
      length === undefined
        ? "…"
        : most && (length === null || length >= most)
          ? say("of all {tokens} that it can read", { tokens: counted(most, "token") })
          : length === null
            ? say("of any length")
            : say("of {length}", { length: thousands(length) });
    const trains = mode === "training";
    const values = {
      card: data.card.name,
      texts,
      tokens: counted(now.length, "token"),
      others: counted(now.batch, "text"),
      long,
    };
    if (batch === 0 && length === 0)
      return [
        trains
          ? say("{card} has no room for training it, whatever is read.", values)
          : say("{card} has no room for using it, whatever is read.", values),
      ];
    if (alone && length === undefined)
      return [
        trains
          ? say("{card} trains on {texts} of {tokens}.", values)
          : say("{card} keeps {texts} of {tokens}.", values),
      ];
    return [
      trains
        ? say("{card} trains on {texts} of {tokens}, or {others} {long}.", values)
        : say("{card} keeps {texts} of {tokens}, or {others} {long}.", values),
    ];
  })
    .flatMap((line) => inLines(line, w))
    .map((line, i) =>
      label(x, y + 4 + 17 * i, line, {
        fill: focus === "fits" ? "accent" : "ink",
        weight: focus === "fits" ? 600 : 400,
      }),
    );
}

/** The sliders of texts and of their length. @type {(g: Stage, data: Data, now: Now, at: Plan["sliders"]) => void} */
function drawSliders(g, data, now, { x, y, w, phone }) {
  const tall = phone ? 44 : 24;
  const name = 62;
  const said = 124;
  /** @type {(key: string, about: string, values: number[], value: number, pick: (value: number) => void, text: string, top: number) => void} */
  const range = (key, about, values, value, pick, text, top) => {
    g.part(`name ${key}`, [x, top, w, text], () => [
      label(x, top + tall / 2 + 4, about, { fill: "ink" }),
      label(x + w, top + tall / 2 + 4, text, { anchor: "end", mono: true, fill: "ink" }),
    ]);
    g.overlay(
      `range ${key}`,
      { left: x + name, top, width: w - name - said, height: tall },
      () =>
        html("input", {
          type: "range",
          class: "gb-range",
          min: 0,
          step: 1,
          "data-range": key,
          "aria-label": key === "batch" ? say("Texts side by side") : say("Tokens of a text"),
        }),
      (node) => {
        node.max = String(values.length - 1);
        node.value = String(values.indexOf(value));
        node.setAttribute("aria-valuetext", text);
        node.style.setProperty("--fill", `${(100 * values.indexOf(value)) / (values.length - 1)}%`);
        node.oninput = () => pick(values[Number(node.value)]);
      },
    );
  };
  range(
    "batch",
    say("Batch"),
    data.batches,
    now.batch,
    (v) => g.select({ together: v }),
    counted(now.batch, "text"),
    y,
  );
  range(
    "context",
    say("Context"),
    data.lengths,
    now.length,
    (v) => g.select({ long: v === data.usual ? -1 : v }),
    counted(now.length, "token"),
    y + tall + 2,
  );
}

// ---------------------------------------------------------------- the picture

/** What is shown. @param {Data} data @param {Kept} local */
function stateOf(data, local) {
  const now = nowOf(data, local);
  const sum = (/** @type {number[]} */ list) => list.reduce((a, b) => a + b, 0);
  return {
    tokens: data.tokens,
    name: data.name,
    own: data.own,
    wrong: data.wrong,
    stage: local.steps.state(local),
    focus: stepOf(data, local).focus,
    lines: stepOf(data, local).lines,
    batch: now.batch,
    length: now.length,
    rows: data.rows.map((one, k) => ({ name: one.name, weights: one.weights, flops: now.flops[k] })),
    total: { weights: sum(data.rows.map((one) => one.weights)), flops: sum(now.flops) },
    memory: now.memory,
    fits: fitsOf(data, now),
    card: data.card,
    passes: passesOf(data, now),
    machine: data.machine,
    precision: data.precision,
  };
}

/** @type {View<Data, Kept, {data: Data}>} */
const computeView = {
  init(data, local) {
    const names = data.steps.map((one) => one.name);
    const same = local.steps && local.steps.names.join() === names.join();
    return { steps: same ? local.steps : stepMode("counted", names) };
  },

  draw(g, data, local) {
    g.data = data;
    listen(g, local);
    local.steps.bar(g, local, (now) => data.steps[now].said);
    const listed = data.own && !stepOf(data, local).focus;
    local.alone = !g.can.recompute;
    const at = plan(
      g.width,
      data.rows.length,
      (room) => storyLines(data, local, room).length,
      listed,
      local.alone,
    );
    drawParts(g, data, local, at.parts);
    drawSliders(g, data, nowOf(data, local), at.sliders);
    drawStory(g, data, local, at.story);
    if (listed) drawTokens(g, data, local, at.tokens);
    drawMemory(g, data, local, at.memory);
    if (g.can.visit) drawDoors(g, at.doors);
    g.height = at.height;
    const { rule } = at;
    if (rule) g.part("rule", [rule], () => h("path", { d: `M${rule.x},0V${rule.h}`, stroke: css("line") }));
  },

  // [ ]: a shorter or longer context; − +: fewer or more texts; Esc: up, to the whole picture; the rest is step mode's.
  key(event, g, data, local) {
    const now = nowOf(data, local);
    /** @type {(list: number[], value: number, move: number) => number} */
    const by = (list, value, move) => list[clamp(list.indexOf(value) + move, 0, list.length - 1)];
    if (event.key === "[" || event.key === "]") {
      const to = by(data.lengths, now.length, event.key === "[" ? -1 : 1);
      g.select({ long: to === data.usual ? -1 : to });
    } else if (["-", "−", "+", "="].includes(event.key))
      g.select({ together: by(data.batches, now.batch, "+=".includes(event.key) ? 1 : -1) });
    else if (local.steps.key(event, g, local)) return true;
    else if (event.key === "Escape") local.steps.up(g, local);
    else return false;
    return true;
  },

  describe(data, local) {
    const s = stateOf(data, local);
    const step = local.steps.said(local, (now) => [data.steps[now].said, ...linesOf(data, local)].join(" "));
    const parts = s.rows
      .map((one) =>
        say("{part} {weights} weights, {operations}", {
          part: TITLES[one.name],
          weights: exactOf(one.weights, siOf(one.weights)),
          operations: siOf(one.flops, "FLOP"),
        }),
      )
      .join("; ");
    const kinds = (/** @type {Mode} */ mode) =>
      s.memory[mode].map((one) => `${KINDS[one.name].title} ${sizeOf(one.bytes)}`).join(", ");
    const passes = Object.entries(s.passes)
      .map(([name, p]) =>
        say("{name} {each} operations a byte, at most {rate}", {
          name: PASSES[name],
          each: num(p.intensity, 2),
          rate: siOf(p.most, "FLOP/s"),
        }),
      )
      .join("; ");
    return [
      `${step}${say("{name}: {weights} weights.", { name: data.name, weights: exactOf(s.total.weights, siOf(s.total.weights)) })}`,
      `${parts}.`,
      say("{texts} of {tokens}: training holds {training}; use holds {use}.", {
        texts: counted(s.batch, "text"),
        tokens: counted(s.length, "token"),
        training: kinds("training"),
        use: kinds("using"),
      }),
      `${data.card.name}: ${passes}.`,
    ].join(" ");
  },

  state: stateOf,
};

/** A row of the table is the way to its step. @param {Board} g @param {Kept} local */
function listen(g, local) {
  if (local.listening) return;
  local.listening = true;
  g.svg.addEventListener("click", (event) => {
    const hit = event.target instanceof Element ? event.target.closest("[data-row]") : null;
    if (!hit) return;
    const at = g.data.steps.findIndex((one) => one.focus === hit.getAttribute("data-row"));
    if (at >= 0) local.steps.to(g, local, at);
  });
}

/** The ways to other pages. @type {(g: Stage, at: Plan["doors"]) => void} */
function drawDoors(g, { x, y, phone }) {
  const doors = [
    ["attention", say("Attention’s cost"), say("Measured as the text grows")],
    ["decoding", say("The cache at work"), say("Work with it and without")],
    ["home", say("Home"), say("The whole machine")],
  ];
  for (const [i, [page, text, about]] of doors.entries())
    g.door(page, { left: phone ? [0, 120, 256][i] : x + i * 150, top: y }, text, about);
}

export default mount("compute", computeView);
