// The details of the picked model, before it is opened; and the learner's text in the open one.

import { counted } from "../../app/kit/counts.js";
import { say, sayOf } from "../../app/kit/say.js";
import {
  chip,
  clamp,
  css,
  fit,
  h,
  html,
  inLines,
  label,
  measure,
  num,
  percent,
  thousands,
  visible,
} from "../../app/kit/shapes.js";
import { PARTS, pickedOf } from "./layout.js";

/**
 * @import { Attributes, Lettering, Shapes } from "../../app/kit/shapes.js"
 * @import { Data, Draw, Entry, Held, Models } from "./figure.js"
 * @import { Plan } from "./layout.js"
 */

/** @type {(x: number, w: number, y: number, name: string, value: string, o?: Lettering) => SVGElement[]} */
const row = (x, w, y, name, value, o = {}) => [
  label(x, y, name, { fill: "ink3" }),
  label(x + w, y, fit(value, w - measure(name, 12, false) - 12, 12, Boolean(o.mono)), {
    anchor: "end",
    fill: "ink",
    ...o,
  }),
];

/** The same event as picking: one that overtook it would be undone by it. @type {(g: Models, name: string) => void} */
export function openIt(g, name) {
  g.select({ picked: name, open: Date.now() });
}

/** Whether the model can be opened from here, or asked on its page. @type {(g: Models, data: Data, one: Entry) => boolean} */
export const opens = (g, data, one) =>
  Boolean(g.can.recompute) &&
  one.name !== data.current.name &&
  !one.problem &&
  (!one.headed || Boolean(one.asked));

/** What becomes of the model where it is opened, in words. @type {(data: Data, one: Entry, served?: boolean) => string} */
function stateOf(data, one, served) {
  const { held } = data;
  if (one.name === data.current.name)
    return (
      data.refused ||
      (served ? say("Open: this page and all others show it.") : say("This one reads the text below."))
    );
  if (one.problem) return "";
  if (one.asked)
    return one.asked === "sentiment"
      ? say("It says classes and no words: Applications asks it.")
      : say("It says spans and no words: Applications asks it.");
  if (one.headed)
    return say(
      "It labels tokens and says no words, so no page shows it; in a notebook, core.load opens it and tag asks it.",
    );
  if (held && held.most < one.bytes)
    return say("More than the {most} that models may take here: it is refused.", { most: held.mostText });
  if (one.open) return say("In memory: it opens at once.");
  return one.here
    ? ""
    : served
      ? say("It is fetched once, for everybody.")
      : say("It is fetched when it is first opened.");
}

/** @type {Draw} */
export function drawCard(g, data, local, at) {
  const { x, y, w } = at.card;
  const one = pickedOf(data, local);
  const open = one.name === data.current.name;
  g.part("card", [one.name, one.open, at.card], () => {
    /** @type {Shapes[]} */
    const out = [
      h("rect", {
        x: x + 0.5,
        y: y + 0.5,
        width: w - 1,
        height: at.card.h - 1,
        rx: 8,
        fill: css("wash"),
        stroke: css("line"),
      }),
    ];
    const [left, room] = [x + 14, w - 28];
    out.push(
      label(left, y + 26, fit(one.label, room, 15, false), {
        size: 15,
        weight: 600,
        fill: "ink",
        "data-part": "picked",
      }),
    );
    let line = y + 46;
    const write = (/** @type {string} */ text, /** @type {Lettering} */ o) => {
      for (const part of inLines(text, room, 12)) {
        out.push(label(left, line, fit(part, room, 12, false), o));
        line += 16;
      }
    };
    write(one.problem || one.shape, { fill: one.problem ? "neg" : "ink2" });
    if (one.what && !one.problem) write(one.what, { fill: "ink3" });
    line += 8;
    one.parts.forEach((n, i) => {
      if (!one.total) return;
      out.push(
        h("rect", { x: left, y: line - 9, width: 10, height: 10, rx: 2, fill: css(PARTS[i]) }),
        row(
          left + 16,
          room - 16,
          line,
          data.titles[i],
          `${thousands(n)}  ${percent(n / one.total, 1).padStart(6)}`,
          { mono: true },
        ),
      );
      line += 18;
    });
    line += 4;
    const weights = say("weights");
    const facts = [
      [weights, one.total ? thousands(one.total) : say("not known yet")],
      [one.here ? say("on disk") : say("to fetch"), one.stored],
      [say("in memory, as float32"), one.memory],
      [say("licence"), one.licence],
      [sayOf("models", "from"), one.from],
    ];
    for (const [name, value] of facts) {
      if (line > y + at.card.h - 104) break;
      out.push(row(left, room, line, name, value, { mono: name === weights }));
      line += 18;
    }
    if (one.bytes && data.held)
      out.push(drawRoom(data.held, one, left, y + at.card.h - (at.phone ? 84 : 76), room));
    const state = stateOf(data, one, g.can.recompute);
    const words = inLines(state, room - (opens(g, data, one) ? 92 : 0), 12).slice(0, 3);
    out.push(
      words.map((text, i) =>
        label(left, y + at.card.h - 14 - 15 * (words.length - 1 - i), text, {
          fill: data.refused && open ? "neg" : "ink2",
        }),
      ),
    );
    return out;
  });
  if (!opens(g, data, one)) return;
  const deep = at.phone ? 44 : 32;
  g.overlay(
    "open",
    { left: x + w - 96, top: y + at.card.h - deep - 10, width: 82 },
    () =>
      html("button", {
        type: "button",
        class: "gb-button gb-primary gb-small",
        "data-act": "open",
        onclick: (event) => openIt(g, /** @type {HTMLElement} */ (event.currentTarget).dataset.name ?? ""),
      }),
    (node) => {
      node.dataset.name = one.name;
      node.textContent = one.asked ? say("Ask it") : say("Open it");
      node.setAttribute("aria-label", `${node.textContent}: ${one.label}`);
    },
  );
}

