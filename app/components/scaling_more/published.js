// The published laws: the best number of parameters for a budget, and the loss at each size, with well-known models.

const LAWS = {
  kaplan: { stroke: "k-ink", name: "Kaplan 2020", dash: "8 3" }, one: { stroke: "q-ink", name: "Hoffmann 2022, approach 1" },
  three: { stroke: "q-ink", name: "Hoffmann 2022, approach 3", dash: "2 3" }, refit: { stroke: "v-ink", name: "Besiroglu 2024, refit", dash: "5 2 1 2" },
  hoffmann: { stroke: "q-ink", name: "Hoffmann 2022, best split, approach 3", dash: "2 3" },
};

function legendOf(names, x, y, w) {
  let [at, row] = [0, 0];
  return names.map((name) => {
    const { stroke, name: words, dash } = LAWS[name];
    const wide = measure(words, 12, false) + 46;
    if (at && at + wide > w) [at, row] = [0, row + 1];
    const spot = [h("path", { d: `M${x + at},${y + 18 * row - 4}h22`, stroke: css(stroke), "stroke-width": 2, "stroke-dasharray": dash }), label(x + at + 28, y + 18 * row, words, { fill: "ink" })];
    at += wide;
    return spot;
  });
}

function modelText(one) {
  const lines = [`${one.name} (${one.year}): N = ${sized(one.n)}, D = ${one.d === null ? "never published" : sized(one.d)}`];
  if (one.d !== null) lines.push(`D / N = ${num(one.d / one.n, one.d / one.n < 10 ? 1 : 0)}, C = ${powered(one.c)}`, `the best N for this C: ${sized(one.best_kaplan)} by Kaplan, ${sized(one.best_hoffmann)} by Hoffmann`, `loss by Kaplan ${num(one.kaplan, 2)}, by Hoffmann ${num(one.hoffmann, 2)}, by the refit ${num(one.refit, 2)}`);
  else lines.push(`loss by Kaplan's L(N) ${num(one.kaplan_n, 2)}`);
  return [...lines, one.source, one.note].filter(Boolean).join("\n");
}

// Where a model's name stands beside its point: the points are published, so their places are known.
const NAMES = {
  "GPT-2": [-10, 4], "GPT-3": [-10, 14], Gopher: [-10, 2], Chinchilla: [10, -1], "Llama 65B": [10, 12], "Llama 7B": [4, 20], "Llama 3 8B": [10, 6], "Llama 3.1 405B": [14, -12],
};
const named = (one, x, y) => {
  const [dx, dy] = NAMES[one.name] ?? [10, 4];
  return label(x + dx, y + dy, one.name, { size: 11, fill: "ink", weight: 600, anchor: dx < 0 || dx > 12 ? "end" : null });
};
/** How many lines a legend takes. */
function legendLines(names, w) {
  let [at, rows] = [0, 1];
  for (const name of names) {
    const wide = measure(LAWS[name].name, 12, false) + 46;
    if (at && at + wide > w) [at, rows] = [0, rows + 1];
    at += wide;
  }
  return rows;
}

/** A law as a line: faint where it is stretched beyond the runs that it was fitted to. */
function stretched(X, Y, xs, ys, name, [low, high]) {
  return [through(X, Y, xs, ys, { ...LAWS[name], width: 1, opacity: 0.35 }), through(X, Y, xs, ys.map((y, i) => (xs[i] >= low && xs[i] <= high ? y : null)), { ...LAWS[name], "data-fitted": name })];
}

function drawBudgets(g, data, box) {
  const b = data.budgets;
  const laws = ["kaplan", "one", "three", "refit"];
  const spec = { x: [2e9, 1e27], y: [3e3, 3e12], across: "operations of training, C = 6 N D", up: "parameters N", powers: true, left: 46 };
  const top = 34 + 18 * legendLines(laws, box.w);
  return [label(box.x, box.y + 12, "Which size for which budget?", { weight: 600, fill: "ink", size: 14 }), legendOf(laws, box.x, box.y + 34, box.w),
    logPlot({ ...box, y: box.y + top, h: box.h - top }, spec, (X, Y) => [
      laws.map((name) => stretched(X, Y, b.c, b[name], name, b.measured[name])),
      data.ladder.map((one) => g.tip(h("circle", { cx: X(one.c), cy: Y(one.n), r: 3, fill: css("accent"), opacity: 0.8 }), `this page’s ladder: N = ${sized(one.n)}, C = ${powered(one.c)}`)),
      label(X(2e14), Y(3e5), "this page’s ladder", { fill: "accent", size: 11 }),
      data.models.map((one) => [g.tip(h("g", { "data-model": one.name }, one.d === null ? h("path", { d: `M${X(one.c)},${Y(one.n)}h26m-6,-4l6,4l-6,4`, stroke: css("ink"), fill: "none", "stroke-width": 1.5 }) : null,
        h("circle", { cx: X(one.c), cy: Y(one.n), r: 5, fill: css(one.d === null ? "bg" : "ink"), stroke: css("ink"), "stroke-width": 2 })), modelText(one)), named(one, X(one.c), Y(one.n))]),
    ])];
}

function drawLosses(g, data, box) {
  const l = data.losses;
  const laws = ["kaplan", "hoffmann", "refit"];
  const spec = { x: [1e6, 1e12], y: [1.45, 4.3], across: "parameters N", up: "loss, nats a token, each paper on its own text", ticks: 5 };
  const top = 34 + 18 * legendLines(laws, box.w);
  const models = [...data.models].sort((a, b) => a.n - b.n);
  return [label(box.x, box.y + 12, "What loss do they expect?", { weight: 600, fill: "ink", size: 14 }), legendOf(laws, box.x, box.y + 34, box.w),
    logPlot({ ...box, y: box.y + top, h: box.h - top }, spec, (X, Y, edge) => [
      models.map((one, i) => {
        const [x, y] = [X(one.n), edge.top + 8 + 14 * (i % 8)];
        const near = Y(one.hoffmann ?? one.kaplan_n);
        return [h("path", { d: `M${x},${y + 3}V${near}`, stroke: css("line") }), label(x - 4, y, one.name, { size: 11, fill: "ink", weight: 600, anchor: "end" })];
      }),
      stretched(X, Y, l.n, l.kaplan, "kaplan", l.measured.kaplan), ["hoffmann", "refit"].map((name) => stretched(X, Y, l[name].n, l[name].loss, name, l.measured[name])),
      models.map((one) => g.tip(h("g", {}, [[one.kaplan ?? one.kaplan_n, "k-ink"], [one.hoffmann, "q-ink"]].filter(([y]) => y !== null).map(([y, fill]) => h("circle", { cx: X(one.n), cy: Y(y), r: 4, fill: css(fill) }))), modelText(one))),
    ])];
}
