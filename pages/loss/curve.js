// −log p: every token of the text as a dot on it, the followed one as a handle; and what the whole text comes to.

import { pieces, say } from "../../app/kit/say.js";
import {
  MONO,
  clamp,
  css,
  fit,
  h,
  html,
  label,
  measure,
  num,
  thousands,
  tokenSpans,
  visible,
} from "../../app/kit/shapes.js";
import {
  chance,
  draggedOf,
  evenAt,
  followed,
  inUnit,
  lossOf,
  lossText,
  meanOf,
  paragraph,
  perplexed,
  stepOf,
  word,
} from "./layout.js";

/**
 * @import { Shapes } from "../../app/kit/shapes.js"
 * @import { Data, Draw, Kept, Loss, Scored } from "./figure.js"
 * @import { CurvePlace, Plan } from "./layout.js"
 */

const LEAST = 0.0005; // the smallest probability that can be given by hand, and as far from 1 the largest
const GRID = Array.from({ length: 201 }, (_, i) => 10 ** (-9 + (9 * i) / 200)); // probabilities from 1e-9 to 1, evenly by their logarithm
const PLACES = [...GRID, ...Array.from({ length: 100 }, (_, i) => (i + 0.5) / 100)]
  .sort((a, b) => a - b)
  .map((p) => Math.min(p, 1 - 1e-6));

/** @type {(data: Data, local: Kept, at: Plan) => CurvePlace} */
function curvePlan(data, local, at) {
  const p = at.curve;
  const left = p.x + 40; // the handle at p = 0 keeps clear of the numbers
  const top = p.y + 52;
  const wide = p.w - 52;
  const tall = 214;
  // As high as anything that is drawn or can be dragged there: smoothed labels make a sure answer dear.
  const one = data.scored[followed(data, local)];
  const ends = [LEAST, 1 - LEAST, draggedOf(data, local)].map((given) => lossOf(data, one, given));
  const high = Math.ceil(
    Math.max(
      ...[...ends, ...data.scored.flatMap((t) => [t.surprise, lossOf(data, t)])].map((nats) =>
        inUnit(data, nats),
      ),
    ),
  );
  return {
    left,
    top,
    wide,
    tall,
    high,
    X: (/** @type {number} */ v) => left + wide * v,
    Y: (/** @type {number} */ nats) => top + tall - (tall * Math.min(inUnit(data, nats), high)) / high,
  };
}

