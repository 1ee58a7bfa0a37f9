// A word as a row of a table: its row by a one-hot product, all words on a map, its neighbours, an analogy. layout.js says
// what stands where.

import { counted } from "../../app/kit/counts.js";
import { mount, pointerAt } from "../../app/kit/glass.js";
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
  html,
  inLines,
  label,
  measure,
  num,
  percent,
  thousands,
  sizeIn,
  tokenSpans,
  unpack,
  visible,
  wire,
} from "../../app/kit/shapes.js";
import { shared } from "../../app/kit/shared.js";
import { entryKey, stepMode } from "../../app/kit/steps.js";
import { wordmap } from "../../app/kit/wordmap.js";
import { plan } from "./layout.js";

/**
 * @import { Stage, View } from "../../app/kit/glass.js"
 * @import { Packed, Point, Shapes, Unpacked } from "../../app/kit/shapes.js"
 * @import { Plan } from "./layout.js"
 *
 * What figure.py sends. A row is the number of a word in the table, counted from 0.
 * @typedef {object} Data
 * @property {string} stamp
 * @property {{id: "glove" | "model" | "learned", name: string, size: number, dims: number, shown: number}} table the chosen one:
 *   `size` words, of which the map shows the first
 * @property {"all" | "near" | "analogy"} gaze which words the plane of the map is laid through
 * @property {string[]} tokens of the open text
 * @property {Large<string>} words JSON of the table's first words
 * @property {Large<Packed> & {share: number}} map (words, 2): places in a plane that holds `share` of the spread
 * @property {Packed<"u8">} shades (words,): by the cosine with the looked-up row, or with the analogy's arrow
 * @property {Piece[]} pieces of the text, as the table cuts it
 * @property {{word: string, row: number, at: number | null, said: string, offers: string[]}} subject the word that is looked up: at:
 *   its place among the pieces; said: what there is to say of it; offers: words spelt like one that the table does not have
 * @property {Lookup} lookup
 * @property {{word: string, row: number, cosine: number, dot: number, length: number}[]} near the nearest words, best first
 * @property {Other | null} other null: there is one table only
 * @property {Analogy} analogy
 */
/**
 * What is large and sent once: without `sent` the browser has it already, under this key.
 * @template Sent
 * @typedef {{key: string, sent?: Sent}} Large
 */
/**
 * A word of the text: its first token and its row (null: the table does not have it).
 * @typedef {{text: string, follow: number, row: number | null}} Piece
 *
 * Some rows of the table (rows, dims), with x, which is 1 at the word's row, and the word's own row, x times the table.
 * @typedef {{rows: number[], words: string[], one_hot: number[], values: Packed, product: Packed, length: number}} Lookup
 *
 * The same word in the table that is not chosen.
 * @typedef {{name: string, size: number, dims: number, row: null, values?: undefined} | {name: string, size: number, dims: number, row: number, word: string, values: Packed, near: {word: string, cosine: number}[]}} Other
 *
 * b − a + c. said: why it cannot be put, and the other fields are missing. ends: places of a, b, c, the answer and the arrow's
 * end; arrows: from and to, as numbers of these ends.
 * @typedef {{written: string[], said: string, answers: {word: string, row: number, cosine: number}[], words?: string[], rows?: number[], ends?: Point[], arrows?: [number, number][]}} Analogy
 * @typedef {Required<Analogy>} Put
 */
/**
 * What the browser keeps; points and words are null while they are asked for again. lasso: rows of words that were encircled.
 * @typedef {object} Kept
 * @property {Record<string, any>} sel
 * @property {Unpacked | null} points
 * @property {string[] | null} words
 * @property {Unpacked<"u8">} shades
 * @property {Uint8Array} flat every word alike, as long as none is looked for
 * @property {Unpacked} values
 * @property {Unpacked} product
 * @property {Unpacked | null} other
 * @property {number[] | null} lasso
 * @property {ReturnType<typeof wordmap> | null} [map]
 * @property {string} [asked]
 * @property {boolean} [asks] whether another word can be looked up
 *
 * @typedef {(g: Stage, data: Data, local: Kept, at: Plan, step: number) => void} Draw
 */

const stages = stepMode("stage", [
  say("Words"),
  say("One-hot row"),
  say("Times the table"),
  say("The row"),
  say("Map"),
  say("Neighbours"),
  say("Analogy"),
]);
const [CUT, HOT, TABLE, ROW, MAP, NEAR] = [0, 1, 2, 3, 4, 5];
/** A word inside a sentence. @param {string} text */
const word = (text) => `“${visible(text)}”`;

