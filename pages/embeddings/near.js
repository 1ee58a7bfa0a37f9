// The map and what is read off it: the nearest words with their cosines, a lasso's words, and the analogy as arrows.

import { counted } from "../../app/kit/counts.js";
import {
  MONO, clamp, css, fit, h, html, inLines, label, num, thousands, tokenSpans, visible,
} from "../../app/kit/shapes.js";
import { wordmap } from "../../app/kit/wordmap.js";
import { MAP, NEAR, percent, stages } from "./layout.js";

const LETTERS = /^[^\\]*\p{L}{2}/u; // no single signs, no bytes

/** The map of all words, with the text's words, the neighbours and the analogy's arrows on it. */
export function drawMapOf(g, data, local, at, step) {
  if (step < MAP || !local.points || !local.words) { local.map = null; return; }
  const { shown } = data.table;
  const near = step >= NEAR ? data.near : [];
  const analogy = step >= stages.last && data.gaze === "analogy" && data.analogy.ends ? data.analogy : null;
  const marks = new Map();
  const add = (id, mark) => { if (id !== null && id !== undefined && id < shown && !marks.has(id)) marks.set(id, { id, ...mark }); };
  if (analogy) {
    analogy.rows.forEach((row) => add(row, { colour: "accent" }));
    add(analogy.answers[0].row, { colour: "accent", size: 6 });
  } else {
    add(data.subject.row, { colour: "accent", size: 6 });
    if (data.gaze === "all") data.pieces.forEach((one) => add(one.row, { colour: "ink", ink: "ink" }));
    near.forEach((one) => add(one.row, { colour: "accent", size: 3 }));
  }
  const end = (i) => (i < 4 && rowAt(analogy, i) < shown ? rowAt(analogy, i) : analogy.ends[i]);
  const focus = analogy ? [0, 1, 2, 3, 4].map((i) => analogy.ends[i])
    : data.gaze === "near" && near.length ? [data.subject.row, ...near.map((one) => one.row)].filter((row) => row < shown) : null;
  local.map = wordmap(g, "words", at.map, {
    title: `${counted(shown, "word")} of ${data.table.name}`, words: local.words, points: local.points, shades: step >= NEAR ? local.shades : local.flat,
    marks: [...marks.values()], selected: local.lasso ?? [], most: at.phone ? 14 : 26, labelled: (id) => LETTERS.test(local.words[id]),
    arrows: analogy ? analogy.arrows.map(([from, to], k) => ({ from: end(from), to: end(to), colour: "accent", dash: k ? [6, 4] : null })) : [],
    focus: { key: `${data.map.key} ${data.gaze} ${analogy ? data.analogy.written.join(" ") : ""}`, ids: focus },
    tip: (id) => `${visible(local.words[id])}\nrow ${thousands(id)}`,
    onpick: (id) => seekWord(g, local, local.words[id]), onlasso: (ids) => { local.lasso = ids.length ? ids : null; g.redraw(); },
    onsearch: (text) => g.select({ seek: text }), caption: analogy ? "the plane of the three words" : data.gaze === "near" ? at.phone ? `${percent(data.map.share, 0)} of their spread` : `the plane in which these words differ most: ${percent(data.map.share, 0)}` : at.phone ? `${percent(data.map.share, 0)} of the spread` : `the plane of largest spread: ${percent(data.map.share, 0)} of it`,
    found: local.sel.seek ?? "", said: data.subject.offers.length ? data.subject.said.replace(/did you mean.*$/, "did you mean") : data.subject.said, offers: data.subject.offers,
  });
}
const rowAt = (analogy, i) => (i < 3 ? analogy.rows[i] : analogy.answers[0].row);
const seekWord = (g, local, text) => { local.lasso = null; g.select({ seek: text }); };

