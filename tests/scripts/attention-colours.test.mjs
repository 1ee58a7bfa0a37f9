// The colours of a strip: one outlier does not make all other numbers look like 0.

import assert from "node:assert/strict";
import test from "node:test";
import { colourLimit } from "../../pages/attention/cell.js";

test("an outlier takes the full colour, and the others keep theirs", () => {
  const values = Float32Array.from({ length: 100 }, (_, i) => (i % 2 ? 1 : -0.5));
  values[40] = 300;
  assert.ok(colourLimit(values) <= 6);
  assert.equal(colourLimit([0.5, -1, 2]), 2);
  assert.equal(colourLimit([0, 0]), 1);
  assert.equal(colourLimit([-Infinity, 0.25]), 0.25);
});
