// A map of many words on a canvas, inside any picture: 20,000 points cost a few milliseconds of script a frame. Points go
// into the pixels by hand; labels of the most frequent words stand where there is room, anew at each zoom.
//
//   const map = wordmap(g, "map", { left, top, width, height }, spec);      // in view.draw, at every draw
//
// Drag pans, the wheel zooms once the map has the focus, + − 0 and arrow keys do, too; Shift and drag is the lasso.

import { canvasPen, svgPen } from "./pens.js";
import { say, sayOf } from "./say.js";
import { clamp, css, fit, h, hex, html, lerp, measure, mixed, visible } from "./shapes.js";
import { tipPlace } from "./tips.js";

/**
 * @import { Stage } from "./glass.js"
 * @import { Pen } from "./pens.js"
 * @import { Lettering, Point } from "./shapes.js"
 *
 * A word by its row, or a place on the map.
 * @typedef {number | Point} End
 */
/**
 * @typedef {object} MapSpec
 * @property {string[]} words the most frequent first: labels go to the first ones that have room
 * @property {Float32Array} points x0, y0, x1, y1, ...; another array of the same length: the words flow there in `flow` ms
 * @property {number} [flow] 300
 * @property {Uint8Array} [shades] 0 to 255 of each word, a colour from ramp[0] to ramp[1]; stronger ones lie on top
 * @property {[string, string]} [ramp] design tokens
 * @property {Mark[]} [marks] drawn over the points, labelled first and in this order
 * @property {{from: End, to: End, colour?: string, dash?: number[]}[]} [arrows]
 * @property {{key: unknown, ids?: readonly End[]}} [focus] fit the view to these words or places whenever the key changes; no ids: to all
 * @property {number[]} [selected] of a lasso: ringed
 * @property {number} [most] labels of words that have no mark
 * @property {(id: number) => boolean} [labelled] which of those may be labelled
 * @property {(id: number) => string} [tip] beside the pointer; nothing: no tip
 * @property {(id: number) => void} [onpick]
 * @property {(ids: number[]) => void} [onlasso]
 * @property {(text: string) => void} [onsearch] a word that is not on the map; nothing: no search box
 * @property {string} [found] what stands in the search box
 * @property {string} [said] a sentence under it
 * @property {string[]} [offers] and words to take instead
 * @property {string} [caption] a few words in the lower left corner
 * @property {string} [title] for screen readers
 *
 * @typedef {MapSpec & Required<Pick<MapSpec, "marks" | "arrows" | "selected" | "most" | "ramp" | "labelled">>} Spec
 * @typedef {{id: number, colour?: string, ink?: string, size?: number, label?: boolean, text?: string}} Mark
 * @typedef {{left: number, top: number, width: number, height: number}} Box
 *
 * The view of the map: the point (x, y) at its centre, with k pixels per unit.
 * @typedef {{x: number, y: number, k: number}} Place
 * @typedef {[x0: number, y0: number, x1: number, y1: number]} Bounds
 *
 * A pen that can also draw a halo under a text, so that it is readable over points.
 * @typedef {Pen & {halo: (x: number, y: number, text: string, o: Lettering) => void}} MapPen
 */

const FLOW = 300; // milliseconds in which words move to new places
/** @type {Record<string, Point>} */
const MAP_MOVES = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] };
/** @type {WeakMap<object, Map<string, WordMap>>} of a stage, by name */
const mapsOf = new WeakMap();

