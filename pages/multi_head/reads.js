// What the chosen head reads and why: its name and scores, lines from token to token or its map at full size, and the row's
// query beside every key, number by number, with their sums.

import { counted } from "../../app/kit/counts.js";
import { sharedWords } from "../../app/kit/groups.js";
import { pieces, say, sayOf } from "../../app/kit/say.js";
import {
  MONO,
  chip,
  clamp,
  css,
  firstFit,
  fit,
  h,
  heat,
  heatImage,
  hex,
  label,
  measure,
  num,
  tokenSpans,
  visible,
} from "../../app/kit/shapes.js";
import {
  argmax,
  colOf,
  nameOf,
  named,
  offSet,
  panelOf,
  roleOf,
  shownHead,
  weightsOf,
  wrapped,
} from "./layout.js";

/**
 * @import { Colour, Lettering, Shapes, Unpacked } from "../../app/kit/shapes.js"
 * @import { Data, HeadsStage, Local, Token } from "./figure.js"
 * @import { Layout } from "./layout.js"
 *
 * Where the panels stand: lines between rows and columns, the map's cells, queries and keys.
 * @typedef {ReturnType<typeof linesPlan>} LinesAt
 * @typedef {ReturnType<typeof mapPlan>} MapAt
 * @typedef {ReturnType<typeof pairPlan>} PairAt
 *
 * @typedef {[row: number, col: number, weight: number]} Line
 */

/** A head's name with the attention that it is of. @type {Record<Data["kind"], (head: string) => string>} */
const KINDS = {
  self: (head) => head,
  cross: (head) => say("{head}, cross", { head }),
  encoder: (head) => say("{head}, encoder", { head }),
};

/**
 * The panel's head: name, what it does with the number that says so, one sentence about the followed row, all scores.
 * @param {HeadsStage} g @param {Data} data @param {Local} local @param {Layout} at @param {number} row
 */
export function drawHeader(g, data, local, at, row) {
  const { block, head } = shownHead(data, local);
  const off = offSet(data, local).has(`${block}.${head}`);
  const p = at.panel;
  const top = p.head;
  g.part("header", [block, head, row, panelOf(local), off, local.hover?.col ?? -1], () => {
    const role = roleOf(data, block, head);
    const name = KINDS[data.kind](nameOf(block, head));
    const wide = measure(name, 16, false) * 1.08 + 10;
    const title = role.name + (role.score === null ? "" : ` ${num(role.score, 2)}`);
    const used = wide + measure(title, 16, false) * 1.08 + 10;
    const tails = [
      sharedWords(head, data.heads, data.kvHeads),
      sharedWords(head, data.heads, data.kvHeads, "short"),
      "",
    ].map((shares) =>
      [
        off && say("switched off"),
        role.was ? say("all heads on: {does}", { does: role.was }) : role.on,
        shares,
      ]
        .filter(Boolean)
        .join("; "),
    );
    const tail = tails.find((one) => measure(one, 12, false) * 1.05 < p.w - used) ?? tails[tails.length - 1];
    return [
      h("text", { x: p.x, y: top + 50, "font-size": 16, "font-weight": 600, fill: css("accent") }, name),
      h(
        "text",
        {
          x: p.x + wide,
          y: top + 50,
          "font-size": 16,
          "font-weight": 600,
          fill: css(role.short ? "att-ink" : "ink2"),
        },
        title,
      ),
      label(p.x + used, top + 50, fit(tail, p.w - used, 12, false), {
        fill: off || role.was ? "accent" : "ink2",
        weight: 500,
      }),
      wrapped(role.means, p.w, at.phone ? 2 : 1).map((line, i) =>
        label(p.x, top + 70 + 16 * i, line, { fill: "ink2" }),
      ),
      sentence(data, local, block, head, row, p, top + (at.phone ? 104 : 88)),
      drawScores(g, data, block, head, p, top + (at.phone ? 130 : 98)),
    ];
  });
}
/**
 * "Here ·red (10) reads ·ball (3) most: 0.99", with the tokens set as tokens.
 * @param {Data} data @param {Local} local @param {number} block @param {number} head @param {number} row
 * @param {Layout["panel"]} p @param {number} y
 */
