// What stands where in the lab's picture: the loss at the left, three small charts or the plan at the right, Rewind on
// the loss's own axis, the film strip below. On a phone everything stands in one column.

import { feedOf } from "../../app/kit/feed.js";
import { brief } from "../../app/kit/pens.js";
import { clamp, inLines, num, thousands } from "../../app/kit/shapes.js";

export const LAB = { head: 22, chart: 292, rewind: 48, side: 416, gap: 44, strip: 152, under: 40, phoneFrame: 150, map: 90, thin: 0.4, frame: 177 };

export function planLab(g, data) {
  const wide = g.width >= 760;
  const side = wide ? LAB.side : g.width;
  const main = wide ? g.width - side - LAB.gap : g.width;
  // What is unusual stands over the chart, which gives it room: on the chart it would cover names and numbers.
  const feed = data.runs[0] ? feedOf(g, data.runs[0]) : null;
  const news = newsOf(feed, data.runs[0]?.mine);
  const newsHeight = news ? 17 * inLines(news, main - 26).length + 18 + 8 : 0; // 8: apart from the chart
  const newsTop = LAB.head + (wide ? 0 : 24); // a phone's buttons of the axis are taller
  const chart = { left: 0, top: (news ? newsTop : LAB.head) + newsHeight, width: main, height: (wide ? LAB.chart : 240) - (wide ? newsHeight : 0) };
  const rewindY = chart.top + chart.height;
  const afterMain = rewindY + LAB.rewind;
  const sideAt = wide ? { x: main + LAB.gap, y: 0 } : { x: 0, y: afterMain + 56 };
  const stripY = wide ? afterMain + 6 : sideAt.y + 366;
  const columns = wide ? 6 : Math.max(1, Math.floor(g.width / 170));
  const frames = data.film.frames.length;
  const rows = Math.ceil(frames / columns) || 1;
  const pitch = wide ? LAB.frame : Math.floor(g.width / columns);
  const height = stripY + (wide ? 26 : LAB.under + 64) + rows * (wide ? LAB.strip - 18 : LAB.phoneFrame);
  return { news, newsTop, wide, main, side, chart, rewindY, sideAt, stripY, columns, pitch, rows, height };
}

/** The three small charts, one under the other. */
export const SIDES = [
  { name: "rate", title: "Learning rate", column: "learning_rate", low: 0, format: (v) => brief(v) },
  { name: "gradient", title: "Gradient norm", column: "gradient_norm", scale: "log", format: (v) => (v < 0.01 ? brief(v) : num(v, 2)) },
  { name: "speed", title: "Tokens per second", column: "rate", low: 0, format: (v) => thousands(Math.round(v / 100) * 100) },
];

/** The steps of the subject that can be opened: Python's, and those that came since. */
export function momentsOf(data, chart) {
  const kept = data.moments.steps;
  const feed = chart?.feeds[0];
  const later = feed && data.moments.id === feed.id ? feed.checkpoints.map((one) => one.step).filter((step) => !kept.length || step > kept[kept.length - 1]) : [];
  return [...kept, ...later];
}
/** The step that every page shows now; null while the open model is not the first curve's. */
export function momentNow(data, local) {
  if (!data.moments.model || local.sel.model !== data.moments.model) return null;
  const steps = data.moments.steps;
  return local.sel.snapshot < 0 ? steps[steps.length - 1] ?? null : local.sel.snapshot;
}
/** Rewind: every page follows. The last moment of a finished training is the finished model. */
export function rewindTo(g, data, step) {
  const steps = momentsOf(data, g.local.chart);
  const last = step === steps[steps.length - 1];
  g.select({ model: data.moments.model, snapshot: last ? -1 : step });
}
export const nearest = (steps, value, at = (s) => s) => steps.reduce((best, step) => (Math.abs(at(step) - value) < Math.abs(at(best) - value) ? step : best), steps[0]);
export function stepBy(g, data, move) {
  const steps = momentsOf(data, g.local.chart);
  if (!steps.length) return;
  const now = momentNow(data, g.local) ?? steps[steps.length - 1];
  const at = steps.indexOf(nearest(steps, now));
  rewindTo(g, data, steps[clamp(at + move, 0, steps.length - 1)]);
}

