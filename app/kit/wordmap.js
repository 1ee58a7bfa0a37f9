// A map of many words on a canvas, inside any picture: 20,000 points cost a few milliseconds of script a frame. Points go
// into the pixels by hand; labels of the most frequent words stand where there is room, anew at each zoom.
//
//   const map = wordmap(g, "map", { left, top, width, height }, spec);      // in view.draw, at every draw
//
// spec = {
//   words: ["the", ...],           the most frequent first: labels go to the first ones that have room
//   points: Float32Array,          x0, y0, x1, y1, ...; another array of the same length: the words flow there in `flow` ms
//   flow: 300,
//   shades: Uint8Array,            0 to 255 of each word, a colour from ramp[0] to ramp[1]; stronger ones lie on top
//   ramp: ["res", "accent"],       design tokens
//   marks: [{id, colour: "accent", size: 4, label: true, text}],   drawn over the points, labelled first and in this order
//   arrows: [{from, to, colour: "accent", dash: [5, 3]}],   ends are ids, or [x, y] on the map
//   focus: {key, ids},             fit the view to these words (or places [x, y]) whenever the key changes; no ids: to all
//   selected: [ids],               of a lasso: ringed
//   most: 40,                      labels of words that have no mark
//   labelled: (id) => true,        which of those may be labelled
//   tip: (id) => "text",           beside the pointer; nothing: the word
//   onpick: (id) => {}, onlasso: (ids) => {}, onsearch: (text) => {},   onsearch: a word that is not on the map
//   found, said, offers,           what stands in the search box; a sentence under it, and words to take instead
//   caption,                       a few words in the lower left corner
//   title,                         for screen readers
// }
//
// Returns map: .px(id) -> [x, y] in the figure, .labels [words that are labelled], .fit(ids), .summary() for data-state:
//   {words, zoom, lasso, hover}. After a frame, map.node.dataset holds ms (script of the frame), frames and labels.
// Drag pans, the wheel zooms once the map has the focus, + − 0 and arrow keys do, too; Shift and drag is the lasso.

import { svgPen } from "./pens.js";
import { clamp, css, h, hex, html, lerp, mixed } from "./shapes.js";
import { drawMap, handling, mapPen } from "./wordmap_hands.js";

const FLOW = 300; // milliseconds in which words move to new places
const mapsOf = new WeakMap(); // stage -> Map of name -> WordMap

class WordMap {
  constructor(g, name) {
    Object.assign(this, { g, name, pending: 0, spec: null, box: null, view: null, base: 1, hover: -1, path: null, lassoing: false, labels: [], fitted: true, frames: 0 });
    this.canvas = html("canvas", { "aria-hidden": "true" });
    this.context = this.canvas.getContext("2d");
    this.tip = html("div", { class: "gb-tip", hidden: "", "aria-hidden": "true" });
    this.node = this.build();
  }

  use(box, spec) {
    const before = this.spec;
    this.spec = { marks: [], arrows: [], selected: [], most: 40, ramp: ["res", "accent"], labelled: () => true, ...spec };
    this.box = box;
    this.node.setAttribute("aria-label", `${spec.title ?? "Map of words"}. Arrow keys move it, plus and minus zoom, Enter takes the word in the middle.`);
    this.told();
    if (spec.shades !== this.shades || spec.words !== before?.words) this.arrange();
    this.colour();
    const other = spec.points !== this.target;
    const focus = spec.focus?.key !== before?.focus?.key;
    const sized = this.width !== box.width || this.height !== box.height;
    [this.width, this.height] = [box.width, box.height];
    if (other) this.flow(spec.points, before && spec.words === before.words);
    if (!before || focus || (this.fitted && (other || sized))) this.fit(spec.focus?.ids, Boolean(before) && !sized);
    this.draw();
  }
  /** Draws in the next frame. */
  soon() {
    if (this.pending) return;
    this.pending = requestAnimationFrame(() => { this.pending = 0; this.draw(); });
  }

  // ------------------------------------------------------------- what stands where

