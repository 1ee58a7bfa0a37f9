// What stands where, and what a lane's model may look at when it speaks of the token that is asked for.

import { counted } from "../../app/kit/counts.js";
import { say, sayOf } from "../../app/kit/say.js";
import { clamp, inLines, measure, visible } from "../../app/kit/shapes.js";
import { stepMode } from "../../app/kit/steps.js";
import { isPhone } from "../../app/kit/widths.js";

/**
 * @import { Stage } from "../../app/kit/glass.js"
 * @import { Data, Kept, Lane, Mask, Token } from "./figure.js"
 */

/**
 * Where a lane stands, in pixels: its grid from `top` on with rows of `pitch` and columns of `cell`, what it is asked and
 * what it writes below.
 * @typedef {{lane: Lane, x: number, y: number, w: number, top: number, pitch: number, cell: number, asked: number,
 *   write: number, notes: string[]}} Place
 *
 * The row of a grid that speaks of a token, that token, and the rows that it sees.
 * @typedef {{row: number, at: number, sees: number[]}} Found
 *
 * A token that was read or written, and its place in the flow.
 * @typedef {{kind: "read" | "written", i: number, one: Token & {p?: number}, x: number, y: number, w: number}} Spot
 */

/** What a shape is called. */
export const SHAPE = {
  decoder: sayOf("shape", "decoder"),
  encoder: sayOf("shape", "encoder"),
  "encoder-decoder": sayOf("shape", "encoder-decoder"),
};
export const steps = stepMode("drafted", [
  say("The text"),
  say("Who sees whom"),
  say("The question"),
  ...Array.from({ length: 12 }, (_, n) => say("{count} written", { count: n + 1 })),
]);
export const ASKED = 2; // the step that asks; those after it write
/** What a step shows. @type {(data: Data, local: Kept, step: number) => string} */
export function caption(data, local, step) {
  if (step === 0)
    return say(
      "One text through three kinds of model. Each reads it as tokens, words or parts of words, and each cuts it in its own way.",
    );
  if (step === 1)
    return say(
      "Who sees whom: a filled cell says that the token of its row may look at the token of its column. A decoder looks back only, an encoder both ways; an encoder-decoder reads both ways and writes looking back.",
    );
  if (step === ASKED)
    return say(
      "All three are asked for {token}: the decoder must foretell it from what comes before, the others find a hole in its place. Below stands what each would say, with its probability.",
      { token: visible(data.tokens[tokenOf(data, local)]) },
    );
  const count = step - ASKED;
  const writers = data.lanes.filter((lane) => lane.writing);
  const going = writers.filter((lane) => (lane.writing?.strokes.length ?? 0) >= count);
  if (!writers.length) return say("None of these models writes.");
  if (count === 1)
    return say(
      "Now they write: what has been written is read again before the next token is chosen, so a text grows token by token. An encoder is not made for that: it fills one hole after the other.",
    );
  return going.length
    ? say("Token {number}: {list}. Point at a written token to see what else could have come.", {
        number: count,
        list: going
          .map((lane) =>
            say("{model} writes {token}", {
              model: lane.title,
              token: visible(lane.writing?.strokes[count - 1].text ?? ""),
            }),
          )
          .join(", "),
      })
    : say("All that they wrote stands here; each stopped by itself, or at twelve tokens.");
}
export const NAMES_W = 86; // of a row's token
const DEEP = 510; // the height on a wide screen
export const COUNT = 4; // likeliest tokens shown

/** How many tokens are written in the shown step. @param {Kept} local */
export const drafted = (local) => Math.max(0, steps.of(local) - ASKED);
/** The open model's token that is asked for. @param {Data} data @param {Kept} local */
export function tokenOf(data, local) {
  if (local.hover != null) return local.hover;
  const chosen = local.sel.follow ?? -1;
  return chosen < 0 || chosen >= data.tokens.length ? data.start : chosen;
}

/**
 * The rows and columns of a lane's grid: what is read, and of an encoder-decoder what its decoder has read.
 * @param {Lane} lane @param {number} token
 */
export function readBy(lane, token) {
  const at = lane.at[token] ?? -1;
  const read = lane.tokens.map((one, i) =>
    i === at && lane.sign.text ? { ...one, text: lane.sign.text, hidden: true } : one,
  );
  if (lane.shape !== "encoder-decoder") return { at, read, said: [] };
  const first = lane.asked[at]?.top[0];
  return { at, read, said: [lane.start, lane.sign, first ?? { text: "…" }] };
}
/**
 * The row of the grid that speaks of the token, and which rows it sees; null: nobody speaks of it in this lane.
 * @param {Lane} lane @param {number} token
 */
