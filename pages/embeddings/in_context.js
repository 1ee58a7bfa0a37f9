// A word in two sentences: how like the two occurrences are at each depth, a probe of its senses, and all analogies of the
// chosen table by section.

import { mount } from "../../app/kit/glass.js";
import { say, sayOf } from "../../app/kit/say.js";
import {
  chip,
  clamp,
  css,
  fit,
  h,
  inLines,
  label,
  measure,
  num,
  thousands,
  visible,
} from "../../app/kit/shapes.js";
import { isDesk } from "../../app/kit/widths.js";

/**
 * @import { Stage, View } from "../../app/kit/glass.js"
 * @import { Shapes } from "../../app/kit/shapes.js"
 *
 * What in_context.py sends. By depth: entering block 0, then after each block.
 * @typedef {object} Data
 * @property {string} model
 * @property {string} shape of the model: "decoder", "encoder" or "encoder-decoder"
 * @property {Pair} pair
 * @property {Probe} probe
 * @property {{name: string, sections: Section[], all: {covered: number, right: number, asked: number, share: number | null} | null}} scores
 *   of a table's analogies; all: null as long as nobody asked
 *
 * A word in two sentences. mine: which tokens of a sentence are the word; static: the cosine of its rows in the table; cosines:
 * of the two occurrences by depth; usual: of any two tokens; said: why there is nothing to compare.
 * @typedef {{word: string, sides: {text: string, tokens: string[], mine: number[]}[], static: number, cosines: number[], usual: number[], said: string}} Pair
 *
 * How many of the sentences held out a probe puts right, with a 95 % interval of the share.
 * @typedef {{right: number, of: number, share: number, low: number, high: number}} Accuracy
 *
 * A probe of a word's senses by depth. word: "" where it is of all words of a card; worded: on wordings never fitted on, the
 * table's first; best: the depth; said: why it could not be measured, and the rest is missing.
 * @typedef {{word: string, senses: string[], about: string, more: string, static: Accuracy, layers: Accuracy[], worded: Accuracy[], fitted: number, judged: number, best: number, said: string}} Probe
 * @typedef {{name: string, covered: number, right: number, asked: number}} Section
 *
 * @typedef {{x: number, y: number, w: number}} Line
 * @typedef {Line & {h: number}} Box
 * @typedef {{X: (i: number) => number, Y: (v: number) => number, step: number, left: number, right: number, top: number, bottom: number, axes: Shapes[]}} Depths
 *   a chart by depth: places, and its axes as they are drawn
 */

/** @param {number} i */
const depthName = (i) => (i ? say("after block {i}", { i: i - 1 }) : say("entering block 0"));

/** The tokens of both sentences, the word among them. @type {(g: Stage, data: Data, box: Line) => Shapes} */
function drawSides(g, data, box) {
  const { pair } = data;
  return pair.sides.map((side, k) => {
    const y = box.y + 30 * k;
    let x = box.x;
    /** @type {Shapes[]} */
    const out = [];
    for (const [i, token] of side.tokens.entries()) {
      const w = clamp(measure(visible(token), 12, true) + 10, 18, 120);
      if (x + w > box.x + box.w - 12) {
        out.push(label(x, y + 4, "…", { fill: "ink3" }));
        break;
      }
      const mine = side.mine.includes(i);
      out.push(chip(g, x, y, w, token, { height: 22, size: 12, selected: mine, faint: !mine }));
      x += w + 3;
    }
    return h("g", { "data-side": k }, out);
  });
}

/** A chart by depth: y from `low` to 1, ticks at 0, 0.5 and 1, the table's own value first. @type {(box: Box, count: number, low: number) => Depths} */
function depthChart(box, count, low) {
  const [left, right, top, bottom] = [box.x + 34, box.x + box.w - 6, box.y, box.y + box.h];
  const step = (right - left) / Math.max(1, count);
  const X = (/** @type {number} */ i) => left + step * (i + 0.5);
  const Y = (/** @type {number} */ v) => bottom - ((bottom - top) * (v - low)) / (1 - low);
  const ticks = [low, (low + 1) / 2, 1].map((v) => [
    h("path", { d: `M${left},${Y(v)}H${right}`, stroke: css("line") }),
    label(left - 6, Y(v) + 4, num(v, 1), { anchor: "end", mono: true, fill: "ink3" }),
  ]);
  const nameOf = (/** @type {number} */ i) =>
    i === 0 ? say("table") : i === 1 ? sayOf("depth", "in") : `${i - 2}`;
  const half = (/** @type {number} */ i) => measure(nameOf(i), 12, false) / 2 + 3;
  let ends = -Infinity; // of the name before; the last one always stands
  const names = Array.from({ length: count }, (_, i) => {
    const last = count - 1;
    if (X(i) - half(i) < ends || (i < last && X(i) + half(i) > X(last) - half(last))) return null;
    ends = X(i) + half(i);
    return label(X(i), bottom + 18, nameOf(i), { anchor: "middle", fill: "ink3", "data-depth": i });
  });
  return {
    X,
    Y,
    step,
    left,
    right,
    top,
    bottom,
    axes: [
      ...ticks.flat(),
      ...names,
      label(right, bottom + 34, say("after block …"), { anchor: "end", fill: "ink3" }),
    ],
  };
}

