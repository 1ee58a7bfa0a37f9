// The cell that is looked at, and its card: the operands of the number under the pointer, term by term, with their true sum. All operands
// come from the model; here they are only multiplied in pairs, ordered by size, and set in columns.

import { counted } from "../../app/kit/counts.js";
import { say, sayOf } from "../../app/kit/say.js";
import { MONO, clamp, css, fit, h, label, measure, num, tokenSpans, visible } from "../../app/kit/shapes.js";
import { isDesk, isPhone } from "../../app/kit/widths.js";
import { CARD, HIDING, MATRICES, stepId } from "./layout.js";

/**
 * @import { Stage } from "../../app/kit/glass.js"
 * @import { Shapes, Unpacked } from "../../app/kit/shapes.js"
 * @import { Active, Arrays, Data, Local, Token } from "./figure.js"
 * @import { StepId } from "./layout.js"
 *
 * What is written out: whose number it is, either a table of columns (rows: operands and their products) or a chain of
 * operations (links), its value, and what becomes of it.
 * @typedef {object} Card
 * @property {{text: string, token?: Token, fill?: string}[]} who
 * @property {number} value
 * @property {string[]} after
 * @property {number} digits of the value
 * @property {Link[]} [links]
 * @property {Row[]} [rows]
 * @property {string[] | null} heads over the columns
 * @property {number} mark the column of the active cell, or -1
 * @property {number} others how many terms are not shown
 * @property {number} rest and their sum
 * @property {number} [sum] of all terms
 * @property {boolean} [edited] the value is the learner's own
 *
 * @typedef {{op?: string, name: string, value: number, digits?: number, strong?: boolean}} Link
 * @typedef {{name: string, fill: string, values: number[], digits?: number, tint?: boolean, weight?: boolean}} Row
 * @typedef {{first: string, firstInk: string, second: string, secondInk: string, names?: (i: number) => string,
 *   named?: boolean, narrow?: boolean, marked?: number}} Dot how a sum of products is set
 */

// ---------------------------------------------------------------- the arrays and the cell that is looked at

/** @param {Unpacked} array @param {number} r */
export const row = (array, r) => array.subarray(r * array.shape[1], (r + 1) * array.shape[1]);
/** @param {Unpacked} array @param {number} r @param {number} c */
export const at2 = (array, r, c) => array[r * array.shape[1] + c];
/** @param {Local} local @param {string} id */
export const valuesOf = (local, id) => local.a[MATRICES[id] ?? (id === "out" ? "result" : id)];
/**
 * The strip of a panel after the query and key norms, where the model has them.
 * @param {Local} local @param {string} id
 */
export function seen(local, id) {
  return (id === "q" && local.a.qn) || (id === "k" && local.a.kn) || valuesOf(local, id);
}
/** @param {Iterable<number>} values */
export function biggest(values) {
  let max = 0;
  for (const v of values) if (Number.isFinite(v)) max = Math.max(max, Math.abs(v));
  return max || 1;
}
const OUTLIER = 6; // times the median size: from there on a number takes the full colour
/**
 * The size that takes the full colour of a strip: the largest, but no more than some times the median, so that one
 * outlier does not make all others look like 0.
 * @param {ArrayLike<number>} values
 */
export function colourLimit(values) {
  const sizes = Float64Array.from(values, Math.abs)
    .filter((size) => size > 0 && Number.isFinite(size))
    .sort();
  return sizes.length ? Math.min(sizes[sizes.length - 1], OUTLIER * sizes[sizes.length >> 1]) : 1;
}
/**
 * Decimals with which all of these fit into `room` pixels, or -1.
 * @param {Iterable<number>} values @param {number} room @param {number} best @param {number} least
 */
export function decimals(values, room, best, least) {
  const digit = measure("0", 12, true);
  for (let d = best; d >= least; d--) {
    let longest = 0;
    for (const v of values) longest = Math.max(longest, num(v, d).length);
    if (longest * digit <= room - 4) return d;
  }
  return -1;
}

