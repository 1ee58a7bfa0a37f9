// The list of keyboard shortcuts. The native <dialog> provides focus trap, Esc, and focus return to the button.

import { say, sayOf } from "../kit/say.js";
import { html } from "../kit/shapes.js";
import { watchNavigation } from "./shortcuts_navigation.js";
import { watchShowing } from "./shortcuts_showing.js";
import { watchTyping } from "./shortcuts_typing.js";

const KEYS = [
  ["Enter", say("in Your text: read it; Shift + Enter begins a new line")],
  ["Tab", say("to the next control or picture")],
  ["← → ↑ ↓", say("in a picture: move to the next cell, token, head or block")],
  [", .", say("in a picture: the previous or next step; also Shift + ← →")],
  [sayOf("key", "Shift + ↑ ↓"), say("on Positions and Multi-head: another token")],
  [sayOf("key", "Space"), say("in a picture: play or pause")],
  ["0 – 9", say("in a picture: choose a head")],
  ["o", say("on Multi-head and Feed-forward: switch the chosen head or neuron off or on")],
  ["+ −", say("on Feed-forward: a stronger, a weaker neuron")],
  [sayOf("key", "Delete"), say("on Attention: hide a key from a row, its score becomes −∞")],
  ["Enter", say("open what is chosen; on Attention: type a new score")],
  ["Esc", say("back to the whole picture; from there to Home; close a sheet")],
  ["n, b", say("in a lesson: the next step, the step before")],
  ["?", say("this sheet")],
];

/** @import { Given } from "../kit/glass.js" */

const typing = (/** @type {EventTarget | null} */ element) =>
  element instanceof HTMLElement &&
  (element.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(element.tagName));

/** @param {HTMLElement} parent */
function build(parent) {
  const list = html(
    "dl",
    {},
    KEYS.map(([key, meaning]) => [html("dt", {}, key), html("dd", {}, meaning)]),
  );
  const close = html("button", { type: "button", click: () => dialog.close() }, say("Close"));
  /** @type {HTMLDialogElement} */
  const dialog = html(
    "dialog",
    { class: "gb-keys", "aria-labelledby": "gb-keys-title" },
    html("h2", { id: "gb-keys-title" }, sayOf("key", "Keys")),
    list,
    close,
  );
  const open = html(
    "button",
    {
      type: "button",
      class: "gb-keys-open",
      title: say("The keys that work here (?)"),
      click: () => dialog.showModal(),
    },
    sayOf("key", "Keys"),
  );
  parent.append(open);
  document.body.append(dialog); // in the sidebar it would be clipped
  const listen = (/** @type {KeyboardEvent} */ event) => {
    if (event.key !== "?" || event.ctrlKey || event.metaKey || typing(event.target) || dialog.open) return;
    event.preventDefault();
    dialog.showModal();
  };
  document.addEventListener("keydown", listen);
  const watched = [watchNavigation(), watchTyping(), watchShowing()];
  return () => {
    for (const stop of watched) stop();
    document.removeEventListener("keydown", listen);
    dialog.remove();
    open.remove();
  };
}

/** @type {WeakMap<HTMLElement, () => void>} how to take the sheet away again */
const built = new WeakMap();

/** @param {Given} given */
export default function keys({ parentElement }) {
  if (!built.has(parentElement)) built.set(parentElement, build(parentElement));
  return () => {
    built.get(parentElement)?.();
    built.delete(parentElement);
  };
}
