// The shapes pictures are made of: elements, numbers, tokens, paths, colours, heat maps. Nothing here keeps state
// but caches. Text is only ever set as text nodes: a token may look like markup.

import { fromBase64, png } from "./png.js";
import { say } from "./say.js";

/**
 * @import { Stage } from "./glass.js"
 *
 * What an element holds: nodes and words, in lists of lists (three deep); null, undefined and false are left out.
 * @typedef {Node | string | number | false | null | undefined} Shape
 * @typedef {Shape | readonly Shapes[]} Shapes
 *
 * Attributes of an element: null, undefined and false are left out, functions become listeners ("onclick" or "click").
 * @typedef {{[Name in keyof HTMLElementEventMap as Name | `on${Name}`]?: (event: HTMLElementEventMap[Name]) => unknown}} Listeners
 * @typedef {Listeners & {[name: string]: unknown}} Attributes
 *
 * A colour as red, green, blue, 0 to 255 each.
 * @typedef {number[]} Colour
 *
 * A place in pixels.
 * @typedef {[x: number, y: number]} Point
 *
 * What attributes of a text label() knows by a short name; any other attribute passes.
 * @typedef {{size?: number, fill?: string, weight?: number | string | null, anchor?: string | null, mono?: boolean, [name: string]: unknown}} Lettering
 *
 * An array as Python's pack() sends it: base64 of its little-endian numbers, row by row. In a file (narrowed() there) f16
 * is a float of 16 bits and n16 a share of 1 in 65535 steps; a triangle lacks what lies above its diagonal, zeros.
 * @typedef {{f32: Float32Array, u8: Uint8Array, i32: Int32Array, u16: Uint16Array, f16: Float32Array, n16: Float32Array}} Kinds
 */
/**
 * @template {keyof Kinds} [Kind="f32"]
 * @typedef {{b64: string, dtype: Kind, shape: number[], triangle?: boolean}} Packed
 */
/**
 * @template {keyof Kinds} [Kind="f32"]
 * @typedef {Kinds[Kind] & {shape: number[]}} Unpacked
 */

export const SVG_NS = "http://www.w3.org/2000/svg";
export const MONO = "var(--gb-mono)";

/**
 * @template {Element} Made
 * @param {Made} node
 * @param {Attributes | null | undefined} attrs
 * @param {Shapes[]} children
 */
function fill(node, attrs, children) {
  for (const [name, value] of Object.entries(attrs ?? {})) {
    if (value === null || value === undefined || value === false) continue;
    if (typeof value === "function")
      node.addEventListener(name.replace(/^on/, ""), /** @type {EventListener} */ (value));
    else node.setAttribute(name, String(value));
  }
  for (const child of /** @type {Shape[]} */ (children.flat(3))) {
    if (child === null || child === undefined || child === false) continue;
    node.append(child instanceof Node ? child : document.createTextNode(String(child)));
  }
  return node;
}

/**
 * An SVG element; functions among the attributes become listeners ("onclick" or "click").
 * @template {keyof SVGElementTagNameMap} Tag
 * @param {Tag} tag
 * @param {Attributes | null} [attrs]
 * @param {...Shapes} children
 */
export const h = (tag, attrs, ...children) => fill(document.createElementNS(SVG_NS, tag), attrs, children);
/**
 * An HTML element, for the few native controls that lie over a picture.
 * @template {keyof HTMLElementTagNameMap} Tag
 * @param {Tag} tag
 * @param {Attributes | null} [attrs]
 * @param {...Shapes} children
 */
export const html = (tag, attrs, ...children) => fill(document.createElement(tag), attrs, children);
/** @param {string} name of a design token */
export const css = (name) => `var(--gb-${name})`;
/** @type {(x: number, low: number, high: number) => number} */
export const clamp = (x, low, high) => Math.max(low, Math.min(high, x));
/** @type {(a: number, b: number, t: number) => number} */
export const lerp = (a, b, t) => a + (b - a) * t;

// ---------------------------------------------------------------- numbers and words

/**
 * A very small number in plain digits: 0.0000012.
 * @param {number} v not negative
 */
