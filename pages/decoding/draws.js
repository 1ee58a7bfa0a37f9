// Below the tree, three panels: many draws beside exact probabilities, how unsure the model is along the text, and what a
// cache of keys and values spares (for a model that fills blanks: all at once against one by one).

import { counted } from "../../app/kit/counts.js";
import { mount } from "../../app/kit/glass.js";
import { say, sayOf } from "../../app/kit/say.js";
import {
  MONO,
  css,
  fit,
  h,
  html,
  label,
  measure,
  num,
  thousands,
  tokenSpans,
  visible,
} from "../../app/kit/shapes.js";
import { isDesk } from "../../app/kit/widths.js";

/**
 * @import { Stage, View } from "../../app/kit/glass.js"
 * @import { Shapes } from "../../app/kit/shapes.js"
 */

/**
 * Many draws, the most frequent first: how often each text came and how probable it is, after the warpers (`p`) and by the
 * model alone; `spread`: the standard deviation that chance gives its frequency. `covered`: the probability of all texts
 * that came; `passes` of the model, and `apart` how many the draws would take one by one.
 * @typedef {{n: number, span: number, distinct: number, covered: number, passes: number, apart: number,
 *   texts: {ids: number[], text: string, count: number, frequency: number, p: number, model: number, spread: number}[]}} Samples
 *
 * Entropy before each token, surprisal of the token, in bits; `written`: by the best path. `left`: tokens before the first.
 * @typedef {{rows: {token: string, entropy: number, surprisal: number, best: string, bestP: number, written: boolean}[],
 *   left?: number, note: string, why: string}} Entropy
 *
 * The work of each new token, positions and milliseconds, where keys and values are kept and where all is computed anew.
 * @typedef {{length: number, kept: number, anew: number, msKept: number, msAnew: number}} Step
 * @typedef {{steps: Step[], text: string, why: string, again: string}} Cache
 *
 * An encoder's blanks filled all at once and one after the other, each with its probability; sums of log p.
 * @typedef {{id: number, token: string, p: number}} Filled
 * @typedef {{rows: {together: Filled, turn: Filled}[], sumTogether: number, sumTurn: number, text: string}} Fill
 *
 * What draws.py sends: a model that fills blanks has `fill`, any other has `cache`.
 * @typedef {{samples: Samples, entropy: Entropy} & ({cache: Cache, fill: null} | {cache: null, fill: Fill})} Data
 *
 * @typedef {{x: number, y: number, w: number}} Place
 */

const LINE = 22;
const FIRST = 82; // the first row, under a panel's head and the heads of its columns

/** Three decimals, and never 0 for what is not. @param {number} p */
const share = (p) => (p > 0 && p < 0.0005 ? "<.001" : num(p, 3));
/**
 * A text has a line of its own, over its bar, where one is too long to stand before it.
 * @param {Data} data @param {number} w
 */
const stacked = (data, w) =>
  data.samples.texts.some((t) => measure(visible(t.text), 13, true) > Math.min(150, w * 0.45) - 10);

/** @param {number} x @param {number} y @param {string} head @param {string[]} hints */
function title(x, y, head, hints) {
  return [
    label(x, y + 14, head, { weight: 600, size: 14, fill: "ink" }),
    hints.map((hint, i) => label(x, y + 34 + 16 * i, hint, { fill: "ink3" })),
  ];
}
/** @param {number} x @param {number} y @param {string} tokens @param {number} room */
function tokenText(x, y, tokens, room, colour = "ink") {
  return h(
    "text",
    { x, y, "font-family": MONO, "font-size": 13, direction: "ltr", fill: css(colour) },
    tokenSpans(tokens, room, 13),
  );
}

/**
 * Many draws: a bar for how often, a mark for how probable, and how far chance may carry the bar.
 * @param {Stage} g @param {Data} data @param {Place} o
 */
