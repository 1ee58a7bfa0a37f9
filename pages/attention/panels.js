// The panels: the rail of steps, strips, matrices with their numbers, small maps, labels, token chips, arrows, and the
// frames that say where the active cell comes from.

import { sharedWords } from "../../app/kit/groups.js";
import { say, sayOf } from "../../app/kit/say.js";
import {
  MONO,
  chip,
  clamp,
  css,
  fit,
  h,
  heat,
  heatImage,
  hex,
  label,
  measure,
  num,
  percent,
  rgb,
  visible,
  wire,
} from "../../app/kit/shapes.js";
import { biggest, colourLimit, decimals, row, seen, valuesOf } from "./cell.js";
import { FRAME, INK, MATRICES, RAIL, panelNow, slants } from "./layout.js";

/**
 * @import { Stage } from "../../app/kit/glass.js"
 * @import { Attributes, Colour, Point, Shapes, Unpacked } from "../../app/kit/shapes.js"
 * @import { Active, Data, Local, Step, Token } from "./figure.js"
 * @import { Layout, Mini, Panel } from "./layout.js"
 */

/** @param {Stage} g @param {Data} data @param {Local} local */
export function drawRail(g, data, local) {
  const n = data.steps.length;
  const w = g.width / n;
  const names = w >= 76;
  const parts = data.steps.map((step, i) => {
    const on = i === local.step;
    const x = i * w;
    return h(
      "g",
      {},
      h("rect", {
        x,
        y: 0,
        width: w,
        height: RAIL,
        fill: css(on ? "accent" : i < local.step ? "wash" : "bg"),
      }),
      i > 0 && h("path", { d: `M${x},0V${RAIL}`, stroke: css("line") }),
      names
        ? [
            label(x + 8, 17, fit(step.title, w - 12, 12, false), {
              weight: 600,
              fill: on ? "accent-on" : "ink",
            }),
            label(x + 8, 34, fit(step.off ? sayOf("step", "off") : step.formula, w - 10, 12, true), {
              mono: true,
              fill: on ? "accent-on" : step.off ? "accent" : "ink3",
            }),
          ]
        : label(x + w / 2, 26, i + 1, {
            anchor: "middle",
            weight: 600,
            size: 13,
            fill: on ? "accent-on" : "ink2",
          }),
    );
  });
  return h(
    "g",
    {},
    h(
      "clipPath",
      { id: "att-rail" },
      h("rect", { x: 0.5, y: 0.5, width: g.width - 1, height: RAIL - 1, rx: 8 }),
    ),
    h("g", { "clip-path": "url(#att-rail)" }, parts),
    h("rect", {
      x: 0.5,
      y: 0.5,
      width: g.width - 1,
      height: RAIL - 1,
      rx: 8,
      fill: "none",
      stroke: css("line"),
    }),
  );
}

/**
 * A painter of cells; with numbers on them, colours stay pale enough to read.
 * @param {Stage} g @param {Local} local @param {string} id @param {boolean} numbers
 */
function painter(g, local, id, numbers) {
  const strength = numbers ? (g.dark ? 0.5 : 0.62) : 1;
  local.max[id] ??= (MATRICES[id] ? biggest : colourLimit)(seen(local, id));
  const max = local.max[id];
  const hidden = hex(g.color("field"));
  if (id === "softmax") return (/** @type {number} */ v) => g.sequentialRgb(v * strength, 1);
  return (/** @type {number} */ v) => (v === -Infinity ? hidden : g.signedRgb(v, max, strength));
}
/**
 * How the numbers of a panel are written so that all fit into its cells, or null: then it keeps to colours.
 * @param {Unpacked} values @param {number} cell @param {boolean} weights
 */
function writer(values, cell, weights) {
  const digits = decimals(values, cell, weights ? 3 : 2, weights ? 2 : 1);
  if (digits > 0) return (/** @type {number} */ v) => num(v, digits);
  const least = biggest(values) < 9.95 ? 1 : 0; // whole numbers say too little of small values: those stay colours
  return !weights && decimals(values, cell + 3, least, least) >= 0
    ? (/** @type {number} */ v) => num(v, least)
    : null;
}

