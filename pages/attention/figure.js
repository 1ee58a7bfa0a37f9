// One attention head from x to output. The current step is large and carries its numbers, what came before stands to
// its left, what is still to come is pale at its right, and every token keeps its row from the chip to the end.
// A cell, hovered or chosen, is framed back to where it came from and written out below (cell.js).
// layout.js says what stands where, panels.js draws it, input.js answers pointer, keys and buttons.

import { mount } from "../../app/kit/glass.js";
import { say } from "../../app/kit/say.js";
import {
  MONO,
  clamp,
  css,
  fit,
  h,
  html,
  label,
  measure,
  num,
  shareBar,
  tokenSpans,
  unpack,
  visible,
} from "../../app/kit/shapes.js";
import { stepKey, stepMode } from "../../app/kit/steps.js";
import { isDesk, isPhone } from "../../app/kit/widths.js";
import { activeCell, cardOf, drawCard } from "./cell.js";
import { arrows, bindPointer, edit, hide, overEdit, overHide, overRail, overRows, reveal } from "./input.js";
import { HEAD, MATRICES, RAIL, ROWS, plan, stepId } from "./layout.js";
import {
  drawChips,
  drawColumns,
  drawFrames,
  drawHeads,
  drawMini,
  drawPanel,
  drawPin,
  drawRail,
  flowArrows,
  hintOf,
  sharing,
  sharingLabel,
} from "./panels.js";

/**
 * @import { Local as Kept, Stage } from "../../app/kit/glass.js"
 * @import { Packed, Shapes, Unpacked } from "../../app/kit/shapes.js"
 * @import { Steps } from "../../app/kit/steps.js"
 * @import { Editing, Hit } from "./input.js"
 * @import { Layout, StepId } from "./layout.js"
 *
 * What Python sends (`record` in figure.py): one head over T rows, which ask, and S columns, which answer; K numbers a head,
 * D a token. `arrays` holds what the head computed, each as a matrix unless it says otherwise:
 *   resid, x (T, D), source, xk (S, D) of cross-attention; q (T, K), k, v (S, K), qn, kn after norms of their own, tq, tk
 *   turned by position, cos, sin; wq, wk, wv (D, K), wo (K, D) unless they are too large; bq, bk, bv (K);
 *   scores, scaled, biased, masked, pattern, bias (T, S); z (T, K), result (T, D); mean, norm_scale (T), gain, shift (D).
 * @typedef {object} Data
 * @property {string} name "L1H2"
 * @property {number} block
 * @property {number} head
 * @property {"self" | "cross" | "encoder"} attention
 * @property {boolean} cross rows and columns are tokens of two texts
 * @property {number} nHeads
 * @property {number} kvHeads fewer where heads share keys and values
 * @property {number} dHead K
 * @property {Token[]} rows
 * @property {Token[]} cols
 * @property {Step[]} steps
 * @property {Record<string, Packed>} arrays
 * @property {number} factor that scores are multiplied by
 * @property {string} factorName "1/√8"
 * @property {string} biasName of a position bias, "ALiBi"
 * @property {number} temperature
 * @property {{turn: boolean}} on
 * @property {{causal: boolean, window: number | null, sinks: number, shown: [row: number, col: number][]}} rule what hides
 *   keys from queries; shown: cells that a learner brought into view
 * @property {number[]} blind rows that see no key
 * @property {number[] | null} moved by which share of its length a change moved each row's output
 * @property {boolean} late the model normalises after adding
 * @property {boolean} centred its norm takes a mean off
 * @property {boolean} gained it has a gain
 * @property {boolean} shifted and a bias
 * @property {[row: number, col: number, value: number | null][]} edits a learner's own scores; null: −∞
 * @property {{label: string, after: string, tokens: Likely[], changed: boolean}} next
 *
 * @typedef {{text: string, id: number, special: boolean}} Token
 * @typedef {{id: StepId, title: string, formula: string, hint: string, told: string, off: boolean}} Step told: its caption
 * @typedef {{text: string, id: number, before: number, after: number}} Likely a next token's probability, without the change and with it
 *
 * What the browser keeps: the arrays unpacked, the shown step, the chosen cell (dim: a number of a strip; null: the largest),
 * whether it is a key's, how far rows are scrolled, and what is hovered or edited.
 * @typedef {Kept & {
 *   a: Arrays, data: Data, max: Record<string, number>, steps: Steps, step: number, row: number, col: number, dim: number | null,
 *   keyed: boolean, scroll: number, hover: Hit | null, editing?: Editing | null, timer?: number | null, at: Layout,
 *   bound?: boolean, entered?: number, revealed?: string, cardHeight: number, cardEnd: number,
 * }} Local
 * @typedef {Record<string, Unpacked>} Arrays those that a head has not are missing
 * @typedef {{row: number, col: number, dim: number, keyed: boolean}} Active the cell that is framed and written out
 */

