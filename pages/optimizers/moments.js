// Adam on one weight: the matrix it stands in, its numbers step by step, and the chosen step written out. How a step is
// written out is the same for every optimizer, in the race too.

import { pointerAt } from "../../app/kit/glass.js";
import { say } from "../../app/kit/say.js";
import { clamp, css, fit, h, heat, heatImage, html, label, num, unpack } from "../../app/kit/shapes.js";
import { stepKey } from "../../app/kit/steps.js";
import { isPhone } from "../../app/kit/widths.js";
import { paragraph, planMoments, set, sig, sliderValue } from "./layout.js";

/**
 * @import { Local, Stage, View } from "../../app/kit/glass.js"
 * @import { Packed, Shapes, Unpacked } from "../../app/kit/shapes.js"
 *
 * One weight at one step: its gradient, what is used of it (with coupled weight decay), m and v after and before the step,
 * both without their bias, the direction, and the weight before and after.
 * @typedef {object} StepNumbers
 * @property {number} g
 * @property {number} used
 * @property {number} m
 * @property {number} v
 * @property {number} mHat
 * @property {number} vHat
 * @property {number} direction
 * @property {number} before
 * @property {number} after
 * @property {number} m0
 * @property {number} v0
 *
 * @typedef {{rate: number, beta: number, beta2: number, eps: number, decay: number, nesterov?: boolean}} StepSettings
 *
 * A line of a written-out step: what becomes what, by which rule, and the rule with its numbers put in.
 * @typedef {{id: string, symbol: string, rule: string, value: number, sum: string}} Line
 *
 * What Python sends.
 * @typedef {object} Followed
 * @property {string} title of the matrix, with its size
 * @property {[rows: number, columns: number]} shape of the matrix
 * @property {number} row of the weight
 * @property {number} col
 * @property {Packed<"u8">} cells the matrix's first gradient in shades, 127.5 for 0; of a large matrix several numbers a cell
 * @property {Packed} numbers (steps, 9): gradient, used, m, v, m̂, v̂, direction, before, after
 * @property {number[]} losses on the text in nats: before the first step and after each
 * @property {string} asked what the loss is of, in words
 * @property {boolean} alone whether only this matrix was trained
 * @property {StepSettings} settings
 *
 * `n`: how many steps. `tick`: while the slider is dragged. `matrixAt`: where the matrix is drawn.
 * @typedef {Local & {numbers: Unpacked, n: number, cells: Unpacked<"u8">, tick?: number | null, matrixAt: {x: number, y: number, w: number, h: number}, listening?: boolean}} Kept
 *
 * @typedef {Stage & {data: Followed}} Ground
 * @typedef {ReturnType<typeof planMoments>} Layout
 */

// ---------------------------------------------------------------- one step, written out

/** In a product or a sum a negative number stands in brackets. @param {string} text */
const factor = (text) => (text.startsWith("−") ? `(${text})` : text);

const RAISED = "⁰¹²³⁴⁵⁶⁷⁸⁹";
/** @param {number} n */
const power = (n) => [...String(n)].map((d) => RAISED[Number(d)]).join("");

/**
 * A step of an optimizer as the lines of its equations.
 * @param {string} kind which optimizer
 * @param {StepNumbers} n
 * @param {StepSettings} s
 * @param {number} t the step, from 1
 */
