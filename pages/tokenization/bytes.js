// Below the fold: the bytes behind a broken character, and what each tokenizer makes of words that no corpus has.

import { counted } from "../../app/kit/counts.js";
import { css, fit, h, label, measure, num, thousands, visible } from "../../app/kit/shapes.js";
import { sentence } from "./cut.js";
import { chipRow } from "./learn.js";

const BYTE = { w: 74, gap: 4, card: 16, top: 56 };

/** How many of a byte's leading bits only say how long the character is (UTF-8). */
function markBits(byte) {
  if (byte < 0x80) return 1;
  if (byte < 0xc0) return 2;
  return byte < 0xe0 ? 3 : byte < 0xf0 ? 4 : 5;
}

/** A token's id, and what it holds besides its part of the character, as far as there is room. */
function idText(id, also, room) {
  const name = `id ${thousands(id)}`;
  const tries = also ? [`${name}, with ${also} too`, `${name} + ${also}`, `${name} +`] : [];
  return tries.find((text) => measure(text, 12, true) <= room) ?? name;
}

function byteCard(g, x, y, card) {
  const w = card.bytes.length * (BYTE.w + BYTE.gap) - BYTE.gap;
  const at = (i) => x + i * (BYTE.w + BYTE.gap);
  return [
    label(x, y + 24, visible(card.character), { size: 26, fill: "ink", direction: "ltr" }),
    label(x + 46, y + 12, [card.code, h("tspan", { dx: 10, "font-weight": 400, "font-family": "var(--gb-sans)", fill: css("ink3") }, `${card.bytes.length} bytes`)], { mono: true, fill: "ink", weight: 600 }),
    label(x + 46, y + 28, fit(card.name, Math.max(w, 250) - 46, 12, false), { fill: "ink3" }),
    card.bytes.map((byte, i) => {
      const bits = byte.toString(2).padStart(8, "0");
      const mark = markBits(byte);
      return h("g", {},
        h("rect", { x: at(i), y: y + 38, width: BYTE.w, height: 40, rx: 4, fill: css("field") }),
        label(at(i) + BYTE.w / 2, y + 55, byte.toString(16).padStart(2, "0"), { anchor: "middle", mono: true, weight: 700, fill: "ink", size: 13 }),
        label(at(i) + BYTE.w / 2, y + 72, [h("tspan", { fill: css("ink3") }, bits.slice(0, mark)), h("tspan", { fill: css("accent"), "font-weight": 600 }, bits.slice(mark))], { anchor: "middle", mono: true }));
    }),
    card.rows.map((row, k) => {
      const top = y + 90 + k * 40;
      let first = 0;
      const many = row.tokens.length === 1 ? "one token" : counted(row.tokens.length, "token");
      return h("g", {},
        label(x, top + 8, fit(row.name, w - measure(many, 12, false) - 16, 12, false), { fill: "ink2", weight: 500 }),
        label(x + w, top + 8, many, { anchor: "end", fill: row.tokens.length > 1 ? "accent" : "ink3" }),
        row.tokens.map(([id, count], j) => {
          const [from, to] = [at(first), at(first + count - 1) + BYTE.w];
          first += count;
          return h("g", {},
            h("rect", { x: from, y: top + 13, width: to - from, height: 18, rx: 4, fill: css(row.tokens.length > 1 ? "accent-soft" : "wash"), stroke: css(row.tokens.length > 1 ? "accent" : "line") }),
            label((from + to) / 2, top + 26, idText(id, row.also[j], to - from - 6), { anchor: "middle", mono: true, fill: row.tokens.length > 1 ? "accent" : "ink2" }));
        }));
    }),
  ];
}

