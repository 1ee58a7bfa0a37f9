// Pointer, keys and buttons: choosing a cell, scrolling, walking from step to step, and giving a score another value.

import { say, sayOf } from "../../app/kit/say.js";
import { clamp, html, measure } from "../../app/kit/shapes.js";
import { activeCell, at2, valuesOf } from "./cell.js";
import { HIDING, MATRICES, RAIL, byKey, panelNow, stepId } from "./layout.js";

/**
 * @import { Stage } from "../../app/kit/glass.js"
 * @import { Active, Data, Local } from "./figure.js"
 * @import { Layout, StepId } from "./layout.js"
 *
 * What lies under a point: a cell or a row, a small map, or (jump) a panel of another step.
 * @typedef {{row?: number, col?: number, dim?: number, keyed?: boolean, mini?: StepId, jump?: StepId}} Hit
 * @typedef {{id: StepId, row: number, col: number, value: number}} Editing the score in the box, as the step shows it
 */

/** The step that a panel of another step leads to. @type {Record<string, StepId>} */
const STEP_OF = {
  x: "x",
  xk: "x",
  q: "q",
  tq: "turn",
  k: "k",
  tk: "turn",
  v: "v",
  z: "sum",
  out: "out",
  softmax: "softmax",
};

/**
 * What lies under a point of the picture.
 * @param {Layout} at @param {Local} local @param {number} x @param {number} y @returns {Hit | null}
 */
function locate(at, local, x, y) {
  for (const m of at.minis) {
    if (x >= m.x && x < m.x + m.w && y >= m.y && y < m.y + m.h)
      return {
        mini: m.id,
        row: Math.floor(((y - m.y) / m.h) * m.rows),
        col: Math.floor(((x - m.x) / m.w) * m.cols),
      };
    if (x >= m.x - 4 && x < m.x + 90 && y >= m.y - 20 && y < m.y) return { jump: m.id };
  }
  if (y < at.top || y > at.top + at.shown) return null;
  const line = Math.floor((y - at.top + local.scroll) / at.pitch);
  for (const p of at.panels) {
    if (p.id === "keychips" || x < p.x || x >= p.x + p.w || line >= p.rows) continue;
    const across = Math.floor(((x - p.x) / p.w) * p.cols);
    if (p.phase !== "now" && !(at.id === "sum" && p.id === "softmax" && p.phase === "past"))
      return { jump: STEP_OF[p.id] };
    if (MATRICES[p.id]) return { row: line, col: across };
    return byKey(p.id) ? { col: line, dim: across, keyed: true } : { row: line, dim: across, keyed: false };
  }
  if (x < at.chips) return { row: line };
  return null;
}
/** @param {Stage} g @param {Local} local */
export function bindPointer(g, local) {
  const point = (/** @type {MouseEvent} */ event) => {
    const b = g.svg.getBoundingClientRect();
    const zoom = g.width / b.width; // the projector mode enlarges the page
    return locate(local.at, local, (event.clientX - b.left) * zoom, (event.clientY - b.top) * zoom);
  };
  g.svg.addEventListener("pointermove", (event) => {
    const found = point(event);
    g.svg.style.cursor = found ? "pointer" : "";
    const next = found && found.jump === undefined ? found : null;
    if (JSON.stringify(next) === JSON.stringify(local.hover)) return;
    local.hover = next;
    g.redraw();
  });
  g.svg.addEventListener("pointerleave", () => {
    if (local.hover) {
      local.hover = null;
      g.redraw();
    }
  });
  g.svg.addEventListener("click", (event) => {
    const found = point(event);
    if (!found) return;
    const data = local.data;
    const to = found.jump ?? found.mini;
    if (to !== undefined) {
      go(
        g,
        local,
        data.steps.findIndex((s) => s.id === to),
      );
      return;
    }
    const again = found.row === local.row && found.col === local.col;
    choose(g, data, local, found);
    const touched = /** @type {PointerEvent} */ (event).pointerType === "touch";
    if (g.can.recompute && found.col !== undefined && found.dim === undefined && (!touched || again))
      edit(g, data, local, local);
    else g.figure.focus({ preventScroll: true });
  });
  g.svg.addEventListener(
    "wheel",
    (event) => {
      const most = local.at.lines * local.at.pitch - local.at.shown;
      const b = g.svg.getBoundingClientRect();
      const y = (event.clientY - b.top) * (g.width / b.width);
      const to = clamp(local.scroll + event.deltaY, 0, most);
      if (most <= 0 || y < local.at.top || y > local.at.top + local.at.shown || to === local.scroll) return;
      event.preventDefault();
      local.scroll = to;
      const found = point(event);
      local.hover = found && found.jump === undefined ? found : null;
      g.redraw();
    },
    { passive: false },
  );
  let touch = 0; // where the finger was
  g.svg.addEventListener(
    "touchstart",
    (event) => {
      touch = event.touches[0].clientY;
    },
    { passive: true },
  );
  g.svg.addEventListener(
    "touchmove",
    (event) => {
      const most = local.at.lines * local.at.pitch - local.at.shown;
      const to = clamp(local.scroll + touch - event.touches[0].clientY, 0, Math.max(0, most));
      touch = event.touches[0].clientY;
      if (to === local.scroll) return;
      event.preventDefault();
      local.scroll = to;
      g.redraw();
    },
    { passive: false },
  );
}
/**
 * Scroll until the chosen line is in view, whenever it is another one, or lies elsewhere, than when it was last drawn.
 * @param {Local} local @param {Layout} at
 */
