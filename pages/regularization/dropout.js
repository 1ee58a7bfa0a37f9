// The upper half: one mask over the open model's activations, number by number, and what many masks come to. It is told step
// by step, each step said with the picture's own numbers.

import { counted } from "../../app/kit/counts.js";
import { say } from "../../app/kit/say.js";
import {
  MONO,
  chip,
  clamp,
  css,
  fit,
  h,
  heat,
  heatImage,
  hex,
  label,
  measure,
  num,
  tokenSpans,
  visible,
} from "../../app/kit/shapes.js";
import { stepMode } from "../../app/kit/steps.js";

/**
 * @import { Stage } from "../../app/kit/glass.js"
 * @import { Colour, Packed, Shapes, Unpacked } from "../../app/kit/shapes.js"
 * @import { Kept, Regularization } from "./figure.js"
 * @import { Column, Layout } from "./layout.js"
 *
 * A likely next token: its probability with nothing dropped, under each mask, and the mean of those.
 * @typedef {{text: string, id: number, clean: number, mean: number, each: number[]}} NextToken
 *
 * What Python sends of dropout. The arrays are (rows, numbers), a row for each token that is shown.
 * @typedef {object} Dropout
 * @property {string} what is dropped, in words
 * @property {string} hook
 * @property {number} rate the share that falls out on average
 * @property {number} seed
 * @property {boolean} evaluate the model in use: nothing is dropped
 * @property {{at: number, text: string, id: number}[]} rows the tokens
 * @property {number} width numbers of each token, of which the panels show the first
 * @property {Packed} clean as computed
 * @property {Packed} factors of the mask: 0, or 1 / (1 - rate)
 * @property {Packed} values what goes on
 * @property {Packed} mean over many masks
 * @property {number} kept share
 * @property {number} drawn share that the mask keeps, also where it is not in use
 * @property {number[]} counts of masks for which the mean's distance from `clean` is known
 * @property {number[]} errors that distance: root mean square, as a share of `clean`
 * @property {number[]} law what is expected of it
 * @property {{label: string, after: string, tokens: NextToken[]}} next
 *
 * @typedef {{clean: Unpacked, factors: Unpacked | Float32Array, values: Unpacked, mean: Unpacked}} Numbers
 * @typedef {[row: number, col: number]} Cell
 */

/** The last of a list that is not empty. @param {number[]} list */
const last = (list) => list[list.length - 1];

// ---------------------------------------------------------------- steps

export const stages = stepMode("stage", [
  say("As computed"),
  say("Draw a mask"),
  say("Scale up"),
  say("Many masks"),
  say("In use"),
  say("Trained with it"),
]);
const [DRAWN, SCALED, USED] = [1, 2, 4];
export const MANY = 3;

/** What is said at each step. @type {((d: Dropout) => string)[]} */
export const WORDS = [
  (d) =>
    say(
      "Dropout works on numbers inside the model while it learns, here on {what}: a row for each token, green above 0 and brown below. This is what the model computes with nothing dropped.",
      { what: d.what },
    ),
  (d) =>
    say(
      "In training each number is set to 0 with probability {rate}: a coin for each, thrown anew at every step. Here {drawn} % fall out.",
      { rate: num(d.rate, 2), drawn: num(100 * (1 - d.drawn), 0) },
    ),
  (d) =>
    say(
      "What is kept is divided by 1 − {rate} = {rest}: it makes up for what fell out, so that the mean stays as it was.",
      { rate: num(d.rate, 2), rest: num(1 - d.rate, 2) },
    ),
  (d) =>
    say(
      "One such pattern (a mask) changes much, and the next token with it, but each step draws another. The mean over {masks} is {off} % off what was computed; after one mask it is {first} %.",
      {
        masks: counted(last(d.counts), "mask"),
        off: num(100 * last(d.errors), 1),
        first: num(100 * d.errors[0], 0),
      },
    ),
  () =>
    say(
      "When training is over, nothing is dropped and nothing is scaled: the model in use gives the same probabilities each time.",
    ),
  () =>
    say(
      "Whole models trained with it and without: the lower curves are the loss, how wrong a model is, on text that it learns from and on text that it has never read. Dropout is worth it where the second one ends lower.",
    ),
];

