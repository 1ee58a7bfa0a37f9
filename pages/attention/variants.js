// Below the Attention picture, three panels. Masks side by side: the matrix of each (row asks, column answers), the
// learner's own words as the chosen row sees them, and what the whole model predicts when every head obeys it. Heads that
// share keys and values: query heads above, what they read below, and what sharing costs this model. And the cost of a
// longer text: measured points on the fitted curves, and the bytes of the scores under the axis.

import { roundStep } from "../../app/kit/axes.js";
import { counted } from "../../app/kit/counts.js";
import { mount, pointerAt } from "../../app/kit/glass.js";
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
  html,
  inLines,
  label,
  measure,
  num,
  thousands,
  tokenSpans,
  unpack,
  visible,
} from "../../app/kit/shapes.js";
import { sizeOf } from "../../app/kit/units.js";
import { isDesk, isPhone } from "../../app/kit/widths.js";

/**
 * @import { Local as Kept, Stage } from "../../app/kit/glass.js"
 * @import { Lettering, Packed, Shapes, Unpacked } from "../../app/kit/shapes.js"
 *
 * What Python sends (`record` in variants.py).
 * @typedef {object} Data
 * @property {string} model
 * @property {"decoder" | "encoder" | "encoder-decoder"} shape
 * @property {number} heads query heads of a block
 * @property {number} layers whose keys and values are kept
 * @property {number} dHead
 * @property {number} context tokens that the model can read
 * @property {[read: number, written: number]} tokens of the text
 * @property {number} stories held-out ones that a loss is measured on
 * @property {number} longest tokens of each of them
 * @property {string} waits why nothing is measured yet, or ""
 * @property {boolean} unsaid the model has no head that says tokens
 * @property {string[]} rows tokens of the stack whose masks are changed
 * @property {string[]} written tokens of an encoder-decoder's cross-attention that ask
 * @property {string[]} source and those that answer
 * @property {"next" | "hidden"} asked
 * @property {(Mask & Under)[]} masks
 * @property {(Shared & Under)[]} shared
 * @property {Cost} cost
 *
 * What the whole model makes of a change: likeliest tokens, losses in nats a token of the text and of the stories.
 * @typedef {{next: Likely[], loss: number | null, stories: number | null}} Under
 * @typedef {{id: number, text: string, p: number, own: number}} Likely own: what the model as it is gives the token
 * @typedef {{name: string, words: string, own: boolean, same: boolean, allowed: Packed<"u8">}} Mask allowed (T, T): 1 where row sees column
 * @typedef {{name: string, kv: number, own: boolean, bytes: number, full: number}} Shared kv heads of keys and values; the
 *   bytes of a cache for the text and for a full context
 *
 * Seconds of a pass by its length: measured points, and curves square · n² + linear · n + fixed through them.
 * @typedef {object} Cost
 * @property {({n: number, bytes: number} & Record<Kind, number>)[]} points
 * @property {Partial<Record<Kind, [square: number, linear: number, fixed: number]>>} curves
 * @property {number | null} crossing the first length at which attention takes longer than the rest
 * @property {number[]} lengths that are measured
 * @property {number} repeats
 * @property {number[]} bytes of one layer's scores at each length
 * @typedef {"attention" | "fused" | "rest"} Kind
 *
 * @typedef {Kept & {allowed: Unpacked<"u8">[], row: number, hover: number | null, data: Data, plan: MasksLayout, bound?: boolean}} Local
 *
 * One mask as it is drawn; cross-attention stands beside the masks that a model can be given.
 * @typedef {Partial<Under> & {name: string, words: string, own?: boolean, same?: boolean, rows: string[], cols: string[],
 *   allowed: Uint8Array, cross?: boolean, first: number, source?: boolean}} Panel first: the token that row 0 stands for
 * @typedef {{shown: string, text: string, i: number, x: number, line: number, w: number}} Word
 * @typedef {{panel: Panel, x: number, y: number, w: number, side: number, top: number, below: number, words: {placed: Word[], lines: number}}} Place
 * @typedef {{panels: Place[], about: string[], height: number}} MasksLayout
 * @typedef {{x: number, y: number, w: number}} Corner where a panel begins, and its width
 */

// ---------------------------------------------------------------- masks

const WORD = 17; // pixels of a line of words
const PREDICTIONS = 66; // and of three predictions

/**
 * The panels in order: the masks put on this model, and cross-attention, which reads another text.
 * @param {Data} data @param {Local} local
 * @returns {Panel[]}
 */
