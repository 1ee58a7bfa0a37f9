// Right: every two tokens of the text, and what their distance does.

import { counted } from "../../app/kit/counts.js";
import { say } from "../../app/kit/say.js";
import {
  MONO,
  clamp,
  css,
  fit,
  h,
  heat,
  heatImage,
  hex,
  inLines,
  label,
  num,
  thousands,
} from "../../app/kit/shapes.js";
import { countOf, factsOf, masks, said, short } from "./stages.js";
import { strongest } from "./table.js";

/**
 * @import { Stage } from "../../app/kit/glass.js"
 * @import { Shapes } from "../../app/kit/shapes.js"
 * @import { Bias, Data, Kept } from "./figure.js"
 * @import { Box, Layout } from "./layout.js"
 * @import { Facts } from "./stages.js"
 */

/** What the matrix shows, and whether its columns are keys. @type {Record<Data["kind"], [title: string, keys: boolean]>} */
const TITLES = {
  sinusoidal: [say("Every two rows: their cosine"), false],
  learned: [say("Every two rows: their cosine"), false],
  none: [say("Every two tokens: cosine of their vectors"), false],
  rotary: [say("q · k: rows ask, columns answer"), true],
  alibi: [say("Added to each score: rows ask, columns answer"), true],
  relative: [say("Added to each score: rows ask, columns answer"), true],
};

/** @param {Stage} g @param {Data} data @param {Kept} local @param {Layout} at */
export function drawMatrix(g, data, local, at) {
  const { x, y, size } = at.matrix;
  const n = countOf(data);
  const f = factsOf(data, local);
  const m = local.a.matrix;
  if (!data.matrix || !m) return;
  const most = data.matrix.of === "cosine" ? 1 : strongest(m);
  const hidden = (/** @type {number} */ i) => masks(data) && i % n > Math.floor(i / n);
  const away = hex(g.color("field"));
  const [title, keys] = TITLES[data.kind];
  g.part("matrix", [at.matrix], () => [
    label(x, y - 10, title, { weight: 600, fill: "ink" }),
    heatImage(
      x,
      y,
      size,
      size,
      heat(m, n, n, (v, i) => (hidden(i) ? away : g.signedRgb(v, most))),
    ),
    h("rect", {
      class: "gb-hot",
      "data-matrix": "",
      x,
      y,
      width: size,
      height: size,
      fill: "transparent",
      pointermove: (event) => {
        const [r, c] = pairAt(event, n);
        local.hover = { row: r, col: c };
        g.redraw();
      },
      pointerleave: () => {
        local.hover = null;
        g.redraw();
      },
      click: (event) => {
        const [r, c] = pairAt(event, n);
        g.select({ row: r, col: c });
      },
    }),
  ]);
  const s = size / n;
  const blocked = masks(data) && f.col > f.row;
  const big = blocked ? "–" : data.kind === "rotary" ? num(f.pair, 2) : short(f.pair);
  const lx = at.told.x;
  const lines = [
    h(
      "text",
      {
        x: lx,
        y: at.told.y + 12,
        "font-size": 12,
        fill: css(keys ? "q-ink" : "accent"),
        "font-weight": 600,
        "font-family": MONO,
      },
      fit(
        say("{token} at {position}", { token: said(data, f.row), position: thousands(f.place) }),
        at.told.w,
        12,
      ),
    ),
    h(
      "text",
      {
        x: lx,
        y: at.told.y + 30,
        "font-size": 12,
        fill: css(keys ? "k-ink" : "ink2"),
        "font-weight": 600,
        "font-family": MONO,
      },
      fit(
        say("{token} at {position}", { token: said(data, f.col), position: thousands(f.other) }),
        at.told.w,
        12,
      ),
    ),
    label(
      lx,
      at.told.y + 50,
      f.bucket === null
        ? say("distance {distance}", { distance: num(Math.abs(f.apart), 0) })
        : say("distance {distance}, bucket {bucket}", {
            distance: num(Math.abs(f.apart), 0),
            bucket: f.bucket,
          }),
      { fill: "ink2" },
    ),
    h("text", { x: lx, y: at.told.y + 80, "font-size": 24, fill: css("accent"), "font-family": MONO }, big),
  ];
  let under = at.told.y + 100;
  const words = blocked
    ? say("hidden by the causal mask")
    : data.kind === "rotary"
      ? say("pair {number} alone: {product}", { number: f.column, product: short(f.product) })
      : !Number.isNaN(f.score)
        ? say("softmax gets {score}", { score: short(f.score) })
        : "";
  for (const line of inLines(words, at.told.w)) {
    lines.push(label(lx, under, line, { fill: "ink3" }));
    under += 15;
  }
  g.part("pair", [f.row, f.col, f.n, at.matrix, at.told], () => [
    h("rect", {
      x: x + f.col * s - 1,
      y: y + f.row * s - 1,
      width: s + 2,
      height: s + 2,
      fill: "none",
      stroke: css("accent"),
      "stroke-width": 2,
      "pointer-events": "none",
    }),
    lines,
  ]);
}
/** @param {MouseEvent} event @param {number} n */
function pairAt(event, n) {
  const box = /** @type {Element} */ (event.currentTarget).getBoundingClientRect();
  const at = (/** @type {number} */ v, /** @type {number} */ from, /** @type {number} */ size) =>
    clamp(Math.floor(((v - from) / size) * n), 0, n - 1);
  return [at(event.clientY, box.top, box.height), at(event.clientX, box.left, box.width)];
}