export const bytesFigure = {
  init: (data) => ({ data }),
  draw(g, data) {
    const perRow = Math.max(1, Math.floor((g.width + 32) / (4 * (BYTE.w + BYTE.gap) + 32)));
    const width = (g.width + 32) / perRow;
    const wide = g.width >= 720;
    const tall = 90 + (data.cards[0]?.rows.length ?? 0) * 40 + 20;
    const top = wide ? BYTE.top : 92;
    g.part("all", [g.width], () => [
      label(0, 18, "A character is bytes before it is a token", { weight: 600, fill: "ink", size: 16 }),
      sentence(0, 40, g.width, data.said, { lines: wide ? 1 : 4 }),
      data.cards.map((card, i) => h("g", {}, byteCard(g, (i % perRow) * width, top + Math.floor(i / perRow) * tall, card))),
    ]);
    g.height = top + Math.ceil(data.cards.length / perRow) * tall;
  },
  describe: (data) => `Bytes of ${data.cards.map((c) => `${c.character} ${c.code}: ${c.bytes.map((b) => b.toString(16)).join(" ")}`).join("; ")}.`,
  state: (data) => ({ own: data.own, cards: data.cards.map((c) => ({ character: c.character, bytes: c.bytes, tokens: Object.fromEntries(c.rows.map((r) => [r.id, r.tokens])) })) }),
};

/** Which share of the learner's text a row hides behind [UNK], and which it changes. */
function lostText(row) {
  const share = (x) => (x < 0.001 ? "<0.1 %" : `${num(100 * x, 1)} %`);
  const parts = [row.hidden > 0 && `${share(row.hidden)} hidden`, row.altered > 0 && `${share(row.altered)} changed`];
  return parts.filter(Boolean).join(", ") || "nothing";
}

export const unknownFigure = {
  init: (data) => ({ data }),
  draw(g, data) {
    const wide = g.width >= 720;
    const probes = wide ? data.probes.map((_, i) => i) : [0, 2];
    const left = wide ? 110 : 84;
    const right = wide ? 168 : 0;
    const w = (g.width - left - right) / probes.length;
    const top = wide ? 84 : 124;
    g.part("all", [g.width], () => [
      label(0, 18, "What no corpus has: lost, or spelled", { weight: 600, fill: "ink", size: 16 }),
      sentence(0, 40, g.width, "What a list of words or signs never met is [UNK]: the model cannot tell what stood there. BERT’s rules change capitals, accents and marks before it looks up. Bytes spell everything.", { lines: wide ? 1 : 4 }),
      probes.map((p, k) => [
        label(left + k * w + 2, top - 14, fit(visible(data.probes[p].text), 90, 13), { mono: true, weight: 600, fill: "ink", size: 13 }),
        wide && label(left + k * w + 8 + Math.min(90, measure(visible(data.probes[p].text), 13, true)), top - 14, data.probes[p].what, { fill: "ink3" })]),
      wide && label(g.width, top - 14, "lost of your text", { anchor: "end", fill: "ink3" }),
      h("path", { d: `M0,${top - 6}H${g.width}`, stroke: css("line") }),
      data.rows.map((row, i) => {
        const y = top + 12 + i * 25;
        return h("g", {}, label(0, y + 4, fit(row.name, left - 8, 12, false), { weight: 500, fill: "ink" }),
          probes.map((p, k) => chipRow(left + k * w, y, w - 10, row.cells[p].map(([text, unknown]) => (unknown ? "[UNK]" : text)), {})
            .map((node, j) => (row.cells[p][j]?.[1] ? h("g", { class: "tok-unknown" }, node) : node))),
          wide && label(g.width, y + 4, lostText(row), { anchor: "end", fill: row.hidden + row.altered > 0 ? "neg" : "ink3" }));
      }),
    ]);
    g.height = top + 12 + data.rows.length * 25;
  },
  describe: (data) => `What unknown words become: ${data.rows.map((r) => `${r.name}: ${r.cells.map((c, i) => `${data.probes[i].text} ${c.map(([t, u]) => (u ? "[UNK]" : t)).join(" ")}`).join(", ")}`).join("; ")}.`,
  state: (data) => ({ rows: Object.fromEntries(data.rows.map((r) => [r.id, { cells: r.cells.map((c) => c.map(([text, unknown]) => (unknown ? "[UNK]" : text))), hidden: r.hidden, altered: r.altered }])) }),
};
