// The shapes pictures are made of: elements, numbers, tokens, paths, colours, heat maps. Nothing here keeps state
// but caches. Text is only ever set as text nodes: a token may look like markup.

import { fromBase64, png } from "./png.js";

export const SVG_NS = "http://www.w3.org/2000/svg";
export const MONO = "var(--gb-mono)";

function fill(node, attrs, children) {
  for (const [name, value] of Object.entries(attrs || {})) {
    if (value === null || value === undefined || value === false) continue;
    if (typeof value === "function") node.addEventListener(name.replace(/^on/, ""), value);
    else node.setAttribute(name, value);
  }
  for (const child of children.flat(3)) {
    if (child === null || child === undefined || child === false) continue;
    node.append(child instanceof Node ? child : document.createTextNode(String(child)));
  }
  return node;
}

/** An SVG element; functions among the attributes become listeners ("onclick" or "click"). */
export const h = (tag, attrs, ...children) => fill(document.createElementNS(SVG_NS, tag), attrs, children);
/** An HTML element, for the few native controls that lie over a picture. */
export const html = (tag, attrs, ...children) => fill(document.createElement(tag), attrs, children);
export const css = (name) => `var(--gb-${name})`;
export const clamp = (x, low, high) => Math.max(low, Math.min(high, x));
export const lerp = (a, b, t) => a + (b - a) * t;

// ---------------------------------------------------------------- numbers and words

/** 1.5 -> "1.50", -1 -> "−1.00" with a true minus sign; never "−0.00". */
export function num(x, digits = 2) {
  if (!Number.isFinite(x)) return Number.isNaN(x) ? "nan" : x > 0 ? "∞" : "−∞";
  const text = Math.abs(x).toFixed(digits);
  return x < 0 && Number(text) !== 0 ? "−" + text : text;
}
export const thousands = (n) => String(n).replace(/\B(?=(\d{3})+$)/g, ",");

/** What a token looks like on every page: a leading space is a dot, invisible characters are named. */
export function visible(token) {
  const text = token
    .replace(/\n/g, "⏎")
    .replace(/\t/g, "⇥")
    .replace(/[\u0000-\u001f\u007f-\u009f\u200b-\u200f\u202a-\u202e\u2066-\u2069\ufeff]/g,
      (c) => "\\u" + c.charCodeAt(0).toString(16).padStart(4, "0"));
  return text.replace(/^ +/, (s) => "·".repeat(s.length)) || "∅";
}

const ruler = document.createElement("canvas").getContext("2d");
const widths = new Map();
export function measure(text, size, mono) {
  const key = `${size}${mono ? "m" : "s"}${text}`;
  if (!widths.has(key)) {
    if (widths.size > 4000) widths.clear();
    ruler.font = `${size}px ${mono ? '"JetBrains Mono", monospace' : "Inter, sans-serif"}`;
    widths.set(key, ruler.measureText(text).width);
  }
  return widths.get(key);
}
/** The longest beginning of `text` that fits into `room` pixels, with an ellipsis if it was cut. */
export function fit(text, room, size = 13, mono = true) {
  if (measure(text, size, mono) <= room) return text;
  const letters = [...text];
  while (letters.length > 1 && measure(letters.join("") + "…", size, mono) > room) letters.pop();
  return letters.join("") + "…";
}

/** Words set into lines of the given width. */
export function inLines(text, room, size = 12) {
  const lines = [""];
  for (const word of text.split(" ").filter(Boolean)) {
    const longer = lines.at(-1) ? `${lines.at(-1)} ${word}` : word;
    if (measure(longer, size, false) * 1.03 <= room || !lines.at(-1)) lines[lines.length - 1] = longer;
    else lines.push(word);
  }
  return lines.filter(Boolean);
}

/** Text at a baseline. o: size 12, fill "ink2", weight, anchor "start", mono, opacity; any other attribute passes. */
export function label(x, y, text, o = {}) {
  const { size = 12, fill: colour = "ink2", weight, anchor, mono, ...rest } = o;
  return h("text", {
    x, y, fill: css(colour), "font-size": size, "font-weight": weight, "text-anchor": anchor,
    "font-family": mono ? MONO : null, ...rest,
  }, text);
}
/** A token in running text: the space's dot faint, the rest as given. */
export function tokenSpans(token, room = 1e9, size = 13) {
  const shown = fit(visible(token), room, size, true);
  const dots = token.startsWith(" ") ? shown.match(/^·+/)?.[0] ?? "" : "";
  return [dots && h("tspan", { opacity: 0.55 }, dots), shown.slice(dots.length)];
}
/** A probability as a bar, `w` wide where it is 1: on every page and in every row alike, so that 0.002 never looks like 0.9. */
export const shareBar = (x, y, w, height, p, o = {}) =>
  h("rect", { x, y, width: Math.max(0.75, w * clamp(p, 0, 1)), height, rx: Math.min(2, height / 2), ...o });