function panelsOf(data, local) {
  const T = data.rows.length;
  const own = data.masks.map((m, i) => ({
    ...m,
    rows: data.rows,
    cols: data.rows,
    allowed: local.allowed[i],
    first: 0,
  }));
  const source = data.source.length > 0;
  // Of a model that reads one text only, its first half stands for the text read and its second for what is written.
  const half = Math.max(1, Math.floor(T / 2));
  const cols = source ? data.source : data.rows.slice(0, half);
  const rows = source ? data.written : T > 1 ? data.rows.slice(half) : data.rows;
  const cross = {
    name: say("Cross"),
    words: source ? say("all of the text that is read") : say("all of another text: here, your first half"),
    cross: true,
    rows,
    cols,
    allowed: new Uint8Array(rows.length * cols.length).fill(1),
    first: source ? 0 : T > 1 ? half : 0,
    source,
  };
  return [...own, cross];
}
/**
 * The row of a panel that stands for the chosen token; in cross-attention some tokens ask nothing.
 * @param {Panel} panel @param {number} active
 */
const rowIn = (panel, active) =>
  panel.cross
    ? clamp(active - (panel.source ? 0 : panel.first), 0, panel.rows.length - 1)
    : clamp(active, 0, panel.rows.length - 1);
/** @param {Panel} panel @param {number} r */
const seenBy = (panel, r) => panel.cols.map((_, c) => panel.allowed[r * panel.cols.length + c] === 1);

/**
 * Words in lines: [{text, i, x, line, w}], and how many lines that makes.
 * @param {string[]} tokens @param {number} room
 */
function setWords(tokens, room) {
  let [x, line] = [0, 0];
  const placed = tokens.map((text, i) => {
    const shown = fit(visible(text), room, 12, true);
    const w = Math.min(measure(shown, 12, true) + 5, room);
    if (x && x + w > room) [x, line] = [0, line + 1];
    const at = { shown, text, i, x, line, w };
    x += w;
    return at;
  });
  return { placed, lines: line + 1 };
}

/** What the masks are put on, and how it is measured. @param {Data} data */
function aboutMasks(data) {
  if (data.unsaid) return say("Who may see whom under each mask. This model learned with its own.");
  const tokens = counted(data.longest, "token");
  return [
    say(
      "Each mask is put on every head of every block of this model, which learned with its own. The mark on a bar is the model as it is.",
    ),
    ...(data.asked === "next"
      ? [
          say(
            "Bidirectional, each token sees the one that it should predict: a loss that is low there is read off, not foretold.",
          ),
        ]
      : []),
    data.stories > 1
      ? say(
          "Losses of stories, here and below: nats a token of {stories} held-out stories, each read by itself and cut at {tokens}.",
          { stories: data.stories, tokens },
        )
      : say(
          "Losses of stories, here and below: nats a token of one held-out story, each read by itself and cut at {tokens}.",
          { tokens },
        ),
  ].join(" ");
}

/**
 * What stands where: {panels: [{panel, x, y, w, side, top, words}], height}.
 * @param {Stage} g @param {Data} data @param {Local} local
 */
function planMasks(g, data, local) {
  const panels = panelsOf(data, local);
  const gap = 24;
  const across = isDesk(g.width) ? panels.length : isPhone(g.width) ? 2 : 3;
  const w = (g.width - gap * (across - 1)) / across;
  const side = Math.min(150, w);
  const wordy = panels.map((panel) => setWords(panel.cols, w));
  const about = inLines(aboutMasks(data), g.width);
  let y = 16 * about.length + 14;
  /** @type {Place[]} */
  const out = [];
  for (let from = 0; from < panels.length; from += across) {
    const line = panels.slice(from, from + across);
    const rules = Math.max(...line.map((p) => inLines(p.words, w).length));
    const lines = Math.max(...wordy.slice(from, from + across).map((one) => one.lines));
    const top = y + 22 + 16 * rules + 8;
    out.push(
      ...line.map((panel, k) => ({
        panel,
        x: k * (w + gap),
        y,
        w,
        side,
        top,
        words: wordy[from + k],
        below: top + side + 32 + WORD * lines,
      })),
    );
    y = top + side + 32 + WORD * lines + 20 + PREDICTIONS + 80;
  }
  return { panels: out, about, height: y - 32 };
}
/** @param {Place} at @param {Panel} panel */
function box(at, panel) {
  const cell = at.side / Math.max(panel.rows.length, panel.cols.length);
  return { cell, w: cell * panel.cols.length, h: cell * panel.rows.length };
}

