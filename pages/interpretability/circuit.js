// The walk through a circuit: a rung a step, its finding in words beside its small picture.

import { counted } from "../../app/kit/counts.js";
import { mount } from "../../app/kit/glass.js";
import { say } from "../../app/kit/say.js";
import { clamp, css, fit, h, inLines, label, measure, num, percent } from "../../app/kit/shapes.js";
import { stepMode } from "../../app/kit/steps.js";
import { isPhone } from "../../app/kit/widths.js";

/**
 * @import { Stage, View } from "../../app/kit/glass.js"
 * @import { Shapes } from "../../app/kit/shapes.js"
 *
 * What circuit.py sends before anything was measured. `known` says whether the rest is there.
 * @typedef {object} Waiting
 * @property {string} stamp
 * @property {string} model
 * @property {"decoder" | "encoder" | "encoder-decoder"} shape
 * @property {string} why the walk cannot be made on this model
 * @property {false} known
 * @property {object} selection
 * @property {number} texts that are read
 * @property {number} cut the share of attention above which no single part carries it
 *
 * And what it sends of a walk. Losses are nats a token, shares go from 0 to 1; what is left of the worth of a repetition may
 * lie outside.
 * @typedef {object} Walk
 * @property {string} material that the lists are of
 * @property {Record<string, string>} materials in words
 * @property {Record<string, number>} worthOf each material, as far as tried
 * @property {number} period tokens of one saying
 * @property {number} items of a list
 * @property {number[]} places the loss of each token, [] of an encoder
 * @property {Interval} worth of the repetition, with its 95 % interval
 * @property {number} plain the loss of an item in the second saying
 * @property {number} first in the first saying
 * @property {number} control after another list
 * @property {number} other how often the item of another list is said
 * @property {number[][]} look (L, H) attention to where the answer stands
 * @property {number} line what the luckiest head gives to places of other items
 * @property {Head | null} reader the head that looks back most
 * @property {Head[]} readers all that look back
 * @property {number} before the reader's attention
 * @property {number} content its attention to what followed this item before
 * @property {number} place its attention to what stood at this place
 * @property {CutPart[]} parts the most missed first
 * @property {Writer | null} writer the part that tells the reader where
 * @property {number | null} copies how often the reader alone names the item
 * @property {Record<string, number>} off what is left without the reader, the writer, both, all readers
 * @property {number[]} others without as many others, by lot
 * @property {[k: number, left: number][]} kept what is back with so many heads kept
 * @property {number | null} enough heads for four fifths
 * @property {number[]} byLot with as many by lot
 * @property {Record<string, boolean>} findings
 * @property {boolean} found whether the chain of two heads was
 * @property {number} heads of the model
 *
 * @typedef {Omit<Waiting, "known"> & {known: true} & Walk} Known
 * @typedef {Waiting | Known} Data
 *
 * @typedef {[value: number, low: number, high: number]} Interval
 * @typedef {[layer: number, head: number]} Head
 * @typedef {{name: string, head: boolean, keys: number, queries: number}} CutPart attention left with it cut from the keys, from the queries
 * @typedef {{name: string, head: Head, way: "keys" | "queries", left: number, read: {kind: string, share: number, even: number}[]}} Writer
 * @typedef {{x: number, y: number, w: number}} Box
 * @typedef {{title: string, ok: boolean, high: number, draw: (g: Stage, box: Box) => Shapes, text: string}} Rung `high` is its picture, in pixels
 * @typedef {{sel: {circuit: number}, timer?: number | null}} Kept
 */

// ---------------------------------------------------------------- the steps

/** @param {Head} place */
const headName = ([layer, head]) => `L${layer}H${head}`;
/** @param {number[]} values */
const meanOf = (values) => values.reduce((a, b) => a + b, 0) / Math.max(1, values.length);
/** What a teller may read, in words. @type {Record<string, string>} */
const KINDS = {
  itself: say("itself"),
  "previous token": say("previous token"),
  "first token": say("first token"),
  "commas and stops": say("commas and stops"),
  "the rest": say("the rest"),
};
const NIL = say("Nothing to lose: the second saying is no cheaper.");

/**
 * One entry a step: title, what was found, whether it counts as found, and how tall its picture is.
 * @param {Known} data
 * @returns {Rung[]}
 */
