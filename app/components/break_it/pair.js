// The lower half: two small models trained alike but for the one part, and what the measurements of both say.

function drawPair(g, data, local, at) {
  const pair = data.pair;
  g.part("pair head", null, () => [
    h("path", { d: `M${at.x},${at.pairTop - 8}H${at.x + at.w}`, stroke: css("line") }),
    label(at.x, at.pairTop + 14, `Trained: two small models, one without ${data.words.without}`, { size: 14, weight: 600, fill: "ink" }),
    at.phone ? null : label(at.diagnosis.x - 24, at.pairTop + 14, pair.about, { anchor: "end", fill: "ink3" }),
  ]);
  const chart = (local.chart = curves(g, "pair", at.curves, {
    runs: pair.runs.map((run, i) => ({ ...run, colour: i ? WITHOUT : WHOLE, dash: i ? [6, 3] : null })),
    lines: [{ column: "loss", kind: "raw" }, { column: "held_out", kind: "solid" }],
    x: "step", guessing: pair.guessing, ends: "line", ticks: true, title: "Held-out loss, nats a token",
    marks: pair.at === null || pair.newest ? [] : [{ x: pair.at, colour: "ink3", text: "" }],
    onpoint: (feed, what) => heard(g, data, local, what),
  }));
  g.part("pair samples", null, () => pair.samples.map((text, i) => [
    label(at.samples.x, at.samples.y + 16 * i, i ? "without" : "whole", { fill: i ? "accent" : "ink3" }),
    h("text", { x: at.samples.x + 50, y: at.samples.y + 16 * i, "font-family": MONO, "font-size": 12, fill: css("ink2"), direction: "ltr" }, fit(visible(text), at.samples.w - 50, 12, true)),
  ]));
  pair.charts.forEach((one, i) => g.part(`pair ${i}`, null, () => drawDepth(g, at.trained[i], { ...one, names: pair.names })));
  g.part("diagnosis", null, () => drawFindings(at.diagnosis.x, at.diagnosis.y, at.diagnosis.w, "Diagnosis, from the measurements", pair.findings, pair.cost, at.diagnosis.h).nodes);
  return chart;
}

/** New checkpoints and the end are worth a new diagnosis: the page is asked at most once a second. */
function heard(g, data, local, what) {
  if (what === "points") return;
  const now = local.chart?.feeds.map((feed) => `${feed.checkpoints.length} ${feed.state.state}`).join(",");
  if (now === local.heard) return;
  local.heard = now;
  clearTimeout(local.asking);
  local.asking = setTimeout(() => { if (g.figure.isConnected) g.send("arrived", { at: Date.now() }); }, 1000);
}
