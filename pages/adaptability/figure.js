// Adaptability: how few numbers and examples teach an old model a new job. Beside the page's chart stands the answer, in
// sentences and as a table of the chosen number of examples with its controls; below it four studies, closed, each a
// step: what each place costs, what it says of the learner's text, a prompt answered now.

import { curves, heardRuns } from "../../app/kit/curves.js";
import { mount } from "../../app/kit/glass.js";
import { paragraphs } from "../../app/kit/paragraphs.js";
import { say, sayOf } from "../../app/kit/say.js";
import {
  clamp,
  css,
  fit,
  h,
  html,
  inLines,
  label,
  num,
  percent,
  thousands,
  visible,
} from "../../app/kit/shapes.js";
import { stepMode } from "../../app/kit/steps.js";

/**
 * @import { Chart, Run } from "../../app/kit/curves.js"
 * @import { Stage, View } from "../../app/kit/glass.js"
 * @import { Shapes } from "../../app/kit/shapes.js"
 *
 * What figure.py and page.py send. Shares are 0 to 1, with 95 % intervals over seeds or rounds.
 * @typedef {object} Data
 * @property {Record<Study, StudyData>} studies
 * @property {Game} game examples in the prompt
 * @property {Record<Study | "context", string[]>} findings
 * @property {Answer | null} answer to the page's question, while no study is looked at
 * @property {Near[] | null} near vectors of the chosen prompt, in its step
 * @property {Partial<Record<Study, Judged[]>>} judged the verdicts on the text, where they are shown
 * @property {Run[]} live own runs that are going
 * @property {string} text the learner's
 * @property {string[]} [tokens] of it, on the page
 *
 * @typedef {"rank" | "examples" | "prompt"} Study
 * @typedef {Study | "context"} Key of a step
 *
 * A study: a curve for each way of adapting, over its places.
 * @typedef {{key: Study, title: string, axis: string, short: string, places: number[], asked: string, own: object[], series: Series[], judged: Judged[]}} StudyData asked: the way whose models read the text
 * @typedef {{key: string, name: string, points: Point[]}} Series
 * @typedef {Share & {at: number, trained: number, bytes: number}} Point numbers learned, and bytes of the file
 * @typedef {{mean: number, low: number, high: number, shares: number[]}} Share
 *
 * What the model of a place says of the text; why: it says nothing; guess: the text is unlike what it learned from.
 * @typedef {{at?: number, says?: undefined, why: string} | {at?: number, says: string, probability: number, guess?: boolean}} Judged
 *
 * A game: examples in the prompt, the same learned by steps, or in the prompt of another model; and one prompt, answered.
 * @typedef {{key: string, title: string, model: string, other: string, context: Played[], steps: Played[], elsewhere: Played[], shown: Prompt}} Game
 * @typedef {Share & {at: number}} Played
 * @typedef {{prompt: string, own: boolean, why: string, right: number, options: {text: string, share: number}[]}} Prompt
 *
 * What each way comes to with `at` examples; control: what shows that the old model or the labels are needed.
 * @typedef {{question: string, at: number, rows: (Share & {key: string, name: string, numbers: number, control: boolean})[], said: string[]}} Answer
 *
 * The token that a vector began as, and what is nearest to it now.
 * @typedef {{began: string, now: [token: string, cosine: number][]}} Near
 *
 * @typedef {{sel: {rank?: number, few?: number, front?: number, told?: number}, timer?: number | null, chart?: Chart | null}} Kept
 * @typedef {{x: number, y: number, w: number}} Box
 */

// ---------------------------------------------------------------- beside the charts of the three studies

/** @param {Share} one */
const span = (one) =>
  say("{share} ({low} to {high})", {
    share: percent(one.mean, 1),
    low: num(100 * one.low, 0),
    high: num(100 * one.high, 0),
  });
/** @param {number} n */
const bytesOf = (n) => (n >= 1e6 ? `${num(n / 1e6, 2)} MB` : `${num(n / 1e3, 0)} kB`);
/** @param {Judged} one */
const saidOf = (one) =>
  one.says === undefined ? one.why : `${one.says}  ${one.guess ? say("a guess") : num(one.probability, 2)}`;

/** The same in a tip, with more digits. @param {Judged} one */
function toldOf(one) {
  if (one.says === undefined) return one.why;
  return one.guess
    ? say("{label}, a guess: unlike the news it learned from", { label: one.says })
    : `${one.says}, ${num(one.probability, 4)}`;
}

