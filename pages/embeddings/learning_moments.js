// The moments of a run of words: those that came with the page, or those of a run, fetched one by one as they are looked
// at and kept. Nothing is computed here.

import { unpack } from "../../app/kit/shapes.js";

const KEPT_MOMENTS = 160;

/** The steps of the moments that can be looked at. */
export function stepsOf(data, local) {
  const feed = local.chart?.feeds[0];
  return data.own ? (feed ? feed.checkpoints.map((one) => one.step) : []) : data.steps;
}
/** Which moment is looked at: played, chosen, or the last one. -1: there is none yet. */
export function momentOf(data, local, steps) {
  const chosen = local.played ?? local.sel[data.mode === "learn" ? "glimpse" : "frame"] ?? -1;
  return chosen < 0 || chosen >= steps.length ? steps.length - 1 : chosen;
}
export const wordOf = (data, local) => local.sel[data.mode === "learn" ? "learnword" : "laidword"] ?? "";

/** What is known of a moment: {step, words, points, near, why, kin}; null while it is on its way. */
export function momentAt(g, data, local, steps, at) {
  if (at < 0) return null;
  if (!data.own) {
    const heard = data.word === wordOf(data, local); // until Python has, the neighbours are another word's
    const near = heard ? data.near?.[at] ?? [] : [];
    return { step: steps[at], words: data.words, points: data.points[at], near: near.map(([word, cosine]) => ({ word, cosine })), why: heard ? data.why ?? "" : "", kin: data.kin?.[at] ?? null };
  }
  const word = data.mode === "learn" ? wordOf(data, local) : "";
  const known = local.moments.get(`${steps[at]} ${word}`);
  if (known) return known;
  ask(g, data, local, steps[at], word);
  return null;
}
function ask(g, data, local, step, word) {
  const key = `${step} ${word}`;
  if (local.asked.has(key)) return;
  local.asked.add(key);
  const moments = local.moments;
  fetch(new URL(`runs/${encodeURIComponent(data.run.id)}/map?step=${step}&word=${encodeURIComponent(word)}`, document.baseURI))
    .then(async (answer) => { const told = await answer.json(); if (!answer.ok) throw new Error(told.why); return told; })
    .then((told) => {
      if (local.moments !== moments) return; // another run is shown by now
      local.words = local.words?.length === told.words.length ? local.words : told.words; // one list for all moments: the map keeps its place
      // One array for each step, whatever the word: the map would take another one for a move.
      const before = [...moments.values()].find((one) => one.step === step);
      moments.set(key, { step, words: local.words, points: before?.points ?? unpack(told.points), near: told.near ?? [], why: told.why ?? "", kin: "kin" in told.health ? [told.health.kin, told.health.chance] : "kept" in told.health ? [told.health.kept, told.health.pca] : null });
      if (moments.size > KEPT_MOMENTS) moments.delete(moments.keys().next().value);
      local.trouble = "";
      g.redraw();
    })
    .catch((why) => {
      if (local.moments !== moments) return;
      local.trouble = String(why.message ?? why);
      setTimeout(() => { local.asked.delete(key); g.redraw(); }, 2000);
    })
    .finally(() => local.asked.delete(key));
}

/** Runs through all moments, from the first to the last; a second call stops it. */
export function play(g, data, local) {
  clearInterval(local.timer);
  local.timer = null;
  if (local.played != null) { local.played = null; g.redraw(); return; }
  const steps = stepsOf(data, local);
  local.played = 0;
  local.timer = setInterval(() => {
    const last = stepsOf(data, local).length - 1;
    if (!g.figure.isConnected || local.played == null || local.played >= last) {
      clearInterval(local.timer);
      local.timer = null;
      local.played = null;
      g.select({ [data.mode === "learn" ? "glimpse" : "frame"]: -1 });
      return;
    }
    local.played++;
    g.redraw();
  }, Math.max(120, Math.min(450, 9000 / Math.max(1, steps.length))));
  g.redraw();
}