/**
 * Similarity, or q . k, by distance: over all pairs a line and its spread, and of the chosen pair alone.
 * @param {Stage} g @param {Data} data @param {Kept} local @param {Layout} at
 */
export function drawCurve(g, data, local, at) {
  const c = data.curve;
  if (!c) return;
  const { x, y, w, h: tall } = at.curve;
  const f = factsOf(data, local);
  const mine = c.mine && c.mine.row === f.row && c.mine.col === f.col ? c.mine.values : null;
  const n = c.distances.length;
  const highs = c.mean.map((v, i) => v + c.spread[i]).concat(mine ?? []);
  const lows = c.mean.map((v, i) => v - c.spread[i]).concat(mine ?? []);
  const [top, low] = [Math.max(...highs, 0), Math.min(...lows, 0)];
  const X = (/** @type {number} */ d) => x + (w * d) / Math.max(1, n - 1);
  const Y = (/** @type {number} */ v) => y + tall - ((v - low) / (top - low || 1)) * tall;
  const path = (/** @type {number[]} */ values) =>
    values.map((v, i) => `${i ? "L" : "M"}${X(i).toFixed(1)},${Y(v).toFixed(1)}`).join("");
  const back = c.mean
    .map((_, i) => n - 1 - i)
    .map((i) => `L${X(i).toFixed(1)},${Y(c.mean[i] - c.spread[i]).toFixed(1)}`)
    .join("");
  const d = Math.abs(f.apart);
  const wide = Math.max(...c.spread);
  const title = data.kind === "rotary" ? say("q · k by distance") : say("Cosine by distance");
  const note = mine
    ? say("green: this pair, grey: all pairs")
    : data.kind === "rotary"
      ? data.source === "own"
        ? say("grey: all pairs of the text")
        : say("one curve for all")
      : wide < 1e-6
        ? say("same at every position")
        : say("varies by up to ±{spread}", { spread: num(wide, 2) });
  const line = mine ?? c.mean;
  g.part("curve", [f.row, f.col, at.curve], () => [
    label(x, y - 8, title, { weight: 600, fill: "ink" }),
    label(x + w, y - 8, note, { anchor: "end", fill: "ink3" }),
    wide > 1e-6 &&
      h("path", {
        d: `${path(c.mean.map((v, i) => v + c.spread[i])) + back}Z`,
        fill: css("ink3"),
        opacity: 0.18,
      }),
    h("path", { d: `M${x},${Y(0)}h${w}`, stroke: css("line") }),
    h("path", {
      d: path(c.mean),
      fill: "none",
      stroke: css(mine ? "ink3" : "pos"),
      "stroke-width": mine ? 1.5 : 2,
    }),
    mine && h("path", { d: path(mine), fill: "none", stroke: css("pos"), "stroke-width": 2 }),
    d < n && [
      h("path", { d: `M${X(d)},${y}v${tall}`, stroke: css("accent"), "stroke-dasharray": "2 3" }),
      (mine || data.kind !== "rotary" || data.source !== "own") &&
        h("circle", { cx: X(d), cy: Y(line[d]), r: 4.5, fill: css("accent") }),
    ],
    label(x, y + tall + 13, say("{distance} apart", { distance: 0 }), { size: 11, fill: "ink3" }),
    label(x + w, y + tall + 13, say("{distance} apart", { distance: n - 1 }), {
      size: 11,
      fill: "ink3",
      anchor: "end",
    }),
  ]);
}

/**
 * What each head adds to a score, by distance (ALiBi, T5).
 * @param {Stage} g @param {Data} data @param {Kept} local @param {Layout} at
 */
