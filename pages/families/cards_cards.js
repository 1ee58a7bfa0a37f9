// The cards: what each paper says, its blocks drawn to one scale, and our count of its weights beside the published one.

import { css, h, html, inLines, label } from "../../app/kit/shapes.js";
import { givenText, weightsText } from "./cards_timeline.js";

const TOWER = { wide: 92 / 12288, tall: 104 / 96, gap: 5 }; // pixels a number of the stream, a block, between stacks
const CARD = { pad: 14, gap: 18, line: 17 };

/** A card's lines, and what it needs of height. */
function cardText(one, w) {
  const room = w - 2 * CARD.pad;
  const notes = one.sizes.filter((size) => !size.agrees).map((size) => `${size.name ? `${size.name}: ` : ""}${size.note}`);
  const lines = {
    key: inLines(one.key, room - 100),
    data: inLines(`Read: ${one.data}.`, room),
    asked: inLines(`Asked: ${one.objective}.`, room),
    notes: notes.flatMap((note) => inLines(note, room)),
    unpublished: one.unpublished.length ? inLines(`Not published: ${one.unpublished.join("; ")}.`, room) : [],
    closed: one.closed ? inLines(one.closed, room) : [],
    weights: inLines(`Weights: ${one.weights}. Source: ${one.source}.`, room),
  };
  const count = lines.data.length + lines.asked.length + lines.notes.length + lines.unpublished.length + lines.closed.length + lines.weights.length;
  return { lines, height: 132 + (one.sizes.length ? 22 + 20 * one.sizes.length : 0) + count * CARD.line + 16 };
}

export function planCards(g, data, top) {
  const columns = g.width >= 900 ? 3 : g.width >= 620 ? 2 : 1;
  const w = (g.width - CARD.gap * (columns - 1)) / columns;
  const places = [];
  let y = top;
  for (let first = 0; first < data.families.length; first += columns) {
    const row = data.families.slice(first, first + columns).map((one) => ({ one, ...cardText(one, w) }));
    const height = Math.max(...row.map((card) => card.height));
    row.forEach((card, k) => places.push({ ...card, x: k * (w + CARD.gap), y, w, height }));
    y += height + CARD.gap;
  }
  return { places, height: y - CARD.gap };
}

export function drawCard(g, place, on) {
  const { one, lines, x, y, w, height } = place;
  const left = x + CARD.pad;
  const out = [h("rect", { x: x + 0.5, y: y + 0.5, width: w - 1, height: height - 1, rx: 8, fill: css(on ? "wash" : "bg"), stroke: css(on ? "accent" : "line"), "stroke-width": on ? 1.5 : 1 }),
    label(left, y + 26, one.name, { size: 16, weight: 600, fill: on ? "accent" : "ink" }),
    label(left, y + 46, one.shape, { fill: "ink2" }), label(left, y + 62, `${one.maker}, ${one.since}`, { fill: "ink2" }),
    lines.key.map((line, i) => label(left, y + 84 + i * 16, line, { fill: "ink" })),
    drawTowers(place)];
  let at = y + 138;
  if (one.sizes.length) {
    out.push(drawSizes(place, at));
    at += 22 + 20 * one.sizes.length;
  }
  const put = (list, fill) => { for (const line of list) { out.push(label(left, at, line, { fill })); at += CARD.line; } };
  put(lines.notes, "ink2");
  put(lines.unpublished, "ink");
  put(lines.data, "ink2");
  put(lines.asked, "ink2");
  put(lines.weights, "ink3");
  put(lines.closed, "ink3");
  return h("g", { class: "gb-hot", "data-family": one.name }, out.flat(2));
}

/** The largest and the smallest published model: a stack's width is d_model, its height its blocks. */
function drawTowers({ one, x, y, w }) {
  const base = y + 122;
  let right = x + w - CARD.pad;
  if (!one.sizes.length) {
    return [h("rect", { x: right - 60, y: base - 76, width: 60, height: 76, fill: "none", stroke: css("ink3"), "stroke-dasharray": "3 3" }), label(right - 30, base - 33, "?", { anchor: "middle", size: 18, fill: "ink3" })];
  }
  const ends = one.sizes.length > 1 ? [one.sizes.at(-1), one.sizes[0]] : [one.sizes[0]];
  const out = [];
  ends.forEach((size, k) => {
    for (const blocks of [...size.stacks].reverse()) {
      const [wide, tall] = [Math.max(2, size.width * TOWER.wide), Math.max(2, blocks * TOWER.tall)];
      out.push(h("rect", { x: right - wide, y: base - tall, width: wide, height: tall, fill: css(k ? "ink3" : "res"), opacity: k ? 0.9 : 0.75 }));
      right -= wide + TOWER.gap;
    }
    right -= TOWER.gap;
  });
  return out;
}

/** The sizes as a small table; the last column is where "Open" stands. */
function sizeColumns(place) {
  const left = place.x + CARD.pad;
  const room = place.w - 2 * CARD.pad;
  return { name: left, blocks: left + room * 0.38, width: left + room * 0.51, heads: left + room * 0.64, ours: left + room * 0.81, given: left + room };
}
function drawSizes(place, at) {
  const c = sizeColumns(place);
  const end = { anchor: "end", fill: "ink3" };
  const head = [label(c.blocks, at, "blocks", end), label(c.width, at, "width", end), label(c.heads, at, "heads", end), label(c.ours, at, "formula", end), label(c.given, at, "stated", end)];
  return [...head, ...place.one.sizes.flatMap((size, i) => {
    const y = at + 20 * (i + 1);
    const mono = { anchor: "end", mono: true, fill: "ink" };
    return [size.opens ? null : label(c.name, y, size.name || "the one size", { fill: "ink" }), label(c.blocks, y, size.stacks.join("+"), mono), label(c.width, y, String(size.width), mono), label(c.heads, y, String(size.heads), mono),
      label(c.ours, y, weightsText(size.parameters), { ...mono, weight: 600 }), label(c.given, y, givenText(size.published) + (size.agrees ? "" : " *"), mono)];
  })];
}
/** "Open" where this server has the weights: a native button in the place of the size's name. */
export function drawOpens(g, data, place) {
  const c = sizeColumns(place);
  place.one.sizes.forEach((size, i) => {
    if (!size.opens) return;
    const y = place.y + 138 + 20 * (i + 1);
    const now = data.now === size.hub;
    const tall = g.width < 640 ? 44 : 20; // room for a finger
    g.overlay(`open ${size.hub}`, { left: c.name - 2, top: y - 4 - tall / 2, height: tall },
      () => html("button", { type: "button", class: "gb-door fam-open", "data-open": size.hub, click: () => g.send("open", { name: size.hub, at: Date.now() }) }),
      (node) => {
        node.textContent = now ? `${size.name || "it"} is open` : `Open ${size.name || "it"}`;
        node.disabled = now;
        node.title = size.hub;
      });
  });
}