/**
 * Where the number furthest from 0 stands: the cell a learner who has chosen none is shown.
 * @param {Float32Array} values
 */
const largest = (values) =>
  values.reduce((best, v, i) => (Math.abs(v) > Math.abs(values[best]) ? i : best), 0);
/** @param {Data} data @param {Local} local @returns {Active} */
export function activeCell(data, local) {
  const id = stepId(data, local);
  const at = { row: local.row, col: local.col, dim: local.dim, keyed: local.keyed, ...local.hover };
  const keyed = id === "k" || id === "v" || (id === "turn" && at.keyed);
  if (MATRICES[id]) return { row: at.row, col: at.col, dim: at.dim ?? 0, keyed };
  const values = seen(local, id === "turn" ? (keyed ? "tk" : "tq") : id === "sum" ? "z" : id);
  const dim =
    at.dim === null ? largest(row(values, keyed ? at.col : at.row)) : clamp(at.dim, 0, values.shape[1] - 1);
  return { row: at.row, col: at.col, dim, keyed };
}

// ---------------------------------------------------------------- the card

const MOST = 16; // terms written in full; of more, the 8 largest
const FEW = 8; // on a narrow screen 5 and not more

/** @param {boolean} [narrow] */
const limits = (narrow) => (narrow ? [6, 5] : [MOST, FEW]);

/**
 * Pairs a[i] * b[i]: those to show, by size when there are many, the rest as "and n others".
 * @param {ArrayLike<number>} a @param {ArrayLike<number>} b @param {(i: number) => string} names
 * @param {boolean} [narrow]
 */
function products(a, b, names, narrow) {
  const [most, few] = limits(narrow);
  const all = Array.from(a, (x, i) => ({ i, a: x, b: b[i], product: x * b[i], name: names(i) }));
  if (all.length <= most) return { shown: all, others: 0, rest: 0 };
  const large = [...all].sort((x, y) => Math.abs(y.product) - Math.abs(x.product)).slice(0, few);
  const kept = new Set(large.map((t) => t.i));
  const rest = all.filter((t) => !kept.has(t.i)).reduce((sum, t) => sum + t.product, 0);
  return { shown: large, others: all.length - few, rest };
}
/** @param {Unpacked} array @param {number} c */
const column = (array, c) => Float32Array.from({ length: array.shape[0] }, (_, r) => at2(array, r, c));

/**
 * A sum of products as a card: the two rows of operands with their colours, and the products below.
 * @param {ArrayLike<number>} a @param {ArrayLike<number>} b @param {Dot} o
 * @returns {Pick<Card, "heads" | "rows" | "others" | "rest" | "mark" | "sum">}
 */
function dot(a, b, o) {
  const { shown, others, rest } = products(a, b, o.names ?? String, o.narrow);
  return {
    heads: others > 0 || o.named ? shown.map((t) => t.name) : null,
    rows: [
      { name: o.first, fill: o.firstInk, values: shown.map((t) => t.a) },
      { name: `× ${o.second}`, fill: o.secondInk, values: shown.map((t) => t.b) },
      { name: "=", fill: "ink", values: shown.map((t) => t.product), tint: true },
    ],
    others,
    rest,
    mark: o.marked === undefined ? -1 : shown.findIndex((t) => t.i === o.marked),
    sum: shown.reduce((total, t) => total + t.product, rest),
  };
}