/** The model in use: by the switch below the picture, or as the step that shows it. @type {(data: Regularization, local: Kept) => boolean} */
export const inUse = (data, local) => data.dropout.evaluate || stages.of(local) === USED;
/** What the panels show: under the mask, or with nothing dropped. @type {(data: Regularization, local: Kept) => Numbers} */
export const numbersOf = (data, local) => (inUse(data, local) ? local.idle : local.a);

// ---------------------------------------------------------------- panels

/** The chosen or hovered cell, as row and column of what is shown. @type {(data: Regularization, local: Pick<Kept, "sel" | "hover" | "cols">) => Cell} */
export function cellOf(data, local) {
  const d = data.dropout;
  const row = d.rows.findIndex((r) => r.at === local.sel.row);
  return local.hover ?? [row < 0 ? d.rows.length - 1 : row, clamp(local.sel.number ?? 0, 0, local.cols - 1)];
}

/**
 * The activations, the mask, what goes on, as far as the step shows them; and the chosen number's sum.
 * @type {(g: Stage, data: Regularization, local: Kept, at: Layout, step: number) => void}
 */
export function drawMasks(g, data, local, at, step) {
  const d = data.dropout;
  const used = inUse(data, local);
  const shown = [step, used, at.top];
  const a = numbersOf(data, local);
  const panels = at.panels.slice(0, step < DRAWN ? 1 : step < SCALED ? 2 : 3);
  const rows = d.rows.length;
  const cols = local.cols;
  // One number in thirty may be larger than the strongest colour: a single outlier would pale all others.
  const sizes = Array.from(a.clean, Math.abs).sort((a, b) => a - b);
  const most = sizes[Math.floor(sizes.length * 0.97)] || 1e-9;
  const factor = 1 / (1 - d.rate);
  g.part("dropout head", null, () => [
    label(at.x, 14, say("Dropout: {what}, for your text", { what: d.what }), {
      size: 14,
      weight: 600,
      fill: "ink",
    }),
    at.phone
      ? null
      : label(
          at.panels[2].x + at.panels[2].w,
          14,
          say("{cols} of the {numbers} of each token", { cols, numbers: counted(d.width, "number") }),
          { anchor: "end", fill: "ink3" },
        ),
  ]);
  g.part("rows", shown, () =>
    (at.phone ? panels : panels.slice(0, 1)).map((p) =>
      d.rows.map((r, i) =>
        chip(g, at.x, p.top + (i + 0.5) * at.pitch, at.chips, r.text, {
          height: at.pitch - 2,
          size: 12,
          id: r.id,
        }),
      ),
    ),
  );
  /** @type {(k: number, title: string, values: ArrayLike<number>, paint: (value: number, i: number) => Colour) => void} */
  const panel = (k, title, values, paint) => {
    const p = panels[k];
    if (!p) return;
    g.part(`panel ${k}`, shown, () => {
      const w = p.w / cols;
      /** @type {SVGElement[]} */
      const out = [
        label(p.x, p.top - 8, title, { weight: 600, fill: "ink" }),
        heatImage(p.x, p.top, p.w, rows * at.pitch, heat(values, rows, cols, paint)),
      ];
      const grid = [];
      for (let r = 0; r <= rows; r++) grid.push(`M${p.x},${p.top + r * at.pitch}h${p.w}`);
      for (let c = 0; c <= cols; c++) grid.push(`M${p.x + c * w},${p.top}v${rows * at.pitch}`);
      out.push(h("path", { d: grid.join(""), stroke: css("bg"), "stroke-width": 1 }));
      if (k) {
        const gone = [];
        for (let i = 0; i < rows * cols; i++) {
          if (a.factors[i] > 0) continue;
          const [x, y] = [p.x + ((i % cols) + 0.5) * w, p.top + (Math.floor(i / cols) + 0.5) * at.pitch];
          gone.push(`M${x - 2.5},${y - 2.5}l5,5m0,-5l-5,5`);
        }
        out.push(h("path", { d: gone.join(""), stroke: css("ink3"), "stroke-width": 1 }));
      }
      /** @type {(event: MouseEvent) => Cell} */
      const spot = (event) => {
        const box = /** @type {Element} */ (event.currentTarget).getBoundingClientRect();
        return [
          clamp(Math.floor(((event.clientY - box.top) / box.height) * rows), 0, rows - 1),
          clamp(Math.floor(((event.clientX - box.left) / box.width) * cols), 0, cols - 1),
        ];
      };
      out.push(
        h("rect", {
          class: "gb-hot",
          x: p.x,
          y: p.top,
          width: p.w,
          height: rows * at.pitch,
          fill: "transparent",
          pointermove: (event) => {
            local.hover = spot(event);
            g.redraw();
          },
          pointerleave: () => {
            local.hover = null;
            g.redraw();
          },
          click: (event) => {
            const [r, c] = spot(event);
            g.select({ row: d.rows[r].at, number: c });
          },
        }),
      );
      return out;
    });
    if (k && !at.phone)
      g.part(`sign ${k}`, shown, () =>
        label(p.x - at.gap / 2, p.top + (rows * at.pitch) / 2 + 5, k === 1 ? "×" : "=", {
          size: 16,
          anchor: "middle",
          fill: "ink2",
        }),
      );
  };
  const empty = () => hex(g.color("bg"));
  const mask = used
    ? say("in use: nothing is dropped")
    : step < SCALED
      ? say("mask: ×, dropped; grey, kept")
      : say("mask: 0, or 1 ÷ (1 − {rate}) = {factor}", { rate: num(d.rate, 2), factor: num(factor, 3) });
  panel(0, say("as computed"), a.clean, (v) => g.signedRgb(v, most));
  panel(1, mask, a.factors, (v) => (v > 0 ? hex(g.mix("bg", "ink3", used ? 0.35 : 0.6)) : empty()));
  panel(2, used ? say("goes on unchanged") : say("what goes on, scaled up"), a.values, (v, i) =>
    a.factors[i] > 0 ? g.signedRgb(v, most) : empty(),
  );
  const [r, c] = cellOf(data, local);
  g.part("cell", [r, c, ...shown], () => {
    const i = r * cols + c;
    const [x, m, y] = [a.clean[i], a.factors[i], a.values[i]];
    const times = m > 0 ? `${num(x, 3)} × ${num(m, 3)} = ${num(y, 3)}` : `${num(x, 3)} × 0 = 0`;
    const written =
      step < DRAWN
        ? num(x, 3)
        : used
          ? say("{x}, as it is", { x: num(x, 3) })
          : step >= SCALED
            ? times
            : m > 0
              ? say("{x}, kept", { x: num(x, 3) })
              : say("{x}, dropped", { x: num(x, 3) });
    const mean =
      used || step < MANY
        ? ""
        : say("mean over {masks}: {mean}", {
            masks: counted(last(d.counts), "mask"),
            mean: num(a.mean[i], 3),
          });
    return [
      panels.map((p) =>
        h("rect", {
          x: p.x + (c * p.w) / cols - 0.5,
          y: p.top + r * at.pitch - 0.5,
          width: p.w / cols + 1,
          height: at.pitch + 1,
          rx: 2,
          fill: "none",
          stroke: css("accent"),
          "stroke-width": 2,
        }),
      ),
      h(
        "text",
        { x: at.x, y: at.written, "font-size": 13, "font-family": MONO, fill: css("ink") },
        h(
          "tspan",
          { fill: css("ink3") },
          say("{token}, number {number}: ", { token: fit(visible(d.rows[r].text), 80, 13, true), number: c }),
        ),
        written,
        h("tspan", at.phone ? { fill: css("ink2"), x: at.x, dy: 18 } : { fill: css("ink2"), dx: 24 }, mean),
      ),
    ];
  });
}

