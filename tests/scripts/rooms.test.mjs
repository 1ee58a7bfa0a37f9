// What the screens of a room say of its states, what a teacher can do in each, and which addresses the room follows.

import assert from "node:assert/strict";
import test from "node:test";
import { buttonsOf, leadOf } from "../../app/rooms/bar.js";
import { addresses } from "../../app/rooms/connection.js";
import { restAfter } from "../../app/rooms/rest.js";
import { sentLine } from "../../app/rooms/sent.js";
import {
  advice,
  asksOfPicture,
  costs,
  countdown,
  dealtLine,
  framed,
  halves,
  letters,
  phoneView,
  pieces,
  plain,
  screenView,
  sizeView,
  tally,
  tooFew,
  toldOf,
} from "../../app/rooms/told.js";
import { costOf, crossEntropy } from "../../app/kit/votes.js";
import { unmeasured } from "../../app/rooms/words.js";
import { barsOf, plan } from "../../pages/classroom/layout.js";

/** @type {import("../../app/rooms/connection.js").State} */
const OPEN = {
  version: 3,
  phase: "open",
  code: "BCDFGH",
  here: 9,
  lead: "",
  gathered: 0,
  picture: "",
  closes: null,
  talk: false,
  n: 1,
  round: 1,
  kind: "predict",
  question: "Which of `a b`?",
  options: ["one", "`two`", "three"],
  about: "/",
  answered: 4,
  of: 9,
  number: 17,
  choices: [null],
};
const ANSWER = { index: 1, because: "So it is.", evidence: "0.5", probabilities: [] };

test("pieces between backticks are mono, whatever stands in them", () => {
  assert.deepEqual(pieces("a `b` c"), [
    { text: "a ", mono: false },
    { text: "b", mono: true },
    { text: " c", mono: false },
  ]);
  assert.deepEqual(pieces("`` a`b ``"), [{ text: "a`b", mono: true }]);
  assert.deepEqual(pieces("<b>`<i>`"), [
    { text: "<b>", mono: false },
    { text: "<i>", mono: true },
  ]);
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
  assert.deepEqual(
    phoneView(OPEN, 2).options.map((one) => one.chosen),
    [false, false, true],
  );
  assert.deepEqual(
    phoneView({ ...OPEN, choices: [0] }, 2).options.map((one) => one.chosen),
    [false, false, true],
  );
  assert.equal(phoneView({ ...OPEN, choices: [0] }).said, "You may change it until the vote closes.");
  assert.equal(phoneView({ ...OPEN, closes: 2 }).said, "The vote closes.");
});

test("in the second vote nothing is chosen, and the first one is not said", () => {
  const again = phoneView({ ...OPEN, round: 2, choices: [0, null] });
  assert.ok(again.options.every((one) => !one.chosen && !one.marks.length));
  const closed = phoneView({ ...OPEN, phase: "closed", round: 2, choices: [0, 1] });
  assert.deepEqual(
    closed.options.map((one) => one.marks),
    [["your first vote"], ["your second vote"], []],
  );
  assert.ok(!closed.taps);
});

test("nothing is asked in the lobby and while paused", () => {
  for (const phase of /** @type {const} */ (["lobby", "paused"])) {
    const view = phoneView({ ...OPEN, phase });
    assert.deepEqual([view.heading, view.options, view.taps], ["", [], false]);
    assert.deepEqual(screenView({ ...OPEN, phase }).options, []);
    assert.equal(view.note !== "", phase === "lobby", "what the number is for");
  }
});

test("the answer comes with its because, and says who was right", () => {
  /** @type {import("../../app/rooms/connection.js").State} */
  const state = { ...OPEN, phase: "revealed", choices: [1], answer: ANSWER, bars: [[1, 6, 1]] };
  assert.equal(phoneView(state).said, "Right: “two”.");
  assert.equal(phoneView({ ...state, choices: [0] }).said, "The answer is “two”.");
  assert.equal(
    phoneView({ ...state, kind: "next", choices: [0], bars: undefined }).said,
    "The text has “two” here.",
  );
  assert.deepEqual(phoneView(state).options.map(tally), ["1 vote · 13 %", "6 votes · 75 %", "1 vote · 13 %"]);
  assert.equal(screenView(state).because, "So it is.");
  assert.ok(screenView(state).options[1].right);
  assert.deepEqual(
    phoneView({
      ...state,
      bars: [null],
      answer: { ...ANSWER, probabilities: [0.5, 1e-7, 0.25] },
    }).options.map(tally),
    ["the model 50 %", "the model under 0.1 %", "the model 25 %"],
  );
  assert.deepEqual(phoneView({ ...state, bars: [null] }).options.map(tally), ["", "", ""]);
  assert.deepEqual(
    phoneView({
      ...state,
      round: 2,
      bars: [
        [1, 6, 1],
        [0, 8, 0],
      ],
    }).options.map(tally),
    ["1, then 0", "6, then 8", "1, then 0"],
  );
  assert.equal(
    phoneView({ ...state, answer: { ...ANSWER, index: null } }).said,
    "The answer is on the screen.",
  );
});

