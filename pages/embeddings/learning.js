// A run of words: where the words lie at each of its moments, its curve, and what has become of one word's neighbours.
// layout.js says what stands where; the moments of an own run are fetched one by one as they are looked at.

import { addressOf } from "../../app/kit/address.js";
import { counted } from "../../app/kit/counts.js";
import { curves } from "../../app/kit/curves.js";
import { retold, stateWord } from "../../app/kit/endings.js";
import { mount } from "../../app/kit/glass.js";
import { say, sayOf } from "../../app/kit/say.js";
import {
  clamp,
  css,
  fit,
  h,
  html,
  inLines,
  label,
  measure,
  num,
  thousands,
  unpack,
  visible,
} from "../../app/kit/shapes.js";
import { stepKey } from "../../app/kit/steps.js";
import { wordmap } from "../../app/kit/wordmap.js";
import { trainingPlan } from "./layout.js";

/**
 * @import { Stage, View } from "../../app/kit/glass.js"
 * @import { Run } from "../../app/kit/curves.js"
 * @import { Packed, Unpacked } from "../../app/kit/shapes.js"
 * @import { TrainingPlan } from "./layout.js"
 *
 * What learning.py sends, of word2vec ("learn") or of a map by t-SNE or UMAP ("settle"). What the page has of a run that was
 * recorded, or of PCA's map, comes with it: words, steps, places and kin, by moment. Those of an own run are fetched.
 * @typedef {object} Data
 * @property {"learn" | "settle"} mode
 * @property {string} stamp
 * @property {boolean} own whether the run is a visitor's
 * @property {boolean} mine whether it is this visitor's
 * @property {Run} [run]
 * @property {string[]} families of words of a kind, where the text has such
 * @property {Record<string, number>} familyOf a word's family
 * @property {{value: number, text: string}} [guessing] the loss of guessing
 * @property {string} loss what the curve shows
 * @property {string} about the run's settings
 * @property {string} word that Python has heard is followed
 * @property {[begin: string, again: string, stop: string]} buttons
 * @property {string} plan what the next run would take
 * @property {string} cannot why nothing can be started here
 * @property {string} refused why the next run would not be started
 * @property {string} note why something was not started or shown
 * @property {string} [method] "t-SNE" or "UMAP"
 * @property {string[] | null} [words]
 * @property {number} [of] words that were learned
 * @property {number[]} [steps]
 * @property {Packed[]} [places] (words, 2) of each moment
 * @property {[number, number][]} [kin] of each moment: the share of neighbours that are kin (or kept), and what is reached without
 * @property {[word: string, cosine: number][][]} [near] of each moment
 * @property {string} [why] why the word has no neighbours
 * @property {Unpacked[] | null} [points] places, unpacked
 */
/**
 * A moment of a run. kin: as in the data; null: not measured.
 * @typedef {{step: number, words: string[], points: Unpacked, near: Near[], why: string, kin: [number, number] | null}} Moment
 * @typedef {{word: string, cosine: number}} Near
 *
 * What the browser keeps. moments, asked: by step and word; played: the moment that Play is at; shown: the last moment there was.
 * @typedef {object} Kept
 * @property {Record<string, any>} sel
 * @property {Map<string, Moment>} moments
 * @property {Set<string>} asked
 * @property {string[] | null} words of all moments
 * @property {Moment | null} shown
 * @property {number | null} played
 * @property {ReturnType<typeof setInterval> | undefined} timer
 * @property {string} trouble
 * @property {number[]} lastSteps
 * @property {ReturnType<typeof curves> | null} [chart]
 * @property {ReturnType<typeof wordmap> | null} [map]
 * @property {string[]} [indexed] words that `rows` is of
 * @property {Map<string, number>} [rows]
 * @property {number} [now]
 * @property {Moment | null} [moment]
 * @property {boolean} [going]
 * @property {string} [said]
 *
 * @typedef {Stage & {data: Data}} Board
 */

