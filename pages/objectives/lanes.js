// The lanes: what is read, what is asked, what scores, token by token.

import { counted } from "../../app/kit/counts.js";
import { say, sayOf } from "../../app/kit/say.js";
import {
  MONO,
  clamp,
  css,
  fit,
  h,
  heat,
  heatImage,
  inLines,
  label,
  measure,
  num,
  tokenSpans,
  tokenTip,
  visible,
} from "../../app/kit/shapes.js";
import { LAST, columnsOf, rowOf, stepOf, yOf } from "./layout.js";

/**
 * @import { Shapes } from "../../app/kit/shapes.js"
 * @import { Answer, Data, Draw, Lane, Objectives } from "./figure.js"
 * @import { LanePlace } from "./layout.js"
 *
 * Puts a text into column i at a row; shift: pixels to the right, room: pixels that it may take, under: underlined.
 * @typedef {(i: number, at: number, text: string, o: {fill: string, weight?: number | null, shift?: number, room?: number, under?: boolean}) => void} Put
 * @typedef {{text: string, row: number, mark: boolean}} Told a token of a column
 */

/** What a shape is called. @type {Record<string, string>} */
export const SHAPE = {
  decoder: sayOf("shape", "decoder"),
  encoder: sayOf("shape", "encoder"),
  "encoder-decoder": sayOf("shape", "encoder-decoder"),
};
const KIND_FILL = {
  mask: "accent",
  sentinel: "accent",
  random: "k-ink",
  kept: "v-ink",
  special: "ink3",
  plain: "ink",
};

/** @type {Draw} */
export function drawLanes(g, data, local, at) {
  const step = stepOf(local);
  const row = rowOf(data, local);
  at.lanes.forEach((place, i) => {
    const { lane } = place;
    g.part(
      `ground ${i}`,
      null,
      () =>
        lane.own &&
        h("rect", {
          x: place.x,
          y: place.y,
          width: place.w,
          height: place.map + place.side + 20 - place.y,
          rx: 8,
          fill: css("wash"),
          stroke: css("line"),
        }),
    );
    g.part(`band ${i}`, [row], () =>
      h("rect", {
        x: place.names ? place.x - place.names - 8 : place.x - 6,
        y: yOf(place, row),
        width: place.w + (place.names ? place.names + 8 : 6),
        height: place.pitch,
        fill: css("accent-soft"),
      }),
    );
    g.part(`head ${i}`, [step], () => drawHead(data, place, step));
    if (place.names) g.part(`names ${i}`, [row, step], () => drawNames(g, data, place, row));
    g.part(`lane ${i}`, [step], () => drawLane(g, data, place, step));
    if (place.names && data.note && step >= 2)
      g.part("note", null, () =>
        inLines(data.note, place.names - 2).map((line, k) =>
          label(Math.max(0, place.x - place.names - 8), place.map + 10 + 16 * k, line, { fill: "ink2" }),
        ),
      );
    g.part(`maps ${i}`, [row, step], () => drawMaps(g, place, row, step));
  });
  const first = at.lanes[0];
  g.door(
    "tokenization",
    { left: Math.max(0, first.x - first.names - 10), top: first.y - 2 },
    say("Tokens"),
    say("How the text was cut into tokens"),
  );
}

/** @type {(data: Data, place: LanePlace, step: number) => Shapes} */
function drawHead(data, place, step) {
  const { lane, x, y, w } = place;
  const c = columnsOf(place);
  const scored = lane.answers.filter((one) => one.score).length;
  const said = (SHAPE[lane.shape] ?? lane.shape) + (lane.own ? say(", this model") : "");
  return [
    label(x + 8, y + 14, fit(lane.title, w - 12, 13, false), { weight: 600, size: 13, fill: "ink" }),
    label(x + 8, y + 31, fit(said, w - 12, 12, false), {
      fill: lane.own ? "accent" : "ink3",
      weight: lane.own ? 600 : null,
    }),
    step >= 3 &&
      label(
        x + 8,
        y + 48,
        fit(
          lane.objective === "span_corruption"
            ? say("{answers} for {count} hidden", {
                answers: counted(scored, "answer"),
                count: lane.hidden.length,
              })
            : say("{scored} of {count} score", { scored, count: data.words.length }),
          w - 12,
          12,
          false,
        ),
        { fill: "ink2" },
      ),
    lane.columns.map(
      (name, i) =>
        step >= (i === lane.columns.length - 1 ? 3 : 2) &&
        label(c.at(i), y + 64, fit(name, c.each, 12, false), { fill: "ink3" }),
    ),
    lane.own && step >= LAST && label(c.loss, y + 64, say("loss"), { anchor: "end", fill: "ink3" }),
  ];
}

