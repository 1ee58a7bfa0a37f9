// A run of words: where the words lie at each of its moments, its curve, and what has become of one word's neighbours.
// moments.js fetches the moments, panels.js draws what stands beside the map.

import { counted } from "../../app/kit/counts.js";
import { mount } from "../../app/kit/glass.js";
import { clamp, css, fit, h, label, num, thousands, unpack } from "../../app/kit/shapes.js";
import { wordmap } from "../../app/kit/wordmap.js";
import { momentAt, momentOf, play, stepsOf, wordOf } from "./learning_moments.js";
import {
  FAMILY_COLOURS, FAMILY_INKS, drawActs, drawBar, drawCurve, drawKin, drawLegend, drawNear, plan,
} from "./learning_panels.js";

export function choose(g, data, local, at) {
  local.played = null;
  const last = stepsOf(data, local).length - 1;
  g.select({ [data.mode === "learn" ? "glimpse" : "frame"]: at >= last ? -1 : Math.max(0, at) });
}
export function follow(g, data, word) {
  g.select({ [data.mode === "learn" ? "learnword" : "laidword"]: word });
}

function drawWords(g, data, local, at, moment) {
  const shown = moment ?? local.shown; // what was there stays until the next one has come
  if (!shown) {
    g.part("no map", null, () => [h("rect", { x: 0.5, y: at.map.top, width: at.map.width - 1, height: at.map.height, rx: 8, fill: css("wash"), stroke: css("line") }),
      label(at.map.width / 2, at.map.top + at.map.height / 2, fit(local.trouble || "The words appear with the first step.", at.map.width - 20, 13, false), { anchor: "middle", size: 13 })]);
    local.map = null;
    return;
  }
  local.shown = shown;
  const { words } = shown;
  if (local.indexed !== words) Object.assign(local, { indexed: words, rows: new Map(words.map((word, i) => [word, i])) });
  const word = wordOf(data, local);
  const row = local.rows.get(word);
  const near = new Set(shown.near.map((one) => local.rows.get(one.word)).filter((id) => id !== undefined));
  const family = (id) => data.familyOf[words[id]];
  const marks = row === undefined ? [] : [{ id: row, colour: "accent", size: 5, label: true }];
  for (const id of near) marks.push({ id, colour: family(id) === undefined ? "ink2" : FAMILY_COLOURS[family(id)], ink: family(id) === undefined ? "ink" : FAMILY_INKS[family(id)], size: 4 });
  if (data.families.length) words.forEach((_, id) => { if (id !== row && !near.has(id) && family(id) !== undefined) marks.push({ id, colour: FAMILY_COLOURS[family(id)], size: 2.5, label: false }); });
  local.map = wordmap(g, "map", at.map, {
    words, points: shown.points, marks, most: at.phone ? 14 : 34, flow: local.played == null ? 300 : 220,
    tip: (id) => (family(id) === undefined ? words[id] : `${words[id]}, of the ${data.families[family(id)]}`),
    onpick: (id) => follow(g, g.data, words[id]), onsearch: (text) => follow(g, g.data, text.trim().toLowerCase()),
    said: row === undefined && word ? (shown.why || "not on this map") : "",
    title: `${counted(words.length, "word")} at step ${thousands(shown.step)}`,
  });
}

const embeddingsLearnView = {
  init(data, local, before) {
    const fresh = !before || before.stamp !== data.stamp;
    if (!data.own) {
      const kept = !fresh && before.points ? before : null;
      data.points = kept ? kept.points : data.places.map(unpack);
      if (kept) data.words = kept.words;
    }
    if (!fresh) return {};
    clearInterval(local.timer);
    return { moments: new Map(), asked: new Set(), words: null, shown: null, played: null, timer: null, trouble: "", lastSteps: [] };
  },

  draw(g, data, local) {
    g.data = data;
    if (data.mode === "settle") g.figure.dataset.component = "embeddings_settle"; // two figures of one view: each has its name
    const at = plan(g, data);
    drawCurve(g, data, local, at);
    const steps = (local.lastSteps = stepsOf(data, local));
    const now = momentOf(data, local, steps);
    const moment = momentAt(g, data, local, steps, now);
    local.now = now;
    local.moment = moment;
    drawWords(g, data, local, at, moment);
    const many = (moment ?? local.shown)?.words.length ?? 0;
    drawLegend(g, data, at, legend(data, many));
    drawBar(g, data, local, at, steps, Math.max(0, now));
    let end = drawActs(g, data, local, at);
    end = drawKin(g, data, moment ?? local.shown, at, end + 8);
    end = drawNear(g, data, local, moment ?? local.shown, at, end + 8);
    g.height = Math.max(end + 8, at.bar + (at.phone ? 52 : 36));
  },

  key(event, g, data, local) {
    const steps = stepsOf(data, local);
    const move = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (move) choose(g, data, local, clamp((local.now ?? 0) + move, 0, steps.length - 1));
    else if (event.key === " ") play(g, data, local);
    else return false;
    return true;
  },

  describe(data, local) {
    const shown = local.moment ?? local.shown;
    if (!shown) return `${data.about}. ${local.said}. No moment to show yet.`;
    const word = wordOf(data, local);
    return `${data.about}. ${local.said}. Map of ${counted(shown.words.length, "word")} at step ${shown.step}.` +
      (shown.kin && data.mode === "settle" ? ` Of a word's 10 nearest by cosine ${num(100 * shown.kin[0], 0)} % are among its 10 nearest on the map; by PCA ${num(100 * shown.kin[1], 0)} %.` : "") +
      (shown.kin && data.mode === "learn" ? ` Of the 5 words nearest to a family's word ${num(100 * shown.kin[0], 0)} % are of its family; chance gives ${num(100 * shown.kin[1], 0)} %.` : "") +
      (shown.near.length ? ` Nearest to ${word}: ${shown.near.map((one) => `${one.word} ${num(one.cosine, 3)}`).join(", ")}.` : "");
  },

  state(data, local) {
    const moment = local.moment;
    return { mode: data.mode, own: data.own, mine: data.mine, run: data.run?.id ?? null, going: local.going, said: local.said, refused: data.refused, note: data.note, cannot: data.cannot,
      steps: local.lastSteps, at: local.now, step: moment?.step ?? null, playing: local.played != null, words: moment?.words.length ?? 0,
      word: wordOf(data, local), near: moment?.near ?? [], why: moment?.why ?? "", kin: moment?.kin ?? null, trouble: local.trouble,
      first: moment ? Array.from(moment.points.subarray(0, 20)) : [], chart: local.chart?.summary() ?? null, map: local.map?.summary() ?? null };
  },
};

function legend(data, many) {
  if (data.mode === "settle") return data.run ? `${counted(many, "word")} by ${data.method}: who is near whom counts, not how far apart groups lie` : `${counted(many, "word")} by PCA, seen from one side`;
  return data.own || many >= (data.of ?? 0) ? `The ${thousands(many)} most frequent words, by PCA of their directions` : `${thousands(many)} of the ${counted(data.of, "word")} learned, by PCA of their directions`;
}

export default mount("embeddings_learning", embeddingsLearnView);
