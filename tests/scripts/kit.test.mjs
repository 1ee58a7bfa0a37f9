// What the pictures' kit computes without a document: numbers in words, scales, groups of heads, arrays, runs.

import assert from "node:assert/strict";
import test from "node:test";
import { inflateSync } from "node:zlib";

import { counted, timesAs } from "../../app/kit/counts.js";
import { Chart, bandOf, drawChart } from "../../app/kit/curves.js";
import { Feed } from "../../app/kit/feed.js";
import { sharedWords } from "../../app/kit/groups.js";
import { brief, logTicks, roundTicks } from "../../app/kit/axes.js";
import { dataOf, keptOf } from "../../app/outside/host.js";
import { fromBase64, png } from "../../app/kit/png.js";
import {
  clamp,
  fit,
  hex,
  inLines,
  measure,
  mixed,
  num,
  percent,
  rgb,
  ribbon,
  signed,
  thousands,
  unpack,
  visible,
  wire,
} from "../../app/kit/shapes.js";
import { powered, sized } from "../../app/kit/sizes.js";
import { entryKey, stepKey, stepMode } from "../../app/kit/steps.js";
import { tipPlace } from "../../app/kit/tips.js";
import { exactOf, manyOf, siOf, sizeOf, threeDigits, timeOf } from "../../app/kit/units.js";
import { DESK, PHONE, isDesk, isPhone } from "../../app/kit/widths.js";

/** Every row of a table: what goes in, and the text that comes out. */
const says = (name, of, rows) =>
  test(name, () => {
    for (const [given, text] of rows) assert.equal(of(...[given].flat()), text, `${name} of ${given}`);
  });

says("num has a true minus sign and never says minus zero", num, [
  [1.5, "1.50"],
  [-1, "−1.00"],
  [-0.001, "0.00"],
  [[2.345, 1], "2.3"],
  [[1e-5, 6], "0.000010"],
  [NaN, "nan"],
  [Infinity, "∞"],
  [-Infinity, "−∞"],
]);
says("signed says which way", signed, [
  [1.5, "+1.50"],
  [-1, "−1.00"],
  [0, "0.00"],
  [[0.25, 1], "+0.3"],
]);
says("percent has as many digits as are asked for", percent, [
  [[0.285, 0], "29 %"],
  [[0.285, 1], "28.5 %"],
  [[1, 0], "100 %"],
  [[0, 1], "0.0 %"],
  [[-0.02, 1], "−2.0 %"],
  [[0.12345, 2], "12.35 %"],
  [[Math.fround(0.285), 0], "29 %"],
  [[Math.fround(0.3335), 1], "33.4 %"],
]);
says("percent alone never calls little nothing, nor nearly all everything", percent, [
  [0, "0 %"],
  [1, "100 %"],
  [0.5, "50 %"],
  [0.42, "42 %"],
  [0.05, "5.0 %"],
  [0.0994, "9.9 %"],
  [0.0995, "10 %"],
  [0.9951, "99.5 %"],
  [0.0004, "0.040 %"],
  [0.0000123, "0.0012 %"],
  [2, "200 %"],
]);
says("thousands are set apart", thousands, [
  [0, "0"],
  [999, "999"],
  [1000, "1,000"],
  [1234567, "1,234,567"],
  ["12345", "12,345"],
]);

