// A pad to draw a digit on, or two: by mouse, pen or finger, or by keys. What is drawn are strokes, kept as a short text
// that a link can carry; Python hears of a stroke when it is finished.

import { counted } from "../../app/kit/counts.js";
import { say } from "../../app/kit/say.js";
import { clamp, css, h, html, label } from "../../app/kit/shapes.js";
import { isPhone } from "../../app/kit/widths.js";

/**
 * @import { Stage } from "../../app/kit/glass.js"
 * @import { Point } from "../../app/kit/shapes.js"
 *
 * A stroke as points of the raster, column and row.
 * @typedef {Point[]} Stroke
 *
 * What the browser keeps of the pad: the stroke that a pointer draws, and the pen that keys move.
 * @typedef {{ink?: Stroke | null, pen?: {x: number, y: number, line: Stroke | null}}} PadKept
 * @typedef {{sel: {drawing?: string}} & PadKept} Kept
 */

/** @type {Point} */
const RASTER = [90, 45]; // points that a stroke can pass through
const LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
const STRAY = 0.45; // of a point: a place nearer than this to the line between its neighbours is left out

/**
 * Strokes [[x, y], ...] as text: two letters a point, a full stop between strokes (strokes.py).
 * @param {Stroke[]} strokes
 */
const strokesText = (strokes) =>
  strokes
    .map((one) =>
      one
        .map(([x, y]) => {
          const at = y * RASTER[0] + x;
          return LETTERS[at >> 6] + LETTERS[at & 63];
        })
        .join(""),
    )
    .join(".");
/** @param {string} text @returns {Stroke[]} */
function strokesOf(text) {
  return text
    .split(".")
    .map((one) =>
      Array.from({ length: Math.floor(one.length / 2) }, (_, k) => {
        const at = 64 * LETTERS.indexOf(one[2 * k]) + LETTERS.indexOf(one[2 * k + 1]);
        return /** @type {Point} */ ([at % RASTER[0], Math.floor(at / RASTER[0])]);
      }),
    )
    .filter((one) => one.length);
}

/** The stroke without the points that its neighbours imply (Douglas and Peucker 1973). @param {Stroke} points @returns {Stroke} */
function thinnedStroke(points) {
  if (points.length < 3) return points;
  const [[ax, ay], [bx, by]] = [points[0], points[points.length - 1]];
  const length = Math.hypot(bx - ax, by - ay);
  let [far, at] = [0, 0];
  points.forEach(([x, y], i) => {
    const off = length
      ? Math.abs((bx - ax) * (ay - y) - (ax - x) * (by - ay)) / length
      : Math.hypot(x - ax, y - ay);
    if (off > far) [far, at] = [off, i];
  });
  if (far <= STRAY) return [points[0], points[points.length - 1]];
  return [...thinnedStroke(points.slice(0, at + 1)).slice(0, -1), ...thinnedStroke(points.slice(at))];
}

/** @param {Kept} local */
export const drawnStrokes = (local) => strokesOf(local.sel.drawing ?? "");
/** @param {Stage} g @param {Kept} local @param {Stroke} points */
function addStroke(g, local, points) {
  if (points.length)
    g.select({ drawing: strokesText([...drawnStrokes(local), thinnedStroke(points)]), sketched: true });
}
/** @param {Stage} g @param {Kept} local */
const takeBack = (g, local) => g.select({ drawing: strokesText(drawnStrokes(local).slice(0, -1)) });
/** @param {Stage} g */
const wipe = (g) => g.select({ drawing: "" });

/**
 * The pen by keys: arrows move it, Space sets it down and lifts it. Returns whether the key was one of the pad's.
 * @param {KeyboardEvent} event @param {Stage} g @param {Kept} local
 */
function padKey(event, g, local) {
  const pen = local.pen ?? { x: 22, y: 22, line: null };
  local.pen = pen;
  const move = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
  if (move) {
    const far = event.shiftKey ? 5 : 2;
    pen.x = clamp(pen.x + far * move[0], 0, RASTER[0] - 1);
    pen.y = clamp(pen.y + far * move[1], 0, RASTER[1] - 1);
    pen.line?.push([pen.x, pen.y]);
  } else if (event.key === " ") {
    const line = pen.line;
    pen.line = line ? null : [[pen.x, pen.y]];
    if (line) addStroke(g, local, line);
  } else if (event.key === "Escape") {
    if (!pen.line) g.figure.focus(); // out of the pad, to the picture's own keys
    pen.line = null;
  } else if (event.key === "Backspace") takeBack(g, local);
  else if (event.key === "Delete") wipe(g);
  else return false;
  g.redraw();
  return true;
}

