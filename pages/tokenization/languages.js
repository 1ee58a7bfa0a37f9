// Below the fold: the same four sentences in many languages, and what each vocabulary spends on them.

import { counted, timesAs } from "../../app/kit/counts.js";
import { clamp, css, fit, h, html, label, num } from "../../app/kit/shapes.js";
import { sentence } from "./cut.js";
import { symbolChip } from "./learn.js";

const LANGUAGE = { top: 74, pitch: 21, name: 128, bytes: 66 };
const RATES = { text: "In all", word: "A word", character: "A character", byte: "A byte" };

/** What a cell shows: tokens, or tokens for each word, character or byte; null where a language writes no words. */
function rateOf(language, cell, rate) {
  if (rate === "word") return language.words ? cell.tokens / language.words : null;
  if (rate === "character") return cell.tokens / language.characters;
  return rate === "byte" ? cell.tokens / language.bytes : cell.tokens;
}

function languageCell(g, x, y, w, language, english, method, rate, most) {
  const cell = language.cells[method];
  const value = rateOf(language, cell, rate);
  if (value === null) return label(x + w - 40, y + 4, "no spaces", { anchor: "end", fill: "ink3" });
  const times = value / rateOf(english, english.cells[method], rate);
  const bar = w - 92;
  const lost = cell.unknown > 0;
  const node = h("g", {},
    h("rect", { x, y: y - 9, width: w - 4, height: 18, fill: "transparent" }),
    bar > 12 && !lost && h("rect", { x, y: y - 5, width: Math.max(1, (bar * value) / most), height: 10, rx: 2, fill: css("res"), opacity: 0.75 }),
    label(x + w - 50, y + 4, num(value, rate === "text" ? 0 : 2), { anchor: "end", mono: true, fill: lost ? "neg" : "ink" }),
    label(x + w - 10, y + 4, lost ? "lost" : `×${num(times, 1)}`, { anchor: "end", mono: !lost, fill: lost ? "neg" : "ink3" }));
  const said = lost ? `\n${cell.unknown} of them say only [UNK]: what stood there is lost` : `\n${timesAs(times)} what the same costs in English`;
  return g.tip(node, `${language.name}: ${counted(cell.tokens, "token")} for ${counted(language.characters, "character")}, ${language.bytes} bytes${said}`);
}

function languageDetail(g, data, local, y) {
  const language = data.languages[local.language];
  const rtl = language.direction === "rtl";
  const wide = g.width >= 720;
  const nodes = [label(0, y, [h("tspan", { "font-weight": 600, fill: css("ink") }, `${language.name}: `), language.sentence], { size: 13 })];
  if (rtl) nodes.push(sentence(0, y + 18, g.width, "Read from right to left. Its tokens stand in the order in which the model reads them: the beginning is at the left.", { lines: wide ? 1 : 3, fill: "ink3" }));
  data.methods.forEach((method, k) => {
    const cell = language.cells[method.id];
    const at = y + 24 + (rtl ? (wide ? 18 : 50) : 0) + k * 23;
    let x = 130;
    nodes.push(label(0, at + 4, fit(method.name, 96, 12, false), { weight: 500, fill: "ink" }), label(122, at + 4, cell.pieces.length, { anchor: "end", mono: true, fill: "ink2" }));
    for (const [text, unknown] of cell.pieces) {
      const [node, w] = symbolChip(x, at, text, unknown ? { colour: "neg", ink: "neg" } : { fill: "wash" });
      if (x + w > g.width - 14) { nodes.push(label(x, at + 4, "…", { fill: "ink3" })); break; }
      nodes.push(node);
      x += w + 2;
    }
  });
  return nodes;
}