export function linesOf(kind, n, s, t) {
  const f = (/** @type {number} */ x) => factor(sig(x));
  /** @type {Line[]} */
  const lines = [{ id: "g", symbol: "g", rule: say("the slope here"), value: n.g, sum: "" }];
  const coupled = s.decay > 0 && ["sgd", "momentum", "adam"].includes(kind);
  if (coupled)
    lines.push({
      id: "used",
      symbol: "g",
      rule: `g + ${set(s.decay)}·w`,
      value: n.used,
      sum: `${sig(n.g)} + ${set(s.decay)}·${f(n.before)}`,
    });
  if (kind === "momentum") {
    const first = t === 1;
    lines.push({
      id: "m",
      symbol: "b",
      rule: first ? say("g: nothing came before") : `${set(s.beta)}·b + g`,
      value: n.m,
      sum: first ? sig(n.used) : `${set(s.beta)}·${f(n.m0)} + ${f(n.used)}`,
    });
    if (s.nesterov)
      lines.push({
        id: "direction",
        symbol: "d",
        rule: `g + ${set(s.beta)}·b`,
        value: n.direction,
        sum: `${sig(n.used)} + ${set(s.beta)}·${f(n.m)}`,
      });
  } else if (kind === "adam" || kind === "adamw") {
    const [b1, b2] = [s.beta, s.beta2];
    const rest = (/** @type {number} */ b) => set(Number((1 - b).toPrecision(6)));
    lines.push(
      {
        id: "m",
        symbol: "m",
        rule: `${set(b1)}·m + ${rest(b1)}·g`,
        value: n.m,
        sum: `${set(b1)}·${f(n.m0)} + ${rest(b1)}·${f(n.used)}`,
      },
      {
        id: "v",
        symbol: "v",
        rule: `${set(b2)}·v + ${rest(b2)}·g²`,
        value: n.v,
        sum: `${set(b2)}·${f(n.v0)} + ${rest(b2)}·${f(n.used)}²`,
      },
      {
        id: "mHat",
        symbol: "m̂",
        rule: `m / (1 − ${set(b1)}${power(t)})`,
        value: n.mHat,
        sum: `${sig(n.m)} / ${sig(1 - b1 ** t)}`,
      },
      {
        id: "vHat",
        symbol: "v̂",
        rule: `v / (1 − ${set(b2)}${power(t)})`,
        value: n.vHat,
        sum: `${sig(n.v)} / ${sig(1 - b2 ** t)}`,
      },
      {
        id: "direction",
        symbol: "d",
        rule: "m̂ / (√v̂ + ε)",
        value: n.direction,
        sum: `${sig(n.mHat)} / (√${sig(n.vHat)} + ${set(s.eps)})`,
      },
    );
  } else if (kind === "muon") {
    lines.push(
      {
        id: "m",
        symbol: "b",
        rule: `${set(s.beta)}·b + ${set(Number((1 - s.beta).toPrecision(6)))}·g`,
        value: n.m,
        sum: `${set(s.beta)}·${f(n.m0)} + ${set(Number((1 - s.beta).toPrecision(6)))}·${f(n.g)}`,
      },
      {
        id: "direction",
        symbol: "o",
        rule: s.nesterov ? say("g and b, made about 1 long") : say("b, made about 1 long"),
        value: n.direction,
        sum: "",
      },
    );
  }
  const what = { sgd: "g", momentum: s.nesterov ? "d" : "b", adam: "d", adamw: "d", muon: "o" }[kind];
  const pulled = s.decay > 0 && (kind === "adamw" || kind === "muon");
  lines.push({
    id: "move",
    symbol: "w",
    rule: pulled
      ? `w − ${set(s.rate)}·${what} − ${set(s.rate)}·${set(s.decay)}·w`
      : `w − ${set(s.rate)}·${what}`,
    value: n.after,
    sum: `${sig(n.before)} − ${set(s.rate)}·${f(n.direction)}${pulled ? ` − ${set(s.rate)}·${set(s.decay)}·${f(n.before)}` : ""}`,
  });
  return lines;
}

// ---------------------------------------------------------------- Adam on one weight

/** The numbers that are drawn over the steps; `column` of Python's numbers. @type {{id: string, column: number, name: string, colour?: string}[]} */
const MOMENT_ROWS = [
  { id: "g", column: 0, name: say("g, the gradient") },
  { id: "mHat", column: 4, name: say("m̂, its mean"), colour: "q" },
  { id: "root", column: 5, name: say("√v̂, its size"), colour: "k" },
  { id: "d", column: 6, name: say("m̂ / √v̂, the direction"), colour: "accent" },
];

/** The step that is shown, from 1. @param {Kept} local */
const tickOf = (local) => {
  const at = local.tick ?? local.sel.tick ?? -1;
  return at < 1 || at > local.n ? local.n : at;
};
/** @type {(local: Kept, k: number, column: number) => number} */
const momentAt = (local, k, column) => local.numbers[9 * (k - 1) + column];
/** The weight's numbers at step k, from 1. @type {(local: Kept, k: number) => StepNumbers} */
function weightNumbers(local, k) {
  const [g, used, m, v, mHat, vHat, direction, before, after] = Array.from({ length: 9 }, (_, column) =>
    momentAt(local, k, column),
  );
  return {
    g,
    used,
    m,
    v,
    mHat,
    vHat,
    direction,
    before,
    after,
    m0: k > 1 ? momentAt(local, k - 1, 2) : 0,
    v0: k > 1 ? momentAt(local, k - 1, 3) : 0,
  };
}

