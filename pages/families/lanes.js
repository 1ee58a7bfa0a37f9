// One lane. Upper half: its tokens, who sees whom, and what it says of the token that is asked for. Lower half: what its
// model writes, token by token, and what an encoder-decoder reads while it does; of an encoder without a head, vectors.

import { counted } from "../../app/kit/counts.js";
import { pointerAt } from "../../app/kit/glass.js";
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
  thousands,
  tokenSpans,
  tokenTip,
  visible,
} from "../../app/kit/shapes.js";
import {
  ASKED,
  COUNT,
  LINE,
  NAMES_W,
  SHAPE,
  colX,
  drafted,
  flowOf,
  inView,
  readBy,
  rowTall,
  rowY,
  speaks,
  steps,
  tokenOf,
} from "./layout.js";

/**
 * @import { Stage } from "../../app/kit/glass.js"
 * @import { Shapes } from "../../app/kit/shapes.js"
 * @import { Data, Guess, Kept, Lane, Mask, Vectors, Writing } from "./figure.js"
 * @import { Found, Place, Spot } from "./layout.js"
 */

/** @param {Place} place */
export function drawHead(place) {
  const { lane, x, y, w } = place;
  const named = lane.model
    ? `${SHAPE[lane.shape]} · ${lane.model}${lane.own ? say(", this model") : ""}`
    : SHAPE[lane.shape];
  const wide = measure(lane.title, 15, false) + 14;
  return [
    lane.own &&
      h("rect", { x: x - 8, y, width: w + 16, height: 40, rx: 8, fill: css("wash"), stroke: css("line") }),
    label(x, y + 17, lane.title, { weight: 600, size: 15, fill: "ink" }),
    label(x + wide, y + 17, fit(named, w - wide, 12, false), {
      fill: lane.own ? "accent" : "ink3",
      weight: lane.own ? 600 : null,
    }),
    label(x, y + 33, fit(lane.trained, w, 12, false), { fill: "ink2", weight: lane.vectors ? 600 : null }),
    place.notes.map((line, i) => label(x, y + 49 + 15 * i, line, { fill: "ink2" })),
  ];
}

/** @param {Stage} g @param {Kept} local @param {Place} place @param {number} token */
export function drawGrid(g, local, place, token) {
  const { lane, x, pitch } = place;
  const { at, read, said } = readBy(lane, token);
  const found = speaks(lane, token);
  const step = steps.of(local);
  /** @type {Shapes[]} */
  const out = [];
  if (step >= 1) out.push(drawMaps(g, place));
  const size = clamp(pitch - 1.5, 12, 13);
  [...read, ...said].forEach((one, i) => {
    const mid = rowY(place, i) + pitch / 2 + size * 0.36;
    const speaking = step >= 1 && found?.row === i;
    const seen = step < 1 || !found || found.sees.includes(i) || speaking;
    const back = i < read.length ? lane.back[i] : -1;
    const colour = i === at ? "accent" : speaking ? "ink" : seen ? (one.special ? "ink3" : "ink") : "ink3";
    const node = h(
      "g",
      {
        class: back >= 0 ? "gb-hot" : null,
        "data-token": back >= 0 ? back : null,
        "data-lane": lane.shape,
        "data-at": i,
      },
      h("rect", { x, y: rowY(place, i), width: NAMES_W - 4, height: pitch, fill: "transparent" }),
      h(
        "text",
        {
          x,
          y: mid,
          "font-family": MONO,
          "font-size": size,
          direction: "ltr",
          fill: css(colour),
          opacity: seen || i === at ? null : 0.55,
          "font-weight": i === at || speaking ? 700 : null,
          "text-decoration": seen || i === at ? null : "line-through",
        },
        tokenSpans(one.text, NAMES_W - 8, size),
      ),
    );
    out.push(
      one.id === undefined
        ? node
        : g.tip(node, tokenTip(lane.tokens[i]?.text ?? one.text, lane.tokens[i]?.id ?? one.id)),
    );
  });
  if (step >= 1 && found) out.push(drawSpeaker(place, found, said.length));
  return out;
}

