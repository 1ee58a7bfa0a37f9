// The lower pictures: the same four sentences in many languages and what each vocabulary spends on them, the bytes behind a
// broken character, and what each tokenizer makes of words that no corpus has.

import { counted, timesAs } from "../../app/kit/counts.js";
import { say, sayOf } from "../../app/kit/say.js";
import { clamp, css, fit, h, html, label, measure, num, thousands, visible } from "../../app/kit/shapes.js";
import { isPhone } from "../../app/kit/widths.js";
import { chipRow, sentence, symbolChip } from "./chips.js";

/**
 * @import { Local, Stage, View } from "../../app/kit/glass.js"
 * @import { Shapes } from "../../app/kit/shapes.js"
 */

/**
 * Tokens that a vocabulary spends on a language's sentences; `pieces` of one of them, and whether each is unknown.
 * @typedef {{tokens: number, unknown: number, pieces: [text: string, unknown: boolean][]}} Cell
 * @typedef {{code: string, name: string, words: number, characters: number, bytes: number, sentence: string,
 *   direction: string, cells: Record<string, Cell>}} Language
 *
 * What coverage.py sends of languages (words 0: it writes no spaces); `narrow`: the one vocabulary that a phone shows.
 * @typedef {{methods: {id: string, name: string}[], languages: Language[], narrow: string}} Languages
 * @typedef {"text" | "word" | "character" | "byte"} Rate
 *
 * A character's bytes, and which tokens hold them: [id, how many of the bytes], with what else each token holds.
 * @typedef {{character: string, code: string, name: string, bytes: number[],
 *   rows: {id: string, name: string, tokens: [id: number, count: number][], also: string[]}[]}} Card
 * @typedef {{own: boolean, said: string, cards: Card[]}} Bytes
 *
 * Words that no corpus has, as each tokenizer cuts them, and the shares of the learner's text that it hides or alters.
 * @typedef {{id: string, name: string, hidden: number, altered: number, cells: [text: string, unknown: boolean][][]}} Lost
 * @typedef {{probes: {text: string, what: string}[], rows: Lost[]}} Unknown
 */

const LANGUAGE = { top: 74, pitch: 21, name: 128, bytes: 66 };
const RATES = {
  text: say("In all"),
  word: say("A word"),
  character: say("A character"),
  byte: say("A byte"),
};

/**
 * What a cell shows: tokens, or tokens for each word, character or byte; null where a language writes no words.
 * @param {Language} language @param {Cell} cell @param {Rate} rate
 */
function rateOf(language, cell, rate) {
  if (rate === "word") return language.words ? cell.tokens / language.words : null;
  if (rate === "character") return cell.tokens / language.characters;
  return rate === "byte" ? cell.tokens / language.bytes : cell.tokens;
}

/**
 * @param {Stage} g @param {number} x @param {number} y @param {number} w @param {Language} language
 * @param {Language} english @param {string} method @param {Rate} rate @param {number} most
 */
function languageCell(g, x, y, w, language, english, method, rate, most) {
  const cell = language.cells[method];
  const value = rateOf(language, cell, rate);
  if (value === null) return label(x + w - 40, y + 4, say("no spaces"), { anchor: "end", fill: "ink3" });
  const times = value / (rateOf(english, english.cells[method], rate) ?? NaN);
  const bar = w - 92;
  const lost = cell.unknown > 0;
  const node = h(
    "g",
    {},
    h("rect", { x, y: y - 9, width: w - 4, height: 18, fill: "transparent" }),
    bar > 12 &&
      !lost &&
      h("rect", {
        x,
        y: y - 5,
        width: Math.max(1, (bar * value) / most),
        height: 10,
        rx: 2,
        fill: css("res"),
        opacity: 0.75,
      }),
    label(x + w - 50, y + 4, num(value, rate === "text" ? 0 : 2), {
      anchor: "end",
      mono: true,
      fill: lost ? "neg" : "ink",
    }),
    label(x + w - 10, y + 4, lost ? sayOf("text", "lost") : `×${num(times, 1)}`, {
      anchor: "end",
      mono: !lost,
      fill: lost ? "neg" : "ink3",
    }),
  );
  const said = lost
    ? say("{count} of them say only [UNK]: what stood there is lost", { count: cell.unknown })
    : say("{times} what the same costs in English", { times: timesAs(times) });
  return g.tip(
    node,
    `${say("{name}: {tokens} for {characters}, {bytes} bytes", { name: language.name, tokens: counted(cell.tokens, "token"), characters: counted(language.characters, "character"), bytes: language.bytes })}\n${said}`,
  );
}