/** How like the two occurrences are, depth by depth, beside any two tokens. @type {(g: Stage, data: Data, box: Box) => Shapes} */
function drawPair(g, data, box) {
  const { pair } = data;
  /** @type {Shapes[]} */
  const out = [
    label(
      box.x,
      box.y + 14,
      say("{word} in both sentences: how alike", { word: fit(visible(pair.word), 90, 14, false) }),
      { size: 14, weight: 600, fill: "ink" },
    ),
  ];
  if (pair.said)
    return [
      ...out,
      inLines(pair.said, box.w, 13).map((line, i) =>
        label(box.x, box.y + 42 + 18 * i, line, { size: 13, fill: "neg" }),
      ),
    ];
  const low = Math.min(0, ...pair.cosines, ...pair.usual) < -0.02 ? -1 : 0;
  const c = depthChart(
    { x: box.x, y: box.y + 34, w: box.w - 92, h: box.h - 74 },
    pair.cosines.length + 1,
    low,
  );
  const line = (/** @type {number[]} */ values) =>
    values.map((v, i) => `${i ? "L" : "M"}${c.X(i + 1).toFixed(1)},${c.Y(v).toFixed(1)}`).join("");
  const last = pair.cosines.length;
  const [own, usual] = [pair.cosines[last - 1], pair.usual[last - 1]];
  const ends = [
    {
      text: `“${fit(visible(pair.word), 50, 12, false)}” ${num(own, 2)}`,
      y: c.Y(own),
      fill: "accent",
      weight: 700,
    },
    { text: say("any two {usual}", { usual: num(usual, 2) }), y: c.Y(usual), fill: "ink2" },
  ].sort((a, b) => a.y - b.y);
  if (ends[1].y - ends[0].y < 15) {
    const middle = (ends[0].y + ends[1].y) / 2;
    ends[0].y = middle - 8;
    ends[1].y = middle + 8;
  }
  out.push(
    label(box.x + box.w, box.y + 14, say("cosine"), { anchor: "end", fill: "ink3" }),
    c.axes,
    h("path", {
      d: line(pair.usual),
      fill: "none",
      stroke: css("res"),
      "stroke-width": 2,
      "stroke-dasharray": "5 3",
    }),
    h("path", { d: line(pair.cosines), fill: "none", stroke: css("accent"), "stroke-width": 2.5 }),
    h("circle", { cx: c.X(0), cy: c.Y(pair.static), r: 5, fill: css("accent") }),
    pair.cosines.map((v, i) => h("circle", { cx: c.X(i + 1), cy: c.Y(v), r: 4, fill: css("accent") })),
    ends.map((end) => label(c.X(last) + 10, end.y + 4, end.text, { fill: end.fill, weight: end.weight })),
    Array.from({ length: last + 1 }, (_, i) =>
      g.tip(
        h("rect", {
          x: c.X(i) - c.step / 2,
          y: c.top,
          width: c.step,
          height: c.bottom - c.top,
          fill: "transparent",
        }),
        i
          ? say("{depth}\ncosine of the two: {cosine}\nmean of any two tokens: {usual}", {
              depth: depthName(i - 1),
              cosine: num(pair.cosines[i - 1], 4),
              usual: num(pair.usual[i - 1], 4),
            })
          : say("rows of the table\ncosine: {cosine}", { cosine: num(pair.static, 4) }),
      ),
    ),
  );
  return out;
}

