// The position of a tip: below the part that it explains, or above it if there is no room below.

import { clamp } from "./shapes.js";

/**
 * Returns [top, left] of a tip in its box.
 * @param {[above: number, below: number]} edges between which lies what it explains
 * @param {number} left where it would begin
 * @param {[width: number, height: number]} size of the tip
 * @param {[width: number, height: number]} box
 * @returns {[top: number, left: number]}
 */
export function tipPlace([above, below], left, [width, height], [boxWidth, boxHeight]) {
  const turned = below + height > boxHeight && above - height >= 0;
  return [turned ? above - height : below, clamp(left, 0, Math.max(0, boxWidth - width - 4))];
}