/**
 * What models in memory take, and this one beside them, of what they may take together.
 * @type {(held: Held, one: Entry, x: number, y: number, w: number) => Shapes}
 */
function drawRoom(held, one, x, y, w) {
  const more = one.open ? 0 : one.bytes;
  const whole = Math.max(held.most, held.now + more);
  const [now, then] = [(w * held.now) / whole, (w * more) / whole];
  const over = one.bytes > held.most;
  return [
    h("rect", { x, y, width: w, height: 9, rx: 2, fill: css("bg"), stroke: css("line") }),
    h("rect", { x, y, width: Math.max(1, now), height: 9, rx: 2, fill: css("res") }),
    more
      ? h("rect", {
          x: x + now,
          y,
          width: Math.max(2, then),
          height: 9,
          rx: 2,
          fill: css(over ? "neg" : "accent"),
        })
      : null,
    label(
      x,
      y - 7,
      more
        ? say("memory of models: {now} + {more} of {most}", {
            now: held.nowText,
            more: one.memory,
            most: held.mostText,
          })
        : say("memory of models: {now} of {most}", { now: held.nowText, most: held.mostText }),
      { fill: "ink3" },
    ),
  ];
}

/**
 * The learner's text in the open model: its tokens with the size of their rows, and how many weights it meets.
 * @type {(g: Models, data: Data, at: Plan) => void}
 */
export function drawText(g, data, at) {
  const { x, y, w } = at.text;
  const use = data.use;
  const whole = use.whole.reduce((a, b) => a + b, 0);
  const used = use.used.reduce((a, b) => a + b, 0);
  const most = Math.max(...data.tokens.map((one) => one.size), 1e-9);
  g.part("text", [at.text], () => {
    /** @type {SVGElement[]} */
    const out = [h("path", { d: `M${x},${y - 8}H${x + w}`, stroke: css("line") })];
    const reads = {
      model: data.current.label,
      rows: thousands(use.rows),
      all: counted(use.vocabulary, "row"),
    };
    const said = use.tied
      ? say(
          "in {model} reads {rows} of {all} of the token table, and chooses the next token by all of them",
          reads,
        )
      : say("in {model} reads {rows} of {all} of the token table", reads);
    out.push(
      label(
        x + (at.phone ? 0 : 78),
        y + (at.phone ? 46 : 12),
        fit(said, w - (at.phone ? 0 : 358), 12, false),
        { fill: "ink2" },
      ),
    );
    let [cx, cy, left] = [x, y + (at.phone ? 74 : 38), 0];
    const lines = at.phone ? 3 : 1;
    let drawn = 0;
    const right = at.phone ? w : w - 292;
    for (const one of data.tokens) {
      const wide = clamp(measure(visible(one.text), 13, true) + 14, 26, 130);
      if (cx + wide > right - 40) {
        if (++left >= lines) break;
        cx = x;
        cy += 44;
      }
      out.push(
        h(
          "g",
          { "data-token": drawn },
          chip(g, cx, cy, wide, one.text, { id: one.id }),
          h("rect", {
            x: cx,
            y: cy + 15,
            width: Math.max(1, (wide * one.size) / most),
            height: 4,
            rx: 2,
            fill: css("res"),
          }),
        ),
      );
      cx += wide + 5;
      drawn++;
    }
    if (drawn < data.tokens.length)
      out.push(label(cx + 4, cy + 4, `+ ${data.tokens.length - drawn}`, { fill: "ink3" }));
    out.push(
      label(
        x,
        cy + 36,
        at.phone
          ? say("Bars: how large each token’s row is.")
          : say("Under each token: the root mean square of its row in the table."),
        { fill: "ink3" },
      ),
    );
    const [bx, by, bw] = at.phone ? [x, cy + 84, w] : [w - 270, y + 38, 270];
    out.push(
      label(
        bx,
        by - 18,
        say("{used} of {weights} used", { used: thousands(used), weights: counted(whole, "weight") }),
        { weight: 600, fill: "ink" },
      ),
    );
    let from = bx;
    use.whole.forEach((n, i) => {
      const [all, met] = [(bw * n) / whole, (bw * use.used[i]) / whole];
      out.push(
        h("rect", { x: from, y: by - 9, width: all, height: 16, fill: css("bg"), stroke: css("line") }),
        g.tip(
          h("rect", { x: from, y: by - 9, width: met, height: 16, fill: css(PARTS[i]) }),
          say("{part}\n{used} of {all} used\nroot mean square {size}", {
            part: data.titles[i],
            used: thousands(use.used[i]),
            all: thousands(n),
            size: num(use.sizes[i], 4),
          }),
        ),
      );
      from += all;
    });
    out.push(
      label(bx, by + 24, say("{share} %; hollow: rows that it does not read", { share: num(use.share, 1) }), {
        fill: "ink3",
      }),
    );
    g.height = Math.max(by + 34, cy + 46);
    return out;
  });
  g.door(
    "tokenization",
    { left: x - 2, top: y - 1 },
    g.can.visit ? say("Your text") : say("The text"),
    say("How it was cut into tokens"),
  );
}
