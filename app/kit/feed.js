// A run's curve in the browser: columns that grow with every event of its stream, or came with the page.
// One feed a run and figure, however many charts draw it. Python's side is app/server/stream.py.

import { addressOf } from "./address.js";
import { say } from "./say.js";
import { clamp, unpack } from "./shapes.js";
import { shared } from "./shared.js";

/**
 * @import { Stage } from "./glass.js"
 * @import { Packed } from "./shapes.js"
 * @import { Run } from "./curves.js"
 *
 * A column by its name; "smooth" and "rate" are made in the browser, out of the others.
 * @typedef {"step" | "loss" | "learning_rate" | "gradient_norm" | "update_norm" | "tokens" | "seconds" | "held_out"} Given
 * @typedef {Given | "smooth" | "rate"} Column
 *
 * The state of a run: `ended` is the reason of its end, `place` its position in the queue, `starting`:
 * no worker is ready yet.
 * @typedef {{state: string, step: number, steps: number, ended?: string, place?: number | null, starting?: boolean}} State
 * @typedef {{step: number, held_out?: number | null, sample?: string, [name: string]: unknown}} Checkpoint
 *
 * A notification to a feed's listeners: the name of an event of the stream.
 * @typedef {"points" | "state" | "checkpoint" | "away" | "gone" | "end"} What
 * @typedef {(feed: Feed, what: What) => void} Listener
 *
 * A derived column, computed up to a row; `key` is what it was computed with.
 * @typedef {{key: number, upto: number, values: Float32Array, sums?: [number, number, number, number, number]}} Made
 */

/** @type {Given[]} */
const COLUMNS = [
  "step",
  "loss",
  "learning_rate",
  "gradient_norm",
  "update_norm",
  "tokens",
  "seconds",
  "held_out",
];
const OVER = ["done", "stopped", "diverged", "failed", "gone"]; // final states of a run
const STREAMS = 4; // open at once: a browser allows six connections per host, and the page needs the others
/** @type {WeakMap<object, Map<string, Feed>>} of a stage, by a run's id */
const feedsOf = new WeakMap();
/** @type {Set<Feed>} */
const openFeeds = new Set();
// Rewind, a separate component, is notified of checkpoints from here.
shared.feeds ??= new Set();
shared.feeds.add(openFeeds);

export class Feed {
  /**
   * @param {HTMLElement} figure
   * @param {Run} run
   */
  constructor(figure, run) {
    this.id = run.id;
    this.figure = figure;
    this.live = Boolean(run.live);
    this.n = 0; // rows
    this.version = 0;
    this.room = 256;
    /** @type {EventSource | null} */
    this.source = null;
    this.lost = ""; // the error of the connection
    this.ended = false;
    this.waiting = 0;
    this.watch = 0;
    /** @type {string | undefined} the recorded points that it holds */
    this.given = undefined;
    this.cols = /** @type {Record<Given, Float32Array>} */ (
      Object.fromEntries(COLUMNS.map((name) => [name, new Float32Array(this.room)]))
    );
    /** @type {Map<Column, Made>} smoothed and derived columns, each with how far it has been computed */
    this.made = new Map();
    /** @type {State} */
    this.state = { state: run.state ?? (run.live ? "queued" : "done"), step: 0, steps: run.steps ?? 0 };
    /** @type {Checkpoint[]} */
    this.checkpoints = [];
    /** @type {Set<Listener>} */
    this.listeners = new Set();
  }

  /**
   * Adds rows of columns, leaving out steps that are known: a replay after a broken connection makes no duplicates.
   * @param {Partial<Record<Given, Float32Array>>} cols
   */
  append(cols) {
    const steps = cols.step ?? new Float32Array(0);
    let at = 0;
    while (at < steps.length && this.n && steps[at] <= this.cols.step[this.n - 1]) at++;
    const more = steps.length - at;
    if (more <= 0) return;
    if (this.n + more > this.room) {
      while (this.n + more > this.room) this.room *= 2;
      for (const name of COLUMNS) {
        const wider = new Float32Array(this.room);
        wider.set(this.cols[name].subarray(0, this.n));
        this.cols[name] = wider;
      }
    }
    for (const name of COLUMNS) {
      const given = cols[name];
      if (given) this.cols[name].set(at ? given.slice(at) : given, this.n);
      else this.cols[name].fill(NaN, this.n, this.n + more);
    }
    this.n += more;
    this.version++;
  }

