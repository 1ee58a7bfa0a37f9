// Tokenization: one text, one row a tokenizer; below, how the chosen one learned and how it cuts one word.

import { counted } from "../../app/kit/counts.js";
import { mount } from "../../app/kit/glass.js";
import { say } from "../../app/kit/say.js";
import { clamp, css, h, visible } from "../../app/kit/shapes.js";
import { shared } from "../../app/kit/shared.js";
import { stepKey } from "../../app/kit/steps.js";
import { isPhone } from "../../app/kit/widths.js";
import { bytesFigure, languages, unknownFigure } from "./coverage.js";
import { drawCut, machineOf } from "./cut.js";
import { textColumns, wordAt } from "./layout.js";
import { LEARNED, drawLearned, play, rivalsAt, setMerge, stop, walkOf } from "./learned.js";
import { liveCut, mergesAt, prepare, rowOf, stepsOf } from "./replay.js";
import { drawRows } from "./rows.js";

/**
 * @import { Given, Local, Stage, View } from "../../app/kit/glass.js"
 * @import { Machine } from "./cut.js"
 * @import { TextColumns } from "./layout.js"
 * @import { Learned } from "./learned.js"
 * @import { SentSteps } from "./replay.js"
 */

const HEIGHT = 516; // of the whole picture on a wide screen, at least

/**
 * Pieces of a text as columns, which are shorter to send: `unknown` are places of pieces, `bytes` by place what stands for a
 * piece that is only a part of a character, `dropped` stretches of the text that are in no piece.
 * @typedef {{text: string[], entry: string[], id: number[], start: number[], end: number[], unknown: number[],
 *   bytes: Record<number, string>, dropped: [from: number, to: number][]}} Columns
 *
 * One of them; `length`: of its row in the model's embedding table.
 * @typedef {{text: string, entry: string, id: number, start: number, end: number, unknown: boolean, bytes?: string,
 *   length?: number}} Piece
 *
 * A tokenizer; its pieces are null while it is being learned. Rows of one group stand together.
 * @typedef {{id: string, name: string, group: number, kind: string, about?: string, merges?: number, entries?: number}} About
 * @typedef {About & {pieces: Columns | null, word: Columns | null, lengths?: number[]}} SentRow
 *
 * The same in the browser; `mark` changes with its pieces.
 * @typedef {About & {pieces: Piece[], word: Piece[], lengths?: number[], pending: string | null, mark: string}} Row
 *
 * A word as it is spelled before the first merge, and the characters of the text that each letter stands for.
 * @typedef {{ids?: number[], letters?: string, spans: [from: number, to: number][]}} Spelled
 *
 * What figure.py sends. `front` and `back`: special tokens around the text; `spoken`: the word with the space before it.
 * `rounds` of Unigram, from the seeds to the one before the last; `cuts` of BPE and WordPiece, to be merged here. `learned`
 * is JSON of Learned: it is large and sent once, and kept here under `learnedKey`.
 * @typedef {{stamp: string, chars: string[], text: string, tokens: string[], front: string[], back: string[], rows: SentRow[],
 *   machines: Record<string, Machine | null>, spoken: string, learnedKey: string | null, learned?: string,
 *   rounds: {pieces: Columns, word: Columns, entries: number, machine: Machine | null}[],
 *   cuts: Record<string, {text: Spelled[], word: Spelled[]}>}} Data
 *
 * What the browser knows: the rows as sent and as they stand now, how far a long text is scrolled, and what was learned.
 * @typedef {Local & {g: Stage, data: Data, whole: Row[], rows: Row[], cutKey: string | null, scroll: number,
 *   cut: Pick<Row, "pieces" | "word" | "entries">, learned: Learned | null, asked?: string, spoken?: boolean,
 *   columnsKey?: string, columns: TextColumns & {mark: string}, bound?: boolean, dragged?: boolean,
 *   timer?: ReturnType<typeof setInterval> | null}} Kept
 */

