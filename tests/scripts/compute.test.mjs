// Where the Compute picture's parts stand: none lies on another, all lie inside the figure.

import assert from "node:assert/strict";
import test from "node:test";
import { plan } from "../../pages/compute/layout.js";

const LINES = 6; // of the story
const overlap = (a, b) => a.x < b.x + b.w && b.x < a.x + a.w && a.y < b.y + b.h && b.y < a.y + a.h;

for (const width of [1280, 358]) {
  for (const listed of [true, false]) {
    test(`parts at ${width} px, ${listed ? "with" : "without"} the tokens of the text`, () => {
      const at = plan(width, 8, () => LINES, listed);
      const { parts, memory } = at;
      const boxes = {
        parts,
        memory,
        sliders: { ...at.sliders, h: at.phone ? 90 : 50 },
        story: { ...at.story, h: 33 + 17 * LINES },
        ...(listed ? { tokens: { ...at.tokens, h: 24 } } : {}),
      };
      for (const [name, one] of Object.entries(boxes)) {
        assert.ok(
          one.x >= 0 && one.x + one.w <= width && one.w > 300,
          `${name} is as wide as the figure lets it`,
        );
        assert.ok(one.y >= 0 && one.y + one.h <= at.height, `${name} is inside the figure`);
        for (const [other, box] of Object.entries(boxes))
          assert.ok(one === box || !overlap(one, box), `${name} lies on ${other}`);
      }
      const left = Math.max(
        ...Object.values(boxes)
          .filter((one) => one !== memory)
          .map((one) => one.y + one.h),
      );
      assert.ok(
        at.doors.y >= left && at.doors.y + 24 <= at.height,
        "the ways to other pages stand below what is at the left",
      );
    });
  }

  test(`without the page's chart the picture ends with what it draws, at ${width} px`, () => {
    const [page, file] = [false, true].map((alone) => plan(width, 8, () => LINES, true, alone));
    assert.ok(file.height < page.height);
    const low = Math.max(file.memory.y + file.memory.h, file.tokens.y + 24);
    assert.ok(file.height >= low && file.height <= low + 40);
  });

  test(`a table with more rows is longer at ${width} px`, () => {
    const [few, many] = [3, 9].map((rows) => plan(width, rows, () => LINES, false));
    assert.equal(many.parts.h - few.parts.h, 6 * few.parts.row);
    assert.equal(many.story.y - few.story.y, 6 * few.parts.row);
  });
}