/** What a step does, said with the picture's own numbers. @type {((d: Data) => string)[]} */
const WORDS = [
  (d) => {
    const values = {
      size: thousands(d.table.size),
      word: word(d.subject.word),
      row: thousands(d.subject.row),
    };
    return d.table.id === "model"
      ? say(
          "A model cannot multiply letters: your text is cut into tokens, words or parts of words, and a list of {size} gives each its number. {word} is number {row}.",
          values,
        )
      : say(
          "A model cannot multiply letters: your text is cut into words, and a list of {size} gives each its number. {word} is number {row}.",
          values,
        );
  },
  (d) =>
    say(
      "The number becomes a row x with a place for each of the {words}: 1 at place {row}, 0 everywhere else (“one-hot”). All such rows are equally far from each other: nothing in them says which words are alike.",
      { words: counted(d.table.size, "word"), row: thousands(d.subject.row) },
    ),
  (d) =>
    say(
      "The table E has {numbers} for each word, learned from text (green: above 0, brown: below). x times E multiplies each row of E by its word’s place in x: by 0, all but one.",
      { numbers: counted(d.table.dims, "number") },
    ),
  (d) =>
    say(
      "Added up, one row is left: row {row} as it stands in the table, so a program simply reads it. These {numbers} are the embedding of {word}, and all that the model gets of it.",
      { row: thousands(d.subject.row), numbers: counted(d.table.dims, "number"), word: word(d.subject.word) },
    ),
  (d) =>
    say(
      "{numbers} are an arrow in a space of {dims} dimensions, which nobody can draw. The map is its flat shadow: each dot is a word, seen from the side from which all {shown} differ most ({share} of their differences).",
      {
        numbers: counted(d.table.dims, "number"),
        dims: d.table.dims,
        shown: thousands(d.table.shown),
        share: percent(d.map.share, 1),
      },
    ),
  (d) =>
    say(
      "Words are alike when their arrows point the same way; the cosine measures it, from 1, the same way, to −1, the opposite one.",
    ) +
    (d.near.length
      ? say(" {word} and {other}: product {dot} ÷ lengths {length} × {other_length} = {cosine}.", {
          word: word(d.subject.word),
          other: word(d.near[0].word),
          dot: num(d.near[0].dot, 2),
          length: num(d.lookup.length, 2),
          other_length: num(d.near[0].length, 2),
          cosine: num(d.near[0].cosine, 3),
        })
      : ""),
  (d) =>
    d.analogy.words
      ? say(
          "Differences are arrows, too: take {a} away from {b}, add {c}, and of all others the arrow that lies nearest is that of {answer}.",
          {
            a: word(d.analogy.words[0]),
            b: word(d.analogy.words[1]),
            c: word(d.analogy.words[2]),
            answer: word(d.analogy.answers[0].word),
          },
        )
      : say(
          "Differences are arrows, too: take one word away from a second, add a third, and see whose arrow lies nearest.",
        ),
];
/** A step's caption; the boxes are there where words can be looked up. @type {(data: Data, local: Kept) => (step: number) => string} */
const caption = (data, local) => (step) => {
  const boxes = data.analogy.words
    ? say(" The boxes take three words of your own.")
    : say(" Write three words into the boxes.");
  return `${WORDS[step](data)}${step === stages.last && local.asks ? boxes : ""}`;
};

/** What a step draws where the map comes later: the words’ numbers, or the product. @type {Draw} */
function drawStep(g, data, local, at, step) {
  if (step >= MAP) return;
  const box = { x: at.words.x, y: at.words.y + 14, w: Math.min(at.words.w, 560) };
  g.part("drawn", [step, box], () =>
    step === CUT ? drawNumbers(data, box) : drawProduct(g, data, local, box, step),
  );
}

/** The text's words with their numbers. @type {(data: Data, box: {x: number, y: number, w: number}) => Shapes} */
function drawNumbers(data, { x, y, w }) {
  const across = w < 420 ? 2 : 3;
  return data.pieces.slice(0, 10 * across).map((one, i) => {
    const [left, top] = [x + ((i % across) * w) / across, y + 22 * Math.floor(i / across)];
    const chosen = i === data.subject.at;
    return [
      h(
        "text",
        {
          x: left,
          y: top + 14,
          "font-family": MONO,
          "font-size": 13,
          fill: css(chosen ? "accent" : "ink"),
          "font-weight": chosen ? 700 : null,
          direction: "ltr",
        },
        tokenSpans(one.text, 96, 13),
      ),
      label(left + 104, top + 14, one.row === null ? sayOf("row", "none") : thousands(one.row), {
        mono: true,
        fill: chosen ? "accent" : "ink3",
        weight: chosen ? 700 : null,
      }),
    ];
  });
}