export const languages = {
  init: (data, local) => ({ data, language: local.language ?? data.languages.findIndex((l) => l.code === "fi") }),

  draw(g, data, local) {
    const wide = g.width >= 720;
    const rate = local.sel.rate ?? "text";
    const shown = wide ? data.methods : data.methods.filter((m) => m.id === data.narrow);
    const left = wide ? LANGUAGE.name + LANGUAGE.bytes : 96;
    const w = (g.width - left) / shown.length;
    const top = wide ? LANGUAGE.top : 166;
    const english = data.languages[0];
    g.part("head", [rate, wide], () => [
      label(0, 18, wide ? "The same sentences cost more in other languages" : "Other languages cost more tokens", { weight: 600, fill: "ink", size: 16 }),
      wide && label(LANGUAGE.name + LANGUAGE.bytes - 14, top - 12, "bytes each", { anchor: "end", fill: "ink3" }),
      label(0, top - 12, wide ? "Language" : "", { weight: 600, fill: "ink" }),
      shown.map((m, k) => label(left + (k + 1) * w - 10, top - 12, fit(m.name, w - 14, 12, false), { anchor: "end", weight: 600, fill: "ink" })),
      h("path", { d: `M0,${top - 4}H${g.width}`, stroke: css("line") }),
    ]);
    let x = wide ? g.width - 384 : 0;
    Object.entries(RATES).forEach(([id, name], k) => {
      const width = wide ? 92 : (g.width - 12) / 2;
      g.overlay(`rate ${id}`, { left: wide ? x + k * 97 : (k % 2) * (width + 12), top: wide ? 0 : 40 + 50 * Math.floor(k / 2), width, height: wide ? 28 : 44 },
        () => html("button", { type: "button", class: "gb-button tok-button tok-rate", click: () => g.select({ rate: id }) }, name),
        (node) => node.setAttribute("aria-pressed", String(rate === id)));
    });
    data.languages.forEach((language, i) => {
      const y = top + 12 + i * LANGUAGE.pitch;
      const on = i === local.language;
      g.part(`language ${language.code}`, [rate, on, wide], () => h("g", { class: "gb-hot", "data-language": i },
        h("rect", { x: 0, y: y - 10, width: g.width, height: 20, rx: 4, fill: on ? css("accent-soft") : "transparent" }),
        label(6, y + 4, language.name, { weight: on ? 600 : 500, fill: on ? "accent" : "ink" }),
        wide && label(LANGUAGE.name + LANGUAGE.bytes - 14, y + 4, num(language.bytes / language.characters, 2), { anchor: "end", mono: true, fill: "ink2" }),
        shown.map((m, k) => {
          const most = Math.max(1e-9, ...data.languages.map((l) => (l.cells[m.id].unknown ? 0 : rateOf(l, l.cells[m.id], rate) ?? 0)));
          return languageCell(g, left + k * w + 8, y, w - 8, language, english, m.id, rate, most);
        })));
    });
    const end = top + 12 + data.languages.length * LANGUAGE.pitch;
    g.part("why", [end], () => sentence(0, end + 12, g.width, "Why: a vocabulary is spent on what its corpus repeats, and most of these corpora are English. Long words that rarely come again (Finnish) fall into many pieces; other scripts begin with two or three bytes a character (Hindi), and few of those were ever merged. Lost: at least one of its tokens is [UNK], so the text cannot be read back and its count says nothing of the cost.", { lines: wide ? 3 : 9 }));
    const detail = end + (wide ? 72 : 166);
    g.part("detail", [local.language, detail], () => languageDetail(g, data, local, detail));
    g.height = detail + (wide ? 48 : 80) + data.methods.length * 23;
    if (!local.listening) {
      local.listening = true;
      g.svg.addEventListener("click", (event) => {
        const row = event.target.closest("[data-language]");
        if (row) { local.language = Number(row.dataset.language); g.redraw(); }
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
    return `Tokens for the same sentences in ${data.languages.length} languages. ${language.name}: ${data.methods.map((m) => `${m.name} ${language.cells[m.id].tokens}`).join(", ")}.`;
  },

  state: (data, local) => ({
    rate: local.sel.rate ?? "text", language: data.languages[local.language].code,
    tokens: Object.fromEntries(data.languages.map((l) => [l.code, Object.fromEntries(data.methods.map((m) => [m.id, l.cells[m.id].tokens]))])),
  }),
};
