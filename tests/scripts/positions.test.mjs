// The layout of the Positions picture: what stands beside each other on a desk stands below each other on a phone.
import assert from "node:assert/strict";
import test from "node:test";

import { plan, rowsIn } from "../../pages/positions/layout.js";
import { orderWords } from "../../pages/positions/stages.js";

const KINDS = ["sinusoidal", "learned", "rotary", "alibi", "relative", "none"];

/** What figure.py sends of a kind, as far as places hang on it. */
function sent(kind, count) {
  const tokens = Array.from({ length: count }, (_, i) => ({ text: ` word${i}`, id: i }));
  const bias = {
    slopes: kind === "alibi" ? Array.from({ length: 8 }, (_, i) => 2 ** -i) : null,
    buckets: null,
    distances: [0],
    values: [[0]],
    spans: Array.from({ length: 32 }, (_, i) => [i, i, i]),
    head: 0,
  };
  const biased = kind === "alibi" || kind === "relative";
  const ways = ["as it is", "without positions"].map((way) => ({
    way,
    same: false,
    change: [],
    pair: [0.5, 0.5],
  }));
  return {
    kind,
    title: "A kind",
    what: "what it does, in some words",
    notes: [],
    tokens,
    begins: 0,
    rows: tokens.map((_, i) => i),
    columns: [0, 1],
    causal: true,
    bias: biased ? bias : null,
    order: { tokens, shuffles: true, token: tokens[0], ways },
  };
}
const right = (box) => box.x + (box.w ?? box.size);
const local = (stage = -1) => ({ sel: { stage }, hover: null, a: {} });

for (const kind of KINDS) {
  for (const count of [1, 9, 24]) {
    test(`${kind}, ${count} tokens`, () => {
      const data = sent(kind, count);
      const biased = data.bias !== null;
      for (const width of [1280, 358]) {
        const at = plan({ width, whole: false }, data, local());
        const rows = rowsIn({ whole: false }, data);
        assert.equal(rows, Math.min(14, count), "as many rows as there are, or 14");
        const drawn = biased
          ? ["bias", "rule", "matrix", "told", "order"]
          : kind === "none"
            ? ["heat", "mute", "matrix", "told", "order"]
            : ["heat", "waves", "clock", "matrix", "told", "curve", "order"];
        for (const name of drawn)
          assert.ok(at[name].x >= 0 && right(at[name]) <= width + 1, `${name} lies inside ${width}`);
        assert.ok(right(at.matrix) <= at.told.x, "the numbers of a pair stand beside its matrix");
        if (!biased)
          assert.ok(
            at.pitch >= 15 && at.chips.x + at.chips.w <= at.heat.x,
            "the table stands beside its tokens",
          );
        assert.ok(at.order.y < at.height);
        const above = at.phone ? drawn.filter((name) => !["order", "told"].includes(name)) : [];
        for (const [i, name] of above.entries())
          if (i)
            assert.ok(at[name].y > at[above[i - 1]].y, `${name} stands below ${above[i - 1]} on a phone`);
      }
    });
  }
}

test("a file has a row for every token and every line of the rule", () => {
  const data = sent("relative", 24);
  assert.equal(rowsIn({ whole: true }, data), 24);
  const [page, file] = [false, true].map((whole) => plan({ width: 1280, whole }, data, local()));
  assert.ok(file.rule.h >= 16 * data.bias.spans.length && file.height > page.height);
});

test("while the steps are told on a phone, nothing moves, and the other order takes no room yet", () => {
  const data = sent("rotary", 9);
  const [early, late] = [0, -1].map((stage) => plan({ width: 358, whole: false }, data, local(stage)));
  assert.ok(early.height < late.height);
  assert.ok(
    late.order.y < late.top && late.top < late.heat.y,
    "in the whole picture another order comes first",
  );
});

test("the last step says of each way of reading what its row shows", () => {
  const names = ["as it is", "without positions", "without positions or mask"];
  const says = (...same) => orderWords(same.map((one, i) => ({ way: names[i], same: one })));
  const causal = says(false, false, true);
  assert.match(causal, /Without positions they change, too, because the causal mask/);
  assert.match(causal, /without both they stay/);
  assert.match(says(false, true), /Without them they stay/);
  const bare = orderWords([
    { way: "as it is", same: false },
    { way: "without positions or mask", same: true },
  ]);
  assert.match(bare, /knows no places.*Without the mask they stay/);
  assert.match(says(true, true, true), /nothing changes/);
  assert.doesNotMatch(says(false, false), /stay/);
});