/** A column's head, and where it begins as a share of the width. @param {number} share @param {string} head */
const column = (share, head) => ({ share, head });

/**
 * Place, numbers learned, file, what is right, and the verdict on the text; the chosen row is marked.
 * @param {Stage} g @param {StudyData} study @param {number} chosen @param {Box} box
 * @param {(place: number) => void} pick
 */
function ladder(g, study, chosen, box, pick) {
  const way = study.series.find((one) => one.key === study.asked) ?? study.series[0];
  const columns =
    study.key === "examples"
      ? [
          column(0, study.short),
          column(0.2, say("right, {way}", { way: way.name })),
          column(0.58, say("says of your text")),
        ]
      : [
          column(0, study.short),
          column(0.13, sayOf("column", "numbers")),
          column(0.28, sayOf("column", "file")),
          column(0.41, sayOf("column", "right")),
          column(0.72, say("says of your text")),
        ];
  const pitch = 24;
  g.part("ladder", [box, chosen], () => {
    /** @type {Shapes[]} */
    const out = columns.map(({ share, head }) =>
      label(box.x + box.w * share, box.y + 10, head, { fill: "ink3", size: 11 }),
    );
    way.points.forEach((p, k) => {
      const y = box.y + 16 + k * pitch;
      const judged = study.judged.find((one) => one.at === p.at) ?? { why: "" };
      const cells =
        study.key === "examples"
          ? [thousands(p.at), span(p), saidOf(judged)]
          : [thousands(p.at), thousands(p.trained), bytesOf(p.bytes), span(p), saidOf(judged)];
      const row = h(
        "g",
        { class: g.can.recompute ? "gb-hot" : null, "data-row": p.at, onclick: () => pick(p.at) },
        h("rect", {
          x: box.x - 4,
          y,
          width: box.w + 4,
          height: pitch - 2,
          rx: 4,
          fill: p.at === chosen ? css("accent-soft") : "transparent",
        }),
        cells.map((text, i) =>
          label(
            box.x + box.w * columns[i].share,
            y + 15,
            fit(text, box.w * ((columns[i + 1]?.share ?? 1) - columns[i].share) - 4, 12),
            { mono: true, fill: "ink", weight: i ? null : 600 },
          ),
        ),
      );
      out.push(
        g.tip(
          row,
          [
            say("{axis} {place}: {share} right, by seed {shares}", {
              axis: study.short,
              place: thousands(p.at),
              share: span(p),
              shares: p.shares.map((one) => percent(one, 1)).join(", "),
            }),
            say("{numbers} numbers, a file of {bytes} bytes", {
              numbers: thousands(p.trained),
              bytes: thousands(p.bytes),
            }),
            say("your text: {verdict}", { verdict: toldOf(judged) }),
          ].join("\n"),
        ),
      );
    });
    return out;
  });
  return box.y + 16 + way.points.length * pitch + 4;
}

/**
 * Each vector of the chosen prompt: the token that it began as, and what is nearest to it now.
 * @param {Stage} g @param {Near[]} near @param {Box} box
 */
function vectorRows(g, near, box) {
  const pitch = 22;
  g.part("near", [box], () => {
    /** @type {Shapes[]} */
    const out = [
      column(0, sayOf("column", "vector")),
      column(0.12, sayOf("column", "began as")),
      column(0.36, say("nearest now, with the cosine")),
    ].map(({ share, head }) => label(box.x + box.w * share, box.y + 10, head, { fill: "ink3", size: 11 }));
    near.forEach((one, k) => {
      const y = box.y + 30 + k * pitch;
      const now = one.now.map(([token, cosine]) => `${visible(token)} ${num(cosine, 2)}`).join("   ");
      out.push(
        label(box.x, y, String(k), { mono: true, fill: "ink3" }),
        label(box.x + box.w * 0.12, y, fit(visible(one.began), box.w * 0.22, 12), {
          mono: true,
          fill: "ink2",
        }),
        label(box.x + box.w * 0.36, y, fit(now, box.w * 0.64, 12), { mono: true, fill: "ink" }),
      );
    });
    return out;
  });
  return box.y + 30 + near.length * pitch;
}

// ---------------------------------------------------------------- examples in the prompt

/** @param {Game} game */
function gamePlan(game) {
  const series = [
    { key: "context", name: say("in the prompt, {model}", { model: game.model }), points: game.context },
    { key: "steps", name: say("learned by steps"), points: game.steps },
    {
      key: "elsewhere",
      name: say("in the prompt of {model}", { model: game.other }),
      points: game.elsewhere,
    },
  ];
  return {
    places: game.context.map((p) => p.at),
    axis: say("solved examples"),
    series: series.filter(({ points }) => points.length),
  };
}