/** x times E is the row: the three of them to scale, as far as a screen can. @type {(g: Stage, data: Data, local: Kept, box: {x: number, y: number, w: number}, step: number) => Shapes} */
function drawProduct(g, data, local, { x, y, w }, step) {
  const share = data.subject.row / Math.max(1, data.table.size - 1);
  const [rowW, tall, tableW] = [Math.round(w * 0.38), 190, Math.round(w * 0.2)];
  /** @type {(name: string, left: number, top: number, wide: number, high: number, title: string, under: string) => Shapes[]} */
  const place = (name, left, top, wide, high, title, under) => [
    label(left, top - 8, title, { mono: true, weight: 700, fill: "ink" }),
    h("rect", { x: left, y: top, width: wide, height: high, fill: css("mid"), stroke: css(name) }),
    label(left, top + high + 16, under, { fill: "ink3" }),
  ];
  const most = strongest(local.values);
  const at = rowW + 34;
  /** @type {Shapes[]} */
  const out = [
    place("line", x, y + 20, rowW, 14, "x", say("1 × {size}, one-hot", { size: thousands(data.table.size) })),
    h("rect", { x: x + share * (rowW - 3), y: y + 20, width: 3, height: 14, fill: css("accent") }),
  ];
  if (step >= TABLE) {
    out.push(
      label(x + rowW + 17, y + 32, "×", { anchor: "middle", size: 16 }),
      place("line", x + at, y + 20, tableW, tall, "E", `${thousands(data.table.size)} × ${data.table.dims}`),
      h("rect", { x: x + at, y: y + 20 + share * (tall - 3), width: tableW, height: 3, fill: css("accent") }),
      h("path", {
        d: wire([
          [x + share * (rowW - 3) + 1.5, y + 52],
          [x + share * (rowW - 3) + 1.5, y + 21.5 + Math.max(share * (tall - 3), 46)],
          [x + at - 4, y + 21.5 + Math.max(share * (tall - 3), 46)],
        ]),
        fill: "none",
        stroke: css("accent"),
        "stroke-width": 1.5,
        opacity: share * tall > 46 ? 1 : 0,
      }),
    );
  }
  if (step >= ROW)
    out.push(
      label(x + at + tableW + 17, y + 32, "=", { anchor: "middle", size: 16 }),
      place("accent", x + at + tableW + 34, y + 20, tableW, 14, "x E", `1 × ${data.table.dims}`),
      heatImage(
        x + at + tableW + 34,
        y + 20,
        tableW,
        14,
        heat(local.product, 1, local.product.length, (v) => g.signedRgb(v, most)),
      ),
    );
  return out;
}

/** The value that has the strongest colour: of a hundred numbers two may lie above it. @param {Float32Array} values */
function strongest(values) {
  const sorted = Array.from(values, Math.abs).sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length * 0.98)] || 1e-9;
}

/** The text's words as chips, those around the followed one where not all fit. @type {(g: Stage, data: Data, at: Plan) => void} */
function drawChips(g, data, at) {
  const box = at.chips;
  const own = data.table.id === "model";
  g.door(
    "tokenization",
    { left: box.x - 2, top: box.y - (at.phone ? 16 : 12) },
    own
      ? say("Your text in tokens of {name}", { name: fit(data.table.name, 140, 12, false) })
      : say("Your text in words of {name}", { name: data.table.name }),
    say("How text is cut into tokens"),
  );
  const now = data.subject.at ?? -1;
  g.part("chips", [now, box], () => {
    const wide = (/** @type {Piece} */ one) => clamp(measure(visible(one.text), 13, true) + 14, 26, 110);
    const fits = (/** @type {number} */ from) => {
      let [x, line, i] = [0, 0, from];
      for (; i < data.pieces.length; i++) {
        const w = wide(data.pieces[i]);
        if (x && x + w > box.w) {
          x = 0;
          line++;
        }
        if (line >= box.lines) break;
        x += w + 4;
      }
      return i;
    };
    let from = 0;
    while (now >= 0 && fits(from) <= now) from++;
    const last = fits(from);
    let [x, line] = [0, 0];
    const some =
      last - from < data.pieces.length &&
      label(
        box.x + box.w,
        box.y + 2,
        say("{from} to {last} of {count}", { from: from + 1, last, count: data.pieces.length }),
        { anchor: "end", fill: "ink3" },
      );
    return [
      some,
      ...data.pieces.slice(from, last).map((one, k) => {
        const w = wide(one);
        if (x && x + w > box.w) {
          x = 0;
          line++;
        }
        const node = h(
          "g",
          {
            ...hot(g, () => followPiece(g, data, from + k)),
            "data-piece": from + k,
            opacity: one.row === null ? 0.6 : 1,
          },
          chip(g, box.x + x, box.y + 26 + 30 * line, w, one.text, {
            selected: from + k === now,
            faint: one.row === null,
          }),
        );
        x += w + 4;
        return g.tip(
          node,
          one.row === null
            ? say("{text}\nnot in this table", { text: visible(one.text) })
            : say("{text}\nrow {row}", { text: visible(one.text), row: thousands(one.row) }),
        );
      }),
    ];
  });
}

/** What makes a shape look up a word: where nothing is computed, it is no button. @type {(g: Stage, click: () => void) => {class?: string, click?: () => void}} */
const hot = (g, click) => (g.can.recompute ? { class: "gb-hot", click } : {});

/** Look up the i-th word of the text. @type {(g: Stage, data: Data, i: number) => void} */
function followPiece(g, data, i) {
  if (!g.can.recompute) return;
  const piece = data.pieces[clamp(i, 0, data.pieces.length - 1)];
  if (piece) g.select({ follow: i >= data.pieces.length - 1 ? -1 : piece.follow, seek: "" });
}

// ---------------------------------------------------------------- the lookup

