// Learning curves, live or recorded, on a canvas inside any picture. Draws only when something came; 20,000 points a
// run cost a few milliseconds of script a frame, as a line has at most two points a pixel column.
//
//   const chart = curves(g, "loss", { left, top, width, height }, spec);      // in view.draw, at every draw
//
// spec = {
//   runs: [{                       the first is the one that the picture is about (accent by default)
//     id, name,                    "Run A": stands at the end of its line
//     colour: "accent",            a design token; the usual order is accent, ink2, k, v (RUN_COLOURS)
//     slot: 2,                     the place in that order that it keeps, whichever runs stand beside it
//     dash: [6, 3],                of its lines, for the third run and later; colour never stands alone
//     live: true,                  points, state and checkpoints come from runs/ID/events (replayed after a reconnect,
//                                  closed when the figure leaves the page, or)
//     points: {step: pack(array), loss: pack(array), ...},  recorded columns: any of COLUMNS in feed.js, step first
//     steps, state, ended, checkpoints: [step or {step, held_out, sample}],   of a recorded run
//     from: {step, tokens, seconds},  where a fork begins on each axis; nothing: at 0
//   }],
//   x: "step" | "tokens" | "seconds",
//   lines: [{column: "loss", kind: "raw" | "solid" | "dashed"}, ...],   columns of feed.js, also "smooth" and "rate"
//                                  (given nothing: raw loss faint, smoothed loss dashed, held-out loss solid)
//   guessing: {value, text},       a dotted line, e.g. {value: Math.log(65), text: "guessing: ln 65 = 4.17"}
//   marks: [{x: step, colour: "accent", width, dash, text}],   vertical lines at steps of the first run
//   scale: "linear" | "log", low, high: bounds of the y axis where the data's own will not do
//   ends: "line" | "column" | "none",   names and last values at the line ends, in a column at the right, or nowhere
//   title,                         for screen readers and the read-out: "Loss, nats per character"
//   format: (value) => text, sync: true (the hairline stands in every chart of the figure), axis: false (no x labels)
//   own: true,                     the axis ends with the runs of the store, where the first is one: recorded curves that
//                                  are much longer are cut there
//   waiting: (feed) => text,       of a run without a point: what it does, behind its name where its curve will begin
//   ticks: true,                   a mark on the axis for every checkpoint of the first run
//   onpoint: (feed, what) => {},   after "points", "state", "checkpoint", "gone", "end", "away" of any run
//   onpick: (step, feed) => {},    a click, or Enter on the hairline: the step of the first run
// }
//
// Returns chart: .px(step) -> x in the figure, .value(x) -> step, .plot {left, top, right, bottom} in the figure,
// .feeds [Feed] (n, lastStep, state, checkpoints, cols, last(column)), .summary() for data-state:
//   {x, runs: [{id, name, state, step, steps, count, loss, smooth, held_out, lost}], readout}.
// The chart redraws itself when points come. For words of your own that follow the run, call g.redraw() in onpoint.
// Arrow keys move a hairline (Home, End, Page too) and read its values aloud; SVG and PNG exports contain the curves.

import { feedOf } from "./feed.js";
import { drawChart, reading } from "./hairline.js";
import { canvasPen, roundTicks, svgPen } from "./pens.js";
import { clamp, h, html, lerp, measure, num, thousands } from "./shapes.js";

export const RUN_COLOURS = ["accent", "ink2", "k-ink", "v-ink", "q-ink", "mlp-ink"];
export const RUN_DASHES = [null, null, [8, 3], [2, 3], [8, 3, 2, 3], [4, 2]];
/** A run's colour: its own, or that of its slot, which stays when others come and go, or of its place. */
export const colourOf = (run, k) => run.colour ?? RUN_COLOURS[(run.slot ?? k) % RUN_COLOURS.length];
const LOSS_LINES = [{ column: "loss", kind: "raw" }, { column: "smooth", kind: "dashed" }, { column: "held_out", kind: "solid" }];

export const chartsOf = new WeakMap(); // stage -> Map of name -> Chart
export const hairs = new WeakMap(); // stage -> {axis, value}: one hairline for all charts of a figure