/** @type {Draw} */
export function drawCurve(g, data, local, at) {
  const p = at.curve;
  const step = stepOf(local);
  const now = followed(data, local);
  const one = data.scored[now];
  const given = draggedOf(data, local);
  const q = curvePlan(data, local, at);
  local.curveAt = q;
  /** @type {(of: (p: number) => number) => string} */
  const path = (of) =>
    PLACES.filter((v) => inUnit(data, of(v)) <= q.high * 1.02)
      .map((v, i) => `${i ? "L" : "M"}${q.X(v).toFixed(1)},${q.Y(of(v)).toFixed(1)}`)
      .join("");
  g.part("curve", [data.smoothing ? one.place : 0, data.smoothing, q.high], () => {
    const gap = [1, 2, 5, 10, 20].find((v) => q.high / v <= 7) ?? 50;
    const ticks = Array.from({ length: Math.floor(q.high / gap) + 1 }, (_, i) => gap * i);
    const title = say("Loss = −log p");
    const wide = Math.max(96, measure(title, 12, false) * 1.1 + 8);
    return [
      label(p.x, p.y + 12, title, { weight: 600, fill: "ink" }),
      label(
        p.x + wide,
        p.y + 12,
        fit(
          data.smoothing ? say("dashed, dots: without smoothing") : say("a dot for each token"),
          p.w - wide,
          12,
          false,
        ),
        { fill: "ink3" },
      ),
      ticks.map((t) => [
        h("path", {
          d: `M${q.left},${q.top + q.tall - (q.tall * t) / q.high}h${q.wide}`,
          stroke: css("line"),
        }),
        label(q.left - 14, q.top + q.tall - (q.tall * t) / q.high + 4, t, {
          anchor: "end",
          mono: true,
          fill: "ink3",
        }),
      ]),
      label(p.x + 2, q.top - 12, data.unit, { fill: "ink3" }),
      [0, 0.25, 0.5, 0.75, 1].map((v) =>
        label(q.X(v), q.top + q.tall + 16, v, { anchor: "middle", mono: true, fill: "ink3" }),
      ),
      label(
        q.left + q.wide,
        q.top + q.tall + 32,
        fit(say("probability of the right token"), q.wide, 12, false),
        { anchor: "end", fill: "ink3" },
      ),
      h("path", {
        d: path((v) => -Math.log(v)),
        fill: "none",
        stroke: css("res"),
        "stroke-width": 2,
        "stroke-dasharray": data.smoothing ? "4 3" : null,
      }),
      data.smoothing > 0 &&
        h("path", {
          d: path((v) => (1 - data.smoothing) * -Math.log(v) + data.smoothing * evenAt(data, one, v)),
          fill: "none",
          stroke: css("accent"),
          "stroke-width": 2,
        }),
      data.smoothing > 0 && smoothNote(data, q, one),
    ];
  });
  g.part("dots", [now, step, data.smoothing, q.high], () =>
    step >= 5
      ? data.scored.map(
          (t, i) =>
            i !== now &&
            g.tip(
              h("circle", {
                class: "gb-hot",
                "data-dot": i,
                cx: q.X(Math.exp(-t.surprise)),
                cy: q.Y(t.surprise),
                r: 4,
                fill: css("bg"),
                stroke: css("ink3"),
                "stroke-width": 1.5,
              }),
              `${visible(t.text)}\np ${chance(Math.exp(-t.surprise))}\n${num(t.surprise, 3)} nats`,
            ),
        )
      : [],
  );
  const value = given ?? Math.exp(-one.surprise);
  g.part("handle", [now, given, step, data.smoothing, q.high], () => {
    if (step < 4) return [];
    const [x, y] = [q.X(value), q.Y(lossOf(data, one, given))];
    const flip = x > q.left + q.wide * 0.55;
    // Beside its dot the curve falls from the left: a name at the left stands above it, one at the right on it, haloed.
    const up = flip ? -14 : 4;
    return [
      h("path", { d: `M${x},${y}V${q.top + q.tall}`, stroke: css("accent"), "stroke-dasharray": "2 3" }),
      given !== null &&
        h("circle", {
          cx: q.X(Math.exp(-one.surprise)),
          cy: q.Y(lossOf(data, one)),
          r: 5,
          fill: "none",
          stroke: css("accent"),
          "stroke-width": 1.5,
          "stroke-dasharray": "2 2",
        }),
      h("circle", {
        cx: x,
        cy: y,
        r: 8,
        fill: css("accent"),
        stroke: css("bg"),
        "stroke-width": 2,
        "data-handle": "1",
        style: "cursor:grab",
      }),
      h(
        "text",
        {
          x: x + (flip ? -14 : 14),
          y: Math.max(q.top + 12, y + up),
          "data-name": "1",
          "text-anchor": flip ? "end" : "start",
          "font-size": 13,
          "font-family": MONO,
          "font-weight": 700,
          fill: css("accent"),
          direction: "ltr",
          stroke: css("bg"),
          "stroke-width": 4,
          "paint-order": "stroke",
        },
        tokenSpans(one.text, 120),
        ` ${lossText(data, lossOf(data, one, given))}`,
      ),
    ];
  });
  drawDrag(g, local, at, q, one, value, given, step);
  drawWhole(g, data, local, at, q, given, step);
}

/** With smoothed labels the best probability is below 1. @type {(data: Data, q: CurvePlace, one: Scored) => Shapes} */
function smoothNote(data, q, one) {
  const best = 1 - data.smoothing + data.smoothing / data.size;
  const x = q.X(best);
  const y = q.Y((1 - data.smoothing) * -Math.log(best) + data.smoothing * evenAt(data, one, best));
  return [
    h("path", { d: `M${x},${y - 6}v12`, stroke: css("accent"), "stroke-width": 2 }),
    label(
      Math.min(x + 4, q.left + q.wide),
      Math.min(q.top + q.tall - 6, y + 20),
      say("lowest at p = {p}", { p: num(best, 2) }),
      { anchor: "end", fill: "accent" },
    ),
  ];
}

/**
 * The same probability as a slider, for keys and fingers, and the way back to the model's own.
 * @type {(g: Loss, local: Kept, at: Plan, q: CurvePlace, one: Scored, value: number, given: number | null, step: number) => void}
 */
function drawDrag(g, local, at, q, one, value, given, step) {
  const p = at.curve;
  const y = q.top + q.tall + 40;
  if (step < 4) return;
  const asked = say("What if {token} had p = {p}");
  const ways =
    given === null
      ? [
          say("What if {token} had p = {p}, as the model says"),
          say("What if {token} had p = {p}, the model’s"),
          asked,
        ]
      : [asked];
  const values = Math.min(80, measure(visible(one.text), 12, true)) + measure(chance(value), 12, true);
  const words =
    ways.find((way) => 1.05 * (measure(way.replace(/\{\w+\}/g, ""), 12, false) + values) <= p.w) ?? asked;
  g.part("drag label", [given, one.place], () =>
    h(
      "text",
      { x: p.x, y: y + 14, "font-size": 12, fill: css("ink2") },
      pieces(words, {
        token: word(one.text, 80),
        p: h("tspan", { "font-family": MONO, "font-weight": 700, fill: css("accent") }, chance(value)),
      }),
    ),
  );
  g.overlay(
    "drag",
    { left: p.x, top: y + (at.phone ? 20 : 24), width: p.w - 96, height: at.phone ? 44 : 22 },
    () =>
      html("input", {
        class: "gb-range",
        type: "range",
        min: 0,
        max: 1000,
        step: 1,
        "aria-label": say("Probability of the right token, in thousandths"),
        oninput: (event) =>
          give(
            g,
            g.data,
            local,
            clamp(Number(/** @type {HTMLInputElement} */ (event.target).value) / 1000, LEAST, 1 - LEAST),
          ),
      }),
    (node) => {
      const set = String(Math.round(1000 * value));
      if (node.value !== set) node.value = set;
      node.style.setProperty("--fill", `${100 * value}%`);
      node.setAttribute("aria-valuetext", chance(value));
    },
  );
  g.overlay(
    "back to model",
    { left: p.x + p.w - 88, top: y + (at.phone ? 20 : 21), width: 88 },
    () =>
      html(
        "button",
        {
          type: "button",
          class: "gb-button gb-small",
          "data-give": "model",
          onclick: () => give(g, g.data, local, null),
        },
        say("Model’s p"),
      ),
    (node) => {
      node.disabled = given === null;
    },
  );
}