export class WordMap {
  /**
   * @param {Stage} g
   * @param {string} name
   */
  constructor(g, name) {
    this.g = g;
    this.name = name;
    this.pending = 0;
    this.spec = /** @type {Spec | null} */ (null);
    this.box = /** @type {Box} */ ({});
    this.width = this.height = 0;
    this.view = /** @type {Place} */ ({ x: 0, y: 0, k: 1 });
    this.base = 1; // pixels per unit at which all words are visible
    this.fitted = true; // the view was set by fit()
    /** @type {Float32Array | undefined} where words go */
    this.target = undefined;
    /** @type {Float32Array | undefined} where they are */
    this.points = undefined;
    /** @type {Uint8Array | undefined} */
    this.shades = undefined;
    this.order = new Uint32Array(0);
    this.pixels = new Uint32Array(0);
    this.buffer = new Uint32Array(0); // the pixels of `image`
    /** @type {ImageData | null} */
    this.image = null;
    /** @type {(() => void) | undefined} ends a flow of the words */
    this.stop = undefined;
    /** @type {(() => void) | undefined} ends a move of the view */
    this.halt = undefined;
    this.hover = -1;
    this.aiming = false; // by keys, at the middle
    this.lassoing = false;
    /** @type {Point[] | null} of a lasso */
    this.path = null;
    /** @type {Map<number, Point>} fingers and mice that are down */
    this.pointers = new Map();
    this.start = /** @type {Point} */ ([0, 0]);
    this.moved = false;
    /** @type {string[]} */
    this.labels = [];
    this.frames = 0;
    this.foundWord = this.nowSaid = /** @type {string | undefined} */ (undefined);
    /** @type {string[]} */
    this.listed = [];
    /** @type {Map<string, number>} */
    this.rows = new Map();
    this.canvas = html("canvas", { "aria-hidden": "true" });
    this.context = this.canvas.getContext("2d");
    this.tip = html("div", { class: "gb-tip", hidden: "", "aria-hidden": "true" });
    /** @type {(act: string, text: string, name: string, click: () => void) => HTMLButtonElement} */
    const button = (act, text, name, click) =>
      html(
        "button",
        {
          type: "button",
          class: "gb-map-button",
          "data-map-act": act,
          "aria-label": name,
          title: name,
          click,
        },
        text,
      );
    this.lassoButton = button("lasso", say("Lasso"), say("Choose words with a line around them"), () =>
      this.lassoMode(!this.lassoing),
    );
    this.bar = html(
      "div",
      { class: "gb-map-bar" },
      button("out", "−", say("Zoom out"), () => this.zoom(1 / 1.6)),
      button("in", "+", say("Zoom in"), () => this.zoom(1.6)),
      button("whole", sayOf("map", "All"), say("All words in view"), () => this.fit()),
      this.lassoButton,
    );
    const list = `gb-map-words-${Math.random().toString(36).slice(2)}`;
    this.hints = html("datalist", { id: list });
    /** @type {HTMLInputElement} */
    this.search = html("input", {
      class: "gb-map-search",
      type: "search",
      placeholder: say("Search a word"),
      "aria-label": say("Search a word on the map"),
      list,
      autocomplete: "off",
      spellcheck: "false",
      oninput: () => this.hint(),
      onchange: () => this.seek(this.search.value),
      onkeydown: (event) => {
        if (event.key === "Enter") {
          this.seek(this.search.value);
          event.preventDefault();
        }
        event.stopPropagation();
      },
    });
    this.saying = html("p", { class: "gb-map-said", role: "status", hidden: "" });
    this.node = html(
      "div",
      { class: "gb-map", "data-map": name, tabindex: 0, role: "group" },
      this.canvas,
      this.search,
      this.hints,
      this.saying,
      this.bar,
      this.tip,
    );
    this.listen();
  }

  /** @type {(box: Box, spec: MapSpec) => void} */
  use(box, spec) {
    const before = this.spec;
    /** @type {Spec} */
    const now = {
      marks: [],
      arrows: [],
      selected: [],
      most: 40,
      ramp: ["res", "accent"],
      labelled: () => true,
      ...spec,
    };
    this.spec = now;
    this.box = box;
    this.node.setAttribute(
      "aria-label",
      spec.onpick
        ? say("{title}. Arrow keys move it, plus and minus zoom, Enter takes the word in the middle.", {
            title: spec.title ?? say("Map of words"),
          })
        : say("{title}. Arrow keys move it, plus and minus zoom.", {
            title: spec.title ?? say("Map of words"),
          }),
    );
    this.tell(now);
    if (spec.shades !== this.shades || spec.words !== before?.words) this.arrange(spec);
    this.colour(now);
    const other = spec.points !== this.target;
    const focus = spec.focus?.key !== before?.focus?.key;
    const sized = this.width !== box.width || this.height !== box.height;
    [this.width, this.height] = [box.width, box.height];
    if (other) this.flow(spec, spec.words === before?.words);
    if (!before || focus || (this.fitted && (other || sized)))
      this.fit(spec.focus?.ids, Boolean(before) && !sized);
    this.draw();
  }
  /** Draws in the next frame. */
  soon() {
    if (this.pending) return;
    this.pending = requestAnimationFrame(() => {
      this.pending = 0;
      this.draw();
    });
  }

