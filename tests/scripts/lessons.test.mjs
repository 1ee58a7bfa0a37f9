// What a browser keeps of lessons, the card's choice of the next one, and a view written as a step.

import assert from "node:assert/strict";
import test from "node:test";

/** @type {Record<string, string>} */
const store = {};
globalThis.localStorage = /** @type {any} */ ({
  getItem: (/** @type {string} */ key) => store[key] ?? null,
  setItem: (/** @type {string} */ key, /** @type {string} */ value) => {
    store[key] = value;
  },
});
const { all, forget, joined, known, remember } = await import("../../app/lessons/progress.js");
const { open } = await import("../../app/lessons/card.js");
const { result } = await import("../../app/lessons/strip.js");
const { heightOf, liveOf, stepOf } = await import("../../app/frame/takeaway.js");

test("progress joins what is new to what is known", () => {
  remember("why", { at: 2, of: 5, title: "Why", done: [1] });
  remember("why", { at: 3, done: [2, 1], answers: { 2: 0 } });
  remember("why", { answers: { 3: 1 } });
  assert.deepEqual(known("why"), { at: 3, of: 5, title: "Why", done: [1, 2], answers: { 2: 0, 3: 1 } });
  assert.deepEqual(joined(known("none"), { at: 1 }).done, []);
  forget("why");
  assert.deepEqual(all(), {});
});

test("whatever stands in the storage, nothing breaks", () => {
  for (const wrong of [
    "",
    "[1]",
    "null",
    "{",
    '{"why": 3}',
    '{"why": {"at": 2}}',
    '{"why": {"done": 3, "answers": "x"}}',
  ]) {
    store["glassbox.lessons"] = wrong;
    assert.equal(typeof all(), "object");
    assert.deepEqual([known("why").answers, known("why").done], [{}, []]);
  }
  delete store["glassbox.lessons"];
});

test("a lesson is open between its first and its last step", () => {
  const lesson = { name: "why", title: "", asks: "", minutes: 1, of: 3 };
  const at = (/** @type {number} */ step, /** @type {number[]} */ done) =>
    open(lesson, { why: { at: step, of: 3, title: "", done, answers: {} } });
  assert.equal(open(lesson, {}), null);
  assert.equal(at(1, [])?.at, 1);
  assert.equal(at(3, [1, 2, 3]), null);
  assert.equal(at(9, []), null, "the lesson has become shorter");
});

test("a view as a step: its link without version and lesson, and room for words", () => {
  const text = stepOf({
    pathname: "/base/attention",
    search: "?v=1&path=why&mark=3&text=A+%26+b%25&block=3",
  });
  assert.match(text, /^## Title of the step\nat: \/attention\?text=A %26 b%25&block=3\n/);
  assert.match(stepOf({ pathname: "/", search: "" }), /\nat: \/\n/);
});

test("the end of a lesson says what was answered, and what to look at again", () => {
  const questions = [
    { mark: 1, name: "One", right: 0 },
    { mark: 3, name: "Three", right: 1 },
    { mark: 4, name: "Four", right: 2 },
  ];
  assert.deepEqual(result(questions, {}), { said: "", again: [] });
  assert.deepEqual(result(questions, { 1: 0, 3: 1, 4: 2 }), {
    said: "You answered all 3 questions right.",
    again: [],
  });
  const one = result(questions, { 1: 0, 3: 0, 4: 2 });
  assert.equal(one.said, "You answered 2 of 3 questions right. This one is worth another look:");
  assert.deepEqual(
    one.again.map(({ name }) => name),
    ["Three"],
  );
  const skipped = result(questions, { 1: 0 });
  assert.equal(
    skipped.said,
    "You answered 1 of 3 questions right and skipped 2. These 2 are worth another look:",
  );
  const both = result(questions, { 1: 0, 3: 0 });
  assert.match(both.said, /^You answered 1 of 3 questions right and skipped 1\. These 2 /);
  assert.deepEqual(
    skipped.again.map(({ mark }) => mark),
    [3, 4],
  );
});

test("the HTML of a live frame has the page's address, out of a lesson", () => {
  const place = {
    origin: "https://glassbox.example",
    pathname: "/base/attention",
    search: '?v=1&path=why&mark=3&text=A+"b"+%26&block=3',
  };
  assert.equal(
    liveOf('<iframe src="ADDRESS">', place),
    '<iframe src="https://glassbox.example/base/attention?v=1&amp;text=A+%22b%22+%26&amp;block=3&amp;view=figure&amp;embed=true">',
  );
});

test("the frame of a picture is as high as the picture", () => {
  const html = '<iframe src="a.html" style="width:100%;height:640px;border:0"></iframe>';
  assert.equal(heightOf(html, 811.2), html.replace("640px", "812px"));
});
