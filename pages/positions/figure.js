// Positions: one kind on the learner's text, alone (table.js) and by distance (pairs.js), and the text shuffled (order.js).
// stages.js knows what is chosen and tells it step by step; layout.js says what stands where.

import { mount } from "../../app/kit/glass.js";
import { say } from "../../app/kit/say.js";
import {
  clamp,
  css,
  fit,
  h,
  inLines,
  label,
  measure,
  num,
  thousands,
  unpack,
  visible,
} from "../../app/kit/shapes.js";
import {
  APART,
  BIASES,
  INTO,
  NUMBER,
  PLACE,
  colOf,
  columnAt,
  countOf,
  factsOf,
  formula,
  inTurns,
  rateText,
  rowOf,
  said,
  caption,
  short,
  shownRows,
  stages,
  untrained,
} from "./stages.js";
import { plan, rowsIn } from "./layout.js";
import { CALLED, drawOrder, percent } from "./order.js";
import { drawBias, drawCurve, drawMatrix } from "./pairs.js";
import { drawChips, drawClock, drawHeat, drawWaves, drawWhole } from "./table.js";

/**
 * @import { Local, Stage, View } from "../../app/kit/glass.js"
 * @import { Packed, Unpacked } from "../../app/kit/shapes.js"
 * @import { Layout } from "./layout.js"
 */

/**
 * The same tokens in another order: `order` says which token comes where; for each way of reading, how much each token's
 * final vector changes and the probability of `token` before and after.
 * @typedef {{way: "as it is" | "without positions" | "without positions or mask", same: boolean, change: number[],
 *   pair: [before: number, after: number] | null}} Way
 * @typedef {{tokens: {text: string, id: number}[], order: number[], shuffles: boolean,
 *   token: {text: string, id: number} | null, asked: string, ways: Way[]}} Order
 *
 * What each head adds to a score, by distance (head, distance): a slope for each head, or a learned number for each bucket;
 * `spans`: bucket, its first and its last distance.
 * @typedef {{distances: number[], values: number[][], slopes: number[] | null, buckets: number[] | null,
 *   spans: [bucket: number, from: number, to: number][], head: number}} Bias
 *
 * Similarity, or q · k, by distance, with its spread over all pairs; `mine`: of the chosen query and key alone.
 * @typedef {{distances: number[], mean: number[], spread: number[],
 *   mine: {row: number, col: number, values: number[]} | null}} Curve
 */
/**
 * What figure.py sends.
 * @typedef {object} Data
 * @property {"sinusoidal" | "learned" | "rotary" | "alibi" | "relative" | "none"} kind
 * @property {string} title
 * @property {string} what the kind does, in words
 * @property {"own" | "formula" | "tiny"} source whose it is: the open model's, by formula, a tiny model's
 * @property {string} badge the same in words
 * @property {boolean} own the shown positions are the open model's
 * @property {string} about and in a sentence
 * @property {boolean} door whether the Attention page shows this head
 * @property {{text: string, id: number}[]} tokens
 * @property {number} begins position of the first token
 * @property {number} start position of the first row of `waves`
 * @property {number[]} rows of `waves`, one for each token
 * @property {string[]} notes what was clipped
 * @property {boolean} causal
 * @property {number[]} columns of the table, those that are shown
 * @property {number} width how many columns (of rotary: pairs) there are
 * @property {number | null} trained rows that training has reached; null: all
 * @property {Packed | null} waves (position, column) the table; of rotary the cosine of each pair's angle
 * @property {Packed | null} others (position, column) of rotary, the sine
 * @property {(number | null)[] | null} rates radians a position, by column
 * @property {(number | null)[] | null} lengths positions until a wave comes round, by column
 * @property {number[] | null} strength how much of a column is that one wave
 * @property {Packed} embed (token, column) the token vectors, before anything is added
 * @property {boolean} added whether the table is added to them
 * @property {number} embedWidth numbers of a token's vector
 * @property {{of: string, values: Packed, scores?: Packed | null} | null} matrix (query, key)
 * @property {Curve | null} curve
 * @property {{query: Packed, key: Packed, turnedQuery: Packed, turnedKey: Packed} | null} arrows (token, pair, 2) of rotary
 * @property {Bias | null} bias of ALiBi and T5
 * @property {Order} order
 */
/**
 * What the browser knows: the numbers unpacked, what the pointer is on, and how far the hands have still to turn.
 * @typedef {Local & {hover: {row?: number, col?: number, number?: number} | null, moved: number, late?: number,
 *   stop?: () => void, embedCols: number, a: Numbers}} Kept
 * @typedef {Record<"waves" | "others" | "matrix" | "scores" | "query" | "key" | "turnedQuery" | "turnedKey", Unpacked | null> &
 *   {embed: Unpacked}} Numbers
 */

/** What the matrix holds, in words. @type {Record<string, string>} */
const OF = { "q · k": "q · k", cosine: say("cosine"), "added to the score": say("added to the score") };

