// Two lists of words on one axis: the first above it, the second below; their means, and how far apart these are.

import { brief, roundTicks } from "../../app/kit/axes.js";
import { say } from "../../app/kit/say.js";
import { clamp, css, fit, h, label, measure, num, visible } from "../../app/kit/shapes.js";

/**
 * @import { Stage } from "../../app/kit/glass.js"
 *
 * Two lists on one axis: the first above it, the second below.
 * @typedef {object} Plan
 * @property {[string, string]} marks letters of the two lists
 * @property {[Side, Side]} sides
 * @property {[End, End]} ends what lies at the low end, and at the high one
 * @property {{spread: number, text: string} | null} ruler between the means, with a mark every `spread`
 * @property {{title: string, words: string[], values: number[]} | null} lane the words of the learner's own text
 * @property {number | null} chosen a word, by its place among all of both lists
 * @property {(at: number) => void} pick
 * @property {((at: number) => string) | null} tip
 *
 * @typedef {{name: string, fill: string, words: string[], values: number[], was?: number[], mean: number | null, first: number}} Side
 *   was: where the words lay before; first: the place of its first word among all
 * @typedef {{text: string, fill: string}} End
 * @typedef {{word: string, value: number, i: number, shown: string, x: number, w: number, row: number}} Word i: in its list; x: its middle
 * @typedef {((value: number) => number) & {end: number}} Scale pixels of a value, and where the axis ends
 * @typedef {{x: number, y: number, w: number}} Box
 */

const PITCH = 16; // pixels between two rows of words
export const TARGETS = ["accent", "ink2"]; // X and Y
export const ATTRIBUTES = ["v-ink", "mlp-ink"]; // A and B

/**
 * Places of words near their values without touching each other, the row nearest to the axis first.
 * @param {string[]} words @param {number[]} values @param {(value: number) => number} px @param {number} left @param {number} right
 * @returns {Word[]}
 */
export function placedWords(words, values, px, left, right) {
  /** @type {number[]} */
  const ends = []; // of the words in each row so far
  return words
    .map((word, i) => ({ word, value: values[i], i }))
    .sort((a, b) => a.value - b.value)
    .map((one) => {
      const shown = fit(visible(one.word), 120, 12, false);
      const w = measure(shown, 12, false) + 10;
      const x = clamp(px(one.value), left + w / 2, right - w / 2);
      let row = ends.findIndex((end) => end <= x - w / 2);
      if (row < 0) row = ends.length;
      ends[row] = x + w / 2;
      return { ...one, shown, x, w, row };
    });
}
/** @param {Word[]} placed */
const rowsOf = (placed) => placed.reduce((most, one) => Math.max(most, one.row + 1), 1);

/**
 * The axis with its words. Returns the y below it.
 * @param {Stage} g @param {string} key @param {Box} box @param {Plan} plan
 */