const KEPT_MOMENTS = 160;

/** The steps of the moments that can be looked at. @type {(data: Data, local: Kept) => number[]} */
function stepsOf(data, local) {
  const feed = local.chart?.feeds[0];
  return data.own
    ? feed
      ? feed.checkpoints.map((/** @type {{step: number}} */ one) => one.step)
      : []
    : (data.steps ?? []);
}
/** Which moment is looked at: played, chosen, or the last one. -1: there is none yet. @type {(data: Data, local: Kept, steps: number[]) => number} */
function momentOf(data, local, steps) {
  const chosen = local.played ?? local.sel[data.mode === "learn" ? "glimpse" : "frame"] ?? -1;
  return chosen < 0 || chosen >= steps.length ? steps.length - 1 : chosen;
}
/** The word that is followed. @type {(data: Data, local: Kept) => string} */
const wordOf = (data, local) => local.sel[data.mode === "learn" ? "learnword" : "laidword"] ?? "";

/** What is known of a moment; null while it is on its way. @type {(g: Stage, data: Data, local: Kept, steps: number[], at: number) => Moment | null} */
function momentAt(g, data, local, steps, at) {
  if (at < 0) return null;
  if (!data.own) {
    const heard = data.word === wordOf(data, local); // until Python has, the neighbours are another word's
    const near = heard ? (data.near?.[at] ?? []) : [];
    return {
      step: steps[at],
      words: data.words ?? [],
      points: /** @type {Unpacked[]} */ (data.points)[at],
      near: near.map(([word, cosine]) => ({ word, cosine })),
      why: heard ? (data.why ?? "") : "",
      kin: data.kin?.[at] ?? null,
    };
  }
  const word = data.mode === "learn" ? wordOf(data, local) : "";
  const known = local.moments.get(`${steps[at]} ${word}`);
  if (known) return known;
  ask(g, data, local, steps[at], word);
  return null;
}
/** Fetch a moment, once. @type {(g: Stage, data: Data, local: Kept, step: number, word: string) => void} */
function ask(g, data, local, step, word) {
  const key = `${step} ${word}`;
  if (!data.run || local.asked.has(key)) return;
  local.asked.add(key);
  const moments = local.moments;
  fetch(
    addressOf(`runs/${encodeURIComponent(data.run.id)}/map?step=${step}&word=${encodeURIComponent(word)}`),
  )
    .then(async (answer) => {
      const told = await answer.json();
      if (!answer.ok) throw new Error(told.why);
      return told;
    })
    .then((told) => {
      if (local.moments !== moments) return; // another run is shown by now
      local.words = local.words?.length === told.words.length ? local.words : told.words; // one list for all moments: the map keeps its place
      // One array for each step, whatever the word: the map would take another one for a move.
      const before = [...moments.values()].find((one) => one.step === step);
      moments.set(key, {
        step,
        words: local.words ?? told.words,
        points: before?.points ?? unpack(told.points),
        near: told.near ?? [],
        why: told.why ?? "",
        kin:
          "kin" in told.health
            ? [told.health.kin, told.health.chance]
            : "kept" in told.health
              ? [told.health.kept, told.health.pca]
              : null,
      });
      const [oldest] = moments.keys();
      if (moments.size > KEPT_MOMENTS) moments.delete(oldest);
      local.trouble = "";
      g.redraw();
    })
    .catch((why) => {
      if (local.moments !== moments) return;
      local.trouble = String(why.message ?? why);
      setTimeout(() => {
        local.asked.delete(key);
        g.redraw();
      }, 2000);
    })
    .finally(() => local.asked.delete(key));
}