function rungs(data) {
  const { findings, writer } = data;
  const reader = data.reader && headName(data.reader);
  const [worth, low, high] = data.worth;
  /** @param {string} name */
  const off = (name) => (data.off[name] === undefined ? null : percent(data.off[name], 0));
  const also = data.readers.map(headName).filter((name) => name !== reader);
  const tried = Object.entries(data.worthOf)
    .filter(([name]) => name !== data.material)
    .map(([name, v]) =>
      say("with {materials} {value}", { materials: data.materials[name], value: num(v, 2) }),
    );
  const alone = data.shape === "encoder"; // it says no first list, so the second is compared with one after another list
  const read = topRead(data);
  const losses = { plain: num(data.plain, 2), control: num(data.control, 2), first: num(data.first, 2) };
  const lists = {
    items: data.items,
    materials: data.materials[data.material],
    texts: counted(data.texts, "text"),
  };
  const gain = { worth: num(worth, 2), low: num(low, 2), high: num(high, 2) };
  const ways = {
    reader,
    content: percent(data.content, 0),
    place: percent(data.place, 0),
    other: percent(data.other, 0),
  };
  return [
    {
      title: say("Said twice"),
      ok: findings.gains,
      high: 104,
      draw: (g, box) => drawLosses(g, data, box),
      text: together(
        alone
          ? say(
              "Lists of {items} {materials}, said twice in {texts}: a hidden item of the second saying costs {plain} nats, after another list {control}.",
              { ...lists, ...losses },
            )
          : say(
              "Lists of {items} {materials}, said twice in {texts}: an item costs {first} nats the first time and {plain} the second.",
              { ...lists, ...losses },
            ),
        findings.gains
          ? say("The repetition is worth {worth} ({low} to {high}, 95 %).", gain)
          : say("The repetition is worth {worth} ({low} to {high}, 95 %): nothing.", gain),
        !alone && say("After another list it costs {control}.", losses),
        tried.length > 0 && say("Tried as well: {list}.", { list: tried.join(", ") }),
      ),
    },
    {
      title: say("A head looks back"),
      ok: findings.looks,
      high: 104,
      draw: (g, box) => drawHeads(g, data, box),
      text: reader
        ? together(
            say(
              "{reader} gives {before} of its attention to the place in the first saying where the answer stands; to places of other items the luckiest head gives {line}.",
              { reader, before: percent(data.before, 0), line: percent(data.line, 0) },
            ),
            findings.looks
              ? lookingBack(also)
              : findings.gains && say("That is too little to speak of a head that looks back."),
          )
        : say("This model has no head."),
    },
    {
      title: say("By content or by place"),
      ok: findings.way,
      high: 74,
      draw: (_, box) => drawWays(data, box),
      text: reader
        ? together(
            say(
              "Now the second saying begins in the middle of the list, so what followed this item before and what stood at this place are two tokens.",
            ),
            !findings.way
              ? say("{reader} gives {content} to the first and {place} to the second: neither.", ways)
              : findings.content
                ? say(
                    "{reader} gives {content} to the first and {place} to the second: it goes by content, as an induction head does.",
                    ways,
                  )
                : say(
                    "{reader} gives {content} to the first and {place} to the second: it goes by place, like somebody who counts.",
                    ways,
                  ),
            findings.way &&
              say("After another list the model says that list’s item in {other} of cases.", ways),
          )
        : say("No head, no way."),
    },
    {
      title: say("Who tells it where"),
      ok: findings.told,
      high: 30 + 22 * Math.min(5, Math.max(1, data.parts.length)),
      draw: (g, box) => drawParts(g, data, box),
      text: writer
        ? together(
            say(
              "Each earlier part is cut out on its way to {reader}’s keys alone, and to its queries alone.",
              { reader },
            ),
            missed(writer, percent(writer.left, 0), percent(data.before, 0)),
            writer.left >= data.cut * data.before
              ? say("No single head carries it.")
              : writer.left > data.before / 2 && say("Others carry part of it."),
          )
        : say("No part comes before this head, so nobody can tell it anything."),
    },
    {
      title: say("What the teller reads"),
      ok: Boolean(writer) && findings.told && read.share > 2 * read.even,
      high: 120,
      draw: (_, box) => drawRead(data, box),
      text: writer
        ? together(
            say(
              "{name} reads, where its word counts, most beyond an even spread: {kind}, {share} against {even}.",
              {
                name: writer.name,
                kind: KINDS[read.kind],
                share: percent(read.share, 0),
                even: percent(read.even, 0),
              },
            ),
            read.kind === "previous token" &&
              findings.content &&
              say("So each place knows what stood before it."),
          )
        : say("There is no teller to look at."),
    },
    {
      title: say("It hands the item on"),
      ok: findings.copies,
      high: 44,
      draw: (_, box) => drawCopies(data, box),
      text:
        data.copies === null
          ? say(
              "Not defined here: after another norm, or without a head at all, a part has no logits of its own.",
            )
          : say(
              "What {reader} alone writes names the right one of the {items} items in {copies} of cases; by luck {luck}.",
              {
                reader,
                items: data.items,
                copies: percent(data.copies, 0),
                luck: percent(1 / data.items, 0),
              },
            ),
    },
    {
      title: say("Taken away"),
      ok: findings["reader needed"],
      high: findings.gains ? 30 + 24 * (Object.keys(data.off).length + 1) : 20,
      draw: (_, box) => (findings.gains ? drawOff(data, box) : []),
      text: !findings.gains
        ? NIL
        : together(
            leftWithout(data, off),
            Math.min(...Object.values(data.off)) < 0 &&
              (alone
                ? say("Below 0 the model is worse off than after another list: it is sure of a wrong item.")
                : say(
                    "Below 0 the model is worse off than at the first saying: it is sure of a wrong item.",
                  )),
            !findings["reader needed"] && say("{reader} is not missed more than others.", { reader }),
            off("writer") !== null &&
              !findings["writer needed"] &&
              say("{name} alone is not missed more than others.", { name: writer?.name }),
          ),
    },
    {
      title: say("How many are enough"),
      ok: findings.enough,
      high: findings.gains ? 132 : 20,
      draw: (g, box) => (findings.gains ? drawKept(g, data, box) : []),
      text: !findings.gains
        ? NIL
        : data.enough === null
          ? say("No number of heads brings back four fifths of it: it does not rest on heads.")
          : together(
              enoughHeads({ enough: data.enough, heads: counted(data.heads, "head") }, data.byLot),
              !findings.enough && say("That is more than half of them."),
            ),
    },
  ];
}