/**
 * The cells: violet where a row may look. Two halves of an encoder-decoder make three maps, and one corner is nobody's.
 * @param {Stage} g @param {Place} place
 */
function drawMaps(g, place) {
  const { lane } = place;
  const width = lane.tokens.length;
  /** @type {Record<string, [row: number, col: number]>} */
  const spots = { self: [0, 0], encoder: [0, 0], cross: [width, 0], decoder: [width, width] };
  return Object.entries(lane.maps).map(([name, map]) => {
    const [row, col] = spots[name];
    const [x, y] = [colX(place, col), rowY(place, row)];
    const url = heat(map.cells, map.rows, map.cols, (v) =>
      v ? g.sequentialRgb(0.55, 1, "att") : g.sequentialRgb(1, 1, "field"),
    );
    const [w, tall] = [map.cols * place.cell, map.rows * place.pitch];
    const node = h(
      "g",
      { "data-map": name },
      heatImage(x, y, w, tall, url),
      h("rect", { x, y, width: w, height: tall, fill: "none", stroke: css("line") }),
    );
    return g.tip(node, (event) => cellTip(g, place, name, map, event));
  });
}
/** @type {Record<string, string>} */
const MAPS = {
  encoder: sayOf("map", "encoder"),
  cross: sayOf("map", "cross"),
  decoder: sayOf("map", "decoder"),
};
/** @param {Stage} g @param {Place} place @param {string} name @param {Mask} map @param {MouseEvent} event */
function cellTip(g, place, name, map, event) {
  const { lane } = place;
  const [px, py] = pointerAt(g, event);
  const [row, col] =
    name === "cross" || name === "decoder"
      ? [lane.tokens.length, name === "decoder" ? lane.tokens.length : 0]
      : [0, 0];
  const i = clamp(Math.floor((py - rowY(place, row)) / place.pitch), 0, map.rows - 1);
  const j = clamp(Math.floor((px - colX(place, col)) / place.cell), 0, map.cols - 1);
  const said = (/** @type {number} */ k) => [lane.start, lane.sign, { text: "…" }][k].text;
  const asks = row ? said(i) : lane.tokens[i].text;
  const read = name === "decoder" ? said(j) : lane.tokens[j].text;
  const both = { row: visible(asks), column: visible(read) };
  return `${name === "self" ? "" : `${MAPS[name] ?? name}: `}${map.cells[i * map.cols + j] ? say("{row} sees {column}", both) : say("{row} does not see {column}", both)}`;
}

/**
 * The row that speaks, the column of the token that it must not see, and what it is asked to say.
 * @param {Place} place @param {Found} found @param {number} said
 */
function drawSpeaker(place, found, said) {
  const { lane, pitch } = place;
  const y = rowY(place, found.row);
  const last = lane.tokens.length - 1 + said;
  const ends = colX(place, last) + place.cell;
  const [top, deep] = [rowY(place, 0), rowY(place, lane.tokens.length - 1) + pitch - rowY(place, 0)];
  const word = lane.vectors ? say("a vector") : visible(lane.tokens[found.at].text);
  return [
    h("rect", {
      x: colX(place, found.at),
      y: top,
      width: place.cell,
      height: lane.shape === "encoder-decoder" ? y + pitch - top : deep,
      fill: "none",
      stroke: css("accent"),
      "stroke-width": 1,
      "stroke-dasharray": "2 2",
    }),
    h("rect", {
      x: colX(place, 0) - 1,
      y: y - 0.5,
      width: ends - colX(place, 0) + 2,
      height: pitch + 1,
      fill: "none",
      stroke: css("accent"),
      "stroke-width": 1.5,
    }),
    label(ends + 5, y + pitch / 2 + 4, `→ ${fit(word, place.x + place.w - ends - 24, 12, true)}`, {
      mono: true,
      fill: "accent",
      weight: 600,
    }),
  ];
}

