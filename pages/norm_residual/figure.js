// One token's residual stream as a ledger (ledger.js), and the norm at the chosen line taken apart (norm.js).

import { mount, pointerAt } from "../../app/kit/glass.js";
import { say, sayOf } from "../../app/kit/say.js";
import { clamp, css, h, num, tiny, unpack, visible } from "../../app/kit/shapes.js";
import { stepMode } from "../../app/kit/steps.js";
import { LINE, NORM_STEPS, chosenOf, kindOf, nameOf, numberOf, placeOf, plan, written } from "./layout.js";
import { drawCard, drawHeads, drawLedger, drawRail, reveal, scrollTo } from "./ledger.js";
import { captionOf, drawNorm, titleOf } from "./norm.js";

/**
 * @import { Local as Kept, Stage } from "../../app/kit/glass.js"
 * @import { Packed, Unpacked } from "../../app/kit/shapes.js"
 * @import { Steps } from "../../app/kit/steps.js"
 * @import { Layout } from "./layout.js"
 *
 * What Python sends (`record` in figure.py): the followed token's ledger, and the norm that belongs to each of its lines. Of
 * vectors of `width` numbers the first 128 are sent (n).
 * @typedef {object} Data
 * @property {string} stamp under the same one only the browser's own choices have changed
 * @property {Token[]} tokens
 * @property {number} row the followed one
 * @property {number} width
 * @property {boolean} post norms stand after the sums
 * @property {boolean} norms the model has any
 * @property {boolean} residual
 * @property {boolean} rescaled norms that came later have changed lines
 * @property {Line[]} lines in the order in which they are written
 * @property {Packed} vectors (lines, n)
 * @property {Packed} sums (lines, n) up to each line
 * @property {number[]} along cosine of each sum with the last
 * @property {Packed} final (n) the sum of all
 * @property {number} length of it
 * @property {number} error how far the model's own last row is from it, as a share
 * @property {{text: string, id: number, logit: number} | null} top the likeliest token; null: this stack makes no logits
 * @property {number} probability
 * @property {number} rest of its logit, from biases
 * @property {boolean} direct its logit is a sum of the lines'; else why says why not
 * @property {string} why
 * @property {Record<string, Place>} places the norm of each line by the line's name; "sum": of all
 * @property {"own" | Kind} wanted which norm is taken apart
 *
 * @typedef {{text: string, id: number, special: boolean}} Token
 * @typedef {"embedding" | "position" | "token type" | "attention" | "cross-attention" | "mlp" | "norm bias"} Part
 * @typedef {object} Line
 * @property {string} name
 * @property {Part} part that wrote it
 * @property {number | null} layer
 * @property {number} written its length then
 * @property {number} norm its length at the end
 * @property {number} cosine with the sum
 * @property {number} share of the sum
 * @property {number} running length of the sum up to it
 * @property {number | null} logit what it says to the likeliest token
 * @property {Raised[]} up tokens that it raises most
 * @property {Raised[]} down
 * @typedef {{text: string, value: number}} Raised
 *
 * @typedef {"layer" | "rms"} Kind
 * @typedef {Record<Kind, Norm> & {name: string, own: Kind | null, eps: number, alike: number, x: Packed, before: Spread,
 *   gain: Packed | null, bias: Packed | null, scales: number[]}} Place where a norm stands or would: what comes in, what both kinds
 *   make of it, how alike those are (cosine), and the size of what comes in for every token
 * @typedef {{mean: number | null, variance: number, scale: number, epsShare: number, centred: Packed, normalised: Packed,
 *   output: Packed, after: Spread}} Norm step by step; epsShare: of ε in the squared scale
 * @typedef {{edge: number, counts: number[], mean: number, rms: number, deviation: number}} Spread counts of bins from -edge to edge
 *
 * What the browser keeps: arrays unpacked, numbers of a place when they are first asked for, the steps, the first line in view.
 * @typedef {Kept & {
 *   a: {vectors: Unpacked, sums: Unpacked, final: Unpacked}, p: (place: Place, kind: Kind) => Opened, cols: number, names: string[],
 *   along: number[], steps: Steps, first?: number, revealed?: string, at: Layout, listening?: boolean, timer?: number | null,
 * }} Local
 * @typedef {{x: Unpacked, centred: Unpacked, normalised: Unpacked, output: Unpacked, gain?: Unpacked, bias?: Unpacked}} Opened
 * @typedef {Stage & {data: Data}} LedgerStage
 */

