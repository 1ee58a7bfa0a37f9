// The sheet of keys. The browser's own <dialog> brings the focus trap, Esc and the way back to the button.

import { watchNavigation } from "./shortcuts_navigation.js";
import { watchTyping } from "./shortcuts_typing.js";

const KEYS = [
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
  ["?", "this sheet"],
];

const typing = (element) =>
  element && (element.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(element.tagName));

function build(parent) {
  const make = (tag, text, attributes = {}) => {
    const element = document.createElement(tag);
    if (text) element.textContent = text;
    for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
    return element;
  };
  const dialog = make("dialog", "", { class: "gb-keys", "aria-labelledby": "gb-keys-title" });
  const list = make("dl", "");
  for (const [key, meaning] of KEYS) list.append(make("dt", key), make("dd", meaning));
  const close = make("button", "Close", { type: "button" });
  close.addEventListener("click", () => dialog.close());
  dialog.append(make("h2", "Keys", { id: "gb-keys-title" }), list, close);
  const open = make("button", "Keys", { type: "button", class: "gb-keys-open", title: "The keys that work here (?)" });
  open.addEventListener("click", () => dialog.showModal());
  parent.append(open);
  document.body.append(dialog); // in the sidebar it would be clipped
  const listen = (event) => {
    if (event.key !== "?" || event.ctrlKey || event.metaKey || typing(event.target) || dialog.open) return;
    event.preventDefault();
    dialog.showModal();
  };
  document.addEventListener("keydown", listen);
  const watched = [watchNavigation(), watchTyping()];
  return () => {
    for (const stop of watched) stop();
    document.removeEventListener("keydown", listen);
    dialog.remove();
    open.remove();
  };
}

const built = new WeakMap();

export default function keys({ parentElement }) {
  if (!built.has(parentElement)) built.set(parentElement, build(parentElement));
  return () => {
    built.get(parentElement)?.();
    built.delete(parentElement);
  };
}
