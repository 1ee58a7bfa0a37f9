// Feed-forward: one token through the neurons of one block. layout.js says what stands where and what each step says;
// grids.js draws the layer, neuron.js the chosen neuron; here are the tokens at the left and the prediction at the right.

import { counted } from "../../app/kit/counts.js";
import { mount } from "../../app/kit/glass.js";
import { pieces, say, sayOf } from "../../app/kit/say.js";
import {
  MONO,
  chip,
  clamp,
  css,
  h,
  html,
  inLines,
  label,
  num,
  percent,
  shareBar,
  thousands,
  tokenSpans,
  unpack,
  visible,
} from "../../app/kit/shapes.js";
import { entryKey } from "../../app/kit/steps.js";
import { beside, chosenOf, drawBend, drawFlow, drawGrid, drawStrip, ghosts } from "./grids.js";
import {
  ACTIVATE,
  ADD,
  CONTRACT,
  EXPAND,
  NORMS,
  READ,
  TOP,
  WORDS,
  firing,
  firstRow,
  followed,
  nameOf,
  plan,
  stages,
  writers,
} from "./layout.js";
import { byHand, drawSum, drawTexts, drawWrites, toggle } from "./neuron.js";

/**
 * @import { Local as Kept, Stage } from "../../app/kit/glass.js"
 * @import { Packed, Unpacked } from "../../app/kit/shapes.js"
 * @import { Layout, PhoneLayout, WideLayout } from "./layout.js"
 *
 * What Python sends (`record` in figure.py): the followed token's way through one block's F neurons, D numbers wide. Numbers
 * are those with neurons off, `usual` and what is said of the chosen neuron those with none off.
 * @typedef {object} Data
 * @property {string} stamp under the same one only the browser's own choices have changed
 * @property {number} block
 * @property {"" | "encoder" | "decoder"} stack of an encoder-decoder
 * @property {"" | "e"} mark that the stack has in texts of neurons that are off
 * @property {number} width D
 * @property {number} neurons F
 * @property {string} act what the bend is called, "SwiGLU"
 * @property {string} plain the curve in it, "SiLU"
 * @property {string} formula of the curve
 * @property {boolean} gated a second sum of each neuron multiplies what comes through
 * @property {boolean} residual the stream goes past the layer
 * @property {boolean} late the model normalises after adding
 * @property {string} norm "layer norm"
 * @property {Row[]} rows tokens of the text
 * @property {number} row the followed one
 * @property {number} home the one followed when none is chosen
 * @property {Record<Strip, {values: Packed, length: number}>} strips (D): the stream, what is read, written, the stream behind
 * @property {Packed} pre (F) before the bend
 * @property {Packed} post behind it
 * @property {Packed} usual behind it with no neuron off
 * @property {Packed | null} linear the second sums
 * @property {Packed} shares of what all neurons write, by squared length
 * @property {number} needed how many neurons write 90 %
 * @property {number[]} most those neurons, the strongest first
 * @property {number} fires share of the neurons that fire at the token
 * @property {number[]} off
 * @property {{counts: number[], low: number, high: number}} bins sums of the whole text before the bend
 * @property {{x: Packed, y: Packed, dot: [x: number, y: number], beside: Beside | null}} curve
 * @property {Neuron} neuron the chosen one
 * @property {{up: Pushed[], down: Pushed[], why: string}} says tokens that it pushes, and how that was found
 * @property {{tokens: string[], fired: number[], peak: number}[]} windows texts that fire it most
 * @property {string} about where those come from, or why there are none
 * @property {{label: string, after: string, changed: boolean, tokens: Likely[]}} next
 *
 * @typedef {"stream" | "read" | "out" | "after"} Strip
 * @typedef {{text: string, id: number, special: boolean, fires: number}} Row fires: the share of the neurons that do at this token
 * @typedef {{name: string, formula: string, y: Packed, dot: number, post: Packed}} Beside another curve laid beside the model's
 * @typedef {object} Neuron
 * @property {number} number
 * @property {number} rank by what it writes, 0 the strongest
 * @property {number} bias
 * @property {number} pre
 * @property {number | null} linear
 * @property {number} post
 * @property {number} now post with neurons off
 * @property {number} length of what it writes
 * @property {number} share
 * @property {boolean} off
 * @property {{d: number, x: number, w: number, p: number}[]} terms largest products of its sum: x[d] times weight
 * @property {{count: number, sum: number}} rest
 * @property {number[]} along how it fires along the text
 * @typedef {{text: string, id: number, score: number}} Pushed
 * @typedef {{text: string, id: number, before: number, after: number}} Likely a next token's probability, with all neurons and without those off
 *
 * What the browser keeps: the arrays unpacked (c: of the curve), neurons by strength, and the hovered one.
 * @typedef {Kept & {a: Arrays, order: number[], hover: number | null, data: Data, timer?: number | null}} Local
 * @typedef {Record<Strip | "pre" | "post" | "usual" | "shares" | "cx" | "cy", Unpacked> & {linear?: Unpacked, cb?: Unpacked, beside?: Unpacked}} Arrays
 */

