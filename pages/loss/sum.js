// The followed token: from the model's scores to the loss and its gradient, with the numbers in it.

import { pieces, say } from "../../app/kit/say.js";
import { MONO, css, h, label, measure, num, thousands, tokenSpans, visible } from "../../app/kit/shapes.js";
import {
  LAST,
  chance,
  draggedOf,
  evenAt,
  followed,
  lossOf,
  meanOf,
  perplexed,
  stepOf,
  word,
} from "./layout.js";

/**
 * @import { Shapes } from "../../app/kit/shapes.js"
 * @import { Data, Draw, Kept, Loss, Scored } from "./figure.js"
 * @import { Box, Plan } from "./layout.js"
 *
 * A line of the table: of a token, or of all that have none; e is its exponential, y what p should be, d the gradient.
 * @typedef {{right?: boolean, e: number, p: number, y: number, d: number} & ({id: number, text: string, logit: number} | {text: null, count: number})} Line
 * @typedef {Line & {text: string}} Token
 * @typedef {Line & {text: null}} Rest
 * @typedef {ReturnType<typeof columns>} Columns
 */

/**
 * The table's lines: the likeliest tokens with the right one among them, then all others as one.
 * @type {(data: Data, one: Scored, given: number | null) => {lines: Token[], rest: Rest}}
 */
export function linesOf(data, one, given) {
  const right = Math.exp(-one.surprise);
  const scale = given === null ? 1 : (1 - given) / Math.max(1e-12, 1 - right);
  const y = (/** @type {boolean} */ isRight) =>
    (isRight ? 1 - data.smoothing : 0) + data.smoothing / data.size;
  const lines = one.top.map((t) => {
    const mine = t.id === one.id;
    const p = mine && given !== null ? given : Math.exp(t.logit - one.lse) * (mine ? 1 : scale);
    return {
      ...t,
      right: mine,
      e: Math.exp(t.logit - one.max),
      p,
      y: y(mine),
      d: given === null ? t.d : p - y(mine),
    };
  });
  const p = one.rest.p * scale;
  const rest = {
    text: /** @type {null} */ (null),
    count: one.rest.count,
    e: one.rest.p * Math.exp(one.lse - one.max),
    p,
    y: (data.smoothing * one.rest.count) / data.size,
  };
  return { lines, rest: { ...rest, d: p - rest.y } };
}

/** Where the columns end (numbers stand at their right), and the bars' zero. @param {Box} p @param {boolean} phone */
function columns(p, phone) {
  const bars = phone ? 66 : Math.min(112, p.w * 0.25);
  const ends = phone ? [44, 116, 162, 204] : [46, 126, 176, 222];
  const names = p.w - bars - ends[3] - 6;
  const [logit, e, chanceAt, y] = ends.map((end) => p.x + names + end);
  return { names, logit, e, p: chanceAt, y, zero: p.x + p.w - bars / 2, half: bars / 2 - 4 };
}

/** @type {Draw} */
export function drawSum(g, data, local, at) {
  const p = at.sum;
  const one = data.scored[followed(data, local)];
  const step = stepOf(local);
  const given = draggedOf(data, local);
  const c = columns(p, at.phone);
  const { lines, rest } = linesOf(data, one, given);
  g.door(
    "decoding",
    { left: p.x - 2, top: p.y - 2 },
    one.before,
    say("All that the model would write here, and how one is chosen"),
  );
  /** @type {[name: string, x: number, from: number][]} */
  const heads = [
    ["logit z", c.logit, 0],
    [`e^(z−${num(one.max, 1)})`, c.e, 1],
    ["p", c.p, 2],
    ["y", c.y, 3],
  ];
  g.part("sum heads", [step, one.before], () => [
    label(p.x, p.y + p.head, say("token"), { fill: "ink3" }),
    heads.map(
      ([name, x, from]) =>
        step >= from &&
        label(x, p.y + p.head, name, {
          anchor: "end",
          fill: step === from ? "accent" : "ink3",
          weight: step === from ? 700 : null,
        }),
    ),
    step >= 2 &&
      label(c.zero, p.y + p.head - 14, step >= LAST ? say("upper: p") : "p", {
        anchor: "middle",
        fill: step === 2 ? "accent" : "ink3",
      }),
    step >= LAST &&
      label(c.zero, p.y + p.head, say("lower: p − y"), { anchor: "middle", fill: "accent", weight: 700 }),
  ]);
  const pitch = at.phone ? 26 : 28;
  const top = p.y + p.head + 8;
  g.part("sum rows", [step, given, one.place], () =>
    [...lines, rest].map((t, i) => sumLine(g, data, p, c, t, top + i * pitch, pitch, step)),
  );
  const end = top + (lines.length + 1) * pitch;
  g.part("sum total", [step, given, one.place], () => [
    h("path", { d: `M${p.x},${end + 2}h${p.w}`, stroke: css("ink3") }),
    step >= 1 && label(p.x, end + 18, say("sum"), { weight: 600, fill: "ink" }),
    step >= 1 && label(c.e, end + 18, num(Math.exp(one.lse - one.max), 4), { anchor: "end", mono: true }),
    step >= 2 && label(c.p, end + 18, num(1, 3), { anchor: "end", mono: true }),
    step >= 3 && label(c.y, end + 18, "1", { anchor: "end", mono: true }),
    step >= LAST && label(c.zero, end + 18, say("sum 0"), { anchor: "middle", mono: true, fill: "ink2" }),
    step >= 2 && h("path", { d: `M${c.zero},${top}V${end}`, stroke: css("ink3"), "stroke-width": 1 }),
  ]);
  g.part("words", [step, given, one.place], () => drawWords(data, local, at, one, given, step, end + 46));
}

