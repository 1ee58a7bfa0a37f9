// Where the Efficiency picture's parts stand: none lies on another, all lie inside the figure.

import assert from "node:assert/strict";
import test from "node:test";
import { DESK, isDesk } from "../../app/kit/widths.js";
import { answerPlaces, plan } from "../../pages/efficiency/layout.js";

const inLines = (room) => Array.from({ length: Math.ceil(700 / room) }, () => "words"); // a sentence of 700 px
const overlap = (a, b) =>
  a.x < b.x + b.w - 1e-6 && b.x < a.x + a.w - 1e-6 && a.y < b.y + b.h && b.y < a.y + a.h;

for (const width of [1280, DESK, 358]) {
  for (const pieces of [0, 4, 6]) {
    for (const alone of [false, true])
      test(`parts at ${width} px, ${pieces} matrices in a block${alone ? ", in a file" : ""}`, () => {
        const { table, histogram, strip, costs, answers } = plan(width, pieces, inLines, alone);
        const parts = { table, histogram, strip, costs, answers: { ...answers, h: 1 } };
        for (const [name, one] of Object.entries(parts)) {
          assert.ok(one.x >= 0 && one.x + one.w <= width && one.y >= 0 && one.w > 0, `${name} lies outside`);
          for (const [other, box] of Object.entries(parts))
            assert.ok(one === box || !overlap(one, box), `${name} lies on ${other}`);
        }
        assert.ok(
          answers.y >= Math.max(...[table, histogram, strip, costs].map((one) => one.y + one.h)),
          "answers stand below all",
        );
      });
  }

  test(`a place for each token at ${width} px`, () => {
    for (const count of [0, 1, 7, 64]) {
      const { places, each, h, bottom } = answerPlaces({ x: 0, y: 400, w: width - 2 }, count, !isDesk(width));
      const boxes = places.map((one) => ({ ...one, w: each, h }));
      assert.equal(boxes.length, count);
      boxes.forEach((one, i) => {
        assert.ok(one.x >= 0 && one.x + one.w <= width, "inside the figure");
        assert.ok(one.y + one.h - 12 <= bottom, "above what comes below"); // y is a baseline
        assert.ok(
          boxes.slice(i + 1).every((other) => !overlap(one, other)),
          "on no other token",
        );
      });
    }
  });
}
