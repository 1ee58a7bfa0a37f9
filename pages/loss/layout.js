// What stands where: the text with its losses at the left, the followed token's sum in the middle, the curve at the right.

import { counted } from "../../app/kit/counts.js";
import { say } from "../../app/kit/say.js";
import {
  MONO,
  clamp,
  css,
  h,
  inLines,
  label,
  num,
  thousands,
  tokenSpans,
  visible,
} from "../../app/kit/shapes.js";
import { stepMode } from "../../app/kit/steps.js";
import { isPhone } from "../../app/kit/widths.js";

/**
 * @import { Lettering } from "../../app/kit/shapes.js"
 * @import { Data, Kept, Scored } from "./figure.js"
 *
 * @typedef {{x: number, y: number, w: number}} Box
 * @typedef {Box & {head: number, top: number, pitch: number, bottom: number}} Rows the text, a row a token
 * @typedef {{phone: boolean, rows: Rows, sum: Box & {h: number, head: number}, curve: Box & {h: number}, height: number}} Plan
 *
 * The curve: its frame, the highest loss, and from a probability and from nats to pixels.
 * @typedef {{left: number, top: number, wide: number, tall: number, high: number, X: (p: number) => number, Y: (nats: number) => number}} CurvePlace
 */

export const DEEP = 516; // the height of the picture on a wide screen
export const steps = stepMode("formula", [
  say("Logits"),
  say("Exponentials"),
  say("Softmax"),
  say("The right one"),
  "−log p",
  say("Mean"),
  say("Gradient"),
]);
/** What each step does to the followed token. @type {((data: Data, one: Scored) => string)[]} */
export const WORDS = [
  (_, one) =>
    say(
      "At each place of the text the model gives every token that it knows a score, its logit: any number, the higher the more it expects it. The one that did come, {token}, is marked.",
      { token: visible(one.text) },
    ),
  () =>
    say(
      "Scores are hard to compare, so each becomes e to the power of itself: never negative, and a score that is 1 higher counts 2.7 times as much. The largest is taken off first, which changes no ratio.",
    ),
  () =>
    say(
      "Each is divided by the sum of all, and what comes out are probabilities, p: together they are 1. This is the softmax.",
    ),
  (_, one) =>
    say(
      "y is what should have been: 1 for the token that came, {token}, and 0 for all others. Only its probability counts.",
      { token: visible(one.text) },
    ),
  () =>
    say(
      "The loss is minus the logarithm of that probability: 0 if the model was sure of what came, and the more the less it expected it. The curve at the right is this rule, with the token’s own point on it.",
    ),
  (data) =>
    data.scored.length === 1
      ? say(
          "The mean over the one token is the loss of the text, the one number that training makes smaller. Perplexity says it in other words: as unsure as between so many tokens alike.",
        )
      : say(
          "The mean over all {tokens} is the loss of the text, the one number that training makes smaller. Perplexity says it in other words: as unsure as between so many tokens alike.",
          { tokens: counted(data.scored.length, "token") },
        ),
  () =>
    say(
      "From the loss comes what to change, the gradient: p − y, for each score. Training pushes the right token up by what it lacked, and every other down by what it had too much.",
    ),
];
export const LAST = steps.last;
export const stepOf = steps.of;
/**
 * The followed token as a number among those that score; the shared field counts all tokens of the text.
 * @type {(data: Data, local: Kept) => number}
 */
export function followed(data, local) {
  const place = local.sel.follow ?? -1;
  const at = data.scored.findIndex((one) => one.place >= place);
  return place < 0 || at < 0 ? data.scored.length - 1 : at;
}
/**
 * A probability that a hand gave the followed token in place of the model's; null: none, or it was another token's.
 * @type {(data: Data, local: Kept) => number | null}
 */
export function draggedOf(data, local) {
  if (local.drag != null) return local.drag;
  const [, p, place, mark] = /^(0?\.\d+)@(\d+)\.([0-9a-f]+)$/.exec(local.sel.given ?? "") ?? [];
  const one = data.scored[followed(data, local)];
  return p !== undefined && mark === data.mark && Number(place) === one?.place
    ? clamp(Number(p), 1e-9, 1 - 1e-9)
    : null;
}

