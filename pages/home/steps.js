// Home's step mode: the pass, one operation after the other, each with this text's numbers.

import { counted } from "../../app/kit/counts.js";
import { say } from "../../app/kit/say.js";
import { css, h, num, thousands, visible } from "../../app/kit/shapes.js";
import { stepMode } from "../../app/kit/steps.js";
import { readSentence } from "./block.js";
import { openBlockFrom } from "./input.js";
import { insides } from "./layout.js";
import { OTHERS, distribution, logitsRow } from "./next.js";
import { headOf, rowOf, stepOf, stepsOf } from "./selection.js";

/**
 * @import { Steps } from "../../app/kit/steps.js"
 * @import { Data, Draw, Home, Kept } from "./figure.js"
 * @import { Layout } from "./layout.js"
 * @import { Step } from "./selection.js"
 */

/**
 * The steps of this pass, kept while they are the same: each opens the block that it is about.
 * @type {(g: Home, data: Data, local: Kept) => Steps}
 */
export function walkOf(g, data, local) {
  const names = stepsOf(data).map((one) => one.name);
  if (local.walk?.names.join() !== names.join())
    local.walk = stepMode("walk", names, { first: 1, along: (_, at) => along(g, g.data, local, at) });
  return /** @type {Steps} */ (local.walk);
}
/** @type {(g: Home, data: Data, local: Kept, at: number) => {block?: number, attention?: "cross" | "self"}} */
function along(g, data, local, at) {
  const { part, block } = stepsOf(data)[at];
  /** @type {{block?: number, attention?: "cross" | "self"}} */
  const change = {};
  local.peek = null;
  if (block !== undefined) {
    change.block = block;
    openBlockFrom(g, data, local, block);
  }
  if (data.cross && (part === "attention" || part === "cross"))
    change.attention = part === "cross" ? "cross" : "self";
  return change;
}

/**
 * What happens in this step to the followed row, with its numbers.
 * @type {(data: Data, local: Kept, step: Step) => string}
 */
export function caption(data, local, step) {
  const row = rowOf(data, local);
  const T = data.tokens.length;
  const word = visible(data.tokens[row]);
  const l = step.block ?? 0; // of a step that has none, no sentence asks
  const after = (/** @type {number} */ depth) => num(local.resid[depth * T + row]);
  const guess = (/** @type {number} */ depth) =>
    data.lens &&
    say("If the model stopped here: {guess} {share}.", {
      guess: visible(data.words[local.lensIds[depth * T + row]]),
      share: num(local.lensProbs[depth * T + row]),
    });
  const D = data.logits ? distribution(data, local, row) : { ids: [], p: [] };
  /** @type {Record<Step["part"], () => string>} */
  const lines = {
    tokens: () =>
      say(
        "The text is cut into {tokens}, a row of the picture each: words, parts of words, signs. {word} is number {id} of the {vocabulary} that the model knows.",
        {
          tokens: counted(T, "token"),
          word,
          id: thousands(data.ids[row]),
          vocabulary: counted(data.vocabulary, "token"),
        },
      ),
    embedding: () => {
      const values = {
        word,
        numbers: counted(data.d_model, "number"),
        first: first(local, data, row),
        length: num(local.embedNorm[row]),
        normed: after(0),
      };
      return data.position_norm || !data.embed_normed
        ? say(
            "The model looks {word} up in a learned table: {numbers}, beginning {first}. Their length, the root of the sum of their squares, is {length}.",
            values,
          )
        : say(
            "The model looks {word} up in a learned table: {numbers}, beginning {first}. Their length, the root of the sum of their squares, is {length}; a norm brings it to {normed}.",
            values,
          );
    },
    position: () => {
      const values = {
        row,
        numbers: data.d_model,
        length: num(data.position_norm?.[row] ?? 0),
        after: after(0),
      };
      return data.embed_normed
        ? say(
            "Position {row} has {numbers} learned or fixed numbers of its own, of length {length}; added and brought to size by a norm, the row is {after} long.",
            values,
          )
        : say(
            "Position {row} has {numbers} learned or fixed numbers of its own, of length {length}; added, the row is {after} long.",
            values,
          );
    },
    attention: () =>
      say(
        "Attention: rows read each other by {heads}, each in a way of its own; in head {head}, {read}. What all found is added to the row: {added} long, onto {before}.",
        {
          heads: counted(data.heads, "head"),
          head: headOf(data, local),
          read: readSentence({ ...data, cross: null }, local, row, l),
          added: num(local.att[l * T + row]),
          before: after(l),
        },
      ),
    cross: () =>
      say(
        "Rows read the encoder’s text: in attention head {head}, {read}. What all {heads} found there is added to the row: {added} long.",
        {
          head: headOf(data, local),
          read: readSentence(data, { ...local, sel: { ...local.sel, attention: "cross" } }, row, l),
          heads: counted(data.heads, "head"),
          added: num(local.crossAdded[l * T + row]),
        },
      ),
    mlp: () => {
      const adds = say(
        "The MLP, a small network, works on each row alone and adds {added}; the row is now {after} long.",
        { added: num(local.mlp[l * T + row]), after: after(l + 1) },
      );
      return [adds, guess(l + 1)].filter(Boolean).join(" ");
    },
    norm: () =>
      say(
        "A last norm brings row {word} from a length of {before} to {after}: from here on its direction counts, not its size.",
        { word, before: after(data.blocks), after: num(data.read_norm?.[row] ?? 0) },
      ),
    logits: () =>
      say(
        "The row is compared with each of the {vocabulary}, one product each: the logits. The highest: {token}, {logit}.",
        {
          vocabulary: counted(data.vocabulary, "token"),
          token: visible(data.words[D.ids[0]]),
          logit: logit(data, local, row, D.ids[0]),
        },
      ),
    next: () => {
      const best = D.ids
        .slice(0, 3)
        .map((id, k) => `${visible(data.words[id])} ${num(D.p[k], 3)}`)
        .join(", ");
      const shares = say(
        "Softmax turns the logits into probabilities that sum to 1: {best}, the rest for all others.",
        { best },
      );
      if (data.shape === "encoder") return shares;
      return `${shares} ${data.source.length ? say("Append puts the chosen one at the end of the answer.") : say("Append puts the chosen one at the end of the text.")}`;
    },
  };
  return lines[step.part]();
}
/** @type {(local: Kept, data: Data, row: number) => string} */
const first = (local, data, row) => {
  const cols = data.embed.shape[1];
  return [...local.embed.subarray(row * cols, row * cols + 3)].map((v) => num(v)).join(", ");
};
/** @type {(data: Data, local: Kept, row: number, id: number) => string} */
function logit(data, local, row, id) {
  const at = logitsRow(data, row);
  return at < 0 ? "" : num(local.logits[at * data.vocabulary + id]);
}

