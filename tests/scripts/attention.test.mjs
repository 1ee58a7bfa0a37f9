// The places of the Attention picture: panels that do not overlap, all of them inside the picture, rows as many as tokens.

import assert from "node:assert/strict";
import test from "node:test";

import { MATRICES, plan } from "../../pages/attention/layout.js";

const IDS = ["x", "q", "k", "v", "turn", "scores", "scale", "bias", "mask", "softmax", "sum", "out"];
const words = (count) =>
  Array.from({ length: count }, (_, i) => ({ text: `·word${i}`, id: i, special: false }));

/** A head of `rows` queries and `cols` keys, with every step that a head can have. */
function head(rows, cols = rows, cross = false) {
  const strip = (length) => ({ shape: [length, 8] });
  const a = {
    x: strip(rows),
    xk: strip(cols),
    q: strip(rows),
    k: strip(cols),
    v: strip(cols),
    tq: strip(rows),
    tk: strip(cols),
    z: strip(rows),
    result: strip(rows),
  };
  const data = { rows: words(rows), cols: words(cols), cross, steps: IDS.map((id) => ({ id })) };
  return { data, a };
}
function everyPlan(check) {
  for (const width of [1280, 358]) {
    for (const [rows, cols, cross] of [
      [9, 9, false],
      [1, 1, false],
      [64, 64, false],
      [5, 12, true],
    ]) {
      const { data, a } = head(rows, cols, cross);
      IDS.forEach((id, step) => {
        check(plan({ width, whole: false }, data, { step, a }), { width, id, rows, cols, data, a, step });
      });
    }
  }
}

test("panels and small maps lie inside the picture", () => {
  everyPlan((at, { width, id, rows }) => {
    for (const p of [...at.panels, ...at.minis]) {
      assert.ok(
        p.x >= 0 && p.w > 0 && p.x + p.w <= width + 1,
        `${id} at ${width} with ${rows} rows: ${p.id} from ${p.x} to ${p.x + p.w}`,
      );
    }
  });
});

test("panels stand beside each other, right of the tokens", () => {
  everyPlan((at, { width, id }) => {
    const order = [...at.panels].sort((p, q) => p.x - q.x);
    order.forEach((p, i) => {
      const left = i ? order[i - 1].x + order[i - 1].w : at.chips;
      assert.ok(p.x >= left, `${id} at ${width}: ${p.id} begins at ${p.x}, before ${left}`);
    });
  });
});

test("a panel has a row for each token that asks or answers, and a matrix a column for each key", () => {
  everyPlan((at, { rows, cols }) => {
    for (const p of at.panels) {
      assert.equal(p.rows, ["xk", "k", "v", "tk", "keychips"].includes(p.id) ? cols : rows);
      if (MATRICES[p.id]) assert.equal(p.cols, cols);
    }
  });
});

test("rows stand at one height from step to step, and an export shows all of them", () => {
  const { data, a } = head(64);
  const tops = IDS.map((_, step) => plan({ width: 1280, whole: false }, data, { step, a })).map(
    ({ top, pitch }) => `${top} ${pitch}`,
  );
  assert.equal(new Set(tops).size, 1);
  const [shown, whole] = [false, true].map((whole) => plan({ width: 1280, whole }, data, { step: 0, a }));
  assert.ok(shown.shown < 64 * shown.pitch);
  assert.equal(whole.shown, 64 * whole.pitch);
});
