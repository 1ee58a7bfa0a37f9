// The tree: edges as wide as their probability, chips, and at every end the sum and who got there.

import { say } from "../../app/kit/say.js";
import {
  MONO,
  clamp,
  css,
  fit,
  h,
  label,
  measure,
  num,
  thousands,
  sizeIn,
  tokenSpans,
  visible,
  wire,
} from "../../app/kit/shapes.js";
import { hoverNode, press } from "./input.js";
import { endOf, nameOf, odds, pathOf, shownTo } from "./paths.js";

/**
 * @import { Stage } from "../../app/kit/glass.js"
 * @import { Point, Shapes } from "../../app/kit/shapes.js"
 * @import { Data, Kept, Path } from "./figure.js"
 * @import { Layout } from "./layout.js"
 */

/**
 * A probability on the tree: two digits, no zero before the point (the columns at the right have more).
 * @param {number} p
 */
const chance = (p) => (p >= 0.995 ? "1.0" : p >= 0.005 ? num(p, 2).slice(1) : p > 0 ? "≈0" : "0");
/**
 * A text's signs, none of them torn: what stands for a single byte ("\\xbd") or character code is one sign.
 * @param {string} text
 */
const signs = (text) => text.match(/\\x[0-9a-f]{2}|\\u[0-9a-f]{4}|./gsu) ?? [];
/** The longest end of `text` that fits, of whole words where one fits. @param {string} text @param {number} room */
export function fitEnd(text, room) {
  const left = signs(text);
  if (measure(text, 12, false) <= room) return text;
  let torn = false;
  while (left.length > 1 && measure(`…${left.join("")}`, 12, false) > room)
    torn = !/\s/.test(left.shift() ?? "");
  const end = left.join("");
  const whole = torn ? end.replace(/^\S+\s+(?=\S)/, "") : end;
  return `…${whole.trimStart()}`;
}

/** @param {Layout} at @param {Data} data @param {number} i @returns {Point[]} */
function edgePoints(at, data, i) {
  const p = data.nodes.parent[i];
  const d = data.nodes.depth[i];
  const x0 = at.x[d - 1] + at.w[d - 1];
  const [y0, y1] = [at.y(p), at.y(i)];
  return Math.abs(y1 - y0) < 1
    ? [
        [x0, y0],
        [at.x[d], y1],
      ]
    : [
        [x0, y0],
        [x0 + 3, y0],
        [x0 + 3, y1],
        [at.x[d], y1],
      ];
}

/** @param {Data} data @param {Kept} local @param {Layout} at */
export function drawEdges(data, local, at) {
  const { p, on, parent } = data.nodes;
  /** @type {Record<"pale" | "kept" | "best" | "over", Shapes[]>} */
  const layers = { pale: [], kept: [], best: [], over: [] };
  const best = new Set(pathOf(data, data.best)?.nodes ?? []);
  for (let i = 1; i < parent.length; i++) {
    if (!at.drawn(i) || !shownTo(data, local, i)) continue;
    const d = wire(edgePoints(at, data, i), 4);
    const names = on[i];
    const pale = !names.length;
    const width = clamp(10 * p[i], pale ? 0.8 : 1.2, 10);
    layers[pale ? "pale" : best.has(i) ? "best" : "kept"].push(
      h("path", {
        d,
        fill: "none",
        "stroke-width": pale ? Math.min(width, 3) : width,
        stroke: css(best.has(i) ? "accent" : pale ? "line" : "res"),
        "stroke-linejoin": "round",
      }),
    );
    const over = (/** @type {string} */ dash, /** @type {number} */ offset) =>
      layers.over.push(
        h("path", {
          d,
          fill: "none",
          stroke: css(best.has(i) ? "accent-on" : "ink"),
          "stroke-width": best.has(i) ? Math.min(2.4, Math.max(1.2, width * 0.55)) : 2.2,
          "stroke-dasharray": dash,
          "stroke-dashoffset": offset,
          "stroke-linecap": dash.startsWith("0") ? "round" : "butt",
        }),
      );
    const [greedy, sample] = [names.includes("greedy"), names.includes("sample")];
    if (greedy) over("8 6", 0);
    if (sample) over(greedy ? "0 14" : "0 5", greedy ? 3 : 0);
    if (names.some((name) => name.startsWith("forced")))
      layers.over.push(
        h("path", {
          d,
          fill: "none",
          stroke: css("accent"),
          "stroke-width": 1.5,
          transform: `translate(0,${width / 2 + 2})`,
          opacity: 0.9,
        }),
      );
  }
  return [layers.pale, layers.kept, layers.best, layers.over];
}