/** @type {Record<StepId, (d: Data, a: Arrays, at: Active, few: boolean) => Partial<Card> & Pick<Card, "who" | "value" | "after">>} */
const CARDS = {
  x(d, a, { row: r, dim }) {
    const who = [
      { text: say("token {row} ", { row: r }), token: d.rows[r] },
      { text: say("number {number}", { number: dim }) },
    ];
    const value = at2(a.x, r, dim);
    if (!a.mean)
      return {
        who,
        value,
        links: [{ name: say("residual stream"), value: at2(a.resid, r, dim) }],
        after: d.late
          ? [say("this model normalises after"), say("adding, not before reading")]
          : [say("no norm stands before it")],
      };
    const links = [
      { name: say("residual stream"), value: at2(a.resid, r, dim) },
      ...(d.centred ? [{ op: "−", name: say("mean"), value: a.mean[r] }] : []),
      { op: "÷", name: d.centred ? say("deviation") : say("root mean square"), value: a.norm_scale[r] },
      ...(d.gained ? [{ op: "×", name: say("gain"), value: a.gain[dim] }] : []),
      ...(d.shifted ? [{ op: "+", name: sayOf("layer", "bias"), value: a.shift[dim] }] : []),
    ];
    return { who, value, links, after: [say("then read by W_Q, W_K and W_V")] };
  },
  q: (d, a, at, few) => projection(d, a, at.row, at.dim, "q", a.x, d.rows, few),
  k: (d, a, at, few) => projection(d, a, at.col, at.dim, "k", a.source ?? a.x, d.cols, few),
  v: (d, a, at, few) => projection(d, a, at.col, at.dim, "v", a.source ?? a.x, d.cols, few),
  turn(d, a, { row: r, col, dim, keyed }) {
    const [line, name, side] = keyed ? [col, "k", d.cols] : [r, "q", d.rows];
    const flat = a[`${name}n`] ?? a[name];
    const half = flat.shape[1] / 2;
    const mate = dim < half ? dim + half : dim - half;
    const value = at2(a[`t${name}`], line, dim);
    const who = [
      {
        text: keyed ? say("key {row} ", { row: line }) : say("query {row} ", { row: line }),
        token: side[line],
        fill: `${name}-ink`,
      },
      { text: say("number {number}, paired with {mate}", { number: dim, mate }) },
    ];
    if (!d.on.turn)
      return {
        who,
        value,
        links: [{ name, value: at2(flat, line, dim) }],
        after: [say("the turn is off: nothing changes")],
      };
    const cos = at2(a.cos, line, dim);
    const sin = at2(a.sin, line, dim) * (dim < half ? -1 : 1);
    const degrees = ((Math.atan2(at2(a.sin, line, dim), cos) * 180) / Math.PI + 360) % 360;
    return {
      ...dot([at2(flat, line, dim), at2(flat, line, mate)], [cos, sin], {
        first: name,
        firstInk: `${name}-ink`,
        second: say("turn"),
        secondInk: "ink2",
        named: true,
        names: (i) => (i ? `${name}[${mate}] · sin` : `${name}[${dim}] · cos`),
      }),
      who,
      value,
      after: [
        say("position {position} turns this pair", { position: line }),
        say("by {degrees}° (of 360°)", { degrees: num(degrees, 0) }),
      ],
    };
  },
  scores(d, a, { row: r, col }, few) {
    const q = row(a.tq ?? a.qn ?? a.q, r);
    const k = row(a.tk ?? a.kn ?? a.k, col);
    const value = at2(a.scores, r, col);
    const edited = d.edits.find((e) => e[0] === r && e[1] === col);
    const card = dot(q, k, {
      first: "q",
      firstInk: "q-ink",
      second: "k",
      secondInk: "k-ink",
      names: (i) => `[${i}]`,
      narrow: few,
    });
    return {
      ...card,
      who: pair(d, r, col),
      value,
      edited: Boolean(edited),
      after: [...onward(d, a, r, col, "scores")],
    };
  },
  scale: (d, a, { row: r, col }) => ({
    who: pair(d, r, col),
    value: at2(a.scaled, r, col),
    links: [
      { name: say("score q·k"), value: at2(a.scores, r, col) },
      { op: "×", name: d.factorName, value: d.factor, digits: 4 },
    ],
    after: onward(d, a, r, col, "scale"),
  }),
  bias: (d, a, { row: r, col }) => ({
    who: pair(d, r, col),
    value: at2(a.biased, r, col),
    links: [
      { name: say("scaled score"), value: at2(a.scaled, r, col) },
      ...(d.on.turn ? [{ op: "+", name: d.biasName, value: at2(a.bias, r, col), digits: 3 }] : []),
    ],
    after: [
      !d.on.turn
        ? say("{bias} is off: nothing is added", { bias: d.biasName })
        : col > r
          ? say("key {distance} after the query", { distance: col - r })
          : say("key {distance} before the query", { distance: r - col }),
      ...onward(d, a, r, col, "bias"),
    ],
  }),
  mask(d, a, { row: r, col }) {
    const hidden = at2(a.masked, r, col) === -Infinity;
    const why = reason(d, a, r, col);
    const kept = {
      name: a.bias ? say("score with bias") : say("scaled score"),
      value: at2(a.biased, r, col),
    };
    return {
      who: pair(d, r, col),
      value: at2(a.masked, r, col),
      links: [kept],
      after: hidden ? [why, say("hidden, its weight will be 0")] : [why, ...onward(d, a, r, col, "mask")],
    };
  },
  softmax(d, a, { row: r, col }, few) {
    const scores = Array.from(row(a.masked, r), (s) => s / d.temperature);
    const top = Math.max(...scores);
    if (top === -Infinity) {
      return {
        who: pair(d, r, col),
        value: 0,
        digits: 4,
        links: [],
        after: [say("every score of this row is −∞:"), say("0 ÷ 0, so it reads nothing")],
      };
    }
    const powers = scores.map((s) => Math.exp(s - top));
    const total = powers.reduce((x, y) => x + y, 0);
    let shown = scores.map((_, i) => i);
    const [most, least] = limits(few);
    if (shown.length > most) shown = shown.sort((x, y) => powers[y] - powers[x]).slice(0, least);
    const weights = row(a.pattern, r);
    const others = scores.length - shown.length;
    return {
      who: pair(d, r, col),
      value: at2(a.pattern, r, col),
      digits: 4,
      heads: shown.map((i) => visible(d.cols[i].text)),
      mark: shown.indexOf(col),
      others,
      rest: others ? 1 - shown.reduce((sum, i) => sum + weights[i], 0) : 0,
      sum: weights.reduce((x, y) => x + y, 0),
      rows: [
        {
          name: d.temperature === 1 ? "s" : `s ÷ ${num(d.temperature, 2)}`,
          fill: "ink2",
          values: shown.map((i) => scores[i]),
        },
        { name: "exp", fill: "ink2", values: shown.map((i) => powers[i]), digits: 3 },
        {
          name: say("÷ sum"),
          fill: "att-ink",
          values: shown.map((i) => weights[i]),
          digits: 3,
          weight: true,
        },
      ],
      after: [
        `exp(s − ${num(top, 2)}) = ${num(powers[col], 3)}`,
        say("÷ the row's sum, {sum}", { sum: num(total, 3) }),
      ],
    };
  },
  sum: (d, a, { row: r, dim, col }, few) => ({
    ...dot(row(a.pattern, r), column(a.v, dim), {
      first: say("weight"),
      firstInk: "att-ink",
      second: "v",
      secondInk: "v-ink",
      named: true,
      marked: col,
      names: (i) => visible(d.cols[i].text),
      narrow: few,
    }),
    who: [
      { text: say("row {row} ", { row: r }), token: d.rows[r], fill: "q-ink" },
      { text: say("number {number} of the values", { number: dim }) },
    ],
    value: at2(a.z, r, dim),
    after: [
      say("then through W_O, with the"),
      say("other {heads}, into the stream", { heads: counted(d.nHeads - 1, "head") }),
    ],
  }),
  out: (d, a, { row: r, dim }, few) =>
    a.wo
      ? {
          ...dot(row(a.z, r), column(a.wo, dim), {
            first: say("sum"),
            firstInk: "att-ink",
            second: "W_O",
            secondInk: "ink2",
            names: (i) => `[${i}]`,
            narrow: few,
          }),
          who: [
            { text: say("token {row} ", { row: r }), token: d.rows[r] },
            { text: say("number {number} of the stream", { number: dim }) },
          ],
          value: at2(a.result, r, dim),
          after: [
            say("added to the residual stream,"),
            say("number {number} of this token", { number: dim }),
          ],
        }
      : tooWide(a.result, r, dim, d.rows),
};

