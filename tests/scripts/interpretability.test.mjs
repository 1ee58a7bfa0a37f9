// The layouts of the Interpretability page: no panel lies over another, and all lie inside the figure.

import assert from "node:assert/strict";
import test from "node:test";
import {
  describeCoverage,
  everyDepth,
  hasWords,
  wordSlot,
  plan,
  someDepths,
  unmeasuredBlocks,
} from "../../pages/interpretability/figure.js";
import { planMaps } from "../../pages/interpretability/path.js";

const WIDTHS = [1280, 860, 760, 358];
const many = (count) => Array.from({ length: count }, (_, i) => ({ text: ` word${i}`, id: i }));

/** A model of so many blocks and heads on texts of so many tokens. */
function counts({
  tokens = 12,
  rows = tokens,
  blocks = 6,
  heads = 8,
  sites = ["stream", "attention", "mlp"],
  one = true,
  opened = ["says", "patches"],
}) {
  const lens = blocks ? { ids: Array.from({ length: blocks + 1 }, () => []) } : null;
  return { tokens: many(tokens), rows: many(rows), blocks, heads, sites, one, lens, opened };
}

const MODELS = {
  "a small model": counts({}),
  "a deep model": counts({ blocks: 30, heads: 9, tokens: 40 }),
  "an encoder-decoder": counts({ one: false, rows: 7, sites: ["stream", "attention", "cross", "mlp"] }),
  "a model without blocks": counts({ blocks: 0 }),
};

/** Every panel as {left, right, top, bottom}, without the names above and beside it. */
function panels(at) {
  const cells = (box) => ({
    left: box.x,
    right: box.x + box.w,
    top: box.y,
    bottom: box.y + box.rows * box.pitch,
  });
  const found = {
    ...Object.fromEntries(Object.entries(at.sites).map(([name, box]) => [name, cells(box)])),
    direct: cells(at.direct),
    patched: cells(at.patched),
  };
  if (at.lens.cols) found.lens = cells(at.lens);
  found.parts = {
    left: at.parts.x,
    right: at.parts.x + at.parts.w,
    top: at.parts.y,
    bottom: at.parts.y + at.parts.h,
  };
  found.neurons = {
    left: at.neurons.x,
    right: at.neurons.x + at.neurons.w,
    top: at.neurons.y,
    bottom: at.neurons.y + 36 + 5 * 17,
  };
  found.card = { left: at.card.x, right: at.card.x + at.card.w, top: at.card.y, bottom: at.height };
  return Object.entries(found);
}
const apart = (a, b) =>
  a.right <= b.left + 1e-6 ||
  b.right <= a.left + 1e-6 ||
  a.bottom <= b.top + 1e-6 ||
  b.bottom <= a.top + 1e-6;

for (const [name, data] of Object.entries(MODELS)) {
  for (const width of WIDTHS) {
    test(`${name}, ${width} pixels: panels lie apart and inside`, () => {
      const at = plan(width, data);
      const all = panels(at);
      for (const [key, box] of all) {
        assert.ok(box.left >= 0 && box.right <= width + 1e-6, `${key} leaves the figure`);
        assert.ok(box.top >= 0 && box.bottom <= at.height, `${key} is cut off below`);
        assert.ok(box.right > box.left, `${key} has no room`);
      }
      for (const [i, [key, box]] of all.entries())
        for (const [other, place] of all.slice(i + 1)) assert.ok(apart(box, place), `${key} over ${other}`);
      assert.deepEqual(Object.keys(at.sites), data.sites);
      for (const box of Object.values(at.sites))
        assert.deepEqual([box.rows, box.cols], [data.rows.length, data.blocks]);
      assert.deepEqual([at.direct.rows, at.direct.cols], [data.blocks, data.heads]);
    });
  }
}