export function wordAxis(g, key, box, plan) {
  const [left, right] = [box.x + 6, box.x + box.w - 6];
  const all = [
    ...plan.sides.flatMap((side) => [...side.values, ...(side.was ?? [])]),
    ...(plan.lane?.values ?? []),
  ];
  const [least, most] = [Math.min(0, ...all), Math.max(0, ...all)];
  const pad = 0.06 * (most - least || 1);
  const [low, high] = [least - pad, most + pad];
  const px = Object.assign(
    (/** @type {number} */ value) => left + ((value - low) / (high - low)) * (right - left),
    { end: right },
  );
  const [up, down] = plan.sides.map((side) => placedWords(side.words, side.values, px, left, right));
  const lane = plan.lane ? placedWords(plan.lane.words, plan.lane.values, px, left, right) : [];
  const top = box.y + 46;
  const axis = top + 10 + PITCH * rowsOf(up) + 14;
  const under = axis + 14 + PITCH * rowsOf(down) + 30;
  const ruler = under + 26;
  const laneAt = (plan.ruler ? ruler + 22 : under) + 22;
  const bottom = plan.lane ? laneAt + 8 + PITCH * rowsOf(lane) : plan.ruler ? ruler + 14 : under + 4;
  // A tick at the edge is moved inwards: a minus sign that is cut off makes another number of it.
  /** @param {number} x @param {string} text */
  const tickAt = (x, text) =>
    label(
      clamp(x, box.x + measure(text, 11, true) / 2 + 1, box.x + box.w - measure(text, 11, true) / 2 - 1),
      under + 2,
      text,
      { anchor: "middle", fill: "ink3", size: 11, mono: true },
    );
  g.part(key, [box, plan.sides, plan.chosen, plan.ruler, plan.lane, plan.ends], () => {
    /** @type {SVGElement[]} */
    const out = ends(box, plan, under);
    const { ticks, step } = roundTicks(low, high, clamp((right - left) / 90, 2, 8));
    for (const tick of ticks) {
      out.push(
        h("path", {
          d: `M${px(tick)},${top}V${under - 10}`,
          stroke: css("line"),
          "stroke-dasharray": tick ? null : "2 3",
        }),
        tickAt(px(tick), brief(tick, step)),
      );
    }
    out.push(h("path", { d: `M${left},${axis}H${right}`, stroke: css("ink3") }));
    for (const [at, side] of plan.sides.entries())
      out.push(...meanOf(side, at, px, axis, top, under), ...oldPlaces(side, at, px, axis));
    for (const [at, placed] of [up, down].entries())
      out.push(...placed.map((one) => wordOf(g, plan, one, at, px, axis)));
    if (plan.ruler) out.push(...rulerOf(plan.sides, plan.ruler, px, ruler, under));
    if (plan.lane && lane.length) out.push(...laneOf(g, plan.lane.title, lane, px, laneAt, box));
    return out;
  });
  return bottom;
}

/**
 * What lies at either end, and the names of the two lists.
 * @param {Box} box @param {Plan} plan @param {number} under
 */
function ends(box, plan, under) {
  const [low, high] = plan.ends;
  const out = [
    label(box.x + 4, box.y + 10, `← ${low.text}`, { fill: low.fill, weight: 600 }),
    label(box.x + box.w - 4, box.y + 10, `${high.text} →`, { fill: high.fill, weight: 600, anchor: "end" }),
  ];
  for (const [at, side] of plan.sides.entries())
    out.push(
      label(
        box.x + 4,
        at ? under - 14 : box.y + 28,
        at
          ? say("{letter} below: {name}", { letter: plan.marks[at], name: side.name })
          : say("{letter} above: {name}", { letter: plan.marks[at], name: side.name }),
        { fill: side.fill, weight: 600, ...HALO },
      ),
    );
  return out;
}

/**
 * @param {Side} side @param {number} at @param {Scale} px @param {number} axis @param {number} top
 * @param {number} under
 */
function meanOf(side, at, px, axis, top, under) {
  if (side.mean === null) return [];
  const [x, colour] = [px(side.mean), css(side.fill)];
  const text = say("mean {mean}", { mean: num(side.mean, 3) });
  const y = at ? under - 14 : top + 2;
  const fits = x + 5 + measure(text, 11, true) <= px.end;
  return [
    h("path", {
      d: at ? `M${x},${axis}V${under - 4}` : `M${x},${axis}V${top + 8}`,
      stroke: colour,
      "stroke-width": 2,
      opacity: 0.55,
    }),
    label(x + (fits ? 5 : -5), y, text, {
      fill: side.fill,
      mono: true,
      size: 11,
      ...(fits ? {} : { anchor: "end" }),
      ...HALO,
    }),
  ];
}
const HALO = { "paint-order": "stroke", stroke: css("bg"), "stroke-width": 4, "stroke-linejoin": "round" };

/**
 * Where the words lay before something was removed.
 * @param {Side} side @param {number} at @param {Scale} px @param {number} axis
 */
function oldPlaces(side, at, px, axis) {
  if (!side.was) return [];
  const y = axis + (at ? 5 : -5);
  return side.was.flatMap((was, i) => [
    h("path", { d: `M${px(was)},${y}H${px(side.values[i])}`, stroke: css(side.fill), opacity: 0.3 }),
    h("circle", { cx: px(was), cy: y, r: 2.5, fill: css("bg"), stroke: css("ink3") }),
  ]);
}