/** Seconds as a person says them. */
const spokenSeconds = (s) => (s < 90 ? `${Math.round(s)} s` : s < 5400 ? `${Math.round(s / 60)} min` : `${num(s / 3600, 1)} h`);

/** Seconds to a run's end, as core.runs.corrections.left: by what was foretold at first, by its own pace when a tenth is
 *  done. The first step, which may take seconds however small the model, is no part of the pace. Null: not known. */
function secondsLeft(feed, step, steps) {
  const { foretold = 0, beside = 1 } = feed.state;
  const [first, began, seconds] = [feed.cols.step[0], feed.cols.seconds[0], feed.last("seconds").value];
  const own = step > first ? ((seconds - began) / (step - first)) * steps * beside : 0;
  const trust = !own ? 0 : foretold ? Math.min(1, (10 * step) / steps) : 1;
  const whole = trust * own + (1 - trust) * foretold;
  return whole && steps ? whole * (1 - step / steps) : null;
}

/** How far the first run is: "step 1,100 of 1,500", "31 s so far, about 11 s left". */
export function statusOf(feed, data) {
  if (!feed) return ["", ""];
  const { state, steps } = feed.state;
  const step = Math.max(0, feed.lastStep);
  const place = `step ${thousands(step)}${steps ? ` of ${thousands(steps)}` : ""}`;
  const seconds = feed.last("seconds")?.value;
  if (!feed.live) return [place, data.runs[0].model ? "recorded while it was trained" : "recorded"];
  if (seconds === undefined) return [place, state === "running" ? "begins" : state !== "queued" ? "" : feed.state.starting ? "workers are starting" : "waiting"];
  const done = `${spokenSeconds(seconds)} of training so far`;
  if (state !== "running") return [place, feed.over ? `${state} after ${spokenSeconds(seconds)} of training` : `${state}, ${done}`];
  if (feed.state.control === "pause") return [place, "pausing after this step"];
  const left = secondsLeft(feed, step, steps);
  return [place, left === null ? done : `${done}, about ${spokenSeconds(left)} left`];
}

/** What a run without a point does, behind its name where its curve will begin. */
export function waitingWord(feed) {
  const { state, starting } = feed.state;
  return state === "running" ? "begins" : state === "queued" ? (starting ? "waits for the workers" : "waits") : state === "done" ? "" : state;
}

/** What is unusual about the first run now, and what can be done; "" when all is well. */
export function newsOf(feed, mine) {
  if (!feed) return "";
  if (feed.lost) return `${feed.lost[0].toUpperCase()}${feed.lost.slice(1)}. No point of the curve gets lost.`;
  if (!feed.live) return "";
  const { state, place, ended, starting } = feed.state;
  const word = ended ? `${ended[0].toUpperCase()}${ended.slice(1).replace(/\.$/, "")}. ` : "";
  if (state === "queued" && starting) return "This server’s workers are still starting. The run begins by itself as soon as they are ready.";
  if (state === "queued") return place > 0 ? `Waiting for a free worker: place ${place} in the queue. It begins by itself.` : "Waiting for a worker. It begins by itself.";
  if (state === "paused") return `Paused at step ${thousands(Math.max(0, feed.lastStep))}. ${mine ? "Resume goes on from here with its own settings; One step takes just one." : "Its owner can go on."}`;
  const kept = feed.n ? "The curve is kept. " : "It ended before its first step: there is no curve. ";
  const moments = feed.checkpoints.length > 0;
  if (state === "diverged") return `${word || "The loss ran away. "}${kept}Lower the peak rate and start anew${moments ? ", or fork from an earlier checkpoint" : ""}.`;
  if (state === "failed") return `${word || "Something went wrong. "}${kept}Start anew${moments ? ", or fork from its last checkpoint" : ""}.`;
  // What is set above counts for a new run alone.
  if (state === "stopped") return `${word || "Stopped. "}${!moments ? "It kept no checkpoint to go on from: start a new one." : mine ? "Resume trains the steps that were left with this run’s own settings, as a fork of its last checkpoint; New run takes the settings above." : "Fork it to go on from a checkpoint."}`;
  if (state === "gone") return `${word || "This run is not there any more. "}Start another, or choose a model on the left.`;
  return "";
}
