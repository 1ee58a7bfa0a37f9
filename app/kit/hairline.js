// Reading a chart of curves.js by pointer and by keys, and drawing it: axes, ground, lines, names, hairline.

import { RUN_DASHES, chartsOf, colourOf, hairs } from "./curves.js";
import { brief, logTicks, roundTicks } from "./pens.js";
import { clamp, fit, measure, num, thousands } from "./shapes.js";

/** What a Chart does with a pointer and keys. */
export const reading = {
  point(event) {
    const rect = this.node.getBoundingClientRect();
    const zoom = this.node.offsetWidth / rect.width || 1; // the projector mode enlarges the page
    this.hair(this.measured(((event.clientX - rect.left) * zoom - this.left) / this.across));
  },
  /** The nearest place on the axis where the first run with points was measured: what is read off is what was written down. */
  measured(value) {
    const k = this.feeds.findIndex((feed) => this.rows(feed));
    if (k < 0) return value;
    const [feed, asked] = [this.feeds[k], value - this.shift(k)];
    const values = feed.cols[this.axis];
    const i = feed.find(this.axis, asked);
    const next = Math.min(i + 1, feed.n - 1);
    const at = values[next] - asked < asked - values[i] ? next : i;
    return asked > values[feed.n - 1] || asked < 0 ? value : values[at] + this.shift(k);
  },
  pointAway() { this.hair(null); },
  hair(value) {
    const shown = value === null ? null : clamp(value, 0, this.most);
    hairs.set(this.g, shown === null ? null : { axis: this.spec.x, value: shown, chart: this });
    for (const chart of chartsOf.get(this.g).values()) if (chart === this || (chart.spec?.sync && this.spec.sync)) chart.soon();
  },
  get hairAt() {
    const at = hairs.get(this.g);
    return at && at.axis === this.spec.x && (at.chart === this || this.spec.sync) ? at.value : null;
  },
  pick() {
    const [at, feed] = [this.hairAt, this.feeds[0]];
    if (at === null || !feed || !this.rows(feed)) return;
    this.spec.onpick?.(feed.cols.step[feed.find(this.axis, at - this.shift(0))], feed);
  },
  /** Arrows move the hairline from point to point of the first run; Enter picks; Esc leaves. */
  key(event) {
    const feed = this.feeds[0];
    if (!feed || !this.rows(feed) || event.ctrlKey || event.metaKey || event.altKey) return false;
    const page = Math.max(1, Math.round(feed.n / 12));
    const moves = { ArrowRight: 1, ArrowUp: 1, ArrowLeft: -1, ArrowDown: -1, PageUp: page, PageDown: -page, Home: -Infinity, End: Infinity };
    if (event.key in moves) {
      const now = this.hairAt === null ? feed.n - 1 : feed.find(this.axis, this.hairAt - this.shift(0) + 1e-6);
      const next = clamp(this.hairAt === null && Math.abs(moves[event.key]) === 1 ? now : now + moves[event.key], 0, feed.n - 1);
      this.hair(feed.cols[this.axis][next] + this.shift(0));
    } else if (event.key === "Enter" && this.hairAt !== null && this.spec.onpick) this.pick();
    else if (event.key === "Escape" && this.hairAt !== null) this.pointAway();
    else return false;
    return true;
  },
  /** What every run says at the hairline, as a box over the chart and as the slider's value for screen readers. */
  readout() {
    const at = this.hairAt;
    const { spec, node } = this;
    node.setAttribute("aria-valuemax", Math.round(this.most));
    const format = spec.format ?? ((v) => num(v, 3));
    const names = { loss: "training", smooth: "smoothed", held_out: "validation", learning_rate: "rate", gradient_norm: "gradient", rate: "a second" };
    const lines = [];
    const value = at ?? this.most;
    this.feeds.forEach((feed, k) => {
      if (!this.rows(feed)) return;
      const here = value - this.shift(k);
      const i = here < 0 ? -1 : feed.find(this.axis, here + 1e-6);
      if (i < 0) return;
      const words = spec.lines.map(({ column }) => {
        const last = feed.last(column, i + 1);
        const earlier = last && last.at !== i ? ` at ${thousands(feed.cols.step[last.at])}` : ""; // not measured at every step
        return last && `${spec.names?.[column] ?? names[column] ?? column} ${format(last.value)}${earlier}`;
      }).filter(Boolean);
      const step = spec.x === "step" && !this.shift(k) && feed.cols.step[i] === Math.round(value) ? "" : `step ${thousands(feed.cols.step[i])}: `;
      lines.push(`${spec.runs[k].name ?? ""}  ${step}${words.join("  ")}`.trim());
    });
    const head = { step: `step ${thousands(Math.round(value))}`, tokens: `${brief(value)} tokens`, seconds: `${num(value, 1)} s` }[spec.x];
    this.said = [head, ...lines].join("\n");
    node.setAttribute("aria-valuenow", Math.round(value));
    node.setAttribute("aria-valuetext", this.said.replace(/\n/g, "; "));
    const shown = at !== null && hairs.get(this.g)?.chart === this && lines.length > 0;
    this.tip.hidden = !shown;
    if (!shown) { this.said = ""; return; }
    if (this.tip.textContent !== this.said) this.tip.textContent = this.said;
    const x = this.px0(at);
    const w = this.tip.offsetWidth;
    this.tip.style.left = `${x + 10 + w > this.box.width ? Math.max(0, x - 10 - w) : x + 10}px`;
    this.tip.style.top = `${this.top + 2}px`;
  },
};