/** Sentences after each other; what is false or empty is left out. @param {(string | false)[]} sentences */
const together = (...sentences) => sentences.filter(Boolean).join(" ");

/** Who else looks back. @param {string[]} also */
function lookingBack(also) {
  if (!also.length) return say("No other head looks back.");
  return also.length > 1
    ? say("{list} look back, too.", { list: also.join(", ") })
    : say("{name} looks back, too.", { name: also[0] });
}

/** Which head is missed most, and in what. @param {Writer} writer @param {string} left @param {string} before */
const missed = ({ name, way }, left, before) =>
  way === "keys"
    ? say("Of the heads {name} is missed most, in the keys: {left} of the attention is left, of {before}.", {
        name,
        left,
        before,
      })
    : say(
        "Of the heads {name} is missed most, in the queries: {left} of the attention is left, of {before}.",
        { name, left, before },
      );

/** What is left of the repetition's worth without the two heads. @param {Known} data @param {(name: string) => string | null} off */
function leftWithout(data, off) {
  const reader = data.reader && headName(data.reader);
  const values = {
    reader,
    one: off("reader"),
    name: data.writer?.name,
    two: off("writer"),
    both: off("both"),
    lot: data.others.length && percent(meanOf(data.others), 0),
  };
  if (off("writer") === null) {
    return data.others.length
      ? say(
          "Of what the repetition is worth there is left: without {reader} {one}; without as many others, by lot, {lot} on average.",
          values,
        )
      : say("Of what the repetition is worth there is left: without {reader} {one}.", values);
  }
  return data.others.length
    ? say(
        "Of what the repetition is worth there is left: without {reader} {one}, without {name} {two}, without both {both}; without as many others, by lot, {lot} on average.",
        values,
      )
    : say(
        "Of what the repetition is worth there is left: without {reader} {one}, without {name} {two}, without both {both}.",
        values,
      );
}

/** How many heads bring four fifths back. @param {{enough: number, heads: string}} values @param {number[]} byLot */
const enoughHeads = (values, byLot) =>
  byLot.length
    ? say(
        "With all but the {enough} most missed of {heads} at their mean, four fifths of it are back; with as many by lot {lot} on average.",
        { ...values, lot: percent(meanOf(byLot), 0) },
      )
    : say(
        "With all but the {enough} most missed of {heads} at their mean, four fifths of it are back.",
        values,
      );