/** How many tokens have no line of their own, in the room that a name has. @param {number} count @param {number} room */
function rest(count, room) {
  const whole = say("{count} more", { count: thousands(count) });
  return measure(whole, 12, false) <= room ? whole : `+ ${thousands(count)}`;
}

/** @type {(g: Loss, data: Data, p: Box, c: Columns, t: Line, y: number, pitch: number, step: number) => SVGElement} */
function sumLine(g, data, p, c, t, y, pitch, step) {
  const mid = y + pitch / 2;
  const ink = t.right ? "accent" : "ink";
  const weight = t.right ? 700 : null;
  const small = (/** @type {number} */ v) => (v > 0 && v < 0.0005 ? "<.001" : num(v, 3));
  /** @type {(value: number, name: string, top: number, tall: number, opacity?: number) => SVGElement} */
  const bar = (value, name, top, tall, opacity = 1) =>
    h("rect", {
      x: Math.min(c.zero, c.zero + value * c.half),
      y: top,
      width: Math.max(Math.abs(value) * c.half, 0.5),
      height: tall,
      fill: css(name),
      opacity,
    });
  const node = h(
    "g",
    { "data-line": t.text === null ? "rest" : t.id },
    h("rect", {
      x: p.x - 4,
      y,
      width: p.w + 8,
      height: pitch,
      rx: 4,
      fill: t.right ? css("accent-soft") : "transparent",
    }),
    t.text === null
      ? label(p.x, mid + 4, rest(t.count, c.names), { fill: "ink2" })
      : h(
          "text",
          {
            x: p.x,
            y: mid + 4,
            "font-family": MONO,
            "font-size": 13,
            direction: "ltr",
            "font-weight": weight,
            fill: css(ink),
          },
          tokenSpans(t.text, c.names - 6, 13),
        ),
    t.text !== null && label(c.logit, mid + 4, num(t.logit, 2), { anchor: "end", mono: true, fill: ink }),
    step >= 1 &&
      label(c.e, mid + 4, t.e < 0.00005 ? "<.0001" : num(t.e, 4), { anchor: "end", mono: true, fill: ink }),
    step >= 2 && label(c.p, mid + 4, small(t.p), { anchor: "end", mono: true, fill: ink, weight }),
    step >= 3 &&
      label(c.y, mid + 4, t.right ? num(t.y, data.smoothing ? 3 : 0) : data.smoothing ? small(t.y) : "0", {
        anchor: "end",
        mono: true,
        fill: t.right ? "accent" : "ink3",
        weight,
      }),
    step >= 2 && bar(t.p, t.right ? "accent" : "res", mid - 8, step >= LAST ? 7 : 14, t.right ? 1 : 0.75),
    step >= LAST && bar(t.d, t.d < 0 ? "neg" : "pos", mid + 2, 6),
  );
  return g.tip(
    node,
    t.text === null
      ? say("{count} other tokens\np together {p}", { count: thousands(t.count), p: chance(t.p) })
      : `${visible(t.text)}  id ${t.id}\nlogit ${num(t.logit, 4)}\np ${chance(t.p)}\np − y ${num(t.d, 5)}`,
  );
}

/**
 * What the step does, in the followed token's numbers.
 * @type {(data: Data, local: Kept, at: Plan, one: Scored, given: number | null, step: number, y: number) => SVGElement[]}
 */
