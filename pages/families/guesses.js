// How often a first guess is the word: a bar for each way of asking, with its interval; beside them what follows.

import { counted } from "../../app/kit/counts.js";
import { mount } from "../../app/kit/glass.js";
import { say } from "../../app/kit/say.js";
import { css, fit, h, inLines, label, measure, num } from "../../app/kit/shapes.js";
import { isDesk, isPhone } from "../../app/kit/widths.js";

/**
 * @import { Stage, View } from "../../app/kit/glass.js"
 * @import { Shapes } from "../../app/kit/shapes.js"
 */

/**
 * One way of asking (`cut`: the text ends at the word): how many first guesses are right, with a 95 % interval.
 * @typedef {{title: string, shape: string, model: string, way: string, cut: boolean, right: number, of: number, low: number,
 *   high: number}} Bar
 *
 * What guesses.py sends; `none`: why there are no bars.
 * @typedef {{bars: Bar[], none: string, reasons: {title: string, text: string}[]}} Data
 */

const ROW = 34;

/** @type {View<Data>} */
const guessesView = {
  draw(g, data) {
    const wide = isDesk(g.width);
    const w = wide ? Math.round(g.width * 0.46) : g.width;
    const left = data.bars.length ? 46 + data.bars.length * ROW + 22 : 40;
    g.part("bars", null, () => drawBars(g, data, w));
    const reasons = { x: wide ? w + 40 : 0, y: wide ? 0 : left + 8, w: wide ? g.width - w - 40 : g.width };
    const set = reasonLines(data, reasons.w);
    g.part("reasons", null, () => drawReasons(set, reasons));
    g.height = Math.max(left, reasons.y + set.height);
  },

  describe(data) {
    const said = data.bars
      .map((one) =>
        say("{title}, {model}, {way}: {right} of {of}", {
          title: one.title,
          model: one.model,
          way: one.way,
          right: one.right,
          of: one.of,
        }),
      )
      .join("; ");
    return `${say("How often the first guess is the word.")} ${said || data.none}. ${data.reasons.map((one) => `${one.title}: ${one.text}`).join(" ")}`;
  },

  state(data) {
    return { bars: data.bars, none: data.none, reasons: data.reasons };
  },
};

/** @param {Stage} g @param {Data} data @param {number} w */
function drawBars(g, data, w) {
  if (!data.bars.length) return inLines(data.none, w, 12).map((line, i) => label(0, 14 + 16 * i, line));
  const [x, end] = [isPhone(g.width) ? 150 : 216, w - 46];
  const at = (/** @type {number} */ share) => x + share * (end - x);
  /** @type {Shapes[]} */
  const out = [
    label(
      0,
      14,
      say("First guess right, of {words} of held-out stories", { words: counted(data.bars[0].of, "word") }),
      { weight: 600, fill: "ink" },
    ),
  ];
  const bottom = 34 + data.bars.length * ROW;
  for (const share of [0, 0.5, 1])
    out.push(
      h("line", { x1: at(share), x2: at(share), y1: 30, y2: bottom, stroke: css("line") }),
      label(at(share), bottom + 16, `${100 * share} %`, { anchor: "middle", fill: "ink3" }),
    );
  data.bars.forEach((one, i) => {
    const y = 34 + i * ROW + ROW / 2;
    const share = one.right / one.of;
    const node = h(
      "g",
      { "data-bar": i },
      label(0, y - 2, one.title, { weight: 600, fill: "ink" }),
      label(measure(one.title, 12, false) + 12, y - 2, one.model, { fill: "ink3" }),
      label(0, y + 13, fit(say("sees {way}", { way: one.way }), x - 8, 12, false), { fill: "ink2" }),
      h("rect", {
        x,
        y: y - 7,
        width: Math.max(1, at(share) - x),
        height: 14,
        rx: 2,
        fill: css(one.cut ? "accent" : "res"),
      }),
      h("line", { x1: at(one.low), x2: at(one.high), y1: y, y2: y, stroke: css("ink"), "stroke-width": 1.5 }),
      [one.low, one.high].map((v) =>
        h("line", { x1: at(v), x2: at(v), y1: y - 4, y2: y + 4, stroke: css("ink"), "stroke-width": 1.5 }),
      ),
      label(w, y + 4, `${Math.round(100 * share)} %`, { anchor: "end", mono: true, fill: "ink" }),
    );
    out.push(
      g.tip(
        node,
        say("{right} of {of}; 95 % interval {low} to {high} %", {
          right: one.right,
          of: one.of,
          low: num(100 * one.low, 0),
          high: num(100 * one.high, 0),
        }),
      ),
    );
  });
  return out;
}

/** The reasons set into lines, and the height that they take. @param {Data} data @param {number} w */
function reasonLines(data, w) {
  let y = 14;
  const lines = [];
  for (const one of data.reasons) {
    lines.push({ y, text: one.title, title: true });
    for (const text of inLines(one.text, w, 13)) {
      y += 19;
      lines.push({ y, text });
    }
    y += 30;
  }
  return { lines, height: y - 14 };
}
/** @param {ReturnType<typeof reasonLines>} set @param {{x: number, y: number}} given */
const drawReasons = (set, { x, y }) =>
  set.lines.map((one) =>
    label(x, y + one.y, one.text, {
      size: 13,
      weight: one.title ? 600 : null,
      fill: one.title ? "ink" : "ink2",
    }),
  );

export default mount("families_guesses", guessesView);
