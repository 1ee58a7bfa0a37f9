// Bias: an association test on word vectors. The words of two lists on an axis between two others (axis.js), and the
// numbers of each step, written out. The tests beside each other, and chance, are a chart of the page's.

import { mount } from "../../app/kit/glass.js";
import { paragraphs } from "../../app/kit/paragraphs.js";
import { say, sayOf } from "../../app/kit/say.js";
import { clamp, css, fit, h, inLines, label, num, unpack, visible } from "../../app/kit/shapes.js";
import { stepMode } from "../../app/kit/steps.js";
import { ATTRIBUTES, TARGETS, wordAxis } from "./axis.js";

/**
 * @import { Stage, View } from "../../app/kit/glass.js"
 * @import { Packed, Unpacked } from "../../app/kit/shapes.js"
 * @import { Box, Plan } from "./axis.js"
 *
 * What figure.py sends: the chosen test on the chosen table, and the ten beside it. X and Y are the targets, A and B the
 * attributes; an association s is the mean cosine with A less that with B, d the effect size.
 * @typedef {object} Data
 * @property {string[]} tokens
 * @property {{which: "glove" | "model" | "learned", name: string}} table
 * @property {string} test its number, or "own"
 * @property {boolean} removed whether every vector is without the gender direction
 * @property {Refused | Made} shown
 * @property {{x: number[], y: number[], d: number, means: [number, number]} | null} was with nothing removed
 * @property {Pair | null} pair the chosen two words
 * @property {{word: string, s: number}[]} text words of the learner's own text
 * @property {{number: string, d: number | null, share: number, conclusive: boolean}[]} tests share: of its shortest list that was found
 * @property {Removal | null} removal
 * @property {number} reach of the axis of effect sizes, to both sides
 * @property {Partial<Data>} [without] in a file: what is other in the step that removes the direction
 *
 * What every test has: its lists X, Y, A, B, and what is said of it.
 * @typedef {object} Told
 * @property {[List, List, List, List]} lists
 * @property {string} title
 * @property {string[]} verdict a sentence a line
 * @property {string} dealt what the permutations counted
 * @property {string} names what first names stand for, "" where there are none
 * @property {string[]} left words that are not used
 * @typedef {{name: string, words: string[], asked: number}} List asked: how many words it was to have
 *
 * A test that cannot be made.
 * @typedef {Told & {d: null}} Refused
 *
 * A test that was: associations of X and of Y, cosines (X + Y, A + B), means, standard deviation, permutations.
 * @typedef {object} Test
 * @property {number[]} x
 * @property {number[]} y
 * @property {Packed} cosines
 * @property {[number, number]} means
 * @property {number} spread
 * @property {number} d
 * @property {number} p two-sided
 * @property {boolean} exact whether all splits were counted
 * @property {number} far splits that put the means as far apart, on either side
 * @property {boolean} within whether that is what chance does, too
 * @property {number[]} counts of splits, from edge to edge
 * @typedef {Told & Test} Made
 *
 * A cosine taken apart: lengths of both vectors, and what each number of them adds.
 * @typedef {{dot: number, lengths: [number, number], cosine: number, products: Packed}} Pair
 *
 * What is left without the direction: effect sizes before and after, and shares of words that a classifier tells apart.
 * `why`: nothing can be removed; `rest`: why nothing was probed.
 * @typedef {{why: string, pairs?: undefined} | {why: "", pairs: Moved[], share: number, of: number} & ({rest: string} | {rest: null} & Probed)} Removal
 * @typedef {{name: string, before: number, after: number}} Moved
 * @typedef {{direct: number, words: number, said: string[], one: string[], two: string[], bars: {name: string, share: number, low: number, high: number}[]}} Probed
 *
 * @typedef {Data & {shown: Made}} Done
 * @typedef {{sel: {stage?: number, weat?: string, subject?: number, mate?: number}, timer?: number | null, cosines: Unpacked | null, bare: Unpacked | null, fixed?: boolean}} Kept bare: cosines of `without`; fixed: nothing is computed anew
 *
 * A column of words with their numbers; first: the place of its first word among all.
 * @typedef {{name: string, words: string[], values: number[], mean: number, first: number, fill: string}} Column
 */

