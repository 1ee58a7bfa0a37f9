// The layout of the three lanes: a row for each token, nothing overlaps, everything lies inside the width.
import assert from "node:assert/strict";
import test from "node:test";

import { NAMES_W, colX, flowOf, plan, rowY, speaks } from "../../pages/families/layout.js";

/** A mask of ones at and below its diagonal, or everywhere. */
const mask = (rows, cols, causal) => ({
  rows,
  cols,
  cells: Uint8Array.from({ length: rows * cols }, (_, i) =>
    !causal || i % cols <= Math.floor(i / cols) ? 1 : 0,
  ),
});

function lane(shape, count, own) {
  const tokens = Array.from({ length: count }, (_, i) => ({ id: i, text: ` word${i}`, special: false }));
  const maps =
    shape === "encoder-decoder"
      ? { encoder: mask(count, count, false), cross: mask(3, count, false), decoder: mask(3, 3, true) }
      : { self: mask(count, count, shape === "decoder") };
  const strokes = tokens.slice(0, 12).map((one) => ({ ...one, p: 0.5, top: [] }));
  const at = tokens.map((_, i) => i);
  return {
    shape,
    own,
    tokens,
    maps,
    at,
    back: at,
    notes: own
      ? ["A note that is long enough to need more than one line on a phone, and on a desk as well."]
      : [],
    vectors: null,
    writing: { read: tokens, strokes },
  };
}
const lanesOf = (count) =>
  ["decoder", "encoder", "encoder-decoder"].map((shape, i) => lane(shape, count, i === 0));

for (const width of [1280, 358]) {
  for (const count of [1, 8, 34]) {
    test(`${count} tokens at ${width} pixels`, () => {
      const at = plan({ width }, { lanes: lanesOf(count) });
      assert.equal(at.lanes.length, 3);
      at.lanes.forEach((place, i) => {
        const rows = count + (place.lane.shape === "encoder-decoder" ? 3 : 0);
        assert.ok(place.x >= 0 && place.x + place.w <= width, "the lane lies inside the width");
        assert.ok(colX(place, rows - 1) + place.cell <= place.x + place.w, "and so does its grid");
        assert.ok(colX(place, 0) >= place.x + NAMES_W, "beside the names");
        for (let row = 1; row < rows; row++)
          assert.ok(rowY(place, row) >= rowY(place, row - 1) + 13, "names do not overlap");
        assert.ok(rowY(place, rows - 1) + place.pitch <= place.asked - 4, "the guesses stand below the grid");
        assert.ok(place.asked + 16 * 5 <= place.write, "and above what is written");
        const before = at.lanes[i - 1];
        if (before)
          assert.ok(
            at.phone ? place.y > before.write : place.x >= before.x + before.w,
            "lanes do not overlap",
          );
      });
      const last = at.lanes[2];
      assert.ok(
        last.write + flowOf(last.lane, last.w - 8).height <= at.height,
        "the picture is as high as its lowest lane",
      );
    });
  }
}

test("written tokens flow into lines in which none overlaps another", () => {
  const { places, height } = flowOf(lane("encoder-decoder", 20, false), 200);
  assert.equal(places.length, 20 + 12);
  for (const [i, one] of places.entries()) {
    assert.ok(one.x + one.w <= 200 && one.y + 20 <= height);
    for (const other of places.slice(0, i)) assert.ok(other.y !== one.y || other.x + other.w <= one.x);
  }
});

test("a decoder's row before a token speaks of it, an encoder's own row does, and neither sees it", () => {
  const [decoder, encoder] = lanesOf(5);
  assert.deepEqual(speaks(decoder, 2), { row: 1, at: 2, sees: [0, 1] });
  assert.equal(speaks(decoder, 0), null);
  assert.deepEqual(speaks(encoder, 2), { row: 2, at: 2, sees: [0, 1, 3, 4] });
});