/** The neighbours, best first; while there is a lasso, its words. */
export function drawList(g, data, local, at, step) {
  const box = at.list;
  if (step < NEAR) return;
  const lasso = local.lasso;
  const many = at.phone ? 14 : Math.floor((at.map.height - 44) / box.pitch);
  if (lasso) g.overlay("unlasso", { left: box.x + box.w - 54, top: box.y - 14, width: 54 }, () => html("button", { type: "button", class: "gb-map-button gb-unlasso", click: () => { local.lasso = null; g.redraw(); } }, "Clear"));
  g.part("list", [step, lasso, box, local.hovered], () => {
    const row = (text, i, cosine, id, written = true) => {
      const y = box.y + 30 + i * box.pitch;
      const bars = box.w - 42;
      const node = h("g", { class: "gb-hot", "data-near": id, click: () => seekWord(g, local, text) },
        h("rect", { x: box.x - 4, y: y - 2, width: box.w + 8, height: box.pitch, rx: 4, fill: "transparent" }),
        cosine !== null && h("rect", { x: box.x, y: y + box.pitch - 7, width: Math.max(1, bars * clamp(cosine, 0, 1)), height: 3, rx: 1.5, fill: css("accent"), opacity: 0.75 }),
        h("text", { x: box.x, y: y + 13, "font-family": MONO, "font-size": 13, fill: css("ink"), direction: "ltr" }, tokenSpans(text, bars, 13)),
        cosine !== null && label(box.x + box.w, y + 13, num(cosine, 3), { anchor: "end", mono: true, fill: "accent" }));
      return cosine === null || !written ? node : g.tip(node, `${visible(text)}, row ${thousands(id)}\n${num(data.near[i].dot, 3)} ÷ (${num(data.lookup.length, 3)} × ${num(data.near[i].length, 3)}) = ${num(cosine, 4)}`);
    };
    if (lasso) {
      return [label(box.x, box.y, `${thousands(lasso.length)} in the lasso`, { weight: 600, fill: "ink" }),
        lasso.slice(0, many).map((id, i) => row(local.words[id], i, null, id)),
        lasso.length > many && label(box.x, box.y + 42 + many * box.pitch, `and ${thousands(lasso.length - many)} more`, { fill: "ink3" })];
    }
    if (data.gaze === "analogy" && !data.analogy.said && step >= stages.last) {
      const [a, b, c] = data.analogy.words.map((text) => visible(text).replace(/^·/, ""));
      return [label(box.x, box.y, fit(`${b} − ${a} + ${c}`, box.w - 44, 12, false), { weight: 600, fill: "ink" }), label(box.x + box.w, box.y, "cosine", { anchor: "end", fill: "ink3" }),
        label(box.x, box.y + 18, "the three left out", { fill: "ink3" }), data.analogy.answers.slice(0, many).map((one, i) => row(one.word, i, one.cosine, one.row, false))];
    }
    return [label(box.x, box.y, fit(`Nearest to ${visible(data.subject.word)}`, box.w - 44, 12, false), { weight: 600, fill: "ink" }), label(box.x + box.w, box.y, "cosine", { anchor: "end", fill: "ink3" }),
      label(box.x, box.y + 18, `of ${counted(data.table.size, "word")}`, { fill: "ink3" }),
      data.near.slice(0, many).map((one, i) => row(one.word, i, one.cosine, one.row))];
  });
}

/** king − man + woman: three boxes to write in, and the words nearest to where the arrow ends. */
export function drawAnalogy(g, data, local, at, step) {
  if (step < stages.last) return;
  const box = at.analogy;
  const a = data.analogy;
  const wide = at.phone ? Math.floor((box.w - 60) / 3) : 92;
  const order = [1, 0, 2]; // b − a + c
  const y = box.y + 22;
  const x = (k) => box.x + k * (wide + 24);
  order.forEach((which, k) => g.overlay(`analogy ${which}`, { left: x(k), top: y, width: wide }, () => html("input", {
    class: "gb-word", type: "text", "data-analogy": which, "aria-label": ["Analogy: this", "is to this", "as this"][which], spellcheck: "false", autocomplete: "off",
    onchange: () => writeAnalogy(g, local), onkeydown: (event) => { if (event.key === "Enter") writeAnalogy(g, local); },
  }), (node) => { const text = writtenOf(data, local)[which]; if (document.activeElement !== node && node.value !== text) node.value = text; }));
  const signs = ["−", "+", "≈"];
  g.part("analogy", [box, a], () => {
    const plain = (i) => visible(a.words?.[i] ?? a.written[i]).replace(/^·/, "");
    const out = [label(box.x, box.y + 10, fit(`Analogy: ${plain(0)} is to ${plain(1)} as ${plain(2)} is to …`, box.w, 12, false), { weight: 600, fill: "ink" }),
      signs.map((sign, k) => (at.phone && k === 2 ? null : label(x(k) + wide + 12, y + 21, sign, { anchor: "middle", size: 16, fill: "ink2" })))];
    const [left, top] = at.phone ? [box.x, y + 68] : [x(3), y + 20];
    const room = at.phone ? box.w : box.x + box.w - left;
    if (a.said) {
      inLines(a.said, room).slice(0, 3).forEach((line, i) => out.push(label(left, top - 8 + 16 * i, line, { fill: "neg" })));
      return out;
    }
    const each = room / 3;
    a.answers.slice(0, 3).forEach((one, i) => out.push(h("g", { class: "gb-hot", "data-answer": one.row, click: () => seekWord(g, local, one.word) },
      h("rect", { x: left + i * each, y: top - 16, width: each - 6, height: 38, fill: "transparent" }),
      h("text", { x: left + i * each, y: top - 1, "font-family": MONO, "font-size": i ? 13 : 15, "font-weight": i ? null : 700, fill: css(i ? "ink2" : "accent"), direction: "ltr" }, tokenSpans(one.word, each - 8, i ? 13 : 15)),
      label(left + i * each, top + 16, num(one.cosine, 3), { mono: true, fill: i ? "ink3" : "accent" }))));
    return out;
  });
}
/** The three words as the boxes hold them: the page may not have heard of the last one yet. */
const writtenOf = (data, local) => (local.sel.analogy ? local.sel.analogy.split("|") : data.analogy.written);
function writeAnalogy(g, local) {
  const said = [0, 1, 2].map((i) => g.figure.querySelector(`[data-analogy="${i}"]`).value.trim().replaceAll("|", "")).join("|");
  if (said !== local.sel.analogy) g.select({ analogy: said, gaze: "analogy" });
}