/** Run through all moments, from the first to the last; a second call stops it. @type {(g: Stage, data: Data, local: Kept) => void} */
function play(g, data, local) {
  clearInterval(local.timer);
  local.timer = undefined;
  if (local.played != null) {
    local.played = null;
    g.redraw();
    return;
  }
  const steps = stepsOf(data, local);
  local.played = 0;
  local.timer = setInterval(
    () => {
      const last = stepsOf(data, local).length - 1;
      if (!g.figure.isConnected || local.played == null || local.played >= last) {
        clearInterval(local.timer);
        local.timer = undefined;
        local.played = null;
        g.select({ [data.mode === "learn" ? "glimpse" : "frame"]: -1 });
        return;
      }
      local.played++;
      g.redraw();
    },
    Math.max(120, Math.min(450, 9000 / Math.max(1, steps.length))),
  );
  g.redraw();
}

// ---------------------------------------------------------------- beside the map

const FAMILY_COLOURS = ["q", "k", "v", "mlp", "att"];
const FAMILY_INKS = ["q-ink", "k-ink", "v-ink", "mlp-ink", "att-ink"];
const GOING = ["queued", "running", "paused"];

/** The loss by step, the shown moment marked. @type {(g: Stage, data: Data, local: Kept, at: TrainingPlan) => void} */
function drawCurve(g, data, local, at) {
  const box = { left: at.side, top: at.from + 22, width: at.room, height: 152 };
  g.part("curve head", null, () =>
    label(at.side, at.from + 12, fit(data.loss, at.room, 12, false), { weight: 600, fill: "ink" }),
  );
  if (!data.run) {
    g.part("curve none", null, () =>
      inLines(
        say("The curve begins with the first step; the map shows where PCA lays the words."),
        at.room,
      ).map((line, i) => label(at.side, at.from + 40 + 16 * i, line, { fill: "ink3" })),
    );
    local.chart = null;
    return;
  }
  local.chart = curves(g, "words", box, {
    runs: [{ ...data.run, colour: "accent" }],
    lines: [
      { column: "loss", kind: "raw" },
      { column: "smooth", kind: "solid" },
    ],
    guessing: data.guessing,
    ends: "none",
    title: data.loss,
    left: 30,
    ticks: true,
    onpoint: () => g.redraw(),
    marks: markOf(data, local),
    onpick: (step) => choose(g, data, local, nearest(stepsOf(data, local), step)),
  });
}
/** @type {(data: Data, local: Kept) => {x: number, colour: string, width: number}[]} */
function markOf(data, local) {
  const steps = data.own ? (local.lastSteps ?? []) : (data.steps ?? []);
  const at = momentOf(data, local, steps);
  return at < 0 || at === steps.length - 1 ? [] : [{ x: steps[at], colour: "accent", width: 1.5 }];
}
/** The number of the moment nearest to a step. @type {(steps: number[], step: number) => number} */
const nearest = (steps, step) =>
  steps.reduce((best, one, i) => (Math.abs(one - step) < Math.abs(steps[best] - step) ? i : best), 0);

/** How the run is, in words. @param {NonNullable<Kept["chart"]>["feeds"][number]} feed */
function runWords(feed) {
  /** @type {typeof feed.state & {starting?: boolean}} */
  const now = { ...feed.state, step: Math.max(0, feed.lastStep) };
  const { state, step, steps, starting, ended } = now;
  const place = Number(now.place ?? 0);
  const seconds = feed.last("seconds");
  const far = say("step {step} of {steps}", { step: thousands(step), steps: thousands(steps || step) });
  if (feed.lost) return feed.lost;
  if (state === "queued")
    return starting
      ? say("the workers are starting")
      : place > 1
        ? say("waits, place {place} in the queue", { place })
        : place
          ? say("waits for a worker")
          : say("begins");
  if (state === "running") return step ? far : say("reads the text, then begins");
  if (state === "done")
    return seconds
      ? say("{steps} in {seconds} s", { steps: counted(step, "step"), seconds: num(seconds.value, 1) })
      : counted(step, "step");
  return ended ? retold(ended) : `${stateWord(state)}, ${far}`;
}