export function reveal(local, at) {
  const line = byKey(at.id) || (at.id === "turn" && local.keyed) ? local.col : local.row;
  const now = [line, at.lines, at.pitch, at.shown].join();
  if (now !== local.revealed)
    local.scroll = clamp(local.scroll ?? 0, (line + 1) * at.pitch - at.shown, line * at.pitch);
  local.revealed = now;
  local.scroll = clamp(local.scroll, 0, Math.max(0, at.lines * at.pitch - at.shown));
}
/**
 * Make a cell the chosen one; row and column also go into the link.
 * @param {Stage} g @param {Data} data @param {Local} local @param {Hit} to
 */
function choose(g, data, local, to) {
  const T = data.rows.length;
  const S = data.cols.length;
  if (to.dim !== undefined) local.dim = Math.max(0, to.dim);
  if (to.keyed !== undefined) local.keyed = to.keyed;
  local.hover = null;
  const row = clamp(to.row ?? local.row, 0, T - 1);
  const col = clamp(to.col ?? local.col, 0, S - 1);
  const change = {};
  if (row !== local.row) change.row = row;
  if (col !== local.col) change.col = col;
  if (Object.keys(change).length) g.select(change);
  else g.redraw();
}
/** @param {Stage} g @param {Data} data @param {Local} local @param {number} dx @param {number} dy */
export function arrows(g, data, local, dx, dy) {
  const id = stepId(data, local);
  if (MATRICES[id]) return choose(g, data, local, { row: local.row + dy, col: local.col + dx });
  const keyed = id === "k" || id === "v" || (id === "turn" && local.keyed);
  const p = panelNow(local.at);
  choose(g, data, local, {
    [keyed ? "col" : "row"]: (keyed ? local.col : local.row) + dy,
    dim: clamp(activeCell(data, local).dim + dx, 0, p.cols - 1),
    keyed,
  });
}

// ---------------------------------------------------------------- from step to step

/** @param {Stage} g @param {Local} local @param {number} step */
export function go(g, local, step) {
  local.hover = null;
  local.steps.to(g, local, step);
}
/**
 * Which rows are scrolled out of view: a button above the chips and one below them, which bring those rows in.
 * @param {Stage} g @param {Local} local @param {Layout} at
 */
export function overRows(g, local, at) {
  const first = Math.round(local.scroll / at.pitch);
  const last = first + Math.round(at.shown / at.pitch) - 1;
  /** @type {(key: string, box: {left: number, top: number}, text: string, by: number) => void} */
  const sign = (key, box, text, by) =>
    g.overlay(
      key,
      box,
      () =>
        html("button", {
          type: "button",
          class: "gb-rows att-rows",
          click: () => {
            local.scroll = clamp(local.scroll + by, 0, at.lines * at.pitch - at.shown);
            g.redraw();
          },
        }),
      (node) => {
        node.textContent = text;
      },
    );
  const above = { from: 0, to: first - 1 };
  if (first > 0)
    sign(
      "rows above",
      { left: -2, top: at.top - 34 },
      above.from === above.to ? say("row {from}\nabove", above) : say("rows {from}–{to}\nabove", above),
      -at.shown,
    );
  const below = { from: last + 1, to: at.lines - 1 };
  if (last < at.lines - 1)
    sign(
      "rows below",
      { left: -2, top: at.top + at.shown - 2 },
      below.from === below.to ? say("row {from} below", below) : say("rows {from}–{to} below", below),
      at.shown,
    );
}

/**
 * Transparent buttons over the drawn rail, so that it can be reached by Tab and read aloud.
 * @param {Stage} g @param {Data} data @param {Local} local
 */
