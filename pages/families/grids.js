// Upper half of a lane: its tokens, who sees whom, and what it says of the token that is asked for.

import { pointerAt } from "../../app/kit/glass.js";
import {
  MONO, clamp, css, fit, h, heat, heatImage, inLines, label, measure, num, thousands, tokenSpans, visible,
} from "../../app/kit/shapes.js";
import { ASKED, COUNT, NAMES_W, colX, inView, readBy, rowY, speaks, steps } from "./layout.js";
import { drawNearest } from "./vectors.js";

export function drawHead(data, place) {
  const { lane, x, y, w } = place;
  const named = lane.model ? `${lane.shape} · ${lane.model}${lane.own ? ", this model" : ""}` : lane.shape;
  const wide = measure(lane.title, 15, false) + 14;
  return [
    lane.own && h("rect", { x: x - 8, y, width: w + 16, height: 40, rx: 8, fill: css("wash"), stroke: css("line") }),
    label(x, y + 17, lane.title, { weight: 600, size: 15, fill: "ink" }),
    label(x + wide, y + 17, fit(named, w - wide, 12, false), { fill: lane.own ? "accent" : "ink3", weight: lane.own ? 600 : null }),
    label(x, y + 33, fit(lane.trained, w, 12, false), { fill: "ink2", weight: lane.vectors ? 600 : null }),
    place.notes.map((line, i) => label(x, y + 49 + 15 * i, line, { fill: "ink2" })),
  ];
}

export function drawGrid(g, data, local, place, token) {
  const { lane, x, pitch } = place;
  const { at, read, said } = readBy(lane, token);
  const found = speaks(lane, token);
  const step = steps.of(local);
  const out = [];
  if (step >= 1) out.push(drawMaps(g, place));
  const size = clamp(pitch - 1.5, 12, 13);
  [...read, ...said].forEach((one, i) => {
    const mid = rowY(place, i) + pitch / 2 + size * 0.36;
    const speaking = step >= 1 && found?.row === i;
    const seen = step < 1 || !found || found.sees.includes(i) || speaking;
    const back = i < read.length ? lane.back[i] : -1;
    const colour = i === at ? "accent" : speaking ? "ink" : seen ? (one.special ? "ink3" : "ink") : "ink3";
    const node = h("g", { class: back >= 0 ? "gb-hot" : null, "data-token": back >= 0 ? back : null, "data-lane": lane.shape, "data-at": i },
      h("rect", { x, y: rowY(place, i), width: NAMES_W - 4, height: pitch, fill: "transparent" }),
      h("text", { x, y: mid, "font-family": MONO, "font-size": size, direction: "ltr", fill: css(colour), opacity: seen || i === at ? null : 0.55,
        "font-weight": i === at || speaking ? 700 : null, "text-decoration": seen || i === at ? null : "line-through" }, tokenSpans(one.text, NAMES_W - 8, size)));
    out.push(one.id === undefined ? node : g.tip(node, `${visible(lane.tokens[i]?.text ?? one.text)}  id ${lane.tokens[i]?.id ?? one.id}`));
  });
  if (step >= 1 && found) out.push(drawSpeaker(place, found, said.length));
  return out;
}

/** The cells: violet where a row may look. Two halves of an encoder-decoder make three maps, and one corner is nobody's. */
function drawMaps(g, place) {
  const { lane } = place;
  const width = lane.tokens.length;
  const spots = { self: [0, 0], encoder: [0, 0], cross: [width, 0], decoder: [width, width] };
  return Object.entries(lane.maps).map(([name, map]) => {
    const [row, col] = spots[name];
    const [x, y] = [colX(place, col), rowY(place, row)];
    const url = heat(map.cells, map.rows, map.cols, (v) => (v ? g.sequentialRgb(0.55, 1, "att") : g.sequentialRgb(1, 1, "field")));
    const [w, tall] = [map.cols * place.cell, map.rows * place.pitch];
    const node = h("g", { "data-map": name }, heatImage(x, y, w, tall, url), h("rect", { x, y, width: w, height: tall, fill: "none", stroke: css("line") }));
    return g.tip(node, (event) => cellTip(g, place, name, map, event));
  });
}
function cellTip(g, place, name, map, event) {
  const { lane } = place;
  const [px, py] = pointerAt(g, event);
  const [row, col] = name === "cross" || name === "decoder" ? [lane.tokens.length, name === "decoder" ? lane.tokens.length : 0] : [0, 0];
  const i = clamp(Math.floor((py - rowY(place, row)) / place.pitch), 0, map.rows - 1);
  const j = clamp(Math.floor((px - colX(place, col)) / place.cell), 0, map.cols - 1);
  const said = (k) => [lane.start, lane.sign, { text: "…" }][k].text;
  const asks = row ? said(i) : lane.tokens[i].text;
  const read = name === "decoder" ? said(j) : lane.tokens[j].text;
  return `${name === "self" ? "" : `${name}: `}${visible(asks)} ${map.cells[i * map.cols + j] ? "sees" : "does not see"} ${visible(read)}`;
}

