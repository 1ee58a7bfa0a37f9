// The Loss picture: where its three parts stand, and the arithmetic that follows a hand.

import assert from "node:assert/strict";
import test from "node:test";

import {
  chance,
  draggedOf,
  evenAt,
  followed,
  lossOf,
  meanOf,
  perplexed,
  plan,
} from "../../pages/loss/layout.js";
import { linesOf } from "../../pages/loss/sum.js";

/** A text of n tokens over a vocabulary of four, with logits z and the first token right. */
function dataOf(n, z = [2, 1, 0, -1], smoothing = 0) {
  const lse = Math.log(z.reduce((sum, v) => sum + Math.exp(v), 0));
  const one = (place) => ({
    place,
    id: 0,
    text: "a",
    before: "",
    surprise: lse - z[0],
    even: z.reduce((sum, v) => sum + lse - v, 0) / z.length,
    lse,
    max: Math.max(...z),
    top: z
      .slice(0, 3)
      .map((logit, id) => ({ id, text: "abc"[id], logit, d: Math.exp(logit - lse) - (id ? 0 : 1) })),
    rest: { count: 1, p: Math.exp(z[3] - lse) },
  });
  return {
    scored: Array.from({ length: n }, (_, i) => one(i + 1)),
    mark: "ab",
    unit: "nats",
    smoothing,
    size: z.length,
  };
}

for (const width of [1280, 960, 800]) {
  test(`text, sum and curve stand side by side: ${width} px`, () => {
    for (const n of [0, 1, 8, 32]) {
      const { rows, sum, curve, height, phone } = plan({ width }, dataOf(n));
      assert.ok(
        !phone &&
          rows.x + rows.w < sum.x &&
          sum.x + sum.w < curve.x &&
          curve.x + curve.w <= width &&
          sum.w > 150,
      );
      assert.ok(rows.bottom + 40 <= height, `${n} rows end at ${rows.bottom}`);
    }
  });
}
test("on a phone they stand one under the other", () => {
  for (const n of [1, 32]) {
    const { rows, sum, curve, height, phone } = plan({ width: 358 }, dataOf(n));
    assert.ok(phone && rows.bottom - rows.top === n * rows.pitch && rows.pitch >= 24);
    assert.ok(rows.bottom <= sum.y && sum.y + sum.h <= curve.y && curve.y + curve.h <= height);
    for (const box of [rows, sum, curve]) assert.ok(box.x >= 0 && box.x + box.w <= 358);
  }
});

test("the table's probabilities sum to 1 and its gradient to 0, by the model and by hand", () => {
  for (const smoothing of [0, 0.1]) {
    const data = dataOf(1, [2, 1, 0, -1], smoothing);
    for (const given of smoothing ? [0.3, 0.9] : [null, 0.3, 0.9]) {
      const { lines, rest } = linesOf(data, data.scored[0], given);
      const sum = (of) => [...lines, rest].reduce((total, line) => total + of(line), 0);
      assert.ok(Math.abs(sum((line) => line.p) - 1) < 1e-9);
      assert.ok(Math.abs(sum((line) => line.y) - 1) < 1e-9);
      assert.ok(Math.abs(sum((line) => line.d)) < 1e-9);
    }
  }
});
test("the model's own probability by hand changes nothing", () => {
  const data = dataOf(3, [2, 1, 0, -1], 0.1);
  const [one] = data.scored;
  const p = Math.exp(-one.surprise);
  assert.ok(Math.abs(evenAt(data, one, p) - one.even) < 1e-9);
  assert.ok(Math.abs(lossOf(data, one, p) - lossOf(data, one)) < 1e-9);
});
test("a hand counts for its own token of its own text", () => {
  const data = dataOf(3);
  const held = (given, follow = 2) => ({ sel: { follow, given } });
  assert.equal(followed(data, held("")), 1);
  assert.equal(draggedOf(data, held("0.25@2.ab")), 0.25);
  assert.equal(draggedOf(data, held("0.25@3.ab")), null);
  assert.equal(draggedOf(data, held("0.25@2.ac")), null);
  assert.equal(draggedOf(data, held("1.25@2.ab")), null);
  const [mean, before] = [meanOf(data, held("0.25@2.ab")), meanOf(data, held(""))];
  assert.ok(Math.abs(3 * (mean - before) - (Math.log(4) - data.scored[1].surprise)) < 1e-9);
});
test("probabilities and perplexities keep their digits", () => {
  assert.deepEqual([1, 0.5, 0.0995, 0.05, 0.00012, 1e-9, 0].map(chance), [
    "1.000",
    "0.500",
    "0.100",
    "0.050",
    "0.00012",
    "<0.0000001",
    "0.000",
  ]);
  assert.deepEqual([0, Math.log(12.34), Math.log(1234.6), 99].map(perplexed), [
    "1.00",
    "12.3",
    "1,235",
    "over 10 million",
  ]);
});