// ---------------------------------------------------------------- the numbers of a step

/** @param {Stage} g @param {string} key @param {Box} box @param {string} text */
const heading = (g, key, box, text) => {
  g.part(key, [box, text], () =>
    label(box.x, box.y + 12, fit(text, box.w, 13.5, false), { weight: 600, fill: "ink", size: 13 }),
  );
  return box.y + 20;
};
/** @param {Stage} g @param {string} key @param {Box} box @param {string[]} lines */
const monoLines = (g, key, box, lines) => {
  g.part(key, [box, lines], () =>
    lines.map((line, k) =>
      label(box.x, box.y + 14 + 19 * k, fit(line, box.w, 13), { mono: true, size: 13, fill: "ink" }),
    ),
  );
  return box.y + 14 + 19 * lines.length;
};

/**
 * cos(w, o): the dot product over the lengths, and every number's part of it.
 * @param {Stage} g @param {Box} box @param {Pair | null} pair @param {string} one @param {string} other
 */
function writeCosine(g, box, pair, one, other) {
  let y = heading(g, "head", box, `cos(${one}, ${other})`);
  if (!pair) return y;
  const [a, b] = pair.lengths;
  y =
    monoLines(g, "sum", { ...box, y }, [
      `${one} · ${other} = ${num(pair.dot, 4)}`,
      `|${one}| = ${num(a, 4)}`,
      `|${other}| = ${num(b, 4)}`,
      `cos = ${num(pair.dot, 4)} / (${num(a, 4)} × ${num(b, 4)})`,
      `    = ${num(pair.cosine, 4)}`,
    ]) + 6;
  const products = unpack(pair.products);
  const tall = 96;
  const most = Math.max(1e-9, ...products.map(Math.abs));
  const wide = (box.w - 8) / products.length;
  g.part("products", [{ ...box, y }], () => {
    const middle = y + 24 + tall / 2;
    const out = [
      label(
        box.x,
        y + 10,
        say("What each of the {count} numbers adds (vectors at length 1)", { count: products.length }),
        { fill: "ink3", size: 11 },
      ),
      h("path", { d: `M${box.x},${middle}h${box.w - 8}`, stroke: css("ink3") }),
    ];
    products.forEach((value, k) => {
      const height = (Math.abs(value) / most) * (tall / 2);
      const bar = h("rect", {
        x: box.x + k * wide,
        y: value < 0 ? middle : middle - height,
        width: Math.max(0.5, wide - 1),
        height: Math.max(0.5, height),
        fill: css(value < 0 ? "neg" : "pos"),
      });
      out.push(
        products.length <= 128
          ? g.tip(bar, say("number {at}: {value}", { at: k, value: num(value, 4) }))
          : bar,
      );
    });
    return out;
  });
  return paragraphs(
    g,
    "about",
    { ...box, y: y + 26 + tall },
    [say("1: the same way. 0: at right angles. −1: opposite ways. Lengths do not matter.")],
    { fill: "ink2" },
  );
}

/**
 * Two columns of words with their numbers, and each column's mean.
 * @param {Stage} g @param {string} key @param {Box} box @param {Column[]} sides
 * @param {{mark: string, chosen?: number, pick: (at: number) => void}} o
 */