  // ------------------------------------------------------------- layout

  /**
   * Moves the words to new positions; at once with reduced motion, or if the words changed.
   * @type {(spec: MapSpec, moving: boolean) => void}
   */
  flow({ points: target, flow = FLOW }, moving) {
    const from = this.points;
    this.target = target;
    this.stop?.();
    if (!from || from.length !== target.length || this.g.reduced || !moving) {
      this.points = target;
      return;
    }
    const start = Float32Array.from(from);
    const now = Float32Array.from(from);
    this.points = now;
    this.stop = this.g.tween(flow, (t) => {
      for (let i = 0; i < now.length; i++) now[i] = start[i] + (target[i] - start[i]) * t;
      if (t === 1) this.points = target;
      this.soon();
    });
  }
  /**
   * Returns the bounding rectangle of these words, or of all but the outermost words.
   * @type {(ids?: readonly End[]) => Bounds}
   */
  bounds(ids) {
    const at = this.target ?? new Float32Array(2);
    const n = at.length / 2;
    if (ids?.length) {
      const [xs, ys] = [
        ids.map((id) => (Array.isArray(id) ? id[0] : at[2 * id])),
        ids.map((id) => (Array.isArray(id) ? id[1] : at[2 * id + 1])),
      ];
      return [Math.min(...xs), Math.min(...ys), Math.max(...xs), Math.max(...ys)];
    }
    const side = (/** @type {0 | 1} */ k) => {
      const all = new Float32Array(n);
      for (let i = 0; i < n; i++) all[i] = at[2 * i + k];
      all.sort();
      const out = n > 500 ? Math.floor(n / 1000) : 0;
      return [all[out], all[n - 1 - out]];
    };
    const [x, y] = [side(0), side(1)];
    return [x[0], y[0], x[1], y[1]];
  }
  /**
   * Fits the view to these words, or to all; animated if `moving`.
   * @type {(ids?: readonly End[], moving?: boolean) => void}
   */
  fit(ids, moving = true) {
    const room = ids?.length ? 70 : 16; // pixels around them; labels need some
    /** @type {(bounds: Bounds, margin: number) => Place} */
    const place = ([x0, y0, x1, y1], margin) => ({
      x: (x0 + x1) / 2,
      y: (y0 + y1) / 2,
      k: Math.min((this.width - 2 * margin) / (x1 - x0 || 1e-3), (this.height - margin) / (y1 - y0 || 1e-3)),
    });
    const whole = place(this.bounds(), 16);
    this.base = whole.k;
    const to = ids?.length ? place(this.bounds(ids), room) : whole;
    to.k = Math.min(to.k, 60 * this.base);
    this.fitted = true;
    this.turn(to, moving);
  }
  /** The view becomes another one. @type {(to: Place, moving: boolean) => void} */
  turn(to, moving) {
    const from = this.view;
    this.halt?.();
    if (!moving || this.g.reduced) {
      this.view = to;
      this.soon();
      return;
    }
    this.halt = this.g.tween(FLOW, (t) => {
      this.view = {
        x: lerp(from.x, to.x, t),
        y: lerp(from.y, to.y, t),
        k: Math.exp(lerp(Math.log(from.k), Math.log(to.k), t)),
      };
      this.soon();
    });
  }
  /** @type {(x: number, y: number) => Point} */
  at(x, y) {
    return [
      (x - this.view.x) * this.view.k + this.width / 2,
      (this.view.y - y) * this.view.k + this.height / 2,
    ];
  }
  /** @type {(id: number) => Point} */
  place(id) {
    return this.points ? this.at(this.points[2 * id], this.points[2 * id + 1]) : [0, 0];
  }
  /** A word's place in the figure. @type {(id: number) => Point} */
  px(id) {
    const [x, y] = this.place(id);
    return [this.box.left + x, this.box.top + y];
  }
  /** @type {(what: End) => Point} */
  end(what) {
    return Array.isArray(what) ? this.at(...what) : this.place(what);
  }
  /**
   * The word under a place of the map, -1: none within 9 pixels. A marked word is nearer than others.
   * @type {(px: number, py: number, within?: number) => number}
   */
  nearest(px, py, within = 9) {
    const { points, view, spec } = this;
    if (!points || !spec) return -1;
    const [x, y, r] = [
      (px - this.width / 2) / view.k + view.x,
      view.y - (py - this.height / 2) / view.k,
      within / view.k,
    ];
    let [best, least] = [-1, r * r];
    for (let i = 0; i < points.length; i += 2) {
      const d = (points[i] - x) ** 2 + (points[i + 1] - y) ** 2;
      if (d < least) {
        least = d;
        best = i / 2;
      }
    }
    for (const { id } of spec.marks) {
      const d = ((points[2 * id] - x) ** 2 + (points[2 * id + 1] - y) ** 2) / 4;
      if (d < least) {
        least = d;
        best = id;
      }
    }
    return best;
  }

