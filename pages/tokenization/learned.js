// "How it learned". BPE and WordPiece merge by merge: the slider lies on the curve of what is left to spell. Of the other
// rows Unigram's rounds, the most frequent signs and words, and what is known of a published vocabulary.

import { counted } from "../../app/kit/counts.js";
import { say, sayOf } from "../../app/kit/say.js";
import { clamp, css, fit, h, html, label, measure, num, thousands } from "../../app/kit/shapes.js";
import { isPhone } from "../../app/kit/widths.js";
import { chipRow, sentence, symbolChip, timesText } from "./chips.js";
import { dotted } from "./layout.js";
import { STEPPED, mergesAt, mergesUsed, rowOf, stepsOf } from "./replay.js";

/**
 * @import { Stage } from "../../app/kit/glass.js"
 * @import { Shapes } from "../../app/kit/shapes.js"
 * @import { Box } from "./cut.js"
 * @import { Data, Kept, Row } from "./figure.js"
 * @import { Steps } from "./replay.js"
 */

/**
 * A round of Unigram, the seeds first: entries before and after, log p of the corpus before it is fitted and after, what goes
 * (cheapest first) and what is missed most. `repeated`: of the seeds, candidates that the corpus has.
 * @typedef {{shown: string, loss: number, alternative: string[]}} Loss
 * @typedef {{before: number, after: number, likelihoods: number[], gone: Loss[], kept: Loss[], repeated?: number}} Round
 *
 * The most frequent signs or words, and where the list was cut off.
 * @typedef {{top: [entry: string, count: number][], said: string}} Counts
 *
 * What learned.py sends: every vocabulary, with how it was learned; merges are prepared here.
 * @typedef {{bpe: Steps, wordpiece: Steps, unigram: {rounds: Round[]}, characters: Counts, words: Counts}} Learned
 *
 * What Back, Next, Play and the slider walk through: n steps, at one of them. `tell`: Python, too.
 * @typedef {{n: number, at: number, go: (step: number, tell?: boolean) => void}} Walk
 */

const LEARN = { title: 16, said: 42, curve: 56, curveHeight: 38, slider: 84, table: 118, row: 20, rows: 5 };
/** Height of the panel on a wide screen: below its table's head stand the pairs, or three words before and after. */
export const LEARNED = LEARN.table + 130;

/**
 * @param {number} x @param {number} y @param {number} room @param {Steps} steps @param {number} m @param {string} kind
 */
function learnSentence(x, y, room, steps, m, kind) {
  if (!steps.n)
    return label(
      x,
      y + 4,
      say("Nothing to join: the vocabulary is full with single signs, or no two stand together."),
      { fill: "ink2" },
    );
  if (!m) {
    const all =
      kind === "wordpiece"
        ? [
            say(
              "The highest score is joined first. Score = times together / (times of left × times of right).",
            ),
            say("Highest first: score = together / (left × right)."),
          ]
        : [
            say("Spelled, the corpus is {letters} signs. The pair seen most often is joined first.", {
              letters: thousands(steps.letters),
            }),
            say("The pair seen most often is joined first."),
          ];
    return label(x, y + 4, all.find((text) => measure(text, 12, false) <= room) ?? all[1], { fill: "ink2" });
  }
  const i = m - 1;
  /** @type {Shapes[]} */
  const nodes = [];
  let at = x;
  const put = (/** @type {string} */ text) => {
    nodes.push(label(at, y + 4, text));
    at += measure(text, 12, false) + 6;
  };
  const longest = (room - 190) / 3; // of a chip: the reason must find its place beside three
  const chipOf = (/** @type {number} */ id, o = {}) => {
    const [node, w] = symbolChip(at, y, fit(dotted(steps.shown[id]), Math.max(34, longest), 12), o);
    nodes.push(node);
    at += w + 6;
  };
  chipOf(steps.left[i]);
  put("+");
  chipOf(steps.right[i]);
  put("→");
  chipOf(steps.made[i], { on: true });
  const left = room - (at - x);
  const why = reasons(steps, i, kind).find((text) => measure(text, 12, false) <= left);
  if (why) put(why);
  return nodes;
}
/**
 * Why this pair was taken, at full length first: what has no room is said shorter.
 * @param {Steps} steps @param {number} i @param {string} kind
 */
