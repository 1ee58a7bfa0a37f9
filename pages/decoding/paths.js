// What the data says of nodes and paths, and how their names and probabilities are written.

import { counted } from "../../app/kit/counts.js";
import { say, sayOf } from "../../app/kit/say.js";
import { clamp, measure, num } from "../../app/kit/shapes.js";

/** @import { Data, Kept, Path } from "./figure.js" */

/** @param {Data} data @param {string} name */
export const pathOf = (data, name) => data.paths.find((path) => path.name === name);

/** @param {Data} data @param {Kept} local @param {number} i */
export const shownTo = (data, local, i) => data.nodes.depth[i] <= local.step;

/**
 * "12.55.7": the way to a node, as the link has it; "." is the prompt, "" the page's own choice.
 * @param {Data} data @param {number} i
 */
export function wayTo(data, i) {
  const ids = [];
  for (let n = i; n > 0; n = data.nodes.parent[n]) ids.unshift(data.nodes.id[n]);
  return ids.join(".") || ".";
}

/** @param {Data} data @param {Kept} local */
export const activeNode = (data, local) => {
  const i = local.hover ?? local.node;
  return i < data.nodes.parent.length && shownTo(data, local, i) ? i : 0;
};

/**
 * The paths that are reckoned side by side: greedy's, what a hand forced, and the best (or, where greedy is the best,
 * the runner-up as the first).
 * @param {Data} data
 */
export function rivals(data) {
  const best = pathOf(data, data.best);
  const greedy = pathOf(data, "greedy");
  const yours = data.paths.find((path) => path.name.startsWith("forced") && path.nodes.length);
  const others = data.paths.filter(
    (path) =>
      path !== best && path !== greedy && path.nodes.length && path.nodes.at(-1) !== best?.nodes.at(-1),
  );
  const second = best === greedy || !greedy ? others.sort((a, b) => b.sum - a.sum)[0] : greedy;
  return [...new Set([second, yours, best])].filter((path) => path !== undefined);
}

const ALWAYS = ["model", "temperature", "top-k", "top-p"];

/**
 * The columns behind computed node `e`: four, also those that are off; what is off gives way when others need the room.
 * @param {Data} data @param {number} e
 */
export function stagesOf(data, e) {
  const all = data.next.stages.map((stage, s) => ({ ...stage, s, active: stage.active[e] }));
  const usual = all.filter((stage) => stage.active || ALWAYS.includes(stage.name));
  return usual.length > 4 ? all.filter((stage) => stage.active || stage.name === "model") : usual;
}

/**
 * A probability of any size, as many decimals as two digits that count need: 0.830, 0.0014, 0.000022.
 * @param {number} p
 */
export const decimal = (p) =>
  p >= 0.1 ? num(p, 3) : p > 0 ? num(p, Math.max(4, 1 - Math.floor(Math.log10(p)))) : "0";

/** The same as a power of ten: 2.2·10⁻⁵. @param {number} p */
export function power(p) {
  if (!(p > 0)) return "0";
  const [digits, exponent] = p.toExponential(1).split("e");
  return `${digits}·10${exponent.replace("+", "").replace(/./g, (c) => (c === "-" ? "⁻" : "⁰¹²³⁴⁵⁶⁷⁸⁹"[Number(c)]))}`;
}

/** Where one stands alone: decimals while they can be read. @param {number} p */
export const odds = (p) => (p >= 1e-6 ? decimal(p) : power(p));

/** How many decimals tell the scores apart: three digits of the largest. @param {number[]} values */
const decimalsOf = (values) =>
  clamp(2 - Math.floor(Math.log10(Math.max(...values.map(Math.abs), 1e-9))), 2, 8);

/**
 * A path's name as the learner reads it: "beam 1", "greedy", "sample", "yours".
 * @param {Data} data @param {string} name
 */
export function nameOf(data, name) {
  if (name.startsWith("forced")) return sayOf("path", "yours");
  if (name.startsWith("beam"))
    return data.beams === 1 ? sayOf("path", "beam") : name.replace("beam", sayOf("path", "beam"));
  return name === "greedy" ? sayOf("path", "greedy") : name === "sample" ? sayOf("path", "sample") : name;
}

/**
 * The names of several paths with one end: many beams as their number; while the tree grows, they are still one.
 * @param {Data} data @param {Path[]} paths @param {boolean} growing
 */
function namesOf(data, paths, growing) {
  const beams = paths.filter((path) => path.strategy === "beam");
  const others = paths.filter((path) => path.strategy !== "beam").map((path) => nameOf(data, path.name));
  const told =
    growing && beams.length
      ? [say("a beam")]
      : beams.length > 1
        ? [`${counted(beams.length, "beam")}`]
        : beams.map((path) => nameOf(data, path.name));
  return paths[0].strategy === "beam" ||
    paths.some((path) => path.name === data.best && path.strategy === "beam")
    ? [...told, ...others]
    : [...others, ...told];
}

/**
 * What stands at the end of some paths: {total, left, name, score}; left: where the name, or names, begin.
 * @param {Data} data @param {number} i @param {Path[]} paths @param {boolean} growing
 */
export function endOf(data, i, paths, growing) {
  const names = namesOf(data, paths, growing).join(", ");
  const total = num(data.nodes.sum[i], 2);
  const digits = decimalsOf(data.paths.map((path) => path.score));
  const ended = paths[0].finished !== "length" && data.nodes.depth[i] < data.depth ? say(", ended") : "";
  return {
    total,
    left: Math.max(46, measure(total, 13, true) + 7),
    name: names + (growing ? "" : ended),
    score: say("score {score}", { score: num(data.nodes.score[i], digits) }),
  };
}