export const tiny = (v) =>
  v === 0
    ? "0"
    : v < 1e-12
      ? say("less than 0.000000000001")
      : v.toFixed(Math.min(14, Math.max(3, Math.ceil(-Math.log10(v)) + 1)));
/**
 * 1.5 -> "1.50", -1 -> "−1.00" with a true minus sign; never "−0.00".
 * @param {number} x
 */
export function num(x, digits = 2) {
  if (!Number.isFinite(x)) return Number.isNaN(x) ? "nan" : x > 0 ? "∞" : "−∞";
  const text = Math.abs(x).toFixed(digits);
  return x < 0 && Number(text) !== 0 ? `−${text}` : text;
}
/** A change: 1.5 -> "+1.50", -1 -> "−1.00". @type {(x: number, digits?: number) => string} */
export const signed = (x, digits = 2) => (x > 0 ? "+" : "") + num(x, digits);
/**
 * A share in percent: 0.285 -> "29 %", with one digit "28.5 %". Six figures are rounded first: what float32 makes of
 * 0.285 is just below it.
 * @param {number} share 1 is all
 * @param {number} [digits] after the point; not given: none, and one below 10 % and just below all, more below 0.1 %
 */
export function percent(share, digits) {
  const value = Number((100 * share).toPrecision(6));
  return `${num(value, digits ?? percentDigits(share))} %`;
}
/** @param {number} share */
function percentDigits(share) {
  if (share <= 0 || share === 1) return 0;
  if (share < 0.001) return Math.min(12, 1 - Math.floor(Math.log10(100 * share)));
  return share < 0.0995 || (share > 0.9949 && share < 1) ? 1 : 0;
}
/** 12345 -> "12,345". @type {(n: number | string) => string} */
export const thousands = (n) => String(n).replace(/\B(?=(\d{3})+$)/g, ",");

// Control characters, direction marks and zero-width characters.
const INVISIBLE = /[\p{Cc}\u200b-\u200f\u202a-\u202e\u2066-\u2069\ufeff]/gu;

/**
 * Formats a token for display: a leading space is a dot, invisible characters are named.
 * @type {(token: string) => string}
 */
