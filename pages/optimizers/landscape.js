// The ground of a landscape (shades, contour lines, lines over it that stay readable), which the race stands on too; and the
// loss around the open model: a plane through its weights, and the training path on it.

import { counted } from "../../app/kit/counts.js";
import { say } from "../../app/kit/say.js";
import { clamp, css, h, heat, heatImage, html, label, num, thousands, unpack } from "../../app/kit/shapes.js";
import { stepKey } from "../../app/kit/steps.js";
import { paragraph, planLandscape, scaleOf, sig, sliderValue } from "./layout.js";

/**
 * @import { Local, Stage, View } from "../../app/kit/glass.js"
 * @import { Attributes, Lettering, Packed, Point, Unpacked } from "../../app/kit/shapes.js"
 * @import { Bounds, Box, Look } from "./layout.js"
 *
 * What Python sends: the losses on a grid over the plane, as far as they are measured, and the training path on it.
 * Before the first row only `kind`, `rows`, `grid` and `hasPath`.
 * @typedef {object} Measured
 * @property {"path" | "random"} kind the plane through the training path, or one of two random directions
 * @property {number} rows that are measured
 * @property {number} grid points along a side
 * @property {boolean} hasPath whether the model keeps moments of its training
 * @property {Packed} heights (grid, grid) losses in nats, the first row on top; infinite where nothing is measured yet
 * @property {Bounds} box of the plane, in lengths of its two directions
 * @property {number[]} levels of the contour lines
 * @property {Point[]} [places] of the path's models on the plane
 * @property {number[]} pathLosses of each of them, in nats
 * @property {number[]} shares how much of its squared distance from the end the plane keeps, each
 * @property {number[]} steps of the training, each
 * @property {number} here which of them is open; -1: none
 *
 * `moment`: while the slider is dragged.
 * @typedef {Local & {heights: Unpacked | null, moment?: number | null, listening?: boolean}} Kept
 *
 * @typedef {Measured & {places: Point[]}} WithPath
 * @typedef {{data: Measured}} Own
 * @typedef {ReturnType<typeof planLandscape>} Layout
 */

// ---------------------------------------------------------------- the ground

/** Which share of the levels lies below a height: what shades are chosen by, so that flat and steep both show. @type {(levels: number[], value: number) => number} */
function shareBelow(levels, value) {
  let n = 0;
  while (n < levels.length && levels[n] < value) n++;
  if (n === 0 || n === levels.length) return n / levels.length;
  return (n - 1 + (value - levels[n - 1]) / (levels[n] - levels[n - 1])) / levels.length;
}

/**
 * The line of one height through a grid (marching squares), as path data.
 * @param {Unpacked} grid
 * @param {number} rows
 * @param {number} cols
 * @param {number} level
 * @param {(c: number) => number} X
 * @param {(r: number) => number} Y
 */
function contour(grid, rows, cols, level, X, Y) {
  let d = "";
  const cut = (/** @type {number} */ a, /** @type {number} */ b) => (level - a) / (b - a);
  for (let r = 0; r < rows - 1; r++) {
    for (let c = 0; c < cols - 1; c++) {
      const at = r * cols + c;
      const [a, b, e, f] = [grid[at], grid[at + 1], grid[at + cols + 1], grid[at + cols]]; // clockwise from top left
      const over = Number(a > level) + 2 * Number(b > level) + 4 * Number(e > level) + 8 * Number(f > level);
      if (over === 0 || over === 15 || !Number.isFinite(a + b + e + f)) continue;
      const side = [
        () => [c + cut(a, b), r],
        () => [c + 1, r + cut(b, e)],
        () => [c + cut(f, e), r + 1],
        () => [c, r + cut(a, f)],
      ];
      for (const [from, to] of CUTS[over]) {
        const [p, q] = [side[from](), side[to]()];
        d += `M${X(p[0]).toFixed(1)},${Y(p[1]).toFixed(1)}L${X(q[0]).toFixed(1)},${Y(q[1]).toFixed(1)}`;
      }
    }
  }
  return d;
}
/** Which sides of a cell (top, right, bottom, left) a line joins, by which of its corners lie above. @type {[from: number, to: number][][]} */
const CUTS = [
  [],
  [[3, 0]],
  [[0, 1]],
  [[3, 1]],
  [[1, 2]],
  [
    [3, 0],
    [1, 2],
  ],
  [[0, 2]],
  [[3, 2]],
  [[2, 3]],
  [[2, 0]],
  [
    [0, 1],
    [2, 3],
  ],
  [[2, 1]],
  [[1, 3]],
  [[1, 0]],
  [[0, 3]],
  [],
];

