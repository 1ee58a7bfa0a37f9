// How a position gets into a model, step by step: what is chosen or pointed at, the numbers that stand there, and the sentences
// that say them.

import { counted } from "../../app/kit/counts.js";
import { say } from "../../app/kit/say.js";
import { clamp, num, thousands, visible } from "../../app/kit/shapes.js";
import { stepMode } from "../../app/kit/steps.js";

/**
 * @import { Point, Unpacked } from "../../app/kit/shapes.js"
 * @import { Data, Kept } from "./figure.js"
 */

/**
 * What stands at the chosen query and key, or where the pointer is; NaN where there is no such number. `column` n of the
 * table, its rate in radians a position, its angle here, its value and the other one of its pair; `embed`: the token's own
 * number there; `pair`: of query and key; q, k: a rotary pair of them, tq, tk turned.
 * @typedef {{row: number, col: number, n: number, place: number, other: number, apart: number, column: number, rate: number,
 *   length: number, angle: number, value: number, partner: number, embed: number, pair: number, score: number,
 *   product: number, bucket: number | null, q: Point, k: Point, tq: Point, tk: Point}} Facts
 */

/** @param {Data} data */
export const countOf = (data) => data.tokens.length;
/** @param {Data} data @param {Kept} local */
export const rowOf = (data, local) => {
  const at = local.sel.row ?? -1;
  return at >= 0 && at < countOf(data) ? at : countOf(data) - 1;
};
/** @param {Data} data @param {Kept} local */
export function colOf(data, local) {
  const at = local.sel.col ?? -1;
  return at >= 0 && at < countOf(data) ? at : Math.max(0, rowOf(data, local) - 3);
}
/**
 * The place of column `number` among those that are shown: itself, or the nearest.
 * @param {Data} data @param {number} number
 */
export function columnAt(data, number) {
  let best = 0;
  data.columns.forEach((c, i) => {
    if (Math.abs(c - number) < Math.abs(data.columns[best] - number)) best = i;
  });
  return best;
}

/** @type {Point} */
const NONE = [NaN, NaN];
/**
 * The chosen cell, or the one that the pointer is on: row, col, and every number that a sentence may need.
 * @param {Data} data @param {Kept} local
 */
export function factsOf(data, local) {
  const over = local.hover ?? {};
  const row = over.row ?? rowOf(data, local);
  const col = over.col ?? colOf(data, local);
  const n = over.number ?? columnAt(data, local.sel.number ?? 0);
  const a = local.a;
  const [place, other] = [data.begins + row, data.begins + col];
  /** @type {Facts} */
  const out = {
    row,
    col,
    n,
    place,
    other,
    apart: col - row,
    column: data.columns[n] ?? 0,
    rate: data.rates?.[n] ?? NaN,
    length: data.lengths?.[n] ?? NaN,
    angle: NaN,
    value: NaN,
    partner: NaN,
    embed: NaN,
    pair: NaN,
    score: NaN,
    product: NaN,
    bucket: null,
    q: NONE,
    k: NONE,
    tq: NONE,
    tk: NONE,
  };
  if (a.waves) {
    const cols = data.columns.length;
    out.value = a.waves[data.rows[row] * cols + n];
    out.partner = a.others
      ? a.others[data.rows[row] * cols + n]
      : a.waves[data.rows[row] * cols + Math.min(cols - 1, n ^ 1)];
    out.angle = place * out.rate;
    if (data.added) out.embed = a.embed[row * cols + n];
  }
  if (a.matrix) out.pair = a.matrix[row * countOf(data) + col];
  if (a.scores && !(data.causal && col > row)) out.score = a.scores[row * countOf(data) + col];
  if (a.query && a.key && a.turnedQuery && a.turnedKey) {
    /** @type {(values: Unpacked, at: number) => Point} */
    const two = (values, at) => [values[(at * data.width + n) * 2], values[(at * data.width + n) * 2 + 1]];
    Object.assign(out, {
      q: two(a.query, row),
      k: two(a.key, col),
      tq: two(a.turnedQuery, row),
      tk: two(a.turnedKey, col),
    });
    out.product = out.tq[0] * out.tk[0] + out.tq[1] * out.tk[1];
  }
  if (data.bias?.buckets) out.bucket = data.bias.buckets[data.bias.distances.indexOf(col - row)] ?? null;
  return out;
}

/**
 * The tokens that are drawn: all, or as many as fit around the chosen one.
 * @param {Data} data @param {Kept} local @param {number} most
 */