/** How many sentences a probe puts right at each depth. @type {(g: Stage, data: Data, box: Box) => Shapes} */
function drawProbe(g, data, box) {
  const { probe } = data;
  /** @type {Shapes[]} */
  const out = [
    label(
      box.x,
      box.y + 14,
      probe.word
        ? say("Can a probe tell its senses apart?")
        : say("Words with two senses: can a probe tell which?"),
      { size: 14, weight: 600, fill: "ink" },
    ),
  ];
  if (probe.said)
    return [
      ...out,
      inLines(probe.said, box.w, 13).map((line, i) =>
        label(box.x, box.y + 42 + 18 * i, line, { size: 13, fill: "neg" }),
      ),
    ];
  const all = [probe.static, ...probe.layers];
  const top = probe.more ? 80 : 62;
  const c = depthChart({ x: box.x, y: box.y + top, w: box.w, h: box.h - top - 40 }, all.length, 0);
  const wide = Math.min(30, c.step * 0.62);
  out.push(
    label(box.x, box.y + 34, fit(probe.about, box.w, 12, false), { fill: "ink3" }),
    probe.more && label(box.x, box.y + 52, fit(probe.more, box.w, 12, false), { fill: "ink3" }),
    c.axes,
    h("circle", {
      cx: c.left + 4,
      cy: c.bottom + 30,
      r: 4,
      fill: css("bg"),
      stroke: css("ink"),
      "stroke-width": 1.5,
    }),
    label(c.left + 14, c.bottom + 34, say("wordings new to the probe"), { fill: "ink3" }),
    h("path", { d: `M${c.left},${c.Y(0.5)}H${c.right}`, stroke: css("ink3"), "stroke-dasharray": "4 3" }),
  );
  all.forEach((one, i) => {
    const best = i === probe.best + 1;
    out.push(
      g.tip(
        h(
          "g",
          {},
          h("rect", {
            x: c.X(i) - wide / 2,
            y: c.Y(one.share),
            width: wide,
            height: c.bottom - c.Y(one.share),
            rx: 2,
            fill: css(i ? (best ? "accent" : "att") : "res"),
            opacity: best || !i ? 1 : 0.65,
          }),
          h("path", {
            d: `M${c.X(i)},${c.Y(one.low)}V${c.Y(one.high)}`,
            stroke: css("ink"),
            "stroke-width": 1.5,
          }),
          (all.length < 9 || best || !i) &&
            label(c.X(i), c.Y(one.high) - 4, `${num(100 * one.share, 0)}%`, {
              anchor: "middle",
              mono: true,
              weight: best ? 700 : null,
              fill: best ? "accent" : "ink2",
            }),
        ),
        say(
          "{depth}\n{right} of {of} right: {share} %\n95 % interval {low} to {high} %\nwordings new to the probe: {new_right} of {new_of}, {new_share} %",
          {
            depth: i ? depthName(i - 1) : say("its row of the table"),
            right: one.right,
            of: one.of,
            share: num(100 * one.share, 1),
            low: num(100 * one.low, 0),
            high: num(100 * one.high, 0),
            new_right: probe.worded[i].right,
            new_of: probe.worded[i].of,
            new_share: num(100 * probe.worded[i].share, 1),
          },
        ),
      ),
    );
    out.push(
      h("circle", {
        cx: c.X(i),
        cy: c.Y(probe.worded[i].share),
        r: 4,
        fill: css("bg"),
        stroke: css("ink"),
        "stroke-width": 1.5,
        "pointer-events": "none",
      }),
    );
  });
  return out;
}