  /** Words move to other places; at once where motion is unwelcome, or where other words came. */
  flow(target, moving) {
    const from = this.points;
    this.target = target;
    this.stop?.();
    if (!from || from.length !== target.length || this.g.reduced || !moving) { this.points = target; return; }
    const start = Float32Array.from(from);
    const now = Float32Array.from(from);
    this.points = now;
    this.stop = this.g.tween(this.spec.flow ?? FLOW, (t) => {
      for (let i = 0; i < now.length; i++) now[i] = start[i] + (target[i] - start[i]) * t;
      if (t === 1) this.points = target;
      this.soon();
    });
  }
  /** The rectangle in which words lie: all of these, or all but the outermost of all words. */
  bounds(ids) {
    const at = this.target;
    const n = at.length / 2;
    if (ids?.length) {
      const [xs, ys] = [ids.map((id) => (Array.isArray(id) ? id[0] : at[2 * id])), ids.map((id) => (Array.isArray(id) ? id[1] : at[2 * id + 1]))];
      return [Math.min(...xs), Math.min(...ys), Math.max(...xs), Math.max(...ys)];
    }
    const side = (k) => {
      const all = new Float32Array(n);
      for (let i = 0; i < n; i++) all[i] = at[2 * i + k];
      all.sort();
      const out = n > 500 ? Math.floor(n / 1000) : 0;
      return [all[out], all[n - 1 - out]];
    };
    const [x, y] = [side(0), side(1)];
    return [x[0], y[0], x[1], y[1]];
  }
  /** Bring these words, or all, into view; over a moment, if `moving`. */
  fit(ids, moving = true) {
    const room = ids?.length ? 70 : 16; // pixels around them; labels need some
    const place = ([x0, y0, x1, y1], margin) => ({
      x: (x0 + x1) / 2, y: (y0 + y1) / 2,
      k: Math.min((this.width - 2 * margin) / (x1 - x0 || 1e-3), (this.height - margin) / (y1 - y0 || 1e-3)),
    });
    const whole = place(this.bounds(), 16);
    this.base = whole.k;
    const to = ids?.length ? place(this.bounds(ids), room) : whole;
    to.k = Math.min(to.k, 60 * this.base);
    this.fitted = true;
    this.turn(to, moving);
  }
  /** The view becomes another one. */
  turn(to, moving) {
    const from = this.view;
    this.halt?.();
    if (!from || !moving || this.g.reduced) { this.view = to; this.soon(); return; }
    this.halt = this.g.tween(FLOW, (t) => {
      this.view = { x: lerp(from.x, to.x, t), y: lerp(from.y, to.y, t), k: Math.exp(lerp(Math.log(from.k), Math.log(to.k), t)) };
      this.soon();
    });
  }
  at(x, y) { return [(x - this.view.x) * this.view.k + this.width / 2, (this.view.y - y) * this.view.k + this.height / 2]; }
  place(id) { return this.at(this.points[2 * id], this.points[2 * id + 1]); }
  px(id) { const [x, y] = this.place(id); return [this.box.left + x, this.box.top + y]; }
  end(what) { return Array.isArray(what) ? this.at(...what) : this.place(what); }
  /** The word under a place of the map, -1: none within 9 pixels. A marked word is nearer than others. */
  nearest(px, py, within = 9) {
    const { points, view, spec } = this;
    const [x, y, r] = [(px - this.width / 2) / view.k + view.x, view.y - (py - this.height / 2) / view.k, within / view.k];
    let [best, least] = [-1, r * r];
    for (let i = 0; i < points.length; i += 2) {
      const d = (points[i] - x) ** 2 + (points[i + 1] - y) ** 2;
      if (d < least) { least = d; best = i / 2; }
    }
    for (const { id } of spec.marks) {
      const d = ((points[2 * id] - x) ** 2 + (points[2 * id + 1] - y) ** 2) / 4;
      if (d < least) { least = d; best = id; }
    }
    return best;
  }

  // ------------------------------------------------------------- drawing

  /** The order in which points are put down: faint ones first, of one shade the rare ones first. */
  arrange() {
    const { words, shades } = this.spec;
    this.shades = shades;
    const n = words.length;
    const order = new Uint32Array(n);
    if (!shades) for (let i = 0; i < n; i++) order[i] = n - 1 - i;
    else {
      const starts = new Uint32Array(257);
      for (let i = 0; i < n; i++) starts[shades[i] + 1]++;
      for (let s = 0; s < 256; s++) starts[s + 1] += starts[s];
      for (let i = n - 1; i >= 0; i--) order[starts[shades[i]]++] = i;
    }
    this.order = order;
  }
  /** A pixel for each shade: faint words are see-through. */
  colour() {
    const [a, b] = this.spec.ramp.map((name) => hex(this.g.color(name)));
    this.pixels = Uint32Array.from({ length: 256 }, (_, s) => {
      const [red, green, blue] = mixed(a, b, s / 255);
      const alpha = Math.round(lerp(this.spec.shades ? 85 : 130, 255, Math.sqrt(s / 255)));
      return ((alpha << 24) | (blue << 16) | (green << 8) | red) >>> 0;
    });
  }

