// What stands where: text and lookup at the left, the map with its neighbours at the right, the analogy below the map.

import { counted } from "../../app/kit/counts.js";
import {
  MONO, chip, clamp, css, fit, h, heat, heatImage, inLines, label, measure, num, thousands, tokenSpans, visible,
  wire,
} from "../../app/kit/shapes.js";
import { stepMode } from "../../app/kit/steps.js";

export const stages = stepMode("stage", ["Words", "One-hot row", "Times the table", "The row", "Map", "Neighbours", "Analogy"]);
export const [CUT, HOT, TABLE, ROW, MAP, NEAR] = [0, 1, 2, 3, 4, 5];
const TALL = 500;

export function plan(g) {
  const w = g.width;
  if (w < 760) {
    return {
      phone: true, chips: { x: 0, y: 16, w, lines: 3 }, lookup: { x: 0, y: 146, w }, other: { x: 0, y: 468, w }, map: { left: 0, top: 542, width: w, height: 320 },
      list: { x: 0, y: 888, w, pitch: 28 }, analogy: { x: 0, y: 1330, w }, words: { x: 0, y: 468, w }, height: 1446,
    };
  }
  const left = Math.round(clamp(w * 0.375, 330, 420));
  const x = left + 26;
  const side = 168;
  return {
    phone: false, chips: { x: 0, y: 12, w: left, lines: 2 }, lookup: { x: 0, y: 102, w: left }, other: { x: 0, y: 428, w: left },
    map: { left: x, top: 0, width: w - x - side - 16, height: 424 }, list: { x: w - side, y: 12, w: side, pitch: 26 },
    analogy: { x, y: 438, w: w - x }, words: { x, y: 20, w: w - x }, height: TALL,
  };
}

export const percent = (share, digits = 1) => `${num(100 * share, digits)} %`;
/** A word inside a sentence. */
export const word = (text) => `“${visible(text)}”`;

/** What a step does, said with the picture's own numbers. */
export const WORDS = [
  (d) => [`A model cannot multiply letters. So your text is cut into ${d.table.id === "model" ? "tokens" : "words"}, and a list of ${thousands(d.table.size)} gives each its number.`, `${word(d.subject.word)} is number ${thousands(d.subject.row)}, counted from 0.`],
  (d) => [`The number becomes a row x with a place for each of the ${counted(d.table.size, "word")}: 1 at place ${thousands(d.subject.row)}, 0 everywhere else.`, "It is called one-hot. All such rows are equally far from each other: nothing in them says which words are alike."],
  (d) => [`The table E has ${counted(d.table.dims, "number")} for each word, ${thousands(d.table.size * d.table.dims)} in all. They were learned from text.`, "x times E multiplies each row of E by its word’s place in x: by 0, all but one.", "Green is above 0, brown below."],
  (d) => [`Added up, one row is left: row ${thousands(d.subject.row)} as it stands in the table. So no program multiplies: it reads the row.`, `These ${counted(d.table.dims, "number")} are the embedding of ${word(d.subject.word)}, and all that is handed on of it.`],
  (d) => [`${counted(d.table.dims, "number")} are an arrow in ${d.table.dims} dimensions. The map shows the plane in which all ${thousands(d.table.shown)} arrows differ most: ${percent(d.map.share)} of their spread.`],
  (d) => (d.near.length ? [`Words are alike when their arrows point the same way. Cosine of ${word(d.subject.word)} and ${word(d.near[0].word)}: product ${num(d.near[0].dot, 2)} ÷ lengths ${num(d.lookup.length, 2)} × ${num(d.near[0].length, 2)} = ${num(d.near[0].cosine, 3)}.`] : ["Words are alike when their arrows point the same way."]),
];

export function drawWords(g, data, at, step) {
  if (step >= stages.last) return;
  const low = step >= MAP;
  const box = low ? at.analogy : at.words;
  g.part("step", [step, box], () => {
    const out = [];
    let y = box.y + 14;
    for (const text of WORDS[step](data)) {
      for (const line of inLines(text, Math.min(box.w, 560), 14)) { out.push(label(box.x, y, line, { size: 14, fill: "ink" })); y += 20; }
      y += 8;
    }
    if (!low) out.push(step === CUT ? drawNumbers(data, box.x, y + 8, Math.min(box.w, 560)) : drawProduct(g, data, box.x, y + 16, Math.min(box.w, 560), step));
    return out;
  });
}

