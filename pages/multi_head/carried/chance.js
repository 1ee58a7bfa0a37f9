// What the scores of patterns come to by chance, as core.analysis.heads.null_distributions computes it: every row's weights
// on other tokens, or the same heads over the text without its repeats. The draws are this file's own, so a line differs a
// little from that of Python's, as another 200 draws would; with the same draws the two are equal (test_carried_heads.py).

import { run } from "../../../app/outside/model/forward.js";
import { Draws, lineOf } from "./draws.js";
import { choices, given, pairsOf, rowsOf } from "./patterns.js";

/**
 * @import { Carried } from "../../../app/outside/model/carried.js"
 * @import { Tensor } from "../../../app/outside/model/forward.js"
 * @import { Job, Maps } from "./patterns.js"
 * @import { Told } from "./words.js"
 *
 * What the luckiest head comes to by chance; Infinity: not measured yet.
 * @typedef {Partial<Record<Job, number>>} Lines
 */

/**
 * Each row's weights fall on other tokens that it may see: of every pattern of places.
 * @type {(maps: Maps, told: Told) => Lines}
 */
export function movedWeights(maps, { rules }) {
  const all = /** @type {[Job, number[][]][]} */ (Object.entries(pairsOf(maps, rules)));
  const wanted = all.filter(([job, pairs]) => !rules.content.includes(job) && rowsOf(pairs));
  const most = Math.max(0, ...wanted.flatMap(([, pairs]) => pairs.map((columns) => columns.length)));
  const draws = new Draws();
  /** @type {Record<string, number[]>} */
  const luckiest = Object.fromEntries(wanted.map(([job]) => [job, []]));
  for (let n = 0; n < rules.draws; n++) {
    const order = maps.ids.map((_, t) => lowest(draws, choices(maps, t), most));
    for (const [job, pairs] of wanted) {
      luckiest[job].push(luck(maps.maps, order, rowsOf(pairs), pairs));
    }
  }
  return Object.fromEntries(wanted.map(([job]) => [job, lineOf(luckiest[job], rules.byLuck)]));
}

/** Of so many places a random few, in a random order. @type {(draws: Draws, places: number, few: number) => number[]} */
function lowest(draws, places, few) {
  const [drawn, best] = [new Float64Array(few + 1), new Array(Math.min(few, places)).fill(0)];
  for (let s = 0; s < places; s++) {
    const one = draws.next();
    let at = Math.min(s, few);
    for (; at > 0 && drawn[at - 1] > one; at--) [drawn[at], best[at]] = [drawn[at - 1], best[at - 1]];
    [drawn[at], best[at]] = [one, s];
  }
  return best.slice(0, few);
}

/** The greatest of all heads' scores; of each row's pairs, as many as another pattern has. @type {(maps: Tensor[], pairs: number[][], rows: number, many?: number[][]) => number} */
function luck(maps, pairs, rows, many = pairs) {
  let most = 0;
  for (const map of maps)
    for (let head = 0; head < map.shape[0]; head++)
      most = Math.max(most, given(map, head, pairs, many) / rows);
  return most;
}

/**
 * Same token and induction where nothing repeats: the heads read the text again, with other tokens in place of those that come
 * again. That is a pass for each draw, so it goes in steps; the last one has the lines.
 * @param {Carried} model @param {Maps} maps @param {Told} told
 * @returns {Generator<false, Lines>}
 */
export function* repeatsTakenOut(model, maps, told) {
  const { rules, parameters } = told;
  const all = pairsOf(maps, rules);
  const wanted = rules.content.flatMap((job) =>
    rowsOf(all[job] ?? []) ? [/** @type {[Job, number[][]]} */ ([job, all[job]])] : [],
  );
  const T = maps.ids.length;
  const count = Math.max(rules.fewest, Math.min(rules.passes, Math.floor(rules.positions / T)));
  const texts =
    wanted.length && parameters * count * T <= rules.quick
      ? textsWithoutCopies(model, maps.ids, count)
      : null;
  if (!texts)
    return Object.fromEntries(
      wanted.map(([job]) => [job, lineOf(movedWords(model, maps, job, told), rules.byLuck)]),
    );
  /** @type {Lines} */
  const lines = {};
  /** @type {number[][]} */
  const luckiest = wanted.map(() => []);
  for (const ids of texts) {
    yield false;
    const read = mapsOf(model, ids);
    for (const [i, [, pairs]] of wanted.entries()) luckiest[i].push(luck(read, pairs, rowsOf(pairs)));
  }
  for (const [i, [job]] of wanted.entries()) lines[job] = lineOf(luckiest[i], rules.byLuck);
  return lines;
}

/** The text with other tokens where one comes again later; null: none does, or there are too few others. @type {(model: Carried, ids: number[], count: number) => number[][] | null} */
function textsWithoutCopies({ tokenizer, config }, ids, count) {
  const copies = ids.flatMap((id, at) =>
    ids.includes(id, at + 1) && !tokenizer.special.has(id) ? [at] : [],
  );
  const others = Array.from(
    { length: Math.min(config.d_vocab, tokenizer.entries.length) },
    (_, id) => id,
  ).filter((id) => !tokenizer.special.has(id) && !ids.includes(id));
  if (!copies.length || others.length < copies.length) return null;
  const draws = new Draws();
  return Array.from({ length: count }, () => {
    const text = [...ids];
    for (const [i, id] of draws.choice(others, copies.length).entries()) text[copies[i]] = id;
    return text;
  });
}

/** The score with the text's words in other orders under the same maps, for each draw. @type {(model: Carried, maps: Maps, job: Job, told: Told) => number[]} */
function movedWords({ tokenizer }, maps, job, { rules }) {
  const ids = [...maps.ids];
  const words = ids.flatMap((id, at) => (tokenizer.special.has(id) ? [] : [at]));
  const draws = new Draws();
  return Array.from({ length: rules.draws }, () => {
    const moved = draws.permutation(words.map((at) => ids[at]));
    for (const [i, at] of words.entries()) ids[at] = moved[i];
    const pairs = pairsOf({ ...maps, ids }, rules)[job] ?? [];
    return luck(maps.maps, pairs, Math.max(1, rowsOf(pairs)));
  });
}

const ENOUGH = Symbol("all maps are known");

/**
 * All maps of a text; the pass ends with the last of them.
 * @param {Carried} model @param {number[]} ids @param {import("../../../app/outside/model/forward.js").Change} [change]
 * @returns {Tensor[]}
 */
export function mapsOf(model, ids, change = {}) {
  const blocks = model.config.n_layers;
  /** @type {Tensor[]} */
  const maps = [];
  const keep = (/** @type {Tensor} */ pattern) => {
    maps.push(pattern);
    if (maps.length === blocks) throw ENOUGH;
  };
  const places = Array.from({ length: blocks }, (_, l) => [`blocks.${l}.attn.hook_pattern`, keep]);
  try {
    run(model, ids, { ...change, ...Object.fromEntries(places) });
  } catch (why) {
    if (why !== ENOUGH) throw why;
  }
  return maps;
}
