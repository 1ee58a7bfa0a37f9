// One sentence as three kinds of training examples, side by side; and three runs that learn from such examples.
// layout.js says what stands where; lanes.js draws the examples, falling.js the curves.

import { counted } from "../../app/kit/counts.js";
import { mount } from "../../app/kit/glass.js";
import { say } from "../../app/kit/say.js";
import { clamp, num, unpack, visible } from "../../app/kit/shapes.js";
import { entryKey } from "../../app/kit/steps.js";
import { NAMES, drawFalling } from "./falling.js";
import { SHAPE, drawLanes, positions, seenBy } from "./lanes.js";
import { WORDS, plan, rowOf, steps } from "./layout.js";

/**
 * @import { Chart, Run } from "../../app/kit/curves.js"
 * @import { Local, Stage, View } from "../../app/kit/glass.js"
 * @import { Packed, Unpacked } from "../../app/kit/shapes.js"
 * @import { Plan } from "./layout.js"
 *
 * What is read at a position: a row of the sentence, `row` of the picture, and what has become of the token.
 * @typedef {{id: number, text: string, row: number, at: number, kind: "plain" | "special" | "mask" | "kept" | "random" | "sentinel"}} Read
 *
 * What is asked at a position; mark: a sentinel or an end; score: whether it counts; loss: the open model's, in nats.
 * @typedef {{id: number | null, text: string, row: number, mark: boolean, score: boolean, loss: number | null}} Answer
 *
 * Who sees whom: (rows, cols), 1 where a row sees a column; `cells` are opened in the browser.
 * @typedef {{name: "self" | "encoder" | "decoder" | "cross", title: string, rows: number, cols: number, packed: Packed<"u8">, cells?: Unpacked<"u8">}} SeenMap
 */
/**
 * The sentence as an example for one objective.
 * @typedef {object} Lane
 * @property {"next_token" | "masked" | "span_corruption"} objective
 * @property {string} title
 * @property {string} shape of the models that learn so
 * @property {boolean} own whether the open model is one of them
 * @property {string[]} columns their titles
 * @property {number[]} hidden rows of the sentence
 * @property {Read[]} reads
 * @property {Answer[]} answers
 * @property {{id: number, text: string, row: number, mark: boolean}[]} decoder what a decoder has written already
 * @property {SeenMap[]} maps
 * @property {number | null} mean the open model's loss, in nats
 */
/**
 * One sentence as three examples, and the three runs, as Python sends them (`record` in figure.py, `falling` in falling.py).
 * @typedef {object} Data
 * @property {string} stamp
 * @property {string} note which signs are no tokens of the open model
 * @property {string[]} tokens all of the text
 * @property {{id: number, text: string}[]} words those of the sentence, a row each
 * @property {number} offset tokens before the sentence
 * @property {Lane[]} lanes
 * @property {(Run & {objective: Lane["objective"]})[]} runs
 * @property {{value: number, text: string}} guessing
 * @property {string} trained where they were trained, and how much was hidden
 * @property {boolean} mine whether the learner may stop them
 * @property {string} cannot why nothing trains here
 * @property {string} estimate of what training the three would cost
 *
 * Where a run stands: its first and last held-out loss, and what is wrong or awaited.
 * @typedef {{first: number | null, last: number | null, step: number, steps: number, state: string, lost: string, ended?: string,
 *   place?: number | null, starting: boolean}} Standing
 *
 * What the browser knows by itself: the row under the pointer, and the chart of the runs.
 * @typedef {Local & {hover?: number | null, listening?: boolean, timer?: number | null, chart?: Chart, rows?: Standing[], going?: boolean}} Kept
 * @typedef {Stage & {data: Data}} Objectives
 * @typedef {(g: Objectives, data: Data, local: Kept, at: Plan) => void} Draw
 */