function reasons(steps, i, kind) {
  const count = thousands(steps.count[i]);
  if (kind === "wordpiece") {
    const [one, two] = [steps.parts[2 * i], steps.parts[2 * i + 1]].map((n) => thousands(n));
    const score = scoreText(steps.score[i]);
    const sum = `${count} / (${one} × ${two}) = ${score}`;
    return [
      say("score = together / (left × right) = {sum}, the highest: rare parts that always meet", { sum }),
      say("score = together / (left × right) = {sum}, the highest", { sum }),
      say("score {sum}, the highest", { sum }),
      say("score {sum}", { sum }),
      sum,
      say("score {score}", { score }),
    ];
  }
  const times = timesText(steps.count[i]);
  const alone = (rivalsAt(steps, i)[1]?.count ?? 0) < steps.count[i];
  const seen = say("seen {times}", { times });
  if (alone)
    return [
      say("{times} side by side, more than any other pair", { times }),
      say("{times} side by side, the most", { times }),
      say("seen {times}, the most", { times }),
      seen,
    ];
  return [
    say("{times} side by side, and no pair more often", { times }),
    say("{times} side by side, none more", { times }),
    say("seen {times}, none more", { times }),
    seen,
  ];
}

/**
 * What is left to spell after each merge, falling; a tick for each merge that the word on the right needs.
 * @param {Box} box @param {Steps} steps @param {number} m @param {number[]} used @param {boolean} narrow
 */
function learnCurve(box, steps, m, used, narrow) {
  const { x, w } = box;
  const y = box.y + LEARN.curve;
  const [top, bottom] = [y, y + LEARN.curveHeight];
  const most = steps.symbols_left[0] || 1;
  const px = (/** @type {number} */ i) => x + 7 + ((w - 14) * i) / Math.max(1, steps.n);
  const py = (/** @type {number} */ i) => bottom - ((bottom - top) * steps.symbols_left[i]) / most;
  const points = [];
  const stride = Math.max(1, Math.floor(steps.n / 240));
  for (let i = 0; i <= steps.n; i += stride) points.push(`${px(i).toFixed(1)},${py(i).toFixed(1)}`);
  points.push(`${px(steps.n).toFixed(1)},${py(steps.n).toFixed(1)}`);
  const here = py(m);
  const high = steps.symbols_left[steps.n] > 0.55 * most; // then there is room under the curve, not over it
  return [
    h("path", { d: `M${px(0)},${bottom}L${points.join("L")}L${px(steps.n)},${bottom}Z`, fill: css("field") }),
    h("path", { d: `M${points.join("L")}`, fill: "none", stroke: css("res"), "stroke-width": 1.5 }),
    used.map((i) =>
      h("path", { d: `M${px(i + 1)},${bottom - 7}V${bottom + 1}`, stroke: css("accent"), "stroke-width": 2 }),
    ),
    h("path", { d: `M${px(m)},${bottom}V${here}`, stroke: css("ink3"), "stroke-dasharray": "2 2" }),
    h("circle", { cx: px(m), cy: here, r: 3.5, fill: css("ink2") }),
    label(
      x + w - (high ? 12 : 0),
      high ? bottom - 12 : top + 10,
      (narrow ? say("merge {number}: ", { number: thousands(m) }) : "") +
        say("the corpus in {pieces}", { pieces: counted(steps.symbols_left[m], "piece") }),
      {
        anchor: "end",
        fill: "ink2",
        stroke: css("bg"),
        "stroke-width": 4,
        "paint-order": "stroke",
        "stroke-linejoin": "round",
      },
    ),
  ];
}

