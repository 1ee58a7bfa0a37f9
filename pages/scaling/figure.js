// Scaling: the steps (the runs, their law, its band, the forecast, the frontier, everything), a row for each size
// (rows.js), and the curves of a run that trains. The charts beside it are the page's.

import { curves, heardRuns } from "../../app/kit/curves.js";
import { mount } from "../../app/kit/glass.js";
import { clamp, label, num } from "../../app/kit/shapes.js";
import { stepMode } from "../../app/kit/steps.js";
import { drawRows, shown } from "./rows.js";

const stages = stepMode("stage", ["Runs", "Law", "Band", "Forecast", "Frontier", "Everything"]);
const MOST = 4; // sizes kept from the fit

/** A click on a size keeps it and all larger ones from the fit; on the smallest of these, gives it back. */
function keepFrom(g, data, row) {
  if (row.own) return;
  const sizes = [...new Set(data.points.map((p) => p.x))].sort((a, b) => a - b);
  const count = sizes.length - sizes.indexOf(row.x);
  if (sizes.indexOf(row.x) >= 0 && count <= MOST) g.select({ withheld: count === data.withheld ? count - 1 : count });
}

function drawLive(g, data, local, box) {
  local.chart = null;
  if (!data.live.length) return 0;
  g.part("live head", [box], () => label(box.x, box.y + 10, "Your run: loss on what it reads, smoothed, by step", { fill: "ink3" }));
  local.chart = curves(g, "live", { left: box.x, top: box.y + 16, width: box.w, height: 120 }, {
    runs: data.live, lines: [{ column: "smooth", kind: "solid" }], x: "step", ends: "line", title: "Your run", onpoint: (feed, what) => heardRuns(g, local, what),
  });
  return box.y + 150;
}

const scaling = {
  draw(g, data, local) {
    const step = stages.of(local);
    stages.bar(g, local);
    const pitch = g.width < 420 ? 24 : data.rows.length > 7 ? 17 : 19;
    const box = { x: 4, y: 0, w: g.width - 8 };
    const under = drawRows(g, data, { ...box, pitch }, step, (row) => keepFrom(g, data, row));
    g.height = under + drawLive(g, data, local, { ...box, y: under + 8 });
  },

  key(event, g, data, local) {
    if (stages.key(event, g, local)) return true;
    const move = { ArrowUp: 1, ArrowDown: -1 }[event.key];
    if (move) {
      g.select({ withheld: clamp((local.sel.withheld ?? data.withheld) + move, 0, MOST) });
      return true;
    }
    if (event.key !== "Escape") return false;
    if (!stages.halt(g, local) && !stages.whole(g, local)) g.visit("home");
    return true;
  },

  describe(data, local) {
    const step = stages.of(local);
    const rows = data.rows.map((row) => `${data.letter} ${shown(data, row.x)}${row.own ? ", yours" : ""}: loss ${num(row.loss, 3)}${row.law === null ? "" : `, law ${num(row.law, 3)}`}${row.used ? "" : ", not fitted"}`).join("; ");
    return `${step === stages.last ? "" : `Step ${step + 1}. `}Loss against ${data.axis}. ${data.told.join(" ")} ${rows}.`;
  },

  state(data, local) {
    return {
      tokens: data.tokens, stage: stages.state(local), against: data.against, withheld: data.withheld, tables: data.tables, law: data.law, forecast: data.forecast,
      rows: data.rows, points: data.points.map((p) => ({ name: p.name, x: p.x, loss: p.loss, used: p.used })), own: data.own, why: data.why,
      best: data.frontier.best, live: local.chart?.summary() ?? null,
    };
  },
};

export default mount("scaling", scaling);
