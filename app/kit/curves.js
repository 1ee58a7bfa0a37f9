// Learning curves, live or recorded, on a canvas inside any picture. Draws only when data arrived; 20,000 points a
// run cost a few milliseconds of script a frame, as a line has at most two points a pixel column.
//
//   const chart = curves(g, "loss", { left, top, width, height }, spec);      // in view.draw, at every draw
//
// The chart redraws itself when points arrive. For text of your own that follows the run, call g.redraw() in onpoint.
// Arrow keys move a hairline (Home, End, Page too) and read its values aloud; SVG and PNG exports contain the curves.

import { feedOf } from "./feed.js";
import { brief, logTicks, roundTicks } from "./axes.js";
import { canvasPen, svgPen } from "./pens.js";
import { say, sayOf } from "./say.js";
import { clamp, fit, h, html, lerp, measure, num, thousands } from "./shapes.js";

/**
 * @import { Checkpoint, Column, Feed, Given, State, What } from "./feed.js"
 * @import { Stage } from "./glass.js"
 * @import { Packed } from "./shapes.js"
 * @import { Pen } from "./pens.js"
 *
 * The unit of the x axis.
 * @typedef {"step" | "tokens" | "seconds"} Axis
 */
/**
 * A run; the first of a chart is the picture's main run (accent by default).
 * @typedef {object} Run
 * @property {string} id
 * @property {string} [name] "Run A": stands at the end of its line
 * @property {string} [colour] a design token; the usual order is accent, ink2, k, v (RUN_COLOURS)
 * @property {number} [slot] its fixed index in that order, whichever other runs are shown
 * @property {number[]} [dash] of its solid line, where no other column is dashed; without it the third run and later
 *   have signs on their line: runs never differ by colour alone
 * @property {string} [seeds] runs that differ by their seed alone have the same word here: a band joins them
 * @property {boolean} [live] points, state and checkpoints come from runs/ID/events (replayed after a reconnect, closed
 *   when the figure leaves the page)
 * @property {Partial<Record<Given, Packed>> & {step: Packed}} [points] recorded columns of a run that is not live
 * @property {number} [steps] of a recorded run, as are the next three
 * @property {string} [state]
 * @property {string} [ended]
 * @property {(number | Checkpoint)[]} [checkpoints]
 * @property {Partial<Record<Axis, number>> | null} [from] where a fork begins on each axis; nothing: at 0
 */
/**
 * @typedef {object} CurvesSpec
 * @property {Run[]} [runs]
 * @property {Axis} [x] "step" where it is not given
 * @property {{column: Column, kind?: "raw" | "solid" | "dashed"}[]} [lines] given nothing: raw loss faint, smoothed loss
 *   dashed, held-out loss solid
 * @property {{value: number, text?: string} | null} [guessing] a dotted line: {value: Math.log(65), text: "guessing: ln 65 = 4.17"}
 * @property {{x: number, colour?: string, width?: number, dash?: number[], text?: string}[]} [marks] vertical lines at steps of the first run
 * @property {"linear" | "log"} [scale] of the y axis
 * @property {number} [low] bound of the y axis in place of the data's minimum
 * @property {number} [high] what the y axis reaches at least
 * @property {"line" | "column" | "none"} [ends] names and last values at the line ends, in a column at the right, or nowhere
 * @property {number} [room] pixels of that column
 * @property {number} [left] pixels of the numbers beside the y axis
 * @property {string} [title] for screen readers and the read-out: "Loss, nats per character"
 * @property {Partial<Record<Column, string>>} [names] of the columns, in the read-out
 * @property {(value: number) => string} [format]
 * @property {(value: number, step: number) => string} [tick] of a number beside the y axis
 * @property {boolean} [sync] the hairline is shown in every chart of the figure
 * @property {boolean} [axis] false: no x labels
 * @property {boolean} [own] the axis ends with the runs of the store, where the first is one: recorded curves that are
 *   much longer are cut there
 * @property {(feed: Feed) => string | null | undefined | false} [waiting] the status of a run without a point, shown after its name where its curve will begin
 * @property {boolean} [ticks] a mark on the axis for every checkpoint of the first run
 * @property {(feed: Feed, what: What) => void} [onpoint]
 * @property {(step: number, feed: Feed) => void} [onpick] a click, or Enter on the hairline: the step of the first run
 * @property {(chart: Chart) => void} [onframe] after every frame
 *
 * @typedef {CurvesSpec & Required<Pick<CurvesSpec, "runs" | "x" | "lines" | "scale" | "ends">>} Spec
 * @typedef {{left: number, top: number, width: number, height: number}} Box
 *
 * The label at the end of a run's line: `at` is its row, `edge`: the run continues beyond the axis.
 * @typedef {{k: number, name: string, text: string, at: number, value: number, edge?: boolean, colour: string, width: number}} Ending
 */

export const RUN_COLOURS = ["accent", "ink2", "k-ink", "v-ink", "q-ink", "mlp-ink"];
const RUN_SIGNS = ["", "", "▲", "■", "◆", "▼"]; // on the line of the third run and later
const SIGNS_APART = 56; // pixels
export const RUN_DASHES = [null, null, [8, 3], [2, 3], [8, 3, 2, 3], [4, 2]];
/**
 * Returns a run's colour: its own, or that of its slot, which is fixed when other runs come and go, or of its index.
 * @type {(run: Run, k: number) => string}
 */
