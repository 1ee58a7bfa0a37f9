// What both halves show: small charts of what a model is block by block, whole and without a part, and the words beside them.

import { say } from "../../app/kit/say.js";
import { clamp, css, fit, h, label, measure, num, thousands } from "../../app/kit/shapes.js";
import { stepMode } from "../../app/kit/steps.js";
import { placeSaid } from "./layout.js";

/**
 * @import { Stage } from "../../app/kit/glass.js"
 * @import { Shapes } from "../../app/kit/shapes.js"
 * @import { Box, Said } from "./layout.js"
 *
 * A measure of each block; null: no number.
 * @typedef {(number | null)[]} Values
 *
 * What Python sends of a chart. `without`: null where there is but one model.
 * @typedef {object} DepthChart
 * @property {string} key
 * @property {string} name
 * @property {string} hint what it is
 * @property {string} [unit] for who asks
 * @property {boolean} [log] on a logarithm
 * @property {boolean} [zero] the axis begins at 0
 * @property {Values} whole
 * @property {Values | null} without
 *
 * Bounds of a chart, and where a value lies between them, from 0 to 1.
 * @typedef {{low: number, high: number, at: (value: number) => number}} Scale
 */

export const stages = stepMode("stage", [say("Symptom"), say("Evidence"), say("Diagnosis"), say("Remedy")]);
const WORDS = [
  say(
    "One part is taken out of the model, and its loss shows what that costs: how wrong it is at each token (a word, or a part of one) and in all; grey is the whole model. Below, the same part is missing from the first step of training on.",
  ),
  say(
    "A symptom has a cause inside. The small charts measure both models block by block, from the first at the left to the last at the right: look where the dashed line leaves the grey one.",
  ),
  say(
    "What was measured is held against what each missing part would do. A mark stands before each finding; what it costs stands below.",
  ),
  say(
    "The remedy: what was missing, and what it does for the model, so that one knows where to look when a model of one’s own shows these symptoms.",
  ),
];

/** What is said at each step; where nothing is taken out, both models are whole. @type {(part: string, step: number) => string} */
export const wordsOf = (part, step) =>
  step === 0 && part === "nothing"
    ? say(
        "Nothing is taken out yet: both models are whole. The loss says how wrong a model is at each token (a word, or a part of one) and in all. Below, two small models were trained with all their parts, from different random numbers (seeds).",
      )
    : WORDS[step];

export const WHOLE = "ink2"; // the whole model's colour, and its dash where lines cross
export const WITHOUT = "accent";

/** Two digits that say the size: 0.97, 12, 3.2e−9. @param {number | null | undefined} v */
export function sized(v) {
  if (v === null || v === undefined || !Number.isFinite(v)) return say("overflow");
  const size = Math.abs(v);
  if (size >= 0.01 && size < 10) return num(v, 2);
  if (size >= 10 && size < 1000) return num(v, size < 100 ? 1 : 0);
  if (v === 0) return "0";
  const [mantissa, power] = v.toExponential(1).split("e");
  return `${mantissa.replace("-", "−")}e${power.replace("-", "−").replace("+", "")}`;
}

/** Bounds of a chart: of all finite values, on a logarithm where they differ more than tenfold. @type {(series: Values[], log?: boolean, zero?: boolean) => Scale} */
function scaleOf(series, log, zero) {
  const values = series
    .flat()
    .filter((v) => v !== null)
    .filter((v) => Number.isFinite(v) && (!log || v > 0));
  if (!values.length) return { low: 0, high: 1, at: () => 0.5 };
  let [low, high] = [zero ? Math.min(0, ...values) : Math.min(...values), Math.max(...values)];
  if (log) {
    [low, high] = [Math.log10(low), Math.log10(high)];
    const spare = Math.max(0.15, (high - low) * 0.08);
    return {
      low: low - spare,
      high: high + spare,
      at: (v) => (Math.log10(Math.max(v, 1e-45)) - low + spare) / (high - low + 2 * spare),
    };
  }
  const spare = (high - low || Math.abs(high) || 1) * 0.1;
  low = zero ? low : low - spare;
  high += spare;
  return { low, high, at: (v) => (v - low) / (high - low || 1) };
}

/** Up to four powers of ten, where a chart spans more than two of them. @param {Scale} scale */
function powersOf(scale) {
  const [from, to] = [Math.ceil(scale.low), Math.floor(scale.high)];
  if (to - from < 2) return [];
  const step = Math.ceil((to - from) / 3);
  return Array.from({ length: Math.floor((to - from) / step) + 1 }, (_, i) => to - i * step);
}
/** @param {number} power */
const powerName = (power) => (power >= 0 && power < 4 ? thousands(10 ** power) : `1e${num(power, 0)}`);

/** A block as the axis names it: its number, of two stacks with the stack, in few letters where there is little room. @param {string} name @param {boolean} [tight] */
function blockName(name, tight) {
  const [stack, block] = name?.split(" ") ?? [];
  if (stack === "encoder") return tight ? say("enc {block}", { block }) : say("encoder {block}", { block });
  if (stack === "decoder") return tight ? say("dec {block}", { block }) : say("decoder {block}", { block });
  return name;
}