/** @param {Stage} g @param {Local} local @param {MasksLayout} plan */
function drawMasks(g, local, plan) {
  const active = local.hover ?? local.row;
  return plan.panels.map((at) => {
    const { panel } = at;
    const r = rowIn(panel, active);
    const seen = seenBy(panel, r);
    const { cell, w, h: tall } = box(at, panel);
    const T = panel.cols.length;
    const [on, off, chosen] = [hex(g.color("att")), hex(g.color("field")), hex(g.color("accent"))];
    /** @type {Shapes[]} */
    const parts = [
      label(at.x, at.y + 14, fit(panel.name, at.w - (panel.own ? 84 : panel.same ? 40 : 0), 14, false), {
        size: 14,
        weight: 600,
        fill: "ink",
      }),
      (panel.own || panel.same) &&
        label(at.x + at.w, at.y + 14, panel.own ? say("this model’s") : say("same"), {
          anchor: "end",
          fill: panel.own ? "accent" : "ink3",
        }),
      inLines(panel.words, at.w).map((line, i) => label(at.x, at.y + 32 + 16 * i, line, { fill: "ink3" })),
      h("rect", {
        x: at.x - 0.5,
        y: at.top - 0.5,
        width: w + 1,
        height: tall + 1,
        fill: "none",
        stroke: css("line"),
      }),
      heatImage(
        at.x,
        at.top,
        w,
        tall,
        heat(panel.allowed, panel.rows.length, T, (v, i) =>
          v ? (Math.floor(i / T) === r ? chosen : on) : off,
        ),
      ),
    ];
    if (cell >= 7)
      parts.push(
        h("path", {
          d: lattice(at.x, at.top, panel.rows.length, T, cell),
          stroke: css("bg"),
          "stroke-width": 1,
        }),
      );
    parts.push(
      h("rect", {
        x: at.x - 1,
        y: at.top + r * cell - 1,
        width: w + 2,
        height: cell + 2,
        rx: 2,
        fill: "none",
        stroke: css("q"),
        "stroke-width": 2,
      }),
    );
    const count = seen.filter(Boolean).length;
    const base = at.top + at.side + 18;
    parts.push(
      h(
        "text",
        { x: at.x, y: base, "font-size": 12, fill: css("ink2") },
        tokenLabel(panel.rows[r]),
        say(" sees {count} of {all}", { count, all: T }),
      ),
    );
    const self = panel.cross ? -1 : r;
    for (const word of at.words.placed) {
      parts.push(
        h(
          "text",
          {
            x: at.x + word.x,
            y: base + 4 + WORD * (word.line + 1),
            "font-family": MONO,
            "font-size": 12,
            direction: "ltr",
            fill: css(word.i === self ? "q-ink" : seen[word.i] ? "ink" : "ink3"),
            "font-weight": word.i === self ? 700 : null,
            "text-decoration": seen[word.i] ? null : "line-through",
          },
          word.shown,
        ),
      );
    }
    return h("g", {}, parts);
  });
}
/** @param {string} text */
const tokenLabel = (text) =>
  h(
    "tspan",
    { "font-family": MONO, fill: css("q-ink"), "font-weight": 600 },
    fit(visible(text), 70, 12, true),
  );
/** @param {number} x @param {number} y @param {number} rows @param {number} cols @param {number} cell */
function lattice(x, y, rows, cols, cell) {
  let d = "";
  for (let c = 1; c < cols; c++) d += `M${x + c * cell},${y}v${rows * cell}`;
  for (let r = 1; r < rows; r++) d += `M${x},${y + r * cell}h${cols * cell}`;
  return d;
}

/**
 * Three predictions: a word, its probability, a bar, and a mark where the model as it is has it.
 * @param {Stage} g @param {number} x @param {number} y @param {number} w @param {Likely[]} tokens
 */
function predictions(g, x, y, w, tokens) {
  return h(
    "g",
    {},
    tokens.map((t, i) => {
      const at = y + 22 * i;
      const said = num(t.p, 3);
      return [
        h(
          "text",
          { x, y: at + 11, "font-family": MONO, "font-size": 12, fill: css("ink"), direction: "ltr" },
          tokenSpans(t.text, w - measure(said, 12, true) - 10, 12),
        ),
        label(x + w, at + 11, said, { anchor: "end", mono: true }),
        h("rect", { x, y: at + 15, width: w, height: 3, rx: 1.5, fill: css("field") }),
        h("rect", { x, y: at + 15, width: Math.max(1, w * t.p), height: 3, rx: 1.5, fill: css("res") }),
        h("path", { d: `M${x + w * t.own},${at + 13}v7`, stroke: css("accent"), "stroke-width": 2 }),
        g.tip(
          h("rect", { x, y: at, width: w, height: 20, fill: "transparent" }),
          say("{token}: {here} here, {own} with the model as it is", {
            token: visible(t.text),
            here: num(t.p, 4),
            own: num(t.own, 4),
          }),
        ),
      ];
    }),
  );
}
/** @param {Data} data */
const word = (data) => (data.asked === "next" ? say("Next word") : say("Predicted word"));

