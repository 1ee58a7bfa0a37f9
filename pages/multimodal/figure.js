// Multimodal: a picture of digits is cut into pieces, each piece is a token beside the words, and every word of the caption
// was written looking at some of them. What is drawn by hand is pad.js's.

import { mount } from "../../app/kit/glass.js";
import { say, sayOf } from "../../app/kit/say.js";
import {
  chip,
  clamp,
  css,
  fit,
  h,
  heat,
  heatImage,
  inLines,
  label,
  lerp,
  measure,
  num,
  unpack,
  visible,
} from "../../app/kit/shapes.js";
import { entryKey, stepMode, withoutSteps } from "../../app/kit/steps.js";
import { isPhone } from "../../app/kit/widths.js";
import { drawnStrokes, drawPad } from "./pad.js";

/**
 * @import { Stage, View } from "../../app/kit/glass.js"
 * @import { Packed, Point, Shapes, Unpacked } from "../../app/kit/shapes.js"
 * @import { Steps } from "../../app/kit/steps.js"
 * @import { PadKept } from "./pad.js"
 *
 * What figure.py sends in any case. Arrays come packed and are unpacked once, where they stand.
 * @typedef {object} Common
 * @property {string[]} [tokens] of the learner's text, on the page
 * @property {string} stamp
 * @property {boolean} drawn whether the learner's drawing stands in the picture's place
 * @property {number} number of the held-out picture
 * @property {number} of so many
 * @property {[rows: number, columns: number]} grid of the pieces
 * @property {number} side of a piece, in numbers
 * @property {[layers: number, heads: number]} heads
 * @property {number} pen the width of its line, as a share of the pad's height
 * @property {number} felt nats from which a covered piece counts
 * @property {number} read letters of the drawing that this tells of
 * @property {{first: number, images: Unpacked<"u8">, captions: string[], count: number}} strip pictures to choose from: images (count, rows, columns), 0 to 16
 * @property {Word[]} words of the caption
 * @property {{text: string, right: boolean | null}[]} verdict
 *
 * And where there is nothing to caption: what the learner can do.
 * @typedef {Common & {message: string}} Blank
 *
 * What it sends of a caption with W words on N pieces of S by S numbers, D in a vector.
 * @typedef {object} Caption
 * @property {""} message
 * @property {Unpacked} image (rows x S, columns x S), 0 for paper to 1 for ink
 * @property {Unpacked} looked (W, N) attention over all heads
 * @property {Unpacked} pattern (layers, heads, W, N) attention of each
 * @property {number[][]} onto of all heads, then of each: for each word the share of its looking that goes to the picture
 * @property {Unpacked} fell (W, N) nats that a word loses without a piece
 * @property {Unpacked} covered (W, N) its probability then
 * @property {(number | null)[][]} orders of all heads, then of each: rank agreement for each word; null: no single piece matters
 * @property {string[][]} found the same in words
 * @property {string} measured of the digits' strokes
 * @property {number} focus the word that the page proposes
 * @property {number} closeup the piece that is shown close up
 * @property {Unpacked} vectors (N + W, D) of pieces and words before the first block
 * @property {number} [largest] of their numbers
 * @property {Record<string, string[]>} [links] the pieces as pictures, for each theme and strength
 *
 * @typedef {Common & Caption} Read
 * @typedef {Blank | Read} Data
 * @typedef {{text: string, p: number, right: boolean | null}} Word p: its probability
 *
 * @typedef {{sel: {spoken?: number, said?: number, crossing?: number, drawing?: string}} & PadKept & Own} Kept
 * What the browser keeps: the piece and the word under the pointer, the steps of this caption, and how far the pieces have
 * flown (0 to 1) to their place among the tokens.
 * @typedef {{piece?: number | null, over?: number | null, kind?: string | null, steps?: Steps | null, timer?: number | null, listening?: boolean, fly?: number, stop?: () => void}} Own
 * @typedef {{shown: Data}} Shown what is on the screen, for the listeners
 *
 * Pieces side by side: `cell` is a number's pixels, `gap` those between pieces.
 * @typedef {{x: number, y: number, cell: number, gap: number}} Tiles
 * @typedef {{fill: string, opacity: number, text: string}} Paint over a piece
 * @typedef {{size: number, pieces: Point[], words: {x: number, y: number, w: number}[], bottom: number}} Sequence
 * @typedef {{phone: boolean, cell: number, w: number, room: number, pad: number, sequence: {x: number, w: number}, xs: number[]}} Columns
 * @typedef {{x: number, y: number, w: number}} Box
 */

// ---------------------------------------------------------------- the picture in pieces, once for each thing that is told of them

const GAP = 3; // pixels between pieces

const ARRAYS = /** @type {const} */ (["image", "looked", "pattern", "covered", "fell", "vectors"]);

/** Whether there is a caption. @param {Data} data @returns {data is Read} */
function isRead(data) {
  return data.message === "";
}
/** @param {unknown} array @returns {array is Packed} */
function isPacked(array) {
  return typeof array === "object" && array !== null && "b64" in array;
}
/** An array that has come, unpacked. @template Made @param {Made} array @returns {Made} */
const unpacked = (array) =>
  isPacked(array) ? /** @type {Made} */ (/** @type {unknown} */ (unpack(array))) : array;