/** @param {Known} data */
const topRead = (data) =>
  data.writer
    ? data.writer.read.reduce((a, b) => (b.share - b.even > a.share - a.even ? b : a))
    : { kind: "", share: 0, even: 0 };

/** One sentence over all. @param {Known} data */
function verdict(data) {
  const { findings } = data;
  if (!findings.gains)
    return say("{model} does not gain from a list said twice: there is no such circuit to find.", {
      model: data.model,
    });
  if (!data.found)
    return say(
      "{model} gains from a list said twice, but the walk finds no chain of two heads: {list} came to nothing.",
      {
        model: data.model,
        list: rungs(data)
          .filter((one) => !one.ok)
          .map((one) => `“${one.title.toLowerCase()}”`)
          .join(", "),
      },
    );
  const reader = data.reader ? headName(data.reader) : "";
  if (!findings.content) {
    return together(
      findings.copies
        ? say(
            "{model} copies by place: {reader} looks to the same place of the list, whatever came before it, and hands on what stands there.",
            { model: data.model, reader },
          )
        : say(
            "{model} copies by place: {reader} looks to the same place of the list, whatever came before it.",
            { model: data.model, reader },
          ),
      data.off.reader <= 0
        ? say("No textbook induction head; without it nothing of the gain is left ({share}).", {
            share: percent(data.off.reader, 0),
          })
        : say("No textbook induction head; without it {share} of the gain is left.", {
            share: percent(data.off.reader, 0),
          }),
    );
  }
  const { writer, copies } = data;
  const kind = topRead(data).kind;
  if (kind === "previous token" && writer?.way === "keys" && findings.copies)
    return say(
      "{model} copies by content: {name} tells {reader} what stood before each place, {reader} finds it and hands on what came next. An induction circuit.",
      { model: data.model, name: writer.name, reader },
    );
  const values = { name: writer?.name, kind: KINDS[kind], reader };
  return together(
    say("{model} copies by content: {reader} looks to what followed this item before.", {
      model: data.model,
      reader,
    }),
    writer?.way === "keys"
      ? copies === null
        ? say(
            "{name}, which reads most beyond an even spread: {kind}, tells its keys; what {reader} hands on could not be asked.",
            values,
          )
        : findings.copies
          ? say(
              "{name}, which reads most beyond an even spread: {kind}, tells its keys; {reader} hands the item on.",
              values,
            )
          : say(
              "{name}, which reads most beyond an even spread: {kind}, tells its keys; {reader} does not hand the item on by itself.",
              values,
            )
      : copies === null
        ? say(
            "{name}, which reads most beyond an even spread: {kind}, tells its queries; what {reader} hands on could not be asked.",
            values,
          )
        : findings.copies
          ? say(
              "{name}, which reads most beyond an even spread: {kind}, tells its queries; {reader} hands the item on.",
              values,
            )
          : say(
              "{name}, which reads most beyond an even spread: {kind}, tells its queries; {reader} does not hand the item on by itself.",
              values,
            ),
    say("Not every part of an induction circuit was found."),
  );
}

// ---------------------------------------------------------------- the small pictures

/**
 * The loss of each token, the second saying on a darker ground; an encoder's two means as bars.
 * @param {Stage} g @param {Known} data @param {Box} box
 */
function drawLosses(g, data, box) {
  const { x, y, w } = box;
  const tall = 78;
  if (!data.places.length) return meansOf(data, box);
  const top = y + 2;
  const most = Math.max(...data.places, 0.1);
  const col = w / data.places.length;
  const second = data.places.length - data.period;
  return [
    h("rect", { x: x + col * second, y: top, width: w - col * second, height: tall, fill: css("field") }),
    data.places.map((v, i) =>
      g.tip(
        h("rect", {
          x: x + i * col + 0.5,
          y: top + tall * (1 - v / most),
          width: Math.max(1, col - 1.5),
          height: (tall * v) / most,
          fill: css(i >= second ? "accent" : "res"),
        }),
        say("token {at}: {loss} nats", { at: i + 1, loss: num(v, 2) }),
      ),
    ),
    label(x, top + tall + 16, say("first saying, token by token"), { fill: "ink3" }),
    label(x + w, top + tall + 16, say("second saying"), { fill: "accent", anchor: "end" }),
  ];
}
/** @param {Known} data @param {Box} box */
function meansOf(data, { x, y, w }) {
  const most = Math.max(data.plain, data.control, 0.1);
  const bars = [
    { name: say("said before"), v: data.plain, fill: "accent" },
    { name: say("after another list"), v: data.control, fill: "res" },
  ];
  return bars.map(({ name, v, fill }, i) => [
    label(x, y + 20 + 34 * i, name, { fill: "ink2" }),
    h("rect", {
      x,
      y: y + 24 + 34 * i,
      width: Math.max(1, ((w - 50) * v) / most),
      height: 10,
      rx: 2,
      fill: css(fill),
    }),
    label(x + w, y + 33 + 34 * i, num(v, 2), { anchor: "end", mono: true, fill: "ink" }),
  ]);
}

