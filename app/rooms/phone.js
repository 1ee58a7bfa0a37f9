// The phone's page: the code, the question, a tap. There is no Submit: what was tapped last counts.

import { addressOf } from "../kit/address.js";
import { say, sayOf } from "../kit/say.js";
import { html } from "../kit/shapes.js";
import { follow, send } from "./connection.js";
import {
  LETTERS,
  asksOfPicture,
  count,
  halves,
  letters,
  phoneView,
  pieces,
  sizeView,
  tally,
} from "./told.js";

/**
 * @import { State } from "./connection.js"
 * @import { Option, View } from "./told.js"
 */

const AGAIN = 600; // ms until a tap is sent again that came too soon, or found no connection

const main = /** @type {HTMLElement} */ (document.querySelector("main"));
const given = /** @type {{code: string}} */ (JSON.parse(main.dataset.given ?? "{}"));

const status = html("p", { class: "gb-said", role: "status" });
const place = html("div", { class: "gb-place" });
const foot = html("p", { class: "gb-foot" });
const frame = html("iframe", {
  class: "gb-picture",
  title: say("The teacher’s picture"),
  sandbox: "allow-scripts",
  hidden: "",
});
const who = html("span", {});
main.replaceChildren(html("header", {}, html("h1", {}, "Glassbox"), who), status, place, frame, foot);

let room = "";
/** @type {State | null} */
let state = null;
/** The tap that is not yet confirmed. @type {{n: number, round: number, choice: number, word: string} | null} */
let tapped = null;
let sending = false;
let lost = false;
let drawn = "";
let ends = 0; // when the open vote closes, by this phone's own clock
let writing = ""; // the vote in which the field for a word is open
let refused = ""; // why the last tap did not count
let counted = 0; // the room's version that has the last tap that counts

// The field for a word stays what it is while the vote goes on, whatever is drawn around it.
const input = html("input", {
  id: "word",
  name: "word",
  autocomplete: "off",
  autocapitalize: "none",
  spellcheck: "false",
  enterkeyhint: "send",
  maxlength: 20,
  required: "",
});
const writer = html(
  "form",
  {
    class: "gb-writer",
    submit: (event) => {
      event.preventDefault();
      if (state && input.value.trim()) tap((state.options?.length ?? 0) - 1, input.value);
    },
  },
  html("label", { for: "word" }, say("Your word, 20 characters at most")),
  input,
  html("button", { type: "submit" }, say("Send this word")),
);

/** @param {string} text */
const set = (text) => pieces(text).map((one) => (one.mono ? html("code", {}, one.text) : one.text));

/** Shows what a screen reader hears, once. @param {string} text */
function tell(text) {
  if (status.textContent !== text) status.textContent = text;
}

/** @param {string} why what was wrong with the code before */
function askCode(why = "") {
  main.dataset.state = JSON.stringify({ phase: "code", why });
  const field = html("input", {
    id: "code",
    name: "code",
    autocomplete: "off",
    autocapitalize: "characters",
    spellcheck: "false",
    maxlength: 8,
    required: "",
    placeholder: "BCD FGH",
    "aria-describedby": "why",
  });
  field.value = halves(letters(given.code));
  const form = html(
    "form",
    {
      submit: (event) => {
        event.preventDefault();
        join(letters(field.value));
      },
    },
    html("label", { for: "code" }, say("The six letters on the screen")),
    field,
    html("button", { type: "submit" }, sayOf("room", "Join")),
  );
  tell(why);
  place.replaceChildren(form);
  field.focus();
}

/** @param {string} code */
async function join(code) {
  tell(say("Joining …"));
  const { status: found, body } = await send("POST", "rooms/join", { code });
  if (found === 200) {
    room = body.id;
    history.replaceState(null, "", addressOf(`join/${code}${location.search}`)); // it may name a language
    follow(room, "member", {
      state: hear,
      end,
      lost: (now) => {
        lost = now;
        draw();
        if (!now) pass();
      },
    });
    return;
  }
  given.code = code;
  if (found === 0) {
    tell(say("No connection. Trying again …"));
    setTimeout(join, 2000, code);
  } else if ([409, 429, 503].includes(found)) askCode(body.why);
  else askCode(say("There is no room with these letters, or it has ended."));
}

