// "Forget me here": on a shared computer the next learner shall not own the last one's runs. Asked once whether it is meant.

import { addressOf } from "../kit/address.js";
import { say } from "../kit/say.js";
import { html } from "../kit/shapes.js";
import { send } from "./connection.js";

/**
 * @import { Given } from "../kit/glass.js"
 *
 * `sure`: whether the question is open; `why`: what went wrong; `link`: whether it leads to the page that says what is kept.
 * @typedef {{root: HTMLElement, sure: boolean, why: string, link: boolean}} Kept
 */

const CHANNEL = "glassbox-forget"; // tells this browser's other windows

/** @type {WeakMap<HTMLElement, Kept>} */
const roots = new WeakMap();

/** @type {BroadcastChannel | null} */
let channel = null;

/** Opens the first page, with nothing of before in its address. */
function beginAnew() {
  location.replace(addressOf("./"));
}

/** Deletes all of this browser's, here and on the server. @param {Kept} one */
async function forgetAll(one) {
  const { status, body } = await send("POST", "rooms/forget");
  if (status !== 200) {
    one.why = body.why ?? say("No connection: nothing was deleted. Try again.");
    draw(one);
    return;
  }
  for (const store of [localStorage, sessionStorage]) store.clear();
  channel?.postMessage("gone");
  beginAnew();
}

/** @param {Kept} one */
function draw(one) {
  /** @type {(act: string, text: string, click: () => void, title?: string) => HTMLElement} */
  const button = (act, text, click, title) =>
    html("button", { type: "button", "data-act": act, title, click }, text);
  const ask = (/** @type {boolean} */ sure) => () => {
    one.sure = sure;
    one.why = "";
    draw(one);
    one.root.querySelector("button")?.focus();
  };
  one.root.replaceChildren(
    ...(one.sure
      ? [
          html(
            "p",
            { role: "alert" },
            one.why ||
              say(
                "Delete your runs, your texts, your class and your answers, on this computer and on the server? There is no way back.",
              ),
          ),
          button("delete", say("Delete all of it"), () => forgetAll(one)),
          button("keep", say("Keep it"), ask(false)),
          ...(one.link ? [html("a", { href: "kept" }, say("What is kept, and how long"))] : []),
        ]
      : [
          button(
            "forget",
            say("Forget me here"),
            ask(true),
            say(
              "On a shared computer: deletes your runs and texts, so that whoever sits here next does not get them",
            ),
          ),
        ]),
  );
}

/** @param {Given<{link: boolean}>} given */
export default function forgetMe({ parentElement, data }) {
  let one = roots.get(parentElement);
  if (!one?.root.isConnected) {
    one?.root.remove();
    one = { root: html("div", { class: "gb-forget" }), sure: false, why: "", link: data.link };
    parentElement.append(one.root);
    roots.set(parentElement, one);
    draw(one);
  }
  if (!channel) {
    channel = new BroadcastChannel(CHANNEL);
    channel.onmessage = beginAnew;
  }
}
