// The words that a class wrote, for its teacher: what each came to, and whether the projector shows it. Nobody's name.

import { say } from "../kit/say.js";
import { html } from "../kit/shapes.js";
import { toldOf } from "./told.js";

/** @import { State } from "./connection.js" */

/** Whether a word may be shown: while a vote is open, it would pull others. @param {State} state */
const mayShow = (state) => state.phase === "closed" || state.phase === "revealed";

/**
 * The list of written words, with a button for each; "" where there are none.
 * @type {(state: State, style: string, press: (key: string | null, shown: boolean) => void) => HTMLElement | ""}
 */
export function wordList(state, style, press) {
  const told = state.phase === "lobby" ? [] : (state.told ?? []);
  if (!told.length) return "";
  const button = (
    /** @type {string} */ text,
    /** @type {string | null} */ key,
    /** @type {boolean} */ shown,
    /** @type {string} */ act,
  ) =>
    html(
      "button",
      {
        type: "button",
        class: style,
        "data-act": act,
        "aria-pressed": key === null ? null : String(!shown),
        click: () => press(key, shown),
      },
      text,
    );
  const all = told.every((word) => word.shown);
  return html(
    "section",
    { class: "gb-class-words", "aria-label": say("Words that were written") },
    html(
      "p",
      {},
      mayShow(state)
        ? say("Written words; the projector shows those that you show.")
        : say("Written words; they can be shown when the vote is over."),
    ),
    html(
      "ul",
      {},
      told.map((word) =>
        html(
          "li",
          {},
          html("b", {}, `“${word.text}”`),
          html("small", {}, toldOf(word)),
          mayShow(state)
            ? button(word.shown ? say("Hide") : say("Show"), word.key ?? "", !word.shown, `word ${word.key}`)
            : "",
        ),
      ),
    ),
    mayShow(state) && told.length > 1
      ? button(all ? say("Hide all words") : say("Show all words"), null, !all, "words")
      : "",
  );
}

/** The words whose probability nobody has looked up, of a vote that is over; "" where there are none. @param {State} state */
export function unmeasured(state) {
  const open = (state.told ?? []).filter((word) => word.token === null);
  return mayShow(state) && open.length ? `${state.n} ${state.round} ${open.length}` : "";
}