/** One-hot row times table, row by row, and the row that is left. @type {Draw} */
function drawLookup(g, data, local, at, step) {
  const box = at.lookup;
  const d = data.lookup;
  const { dims, size } = data.table;
  /** @type {(number | null)[]} */
  const lines = []; // null: rows are left out here
  d.rows.forEach((row, i) => {
    if (i && row !== d.rows[i - 1] + 1) lines.push(null);
    lines.push(i);
  });
  const [numbers, names, hot] = [44, 128, 150]; // right end of the row's number, end of its word, middle of its place in x
  const strips = box.w - 172;
  const each = (strips - 14) / 2;
  const [left, right] = [box.x + 172, box.x + 172 + each + 14];
  const top = box.y + 32;
  const pitch = 20;
  const most = strongest(local.values);
  const paint = (/** @type {number} */ v) => g.signedRgb(v, most);
  /** @type {(values: Float32Array, x: number, y: number, w: number, tall: number) => SVGImageElement} */
  const strip = (values, x, y, w, tall) => heatImage(x, y, w, tall, heat(values, 1, values.length, paint));
  /** @type {(name: string, values: Float32Array, x: number, w: number) => (event: PointerEvent) => string} */
  const read = (name, values, x, w) => (event) => {
    const [px] = pointerAt(g, event);
    const j = clamp(Math.floor(((px - x) / w) * values.length), 0, values.length - 1);
    return say("{name}, number {j}: {value}", { name, j, value: num(values[j], 4) });
  };
  const valuesOf = (/** @type {number} */ i) => local.values.subarray(i * dims, (i + 1) * dims);
  g.part("lookup head", [step, box], () => [
    label(
      box.x,
      box.y + 8,
      say("Lookup: {word} is row {row}", {
        word: fit(visible(data.subject.word), 90, 14, false),
        row: thousands(data.subject.row),
      }),
      { size: 14, weight: 600, fill: "ink" },
    ),
    step >= HOT &&
      label(box.x + hot, top - 7, "x", {
        anchor: "middle",
        mono: true,
        weight: 700,
        fill: step === HOT ? "accent" : "ink2",
      }),
    step >= TABLE &&
      label(left, top - 7, fit(`E, ${thousands(size)} × ${dims}`, each, 12, false), {
        fill: step === TABLE ? "accent" : "ink2",
      }),
    step >= TABLE && label(right, top - 7, say("x times E"), { fill: step === TABLE ? "accent" : "ink2" }),
  ]);
  const sizeOf = (/** @type {number} */ i) => sizeIn(d.words[i], names - numbers - 8, 12);
  g.part("lookup rows", [step, box], () =>
    lines.map((i, k) => {
      const y = top + k * pitch;
      if (i === null) return label(box.x + numbers, y + 13, "⋮", { anchor: "end", fill: "ink3" });
      const chosen = d.rows[i] === data.subject.row;
      const ink = chosen ? "accent" : "ink3";
      const values = valuesOf(i);
      const one = d.one_hot[i];
      const product = values.map((v) => v * one);
      return [
        chosen && h("rect", { x: box.x, y, width: box.w, height: pitch, rx: 4, fill: css("accent-soft") }),
        label(box.x + numbers, y + 14, thousands(d.rows[i]), {
          anchor: "end",
          mono: true,
          fill: ink,
          weight: chosen ? 700 : null,
        }),
        h(
          "text",
          {
            x: box.x + numbers + 8,
            y: y + 14,
            "font-family": MONO,
            "font-size": sizeOf(i),
            fill: css(chosen ? "accent" : "ink2"),
            "font-weight": chosen ? 700 : null,
            direction: "ltr",
          },
          tokenSpans(d.words[i], names - numbers - 8, sizeOf(i)),
        ),
        step >= HOT &&
          label(box.x + hot, y + 14, num(one, 0), {
            anchor: "middle",
            mono: true,
            fill: ink,
            weight: chosen ? 700 : null,
          }),
        step >= TABLE &&
          g.tip(
            strip(values, left, y + 2, each, pitch - 4),
            read(say("{word} in E", { word: visible(d.words[i]) }), values, left, each),
          ),
        step >= TABLE &&
          (one
            ? g.tip(
                strip(product, right, y + 2, each, pitch - 4),
                read(say("1 times {word}", { word: visible(d.words[i]) }), product, right, each),
              )
            : [
                h("rect", { x: right, y: y + 2, width: each, height: pitch - 4, fill: css("mid") }),
                label(right + each / 2, y + 14, each > 100 ? say("0 times: nothing") : say("nothing"), {
                  anchor: "middle",
                  fill: "ink3",
                }),
              ]),
      ];
    }),
  );
  const end = top + lines.length * pitch + 8;
  g.part("lookup sum", [step, box], () => {
    if (step < ROW) return [];
    const product = local.product;
    const shown = Math.min(dims, Math.floor(box.w / 64));
    return [
      h("path", { d: `M${right},${end - 6}H${right + each}`, stroke: css("ink3") }),
      label(
        box.x,
        end + 12,
        fit(
          say("Added up: the embedding of {word}, {numbers}", {
            word: visible(data.subject.word),
            numbers: counted(dims, "number"),
          }),
          box.w,
          12,
          false,
        ),
        { weight: 600, fill: "ink" },
      ),
      g.tip(
        strip(product, box.x, end + 20, box.w, 24),
        read(visible(data.subject.word), product, box.x, box.w),
      ),
      h("rect", {
        x: box.x,
        y: end + 20,
        width: box.w,
        height: 24,
        fill: "none",
        stroke: css("accent"),
        "stroke-width": 1.5,
        "pointer-events": "none",
      }),
      Array.from(product.subarray(0, shown), (v, j) =>
        label(box.x + 64 * j, end + 60, num(v, 3), { mono: true, fill: "ink2" }),
      ),
      shown < dims && label(box.x + box.w, end + 60, "…", { anchor: "end", fill: "ink3" }),
      label(box.x, end + 78, say("its length: {length}", { length: num(d.length, 3) }), { fill: "ink3" }),
    ];
  });
}