  // ------------------------------------------------------------- drawing

  /** The order in which points are put down: faint ones first, of one shade the rare ones first. @param {MapSpec} spec */
  arrange({ words, shades }) {
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
  /** A pixel for each shade: faint words are see-through. @param {Spec} spec */
  colour({ ramp, shades }) {
    const [a, b] = ramp.map((name) => hex(this.g.color(name)));
    this.pixels = Uint32Array.from({ length: 256 }, (_, s) => {
      const [red, green, blue] = mixed(a, b, s / 255);
      const alpha = Math.round(lerp(shades ? 85 : 130, 255, Math.sqrt(s / 255)));
      return ((alpha << 24) | (blue << 16) | (green << 8) | red) >>> 0;
    });
  }

  draw() {
    if (!this.spec || !this.context) return;
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
    drawMap(this, this.spec, mapPen(this.context, this.g));
    this.node.dataset.ms = (performance.now() - start).toFixed(2);
    this.node.dataset.frames = String(++this.frames);
    this.node.dataset.labels = JSON.stringify(this.labels.slice(0, 24));
  }
  /**
   * The points as pixels: a square of the size that the zoom asks for, without its corners when it is large.
   * @type {(w: number, h: number, ratio: number) => void}
   */
  dots(w, h, ratio) {
    const { buffer, points = new Float32Array(0), order, shades, pixels, view } = this;
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
    const canvas = Object.assign(document.createElement("canvas"), {
      width: this.canvas.width,
      height: this.canvas.height,
    });
    if (!this.spec || !this.image) return null;
    canvas.getContext("2d")?.putImageData(this.image, 0, 0);
    /** @type {SVGElement[]} */
    const shapes = [
      h("image", { x: 0, y: 0, width: this.width, height: this.height, href: canvas.toDataURL() }),
    ];
    const pen = svgPen(shapes, this.name);
    drawMap(this, this.spec, {
      ...pen,
      halo: (x, y, text, o) =>
        pen.text(x, y, text, { weight: o.weight, fill: "bg", stroke: css("bg"), "stroke-width": 3 }),
    });
    return h(
      "g",
      { transform: `translate(${this.box.left},${this.box.top})`, "data-map": this.name },
      shapes,
    );
  }
  /** For data-state. After a frame, `node.dataset` holds ms (script of the frame), frames and labels, too. */
  summary() {
    const { words = [], selected = [] } = this.spec ?? {};
    return {
      words: words.length,
      zoom: Number((this.view.k / this.base).toPrecision(4)),
      lasso: selected.length,
      hover: this.hover < 0 ? null : words[this.hover],
    };
  }

  // ------------------------------------------------------------- pointer, keys and the search box

  listen() {
    const { canvas, node } = this;
    const on = canvas.addEventListener.bind(canvas);
    on("pointerdown", (event) => this.down(event));
    on("pointermove", (event) => this.move(event));
    on("pointerup", (event) => this.up(event));
    on("pointercancel", (event) => this.up(event, true));
    on("pointerleave", () => {
      if (!this.pointers.size) this.over(-1, [0, 0]);
    });
    on("dblclick", (event) => this.zoom(2, this.spot(event)));
    on(
      "wheel",
      (event) => {
        if (!event.ctrlKey && document.activeElement !== node) return; // the page scrolls until the map is chosen
        event.preventDefault();
        this.zoom(Math.exp(-clamp(event.deltaY, -240, 240) / 300), this.spot(event));
      },
      { passive: false },
    );
    node.addEventListener("keydown", (event) => {
      if (event.target === node && this.key(event)) {
        event.preventDefault();
        event.stopPropagation();
      }
    });
    node.addEventListener("blur", () => {
      this.aiming = false;
      this.soon();
    });
  }
  /** What the page says about a search, and the word that it found. @param {MapSpec} spec */
  tell({ said = "", found = "", offers = [], onsearch, onlasso }) {
    this.search.hidden = !onsearch;
    if (this.foundWord !== found) {
      this.foundWord = found;
      if (document.activeElement !== this.search) this.search.value = found;
    }
    const now = [said, ...offers].join("\x1f");
    if (this.nowSaid !== now) {
      this.nowSaid = now;
      this.saying.replaceChildren(
        said,
        ...offers.map((word) =>
          html(
            "button",
            { type: "button", class: "gb-map-button", click: () => this.seek(word) },
            visible(word),
          ),
        ),
      );
    }
    this.saying.hidden = !said;
    this.lassoButton.hidden = !onlasso;
  }
  /** @param {string} text */
  rowOf(text) {
    if (this.spec && this.listed !== this.spec.words) {
      this.listed = this.spec.words;
      this.rows = new Map();
      for (let i = this.listed.length - 1; i >= 0; i--) this.rows.set(this.listed[i].trim().toLowerCase(), i);
    }
    return this.rows.get(text.trim().toLowerCase());
  }
  hint() {
    const start = this.search.value.trim().toLowerCase();
    /** @type {string[]} */
    const found = [];
    if (start)
      for (const word of this.spec?.words ?? []) {
        if (word.trim().toLowerCase().startsWith(start) && found.push(word.trim()) >= 8) break;
      }
    this.hints.replaceChildren(...[...new Set(found)].map((word) => html("option", { value: word })));
  }
  /** @param {string} text */
  seek(text) {
    if (text === this.spec?.found) return;
    const id = this.rowOf(text);
    if (!text.trim()) this.spec?.onsearch?.("");
    else if (id === undefined) this.spec?.onsearch?.(text);
    else {
      this.spec?.onpick?.(id);
      this.show(id);
    }
  }
  /** Bring a word into the middle, unless it is in view. @param {number} id */
  show(id) {
    if (!this.target) return;
    const [x, y] = this.place(id);
    if (x > 30 && y > 30 && x < this.width - 30 && y < this.height - 30) return;
    this.fitted = false;
    this.turn({ x: this.target[2 * id], y: this.target[2 * id + 1], k: this.view.k }, true);
  }
  /** @type {(event: MouseEvent) => Point} */
  spot(event) {
    const box = this.canvas.getBoundingClientRect();
    const zoom = this.width / box.width || 1; // the projector mode enlarges the page
    return [(event.clientX - box.left) * zoom, (event.clientY - box.top) * zoom];
  }
  /** @type {(factor: number, at?: Point) => void} */
  zoom(factor, [px, py] = [this.width / 2, this.height / 2]) {
    const { view } = this;
    const k = clamp(view.k * factor, this.base / 2, this.base * 400);
    this.halt?.();
    const [x, y] = [view.x + (px - this.width / 2) / view.k, view.y - (py - this.height / 2) / view.k]; // stays under the pointer
    this.view = { k, x: x - (px - this.width / 2) / k, y: y + (py - this.height / 2) / k };
    this.fitted = false;
    this.soon();
  }
  /** @type {(dx: number, dy: number) => void} */
  pan(dx, dy) {
    this.halt?.();
    this.view = { ...this.view, x: this.view.x - dx / this.view.k, y: this.view.y + dy / this.view.k };
    this.fitted = false;
    this.soon();
  }
  /** @param {boolean} on */
  lassoMode(on) {
    this.lassoing = on;
    this.lassoButton.setAttribute("aria-pressed", String(on));
    this.canvas.classList.toggle("gb-map-lasso", on);
  }
  /** @param {PointerEvent} event */
  down(event) {
    if (event.button) return;
    this.canvas.setPointerCapture(event.pointerId);
    const at = this.spot(event);
    this.pointers.set(event.pointerId, at);
    this.start = at;
    this.moved = false;
    this.path =
      this.spec?.onlasso && (this.lassoing || event.shiftKey) && this.pointers.size === 1 ? [at] : null;
    this.node.focus({ preventScroll: true });
    this.aiming = false;
    event.preventDefault();
  }
  /** @param {PointerEvent} event */
  move(event) {
    const at = this.spot(event);
    const last = this.pointers.get(event.pointerId);
    if (!last) {
      this.over(this.nearest(...at), at);
      return;
    }
    const others = [...this.pointers.entries()]
      .filter(([id]) => id !== event.pointerId)
      .map(([, spot]) => spot);
    this.pointers.set(event.pointerId, at);
    if (Math.hypot(at[0] - this.start[0], at[1] - this.start[1]) > 4) this.moved = true;
    if (others.length) {
      const far = (/** @type {Point} */ p) => Math.hypot(p[0] - others[0][0], p[1] - others[0][1]) || 1;
      this.zoom(far(at) / far(last), [(at[0] + others[0][0]) / 2, (at[1] + others[0][1]) / 2]);
    } else if (this.path) {
      this.path.push(at);
      this.soon();
    } else if (this.moved) {
      this.over(-1, at);
      this.pan(at[0] - last[0], at[1] - last[1]);
    }
  }
  /** @param {PointerEvent} event */
  up(event, lost = false) {
    if (!this.pointers.delete(event.pointerId)) return;
    const at = this.spot(event);
    const { path } = this;
    this.path = null;
    this.soon();
    if (lost) return;
    if (path && path.length > 2) {
      this.lassoMode(false);
      this.spec?.onlasso?.(this.within(path));
    } else if (!this.moved) {
      const id = this.nearest(...at);
      if (id >= 0) this.spec?.onpick?.(id);
    }
  }
  /** @type {(id: number, at: Point) => void} */
  over(id, at) {
    if (id !== this.hover) {
      this.hover = id;
      this.soon();
      this.canvas.style.cursor = id < 0 ? "" : "pointer";
    }
    const text = id < 0 ? undefined : this.spec?.tip?.(id);
    this.tip.hidden = text === undefined;
    if (text === undefined) return;
    this.tip.textContent = text;
    const size = /** @type {[number, number]} */ ([this.tip.offsetWidth, this.tip.offsetHeight]);
    const [top, left] = tipPlace([at[1] - 10, at[1] + 16], at[0] + 14, size, [this.width, this.height]);
    this.tip.style.left = `${left}px`;
    this.tip.style.top = `${top}px`;
  }
  /** The words inside a closed line on the map, the most frequent first. @param {Point[]} path */
  within(path) {
    /** @type {number[]} */
    const ids = [];
    for (let id = 0; id < (this.spec?.words.length ?? 0); id++) {
      const [x, y] = this.place(id);
      let inside = false;
      for (let i = 0, j = path.length - 1; i < path.length; j = i++) {
        const [[ax, ay], [bx, by]] = [path[i], path[j]];
        if (ay > y !== by > y && x < ((bx - ax) * (y - ay)) / (by - ay) + ax) inside = !inside;
      }
      if (inside) ids.push(id);
    }
    return ids;
  }
  /** @param {KeyboardEvent} event */
  key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return false;
    const move = MAP_MOVES[event.key];
    if (move) this.pan(-move[0] * 40, move[1] * 40);
    else if (event.key === "+" || event.key === "=") this.zoom(1.3);
    else if (event.key === "-") this.zoom(1 / 1.3);
    else if (event.key === "0") this.fit();
    else if (event.key === "Enter") {
      const id = this.nearest(this.width / 2, this.height / 2, 1e9);
      if (id >= 0) this.spec?.onpick?.(id);
    } else if (event.key === "Escape" && (this.path || this.lassoing)) {
      this.path = null;
      this.lassoMode(false);
    } else return false;
    this.aiming = true;
    this.over(move || event.key !== "Enter" ? this.nearest(this.width / 2, this.height / 2, 40) : -1, [
      this.width / 2,
      this.height / 2,
    ]);
    this.soon();
    return true;
  }
}

