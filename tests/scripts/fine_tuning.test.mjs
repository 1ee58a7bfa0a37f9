// The layout of the Fine-tuning picture: LoRA's matrices lie inside the width and not on each other, so do curves and table.

import assert from "node:assert/strict";
import test from "node:test";

import { planStep, planWays } from "../../pages/fine_tuning/layout.js";

const SAID =
  "Learned are A, 8 × 128, and B, 128 × 8: 2,048 numbers instead of 16,384. A begins at random, B at 0.";
const apart = (a, b) => a.x + a.w <= b.x || b.x + b.w <= a.x || a.y + a.h <= b.y || b.y + b.h <= a.y;

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

for (const width of [1280, 800, 358]) {
  test(`LoRA's matrices at ${width}, of any rank`, () => {
    for (const rank of [1, 8, 32]) {
      for (const [step, matrices] of [
        [0, 1],
        [1, 3],
        [2, 4],
        [3, 4],
        [4, 5],
      ]) {
        const at = planStep(width, step, { rank, columns: 128 });
        const boxes = Object.values(at.boxes);
        assert.equal(boxes.length, matrices);
        separate(boxes, width, at.height);
        assert.ok(
          boxes.every((box) => box.y >= 20),
          "below the names",
        );
      }
    }
  });

  test(`curves, words and table at ${width}`, () => {
    const at = planWays(width, SAID.repeat(3), SAID);
    const chart = { x: at.chart.left, y: at.chart.top, w: at.chart.width, h: at.chart.height };
    separate([chart, { ...at.table, h: 4 * at.table.pitch }], width, at.height);
    assert.ok(at.axis.top > chart.y + chart.h - 1 && at.read.y + 8 <= at.height);
    for (const [i, [share, line]] of at.table.cells.entries()) {
      const next = at.table.cells[i + 1];
      assert.ok(share < 1 && 22 + 36 * line + 34 <= at.table.pitch);
      if (next?.[1] === line) assert.ok(next[0] > share);
    }
  });
}
