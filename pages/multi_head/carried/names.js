// One name for each head, as core.analysis.heads.jobs gives it: the pattern whose score is high, and higher than chance.

import { aboveEven, weightOf } from "./patterns.js";

/**
 * @import { Lines } from "./chance.js"
 * @import { ClassScores } from "./classes.js"
 * @import { Job, Score, Scores } from "./patterns.js"
 * @import { Told } from "./words.js"
 *
 * What is known of all heads: scores on the text and on random tokens said twice, lines of chance for both, classes of words,
 * how evenly each head reads (L, H), and tokens T of the text.
 * @typedef {{scores: Scores, repeats: Scores, lines: Lines, repeatLines: Lines, classes: ClassScores, spread: number[][],
 *   tokens: number}} Known
 */

/** Whether a head's score comes above a line of chance. @type {(score: Score | undefined, line: number, l: number, h: number) => boolean} */
const passes = (score, line, l, h) => (weightOf(score)?.[l][h] ?? -Infinity) > line + 1e-6;

/**
 * Whether a head does more than chance, on the text or on repeats; a pattern without a line counts as proven.
 * @type {(known: Known, job: Job, l: number, h: number) => boolean}
 */
function proven({ scores, repeats, lines, repeatLines }, job, l, h) {
  const [line, other] = [lines[job], repeats[job] && repeatLines[job]];
  if (line === undefined && other === undefined) return true;
  return (
    (line !== undefined && passes(scores[job], line, l, h)) ||
    (other !== undefined && passes(repeats[job], other, l, h))
  );
}

/** How much a head does of a pattern, more than evenly; -Infinity where that is no more than chance. @type {(known: Known, told: Told, job: Job, l: number, h: number) => number} */
function reached(known, { rules }, job, l, h) {
  if (!proven(known, job, l, h)) return -Infinity;
  const measured = [known.scores[job], rules.content.includes(job) ? known.repeats[job] : undefined];
  return Math.max(...measured.map((score) => aboveEven(score)?.[l][h] ?? -Infinity));
}

/** The class of words that a head reads beyond chance, most beyond even attention; null: none. @type {(known: Known, told: Told, l: number, h: number) => string | null} */
function classRead({ classes }, { rules }, l, h) {
  let [best, name] = [-Infinity, /** @type {string | null} */ (null)];
  for (const [one, { score, line }] of Object.entries(classes)) {
    const above = aboveEven(score)?.[l][h] ?? -Infinity;
    if (above >= rules.namedFrom && above > best && passes(score, line, l, h)) [best, name] = [above, one];
  }
  return name;
}

/** The name of each head of each block. @type {(known: Known, told: Told) => string[][]} */
export function nameHeads(known, told) {
  const { rules, names } = told;
  return known.spread.map((line, l) =>
    line.map((even, h) => {
      if (known.tokens < rules.shortest) return told.short;
      for (const jobs of [rules.sharp, rules.broad]) {
        const all = jobs.map((job) => reached(known, told, job, l, h));
        const most = Math.max(...all);
        if (most >= rules.namedFrom) return names[jobs[all.indexOf(most)]];
      }
      if (even >= rules.evenFrom) return told.even;
      const read = classRead(known, told, l, h);
      return read ? told.reads[read] : told.mixed;
    }),
  );
}
