// Summary, question, sentiment: the source as blocks or words, shaded by what the looked-at part of the answer reads.

import { say } from "../../app/kit/say.js";
import { MONO, css, fit, h, inLines, label, measure, num, visible } from "../../app/kit/shapes.js";
import { isPhone } from "../../app/kit/widths.js";
import { flow, partOf, plainly, readsOf, spoken } from "./layout.js";

/**
 * @import { Stage } from "../../app/kit/glass.js"
 * @import { Shapes } from "../../app/kit/shapes.js"
 * @import { Data, Kept } from "./figure.js"
 */

const LINE_H = 19;
const MANY = 8; // sentences; more of them are set as running text

/** @param {Stage} g @param {Data} data @param {Kept} local */
export function drawPassage(g, data, local) {
  const phone = isPhone(g.width);
  const sentences = data.use !== "sentiment";
  const right = phone ? 0 : Math.min(380, g.width * 0.36);
  const room = g.width - right - (phone ? 0 : 28);
  const part = partOf(data, local);
  const reads = readsOf(data, part);
  const sum = reads ? Array.from(reads).reduce((a, b) => a + b, 0) || 1 : 1;
  const shares = reads ? Array.from(reads, (v) => v / sum) : null;
  local.shares = shares;
  const most = shares ? Math.max(...shares, 1e-9) : 1;
  let y = 20;
  const heads = data.head ? inLines(plainly(data.head), room, 15) : [];
  g.part("question", null, () => [
    label(0, y, data.titles[0], { weight: 600, fill: "ink2" }),
    ...heads.map((text, i) => label(0, y + 26 + 20 * i, text, { size: 15, fill: "ink", weight: 600 })),
  ]);
  y += 14 + 20 * heads.length + (heads.length ? 12 : 0);
  const first = y;
  g.part("passage", [part, local.hover?.kind === "read" ? local.hover.at : -1], () => {
    y = first;
    const how = !sentences ? running : data.read.length > MANY ? flowing : blocks;
    const made = how(g, data, shares, most, y, room);
    local.deep = made.y;
    return made.out;
  });
  const deep = local.deep;
  const x = phone ? 0 : g.width - right;
  const top = phone ? deep + 30 : 20;
  g.part("answer", [spoken(data, local), part], () => {
    const made = answerOf(g, data, local, x, top, phone ? g.width : right, part);
    local.bottom = made.y;
    return made.out;
  });
  return phone ? { top: local.bottom } : { x, top: local.bottom, room: right, ends: deep + 8 };
}

/**
 * Sentences, each a block of lines with its share at the left.
 * @param {Stage} g @param {Data} data @param {number[] | null} shares @param {number} most @param {number} top
 * @param {number} room
 */
function blocks(g, data, shares, most, top, room) {
  /** @type {Shapes[]} */
  const out = [];
  let y = top;
  data.read.forEach((one, i) => {
    const lines = inLines(plainly(one.text), room - 64, 13);
    const tall = lines.length * LINE_H + 4;
    const truth = i === data.sentence;
    const share = shares?.[i] ?? 0;
    const node = h(
      "g",
      { "data-read": i },
      h("rect", {
        x: 46,
        y,
        width: room - 46,
        height: tall,
        rx: 4,
        fill: shares ? g.sequential(0.5 * share, most, "att") : css("bg"),
        stroke: truth ? css("ink") : "none",
        "stroke-width": truth ? 1.5 : 0,
        "stroke-dasharray": truth ? "5 3" : null,
        "data-truth": truth ? "" : null,
      }),
      label(38, y + 16, shares ? num(share, 2) : "", {
        anchor: "end",
        mono: true,
        fill: share === most ? "ink" : "ink3",
      }),
      lines.map((text, k) => label(54, y + 16 + k * LINE_H, text, { size: 13, fill: "ink" })),
    );
    const values = { number: i + 1, share: num(share, 3) };
    out.push(
      g.tip(
        node,
        truth
          ? say("Sentence {number}: {share} of what falls on the text. It tells the answer", values)
          : say("Sentence {number}: {share} of what falls on the text", values),
      ),
    );
    y += tall + 3;
  });
  return { out, y };
}
/**
 * Many sentences as one text, each on its own ground; the three that are read most with their shares.
 * @param {Stage} g @param {Data} data @param {number[] | null} shares @param {number} most @param {number} top
 * @param {number} room
 */
