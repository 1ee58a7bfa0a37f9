// The Training lab: a run's loss as it falls, what steers it, and what it has learned, at every moment of it.
// layout.js says what stands where and in which words; rewind.js, side.js and strip.js draw; curves.js (shared) the curves.

import { curves } from "../../app/kit/curves.js";
import { mount } from "../../app/kit/glass.js";
import { fit, html, label, measure, num, thousands, unpack, visible } from "../../app/kit/shapes.js";
import { momentNow, momentsOf, nearest, newsOf, planLab, rewindTo, statusOf, stepBy, waitingWord } from "./layout.js";
import { drawRewind } from "./rewind.js";
import { drawSide } from "./side.js";
import { drawStrip, openHead } from "./strip.js";

const XS = [["step", "Steps"], ["tokens", "Tokens"], ["seconds", "Seconds"]];
const WORDS_EVERY = 500; // milliseconds between two drawings of the words beside the curve, which draws itself
// Milliseconds between two pages drawn for new moments alone: curve and Rewind have them at once, only the strip waits. A
// page is some 200 ms of both the server's and the browser's computing, which a run on the same processors goes without.
const MOMENTS_EVERY = 5000;

const lab = {
  init(data, local, before) {
    const asked = data.x;
    return { data, maps: unpack(data.film.maps), x: before && local.asked === asked ? local.x ?? asked : asked, asked };
  },

  draw(g, data, local) {
    data.x = local.x;
    const at = (local.at = planLab(g, data));
    const now = momentNow(data, local);
    local.marks = now === null || now < 0 ? [] : [{ x: now }];
    drawHead(g, data, local, at);
    local.chart = curves(g, "loss", at.chart, {
      runs: data.runs, x: data.x, guessing: data.guessing, title: data.title, sync: true, own: true, waiting: (feed) => waitingWord(feed),
      marks: [...(data.runs[0]?.growth ?? []).map((one) => ({ ...one, colour: "ink3", width: 1, dash: [2, 3] })), ...local.marks],
      onpoint: (feed, what) => heard(g, local, feed, what),
      onframe: () => keepRewind(g, local),
      onpick: (step) => { const steps = momentsOf(local.data, local.chart); if (steps.length && local.data.moments.model) rewindTo(g, local.data, nearest(steps, step)); },
    });
    drawRewind(g, data, local, at);
    drawSide(g, data, local, at);
    drawStrip(g, data, local, at);
    drawNews(g, at);
    g.height = at.height;
  },

  key(event, g, data, local) {
    const feed = local.chart?.feeds[0];
    const move = { ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1, Home: -1e6, End: 1e6 }[event.key];
    if (move) stepBy(g, data, move);
    else if (event.key === " ") say(g, data, feed, feed?.state.state === "running" ? "pause" : "run");
    else if (event.key === ".") say(g, data, feed, "step");
    else if (event.key === "Enter") openHead(g, data);
    else if (event.key === "Escape") g.visit("home");
    else return false;
    return true;
  },

  describe(data, local) {
    const curve = (feed, k) => {
      const loss = feed.last("held_out") ?? feed.last("smooth");
      const first = feed.n ? feed.cols.loss[0] : NaN;
      return `${data.runs[k].name}, ${feed.state.state}, step ${thousands(Math.max(0, feed.lastStep))}: loss from ${num(first, 3)} to ${loss ? num(loss.value, 3) : "nothing yet"}`;
    };
    const { film } = data;
    const frames = film.frames.map((frame) => `${frame.step < 0 ? "" : `step ${thousands(frame.step)}: `}${num(frame.score, 3)}, ${film.fills ? "puts" : "writes"} ${visible(frame.sample)}`).join("; ");
    const news = newsOf(local.chart?.feeds[0], data.runs[0]?.mine);
    return `${data.title}. ${(local.chart?.feeds ?? []).map(curve).join(". ")}. ${data.guessing ? `${data.guessing.text}. ` : ""}${news} ${film.title}: ${frames}.`;
  },

  state(data, local) {
    const { film } = data;
    const chart = local.chart.summary();
    const feed = local.chart.feeds[0];
    return {
      tokens: data.tokens, ...chart, unit: data.unit, guessing: data.guessing?.value ?? null, mine: Boolean(data.runs[0]?.mine),
      now: momentNow(data, local), moments: momentsOf(data, local.chart), model: data.moments.model,
      status: statusOf(feed, data).join("  "), news: newsOf(feed, data.runs[0]?.mine),
      film: { title: film.title, block: film.block, head: film.head, steps: film.frames.map((f) => f.step), scores: film.frames.map((f) => f.score), losses: film.frames.map((f) => f.loss), samples: film.frames.map((f) => f.sample) },
      plan: data.plan.refused || data.plan.rows.map((row) => row[1]).join(", "),
    };
  },
};

