// Beside the map: the curve, the run's buttons, how the words of a family find each other, and a word's neighbours.

import { counted } from "../../app/kit/counts.js";
import { curves } from "../../app/kit/curves.js";
import { css, fit, h, html, inLines, label, measure, num, thousands, visible } from "../../app/kit/shapes.js";
import { momentOf, play, stepsOf, wordOf } from "./learning_moments.js";
import { choose, follow } from "./learning.js";

export const FAMILY_COLOURS = ["q", "k", "v", "mlp", "att"];
export const FAMILY_INKS = ["q-ink", "k-ink", "v-ink", "mlp-ink", "att-ink"];
const GOING = ["queued", "running", "paused"];

export function plan(g, data) {
  const phone = g.width < 760;
  const top = data.families.length ? 46 : 26;
  const side = phone ? g.width : 324;
  const wide = phone ? g.width : g.width - side - 20;
  const tall = phone ? 360 : 452;
  return { phone, map: { left: 0, top, width: wide, height: tall }, side: phone ? 0 : wide + 20, from: phone ? top + tall + 66 : 0, room: side, bar: top + tall + 8 };
}

export function drawCurve(g, data, local, at) {
  const box = { left: at.side, top: at.from + 22, width: at.room, height: 152 };
  g.part("curve head", null, () => label(at.side, at.from + 12, fit(data.loss, at.room, 12, false), { weight: 600, fill: "ink" }));
  if (!data.run) {
    g.part("curve none", null, () => inLines("The curve begins with the first step; the map shows where PCA lays the words.", at.room).map((line, i) => label(at.side, at.from + 40 + 16 * i, line, { fill: "ink3" })));
    local.chart = null;
    return;
  }
  local.chart = curves(g, "words", box, {
    runs: [{ ...data.run, colour: "accent" }], lines: [{ column: "loss", kind: "raw" }, { column: "smooth", kind: "solid" }],
    guessing: data.guessing, ends: "none", title: data.loss, left: 30, ticks: true, onpoint: () => g.redraw(),
    marks: markOf(data, local),
    onpick: (step) => choose(g, data, local, nearest(stepsOf(data, local), step)),
  });
}
function markOf(data, local) {
  const steps = data.own ? local.lastSteps ?? [] : data.steps;
  const at = momentOf(data, local, steps);
  return at < 0 || at === steps.length - 1 ? [] : [{ x: steps[at], colour: "accent", width: 1.5 }];
}
const nearest = (steps, step) => steps.reduce((best, one, i) => (Math.abs(one - step) < Math.abs(steps[best] - step) ? i : best), 0);

/** How the run is, in words. */
function runWords(feed) {
  const { state, step = 0, steps, place, starting, ended } = { ...feed.state, step: Math.max(0, feed.lastStep) };
  const far = `step ${thousands(step)} of ${thousands(steps || step)}`;
  if (feed.lost) return feed.lost;
  if (state === "queued") return starting ? "the workers are starting" : place > 1 ? `waits, place ${place} in the queue` : place ? "waits for a worker" : "begins";
  if (state === "running") return step ? far : "reads the text, then begins";
  if (state === "done") return `${counted(step, "step")}${feed.last("seconds") ? ` in ${num(feed.last("seconds").value, 1)} s` : ""}`;
  return ended || `${state}, ${far}`;
}

export function drawActs(g, data, local, at) {
  const top = at.from + 184;
  const feed = local.chart?.feeds[0];
  const going = Boolean(feed && data.own && GOING.includes(feed.state.state));
  local.going = going;
  const said = !feed ? "" : data.own ? runWords(feed) : "Recorded";
  local.said = said;
  g.overlay("run", { left: at.side, top }, () => html("button", { type: "button", class: "gb-button gb-small", "data-act": "run" }), (node) => {
    node.textContent = going ? data.buttons[2] : data.buttons[data.own ? 1 : 0];
    node.classList.toggle("gb-primary", !going);
    node.disabled = going ? !data.mine : Boolean(data.cannot || data.refused);
    node.onclick = () => g.send(going ? "stop" : "start", { at: Date.now() });
  });
  if (data.own && !going) {
    g.overlay("back", { left: at.side + 148, top }, () => html("button", { type: "button", class: "gb-button gb-small", "data-act": "back", onclick: () => g.send("back", { at: Date.now() }) }), (node) => { node.textContent = data.mode === "learn" ? "Recorded one" : "Back to PCA"; });
  }
  const why = data.cannot || data.refused || data.note;
  const lines = [...inLines(`${said ? `${said}: ` : ""}${data.about}.`, at.room), ...inLines(going ? "Leave the page: it goes on." : why || data.plan, at.room)];
  const red = !going && Boolean(why);
  const button = at.phone ? 62 : 46;
  g.part("run words", [lines, red], () => lines.map((line, i) => label(at.side, top + button + 16 * i, line, { fill: red && i >= lines.length - inLines(why, at.room).length ? "accent" : "ink3" })));
  return top + button + 16 * lines.length + 10;
}