/** The same word in the table that is not chosen: its row there, and who is near it. @type {Draw} */
function drawOther(g, data, local, at, step) {
  const other = data.other;
  if (!other || step < stages.last) return;
  const box = at.other;
  g.part("other", [box], () => {
    const name = fit(other.name, 120, 12, false);
    const head = [h("path", { d: `M${box.x},${box.y - 8}H${box.x + box.w}`, stroke: css("line") })];
    if (other.row === null)
      return [
        ...head,
        label(
          box.x,
          box.y + 12,
          fit(
            say("{word} has no row of its own in {name}.", { word: word(data.subject.word), name }),
            box.w,
            12,
            false,
          ),
          { fill: "ink2" },
        ),
      ];
    const values = local.other ?? [];
    const most = Math.max(...Array.from(values, Math.abs), 1e-9);
    return [
      ...head,
      label(
        box.x,
        box.y + 12,
        fit(
          say("In {name}: {word} is row {row} of {size}, {numbers}", {
            name,
            word: visible(other.word),
            row: thousands(other.row),
            size: thousands(other.size),
            numbers: counted(other.dims, "number"),
          }),
          box.w,
          12,
          false,
        ),
        { weight: 600, fill: "ink" },
      ),
      heatImage(
        box.x,
        box.y + 20,
        box.w,
        14,
        heat(values, 1, other.dims, (v) => g.signedRgb(v, 0.7 * most)),
      ),
      h(
        "text",
        { x: box.x, y: box.y + 52, "font-size": 12, fill: css("ink2") },
        say("nearest there: "),
        other.near.map((one, i) => [
          i ? ", " : "",
          h(
            "tspan",
            { "font-family": MONO, fill: css("ink"), direction: "ltr" },
            fit(visible(one.word), 80, 12),
          ),
          ` ${num(one.cosine, 2)}`,
        ]),
      ),
    ];
  });
}

// ---------------------------------------------------------------- the map and what is read off it

const LETTERS = /^[^\\]*\p{L}{2}/u; // no single signs, no bytes

/** The map of all words, with the text's words, the neighbours and the analogy's arrows on it. @type {Draw} */
function drawMapOf(g, data, local, at, step) {
  if (step < MAP || !local.points || !local.words) {
    local.map = null;
    return;
  }
  const { shown } = data.table;
  const near = step >= NEAR ? data.near : [];
  const analogy =
    step >= stages.last && data.gaze === "analogy" && data.analogy.ends
      ? /** @type {Put} */ (data.analogy)
      : null;
  const { words } = local;
  /** @type {Map<number, {id: number, colour: string, size?: number, ink?: string}>} */
  const marks = new Map();
  /** @type {(id: number | null, mark: {colour: string, size?: number, ink?: string}) => void} */
  const add = (id, mark) => {
    if (id !== null && id < shown && !marks.has(id)) marks.set(id, { id, ...mark });
  };
  if (analogy) {
    for (const row of analogy.rows) add(row, { colour: "accent" });
    add(analogy.answers[0].row, { colour: "accent", size: 6 });
  } else {
    add(data.subject.row, { colour: "accent", size: 6 });
    if (data.gaze === "all") for (const one of data.pieces) add(one.row, { colour: "ink", ink: "ink" });
    for (const one of near) add(one.row, { colour: "accent", size: 3 });
  }
  /** @type {(put: Put, i: number) => number | Point} */
  const end = (put, i) => (i < 4 && rowAt(put, i) < shown ? rowAt(put, i) : put.ends[i]);
  const focus = analogy
    ? [0, 1, 2, 3, 4].map((i) => analogy.ends[i])
    : data.gaze === "near" && near.length
      ? [data.subject.row, ...near.map((one) => one.row)].filter((row) => row < shown)
      : undefined;
  local.map = wordmap(g, "words", at.map, {
    title: say("{words} of {name}", { words: counted(shown, "word"), name: data.table.name }),
    words,
    points: local.points,
    shades: step >= NEAR ? local.shades : local.flat,
    marks: [...marks.values()],
    selected: local.lasso ?? [],
    most: at.phone ? 14 : 26,
    labelled: (id) => LETTERS.test(words[id]),
    arrows: analogy
      ? analogy.arrows.map(([from, to], k) => ({
          from: end(analogy, from),
          to: end(analogy, to),
          colour: "accent",
          dash: k ? [6, 4] : undefined,
        }))
      : [],
    focus: {
      key: `${data.map.key} ${data.gaze} ${analogy ? data.analogy.written.join(" ") : ""}`,
      ids: focus,
    },
    tip: (id) => say("{text}\nrow {row}", { text: visible(words[id]), row: thousands(id) }),
    onpick: g.can.recompute ? (id) => seekWord(g, local, words[id]) : undefined,
    onlasso: (ids) => {
      local.lasso = ids.length ? ids : null;
      g.redraw();
    },
    onsearch: g.can.recompute ? (text) => g.select({ seek: text }) : undefined,
    caption: analogy
      ? say("the plane of the three words")
      : data.gaze === "near"
        ? at.phone
          ? say("{share} of their spread", { share: percent(data.map.share, 0) })
          : say("the plane in which these words differ most: {share}", { share: percent(data.map.share, 0) })
        : at.phone
          ? say("{share} of the spread", { share: percent(data.map.share, 0) })
          : say("the plane of largest spread: {share} of it", { share: percent(data.map.share, 0) }),
    found: local.sel.seek ?? "",
    said:
      data.subject.offers.length && g.can.recompute ? withoutOffers(data.subject.said) : data.subject.said,
    offers: g.can.recompute ? data.subject.offers : [],
  });
}
/** What is said of a word that the table lacks, up to the words that are offered: these stand behind it, to be clicked. @param {string} said */
function withoutOffers(said) {
  const asks = say("did you mean"); // as core/vectors/static.py asks it
  const at = said.indexOf(asks);
  return at < 0 ? said : said.slice(0, at + asks.length);
}
/** @type {(analogy: Put, i: number) => number} */
const rowAt = (analogy, i) => (i < 3 ? analogy.rows[i] : analogy.answers[0].row);
/** @type {(g: Stage, local: Kept, text: string) => void} */
const seekWord = (g, local, text) => {
  local.lasso = null;
  g.select({ seek: text });
};

