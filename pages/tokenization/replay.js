// Cutting with the first m merges, in the browser: what the slider shows is computed here from the merges that were
// learned, so that it follows the hand. The same rules as core/text/bpe.py and core/text/wordpiece.py.

import { clamp, unpack } from "../../app/kit/shapes.js";

/**
 * @import { Packed, Unpacked } from "../../app/kit/shapes.js"
 * @import { Matching } from "./cut.js"
 * @import { Data, Kept, Row, Spelled } from "./figure.js"
 */

/**
 * BPE or WordPiece step by step, as learned.py sends it: ids of each merged pair and of what it made, how often the pair and
 * its parts were met, the score, the pieces of the corpus after each merge, the best pairs before it (merge, rank, [left,
 * right, count, score]; left -1: none), what the other rule would take, and words that it changed. `shown`: entries as a
 * person reads them, `bytes` of those that are no whole characters, `letters` of the corpus.
 * @typedef {{entries: string[], shown: string[], bytes: Record<number, string>, letters: number,
 *   other: [left: number, right: number, count: number][], changes: [count: number, ids: number[]][][]}} Known
 * @typedef {"left" | "right" | "made" | "count" | "symbols_left" | "rivals" | "score" | "parts"} Column
 * @typedef {Known & Record<Column, Packed>} SentSteps
 *
 * The same with what is looked up again and again: the merges of a pair, ids of entries, entries after each merge.
 * @typedef {Known & Record<Column, Unpacked> & {n: number, ranks: Map<number, number[]>, ids: Map<string, number>,
 *   sizes: number[]}} Steps
 */

/** @type {(left: number, right: number) => number} */
const pairKey = (left, right) => left * 65536 + right;

/**
 * What is looked up again and again while scrubbing, made once for each learned vocabulary.
 * @param {SentSteps} learned
 */
export function prepare(learned) {
  const columns = {
    left: unpack(learned.left),
    right: unpack(learned.right),
    made: unpack(learned.made),
    count: unpack(learned.count),
    score: unpack(learned.score),
    symbols_left: unpack(learned.symbols_left),
    rivals: unpack(learned.rivals),
    parts: unpack(learned.parts),
  };
  const { left, right, made } = columns;
  const n = left.length;
  /** @type {Map<number, number[]>} */
  const ranks = new Map(); // pair -> the steps that made it: nearly always one, and of several the last counts
  for (let i = 0; i < n; i++) {
    const key = pairKey(left[i], right[i]);
    ranks.set(key, [...(ranks.get(key) ?? []), i]);
  }
  const ids = new Map(learned.entries.map((entry, id) => [entry, id]));
  const sizes = [n ? made[0] : learned.entries.length]; // one merge may make an old entry again
  for (let i = 0; i < n; i++) sizes.push(Math.max(sizes[i], made[i] + 1));
  return { ...learned, ...columns, n, ranks, ids, sizes };
}

/**
 * [id, first letter, after last] of each piece: the earliest learned pair is joined first, the leftmost of equals.
 * @param {number[]} ids @param {Steps} steps @param {number} m
 */
function mergeCut(ids, steps, m) {
  const parts = ids.map((id, i) => [id, i, i + 1]);
  for (;;) {
    let [best, at] = [m, -1];
    for (let i = 0; i + 1 < parts.length; i++) {
      const rank = steps.ranks.get(pairKey(parts[i][0], parts[i + 1][0]))?.findLast((step) => step < m);
      if (rank !== undefined && rank < best) [best, at] = [rank, i];
    }
    if (at < 0) return parts;
    parts.splice(at, 2, [steps.made[best], parts[at][1], parts[at + 1][2]]);
  }
}

const LONGEST_WORD = 100; // letters; WordPiece gives a longer word up unread

/**
 * The same for WordPiece: every entry that is looked up, longest first, as {start, end, tried, id}; id -1: none.
 * @param {string[]} letters @param {Steps} steps @param {number} m
 */
function matchTrials(letters, steps, m) {
  /** @type {{start: number, end: number, tried: string, id: number}[]} */
  const trials = [];
  if (letters.length > LONGEST_WORD) return trials;
  for (let start = 0; start < letters.length; ) {
    let found = false;
    for (let end = letters.length; end > start && !found; end--) {
      const tried = (start ? "##" : "") + letters.slice(start, end).join("");
      const id = steps.ids.get(tried) ?? Infinity;
      found = id < steps.sizes[m];
      trials.push({ start, end, tried, id: found ? id : -1 });
    }
    if (!found) return trials;
    start = trials[trials.length - 1].end;
  }
  return trials;
}
/**
 * [id, first letter, after last] of each piece; a word that gets stuck is unknown whole.
 * @param {string[]} letters @param {Steps} steps @param {number} m
 */