const colourOf = (run, k) => run.colour ?? RUN_COLOURS[(run.slot ?? k) % RUN_COLOURS.length];
/** @type {NonNullable<CurvesSpec["lines"]>} */
const LOSS_LINES = [
  { column: "loss", kind: "raw" },
  { column: "smooth", kind: "dashed" },
  { column: "held_out", kind: "solid" },
];

/** @type {WeakMap<object, Map<string, Chart>>} of a stage, by name */
const chartsOf = new WeakMap();
/** @type {WeakMap<object, {axis: Axis, value: number, chart: Chart} | null>} of a stage: one hairline for all charts of a figure */
const hairs = new WeakMap();

export class Chart {
  /**
   * @param {Stage} g
   * @param {string} name
   */
  constructor(g, name) {
    this.g = g;
    this.name = name;
    /** @type {Feed[]} */
    this.feeds = [];
    this.pending = false;
    this.spec = /** @type {Spec} */ ({});
    this.box = /** @type {Box} */ ({});
    this.limit = Infinity; // of the x axis
    this.said = "";
    this.most = this.end = this.across = 0;
    this.left = this.top = this.right = this.bottom = 0; // of the plot, in the box
    this.low = this.high = 0; // of the y axis
    /** @type {number | null} the highest value, where the axis is broken below it */
    this.beyond = null;
    this.py = (/** @type {number} */ value) => value; // pixels of a value
    this.px0 = (/** @type {number} */ value) => value; // pixels of a place on the x axis
    this.canvas = html("canvas", { "aria-hidden": "true" });
    this.context = this.canvas.getContext("2d");
    this.paper = this.context ? this.canvas : h("svg", { "aria-hidden": "true" });
    this.tip = html("div", { class: "gb-tip gb-curves-tip", hidden: "", "aria-hidden": "true" });
    this.node = html(
      "div",
      {
        class: "gb-curves",
        "data-curves": name,
        tabindex: 0,
        role: "slider",
        "aria-valuemin": 0,
        "aria-valuemax": 0,
        "aria-valuenow": 0,
        onpointermove: (event) => this.point(event),
        onpointerleave: () => this.pointAway(),
        onclick: (event) => {
          this.point(event);
          this.pick();
        },
        onkeydown: (event) => {
          if (this.key(event)) {
            event.preventDefault();
            event.stopPropagation();
          }
        },
        onblur: () => this.pointAway(),
      },
      this.paper,
      this.tip,
    );
    this.heard = (/** @type {Feed} */ feed, /** @type {What} */ what) => {
      this.spec.onpoint?.(feed, what);
      this.soon();
    };
  }

  /** @type {(box: Box, spec: CurvesSpec) => void} */
  use(box, spec) {
    const { lines = LOSS_LINES, x = "step", scale = "linear", ends = "line", runs = [] } = spec;
    this.spec = { ...spec, lines, x, scale, ends, runs };
    this.box = box;
    const feeds = runs.map((run) => feedOf(this.g, run));
    for (const old of this.feeds) if (!feeds.includes(old)) old.listeners.delete(this.heard);
    for (const feed of feeds) feed.listeners.add(this.heard);
    this.feeds = feeds;
    this.node.setAttribute(
      "aria-label",
      say("{title}. Arrow keys read it point by point.", { title: spec.title ?? say("Curve") }),
    );
    this.draw();
  }
  /** Draws in the next frame; at most four times a second with reduced motion. */
  soon() {
    if (this.pending) return;
    this.pending = true;
    const frame = () =>
      requestAnimationFrame(() => {
        this.pending = false;
        this.draw();
      });
    if (this.g.reduced) setTimeout(frame, 250);
    else frame();
  }

  // ------------------------------------------------------------- layout

  /** Where a run's row lies on the x axis: its column, moved to where a fork begins. @param {number} k */
  shift(k) {
    return this.spec.runs[k].from?.[this.spec.x] ?? 0;
  }
  /** How many of a run's rows have a place on this axis: a recorded curve may know no seconds. @param {Feed} feed */
  rows(feed) {
    if (!feed.n || !Number.isFinite(feed.cols[this.axis][feed.n - 1])) return 0;
    return this.goesOn(feed) ? Math.min(feed.n, feed.find(this.axis, this.limit) + 2) : feed.n; // one point beyond the axis, so that the line reaches its edge
  }
  /** Whether a recorded curve goes on beyond the axis, which ends with the runs that are watched. @param {Feed} feed */
  goesOn(feed) {
    return !feed.live && this.limit < Infinity && feed.n > 0 && feed.cols[this.axis][feed.n - 1] > this.limit;
  }
  /**
   * Interpolates a curve at the end of the axis, between the last point before it and the first one after it.
   * @type {(feed: Feed, column: Column, rows: number) => {at: number, value: number, edge?: boolean} | null}
   */
  leaves(feed, column, rows) {
    const [at, values] = [feed.cols[this.axis], feed.column(column)];
    const [before, behind] = [feed.last(column, rows - 1), feed.last(column, rows)];
    if (!before || !behind || before.at === behind.at) return behind;
    const share = clamp((this.limit - at[before.at]) / (at[behind.at] - at[before.at] || 1), 0, 1);
    return { at: behind.at, value: lerp(values[before.at], values[behind.at], share), edge: true };
  }
  /** Returns the maximum end of the axis: with `own`, a recorded curve that is much longer than all runs of the store does
   *  not compress them into the first pixels. */
  bound() {
    if (!this.spec.own || !this.feeds[0]?.live) return Infinity;
    const ends = this.feeds.map((feed, k) => {
      const end =
        feed.n && Number.isFinite(feed.cols[this.axis][feed.n - 1]) ? feed.cols[this.axis][feed.n - 1] : 0;
      const whole = feed.over
        ? end
        : this.spec.x === "step"
          ? feed.state.steps
          : (end / Math.max(1, feed.lastStep)) * feed.state.steps;
      return Math.max(end, whole) + this.shift(k);
    });
    const [mine, others] = [true, false].map((live) =>
      Math.max(0, ...ends.filter((_, k) => this.feeds[k].live === live)),
    );
    return mine > 0 && others > 2 * mine ? mine : Infinity;
  }
  get axis() {
    return this.spec.x;
  }

