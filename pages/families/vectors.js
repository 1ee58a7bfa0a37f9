// Of an encoder without a head: which tokens' vectors lie near, how far one turns, and the numbers that come out.

import { clamp, css, fit, h, heat, heatImage, label, measure, num, thousands, visible } from "../../app/kit/shapes.js";
import { bar } from "./grids.js";
import { COUNT } from "./layout.js";

const NEAR = 3; // tokens listed
/** Pixels of a token's vector. */
const rowTall = (lane) => clamp(Math.floor(80 / lane.tokens.length), 4, 8);

/** The text's own tokens by the cosine of their vectors with that of token `at`, the nearest first. */
export function nearestOf(lane, at) {
  const { alike } = lane.vectors;
  const count = lane.tokens.length;
  return lane.tokens.map((one, i) => ({ ...one, at: i, p: alike[at * count + i] }))
    .filter((one) => one.at !== at && !one.special).sort((a, b) => b.p - a.p).slice(0, NEAR);
}

export function drawNearest(lane, place, at) {
  const { x, w } = place;
  const y = place.asked;
  const near = nearestOf(lane, at);
  return [
    label(x, y + 18, fit(near.length ? "Its vector’s cosine with the nearest ones of the text:" : "No other token to compare its vector with.", w, 12, false), { fill: "ink2" }),
    near.map((one, i) => bar(x, y + 33 + 16 * i, w, { text: one.text, id: one.id, p: one.p }, false)),
    drawTurn(lane, place, at),
  ];
}
/** What another next token does to a token's vector, where a decoder's guess does not move by a bit. */
function drawTurn(lane, place, at) {
  const turn = lane.vectors.turn;
  if (!turn || turn.at !== at + 1) return null;
  const y = place.asked + 17 + 16 * COUNT + 3;
  const text = `Behind it ${visible(turn.old)} → ${visible(turn.new)}: `;
  const start = measure(text, 12, false) * 1.03;
  return [label(place.x, y, fit(text, place.w, 12, false), { fill: "ink2" }), label(place.x + start, y, fit(`its vector turns to cosine ${num(turn.cosine, 3)}`, place.w - start, 12, false), { fill: "accent", weight: 600 })];
}

export const vectorsTall = (lane) => 6 + rowTall(lane) * lane.tokens.length + 8 + 14 + 18;

/** A row of colours for each token, its numbers; below them what they make together: the text's vector. */
export function drawVectors(g, place, at) {
  const { lane, x, w } = place;
  const { tokens, text, how } = lane.vectors;
  const [count, dims] = tokens.shape;
  const [y, each] = [place.write + 10, rowTall(lane)];
  const most = spreadOf(tokens);
  const own = spreadOf(text);
  const paint = (limit) => (v) => g.signedRgb(v, limit);
  const [tall, mean] = [each * count, y + each * count + 8];
  const whole = heatImage(x, y, w, tall, heat(tokens, count, dims, paint(most)));
  const rows = lane.tokens.map((one, i) => g.tip(
    h("rect", { class: lane.back[i] >= 0 ? "gb-hot" : null, "data-token": lane.back[i] >= 0 ? lane.back[i] : null, x, y: y + each * i, width: w, height: each, fill: "transparent", stroke: i === at ? css("accent") : "none", "stroke-width": 1.5 }),
    `${visible(one.text)}: ${thousands(dims)} numbers`));
  return [
    label(x, place.write + 2, fit(`Writes nothing. Out come ${thousands(dims)} numbers for each token:`, w, 12, false), { fill: "ink2" }),
    whole, h("rect", { x, y, width: w, height: tall, fill: "none", stroke: css("line") }), rows,
    g.tip(heatImage(x, mean, w, 14, heat(text, 1, text.length, paint(own)), { "data-vector": "text" }), `the text: ${thousands(text.length)} numbers, from ${num(Math.min(...text), 2)} to ${num(Math.max(...text), 2)}`),
    h("rect", { x, y: mean, width: w, height: 14, fill: "none", stroke: css("line") }),
    label(x, mean + 29, fit(`the text’s vector: ${how}`, w, 12, false), { fill: "ink2" }),
  ];
}
/** Where the colours end: three standard deviations, since one number of many is far larger than all others. */
function spreadOf(values) {
  let sum = 0;
  for (const v of values) sum += v * v;
  return 3 * Math.sqrt(sum / Math.max(1, values.length)) || 1;
}