export function shownRows(data, local, most) {
  const count = countOf(data);
  const first = clamp(rowOf(data, local) - Math.floor(most / 2), 0, Math.max(0, count - most));
  const start = count <= most ? 0 : first;
  return Array.from({ length: Math.min(most, count) }, (_, i) => start + i);
}

/** @param {Data} data @param {Kept} local @param {number} at */
export const frameOf = (data, local, at) => {
  const f = factsOf(data, local);
  const arrows = data.kind === "rotary" || BIASES.includes(data.kind);
  return at === f.row ? (arrows ? "q" : "accent") : at === f.col ? (arrows ? "k" : "ink3") : undefined;
};

// ---------------------------------------------------------------- the steps, in words

/**
 * What another order of the words changes, by what was measured: a causal mask tells an order without positions, too.
 * @param {{way: string, same: boolean}[]} ways
 */
export function orderWords(ways) {
  /** @type {(name: string) => boolean | undefined} */
  const same = (name) => ways.find((one) => one.way === name)?.same;
  const [bare, free] = [same("without positions"), same("without positions or mask")];
  const own = same("as it is");
  if (own && bare !== false)
    return say("There is no other order here, or this model reads the words as a set: nothing changes.");
  if (bare === undefined && free)
    return say(
      "The same words in another order: this model knows no places, but its causal mask tells which words came before, so the vectors of the words change. Without the mask they stay as they were, and what is said next stays, too.",
    );
  if (bare === false && free)
    return say(
      "The same words in another order: the vectors of the words change with it. Without positions they change, too, because the causal mask still tells which words came before; without both they stay as they were, and what is said next stays, too.",
    );
  if (bare)
    return say(
      "The same words in another order: with positions the vectors of the words change. Without them they stay as they were, and what is said next stays, too.",
    );
  return say("The same words in another order: the vectors of the words change with it.");
}

export const stages = stepMode("stage", [
  say("The words"),
  say("Position"),
  say("Number"),
  say("Into the model"),
  say("Distance"),
  say("Another order"),
]);
export const [PLACE, NUMBER, INTO, APART, ORDER] = [1, 2, 3, 4, 5];

export const BIASES = ["alibi", "relative"];
/**
 * Where a key that comes later is hidden: in scores; rows of a table, or of vectors, can all be compared.
 * @param {Data} data
 */
export const masks = (data) => data.causal && (data.kind === "rotary" || BIASES.includes(data.kind));

/**
 * Whole turns apart from the rest of an angle in radians, as core/analysis/positions/rotation.py says it.
 * @param {number} angle
 */
export function inTurns(angle) {
  const tenths = Math.round((Math.abs(angle) * 1800) / Math.PI);
  const [whole, rest] = [Math.floor(tenths / 3600), tenths % 3600];
  const sign = angle < 0 && tenths ? "−" : "";
  const degrees = `${num(rest / 10, 1)}°`;
  return sign + (whole ? say("{turns} and {degrees}", { turns: counted(whole, "turn"), degrees }) : degrees);
}
/** A number with four digits that count, however small. @param {number} x */
export function short(x) {
  if (!Number.isFinite(x)) return "–";
  const size = Math.abs(x);
  if (size !== 0 && size < 1e-4) {
    const [digits, power] = size.toExponential(1).split("e");
    return `${x < 0 ? "−" : ""}${digits}e−${power.slice(1)}`;
  }
  return num(x, size >= 1000 ? 0 : size >= 100 ? 1 : size >= 10 ? 2 : size >= 0.1 || size === 0 ? 3 : 4);
}

/** A rate: no zeros that say nothing. @param {number} x */
export const rateText = (x) => (x >= 0.001 ? String(Number(x.toPrecision(3))) : short(x));

/** Whether training never reached the row of a token. @param {Data} data @param {number} r */
export const untrained = (data, r) => data.trained !== null && data.rows[r] + data.start >= data.trained;
/** @param {Data} data @param {number} at */
export const said = (data, at) => visible(data.tokens[at]?.text ?? "");

/**
 * What is said of a step, with the numbers of the chosen cell.
 * @param {Data} data @param {Kept} local @param {number} step
 */
