// Left and middle of what is added or turned: the table as a heat map, its columns as waves, a pair as a clock's hand.

import { counted } from "../../app/kit/counts.js";
import { say } from "../../app/kit/say.js";
import {
  chip,
  clamp,
  css,
  fit,
  h,
  heat,
  heatImage,
  label,
  measure,
  num,
  thousands,
} from "../../app/kit/shapes.js";
import {
  colOf,
  countOf,
  factsOf,
  frameOf,
  inTurns,
  rateText,
  rowOf,
  said,
  short,
  untrained,
} from "./stages.js";

/**
 * @import { Stage } from "../../app/kit/glass.js"
 * @import { Point } from "../../app/kit/shapes.js"
 * @import { Data, Kept } from "./figure.js"
 * @import { Layout } from "./layout.js"
 */

/** @param {ArrayLike<number>} values */
export const strongest = (values) => {
  const sizes = Array.from(values, Math.abs).sort((a, b) => a - b);
  return sizes[Math.floor(sizes.length * 0.98)] || 1e-9;
};

/** @param {Stage} g @param {Data} data @param {Kept} local @param {Layout} at @param {number[]} rows */
export function drawChips(g, data, local, at, rows) {
  g.part("chips", [rows, at.heat, local.sel.row, local.sel.col, local.hover], () =>
    rows.map((r, i) => {
      const y = at.heat.y + (i + 0.5) * at.pitch;
      const node = chip(g, at.chips.x, y, at.chips.w, data.tokens[r].text, {
        height: Math.min(22, at.pitch - 2),
        size: 12,
        id: data.tokens[r].id,
        colour: frameOf(data, local, r),
      });
      node.setAttribute("class", "gb-chip gb-hot");
      node.setAttribute("data-chip", String(r));
      node.addEventListener("click", (event) =>
        g.select(event.shiftKey ? { row: rowOf(data, local), col: r } : { row: r, col: colOf(data, local) }),
      );
      return [
        label(at.chips.x + at.chips.w + 24, y + 4, data.begins + r, {
          anchor: "end",
          mono: true,
          size: 11,
          fill: "ink3",
        }),
        node,
      ];
    }),
  );
}

/**
 * rows x columns of the numbers that stand at the text's positions.
 * @param {Stage} g @param {Data} data @param {Kept} local @param {Layout} at @param {number[]} rows
 */