/**
 * The prompt as the model reads it, and the shares of the answers to choose from.
 * @param {Stage} g @param {Game} game @param {Box} box
 */
function drawPrompt(g, game, box) {
  const shown = game.shown;
  const room = Math.max(20, Math.floor(box.w / 7.6));
  const rows = [];
  for (const piece of shown.prompt.split(/(?<= )/)) {
    if (rows.length && rows[rows.length - 1].length + piece.length <= room) rows[rows.length - 1] += piece;
    else rows.push(piece);
  }
  const lines = rows.slice(-9);
  const top = box.y + 30 + 17 * lines.length + (rows.length > 9 ? 17 : 0);
  g.part("prompt", [box], () => {
    /** @type {Shapes[]} */
    const out = [
      label(
        box.x,
        box.y + 11,
        shown.own
          ? say("Your prompt, as {model} reads it", { model: game.model })
          : say("One prompt, as {model} reads it", { model: game.model }),
        { fill: "ink3" },
      ),
    ];
    let y = box.y + 30;
    if (rows.length > 9) {
      out.push(label(box.x, y, "…", { mono: true, fill: "ink3" }));
      y += 17;
    }
    for (const [k, line] of lines.entries())
      out.push(label(box.x, y + 17 * k, line, { mono: true, fill: "ink" }));
    const y0 = top + 14;
    out.push(label(box.x, y0, say("What follows, among these"), { fill: "ink3" }));
    shown.options.forEach((one, k) => {
      const at = y0 + 10 + 24 * k;
      const width = Math.max(1, one.share * (box.w - 210));
      const right = k === shown.right;
      out.push(
        g.tip(
          h(
            "g",
            { "data-option": one.text },
            h("rect", { x: box.x, y: at, width: box.w, height: 20, fill: "transparent" }),
            label(box.x, at + 14, fit(one.text, 96, 13), {
              mono: true,
              size: 13,
              fill: "ink",
              weight: right ? 700 : null,
            }),
            h("rect", {
              x: box.x + 104,
              y: at + 2,
              width,
              height: 15,
              rx: 2,
              fill: css(right ? "accent" : "line"),
            }),
            label(
              box.x + 110 + width,
              at + 14,
              right ? say("{share} right", { share: num(one.share, 2) }) : num(one.share, 2),
              { mono: true, fill: "ink2" },
            ),
          ),
          right
            ? say("{word}, the right one: {share} % of what these get", {
                word: one.text,
                share: num(100 * one.share, 2),
              })
            : say("{word}: {share} % of what these get", { word: one.text, share: num(100 * one.share, 2) }),
        ),
      );
    });
    if (shown.why) out.push(label(box.x, y0 + 20, shown.why, { fill: "ink2" }));
    return out;
  });
  return top + 28 + 24 * Math.max(1, shown.options.length);
}

// ---------------------------------------------------------------- the picture

const stages = stepMode("stage", [
  say("Rank"),
  say("Few examples"),
  say("Prompt"),
  say("In context"),
  say("The question"),
]);
/** What is asked at each step. */
const WORDS = [
  say(
    "How few numbers must learn? A small addition to the model is trained to tell happy texts from sad ones, with more and more numbers to learn (its rank); the curve shows how many held-out texts it gets right.",
  ),
  say(
    "How few examples are enough? The same task, learned from more and more labelled texts, by a model that was trained before and by one that begins from nothing.",
  ),
  say(
    "Nothing in the model is changed here. A few vectors, numbers in the form of words that nobody wrote, are learned and put in front of the text.",
  ),
  say(
    "Here nothing is learned at all. Solved examples stand in the prompt, the text that the model reads first; beside it, what training on such examples brings.",
  ),
  say(
    "The question of this page, answered in one chart: how little is enough to teach an old model a new job? The four steps before ask it in four ways.",
  ),
];
/** @type {Study[]} */
const STUDIES = ["rank", "examples", "prompt"];
/** @type {Record<Key, "rank" | "few" | "front" | "told">} */
const FIELDS = { rank: "rank", examples: "few", prompt: "front", context: "told" };
/** @type {Record<Key, string>} */
const TITLES = {
  rank: say("Rank against quality"),
  examples: say("Few examples against many"),
  prompt: say("Vectors in front"),
  context: say("In the prompt against by steps"),
};