/** @param {Data} data @param {Kept} local @param {Layout} at */
export function drawChances(data, local, at) {
  const { p, on, parent, depth } = data.nodes;
  return parent.map((_, i) => {
    if (!i || !at.drawn(i) || !shownTo(data, local, i)) return null;
    return label(at.x[depth[i]] - 6, at.y(i) - Math.max(6, clamp(5 * p[i], 0.6, 5) + 3), chance(p[i]), {
      mono: true,
      anchor: "end",
      fill: on[i].length ? "ink2" : "ink3",
    });
  });
}

/** @param {Stage} g @param {Data} data @param {Kept} local @param {Layout} at */
export function drawChips(g, data, local, at) {
  const { text, on, depth, parent, running } = data.nodes;
  const best = new Set(pathOf(data, data.best)?.nodes ?? []);
  return parent.map((_, i) => {
    if (!at.drawn(i) || !shownTo(data, local, i)) return null;
    const [x, y, w] = [at.x[depth[i]], at.y(i), at.w[depth[i]]];
    const high = Math.min(26, at.pitch - 3);
    const filled = best.has(i);
    const alive = running[i] && depth[i] === local.step && local.step < at.depth; // a beam as yet
    const pale = i > 0 && !on[i].length && !alive;
    const size = i ? sizeIn(text[i], w - 3, at.size) : at.size;
    const node = h(
      "g",
      {
        class: "gb-chip gb-hot",
        "data-node": i,
        onclick: () => press(g, i),
        onpointerenter: () => hoverNode(g, i),
        onpointerleave: () => hoverNode(g, null),
      },
      h("rect", {
        x,
        y: y - high / 2,
        width: w,
        height: high,
        rx: 4,
        fill: css(i === 0 ? "field" : filled ? "accent" : "bg"),
        stroke: css(filled ? "accent" : pale ? "ink3" : i ? "ink3" : "field"),
        "stroke-dasharray": pale ? "3 3" : null,
        "stroke-opacity": pale ? 0.6 : null,
      }),
      h(
        "text",
        {
          x: x + w / 2,
          y: y + 4.6,
          "text-anchor": "middle",
          "font-family": MONO,
          "font-size": size,
          direction: "ltr",
          "font-weight": filled ? 700 : on[i].length ? 600 : null,
          fill: css(filled ? "accent-on" : pale ? "ink3" : "ink"),
        },
        tokenSpans(i ? text[i] : data.prompt.chip, w - 3, size),
      ),
    );
    return g.tip(node, () => tipOf(local.data, i, g.can.recompute ? say("; click to force it") : ""));
  });
}
/** Around the node whose distribution is shown. @param {Data} data @param {Layout} at @param {number} i */
export function drawRing(data, at, i) {
  const high = Math.min(26, at.pitch - 3) + 6;
  return h("rect", {
    x: at.x[data.nodes.depth[i]] - 3,
    y: at.y(i) - high / 2,
    width: at.w[data.nodes.depth[i]] + 6,
    height: high,
    rx: 7,
    fill: "none",
    stroke: css("accent"),
    "stroke-width": 2,
    "pointer-events": "none",
  });
}
/** @param {Data} data @param {number} i @param {string} act what a click does */
function tipOf(data, i, act) {
  if (!i) {
    const what = data.source
      ? say("where the decoder begins")
      : data.slots.length
        ? say("what stands before blank 1; the model also reads what stands after it")
        : say("the prompt");
    return `${visible(data.prompt.long)}\n${what}${data.prompt.long.includes("\\x") ? say("; \\x and two signs: one byte of a character that is cut in two") : ""}`;
  }
  const n = data.nodes;
  const names = n.on[i].map((name) => nameOf(data, name)).join(", ");
  const who =
    names ||
    (n.running[i]
      ? say("the beam search kept it at this step and dropped it later")
      : say("nobody took it")) + act;
  return say("{text}  id {id}\np {p}   text so far {odds}\nsum of log p {sum}\n{who}", {
    text: visible(n.text[i]),
    id: n.id[i],
    p: num(n.p[i], 5),
    odds: odds(Math.exp(n.sum[i])),
    sum: num(n.sum[i], 3),
    who,
  });
}

/**
 * At the end of every path: the sum, the score and the names; at pale ends the sum alone.
 * last: those of the last step, which stand beside the window of the tree; else all others.
 * @param {Data} data @param {Kept} local @param {Layout} at @param {boolean} last
 */