function sentence(data, local, block, head, row, p, y) {
  const weights = weightsOf(data, local, block, head, row);
  const pointed = local.hover?.col;
  const col = pointed ?? argmax(weights);
  const mono = (/** @type {string} */ token, /** @type {number} */ room) =>
    h(
      "tspan",
      { "font-family": MONO, "font-weight": 600, fill: css("ink"), direction: "ltr" },
      tokenSpans(token, room, 12),
    );
  const self = !data.cross && col === row;
  const said =
    data.causal && col > row
      ? say("Here {asking} (row {row}) cannot see {answering} ({column}): it comes later.")
      : pointed === undefined
        ? self
          ? say("Here {asking} (row {row}) reads itself most: {weight}")
          : say("Here {asking} (row {row}) reads {answering} ({column}) most: {weight}")
        : self
          ? say("Here {asking} (row {row}) gives itself: {weight}")
          : say("Here {asking} (row {row}) gives {answering} ({column}): {weight}");
  return h(
    "text",
    { x: p.x, y, "font-size": 12, fill: css("ink2") },
    pieces(said, {
      asking: mono(data.rows[row].text, 100),
      row: String(row),
      answering: mono(data.cols[col].text, 100),
      column: String(col),
      weight: h(
        "tspan",
        { "font-family": MONO, fill: css("att-ink"), "font-weight": 600 },
        num(weights[col], 3),
      ),
    }),
  );
}
/**
 * Every score of the head, as a number over a bar; the one that named it is in full colour.
 * @param {HeadsStage} g @param {Data} data @param {number} block @param {number} head @param {Layout["panel"]} p
 * @param {number} y
 */
function drawScores(g, data, block, head, p, y) {
  const values = data.scores[block * data.heads + head];
  const role = roleOf(data, block, head);
  const w = (p.w - p.lead) / p.scores;
  const lead = p.lead
    ? [say("Attention to …"), say("(they overlap)")].map((line, i) =>
        label(p.x, y + 12 + 15 * i, line, { fill: "ink2" }),
      )
    : p.scores < data.scoreNames.length
      ? label(p.x, y - 4, `${say("Attention to …")} ${say("(they overlap)")}`, { fill: "ink2" })
      : null;
  const first = y;
  // The last ones are no part of the attention to anything: a rule sets them apart.
  const rule =
    p.lead &&
    data.sharing < data.scoreNames.length &&
    h("path", { d: `M${p.x + p.lead + data.sharing * w - 2.5},${y + 2}v32`, stroke: css("ink3") });
  return [
    lead,
    data.scoreNames.map((name, i) => {
      const on = name === role.by;
      const x = p.x + p.lead + (i % p.scores) * w;
      const y = first + 38 * Math.floor(i / p.scores);
      const value = values[i];
      const digits = value === null ? "–" : num(value, 2);
      const score = h(
        "g",
        { "data-score": name },
        h("rect", { x, y, width: w - 4, height: 36, fill: css("bg") }),
        label(x, y + 12, firstFit([data.scoreShort[i], data.scoreBrief[i]], w - 4), {
          fill: on ? "att-ink" : "ink3",
          weight: on ? 600 : 400,
        }),
        label(x, y + 27, digits, { mono: true, fill: on ? "att-ink" : "ink2", weight: on ? 600 : 400 }),
        h("rect", { x, y: y + 31, width: w - 8, height: 3, rx: 1.5, fill: css("field") }),
        value !== null &&
          value > 0 &&
          h("rect", {
            x,
            y: y + 31,
            width: Math.max(1, (w - 8) * Math.min(1, value)),
            height: 3,
            rx: 1.5,
            fill: css("att"),
            opacity: on ? 1 : 0.45,
          }),
      );
      g.tip(score, data.scoreTips[i]);
      return score;
    }),
    rule,
  ];
}

// ---------------------------------------------------------------- lines

const LINE_FLOOR = 0.015; // weights below it are not drawn as lines
/**
 * Where rows and columns stand in the panel of lines.
 * @param {Data} data @param {Layout} at
 */