says("one is singular", counted, [
  [[1, "block"], "1 block"],
  [[0, "block"], "0 blocks"],
  [[2, "pass"], "2 passes"],
  [[1234567, "token"], "1,234,567 tokens"],
  [[3, "entry"], "3 entries"],
  [[2, "way"], "2 ways"],
  [[2, "match"], "2 matches"],
  [["1", "block"], "1 block"],
  [["3 + 3", "block"], "3 + 3 blocks"],
  [[2, "index", "indices"], "2 indices"],
]);
says("a ratio has three digits that count", timesAs, [
  [287315004.42, "287 million times"],
  [2.449, "2.45 times"],
  [24.49, "24.5 times"],
  [244.9, "245 times"],
  [12345.6, "12,346 times"],
  [999600, "1.00 million times"],
  [9.996, "10.0 times"],
  [3e12, "3.00 trillion times"],
  [Infinity, "endlessly many times"],
  [0.5, "0.50 times"],
]);
says("sized is short at any size", sized, [
  [332_123, "332k"],
  [3e6, "3M"],
  [1.75e11, "175B"],
  [1.4e12, "1.4T"],
  [12.345, "12.35"],
  [5.84e23, "5.8 · 10²³"],
  [0.00012, "1.2 · 10⁻⁴"],
  [Infinity, ""],
]);
says("powered rounds before it chooses the power", powered, [
  [9.96e4, "1.0 · 10⁵"],
  [1.23e-7, "1.2 · 10⁻⁷"],
]);
says("bytes go by 1,000", sizeOf, [
  [0, "0 B"],
  [999, "999 B"],
  [999.9, "1.00 kB"],
  [1023, "1.02 kB"],
  [16_357_785, "16.4 MB"],
  [3e9, "3.00 GB"],
]);
says("other counts go by 1,000", siOf, [
  [[2.61e9, "FLOP"], "2.61 GFLOP"],
  [[12], "12"],
  [[999.7, "FLOP"], "1.00 kFLOP"],
  [[1.5e15, "FLOP/s"], "1.50 PFLOP/s"],
]);
says("times are as people say them", timeOf, [
  [1.3e-3, "1.30 ms"],
  [16200, "4.50 hours"],
  [9.7836e7, "3.10 years"],
  [5e-10, "0.50 ns"],
  [90, "90.0 s"],
  [150, "2.50 minutes"],
]);
says("three digits, more before the point", threeDigits, [
  [1.234, "1.23"],
  [12.34, "12.3"],
  [123.4, "123"],
  [12345, "12,345"],
]);
says("all digits of what the browser holds exactly", exactOf, [
  [[123456, "123k"], "123,456"],
  [[2 ** 53, "9.01 P"], "9.01 P"],
]);
says("manyOf is counted of a plain word", manyOf, [
  [[1, "text"], "1 text"],
  [[2000, "text"], "2,000 texts"],
]);
says("an axis's numbers are short", brief, [
  [0, "0"],
  [2.5, "2.5"],
  [46400, "46.4k"],
  [1234, "1,234"],
  [2.5e6, "2.5M"],
  [1e9, "1G"],
  [0.00081, "8.1e−4"],
  [-3, "−3"],
  [[0.25, 0.05], "0.25"],
]);
says("a token shows what cannot be seen", visible, [
  [" a", "·a"],
  ["  a b", "··a b"],
  ["\n", "⏎"],
  ["\t", "⇥"],
  ["", "∅"],
  ["\u200b", "\\u200b"],
  ["\u0085", "\\u0085"],
]);

test("ticks are round, inside the axis, and no more than are asked for twice over", () => {
  for (const [low, high, count] of [
    [0, 1, 5],
    [-3.2, 7.9, 4],
    [0, 46400, 6],
    [2.31, 2.38, 3],
    [0, 1e-6, 4],
  ]) {
    const { ticks, step } = roundTicks(low, high, count);
    assert.ok(ticks.length >= 1 && ticks.length <= 2 * count + 1, `${ticks}`);
    assert.ok(ticks.every((at) => at >= low - 1e-9 * step && at <= high + 1e-5 * step));
    const lead = step / 10 ** Math.floor(Math.log10(step) + 1e-9);
    assert.ok(
      [1, 2, 5].some((m) => Math.abs(lead - m) < 1e-6),
      `steps of ${step}`,
    );
  }
  assert.deepEqual(
    roundTicks(0, 1, 5).ticks.map((at) => Number(at.toFixed(6))),
    [0, 0.2, 0.4, 0.6, 0.8, 1],
  );
});
test("a logarithmic axis has 1 and 3 of each power of ten, or the powers alone", () => {
  assert.deepEqual(logTicks(1, 100).ticks, [1, 3, 10, 30, 100]);
  assert.deepEqual(logTicks(1, 1e6).ticks, [1, 10, 100, 1e3, 1e4, 1e5, 1e6]);
});