/** The neighbours, best first; while there is a lasso, its words. @type {Draw} */
function drawList(g, data, local, at, step) {
  const box = at.list;
  if (step < NEAR) return;
  const lasso = local.lasso;
  const many = at.phone ? 14 : Math.floor((at.map.height - 44) / box.pitch);
  if (lasso)
    g.overlay("unlasso", { left: box.x + box.w - 54, top: box.y - 14, width: 54 }, () =>
      html(
        "button",
        {
          type: "button",
          class: "gb-map-button gb-unlasso",
          click: () => {
            local.lasso = null;
            g.redraw();
          },
        },
        sayOf("lasso", "Clear"),
      ),
    );
  g.part("list", [step, lasso, box], () => {
    /** @type {(text: string, i: number, cosine: number | null, id: number, written?: boolean) => SVGElement} */
    const row = (text, i, cosine, id, written = true) => {
      const y = box.y + 30 + i * box.pitch;
      const bars = box.w - 42;
      const node = h(
        "g",
        { ...hot(g, () => seekWord(g, local, text)), "data-near": id },
        h("rect", {
          x: box.x - 4,
          y: y - 2,
          width: box.w + 8,
          height: box.pitch,
          rx: 4,
          fill: "transparent",
        }),
        cosine !== null &&
          h("rect", {
            x: box.x,
            y: y + box.pitch - 7,
            width: Math.max(1, bars * clamp(cosine, 0, 1)),
            height: 3,
            rx: 1.5,
            fill: css("accent"),
            opacity: 0.75,
          }),
        h(
          "text",
          { x: box.x, y: y + 13, "font-family": MONO, "font-size": 13, fill: css("ink"), direction: "ltr" },
          tokenSpans(text, bars, 13),
        ),
        cosine !== null &&
          label(box.x + box.w, y + 13, num(cosine, 3), { anchor: "end", mono: true, fill: "accent" }),
      );
      return cosine === null || !written
        ? node
        : g.tip(
            node,
            say("{text}, row {row}\n{dot} ÷ ({length} × {other_length}) = {cosine}", {
              text: visible(text),
              row: thousands(id),
              dot: num(data.near[i].dot, 3),
              length: num(data.lookup.length, 3),
              other_length: num(data.near[i].length, 3),
              cosine: num(cosine, 4),
            }),
          );
    };
    if (lasso) {
      return [
        label(box.x, box.y, say("{count} in the lasso", { count: thousands(lasso.length) }), {
          weight: 600,
          fill: "ink",
        }),
        lasso.slice(0, many).map((id, i) => row(local.words?.[id] ?? "", i, null, id)),
        lasso.length > many &&
          label(
            box.x,
            box.y + 42 + many * box.pitch,
            say("and {count} more", { count: thousands(lasso.length - many) }),
            { fill: "ink3" },
          ),
      ];
    }
    if (data.gaze === "analogy" && !data.analogy.said && step >= stages.last) {
      const [a, b, c] = /** @type {Put} */ (data.analogy).words.map((text) =>
        visible(text).replace(/^·/, ""),
      );
      return [
        label(box.x, box.y, fit(`${b} − ${a} + ${c}`, box.w - 44, 12, false), { weight: 600, fill: "ink" }),
        label(box.x + box.w, box.y, say("cosine"), { anchor: "end", fill: "ink3" }),
        label(box.x, box.y + 18, say("the three left out"), { fill: "ink3" }),
        data.analogy.answers.slice(0, many).map((one, i) => row(one.word, i, one.cosine, one.row, false)),
      ];
    }
    return [
      label(
        box.x,
        box.y,
        fit(say("Nearest to {word}", { word: visible(data.subject.word) }), box.w - 44, 12, false),
        { weight: 600, fill: "ink" },
      ),
      label(box.x + box.w, box.y, say("cosine"), { anchor: "end", fill: "ink3" }),
      label(box.x, box.y + 18, say("of {words}", { words: counted(data.table.size, "word") }), {
        fill: "ink3",
      }),
      data.near.slice(0, many).map((one, i) => row(one.word, i, one.cosine, one.row)),
    ];
  });
}