/** @type {(g: Stage, name: string, box: Box, spec: MapSpec) => WordMap} */
export function wordmap(g, name, box, spec) {
  const maps = mapsOf.get(g) ?? new Map();
  mapsOf.set(g, maps);
  const node = g.overlay(`map ${name}`, box, () => {
    const made = new WordMap(g, name);
    maps.set(name, made);
    return made.node;
  });
  /** @type {WordMap} */
  const map = maps.get(name);
  map.use(box, spec);
  g.figure.exports = g.figure.exports ?? new Map();
  g.figure.exports.set(name, () => (node.isConnected ? map.svg() : null));
  return map;
}

// ---------------------------------------------------------------- drawing: labels, marks, arrows

/** @type {(map: WordMap, spec: Spec, pen: MapPen) => void} */
function drawMap(map, spec, pen) {
  const { width, height } = map;
  const room = new LabelRoom(width, height);
  if (spec.caption) room.take(0, height - 22, measure(spec.caption, 12, false) + 12, height);
  room.take(width - 166, height - 38, width, height); // the buttons
  if (spec.onsearch) room.take(0, 0, 142, 38);
  const inside = (/** @type {Point} */ [x, y]) => x > -20 && y > -20 && x < width + 20 && y < height + 20;
  pen.clipped(0, 0, width, height, () => {
    if (spec.selected.length)
      for (const id of spec.selected) {
        const at = map.place(id);
        if (inside(at)) pen.dot(...at, spec.selected.length > 200 ? 1.5 : 2.5, "ink");
      }
    for (const arrow of spec.arrows) drawArrow(pen, map.end(arrow.from), map.end(arrow.to), arrow);
    const marks = spec.marks
      .map((mark) => ({ ...mark, at: map.place(mark.id) }))
      .filter((mark) => inside(mark.at));
    for (const { at, size = 4, colour = "accent" } of [...marks].reverse()) {
      pen.dot(...at, size + 1.5, "bg");
      pen.dot(...at, size, colour);
      room.take(at[0] - 1, at[1] - 1, at[0] + 1, at[1] + 1);
    }
    /** @type {number[]} */
    const named = [];
    /** @type {(id: number, at: Point, o: Lettering & {text?: string, gap?: number, force?: boolean}) => void} */
    const name = (id, at, o) => {
      const text = fit(visible(o.text ?? spec.words[id]).replace(/^·+/, ""), 120, 12, false);
      const w = measure(text, 12, false) * (o.weight ? 1.06 : 1);
      const spot = room.find(at[0], at[1], w, o.gap ?? 5, o.force);
      if (!spot) return;
      named.push(id);
      pen.halo(spot.x, spot.y, text, o);
      pen.text(spot.x, spot.y, text, { fill: o.fill, weight: o.weight, anchor: "start" });
    };
    const ids = new Set(marks.map((mark) => mark.id));
    if (map.hover >= 0 && !ids.has(map.hover)) {
      const at = map.place(map.hover);
      pen.dot(...at, 4, "ink");
      name(map.hover, at, { fill: "ink", weight: 600, force: true });
      ids.add(map.hover);
    }
    marks.forEach((mark, i) => {
      if (mark.label !== false)
        name(mark.id, mark.at, {
          text: mark.text,
          fill: mark.ink ?? mark.colour ?? "accent",
          weight: 600,
          gap: (mark.size ?? 4) + 3,
          force: i === 0,
        });
    });
    const free = spec.most;
    let [placed, tried] = [0, 0];
    for (let id = 0; id < spec.words.length && placed < free && tried < 6 * free; id++) {
      if (ids.has(id)) continue;
      const at = map.place(id);
      if (at[0] < 4 || at[1] < 8 || at[0] > width - 8 || at[1] > height - 4 || !spec.labelled(id)) continue;
      tried++;
      const before = named.length;
      name(id, at, { fill: "ink3" });
      placed += named.length - before;
    }
    map.labels = named.map((id) => spec.words[id]);
    if (spec.caption) {
      pen.halo(8, height - 8, spec.caption, {});
      pen.text(8, height - 8, spec.caption, { fill: "ink3" });
    }
    if (map.path)
      pen.line(
        map.path.map((p) => p[0]),
        map.path.map((p) => p[1]),
        { stroke: "accent", width: 1.5, dash: [4, 3] },
      );
    if (map.aiming) {
      pen.line([width / 2 - 6, width / 2 + 6], [height / 2, height / 2], { stroke: "ink" });
      pen.line([width / 2, width / 2], [height / 2 - 6, height / 2 + 6], { stroke: "ink" });
    }
  });
}