/**
 * What the model makes of each mask.
 * @param {Stage} g @param {Data} data @param {MasksLayout} plan
 */
function drawUnder(g, data, plan) {
  const stories =
    data.stories > 1 ? say("{count} held-out stories", { count: data.stories }) : say("a held-out story");
  const about = plan.about.map((line, i) => label(0, 12 + 16 * i, line, { fill: "ink3" }));
  return [
    about,
    plan.panels.map(({ panel, x, w, below }) => {
      if (panel.cross) {
        const text = panel.source
          ? say(
              "As this model has it: between its decoder and its encoder. Its two texts share no places, so no window fits.",
            )
          : say("This model has none: it reads one text. An encoder-decoder asks so for what it writes.");
        return h(
          "g",
          {},
          inLines(text, w).map((line, i) => label(x, below + 14 + 16 * i, line, { fill: "ink3" })),
        );
      }
      const own = data.masks.find((m) => m.own)?.stories ?? 0;
      const worse = !panel.own && (panel.stories ?? 0) > own + 0.005;
      if (data.waits)
        return h(
          "g",
          {},
          inLines(data.waits, w).map((line, i) => label(x, below + 14 + 16 * i, line, { fill: "ink3" })),
        );
      return h(
        "g",
        {},
        label(x, below + 14, fit(word(data), w, 12, false), { fill: "ink2", weight: 600 }),
        predictions(g, x, below + 22, w, panel.next ?? []),
        label(x, below + 22 + PREDICTIONS + 16, say("Loss, nats a token"), { fill: "ink2", weight: 600 }),
        [
          { name: say("your text"), value: panel.loss ?? 0 },
          { name: stories, value: panel.stories ?? 0 },
        ].map(({ name, value }, i) => [
          label(x, below + 22 + PREDICTIONS + 33 + 17 * i, fit(name, w - 46, 12, false), { fill: "ink3" }),
          label(x + w, below + 22 + PREDICTIONS + 33 + 17 * i, num(value, 2), {
            anchor: "end",
            mono: true,
            fill: i && worse ? "accent" : "ink",
          }),
        ]),
      );
    }),
  ];
}

/**
 * The row under a point of the masks, or null.
 * @param {MasksLayout} plan @param {number} x @param {number} y
 */
function maskRow(plan, x, y) {
  for (const at of plan.panels) {
    const { panel } = at;
    const { cell, w, h: tall } = box(at, panel);
    if (x >= at.x && x < at.x + w && y >= at.top && y < at.top + tall)
      return (panel.cross && !panel.source ? panel.first : 0) + Math.floor((y - at.top) / cell);
    const first = at.top + at.side + 22;
    const found = at.words.placed.find(
      (one) =>
        x >= at.x + one.x &&
        x < at.x + one.x + one.w &&
        y >= first + WORD * one.line + 4 &&
        y < first + WORD * (one.line + 1) + 4,
    );
    if (found && !panel.cross) return found.i;
  }
  return null;
}

// ---------------------------------------------------------------- heads that share keys

/** @param {number} w */
const tallRow = (w) => (w < 520 ? 262 : 112);

/**
 * One way: H query heads, joined by lines to the heads of keys and values that they read.
 * @param {number} x @param {number} y @param {number} w @param {number} heads @param {number} kv
 */
