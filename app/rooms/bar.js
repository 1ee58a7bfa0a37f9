// The teacher's bar: it follows the room and calls its routes by itself, without a rerun of the page. It leads: where the
// teacher's page goes, the room's view goes.

import { addressOf } from "../kit/address.js";
import { say } from "../kit/say.js";
import { html } from "../kit/shapes.js";
import { shared } from "../kit/shared.js";
import { follow, send } from "./connection.js";
import { restAfter } from "./rest.js";
import { sentLine, sentList } from "./sent.js";
import {
  advice,
  chance,
  costs,
  count,
  dealtLine,
  halves,
  options,
  pieces,
  plain,
  tallied,
  tooFew,
} from "./told.js";
import { unmeasured, wordList } from "./words.js";

/**
 * @import { Given } from "../kit/glass.js"
 * @import { State } from "./connection.js"
 * @import { Sent } from "./sent.js"
 *
 * @typedef {{room: string, code: string, join: string, address: string, trouble: string, screen: string}} Data
 * @typedef {{root: HTMLElement, data: Data, state: State | null, lost: boolean, folded: boolean | null, why: string, sure: boolean, ends: number, drawn: string, measured: string, sent: Sent[] | null, remote: {link: string, qr: string} | null, tell: Given["setTriggerValue"], stop: () => void}} Bar
 *
 * A button: what it says, what it does, whether it is the next thing to do, and whether it only keeps its place.
 * @typedef {{act: string, text: string, primary?: boolean, title?: string, idle?: boolean}} Button
 */

const LEADS = 300; // ms in which an address has to stay the same before the room is led there
const NOT_LED = ["classroom", "lessons", "glossary", "teaching", "models", "kept"]; // pages that are the teacher's own
const ASIDE = ["embed", "embed_options", "class"]; // parts of an address that are no part of a view
const HINT = "glassbox_class"; // the cookie by which a new session of this browser knows that there is a room

/** @type {WeakMap<HTMLElement, Bar>} */
const bars = new WeakMap();

/** A page's address as a room follows it; "" where it is the teacher's own. @type {(place: {pathname: string, search: string}) => string} */
export function leadOf({ pathname, search }) {
  const page = pathname.split("/").pop() ?? "";
  if (NOT_LED.includes(page)) return "";
  const query = new URLSearchParams(search);
  for (const key of ASIDE) query.delete(key);
  if (query.get("view") === "projector") query.delete("view");
  return query.size ? `/${page}?${query}` : "";
}

/** What a teacher can do now, and nothing else. @type {(state: State) => Button[]} */
export function buttonsOf(state) {
  const { phase, round = 1, suggests } = state;
  /** @type {Button[]} */
  const pause = [{ act: "pause", text: say("Pause"), title: say("All phones say “Look up”") }];
  /** @type {Button} */
  const lock = state.locked
    ? { act: "unlock", text: say("Unlock the room"), title: say("Others can join again") }
    : { act: "lock", text: say("Lock the room"), title: say("Nobody new can join; who is here stays") };
  if (phase === "paused") return [{ act: "resume", text: say("Go on"), primary: true }];
  if (phase === "open")
    return state.closes === null
      ? [
          {
            act: "close",
            text: say("Close the vote"),
            primary: true,
            title: say("It ends after three seconds"),
          },
          lock,
          ...pause,
        ]
      : [{ act: "closing", text: say("Closing …"), idle: true }];
  if (phase === "closed") {
    /** @type {Button[]} */
    const talk = state.talk
      ? []
      : [
          {
            act: "talk",
            text: say("Let them talk"),
            primary: suggests === "talk" && round === 1,
            title: say("Phones say: talk to somebody who chose otherwise"),
          },
        ];
    return [
      ...(round === 1
        ? [...talk, { act: "again", text: say("Ask again"), primary: Boolean(state.talk) }]
        : []),
      {
        act: state.shown ? "hide" : "show",
        text: state.shown ? say("Hide the votes") : say("Show the votes"),
        title: say("On the projector, from five votes on"),
      },
      {
        act: "reveal",
        text: say("Reveal"),
        primary: !state.talk && suggests !== "talk",
        title: say("Everybody sees the answer and the votes"),
      },
      ...pause,
    ];
  }
  const gather = state.lead
    ? [
        {
          act: "gather",
          text: say("Bring all back"),
          title: say("Who looks at a view of their own comes back to yours"),
        },
      ]
    : [];
  return phase === "revealed"
    ? [
        { act: "next", text: say("Next"), primary: true, title: say("Phones say: look at the screen") },
        ...pause,
      ]
    : [...gather, lock, ...pause];
}