/** The chosen weight's row or column as it was last chosen: its numbers may still be on their way. @type {(data: Followed, local: Kept, key: "wrow" | "wcol") => number} */
const weightAt = (data, local, key) => {
  const [now, size] = key === "wrow" ? [data.row, data.shape[0]] : [data.col, data.shape[1]];
  return local.sel[key] >= 0 && local.sel[key] < size ? local.sel[key] : now;
};
/** @type {(g: Stage, data: Followed, row: number, col: number) => void} */
function chooseWeight(g, data, row, col) {
  g.select({ wrow: clamp(row, 0, data.shape[0] - 1), wcol: clamp(col, 0, data.shape[1] - 1) });
}

/** The matrix's first gradient, with the weight that is followed. @type {(g: Ground, data: Followed, local: Kept, at: Layout) => void} */
function drawMatrix(g, data, local, { map }) {
  const [rows, cols] = data.shape;
  const [r, c] = local.cells.shape;
  // As tall and wide as the matrix is, but never a thread.
  const ratio = clamp(rows / cols, 0.5, 2);
  const w = Math.min(map.w, map.h / ratio);
  const tall = w * ratio;
  const at = { x: map.x, y: map.y, w, h: tall };
  local.matrixAt = at;
  g.part("matrix", [map], () => {
    const node = h(
      "g",
      { class: "op-matrix" },
      heatImage(
        at.x,
        at.y,
        w,
        tall,
        heat(local.cells, r, c, (value) => g.signedRgb(value - 127.5, 127.5)),
      ),
      h("rect", {
        x: at.x + 0.5,
        y: at.y + 0.5,
        width: w - 1,
        height: tall - 1,
        fill: "none",
        stroke: css("line"),
      }),
    );
    g.tip(node, (event) => {
      const [row, col] = cellAt(g, data, local, event);
      return say("weight [{row}, {col}]: click to follow it", { row, col });
    });
    return [
      label(map.x, 14, say("First gradient of {title}", { title: data.title }), { weight: 600, fill: "ink" }),
      label(map.x, 32, say("brown below 0, green above; click a weight"), { fill: "ink3" }),
      node,
    ];
  });
  const [px, py] = [at.x + ((data.col + 0.5) / cols) * w, at.y + ((data.row + 0.5) / rows) * tall];
  g.part("chosen", [data.row, data.col, map], () => [
    h("path", {
      d: `M${px},${at.y}V${at.y + tall}M${at.x},${py}H${at.x + w}`,
      stroke: css("accent"),
      "stroke-width": 1,
      opacity: 0.6,
    }),
    h("circle", { cx: px, cy: py, r: 6, fill: "none", stroke: css("bg"), "stroke-width": 4 }),
    h("circle", { cx: px, cy: py, r: 6, fill: "none", stroke: css("accent"), "stroke-width": 2 }),
    label(at.x, at.y + tall + 17, say("weight [{row}, {col}]", { row: data.row, col: data.col }), {
      mono: true,
      weight: 700,
      fill: "accent",
    }),
  ]);
}
/** The weight under a pointer. @type {(g: Stage, data: Followed, local: Kept, event: MouseEvent) => [row: number, col: number]} */
function cellAt(g, data, local, event) {
  const { x, y, w, h: tall } = local.matrixAt;
  const [px, py] = pointerAt(g, event);
  const [fx, fy] = [(px - x) / w, (py - y) / tall];
  return [
    clamp(Math.floor(fy * data.shape[0]), 0, data.shape[0] - 1),
    clamp(Math.floor(fx * data.shape[1]), 0, data.shape[1] - 1),
  ];
}