function wiring(x, y, w, heads, kv) {
  const step = Math.min(30, w / heads);
  const size = clamp(step - 4, 3, 18);
  const half = Math.min(size, (step - 4) / 2); // a key beside its value
  const group = heads / kv;
  const top = (/** @type {number} */ i) => x + (i + 0.5) * step;
  const low = (/** @type {number} */ k) => top(k * group) + ((group - 1) * step) / 2;
  /** @type {Shapes[]} */
  const parts = [];
  for (let i = 0; i < heads; i++) {
    const k = Math.floor(i / group);
    parts.push(
      h("path", {
        d: `M${top(i)},${y + size}L${low(k)},${y + 52}`,
        stroke: css("ink3"),
        "stroke-width": 1.2,
      }),
      h("rect", { x: top(i) - size / 2, y, width: size, height: size, rx: 3, fill: css("q") }),
    );
  }
  for (let k = 0; k < kv; k++) {
    parts.push(
      h("rect", { x: low(k) - half, y: y + 52, width: half - 0.5, height: size, rx: 2, fill: css("k") }),
      h("rect", { x: low(k) + 0.5, y: y + 52, width: half - 0.5, height: size, rx: 2, fill: css("v") }),
    );
  }
  return parts;
}
/** @param {string} text */
const capital = (text) => text.replace(/^./, (c) => c.toUpperCase());

/** @param {Data} data @param {number} w */
function headsHeight(data, w) {
  return 58 + data.shared.length * tallRow(w) + 44;
}

/** @param {Stage} g @param {Data} data @param {Corner} at */
function drawShared(g, data, at) {
  const { x, y, w } = at;
  const narrow = w < 520;
  const own = data.shared.find((one) => one.own);
  const names = own
    ? 1.08 * (measure(capital(own.name), 12, false) + measure(say("this model’s"), 12, false)) + 8
    : 0;
  const lead = narrow ? w : Math.max(150, Math.ceil(names) - 12);
  const most = Math.max(...data.shared.map((one) => one.full));
  const worst = Math.max(...data.shared.flatMap((one) => [one.loss ?? 0, one.stories ?? 0]), 1e-9);
  const about = inLines(
    say(
      "Fewer heads of keys and values make a smaller cache. Here each group’s were replaced by their mean; a model meant for it is trained so.",
    ),
    w,
  );
  const from = y + 42 + 16 * about.length;
  /** @type {Shapes[]} */
  const parts = [
    label(x, y + 14, say("Heads that share keys"), { size: 14, weight: 600, fill: "ink" }),
    about.map((line, i) => label(x, y + 34 + 16 * i, line, { fill: "ink3" })),
  ];
  const columns = narrow
    ? [0, w / 2]
    : [lead + 24, lead + 24 + (w - lead - 24) * 0.36, lead + 24 + (w - lead - 24) * 0.7];
  const room = narrow ? w / 2 - 16 : (w - lead - 24) * 0.3;
  data.shared.forEach((one, i) => {
    const top = from + i * tallRow(w);
    const said = say("{heads}, {kv} of keys and values", {
      heads: counted(data.heads, "query head"),
      kv: one.kv,
    });
    parts.push(
      i > 0 && h("path", { d: `M${x},${top - 12.5}h${w}`, stroke: css("line") }),
      label(x, top + 4, capital(one.name), { weight: 600, fill: "ink" }),
      one.own &&
        label(x + measure(capital(one.name), 12, false) * 1.08 + 8, top + 4, say("this model’s"), {
          fill: "accent",
        }),
      wiring(x, top + 16, narrow ? Math.min(w, 240) : lead, data.heads, one.kv),
    );
    const low = narrow ? top + 100 : top;
    const [cache, next, loss] = narrow ? [x, x + columns[1], x] : columns.map((c) => x + c);
    parts.push(
      label(cache, low + 4, say("Keys and values"), { weight: 600 }),
      label(cache, low + 24, say("your text {size}", { size: sizeOf(one.bytes) }), {
        mono: false,
        fill: "ink",
      }),
      label(cache, low + 42, `${counted(data.context, "token")} ${sizeOf(one.full)}`, { fill: "ink2" }),
      h("rect", { x: cache, y: low + 50, width: room, height: 6, rx: 3, fill: css("field") }),
      h("rect", {
        x: cache,
        y: low + 50,
        width: Math.max(2, (room * one.full) / most),
        height: 6,
        rx: 3,
        fill: css("k"),
      }),
      g.tip(
        h("rect", { x: cache, y: low, width: room, height: 60, fill: "transparent" }),
        say("{heads}: {count} bytes for your text", { heads: said, count: thousands(one.bytes) }),
      ),
      !data.waits && label(next, low + 4, fit(word(data), room, 12, false), { weight: 600 }),
      predictions(g, next, low + 12, room, one.next),
    );
    const under = narrow ? low + 74 : low;
    const where = narrow ? cache : loss;
    if (data.waits) {
      parts.push(
        inLines(data.waits, room).map((line, k) => label(where, under + 4 + 16 * k, line, { fill: "ink3" })),
      );
      return;
    }
    const losses = [
      { name: say("your text"), value: one.loss ?? 0 },
      { name: data.stories > 1 ? counted(data.stories, "story") : say("a story"), value: one.stories ?? 0 },
    ];
    for (const [k, { name, value }] of losses.entries())
      parts.push(
        k === 0 && label(where, under + 4, say("Loss, nats a token"), { weight: 600 }),
        label(where, under + 24 + 26 * k, name, { fill: "ink3" }),
        label(where + room, under + 24 + 26 * k, num(value, 2), { anchor: "end", mono: true, fill: "ink" }),
        h("rect", { x: where, y: under + 29 + 26 * k, width: room, height: 4, rx: 2, fill: css("field") }),
        h("rect", {
          x: where,
          y: under + 29 + 26 * k,
          width: Math.max(1, (room * value) / worst),
          height: 4,
          rx: 2,
          fill: css(one.own ? "res" : "accent"),
        }),
      );
  });
  const one = data.shared[0];
  const tokens = data.tokens.reduce((a, b) => a + b);
  const formula = say(
    "2 (a key, a value) × {layers} × {heads} × {numbers} × {tokens} × {each} bytes = {all}",
    {
      layers: counted(data.layers, "layer"),
      heads: counted(one.kv, "head"),
      numbers: counted(data.dHead, "number"),
      tokens: counted(tokens, "token"),
      each: one.bytes / (2 * data.layers * one.kv * data.dHead * tokens),
      all: thousands(one.bytes),
    },
  );
  const base = from + data.shared.length * tallRow(w);
  parts.push(
    inLines(
      data.shape === "encoder"
        ? `${formula}. ${say("An encoder reads a text once and keeps none of it.")}`
        : formula,
      w,
    ).map((line, i) => label(x, base + 16 * i, line, { fill: "ink3" })),
  );
  return parts;
}