/** @type {(g: Objectives, data: Data, place: LanePlace, row: number) => Shapes} */
function drawNames(g, data, place, row) {
  const left = place.x - place.names;
  return data.words.map((one, i) => {
    const y = yOf(place, i) + place.pitch / 2 + 4;
    const node = h(
      "g",
      { class: "gb-hot", "data-row": i },
      h("rect", {
        x: left - 8,
        y: yOf(place, i),
        width: place.names,
        height: place.pitch,
        fill: "transparent",
      }),
      h(
        "text",
        {
          x: left - 2,
          y,
          "font-family": MONO,
          "font-size": place.pitch < 15 ? 12 : 13,
          direction: "ltr",
          fill: css(i === row ? "accent" : "ink"),
          "font-weight": i === row ? 700 : null,
        },
        tokenSpans(one.text, place.names - 10, place.pitch < 15 ? 12 : 13),
      ),
    );
    return g.tip(node, tokenTip(one.text, one.id));
  });
}

/** @type {(g: Objectives, data: Data, place: LanePlace, step: number) => Shapes} */
function drawLane(g, data, place, step) {
  const { lane } = place;
  const c = columnsOf(place);
  /** @type {Shapes[]} */
  const out = [];
  /** @type {Put} */
  const put = (i, at, text, o) =>
    out.push(
      h(
        "text",
        {
          x: c.at(i) + (o.shift ?? 0),
          y: yOf(place, at) + place.pitch / 2 + 4,
          "font-family": MONO,
          "font-size": 12,
          direction: "ltr",
          fill: css(o.fill),
          "font-weight": o.weight ?? null,
          "text-decoration": o.under ? "underline" : null,
        },
        tokenSpans(text, o.room ?? c.each - 6, 12),
      ),
    );
  if (step >= 1)
    for (const at of lane.hidden)
      out.push(
        h("rect", {
          x: c.at(0) - 5,
          y: yOf(place, at) + 2,
          width: 2.5,
          height: place.pitch - 4,
          rx: 1,
          fill: css("accent"),
        }),
      );
  if (step >= 2) {
    for (const one of lane.reads)
      put(0, one.row, one.text, {
        fill: KIND_FILL[one.kind],
        weight: one.kind === "plain" || one.kind === "special" ? null : 700,
        under: one.kind === "kept",
      });
    for (const at of lane.hidden)
      if (!lane.reads.some((one) => one.row === at))
        out.push(label(c.at(0), yOf(place, at) + place.pitch / 2 + 4, say("gone"), { fill: "ink3" }));
    for (const one of lane.reads) {
      const from = measure(visible(one.text), 12, true) + 6;
      const kind =
        one.kind === "random"
          ? sayOf("kind of token", "random")
          : one.kind === "kept"
            ? sayOf("kind of token", "kept")
            : "";
      if (kind && from + measure(kind, 12, false) < c.each)
        out.push(label(c.at(0) + from, yOf(place, one.row) + place.pitch / 2 + 4, kind, { fill: "ink3" }));
    }
  }
  const last = lane.columns.length - 1;
  if (last === 2 && step >= 3) for (const ones of grouped(lane.decoder)) inRow(put, 1, ones, c.each, "ink2");
  if (step >= 3)
    for (const ones of grouped(lane.answers.filter((one) => one.score)))
      inRow(put, last, ones, c.each, "accent");
  if (step >= 3 && lane.objective === "masked")
    for (let at = 0; at < data.words.length; at++)
      if (!lane.hidden.includes(at))
        out.push(label(c.at(1), yOf(place, at) + place.pitch / 2 + 4, "–", { fill: "ink3" }));
  // Over the words, so that pointing at a word points at its row.
  for (let at = -1; at <= data.words.length; at++)
    out.push(
      h("rect", {
        class: "gb-hot",
        "data-row": clamp(at, 0, data.words.length - 1),
        x: place.x,
        y: yOf(place, at),
        width: place.w,
        height: place.pitch,
        fill: "transparent",
      }),
    );
  if (lane.own && step >= LAST) out.push(drawLosses(g, data, place, c));
  return out;
}
/**
 * The entries of a column by their row: a sentinel shares the row with the first token of its span.
 * @template {{row: number}} One
 * @param {One[]} entries
 */
function grouped(entries) {
  /** @type {Map<number, One[]>} */
  const rows = new Map();
  for (const one of entries) rows.set(one.row, [...(rows.get(one.row) ?? []), one]);
  return [...rows.values()];
}
/** @type {(put: Put, column: number, ones: Told[], room: number, fill: string) => void} */
function inRow(put, column, ones, room, fill) {
  let shift = 0;
  for (const one of ones) {
    const wide = measure(visible(one.text), 12, true) + 6;
    if (room - shift < 16) break;
    put(column, one.row, one.text, {
      fill: one.mark ? "ink2" : fill,
      weight: one.mark ? null : 700,
      shift,
      room: room - shift - 4,
    });
    shift += wide;
  }
}
/**
 * The open model's loss at every position that scores; a row of two shows both in its tip and their sum.
 * @type {(g: Objectives, data: Data, place: LanePlace, c: ReturnType<typeof columnsOf>) => SVGElement[]}
 */
