// What stands where in the lab's picture: the loss at the left, three small charts or the plan at the right, Rewind on the
// loss's own axis, the film strip below; on a phone everything in one column. And the words about the run that is shown.

import { retold, stateWord } from "../../app/kit/endings.js";
import { say } from "../../app/kit/say.js";
import { inLines, num, thousands } from "../../app/kit/shapes.js";
import { isPhone } from "../../app/kit/widths.js";

/**
 * @import { Feed, State } from "../../app/kit/feed.js"
 *
 * How a run stands, as its stream says it.
 * @typedef {object} More
 * @property {string} [control] what its owner last asked for: "run", "pause", "step", "stop"
 * @property {boolean} [starting] whether the server's workers are still on their way
 * @property {number} [foretold] seconds that all its steps were estimated to take
 * @property {number} [beside] how many times as long a step takes while others train beside it
 *
 * @typedef {Pick<Feed, "live" | "lost" | "n" | "over" | "lastStep" | "cols" | "last" | "checkpoints"> & {state: State & More}} RunFeed
 */

/** A speed: hundreds where there are thousands, one decimal below 1. @type {(perSecond: number) => string} */
export const speedText = (perSecond) => {
  if (perSecond > 0 && perSecond < 1) return num(perSecond, 1);
  const unit = perSecond < 1000 ? 1 : 100;
  return thousands(Math.round(perSecond / unit) * unit);
};

// ---------------------------------------------------------------- what stands where

const HEAD = 22; // height of the title over the loss
const SIDE = 416; // width of the small charts
const REWIND = 48; // height of Rewind
export const MAP = 90; // side of a map of the strip
export const UNDER = 40; // from the strip's title to what is said of it, on a phone
const FRAME = { least: 150, most: 177, last: 134, down: 150 }; // widths of a frame of the strip, height of the last row, from row to row

/**
 * @param {number} width of the figure
 * @param {string} news what is unusual: it stands over the chart, which gives it room, as on it it would cover names
 * @param {number} frames of the strip
 * @param {boolean} [few] beside the loss stand but the settings that it comes from
 */
export function planLab(width, news, frames, few = false) {
  const wide = !isPhone(width);
  const side = wide ? SIDE : width;
  const main = wide ? width - side - 44 : width;
  const newsHeight = news ? 17 * inLines(news, main - 26).length + 18 + 8 : 0; // 8: apart from the chart
  const newsTop = HEAD + (wide ? 0 : 24); // a phone's buttons of the axis are taller
  const chart = {
    left: 0,
    top: (news ? newsTop : HEAD) + newsHeight,
    width: main,
    height: wide ? 292 - newsHeight : 240,
  };
  const rewindY = chart.top + chart.height;
  const afterMain = rewindY + REWIND;
  const sideAt = wide ? { x: width - side, y: 0 } : { x: 0, y: afterMain + 56 };
  const stripY = wide ? afterMain + 6 : sideAt.y + (few ? 220 : 366);
  const room = width + (wide ? 8 : 0); // 8: between two frames
  const columns = wide ? Math.min(6, Math.floor(room / FRAME.least)) : Math.max(1, Math.floor(width / 170));
  const rows = Math.ceil(frames / columns) || 1;
  const pitch = wide ? Math.min(FRAME.most, Math.floor(room / columns)) : Math.floor(width / columns);
  const height = stripY + (wide ? 26 + FRAME.last : UNDER + 64 + FRAME.down) + (rows - 1) * FRAME.down;
  return {
    newsTop,
    wide,
    main,
    side,
    chart,
    rewindY,
    sideAt,
    stripY,
    columns,
    pitch,
    down: FRAME.down,
    rows,
    height,
  };
}

// ---------------------------------------------------------------- words about a run

/** Seconds as a person says them. @param {number} s */
const spokenSeconds = (s) =>
  s < 90 ? `${Math.round(s)} s` : s < 5400 ? `${Math.round(s / 60)} min` : `${num(s / 3600, 1)} h`;

/**
 * Seconds to a run's end, as core.runs.corrections.left: by what was foretold at first, by its own pace when a tenth is
 * done. The first step, which may take seconds however small the model, is no part of the pace. Null: not known.
 * @param {RunFeed} feed
 * @param {number} step
 * @param {number} steps
 */
function secondsLeft(feed, step, steps) {
  const { foretold = 0, beside = 1 } = feed.state;
  const [first, began, seconds] = [feed.cols.step[0], feed.cols.seconds[0], feed.last("seconds")?.value ?? 0];
  const own = step > first ? ((seconds - began) / (step - first)) * steps * beside : 0;
  const trust = !own ? 0 : foretold ? Math.min(1, (10 * step) / steps) : 1;
  const whole = trust * own + (1 - trust) * foretold;
  return whole && steps ? whole * (1 - step / steps) : null;
}

