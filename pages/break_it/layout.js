// What stands where in the Break it picture: the open model above, the trained pair below, three columns of charts over two
// bands; on a phone one under the other, as high as their words are.

import { say } from "../../app/kit/say.js";
import { clamp, inLines, measure, thousands, visible } from "../../app/kit/shapes.js";
import { isPhone } from "../../app/kit/widths.js";

/**
 * @typedef {{x: number, y: number, w: number}} Column as high as what stands in it
 * @typedef {Column & {h: number}} Box
 *
 * A token's loss in nats, whole and without the part; null: no number.
 * @typedef {{text: string, id: number, whole: number | null, without: number | null}} Token
 *
 * What the measurements of two models say; `at`: the step, of a trained pair.
 * @typedef {{findings: string[], cost: string, at?: number | null}} Said
 *
 * `now` and `trained`: a chart each. `head`, `pairTop`: where the halves begin.
 * @typedef {object} Layout
 * @property {boolean} phone
 * @property {number} x
 * @property {number} w
 * @property {number} head
 * @property {Column & {phone?: boolean}} tokens
 * @property {Box} next
 * @property {Box[]} now
 * @property {Box} says
 * @property {number} pairTop
 * @property {{left: number, top: number, width: number, height: number}} curves
 * @property {Box[]} trained
 * @property {Column} samples
 * @property {Box} diagnosis
 * @property {Column} remedy
 * @property {number} height
 *
 * @typedef {{now: Said & {said: Token[]}, pair: Said & {samples: string[], remedy: string}}} Words
 */

export const [EVIDENCE, FOUND, REMEDY] = [1, 2, 3]; // steps: charts come, findings come, the remedy comes

// ---------------------------------------------------------------- what stands where

/**
 * @param {number} width
 * @param {Words} words
 * @param {number} stage
 */
export function planBreakIt(width, words, stage) {
  return isPhone(width) ? planPhone(width, words, stage) : planDesk(width, words);
}

/** @type {(w: number, words: Words) => Layout} */
function planDesk(w, words) {
  const c = [0, 0.226, 0.405, 0.584, 0.763].map((share) => Math.round(share * w));
  /** @type {(i: number, y: number, h: number) => Box} */
  const cell = (i, y, h) => ({ x: c[i], y, w: (c[i + 1] ?? w) - c[i] - 18, h });
  const trained = [cell(2, 308, 158), cell(3, 308, 158)];
  const remedy = remedyHeight(words.pair.remedy, w);
  return {
    x: 0,
    w,
    head: 0,
    tokens: { x: 0, y: 26, w },
    next: { ...cell(0, 94, 176), w: c[1] - 24 },
    now: [1, 2, 3].map((i) => cell(i, 94, 176)),
    says: { x: c[4], y: 94, w: w - c[4], h: 176 },
    pairTop: 284,
    curves: { left: 0, top: 306, width: c[2] - 24, height: 160 },
    trained,
    samples: { x: 0, y: 484, w: c[4] - 24 },
    diagnosis: { x: c[4], y: 286, w: w - c[4], h: 226 },
    remedy: { x: 0, y: 520, w },
    height: 508 + Math.max(16, remedy),
    phone: false,
  };
}

/** @type {(w: number, words: Words, stage: number) => Layout} */
function planPhone(w, { now: said, pair }, stage) {
  const charts = stage >= EVIDENCE ? 176 : 0;
  const cell = (/** @type {number} */ y) => ({ x: 0, y, w, h: 160 });
  const tall = (/** @type {Said} */ part) => placeSaid({ x: 0, y: 0, w, h: 1e9 }, stage, part).bottom;
  const next = 50 + tokensHeight(said.said, w) + 14;
  const now = next + 194;
  const says = now + 3 * charts;
  const top = says + tall(said) + 20; // where the trained pair begins
  const samples = top + 268;
  const trained = samples + samplesHeight(pair.samples, w) + 10;
  const diagnosis = trained + 2 * charts;
  const remedy = diagnosis + tall(pair) + 20;
  return {
    x: 0,
    w,
    head: 0,
    tokens: { x: 0, y: 50, w, phone: true },
    next: { x: 0, y: next, w, h: 176 },
    now: [0, 1, 2].map((i) => cell(now + i * charts)),
    says: { x: 0, y: says, w, h: 1e9 },
    pairTop: top,
    curves: { left: 0, top: top + 44, width: w, height: 200 },
    samples: { x: 0, y: samples, w },
    trained: [0, 1].map((i) => cell(trained + i * charts)),
    diagnosis: { x: 0, y: diagnosis, w, h: 1e9 },
    remedy: { x: 0, y: remedy, w },
    height: remedy + (stage === REMEDY ? remedyHeight(pair.remedy, w) : 0),
    phone: true,
  };
}

