// The list of keyboard shortcuts. The native <dialog> provides focus trap, Esc, and focus return to the button.

import { html } from "../kit/shapes.js";
import { watchNavigation } from "./shortcuts_navigation.js";
import { watchShowing } from "./shortcuts_showing.js";
import { watchTyping } from "./shortcuts_typing.js";

const KEYS = [
  ["Enter", "in Your text: read it; Shift + Enter begins a new line"],
  ["Tab", "to the next control or picture"],
  ["← → ↑ ↓", "in a picture: step, or move to the next cell, token or block"],
  ["Shift + ← → ↑ ↓", "in a picture: one step on or back; another token"],
  ["Space", "in a picture: play or pause"],
  ["0 – 9", "in a picture: choose a head"],
  ["o", "on Multi-head and Feed-forward: switch the chosen head or neuron off or on"],
  ["+ −", "on Feed-forward: a stronger, a weaker neuron"],
  ["Delete", "on Attention: hide a key from a row, its score becomes −∞"],
  ["Enter", "open what is chosen; on Attention: type a new score"],
  ["Esc", "one level up; close a sheet"],
  ["n, b", "in a lesson: the next step, the step before"],
  ["?", "this sheet"],
];

/** @import { Given } from "../kit/glass.js" */

const typing = (/** @type {EventTarget | null} */ element) =>
  element instanceof HTMLElement && (element.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(element.tagName));

/** @param {HTMLElement} parent */
function build(parent) {
  const list = html("dl", {}, KEYS.map(([key, meaning]) => [html("dt", {}, key), html("dd", {}, meaning)]));
  const close = html("button", { type: "button", click: () => dialog.close() }, "Close");
  /** @type {HTMLDialogElement} */
  const dialog = html("dialog", { class: "gb-keys", "aria-labelledby": "gb-keys-title" }, html("h2", { id: "gb-keys-title" }, "Keys"), list, close);
  const open = html("button", { type: "button", class: "gb-keys-open", title: "The keys that work here (?)", click: () => dialog.showModal() }, "Keys");
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