/**
 * The best pairs before the merge, the taken one first: BPE by count, WordPiece by score with the count beside it.
 * @param {number} x @param {number} y @param {number} w @param {Steps} steps @param {number} m @param {string} kind
 */
function pairTable(x, y, w, steps, m, kind) {
  const scored = kind === "wordpiece";
  const title = m ? say("Pairs before it") : say("Pairs to begin with");
  const i = Math.max(0, m - 1);
  const bars = x + 118;
  const room = w - 118 - (scored ? 124 : 58);
  const rivals = rivalsAt(steps, i);
  const max = Math.max(1e-12, ...rivals.map((r) => (scored ? r.score : r.count)));
  return [
    label(x, y, title, { weight: 600, fill: "ink" }),
    scored && label(x + w - 58, y, sayOf("column", "score"), { anchor: "end", fill: "ink3" }),
    label(x + w, y, scored ? sayOf("column", "count") : sayOf("column", "seen"), {
      anchor: "end",
      fill: "ink3",
    }),
    rivals.map((r, k) => {
      const at = y + 16 + k * LEARN.row;
      const on = m > 0 && r.left === steps.left[i] && r.right === steps.right[i];
      const [a, aw] = symbolChip(x, at, fit(dotted(steps.shown[r.left]), 46, 12), { on });
      const [b] = symbolChip(x + aw + 2, at, fit(dotted(steps.shown[r.right]), 46, 12), { on });
      return h(
        "g",
        { "data-pair": k },
        a,
        b,
        h("rect", {
          x: bars,
          y: at - 5,
          width: Math.max(1, (room * (scored ? r.score : r.count)) / max),
          height: 10,
          rx: 2,
          fill: css(on ? "accent" : "res"),
          opacity: on ? 1 : 0.6,
        }),
        scored &&
          label(x + w - 58, at + 4, scoreText(r.score), {
            anchor: "end",
            mono: true,
            fill: on ? "accent" : "ink2",
          }),
        label(x + w, at + 4, thousands(r.count), {
          anchor: "end",
          mono: true,
          fill: on && !scored ? "accent" : "ink2",
        }),
      );
    }),
    otherRule(x, y + 16 + LEARN.rows * LEARN.row + 4, w, steps, i, kind),
  ];
}
/** A small number without powers of ten: two figures of it. @param {number} x @param {number} digits */
const smallText = (x, digits) => num(x, clamp(1 - Math.floor(Math.log10(Math.abs(x) || 1)), digits, 9));
/** @param {number} score */
const scoreText = (score) => smallText(score, score >= 0.001 ? 4 : 2);

/** @param {Steps} steps @param {number} i */
export function rivalsAt(steps, i) {
  /** @type {{left: number, right: number, count: number, score: number}[]} */
  const found = [];
  if (!steps.n) return found;
  const [, each, columns] = steps.rivals.shape;
  for (let k = 0; k < Math.min(each, LEARN.rows); k++) {
    const at = (i * each + k) * columns;
    if (steps.rivals[at] < 0) break;
    found.push({
      left: steps.rivals[at],
      right: steps.rivals[at + 1],
      count: steps.rivals[at + 2],
      score: steps.rivals[at + 3],
    });
  }
  return found;
}

/**
 * One line: what the other of the two rules would have taken here.
 * @param {number} x @param {number} y @param {number} w @param {Steps} steps @param {number} i @param {string} kind
 */
function otherRule(x, y, w, steps, i, kind) {
  const other = steps.other[i];
  if (!other) return null;
  const [left, right, count] = other;
  const same = left === steps.left[i] && right === steps.right[i];
  const rule = kind === "bpe" ? "WordPiece" : "BPE";
  const pair = same
    ? say("the same pair")
    : say("{left} + {right}, seen {times}", {
        left: dotted(steps.shown[left]),
        right: dotted(steps.shown[right]),
        times: timesText(count),
      });
  return label(x, y + 4, fit(say("{rule} would take {pair}", { rule, pair }), w, 12, false), {
    fill: "ink3",
  });
}