/**
 * Where the pass has got to, from the left (and which headings it has reached), and the frame around the part that works
 * now.
 * @type {(L: Layout, step: Step) => {x: number, headings: number, frame: {left: number, right: number, top: number, height: number} | null}}
 */
export function frontier(L, step) {
  const b = step.block === undefined ? null : L.blocks[step.block];
  if (L.phone) {
    /** @type {Partial<Record<Step["part"], number>>} */
    const places = { tokens: L.chipW + 2, embedding: L.blocksX - 1, position: L.blocksX - 1 };
    const x =
      places[step.part] ??
      (b ? b.x + b.w * (step.part === "mlp" ? 1 : step.part === "cross" ? 0.66 : 0.5) : L.width);
    return { x, headings: x, frame: null };
  }
  const G = b && insides(b.opened, 2, L.folded);
  const attEnd = b && G ? (b.o > 0.5 ? b.x + ((G.plus + 8) * b.w) / b.opened : b.x + b.w / 2) : 0; // closed: between its dots
  /** @type {Record<Step["part"], [number, number] | null>} */
  const places = {
    tokens: [0, L.chipW + 2],
    embedding: [L.embX - 4, L.embX + L.embW + 4],
    position: [L.embX - 4, L.embX + L.embW + 8],
    attention: b && [b.x, attEnd],
    cross: b && [b.x, attEnd],
    mlp: b && [attEnd - (b.o > 0.5 ? 2 : 0), b.x + b.w],
    norm: [L.blocksEnd - 2, L.blocksEnd + 12],
    logits: [L.blocksEnd + 4, L.barsX + 56],
    next: [L.barsX - 9, L.barsX - 4],
  };
  const [left, right] = places[step.part] ?? [0, 0];
  const beside = step.part === "logits" || step.part === "next"; // the bars have their own height
  const [top, height] = step.part === "next" ? [84, 332] : [L.rowsTop - 2, L.rows * L.pitch + 4];
  return {
    x: beside ? L.width : right + 2,
    headings: beside ? L.width : Math.max(right, b ? b.x + b.w : 0) + 2, // a block's heading stays whole
    frame: step.part === "logits" ? null : { left, right, top, height },
  };
}

/** The curtain over what the pass has not reached. @type {Draw} */
export function drawSteps(g, data, local, L) {
  const step = stepOf(data, local);
  if (!step) return;
  const F = frontier(L, step);
  const end = L.lensY + 42;
  const below = 20; // the headings
  g.part("curtain", [F, L.height, end], () => [
    !L.phone &&
      h("rect", {
        x: F.headings,
        y: 0,
        width: Math.max(0, L.width - F.headings),
        height: below,
        fill: css("bg"),
        opacity: 0.84,
        "pointer-events": "none",
      }),
    h("rect", {
      x: F.x,
      y: below,
      width: Math.max(0, L.width - F.x),
      height: end - below,
      fill: css("bg"),
      opacity: 0.84,
      "pointer-events": "none",
    }),
    // The bars are taller than the rows of a short text.
    !L.phone &&
      OTHERS > end &&
      h("rect", {
        x: Math.max(F.x, L.barsX - 4),
        y: end,
        width: Math.max(0, L.width - Math.max(F.x, L.barsX - 4)),
        height: OTHERS - end,
        fill: css("bg"),
        opacity: 0.84,
        "pointer-events": "none",
      }),
    F.frame &&
      h("rect", {
        x: F.frame.left + 1,
        y: F.frame.top,
        width: Math.max(2, F.frame.right - F.frame.left - 2),
        height: F.frame.height,
        rx: 6,
        fill: "none",
        stroke: css("accent"),
        "stroke-width": 1.5,
        "pointer-events": "none",
      }),
  ]);
}