function linesPlan(data, at) {
  const p = at.panel;
  const top = p.top + 20;
  const room = p.bottom - top;
  const longest = (/** @type {Token[]} */ side) =>
    Math.max(...side.map((t) => measure(visible(t.text), 13, true)));
  const most = at.phone ? 84 : 118;
  const chips = [data.rows, data.cols].map((side) => clamp(longest(side) + 18, 44, most));
  const pitch = [data.rows, data.cols].map((side) => Math.min(30, room / side.length));
  const left = p.x + chips[0];
  const right = p.x + p.w - chips[1] - 46;
  return {
    top,
    room,
    chips,
    pitch,
    left,
    right,
    y: (/** @type {number} */ side, /** @type {number} */ i) => top + (i + 0.5) * pitch[side],
  };
}
/** @param {LinesAt} q @param {number} r @param {number} c */
const curve = (q, r, c) => {
  const [x0, x1, y0, y1] = [q.left + 4, q.right - 4, q.y(0, r), q.y(1, c)];
  const m = (x1 - x0) * 0.45;
  return `M${x0.toFixed(1)},${y0.toFixed(1)}C${(x0 + m).toFixed(1)},${y0.toFixed(1)} ${(x1 - m).toFixed(1)},${y1.toFixed(1)} ${x1.toFixed(1)},${y1.toFixed(1)}`;
};

/** @param {HeadsStage} g @param {Data} data @param {Local} local @param {Layout} at @param {number} row */
export function drawLines(g, data, local, at, row) {
  const { block, head } = shownHead(data, local);
  const q = linesPlan(data, at);
  local.linesAt = q;
  const [T, S] = [data.rows.length, data.cols.length];
  const pointed = local.hover?.col ?? null;
  const backwards = pointed !== null && local.hover?.row === undefined;
  g.part("faint lines", [block, head], () => {
    const steps = ["", "", "", ""];
    for (let r = 0; r < T; r++) {
      const weights = weightsOf(data, local, block, head, r);
      for (let c = 0; c < S; c++)
        if (weights[c] > LINE_FLOOR * 2) steps[Math.min(3, Math.floor(weights[c] * 4))] += curve(q, r, c);
    }
    const dense = Math.min(1, 14 / T);
    return steps.map(
      (d, i) =>
        d &&
        h("path", {
          d,
          fill: "none",
          stroke: css("att"),
          "stroke-width": 0.6 + 0.5 * i,
          opacity: (0.08 + 0.09 * i) * (0.35 + 0.65 * dense),
        }),
    );
  });
  /** @type {Line[]} */
  const strong = backwards
    ? Array.from({ length: T }, (_, r) => [r, pointed, weightsOf(data, local, block, head, r)[pointed]])
    : weightsOf(data, local, block, head, row).map((w, c) => [row, c, w]);
  g.part("strong lines", [block, head, strong.map(([r, c]) => [r, c]).at(-1), backwards], () =>
    strong
      .filter(([, , w]) => w > LINE_FLOOR)
      .map(([r, c, w]) =>
        h("path", {
          d: curve(q, r, c),
          fill: "none",
          stroke: css("att"),
          "stroke-width": 1 + 6 * w,
          opacity: 0.3 + 0.7 * w,
          "stroke-linecap": "round",
        }),
      ),
  );
  drawSides(g, data, local, at, q, row, strong, backwards);
}

/**
 * @param {HeadsStage} g @param {Data} data @param {Local} local @param {Layout} at @param {LinesAt} q
 * @param {number} row @param {Line[]} strong @param {boolean} backwards
 */
