// What is said of the heads, as roles.py says it: the table of their scores, what each rests on, and a sentence for each head.
// The words themselves come from Python (for_browser.py); here are the numbers put into them.

import { counted } from "../../../app/kit/counts.js";
import { aboveEven, weightOf } from "./patterns.js";

/**
 * @import { Role } from "../figure.js"
 * @import { Known } from "./names.js"
 * @import { Job, Score } from "./patterns.js"
 *
 * By which a head gets its name: patterns with one column a row and with several, those about tokens and not about places, and
 * the numbers that jobs.py and null_distributions.py go by.
 * @typedef {{sharp: Job[], broad: Job[], content: Job[], recent: number, shortest: number, namedFrom: number, evenFrom: number,
 *   nothing: number, draws: number, byLuck: number, fewest: number, passes: number, positions: number, quick: number}} Rules
 *
 * What Python tells the file (`told` in for_browser.py).
 * @typedef {object} Told
 * @property {Record<Job, string>} names
 * @property {string} even
 * @property {string} mixed
 * @property {string} short
 * @property {string} random
 * @property {Job[]} columns
 * @property {Record<string, string>} about
 * @property {Record<string, string>} brief
 * @property {Record<string, string>} unit
 * @property {Record<string, string>} means
 * @property {Record<string, string>} reads a head's name by the class of words that it reads
 * @property {Record<string, string>} sentences
 * @property {{label: string, adds: [value: string, words: string][]}} off what stands in place of a head that is off
 * @property {{words: Record<string, string>, people: string, signs: string, other: string}} classes
 * @property {Rules} rules
 * @property {number} parameters weights of the model
 *
 * Every score by name, for each head; null: the text has no such pair.
 * @typedef {Map<string, (number | null)[][]>} Columns
 */

/** @type {(sentence: string, values: Record<string, string>) => string} */
const filled = (sentence, values) => sentence.replace(/\{(\w+)\}/g, (_, name) => values[name]);
/** @param {number} rows */
const tokens = (rows) => counted(rows, "token");

/** @type {(known: Known, told: Told) => Columns} */
export function columnsOf({ scores, repeats, spread }, told) {
  const none = () => spread.map((line) => line.map(() => null));
  /** @type {[string, Score | undefined][]} */
  const measured = [
    ...told.columns.map((job) => /** @type {[string, Score | undefined]} */ ([told.names[job], scores[job]])),
    [told.random, repeats.induction],
  ];
  return new Map([
    ...measured.flatMap(([name, score]) =>
      score ? [/** @type {[string, (number | null)[][]]} */ ([name, weightOf(score) ?? none()])] : [],
    ),
    [told.even, spread],
  ]);
}

/** How many tokens each score is a mean over. @type {(known: Known, told: Told, causal: boolean) => Map<string, number>} */
export function restsOn({ scores, repeats, tokens: T }, told, causal) {
  const found = new Map(
    Object.entries(scores).map(([job, { rows }]) => [told.names[/** @type {Job} */ (job)], rows]),
  );
  if (repeats.induction) found.set(told.random, repeats.induction.rows);
  return found.set(told.even, causal ? T - 1 : T);
}

/** What a score measures, over how many tokens, and from where on chance does not explain it. @type {(name: string, rows: number, known: Known, told: Told) => string} */
export function tip(name, rows, { lines }, { names, about, even, sentences }) {
  if (!(name in about))
    return filled(sentences[name === even ? "evenTip" : "randomTip"], { tokens: tokens(rows) });
  const line =
    Object.entries(lines).find(([job]) => names[/** @type {Job} */ (job)] === name)?.[1] ?? Infinity;
  const chance = line === Infinity ? "" : filled(sentences.chance, { line: line.toFixed(2) });
  return filled(sentences.tip, { about: about[name], tokens: tokens(rows) }) + chance;
}

/** What each head does, block by block. @type {(names: string[][], known: Known, told: Told, causal: boolean) => Omit<Role, "was">[]} */
export function rolesOf(names, known, told, causal) {
  const [table, rows] = [columnsOf(known, told), restsOn(known, told, causal)];
  return names.flatMap((line, l) =>
    line.map((name, h) => {
      const read = Object.entries(told.reads).find(([, one]) => one === name)?.[0];
      const ofWords = read ? known.classes[read]?.score : undefined;
      const score = (ofWords ? weightOf(ofWords) : table.get(name))?.[l][h] ?? null;
      return {
        name,
        short: told.brief[name],
        ...evidence(name, score, ofWords?.rows ?? rows.get(name) ?? 0, l, h, known, told),
      };
    }),
  );
}

/**
 * The score behind a head's name, what it rests on, and what is honest to say of it.
 * @param {string} name @param {number | null} score @param {number} rows @param {number} l @param {number} h @param {Known} known
 * @param {Told} told
 */
function evidence(name, score, rows, l, h, { repeats }, { names, means, sentences, rules, random }) {
  const here = score === null ? "" : filled(sentences.here, { tokens: tokens(rows) });
  const job = rules.content.find((one) => names[one] === name);
  const [weight, above] = [
    weightOf(job && repeats[job])?.[l][h] ?? null,
    aboveEven(job && repeats[job])?.[l][h] ?? null,
  ];
  if (weight === null || above === null) return { score, by: name, on: here, means: means[name] };
  const values = { means: means[name], twice: weight.toFixed(2), score: score?.toFixed(2) ?? "", here };
  if (score !== null && score >= weight) {
    return {
      score,
      by: name,
      on: here,
      means: filled(sentences[above >= rules.namedFrom ? "habit" : "noHabit"], values),
    };
  }
  const said = filled(sentences[score === null ? "unrepeated" : "inText"], values);
  return { score: weight, by: name === names.induction ? random : name, on: sentences.twice, means: said };
}

/** The roles now, with "was": what each head does while none is off, where that reads otherwise. @type {(now: Omit<Role, "was">[], usual: Omit<Role, "was">[]) => Role[]} */
export function changed(now, usual) {
  const read = (/** @type {Omit<Role, "was">} */ { name, score }) =>
    name + (score === null ? "" : ` ${score.toFixed(2)}`);
  return now.map((one, i) => ({ ...one, was: read(one) === read(usual[i]) ? "" : read(usual[i]) }));
}