// ---------------------------------------------------------------- what it says

/** @param {Data} data @param {Kept} local @param {Place} place @param {number} token */
export function drawAsked(data, local, place, token) {
  const { lane, x, w } = place;
  if (steps.of(local) < ASKED) return [];
  const y = place.asked;
  if (lane.missing)
    return inLines(lane.missing, w, 12).map((line, i) => label(x, y + 4 + 16 * i, line, { fill: "ink2" }));
  const found = speaks(lane, token);
  const word = found ? visible(lane.tokens[found.at].text) : visible(data.tokens[token]);
  const head = [label(x, y + 2, fit(`${word}: ${inView(lane, token)}`, w, 12, false), { fill: "ink2" })];
  if (lane.vectors) return [...head, found && drawNearest(lane, place, found.at)];
  const asked = found && lane.asked[found.at];
  if (!asked)
    return [
      ...head,
      found
        ? label(x, y + 20, say("Click the token: a model of this size is asked for one at a time."), {
            fill: "ink3",
          })
        : null,
    ];
  const known = asked.top.some((one) => one.id === asked.truth);
  const rows = known
    ? asked.top
    : [
        ...asked.top.slice(0, COUNT - 1),
        { ...lane.tokens[found.at], id: asked.truth, p: asked.right, place: asked.place },
      ];
  return [
    ...head,
    rows.map((one, i) => bar(x, y + 17 + 16 * i, w, one, one.id === asked.truth)),
    drawSwap(lane, place, found.at),
  ];
}
/** @param {number} x @param {number} y @param {number} w @param {Guess} one @param {boolean} right */
function bar(x, y, w, one, right) {
  const wide = clamp(w - 230, 50, 150);
  return h(
    "g",
    { "data-id": one.id },
    h(
      "text",
      {
        x,
        y: y + 4,
        "font-family": MONO,
        "font-size": 12,
        direction: "ltr",
        fill: css(right ? "accent" : "ink"),
        "font-weight": right ? 700 : null,
      },
      tokenSpans(one.text, 100, 12),
    ),
    h("rect", { x: x + 106, y: y - 5, width: wide, height: 9, rx: 2, fill: css("field") }),
    h("rect", {
      x: x + 106,
      y: y - 5,
      width: Math.max(1, wide * one.p),
      height: 9,
      rx: 2,
      fill: css(right ? "accent" : "res"),
    }),
    label(x + 112 + wide, y + 4, num(one.p, 3), { mono: true, fill: "ink" }),
    one.place &&
      label(x + 158 + wide, y + 4, say("place {place}", { place: thousands(one.place) }), { fill: "ink3" }),
  );
}
/**
 * What another next token does to the guess: of a GPT nothing, not by a bit.
 * @param {Lane} lane @param {Place} place @param {number} at
 */
function drawSwap(lane, place, at) {
  const swap = lane.swap;
  if (!swap || swap.at !== at + 1) return null;
  const text = say("Behind it {old} → {new}: ", { old: visible(swap.old), new: visible(swap.new) });
  const moved =
    swap.moved === 0
      ? say("the guess stays, to the last bit")
      : say("the guess moves by {moved}", { moved: num(swap.moved, 3) });
  const y = place.asked + 17 + 16 * COUNT + 3;
  const start = measure(text, 12, false) * 1.03;
  return [
    label(place.x, y, fit(text, place.w, 12, false), { fill: "ink2" }),
    label(place.x + start, y, fit(moved, place.w - start, 12, false), {
      fill: swap.moved === 0 ? "ink" : "accent",
      weight: 600,
    }),
  ];
}

// ---------------------------------------------------------------- what it writes