/** How well the vectors (or the map) are doing, as one share beside what would be reached without. */
export function drawKin(g, data, moment, at, top) {
  if (!moment?.kin) return top;
  const [own, other] = moment.kin;
  const learning = data.mode === "learn";
  const x = (share) => at.side + at.room * share;
  const lines = inLines(learning ? "Of the 5 words nearest to a name, colour, thing, size or trade, so many are of its own family."
    : "Of the 10 nearest of a word by cosine, so many are among its 10 nearest on the map.", at.room);
  g.part("kin", [moment.kin], () => [
    label(at.side, top + 4, `${num(100 * own, 0)} % ${learning ? "of their family" : "of neighbours kept"}`, { weight: 600, fill: "ink", size: 13 }),
    label(at.side + at.room, top + 4, `${learning ? "chance" : "PCA"} ${num(100 * other, 0)} %`, { anchor: "end", fill: "ink3" }),
    h("rect", { x: at.side, y: top + 12, width: at.room, height: 8, rx: 4, fill: css("field") }),
    h("rect", { x: at.side, y: top + 12, width: Math.max(2, at.room * own), height: 8, rx: 4, fill: css("accent") }),
    h("rect", { x: x(other) - 1, y: top + 9, width: 2, height: 14, fill: css("ink") }),
    lines.map((line, i) => label(at.side, top + 38 + 16 * i, line, { fill: "ink3" })),
  ]);
  return top + 46 + 16 * lines.length;
}

export function drawNear(g, data, local, moment, at, top) {
  if (data.mode !== "learn") return top;
  const word = wordOf(data, local);
  const near = moment?.near ?? [];
  const lines = near.length ? [] : inLines(moment?.why || (moment ? "" : "…"), at.room);
  g.part("near", [word, near, moment?.why], () => [
    label(at.side, top + 8, fit(`Nearest to ${visible(word) === "∅" ? "no word" : visible(word)}`, at.room - 60, 12, false), { weight: 600, fill: "ink" }),
    near.length > 0 && label(at.side + at.room, top + 8, "cosine", { anchor: "end", fill: "ink3" }),
    near.map(({ word: other, cosine }, i) => {
      const y = top + 28 + 18 * i;
      const family = data.familyOf[other];
      return h("g", { class: "gb-hot", onclick: () => follow(g, data, other) }, h("rect", { x: at.side, y: y - 13, width: at.room, height: 18, fill: "transparent" }),
        h("rect", { x: at.side + 132, y: y - 8, width: Math.max(1, (at.room - 182) * Math.max(0, cosine)), height: 6, rx: 3, fill: css(family === undefined ? "res" : FAMILY_COLOURS[family]) }),
        label(at.side, y, fit(visible(other), 126, 12, false), { fill: family === undefined ? "ink" : FAMILY_INKS[family], weight: family === undefined ? null : 600 }),
        label(at.side + at.room, y, num(cosine, 3), { anchor: "end", mono: true, fill: "ink" }));
    }),
    lines.map((line, i) => label(at.side, top + 28 + 16 * i, line, { fill: "accent" })),
  ]);
  return top + 24 + Math.max(18 * near.length, 16 * lines.length);
}

/** The colours of the families, above the map. */
export function drawLegend(g, data, at, words) {
  g.part("legend", [words], () => {
    const out = [label(0, 12, fit(words, at.map.width, 12, false), { fill: "ink2" })];
    let x = 0;
    data.families.forEach((name, i) => {
      out.push(h("circle", { cx: x + 5, cy: 30, r: 4.5, fill: css(FAMILY_COLOURS[i]) }), label(x + 14, 34, name, { fill: FAMILY_INKS[i], weight: 600 }));
      x += 26 + measure(name, 12) * 1.06;
    });
    return out;
  });
}

/** The slider over the moments, and Play. */
export function drawBar(g, data, local, at, steps, now) {
  if (steps.length < 2) return;
  const wide = at.map.width;
  g.overlay("play", { left: 0, top: at.bar }, () => html("button", { type: "button", class: "gb-button gb-small", "data-act": "play", onclick: () => play(g, g.data, local) }), (node) => { node.textContent = local.played == null ? "Play" : "Stop"; });
  g.overlay("moments", { left: 74, top: at.bar + (at.phone ? 0 : 4), width: wide - 74 - 104 }, () => html("input", {
    class: "gb-range", type: "range", min: 0, step: 1, "data-act": "moment",
    oninput: (event) => choose(g, g.data, local, Number(event.target.value)),
  }), (node) => {
    node.max = steps.length - 1;
    node.value = now;
    node.style.setProperty("--fill", `${(100 * now) / (steps.length - 1)}%`);
    const said = `step ${thousands(steps[now])}`;
    node.setAttribute("aria-label", data.mode === "learn" ? "Moment of the learning" : "Moment of the map");
    node.setAttribute("aria-valuetext", said);
  });
  g.part("moment", [steps[now]], () => label(wide, at.bar + (at.phone ? 26 : 18), `step ${thousands(steps[now])}`, { anchor: "end", mono: true, fill: "ink" }));
}