/** All places, in pixels of the picture. @type {(g: {width: number}, data: Data) => Plan} */
export function plan(g, data) {
  const phone = isPhone(g.width);
  const n = data.scored.length;
  if (phone) {
    const rows = { x: 0, y: 0, w: g.width, head: 48, top: 56, pitch: 30, bottom: 56 + 30 * n };
    const sum = { x: 0, y: rows.bottom + 62, w: g.width, h: 480, head: 48 };
    const curve = { x: 0, y: sum.y + sum.h + 20, w: g.width, h: 562 };
    return { phone, rows, sum, curve, height: curve.y + curve.h };
  }
  const left = Math.round(clamp(g.width * 0.27, 240, 300));
  const right = Math.round(clamp(g.width * 0.3, 260, 330));
  const top = 44;
  const pitch = Math.min(34, (DEEP - 52 - top) / Math.max(1, n));
  const rows = { x: 0, y: 0, w: left, head: 34, top, pitch, bottom: top + n * pitch };
  const sum = { x: left + 30, y: 0, w: g.width - left - right - 60, h: DEEP, head: 34 };
  const curve = { x: g.width - right, y: 0, w: right, h: DEEP };
  return { phone, rows, sum, curve, height: DEEP };
}

// ---------------------------------------------------------------- numbers

/** A probability in full: three decimals, or the first two digits that are not 0; never an exponent. @param {number} p */
export function chance(p) {
  if (p >= 0.0995 || p === 0) return num(p, 3);
  if (p < 5e-8) return "<0.0000001";
  return num(p, clamp(Math.ceil(-Math.log10(p)) + 1, 3, 8));
}
/** A loss in the chosen unit. @type {(data: Data, nats: number) => number} */
export const inUnit = (data, nats) => (data.unit === "bits" ? nats / Math.LN2 : nats);
/** @type {(data: Data, nats: number, digits?: number) => string} */
export const lossText = (data, nats, digits = 2) => num(inUnit(data, nats), digits);
/** A perplexity: up to the vocabulary's size and far beyond. @param {number} nats */
export function perplexed(nats) {
  const value = Math.exp(Math.min(nats, 700));
  return value < 100
    ? num(value, value < 10 ? 2 : 1)
    : value < 1e7
      ? thousands(Math.round(value))
      : say("over 10 million");
}
/**
 * The loss of one scored token, with the probability given to it and the part that smoothing mixes in.
 * @type {(data: Data, one: Scored, given?: number | null) => number}
 */
export function lossOf(data, one, given = null) {
  const surprise = given === null ? one.surprise : -Math.log(given);
  const even = given === null ? one.even : evenAt(data, one, given);
  return (1 - data.smoothing) * surprise + data.smoothing * even;
}
/**
 * −log p on average over the vocabulary when the right token gets `given` and the others share the rest as before.
 * @type {(data: Data, one: Scored, given: number) => number}
 */
export function evenAt(data, one, given) {
  const others = data.size * one.even - one.surprise; // the sum of −log p over all others
  const scaled = Math.log1p(-given) - Math.log(Math.max(1e-12, -Math.expm1(-one.surprise)));
  return (-Math.log(given) + others - (data.size - 1) * scaled) / data.size;
}
/**
 * The mean over the text, with the followed token's probability as dragged; `plain`: without smoothing.
 * @type {(data: Data, local: Kept, plain?: boolean) => number}
 */
export function meanOf(data, local, plain = false) {
  const [at, given] = [followed(data, local), draggedOf(data, local)];
  const all = data.scored.map((one, i) => {
    const p = i === at ? given : null;
    return plain ? (p === null ? one.surprise : -Math.log(p)) : lossOf(data, one, p);
  });
  return all.reduce((a, b) => a + b, 0) / Math.max(1, all.length);
}

/** @type {(x: number, y: number, text: string, room: number, o?: Lettering) => SVGElement[]} */
export const paragraph = (x, y, text, room, o = {}) =>
  inLines(text, room).map((line, i) => label(x, y + 17 * i, line, o));
/** A token inside a sentence. @type {(token: string, room?: number) => SVGElement} */
export const word = (token, room = 110) =>
  h(
    "tspan",
    { "font-family": MONO, "font-weight": 600, fill: css("ink"), direction: "ltr" },
    tokenSpans(token, room, 12),
  );