export function drawHeat(g, data, local, at, rows) {
  const { x, y, w } = at.heat;
  const plain = data.kind === "none";
  const source = plain ? local.a.embed : local.a.waves;
  if (!source) return;
  const cols = plain ? local.embedCols : data.columns.length;
  const values = new Float32Array(rows.length * cols);
  for (const [i, r] of rows.entries())
    values.set(
      source.subarray((plain ? r : data.rows[r]) * cols, (plain ? r : data.rows[r]) * cols + cols),
      i * cols,
    );
  const most = plain || data.kind === "learned" ? strongest(source) : 1;
  const tall = rows.length * at.pitch;
  /** @type {Record<string, string>} */
  const titles = {
    sinusoidal: say("The table: a row for each position"),
    learned: say("The table: a row for each position"),
    rotary: say("cos of each pair’s angle"),
    none: say("The tokens’ own vectors"),
  };
  const more = plain
    ? cols < data.embedWidth
      ? say("{shown} of {numbers}", { shown: cols, numbers: counted(data.embedWidth, "number") })
      : counted(cols, "number")
    : data.kind === "rotary"
      ? counted(data.width, "pair")
      : cols < data.width
        ? say("{shown} of {columns}", { shown: cols, columns: counted(data.width, "column") })
        : counted(cols, "column");
  const title =
    rows.length < countOf(data)
      ? `${titles[data.kind]}: ${say("tokens {first} to {last} of {all}", { first: rows[0], last: rows.at(-1), all: countOf(data) })}`
      : titles[data.kind];
  g.part("heat", [rows, at.heat], () => [
    label(at.chips.x, y - 10, fit(title, x + w - at.chips.x - measure(more, 12, false) - 12, 12, false), {
      weight: 600,
      fill: "ink",
    }),
    label(x + w, y - 10, more, { anchor: "end", fill: "ink3" }),
    heatImage(
      x,
      y,
      w,
      tall,
      heat(values, rows.length, cols, (v) => g.signedRgb(v, most)),
    ),
    h("path", { d: rows.map((_, i) => `M${x},${y + i * at.pitch}h${w}`).join(""), stroke: css("bg") }),
    h("rect", {
      class: "gb-hot",
      "data-heat": "",
      x,
      y,
      width: w,
      height: tall,
      fill: "transparent",
      pointermove: (event) => {
        local.hover = spot(event, rows, cols);
        g.redraw();
      },
      pointerleave: () => {
        local.hover = null;
        g.redraw();
      },
      click: (event) => {
        const s = spot(event, rows, cols);
        g.select({ row: s.row, col: colOf(data, local), number: data.columns[s.number] ?? s.number });
      },
    }),
    rows.some((r) => untrained(data, r)) &&
      label(x, y + tall + 14, say("rows from {row} on were never trained", { row: data.trained }), {
        fill: "accent",
        size: 11,
      }),
  ]);
  if (plain) return;
  const f = factsOf(data, local);
  const i = rows.indexOf(f.row);
  g.part("cell", [f.row, f.n, rows, at.heat], () => [
    i >= 0 &&
      h("rect", {
        x: x + (f.n * w) / cols - 1.5,
        y: y + i * at.pitch - 0.5,
        width: Math.max(w / cols, 3) + 3,
        height: at.pitch,
        rx: 2,
        fill: "none",
        stroke: css("accent"),
        "stroke-width": 2,
        "pointer-events": "none",
      }),
    h("path", { d: `M${x + ((f.n + 0.5) * w) / cols},${y + tall + 1}l4,6h-8Z`, fill: css("accent") }),
  ]);
}
/** @param {MouseEvent} event @param {number[]} rows @param {number} cols */
function spot(event, rows, cols) {
  const box = /** @type {Element} */ (event.currentTarget).getBoundingClientRect();
  return {
    row: rows[clamp(Math.floor(((event.clientY - box.top) / box.height) * rows.length), 0, rows.length - 1)],
    number: clamp(Math.floor(((event.clientX - box.left) / box.width) * cols), 0, cols - 1),
  };
}

/**
 * The chosen column over many positions, and what completes its pair.
 * @param {Stage} g @param {Data} data @param {Kept} local @param {Layout} at
 */
