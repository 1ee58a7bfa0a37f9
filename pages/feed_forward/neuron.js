// The chosen neuron: its sum written out, what it writes, the tokens it pushes, and the texts that fire it most.

import { pieces, say, sayOf } from "../../app/kit/say.js";
import {
  MONO,
  chip,
  clamp,
  css,
  fit,
  h,
  inLines,
  label,
  measure,
  num,
  percent,
  thousands,
  tokenSpans,
  visible,
} from "../../app/kit/shapes.js";
import { CONTRACT, alongLines, nameOf, short } from "./layout.js";

/**
 * @import { Stage } from "../../app/kit/glass.js"
 * @import { Shapes } from "../../app/kit/shapes.js"
 * @import { Data, Local, Pushed } from "./figure.js"
 * @import { Layout } from "./layout.js"
 */

/**
 * Its sum: the largest products, the others together, bias, and what they add up to.
 * @param {Data} data @param {Layout} at
 */
export function drawSum(data, at) {
  const { x, y, w } = at.sum;
  const one = data.neuron;
  const ranked = !data.needed
    ? say("{neuron}, one of {all} that write nothing at {token}")
    : one.rank === 0
      ? say("{neuron}, the strongest of {all} at {token}")
      : say("{neuron}, no. {rank} of {all} at {token}");
  const line = (/** @type {number} */ k) => y + 40 + 17 * k;
  const end = Math.min(w, 330);
  const cols = [x + 40, x + end * 0.36, x + end * 0.62, x + end];
  const rows = one.terms;
  const others =
    one.rest.count > 0
      ? [{ name: say("{count} other products", { count: one.rest.count }), value: one.rest.sum }]
      : [];
  const bias = one.bias ? [{ name: sayOf("layer", "bias"), value: one.bias }] : [];
  const tail = [...others, ...bias];
  const last = line(rows.length + tail.length) + 2;
  return [
    h(
      "text",
      { x, y: y + 13, "font-size": 14, fill: css("ink2") },
      pieces(ranked, {
        neuron: h(
          "tspan",
          { "font-family": MONO, "font-weight": 700, fill: css("accent") },
          nameOf(data, one.number),
        ),
        rank: thousands(one.rank + 1),
        all: thousands(data.neurons),
        token: h(
          "tspan",
          { "font-family": MONO, fill: css("ink"), direction: "ltr" },
          tokenSpans(data.rows[data.row].text, 70, 14),
        ),
      }),
    ),
    rows.map(({ d, x: a, w: b, p }, k) => [
      label(x, line(k), `x[${d}]`, { mono: true, fill: "ink3" }),
      label(cols[1], line(k), num(a, 2), { mono: true, anchor: "end" }),
      label((cols[1] + cols[2]) / 2 - 14, line(k), "×", { mono: true, fill: "ink3", anchor: "middle" }),
      label(cols[2], line(k), num(b, 2), { mono: true, anchor: "end" }),
      label((cols[2] + cols[3]) / 2 - 8, line(k), "=", { mono: true, fill: "ink3", anchor: "middle" }),
      label(cols[3], line(k), num(p, 2), {
        mono: true,
        anchor: "end",
        fill: p < 0 ? "neg" : "pos",
        weight: 600,
      }),
    ]),
    tail.map(({ name, value: v }, k) => [
      label(x, line(rows.length + k), name, { fill: "ink3" }),
      label(cols[3], line(rows.length + k), num(v, 2), {
        mono: true,
        anchor: "end",
        fill: v < 0 ? "neg" : "pos",
        weight: 600,
      }),
    ]),
    h("path", { d: `M${x},${last - 13}H${cols[3]}`, stroke: css("line") }),
    label(x, last + 2, data.gated ? say("x · w_gate, the sum") : say("x · w_in, the sum"), { fill: "ink2" }),
    label(cols[3], last + 2, num(one.pre, 3), { mono: true, anchor: "end", weight: 700, fill: "ink" }),
  ];
}

/**
 * What comes through the bend, what that writes, and the tokens it pushes.
 * @param {Stage} g @param {Data} data @param {Layout} at @param {number} step
 */
export function drawWrites(g, data, at, step) {
  const { x, y, w } = at.writes;
  const one = data.neuron;
  const bent = data.curve.dot[1];
  const silent = one.post === 0;
  const plain = `${data.plain}(${num(one.pre, 3)}) = ${num(bent, 3)}`;
  const through = data.gated
    ? [
        say("{curve} and the second sum, {linear}:", { curve: data.plain, linear: num(one.linear ?? 1, 2) }),
        say("{before} becomes {after}", { before: short(one.pre), after: num(one.post, 3) }),
      ]
    : [silent ? say("{sum}: silent", { sum: plain }) : plain];
  /** @type {Shapes[]} */
  const out = [
    label(x, y + 13, say("What comes through"), { weight: 600, fill: "ink" }),
    through.map((text, k) => label(x, y + 32 + 16 * k, fit(text, w, 12, true), { mono: true, fill: "ink" })),
  ];
  let now = y + 34 + 16 * through.length;
  if (step < CONTRACT) return out;
  const says = one.off
    ? say("Off: it writes nothing now.")
    : !one.length && !silent
      ? say("It fires, but its row of W_out is all 0.")
      : silent
        ? say("It writes nothing here.")
        : say("It writes {length} long: {share} of all writing.", {
            length: short(one.length),
            share: percent(one.share, 1),
          });
  out.push(
    g.tip(
      label(x, now + 2, fit(says, w, 12, false), {
        fill: one.off ? "accent" : "ink2",
        weight: one.off ? 600 : 400,
      }),
      say("the length of what it adds to the stream; shares are of the squared lengths of all neurons"),
    ),
  );
  now += 26;
  const chips = (
    /** @type {string} */ title,
    /** @type {Pushed[]} */ tokens,
    /** @type {string} */ colour,
  ) => {
    out.push(g.tip(label(x, now + 2, title, { fill: "ink3" }), data.says.why));
    let left = x;
    now += 18;
    for (const token of tokens) {
      const room = clamp(measure(visible(token.text), 12, true) + 14, 24, 96);
      if (left + room > x + w) break;
      out.push(
        g.tip(
          chip(g, left + 0.5, now, room, token.text, { height: 22, size: 12, colour }),
          `${visible(token.text)}\n${say("{score}, by {why}", { score: num(token.score, 3), why: data.says.why })}`,
        ),
      );
      left += room + 4;
    }
    now += 26;
  };
  if (data.says.up.length) {
    chips(
      one.post < 0
        ? say("Its row pushes up (it fires below 0: down)")
        : say("Its row pushes these tokens up"),
      data.says.up,
      "pos",
    );
    chips(say("and these down"), data.says.down, "neg");
  } else
    out.push(inLines(data.says.why, w).map((text, k) => label(x, now + 2 + 16 * k, text, { fill: "ink3" })));
  return out;
}

