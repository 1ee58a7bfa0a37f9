// Pointer and wheel on Home's picture: follow a row, open a block, look into a folded column.

import { clamp } from "../../app/kit/shapes.js";
import { FOLD, spot } from "./layout.js";
import { blockOf, stepOf } from "./selection.js";

/** @import { Data, Home, Kept } from "./figure.js" */

/** @type {(g: Home, data: Data, local: Kept, l: number, head?: number) => void} */
export function openBlock(g, data, local, l, head) {
  const to = clamp(l, 0, Math.max(0, data.blocks - 1));
  openBlockFrom(g, data, local, to);
  local.peek = null;
  g.select(head === undefined ? { block: to } : { block: to, head });
}

/**
 * Starts the opening movement from the block that is open now.
 * @type {(g: Home, data: Data, local: Kept, to: number) => void}
 */
export function openBlockFrom(g, data, local, to) {
  const from = blockOf(data, local);
  if (from === to || g.layout.phone) return;
  local.stop?.();
  local.opening = g.reduced ? null : { from, t: 0 };
  local.stop = g.tween(300, (t) => {
    local.opening = t < 1 ? { from, t } : null;
    g.redraw();
  });
}
/** @type {(g: Home, data: Data, row: number) => void} */
export function follow(g, data, row) {
  g.select({ follow: row === data.home_row ? -1 : row });
}

/**
 * One set of pointer listeners for all rows: hovering a row follows it until the pointer leaves.
 * @type {(g: Home) => void}
 */
export function listen(g) {
  if (g.listening) return;
  g.listening = true;
  const rowAt = (/** @type {MouseEvent} */ event) => {
    const L = g.layout;
    const [x, y] = spot(g, event);
    const i = L.first + Math.floor((y - L.rowsTop) / L.pitch);
    return x <= L.blocksEnd && y >= L.rowsTop && i <= L.last ? i : null;
  };
  const hover = (/** @type {number | null} */ row) => {
    if (row === g.local.hover) return;
    g.local.hover = row;
    g.redraw();
  };
  g.svg.addEventListener("pointermove", (event) => {
    if (event.pointerType === "touch") return;
    hover(rowAt(event));
    rest(g, event);
  });
  listenForFolded(g);
  g.svg.addEventListener("pointerleave", () => hover(null));
  g.svg.addEventListener(
    "wheel",
    (event) => {
      const L = g.layout;
      if (!L.scrolls || rowAt(event) === null) return;
      const first = clamp(L.first + Math.sign(event.deltaY) * 2, 0, g.data.tokens.length - L.rows);
      if (first === L.first) return;
      event.preventDefault();
      g.local.first = first;
      g.local.hover = null;
      g.redraw();
    },
    { passive: false },
  );
}

// ---------------------------------------------------------------- the pointer opens a column

/**
 * A folded column that the pointer rests on opens until the pointer leaves the picture; a click keeps it open.
 * @type {(g: Home, event: PointerEvent) => void}
 */
function rest(g, event) {
  const { local, layout: L, data } = g;
  const [x, y] = spot(g, event);
  const l = L.blocks.findIndex((b) => x >= b.x - L.gap / 2 && x <= b.x + b.w + L.gap / 2);
  const on =
    L.folded &&
    !L.phone &&
    y >= L.top &&
    y <= L.bottom &&
    !stepOf(data, local) &&
    l >= 0 &&
    L.blocks[l].o === 0
      ? l
      : null;
  if (on === local.restsOn) return;
  clearTimeout(local.resting);
  local.restsOn = on;
  if (on !== null) local.resting = setTimeout(() => peekInto(g, on), FOLD.rest);
}
/** @type {(g: Home, l: number | null) => void} */
function peekInto(g, l) {
  const { local, data } = g;
  local.restsOn = null;
  openBlockFrom(g, data, local, l ?? local.sel.block ?? 0);
  local.peek = l;
  g.redraw();
}
/** @type {(g: Home) => void} */
function listenForFolded(g) {
  const { local } = g;
  g.figure.addEventListener("pointerleave", () => {
    clearTimeout(local.resting);
    local.restsOn = null;
    if (local.peek !== null && local.peek !== undefined) peekInto(g, null);
  });
  // A way to another page leads to the block that is seen.
  g.figure.addEventListener(
    "click",
    (event) => {
      if (
        event.target instanceof Element &&
        event.target.closest(".gb-door") &&
        local.peek !== null &&
        local.peek !== undefined
      )
        openBlock(g, g.data, local, local.peek);
    },
    true,
  );
}
