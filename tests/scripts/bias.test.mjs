// The word axis of the Bias page: words stand near their values, and none over another.

import assert from "node:assert/strict";
import test from "node:test";
import { placedWords } from "../../pages/bias/axis.js";

const WORDS = [
  "science",
  "technology",
  "physics",
  "chemistry",
  "Einstein",
  "NASA",
  "experiment",
  "astronomy",
  "poetry",
  "art",
  "Shakespeare",
  "dance",
  "literature",
  "novel",
  "symphony",
  "drama",
];

for (const width of [1280, 640, 358]) {
  const [left, right] = [6, width - 6];
  const px = (value) => left + ((value + 1) / 2) * (right - left);
  for (const [name, value] of [
    ["spread out", (i) => -0.9 + 0.12 * i],
    ["close together", (i) => 0.01 * i],
    ["all at one place", () => 0.5],
    ["at the edges", (i) => (i % 2 ? 1 : -1)],
  ]) {
    test(`${WORDS.length} words ${name}, ${width} pixels: each has a place of its own inside`, () => {
      const values = WORDS.map((_, i) => value(i));
      const placed = placedWords(WORDS, values, px, left, right);
      assert.deepEqual(
        placed.map((one) => one.i).sort((a, b) => a - b),
        [...WORDS.keys()],
      );
      for (const one of placed) {
        assert.equal(one.word, WORDS[one.i]);
        assert.ok(
          one.x - one.w / 2 >= left - 1e-6 && one.x + one.w / 2 <= right + 1e-6,
          `${one.word} leaves the axis`,
        );
        assert.ok(Math.abs(one.x - px(one.value)) <= one.w / 2 + 1e-6, `${one.word} is far from its value`);
      }
      for (const [i, one] of placed.entries())
        for (const other of placed.slice(i + 1)) {
          assert.ok(
            one.row !== other.row || Math.abs(one.x - other.x) >= (one.w + other.w) / 2 - 1e-6,
            `${one.word} over ${other.word}`,
          );
        }
      const rows = new Set(placed.map((one) => one.row));
      assert.deepEqual(
        [...rows].sort((a, b) => a - b),
        [...rows.keys()].map((_, i) => i),
      );
    });
  }
}

test("words far apart share the row nearest to the axis", () => {
  const placed = placedWords(["he", "she"], [-0.8, 0.8], (value) => 600 + 500 * value, 0, 1200);
  assert.deepEqual(
    placed.map((one) => one.row),
    [0, 0],
  );
});