function columns(g, key, box, sides, o) {
  const wide = (box.w - 20) / 2;
  const rows = Math.max(...sides.map((side) => side.words.length));
  const pitch = rows > 16 ? 14 : 18;
  const size = rows > 16 ? 11 : 12;
  g.part(key, [box, sides, o.chosen], () =>
    sides.map((side, at) => {
      const x = box.x + at * (wide + 20);
      const order = side.words
        .map((word, i) => ({ word, value: side.values[i], i }))
        .sort((a, b) => b.value - a.value);
      const most = Math.max(1e-9, ...sides.flatMap((one) => one.values.map(Math.abs)));
      const bar = wide * 0.3;
      return [
        label(x, box.y + 11, fit(side.name, wide, 12, false), { weight: 600, fill: side.fill }),
        order.map(({ word, value, i }, k) => {
          const y = box.y + 20 + k * pitch;
          const place = side.first + i;
          const on = place === o.chosen;
          return h(
            "g",
            { class: g.can.recompute ? "gb-hot" : null, [o.mark]: place, onclick: () => o.pick(place) },
            h("rect", {
              x: x - 3,
              y,
              width: wide + 3,
              height: pitch,
              rx: 3,
              fill: on ? css("accent-soft") : "transparent",
            }),
            label(x, y + pitch - 4, fit(visible(word), wide * 0.44, size, false), {
              size,
              fill: on ? "accent" : "ink",
              weight: on ? 700 : null,
            }),
            h("rect", {
              x: x + wide * 0.46 + (value < 0 ? bar / 2 - ((bar / 2) * Math.abs(value)) / most : bar / 2),
              y: y + pitch / 2 - 3,
              width: Math.max(0.5, ((bar / 2) * Math.abs(value)) / most),
              height: 6,
              fill: css(value < 0 ? "neg" : "pos"),
            }),
            label(x + wide, y + pitch - 4, num(value, 3), { size, mono: true, anchor: "end", fill: "ink2" }),
          );
        }),
        label(x, box.y + 34 + side.words.length * pitch, say("mean"), { fill: side.fill, weight: 600 }),
        label(x + wide, box.y + 34 + side.words.length * pitch, num(side.mean, 4), {
          mono: true,
          anchor: "end",
          fill: side.fill,
          weight: 600,
        }),
      ];
    }),
  );
  return box.y + 44 + rows * pitch;
}

/** d with the numbers in it. @param {Stage} g @param {Box} box @param {Made} shown */
function writeEffect(g, box, shown) {
  const [x, y] = shown.means;
  const many = shown.x.length + shown.y.length;
  let at = heading(g, "head", box, say("d: the distance between the means, in standard deviations"));
  at = monoLines(g, "sum", { ...box, y: at }, [
    say("mean of X = {value}", { value: num(x, 4) }),
    say("mean of Y = {value}", { value: num(y, 4) }),
    say("difference = {value}", { value: num(x - y, 4) }),
    say("standard deviation = {value}", { value: num(shown.spread, 4) }),
    `d = ${num(x - y, 4)} / ${num(shown.spread, 4)} = ${num(shown.d, 4)}`,
  ]);
  return paragraphs(
    g,
    "about",
    { ...box, y: at + 6 },
    [
      say("The deviation is that of all {many} associations together, X and Y, divided by {many} (ddof 0).", {
        many,
      }),
      say(
        "d = 2 is the most there can be with as many words in X as in Y: every word of X at one place, every word of Y at another. Psychologists call 0.2 small, 0.5 medium and 0.8 large.",
      ),
      say(
        "d says how far apart the lists lie. It does not say whether so few words could lie so by chance: that is the next step.",
      ),
    ],
    { fill: "ink2" },
  );
}

/**
 * Tests before and after, and how well a classifier still tells the words apart.
 * @param {Stage} g @param {Box} box @param {Removal} removal @param {number} reach
 */
