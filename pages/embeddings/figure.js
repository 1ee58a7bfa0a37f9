// Embeddings: a word's row by a one-hot product (lookup.js), all words on a map, neighbours and an analogy (near.js).

import { counted } from "../../app/kit/counts.js";
import { mount } from "../../app/kit/glass.js";
import { num, thousands, unpack, visible } from "../../app/kit/shapes.js";
import { WORDS, drawChips, drawWords, followPiece, plan, stages } from "./layout.js";
import { drawLookup, drawOther } from "./lookup.js";
import { drawAnalogy, drawList, drawMapOf } from "./near.js";

// Maps and lists of words are large: each is sent once, and kept here under its key while the page is open.
const KEPT = ((window.glassbox ??= {}).maps ??= new Map());

function kept(what, read) {
  if (what.sent !== undefined) {
    KEPT.delete(what.key);
    KEPT.set(what.key, read(what.sent));
    if (KEPT.size > 14) KEPT.delete(KEPT.keys().next().value);
  }
  return KEPT.get(what.key) ?? null;
}

const embeddings = {
  init(data, local, before) {
    const same = before && before.stamp === data.stamp;
    const points = kept(data.map, unpack);
    const words = kept(data.words, JSON.parse);
    const shades = same ? local.shades : unpack(data.shades);
    return {
      points, words, shades, flat: local.flat?.length === shades.length ? local.flat : new Uint8Array(shades.length).fill(24),
      values: unpack(data.lookup.values), product: unpack(data.lookup.product), other: data.other?.values ? unpack(data.other.values) : null,
      lasso: before?.table.id === data.table.id && before?.table.name === data.table.name ? local.lasso : null,
    };
  },

  draw(g, data, local) {
    const lacks = [local.points ? "" : data.map.key, local.words ? "" : data.words.key].filter(Boolean);
    if (lacks.length && local.asked !== lacks.join()) {
      local.asked = lacks.join();
      g.send("need", { keys: lacks, at: Date.now() });
    } else if (!lacks.length) local.asked = "";
    const at = plan(g);
    const step = stages.of(local);
    g.height = at.height;
    stages.bar(g, local);
    drawChips(g, data, local, at);
    drawLookup(g, data, local, at, step);
    drawOther(g, data, local, at, step);
    drawMapOf(g, data, local, at, step);
    drawList(g, data, local, at, step);
    drawAnalogy(g, data, local, at, step);
    drawWords(g, data, at, step);
  },

  key(event, g, data, local) {
    const now = data.subject.at ?? data.pieces.length - 1;
    if (event.key === "ArrowUp" || event.key === "ArrowDown") followPiece(g, data, local, now + (event.key === "ArrowUp" ? -1 : 1));
    else if (stages.key(event, g, local)) return true;
    else if (event.key === "Escape") {
      if (stages.halt(g, local)) return true;
      if (local.lasso) { local.lasso = null; g.redraw(); }
      else if (local.sel.seek) g.select({ seek: "" });
      else if (!stages.whole(g, local)) g.visit("home");
    } else return false;
    return true;
  },

  describe(data, local) {
    const a = data.analogy;
    const step = stages.of(local);
    const told = step < stages.last ? `Step ${step + 1}, ${stages.names[step]}: ${WORDS[step](data).join(" ")} ` : "";
    const text = data.tokens.slice(0, 24).map(visible).join(" ");
    return `${told}The text ${text}${data.tokens.length > 24 ? " …" : ""}. ${visible(data.subject.word)} is row ${thousands(data.subject.row)} of ${thousands(data.table.size)} in ${data.table.name}: ${counted(data.table.dims, "number")}, the first ${Array.from(local.product.subarray(0, 4), (v) => num(v, 3)).join(", ")}. ` +
      `Nearest: ${data.near.slice(0, 5).map((one) => `${visible(one.word)} ${num(one.cosine, 3)}`).join(", ")}. ` +
      (a.said ? `Analogy: ${a.said}` : `${visible(a.words[0])} is to ${visible(a.words[1])} as ${visible(a.words[2])} is to ${visible(a.answers[0].word)}, cosine ${num(a.answers[0].cosine, 3)}.`) +
      (data.subject.said ? ` ${data.subject.said}` : "");
  },

  state(data, local) {
    const a = data.analogy;
    return {
      table: data.table, gaze: data.gaze, tokens: data.tokens, pieces: data.pieces.map((one) => one.text), at: data.subject.at, word: data.subject.word, row: data.subject.row,
      said: data.subject.said, offers: data.subject.offers, rows: data.lookup.rows, oneHot: data.lookup.one_hot, product: Array.from(local.product.subarray(0, 8)), length: data.lookup.length,
      near: data.near, other: data.other && data.other.row !== null ? { row: data.other.row, word: data.other.word, near: data.other.near } : null,
      analogy: { words: a.written, answers: a.answers, said: a.said, ends: a.ends ?? null }, map: local.map?.summary() ?? null, share: data.map.share,
      lasso: (local.lasso ?? []).slice(0, 50).map((id) => local.words[id]), stage: stages.state(local),
    };
  },
};

export default mount("embeddings", embeddings);