/** @param {Stage} g @param {Local} local @param {Panel} p */
export function drawPanel(g, local, p) {
  const values = seen(local, p.id);
  const matrix = MATRICES[p.id];
  const cell = p.w / p.cols;
  const tall = matrix ? p.pitch - 2 : Math.min(p.phase === "now" ? 26 : 22, p.pitch - 5);
  const shown = (p.phase === "now" || p.id === "softmax") && p.pitch >= 16;
  const write = shown ? writer(values, cell, p.id === "softmax") : null;
  const paint = painter(g, local, p.id, Boolean(write));
  const y = (/** @type {number} */ r) => p.y + r * p.pitch + (p.pitch - tall) / 2;
  const parts = [];
  if (write) {
    for (let i = 0; i < p.rows * p.cols; i++) {
      const r = Math.floor(i / p.cols);
      const x = p.x + (i % p.cols) * cell;
      parts.push(
        h("rect", { x: x + 1, y: y(r), width: cell - 2, height: tall, rx: 4, fill: rgb(paint(values[i])) }),
        h(
          "text",
          {
            x: x + cell / 2,
            y: y(r) + tall / 2 + 4,
            "text-anchor": "middle",
            "font-family": MONO,
            "font-size": 12,
            fill: css(values[i] === -Infinity || (p.id === "softmax" && values[i] < 0.0005) ? "ink3" : "ink"),
          },
          p.id === "softmax" && values[i] === 0 ? "0" : write(values[i]),
        ),
      );
    }
  } else {
    parts.push(heatImage(p.x, p.y, p.w, p.rows * p.pitch, heat(values, p.rows, p.cols, paint)));
    const space = p.pitch - tall;
    if (!matrix || p.pitch >= 12) {
      for (let r = 0; r <= p.rows; r++) {
        const gap = matrix ? Math.min(2, space) : space;
        parts.push(
          h("rect", {
            x: p.x - 1,
            y: p.y + r * p.pitch - gap / 2,
            width: p.w + 2,
            height: gap,
            fill: css("bg"),
          }),
        );
      }
    }
  }
  if (!matrix) {
    for (let r = 0; r < p.rows; r++) {
      parts.push(
        h("rect", {
          x: p.x,
          y: y(r),
          width: p.w,
          height: tall,
          rx: 3,
          fill: "none",
          stroke: css(FRAME[p.id]),
          "stroke-opacity": p.id === "x" || p.id === "xk" ? 1 : 0.55,
        }),
      );
    }
  }
  return h(
    "g",
    {},
    h("g", { opacity: p.phase === "next" ? 0.42 : 1 }, parts),
    p.id === "out" && p.phase === "next" && drawMoved(g, local.data, p),
  );
}
/**
 * How far a change moved each row's output, over the strip of it.
 * @param {Stage} g @param {Data} data @param {Panel} p
 */
function drawMoved(g, data, p) {
  return data.moved?.map(
    (share, r) =>
      share >= 0.0005 && [
        g.tip(
          h("rect", {
            x: p.x + 1,
            y: p.y + (r + 0.5) * p.pitch - 8,
            width: p.w - 2,
            height: 16,
            rx: 3,
            fill: css("bg"),
            opacity: 0.86,
          }),
          say("{token} ({row}): your change moved this head's output by {share} of its length", {
            token: visible(data.rows[r].text),
            row: r,
            share: movedBy(share),
          }),
        ),
        label(p.x + p.w / 2, p.y + (r + 0.5) * p.pitch + 4, movedBy(share), {
          anchor: "middle",
          fill: "accent",
          weight: 600,
          "pointer-events": "none",
        }),
      ],
  );
}

