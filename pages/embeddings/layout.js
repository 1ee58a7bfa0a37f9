// Where the parts of the pictures stand. Of the first: text and lookup at the left, the map with its neighbours at the right, the analogy
// below the map; on a phone one below the other. Places and sizes are in pixels.

import { isPhone } from "../../app/kit/widths.js";

/**
 * @typedef {ReturnType<typeof plan>} Plan
 * @typedef {ReturnType<typeof trainingPlan>} TrainingPlan
 */

/**
 * `words` is where a step draws as long as the map is not told.
 * @param {number} w width of the figure
 */
export function plan(w) {
  if (isPhone(w)) {
    return {
      phone: true,
      chips: { x: 0, y: 16, w, lines: 3 },
      lookup: { x: 0, y: 146, w },
      other: { x: 0, y: 468, w },
      map: { left: 0, top: 542, width: w, height: 320 },
      list: { x: 0, y: 888, w, pitch: 28 },
      analogy: { x: 0, y: 1330, w },
      words: { x: 0, y: 468, w },
      height: 1446,
    };
  }
  const left = Math.round(Math.max(330, Math.min(420, w * 0.375)));
  const x = left + 26;
  const side = 168;
  return {
    phone: false,
    chips: { x: 0, y: 12, w: left, lines: 2 },
    lookup: { x: 0, y: 102, w: left },
    other: { x: 0, y: 428, w: left },
    map: { left: x, top: 0, width: w - x - side - 16, height: 424 },
    list: { x: w - side, y: 12, w: side, pitch: 26 },
    analogy: { x, y: 438, w: w - x },
    words: { x, y: 20, w: w - x },
    height: 500,
  };
}

/**
 * A run of words: the map at the left with its slider below, curve, buttons and neighbours at the right, from `side` on and as
 * wide as `room`; on a phone below, from `from` on.
 * @param {number} width of the figure
 * @param {boolean} families whether their colours are told above the map
 */
export function trainingPlan(width, families) {
  const phone = isPhone(width);
  const top = families ? 46 : 26;
  const room = phone ? width : 324;
  const wide = phone ? width : width - room - 20;
  const tall = phone ? 360 : 452;
  return {
    phone,
    map: { left: 0, top, width: wide, height: tall },
    side: phone ? 0 : wide + 20,
    from: phone ? top + tall + 66 : 0,
    room,
    bar: top + tall + 8,
  };
}
