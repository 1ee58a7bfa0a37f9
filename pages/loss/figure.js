// The loss of a text: each token's, the followed one's with every number of its formula, and the curve it lies on.
// layout.js says what stands where; rows.js, sum.js and curve.js draw; input.js listens.

import { counted } from "../../app/kit/counts.js";
import { mount } from "../../app/kit/glass.js";
import { say } from "../../app/kit/say.js";
import { clamp, css, h, num, visible } from "../../app/kit/shapes.js";
import { entryKey } from "../../app/kit/steps.js";
import { drawCurve, give } from "./curve.js";
import { follow, listen } from "./input.js";
import {
  DEEP,
  WORDS,
  chance,
  draggedOf,
  followed,
  lossOf,
  meanOf,
  paragraph,
  perplexed,
  plan,
  steps,
} from "./layout.js";
import { drawRows } from "./rows.js";
import { drawSum, linesOf } from "./sum.js";

/**
 * @import { Local, Stage, View } from "../../app/kit/glass.js"
 * @import { CurvePlace, Plan } from "./layout.js"
 *
 * A token that has a line of its own: its logit, and the gradient of the loss at it.
 * @typedef {{id: number, text: string, logit: number, d: number}} Likely
 */
/**
 * A token that scores, with what the model gave it.
 * @typedef {object} Scored
 * @property {number} place among all tokens of the text
 * @property {number} id
 * @property {string} text
 * @property {string} before the name of its place
 * @property {number} surprise −log p, in nats
 * @property {number} even −log p on average over the vocabulary, in nats
 * @property {number} lse the logarithm of the sum of e to the power of all logits
 * @property {number} max the largest logit
 * @property {Likely[]} top the likeliest tokens and the right one
 * @property {{count: number, p: number}} rest all others together
 */
/**
 * The losses of a text, as Python sends them (`record` in figure.py).
 * @typedef {object} Data
 * @property {string} [stamp]
 * @property {string} kind how it is scored: "next", "masked one", ...
 * @property {string} mark names the scored text: what a hand changed belongs to this one only
 * @property {string} heading
 * @property {string} nothing what is said where nothing scores
 * @property {string[]} tokens
 * @property {"nats" | "bits"} unit
 * @property {number} smoothing of the labels
 * @property {number} size of the vocabulary
 * @property {number} mean loss, smoothed, in nats
 * @property {Scored[]} scored
 *
 * What the browser knows by itself: the probability under a finger, and where the curve stands.
 * @typedef {Local & {drag?: number | null, pulling?: boolean, listening?: boolean, most?: number, curveAt?: CurvePlace, timer?: number | null}} Kept
 * @typedef {Stage & {data: Data}} Loss
 * @typedef {(g: Loss, data: Data, local: Kept, at: Plan) => void} Draw
 */

/** @type {View<Data, Kept, Loss>} */
const lossView = {
  init(data, _, before) {
    return before && before.stamp === data.stamp ? {} : { drag: null, pulling: false };
  },

  draw(g, data, local) {
    g.data = data;
    listen(g, local);
    steps.bar(g, local, (now) =>
      data.scored.length ? WORDS[now](data, data.scored[followed(data, local)]) : data.nothing,
    );
    const at = plan(g, data);
    g.height = at.height;
    if (!data.scored.length) {
      g.height = 120;
      g.part("nothing", [data.nothing], () =>
        paragraph(0, 40, data.nothing, g.width, { size: 14, fill: "ink" }),
      );
      return;
    }
    drawRows(g, data, local, at);
    drawSum(g, data, local, at);
    drawCurve(g, data, local, at);
    if (!at.phone)
      g.part("lines", null, () =>
        [at.rows.x + at.rows.w + 15, at.curve.x - 15].map((x) =>
          h("path", { d: `M${x},0V${DEEP - 6}`, stroke: css("line") }),
        ),
      );
  },

  key(event, g, data, local) {
    if (!data.scored.length) return false;
    const now = followed(data, local);
    const given = draggedOf(data, local) ?? Math.exp(-data.scored[now].surprise);
    const move = entryKey(event);
    if (move) follow(g, data, local, now + move);
    else if (steps.key(event, g, local)) return true;
    else if (event.key === "+" || event.key === "-")
      give(g, data, local, clamp(given + (event.key === "+" ? 0.05 : -0.05), 0.0005, 0.9995));
    else if (event.key === "Escape") {
      if (steps.halt(g, local)) return true;
      if (draggedOf(data, local) !== null) give(g, data, local, null);
      else if (!steps.whole(g, local)) g.visit("home");
    } else return false;
    return true;
  },

  describe(data, local) {
    if (!data.scored.length) return data.nothing;
    const one = data.scored[followed(data, local)];
    const given = draggedOf(data, local);
    const mean = meanOf(data, local, true);
    const values = {
      tokens: counted(data.scored.length, "token"),
      token: visible(one.text),
      p: chance(given ?? Math.exp(-one.surprise)),
      loss: num(lossOf(data, one, given), 3),
      smoothing: data.smoothing,
    };
    const list = [...data.scored]
      .sort((a, b) => b.surprise - a.surprise)
      .slice(0, 3)
      .map((t) => `${visible(t.text)} ${num(t.surprise, 2)}`)
      .join(", ");
    return (
      steps.said(local, (now) => WORDS[now](data, one)) +
      [
        given === null
          ? data.smoothing
            ? say(
                "Loss of {tokens}. {token} had probability {p}: loss {loss} nats, with label smoothing {smoothing}.",
                values,
              )
            : say("Loss of {tokens}. {token} had probability {p}: loss {loss} nats.", values)
          : data.smoothing
            ? say(
                "Loss of {tokens}. {token} had probability {p} by your hand: loss {loss} nats, with label smoothing {smoothing}.",
                values,
              )
            : say("Loss of {tokens}. {token} had probability {p} by your hand: loss {loss} nats.", values),
        say("The whole text: mean {mean} nats, {bits} bits, perplexity {perplexity}.", {
          mean: num(mean, 3),
          bits: num(mean / Math.LN2, 3),
          perplexity: perplexed(mean),
        }),
        say("Most surprising: {tokens}.", { tokens: list }),
      ].join(" ")
    );
  },

  state(data, local) {
    const out = {
      tokens: data.tokens,
      kind: data.kind,
      unit: data.unit,
      smoothing: data.smoothing,
      ...steps.state(local),
      scored: data.scored.length,
    };
    if (!data.scored.length) return out;
    const at = followed(data, local);
    const [one, given] = [data.scored[at], draggedOf(data, local)];
    const { lines, rest } = linesOf(data, one, given);
    const [mean, plain] = [meanOf(data, local), meanOf(data, local, true)];
    return {
      ...out,
      place: one.place,
      follow: at,
      given,
      losses: data.scored.map((t, i) => lossOf(data, t, i === at ? given : null)),
      p: given ?? Math.exp(-one.surprise),
      loss: lossOf(data, one, given),
      mean,
      bits: plain / Math.LN2,
      perplexity: Math.exp(plain),
      lines: lines.map(({ id, text, logit, e, p, y, d }) => ({ id, text, logit, e, p, y, d })),
      rest: { count: rest.count, p: rest.p, d: rest.d },
    };
  },
};

export default mount("loss", lossView);
