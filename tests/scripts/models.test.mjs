// The Models picture: where list, card and text stand, which rows are in view, and the scale of the bars.

import assert from "node:assert/strict";
import test from "node:test";

import {
  firstOf,
  fitMiddle,
  markText,
  millions,
  pickedOf,
  plan,
  scaleOf,
} from "../../pages/models/layout.js";
import { measure } from "../../app/kit/shapes.js";

const entry = (i) => ({ name: `m${i}`, short: `model-${i}-of-a-family`, total: 10 ** (5 + (i % 5)) });
const dataOf = (n) => ({
  entries: Array.from({ length: n }, (_, i) => entry(i)),
  current: entry(0),
  picked: entry(0),
  held: {},
});

for (const width of [1280, 960, 800]) {
  test(`the list stands beside the card, the text below both: ${width} px`, () => {
    for (const n of [0, 1, 7, 15, 60]) {
      const { list, card, text, phone } = plan({ width }, dataOf(n));
      assert.ok(!phone && list.x + list.w < card.x && card.x + card.w <= width + 1e-6);
      assert.ok(list.bar + list.bw <= list.w && list.bw > 100 && list.name <= list.bar);
      assert.equal(list.rows, Math.min(15, Math.max(1, n)));
      assert.ok(text.y >= card.y + card.h && text.y >= list.y + list.rows * list.pitch && text.w === width);
    }
  });
}
test("on a phone they stand one under the other, and a row has room for a finger", () => {
  for (const n of [1, 9, 60]) {
    const { list, card, text, phone } = plan({ width: 358 }, dataOf(n));
    assert.ok(phone && list.pitch >= 44 && list.rows === Math.min(9, n));
    assert.ok(list.y + list.rows * list.pitch <= card.y && card.y + card.h <= text.y);
    for (const box of [list, card, text]) assert.ok(box.x >= 0 && box.x + box.w <= 358);
  }
});
test("an export shows all rows", () =>
  assert.equal(plan({ width: 1280, whole: true }, dataOf(60)).list.rows, 60));

test("the picked model is among the rows in view, until the list is moved by hand", () => {
  const data = dataOf(60);
  const local = { sel: { picked: "m40" } };
  assert.equal(firstOf(data, local, 15), 26);
  assert.equal(firstOf(data, { sel: { picked: "m40" }, first: 3, free: true }, 15), 3);
  assert.equal(firstOf(data, { sel: {}, first: 90, free: true }, 15), 45);
  assert.equal(pickedOf(data, { sel: { picked: "gone" } }).name, "m0");
});
test("bars keep their order and stay inside, on both scales", () => {
  const data = dataOf(60);
  for (const ruler of ["log", "linear"]) {
    const { to, marks } = scaleOf(data, { sel: { ruler } }, 400);
    const places = [1e5, 1e6, 1e7, 1e8, 1e9].map(to);
    assert.ok(places.every((at, i) => at >= 0 && at <= 400 + 1e-9 && (!i || at > places[i - 1])));
    assert.ok(marks.length >= 2 && marks.every((n) => to(n) <= 400 + 1e-9));
  }
});
test("weights are written short", () => {
  assert.deepEqual([999, 99_999, 1_050_112, 12_345_678, 134_515_008, 1.6e9].map(millions), [
    "999",
    "99,999",
    "1.05 M",
    "12.3 M",
    "135 M",
    "1.60 B",
  ]);
  assert.deepEqual([0, 1000, 1e5, 1e9].map(markText), ["0", "1,000", "0.1 M", "1 B"]);
});
test("a long name loses its middle, and keeps both ends", () => {
  const cut = fitMiddle("a-very-long-name-of-a-model-v2", 120, 13);
  assert.match(cut, /^a-.*….*-v2$/);
  assert.ok(measure(cut, 13) <= 120);
  assert.equal(fitMiddle("short", 120, 13), "short");
});