/** @type {Key[]} */
const KEYS = [...STUDIES, "context"];
/** @type {(step: number) => Key | undefined} */
const keyOf = (step) => KEYS[step];
/**
 * The chosen place of a study: the recorded one that is nearest to what the page's field says.
 * @param {Data} data @param {Kept} local @param {Key} key
 */
function chosenOf(data, local, key) {
  const places = key === "context" ? data.game.context.map((p) => p.at) : data.studies[key].places;
  const wanted = local.sel[FIELDS[key]] ?? places[0];
  return places.reduce((best, one) => (Math.abs(one - wanted) < Math.abs(best - wanted) ? one : best));
}
/**
 * The axis of a step, its places, and a curve for each way.
 * @param {Data} data @param {Key} key
 * @returns {{axis: string, places: number[], series: {name: string, points: (Share & {at: number})[]}[]}}
 */
const planOf = (data, key) => (key === "context" ? gamePlan(data.game) : data.studies[key]);

/**
 * What each way comes to with the chosen number of examples; controls stand apart.
 * @param {Stage} g @param {Answer} answer @param {Box} box
 */
function drawRows(g, answer, box) {
  const pitch = 17;
  const at = [0, 0.36, 0.56].map((share) => box.x + box.w * share);
  g.part("rows", [box, answer.at], () => {
    /** @type {Shapes[]} */
    const out = [
      say("with {count} examples", { count: thousands(answer.at) }),
      sayOf("column", "learns"),
      say("right (95 % of n = {count} seeds)", { count: answer.rows[0].shares.length }),
    ].map((head, i) => label(at[i], box.y + 10, head, { fill: "ink3", size: 11 }));
    answer.rows.forEach((row, k) => {
      const y = box.y + 16 + k * pitch;
      const cells = [
        label(
          at[0],
          y + 14,
          row.control && box.w > 400 ? say("{way}, control", { way: row.name }) : row.name,
          { fill: row.control ? "ink2" : "ink", weight: row.control ? null : 600 },
        ),
        label(at[1], y + 14, thousands(row.numbers), { mono: true, fill: "ink2" }),
        label(at[2], y + 14, span(row), { mono: true, fill: "ink" }),
      ];
      const line = h(
        "g",
        { "data-way": row.key },
        h("rect", { x: box.x - 4, y, width: box.w + 4, height: pitch - 2, fill: "transparent" }),
        cells,
      );
      out.push(
        g.tip(
          line,
          say("{way}, {count} examples, {numbers} numbers learned: {share} right; by seed {shares}", {
            way: row.name,
            count: thousands(answer.at),
            numbers: thousands(row.numbers),
            share: span(row),
            shares: row.shares.map((one) => percent(one, 1)).join(", "),
          }),
        ),
      );
    });
    return out;
  });
  return box.y + 16 + answer.rows.length * pitch + 6;
}

/** The answer to the page's question, and the door of every study. @param {Stage} g @param {Data} data @param {Kept} local */
function drawAnswer(g, data, local) {
  const { answer } = data;
  if (!answer) return 0;
  const box = { x: 4, y: 0, w: g.width - 8 };
  g.part("question", [box], () =>
    inLines(answer.question, box.w, 14).map((line, k) =>
      label(box.x, 16 + 19 * k, line, { fill: "ink", size: 14, weight: 600 }),
    ),
  );
  let y = 8 + 19 * inLines(answer.question, box.w, 14).length;
  y = drawRows(g, answer, { ...box, y: y + 4 });
  y = paragraphs(g, "answer", { ...box, y: y + 2 }, answer.said, { size: 12, fill: "ink2" }) - 2;
  const across = 2;
  const room = g.width / across;
  KEYS.forEach((key, at) => {
    g.overlay(
      `open ${key}`,
      { left: room * (at % across), top: y + 26 * Math.floor(at / across), width: room },
      () => html("button", { type: "button", class: "adapt-open", onclick: () => stages.to(g, local, at) }),
      (node) => {
        node.textContent = TITLES[key];
      },
    );
  });
  return y + 26 * Math.ceil(KEYS.length / across) + 4;
}

/** The learner's text, as it was judged. @param {Stage} g @param {Data} data @param {Box} at */
const drawText = (g, data, at) =>
  g.part("text", [at, data.text], () =>
    label(at.x, at.y + 8, fit(say("Your text: “{text}”", { text: visible(data.text) }), at.w, 12, false), {
      fill: "ink2",
    }),
  );

