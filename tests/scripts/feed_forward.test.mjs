// The places of the Feed-forward picture: the layer from left to right, or from top to bottom on a phone.

import assert from "node:assert/strict";
import test from "node:test";

import { alongLines, plan, stages } from "../../pages/feed_forward/layout.js";

/** One token of a text of `tokens` in a block of `neurons`. */
function layer(neurons, tokens) {
  const rows = Array.from({ length: tokens }, (_, i) => ({
    text: ` word${i}`,
    id: i,
    special: false,
    fires: 0.3,
  }));
  return {
    neurons,
    rows,
    row: tokens - 1,
    width: 128,
    gated: false,
    norm: "layer norm",
    late: false,
    plain: "GELU",
    formula: "x Φ(x)",
    fires: 0.2,
    needed: 9,
    most: [0, 1, 2],
    next: { tokens: Array(5).fill({}) },
    neuron: { terms: Array(5).fill({}) },
    windows: Array(5).fill({}),
  };
}
function everyPlan(check) {
  for (const neurons of [1, 7, 512, 3072]) {
    for (const tokens of [1, 9, 64]) {
      for (let stage = 0; stage <= stages.last; stage++) {
        for (const width of [1280, 760, 358]) {
          const data = layer(neurons, tokens);
          check(
            plan({ width, whole: false }, data, { sel: { stage: stage === stages.last ? -1 : stage } }),
            data,
            width,
            `${neurons} neurons, ${tokens} tokens, step ${stage}, ${width}`,
          );
        }
      }
    }
  }
}

test("a wide picture has the layer from left to right, nothing over anything", () => {
  everyPlan((at, _, width, name) => {
    if (at.phone) return;
    const way = [at.stream, at.read, at.pre, at.curve, at.post, at.out, at.after, at.next];
    way.slice(1).forEach((box, i) => {
      assert.ok(box.x >= way[i].x + way[i].w, `${name}: ${i}`);
    });
    assert.ok(at.stream.x >= at.chips.end && at.next.x + at.next.w <= width, name);
    const below = [at.sum, at.writes, at.texts];
    below.slice(1).forEach((box, i) => {
      assert.ok(box.x >= below[i].x + below[i].w && box.x + box.w <= width, name);
    });
  });
});

test("on a phone what is drawn at the last step stands below each other, inside the width", () => {
  everyPlan((at, _, width, name) => {
    if (!at.phone || !name.includes(`step ${stages.last}`)) return;
    const way = [at.stream, at.read, at.pre, at.curve, at.post, at.out, at.after];
    way.slice(1).forEach((box, i) => {
      assert.ok(box.y >= way[i].y + way[i].h, `${name}: ${i}`);
    });
    for (const box of [...way, ...at.chips.wrapped]) assert.ok(box.x >= 0 && box.x + box.w <= width, name);
    assert.ok(
      at.line > at.after.y &&
        at.sum.y > at.line &&
        at.writes.y > at.sum.y &&
        at.texts.y > at.writes.y &&
        at.height > at.texts.y,
      name,
    );
  });
});

test("a grid has a cell for every neuron", () => {
  everyPlan((at, { neurons }, _, name) => {
    for (const { cols } of [at.pre, at.post]) {
      assert.ok(Number.isInteger(cols) && cols >= 1 && cols <= neurons, name);
      assert.ok(cols * Math.ceil(neurons / cols) >= neurons, name);
    }
  });
});

test("each token of a phone has a chip of its own", () => {
  everyPlan((at, { rows }, _, name) => {
    if (at.phone)
      assert.deepEqual(
        at.chips.wrapped.map((chip) => chip.at),
        rows.map((_, i) => i),
        name,
      );
  });
});

test("a text in lines loses no token", () => {
  const lines = alongLines(layer(8, 64), 300);
  assert.equal(lines[0][0], 0);
  assert.equal(lines.at(-1)[1], 64);
  lines.slice(1).forEach(([from], i) => {
    assert.equal(from, lines[i][1]);
  });
});
