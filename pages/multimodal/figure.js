// Multimodal: a picture of digits is cut into pieces, each piece is a token beside the words, and every word of the caption
// was written looking at some of them. What is drawn by hand is pad.js's.

import { mount } from "../../app/kit/glass.js";
import {
  chip, clamp, css, fit, h, heat, heatImage, inLines, label, lerp, measure, num, unpack, visible,
} from "../../app/kit/shapes.js";
import { stepMode } from "../../app/kit/steps.js";
import { drawnStrokes, drawPad } from "./pad.js";

// ---------------------------------------------------------------- the picture in pieces, once for each thing that is told of them

const GAP = 3; // pixels between pieces

const piecesOf = (data) => data.grid[0] * data.grid[1];
const acrossOf = (data, cell, gap) => data.grid[1] * (data.side * cell + gap) - gap;
const tallOf = (data, cell, gap) => data.grid[0] * (data.side * cell + gap) - gap;
const placeOf = (data, box, i) => {
  const pitch = data.side * box.cell + box.gap;
  return [box.x + (i % data.grid[1]) * pitch, box.y + Math.floor(i / data.grid[1]) * pitch];
};
const percent = (p) => `${Math.round(100 * p)}%`;

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
const pieceImage = (g, data, i, x, y, size, strength = 1) => heatImage(x, y, size, size, pieceLinks(g, data, strength)[i]);