class Chart {
  constructor(g, name) {
    Object.assign(this, { g, name, feeds: [], pending: 0, spec: null, box: null, hover: null, limit: Infinity });
    this.canvas = html("canvas", { "aria-hidden": "true" });
    this.context = this.canvas.getContext("2d");
    this.paper = this.context ? this.canvas : h("svg", { "aria-hidden": "true" });
    this.tip = html("div", { class: "gb-tip gb-curves-tip", hidden: "", "aria-hidden": "true" });
    this.node = html("div", {
      class: "gb-curves", "data-curves": name, tabindex: 0, role: "slider", "aria-valuemin": 0, "aria-valuemax": 0, "aria-valuenow": 0,
      onpointermove: (event) => this.point(event), onpointerleave: () => this.pointAway(),
      onclick: (event) => { this.point(event); this.pick(); },
      onkeydown: (event) => { if (this.key(event)) { event.preventDefault(); event.stopPropagation(); } },
      onblur: () => this.pointAway(),
    }, this.paper, this.tip);
    this.heard = (feed, what) => {
      this.spec.onpoint?.(feed, what);
      this.soon();
    };
  }

  use(box, spec) {
    const { lines = LOSS_LINES, x = "step", scale = "linear", ends = "line", runs = [] } = spec;
    this.spec = { ...spec, lines, x, scale, ends, runs };
    this.box = box;
    const feeds = runs.map((run) => feedOf(this.g, run));
    for (const old of this.feeds) if (!feeds.includes(old)) old.listeners.delete(this.heard);
    for (const feed of feeds) feed.listeners.add(this.heard);
    this.feeds = feeds;
    this.node.setAttribute("aria-label", `${spec.title ?? "Curve"}. Arrow keys read it point by point.`);
    this.draw();
  }
  /** Draws in the next frame; four times a second at most where motion is unwelcome. */
  soon() {
    if (this.pending) return;
    this.pending = 1;
    const frame = () => requestAnimationFrame(() => { this.pending = 0; this.draw(); });
    if (this.g.reduced) setTimeout(frame, 250);
    else frame();
  }

  // ------------------------------------------------------------- what stands where

  /** Where a run's row lies on the x axis: its column, moved to where a fork begins. */
  shift(k) { return this.spec.runs[k].from?.[this.spec.x] ?? 0; }
  /** How many of a run's rows have a place on this axis: a recorded curve may know no seconds. */
  rows(feed) {
    if (!feed.n || !Number.isFinite(feed.cols[this.axis][feed.n - 1])) return 0;
    return this.goesOn(feed) ? Math.min(feed.n, feed.find(this.axis, this.limit) + 2) : feed.n; // one beyond: the line leaves
  }
  /** Whether a recorded curve goes on beyond the axis, which ends with the runs that are watched. */
  goesOn(feed) { return !feed.live && this.limit < Infinity && feed.n > 0 && feed.cols[this.axis][feed.n - 1] > this.limit; }
  /** What a curve that goes on is where the axis ends: between the last point before and the first one behind it. */
  leaves(feed, column, rows) {
    const [at, values] = [feed.cols[this.axis], feed.column(column)];
    const [before, behind] = [feed.last(column, rows - 1), feed.last(column, rows)];
    if (!before || before.at === behind.at) return behind;
    const share = clamp((this.limit - at[before.at]) / (at[behind.at] - at[before.at] || 1), 0, 1);
    return { at: behind.at, value: lerp(values[before.at], values[behind.at], share), edge: true };
  }
  /** Where the axis ends at the latest: with `own`, a recorded curve that is much longer than all runs of the store does
   *  not press them into the first pixels. */
  bound() {
    if (!this.spec.own || !this.feeds[0]?.live) return Infinity;
    const ends = this.feeds.map((feed, k) => {
      const end = feed.n && Number.isFinite(feed.cols[this.axis][feed.n - 1]) ? feed.cols[this.axis][feed.n - 1] : 0;
      const whole = feed.over ? end : this.spec.x === "step" ? feed.state.steps : (end / Math.max(1, feed.lastStep)) * feed.state.steps;
      return Math.max(end, whole) + this.shift(k);
    });
    const [mine, others] = [true, false].map((live) => Math.max(0, ...ends.filter((end, k) => this.feeds[k].live === live)));
    return mine > 0 && others > 2 * mine ? mine : Infinity;
  }
  get axis() { return { step: "step", tokens: "tokens", seconds: "seconds" }[this.spec.x]; }