test("heads that share keys say with whom", () => {
  assert.equal(sharedWords(0, 4, 4), "");
  assert.equal(sharedWords(0, 4, 1), "shares keys and values with all other heads");
  assert.equal(sharedWords(1, 8, 4), "shares keys and values with head 0");
  assert.equal(sharedWords(4, 6, 2), "shares keys and values with heads 3 and 5");
  assert.equal(sharedWords(4, 6, 2, "short"), "shares K, V with heads 3 and 5");
  assert.deepEqual(
    [sharedWords(1, 8, 4, "least"), sharedWords(0, 4, 1, "least")],
    ["K, V also of head 0", "K, V also of all other heads"],
  );
});

test("packed arrays come out as they went in", () => {
  const pack = (values, dtype) => ({
    b64: Buffer.from(values.buffer).toString("base64"),
    dtype,
    shape: [values.length / 2, 2],
  });
  for (const [values, dtype] of [
    [Float32Array.of(1.5, -2, 1e-3, Infinity), "f32"],
    [Uint8Array.of(0, 7, 128, 255), "u8"],
    [Int32Array.of(-1, 70000), "i32"],
  ]) {
    const out = unpack(pack(values, dtype));
    assert.equal(out.constructor, values.constructor);
    assert.deepEqual([...out], [...values]);
    assert.deepEqual(out.shape, [values.length / 2, 2]);
  }
});
test("arrays of half the bits, and triangles, come out as floats", () => {
  const half = [0x3c00, 0xc000, 0x3555, 0x0001, 0x7c00, 0x8000];
  const packed = {
    b64: Buffer.from(Uint16Array.from(half).buffer).toString("base64"),
    dtype: "f16",
    shape: [2, 3],
  };
  assert.deepEqual([...unpack(packed)], [1, -2, 0.333251953125, 2 ** -24, Infinity, -0]);
  const shares = Buffer.from(Uint16Array.of(65535, 0, 65535, 13107, 13107, 39321).buffer).toString("base64");
  const square = unpack({ b64: shares, dtype: "n16", shape: [1, 3, 3], triangle: true });
  assert.deepEqual([...square], [1, 0, 0, 0, 1, 0, 0.2, 0.2, 0.6].map(Math.fround));
  assert.deepEqual(square.shape, [1, 3, 3]);
});
test("of several states, each has what differs from the first, and a choice stays where they are alike", () => {
  const states = [
    { claim: "", data: { a: 1, b: 2, selection: { off: "", row: 3 } } },
    { claim: "", data: { b: 4, selection: { off: "3.2", row: 3 } }, gone: ["a"] },
  ];
  assert.deepEqual(dataOf(states, 0), states[0].data);
  assert.deepEqual(dataOf(states, 1), { b: 4, selection: { off: "3.2", row: 3 } });
  assert.deepEqual(states[0].data.a, 1);
  assert.deepEqual(keptOf(states, { off: "", row: 7, n: 5 }), { row: 7, n: 5 });
});
test("a PNG holds the pixels that it was given", () => {
  const rgba = Uint8ClampedArray.from({ length: 4 * 3 * 2 }, (_, i) => (i * 37) % 256);
  const file = fromBase64(png(3, 2, rgba).split(",")[1]);
  const view = new DataView(file.buffer);
  assert.deepEqual([view.getUint32(16), view.getUint32(20)], [3, 2]);
  const length = view.getUint32(33); // behind the signature and the header
  const rows = inflateSync(file.subarray(41, 41 + length));
  assert.deepEqual([...rows], [0, ...rgba.subarray(0, 12), 0, ...rgba.subarray(12)]);
});

test("colours are read, mixed and written", () => {
  assert.deepEqual(hex("#8af"), [136, 170, 255]);
  assert.equal(rgb(hex(" #1d5fd1 ")), "#1d5fd1");
  assert.deepEqual(mixed([0, 0, 0], [255, 100, 10], 0.5), [128, 50, 5]);
});
test("words are set into lines and cut with an ellipsis", () => {
  const lines = inLines("each block adds to every row of the stream", 120, 12);
  assert.ok(lines.length > 1 && lines.every((line) => measure(line, 12) * 1.03 <= 120));
  assert.equal(lines.join(" "), "each block adds to every row of the stream");
  assert.equal(fit("abc", 100), "abc");
  const cut = fit("abcdefghij", 40);
  assert.ok(cut.endsWith("…") && measure(cut, 13, true) <= 40);
  assert.equal(clamp(5, 0, 3), 3);
});
test("paths begin and end where they are told to", () => {
  assert.match(
    wire(
      [
        [0, 0],
        [10, 0],
        [10, 20],
      ],
      4,
    ),
    /^M0,0L6,0Q10,0 10,4L10,20$/,
  );
  assert.match(ribbon(0, 5, 2, 10, 5, 4), /^M0,4C.*10,3L10,7C.*0,6Z$/);
});
test("a phone is narrower than a desk", () => {
  assert.ok(isPhone(358) && !isDesk(358) && isDesk(DESK) && !isPhone(PHONE) && PHONE < DESK);
});