/** @param {Pick<Common, "grid">} data */
const piecesOf = (data) => data.grid[0] * data.grid[1];
/** @param {Pick<Common, "grid" | "side">} data @param {number} cell @param {number} gap */
const acrossOf = (data, cell, gap) => data.grid[1] * (data.side * cell + gap) - gap;
/** @param {Pick<Common, "grid" | "side">} data @param {number} cell @param {number} gap */
const tallOf = (data, cell, gap) => data.grid[0] * (data.side * cell + gap) - gap;
/** @param {Pick<Common, "grid" | "side">} data @param {Tiles} box @param {number} i */
const placeOf = (data, box, i) => {
  const pitch = data.side * box.cell + box.gap;
  return [box.x + (i % data.grid[1]) * pitch, box.y + Math.floor(i / data.grid[1]) * pitch];
};
/** @param {number} p */
const percent = (p) => `${Math.round(100 * p)}%`;

/**
 * The pieces as pictures, ink on paper, fainter where something is laid over them; made once for each theme.
 * @param {Stage} g @param {Read} data @param {number} strength
 */
function pieceLinks(g, data, strength) {
  const links = data.links ?? {};
  data.links = links;
  const [side, across] = [data.side, data.grid[1]];
  const key = `${g.dark} ${strength}`;
  links[key] =
    links[key] ??
    Array.from({ length: piecesOf(data) }, (_, i) => {
      const [r0, c0] = [Math.floor(i / across) * side, (i % across) * side];
      const pixels = Array.from(
        { length: side * side },
        (_, k) => data.image[(r0 + Math.floor(k / side)) * across * side + c0 + (k % side)],
      );
      return heat(pixels, side, side, (v) => g.sequentialRgb(strength * v, 1, "ink", "field"));
    });
  return links[key];
}
/** @param {Stage} g @param {Read} data @param {number} i @param {number} x @param {number} y @param {number} size */
const pieceImage = (g, data, i, x, y, size, strength = 1) =>
  heatImage(x, y, size, size, pieceLinks(g, data, strength)[i]);

/**
 * All pieces; over each what paint(i) says: {fill, opacity, text}. box: {x, y, cell, gap}.
 * @param {Stage} g @param {Read} data @param {string} key @param {Tiles} box @param {unknown[]} deps
 * @param {((i: number) => Paint) | null} [paint]
 */
function drawTiles(g, data, key, box, deps, paint = null) {
  const size = data.side * box.cell;
  g.part(key, [box, deps], () =>
    Array.from({ length: piecesOf(data) }, (_, i) => {
      const [x, y] = placeOf(data, box, i);
      const over = paint?.(i);
      return h(
        "g",
        { class: "gb-hot", "data-piece": i, "data-value": over?.text },
        pieceImage(g, data, i, x, y, size, paint ? 0.45 : 1),
        over &&
          h("rect", {
            x,
            y,
            width: size,
            height: size,
            fill: css(over.fill),
            opacity: over.opacity.toFixed(3),
          }),
        over?.text &&
          label(x + size / 2, y + size / 2 + 4, over.text, {
            anchor: "middle",
            mono: true,
            fill: "ink",
            size: size < 30 ? 10.5 : 12,
            weight: 600,
            stroke: css("bg"),
            "stroke-width": 3,
            "paint-order": "stroke",
          }),
      );
    }),
  );
}
/**
 * The frame of the piece that is pointed at, in one picture.
 * @param {Stage} g @param {Read} data @param {Kept} local @param {string} key @param {Tiles} box
 */
function framePiece(g, data, local, key, box, otherwise = -1) {
  const at = local.piece ?? otherwise;
  const size = data.side * box.cell;
  if (at >= 0)
    g.part(`frame ${key}`, [box, at], () => {
      const [x, y] = placeOf(data, box, at);
      return h("rect", {
        x: x - 1,
        y: y - 1,
        width: size + 2,
        height: size + 2,
        fill: "none",
        stroke: css("accent"),
        "stroke-width": 2,
        "pointer-events": "none",
      });
    });
}

/**
 * A heading: the number of the claim's part, and its words; `more` is what stands below in small.
 * @param {number} x @param {number} y @param {number} number @param {string} text @param {number} room
 */
const heading = (x, y, number, text, room) => [
  h("circle", { cx: x + 9, cy: y - 4.5, r: 9, fill: css("accent-soft") }),
  label(x + 9, y - 0.5, String(number), { anchor: "middle", weight: 700, fill: "accent" }),
  label(x + 25, y, fit(text, room - 28, 13.5, false), { weight: 600, fill: "ink", size: 13.5 }),
];

/** @param {Read} data @param {Kept} local @param {number} at */
const looks = (data, local, at) => {
  const head = local.sel.crossing ?? -1;
  const count = piecesOf(data);
  const from = head >= 0 && head < data.heads[0] * data.heads[1] ? head * data.words.length : -1;
  return from < 0
    ? data.looked.slice(at * count, (at + 1) * count)
    : data.pattern.slice((from + at) * count, (from + at + 1) * count);
};
/** @param {Read} data @param {Unpacked} values @param {number} at */
const row = (data, values, at) => values.slice(at * piecesOf(data), (at + 1) * piecesOf(data));
/** @param {Pick<Common, "heads">} data @param {Kept} local */
const headOf = (data, local) => {
  const head = local.sel.crossing ?? -1;
  return head >= 0 && head < data.heads[0] * data.heads[1] ? head : -1;
};
/** @param {Pick<Common, "heads">} data @param {number} head */
const headName = (data, head) =>
  head < 0 ? say("all heads") : `L${Math.floor(head / data.heads[1])}H${head % data.heads[1]}`;
/** @param {Read} data @param {Kept} local @param {number} at */
const agreementOf = (data, local, at) => data.orders[headOf(data, local) + 1][at];
/** @param {Read} data @param {Kept} local @param {number} at */
const foundOf = (data, local, at) => data.found[headOf(data, local) + 1][at];