/** @type {import("../../app/kit/glass.js").View<Data, Local, {data: Data}>} */
const normResidual = {
  init(data, local, before) {
    if (before && before.stamp === data.stamp) return {};
    const a = { vectors: unpack(data.vectors), sums: unpack(data.sums), final: unpack(data.final) };
    /** @type {Map<string, Opened>} */
    const opened = new Map();
    /** The numbers of a place under one kind of norm, unpacked when they are first asked for. @type {Local["p"]} */
    const p = (place, kind) => {
      const key = `${place.name} ${kind}`;
      const { centred, normalised, output } = place[kind];
      const found = opened.get(key) ?? {
        x: unpack(place.x),
        centred: unpack(centred),
        normalised: unpack(normalised),
        output: unpack(output),
        ...(place.gain && { gain: unpack(place.gain) }),
        ...(place.bias && { bias: unpack(place.bias) }),
      };
      opened.set(key, found);
      return found;
    };
    const names = [...data.lines.map(nameOf), ...NORM_STEPS, say("The other norm")];
    const same = local.names?.join() === names.join();
    return {
      a,
      p,
      cols: a.final.length,
      names,
      along: data.along,
      steps: same ? local.steps : stepMode("written", names),
    };
  },

  draw(g, data, local) {
    g.data = data;
    listen(g, local);
    const at = plan(g, data);
    local.at = at;
    reveal(data, local, at);
    g.height = at.height;
    local.steps.bar(g, local, (now) => captionOf(data, local, now));
    drawRail(g, data, local, at);
    drawHeads(g, data, at);
    drawLedger(g, data, local, at);
    drawCard(g, data, local, at);
    drawNorm(g, data, local, at);
    drawDoors(g, data, local, at);
    if (!at.phone)
      g.part("rule", [at.height], () =>
        h("path", { d: `M${at.norm.x - 16},0V${at.height - 6}`, stroke: css("line") }),
      );
  },

  within: ({ follow: _, ...change }) => change, // the data are those of one token

  // ↑ ↓ choose a line, ← → a number; Shift + ← →, or comma and point, go one step back or on; [ ] the token before or after;
  // Space plays and pauses; Esc: up, to the whole picture.
  key(event, g, data, local) {
    const [n, chosen, number] = [data.lines.length, chosenOf(data, local), numberOf(local)];
    const move = { ArrowUp: -1, ArrowDown: 1 }[event.key];
    const side = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (move) choose(g, data, clamp(chosen + move, 0, n));
    else if (side && !event.shiftKey) g.select({ number: clamp(number + side, 0, local.cols - 1) });
    else if (event.key === "[" || event.key === "]") follow(g, data, data.row + (event.key === "[" ? -1 : 1));
    else if (local.steps.key(event, g, local)) return true;
    else if (event.key === "Escape") local.steps.up(g, local);
    else return false;
    return true;
  },

  describe(data, local) {
    const chosen = chosenOf(data, local);
    const place = placeOf(data, chosen);
    const kind = kindOf(data, place);
    const lines = data.lines
      .slice(0, 40)
      .map((one) =>
        say("{line} {length} long, cosine {cosine}", {
          line: nameOf(one),
          length: num(one.norm, 2),
          cosine: num(one.cosine, 2),
        }),
      )
      .join("; ");
    const step = local.steps.said(local, (now) => captionOf(data, local, now));
    const { mean, scale } = place[kind ?? "rms"];
    const takes = { norm: titleOf(data, place), mean: num(mean ?? 0, 3), scale: num(scale, 3) };
    const norm = !kind
      ? say("No norm stands there.")
      : mean === null
        ? say("{norm}: no mean taken off, divided by {scale}.", takes)
        : say("{norm}: mean {mean}, divided by {scale}.", takes);
    return [
      step + say("The ledger of {token}: {lines}.", { token: visible(data.tokens[data.row].text), lines }),
      say("They add up to {length}, off by {error} of it.", {
        length: num(data.length, 2),
        error: tiny(data.error),
      }),
      say("Chosen: {line}.", { line: data.lines[chosen] ? nameOf(data.lines[chosen]) : say("sum") }),
      norm,
    ].join(" ");
  },

  state(data, local) {
    const chosen = chosenOf(data, local);
    const place = placeOf(data, chosen);
    const kind = kindOf(data, place);
    const i = numberOf(local);
    const q = kind && local.p(place, kind);
    const value = (/** @type {keyof Opened} */ name) => q?.[name]?.[i] ?? null;
    return {
      tokens: data.tokens.map((token) => token.text),
      row: data.row,
      stage: local.steps.state(local),
      written: written(data, local),
      line: chosen < data.lines.length ? data.lines[chosen].name : "sum",
      lines: data.lines.map(({ name, norm, cosine, running, logit }) => ({
        name,
        norm,
        cosine,
        running,
        logit,
      })),
      length: data.length,
      error: data.error,
      top: data.top,
      rest: data.rest,
      direct: data.direct,
      up: chosen < data.lines.length ? data.lines[chosen].up : [],
      norm: {
        name: place.name,
        own: place.own,
        kind,
        eps: place.eps,
        mean: kind ? place[kind].mean : null,
        scale: kind ? place[kind].scale : null,
        alike: place.alike,
        number: i,
        x: value("x"),
        centred: value("centred"),
        normalised: value("normalised"),
        output: value("output"),
      },
    };
  },
};