export function visible(token) {
  const text = token
    .replace(/\n/g, "⏎")
    .replace(/\t/g, "⇥")
    .replace(INVISIBLE, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, "0")}`);
  return text.replace(/^ +/, (s) => "·".repeat(s.length)) || "∅";
}

/**
 * The first of several wordings of one thing that fits into so many pixels, or the last: a word is shown whole or not at all.
 * @type {(wordings: readonly string[], room: number, size?: number, mono?: boolean) => string}
 */
export const firstFit = (wordings, room, size = 12, mono = false) =>
  wordings.find((one) => measure(one, size, mono) <= room) ?? wordings[wordings.length - 1];
/**
 * The size of letters in which a token fits into so many pixels: the wanted one, or up to three less.
 * @type {(token: string, room: number, size: number) => number}
 */
export const sizeIn = (token, room, size) =>
  [size, size - 1, size - 2].find((one) => measure(visible(token), one, true) <= room) ?? size - 3;
/** The tip of a token: itself, its number, and what the start token is for. @type {(token: string, id: number | undefined) => string} */
export const tokenTip = (token, id) =>
  `${visible(token)}  id ${id}${token === "<s>" ? `\n${say("the start token: it stands before every text,\nso that the first word has something before it")}` : ""}`;

/** Without a document (layouts are tested in Node) average letter widths are used. */
const ruler = typeof document === "undefined" ? null : document.createElement("canvas").getContext("2d");
/** @type {Map<string, number>} */
const widths = new Map();
/**
 * Measures the width of a text in pixels.
 * @param {string} text
 * @param {number} size
 * @param {boolean} [mono]
 */
export function measure(text, size, mono) {
  if (!ruler) return [...text].length * size * (mono ? 0.6 : 0.54);
  const key = `${size}${mono ? "m" : "s"}${text}`;
  let width = widths.get(key);
  if (width === undefined) {
    if (widths.size > 4000) widths.clear();
    ruler.font = `${size}px ${mono ? '"JetBrains Mono", monospace' : "Inter, sans-serif"}`;
    width = ruler.measureText(text).width;
    widths.set(key, width);
  }
  return width;
}
/**
 * Truncates `text` to `room` pixels, with an ellipsis if it was cut.
 * @param {string} text
 * @param {number} room
 */
export function fit(text, room, size = 13, mono = true) {
  if (measure(text, size, mono) <= room) return text;
  const letters = [...text];
  while (letters.length > 1 && measure(`${letters.join("")}…`, size, mono) > room) letters.pop();
  return `${letters.join("")}…`;
}

/** Words set into lines of the given width. @type {(text: string, room: number, size?: number) => string[]} */
export function inLines(text, room, size = 12) {
  const lines = [""];
  for (const word of text.split(" ").filter(Boolean)) {
    const longer = lines.at(-1) ? `${lines.at(-1)} ${word}` : word;
    if (measure(longer, size, false) * 1.03 <= room || !lines.at(-1)) lines[lines.length - 1] = longer;
    else lines.push(word);
  }
  return lines.filter(Boolean);
}

/**
 * Text at a baseline. o: size 12, fill "ink2", weight, anchor "start", mono, opacity; any other attribute passes.
 * @param {number} x
 * @param {number} y
 * @param {Shapes} text
 * @param {Lettering} o
 */
export function label(x, y, text, o = {}) {
  const { size = 12, fill: colour = "ink2", weight, anchor, mono, ...rest } = o;
  return h(
    "text",
    {
      x,
      y,
      fill: css(colour),
      "font-size": size,
      "font-weight": weight,
      "text-anchor": anchor,
      "font-family": mono ? MONO : null,
      ...rest,
    },
    text,
  );
}
/**
 * A token in running text: the space's dot faint, the rest as given.
 * @type {(token: string, room?: number, size?: number) => Shapes[]}
 */
export function tokenSpans(token, room = 1e9, size = 13) {
  const shown = fit(visible(token), room, size, true);
  const dots = token.startsWith(" ") ? (shown.match(/^·+/)?.[0] ?? "") : "";
  return [dots && h("tspan", { opacity: 0.55 }, dots), shown.slice(dots.length)];
}
/**
 * A probability as a bar, `w` wide where it is 1: on every page and in every row alike, so that 0.002 never looks like 0.9.
 * @type {(x: number, y: number, w: number, height: number, p: number, o?: Attributes) => SVGRectElement}
 */
export const shareBar = (x, y, w, height, p, o = {}) =>
  h("rect", { x, y, width: Math.max(0.75, w * clamp(p, 0, 1)), height, rx: Math.min(2, height / 2), ...o });
/**
 * A token's chip, the same on every page.
 * @param {Pick<Stage, "tip">} g
 * @param {number} x of its left edge
 * @param {number} y of its middle
 * @param {number} w
 * @param {string} token
 * @param {{id?: number, selected?: boolean, colour?: string, faint?: boolean, height?: number, size?: number}} o colour: of its
 *   frame; height 24, size 13 of the letters
 */
export function chip(g, x, y, w, token, o = {}) {
  const { height = 24, size = 13, selected, faint, id } = o;
  const frame = o.colour ?? (selected ? "accent" : "line");
  const node = h(
    "g",
    { class: "gb-chip" },
    h("rect", {
      x,
      y: y - height / 2,
      width: w,
      height,
      rx: 4,
      fill: css("bg"),
      stroke: css(frame),
      "stroke-width": selected || o.colour ? 1.5 : 1,
    }),
    h(
      "text",
      {
        x: x + w / 2,
        y: y + size * 0.36,
        "text-anchor": "middle",
        "font-family": MONO,
        "font-size": size,
        "font-weight": selected ? 700 : null,
        fill: css(selected ? "accent" : faint ? "ink3" : "ink"),
        direction: "ltr",
      },
      tokenSpans(token, w - 8, size),
    ),
  );
  if (id !== undefined) g.tip(node, tokenTip(token, id));
  return node;
}

// ---------------------------------------------------------------- paths

/**
 * A polyline through [[x, y], ...] with corners rounded by r.
 * @type {(points: readonly Point[], r?: number) => string}
 */
export function wire(points, r = 6) {
  let d = `M${points[0]}`;
  for (let i = 1; i < points.length - 1; i++) {
    const [a, b, c] = [points[i - 1], points[i], points[i + 1]];
    const before = Math.hypot(b[0] - a[0], b[1] - a[1]) || 1;
    const after = Math.hypot(c[0] - b[0], c[1] - b[1]) || 1;
    const s = Math.min(r, before / 2, after / 2);
    d += `L${b[0] - ((b[0] - a[0]) / before) * s},${b[1] - ((b[1] - a[1]) / before) * s}`;
    d += `Q${b} ${b[0] + ((c[0] - b[0]) / after) * s},${b[1] + ((c[1] - b[1]) / after) * s}`;
  }
  return `${d}L${points[points.length - 1]}`;
}
/**
 * A band from (x0, y0), w0 wide, to (x1, y1), w1 wide, as a closed path to fill.
 * @type {(x0: number, y0: number, w0: number, x1: number, y1: number, w1: number) => string}
 */
export function ribbon(x0, y0, w0, x1, y1, w1) {
  const m = (x0 + x1) / 2;
  return (
    `M${x0},${y0 - w0 / 2}C${m},${y0 - w0 / 2} ${m},${y1 - w1 / 2} ${x1},${y1 - w1 / 2}` +
    `L${x1},${y1 + w1 / 2}C${m},${y1 + w1 / 2} ${m},${y0 + w0 / 2} ${x0},${y0 + w0 / 2}Z`
  );
}

// ---------------------------------------------------------------- colours and heat maps

/** "#8af" or "#88aaff" as a colour. @type {(s: string) => Colour} */
export const hex = (s) => {
  const t = s.trim().replace("#", "");
  return [0, 2, 4].map((i) => parseInt(t.length === 3 ? t[i / 2] + t[i / 2] : t.slice(i, i + 2), 16));
};
/** @type {(a: Colour, b: Colour, t: number) => Colour} */
export const mixed = (a, b, t) => a.map((v, i) => Math.round(v + (b[i] - v) * t));
/** @type {(c: Colour) => string} */
export const rgb = (c) => `#${c.map((v) => v.toString(16).padStart(2, "0")).join("")}`;