/** @type {(g: Objectives, data: Data, local: Kept, row: number) => void} */
function follow(g, data, local, row) {
  const to = clamp(row, 0, data.words.length - 1);
  local.hover = null;
  g.select({ follow: to === data.words.length - 1 ? -1 : to + data.offset });
}
/** @type {(g: Objectives, local: Kept) => void} */
function listen(g, local) {
  if (local.listening) return;
  local.listening = true;
  /** @type {(event: Event) => string | undefined} */
  const rowAt = (event) =>
    event.target instanceof Element
      ? /** @type {HTMLElement | null} */ (event.target.closest("[data-row]"))?.dataset.row
      : undefined;
  g.svg.addEventListener("pointermove", (event) => {
    if (event.pointerType === "touch") return;
    const row = rowAt(event);
    const now = row === undefined ? null : Number(row);
    if (now === (local.hover ?? null)) return;
    local.hover = now;
    g.redraw();
  });
  g.svg.addEventListener("pointerleave", () => {
    if (local.hover != null) {
      local.hover = null;
      g.redraw();
    }
  });
  g.svg.addEventListener("click", (event) => {
    const row = rowAt(event);
    if (row !== undefined) follow(g, g.data, local, Number(row));
  });
}

/** @type {View<Data, Kept, Objectives>} */
const objectivesView = {
  init(data, _, before) {
    for (const lane of data.lanes) for (const map of lane.maps) map.cells = unpack(map.packed);
    return before && before.stamp === data.stamp ? {} : { hover: null };
  },

  draw(g, data, local) {
    g.data = data;
    listen(g, local);
    steps.bar(g, local, (now) => WORDS[now]);
    const at = plan(g, data);
    g.height = at.phone && !g.can.recompute ? at.height - 80 : at.height; // without the button below the curves
    drawLanes(g, data, local, at);
    drawFalling(g, data, local, at);
  },

  key(event, g, data, local) {
    const row = rowOf(data, local);
    const move = entryKey(event);
    if (move) follow(g, data, local, row + move);
    else if (steps.key(event, g, local)) return true;
    else if (event.key === "r" && g.can.recompute) g.send("again", { at: Date.now() });
    else if (event.key === "Escape") steps.up(g, local);
    else return false;
    return true;
  },

  describe(data, local) {
    const row = rowOf(data, local);
    return (
      steps.said(local, (now) => WORDS[now]) +
      say("One sentence of {tokens} as three training examples. Token {row}, {text}. ", {
        tokens: counted(data.words.length, "token"),
        row,
        text: visible(data.words[row].text),
      }) +
      data.lanes
        .map(
          (lane) =>
            `${lane.title}, ${SHAPE[lane.shape] ?? lane.shape}${lane.own ? say(", this model") : ""}: ${say(
              "reads {read}; asks {asked}; here it {sees}.",
              {
                read: lane.reads.map((one) => visible(one.text)).join(" "),
                asked: lane.answers
                  .filter((one) => one.score)
                  .map((one) => visible(one.text))
                  .join(" "),
                sees: seenBy(lane, row),
              },
            )}${lane.mean === null ? "" : say(" Mean loss {mean} nats.", { mean: num(lane.mean, 3) })}`,
        )
        .join(" ") +
      say(" Curves: {list}.", {
        list: (local.rows ?? [])
          .map(
            (one, i) =>
              `${NAMES[data.runs[i].objective]} ${one.last === null ? say("not measured") : num(one.last, 3)}`,
          )
          .join(", "),
      })
    );
  },

  state(data, local) {
    const row = rowOf(data, local);
    return {
      tokens: data.tokens,
      words: data.words.map((one) => one.text),
      row,
      ...steps.state(local),
      hover: local.hover ?? null,
      lanes: data.lanes.map((lane) => ({
        objective: lane.objective,
        shape: lane.shape,
        own: lane.own,
        hidden: lane.hidden,
        reads: lane.reads.map(({ id, text, kind, at }) => ({ id, text, kind, row: at })),
        answers: lane.answers.map(({ id, text, row: at, score, mark, loss }) => ({
          id,
          text,
          row: at,
          score,
          mark,
          loss,
        })),
        decoder: lane.decoder.map((one) => one.id),
        mean: lane.mean,
        sees: seenBy(lane, row),
        positions: positions(lane, row),
      })),
      chart: local.chart?.summary() ?? null,
      rows: local.rows,
      going: local.going,
      mine: data.mine,
    };
  },
};

export default mount("objectives", objectivesView);
