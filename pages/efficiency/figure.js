// A model in fewer bits. weights.js: one matrix and its grid; model.js: the whole model's cost and words. layout.js says
// what stands where, and leaves room for the page's chart of size against loss.

import { counted } from "../../app/kit/counts.js";
import { mount } from "../../app/kit/glass.js";
import { clamp, num } from "../../app/kit/shapes.js";
import { stepMode } from "../../app/kit/steps.js";
import { STEPS, bytesOf, matrixSaid, percent, pieceName, plan, stepNow, weightSaid } from "./layout.js";
import { drawAnswers, drawCosts } from "./model.js";
import { drawHistogram, drawMatrices, drawStrip, turnGroup } from "./weights.js";

const efficiencyView = {
  keys: [["↑ ↓", "the block before or after"], ["[ ]", "the matrix before or after"], ["← →", "the weights that share a grid: before or after"], ["n p", "the weight after or before"], ["Shift + ← →", "one step back or on; also , and ."], ["Space", "play and pause"], ["Esc", "up, to the whole picture"]],

  init(data, local, before) {
    const same = before?.matrix && data.matrix && before.matrix.name === data.matrix.name && before.matrix.row === data.matrix.row && before.matrix.group === data.matrix.group;
    return { steps: local.steps ?? stepMode("stage", STEPS), pick: same ? local.pick ?? 0 : 0 };
  },

  draw(g, data, local) {
    const at = plan(g, data);
    local.steps.bar(g, local);
    const step = stepNow(local);
    drawHistogram(g, data, local, at);
    drawStrip(g, data, local, at);
    if (step >= 3) drawMatrices(g, data, local, at);
    let low = at.answers.y + 20;
    if (step >= 4) low = drawAnswers(g, data, local, at);
    if (step >= 5) drawCosts(g, data, local, at);
    const doors = [["compute", "Compute and memory", "What a model takes at every precision"], ["adaptability", "Adaptability", "Few numbers that learn"]];
    doors.forEach(([page, text, about], i) => g.door(page, at.phone ? { left: i * 168, top: low + 6 } : { left: g.width - 270 + i * 168, top: at.answers.y - 3 }, text, about));
    g.height = low + (at.phone ? 38 : 2);
  },

  key(event, g, data, local) {
    const m = data.matrix;
    const down = { ArrowUp: -1, ArrowDown: 1 }[event.key];
    const side = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (down && m) g.select({ block: clamp(m.block + down, 0, data.blocks - 1), stage: -1 });
    else if ((event.key === "[" || event.key === "]") && m) {
      const at = data.pieces.findIndex((one) => one.key === m.piece) + (event.key === "[" ? -1 : 1);
      g.select({ piece: data.pieces[(at + data.pieces.length) % data.pieces.length].key, stage: -1 });
    } else if (side && !event.shiftKey) turnGroup(g, data, side);
    else if ((event.key === "n" || event.key === "p") && m) {
      local.pick = clamp((local.pick ?? 0) + (event.key === "n" ? 1 : -1), 0, m.before.length - 1);
      g.redraw();
    } else if (local.steps.key(event, g, local)) return true;
    else if (event.key === "Escape") {
      if (!local.steps.halt(g, local) && !local.steps.whole(g, local)) g.visit("home");
    } else return false;
    return true;
  },

  describe(data, local) {
    const step = stepNow(local) < local.steps.last ? `Step ${stepNow(local) + 1}, ${STEPS[stepNow(local)]}. ` : "";
    const m = data.matrix;
    const matrix = m ? `${pieceName(data, m.piece)} of block ${m.block}: ${matrixSaid(data)} ${weightSaid(data, local.pick ?? 0) ?? ""}` : matrixSaid(data);
    const now = data.now;
    const cost = now ? ` ${data.setting.name}: ${bytesOf(now.bytes)} instead of ${bytesOf(data.original.bytes)}, loss ${num(now.loss, 3)} instead of ${num(data.original.loss, 3)}, ${percent(now.agreement)} of the first choices stay. ${data.answers.filter((one) => !one.same).length} of ${data.answers.length} change in your text.` : " The whole model is not compressed yet.";
    return `${step}${matrix}${cost} ${counted(data.points.length, "setting")} measured.`;
  },

  state(data, local) {
    const m = data.matrix;
    return {
      tokens: data.tokens.map((token) => token.text), stage: local.steps.state(local), setting: data.setting, stack: data.stack,
      original: data.original, now: data.now, bitsEach: data.bitsEach, passes: data.passes,
      answers: data.answers.map(({ before, p, after, q }) => ({ before, p, after, q })), changed: data.answers.filter((one) => !one.same).length,
      matrix: m && { block: m.block, piece: m.piece, name: m.name, row: m.row, group: m.group, grid: m.grid, scale: m.scale, zero: m.zero, before: m.before, after: m.after, codes: m.codes, counts: m.counts, moved: m.moved },
      errors: data.errors, said: weightSaid(data, local.pick ?? 0), picked: local.pick ?? 0,
      points: data.points.map(({ name, bytes, loss, front, here }) => ({ name, bytes, loss, front, here })), 
    };
  },
};

export default mount("efficiency", efficiencyView);
