// One sentence as three kinds of training examples, side by side; and three runs that learn from such examples.
// layout.js says what stands where; lanes.js draws the examples, falling.js the curves.

import { counted } from "../../app/kit/counts.js";
import { mount } from "../../app/kit/glass.js";
import { clamp, num, unpack, visible } from "../../app/kit/shapes.js";
import { NAMES, drawFalling } from "./falling.js";
import { drawLanes, positions, seenBy } from "./lanes.js";
import { plan, rowOf, stepOf, steps } from "./layout.js";

function follow(g, data, local, row) {
  const to = clamp(row, 0, data.words.length - 1);
  local.hover = null;
  g.select({ follow: to === data.words.length - 1 ? -1 : to + data.offset });
}
function listen(g, local) {
  if (local.listening) return;
  local.listening = true;
  const rowAt = (event) => event.target.closest?.("[data-row]")?.dataset.row;
  g.svg.addEventListener("pointermove", (event) => {
    if (event.pointerType === "touch") return;
    const row = rowAt(event);
    const now = row === undefined ? null : Number(row);
    if (now === (local.hover ?? null)) return;
    local.hover = now;
    g.redraw();
  });
  g.svg.addEventListener("pointerleave", () => { if (local.hover != null) { local.hover = null; g.redraw(); } });
  g.svg.addEventListener("click", (event) => { const row = rowAt(event); if (row !== undefined) follow(g, g.data, local, Number(row)); });
}

const objectivesView = {
  init(data, local, before) {
    for (const lane of data.lanes) for (const map of lane.maps) map.cells = unpack(map.packed);
    return before && before.stamp === data.stamp ? {} : { hover: null };
  },

  draw(g, data, local) {
    g.data = data;
    listen(g, local);
    steps.bar(g, local);
    const at = plan(g, data);
    g.height = at.height;
    drawLanes(g, data, local, at);
    drawFalling(g, data, local, at);
  },

  key(event, g, data, local) {
    const row = rowOf(data, local);
    if (event.key === "ArrowUp" || event.key === "ArrowDown") follow(g, data, local, row + (event.key === "ArrowUp" ? -1 : 1));
    else if (steps.key(event, g, local)) return true;
    else if (event.key === "r") g.send("again", { at: Date.now() });
    else if (event.key === "Escape") {
      if (!steps.halt(g, local) && !steps.whole(g, local)) g.visit("home");
    } else return false;
    return true;
  },

  describe(data, local) {
    const row = rowOf(data, local);
    return `One sentence of ${counted(data.words.length, "token")} as three training examples; step ${stepOf(local) + 1}, ${steps.names[stepOf(local)]}. Token ${row}, ${visible(data.words[row].text)}. ` +
      data.lanes.map((lane) => `${lane.title}, ${lane.shape}${lane.own ? ", this model" : ""}: reads ${lane.reads.map((one) => visible(one.text)).join(" ")}; asks ${lane.answers.filter((one) => one.score).map((one) => visible(one.text)).join(" ")}; here it ${seenBy(data, lane, row)}.${lane.mean === null ? "" : ` Mean loss ${num(lane.mean, 3)} nats.`}`).join(" ") +
      ` Curves: ${(local.rows ?? []).map((one, i) => `${NAMES[data.runs[i].objective]} ${one.last === null ? "not measured" : num(one.last, 3)}`).join(", ")}.`;
  },

  state(data, local) {
    const row = rowOf(data, local);
    return { tokens: data.tokens, words: data.words.map((one) => one.text), row, ...steps.state(local), hover: local.hover ?? null,
      lanes: data.lanes.map((lane) => ({ objective: lane.objective, shape: lane.shape, own: lane.own, hidden: lane.hidden, reads: lane.reads.map(({ id, text, kind, at }) => ({ id, text, kind, row: at })), answers: lane.answers.map(({ id, text, row: at, score, mark, loss }) => ({ id, text, row: at, score, mark, loss })), decoder: lane.decoder.map((one) => one.id), mean: lane.mean, sees: seenBy(data, lane, row), positions: positions(lane, row) })),
      chart: local.chart?.summary() ?? null, rows: local.rows, going: local.going, mine: data.mine };
  },
};

export default mount("objectives", objectivesView);
