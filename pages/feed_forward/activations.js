// Six activations with the followed token's numbers on each, and how often the neurons of every block fire.

import { counted } from "../../app/kit/counts.js";
import { mount } from "../../app/kit/glass.js";
import { say } from "../../app/kit/say.js";
import {
  clamp,
  css,
  fit,
  h,
  inLines,
  label,
  measure,
  num,
  percent,
  unpack,
  visible,
} from "../../app/kit/shapes.js";
import { isDesk, isPhone } from "../../app/kit/widths.js";

/**
 * @import { Local, Stage } from "../../app/kit/glass.js"
 * @import { Packed, Shapes } from "../../app/kit/shapes.js"
 *
 * What Python sends (`show` in activations.py).
 * @typedef {object} Data
 * @property {string} stamp
 * @property {string} name of the chosen neuron
 * @property {number} block
 * @property {Curve[]} curves
 * @property {string} token the followed one
 * @property {Firing | null} firing null: a decoder reads no text by itself
 * @property {string} of what was read
 * @property {boolean} sampled more than the learner's own text
 * @property {[rare: number, always: number]} limits shares of the tokens
 *
 * A curve over places x: its values (of a gated one a line for each second sum), slopes, and where the token's neurons land.
 * @typedef {{name: string, formula: string, own: boolean, x: Packed, lines: Packed[], slope: Packed, dots: [x: Packed, y: Packed] | null,
 *   held: number | null, low: [x: number, y: number] | null, gates: number[]}} Curve held: the share of neurons within 0.01 of 0
 *
 * How often neurons fire, block by block: counts by share of the tokens (spread), at none, few, nearly all; of the chosen one
 * share and most; unseen: a neuron that never fired may yet do so at this share of tokens.
 * @typedef {{tokens: number, unseen: number, spread: number[][], dead: number[], rare: number[], always: number[], neurons: number,
 *   share: number, most: number}} Firing
 * @typedef {{x: number, y: number, w: number, pitch: number}} Place
 */

/** @param {Stage} g @param {number} x @param {number} y @param {number} w @param {number} tall @param {Curve} one */
function drawOne(g, x, y, w, tall, one) {
  const xs = unpack(one.x);
  const lines = one.lines.map(unpack);
  const slope = unpack(one.slope);
  const dots = one.dots?.map(unpack);
  const [low, high] = [xs[0], xs[xs.length - 1]];
  const all = [...lines.flatMap((line) => [...line]), ...(dots ? dots[1] : [])];
  const [least, most] = [Math.min(0, ...all), Math.max(...all, 1e-9)];
  const [top, bottom] = [y + 48, y + tall - 24];
  const X = (/** @type {number} */ v) => x + (w * (clamp(v, low, high) - low)) / (high - low || 1);
  const Y = (/** @type {number} */ v) =>
    bottom - ((bottom - top) * (clamp(v, least, most) - least)) / (most - least || 1);
  const [flat, steep] = [Math.min(0, ...slope), Math.max(...slope, 1e-9)];
  const S = (/** @type {number} */ v) => bottom - ((bottom - top) * (v - flat)) / (steep - flat || 1);
  const path = (/** @type {ArrayLike<number>} */ values, /** @type {(v: number) => number} */ place) =>
    xs.reduce((d, v, i) => `${d}${i ? "L" : "M"}${X(v).toFixed(1)},${place(values[i]).toFixed(1)}`, "");
  const facts = [
    one.held !== null && say("{share} within 0.01 of 0", { share: percent(one.held, 0) }),
    one.low && say("lowest {value} at {place}", { value: num(one.low[1], 2), place: num(one.low[0], 2) }),
    one.gates.length > 1 &&
      say("drawn for a second sum of {sums}", {
        sums: one.gates.map((v) => num(v, v % 1 ? 1 : 0)).join(", "),
      }),
  ]
    .filter(Boolean)
    .join(", ");
  return g.tip(
    h(
      "g",
      {},
      label(x, y + 14, one.name, { weight: 600, size: 13, fill: one.own ? "mlp-ink" : "ink" }),
      one.own && label(x + w, y + 14, say("this model’s"), { anchor: "end", fill: "mlp-ink", weight: 600 }),
      label(x, y + 32, fit(one.formula, w, 12, true), { mono: true, fill: "ink3" }),
      h("path", { d: `M${x},${Y(0)}H${x + w}M${X(0)},${top}V${bottom}`, stroke: css("line") }),
      h("path", {
        d: path(slope, S),
        fill: "none",
        stroke: css("ink3"),
        "stroke-width": 1,
        "stroke-dasharray": "2 3",
      }),
      lines.map((line, i) =>
        h("path", {
          d: path(line, Y),
          fill: "none",
          stroke: css("res"),
          "stroke-width": 1.5,
          opacity: 1 - 0.16 * i,
        }),
      ),
      dots &&
        h("path", {
          d: Array.from(dots[0], (v, i) => `M${X(v).toFixed(1)},${Y(dots[1][i]).toFixed(1)}h0`).join(""),
          stroke: css("mlp"),
          "stroke-width": 4.5,
          "stroke-linecap": "round",
          opacity: 0.75,
        }),
      label(x, bottom + 16, facts, { fill: "ink3" }),
      h("rect", { x, y, width: w, height: tall, fill: "transparent" }),
    ),
    [
      `${one.name}: ${one.formula}`,
      say("from {low} to {high} it gives {least} to {most}", {
        low: num(low, 1),
        high: num(high, 1),
        least: num(least, 2),
        most: num(most, 2),
      }),
      say("its slope (dotted) goes from {flat} to {steep}", { flat: num(flat, 2), steep: num(steep, 2) }),
    ].join("\n"),
  );
}

