// Three classic finds beside each other: heads as bars, the way of a fact through the depth as two lines, and sentences.

import { mount } from "../../app/kit/glass.js";
import { paragraphs } from "../../app/kit/paragraphs.js";
import { say, sayOf } from "../../app/kit/say.js";
import { css, fit, h, label, measure, num } from "../../app/kit/shapes.js";
import { isPhone } from "../../app/kit/widths.js";

/**
 * @import { Stage, View } from "../../app/kit/glass.js"
 *
 * What classic.py sends. The finds are there once they are measured.
 * @typedef {{stamp: string, tokens: string[], name: string, known: boolean, finds: Find[]}} Data
 *
 * One find: heads with their shares (`unit` names them), where chance ends, and the way of a fact through the depth.
 * @typedef {{title: string, said: string, unit: string, bars: {name: string, value: number}[], line: number | null, depth: Depth | null}} Find
 *
 * By block, what the stream brings back at the word that differs (subject) and at the last token, as shares; moved: the
 * last block before it has left the word.
 * @typedef {{subject: number[], last: number[], word: string, end: string, moved: number | null}} Depth
 * @typedef {{x: number, y: number, w: number}} Box
 */

const BAR = 18; // pixels of a head's row
const LINES = 96; // pixels of the two lines' chart

/**
 * A head's share from 0 on, to the left where it is below; a dotted line where chance ends.
 * @param {Stage} g @param {Find} one @param {Box} box
 */
function drawHeads(g, one, box) {
  const low = Math.min(0, ...one.bars.map((bar) => bar.value));
  const high = Math.max(0.01, one.line ?? 0, ...one.bars.map((bar) => bar.value));
  const [left, right] = [box.x + 62, box.x + box.w - 48];
  /** @param {number} v */
  const px = (v) => left + ((v - low) / (high - low)) * (right - left);
  const tall = BAR * one.bars.length;
  return [
    one.bars.map((bar, i) => {
      const y = box.y + BAR * i;
      const [a, b] = [px(Math.min(0, bar.value)), px(Math.max(0, bar.value))];
      const node = h(
        "g",
        { "data-head": bar.name },
        h("rect", { x: box.x, y, width: box.w, height: BAR, fill: "transparent" }),
        label(box.x, y + 13, bar.name, { mono: true, fill: "ink" }),
        h("rect", {
          x: a,
          y: y + 3,
          width: Math.max(1, b - a),
          height: 12,
          rx: 2,
          fill: css(bar.value < 0 ? "neg" : "att"),
        }),
        label(box.x + box.w - 4, y + 13, num(bar.value, 2), { mono: true, anchor: "end", fill: "ink" }),
      );
      return g.tip(node, `${bar.name}: ${num(bar.value, 3)}, ${one.unit}`);
    }),
    h("path", { d: `M${px(0)},${box.y}v${tall}`, stroke: css("line") }),
    one.line !== null &&
      h("path", {
        d: `M${px(one.line)},${box.y - 2}v${tall + 4}`,
        stroke: css("ink"),
        "stroke-dasharray": "2 3",
      }),
    one.line !== null &&
      label(px(one.line) + 4, box.y + tall + 12, sayOf("luck", "chance"), { fill: "ink3", size: 11 }),
  ];
}

/**
 * Over the blocks: what the stream brings back at the word that differs, and at the last token.
 * @param {Stage} g @param {Depth} depth @param {Box} box
 */