/**
 * Places: {phone, cell, w, room, pad, sequence: {x, w}, xs}: three columns, or on a phone one.
 * @param {number} width @param {Pick<Common, "grid" | "side">} data
 * @returns {Columns}
 */
export function columnsOf(width, data) {
  const phone = isPhone(width);
  const [count, gap] = [data.grid[1] * data.side, phone ? 0 : 30];
  const each = phone ? width : Math.floor((width - 2 * gap) / 3);
  const cell = clamp(Math.floor((each - (data.grid[1] - 1) * GAP) / count), 6, phone ? 13 : 16);
  const w = acrossOf(data, cell, GAP);
  if (phone)
    return {
      phone,
      cell,
      w,
      room: width,
      pad: Math.min(width, 360),
      sequence: { x: 0, w: width },
      xs: [0, 0, 0],
    };
  const spare = Math.floor((width - 3 * w) / 2);
  const xs = [0, w + spare, 2 * (w + spare)];
  return { phone, cell, w, room: w + spare - 14, pad: w, sequence: { x: xs[1], w: width - xs[1] }, xs };
}

/**
 * Attention over the pieces.
 * @param {Stage} g @param {Read} data @param {Kept} local @param {Tiles} box @param {number} at
 */
function drawLooked(g, data, local, box, at) {
  const weights = looks(data, local, at);
  const most = Math.max(...weights, 1e-9);
  drawTiles(g, data, "looked", box, [at, headOf(data, local)], (i) => ({
    fill: "att",
    opacity: 0.75 * (weights[i] / most),
    text: weights[i] >= 0.015 ? percent(weights[i]) : "",
  }));
}
/**
 * The word's probability with each of the pieces covered.
 * @param {Stage} g @param {Read} data @param {Tiles} box @param {number} at
 */
function drawCovered(g, data, box, at) {
  const [left, fell] = [row(data, data.covered, at), row(data, data.fell, at)];
  const most = Math.max(1, ...fell.map(Math.abs));
  drawTiles(g, data, "covered", box, [at], (i) => ({
    fill: fell[i] >= 0 ? "neg" : "pos",
    opacity: 0.7 * Math.min(1, Math.abs(fell[i]) / most),
    text: Math.abs(fell[i]) >= data.felt ? percent(left[i]) : "",
  }));
}

/**
 * One piece close up: its numbers; with `cut` it is a piece, with `vectors` what it becomes stands beside a word's. Returns the y below.
 * @param {Stage} g @param {Read} data @param {Kept} local @param {Box} box @param {boolean} cut
 * @param {boolean} vectors
 */
function drawCloseUp(g, data, local, box, cut, vectors) {
  const at = local.piece ?? data.closeup;
  const side = data.side;
  const size = 46;
  const [r0, c0] = [Math.floor(at / data.grid[1]) * side, (at % data.grid[1]) * side];
  g.part("close up", [box, at], () =>
    Array.from({ length: side * side }, (_, k) => {
      const value = data.image[(r0 + Math.floor(k / side)) * data.grid[1] * side + c0 + (k % side)];
      const [x, y] = [box.x + (k % side) * (size + 2), box.y + Math.floor(k / side) * (size + 2)];
      return [
        h("rect", { x, y, width: size, height: size, fill: g.sequential(value, 1, "ink", "field") }),
        label(x + size / 2, y + size / 2 + 4, num(value, 2), {
          anchor: "middle",
          mono: true,
          fill: value > 0.5 ? "bg" : "ink",
        }),
      ];
    }),
  );
  const x = box.x + side * (size + 2) + 22;
  const room = box.w - x + box.x;
  g.part("close up words", [box, at, cut, vectors, x], () => {
    const lines = inLines(
      cut
        ? say(
            "Piece {at}: {side} × {side} numbers, from 0 for paper to 1 for ink. They are all that the model gets.",
            { at, side },
          )
        : say(
            "A part of it: {side} × {side} of its numbers, from 0 for paper to 1 for ink. They are all that the model gets.",
            { side },
          ),
      room,
      13,
    );
    const out = lines.map((text, i) => label(x, box.y + 14 + 18 * i, text, { size: 13, fill: "ink" }));
    if (!vectors) return out;
    const top = box.y + 14 + 18 * lines.length + 6;
    /** @param {Float32Array} values @param {number} y @param {string} name */
    const strip = (values, y, name) => [
      label(x, y - 5, fit(name, room, 12, false), { fill: "ink3" }),
      heatImage(
        x,
        y,
        room,
        16,
        heat(values, 1, values.length, (v) => g.signedRgb(v, data.largest ?? 1)),
      ),
    ];
    /** @param {number} k */
    const of = (k) => data.vectors.slice(k * data.vectors.shape[1], (k + 1) * data.vectors.shape[1]);
    return [
      out,
      strip(
        of(at),
        top + 10,
        say("Times a matrix: {count} numbers, a token", { count: data.vectors.shape[1] }),
      ),
      strip(
        of(piecesOf(data) + data.focus),
        top + 48,
        say("“{word}”, from the table of words: as many", { word: data.words[data.focus].text }),
      ),
    ];
  });
  return box.y + side * (size + 2);
}

// ---------------------------------------------------------------- the tokens of pieces and words

/**
 * Places of the pieces and words: {size, pieces: [x, y], words: [{x, y, w}], bottom}. box: {x, y, w}.
 * @param {Pick<Common, "grid" | "words">} data @param {Box} box
 * @returns {Sequence}
 */