/** The run's buttons, what it is doing, and its settings. Returns the y below. @type {(g: Stage, data: Data, local: Kept, at: TrainingPlan) => number} */
function drawActs(g, data, local, at) {
  const top = at.from + 184;
  const feed = local.chart?.feeds[0];
  const going = Boolean(feed && data.own && GOING.includes(feed.state.state));
  local.going = going;
  const said = !feed ? "" : data.own ? runWords(feed) : say("Recorded");
  local.said = said;
  g.overlay(
    "run",
    { left: at.side, top },
    () => html("button", { type: "button", class: "gb-button gb-small", "data-act": "run" }),
    (node) => {
      node.textContent = going ? data.buttons[2] : data.buttons[data.own ? 1 : 0];
      node.classList.toggle("gb-primary", !going);
      node.disabled = going ? !data.mine : Boolean(data.cannot || data.refused);
      node.onclick = () => g.send(going ? "stop" : "start", { at: Date.now() });
    },
  );
  if (data.own && !going) {
    g.overlay(
      "back",
      { left: at.side + 148, top },
      () =>
        html("button", {
          type: "button",
          class: "gb-button gb-small",
          "data-act": "back",
          onclick: () => g.send("back", { at: Date.now() }),
        }),
      (node) => {
        node.textContent = data.mode === "learn" ? say("Recorded one") : say("Back to PCA");
      },
    );
  }
  const why = data.cannot || data.refused || data.note;
  const lines = [
    ...inLines(`${said ? `${said}: ` : ""}${data.about}.`, at.room),
    ...inLines(going ? say("Leave the page: it goes on.") : why || data.plan, at.room),
  ];
  const red = !going && Boolean(why);
  const button = at.phone ? 62 : 46;
  g.part("run words", [lines, red], () =>
    lines.map((line, i) =>
      label(at.side, top + button + 16 * i, line, {
        fill: red && i >= lines.length - inLines(why, at.room).length ? "accent" : "ink3",
      }),
    ),
  );
  return top + button + 16 * lines.length + 10;
}

/** How well the vectors (or the map) are doing, as one share beside what would be reached without. Returns the y below. @type {(g: Stage, data: Data, moment: Moment | null, at: TrainingPlan, top: number) => number} */
function drawKin(g, data, moment, at, top) {
  if (!moment?.kin) return top;
  const [own, other] = moment.kin;
  const learning = data.mode === "learn";
  const x = (/** @type {number} */ share) => at.side + at.room * share;
  const lines = inLines(
    learning
      ? say("Of the 5 words nearest to a name, colour, thing, size or trade, so many are of its own family.")
      : say("Of the 10 nearest of a word by cosine, so many are among its 10 nearest on the map."),
    at.room,
  );
  g.part("kin", [moment.kin], () => [
    label(
      at.side,
      top + 4,
      learning
        ? say("{share} % of their family", { share: num(100 * own, 0) })
        : say("{share} % of neighbours kept", { share: num(100 * own, 0) }),
      { weight: 600, fill: "ink", size: 13 },
    ),
    label(
      at.side + at.room,
      top + 4,
      learning ? say("chance {share} %", { share: num(100 * other, 0) }) : `PCA ${num(100 * other, 0)} %`,
      { anchor: "end", fill: "ink3" },
    ),
    h("rect", { x: at.side, y: top + 12, width: at.room, height: 8, rx: 4, fill: css("field") }),
    h("rect", {
      x: at.side,
      y: top + 12,
      width: Math.max(2, at.room * own),
      height: 8,
      rx: 4,
      fill: css("accent"),
    }),
    h("rect", { x: x(other) - 1, y: top + 9, width: 2, height: 14, fill: css("ink") }),
    lines.map((line, i) => label(at.side, top + 38 + 16 * i, line, { fill: "ink3" })),
  ]);
  return top + 46 + 16 * lines.length;
}

