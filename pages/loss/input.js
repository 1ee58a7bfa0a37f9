// The pointer: which token is followed, and the probability that a hand gives it.

import { pointerAt } from "../../app/kit/glass.js";
import { clamp } from "../../app/kit/shapes.js";
import { give, nearest } from "./curve.js";
import { followed } from "./layout.js";

/** @import { Data, Kept, Loss } from "./figure.js" */

/**
 * The nearest element around an event's that matches; null: none.
 * @type {(event: Event, selector: string) => HTMLElement | null}
 */
const hit = (event, selector) => (event.target instanceof Element ? event.target.closest(selector) : null);

/** @type {(g: Loss, data: Data, local: Kept, at: number) => void} */
export function follow(g, data, local, at) {
  const to = clamp(at, 0, data.scored.length - 1);
  if (to === followed(data, local)) return;
  local.drag = null;
  // The last token is the page's default, whatever the text.
  g.select({ follow: to === data.scored.length - 1 ? -1 : data.scored[to].place, given: "" });
}

/** @type {(g: Loss, local: Kept) => void} */
export function listen(g, local) {
  if (local.listening) return;
  local.listening = true;
  const pull = (/** @type {PointerEvent} */ event) => {
    if (!local.curveAt) return;
    const one = g.data.scored[followed(g.data, local)];
    local.drag = nearest(g.data, local.curveAt, one, ...pointerAt(g, event));
    g.redraw();
  };
  g.svg.addEventListener("pointerdown", (event) => {
    if (!hit(event, "[data-handle]")) return;
    event.preventDefault();
    local.pulling = true;
    g.svg.setPointerCapture(event.pointerId);
  });
  g.svg.addEventListener("pointermove", (event) => {
    if (local.pulling) pull(event);
  });
  const drop = (/** @type {PointerEvent} */ event) => {
    if (!local.pulling) return;
    local.pulling = false;
    if (event.type === "pointerup" && local.drag != null) give(g, g.data, local, local.drag);
    else {
      local.drag = null;
      g.redraw();
    }
  };
  g.svg.addEventListener("pointerup", drop);
  g.svg.addEventListener("pointercancel", drop);
  g.svg.addEventListener("click", (event) => {
    const token = hit(event, "[data-row], [data-dot]");
    if (token) follow(g, g.data, local, Number(token.dataset.row ?? token.dataset.dot));
  });
}