/**
 * Words of the corpus that this merge changes, before and after.
 * @param {number} x @param {number} y @param {number} w @param {Steps} steps @param {number} m
 */
function changedWords(x, y, w, steps, m) {
  const i = m - 1;
  const words = m ? steps.changes[i] : [];
  return [
    m > 0 && label(x, y, say("Words of the corpus, before and after"), { weight: 600, fill: "ink" }),
    words.map(([count, ids], k) => {
      const at = y + 18 + k * 40;
      /** @type {number[]} */
      const after = [];
      for (let j = 0; j < ids.length; j++) {
        if (ids[j] === steps.left[i] && ids[j + 1] === steps.right[i]) {
          after.push(steps.made[i]);
          j++;
        } else after.push(ids[j]);
      }
      const names = (/** @type {number[]} */ list) => list.map((id) => steps.shown[id]);
      return h(
        "g",
        {},
        label(x, at + 4, `×${thousands(count)}`, { mono: true, fill: "ink3" }),
        chipRow(x + 48, at - 2, w - 48, names(ids), { ink: "ink3", height: 16 }),
        chipRow(x + 48, at + 17, w - 48, names(after), {
          height: 18,
          on: (/** @type {number} */ j) => after[j] === steps.made[i],
        }),
      );
    }),
  ];
}

/** @param {Stage} g @param {Kept} local @param {number} m */
export function setMerge(g, local, m, tell = true) {
  const last = stepsOf(local)?.n ?? 0;
  const merge = clamp(m, 0, last);
  const value = merge === last ? -1 : merge;
  if (tell) g.select({ merge: value });
  else {
    local.sel.merge = value;
    g.redraw();
  }
}
/** @param {Kept} local */
export function stop(local) {
  clearInterval(local.timer ?? undefined);
  local.timer = null;
}
const BEAT = 700; // milliseconds that Play stays at a step
const BEATS = 60; // in which it comes to the end, however many merges there are
const SINGLE = 12; // of them, those that go one step each
/**
 * How many steps Play goes on at a beat, so that the last one reaches the end.
 * @param {number} beat @param {number} left
 */
const stride = (beat, left) => (beat < SINGLE ? 1 : Math.max(1, Math.ceil(left / Math.max(1, BEATS - beat))));
/** @param {Stage} g @param {Kept} local */
export function play(g, local) {
  if (local.timer) {
    stop(local);
    g.redraw();
    return;
  }
  const steps = walkOf(local);
  if (!steps) return;
  if (steps.at >= steps.n) steps.go(0);
  let beat = 0;
  local.timer = setInterval(() => {
    const now = walkOf(local);
    if (!now || now.at >= now.n || !g.figure.isConnected) {
      stop(local);
      g.redraw();
      return;
    }
    now.go(now.at + Math.min(now.n - now.at, stride(beat++, now.n - now.at)));
  }, BEAT);
  g.redraw();
}

/**
 * Back, Next and Play at the right of the panel's title.
 * @param {Stage} g @param {Kept} local @param {Box} box @param {Walk} walk
 */