export function drawWaves(g, data, local, at) {
  const { x, y, w, h: tall } = at.waves;
  const { waves, others } = local.a;
  if (!waves) return;
  const f = factsOf(data, local);
  const cols = data.columns.length;
  const count = waves.length / cols;
  const pair = data.kind === "learned" ? null : data.kind === "rotary" ? f.n : Math.min(cols - 1, f.n ^ 1);
  const column = (/** @type {ArrayLike<number>} */ source, /** @type {number} */ n) =>
    Array.from({ length: count }, (_, p) => source[p * cols + n]);
  const main = column(waves, f.n);
  const most = data.kind === "learned" ? Math.max(1e-9, ...main.map(Math.abs)) : 1;
  const X = (/** @type {number} */ p) => x + (w * p) / Math.max(1, count - 1);
  const Y = (/** @type {number} */ v) => y + tall / 2 - (v / most) * (tall / 2 - 3);
  const line = (/** @type {number[]} */ values) =>
    values.map((v, p) => `${p ? "L" : "M"}${X(p).toFixed(1)},${Y(v).toFixed(1)}`).join("");
  const named = { number: f.column };
  const names =
    data.kind === "rotary"
      ? say("Pair {number}: cos, and dashed sin", named)
      : data.kind === "learned"
        ? say("Column {number} over the positions", named)
        : f.column % 2
          ? say("Column {number}: cos, and dashed its pair’s sin", named)
          : say("Column {number}: sin, and dashed its pair’s cos", named);
  const round = Number.isNaN(f.length)
    ? ""
    : data.kind === "learned"
      ? say("strongest wave: {length} long, {share} % of it", {
          length: short(f.length),
          share: num(100 * (data.strength?.[f.n] ?? NaN), 0),
        })
      : say("comes round after {positions} positions", {
          positions: f.length >= 1000 ? thousands(Math.round(f.length)) : num(f.length, 1),
        });
  const first = data.rows[0];
  const last = data.rows[countOf(data) - 1];
  g.part("waves", [f.n, f.row, at.waves], () => [
    label(x, y - 10, names, { weight: 600, fill: "ink" }),
    h("rect", { x: X(first), y, width: Math.max(2, X(last) - X(first)), height: tall, fill: css("field") }),
    h("path", { d: `M${x},${y + tall / 2}h${w}`, stroke: css("line") }),
    pair !== null &&
      h("path", {
        d: line(column(others ?? waves, pair)),
        fill: "none",
        stroke: css("ink3"),
        "stroke-width": 1.5,
        "stroke-dasharray": "4 3",
      }),
    h("path", { d: line(main), fill: "none", stroke: css("pos"), "stroke-width": 2 }),
    data.tokens.map((_, r) =>
      h("circle", {
        cx: X(data.rows[r]),
        cy: Y(main[data.rows[r]]),
        r: r === f.row ? 5 : 2.5,
        fill: css(r === f.row ? "accent" : "pos"),
      }),
    ),
    data.trained !== null &&
      data.trained - data.start < count &&
      h("path", {
        d: `M${X(Math.max(0, data.trained - data.start - 0.5))},${y}v${tall}`,
        stroke: css("accent"),
        "stroke-dasharray": "2 3",
      }),
    label(x, y + tall + 14, thousands(data.start), { mono: true, size: 11, fill: "ink3" }),
    label(x + w, y + tall + 14, thousands(data.start + count - 1), {
      mono: true,
      size: 11,
      fill: "ink3",
      anchor: "end",
    }),
    label(x + w / 2, y + tall + 14, round, { anchor: "middle", size: 11, fill: "ink3" }),
    h("rect", {
      class: "gb-hot",
      x,
      y,
      width: w,
      height: tall,
      fill: "transparent",
      pointermove: (event) => {
        const r = nearest(event, data, count);
        local.hover = { row: r, number: f.n };
        g.redraw();
      },
      pointerleave: () => {
        local.hover = null;
        g.redraw();
      },
      click: (event) => g.select({ row: nearest(event, data, count), col: colOf(data, local) }),
    }),
  ]);
}
/**
 * The text's token nearest to where the pointer is among the positions.
 * @param {MouseEvent} event @param {Data} data @param {number} count
 */
function nearest(event, data, count) {
  const box = /** @type {Element} */ (event.currentTarget).getBoundingClientRect();
  const p = ((event.clientX - box.left) / box.width) * (count - 1);
  return data.rows.reduce(
    (best, row, r) => (Math.abs(row - p) < Math.abs(data.rows[best] - p) ? r : best),
    0,
  );
}

/**
 * A pair as hands of a clock: both positions' angles, and what is between them.
 * @param {Stage} g @param {Data} data @param {Kept} local @param {Layout} at
 */
