// Two drawing backends with one interface: canvas (live curves) and SVG (exports, browsers without canvas).
// Colours are names of design tokens. A line is two arrays; NaN in ys breaks it.

import { clamp, css, h, label, thousands } from "./shapes.js";

/**
 * @import { Lettering } from "./shapes.js"
 *
 * @typedef {{stroke: string, width?: number, dash?: number[] | null, alpha?: number}} Stroke
 *
 * @typedef {object} Pen
 * @property {(x: number, y: number, width: number, height: number, fill: string, alpha?: number) => void} rect
 * @property {(xs: ArrayLike<number>, ys: ArrayLike<number>, o: Stroke) => void} line
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
        else { context.moveTo(xs[i], ys[i]); pen = true; }
      }
      context.stroke();
      context.setLineDash([]);
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
    rect: (x, y, width, height, fill, alpha = 1) => now.push(h("rect", { x, y, width, height, fill: css(fill), opacity: alpha })),
    line(xs, ys, o) {
      let [d, pen] = ["", false];
      for (let i = 0; i < xs.length; i++) {
        if (Number.isNaN(ys[i])) { pen = false; continue; }
        d += `${pen ? "L" : "M"}${xs[i].toFixed(1)},${ys[i].toFixed(1)}`;
        pen = true;
      }
      if (d) now.push(h("path", { d, fill: "none", stroke: css(o.stroke), "stroke-width": o.width ?? 1, "stroke-dasharray": o.dash?.join(" "), "stroke-linejoin": "round", opacity: o.alpha }));
    },
    dot: (cx, cy, r, fill) => now.push(h("circle", { cx, cy, r, fill: css(fill) })),
    text: (x, y, text, o = {}) => now.push(label(x, y, text, o)),
    clipped(x, y, width, height, draw) {
      const outer = now;
      const id = `curves-${name}-${clips++}`;
      now = [];
      draw();
      outer.push(h("clipPath", { id }, h("rect", { x, y, width, height })), h("g", { "clip-path": `url(#${id})` }, now));
      now = outer;
    },
  };
}

// ---------------------------------------------------------------- axes

/**
 * About `count` round numbers between low and high: 1, 2 or 5 times a power of ten apart.
 * @type {(low: number, high: number, count: number) => {ticks: number[], step: number}}
 */
export function roundTicks(low, high, count) {
  const raw = (high - low) / Math.max(1, count) || 1;
  const power = 10 ** Math.floor(Math.log10(raw));
  const step = power * ([1, 2, 5].find((m) => m * power >= raw * 0.99) ?? 10);
  const ticks = [];
  for (let at = Math.ceil(low / step - 1e-6) * step; at <= high + step * 1e-6; at += step) ticks.push(Math.abs(at) < step * 1e-6 ? 0 : at);
  return { ticks, step };
}
/**
 * The same on a logarithmic axis: 1 and 3 of every power of ten, or the powers only where there are many.
 * @type {(low: number, high: number) => {ticks: number[], step: number}}
 */
export function logTicks(low, high) {
  const [from, to] = [Math.floor(Math.log10(low)), Math.ceil(Math.log10(high))];
  const ticks = [];
  for (let power = from; power <= to; power++) for (const m of to - from > 3 ? [1] : [1, 3]) ticks.push(m * 10 ** power);
  return { ticks: ticks.filter((at) => at >= low * 0.999 && at <= high * 1.001), step: 0 };
}
/** A number as short as an axis wants it: 46,400 -> 46k, 0.00081 -> 8.1e−4, 2.5 -> 2.5. @param {number} value */
export function brief(value, step = 0) {
  const size = Math.abs(value);
  const sign = value < 0 ? "−" : "";
  const trim = (/** @type {number} */ x, /** @type {number} */ digits) => String(Number(x.toFixed(digits)));
  if (size === 0) return "0";
  if (size >= 1e9) return `${sign}${trim(size / 1e9, 1)}G`;
  if (size >= 1e6) return `${sign}${trim(size / 1e6, 1)}M`;
  if (size >= 1e4) return `${sign}${trim(size / 1e3, 1)}k`;
  if (size >= 1000) return sign + thousands(Math.round(size));
  if (size < 0.01) {
    const [digits, power] = size.toExponential(1).split("e");
    return `${sign}${digits.replace(".0", "")}e${power.replace("-", "−").replace("+", "")}`;
  }
  return sign + trim(size, step ? clamp(Math.ceil(-Math.log10(step) - 1e-9), 0, 4) : size >= 10 ? 1 : 3);
}
