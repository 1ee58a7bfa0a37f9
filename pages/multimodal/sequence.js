// One row of tokens: the pieces of the picture, then the words of the caption, and what the chosen word reads.

import { chip, css, h, label, lerp, measure, num, visible } from "../../app/kit/shapes.js";
import { headName, headOf, looks, percent, pieceImage, piecesOf, placeOf } from "./tiles.js";

/** Places of the pieces and words: {size, pieces: [x, y], words: [{x, y, w}], bottom}. box: {x, y, w}. */
export function planSequence(g, data, box) {
  const count = piecesOf(data);
  const per = Math.min(count / 2, Math.floor(box.w / 27));
  const even = Math.ceil(count / Math.ceil(count / per));
  const pitch = Math.min(42, Math.floor(box.w / even));
  const size = pitch - 4;
  const pieces = Array.from({ length: count }, (_, i) => [box.x + (i % even) * pitch, box.y + Math.floor(i / even) * (size + 6)]);
  let [x, y] = [box.x, pieces.at(-1)[1] + size + 50];
  const words = data.words.map((one) => {
    const w = Math.max(42, measure(visible(one.text), 13, true) + 12);
    if (x > box.x && x + w > box.x + box.w) { x = box.x; y += 58; }
    const place = { x, y, w };
    x += w + 4;
    return place;
  });
  return { size, pieces, words, bottom: (words.at(-1)?.y ?? y) + 40 };
}

/** step: pieces fly in while local.fly < 1; `count` words are written. */
export function drawSequence(g, data, local, at, o) {
  const { count, part } = o;
  const [fly, full] = [local.fly ?? 1, at.size];
  const shown = part >= 0 && part < count;
  const weights = shown ? looks(data, local, part) : [];
  const most = Math.max(...weights, 1e-9);
  // Ribbons first: those of the upper row pass behind the lower one.
  if (shown) g.part("ribbons", [at.pieces, at.words, part, headOf(data, local)], () => at.pieces.map(([x, y], i) => {
    if (weights[i] / most < 0.08) return null;
    const [to, y1, y0] = [at.words[part], at.words[part].y - 13, y + full / 2];
    const [x0, x1, m] = [x + full / 2, to.x + to.w / 2, at.pieces.at(-1)[1] + full + 8];
    const line = h("path", { d: `M${x0},${y0}V${m}C${x0},${(m + y1) / 2} ${x1},${(m + y1) / 2} ${x1},${y1}`, fill: "none", stroke: css("att"), "stroke-width": (0.8 + 7 * (weights[i] / most)).toFixed(2), opacity: (0.2 + 0.6 * (weights[i] / most)).toFixed(3), "data-link": i });
    return g.tip(line, `“${data.words[part].text}” reads piece ${i}: ${num(weights[i], 3)}`);
  }));
  g.part("token pieces", [at.pieces, fly, o.from], () => at.pieces.map(([x, y], i) => {
    const [x0, y0] = fly < 1 ? placeOf(data, o.from, i) : [x, y];
    const size = lerp(fly < 1 ? data.side * o.from.cell : full, full, fly);
    const [px, py] = [lerp(x0, x, fly), lerp(y0, y, fly)];
    return h("g", { class: "gb-hot gb-chip", "data-piece": i }, pieceImage(g, data, i, px, py, size),
      h("rect", { x: px - 0.5, y: py - 0.5, width: size + 1, height: size + 1, rx: 3, fill: "none", stroke: css("line") }));
  }));
  if (shown) g.part("read pieces", [at.pieces, part, headOf(data, local)], () => at.pieces.map(([x, y], i) => weights[i] / most > 0.08
    ? h("rect", { x: x - 1.5, y: y - 1.5, width: full + 3, height: full + 3, rx: 4, fill: "none", stroke: css("att"), "stroke-width": 2.5, opacity: (weights[i] / most).toFixed(3), "pointer-events": "none" }) : null));
  g.part("words", [at.words, count, part], () => data.words.slice(0, count).map((one, j) => {
    const { x, y, w } = at.words[j];
    const node = h("g", { class: "gb-hot", "data-word": j },
      h("rect", { x, y: y - 14, width: w, height: 52, fill: "transparent" }),
      chip(g, x, y, w, one.text, { selected: j === part }),
      h("rect", { x, y: y + 16, width: w, height: 4, rx: 2, fill: css("field") }),
      h("rect", { x, y: y + 16, width: Math.max(1, w * one.p), height: 4, rx: 2, fill: css(one.right === false ? "k" : j === part ? "accent" : "res") }),
      label(x + w / 2, y + 35, `${one.right === false ? "✗ " : ""}${percent(one.p)}`, { anchor: "middle", mono: true, fill: one.right === false ? "k-ink" : j === part ? "accent" : "ink3" }));
    return g.tip(node, `${one.text}: probability ${num(one.p, 3)}`);
  }));
  const at0 = local.piece ?? -1;
  if (at0 >= 0) g.part("frame token", [at.pieces, at0], () => {
    const [x, y] = at.pieces[at0];
    return h("rect", { x: x - 2, y: y - 2, width: full + 4, height: full + 4, rx: 4, fill: "none", stroke: css("accent"), "stroke-width": 2, "pointer-events": "none" });
  });
}

export const HEAD = 18; // pixels from head to head

/** A cell for each head, the darker the better its looking agrees with what covering shows; a click looks through it. */
export function drawHeads(g, data, local, x, y, part) {
  const [layers, heads] = data.heads;
  const size = 15;
  const chosen = headOf(data, local);
  const agreed = data.orders.slice(1).map((one) => one[part]);
  g.part("heads", [x, y, part, chosen], () => [
    label(x, y - 6, `Whose looking? ${g.dark ? "Brighter" : "Darker"} heads agree with 4`, { fill: "ink3" }),
    agreed.map((value, k) => {
      const [cx, cy] = [x + 26 + (k % heads) * HEAD, y + Math.floor(k / heads) * HEAD];
      const node = h("g", { class: "gb-hot", "data-head": k },
        h("rect", { x: cx, y: cy, width: size, height: size, rx: 2, fill: g.sequential(Math.max(0, value), 1, "att", "field"), stroke: css(k === chosen ? "accent" : "line"), "stroke-width": k === chosen ? 2 : 1 }));
      return g.tip(node, `${headName(data, k)}: ${value === null ? "no single piece matters" : `rank agreement ${num(value, 2)}`}`);
    }),
    Array.from({ length: layers }, (_, l) => label(x, y + l * HEAD + 12, `L${l}`, { fill: "ink3", mono: true })),
  ]);
  return y + layers * HEAD;
}