function drawWords(data, local, at, one, given, step, y) {
  const p = at.sum;
  const logit = one.top.find((t) => t.id === one.id)?.logit ?? NaN;
  const value = given ?? Math.exp(-one.surprise);
  const loss = lossOf(data, one, given);
  /** @type {SVGElement[]} */
  const out = [];
  let line = y;
  /** @type {(from: number, build: () => Shapes[]) => void} */
  const explain = (from, build) => {
    if (step < from) return;
    const rows = build();
    out.push(
      h(
        "g",
        { opacity: step === from || step === LAST ? 1 : 0.75 },
        rows.map((row, i) =>
          h("text", { x: p.x, y: line + 17 * i, "font-size": 12, fill: css("ink2") }, row),
        ),
      ),
    );
    line += 17 * rows.length + 7;
  };
  const b = (/** @type {string | number} */ text, name = "ink") =>
    h("tspan", { "font-family": MONO, "font-weight": 600, fill: css(name) }, text);
  if (step < 2)
    explain(0, () =>
      step === 0
        ? say(
            "A logit is the model’s score for a token: any number.\nThe higher, the more the model expects it here.",
          ).split("\n")
        : say(
            "e to the power of a logit is never negative. The largest logit,\n{most}, is taken off first: no ratio changes, nothing overflows.",
            { most: num(one.max, 2) },
          ).split("\n"),
    );
  explain(2, () => [
    given === null
      ? [
          "p(",
          word(one.text),
          ") = ",
          b(`e^(${num(logit, 2)} − ${num(one.max, 2)})`),
          " ÷ ",
          b(num(Math.exp(one.lse - one.max), 4)),
          " = ",
          b(chance(value), "accent"),
        ]
      : pieces(say("p({token}) = {p}, by your hand; the others share the rest."), {
          token: word(one.text),
          p: b(chance(value), "accent"),
        }),
  ]);
  if (step === 3)
    explain(3, () =>
      say(
        "y is what should be: 1 at the token that is right, 0 elsewhere.\nIn −Σ y · log p all other terms vanish: one is left.",
      ).split("\n"),
    );
  explain(4, () => {
    const plain = [
      "−log ",
      b(chance(value)),
      " = ",
      b(num(-Math.log(value), 3), data.smoothing ? "ink" : "accent"),
      " nats",
      data.unit === "bits" ? [" ÷ log 2 = ", b(num(-Math.log(value) / Math.LN2, 3), "accent"), " bits"] : "",
    ];
    if (!data.smoothing) return [plain];
    const even = given === null ? one.even : evenAt(data, one, given);
    return [
      plain,
      pieces(say("smoothed: {sum} = {loss} nats"), {
        sum: b(
          `${num(1 - data.smoothing, 2)} × ${num(-Math.log(value), 2)} + ${num(data.smoothing, 2)} × ${num(even, 2)}`,
        ),
        loss: b(num(loss, 3), "accent"),
      }),
    ];
  });
  if (step >= 5) {
    const [mean, plain] = [meanOf(data, local), meanOf(data, local, true)];
    const alone = data.scored.length === 1;
    const values = { count: b(data.scored.length), mean: b(num(mean, 3), "accent"), plain: b(num(plain, 3)) };
    const hard = {
      power: b(`e^${num(data.smoothing ? plain : mean, 3)}`),
      perplexity: b(perplexed(data.smoothing ? plain : mean), "accent"),
    };
    explain(5, () =>
      data.smoothing
        ? [
            pieces(
              alone
                ? say("mean of {count} token: {mean} nats; without smoothing {plain},")
                : say("mean of {count} tokens: {mean} nats; without smoothing {plain},"),
              values,
            ),
            pieces(say("and perplexity is {power} = {perplexity}"), hard),
          ]
        : [
            pieces(
              alone ? say("mean of {count} token: {mean} nats") : say("mean of {count} tokens: {mean} nats"),
              values,
            ),
            pieces(say("perplexity {power} = {perplexity}"), hard),
          ],
    );
  }
  const mine = value - (1 - data.smoothing + data.smoothing / data.size);
  const pushed =
    mine <= 0
      ? say("{token} up in proportion to {size}, others down by p − y.")
      : say("{token} down in proportion to {size}: too sure.");
  explain(LAST, () => [
    [say("Gradient at a logit: p − y. Training steps against it:")],
    pieces(pushed, { token: word(one.text, 80), size: b(chance(Math.abs(mine)), "accent") }),
  ]);
  return out;
}