/** What another order does to one reading of the text. @param {Way} way @param {Order["token"]} token */
function waySaid(way, token) {
  const change = way.same
    ? say("{way}: the vectors do not change", { way: CALLED[way.way] })
    : say("{way}: the vectors change by up to {change}", {
        way: CALLED[way.way],
        change: num(Math.max(...way.change), 2),
      });
  if (!token || !way.pair) return change;
  return `${change}, ${say("p of {token} {before}, then {after}", { token: visible(token.text), before: percent(way.pair[0]), after: percent(way.pair[1]) })}`;
}

/** @param {Stage} g @param {Data} data @param {Layout} at */
function drawHeading(g, data, at) {
  const title = `${data.title}: ${data.what}`;
  const wide = measure(data.badge, 12, false) * 1.04 + 18;
  g.part("heading", [at.phone, at.top], () => {
    const { own } = data;
    const first = at.phone ? inLines(title, at.w, 14) : [title];
    const x = at.phone ? 0 : measure(title, 14, false) * 1.05 + 14;
    const y = at.top + (at.phone ? 16 + 18 * first.length : 15);
    return [
      first.map((line, i) => label(0, at.top + 15 + 18 * i, line, { size: 14, weight: 600, fill: "ink" })),
      h("rect", {
        x,
        y: y - 14,
        width: wide,
        height: 20,
        rx: 10,
        fill: css(own ? "accent-soft" : "bg"),
        stroke: css(own ? "accent" : "ink3"),
        "stroke-dasharray": own ? null : "3 2",
      }),
      label(x + 9, y, data.badge, { weight: 600, fill: own ? "accent" : "ink2", "data-badge": data.source }),
      data.notes.length
        ? (at.phone ? inLines(data.notes[0], at.w, 12).slice(0, 2) : [data.notes[0]]).map((line, i) =>
            at.phone
              ? label(0, y + 20 + 16 * i, line, { fill: "accent" })
              : label(at.w, y, fit(line, at.w - x - wide - 12, 12, false), {
                  anchor: "end",
                  weight: 600,
                  fill: "accent",
                }),
          )
        : data.about &&
          (at.phone
            ? label(0, y + 20, fit(data.about, at.w, 12, false), { fill: "ink3" })
            : label(at.w, y, fit(data.about, at.w - x - wide - 12, 12, false), {
                anchor: "end",
                fill: "ink3",
              })),
    ];
  });
}

/** @param {Stage} g @param {Data} data @param {Kept} local @param {Layout} at @param {number[]} rows */
function drawWritten(g, data, local, at, rows) {
  const f = factsOf(data, local);
  const y = at.heat.y + rows.length * at.pitch + 24 + (rows.some((r) => untrained(data, r)) ? 12 : 0);
  g.part("written", [f.row, f.n, at.heat, stages.of(local)], () => {
    const place = thousands(f.place);
    const line =
      data.kind === "rotary"
        ? `${place} × ${rateText(f.rate)} = ${short(f.angle)} rad = ${inTurns(f.angle)}`
        : data.kind === "sinusoidal"
          ? `${f.column % 2 ? "cos" : "sin"}(${place} × ${rateText(f.rate)}) = ${short(f.value)}`
          : say("row {row}, column {column}: {value}", {
              row: thousands(data.start + data.rows[f.row]),
              column: f.column,
              value: short(f.value),
            });
    const into =
      !Number.isNaN(f.embed) && stages.of(local) >= INTO
        ? `; ${say("+ embedding {embedding} = {sum}", { embedding: short(f.embed), sum: short(f.embed + f.value) })}`
        : "";
    const [room, text] = [at.heat.x + at.heat.w, line + into];
    const size = measure(text, 12, true) > room ? 11 : 12;
    return [label(at.chips.x, y, fit(text, room, size), { mono: true, size, fill: "ink" })];
  });
}