  layout() {
    const { spec, box } = this;
    const side = spec.axis === false ? 5 : 22;
    let most = 0;
    let planned = 0;
    this.limit = this.bound();
    this.feeds.forEach((feed, k) => {
      const end = this.rows(feed) ? Math.min(this.limit, feed.cols[this.axis][this.rows(feed) - 1]) : 0;
      most = Math.max(most, end + this.shift(k));
      if (feed.over || !this.rows(feed) || !feed.state.steps) {
        planned = Math.max(planned, spec.x === "step" && !feed.over ? feed.state.steps + this.shift(k) : 0);
        return;
      }
      planned = Math.max(
        planned,
        spec.x === "step"
          ? feed.state.steps + this.shift(k)
          : (end / feed.lastStep) * feed.state.steps + this.shift(k),
      );
    });
    // Remaining seconds are an estimate: rounded up, so that the axis does not jitter with it.
    if (spec.x === "seconds" && planned > most)
      planned = roundTicks(0, planned, 12).step * Math.ceil(planned / roundTicks(0, planned, 12).step);
    this.most = most;
    this.end = Math.max(most, planned) || 1;
    this.left = spec.left ?? 36;
    this.top = 8;
    this.bottom = box.height - side;
    const wide = box.width - this.left - 2;
    const free = 1 - most / this.end;
    let margin = spec.ends === "column" ? (spec.room ?? 92) : 0;
    if (spec.ends === "line" && most) {
      // Names are drawn where the run has not come yet; as that gets narrow, a margin grows to hold them.
      const need = Math.max(0, ...this.endings().map((end) => end.width)) + 16;
      margin = clamp((need - wide * free) / (1 - free), 0, wide / 2);
    }
    this.right = this.left + wide - margin;
    [this.low, this.high] = this.range();
    const log = spec.scale === "log";
    const scale = (/** @type {number} */ v) => (log ? Math.log(Math.max(v, 1e-30)) : v);
    const [a, b] = [scale(this.low), scale(this.high)];
    const unit = (this.bottom - this.top) / (b - a || 1);
    this.py = (/** @type {number} */ value) => this.bottom - (scale(value) - a) * unit;
    const across = (this.right - this.left) / this.end;
    this.across = across;
    this.px0 = (/** @type {number} */ value) => this.left + value * across;
  }
  /**
   * Computes the y axis: it holds every point and the guess, on round numbers. Losses far above a guess do not flatten
   * the rest: the axis is broken there, and `beyond` is the highest of them.
   * @returns {[number, number]}
   */
  range() {
    const { spec } = this;
    const log = spec.scale === "log";
    let [low, high, first] = [Infinity, -Infinity, -Infinity];
    const guess = spec.guessing?.value;
    this.feeds.forEach((feed) => {
      for (const { column } of spec.lines) {
        if (column === "smooth" && spec.lines.length > 1) continue; // it runs between the points of the raw line
        const values = feed.column(column);
        for (let i = 0, n = this.rows(feed); i < n; i++) {
          const v = values[i];
          if (!(Math.abs(v) < Infinity) || (log && v <= 0)) continue;
          if (first === -Infinity) first = v;
          if (v < low) low = v;
          if (v > high) high = v;
        }
      }
    });
    const most = high;
    if (low === Infinity) [low, high] = [0, guess ?? 1];
    if (guess !== undefined) {
      high = Math.min(Math.max(high, guess), 1.6 * Math.max(guess, first));
      low = Math.min(low, guess);
    }
    if (spec.low !== undefined) low = spec.low;
    if (spec.high !== undefined) high = Math.max(spec.high, high);
    if (high - low < 0.02 * Math.abs(high)) {
      low -= 0.05 * Math.abs(high);
      high += 0.05 * Math.abs(high);
    } // a single point
    this.beyond = null;
    if (log) return [Math.max(low, high * 1e-6) / 1.15, high * 1.15];
    const room = (high - low) * 0.05 || Math.abs(high) * 0.1 || 1;
    const { step } = roundTicks(low, high + room, 8);
    const under = spec.low ?? Math.floor((low - room) / step) * step;
    const over = Math.ceil((high + room) / step) * step;
    if (most > over) this.beyond = most;
    return [low >= 0 ? Math.max(0, under) : under, over];
  }
  /** px of a step of the first run, in the figure; and back. @param {number} step */
  px(step) {
    const feed = this.feeds[0];
    if (this.spec.x === "step") return this.box.left + this.px0(step + this.shift(0));
    if (!feed || !this.rows(feed))
      return this.box.left + lerp(this.left, this.right, clamp(step / (feed?.lastStep || 1), 0, 1));
    const i = feed.find("step", step);
    return this.box.left + this.px0(step <= 0 ? this.shift(0) : feed.cols[this.axis][i] + this.shift(0));
  }
  /** @param {number} px */
  value(px) {
    const at = (px - this.box.left - this.left) / this.across - this.shift(0);
    const feed = this.feeds[0];
    if (this.spec.x === "step") return at;
    if (!feed || !this.rows(feed))
      return ((px - this.box.left - this.left) / (this.right - this.left)) * Math.max(0, feed?.lastStep ?? 0);
    return feed.cols.step[feed.find(this.axis, at)];
  }
  get plot() {
    const { left, top } = this.box;
    return {
      left: left + this.left,
      top: top + this.top,
      right: left + this.right,
      bottom: top + this.bottom,
    };
  }