export const caption = (data, local, step) => sentences(data, local, step).join(" ");
/** @type {(data: Data, local: Kept, step: number) => string[]} */
function sentences(data, local, step) {
  const f = factsOf(data, local);
  const kind = data.kind;
  const slope = short(data.bias?.slopes?.[data.bias.head] ?? NaN);
  const here = { token: said(data, f.row), position: thousands(f.place) };
  if (step === 0)
    return [
      say(
        "A model reads its text as tokens, words or parts of words, and compares what they are; nothing in that asks where one stands, so on its own it reads a set of words in no order.",
      ),
      kind === "none"
        ? say("The place would have to be put in as numbers; here none is.")
        : say("The place has to be put in as numbers; the method here is called {method}.", {
            method: data.title,
          }),
    ];
  if (step === ORDER) return [orderWords(data.order.ways)];
  if (kind === "none")
    return [
      [
        "",
        say("Nothing is looked up for a position."),
        say("The token’s own vector goes in, the same at every position."),
        say("It goes on as it is into attention, where tokens read each other."),
        say("Whatever compares two tokens does not know how far apart they are."),
      ][step],
    ];
  if (step === PLACE) {
    if (BIASES.includes(kind)) {
      return [
        say(
          "{token} stands at position {position}; it looks at {other} at position {place} (the one that looks is called query, the one looked at key).",
          { ...here, other: said(data, f.col), place: thousands(f.other) },
        ),
        say("Only their distance is used: {difference}.", {
          difference: `${thousands(f.other)} − ${thousands(f.place)} = ${num(f.apart, 0)}`,
        }),
      ];
    }
    if (kind === "learned")
      return [
        say("{token} stands at position {position}, so it takes row {row} of the table.", {
          ...here,
          row: thousands(data.start + data.rows[f.row]),
        }),
        ...data.notes.slice(0, 1),
      ];
    const turned = {
      number: f.column,
      rate: rateText(f.rate),
      angle: `${thousands(f.place)} × ${rateText(f.rate)} = ${short(f.angle)}`,
      turns: inTurns(f.angle),
    };
    return [
      say("{token} stands at position {position}.", here),
      kind === "rotary"
        ? say(
            "Its numbers go in pairs, hands that turn with the position: pair {number} by {rate} radians for each, here by {angle} radians = {turns}; like those of a clock, fast ones tell neighbours apart, slow ones far from near.",
            turned,
          )
        : say(
            "Its numbers go in pairs, hands that turn with the position: that of column {number} by {rate} radians for each, here by {angle} radians = {turns}; like those of a clock, fast ones tell neighbours apart, slow ones far from near.",
            turned,
          ),
    ];
  }
  if (step === NUMBER) {
    if (kind === "alibi")
      return [
        say("Attention head {head} has the slope {slope}: {product}.", {
          head: data.bias?.head,
          slope,
          product: `−${slope} × ${num(Math.abs(f.apart), 0)} = ${short(f.pair)}`,
        }),
        say("The farther a token is, the lower its score; each head has a slope of its own."),
      ];
    if (kind === "relative")
      return [
        say("Distance {distance} falls into bucket {bucket}. For it head {head} has learned {value}.", {
          distance: num(f.apart, 0),
          bucket: f.bucket,
          head: data.bias?.head,
          value: short(f.pair),
        }),
        say("Near distances have a bucket each, far ones share one."),
      ];
    if (kind === "learned")
      return [
        say(
          "Number {number} of that row is {value}. It has no formula: training has set it, as it sets every weight.",
          { number: f.column, value: short(f.value) },
        ),
      ];
    if (kind === "rotary")
      return [
        say(
          "Two numbers of the token that looks (the query), {first} and {second}, are an arrow; turned by {angle} it becomes {third} and {fourth}.",
          {
            first: short(f.q[0]),
            second: short(f.q[1]),
            angle: inTurns(f.angle),
            third: short(f.tq[0]),
            fourth: short(f.tq[1]),
          },
        ),
        say(
          "The arrow of the token that is looked at (the key) is turned by its own position; no arrow gets longer or shorter.",
        ),
      ];
    const wave = {
      value: `${short(f.angle)} = ${short(f.value)}`,
      number: f.column,
      row: thousands(f.place),
      partner: short(f.partner),
    };
    return [
      f.column % 2
        ? say(
            "cos {value} is number {number} of row {row}; its partner in the pair is the sine, {partner}.",
            wave,
          )
        : say(
            "sin {value} is number {number} of row {row}; its partner in the pair is the cosine, {partner}.",
            wave,
          ),
    ];
  }
  if (step === INTO) {
    if (BIASES.includes(kind)) {
      const added = say(
        "{bias} is added to the score of this query and key, before scores become weights (the softmax).",
        { bias: short(f.pair) },
      );
      return Number.isNaN(f.score)
        ? [added]
        : [
            added,
            say("The softmax gets {whole}: the score {score}, and {bias} by distance.", {
              whole: short(f.score),
              score: short(f.score - f.pair),
              bias: short(f.pair),
            }),
          ];
    }
    if (kind === "rotary")
      return [
        say(
          "The turned arrows are multiplied: of this pair {product}, of all {pairs} together q · k = {score}. The more nearly they point the same way, the more the one token reads of the other.",
          { product: short(f.product), pairs: counted(data.width, "pair"), score: short(f.pair) },
        ),
      ];
    if (Number.isNaN(f.embed))
      return [
        say(
          "A token’s vector has {numbers} in the open model and this table has {width}: it belongs to the tiny model, and is only shown.",
          { numbers: counted(data.embedWidth, "number"), width: data.width },
        ),
      ];
    const sum = `${short(f.embed)} ${f.value < 0 ? "−" : "+"} ${short(Math.abs(f.value))} = ${short(f.embed + f.value)}`;
    return [
      data.source === "own"
        ? say("It is added to the token’s own number: {sum}.", { sum })
        : say("It would be added to the token’s own number: {sum}.", { sum }),
      say("The same word at another place is another vector."),
    ];
  }
  if (kind === "rotary")
    return [
      say(
        "Both arrows turned by the same rate: between them the turn is {turn}. Let the text begin later, and both turn on together: the score stays.",
        { turn: `${num(-f.apart, 0)} × ${rateText(f.rate)} = ${inTurns(-f.apart * f.rate)}` },
      ),
    ];
  if (BIASES.includes(kind))
    return [say("Wherever the text begins, the distances stay, and so does all that is added.")];
  return [
    say("Rows {distance} apart: their cosine is {cosine}.", {
      distance: num(Math.abs(f.apart), 0),
      cosine: short(f.pair),
    }),
    kind === "sinusoidal"
      ? say("It hangs on the distance alone, whatever the two positions are.")
      : say("A learned table need not keep to that: the band shows how far it varies at one distance."),
  ];
}