function walkButtons(g, local, box, walk) {
  const touch = isPhone(g.width);
  const height = touch ? 44 : 26;
  const top = box.y - (touch ? 14 : 1);
  let right = box.x + box.w;
  const ended = walk.n > 0 && walk.at >= walk.n; // as it opens: then the way on is to see how it came about
  const put = (
    /** @type {string} */ name,
    /** @type {string} */ text,
    /** @type {number} */ width,
    /** @type {() => void} */ act,
    /** @type {boolean} */ off,
  ) => {
    right -= width;
    g.overlay(
      `walk ${name}`,
      { left: right, top, width, height },
      () => html("button", { type: "button", class: "gb-button tok-button", "data-act": name }),
      (node) => {
        node.onclick = act;
        node.disabled = off;
        node.classList.toggle("gb-primary", name === (ended ? "play" : "next"));
        if (node.textContent !== text) node.textContent = text;
      },
    );
    right -= 6;
  };
  const turn = (/** @type {number} */ by) => {
    stop(local);
    walk.go(walk.at + by);
  };
  put(
    "play",
    local.timer
      ? sayOf("short button", "Pause")
      : ended
        ? say("Play from the first")
        : sayOf("short button", "Play"),
    ended ? 132 : 54,
    () => play(g, local),
    walk.n === 0,
  );
  put("next", sayOf("short button", "Next"), 50, () => turn(1), walk.at >= walk.n);
  put("back", sayOf("short button", "Back"), 50, () => turn(-1), walk.at <= 0);
}

/** @param {Stage} g @param {Box} box @param {number} top @param {Walk} walk @param {string} name */
function slider(g, box, top, walk, name) {
  g.overlay(
    "slider",
    { left: box.x, top: isPhone(g.width) ? top - 12 : top, width: box.w },
    () => html("input", { type: "range", class: "gb-range", min: 0, step: 1 }),
    (node) => {
      node.max = String(walk.n);
      node.disabled = walk.n === 0;
      node.setAttribute("aria-label", name);
      node.setAttribute("aria-valuetext", say("{number} of {count}", { number: walk.at, count: walk.n }));
      if (Number(node.value) !== walk.at) node.value = String(walk.at);
      node.style.setProperty("--fill", `${(100 * walk.at) / Math.max(1, walk.n)}%`);
      node.oninput = () => walk.go(Number(node.value), false);
      node.onchange = () => walk.go(Number(node.value));
    },
  );
}

/** The panel for BPE and WordPiece. @param {Stage} g @param {Data} data @param {Kept} local @param {Box} box */
function drawLearn(g, data, local, box) {
  const row = rowOf(local);
  const steps = stepsOf(local);
  const walk = walkOf(local);
  if (!steps || !walk) return 0;
  const m = mergesAt(local, steps);
  const used = mergesUsed(data, local);
  const wide = box.w >= 480;
  walkButtons(g, local, box, walk);
  g.part("learn", [local.sel.method, m, box], () => [
    label(box.x, box.y + LEARN.title, [
      h(
        "tspan",
        { "font-weight": 600, fill: css("ink"), "font-size": 14 },
        say("How {name} learned", { name: row.name }),
      ),
      wide &&
        h(
          "tspan",
          { dx: 8 },
          say("merge {number} of {count}", { number: thousands(m), count: thousands(steps.n) }),
        ),
    ]),
    learnSentence(box.x, box.y + LEARN.said, box.w, steps, m, row.kind),
    learnCurve(box, steps, m, used, !wide),
    steps.n > 0 && pairTable(box.x, box.y + LEARN.table, wide ? box.w * 0.52 : box.w, steps, m, row.kind),
    steps.n > 0 &&
      (wide
        ? changedWords(box.x + box.w * 0.52 + 24, box.y + LEARN.table, box.w * 0.48 - 24, steps, m)
        : changedWords(box.x, box.y + LEARN.table + 152, box.w, steps, m)),
  ]);
  slider(g, box, box.y + LEARN.slider, walk, say("Merges applied"));
  if (wide) return LEARNED;
  return steps.n ? LEARN.table + (m ? 170 + 40 * steps.changes[m - 1].length : 136) : LEARN.table;
}

// ---------------------------------------------------------------- rows without merges of their own

/**
 * What Back, Next, Play and the slider walk through in the chosen row: merges, or Unigram's rounds; null for neither.
 * @param {Kept} local @returns {Walk | null}
 */
