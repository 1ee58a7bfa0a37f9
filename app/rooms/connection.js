// A screen's connection to its room: whole states as server-sent events, or asked for where events are blocked.

import { addressOf } from "../kit/address.js";
import { language } from "../kit/say.js";

/**
 * What every screen may know of a room; a role knows more (core/rooms/states.py).
 * @typedef {object} State
 * @property {number} version
 * @property {"lobby" | "open" | "closed" | "revealed" | "paused"} phase
 * @property {string} code
 * @property {number} here how many phones are connected
 * @property {string} lead page and query of the teacher's link, or ""
 * @property {number} gathered
 * @property {string} picture the fingerprint of the led view as a finished picture, or ""
 * @property {number | null} closes seconds until the vote ends; null: nobody has closed it
 * @property {boolean} talk
 * @property {number} [n]
 * @property {number} [round]
 * @property {"predict" | "next"} [kind]
 * @property {string} [question]
 * @property {string[]} [options]
 * @property {string} [about] the link of the page that asks
 * @property {number} [answered]
 * @property {number} [of]
 * @property {number} [fewest] votes that are broken down where others see them; a result of fewer is not
 * @property {number | null} [number] a member's
 * @property {(number | null)[]} [choices] a member's, round by round
 * @property {string[]} [words] what a member wrote in place of an option, round by round; "" for nothing
 * @property {Told[]} [told] words that were written: all of them to the teacher, to others those that the teacher shows
 * @property {Answer | null} [answer]
 * @property {(number[] | null)[]} [bars] votes, round by round, option by option; null: too few to be shown
 * @property {boolean} [shown] whether the projector shows the bars; to the teacher alone
 * @property {number | null} [right] the share of right answers; to the teacher alone
 * @property {"" | "explain" | "talk" | "reveal"} [suggests] to the teacher alone
 * @property {{all: number, free: number, done: number}} [dealt] sizes that the class trains: all, those that nobody has, trained ones
 * @property {Size} [size] the size that a member has, or may take
 * @property {boolean} [locked] whether nobody new can join; to the teacher and the projector
 * @property {number} [sent] how many views members have sent; to the teacher alone
 *
 * @typedef {{index: number | null, because: string, evidence: string, probabilities: number[]}} Answer
 *
 * A written word: how many wrote it, round by round; its first token as the model reads it ("": it has none, null: not
 * looked up) and what the model gave to that. `key` and `shown` (whether the projector shows it) to the teacher alone.
 * @typedef {{text: string, votes: (number | null)[], token: string | null, p: number | null, key?: string, shown?: boolean}} Told
 *
 * A size to train: what it is, whether it is one's own, and the state of its run ("" before it was started).
 * @typedef {{says: string, mine: boolean, state: string}} Size
 *
 * @typedef {object} Listener
 * @property {(state: State) => void} state
 * @property {() => void} end the room has ended
 * @property {(lost: boolean) => void} lost whether there is no connection
 */

const ASKS = 2000; // ms between two questions for the state where events do not come
const PATIENCE = 5000; // ms in which the first event should have come

/** @type {(room: string, role: string) => {events: string, state: string}} */
export const addresses = (room, role) => ({
  events: `rooms/${room}/events?as=${role}`,
  state: `rooms/${room}/state?as=${role}`,
});

/**
 * Follows a room until it ends.
 * @param {string} room its id
 * @param {"member" | "screen" | "teacher" | "follow"} role
 * @param {Listener} listener
 * @param {string | URL} base the address of the app
 * @returns {() => void} what ends it
 */
export function follow(room, role, listener, base = document.baseURI) {
  const at = addresses(room, role);
  let [over, lost, heard] = [false, false, false]; // heard: events come
  let version = -1;
  let timer = 0;
  /** @type {EventSource | null} */
  let source = null;

  const rest = () => {
    clearTimeout(timer);
    timer = 0;
  };
  /** Asks for the state in a while, unless that is planned already. @param {number} ms */
  const later = (ms) => {
    if (!timer && !over)
      timer = setTimeout(() => {
        timer = 0;
        ask();
      }, ms);
  };
  const stop = () => {
    over = true;
    source?.close();
    rest();
    document.removeEventListener("visibilitychange", wake);
    for (const name of ["online", "offline"]) removeEventListener(name, wake);
  };
  const end = () => {
    if (over) return;
    stop();
    listener.end();
  };
  const loses = (/** @type {boolean} */ now) => {
    if (now !== lost && !over) listener.lost(now);
    lost = now;
  };
  const take = (/** @type {State} */ state) => {
    if (over) return;
    loses(false);
    // An older version is an older answer on its way.
    if (state.version < version) return;
    version = state.version;
    listener.state(state);
  };
  const ask = async () => {
    if (over) return;
    try {
      const answer = await fetch(addressOf(at.state, base), { cache: "no-store" });
      if (answer.status === 404 || answer.status === 403) return end();
      if (answer.ok) take(await answer.json());
      else loses(true);
    } catch {
      loses(true);
    }
    if (source?.readyState === EventSource.CLOSED)
      open(); // refused for a while, by a server that was starting
    else if (!heard) later(ASKS);
  };
  const open = () => {
    if (over) return;
    source?.close();
    heard = false;
    source = new EventSource(addressOf(at.events, base));
    source.addEventListener("state", (event) => {
      heard = true;
      rest();
      take(JSON.parse(event.data));
    });
    source.addEventListener("away", () => loses(true));
    source.addEventListener("end", end);
    // The browser tries again by itself, each time with another error: the state is asked for between them.
    source.addEventListener("error", () => {
      heard = false;
      later(ASKS);
    });
    later(PATIENCE);
  };
  const wake = () => {
    if (document.visibilityState !== "visible") return;
    rest();
    ask();
  };
  document.addEventListener("visibilitychange", wake);
  for (const name of ["online", "offline"]) addEventListener(name, wake);
  open();
  return stop;
}

/**
 * Sends a request and returns its answer; status 0: there is no connection.
 * @param {string} method
 * @param {string} path
 * @param {unknown} [body]
 * @param {string | URL} base
 * @returns {Promise<{status: number, body: any}>}
 */
export async function send(method, path, body = {}, base = document.baseURI) {
  try {
    const answer = await fetch(addressOf(path, base), {
      method,
      headers: { "Content-Type": "application/json", "Accept-Language": language },
      body: method === "GET" ? undefined : JSON.stringify(body),
    });
    return { status: answer.status, body: await answer.json().catch(() => ({})) };
  } catch {
    return { status: 0, body: {} };
  }
}