function drawSamples(g, data, o) {
  const s = data.samples;
  const { x, y, w } = o;
  const over = stacked(data, w);
  const names = over ? 0 : Math.min(150, w * 0.45);
  const room = w - names - 106;
  const line = over ? 2 * LINE - 4 : LINE;
  const most = Math.max(...s.texts.map((t) => Math.max(t.frequency, t.p + 2 * t.spread)), 1e-9);
  const at = (/** @type {number} */ p) => x + names + (room * p) / most;
  /** @type {Shapes[]} */
  const out = [
    title(
      x,
      y,
      say("{draws} of {tokens}", { draws: counted(s.n, "draw"), tokens: counted(s.span, "token") }),
      [say("bar: how often it was drawn"), say("mark: its exact probability ± 2 standard deviations")],
    ),
    label(x + w - 54, y + 74, sayOf("draws", "drawn"), { anchor: "end", fill: "ink3" }),
    label(x + w, y + 74, sayOf("draws", "exact"), { anchor: "end", fill: "accent" }),
  ];
  s.texts.forEach((t, i) => {
    const top = y + FIRST + i * line;
    const mid = top + line - LINE / 2;
    const [from, to] = [Math.max(0, t.p - 2 * t.spread), t.p + 2 * t.spread];
    const node = h(
      "g",
      { class: "gb-hot" },
      h("rect", { x, y: top, width: w, height: line, fill: "transparent" }),
      tokenText(x, over ? top + 13 : mid + 4, t.text, over ? w : names - 10),
      h("rect", {
        x: x + names,
        y: mid - 6,
        width: Math.max(1, (room * t.frequency) / most),
        height: 12,
        rx: 2,
        fill: css("res"),
        opacity: 0.75,
      }),
      h("path", { d: `M${at(from)},${mid}H${at(to)}`, stroke: css("accent"), "stroke-width": 1.5 }),
      h("path", { d: `M${at(t.p)},${mid - 8}V${mid + 8}`, stroke: css("accent"), "stroke-width": 2.5 }),
      label(x + w - 54, mid + 4, share(t.frequency), { mono: true, anchor: "end" }),
      label(x + w, mid + 4, share(t.p), { mono: true, anchor: "end", fill: "accent", weight: 600 }),
    );
    out.push(
      g.tip(
        node,
        say("{text}\ndrawn {times}: {frequency}\nexact {p}, by the model alone {model}", {
          text: visible(t.text),
          times: counted(t.count, "time"),
          frequency: num(t.frequency, 5),
          p: num(t.p, 5),
          model: num(t.model, 5),
        }),
      ),
    );
  });
  const end = y + FIRST + s.texts.length * line + 18;
  const came =
    s.distinct === 1
      ? say("One text came")
      : say("{count} different texts came", { count: thousands(s.distinct) });
  const listed =
    s.distinct > s.texts.length
      ? say(", the {count} most frequent are listed", { count: s.texts.length })
      : "";
  out.push(
    wrapped(
      x,
      end,
      `${came}${listed}${say("; what never came has probability {share}.", { share: share(Math.max(0, 1 - s.covered)) })} ` +
        say("{passes} for all draws; one by one {apart}.", {
          passes: counted(s.passes, "pass"),
          apart: thousands(s.apart),
        }),
      w,
    ),
  );
  return out;
}

/**
 * Entropy before each token, and how surprising the token was: both in bits.
 * @param {Stage} g @param {Data} data @param {Place} o
 */