export function planSequence(data, box) {
  const count = piecesOf(data);
  const per = Math.min(count / 2, Math.floor(box.w / 27));
  const even = Math.ceil(count / Math.ceil(count / per));
  const pitch = Math.min(42, Math.floor(box.w / even));
  const size = pitch - 4;
  const pieces = Array.from(
    { length: count },
    (_, i) => /** @type {Point} */ ([box.x + (i % even) * pitch, box.y + Math.floor(i / even) * (size + 6)]),
  );
  let [x, y] = [box.x, pieces[count - 1][1] + size + 50];
  const words = data.words.map((one) => {
    const w = Math.max(42, measure(visible(one.text), 13, true) + 12);
    if (x > box.x && x + w > box.x + box.w) {
      x = box.x;
      y += 58;
    }
    const place = { x, y, w };
    x += w + 4;
    return place;
  });
  return { size, pieces, words, bottom: (words.at(-1)?.y ?? y) + 40 };
}

/**
 * step: pieces fly in while local.fly < 1; `count` words are written.
 * @param {Stage} g @param {Read} data @param {Kept} local @param {Sequence} at
 * @param {{count: number, part: number, from: Tiles}} o
 */
function drawSequence(g, data, local, at, o) {
  const { count, part } = o;
  const [fly, full] = [local.fly ?? 1, at.size];
  const shown = part >= 0 && part < count;
  const weights = shown ? looks(data, local, part) : [];
  const most = Math.max(...weights, 1e-9);
  // Ribbons first: those of the upper row pass behind the lower one.
  if (shown)
    g.part("ribbons", [at.pieces, at.words, part, headOf(data, local)], () =>
      at.pieces.map(([x, y], i) => {
        if (weights[i] / most < 0.08) return null;
        const [to, y1, y0] = [at.words[part], at.words[part].y - 13, y + full / 2];
        const [x0, x1, m] = [x + full / 2, to.x + to.w / 2, at.pieces[at.pieces.length - 1][1] + full + 8];
        const line = h("path", {
          d: `M${x0},${y0}V${m}C${x0},${(m + y1) / 2} ${x1},${(m + y1) / 2} ${x1},${y1}`,
          fill: "none",
          stroke: css("att"),
          "stroke-width": (0.8 + 7 * (weights[i] / most)).toFixed(2),
          opacity: (0.2 + 0.6 * (weights[i] / most)).toFixed(3),
          "data-link": i,
        });
        return g.tip(
          line,
          say("“{word}” reads piece {at}: {weight}", {
            word: data.words[part].text,
            at: i,
            weight: num(weights[i], 3),
          }),
        );
      }),
    );
  g.part("token pieces", [at.pieces, fly, o.from], () =>
    at.pieces.map(([x, y], i) => {
      const [x0, y0] = fly < 1 ? placeOf(data, o.from, i) : [x, y];
      const size = lerp(fly < 1 ? data.side * o.from.cell : full, full, fly);
      const [px, py] = [lerp(x0, x, fly), lerp(y0, y, fly)];
      return h(
        "g",
        { class: "gb-hot gb-chip", "data-piece": i },
        pieceImage(g, data, i, px, py, size),
        h("rect", {
          x: px - 0.5,
          y: py - 0.5,
          width: size + 1,
          height: size + 1,
          rx: 3,
          fill: "none",
          stroke: css("line"),
        }),
      );
    }),
  );
  if (shown)
    g.part("read pieces", [at.pieces, part, headOf(data, local)], () =>
      at.pieces.map(([x, y], i) =>
        weights[i] / most > 0.08
          ? h("rect", {
              x: x - 1.5,
              y: y - 1.5,
              width: full + 3,
              height: full + 3,
              rx: 4,
              fill: "none",
              stroke: css("att"),
              "stroke-width": 2.5,
              opacity: (weights[i] / most).toFixed(3),
              "pointer-events": "none",
            })
          : null,
      ),
    );
  g.part("words", [at.words, count, part], () =>
    data.words.slice(0, count).map((one, j) => {
      const { x, y, w } = at.words[j];
      const node = h(
        "g",
        { class: "gb-hot", "data-word": j },
        h("rect", { x, y: y - 14, width: w, height: 52, fill: "transparent" }),
        chip(g, x, y, w, one.text, { selected: j === part }),
        h("rect", { x, y: y + 16, width: w, height: 4, rx: 2, fill: css("field") }),
        h("rect", {
          x,
          y: y + 16,
          width: Math.max(1, w * one.p),
          height: 4,
          rx: 2,
          fill: css(one.right === false ? "k" : j === part ? "accent" : "res"),
        }),
        label(x + w / 2, y + 35, `${one.right === false ? "✗ " : ""}${percent(one.p)}`, {
          anchor: "middle",
          mono: true,
          fill: one.right === false ? "k-ink" : j === part ? "accent" : "ink3",
        }),
      );
      return g.tip(node, say("{word}: probability {p}", { word: one.text, p: num(one.p, 3) }));
    }),
  );
  const at0 = local.piece ?? -1;
  if (at0 >= 0)
    g.part("frame token", [at.pieces, at0], () => {
      const [x, y] = at.pieces[at0];
      return h("rect", {
        x: x - 2,
        y: y - 2,
        width: full + 4,
        height: full + 4,
        rx: 4,
        fill: "none",
        stroke: css("accent"),
        "stroke-width": 2,
        "pointer-events": "none",
      });
    });
}

const HEAD = 18; // pixels from head to head

/**
 * A cell for each head, the darker the better its looking agrees with what covering shows; a click looks through it.
 * @param {Stage} g @param {Read} data @param {Kept} local @param {number} x @param {number} y @param {number} part
 */