/** @type {import("../../app/kit/glass.js").View<Data, Local>} */
const attention = {
  init(data, local) {
    const a = Object.fromEntries(Object.entries(data.arrays).map(([name, packed]) => [name, unpack(packed)]));
    const from = (
      /** @type {string} */ field,
      /** @type {number} */ last,
      /** @type {number} */ fallback,
    ) => {
      const given = local.sel[field];
      return given === undefined || given < 0 ? fallback : clamp(given, 0, last);
    };
    const titles = data.steps.map((one) => one.title);
    const steps =
      local.steps?.names.join() === titles.join()
        ? local.steps
        : stepMode("step", titles, { whole: data.steps.findIndex((one) => one.id === "scores") }); // the whole is drawn around them
    return {
      a,
      data,
      max: {},
      steps,
      step: steps.of(local),
      row: from("row", data.rows.length - 1, data.rows.length - 1),
      col: from("col", data.cols.length - 1, 0),
      dim: local.dim ?? null,
      scroll: local.scroll ?? null,
      hover: local.hover ?? null,
      keyed: local.keyed ?? false,
    };
  },

  selected(_g, _data, local, change) {
    if ("step" in change) local.entered = performance.now();
    for (const name of /** @type {const} */ (["row", "col"])) if (name in change) local[name] = change[name];
    if ("step" in change) {
      local.step = local.steps.of(local);
      local.hover = null;
    }
  },

  draw(g, data, local) {
    if (!local.bound) {
      local.bound = true;
      bindPointer(g, local);
    }
    const at = plan(g, data, local);
    local.at = at;
    reveal(local, at);
    const active = activeCell(data, local);
    const wide = at.wide;
    const key = [local.step];
    const now = at.panels.filter((p) => p.phase === "now");
    local.steps.bar(g, local, (now) => data.steps[now].told);
    g.part("rail", key, () => drawRail(g, data, local));
    overRail(g, data, local);
    g.part("heads", [local.step, active.row], () => drawHeads(g, data, local, at, active));
    g.part("columns", [local.step, active.col], () =>
      now.filter((p) => MATRICES[p.id]).map((p) => drawColumns(data, at, p, active)),
    );
    const clip = g.part("clip", key, () =>
      h(
        "clipPath",
        { id: "att-rows" },
        h("rect", { x: -4, y: at.top - 3, width: g.width + 8, height: at.shown + 6 }),
      ),
    );
    clip.querySelector("rect")?.setAttribute("height", String(at.shown + 6));
    const window = { "clip-path": "url(#att-rows)" };
    const scrolled = (/** @type {Shapes} */ nodes) =>
      h("g", window, h("g", { transform: `translate(0,${-local.scroll})` }, nodes));
    g.part("chips", [local.step, active.row, active.col, active.keyed, local.scroll], () =>
      scrolled(drawChips(g, data, at, active)),
    );
    g.part("panels", [local.step, local.scroll], () =>
      h(
        "g",
        { class: performance.now() - (local.entered ?? -1e9) < 100 ? "att-enter" : "" },
        scrolled(at.panels.filter((p) => p.id !== "keychips").map((p) => drawPanel(g, local, p))),
      ),
    );
    g.part("minis", key, () => at.minis.map((m) => drawMini(g, data, local, m)));
    if (MATRICES[at.id] || at.id === "sum")
      g.part("pins", [local.step, active.row, active.col], () => at.minis.map((m) => drawPin(m, active)));
    g.part("arrows", key, () => at.wide && flowArrows(at));
    g.part("frames", [local.step, active, local.scroll], () => {
      const nodes = drawFrames(data, local, at, active);
      const wire = at.id === "scores" ? nodes.pop() : null;
      return [scrolled(nodes), wire && h("g", { transform: `translate(0,${-local.scroll})` }, wire)];
    });
    if (at.lines * at.pitch > at.shown) {
      const share = at.shown / (at.lines * at.pitch);
      overRows(g, local, at);
      g.part("thumb", [local.scroll], () =>
        h("rect", {
          x: at.chips + 3,
          y: at.top + local.scroll * share,
          width: 4,
          height: at.shown * share,
          rx: 2,
          fill: css("ink3"),
          opacity: 0.5,
        }),
      );
    }
    const base = wide
      ? Math.max(RAIL + HEAD + ROWS, at.top + at.shown) + 12
      : Math.max(...at.minis.map((m) => m.y + m.h)) + 16;
    g.part("card", [local.step, active], () => {
      const card = drawCard(g, data, local, at.id, active, base);
      local.cardHeight = card.height;
      local.cardEnd = card.end;
      return card.nodes;
    });
    overHide(g, data, local, at, base);
    const height = base + local.cardHeight + 8;
    g.part("next", null, () => drawNext(g, data, height));
    const after = data.next.after ? ` ${fit(visible(data.next.after), 90, 12)}` : "";
    if (data.next.tokens.length)
      g.door(
        "decoding",
        { left: -2, top: wide ? height + 1 : height - 12 },
        data.next.label + after,
        say("From probabilities to text: greedy, beam, sampling"),
      );
    const doors = wide ? height + 2 : height + 80;
    if (g.can.visit)
      g.door(
        "multi_head",
        { left: wide ? g.width - 132 : -2, top: doors },
        say("All heads"),
        say("Every head of every block side by side"),
      );
    if (g.can.visit)
      g.door("home", { left: wide ? g.width - 56 : 90, top: doors }, say("Home"), say("The whole machine"));
    if (!wide) g.part("sharing", null, () => sharingLabel(data, g.width, doors + 15, g.width - 144)); // beside the doors
    const reset = resetWidth();
    if (data.next.changed && g.can.recompute)
      g.overlay(
        "reset",
        {
          left: g.width - reset - (wide ? 132 + 8 : 0),
          top: height - (wide ? 2 : 8),
          width: reset,
          height: wide ? 28 : 44,
        },
        () =>
          html(
            "button",
            {
              type: "button",
              class: "gb-button att-corner",
              click: () => g.send("reset", { at: Date.now() }),
            },
            say("Reset"),
          ),
      );
    g.height = height + (wide ? 26 : 126);
    overEdit(g, local, at);
  },

  within: ({ head: _, ...change }) => change, // the data are those of one head

  // Arrows move the cell; Shift + ← →, or comma and point, go one step back or on; Space plays and pauses; Enter: type a
  // new score; Delete: hide a key, its score becomes −∞; 0 … 9 choose a head; Esc: up, to the whole machine.
  key(event, g, data, local) {
    const dx = Number(event.key === "ArrowRight") - Number(event.key === "ArrowLeft");
    const dy = Number(event.key === "ArrowDown") - Number(event.key === "ArrowUp");
    const step = stepKey(event);
    if (step) local.steps.by(g, local, step);
    else if (dx || dy) arrows(g, data, local, dx, dy);
    else if (event.key === " ") local.steps.play(g, local, !local.timer);
    else if (event.key === "Enter") return edit(g, data, local, local);
    else if (event.key === "Delete") return hide(g, local, local);
    else if (event.key === "Escape") local.steps.up(g, local);
    else if (/^[0-9]$/.test(event.key) && Number(event.key) < data.nHeads)
      g.select({ head: Number(event.key) });
    else return false;
    return true;
  },

  describe(data, local) {
    const step = data.steps[local.step];
    const active = activeCell(data, local);
    const [{ row, col, dim }, shared] = [active, sharing(data)];
    const where = MATRICES[step.id]
      ? say("row {row} {asking}, column {column} {answering}", {
          row,
          asking: visible(data.rows[row].text),
          column: col,
          answering: visible(data.cols[col].text),
        })
      : active.keyed
        ? say("key {key} {token}, number {number}", {
            key: col,
            token: visible(data.cols[col].text),
            number: dim,
          })
        : say("row {row} {token}, number {number}", {
            row,
            token: visible(data.rows[row].text),
            number: dim,
          });
    const { value } = cardOf(data, local, step.id, active, false);
    return (
      `${local.steps.said(local, (now) => data.steps[now].told)}${data.name}: ${step.title}, ${hintOf(data, local, row)}. ${say("At {where} the value is {value}.", { where, value: num(value, 3) })} ${shared && `${shared}. `}` +
      `${data.next.label}${
        data.next.tokens.length
          ? ` ${data.next.tokens
              .slice(0, 3)
              .map((t) => `${visible(t.text)} ${num(t.after, 3)}`)
              .join(", ")}.`
          : ""
      }`
    );
  },

  state(data, local) {
    const id = stepId(data, local);
    const active = activeCell(data, local);
    const card = cardOf(data, local, id, active, false);
    return {
      step: id,
      steps: data.steps.map((s) => s.id),
      block: data.block,
      head: data.head,
      attention: data.attention,
      row: active.row,
      col: active.col,
      dim: active.dim,
      keyed: active.keyed,
      value: card.value === -Infinity ? null : card.value,
      sum: card.sum ?? null,
      terms: card.rows?.[2].values ?? null,
      others: card.others,
      rest: card.rest,
      hover: local.hover !== null,
      playing: Boolean(local.timer),
      whole: !local.steps.told(local),
      tokens: data.rows.map((t) => t.text),
      changed: data.next.changed,
      edits: data.edits,
      shared: sharing(data),
      blind: data.blind,
      moved: data.moved,
      hint: hintOf(data, local, active.row),
      next: data.next.tokens.map(({ text, id, before, after }) => ({ text, id, before, after })),
    };
  },
};