function drawSides(g, data, local, at, q, row, strong, backwards) {
  const p = at.panel;
  const { block, head } = shownHead(data, local);
  const lit = new Map(strong.map(([r, c, w]) => [backwards ? r : c, w]));
  const best = [...lit.entries()].sort((a, b) => b[1] - a[1]).map(([i]) => i);
  const pointed = backwards ? (local.hover?.col ?? 0) : null;
  const firstKeys = pointed === null ? best : [pointed]; // the keys that come first where not all can be named
  /** @type {(tokens: Token[], k: 0 | 1, x: number, frame: (i: number) => string | undefined, first: number[]) => Shapes} */
  const side = (tokens, k, x, frame, first) => {
    const w = q.chips[k];
    const chips = q.pitch[k] >= 20;
    const shown = named(tokens.length, q.pitch[k], first);
    return tokens.map((t, i) => {
      const on = frame(i);
      if (!shown.has(i))
        return h("circle", { cx: k ? x + 3 : x + w - 3, cy: q.y(k, i), r: 1.2, fill: css("ink3") });
      if (chips)
        return chip(g, x + 0.75, q.y(k, i), w - 1.5, t.text, {
          height: Math.min(24, q.pitch[k] - 4),
          id: t.id,
          colour: on,
          selected: on === "accent",
          faint: t.special,
        });
      return h(
        "text",
        {
          x: k ? x + 6 : x + w - 6,
          y: q.y(k, i) + 4,
          "text-anchor": k ? "start" : "end",
          "font-family": MONO,
          "font-size": 12,
          "font-weight": on ? 700 : null,
          fill: css(on === "q" ? "q-ink" : on === "k" ? "k-ink" : t.special ? "ink3" : "ink"),
          direction: "ltr",
          class: "gb-chip",
        },
        tokenSpans(t.text, w - 8, 12),
      );
    });
  };
  g.part("left tokens", [row, pointed, backwards, block, head], () => [
    label(p.x, p.top + 8, say("this token …"), { fill: "q-ink", weight: 600 }),
    side(
      data.rows,
      0,
      p.x,
      (i) => (backwards ? ((lit.get(i) ?? 0) > 0.15 ? "att" : undefined) : i === row ? "q" : undefined),
      backwards ? best : [row],
    ),
  ]);
  g.part("right tokens", [row, pointed, backwards, block, head], () => {
    const read = (/** @type {number} */ i) =>
      backwards ? (i === pointed ? "k" : undefined) : i === best[0] ? "k" : undefined;
    const names = named(data.cols.length, q.pitch[1], firstKeys);
    const numbers = backwards
      ? []
      : [...lit.entries()].filter(([i, w]) => (w >= 0.02 || i === best[0]) && names.has(i));
    return [
      label(q.right, p.top + 8, say("… reads these"), { fill: "k-ink", weight: 600 }),
      side(data.cols, 1, q.right, read, firstKeys),
      numbers.map(([i, w]) =>
        label(p.x + p.w, q.y(1, i) + 4, num(w, 2), {
          anchor: "end",
          mono: true,
          fill: i === best[0] ? "att-ink" : "ink2",
          weight: i === best[0] ? 600 : 400,
        }),
      ),
      backwards &&
        strong
          .filter(([, , w]) => w > 0.04)
          .sort((a, b) => b[2] - a[2])
          .slice(0, 1)
          .map(([r, , w]) =>
            label(
              (q.left + q.right) / 2,
              p.top + 8,
              say("read most by row {row}, {weight}", { row: r, weight: num(w, 2) }),
              { anchor: "middle", fill: "ink2" },
            ),
          ),
    ];
  });
}

// ---------------------------------------------------------------- the map at full size