/** The text's words with their numbers. */
function drawNumbers(data, x, y, w) {
  const across = w < 420 ? 2 : 3;
  return data.pieces.slice(0, 10 * across).map((one, i) => {
    const [left, top] = [x + ((i % across) * w) / across, y + 22 * Math.floor(i / across)];
    const chosen = i === data.subject.at;
    return [h("text", { x: left, y: top + 14, "font-family": MONO, "font-size": 13, fill: css(chosen ? "accent" : "ink"), "font-weight": chosen ? 700 : null, direction: "ltr" }, tokenSpans(one.text, 96, 13)),
      label(left + 104, top + 14, one.row === null ? "none" : thousands(one.row), { mono: true, fill: chosen ? "accent" : "ink3", weight: chosen ? 700 : null })];
  });
}

/** x times E is the row: the three of them to scale, as far as a screen can. */
function drawProduct(g, data, x, y, w, step) {
  const share = data.subject.row / Math.max(1, data.table.size - 1);
  const [rowW, tall, tableW] = [Math.round(w * 0.38), 190, Math.round(w * 0.2)];
  const place = (name, left, top, wide, high, title, under) => [
    label(left, top - 8, title, { mono: true, weight: 700, fill: "ink" }), h("rect", { x: left, y: top, width: wide, height: high, fill: css("mid"), stroke: css(name) }),
    label(left, top + high + 16, under, { fill: "ink3" })];
  const at = rowW + 34;
  const out = [place("line", x, y + 20, rowW, 14, "x", `1 × ${thousands(data.table.size)}, one-hot`),
    h("rect", { x: x + share * (rowW - 3), y: y + 20, width: 3, height: 14, fill: css("accent") })];
  if (step >= TABLE) {
    out.push(label(x + rowW + 17, y + 32, "×", { anchor: "middle", size: 16 }), place("line", x + at, y + 20, tableW, tall, "E", `${thousands(data.table.size)} × ${data.table.dims}`),
      h("rect", { x: x + at, y: y + 20 + share * (tall - 3), width: tableW, height: 3, fill: css("accent") }),
      h("path", { d: wire([[x + share * (rowW - 3) + 1.5, y + 52], [x + share * (rowW - 3) + 1.5, y + 21.5 + Math.max(share * (tall - 3), 46)], [x + at - 4, y + 21.5 + Math.max(share * (tall - 3), 46)]]), fill: "none", stroke: css("accent"), "stroke-width": 1.5, opacity: share * tall > 46 ? 1 : 0 }));
  }
  if (step >= ROW) out.push(label(x + at + tableW + 17, y + 32, "=", { anchor: "middle", size: 16 }), place("accent", x + at + tableW + 34, y + 20, tableW, 14, "x E", `1 × ${data.table.dims}`),
    heatImage(x + at + tableW + 34, y + 20, tableW, 14, heat(g.product, 1, g.product.length, (v) => g.signedRgb(v, g.most))));
  return out;
}

/** The text's words as chips, those around the followed one where not all fit. */
export function drawChips(g, data, local, at) {
  const box = at.chips;
  const own = data.table.id === "model";
  g.door("tokenization", { left: box.x - 2, top: box.y - (at.phone ? 16 : 12) }, own ? `Your text in tokens of ${fit(data.table.name, 140, 12, false)}` : `Your text in words of ${data.table.name}`, "How text is cut into tokens");
  const now = data.subject.at ?? -1;
  g.part("chips", [now, box], () => {
    const wide = (one) => clamp(measure(visible(one.text), 13, true) + 14, 26, 110);
    const fits = (from) => {
      let [x, line, i] = [0, 0, from];
      for (; i < data.pieces.length; i++) {
        const w = wide(data.pieces[i]);
        if (x && x + w > box.w) { x = 0; line++; }
        if (line >= box.lines) break;
        x += w + 4;
      }
      return i;
    };
    let from = 0;
    while (now >= 0 && fits(from) <= now) from++;
    const last = fits(from);
    let [x, line] = [0, 0];
    const some = last - from < data.pieces.length && label(box.x + box.w, box.y + 2, `${from + 1} to ${last} of ${data.pieces.length}`, { anchor: "end", fill: "ink3" });
    return [some, ...data.pieces.slice(from, last).map((one, k) => {
      const w = wide(one);
      if (x && x + w > box.w) { x = 0; line++; }
      const node = h("g", { class: "gb-hot", "data-piece": from + k, opacity: one.row === null ? 0.6 : 1, click: () => followPiece(g, data, local, from + k) },
        chip(g, box.x + x, box.y + 26 + 30 * line, w, one.text, { selected: from + k === now, faint: one.row === null }));
      x += w + 4;
      return g.tip(node, one.row === null ? `${visible(one.text)}\nnot in this table` : `${visible(one.text)}\nrow ${thousands(one.row)}`);
    })];
  });
}

export function followPiece(g, data, local, i) {
  const piece = data.pieces[clamp(i, 0, data.pieces.length - 1)];
  if (piece) g.select({ follow: i >= data.pieces.length - 1 ? -1 : piece.follow, seek: "" });
}