/** Describes a loss by its perplexity, compared with uniform guessing. @param {number} loss mean, in nats @param {number} size of the vocabulary */
function describePerplexity(loss, size) {
  const given = { perplexity: perplexed(loss), size: thousands(size) };
  return Math.exp(loss) > size
    ? say(
        "As hard as choosing among {perplexity} equally likely tokens. Guessing blindly is easier: it chooses among {size}.",
        given,
      )
    : say("As hard as choosing among {perplexity} equally likely tokens; guessing blindly: {size}.", given);
}

/**
 * Mean, bits, perplexity: of the whole text, before and after the hand.
 * @type {(g: Loss, data: Data, local: Kept, at: Plan, q: CurvePlace, given: number | null, step: number) => void}
 */
function drawWhole(g, data, local, at, q, given, step) {
  const p = at.curve;
  const y = q.top + q.tall + (at.phone ? 122 : 106);
  if (step < 5) return;
  g.door(
    "lab",
    { left: p.x - 2, top: y - 14 },
    say("The whole text"),
    say("Training pushes this number down: watch it fall"),
  );
  const plain = data.scored.reduce((sum, one) => sum + one.surprise, 0) / data.scored.length;
  const after = meanOf(data, local, true);
  /** @type {[name: string, was: number, is: number, show: (nats: number) => string][]} */
  const lines = [
    [say("mean loss, nats"), plain, after, (v) => num(v, 3)],
    [say("bits per token"), plain, after, (v) => num(v / Math.LN2, 3)],
    [say("perplexity"), plain, after, perplexed],
  ];
  if (data.smoothing)
    lines.unshift([say("mean loss, smoothed"), data.mean, meanOf(data, local), (v) => num(v, 3)]);
  const first = y + (at.phone ? 36 : 24);
  g.part("whole", [given, followed(data, local), data.smoothing], () => [
    lines.map(([name, was, is, show], i) => {
      const top = first + 24 * i;
      const same = given === null;
      return [
        label(p.x, top, name, { fill: "ink2" }),
        label(p.x + p.w, top, show(is), {
          anchor: "end",
          mono: true,
          size: 14,
          weight: 700,
          fill: same ? "ink" : "accent",
        }),
        !same &&
          label(p.x + p.w - measure(show(is), 14, true) * 1.05 - 8, top, `${show(was)} →`, {
            anchor: "end",
            mono: true,
            fill: "ink3",
          }),
        h("path", { d: `M${p.x},${top + 7}h${p.w}`, stroke: css("line") }),
      ];
    }),
    paragraph(p.x, first + 24 * lines.length + 4, describePerplexity(after, data.size), p.w, {
      fill: "ink3",
    }),
  ]);
}

/**
 * Gives the followed token another probability (null: the model's own). The picture moves at once; the page hears of it.
 * @type {(g: Loss, data: Data, local: Kept, value: number | null) => void}
 */
export function give(g, data, local, value) {
  local.drag = null;
  const one = data.scored[followed(data, local)];
  g.select({
    given: value === null ? "" : `${value.toFixed(9).replace(/0+$/, "")}@${one.place}.${data.mark}`,
  });
}
/**
 * The probability on the curve that is nearest to a point.
 * @type {(data: Data, q: CurvePlace, one: Scored, x: number, y: number) => number}
 */
export function nearest(data, q, one, x, y) {
  let [best, least] = [0.5, Infinity];
  for (const v of PLACES) {
    const loss =
      (1 - data.smoothing) * -Math.log(v) + (data.smoothing ? data.smoothing * evenAt(data, one, v) : 0);
    if (inUnit(data, loss) > q.high) continue;
    const far = (q.X(v) - x) ** 2 + (q.Y(loss) - y) ** 2;
    if (far < least) [best, least] = [v, far];
  }
  return best;
}
