// Query heads that share keys and values: grouped-query attention (Ainslie et al. 2023).

import { say } from "./say.js";
import { css, h, label, measure } from "./shapes.js";

/**
 * The other query heads that read the keys and values of `head`; none where each has its own.
 * @type {(head: number, heads: number, kvHeads: number) => number[]}
 */
function sharers(head, heads, kvHeads) {
  const per = heads / (kvHeads || heads);
  const first = Math.floor(head / per) * per;
  return Array.from({ length: per }, (_, i) => first + i).filter((other) => other !== head);
}
/**
 * What a head shares: with all others, with one, with some.
 * @type {Record<"whole" | "short" | "least", {all: string, one: string, some: string}>}
 */
const SHARES = {
  whole: {
    all: say("shares keys and values with all other heads"),
    one: say("shares keys and values with head {last}"),
    some: say("shares keys and values with heads {others} and {last}"),
  },
  short: {
    all: say("shares K, V with all other heads"),
    one: say("shares K, V with head {last}"),
    some: say("shares K, V with heads {others} and {last}"),
  },
  least: {
    all: say("K, V also of all other heads"),
    one: say("K, V also of head {last}"),
    some: say("K, V also of heads {others} and {last}"),
  },
};
/**
 * "shares keys and values with heads 3 and 5", also in fewer words; "" where each head has its own.
 * @type {(head: number, heads: number, kvHeads: number, words?: "whole" | "short" | "least") => string}
 */
export function sharedWords(head, heads, kvHeads, words = "whole") {
  const others = sharers(head, heads, kvHeads);
  if (!others.length) return "";
  const said = SHARES[words];
  if (others.length === heads - 1) return said.all;
  const last = String(others.pop());
  return (others.length ? said.some : said.one)
    .replace("{others}", others.join(", "))
    .replace("{last}", last);
}
/**
 * A line under each group of heads that share keys and values: heads `pitch` apart from x, `size` wide, the line at y.
 * @type {(heads: number, kvHeads: number, x: number, y: number, pitch: number, size: number) => SVGGElement[]}
 */
export function keyGroups(heads, kvHeads, x, y, pitch, size) {
  const per = heads / (kvHeads || heads);
  if (per === 1) return [];
  return Array.from({ length: kvHeads }, (_, group) => {
    const [left, right] = [x + group * per * pitch, x + ((group + 1) * per - 1) * pitch + size];
    const text = [say("share keys and values"), say("share K, V"), "K, V"].find(
      (one) => measure(one, 12, false) * 1.04 < right - left,
    );
    return h(
      "g",
      { "data-keys": group },
      h("path", { d: `M${left},${y}H${right}`, stroke: css("k"), "stroke-width": 1.5 }),
      text && label((left + right) / 2, y + 13, text, { fill: "k-ink", anchor: "middle" }),
    );
  });
}
