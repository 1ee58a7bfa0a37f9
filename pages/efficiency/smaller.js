// Below the charts of pruning and of students: what they say (pruned.js), tables (taught.js), own runs as they train.

import { counted } from "../../app/kit/counts.js";
import { curves, heardRuns } from "../../app/kit/curves.js";
import { mount } from "../../app/kit/glass.js";
import { paragraphs } from "../../app/kit/paragraphs.js";
import { clamp, label, num } from "../../app/kit/shapes.js";
import { WHAT, inPercent, mineSaid } from "./smaller_pruned.js";
import { ARMS, drawTable, publishedRows, studentRows } from "./smaller_taught.js";

function drawLiveRuns(g, data, local, box) {
  local.chart = null;
  if (!data.live.length) return box.y;
  g.part("live head", [box], () => label(box.x, box.y + 12, "Your run: loss on what it reads, smoothed, by step", { fill: "ink3" }));
  local.chart = curves(g, "live", { left: box.x, top: box.y + 18, width: box.w, height: 120 }, {
    runs: data.live, lines: [{ column: "smooth", kind: "solid" }], x: "step", ends: "line", title: "Your run", onpoint: (feed, what) => heardRuns(g, local, what),
  });
  return box.y + 150;
}

const efficiencyMore = {
  keys: [["← →", "another share removed"]],

  init(data, local) {
    return { share: (local.sel.removed ?? Math.round(100 * data.share)) / 100 };
  },
  selected(g, data, local, change) {
    if ("removed" in change) local.share = change.removed / 100;
  },

  draw(g, data, local) {
    const wide = g.width >= 860;
    const w = wide ? (g.width - 44) / 2 : g.width - 4;
    const left = { x: 2, y: 0, w };
    const x = wide ? w + 44 : 2;
    const now = mineSaid(data, local.share);
    const y = paragraphs(g, "pruned words", { ...left, y: 4 }, [...(now ? [now] : []), ...data.said.pruned], { size: 12.5 });
    let down = wide ? 0 : y + 18;
    down = drawTable(g, "students", { x, y: down, w }, ...studentRows(data, w < 480));
    down = drawLiveRuns(g, data, local, { x, y: down, w });
    down = paragraphs(g, "taught words", { x, y: down, w }, data.said.taught, { size: 12.5 });
    down = drawTable(g, "published", { x, y: down + 10, w }, ...publishedRows(data, w < 480));
    down = paragraphs(g, "published words", { x, y: down - 4, w }, data.said.published, { size: 12.5 });
    g.height = Math.max(y, down) + 6;
  },

  key(event, g, data, local) {
    const by = { ArrowLeft: -5, ArrowRight: 5 }[event.key];
    if (!by) return false;
    g.select({ removed: clamp(5 * Math.round(20 * local.share) + by, 5, 95) });
    return true;
  },

  describe(data, local) {
    const levels = data.curves[data.cut].map((one) => `${inPercent(one.sparsity)} removed: ${num(one.before.rise, 2)} nats above, after retraining ${num(one.after.rise.mean, 2)}`);
    const students = data.students.map((one, i) => `${ARMS[i]}: ${num(one.trace.at(-1).loss.mean, 3)} after ${counted(one.steps, "step")}`);
    return `Pruning ${WHAT[data.cut]}: ${data.base.name}. ${levels.join("; ")}. ${mineSaid(data, local.share)} ${data.said.pruned.join(" ")} Teacher ${num(data.base.loss, 3)}. ${students.join("; ")}. ${data.said.taught.join(" ")} ${data.said.published.join(" ")}`;
  },

  state(data, local) {
    return {
      tokens: data.tokens, name: data.name, cut: data.cut, share: local.share, base: data.base, mine: data.mine, waits: data.waits,
      levels: data.curves[data.cut], students: data.students, own: data.own, published: data.published, said: data.said,
      live: local.chart?.summary() ?? null,
    };
  },
};

export default mount("efficiency_smaller", efficiencyMore);
