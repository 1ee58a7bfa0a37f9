// Who may see whom: a panel a mask. Its matrix (row asks, column answers), the learner's own words as the chosen row
// sees them, and what the whole model predicts when every head obeys it.

import { counted } from "../../app/kit/counts.js";
import {
  MONO, clamp, css, fit, h, heat, heatImage, hex, inLines, label, measure, num, tokenSpans, visible,
} from "../../app/kit/shapes.js";

const WORD = 17; // pixels of a line of words
const PREDICTIONS = 66; // and of three predictions

/** The panels in order: the masks put on this model, and cross-attention, which reads another text. */
export function panelsOf(data, local) {
  const T = data.rows.length;
  const own = data.masks.map((m, i) => ({ ...m, rows: data.rows, cols: data.rows, allowed: local.allowed[i], height: T }));
  const source = data.source.length > 0;
  // Of a model that reads one text only, its first half stands for the text read and its second for what is written.
  const half = Math.max(1, Math.floor(T / 2));
  const cols = source ? data.source : data.rows.slice(0, half);
  const rows = source ? data.written : T > 1 ? data.rows.slice(half) : data.rows;
  const cross = {
    name: "Cross", words: source ? "all of the text that is read" : "all of another text: here, your first half", cross: true, rows, cols,
    allowed: new Uint8Array(rows.length * cols.length).fill(1), first: source ? 0 : T > 1 ? half : 0, source,
  };
  return [...own, cross];
}
/** The row of a panel that stands for the chosen token; in cross-attention some tokens ask nothing. */
export const rowIn = (panel, active) => (panel.cross ? clamp(active - (panel.source ? 0 : panel.first), 0, panel.rows.length - 1) : clamp(active, 0, panel.rows.length - 1));
export const seenBy = (panel, r) => panel.cols.map((_, c) => panel.allowed[r * panel.cols.length + c] === 1);

/** Words in lines: [{text, i, x, line, w}], and how many lines that makes. */
function setWords(tokens, room) {
  let [x, line] = [0, 0];
  const placed = tokens.map((text, i) => {
    const shown = fit(visible(text), room, 12, true);
    const w = Math.min(measure(shown, 12, true) + 5, room);
    if (x && x + w > room) [x, line] = [0, line + 1];
    const at = { shown, text, i, x, line, w };
    x += w;
    return at;
  });
  return { placed, lines: line + 1 };
}

/** What stands where: {panels: [{panel, x, y, w, side, top, words}], height}. */
export function planMasks(g, data, local) {
  const panels = panelsOf(data, local);
  const gap = 24;
  const across = g.width >= 900 ? panels.length : g.width >= 560 ? 3 : 2;
  const w = (g.width - gap * (across - 1)) / across;
  const side = Math.min(150, w);
  const wordy = panels.map((panel) => setWords(panel.cols, w));
  const about = inLines(data.unsaid ? "Who may see whom under each mask. This model learned with its own." : "Each mask is put on every head of every block of this model, which learned with its own. The mark on a bar is the model as it is. " +
    (data.asked === "next" ? "Bidirectional, each token sees the one that it should predict: its low loss is read off, not foretold. " : "") +
    `Losses of stories, here and below: nats a token of ${data.stories > 1 ? `${data.stories} held-out stories` : "one held-out story"}, each read by itself and cut at ${counted(data.longest, "token")}.`, g.width);
  let y = 16 * about.length + 14;
  const out = [];
  for (let from = 0; from < panels.length; from += across) {
    const line = panels.slice(from, from + across);
    const rules = Math.max(...line.map((p) => inLines(p.words, w).length));
    const lines = Math.max(...wordy.slice(from, from + across).map((one) => one.lines));
    const top = y + 22 + 16 * rules + 8;
    line.forEach((panel, k) => out.push({ panel, x: k * (w + gap), y, w, side, top, words: wordy[from + k], below: top + side + 32 + WORD * lines }));
    y = top + side + 32 + WORD * lines + 20 + PREDICTIONS + 80;
  }
  return { panels: out, about, height: y - 32 };
}
function box(at, panel) {
  const cell = at.side / Math.max(panel.rows.length, panel.cols.length);
  return { cell, w: cell * panel.cols.length, h: cell * panel.rows.length };
}