/** @type {(context: CanvasRenderingContext2D, g: Stage) => MapPen} */
function mapPen(context, g) {
  const pen = canvasPen(context, g);
  return {
    ...pen,
    halo(x, y, text, o) {
      context.font = `${o.weight ?? 400} 12px Inter, system-ui, sans-serif`;
      context.textAlign = "left";
      context.lineWidth = 3;
      context.lineJoin = "round";
      context.strokeStyle = g.color("bg");
      context.strokeText(text, x, y);
    },
  };
}

/** @type {(pen: Pen, from: Point, to: Point, o: {colour?: string, dash?: number[]}) => void} */
function drawArrow(pen, [x0, y0], [x1, y1], { colour = "accent", dash }) {
  const length = Math.hypot(x1 - x0, y1 - y0);
  if (length < 2) return;
  const [dx, dy] = [(x1 - x0) / length, (y1 - y0) / length];
  const [tx, ty] = [x1 - dx * 6, y1 - dy * 6];
  pen.line([x0 + dx * 6, tx], [y0 + dy * 6, ty], { stroke: colour, width: 2, dash });
  pen.line(
    [tx - dx * 8 - dy * 4, tx, tx - dx * 8 + dy * 4],
    [ty - dy * 8 + dx * 4, ty, ty - dy * 8 - dx * 4],
    { stroke: colour, width: 2 },
  );
}

