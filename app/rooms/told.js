// What the screens of a room say, as plain data: the same state in other words for a phone and for the projector.

import { counted } from "../kit/counts.js";
import { say } from "../kit/say.js";
import { num, percent } from "../kit/shapes.js";
import { costOf, crossEntropy } from "../kit/votes.js";

/**
 * @import { State, Told } from "./connection.js"
 *
 * A piece of a text, set in mono or not.
 * @typedef {{text: string, mono: boolean}} Piece
 *
 * An option as a screen shows it. `typed`: whoever chooses it writes a word, `word` is one's own. `votes`: round by round,
 * null where it is not told; `shares` of all votes, likewise; `p`: the model's probability of it, null for a question that is not about a token.
 * @typedef {{text: string, typed: boolean, word: string, chosen: boolean, right: boolean, marks: string[], votes: (number | null)[], shares: (number | null)[], p: number | null}} Option
 *
 * `said` is what a screen reader hears when it changes, `taps` whether an option can be chosen.
 * @typedef {{phase: string, said: string, heading: string, options: Option[], taps: boolean, note: string, because: string, evidence: string, told: string[]}} View
 */

export const LETTERS = "ABCDEFGHI"; // of the options, the same on projector and phones

const PIECES = /(?<!`)(`+)(?!`)(.+?)(?<!`)\1(?!`)/g;

/** A text whose pieces between backticks are set in mono (app/markup.py). @type {(text: string) => Piece[]} */
export function pieces(text) {
  /** @type {Piece[]} */
  const found = [];
  let from = 0;
  for (const one of text.matchAll(PIECES)) {
    if (one.index > from) found.push({ text: text.slice(from, one.index), mono: false });
    const inside = one[1].length === 1 ? one[2] : one[2].replace(/^ /, "").replace(/ $/, "");
    found.push({ text: inside, mono: true });
    from = one.index + one[0].length;
  }
  if (from < text.length) found.push({ text: text.slice(from), mono: false });
  return found;
}

/** A code in two halves, as one reads it aloud: "BCD FGH". @param {string} code */
export const halves = (code) => (code.length === 6 ? `${code.slice(0, 3)} ${code.slice(3)}` : code);

/** What was typed as a code: its letters. @param {string} typed */
export const letters = (typed) =>
  typed
    .toUpperCase()
    .replace(/[^A-Z]/g, "")
    .slice(0, 6);

/** The address of the led page in the projector's frame: it follows the room by itself. @type {(lead: string, room: string) => string} */
export function framed(lead, room) {
  const [path, search = ""] = lead.split("?");
  const query = new URLSearchParams(search);
  for (const [key, value] of [
    ["class", room],
    ["view", "projector"],
    ["embed", "true"],
  ])
    query.set(key, value);
  return `${path.slice(1)}?${query}`;
}

/** Seconds of a countdown as one says them: 2.2 is "3". @param {number} seconds */
export const countdown = (seconds) => String(Math.max(1, Math.ceil(seconds)));

/**
 * Shows a countdown in an element whose style sheet draws it: the seconds alone, or in words.
 * @type {(element: HTMLElement, seconds: number, words?: (seconds: string) => string) => void}
 */
export function count(element, seconds, words = (/** @type {string} */ left) => left) {
  element.dataset.left = countdown(seconds);
  element.style.setProperty("--left", `"${words(element.dataset.left)}"`);
}

/** A probability for a whole class to read: what is tiny is called so. @param {number} p */
export const chance = (p) => (p < 0.001 ? say("under 0.1 %") : percent(p));

const nothing = () => ({
  heading: "",
  options: /** @type {Option[]} */ ([]),
  taps: false,
  note: "",
  because: "",
  evidence: "",
  told: /** @type {string[]} */ ([]),
});

/** Whether an option asks for a word. @type {(state: State, at: number) => boolean} */
export const isTyped = (state, at) => state.kind === "next" && at === (state.options?.length ?? 0) - 1;

/** The options of a question as this screen says them: the last one of a question about a token is the room’s own. @param {State} state */
export const options = (state) =>
  (state.options ?? []).map((text, at) => (isTyped(state, at) ? say("something else") : text));

/** A link's page, without its query. @param {string} link */
const pageOf = (link) => link.split("?")[0];

/** Whether the question is about the teacher's picture; its answer does not stand in that. @param {State} state */
export const asksOfPicture = ({ kind, phase, about = "", lead }) =>
  kind === "predict" && (phase === "open" || phase === "closed") && pageOf(about) === pageOf(lead);

/** Two votes' numbers, one after the other: "9, then 14". @param {(number | string)[]} found */
const inTurn = (found) =>
  found.map(String).reduce((first, second) => say("{first}, then {second}", { first, second }));

/** @type {(state: State, chosen: number | null, marks: (at: number) => string[], word?: string) => Option[]} */
function optionsOf(state, chosen, marks, word = "") {
  const bars = state.bars ?? [];
  return options(state).map((text, at) => ({
    text,
    typed: isTyped(state, at),
    word: isTyped(state, at) ? word : "",
    chosen: chosen === at,
    right: state.phase === "revealed" && state.answer?.index === at,
    marks: marks(at),
    votes: bars.map((one) => one?.[at] ?? null),
    shares: bars.map((one) =>
      one
        ? one[at] /
          Math.max(
            1,
            one.reduce((a, b) => a + b, 0),
          )
        : null,
    ),
    p: state.answer?.probabilities[at] ?? null,
  }));
}

/** @type {(state: State) => Pick<View, "because" | "evidence">} */
const reasons = (state) => ({
  because: state.answer?.because ?? "",
  evidence: state.kind === "next" ? gaveIt(state) : (state.answer?.evidence ?? ""),
});

/** What the model, and the class where that is told, gave to the token of the text, in plain words. @param {State} state */
function gaveIt({ answer, bars, options: words = [] }) {
  const at = answer?.index ?? null;
  if (at === null) return "";
  const votes = bars?.at(-1) ?? [];
  const all = votes.reduce((a, b) => a + b, 0);
  const gave = { word: plain(words[at] ?? ""), gave: chance(answer?.probabilities[at] ?? 0) };
  return all
    ? say("The model gave “{word}” {gave}; {share} of the class chose it.", {
        ...gave,
        share: percent(votes[at] / all),
      })
    : say("The model gave “{word}” {gave}.", gave);
}

/**
 * The cross-entropies of the class and of the model, in words; "" where the votes or the probabilities are not told.
 * Where nobody knows what comes, the class's answers are held against the model's probabilities.
 * @param {State} state
 */
export function costs(state) {
  const rounds = (state.bars ?? [])
    .filter((one) => one !== null)
    .filter((one) => one.some((votes) => votes > 0));
  const p = state.answer?.probabilities ?? [];
  if (!state.answer || !p.length || !rounds.length) return "";
  const { index } = state.answer;
  if (index !== null) {
    const found = rounds
      .map((one) => costOf(one, index))
      .map((cost) =>
        cost === null ? say("infinite, as nobody chose it") : say("{cost} nats", { cost: num(cost) }),
      );
    return say("Cross-entropy at “{word}”: the class {class}; the model {model} nats.", {
      word: plain(state.options?.[index] ?? ""),
      class: inTurn(found),
      model: num(-Math.log(Math.max(p[index], 1e-45))),
    });
  }
  const found = rounds.map((one) => num(crossEntropy(one, p)));
  return say(
    "The text does not say what comes. Against the model’s probabilities the class’s answers have a cross-entropy of {class} nats, the model’s own of {model}.",
    { class: inTurn(found), model: num(crossEntropy(p, p)) },
  );
}

/** How many wrote a word and what the model gave it, in words: "2 votes · the model 0.3 %". @param {Told} word */
export function toldOf(word) {
  const known = word.votes.filter((votes) => votes !== null);
  const votes = !known.length ? "" : known.length > 1 ? inTurn(known) : counted(known[0], "vote");
  const whole = word.token !== null && word.token.toLowerCase() === word.text.toLowerCase();
  const model =
    word.token === ""
      ? say("the model has no token that begins so")
      : word.p === null
        ? ""
        : whole
          ? say("the model {share}", { share: chance(word.p) })
          : say("the model {share} for its first token, “{token}”", {
              share: chance(word.p),
              token: word.token,
            });
  return [votes, model].filter(Boolean).join(" · ");
}

/**
 * Why the votes are not shown to the class, once they would be; "" where they are.
 * @type {(state: State, where?: string) => string}
 */
export function tooFew(state, where = say("here")) {
  const { phase, answered = 0, fewest = 0 } = state;
  const told = phase === "revealed" || (phase === "closed" && (state.shown ?? state.bars !== undefined));
  if (!told || answered >= fewest) return "";
  return answered
    ? say("{answered} voted: from {votes} on, the counts are shown {where}.", {
        answered,
        votes: counted(fewest, "vote"),
        where,
      })
    : say("Nobody voted.");
}

/** Written words as a screen lists them. @param {State} state */
const toldBy = (state) =>
  (state.told ?? []).map((word) => [`“${word.text}”`, toldOf(word)].filter(Boolean).join(": "));

/** What marks the option of a first vote: where a word was written, with that word. @type {(state: State, at: number) => string} */
function firstVote(state, at) {
  const word = isTyped(state, at) ? state.words?.[0] : "";
  return word ? say("your first vote: “{word}”", { word }) : say("your first vote");
}

/**
 * What a phone shows.
 * @param {State} state
 * @param {number | null} tapped the option that was tapped and is not yet confirmed
 * @param {string} written the word that came with that tap
 * @returns {View}
 */
export function phoneView(state, tapped = null, written = "") {
  const { phase, round = 1, choices = [] } = state;
  if (phase === "paused") return { ...nothing(), phase, said: say("Look up.") };
  if (phase === "lobby") {
    if (state.picture) return { ...nothing(), phase, said: say("The teacher’s picture:") };
    return {
      ...nothing(),
      phase,
      said: say("Look at the screen."),
      note: state.number ? say("The number is for finding pairs; nobody is known by it.") : "",
    };
  }
  const now = tapped ?? choices[round - 1] ?? null;
  const word = tapped === null ? (state.words?.[round - 1] ?? "") : written;
  const before = round > 1 ? (choices[0] ?? null) : null;
  const marks = (/** @type {number} */ at) =>
    [
      phase !== "open" && before === at ? firstVote(state, at) : "",
      phase !== "open" && now === at ? (round > 1 ? say("your second vote") : say("your vote")) : "",
      phase === "revealed" && state.answer?.index === at
        ? state.kind === "next"
          ? say("in the text")
          : say("the model’s answer")
        : "",
    ].filter(Boolean);
  const view = {
    ...nothing(),
    phase,
    heading: state.question ?? "",
    options: optionsOf(state, now, marks, word),
    taps: phase === "open",
  };
  if (phase === "open") {
    const asked = round > 1 ? say("The same question once more. Tap your answer.") : say("Tap your answer.");
    const said =
      state.closes !== null
        ? say("The vote closes.")
        : now === null
          ? asked
          : say("You may change it until the vote closes.");
    return { ...view, said };
  }
  if (phase === "closed") {
    const talk = state.talk ? say("Talk to somebody who chose otherwise.") : "";
    return {
      ...view,
      said:
        talk || (now === null ? say("The vote is over.") : say("The vote is over; your answer is locked.")),
      note: talk && now !== null ? say("Your answer is locked.") : "",
    };
  }
  return {
    ...view,
    ...reasons(state),
    told: toldBy(state),
    note: tooFew(state),
    said: revealedTo(state, now),
  };
}

/**
 * The size that a member may train, between questions; null: there is none.
 * @type {(state: State) => {heading: string, says: string, button: string, note: string} | null}
 */
export function sizeView({ size, phase }) {
  if (!size || (phase !== "lobby" && phase !== "revealed")) return null;
  if (!size.mine)
    return {
      heading: say("A size for you to train"),
      says: size.says,
      button: say("Train this size"),
      note: "",
    };
  const note = {
    "": say("It begins in a moment."),
    queued: say("It waits until the server is free."),
    done: say("Trained: it is a point on the Scaling page."),
  }[size.state];
  const ended = ["failed", "stopped", "diverged", "gone"].includes(size.state)
    ? say("It has ended early.")
    : say("It trains on the server now.");
  return { heading: say("Your size"), says: size.says, button: "", note: note ?? ended };
}

/** What the class trains, in words; "" for nothing. @type {(state: State) => string} */
export const dealtLine = ({ dealt }) =>
  dealt
    ? say("{sizes} to train: {taken} taken, {trained} trained", {
        sizes: counted(dealt.all, "size"),
        taken: dealt.all - dealt.free,
        trained: dealt.done,
      })
    : "";

/** Whether the answer was the model's, in words. @type {(state: State, now: number | null) => string} */
function revealedTo(state, now) {
  const index = state.answer?.index ?? null;
  if (index === null)
    return state.kind === "next"
      ? say("The model’s probabilities stand beside the votes.")
      : say("The answer is on the screen.");
  const right = plain(state.options?.[index] ?? "");
  if (state.kind === "next")
    return now === index
      ? say("The text has “{right}” here, as you said.", { right })
      : say("The text has “{right}” here.", { right });
  return now === index ? say("Right: “{right}”.", { right }) : say("The answer is “{right}”.", { right });
}

/** A text without the backticks of its pieces. @param {string} text */
export const plain = (text) =>
  pieces(text)
    .map((one) => one.text)
    .join("");

/**
 * What the projector shows: no bars while a vote is open.
 * @param {State} state
 * @returns {View}
 */
export function screenView(state) {
  const { phase, round = 1 } = state;
  const here = say("{here} here", state);
  if (phase === "paused") return { ...nothing(), phase, said: say("Paused.") };
  if (phase === "lobby") return { ...nothing(), phase, said: here };
  const right = (/** @type {number} */ at) =>
    phase === "revealed" && state.answer?.index === at
      ? [state.kind === "next" ? say("in the text") : say("the model’s answer")]
      : [];
  const counts = say("{answered} of {of} have answered", state);
  const view = {
    ...nothing(),
    phase,
    heading: state.question ?? "",
    options: optionsOf(state, null, right),
    told: toldBy(state),
    note: tooFew(state),
  };
  if (phase === "open")
    return {
      ...view,
      said: round > 1 ? say("Second vote: {answered} of {of} have answered", state) : counts,
    };
  if (phase === "closed") {
    const over =
      round > 1
        ? say("The second vote is over: {answered} of {of} have answered", state)
        : say("The vote is over: {answered} of {of} have answered", state);
    return { ...view, said: state.talk ? `${over}. ${say("Talk to somebody who chose otherwise.")}` : over };
  }
  return { ...view, ...reasons(state), said: revealedTo(state, null) };
}

/** How many votes an option has, in words: "9 votes · 43 %", of two votes "9, then 14". @param {Option} option */
export function classGave({ votes, shares }) {
  const known = votes.filter((one) => one !== null);
  if (known.length > 1) return inTurn(known);
  return known.length
    ? `${counted(known[0], "vote")} · ${percent(shares.find((share) => share !== null) ?? 0)}`
    : "";
}

/** What the model gives to an option, in words. @param {Option} option */
export const modelGave = ({ p }) => (p === null ? "" : say("the model {share}", { share: chance(p) }));

/** Both of them. @param {Option} option */
export const tally = (option) => [classGave(option), modelGave(option)].filter(Boolean).join(" · ");

/** The votes on an option, round by round, for the teacher: "9 → 14". @type {(bars: (number[] | null)[], at: number) => string} */
export const tallied = (bars, at) => bars.map((one) => one?.[at] ?? 0).join(" → ");

/** How many chose the option that the model finds likeliest, in words. @type {(state: State) => string} */
function besideLikeliest({ answer, bars = [], options = [] }) {
  const named = (answer?.probabilities ?? []).slice(0, -1); // the last is that of all other words
  const votes = bars.at(-1) ?? [];
  const all = votes.reduce((a, b) => a + b, 0);
  if (!named.length || !all) return "";
  const at = named.indexOf(Math.max(...named));
  return say("{votes} of {all} chose “{word}”, which the model finds likeliest ({share})", {
    votes: votes[at],
    all,
    word: plain(options[at]),
    share: chance(named[at]),
  });
}

/** What to do after a vote, in words; of a token nothing, as no option is the right prediction. @type {(state: State) => string} */
export function advice(state) {
  if (state.kind === "next") return state.phase === "revealed" ? besideLikeliest(state) : "";
  if (state.right === null || state.right === undefined) return "";
  const right = { share: percent(state.right, 0) };
  switch (state.suggests) {
    case "explain":
      return say("{share} chose the model’s answer: explain again", right);
    case "talk":
      return say("{share} chose the model’s answer: let them talk, then ask again", right);
    case "reveal":
      return say("{share} chose the model’s answer: reveal and go on", right);
    default:
      return say("{share} chose the model’s answer", right);
  }
}