export function overRail(g, data, local) {
  const w = g.width / data.steps.length;
  for (const [i, step] of data.steps.entries())
    g.overlay(
      `rail ${i}`,
      { left: i * w, top: 0, width: w, height: RAIL },
      () => html("button", { type: "button", class: "att-step", click: () => go(g, local, i) }),
      (node) => {
        node.setAttribute(
          "aria-label",
          say("Step {number}: {title}, {formula}", {
            number: i + 1,
            title: step.title,
            formula: step.off ? sayOf("step", "off") : step.formula,
          }),
        );
        node.title = step.title;
        if (i === local.step) node.setAttribute("aria-current", "step");
        else node.removeAttribute("aria-current");
      },
    );
}

// ---------------------------------------------------------------- editing a score

const EDITABLE = ["scores", "scale", "bias", "mask"];
/**
 * A value typed into a later step, as the raw score that leads to it; −∞ is −∞ at every step.
 * @param {Data} data @param {Local} local @param {StepId} id @param {number} r @param {number} c
 * @param {number} value
 */
function rawScore(data, local, id, r, c, value) {
  if (id === "scores" || value === -Infinity) return value;
  const bias = id !== "scale" && local.a.bias ? at2(local.a.bias, r, c) : 0;
  return (value - bias) / data.factor;
}
/** @param {Stage} g @param {Data} data @param {Local} local @param {{row: number, col: number}} active */
export function edit(g, data, local, active) {
  const id = stepId(data, local);
  if (!g.can.recompute || !EDITABLE.includes(id)) return false;
  local.editing = {
    id,
    row: active.row,
    col: active.col,
    value: at2(valuesOf(local, id), active.row, active.col),
  };
  g.redraw();
  return true;
}
/**
 * What was typed: a number, −∞ (also "-inf"), null for an emptied box (the model's own score), NaN for anything else.
 * @param {string} text
 */
function typed(text) {
  const plain = text.trim().replace("−", "-").replace(",", ".");
  if (!plain) return null;
  return /^-(∞|inf(inity)?)$/i.test(plain) ? -Infinity : Number(plain);
}
/** The number that was typed, or 0. @param {string} text */
function finite(text) {
  const value = typed(text);
  return value !== null && Number.isFinite(value) ? value : 0;
}
/** @param {number} value */
const written = (value) => (value === -Infinity ? "−∞" : value.toFixed(2));
/**
 * Hide the chosen key from the chosen row: its score becomes −∞.
 * @param {Stage} g @param {Local} local @param {{row: number, col: number}} cell
 */
export function hide(g, local, cell) {
  if (!g.can.recompute || !MATRICES[stepId(local.data, local)]) return false;
  local.editing = null;
  g.send("edit", { row: cell.row, col: cell.col, hide: true, at: Date.now() });
  g.figure.focus({ preventScroll: true });
  g.redraw();
  return true;
}
/**
 * In the card, the button that hides the chosen key from the chosen row, or shows it again; none where the mask hides it.
 * @param {Stage} g @param {Data} data @param {Local} local @param {Layout} at @param {number} y of the card
 */