export function speaks(lane, token) {
  const at = lane.at[token] ?? -1;
  const width = lane.tokens.length;
  if (at < 0 || (lane.shape === "decoder" && at === 0)) return null;
  if (lane.shape !== "encoder-decoder") {
    const row = lane.shape === "decoder" ? at - 1 : at;
    return { row, at, sees: mapRow(lane.maps.self, row).filter((j) => j !== at) };
  }
  const sees = [
    ...mapRow(lane.maps.cross, 1).filter((j) => j !== at),
    ...mapRow(lane.maps.decoder, 1).map((j) => width + j),
  ];
  return { row: width + 1, at, sees };
}
/** @param {Mask} map @param {number} row */
const mapRow = (map, row) =>
  Array.from({ length: map.cols }, (_, j) => j).filter((j) => map.cells[row * map.cols + j]);

/**
 * In words, what is in view when the token is spoken of.
 * @param {Lane} lane @param {number} token
 */
export function inView(lane, token) {
  const found = speaks(lane, token);
  if (!found)
    return lane.shape === "decoder" ? say("nothing stands before it") : say("no token of this lane");
  const source = found.sees.filter((j) => j < lane.tokens.length).length;
  const behind = lane.tokens.length - 1 - found.at;
  const tokens = counted(source, "token");
  if (lane.shape === "decoder")
    return behind
      ? say("sees the {tokens} before it, none of the {behind} behind", { tokens, behind })
      : say("sees the {tokens} before it, and there is no more", { tokens });
  const others = counted(source, "other");
  if (lane.shape === "encoder")
    return lane.vectors
      ? say("sees itself and all {others}, on both sides", { others })
      : say("sees all {others}, on both sides", { others });
  return say("sees all {others} and what it has said", { others });
}

/** All places, in pixels of the picture. @param {Pick<Stage, "width">} g @param {Pick<Data, "lanes">} data */
export function plan(g, data) {
  const phone = isPhone(g.width);
  const gap = 18;
  const w = phone ? g.width : (g.width - 2 * gap) / 3;
  const most = Math.max(...data.lanes.map((lane) => rowCount(lane)));
  const pitch = phone ? 19 : clamp(210 / most, 13.5, 18); // below that no name can be read
  /** @type {Place[]} */
  const lanes = [];
  const notes = data.lanes.map((lane) => lane.notes.flatMap((note) => inLines(note, w, 12)));
  const noted = Math.max(...notes.map((lines) => lines.length));
  let [y, height] = [0, 0];
  data.lanes.forEach((lane, i) => {
    const rows = rowCount(lane);
    const x = phone ? 0 : i * (w + gap);
    const right = 78; // for what the row says
    const cell = Math.min(pitch, (w - NAMES_W - right) / (rows + 0.5));
    const deep = (phone ? rows : most) * pitch + 5;
    const top = y + 48 + 15 * (phone ? notes[i].length : noted);
    const asked = top + deep + 18;
    const write = asked + 16 + COUNT * 16 + 24;
    lanes.push({ lane, x, y, w, top, pitch, cell, asked, write, notes: notes[i] });
    const ends = write + 18 + (lane.vectors ? vectorsTall(lane) : flowOf(lane, w - 8).height + 20);
    if (phone) y = ends + 28;
    height = Math.max(height, ends);
  });
  return { phone, lanes, height: phone ? y : Math.max(height, DEEP) };
}
/** Pixels of a token's vector. @param {Lane} lane */
export const rowTall = (lane) => clamp(Math.floor(80 / lane.tokens.length), 4, 8);
/** Pixels of all vectors of a lane, and of the text's. @param {Lane} lane */
const vectorsTall = (lane) => 6 + rowTall(lane) * lane.tokens.length + 8 + 14 + 18;
/** @param {Lane} lane */
const rowCount = (lane) => lane.tokens.length + (lane.shape === "encoder-decoder" ? 3 : 0);
/**
 * Pixels of a row or column: an encoder-decoder's own two halves stand a little apart.
 * @param {Lane} lane @param {number} i
 */
const shift = (lane, i) => (i >= lane.tokens.length ? 4 : 0);
/** @param {Place} place @param {number} i */
export const rowY = (place, i) => place.top + i * place.pitch + shift(place.lane, i);
/** @param {Place} place @param {number} i */
export const colX = (place, i) => place.x + NAMES_W + i * place.cell + shift(place.lane, i);

export const LINE = 20; // of the flowing tokens
/**
 * Tokens set into lines: what is read (of an encoder-decoder), a line's space, what is written.
 * @param {Lane} lane @param {number} room
 */
export function flowOf(lane, room) {
  /** @type {Spot[]} */
  const places = [];
  let [x, y] = [0, 0];
  const put = (/** @type {"read" | "written"} */ kind, /** @type {Spot["one"][]} */ list) =>
    list.forEach((one, i) => {
      const w = measure(visible(one.text), 12, true) + (kind === "written" ? 12 : 6);
      if (x + w > room && x) {
        x = 0;
        y += LINE;
      }
      places.push({ kind, i, one, x, y, w });
      x += w + (kind === "written" ? 3 : 0);
    });
  const writing = lane.writing;
  if (!writing) return { places, height: 3 * LINE };
  if (lane.shape === "encoder-decoder") {
    put("read", writing.read);
    x = 0;
    y += LINE + 4;
  }
  put("written", writing.strokes);
  return { places, height: y + LINE };
}