test("where votes are too few to be shown, every screen says so", () => {
  const few = { ...OPEN, answered: 3, fewest: 5, bars: [null] };
  const said = "3 voted: from 5 votes on, the counts are shown here.";
  for (const view of [phoneView, screenView]) {
    assert.equal(view({ ...few, phase: "revealed", answer: ANSWER }).note, said);
    assert.equal(
      view({ ...few, phase: "revealed", answer: ANSWER, answered: 5, bars: [[1, 4, 0]] }).note,
      "",
    );
  }
  assert.equal(screenView({ ...few, phase: "closed" }).note, said, "the teacher has pressed Show the votes");
  assert.equal(screenView({ ...few, phase: "closed", bars: undefined }).note, "");
  assert.equal(tooFew({ ...few, phase: "closed", shown: false }, "there"), "", "the teacher has not");
  assert.match(tooFew({ ...few, phase: "closed", shown: true }, "there"), /^3 voted.* shown there\.$/);
  assert.equal(tooFew({ ...few, phase: "revealed", answered: 0 }), "Nobody voted.");
  assert.deepEqual([tooFew({ ...few, phase: "open" }), tooFew({ ...few, phase: "lobby" })], ["", ""]);
});

test("the projector shows no bars while a vote is open", () => {
  assert.equal(screenView(OPEN).said, "4 of 9 have answered");
  assert.ok(screenView(OPEN).options.every((one) => one.votes.length === 0 && !one.right));
});

test("a teacher can do what comes next, and nothing else", () => {
  const acts = (/** @type {Partial<import("../../app/rooms/connection.js").State>} */ change) =>
    buttonsOf({ ...OPEN, ...change }).map((one) => one.act);
  assert.deepEqual(acts({}), ["close", "lock", "pause"]);
  assert.deepEqual(acts({ closes: 2 }), ["closing"]);
  assert.ok(
    buttonsOf({ ...OPEN, closes: 2 }).every((one) => one.idle),
    "nothing to press while it closes",
  );
  assert.deepEqual(acts({ phase: "closed" }), ["talk", "again", "show", "reveal", "pause"]);
  assert.deepEqual(acts({ phase: "closed", round: 2, shown: true }), ["hide", "reveal", "pause"]);
  assert.deepEqual(acts({ phase: "revealed" }), ["next", "pause"]);
  assert.deepEqual(acts({ phase: "paused" }), ["resume"]);
  assert.deepEqual(acts({ phase: "lobby", lead: "/loss?v=1" }), ["gather", "lock", "pause"]);
  assert.deepEqual(acts({ phase: "lobby", locked: true }), ["unlock", "pause"]);
  for (const suggests of /** @type {const} */ (["explain", "talk", "reveal", ""])) {
    assert.equal(
      buttonsOf({ ...OPEN, phase: "closed", suggests }).filter((one) => one.primary).length,
      1,
      suggests,
    );
  }
});

test("buttons that come where others were rest for a second", (context) => {
  context.mock.timers.enable({ apis: ["setTimeout"] });
  const element = /** @type {HTMLElement} */ (/** @type {unknown} */ ({ dataset: {} }));
  const rests = () => element.dataset.rests !== undefined;
  restAfter(element, ["close", "pause"]);
  assert.ok(!rests(), "the first ones");
  restAfter(element, ["closing"]);
  assert.ok(rests());
  context.mock.timers.tick(999);
  assert.ok(rests());
  restAfter(element, ["closing"]); // drawn again, with another count
  context.mock.timers.tick(1);
  assert.ok(!rests());
});