export function overHide(g, data, local, at, y) {
  const { row, col } = local;
  if (!g.can.recompute || !MATRICES[at.id]) return;
  const hidden = data.edits.some(([r, c, value]) => r === row && c === col && value === null);
  if (!hidden && at2(local.a.masked ?? local.a.biased ?? local.a.scaled, row, col) === -Infinity) return;
  const names = hidden
    ? [say("Show it again"), say("Show")]
    : [say("Hide this key from the row"), say("Hide this key"), say("Hide")];
  const width = (/** @type {string} */ name) => Math.ceil(measure(name, 12, false) * 1.06) + 18;
  const end = g.width - 12;
  const name =
    names.find((one) => !at.wide || end - width(one) >= local.cardEnd + 8) ?? names[names.length - 1];
  const box = at.wide
    ? { left: end - width(name), top: y + 12, width: width(name), height: 26 }
    : { left: 12, top: y + local.cardHeight - HIDING - 2, width: width(name) + 12, height: 44 };
  g.overlay(
    "hiding",
    box,
    () =>
      html("button", {
        type: "button",
        class: "gb-button att-corner",
        click: () => {
          const gone = local.data.edits.some(
            ([r, c, value]) => r === local.row && c === local.col && value === null,
          );
          g.send("edit", { row: local.row, col: local.col, [gone ? "back" : "hide"]: true, at: Date.now() });
        },
      }),
    (node) => {
      node.textContent = name;
      node.setAttribute("aria-label", names[0]);
      node.title = names[0];
    },
  );
}
/** @param {Stage} g @param {Local} local @param {number | null} value */
function commit(g, local, value, close = true) {
  const e = local.editing;
  if (!e) return;
  if (close) local.editing = null;
  const cell = { row: e.row, col: e.col, at: Date.now() };
  if (value === null) g.send("edit", { ...cell, back: true });
  else if (value === -Infinity && e.value !== -Infinity) g.send("edit", { ...cell, hide: true });
  else if (Number.isFinite(value) && !(Math.abs(value - e.value) <= 1e-9)) {
    const raw = rawScore(local.data, local, e.id, e.row, e.col, value);
    // A number in place of a score that the mask hides: the key comes into view.
    g.send("edit", {
      ...cell,
      value: clamp(raw, -1000, 1000),
      show: e.id === "mask" && e.value === -Infinity,
    });
  }
  if (value !== null && !Number.isNaN(value)) e.value = value;
  if (close) g.figure.focus({ preventScroll: true });
  g.redraw();
}
/** @param {Stage} g @param {Local} local @param {Layout} at */
export function overEdit(g, local, at) {
  const e = local.editing;
  const p = panelNow(at);
  if (!e || e.id !== at.id) {
    local.editing = null;
    return;
  }
  const cell = p.w / p.cols;
  const w = Math.max(76, cell + 8);
  const x = clamp(p.x + (e.col + 0.5) * cell - w / 2, 0, g.width - w - 40);
  const top = p.y + e.row * p.pitch - local.scroll + p.pitch / 2 - 16;
  const node = g.overlay("edit", { left: x, top, width: w, height: 32 }, () => {
    /** @type {HTMLInputElement} */
    const input = html("input", {
      type: "text",
      autocomplete: "off",
      spellcheck: "false",
      class: "att-edit",
      "aria-label": say("New value for row {row}, column {column}; empty: the model's own", {
        row: e.row,
        column: e.col,
      }),
      keydown: (event) => {
        event.stopPropagation();
        const move = 0.1 * (Number(event.key === "ArrowUp") - Number(event.key === "ArrowDown"));
        if (event.key === "Enter") commit(g, local, typed(input.value));
        // The box opens with its number chosen: Delete then hides the key, as it does without a box; Backspace empties it.
        if (
          event.key === "Delete" &&
          input.selectionStart === 0 &&
          input.selectionEnd === input.value.length
        ) {
          event.preventDefault();
          hide(g, local, local.editing ?? local);
        }
        if (event.key === "Escape") {
          local.editing = null;
          g.figure.focus({ preventScroll: true });
          g.redraw();
        }
        if (move) {
          event.preventDefault();
          input.value = (finite(input.value) + move * (event.shiftKey ? 10 : 1)).toFixed(2);
          commit(g, local, typed(input.value), false);
        }
      },
      change: () => local.editing && commit(g, local, typed(input.value), false),
      blur: () => local.editing && commit(g, local, typed(input.value)),
    });
    input.value = written(e.value);
    if (e.value !== -Infinity) e.value = Number(input.value);
    drag(g, local, input);
    setTimeout(() => {
      input.focus({ preventScroll: true });
      input.select();
    });
    return input;
  });
  node.dataset.cell = `${e.row},${e.col}`;
  g.overlay("hide", { left: x + w + 4, top, width: 36, height: 32 }, () =>
    html(
      "button",
      {
        type: "button",
        class: "gb-button att-hide",
        title: say("Hide this key from this row"),
        "aria-label": say("Hide: minus infinity"),
        pointerdown: (event) => event.preventDefault(), // the box keeps the focus, and with it its place
        click: () => hide(g, local, local.editing ?? local),
      },
      "−∞",
    ),
  );
}
/**
 * Pull the number up or down with the pointer; the model follows at most eight times a second.
 * @param {Stage} g @param {Local} local @param {HTMLInputElement} input
 */
function drag(g, local, input) {
  input.addEventListener("pointerdown", (down) => {
    const start = { y: down.clientY, value: finite(input.value), sent: 0 };
    const move = (/** @type {PointerEvent} */ event) => {
      const dy = start.y - event.clientY;
      if (Math.abs(dy) < 4) return;
      event.preventDefault();
      input.value = (start.value + dy * 0.05).toFixed(2);
      if (performance.now() - start.sent > 125) {
        start.sent = performance.now();
        commit(g, local, typed(input.value), false);
      }
    };
    const up = () => {
      window.removeEventListener("pointermove", move);
      window.removeEventListener("pointerup", up);
      if (start.sent) commit(g, local, typed(input.value), false);
    };
    window.addEventListener("pointermove", move);
    window.addEventListener("pointerup", up);
  });
}