/** How far off the mean is over 1, 2, 4, … masks, line by line. @param {Dropout} d */
const offBy = (d) =>
  d.counts
    .map((c, i) => {
      const [off, law] = [num(100 * d.errors[i], 1).padStart(6), num(100 * d.law[i], 1)];
      const masks = String(c).padStart(4);
      return c === 1
        ? say("{masks} mask   {off}%  expected {law}%", { masks, off, law })
        : say("{masks} masks  {off}%  expected {law}%", { masks, off, law });
    })
    .join("\n");

/** How far the mean over n masks is from the clean value, against the law. @type {(g: Stage, data: Regularization, box: Column) => Shapes} */
export function drawMean(g, data, box) {
  const d = data.dropout;
  const { x, y, w } = box;
  const [top, bottom, left, right] = [y + 36, y + 100, x + 2, x + w - 42];
  const n = d.counts.length;
  const most = Math.max(...d.errors, ...d.law, 1e-9);
  const X = (/** @type {number} */ i) => left + ((right - left) * i) / Math.max(1, n - 1);
  const Y = (/** @type {number} */ v) => bottom - ((bottom - top) * v) / most;
  const line = (/** @type {number[]} */ values) =>
    values.map((v, i) => `${i ? "L" : "M"}${X(i).toFixed(1)},${Y(v).toFixed(1)}`).join("");
  return [
    label(x, y + 12, say("The mean over many masks"), { weight: 600, fill: "ink" }),
    label(x, y + 28, say("how far off it is; grey: expected"), { fill: "ink3" }),
    h("path", { d: `M${left},${bottom}H${right}`, stroke: css("line") }),
    h("path", { d: line(d.law), fill: "none", stroke: css("res"), "stroke-width": 5, opacity: 0.45 }),
    h("path", { d: line(d.errors), fill: "none", stroke: css("accent"), "stroke-width": 2 }),
    label(right + 6, Y(d.errors[n - 1]) + 2, `${num(100 * d.errors[n - 1], 1)}%`, {
      fill: "accent",
      weight: 600,
      mono: true,
    }),
    label(left, bottom + 15, say("1 mask"), { fill: "ink3" }),
    label(right, bottom + 15, `${d.counts[n - 1]}`, { fill: "ink3", anchor: "end" }),
    g.tip(
      h("rect", { x, y: y + 32, width: w, height: 84, fill: "transparent" }),
      `${say("off: root mean square, as a share of what was computed\nexpected: √(p ÷ (1 − p) ÷ n)")}\n${offBy(d)}`,
    ),
  ];
}