test("what is suggested is said with the share that is right", () => {
  assert.equal(
    advice({ ...OPEN, right: 0.25, suggests: "explain" }),
    "25 % chose the model’s answer: explain again",
  );
  assert.equal(advice({ ...OPEN, right: null }), "");
  // Of a token, whichever came, the likeliest is the better prediction: no share of votes is right.
  const token = {
    ...TOKEN,
    answer: { ...GIVEN, index: 1 },
    bars: [[3, 1, 2]],
    suggests: /** @type {const} */ (""),
  };
  assert.equal(advice({ ...token, phase: "closed" }), "");
  assert.equal(advice({ ...token, phase: "closed", right: 0, suggests: "explain" }), "");
  assert.equal(
    advice({ ...token, phase: "revealed" }),
    "3 of 6 chose “ball”, which the model finds likeliest (50 %)",
  );
  assert.equal(advice({ ...token, phase: "revealed", bars: [[0, 0, 0]] }), "");
});

test("a room follows views, not the teacher's own pages, nor how they are shown", () => {
  const at = (/** @type {string} */ pathname, search = "?v=1&text=a") => leadOf({ pathname, search });
  assert.equal(at("/attention"), "/attention?v=1&text=a");
  assert.equal(at("/"), "/?v=1&text=a");
  assert.equal(at("/below/attention", "?v=1&embed=true&view=projector"), "/attention?v=1");
  assert.deepEqual([at("/classroom"), at("/lessons"), at("/attention", "")], ["", "", ""]);
});

test("the projector's frame follows the room, in projector mode, whatever the link says", () => {
  assert.equal(
    framed("/loss?v=1&text=a+b&view=figure", "7f"),
    "loss?v=1&text=a+b&view=projector&class=7f&embed=true",
  );
  assert.equal(framed("/?v=1", "7f"), "?v=1&class=7f&view=projector&embed=true");
});

/** @type {import("../../pages/classroom/figure.js").Data} */
const VOTE = {
  kind: "next",
  tokens: [" a"],
  places: [1],
  options: [],
  question: OPEN.question,
  asked: OPEN.options,
};