const HOW = {
  decoder: say("Writes on: what is written stays, and is read."),
  encoder: say("Made to write: a [MASK] at the end, filled, again."),
};
const TASK = {
  gap: say("Writes what fills the gap"),
  translate: say("Asked to translate"),
  summarize: say("Asked to summarize"),
  sentiment: say("Asked for the sentiment"),
};

/** The written token that is looked at: pointed at, or the last one. @param {Lane} lane @param {Kept} local */
export function strokeOf(lane, local) {
  const count = Math.min(drafted(local), lane.writing?.strokes.length ?? 0);
  if (local.stroke != null && local.stroke.lane === lane.shape && local.stroke.at < count)
    return local.stroke.at;
  return count - 1;
}
/** Which pattern of the cross-attention is shown. @param {Lane} lane @param {Kept} local */
export const readerOf = (lane, local) =>
  clamp((local.sel.crossing ?? -1) + 1, 0, (lane.writing?.readers?.length ?? 1) - 1);

/** What the looked-at token's row reads of the source: (S,), or null. @param {Lane} lane @param {Kept} local */
export function crossingOf(lane, local) {
  const at = strokeOf(lane, local);
  if (!lane.writing?.crossing || at < 0) return null;
  const [, count, width] = lane.writing.crossing.shape;
  const first = (readerOf(lane, local) * count + at) * width;
  return lane.writing.cells.slice(first, first + width);
}

/** @param {Stage} g @param {Data} data @param {Kept} local @param {Place} place */
export function drawStrip(g, data, local, place) {
  const { lane, x, w } = place;
  const y = place.write;
  if (steps.of(local) >= ASKED && lane.vectors)
    return drawVectors(g, place, lane.vectors, lane.at[tokenOf(data, local)] ?? -1);
  if (steps.of(local) < ASKED || !lane.writing) return [];
  const count = Math.min(drafted(local), lane.writing.strokes.length);
  const flow = flowOf(lane, w - 8);
  const chosen = strokeOf(lane, local);
  const reads = crossingOf(lane, local);
  const most = reads ? Math.max(...reads, 1e-9) : 1;
  const head =
    lane.shape === "encoder-decoder" ? say("{task}; reads:", { task: TASK[data.asks] }) : HOW[lane.shape];
  /** @type {Shapes[]} */
  const out = [label(x, y + 2, fit(head, w - (reads ? 128 : 0), 12, false), { fill: "ink2" })];
  for (const spot of flow.places) {
    if (spot.kind === "read") out.push(source(g, place, spot, reads, most));
    else if (spot.i < count) out.push(written(g, lane, place, spot, spot.i === chosen));
    else if (spot.i === count && lane.shape === "encoder") out.push(next(place, spot));
  }
  const below = y + 20 + flow.height;
  return [
    ...out,
    chosen >= 0 && alternatives(lane.writing, place, chosen, below),
    label(x + w, below, tally(lane.writing, count), { anchor: "end", fill: "ink3" }),
  ];
}
/** @param {Stage} g @param {Place} place @param {Spot} spot @param {Float32Array | null} reads @param {number} most */
function source(g, place, spot, reads, most) {
  const share = reads?.[spot.i] ?? 0;
  const node = h(
    "g",
    { "data-source": spot.i },
    h("rect", {
      x: place.x + spot.x,
      y: place.write + 9 + spot.y,
      width: spot.w,
      height: LINE - 3,
      rx: 3,
      fill: reads ? g.sequential(0.45 * share, most, "att") : css("bg"),
    }),
    h(
      "text",
      {
        x: place.x + spot.x + 3,
        y: place.write + 21 + spot.y,
        "font-family": MONO,
        "font-size": 12,
        direction: "ltr",
        fill: css(spot.one.special && !reads ? "ink3" : "ink"),
      },
      tokenSpans(spot.one.text, 1e9, 12),
    ),
  );
  return g.tip(
    node,
    reads
      ? say("{text}: {share} of what the written token reads", {
          text: visible(spot.one.text),
          share: num(share, 3),
        })
      : visible(spot.one.text),
  );
}
/** @param {Stage} g @param {Lane} lane @param {Place} place @param {Spot} spot @param {boolean} chosen */
function written(g, lane, place, spot, chosen) {
  const node = h(
    "g",
    { class: "gb-hot", "data-stroke": spot.i, "data-lane": lane.shape },
    chip(g, place.x + spot.x, place.write + 17 + spot.y, spot.w, spot.one.text, {
      height: LINE - 2,
      size: 12,
      selected: chosen,
    }),
  );
  return g.tip(node, `${visible(spot.one.text)}  ${num(spot.one.p ?? 0, 3)}`);
}
/** The mask that an encoder is to fill next. @param {Place} place @param {Spot} spot */
function next(place, spot) {
  return h(
    "g",
    {},
    h("rect", {
      x: place.x + spot.x,
      y: place.write + 8 + spot.y,
      width: 48,
      height: LINE - 2,
      rx: 4,
      fill: "none",
      stroke: css("accent"),
      "stroke-dasharray": "3 2",
    }),
    label(place.x + spot.x + 24, place.write + 21 + spot.y, "[MASK]", {
      mono: true,
      anchor: "middle",
      fill: "accent",
    }),
  );
}
/**
 * The likeliest tokens where the looked-at one was written.
 * @param {Writing} writing @param {Place} place @param {number} at @param {number} y
 */