/** @param {Stage} g @param {Data} data @param {Local} local @param {Mini} m */
export function drawMini(g, data, local, m) {
  const values = valuesOf(local, m.id);
  const paint = painter(g, local, m.id, false);
  const { title, off } = stepOf(data, m.id);
  return h(
    "g",
    { class: "gb-hot", "data-step": m.id },
    label(m.x, m.y - 6, off ? say("{title} (off)", { title }) : title, {
      weight: m.phase === "now" ? 600 : 500,
      fill: m.phase === "now" ? "accent" : "ink2",
    }),
    h("rect", {
      x: m.x - 1,
      y: m.y - 1,
      width: m.w + 2,
      height: m.h + 2,
      rx: 3,
      fill: css("bg"),
      stroke: css(m.phase === "now" ? "accent" : "line"),
    }),
    heatImage(m.x, m.y, m.w, m.h, heat(values, m.rows, m.cols, paint), {
      opacity: m.phase === "next" ? 0.55 : 1,
    }),
    !m.last && arrow(m.x + m.w / 2, m.y + m.h + 5, m.x + m.w / 2, m.y + m.h + 17),
  );
}
/**
 * The active cell's place in a small map.
 * @param {Mini} m @param {Pick<Active, "row" | "col">} active
 */
export const drawPin = (m, { row, col }) =>
  h("rect", {
    x: m.x + (col * m.w) / m.cols - 1,
    y: m.y + (row * m.h) / m.rows - 1,
    width: m.w / m.cols + 2,
    height: m.h / m.rows + 2,
    rx: 2,
    fill: "none",
    stroke: css("accent"),
    "stroke-width": 2,
  });
/** @param {number} x0 @param {number} y0 @param {number} x1 @param {number} y1 */
function arrow(x0, y0, x1, y1) {
  const a = Math.atan2(y1 - y0, x1 - x0);
  const tip = (/** @type {number} */ turn) => `${x1 - 5 * Math.cos(a + turn)},${y1 - 5 * Math.sin(a + turn)}`;
  return h("path", {
    d: `M${x0},${y0}L${x1},${y1}M${tip(0.6)}L${x1},${y1}L${tip(-0.6)}`,
    fill: "none",
    stroke: css("ink3"),
    "stroke-width": 1.3,
    "stroke-linecap": "round",
  });
}

/** The step of a matrix. @type {(data: Data, id: string) => Step} */
const stepOf = (data, id) => /** @type {Step} */ (data.steps.find((step) => step.id === id));
/** @type {Record<string, string>} */
const NAMES = {
  x: "x",
  xk: say("x of the encoder"),
  q: "Q",
  k: "K",
  v: "V",
  tq: say("Q, turned"),
  tk: say("K, turned"),
  z: say("Sum"),
  out: say("Output"),
};
/** The same where nothing turns. @type {Record<string, string>} */
const UNTURNED = { ...NAMES, tq: "Q", tk: "K" };

/**
 * What a step does, with the chosen row's own number where there is one to say; where room is scarce that alone.
 * @param {Data} data @param {Local} local @param {number} r
 */
export function hintOf(data, local, r, scarce = false) {
  const step = data.steps[local.step];
  if (data.blind.length) return blindWords(data, r, scarce);
  if (step.id === "out" && data.moved && !scarce)
    return `${step.hint}; ${say("your change moved that of {token} ({row}) by {share}", { token: visible(data.rows[r].text), row: r, share: movedBy(data.moved[r]) })}`;
  if (step.id !== "softmax") return step.hint;
  const weights = row(local.a.pattern, r);
  const best = weights.indexOf(Math.max(...weights));
  const said = { token: visible(data.rows[r].text), weight: num(weights[best], 2) };
  const found =
    !data.cross && best === r
      ? say("{token} reads itself most, {weight}", said)
      : say("{token} reads {other} ({place}) most, {weight}", {
          ...said,
          other: visible(data.cols[best].text),
          place: best,
        });
  return scarce ? found : `${step.hint}; ${found}`;
}

/**
 * Rows that see nothing at all are told of at every step, the chosen one first.
 * @param {Data} data @param {number} r
 * @param {boolean} scarce
 */
