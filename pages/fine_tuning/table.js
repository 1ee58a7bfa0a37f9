// Beside the chart: what each way is worth, what it costs, what it forgets, and what it says of the learner's text.

import { say } from "../../app/kit/say.js";
import { css, fit, h, inLines, label, num, percent, thousands } from "../../app/kit/shapes.js";

/**
 * @import { Run } from "../../app/kit/curves.js"
 * @import { Stage } from "../../app/kit/glass.js"
 * @import { Shapes } from "../../app/kit/shapes.js"
 * @import { Tuning } from "./figure.js"
 * @import { planWays } from "./layout.js"
 *
 * What a way is worth at its last checkpoint: right answers on held-out examples with a 95 % interval, the numbers that it
 * learned and of these the head's, bytes of its file, seconds of training, the loss on the old task now and before.
 * @typedef {object} Worth
 * @property {{right: number, of: number, low: number, high: number}} accuracy
 * @property {number} trained
 * @property {number} head
 * @property {number} bytes
 * @property {number} seconds
 * @property {[now: number, before: number] | null} old null: it had learned no old task
 *
 * What it says of the learner's text; `guess`: the text is unlike what it learned from. Or why it says nothing.
 * @typedef {{says: string, probability: number, guess?: boolean} | {why: string}} Judged
 *
 * A way of adapting as Python sends it.
 * @typedef {object} Way
 * @property {string} key
 * @property {Run} curve
 * @property {boolean} own whether it is the learner's run
 * @property {string} ended why it ended early
 * @property {boolean} going
 * @property {Worth | {}} worth {} before the first checkpoint
 * @property {number | null} measured the step of that checkpoint
 * @property {Judged} judged
 *
 * @typedef {ReturnType<typeof planWays>["table"]} Table
 */

/** @type {Record<string, string>} */
export const WAY_COLOURS = { scratch: "ink2", frozen: "k-ink", full: "v-ink", lora: "accent" };
/** @type {Record<string, number[]>} */
export const WAY_DASHES = { scratch: [2, 3], frozen: [8, 3, 2, 3], full: [8, 3], lora: [] };
/** @param {number} n */
const bytesOf = (n) => (n >= 1e6 ? `${num(n / 1e6, 2)} MB` : `${num(n / 1e3, 0)} kB`);

/** The cells of a way's row, in words. @type {(way: Way) => Record<string, string>} */
export function cells(way) {
  const w = way.worth;
  if (!("accuracy" in w && w.accuracy))
    return { accuracy: "—", learned: "—", bytes: "—", seconds: "—", forgets: "—" };
  const { right, of, low, high } = w.accuracy;
  return {
    accuracy: say("{right}  ({low} to {high})", {
      right: percent(right / of, 1),
      low: num(100 * low, 0),
      high: num(100 * high, 0),
    }),
    learned: thousands(w.trained),
    bytes: bytesOf(w.bytes),
    seconds: `${num(w.seconds, 0)} s`,
    forgets: w.old
      ? `${w.old[0] - w.old[1] > 5e-4 ? "+" : ""}${num(w.old[0] - w.old[1], 3)}`
      : say("nothing known"),
  };
}
/** What a way says of the learner's text, or why it says nothing. @param {Way} way */
export const saidOf = ({ judged }) =>
  "why" in judged
    ? judged.why
    : `${judged.says}  ${judged.guess ? say("a guess") : num(judged.probability, 2)}`;
const HEADS = [
  ["accuracy", say("held out, 95 % interval")],
  ["learned", say("numbers learned")],
  ["bytes", say("file")],
  ["seconds", say("time")],
  ["forgets", say("forgotten, nats")],
];

const THROUGH = { "pointer-events": "none" }; // words that the ground behind them answers for

/**
 * Whose run a row is. The curve of a run that learns goes on after the checkpoint that the row describes, so its step is named.
 * @param {Way} way
 */
const sourceOf = ({ own, going, measured }) => {
  if (!own) return say("recorded");
  if (!going) return say("yours");
  return measured === null
    ? say("yours, learning")
    : say("yours, learning; measured at step {step}", { step: thousands(measured) });
};

