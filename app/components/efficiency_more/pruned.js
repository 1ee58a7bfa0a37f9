// The cost of what is removed: before and after retraining, of weights or of whole parts; and the open model's own.

const inPercent = (v, digits = 0) => `${num(100 * v, digits)} %`;
const WHAT = { magnitude: "the blocks’ weights, the smallest first", structured: "heads and neurons" };
const bySeeds = (s, f) => `${f(s.mean)} (${f(s.low)} to ${f(s.high)})`;
const ACROSS = { magnitude: "share of the blocks’ weights removed, the smallest first", structured: "share of heads and of neurons removed" };
const timesAsFast = (speed) => (speed ? `${num(speed, 1)} times as fast` : "as fast");
const restsOn = (one) => `on ${one.texts} ${one.texts === 1 ? "text" : "texts"} (${counted(one.places, "token")})`;
const nats = (v) => `${num(v, 2)} nats`;
const inMegabytes = (v) => `${num(v / 1e6, v < 1e5 ? 3 : 2)} MB`;

/** One chart: `what` is "rise" (nats above the model's own loss) or "agreement"; a click on a share chooses it. */
function drawPruned(g, data, local, box, what) {
  const levels = data.curves[data.cut];
  const rise = what === "rise";
  const format = rise ? nats : (v) => inPercent(v, 1);
  const mine = data.mine.filter((one) => !one.why);
  const own = data.own.filter((one) => !one.student && one.way === data.cut && one.end && one.usual);
  const most = rise ? Math.max(0.5, ...levels.map((one) => one.before.rise), ...mine.map((one) => one.rise)) * 1.06 : 1;
  const least = rise ? Math.min(0, ...levels.map((one) => one.after.rise.low), ...mine.map((one) => one.rise), ...own.map((one) => one.end.rise)) : 0;
  g.part(`pruned ${what}`, [box, local.share], () => plainPlot(box, {
    x: [0, 1], y: [least, most], xs: box.w < 420 ? 4 : 5, fx: (v) => inPercent(v), fy: (v) => (rise ? num(v, most < 3 ? 1 : 0) : inPercent(v)),
    title: rise ? "Loss above the whole model’s, nats a token" : "First choices that stay the same", across: fit(ACROSS[data.cut], box.w - 20, 11, false),
  }, (X, Y, edge) => [
    h("path", { d: `M${X(local.share).toFixed(1)},${edge.top}V${edge.bottom}`, stroke: css("ink3"), "stroke-dasharray": "2 3" }),
    rise ? chain(X, Y, [[0, 0], [1, 0]], { stroke: "ink3", width: 1 }) : null,
    ground(X, Y, levels.map((one) => [one.sparsity, one.after[what]]), "accent"),
    chain(X, Y, [...(levels[0].sparsity ? [[0, rise ? 0 : 1]] : []), ...levels.map((one) => [one.sparsity, one.before[what]])], { stroke: "neg", dash: "6 4" }),
    chain(X, Y, levels.map((one) => [one.sparsity, one.after[what].mean])),
    levels.map((one) => [[one.before[what], "neg", "without retraining"], [one.after[what].mean, "accent", `after ${counted(data.retrained, "step")}`]].map(([value, colour, when]) => g.tip(
      h("circle", { cx: X(one.sparsity), cy: Y(value), r: 4, fill: css(colour), "data-level": one.sparsity, "data-when": when, style: one.sparsity ? "cursor:pointer" : null, onclick: () => one.sparsity && g.select({ removed: Math.round(100 * one.sparsity) }) }),
      `${data.base.name}, ${inPercent(one.sparsity)} removed, ${when}, ${restsOn(data.base)}\n${colour === "neg" ? format(value) : bySeeds(one.after[what], format)}\n${counted(one.numbers, "number")} left, file ${inMegabytes(one.bytes)}`))),
    mine.length ? chain(X, Y, [[0, rise ? 0 : 1], ...mine.map((one) => [one.sparsity, one[what]])], { stroke: "v-ink", width: 1.5, dash: "2 3" }) : null,
    mine.map((one) => g.tip(Math.abs(one.sparsity - local.share) < 1e-6 ? diamond(X(one.sparsity), Y(one[what])) : h("circle", { cx: X(one.sparsity), cy: Y(one[what]), r: 3, fill: css("v-ink") }),
      `${data.name}, ${inPercent(one.sparsity)} removed, measured now ${restsOn(one)}\n${format(one[what])}\n${counted(one.numbers, "number")} left, file ${inMegabytes(one.bytes)}`)),
    own.map((one) => g.tip(h("g", { "data-own": one.id }, diamond(X(one.sparsity), Y(one.end[what]), "k-ink")), `yours: ${one.name}\n${format(one.end[what])}${data.cut === "structured" ? `\n${partsStay(one.end)}` : ""}`)),
  ]));
  return box.y + box.h;
}

/** What the lines of both charts mean. Returns the y below. */
function drawPrunedLegend(g, data, box) {
  const measured = data.mine.find((one) => !one.why);
  const entries = [
    [`${data.base.name}, as pruned, ${counted(data.base.texts, "text")}`, { stroke: "neg", dash: "6 4" }], [`after ${data.retrained} more steps`, { stroke: "accent" }],
    ...(measured ? [[`${fit(data.name, 180, 12, false)}, as pruned, now, ${measured.texts} ${measured.texts === 1 ? "text" : "texts"}`, { stroke: "v-ink", dash: "2 3" }]] : []),
    ...(data.own.some((one) => one.way === data.cut && one.end && one.usual) ? [["your runs", { stroke: "k-ink", diamond: true }]] : []),
  ];
  let below = 0;
  g.part("pruned legend", [box, entries], () => { const [shapes, y] = legend(box.x, box.y + 12, box.w, entries); return shapes; });
  [, below] = legend(box.x, box.y + 12, box.w, entries);
  return below;
}

/** What is left of each block: whole heads and neurons only can go. */
const partsStay = (one) => `${one.heads[0]} of ${counted(one.heads[1], "head")} and ${thousands(one.neurons[0])} of ${counted(one.neurons[1], "neuron")} of each block stay`;

/** The open model at the learner's share, in words. */
function mineSaid(data, share) {
  const one = data.mine.find((each) => Math.abs(each.sparsity - share) < 1e-6);
  const what = `${inPercent(share)} of ${data.cut === "structured" && data.neuronsOnly ? "the neurons" : WHAT[data.cut]}`;
  if (!one) return `${data.name} without ${what}: not measured yet.`;
  if (one.why) return `${data.name}: ${one.why}.`;
  const begin = data.cut === "structured"
    ? `${data.name}, ${what} asked for: ${partsStay(one)}${data.neuronsOnly ? " (the heads share one table of biases)" : ""}. Measured now ${restsOn(one)}`
    : `${data.name} without ${what}, measured now ${restsOn(one)}`;
  const speed = data.cut === "structured" ? `a pass is ${timesAsFast(one.speed)}` : "a pass multiplies by the zeros all the same";
  return `${begin}, not retrained: ${num(one.rise, 2)} nats above its own loss, ${inPercent(one.agreement, 1)} of its first choices stay (${inPercent(one.low)} to ${inPercent(one.high)}); ${counted(one.numbers, "number")}, a file of ${inMegabytes(one.bytes)}; ${speed}. The recorded curves rest ${restsOn(data.base)}.`;
}