/**
 * A grid of heights with its first row on top, filling the box `map`.
 * @param {Stage} g
 * @param {string} name
 * @param {Unpacked} grid
 * @param {number[]} levels
 * @param {Box} map
 */
export function drawGround(g, name, grid, levels, map) {
  const [rows, cols] = grid.shape;
  const [dx, dy] = [map.w / (cols - 1), map.h / (rows - 1)];
  const paint = (/** @type {number} */ value) =>
    Number.isFinite(value)
      ? g.sequentialRgb(0.02 + 0.3 * shareBelow(levels, value), 1, "res")
      : g.sequentialRgb(0.5, 1, "res");
  const X = (/** @type {number} */ c) => map.x + c * dx;
  const Y = (/** @type {number} */ r) => map.y + r * dy;
  return [
    h(
      "defs",
      {},
      h(
        "clipPath",
        { id: `op-${name}` },
        h("rect", { x: map.x, y: map.y, width: map.w, height: map.h, rx: 4 }),
      ),
    ),
    h(
      "g",
      { "clip-path": `url(#op-${name})` },
      heatImage(map.x - dx / 2, map.y - dy / 2, map.w + dx, map.h + dy, heat(grid, rows, cols, paint), {
        style: "image-rendering:auto",
      }),
      levels.map((level) =>
        h("path", {
          d: contour(grid, rows, cols, level, X, Y),
          fill: "none",
          stroke: css("res"),
          "stroke-width": 0.7,
          opacity: 0.7,
        }),
      ),
    ),
    h("rect", {
      x: map.x + 0.5,
      y: map.y + 0.5,
      width: map.w - 1,
      height: map.h - 1,
      rx: 4,
      fill: "none",
      stroke: css("line"),
    }),
  ];
}

/** A line with a rim of the ground's colour around it. @type {(d: string, look: {colour: string, dash?: Look["dash"]}, width: number, o?: Attributes) => SVGPathElement[]} */
export function drawLine(d, look, width, o = {}) {
  return [
    h("path", {
      d,
      fill: "none",
      stroke: css("bg"),
      "stroke-width": width + 3,
      opacity: 0.8,
      "stroke-linejoin": "round",
      ...o,
    }),
    h("path", {
      d,
      fill: "none",
      stroke: css(look.colour),
      "stroke-width": width,
      "stroke-dasharray": look.dash?.join(" "),
      "stroke-linejoin": "round",
      "stroke-linecap": look.dash ? null : "round",
      ...o,
    }),
  ];
}
/** Words over a picture, with the same rim. @type {(x: number, y: number, text: string, o?: Lettering) => SVGTextElement} */
export const onGround = (x, y, text, o = {}) =>
  label(x, y, text, {
    stroke: css("bg"),
    "stroke-width": 4,
    "paint-order": "stroke",
    "stroke-linejoin": "round",
    ...o,
  });
/** @type {(points: Point[]) => string} */
export const lineTo = (points) =>
  points.map(([x, y], i) => `${i ? "L" : "M"}${x.toFixed(1)},${y.toFixed(1)}`).join("");

/** An arrow from p to q, in pixels. @type {(p: Point, q: Point, colour: string, width: number, dash: string | null) => SVGPathElement[]} */
export function arrow(p, q, colour, width, dash) {
  const [dx, dy] = [q[0] - p[0], q[1] - p[1]];
  const far = Math.hypot(dx, dy) || 1;
  const [ux, uy] = [dx / far, dy / far];
  /** @type {Point} */
  const back = [q[0] - 8 * ux, q[1] - 8 * uy];
  return [
    h("path", { d: lineTo([p, back]), stroke: css("bg"), "stroke-width": width + 3, opacity: 0.85 }),
    h("path", { d: lineTo([p, back]), stroke: css(colour), "stroke-width": width, "stroke-dasharray": dash }),
    h("path", {
      d: `${lineTo([q, [back[0] - 4.5 * uy, back[1] + 4.5 * ux], [back[0] + 4.5 * uy, back[1] - 4.5 * ux]])}Z`,
      fill: css(colour),
      stroke: css("bg"),
      "stroke-width": 1,
      "paint-order": "stroke",
    }),
  ];
}