  // ------------------------------------------------------------- drawing

  draw() {
    const start = performance.now();
    const { width, height } = this.box;
    if (this.context) {
      const ratio = Math.max(1, (window.devicePixelRatio || 1) * (this.node.currentCSSZoom || 1)); // the projector mode enlarges
      if (
        this.canvas.width !== Math.round(width * ratio) ||
        this.canvas.height !== Math.round(height * ratio)
      ) {
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
      /** @type {SVGElement[]} */
      const shapes = [];
      drawChart(this, svgPen(shapes, this.name));
      this.paper.setAttribute("width", String(width));
      this.paper.setAttribute("height", String(height));
      this.paper.replaceChildren(...shapes);
    }
    this.readout();
    this.spec.onframe?.(this);
    this.node.dataset.ms = (performance.now() - start).toFixed(2);
    this.node.dataset.frames = String(Number(this.node.dataset.frames ?? 0) + 1);
    this.node.dataset.count = String(this.feeds.reduce((sum, feed) => sum + feed.n, 0));
  }
  /** What stands at the end of each run's line. @returns {Ending[]} */
  endings() {
    const { spec } = this;
    return this.feeds.flatMap((feed, k) => {
      const run = spec.runs[k];
      const rows = this.rows(feed);
      if (!rows) return [];
      const line =
        [...spec.lines].reverse().find(({ column, kind }) => kind !== "raw" && feed.last(column, rows)) ??
        spec.lines.find(({ column }) => feed.last(column, rows));
      if (!line) return [];
      const last = this.goesOn(feed) ? this.leaves(feed, line.column, rows) : feed.last(line.column, rows);
      if (!last) return [];
      const value = (spec.format ?? ((v) => num(v, 3)))(last.value);
      const text =
        this.goesOn(feed) && spec.ends === "line"
          ? say("{value}, on to {step}", { value, step: thousands(feed.lastStep) })
          : value;
      const name = run.name ?? "";
      return [
        {
          k,
          name,
          text,
          ...last,
          colour: colourOf(run, k),
          width: measure(name, 12) * 1.06 + 8 + measure(text, 12, true),
        },
      ];
    });
  }
  svg() {
    /** @type {SVGElement[]} */
    const shapes = [];
    drawChart(this, svgPen(shapes, this.name));
    return h(
      "g",
      { transform: `translate(${this.box.left},${this.box.top})`, "data-curves": this.name },
      shapes,
    );
  }
  /** For data-state. */
  summary() {
    /** @type {(feed: Feed, column: Column) => number | null} */
    const said = (feed, column) => {
      const last = feed.last(column);
      return last ? Number(last.value.toPrecision(6)) : null;
    };
    return {
      x: this.spec.x,
      axis: { low: this.low, high: this.high, beyond: this.beyond },
      runs: this.feeds.map((feed, k) => ({
        id: feed.id,
        name: this.spec.runs[k].name,
        state: feed.state.state,
        step: feed.lastStep,
        steps: feed.state.steps,
        count: feed.n,
        loss: said(feed, "loss"),
        smooth: said(feed, "smooth"),
        held_out: said(feed, "held_out"),
        lost: feed.lost,
        checkpoints: feed.checkpoints.map((one) => one.step),
      })),
      readout: this.said,
    };
  }

  // ------------------------------------------------------------- read-out by pointer and keyboard

  /** @param {MouseEvent} event */
  point(event) {
    const rect = this.node.getBoundingClientRect();
    const zoom = this.node.offsetWidth / rect.width || 1; // the projector mode enlarges the page
    this.hair(this.measured(((event.clientX - rect.left) * zoom - this.left) / this.across));
  }
  /**
   * Finds the nearest point of the first run with points: only measured values are read out, none in between.
   * @param {number} value
   */
  measured(value) {
    const k = this.feeds.findIndex((feed) => this.rows(feed));
    if (k < 0) return value;
    const [feed, asked] = [this.feeds[k], value - this.shift(k)];
    const values = feed.cols[this.axis];
    const i = feed.find(this.axis, asked);
    const next = Math.min(i + 1, feed.n - 1);
    const at = values[next] - asked < asked - values[i] ? next : i;
    return asked > values[feed.n - 1] || asked < 0 ? value : values[at] + this.shift(k);
  }
  pointAway() {
    this.hair(null);
  }
  /** @param {number | null} value on the axis; null: no hairline */
  hair(value) {
    const shown = value === null ? null : clamp(value, 0, this.most);
    hairs.set(this.g, shown === null ? null : { axis: this.spec.x, value: shown, chart: this });
    for (const chart of chartsOf.get(this.g)?.values() ?? [])
      if (chart === this || (chart.spec.sync && this.spec.sync)) chart.soon();
  }
  get hairAt() {
    const at = hairs.get(this.g);
    return at && at.axis === this.spec.x && (at.chart === this || this.spec.sync) ? at.value : null;
  }
  pick() {
    const [at, feed] = [this.hairAt, this.feeds[0]];
    if (at === null || !feed || !this.rows(feed)) return;
    this.spec.onpick?.(feed.cols.step[feed.find(this.axis, at - this.shift(0))], feed);
  }
  /**
   * Handles keys: arrows move the hairline from point to point of the first run; Enter picks; Esc hides it.
   * @param {KeyboardEvent} event
   */
  key(event) {
    const feed = this.feeds[0];
    if (!feed || !this.rows(feed) || event.ctrlKey || event.metaKey || event.altKey) return false;
    const page = Math.max(1, Math.round(feed.n / 12));
    /** @type {Record<string, number>} */
    const moves = {
      ArrowRight: 1,
      ArrowUp: 1,
      ArrowLeft: -1,
      ArrowDown: -1,
      PageUp: page,
      PageDown: -page,
      Home: -Infinity,
      End: Infinity,
    };
    if (event.key in moves) {
      const now =
        this.hairAt === null ? feed.n - 1 : feed.find(this.axis, this.hairAt - this.shift(0) + 1e-6);
      const next = clamp(
        this.hairAt === null && Math.abs(moves[event.key]) === 1 ? now : now + moves[event.key],
        0,
        feed.n - 1,
      );
      this.hair(feed.cols[this.axis][next] + this.shift(0));
    } else if (event.key === "Enter" && this.hairAt !== null && this.spec.onpick) this.pick();
    else if (event.key === "Escape" && this.hairAt !== null) this.pointAway();
    else return false;
    return true;
  }
  /** Shows every run's values at the hairline, in a box over the chart and as the slider's value for screen readers. */
  readout() {
    const at = this.hairAt;
    const { spec, node } = this;
    node.setAttribute("aria-valuemax", String(Math.round(this.most)));
    const format = spec.format ?? ((v) => num(v, 3));
    /** @type {Partial<Record<Column, string>>} */
    const names = {
      loss: sayOf("curve", "training"),
      smooth: sayOf("curve", "smoothed"),
      held_out: sayOf("curve", "validation"),
      learning_rate: sayOf("curve", "rate"),
      gradient_norm: sayOf("curve", "gradient"),
      rate: sayOf("curve", "a second"),
    };
    /** @type {string[]} */
    const lines = [];
    const value = at ?? this.most;
    this.feeds.forEach((feed, k) => {
      if (!this.rows(feed)) return;
      const here = value - this.shift(k);
      const i = here < 0 ? -1 : feed.find(this.axis, here + 1e-6);
      if (i < 0) return;
      const words = spec.lines
        .map(({ column }) => {
          const last = feed.last(column, i + 1);
          if (!last) return "";
          const said = {
            name: spec.names?.[column] ?? names[column] ?? column,
            value: format(last.value),
            step: thousands(feed.cols.step[last.at]),
          };
          return last.at !== i ? say("{name} {value} at {step}", said) : say("{name} {value}", said); // not measured at every step
        })
        .filter(Boolean);
      const step =
        spec.x === "step" && !this.shift(k) && feed.cols.step[i] === Math.round(value)
          ? ""
          : `${say("step {step}", { step: thousands(feed.cols.step[i]) })}: `;
      lines.push(`${spec.runs[k].name ?? ""}  ${step}${words.join("  ")}`.trim());
    });
    const head = {
      step: say("step {step}", { step: thousands(Math.round(value)) }),
      tokens: say("{count} tokens", { count: brief(value) }),
      seconds: `${num(value, 1)} s`,
    }[spec.x];
    this.said = [head, ...lines].join("\n");
    node.setAttribute("aria-valuenow", String(Math.round(value)));
    node.setAttribute("aria-valuetext", this.said.replace(/\n/g, "; "));
    const shown = at !== null && hairs.get(this.g)?.chart === this && lines.length > 0;
    this.tip.hidden = !shown;
    if (!shown || at === null) {
      this.said = "";
      return;
    }
    if (this.tip.textContent !== this.said) this.tip.textContent = this.said;
    const x = this.px0(at);
    const w = this.tip.offsetWidth;
    this.tip.style.left = `${x + 10 + w > this.box.width ? Math.max(0, x - 10 - w) : x + 10}px`;
    this.tip.style.top = `${this.top + 2}px`;
  }
}

/**
 * @param {Stage} g
 * @param {string} name
 * @param {Box} box
 * @param {CurvesSpec} spec
 */
export function curves(g, name, box, spec) {
  const charts = chartsOf.get(g) ?? new Map();
  chartsOf.set(g, charts);
  const node = g.overlay(`curves ${name}`, box, () => {
    const made = new Chart(g, name);
    charts.set(name, made);
    return made.node;
  });
  /** @type {Chart | undefined} */
  const chart = charts.get(name);
  if (chart?.node !== node) throw new Error(`two charts are called ${name}`);
  chart.use(box, spec);
  g.figure.exports = g.figure.exports ?? new Map();
  g.figure.exports.set(name, () => (node.isConnected ? chart.svg() : null));
  return chart;
}

// ---------------------------------------------------------------- drawing: axes, ground, lines, names, hairline

/** @type {(chart: Chart, pen: Pen) => void} */
export function drawChart(chart, pen) {
  const { spec, left, right, top, bottom, high } = chart;
  drawAxes(chart, pen);
  if (spec.guessing && spec.guessing.value <= high) drawGuess(chart, pen);
  pen.clipped(left - 1, top - 4, right - left + 3, bottom - top + 6, () => {
    drawBands(chart, pen);
    for (const [k, feed] of chart.feeds.entries()) drawRun(chart, pen, feed, k);
    for (const [row, feed] of chart.feeds.filter((one) => one.live && !one.n).entries())
      drawWaiting(chart, pen, feed, row);
    /** @type {Written[]} */
    const written = [];
    for (const mark of spec.marks ?? []) {
      const x = chart.px(mark.x) - chart.box.left;
      pen.line([x, x], [top - 8, bottom + 2], {
        stroke: mark.colour ?? "accent",
        width: mark.width ?? 2,
        dash: mark.dash,
      });
      if (mark.text) drawMark(chart, pen, mark.text, x, written);
    }
    if (chart.hairAt !== null)
      pen.line([chart.px0(chart.hairAt), chart.px0(chart.hairAt)], [top, bottom], {
        stroke: "ink3",
        dash: [2, 2],
      });
  });
  if (spec.ends !== "none") drawEndings(chart, pen);
}

/** @typedef {{row: number, from: number, to: number}} Written where words of a mark stand */

/**
 * Places the text of a mark: left of its line where the right edge would cut it, a row lower where it would overlap.
 * @type {(chart: Chart, pen: Pen, text: string, x: number, written: Written[]) => void}
 */
function drawMark(chart, pen, text, x, written) {
  const wide = measure(text, 12) * 1.06;
  const from = x + 5 + wide > chart.right ? x - 5 - wide : x + 5;
  let row = 0;
  while (written.some((other) => other.row === row && from < other.to + 6 && other.from < from + wide + 6))
    row++;
  written.push({ row, from, to: from + wide });
  pen.text(from, (chart.top + chart.bottom) / 2 + 16 * row, text, { fill: "ink3" });
}

/** What stands in a chart whose axis has no values. @type {Record<Axis, string>} */
const UNKNOWN = {
  step: say("step were not recorded"),
  tokens: say("tokens were not recorded"),
  seconds: say("seconds were not recorded"),
};

/** @type {(chart: Chart, pen: Pen) => void} */
function drawAxes(chart, pen) {
  const { spec, left, right, top, bottom, box } = chart;
  const to = spec.ends === "column" ? right : box.width;
  if (chart.most < chart.end - 1e-9 && chart.feeds.some((feed) => !feed.over)) {
    const from = chart.px0(chart.most);
    pen.rect(from, top - 8, right - from, bottom - top + 8, "wash");
    const words = chart.feeds.some((feed) => feed.state.state === "queued")
      ? say("waiting for its turn")
      : say("still to come");
    const low = spec.ends === "line" && chart.endings().some((end) => chart.py(end.value) > bottom - 28); // a run's name is there
    if (spec.ends === "line" && right - from > measure(words, 12) + 16)
      pen.text((from + right) / 2, low ? (top + bottom) / 2 : bottom - 8, words, {
        fill: "ink3",
        anchor: "middle",
      });
  }
  const unknown = chart.feeds.some((feed) => feed.n) && !chart.feeds.some((feed) => chart.rows(feed));
  if (unknown)
    pen.text((left + right) / 2, (top + bottom) / 2, UNKNOWN[spec.x], { fill: "ink3", anchor: "middle" });
  const tall = bottom - top;
  const empty = !chart.feeds.some((feed) => feed.n) && !spec.guessing; // no values, so no scale
  const { ticks, step } = empty
    ? { ticks: [], step: 0 }
    : spec.scale === "log"
      ? logTicks(chart.low, chart.high)
      : roundTicks(chart.low, chart.high, clamp(tall / (tall > 120 ? 56 : 24), 1, 6));
  for (const tick of ticks) {
    const y = Math.round(chart.py(tick)) + 0.5;
    pen.line([left, right], [y, y], { stroke: "line" });
    pen.text(left - 8, y + 4, (spec.tick ?? brief)(tick, step), { fill: "ink3", anchor: "end", mono: true });
  }
  if (chart.beyond !== null) drawBreak(chart, pen, chart.beyond);
  if (spec.axis === false) return;
  const across = roundTicks(0, chart.end, clamp((right - left) / 90, 1, 8));
  for (const tick of across.ticks) {
    const x = chart.px0(tick);
    if (x > right + 1 || (spec.x === "step" && tick % 1)) continue;
    pen.line([x, x], [bottom, bottom + 4], { stroke: "line" });
    const text =
      spec.x === "seconds"
        ? `${brief(tick)} s`
        : brief(tick).replace(/^(\d+(?:\.\d)?)k$/, (all) =>
            tick < 1e5 && spec.x === "step" ? thousands(tick) : all,
          );
    pen.text(clamp(x, left, to - measure(text, 12, true) / 2), bottom + 18, text, {
      fill: "ink3",
      anchor: "middle",
      mono: true,
    });
  }
  if (spec.ticks)
    for (const { step: at } of chart.feeds[0]?.checkpoints ?? []) {
      const x = chart.px(at) - box.left;
      pen.line([x, x], [bottom - 3, bottom + 4], { stroke: "accent", width: 1.5 });
    }
}

/** Two strokes across the y axis at its top, and how far the values beyond it go. @type {(chart: Chart, pen: Pen, most: number) => void} */
function drawBreak(chart, pen, most) {
  const { left, top } = chart;
  for (const y of [top - 3, top + 1])
    pen.line([left - 5, left + 5], [y + 3, y - 3], { stroke: "ink", width: 1.5 });
  pen.text(left + 10, top + 4, say("axis broken: up to {value} ↑", { value: brief(most) }), { fill: "ink3" });
}

/** @type {(chart: Chart, pen: Pen) => void} */
function drawGuess(chart, pen) {
  const { guessing } = chart.spec;
  if (!guessing) return;
  const y = chart.py(guessing.value);
  pen.line([chart.left, chart.right], [y, y], { stroke: "ink3", dash: [3, 3] });
  if (guessing.text) pen.text(chart.right - 5, y - 6, guessing.text, { fill: "ink3", anchor: "end" });
}

/**
 * The lowest and the highest value of a column among some runs, at the steps at which all of them were measured.
 * @type {(feeds: Feed[], column: Column) => {steps: number[], lows: number[], highs: number[]}}
 */
export function bandOf(feeds, column) {
  /** @type {Map<number, number[]>} */
  const found = new Map();
  for (const feed of feeds) {
    const values = feed.column(column);
    for (let i = 0; i < feed.n; i++)
      if (Number.isFinite(values[i]))
        found.set(feed.cols.step[i], [...(found.get(feed.cols.step[i]) ?? []), values[i]]);
  }
  const steps = [...found.keys()]
    .filter((step) => found.get(step)?.length === feeds.length)
    .sort((a, b) => a - b);
  const at = (/** @type {number} */ step) => found.get(step) ?? [];
  return {
    steps,
    lows: steps.map((step) => Math.min(...at(step))),
    highs: steps.map((step) => Math.max(...at(step))),
  };
}

/** A band behind the runs that differ by their seed alone, from the lowest to the highest held-out loss. @type {(chart: Chart, pen: Pen) => void} */
function drawBands(chart, pen) {
  const { spec } = chart;
  const column = spec.lines.find(({ kind }) => kind === "solid")?.column;
  if (!column || spec.x !== "step") return;
  for (const seeds of new Set(spec.runs.map((run) => run.seeds).filter(Boolean))) {
    const members = spec.runs.flatMap((run, k) => (run.seeds === seeds ? [k] : []));
    if (members.length < 2) continue;
    const { steps, lows, highs } = bandOf(
      members.map((k) => chart.feeds[k]),
      column,
    );
    const far = chart.bottom + 4000;
    const py = (/** @type {number} */ value) => clamp(chart.py(value), -far, far);
    const xs = steps.map((step) => chart.px0(step + chart.shift(members[0])));
    if (steps.length > 1)
      pen.area(xs, lows.map(py), highs.map(py), colourOf(spec.runs[members[0]], members[0]), 0.22);
  }
}

/** @type {(chart: Chart, pen: Pen, feed: Feed, k: number) => void} */
function drawRun(chart, pen, feed, k) {
  const run = chart.spec.runs[k];
  const stroke = colourOf(run, k);
  // Where a dashed line is another column, it is so in every run. Runs differ by colour and by signs on the line.
  const own = chart.spec.lines.some(({ kind }) => kind === "dashed") ? null : (run.dash ?? null);
  const slot = (run.slot ?? k) % RUN_SIGNS.length;
  for (const { column, kind = "solid" } of chart.spec.lines) {
    const [xs, ys] = thinned(chart, feed, k, column, kind === "raw");
    const dash = kind === "dashed" ? [4, 3] : kind === "solid" ? own : null;
    pen.line(xs, ys, {
      stroke,
      dash,
      width: kind === "solid" ? 2.25 : kind === "dashed" ? 1.5 : 1,
      alpha: kind === "raw" ? 0.3 : 1,
    });
    const sign = kind === "solid" && !own && RUN_SIGNS[slot];
    if (!sign) continue;
    let next = (xs[0] ?? 0) + 10 * slot; // apart from the signs of other runs
    for (const [i, x] of xs.entries()) {
      if (x < next) continue;
      pen.text(x, ys[i] + 4, sign, { fill: stroke, anchor: "middle" });
      next = x + SIGNS_APART;
    }
  }
}

/**
 * Draws the name and status of a run without a point where its curve will begin.
 * @type {(chart: Chart, pen: Pen, feed: Feed, row: number) => void}
 */
function drawWaiting(chart, pen, feed, row) {
  const word = chart.spec.waiting?.(feed);
  if (!word) return;
  const k = chart.feeds.indexOf(feed);
  const [x, y] = [chart.px0(chart.shift(k)), chart.bottom - 8 - 18 * row];
  pen.dot(x + 5, y - 4, 4, colourOf(chart.spec.runs[k], k));
  pen.text(x + 14, y, `${chart.spec.runs[k].name} ${word}`, {
    fill: colourOf(chart.spec.runs[k], k),
    weight: 600,
  });
}

/**
 * Reduces a line to pixel columns: the minimum and maximum of each if it is raw, else the last value.
 * @type {(chart: Chart, feed: Feed, k: number, column: Column, raw: boolean) => [xs: number[], ys: number[]]}
 */
function thinned(chart, feed, k, column, raw) {
  const [at, values] = [feed.cols[chart.axis], feed.column(column)];
  /** @type {[number[], number[]]} */
  const [xs, ys] = [[], []];
  const log = chart.spec.scale === "log";
  const { left, across } = chart;
  const moved = left + chart.shift(k) * across;
  const far = chart.bottom + 4000; // canvas coordinates must stay finite
  let [pixel, x0, low, high] = [-1, 0, 0, 0];
  let seen = false;
  const put = (/** @type {number} */ x, /** @type {number} */ value) => {
    xs.push(x);
    ys.push(clamp(chart.py(value), -far, far));
  };
  for (let i = 0, n = chart.rows(feed); i < n; i++) {
    const value = values[i];
    if (Number.isNaN(value) || (log && value <= 0)) continue;
    const x = moved + at[i] * across;
    const here = x | 0;
    if (here !== pixel && seen) {
      put(x0, low);
      if (raw && high !== low) put(x0, high);
      seen = false;
    }
    pixel = here;
    x0 = x;
    if (!raw || !seen) low = high = value;
    else if (value < low) low = value;
    else if (value > high) high = value;
    seen = true;
  }
  if (seen) {
    put(x0, low);
    if (raw && high !== low) put(x0, high);
  }
  return [xs, ys];
}

/** @type {(chart: Chart, pen: Pen) => void} */
function drawEndings(chart, pen) {
  const { spec, right, top, bottom } = chart;
  const ends = chart.endings();
  const asked = (/** @type {Ending} */ end) => clamp(chart.py(end.value), top + 4, bottom - 4);
  const order = [...ends].sort((a, b) => asked(a) - asked(b));
  const column = spec.ends === "column";
  const gap = column ? Math.min(20, (bottom - top - 6) / ends.length) : 17; // all of them, in a low chart closer
  const places = order.map((end, i) => (column ? top + Math.min(14, gap - 2) + i * gap : asked(end)));
  if (column) order.sort((a, b) => a.k - b.k);
  else {
    for (let i = 1; i < places.length; i++) places[i] = Math.max(places[i], places[i - 1] + gap);
    const over = (places[places.length - 1] ?? 0) - (bottom - 4);
    if (over > 0)
      for (let i = places.length - 1; i >= 0; i--)
        places[i] = Math.min(places[i], bottom - 4 - (places.length - 1 - i) * gap);
  }
  order.forEach((end, i) => {
    const feed = chart.feeds[end.k];
    const [x, y] = [
      end.edge ? right : chart.px0(feed.cols[chart.axis][end.at] + chart.shift(end.k)),
      asked(end),
    ];
    if (!column && !end.edge) {
      if (feed.state.state === "diverged")
        pen.text(x, y + 4, "×", { fill: end.colour, weight: 700, anchor: "middle" });
      else if (end.value > chart.high)
        pen.text(x, y + 4, "↑", { fill: end.colour, weight: 700, anchor: "middle" });
      else pen.dot(x, y, 4, end.colour);
    }
    const from = column ? right + 8 : x + 10;
    const room = chart.box.width - from - 6 - measure(end.text, 12, true) * 1.04;
    const name = fit(end.name, Math.max(24, column ? room : room / 1.06 - 4), 12, false); // before its value is cut off
    pen.text(from, places[i] + 4, name, { fill: end.colour, weight: 600 });
    if (column)
      pen.text(chart.box.width - 2, places[i] + 4, end.text, { fill: end.colour, mono: true, anchor: "end" });
    else
      pen.text(from + measure(name, 12) * 1.06 + 8, places[i] + 4, end.text, {
        fill: end.colour,
        mono: true,
      });
  });
}

/**
 * Draws a page's live chart in `local.chart` and reruns the page for new measurements, once a second at most.
 * @param {Pick<Stage, "figure" | "send">} g
 * @param {{chart?: Chart | null, heard?: string, asking?: number}} local
 * @param {What} what
 */
export function heardRuns(g, local, what) {
  if (what === "points") return;
  const now = (local.chart?.feeds ?? [])
    .map((feed) => `${feed.checkpoints.length} ${feed.state.state}`)
    .join(",");
  if (now === local.heard) return;
  local.heard = now;
  clearTimeout(local.asking);
  local.asking = setTimeout(() => {
    if (g.figure.isConnected) g.send("arrived", { at: Date.now() });
  }, 1000);
}