/** All pieces; over each what paint(i) says: {fill, opacity, text}. box: {x, y, cell, gap}. */
function drawTiles(g, data, key, box, deps, paint = null) {
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
function framePiece(g, data, local, key, box, otherwise = -1) {
  const at = local.piece ?? otherwise;
  const size = data.side * box.cell;
  if (at >= 0) g.part(`frame ${key}`, [box, at], () => {
    const [x, y] = placeOf(data, box, at);
    return h("rect", { x: x - 1, y: y - 1, width: size + 2, height: size + 2, fill: "none", stroke: css("accent"), "stroke-width": 2, "pointer-events": "none" });
  });
}

/** A heading: the number of the claim's part, and its words; `more` is what stands below in small. */
const heading = (x, y, number, text, room) => [
  h("circle", { cx: x + 9, cy: y - 4.5, r: 9, fill: css("accent-soft") }),
  label(x + 9, y - 0.5, String(number), { anchor: "middle", weight: 700, fill: "accent" }),
  label(x + 25, y, fit(text, room - 28, 13.5, false), { weight: 600, fill: "ink", size: 13.5 }),
];

const looks = (data, local, at) => {
  const head = local.sel.crossing ?? -1;
  const count = piecesOf(data);
  const from = head >= 0 && head < data.heads[0] * data.heads[1] ? head * data.words.length : -1;
  return from < 0 ? data.looked.slice(at * count, (at + 1) * count) : data.pattern.slice((from + at) * count, (from + at + 1) * count);
};
const row = (data, values, at) => values.slice(at * piecesOf(data), (at + 1) * piecesOf(data));
const headOf = (data, local) => {
  const head = local.sel.crossing ?? -1;
  return head >= 0 && head < data.heads[0] * data.heads[1] ? head : -1;
};
const headName = (data, head) => (head < 0 ? "all heads" : `L${Math.floor(head / data.heads[1])}H${head % data.heads[1]}`);
const agreementOf = (data, local, at) => data.orders[headOf(data, local) + 1][at];
const foundOf = (data, local, at) => data.found[headOf(data, local) + 1][at];

/** Places: {phone, cell, w, room, pad, sequence: {x, w}, xs}: three columns, or on a phone one. */
function columnsOf(g, data) {
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
function drawLooked(g, data, local, box, at) {
  const weights = looks(data, local, at);
  const most = Math.max(...weights, 1e-9);
  drawTiles(g, data, "looked", box, [at, headOf(data, local)], (i) => ({ fill: "att", opacity: 0.75 * (weights[i] / most), text: weights[i] >= 0.015 ? percent(weights[i]) : "" }));
}
/** The word's probability with each of the pieces covered. */
function drawCovered(g, data, local, box, at) {
  const [left, fell] = [row(data, data.covered, at), row(data, data.fell, at)];
  const most = Math.max(1, ...fell.map(Math.abs));
  drawTiles(g, data, "covered", box, [at], (i) => ({ fill: fell[i] >= 0 ? "neg" : "pos", opacity: 0.7 * Math.min(1, Math.abs(fell[i]) / most), text: Math.abs(fell[i]) >= data.felt ? percent(left[i]) : "" }));
}

/** One piece close up: its numbers; with `cut` it is a piece, with `vectors` what it becomes stands beside a word's. Returns the y below. */
function drawCloseUp(g, data, local, box, cut, vectors) {
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

// ---------------------------------------------------------------- the tokens of pieces and words

/** Places of the pieces and words: {size, pieces: [x, y], words: [{x, y, w}], bottom}. box: {x, y, w}. */
function planSequence(g, data, box) {
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
function drawSequence(g, data, local, at, o) {
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

const HEAD = 18; // pixels from head to head

/** A cell for each head, the darker the better its looking agrees with what covering shows; a click looks through it. */
function drawHeads(g, data, local, x, y, part) {
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

// ---------------------------------------------------------------- the picture

const BEFORE = 3; // steps before the first word: the picture, its pieces, the pieces as tokens
const KEPT = 12; // pictures of the strip

/** Steps of this caption; another caption gets another bar. */
function captionSteps(g, data, local) {
  const kind = data.words.map((one) => one.text).join(" ");
  if (local.kind !== kind) {
    local.kind = kind;
    if (local.timer) { clearInterval(local.timer); local.timer = null; }
    g.figure.querySelector(".gb-steps")?.remove();
    local.steps = stepMode("spoken", ["The picture", "Its pieces", "Tokens", ...data.words.map((one) => `“${one.text}”`), "Everything"]);
  }
  return local.steps;
}
const stepOf = (local) => (local.steps ? local.steps.of(local) : 0);
const spokenWords = (data, local) => clamp(stepOf(local) - BEFORE + 1, 0, data.words.length);
const isWhole = (local) => Boolean(local.steps) && stepOf(local) === local.steps.last;
/** The word that is looked at: pointed at, chosen, the newest, or the one that the page proposes; -1: none is there yet. */
function partOf(data, local) {
  const count = spokenWords(data, local);
  if ((local.over ?? -1) >= 0 && local.over < count) return local.over;
  if (!isWhole(local)) return count - 1;
  const chosen = local.sel.said ?? -1;
  return chosen >= 0 && chosen < count ? chosen : Math.min(data.focus, count - 1);
}

function listen(g, local) {
  if (local.listening) return;
  local.listening = true;
  const under = (event) => event.target.closest?.("[data-word], [data-piece], [data-scene], [data-head]")?.dataset ?? {};
  const turn = (piece, over) => {
    if (piece === (local.piece ?? null) && over === (local.over ?? null)) return;
    [local.piece, local.over] = [piece, over];
    g.redraw();
  };
  const at = (text) => (text === undefined ? null : Number(text));
  g.svg.addEventListener("pointermove", (event) => { if (event.pointerType !== "touch") { const set = under(event); turn(at(set.piece), at(set.word)); } });
  g.svg.addEventListener("pointerleave", () => turn(null, null));
  g.svg.addEventListener("click", (event) => {
    const set = under(event);
    if (set.word !== undefined) chooseWord(g, g.shown, local, Number(set.word));
    else if (set.scene !== undefined) g.select({ pictured: Number(set.scene), sketched: false, said: -1 });
    else if (set.head !== undefined) g.select({ crossing: headOf(g.shown, local) === Number(set.head) ? -1 : Number(set.head) });
    else if (set.piece !== undefined) turn(Number(set.piece), null);
  });
}
function chooseWord(g, data, local, at) {
  const count = spokenWords(data, local);
  if (!count) return;
  local.over = null;
  if (isWhole(local)) g.select({ said: clamp(at, 0, count - 1) });
  else local.steps.to(g, local, BEFORE + clamp(at, 0, data.words.length - 1));
}

/** The small pictures to choose from. */
function drawStrip(g, data, local, y) {
  const [w, gap] = [g.width < 720 ? 76 : 74, 8];
  const per = Math.min(KEPT, Math.floor((g.width + gap) / (w + gap)));
  const first = data.strip.first;
  const shown = Math.min(data.strip.count, g.width < 720 ? 2 * per : per);
  // Where the dozen has no room, that part of it which has the chosen one.
  const from = Math.min(Math.floor((data.number - first) / shown) * shown, data.strip.count - shown);
  const [tall, pixels] = [data.strip.images.shape[1], data.strip.images.shape[1] * data.strip.images.shape[2]];
  const wide = data.strip.images.shape[2];
  g.part("strip", [y, data.drawn ? -1 : data.number, first, from, shown], () => [
    Array.from({ length: shown }, (_, place) => {
      const [x, top] = [(place % per) * (w + gap), y + Math.floor(place / per) * (w / 2 + gap)];
      const k = from + place;
      const chosen = !data.drawn && first + k === data.number;
      const values = data.strip.images.slice(k * pixels, (k + 1) * pixels);
      const node = h("g", { class: "gb-hot", "data-scene": first + k },
        heatImage(x, top, w, w / 2, heat(values, tall, wide, (v) => g.sequentialRgb(v, 16, "ink", "field"))),
        h("rect", { x, y: top, width: w, height: w / 2, rx: 2, fill: "none", stroke: css(chosen ? "accent" : "line"), "stroke-width": chosen ? 2.5 : 1 }));
      return g.tip(node, `picture ${first + k}: ${data.strip.captions[k]}`);
    }),
  ]);
  return y + Math.ceil(shown / per) * (w / 2 + gap);
}

/** How many lines the first `count` sentences of the verdict take. */
const verdictRows = (data, room, count) => data.verdict.slice(0, count).reduce((sum, one) => sum + inLines(one.text, room - 22, 13).length, 0);
/** Some sentences on what is right; nothing is drawn before the caption is whole. Returns the y below. */
function drawVerdict(g, data, key, box, whole, from, to) {
  let y = box.y;
  const set = data.verdict.slice(from, to).map((one) => {
    const lines = inLines(one.text, box.w - 22, 13);
    const place = { ...one, lines, y };
    y += 17 * lines.length + 4;
    return place;
  });
  g.part(key, [box, whole], () => whole ? set.map((one) => h("g", { "data-right": one.right === null ? "" : String(Number(one.right)) },
    label(box.x + 2, one.y, one.right === null ? "·" : one.right ? "✓" : "✗", { size: 14, weight: 700, fill: one.right === null ? "ink3" : one.right ? "v-ink" : "k-ink" }),
    one.lines.map((text, i) => label(box.x + 18, one.y + 17 * i, text, { size: 13, fill: "ink" })))) : null);
  return y;
}

function drawBlank(g, data, local) {
  g.figure.querySelector(".gb-steps")?.remove();
  local.kind = null;
  local.steps = null;
  const phone = g.width < 720;
  const pad = { x: 0, y: 22, w: columnsOf(g, data).pad }; // as wide as it is with something on it
  g.part("pad head", [pad], () => heading(0, 12, 1, "Your drawing", pad.w));
  const below = drawPad(g, local, pad, data.pen);
  const [x, room] = phone ? [0, g.width] : [pad.w + 32, g.width - pad.w - 40];
  const lines = inLines(data.message, room, 15);
  g.part("message", [x, room, data.message], () => lines.map((text, i) => label(x, (phone ? below + 22 : 60) + 22 * i, text, { size: 15, fill: "ink" })));
  g.height = drawStrip(g, data, local, Math.max(below + 24, phone ? below + 40 + 22 * lines.length : 300)) + 4;
}

const pictureTitle = (data, step) => {
  const source = data.drawn ? "Your drawing" : `Picture ${data.number}`;
  if (!step) return `${source}: ${data.grid[0] * data.side} × ${data.grid[1] * data.side} numbers`;
  return data.drawn ? `As it is seen: ${piecesOf(data)} pieces` : `${source}, cut into ${piecesOf(data)} pieces`;
};
/** What stands below the pictures: of(part) -> lines of two of them, and how deep the longest of each goes. */
function notesOf(g, data, local, at) {
  const head = headOf(data, local);
  const measured = inLines(data.measured, at.room);
  const of = (part) => [`${percent(data.onto[head + 1][part])} of the looking of ${headName(data, head)} goes to the picture, the rest to the start${part ? " and the words before" : ""}.`, data.found[head + 1][part]].map((text) => inLines(text, at.room));
  const every = data.words.map((_, part) => [measured, ...of(part)]);
  return { of, measured, deep: [0, 1, 2].map((k) => 8 + 16 * Math.max(...every.map((one) => one[k].length))) };
}
const drawNote = (g, key, box, tall, lines) => g.part(key, [box, tall, lines], () => lines.map((line, i) => label(box.x, box.y + tall + 17 + 16 * i, line)));
/** Where the word looked, and what is left of it without each piece. */
function drawLooking(g, data, local, o) {
  const { looked, covered, part, room } = o;
  const word = data.words[part];
  g.part("looked head", [looked, part], () => heading(looked.x, looked.y - 10, 3, `“${word.text}” was written looking here`, room));
  drawLooked(g, data, local, looked, part);
  framePiece(g, data, local, "looked", looked);
  const moved = row(data, data.fell, part).some((nats) => Math.abs(nats) >= data.felt);
  g.part("covered head", [covered, part], () => heading(covered.x, covered.y - 10, 4, `Cover a piece: “${word.text}” ${moved ? `goes from ${percent(word.p)} to` : `stays at ${percent(word.p)}`}`, room));
  drawCovered(g, data, local, covered, part);
  framePiece(g, data, local, "covered", covered);
}

const multimodal = {
  init(data, local, before) {
    for (const name of ["image", "looked", "pattern", "covered", "fell", "vectors"]) if (data[name]?.b64) data[name] = unpack(data[name]);
    if (data.strip.images.b64) data.strip.images = unpack(data.strip.images);
    if (data.vectors) data.largest = Math.max(...data.vectors.map(Math.abs), 1e-9);
    return before && before.stamp === data.stamp ? {} : { over: null, piece: null };
  },

  selected(g, data, local, change) {
    if (change.spoken === BEFORE - 1) { local.stop?.(); local.fly = 0; local.stop = g.tween(700, (t) => { local.fly = t; g.redraw(); }); }
  },

  draw(g, data, local) {
    g.shown = data;
    listen(g, local);
    if (data.message) { drawBlank(g, data, local); return; }
    captionSteps(g, data, local).bar(g, local);
    const [step, count, part, whole] = [stepOf(local), spokenWords(data, local), partOf(data, local), isWhole(local)];
    const at = columnsOf(g, data);
    // Nothing moves from step to step or from word to word: each place has the room that its longest content needs.
    const tall = tallOf(data, at.cell, GAP);
    const notes = notesOf(g, data, local, at);
    const tiles = (k, x, y) => ({ x, y, cell: at.cell, gap: k || step ? GAP : 0, bottom: y + tall + notes.deep[k] });
    const first = data.drawn ? drawPad(g, local, { x: 0, y: 22, w: at.pad }, data.pen) : 0;
    if (data.drawn) g.part("pad head", [at.pad], () => label(0, 12, "Draw: one digit, or two side by side", { weight: 600, fill: "ink", size: 13.5 }));
    const close = step < 2;
    let plain = tiles(0, 0, data.drawn ? first + 22 : 22);
    const top = at.phone ? plain.bottom + 30 : 22;
    const plan = planSequence(g, data, { ...at.sequence, y: top });
    const below = Math.max(at.phone ? 0 : data.drawn ? first : plain.bottom, plan.bottom + 20 * verdictRows(data, at.sequence.w, 1)) + 26;
    if (data.drawn && !at.phone) plain = tiles(0, 0, below);
    const shift = data.drawn && !at.phone ? 1 : 0;
    const looked = tiles(1, at.xs[shift], below);
    const covered = at.phone ? tiles(2, 0, looked.bottom + 34) : tiles(2, at.xs[1 + shift], below);

    g.part("plain head", [plain, step, data.number], () => heading(plain.x, plain.y - 10, 1, pictureTitle(data, step), at.room));
    drawTiles(g, data, "plain", plain, []);
    framePiece(g, data, local, "plain", plain, part < 0 ? data.closeup : -1);
    drawNote(g, "measured", plain, tall, notes.measured);
    if (!close) {
      g.part("sequence head", [top, at.sequence], () => heading(at.sequence.x, top - 10, 2, `Each piece is a token, like a word${at.phone ? "" : `: ${piecesOf(data)} pieces and ${data.words.length} words in one transformer`}`, at.sequence.w));
      drawSequence(g, data, local, plan, { count, part, from: plain });
    }
    drawVerdict(g, data, "truth", { x: at.sequence.x, y: plan.bottom + 14, w: at.sequence.w }, whole, 0, 1);
    if (part >= 0) {
      drawLooking(g, data, local, { looked, covered, part, room: at.room });
      drawNote(g, "looked note", looked, tall, notes.of(part)[0]);
      drawNote(g, "covered note", covered, tall, notes.of(part)[1]);
    } else drawCloseUp(g, data, local, close ? { x: at.sequence.x, y: top, w: Math.min(at.sequence.w, 560) } : { x: looked.x, y: looked.y, w: Math.min(g.width - looked.x, 560) }, step > 0, !close);
    // What else there is to say stands in the third column where it is free, else below.
    const side = at.phone || shift ? { x: 0, y: covered.bottom + 18, w: g.width } : { x: at.xs[2], y: below + 4, w: g.width - at.xs[2] };
    let y = drawVerdict(g, data, "verdict", side, whole, 1);
    if (!shift) {
      if (part >= 0) drawHeads(g, data, local, side.x, y + 20, part);
      y += 20 + data.heads[0] * HEAD;
    }
    y = Math.max(y, covered.bottom);
    g.height = data.drawn ? y : drawStrip(g, data, local, y + 10) + 2;
  },

  key(event, g, data, local) {
    if (!local.steps) return event.key === "Escape" && (g.visit("home"), true);
    const move = { ArrowUp: -1, ArrowDown: 1 }[event.key];
    if (move) chooseWord(g, data, local, partOf(data, local) + move);
    else if (event.key === "PageDown" || event.key === "PageUp") g.select({ pictured: clamp(data.number + (event.key === "PageDown" ? 1 : -1), 0, data.of - 1), sketched: false, said: -1 });
    else if (local.steps.key(event, g, local)) return true;
    else if (event.key === "Escape") {
      if (local.steps.halt(g, local) || local.steps.whole(g, local)) return true;
      if ((local.sel.said ?? -1) >= 0) g.select({ said: -1 });
      else g.visit("home");
    } else return false;
    return true;
  },

  describe(data, local) {
    if (data.message) return data.message;
    const [part, count] = [partOf(data, local), spokenWords(data, local)];
    const start = `${data.drawn ? "Your drawing" : `Held-out picture ${data.number}`}, cut into ${piecesOf(data)} pieces, each a token. `;
    if (part < 0) return `${start}No word is written yet.`;
    const best = (values) => Array.from(values).map((v, i) => [v, i]).sort((a, b) => b[0] - a[0]).slice(0, 3).map(([, i]) => i).join(", ");
    const said = data.words.slice(0, count).map((one) => `${one.text} ${percent(one.p)}`).join(", ");
    return `${start}Caption: ${said}. “${data.words[part].text}” looks most at pieces ${best(looks(data, local, part))} and loses most without pieces ${best(row(data, data.fell, part))}. ${foundOf(data, local, part)} ${isWhole(local) ? data.verdict.map((one) => one.text).join(" ") : ""}`;
  },

  state(data, local) {
    const part = data.message ? -1 : partOf(data, local);
    const round = (values) => Array.from(values, (v) => Number(v.toFixed(5)));
    return {
      tokens: data.tokens, drawn: data.drawn, number: data.number, message: data.message, strokes: drawnStrokes(local).length, drawing: local.sel.drawing ?? "", read: data.read,
      image: data.message ? [] : round(data.image), words: data.words.map((one) => one.text), written: data.words.slice(0, spokenWords(data, local)).map((one) => one.text),
      probabilities: data.words.map((one) => one.p), right: data.words.map((one) => one.right), part, piece: local.piece ?? null,
      looked: part < 0 ? [] : round(looks(data, local, part)), covered: part < 0 ? [] : round(row(data, data.covered, part)), fell: part < 0 ? [] : round(row(data, data.fell, part)),
      head: data.message ? -1 : headOf(data, local), agreement: part < 0 ? null : agreementOf(data, local, part), verdict: data.verdict,
      strip: data.strip.first, ...(local.steps && !data.message ? local.steps.state(local) : { step: 0, steps: 0, playing: false }),
    };
  },
};

export default mount("multimodal", multimodal);