for (const width of WIDTHS) {
  test(`the first look, ${width} pixels: the lens alone, and what opens takes its room`, () => {
    const heights = [[], ["says"], ["patches"], ["says", "patches"]].map((opened) =>
      plan(width, counts({ opened })),
    );
    const [first, says, , all] = heights;
    assert.ok(first.height < says.height && says.height <= all.height);
    assert.ok(first.card.y >= first.lens.y + first.lens.rows * first.lens.pitch);
    assert.ok(first.lens.w >= all.lens.w && first.lens.x + first.lens.w <= width);
    const band = says.parts;
    assert.ok(band.y >= says.lens.y + says.lens.rows * says.lens.pitch && band.y + band.h <= says.card.y);
  });
}

test("a phone has the lens above the sites, a desk has them beside each other", () => {
  const [phone, desk] = [plan(358, MODELS["a small model"]), plan(1280, MODELS["a small model"])];
  assert.ok(phone.sites.stream.y > phone.lens.y + phone.lens.rows * phone.lens.pitch);
  assert.equal(desk.sites.stream.y, desk.lens.y);
});

for (const width of WIDTHS) {
  test(`the three maps of a path, ${width} pixels: apart and inside, a row for each sender's block`, () => {
    for (const data of [
      { block: 0, heads: 4, cross: false },
      { block: 11, heads: 12, cross: false },
      { block: 5, heads: 8, cross: true },
    ]) {
      const at = planMaps(width, data);
      assert.equal(at.rows, data.block + 1);
      assert.equal(at.cols, data.heads * (data.cross ? 2 : 1) + 1);
      const boxes = at.places.map(({ x, y }) => ({
        left: x - 34,
        right: x + at.w,
        top: y - 52,
        bottom: y + at.rows * at.pitch,
      }));
      for (const box of boxes) assert.ok(box.left >= 0 && box.right <= width && box.bottom <= at.height);
      assert.ok(apart(boxes[0], boxes[1]) && apart(boxes[1], boxes[2]) && apart(boxes[0], boxes[2]));
    }
  });
}

test("cells that are not measured are hatched, and the picture says how many are measured", () => {
  const data = { blocks: 5, patched: { stream: [0, 4], head: [] }, done: 16, total: 120 };
  assert.deepEqual(unmeasuredBlocks(data, "stream"), [1, 2, 3]);
  assert.deepEqual(unmeasuredBlocks(data, "head"), [], "nothing is measured: the panel is empty");
  assert.deepEqual(unmeasuredBlocks(data, "heads"), []);
  assert.equal(describeCoverage(data), "16 of 120 measured");
  assert.equal(describeCoverage({ done: 120, total: 120 }), "");
  assert.equal(describeCoverage({ done: 0, total: 120 }), "");
});

test("a lens of many depths has words in some columns, and names the depths of its chances", () => {
  assert.equal(everyDepth({ cols: 5, w: 300 }), 1);
  const every = everyDepth({ cols: 31, w: 320 });
  assert.ok(every > 1 && (every * 320) / 31 >= 34);
  for (const box of [
    { cols: 31, w: 320 },
    { cols: 31, w: 920 },
    { cols: 5, w: 300 },
  ])
    assert.ok(hasWords(box, box.cols - 1), "what the model says is always named");
  const named = Array.from({ length: 31 }, (_, col) => hasWords({ cols: 31, w: 320 }, col));
  assert.deepEqual(
    named.filter(Boolean).length,
    Math.floor(31 / every),
    "the first column has no room for a word",
  );
  const slots = named.flatMap((is, col) => (is ? [wordSlot({ cols: 31, w: 320 }, col)] : []));
  assert.ok(Math.abs(slots.at(-1)[0] + slots.at(-1)[1] - 320) < 1e-6);
  for (const [at, [left]] of slots.entries())
    assert.ok(at === 0 || Math.abs(slots[at - 1][0] + slots[at - 1][1] - left) < 1e-6, "side by side");
  assert.deepEqual(someDepths(5), [0, 1, 2, 3, 4]);
  const some = someDepths(31);
  assert.equal(some.length, 8);
  assert.deepEqual([some[0], some[7]], [0, 30]);
});