function drawEntropy(g, data, o) {
  const e = data.entropy;
  const hints = data.fill // an encoder, which reads both sides of a token
    ? [
        say("bar: entropy where the token alone is hidden, in bits"),
        say("dot: surprise of the token that stands there"),
      ]
    : [say("bar: entropy before the token, in bits"), say("dot: surprise of the token that came")];
  const { x, y, w } = o;
  /** @type {Shapes[]} */
  const out = [title(x, y, say("How unsure, token by token"), hints)];
  if (!e.rows.length) return [...out, wrapped(x, y + 76, e.why, w)];
  const names = Math.min(120, w * 0.36);
  const room = w - names - 116;
  const before = e.left
    ? say("… {tokens} before", { tokens: counted(e.left, "token") })
    : data.fill
      ? say("each hidden alone")
      : say("the first token has nothing before it");
  out.push(
    label(x + 4, y + 74, fit(before, w - 140, 12, false), { fill: "ink3" }),
    label(x + w - 64, y + 74, say("entropy"), { anchor: "end", fill: "ink3" }),
    label(x + w - 4, y + 74, say("surprise"), { anchor: "end", fill: "accent" }),
  );
  const most = Math.max(...e.rows.map((r) => Math.max(r.entropy, r.surprisal)), 1);
  e.rows.forEach((r, i) => {
    const top = y + FIRST + i * LINE;
    const mid = top + LINE / 2;
    const node = h(
      "g",
      { class: "gb-hot" },
      h("rect", {
        x,
        y: top,
        width: w,
        height: LINE,
        rx: 4,
        fill: r.written ? css("accent-soft") : "transparent",
      }),
      tokenText(x + 4, mid + 4, r.token, names - 12, r.written ? "accent" : "ink"),
      h("rect", {
        x: x + names,
        y: mid - 6,
        width: Math.max(1, (room * r.entropy) / most),
        height: 12,
        rx: 2,
        fill: css("res"),
        opacity: 0.75,
      }),
      h("circle", {
        cx: x + names + (room * r.surprisal) / most,
        cy: mid,
        r: 4.5,
        fill: css("accent"),
        stroke: css("bg"),
        "stroke-width": 1.5,
      }),
      label(x + w - 64, mid + 4, num(r.entropy, 2), { mono: true, anchor: "end" }),
      label(x + w - 4, mid + 4, num(r.surprisal, 2), {
        mono: true,
        anchor: "end",
        fill: "accent",
        weight: 600,
      }),
    );
    out.push(
      g.tip(
        node,
        say(
          "{token}\nentropy {entropy} bits, as {count} equally likely tokens\nsurprise {surprise} bits: probability {p}\nlikeliest here: {best} {bestP}",
          {
            token: visible(r.token),
            entropy: num(r.entropy, 3),
            count: num(2 ** r.entropy, 1),
            surprise: num(r.surprisal, 3),
            p: num(2 ** -r.surprisal, 4),
            best: visible(r.best),
            bestP: num(r.bestP, 3),
          },
        ),
      ),
    );
  });
  out.push(wrapped(x, y + FIRST + e.rows.length * LINE + 18, e.note, w));
  return out;
}

/** @param {number} x @param {number} y @param {string} text @param {number} room */
function wrapped(x, y, text, room) {
  const rows = [""];
  for (const word of text.split(/(?<= )/)) {
    if (measure(rows.at(-1) + word.trimEnd(), 12, false) > room) rows.push("");
    rows[rows.length - 1] += word;
  }
  return rows.map((row, i) => label(x, y + 17 * i, row, { fill: "ink2" }));
}

/** @typedef {"kept" | "anew" | "msKept" | "msAnew"} Measure */
/** @type {Measure[]} */
const MEASURES = ["kept", "anew", "msKept", "msAnew"];

/**
 * Work for each new token: positions computed, and milliseconds, with and without the cache.
 * @param {Stage} g @param {Cache} c @param {Place} o
 */
