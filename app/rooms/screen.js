// The projector's page: the way in while nothing is asked, then the question and how many have answered. No bars while
// a vote is open: the first votes would pull the others.

import { say } from "../kit/say.js";
import { html } from "../kit/shapes.js";
import { follow } from "./connection.js";
import {
  LETTERS,
  classGave,
  count,
  dealtLine,
  framed,
  halves,
  modelGave,
  pieces,
  screenView,
} from "./told.js";

/**
 * @import { State } from "./connection.js"
 * @import { Option, View } from "./told.js"
 */

const main = /** @type {HTMLElement} */ (document.querySelector("main"));
const given = /** @type {{room: string, code: string, address: string, trouble: string}} */ (
  JSON.parse(main.dataset.given ?? "{}")
);

const code = html("p", { class: "gb-code" }, halves(given.code));
const how = html("p", { class: "gb-how" });
const way = html(
  "section",
  { class: "gb-in", "aria-label": say("How to join") },
  html("div", { class: "gb-qr" }, main.querySelector("svg")),
  html(
    "div",
    {},
    html("p", { class: "gb-address" }, given.address),
    code,
    how,
    given.trouble ? html("p", { class: "gb-trouble", role: "alert" }, set(given.trouble)) : "",
  ),
);
const status = html("p", { class: "gb-said", role: "status" });
const corner = html("p", { class: "gb-corner" });
const place = html("div", { class: "gb-place" });
const frame = html("iframe", { class: "gb-led", title: say("The teacher’s page"), hidden: "" });
main.replaceChildren(
  html("h1", { class: "gb-hidden" }, say("A class with Glassbox")),
  corner,
  place,
  way,
  frame,
  status,
);

/** @type {State | null} */
let state = null;
let ends = 0;
let lost = false;
let showsPage = true; // once the teacher leads to one; the way in is a tap away

/** @param {string} text */
function set(text) {
  return pieces(text).map((one) => (one.mono ? html("code", {}, one.text) : one.text));
}

/** A vote as a bar, of a second vote the first one pale above it. @type {(option: Option) => (HTMLElement | "")[]} */
const barsOf = (option) =>
  option.shares.map((share, round) =>
    share === null
      ? ""
      : html("i", {
          class: `gb-bar${round < option.shares.length - 1 ? " before" : ""}`,
          style: `--share:${share}`,
        }),
  );

/** @type {(option: Option, at: number) => HTMLElement} */
const optionOf = (option, at) =>
  html(
    "li",
    { class: `gb-option${option.right ? " right" : ""}` },
    html("b", {}, LETTERS[at]),
    html(
      "span",
      { class: "gb-text" },
      set(option.text),
      option.marks.map((mark) => html("small", { class: "gb-mark" }, mark)),
    ),
    html(
      "span",
      { class: "gb-bars", "aria-hidden": "true" },
      barsOf(option),
      option.p === null ? "" : html("i", { class: "gb-bar model", style: `--share:${option.p}` }),
    ),
    html("span", { class: "gb-votes" }, classGave(option)),
    html("span", { class: "gb-votes model" }, modelGave(option)),
  );

/** @param {View} view */
function draw(view) {
  if (!state) return;
  const asks = view.options.length > 0;
  // The page itself follows the room (follow.js): it is opened once.
  const led = !asks && state.lead !== "" && showsPage;
  if (led && !frame.getAttribute("src")) frame.src = framed(state.lead, given.room);
  frame.hidden = !led;
  way.hidden = asks || led;
  how.textContent = state.locked
    ? say("The room is locked: nobody new can join now.")
    : say("Scan, or type the address and the six letters");
  main.dataset.phase = state.phase;
  main.dataset.shows = asks ? "question" : led ? "page" : "way";
  corner.replaceChildren(
    ...(asks || led ? [given.address, " · ", html("b", {}, halves(given.code))] : []),
    !asks && state.lead
      ? html(
          "button",
          {
            type: "button",
            click: () => {
              showsPage = !showsPage;
              shown();
            },
          },
          showsPage ? say("Show the way in") : say("Show the page"),
        )
      : "",
  );
  place.replaceChildren(
    view.heading ? html("h2", {}, set(view.heading)) : "",
    asks
      ? html(
          "ol",
          {
            "data-told": view.options.some((option) => classGave(option) || option.p !== null) ? "" : null,
            style: `--rows:${view.options.length + (view.told.length ? 1 : 0) + (view.note ? 1 : 0) + (view.evidence ? 1 : 0)}`,
          },
          view.options.map(optionOf),
        )
      : "",
    view.note ? html("p", { class: "gb-note" }, view.note) : "",
    view.told.length
      ? html(
          "ul",
          { class: "gb-told", "aria-label": say("Words that were written") },
          view.told.map((word) => html("li", {}, word)),
        )
      : "",
    view.because ? html("p", { class: "gb-because" }, set(view.because)) : "",
    view.evidence ? html("p", { class: "gb-evidence" }, set(view.evidence)) : "",
  );
}

function shown() {
  if (!state) return;
  const view = screenView(state);
  const dealt = state.phase === "lobby" ? dealtLine(state) : "";
  const said = lost ? say("No connection. Trying again …") : [view.said, dealt].filter(Boolean).join(" · ");
  if (status.textContent !== said) status.textContent = said;
  draw(view);
  main.dataset.state = JSON.stringify({
    phase: state.phase,
    here: state.here,
    n: state.n ?? null,
    round: state.round ?? null,
    answered: state.answered ?? null,
    bars: state.bars ?? null,
    told: (state.told ?? []).map((word) => word.text),
    answer: state.answer?.index ?? null,
    said,
    lost,
    version: state.version,
  });
}

setInterval(() => {
  if (state?.phase === "open" && ends) count(main, (ends - performance.now()) / 1000);
  else delete main.dataset.left;
}, 100);

follow(given.room, "screen", {
  state(now) {
    state = now;
    ends = now.closes === null ? 0 : performance.now() + 1000 * now.closes;
    shown();
  },
  lost(now) {
    lost = now;
    shown();
  },
  end() {
    main.dataset.state = JSON.stringify({ phase: "ended" });
    main.replaceChildren(html("p", { class: "gb-said", role: "status" }, say("The room has ended.")));
  },
});