// ---------------------------------------------------------------- the cost by length

/** @type {{key: Kind, name: string, colour: string, ink: string, dash: string | null}[]} */
const LINES = [
  { key: "attention", name: say("scores, softmax, mixing"), colour: "att", ink: "att-ink", dash: null },
  { key: "fused", name: say("the same, fused"), colour: "accent", ink: "accent", dash: "7 4" },
  { key: "rest", name: say("all the rest"), colour: "res", ink: "ink2", dash: "2 3" },
];
/** @param {number} s */
const milliseconds = (s) =>
  s < 0.00995
    ? `${num(1e3 * s, 2)} ms`
    : s < 0.0995
      ? `${num(1e3 * s, 1)} ms`
      : s < 9.995
        ? `${num(1e3 * s, 0)} ms`
        : `${num(s, 1)} s`;
/** @type {(curve: [square: number, linear: number, fixed: number], n: number) => number} */
const at2nd = ([square, linear, fixed], n) => square * n * n + linear * n + fixed; // core.analysis.heads.cost.Curve

/** @param {Data} data @param {number} w */
function costWords(data, w) {
  const { points, lengths, repeats, bytes: sizes, crossing } = data.cost;
  if (!points.length) {
    const measured = {
      least: lengths[0],
      most: thousands(lengths[lengths.length - 1]),
      passes: counted(repeats, "pass"),
    };
    const sized = { least: sizeOf(sizes[0]), most: sizeOf(sizes[sizes.length - 1]) };
    return inLines(
      [
        say(
          "Every pair of tokens has a score, so attention grows with the square of the length and everything else in step with it.",
        ),
        say(
          "One press measures this model here: texts of {least} to {most} random tokens, the middle of {passes} each, some seconds in all.",
          measured,
        ),
        say("The scores of one layer then take {least} to {most}.", sized),
      ].join(" "),
      w,
    );
  }
  const last = points[points.length - 1];
  const { attention, rest } = data.cost.curves;
  const square =
    attention && rest
      ? [
          say("Fitted: {square} ns × length² for attention, {linear} µs × length for the rest.", {
            square: num(1e9 * attention[0], 1),
            linear: num(1e6 * rest[1], 1),
          }),
        ]
      : [];
  const when =
    crossing === null
      ? say("At none of these lengths did attention take longer than the rest.")
      : say("From {tokens} on, attention took longer than all the rest.", {
          tokens: counted(crossing, "token"),
        });
  const cut =
    last.n < lengths[lengths.length - 1] ? [say("Longer texts would not have fitted into the time.")] : [];
  const fused = say("Fused: one kernel that never keeps the scores, {size} a layer at {tokens}.", {
    size: sizeOf(last.bytes),
    tokens: counted(last.n, "token"),
  });
  return inLines([...square, when, ...cut, fused].join(" "), w);
}
/** @param {Data} data @param {number} w */
const costHeight = (data, w) => (data.cost.points.length ? 330 : 40) + 16 * costWords(data, w).length + 44;

