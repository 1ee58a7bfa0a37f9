// Sentences as vectors: a map of cosines for each reader, the pair that it finds most alike, and the learner's own pair.

import { counted } from "../../app/kit/counts.js";
import { mount } from "../../app/kit/glass.js";
import { paragraphs } from "../../app/kit/paragraphs.js";
import { say } from "../../app/kit/say.js";
import { clamp, css, fit, h, inLines, label, num, visible } from "../../app/kit/shapes.js";
import { isDesk, isPhone } from "../../app/kit/widths.js";

/**
 * @import { Stage, View } from "../../app/kit/glass.js"
 * @import { Shapes } from "../../app/kit/shapes.js"
 *
 * What sentences.py sends. A pair is two numbers of sentences, the smaller first.
 * @typedef {{stamp: string, sentences: string[], readers: Reader[]}} Data
 *
 * What one reader makes of the sentences. how: what stands for a sentence; said: why there is nothing, and only name, how, and
 * empty cosines are there; cosines: (N, N); best: the pair most alike (null: there is one sentence); nearest: of each sentence;
 * tokens: of each, none of a reader of words; lengths: of the vectors; unknown: words without a vector, in a sentence.
 * @typedef {object} Reader
 * @property {string} name
 * @property {string} how
 * @property {string} said
 * @property {number[][]} cosines
 * @property {Pair | null} best
 * @property {number[]} nearest
 * @property {number[]} tokens
 * @property {number} dims
 * @property {number[]} lengths
 * @property {string} unknown
 *
 * @typedef {[number, number]} Pair
 * @typedef {{sel: Record<string, any>, hover?: unknown}} Kept
 * @typedef {{text: string, fill: string, weight?: number}} Told a line under a map
 */

const LETTER = "ABCDEFGH";

/** The learner's pair, smaller number first; null before one was chosen. @type {(data: Data, local: Kept) => Pair | null} */
function chosenPair(data, local) {
  const read = /^(\d) (\d)$/.exec(local.sel.alike ?? "");
  if (!read) return null;
  const [a, b] = [Number(read[1]), Number(read[2])].sort();
  return a !== b && b < data.sentences.length ? [a, b] : null;
}
/** The pair that the sum is written out for: the learner's, else the one that the first reader finds most alike. @type {(data: Data, local: Kept) => Pair | null} */
const shownPair = (data, local) =>
  chosenPair(data, local) ?? data.readers.find((one) => one.best)?.best ?? null;
const pairsOf = (/** @type {Reader} */ one) => one.cosines.flatMap((row, a) => row.slice(a + 1));
/** Which place a pair has among all, 1 for the most alike. @type {(one: Reader, pair: Pair) => number} */
const placeOf = (one, [a, b]) => 1 + pairsOf(one).filter((v) => v > one.cosines[a][b]).length;
/** @type {(g: Stage, pair: Pair) => void} */
const choose = (g, pair) => g.select({ alike: pair.join(" ") });
/** @type {(pair: Pair | null, a: number, b: number) => boolean} */
const isPair = (pair, a, b) => pair !== null && pair[0] === Math.min(a, b) && pair[1] === Math.max(a, b);

/** The sentences with their letters; returns the y below. @type {(g: Stage, data: Data, pair: Pair | null) => number} */
function drawSentences(g, data, pair) {
  const lines = data.sentences.map((text) => inLines(visible(text), g.width - 30, 13));
  let y = 4;
  const at = lines.map((line) => {
    const top = y;
    y += 18 * line.length + 4;
    return top;
  });
  g.part("sentences", [pair], () =>
    lines.map((line, i) =>
      h(
        "g",
        { "data-sentence": i },
        label(4, at[i] + 14, LETTER[i], {
          mono: true,
          weight: 700,
          size: 13,
          fill: pair?.includes(i) ? "accent" : "ink2",
        }),
        line.map((words, k) =>
          label(28, at[i] + 14 + 18 * k, words, { size: 13, fill: pair?.includes(i) ? "accent" : "ink" }),
        ),
      ),
    ),
  );
  return y + 8;
}