/** @param {Stage} g @param {Languages} data @param {{language: number}} local @param {number} y */
function languageDetail(g, data, local, y) {
  const language = data.languages[local.language];
  const rtl = language.direction === "rtl";
  const wide = !isPhone(g.width);
  /** @type {Shapes[]} */
  const nodes = [
    label(
      0,
      y,
      [h("tspan", { "font-weight": 600, fill: css("ink") }, `${language.name}: `), language.sentence],
      { size: 13 },
    ),
  ];
  if (rtl)
    nodes.push(
      sentence(
        0,
        y + 18,
        g.width,
        say(
          "Read from right to left. Its tokens stand in the order in which the model reads them: the beginning is at the left.",
        ),
        { lines: wide ? 1 : 3, fill: "ink3" },
      ),
    );
  data.methods.forEach((method, k) => {
    const cell = language.cells[method.id];
    const at = y + 24 + (rtl ? (wide ? 18 : 50) : 0) + k * 23;
    let x = 130;
    nodes.push(
      label(0, at + 4, fit(method.name, 96, 12, false), { weight: 500, fill: "ink" }),
      label(122, at + 4, cell.pieces.length, { anchor: "end", mono: true, fill: "ink2" }),
    );
    for (const [text, unknown] of cell.pieces) {
      const [node, w] = symbolChip(x, at, text, unknown ? { colour: "neg", ink: "neg" } : { fill: "wash" });
      if (x + w > g.width - 14) {
        nodes.push(label(x, at + 4, "…", { fill: "ink3" }));
        break;
      }
      nodes.push(node);
      x += w + 2;
    }
  });
  return nodes;
}

