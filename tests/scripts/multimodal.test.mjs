// The layouts of the Multimodal page: columns, the row of tokens and the map lie inside the figure, without overlaps.

import assert from "node:assert/strict";
import test from "node:test";
import { columnsOf, planSequence } from "../../pages/multimodal/figure.js";
import { planMap } from "../../pages/multimodal/space.js";

const WORDS = [
  "a",
  "seven",
  "thick",
  "slanted",
  "left",
  "next",
  "to",
  "a",
  "two",
  "thin",
  "slanted",
  "right",
];
const data = { grid: [4, 8], side: 3, words: WORDS.map((text) => ({ text, p: 0.5, right: null })) };
const WIDTHS = [1280, 860, 760, 358];

for (const width of WIDTHS) {
  test(`columns of pieces, ${width} pixels`, () => {
    const at = columnsOf(width, data);
    const pieces = data.grid[1] * data.side * at.cell;
    assert.ok(at.w >= pieces && at.w <= width);
    assert.ok(at.sequence.x + at.sequence.w <= width);
    if (at.phone) assert.deepEqual(at.xs, [0, 0, 0]);
    else {
      for (const [i, x] of at.xs.entries()) {
        assert.ok(x >= 0 && x + at.w <= width, `column ${i} leaves the figure`);
        if (i) assert.ok(x >= at.xs[i - 1] + at.w, `column ${i} over the one before`);
      }
    }
  });

  test(`a token for each piece and word, ${width} pixels`, () => {
    const { sequence } = columnsOf(width, data);
    const box = { ...sequence, y: 22 };
    const at = planSequence(data, box);
    assert.equal(at.pieces.length, data.grid[0] * data.grid[1]);
    assert.equal(at.words.length, WORDS.length);
    const boxes = [
      ...at.pieces.map(([x, y]) => ({ x, y, w: at.size, h: at.size })),
      ...at.words.map(({ x, y, w }) => ({ x, y: y - 14, w, h: 52 })),
    ];
    for (const one of boxes)
      assert.ok(one.x >= box.x && one.x + one.w <= box.x + box.w && one.y + one.h <= at.bottom);
    for (const [i, a] of boxes.entries())
      for (const b of boxes.slice(i + 1)) {
        assert.ok(
          a.x + a.w <= b.x || b.x + b.w <= a.x || a.y + a.h <= b.y || b.y + b.h <= a.y,
          `${JSON.stringify(a)} over ${JSON.stringify(b)}`,
        );
      }
  });

  test(`a map of a hundred rows and the learner's own, ${width} pixels`, () => {
    const map = planMap(width, { count: 100 });
    assert.ok(map.x + map.size <= width);
    for (let i = 0; i <= 100; i++) {
      const [from, thick] = map.place(i);
      assert.ok(from >= 0 && from + thick <= map.size);
      assert.equal(map.find(from + thick / 2, 101), i);
      if (i) assert.ok(from >= map.place(i - 1)[0] + map.cell);
    }
    assert.equal(map.find(map.size - 1, 100), -1, "without an own row nothing lies behind the last");
  });
}
