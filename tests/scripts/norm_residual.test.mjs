// The places of the Norm and residual picture: the ledger's columns, its lines in view, the tokens.

import assert from "node:assert/strict";
import test from "node:test";

import { chosenOf, plan } from "../../pages/norm_residual/layout.js";

/** A ledger of `blocks` blocks: the embedding, then attention and MLP of each. */
function ledger(blocks, tokens = 9) {
  const part = (layer, part) => ({ name: `L${layer} ${part}`, part, layer });
  const lines = [
    { name: "embedding", part: "embedding", layer: null },
    ...Array.from({ length: blocks }, (_, l) => [part(l, "attention"), part(l, "mlp")]).flat(),
  ];
  return {
    lines,
    direct: true,
    tokens: Array.from({ length: tokens }, (_, i) => ({ text: ` word${i}`, id: i, special: false })),
  };
}
const everyPlan = (check) => {
  for (const blocks of [0, 1, 4, 12, 48]) {
    for (const width of [1280, 860, 358]) {
      for (const whole of [false, true]) {
        const data = ledger(blocks);
        check(
          plan({ width, whole }, data),
          data,
          width,
          whole,
          `${blocks} blocks at ${width}${whole ? ", whole" : ""}`,
        );
      }
    }
  }
};

test("columns stand beside each other, inside the width", () => {
  everyPlan((at, _, width, __, name) => {
    const columns = [at.names, at.strip, at.size, at.cosine, at.logit].filter(Boolean);
    columns.forEach(([from, wide], i) => {
      assert.ok(wide > 0 && from >= 0 && from + wide <= width + 0.01, name);
      assert.ok(!i || from >= columns[i - 1][0] + columns[i - 1][1] - 0.01, name);
    });
    if (!at.phone)
      assert.ok(
        at.rail.x + at.rail.w <= at.x && at.x + at.w <= at.norm.x && at.norm.x + at.norm.w <= width,
        name,
      );
  });
});

test("all lines are in view where they fit and in an export; else there is room to say how many are not", () => {
  everyPlan((at, { lines }, _, whole, name) => {
    assert.equal(at.count, lines.length);
    assert.ok(at.rows <= lines.length && (at.rows === lines.length) === (at.hint === 0), name);
    if (whole || lines.length <= 26) assert.equal(at.rows, lines.length, name);
    assert.ok(
      at.top + (at.rows + 1) * at.pitch + at.hint <= at.end &&
        at.end < at.own &&
        at.own < at.card.y &&
        at.card.y < at.height,
      name,
    );
  });
});

test("tokens of a phone stand in lines, none over another", () => {
  const { chips } = plan({ width: 358, whole: false }, ledger(4, 64));
  assert.equal(chips.places.length, 64);
  chips.places.slice(1).forEach((chip, i) => {
    const before = chips.places[i];
    assert.ok(chip.y > before.y || chip.x >= before.x + before.w);
    assert.ok(chip.x + chip.w <= 358 && chip.y < chips.height);
  });
});

test("the chosen line is that of the part and block, or else the block's attention, or the sum", () => {
  const data = ledger(4);
  const chosen = (sel) => chosenOf(data, { sel, steps: { of: () => 99 } });
  assert.equal(chosen({ line: "mlp", block: 2 }), 6);
  assert.equal(chosen({ line: "embedding", block: 2 }), 0);
  assert.equal(chosen({ line: "cross", block: 2 }), 5);
  assert.equal(chosen({ line: "sum", block: 2 }), 9);
  assert.equal(chosen({ line: "mlp", block: 7 }), 9);
});
