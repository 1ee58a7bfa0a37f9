// Adam on one weight: the matrix it stands in, its numbers step by step, and the chosen step written out.

import { pointerAt } from "../../app/kit/glass.js";
import { clamp, css, fit, h, heat, heatImage, html, label, num, unpack } from "../../app/kit/shapes.js";
import { paragraph, sig } from "./layout.js";
import { linesOf } from "./written.js";

const MOMENT_ROWS = [
  { id: "g", column: 0, name: "g, the gradient" },
  { id: "mHat", column: 4, name: "m̂, its mean", colour: "q" },
  { id: "root", column: 5, name: "√v̂, its size", colour: "k" },
  { id: "d", column: 6, name: "m̂ / √v̂, the direction", colour: "accent" },
];

const tickOf = (data, local) => {
  const at = local.tick ?? local.sel.tick ?? -1;
  return at < 1 || at > local.n ? local.n : at;
};
const momentAt = (local, k, column) => local.numbers[9 * (k - 1) + column];
function weightNumbers(local, k) {
  const [g, used, m, v, mHat, vHat, direction, before, after] = Array.from({ length: 9 }, (_, column) => momentAt(local, k, column));
  return { g, used, m, v, mHat, vHat, direction, before, after, m0: k > 1 ? momentAt(local, k - 1, 2) : 0, v0: k > 1 ? momentAt(local, k - 1, 3) : 0 };
}

/** The chosen weight's row or column by the last word of the hand: its numbers may still be on their way. */
const weightAt = (data, local, key) => {
  const [now, size] = key === "wrow" ? [data.row, data.shape[0]] : [data.col, data.shape[1]];
  return local.sel[key] >= 0 && local.sel[key] < size ? local.sel[key] : now;
};
function chooseWeight(g, data, row, col) {
  g.select({ wrow: clamp(row, 0, data.shape[0] - 1), wcol: clamp(col, 0, data.shape[1] - 1) });
}

function momentsPlan(g) {
  const phone = g.width < 760;
  const side = phone ? g.width : 300;
  const map = { x: 0, y: 42, w: side, h: phone ? 220 : 256 };
  const chart = phone ? { x: 0, y: map.y + map.h + 64, w: g.width } : { x: side + 30, y: 0, w: Math.round((g.width - side - 60) * 0.42) };
  const sums = phone ? { x: 0, y: chart.y + 372, w: g.width } : { x: chart.x + chart.w + 30, y: 0, w: g.width - chart.x - chart.w - 30 };
  return { phone, map, chart, sums, height: phone ? sums.y + 348 : 338 };
}

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
    const node = h("g", { class: "op-matrix" },
      heatImage(at.x, at.y, w, tall, heat(local.cells, r, c, (value) => g.signedRgb(value - 127.5, 127.5))),
      h("rect", { x: at.x + 0.5, y: at.y + 0.5, width: w - 1, height: tall - 1, fill: "none", stroke: css("line") }));
    g.tip(node, (event) => {
      const [row, col] = cellAt(g, data, local, event);
      return `weight [${row}, ${col}]: click to follow it`;
    });
    return [label(map.x, 14, `First gradient of ${data.title}`, { weight: 600, fill: "ink" }),
      label(map.x, 32, "brown below 0, green above; click a weight", { fill: "ink3" }), node];
  });
  const [px, py] = [at.x + ((data.col + 0.5) / cols) * w, at.y + ((data.row + 0.5) / rows) * tall];
  g.part("chosen", [data.row, data.col, map], () => [
    h("path", { d: `M${px},${at.y}V${at.y + tall}M${at.x},${py}H${at.x + w}`, stroke: css("accent"), "stroke-width": 1, opacity: 0.6 }),
    h("circle", { cx: px, cy: py, r: 6, fill: "none", stroke: css("bg"), "stroke-width": 4 }),
    h("circle", { cx: px, cy: py, r: 6, fill: "none", stroke: css("accent"), "stroke-width": 2 }),
    label(at.x, at.y + tall + 17, `weight [${data.row}, ${data.col}]`, { mono: true, weight: 700, fill: "accent" }),
  ]);
}
function cellAt(g, data, local, event) {
  const { x, y, w, h: tall } = local.matrixAt;
  const [px, py] = pointerAt(g, event);
  const [fx, fy] = [(px - x) / w, (py - y) / tall];
  return [clamp(Math.floor(fy * data.shape[0]), 0, data.shape[0] - 1), clamp(Math.floor(fx * data.shape[1]), 0, data.shape[1] - 1)];
}

