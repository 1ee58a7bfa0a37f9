// Step mode: the way of one row through the heads, operation by operation.

import { clamp, html } from "../../app/kit/shapes.js";
import { addedOf, partName, partsOf } from "./join.js";
import { PANELS, PANEL_NAMES, blockOf, headOf, nameOf, panelOf } from "./layout.js";

/** The steps in order: a panel, and in Join how many parts have been added. */
export function stepsOf(data) {
  const join = Array.from({ length: partsOf(data) + 1 }, (_, i) => ({
    panel: "join", added: i, name: i ? `Add ${partName(data, i - 1)}` : "Concatenate",
  }));
  const one = (panel) => ({ panel, name: PANEL_NAMES[panel] });
  return [one("lines"), one("map"), one("pair"), ...join, one("effect")];
}
/** Where the picture stands among the steps. */
export function stepAt(data, local) {
  const panel = panelOf(local);
  const added = panel === "join" ? addedOf(data, local) : undefined;
  return stepsOf(data).findIndex((s) => s.panel === panel && s.added === added);
}
export function goTo(g, data, local, at) {
  const steps = stepsOf(data);
  const to = clamp(at, 0, steps.length - 1);
  local.hover = null;
  g.select({ panel: steps[to].panel, added: steps[to].added < partsOf(data) ? steps[to].added : -1 });
  if (to === steps.length - 1) play(g, data, local, false);
}
export function play(g, data, local, on) {
  clearInterval(local.timer);
  local.timer = null;
  if (on) {
    const start = stepAt(data, local);
    goTo(g, data, local, start >= stepsOf(data).length - 1 ? 0 : start + 1);
    local.timer = setInterval(() => {
      if (!g.figure.isConnected) clearInterval(local.timer);
      else goTo(g, g.data, local, stepAt(g.data, local) + 1);
    }, 1600);
  }
  g.redraw();
}

/** Back, Next and Play: at the right of the claim where there is room, else above the picture. */
function drawBar(g, data, local) {
  let bar = g.figure.querySelector(".mh-bar");
  if (!bar) {
    const button = (act, click, extra = "") => html("button", { type: "button", class: `gb-button mh-small ${extra}`, "data-act": act, click });
    bar = html("div", { class: "mh-bar" }, html("span", { class: "mh-count", role: "status" }),
      button("back", () => goTo(g, g.data, local, stepAt(g.data, local) - 1)),
      button("next", () => goTo(g, g.data, local, stepAt(g.data, local) + 1), "gb-primary"),
      button("play", () => play(g, g.data, local, !local.timer)));
    g.figure.prepend(bar);
  }
  g.figure.classList.toggle("mh-wide", g.width >= 1000);
  const [now, steps] = [stepAt(data, local), stepsOf(data)];
  const [count, back, next, run] = bar.children;
  count.textContent = `Step ${now + 1} of ${steps.length}`;
  back.textContent = "Back";
  next.textContent = steps[now + 1] ? `Next: ${steps[now + 1].name}` : "The end";
  run.textContent = local.timer ? "Pause" : "Play";
  back.disabled = now === 0;
  next.disabled = now === steps.length - 1;
}

/** The row of panels, and the way to the one head's own page. */
export function drawButtons(g, data, local, at) {
  drawBar(g, data, local);
  const p = at.panel;
  g.overlay("panels", { left: p.x, top: p.y, width: p.w, height: at.phone ? 44 : 30 }, () => html("div", { class: "mh-panels", role: "group", "aria-label": "View of the chosen head" },
    PANELS.map((name) => html("button", { type: "button", "data-panel": name, onclick: () => { local.hover = null; g.select({ panel: name, added: -1 }); } }, PANEL_NAMES[name]))), (node) => {
    for (const button of node.children) button.setAttribute("aria-pressed", String(button.dataset.panel === panelOf(local)));
  });
  g.door("attention", { left: p.x + p.w - 132, top: at.phone ? p.y + 44 : p.y + 4 }, `${nameOf(blockOf(data, local), headOf(data, local))} step by step`, "This head from x to output");
}
