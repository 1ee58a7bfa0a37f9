// The layouts of the Applications picture: words and lines stand inside the width, and none lies over another.
import assert from "node:assert/strict";
import test from "node:test";

import { flow, monoLines, planLinks } from "../../pages/applications/layout.js";

const words = (text) => text.split(" ").map((one) => ({ text: one, mark: false }));
const SHORT = { read: words("Nora found her red kite ."), written: words("Nora encontró su cometa roja .") };
const LONG = {
  read: words("the old dog ran ".repeat(10).trim()),
  written: words("el perro viejo corrió ".repeat(12).trim()),
};

/** Whether two chips lie over each other; y is the middle of a chip 24 high. */
const overlap = (a, b) => a.x < b.x + b.w && b.x < a.x + a.w && Math.abs(a.y - b.y) < 24;

for (const width of [1280, 358]) {
  for (const [name, data] of Object.entries({ SHORT, LONG })) {
    test(`a ${name.toLowerCase()} translation at ${width} pixels`, () => {
      const at = planLinks(width, data);
      const spots = [...at.read, ...at.written];
      assert.equal(at.read.length, data.read.length);
      assert.equal(at.written.length, data.written.length);
      for (const [i, one] of spots.entries()) {
        assert.ok(one.x >= 0 && one.x + one.w <= width + 1, "a word lies inside the width");
        assert.ok(one.y + 12 <= at.bottom, "and above the legend");
        for (const other of spots.slice(0, i)) assert.ok(!overlap(one, other), "no word lies over another");
      }
      assert.equal(at.across, name === "SHORT", "rows where they have room, else columns");
    });
  }
  test(`a review's words at ${width} pixels`, () => {
    const { places, height } = flow(LONG.read, width, { pitch: 30, gap: 3, pad: 10 });
    assert.equal(places.length, LONG.read.length);
    for (const [i, one] of places.entries()) {
      assert.ok(one.x + one.w <= width && one.y + 30 <= height);
      if (i)
        assert.ok(
          one.y > places[i - 1].y || one.x >= places[i - 1].x + places[i - 1].w,
          "in the order in which they are read",
        );
    }
  });
}

test("lines of code keep their ends, and all of their letters", () => {
  const code = "def f(a):\n    return a + a + a + a + a + a + a + a + a + a\n\nprint(f(2))";
  const lines = monoLines(code, 120);
  assert.equal(lines.map((line) => line.text).join(""), code.replaceAll("\n", ""));
  for (const line of lines) assert.ok(line.text.length <= 16 && code.startsWith(line.text, line.first));
  assert.deepEqual(
    monoLines(code, 1000).map((line) => line.text),
    code.split("\n"),
  );
  assert.deepEqual(flow([], 100), { places: [], height: 0 });
});
