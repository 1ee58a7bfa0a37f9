// Lower half of a lane: what its model writes, token by token, and what an encoder-decoder reads while it does.

import { counted } from "../../app/kit/counts.js";
import { MONO, chip, clamp, css, fit, h, html, label, measure, num, tokenSpans, visible } from "../../app/kit/shapes.js";
import { ASKED, LINE, drafted, flowOf, steps, tokenOf } from "./layout.js";
import { drawVectors } from "./vectors.js";

const HOW = {
  decoder: "Writes on: what is written stays, and is read.",
  encoder: "Made to write: a [MASK] at the end, filled, again.",
};
const TASK = { gap: "Writes what fills the gap", translate: "Asked to translate", summarize: "Asked to summarize", sentiment: "Asked for the sentiment" };

/** The written token that is looked at: pointed at, or the last one. */
export function strokeOf(lane, local) {
  const count = Math.min(drafted(local), lane.writing?.strokes.length ?? 0);
  if (local.stroke != null && local.stroke.lane === lane.shape && local.stroke.at < count) return local.stroke.at;
  return count - 1;
}
/** Which pattern of the cross-attention is shown. */
export const readerOf = (lane, local) => clamp((local.sel.crossing ?? -1) + 1, 0, (lane.writing?.readers?.length ?? 1) - 1);

/** What the looked-at token's row reads of the source: (S,), or null. */
export function crossingOf(lane, local) {
  const at = strokeOf(lane, local);
  if (!lane.writing?.crossing || at < 0) return null;
  const [, count, width] = lane.writing.crossing.shape;
  const first = (readerOf(lane, local) * count + at) * width;
  return lane.writing.cells.slice(first, first + width);
}

export function drawStrip(g, data, local, place) {
  const { lane, x, w } = place;
  const y = place.write;
  if (steps.of(local) >= ASKED && lane.vectors) return drawVectors(g, place, lane.at[tokenOf(data, local)] ?? -1);
  if (steps.of(local) < ASKED || !lane.writing) return [];
  const count = Math.min(drafted(local), lane.writing.strokes.length);
  const flow = flowOf(lane, w - 8);
  const chosen = strokeOf(lane, local);
  const reads = crossingOf(lane, local);
  const most = reads ? Math.max(...reads, 1e-9) : 1;
  const head = lane.shape === "encoder-decoder" ? `${TASK[data.asks]}; reads:` : HOW[lane.shape];
  const out = [label(x, y + 2, fit(head, w - (reads ? 128 : 0), 12, false), { fill: "ink2" })];
  for (const spot of flow.places) {
    if (spot.kind === "read") out.push(source(g, place, spot, reads, most));
    else if (spot.i < count) out.push(written(g, lane, place, spot, spot.i === chosen));
    else if (spot.i === count && lane.shape === "encoder") out.push(next(place, spot));
  }
  const below = y + 20 + flow.height;
  return [...out, chosen >= 0 && alternatives(lane, place, chosen, below), label(x + w, below, tally(lane, count), { anchor: "end", fill: "ink3" })];
}
function source(g, place, spot, reads, most) {
  const share = reads?.[spot.i] ?? 0;
  const node = h("g", { "data-source": spot.i },
    h("rect", { x: place.x + spot.x, y: place.write + 9 + spot.y, width: spot.w, height: LINE - 3, rx: 3, fill: reads ? g.sequential(0.45 * share, most, "att") : css("bg") }),
    h("text", { x: place.x + spot.x + 3, y: place.write + 21 + spot.y, "font-family": MONO, "font-size": 12, direction: "ltr", fill: css(spot.one.special && !reads ? "ink3" : "ink") }, tokenSpans(spot.one.text, 1e9, 12)));
  return g.tip(node, reads ? `${visible(spot.one.text)}: ${num(share, 3)} of what the written token reads` : visible(spot.one.text));
}
function written(g, lane, place, spot, chosen) {
  const node = h("g", { class: "gb-hot", "data-stroke": spot.i, "data-lane": lane.shape }, chip(g, place.x + spot.x, place.write + 17 + spot.y, spot.w, spot.one.text, { height: LINE - 2, size: 12, selected: chosen }));
  return g.tip(node, `${visible(spot.one.text)}  ${num(spot.one.p, 3)}`);
}
/** The mask that an encoder is to fill next. */
function next(place, spot) {
  return h("g", {}, h("rect", { x: place.x + spot.x, y: place.write + 8 + spot.y, width: 48, height: LINE - 2, rx: 4, fill: "none", stroke: css("accent"), "stroke-dasharray": "3 2" }),
    label(place.x + spot.x + 24, place.write + 21 + spot.y, "[MASK]", { mono: true, anchor: "middle", fill: "accent" }));
}
/** The likeliest tokens where the looked-at one was written. */
function alternatives(lane, place, at, y) {
  const room = place.w - measure(tally(lane, lane.writing.strokes.length), 12, false) - 14;
  const texts = lane.writing.strokes[at].top.map((one) => `${visible(one.text)} ${num(one.p, 2)}`);
  while (texts.length > 1 && measure(texts.join("   "), 12, true) > room) texts.pop();
  return label(place.x, y, fit(texts.join("   "), room, 12, true), { mono: true, fill: "ink2" });
}
/** How varied the written tokens are, or that it was done. */
function tally(lane, count) {
  const strokes = lane.writing.strokes.slice(0, count);
  if (!count) return "";
  if (count === lane.writing.strokes.length && lane.writing.ended) return `done after ${count}`;
  const different = new Set(strokes.map((one) => one.id)).size;
  return `${different} different of ${counted(count, "token")}`;
}

/** Whose cross-attention is shown: a native list over the picture. */
export function drawReader(g, local, place) {
  const { lane } = place;
  if (!lane.writing?.readers || drafted(local) < 1) return;
  const told = JSON.stringify(lane.writing.readers);
  g.overlay("reader", { left: place.x + place.w - 124, top: place.write - 14, width: 124, height: 22 },
    () => html("select", { class: "fam-reader", "aria-label": "Whose cross-attention colours the source", change: (event) => g.select({ crossing: event.target.selectedIndex - 1 }) }),
    (node) => {
      if (node.dataset.told !== told) {
        node.replaceChildren(...lane.writing.readers.map((name) => html("option", {}, name)));
        node.dataset.told = told;
      }
      node.selectedIndex = readerOf(lane, local);
    });
}