/** The row that speaks, the column of the token that it must not see, and what it is asked to say. */
function drawSpeaker(place, found, said) {
  const { lane, pitch } = place;
  const y = rowY(place, found.row);
  const last = lane.tokens.length - 1 + said;
  const ends = colX(place, last) + place.cell;
  const [top, deep] = [rowY(place, 0), rowY(place, lane.tokens.length - 1) + pitch - rowY(place, 0)];
  const word = lane.vectors ? "a vector" : visible(lane.tokens[found.at].text);
  return [
    h("rect", { x: colX(place, found.at), y: top, width: place.cell, height: lane.shape === "encoder-decoder" ? y + pitch - top : deep, fill: "none", stroke: css("accent"), "stroke-width": 1, "stroke-dasharray": "2 2" }),
    h("rect", { x: colX(place, 0) - 1, y: y - 0.5, width: ends - colX(place, 0) + 2, height: pitch + 1, fill: "none", stroke: css("accent"), "stroke-width": 1.5 }),
    label(ends + 5, y + pitch / 2 + 4, `→ ${fit(word, place.x + place.w - ends - 24, 12, true)}`, { mono: true, fill: "accent", weight: 600 }),
  ];
}

// ---------------------------------------------------------------- what it says

export function drawAsked(g, data, local, place, token) {
  const { lane, x, w } = place;
  if (steps.of(local) < ASKED) return [];
  const y = place.asked;
  if (lane.missing) return inLines(lane.missing, w, 12).map((line, i) => label(x, y + 4 + 16 * i, line, { fill: "ink2" }));
  const found = speaks(lane, token);
  const word = found ? visible(lane.tokens[found.at].text) : visible(data.tokens[token]);
  const head = [label(x, y + 2, fit(`${word}: ${inView(data, lane, token)}`, w, 12, false), { fill: "ink2" })];
  if (lane.vectors) return [...head, found && drawNearest(lane, place, found.at)];
  const asked = found && lane.asked[found.at];
  if (!asked) return [...head, found ? label(x, y + 20, "Click the token: a model of this size is asked for one at a time.", { fill: "ink3" }) : null];
  const known = asked.top.some((one) => one.id === asked.truth);
  const rows = known ? asked.top : [...asked.top.slice(0, COUNT - 1), { ...lane.tokens[found.at], id: asked.truth, p: asked.right, place: asked.place }];
  return [...head, rows.map((one, i) => bar(x, y + 17 + 16 * i, w, one, one.id === asked.truth)), drawSwap(lane, place, found.at)];
}
export function bar(x, y, w, one, right) {
  const wide = clamp(w - 230, 50, 150);
  return h("g", { "data-id": one.id },
    h("text", { x, y: y + 4, "font-family": MONO, "font-size": 12, direction: "ltr", fill: css(right ? "accent" : "ink"), "font-weight": right ? 700 : null }, tokenSpans(one.text, 100, 12)),
    h("rect", { x: x + 106, y: y - 5, width: wide, height: 9, rx: 2, fill: css("field") }),
    h("rect", { x: x + 106, y: y - 5, width: Math.max(1, wide * one.p), height: 9, rx: 2, fill: css(right ? "accent" : "res") }),
    label(x + 112 + wide, y + 4, num(one.p, 3), { mono: true, fill: "ink" }),
    one.place && label(x + 158 + wide, y + 4, `place ${thousands(one.place)}`, { fill: "ink3" }));
}
/** What another next token does to the guess: of a GPT nothing, not by a bit. */
function drawSwap(lane, place, at) {
  const swap = lane.swap;
  if (!swap || swap.at !== at + 1) return null;
  const text = `Behind it ${visible(swap.old)} → ${visible(swap.new)}: `;
  const moved = swap.moved === 0 ? "the guess stays, to the last bit" : `the guess moves by ${num(swap.moved, 3)}`;
  const y = place.asked + 17 + 16 * COUNT + 3;
  const start = measure(text, 12, false) * 1.03;
  return [label(place.x, y, fit(text, place.w, 12, false), { fill: "ink2" }), label(place.x + start, y, fit(moved, place.w - start, 12, false), { fill: swap.moved === 0 ? "ink" : "accent", weight: 600 })];
}
