// Rewind: a native range over the kept steps, so that arrows, Home, End and Page keys work as everywhere. While the run
// still trains, its new steps come by its stream.

import { addressOf } from "../kit/address.js";
import { say } from "../kit/say.js";
import { shared } from "../kit/shared.js";
import { html, thousands } from "../kit/shapes.js";

/**
 * @import { Given } from "../kit/glass.js"
 *
 * The kept checkpoints of a model's training: `at` is the step that is shown, `total` all planned steps, `state` the
 * run's, `ends` the newest checkpoint's label by state, `run` the id while it trains, `n` the choice that Python handled last.
 * @typedef {{steps: number[], at: number, total: number, state: string, ends: Record<string, string>, run?: string | null, n: number}} Data
 *
 * @typedef {object} Live a run that is heard
 * @property {number[]} steps
 * @property {string} state
 * @property {Set<Slider>} sliders
 * @property {EventSource | null} source
 * @property {boolean} over
 * @property {number} timer
 */
/** @typedef {ReturnType<typeof build>} Slider */

const EVERY = 150; // milliseconds between two choices sent while the slider is dragged; the last one is always sent
const LOOK = 500; // milliseconds between two polls of a live run
const NO_POINTS = 999999999; // after this step a stream has no points to send: only states and checkpoints
/** @type {WeakMap<HTMLElement, Slider>} */
const sliders = new WeakMap();
let count = 0;

// ---------------------------------------------------------------- the live run

/** @type {Map<string, Live>} a run's id -> its one stream for all sliders of the page */
const live = new Map();

/** A picture of this page that hears the run already, if there is one (kit/feed.js). @param {string} run */
function pictureOf(run) {
  for (const open of shared.feeds ?? []) for (const feed of open) if (feed.id === run) return feed;
  return null;
}

/** @type {(known: Live, steps: number[], state: string) => void} */
function hear(known, steps, state) {
  const more = steps.filter((step) => !known.steps.includes(step));
  if (!more.length && state === known.state) return;
  known.steps.push(...more);
  known.steps.sort((a, b) => a - b);
  known.state = state;
  for (const local of known.sliders) merge(local);
}

/** @type {(run: string, known: Live) => void} */
function listen(run, known) {
  const source = new EventSource(addressOf(`runs/${encodeURIComponent(run)}/events?after=${NO_POINTS}`));
  known.source = source;
  source.addEventListener("checkpoint", (event) => hear(known, [JSON.parse(event.data).step], known.state));
  source.addEventListener("state", (event) => hear(known, [], JSON.parse(event.data).state));
  for (const last of ["end", "gone"])
    source.addEventListener(last, () => {
      known.over = true;
      hush(known);
    });
}

/** @param {Live} known */
function hush(known) {
  known.source?.close();
  known.source = null;
}

/**
 * Polls: follows the run through a picture's feed, else by a stream of its own; stops when no slider is left.
 * @type {(run: string, known: Live) => void}
 */
function look(run, known) {
  for (const local of known.sliders)
    if (!local.root.isConnected || local.data?.run !== run) known.sliders.delete(local);
  if (!known.sliders.size || known.over) {
    hush(known);
    clearInterval(known.timer);
    if (!known.sliders.size) live.delete(run);
    return;
  }
  const picture = pictureOf(run);
  if (picture) {
    hush(known);
    hear(
      known,
      picture.checkpoints.map((one) => one.step),
      picture.state.state,
    );
  } else if (!known.source || known.source.readyState === EventSource.CLOSED) listen(run, known);
}

/** @type {(local: Slider, data: Data) => void} */
function follow(local, { run, steps, state }) {
  if (!run) return;
  /** @type {Live} */
  const known = live.get(run) ?? {
    steps: [...steps],
    state,
    sliders: new Set(),
    source: null,
    over: false,
    timer: setInterval(() => look(run, known), LOOK),
  };
  live.set(run, known);
  known.sliders.add(local);
  hear(known, steps, known.state);
}

// ---------------------------------------------------------------- the slider