function drawHeads(g, data, local, x, y, part) {
  const [layers, heads] = data.heads;
  const size = 15;
  const chosen = headOf(data, local);
  const agreed = data.orders.slice(1).map((one) => one[part]);
  g.part("heads", [x, y, part, chosen], () => [
    label(
      x,
      y - 6,
      g.dark
        ? say("Whose looking? Brighter heads agree with 4")
        : say("Whose looking? Darker heads agree with 4"),
      { fill: "ink3" },
    ),
    agreed.map((value, k) => {
      const [cx, cy] = [x + 26 + (k % heads) * HEAD, y + Math.floor(k / heads) * HEAD];
      const node = h(
        "g",
        { class: "gb-hot", "data-head": k },
        h("rect", {
          x: cx,
          y: cy,
          width: size,
          height: size,
          rx: 2,
          fill: g.sequential(Math.max(0, value ?? 0), 1, "att", "field"),
          stroke: css(k === chosen ? "accent" : "line"),
          "stroke-width": k === chosen ? 2 : 1,
        }),
      );
      return g.tip(
        node,
        `${headName(data, k)}: ${value === null ? say("no single piece matters") : say("rank agreement {value}", { value: num(value, 2) })}`,
      );
    }),
    Array.from({ length: layers }, (_, l) =>
      label(x, y + l * HEAD + 12, `L${l}`, { fill: "ink3", mono: true }),
    ),
  ]);
  return y + layers * HEAD;
}

// ---------------------------------------------------------------- the picture

const BEFORE = 3; // steps before the first word: the picture, its pieces, the pieces as tokens
const KEPT = 12; // pictures of the strip

/** Steps of this caption; another caption gets another bar. @param {Stage} g @param {Data} data @param {Kept} local */
function captionSteps(g, data, local) {
  const kind = data.words.map((one) => one.text).join(" ");
  let { steps } = local;
  if (!steps || local.kind !== kind) {
    if (local.steps) withoutSteps(g, local);
    local.kind = kind;
    steps = stepMode("spoken", [
      sayOf("photo", "The picture"),
      say("Its pieces"),
      say("Tokens"),
      ...data.words.map((one) => `“${one.text}”`),
      say("Right or wrong"),
    ]);
    local.steps = steps;
  }
  return steps;
}
/** What a step shows. @param {Read} data @param {number} step */
function captionOf(data, step) {
  const start = [
    say(
      "A picture is a table of numbers, {rows} × {columns} of them, one for how dark each point is. The model was trained to say in words which digits stand in it.",
      { rows: data.grid[0] * data.side, columns: data.grid[1] * data.side },
    ),
    say(
      "It is cut into {pieces} pieces. To the model each piece is what a word is in a text; below stands one of them as the numbers that it is.",
      { pieces: piecesOf(data) },
    ),
    say(
      "Each piece becomes a row of numbers, just as a word does, and stands in one line with the words to come: such a row is called a token. From here on the model does not know which were pictures.",
    ),
  ];
  if (step < BEFORE) return start[step];
  const at = step - BEFORE;
  if (at >= data.words.length)
    return say(
      "The caption is complete and can be held against the truth. The maps show where the chosen word looked, and what it loses when a piece is covered: looking at a piece is not yet needing it.",
    );
  const word = data.words[at];
  const written = say(
    "The model writes “{word}” (probability {p}), and reads it back before it writes the next word.",
    { word: word.text, p: percent(word.p) },
  );
  return at
    ? written
    : `${written} ${say("The left map shows at which pieces the word looked; for the right one each piece was covered, to see what the word loses without it.")}`;
}
/** @param {Kept} local */
const stepOf = (local) => (local.steps ? local.steps.of(local) : 0);
/** @param {Data} data @param {Kept} local */
const spokenWords = (data, local) => clamp(stepOf(local) - BEFORE + 1, 0, data.words.length);
/** @param {Kept} local */
const isWhole = (local) => stepOf(local) === local.steps?.last;
/**
 * The word that is looked at: pointed at, chosen, the newest, or the one that the page proposes; -1: none is there yet.
 * @param {Read} data @param {Kept} local
 */
function partOf(data, local) {
  const count = spokenWords(data, local);
  const over = local.over ?? -1;
  if (over >= 0 && over < count) return over;
  if (!isWhole(local)) return count - 1;
  const chosen = local.sel.said ?? -1;
  return chosen >= 0 && chosen < count ? chosen : Math.min(data.focus, count - 1);
}

/** @param {Stage & Shown} g @param {Kept} local */
function listen(g, local) {
  if (local.listening) return;
  local.listening = true;
  /** @param {MouseEvent} event */
  const under = (event) =>
    /** @type {HTMLElement | null} */ (
      /** @type {Element} */ (event.target).closest("[data-word], [data-piece], [data-scene], [data-head]")
    )?.dataset ?? {};
  /** @param {number | null} piece @param {number | null} over */
  const turn = (piece, over) => {
    if (piece === (local.piece ?? null) && over === (local.over ?? null)) return;
    [local.piece, local.over] = [piece, over];
    g.redraw();
  };
  /** @param {string | undefined} text */
  const at = (text) => (text === undefined ? null : Number(text));
  g.svg.addEventListener("pointermove", (event) => {
    if (event.pointerType !== "touch") {
      const set = under(event);
      turn(at(set.piece), at(set.word));
    }
  });
  g.svg.addEventListener("pointerleave", () => turn(null, null));
  g.svg.addEventListener("click", (event) => {
    const set = under(event);
    if (set.word !== undefined) chooseWord(g, g.shown, local, Number(set.word));
    else if (set.scene !== undefined) g.select({ pictured: Number(set.scene), sketched: false, said: -1 });
    else if (set.head !== undefined)
      g.select({ crossing: headOf(g.shown, local) === Number(set.head) ? -1 : Number(set.head) });
    else if (set.piece !== undefined) turn(Number(set.piece), null);
  });
}
/** @param {Stage} g @param {Data} data @param {Kept} local @param {number} at */
function chooseWord(g, data, local, at) {
  const count = spokenWords(data, local);
  if (!count) return;
  local.over = null;
  if (isWhole(local)) g.select({ said: clamp(at, 0, count - 1) });
  else local.steps?.to(g, local, BEFORE + clamp(at, 0, data.words.length - 1));
}

