// Home's layout at the widths of a desk and of a phone, of models with few and with many blocks.

import assert from "node:assert/strict";
import test from "node:test";

import { foldedOf } from "../../pages/home/fold.js";
import { BASE, insides, layout, legendOf } from "../../pages/home/layout.js";
import { frontier } from "../../pages/home/steps.js";

const MODELS = [
  [2, 4, 8],
  [4, 8, 16],
  [6, 8, 40],
  [12, 12, 12],
  [30, 9, 20],
]; // blocks, heads, tokens
const dataOf = (blocks, heads, tokens) => ({
  blocks,
  heads,
  kv_heads: heads,
  tokens: Array.from({ length: tokens }, (_, i) => ` word${i}`),
  home_row: tokens - 1,
  source: [],
  cross: null,
  lens: true,
  logits: { rows: null },
  shape: "decoder",
  stack: "decoder",
});
const localOf = (more = {}) => ({
  sel: { block: 1, head: 0, follow: -1, walk: 0, ...more },
  hover: null,
  peek: null,
});

for (const width of [1280, 960, 358]) {
  for (const [blocks, heads, tokens] of MODELS) {
    const name = `${blocks} blocks, ${tokens} tokens, ${width} px`;
    const data = dataOf(blocks, heads, tokens);
    const L = layout({ width }, data, localOf());
    test(`blocks stand side by side inside the picture: ${name}`, () => {
      assert.equal(L.blocks.length, blocks);
      L.blocks.forEach((block, l) => {
        assert.ok(block.w > 0);
        const next = L.blocks[l + 1];
        if (next) assert.ok(block.x + block.w <= next.x + 1e-6, `block ${l} reaches over the next`);
      });
      assert.ok(L.blocks[0].x >= L.chipW && L.blocksEnd <= L.width + 1e-6);
      assert.ok(L.phone || L.barsX + L.barsW <= L.width + 1e-6, "the bars are cut off");
      if (width !== 960) assert.ok(L.width <= width + 1e-6, `${L.width} px wide`);
    });
    test(`rows are in view or can be scrolled to: ${name}`, () => {
      assert.equal(L.last - L.first + 1, L.rows);
      assert.equal(L.scrolls, L.rows < tokens);
      assert.ok(L.last === tokens - 1, "the row that predicts is not in view");
      assert.ok(L.y(L.first) - L.pitch / 2 >= L.rowsTop - 1e-6 && L.y(L.last) + L.pitch / 2 <= L.bottom);
      assert.ok(L.lensY >= L.bottom && L.height > L.lensY);
    });
    test(`the legend's words do not run into each other: ${name}`, () => {
      const legend = legendOf(data, L);
      legend.forEach((one, i) => {
        assert.ok(one.y <= L.height && (L.phone || one.right <= L.width + 1));
        const next = legend[i + 1];
        if (next?.y === one.y) assert.ok(one.right < next.left);
      });
    });
  }
}

test("an export shows all rows", () => {
  const L = layout({ width: 1280, whole: true }, dataOf(4, 4, 60), localOf());
  assert.ok(L.rows === 60 && L.first === 0 && !L.scrolls);
});
test("of many blocks the first, the open and the last stay wide", () => {
  const local = localOf({ block: 10 });
  const data = dataOf(30, 9, 8);
  const L = layout({ width: 1280 }, data, local);
  local.folds = L.folded;
  assert.ok(L.folded);
  assert.deepEqual(
    foldedOf(data, local),
    Array.from({ length: 28 }, (_, l) => l + 1).filter((l) => l !== 10),
  );
  const closed = L.blocks.filter((_, l) => l > 0 && l < 29 && l !== 10);
  assert.ok(closed.every((block) => block.w < L.blocks[0].w && block.w < L.blocks[10].w));
});
test("a block that opens takes the room of the one that closes", () => {
  const data = dataOf(4, 4, 8);
  const ends = [0, 0.3, 1].map(
    (t) => layout({ width: 1280 }, data, { ...localOf(), opening: { from: 3, t } }).blocksEnd,
  );
  assert.ok(Math.max(...ends) - Math.min(...ends) < 1e-6);
});
test("an open block's parts stand in their order, for any number of columns", () => {
  for (const columns of [1, 8, 64]) {
    for (const tight of [false, true]) {
      const G = insides(BASE.least, columns, tight);
      const order = [
        0,
        G.start,
        G.strip,
        G.stripEnd,
        G.q,
        G.first,
        G.lastCol,
        G.out,
        G.plus,
        G.mlp,
        G.mlpEnd,
        G.plus2,
        G.end,
      ];
      for (let i = 1; i < order.length; i++)
        assert.ok(order[i] >= order[i - 1] - 1e-6, `${columns} columns, part ${i}: ${order}`);
      assert.ok(G.col(columns - 1) <= G.out);
    }
  }
});

test("a step inside a block leaves the block's heading whole", () => {
  const L = layout({ width: 1060 }, dataOf(4, 4, 7), localOf({ block: 3 }));
  const block = L.blocks[0];
  for (const part of ["attention", "mlp"]) {
    const at = frontier(L, { name: "Block 0", part, block: 0 });
    assert.ok(at.headings >= block.x + block.w, part);
    assert.ok(at.headings <= L.blocks[1].x, "the next block is not reached yet");
  }
  const at = frontier(L, { name: "Block 0: attention", part: "attention", block: 0 });
  assert.ok(at.x < block.x + block.w, "its MLP is not reached yet");
});
