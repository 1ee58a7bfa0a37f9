// Home of a model with many blocks: the first, the open and the last block stand wide, the others are folded into narrow columns.

import { say, sayOf } from "../../app/kit/say.js";
import { MONO, css, fit, h, label, measure, num, visible } from "../../app/kit/shapes.js";
import { openBlock } from "./input.js";
import { FOLD } from "./layout.js";
import { argmax, attentionRow, blockOf, looking, rowOf } from "./selection.js";

/**
 * @import { Lettering, Shape } from "../../app/kit/shapes.js"
 * @import { Data, Draw, Kept } from "./figure.js"
 * @import { Layout } from "./layout.js"
 */

/** @type {(data: Data, L: Layout, l: number) => boolean} */
export const isFolded = (data, L, l) => L.folded && l > 0 && l < data.blocks - 1;
/** Which blocks are folded now. @type {(data: Data, local: Kept) => number[]} */
export const foldedOf = (data, local) =>
  local.folds
    ? Array.from({ length: data.blocks }, (_, l) => l).filter(
        (l) => l > 0 && l < data.blocks - 1 && l !== blockOf(data, local),
      )
    : [];

/**
 * Neighbouring folded blocks, from the first to the last of each run, with the pixels that they take.
 * @type {(data: Data, L: Layout, open: number) => {from: number, to: number, x: number, end: number}[]}
 */
function runsOf(data, L, open) {
  /** @type {{from: number, to: number}[]} */
  const runs = [];
  for (let l = 1; l < data.blocks - 1; l++) {
    if (l === open) continue;
    const last = runs.at(-1);
    if (last?.to === l - 1) last.to = l;
    else runs.push({ from: l, to: l });
  }
  return runs.map((run) => ({
    ...run,
    x: L.blocks[run.from].x,
    end: L.blocks[run.to].x + L.blocks[run.to].w,
  }));
}

/** @type {(data: Data, L: Layout, open: number) => SVGElement[]} */
export function foldedHeadings(data, L, open) {
  const middle = (/** @type {number} */ l) => L.blocks[l].x + L.blocks[l].w / 2;
  /** @type {(x: number, y: number, text: number, o?: Lettering) => SVGElement} */
  const strong = (x, y, text, o = {}) =>
    label(x, y, text, { fill: "ink", weight: 600, anchor: "middle", ...o });
  if (L.phone) {
    const named = [open, 0, data.blocks - 1].filter((l, i) => !i || Math.abs(middle(l) - middle(open)) > 18);
    return named.map((l) => strong(middle(l), 14, l, { fill: l === open ? "att-ink" : "ink" }));
  }
  // Its heading, a bold link, ends with an arrow.
  const embedding = L.embX - 9 + measure(say("Embedding"), 12, false) * 1.1 + 18;
  const out = [0, data.blocks - 1]
    .filter((l) => l !== open)
    .map((l) => strong(l ? middle(l) : Math.max(middle(l), embedding + 8), 14, l));
  if (L.blocks[open].o > 0.99)
    out.push(
      label(L.blocks[open].x + L.blocks[open].w - 8, 14, say("row reads column"), {
        fill: "ink3",
        anchor: "end",
      }),
    );
  for (const { from, to, x, end } of runsOf(data, L, open)) {
    const span = from === to ? `${from}` : `${from} … ${to}`;
    const name = [say("{blocks}, folded", { blocks: span }), span].find(
      (text) => measure(text, 12, false) * 1.1 < end - x,
    );
    if (name) out.push(label(x + 2, 14, name, { fill: "ink", weight: 600 }));
    const [how, used] = [say("hover or ← → opens one"), measure(name ?? "", 12, false) * 1.1 + 16];
    if (name && used + measure(how, 12, false) * 1.04 < end - x)
      out.push(label(end - 2, 14, how, { fill: "ink3", anchor: "end" }));
    const every = [1, 2, 4, 5, 10, 20].find((step) => step * (L.closed + L.gap) >= 22) ?? 50;
    for (let l = from; l <= to; l++)
      if (l % every === 0) out.push(label(middle(l), L.bottom + 13, l, { fill: "ink3", anchor: "middle" }));
  }
  return out;
}

/**
 * Over every folded column one square a head: how much the followed row reads there what it reads most in the open head.
 * @type {Draw}
 */