/** @param {State} now */
function hear(now) {
  if (now.phase !== state?.phase) refused = "";
  // Read before the last tap was counted, and under way for longer than the answer to it.
  if (now.version < counted && now.n === state?.n)
    now = { ...now, choices: state?.choices, words: state?.words };
  state = now;
  ends = now.closes === null ? 0 : performance.now() + 1000 * now.closes;
  if (tapped && (now.phase !== "open" || tapped.n !== now.n || tapped.round !== now.round)) tapped = null;
  draw();
}

function end() {
  state = null;
  main.dataset.state = JSON.stringify({ phase: "ended" });
  tell(say("The room has ended."));
  place.replaceChildren(html("p", {}, say("Its questions and votes are deleted.")));
  foot.replaceChildren();
  frame.remove();
  who.textContent = "";
}

/** The vote that is open, by question and round. @param {State | null} now */
const voteOf = (now) => (now?.phase === "open" ? `${now.n}.${now.round}` : "");

/** Opens the field for a word. */
function write() {
  if (writing !== voteOf(state)) input.value = "";
  writing = voteOf(state);
  draw();
  input.focus();
}

/** @type {(choice: number, word?: string) => void} */
function tap(choice, word = "") {
  if (state?.phase !== "open" || state.n === undefined || state.round === undefined) return;
  if (!word) writing = "";
  tapped = { n: state.n, round: state.round, choice, word };
  refused = "";
  draw();
  pass();
}

/** Sends the last tap; one that came too soon, or found no connection, goes again while its vote is open. */
async function pass() {
  if (sending || !tapped) return;
  sending = true;
  const mine = tapped;
  const { status: found, body } = await send("PUT", `rooms/${room}/vote`, mine);
  sending = false;
  if (found === 200) counted = body.version;
  if (found === 200 && tapped === mine) {
    if (state?.n === mine.n && state.round === mine.round && state.choices) {
      state.choices[mine.round - 1] = body.choice; // a word that is one of the options is a vote for that
      if (state.words) state.words[mine.round - 1] = body.word;
    }
    tapped = null;
    writing = "";
  } else if (found === 409) {
    tapped = null;
    if (body.state) hear(body.state);
  } else if (found !== 200 && tapped === mine && found !== 429 && found !== 0 && found !== 503) {
    tapped = null; // refused for good
    refused = body.why ?? "";
  }
  draw();
  if (tapped) setTimeout(pass, found === 200 ? 0 : AGAIN);
}

/** @type {(option: Option, at: number, view: View) => HTMLElement} */
function optionOf(option, at, view) {
  const marks = option.marks.map((mark) => html("small", { class: "gb-mark" }, mark));
  const votes = tally(option);
  const inside = [
    html("i", { class: "gb-letter" }, LETTERS[at]),
    html("span", {}, set(option.text)),
    option.word ? html("b", {}, `“${option.word}”`) : "",
    ...marks,
    votes ? html("small", { class: "gb-votes" }, votes) : "",
  ];
  if (!view.taps)
    return html(
      "li",
      { class: `gb-option${option.chosen ? " chosen" : ""}${option.right ? " right" : ""}` },
      inside,
    );
  const opens = option.typed && writing !== "" && writing === voteOf(state);
  return html(
    "li",
    {},
    html(
      "button",
      {
        type: "button",
        class: `gb-option${option.chosen ? " chosen" : ""}${opens ? " opens" : ""}`,
        "aria-pressed": String(option.chosen),
        "data-at": at,
        "aria-expanded": option.typed ? String(opens) : null,
        click: () => (option.typed ? write() : tap(at)),
      },
      inside,
    ),
    opens ? writer : "",
  );
}