/**
 * How many neurons of each block fire at which share of the tokens: a row of bars a block.
 * @param {Stage} g @param {Data} data @param {Place} box
 */
function drawFiring(g, data, box) {
  const { x, y, w } = box;
  const f = data.firing;
  if (!f)
    return [
      label(x, y + 14, say("How often neurons fire"), { size: 14, weight: 600, fill: "ink" }),
      inLines(say("This decoder reads no text by itself, so there is no sample of its neurons."), w).map(
        (line, i) => label(x, y + 36 + 16 * i, line, { fill: "ink3" }),
      ),
    ];
  const bins = f.spread[0].length;
  const counts = f.dead.map((dead, l) =>
    data.sampled
      ? say("{dead} dead, {rare} rare, {always} always on", { dead, rare: f.rare[l], always: f.always[l] })
      : say("{dead} never, {always} nearly always", { dead, always: f.always[l] }),
  );
  const side = Math.max(196, ...counts.map((text) => Math.ceil(measure(text, 12, false)) + 8));
  const wide = w - side - 62;
  const pitch = box.pitch;
  /** @type {Shapes[]} */
  const out = [
    label(
      x,
      y + 14,
      say("How often neurons fire in {texts}", {
        texts: fit(
          data.of,
          w - Math.max(190, measure(say("How often neurons fire in {texts}", { texts: "" }), 14, false)),
          14,
          false,
        ),
      }),
      { size: 14, weight: 600, fill: "ink" },
    ),
    label(x + 62, y + 34, say("never"), { fill: "ink3" }),
    label(x + 62 + wide, y + 34, say("at every token"), { fill: "ink3", anchor: "end" }),
  ];
  f.spread.forEach((bars, l) => {
    const base = y + 42 + pitch * (l + 1) - 6;
    const most = Math.max(...bars, 1);
    const path = bars
      .map(
        (count, i) =>
          `M${(x + 62 + (i * wide) / bins + 1).toFixed(1)},${base}v${(-(pitch - 12) * Math.sqrt(count / most)).toFixed(1)}h${(wide / bins - 2).toFixed(1)}V${base}Z`,
      )
      .join("");
    const own = l === data.block;
    out.push(
      label(x, base - 2, say("block {block}", { block: l }), {
        fill: own ? "mlp-ink" : "ink2",
        weight: own ? 600 : 400,
      }),
      h("path", { d: path, fill: css(own ? "mlp" : "res"), opacity: 0.8 }),
      h("path", { d: `M${x + 62},${base}h${wide}`, stroke: css("line") }),
      label(x + w, base - 2, counts[l], { anchor: "end", fill: "ink2" }),
      g.tip(
        h("rect", { x, y: base - pitch + 6, width: w, height: pitch, fill: "transparent" }),
        [
          say("block {block}: {neurons}", { block: l, neurons: counted(f.neurons, "neuron") }),
          say("{dead} fire at no token, {rare} at no more than {few} of them, {always} at {most} or more", {
            dead: f.dead[l],
            rare: f.rare[l],
            few: percent(data.limits[0], 1),
            always: f.always[l],
            most: percent(data.limits[1], 0),
          }),
          say("the bars’ heights are the roots of their counts"),
        ].join("\n"),
      ),
    );
    if (own)
      out.push(
        h("path", {
          d: `M${x + 62 + wide * f.share},${base - pitch + 10}V${base}`,
          stroke: css("accent"),
          "stroke-width": 2,
        }),
      );
  });
  const end = y + 42 + pitch * f.spread.length + 18;
  const said = [
    say("{neuron} (the mark) fires at {share} of {tokens}, with {most} at most.", {
      neuron: data.name,
      share: percent(f.share, 1),
      tokens: counted(f.tokens, "token"),
      most: num(f.most, 2),
    }),
    data.sampled
      ? say("What looks dead here may yet fire at up to {share} of other tokens (95 % sure).", {
          share: percent(f.unseen, 2),
        })
      : say(
          "So short a text says little: read a sample to tell a dead neuron from one that waits for its word.",
        ),
  ];
  out.push(
    said.map((text, i) =>
      inLines(text, w).map((line, k) =>
        label(x, end + 18 * i + 16 * k * (isPhone(w) ? 1 : 0) + (isPhone(w) ? 32 * i : 0), line, {
          fill: i ? "ink3" : "ink2",
        }),
      ),
    ),
  );
  return out;
}