/** The followed word's neighbours. Returns the y below. @type {(g: Stage, data: Data, local: Kept, moment: Moment | null, at: TrainingPlan, top: number) => number} */
function drawNear(g, data, local, moment, at, top) {
  if (data.mode !== "learn") return top;
  const word = wordOf(data, local);
  const near = moment?.near ?? [];
  const lines = near.length ? [] : inLines(moment?.why || (moment ? "" : "…"), at.room);
  g.part("near", [word, near, moment?.why], () => [
    label(
      at.side,
      top + 8,
      fit(
        say("Nearest to {word}", { word: visible(word) === "∅" ? say("no word") : visible(word) }),
        at.room - 60,
        12,
        false,
      ),
      { weight: 600, fill: "ink" },
    ),
    near.length > 0 && label(at.side + at.room, top + 8, say("cosine"), { anchor: "end", fill: "ink3" }),
    near.map(({ word: other, cosine }, i) => {
      const y = top + 28 + 18 * i;
      const family = data.familyOf[other];
      return h(
        "g",
        { class: "gb-hot", onclick: () => follow(g, data, other) },
        h("rect", { x: at.side, y: y - 13, width: at.room, height: 18, fill: "transparent" }),
        h("rect", {
          x: at.side + 132,
          y: y - 8,
          width: Math.max(1, (at.room - 182) * Math.max(0, cosine)),
          height: 6,
          rx: 3,
          fill: css(family === undefined ? "res" : FAMILY_COLOURS[family]),
        }),
        label(at.side, y, fit(visible(other), 126, 12, false), {
          fill: family === undefined ? "ink" : FAMILY_INKS[family],
          weight: family === undefined ? null : 600,
        }),
        label(at.side + at.room, y, num(cosine, 3), { anchor: "end", mono: true, fill: "ink" }),
      );
    }),
    lines.map((line, i) => label(at.side, top + 28 + 16 * i, line, { fill: "accent" })),
  ]);
  return top + 24 + Math.max(18 * near.length, 16 * lines.length);
}

/** The colours of the families, above the map. @type {(g: Stage, data: Data, at: TrainingPlan, words: string) => void} */
function drawLegend(g, data, at, words) {
  g.part("legend", [words], () => {
    /** @type {SVGElement[]} */
    const out = [label(0, 12, fit(words, at.map.width, 12, false), { fill: "ink2" })];
    let x = 0;
    data.families.forEach((name, i) => {
      out.push(
        h("circle", { cx: x + 5, cy: 30, r: 4.5, fill: css(FAMILY_COLOURS[i]) }),
        label(x + 14, 34, name, { fill: FAMILY_INKS[i], weight: 600 }),
      );
      x += 26 + measure(name, 12) * 1.06;
    });
    return out;
  });
}

/** The slider over the moments, and Play. @type {(g: Board, data: Data, local: Kept, at: TrainingPlan, steps: number[], now: number) => void} */
function drawBar(g, data, local, at, steps, now) {
  if (steps.length < 2) return;
  const wide = at.map.width;
  g.overlay(
    "play",
    { left: 0, top: at.bar },
    () =>
      html("button", {
        type: "button",
        class: "gb-button gb-small",
        "data-act": "play",
        onclick: () => play(g, g.data, local),
      }),
    (node) => {
      node.textContent = local.played == null ? sayOf("short button", "Play") : sayOf("short button", "Stop");
    },
  );
  g.overlay(
    "moments",
    { left: 74, top: at.bar + (at.phone ? 0 : 4), width: wide - 74 - 104 },
    () =>
      html("input", {
        class: "gb-range",
        type: "range",
        min: 0,
        step: 1,
        "data-act": "moment",
        oninput: (event) =>
          choose(g, g.data, local, Number(/** @type {HTMLInputElement} */ (event.target).value)),
      }),
    (node) => {
      node.max = String(steps.length - 1);
      node.value = String(now);
      node.style.setProperty("--fill", `${(100 * now) / (steps.length - 1)}%`);
      const said = say("step {step}", { step: thousands(steps[now]) });
      node.setAttribute(
        "aria-label",
        data.mode === "learn" ? say("Moment of the learning") : say("Moment of the map"),
      );
      node.setAttribute("aria-valuetext", said);
    },
  );
  g.part("moment", [steps[now]], () =>
    label(wide, at.bar + (at.phone ? 26 : 18), say("step {step}", { step: thousands(steps[now]) }), {
      anchor: "end",
      mono: true,
      fill: "ink",
    }),
  );
}