  layout() {
    const { spec, box } = this;
    const side = spec.axis === false ? 5 : 22;
    let most = 0;
    let planned = 0;
    this.limit = this.bound();
    this.feeds.forEach((feed, k) => {
      const end = this.rows(feed) ? Math.min(this.limit, feed.cols[this.axis][this.rows(feed) - 1]) : 0;
      most = Math.max(most, end + this.shift(k));
      if (feed.over || !this.rows(feed) || !feed.state.steps) { planned = Math.max(planned, spec.x === "step" && !feed.over ? feed.state.steps + this.shift(k) : 0); return; }
      planned = Math.max(planned, spec.x === "step" ? feed.state.steps + this.shift(k) : (end / feed.lastStep) * feed.state.steps + this.shift(k));
    });
    // Seconds to come are an estimate: rounded up, so that the axis does not tremble with it.
    if (spec.x === "seconds" && planned > most) planned = roundTicks(0, planned, 12).step * Math.ceil(planned / roundTicks(0, planned, 12).step);
    this.most = most;
    this.end = Math.max(most, planned) || 1;
    this.left = spec.left ?? 36;
    this.top = 8;
    this.bottom = box.height - side;
    const wide = box.width - this.left - 2;
    const free = 1 - most / this.end;
    let margin = spec.ends === "column" ? (spec.room ?? 92) : 0;
    if (spec.ends === "line" && most) {
      // Names stand on the ground still to come; as that gets narrow, a margin grows to hold them.
      const need = Math.max(0, ...this.endings().map((end) => end.width)) + 16;
      margin = clamp((need - wide * free) / (1 - free), 0, wide / 2);
    }
    this.right = this.left + wide - margin;
    [this.low, this.high] = this.range();
    const log = spec.scale === "log";
    const scale = log ? (v) => Math.log(Math.max(v, 1e-30)) : (v) => v;
    const [a, b] = [scale(this.low), scale(this.high)];
    const unit = (this.bottom - this.top) / (b - a || 1);
    this.py = (value) => this.bottom - (scale(value) - a) * unit;
    const across = (this.right - this.left) / this.end;
    this.across = across;
    this.px0 = (value) => this.left + value * across;
  }
  /** The y axis: what the smooth and solid lines, the guess and half of the raw one's spread need, on round numbers. */
  range() {
    const { spec } = this;
    const log = spec.scale === "log";
    let [low, high, first] = [Infinity, -Infinity, -Infinity];
    const guess = spec.guessing?.value;
    this.feeds.forEach((feed) => {
      for (const { column, kind } of spec.lines) {
        if (kind === "raw" && spec.lines.length > 1) continue;
        const values = feed.column(column);
        for (let i = 0; i < feed.n; i++) {
          const v = values[i];
          if (!(Math.abs(v) < Infinity) || (log && v <= 0)) continue;
          if (first === -Infinity) first = v;
          if (v < low) low = v;
          if (v > high) high = v;
        }
      }
    });
    if (low === Infinity) [low, high] = [0, guess ?? 1];
    if (guess !== undefined) { high = Math.min(Math.max(high, guess), 1.6 * Math.max(guess, first)); low = Math.min(low, guess); }
    if (spec.low !== undefined) low = spec.low;
    if (spec.high !== undefined) high = Math.max(spec.high, spec.grow ? high : -Infinity);
    if (high - low < 0.02 * Math.abs(high)) { low -= 0.05 * Math.abs(high); high += 0.05 * Math.abs(high); } // a single point
    if (log) return [Math.max(low, high * 1e-6) / 1.15, high * 1.15];
    const room = (high - low) * 0.05 || Math.abs(high) * 0.1 || 1;
    const { step } = roundTicks(low, high + room, 8);
    const under = spec.low ?? Math.floor((low - room) / step) * step;
    return [low >= 0 ? Math.max(0, under) : under, Math.ceil((high + room) / step) * step];
  }
  /** px of a step of the first run, in the figure; and back. */
  px(step) {
    const feed = this.feeds[0];
    if (this.spec.x === "step") return this.box.left + this.px0(step + this.shift(0));
    if (!feed || !this.rows(feed)) return this.box.left + lerp(this.left, this.right, clamp(step / (feed?.lastStep || 1), 0, 1));
    const i = feed.find("step", step);
    return this.box.left + this.px0(step <= 0 ? this.shift(0) : feed.cols[this.axis][i] + this.shift(0));
  }
  value(px) {
    const at = (px - this.box.left - this.left) / this.across - this.shift(0);
    const feed = this.feeds[0];
    if (this.spec.x === "step") return at;
    if (!feed || !this.rows(feed)) return ((px - this.box.left - this.left) / (this.right - this.left)) * Math.max(0, feed?.lastStep ?? 0);
    return feed.cols.step[feed.find(this.axis, at)];
  }
  get plot() {
    const { left, top } = this.box;
    return { left: left + this.left, top: top + this.top, right: left + this.right, bottom: top + this.bottom };
  }