/** @param {Data} d @param {number} r @param {number} c */
const pair = (d, r, c) => [
  { text: say("query {row} ", { row: r }), token: d.rows[r], fill: "q-ink" },
  { text: say("key {row} ", { row: c }), token: d.cols[c], fill: "k-ink" },
];
/** @param {Unpacked} array @param {number} r @param {number} dim @param {Token[]} side */
const tooWide = (array, r, dim, side) => ({
  who: [
    { text: say("token {row} ", { row: r }), token: side[r] },
    { text: say("number {number}", { number: dim }) },
  ],
  value: at2(array, r, dim),
  links: [],
  after: [say("this model's weights are too large"), say("to send: the sum is the model's")],
});
/**
 * Why a key is in view of a query, or not: the rules in the order in which they decide.
 * @param {Data} d @param {Arrays} a @param {number} r @param {number} c
 */
function reason(d, a, r, c) {
  const { causal, window, sinks, shown } = d.rule;
  if (at2(a.scores, r, c) === -Infinity) return say("your −∞ hides key {key}", { key: c });
  if (shown.some(([row, col]) => row === r && col === c))
    return say("key {key} is in view by your number", { key: c });
  if (causal && c > r) return say("key {key} comes after query {query}:", { key: c, query: r });
  if (window !== null && Math.abs(r - c) >= window)
    return c < sinks
      ? say("key {key} is a sink: kept", { key: c })
      : say("key {key} is {distance} away, window {window}:", { key: c, distance: Math.abs(r - c), window });
  if (window !== null) return say("key {key} is within the window: kept", { key: c });
  return c > r
    ? say("key {key} is in the future, and shown", { key: c })
    : say("key {key} is not in the future: kept", { key: c });
}
/**
 * What becomes of a score in the steps that follow.
 * @param {Data} d @param {Arrays} a @param {number} r @param {number} c @param {StepId} from
 */