export function drawBias(g, data, local, at) {
  const b = data.bias;
  if (!b) return;
  const { x, y, w, h: tall } = at.bias;
  const f = factsOf(data, local);
  const n = b.distances.length;
  const flat = b.values.flat();
  const [top, low] = [Math.max(0, ...flat), Math.min(0, ...flat)];
  const X = (/** @type {number} */ i) => x + (w * i) / Math.max(1, n - 1);
  const Y = (/** @type {number} */ v) => y + tall - ((v - low) / (top - low || 1)) * tall;
  const path = (/** @type {number[]} */ values) =>
    values
      .map((v, i) =>
        b.buckets
          ? `${i ? "H" : "M"}${(i ? X(i - 0.5) : X(i)).toFixed(1)}${i ? "V" : ","}${Y(v).toFixed(1)}`
          : `${i ? "L" : "M"}${X(i).toFixed(1)},${Y(v).toFixed(1)}`,
      )
      .join("") + (b.buckets ? `H${X(n - 1)}` : "");
  const at0 = b.distances.indexOf(f.apart);
  g.part("bias", [f.row, f.col, at.bias], () => [
    label(
      at.bias.left,
      y - 10,
      say("What each of {heads} adds to a score, by distance", { heads: counted(b.values.length, "head") }),
      { weight: 600, fill: "ink" },
    ),
    h("path", { d: `M${x},${Y(0)}h${w}`, stroke: css("line") }),
    b.values.map(
      (values, i) =>
        i !== b.head &&
        h("path", { d: path(values), fill: "none", stroke: css("ink3"), "stroke-width": 1, opacity: 0.6 }),
    ),
    h("path", { d: path(b.values[b.head]), fill: "none", stroke: css("pos"), "stroke-width": 2.5 }),
    at0 >= 0 && [
      h("path", { d: `M${X(at0)},${y}v${tall}`, stroke: css("accent"), "stroke-dasharray": "2 3" }),
      h("circle", { cx: X(at0), cy: Y(b.values[b.head][at0]), r: 5, fill: css("accent") }),
    ],
    label(x - 6, Y(top) + 4, short(top), { anchor: "end", mono: true, size: 11, fill: "ink3" }),
    label(x - 6, Y(low) + 4, short(low), { anchor: "end", mono: true, size: 11, fill: "ink3" }),
    label(x, y + tall + 16, say("{distance} (before)", { distance: num(b.distances[0], 0) }), {
      size: 11,
      fill: "ink3",
    }),
    label(
      x + w,
      y + tall + 16,
      b.distances[n - 1] > 0
        ? say("{distance} (after)", { distance: `+${b.distances[n - 1]}` })
        : say("0 (itself)"),
      { size: 11, fill: "ink3", anchor: "end" },
    ),
    label(x + w / 2, y + tall + 16, say("key − query"), { size: 11, fill: "ink3", anchor: "middle" }),
    g.tip(h("rect", { x, y, width: w, height: tall, fill: "transparent" }), (event) => {
      const box = /** @type {Element} */ (event.target).getBoundingClientRect();
      const i = clamp(Math.round(((event.clientX - box.left) / box.width) * (n - 1)), 0, n - 1);
      const distance = num(b.distances[i], 0);
      return [
        b.buckets
          ? say("distance {distance}, bucket {bucket}", { distance, bucket: b.buckets[i] })
          : say("distance {distance}", { distance }),
        ...b.values
          .slice(0, 16)
          .map((values, head) => say("head {head}: {value}", { head, value: short(values[i]) })),
      ].join("\n");
    }),
  ]);
  g.part("rule", [at.rule, f.row, f.col], () => drawRule(b, at.rule, f));
}
/**
 * The rule behind it: a slope for each head, or a learned number for each bucket.
 * @param {Bias} b @param {Box & {h: number}} box @param {Facts} f
 */
function drawRule(b, box, f) {
  /** @type {Shapes[]} */
  const out = [
    label(
      box.x,
      box.y - 10,
      b.slopes ? say("Slope of each head, × distance") : say("Buckets of head {head}", { head: b.head }),
      { weight: 600, fill: "ink" },
    ),
  ];
  const room = Math.floor(box.h / 16);
  const rows = b.slopes
    ? b.slopes.map((slope, i) => ({
        text: say("head {head}", { head: i }),
        value: `−${short(slope)}`,
        on: i === b.head,
      }))
    : [...b.spans].reverse().map(([bucket, from, to]) => ({
        text: from === to ? num(from, 0) : `${num(to, 0)} … ${num(from, 0)}`,
        value: short(b.values[b.head][b.distances.indexOf(to)] ?? b.values[b.head][0]),
        on: bucket === f.bucket,
        bucket,
      }));
  const at = Math.max(
    0,
    rows.findIndex((row) => row.on),
  );
  const first = clamp(at - Math.floor(room / 2), 0, Math.max(0, rows.length - room));
  rows.slice(first, first + room).forEach((row, i) => {
    const y = box.y + 12 + 16 * i;
    out.push(
      label(box.x, y, row.text, {
        mono: true,
        fill: row.on ? "accent" : "ink2",
        weight: row.on ? 700 : null,
      }),
      label(box.x + box.w, y, row.value, {
        mono: true,
        anchor: "end",
        fill: row.on ? "accent" : "ink2",
        weight: row.on ? 700 : null,
      }),
    );
  });
  return out;
}