/**
 * base64 from Python's pack() -> typed array, with .shape. What was computed in the browser is one already.
 * @template {keyof Kinds} Kind
 * @param {Packed<Kind> | Unpacked<Kind>} packed
 * @returns {Unpacked<Kind>}
 */
export function unpack(packed) {
  if (!("b64" in packed)) return packed;
  const raw = fromBase64(packed.b64);
  const kinds = { f32: Float32Array, u8: Uint8Array, i32: Int32Array, u16: Uint16Array };
  /** @type {keyof Kinds} */
  const kind = packed.dtype;
  const numbers =
    kind === "f16" || kind === "n16"
      ? widened(new Uint16Array(raw.buffer), kind)
      : new kinds[kind](raw.buffer);
  const whole = packed.triangle ? squared(/** @type {Float32Array} */ (numbers), packed.shape) : numbers;
  return Object.assign(/** @type {Kinds[Kind]} */ (whole), { shape: packed.shape });
}

/** Numbers of 16 bits as floats of 32. @type {(codes: Uint16Array, kind: "f16" | "n16") => Float32Array} */
function widened(codes, kind) {
  const out = new Float32Array(codes.length);
  if (kind === "f16") halves ??= Float32Array.from({ length: 65536 }, (_, code) => half(code));
  for (let i = 0; i < out.length; i++) out[i] = kind === "n16" ? codes[i] / 65535 : halves[codes[i]];
  return out;
}

/** All floats of 16 bits, by their code, once one is asked for. @type {Float32Array} */
let halves;

/** A float of 16 bits: a sign, five bits of exponent, ten of fraction. @param {number} code */
function half(code) {
  const [sign, exponent, fraction] = [code >> 15 ? -1 : 1, (code >> 10) & 31, code & 1023];
  if (exponent === 31) return fraction ? NaN : sign * Infinity;
  return sign * (exponent ? (1024 + fraction) * 2 ** (exponent - 25) : fraction * 2 ** -24);
}

