// Bias: an association test on word vectors. The words of two lists on an axis between two others (axis.js), and each
// step with its numbers (written.js). The tests beside each other, and chance, are a chart of the page's.

import { mount } from "../../app/kit/glass.js";
import { paragraphs } from "../../app/kit/paragraphs.js";
import { clamp, num, unpack, visible } from "../../app/kit/shapes.js";
import { stepMode } from "../../app/kit/steps.js";
import { ATTRIBUTES, TARGETS, wordAxis } from "./axis.js";
import { columns, heading, writeCosine, writeEffect, writeRemoval } from "./written.js";

const stages = stepMode("stage", ["Cosine", "One word", "Means", "Effect size", "Permutation", "Removal", "The whole test"]);
const [COSINE, WORD, MEANS, EFFECT, CHANCE, REMOVAL] = [0, 1, 2, 3, 4, 5];

const sizesOf = (shown) => shown.lists.map((one) => one.words.length);
/** What is looked at: a target by its place in X, then Y; an attribute by its place in A, then B. */
function chosenOf(data, local) {
  const [x, y, a, b] = sizesOf(data.shown);
  const within = (at, most) => ((at ?? -1) >= 0 && at < most ? at : 0);
  return { subject: within(local.sel.subject, x + y), mate: within(local.sel.mate, a + b) };
}
const wordAt = (shown, first, at) => visible([...shown.lists[first].words, ...shown.lists[first + 1].words][at] ?? "");
const mean = (values) => values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length);

/** A target's cosines with A and with B. */
function cosinesOf(data, subject) {
  const every = data.cosines;
  const [, , a, b] = sizesOf(data.shown);
  const row = Array.from(every.slice(subject * (a + b), (subject + 1) * (a + b)));
  return [row.slice(0, a), row.slice(a)];
}

/** The words of X and Y by their association with A and B. */
function testPlan(g, data, local, step) {
  const { shown, was, text } = data;
  const { subject } = chosenOf(data, local);
  const [x, y, a, b] = shown.lists;
  const lane = step === stages.last && text.length ? { title: "Words of your text", words: text.map((one) => one.word), values: text.map((one) => one.s) } : null;
  return {
    marks: ["X", "Y"], chosen: step === stages.last ? null : subject, lane,
    sides: [{ name: x.name, fill: TARGETS[0], words: x.words, values: shown.x, was: was?.x, mean: shown.means[0], first: 0 }, { name: y.name, fill: TARGETS[1], words: y.words, values: shown.y, was: was?.y, mean: shown.means[1], first: x.words.length }],
    ends: [{ text: `nearer to B: ${b.name}`, fill: ATTRIBUTES[1] }, { text: `nearer to A: ${a.name}`, fill: ATTRIBUTES[0] }],
    ruler: step >= EFFECT ? { spread: shown.spread, text: `d = ${num(shown.d, 2)}` } : null,
    pick: (at) => g.select({ subject: at }), tip: (at) => wordTip(data, at),
  };
}
/** One word's cosines with the words of A and of B. */
function wordPlan(g, data, local, step) {
  const { shown } = data;
  const { subject, mate } = chosenOf(data, local);
  const [, , a, b] = shown.lists;
  const [to, from] = cosinesOf(data, subject);
  const word = wordAt(shown, 0, subject);
  return {
    marks: ["A", "B"], chosen: step === COSINE ? mate : null, lane: null,
    sides: [{ name: a.name, fill: ATTRIBUTES[0], words: a.words, values: to, mean: step === COSINE ? null : mean(to), first: 0 }, { name: b.name, fill: ATTRIBUTES[1], words: b.words, values: from, mean: step === COSINE ? null : mean(from), first: a.words.length }],
    ends: [{ text: `away from ${word}`, fill: "ink3" }, { text: `the same way as ${word}`, fill: "ink" }],
    ruler: step === WORD ? { spread: 0, text: `s = ${num(mean(to) - mean(from), 3)}` } : null,
    pick: (at) => g.select({ mate: at, stage: COSINE }), tip: null,
  };
}
function wordTip(data, at) {
  const { shown } = data;
  const [, , a, b] = shown.lists;
  const [to, from] = cosinesOf(data, at);
  const line = (list, values) => list.words.map((word, i) => `${visible(word)} ${num(values[i], 2)}`).join(", ");
  const [on, off] = [mean(to), mean(from)];
  return `${wordAt(shown, 0, at)}: s = ${num(on, 3)} − ${num(off, 3)} = ${num(on - off, 3)}\nA ${a.name}: ${line(a, to)}\nB ${b.name}: ${line(b, from)}`;
}

/** Under the axis: what it shows in this step. */
function captionOf(data, local, step) {
  const { shown } = data;
  const [, , a, b] = shown.lists;
  const word = wordAt(shown, 0, chosenOf(data, local).subject);
  if (step === COSINE) return `Each dot is an attribute word at its cosine with “${word}”. Choose one with ↑ and ↓ or a click; another target word, in step 3.`;
  if (step === WORD) return `The association of “${word}” is its mean cosine with “${a.name}” less its mean cosine with “${b.name}”.`;
  if (step === MEANS) return "Each dot is a target word at its association s. Choose one with ↑ and ↓ or a click, and go back to see what it is made of.";
  if (step === REMOVAL) return `Small circles: where the words lay before. ${shown.verdict[0]}`;
  return shown.verdict[0];
}