function alternatives(writing, place, at, y) {
  const room = place.w - measure(tally(writing, writing.strokes.length), 12, false) - 14;
  const texts = writing.strokes[at].top.map((one) => `${visible(one.text)} ${num(one.p, 2)}`);
  while (texts.length > 1 && measure(texts.join("   "), 12, true) > room) texts.pop();
  return label(place.x, y, fit(texts.join("   "), room, 12, true), { mono: true, fill: "ink2" });
}
/** How varied the written tokens are, or that it was done. @param {Writing} writing @param {number} count */
function tally(writing, count) {
  const strokes = writing.strokes.slice(0, count);
  if (!count) return "";
  if (count === writing.strokes.length && writing.ended) return say("done after {count}", { count });
  const different = new Set(strokes.map((one) => one.id)).size;
  return say("{different} different of {tokens}", { different, tokens: counted(count, "token") });
}

/**
 * Whose cross-attention is shown: a native list over the picture.
 * @param {Stage} g @param {Kept} local @param {Place} place
 */
export function drawReader(g, local, place) {
  const { lane } = place;
  const readers = lane.writing?.readers;
  if (!readers || drafted(local) < 1) return;
  const told = JSON.stringify(readers);
  g.overlay(
    "reader",
    { left: place.x + place.w - 124, top: place.write - 14, width: 124, height: 22 },
    () =>
      html("select", { class: "fam-reader", "aria-label": say("Whose cross-attention colours the source") }),
    (node) => {
      node.onchange = () => g.select({ crossing: node.selectedIndex - 1 });
      if (node.dataset.told !== told) {
        node.replaceChildren(...readers.map((name) => html("option", {}, name)));
        node.dataset.told = told;
      }
      node.selectedIndex = readerOf(lane, local);
    },
  );
}

// ---------------------------------------------------------------- vectors, of an encoder without a head: which lie near, how far one turns

const NEAR = 3; // tokens listed

/**
 * The text's own tokens by the cosine of their vectors with that of token `at`, the nearest first.
 * @param {Lane} lane @param {number} at
 */
export function nearestOf(lane, at) {
  const alike = lane.vectors?.alike ?? [];
  const count = lane.tokens.length;
  return lane.tokens
    .map((one, i) => ({ ...one, at: i, p: alike[at * count + i] }))
    .filter((one) => one.at !== at && !one.special)
    .sort((a, b) => b.p - a.p)
    .slice(0, NEAR);
}