/** Square matrices of which only what lies on and below the diagonal came. @type {(numbers: Float32Array, shape: number[]) => Float32Array} */
function squared(numbers, shape) {
  const n = shape[shape.length - 1];
  const out = new Float32Array(shape.reduce((a, b) => a * b, 1));
  for (let from = 0, row = 0; from < numbers.length; row++) {
    const count = (row % n) + 1;
    out.set(numbers.subarray(from, from + count), row * n);
    from += count;
  }
  return out;
}

/** The colours of a figure's theme, and what stands between them. @param {{figure: Element}} g */
export function colours(g) {
  /** @type {Map<string, Colour>} */
  const cache = new Map();
  /** @param {string} name */
  const raw = (name) => {
    let colour = cache.get(name);
    if (!colour) {
      colour = hex(getComputedStyle(g.figure).getPropertyValue(`--gb-${name}`) || "#888888");
      cache.set(name, colour);
    }
    return colour;
  };
  /** @type {(x: number, max: number, strength?: number) => Colour} */
  const signedRgb = (x, max, strength = 1) =>
    mixed(raw("mid"), raw(x < 0 ? "neg" : "pos"), strength * clamp(Math.abs(x) / (max || 1), 0, 1));
  /** @type {(x: number, max: number, name?: string, ground?: string) => Colour} */
  const sequentialRgb = (x, max, name = "att", ground = "bg") =>
    mixed(raw(ground), raw(name), clamp(x / (max || 1), 0, 1));
  return {
    clear: () => cache.clear(),
    /** @type {(name: string) => string} */
    color: (name) => rgb(raw(name)),
    /** @type {(a: string, b: string, t: number) => string} */
    mix: (a, b, t) => rgb(mixed(raw(a), raw(b), t)),
    signedRgb,
    sequentialRgb,
    /**
     * 0 is the middle colour, ±max the ends; strength 0.62 keeps ink readable on it.
     * @type {(...a: Parameters<typeof signedRgb>) => string}
     */
    signed: (...a) => rgb(signedRgb(...a)),
    /** @type {(...a: Parameters<typeof sequentialRgb>) => string} */
    sequential: (...a) => rgb(sequentialRgb(...a)),
  };
}

/**
 * values (rows x cols, row major) as a PNG data URL, a pixel a cell.
 * @param {ArrayLike<number>} values
 * @param {number} rows
 * @param {number} cols
 * @param {(value: number, index: number) => Colour | null | undefined | false} paint a cell's colour; null: clear
 */
export function heat(values, rows, cols, paint) {
  const pixels = new Uint8ClampedArray(4 * rows * cols);
  for (let i = 0, at = 0; i < rows * cols; i++, at += 4) {
    const c = paint(values[i], i);
    if (c) [pixels[at], pixels[at + 1], pixels[at + 2], pixels[at + 3]] = [c[0], c[1], c[2], 255];
  }
  if (rows * cols <= BY_HAND) return png(cols, rows, pixels);
  const canvas = Object.assign(document.createElement("canvas"), { width: cols, height: rows });
  canvas.getContext("2d")?.putImageData(new ImageData(pixels, cols, rows), 0, 0);
  return canvas.toDataURL();
}
/**
 * Diagonal lines over an area whose values are not measured.
 * @param {number} x @param {number} y @param {number} width @param {number} height @param {number} [gap] between two lines
 */
export function hatch(x, y, width, height, gap = 7) {
  let d = "";
  // Each line is u + v = sum, clipped to the area.
  for (let sum = gap / 2; sum < width + height; sum += gap) {
    const [left, right] = [Math.max(0, sum - height), Math.min(sum, width)];
    d += `M${x + left},${y + sum - left}L${x + right},${y + sum - right}`;
  }
  return h("path", {
    class: "gb-hatch",
    d,
    stroke: css("ink3"),
    "stroke-width": 0.75,
    opacity: 0.6,
    fill: "none",
  });
}
const BY_HAND = 6000; // pixels: up to here our own PNG encoder is faster than the browser's
/**
 * An <image> of a heat map, its cells kept sharp.
 * @type {(x: number, y: number, width: number, height: number, href: string, o?: Attributes) => SVGImageElement}
 */
export const heatImage = (x, y, width, height, href, o = {}) =>
  h("image", {
    x,
    y,
    width,
    height,
    href,
    preserveAspectRatio: "none",
    style: "image-rendering:pixelated",
    ...o,
  });