/**
 * Tokens in running text, each on a ground as strong as the neuron fires there.
 * @param {Stage} g @param {string[]} tokens @param {number[]} fired @param {number} x @param {number} y
 * @param {number} room @param {number} most @param {number} marked
 */
function firedTokens(g, tokens, fired, x, y, room, most, marked, from = 0) {
  const out = [];
  let left = x;
  for (let i = from; i < tokens.length; i++) {
    const text = visible(tokens[i]);
    const wide = measure(text, 12, true) + 3;
    if (left + wide > x + room) return { nodes: out, next: i };
    const strength = clamp(Math.abs(fired[i]) / (most || 1), 0, 1);
    const ground = fired[i] < 0 ? "neg" : "mlp";
    out.push(
      g.tip(
        h(
          "g",
          {},
          h("rect", {
            x: left,
            y: y - 12,
            width: wide,
            height: 17,
            rx: 2,
            fill: g.mix("bg", ground, 0.42 * strength),
            stroke: i === marked ? css("mlp-ink") : "none",
            "stroke-width": 1.5,
          }),
          h(
            "text",
            {
              x: left + 1.5,
              y,
              "font-family": MONO,
              "font-size": 12,
              "font-weight": i === marked ? 700 : null,
              fill: css("ink"),
              direction: "ltr",
            },
            tokenSpans(tokens[i], 1e9, 12),
          ),
        ),
        `${text}\n${say("fires with {value}", { value: num(fired[i], 2) })}`,
      ),
    );
    left += wide;
  }
  return { nodes: out, next: tokens.length };
}

/** @param {Stage} g @param {Data} data @param {Layout} at */
export function drawTexts(g, data, at) {
  const { x, y, w } = at.texts;
  const one = data.neuron;
  const tokens = data.rows.map((row) => row.text);
  const most = Math.max(...one.along.map(Math.abs), 1e-9);
  /** @type {Shapes[]} */
  const out = [label(x, y + 13, say("How it fires along your text"), { weight: 600, fill: "ink" })];
  let now = y + 34;
  for (const [from, to] of alongLines(data, w, at.phone ? 99 : 6 - Math.max(2, data.windows.length))) {
    out.push(firedTokens(g, tokens.slice(0, to), one.along, x, now, w + 4, most, data.row, from).nodes);
    now += 20;
  }
  out.push(
    label(x, now + 10, say("Texts that fire it most"), { weight: 600, fill: "ink" }),
    data.windows.length > 0 &&
      label(x + w, now + 10, fit(data.about, Math.max(40, w - 160), 12, false), {
        fill: "ink3",
        anchor: "end",
      }),
  );
  now += 30;
  if (!data.windows.length)
    return [...out, inLines(data.about, w).map((text, k) => label(x, now + 16 * k, text, { fill: "ink3" }))];
  const top = Math.max(...data.windows.map((one) => one.fired[one.peak]), 1e-9);
  for (const window of data.windows) {
    const room = w - 52;
    const value = label(x + w, now, short(window.fired[window.peak]), {
      anchor: "end",
      mono: true,
      fill: "mlp-ink",
      weight: 600,
    });
    // So much before the token that fires that this one is in view.
    let from = 0;
    while (
      from < window.peak &&
      firedTokens(g, window.tokens, window.fired, 0, 0, room, top, -1, from).next <= window.peak
    )
      from++;
    out.push(firedTokens(g, window.tokens, window.fired, x, now, room, top, window.peak, from).nodes, value);
    now += 20;
  }
  return out;
}

/**
 * Whether the chosen neuron was switched off by hand; and the link's text with it the other way.
 * @param {Data} data @param {Local} local @param {number} n
 */
function silentWith(data, local, n) {
  const name = `${data.mark}${data.block}.${n}`;
  const parts = String(local.sel.silent ?? "")
    .split(" ")
    .filter(Boolean);
  return parts.includes(name) ? parts.filter((part) => part !== name).join(" ") : [...parts, name].join(" ");
}
/** @param {Data} data @param {Local} local @param {number} n */
export const byHand = (data, local, n) =>
  String(local.sel.silent ?? "")
    .split(" ")
    .includes(`${data.mark}${data.block}.${n}`);
/** @param {Stage} g @param {Data} data @param {Local} local @param {number} n */
export const toggle = (g, data, local, n) => g.select({ silent: silentWith(data, local, n) });
