// The layout of the Training lab's picture, and the words about a run.

import assert from "node:assert/strict";
import test from "node:test";

import { newsOf, planLab, speedText, statusOf, waitingWord } from "../../pages/lab/layout.js";

const NEWS = "Waiting for a free worker: place 12 in the queue. It begins by itself.";
const run = (state, more = {}) => ({
  live: true,
  lost: "",
  n: 0,
  lastStep: -1,
  checkpoints: [],
  over: !["queued", "running", "paused"].includes(state),
  cols: { step: [0], seconds: [2] },
  last: () => null,
  ...more,
  state: { state, step: 0, steps: 200, ...more.state },
});

for (const width of [1280, 976, 800, 358]) {
  test(`everything lies inside ${width}, in order`, () => {
    for (const news of ["", NEWS.repeat(3)]) {
      const at = planLab(width, news, 6);
      assert.ok(at.chart.left + at.chart.width <= width && at.sideAt.x + at.side <= width);
      assert.ok(at.rewindY >= at.chart.top + at.chart.height && at.stripY >= at.rewindY + 48);
      if (at.wide)
        assert.ok(
          at.sideAt.x >= at.main && at.stripY >= at.sideAt.y + 300,
          "small charts beside the loss, above the strip",
        );
      else
        assert.ok(
          at.sideAt.y >= at.rewindY + 48 && at.stripY >= at.sideAt.y + 338,
          "small charts between Rewind and the strip",
        );
      assert.ok(at.height >= at.stripY + at.rows * 128);
    }
  });

  test(`settings alone need less room beside the loss at ${width}`, () => {
    const [whole, few] = [planLab(width, "", 6), planLab(width, "", 6, true)];
    if (whole.wide) assert.deepEqual(few, whole);
    else assert.ok(few.stripY < whole.stripY && few.stripY >= few.sideAt.y + 26 + 180);
  });

  test(`news take room of the chart at ${width}, not of what lies below it on a wide screen`, () => {
    const [quiet, loud] = [planLab(width, "", 6), planLab(width, NEWS, 6)];
    assert.ok(loud.chart.top > quiet.chart.top + 20);
    if (quiet.wide) assert.equal(loud.rewindY, quiet.rewindY);
    assert.ok(loud.newsTop + 17 + 18 <= loud.chart.top);
  });

  test(`as many frames as there are at ${width}`, () => {
    for (const frames of [1, 2, 6]) {
      const at = planLab(width, "", frames);
      assert.ok(at.rows * at.columns >= frames && (at.rows - 1) * at.columns < frames);
      if (width >= 976) assert.equal(at.rows, 1);
      assert.ok(at.columns * at.pitch - 8 <= width && at.stripY + (at.rows - 1) * at.down + 128 <= at.height);
    }
  });
}

test("a waiting run says what it waits for", () => {
  assert.equal(newsOf(run("queued", { state: { place: 12 } })), NEWS);
  assert.match(newsOf(run("queued", { state: { starting: true } })), /workers are still starting/);
  assert.match(
    newsOf(run("queued", { lastStep: 40, state: { place: 2 } })),
    /place 2 in the queue. It goes on from step 40/,
  );
  assert.deepEqual(
    [waitingWord(run("queued")), waitingWord(run("running")), waitingWord(run("done"))],
    ["waits", "begins", ""],
  );
  assert.equal(newsOf(null), "");
});

test("how long a run will take is foretold at first, then its own pace", () => {
  const at = (step, seconds) =>
    run("running", {
      n: step + 1,
      lastStep: step,
      state: { foretold: 100 },
      last: () => ({ at: step, value: seconds }),
    });
  const data = { runs: [{ model: "" }] };
  assert.deepEqual(statusOf(at(0, 2), data), ["step 0 of 200", "2 s of training so far, about 2 min left"]);
  assert.deepEqual(statusOf(at(100, 52), data), [
    "step 100 of 200",
    "52 s of training so far, about 50 s left",
  ]);
});

test("a slow run's speed is not rounded to nothing", () => {
  assert.deepEqual([0.4, 7, 49.6, 949, 12_345].map(speedText), ["0.4", "7", "50", "949", "12,300"]);
});
