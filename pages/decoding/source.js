// Below the tree of an encoder-decoder: the text that it reads, coloured by what the decoder read of it to say the chosen
// token: the cross-attention of the row before it.

import { MONO, clamp, css, fit, h, html, measure, num, tokenSpans, visible } from "../../app/kit/shapes.js";

const SOURCE_LINE = 21;
const SOURCE_TOP = 30; // from the strip's upper edge to its first line

/** The source's tokens, set into lines: {places: [{i, x, y, w}], height}; nothing where there is no source. */
export function flowSource(data, room) {
  if (!data.source) return { places: [], height: 0 };
  let [x, y] = [0, 0];
  const places = data.source.tokens.map(({ text }, i) => {
    const w = Math.min(room, measure(visible(text), 12, true) + 6);
    if (x + w > room && x) { x = 0; y += SOURCE_LINE; }
    const place = { i, x, y, w };
    x += w;
    return place;
  });
  return { places, height: SOURCE_TOP + y + SOURCE_LINE + 8 };
}

/** What was read to say node i, or of the tree's root to say the first token: (S,); null where it was not computed. */
export function readFor(data, local, i) {
  if (!data.source) return null;
  const e = data.nodes.next[i ? data.nodes.parent[i] : 0];
  const count = data.source.tokens.length;
  const row = local.reads.subarray(e * count, (e + 1) * count);
  return e >= 0 && !Number.isNaN(row[0]) ? row : null;
}
export const readerOf = (data, local) => clamp((local.sel.crossing ?? -1) + 1, 0, data.source.readers.length - 1);
/** The source's tokens that were read most, with their shares. */
export function mostRead(data, local, i, count) {
  const row = readFor(data, local, i);
  if (!row) return [];
  return [...row.keys()].sort((a, b) => row[b] - row[a]).slice(0, count).map((k) => ({ text: data.source.tokens[k].text, share: row[k] }));
}
export const saidOf = (data, i) => (i ? `“${visible(data.nodes.text[i])}”` : data.root === "Start" ? "the first token" : "the next token");

export function drawSource(g, data, local, at, i) {
  const { y, room, flow } = at.source;
  const row = readFor(data, local, i);
  const most = row ? Math.max(...row, 1e-9) : 1;
  const lead = row ? "Source: what it read to say " : "Source: what it read was not kept for this dropped text";
  const out = [h("line", { x1: 0, x2: room, y1: y, y2: y, stroke: css("line") }),
    h("text", { x: 0, y: y + 19, "font-size": 12, "font-weight": 600, fill: css("ink") }, lead,
      row && h("tspan", { "font-family": i ? MONO : null, fill: css("accent") }, fit(saidOf(data, i), room - measure(lead, 12, false) * 1.06 - 104, 12, Boolean(i))))];
  for (const place of flow.places) {
    const token = data.source.tokens[place.i];
    const share = row?.[place.i] ?? 0;
    const node = h("g", { "data-source": place.i },
      h("rect", { x: place.x, y: y + SOURCE_TOP + place.y, width: place.w, height: SOURCE_LINE - 3, rx: 3, fill: row ? g.sequential(0.45 * share, most, "att") : css("bg") }),
      h("text", { x: place.x + 3, y: y + SOURCE_TOP + 13 + place.y, "font-family": MONO, "font-size": 12, direction: "ltr", fill: css(token.special && !share ? "ink3" : "ink") }, tokenSpans(token.text, place.w - 3, 12)));
    out.push(g.tip(node, row ? `${visible(token.text)}: ${num(share, 3)} of what it read to say ${saidOf(data, i)}` : visible(token.text)));
  }
  return out;
}

/** Whose cross-attention is shown: a native list over the picture. */
export function overSource(g, data, local, at) {
  const told = JSON.stringify(data.source.readers);
  g.overlay("reader", { left: at.source.room - 100, top: at.source.y + 4, width: 100, height: 22 },
    () => html("select", { class: "dec-reader", "aria-label": "Whose cross-attention colours the source", change: (event) => g.select({ crossing: event.target.selectedIndex - 1 }) }),
    (node) => {
      if (node.dataset.told !== told) {
        node.replaceChildren(...data.source.readers.map((name) => html("option", {}, name)));
        node.dataset.told = told;
      }
      node.selectedIndex = readerOf(data, local);
    });
}