  /**
   * A column by its name, with those made here: "smooth" (of the loss) and "rate" (tokens a second).
   * @param {Column} name
   */
  column(name) {
    if (name === "smooth") return this.smooth();
    return name === "rate" ? this.rate() : this.cols[name];
  }
  /** @type {(name: Column, key: number, step: (made: Made, i: number) => number) => Float32Array} */
  derived(name, key, step) {
    let made = this.made.get(name);
    if (!made || made.key !== key) {
      made = { key, upto: 0, values: new Float32Array(this.room) };
      this.made.set(name, made);
    }
    if (made.values.length < this.room) {
      const wider = new Float32Array(this.room);
      wider.set(made.values.subarray(0, made.upto));
      made.values = wider;
    }
    for (; made.upto < this.n; made.upto++) made.values[made.upto] = step(made, made.upto);
    return made.values;
  }
  /**
   * Smooths the loss by the line that fits the points so far best, at its end: their weights fall by e over about a
   * fortieth of the run. A mean of the same points would lag behind a falling loss; the line does not.
   */
  smooth() {
    const span = clamp((this.state.steps || 400) / 30, 4, 80); // in steps
    return this.derived("smooth", span, (made, i) => {
      const value = this.cols.loss[i];
      const passed = i ? this.cols.step[i] - this.cols.step[i - 1] : 0;
      const keep = Math.exp(-passed / span);
      // sums over the points, each weighted: 1, t, t², value, t · value, with t = 0 at this step
      let [one, t, tt, v, tv] = made.sums ?? [0, 0, 0, 0, 0];
      [tt, tv] = [keep * (tt - 2 * passed * t + passed * passed * one), keep * (tv - passed * v)];
      [t, one, v] = [keep * (t - passed * one), keep * one, keep * v];
      if (Number.isFinite(value)) [one, v] = [one + 1, v + value];
      made.sums = [one, t, tt, v, tv];
      const spread = one * tt - t * t;
      if (!one) return NaN;
      return spread > 1e-6 * one * one ? (tt * v - t * tv) / spread : v / one;
    });
  }
  /** Computes tokens a second over the last 16 steps (pauses count as time without tokens; `seconds` leaves them out). */
  rate() {
    return this.derived("rate", 0, (_, i) => {
      const { tokens, seconds } = this.cols;
      const j = Math.max(0, i - 16);
      const passed = seconds[i] - (i ? seconds[j] : 0);
      return passed > 0 ? (tokens[i] - (i ? tokens[j] : 0)) / passed : NaN;
    });
  }
  /**
   * The index of the last row whose column is at most `value`; 0 before the first.
   * @type {(name: Given, value: number) => number}
   */
  find(name, value) {
    const values = this.cols[name];
    let [low, high] = [0, this.n - 1];
    while (low < high) {
      const mid = (low + high + 1) >> 1;
      if (values[mid] <= value) low = mid;
      else high = mid - 1;
    }
    return low;
  }
  /**
   * The last measured value of a column among the first `upto` rows, and where; null without one.
   * @param {Column} name
   */
  last(name, upto = this.n) {
    const values = this.column(name);
    for (let i = Math.min(upto, this.n) - 1; i >= 0; i--)
      if (Number.isFinite(values[i])) return { at: i, value: values[i] };
    return null;
  }
  get lastStep() {
    return this.n ? this.cols.step[this.n - 1] : -1;
  }
  get over() {
    return OVER.includes(this.state.state);
  }

  /** @param {What} what */
  tell(what) {
    for (const listener of [...this.listeners]) listener(this, what);
  }

  // ------------------------------------------------------------- the stream

