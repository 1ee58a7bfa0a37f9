// The list: a row a model, its bar as long as its weights, coloured by the shares of its parts.

import { counted } from "../../app/kit/counts.js";
import { say, sayOf } from "../../app/kit/say.js";
import { clamp, css, fit, h, html, label } from "../../app/kit/shapes.js";
import { PARTS, firstOf, fitMiddle, markText, millions, pickedOf, scaleOf } from "./layout.js";

/**
 * @import { Data, Draw, Entry, Models } from "./figure.js"
 * @import { Plan } from "./layout.js"
 *
 * @typedef {HTMLButtonElement & {act?: () => void}} Button what it does changes with the row
 */

/** @type {Draw} */
export function drawList(g, data, local, at) {
  const { list, phone } = at;
  const first = firstOf(data, local, list.rows);
  const picked = pickedOf(data, local).name;
  const scale = scaleOf(data, local, list.bw);
  const linear = (local.sel.ruler ?? "log") === "linear";
  g.part("axis", [linear, phone], () => [
    label(0, 14, counted(data.entries.length, "model"), { weight: 600, fill: "ink" }),
    label(90, 14, phone ? scaleText(linear) : fit(lengthText(linear), list.w - 90, 12, false), {
      fill: "ink3",
    }),
    scale.marks.map((n) => [
      label(list.bar + scale.to(n), list.y - 8, markText(n), {
        anchor: n === scale.marks[0] ? "start" : "middle",
        fill: "ink3",
        size: 12,
      }),
      h("path", {
        d: `M${list.bar + scale.to(n)},${list.y - 3}v${phone ? 3 : list.rows * list.pitch + 3}`,
        stroke: css("line"),
      }),
    ]),
    phone
      ? null
      : [
          label(list.w - 66, list.y - 8, say("weights"), { anchor: "end", fill: "ink3" }),
          label(list.w, list.y - 8, sayOf("models", "memory"), { anchor: "end", fill: "ink3" }),
        ],
  ]);
  g.part("rows", [first, picked, linear, phone], () =>
    data.entries.length
      ? data.entries
          .slice(first, first + list.rows)
          .map((one, k) => drawRow(g, data, at, one, list.y + k * list.pitch, one.name === picked, scale))
      : [
          label(
            0,
            list.y + 22,
            g.can.recompute
              ? say("No model of this kind is here. Choose “All”.")
              : say("No model of this kind is here."),
            { fill: "ink2" },
          ),
        ],
  );
  const below = data.entries.length - first - list.rows;
  const y = list.y + list.rows * list.pitch + 17;
  g.part("more", [first, below, phone], () => [
    label(0, y, legendText(data, phone), { fill: "ink3", "data-part": "hint" }),
  ]);
  const tall = phone ? 44 : 20;
  const move = (/** @type {number} */ by) => {
    local.free = true;
    local.first = clamp(first + by, 0, data.entries.length - list.rows);
    g.redraw();
  };
  /** @type {(key: string, said: string, many: number, left: number, by: number) => void} */
  const sign = (key, said, many, left, by) => {
    if (many <= 0) return;
    g.overlay(
      key,
      { left: list.w - left, top: y - 4 - tall / 2, height: tall },
      () => {
        /** @type {Button} */
        const button = html("button", { type: "button", class: "gb-rows", onclick: () => button.act?.() });
        return button;
      },
      (node) => {
        node.act = () => move(by);
        node.textContent = said;
      },
    );
  };
  sign("above", say("{many} more above", { many: first }), first, below > 0 ? 182 : 92, -list.rows);
  sign("below", say("{many} more below", { many: below }), below, 92, list.rows);
}

/** @type {(linear: boolean) => string} */
const scaleText = (linear) => (linear ? say("weights, linear") : say("weights, logarithmic"));

/** @type {(linear: boolean) => string} */
const lengthText = (linear) =>
  linear
    ? say("length: weights, to one linear scale; colours: the shares of its parts")
    : say("length: weights, to one logarithmic scale; colours: the shares of its parts");

/** @type {(data: Data, phone: boolean) => string} */
function legendText({ held }, phone) {
  const here = held ? [say("● in memory")] : [];
  if (phone) return [...here, say("↓ to fetch"), say("! not opened")].join("  ");
  const free = held?.freeText ? [say("{size} free on this machine", { size: held.freeText })] : [];
  return [...here, say("↓ to be fetched"), say("! does not open"), ...free].join("   ");
}

/** @type {(g: Models, data: Data, at: Plan, one: Entry, y: number, chosen: boolean, scale: {to: (n: number) => number}) => SVGElement} */
function drawRow(g, data, at, one, y, chosen, scale) {
  const { list, phone } = at;
  const open = one.name === data.current.name;
  const mid = phone ? y + 15 : y + list.pitch / 2 + 4;
  const x = list.bar;
  const top = phone ? y + 24 : y + 5;
  const tall = phone ? 12 : list.pitch - 10;
  const long = one.total ? Math.max(2, scale.to(one.total)) : 0;
  let from = x;
  const bars = one.parts.map((n, i) => {
    const w = one.total ? (long * n) / one.total : 0;
    const bar = h("rect", {
      x: from,
      y: top,
      width: w,
      height: tall,
      fill: css(PARTS[i]),
      opacity: one.here ? 1 : 0.62,
    });
    from += w;
    return w > 0 ? bar : null;
  });
  const sign = one.problem
    ? ["!", "neg"]
    : one.open
      ? ["●", "accent"]
      : one.here
        ? ["", "ink3"]
        : ["↓", "ink3"];
  const room = phone ? list.w - 130 : list.name - 22;
  return g.tip(
    h(
      "g",
      { class: "gb-hot", "data-row": one.name },
      h("rect", {
        x: 0,
        y: y + 0.5,
        width: list.w,
        height: list.pitch - 1,
        rx: 4,
        fill: chosen ? css("accent-soft") : "transparent",
        stroke: chosen ? css("accent") : "none",
      }),
      label(6, mid, sign[0], { fill: sign[1], weight: 700, mono: true }),
      label(20, mid, fitMiddle(one.short, room, 13), {
        size: 13,
        fill: open ? "accent" : one.problem ? "ink3" : "ink",
        weight: open ? 600 : null,
      }),
      bars,
      long
        ? null
        : label(
            x + 4,
            phone ? top + 11 : mid,
            fit(one.problem ? say("does not open") : say("known when it is fetched"), list.bw, 12, false),
            { fill: "ink3" },
          ),
      label(phone ? list.w - 62 : list.w - 66, phone ? top + 11 : mid, one.total ? millions(one.total) : "", {
        anchor: "end",
        mono: true,
        fill: "ink",
      }),
      label(list.w - 2, phone ? top + 11 : mid, one.bytes ? one.memory : "", {
        anchor: "end",
        mono: true,
        fill: data.held && data.held.most < one.bytes ? "neg" : "ink2",
      }),
    ),
    `${one.label}\n${one.problem || one.shape}${one.open ? `\n${say("in memory")}` : one.here ? "" : `\n${say("to be fetched")}`}`,
  );
}