/** @param {Data} data @param {Layout} at */
function mapPlan(data, at) {
  const p = at.panel;
  const [T, S] = [data.rows.length, data.cols.length];
  const longest = Math.max(...data.rows.map((t) => measure(visible(t.text), 13, true)));
  const chips = clamp(longest + 18, 44, at.phone ? 76 : 104);
  const width = p.w - chips - 12;
  const cell = Math.min(56, width / S);
  const slanted =
    cell >= 13 && Math.max(...data.cols.map((t) => measure(visible(t.text), 12, true))) > cell - 3;
  const top = p.top + (slanted ? 46 : 18);
  const tall = Math.min(30, (p.bottom - top) / T);
  return { x: p.x + chips + 8, y: top, cell, tall, chips, slanted };
}
/** @param {HeadsStage} g @param {Data} data @param {Local} local @param {Layout} at @param {number} row */
export function drawMap(g, data, local, at, row) {
  const { block, head } = shownHead(data, local);
  const q = mapPlan(data, at);
  local.mapAt = q;
  const [T, S] = [data.rows.length, data.cols.length];
  const col = colOf(data, local);
  g.part("map", [block, head], () => {
    const values = Array.from({ length: T }, (_, r) => weightsOf(data, local, block, head, r)).flat();
    const numbers = q.cell >= 32 && q.tall >= 15;
    const strength = numbers ? (g.dark ? 0.5 : 0.62) : 1;
    const hidden = hex(g.color("field"));
    const paint = (/** @type {number} */ v, /** @type {number} */ i) =>
      v === 0 && data.causal && i % S > Math.floor(i / S) ? hidden : g.sequentialRgb(v * strength, 1);
    /** @type {Shapes[]} */
    const out = [heatImage(q.x, q.y, q.cell * S, q.tall * T, heat(values, T, S, paint))];
    if (q.tall >= 10) {
      const d = [];
      for (let r = 0; r <= T; r++) d.push(`M${q.x},${q.y + r * q.tall}h${q.cell * S}`);
      for (let c = 0; c <= S; c++) d.push(`M${q.x + c * q.cell},${q.y}v${q.tall * T}`);
      out.push(h("path", { d: d.join(""), stroke: css("bg"), "stroke-width": 2 }));
    }
    if (numbers)
      out.push(
        values.map(
          (v, i) =>
            v >= 0.005 &&
            label(q.x + ((i % S) + 0.5) * q.cell, q.y + (Math.floor(i / S) + 0.5) * q.tall + 4, num(v, 2), {
              anchor: "middle",
              mono: true,
              fill: "ink",
            }),
        ),
      );
    return out;
  });
  g.part("map names", [row, col, block, head], () => {
    const shown = named(T, q.tall, [row]);
    const across = named(S, q.cell, [col]);
    return [
      data.rows.map(
        (t, r) =>
          shown.has(r) &&
          chip(g, at.panel.x + 0.75, q.y + (r + 0.5) * q.tall, q.chips - 1.5, t.text, {
            height: clamp(q.tall - 4, 13, 24),
            size: q.tall < 20 ? 12 : 13,
            id: t.id,
            colour: r === row ? "q" : q.tall < 18 ? "bg" : undefined,
            faint: t.special,
          }),
      ),
      data.cols.map((t, c) => {
        const x = q.x + (c + 0.5) * q.cell;
        const o = {
          mono: true,
          fill: c === col ? "k-ink" : "ink2",
          weight: c === col ? 700 : 400,
          direction: "ltr",
        };
        if (q.slanted && across.has(c))
          return label(x - 2, q.y - 6, fit(visible(t.text), 50, 12, true), {
            ...o,
            transform: `rotate(-48 ${x - 2} ${q.y - 6})`,
          });
        if (!q.slanted && q.cell >= 13) return label(x, q.y - 6, visible(t.text), { ...o, anchor: "middle" });
        return c === col ? label(x, q.y - 6, visible(t.text), { ...o, anchor: "middle" }) : null;
      }),
    ];
  });
  g.part("map cell", [row, col], () => [
    h("rect", {
      x: q.x - 1,
      y: q.y + row * q.tall,
      width: q.cell * S + 2,
      height: q.tall,
      rx: 3,
      fill: "none",
      stroke: css("q"),
      "stroke-width": 2,
    }),
    h("rect", {
      x: q.x + col * q.cell,
      y: q.y - 1,
      width: q.cell,
      height: q.tall * T + 2,
      rx: 3,
      fill: "none",
      stroke: css("k"),
      "stroke-width": 1.5,
    }),
    h("rect", {
      x: q.x + col * q.cell,
      y: q.y + row * q.tall,
      width: q.cell,
      height: q.tall,
      rx: 3,
      fill: "none",
      stroke: css("accent"),
      "stroke-width": 2.5,
    }),
  ]);
}

// ---------------------------------------------------------------- query and key

/** @param {Data} data @param {Local} local @param {Layout} at */
function pairPlan(data, local, at) {
  const p = at.panel;
  const S = data.cols.length;
  const longest = Math.max(...data.cols.map((t) => measure(visible(t.text), 13, true)));
  const chips = clamp(longest + 18, 44, at.phone ? 66 : 96);
  const sums = (local.a.bias ? 154 : 108) + (at.phone ? 4 : 60);
  const strip = Math.max(40, (p.w - chips - sums - 34) / 2);
  const top = p.top + 62;
  const bottom = p.bottom - (at.phone ? 62 : 50);
  const pitch = Math.min(34, (bottom - top) / S);
  const k = p.x + chips + 10;
  return { chips, strip, top, pitch, k, product: k + strip + 12, sum: k + 2 * strip + 12, bottom };
}

/**
 * A row of numbers as a strip of coloured cells.
 * @param {HeadsStage} g @param {Float32Array | number[]} values @param {number} x @param {number} y
 * @param {number} w @param {number} height @param {number} max @param {string | null} frame
 */