// ---------------------------------------------------------------- the tokens

/**
 * The tokens of the text, with how many neurons fire at each; the followed one goes through the layer.
 * @param {Stage} g @param {Data} data @param {Layout} at
 */
function drawTokens(g, data, at) {
  if (at.phone) {
    const c = at.chips;
    g.part("tokens", [data.row], () => [
      label(0, 12, say("Tokens"), { weight: 600, fill: "ink" }),
      label(56, 12, g.can.recompute ? say("touch one to follow it") : "", { fill: "ink3" }),
      c.wrapped.map((one) =>
        pick(
          g,
          data,
          one.at,
          chip(g, one.x + 0.5, c.top + one.y + 13, one.w, data.rows[one.at].text, {
            height: 28,
            selected: one.at === data.row,
            faint: data.rows[one.at].special,
          }),
        ),
      ),
    ]);
    return;
  }
  const c = at.chips;
  const first = firstRow(data, at);
  const many = data.rows.length > c.rows;
  g.part("tokens", [data.row], () => [
    label(0, 12, say("Tokens"), { weight: 600, fill: "ink" }),
    label(
      0,
      28,
      many
        ? say("{first} to {last} of {all}", { first, last: first + c.rows - 1, all: data.rows.length })
        : say("all {all}", { all: data.rows.length }),
      { fill: "ink3" },
    ),
    label(c.end, 28, say("fire"), { fill: "ink3", anchor: "end" }),
    data.rows.slice(first, first + c.rows).map((row, i) => {
      const y = c.top + (i + 0.5) * c.pitch;
      const on = first + i === data.row;
      const parts = h(
        "g",
        {},
        chip(g, 0.5, y, c.w, row.text, {
          height: c.pitch - 3,
          size: 12,
          selected: on,
          faint: row.special,
          id: row.id,
        }),
        label(c.end, y + 4, percent(row.fires, 0), {
          anchor: "end",
          mono: true,
          size: 12,
          fill: on ? "mlp-ink" : "ink3",
        }),
        h("rect", { x: c.bar, y: y - 10, width: c.end - c.bar, height: 20, fill: "transparent" }),
      );
      return pick(g, data, first + i, parts);
    }),
  ]);
}

/**
 * A part that follows token `row` when it is clicked.
 * @param {Stage} g @param {Data} data @param {number} row @param {SVGElement} node
 */
function pick(g, data, row, node) {
  if (!g.can.recompute) return node;
  node.classList.add("gb-hot");
  node.setAttribute("data-row", String(row));
  node.addEventListener("click", () => follow(g, data, row));
  return node;
}
/**
 * The token that was chosen last, also while the page still works on it.
 * @param {Data} data @param {Pick<Local, "sel">} local
 */
const rowOf = (data, local) => {
  const given = local.sel.follow ?? -1;
  return given >= 0 && given < data.rows.length ? given : data.home;
};
/** @param {Stage} g @param {Data} data @param {number} row */
function follow(g, data, row) {
  const to = clamp(row, 0, data.rows.length - 1);
  if (to !== rowOf(data, g.local)) g.select({ follow: to === data.home ? -1 : to });
}

// ---------------------------------------------------------------- the prediction

/**
 * What the model then predicts at the followed token, as it is and with the neurons that are off.
 * @param {Stage} g @param {Data} data @param {Layout} at
 */
