// Pointer and keys: hovering and choosing a node, forcing a token, panning a tree larger than its window, stepping.

import { clamp } from "../../app/kit/shapes.js";
import { reveal } from "./layout.js";
import { activeNode, pathOf, shownTo, wayTo } from "./paths.js";

/**
 * @import { Stage } from "../../app/kit/glass.js"
 * @import { Point } from "../../app/kit/shapes.js"
 * @import { Data, Kept } from "./figure.js"
 */

/** @param {Stage} g @param {number | null} i */
export function hoverNode(g, i) {
  if (g.local.hover === i || g.local.dragged) return;
  g.local.hover = i;
  g.redraw();
}
/** A click on a node: one on a path is chosen, any other is forced. @param {Stage} g @param {number} i */
export function press(g, i) {
  const { data } = g.local;
  if (g.local.dragged) return;
  if (i && !data.nodes.on[i].length) force(g, data.nodes.parent[i], data.nodes.id[i]);
  else chooseNode(g, i);
  g.figure.focus({ preventScroll: true });
}
/** @param {Stage} g @param {number} i */
export function chooseNode(g, i) {
  const local = /** @type {Kept} */ (g.local);
  local.node = i;
  local.hover = null;
  reveal(local, i);
  g.select({ node: wayTo(local.data, i) });
}
/**
 * Follow this token after that node, whatever the model thinks of it.
 * @param {Stage} g @param {number} node @param {number} id
 */
export function force(g, node, id) {
  if (!g.can.recompute) return;
  const way = wayTo(g.local.data, node);
  g.local.hover = null;
  g.local.step = g.local.data.depth;
  g.local.sel.level = -1;
  g.send("force", { path: way === "." ? String(id) : `${way}.${id}`, at: Date.now() });
}

/** Grown to a step, the tree shows the best text's newest token. @param {Kept} local */
export function arrive(local) {
  local.step = Math.min(local.steps.of(local), local.data.depth);
  local.hover = null;
  const along = pathOf(local.data, local.data.best)?.nodes[local.step - 1];
  if (along !== undefined) reveal(local, along);
}
/**
 * Arrow keys walk along the tree: to the parent, to the best child, to the next node of the same step.
 * @param {Stage} g @param {Data} data @param {Kept} local @param {number} dx @param {number} dy
 */
export function walk(g, data, local, dx, dy) {
  const at = local.at;
  const now = activeNode(data, local);
  const seen = (/** @type {number} */ i) => at.drawn(i) && shownTo(data, local, i);
  let to;
  if (dx < 0) to = now ? data.nodes.parent[now] : 0;
  else if (dx > 0) to = at.kids[now].find(seen);
  else {
    const column = data.nodes.parent
      .map((_, i) => i)
      .filter((i) => seen(i) && data.nodes.depth[i] === data.nodes.depth[now])
      .sort((a, b) => at.row[a] - at.row[b]);
    to = column[column.indexOf(now) + dy];
  }
  if (to !== undefined && to !== now) chooseNode(g, to);
}

/** @param {Stage} g @param {Kept} local */
export function bindPan(g, local) {
  const inside = (/** @type {MouseEvent} */ event) => {
    const box = g.svg.getBoundingClientRect();
    const zoom = g.width / box.width; // the projector mode enlarges the page
    const [x, y] = [(event.clientX - box.left) * zoom, (event.clientY - box.top) * zoom];
    return x <= local.at.clip.w && y >= 0 && y <= local.at.raceY + 60;
  };
  const pan = (/** @type {number} */ dx, /** @type {number} */ dy) => {
    const [x, y] = [clamp(local.panX + dx, 0, local.at.mostX), clamp(local.panY + dy, 0, local.at.mostY)];
    const moved = x !== local.panX || y !== local.panY;
    if (moved) {
      local.panX = x;
      local.panY = y;
      g.redraw();
    }
    return moved;
  };
  g.svg.addEventListener(
    "wheel",
    (event) => {
      if (!inside(event)) return;
      const sideways = event.shiftKey || (local.at.mostY === 0 && event.deltaX === 0);
      if (pan(sideways ? event.deltaX || event.deltaY : event.deltaX, sideways ? 0 : event.deltaY))
        event.preventDefault();
    },
    { passive: false },
  );
  /** @type {Point | null} */
  let from = null;
  g.svg.addEventListener("pointerdown", (event) => {
    local.dragged = false;
    from = inside(event) && (local.at.mostX || local.at.mostY) ? [event.clientX, event.clientY] : null;
  });
  g.svg.addEventListener("pointermove", (event) => {
    if (!from || !event.buttons) {
      from = event.buttons ? from : null;
      return;
    }
    const [dx, dy] = [from[0] - event.clientX, from[1] - event.clientY];
    if (!local.dragged && Math.hypot(dx, dy) < 6) return;
    local.dragged = true;
    from = [event.clientX, event.clientY];
    pan(dx, dy);
  });
  window.addEventListener("pointerup", () => {
    from = null;
    setTimeout(() => {
      local.dragged = false;
    });
  });
}