export function strip(g, values, x, y, w, height, max, frame) {
  return [
    heatImage(
      x,
      y,
      w,
      height,
      heat(values, 1, values.length, (v) => g.signedRgb(v, max)),
    ),
    frame &&
      h("rect", { x, y, width: w, height, rx: 3, fill: "none", stroke: css(frame), "stroke-opacity": 0.7 }),
  ];
}
/** @param {Iterable<number>} values */
export function furthest(values) {
  let max = 0;
  for (const v of values) if (Number.isFinite(v)) max = Math.max(max, Math.abs(v));
  return max || 1;
}
/** @param {Unpacked} values @param {number} i */
const slice = (values, i) => values.subarray(i * values.shape[1], (i + 1) * values.shape[1]);

/** @param {HeadsStage} g @param {Data} data @param {Local} local @param {Layout} at @param {number} row */
export function drawPair(g, data, local, at, row) {
  const q = pairPlan(data, local, at);
  local.pairAt = q;
  const p = at.panel;
  const K = local.a.q.shape[1];
  const S = data.cols.length;
  const col = colOf(data, local);
  const max = { q: furthest(local.a.q), k: furthest(local.a.k) };
  const query = slice(local.a.q, row);
  const products = Array.from({ length: S }, (_, c) =>
    Array.from(slice(local.a.k, c), (v, i) => v * query[i]),
  );
  const most = furthest(products.flat());
  g.part("pair heads", [row], () => {
    const y = p.top + 8;
    return [
      label(q.k - 10, p.top + 32, say("query"), { anchor: "end", fill: "q-ink", weight: 600 }),
      label(
        q.k,
        y,
        fit(
          say("q of {token} ({row}): what it asks, {numbers}", {
            token: visible(data.rows[row].text),
            row,
            numbers: counted(K, "number"),
          }),
          2 * q.strip + 10,
          12,
          false,
        ),
        { fill: "q-ink" },
      ),
      strip(g, query, q.k, p.top + 16, q.strip, 20, max.q, "q"),
      label(q.product, p.top + 32, at.phone ? say("× key") : say("× each key below, number by number"), {
        fill: "ink3",
      }),
      label(q.k, p.top + 54, at.phone ? "k" : fit(say("k: what each token answers"), q.strip, 12, false), {
        fill: "k-ink",
        weight: 600,
      }),
      label(q.product, p.top + 54, "q × k", { fill: "ink2", weight: 600 }),
      label(q.sum + 62, p.top + 54, data.factorText ? say("scaled") : say("sum"), {
        anchor: "end",
        fill: "ink2",
        weight: 600,
      }),
      local.a.bias &&
        label(q.sum + 108, p.top + 54, sayOf("position", "bias"), {
          anchor: "end",
          fill: "ink2",
          weight: 600,
        }),
      label(p.x + p.w - 6, p.top + 54, say("reads"), { anchor: "end", fill: "att-ink", weight: 600 }),
    ];
  });
  g.part("pair rows", [row], () => {
    const tall = Math.max(1, Math.min(24, q.pitch - (q.pitch > 8 ? 4 : 0.5)));
    const weights = weightsOf(data, local, data.block, data.head, row);
    const names = named(
      S,
      q.pitch,
      [...weights.keys()].sort((a, b) => weights[b] - weights[a]),
    );
    return data.cols.map((_t, c) => {
      const middle = q.top + (c + 0.5) * q.pitch;
      const hidden = local.a.scaled[row * S + c] === -Infinity || !local.a.allowed[row * S + c];
      /** @type {Shapes[]} */
      const out = [
        hidden
          ? null
          : strip(
              g,
              slice(local.a.k, c),
              q.k,
              middle - tall / 2,
              q.strip,
              tall,
              max.k,
              q.pitch > 10 ? "k" : null,
            ),
        hidden
          ? null
          : strip(
              g,
              products[c],
              q.product,
              middle - tall / 2,
              q.strip,
              tall,
              most,
              q.pitch > 10 ? "line" : null,
            ),
      ];
      if (!names.has(c)) return out;
      const bar = Math.max(0, p.x + p.w - 44 - q.sum - (local.a.bias ? 112 : 66));
      out.push(
        hidden
          ? label(q.k, middle + 4, say("later: hidden by the mask"), { fill: "ink3" })
          : [
              label(q.sum + 62, middle + 4, num(local.a.scaled[row * S + c], 2), {
                anchor: "end",
                mono: true,
                fill: "ink",
              }),
              local.a.bias &&
                label(q.sum + 108, middle + 4, num(local.a.bias[row * S + c], 2), {
                  anchor: "end",
                  mono: true,
                  fill: "ink2",
                }),
              h("rect", {
                x: p.x + p.w - 42 - bar * weights[c],
                y: middle - 4,
                width: bar * weights[c],
                height: 8,
                fill: css("att"),
                opacity: 0.6,
              }),
              label(p.x + p.w - 6, middle + 4, num(weights[c], 2), {
                anchor: "end",
                mono: true,
                fill: "att-ink",
              }),
            ],
      );
      return out;
    });
  });
  g.part("pair keys", [row, col], () => {
    const weights = weightsOf(data, local, data.block, data.head, row);
    const names = named(S, q.pitch, [col, ...[...weights.keys()].sort((a, b) => weights[b] - weights[a])]);
    return data.cols.map(
      (t, c) =>
        names.has(c) &&
        chip(g, p.x + 0.75, q.top + (c + 0.5) * q.pitch, q.chips - 1.5, t.text, {
          height: clamp(q.pitch - 3, 13, 22),
          size: 12,
          id: t.id,
          colour: c === col ? "k" : q.pitch < 17 ? "bg" : undefined,
          faint: t.special || (data.causal && c > row),
        }),
    );
  });
  g.part("pair sum", [row, col, data.block, data.head], () =>
    drawSum(data, local, at, q, row, col, products[col]),
  );
}