// ---------------------------------------------------------------- the map and the picture

/** Look at a moment. @type {(g: Stage, data: Data, local: Kept, at: number) => void} */
function choose(g, data, local, at) {
  local.played = null;
  const last = stepsOf(data, local).length - 1;
  g.select({ [data.mode === "learn" ? "glimpse" : "frame"]: at >= last ? -1 : Math.max(0, at) });
}
/** Follow a word. @type {(g: Stage, data: Data, word: string) => void} */
function follow(g, data, word) {
  g.select({ [data.mode === "learn" ? "learnword" : "laidword"]: word });
}

/** The map of a moment, the followed word and its neighbours marked. @type {(g: Board, data: Data, local: Kept, at: TrainingPlan, moment: Moment | null) => void} */
function drawWords(g, data, local, at, moment) {
  const shown = moment ?? local.shown; // what was there stays until the next one has come
  if (!shown) {
    g.part("no map", null, () => [
      h("rect", {
        x: 0.5,
        y: at.map.top,
        width: at.map.width - 1,
        height: at.map.height,
        rx: 8,
        fill: css("wash"),
        stroke: css("line"),
      }),
      label(
        at.map.width / 2,
        at.map.top + at.map.height / 2,
        fit(local.trouble || say("The words appear with the first step."), at.map.width - 20, 13, false),
        { anchor: "middle", size: 13 },
      ),
    ]);
    local.map = null;
    return;
  }
  local.shown = shown;
  const { words } = shown;
  const rows =
    local.indexed === words && local.rows ? local.rows : new Map(words.map((word, i) => [word, i]));
  Object.assign(local, { indexed: words, rows });
  const word = wordOf(data, local);
  const row = rows.get(word);
  const near = new Set(shown.near.map((one) => rows.get(one.word)).filter((id) => id !== undefined));
  /** @type {(id: number) => number | undefined} */
  const family = (id) => data.familyOf[words[id]];
  /** @type {{id: number, colour: string, ink?: string, size: number, label?: boolean}[]} */
  const marks = row === undefined ? [] : [{ id: row, colour: "accent", size: 5, label: true }];
  for (const id of near) {
    const of = family(id);
    marks.push({
      id,
      colour: of === undefined ? "ink2" : FAMILY_COLOURS[of],
      ink: of === undefined ? "ink" : FAMILY_INKS[of],
      size: 4,
    });
  }
  if (data.families.length)
    words.forEach((_, id) => {
      const of = family(id);
      if (id !== row && !near.has(id) && of !== undefined)
        marks.push({ id, colour: FAMILY_COLOURS[of], size: 2.5, label: false });
    });
  local.map = wordmap(g, "map", at.map, {
    words,
    points: shown.points,
    marks,
    most: at.phone ? 14 : 34,
    flow: local.played == null ? 300 : 220,
    tip: (/** @type {number} */ id) => {
      const of = family(id);
      return of === undefined
        ? words[id]
        : say("{word}, of the {family}", { word: words[id], family: data.families[of] });
    },
    onpick: (id) => follow(g, g.data, words[id]),
    onsearch: (text) => follow(g, g.data, text.trim().toLowerCase()),
    said: row === undefined && word ? shown.why || say("not on this map") : "",
    title: say("{words} at step {step}", {
      words: counted(words.length, "word"),
      step: thousands(shown.step),
    }),
  });
}