/** What each cell of a way's row says whole. @type {(way: Way) => Record<string, string>} */
function exactCells(way) {
  const { worth: w, judged } = way;
  const told = {
    says:
      "why" in judged
        ? judged.why
        : judged.guess
          ? say("{says}, a guess: unlike the news it learned from", { says: judged.says })
          : `${judged.says}: ${num(judged.probability, 4)}`,
  };
  if (!("accuracy" in w && w.accuracy)) return told;
  const { right, of, low, high } = w.accuracy;
  return {
    ...told,
    accuracy: say("{right} of {of} right: {share} %, 95 % between {low} and {high}", {
      right: thousands(right),
      of: thousands(of),
      share: num((100 * right) / of, 2),
      low: num(100 * low, 1),
      high: num(100 * high, 1),
    }),
    learned: say("{trained}, of these {head} the head’s", {
      trained: thousands(w.trained),
      head: thousands(w.head),
    }),
    bytes: say("{bytes} bytes", { bytes: thousands(w.bytes) }),
    seconds: `${num(w.seconds, 2)} s`,
    forgets: w.old
      ? say("loss on the old task {before} before, {now} now", {
          before: num(w.old[1], 3),
          now: num(w.old[0], 3),
        })
      : say("it had learned no old task"),
  };
}

/** The ground of a row's cells, each of which answers the pointer. @type {(g: Stage, data: Tuning, way: Way, at: Table, y: number) => Shapes} */
function cellGround(g, data, way, at, y) {
  const exact = exactCells(way);
  /** @type {(key: string, title: string, x: number, y: number, width: number, height: number) => Shapes} */
  const ground = (key, title, x, top, width, height) =>
    exact[key] &&
    g.tip(
      h("rect", { x, y: top, width, height, fill: "transparent", "data-cell": `${way.key} ${key}` }),
      `${way.curve.name}, ${title}\n${exact[key]}`,
    );
  return [
    HEADS.map(([key, head], i) => {
      const [share, line] = at.cells[i];
      const next = at.cells[i + 1]?.[1] === line ? at.cells[i + 1][0] : 1;
      return ground(key, head, at.x + at.w * share, y + 22 + 36 * line, at.w * (next - share), 34);
    }),
    ground("says", data.asks, at.x, y + at.pitch - 23, at.w, 18),
  ];
}

export const FORGOTTEN = say(
  "Forgotten: how much the loss on the old task, hidden words of held-out tales, has grown. Without its adapter LoRA has forgotten nothing.",
);

/** A row for each way, and what forgetting is measured by. @type {(g: Stage, data: Tuning, at: Table) => void} */
export function drawTable(g, data, at) {
  g.part("table", [at], () => {
    /** @type {Shapes[]} */
    const out = [];
    for (const [k, way] of data.ways.entries()) {
      const y = at.y + k * at.pitch;
      const row = cells(way);
      const colour = WAY_COLOURS[way.key];
      out.push(
        h("path", { d: `M${at.x},${y}H${at.x + at.w}`, stroke: css("line") }),
        label(at.x, y + 18, way.curve.name ?? "", { weight: 600, fill: colour, size: 13 }),
        label(at.x + at.w, y + 18, sourceOf(way), { anchor: "end", fill: "ink3" }),
      );
      out.push(cellGround(g, data, way, at, y));
      for (const [i, [key, head]] of HEADS.entries()) {
        const [share, line] = at.cells[i];
        const x = at.x + at.w * share;
        out.push(
          label(x, y + 34 + 36 * line, head, { fill: "ink3", size: 11, ...THROUGH }),
          label(x, y + 50 + 36 * line, row[key], { mono: true, fill: "ink", ...THROUGH }),
        );
      }
      const last = y + at.pitch - 10;
      out.push(
        label(at.x, last, fit(data.asks, 70, 12, false), { fill: "ink3", ...THROUGH }),
        label(at.x + 76, last, fit(saidOf(way), at.w - 80, 12), {
          ...THROUGH,
          mono: true,
          fill: "why" in way.judged ? "ink3" : "ink",
          weight: 600,
        }),
      );
    }
    out.push(
      inLines(FORGOTTEN, at.w).map((line, i) =>
        label(at.x, at.y + 4 * at.pitch + 12 + 16 * i, line, { fill: "ink3" }),
      ),
    );
    return out;
  });
}
