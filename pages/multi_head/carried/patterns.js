// Scores of typical patterns for each head, as core.analysis.heads.patterns computes them: how much of a head's attention
// falls on each token's predecessor, on the first token, and so on.

/**
 * @import { Tensor } from "../../../app/outside/model/forward.js"
 * @import { Rules } from "./words.js"
 *
 * @typedef {"induction" | "same" | "previous" | "next" | "itself" | "recent" | "first" | "last"} Job
 *
 * All maps of a text: of each of L blocks (H, T, T); T ids; causal: no token sees a later one.
 * @typedef {{maps: Tensor[], ids: number[], causal: boolean}} Maps
 *
 * value: (L, H), the part of all attention that falls on such pairs, null where it is not measured yet; even: that of a head which attends alike to all; most: the
 * greatest possible; rows: how many tokens have such a pair.
 * @typedef {{value: (number | null)[][], even: number, most: number, rows: number}} Score
 * @typedef {Partial<Record<Job, Score>>} Scores
 */

/** Whether token t may see token s. @type {(maps: Pick<Maps, "causal">, t: number, s: number) => boolean} */
export const maySee = ({ causal }, t, s) => !causal || s <= t;

/** How many tokens each may see. @type {(maps: Pick<Maps, "causal" | "ids">, t: number) => number} */
export const choices = ({ causal, ids }, t) => (causal ? t + 1 : ids.length);

/**
 * The pairs (row, column) of each pattern, as columns by row; only those that may be seen.
 * @param {Pick<Maps, "ids" | "causal">} maps @param {Pick<Rules, "recent">} rules
 * @returns {Partial<Record<Job, number[][]>>}
 */
export function pairsOf(maps, { recent }) {
  const { ids, causal } = maps;
  const T = ids.length;
  const same = (/** @type {number} */ t, /** @type {number} */ s) =>
    s >= 0 && ids[t] === ids[s] && (causal ? s < t : s !== t);
  /** @type {Partial<Record<Job, (t: number, s: number) => boolean>>} */
  const is = {
    induction: (t, s) => same(t, s - 1), // the token after an earlier copy
    same,
    previous: (t, s) => s === t - 1,
    itself: (t, s) => s === t,
    recent: (t, s) => s < t && s >= t - recent,
    ...(!causal && { next: (t, s) => s === t + 1 }),
    first: (_, s) => s === 0,
    ...(!causal && { last: (_, s) => s === T - 1 }),
  };
  const every = ids.map((_, i) => i);
  const columns = (/** @type {(t: number, s: number) => boolean} */ fits) =>
    every.map((t) => every.filter((s) => maySee(maps, t, s) && fits(t, s)));
  return Object.fromEntries(Object.entries(is).map(([job, fits]) => [job, columns(fits)]));
}

/** A number for each head of each block. @type {(maps: Tensor[], of: (map: Tensor, head: number) => number) => number[][]} */
export const perHead = (maps, of) =>
  maps.map((map) => Array.from({ length: map.shape[0] }, (_, head) => of(map, head)));

/** What a head gives to pairs, in all; of each row's, the first so many as another pattern has. @type {(map: Tensor, head: number, pairs: number[][], many?: number[][]) => number} */
export function given(map, head, pairs, many = pairs) {
  const T = map.shape[1];
  let sum = 0;
  for (let t = 0; t < T; t++)
    for (let k = 0; k < many[t].length; k++) sum += map[(head * T + t) * T + pairs[t][k]];
  return sum;
}

/** How many rows have such a pair. @param {number[][]} pairs */
export const rowsOf = (pairs) => pairs.filter((columns) => columns.length).length;

/** @type {(maps: Maps, rules: Pick<Rules, "recent">) => Scores} */
export function patternScores(maps, rules) {
  const T = maps.ids.length;
  const all = maps.ids.map((_, t) => Array.from({ length: choices(maps, t) }, (__, s) => s));
  const whole = perHead(maps.maps, (map, head) => given(map, head, all));
  return Object.fromEntries(
    Object.entries(pairsOf(maps, rules)).map(([job, pairs]) => {
      const value = maps.maps.map((map, l) => whole[l].map((sum, head) => given(map, head, pairs) / sum));
      const even = pairs.reduce((sum, columns, t) => sum + columns.length / choices(maps, t), 0) / T;
      return [job, { value, even, most: rowsOf(pairs) / T, rows: rowsOf(pairs) }];
    }),
  );
}

/** Attention on such pairs over the rows that have one, from 0 to 1; null: no row has. @type {(score: Score | undefined) => (number | null)[][] | null} */
export const weightOf = (score) =>
  score?.rows
    ? score.value.map((line) => line.map((value) => (value === null ? null : value / score.most)))
    : null;

/** The same with even attention as 0 and the best possible as 1; null: the text cannot tell them apart. @type {(score: Score | undefined) => (number | null)[][] | null} */
export function aboveEven(score) {
  const room = score ? score.most - score.even : 0;
  return score && room > 1e-6
    ? score.value.map((line) => line.map((value) => (value === null ? null : (value - score.even) / room)))
    : null;
}

/** Each row's entropy over its maximum, as a mean over rows with more than one choice; 1 where there is none. @param {Maps} maps */
export function evenness(maps) {
  const rows = maps.ids.map((_, t) => t).filter((t) => choices(maps, t) > 1);
  const T = maps.ids.length;
  return perHead(maps.maps, (map, head) => {
    if (!rows.length) return 1;
    let mean = 0;
    for (const t of rows) {
      let entropy = 0;
      for (let s = 0; s < T; s++) {
        const share = map[(head * T + t) * T + s];
        if (share > 0) entropy -= share * Math.log(share);
      }
      mean += entropy / Math.log(choices(maps, t)) / rows.length;
    }
    return mean;
  });
}