/** @param {Slider} local */
function words(local) {
  const { steps, data, state } = local;
  const { total = 0, ends = {} } = data ?? {};
  const step = steps[local.index];
  const said = { moment: ends[state] ?? say("newest"), step: thousands(step), total: thousands(total) };
  if (local.index === steps.length - 1)
    return step < total ? say("{moment}, step {step} of {total}", said) : say("{moment}, step {step}", said);
  return step === 0 ? say("untrained, step 0") : say("step {step} of {total}", said);
}

/** @param {Slider} local */
function tell(local) {
  const last = local.index === local.steps.length - 1;
  local.later = 0;
  local.sentAt = performance.now();
  local.send("select", { snapshot: last ? -1 : local.steps[local.index], n: local.chosen });
}

/** @param {Slider} local */
function show(local) {
  const text = words(local);
  local.range.value = String(local.index);
  local.range.setAttribute("aria-valuetext", text);
  local.output.textContent = text;
  local.brief.textContent = say("step {step}", { step: thousands(local.steps[local.index]) });
  local.mark.dataset.state = JSON.stringify({
    steps: local.steps.length,
    index: local.index,
    step: local.steps[local.index],
    said: text,
  });
}

/** The page's steps and those that came since: the knob stays at the step where it is. @param {Slider} local */
function merge(local, at = local.at) {
  const { data } = local;
  if (!data) return;
  const known = data.run ? live.get(data.run) : undefined;
  local.steps = known?.steps ?? data.steps;
  local.state = known?.state ?? data.state;
  local.range.max = String(local.steps.length - 1);
  if (local.ticks.childElementCount !== local.steps.length) {
    local.ticks.replaceChildren(...local.steps.map(() => document.createElement("i")));
  }
  local.index = Math.max(0, local.steps.indexOf(at));
  local.at = local.steps[local.index];
  show(local);
}

/** @param {Slider} local */
function choose(local) {
  const index = Number(local.range.value);
  if (index === local.index) return;
  local.index = index;
  local.at = local.steps[index];
  local.chosen = Math.max(Date.now(), local.chosen + 1);
  show(local);
  clearTimeout(local.later);
  const wait = local.sentAt + EVERY - performance.now();
  if (wait <= 0) tell(local);
  else local.later = setTimeout(() => tell(local), wait);
}

/** @param {HTMLElement} parent */
function build(parent) {
  const root = html("div", { class: "gb-rewind" });
  // The shown state as data. Not on the root: the style sheet gives an element with this attribute a figure's colours.
  const mark = html("i", { hidden: "", "data-component": "rewind" });
  const range = html("input", {
    class: "gb-rewind-range",
    type: "range",
    min: 0,
    step: 1,
    id: `gb-rewind-${++count}`,
  });
  const output = html("span", { class: "gb-rewind-step" });
  const brief = html("span", { class: "gb-rewind-brief", "aria-hidden": "true" }); // on narrow screens, instead of the two
  const ticks = html("div", { class: "gb-rewind-ticks", "aria-hidden": "true" });
  root.append(
    html(
      "label",
      { class: "gb-rewind-head", for: range.id },
      html("span", { class: "gb-rewind-name" }, say("Rewind")),
      output,
      brief,
    ),
    range,
    ticks,
    mark,
  );
  parent.append(root);
  const local = {
    root,
    mark,
    range,
    output,
    brief,
    ticks,
    index: 0,
    chosen: 0,
    sentAt: -EVERY,
    later: 0,
    at: 0,
    state: "",
    data: /** @type {Data | null} */ (null),
    steps: /** @type {number[]} */ ([]),
    send: /** @type {Given["setTriggerValue"]} */ (() => {}),
  };
  range.addEventListener("input", () => choose(local));
  return local;
}

/** @param {Given<Data>} given */
export default function rewind({ parentElement, data, setTriggerValue }) {
  const before = sliders.get(parentElement);
  const local = before && parentElement.contains(before.root) ? before : build(parentElement);
  sliders.set(parentElement, local);
  const same = local.data?.run === data.run;
  local.data = data;
  local.send = setTriggerValue;
  follow(local, data);
  // Adopt the page's step, unless it was sent before the page received our last choice.
  const old = same && data.n < local.chosen && Date.now() - local.chosen < 30000;
  merge(local, old ? local.at : data.at);
  return () => {
    if (!parentElement.isConnected) clearTimeout(local.later);
  };
}
