// Where the parts of the Embeddings pictures stand: none lies on another, all lie inside the figure.

import assert from "node:assert/strict";
import test from "node:test";
import { plan, trainingPlan } from "../../pages/embeddings/layout.js";

const overlap = (a, b) => a.x < b.x + b.w && b.x < a.x + a.w && a.y < b.y + b.h && b.y < a.y + a.h;
const boxOf = (one, h) => ({
  x: one.left ?? one.x,
  y: one.top ?? one.y,
  w: one.width ?? one.w,
  h: one.height ?? h,
});

/** @param {Record<string, {x: number, y: number, w: number, h: number}>} parts */
function apart(parts, width, height) {
  for (const [name, one] of Object.entries(parts)) {
    assert.ok(one.x >= 0 && one.x + one.w <= width && one.w > 60, `${name} is as wide as the figure lets it`);
    assert.ok(one.y >= 0 && one.y + one.h <= height, `${name} is inside the figure`);
    for (const [other, box] of Object.entries(parts))
      assert.ok(one === box || !overlap(one, box), `${name} lies on ${other}`);
  }
}

for (const width of [1280, 358]) {
  test(`the first picture at ${width} px`, () => {
    const at = plan(width);
    const rows = at.phone ? 14 : Math.floor((at.map.height - 44) / at.list.pitch); // of neighbours
    apart(
      {
        chips: boxOf(at.chips, 14 + 30 * at.chips.lines),
        lookup: boxOf(at.lookup, 300),
        other: boxOf(at.other, 60),
        map: boxOf(at.map),
        list: boxOf(at.list, 30 + rows * at.list.pitch),
        analogy: boxOf(at.analogy, at.phone ? 112 : 60),
      },
      width,
      at.height,
    );
  });

  for (const families of [true, false]) {
    test(`a run of words at ${width} px, ${families ? "with" : "without"} families`, () => {
      const at = trainingPlan(width, families);
      apart(
        {
          legend: { x: 0, y: 0, w: at.map.width, h: families ? 40 : 18 },
          map: boxOf(at.map),
          bar: { x: 0, y: at.bar, w: at.map.width, h: at.phone ? 44 : 28 },
          side: { x: at.side, y: at.phone ? at.from : 0, w: at.room, h: 400 },
        },
        width,
        2000,
      );
    });
  }
}
