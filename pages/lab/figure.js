// The Training lab: a run's loss as it falls, what steers it, and what it has learned, at every moment of it.
// layout.js says what stands where and in which words; rewind.js and strip.js draw; curves.js (shared) the curves.

import { curves } from "../../app/kit/curves.js";
import { stateWord } from "../../app/kit/endings.js";
import { feedOf } from "../../app/kit/feed.js";
import { mount } from "../../app/kit/glass.js";
import { brief } from "../../app/kit/axes.js";
import { say } from "../../app/kit/say.js";
import {
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
import { newsOf, planLab, speedText, statusOf, waitingWord } from "./layout.js";
import { drawRewind, momentNow, momentsOf, nearest, rewindTo, stepBy } from "./rewind.js";
import { drawStrip, openHead } from "./strip.js";

/**
 * @import { Axis, Chart, Run } from "../../app/kit/curves.js"
 * @import { Column, Feed, What } from "../../app/kit/feed.js"
 * @import { Local, Stage, View } from "../../app/kit/glass.js"
 * @import { Packed, Unpacked } from "../../app/kit/shapes.js"
 *
 * A curve as curves.js takes it; `model` opens it ("": nothing does), `mine`: whether this browser may command it, `growth`:
 * from which steps on it reads longer rows.
 * @typedef {Run & {model: string, mine: boolean, growth: {x: number, text: string}[]}} LabRun
 *
 * The film strip: one head at several moments of the open model's training.
 * @typedef {object} Film
 * @property {string} title what the head does or learns
 * @property {string} about what is measured
 * @property {string} short the score's short name
 * @property {string} prompt what samples continue
 * @property {boolean} fills whether a sample says what an encoder puts in each place
 * @property {boolean} causal whether nothing lies above the diagonal
 * @property {number} block
 * @property {number} head
 * @property {Packed} maps (frames, T, S) attention of the head
 * @property {{step: number, score: number, sample: string, loss: number}[]} frames step below 0: the model as it is; loss in nats a token
 *
 * What Python sends.
 * @typedef {object} Lab
 * @property {string[]} tokens of the text
 * @property {"character" | "token"} unit
 * @property {string} title of the loss
 * @property {LabRun[]} runs the first is the one that the picture is about
 * @property {{value: number, text: string} | null} guessing
 * @property {Axis} x
 * @property {{id: string, model: string, steps: number[], why: string}} moments of the first run that can be opened; why there are none
 * @property {boolean} forks whether a fork can begin there
 * @property {Film} film
 * @property {{title: string, rows: [name: string, value: string][]} | null} trained the settings of the first curve; null: not known
 * @property {{rows: [name: string, value: string, strong: boolean][], about: string, refused: string} | null} plan the next run; null: nothing starts one here
 * @property {{text: string, wrong: boolean} | null} next the same in a line
 *
 * What the browser keeps: the axis that was asked for and the one that is shown, marks of all charts; of what streams brought:
 * what the page was told of each run, and timers of the next drawing and the next page.
 * @typedef {object} KeptHere
 * @property {Lab} data
 * @property {Unpacked} maps
 * @property {Axis} x
 * @property {Axis} asked
 * @property {{x: number}[]} marks
 * @property {Chart} [chart]
 * @property {Map<string, string>} [told]
 * @property {string} [axisWas]
 * @property {number} [slow]
 * @property {number} [later]
 * @property {number} [sent]
 *
 * @typedef {Local & KeptHere} Kept
 * @typedef {Stage & {local: Kept}} Ground
 * @typedef {ReturnType<typeof planLab>} Layout
 */

/** @type {[x: Axis, name: string][]} */
const XS = [
  ["step", say("Steps")],
  ["tokens", say("Tokens")],
  ["seconds", say("Seconds")],
];
/** By how many moments a key moves Rewind. @type {Record<string, number>} */
const MOVES = { ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1, Home: -1e6, End: 1e6 };
const WORDS_EVERY = 500; // milliseconds between two drawings of the words beside the curve, which draws itself
// Milliseconds between two pages drawn for new moments alone: curve and Rewind have them at once, only the strip waits. A
// page is some 200 ms of both the server's and the browser's computing, which a run on the same processors goes without.
const MOMENTS_EVERY = 5000;

/** @type {View<Lab, Kept, {local: Kept}>} */
const lab = {
  init(data, local, before) {
    const asked = data.x;
    return {
      data,
      maps: unpack(data.film.maps),
      x: before && local.asked === asked ? (local.x ?? asked) : asked,
      asked,
    };
  },

  draw(g, data, local) {
    data.x = local.x;
    const news = newsOf(data.runs[0] && feedOf(g, data.runs[0]), data.runs[0]?.mine);
    const at = planLab(g.width, news, data.film.frames.length, few(data));
    const now = momentNow(data, local);
    local.marks = now === null || now < 0 ? [] : [{ x: now }];
    drawHead(g, data, local, at);
    const chart = curves(g, "loss", at.chart, {
      runs: data.runs,
      x: data.x,
      guessing: data.guessing,
      title: data.title,
      sync: true,
      own: true,
      waiting: (feed) => waitingWord(feed),
      marks: [
        ...(data.runs[0]?.growth ?? []).map((one) => ({ ...one, colour: "ink3", width: 1, dash: [2, 3] })),
        ...local.marks,
      ],
      onpoint: (feed, what) => heard(g, local, feed, what),
      onframe: () => keepRewind(g, local),
      onpick: (step) => {
        const steps = momentsOf(local.data, local.chart);
        if (steps.length && local.data.moments.model) rewindTo(g, local.data, nearest(steps, step));
      },
    });
    local.chart = chart;
    drawRewind(g, data, local, at, chart);
    drawSide(g, data, local, at, chart);
    drawStrip(g, data, local, at);
    drawNews(g, at, news);
    g.height = at.height;
  },

  points(g, data) {
    const { chart } = planLab(
      g.width,
      newsOf(data.runs[0] && feedOf(g, data.runs[0]), data.runs[0]?.mine),
      data.film.frames.length,
      few(data),
    );
    return { curves: [chart.left, chart.top, chart.width, chart.height] };
  },

  key(event, g, data, local) {
    const feed = local.chart?.feeds[0];
    const move = MOVES[event.key];
    if (move) stepBy(g, data, move);
    else if (event.key === " ") ask(g, data, feed, feed?.state.state === "running" ? "pause" : "run");
    else if (event.key === ".") ask(g, data, feed, "step");
    else if (event.key === "Enter" && g.can.visit) openHead(g, data);
    else if (event.key === "Escape") g.visit("home");
    else return false;
    return true;
  },

  describe(data, local) {
    const curve = (/** @type {Feed} */ feed, /** @type {number} */ k) => {
      const loss = feed.last("held_out") ?? feed.last("smooth");
      const first = feed.n ? feed.cols.loss[0] : NaN;
      const at = {
        name: data.runs[k].name,
        state: stateWord(feed.state.state),
        step: thousands(Math.max(0, feed.lastStep)),
      };
      return loss
        ? say("{name}, {state}, step {step}: loss from {first} to {last}", {
            ...at,
            first: num(first, 3),
            last: num(loss.value, 3),
          })
        : say("{name}, {state}, step {step}: loss from {first} to nothing yet", {
            ...at,
            first: num(first, 3),
          });
    };
    const { film } = data;
    const frames = film.frames
      .map((frame) => {
        const [score, sample] = [num(frame.score, 3), visible(frame.sample)];
        const does = film.fills
          ? say("{score}, puts {sample}", { score, sample })
          : say("{score}, writes {sample}", { score, sample });
        return frame.step < 0 ? does : `${say("step {step}", { step: thousands(frame.step) })}: ${does}`;
      })
      .join("; ");
    const news = newsOf(local.chart?.feeds[0], data.runs[0]?.mine);
    return `${data.title}. ${(local.chart?.feeds ?? []).map(curve).join(". ")}. ${data.guessing ? `${data.guessing.text}. ` : ""}${news} ${film.title}: ${frames}.`;
  },

  state(data, local) {
    const { film } = data;
    const feed = local.chart?.feeds[0];
    return {
      tokens: data.tokens,
      ...local.chart?.summary(),
      unit: data.unit,
      guessing: data.guessing?.value ?? null,
      mine: Boolean(data.runs[0]?.mine),
      now: momentNow(data, local),
      moments: momentsOf(data, local.chart),
      model: data.moments.model,
      status: statusOf(feed, data).join("  "),
      news: newsOf(feed, data.runs[0]?.mine),
      film: {
        title: film.title,
        block: film.block,
        head: film.head,
        steps: film.frames.map((f) => f.step),
        scores: film.frames.map((f) => f.score),
        losses: film.frames.map((f) => f.loss),
        samples: film.frames.map((f) => f.sample),
      },
      plan: data.plan && (data.plan.refused || data.plan.rows.map((row) => row[1]).join(", ")),
    };
  },
};

/** Whether there is neither a next run nor anything that small charts could show. @param {Lab} data */
const few = (data) => !data.plan && !data.runs.some((run) => run.live || run.points?.learning_rate);

/** A word to the first run, through the page: only its owner's counts. @type {(g: Ground, data: Lab, feed: Feed | undefined, word: string) => void} */
function ask(g, data, feed, word) {
  if (!feed?.live || feed.over || !data.runs[0].mine) return;
  g.send("command", { run: feed.id, word, at: Date.now() });
}

/** What a stream brought: the words follow twice a second; the page hears of what it has to do something about. @type {(g: Ground, local: Kept, feed: Feed, what: What) => void} */
function heard(g, local, feed, what) {
  local.slow ||= setTimeout(() => {
    local.slow = 0;
    g.redraw();
  }, WORDS_EVERY);
  if (what === "points" || what === "away") return;
  const said = `${feed.id} ${feed.state.state} ${feed.checkpoints.length}`;
  local.told ??= new Map();
  const known = local.told.get(feed.id);
  local.told.set(feed.id, said);
  if (known === said || (known === undefined && feed.over)) return;
  const page = local.data.runs.find((run) => run.id === feed.id);
  const steps = feed.id === local.data.moments.id ? local.data.moments.steps : null;
  const newMoment = steps && feed.checkpoints.some((one) => !steps.includes(one.step));
  if (page && (page.state !== feed.state.state || newMoment)) {
    // A new state and the first moment at once; later ones one page at a time: who watches leaves the workers their cores.
    const atOnce = page.state !== feed.state.state || !steps?.length;
    const wait = atOnce ? 120 : Math.max(120, (local.sent ?? 0) + MOMENTS_EVERY - Date.now());
    clearTimeout(local.later);
    local.later = setTimeout(() => {
      local.sent = Date.now();
      g.send("changed", { run: feed.id, said, at: local.sent });
    }, wait);
  }
}

/** The chart's own frames move its axis (a name needs room, seconds stretch): Rewind follows. @type {(g: Ground, local: Kept) => void} */
function keepRewind(g, local) {
  const chart = local.chart;
  if (!chart) return;
  const now = `${Math.round(chart.px(0))} ${Math.round(chart.plot.right)} ${Math.round(chart.across * 1e6)}`;
  if (now !== local.axisWas) {
    local.axisWas = now;
    g.redraw();
  }
}

/** Title, legend, and the choice of the axis. @type {(g: Ground, data: Lab, local: Kept, at: Layout) => void} */
function drawHead(g, data, local, at) {
  const far = at.main;
  g.part("title", [at, data.title], () => label(0, 12, data.title, { weight: 600, fill: "ink" }));
  const after = measure(data.title, 12) * 1.08 + 14;
  const room = Math.max(10, far - after - 190);
  const full = say("solid: validation; dashed: training, smoothed; faint: each step");
  const words = !at.wide
    ? ""
    : measure(full, 12) * 1.06 <= room
      ? full
      : fit(say("solid: validation; dashed, faint: training"), room, 12, false);
  g.part("legend", [at, words, after], () => label(after, 12, words, { fill: "ink3" }));
  g.overlay(
    "axis",
    { left: far - 172, top: -4, width: 172 },
    () =>
      html(
        "div",
        { class: "gb-lab-axis", role: "group", "aria-label": say("Horizontal axis") },
        XS.map(([x, name]) =>
          html(
            "button",
            {
              type: "button",
              "data-x": x,
              onclick: () => {
                local.x = x;
                g.send("axis", { x, at: Date.now() });
                g.redraw();
              },
            },
            name,
          ),
        ),
      ),
    (node) => {
      for (const button of node.children)
        button.setAttribute("aria-pressed", String(button.getAttribute("data-x") === local.x));
    },
  );
}

/** What is unusual about the run. @type {(g: Ground, at: Layout, news: string) => void} */
function drawNews(g, at, news) {
  if (!news) return;
  g.overlay(
    "news",
    { left: 0, top: at.newsTop, width: at.main },
    () => html("div", { class: "gb-lab-news", role: "status" }),
    (node) => {
      if (node.textContent !== news) node.textContent = news;
    },
  );
}

// ---------------------------------------------------------------- beside the loss

/** The three small charts, one under the other; that of speed is named by what is read. @type {{name: string, title: string, column: Column, low?: number, scale?: "log", format: (value: number) => string}[]} */
const SIDES = [
  { name: "rate", title: say("Learning rate"), column: "learning_rate", low: 0, format: (v) => brief(v) },
  {
    name: "gradient",
    title: say("Gradient norm"),
    column: "gradient_norm",
    scale: "log",
    format: (v) => (v < 0.01 ? brief(v) : num(v, 2)),
  },
  { name: "speed", title: "", column: "rate", low: 0, format: speedText },
];

/** The right column: how far the run is; learning rate, gradient norm and speed of every run, or the next run. @type {(g: Ground, data: Lab, local: Kept, at: Layout, chart: Chart) => void} */
function drawSide(g, data, local, at, chart) {
  const { x } = at.sideAt;
  const [place, time] = statusOf(chart.feeds[0], data);
  const right = x + at.side;
  const y = at.wide ? 0 : at.sideAt.y - 22;
  g.part("status", [at, place, time], () => [
    label(right - measure(time, 12) * 1.05 - (time ? 12 : 0), y + 12, place, {
      anchor: "end",
      mono: true,
      fill: "ink2",
    }),
    label(right, y + 12, time, { anchor: "end", fill: "ink3" }),
  ]);
  const measured = chart.feeds.some((feed) => feed.last("learning_rate"));
  if (measured || data.runs[0]?.live) drawSmall(g, data, local, at);
  else if (data.plan) drawPlan(g, at, { title: say("Start trains this"), ...data.plan });
  else if (data.trained) drawPlan(g, at, { about: "", refused: "", ...data.trained });
}

/** @type {(g: Ground, data: Lab, local: Kept, at: Layout) => void} */
function drawSmall(g, data, local, at) {
  const { x, y } = at.sideAt;
  const pitch = 104;
  for (const [i, one] of SIDES.entries()) {
    const top = y + 26 + i * pitch;
    const name =
      one.title || (data.unit === "character" ? say("Characters per second") : say("Tokens per second"));
    g.part(`title ${one.name}`, [at, top, name], () => label(x, top + 8, name, { weight: 600, fill: "ink" }));
    curves(
      g,
      one.name,
      { left: x, top: top + 13, width: at.side, height: pitch - 23 },
      {
        runs: data.runs,
        x: data.x,
        lines: [{ column: one.column }],
        scale: one.scale,
        low: one.low,
        ends: "column",
        room: 106,
        left: 44,
        axis: false,
        title: name,
        format: one.format,
        sync: true,
        own: true,
        marks: local.marks.map((mark) => ({ ...mark, width: 1 })),
        names: { [one.column]: "" },
      },
    );
  }
  if (!data.next) return;
  const { text, wrong } = data.next;
  g.part("next", [at, text, wrong], () =>
    label(x, y + 26 + 3 * pitch + 10, fit(text, at.side, 12, false), { fill: wrong ? "accent" : "ink3" }),
  );
}

/**
 * What Start will train, and what it takes on this machine; or where nothing starts, what the first curve was trained by.
 * @type {(g: Ground, at: Layout, plan: {title: string, about: string, rows: [name: string, value: string, strong?: boolean][], refused: string}) => void}
 */
function drawPlan(g, at, { title, rows, about, refused }) {
  const { x, y } = at.sideAt;
  g.part("plan", [at, title, rows, about, refused], () => {
    const top = y + 26;
    const first = top + (about ? 88 : 62);
    const tall = about ? 300 : first - top + 25 * rows.length - 6;
    /** @type {SVGElement[]} */
    const out = [
      h("rect", {
        x: x + 0.5,
        y: top + 0.5,
        width: at.side - 1,
        height: tall,
        rx: 8,
        fill: css("wash"),
        stroke: css("line"),
      }),
      label(x + 16, top + 26, fit(title, at.side - 32, 14, false), { weight: 600, fill: "ink", size: 14 }),
    ];
    out.push(
      ...inLines(about, at.side - 32)
        .slice(0, 2)
        .map((line, i) => label(x + 16, top + 46 + i * 16, line, { fill: "ink3" })),
    );
    rows.forEach(([name, value, strong], i) => {
      const line = first + i * 25;
      out.push(
        h("path", { d: `M${x + 16},${line - 16.5}h${at.side - 32}`, stroke: css("line") }),
        label(x + 16, line, name),
        label(x + at.side - 16, line, fit(value, at.side - 150, 12, true), {
          anchor: "end",
          mono: true,
          fill: strong ? "accent" : "ink",
          weight: strong ? 600 : null,
        }),
      );
    });
    out.push(
      ...inLines(refused, at.side - 32)
        .slice(0, 2)
        .map((line, i) => label(x + 16, top + 276 + i * 16, line, { fill: "accent", weight: 600 })),
    );
    return out;
  });
}

export default mount("lab", lab);