function writeRemoval(g, box, removal, reach) {
  let y = heading(g, "head", box, say("What the projection takes, and what it leaves"));
  if (!removal.pairs)
    return paragraphs(g, "about", { ...box, y }, [
      say("Nothing can be removed: {why}.", { why: removal.why }),
    ]);
  const left = box.x + 76;
  /** @param {number} d */
  const px = (d) => left + ((clamp(d, -reach, reach) + reach) / (2 * reach)) * (box.w - 76 - 84);
  const from = y + 14;
  g.part("pairs", [{ ...box, y }, removal.pairs, reach], () => {
    /** @type {SVGElement[]} */
    const out = [
      label(box.x, y + 10, say("d, before and after"), { fill: "ink3", size: 11 }),
      h("path", {
        d: `M${px(0)},${from}v${20 * removal.pairs.length}`,
        stroke: css("line"),
        "stroke-dasharray": "2 3",
      }),
    ];
    for (const [k, one] of removal.pairs.entries()) {
      const at = from + 12 + 20 * k;
      out.push(
        label(box.x, at + 4, one.name, { fill: "ink" }),
        h("path", { d: `M${px(one.before)},${at}H${px(one.after)}`, stroke: css("ink3") }),
        h("circle", {
          cx: px(one.before),
          cy: at,
          r: 4.5,
          fill: css("bg"),
          stroke: css("ink2"),
          "stroke-width": 1.5,
        }),
        h("circle", { cx: px(one.after), cy: at, r: 4.5, fill: css("accent") }),
        label(box.x + box.w, at + 4, `${num(one.before, 2)} → ${num(one.after, 2)}`, {
          mono: true,
          anchor: "end",
          fill: "ink2",
        }),
      );
    }
    return out;
  });
  y = from + 20 * removal.pairs.length + 12;
  if (removal.rest !== null)
    return paragraphs(
      g,
      "about",
      { ...box, y },
      [say("What is left was not probed: {why}.", { why: removal.rest })],
      { fill: "ink2" },
    );
  y = paragraphs(
    g,
    "direct",
    { ...box, y },
    [
      say(
        "The direction is the first component of {pairs} pairs such as she and he ({share} % of their variance). Of science, art and mathematics words it holds a mean |cosine| of {direct} before, 0 after.",
        { pairs: removal.of, share: num(100 * removal.share, 0), direct: num(removal.direct, 3) },
      ),
    ],
    { fill: "ink2", size: 12 },
  );
  const bars = y + 30;
  g.part("bars", [{ ...box, y }, removal.bars], () => {
    const [start, room] = [box.x + 126, box.w - 126 - 140];
    /** @param {number} share */
    const bx = (share) => start + share * room;
    /** @type {SVGElement[]} */
    const out = inLines(
      say("Held-out words put on their old side ({words} that leaned most)", { words: removal.words }),
      box.w,
      12,
    )
      .slice(0, 1)
      .map((line) => label(box.x, y + 14, line, { fill: "ink3", size: 11 }));
    out.push(
      h("path", {
        d: `M${bx(0.5)},${bars - 4}v${22 * removal.bars.length}`,
        stroke: css("ink3"),
        "stroke-dasharray": "2 3",
      }),
    );
    for (const [k, one] of removal.bars.entries()) {
      const at = bars + 22 * k;
      out.push(
        label(box.x, at + 11, one.name, { fill: "ink", weight: k === 1 ? 600 : null }),
        h("rect", {
          x: start,
          y: at,
          width: Math.max(1, bx(one.share) - start),
          height: 14,
          rx: 2,
          fill: css(k === 1 ? "accent" : "line"),
        }),
        h("path", {
          d: `M${bx(one.low)},${at + 7}H${bx(one.high)}M${bx(one.low)},${at + 3}v8M${bx(one.high)},${at + 3}v8`,
          stroke: css("ink"),
        }),
        label(
          box.x + box.w,
          at + 11,
          `${num(100 * one.share, 1)} % (${num(100 * one.low, 0)}–${num(100 * one.high, 0)})`,
          { mono: true, size: 11, anchor: "end", fill: "ink2" },
        ),
      );
    }
    return out;
  });
  return paragraphs(
    g,
    "about",
    { ...box, y: bars + 22 * removal.bars.length },
    [
      say(
        "Some that leaned to “he”: {list}. To “she”: {others}. Names are among them: where there are no capitals, not all can be told from words.",
        { list: removal.one.map(visible).join(", "), others: removal.two.map(visible).join(", ") },
      ),
      ...removal.said,
    ],
    { fill: "ink2", size: 12 },
  );
}