/** @param {Stage} g @param {Data} data @param {Corner} at */
function drawCost(g, data, at) {
  const { x, y, w } = at;
  const { points, curves } = data.cost;
  /** @type {Shapes[]} */
  const parts = [label(x, y + 14, say("Cost as the text grows"), { size: 14, weight: 600, fill: "ink" })];
  const words = costWords(data, w);
  if (!points.length)
    return [...parts, words.map((line, i) => label(x, y + 36 + 16 * i, line, { fill: "ink3" }))];
  const [left, right, top, bottom] = [x + 52, x + w - 12, y + 36, y + 270];
  const last = points[points.length - 1];
  const end = last.n;
  const most = 1.06 * Math.max(...points.flatMap((p) => LINES.map(({ key }) => p[key])));
  const X = (/** @type {number} */ n) => left + ((right - left) * n) / end;
  const Y = (/** @type {number} */ s) => bottom - ((bottom - top) * s) / most;
  const step = roundStep(most / 4);
  for (let v = 0; v <= most; v += step) {
    parts.push(
      h("path", { d: `M${left},${Y(v)}H${right}`, stroke: css("line") }),
      label(left - 8, Y(v) + 4, milliseconds(v).replace("0.00 ms", "0"), { anchor: "end", fill: "ink3" }),
    );
  }
  const sides = [say("tokens"), say("scores")];
  const low = bottom + 16;
  let free = x + Math.max(46, ...sides.map((side) => measure(side, 12, false) + 6));
  points.forEach((p) => {
    const size = sizeOf(p.bytes);
    const wide = Math.max(measure(thousands(p.n), 12, false), measure(size, 12, false));
    if (X(p.n) - wide / 2 < free) return;
    free = X(p.n) + wide / 2 + 10;
    /** @type {Lettering} */
    const o = { anchor: p.n === end ? "end" : "middle", fill: "ink3" };
    parts.push(
      label(p.n === end ? right + 12 : X(p.n), low, thousands(p.n), o),
      label(p.n === end ? right + 12 : X(p.n), low + 16, size, o),
    );
  });
  parts.push(sides.map((side, i) => label(x, low + 16 * i, side, { fill: "ink3" })));
  LINES.forEach((line, k) => {
    const curve = curves[line.key];
    if (curve) {
      const path = Array.from(
        { length: 61 },
        (_, i) =>
          `${i ? "L" : "M"}${X((end * i) / 60).toFixed(1)},${Y(at2nd(curve, (end * i) / 60)).toFixed(1)}`,
      ).join("");
      parts.push(
        h("path", {
          d: path,
          fill: "none",
          stroke: css(line.colour),
          "stroke-width": 2,
          "stroke-dasharray": line.dash,
        }),
      );
    }
    parts.push(
      points.map((p) =>
        g.tip(
          h("circle", {
            cx: X(p.n),
            cy: Y(p[line.key]),
            r: 4,
            fill: css(line.colour),
            stroke: css("bg"),
            "stroke-width": 1,
          }),
          `${counted(p.n, "token")}: ${line.name} ${milliseconds(p[line.key])}`,
        ),
      ),
    );
    parts.push(
      h("path", {
        d: `M${left + 10},${top + 10 + 18 * k}h22`,
        stroke: css(line.colour),
        "stroke-width": 2,
        "stroke-dasharray": line.dash,
      }),
      label(left + 40, top + 14 + 18 * k, `${line.name} ${milliseconds(last[line.key])}`, { fill: line.ink }),
    );
  });
  return [...parts, words.map((line, i) => label(x, low + 42 + 16 * i, line, { fill: "ink3" }))];
}

// ---------------------------------------------------------------- the picture

/** What the model makes of a change, for screen readers. @type {(one: Partial<Under>) => string} */
const foretold = ({ next = [], stories }) =>
  say("likeliest {token} {chance}, loss of the stories {loss}", {
    token: visible(next[0].text),
    chance: num(next[0].p, 3),
    loss: num(stories ?? 0, 2),
  });

