// Heads that read one class of words: the classes as core.analysis.word_classes has them, what each head gives to other tokens
// of a class, and what that comes to when the classes change places under the same maps (null_distributions.class_scores).

import { Draws, lineOf } from "./draws.js";
import { choices, maySee } from "./patterns.js";

/**
 * @import { Carried } from "../../../app/outside/model/carried.js"
 * @import { Maps, Score } from "./patterns.js"
 * @import { Told } from "./words.js"
 *
 * A score for each class that occurs, and its line of chance.
 * @typedef {Record<string, {score: Score, line: number}>} ClassScores
 */

const ALNUM = /[\p{L}\p{N}]/u;
const MARKS = ".,;:!?\"'“”’()";
const ENDS = [".", "!", "?", '"', "“"]; // of a sentence

/** The class of each token by its text; "" of a special one. @type {(tokens: string[], special: boolean[], told: Told["classes"]) => string[]} */
export function wordClasses(tokens, special, told) {
  const known = new Map(
    Object.entries(told.words).flatMap(([name, words]) => words.split(" ").map((word) => [word, name])),
  );
  const found = tokens.map(() => "");
  let begins = true; // the start of a sentence: a capital letter is no evidence
  for (const places of wordsOf(tokens, special)) {
    const word = places
      .map((at) => tokens[at])
      .join("")
      .trim();
    const name = classOf(word, begins, known, told);
    for (const at of places) found[at] = name;
    begins = ENDS.includes([...word].at(-1) ?? "") || (begins && name === told.signs);
  }
  return found;
}

/** The tokens of each word: letters that follow letters without a space. @type {(tokens: string[], special: boolean[]) => number[][]} */
function wordsOf(tokens, special) {
  /** @type {number[][]} */
  const words = [];
  for (const [at, token] of tokens.entries()) {
    if (special[at] || !token.trim()) continue;
    const goesOn =
      words.at(-1)?.at(-1) === at - 1 &&
      ALNUM.test([...token][0]) &&
      ALNUM.test([...tokens[at - 1]].at(-1) ?? "");
    if (goesOn) words.at(-1)?.push(at);
    else words.push([at]);
  }
  return words;
}

/** @type {(word: string, begins: boolean, known: Map<string, string>, told: Told["classes"]) => string} */
function classOf(word, begins, known, { people, signs, other }) {
  if (!ALNUM.test(word)) return signs;
  let letters = [...word.toLowerCase()];
  while (MARKS.includes(letters[0] ?? " ")) letters = letters.slice(1);
  while (MARKS.includes(letters.at(-1) ?? " ")) letters = letters.slice(0, -1);
  const small = letters.join("");
  const name = [small, small.replace(/s$/, ""), small.replace(/es$/, "")]
    .map((form) => known.get(form))
    .find((one) => one);
  return name ?? (/^\p{Uppercase}/u.test(word) && !begins ? people : other);
}

/** @type {(model: Carried, maps: Maps, told: Told) => ClassScores} */
export function classScores({ tokenizer }, maps, { classes, rules }) {
  const { ids } = maps;
  const special = ids.map((id) => tokenizer.special.has(id));
  const names = wordClasses(
    ids.map((id) => tokenizer.display(id)),
    special,
    classes,
  );
  const words = ids.flatMap((_, at) => (names[at] ? [at] : []));
  const draws = new Draws();
  const orders = Array.from({ length: rules.draws }, () => draws.permutation(words));
  const received = receivedBy(maps);
  /** @type {ClassScores} */
  const found = {};
  for (const name of Object.keys(classes.words)) {
    const own = words.map((at) => names[at] === name);
    const score = scoreOf(
      maps,
      received,
      words.filter((_, k) => own[k]),
    );
    if (!score.rows || own.every(Boolean)) continue;
    const luckiest = orders.map((order) =>
      luckOf(
        maps,
        received,
        order.filter((_, k) => own[k]),
      ),
    );
    found[name] = { score, line: lineOf(luckiest, rules.byLuck) };
  }
  return found;
}

/** What each token gets of all of a head's attention, from other tokens: for each head T numbers. @param {Maps} maps */
function receivedBy({ maps, ids }) {
  const T = ids.length;
  return maps.map((map) =>
    Array.from({ length: map.shape[0] }, (_, head) =>
      ids.map((__, s) => {
        let sum = 0;
        for (let t = 0; t < T; t++) if (t !== s) sum += map[(head * T + t) * T + s];
        return sum / T;
      }),
    ),
  );
}

/** The rows that may see another of these tokens. @type {(maps: Maps, places: number[]) => number} */
const rowsThatSee = (maps, places) =>
  maps.ids.filter((_, t) => places.some((s) => s !== t && maySee(maps, t, s))).length;

/** @type {(received: number[], places: number[]) => number} */
const sumOf = (received, places) => places.reduce((sum, s) => sum + received[s], 0);

/** @type {(maps: Maps, received: number[][][], places: number[]) => Score} */
function scoreOf(maps, received, places) {
  const T = maps.ids.length;
  const rows = rowsThatSee(maps, places);
  const seen = (/** @type {number} */ t) => places.filter((s) => s !== t && maySee(maps, t, s)).length;
  const even = maps.ids.reduce((sum, _, t) => sum + seen(t) / choices(maps, t), 0) / T;
  return { value: received.map((line) => line.map((one) => sumOf(one, places))), even, most: rows / T, rows };
}

/** The greatest weight of all heads on these tokens. @type {(maps: Maps, received: number[][][], places: number[]) => number} */
function luckOf(maps, received, places) {
  const share = Math.max(rowsThatSee(maps, places) / maps.ids.length, 1e-9);
  return Math.max(...received.flatMap((line) => line.map((one) => sumOf(one, places) / share)));
}