function matchCut(letters, steps, m) {
  const parts = matchTrials(letters, steps, m)
    .filter((t) => t.id >= 0)
    .map((t) => [t.id, t.start, t.end]);
  return parts.at(-1)?.[2] === letters.length ? parts : [[-1, 0, letters.length]];
}

/** The stand-ins in which a vocabulary of bytes is written -> the bytes (GPT-2's table). */
const BYTE_OF = new Map();
for (let byte = 0, next = 256; byte < 256; byte++) {
  const printable = (byte > 32 && byte < 127) || (byte > 160 && byte !== 173);
  BYTE_OF.set(String.fromCodePoint(printable ? byte : next++), byte);
}
/**
 * An entry as a person reads it, or its bytes where they are no whole characters.
 * @param {string} entry @param {boolean} inBytes
 */
function readEntry(entry, inBytes) {
  const mark = entry.startsWith("##") && entry.length > 2 ? "##" : "";
  const body = entry.slice(mark.length);
  if (!inBytes) return mark + body.replaceAll("▁", " ");
  const bytes = Uint8Array.from([...body], (c) => BYTE_OF.get(c) ?? 63);
  try {
    return mark + new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return mark + [...bytes].map((b) => `\\x${b.toString(16).padStart(2, "0")}`).join("");
  }
}
/**
 * How WordPiece cuts the word with the first m merges: what cut.py gives for all of them.
 * @param {Spelled[]} cuts @param {Matching} machine @param {Steps} steps @param {number} m
 */
export function liveMatching(cuts, machine, steps, m) {
  const longest = cuts.map((one) => [...(one.letters ?? "")]).reduce((a, b) => (b.length > a.length ? b : a));
  const letters = longest.slice(0, machine.letters.length);
  const trials = matchTrials(letters, steps, m);
  return {
    ...machine,
    unknown:
      !trials.length || trials[trials.length - 1].end < letters.length || trials[trials.length - 1].id < 0,
    trials: trials.map((t) => ({
      start: t.start,
      end: t.end,
      tried: readEntry(t.tried, machine.inBytes),
      found: t.id >= 0,
    })),
  };
}

/**
 * The text's pieces with the first m merges.
 * @param {Row} row @param {Spelled[]} cut @param {Steps} steps @param {number} m @param {string[]} chars
 */
export function liveCut(row, cut, steps, m, chars) {
  return cut.flatMap(({ ids = [], letters = "", spans }) => {
    const parts = row.kind === "wordpiece" ? matchCut([...letters], steps, m) : mergeCut(ids, steps, m);
    return parts.map(([id, from, to]) => {
      const [start, end] = [spans[from][0], spans[to - 1][1]];
      if (id < 0)
        return { text: chars.slice(start, end).join(""), entry: "[UNK]", id: 0, start, end, unknown: true };
      const bare = (/** @type {string} */ text) =>
        row.kind === "wordpiece" && from ? text?.replace(/^##/, "") : text; // the letters, as they stand in the text
      return {
        text: bare(steps.shown[id]),
        entry: steps.entries[id],
        id,
        start,
        end,
        unknown: false,
        bytes: bare(steps.bytes[id]),
      };
    });
  });
}

/** A row by its name: the chosen one, or another. @param {Kept} local @returns {Row} */
export const rowOf = (local, id = String(local.sel.method)) =>
  local.rows.find((row) => row.id === id) ?? local.rows[0];

export const STEPPED = ["bpe", "wordpiece"]; // the rows that are learned by merges

/** @param {Kept} local */
export const stepsOf = (local) =>
  local.sel.method === "bpe" || local.sel.method === "wordpiece"
    ? (local.learned?.[/** @type {"bpe" | "wordpiece"} */ (local.sel.method)] ?? null)
    : null;

/** How many merges are applied now. @param {Kept} local @param {Steps} steps */
export const mergesAt = (local, steps) =>
  local.sel.merge < 0 ? steps.n : clamp(local.sel.merge, 0, steps.n);

/** Steps (numbers of merges, from 0) that the chosen row needs for the word. @param {Data} data @param {Kept} local */
export function mergesUsed(data, local) {
  const machine = data.machines[local.sel.method];
  return machine?.kind === "bpe" && STEPPED.includes(local.sel.method)
    ? machine.turns.map((t) => t.rank)
    : [];
}
