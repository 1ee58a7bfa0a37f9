// First in the whole picture: the same tokens in another order, each beside itself, read with positions, without, and without the mask too.

import { pieces, say } from "../../app/kit/say.js";
import {
  MONO,
  chip,
  css,
  fit,
  h,
  html,
  inLines,
  label,
  measure,
  num,
  tokenSpans,
  tokenTip,
  visible,
} from "../../app/kit/shapes.js";

/**
 * @import { Stage } from "../../app/kit/glass.js"
 * @import { Data, Order } from "./figure.js"
 * @import { Layout } from "./layout.js"
 */

export const CALLED = {
  "as it is": say("as the model is"),
  "without positions": say("without positions"),
  "without positions or mask": say("without positions and mask"),
};
/** @param {number} p */
export const percent = (p) =>
  p > 0 && p < 0.0005 ? p.toExponential(0).replace("e-", "e−") : num(p, p < 0.1 ? 4 : 3);

/** @param {Stage} g @param {Data} data @param {Layout} at */
export function drawOrder(g, data, at) {
  const o = data.order;
  const n = o.tokens.length;
  const box = at.order;
  const title = say("The same words in another order");
  const about =
    o.ways.length > 2
      ? `${say("Cells: how much each token’s final vector changes.")} ${say("A causal mask alone still tells what came before.")}`
      : say("Cells: how much each token’s final vector changes.");
  g.part("order head", [box], () => [
    h("path", { d: `M${box.x},${at.top || box.y}h${box.w}`, stroke: css("line") }),
    label(box.x, box.y + 20, title, { size: 14, weight: 600, fill: "ink" }),
    !at.phone &&
      o.shuffles &&
      label(box.x + Math.max(250, measure(title, 14, false) + 16), box.y + 20, about, { fill: "ink3" }),
  ]);
  if (o.shuffles) {
    if (g.can.recompute)
      g.overlay("another", { left: box.x + box.w - 106, top: box.y + 5 }, () =>
        html(
          "button",
          {
            type: "button",
            class: "gb-button gb-small",
            "data-act": "another",
            onclick: () => g.send("another", { at: Date.now() }),
          },
          say("Another order"),
        ),
      );
  } else {
    g.part("order", [box], () =>
      inLines(say("There is only one order of so few tokens. Write a few words more."), box.w, 14).map(
        (line, i) => label(box.x, box.y + 48 + 20 * i, line, { size: 14, fill: "ink" }),
      ),
    );
    return;
  }
  if (at.phone) drawOrderTall(g, data, at);
  else drawOrderWide(g, data, at, n);
}

/** @param {Stage} g @param {Data} data @param {Layout} at @param {number} n */
function drawOrderWide(g, data, at, n) {
  const o = data.order;
  const box = at.order;
  const left = box.x + 172;
  const right = box.x + box.w - 244;
  const step = Math.min(72, (right - left) / n);
  const X = (/** @type {number} */ i) => left + i * step;
  const upright = step < 40; // narrow chips hold their words turned upright
  const half = upright ? 22 : 10;
  const [one, two] = upright ? [box.y + 56, box.y + 120] : [box.y + 44, box.y + 90];
  const [first, pitch] = upright ? [two + 36, 18] : [two + 24, 22];
  const word = (
    /** @type {number} */ i,
    /** @type {number} */ y,
    /** @type {Order["tokens"][number]} */ token,
    colour = "",
  ) =>
    (upright ? standing : chip)(g, X(i) + 1, y, step - 3, token.text, {
      height: 2 * half,
      size: upright ? 10 : step < 44 ? 11 : 12,
      id: token.id,
      colour: colour || undefined,
    });
  const most = Math.max(1e-9, ...o.ways.flatMap((way) => way.change));
  g.part("order", [box], () => [
    label(box.x, one + 4, say("your text")),
    label(box.x, two + 4, say("shuffled")),
    o.tokens.map((token, i) => word(i, one, token)),
    o.order.map((from, to) =>
      h("path", {
        d: `M${X(from) + step / 2},${one + half + 1}C${X(from) + step / 2},${one + half + 14} ${X(to) + step / 2},${two - half - 14} ${X(to) + step / 2},${two - half - 1}`,
        fill: "none",
        stroke: css(from === to ? "line" : "ink3"),
        "stroke-width": from === to ? 1 : 1.5,
      }),
    ),
    o.order.map((from, to) => word(to, two, o.tokens[from], from === to ? "" : "accent")),
    o.token &&
      h(
        "text",
        { x: right + 22, y: one + 4, "font-size": 12, fill: css("ink2") },
        pieces(o.asked === "next" ? say("p of {token} next") : say("p of {token} in its place"), {
          token: h(
            "tspan",
            { "font-family": MONO, "font-weight": 600, fill: css("ink") },
            fit(visible(o.token.text), 90, 12),
          ),
        }),
      ),
    o.token && [
      label(right + 22, two + 4, say("in order"), { fill: "ink3" }),
      label(right + 138, two + 4, say("shuffled"), { fill: "ink3" }),
    ],
    o.ways.map((way, k) => {
      const y = first + pitch * k;
      return h(
        "g",
        {},
        label(box.x, y + 4, CALLED[way.way], { weight: 600, fill: way.same ? "accent" : "ink" }),
        o.order.map((from, to) => {
          const change = way.change[from];
          const cell = h(
            "g",
            { "data-change": `${k}.${from}` },
            h("rect", {
              x: X(to) + 1,
              y: y - pitch / 2 + 2,
              width: step - 3,
              height: pitch - 4,
              rx: 3,
              fill: g.sequential(way.same ? 0 : 0.75 * change, most, "att"),
              stroke: css("line"),
            }),
            step > 33 &&
              label(X(to) + step / 2, y + 4, way.same ? "0" : num(change, 2), {
                anchor: "middle",
                mono: true,
                size: 11,
                fill: "ink",
              }),
          );
          return g.tip(
            cell,
            say("{token}: its final vector changes by {change} of the usual length", {
              token: visible(o.tokens[from].text),
              change: num(change, 5),
            }),
          );
        }),
        way.pair && drawPair(g, way.pair, way.same, right + 22, y),
      );
    }),
  ]);
}
/**
 * A chip whose word is turned upright.
 * @param {Stage} g @param {number} x @param {number} y @param {number} w @param {string} token
 * @param {{height: number, size: number, id?: number, colour?: string}} given
 */