function onward(d, a, r, c, from) {
  const ids = d.steps.map((s) => s.id);
  const after = ids.slice(ids.indexOf(from) + 1);
  const lines = [];
  const step = (/** @type {StepId} */ id) => (after.includes(id) ? d.steps[ids.indexOf(id)] : undefined);
  const [scale, bias] = [step("scale"), step("bias")];
  if (scale)
    lines.push(
      scale.off
        ? say("scaling is off: it stays {score}", { score: num(at2(a.scaled, r, c), 2) })
        : say("then {formula} = {score}", { formula: scale.formula, score: num(at2(a.scaled, r, c), 2) }),
    );
  if (bias && !bias.off)
    lines.push(say("with the position bias {score}", { score: num(at2(a.biased, r, c), 2) }));
  lines.push(
    at2(a.masked, r, c) === -Infinity
      ? say("hidden: its weight is 0")
      : say("after softmax {weight}", { weight: num(at2(a.pattern, r, c), 3) }),
  );
  return lines;
}
/** @type {Record<"q" | "k" | "v", (row: number) => string>} */
const ROWS = {
  q: (row) => say("query {row} ", { row }),
  k: (row) => say("key {row} ", { row }),
  v: (row) => say("value {row} ", { row }),
};

/**
 * @param {Data} d @param {Arrays} a @param {number} line @param {number} dim @param {"q" | "k" | "v"} name
 * @param {Unpacked} source @param {Token[]} side @param {boolean} few
 */
