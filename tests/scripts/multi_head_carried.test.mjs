// What the Multi-head picture's file computes by itself: draws by chance, lines over them, heads switched off, names of heads.

import assert from "node:assert/strict";
import test from "node:test";

import { tensor } from "../../app/outside/model/forward.js";
import { Draws, lineOf } from "../../pages/multi_head/carried/draws.js";
import { readerOf, withoutHeads } from "../../pages/multi_head/carried/effects.js";
import { nameHeads } from "../../pages/multi_head/carried/names.js";
import { aboveEven, pairsOf, weightOf } from "../../pages/multi_head/carried/patterns.js";

const times = (n, of) => Array.from({ length: n }, (_, i) => of(i));

test("draws are spread evenly, and the same for the same seed", () => {
  const draws = new Draws(3);
  const found = times(20_000, () => draws.next());
  const again = new Draws(3);
  assert.deepEqual(
    found.slice(0, 9),
    times(9, () => again.next()),
  );
  assert.notEqual(found[0], new Draws(4).next());
  for (const tenth of times(10, (i) => i)) {
    const share = found.filter((one) => Math.floor(one * 10) === tenth).length / found.length;
    assert.ok(Math.abs(share - 0.1) < 0.01, `${tenth}: ${share}`);
  }
  const after = found.slice(1).filter((one, i) => one > 0.5 === found[i] > 0.5).length / found.length;
  assert.ok(Math.abs(after - 0.5) < 0.02, "a draw tells nothing of the next one");
});

test("every order of three is as likely, and none is chosen twice", () => {
  const draws = new Draws();
  const counts = new Map();
  for (let i = 0; i < 6000; i++) {
    const order = draws.permutation(["a", "b", "c"]).join("");
    counts.set(order, (counts.get(order) ?? 0) + 1);
  }
  assert.equal(counts.size, 6);
  for (const count of counts.values()) assert.ok(Math.abs(count - 1000) < 130, String(count));
  const some = draws.choice(
    times(50, (i) => i),
    20,
  );
  assert.equal(new Set(some).size, 20);
});

test("one draw of twenty lies above the line", () => {
  const line = lineOf(
    times(200, (i) => ((i * 37) % 200) / 200),
    0.05,
  );
  const above = times(200, (i) => i / 200).filter((one) => one > line).length;
  assert.ok(above > 8 && above <= 10, String(above));
  assert.equal(lineOf([-1, -2, -3], 0.05), 0);
});

test("a head that is off mixes nothing, or its mean over the text; the others stay", () => {
  const z = () => tensor([2, 2, 2], [1, 2, 3, 4, 5, 6, 7, 8]); // two tokens, two heads, two numbers
  const zero = z();
  withoutHeads({ heads: [[1, 0]], value: "zero" })["blocks.1.attn.hook_z"](zero);
  assert.deepEqual([...zero], [0, 0, 3, 4, 0, 0, 7, 8]);
  const mean = z();
  withoutHeads({
    heads: [
      [1, 0],
      [1, 1],
    ],
    value: "mean",
  })["blocks.1.attn.hook_z"](mean);
  assert.deepEqual([...mean], [3, 4, 5, 6, 3, 4, 5, 6]);
});

test("who reads otherwise without a head comes after it, and is not off itself", () => {
  const row = (...of) => Float32Array.from(of);
  const now = [[row(1, 0)], [row(0.9, 0.1)], [row(0.8, 0.2)]];
  const then = [[row(0, 1)], [row(0.1, 0.9)], [row(0.7, 0.3)]];
  const reads = (largest, chosen, off) =>
    readerOf(largest, chosen, { heads: off, value: "zero" }, now, then)?.slice(0, 2);
  assert.deepEqual(reads([0, 0], [0, 0], []), [1, 0]);
  assert.deepEqual(reads([0, 0], [2, 0], []), [2, 0], "the chosen head comes first");
  assert.deepEqual(reads([0, 0], [0, 0], [[1, 0]]), [2, 0]);
  assert.equal(reads([2, 0], [0, 0], []), undefined);
});

const told = {
  names: { induction: "induction", same: "same token", previous: "previous token", first: "first token" },
  even: "spread evenly",
  mixed: "mixed",
  short: "text too short",
  reads: { names: "reads names" },
  rules: {
    sharp: ["induction", "same", "previous"],
    broad: ["first"],
    content: ["induction", "same"],
    shortest: 4,
    namedFrom: 0.3,
    evenFrom: 0.9,
  },
};
const score = (value) => ({ value: [[value]], even: 0.1, most: 0.5, rows: 5 });
const known = (more) => ({
  scores: {},
  repeats: {},
  lines: {},
  repeatLines: {},
  classes: {},
  spread: [[0.5]],
  tokens: 9,
  ...more,
});
const named = (more) => nameHeads(known(more), told)[0][0];

test("a head has the name of a pattern that is high and beyond chance, else none", () => {
  assert.equal(named({}), "mixed");
  assert.equal(named({ spread: [[0.95]] }), "spread evenly");
  assert.equal(named({ tokens: 3 }), "text too short");
  assert.equal(named({ scores: { first: score(0.4) }, lines: { first: 0.5 } }), "first token");
  assert.equal(named({ scores: { first: score(0.4) }, lines: { first: 0.9 } }), "mixed", "not beyond chance");
  assert.equal(
    named({ scores: { first: score(0.45), previous: score(0.3) } }),
    "previous token",
    "a sharp pattern comes first",
  );
  assert.equal(named({ classes: { names: { score: score(0.4), line: 0.5 } } }), "reads names");
  assert.equal(named({ classes: { names: { score: score(0.4), line: 0.9 } } }), "mixed");
});

test("as long as chance or repeats are not measured, they give no name", () => {
  assert.equal(named({ scores: { induction: score(0.4) }, lines: { induction: Infinity } }), "mixed");
  const unmeasured = score(null);
  assert.deepEqual([weightOf(unmeasured), aboveEven(unmeasured)], [[[null]], [[null]]]);
  assert.equal(named({ repeats: { induction: unmeasured }, repeatLines: { induction: 0.1 } }), "mixed");
  assert.equal(named({ repeats: { induction: score(0.4) }, repeatLines: { induction: 0.1 } }), "induction");
});

test("a causal row has no pair behind it", () => {
  const pairs = pairsOf({ ids: [7, 8, 7, 9], causal: true }, { recent: 3 });
  assert.deepEqual(pairs.same, [[], [], [0], []]);
  assert.deepEqual(pairs.induction, [[], [], [1], []]);
  assert.equal(pairs.next, undefined);
  const both = pairsOf({ ids: [7, 8, 7, 9], causal: false }, { recent: 3 });
  assert.deepEqual(both.same, [[2], [], [0], []]);
  assert.deepEqual(both.induction, [[3], [], [1], []]);
  assert.deepEqual(both.next, [[1], [2], [3], []]);
});
