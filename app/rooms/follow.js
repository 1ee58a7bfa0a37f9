// A page that follows the room: it goes where the teacher's page goes. Touched, it is one's own view, and says so; the way
// back is one tap. Nobody is taken along by force.

import { html } from "../kit/shapes.js";
import { follow } from "./connection.js";
import { leadOf } from "./bar.js";

/**
 * @import { Given } from "../kit/glass.js"
 * @import { State } from "./connection.js"
 *
 * `quiet`: on the projector, which nobody touches.
 * @typedef {{room: string, quiet: boolean}} Data
 *
 * `led`: the link that this page was last set up by; `base`: the address that became of it, "" while it settles.
 * @typedef {{root: HTMLElement, data: Data, tell: Given["setTriggerValue"], state: State | null, led: string, base: string, since: number, gathered: number, back: number, drawn: string, stop: () => void}} Follower
 */

const SETTLES = 700; // ms in which a page that was set up changes its address by itself
const BACK = 6000; // ms in which somebody may stay who is called back

/** @type {WeakMap<HTMLElement, Follower>} */
const followers = new WeakMap();

/** Whether the page's script is at rest. */
const rests = () => /** @type {HTMLElement | null} */ (document.querySelector('[data-testid="stApp"]'))?.dataset.testScriptState === "notRunning";

/** Whether somebody has changed this page since it was set up. @param {Follower} one */
const forked = (one) => !one.data.quiet && one.base !== "" && leadOf(location) !== one.base;

/** Goes to where the room is. @param {Follower} one */
function go(one) {
  if (!one.state?.lead) return;
  one.led = one.state.lead;
  one.back = 0;
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
  } else if (one.state?.lead && one.state.lead !== one.led && !forked(one)) go(one);
  if (one.back && performance.now() > one.back) go(one);
  draw(one);
}

/** @param {Follower} one */
function draw(one) {
  const own = forked(one);
  const calls = Boolean(one.back);
  one.root.dataset.state = JSON.stringify({ room: one.data.room, lead: one.led, own, calls, settled: one.base !== "" });
  const key = JSON.stringify([own, calls, one.data.quiet]);
  if (key === one.drawn) return;
  one.drawn = key;
  one.root.hidden = one.data.quiet;
  const button = (/** @type {string} */ act, /** @type {string} */ text, /** @type {() => void} */ click) => html("button", { type: "button", "data-act": act, click }, text);
  const said = calls ? "The class goes on together." : own ? "Your own view" : "You follow the class.";
  one.root.replaceChildren(html("p", { role: "status" }, said),
    calls ? button("stay", "Stay with mine", () => { one.back = 0; draw(one); }) : "",
    own ? button("follow", "Follow again", () => go(one)) : "",
    button("alone", "Leave the class", () => { one.stop(); one.root.remove(); one.tell("alone", { at: Date.now() }); }));
}

/** @type {(parent: HTMLElement, data: Data, tell: Given["setTriggerValue"]) => Follower} */
function build(parent, data, tell) {
  const root = html("section", { class: "gb-class-follow", "aria-label": "Class" });
  parent.append(root);
  /** @type {Follower} */
  const one = { root, data, tell, state: null, led: "", base: "", since: performance.now(), gathered: -1, back: 0, drawn: "", stop: () => {} };
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