function flowing(g, data, shares, most, top, room) {
  const space = measure(" ", 13, false);
  const best = shares
    ? [...shares]
        .map((share, i) => [share, i])
        .sort((a, b) => b[0] - a[0])
        .slice(0, 3)
        .map(([, i]) => i)
    : [];
  /** @type {Shapes[]} */
  const out = [];
  let [x, y] = [0, top];
  data.read.forEach((one, i) => {
    const truth = i === data.sentence;
    const said =
      shares && best.includes(i) ? `${plainly(one.text)}\u00a0[${num(shares[i], 2)}]` : plainly(one.text);
    /** @type {{x: number, y: number, w: number, words: string[]}[]} */
    const runs = [];
    for (const word of said.split(" ").filter(Boolean)) {
      const w = measure(word, 13, false) * 1.02;
      if (x + w > room && x) {
        x = 0;
        y += LINE_H + 3;
      }
      const last = runs.at(-1);
      if (last && last.y === y) {
        last.words.push(word);
        last.w = x + w - last.x;
      } else runs.push({ x, y, w, words: [word] });
      x += w + space;
    }
    const node = h(
      "g",
      { "data-read": i },
      runs.map((run) => [
        h("rect", {
          x: run.x - 2,
          y: run.y,
          width: run.w + 5,
          height: LINE_H + 1,
          rx: 3,
          fill: shares ? g.sequential(0.5 * shares[i], most, "att") : css("bg"),
          stroke: truth ? css("ink") : "none",
          "stroke-dasharray": truth ? "5 3" : null,
          "data-truth": truth ? "" : null,
        }),
        h(
          "text",
          {
            x: run.x,
            y: run.y + 14.5,
            "font-size": 13,
            fill: css("ink"),
            textLength: run.words.length > 1 ? run.w : null,
            lengthAdjust: "spacing",
          },
          run.words.join(" "),
        ),
      ]),
    );
    out.push(
      g.tip(
        node,
        say("Sentence {number}: {share} of what falls on the text", {
          number: i + 1,
          share: num(shares?.[i] ?? 0, 3),
        }),
      ),
    );
    x += 4;
  });
  return { out, y: y + LINE_H + 6 };
}
/**
 * Words in running text.
 * @param {Stage} g @param {Data} data @param {number[] | null} shares @param {number} most @param {number} top
 * @param {number} room
 */
function running(g, data, shares, most, top, room) {
  const set = flow(data.read, room, { pitch: 30, gap: 3, pad: 10 });
  const out = set.places.map(({ i, x, y, w }) => {
    const one = data.read[i];
    const share = shares?.[i] ?? 0;
    const node = h(
      "g",
      { "data-read": i },
      h("rect", {
        x,
        y: top + y,
        width: w,
        height: 24,
        rx: 4,
        fill: shares ? g.sequential(0.55 * share, most, "att") : css("bg"),
        stroke: css(one.strange ? "pos" : "line"),
      }),
      h(
        "text",
        {
          x: x + w / 2,
          y: top + y + 16,
          "text-anchor": "middle",
          "font-family": MONO,
          "font-size": 13,
          fill: css("ink"),
        },
        fit(visible(one.text), w - 4, 13, true),
      ),
    );
    return g.tip(
      node,
      say("{text}: {share} of what falls on the review", { text: one.text, share: num(share, 3) }),
    );
  });
  return { out, y: top + set.height };
}

/**
 * The answer's parts, both labels of a sentiment, and whose attention it is.
 * @param {Stage} g @param {Data} data @param {Kept} local @param {number} x @param {number} top @param {number} room
 * @param {number} part
 */
function answerOf(g, data, local, x, top, room, part) {
  const count = spoken(data, local);
  /** @type {Shapes[]} */
  const out = [label(x, top, fit(data.titles[1], room, 12, false), { weight: 600, fill: "ink2" })];
  let y = top + 14;
  data.written.slice(0, count).forEach((one, j) => {
    const lines = inLines(plainly(one.text), room - 84, 14);
    const tall = lines.length * LINE_H + 6;
    const node = h(
      "g",
      { class: "gb-hot", "data-written": j },
      h("rect", {
        x,
        y,
        width: room - 2,
        height: tall,
        rx: 4,
        fill: css("bg"),
        stroke: css(j === part ? "accent" : "line"),
        "stroke-width": j === part ? 1.5 : 1,
      }),
      lines.map((text, k) =>
        label(x + 8, y + 17 + k * LINE_H, text, { size: 14, fill: "ink", weight: j === part ? 600 : null }),
      ),
      one.p !== null &&
        label(x + room - 10, y + 17, `p ${num(one.p, 2)}`, { anchor: "end", mono: true, fill: "ink3" }),
    );
    out.push(
      g.tip(
        node,
        one.p === null
          ? one.text
          : say("{text}  p {p}, the product over its tokens", { text: one.text, p: num(one.p, 3) }),
      ),
    );
    y += tall + 4;
  });
  if (data.labels.length) {
    y += 10;
    const wide = Math.max(...data.labels.map((one) => measure(one.label, 12, true))) + 10;
    for (const one of data.labels) {
      out.push(
        label(x, y + 12, one.label, { mono: true, fill: "ink" }),
        h("rect", {
          x: x + wide,
          y: y + 2,
          width: Math.max(1, (room - wide - 52) * one.p),
          height: 13,
          fill: css("res"),
          "data-label": one.label,
        }),
        label(x + room - 4, y + 12, num(one.p, 3), { anchor: "end", mono: true, fill: "ink2" }),
      );
      y += 22;
    }
  }
  inLines(say("Shaded: what the framed part reads, {rule}.", { rule: data.ruled }), room).forEach((text) => {
    y += 16;
    out.push(label(x, y, text, { fill: "ink3" }));
  });
  return { out, y: y + 8 };
}