/** @type {View<Languages, Local & {data: Languages, language: number, listening?: boolean}>} */
export const languages = {
  init: (data, local) => ({
    data,
    language: local.language ?? data.languages.findIndex((l) => l.code === "fi"),
  }),

  draw(g, data, local) {
    const wide = !isPhone(g.width);
    const rate = local.sel.rate ?? "text";
    const shown = wide ? data.methods : data.methods.filter((m) => m.id === data.narrow);
    const left = wide ? LANGUAGE.name + LANGUAGE.bytes : 96;
    const w = (g.width - left) / shown.length;
    const top = wide ? LANGUAGE.top : 166;
    const english = data.languages[0];
    g.part("head", [rate, wide], () => [
      label(
        0,
        18,
        wide
          ? say("The same sentences cost more in other languages")
          : say("Other languages cost more tokens"),
        { weight: 600, fill: "ink", size: 16 },
      ),
      wide &&
        label(LANGUAGE.name + LANGUAGE.bytes - 14, top - 12, say("bytes each"), {
          anchor: "end",
          fill: "ink3",
        }),
      label(0, top - 12, wide ? say("Language") : "", { weight: 600, fill: "ink" }),
      shown.map((m, k) =>
        label(left + (k + 1) * w - 10, top - 12, fit(m.name, w - 14, 12, false), {
          anchor: "end",
          weight: 600,
          fill: "ink",
        }),
      ),
      h("path", { d: `M0,${top - 4}H${g.width}`, stroke: css("line") }),
    ]);
    const x = wide ? g.width - 384 : 0;
    Object.entries(RATES).forEach(([id, name], k) => {
      const width = wide ? 92 : (g.width - 12) / 2;
      g.overlay(
        `rate ${id}`,
        {
          left: wide ? x + k * 97 : (k % 2) * (width + 12),
          top: wide ? 0 : 40 + 50 * Math.floor(k / 2),
          width,
          height: wide ? 28 : 44,
        },
        () =>
          html(
            "button",
            { type: "button", class: "gb-button tok-button tok-rate", click: () => g.select({ rate: id }) },
            name,
          ),
        (node) => node.setAttribute("aria-pressed", String(rate === id)),
      );
    });
    data.languages.forEach((language, i) => {
      const y = top + 12 + i * LANGUAGE.pitch;
      const on = i === local.language;
      g.part(`language ${language.code}`, [rate, on, wide], () =>
        h(
          "g",
          { class: "gb-hot", "data-language": i },
          h("rect", {
            x: 0,
            y: y - 10,
            width: g.width,
            height: 20,
            rx: 4,
            fill: on ? css("accent-soft") : "transparent",
          }),
          label(6, y + 4, language.name, { weight: on ? 600 : 500, fill: on ? "accent" : "ink" }),
          wide &&
            label(LANGUAGE.name + LANGUAGE.bytes - 14, y + 4, num(language.bytes / language.characters, 2), {
              anchor: "end",
              mono: true,
              fill: "ink2",
            }),
          shown.map((m, k) => {
            const most = Math.max(
              1e-9,
              ...data.languages.map((l) =>
                l.cells[m.id].unknown ? 0 : (rateOf(l, l.cells[m.id], rate) ?? 0),
              ),
            );
            return languageCell(g, left + k * w + 8, y, w - 8, language, english, m.id, rate, most);
          }),
        ),
      );
    });
    const end = top + 12 + data.languages.length * LANGUAGE.pitch;
    g.part("why", [end], () =>
      sentence(
        0,
        end + 12,
        g.width,
        say(
          "Why: a vocabulary is spent on what its corpus repeats, and most of these corpora are English. Long words that rarely come again (Finnish) fall into many pieces; other scripts begin with two or three bytes a character (Hindi), and few of those were ever merged. Lost: at least one of its tokens is [UNK], so the text cannot be read back and its count says nothing of the cost.",
        ),
        { lines: wide ? 3 : 9 },
      ),
    );
    const detail = end + (wide ? 72 : 166);
    g.part("detail", [local.language, detail], () => languageDetail(g, data, local, detail));
    g.height = detail + (wide ? 48 : 80) + data.methods.length * 23;
    if (!local.listening) {
      local.listening = true;
      g.svg.addEventListener("click", (event) => {
        const row = event.target instanceof Element && event.target.closest("[data-language]");
        if (row) {
          local.language = Number(row.getAttribute("data-language"));
          g.redraw();
        }
      });
    }
  },

  key(event, g, data, local) {
    const move = { ArrowUp: -1, ArrowDown: 1 }[event.key];
    if (!move) return false;
    local.language = clamp(local.language + move, 0, data.languages.length - 1);
    g.redraw();
    return true;
  },

  describe(data, local) {
    const language = data.languages[local.language];
    return say("Tokens for the same sentences in {count} languages. {name}: {list}.", {
      count: data.languages.length,
      name: language.name,
      list: data.methods.map((m) => `${m.name} ${language.cells[m.id].tokens}`).join(", "),
    });
  },

  state: (data, local) => ({
    rate: local.sel.rate ?? "text",
    language: data.languages[local.language].code,
    tokens: Object.fromEntries(
      data.languages.map((l) => [
        l.code,
        Object.fromEntries(data.methods.map((m) => [m.id, l.cells[m.id].tokens])),
      ]),
    ),
  }),
};

// ---------------------------------------------------------------- bytes, and what is unknown

const BYTE = { w: 74, gap: 4, card: 16, top: 56 };

/** How many of a byte's leading bits only say how long the character is (UTF-8). @param {number} byte */
function markBits(byte) {
  if (byte < 0x80) return 1;
  if (byte < 0xc0) return 2;
  return byte < 0xe0 ? 3 : byte < 0xf0 ? 4 : 5;
}

/**
 * A token's id, and what it holds besides its part of the character, as far as there is room.
 * @param {number} id @param {string} also @param {number} room
 */