shared.vocabularies ??= new Map();
/** What was learned, by its key: it is large, is sent once, and stays while the page is open. @type {Map<string, Learned>} */
const VOCABULARIES = shared.vocabularies;

/** @param {string} key @param {Learned & Record<"bpe" | "wordpiece", SentSteps>} learned */
function keepLearned(key, learned) {
  VOCABULARIES.delete(key);
  VOCABULARIES.set(key, { ...learned, bpe: prepare(learned.bpe), wordpiece: prepare(learned.wordpiece) });
  const [oldest] = VOCABULARIES.keys();
  if (VOCABULARIES.size > 6) VOCABULARIES.delete(oldest);
}

/**
 * Columns, as they were sent, as one object a piece.
 * @param {Columns | null} sent @param {number[]} [lengths]
 */
function piecesOf(sent, lengths = undefined) {
  if (!sent) return [];
  const unknown = new Set(sent.unknown);
  return sent.text.map((text, i) => ({
    text,
    entry: sent.entry[i],
    id: sent.id[i],
    start: sent.start[i],
    end: sent.end[i],
    unknown: unknown.has(i),
    bytes: sent.bytes[i],
    length: lengths?.[i],
  }));
}

/**
 * The rows as they stand now: the chosen one follows the slider, through BPE's merges or Unigram's rounds.
 * @param {Data} data @param {Kept} local
 */
function currentRows(data, local) {
  return local.whole.map((row) => {
    if (row.id !== local.sel.method || row.pending) return row;
    const walk = walkOf(local);
    if (!walk || walk.at === walk.n) return row;
    const key = `${row.id}.${walk.at}`;
    if (local.cutKey !== key) {
      local.cutKey = key;
      const steps = stepsOf(local);
      const round = data.rounds[walk.at];
      local.cut = !steps
        ? { pieces: piecesOf(round.pieces), word: piecesOf(round.word), entries: round.entries }
        : {
            pieces: liveCut(row, data.cuts[row.id].text, steps, walk.at, data.chars),
            word: liveCut(row, data.cuts[row.id].word, steps, walk.at, [...data.spoken]),
            entries: steps.sizes[walk.at],
          };
    }
    return { ...row, ...local.cut, mark: key };
  });
}

/** @param {Stage} g @param {Data} data @param {Kept} local @param {string} method @param {number} [at] */
function choose(g, data, local, method, at = undefined) {
  /** @type {{method: string, word?: string}} */
  const change = { method };
  if (at !== undefined) {
    const word = wordAt(data.chars, at);
    if (word) change.word = word;
  }
  stop(local);
  g.select(change);
}

/** @param {Stage} g @param {Data} data @param {Kept} local @param {Event} event */
function clicked(g, data, local, event) {
  /** What is written on the element that was hit, or around it. @type {(name: string) => string | null | undefined} */
  const hit = (name) =>
    event.target instanceof Element ? event.target.closest(`[${name}]`)?.getAttribute(name) : null;
  const turn = hit("data-turn");
  if (turn) {
    stop(local);
    setMerge(g, local, Number(turn) + 1);
    return;
  }
  const chip = hit("data-chip");
  if (chip) {
    const [id, i] = chip.split(".");
    choose(g, data, local, id, i === "word" ? undefined : rowOf(local, id).pieces[Number(i)].start);
    return;
  }
  const row = hit("data-row");
  if (row) choose(g, data, local, row);
}

/** @param {Stage} g @param {Kept} local @param {number} dx */
function scrollBy(g, local, dx) {
  const max = Math.max(0, local.columns.total - local.columns.room);
  const next = clamp(local.scroll + dx, 0, max);
  if (next === local.scroll) return false;
  local.scroll = next;
  g.redraw();
  return true;
}

