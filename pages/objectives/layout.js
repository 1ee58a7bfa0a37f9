// What stands where: the sentence at the left, one lane for each objective, who sees whom below, the three curves at
// the right. A row of the picture is a token of the sentence in all three lanes.

import { say } from "../../app/kit/say.js";
import { clamp } from "../../app/kit/shapes.js";
import { stepMode } from "../../app/kit/steps.js";
import { isPhone } from "../../app/kit/widths.js";

/**
 * @import { Data, Kept, Lane } from "./figure.js"
 *
 * A lane's place: its rows from `top` on, `pitch` apart; `names`: room for the sentence at its left, 0: none; `map` is the y of
 * who sees whom, maps are `side` large.
 * @typedef {{lane: Lane, names: number, x: number, y: number, w: number, top: number, pitch: number, map: number, side: number}} LanePlace
 * @typedef {{phone: boolean, lanes: LanePlace[], pitch: number, curve: {x: number, y: number, w: number}, height: number}} Plan
 */

const WIDTHS = { next_token: 150, masked: 164, span_corruption: 236 }; // the least of each lane
const DEEP = 516; // the height of the picture on a wide screen
export const steps = stepMode("lesson", [
  say("The sentence"),
  say("What is hidden"),
  say("What is read"),
  say("What is asked"),
  say("Who sees whom"),
  say("The loss"),
]);
/** What each step shows. */
export const WORDS = [
  say(
    "One sentence, cut into tokens: words, or parts of words. A model can learn from it in three ways, and nobody has to label anything: the answers stand in the sentence.",
  ),
  say(
    "Each way hides something, grey here: from the first, at every token, all that comes after it; from the second some tokens in the middle; from the third whole spans.",
  ),
  say(
    "What the model reads in each: the tokens as they are, a sign such as [MASK] in the place of a hidden token, or one sign for a whole span.",
  ),
  say(
    "What it is asked: at each token the next one; the tokens that were masked, and no others; the spans, one after the other. Only these answers count, so one sentence asks many questions in the first way and few in the others.",
  ),
  say(
    "Who sees whom: a filled cell says that the token of this row may look at the token of that column. In the first way nobody may look ahead, or the answer would stand there.",
  ),
  say(
    "The loss is how wrong the model is at an answer: 0 if it was sure of it, more the less it expected it. The curves show it falling while three models learn, one in each way.",
  ),
];
export const LAST = steps.last;
export const stepOf = steps.of;
/**
 * The row of the sentence that is looked at: pointed at, or followed; -1 and N are the special tokens around it.
 * @type {(data: Data, local: Kept) => number}
 */
export function rowOf(data, local) {
  if (local.hover != null) return local.hover;
  const place = local.sel.follow ?? -1;
  const row = place < 0 ? data.words.length - 1 : place - data.offset;
  return clamp(row, 0, data.words.length - 1);
}

/** All places, in pixels of the picture. @type {(g: {width: number}, data: Data) => Plan} */
export function plan(g, data) {
  const phone = isPhone(g.width);
  const rows = data.words.length + 2;
  const widths = data.lanes.map((lane) => WIDTHS[lane.objective] + (lane.own ? 78 : 0));
  const names = 92;
  const gap = 10;
  const total = names + widths.reduce((a, b) => a + b + gap, 0);
  const below = !phone && g.width < total + 260; // the curves find no room beside the lanes
  const grow = phone ? 1 : clamp((g.width - (below ? 0 : 262) - total) / 3, 0, below ? 60 : 24);
  /** @type {LanePlace[]} */
  const lanes = [];
  let x = names + gap;
  const top = 70;
  const pitch = phone ? 26 : Math.min(26, (DEEP - 122 - top) / rows);
  const bottom = top + rows * pitch;
  const side = 80;
  const map = bottom + 22;
  if (phone) {
    let y = 0;
    data.lanes.forEach((lane) => {
      lanes.push({
        lane,
        names: 84,
        x: 88,
        y,
        w: g.width - 88,
        top: y + top,
        pitch,
        map: y + top + rows * pitch + 22,
        side,
      });
      y += top + rows * pitch + 22 + side + 40;
    });
    return { phone, lanes, pitch, curve: { x: 0, y: y + 4, w: g.width }, height: y + 524 };
  }
  data.lanes.forEach((lane, i) => {
    const w = widths[i] + grow;
    lanes.push({ lane, names: i ? 0 : names, x, y: 0, w, top, pitch, map, side });
    x += w + gap;
  });
  if (below)
    return { phone, lanes, pitch, curve: { x: 0, y: map + side + 44, w: g.width }, height: map + side + 516 };
  return {
    phone,
    lanes,
    pitch,
    curve: { x: x + 14, y: 0, w: g.width - x - 14 },
    height: Math.max(DEEP, map + side + 22),
  };
}

/** Where the columns of a lane begin, and how wide they are. @param {LanePlace} place */
export function columnsOf(place) {
  const { lane, x, w } = place;
  const own = lane.own ? 82 : 0;
  const count = lane.objective === "span_corruption" ? 3 : 2;
  const each = (w - own - 12) / count;
  return { each, at: (/** @type {number} */ i) => x + 8 + each * i, loss: x + w - 6 };
}
/** @type {(place: LanePlace, row: number) => number} */
export const yOf = (place, row) => place.top + (row + 1) * place.pitch;
