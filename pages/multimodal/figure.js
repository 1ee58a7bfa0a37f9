// Multimodal: a picture of digits is cut into pieces, each piece is a token beside the words, and every word of the caption
// was written looking at some of them. tiles.js draws the pieces, sequence.js the tokens, pad.js what is drawn by hand.

import { mount } from "../../app/kit/glass.js";
import { clamp, css, h, heat, heatImage, inLines, label, unpack } from "../../app/kit/shapes.js";
import { stepMode } from "../../app/kit/steps.js";
import { drawPad, drawnStrokes } from "./pad.js";
import { HEAD, drawHeads, drawSequence, planSequence } from "./sequence.js";
import {
  GAP, agreementOf, columnsOf, drawCloseUp, drawCovered, drawLooked, drawTiles, foundOf, framePiece, headName,
  headOf, heading, looks, percent, piecesOf, row, tallOf,
} from "./tiles.js";

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