test("a run's rows grow, known steps are left out, and the loss is smoothed", () => {
  const feed = new Feed(/** @type {any} */ ({ isConnected: true }), { id: "r" });
  const column = (from, to, value) => ({
    step: Float32Array.from({ length: to - from }, (_, i) => from + i),
    loss: new Float32Array(to - from).fill(value),
  });
  feed.append(column(0, 200, 2));
  feed.append(column(150, 300, 2)); // 150 to 199 come again
  assert.equal(feed.n, 300);
  assert.equal(feed.lastStep, 299);
  assert.equal(feed.find("step", 120.5), 120);
  assert.deepEqual(feed.last("loss"), { at: 299, value: 2 });
  assert.equal(feed.last("held_out"), null);
  assert.ok(Math.abs(feed.column("smooth")[299] - 2) < 1e-6);
});
test("the smoothed loss does not lag behind a falling one, and averages noise", () => {
  const feed = new Feed(/** @type {any} */ ({ isConnected: true }), { id: "r", steps: 400 });
  const steps = Float32Array.from({ length: 300 }, (_, i) => i + 1);
  feed.append({ step: steps, loss: steps.map((i) => 4 - 0.01 * i) });
  for (const i of [0, 1, 5, 50, 299])
    assert.ok(Math.abs(feed.column("smooth")[i] - feed.cols.loss[i]) < 1e-4);

  const noisy = new Feed(/** @type {any} */ ({ isConnected: true }), { id: "n", steps: 400 });
  const clean = steps.map((i) => 1.5 + 2.5 * Math.exp(-i / 40));
  noisy.append({ step: steps, loss: clean.map((v, i) => v + (i % 2 ? 0.2 : -0.2)) });
  const off = Array.from(noisy.column("smooth"), (v, i) => v - (clean[i] ?? 0)).slice(8, 300);
  assert.ok(Math.max(...off.map(Math.abs)) < 0.2, "nearer to the curve than any of its points");
  assert.ok(Math.abs(off.reduce((sum, v) => sum + v, 0) / off.length) < 0.02, "on neither side of it");
});
const NO_PEN = { rect() {}, dot() {}, line() {}, text() {}, area() {}, clipped: (...all) => all[4]() };
const chartOf = (losses, spec, width = 500) => {
  const chart = Object.create(Chart.prototype);
  const feeds = losses.map((loss, k) => {
    const feed = new Feed(/** @type {any} */ ({ isConnected: true }), { id: `${k}`, steps: loss.length });
    feed.append({
      step: Float32Array.from(loss, (_, i) => i + 1),
      loss: Float32Array.from(loss),
      ...spec.more?.[k],
    });
    return feed;
  });
  const runs = feeds.map((feed, slot) => ({ id: feed.id, name: `run ${slot}`, slot }));
  const lines = [
    { column: "loss", kind: "raw" },
    { column: "smooth", kind: "dashed" },
    { column: "held_out", kind: "solid" },
  ];
  const box = { left: 0, top: 0, width, height: 200 };
  Object.assign(chart, {
    feeds,
    box,
    g: {},
    spec: { runs, lines, x: "step", scale: "linear", ends: "line", ...spec },
  });
  chart.layout();
  const [drawn, texts] = [[], []];
  const pen = {
    ...NO_PEN,
    dot: (x, y) => drawn.push({ dot: [x, y] }),
    line: (_, ys, o) => drawn.push({ ys: [...ys], ...o }),
    text: (x, y, text) => texts.push({ x, y, text }),
  };
  drawChart(chart, pen);
  return { chart, drawn, texts };
};
test("an axis shows every point, or is broken where it says so", () => {
  const whole = chartOf([[4, 3, 3.9, 2, 1.2]], { guessing: { value: 4.15 } });
  assert.ok(whole.chart.low <= 1.2 && whole.chart.high >= 4.15 && whole.chart.beyond === null);
  const away = { more: [{ held_out: Float32Array.from([4, 4, 57.2]) }] };
  const wild = chartOf([[4.1, 9, 40]], { guessing: { value: 4.15 }, ...away });
  assert.ok(Math.abs(wild.chart.beyond - 57.2) < 1e-5 && wild.chart.high < 10);
  assert.ok(wild.texts.some((one) => one.text === "axis broken: up to 57.2 ↑"));
  assert.ok(
    wild.texts.some((one) => one.text === "↑") && !wild.drawn.some((one) => one.dot),
    "no dot at another value",
  );
  const free = chartOf([[4.1, 9, 40]], {});
  assert.ok(free.chart.high >= 40 && free.chart.beyond === null);
});
test("a band holds all runs that differ by their seed, where all of them were measured", () => {
  const held = [
    [3, NaN, 2, 1],
    [4, NaN, 1, 2],
    [3.5, 3, 1.5, NaN],
  ].map((values) => ({ held_out: Float32Array.from(values) }));
  const { chart } = chartOf(Array(3).fill([4, 3, 2, 1]), { more: held });
  const found = bandOf(chart.feeds, "held_out");
  assert.deepEqual(
    [found.steps, found.lows, found.highs],
    [
      [1, 3],
      [3, 1],
      [4, 2],
    ],
  );
  const seeds = (words) => {
    const { chart: one } = chartOf(Array(3).fill([4, 3, 2, 1]), { more: held });
    one.spec.runs = one.spec.runs.map((run, k) => ({ ...run, seeds: words[k] }));
    const areas = [];
    drawChart(one, { ...NO_PEN, area: (xs, lows, highs) => areas.push([xs, lows, highs]) });
    return areas;
  };
  assert.equal(seeds(["a", "b", "c"]).length, 0);
  const [[xs, lows, highs]] = seeds(["a", "a", "b"]);
  assert.equal(xs.length, 3);
  assert.ok(
    lows.every((low, i) => low > highs[i]),
    "a lower loss is drawn lower",
  );
});
test("a line's style means the same in every run", () => {
  const some = Array.from({ length: 60 }, (_, i) => 4 - i / 30);
  const more = [1, 2, 3, 4, 5, 6].map(() => ({ held_out: Float32Array.from(some) }));
  const { drawn, texts } = chartOf(Array(6).fill(some), { more });
  const held = drawn.filter((one) => one.width === 2.25);
  assert.deepEqual(
    held.map((one) => one.dash),
    Array(6).fill(null),
  );
  assert.equal(drawn.filter((one) => one.dash?.join() === "4,3").length, 6);
  for (const sign of "▲■◆▼")
    assert.ok(
      texts.some((one) => one.text === sign),
      sign,
    );
});
const staged = (names, ways) => {
  const local = /** @type {any} */ ({ sel: {} });
  const went = [];
  const g = /** @type {any} */ ({
    figure: { isConnected: true },
    redraw() {},
    visit: (page) => went.push(page),
    select: (change) => {
      went.push(change);
      Object.assign(local.sel, change);
    },
  });
  return { steps: stepMode("stage", names, ways), local, g, went };
};
test("a field without a step is the whole picture, drawn as the last step; with one it is told", () => {
  const { steps } = staged(["one", "two", "three"]);
  const seen = [-1, 0, 1, 2, 7, undefined].map((stage) => [
    steps.of({ sel: { stage } }),
    steps.told({ sel: { stage } }),
  ]);
  assert.deepEqual(seen, [
    [2, false],
    [0, true],
    [1, true],
    [2, true],
    [2, false],
    [2, false],
  ]);
  assert.deepEqual(steps.state({ sel: {} }), { step: 2, steps: 3, whole: true, playing: false });
  assert.deepEqual(steps.state({ sel: { stage: 2 } }), { step: 2, steps: 3, whole: false, playing: false });
});
test("from the whole picture through all steps and back to it, by keys", () => {
  const { steps, local, g } = staged(["one", "two", "three"]);
  const press = (key) => {
    assert.ok(steps.key(/** @type {any} */ ({ key, shiftKey: key.startsWith("Arrow") }), g, local));
    return local.sel.stage;
  };
  assert.deepEqual([".", "ArrowRight", ".", "."].map(press), [0, 1, 2, -1]);
  assert.deepEqual([",", "ArrowLeft", ",", ","].map(press), [2, 1, 0, 0]);
  for (const key of ["ArrowRight", "ArrowLeft"])
    assert.ok(!steps.key(/** @type {any} */ ({ key, shiftKey: false }), g, local), "it moves what is marked");
  assert.ok(steps.whole(g, local) && local.sel.stage === -1);
  assert.ok(!steps.whole(g, local), "there is nothing to go back from");
  assert.ok(!steps.key(/** @type {any} */ ({ key: "x" }), g, local));
});
test("Escape stops Play, shows the whole picture, lets go of a choice, and goes to Home", () => {
  const { steps, local, g, went } = staged(["one", "two"]);
  let kept = 1;
  const up = () => {
    steps.up(g, local, () => kept-- > 0);
    return went.at(-1);
  };
  steps.play(g, local, true);
  assert.ok(local.sel.stage === 0 && local.timer);
  up();
  assert.ok(local.sel.stage === 0 && !local.timer);
  assert.deepEqual([up(), up(), up()], [{ stage: -1 }, { stage: -1 }, "home"]);
  assert.equal(kept, -1);
});
test("a page may count from 1, draw another step as the whole, and choose more with a step", () => {
  const { steps, local, g } = staged(["one", "two", "three"], {
    whole: 1,
    first: 1,
    along: (_, at) => ({ block: at }),
    leave: { panel: "lines" },
  });
  assert.equal(steps.of(local), 1);
  steps.by(g, local, 1);
  assert.deepEqual(local.sel, { stage: 1, block: 0 });
  steps.to(g, local, 2);
  assert.deepEqual([local.sel, steps.of(local)], [{ stage: 3, block: 2 }, 2]);
  steps.by(g, local, 1);
  assert.deepEqual([local.sel, steps.told(local)], [{ stage: 0, block: 2, panel: "lines" }, false]);
});
test("a screen reader hears the step with its caption, and the whole picture by name", () => {
  const { steps } = staged(["one", "two"]);
  assert.equal(
    steps.said({ sel: { stage: 1 } }, (at) => `Caption ${at}.`),
    "Step 2 of 2, two: Caption 1. ",
  );
  assert.equal(
    steps.said({ sel: {} }, () => "never"),
    "The whole picture. ",
  );
});

