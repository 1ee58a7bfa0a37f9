// Regularization: dropout number by number on the open model (dropout.js), and trained runs with and without (runs.js).

function plan(g, data) {
  const rows = data.dropout.rows.length;
  if (g.width < 640) return phonePlan(g.width, rows);
  const w = g.width;
  const side = Math.round(w * 0.2);
  const gap = 28;
  const chips = 74;
  const pw = Math.floor((w - side - 26 - chips - 10 - 2 * gap) / 3);
  const panels = [0, 1, 2].map((k) => ({ x: chips + 10 + k * (pw + gap), w: pw, top: 42 }));
  const right = w - side;
  const c = panels[2].x;
  return {
    x: 0, w, top: 42, pitch: 17, chips, gap, panels, written: 42 + 170 + 22, mean: { x: right, y: 0, w: side }, under: { x: right, y: 124, w: side },
    mid: 250, arms: { x: 140, y: 257 }, curves: { left: 0, top: 288, width: c - 30, height: 206 }, stops: { x: c, y: 258, w: right - c - 26, h: 240 },
    weights: { x: right, y: 258, w: side, h: 236 }, height: 500, door: { x: c, y: 476 }, phone: false,
  };
}
function phonePlan(w, rows) {
  const tall = rows * 17;
  const panels = [0, 1, 2].map((k) => ({ x: 70, w: w - 70, top: 50 + k * (tall + 36) }));
  return {
    x: 0, w, top: 42, pitch: 17, chips: 62, gap: 0, panels, written: 42 + 3 * (tall + 36), mean: { x: 0, y: 70 + 3 * (tall + 36), w },
    under: { x: 0, y: 200 + 3 * (tall + 36), w }, mid: 340 + 3 * (tall + 36), arms: { x: 0, y: 372 + 3 * (tall + 36) },
    curves: { left: 0, top: 430 + 3 * (tall + 36), width: w, height: 220 }, stops: { x: 0, y: 664 + 3 * (tall + 36), w, h: 210 },
    weights: { x: 0, y: 880 + 3 * (tall + 36), w, h: 220 }, height: 1140 + 3 * (tall + 36), door: { x: 0, y: 1104 + 3 * (tall + 36) }, phone: true,
  };
}

const regularization = {
  init(data) {
    const d = data.dropout;
    const a = Object.fromEntries(["clean", "factors", "values", "mean"].map((name) => [name, unpack(d[name])]));
    return { a, cols: d.clean.shape[1], hover: null };
  },

  draw(g, data, local) {
    const at = plan(g, data);
    g.height = at.height;
    drawMasks(g, data, local, at);
    g.part("mean", null, () => drawMean(g, data, at.mean));
    g.part("under", null, () => drawUnder(g, data, at.under));
    drawRuns(g, data, local, at);
    g.door("lab", { left: at.door.x, top: at.door.y }, "Training lab", "Runs of your own, with any dropout and decay");
  },

  key(event, g, data, local) {
    const d = data.dropout;
    const [r, c] = cellOf(data, { ...local, hover: null });
    const move = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] }[event.key];
    if (move) g.select({ row: d.rows[clamp(r + move[0], 0, d.rows.length - 1)].at, col: clamp(c + move[1], 0, local.cols - 1) });
    else if (event.key === "n") g.send("another", { at: Date.now() });
    else if (event.key === "Escape") g.visit("home");
    else return false;
    return true;
  },

  describe(data, local) {
    const d = data.dropout;
    const [r, c] = cellOf(data, local);
    const i = r * local.cols + c;
    const t = data.trained;
    const text = data.tokens.slice(0, 24).map((token) => visible(token.text)).join(" ");
    return `The text ${text}${data.tokens.length > 24 ? " …" : ""}. ${d.evaluate ? "The model in use, nothing is dropped" : `Dropout of ${num(d.rate, 2)}`} on ${d.what}: number ${c} of ${visible(d.rows[r].text)} is ${num(local.a.clean[i], 3)} and goes on as ${num(local.a.values[i], 3)}. ` +
      `Next token: ${d.next.tokens.map((k) => `${visible(k.text)} ${num(k.clean, 3)}, mean under masks ${num(k.mean, 3)}`).join("; ")}. ` +
      t.runs.map((run, k) => `${run.name}: ${t.stops[k]?.text ?? "nothing measured yet"}`).join(" ");
  },

  state(data, local) {
    const d = data.dropout;
    const [r, c] = cellOf(data, local);
    const i = r * local.cols + c;
    const { runs, stops, weights, step, own } = data.trained;
    return {
      tokens: data.tokens.map((t) => t.text), hook: d.hook, rate: d.rate, seed: d.seed, evaluate: d.evaluate, kept: d.kept, rows: d.rows.map((row) => row.at),
      cell: { row: d.rows[r].at, col: c, clean: local.a.clean[i], factor: local.a.factors[i], value: local.a.values[i], mean: local.a.mean[i] },
      errors: d.errors, next: d.next.tokens.map(({ text, id, clean, mean }) => ({ text, id, clean, mean })),
      arm: local.sel.arm, runs: runs.map((run) => run.name), stops, rms: weights.map((k) => k?.rms ?? null), step, own, curves: local.chart?.summary() ?? null,
    };
  },
};

export default mount("regularization", regularization);