/** @type {View<Data, Kept, {data: Data}>} */
const embeddingsLearnView = {
  init(data, local, before) {
    const fresh = !before || before.stamp !== data.stamp;
    if (!data.own) {
      const kept = !fresh && before.points ? before : null;
      data.points = kept ? kept.points : (data.places ?? []).map(unpack);
      if (kept) data.words = kept.words;
    }
    if (!fresh) return {};
    clearInterval(local.timer);
    return {
      moments: new Map(),
      asked: new Set(),
      words: null,
      shown: null,
      played: null,
      timer: undefined,
      trouble: "",
      lastSteps: [],
    };
  },

  draw(g, data, local) {
    g.data = data;
    if (data.mode === "settle") g.figure.dataset.component = "embeddings_settle"; // two figures of one view: each has its name
    const at = trainingPlan(g.width, data.families.length > 0);
    drawCurve(g, data, local, at);
    const steps = stepsOf(data, local);
    local.lastSteps = steps;
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
    const move = stepKey(event);
    if (move) choose(g, data, local, clamp((local.now ?? 0) + move, 0, steps.length - 1));
    else if (event.key === " ") play(g, data, local);
    else return false;
    return true;
  },

  describe(data, local) {
    const shown = local.moment ?? local.shown;
    if (!shown)
      return say("{about}. {said}. No moment to show yet.", { about: data.about, said: local.said });
    const word = wordOf(data, local);
    return (
      say("{about}. {said}. Map of {words} at step {step}.", {
        about: data.about,
        said: local.said,
        words: counted(shown.words.length, "word"),
        step: shown.step,
      }) +
      (shown.kin && data.mode === "settle"
        ? say(
            " Of a word's 10 nearest by cosine {share} % are among its 10 nearest on the map; by PCA {other} %.",
            { share: num(100 * shown.kin[0], 0), other: num(100 * shown.kin[1], 0) },
          )
        : "") +
      (shown.kin && data.mode === "learn"
        ? say(
            " Of the 5 words nearest to a family's word {share} % are of its family; chance gives {other} %.",
            { share: num(100 * shown.kin[0], 0), other: num(100 * shown.kin[1], 0) },
          )
        : "") +
      (shown.near.length
        ? say(" Nearest to {word}: {list}.", {
            word,
            list: shown.near.map((one) => `${one.word} ${num(one.cosine, 3)}`).join(", "),
          })
        : "")
    );
  },

  state(data, local) {
    const moment = local.moment;
    return {
      mode: data.mode,
      own: data.own,
      mine: data.mine,
      run: data.run?.id ?? null,
      going: local.going,
      said: local.said,
      refused: data.refused,
      note: data.note,
      cannot: data.cannot,
      steps: local.lastSteps,
      at: local.now,
      step: moment?.step ?? null,
      playing: local.played != null,
      words: moment?.words.length ?? 0,
      word: wordOf(data, local),
      near: moment?.near ?? [],
      why: moment?.why ?? "",
      kin: moment?.kin ?? null,
      trouble: local.trouble,
      first: moment ? Array.from(moment.points.subarray(0, 20)) : [],
      chart: local.chart?.summary() ?? null,
      map: local.map?.summary() ?? null,
    };
  },
};

/** What lies on the map, of how many words. @type {(data: Data, many: number) => string} */
function legend(data, many) {
  if (data.mode === "settle")
    return data.run
      ? say("{words} by {method}: who is near whom counts, not how far apart groups lie", {
          words: counted(many, "word"),
          method: data.method,
        })
      : say("{words} by PCA, seen from one side", { words: counted(many, "word") });
  return data.own || many >= (data.of ?? 0)
    ? say("The {many} most frequent words, by PCA of their directions", { many: thousands(many) })
    : say("{many} of the {words} learned, by PCA of their directions", {
        many: thousands(many),
        words: counted(data.of ?? 0, "word"),
      });
}

export default mount("embeddings_learning", embeddingsLearnView);
