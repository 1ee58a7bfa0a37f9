// Story, dialogue, code: what was given and what was written behind it, part by part.

import { say } from "../../app/kit/say.js";
import { MONO, css, h, inLines, label, measure, num } from "../../app/kit/shapes.js";
import { monoLines, partOf, plainly, spoken } from "./layout.js";

/**
 * @import { Stage } from "../../app/kit/glass.js"
 * @import { Shapes } from "../../app/kit/shapes.js"
 * @import { Data, Kept } from "./figure.js"
 */

/** @param {Stage} g @param {Data} data @param {Kept} local */
export function drawLines(g, data, local) {
  return data.use === "code" ? drawCode(g, data, local) : drawProse(g, data, local);
}

/** @param {Stage} g @param {Data} data @param {Kept} local */
function drawProse(g, data, local) {
  const room = Math.min(g.width, 760);
  const count = spoken(data, local);
  const part = partOf(data, local);
  const given = inLines(plainly(data.source), room, 15);
  const top = 20;
  g.part("given", null, () => [
    label(0, top, data.titles[0], { weight: 600, fill: "ink2" }),
    ...given.map((text, i) => label(0, top + 26 + 22 * i, text, { size: 15, fill: "ink" })),
  ]);
  let y = top + 26 + 22 * given.length + 18;
  const start = y;
  g.part("prose", [count, part], () => {
    y = start;
    /** @type {Shapes[]} */
    const out = [label(0, y, data.titles[1], { weight: 600, fill: "ink2" })];
    y += 14;
    data.written.slice(0, count).forEach((one, j) => {
      const lines = inLines(plainly(one.text), room - 80, 15);
      const tall = lines.length * 22 + 4;
      const named = data.marks
        .filter((mark) => mark.part === j)
        .map((mark) => ({ ...mark, text: one.text.slice(mark.first, mark.end) }));
      const node = h(
        "g",
        { class: "gb-hot", "data-written": j },
        h("rect", { x: 0, y, width: room, height: tall, rx: 4, fill: css(j === part ? "wash" : "bg") }),
        lines.map((text, k) => marked(text, 8, y + 18 + 22 * k, named)),
        one.p !== null &&
          label(room - 8, y + 18, `p ${one.p < 0.001 ? "<0.001" : num(one.p, 3)}`, {
            anchor: "end",
            mono: true,
            fill: "ink3",
          }),
      );
      out.push(
        one.p === null
          ? node
          : g.tip(
              node,
              say("The product of the probabilities of its tokens: {p}", { p: one.p.toExponential(2) }),
            ),
      );
      y += tall + 2;
    });
    local.bottom = y;
    return out;
  });
  return { top: local.bottom + 8 };
}
/**
 * A line of text with names set off: the hero's in the accent, others' underlined.
 * @param {string} text @param {number} x @param {number} y @param {{text: string, hero: boolean}[]} named
 */
function marked(text, x, y, named) {
  const names = [...new Map(named.map((one) => [one.text, one.hero]))];
  const spans = [];
  let rest = text;
  while (rest) {
    const next = names
      .map(([name, hero]) => ({
        name,
        hero,
        at: rest.search(
          new RegExp(`(?<![\\p{L}])${name.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")}(?![\\p{L}])`, "u"),
        ),
      }))
      .filter((one) => one.at >= 0)
      .sort((a, b) => a.at - b.at)[0];
    if (!next) {
      spans.push(rest);
      break;
    }
    if (next.at) spans.push(rest.slice(0, next.at));
    spans.push(
      h(
        "tspan",
        {
          fill: css(next.hero ? "accent" : "ink"),
          "font-weight": next.hero ? 700 : 500,
          "text-decoration": next.hero ? null : "underline",
          "data-name": next.name,
        },
        next.name,
      ),
    );
    rest = rest.slice(next.at + next.name.length);
  }
  return h("text", { x, y, "font-size": 15, fill: css("ink"), style: "white-space:pre" }, spans);
}

/** @param {Stage} g @param {Data} data @param {Kept} local */
function drawCode(g, data, local) {
  const count = spoken(data, local);
  const part = partOf(data, local);
  const given = data.source.split("\n").length;
  g.part("code", [count, part], () => {
    /** @type {Shapes[]} */
    const out = [
      label(0, 20, data.titles[1], { weight: 600, fill: "ink2" }),
      label(measure(data.titles[1], 12, false) + 24, 20, say("grey lines were given"), { fill: "ink3" }),
    ];
    let y = 34;
    data.written.slice(0, count).forEach((one, j) => {
      const lines = monoLines(plainly(one.text), g.width - 52, 13);
      const wrong = data.wrong.includes(j + 1);
      const tall = lines.length * 20;
      out.push(
        h(
          "g",
          { class: "gb-hot", "data-written": j },
          h("rect", { x: 0, y, width: g.width, height: tall, fill: css(j === part ? "wash" : "bg") }),
          label(30, y + 14, String(j + 1), {
            anchor: "end",
            mono: true,
            fill: wrong ? "accent" : "ink3",
            weight: wrong ? 700 : null,
          }),
          lines.map((line, k) =>
            h(
              "text",
              {
                x: 44,
                y: y + 14 + 20 * k,
                "font-family": MONO,
                "font-size": 13,
                fill: css(j < given ? "ink3" : "ink"),
                "text-decoration": wrong ? "underline" : null,
                style: "white-space:pre",
              },
              line.text,
            ),
          ),
        ),
      );
      y += tall;
    });
    local.bottom = y;
    return out;
  });
  return { top: local.bottom + 8 };
}