function blindWords(data, r, scarce) {
  const rows = data.blind.includes(r) ? [r, ...data.blind.filter((row) => row !== r)] : data.blind;
  const [first, second] = rows.map((row) => `${visible(data.rows[row].text)} (${row})`);
  const found =
    rows.length === 1
      ? say("{row} reads nothing", { row: first })
      : rows.length === 2
        ? say("{first} and {second} read nothing", { first, second })
        : say("{first} and {second} and {count} more read nothing", {
            first,
            second,
            count: rows.length - 2,
          });
  return scarce ? found : `${found}: ${say("all scores are −∞, softmax is 0 ÷ 0")}`;
}
/** @param {number} share */
const movedBy = (share) => (share < 9.995 ? percent(share, share < 0.0995 ? 1 : 0) : `× ${num(share, 0)}`);

/** @param {Stage} g @param {Data} data @param {Local} local @param {Layout} at @param {Active} active */
export function drawHeads(g, data, local, at, active) {
  const step = data.steps[local.step];
  const hint = hintOf(data, local, active.row, !at.wide);
  const y = RAIL + 20;
  const ink = data.blind.length ? "accent" : "ink3";
  const parts = [];
  for (const p of at.panels) {
    if (p.id === "keychips") {
      parts.push(label(p.x, at.top - 12, say("keys"), { weight: 600 }));
      continue;
    }
    const now = p.phase === "now";
    const name = MATRICES[p.id]
      ? stepOf(data, p.id).title
      : now && !["tq", "tk"].includes(p.id)
        ? step.title
        : (data.on.turn ? NAMES : UNTURNED)[p.id];
    const alone = now && !at.flow.now.indexOf(p.id);
    if (now && (MATRICES[p.id] || at.flow.now.length === 1)) {
      const edge = Math.min(g.width, ...at.minis.filter((m) => at.wide && m.x > p.x).map((m) => m.x - 12));
      const named = measure(name, 13, false) + 8;
      // A narrow panel's words begin to the left of it: nothing else stands at this height.
      const x = clamp(edge - named - measure(hint, 12, false) * 1.04, 0, p.x);
      const title = label(x, y, "");
      title.append(
        h("tspan", { fill: css(INK[p.id] ?? "ink"), "font-weight": 600 }, name),
        h("tspan", { dx: 8, fill: css(ink), "data-hint": "1" }, fit(hint, edge - x - named, 12, false)),
      );
      parts.push(title);
    } else {
      parts.push(
        label(p.x, at.top - 12, fit(name, p.w + 10, 12, false), {
          weight: 600,
          fill: INK[p.id] ?? "ink2",
          opacity: p.phase === "next" ? 0.75 : 1,
        }),
      );
      if (alone) parts.push(label(p.x, y, hint, { fill: ink }));
    }
  }
  if (at.panels.some((p) => p.id === "v" && p.phase === "past")) {
    const end = Math.min(...at.panels.filter((p) => p.phase === "now").map((p) => p.x)) - 24;
    parts.push(sharingLabel(data, end, y, end));
  }
  return parts;
}
/**
 * "Head 4 shares keys and values with heads 3 and 5"; "" where each head has its own.
 * @param {Data} data
 */
export function sharing(data, words = /** @type {"whole" | "short"} */ ("whole")) {
  const shares = sharedWords(data.head, data.nHeads, data.kvHeads, words);
  return shares && say("Head {head} {shares}", { head: data.head, shares });
}

/**
 * The same as a label that ends at x, in as many words as fit into `room`.
 * @param {Data} data @param {number} x @param {number} y @param {number} room
 */
export function sharingLabel(data, x, y, room) {
  const shorter = [
    sharing(data),
    sharing(data, "short"),
    sharedWords(data.head, data.nHeads, data.kvHeads, "least"),
  ];
  const text = shorter.find((one) => measure(one, 12, false) * 1.04 < room);
  return text && label(x, y, text, { fill: "k-ink", anchor: "end" });
}

/**
 * Column labels over the current matrix: level where they fit, slanted where they do not, else only the active one.
 * @param {Data} data @param {Layout} at @param {Panel} p @param {Active} active
 */