/** The four numbers as strips of bars over the steps. */
function drawStrips(g, data, local, { chart }, tick) {
  const tall = 44;
  const [left, right] = [chart.x, chart.x + chart.w - 74];
  const pitch = (right - left) / local.n;
  const valueOf = (row, k) => (row.id === "root" ? Math.sqrt(momentAt(local, k, 5)) : momentAt(local, k, row.column));
  g.part("strips", [chart], () => [
    label(left, chart.y + 14, "Step by step", { weight: 600, fill: "ink" }),
    MOMENT_ROWS.map((row, i) => {
      const y = chart.y + 34 + i * (tall + 24);
      const values = Array.from({ length: local.n }, (_, k) => valueOf(row, k + 1));
      const most = Math.max(...values.filter(Number.isFinite).map(Math.abs), 1e-30);
      const signed = row.id !== "root";
      const zero = signed ? y + 10 + tall / 2 : y + 10 + tall;
      const unit = (signed ? tall / 2 : tall) - 2;
      return [label(left, y + 4, row.name, { fill: "ink2" }),
        h("path", { d: `M${left},${zero}H${right}`, stroke: css("line") }),
        h("g", {}, values.map((v, k) => {
          const size = Math.max(1, (Math.min(Math.abs(Number.isFinite(v) ? v : most), most) / most) * unit);
          return h("rect", { x: left + k * pitch + 1, y: v < 0 ? zero : zero - size, width: Math.max(1, pitch - 2), height: size, rx: 1, fill: css(row.colour ?? "res") });
        }))];
    }),
  ]);
  g.part("tick", [chart, tick], () => [
    h("rect", { x: left + (tick - 1) * pitch, y: chart.y + 22, width: pitch, height: 4 * (tall + 24) + 6, fill: "none", stroke: css("accent"), "stroke-width": 1.5, rx: 3 }),
    MOMENT_ROWS.map((row, i) => label(chart.x + chart.w, chart.y + 34 + i * (tall + 24) + 10 + tall / 2, sig(valueOf(row, tick), 3), { mono: true, anchor: "end", fill: "ink", weight: 600 })),
  ]);
  g.overlay("ticks", { left, top: chart.y + 34 + 4 * (tall + 24) - 2, width: right - left, height: g.width < 760 ? 44 : 20 },
    () => html("input", { type: "range", class: "gb-range", min: 1, step: 1, "data-tick": "", "aria-label": "Step of Adam",
      input: (event) => { local.tick = Number(event.target.value); g.redraw(); },
      change: (event) => { local.tick = null; g.select({ tick: Number(event.target.value) === local.n ? -1 : Number(event.target.value) }); } }),
    (node) => {
      node.max = local.n;
      node.value = tick;
      node.style.setProperty("--fill", `${local.n > 1 ? (100 * (tick - 1)) / (local.n - 1) : 100}%`);
    });
}

