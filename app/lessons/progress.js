// How far a learner came in each lesson, and what was answered: in this browser, nowhere else.

/**
 * @typedef {object} Progress
 * @property {number} at the step that was open last, from 1
 * @property {number} of how many steps there are
 * @property {string} title
 * @property {number[]} done
 * @property {Record<string, number>} answers by step
 */

const KEY = "glassbox.lessons";
/** @type {Progress} */
const NONE = { at: 0, of: 0, title: "", done: [], answers: {} };

/** A browser may refuse storage (private windows), and what it holds may be anything. @returns {Record<string, Progress>} */
export function all() {
  try {
    const found = JSON.parse(localStorage.getItem(KEY) ?? "{}");
    const whole = Object.entries(found && typeof found === "object" ? found : {}).filter(
      ([, one]) => one && typeof one === "object",
    );
    return Object.fromEntries(
      whole.map(([name, one]) => [
        name,
        {
          ...NONE,
          ...one,
          done: Array.isArray(one.done) ? one.done : [],
          answers: one.answers && typeof one.answers === "object" ? one.answers : {},
        },
      ]),
    );
  } catch {
    return {};
  }
}

/** @param {string} lesson @returns {Progress} */
export const known = (lesson) => all()[lesson] ?? NONE;

/** Joins what is new to what is known. @type {(lesson: string, more: Partial<Progress>) => void} */
export function remember(lesson, more) {
  const every = all();
  const before = every[lesson] ?? NONE;
  every[lesson] = joined(before, more);
  try {
    localStorage.setItem(KEY, JSON.stringify(every));
  } catch {
    // Without storage, a lesson is resumed by its link alone.
  }
}

/** @type {(before: Progress, more: Partial<Progress>) => Progress} */
export const joined = (before, more) => ({
  ...before,
  ...more,
  done: [...new Set([...before.done, ...(more.done ?? [])])].sort((a, b) => a - b),
  answers: { ...before.answers, ...more.answers },
});

/** @param {string} lesson */
export function forget(lesson) {
  const every = all();
  delete every[lesson];
  try {
    localStorage.setItem(KEY, JSON.stringify(every));
  } catch {
    // Nothing was kept.
  }
}
