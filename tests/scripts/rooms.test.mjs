// What the screens of a room say of its states, what a teacher can do in each, and which addresses the room follows.

import assert from "node:assert/strict";
import test from "node:test";
import { buttonsOf, leadOf } from "../../app/rooms/bar.js";
import { addresses } from "../../app/rooms/connection.js";
import { advice, countdown, framed, halves, letters, phoneView, pieces, plain, screenView, tally } from "../../app/rooms/told.js";
import { barsOf, costOf, plan } from "../../pages/classroom/layout.js";

/** @type {import("../../app/rooms/connection.js").State} */
const OPEN = {
  version: 3, phase: "open", code: "BCDFGH", here: 9, lead: "", gathered: 0, picture: "", closes: null, talk: false, n: 1, round: 1, kind: "predict",
  question: "Which of `a b`?", options: ["one", "`two`", "three"], about: "/", answered: 4, of: 9, number: 17, choices: [null],
};
const ANSWER = { index: 1, because: "So it is.", evidence: "0.5", probabilities: [] };

test("pieces between backticks are mono, whatever stands in them", () => {
  assert.deepEqual(pieces("a `b` c"), [{ text: "a ", mono: false }, { text: "b", mono: true }, { text: " c", mono: false }]);
  assert.deepEqual(pieces("`` a`b ``"), [{ text: "a`b", mono: true }]);
  assert.deepEqual(pieces("<b>`<i>`"), [{ text: "<b>", mono: false }, { text: "<i>", mono: true }]);
  assert.deepEqual(pieces(""), []);
  assert.equal(plain("`x` or `` y`z ``"), "x or y`z");
});

test("a code is read in any writing", () => {
  assert.equal(letters(" bcd-fgh\n"), "BCDFGH");
  assert.equal(letters("bcdfghjkl"), "BCDFGH");
  assert.equal(halves("BCDFGH"), "BCD FGH");
  assert.equal(halves(""), "");
  assert.deepEqual([countdown(2.2), countdown(0.01), countdown(-1)], ["3", "1", "1"]);
  assert.equal(addresses("a", "screen").state, "rooms/a/state?as=screen");
});

test("a phone shows a tap at once, and what was counted afterwards", () => {
  const fresh = phoneView(OPEN);
  assert.equal(fresh.said, "Tap your answer.");
  assert.ok(fresh.taps && fresh.options.every((one) => !one.chosen && !one.right));
  assert.deepEqual(phoneView(OPEN, 2).options.map((one) => one.chosen), [false, false, true]);
  assert.deepEqual(phoneView({ ...OPEN, choices: [0] }, 2).options.map((one) => one.chosen), [false, false, true]);
  assert.equal(phoneView({ ...OPEN, choices: [0] }).said, "You may change it until the vote closes.");
  assert.equal(phoneView({ ...OPEN, closes: 2 }).said, "The vote closes.");
});

test("in the second vote nothing is chosen, and the first one is not said", () => {
  const again = phoneView({ ...OPEN, round: 2, choices: [0, null] });
  assert.ok(again.options.every((one) => !one.chosen && !one.marks.length));
  const closed = phoneView({ ...OPEN, phase: "closed", round: 2, choices: [0, 1] });
  assert.deepEqual(closed.options.map((one) => one.marks), [["your first vote"], ["your second vote"], []]);
  assert.ok(!closed.taps);
});

test("nothing is asked in the lobby and while paused", () => {
  for (const phase of /** @type {const} */ (["lobby", "paused"])) {
    const view = phoneView({ ...OPEN, phase });
    assert.deepEqual([view.heading, view.options, view.taps], ["", [], false]);
    assert.deepEqual(screenView({ ...OPEN, phase }).options, []);
  }
});

test("the answer comes with its because, and says who was right", () => {
  /** @type {import("../../app/rooms/connection.js").State} */
  const state = { ...OPEN, phase: "revealed", choices: [1], answer: ANSWER, bars: [[1, 6, 1]] };
  assert.equal(phoneView(state).said, "Right: “two”.");
  assert.equal(phoneView({ ...state, choices: [0] }).said, "The answer is “two”.");
  assert.equal(phoneView({ ...state, kind: "next", choices: [0] }).said, "What came is “two”.");
  assert.deepEqual(phoneView(state).options.map(tally), ["1 vote · 13 %", "6 votes · 75 %", "1 vote · 13 %"]);
  assert.equal(screenView(state).because, "So it is.");
  assert.ok(screenView(state).options[1].right);
  assert.deepEqual(phoneView({ ...state, bars: [null], answer: { ...ANSWER, probabilities: [0.5, 1e-7, 0.25] } }).options.map(tally), ["the model 50 %", "the model under 0.1 %", "the model 25 %"]);
  assert.deepEqual(phoneView({ ...state, bars: [null] }).options.map(tally), ["", "", ""]);
  assert.deepEqual(phoneView({ ...state, round: 2, bars: [[1, 6, 1], [0, 8, 0]] }).options.map(tally), ["1, then 0", "6, then 8", "1, then 0"]);
  assert.equal(phoneView({ ...state, answer: { ...ANSWER, index: null } }).said, "The answer is on the screen.");
});