/**
 * The pointed pair written out: its largest products, their sum, and what becomes of it.
 * @param {Data} data @param {Local} local @param {Layout} at @param {PairAt} q @param {number} row
 * @param {number} col @param {number[]} products
 */
function drawSum(data, local, at, q, row, col, products) {
  const p = at.panel;
  const S = data.cols.length;
  const y = q.bottom + 8;
  const order = products.map((_, i) => i).sort((a, b) => Math.abs(products[b]) - Math.abs(products[a]));
  const shown = order.slice(0, at.phone ? 3 : 5);
  const sum = products.reduce((a, b) => a + b, 0);
  const rest = sum - shown.reduce((a, i) => a + products[i], 0);
  const scaled = local.a.scaled[row * S + col];
  const hidden = !local.a.allowed[row * S + col];
  const digits = Math.abs(sum) >= 10 ? 1 : 2;
  const terms = shown
    .map((i) => num(products[i], digits))
    .join(" + ")
    .replaceAll("+ −", "− ");
  const others = products.length - shown.length;
  const line = `${terms}${others ? ` ${rest < 0 ? "−" : "+"} ${num(Math.abs(rest), digits)} (${counted(others, "other")})` : ""} = ${num(sum, 2)}`;
  const steps = [
    data.factorText && `${data.factorText} = ${num(scaled, 2)}`,
    local.a.bias && say("bias {value}", { value: num(local.a.bias[row * S + col], 2) }),
    hidden
      ? say("hidden by the mask: 0")
      : say("softmax over the row: {weight}", { weight: num(local.a.pattern[row * S + col], 3) }),
  ].filter(Boolean);
  return [
    h("rect", {
      x: p.x + 0.75,
      y: q.top + col * q.pitch,
      width: p.w - 1.5,
      height: Math.max(2, q.pitch),
      rx: 3,
      fill: "none",
      stroke: css("accent"),
      "stroke-width": 1.5,
    }),
    h("path", { d: `M${p.x},${y - 4}h${p.w}`, stroke: css("line") }),
    h(
      "text",
      { x: p.x, y: y + 14, "font-size": 12, fill: css("ink2") },
      h("tspan", { fill: css("q-ink") }, "q"),
      " · ",
      h("tspan", { fill: css("k-ink") }, "k"),
      " = ",
      h("tspan", { "font-family": MONO }, fit(line, p.w - 44, 12, true)),
    ),
    label(p.x, y + 32, fit(steps.join(say(", then ")), p.w, 12, false), { fill: "ink2" }),
  ];
}