export function walkOf(local) {
  const { g } = local;
  const steps = stepsOf(local);
  if (steps)
    return {
      n: steps.n,
      at: mergesAt(local, steps),
      go: (/** @type {number} */ m, tell = true) => setMerge(g, local, m, tell),
    };
  const rounds = local.sel.method === "unigram" && local.learned?.unigram?.rounds;
  if (!rounds) return null;
  const n = rounds.length - 1;
  const at = local.sel.round < 0 ? n : clamp(local.sel.round, 0, n);
  const go = (/** @type {number} */ k, tell = true) => {
    const round = clamp(k, 0, n) === n ? -1 : clamp(k, 0, n);
    if (tell) g.select({ round });
    else {
      local.sel.round = round;
      g.redraw();
    }
  };
  return { n, at, go };
}

/**
 * Bars of how many entries each round leaves; the chosen one filled.
 * @param {Box} box @param {Round[]} rounds @param {number} at
 */
function roundBars(box, rounds, at) {
  const y = box.y + LEARN.curve - 6;
  const height = LEARN.curveHeight;
  const most = Math.max(...rounds.map((r) => r.after), 1);
  const w = (box.w - 14) / Math.max(1, rounds.length - 1);
  const thick = Math.min(20, w * 0.7);
  return rounds.map((r, i) => {
    const tall = Math.max(2, (height * r.after) / most);
    const x = clamp(box.x + 7 + i * w - thick / 2, box.x, box.x + box.w - thick);
    return h("rect", {
      x,
      y: y + height - tall,
      width: thick,
      height: tall,
      rx: 2,
      fill: css(i === at ? "accent" : "res"),
      opacity: i === at ? 1 : 0.45,
    });
  });
}

/** @param {Box} box @param {Round[]} rounds @param {number} at */
function roundSentence(box, rounds, at) {
  const r = rounds[at];
  const repeated = (r.repeated ?? 0) > r.after ? thousands(r.repeated ?? 0) : "";
  const said =
    at === 0
      ? (repeated
          ? say("Start: {count} candidates of {repeated}", { count: thousands(r.after + 1), repeated })
          : say("Start: {count} candidates", { count: thousands(r.after + 1) })) +
        (box.w < 560 ? "." : say(": signs, [UNK] and repeated stretches (to 16 letters)."))
      : r.gone.length
        ? say("Of {entries} ([UNK] counted) {count} go", {
            entries: counted(r.before + 1, "entry"),
            count: thousands(r.before - r.after),
          }) + (box.w < 480 ? "." : say(": the corpus hardly misses them."))
        : box.w < 480
          ? say("{entries} ([UNK] counted), fitted once more.", { entries: counted(r.after + 1, "entry") })
          : say("{entries} ([UNK] counted), their probabilities fitted to the corpus once more.", {
              entries: counted(r.after + 1, "entry"),
            });
  return label(box.x, box.y + LEARN.said + 4, fit(said, box.w, 12, false), { fill: "ink2" });
}

/**
 * @param {number} x @param {number} y @param {number} w @param {string} title @param {Loss[]} losses
 * @param {string} empty
 */
function lossTable(x, y, w, title, losses, empty) {
  return [
    label(x, y, fit(title, w - 36, 12, false), { weight: 600, fill: "ink" }),
    label(x + w, y, sayOf("column", "loss"), { anchor: "end", fill: "ink3" }),
    !losses.length && sentence(x, y + 22, w, empty, { fill: "ink3" }),
    losses.slice(0, 5).map((l, k) => {
      const at = y + 16 + k * LEARN.row;
      const [node, used] = symbolChip(x, at, fit(dotted(l.shown), 92, 12));
      const instead = l.alternative.length ? l.alternative.map((t) => dotted(t)).join(" ") : say("nothing");
      return h(
        "g",
        {},
        node,
        label(x + used + 6, at + 4, fit(`→ ${instead}`, w - used - 70, 12), { mono: true, fill: "ink3" }),
        label(x + w, at + 4, lossText(l.loss), { anchor: "end", mono: true, fill: "ink2" }),
      );
    }),
  ];
}
/** @param {number} x */
const lossText = (x) => (!Number.isFinite(x) ? "∞" : Math.abs(x) < 1e-6 ? "0" : smallText(x, 2));