function drawNext(g, data, at) {
  const { x, y, w } = at.next;
  const { tokens, label: name, changed, after } = data.next;
  if (!tokens.length) {
    g.part("unsaid", [at.next], () =>
      inLines(name, w).map((line, i) => label(x, y + (at.phone ? 16 : 12) + 16 * i, line, { fill: "ink3" })),
    );
    return;
  }
  g.door(
    "decoding",
    { left: x - 2, top: y - (at.phone ? 6 : 4) },
    name,
    say("From probabilities to text: greedy, beam, sampling"),
  );
  const top = y + (at.phone ? 48 : TOP + 6);
  g.part("next", [at.next], () => [
    after &&
      h(
        "text",
        {
          x: at.phone ? x + w : x,
          y: at.phone ? y + 16 : y + 28,
          "text-anchor": at.phone ? "end" : "start",
          "font-size": 12,
          fill: css("ink3"),
        },
        pieces(say("after {token}"), {
          token: h(
            "tspan",
            { "font-family": MONO, fill: css("ink"), direction: "ltr" },
            tokenSpans(after, 66, 12),
          ),
        }),
      ),
    tokens.map((t, i) => {
      const base = top + 47 * i;
      const moved = changed && Math.abs(t.after - t.before) >= 0.0005;
      return g.tip(
        h(
          "g",
          {},
          h(
            "text",
            { x, y: base + 4, "font-family": MONO, "font-size": 13, fill: css("ink"), direction: "ltr" },
            tokenSpans(t.text, w - (changed ? 0 : 48), 13),
          ),
          label(
            x + w,
            base + (changed ? 20 : 4),
            changed ? `${num(t.before, 3)} → ${num(t.after, 3)}` : num(t.after, 3),
            { anchor: "end", mono: true, fill: moved ? "accent" : "ink2" },
          ),
          h("rect", { x, y: base + (changed ? 25 : 10), width: w, height: 5, rx: 2, fill: css("field") }),
          changed && shareBar(x, base + 25, w, 5, t.before, { fill: css("res"), opacity: 0.55 }),
          shareBar(x, base + (changed ? 26 : 10), w, changed ? 3 : 5, t.after, {
            fill: css(moved ? "accent" : "res"),
          }),
          h("rect", { x, y: base - 10, width: w, height: 40, fill: "transparent" }),
        ),
        [
          visible(t.text),
          say("as it is {chance}", { chance: num(t.before, 4) }),
          ...(changed ? [say("with neurons off {chance}", { chance: num(t.after, 4) })] : []),
        ].join("\n"),
      );
    }),
  ]);
}

// ---------------------------------------------------------------- the picture

