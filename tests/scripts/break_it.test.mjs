// The layout of the Break it picture: charts and words lie inside the width and not on each other, at every step.

import assert from "node:assert/strict";
import test from "node:test";

import {
  FOUND,
  REMEDY,
  placeSaid,
  planBreakIt,
  sampleLines,
  tokenRows,
} from "../../pages/break_it/layout.js";

const FINDINGS = Array.from(
  { length: 4 },
  (_, i) =>
    `Finding ${i}: the numbers that leave the last block are 12.3 times as large as those of the whole model.`,
);
const COST = "Without it the loss of the text is 7.12 instead of 2.34 nats a token.";
const TOKENS = Array.from({ length: 40 }, (_, i) => ({ text: ` token${i}`, id: i, whole: 1, without: null }));
const WORDS = {
  now: { said: TOKENS, findings: FINDINGS, cost: COST },
  pair: {
    samples: ["Once upon a time, there was ".repeat(4), ""],
    findings: FINDINGS,
    cost: COST,
    at: 400,
    remedy: "Put the residual connections back: a gradient reaches the first block through them. "
      .repeat(3)
      .trim(),
  },
};
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
  test(`both halves at ${width}`, () => {
    for (const stage of [0, 1, FOUND, REMEDY]) {
      const at = planBreakIt(width, WORDS, stage);
      const chart = { x: at.curves.left, y: at.curves.top, w: at.curves.width, h: at.curves.height };
      const words = (box, said) => ({
        ...box,
        h: at.phone ? placeSaid(box, stage, said).bottom - box.y : box.h,
      });
      const shown = stage > 0 ? [...at.now, ...at.trained] : [];
      separate(
        [at.next, ...shown, words(at.says, WORDS.now), chart, words(at.diagnosis, WORDS.pair)],
        width,
        at.height,
      );
      assert.ok(at.remedy.y <= at.height && at.samples.y >= chart.y + chart.h);
    }
  });
}

test("findings that do not fit are left out, the first never", () => {
  const all = placeSaid({ x: 0, y: 0, w: 300, h: 1e9 }, FOUND, WORDS.now);
  const few = placeSaid({ x: 0, y: 0, w: 300, h: 150 }, FOUND, WORDS.now);
  assert.equal(all.findings.length, 4);
  assert.ok(few.findings.length >= 1 && few.findings.length < 4);
  assert.ok(few.rest.y >= few.findings.at(-1).y + 16 * few.findings.at(-1).rows.length);
  assert.deepEqual(placeSaid({ x: 0, y: 0, w: 300, h: 1e9 }, 0, WORDS.now).findings, []);
});

test("the last tokens are shown in rows that fit", () => {
  const rows = tokenRows(TOKENS, 358, 3);
  assert.equal(rows.length, 3);
  assert.equal(rows.at(-1).at(-1)[0], TOKENS.at(-1));
  for (const row of rows) assert.ok(row.reduce((sum, [, wide]) => sum + wide + 4, -4) <= 358);
});

test("a long sample ends with an ellipsis", () => {
  assert.deepEqual(sampleLines("", 300, 3), ["∅"]);
  const lines = sampleLines("word ".repeat(200), 300, 3);
  assert.ok(lines.length === 3 && lines[2].endsWith("…"));
});