/** The chosen word is chosen no more. @param {Stage} g @param {Kept} local */
function letGo(g, local) {
  if ((local.sel.said ?? -1) < 0) return false;
  g.select({ said: -1 });
  return true;
}

/** The small pictures to choose from. @param {Stage} g @param {Data} data @param {number} y */
function drawStrip(g, data, y) {
  const [w, gap] = [isPhone(g.width) ? 76 : 74, 8];
  const per = Math.min(KEPT, Math.floor((g.width + gap) / (w + gap)));
  const first = data.strip.first;
  const shown = Math.min(data.strip.count, isPhone(g.width) ? 2 * per : per);
  // Where the dozen has no room, that part of it which has the chosen one.
  const from = Math.min(Math.floor((data.number - first) / shown) * shown, data.strip.count - shown);
  const [tall, pixels] = [
    data.strip.images.shape[1],
    data.strip.images.shape[1] * data.strip.images.shape[2],
  ];
  const wide = data.strip.images.shape[2];
  g.part("strip", [y, data.drawn ? -1 : data.number, first, from, shown], () => [
    Array.from({ length: shown }, (_, place) => {
      const [x, top] = [(place % per) * (w + gap), y + Math.floor(place / per) * (w / 2 + gap)];
      const k = from + place;
      const chosen = !data.drawn && first + k === data.number;
      const values = data.strip.images.slice(k * pixels, (k + 1) * pixels);
      const node = h(
        "g",
        { class: "gb-hot", "data-scene": first + k },
        heatImage(
          x,
          top,
          w,
          w / 2,
          heat(values, tall, wide, (v) => g.sequentialRgb(v, 16, "ink", "field")),
        ),
        h("rect", {
          x,
          y: top,
          width: w,
          height: w / 2,
          rx: 2,
          fill: "none",
          stroke: css(chosen ? "accent" : "line"),
          "stroke-width": chosen ? 2.5 : 1,
        }),
      );
      return g.tip(
        node,
        say("picture {number}: {caption}", { number: first + k, caption: data.strip.captions[k] }),
      );
    }),
  ]);
  return y + Math.ceil(shown / per) * (w / 2 + gap);
}

/**
 * How many lines the first `count` sentences of the verdict take.
 * @param {Data} data @param {number} room @param {number} count
 */
const verdictRows = (data, room, count) =>
  data.verdict.slice(0, count).reduce((sum, one) => sum + inLines(one.text, room - 22, 13).length, 0);
/**
 * Some sentences on what is right; nothing is drawn before the caption is whole. Returns the y below.
 * @param {Stage} g @param {Data} data @param {string} key @param {Box} box @param {boolean} whole
 * @param {number} from @param {number} [to]
 */
function drawVerdict(g, data, key, box, whole, from, to) {
  let y = box.y;
  const set = data.verdict.slice(from, to).map((one) => {
    const lines = inLines(one.text, box.w - 22, 13);
    const place = { ...one, lines, y };
    y += 17 * lines.length + 4;
    return place;
  });
  g.part(key, [box, whole], () =>
    whole
      ? set.map((one) =>
          h(
            "g",
            { "data-right": one.right === null ? "" : String(Number(one.right)) },
            label(box.x + 2, one.y, one.right === null ? "·" : one.right ? "✓" : "✗", {
              size: 14,
              weight: 700,
              fill: one.right === null ? "ink3" : one.right ? "v-ink" : "k-ink",
            }),
            one.lines.map((text, i) => label(box.x + 18, one.y + 17 * i, text, { size: 13, fill: "ink" })),
          ),
        )
      : null,
  );
  return y;
}

/** @param {Stage} g @param {Blank} data @param {Kept} local */
function drawBlank(g, data, local) {
  withoutSteps(g, local);
  local.kind = null;
  local.steps = null;
  const phone = isPhone(g.width);
  const pad = { x: 0, y: 22, w: columnsOf(g.width, data).pad }; // as wide as it is with something on it
  g.part("pad head", [pad], () => heading(0, 12, 1, say("Your drawing"), pad.w));
  const below = drawPad(g, local, pad, data.pen);
  const [x, room] = phone ? [0, g.width] : [pad.w + 32, g.width - pad.w - 40];
  const lines = inLines(data.message, room, 15);
  g.part("message", [x, room, data.message], () =>
    lines.map((text, i) => label(x, (phone ? below + 22 : 60) + 22 * i, text, { size: 15, fill: "ink" })),
  );
  const under = Math.max(below + 24, phone ? below + 40 + 22 * lines.length : 300);
  g.height = g.can.recompute ? drawStrip(g, data, under) + 4 : under;
}