/**
 * A cell a head, blocks down, heads across; the reader framed.
 * @param {Stage} g @param {Known} data @param {Box} box
 */
function drawHeads(g, data, { x, y, w }) {
  const values = data.look;
  if (!values.length) return [];
  const [rows, cols] = [values.length, values[0].length];
  const cell = Math.min((w - 30) / cols, 96);
  const tall = Math.min(24, 96 / rows);
  const roomy = cell >= 34 && tall >= 16;
  const named = new Set(data.readers.map(headName));
  return values.map((line, r) => [
    (rows <= 8 || r % 2 === 0) &&
      label(x + 22, y + tall * r + tall / 2 + 4, `L${r}`, { anchor: "end", fill: "ink3", mono: true }),
    line.map((v, c) => {
      const isReader = data.reader?.[0] === r && data.reader[1] === c;
      return g.tip(
        h(
          "g",
          {},
          h("rect", {
            x: x + 28 + cell * c,
            y: y + tall * r,
            width: cell - 2,
            height: tall - 2,
            rx: 2,
            fill: g.sequential(0.6 * clamp(v, 0, 1), 1),
            stroke: css(isReader ? "accent" : named.has(headName([r, c])) ? "ink2" : "line"),
            "stroke-width": isReader ? 2.5 : 1,
          }),
          roomy &&
            label(x + 28 + cell * c + (cell - 2) / 2, y + tall * r + tall / 2 + 3, num(v, 2), {
              anchor: "middle",
              mono: true,
              fill: "ink",
            }),
        ),
        `${headName([r, c])}: ${num(v, 3)}`,
      );
    }),
  ]);
}

/**
 * Two bars: what the reader gives to the answer by content and to that by place.
 * @param {Known} data @param {Box} box
 */
function drawWays(data, { x, y, w }) {
  if (!data.reader) return [];
  const room = w - 46;
  const bars = [
    { name: say("what followed this item before"), v: data.content, hue: "k" },
    { name: say("what stood at this place"), v: data.place, hue: "v" },
  ];
  return bars.map(({ name, v, hue }, i) => [
    label(x, y + 12 + 36 * i, name, { fill: "ink2" }),
    h("rect", { x, y: y + 18 + 36 * i, width: room, height: 11, rx: 2, fill: css("field") }),
    h("rect", {
      x,
      y: y + 18 + 36 * i,
      width: Math.max(1, room * clamp(v, 0, 1)),
      height: 11,
      rx: 2,
      fill: css(hue),
    }),
    label(x + w, y + 28 + 36 * i, percent(v, 0), { anchor: "end", mono: true, fill: "ink" }),
  ]);
}

/** What the teller reads, kind by kind; the mark: an even spread. @param {Known} data @param {Box} box */
function drawRead(data, { x, y, w }) {
  if (!data.writer) return [];
  const [lead, room] = [124, w - 124 - 46];
  return [
    data.writer.read.map((one, i) => [
      label(x, y + 14 + 20 * i, KINDS[one.kind], { fill: "ink" }),
      h("rect", {
        x: x + lead,
        y: y + 4 + 20 * i,
        width: Math.max(1, room * one.share),
        height: 12,
        rx: 2,
        fill: css("att"),
      }),
      h("path", {
        d: `M${x + lead + room * one.even},${y + 2 + 20 * i}v16`,
        stroke: css("ink"),
        "stroke-width": 1.8,
      }),
      label(x + w, y + 14 + 20 * i, percent(one.share, 0), { anchor: "end", mono: true, fill: "ink" }),
    ]),
    label(x + lead, y + 116, say("mark: an even spread"), { fill: "ink3" }),
  ];
}