export function drawClock(g, data, local, at) {
  const f = factsOf(data, local);
  const { x, y, r } = at.clock;
  const [cx, cy] = [x + r + 4, y + r + 4];
  const turned = data.kind === "rotary";
  const { waves } = local.a;
  const cols = data.columns.length;
  /** @type {(token: number) => Point} */
  const hand = (token) => {
    const p = data.rows[token] * cols;
    const even = f.n & ~1;
    return waves ? [waves[p + Math.min(cols - 1, even + 1)], waves[p + even]] : [NaN, NaN];
  };
  const [one, two] = (turned ? [f.tq, f.tk] : [hand(f.row), hand(f.col)]).map((v) =>
    onTheWay(v, (local.late ?? 0) * f.rate),
  );
  const longest = turned ? Math.max(Math.hypot(...f.q), Math.hypot(...f.k), 1e-9) : 1;
  /** @type {(v: Point) => Point} */
  const tip = ([a, b]) => [cx + (a / longest) * r, cy - (b / longest) * r];
  const [blue, red] = turned ? ["q", "k"] : ["accent", "ink3"];
  const arrow = (/** @type {Point} */ v, /** @type {string} */ colour, faint = false) => {
    const [px, py] = tip(v);
    const size = Math.hypot(px - cx, py - cy);
    if (size < 1) return h("circle", { cx, cy, r: 2.5, fill: css(colour) });
    const [ux, uy] = [(px - cx) / size, (py - cy) / size];
    const head = Math.min(9, size);
    return h(
      "g",
      { opacity: faint ? 0.4 : null },
      h("path", {
        d: `M${cx},${cy}L${px - ux * head * 0.7},${py - uy * head * 0.7}`,
        stroke: css(colour),
        "stroke-width": faint ? 1.5 : 3,
        "stroke-dasharray": faint ? "3 3" : null,
      }),
      h("path", {
        d: `M${px},${py}l${-ux * head - uy * head * 0.5},${-uy * head + ux * head * 0.5}l${uy * head},${-ux * head}Z`,
        fill: css(colour),
      }),
    );
  };
  const angle = (/** @type {number} */ p) => `${thousands(p)} × ${rateText(f.rate)} = ${inTurns(p * f.rate)}`;
  /** @type {[text: string, fill: string, weight?: number][]} */
  const lines = [
    [
      say("{token} at {position}", { token: said(data, f.row), position: thousands(f.place) }),
      turned ? "q-ink" : "accent",
      600,
    ],
    [angle(f.place), "ink2"],
    [
      say("{token} at {position}", { token: said(data, f.col), position: thousands(f.other) }),
      turned ? "k-ink" : "ink2",
      600,
    ],
    [angle(f.other), "ink2"],
    [
      say("turned apart by {turn}", { turn: `${num(Math.abs(f.apart), 0)} × ${rateText(f.rate)}` }),
      "ink",
      600,
    ],
    [`= ${inTurns(Math.abs(f.apart) * f.rate)}`, "ink", 600],
  ];
  g.part("clock", [f.row, f.col, f.n, at.clock, local.late], () => [
    h("circle", { cx, cy, r, fill: "none", stroke: css("line") }),
    h("path", { d: `M${cx - r},${cy}h${2 * r}M${cx},${cy - r}v${2 * r}`, stroke: css("line") }),
    turned && [arrow(f.q, blue, true), arrow(f.k, red, true)],
    arrow(two, red),
    arrow(one, blue),
    lines.map(([text, fill, weight], i) =>
      h(
        "text",
        { x: cx + r + 14, y: y + 12 + 17 * i, "font-size": 12, "font-weight": weight, fill: css(fill) },
        fit(text, at.clock.w - 2 * r - 18, 12, false),
      ),
    ),
  ]);
}

/**
 * An arrow that has still to turn by `angle`: both turn on together when the text is put elsewhere.
 * @type {(v: Point, angle: number) => Point}
 */
const onTheWay = ([a, b], angle) =>
  angle ? [a * Math.cos(angle) + b * Math.sin(angle), b * Math.cos(angle) - a * Math.sin(angle)] : [a, b];

/**
 * A learned table as a whole: what training has set, and rows that it never reached.
 * @param {Stage} g @param {Data} data @param {Kept} local @param {Layout} at
 */
export function drawWhole(g, data, local, at) {
  const { x, y, w } = at.clock;
  const { waves } = local.a;
  if (!waves) return;
  const high = at.clock.r * 2 + 4;
  const cols = data.columns.length;
  const count = waves.length / cols;
  const most = strongest(waves);
  const reach = data.trained === null ? null : clamp(data.trained - data.start, 0, count);
  g.part("whole", [at.clock], () => [
    label(
      x,
      y + 4,
      say("Rows {first} to {last}", {
        first: thousands(data.start),
        last: thousands(data.start + count - 1),
      }),
      { weight: 600, fill: "ink" },
    ),
    reach !== null &&
      label(x + w, y + 4, say("trained: the first {count}", { count: data.trained }), {
        anchor: "end",
        fill: "accent",
      }),
    heatImage(
      x,
      y + 12,
      w,
      high,
      heat(waves, count, cols, (v) => g.signedRgb(v, most)),
    ),
    reach !== null &&
      h("path", {
        d: `M${x - 4},${y + 12 + (high * reach) / count}h${w + 8}`,
        stroke: css("accent"),
        "stroke-width": 1.5,
        "stroke-dasharray": "4 3",
      }),
  ]);
}