/** @param {Data} data @param {number} step */
const pictureTitle = (data, step) => {
  const values = {
    number: data.number,
    rows: data.grid[0] * data.side,
    columns: data.grid[1] * data.side,
    pieces: piecesOf(data),
  };
  if (data.drawn)
    return step
      ? say("As it is seen: {pieces} pieces", values)
      : say("Your drawing: {rows} × {columns} numbers", values);
  return step
    ? say("Picture {number}, cut into {pieces} pieces", values)
    : say("Picture {number}: {rows} × {columns} numbers", values);
};
/**
 * What stands below the pictures: of(part) -> lines of two of them, and how deep the longest of each goes.
 * @param {Read} data @param {Kept} local @param {Columns} at
 */
function notesOf(data, local, at) {
  const head = headOf(data, local);
  const measured = inLines(data.measured, at.room);
  /** @param {number} part */
  const of = (part) =>
    [
      part
        ? say(
            "{share} of the looking of {head} goes to the picture, the rest to the start and the words before.",
            { share: percent(data.onto[head + 1][part]), head: headName(data, head) },
          )
        : say("{share} of the looking of {head} goes to the picture, the rest to the start.", {
            share: percent(data.onto[head + 1][part]),
            head: headName(data, head),
          }),
      data.found[head + 1][part],
    ].map((text) => inLines(text, at.room));
  const every = data.words.map((_, part) => [measured, ...of(part)]);
  return {
    of,
    measured,
    deep: [0, 1, 2].map((k) => 8 + 16 * Math.max(...every.map((one) => one[k].length))),
  };
}
/** @param {Stage} g @param {string} key @param {{x: number, y: number}} box @param {number} tall @param {string[]} lines */
const drawNote = (g, key, box, tall, lines) =>
  g.part(key, [box, tall, lines], () =>
    lines.map((line, i) => label(box.x, box.y + tall + 17 + 16 * i, line)),
  );
/**
 * Where the word looked, and what is left of it without each piece.
 * @param {Stage} g @param {Read} data @param {Kept} local
 * @param {{looked: Tiles, covered: Tiles, part: number, room: number}} o
 */
function drawLooking(g, data, local, o) {
  const { looked, covered, part, room } = o;
  const word = data.words[part];
  g.part("looked head", [looked, part], () =>
    heading(looked.x, looked.y - 10, 3, say("“{word}” was written looking here", { word: word.text }), room),
  );
  drawLooked(g, data, local, looked, part);
  framePiece(g, data, local, "looked", looked);
  const moved = row(data, data.fell, part).some((nats) => Math.abs(nats) >= data.felt);
  g.part("covered head", [covered, part], () =>
    heading(
      covered.x,
      covered.y - 10,
      4,
      moved
        ? say("Cover a piece: “{word}” goes from {p} to", { word: word.text, p: percent(word.p) })
        : say("Cover a piece: “{word}” stays at {p}", { word: word.text, p: percent(word.p) }),
      room,
    ),
  );
  drawCovered(g, data, covered, part);
  framePiece(g, data, local, "covered", covered);
}

