// The picture in pieces, once for each thing that is told of the pieces: what they are, who looked at them, what is lost
// without them. A piece under the pointer is framed wherever it stands.

import { clamp, css, fit, h, heat, heatImage, inLines, label, num } from "../../app/kit/shapes.js";

export const GAP = 3; // pixels between pieces

export const piecesOf = (data) => data.grid[0] * data.grid[1];
const acrossOf = (data, cell, gap) => data.grid[1] * (data.side * cell + gap) - gap;
export const tallOf = (data, cell, gap) => data.grid[0] * (data.side * cell + gap) - gap;
export const placeOf = (data, box, i) => {
  const pitch = data.side * box.cell + box.gap;
  return [box.x + (i % data.grid[1]) * pitch, box.y + Math.floor(i / data.grid[1]) * pitch];
};
export const percent = (p) => `${Math.round(100 * p)}%`;

/** The pieces as pictures, ink on paper, fainter where something is laid over them; made once for each theme. */
function pieceLinks(g, data, strength) {
  data.links ??= {};
  const [side, across] = [data.side, data.grid[1]];
  return (data.links[`${g.dark} ${strength}`] ??= Array.from({ length: piecesOf(data) }, (_, i) => {
    const [r0, c0] = [Math.floor(i / across) * side, (i % across) * side];
    const pixels = Array.from({ length: side * side }, (_, k) => data.image[(r0 + Math.floor(k / side)) * across * side + c0 + (k % side)]);
    return heat(pixels, side, side, (v) => g.sequentialRgb(strength * v, 1, "ink", "field"));
  }));
}
export const pieceImage = (g, data, i, x, y, size, strength = 1) => heatImage(x, y, size, size, pieceLinks(g, data, strength)[i]);

/** All pieces; over each what paint(i) says: {fill, opacity, text}. box: {x, y, cell, gap}. */
export function drawTiles(g, data, key, box, deps, paint = null) {
  const size = data.side * box.cell;
  g.part(key, [box, deps], () => Array.from({ length: piecesOf(data) }, (_, i) => {
    const [x, y] = placeOf(data, box, i);
    const over = paint?.(i);
    return h("g", { class: "gb-hot", "data-piece": i, "data-value": over?.text },
      pieceImage(g, data, i, x, y, size, paint ? 0.45 : 1),
      over && h("rect", { x, y, width: size, height: size, fill: css(over.fill), opacity: over.opacity.toFixed(3) }),
      over?.text && label(x + size / 2, y + size / 2 + 4, over.text, { anchor: "middle", mono: true, fill: "ink", size: size < 30 ? 10.5 : 12, weight: 600, stroke: css("bg"), "stroke-width": 3, "paint-order": "stroke" }));
  }));
}
/** The frame of the piece that is pointed at, in one picture. */
export function framePiece(g, data, local, key, box, otherwise = -1) {
  const at = local.piece ?? otherwise;
  const size = data.side * box.cell;
  if (at >= 0) g.part(`frame ${key}`, [box, at], () => {
    const [x, y] = placeOf(data, box, at);
    return h("rect", { x: x - 1, y: y - 1, width: size + 2, height: size + 2, fill: "none", stroke: css("accent"), "stroke-width": 2, "pointer-events": "none" });
  });
}

/** A heading: the number of the claim's part, and its words; `more` is what stands below in small. */
export const heading = (x, y, number, text, room) => [
  h("circle", { cx: x + 9, cy: y - 4.5, r: 9, fill: css("accent-soft") }),
  label(x + 9, y - 0.5, String(number), { anchor: "middle", weight: 700, fill: "accent" }),
  label(x + 25, y, fit(text, room - 28, 13.5, false), { weight: 600, fill: "ink", size: 13.5 }),
];

export const looks = (data, local, at) => {
  const head = local.sel.crossing ?? -1;
  const count = piecesOf(data);
  const from = head >= 0 && head < data.heads[0] * data.heads[1] ? head * data.words.length : -1;
  return from < 0 ? data.looked.slice(at * count, (at + 1) * count) : data.pattern.slice((from + at) * count, (from + at + 1) * count);
};
export const row = (data, values, at) => values.slice(at * piecesOf(data), (at + 1) * piecesOf(data));
export const headOf = (data, local) => {
  const head = local.sel.crossing ?? -1;
  return head >= 0 && head < data.heads[0] * data.heads[1] ? head : -1;
};
export const headName = (data, head) => (head < 0 ? "all heads" : `L${Math.floor(head / data.heads[1])}H${head % data.heads[1]}`);
export const agreementOf = (data, local, at) => data.orders[headOf(data, local) + 1][at];
export const foundOf = (data, local, at) => data.found[headOf(data, local) + 1][at];