  // ------------------------------------------------------------- drawing

  draw() {
    if (!this.spec || !this.box) return;
    const start = performance.now();
    const { width, height } = this.box;
    if (this.context) {
      const ratio = Math.max(1, (window.devicePixelRatio || 1) * (this.node.currentCSSZoom || 1)); // the projector mode enlarges
      if (this.canvas.width !== Math.round(width * ratio) || this.canvas.height !== Math.round(height * ratio)) {
        this.canvas.width = Math.round(width * ratio);
        this.canvas.height = Math.round(height * ratio);
        Object.assign(this.canvas.style, { width: `${width}px`, height: `${height}px` });
      }
      this.context.setTransform(ratio, 0, 0, ratio, 0, 0);
      this.context.clearRect(0, 0, width, height);
      this.layout();
      drawChart(this, canvasPen(this.context, this.g));
    } else {
      this.layout();
      const shapes = [];
      drawChart(this, svgPen(shapes, this.name));
      this.paper.setAttribute("width", width);
      this.paper.setAttribute("height", height);
      this.paper.replaceChildren(...shapes.flat());
    }
    this.readout();
    this.spec.onframe?.(this);
    this.node.dataset.ms = (performance.now() - start).toFixed(2);
    this.node.dataset.frames = Number(this.node.dataset.frames ?? 0) + 1;
    this.node.dataset.count = this.feeds.reduce((sum, feed) => sum + feed.n, 0);
  }
  /** What stands at the end of each run's line: {name, value, text, y, colour, width, at}, kept apart. */
  endings() {
    const { spec } = this;
    return this.feeds.map((feed, k) => {
      const run = spec.runs[k];
      const rows = this.rows(feed);
      if (!rows) return null;
      const line = [...spec.lines].reverse().find(({ column, kind }) => kind !== "raw" && feed.last(column, rows)) ?? spec.lines.find(({ column }) => feed.last(column, rows));
      if (!line) return null;
      const last = this.goesOn(feed) ? this.leaves(feed, line.column, rows) : feed.last(line.column, rows);
      const further = this.goesOn(feed) && spec.ends === "line" ? `, on to ${thousands(feed.lastStep)}` : "";
      const text = (spec.format ?? ((v) => num(v, 3)))(last.value) + further;
      const name = run.name ?? "";
      return { k, name, text, ...last, colour: colourOf(run, k), width: measure(name, 12) * 1.06 + 8 + measure(text, 12, true) };
    }).filter(Boolean);
  }
  svg() {
    const shapes = [];
    drawChart(this, svgPen(shapes, this.name));
    return h("g", { transform: `translate(${this.box.left},${this.box.top})`, "data-curves": this.name }, shapes);
  }
  summary() {
    const said = (feed, column) => { const last = feed.last(column); return last ? Number(last.value.toPrecision(6)) : null; };
    return {
      x: this.spec.x,
      runs: this.feeds.map((feed, k) => ({
        id: feed.id, name: this.spec.runs[k].name, state: feed.state.state, step: feed.lastStep, steps: feed.state.steps, count: feed.n,
        loss: said(feed, "loss"), smooth: said(feed, "smooth"), held_out: said(feed, "held_out"), lost: feed.lost,
        checkpoints: feed.checkpoints.map((one) => one.step),
      })),
      readout: this.said ?? "",
    };
  }
}
Object.defineProperties(Chart.prototype, Object.getOwnPropertyDescriptors(reading));

export function curves(g, name, box, spec) {
  let charts = chartsOf.get(g);
  if (!charts) chartsOf.set(g, (charts = new Map()));
  let chart = charts.get(name);
  const node = g.overlay(`curves ${name}`, box, () => {
    charts.set(name, (chart = new Chart(g, name)));
    return chart.node;
  });
  if (chart.node !== node) throw new Error(`two charts are called ${name}`);
  chart.use(box, spec);
  g.figure.exports = g.figure.exports ?? new Map();
  g.figure.exports.set(name, () => (node.isConnected ? chart.svg() : null));
  return chart;
}

/** A page's live chart in `local.chart`: measurements that have come are worth a look by the page, once a second at most. */
export function heardRuns(g, local, what) {
  if (what === "points") return;
  const now = (local.chart?.feeds ?? []).map((feed) => `${feed.checkpoints.length} ${feed.state.state}`).join(",");
  if (now === local.heard) return;
  local.heard = now;
  clearTimeout(local.asking);
  local.asking = setTimeout(() => { if (g.figure.isConnected) g.send("arrived", { at: Date.now() }); }, 1000);
}
