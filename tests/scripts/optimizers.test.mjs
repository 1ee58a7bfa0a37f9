// Layouts of the Optimizers page: everything lies inside the width, and nothing on anything else.

import assert from "node:assert/strict";
import test from "node:test";

import {
  planFinder,
  planFive,
  planLandscape,
  planMoments,
  planRace,
  planRecipe,
  scaleOf,
  set,
  sig,
} from "../../pages/optimizers/layout.js";

const WIDTHS = [1280, 800, 358];
const apart = (a, b) => a.x + a.w <= b.x || b.x + b.w <= a.x || a.y + a.h <= b.y || b.y + b.h <= a.y;

/** Boxes lie inside the picture and on none of the others. */
function separate(boxes, width, height) {
  for (const [i, box] of boxes.entries()) {
    assert.ok(
      box.x >= 0 && box.x + box.w <= width && box.y >= 0 && box.y + box.h <= height,
      `${JSON.stringify(box)} in ${width} × ${height}`,
    );
    for (const other of boxes.slice(i + 1))
      assert.ok(apart(box, other), `${JSON.stringify(box)} on ${JSON.stringify(other)}`);
  }
}

for (const width of WIDTHS) {
  test(`the race at ${width}`, () => {
    const at = planRace(width);
    const five = { ...at.rows, h: 5 * at.rows.row };
    separate(
      [at.map, at.slider, { ...at.side, h: 46 }, five, at.chart, { ...at.strip, h: 20 }],
      width,
      at.height,
    );
    assert.ok(at.numbers.y > at.chart.y + at.chart.h && at.numbers.y < at.strip.y);
  });

  test(`one weight at ${width}`, () => {
    const at = planMoments(width);
    separate([at.map, { ...at.chart, h: 300 }, { ...at.sums, h: 260 }], width, at.height);
  });

  test(`the five, the finder and the landscape at ${width}`, () => {
    const five = planFive(width);
    const chart = { x: five.chart.left, y: five.chart.top, w: five.chart.width, h: five.chart.height };
    separate([chart, { ...five.rows, h: 5 * five.rows.row }], width, five.height);
    const { left, top, right, bottom, words, height } = planFinder(width);
    separate(
      [
        { x: left, y: top, w: right - left, h: bottom - top },
        { ...words, h: 100 },
      ],
      width,
      height,
    );
    const land = planLandscape(width);
    separate([land.map, { ...land.words, h: 240 }], width, land.height);
  });

  test(`a row for each part of the recipe at ${width}`, () => {
    const part = (removed, what, low, high) => ({ removed, what, low, high });
    const parts = [
      part("Muon", "AdamW for all weights", 1.42, 1.45),
      part("ReLU²", "a word of explanation ".repeat(12).trim(), 1.4, 1.41),
      part("RoPE", "learned positions", 1.39, 1.4),
    ];
    const at = planRecipe(width, { low: 1.36, high: 1.38 }, parts);
    assert.equal(at.rows.length, parts.length);
    for (const [i, row] of at.rows.entries()) {
      assert.ok(
        row.top + 16 * row.below * row.lines.length < (at.rows[i + 1]?.top ?? at.end),
        `row ${i} reaches into the next`,
      );
      assert.ok(
        row.mid < (at.rows[i + 1]?.top ?? at.end) &&
          at.X(parts[i].low) >= 0 &&
          at.X(parts[i].high) <= width - 118,
      );
    }
    assert.ok(at.X(1.36) < at.X(1.45));
  });
}

test("a map's coordinates go there and back", () => {
  const scale = scaleOf([-2, 2, -1, 3], { x: 10, y: 20, w: 400, h: 300 });
  assert.deepEqual([scale.x(-2), scale.y(3), scale.x(2), scale.y(-1)], [10, 20, 410, 320]);
  assert.deepEqual(scale.back(scale.x(0.5), scale.y(1)), [0.5, 1]);
});

test("numbers are written in four figures, settings as they were set", () => {
  assert.deepEqual(
    [0, 0.1234567, -12.3456, 0.0000123456, 23456.7, 1234567].map((x) => sig(x)),
    ["0", "0.1235", "−12.35", "1.23e−5", "23,457", "1.23e6"],
  );
  assert.deepEqual([0.1, 1e-8, -3, 100000].map(set), ["0.1", "1e−8", "−3", "1e5"]);
});