/** @param {string} text */
const set = (text) => pieces(text).map((one) => (one.mono ? html("code", {}, one.text) : one.text));

/** The votes on an option, of a second vote both. @type {(bar: Bar, option: string, at: number) => HTMLElement} */
function rowOf({ state }, option, at) {
  const bars = (state?.bars ?? []).map((one) => ({
    votes: one?.[at] ?? 0,
    all: (one ?? []).reduce((a, b) => a + b, 0),
  }));
  const right = state?.answer?.index === at;
  const p = state?.answer?.probabilities[at];
  return html(
    "li",
    { class: right ? "right" : null },
    html(
      "span",
      { class: "gb-class-option" },
      set(option),
      right ? html("small", {}, ` ${state?.kind === "next" ? say("in the text") : say("the model’s")}`) : "",
    ),
    html(
      "span",
      { class: "gb-class-bars", "aria-hidden": "true" },
      bars.map(({ votes, all }, round) =>
        html("i", {
          class: round < bars.length - 1 ? "before" : null,
          style: `width:${all ? (100 * votes) / all : 0}%`,
        }),
      ),
    ),
    html(
      "small",
      {},
      tallied(state?.bars ?? [], at),
      p === undefined ? "" : ` · ${say("model {share}", { share: chance(p) })}`,
    ),
  );
}

/** @type {(bar: Bar, one: Button) => HTMLElement} */
const buttonOf = (bar, one) =>
  html(
    "button",
    {
      type: "button",
      class: `gb-class-button${one.primary ? " primary" : ""}`,
      "data-act": one.act,
      title: one.title,
      disabled: one.idle ? "" : null,
      click: () => press(bar, one.act),
    },
    one.text,
  );

/** @type {(bar: Bar, act: string) => Promise<void>} */
async function press(bar, act) {
  if (act === "fold") bar.folded = !isFolded(bar);
  else if (act === "end" && !bar.sure) bar.sure = true;
  else if (act === "keep") bar.sure = false;
  else if (act === "remote") await invite(bar);
  else if (act === "sent") await listSent(bar);
  else {
    const { status, body } =
      act === "end"
        ? await send("DELETE", `rooms/${bar.data.room}`)
        : await send("POST", `rooms/${bar.data.room}/${act}`);
    bar.why =
      status === 200
        ? ""
        : status === 0
          ? say("No connection: try again.")
          : (body.why ?? say("That did not work: try again."));
    if (act === "end" && (status === 200 || status === 404)) return gone(bar);
  }
  draw(bar);
}

/** Asks for a link by which the teacher's phone may teach, or puts it away. @param {Bar} bar */
async function invite(bar) {
  if (bar.remote) bar.remote = null;
  else {
    const { status, body } = await send("POST", `rooms/${bar.data.room}/invite`);
    if (status === 200) bar.remote = body;
    else bar.why = body.why ?? say("No connection: try again.");
  }
}

/** Fetches the list of sent views, or puts it away. @param {Bar} bar */
async function listSent(bar) {
  if (bar.sent) bar.sent = null;
  else {
    const { status, body } = await send("GET", `rooms/${bar.data.room}/sent`);
    if (status === 200) bar.sent = body.views;
    else bar.why = body.why ?? say("No connection: try again.");
  }
}

/** Lets the projector show or hide a written word, or all of them (null). @type {(bar: Bar, key: string | null, shown: boolean) => Promise<void>} */
async function showWord(bar, key, shown) {
  const { status, body } = await send("POST", `rooms/${bar.data.room}/words`, {
    n: bar.state?.n,
    word: key,
    shown,
  });
  bar.why = status === 200 ? "" : (body.why ?? say("No connection: try again."));
  draw(bar);
}

/** Sets the teacher's page up as a sent view; the room's view goes along. @type {(bar: Bar, id: string) => void} */
function leadWith(bar, id) {
  bar.sent = null;
  bar.tell("sent", { id, at: Date.now() });
  draw(bar);
}

/** @param {Bar} bar */
function gone(bar) {
  bar.stop();
  // biome-ignore lint/suspicious/noDocumentCookie: the Cookie Store API is not in every browser
  document.cookie = `${HINT}=; path=/; max-age=0; SameSite=Lax`;
  shared.room = null;
  dispatchEvent(new CustomEvent("gb-class"));
  bar.root.remove();
  bar.tell("ended", { at: Date.now() });
}

