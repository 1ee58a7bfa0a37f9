// The places of the Multi-head picture: a tile for each head, none over another, all inside the picture.

import assert from "node:assert/strict";
import test from "node:test";

import { litPart } from "../../pages/multi_head/writes.js";
import { named, offSet, plan, tile, tileAt } from "../../pages/multi_head/layout.js";

const MODELS = [
  [1, 1, 1],
  [4, 4, 4],
  [12, 12, 12],
  [24, 16, 16],
  [30, 9, 3],
  [48, 25, 25],
];

/** A model of so many blocks and heads, as the picture's data; every third head is an induction head. */
function model([blocks, heads, kvHeads]) {
  const roles = Array.from({ length: blocks * heads }, (_, i) => ({
    name: i % 3 ? "mixed" : "induction",
    short: i % 3 ? "" : "ind",
    score: i / 1000,
  }));
  return {
    blocks,
    heads,
    kvHeads,
    roles,
    mark: "",
    scoreNames: Array(10).fill("score"),
    effect: { change: null },
  };
}
function everyPlan(check) {
  for (const size of MODELS) {
    for (const order of ["block", "kind"]) {
      for (const width of [1280, 358]) {
        const data = model(size);
        check(
          plan({ width }, data, { sel: { order }, pinned: null }),
          data,
          width,
          `${size} by ${order} at ${width}`,
        );
      }
    }
  }
}
const tiles = (at, data) => data.roles.map((_, i) => tile(at, Math.floor(i / data.heads), i % data.heads));

test("every head has a tile of its own", () => {
  everyPlan((at, data, _, name) => {
    const { size } = at.grid;
    const places = tiles(at, data);
    places.forEach((a, i) => {
      for (const b of places.slice(i + 1))
        assert.ok(Math.abs(a.x - b.x) >= size - 0.01 || Math.abs(a.y - b.y) >= size - 0.01, name);
    });
  });
});

test("the tiles lie inside the picture, left of the panel or above it", () => {
  everyPlan((at, data, width, name) => {
    for (const { x, y } of tiles(at, data)) {
      assert.ok(x >= 0 && y >= 0 && x + at.grid.size <= width, name);
      assert.ok(at.phone ? y + at.grid.size <= at.panel.y : x + at.grid.size <= at.panel.x, name);
    }
    assert.ok(
      at.panel.x >= 0 &&
        at.panel.x + at.panel.w <= width &&
        at.panel.bottom <= at.foot &&
        at.foot < at.height,
      name,
    );
  });
});

test("a point on a tile is that head's", () => {
  everyPlan((at, data, _, name) => {
    tiles(at, data).forEach(({ x, y }, i) => {
      const middle = [x + at.grid.size / 2, y + at.grid.size / 2];
      assert.deepEqual(
        tileAt(data, at, ...middle),
        { block: Math.floor(i / data.heads), head: i % data.heads },
        name,
      );
    });
  });
});

test("a pinned kind leaves its own heads only", () => {
  const data = model([12, 12, 12]);
  const at = plan({ width: 1280 }, data, { sel: { order: "kind" }, pinned: "induction" });
  assert.equal(tiles(at, data).filter(Boolean).length, 48);
});

test("names of close rows keep apart, and the first asked for is among them", () => {
  const shown = [...named(64, 5, [40])].sort((a, b) => a - b);
  assert.ok(shown.includes(40));
  shown.slice(1).forEach((row, i) => {
    assert.ok((row - shown[i]) * 5 >= 13);
  });
});

test("heads that are off are read as the link writes them", () => {
  const read = (off, mark = "") => [...offSet({ blocks: 2, heads: 2, mark }, { sel: { off } })].sort();
  assert.deepEqual(read("1.0 0.*"), ["0.0", "0.1", "1.0"]);
  assert.deepEqual(read("*"), ["0.0", "0.1", "1.0", "1.1"]);
  assert.deepEqual(read("c1.1 1.0 7.7 x", "c"), ["1.1"]);
});

test("of several wordings the first that fits is shown whole", async () => {
  const { firstFit, measure } = await import("../../app/kit/shapes.js");
  const room = measure("induction", 12, false);
  assert.equal(firstFit(["induction", "ind"], room), "induction");
  assert.equal(firstFit(["induction", "ind"], room - 1), "ind");
  assert.equal(firstFit(["induction", "ind"], 1), "ind", "the last one, whole, where none fits");
});

test("a step of Join lights the part that it adds, not the chosen head", () => {
  const data = /** @type {any} */ ({ heads: 4, join: { biased: true } });
  const lit = (/** @type {any} */ sel) => litPart(data, /** @type {any} */ ({ sel: { head: 2, ...sel } }));
  assert.deepEqual(
    [0, 1, 2, 3, 4].map((added) => lit({ added })),
    [-1, 0, 1, 2, 3],
  );
  assert.equal(lit({ added: -1, tour: 8 }), 4, "the last step adds the bias");
  assert.equal(lit({ added: -1, tour: -1 }), 2, "outside of the steps the chosen head");
});