// ---------------------------------------------------------------- the loss around the open model

/** Which model of the path is shown. @type {(data: Measured, local: Kept) => number} */
const momentOf = (data, local) => {
  const at = local.moment ?? local.sel.moment ?? -1;
  return at < 0 || at >= data.steps.length ? data.steps.length - 1 : at;
};
/** @param {Measured} data @returns {data is WithPath} */
const showsPath = (data) => data.rows > 0 && data.kind === "path" && Boolean(data.places);

/** The training path on the map. @type {(g: Stage & Own, data: WithPath, local: Kept, at: Layout, scale: ReturnType<typeof scaleOf>) => void} */
function drawWalk(g, data, local, at, scale) {
  const moment = momentOf(data, local);
  /** @type {Point[]} */
  const points = data.places.map(([x, y]) => [scale.x(x), scale.y(y)]);
  g.part("walk", [at.map, moment], () => [
    drawLine(lineTo(points), { colour: "accent" }, 2),
    points.map(([x, y], i) =>
      g.tip(
        h("circle", {
          class: "gb-hot",
          "data-moment": i,
          cx: x,
          cy: y,
          r: i === moment ? 7 : 4.5,
          fill: css(i === moment ? "accent" : "bg"),
          stroke: css(i === moment ? "bg" : "accent"),
          "stroke-width": 1.8,
        }),
        say("after {steps}\nloss {loss}", {
          steps: counted(data.steps[i], "step"),
          loss: num(data.pathLosses[i], 3),
        }),
      ),
    ),
    onGround(
      clamp(points[0][0], at.map.x + 30, at.map.x + at.map.w - 30),
      points[0][1] + (points[0][1] < 30 ? 22 : -12),
      say("step 0"),
      { anchor: "middle", fill: "accent", weight: 600 },
    ),
  ]);
}

/** One moment of the path in words, the loss along it, and a slider over it. @type {(g: Stage & Own, data: WithPath, local: Kept, at: Layout) => void} */
function drawPathSide(g, data, local, at) {
  const { x, y, w } = at.words;
  const moment = momentOf(data, local);
  const top = y + 112;
  const tall = 84;
  const [left, right] = [x + 40, x + w - 6];
  const most = Math.max(...data.pathLosses) || 1;
  const X = (/** @type {number} */ i) => left + ((right - left) * i) / (data.steps.length - 1);
  const Y = (/** @type {number} */ v) => top + tall - (tall * v) / most;
  g.part("path side", [at.words, moment], () => [
    label(x, y + 14, say("After {steps} of training", { steps: counted(data.steps[moment], "step") }), {
      weight: 600,
      fill: "ink",
      size: 14,
    }),
    label(x, y + 36, say("loss on your text {loss} nats", { loss: num(data.pathLosses[moment], 3) }), {
      fill: "ink",
    }),
    paragraph(
      x,
      y + 56,
      moment === data.steps.length - 1
        ? `${say("The plane goes through this point.")} ${fell(data)}`
        : say(
            "The plane keeps {share} % of its squared distance from the end; the rest lies in directions that no picture of two axes has.",
            { share: num(100 * data.shares[moment], 1) },
          ),
      w,
      { fill: "ink2" },
    ),
    label(left, top - 8, say("loss along the path"), { fill: "ink3" }),
    h("path", { d: `M${left},${top + tall}H${right}`, stroke: css("line") }),
    [0, most].map((v) => label(left - 6, Y(v) + 4, num(v, 1), { mono: true, anchor: "end", fill: "ink3" })),
    drawLine(lineTo(data.pathLosses.map((v, i) => [X(i), Y(v)])), { colour: "accent" }, 1.8),
    data.pathLosses.map((v, i) =>
      h("circle", {
        cx: X(i),
        cy: Y(v),
        r: i === moment ? 6 : 3,
        fill: css("accent"),
        stroke: css("bg"),
        "stroke-width": 1.2,
      }),
    ),
    data.here >= 0 &&
      label(X(data.here), top + tall + 50, say("open now"), {
        anchor: data.here > data.steps.length / 2 ? "end" : "start",
        fill: "ink3",
      }),
  ]);
  g.overlay(
    "moments",
    { left: left - 7, top: top + tall + 8, width: right - left + 14, height: at.phone ? 44 : 20 },
    () =>
      html("input", {
        type: "range",
        class: "gb-range",
        min: 0,
        step: 1,
        "data-moments": "",
        "aria-label": say("Moment of the training path"),
        input: (event) => {
          local.moment = sliderValue(event);
          g.redraw();
        },
        change: (event) => {
          local.moment = null;
          chooseMoment(g, g.data, sliderValue(event));
        },
      }),
    (node) => {
      Object.assign(node, { max: data.steps.length - 1, value: moment });
      node.style.setProperty("--fill", `${(100 * moment) / (data.steps.length - 1)}%`);
    },
  );
}

