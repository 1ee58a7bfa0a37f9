// The teacher's phone: what the class does, and the button that comes next.

import { say } from "../kit/say.js";
import { html } from "../kit/shapes.js";
import { buttonsOf } from "./bar.js";
import { follow, send } from "./connection.js";
import { restAfter } from "./rest.js";
import { advice, costs, count, halves, options, pieces, tallied } from "./told.js";
import { wordList } from "./words.js";

/** @import { State } from "./connection.js" */

const main = /** @type {HTMLElement} */ (document.querySelector("main"));
const given = /** @type {{code: string}} */ (JSON.parse(main.dataset.given ?? "{}"));

const here = html("span", {});
const status = html("p", { class: "gb-said", role: "status" });
const place = html("div", { class: "gb-place" });
const acts = html("div", { class: "gb-acts" });
main.classList.add("gb-phone");
main.replaceChildren(
  html("header", {}, html("h1", {}, say("Remote · {code}", { code: halves(given.code) })), here),
  status,
  place,
  acts,
);

let room = "";
let why = "";
let ends = 0;
/** @type {State | null} */
let state = null;

/** @param {string} text */
const set = (text) => pieces(text).map((one) => (one.mono ? html("code", {}, one.text) : one.text));

/** @param {string} text */
function stop(text) {
  state = null;
  main.dataset.state = JSON.stringify({ phase: "ended", said: text });
  status.textContent = text;
  for (const one of [place, acts]) one.replaceChildren();
}

/** @param {string} act */
async function press(act) {
  const { status: found, body } = await send("POST", `rooms/${room}/${act}`);
  why = found === 200 ? "" : (body.why ?? say("No connection: try again."));
  draw();
}

/** @type {(key: string | null, shown: boolean) => Promise<void>} */
async function showWord(key, shown) {
  const { status: found, body } = await send("POST", `rooms/${room}/words`, {
    n: state?.n,
    word: key,
    shown,
  });
  why = found === 200 ? "" : (body.why ?? say("No connection: try again."));
  draw();
}

function draw() {
  if (!state) return;
  const { phase } = state;
  const counts = say("{answered} of {of} have answered", state);
  const said =
    why ||
    {
      lobby: say("Nothing is asked."),
      open: counts,
      closed: advice(state) || counts,
      revealed: advice(state) || counts,
      paused: say("Paused."),
    }[phase];
  here.textContent = say("{here} here", state);
  if (status.textContent !== said) status.textContent = said;
  const { answer, bars = [] } = state;
  place.replaceChildren(
    state.question && phase !== "lobby" ? html("h2", {}, set(state.question)) : "",
    html(
      "ul",
      {},
      (phase === "lobby" ? [] : options(state)).map((option, at) =>
        html(
          "li",
          { class: `gb-option${answer?.index === at ? " right" : ""}` },
          html("span", {}, set(option)),
          html("small", { class: "gb-votes" }, tallied(bars, at)),
        ),
      ),
    ),
    wordList(state, "gb-small", showWord),
    costs(state) ? html("p", { class: "gb-evidence" }, costs(state)) : "",
  );
  const buttons = buttonsOf(state);
  restAfter(
    acts,
    buttons.map((one) => one.act),
  );
  acts.replaceChildren(
    ...buttons.map((one) =>
      html(
        "button",
        {
          type: "button",
          "data-act": one.act,
          class: one.primary ? "primary" : null,
          disabled: one.idle ? "" : null,
          click: () => press(one.act),
        },
        one.text,
      ),
    ),
  );
  main.dataset.state = JSON.stringify({
    phase,
    here: state.here,
    n: state.n ?? null,
    round: state.round ?? null,
    answered: state.answered ?? null,
    said,
    version: state.version,
  });
}

async function begin() {
  const key = location.hash.slice(1);
  const found = await send("GET", `rooms/of/${given.code}`, undefined);
  if (found.status !== 200)
    return stop(
      found.status === 404
        ? say("There is no such room, or it has ended.")
        : (found.body.why ?? say("No connection. Load the page again.")),
    );
  room = found.body.id;
  if (key) {
    const { status: accepted, body } = await send("POST", `rooms/${room}/accept`, { key });
    history.replaceState(null, "", `${location.pathname}${location.search}`); // a link that is copied from here teaches nobody
    if (accepted !== 200 && accepted !== 403)
      return stop(body.why ?? say("No connection. Load the page again."));
  }
  follow(room, "teacher", {
    state(now) {
      state = now;
      ends = now.closes === null ? 0 : performance.now() + 1000 * now.closes;
      draw();
    },
    lost(now) {
      why = now ? say("No connection. Trying again …") : "";
      draw();
    },
    end: () =>
      stop(say("The room has ended, or this phone may not teach in it: ask for another link in the bar.")),
  });
}

setInterval(() => {
  if (state?.phase === "open" && ends) count(main, (ends - performance.now()) / 1000);
  else delete main.dataset.left;
}, 100);
begin();