/** @param {Round} r */
function likelihoodLine(r) {
  if (!r.likelihoods.length)
    return say("How probable the corpus is with an entry, and without it, decides what goes.");
  const [first, last] = [r.likelihoods[0], r.likelihoods[r.likelihoods.length - 1]];
  return say("log p of the corpus {first}, fitted {last}. Loss: what it falls by without the entry.", {
    first: thousands(num(first, 0)),
    last: thousands(num(last, 0)),
  });
}

/** @param {Stage} g @param {Kept} local @param {Box} box */
function drawRounds(g, local, box) {
  const rounds = local.learned?.unigram.rounds;
  const walk = walkOf(local);
  if (!rounds || !walk) return 0;
  const r = rounds[walk.at];
  const wide = !isPhone(g.width);
  // The last round only fits probabilities: what went before it stands here, so that something is to be seen.
  const went = r.gone.length || !walk.at ? walk.at : rounds.findLastIndex((round) => round.gone.length);
  const pruned = rounds[Math.max(0, went)];
  const goes =
    went === walk.at || went < 0
      ? say("Goes: least missed")
      : say("Went last, in round {number}: least missed", { number: went });
  const gains = [...pruned.gone, ...pruned.kept].some((l) => l.loss < -1e-6);
  walkButtons(g, local, box, walk);
  g.part("learn", ["unigram", walk.at, box], () => {
    const w = wide ? box.w / 2 - 14 : box.w;
    return [
      label(box.x, box.y + LEARN.title, [
        h("tspan", { "font-weight": 600, fill: css("ink"), "font-size": 14 }, say("How Unigram learned")),
        wide && h("tspan", { dx: 8 }, say("round {number} of {count}", { number: walk.at, count: walk.n })),
      ]),
      roundSentence(box, rounds, walk.at),
      roundBars(box, rounds, walk.at),
      lossTable(box.x, box.y + LEARN.table, w, goes, pruned.gone, say("Nothing goes in this round.")),
      lossTable(
        wide ? box.x + box.w / 2 + 14 : box.x,
        box.y + LEARN.table + (wide ? 0 : 132),
        w,
        say("Stays: most missed"),
        went === walk.at ? r.kept : pruned.kept,
        say("Not measured in this round."),
      ),
      sentence(
        box.x,
        box.y + LEARN.table + (wide ? 122 : 256),
        box.w,
        (wide && box.w < 560 && r.likelihoods.length
          ? say("Loss: what log p of the corpus falls by without it.")
          : likelihoodLine(r)) + (gains ? say(" Below 0: it rises.") : say(" (In nats.)")),
        { fill: "ink3", lines: wide ? 1 : 3 },
      ),
    ];
  });
  slider(g, box, box.y + LEARN.slider, walk, say("Round of pruning"));
  return LEARN.table + (wide ? 140 : 296);
}

/**
 * The most frequent signs or words, and where the list was cut off.
 * @param {Stage} g @param {Kept} local @param {Box} box
 */