/** @param {Stage} g @param {Data} data @param {Kept} local @param {Key} key */
function drawOne(g, data, local, key) {
  const box = { x: 0, y: 4, w: g.width };
  /** @param {number} place */
  const pick = (place) => g.select({ [FIELDS[key]]: place });
  let y = box.y;
  if (key === "context") y = drawPrompt(g, data.game, box);
  else {
    y = ladder(g, data.studies[key], chosenOf(data, local, key), box, pick);
    drawText(g, data, { x: box.x, y: y + 4, w: box.w });
    y += 20;
    if (key === "prompt" && data.near) y = vectorRows(g, data.near, { ...box, y: y + 10 }) + 8;
  }
  return paragraphs(g, "told", { ...box, y: y + 6 }, data.findings[key]);
}

/**
 * Own runs that are going: their curves, live.
 * @param {Stage} g @param {Data} data @param {Kept} local @param {number} y
 */
function drawLive(g, data, local, y) {
  local.chart = null;
  if (!data.live.length) return y;
  g.part("live head", [y], () =>
    label(0, y + 14, say("Your runs: held-out examples that are right, by step"), { fill: "ink3" }),
  );
  local.chart = curves(
    g,
    "live",
    { left: 0, top: y + 22, width: g.width, height: 150 },
    {
      runs: data.live,
      lines: [{ column: "held_out", kind: "solid" }],
      x: "step",
      ends: "line",
      low: 0.3,
      high: 1,
      title: say("Your runs"),
      format: (v) => percent(v, 1),
      onpoint: (_, what) => heardRuns(g, local, what),
    },
  );
  return y + 182;
}
/** The verdicts on the text that a step shows; the page's question shows those of few examples. @type {(data: Data, key: Key | undefined) => Data["judged"]} */
function judgedOf({ judged }, key) {
  const shown = STUDIES.filter((study) => judged[study] && study === (key ?? "examples"));
  return Object.fromEntries(shown.map((study) => [study, judged[study]]));
}

/** @type {View<Data, Kept>} */
const adaptability = {
  draw(g, data, local) {
    const step = stages.of(local);
    stages.bar(g, local, (now) => WORDS[now]);
    const y = step === stages.last ? drawAnswer(g, data, local) : drawOne(g, data, local, KEYS[step]);
    g.height = drawLive(g, data, local, y);
  },

  key(event, g, data, local) {
    if (stages.key(event, g, local)) return true;
    const key = keyOf(stages.of(local));
    const move = { ArrowUp: 1, ArrowDown: -1 }[event.key];
    if (move && key && g.can.recompute) {
      const { places } = planOf(data, key);
      g.select({
        [FIELDS[key]]: places[clamp(places.indexOf(chosenOf(data, local, key)) + move, 0, places.length - 1)],
      });
      return true;
    }
    if (event.key !== "Escape") return false;
    stages.up(g, local);
    return true;
  },

  within: ({ rank, few, front, told, ...change }) => change,

  describe(data, local) {
    const step = stages.of(local);
    /** @param {Key} key */
    const one = (key) => `${TITLES[key]}. ${data.findings[key].join(" ")}`;
    const told = stages.said(local, (now) => WORDS[now]);
    if (step === stages.last)
      return (
        told +
        (data.answer ? `${data.answer.question} ${data.answer.said.join(" ")}` : KEYS.map(one).join(" "))
      );
    const key = KEYS[step];
    const plan = planOf(data, key);
    const figures = plan.series
      .map((s) => `${s.name}: ${s.points.map((p) => `${p.at}: ${span(p)}`).join(", ")}`)
      .join(". ");
    return `${told}${one(key)} ${plan.axis}: ${figures}.`;
  },

  state(data, local) {
    const step = stages.of(local);
    const key = keyOf(step);
    return {
      tokens: data.tokens,
      stage: stages.state(local),
      answer: key ? null : data.answer,
      chosen: key ? chosenOf(data, local, key) : null,
      judged: judgedOf(data, key),
      near: key === "prompt" ? data.near : null,
      studies: Object.fromEntries(
        STUDIES.map((name) => [
          name,
          data.studies[name].series.map((s) => ({ key: s.key, means: s.points.map((p) => p.mean) })),
        ]),
      ),
      own: STUDIES.flatMap((name) => data.studies[name].own),
      game: {
        key: data.game.key,
        shown: data.game.shown,
        context: data.game.context.map((p) => p.mean),
        steps: data.game.steps.map((p) => p.mean),
      },
      live: local.chart?.summary() ?? null,
    };
  },
};

export default mount("adaptability", adaptability);
