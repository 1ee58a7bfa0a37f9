// What stands where: beside each other on a wide screen, below each other on a phone.

import { measure } from "../../app/kit/shapes.js";
import { isPhone } from "../../app/kit/widths.js";
import { BIASES, countOf, stages } from "./stages.js";

/**
 * @import { Stage } from "../../app/kit/glass.js"
 * @import { Data, Kept } from "./figure.js"
 */

/**
 * Places in pixels of the picture.
 * @typedef {{x: number, y: number, w: number}} Box
 * @typedef {{phone: boolean, top: number, w: number, pitch: number, heading: number, chips: Box, heat: Box,
 *   waves: Box & {h: number}, clock: Box & {r: number}, matrix: {x: number, y: number, size: number}, told: Box,
 *   curve: Box & {h: number}, bias: Box & {left: number, h: number}, rule: Box & {h: number}, words: Box, mute: Box, order: Box,
 *   height: number}} Layout
 */

const MOST = 14; // tokens with a row of their own

/** How many tokens have a row of their own. @param {Pick<Stage, "whole">} g @param {Data} data */
export const rowsIn = (g, data) => (g.whole ? countOf(data) : Math.min(MOST, countOf(data)));
/** How many rows the rule behind a bias has: a head's slope each, or a bucket's distances. @param {Data} data */
const ruleRows = (data) => (data.bias?.slopes ?? data.bias?.spans ?? []).length;

/**
 * In the whole picture the words in another order come first: what lies below them moves down by their height.
 * @param {Pick<Stage, "width" | "whole">} g @param {Data} data @param {Kept} local
 */
export function plan(g, data, local) {
  const at = isPhone(g.width) ? phonePlan(g, data, local, rowsIn(g, data)) : widePlan(g, data);
  return stages.of(local) < stages.last ? at : orderFirst(at);
}

/** @param {Layout} at */
function orderFirst(at) {
  const tall = at.height - at.order.y;
  const below = Object.entries(at).map(([name, box]) => [
    name,
    typeof box === "object" ? { ...box, y: name === "order" ? -6 : box.y + tall } : box,
  ]);
  return /** @type {Layout} */ ({ ...Object.fromEntries(below), top: tall });
}

/** @param {Pick<Stage, "width" | "whole">} g @param {Data} data @returns {Layout} */
function widePlan(g, data) {
  const rows = rowsIn(g, data);
  const w = g.width;
  const pitch = Math.min(22, 222 / Math.min(MOST, rows));
  const more =
    g.whole && BIASES.includes(data.kind)
      ? Math.max(0, 16 * ruleRows(data) - 224)
      : Math.max(0, pitch * rows - 222);
  const left = Math.round(w * 0.38);
  const mid = left + 30;
  const midW = Math.round(w * 0.275);
  const large = BIASES.includes(data.kind) || data.kind === "none";
  const right = large ? w - 340 : mid + midW + 34;
  const rw = w - right;
  const matrix = large ? Math.min(190, rw - 140) : 118;
  return {
    phone: false,
    top: 0,
    w,
    pitch,
    heading: 1,
    chips: { x: 0, y: 0, w: 76 },
    heat: { x: 106, y: 58, w: left - 106 },
    waves: { x: mid, y: 58, w: midW, h: 84 },
    clock: { x: mid, y: 178, w: midW, r: 46 },
    matrix: { x: right, y: 58, size: matrix },
    told: { x: right + matrix + 16, y: 58, w: rw - matrix - 16 },
    curve: { x: right, y: 208, w: rw, h: 76 },
    bias: { left: 0, x: 44, y: 58, w: left + 20, h: 218 },
    rule: { x: left + 100, y: 58, w: right - left - 140, h: 224 + more },
    words: { x: 0, y: 340 + more, w },
    mute: { x: mid, y: 58, w: right - mid - 40 },
    order: { x: 0, y: 310 + more, w },
    height: ((w - 416) / data.order.tokens.length < 40 ? 510 : 490) + more,
  };
}
/** @param {Pick<Stage, "width" | "whole">} g @param {Data} data @param {Kept} local @param {number} rows @returns {Layout} */
function phonePlan(g, data, local, rows) {
  const w = g.width;
  const heading =
    (measure(`${data.title}: ${data.what}`, 14, false) * 1.05 > w ? 3 : 2) + (data.notes.length ? 2 : 1) - 1;
  const early = stages.of(local) < stages.last;
  const words = 36 + 18 * heading;
  const top = words + 32;
  const pitch = 22;
  const under = top + rows * pitch + 64;
  const biased = BIASES.includes(data.kind);
  const plain = data.kind === "none";
  const clock = under + 84 + 44;
  const ruled = biased ? 16 * (g.whole ? ruleRows(data) : Math.min(14, ruleRows(data))) : 0;
  const matrix = biased ? top + 200 + 62 + ruled + 44 : plain ? under + 150 : clock + 150;
  const size = Math.min(160, w - 150);
  const curve = matrix + Math.max(size, 130) + 48;
  const end = plain
    ? matrix + Math.max(size, 130) + 30
    : biased
      ? matrix + Math.max(size, 130) + 40
      : curve + 90 + 36;
  return {
    phone: true,
    top: 0,
    w,
    pitch,
    heading,
    chips: { x: 0, y: 0, w: 68 },
    heat: { x: 98, y: top, w: w - 98 },
    waves: { x: 0, y: under, w, h: 84 },
    clock: { x: 0, y: clock, w, r: 52 },
    matrix: { x: 0, y: matrix, size },
    told: { x: size + 14, y: matrix, w: w - size - 14 },
    curve: { x: 0, y: curve, w, h: 90 },
    bias: { left: 0, x: 44, y: top, w: w - 46, h: 200 },
    rule: { x: 0, y: top + 262, w: Math.min(w, 300), h: ruled },
    mute: { x: 0, y: under, w },
    words: { x: 0, y: words + 14, w },
    order: { x: 0, y: end, w },
    height: end + (early ? 0 : orderTall(data)),
  };
}
/** Height of the other order on a phone. @param {Data} data */
const orderTall = (data) =>
  data.order.shuffles
    ? 84 + 24 * data.order.tokens.length + (data.order.token ? 40 + 42 * data.order.ways.length : 10)
    : 90;