function drawCache(g, c, o) {
  const { x, y, w } = o;
  /** @type {Shapes[]} */
  const out = [
    title(x, y, say("KV cache: the work of writing"), [
      say("with: keys and values of the past are kept"),
      say("without: every position is computed anew"),
    ]),
  ];
  if (!c.steps.length) return [...out, wrapped(x, y + 76, c.why, w)];
  const n = c.steps.length;
  // Added up from the first token on: what a text of that length has cost.
  const total = { kept: 0, anew: 0, msKept: 0, msAnew: 0 };
  const so = c.steps.map((step) => {
    for (const key of MEASURES) total[key] += step[key];
    return { ...total };
  });
  /** @type {(top: number, tall: number, name: string, keys: Measure[], format: (v: number) => string) => (i: number) => number} */
  const chart = (top, tall, name, keys, format) => {
    const most = Math.max(...so.flatMap((s) => keys.map((k) => s[k]))) || 1;
    const left = x + 4;
    const wide = w - 96;
    const X = (/** @type {number} */ i) => left + (wide * i) / Math.max(1, n - 1);
    const Y = (/** @type {number} */ v) => top + tall - (tall * v) / most;
    const line = (/** @type {Measure} */ key) =>
      so.map((s, i) => `${i ? "L" : "M"}${X(i).toFixed(1)},${Y(s[key]).toFixed(1)}`).join("");
    const lastOf = (/** @type {Measure} */ key) => so[n - 1][key];
    out.push(
      label(left, top - 8, name, { weight: 500 }),
      h("path", { d: `M${left},${top + tall}H${left + wide}`, stroke: css("line") }),
      h("path", {
        d: line(keys[1]),
        fill: "none",
        stroke: css("res"),
        "stroke-width": 2,
        "stroke-dasharray": "5 3",
      }),
      h("path", { d: line(keys[0]), fill: "none", stroke: css("accent"), "stroke-width": 2.5 }),
      label(
        left + wide + 6,
        Math.min(Y(lastOf(keys[1])) + 4, top + tall - 18),
        say("{value} without", { value: format(lastOf(keys[1])) }),
        { fill: "ink2" },
      ),
      label(
        left + wide + 6,
        Y(lastOf(keys[0])) + 2,
        say("{value} with", { value: format(lastOf(keys[0])) }),
        { fill: "accent", weight: 600 },
      ),
    );
    return X;
  };
  const X = chart(y + 88, 88, say("positions computed so far"), ["kept", "anew"], (v) => thousands(v));
  chart(y + 216, 88, say("milliseconds so far, measured"), ["msKept", "msAnew"], (v) =>
    num(v, v < 10 ? 1 : 0),
  );
  out.push(
    label(x + 4, y + 322, counted(1, "token"), { fill: "ink3" }),
    label(X(n - 1), y + 322, String(n), { fill: "ink3", anchor: "end" }),
  );
  out.push(wrapped(x, y + 346, c.text, w));
  for (const [i, s] of c.steps.entries())
    out.push(
      g.tip(
        h("rect", {
          x: X(i) - (w - 96) / n / 2,
          y: y + 70,
          width: (w - 96) / n,
          height: 244,
          fill: "transparent",
        }),
        say(
          "token {i}, after {positions}\npositions: {kept} with, {anew} without\nms: {msKept} with, {msAnew} without",
          {
            i: i + 1,
            positions: counted(s.length, "position"),
            kept: s.kept,
            anew: s.anew,
            msKept: num(s.msKept, 2),
            msAnew: num(s.msAnew, 2),
          },
        ),
      ),
    );
  return out;
}