export function drawColumns(data, at, p, active) {
  const cell = p.w / p.cols;
  const level = !slants(data, cell) && cell >= 14;
  return data.cols.map((t, c) => {
    const on = c === active.col;
    const x = p.x + (c + 0.5) * cell;
    const o = { mono: true, fill: on ? "k-ink" : "ink2", weight: on ? 700 : 400, direction: "ltr" };
    if (level) return label(x, at.top - 10, visible(t.text), { ...o, anchor: "middle" });
    if (at.slanted && cell >= 14)
      return label(x - 1, at.top - 6, fit(visible(t.text), 48, 12, true), {
        ...o,
        transform: `rotate(-48 ${x - 1} ${at.top - 6})`,
      });
    return on ? label(x, at.top - 10, visible(t.text), { ...o, anchor: "middle" }) : null;
  });
}

/** @param {Stage} g @param {Data} data @param {Layout} at @param {Active} active */
export function drawChips(g, data, at, active) {
  const height = Math.min(24, at.pitch - 4);
  const size = at.pitch < 20 ? 12 : 13;
  const key = data.cross ? null : active.col;
  /** @type {(t: Token, r: number, x: number, w: number, colour?: string) => SVGElement} */
  const one = (t, r, x, w, colour) =>
    chip(g, x, at.top + (r + 0.5) * at.pitch, w, t.text, {
      id: t.id,
      height,
      size,
      colour,
      faint: t.special,
    });
  const paired = MATRICES[at.id] || ["sum", "out"].includes(at.id);
  const rows = data.rows.map((t, r) =>
    one(
      t,
      r,
      0.75,
      at.chips - 1.5,
      r === active.row && (paired || !active.keyed)
        ? "q"
        : !data.cross && r === key && (paired || active.keyed)
          ? "k"
          : undefined,
    ),
  );
  const keys = at.panels.find((p) => p.id === "keychips");
  return [
    rows,
    keys && data.cols.map((t, r) => one(t, r, keys.x, keys.w, r === active.col ? "k" : undefined)),
  ];
}

/** @param {Layout} at */
export function flowArrows(at) {
  const now = at.panels.filter((p) => p.phase === "now");
  const [first, last] = [now[0], now[now.length - 1]];
  const middle = at.top + Math.min(at.shown, at.pitch * at.lines) / 2;
  const right = at.panels.filter((p) => p.phase === "next").sort((p, q) => p.x - q.x)[0] ?? null;
  const side = at.minis.find((m) => m.phase === "next");
  const old = at.minis.find((m) => m.phase === "past");
  const to = [right?.x, side?.x].filter((x) => x !== undefined);
  const end = Math.min(...to);
  const from = old ? old.x + old.w : null;
  return [
    to.length > 0 && arrow(Math.max(last.x + last.w + 8, end - 24), middle, end - 7, middle),
    from !== null && arrow(from + 8, middle, Math.min(from + 24, first.x - 6), middle),
    side && right && right.x > side.x + 84 && arrow(right.x - 26, middle, right.x - 8, middle),
  ];
}

// ---------------------------------------------------------------- where the active cell comes from

/** @param {number} x @param {number} y @param {number} w @param {number} height @param {string} colour */
const box = (x, y, w, height, colour, width = 2, o = {}) =>
  h("rect", {
    x,
    y,
    width: w,
    height,
    rx: 4,
    fill: "none",
    stroke: css(colour),
    "stroke-width": width,
    ...o,
  });
/** @param {Panel} p @param {number} r @param {string} colour */
function rowBox(p, r, colour, width = 2, o = {}) {
  const tall = MATRICES[p.id] ? p.pitch : Math.min(p.phase === "now" ? 26 : 22, p.pitch - 5) + 2;
  return box(p.x - 1.5, p.y + r * p.pitch + (p.pitch - tall) / 2, p.w + 3, tall, colour, width, {
    "data-point": `row ${r}`,
    ...o,
  });
}
/** @param {Panel} p @param {number} r @param {number} c @param {string} colour */
function cellBox(p, r, c, colour, width = 3) {
  const cell = p.w / p.cols;
  const tall = MATRICES[p.id] ? p.pitch : Math.min(26, p.pitch - 5) + 2;
  return box(
    p.x + c * cell,
    p.y + r * p.pitch + (p.pitch - tall) / 2,
    Math.max(cell, 3),
    tall,
    colour,
    width,
    { "data-point": `cell ${r} ${c}` },
  );
}

