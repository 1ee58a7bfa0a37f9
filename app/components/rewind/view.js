// Rewind: a native range over the kept steps, so that arrows, Home, End and Page keys work as everywhere.

const EVERY = 150; // milliseconds between two choices sent while the slider is dragged; the last one always goes
const sliders = new WeakMap();
let count = 0;

function words(local) {
  const { steps, total, end } = local.data;
  const step = steps[local.index];
  const thousands = (n) => n.toLocaleString("en-US");
  if (local.index === steps.length - 1) return `${end}, step ${thousands(step)}${step < total ? ` of ${thousands(total)}` : ""}`;
  return step === 0 ? "untrained, step 0" : `step ${thousands(step)} of ${thousands(total)}`;
}

function tell(local) {
  const last = local.index === local.data.steps.length - 1;
  local.later = 0;
  local.sentAt = performance.now();
  local.send("select", { snapshot: last ? -1 : local.data.steps[local.index], n: local.chosen });
}

function show(local) {
  const text = words(local);
  local.range.value = local.index;
  local.range.setAttribute("aria-valuetext", text);
  local.output.textContent = text;
  local.brief.textContent = `step ${local.data.steps[local.index].toLocaleString("en-US")}`;
  const { steps } = local.data;
  local.mark.dataset.state = JSON.stringify(
    { steps: steps.length, index: local.index, step: steps[local.index], said: text });
}

function choose(local) {
  const index = Number(local.range.value);
  if (index === local.index) return;
  local.index = index;
  local.chosen = Math.max(Date.now(), local.chosen + 1);
  show(local);
  clearTimeout(local.later);
  const wait = local.sentAt + EVERY - performance.now();
  if (wait <= 0) tell(local);
  else local.later = setTimeout(() => tell(local), wait);
}

function build(parent) {
  const make = (tag, name) => Object.assign(document.createElement(tag), { className: name });
  const local = { index: 0, chosen: 0, sentAt: -EVERY, later: 0, data: null };
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
  const known = local.data?.steps.length;
  local.data = data;
  local.send = setTriggerValue;
  local.range.max = data.steps.length - 1;
  if (known !== data.steps.length) {
    local.ticks.replaceChildren(...data.steps.map(() => document.createElement("i")));
  }
  // What the page says counts, unless it was said before the page heard our last choice.
  const old = data.n < local.chosen && Date.now() - local.chosen < 30000;
  if (!old) local.index = Math.max(0, data.steps.indexOf(data.at));
  local.index = Math.min(local.index, data.steps.length - 1);
  show(local);
  return () => { if (!parentElement.isConnected) clearTimeout(local.later); };
}