/**
 * How much of the look back is left without each part: its keys as bars, its queries as a mark.
 * @param {Stage} g @param {Known} data @param {Box} box
 */
function drawParts(g, data, { x, y, w }) {
  if (!data.parts.length) return [];
  const shown = data.parts.slice(0, 5);
  const lead = 62;
  /** @param {number} v */
  const X = (v) => x + lead + (w - lead - 84) * clamp(v / Math.max(data.before, 1e-9), 0, 1.15);
  return [
    h("path", {
      d: `M${X(data.before)},${y}v${22 * shown.length}`,
      stroke: css("ink3"),
      "stroke-dasharray": "3 3",
    }),
    shown.map((one, i) =>
      g.tip(
        h(
          "g",
          {},
          label(x, y + 22 * i + 14, one.name, {
            fill: one.head ? "ink" : "mlp-ink",
            weight: i === 0 ? 600 : 400,
          }),
          h("rect", {
            x: x + lead,
            y: y + 22 * i + 4,
            width: Math.max(1, X(one.keys) - x - lead),
            height: 12,
            rx: 2,
            fill: css("k"),
          }),
          h("path", { d: `M${X(one.queries)},${y + 22 * i + 2}v16`, stroke: css("q"), "stroke-width": 2.5 }),
          label(x + w, y + 22 * i + 14, percent(one.keys, 0), { anchor: "end", mono: true, fill: "ink" }),
        ),
        say("{name} cut from the keys: {keys} left; from the queries: {queries}; uncut {before}", {
          name: one.name,
          keys: num(one.keys, 3),
          queries: num(one.queries, 3),
          before: num(data.before, 3),
        }),
      ),
    ),
    label(x, y + 22 * shown.length + 14, say("bar: keys cut; mark: queries cut; dashed: uncut"), {
      fill: "ink3",
    }),
  ];
}

/** @param {Known} data @param {Box} box */
function drawCopies(data, { x, y, w }) {
  if (data.copies === null) return [];
  const room = w - 52;
  return [
    h("rect", { x, y: y + 6, width: room, height: 14, rx: 2, fill: css("field") }),
    h("rect", { x, y: y + 6, width: Math.max(1, room * data.copies), height: 14, rx: 2, fill: css("v") }),
    h("path", { d: `M${x + room * (1 / data.items)},${y + 2}v22`, stroke: css("ink"), "stroke-width": 1.5 }),
    label(x + w, y + 18, percent(data.copies, 0), { anchor: "end", mono: true, fill: "ink" }),
    label(x + room * (1 / data.items) + 5, y + 36, say("by luck"), { fill: "ink3" }),
  ];
}

/**
 * What is left of the repetition's worth without some heads; grey dots: as many others by lot.
 * @param {Known} data @param {Box} box
 */
function drawOff(data, { x, y, w }) {
  /** @type {Record<string, string>} */
  const names = {
    reader: say("without {name}", { name: data.reader && headName(data.reader) }),
    writer: say("without {name}", { name: data.writer?.name }),
    both: say("without both"),
    every: say("all {count} that look back", { count: data.readers.length }),
  };
  const rows = Object.entries(data.off).filter(([name]) => name !== "every" || data.readers.length > 1);
  const [low, high] = [
    Math.min(0, ...rows.map(([, v]) => Math.max(v, -2)), ...data.others.map((v) => Math.max(v, -2))),
    Math.max(1, ...data.others.map((v) => Math.min(v, 1.4))),
  ];
  const lead = 132;
  /** @param {number} v */
  const X = (v) => x + lead + ((w - lead - 52) * (clamp(v, low, high) - low)) / (high - low);
  /** @param {number} i */
  const at = (i) => y + 24 * i;
  const end = at(rows.length + (data.others.length ? 1 : 0));
  return [
    h("path", {
      d: `M${X(0)},${y}V${end}M${X(1)},${y}V${end}`,
      stroke: css("ink3"),
      "stroke-dasharray": "2 3",
    }),
    rows.map(([name, gain], i) => [
      label(x, at(i) + 16, fit(names[name], lead - 8, 12, false), { fill: "ink" }),
      h("rect", {
        x: Math.min(X(0), X(gain)),
        y: at(i) + 5,
        width: Math.max(1, Math.abs(X(gain) - X(0))),
        height: 13,
        rx: 2,
        fill: css(gain < 0 ? "neg" : "pos"),
      }),
      label(x + w, at(i) + 16, percent(gain, 0), { anchor: "end", mono: true, fill: "ink" }),
    ]),
    data.others.length > 0 && [
      label(x, at(rows.length) + 16, say("as many others"), { fill: "ink2" }),
      data.others.map((v, i) =>
        h("circle", { cx: X(v), cy: at(rows.length) + 11 + ((i * 5) % 9) - 4, r: 2.6, fill: css("res") }),
      ),
      label(x + w, at(rows.length) + 16, percent(meanOf(data.others), 0), {
        anchor: "end",
        mono: true,
        fill: "ink2",
      }),
    ],
    label(X(0), end + 14, "0", { fill: "ink3", anchor: "middle", mono: true }),
    label(X(1), end + 14, say("all of it"), { fill: "ink3", anchor: "middle" }),
  ];
}