/** The chosen step with its numbers put in, and what gradient descent would have done. */
function drawSums(g, data, local, { sums }, tick) {
  g.part("sums", [sums, tick], () => {
    const n = weightNumbers(local, tick);
    const s = data.settings;
    const lines = linesOf("adam", n, s, tick);
    const out = [label(sums.x, sums.y + 14, `Step ${tick} of ${local.n}, with its numbers`, { weight: 600, fill: "ink" })];
    let y = sums.y + 36;
    for (const line of lines) {
      const last = line.id === "move";
      out.push(label(sums.x, y, line.symbol, { mono: true, weight: 700, fill: last ? "accent" : "ink" }),
        label(sums.x + 22, y, line.sum ? `= ${line.rule}` : "the gradient of this weight", { mono: Boolean(line.sum), fill: "ink2" }),
        label(sums.x + sums.w, y, sig(line.value), { mono: true, anchor: "end", fill: last ? "accent" : "ink", weight: 700 }));
      if (line.sum) { y += 15; out.push(label(sums.x + 22, y, fit(`= ${line.sum}`, sums.w - 22, 12, true), { mono: true, fill: "ink3" })); }
      y += 20;
    }
    const moved = Math.abs(n.before - n.after);
    const plain = s.rate * Math.abs(n.used);
    const times = moved / plain;
    const said = plain === 0 ? (moved === 0 ? "Neither would move it." : `Gradient descent would not move it: its gradient is 0. Adam moves it by ${sig(moved)}.`)
      : `Gradient descent at this rate would move it by ${sig(plain, 3)}: Adam’s step is ${times >= 1 ? `${sig(times, 3)} times as long` : `shorter, ${sig(times, 3)} of it`}.`;
    out.push(paragraph(sums.x, y + 4, said, sums.w, { fill: "ink" }));
    out.push(paragraph(sums.x, y + (said.length * 6 > sums.w * 2 ? 56 : 40), `Loss over these steps: ${num(data.losses[0], 3)} → ${num(data.losses.at(-1), 3)} nats (${data.asked})${data.alone ? "; only this matrix was trained" : ""}.`, sums.w, { fill: "ink3" }));
    return out;
  });
}

export const momentsFigure = {
  init(data) {
    const numbers = unpack(data.numbers);
    return { numbers, n: numbers.shape[0], cells: unpack(data.cells) };
  },
  draw(g, data, local) {
    g.data = data;
    if (!local.listening) {
      local.listening = true;
      g.svg.addEventListener("click", (event) => { if (event.target.closest(".op-matrix")) chooseWeight(g, g.data, ...cellAt(g, g.data, local, event)); });
    }
    const at = momentsPlan(g);
    const tick = tickOf(data, local);
    g.height = at.height;
    drawMatrix(g, data, local, at);
    drawStrips(g, data, local, at, tick);
    drawSums(g, data, local, at, tick);
  },
  key(event, g, data, local) {
    const move = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] }[event.key];
    if (move && event.shiftKey) chooseWeight(g, data, weightAt(data, local, "wrow") + move[0], weightAt(data, local, "wcol") + move[1]);
    else if (move && move[1]) {
      const to = clamp(tickOf(data, local) + move[1], 1, local.n);
      g.select({ tick: to === local.n ? -1 : to });
    } else return false;
    return true;
  },
  describe(data, local) {
    const tick = tickOf(data, local);
    const n = weightNumbers(local, tick);
    return `Adam on weight [${data.row}, ${data.col}] of ${data.title}, step ${tick} of ${local.n}: gradient ${sig(n.g)}, m ${sig(n.m)}, v ${sig(n.v)}, without bias ${sig(n.mHat)} and ${sig(n.vHat)}; the weight goes from ${sig(n.before)} to ${sig(n.after)}. Loss ${num(data.losses[0], 3)} to ${num(data.losses.at(-1), 3)}.`;
  },
  state(data, local) {
    const tick = tickOf(data, local);
    return { title: data.title, row: data.row, col: data.col, steps: local.n, tick, numbers: weightNumbers(local, tick), losses: data.losses, lines: linesOf("adam", weightNumbers(local, tick), data.settings, tick).map(({ id, value, sum }) => [id, value, sum]) };
  },
};