/**
 * The step's arithmetic in one line, with the numbers of the chosen cell; "" where a step has none.
 * @param {Data} data @param {Kept} local @param {number} step
 */
export function formula(data, local, step) {
  const f = factsOf(data, local);
  const kind = data.kind;
  const sum = (/** @type {number} */ a, /** @type {number} */ b) =>
    `${short(a)} ${b < 0 ? "−" : "+"} ${short(Math.abs(b))} = ${short(a + b)}`;
  if (step === 0 || kind === "none") return "";
  if (BIASES.includes(kind)) {
    if (step === PLACE || step === APART)
      return `${thousands(f.other)} − ${thousands(f.place)} = ${num(f.apart, 0)}`;
    if (step === NUMBER)
      return kind === "alibi"
        ? `−${short(data.bias?.slopes?.[data.bias.head] ?? NaN)} × ${num(Math.abs(f.apart), 0)} = ${short(f.pair)}`
        : say("bucket {bucket}: {value}", { bucket: f.bucket, value: short(f.pair) });
    return Number.isNaN(f.score)
      ? say("score + {bias}", { bias: f.pair < 0 ? `(${short(f.pair)})` : short(f.pair) })
      : sum(f.score - f.pair, f.pair);
  }
  if (kind === "learned")
    return step === PLACE
      ? say("row {row}", { row: thousands(data.start + data.rows[f.row]) })
      : step === NUMBER
        ? short(f.value)
        : step === INTO && !Number.isNaN(f.embed)
          ? sum(f.embed, f.value)
          : step === APART
            ? say("cosine {value}", { value: short(f.pair) })
            : "";
  if (step === PLACE) return `${thousands(f.place)} × ${rateText(f.rate)} = ${short(f.angle)} rad`;
  if (kind === "rotary") {
    if (step === NUMBER)
      return say("{arrow} turned by {angle} = {turned}", {
        arrow: `(${short(f.q[0])}, ${short(f.q[1])})`,
        angle: inTurns(f.angle),
        turned: `(${short(f.tq[0])}, ${short(f.tq[1])})`,
      });
    if (step === INTO)
      return `${short(f.tq[0])} × ${short(f.tk[0])} ${f.tq[1] * f.tk[1] < 0 ? "−" : "+"} ${short(Math.abs(f.tq[1] * f.tk[1]))} = ${short(f.product)}`;
    return `${num(-f.apart, 0)} × ${rateText(f.rate)} = ${inTurns(-f.apart * f.rate)}`;
  }
  if (step === NUMBER) return `${f.column % 2 ? "cos" : "sin"} ${short(f.angle)} = ${short(f.value)}`;
  return step === INTO && !Number.isNaN(f.embed)
    ? sum(f.embed, f.value)
    : say("cosine {value}", { value: short(f.pair) });
}
