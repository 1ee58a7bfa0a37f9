// Hands on the race: the start dragged or clicked, steps by keys and slider, play and pause.

import { pointerAt } from "../../app/kit/glass.js";
import { clamp, html, label } from "../../app/kit/shapes.js";
import { lapOf, scaleOf } from "./layout.js";

export function setLap(g, data, local, lap, tell = true) {
  const to = clamp(lap, 0, data.steps);
  if (tell) {
    local.lap = null;
    g.select({ lap: to === data.steps ? -1 : to });
  } else {
    local.lap = to;
    g.redraw();
  }
}

export function play(g, data, local, on) {
  clearInterval(local.timer);
  local.timer = null;
  if (on) {
    if (lapOf(data, local) >= data.steps) local.lap = 0;
    const every = g.reduced ? 160 : Math.max(24, Math.min(90, 5000 / data.steps));
    local.timer = setInterval(() => {
      if (!g.figure.isConnected) { clearInterval(local.timer); return; }
      const next = lapOf(g.data, local) + 1;
      if (next >= g.data.steps) { clearInterval(local.timer); local.timer = null; }
      setLap(g, g.data, local, next, next >= g.data.steps);
    }, every);
  } else if (local.lap !== null && local.lap !== undefined) setLap(g, data, local, local.lap);
  g.redraw();
}
/** One step by hand ends the playing. */
export function stepBy(g, data, local, by) {
  clearInterval(local.timer);
  local.timer = null;
  setLap(g, data, local, lapOf(data, local) + by);
}

export function moveStart(g, data, local, x, y) {
  const [left, right, low, high] = data.surface.box;
  const round = (v) => Number(v.toPrecision(3));
  g.select({ start: `${round(clamp(x, left, right))} ${round(clamp(y, low, high))}` });
}

export function listen(g, local) {
  if (local.listening) return;
  local.listening = true;
  const place = (event) => pointerAt(g, event);
  const inMap = ([x, y]) => x >= 0 && x <= g.at.map.w && y >= 0 && y <= g.at.map.h;
  const at = (event) => {
    const [x, y] = scaleOf(g.data.surface.box, g.at.map).back(...place(event));
    const [left, right, low, high] = g.data.surface.box;
    return [clamp(x, left, right), clamp(y, low, high)];
  };
  g.svg.addEventListener("pointerdown", (event) => {
    const grabbed = event.target.closest?.("[data-start]");
    // A finger that scrolls the page begins on the map, too: only the ring itself may be dragged by touch.
    if (event.button || !inMap(place(event)) || (event.pointerType === "touch" && !grabbed)) return;
    event.preventDefault();
    g.figure.focus({ preventScroll: true });
    const from = place(event);
    const move = (now) => {
      if (!local.drag && Math.hypot(place(now)[0] - from[0], place(now)[1] - from[1]) < 3) return;
      local.drag = at(now);
      g.redraw();
    };
    const up = (now) => {
      window.removeEventListener("pointermove", move);
      window.removeEventListener("pointerup", up);
      const to = local.drag ?? at(now);
      const moved = Boolean(local.drag) || !grabbed;
      local.drag = null;
      if (moved) moveStart(g, g.data, local, ...to);
      else g.redraw();
    };
    window.addEventListener("pointermove", move);
    window.addEventListener("pointerup", up);
  });
  g.svg.addEventListener("click", (event) => {
    if (event.pointerType === "touch" && inMap(place(event))) moveStart(g, g.data, local, ...at(event));
  });
}

/** Back, Next and Play: at the right of the claim where there is room, else above the picture. */
export function drawBar(g, data, local) {
  let bar = g.figure.querySelector(".op-bar");
  if (!bar) {
    const button = (act, click, extra = "") => html("button", { type: "button", class: `gb-button gb-small ${extra}`, "data-act": act, click });
    bar = html("div", { class: "op-bar" }, html("span", { class: "op-count", role: "status" }),
      button("back", () => stepBy(g, g.data, local, -1)), button("next", () => stepBy(g, g.data, local, 1)),
      button("play", () => play(g, g.data, local, !local.timer), "gb-primary"));
    g.figure.prepend(bar);
  }
  g.figure.classList.toggle("op-wide", g.width >= 1000);
  const lap = lapOf(data, local);
  const [count, back, next, run] = bar.children;
  count.textContent = `Step ${lap} of ${data.steps}`;
  back.textContent = "Back";
  next.textContent = "Next";
  run.textContent = local.timer ? "Pause" : lap >= data.steps ? "Play again" : "Play";
  back.disabled = lap === 0;
  next.disabled = lap >= data.steps;
}

export function drawSlider(g, data, local, at) {
  const lap = lapOf(data, local);
  g.overlay("lap", { left: at.slider.x, top: at.slider.y, width: at.slider.w, height: at.slider.h },
    () => html("input", { type: "range", class: "gb-range", min: 0, step: 1, "data-lap": "", "aria-label": "Step of the race",
      input: (event) => { clearInterval(local.timer); local.timer = null; setLap(g, g.data, local, Number(event.target.value), false); },
      change: (event) => setLap(g, g.data, local, Number(event.target.value)) }),
    (node) => {
      node.max = data.steps;
      node.value = lap;
      node.style.setProperty("--fill", `${(100 * lap) / data.steps}%`);
    });
  const below = at.slider.y + at.slider.h + 15;
  g.part("hint", [at.slider, at.phone], () => label(at.slider.x, below, at.phone ? "Tap where to start, or drag the ring." : "Click where to start, or drag the ring. Arrow keys step, Space plays, 1 to 5 choose whose step is written out.", { fill: "ink3" }));
}
