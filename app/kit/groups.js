// Query heads that share keys and values: grouped-query attention (Ainslie et al. 2023).

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
 * "shares keys and values with heads 3 and 5"; "" where each head has its own.
 * @type {(head: number, heads: number, kvHeads: number) => string}
 */
export function sharedWords(head, heads, kvHeads) {
  const others = sharers(head, heads, kvHeads);
  if (!others.length) return "";
  if (others.length === heads - 1) return "shares keys and values with all other heads";
  const last = others.pop();
  return `shares keys and values with ${others.length ? `heads ${others.join(", ")} and` : "head"} ${last}`;
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
    const text = ["share keys and values", "share K, V", "K, V"].find((one) => measure(one, 12, false) * 1.04 < right - left);
    return h("g", { "data-keys": group }, h("path", { d: `M${left},${y}H${right}`, stroke: css("k"), "stroke-width": 1.5 }),
      text && label((left + right) / 2, y + 13, text, { fill: "k-ink", anchor: "middle" }));
  });
}
