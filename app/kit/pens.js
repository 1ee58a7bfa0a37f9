// Two drawing backends with one interface: canvas (live curves) and SVG (exports, browsers without canvas).
// Colours are names of design tokens. A line is two arrays; NaN in ys breaks it.

import { css, h, label } from "./shapes.js";

/**
 * @import { Lettering } from "./shapes.js"
 *
 * @typedef {{stroke: string, width?: number, dash?: number[] | null, alpha?: number}} Stroke
 *
 * @typedef {object} Pen
 * @property {(x: number, y: number, width: number, height: number, fill: string, alpha?: number) => void} rect
 * @property {(xs: ArrayLike<number>, ys: ArrayLike<number>, o: Stroke) => void} line
 * @property {(xs: number[], lows: number[], highs: number[], fill: string, alpha: number) => void} area
 * @property {(x: number, y: number, r: number, fill: string) => void} dot
 * @property {(x: number, y: number, text: string, o?: Lettering) => void} text
 * @property {(x: number, y: number, width: number, height: number, draw: () => void) => void} clipped drawing inside is clipped at the edges
 */

/** @type {Record<string, CanvasTextAlign>} */
const ALIGN = { start: "left", middle: "center", end: "right" };

/**
 * @param {CanvasRenderingContext2D} context
 * @param {{color: (name: string) => string}} g
 * @returns {Pen}
 */
export function canvasPen(context, g) {
  return {
    rect(x, y, w, height, fill, alpha = 1) {
      context.globalAlpha = alpha;
      context.fillStyle = g.color(fill);
      context.fillRect(x, y, w, height);
      context.globalAlpha = 1;
    },
    line(xs, ys, o) {
      context.globalAlpha = o.alpha ?? 1;
      context.strokeStyle = g.color(o.stroke);
      context.lineWidth = o.width ?? 1;
      context.lineJoin = "round";
      context.setLineDash(o.dash ?? []);
      context.beginPath();
      let pen = false;
      for (let i = 0; i < xs.length; i++) {
        if (Number.isNaN(ys[i])) pen = false;
        else if (pen) context.lineTo(xs[i], ys[i]);
        else {
          context.moveTo(xs[i], ys[i]);
          pen = true;
        }
      }
      context.stroke();
      context.setLineDash([]);
      context.globalAlpha = 1;
    },
    area(xs, lows, highs, fill, alpha) {
      context.globalAlpha = alpha;
      context.fillStyle = g.color(fill);
      context.beginPath();
      for (let i = 0; i < xs.length; i++) context.lineTo(xs[i], highs[i]);
      for (let i = xs.length - 1; i >= 0; i--) context.lineTo(xs[i], lows[i]);
      context.fill();
      context.globalAlpha = 1;
    },
    dot(x, y, r, fill) {
      context.fillStyle = g.color(fill);
      context.beginPath();
      context.arc(x, y, r, 0, 2 * Math.PI);
      context.fill();
    },
    text(x, y, text, o = {}) {
      context.font = `${o.weight ?? 400} 12px ${o.mono ? '"JetBrains Mono", ui-monospace, monospace' : "Inter, system-ui, sans-serif"}`;
      context.textAlign = ALIGN[o.anchor ?? "start"];
      context.fillStyle = g.color(o.fill ?? "ink2");
      context.fillText(text, x, y);
    },
    clipped(x, y, w, height, draw) {
      context.save();
      context.beginPath();
      context.rect(x, y, w, height);
      context.clip();
      draw();
      context.restore();
    },
  };
}

/**
 * Collects SVG elements in `into`; `name` keeps its clip paths apart from other charts'.
 * @param {SVGElement[]} into
 * @param {string} name
 * @returns {Pen}
 */
export function svgPen(into, name) {
  let [now, clips] = [into, 0];
  return {
    rect: (x, y, width, height, fill, alpha = 1) =>
      now.push(h("rect", { x, y, width, height, fill: css(fill), opacity: alpha })),
    line(xs, ys, o) {
      let [d, pen] = ["", false];
      for (let i = 0; i < xs.length; i++) {
        if (Number.isNaN(ys[i])) {
          pen = false;
          continue;
        }
        d += `${pen ? "L" : "M"}${xs[i].toFixed(1)},${ys[i].toFixed(1)}`;
        pen = true;
      }
      if (d)
        now.push(
          h("path", {
            d,
            fill: "none",
            stroke: css(o.stroke),
            "stroke-width": o.width ?? 1,
            "stroke-dasharray": o.dash?.join(" "),
            "stroke-linejoin": "round",
            opacity: o.alpha,
          }),
        );
    },
    area(xs, lows, highs, fill, opacity) {
      const corner = (/** @type {number} */ x, /** @type {number} */ y) => `${x.toFixed(1)},${y.toFixed(1)}`;
      const [over, back] = [
        xs.map((x, i) => corner(x, highs[i])),
        xs.map((x, i) => corner(x, lows[i])).reverse(),
      ];
      now.push(h("path", { d: `M${[...over, ...back].join("L")}Z`, fill: css(fill), opacity }));
    },
    dot: (cx, cy, r, fill) => now.push(h("circle", { cx, cy, r, fill: css(fill) })),
    text: (x, y, text, o = {}) => now.push(label(x, y, text, o)),
    clipped(x, y, width, height, draw) {
      const outer = now;
      const id = `curves-${name}-${clips++}`;
      now = [];
      draw();
      outer.push(
        h("clipPath", { id }, h("rect", { x, y, width, height })),
        h("g", { "clip-path": `url(#${id})` }, now),
      );
      now = outer;
    },
  };
}