function idText(id, also, room) {
  const name = `id ${thousands(id)}`;
  const tries = also
    ? [say("{name}, with {also} too", { name, also }), `${name} + ${also}`, `${name} +`]
    : [];
  return tries.find((text) => measure(text, 12, true) <= room) ?? name;
}

/** @param {number} x @param {number} y @param {Card} card */
function byteCard(x, y, card) {
  const w = card.bytes.length * (BYTE.w + BYTE.gap) - BYTE.gap;
  const at = (/** @type {number} */ i) => x + i * (BYTE.w + BYTE.gap);
  return [
    label(x, y + 24, visible(card.character), { size: 26, fill: "ink", direction: "ltr" }),
    label(
      x + 46,
      y + 12,
      [
        card.code,
        h(
          "tspan",
          { dx: 10, "font-weight": 400, "font-family": "var(--gb-sans)", fill: css("ink3") },
          say("{count} bytes", { count: card.bytes.length }),
        ),
      ],
      { mono: true, fill: "ink", weight: 600 },
    ),
    label(x + 46, y + 28, fit(card.name, Math.max(w, 250) - 46, 12, false), { fill: "ink3" }),
    card.bytes.map((byte, i) => {
      const bits = byte.toString(2).padStart(8, "0");
      const mark = markBits(byte);
      return h(
        "g",
        {},
        h("rect", { x: at(i), y: y + 38, width: BYTE.w, height: 40, rx: 4, fill: css("field") }),
        label(at(i) + BYTE.w / 2, y + 55, byte.toString(16).padStart(2, "0"), {
          anchor: "middle",
          mono: true,
          weight: 700,
          fill: "ink",
          size: 13,
        }),
        label(
          at(i) + BYTE.w / 2,
          y + 72,
          [
            h("tspan", { fill: css("ink3") }, bits.slice(0, mark)),
            h("tspan", { fill: css("accent"), "font-weight": 600 }, bits.slice(mark)),
          ],
          { anchor: "middle", mono: true },
        ),
      );
    }),
    card.rows.map((row, k) => {
      const top = y + 90 + k * 40;
      let first = 0;
      const many = row.tokens.length === 1 ? say("one token") : counted(row.tokens.length, "token");
      return h(
        "g",
        {},
        label(x, top + 8, fit(row.name, w - measure(many, 12, false) - 16, 12, false), {
          fill: "ink2",
          weight: 500,
        }),
        label(x + w, top + 8, many, { anchor: "end", fill: row.tokens.length > 1 ? "accent" : "ink3" }),
        row.tokens.map(([id, count], j) => {
          const [from, to] = [at(first), at(first + count - 1) + BYTE.w];
          first += count;
          return h(
            "g",
            {},
            h("rect", {
              x: from,
              y: top + 13,
              width: to - from,
              height: 18,
              rx: 4,
              fill: css(row.tokens.length > 1 ? "accent-soft" : "wash"),
              stroke: css(row.tokens.length > 1 ? "accent" : "line"),
            }),
            label((from + to) / 2, top + 26, idText(id, row.also[j], to - from - 6), {
              anchor: "middle",
              mono: true,
              fill: row.tokens.length > 1 ? "accent" : "ink2",
            }),
          );
        }),
      );
    }),
  ];
}

/** @type {View<Bytes>} */
export const bytesFigure = {
  init: (data) => ({ data }),
  draw(g, data) {
    const perRow = Math.max(1, Math.floor((g.width + 32) / (4 * (BYTE.w + BYTE.gap) + 32)));
    const width = (g.width + 32) / perRow;
    const wide = !isPhone(g.width);
    const tall = 90 + (data.cards[0]?.rows.length ?? 0) * 40 + 20;
    const top = wide ? BYTE.top : 92;
    g.part("all", [g.width], () => [
      label(0, 18, say("A character is bytes before it is a token"), { weight: 600, fill: "ink", size: 16 }),
      sentence(0, 40, g.width, data.said, { lines: wide ? 1 : 4 }),
      data.cards.map((card, i) =>
        h("g", {}, byteCard((i % perRow) * width, top + Math.floor(i / perRow) * tall, card)),
      ),
    ]);
    g.height = top + Math.ceil(data.cards.length / perRow) * tall;
  },
  describe: (data) =>
    say("Bytes of {list}.", {
      list: data.cards
        .map((c) => `${c.character} ${c.code}: ${c.bytes.map((b) => b.toString(16)).join(" ")}`)
        .join("; "),
    }),
  state: (data) => ({
    own: data.own,
    cards: data.cards.map((c) => ({
      character: c.character,
      bytes: c.bytes,
      tokens: Object.fromEntries(c.rows.map((r) => [r.id, r.tokens])),
    })),
  }),
};