/** @param {Lane} lane @param {Place} place @param {number} at */
function drawNearest(lane, place, at) {
  const { x, w } = place;
  const y = place.asked;
  const near = nearestOf(lane, at);
  return [
    label(
      x,
      y + 18,
      fit(
        near.length
          ? say("Its vector’s cosine with the nearest ones of the text:")
          : say("No other token to compare its vector with."),
        w,
        12,
        false,
      ),
      { fill: "ink2" },
    ),
    near.map((one, i) => bar(x, y + 33 + 16 * i, w, { text: one.text, id: one.id, p: one.p }, false)),
    drawTurn(lane, place, at),
  ];
}
/**
 * What another next token does to a token's vector, where a decoder's guess does not move by a bit.
 * @param {Lane} lane @param {Place} place @param {number} at
 */
function drawTurn(lane, place, at) {
  const turn = lane.vectors?.turn;
  if (!turn || turn.at !== at + 1) return null;
  const y = place.asked + 17 + 16 * COUNT + 3;
  const text = say("Behind it {old} → {new}: ", { old: visible(turn.old), new: visible(turn.new) });
  const start = measure(text, 12, false) * 1.03;
  return [
    label(place.x, y, fit(text, place.w, 12, false), { fill: "ink2" }),
    label(
      place.x + start,
      y,
      fit(
        say("its vector turns to cosine {cosine}", { cosine: num(turn.cosine, 3) }),
        place.w - start,
        12,
        false,
      ),
      { fill: "accent", weight: 600 },
    ),
  ];
}

/**
 * A row of colours for each token, its numbers; below them what they make together: the text's vector.
 * @param {Stage} g @param {Place} place @param {Vectors} vectors @param {number} at
 */
function drawVectors(g, place, { tokens, text, how }, at) {
  const { lane, x, w } = place;
  const [count, dims] = tokens.shape;
  const [y, each] = [place.write + 10, rowTall(lane)];
  const most = spreadOf(tokens);
  const own = spreadOf(text);
  const paint = (/** @type {number} */ limit) => (/** @type {number} */ v) => g.signedRgb(v, limit);
  const [tall, mean] = [each * count, y + each * count + 8];
  const whole = heatImage(x, y, w, tall, heat(tokens, count, dims, paint(most)));
  const rows = lane.tokens.map((one, i) =>
    g.tip(
      h("rect", {
        class: lane.back[i] >= 0 ? "gb-hot" : null,
        "data-token": lane.back[i] >= 0 ? lane.back[i] : null,
        x,
        y: y + each * i,
        width: w,
        height: each,
        fill: "transparent",
        stroke: i === at ? css("accent") : "none",
        "stroke-width": 1.5,
      }),
      say("{text}: {dims} numbers", { text: visible(one.text), dims: thousands(dims) }),
    ),
  );
  return [
    label(
      x,
      place.write + 2,
      fit(
        say("Writes nothing. Out come {dims} numbers for each token:", { dims: thousands(dims) }),
        w,
        12,
        false,
      ),
      { fill: "ink2" },
    ),
    whole,
    h("rect", { x, y, width: w, height: tall, fill: "none", stroke: css("line") }),
    rows,
    g.tip(
      heatImage(x, mean, w, 14, heat(text, 1, text.length, paint(own)), { "data-vector": "text" }),
      say("the text: {count} numbers, from {min} to {max}", {
        count: thousands(text.length),
        min: num(Math.min(...text), 2),
        max: num(Math.max(...text), 2),
      }),
    ),
    h("rect", { x, y: mean, width: w, height: 14, fill: "none", stroke: css("line") }),
    label(x, mean + 29, fit(say("the text’s vector: {how}", { how }), w, 12, false), { fill: "ink2" }),
  ];
}
/**
 * Where the colours end: three standard deviations, since one number of many is far larger than all others.
 * @param {Float32Array} values
 */
function spreadOf(values) {
  let sum = 0;
  for (const v of values) sum += v * v;
  return 3 * Math.sqrt(sum / Math.max(1, values.length)) || 1;
}
