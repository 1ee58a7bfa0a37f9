// The layout of the Regularization picture: its parts lie inside the width and not on each other, step by step and whole.

import assert from "node:assert/strict";
import test from "node:test";

import { planRegularization } from "../../pages/regularization/layout.js";

const STOP =
  "Best at step 1,200: 2.345. At the end 2.456, 0.111 worse. After 4 measurements without a new best it would stop at step 1,400.";
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
  const panels = (at, rows) => at.panels.map((p) => ({ x: p.x, y: p.top, w: p.w, h: rows * at.pitch }));

  test(`dropout and the trained runs at ${width}`, () => {
    for (const rows of [2, 10]) {
      const at = planRegularization(width, { rows, early: false, stops: [STOP, STOP] });
      const chart = { x: at.curves.left, y: at.curves.top, w: at.curves.width, h: at.curves.height };
      separate(
        [
          ...panels(at, rows),
          { ...at.mean, h: 116 },
          { ...at.under, h: 112 },
          chart,
          { ...at.stops, h: 120 },
          at.weights,
        ],
        width,
        at.height,
      );
      assert.ok(at.panels.every((p) => p.top + rows * at.pitch <= at.written) && at.written <= at.mid);
      assert.equal(at.panels.length, 3);
    }
  });

  test(`a step before the runs at ${width}: nothing lies on a number`, () => {
    const at = planRegularization(width, { rows: 10, early: true, stops: [] });
    separate([...panels(at, 10), { ...at.mean, h: 116 }], width, at.height);
    assert.ok(at.written <= at.height && at.mean.y + 116 <= at.height);
  });
}