/** @type {import("../../app/kit/glass.js").View<Data, Local>} */
const feedForward = {
  init(data, _local, before) {
    if (before && before.stamp === data.stamp) return {};
    const { stream, read, out, after } = data.strips;
    const { beside } = data.curve;
    const a = {
      pre: unpack(data.pre),
      post: unpack(data.post),
      usual: unpack(data.usual),
      shares: unpack(data.shares),
      stream: unpack(stream.values),
      read: unpack(read.values),
      out: unpack(out.values),
      after: unpack(after.values),
      cx: unpack(data.curve.x),
      cy: unpack(data.curve.y),
      ...(data.linear && { linear: unpack(data.linear) }),
      ...(beside && { cb: unpack(beside.y), beside: unpack(beside.post) }),
    };
    const order = Array.from(a.shares, (_, n) => n).sort((m, n) => a.shares[n] - a.shares[m] || m - n);
    return { a, order, hover: null };
  },

  draw(g, data, local) {
    const step = stages.of(local);
    const at = plan(g, data, local);
    const norm = NORMS[data.norm]?.name;
    g.height = at.height;
    stages.bar(g, local, (now) => WORDS[now](data));
    if (!at.phone) g.part("to come", [step, at.w], () => ghosts(at, step));
    drawFlow(g, data, at, step);
    drawTokens(g, data, at);
    drawStrip(g, data, local, at.stream, "stream", sayOf("strip", "stream"), {
      about: say("the residual stream before the layer"),
    });
    drawStrip(g, data, local, at.read, "read", "x", {
      about:
        data.late || !norm
          ? say("what the layer reads: the stream as it is")
          : say("what the layer reads: the stream after {norm}", { norm }),
    });
    if (step >= EXPAND)
      drawGrid(
        g,
        data,
        local,
        at.pre,
        "pre",
        counted(data.neurons, "neuron"),
        data.gated ? say("x · W_gate, each") : say("x · W_in, a cell each"),
      );
    if (step >= ACTIVATE) {
      drawBend(g, data, local, at.curve);
      drawGrid(
        g,
        data,
        local,
        at.post,
        "post",
        say("What fires"),
        step < CONTRACT ? say("{count} sums above 0", { count: thousands(firing(data)) }) : writers(data),
      );
    }
    if (step >= CONTRACT)
      drawStrip(g, data, local, at.out, "out", sayOf("strip", "out"), {
        about: say("what the layer writes"),
        frame: "mlp",
        ink: "mlp-ink",
      });
    if (step >= ADD) {
      drawStrip(g, data, local, at.after, "after", sayOf("strip", "stream"), {
        about:
          data.late && norm
            ? say("the stream behind the layer, after {norm}", { norm })
            : say("the stream behind the layer"),
      });
      drawNext(g, data, at);
    }
    if (step >= (at.phone ? EXPAND : READ))
      g.part("line", [at.line], () => h("path", { d: `M0,${at.line}H${at.w}`, stroke: css("line") }));
    if (step >= EXPAND) g.part("sum", [at.sum], () => drawSum(data, at));
    if (step >= ACTIVATE) g.part("writes", [at.writes, step], () => drawWrites(g, data, at, step));
    if (step < ADD) return;
    g.part("texts", [at.texts], () => drawTexts(g, data, at));
    if (!g.can.recompute) return;
    const width = 92;
    g.overlay(
      "switch",
      { left: at.writes.x + at.writes.w - width, top: at.writes.y - 9, width },
      () =>
        html("button", {
          type: "button",
          class: "gb-button gb-small",
          "data-act": "switch",
          onclick: () => toggle(g, local.data, local, local.data.neuron.number),
        }),
      (node) => {
        local.data = data;
        const off = byHand(data, local, data.neuron.number);
        node.textContent = off ? say("Switch on") : say("Switch off");
        node.setAttribute("aria-pressed", String(off));
        node.title = say("{neuron}, at every token of the text", {
          neuron: nameOf(data, data.neuron.number),
        });
      },
    );
  },

  within: ({ neuron: _, follow: __, silent: ___, ...change }) => change, // the data are those of one token and one neuron

  key(event, g, data, local) {
    const move = entryKey(event);
    if (move) follow(g, data, rowOf(data, local) + move);
    else if (stages.key(event, g, local)) return true;
    else if (event.key === "+" || event.key === "=") g.select({ neuron: beside(data, local, -1) });
    else if (event.key === "-") g.select({ neuron: beside(data, local, 1) });
    else if (event.key === "o") toggle(g, data, local, chosenOf(data, local));
    else if (event.key === "Escape") stages.up(g, local);
    else return false;
    return true;
  },

  describe(data, local) {
    const one = data.neuron;
    const told = stages.said(local, (now) => WORDS[now](data));
    const text = data.rows
      .slice(0, 24)
      .map((row) => visible(row.text))
      .join(" ");
    const place = { block: data.block, token: followed(data) };
    const where =
      data.stack === "encoder"
        ? say("Block {block} of the encoder at {token}", place)
        : data.stack === "decoder"
          ? say("Block {block} of the decoder at {token}", place)
          : say("Block {block} at {token}", place);
    const label = data.next.after
      ? say("{label} after {token}", { label: data.next.label, token: visible(data.next.after) })
      : data.next.label;
    const next = data.next.tokens
      .slice(0, 3)
      .map((t) =>
        data.next.changed
          ? say("{token} {after}, was {before}", {
              token: visible(t.text),
              after: num(t.after, 3),
              before: num(t.before, 3),
            })
          : `${visible(t.text)} ${num(t.after, 3)}`,
      )
      .join("; ");
    return [
      told + say("The text {text}.", { text: data.rows.length > 24 ? `${text} …` : text }),
      say("{where}: {numbers} become {neurons}, {count} of them fire, {write}.", {
        where,
        numbers: counted(data.width, "number"),
        neurons: counted(data.neurons, "neuron"),
        count: thousands(firing(data)),
        write: writers(data),
      }),
      say("Neuron {neuron}: before the bend {before}, behind it {after}, {share} of what is written.", {
        neuron: nameOf(data, one.number),
        before: num(one.pre, 3),
        after: num(one.post, 3),
        share: percent(one.share, 1),
      }),
      ...(data.says.up.length
        ? [
            say("It pushes {tokens} up.", {
              tokens: data.says.up
                .slice(0, 3)
                .map((t) => visible(t.text))
                .join(", "),
            }),
          ]
        : []),
      ...(data.off.length
        ? [say("{neurons} are off.", { neurons: counted(data.off.length, "neuron") })]
        : []),
      next ? `${label}: ${next}.` : `${label}.`,
    ].join(" ");
  },

  state(data, local) {
    const one = data.neuron;
    return {
      tokens: data.rows.map((row) => row.text),
      block: data.block,
      stack: data.stack,
      row: data.row,
      neurons: data.neurons,
      act: data.act,
      fires: data.fires,
      needed: data.needed,
      most: data.most.slice(0, 20),
      off: data.off.length > 40 ? data.off.length : data.off,
      stage: stages.state(local),
      neuron: {
        number: one.number,
        rank: one.rank,
        pre: one.pre,
        linear: one.linear,
        post: one.post,
        now: one.now,
        length: one.length,
        share: one.share,
        bias: one.bias,
        terms: one.terms,
        rest: one.rest,
        along: one.along,
      },
      pre: [...local.a.pre.subarray(0, 8)],
      post: [...local.a.post.subarray(0, 8)],
      out: [...local.a.out.subarray(0, 8)],
      after: [...local.a.after.subarray(0, 8)],
      beside: data.curve.beside && { name: data.curve.beside.name, dot: data.curve.beside.dot },
      says: { up: data.says.up.map((t) => t.text), down: data.says.down.map((t) => t.text) },
      windows: data.windows.length,
      about: data.about,
      next: data.next.tokens.map(({ text, id, before, after }) => ({ text, id, before, after })),
      changed: data.next.changed,
      hover: local.hover,
    };
  },
};

export default mount("feed_forward", feedForward);