function projection(d, a, line, dim, name, source, side, few) {
  const weights = a[`w${name}`];
  const raw = at2(a[name], line, dim);
  const normed = a[`${name}n`];
  if (!weights) return tooWide(normed ?? a[name], line, dim, side);
  const bias = a[`b${name}`]?.[dim];
  const after = [];
  if (bias !== undefined)
    after.push(say("with the bias {bias}: {value}", { bias: num(bias, 2), value: num(raw, 2) }));
  if (normed) after.push(say("{value}, then normalised", { value: num(raw, 2) }));
  const big = name.toUpperCase();
  return {
    ...dot(row(source, line), column(weights, dim), {
      first: "x",
      firstInk: "ink2",
      second: `W_${big}`,
      secondInk: `${name}-ink`,
      names: (i) => `[${i}]`,
      narrow: few,
    }),
    who: [
      { text: ROWS[name](line), token: side[line], fill: `${name}-ink` },
      { text: say("number {number} of {all}", { number: dim, all: d.dHead }) },
    ],
    value: at2(normed ?? a[name], line, dim),
    after: after.length ? after : [say("one of {numbers}", { numbers: counted(d.dHead, "number") })],
  };
}

/**
 * The card of the active cell. few: a narrow screen shows 6 columns at most.
 * @param {Data} data @param {Local} local @param {StepId} id @param {Active} active @param {boolean} few
 */
export function cardOf(data, local, id, active, few) {
  const card = CARDS[id](data, local.a, active, few);
  return { digits: 2, heads: null, mark: -1, others: 0, rest: 0, ...card };
}

/**
 * @param {Stage} g @param {Data} data @param {Local} local @param {StepId} id @param {Active} active
 * @param {number} y
 */
export function drawCard(g, data, local, id, active, y) {
  const wide = !isPhone(g.width);
  const card = cardOf(data, local, id, active, !isDesk(g.width));
  const height = wide ? CARD : (card.rows ? 190 : 132) + (MATRICES[id] && g.can.recompute ? HIDING : 0);
  /** @type {Shapes[]} */
  const parts = [
    h("rect", {
      x: 0.5,
      y: y + 0.5,
      width: g.width - 1,
      height: height - 1,
      rx: 8,
      fill: css("bg"),
      stroke: css("line"),
    }),
  ];
  parts.push(label(13, y + 26, say("One cell, written out"), { size: 14, weight: 600, fill: "ink" }));
  parts.push(
    card.who.map((line, i) =>
      h(
        "text",
        { x: 13, y: y + 46 + 17 * i, "font-size": 12, fill: css(line.fill ?? "ink2") },
        line.text,
        line.token && h("tspan", { "font-family": MONO }, tokenSpans(line.token.text, 76, 12)),
      ),
    ),
  );
  const right = wide ? Math.max(180, Math.min(220, g.width * 0.19)) : 0;
  const x0 = wide ? 176 : 13;
  const x1 = wide ? g.width - right - 16 : g.width - 8;
  const top = wide ? y : y + 78;
  if (card.rows) parts.push(columns(g, card, card.rows, x0, x1, top, !wide));
  else if (card.links?.length) parts.push(chain(card.links, card.value, x0 + 8, x1, top + (wide ? 0 : -16)));
  const rx = wide ? g.width - right : g.width - 150;
  if (wide) parts.push(h("path", { d: `M${rx - 16},${y + 9}V${y + height - 9}`, stroke: css("line") }));
  const edited = card.edited && card.value !== -Infinity; // of a hidden key the line below says it
  const yours = rx + measure(num(card.value, card.digits), 22, true) + 8;
  parts.push(
    label(rx, y + 31, num(card.value, card.digits), { size: 22, fill: "accent", mono: true }),
    edited && label(yours, y + 31, say("your value"), { fill: "accent" }),
    card.after
      .slice(0, 2)
      .map((text, i) => label(rx, y + 51 + 16 * i, fit(text, right || 142, 12, false), { fill: "ink2" })),
  );
  return { nodes: parts, height, end: yours + (edited ? measure(say("your value"), 12, false) * 1.06 : 0) };
}

/**
 * @param {Stage} g @param {Card} card @param {Row[]} rows @param {number} x0 @param {number} x1 @param {number} y
 * @param {boolean} narrow
 */