/** Which parts of a map hold a label already, in cells of 6 x 7 pixels. */
class LabelRoom {
  /**
   * @param {number} width
   * @param {number} height
   */
  constructor(width, height) {
    this.width = width;
    this.height = height;
    this.cols = Math.ceil(width / 6);
    this.rows = Math.ceil(height / 7);
    this.cells = new Uint8Array(this.cols * this.rows);
  }
  /**
   * Whether `visit` says true of a cell; it sees no more then.
   * @type {(x0: number, y0: number, x1: number, y1: number, visit: (cell: number) => boolean) => boolean}
   */
  each(x0, y0, x1, y1, visit) {
    const [a, b, c, d] = [
      Math.floor(x0 / 6),
      Math.floor(y0 / 7),
      Math.floor((x1 - 0.01) / 6),
      Math.floor((y1 - 0.01) / 7),
    ];
    for (let r = Math.max(0, b); r <= Math.min(this.rows - 1, d); r++)
      for (let q = Math.max(0, a); q <= Math.min(this.cols - 1, c); q++)
        if (visit(r * this.cols + q)) return true;
    return false;
  }
  /** @type {(...box: Bounds) => void} */
  take(...box) {
    this.each(...box, (cell) => {
      this.cells[cell] = 1;
      return false;
    });
  }
  /**
   * Where a label of width w has room beside (x, y): its left end and baseline; null: nowhere.
   * @type {(x: number, y: number, w: number, gap: number, force?: boolean) => {x: number, y: number} | null}
   */
  find(x, y, w, gap, force) {
    /** @type {Point[]} */
    const spots = [
      [x + gap, y + 4],
      [x - gap - w, y + 4],
      [x - w / 2, y - gap - 3],
      [x - w / 2, y + gap + 11],
    ];
    const whole = (/** @type {Point} */ [left, base]) =>
      left >= 0 && left + w <= this.width && base >= 11 && base <= this.height - 3;
    let spot = spots.find(
      (one) =>
        whole(one) &&
        !this.each(one[0], one[1] - 9, one[0] + w, one[1] + 2, (cell) => this.cells[cell] === 1),
    );
    if (!spot && force)
      spot = spots.find(whole) ?? [
        clamp(x - w / 2, 0, Math.max(0, this.width - w)),
        clamp(y - gap, 11, this.height - 3),
      ];
    if (!spot) return null;
    this.take(spot[0] - 2, spot[1] - 10, spot[0] + w + 2, spot[1] + 3);
    return { x: spot[0], y: spot[1] };
  }
}