function drawLosses(g, data, place, c) {
  const scored = place.lane.answers
    .filter((one) => one.score)
    .map((one) => ({ ...one, loss: one.loss ?? NaN }));
  const most = Math.max(...scored.map((one) => one.loss), 1);
  return grouped(scored).map((ones) => {
    const loss = Math.max(...ones.map((one) => one.loss));
    const y = yOf(place, ones[0].row);
    const tall = clamp(place.pitch - 12, 4, 10);
    const node = h(
      "g",
      { class: "gb-hot", "data-row": clamp(ones[0].row, 0, data.words.length - 1) },
      h("rect", { x: c.loss - 76, y: y + 2, width: 76, height: place.pitch - 4, fill: "transparent" }),
      h("rect", {
        x: c.loss - 78,
        y: y + (place.pitch - tall) / 2,
        width: Math.max(1.5, (36 * loss) / most),
        height: tall,
        rx: 2,
        fill: css("accent"),
      }),
      label(c.loss, y + place.pitch / 2 + 4, num(ones[ones.length - 1].loss, 2), {
        anchor: "end",
        mono: true,
        fill: "ink",
      }),
    );
    return g.tip(
      node,
      ones
        .map((one) => say("{text}: {loss} nats", { text: visible(one.text), loss: num(one.loss, 3) }))
        .join("\n"),
    );
  });
}

// ---------------------------------------------------------------- who sees whom

/**
 * Which position of a lane stands for a row of the sentence: [of the answers, of the inputs]; -1: none.
 * @type {(lane: Lane, row: number) => {asked: number, read: number}}
 */
export function positions(lane, row) {
  const asked = lane.answers.findLastIndex(
    (one) => one.row === row && !one.mark && (one.score || lane.objective === "masked"),
  );
  const read = lane.reads.findLastIndex((one) => one.at === row);
  return { asked, read };
}
/**
 * How many positions the one that answers for `row` may see, in words.
 * @type {(lane: Lane, row: number) => string}
 */
export function seenBy(lane, row) {
  const { asked, read } = positions(lane, row);
  const tokens = (/** @type {number} */ n) => counted(n, "token");
  if (lane.objective === "next_token")
    return asked < 0
      ? say("nothing stands before it")
      : say("sees the {tokens} before", { tokens: tokens(asked + 1) });
  const count = lane.reads.length;
  if (lane.objective === "masked") {
    if (!lane.hidden.includes(row)) return say("sees all {count}", { count });
    const kind = lane.reads[read]?.kind;
    if (kind === "random") return say("sees all {count}, itself random", { count });
    return kind === "kept"
      ? say("sees all {count}, itself kept", { count })
      : say("sees all {count}, itself hidden", { count });
  }
  if (asked < 0) return read < 0 ? "" : say("kept: the encoder sees all {count}", { count });
  return say("sees {tokens} written, {count} read", { tokens: tokens(asked + 1), count });
}
/** @type {(g: Objectives, place: LanePlace, row: number, step: number) => Shapes} */
function drawMaps(g, place, row, step) {
  if (step < 4) return [];
  const { lane, x, map, side } = place;
  const { asked, read } = positions(lane, row);
  const each = lane.maps.length === 1 ? side : Math.min(side, (place.w - 16) / 3 - 6);
  /** @type {Shapes[]} */
  const out = [label(x + 8, map - 6, fit(seenBy(lane, row), place.w - 12, 12, false), { fill: "ink2" })];
  lane.maps.forEach((one, i) => {
    const left = x + 8 + i * (each + 8);
    const url = heat(one.cells ?? [], one.rows, one.cols, (v) =>
      v ? g.sequentialRgb(0.55, 1, "att") : g.sequentialRgb(1, 1, "field"),
    );
    const on = one.name === "encoder" || lane.objective === "masked" ? read : asked;
    out.push(
      heatImage(left, map, each, each, url),
      h("rect", { x: left, y: map, width: each, height: each, fill: "none", stroke: css("line") }),
      on >= 0 &&
        on < one.rows &&
        h("rect", {
          x: left - 1,
          y: map + (each * on) / one.rows,
          width: each + 2,
          height: Math.max(2, each / one.rows),
          fill: "none",
          stroke: css("accent"),
          "stroke-width": 1.5,
        }),
      label(
        lane.maps.length === 1 ? left + each + 8 : left,
        lane.maps.length === 1 ? map + 12 : map + each + 14,
        one.title,
        { fill: "ink3" },
      ),
    );
    if (lane.maps.length === 1)
      out.push(
        say("sees the\nviolet\ncolumns")
          .split("\n")
          .map((text, k) => label(left + each + 8, map + 12 + 16 * (k + 1), text, { fill: "ink3" })),
      );
  });
  return out;
}