  open() {
    if (!this.live || this.source || this.ended || this.waiting || openFeeds.size >= STREAMS) return;
    const source = new EventSource(
      addressOf(`runs/${encodeURIComponent(this.id)}/events?after=${this.lastStep}`),
    );
    this.source = source;
    openFeeds.add(this);
    /** @type {(name: What, heard: (said: any) => void) => void} */
    const on = (name, heard) =>
      source.addEventListener(name, (event) => {
        if (!this.figure.isConnected) {
          this.close();
          return;
        }
        heard(JSON.parse(event.data));
        this.tell(name);
      });
    on("points", ({ cols }) => this.append(opened(cols)));
    on("state", (state) => {
      this.lost = "";
      this.state = state;
      this.version++;
    });
    on("checkpoint", (one) => {
      /** @type {Checkpoint[]} */
      const rest = this.checkpoints.filter((other) => other.step !== one.step);
      this.checkpoints = [...rest, one].sort((a, b) => a.step - b.step);
      this.version++;
    });
    on("away", ({ why }) => {
      this.lost = why || say("the server's database does not answer");
      this.version++;
    });
    on("gone", ({ why }) => {
      this.state = { ...this.state, state: "gone", ended: why };
      this.finish();
    });
    on("end", () => this.finish());
    source.onopen = () => {
      if (this.lost) {
        this.lost = "";
        this.version++;
        this.tell("state");
      }
    };
    source.onerror = () => {
      if (this.ended) return;
      this.lost = say("connection lost, trying again");
      this.version++;
      this.tell("away");
      if (source.readyState === EventSource.CLOSED) {
        // after an error response the browser does not reconnect, so we do
        this.close();
        this.waiting = setTimeout(() => {
          this.waiting = 0;
          this.open();
        }, 2000);
      }
    };
    // A figure removed from the page (another page was opened, the run's table was closed) closes its connection.
    this.watch = setInterval(() => {
      if (!this.figure.isConnected) this.close();
    }, 1000);
  }
  close() {
    this.source?.close();
    this.source = null;
    clearInterval(this.watch);
    clearTimeout(this.waiting);
    this.waiting = 0;
    openFeeds.delete(this);
    for (const other of queuedFeeds) if (other.figure.isConnected) other.open();
  }
  finish() {
    this.ended = true;
    this.lost = "";
    this.version++;
    queuedFeeds.delete(this);
    this.close();
  }
}
/** @type {Set<Feed>} live feeds, those that wait for a free connection among them */
const queuedFeeds = new Set();

/** @type {(cols: Partial<Record<Given, Packed>>) => Partial<Record<Given, Float32Array>>} */
const opened = (cols) =>
  Object.fromEntries(Object.entries(cols).map(([name, packed]) => [name, unpack(packed)]));

/**
 * Returns the feed of a run in this figure; created, filled and opened as needed.
 * @param {Pick<Stage, "figure">} g
 * @param {Run} run
 */
export function feedOf(g, run) {
  const feeds = feedsOf.get(g) ?? new Map();
  feedsOf.set(g, feeds);
  /** @type {Feed} */
  const feed = feeds.get(run.id) ?? new Feed(g.figure, run);
  feeds.set(run.id, feed);
  if (run.live && !feed.live) Object.assign(feed, { live: true, ended: false }); // a resumed run
  if (run.points && !feed.live && feed.given !== run.points.step.b64) {
    Object.assign(feed, { n: 0, given: run.points.step.b64, version: feed.version + 1 });
    feed.made.clear();
    feed.append(opened(run.points));
    feed.state = {
      state: run.state ?? "done",
      step: feed.lastStep,
      steps: run.steps ?? feed.lastStep,
      ended: run.ended,
    };
    feed.checkpoints = (run.checkpoints ?? []).map((/** @type {number | Checkpoint} */ one) =>
      typeof one === "number" ? { step: one } : one,
    );
  }
  if (feed.live && !feed.ended) {
    queuedFeeds.add(feed);
    feed.open();
  }
  return feed;
}