/**
 * Make a line (or, past the last, the sum) the chosen one: out of step mode, as the whole ledger is in view then.
 * @param {LedgerStage} g @param {Data} data @param {number} at
 */
function choose(g, data, at) {
  const one = data.lines[at];
  const change = one
    ? { line: LINE[one.part], ...(one.layer === null ? {} : { block: one.layer }) }
    : { line: "sum" };
  g.select({ ...change, written: -1 });
}
/** @param {LedgerStage} g @param {Data} data @param {number} to */
function follow(g, data, to) {
  const at = clamp(to, 0, data.tokens.length - 1);
  if (at !== data.row) g.select({ follow: at === data.tokens.length - 1 ? -1 : at });
}

/** @param {LedgerStage} g @param {Local} local */
function listen(g, local) {
  if (local.listening) return;
  local.listening = true;
  g.svg.addEventListener("click", (event) => {
    const hit = event.target instanceof Element && event.target.closest("[data-line], [data-token]");
    if (!hit) return;
    const token = hit.getAttribute("data-token");
    if (token !== null) follow(g, g.data, Number(token));
    else choose(g, g.data, Number(hit.getAttribute("data-line")));
  });
  const over = (/** @type {number} */ y) =>
    local.at.hint > 0 && y > local.at.top && y < local.at.top + local.at.rows * local.at.pitch;
  g.svg.addEventListener(
    "wheel",
    (event) => {
      const [x, y] = pointerAt(g, event);
      if (
        over(y) &&
        x > local.at.x &&
        x < local.at.x + local.at.w &&
        scrollTo(g, local, (local.first ?? 0) + Math.sign(event.deltaY) * 2)
      )
        event.preventDefault();
    },
    { passive: false },
  );
  /** @type {[y: number, first: number] | null} */
  let from = null; // a finger, and the line that was at the top when it came
  g.svg.addEventListener(
    "touchstart",
    (event) => {
      from = over(pointerAt(g, event.touches[0])[1]) ? [event.touches[0].clientY, local.first ?? 0] : null;
    },
    { passive: true },
  );
  g.svg.addEventListener(
    "touchmove",
    (event) => {
      if (
        from &&
        scrollTo(g, local, from[1] + Math.round((from[0] - event.touches[0].clientY) / local.at.pitch))
      )
        event.preventDefault();
    },
    { passive: false },
  );
}

/**
 * Ways on: to the part that wrote the chosen line, to training without these two, and back to the machine.
 * @param {LedgerStage} g @param {Data} data @param {Local} local @param {Layout} at
 */
function drawDoors(g, data, local, at) {
  const one = data.lines[chosenOf(data, local)];
  const part =
    one?.part === "mlp"
      ? ["feed_forward", sayOf("door", "L{block} MLP", { block: one.layer })]
      : ["attention", sayOf("door", "L{block} attention", { block: one?.layer ?? local.sel.block })];
  if (!g.can.visit) return;
  const y = at.height - (at.phone ? 34 : 24);
  const x = at.phone ? -2 : at.card.x + 14;
  g.door(part[0], { left: x, top: y }, part[1], say("The part that wrote this line"));
  g.door(
    "break_it",
    { left: x + 120, top: y },
    say("Without them"),
    say("Training without norms or residuals"),
  );
  g.door("home", { left: x + 240, top: y }, say("Home"), say("The whole machine"));
}

export default mount("norm_residual", normResidual);