export function drawChart(chart, pen) {
  const { spec, left, right, top, bottom, high } = chart;
  drawAxes(chart, pen);
  if (spec.guessing && spec.guessing.value <= high) drawGuess(chart, pen);
  pen.clipped(left - 1, top - 4, right - left + 3, bottom - top + 6, () => {
    chart.feeds.forEach((feed, k) => drawRun(chart, pen, feed, k));
    chart.feeds.filter((feed) => feed.live && !feed.n).forEach((feed, row) => drawWaiting(chart, pen, feed, row));
    const written = [];
    for (const mark of spec.marks ?? []) {
      const x = chart.px(mark.x) - chart.box.left;
      pen.line([x, x], [top - 8, bottom + 2], { stroke: mark.colour ?? "accent", width: mark.width ?? 2, dash: mark.dash });
      if (mark.text) drawMark(chart, pen, mark.text, x, written);
    }
    if (chart.hairAt !== null) pen.line([chart.px0(chart.hairAt), chart.px0(chart.hairAt)], [top, bottom], { stroke: "ink3", dash: [2, 2] });
  });
  if (spec.ends !== "none") drawEndings(chart, pen);
}

/** The words of a mark: left of its line where the right edge would cut them, a row lower where others stand. */
function drawMark(chart, pen, text, x, written) {
  const wide = measure(text, 12) * 1.06;
  const from = x + 5 + wide > chart.right ? x - 5 - wide : x + 5;
  let row = 0;
  while (written.some((other) => other.row === row && from < other.to + 6 && other.from < from + wide + 6)) row++;
  written.push({ row, from, to: from + wide });
  pen.text(from, (chart.top + chart.bottom) / 2 + 16 * row, text, { fill: "ink3" });
}

function drawAxes(chart, pen) {
  const { spec, left, right, top, bottom, box } = chart;
  const to = spec.ends === "column" ? right : box.width;
  if (chart.most < chart.end - 1e-9 && chart.feeds.some((feed) => !feed.over)) {
    const from = chart.px0(chart.most);
    pen.rect(from, top - 8, right - from, bottom - top + 8, "wash");
    const words = chart.feeds.some((feed) => feed.state.state === "queued") ? "waiting for its turn" : "still to come";
    const low = spec.ends === "line" && chart.endings().some((end) => chart.py(end.value) > bottom - 28); // a name stands there
    if (spec.ends === "line" && right - from > measure(words, 12) + 16) pen.text((from + right) / 2, low ? (top + bottom) / 2 : bottom - 8, words, { fill: "ink3", anchor: "middle" });
  }
  const unknown = chart.feeds.some((feed) => feed.n) && !chart.feeds.some((feed) => chart.rows(feed));
  if (unknown) pen.text((left + right) / 2, (top + bottom) / 2, `${spec.x} were not recorded`, { fill: "ink3", anchor: "middle" });
  const tall = bottom - top;
  const empty = !chart.feeds.some((feed) => feed.n) && !spec.guessing; // no values: no scale for them
  const { ticks, step } = empty ? { ticks: [], step: 0 } : spec.scale === "log" ? logTicks(chart.low, chart.high) : roundTicks(chart.low, chart.high, clamp(tall / (tall > 120 ? 56 : 24), 1, 6));
  for (const tick of ticks) {
    const y = Math.round(chart.py(tick)) + 0.5;
    pen.line([left, right], [y, y], { stroke: "line" });
    pen.text(left - 8, y + 4, (spec.tick ?? brief)(tick, step), { fill: "ink3", anchor: "end", mono: true });
  }
  if (spec.axis === false) return;
  const across = roundTicks(0, chart.end, clamp((right - left) / 90, 1, 8));
  for (const tick of across.ticks) {
    const x = chart.px0(tick);
    if (x > right + 1 || (spec.x === "step" && tick % 1)) continue;
    pen.line([x, x], [bottom, bottom + 4], { stroke: "line" });
    const text = spec.x === "seconds" ? `${brief(tick)} s` : brief(tick).replace(/^(\d+(?:\.\d)?)k$/, (all, n) => (tick < 1e5 && spec.x === "step" ? thousands(tick) : all));
    pen.text(clamp(x, left, to - measure(text, 12, true) / 2), bottom + 18, text, { fill: "ink3", anchor: "middle", mono: true });
  }
  if (spec.ticks) for (const { step: at } of chart.feeds[0]?.checkpoints ?? []) {
    const x = chart.px(at) - box.left;
    pen.line([x, x], [bottom - 3, bottom + 4], { stroke: "accent", width: 1.5 });
  }
}