/** Below the axis: the numbers of the step, or what chance makes of the test. Returns the y below. */
function drawSide(g, data, local, step, box) {
  const { shown } = data;
  const { subject, mate } = chosenOf(data, local);
  const [x, y, a, b] = shown.lists;
  if (shown.d === null || step === stages.last) return box.y;
  if (step === COSINE) return writeCosine(g, box, data.pair, wordAt(shown, 0, subject), wordAt(shown, 2, mate));
  if (step === WORD) {
    const [to, from] = cosinesOf(data, subject);
    const [on, off] = [mean(to), mean(from)];
    const word = wordAt(shown, 0, subject);
    const top = heading(g, "head", box, `s(${word}) = ${num(on, 4)} − ${num(off, 4)} = ${num(on - off, 4)}`);
    return columns(g, "cosines", { ...box, y: top }, [
      { name: `cos with A, ${a.name}`, words: a.words, values: to, mean: on, first: 0, fill: "v-ink" }, { name: `cos with B, ${b.name}`, words: b.words, values: from, mean: off, first: a.words.length, fill: "mlp-ink" },
    ], { mark: "data-mate", pick: (at) => g.select({ mate: at, stage: COSINE }) });
  }
  if (step === MEANS) {
    const top = heading(g, "head", box, "s of every word, and the mean of each list");
    return columns(g, "means", { ...box, y: top }, [
      { name: `X, ${x.name}`, words: x.words, values: shown.x, mean: shown.means[0], first: 0, fill: "accent" }, { name: `Y, ${y.name}`, words: y.words, values: shown.y, mean: shown.means[1], first: x.words.length, fill: "ink2" },
    ], { mark: "data-target", chosen: subject, pick: (at) => g.select({ subject: at }) });
  }
  if (step === EFFECT) return writeEffect(g, box, shown);
  if (step === REMOVAL) return writeRemoval(g, box, data.removal ?? { why: "the page is still at work" }, data.reach);
  const top = heading(g, "head", box, "What if the words were dealt to X and Y by chance?");
  return paragraphs(g, "about", { ...box, y: top }, [
    shown.dealt, "Filled: the splits that put X’s mean at least as far above Y’s as the lists do. The observed split is one of them, so p is never 0.",
    "A small p says that these two lists differ by more than a random division of these words would. It does not say why.",
  ], { fill: "ink2" });
}

function drawPage(g, data, local) {
  const step = stages.of(local);
  const { shown } = data;
  const box = { x: 0, w: g.width };
  let y = heading(g, "title", { ...box, y: 0 }, shown.title);
  if (shown.d === null) y = paragraphs(g, "verdict", { ...box, y }, [...shown.verdict, ...shown.left]);
  else {
    const plan = step === COSINE || step === WORD ? wordPlan(g, data, local, step) : testPlan(g, data, local, step);
    y = wordAxis(g, "axis", { ...box, y: y + 2 }, plan);
    y = paragraphs(g, "verdict", { x: 4, y: y + 2, w: g.width - 8 }, [captionOf(data, local, step)], { fill: "ink2" });
  }
  g.height = drawSide(g, data, local, step, { x: 4, y: y + (step === stages.last ? 0 : 12), w: g.width - 8 }) + 4;
}

const bias = {
  init: (data) => { if (data.shown.cosines && !data.cosines) data.cosines = unpack(data.shown.cosines); },

  draw(g, data, local) {
    stages.bar(g, local);
    drawPage(g, data, local);
  },

  key(event, g, data, local) {
    if (stages.key(event, g, local)) return true;
    const move = { ArrowUp: -1, ArrowDown: 1 }[event.key];
    const step = stages.of(local);
    const [x, y, a, b] = sizesOf(data.shown);
    if (move && step === stages.last) {
      const at = data.tests.findIndex((one) => one.number === data.test) + move;
      if (data.tests[at]) g.select({ weat: data.tests[at].number, subject: -1, mate: -1 });
      return true;
    }
    if (move && data.shown.d !== null) {
      const { subject, mate } = chosenOf(data, local);
      if (step === COSINE) g.select({ mate: clamp(mate + move, 0, a + b - 1) });
      else g.select({ subject: clamp(subject + move, 0, x + y - 1) });
      return true;
    }
    if (event.key !== "Escape") return false;
    if (!stages.halt(g, local) && !stages.whole(g, local)) g.visit("home");
    return true;
  },

  describe(data, local) {
    const { shown } = data;
    const step = stages.of(local);
    const words = (list, values) => list.words.map((word, i) => `${word} ${num(values[i], 2)}`).join(", ");
    const begin = `${shown.title}, on ${data.table.name}${data.removed ? ", without the gender direction" : ""}. ${shown.verdict.join(" ")}`;
    if (shown.d === null) return begin;
    const [x, y] = shown.lists;
    const rows = data.tests.map((one) => `${one.number === "own" ? "yours" : one.number}: ${one.d === null ? "none" : num(one.d, 2)}${one.conclusive ? "" : ", not conclusive"}`);
    return `${begin} ${shown.dealt} Step ${step + 1}. X: ${words(x, shown.x)}. Y: ${words(y, shown.y)}. Effect sizes of the tests: ${rows.join("; ")}.`;
  },

  state(data, local) {
    const { shown } = data;
    return {
      tokens: data.tokens, stage: stages.state(local), test: data.test, table: data.table.which, removed: data.removed, ...chosenOf(data, local),
      shown: { lists: shown.lists.map((one) => one.words), x: shown.x ?? null, y: shown.y ?? null, means: shown.means ?? null, spread: shown.spread ?? null, d: shown.d, p: shown.p ?? null, exact: shown.exact ?? null, reached: shown.reached ?? null, counts: shown.counts ?? null },
      tests: data.tests.map(({ number, d, share, conclusive }) => ({ number, d, share, conclusive })),
      text: data.text, pair: data.pair?.cosine ?? null, removal: data.removal, verdict: shown.verdict,
    };
  },
};

export default mount("bias", bias);
