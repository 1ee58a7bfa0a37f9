// A page that follows the room: it goes where the teacher's page goes. Touched, it is one's own view, and says so; the way
// back is one tap. Nobody is taken along by force, but everybody hears that the class is asked.

import { addressOf } from "../kit/address.js";
import { language, say } from "../kit/say.js";
import { html } from "../kit/shapes.js";
import { follow, send } from "./connection.js";
import { leadOf } from "./bar.js";

/**
 * @import { Given } from "../kit/glass.js"
 * @import { State } from "./connection.js"
 *
 * `quiet`: on the projector, which nobody touches.
 * @typedef {{room: string, quiet: boolean}} Data
 *
 * `led`: the link that this page was last set up by; `base`: the address that became of it, "" while it settles. `sent`: the
 * view that was sent to the teacher last; `trains`: whether a size was taken here; `why`: what kept the last from being done.
 * @typedef {{root: HTMLElement, data: Data, tell: Given["setTriggerValue"], state: State | null, led: string, base: string, since: number, gathered: number, back: number, sent: string, trains: boolean, why: string, drawn: string, stop: () => void}} Follower
 */

const SETTLES = 700; // ms in which a page that was set up changes its address by itself
const BACK = 6000; // ms in which somebody may stay who is called back

/** @type {WeakMap<HTMLElement, Follower>} */
const followers = new WeakMap();

/** Whether the page's script is at rest. */
const rests = () =>
  /** @type {HTMLElement | null} */ (document.querySelector('[data-testid="stApp"]'))?.dataset
    .testScriptState === "notRunning";

/** Whether somebody has changed this page since it was set up. @param {Follower} one */
const forked = (one) => !one.data.quiet && one.base !== "" && leadOf(location) !== one.base;

/** Goes to where the room is. @param {Follower} one */
function go(one) {
  if (!one.state?.lead) return;
  one.led = one.state.lead;
  one.back = 0;
  one.why = "";
  settle(one);
  if (leadOf(location) !== one.led) one.tell("lead", { link: one.led, at: Date.now() });
  draw(one);
}

/** @param {Follower} one */
function settle(one) {
  one.base = "";
  one.since = performance.now();
}

/** @param {Follower} one */
function watch(one) {
  if (one.base === "") {
    if (!rests()) one.since = performance.now();
    else if (performance.now() - one.since > SETTLES) one.base = leadOf(location);
  } else if (one.state?.lead && one.state.lead !== one.led && !forked(one)) {
    // The teacher's page writes its address anew as it settles. Whoever is there already stays: a choice that is made
    // while a page settles counts as the teacher's.
    if (one.state.lead === one.base) one.led = one.base;
    else go(one);
  }
  if (one.back && performance.now() > one.back) go(one);
  draw(one);
}

/** @param {Follower} one */
function draw(one) {
  const own = forked(one);
  const calls = Boolean(one.back);
  one.root.dataset.state = JSON.stringify({
    room: one.data.room,
    lead: one.led,
    own,
    calls,
    settled: one.base !== "",
  });
  const here = own ? leadOf(location) : "";
  const sent = here !== "" && here === one.sent;
  const asked = one.state?.phase === "open";
  const pauses = one.state?.phase === "paused";
  const key = JSON.stringify([
    own,
    calls,
    one.data.quiet,
    here !== "",
    sent,
    one.why,
    one.state?.dealt?.free,
    one.trains,
    asked,
    pauses,
  ]);
  if (key === one.drawn) return;
  one.drawn = key;
  one.root.hidden = one.data.quiet;
  const button = (/** @type {string} */ act, /** @type {string} */ text, /** @type {() => void} */ click) =>
    html("button", { type: "button", "data-act": act, click }, text);
  const said = asked
    ? say("The class votes.")
    : pauses
      ? say("Look up.")
      : calls
        ? say("The class goes on together.")
        : one.why ||
          (sent
            ? say("Sent: the teacher can open it.")
            : own
              ? say("Your own view")
              : say("You follow the class."));
  one.root.replaceChildren(
    html("p", { role: "status" }, said),
    asked
      ? html(
          "a",
          { "data-act": "answer", href: addressOf(`join/${one.state?.code}?lang=${language}`) },
          say("Answer"),
        )
      : "",
    calls
      ? button("stay", say("Stay with mine"), () => {
          one.back = 0;
          draw(one);
        })
      : "",
    here && !sent ? button("send", say("Send what you see"), () => sendView(one)) : "",
    one.state?.dealt?.free && !one.trains ? button("train", say("Train a size"), () => train(one)) : "",
    own ? button("follow", say("Follow again"), () => go(one)) : "",
    button("alone", say("Leave the class"), () => {
      one.stop();
      one.root.remove();
      one.tell("alone", { at: Date.now() });
    }),
  );
}

/** Has the server train the next size that is free, as this learner's. @param {Follower} one */
async function train(one) {
  const { status, body } = await send("POST", `rooms/${one.data.room}/train`);
  one.trains = status === 200;
  one.why = status === 200 ? say("Your size is on its way.") : (body.why ?? say("No connection: try again."));
  draw(one);
}

/** Sends this view to the teacher, in place of one that was sent before. @param {Follower} one */
async function sendView(one) {
  const link = leadOf(location);
  const { status, body } = await send("PUT", `rooms/${one.data.room}/sent`, { link });
  one.why = status === 200 ? "" : (body.why ?? say("No connection: try again."));
  if (status === 200) one.sent = link;
  draw(one);
}

/** @type {(parent: HTMLElement, data: Data, tell: Given["setTriggerValue"]) => Follower} */
function build(parent, data, tell) {
  const root = html("section", { class: "gb-class-follow", "aria-label": say("Class") });
  parent.append(root);
  /** @type {Follower} */
  const one = {
    root,
    data,
    tell,
    state: null,
    led: "",
    base: "",
    since: performance.now(),
    gathered: -1,
    back: 0,
    sent: "",
    trains: false,
    why: "",
    drawn: "",
    stop: () => {},
  };
  const unfollow = follow(data.room, "follow", {
    state(now) {
      const first = one.state === null;
      one.state = now;
      if (first) {
        one.gathered = now.gathered;
        if (now.lead) go(one);
      } else if (now.gathered > one.gathered) {
        one.gathered = now.gathered;
        if (forked(one)) one.back = performance.now() + BACK;
      }
      watch(one);
    },
    lost: () => {},
    end() {
      one.stop();
      root.remove();
      one.tell("alone", { at: Date.now() });
    },
  });
  const timer = setInterval(watch, 150, one);
  one.stop = () => {
    unfollow();
    clearInterval(timer);
  };
  draw(one);
  return one;
}

/** @param {Given<Data>} given */
export default function classFollow({ parentElement, data, setTriggerValue }) {
  let one = followers.get(parentElement);
  if (!one?.root.isConnected || one.data.room !== data.room) {
    one?.stop();
    one?.root.remove();
    one = build(parentElement, data, setTriggerValue);
    followers.set(parentElement, one);
  }
  one.tell = setTriggerValue;
  one.data = data;
  draw(one);
  return () => {
    const kept = followers.get(parentElement);
    if (!parentElement.isConnected && kept) {
      kept.stop();
      followers.delete(parentElement);
    }
  };
}