  draw() {
    if (!this.spec || !this.view || !this.context) return;
    const start = performance.now();
    const ratio = Math.max(1, (window.devicePixelRatio || 1) * (this.node.currentCSSZoom || 1)); // the projector mode enlarges
    const [w, h] = [Math.round(this.width * ratio), Math.round(this.height * ratio)];
    if (this.canvas.width !== w || this.canvas.height !== h || !this.image) {
      Object.assign(this.canvas, { width: w, height: h });
      Object.assign(this.canvas.style, { width: `${this.width}px`, height: `${this.height}px` });
      this.image = this.context.createImageData(w, h);
      this.buffer = new Uint32Array(this.image.data.buffer);
    }
    this.dots(w, h, ratio);
    this.context.setTransform(1, 0, 0, 1, 0, 0);
    this.context.putImageData(this.image, 0, 0);
    this.context.setTransform(ratio, 0, 0, ratio, 0, 0);
    drawMap(this, mapPen(this.context, this.g));
    this.node.dataset.ms = (performance.now() - start).toFixed(2);
    this.node.dataset.frames = ++this.frames;
    this.node.dataset.labels = JSON.stringify(this.labels.slice(0, 24));
  }
  /** The points as pixels: a square of the size that the zoom asks for, without its corners when it is large. */
  dots(w, h, ratio) {
    const { buffer, points, order, shades, pixels, view } = this;
    buffer.fill(0);
    const k = view.k * ratio;
    const [left, top] = [w / 2 - view.x * k, h / 2 + view.y * k];
    const many = points.length > 4000 ? 2 : 3;
    const size = Math.round(clamp(many * Math.sqrt(view.k / this.base), many, 6) * ratio);
    const back = size >> 1;
    const cut = size > 3;
    for (let j = 0; j < order.length; j++) {
      const i = order[j];
      const x = (left + points[2 * i] * k - back) | 0;
      const y = (top - points[2 * i + 1] * k - back) | 0;
      if (x < 0 || y < 0 || x + size > w || y + size > h) continue;
      const pixel = pixels[shades ? shades[i] : 0];
      for (let r = 0, row = y * w + x; r < size; r++, row += w) {
        const inset = cut && (r === 0 || r === size - 1) ? 1 : 0;
        for (let q = row + inset, last = row + size - inset; q < last; q++) buffer[q] = pixel;
      }
    }
  }
  /** For exports: the points as an image, the rest as shapes. */
  svg() {
    const canvas = Object.assign(document.createElement("canvas"), { width: this.canvas.width, height: this.canvas.height });
    canvas.getContext("2d").putImageData(this.image, 0, 0);
    const shapes = [h("image", { x: 0, y: 0, width: this.width, height: this.height, href: canvas.toDataURL() })];
    const pen = svgPen(shapes, this.name);
    drawMap(this, { ...pen, halo: (x, y, text, o) => pen.text(x, y, text, { weight: o.weight, fill: "bg", stroke: css("bg"), "stroke-width": 3 }) });
    return h("g", { transform: `translate(${this.box.left},${this.box.top})`, "data-map": this.name }, shapes);
  }
  summary() {
    return {
      words: this.spec.words.length, zoom: Number((this.view.k / this.base).toPrecision(4)),
      lasso: this.spec.selected.length, hover: this.hover < 0 ? null : this.spec.words[this.hover],
    };
  }
}
Object.defineProperties(WordMap.prototype, Object.getOwnPropertyDescriptors(handling));

export function wordmap(g, name, box, spec) {
  let maps = mapsOf.get(g);
  if (!maps) mapsOf.set(g, (maps = new Map()));
  let map = maps.get(name);
  const node = g.overlay(`map ${name}`, box, () => {
    maps.set(name, (map = new WordMap(g, name)));
    return map.node;
  });
  map.use(box, spec);
  g.figure.exports = g.figure.exports ?? new Map();
  g.figure.exports.set(name, () => (node.isConnected ? map.svg() : null));
  return map;
}