function standing(g, x, y, w, token, { height, size, id, colour }) {
  const node = h(
    "g",
    { class: "gb-chip" },
    h("rect", {
      x,
      y: y - height / 2,
      width: w,
      height,
      rx: 4,
      fill: css("bg"),
      stroke: css(colour ?? "line"),
      "stroke-width": colour ? 1.5 : 1,
    }),
    h(
      "text",
      {
        transform: `translate(${x + w / 2 + size * 0.36},${y}) rotate(-90)`,
        "text-anchor": "middle",
        "font-family": MONO,
        "font-size": size,
        fill: css("ink"),
        direction: "ltr",
      },
      tokenSpans(token, height - 6, size),
    ),
  );
  return g.tip(node, tokenTip(token, id));
}
/**
 * A probability before and after, as two bars.
 * @param {Stage} g @param {[before: number, after: number]} pair @param {boolean} same @param {number} x
 * @param {number} y
 */
function drawPair(g, pair, same, x, y) {
  const bar = (/** @type {number} */ p, /** @type {number} */ left, /** @type {string} */ fill) => [
    h("rect", { x: left, y: y - 6, width: 56, height: 12, rx: 2, fill: css("field") }),
    h("rect", { x: left, y: y - 6, width: 56 * p, height: 12, rx: 2, fill: css(fill) }),
    label(left + 62, y + 4, percent(p), { mono: true, fill: "ink" }),
  ];
  const node = h("g", {}, bar(pair[0], x, "res"), bar(pair[1], x + 116, same ? "res" : "accent"));
  return g.tip(
    node,
    say("in order {before}, shuffled {after}", { before: num(pair[0], 6), after: num(pair[1], 6) }),
  );
}
/** The same as rows, on a narrow screen. @param {Stage} g @param {Data} data @param {Layout} at */
function drawOrderTall(g, data, at) {
  const o = data.order;
  const box = at.order;
  const n = o.tokens.length;
  const wide = (box.w - 8) / (2 + o.ways.length);
  const most = Math.max(1e-9, ...o.ways.flatMap((way) => way.change));
  const names = {
    "as it is": say("as it is"),
    "without positions": say("no positions"),
    "without positions or mask": say("nor mask"),
  };
  const end = box.y + 84 + 24 * n;
  g.part("order", [box], () => [
    [say("your text"), say("shuffled"), ...o.ways.map((way) => names[way.way])].map((text, i) =>
      label(box.x + i * wide, box.y + 70, fit(text, wide - 4, 11, false), { size: 11, fill: "ink3" }),
    ),
    o.order.map((from, to) => {
      const y = box.y + 90 + 24 * to;
      return h(
        "g",
        {},
        chip(g, box.x, y, wide - 4, o.tokens[to].text, { height: 20, size: 12, id: o.tokens[to].id }),
        chip(g, box.x + wide, y, wide - 4, o.tokens[from].text, {
          height: 20,
          size: 12,
          id: o.tokens[from].id,
          colour: from === to ? undefined : "accent",
        }),
        o.ways.map((way, k) => [
          h("rect", {
            x: box.x + (2 + k) * wide,
            y: y - 10,
            width: wide - 4,
            height: 20,
            rx: 3,
            fill: g.sequential(way.same ? 0 : 0.75 * way.change[from], most, "att"),
            stroke: css("line"),
          }),
          label(box.x + (2.5 + k) * wide - 2, y + 4, way.same ? "0" : num(way.change[from], 2), {
            anchor: "middle",
            mono: true,
            size: 11,
            fill: "ink",
          }),
        ]),
      );
    }),
    o.token &&
      label(
        box.x,
        end + 18,
        o.asked === "next"
          ? say("p of {token} next: in order, and shuffled", { token: fit(visible(o.token.text), 90, 12) })
          : say("p of {token} in its place: in order, and shuffled", {
              token: fit(visible(o.token.text), 90, 12),
            }),
        { fill: "ink2" },
      ),
    o.token &&
      o.ways.map((way, k) => [
        label(box.x, end + 40 + 42 * k, CALLED[way.way], { weight: 600, fill: way.same ? "accent" : "ink" }),
        way.pair && drawPair(g, way.pair, way.same, box.x, end + 58 + 42 * k),
      ]),
  ]);
}