/** Wheel and drag move a text that is longer than the picture is wide. @param {Stage} g @param {Kept} local */
function bindPointer(g, local) {
  if (local.bound) return;
  local.bound = true;
  g.svg.addEventListener("click", (event) => {
    if (!local.dragged) clicked(g, local.data, local, event);
  });
  g.svg.addEventListener(
    "wheel",
    (event) => {
      const dx = event.shiftKey ? event.deltaY : event.deltaX;
      if (dx && scrollBy(g, local, dx)) event.preventDefault();
    },
    { passive: false },
  );
  g.svg.addEventListener("pointerdown", (event) => {
    const from = { x: event.clientX, scroll: local.scroll };
    local.dragged = false;
    const move = (/** @type {PointerEvent} */ now) => {
      if (Math.abs(now.clientX - from.x) > 5) local.dragged = true;
      if (local.dragged) scrollBy(g, local, from.scroll - (now.clientX - from.x) - local.scroll);
    };
    const up = () => {
      window.removeEventListener("pointermove", move);
      window.removeEventListener("pointerup", up);
    };
    window.addEventListener("pointermove", move);
    window.addEventListener("pointerup", up);
  });
}

/** @type {View<Data, Kept>} */
const tokenization = {
  init(data, local, before) {
    const whole = data.rows.map((row) => ({
      ...row,
      pieces: piecesOf(row.pieces, row.lengths),
      word: piecesOf(row.word),
      pending: row.pieces ? null : say("not learned yet"),
      mark: row.id,
    }));
    const fresh = { data, whole, cutKey: null, scroll: before?.text === data.text ? (local.scroll ?? 0) : 0 };
    const key = data.learnedKey ?? "";
    if (data.learned) keepLearned(key, JSON.parse(data.learned));
    if (before && before.learnedKey !== data.learnedKey) stop(local);
    return { ...fresh, learned: VOCABULARIES.get(key) ?? null };
  },

  draw(g, data, local) {
    local.g = g;
    bindPointer(g, local);
    if (data.learnedKey && !local.learned && local.asked !== data.learnedKey) {
      local.asked = data.learnedKey;
      g.send("need", { key: data.learnedKey, at: Date.now() });
    }
    local.rows = currentRows(data, local);
    const spoken = isPhone(g.width) && Boolean(local.spoken);
    const columnsIn = (/** @type {number} */ width) =>
      spoken
        ? textColumns(
            { ...data, chars: [...data.spoken], front: [], back: [] },
            local.whole.map((row) => ({ ...row, pieces: row.word })),
            width,
          )
        : textColumns(data, local.whole, width);
    if (g.whole) {
      local.scroll = 0;
      for (let tries = 0; tries < 6; tries++) {
        const { total, room } = columnsIn(g.width);
        if (total <= room) break;
        g.width += Math.ceil(total - room);
      }
    }
    const key = `${data.stamp}.${g.width}.${spoken}`;
    if (local.columnsKey !== key) {
      local.columnsKey = key;
      local.columns = { ...columnsIn(g.width), mark: `${g.width}.${spoken}` };
    }
    const columns = local.columns;
    const top = drawRows(g, data, local, columns) + 6;
    const wide = !isPhone(g.width);
    g.part("rule", [top, g.width], () => h("path", { d: `M0,${top - 4}H${g.width}`, stroke: css("line") }));
    if (wide) {
      const left = Math.round(g.width * 0.56);
      const height = Math.max(HEIGHT - top, LEARNED);
      drawLearned(g, data, local, { x: 0, y: top, w: left - 14, h: height });
      g.part("between", [top, left], () =>
        h("path", { d: `M${left + 2},${top + 4}V${top + height - 4}`, stroke: css("line") }),
      );
      drawCut(g, data, local, { x: left + 18, y: top, w: g.width - left - 18, h: height });
      g.height = top + height;
      if (g.can.visit)
        g.door(
          "home",
          { left: g.width - 56, top: top - 26 },
          say("Home"),
          say("What the model makes of these tokens"),
        );
    } else {
      drawCut(g, data, local, { x: 0, y: top, w: g.width, h: 270 });
      const used = drawLearned(g, data, local, { x: 0, y: top + 296, w: g.width, h: 300 });
      g.height = top + 296 + used + (g.can.visit ? 30 : 8);
      if (g.can.visit)
        g.door(
          "home",
          { left: -2, top: g.height - 26 },
          say("Home"),
          say("What the model makes of these tokens"),
        );
    }
  },

  within: ({ word: _, ...change }) => change, // the data have one word cut

  key(event, g, data, local) {
    const walk = walkOf(local);
    const ids = data.rows.map((row) => row.id);
    const at = ids.indexOf(local.sel.method);
    const step = walk ? stepKey(event) : 0;
    if (step) {
      stop(local);
      walk?.go(walk.at + step);
    } else if (event.key === "ArrowUp" || event.key === "ArrowDown")
      choose(g, data, local, ids[clamp(at + (event.key === "ArrowUp" ? -1 : 1), 0, ids.length - 1)]);
    else if (event.key === "Home" && walk) walk.go(0);
    else if (event.key === "End" && walk) walk.go(walk.n);
    else if (event.key === " " && walk) play(g, local);
    else if (event.key === "Escape") g.visit("home");
    else return false;
    return true;
  },

  describe(_, local) {
    const counts = local.rows
      .filter((r) => !r.pending)
      .map((r) => `${r.name} ${r.pieces.length}`)
      .join(", ");
    const now = rowOf(local);
    const cut = now.pending
      ? say("being learned")
      : now.pieces.map((p) => visible(p.bytes ?? p.text)).join(" | ");
    const steps = stepsOf(local);
    const walk = steps
      ? say(" After {count} of {merges}.", {
          count: mergesAt(local, steps),
          merges: counted(steps.n, "merge"),
        })
      : "";
    return (
      say("The text in tokens: {counts}. {name} cuts it into {pieces}.", {
        counts,
        name: now.name,
        pieces: cut,
      }) + walk
    );
  },

  state(data, local) {
    const { method, word } = local.sel;
    const steps = stepsOf(local);
    const m = steps ? mergesAt(local, steps) : null;
    const i = Math.max(0, (m ?? 0) - 1);
    const machine = machineOf(data, local);
    const walk = walkOf(local);
    return {
      tokens: data.tokens,
      method,
      word,
      key: local.learned ? data.learnedKey : null,
      playing: Boolean(local.timer),
      rows: Object.fromEntries(
        local.rows.map((r) => [
          r.id,
          {
            count: r.pending ? null : r.pieces.length,
            ids: r.pending ? [] : r.pieces.map((p) => p.id),
            unknown: r.pieces.filter((p) => p.unknown).length,
            word: r.word.map((p) => p.bytes ?? p.text),
          },
        ]),
      ),
      merge: m,
      merges: steps?.n ?? null,
      round: method === "unigram" && walk ? walk.at : null,
      pair: steps && m ? [steps.shown[steps.left[i]], steps.shown[steps.right[i]], steps.count[i]] : null,
      rivals: steps?.n
        ? rivalsAt(steps, i).map((r) => [steps.shown[r.left], steps.shown[r.right], r.count, r.score])
        : null,
      left: steps && m !== null ? steps.symbols_left[m] : null,
      changes: steps && m ? steps.changes[i] : null,
      machine: machine && {
        kind: machine.kind,
        word: machine.word,
        turns: machine.kind === "bpe" ? machine.turns.map((t) => [t.rank, t.made]) : undefined,
        trials: machine.kind === "wordpiece" ? machine.trials.map((t) => [t.tried, t.found]) : undefined,
        ways: machine.kind === "unigram" ? machine.n_best.map((w) => [w.pieces, w.probability]) : undefined,
        unknown: machine.kind === "bpe" ? false : machine.unknown,
        ends: machine.kind === "bpe" ? machine.ends : null,
      },
    };
  },
};

/** @type {Record<string, (given: Given<any>) => () => void>} */
const FIGURES = {
  tokenization: mount("tokenization", tokenization),
  languages: mount("languages", languages),
  bytes: mount("bytes", bytesFigure),
  unknown: mount("unknown", unknownFigure),
};

/** @param {Given<{figure: string}>} given */
export default (given) => FIGURES[given.data.figure](given);
