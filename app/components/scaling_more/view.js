// Below the ladder: the published laws (published.js), and one task by two metrics on the ladder's own models.

/** A metric of every model against its size. series: [{key, colour, dash, values(one)}]. */
function drawMetric(g, data, box, title, spec, value, range, extra) {
  const sizes = [...new Set(data.metrics.map((m) => m.n))].sort((a, b) => a - b);
  const mean = (n, of) => { const all = data.metrics.filter((m) => m.n === n).map(of); return all.reduce((a, b) => a + b, 0) / all.length; };
  const all = [...sizes, ...data.own.map((o) => o.n)];
  return [label(box.x, box.y + 12, title, { weight: 600, fill: "ink", size: 14 }),
    logPlot({ ...box, y: box.y + 22, h: box.h - 22 }, { ...spec, x: [Math.min(...all) / 1.5, Math.max(...all) * 1.6], across: data.tables ? "parameters, embeddings counted" : "parameters, without the embeddings" }, (X, Y) => [
      extra ? through(X, Y, sizes, sizes.map((n) => mean(n, extra)), { stroke: "ink3", width: 1.2, dash: "2 4" }) : null,
      through(X, Y, sizes, sizes.map((n) => mean(n, value))),
      data.metrics.map((m) => {
        const [low, high] = range(m);
        return g.tip(h("g", { "data-metric": m.name }, low === null ? null : h("path", { d: `M${X(m.n)},${Y(low)}V${Y(high)}`, stroke: css("accent"), opacity: 0.6, "stroke-width": 1.5 }),
          h("circle", { cx: X(m.n), cy: Y(value(m)), r: 4, fill: css("accent"), opacity: 0.85 })),
        `N = ${sized(m.n)}, seed ${m.seed}\nlog p of a character ${num(m.log, 3)}\none right ${num(100 * m.right, 1)} %\n${data.length} in a row right ${num(100 * m.exact, 2)} % (${num(100 * m.low, 2)} to ${num(100 * m.high, 2)})`);
      }),
      data.own.map((m) => g.tip(h("path", { d: `M${X(m.n)},${Y(value(m)) - 7}l7,7l-7,7l-7,-7z`, fill: css("v-ink") }), `yours: log p ${num(m.log, 3)}, ${data.length} in a row right ${num(100 * m.exact, 2)} %`)),
    ])];
}

const more = {
  draw(g, data) {
    const wide = g.width >= 860;
    const w = wide ? (g.width - 44) / 2 : g.width;
    const tall = 250;
    const at = (i) => ({ x: wide && i % 2 ? w + 44 : 0, w });
    const logs = data.metrics.map((m) => m.log);
    const most = Math.max(...data.metrics.map((m) => m.high), 0.001);
    let y = 0;
    g.part("smooth", [y, w], () => drawMetric(g, data, { ...at(0), y, h: tall }, wide ? "Smooth metric: mean log p of the next character" : "Smooth: mean log p of a character", { y: [Math.min(...logs) - 0.1, Math.min(0, Math.max(...logs) + 0.15)], linear: true }, (m) => m.log, () => [null, null]));
    if (!wide) y += tall + 14;
    g.part("sharp", [y, w], () => drawMetric(g, data, { ...at(1), y, h: tall }, wide ? `Sharp metric: the next ${data.length} characters all right` : `Sharp: the next ${data.length} all right`, { y: [0, most * 1.1], linear: true, format: (v) => `${num(100 * v, most < 0.05 ? 1 : 0)} %` }, (m) => m.exact, (m) => [m.low, m.high], (m) => m.power));
    y += tall + 6;
    const lines = [...inLines(data.said, g.width - 8, 13), ...inLines(data.dotted, g.width - 8, 13)];
    g.part("said", [y], () => lines.map((line, i) => label(0, y + 14 + 18 * i, line, { size: 13, fill: "ink" })));
    y += 18 * lines.length + 36;
    const high = wide ? 380 : 400;
    g.part("budgets", [y, w], () => drawBudgets(g, data, { ...at(0), y, h: high }));
    if (!wide) y += high + 20;
    g.part("losses", [y, w], () => drawLosses(g, data, { ...at(1), y, h: high }));
    y += high + 6;
    const notes = inLines(`N and D as each paper states them; Kaplan’s N leaves out the embeddings. Faint: where a law is stretched beyond the runs that it was fitted to: ${data.fitted}. GPT-2’s D was never published: it stands at one pass over its text, its true place is to the right. Losses of two papers, or of this ladder’s characters, are on different texts: compare along a line, not between lines. Besiroglu et al. (2024) fitted the form of approach 3 again and came to the answer of approaches 1 and 2.`, g.width - 8, 13);
    g.part("notes", [y], () => notes.map((line, i) => label(0, y + 14 + 18 * i, line, { size: 13, fill: "ink2" })));
    g.height = y + 18 * notes.length + 16;
  },

  describe(data) {
    return `${data.said} Published models: ${data.models.map((one) => `${one.name} ${sized(one.n)} parameters, ${one.d === null ? "tokens never published" : `${sized(one.d)} tokens`}`).join("; ")}.`;
  },

  state(data) {
    return { length: data.length, metrics: data.metrics, models: data.models, own: data.own, ladder: data.ladder.length };
  },
};

export default mount("scaling_more", more);
