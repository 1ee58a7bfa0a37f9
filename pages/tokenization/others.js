// "How it learned" of the rows without merges of their own: Unigram's rounds, the most frequent signs and words,
// and what is known of a published vocabulary.

import { counted } from "../../app/kit/counts.js";
import { clamp, css, fit, h, label, num, thousands } from "../../app/kit/shapes.js";
import { sentence } from "./cut.js";
import { dotted } from "./layout.js";
import {
  LEARN, STEPPED, drawLearn, mergesAt, setMerge, slider, smallText, stepsOf, symbolChip, walkButtons,
} from "./learn.js";

/** What Back, Next, Play and the slider walk through in the chosen row: merges, or Unigram's rounds; null for neither. */
export function walkOf(local) {
  const { g } = local;
  const steps = stepsOf(local);
  if (steps) return { n: steps.n, at: mergesAt(local, steps), go: (m, tell) => setMerge(g, local, m, tell) };
  const rounds = local.sel.method === "unigram" && local.learned?.unigram?.rounds;
  if (!rounds) return null;
  const n = rounds.length - 1;
  const at = local.sel.round < 0 ? n : clamp(local.sel.round, 0, n);
  const go = (k, tell = true) => {
    const round = clamp(k, 0, n) === n ? -1 : clamp(k, 0, n);
    if (tell) g.select({ round });
    else { local.sel.round = round; g.redraw(); }
  };
  return { n, at, go };
}

/** Bars of how many entries each round leaves; the chosen one filled. */
function roundBars(box, rounds, at) {
  const y = box.y + LEARN.curve - 6;
  const height = LEARN.curveHeight;
  const most = Math.max(...rounds.map((r) => r.after), 1);
  const w = (box.w - 14) / Math.max(1, rounds.length - 1);
  const thick = Math.min(20, w * 0.7);
  return rounds.map((r, i) => {
    const tall = Math.max(2, (height * r.after) / most);
    const x = clamp(box.x + 7 + i * w - thick / 2, box.x, box.x + box.w - thick);
    return h("rect", { x, y: y + height - tall, width: thick, height: tall, rx: 2, fill: css(i === at ? "accent" : "res"), opacity: i === at ? 1 : 0.45 });
  });
}

function roundSentence(box, rounds, at) {
  const r = rounds[at];
  const said = at === 0
    ? `Start: ${thousands(r.after + 1)} candidates${r.repeated > r.after ? ` of ${thousands(r.repeated)}` : ""}${box.w < 560 ? "" : ": signs, [UNK] and repeated stretches (to 16 letters)"}.`
    : r.gone.length ? `Of ${counted(r.before + 1, "entry")} ([UNK] counted) ${thousands(r.before - r.after)} go${box.w < 480 ? "" : ": the corpus hardly misses them"}.`
      : `${counted(r.after + 1, "entry")} ([UNK] counted), ${box.w < 480 ? "fitted once more" : "their probabilities fitted to the corpus once more"}.`;
  return label(box.x, box.y + LEARN.said + 4, fit(said, box.w, 12, false), { fill: "ink2" });
}

function lossTable(x, y, w, title, losses, empty) {
  const max = Math.max(1e-12, ...losses.map((l) => l.loss));
  return [
    label(x, y, fit(title, w - 36, 12, false), { weight: 600, fill: "ink" }),
    label(x + w, y, "loss", { anchor: "end", fill: "ink3" }),
    !losses.length && sentence(x, y + 22, w, empty, { fill: "ink3" }),
    losses.slice(0, 5).map((l, k) => {
      const at = y + 16 + k * LEARN.row;
      const [node, used] = symbolChip(x, at, fit(dotted(l.shown), 92, 12));
      const instead = l.alternative.length ? l.alternative.map((t) => dotted(t)).join(" ") : "nothing";
      return h("g", {}, node,
        label(x + used + 6, at + 4, fit(`→ ${instead}`, w - used - 70, 12), { mono: true, fill: "ink3" }),
        label(x + w, at + 4, lossText(l.loss), { anchor: "end", mono: true, fill: "ink2" }));
    }),
  ];
}
const lossText = (x) => (!Number.isFinite(x) ? "∞" : Math.abs(x) < 1e-6 ? "0" : smallText(x, 2));

function likelihoodLine(r) {
  if (!r.likelihoods.length) return "How probable the corpus is with an entry, and without it, decides what goes.";
  const [first, last] = [r.likelihoods[0], r.likelihoods[r.likelihoods.length - 1]];
  return `log p of the corpus ${thousands(num(first, 0))}, fitted ${thousands(num(last, 0))}. Loss: what it falls by without the entry.`;
}