/** king − man + woman: three boxes to write in, and the words nearest to where the arrow ends. @type {Draw} */
function drawAnalogy(g, data, local, at, step) {
  if (step < stages.last) return;
  const box = at.analogy;
  const a = data.analogy;
  const wide = at.phone ? Math.floor((box.w - 60) / 3) : 92;
  const order = [1, 0, 2]; // b − a + c
  const y = box.y + 22;
  const x = (/** @type {number} */ k) => box.x + k * (wide + 24);
  if (g.can.recompute)
    for (const [k, which] of order.entries())
      g.overlay(
        `analogy ${which}`,
        { left: x(k), top: y, width: wide },
        () =>
          html("input", {
            class: "gb-word",
            type: "text",
            "data-analogy": which,
            "aria-label": [say("Analogy: this"), say("is to this"), say("as this")][which],
            spellcheck: "false",
            autocomplete: "off",
            onchange: () => writeAnalogy(g, local),
            onkeydown: (event) => {
              if (event.key === "Enter") writeAnalogy(g, local);
            },
          }),
        (node) => {
          const text = writtenOf(data, local)[which];
          if (document.activeElement !== node && node.value !== text) node.value = text;
        },
      );
  const signs = ["−", "+", "≈"];
  g.part("analogy", [box, a], () => {
    const plain = (/** @type {number} */ i) => visible(a.words?.[i] ?? a.written[i]).replace(/^·/, "");
    /** @type {Shapes[]} */
    const out = [
      label(
        box.x,
        box.y + 10,
        fit(
          say("Analogy: {a} is to {b} as {c} is to …", { a: plain(0), b: plain(1), c: plain(2) }),
          box.w,
          12,
          false,
        ),
        { weight: 600, fill: "ink" },
      ),
      !g.can.recompute &&
        order.map((which, k) =>
          label(x(k) + wide / 2, y + 20, fit(plain(which), wide, 13), {
            anchor: "middle",
            mono: true,
            size: 13,
            weight: 600,
            fill: "ink",
          }),
        ),
      signs.map((sign, k) =>
        at.phone && k === 2
          ? null
          : label(x(k) + wide + 12, y + 21, sign, { anchor: "middle", size: 16, fill: "ink2" }),
      ),
    ];
    const [left, top] = at.phone ? [box.x, y + 68] : [x(3), y + 20];
    const room = at.phone ? box.w : box.x + box.w - left;
    if (a.said) {
      return [
        out,
        inLines(a.said, room)
          .slice(0, 3)
          .map((line, i) => label(left, top - 8 + 16 * i, line, { fill: "neg" })),
      ];
    }
    const each = room / 3;
    return [
      out,
      a.answers.slice(0, 3).map((one, i) =>
        h(
          "g",
          { ...hot(g, () => seekWord(g, local, one.word)), "data-answer": one.row },
          h("rect", { x: left + i * each, y: top - 16, width: each - 6, height: 38, fill: "transparent" }),
          h(
            "text",
            {
              x: left + i * each,
              y: top - 1,
              "font-family": MONO,
              "font-size": i ? 13 : 15,
              "font-weight": i ? null : 700,
              fill: css(i ? "ink2" : "accent"),
              direction: "ltr",
            },
            tokenSpans(one.word, each - 8, i ? 13 : 15),
          ),
          label(left + i * each, top + 16, num(one.cosine, 3), { mono: true, fill: i ? "ink3" : "accent" }),
        ),
      ),
    ];
  });
}
/** The three words as the boxes hold them: the page may not have heard of the last one yet. @type {(data: Data, local: Kept) => string[]} */
const writtenOf = (data, local) => (local.sel.analogy ? local.sel.analogy.split("|") : data.analogy.written);
/** Put the analogy of the three boxes. @param {Stage} g @param {Kept} local */
function writeAnalogy(g, local) {
  const said = [0, 1, 2]
    .map((i) =>
      /** @type {HTMLInputElement} */ (g.figure.querySelector(`[data-analogy="${i}"]`)).value
        .trim()
        .replaceAll("|", ""),
    )
    .join("|");
  if (said !== local.sel.analogy) g.select({ analogy: said, gaze: "analogy" });
}

// ---------------------------------------------------------------- the picture

// Maps and lists of words are large: each is sent once, and kept here under its key while the page is open.
/** @type {Map<string, any>} */
const MAPS = shared.maps ?? new Map();
shared.maps = MAPS;