/** How wide the button is that takes changes back. */
const resetWidth = () => Math.max(62, Math.ceil(measure(say("Reset"), 12, false) * 1.06) + 20);

/**
 * What the whole model predicts, as it is and with the change: one line, a bar a token.
 * @param {Stage} g @param {Data} data @param {number} y
 */
function drawNext(g, data, y) {
  const { tokens, label: name, changed } = data.next;
  const wide = !isPhone(g.width);
  const after = data.next.after ? fit(visible(data.next.after), 90, 13) : "";
  const lead = 1.06 * measure(`${name} ${after}`, 12, false) + 38;
  const room = g.width - (wide ? 150 + (changed ? resetWidth() + 8 : 0) : 0);
  const per = wide
    ? Math.min(190, (room - lead) / Math.min((isDesk(g.width) ? 5 : 3) - (changed ? 1 : 0), tokens.length))
    : g.width / 2;
  if (!tokens.length) return [label(0, y + 14, fit(name, g.width, 12, false), { fill: "ink2" })];
  const shown = tokens.slice(0, wide ? Math.max(1, Math.floor((room - lead) / per)) : 4);
  return [
    shown.map((t, i) => {
      const x = wide ? lead + i * per : (i % 2) * per;
      const base = wide ? y : y + 40 + 24 * Math.floor(i / 2);
      const numbers = changed ? `${num(t.before, 3)} → ${num(t.after, 3)}` : num(t.after, 3);
      const word = per - measure(numbers, 12, true) - 22;
      const bar = per - 14;
      return h(
        "g",
        {},
        h(
          "text",
          { x, y: base + 14, "font-family": MONO, "font-size": 13, fill: css("ink"), direction: "ltr" },
          tokenSpans(t.text, word),
        ),
        label(x + bar, base + 14, numbers, {
          anchor: "end",
          mono: true,
          fill: changed && t.after !== t.before ? "accent" : "ink2",
        }),
        h("rect", { x, y: base + 19, width: bar, height: 4, rx: 2, fill: css("field") }),
        changed && shareBar(x, base + 19, bar, 4, t.before, { fill: css("res"), opacity: 0.55 }),
        shareBar(x, base + (changed ? 20 : 19), bar, changed ? 2 : 4, t.after, {
          fill: css(changed ? "accent" : "res"),
        }),
      );
    }),
  ];
}

export default mount("attention", attention);