// ---------------------------------------------------------------- the picture

const stages = stepMode("stage", [
  say("Cosine"),
  say("One word"),
  say("Means"),
  say("Effect size"),
  say("Permutation"),
  say("Removal"),
  say("The whole test"),
]);
const [COSINE, WORD, MEANS, EFFECT, , REMOVAL] = [0, 1, 2, 3, 4, 5];

/** @param {Data} data @returns {data is Done} */
function isMade(data) {
  return data.shown.d !== null;
}
/** @param {Told} shown */
const sizesOf = (shown) => shown.lists.map((one) => one.words.length);
/**
 * What is looked at: a target by its place in X, then Y; an attribute by its place in A, then B.
 * @param {Data} data @param {Kept} local
 */
function chosenOf(data, local) {
  const [x, y, a, b] = sizesOf(data.shown);
  /** @param {number | undefined} at @param {number} most */
  const within = (at, most) => (at !== undefined && at >= 0 && at < most ? at : 0);
  return { subject: within(local.sel.subject, x + y), mate: within(local.sel.mate, a + b) };
}
/** @param {Told} shown @param {number} first @param {number} at */
const wordAt = (shown, first, at) =>
  visible([...shown.lists[first].words, ...shown.lists[first + 1].words][at] ?? "");
/** @param {number[]} values */
const mean = (values) => values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length);

/** What the step shows: in a file the step of removal has numbers of its own. @type {(data: Data, local: Kept) => Data} */
const shownOf = (data, local) =>
  data.without && stages.of(local) === REMOVAL ? { ...data, ...data.without } : data;

/** @param {Data["shown"] | undefined} shown */
const cosinesIn = (shown) => (!shown || shown.d === null ? null : unpack(shown.cosines));

/** A target's cosines with A and with B. @param {Done} data @param {Kept} local @param {number} subject */
function cosinesOf(data, local, subject) {
  const [, , a, b] = sizesOf(data.shown);
  const row = Array.from(
    (local.bare && stages.of(local) === REMOVAL ? local.bare : local.cosines)?.slice(
      subject * (a + b),
      (subject + 1) * (a + b),
    ) ?? [],
  );
  return [row.slice(0, a), row.slice(a)];
}

/**
 * The words of X and Y by their association with A and B.
 * @param {Stage} g @param {Done} data @param {Kept} local @param {number} step
 * @returns {Plan}
 */
function testPlan(g, data, local, step) {
  const { shown, was, text } = data;
  const { subject } = chosenOf(data, local);
  const [x, y, a, b] = shown.lists;
  const lane =
    step === stages.last && text.length
      ? {
          title: say("Words of your text"),
          words: text.map((one) => one.word),
          values: text.map((one) => one.s),
        }
      : null;
  return {
    marks: ["X", "Y"],
    chosen: step === stages.last ? null : subject,
    lane,
    sides: [
      {
        name: x.name,
        fill: TARGETS[0],
        words: x.words,
        values: shown.x,
        was: was?.x,
        mean: shown.means[0],
        first: 0,
      },
      {
        name: y.name,
        fill: TARGETS[1],
        words: y.words,
        values: shown.y,
        was: was?.y,
        mean: shown.means[1],
        first: x.words.length,
      },
    ],
    ends: [
      { text: say("nearer to B: {name}", { name: b.name }), fill: ATTRIBUTES[1] },
      { text: say("nearer to A: {name}", { name: a.name }), fill: ATTRIBUTES[0] },
    ],
    ruler: step >= EFFECT ? { spread: shown.spread, text: `d = ${num(shown.d, 2)}` } : null,
    pick: (at) => g.select({ subject: at }),
    tip: (at) => wordTip(data, local, at),
  };
}
/**
 * One word's cosines with the words of A and of B.
 * @param {Stage} g @param {Done} data @param {Kept} local @param {number} step
 * @returns {Plan}
 */