/** All blanks from one pass, against one after the other. @param {Fill} f @param {Place} o */
function drawFill(f, o) {
  const { x, y, w } = o;
  /** @type {Shapes[]} */
  const out = [
    title(x, y, say("All blanks at once, or one by one"), [
      say("at once: no blank knows what fills the others"),
      say("one by one: each sees those filled before it"),
    ]),
  ];
  const column = [x + 66, x + 66 + (w - 66) / 2];
  out.push(
    label(column[0], y + 80, say("at once"), { weight: 600 }),
    label(column[1], y + 80, say("one by one"), { weight: 600 }),
  );
  f.rows.forEach((r, i) => {
    const mid = y + 102 + i * 26;
    out.push(label(x, mid + 4, say("Blank {number}", { number: i + 1 }), { fill: "ink3" }));
    for (const [k, side] of /** @type {const} */ (["together", "turn"]).entries()) {
      const room = (w - 66) / 2 - 56;
      out.push(
        tokenText(column[k], mid + 4, r[side].token, room, r.together.id === r.turn.id ? "ink" : "accent"),
        label(column[k] + room + 4, mid + 4, num(r[side].p, 3), { mono: true }),
      );
    }
  });
  const end = y + 102 + f.rows.length * 26 + 16;
  out.push(label(x, end, say("sum of log p"), { fill: "ink3" }));
  for (const [k, sum] of [f.sumTogether, f.sumTurn].entries()) {
    out.push(
      label(column[k], end + 18, num(sum, 3), {
        mono: true,
        weight: 600,
        fill: sum >= Math.max(f.sumTogether, f.sumTurn) ? "accent" : "ink",
      }),
    );
  }
  out.push(wrapped(x, end + 44, f.text, w));
  return out;
}

/** @type {View<Data>} */
const draws = {
  draw(g, data) {
    const wide = isDesk(g.width);
    const gap = 36;
    const w = wide ? (g.width - 2 * gap) / 3 : Math.min(g.width, 420);
    const rows = (/** @type {number} */ n, line = LINE) => FIRST + n * line + 70;
    const tall = [
      rows(data.samples.texts.length, stacked(data, w) ? 2 * LINE - 4 : LINE),
      rows(data.entropy.rows.length || 4),
      data.fill ? 300 : data.cache.steps.length ? 396 : 160,
    ];
    const places = [0, 1, 2].map((k) =>
      wide ? { x: k * (w + gap), y: 0, w } : { x: 0, y: tall.slice(0, k).reduce((a, b) => a + b + 28, 0), w },
    );
    g.part("samples", null, () => drawSamples(g, data, places[0]));
    g.part("entropy", null, () => drawEntropy(g, data, places[1]));
    g.part("work", null, () =>
      data.fill ? drawFill(data.fill, places[2]) : drawCache(g, data.cache, places[2]),
    );
    if (!data.fill && data.cache.again) {
      const below = places[2].y + (data.cache.steps.length ? 346 + 17 * 3 : 110);
      g.overlay(
        "measure",
        { left: places[2].x, top: below, height: wide ? 28 : 44 },
        () =>
          html("button", {
            type: "button",
            class: "gb-button dec-measure",
            click: () => g.send("measure", { at: Date.now() }),
          }),
        (node) => {
          node.textContent = data.cache.again;
        },
      );
      tall[2] = Math.max(tall[2], below - places[2].y + 48);
    }
    g.height = wide ? Math.max(...tall) : places[2].y + tall[2];
  },

  describe(data) {
    const s = data.samples;
    const draws = s.texts
      .slice(0, 3)
      .map((t) =>
        say("{text} {frequency}, exactly {p}", {
          text: visible(t.text),
          frequency: num(t.frequency, 3),
          p: num(t.p, 3),
        }),
      )
      .join("; ");
    const work = data.fill ? data.fill.text : data.cache.text || data.cache.why;
    return say("{draws}: {list}. Entropy along the text: {entropy}. {work}", {
      draws: counted(s.n, "draw"),
      list: draws,
      entropy:
        data.entropy.rows.map((r) => `${visible(r.token)} ${num(r.entropy, 1)}`).join(", ") ||
        data.entropy.why,
      work,
    });
  },

  state(data) {
    return {
      n: data.samples.n,
      span: data.samples.span,
      texts: data.samples.texts,
      covered: data.samples.covered,
      entropy: data.entropy.rows,
      cache: data.cache?.steps ?? null,
      fill: data.fill,
    };
  },
};

export default mount("decoding_draws", draws);