/** Which share of the learner's text a row hides behind [UNK], and which it changes. @param {Lost} row */
function lostText(row) {
  const share = (/** @type {number} */ x) => (x < 0.001 ? "<0.1 %" : `${num(100 * x, 1)} %`);
  const parts = [
    row.hidden > 0 && say("{share} hidden", { share: share(row.hidden) }),
    row.altered > 0 && say("{share} changed", { share: share(row.altered) }),
  ];
  return parts.filter(Boolean).join(", ") || say("nothing");
}

/** @type {View<Unknown>} */
export const unknownFigure = {
  init: (data) => ({ data }),
  draw(g, data) {
    const wide = !isPhone(g.width);
    const probes = wide ? data.probes.map((_, i) => i) : [0, 2];
    const left = wide ? 110 : 84;
    const right = wide ? 168 : 0;
    const w = (g.width - left - right) / probes.length;
    const top = wide ? 84 : 124;
    g.part("all", [g.width], () => [
      label(0, 18, say("What no corpus has: lost, or spelled"), { weight: 600, fill: "ink", size: 16 }),
      sentence(
        0,
        40,
        g.width,
        say(
          "What a list of words or signs never met is [UNK]: the model cannot tell what stood there. BERT’s rules change capitals, accents and marks before it looks up. Bytes spell everything.",
        ),
        { lines: wide ? 1 : 4 },
      ),
      probes.map((p, k) => [
        label(left + k * w + 2, top - 14, fit(visible(data.probes[p].text), 90, 13), {
          mono: true,
          weight: 600,
          fill: "ink",
          size: 13,
        }),
        wide &&
          label(
            left + k * w + 8 + Math.min(90, measure(visible(data.probes[p].text), 13, true)),
            top - 14,
            data.probes[p].what,
            { fill: "ink3" },
          ),
      ]),
      wide && label(g.width, top - 14, say("lost of your text"), { anchor: "end", fill: "ink3" }),
      h("path", { d: `M0,${top - 6}H${g.width}`, stroke: css("line") }),
      data.rows.map((row, i) => {
        const y = top + 12 + i * 25;
        return h(
          "g",
          {},
          label(0, y + 4, fit(row.name, left - 8, 12, false), { weight: 500, fill: "ink" }),
          probes.map((p, k) =>
            chipRow(
              left + k * w,
              y,
              w - 10,
              row.cells[p].map(([text, unknown]) => (unknown ? "[UNK]" : text)),
              {},
            ).map((node, j) => (row.cells[p][j]?.[1] ? h("g", { class: "tok-unknown" }, node) : node)),
          ),
          wide &&
            label(g.width, y + 4, lostText(row), {
              anchor: "end",
              fill: row.hidden + row.altered > 0 ? "neg" : "ink3",
            }),
        );
      }),
    ]);
    g.height = top + 12 + data.rows.length * 25;
  },
  describe: (data) =>
    say("What unknown words become: {list}.", {
      list: data.rows
        .map(
          (r) =>
            `${r.name}: ${r.cells.map((c, i) => `${data.probes[i].text} ${c.map(([t, u]) => (u ? "[UNK]" : t)).join(" ")}`).join(", ")}`,
        )
        .join("; "),
    }),
  state: (data) => ({
    rows: Object.fromEntries(
      data.rows.map((r) => [
        r.id,
        {
          cells: r.cells.map((c) => c.map(([text, unknown]) => (unknown ? "[UNK]" : text))),
          hidden: r.hidden,
          altered: r.altered,
        },
      ]),
    ),
  }),
};