export function drawEnds(data, local, at, last) {
  const { on, depth, parent, sum, running } = data.nodes;
  /** @type {Map<number | undefined, Path[]>} */
  const ends = new Map();
  for (const path of data.paths) {
    const seen = path.nodes.filter((i) => shownTo(data, local, i));
    if (seen.length) ends.set(seen.at(-1), [...(ends.get(seen.at(-1)) ?? []), path]);
  }
  return parent.map((_, i) => {
    if (!i || !at.drawn(i) || !shownTo(data, local, i) || (depth[i] === at.depth) !== last) return null;
    const paths = ends.get(i);
    const x = last ? at.ends : at.x[depth[i]] + at.w[depth[i]] + 12;
    const y = at.y(i);
    if (!paths) {
      const alone = !on[i].length && !at.kids[i].some((k) => at.drawn(k) && shownTo(data, local, k));
      if (!alone) return null;
      const alive = running[i] && depth[i] === local.step && local.step < at.depth;
      const word = alive ? say("a beam") : running[i] ? say("dropped") : "";
      const left = Math.max(46, measure(num(sum[i], 2), 12, true) + 8);
      const under = !last && x + left + measure(word, 12, false) > at.total; // beyond the last step the window ends
      const fill = alive ? "ink" : "ink3";
      return [
        label(x, y + (under && word ? -2 : 4), num(sum[i], 2), { mono: true, fill }),
        label(under ? x : x + left, y + (under ? 11 : 4), word, { fill }),
      ];
    }
    const colour = paths.some((path) => path.name === data.best) ? "accent" : "ink";
    const end = endOf(data, i, paths, local.step < data.depth);
    const up = at.pitch < 34 ? -2 : 0;
    return [
      label(x, y + up, end.total, { mono: true, size: 13, weight: 600, fill: colour }),
      label(x + end.left, y + up, end.name, { weight: 600, fill: colour }),
      label(x, y + up + (up ? 13 : 15), end.score, { fill: "ink3" }),
    ];
  });
}

/** The names of the steps: they move with the tree. @param {Data} data @param {Kept} local @param {Layout} at */
export function drawHeads(data, local, at) {
  const centre = (/** @type {number} */ d) => at.x[d] + at.w[d] / 2;
  /** @type {Shapes[]} */
  const out = [label(at.x[0], 14, data.root, { weight: 600, fill: "ink" })];
  for (let d = 1; d <= at.depth; d++) {
    const now = d === local.step && local.step < at.depth;
    out.push(
      label(centre(d), 14, data.heads[d - 1], {
        anchor: "middle",
        weight: 600,
        fill: d > local.step ? "ink3" : now ? "accent" : "ink",
      }),
    );
  }
  return out;
}
/**
 * Over the sums: what they are, and what the score under each is.
 * @param {Stage} g @param {Data} data @param {Layout} at
 */
export function drawSumHead(g, data, at) {
  const power = `${at.depth}^${String(Number(data.penalty.toFixed(2))).replace("-", "−")}`;
  return g.tip(
    h(
      "g",
      {},
      label(at.ends, 14, say("Sum of log p"), { weight: 600, fill: "ink" }),
      label(at.ends, 30, say("score: ÷ {power}", { power }), { fill: "ink3" }),
    ),
    say(
      "The logarithms of a text’s step probabilities, added: 0 would be certain.\nScore: that sum divided by the length to the power of the length penalty, {power} = {depth} at full length. A beam search ranks by it.",
      { power, depth: num(at.depth ** data.penalty, 2) },
    ),
  );
}
/**
 * What the drawing means, and how many of the dropped texts have no row.
 * @param {Data} data @param {Kept} local @param {Layout} at
 */
export function drawNote(data, local, at) {
  const left = at.hidden.filter((i) => data.nodes.depth[i] < local.step || local.step === at.depth).length;
  const dropped = left
    ? at.wide
      ? say(", {left} more of them not drawn", { left: thousands(left) })
      : say(" ({left} more)", { left: thousands(left) })
    : "";
  const swipe = !at.wide && at.mostX ? say("Swipe for more steps. ") : "";
  const texts = !at.wide
    ? [swipe + say("Dropped: a beam gave it up{more}", { more: dropped })]
    : [
        say("thick: likely · dashed: no path takes it · dropped: a beam gave it up{more}", { more: dropped }),
        say("dashed: no path takes it · dropped: a beam gave it up{more}", { more: dropped }),
        say("dropped: a beam gave it up{more}", { more: dropped }),
      ];
  const places = !at.wide
    ? [[0, at.room]]
    : [
        [66, at.ends - 12],
        [at.ends + at.labels, at.room],
      ]; // before the sums, or beyond
  const [x, end] = places.sort(([a, b], [c, d]) => d - c - (b - a))[0];
  const text = texts.find((each) => measure(each, 12, false) <= end - x) ?? texts[texts.length - 1];
  return label(x, 32, fit(text, end - x, 12, false), { fill: "ink3" });
}