function drawCounts(g, local, box) {
  const row = rowOf(local);
  const learned = row.id === "words" ? local.learned?.words : local.learned?.characters;
  g.part("learn", [local.sel.method, box, local.sel.word], () => {
    const head = label(
      box.x,
      box.y + LEARN.title,
      row.id === "words" ? say("How words become a vocabulary") : say("How characters become a vocabulary"),
      { weight: 600, fill: "ink", size: 14 },
    );
    const list = learned?.top ?? [];
    const perColumn = Math.max(4, Math.floor((box.h - 96) / 20));
    const columns = box.w >= 480 ? 3 : 2;
    const w = box.w / columns - 16;
    const max = list[0]?.[1] ?? 1;
    return [
      head,
      sentence(box.x, box.y + LEARN.said + 2, box.w, learned?.said ?? ""),
      list.slice(0, perColumn * columns).map(([text, count], k) => {
        const x = box.x + Math.floor(k / perColumn) * (w + 24);
        const y = box.y + 84 + (k % perColumn) * 20;
        const [node] = symbolChip(x, y, fit(dotted(text), 78, 12));
        return h(
          "g",
          {},
          node,
          h("rect", {
            x: x + 92,
            y: y - 4,
            width: Math.max(1, ((w - 150) * count) / max),
            height: 8,
            rx: 2,
            fill: css("res"),
            opacity: 0.6,
          }),
          label(x + w, y + 4, thousands(count), { anchor: "end", mono: true, fill: "ink2" }),
        );
      }),
    ];
  });
  const rows = Math.ceil(Math.min(learned?.top.length ?? 0, 40) / (box.w >= 480 ? 3 : 2));
  return 84 + 20 * Math.min(rows, Math.max(4, Math.floor((box.h - 96) / 20)));
}

/**
 * A vocabulary that came ready: what it is, and the merges that this word needs, in the order of their learning.
 * @param {Stage} g @param {Data} data @param {Kept} local @param {Box} box
 */
function drawReady(g, data, local, box) {
  const row = rowOf(local);
  const machine = data.machines[row.id];
  const found = machine?.kind === "bpe" ? machine.turns : [];
  g.part("learn", [local.sel.method, local.sel.word, box], () => {
    const turns = [...new Map(found.map((t) => [t.rank, t])).values()].sort((a, b) => a.rank - b.rank);
    const perColumn = Math.max(3, Math.floor((box.h - 110) / 22));
    return [
      label(box.x, box.y + LEARN.title, say("What is known of {name}", { name: row.name }), {
        weight: 600,
        fill: "ink",
        size: 14,
      }),
      sentence(box.x, box.y + LEARN.said + 2, box.w, row.about ?? "", { lines: 3 }),
      turns.length > 0 &&
        label(
          box.x,
          box.y + 104,
          say("Of its {merges} this word needs, oldest first", { merges: counted(row.merges ?? 0, "merge") }),
          { weight: 600, fill: "ink" },
        ),
      turns.slice(0, perColumn * 2).map((t, k) => {
        const x = box.x + Math.floor(k / perColumn) * (box.w / 2);
        const y = box.y + 122 + (k % perColumn) * 22;
        const number = `#${thousands(t.rank + 1)}`;
        const [a, aw] = symbolChip(x + 64, y, t.left);
        const [b, bw] = symbolChip(x + 68 + aw, y, t.right);
        const [c] = symbolChip(x + 90 + aw + bw, y, t.made, { on: true });
        return h(
          "g",
          {},
          label(x + 54, y + 4, number, { anchor: "end", mono: true, fill: "ink3" }),
          a,
          b,
          label(x + 74 + aw + bw, y + 4, "→", { fill: "ink3" }),
          c,
        );
      }),
    ];
  });
  const merges = new Set(found.map((t) => t.rank)).size;
  return merges ? 110 + 22 * Math.min(merges, Math.max(3, Math.floor((box.h - 110) / 22))) : 96;
}

/** @param {Stage} g @param {Data} data @param {Kept} local @param {Box} box */
export function drawLearned(g, data, local, box) {
  const { method } = local.sel;
  if (!["model", "gpt2", "cl100k", "smollm2", "bert"].includes(method) && !local.learned) {
    g.part("learn", [method, box], () =>
      label(box.x, box.y + 44, say("Comes when the vocabulary is learned."), { fill: "ink3" }),
    );
    return 120;
  }
  if (STEPPED.includes(method)) return drawLearn(g, data, local, box);
  if (method === "unigram") return drawRounds(g, local, box);
  return method === "characters" || method === "words"
    ? drawCounts(g, local, box)
    : drawReady(g, data, local, box);
}