/** @type {View<Data, Kept, Shown>} */
const multimodal = {
  init(data, _local, before) {
    data.strip.images = unpacked(data.strip.images);
    if (isRead(data)) {
      for (const name of ARRAYS) data[name] = unpacked(data[name]);
      data.largest = Math.max(...data.vectors.map(Math.abs), 1e-9);
    }
    return before && before.stamp === data.stamp ? {} : { over: null, piece: null };
  },

  selected(g, _data, local, change) {
    if (change.spoken !== BEFORE - 1) return;
    local.stop?.();
    local.fly = 0;
    local.stop = g.tween(700, (t) => {
      local.fly = t;
      g.redraw();
    });
  },

  draw(g, data, local) {
    g.shown = data;
    listen(g, local);
    if (!isRead(data)) {
      drawBlank(g, data, local);
      return;
    }
    captionSteps(g, data, local).bar(g, local, (now) => captionOf(data, now));
    const [step, count, part, whole] = [
      stepOf(local),
      spokenWords(data, local),
      partOf(data, local),
      isWhole(local),
    ];
    const at = columnsOf(g.width, data);
    // Nothing moves from step to step or from word to word: each place has the room that its longest content needs.
    const tall = tallOf(data, at.cell, GAP);
    const notes = notesOf(data, local, at);
    /** @param {number} k @param {number} x @param {number} y */
    const tiles = (k, x, y) => ({
      x,
      y,
      cell: at.cell,
      gap: k || step ? GAP : 0,
      bottom: y + tall + notes.deep[k],
    });
    const first = data.drawn ? drawPad(g, local, { x: 0, y: 22, w: at.pad }, data.pen) : 0;
    if (data.drawn)
      g.part("pad head", [at.pad], () =>
        label(0, 12, g.can.recompute ? say("Draw: one digit, or two side by side") : say("Drawn by hand"), {
          weight: 600,
          fill: "ink",
          size: 13.5,
        }),
      );
    const close = step < 2;
    let plain = tiles(0, 0, data.drawn ? first + 22 : 22);
    const top = at.phone ? plain.bottom + 30 : 22;
    const plan = planSequence(data, { ...at.sequence, y: top });
    const below =
      Math.max(
        at.phone ? 0 : data.drawn ? first : plain.bottom,
        plan.bottom + 20 * verdictRows(data, at.sequence.w, 1),
      ) + 26;
    if (data.drawn && !at.phone) plain = tiles(0, 0, below);
    const shift = data.drawn && !at.phone ? 1 : 0;
    const looked = tiles(1, at.xs[shift], below);
    const covered = at.phone ? tiles(2, 0, looked.bottom + 34) : tiles(2, at.xs[1 + shift], below);

    g.part("plain head", [plain, step, data.number], () =>
      heading(plain.x, plain.y - 10, 1, pictureTitle(data, step), at.room),
    );
    drawTiles(g, data, "plain", plain, []);
    framePiece(g, data, local, "plain", plain, part < 0 ? data.closeup : -1);
    drawNote(g, "measured", plain, tall, notes.measured);
    if (!close) {
      g.part("sequence head", [top, at.sequence], () =>
        heading(
          at.sequence.x,
          top - 10,
          2,
          at.phone
            ? say("Each piece is a token, like a word")
            : say(
                "Each piece is a token, like a word: {pieces} pieces and {words} words in one transformer",
                { pieces: piecesOf(data), words: data.words.length },
              ),
          at.sequence.w,
        ),
      );
      drawSequence(g, data, local, plan, { count, part, from: plain });
    }
    drawVerdict(g, data, "truth", { x: at.sequence.x, y: plan.bottom + 14, w: at.sequence.w }, whole, 0, 1);
    if (part >= 0) {
      drawLooking(g, data, local, { looked, covered, part, room: at.room });
      drawNote(g, "looked note", looked, tall, notes.of(part)[0]);
      drawNote(g, "covered note", covered, tall, notes.of(part)[1]);
    } else
      drawCloseUp(
        g,
        data,
        local,
        close
          ? { x: at.sequence.x, y: top, w: Math.min(at.sequence.w, 560) }
          : { x: looked.x, y: looked.y, w: Math.min(g.width - looked.x, 560) },
        step > 0,
        !close,
      );
    // What else there is to say stands in the third column where it is free, else below.
    const side =
      at.phone || shift
        ? { x: 0, y: covered.bottom + 18, w: g.width }
        : { x: at.xs[2], y: below + 4, w: g.width - at.xs[2] };
    let y = drawVerdict(g, data, "verdict", side, whole, 1);
    if (!shift) {
      if (part >= 0) drawHeads(g, data, local, side.x, y + 20, part);
      y += 20 + data.heads[0] * HEAD;
    }
    y = Math.max(y, covered.bottom);
    g.height = data.drawn || !g.can.recompute ? y : drawStrip(g, data, y + 10) + 2;
  },

  key(event, g, data, local) {
    if (!local.steps || !isRead(data)) {
      if (event.key !== "Escape") return false;
      g.visit("home");
      return true;
    }
    const move = entryKey(event);
    if (move) chooseWord(g, data, local, partOf(data, local) + move);
    else if (g.can.recompute && (event.key === "PageDown" || event.key === "PageUp"))
      g.select({
        pictured: clamp(data.number + (event.key === "PageDown" ? 1 : -1), 0, data.of - 1),
        sketched: false,
        said: -1,
      });
    else if (local.steps.key(event, g, local)) return true;
    else if (event.key === "Escape") local.steps.up(g, local, () => letGo(g, local));
    else return false;
    return true;
  },

  within: ({ pictured, sketched, drawing, ...change }) => change,

  describe(data, local) {
    if (!isRead(data)) return data.message;
    const [part, count] = [partOf(data, local), spokenWords(data, local)];
    const pieces = piecesOf(data);
    const cut = data.drawn
      ? say("Your drawing, cut into {pieces} pieces, each a token.", { pieces })
      : say("Held-out picture {number}, cut into {pieces} pieces, each a token.", {
          number: data.number,
          pieces,
        });
    const start = `${local.steps?.said(local, (now) => captionOf(data, now)) ?? ""}${cut}`;
    if (part < 0) return `${start} ${say("No word is written yet.")}`;
    /** @param {ArrayLike<number>} values */
    const best = (values) =>
      Array.from(values)
        .map((v, i) => [v, i])
        .sort((a, b) => b[0] - a[0])
        .slice(0, 3)
        .map(([, i]) => i)
        .join(", ");
    const said = data.words
      .slice(0, count)
      .map((one) => `${one.text} ${percent(one.p)}`)
      .join(", ");
    const most = {
      word: data.words[part].text,
      looked: best(looks(data, local, part)),
      lost: best(row(data, data.fell, part)),
    };
    return [
      start,
      say("Caption: {words}.", { words: said }),
      say("“{word}” looks most at pieces {looked} and loses most without pieces {lost}.", most),
      foundOf(data, local, part),
      isWhole(local) ? data.verdict.map((one) => one.text).join(" ") : "",
    ].join(" ");
  },

  state(data, local) {
    const read = isRead(data) ? data : null;
    const part = read ? partOf(read, local) : -1;
    const seen = part >= 0 ? read : null; // with a word that is looked at
    /** @param {ArrayLike<number>} values */
    const round = (values) => Array.from(values, (v) => Number(v.toFixed(5)));
    return {
      tokens: data.tokens,
      drawn: data.drawn,
      number: data.number,
      message: data.message,
      strokes: drawnStrokes(local).length,
      drawing: local.sel.drawing ?? "",
      read: data.read,
      image: read ? round(read.image) : [],
      words: data.words.map((one) => one.text),
      written: data.words.slice(0, spokenWords(data, local)).map((one) => one.text),
      probabilities: data.words.map((one) => one.p),
      right: data.words.map((one) => one.right),
      part,
      piece: local.piece ?? null,
      looked: seen ? round(looks(seen, local, part)) : [],
      covered: seen ? round(row(seen, seen.covered, part)) : [],
      fell: seen ? round(row(seen, seen.fell, part)) : [],
      head: read ? headOf(read, local) : -1,
      agreement: seen ? agreementOf(seen, local, part) : null,
      verdict: data.verdict,
      strip: data.strip.first,
      ...(local.steps && read ? local.steps.state(local) : { step: 0, steps: 0, playing: false }),
    };
  },
};

export default mount("multimodal", multimodal);