/**
 * Its query row, its key column, itself, and the wires back to q and k.
 * @param {Data} data @param {Local} local @param {Layout} at @param {Active} active
 *
 */
export function drawFrames(data, local, at, active) {
  const find = (/** @type {string} */ id) => at.panels.find((p) => p.id === id);
  const now = panelNow(at, active.keyed);
  const [Q, K] = ["tq", "tk"].map((id) => find(id) ?? find(id[1]));
  const out = [];
  const { row, col, dim } = active;
  if (MATRICES[at.id]) {
    const cell = now.w / now.cols;
    if (Q) out.push(rowBox(Q, row, "q", 3));
    if (K) out.push(rowBox(K, col, "k", 3));
    out.push(box(now.x + col * cell, now.y - 1, cell, now.rows * now.pitch + 2, "k"));
    out.push(
      rowBox(now, row, "q", 2, { fill: css("q"), "fill-opacity": 0.07 }),
      cellBox(now, row, col, "accent"),
    );
    if (at.id !== "softmax") {
      // a learner's own scores
      for (const [r, c] of data.edits)
        out.push(
          h("rect", {
            x: now.x + c * cell + 2,
            y: now.y + r * now.pitch + 2,
            width: Math.max(2, cell - 4),
            height: now.pitch - 4,
            rx: 4,
            fill: "none",
            stroke: css("accent"),
            "stroke-width": 1.5,
            "stroke-dasharray": "3 2",
          }),
        );
    }
    if (at.id === "scores" && at.wide && Q && K) out.push(wires(at, now, Q, K, row, col, local));
  } else if (at.id === "sum") {
    const weights = find("softmax");
    const values = find("v");
    if (weights) out.push(rowBox(weights, row, "att"));
    if (values)
      out.push(
        box(
          values.x + (dim * values.w) / values.cols - 1,
          values.y,
          values.w / values.cols + 2,
          values.rows * values.pitch,
          "v",
        ),
      );
    out.push(cellBox(now, row, dim, "accent"));
  } else {
    const side = data.cross ? "xk" : "x";
    const from = find(
      { q: "x", k: side, v: side, turn: active.keyed ? "k" : "q", out: "z" }[
        /** @type {"q" | "k" | "v" | "turn" | "out"} */ (at.id)
      ],
    );
    const line = active.keyed ? col : row;
    if (from) out.push(rowBox(from, line, INK[now.id] === "ink2" ? "ink3" : FRAME[now.id]));
    out.push(cellBox(now, line, dim, "accent"));
  }
  return out;
}
/**
 * @param {Layout} at @param {Panel} now @param {Panel} Q @param {Panel} K @param {number} row @param {number} col
 * @param {Local} local
 */
function wires(at, now, Q, K, row, col, local) {
  const line = (/** @type {number} */ r) => now.y + (r + 0.5) * now.pitch - local.scroll;
  const inside = (/** @type {number} */ y) => y > at.top - 2 && y < at.top + at.shown + 2;
  const cell = now.w / now.cols;
  const parts = [];
  const path = (/** @type {Point[]} */ points, /** @type {string} */ colour) =>
    h("path", {
      d: wire(points, 8),
      fill: "none",
      stroke: css(colour),
      "stroke-width": 3,
      "stroke-linejoin": "round",
    });
  if (inside(line(col))) {
    const lane = K.x + K.w + 6;
    const over = RAIL + 26;
    const end = now.x + (col + 0.5) * cell;
    parts.push(
      path(
        [
          [K.x + K.w + 1, line(col)],
          [lane, line(col)],
          [lane, over],
          [end, over],
          [end, over + 6],
        ],
        "k",
      ),
    );
  }
  if (inside(line(row))) {
    const low = line(row) + (at.pitch / 2) * 0.92;
    parts.push(
      path(
        [
          [Q.x + Q.w + 1, line(row)],
          [Q.x + Q.w + 6, line(row)],
          [Q.x + Q.w + 6, low],
          [now.x - 12, low],
          [now.x - 12, line(row)],
          [now.x - 2, line(row)],
        ],
        "q",
      ),
    );
  }
  return h("g", { transform: `translate(0,${local.scroll})` }, parts);
}