test("the picture shows the votes of its own question alone", () => {
  const state = {
    ...OPEN,
    bars: [
      [1, 2, 0],
      [0, 3, 0],
    ],
  };
  assert.deepEqual(barsOf(VOTE, state), [
    [1, 2, 0],
    [0, 3, 0],
  ]);
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

/** @type {import("../../app/rooms/connection.js").State} */
const TOKEN = { ...OPEN, kind: "next", options: ["`ball`", "`hat`", "something else"], words: [""] };
const GIVEN = { index: 0, because: "", evidence: "", probabilities: [0.5, 0.25, 0.25] };

test("the last option of a question about a token asks for a word, and shows one's own", () => {
  assert.deepEqual(
    phoneView(TOKEN).options.map((one) => [one.typed, one.word]),
    [
      [false, ""],
      [false, ""],
      [true, ""],
    ],
  );
  assert.ok(phoneView({ ...TOKEN, kind: "predict" }).options.every((one) => !one.typed));
  assert.equal(phoneView({ ...TOKEN, choices: [2], words: ["kite"] }).options[2].word, "kite");
  assert.equal(phoneView({ ...TOKEN, choices: [2], words: ["kite"] }, 2, "dog").options[2].word, "dog");
  assert.equal(phoneView({ ...TOKEN, choices: [2], words: ["kite"] }, 0).options[2].word, "");
});

test("each of two votes for a word of one's own keeps its word", () => {
  const twice = {
    ...TOKEN,
    phase: /** @type {const} */ ("closed"),
    round: 2,
    choices: [2, 2],
    words: ["dog", "bone"],
  };
  const { word, marks } = phoneView(twice).options[2];
  assert.deepEqual([word, marks], ["bone", ["your first vote: “dog”", "your second vote"]]);
  assert.deepEqual(phoneView({ ...twice, choices: [2, 0], words: ["dog", ""] }).options[2].marks, [
    "your first vote: “dog”",
  ]);
});

test("a question of a page is asked beside the picture that it is about, one about a token never", () => {
  const asked = { ...OPEN, about: "/loss?v=1&follow=2", lead: "/loss?v=1&follow=3" };
  assert.ok(asksOfPicture(asked) && asksOfPicture({ ...asked, phase: "closed" }));
  assert.ok(
    !asksOfPicture({ ...asked, lead: "/bias?v=1" }) &&
      !asksOfPicture({ ...asked, kind: "next" }) &&
      !asksOfPicture({ ...asked, phase: "paused" }),
  );
});

test("where the teacher's picture lies below, the phone says so and does not send eyes to the screen", () => {
  assert.equal(phoneView({ ...OPEN, phase: "lobby" }).said, "Look at the screen.");
  const led = phoneView({ ...OPEN, phase: "lobby", picture: "ab" });
  assert.deepEqual([led.said, led.note], ["The teacher’s picture:", ""]);
});

test("written words are listed with their counts and what the model gave, as far as that is told", () => {
  const word = { text: "kite", votes: [2], token: "kite", p: 0.125 };
  assert.equal(toldOf(word), "2 votes · the model 13 %");
  assert.equal(toldOf({ ...word, text: "Kite" }), "2 votes · the model 13 %");
  assert.equal(toldOf({ ...word, token: "ki" }), "2 votes · the model 13 % for its first token, “ki”");
  assert.equal(
    toldOf({ ...word, token: "", p: null, votes: [1] }),
    "1 vote · the model has no token that begins so",
  );
  assert.equal(toldOf({ ...word, token: null, p: null, votes: [null] }), "");
  assert.equal(toldOf({ ...word, token: null, p: null, votes: [1, 0] }), "1, then 0");
  const revealed = { ...TOKEN, phase: /** @type {const} */ ("revealed"), answer: GIVEN, told: [word] };
  assert.deepEqual(screenView(revealed).told, ["“kite”: 2 votes · the model 13 %"]);
  assert.deepEqual(phoneView(revealed).told, screenView(revealed).told);
  assert.deepEqual(screenView(TOKEN).told, []);
});

test("both cross-entropies are told with the answer", () => {
  const state = { ...TOKEN, phase: /** @type {const} */ ("revealed"), answer: GIVEN, bars: [[2, 4, 2]] };
  assert.equal(costs(state), "Cross-entropy at “ball”: the class 1.39 nats; the model 0.69 nats.");
  assert.equal(
    costs({
      ...state,
      bars: [
        [2, 4, 2],
        [8, 0, 0],
      ],
    }),
    "Cross-entropy at “ball”: the class 1.39 nats, then 0.00 nats; the model 0.69 nats.",
  );
  assert.match(costs({ ...state, bars: [[0, 8, 0]] }), /the class infinite, as nobody chose it; the model/);
  const open = { ...state, answer: { ...GIVEN, index: null }, bars: [[4, 0, 0]] };
  assert.match(costs(open), /cross-entropy of 0\.69 nats, the model’s own of 1\.04/);
  assert.deepEqual(
    [
      costs({ ...state, bars: [null] }),
      costs({ ...state, bars: undefined }),
      costs({ ...state, answer: null }),
    ],
    ["", "", ""],
  );
  assert.ok(Math.abs(crossEntropy([1, 1, 0], [0.5, 0.25, 0.25]) - (Math.log(2) + Math.log(4)) / 2) < 1e-12);
  // Phones and projector say it in plain words.
  for (const view of [phoneView, screenView]) {
    assert.equal(view(state).evidence, "The model gave “ball” 50 %; 25 % of the class chose it.");
    assert.equal(view({ ...state, bars: [null] }).evidence, "The model gave “ball” 50 %.");
    assert.equal(view(open).evidence, "");
    assert.doesNotMatch(JSON.stringify(view(state)), /nats|ntropy/);
  }
  assert.equal(phoneView({ ...state, choices: [0] }).said, "The text has “ball” here, as you said.");
});

test("a teacher's list of words waits for the model once the vote is over", () => {
  const told = [{ key: "kite", text: "kite", votes: [1], shown: false, token: null, p: null }];
  assert.equal(unmeasured({ ...TOKEN, told }), "");
  assert.notEqual(unmeasured({ ...TOKEN, phase: "closed", told }), "");
  assert.equal(unmeasured({ ...TOKEN, phase: "closed", told: [{ ...told[0], token: "kite", p: 0.1 }] }), "");
});

test("a size is offered between questions, and says how far its run is", () => {
  const size = { says: "16 numbers wide", mine: false, state: "" };
  assert.equal(sizeView({ ...OPEN, size }), null);
  assert.equal(sizeView({ ...OPEN, phase: "lobby" }), null);
  assert.equal(sizeView({ ...OPEN, phase: "lobby", size })?.button, "Train this size");
  for (const state of ["", "queued", "running", "done", "failed", "gone"]) {
    const view = sizeView({ ...OPEN, phase: "lobby", size: { ...size, mine: true, state } });
    assert.ok(view?.note && !view.button, state);
  }
  assert.equal(
    dealtLine({ ...OPEN, dealt: { all: 5, free: 3, done: 1 } }),
    "5 sizes to train: 2 taken, 1 trained",
  );
  assert.equal(dealtLine(OPEN), "");
  assert.deepEqual([sentLine(1), sentLine(3)], ["1 view was sent", "3 views were sent"]);
});