/** Whether the votes are hidden: until somebody says otherwise, where the page shows them itself. @param {Bar} bar */
const isFolded = (bar) => bar.folded ?? document.querySelector('figure[data-component="classroom"]') !== null;

/** What is going on, in a line. @param {State} state */
function lineOf(state) {
  const counts = say("{answered} of {of} have answered", state);
  if (state.phase === "open")
    return state.round === 2 ? say("Second vote: {answered} of {of} have answered", state) : counts;
  if (state.phase === "closed")
    return advice(state) || say("The vote is over: {answered} of {of} have answered", state);
  if (state.phase === "revealed") return advice(state) || counts;
  return state.phase === "paused" ? say("Paused: phones say “Look up”") : dealtLine(state);
}

/** @param {Bar} bar */
function draw(bar) {
  const { root, data, state } = bar;
  const folded = isFolded(bar);
  const key = JSON.stringify([state, bar.lost, folded, bar.why, bar.sure, bar.remote, bar.sent]);
  root.dataset.phase = state?.phase ?? "";
  root.dataset.state = JSON.stringify({
    room: data.room,
    code: data.code,
    phase: state?.phase ?? "",
    here: state?.here ?? null,
    answered: state?.answered ?? null,
    of: state?.of ?? null,
    n: state?.n ?? null,
    round: state?.round ?? null,
    bars: state?.bars ?? null,
    told: state?.told ?? [],
    sent: state?.sent ?? 0,
    right: state?.right ?? null,
    suggests: state?.suggests ?? "",
    lead: state?.lead ?? "",
    version: state?.version ?? 0,
    lost: bar.lost,
    why: bar.why,
  });
  if (key === bar.drawn) return;
  bar.drawn = key;
  const held =
    document.activeElement instanceof HTMLElement && root.contains(document.activeElement)
      ? document.activeElement.dataset.act
      : undefined;
  const asks = state?.question !== undefined && state.phase !== "lobby";
  const few = state
    ? tooFew(state, state.phase === "revealed" ? say("on projector and phones") : say("on the projector"))
    : "";
  const acts =
    state && !bar.lost ? buttonsOf(state).map((one) => ({ ...one, primary: one.primary && !bar.sure })) : [];
  const counts = html(
    "a",
    {
      class: "gb-class-button",
      href: addressOf(`rooms/${data.room}/counts.csv`),
      download: "",
      title: say("Questions, options and how many chose each, as CSV"),
    },
    say("Save counts"),
  );
  root.replaceChildren(
    html(
      "p",
      { class: "gb-class-head" },
      html("b", { class: "gb-class-code" }, halves(data.code)),
      html("span", {}, state ? say("{here} here", state) : "…"),
      html(
        "a",
        {
          href: addressOf(data.screen),
          target: "_blank",
          rel: "noopener",
          title: say("The page for the projector: code, question, and no votes before they are shown"),
        },
        say("Projector page"),
      ),
      html(
        "span",
        { class: "gb-class-line", role: "status" },
        bar.lost ? say("No connection to the room. Trying again …") : state ? lineOf(state) : "",
      ),
      html(
        "span",
        { class: "gb-class-buttons" },
        acts.map((one) => buttonOf(bar, one)),
        state?.sent
          ? buttonOf(bar, {
              act: "sent",
              text: bar.sent ? say("Hide the views") : sentLine(state.sent),
              title: say("Views that learners have sent; nothing says who"),
            })
          : "",
        counts,
        buttonOf(bar, {
          act: "remote",
          text: bar.remote ? say("Hide the link") : say("Phone as remote"),
          title: say("A link, good once, by which your phone closes votes and reveals"),
        }),
        ...(bar.sure
          ? [
              html("span", {}, say("End it? All of it is deleted. “Save counts” keeps the votes.")),
              buttonOf(bar, { act: "end", text: say("End the room"), primary: true }),
              buttonOf(bar, { act: "keep", text: say("Keep it") }),
            ]
          : [buttonOf(bar, { act: "end", text: say("End") })]),
        asks && !bar.sure
          ? buttonOf(bar, {
              act: "fold",
              text: folded ? say("Show votes here") : say("Hide votes here"),
              title: say("On your own screen alone"),
            })
          : "",
      ),
    ),
    bar.why ? html("p", { class: "gb-class-why", role: "alert" }, bar.why) : "",
    few ? html("p", { class: "gb-class-few" }, few) : "",
    bar.remote
      ? html(
          "p",
          { class: "gb-class-remote" },
          html("img", { src: bar.remote.qr, alt: say("QR code of the link") }),
          html(
            "span",
            {},
            `${say("Open this on your own phone within ten minutes; it works once:")} `,
            html("code", {}, bar.remote.link),
          ),
        )
      : "",
    bar.sent ? sentList(data.room, bar.sent, "gb-class-button", (id) => leadWith(bar, id)) : "",
    asks && !folded
      ? html(
          "div",
          { class: "gb-class-votes" },
          html("p", { title: plain(state.question ?? "") }, set(state.question ?? "")),
          html(
            "div",
            {},
            html(
              "ol",
              {},
              options(state).map((option, at) => rowOf(bar, option, at)),
            ),
            wordList(state, "gb-class-button", (key, shown) => showWord(bar, key, shown)),
            costs(state) ? html("p", {}, costs(state)) : "",
          ),
        )
      : "",
  );
  if (state) restAfter(root, [...acts.map((one) => one.act), bar.sure ? "sure" : ""]);
  if (held)
    /** @type {HTMLElement | null} */ (root.querySelector(`[data-act="${CSS.escape(held)}"]`))?.focus();
}