function wordPlan(g, data, local, step) {
  const { shown } = data;
  const { subject, mate } = chosenOf(data, local);
  const [, , a, b] = shown.lists;
  const [to, from] = cosinesOf(data, local, subject);
  const word = wordAt(shown, 0, subject);
  return {
    marks: ["A", "B"],
    chosen: step === COSINE ? mate : null,
    lane: null,
    sides: [
      {
        name: a.name,
        fill: ATTRIBUTES[0],
        words: a.words,
        values: to,
        mean: step === COSINE ? null : mean(to),
        first: 0,
      },
      {
        name: b.name,
        fill: ATTRIBUTES[1],
        words: b.words,
        values: from,
        mean: step === COSINE ? null : mean(from),
        first: a.words.length,
      },
    ],
    ends: [
      { text: say("away from {word}", { word }), fill: "ink3" },
      { text: say("the same way as {word}", { word }), fill: "ink" },
    ],
    ruler: step === WORD ? { spread: 0, text: `s = ${num(mean(to) - mean(from), 3)}` } : null,
    pick: (at) => g.select({ mate: at, stage: COSINE }),
    tip: null,
  };
}
/** @param {Done} data @param {Kept} local @param {number} at */
function wordTip(data, local, at) {
  const { shown } = data;
  const [, , a, b] = shown.lists;
  const [to, from] = cosinesOf(data, local, at);
  /** @param {List} list @param {number[]} values */
  const line = (list, values) =>
    list.words.map((word, i) => `${visible(word)} ${num(values[i], 2)}`).join(", ");
  const [on, off] = [mean(to), mean(from)];
  return `${wordAt(shown, 0, at)}: s = ${num(on, 3)} − ${num(off, 3)} = ${num(on - off, 3)}\nA ${a.name}: ${line(a, to)}\nB ${b.name}: ${line(b, from)}`;
}

/** What a step shows, in words. @param {Data} data @param {Kept} local @param {number} step */
function captionOf(data, local, step) {
  const { shown } = data;
  const [x, y, a, b] = shown.lists;
  const word = wordAt(shown, 0, chosenOf(data, local).subject);
  return [
    local.fixed
      ? say(
          "Each word is an arrow of numbers, and the cosine says how nearly two arrows point the same way: 1 the same, 0 neither, −1 opposite. Each dot is a word at its cosine with “{word}”.",
          { word },
        )
      : say(
          "Each word is an arrow of numbers, and the cosine says how nearly two arrows point the same way: 1 the same, 0 neither, −1 opposite. Each dot is a word at its cosine with “{word}”; choose one with ↑ and ↓ or a click.",
          { word },
        ),
    say(
      "How much nearer is “{word}” to “{a}” than to “{b}”? Its mean cosine with the first list less its mean cosine with the second is its association s.",
      { word, a: a.name, b: b.name },
    ),
    [
      say(
        "The same for every word of “{x}” and of “{y}”: each dot is a word at its association s, and each list has a mean.",
        { x: x.name, y: y.name },
      ),
      !local.fixed && say("Choose a word, and go back to see what its s is made of."),
    ]
      .filter(Boolean)
      .join(" "),
    say(
      "The effect size d is the distance of the two means, measured by how far the words scatter: 0 is no difference; 2, the most, would be each list’s words all in one place.",
    ),
    say(
      "Could chance do that? The same words are dealt into two heaps again and again; p is the share of deals that part them at least as far.",
    ),
    say(
      "The direction in which “he” and “she” differ is taken out of every word. The small circles show where the words lay before; the bars below ask whether words that leaned to one side can still be told apart.",
    ),
    data.text.length
      ? say(
          "The whole test on one axis: the lists, their means, d and p, and below them the words of your own text. What is read off it are the lists’ words, not the people whom they name.",
        )
      : say(
          "The whole test on one axis: the lists, their means, d and p. What is read off it are the lists’ words, not the people whom they name.",
        ),
  ][step];
}
/** Under the axis: what came out. @param {Done} data @param {number} step */
const foundOf = ({ shown }, step) => (step < EFFECT ? [] : [shown.verdict[0]]);

