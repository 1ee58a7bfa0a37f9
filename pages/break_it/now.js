// The upper half: the open model with one part taken out, on the learner's own text, measured now.

import { say } from "../../app/kit/say.js";
import { MONO, chip, css, fit, h, label, measure, num, tokenSpans, visible } from "../../app/kit/shapes.js";
import { WHOLE, WITHOUT, drawDepth, drawSaid, sized } from "./charts.js";
import { EVIDENCE, PHONE_ROWS, TOKEN_ROW, tokenRows } from "./layout.js";

/**
 * @import { Stage } from "../../app/kit/glass.js"
 * @import { Shapes } from "../../app/kit/shapes.js"
 * @import { DepthChart } from "./charts.js"
 * @import { BreakIt } from "./figure.js"
 * @import { Box, Layout, Said, Token } from "./layout.js"
 *
 * What Python sends of the open model.
 * @typedef {object} NowHere
 * @property {string} asked what the loss is of, in words
 * @property {Token[]} said tokens with a loss
 * @property {[whole: number | null, without: number | null]} loss of the text, in nats a token
 * @property {string[]} names of the blocks
 * @property {DepthChart[]} charts
 * @property {{label: string, after: string, tokens: Token[]}} next likeliest next tokens, with probabilities in place of losses
 *
 * @typedef {Said & NowHere} Now
 */

/** The text's tokens with the loss of each, whole and without the part, as bars below the chip. @type {(g: Stage, data: BreakIt, box: Layout["tokens"]) => Shapes} */
function drawTokens(g, data, box) {
  const { x, y, w, phone } = box;
  const { said } = data.now;
  const rows = tokenRows(said, phone ? w : w - 132, phone ? PHONE_ROWS : 1);
  const shown = rows.flat();
  const most = Math.max(
    1,
    ...shown
      .flatMap(([t]) => [t.whole, t.without])
      .filter((v) => v !== null)
      .filter(Number.isFinite),
  );
  const before = said.length - shown.length;
  const more =
    before <= 0
      ? ""
      : phone
        ? say("… {before} before these", { before })
        : say("in nats, … {before} before", { before });
  /** @type {SVGElement[]} */
  const out = [
    label(x, y + 14, phone ? say("Loss of each token, in nats") : say("Loss of each token"), {
      weight: 600,
      fill: "ink",
    }),
    phone
      ? label(x + w, y + 14, more, { anchor: "end", fill: "ink3" })
      : label(x, y + 30, more || say("in nats"), { fill: "ink3" }),
  ]; // the door to Loss stands below
  for (const [r, row] of rows.entries()) {
    let at = phone ? x : x + 132;
    const top = phone ? y + 24 + r * TOKEN_ROW : y;
    for (const [t, wide] of row) {
      /** @type {(value: number | null, dx: number, colour: string) => SVGRectElement} */
      const bar = (value, dx, colour) => {
        const full = value !== null && Number.isFinite(value);
        const tall = full ? Math.max(1, (26 * value) / most) : 26;
        return h("rect", {
          x: at + wide / 2 + dx,
          y: top + 56 - tall,
          width: 7,
          height: tall,
          fill: full ? css(colour) : "none",
          stroke: css(colour),
        });
      };
      const node = h(
        "g",
        {},
        chip(g, at, top + 11, wide, t.text, { height: 20, size: 12 }),
        bar(t.whole, -9, "res"),
        bar(t.without, 2, WITHOUT),
        h("rect", { x: at, y: top, width: wide, height: 58, fill: "transparent" }),
      );
      out.push(
        g.tip(
          node,
          `${visible(t.text)}  id ${t.id}\n${say("loss, whole {loss}", { loss: sized(t.whole) })}\n${data.words.second_now} ${sized(t.without)}`,
        ),
      );
      at += wide + 4;
    }
  }
  return out;
}

