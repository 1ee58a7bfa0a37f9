// What several panels draw: chips of symbols, sentences of a few lines, and how often something was seen.

import { counted } from "../../app/kit/counts.js";
import { sayOf } from "../../app/kit/say.js";
import { css, fit, h, label, measure } from "../../app/kit/shapes.js";
import { dotted } from "./layout.js";

/** @import { Shapes } from "../../app/kit/shapes.js" */

/**
 * How a chip looks; `on`: chosen.
 * @typedef {{height?: number, on?: boolean, fill?: string, colour?: string, ink?: string, dash?: string}} ChipLook
 *
 * How a row of them does; `on` and `lost` (unknown) say so of each.
 * @typedef {Omit<ChipLook, "on"> & {on?: (i: number) => boolean, lost?: (i: number) => boolean}} ChipsLook
 */

/**
 * A small chip for a symbol in a panel; returns [nodes, width].
 * @param {number} x @param {number} y @param {string} text @param {ChipLook} [o]
 * @returns {[node: SVGGElement, width: number]}
 */
export function symbolChip(x, y, text, o = {}) {
  const w = Math.max(18, measure(dotted(text), 12, true) + 10);
  const height = o.height ?? 18;
  return [
    h(
      "g",
      {},
      h("rect", {
        x,
        y: y - height / 2,
        width: w,
        height,
        rx: 4,
        fill: css(o.on ? "accent-soft" : (o.fill ?? "bg")),
        stroke: css(o.on ? "accent" : (o.colour ?? "line")),
        "stroke-dasharray": o.dash,
      }),
      label(x + w / 2, y + 4, dotted(text), {
        anchor: "middle",
        mono: true,
        fill: o.on ? "accent" : (o.ink ?? "ink"),
        weight: o.on ? 600 : null,
        direction: "ltr",
      }),
    ),
    w,
  ];
}

/**
 * Chips in a row, cut short with an ellipsis where the room ends.
 * @param {number} x @param {number} y @param {number} room @param {string[]} texts @param {ChipsLook} [o]
 */
export function chipRow(x, y, room, texts, o = {}) {
  /** @type {Shapes[]} */
  const nodes = [];
  let at = x;
  for (let i = 0; i < texts.length; i++) {
    const on = o.on?.(i);
    const [node, w] = symbolChip(
      at,
      y,
      texts[i],
      o.lost?.(i) ? { ...o, on: false, colour: "neg", ink: "neg", dash: "3 2" } : { ...o, on },
    );
    if (at + w > x + room - (i < texts.length - 1 ? 14 : 0)) {
      nodes.push(label(at + 2, y + 4, "…", { fill: "ink3" }));
      break;
    }
    nodes.push(node);
    at += w + 2;
  }
  return nodes;
}

/**
 * A sentence of at most two lines.
 * @param {number} x @param {number} y @param {number} w @param {string} text
 * @param {{lines?: number, fill?: string}} [o]
 */
export function sentence(x, y, w, text, o = {}) {
  const words = text.split(" ");
  const lines = [""];
  for (const word of words) {
    const longer = lines[lines.length - 1] ? `${lines[lines.length - 1]} ${word}` : word;
    if (measure(longer, 12, false) > w && lines.length < (o.lines ?? 2)) lines.push(word);
    else lines[lines.length - 1] = longer;
  }
  return lines.map((line, i) => label(x, y + 16 * i, fit(line, w, 12, false), { fill: o.fill ?? "ink2" }));
}

/** @param {number} n */
export const timesText = (n) => (n === 1 ? sayOf("how often", "once") : counted(n, "time"));