function drawRounds(g, data, local, box) {
  const { rounds } = local.learned.unigram;
  const walk = walkOf(local);
  const r = rounds[walk.at];
  const wide = g.width >= 720;
  // The last round only fits probabilities: what went before it stands here, so that something is to be seen.
  const went = r.gone.length || !walk.at ? walk.at : rounds.findLastIndex((round) => round.gone.length);
  const pruned = rounds[Math.max(0, went)];
  const goes = went === walk.at || went < 0 ? "Goes: least missed" : `Went last, in round ${went}: least missed`;
  const gains = [...pruned.gone, ...pruned.kept].some((l) => l.loss < -1e-6);
  walkButtons(g, local, box, walk);
  g.part("learn", ["unigram", walk.at, box], () => {
    const w = wide ? box.w / 2 - 14 : box.w;
    return [
      label(box.x, box.y + LEARN.title, [h("tspan", { "font-weight": 600, fill: css("ink"), "font-size": 14 }, "How Unigram learned"),
        wide && h("tspan", { dx: 8 }, `round ${walk.at} of ${walk.n}`)]),
      roundSentence(box, rounds, walk.at),
      roundBars(box, rounds, walk.at),
      lossTable(box.x, box.y + LEARN.table, w, goes, pruned.gone, "Nothing goes in this round."),
      lossTable(wide ? box.x + box.w / 2 + 14 : box.x, box.y + LEARN.table + (wide ? 0 : 132), w, "Stays: most missed", went === walk.at ? r.kept : pruned.kept, "Not measured in this round."),
      sentence(box.x, box.y + LEARN.table + (wide ? 122 : 256), box.w, (wide && box.w < 560 && r.likelihoods.length ? "Loss: what log p of the corpus falls by without it." : likelihoodLine(r)) + (gains ? " Below 0: it rises." : " (In nats.)"), { fill: "ink3", lines: wide ? 1 : 3 }),
    ];
  });
  slider(g, box, box.y + LEARN.slider, walk, "Round of pruning");
  return LEARN.table + (wide ? 140 : 296);
}

/** The most frequent signs or words, and where the list was cut off. */
function drawCounts(g, data, local, box) {
  const row = local.rows.find((r) => r.id === local.sel.method);
  const learned = local.learned?.[local.sel.method];
  g.part("learn", [local.sel.method, box, local.sel.word], () => {
    const head = label(box.x, box.y + LEARN.title, `How ${row.name.toLowerCase()} become a vocabulary`, { weight: 600, fill: "ink", size: 14 });
    const list = learned.top;
    const perColumn = Math.max(4, Math.floor((box.h - 96) / 20));
    const columns = box.w >= 480 ? 3 : 2;
    const w = box.w / columns - 16;
    const max = list[0]?.[1] ?? 1;
    return [head,
      sentence(box.x, box.y + LEARN.said + 2, box.w, learned.said),
      list.slice(0, perColumn * columns).map(([text, count], k) => {
        const x = box.x + Math.floor(k / perColumn) * (w + 24);
        const y = box.y + 84 + (k % perColumn) * 20;
        const [node] = symbolChip(x, y, fit(dotted(text), 78, 12));
        return h("g", {}, node,
          h("rect", { x: x + 92, y: y - 4, width: Math.max(1, ((w - 150) * count) / max), height: 8, rx: 2, fill: css("res"), opacity: 0.6 }),
          label(x + w, y + 4, thousands(count), { anchor: "end", mono: true, fill: "ink2" }));
      })];
  });
  const rows = Math.ceil(Math.min(learned?.top.length ?? 0, 40) / (box.w >= 480 ? 3 : 2));
  return 84 + 20 * Math.min(rows, Math.max(4, Math.floor((box.h - 96) / 20)));
}

/** A vocabulary that came ready: what it is, and the merges that this word needs, in the order of their learning. */
function drawReady(g, data, local, box) {
  const row = local.rows.find((r) => r.id === local.sel.method);
  const machine = data.machines[local.sel.method];
  g.part("learn", [local.sel.method, local.sel.word, box], () => {
    const turns = [...new Map((machine?.turns ?? []).map((t) => [t.rank, t])).values()].sort((a, b) => a.rank - b.rank);
    const perColumn = Math.max(3, Math.floor((box.h - 110) / 22));
    return [
      label(box.x, box.y + LEARN.title, `What is known of ${row.name}`, { weight: 600, fill: "ink", size: 14 }),
      sentence(box.x, box.y + LEARN.said + 2, box.w, row.about, { lines: 3 }),
      turns.length > 0 && label(box.x, box.y + 104, `Of its ${counted(row.merges, "merge")} this word needs, oldest first`, { weight: 600, fill: "ink" }),
      turns.slice(0, perColumn * 2).map((t, k) => {
        const x = box.x + Math.floor(k / perColumn) * (box.w / 2);
        const y = box.y + 122 + (k % perColumn) * 22;
        const number = `#${thousands(t.rank + 1)}`;
        const [a, aw] = symbolChip(x + 64, y, t.left);
        const [b, bw] = symbolChip(x + 68 + aw, y, t.right);
        const [c] = symbolChip(x + 90 + aw + bw, y, t.made, { on: true });
        return h("g", {}, label(x + 54, y + 4, number, { anchor: "end", mono: true, fill: "ink3" }), a, b, label(x + 74 + aw + bw, y + 4, "→", { fill: "ink3" }), c);
      }),
    ];
  });
  const merges = new Set((machine?.turns ?? []).map((t) => t.rank)).size;
  return merges ? 110 + 22 * Math.min(merges, Math.max(3, Math.floor((box.h - 110) / 22))) : 96;
}

export function drawLearned(g, data, local, box) {
  const { method } = local.sel;
  if (!["model", "gpt2", "cl100k", "smollm2", "bert"].includes(method) && !local.learned?.[method]) {
    g.part("learn", [method, box], () => label(box.x, box.y + 44, "Comes when the vocabulary is learned.", { fill: "ink3" }));
    return 120;
  }
  if (STEPPED.includes(method)) return drawLearn(g, data, local, box);
  if (method === "unigram") return drawRounds(g, data, local, box);
  return method === "characters" || method === "words" ? drawCounts(g, data, local, box) : drawReady(g, data, local, box);
}