test("the projector shows no bars while a vote is open", () => {
  assert.equal(screenView(OPEN).said, "4 of 9 have answered");
  assert.ok(screenView(OPEN).options.every((one) => one.votes.length === 0 && !one.right));
});

test("a teacher can do what comes next, and nothing else", () => {
  const acts = (/** @type {Partial<import("../../app/rooms/connection.js").State>} */ change) => buttonsOf({ ...OPEN, ...change }).map((one) => one.act);
  assert.deepEqual(acts({}), ["close", "pause"]);
  assert.deepEqual(acts({ closes: 2 }), []);
  assert.deepEqual(acts({ phase: "closed" }), ["talk", "again", "show", "reveal", "pause"]);
  assert.deepEqual(acts({ phase: "closed", round: 2, shown: true }), ["hide", "reveal", "pause"]);
  assert.deepEqual(acts({ phase: "revealed" }), ["next", "pause"]);
  assert.deepEqual(acts({ phase: "paused" }), ["resume"]);
  assert.deepEqual(acts({ phase: "lobby", lead: "/loss?v=1" }), ["gather", "pause"]);
  for (const suggests of /** @type {const} */ (["explain", "talk", "reveal", ""])) {
    assert.equal(buttonsOf({ ...OPEN, phase: "closed", suggests }).filter((one) => one.primary).length, 1, suggests);
  }
});

test("what is suggested is said with the share that is right", () => {
  assert.equal(advice({ ...OPEN, right: 0.25, suggests: "explain" }), "25 % chose the model’s answer: explain again");
  assert.equal(advice({ ...OPEN, right: null }), "");
});

test("a room follows views, not the teacher's own pages, nor how they are shown", () => {
  const at = (/** @type {string} */ pathname, search = "?v=1&text=a") => leadOf({ pathname, search });
  assert.equal(at("/attention"), "/attention?v=1&text=a");
  assert.equal(at("/"), "/?v=1&text=a");
  assert.equal(at("/below/attention", "?v=1&embed=true&view=projector"), "/attention?v=1");
  assert.deepEqual([at("/classroom"), at("/lessons"), at("/attention", "")], ["", "", ""]);
});

test("the projector's frame follows the room, in projector mode, whatever the link says", () => {
  assert.equal(framed("/loss?v=1&text=a+b&view=figure", "7f"), "loss?v=1&text=a+b&view=projector&class=7f&embed=true");
  assert.equal(framed("/?v=1", "7f"), "?v=1&class=7f&view=projector&embed=true");
});

/** @type {import("../../pages/classroom/figure.js").Data} */
const VOTE = { kind: "next", tokens: [" a"], places: [1], options: [], question: OPEN.question, asked: OPEN.options };

test("the picture shows the votes of its own question alone", () => {
  const state = { ...OPEN, bars: [[1, 2, 0], [0, 3, 0]] };
  assert.deepEqual(barsOf(VOTE, state), [[1, 2, 0], [0, 3, 0]]);
  assert.deepEqual(barsOf(VOTE, { ...state, bars: [[0, 0, 0]] }), []);
  assert.deepEqual(barsOf({ ...VOTE, question: "another" }, state), []);
  assert.deepEqual(barsOf({ ...VOTE, asked: ["one"] }, state), []);
  assert.deepEqual(barsOf(VOTE, null), []);
  assert.ok(Math.abs((costOf([1, 3, 0], 1) ?? 0) - Math.log(4 / 3)) < 1e-12);
  assert.equal(costOf([1, 3, 0], 2), null);
});

test("no word leaves the picture, and rows do not overlap", () => {
  const measure = (/** @type {string} */ text, /** @type {number} */ size) => text.length * size * 0.6;
  const words = "the quick brown fox jumps over the lazy dog and on and on it goes".split(" ");
  for (const width of [330, 700, 1300]) {
    for (const rounds of [0, 1, 2]) {
      const at = plan(width, words, measure, 6, rounds);
      assert.ok(at.words.every((word) => word.x >= 0 && word.x + word.w <= width));
      assert.ok(at.pitch >= 11 * (1 + rounds) && at.room > 80 && at.bar + at.room <= width);
      assert.ok(at.costs > at.top + 6 * at.pitch && at.height > at.costs);
    }
  }
});