/**
 * Heads kept, the most missed first, against what is back; grey: as many by lot.
 * @param {Stage} g @param {Known} data @param {Box} box
 */
function drawKept(g, data, { x, y, w }) {
  const { enough } = data;
  const [left, right, top, bottom] = [x + 38, x + w - 8, y + 6, y + 92];
  const [low, high] = [Math.min(-0.1, ...data.kept.map(([, v]) => Math.max(v, -0.6))), 1.15];
  /** @param {number} k */
  const X = (k) => left + ((right - left) * k) / Math.max(1, data.heads);
  /** @param {number} v */
  const Y = (v) => bottom - ((bottom - top) * (clamp(v, low, high) - low)) / (high - low);
  return [
    [0, 0.8, 1].map((t) => [
      h("path", {
        d: `M${left},${Y(t)}H${right}`,
        stroke: css("line"),
        "stroke-dasharray": t === 0.8 ? "3 3" : null,
      }),
      t !== 1 && label(left - 6, Y(t) + 4, percent(t, 0), { anchor: "end", fill: "ink3", mono: true }),
    ]),
    enough !== null &&
      data.byLot.map((v) => h("circle", { cx: X(enough), cy: Y(v), r: 2.6, fill: css("res") })),
    h("path", {
      d: data.kept.map(([k, v], i) => `${i ? "L" : "M"}${X(k).toFixed(1)},${Y(v).toFixed(1)}`).join(""),
      fill: "none",
      stroke: css("accent"),
      "stroke-width": 2,
    }),
    data.kept.map(([k, v]) =>
      g.tip(
        h("circle", {
          cx: X(k),
          cy: Y(v),
          r: k === data.enough ? 5 : 3.2,
          fill: css(k === data.enough ? "accent" : "bg"),
          stroke: css("accent"),
          "stroke-width": 1.6,
        }),
        say("{heads} kept: {share} of the worth", { heads: counted(k, "head"), share: percent(v, 0) }),
      ),
    ),
    [0, data.heads].map((k) => label(X(k), bottom + 16, k, { anchor: "middle", fill: "ink3", mono: true })),
    label((left + right) / 2, bottom + 16, say("heads kept; grey: by lot"), {
      anchor: "middle",
      fill: "ink3",
    }),
  ];
}

// ---------------------------------------------------------------- the picture

const NAMES = [
  say("Said twice"),
  say("A head looks back"),
  say("By content or by place"),
  say("Who tells it where"),
  say("What the teller reads"),
  say("It hands the item on"),
  say("Taken away"),
  say("How many are enough"),
];
const walkSteps = stepMode("circuit", NAMES);
/** What each rung asks. */
const WORDS = [
  say(
    "A list of words is said twice. If the model is surer the second time, it uses the first; this rung measures by how much.",
  ),
  say(
    "Attention heads look from each token to earlier ones. Is there one that looks back to where the answer stands in the first list?",
  ),
  say(
    "Does it find that place by what stands there, or by counting? The second saying now begins in the middle of the list, so the two lead to different words.",
  ),
  say(
    "A head that looks needs somebody who tells it where. Each earlier part is cut off from it alone: the one that is missed most is the teller.",
  ),
  say(
    "What does the teller itself look at? If it is the token before, each place knows what came before it, which is what the head that looks back asks for.",
  ),
  say(
    "Looking is not enough, it has to bring something. What this head alone writes is read as a word: how often is it the right one?",
  ),
  say(
    "The proof: without the two heads, how much of the gain is left? Beside it, the same with other heads, drawn by lot.",
  ),
  say(
    "Turned round: keep only a few heads and put the others out of work. How many are enough to bring most of the gain back?",
  ),
];
const GAP = 22;