/** @param {Stage} g @param {Kept} local */
function buildPad(g, local) {
  const node = html("div", { class: "mm-pad", tabindex: 0, role: "application" });
  /** @param {MouseEvent} event @returns {Point} */
  const spot = (event) => {
    const box = node.getBoundingClientRect();
    /** @param {number} at @param {number} from @param {number} size @param {number} most */
    const on = (at, from, size, most) => clamp(Math.floor(((at - from) / size) * most), 0, most - 1);
    return [
      on(event.clientX, box.left, box.width, RASTER[0]),
      on(event.clientY, box.top, box.height, RASTER[1]),
    ];
  };
  const end = () => {
    const line = local.ink;
    local.ink = null;
    if (line) addStroke(g, local, line);
  };
  node.addEventListener("pointerdown", (event) => {
    if (event.button || !event.isPrimary) return;
    node.setPointerCapture(event.pointerId);
    local.ink = [spot(event)];
    g.redraw();
  });
  node.addEventListener("pointermove", (event) => {
    if (!local.ink) return;
    for (const one of event.getCoalescedEvents?.() ?? [event]) {
      const [at, last] = [spot(one), local.ink[local.ink.length - 1]];
      if (at[0] !== last[0] || at[1] !== last[1]) local.ink.push(at);
    }
    g.redraw();
  });
  node.addEventListener("pointerup", end);
  node.addEventListener("pointercancel", end);
  for (const name of ["focus", "blur"]) node.addEventListener(name, () => g.redraw());
  node.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || !padKey(event, g, local)) return;
    event.preventDefault();
    event.stopPropagation();
  });
  return node;
}

/**
 * What is drawn, with the stroke that is being drawn and the pen that keys move; box and pen as for the pad.
 * @param {Stage} g @param {{x: number, y: number, w: number}} box @param {number} pen @param {Stroke[]} strokes
 * @param {Stroke | null} now @param {PadKept["pen"] | null} held
 */
function drawSheet(g, box, pen, strokes, now, held) {
  const [w, h0] = [box.w, box.w / 2];
  const scale = w / RASTER[0];
  /** @param {Stroke} points */
  const path = (points) =>
    points
      .map(
        ([x, y], i) =>
          `${i ? "L" : "M"}${(box.x + (x + 0.5) * scale).toFixed(1)},${(box.y + (y + 0.5) * scale).toFixed(1)}`,
      )
      .join("") + (points.length === 1 ? "h0.01" : "");
  g.part("pad", [box, pen, strokes, now, held && [held.x, held.y]], () => [
    h("rect", {
      x: box.x,
      y: box.y,
      width: w,
      height: h0,
      rx: 4,
      fill: css("bg"),
      stroke: css("ink3"),
      "stroke-width": 1.5,
    }),
    h("path", {
      d: `M${box.x + w / 2},${box.y + 6}v${h0 - 12}`,
      stroke: css("line"),
      "stroke-dasharray": "3 4",
    }),
    [...strokes, ...(now ? [now] : [])].map((one) =>
      h("path", {
        d: path(one),
        fill: "none",
        stroke: css("ink"),
        "stroke-width": pen * h0,
        "stroke-linecap": "round",
        "stroke-linejoin": "round",
        "data-stroke": "",
      }),
    ),
    strokes.length || now || !g.can.recompute
      ? null
      : label(box.x + w / 2, box.y + h0 / 2 + 4, say("Draw a digit here, or two side by side"), {
          anchor: "middle",
          fill: "ink3",
          size: 13,
        }),
    held
      ? h("circle", {
          cx: box.x + (held.x + 0.5) * scale,
          cy: box.y + (held.y + 0.5) * scale,
          r: 6,
          fill: held.line ? css("accent") : "none",
          stroke: css("accent"),
          "stroke-width": 2,
        })
      : null,
  ]);
}

/**
 * The pad and its two buttons; where nothing is computed anew, the drawing alone. box: {x, y, w}; pen: the width of the line, as a share of the height.
 * @param {Stage} g @param {Kept} local @param {{x: number, y: number, w: number}} box @param {number} pen
 */
export function drawPad(g, local, box, pen) {
  const [w, h0] = [box.w, box.w / 2];
  const strokes = drawnStrokes(local);
  if (!g.can.recompute) {
    drawSheet(g, box, pen, strokes, null, null);
    return box.y + h0;
  }
  const now = local.ink ?? local.pen?.line ?? null;
  const pad = g.overlay(
    "pad",
    { left: box.x, top: box.y, width: w, height: h0 },
    () => buildPad(g, local),
    (node) => {
      node.setAttribute(
        "aria-label",
        say(
          "Drawing pad, {strokes}. Arrow keys move the pen, Space sets it down and lifts it, Backspace takes the last stroke back, Delete clears.",
          { strokes: counted(strokes.length, "stroke") },
        ),
      );
    },
  );
  const held = document.activeElement === pad ? local.pen : null;
  drawSheet(g, box, pen, strokes, now, held);
  /** @param {string} act @param {string} text @param {() => void} click @param {number} left */
  const button = (act, text, click, left) =>
    g.overlay(
      `pad ${act}`,
      { left, top: box.y + h0 + 6 },
      () => html("button", { type: "button", class: "gb-button gb-small", "data-act": act, click }, text),
      (node) => {
        node.disabled = !strokes.length;
      },
    );
  button("undo", say("Undo stroke"), () => takeBack(g, local), box.x);
  button("clear", say("Clear"), () => wipe(g), box.x + 108);
  return box.y + h0 + (isPhone(g.width) ? 56 : 40);
}