/** @type {View<Data, Kept>} */
const positionsView = {
  init(data, _, before) {
    // Where the text begins was changed: the hands turn there, from where they stood, at most half a turn of the fastest.
    const moved = before && before.kind === data.kind ? clamp(data.begins - before.begins, -3, 3) : 0;
    const list = (/** @type {Packed | null | undefined} */ packed) => (packed ? unpack(packed) : null);
    const embed = unpack(data.embed);
    const { arrows } = data;
    return {
      hover: null,
      moved,
      embedCols: embed.shape[1],
      a: {
        embed,
        waves: list(data.waves),
        others: list(data.others),
        matrix: list(data.matrix?.values),
        scores: list(data.matrix?.scores),
        query: list(arrows?.query),
        key: list(arrows?.key),
        turnedQuery: list(arrows?.turnedQuery),
        turnedKey: list(arrows?.turnedKey),
      },
    };
  },

  draw(g, data, local) {
    stages.bar(g, local, (now) => caption(data, local, now));
    const step = stages.of(local);
    const at = plan(g, data, local);
    g.height = at.height;
    drawHeading(g, data, at);
    if (local.moved) {
      const way = local.moved;
      local.moved = 0;
      local.stop?.();
      local.stop = g.tween(400, (t) => {
        local.late = way * (1 - t);
        g.redraw();
      });
    }
    const rows = shownRows(data, local, rowsIn(g, data));
    const biased = BIASES.includes(data.kind);
    if (biased) {
      if (step >= NUMBER) drawBias(g, data, local, at);
      if (step >= PLACE) drawMatrix(g, data, local, at);
    } else {
      drawChips(g, data, local, at, rows);
      if (data.kind === "none") {
        drawHeat(g, data, local, at, rows);
        g.part("mute", [at.mute], () =>
          inLines(
            say(
              "Nothing in these rows says where a token stands. The same token has the same vector at every position, and any two tokens have the same score at every distance.",
            ),
            at.mute.w,
            14,
          ).map((line, i) => label(at.mute.x, at.mute.y + 14 + 22 * i, line, { size: 14, fill: "ink" })),
        );
        drawMatrix(g, data, local, at);
      } else if (step >= PLACE) {
        drawHeat(g, data, local, at, rows);
        drawWritten(g, data, local, at, rows);
        drawWaves(g, data, local, at);
        if (step >= NUMBER) (data.kind === "learned" ? drawWhole : drawClock)(g, data, local, at);
        if (step >= (data.kind === "rotary" ? INTO : APART)) drawMatrix(g, data, local, at);
        if (step >= APART) drawCurve(g, data, local, at);
      }
    }
    if (data.door && g.can.visit && step >= INTO)
      g.door(
        "attention",
        { left: at.told.x - 2, top: at.told.y + 106 },
        say("Attention"),
        say("This head, number by number"),
      );
    if (step === stages.last) drawOrder(g, data, at);
    else if (!at.phone)
      g.part("worked", [step, at.words, local.sel, local.hover], () =>
        label(at.words.x, at.words.y + 12, formula(data, local, step), {
          size: 24,
          mono: true,
          fill: "accent",
        }),
      );
  },

  key(event, g, data, local) {
    const move = { ArrowUp: -1, ArrowDown: 1, ArrowLeft: -1, ArrowRight: 1 }[event.key];
    const [row, col, last] = [rowOf(data, local), colOf(data, local), countOf(data) - 1];
    local.hover = null;
    if (event.key === "ArrowUp" || event.key === "ArrowDown")
      g.select(
        event.shiftKey ? { row, col: clamp(col + move, 0, last) } : { row: clamp(row + move, 0, last), col },
      );
    else if (move && !event.shiftKey) {
      if (data.columns.length)
        g.select({
          number:
            data.columns[clamp(columnAt(data, local.sel.number ?? 0) + move, 0, data.columns.length - 1)],
        });
      else g.select({ row, col: clamp(col + move, 0, last) });
    } else if (stages.key(event, g, local)) return true;
    else if (event.key === "n") g.send("another", { at: Date.now() });
    else if (event.key === "Escape") stages.up(g, local);
    else return false;
    return true;
  },

  describe(data, local) {
    const f = factsOf(data, local);
    const told = stages.said(local, (now) => caption(data, local, now));
    const place = { position: f.place, number: f.column, value: short(f.value) };
    const cell = Number.isNaN(f.value)
      ? ""
      : `${data.kind === "rotary" ? say("Position {position}, pair {number}: {value}.", place) : say("Position {position}, column {number}: {value}.", place)} `;
    const both = {
      first: said(data, f.row),
      place: f.place,
      second: said(data, f.col),
      other: f.other,
      what: OF[data.matrix?.of ?? ""],
      value: short(f.pair),
    };
    const pair = Number.isNaN(f.pair)
      ? ""
      : `${say("{first} at {place} and {second} at {other}: {what} {value}.", both)} `;
    const o = data.order;
    const shuffled = o.shuffles
      ? o.ways.map((way) => waySaid(way, o.token)).join("; ")
      : say("there is only one order");
    const text = data.tokens.map((token) => visible(token.text)).join(" ");
    const kind = say("{kind} positions, {whose}: {what}.", {
      kind: data.title,
      whose: data.badge,
      what: data.what,
    });
    return `${told}${say("The text {text}.", { text })} ${kind} ${data.notes.join(" ")} ${cell}${pair}${say("The words in another order: {ways}.", { ways: shuffled })}`;
  },

  state(data, local) {
    const f = factsOf(data, local);
    const o = data.order;
    return {
      kind: data.kind,
      source: data.source,
      badge: data.badge,
      tokens: data.tokens.map((t) => t.text),
      begins: data.begins,
      notes: data.notes,
      stage: stages.state(local),
      cell: {
        row: f.row,
        col: f.col,
        place: f.place,
        column: f.column,
        value: f.value,
        angle: f.angle,
        embed: f.embed,
        pair: f.pair,
        product: f.product,
        score: f.score,
        bucket: f.bucket,
      },
      curve: data.curve && { mean: data.curve.mean, spread: data.curve.spread, mine: data.curve.mine },
      bias: data.bias && {
        head: data.bias.head,
        distances: data.bias.distances,
        values: data.bias.values[data.bias.head],
      },
      order: {
        order: o.order,
        shuffles: o.shuffles,
        token: o.token,
        ways: o.ways.map(({ way, same, change, pair }) => ({ way, same, change, pair })),
      },
    };
  },
};

export default mount("positions", positionsView);
