// Scaling: a ladder of sizes trained alike, the law of the smaller ones and what it says of the larger (ladder.js), and
// the frontier of compute (frontier.js). Steps: the runs, their law, its band, the forecast, the frontier, everything.

const stages = stepMode("stage", ["Runs", "Law", "Band", "Forecast", "Frontier", "Everything"]);
const MOST = 4; // sizes kept from the fit

/** A click on a size keeps it and all larger ones from the fit; on the smallest of these, gives it back. */
function keepFrom(g, data, row) {
  if (row.own) return;
  const sizes = [...new Set(data.points.map((p) => p.x))].sort((a, b) => a - b);
  const count = sizes.length - sizes.indexOf(row.x);
  if (sizes.indexOf(row.x) >= 0 && count <= MOST) g.select({ withheld: count === data.withheld ? count - 1 : count });
}

/** Sentences, one below the other; returns the y below them. */
function prose(g, box, lines) {
  const set = lines.flatMap((line, i) => inLines(line, box.w, 12.5).map((words, k) => ({ words, gap: i && !k ? 5 : 0 })));
  let y = box.y;
  const at = set.map(({ words, gap }) => ({ words, y: (y += 17 + gap) }));
  g.part("told", [box], () => at.map(({ words, y: where }) => label(box.x, where, words, { size: 12.5, fill: "ink" })));
  return y + 8;
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

const told = (data, step) => (data.law === null ? data.findings : [[], [0], [0], [0, 1], [2], [0, 1, 2]][step].map((i) => data.findings[i]));

const scaling = {
  draw(g, data, local) {
    const step = stages.of(local);
    stages.bar(g, local);
    const phone = g.width < 720;
    const pick = (row) => keepFrom(g, data, row);
    const w = phone ? g.width : Math.round(g.width * 0.56);
    const tall = phone ? 300 : 344;
    drawLadder(g, data, { x: 0, y: 0, w, h: tall }, step, pick);
    const side = phone ? { x: 4, y: tall + 10, w: g.width - 8 } : { x: w + 26, y: 0, w: g.width - w - 30 };
    const pitch = phone ? 24 : data.rows.length > 7 ? 17 : 19;
    const under = drawRows(g, data, { ...side, pitch }, step, pick);
    const high = phone ? 220 : Math.max(180, tall - under + 6);
    const frontier = step === 4 || step === stages.last;
    if (frontier) drawFrontier(g, data, { x: side.x, y: under + 6, w: side.w, h: high }, step === 4);
    let y = Math.max(tall, frontier ? under + 6 + high : under);
    y = prose(g, { x: 4, y: y - 4, w: g.width - 8 }, step === 0 ? [`${data.points.length} runs by one recipe: only ${data.against === "data" ? "the text that they read" : "the width"} differs${data.against === "compute" ? ", and the text; these are the sizes that none cheaper beats, by the mean of their seeds" : ""}. A dot is a seed.`] : told(data, step));
    const below = drawLive(g, data, local, { x: 0, y: y + 4, w });
    g.height = Math.max(y, below);
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
    return `${step === stages.last ? "" : `Step ${step + 1}. `}Loss against ${data.axis}. ${told(data, step).join(" ")} ${rows}.`;
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
