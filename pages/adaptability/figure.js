// Adaptability: what little data and few numbers come to. Four studies, each with what belongs beside its chart, which is
// the page's (studies.js, games.js); the last step says of all four what they found.

import { curves, heardRuns } from "../../app/kit/curves.js";
import { mount } from "../../app/kit/glass.js";
import { clamp, fit, html, label, num, visible } from "../../app/kit/shapes.js";
import { stepMode } from "../../app/kit/steps.js";
import { drawPrompt, gamePlan } from "./games.js";
import { ladder, prose, span, vectorRows } from "./studies.js";

const stages = stepMode("stage", ["Rank", "Few examples", "Prompt", "In context", "All four"]);
const STUDIES = ["rank", "examples", "prompt"];
const FIELDS = { rank: "rank", examples: "few", prompt: "front", context: "told" };
const TITLES = { rank: "Rank against quality", examples: "Few examples against many", prompt: "Vectors in front", context: "In the prompt against by steps" };

const keyOf = (step) => [...STUDIES, "context"][step];
/** The chosen place of a study: the recorded one that is nearest to what the page's field says. */
function chosenOf(data, local, key) {
  const places = key === "context" ? data.game.context.map((p) => p.at) : data.studies[key].places;
  const wanted = local.sel[FIELDS[key]] ?? places[0];
  return places.reduce((best, one) => (Math.abs(one - wanted) < Math.abs(best - wanted) ? one : best));
}
const planOf = (data, local, key) => ({ ...(key === "context" ? gamePlan(data.game) : { ...data.studies[key], chosen: chosenOf(data, local, key) }) });

/** Every study's door, and what it found. */
function drawAll(g, data, local) {
  const tall = g.width < 420 ? 34 : 24;
  let y = 0;
  [...STUDIES, "context"].forEach((key, at) => {
    const title = key === "context" ? `${TITLES[key]}: ${data.game.title}` : TITLES[key];
    g.overlay(`open ${key}`, { left: 0, top: y, width: g.width }, () => html("button", { type: "button", class: "adapt-open", onclick: () => stages.to(g, local, at) }), (node) => { node.textContent = title; });
    y = prose(g, `found ${key}`, { x: 4, y: y + tall - 4, w: g.width - 8 }, data.findings[key], { size: 12, fill: "ink2" }) + 4;
  });
  drawText(g, data, { x: 4, y: y + 4, w: g.width - 8 });
  return y + 24;
}

/** The learner's text, as it was judged. */
const drawText = (g, data, at) => g.part("text", [at, data.text], () => label(at.x, at.y + 8, fit(`Your text: “${visible(data.text)}”`, at.w, 12, false), { fill: "ink2" }));

function drawOne(g, data, local, key) {
  const box = { x: 0, y: 4, w: g.width };
  const pick = (place) => g.select({ [FIELDS[key]]: place });
  let y = box.y;
  if (key === "context") y = drawPrompt(g, data.game, box);
  else {
    y = ladder(g, { ...data.studies[key], chosen: chosenOf(data, local, key) }, box, pick);
    drawText(g, data, { x: box.x, y: y + 4, w: box.w });
    y += 20;
    if (key === "prompt" && data.near) y = vectorRows(g, data.near, { ...box, y: y + 10 }) + 8;
  }
  return prose(g, "told", { ...box, y: y + 6 }, data.findings[key]);
}

/** Own runs that are going: their curves, live. */
function drawLive(g, data, local, y) {
  local.chart = null;
  if (!data.live.length) return y;
  g.part("live head", [y], () => label(0, y + 14, "Your runs: held-out examples that are right, by step", { fill: "ink3" }));
  local.chart = curves(g, "live", { left: 0, top: y + 22, width: g.width, height: 150 }, {
    runs: data.live, lines: [{ column: "held_out", kind: "solid" }], x: "step", ends: "line", low: 0.3, high: 1, title: "Your runs",
    format: (v) => `${num(Number((100 * v).toPrecision(6)), 1)} %`, onpoint: (feed, what) => heardRuns(g, local, what),
  });
  return y + 182;
}
const adaptability = {
  draw(g, data, local) {
    const step = stages.of(local);
    stages.bar(g, local);
    const y = step === stages.last ? drawAll(g, data, local) : drawOne(g, data, local, keyOf(step));
    g.height = drawLive(g, data, local, y);
  },

  key(event, g, data, local) {
    if (stages.key(event, g, local)) return true;
    const key = keyOf(stages.of(local));
    const move = { ArrowUp: 1, ArrowDown: -1 }[event.key];
    if (move && key) {
      const { places, chosen } = planOf(data, local, key);
      g.select({ [FIELDS[key]]: places[clamp(places.indexOf(chosen) + move, 0, places.length - 1)] });
      return true;
    }
    if (event.key !== "Escape") return false;
    if (!stages.halt(g, local) && !stages.whole(g, local)) g.visit("home");
    return true;
  },

  describe(data, local) {
    const step = stages.of(local);
    const one = (key) => `${TITLES[key]}. ${data.findings[key].join(" ")}`;
    if (step === stages.last) return [...STUDIES, "context"].map(one).join(" ");
    const key = keyOf(step);
    const plan = planOf(data, local, key);
    const figures = plan.series.map((s) => `${s.name}: ${s.points.map((p) => `${p.at}: ${span(p)}`).join(", ")}`).join(". ");
    return `Step ${step + 1}. ${one(key)} ${plan.axis}: ${figures}.`;
  },

  state(data, local) {
    const step = stages.of(local);
    const key = keyOf(step);
    return {
      tokens: data.tokens, stage: stages.state(local), chosen: key ? chosenOf(data, local, key) : null, judged: data.judged, near: data.near,
      studies: Object.fromEntries(STUDIES.map((name) => [name, data.studies[name].series.map((s) => ({ key: s.key, means: s.points.map((p) => p.mean) }))])),
      own: STUDIES.flatMap((name) => data.studies[name].own), game: { key: data.game.key, shown: data.game.shown, context: data.game.context.map((p) => p.mean), steps: data.game.steps.map((p) => p.mean) },
      live: local.chart?.summary() ?? null,
    };
  },
};

export default mount("adaptability", adaptability);