/** @type {View<Data, Kept>} */
const walkView = {
  draw(g, data, local) {
    const w = g.width;
    const wide = !isPhone(w);
    if (!data.known) {
      const text =
        data.why || say("Not measured yet: the walk takes a hundred or so passes over lists said twice.");
      g.part("none", [w], () =>
        inLines(text, w).map((line, i) => label(0, 16 + 17 * i, line, { fill: "ink2", size: 13 })),
      );
      g.height = 60;
      return;
    }
    walkSteps.bar(g, local, (at) => WORDS[at]);
    const now = walkSteps.of(local);
    const told = walkSteps.told(local);
    const head = inLines(
      told ? say("Each rung is measured on the open model; a later one may say no.") : verdict(data),
      w,
      13,
    );
    g.part("verdict", [w, now, told], () =>
      head.map((line, i) =>
        label(0, 16 + 18 * i, line, { fill: told ? "ink2" : "ink", size: 13, weight: told ? 400 : 600 }),
      ),
    );
    let y = 18 * head.length + 26;
    const lead = wide ? Math.round(w * 0.5) : w;
    rungs(data).forEach((one, i) => {
      if (i > now) return;
      const lines = inLines(one.text, wide ? lead - 60 : w - 34);
      const words = 24 + 16 * lines.length;
      const picture = {
        x: wide ? lead + 16 : 34,
        y: y + (wide ? 4 : words + 6),
        w: wide ? w - lead - 16 : w - 34,
      };
      const top = y;
      const tall = wide ? Math.max(words, one.high) : words + 6 + one.high;
      const current = told && i === now;
      g.part(`rung ${i}`, [w, current, y], () => [
        current &&
          h("rect", { x: 0, y: top - 8, width: w, height: tall + 14, rx: 6, fill: css("accent-soft") }),
        i > 0 && !current && h("path", { d: `M0,${top - GAP / 2}H${w}`, stroke: css("line") }),
        h("circle", {
          cx: 13,
          cy: top + 11,
          r: 11,
          fill: css(one.ok ? "pos" : "bg"),
          stroke: css(one.ok ? "pos" : "ink3"),
          "stroke-width": 1.5,
        }),
        h(
          "text",
          {
            x: 13,
            y: top + 15,
            "text-anchor": "middle",
            "font-size": 12,
            "font-weight": 700,
            fill: css(one.ok ? "bg" : "ink2"),
          },
          i + 1,
        ),
        label(34, top + 15, one.title, { size: 14, weight: 600, fill: "ink" }),
        label(34 + measure(one.title, 14) * 1.08 + 10, top + 15, one.ok ? say("found") : say("not found"), {
          fill: one.ok ? "pos" : "ink3",
          weight: 600,
        }),
        lines.map((line, k) => label(34, top + 36 + 16 * k, line, { fill: "ink2" })),
        h("g", {}, one.draw(g, picture)),
      ]);
      y += tall + GAP;
    });
    g.height = y;
  },

  // Keys: ← →: a step of the walk; Space: play.
  key(event, g, data, local) {
    if (!data.known) return false;
    if (walkSteps.key(event, g, local)) return true;
    if (event.key === "Escape") return walkSteps.halt(g, local) || walkSteps.whole(g, local); // there is more on this page
    return false;
  },

  describe(data, local) {
    if (!data.known) return data.why || say("The circuit is not measured yet.");
    const now = walkSteps.of(local);
    const told = walkSteps.told(local);
    const shown = told ? [rungs(data)[now]] : rungs(data);
    return `${walkSteps.said(local, (at) => WORDS[at])}${told ? "" : `${verdict(data)} `}${shown.map((one) => `${one.title}, ${one.ok ? say("found") : say("not found")}: ${one.text}`).join(" ")}`;
  },

  state(data, local) {
    if (!data.known) return { known: false, why: data.why, tokens: [] };
    const { selection: _, stamp: __, ...rest } = data;
    return {
      ...rest,
      tokens: [],
      stage: walkSteps.state(local),
      verdict: verdict(data),
      rungs: rungs(data).map(({ title, ok, text }) => ({ title, ok, text })),
    };
  },
};

export default mount("interpretability_circuit", walkView);