/** A token's chip, the same on every page. o: id, selected, colour (a frame's name), faint, height 24, size 13. */
export function chip(g, x, y, w, token, o = {}) {
  const { height = 24, size = 13, selected, faint, id } = o;
  const frame = o.colour ?? (selected ? "accent" : "line");
  const node = h("g", { class: "gb-chip" },
    h("rect", {
      x, y: y - height / 2, width: w, height, rx: 4, fill: css("bg"), stroke: css(frame),
      "stroke-width": selected || o.colour ? 1.5 : 1,
    }),
    h("text", {
      x: x + w / 2, y: y + size * 0.36, "text-anchor": "middle", "font-family": MONO, "font-size": size,
      "font-weight": selected ? 700 : null, fill: css(selected ? "accent" : faint ? "ink3" : "ink"), direction: "ltr",
    }, tokenSpans(token, w - 8, size)));
  if (id !== undefined) g.tip(node, `${visible(token)}  id ${id}`);
  return node;
}

// ---------------------------------------------------------------- paths

/** A polyline through [[x, y], ...] with corners rounded by r. */
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
  return d + `L${points[points.length - 1]}`;
}
/** A band from (x0, y0), w0 wide, to (x1, y1), w1 wide, as a closed path to fill. */
export function ribbon(x0, y0, w0, x1, y1, w1) {
  const m = (x0 + x1) / 2;
  return `M${x0},${y0 - w0 / 2}C${m},${y0 - w0 / 2} ${m},${y1 - w1 / 2} ${x1},${y1 - w1 / 2}` +
    `L${x1},${y1 + w1 / 2}C${m},${y1 + w1 / 2} ${m},${y0 + w0 / 2} ${x0},${y0 + w0 / 2}Z`;
}

// ---------------------------------------------------------------- colours and heat maps

export const hex = (s) => {
  const t = s.trim().replace("#", "");
  return [0, 2, 4].map((i) => parseInt(t.length === 3 ? t[i / 2] + t[i / 2] : t.slice(i, i + 2), 16));
};
export const mixed = (a, b, t) => a.map((v, i) => Math.round(v + (b[i] - v) * t));
export const rgb = (c) => "#" + c.map((v) => v.toString(16).padStart(2, "0")).join("");

/** base64 from Python's pack() -> typed array, with .shape. */
export function unpack(packed) {
  const raw = fromBase64(packed.b64);
  const kinds = { f32: Float32Array, u8: Uint8Array, i32: Int32Array, u16: Uint16Array };
  const out = new kinds[packed.dtype](raw.buffer);
  out.shape = packed.shape;
  return out;
}

export function colours(g) {
  const cache = new Map();
  const raw = (name) => {
    if (!cache.has(name)) cache.set(name, hex(getComputedStyle(g.figure).getPropertyValue(`--gb-${name}`) || "#888888"));
    return cache.get(name);
  };
  const signedRgb = (x, max, strength = 1) =>
    mixed(raw("mid"), raw(x < 0 ? "neg" : "pos"), strength * clamp(Math.abs(x) / (max || 1), 0, 1));
  const sequentialRgb = (x, max, name = "att", ground = "bg") =>
    mixed(raw(ground), raw(name), clamp(x / (max || 1), 0, 1));
  return {
    clear: () => cache.clear(),
    color: (name) => rgb(raw(name)),
    mix: (a, b, t) => rgb(mixed(raw(a), raw(b), t)),
    signedRgb, sequentialRgb,
    /** 0 is the middle colour, ±max the ends; strength 0.62 keeps ink readable on it. */
    signed: (...a) => rgb(signedRgb(...a)),
    sequential: (...a) => rgb(sequentialRgb(...a)),
  };
}

/** values (rows x cols, row major) as a PNG data URL, a pixel a cell; paint(value, index) -> [r, g, b] or null (clear). */
export function heat(values, rows, cols, paint) {
  const pixels = new Uint8ClampedArray(4 * rows * cols);
  for (let i = 0, at = 0; i < rows * cols; i++, at += 4) {
    const c = paint(values[i], i);
    if (c) [pixels[at], pixels[at + 1], pixels[at + 2], pixels[at + 3]] = [c[0], c[1], c[2], 255];
  }
  if (rows * cols <= BY_HAND) return png(cols, rows, pixels);
  const canvas = Object.assign(document.createElement("canvas"), { width: cols, height: rows });
  canvas.getContext("2d").putImageData(new ImageData(pixels, cols, rows), 0, 0);
  return canvas.toDataURL();
}
const BY_HAND = 6000; // pixels: up to here writing a PNG ourselves is quicker than asking the browser
/** An <image> of a heat map, its cells kept sharp. */
export const heatImage = (x, y, width, height, href, o = {}) =>
  h("image", { x, y, width, height, href, preserveAspectRatio: "none", style: "image-rendering:pixelated", ...o });