/** The four numbers as strips of bars over the steps. @type {(g: Ground, local: Kept, at: Layout, tick: number) => void} */
function drawStrips(g, local, { chart }, tick) {
  const tall = 44;
  const [left, right] = [chart.x, chart.x + chart.w - 74];
  const pitch = (right - left) / local.n;
  const numberOf = (/** @type {typeof MOMENT_ROWS[0]} */ row, /** @type {number} */ k) =>
    row.id === "root" ? Math.sqrt(momentAt(local, k, 5)) : momentAt(local, k, row.column);
  g.part("strips", [chart], () => [
    label(left, chart.y + 14, say("Step by step"), { weight: 600, fill: "ink" }),
    MOMENT_ROWS.map((row, i) => {
      const y = chart.y + 34 + i * (tall + 24);
      const values = Array.from({ length: local.n }, (_, k) => numberOf(row, k + 1));
      const most = Math.max(...values.filter(Number.isFinite).map(Math.abs), 1e-30);
      const signed = row.id !== "root";
      const zero = signed ? y + 10 + tall / 2 : y + 10 + tall;
      const unit = (signed ? tall / 2 : tall) - 2;
      return [
        label(left, y + 4, row.name, { fill: "ink2" }),
        h("path", { d: `M${left},${zero}H${right}`, stroke: css("line") }),
        h(
          "g",
          {},
          values.map((v, k) => {
            const size = Math.max(1, (Math.min(Math.abs(Number.isFinite(v) ? v : most), most) / most) * unit);
            return h("rect", {
              x: left + k * pitch + 1,
              y: v < 0 ? zero : zero - size,
              width: Math.max(1, pitch - 2),
              height: size,
              rx: 1,
              fill: css(row.colour ?? "res"),
            });
          }),
        ),
      ];
    }),
  ]);
  g.part("tick", [chart, tick], () => [
    h("rect", {
      x: left + (tick - 1) * pitch,
      y: chart.y + 22,
      width: pitch,
      height: 4 * (tall + 24) + 6,
      fill: "none",
      stroke: css("accent"),
      "stroke-width": 1.5,
      rx: 3,
    }),
    MOMENT_ROWS.map((row, i) =>
      label(chart.x + chart.w, chart.y + 34 + i * (tall + 24) + 10 + tall / 2, sig(numberOf(row, tick), 3), {
        mono: true,
        anchor: "end",
        fill: "ink",
        weight: 600,
      }),
    ),
  ]);
  g.overlay(
    "ticks",
    {
      left,
      top: chart.y + 34 + 4 * (tall + 24) - 2,
      width: right - left,
      height: isPhone(g.width) ? 44 : 20,
    },
    () =>
      html("input", {
        type: "range",
        class: "gb-range",
        min: 1,
        step: 1,
        "data-tick": "",
        "aria-label": say("Step of Adam"),
        input: (event) => {
          local.tick = sliderValue(event);
          g.redraw();
        },
        change: (event) => {
          local.tick = null;
          g.select({ tick: sliderValue(event) === local.n ? -1 : sliderValue(event) });
        },
      }),
    (node) => {
      Object.assign(node, { max: local.n, value: tick });
      node.style.setProperty("--fill", `${local.n > 1 ? (100 * (tick - 1)) / (local.n - 1) : 100}%`);
    },
  );
}