/** A word to the first run, through the page: only its owner's counts. */
function say(g, data, feed, word) {
  if (!feed?.live || feed.over || !data.runs[0].mine) return;
  g.send("command", { run: feed.id, word, at: Date.now() });
}

/** What a stream brought: the words follow twice a second; the page hears of what it has to do something about. */
function heard(g, local, feed, what) {
  if (!local.slow) local.slow = setTimeout(() => { local.slow = 0; g.redraw(); }, WORDS_EVERY);
  if (what === "points" || what === "away") return;
  const said = `${feed.id} ${feed.state.state} ${feed.checkpoints.length}`;
  local.told = local.told ?? new Map();
  const known = local.told.get(feed.id);
  local.told.set(feed.id, said);
  if (known === said || (known === undefined && feed.over)) return;
  const page = local.data.runs.find((run) => run.id === feed.id);
  const steps = feed.id === local.data.moments.id ? local.data.moments.steps : null;
  const newMoment = steps && feed.checkpoints.some((one) => !steps.includes(one.step));
  if (page && (page.state !== feed.state.state || newMoment)) {
    // A new state and the first moment at once; later ones one page at a time: who watches leaves the workers their cores.
    const atOnce = page.state !== feed.state.state || !steps.length;
    const wait = atOnce ? 120 : Math.max(120, (local.sent ?? 0) + MOMENTS_EVERY - Date.now());
    clearTimeout(local.later);
    local.later = setTimeout(() => {
      local.sent = Date.now();
      g.send("changed", { run: feed.id, said, at: local.sent });
    }, wait);
  }
}

/** The chart's own frames move its axis (a name needs room, seconds stretch): Rewind follows. */
function keepRewind(g, local) {
  const chart = local.chart;
  if (!chart) return;
  const now = `${Math.round(chart.px(0))} ${Math.round(chart.plot.right)} ${Math.round(chart.across * 1e6)}`;
  if (now !== local.axisWas) { local.axisWas = now; g.redraw(); }
}

function drawHead(g, data, local, at) {
  const far = at.main;
  g.part("title", [at, data.title], () => label(0, 12, data.title, { weight: 600, fill: "ink" }));
  const after = measure(data.title, 12) * 1.08 + 14;
  const words = at.wide ? "solid: validation; dashed: training" : "";
  g.part("legend", [at, words, after], () => label(after, 12, fit(words, Math.max(10, far - after - 190), 12, false), { fill: "ink3" }));
  g.overlay("axis", { left: far - 172, top: -4, width: 172 }, () => html("div", { class: "gb-lab-axis", role: "group", "aria-label": "Horizontal axis" },
    XS.map(([x, name]) => html("button", { type: "button", "data-x": x, onclick: () => { local.x = x; g.send("axis", { x, at: Date.now() }); g.redraw(); } }, name))),
  (node) => { for (const button of node.children) button.setAttribute("aria-pressed", String(button.dataset.x === local.x)); });
}

function drawNews(g, at) {
  const text = at.news;
  if (!text) return;
  g.overlay("news", { left: 0, top: at.newsTop, width: at.main }, () => html("div", { class: "gb-lab-news", role: "status" }), (node) => {
    if (node.textContent !== text) node.textContent = text;
  });
}

export default mount("lab", lab);
