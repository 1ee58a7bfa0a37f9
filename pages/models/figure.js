// Every model that this installation can open (list.js), the details of the picked one, and what the learner's text
// does with the weights of the open one (card.js). layout.js says what stands where.

import { counted } from "../../app/kit/counts.js";
import { mount } from "../../app/kit/glass.js";
import { clamp, num } from "../../app/kit/shapes.js";
import { drawCard, drawText } from "./card.js";
import { millions, pickedOf, plan, rowOf } from "./layout.js";
import { drawList } from "./list.js";

function choose(g, data, local, to) {
  if (!data.entries.length) return;
  const name = data.entries[clamp(to, 0, data.entries.length - 1)].name;
  local.free = false;
  g.select({ picked: name });
}

/** The same event as picking: one that overtook it would be undone by it. */
export function openIt(g, name) {
  g.select({ picked: name, open: Date.now() });
}

function listen(g, local) {
  if (local.listening) return;
  local.listening = true;
  g.svg.addEventListener("click", (event) => {
    const name = event.target.closest?.("[data-row]")?.dataset.row;
    if (name !== undefined) choose(g, g.data, local, g.data.entries.findIndex((one) => one.name === name));
  });
  g.svg.addEventListener("wheel", (event) => {
    const at = plan(g, g.data);
    const over = event.target.closest?.("[data-row]") && g.data.entries.length > at.list.rows;
    if (!over || Math.abs(event.deltaY) < Math.abs(event.deltaX)) return;
    const to = clamp((local.first ?? 0) + Math.sign(event.deltaY), 0, g.data.entries.length - at.list.rows);
    if (to === local.first) return; // at an end the page scrolls on
    event.preventDefault();
    local.free = true;
    local.first = to;
    g.redraw();
  }, { passive: false });
}

const modelsView = {
  keys: [["↑ ↓", "choose a model"], ["Home End", "the first, the last"], ["Enter", "open the chosen one"], ["Esc", "back to the open one, then up"]],

  draw(g, data, local) {
    g.data = data;
    listen(g, local);
    const at = plan(g, data);
    g.height = Math.max(at.text.y + 96, g.tall ?? 0);
    drawList(g, data, local, at);
    drawCard(g, data, local, at);
    g.height = local.height ?? at.text.y + 96;
    drawText(g, data, at);
    local.height = g.height;
  },

  key(event, g, data, local) {
    const row = rowOf(data, local);
    if (event.key === "ArrowUp" || event.key === "ArrowDown") choose(g, data, local, row + (event.key === "ArrowUp" ? -1 : 1));
    else if (event.key === "Home") choose(g, data, local, 0);
    else if (event.key === "End") choose(g, data, local, data.entries.length - 1);
    else if (event.key === "Enter" && event.target === g.figure) {
      const one = pickedOf(data, local);
      if (one.name !== data.current.name && !one.problem && (!one.headed || one.asked)) openIt(g, one.name);
    } else if (event.key === "Escape") {
      if (pickedOf(data, local).name === data.current.name) g.visit("home");
      else g.select({ picked: data.current.name });
    } else return false;
    return true;
  },

  describe(data, local) {
    const one = pickedOf(data, local);
    const list = data.entries.slice(0, 40).map((each) => `${each.label}: ${each.problem ? "does not open" : each.total ? `${millions(each.total)} weights, ${each.memory} in memory` : "known when it is fetched"}`).join("; ");
    return `${counted(data.entries.length, "model")} that can be opened, to one scale: ${list || "none of this kind"}. Details of ${one.label}: ${one.problem || one.shape}; ${one.here ? "on disk" : "to fetch"} ${one.stored}, in memory ${one.memory}, licence ${one.licence}. ` +
      `Open is ${data.current.label}: your text of ${counted(data.tokens.length, "token")} uses ${num(data.use.share, 1)} % of its weights.`;
  },

  state(data, local) {
    const one = pickedOf(data, local);
    return {
      tokens: data.tokens.map((each) => each.text), sizes: data.tokens.map((each) => each.size), entries: data.entries.map(({ name, label, total, parts, bytes, problem, open, here, asked }) => ({ name, label, total, parts, bytes, problem, open, here, asked })),
      picked: one.name, current: data.current.name, ruler: local.sel.ruler ?? "log", used: data.use.used, whole: data.use.whole, share: data.use.share, sizesOfParts: data.use.sizes, refused: data.refused, first: local.first ?? 0,
    };
  },
};

export default mount("models", modelsView);