// ---------------------------------------------------------------- words in lines

/** @type {(t: Token, widest: number) => number} */
const wideOf = (t, widest) => clamp(measure(visible(t.text), 13, true) + 14, 30, widest);

/** The tokens in rows of at most `room` pixels, the last ones where not all fit: each with its width. @type {(said: Token[], room: number, most: number) => [Token, number][][]} */
export function tokenRows(said, room, most) {
  // Long tokens give way first, so that all of a short text stands in one row.
  const widest = most > 1 ? 96 : clamp(Math.floor(room / Math.max(1, said.length)) - 4, 60, 96);
  /** @type {[Token, number][][]} */
  const rows = [[]];
  let used = 0;
  for (const t of [...said].reverse()) {
    const wide = wideOf(t, widest);
    if (used + wide > room && rows[0].length) {
      if (rows.length === most) break;
      rows.unshift([]);
      used = 0;
    }
    rows[0].unshift([t, wide]);
    used += wide + 4;
  }
  return rows;
}
export const TOKEN_ROW = 64;
export const PHONE_ROWS = 3;
/** @type {(said: Token[], w: number) => number} */
const tokensHeight = (said, w) => 24 + TOKEN_ROW * tokenRows(said, w, PHONE_ROWS).length;

/** A sample in lines of the monospaced face. @type {(text: string, room: number, most: number) => string[]} */
export function sampleLines(text, room, most) {
  const count = Math.max(8, Math.floor(room / measure("0", 12, true)));
  const all = [...visible(text)];
  const rows = Array.from({ length: Math.min(most, Math.ceil(all.length / count)) }, (_, i) =>
    all.slice(i * count, (i + 1) * count).join(""),
  );
  if (all.length > most * count) rows[most - 1] = `${[...rows[most - 1]].slice(0, -1).join("")}…`;
  return rows;
}
/** @type {(samples: string[], w: number) => number} */
const samplesHeight = (samples, w) =>
  samples.reduce((sum, text) => sum + 16 * Math.max(1, sampleLines(text, w - 76, 3).length), 0);

const LOOK = say(
  "Block by block, from the input up: the size of the numbers that leave a block, how hard the loss pulls on its weights, how widely its attention spreads. Where do the two lines part?",
);
/** @param {number | null} step */
const lookAt = (step) =>
  say(
    "The same of two models in training, at step {step}; shown are the two measures that differ most. The slider goes to other steps.",
    { step: thousands(step ?? 0) },
  );

/**
 * The words of a step: first only what it costs, then what to look at, then what the measurements say, one finding under
 * the other as far as they fit.
 * @param {Box} box
 * @param {number} stage
 * @param {Said} said
 * @param {string} title of the findings
 */
export function placeSaid({ x, y, w, h }, stage, said, title = say("What the numbers say")) {
  const found = stage >= FOUND;
  const [head, text] = found
    ? [title, said.cost]
    : stage < EVIDENCE
      ? [say("What it costs"), said.cost]
      : [say("What was measured"), said.at === undefined ? LOOK : lookAt(said.at)];
  /** @type {{y: number, rows: string[]}[]} */
  const findings = [];
  let at = y + 32;
  for (const finding of found ? said.findings : []) {
    const rows = inLines(finding, w - 12);
    if (at + 16 * rows.length > y + h && at > y + 40) break;
    findings.push({ y: at, rows });
    at += 16 * rows.length + 6;
  }
  const rest = { y: at, rows: inLines(text, w) };
  return { x, y, found, head, findings, rest, bottom: at + 16 * rest.rows.length };
}

/** What the diagnosis asks for, in lines beside their head; `head`: its width. @type {(text: string, w: number) => {head: number, rows: string[]}} */
export function remedyLines(text, w) {
  const head = measure(say("Remedy"), 12, false) * 1.08 + 10;
  return { head, rows: text ? inLines(text, w - head) : [] };
}
/** @type {(text: string, w: number) => number} */
const remedyHeight = (text, w) => 16 * remedyLines(text, w).rows.length;