/** Tells the room each address of this page that stays for a moment. @param {Bar} bar */
function leading(bar) {
  let [before, since] = ["", 0];
  return setInterval(() => {
    if (bar.state?.phase === "open" && bar.ends)
      count(bar.root, (bar.ends - performance.now()) / 1000, (seconds) =>
        say("closes in {seconds}", { seconds }),
      );
    else delete bar.root.dataset.left;
    const now = leadOf(location);
    if (now !== before) [before, since] = [now, performance.now()];
    if (
      !now ||
      !bar.state ||
      bar.lost ||
      document.visibilityState !== "visible" ||
      now === bar.state.lead ||
      performance.now() - since < LEADS
    )
      return;
    since = performance.now() + 2000; // if it does not arrive, again in a while
    send("PUT", `rooms/${bar.data.room}/lead`, { link: now });
  }, 100);
}

/** Has the page look up what the model gave to the words that were written, once the vote is over. @type {(bar: Bar, state: State) => void} */
function measure(bar, state) {
  const open = unmeasured(state);
  if (open && open !== bar.measured) bar.tell("words", { n: state.n, at: Date.now() });
  bar.measured = open;
}

/** @type {(parent: HTMLElement, data: Data, tell: Given["setTriggerValue"]) => Bar} */
function build(parent, data, tell) {
  const root = html("section", { class: "gb-class", "aria-label": say("Class") });
  parent.append(root);
  // biome-ignore lint/suspicious/noDocumentCookie: the Cookie Store API is not in every browser
  document.cookie = `${HINT}=1; path=/; max-age=43200; SameSite=Lax`;
  /** @type {Bar} */
  const bar = {
    root,
    data,
    state: null,
    lost: false,
    folded: null,
    why: "",
    sure: false,
    ends: 0,
    drawn: "",
    measured: "",
    sent: null,
    remote: null,
    tell,
    stop: () => {},
  };
  const unfollow = follow(data.room, "teacher", {
    state(now) {
      bar.state = now;
      bar.ends = now.closes === null ? 0 : performance.now() + 1000 * now.closes;
      shared.room = now;
      dispatchEvent(new CustomEvent("gb-class"));
      measure(bar, now);
      draw(bar);
    },
    lost(now) {
      bar.lost = now;
      draw(bar);
    },
    end: () => gone(bar),
  });
  const timer = leading(bar);
  bar.stop = () => {
    unfollow();
    clearInterval(timer);
  };
  draw(bar);
  return bar;
}

/** @param {Given<Data>} given */
export default function classBar({ parentElement, data, setTriggerValue }) {
  let bar = bars.get(parentElement);
  if (!bar?.root.isConnected || bar.data.room !== data.room) {
    bar?.stop();
    bar?.root.remove();
    bar = build(parentElement, data, setTriggerValue);
    bars.set(parentElement, bar);
  }
  bar.tell = setTriggerValue;
  bar.data = data;
  return () => {
    const kept = bars.get(parentElement);
    if (!parentElement.isConnected && kept) {
      kept.stop();
      bars.delete(parentElement);
    }
  };
}