/** One measure by block: grey the whole, accent without the part. @type {(g: Stage, box: Box, chart: DepthChart & {names: string[], second: string}) => Shapes} */
export function drawDepth(g, box, chart) {
  const { x, y, w, h: tall } = box;
  const { names, whole, without } = chart;
  /** @type {[values: Values, colour: string][]} */
  const series = [[whole, WHOLE]];
  if (without) series.push([without, WITHOUT]);
  const scale = scaleOf(
    series.map(([values]) => values),
    chart.log,
    chart.zero,
  );
  const powers = chart.log ? powersOf(scale) : [];
  const widest = (/** @type {string[]} */ texts) =>
    Math.max(0, ...texts.map((text) => measure(text, 12, true)));
  const side = 8 + 1.04 * widest(series.map(([values]) => sized(values.at(-1)))); // bold is a little wider
  const [top, bottom, left, right] = [
    y + 40,
    y + tall - 18,
    x + (powers.length ? 10 + widest(powers.map(powerName)) : 4),
    x + w - side,
  ];
  const n = Math.max(names.length, 1);
  const X = (/** @type {number} */ i) =>
    n === 1 ? (left + right) / 2 : left + ((right - left) * i) / (n - 1);
  const Y = (/** @type {number} */ v) => clamp(bottom - (bottom - top) * scale.at(v), top, bottom);
  // Of two stacks the first and the last block have long names: they are cut where both do not stand beside each other.
  const tight =
    n > 1 && widest([blockName(names[0])]) + widest([blockName(names[n - 1])]) + 12 > right - left;
  const [short, last] = [names[0], names[n - 1]].map((name) => blockName(name, tight));
  const first = tight && widest([short]) + widest([last]) + 12 > right - left ? short.split(" ")[0] : short;
  const room = right - left - widest([first]) - widest([last]);
  const line = (/** @type {Values} */ values) => {
    let pen = "M";
    return values
      .map((v, i) => {
        // a value that is no number interrupts the line
        if (v === null || !Number.isFinite(v)) {
          pen = "M";
          return "";
        }
        const out = `${pen}${X(i).toFixed(1)},${Y(v).toFixed(1)}`;
        pen = "L";
        return out;
      })
      .join("");
  };
  const ends = series.map(([values, colour]) => {
    const value = values[values.length - 1];
    return { text: sized(value), y: value !== null && Number.isFinite(value) ? Y(value) : top, colour };
  });
  if (ends.length > 1 && Math.abs(ends[0].y - ends[1].y) < 14) {
    const mid = clamp((ends[0].y + ends[1].y) / 2, top + 7, bottom - 7);
    const up = ends[0].y <= ends[1].y ? 0 : 1;
    ends[up].y = mid - 7;
    ends[1 - up].y = mid + 7;
  }
  /** @type {Shapes[]} */
  const out = [
    label(x, y + 12, chart.name, { weight: 600, fill: "ink" }),
    label(x, y + 28, fit(chart.hint, w, 12, false), { fill: "ink3" }),
    h("path", { d: `M${left},${bottom + 4}H${right}`, stroke: css("line") }),
    powers.map((power) => [
      h("path", { d: `M${left},${Y(10 ** power)}H${right}`, stroke: css("line"), "stroke-dasharray": "2 3" }),
      label(left - 6, Y(10 ** power) + 4, powerName(power), { anchor: "end", fill: "ink3", mono: true }),
    ]),
    label(X(0), y + tall - 2, n === 1 ? say("block {block}", { block: blockName(names[0]) }) : first, {
      fill: "ink3",
      anchor: n === 1 ? "middle" : "start",
      mono: true,
    }),
    n > 1 && label(right, y + tall - 2, last, { fill: "ink3", anchor: "end", mono: true }),
    n > 1 &&
      room > 1.5 * measure(say("block"), 12) &&
      label((left + right) / 2, y + tall - 2, say("block"), { fill: "ink3", anchor: "middle" }),
    h("path", { d: line(whole), fill: "none", stroke: css(WHOLE), "stroke-width": 2 }),
    without &&
      h("path", {
        d: line(without),
        fill: "none",
        stroke: css(WITHOUT),
        "stroke-width": 2,
        "stroke-dasharray": "6 3",
      }),
    ends.map((end) =>
      label(right + 6, end.y + 4, end.text, {
        fill: end.colour,
        mono: true,
        weight: end.colour === WITHOUT ? 600 : 400,
      }),
    ),
  ];
  const wide = n === 1 ? right - left : (right - left) / (n - 1);
  for (const [i, name] of names.entries()) {
    for (const [values, colour] of series) {
      const value = values[i];
      if (value === null || !Number.isFinite(value)) continue;
      out.push(
        colour === WHOLE
          ? h("circle", { cx: X(i), cy: Y(value), r: 3, fill: css(colour) })
          : h("rect", { x: X(i) - 3, y: Y(value) - 3, width: 6, height: 6, fill: css(colour) }),
      );
    }
    out.push(
      g.tip(
        h("rect", { x: X(i) - wide / 2, y: y + 30, width: wide, height: tall - 30, fill: "transparent" }),
        [
          say("{name}, block {block}", { name: chart.name, block: blockName(name) }),
          ...(chart.unit ? [chart.unit] : []),
          say("whole {value}", { value: sized(whole[i]) }),
          ...(without ? [`${chart.second} ${sized(without[i])}`] : []),
        ].join("\n"),
      ),
    );
  }
  return out;
}

/** The words of a step, a mark before each finding. @type {(box: Box, stage: number, said: Said, title?: string) => Shapes} */
export function drawSaid(box, stage, said, title) {
  const { x, y, found, head, findings, rest } = placeSaid(box, stage, said, title);
  const written = (
    /** @type {{y: number, rows: string[]}} */ block,
    /** @type {number} */ left,
    /** @type {string} */ fill,
  ) => block.rows.map((row, i) => label(left, block.y + 16 * i, row, { fill }));
  return [
    label(x, y + 12, head, { weight: 600, fill: "ink" }),
    findings.flatMap((block) => [
      h("path", {
        d: `M${x + 2},${block.y - 10}v${16 * block.rows.length - 6}`,
        stroke: css(WITHOUT),
        "stroke-width": 3,
      }),
      ...written(block, x + 12, "ink"),
    ]),
    written(rest, x, found ? "ink2" : "ink"),
  ];
}