function drawGuess(chart, pen) {
  const { guessing } = chart.spec;
  const y = chart.py(guessing.value);
  pen.line([chart.left, chart.right], [y, y], { stroke: "ink3", dash: [3, 3] });
  if (guessing.text) pen.text(chart.right - 5, y - 6, guessing.text, { fill: "ink3", anchor: "end" });
}

function drawRun(chart, pen, feed, k) {
  const run = chart.spec.runs[k];
  const stroke = colourOf(run, k);
  const own = run.dash ?? RUN_DASHES[(run.slot ?? k) % RUN_DASHES.length];
  for (const { column, kind = "solid" } of chart.spec.lines) {
    const [xs, ys] = thinned(chart, feed, k, column, kind === "raw");
    const dash = kind === "dashed" ? [4, 3] : kind === "solid" ? own : null;
    pen.line(xs, ys, { stroke, dash, width: kind === "solid" ? 2.25 : kind === "dashed" ? 1.5 : 1, alpha: kind === "raw" ? 0.3 : 1 });
  }
}

/** The name of a run without a point, and what it does, where its curve will begin. */
function drawWaiting(chart, pen, feed, row) {
  const word = chart.spec.waiting?.(feed);
  if (!word) return;
  const k = chart.feeds.indexOf(feed);
  const [x, y] = [chart.px0(chart.shift(k)), chart.bottom - 8 - 18 * row];
  pen.dot(x + 5, y - 4, 4, colourOf(chart.spec.runs[k], k));
  pen.text(x + 14, y, `${chart.spec.runs[k].name} ${word}`, { fill: colourOf(chart.spec.runs[k], k), weight: 600 });
}

/** A line's points: the least and the greatest value of a pixel column where it is raw, else the last. */
function thinned(chart, feed, k, column, raw) {
  const [at, values] = [feed.cols[chart.axis], feed.column(column)];
  const [xs, ys] = [[], []];
  const log = chart.spec.scale === "log";
  const { left, across } = chart;
  const moved = left + chart.shift(k) * across;
  const far = chart.bottom + 4000; // canvas coordinates must stay finite
  let [pixel, x0, low, high, seen] = [-1, 0, 0, 0, false];
  const put = (x, value) => { xs.push(x); ys.push(clamp(chart.py(value), -far, far)); };
  for (let i = 0, n = chart.rows(feed); i < n; i++) {
    const value = values[i];
    if (value !== value || (log && value <= 0)) continue;
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
  if (seen) { put(x0, low); if (raw && high !== low) put(x0, high); }
  return [xs, ys];
}

function drawEndings(chart, pen) {
  const { spec, right, top, bottom } = chart;
  const ends = chart.endings();
  const asked = new Map(ends.map((end) => [end, clamp(chart.py(end.value), top + 4, bottom - 4)]));
  const order = [...ends].sort((a, b) => asked.get(a) - asked.get(b));
  const column = spec.ends === "column";
  const gap = column ? Math.min(20, (bottom - top - 6) / ends.length) : 17; // all of them, in a low chart closer
  const places = order.map((end, i) => (column ? top + Math.min(14, gap - 2) + i * gap : asked.get(end)));
  if (column) order.sort((a, b) => a.k - b.k);
  else {
    for (let i = 1; i < places.length; i++) places[i] = Math.max(places[i], places[i - 1] + gap);
    const over = (places[places.length - 1] ?? 0) - (bottom - 4);
    if (over > 0) for (let i = places.length - 1; i >= 0; i--) places[i] = Math.min(places[i], bottom - 4 - (places.length - 1 - i) * gap);
  }
  order.forEach((end, i) => {
    const feed = chart.feeds[end.k];
    const [x, y] = [end.edge ? right : chart.px0(feed.cols[chart.axis][end.at] + chart.shift(end.k)), asked.get(end)];
    if (!column && !end.edge) {
      if (feed.state.state === "diverged") pen.text(x, y + 4, "×", { fill: end.colour, weight: 700, anchor: "middle" });
      else pen.dot(x, y, 4, end.colour);
    }
    const from = column ? right + 8 : x + 10;
    const room = chart.box.width - from - 6 - measure(end.text, 12, true) * 1.04;
    const name = fit(end.name, Math.max(24, column ? room : room / 1.06 - 4), 12, false); // before its value is cut off
    pen.text(from, places[i] + 4, name, { fill: end.colour, weight: 600 });
    if (column) pen.text(chart.box.width - 2, places[i] + 4, end.text, { fill: end.colour, mono: true, anchor: "end" });
    else pen.text(from + measure(name, 12) * 1.06 + 8, places[i] + 4, end.text, { fill: end.colour, mono: true });
  });
}