/** One reader: name, map, and what it puts together; returns the y below. `box.lines`: of `how`, in the reader beside that has most. @type {(g: Stage, data: Data, local: Kept, number: number, box: {x: number, y: number, w: number, lines: number}) => number} */
function drawReader(g, data, local, number, box) {
  const one = data.readers[number];
  const n = data.sentences.length;
  const mine = chosenPair(data, local);
  const about = inLines(one.how, box.w);
  const top = box.y + 26 + 16 * box.lines + 22;
  const side = Math.min(box.w - 22, 40 * Math.max(3, n));
  const cell = side / n;
  const pairs = one.said ? [] : pairsOf(one);
  const [low, high] = [Math.min(...pairs), Math.max(...pairs)];
  const refused = inLines(one.said, box.w, 13);
  const told = one.said
    ? []
    : tellReader(data, one, mine).flatMap((line) =>
        inLines(line.text, box.w, 12).map((words) => ({ ...line, words })),
      );
  g.part(`reader ${number}`, [box, mine, local.hover], () => {
    /** @type {Shapes[]} */
    const out = [
      label(box.x, box.y + 14, fit(one.name, box.w, 14, false), { size: 14, weight: 600, fill: "ink" }),
      about.map((line, i) => label(box.x, box.y + 32 + 16 * i, line, { fill: "ink3" })),
    ];
    if (one.said)
      return [
        ...out,
        refused.map((line, i) => label(box.x, top + 6 + 18 * i, line, { size: 13, fill: "neg" })),
      ];
    const x = box.x + 20;
    for (let a = 0; a < n; a++) {
      out.push(
        label(box.x + 4, top + cell * (a + 0.5) + 4, LETTER[a], {
          mono: true,
          fill: mine?.includes(a) ? "accent" : "ink2",
        }),
        label(x + cell * (a + 0.5), top - 6, LETTER[a], {
          mono: true,
          anchor: "middle",
          fill: mine?.includes(a) ? "accent" : "ink2",
        }),
      );
      for (let b = 0; b < n; b++)
        out.push(drawCell(g, data, one, { a, b, x: x + cell * b, y: top + cell * a, cell, low, high }));
    }
    /** @type {(pair: Pair | null, colour: string, dash: boolean) => Shapes} */
    const ring = (pair, colour, dash) =>
      pair &&
      [pair, [pair[1], pair[0]]].map(([a, b]) =>
        h("rect", {
          x: x + cell * b + 1.5,
          y: top + cell * a + 1.5,
          width: cell - 3,
          height: cell - 3,
          rx: 3,
          fill: "none",
          stroke: css(colour),
          "stroke-width": 2.5,
          "stroke-dasharray": dash ? "4 3" : null,
          "pointer-events": "none",
        }),
      );
    out.push(ring(one.best, "ink", false), ring(mine, "accent", isPair(one.best, ...(mine ?? [-1, -1]))));
    return [
      ...out,
      told.map((line, i) =>
        label(box.x, top + side + 22 + 17 * i, line.words, { fill: line.fill, weight: line.weight }),
      ),
    ];
  });
  return top + (one.said ? 18 * refused.length + 12 : side + 30 + 17 * told.length);
}
/** The cosine of a pair; a click chooses it. @type {(g: Stage, data: Data, one: Reader, cell: {a: number, b: number, x: number, y: number, cell: number, low: number, high: number}) => SVGElement} */
function drawCell(g, data, one, { a, b, x, y, cell, low, high }) {
  const v = one.cosines[a][b];
  const self = a === b;
  const share = high > low ? (v - low) / (high - low) : 1;
  const node = h(
    "g",
    self
      ? {}
      : {
          class: "gb-hot",
          "data-cell": `${a} ${b}`,
          click: () => choose(g, [Math.min(a, b), Math.max(a, b)]),
        },
    h("rect", {
      x: x + 0.5,
      y: y + 0.5,
      width: cell - 1,
      height: cell - 1,
      rx: 3,
      fill: self ? css("wash") : g.sequential(0.08 + 0.6 * share, 1, "att"),
      stroke: css("line"),
    }),
    !self &&
      cell >= 25 &&
      label(x + cell / 2, y + cell / 2 + 4, num(v, 2), {
        anchor: "middle",
        mono: true,
        size: cell < 32 ? 9 : 11,
        fill: "ink",
        "pointer-events": "none",
      }),
  );
  return g.tip(
    node,
    self
      ? say("{letter} itself: 1", { letter: LETTER[a] })
      : say("{a} and {b}: {cosine}\n{first}\n{second}", {
          a: LETTER[a],
          b: LETTER[b],
          cosine: num(v, 4),
          first: visible(data.sentences[a]),
          second: visible(data.sentences[b]),
        }),
  );
}

/** What a reader puts together, and how that goes with the learner's pair. @type {(data: Data, one: Reader, mine: Pair | null) => Told[]} */
function tellReader(data, one, mine) {
  if (!one.best) return [{ text: say("One sentence alone: write another to compare."), fill: "ink2" }];
  const [a, b] = one.best;
  /** @type {Told[]} */
  const lines = [
    {
      text: say("Most alike: {a} and {b}, {cosine}", {
        a: LETTER[a],
        b: LETTER[b],
        cosine: num(one.cosines[a][b], 3),
      }),
      fill: "ink",
      weight: 600,
    },
  ];
  if (mine) {
    const place = placeOf(one, mine);
    const all = pairsOf(one).length;
    lines.push({
      text:
        place === 1
          ? say("As you said.")
          : say("Your pair, {a} and {b}: {cosine}, place {place} of {all}", {
              a: LETTER[mine[0]],
              b: LETTER[mine[1]],
              cosine: num(one.cosines[mine[0]][mine[1]], 3),
              place,
              all,
            }),
      fill: "accent",
    });
  }
  if (data.sentences.length > 2)
    lines.push({
      text: say("Nearest: {list}", {
        list: one.nearest.map((to, from) => `${LETTER[from]}→${LETTER[to]}`).join(", "),
      }),
      fill: "ink2",
    });
  if (one.unknown) lines.push({ text: one.unknown, fill: "ink3" });
  return lines;
}

