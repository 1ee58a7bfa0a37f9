// Pointer and keys: pointing at a token, a cell, a tile; choosing them.

import { clamp } from "../../app/kit/shapes.js";
import { blockOf, headOf, panelOf, rowOf, tileAt } from "./layout.js";

/** What lies under a point: {tile}, {row}, {col}, {row, col}, {part}, {dot}, or null. */
function locate(data, local, at, x, y) {
  const tile = tileAt(data, at, x, y);
  if (tile) return { tile };
  const p = at.panel;
  if (x < p.x - 4 || y < p.top || y > p.bottom) return null;
  const inside = (i, n) => (i >= 0 && i < n ? i : undefined);
  switch (panelOf(local)) {
    case "lines": {
      const q = local.linesAt;
      if (!q) return null;
      if (x < q.left + 30) return some({ row: inside(Math.floor((y - q.top) / q.pitch[0]), data.rows.length) });
      if (x > q.right - 30) return some({ col: inside(Math.floor((y - q.top) / q.pitch[1]), data.cols.length) });
      return null;
    }
    case "map": {
      const q = local.mapAt;
      const row = q && inside(Math.floor((y - q.y) / q.tall), data.rows.length);
      const col = q && inside(Math.floor((x - q.x) / q.cell), data.cols.length);
      return row === undefined ? null : col === undefined ? (x < q.x ? { row } : null) : { row, col };
    }
    case "pair": {
      const q = local.pairAt;
      return q ? some({ col: inside(Math.floor((y - q.top) / q.pitch), data.cols.length) }) : null;
    }
    case "join": {
      const q = local.joinAt;
      const part = q && inside(Math.floor((y - q.top) / q.pitch), data.heads);
      return part === undefined ? null : { part };
    }
    default: return null;
  }
}
/** The dot of the Effect panel nearest to a point, as {block, head}, if a finger could mean it. */
function dotNear(data, local, x, y) {
  const q = local.effectAt;
  if (panelOf(local) !== "effect" || !data.effect.change || !q) return null;
  let [best, least] = [null, 14];
  data.effect.change.forEach((line, block) => line.forEach((v, head) => {
    if (v === null) return;
    const far = Math.hypot(q.x(data.effect.weight[block][head]) - x, q.y(v) - y);
    if (far < least) [best, least] = [{ block, head }, far];
  }));
  return best;
}
const some = (found) => (Object.values(found).some((v) => v !== undefined) ? found : null);

export function listen(g, local) {
  if (local.listening) return;
  local.listening = true;
  const at = (event) => {
    const box = g.svg.getBoundingClientRect();
    const zoom = g.width / box.width; // the projector mode enlarges the page
    return [(event.clientX - box.left) * zoom, (event.clientY - box.top) * zoom];
  };
  const point = (event) => locate(g.data, local, g.at, ...at(event));
  const dotOf = (event) => dotNear(g.data, local, ...at(event));
  g.svg.addEventListener("pointermove", (event) => {
    if (event.pointerType === "touch") return;
    const found = point(event);
    const role = event.target.closest?.("[data-role]")?.dataset.role ?? null;
    const peek = dotOf(event) ?? found?.tile ?? null;
    const hover = found && !found.tile && found.part === undefined ? found : null;
    g.svg.style.cursor = found || peek || role ? "pointer" : "";
    const now = JSON.stringify([peek, hover, role]);
    if (now === local.under) return;
    local.under = now;
    Object.assign(local, { peek, hover, role });
    g.redraw();
  });
  g.svg.addEventListener("pointerleave", () => {
    if (!local.under) return;
    Object.assign(local, { peek: null, hover: null, role: null, under: null });
    g.redraw();
  });
  g.svg.addEventListener("click", (event) => {
    const role = event.target.closest?.("[data-role]")?.dataset.role;
    const found = dotOf(event) ?? point(event);
    g.figure.focus({ preventScroll: true });
    if (role) { local.pinned = local.pinned === role ? null : role; g.redraw(); return; }
    if (found) choose(g, g.data, local, found);
  });
  g.svg.addEventListener("dblclick", (event) => point(event)?.tile && g.visit("attention"));
}

/** Makes a tile, a token or a part the chosen one; a row is the row on the other pages too. */
function choose(g, data, local, found) {
  const change = {};
  const to = found.tile ?? (found.block !== undefined ? found : found.part !== undefined ? { block: data.join.block, head: found.part } : null);
  if (to) Object.assign(change, to);
  if (found.row !== undefined && !to) Object.assign(change, { row: found.row, follow: found.row === data.home ? -1 : found.row });
  if (found.col !== undefined) change.col = found.col;
  local.peek = null;
  if (Object.keys(change).length) g.select(change);
}

export function moveHead(g, data, local, across, down) {
  const { order, slots, cols } = g.at.grid;
  let block = clamp(blockOf(data, local) + down, 0, data.blocks - 1);
  let head = clamp(headOf(data, local) + across, 0, data.heads - 1);
  if (order) {
    const slot = slots[blockOf(data, local) * data.heads + headOf(data, local)];
    const to = order[slot < 0 ? 0 : clamp(slot + across + down * cols, 0, order.length - 1)];
    [block, head] = [Math.floor(to / data.heads), to % data.heads];
  }
  local.peek = null;
  g.select({ block, head });
}
export function moveRow(g, data, local, by) {
  local.hover = null;
  const row = clamp(rowOf(data, local) + by, 0, data.rows.length - 1);
  g.select({ row, follow: row === data.home ? -1 : row });
}
