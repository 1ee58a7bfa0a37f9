// Counts and ratios in words, as app/counts.py has them: "1 token" and "2 tokens", "2.45 times" and "287 million times".

import { noun, say } from "./say.js";
import { num, thousands } from "./shapes.js";

/**
 * A count with its word: "1 token", "2 passes", "3 stories".
 * @param {number | string} count
 * @param {string} word for one
 * @param {string} [many] for several, where no rule makes it
 */
export function counted(count, word, many) {
  const several =
    many ??
    (/(s|x|ch|sh)$/.test(word)
      ? `${word}es`
      : /[^aeiou]y$/.test(word)
        ? `${word.slice(0, -1)}ies`
        : `${word}s`);
  const one = Number(count) === 1;
  return `${thousands(count)} ${noun(word, one) ?? (one ? word : several)}`;
}
/** @type {[least: number, said: string][]} */
const LARGE = [
  [1e12, say("{ratio} trillion times")],
  [1e9, say("{ratio} billion times")],
  [1e6, say("{ratio} million times")],
];

/** How many times as much, to three digits that count: a ratio of millions has no hundredths. @param {number} ratio */
export function timesAs(ratio) {
  if (!Number.isFinite(ratio)) return say("endlessly many times");
  const [size, said] = LARGE.find(([least]) => Math.abs(ratio) >= 0.9995 * least) ?? [
    1,
    say("{ratio} times"),
  ];
  const value = ratio / size;
  const digits = Math.abs(value) < 9.995 ? 2 : Math.abs(value) < 99.95 ? 1 : 0;
  const three = num(value, digits).replace(/\B(?=(\d{3})+(?!\d))/g, (_, __, at, all) =>
    all.slice(0, at).includes(".") ? "" : ",",
  );
  return said.replace("{ratio}", three);
}