/**
 * Below the axis: the numbers of the step, or what chance makes of the test. Returns the y below.
 * @param {Stage} g @param {Done} data @param {Kept} local @param {number} step @param {Box} box
 */
function drawSide(g, data, local, step, box) {
  const { shown } = data;
  const { subject, mate } = chosenOf(data, local);
  const [x, y, a, b] = shown.lists;
  if (step === stages.last) return box.y;
  if (step === COSINE)
    return writeCosine(g, box, data.pair, wordAt(shown, 0, subject), wordAt(shown, 2, mate));
  if (step === WORD) {
    const [to, from] = cosinesOf(data, local, subject);
    const [on, off] = [mean(to), mean(from)];
    const word = wordAt(shown, 0, subject);
    const top = heading(g, "head", box, `s(${word}) = ${num(on, 4)} − ${num(off, 4)} = ${num(on - off, 4)}`);
    return columns(
      g,
      "cosines",
      { ...box, y: top },
      [
        {
          name: say("cos with A, {name}", { name: a.name }),
          words: a.words,
          values: to,
          mean: on,
          first: 0,
          fill: "v-ink",
        },
        {
          name: say("cos with B, {name}", { name: b.name }),
          words: b.words,
          values: from,
          mean: off,
          first: a.words.length,
          fill: "mlp-ink",
        },
      ],
      { mark: "data-mate", pick: (at) => g.select({ mate: at, stage: COSINE }) },
    );
  }
  if (step === MEANS) {
    const top = heading(g, "head", box, say("s of every word, and the mean of each list"));
    return columns(
      g,
      "means",
      { ...box, y: top },
      [
        {
          name: `X, ${x.name}`,
          words: x.words,
          values: shown.x,
          mean: shown.means[0],
          first: 0,
          fill: "accent",
        },
        {
          name: `Y, ${y.name}`,
          words: y.words,
          values: shown.y,
          mean: shown.means[1],
          first: x.words.length,
          fill: "ink2",
        },
      ],
      { mark: "data-target", chosen: subject, pick: (at) => g.select({ subject: at }) },
    );
  }
  if (step === EFFECT) return writeEffect(g, box, shown);
  if (step === REMOVAL)
    return writeRemoval(g, box, data.removal ?? { why: say("the page is still at work") }, data.reach);
  const top = heading(g, "head", box, say("What if the words were dealt to X and Y by chance?"));
  return paragraphs(
    g,
    "about",
    { ...box, y: top },
    [
      shown.dealt,
      say(
        "Filled: the splits that put the means at least as far apart as the lists do, on either side. The observed split is one of them, so p is never 0.",
      ),
      say(
        "A small p says that these two lists differ by more than a random division of these words would. It does not say why.",
      ),
    ],
    { fill: "ink2" },
  );
}

/** @param {Stage} g @param {Data} data @param {Kept} local */
function drawPage(g, data, local) {
  const step = stages.of(local);
  const { shown } = data;
  const box = { x: 0, w: g.width };
  const gap = step === stages.last ? 0 : 12;
  let y = heading(g, "title", { ...box, y: 0 }, shown.title);
  if (!isMade(data)) {
    g.height = paragraphs(g, "verdict", { ...box, y }, [...shown.verdict, ...shown.left]) + gap + 4;
    return;
  }
  const plan =
    step === COSINE || step === WORD ? wordPlan(g, data, local, step) : testPlan(g, data, local, step);
  y = wordAxis(g, "axis", { ...box, y: y + 2 }, plan);
  y = paragraphs(g, "verdict", { x: 4, y: y + 2, w: g.width - 8 }, foundOf(data, step), { fill: "ink2" });
  g.height = drawSide(g, data, local, step, { x: 4, y: y + gap, w: g.width - 8 }) + 4;
}

