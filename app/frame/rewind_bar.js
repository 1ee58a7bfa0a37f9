// Rewind: a native range over the kept steps, so that arrows, Home, End and Page keys work as everywhere. While the run
// still trains, its new steps come by its stream.

const EVERY = 150; // milliseconds between two choices sent while the slider is dragged; the last one always goes
const LOOK = 500; // milliseconds between two looks at a live run
const NO_POINTS = 999999999; // after this step a stream has no points to send: only states and checkpoints
const sliders = new WeakMap();
let count = 0;

// ---------------------------------------------------------------- the live run

const live = new Map(); // run -> {steps, state, sliders, source, timer}: one stream for all sliders of the page

/** A picture of this page that hears the run already, if there is one (shared/feed.js). */
function pictureOf(run) {
  for (const open of window.glassbox?.feeds ?? []) for (const feed of open) if (feed.id === run) return feed;
  return null;
}

function hear(run, steps, state) {
  const known = live.get(run);
  const more = steps.filter((step) => !known.steps.includes(step));
  if (!more.length && state === known.state) return;
  known.steps.push(...more);
  known.steps.sort((a, b) => a - b);
  known.state = state;
  for (const local of known.sliders) merge(local);
}

function listen(run) {
  const known = live.get(run);
  const source = (known.source = new EventSource(new URL(`runs/${encodeURIComponent(run)}/events?after=${NO_POINTS}`, document.baseURI)));
  source.addEventListener("checkpoint", (event) => hear(run, [JSON.parse(event.data).step], known.state));
  source.addEventListener("state", (event) => hear(run, [], JSON.parse(event.data).state));
  for (const last of ["end", "gone"]) source.addEventListener(last, () => { known.over = true; hush(known); });
}

function hush(known) {
  known.source?.close();
  known.source = null;
}

/** Once in a while: hear of the run from a picture, else by a stream of our own; stop when no slider is left. */
function look(run) {
  const known = live.get(run);
  for (const local of known.sliders) if (!local.root.isConnected || local.data.run !== run) known.sliders.delete(local);
  if (!known.sliders.size || known.over) {
    hush(known);
    clearInterval(known.timer);
    if (!known.sliders.size) live.delete(run);
    return;
  }
  const picture = pictureOf(run);
  if (picture) {
    hush(known);
    hear(run, picture.checkpoints.map((one) => one.step), picture.state.state);
  } else if (!known.source || known.source.readyState === EventSource.CLOSED) listen(run);
}

function follow(local) {
  const { run, steps, state } = local.data;
  if (!run) return;
  if (!live.has(run)) live.set(run, { steps: [...steps], state, sliders: new Set(), source: null, over: false, timer: setInterval(() => look(run), LOOK) });
  live.get(run).sliders.add(local);
  hear(run, steps, live.get(run).state);
}

// ---------------------------------------------------------------- the slider

function words(local) {
  const { steps, data: { total, ends }, state } = local;
  const step = steps[local.index];
  const thousands = (n) => n.toLocaleString("en-US");
  if (local.index === steps.length - 1) return `${ends[state] ?? "newest"}, step ${thousands(step)}${step < total ? ` of ${thousands(total)}` : ""}`;
  return step === 0 ? "untrained, step 0" : `step ${thousands(step)} of ${thousands(total)}`;
}

function tell(local) {
  const last = local.index === local.steps.length - 1;
  local.later = 0;
  local.sentAt = performance.now();
  local.send("select", { snapshot: last ? -1 : local.steps[local.index], n: local.chosen });
}

function show(local) {
  const text = words(local);
  local.range.value = local.index;
  local.range.setAttribute("aria-valuetext", text);
  local.output.textContent = text;
  local.brief.textContent = `step ${local.steps[local.index].toLocaleString("en-US")}`;
  local.mark.dataset.state = JSON.stringify(
    { steps: local.steps.length, index: local.index, step: local.steps[local.index], said: text });
}

/** The page's steps and those that came since: the knob stays at the step where it is. */
function merge(local, at = local.at) {
  const known = live.get(local.data.run);
  local.steps = known?.steps ?? local.data.steps;
  local.state = known?.state ?? local.data.state;
  local.range.max = local.steps.length - 1;
  if (local.ticks.childElementCount !== local.steps.length) {
    local.ticks.replaceChildren(...local.steps.map(() => document.createElement("i")));
  }
  local.index = Math.max(0, local.steps.indexOf(at));
  local.at = local.steps[local.index];
  show(local);
}

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

function build(parent) {
  const make = (tag, name) => Object.assign(document.createElement(tag), { className: name });
  const local = { index: 0, chosen: 0, sentAt: -EVERY, later: 0, data: null, steps: [], at: 0 };
  local.root = make("div", "gb-rewind");
  // What is shown, as data. Not on the root: an element with this attribute brings its own colours, a figure's.
  local.mark = Object.assign(make("i", ""), { hidden: true });
  local.mark.dataset.component = "rewind";
  const head = make("label", "gb-rewind-head");
  local.range = Object.assign(make("input", "gb-rewind-range"), { type: "range", min: 0, step: 1, id: `gb-rewind-${++count}` });
  head.htmlFor = local.range.id;
  const name = make("span", "gb-rewind-name");
  name.textContent = "Rewind";
  local.output = make("span", "gb-rewind-step");
  local.brief = make("span", "gb-rewind-brief"); // on narrow screens, instead of the two
  local.brief.setAttribute("aria-hidden", "true");
  head.append(name, local.output, local.brief);
  local.ticks = make("div", "gb-rewind-ticks");
  local.ticks.setAttribute("aria-hidden", "true");
  local.range.addEventListener("input", () => choose(local));
  local.root.append(head, local.range, local.ticks, local.mark);
  parent.append(local.root);
  return local;
}

export default function rewind({ parentElement, data, setTriggerValue }) {
  let local = sliders.get(parentElement);
  if (!local || !parentElement.contains(local.root)) sliders.set(parentElement, (local = build(parentElement)));
  const same = local.data?.run === data.run;
  local.data = data;
  local.send = setTriggerValue;
  follow(local);
  // What the page says counts, unless it was said before the page heard our last choice.
  const old = same && data.n < local.chosen && Date.now() - local.chosen < 30000;
  merge(local, old ? local.at : data.at);
  return () => { if (!parentElement.isConnected) clearTimeout(local.later); };
}