export function drawMasks(g, data, local, plan) {
  const active = local.hover ?? local.row;
  return plan.panels.map((at) => {
    const { panel } = at;
    const r = rowIn(panel, active);
    const seen = seenBy(panel, r);
    const { cell, w, h: tall } = box(at, panel);
    const T = panel.cols.length;
    const [on, off, chosen] = [hex(g.color("att")), hex(g.color("field")), hex(g.color("accent"))];
    const parts = [
      label(at.x, at.y + 14, fit(panel.name, at.w - (panel.own ? 84 : panel.same ? 40 : 0), 14, false), { size: 14, weight: 600, fill: "ink" }),
      (panel.own || panel.same) && label(at.x + at.w, at.y + 14, panel.own ? "this model’s" : "same", { anchor: "end", fill: panel.own ? "accent" : "ink3" }),
      inLines(panel.words, at.w).map((line, i) => label(at.x, at.y + 32 + 16 * i, line, { fill: "ink3" })),
      h("rect", { x: at.x - 0.5, y: at.top - 0.5, width: w + 1, height: tall + 1, fill: "none", stroke: css("line") }),
      heatImage(at.x, at.top, w, tall, heat(panel.allowed, panel.rows.length, T, (v, i) => (v ? (Math.floor(i / T) === r ? chosen : on) : off))),
    ];
    if (cell >= 7) parts.push(h("path", { d: lattice(at.x, at.top, panel.rows.length, T, cell), stroke: css("bg"), "stroke-width": 1 }));
    parts.push(h("rect", { x: at.x - 1, y: at.top + r * cell - 1, width: w + 2, height: cell + 2, rx: 2, fill: "none", stroke: css("q"), "stroke-width": 2 }));
    const count = seen.filter(Boolean).length;
    const base = at.top + at.side + 18;
    parts.push(label(at.x, base, [tokenLabel(panel.rows[r]), ` sees ${count} of ${T}`], { fill: "ink2" }));
    const self = panel.cross ? -1 : r;
    for (const word of at.words.placed) {
      parts.push(h("text", {
        x: at.x + word.x, y: base + 4 + WORD * (word.line + 1), "font-family": MONO, "font-size": 12, direction: "ltr",
        fill: css(word.i === self ? "q-ink" : seen[word.i] ? "ink" : "ink3"), "font-weight": word.i === self ? 700 : null,
        "text-decoration": seen[word.i] ? null : "line-through",
      }, word.shown));
    }
    return h("g", {}, parts);
  });
}
const tokenLabel = (text) => h("tspan", { "font-family": MONO, fill: css("q-ink"), "font-weight": 600 }, fit(visible(text), 70, 12, true));
function lattice(x, y, rows, cols, cell) {
  let d = "";
  for (let c = 1; c < cols; c++) d += `M${x + c * cell},${y}v${rows * cell}`;
  for (let r = 1; r < rows; r++) d += `M${x},${y + r * cell}h${cols * cell}`;
  return d;
}

/** Three predictions: a word, its probability, a bar, and a mark where the model as it is has it. */
export function predictions(g, x, y, w, tokens) {
  return h("g", {}, tokens.map((t, i) => {
    const at = y + 22 * i;
    const said = num(t.p, 3);
    return [
      h("text", { x, y: at + 11, "font-family": MONO, "font-size": 12, fill: css("ink"), direction: "ltr" }, tokenSpans(t.text, w - measure(said, 12, true) - 10, 12)),
      label(x + w, at + 11, said, { anchor: "end", mono: true }),
      h("rect", { x, y: at + 15, width: w, height: 3, rx: 1.5, fill: css("field") }),
      h("rect", { x, y: at + 15, width: Math.max(1, w * t.p), height: 3, rx: 1.5, fill: css("res") }),
      h("path", { d: `M${x + w * t.own},${at + 13}v7`, stroke: css("accent"), "stroke-width": 2 }),
      g.tip(h("rect", { x, y: at, width: w, height: 20, fill: "transparent" }), `${visible(t.text)}: ${num(t.p, 4)} here, ${num(t.own, 4)} with the model as it is`),
    ];
  }));
}
export const word = (data) => (data.asked === "next" ? "Next word" : "Predicted word");

/** What the model makes of each mask. */
export function drawUnder(g, data, plan) {
  const stories = data.stories > 1 ? `${data.stories} held-out stories` : "a held-out story";
  const about = plan.about.map((line, i) => label(0, 12 + 16 * i, line, { fill: "ink3" }));
  return about.concat(plan.panels.map(({ panel, x, w, below }) => {
    if (panel.cross) {
      const text = panel.source ? "As this model has it: between its decoder and its encoder. Its two texts share no places, so no window fits."
        : "This model has none: it reads one text. An encoder-decoder asks so for what it writes.";
      return h("g", {}, inLines(text, w).map((line, i) => label(x, below + 14 + 16 * i, line, { fill: "ink3" })));
    }
    const lines = [["your text", panel.loss, data.masks.find((m) => m.own)?.loss], [stories, panel.stories, data.masks.find((m) => m.own)?.stories]];
    if (data.waits) return h("g", {}, inLines(data.waits, w).map((line, i) => label(x, below + 14 + 16 * i, line, { fill: "ink3" })));
    return h("g", {},
      label(x, below + 14, fit(word(data), w, 12, false), { fill: "ink2", weight: 600 }),
      predictions(g, x, below + 22, w, panel.next),
      label(x, below + 22 + PREDICTIONS + 16, "Loss, nats a token", { fill: "ink2", weight: 600 }),
      lines.map(([name, value, own], i) => [
        label(x, below + 22 + PREDICTIONS + 33 + 17 * i, fit(name, w - 46, 12, false), { fill: "ink3" }),
        label(x + w, below + 22 + PREDICTIONS + 33 + 17 * i, num(value, 2), { anchor: "end", mono: true, fill: !panel.own && i && value > own + 0.005 ? "accent" : "ink" }),
      ]));
  }));
}

/** The row under a point of the masks, or null. */
export function maskRow(plan, x, y) {
  for (const at of plan.panels) {
    const { panel } = at;
    const { cell, w, h: tall } = box(at, panel);
    if (x >= at.x && x < at.x + w && y >= at.top && y < at.top + tall) return (panel.cross && !panel.source ? panel.first : 0) + Math.floor((y - at.top) / cell);
    const first = at.top + at.side + 22;
    const found = at.words.placed.find((one) => x >= at.x + one.x && x < at.x + one.x + one.w && y >= first + WORD * one.line + 4 && y < first + WORD * (one.line + 1) + 4);
    if (found && !panel.cross) return found.i;
  }
  return null;
}