/** How far the first run is: "step 1,100 of 1,500", "31 s so far, about 11 s left". @type {(feed: RunFeed | undefined, data: {runs: {model: string}[]}) => [place: string, time: string]} */
export function statusOf(feed, data) {
  if (!feed) return ["", ""];
  const { state, steps } = feed.state;
  const step = Math.max(0, feed.lastStep);
  const place = steps
    ? say("step {step} of {steps}", { step: thousands(step), steps: thousands(steps) })
    : say("step {step}", { step: thousands(step) });
  const seconds = feed.last("seconds")?.value;
  if (!feed.live) return [place, data.runs[0].model ? say("recorded while it was trained") : say("recorded")];
  if (seconds === undefined)
    return [
      place,
      state === "running"
        ? say("begins")
        : state !== "queued"
          ? ""
          : feed.state.starting
            ? say("workers are starting")
            : say("waiting"),
    ];
  const time = spokenSeconds(seconds);
  const done = say("{time} of training so far", { time });
  if (state !== "running")
    return [
      place,
      feed.over
        ? say("{state} after {time} of training", { state: stateWord(state), time })
        : `${stateWord(state)}, ${done}`,
    ];
  if (feed.state.control === "pause") return [place, say("pausing after this step")];
  const left = secondsLeft(feed, step, steps);
  return [
    place,
    left === null
      ? done
      : say("{time} of training so far, about {left} left", { time, left: spokenSeconds(left) }),
  ];
}

/** What a run without a point does, behind its name where its curve will begin. @param {RunFeed} feed */
export function waitingWord(feed) {
  const { state, starting } = feed.state;
  return state === "running"
    ? say("begins")
    : state === "queued"
      ? starting
        ? say("waits for the workers")
        : say("waits")
      : state === "done"
        ? ""
        : stateWord(state);
}

/** @param {string} text */
const capital = (text) => text.slice(0, 1).toUpperCase() + text.slice(1);

/** What is unusual about the first run now, and what can be done; "" when all is well. @type {(feed: RunFeed | null | undefined, mine?: boolean) => string} */
export function newsOf(feed, mine) {
  if (!feed) return "";
  if (feed.lost) return say("{lost}. No point of the curve gets lost.", { lost: capital(feed.lost) });
  if (!feed.live) return "";
  const { state, place, starting } = feed.state;
  if (state === "queued" && starting)
    return say(
      "This server’s workers are still starting. The run begins by itself as soon as they are ready.",
    );
  if (state === "queued" && feed.lastStep > 0)
    return say(
      "Waiting for a free worker: place {place} in the queue. It goes on from step {step} by itself. Shorter runs of others go first.",
      { place, step: thousands(feed.lastStep) },
    );
  if (state === "queued")
    return Number(place) > 0
      ? say("Waiting for a free worker: place {place} in the queue. It begins by itself.", { place })
      : say("Waiting for a worker. It begins by itself.");
  if (state === "paused") {
    const step = thousands(Math.max(0, feed.lastStep));
    return mine
      ? say(
          "Paused at step {step}. Resume goes on from here with its own settings; One step takes just one.",
          { step },
        )
      : say("Paused at step {step}. Its owner can go on.", { step });
  }
  return endOf(feed, mine);
}

/** Why the run ended, what is kept, and what can be done. @type {(feed: RunFeed, mine?: boolean) => string} */
function endOf(feed, mine) {
  const { state, ended } = feed.state;
  const why = ended ? `${capital(retold(ended)).replace(/\.$/, "")}.` : "";
  const kept = feed.n ? say("The curve is kept.") : say("It ended before its first step: there is no curve.");
  const moments = feed.checkpoints.length > 0;
  if (state === "diverged")
    return [
      why || say("The loss ran away."),
      kept,
      moments
        ? say("Lower the peak rate and start anew, or fork from an earlier checkpoint.")
        : say("Lower the peak rate and start anew."),
    ].join(" ");
  if (state === "failed")
    return [
      why || say("Something went wrong."),
      kept,
      moments ? say("Start anew, or fork from its last checkpoint.") : say("Start anew."),
    ].join(" ");
  // What is set above counts for a new run alone.
  const goOn = mine
    ? say(
        "Resume trains the steps that were left with this run’s own settings, as a fork of its last checkpoint; New run takes the settings above.",
      )
    : say("Fork it to go on from a checkpoint.");
  if (state === "stopped")
    return `${why || say("Stopped.")} ${moments ? goOn : say("It kept no checkpoint to go on from: start a new one.")}`;
  if (state === "gone")
    return `${why || say("This run is not there any more.")} ${say("Start another, or choose a model on the left.")}`;
  return "";
}