/** @type {import("../../app/kit/glass.js").View<Data, Local>} */
const activations = {
  draw(g, data) {
    const wide = isDesk(g.width);
    const across = wide ? 3 : isPhone(g.width) ? 1 : 2;
    const w = (g.width - 28 * (across - 1)) / across;
    const tall = 196;
    g.part("curves", null, () => [
      label(0, 14, say("The same numbers through every curve"), { size: 14, weight: 600, fill: "ink" }),
      label(
        0,
        32,
        fit(
          say("a dot for each neuron at {token}; dotted: the slope, which training sends back", {
            token: visible(data.token),
          }),
          g.width,
          12,
          false,
        ),
        { fill: "ink3" },
      ),
      data.curves.map((one, k) =>
        drawOne(g, (k % across) * (w + 28), 48 + Math.floor(k / across) * (tall + 14), w, tall, one),
      ),
    ]);
    const under = 48 + Math.ceil(data.curves.length / across) * (tall + 14) + 16;
    const blocks = data.firing ? data.firing.spread.length : 1;
    const pitch = clamp(260 / blocks, 26, 46);
    g.part("firing", null, () => drawFiring(g, data, { x: 0, y: under, w: g.width, pitch }));
    g.height = under + 42 + pitch * blocks + (isPhone(g.width) ? 110 : 50);
  },

  describe(data) {
    const f = data.firing;
    const curves = data.curves.map((one) =>
      one.held === null
        ? one.name
        : `${one.name}, ${say("{share} within 0.01 of 0", { share: percent(one.held, 0) })}`,
    );
    const through = say("The followed token’s numbers through {curves}.", { curves: curves.join("; ") });
    if (!f) return `${through} `;
    const blocks = f.dead.map((dead, block) =>
      say("block {block}, {dead} of {neurons} fire at no token, {always} at nearly all", {
        block,
        dead,
        neurons: counted(f.neurons, "neuron"),
        always: f.always[block],
      }),
    );
    return `${through} ${say("In {texts}: {blocks}.", { texts: data.of, blocks: blocks.join("; ") })}`;
  },

  state(data) {
    return {
      curves: data.curves.map(({ name, held, low, own }) => ({ name, held, low, own })),
      of: data.of,
      sampled: data.sampled,
      firing: data.firing && {
        tokens: data.firing.tokens,
        dead: data.firing.dead,
        rare: data.firing.rare,
        always: data.firing.always,
        share: data.firing.share,
      },
    };
  },
};

export default mount("feed_forward_activations", activations);