/** Places: {phone, cell, w, room, pad, sequence: {x, w}, xs}: three columns, or on a phone one. */
export function columnsOf(g, data) {
  const phone = g.width < 720;
  const [count, gap] = [data.grid[1] * data.side, phone ? 0 : 30];
  const each = phone ? g.width : Math.floor((g.width - 2 * gap) / 3);
  const cell = clamp(Math.floor((each - (data.grid[1] - 1) * GAP) / count), 6, phone ? 13 : 16);
  const w = acrossOf(data, cell, GAP);
  if (phone) return { phone, cell, w, room: g.width, pad: Math.min(g.width, 360), sequence: { x: 0, w: g.width }, xs: [0, 0, 0] };
  const spare = Math.floor((g.width - 3 * w) / 2);
  const xs = [0, w + spare, 2 * (w + spare)];
  return { phone, cell, w, room: w + spare - 14, pad: w, sequence: { x: xs[1], w: g.width - xs[1] }, xs };
}

/** Attention over the pieces. */
export function drawLooked(g, data, local, box, at) {
  const weights = looks(data, local, at);
  const most = Math.max(...weights, 1e-9);
  drawTiles(g, data, "looked", box, [at, headOf(data, local)], (i) => ({ fill: "att", opacity: 0.75 * (weights[i] / most), text: weights[i] >= 0.015 ? percent(weights[i]) : "" }));
}
/** The word's probability with each of the pieces covered. */
export function drawCovered(g, data, local, box, at) {
  const [left, fell] = [row(data, data.covered, at), row(data, data.fell, at)];
  const most = Math.max(1, ...fell.map(Math.abs));
  drawTiles(g, data, "covered", box, [at], (i) => ({ fill: fell[i] >= 0 ? "neg" : "pos", opacity: 0.7 * Math.min(1, Math.abs(fell[i]) / most), text: Math.abs(fell[i]) >= data.felt ? percent(left[i]) : "" }));
}

/** One piece close up: its numbers; with `cut` it is a piece, with `vectors` what it becomes stands beside a word's. Returns the y below. */
export function drawCloseUp(g, data, local, box, cut, vectors) {
  const at = local.piece ?? data.closeup;
  const side = data.side;
  const size = 46;
  const [r0, c0] = [Math.floor(at / data.grid[1]) * side, (at % data.grid[1]) * side];
  g.part("close up", [box, at], () => Array.from({ length: side * side }, (_, k) => {
    const value = data.image[(r0 + Math.floor(k / side)) * data.grid[1] * side + c0 + (k % side)];
    const [x, y] = [box.x + (k % side) * (size + 2), box.y + Math.floor(k / side) * (size + 2)];
    return [h("rect", { x, y, width: size, height: size, fill: g.sequential(value, 1, "ink", "field") }),
      label(x + size / 2, y + size / 2 + 4, num(value, 2), { anchor: "middle", mono: true, fill: value > 0.5 ? "bg" : "ink" })];
  }));
  const x = box.x + side * (size + 2) + 22;
  const room = box.w - x + box.x;
  g.part("close up words", [box, at, cut, vectors, x], () => {
    const lines = inLines(`${cut ? `Piece ${at}: ${side} × ${side}` : `A part of it: ${side} × ${side} of its`} numbers, from 0 for paper to 1 for ink. They are all that the model gets.`, room, 13);
    const out = lines.map((text, i) => label(x, box.y + 14 + 18 * i, text, { size: 13, fill: "ink" }));
    if (!vectors) return out;
    const top = box.y + 14 + 18 * lines.length + 6;
    const strip = (values, y, name) => [label(x, y - 5, fit(name, room, 12, false), { fill: "ink3" }), heatImage(x, y, room, 16, heat(values, 1, values.length, (v) => g.signedRgb(v, data.largest)))];
    const of = (k) => data.vectors.slice(k * data.vectors.shape[1], (k + 1) * data.vectors.shape[1]);
    return [out, strip(of(at), top + 10, `Times a matrix: ${data.vectors.shape[1]} numbers, a token`),
      strip(of(piecesOf(data) + data.focus), top + 48, `“${data.words[data.focus].text}”, from the table of words: as many`)];
  });
  return box.y + side * (size + 2);
}
