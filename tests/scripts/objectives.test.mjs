// The Objectives picture: where its three lanes and the curves stand, and who sees whom.

import assert from "node:assert/strict";
import test from "node:test";

import { positions, seenBy } from "../../pages/objectives/lanes.js";
import { columnsOf, plan, rowOf, yOf } from "../../pages/objectives/layout.js";

const KINDS = ["next_token", "masked", "span_corruption"];
const dataOf = (tokens, own = 0) => ({
  words: Array.from({ length: tokens }, (_, i) => ({ id: i, text: ` w${i}` })),
  offset: 1,
  lanes: KINDS.map((objective, i) => ({ objective, own: i === own })),
});

for (const width of [1280, 960, 800]) {
  test(`three lanes stand side by side, the curves beside or below them: ${width} px`, () => {
    for (const tokens of [1, 8, 32]) {
      for (const own of [0, 1, 2]) {
        const { lanes, curve, height, phone, pitch } = plan({ width }, dataOf(tokens, own));
        assert.ok(!phone && lanes.length === 3 && lanes[0].names > 0 && lanes[1].names === 0);
        for (const i of [0, 1]) assert.ok(lanes[i].x + lanes[i].w < lanes[i + 1].x);
        const [end, last] = [lanes[2].x + lanes[2].w, lanes[2]];
        assert.ok(end <= width && curve.x + curve.w <= width + 1e-6 && curve.w >= 240);
        assert.ok(curve.x > end || curve.y > last.map + last.side);
        assert.ok(last.map >= last.top + (tokens + 2) * pitch && height >= last.map + last.side);
      }
    }
  });
}
test("on a phone they stand one under the other", () => {
  const { lanes, curve, height, phone } = plan({ width: 358 }, dataOf(12));
  assert.ok(
    phone && lanes.every((lane) => lane.x - lane.names >= 0 && lane.x + lane.w <= 358 && lane.pitch >= 24),
  );
  for (const i of [0, 1]) assert.ok(lanes[i].map + lanes[i].side < lanes[i + 1].y);
  assert.ok(curve.y > lanes[2].map + lanes[2].side && curve.x + curve.w <= 358 && height > curve.y);
});
test("a row a token, with one for what stands before the sentence and one for what stands behind it", () => {
  const { lanes } = plan({ width: 1280 }, dataOf(10));
  assert.equal(yOf(lanes[0], -1), lanes[0].top);
  assert.ok(yOf(lanes[0], 10) + lanes[0].pitch <= lanes[0].map);
});
test("a lane's columns fill it, and leave room for the losses of the open model", () => {
  for (const width of [1280, 358]) {
    for (const place of plan({ width }, dataOf(8, 2)).lanes) {
      const columns = columnsOf(place);
      const count = place.lane.objective === "span_corruption" ? 3 : 2;
      assert.ok(
        columns.at(0) >= place.x &&
          columns.at(count) <= place.x + place.w - (place.lane.own ? 76 : 0) &&
          columns.loss <= place.x + place.w,
      );
    }
  }
});
test("the followed token is a row of the sentence, wherever the text begins", () => {
  const data = dataOf(5);
  assert.deepEqual(
    [-1, 0, 1, 3, 99].map((follow) => rowOf(data, { sel: { follow } })),
    [4, 0, 0, 2, 4],
  );
  assert.equal(rowOf(data, { sel: { follow: 3 }, hover: 1 }), 1);
});
test("a position says how many it sees", () => {
  const answers = [0, 1, 2].map((row) => ({ row, mark: false, score: true }));
  const reads = [0, 1, 2].map((at) => ({ at, kind: at === 1 ? "mask" : "plain" }));
  const lane = (objective) => ({ objective, answers, reads, hidden: [1] });
  assert.deepEqual(positions(lane("next_token"), 2), { asked: 2, read: 2 });
  assert.equal(seenBy(lane("next_token"), 0), "sees the 1 token before");
  assert.equal(seenBy(lane("next_token"), 9), "nothing stands before it");
  assert.equal(seenBy(lane("masked"), 1), "sees all 3, itself hidden");
  assert.equal(seenBy(lane("span_corruption"), 2), "sees 3 tokens written, 3 read");
});