/** @type {View<Data, Kept>} */
const bias = {
  init: ({ shown, without }) => ({ cosines: cosinesIn(shown), bare: cosinesIn(without?.shown) }),

  draw(g, whole, local) {
    const data = shownOf(whole, local);
    local.fixed = !g.can.recompute;
    stages.bar(g, local, (now) => captionOf(data, local, now));
    drawPage(g, data, local);
  },

  key(event, g, data, local) {
    if (stages.key(event, g, local)) return true;
    const move = { ArrowUp: -1, ArrowDown: 1 }[event.key];
    const step = stages.of(local);
    const [x, y, a, b] = sizesOf(data.shown);
    if (move && !g.can.recompute) return true;
    if (move && step === stages.last) {
      const at = data.tests.findIndex((one) => one.number === data.test) + move;
      if (data.tests[at]) g.select({ weat: data.tests[at].number, subject: -1, mate: -1 });
      return true;
    }
    if (move && isMade(data)) {
      const { subject, mate } = chosenOf(data, local);
      if (step === COSINE) g.select({ mate: clamp(mate + move, 0, a + b - 1) });
      else g.select({ subject: clamp(subject + move, 0, x + y - 1) });
      return true;
    }
    if (event.key !== "Escape") return false;
    stages.up(g, local);
    return true;
  },

  within: ({ weat, subject, mate, ...change }) => change,

  describe(whole, local) {
    const data = shownOf(whole, local);
    const { shown } = data;
    /** @param {List} list @param {number[]} values */
    const words = (list, values) => list.words.map((word, i) => `${word} ${num(values[i], 2)}`).join(", ");
    const on = { title: shown.title, table: data.table.name };
    const begin = [
      data.removed
        ? say("{title}, on {table}, without the gender direction.", on)
        : say("{title}, on {table}.", on),
      ...shown.verdict,
    ].join(" ");
    if (shown.d === null) return begin;
    const [x, y] = shown.lists;
    const rows = data.tests.map((one) => {
      const row = `${one.number === "own" ? say("yours") : one.number}: ${one.d === null ? sayOf("effect", "none") : num(one.d, 2)}`;
      return one.conclusive ? row : `${row}, ${say("not conclusive")}`;
    });
    const said = stages.said(local, (now) => captionOf(data, local, now));
    return `${said}${begin} ${shown.dealt} X: ${words(x, shown.x)}. Y: ${words(y, shown.y)}. ${say("Effect sizes of the tests: {list}.", { list: rows.join("; ") })}`;
  },

  state(whole, local) {
    const data = shownOf(whole, local);
    const step = stages.of(local);
    const { shown } = data;
    const made = isMade(data) ? data.shown : null;
    return {
      tokens: data.tokens,
      stage: stages.state(local),
      test: data.test,
      table: data.table.which,
      removed: data.removed,
      ...chosenOf(data, local),
      shown: {
        lists: shown.lists.map((one) => one.words),
        x: made?.x ?? null,
        y: made?.y ?? null,
        means: made?.means ?? null,
        spread: made?.spread ?? null,
        d: shown.d,
        p: made?.p ?? null,
        exact: made?.exact ?? null,
        far: made?.far ?? null,
        counts: made?.counts ?? null,
      },
      tests: data.tests.map(({ number, d, share, conclusive }) => ({ number, d, share, conclusive })),
      text: data.text,
      pair: step === COSINE ? (data.pair?.cosine ?? null) : null,
      removal: data.removal,
      verdict: shown.verdict,
    };
  },
};

export default mount("bias", bias);