/** @type {import("../../app/kit/glass.js").View<Data, Local>} */
const variants = {
  init(data, local) {
    const chosen = local.sel.row ?? -1;
    const last = data.rows.length - 1;
    return {
      allowed: data.masks.map((m) => unpack(m.allowed)),
      row: chosen < 0 || chosen > last ? last : chosen,
      hover: null,
      data,
    };
  },
  selected(_g, _data, local, change) {
    if ("row" in change) local.row = change.row;
  },

  draw(g, data, local) {
    if (!local.bound) {
      local.bound = true;
      bindMasks(g, local);
    }
    const plan = planMasks(g, data, local);
    local.plan = plan;
    const wide = isDesk(g.width);
    g.part("masks", [local.hover, local.row], () => drawMasks(g, local, plan));
    g.part("under", null, () => drawUnder(g, data, plan));
    const y = plan.height + 30;
    const w = wide ? Math.round(g.width * 0.56) : g.width;
    const left = { x: 0, y, w };
    const right = wide
      ? { x: w + 48, y, w: g.width - w - 48 }
      : { x: 0, y: y + headsHeight(data, w) + 24, w: g.width };
    g.part("shared", null, () => drawShared(g, data, left));
    g.part("cost", null, () => drawCost(g, data, right));
    const ends = right.y + costHeight(data, right.w);
    g.overlay(
      "measure",
      { left: right.x, top: ends - 34, height: wide ? 28 : 44 },
      () =>
        html("button", {
          type: "button",
          class: "gb-button att-measure",
          click: () => g.send("measure", { at: Date.now() }),
        }),
      (node) => {
        node.textContent = data.cost.points.length ? say("Measure again") : say("Measure now");
      },
    );
    g.height = Math.max(y + headsHeight(data, w), ends + (wide ? 4 : 20));
  },

  // Arrows: another token asks.
  key(event, g, data, local) {
    const by = Number(/^Arrow(Down|Right)$/.test(event.key)) - Number(/^Arrow(Up|Left)$/.test(event.key));
    if (!by) return false;
    local.hover = null;
    g.select({ row: clamp(local.row + by, 0, data.rows.length - 1) });
    return true;
  },

  describe(data, local) {
    const active = local.hover ?? local.row;
    const masks = panelsOf(data, local).map((panel) => {
      const seen = seenBy(panel, rowIn(panel, active)).filter(Boolean).length;
      const then = panel.cross || data.waits ? "" : `, ${foretold(panel)}`;
      return `${say("{mask}: sees {seen} of {all}", { mask: panel.name, seen, all: panel.cols.length })}${then}`;
    });
    const shared = data.shared.map(
      (one) =>
        `${say("{sharing} with {heads}: {size}", { sharing: one.name, heads: one.kv, size: sizeOf(one.bytes) })}${data.waits ? "" : `, ${foretold(one)}`}`,
    );
    const cost = data.cost.points.map(
      (p) =>
        `${counted(p.n, "token")} ${LINES.map(({ key, name }) => `${name} ${milliseconds(p[key])}`).join(", ")}`,
    );
    return say(
      "Who may see whom, as {token} asks. {masks}. Heads that share keys. {sharings}. Cost. {costs}.",
      {
        token: visible(data.rows[clamp(active, 0, data.rows.length - 1)]),
        masks: masks.join("; "),
        sharings: shared.join("; "),
        costs: cost.join("; ") || say("not measured yet"),
      },
    );
  },

  state(data, local) {
    const panels = panelsOf(data, local);
    const active = local.hover ?? local.row;
    return {
      row: local.row,
      hover: local.hover !== null,
      active,
      masks: panels.map((panel) => ({
        name: panel.name,
        own: panel.own ?? null,
        seen: seenBy(panel, rowIn(panel, active)).flatMap((on, c) => (on ? [c] : [])),
        next: panel.next ?? [],
        loss: panel.loss ?? null,
        stories: panel.stories ?? null,
      })),
      shared: data.shared,
      cost: data.cost.points,
      curves: data.cost.curves,
    };
  },
};

/** @param {Stage} g @param {Local} local */
function bindMasks(g, local) {
  const under = (/** @type {MouseEvent} */ event) => maskRow(local.plan, ...pointerAt(g, event));
  g.svg.addEventListener("pointermove", (event) => {
    const row = under(event);
    g.svg.style.cursor = row === null ? "" : "pointer";
    if (row === local.hover) return;
    local.hover = row;
    g.redraw();
  });
  g.svg.addEventListener("pointerleave", () => {
    if (local.hover !== null) {
      local.hover = null;
      g.redraw();
    }
  });
  g.svg.addEventListener("click", (event) => {
    const row = under(event);
    if (row !== null) g.select({ row: clamp(row, 0, local.data.rows.length - 1) });
  });
}

export default mount("attention_variants", variants);