/** What the model then says: a dot for each mask, a mark for the clean pass. @type {(g: Stage, data: Regularization, box: Column, used: boolean) => Shapes} */
export function drawUnder(g, data, box, used) {
  const { x, y, w } = box;
  const { tokens } = data.dropout.next;
  const many = tokens[0].each.length;
  const ways = (/** @type {NextToken} */ t) => (used ? [t.clean] : t.each);
  const meanOf = (/** @type {NextToken} */ t) => (used ? t.clean : t.mean);
  const [left, right] = [x + 62, x + w - 42];
  const X = (/** @type {number} */ p) => left + (right - left) * p;
  const under = say("{said} under {masks}", { said: "", masks: counted(48, "mask") });
  const said = fit(data.dropout.next.label, w - measure(under, 12, false) * 1.08, 12, false);
  return [
    label(
      x,
      y + 12,
      used
        ? say("{said}, in use", { said })
        : say("{said} under {masks}", { said, masks: counted(many, "mask") }),
      { weight: 600, fill: "ink" },
    ),
    label(x, y + 28, used ? say("always the same") : say("a dot each; mark: none dropped"), { fill: "ink3" }),
    tokens.map((t, i) => {
      const mid = y + 48 + i * 24;
      const dots = ways(t).map((p, k) =>
        h("circle", { cx: X(p), cy: mid + ((k * 7) % 11) - 5, r: 2.5, fill: css("accent"), opacity: 0.55 }),
      );
      return g.tip(
        h(
          "g",
          {},
          h(
            "text",
            { x, y: mid + 4, "font-family": MONO, "font-size": 13, fill: css("ink"), direction: "ltr" },
            tokenSpans(t.text, 58, 13),
          ),
          h("path", { d: `M${left},${mid}H${right}`, stroke: css("line") }),
          dots,
          h("path", { d: `M${X(t.clean)},${mid - 9}V${mid + 9}`, stroke: css("ink"), "stroke-width": 2 }),
          label(x + w, mid + 4, num(meanOf(t), 3), { anchor: "end", mono: true, fill: "accent" }),
          h("rect", { x, y: mid - 11, width: w, height: 22, fill: "transparent" }),
        ),
        [
          visible(t.text),
          say("none dropped {clean}", { clean: num(t.clean, 4) }),
          ...(used
            ? []
            : [
                say("mean over the masks {mean}, from {least} to {most}", {
                  mean: num(t.mean, 4),
                  least: num(Math.min(...t.each), 4),
                  most: num(Math.max(...t.each), 4),
                }),
              ]),
        ].join("\n"),
      );
    }),
  ];
}