/** The size that this phone may have trained, with its button. @param {State} now */
function sizeOf(now) {
  const size = sizeView(now);
  return size
    ? html(
        "section",
        { class: "gb-size" },
        html("h2", {}, size.heading),
        html("p", {}, size.says),
        size.note ? html("p", { class: "gb-note", role: "status" }, size.note) : "",
        size.button ? html("button", { type: "button", "data-act": "train", click: train }, size.button) : "",
      )
    : "";
}

async function train() {
  const { status: found, body } = await send("POST", `rooms/${room}/train`);
  if (state?.size && found === 200) state.size.mine = true;
  refused = found === 200 ? "" : (body.why ?? say("No connection: tap again."));
  draw();
}

/** @type {number | undefined} the question that was asked of the picture below */
let pictured;

/**
 * Between questions the teacher's picture lies below; loaded anew only where it is another one. A question keeps the
 * picture that it was asked of: the teacher's page may show the answer before the class hears it. @param {State} now
 */
function showPicture(now) {
  const asks = asksOfPicture(now);
  const keeps = asks && pictured === now.n;
  const shown = keeps || (now.picture !== "" && (now.phase === "lobby" || now.phase === "revealed" || asks));
  const address = `rooms/${room}/picture?${now.picture}`;
  if (shown && !keeps && frame.getAttribute("src") !== address) frame.setAttribute("src", address);
  if (shown && asks) pictured = now.n;
  frame.hidden = !shown;
}

function draw() {
  if (!state) return;
  const view = phoneView(state, tapped?.choice ?? null, tapped?.word ?? "");
  showPicture(state);
  who.textContent = state.number ? say("Your number is {number}", state) : "";
  const waiting =
    tapped && lost
      ? say("No connection: your answer is sent when it is back.")
      : lost
        ? say("No connection. Trying again …")
        : "";
  tell(waiting || refused || view.said);
  const shown = JSON.stringify([
    view,
    state.lead,
    state.number,
    state.size,
    writing !== "" && writing === voteOf(state),
  ]);
  main.dataset.state = JSON.stringify({
    phase: state.phase,
    number: state.number,
    n: state.n ?? null,
    round: state.round ?? null,
    choices: state.choices ?? [],
    words: state.words ?? [],
    size: state.size ?? null,
    sent: !tapped,
    lost,
    version: state.version,
    said: status.textContent,
    picture: state.picture,
  });
  if (shown === drawn) return;
  drawn = shown;
  const typing = document.activeElement === input;
  const held = document.activeElement instanceof HTMLElement ? document.activeElement.dataset.at : undefined;
  place.replaceChildren(
    view.heading ? html("h2", {}, set(view.heading)) : "",
    view.options.length
      ? html(
          "ul",
          {},
          view.options.map((option, at) => optionOf(option, at, view)),
        )
      : "",
    view.told.length
      ? html(
          "ul",
          { class: "gb-told" },
          view.told.map((word) => html("li", {}, word)),
        )
      : "",
    view.note ? html("p", { class: "gb-note" }, view.note) : "",
    view.because ? html("p", { class: "gb-because" }, set(view.because)) : "",
    view.evidence ? html("p", { class: "gb-evidence" }, set(view.evidence)) : "",
    sizeOf(state),
  );
  if (typing) input.focus();
  if (held !== undefined)
    /** @type {HTMLElement | null} */ (place.querySelector(`[data-at="${held}"]`))?.focus();
  const open = state.lead && state.phase !== "paused" && state.phase !== "open";
  foot.replaceChildren(
    open
      ? html("a", { href: `rooms/${room}/view`, target: "_blank", rel: "noopener" }, say("Open this view"))
      : "",
  );
}

setInterval(() => {
  if (state?.phase === "open" && ends) count(main, (ends - performance.now()) / 1000);
  else delete main.dataset.left;
}, 100);

if (letters(given.code).length === 6) join(letters(given.code));
else askCode(given.code ? say("A code has six letters.") : "");