/** The shown pair's sum, written out for the first reader that read it. @type {(data: Data, pair: Pair | null) => string[]} */
function writtenOut(data, pair) {
  const one = data.readers.find((each) => !each.said);
  if (!one || !pair) return [];
  const [a, b] = pair;
  const [left, right] = [one.lengths[a], one.lengths[b]];
  const cosine = one.cosines[a][b];
  const made = { name: one.name, numbers: counted(one.dims, "number") };
  const read = one.tokens.length
    ? say(
        "{name} reads {a} as {tokens} and {b} as {other_tokens}, and makes one vector of {numbers} of each.",
        {
          ...made,
          a: LETTER[a],
          tokens: counted(one.tokens[a], "token"),
          b: LETTER[b],
          other_tokens: counted(one.tokens[b], "token"),
        },
      )
    : say("{name} looks the words of both up, and makes one vector of {numbers} of each.", made);
  const sum = say(
    "The products of the two, number by number, add up to {sum}; divided by both lengths, {left} and {right}, that is the cosine {cosine}.",
    { sum: num(cosine * left * right, 3), left: num(left, 2), right: num(right, 2), cosine: num(cosine, 3) },
  );
  return [
    `${read} ${sum}`,
    say(
      "Colours run from the least alike pair of each map to its most alike, which is framed; your pair has a frame in colour. Different readers’ cosines are on different scales: compare which pairs come first, not the numbers.",
    ),
  ];
}

/** @type {Record<string, Pair>} */
const MOVES = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] };

/** @type {View<Data, Kept>} */
const sentencesView = {
  draw(g, data, local) {
    const pair = chosenPair(data, local);
    const top = drawSentences(g, data, pair);
    const many = data.readers.length;
    const across = isDesk(g.width) ? many : isPhone(g.width) ? 1 : 2;
    const gap = 28;
    const each = (g.width - gap * (across - 1)) / across;
    let y = top;
    for (let from = 0; from < many; from += across) {
      const row = data.readers.slice(from, from + across);
      const lines = Math.max(...row.map((one) => inLines(one.how, each).length)); // so that maps side by side begin at one height
      const ends = row.map((_, k) =>
        drawReader(g, data, local, from + k, { x: k * (each + gap), y, w: each, lines }),
      );
      y = Math.max(...ends) + 14;
    }
    g.height =
      paragraphs(g, "sum", { x: 0, y, w: Math.min(g.width, 900) }, writtenOut(data, shownPair(data, local)), {
        fill: "ink2",
      }) + 4;
  },

  // Arrows: another pair; Esc: no pair.
  key(event, g, data, local) {
    const move = MOVES[event.key];
    if (event.key === "Escape" && chosenPair(data, local)) {
      g.select({ alike: "" });
      return true;
    }
    const n = data.sentences.length;
    if (!move || n < 2) return false;
    const now = chosenPair(data, local);
    if (!now) {
      choose(g, [0, 1]);
      return true;
    }
    const [a, b] = [clamp(now[0] + move[0], 0, n - 2), clamp(now[1] + move[1], 1, n - 1)];
    if (a < b) choose(g, [a, b]);
    return true;
  },

  describe(data, local) {
    const pair = chosenPair(data, local);
    const told = data.readers
      .map(
        (one) =>
          `${one.name}, ${one.how}: ${
            one.said ||
            tellReader(data, one, pair)
              .map((line) => line.text)
              .join("; ")
          }`,
      )
      .join(". ");
    return `${data.sentences.map((text, i) => `${LETTER[i]}: ${visible(text)}`).join(" ")} ${told}. ${writtenOut(data, shownPair(data, local)).join(" ")}`;
  },

  state(data, local) {
    return {
      sentences: data.sentences,
      pair: chosenPair(data, local),
      written: writtenOut(data, shownPair(data, local)),
      readers: data.readers.map((one) => ({
        name: one.name,
        how: one.how,
        said: one.said,
        cosines: one.cosines,
        best: one.best,
        nearest: one.nearest ?? [],
        unknown: one.unknown ?? "",
      })),
    };
  },
};

export default mount("embeddings_sentences", sentencesView);