function columns(g, card, rows, x0, x1, y, narrow) {
  const names = 52;
  const tail = narrow ? 0 : card.others ? 104 : 34;
  const n = rows[0].values.length;
  const cell = Math.min(n < 4 ? 110 : 78, (x1 - x0 - names - tail) / n);
  const lines = card.heads ? [33, 50, 67] : [22, 43, 65];
  const center = (/** @type {number} */ i) => x0 + names + (i + 0.5) * cell;
  const room = Math.min(66, cell - 2);
  /** @type {Shapes[]} */
  const parts = [];
  if (card.mark >= 0)
    parts.push(
      h("rect", {
        x: center(card.mark) - cell / 2,
        y: y + 4,
        width: cell,
        height: CARD - 8,
        rx: 4,
        fill: css("accent-soft"),
      }),
    );
  parts.push(
    card.heads?.map((text, i) =>
      label(center(i), y + 16, fit(text, cell - 2, 12, true), {
        anchor: "middle",
        mono: true,
        fill: "ink3",
        direction: "ltr",
      }),
    ),
  );
  rows.forEach((line, k) => {
    parts.push(
      label(x0 + names - 12, y + lines[k], line.name, { anchor: "end", mono: true, fill: line.fill }),
    );
    const digits = Math.max(0, decimals(line.values, room + 1, line.digits ?? 2, 0));
    const max = biggest(line.values);
    line.values.forEach((v, i) => {
      if (line.tint || line.weight) {
        const paint = line.weight
          ? g.sequential(v * (g.dark ? 0.5 : 0.62), 1)
          : g.signed(v, max, g.dark ? 0.5 : 0.62);
        parts.push(
          h("rect", {
            x: center(i) - room / 2,
            y: y + lines[k] - 13,
            width: room,
            height: 17,
            rx: 4,
            fill: paint,
          }),
        );
      }
      parts.push(
        label(center(i) + room / 2 - 4, y + lines[k], num(v, digits), {
          anchor: "end",
          mono: true,
          fill: line.tint || line.weight ? "ink" : line.fill,
        }),
      );
    });
  });
  const end = x0 + names + n * cell + 8;
  const rest = num(card.rest, rows[2].weight ? 3 : 2);
  if (card.others && narrow)
    parts.push(
      label(
        x0 + names,
        y + lines[2] + 26,
        say("and {others} = {rest}", { others: counted(card.others, "other"), rest }),
        { fill: "ink3" },
      ),
    );
  else if (card.others)
    parts.push(
      label(end, y + lines[1], say("and {others}", { others: counted(card.others, "other") }), {
        fill: "ink3",
      }),
      label(end, y + lines[2], `= ${rest}`, { mono: true }),
    );
  else if (!narrow)
    parts.push(label(end, y + lines[2], rows[2].weight ? "" : say("sum"), { mono: true, fill: "ink3" }));
  return parts;
}

/**
 * A chain of operations on one number: 10.93  ÷ √8 ... = 3.86, each operand over its name.
 * @param {Link[]} links @param {number} value @param {number} x0 @param {number} x1 @param {number} y
 */
function chain(links, value, x0, x1, y) {
  /** @type {Shapes[]} */
  const parts = [];
  let x = x0;
  const room = Math.min(150, (x1 - x0) / (links.length + 1));
  /** @type {Link[]} */
  const all = [...links, { op: "=", name: "", value, strong: true }];
  for (const link of all) {
    const text = num(link.value, link.digits ?? 2);
    if (link.op) parts.push(label(x, y + 36, link.op, { size: 16, fill: "ink3" }));
    parts.push(
      label(x + 18, y + 36, text, { size: 16, mono: true, fill: link.strong ? "accent" : "ink" }),
      label(x + 18, y + 56, fit(link.name, room - 14, 12, false), { fill: "ink3" }),
    );
    x += Math.max(measure(text, 16, true), Math.min(measure(link.name, 12, false), room - 14)) + 34;
  }
  return parts;
}