/** Show a moment of the path; the field holds -1 for its last. @type {(g: Stage, data: Measured, moment: number) => void} */
const chooseMoment = (g, data, moment) =>
  g.select({ moment: moment === data.steps.length - 1 ? -1 : moment });

/** What training did for this one text. @param {Measured} data */
function fell(data) {
  const [first, last] = [data.pathLosses[0], data.pathLosses[data.pathLosses.length - 1]];
  const share = Math.round(100 * (1 - last / first));
  return share >= 25
    ? say("On your text the loss fell by {share} %.", { share })
    : say("On your text the loss hardly fell: training was on many others, and this one is unlike them.");
}

/** @type {View<Measured, Kept, Own>} */
export const landscapeFigure = {
  init(data) {
    return data.rows ? { heights: unpack(data.heights) } : { heights: null };
  },
  draw(g, data, local) {
    const at = planLandscape(g.width);
    g.data = data;
    if (!local.listening) {
      local.listening = true;
      g.svg.addEventListener("click", (event) => {
        const to = /** @type {Element} */ (event.target).closest("[data-moment]");
        if (to) chooseMoment(g, g.data, Number(to.getAttribute("data-moment")));
      });
    }
    g.height = at.height;
    const { heights } = local;
    if (!heights) {
      g.height = at.phone ? 120 : 64;
      g.part("none", [g.width], () =>
        paragraph(
          0,
          16,
          say(
            "Nothing was measured on this text yet. Each of the {points} is a forward pass of a copy whose weights were moved that far along two directions.",
            { points: counted(data.grid * data.grid, "point") },
          ),
          Math.min(g.width, 760),
          { fill: "ink2" },
        ),
      );
      return;
    }
    const scale = scaleOf(data.box, at.map);
    const n = data.grid;
    g.part("ground", [at.map], () => [
      drawGround(g, "land", heights, data.levels, at.map),
      Array.from({ length: data.rows * n }, (_, i) => {
        const [r, c] = [Math.floor(i / n), i % n];
        const [dx, dy] = [at.map.w / (n - 1), at.map.h / (n - 1)];
        return g.tip(
          h("rect", {
            x: clamp((c - 0.5) * dx, 0, at.map.w),
            y: clamp((r - 0.5) * dy, 0, at.map.h),
            width: dx,
            height: dy,
            fill: "transparent",
          }),
          say("loss {loss}", { loss: sig(heights[i]) }),
        );
      }),
      h("path", {
        d: `M${scale.x(0) - 7},${scale.y(0)}h14M${scale.x(0)},${scale.y(0) - 7}v14`,
        stroke: css("ink"),
        "stroke-width": 2,
      }),
      onGround(
        scale.x(0) + 10,
        scale.y(0) + 18,
        data.kind === "path" ? say("the end") : say("the open model"),
        { fill: "ink", weight: 600 },
      ),
      label(
        at.map.x,
        at.map.h + 18,
        data.kind === "path"
          ? say("the two main directions of the training path")
          : say("two random directions; at the edge as far as the weights are long"),
        { fill: "ink3" },
      ),
    ]);
    if (showsPath(data)) {
      drawWalk(g, data, local, at, scale);
      drawPathSide(g, data, local, at);
      return;
    }
    g.part("words", [at.words, data.rows], () => {
      const { x, y, w } = at.words;
      const middle = heights[Math.floor(n / 2) * n + Math.floor(n / 2)];
      const seen = Array.from(heights).filter(Number.isFinite);
      const lowest = Math.min(...seen);
      const near = [
        [-1, 0],
        [1, 0],
        [0, -1],
        [0, 1],
      ].map(([r, c]) => heights[(Math.floor(n / 2) + 2 * r) * n + Math.floor(n / 2) + 2 * c]);
      const far = near.every(Number.isFinite) ? near.reduce((a, b) => a + b) / 4 : NaN;
      /** @type {[text: string, o?: Lettering & {line?: number}][]} */
      const out =
        data.rows < n
          ? [[say("{done} of {rows} are measured.", { done: data.rows, rows: counted(n, "row") })]]
          : [
              [
                say("At the middle the loss is {middle}; a fifth of the way out it is {far} on average.", {
                  middle: num(middle, 3),
                  far: num(far, 3),
                }),
                { fill: "ink", size: 14, line: 20 },
              ],
              [
                lowest < middle - 1e-6
                  ? say(
                      "The lowest point of the grid has {lowest}: on this one text the model is not at the bottom, as it was trained on many others.",
                      { lowest: num(lowest, 3) },
                    )
                  : say("No point of the grid lies lower."),
                { fill: "ink2" },
              ],
              [
                data.hasPath
                  ? say(
                      "The way that training took lies in other directions: of the distance from its first moment these two hold {share}. Choose its own plane to see it.",
                      {
                        share:
                          data.shares[0] < 1e-4
                            ? say("less than a ten-thousandth")
                            : `${num(100 * data.shares[0], 2)} %`,
                      },
                    )
                  : "",
                { fill: "ink2" },
              ],
              [
                say(
                  "Each row of each matrix moves as far as it is long; gains and biases stay (Li et al. 2018).",
                ),
                { fill: "ink3" },
              ],
            ];
      let top = y + 14;
      return out.map(([text, o]) => {
        const lines = paragraph(x, top, text, w, o);
        top += lines.length * (o?.line ?? 16) + 10;
        return h("g", {}, lines);
      });
    });
  },
  key(event, g, data, local) {
    const move = stepKey(event);
    if (!move || !showsPath(data)) return false;
    chooseMoment(g, data, clamp(momentOf(data, local) + move, 0, data.steps.length - 1));
    return true;
  },
  describe(data, local) {
    if (!local.heights) return say("Loss landscape: nothing was measured yet.");
    const seen = Array.from(local.heights).filter(Number.isFinite);
    const given = {
      done: data.rows,
      rows: counted(data.grid, "row"),
      lowest: num(Math.min(...seen), 3),
      highest: num(Math.max(...seen), 3),
    };
    const land =
      data.kind === "path"
        ? say(
            "Loss landscape over the training path’s plane: {done} of {rows} measured, from {lowest} to {highest}.",
            given,
          )
        : say(
            "Loss landscape over two random directions: {done} of {rows} measured, from {lowest} to {highest}.",
            given,
          );
    if (!showsPath(data)) return land;
    const moment = momentOf(data, local);
    const losses = {
      first: num(data.pathLosses[0], 3),
      last: num(data.pathLosses[data.pathLosses.length - 1], 3),
      loss: num(data.pathLosses[moment], 3),
      step: thousands(data.steps[moment]),
    };
    return `${land} ${say("The training path goes from loss {first} to {last}; shown: step {step}, {loss}.", losses)}`;
  },
  state(data, local) {
    const path = showsPath(data)
      ? {
          moment: momentOf(data, local),
          places: data.places,
          losses: data.pathLosses,
          shares: data.shares,
          steps: data.steps,
        }
      : null;
    return {
      kind: data.kind,
      rows: data.rows,
      box: data.box ?? null,
      heights: local.heights ? Array.from(local.heights) : [],
      path,
    };
  },
};