/** The chosen step with its numbers put in, and what gradient descent would have done. @type {(g: Ground, data: Followed, local: Kept, at: Layout, tick: number) => void} */
function drawSums(g, data, local, { sums }, tick) {
  g.part("sums", [sums, tick], () => {
    const n = weightNumbers(local, tick);
    const s = data.settings;
    const lines = linesOf("adam", n, s, tick);
    /** @type {Shapes[]} */
    const out = [
      label(sums.x, sums.y + 14, say("Step {tick} of {n}, with its numbers", { tick, n: local.n }), {
        weight: 600,
        fill: "ink",
      }),
    ];
    let y = sums.y + 36;
    for (const line of lines) {
      const last = line.id === "move";
      out.push(
        label(sums.x, y, line.symbol, { mono: true, weight: 700, fill: last ? "accent" : "ink" }),
        label(sums.x + 22, y, line.sum ? `= ${line.rule}` : say("the gradient of this weight"), {
          mono: Boolean(line.sum),
          fill: "ink2",
        }),
        label(sums.x + sums.w, y, sig(line.value), {
          mono: true,
          anchor: "end",
          fill: last ? "accent" : "ink",
          weight: 700,
        }),
      );
      if (line.sum) {
        y += 15;
        out.push(
          label(sums.x + 22, y, fit(`= ${line.sum}`, sums.w - 22, 12, true), { mono: true, fill: "ink3" }),
        );
      }
      y += 20;
    }
    const moved = Math.abs(n.before - n.after);
    const plain = s.rate * Math.abs(n.used);
    const times = moved / plain;
    const given = { plain: sig(plain, 3), times: sig(times, 3), moved: sig(moved) };
    const said =
      plain > 0
        ? times >= 1
          ? say(
              "Gradient descent at this rate would move it by {plain}: Adam’s step is {times} times as long.",
              given,
            )
          : say(
              "Gradient descent at this rate would move it by {plain}: Adam’s step is shorter, {times} of it.",
              given,
            )
        : moved === 0
          ? say("Neither would move it.")
          : say("Gradient descent would not move it: its gradient is 0. Adam moves it by {moved}.", given);
    const ends = {
      first: num(data.losses[0], 3),
      last: num(data.losses[data.losses.length - 1], 3),
      asked: data.asked,
    };
    out.push(paragraph(sums.x, y + 4, said, sums.w, { fill: "ink" }));
    out.push(
      paragraph(
        sums.x,
        y + (said.length * 6 > sums.w * 2 ? 56 : 40),
        data.alone
          ? say("Loss over these steps: {first} → {last} nats ({asked}); only this matrix was trained.", ends)
          : say("Loss over these steps: {first} → {last} nats ({asked}).", ends),
        sums.w,
        { fill: "ink3" },
      ),
    );
    return out;
  });
}

/** @type {View<Followed, Kept, {data: Followed}>} */
export const momentsFigure = {
  init(data) {
    const numbers = unpack(data.numbers);
    return { numbers, n: numbers.shape[0], cells: unpack(data.cells) };
  },
  draw(g, data, local) {
    g.data = data;
    if (!local.listening) {
      local.listening = true;
      g.svg.addEventListener("click", (event) => {
        if (/** @type {Element} */ (event.target).closest(".op-matrix"))
          chooseWeight(g, g.data, ...cellAt(g, g.data, local, event));
      });
    }
    const at = planMoments(g.width);
    const tick = tickOf(local);
    g.height = at.height;
    drawMatrix(g, data, local, at);
    drawStrips(g, local, at, tick);
    drawSums(g, data, local, at, tick);
  },
  key(event, g, data, local) {
    const move = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] }[event.key];
    const step = stepKey(event);
    if (step) {
      const to = clamp(tickOf(local) + step, 1, local.n);
      g.select({ tick: to === local.n ? -1 : to });
    } else if (move)
      chooseWeight(g, data, weightAt(data, local, "wrow") + move[0], weightAt(data, local, "wcol") + move[1]);
    else return false;
    return true;
  },
  describe(data, local) {
    const tick = tickOf(local);
    const n = weightNumbers(local, tick);
    return say(
      "Adam on weight [{row}, {col}] of {title}, step {tick} of {steps}: gradient {g}, m {m}, v {v}, without bias {mHat} and {vHat}; the weight goes from {before} to {after}. Loss {first} to {last}.",
      {
        row: data.row,
        col: data.col,
        title: data.title,
        tick,
        steps: local.n,
        g: sig(n.g),
        m: sig(n.m),
        v: sig(n.v),
        mHat: sig(n.mHat),
        vHat: sig(n.vHat),
        before: sig(n.before),
        after: sig(n.after),
        first: num(data.losses[0], 3),
        last: num(data.losses[data.losses.length - 1], 3),
      },
    );
  },
  state(data, local) {
    const tick = tickOf(local);
    return {
      title: data.title,
      row: data.row,
      col: data.col,
      steps: local.n,
      tick,
      numbers: weightNumbers(local, tick),
      losses: data.losses,
      lines: linesOf("adam", weightNumbers(local, tick), data.settings, tick).map(({ id, value, sum }) => [
        id,
        value,
        sum,
      ]),
    };
  },
};