/** How many analogies of each section come out right. @type {(g: Stage, data: Data, box: Box) => Shapes} */
function drawScores(g, data, box) {
  const { sections, name, all } = data.scores;
  /** @type {Shapes[]} */
  const out = [
    label(box.x, box.y + 14, fit(say("Analogies by section, {name}", { name }), box.w, 14, false), {
      size: 14,
      weight: 600,
      fill: "ink",
    }),
  ];
  if (!all)
    return [
      ...out,
      inLines(
        say(
          "Google’s list has 19,544 analogies in 14 sections: capitals, family, opposites, plurals. “Score all analogies” puts each whose four words the table has, and counts how often b − a + c ends nearest the fourth.",
        ),
        box.w,
        13,
      ).map((line, i) => label(box.x, box.y + 42 + 18 * i, line, { size: 13 })),
    ];
  out.push(
    label(
      box.x,
      box.y + 34,
      all.share === null
        ? say("none of them is covered by this table")
        : say("{share} % of {covered} right; {uncovered} not covered", {
            share: num(100 * all.share, 1),
            covered: thousands(all.covered),
            uncovered: thousands(all.asked - all.covered),
          }),
      { fill: "ink2" },
    ),
  );
  const pitch = Math.min(24, (box.h - 46) / Math.max(1, sections.length));
  const names = Math.min(190, box.w * 0.56);
  sections.forEach((one, i) => {
    const y = box.y + 44 + i * pitch;
    const share = one.covered ? one.right / one.covered : null;
    const room = box.w - names - 46;
    out.push(
      g.tip(
        h(
          "g",
          {},
          h("rect", { x: box.x, y, width: box.w, height: pitch, fill: "transparent" }),
          label(
            box.x,
            y + pitch / 2 + 4,
            fit(one.name.replace(/^gram\d+-/, "").replaceAll("-", " "), names - 8, 12, false),
            { fill: "ink2" },
          ),
          share !== null &&
            h("rect", {
              x: box.x + names,
              y: y + pitch / 2 - 4,
              width: Math.max(1, room * share),
              height: 8,
              rx: 2,
              fill: css("accent"),
              opacity: 0.8,
            }),
          label(
            box.x + box.w,
            y + pitch / 2 + 4,
            share === null ? sayOf("analogies", "none") : `${num(100 * share, 0)} %`,
            { anchor: "end", mono: true, fill: share === null ? "ink3" : "ink" },
          ),
        ),
        say("{name}\n{right} of {covered} right, {asked} on the list", {
          name: one.name,
          right: thousands(one.right),
          covered: thousands(one.covered),
          asked: thousands(one.asked),
        }),
      ),
    );
  });
  return out;
}

/** @type {View<Data>} */
const inContext = {
  draw(g, data) {
    const wide = isDesk(g.width);
    const w = g.width;
    const gap = 34;
    const each = wide ? (w - 2 * gap) / 3 : w;
    const tall = 330;
    const top = 76;
    const boxes = wide
      ? [0, 1, 2].map((k) => ({ x: k * (each + gap), y: top, w: each, h: tall }))
      : [0, 1, 2].map((k) => ({ x: 0, y: top + k * (tall + 30), w, h: tall }));
    g.height = wide ? top + tall + 8 : top + 3 * (tall + 30);
    g.part("sides", null, () => drawSides(g, data, { x: 0, y: 14, w }));
    g.part("pair", null, () => drawPair(g, data, boxes[0]));
    g.part("probe", null, () => drawProbe(g, data, boxes[1]));
    g.part("scores", null, () => drawScores(g, data, boxes[2]));
  },

  describe(data) {
    const { pair, probe, scores } = data;
    const first = pair.said
      ? pair.said
      : say(
          "{word} in two sentences, read by {model}: cosine {static} in the table, then {cosines} by depth; any two tokens {usual}.",
          {
            word: visible(pair.word),
            model: data.model,
            static: num(pair.static, 2),
            cosines: pair.cosines.map((v) => num(v, 2)).join(", "),
            usual: pair.usual.map((v) => num(v, 2)).join(", "),
          },
        );
    const second = probe.said
      ? ` ${probe.said}`
      : say(" A probe of senses, {about}: {static} % by the table, {best} % {depth}.", {
          about: probe.about,
          static: num(100 * probe.static.share, 0),
          best: num(100 * probe.layers[probe.best].share, 0),
          depth: depthName(probe.best),
        });
    return (
      first +
      second +
      (scores.all?.share != null
        ? say(" Analogies: {share} % of {covered} right.", {
            share: num(100 * scores.all.share, 1),
            covered: thousands(scores.all.covered),
          })
        : "")
    );
  },

  state(data) {
    const { pair, probe, scores } = data;
    return {
      model: data.model,
      word: pair.word,
      said: pair.said,
      mine: pair.sides.map((side) => side.mine),
      static: pair.static,
      cosines: pair.cosines,
      usual: pair.usual,
      probe: !probe.said
        ? {
            word: probe.word,
            static: probe.static.share,
            layers: probe.layers.map((one) => one.share),
            worded: probe.worded.map((one) => one.share),
            best: probe.best,
            judged: probe.judged,
          }
        : probe.said,
      scores: scores.all,
      sections: scores.sections,
    };
  },
};

export default mount("embeddings_in_context", inContext);