test("a tip stands below what it explains, above it at the bottom edge, and never over it", () => {
  const [size, box] = [
    [120, 40],
    [400, 300],
  ];
  assert.deepEqual(tipPlace([90, 120], 50, size, box), [120, 50]);
  assert.deepEqual(tipPlace([250, 275], 50, size, box), [210, 50]); // no room below
  assert.deepEqual(tipPlace([20, 275], 50, size, box), [275, 50]); // nor above
  assert.deepEqual(tipPlace([90, 120], 390, size, box), [120, 276]);
  assert.deepEqual(tipPlace([90, 120], 390, [500, 40], box), [120, 0]);
});

test("arrow keys step with Shift alone, as comma and point do", () => {
  const pressed = (key, shiftKey = false) => stepKey({ key, shiftKey });
  assert.deepEqual(
    [".", ",", "ArrowRight", "ArrowLeft", " "].map((key) => pressed(key)),
    [1, -1, 0, 0, 0],
  );
  assert.deepEqual(
    ["ArrowRight", "ArrowLeft", "ArrowUp"].map((key) => pressed(key, true)),
    [1, -1, 0],
  );
});

test("in a picture of one line both pairs of arrow keys move along it", () => {
  const keys = ["ArrowUp", "ArrowLeft", "ArrowDown", "ArrowRight", "."];
  assert.deepEqual(
    keys.map((key) => entryKey({ key, shiftKey: false })),
    [-1, -1, 1, 1, 0],
  );
  assert.ok(
    keys.every((key) => entryKey({ key, shiftKey: true }) === 0),
    "those step",
  );
});
