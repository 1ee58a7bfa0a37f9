// A part taken out: of the open model at once (now.js), and of a model in training (pair.js). charts.js has the shapes.

/** Where everything stands: three columns of charts over two bands; on a phone one under the other. */
function plan(g, data) {
  if (g.width < 640) return phonePlan(g.width, data);
  const w = g.width;
  const c = [0, 0.226, 0.405, 0.584, 0.763].map((share) => Math.round(share * w));
  const cell = (i, y, h) => ({ x: c[i], y, w: (c[i + 1] ?? w) - c[i] - 18, h });
  const trained = [cell(2, 308, 164), cell(3, 308, 164)];
  return {
    x: 0, w, head: 0, tokens: { x: 0, y: 26, w }, next: { ...cell(0, 94, 176), w: c[1] - 24 }, now: [1, 2, 3].map((i) => cell(i, 94, 176)),
    says: { x: c[4], y: 94, w: w - c[4], h: 176 }, pairTop: 284, curves: { left: 0, top: 306, width: c[2] - 24, height: 166 }, trained,
    samples: { x: 0, y: 494, w: c[4] - 24 }, diagnosis: { x: c[4], y: 286, w: w - c[4], h: 232 }, height: 520, phone: false,
  };
}
function phonePlan(w, data) {
  const cell = (y) => ({ x: 0, y, w, h: 160 });
  const tall = (part) => drawFindings(0, 0, w, "", part.findings, part.cost, 1e9).bottom;
  const top = 818 + tall(data.now) + 20; // where the trained pair begins
  return {
    x: 0, w, head: 0, tokens: { x: 0, y: 26, w }, next: { x: 0, y: 96, w, h: 176 }, now: [290, 466, 642].map(cell), says: { x: 0, y: 818, w, h: 1e9 },
    pairTop: top, curves: { left: 0, top: top + 24, width: w, height: 200 }, samples: { x: 0, y: top + 244, w }, trained: [280, 456].map((y) => cell(top + y)),
    diagnosis: { x: 0, y: top + 632, w, h: 1e9 }, height: top + 632 + tall(data.pair) + 8, phone: true,
  };
}

const breakIt = {
  draw(g, data, local) {
    const at = plan(g, data);
    g.height = at.height;
    drawNow(g, data, at);
    drawPair(g, data, local, at);
    if (!at.phone) g.door("loss", { left: 0, top: at.tokens.y + 34 }, "Loss", "The loss of each token, on its own page");
  },

  key(event, g, data) {
    const to = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (to) {
      const parts = data.parts;
      g.select({ part: parts[(parts.indexOf(data.part) + to + parts.length) % parts.length] });
    } else if (event.key === "Escape") g.visit("home");
    else return false;
    return true;
  },

  describe(data) {
    const next = data.now.next;
    return `${data.name} without ${data.words.without}. Loss of the text ${sized(data.now.loss[1])}, whole ${sized(data.now.loss[0])}. ` +
      `${next.label} ${visible(next.after)}: ${next.tokens.slice(0, 3).map((t) => `${visible(t.text)} ${sized(t.without)}, whole ${sized(t.whole)}`).join("; ")}. ` +
      `${data.now.findings.join(" ")} Trained without it: ${data.pair.findings.join(" ")} ${data.pair.cost}`;
  },

  state(data, local) {
    return {
      tokens: data.tokens.map((t) => t.text), part: data.part, name: data.name, loss: data.now.loss, said: data.now.said, next: data.now.next.tokens,
      names: data.now.names, charts: Object.fromEntries(data.now.charts.map((c) => [c.key, { whole: c.whole, without: c.without }])), findings: data.now.findings,
      pair: {
        names: data.pair.names, charts: data.pair.charts.map(({ key, whole, without }) => ({ key, whole, without })), findings: data.pair.findings,
        cost: data.pair.cost, at: data.pair.at, own: data.pair.own, samples: data.pair.samples, curves: local.chart?.summary() ?? null,
      },
    };
  },
};

export default mount("break_it", breakIt);