/** The likeliest next tokens of both, two bars each. @type {(g: Stage, data: BreakIt, box: Box) => Shapes} */
function drawNext(g, data, box) {
  const { x, y, w } = box;
  const next = data.now.next;
  const room = w - 74 - 48;
  /** @type {SVGElement[]} */
  const out = [
    label(x, y + 12, `${next.label} ${fit(visible(next.after), 70, 12, true)}`, { weight: 600, fill: "ink" }),
    label(x, y + 28, say("whole and {second}", { second: data.words.second_now }), { fill: "ink3" }),
  ];
  for (const [i, t] of next.tokens.entries()) {
    const top = y + 36 + i * 27;
    /** @type {(p: number | null, dy: number, colour: string) => SVGElement[]} */
    const bar = (p, dy, colour) => [
      h("rect", {
        x: x + 74,
        y: top + dy,
        width: Math.max(1, room * (p ?? 0)),
        height: 9,
        rx: 2,
        fill: css(colour),
      }),
      label(x + w, top + dy + 9, p === null ? "–" : num(p, 3), {
        anchor: "end",
        mono: true,
        fill: colour === WITHOUT ? "accent" : "ink2",
      }),
    ];
    const node = h(
      "g",
      {},
      h(
        "text",
        { x, y: top + 14, "font-family": MONO, "font-size": 13, fill: css("ink"), direction: "ltr" },
        tokenSpans(t.text, 70, 13),
      ),
      bar(t.whole, 0, "res"),
      bar(t.without, 11, WITHOUT),
    );
    out.push(
      g.tip(
        node,
        `${visible(t.text)}\n${say("whole {value}", { value: t.whole === null ? "–" : num(t.whole, 5) })}, ${data.words.second_now} ${t.without === null ? say("no number") : num(t.without, 5)}`,
      ),
    );
  }
  return out;
}

/** Tokens, likeliest next ones, charts, words. @type {(g: Stage, data: BreakIt, at: Layout, stage: number) => void} */
export function drawNow(g, data, at, stage) {
  const now = data.now;
  const title = fit(data.words.now, at.phone ? at.w : at.w - 200, 14, false);
  const aside = at.x + measure(title, 14, false) * 1.06 + 20;
  const about = say("loss: {asked}", { asked: now.asked });
  g.part("now head", [at], () => [
    label(at.x, at.head + 14, title, { size: 14, weight: 600, fill: "ink" }),
    !at.phone &&
      aside + measure(about, 12, false) < at.x + at.w - 200 &&
      label(aside, at.head + 14, about, { fill: "ink3" }),
    legend(
      data.words.second_now,
      at.phone ? at.x : at.x + at.w - 168 - measure(data.words.second_now, 12, false) + 44,
      at.phone ? at.head + 34 : at.head + 10,
    ),
  ]);
  g.part("tokens", [at.tokens], () => drawTokens(g, data, at.tokens));
  g.part("next", [at.next], () => drawNext(g, data, at.next));
  if (stage >= EVIDENCE)
    for (const [i, chart] of now.charts.entries())
      g.part(`now ${chart.key}`, [at.now[i]], () =>
        drawDepth(g, at.now[i], { ...chart, names: now.names, second: data.words.second_now }),
      );
  g.part("now says", [stage, at.says], () => drawSaid(at.says, stage, now));
}

/** Which line is which model's. @type {(second: string, left: number, y: number) => Shapes} */
function legend(second, left, y) {
  return [
    h("path", { d: `M${left},${y}h22`, stroke: css(WHOLE), "stroke-width": 2 }),
    h("circle", { cx: left + 11, cy: y, r: 3, fill: css(WHOLE) }),
    label(left + 28, y + 4, say("whole")),
    h("path", {
      d: `M${left + 80},${y}h26`,
      stroke: css(WITHOUT),
      "stroke-width": 2,
      "stroke-dasharray": "6 3",
    }),
    h("rect", { x: left + 90, y: y - 3, width: 6, height: 6, fill: css(WITHOUT) }),
    label(left + 112, y + 4, second, { fill: "accent" }),
  ];
}