export function drawReading(g, data, local, L) {
  const row = rowOf(data, local);
  const heads = looking(data, local);
  const weights = attentionRow(data, local, row);
  if (!weights.length) return;
  const col = argmax(weights);
  const [, H, T, S] = heads.pattern.shape;
  const per = H / data.kv_heads;
  const space = per > 1 && data.kv_heads > 1 ? 2 : 0; // between groups that share keys
  const step = Math.min(11, (FOLD.squares - space * (H / per - 1)) / H);
  const tall = step > 4 ? step - 2 : step;
  const side = data.cross && heads === local.cross ? data.source : data.tokens;
  g.part("reading", [L.blocks, row, col, local.sel.attention], () => {
    /** @type {Shape[]} */
    const out = [];
    L.blocks.forEach((b, l) => {
      if (!isFolded(data, L, l) || b.o > 0) return;
      const w = Math.min(9, b.w - 2);
      for (let head = 0; head < H; head++) {
        const p = heads.pattern[((l * H + head) * T + row) * S + col];
        const node = h("rect", {
          x: b.x + (b.w - w) / 2,
          y: L.top + 6 + head * step + space * Math.floor(head / per),
          width: w,
          height: tall,
          rx: Math.min(1.5, w / 4),
          class: "gb-hot",
          fill: g.sequential(p ** 0.7, 1, "att", "field"),
          onclick: () => openBlock(g, data, local, l, head),
        });
        const values = {
          head: `L${l}H${head}`,
          token: visible(data.tokens[row]),
          other: visible(side[col]),
          share: num(p, 3),
        };
        out.push(g.tip(node, say("{head}: {token} gives {other} {share}; click to open it", values)));
      }
    });
    const widest = runsOf(data, L, blockOf(data, local)).sort((a, b) => b.end - b.x - (a.end - a.x))[0];
    const names = [
      visible(data.tokens[row]),
      col === row && side === data.tokens ? sayOf("reads", "itself") : visible(side[col]),
    ].map((name) => fit(name, 90, 12, true));
    const said = [
      say("how much {token} reads {other}, head by head", { token: names[0], other: names[1] }),
      say("{token} reads {other}", { token: names[0], other: names[1] }),
    ];
    const text = said.find((one) => measure(one, 12, false) * 1.04 < widest.end - widest.x);
    return [out, text && label(widest.x + 2, L.rowsTop - 6, text, { fill: "ink3" })];
  });
}

/** The logit lens as one line over all depths: what the row's own answer gets there. @type {Draw} */
export function drawLensLine(g, data, local, L) {
  const [T, row, open] = [data.tokens.length, rowOf(data, local), blockOf(data, local)];
  g.part("lens", [row, open, L.blocks], () => {
    const places = L.blocks.map((b, l) => ({ x: b.x + b.w / 2, depth: l + 1 }));
    if (!L.phone) places.unshift({ x: L.embX + L.embW / 2, depth: 0 });
    const floor = L.lensY + FOLD.line + 2;
    const points = places.map(({ x, depth }) => {
      const at = depth * T + row;
      const own = local.lensOwn[at];
      return {
        x,
        y: floor - FOLD.line * own,
        depth,
        own,
        guess: visible(data.words[local.lensIds[at]]),
        p: local.lensProbs[at],
      };
    });
    const last = points[points.length - 1];
    const answer = last.guess;
    const gets = say(" gets"); // what the answer does
    /** @type {SVGElement[]} */
    const out = [
      label(0, L.lensY + 14, L.phone ? say("If stopped:") : say("If it stopped here,"), { fill: "ink3" }),
      h(
        "text",
        { x: 0, y: L.lensY + 30, "font-size": 12, fill: css("ink3"), direction: "ltr" },
        h(
          "tspan",
          { "font-family": MONO, fill: css("ink") },
          fit(answer, L.phone ? L.chipW : L.chipW - 5.2 * gets.length, 12, true),
        ),
        L.phone ? "" : gets,
      ),
      h("path", {
        d: `M${points.map(({ x, y }) => `${x},${y}`).join("L")}`,
        fill: "none",
        stroke: css("accent"),
        "stroke-width": 1.5,
        "stroke-linejoin": "round",
      }),
    ];
    for (const { x, y, depth, own, guess, p } of points) {
      const node = h(
        "g",
        {},
        h("rect", { x: x - 5, y: L.lensY, width: 10, height: FOLD.line + 8, fill: "transparent" }),
        h("circle", { cx: x, cy: y, r: depth === open + 1 ? 3.5 : 2.2, fill: css("accent") }),
      );
      const where = depth ? say("after block {block}", { block: depth - 1 }) : say("after the embedding");
      out.push(
        g.tip(
          node,
          `${say("{where}: first guess {guess} {share}", { where, guess, share: num(p, 3) })}${guess === answer ? "" : `; ${answer} ${num(own, 4)}`}`,
        ),
      );
    }
    if (L.phone) {
      out.push(
        label(last.x - 6, Math.max(L.lensY + 10, last.y + 4), num(last.own), {
          mono: true,
          fill: "accent",
          weight: 600,
          anchor: "end",
        }),
      );
      return out;
    }
    out.push(label(last.x + 8, last.y + 4, num(last.own), { mono: true, fill: "accent", weight: 600 }));
    const here = points[open + 1];
    if (here !== last)
      out.push(
        label(
          here.x,
          here.own < 0.5 ? L.lensY + 12 : floor + 2,
          say("first guess after block {block}: {guess} {share}", {
            block: open,
            guess: fit(here.guess, 90, 12, true),
            share: num(here.p),
          }),
          { fill: "ink2", anchor: "middle" },
        ),
      );
    return out;
  });
}