/** What was sent now, or is kept. @type {<Sent, Read>(what: Large<Sent>, read: (sent: Sent) => Read) => Read | null} */
function kept(what, read) {
  if (what.sent !== undefined) {
    MAPS.delete(what.key);
    MAPS.set(what.key, read(what.sent));
    const [oldest] = MAPS.keys();
    if (MAPS.size > 14) MAPS.delete(oldest);
  }
  return MAPS.get(what.key) ?? null;
}

/** @type {View<Data, Kept>} */
const embeddings = {
  init(data, local, before) {
    const same = before && before.stamp === data.stamp;
    const points = kept(data.map, unpack);
    /** @type {string[] | null} */
    const words = kept(data.words, (text) => JSON.parse(text));
    const shades = same ? local.shades : unpack(data.shades);
    return {
      points,
      words,
      shades,
      flat: local.flat?.length === shades.length ? local.flat : new Uint8Array(shades.length).fill(24),
      values: unpack(data.lookup.values),
      product: unpack(data.lookup.product),
      other: data.other?.values ? unpack(data.other.values) : null,
      lasso:
        before?.table.id === data.table.id && before?.table.name === data.table.name ? local.lasso : null,
    };
  },

  draw(g, data, local) {
    const lacks = [local.points ? "" : data.map.key, local.words ? "" : data.words.key].filter(Boolean);
    if (lacks.length && local.asked !== lacks.join()) {
      local.asked = lacks.join();
      g.send("need", { keys: lacks, at: Date.now() });
    } else if (!lacks.length) local.asked = "";
    const at = plan(g.width);
    const step = stages.of(local);
    g.height = at.height;
    local.asks = g.can.recompute ?? false;
    stages.bar(g, local, caption(data, local));
    drawChips(g, data, at);
    drawLookup(g, data, local, at, step);
    drawOther(g, data, local, at, step);
    drawMapOf(g, data, local, at, step);
    drawList(g, data, local, at, step);
    drawAnalogy(g, data, local, at, step);
    drawStep(g, data, local, at, step);
  },

  within: ({ stage }) => (stage === undefined ? {} : { stage }), // the data are those of one word and one map

  // ↑ ↓: the word before or after; Esc: without the lasso, without the search, up; the rest is step mode's.
  key(event, g, data, local) {
    const now = data.subject.at ?? data.pieces.length - 1;
    const move = entryKey(event);
    if (move) followPiece(g, data, now + move);
    else if (stages.key(event, g, local)) return true;
    else if (event.key === "Escape") {
      if (stages.halt(g, local)) return true;
      if (local.lasso) {
        local.lasso = null;
        g.redraw();
      } else if (local.sel.seek && g.can.recompute) g.select({ seek: "" });
      else stages.up(g, local);
    } else return false;
    return true;
  },

  describe(data, local) {
    const a = data.analogy;
    const text = data.tokens.slice(0, 24).map(visible).join(" ");
    return (
      stages.said(local, caption(data, local)) +
      say("The text {text}. {word} is row {row} of {size} in {name}: {numbers}, the first {list}. ", {
        text: text + (data.tokens.length > 24 ? " …" : ""),
        word: visible(data.subject.word),
        row: thousands(data.subject.row),
        size: thousands(data.table.size),
        name: data.table.name,
        numbers: counted(data.table.dims, "number"),
        list: Array.from(local.product.subarray(0, 4), (v) => num(v, 3)).join(", "),
      }) +
      say("Nearest: {list}. ", {
        list: data.near
          .slice(0, 5)
          .map((one) => `${visible(one.word)} ${num(one.cosine, 3)}`)
          .join(", "),
      }) +
      (!a.words
        ? say("Analogy: {said}", { said: a.said })
        : say("{a} is to {b} as {c} is to {answer}, cosine {cosine}.", {
            a: visible(a.words[0]),
            b: visible(a.words[1]),
            c: visible(a.words[2]),
            answer: visible(a.answers[0].word),
            cosine: num(a.answers[0].cosine, 3),
          })) +
      (data.subject.said ? ` ${data.subject.said}` : "")
    );
  },

  state(data, local) {
    const a = data.analogy;
    return {
      table: data.table,
      gaze: data.gaze,
      tokens: data.tokens,
      pieces: data.pieces.map((one) => one.text),
      at: data.subject.at,
      word: data.subject.word,
      row: data.subject.row,
      said: data.subject.said,
      offers: data.subject.offers,
      rows: data.lookup.rows,
      oneHot: data.lookup.one_hot,
      product: Array.from(local.product.subarray(0, 8)),
      length: data.lookup.length,
      near: data.near,
      other:
        data.other && data.other.row !== null
          ? { row: data.other.row, word: data.other.word, near: data.other.near }
          : null,
      analogy: { words: a.written, answers: a.answers, said: a.said, ends: a.ends ?? null },
      map: local.map?.summary() ?? null,
      share: data.map.share,
      lasso: (local.lasso ?? []).slice(0, 50).map((id) => local.words?.[id]),
      stage: stages.state(local),
    };
  },
};

export default mount("embeddings", embeddings);