function drawDepth(g, depth, box) {
  const count = depth.last.length;
  const every = [...depth.subject, ...depth.last];
  const [low, high] = [Math.min(0, ...every), Math.max(1, ...every)];
  const [left, right, top, bottom] = [box.x + 34, box.x + box.w - 8, box.y + 22, box.y + LINES];
  /** @param {number} i */
  const px = (i) => left + (count > 1 ? i / (count - 1) : 0) * (right - left);
  /** @param {number} v */
  const py = (v) => bottom - ((v - low) / (high - low)) * (bottom - top);
  /** @param {number[]} values */
  const line = (values) =>
    values.map((v, i) => `${i ? "L" : "M"}${px(i).toFixed(1)},${py(v).toFixed(1)}`).join("");
  const series = [
    { values: depth.subject, name: "subject", ink: "accent", word: depth.word, dash: null },
    { values: depth.last, name: "last", ink: "att", word: depth.end, dash: "5 3" },
  ];
  const second = left + 22 + measure(say("put in at “{word}”", { word: depth.word }), 11, false) * 1.05 + 20;
  return [
    series.map(({ values, name, ink, word, dash }, i) => [
      h("path", {
        d: `M${i ? second : left},${box.y + 8}h16`,
        stroke: css(ink),
        "stroke-width": 2,
        "stroke-dasharray": dash,
      }),
      label(
        (i ? second : left) + 20,
        box.y + 12,
        i
          ? fit(say("at “{word}”", { word }), right - second - 20, 11, false)
          : say("put in at “{word}”", { word }),
        { size: 11, fill: "ink2" },
      ),
      g.tip(
        h("path", {
          d: line(values),
          fill: "none",
          stroke: css(ink),
          "stroke-width": 2,
          "stroke-dasharray": dash,
          "data-line": name,
        }),
        say("put in at “{word}”, block by block", { word }),
      ),
    ]),
    [0, 1].map((v) => [
      h("path", { d: `M${left},${py(v)}H${right}`, stroke: css("line") }),
      label(left - 5, py(v) + 4, String(v), { anchor: "end", mono: true, size: 11, fill: "ink3" }),
    ]),
    [0, Math.floor((count - 1) / 2), count - 1]
      .filter((i, k, all) => all.indexOf(i) === k)
      .map((i) =>
        label(px(i), bottom + 14, `L${i}`, {
          anchor: i === count - 1 ? "end" : i ? "middle" : "start",
          mono: true,
          size: 11,
          fill: "ink3",
        }),
      ),
  ];
}

/** @type {View<Data>} */
const classicView = {
  init: () => ({}),

  draw(g, data) {
    const W = g.width - 2;
    if (!data.known) {
      g.height = paragraphs(
        g,
        "waits",
        { x: 0, y: 0, w: W },
        [
          say(
            "Not measured yet: heads that look back in a list said twice, heads that carry an indirect object, and the block in which a fact reaches the last token.",
          ),
        ],
        { fill: "ink2" },
      );
      return;
    }
    const phone = isPhone(W);
    const gap = 36;
    const w = phone ? W : (W - 2 * gap) / 3;
    let [y, height] = [0, 0];
    data.finds.forEach((one, i) => {
      const box = { x: phone ? 0 : i * (w + gap), y: phone ? y : 0, w };
      const bars = { x: box.x, y: box.y + 38, w };
      const after = bars.y + BAR * one.bars.length + 20;
      const words = after + (one.depth ? LINES + 26 : 0);
      g.part(`find ${i}`, [box], () =>
        [
          label(box.x, box.y + 14, one.title, { weight: 600, size: 13, fill: "ink" }),
          one.bars.length && label(box.x, box.y + 30, fit(one.unit, w, 12, false), { fill: "ink3" }),
          one.bars.length && drawHeads(g, one, bars),
          one.depth && drawDepth(g, one.depth, { x: box.x, y: after, w }),
        ].flat(9),
      );
      const end = paragraphs(g, `said ${i}`, { x: box.x, y: words, w }, [one.said], {
        size: 12.5,
        fill: "ink",
      });
      height = Math.max(height, end);
      y = end + 18;
    });
    g.height = height + 4;
  },

  describe(data) {
    return data.known
      ? data.finds.map((one) => `${one.title}: ${one.said}`).join(" ")
      : say("The three classic finds are not measured yet.");
  },

  state: (data) => ({ tokens: data.tokens, known: data.known, finds: data.finds }),
};

export default mount("interpretability_classic", classicView);