/** @param {Stage} g @param {Plan} plan @param {Word} one @param {number} at @param {Scale} px @param {number} axis */
function wordOf(g, plan, one, at, px, axis) {
  const place = plan.sides[at].first + one.i;
  const on = place === plan.chosen;
  const way = at ? 1 : -1;
  const x = px(one.value);
  const y = axis + way * (18 + PITCH * one.row) + (at ? 8 : 0);
  const node = h(
    "g",
    { class: g.can.recompute ? "gb-hot" : null, "data-word": place, onclick: () => plan.pick(place) },
    h("path", {
      d: `M${x},${axis}L${x},${axis + way * 9}L${one.x},${y + (at ? -11 : 3)}`,
      fill: "none",
      stroke: css(on ? "accent" : "line"),
    }),
    on &&
      h("rect", {
        x: one.x - one.w / 2,
        y: y - 12,
        width: one.w,
        height: 16,
        rx: 4,
        fill: css("accent-soft"),
      }),
    h("rect", { x: one.x - one.w / 2, y: y - 12, width: one.w, height: PITCH, fill: "transparent" }),
    label(one.x, y, one.shown, {
      anchor: "middle",
      fill: on ? "accent" : "ink",
      weight: on ? 700 : null,
      ...(on ? {} : HALO),
    }),
    h("circle", {
      cx: x,
      cy: axis + way * 5,
      r: on ? 5 : 4,
      fill: css(at ? "bg" : plan.sides[0].fill),
      stroke: css(plan.sides[at].fill),
      "stroke-width": 1.5,
    }),
  );
  const { tip } = plan;
  return tip ? g.tip(node, () => tip(place)) : node;
}

/**
 * From mean to mean, with a mark at every standard deviation.
 * @param {Side[]} sides @param {{spread: number, text: string}} ruler @param {Scale} px @param {number} y @param {number} under
 */
function rulerOf(sides, { spread, text }, px, y, under) {
  const [x, z] = sides.map((side) => side.mean ?? 0);
  /** @type {SVGElement[]} */
  const out = [
    h("path", {
      d: `M${px(z)},${under - 4}V${y + 5}M${px(x)},${under - 4}V${y + 5}`,
      stroke: css("ink3"),
      "stroke-dasharray": "2 2",
    }),
    h("path", { d: `M${px(z)},${y}H${px(x)}`, stroke: css("accent"), "stroke-width": 3 }),
  ];
  const unit = x < z ? -spread : spread;
  for (let k = 0; spread > 0 && k <= Math.abs(x - z) / spread + 1e-9; k++)
    out.push(
      h("path", { d: `M${px(z + k * unit)},${y - 5}v10`, stroke: css("accent"), "stroke-width": 1.5 }),
    );
  const far = Math.max(px(x), px(z));
  const room = measure(text, 12, false) + 12;
  const at = far + room < px.end ? far + 8 : Math.min(px(x), px(z)) - 8;
  out.push(label(at, y + 4, text, { fill: "accent", weight: 600, anchor: at > far ? null : "end", ...HALO }));
  return out;
}

/**
 * The words of the learner's own text on the same axis.
 * @param {Stage} g @param {string} title @param {Word[]} lane @param {Scale} px @param {number} y @param {Box} box
 */
function laneOf(g, title, lane, px, y, box) {
  /** @type {SVGElement[]} */
  const out = [
    label(box.x + 4, y - 10, title, { fill: "ink3", size: 11 }),
    h("path", { d: `M${box.x + 6},${y}H${box.x + box.w - 6}`, stroke: css("line") }),
  ];
  for (const one of lane) {
    const at = y + 16 + PITCH * one.row;
    const node = h(
      "g",
      {},
      h("path", { d: `M${px(one.value)},${y}L${one.x},${at - 11}`, stroke: css("line") }),
      h("path", { d: `M${px(one.value)},${y - 5}l5,5l-5,5l-5,-5z`, fill: css("res") }),
      label(one.x, at, one.shown, { anchor: "middle", fill: "ink2", ...HALO }),
    );
    out.push(g.tip(node, `${visible(one.word)}: ${num(one.value, 3)}`));
  }
  return out;
}
