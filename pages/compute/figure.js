// What a configuration costs: its parts (parts.js), its memory beside a card's (memory.js), its passes (roof.js). Python
// sends every number at every stop of the two sliders; here they are only picked and added. The roof is the page's chart.

import { mount } from "../../app/kit/glass.js";
import { clamp, css, h, num } from "../../app/kit/shapes.js";
import { stepMode } from "../../app/kit/steps.js";
import { exactOf, manyOf, siOf, sizeOf } from "../../app/kit/units.js";
import { KINDS, drawMemory, drawSliders, fitsOf, memoryHeight } from "./memory.js";
import { TITLES, drawParts, drawStory, drawTokens, partsHeight, storyLines } from "./parts.js";
import { passesOf } from "./roof.js";

/** The stop that the sliders stand at, and every number there. */
export function nowOf(data, local) {
  const batch = local.sel.together ?? data.fits.batch;
  const asked = local.sel.long ?? -1;
  const wanted = asked > 0 ? asked : data.usual;
  const known = data.lengths.indexOf(wanted);
  const at = known < 0 ? data.lengths.indexOf(data.fits.length) : known;
  const memory = Object.fromEntries(Object.entries(data.memory).map(([mode, kinds]) => [mode, kinds.map((one) => ({ name: one.name, bytes: one.fixed[at] + batch * one.row[at] }))]));
  return { batch, at, length: data.lengths[at], flops: data.flops.map((row) => batch * row[at]), memory };
}
const ROOF = 244; // px of the page's chart
export const stepOf = (data, local) => data.steps[local.steps.of(local)];

const computeView = {
  keys: [["← →", "one step back or on; also , and ."], ["[ ]", "a shorter or longer context"], ["− +", "fewer or more texts"], ["Space", "play and pause"], ["Esc", "up, to the whole picture"]],

  init(data, local) {
    const names = data.steps.map((one) => one.name);
    const same = local.steps && local.steps.names.join() === names.join();
    return { steps: same ? local.steps : stepMode("counted", names) };
  },

  draw(g, data, local) {
    g.data = data;
    listen(g, local);
    local.steps.bar(g, local);
    const phone = g.width < 760;
    const w = phone ? g.width : Math.floor((g.width - 48) / 2);
    const left = { x: 0, y: 0, w: phone ? w - 2 : w, phone };
    drawParts(g, data, local, { ...left, x: phone ? 2 : 6, w: left.w - 6 });
    const slidersY = partsHeight(data, left) + 12;
    drawSliders(g, data, local, nowOf(data, local), { x: phone ? 2 : 6, y: slidersY, w: left.w - 6, phone });
    const storyY = slidersY + (phone ? 104 : 66);
    drawStory(g, data, local, { x: phone ? 2 : 6, y: storyY, w: left.w - 6 });
    const lines = storyY + 40 + 17 * storyLines(data, local, left.w - 6).length;
    const listed = data.own && !stepOf(data, local).focus;
    if (listed) drawTokens(g, data, local, { x: phone ? 2 : 6, y: lines, w: left.w - 6 });
    const told = lines + (listed ? 30 : 0);
    const right = phone ? { x: 2, y: told + 20, w: w - 4, phone } : { x: w + 48, y: 0, w, phone };
    drawMemory(g, data, local, right);
    const under = right.y + memoryHeight(right);
    const low = Math.max(under + (phone ? 0 : ROOF), told + (phone ? 8 : 36)); // the room of the chart on a desk (frame.css)
    drawDoors(g, phone ? low + 4 : low - 24, phone);
    g.height = phone ? low + 44 : low;
    if (!phone) g.part("rule", [low], () => h("path", { d: `M${w + 24},0V${low}`, stroke: css("line") }));
  },

  key(event, g, data, local) {
    const now = nowOf(data, local);
    const by = (list, value, move) => list[clamp(list.indexOf(value) + move, 0, list.length - 1)];
    if (event.key === "[" || event.key === "]") {
      const to = by(data.lengths, now.length, event.key === "[" ? -1 : 1);
      g.select({ long: to === data.usual ? -1 : to });
    } else if (["-", "−", "+", "="].includes(event.key)) g.select({ together: by(data.batches, now.batch, "+=".includes(event.key) ? 1 : -1) });
    else if (local.steps.key(event, g, local)) return true;
    else if (event.key === "Escape") {
      if (!local.steps.halt(g, local) && !local.steps.whole(g, local)) g.visit("home");
    } else return false;
    return true;
  },

  describe(data, local) {
    const s = computeView.state(data, local);
    const step = local.steps.of(local) < local.steps.last ? `Step ${s.stage.step + 1}, ${stepOf(data, local).name}: ${stepOf(data, local).lines.join(" ")} ` : "";
    const parts = s.rows.map((one) => `${TITLES[one.name]} ${exactOf(one.weights, siOf(one.weights))} weights, ${siOf(one.flops, "FLOP")}`).join("; ");
    const kinds = (mode) => s.memory[mode].map((one) => `${KINDS[one.name].title} ${sizeOf(one.bytes)}`).join(", ");
    const passes = Object.entries(s.passes).map(([name, p]) => `${name} ${num(p.intensity, 2)} operations a byte, at most ${siOf(p.most, "FLOP/s")}`).join("; ");
    return `${step}${data.name}: ${exactOf(s.total.weights, siOf(s.total.weights))} weights. ${parts}. ${manyOf(s.batch, "text")} of ${manyOf(s.length, "token")}: training holds ${kinds("training")}; use holds ${kinds("using")}. ${data.card.name}: ${passes}.`;
  },

  state(data, local) {
    const now = nowOf(data, local);
    const sum = (list) => list.reduce((a, b) => a + b, 0);
    return {
      tokens: data.tokens, name: data.name, own: data.own, wrong: data.wrong, stage: local.steps.state(local), focus: stepOf(data, local).focus, lines: stepOf(data, local).lines,
      batch: now.batch, length: now.length, rows: data.rows.map((one, k) => ({ name: one.name, weights: one.weights, flops: now.flops[k] })),
      total: { weights: sum(data.rows.map((one) => one.weights)), flops: sum(now.flops) }, memory: now.memory, fits: fitsOf(data, now),
      card: data.card, passes: passesOf(data, now), machine: data.machine, precision: data.precision,
    };
  },
};

/** A row of the table is the way to its step. */
function listen(g, local) {
  if (local.listening) return;
  local.listening = true;
  g.svg.addEventListener("click", (event) => {
    const hit = event.target.closest?.("[data-row]");
    if (!hit) return;
    const at = g.data.steps.findIndex((one) => one.focus === hit.dataset.row);
    if (at >= 0) local.steps.to(g, local, at);
  });
}

function drawDoors(g, y, phone) {
  const doors = [["attention", "Attention’s cost", "Measured as the text grows"], ["decoding", "The cache at work", "Work with it and without"], ["home", "Home", "The whole machine"]];
  doors.forEach(([page, text, about], i) => g.door(page, { left: phone ? [0, 120, 256][i] : 4 + i * 150, top: y }, text, about));
}

export default mount("compute", computeView);
