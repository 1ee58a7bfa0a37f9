// What a linear probe reads at each depth, what it would read of labels by lot, and the difference.

import { counted } from "../../app/kit/counts.js";
import { css, h, inLines, label, num } from "../../app/kit/shapes.js";

const PROBE = 250;

export function drawProbes(g, data, local, { x, y, w }) {
  const { probe } = data;
  const wide = w >= 900;
  const each = wide ? Math.round(w * 0.56) : w;
  const about = inLines(`${probe.words} Toyland knows. The control: every kind of word gets one of the two labels by lot, so only the word’s identity can tell it (Hewitt & Liang 2019).`, w);
  g.part("probe head", [w, y], () => [h("path", { d: `M${x},${y - 18}H${x + w}`, stroke: css("line") }),
    label(x, y + 14, w < 620 ? "What a probe reads at each depth" : "What a probe reads in the stream, and what it would read anyway", { size: 14, weight: 600, fill: "ink" }),
    about.map((line, i) => label(x, y + 35 + 16 * i, line, { fill: "ink3" }))]);
  const top = y + 46 + 16 * about.length;
  g.part("probe", [w, y], () => probeChart(g, probe, { x, y: top, w: each }));
  const side = wide ? { x: x + each + 40, y: top, w: w - each - 40 } : { x, y: top + PROBE + 12, w };
  const said = probeSaid(data).flatMap((text) => [...inLines(text, side.w), ""]);
  g.part("probe said", [w, y], () => said.map((line, i) => label(side.x, side.y + 22 + 16 * i, line, { fill: "ink2" })));
  return Math.max(top + PROBE, side.y + 26 + 16 * said.length);
}

function probeChart(g, probe, { x, y, w }) {
  const [left, right, top, bottom] = [x + 38, x + w - 8, y + 12, y + PROBE - 46];
  const low = Math.min(-0.1, ...probe.layers.map((one) => one.selectivity[1]));
  const Y = (v) => bottom - ((bottom - top) * (v - low)) / (1 - low);
  const X = (d) => left + 24 + ((right - left - 48) * d) / Math.max(1, probe.depth - 1);
  const line = (name) => probe.layers.map((one, i) => `${i ? "L" : "M"}${X(one.depth).toFixed(1)},${Y(one[name][0]).toFixed(1)}`).join("");
  const whisker = (one, name, move) => h("path", { d: `M${X(one.depth) + move},${Y(one[name][1])}V${Y(one[name][2])}`, stroke: css({ task: "v-ink", control: "ink3" }[name]), "stroke-width": 1.5 });
  return [
    [0, 0.25, 0.5, 0.75, 1].map((t) => [h("path", { d: `M${left},${Y(t)}H${right}`, stroke: css(t === 0 ? "ink3" : "line"), "stroke-dasharray": t === 0.5 ? "3 3" : null }), label(left - 6, Y(t) + 4, num(t, 2), { anchor: "end", mono: true, fill: "ink3" })]),
    Array.from({ length: probe.depth }, (_, d) => (probe.depth > 14 && d % 2 ? null : label(X(d), bottom + 16, d ? `L${d - 1}` : "embed", { anchor: "middle", mono: true, fill: "ink3" }))),
    probe.layers.map((one) => {
      const [value, from, to] = one.selectivity;
      const sure = from > 0 || to < 0;
      return g.tip(h("g", {},
        h("rect", { x: X(one.depth) - 9, y: Y(Math.max(0, value)), width: 18, height: Math.max(1, Math.abs(Y(value) - Y(0))), fill: css(value < 0 ? "neg" : "pos"), opacity: sure ? 0.75 : 0.3 }),
        h("path", { d: `M${X(one.depth)},${Y(from)}V${Y(to)}M${X(one.depth) - 4},${Y(from)}h8M${X(one.depth) - 4},${Y(to)}h8`, stroke: css("ink"), "stroke-width": 1.3 })),
      `${one.depth ? `after block ${one.depth - 1}` : "the embedding"}: task ${num(one.task[0], 3)}, control ${num(one.control[0], 3)}\nselectivity ${num(value, 3)}, from ${num(from, 3)} to ${num(to, 3)}`);
    }),
    probe.layers.map((one) => [whisker(one, "task", -12), whisker(one, "control", 12)]),
    probe.layers.length > 1 && [h("path", { d: line("task"), fill: "none", stroke: css("v"), "stroke-width": 2.2 }), h("path", { d: line("control"), fill: "none", stroke: css("ink3"), "stroke-width": 1.8, "stroke-dasharray": "5 3" })],
    label(left, bottom + 34, "share right:", { fill: "ink3" }),
    label(left + 74, bottom + 34, "task", { fill: "v-ink", weight: 600 }), label(left + 106, bottom + 34, "control", { fill: "ink3", weight: 600 }), label(left + 156, bottom + 34, "bars: selectivity, 95 %", { fill: "pos" }),
    !probe.layers.length && label((left + right) / 2, (top + bottom) / 2, probe.why ? "nothing to measure" : "not measured yet: the button below does it", { anchor: "middle", fill: "ink2" }),
  ];
}

/** What the numbers say, in sentences. */
function probeSaid(data) {
  const { probe } = data;
  const labels = `The two answers: “${probe.labels[0]}” and “${probe.labels[1]}”, equally often, so that a guess is right half the time.`;
  if (probe.why) return [labels, `Nothing to probe here: ${probe.why}.`];
  if (!probe.layers.length) return [labels, `Reads ${probe.stories} held-out stories of Toyland and fits a probe and three controls at each depth.`];
  const best = probe.layers.reduce((a, b) => (b.task[0] > a.task[0] ? b : a));
  const clear = probe.layers.filter((one) => one.selectivity[1] > 0);
  const where = (one) => (one.depth ? `after block ${one.depth - 1}` : "at the embedding");
  const first = best.task[1] > 0.5 ? `It can be read: ${num(100 * best.task[0], 0)} % right ${where(best)} (${num(100 * best.task[1], 0)} to ${num(100 * best.task[2], 0)} %, ${counted(best.of, "word")}).` : `It cannot be read: nowhere is the probe surely better than a guess (best ${num(100 * best.task[0], 0)} %).`;
  const second = clear.length ? `More than the word alone would give, at 95 %: ${clear.map(where).join(", ")}.` : "At no depth is the task surely easier than its control: what the probe finds, it may owe to the words, not to what the model worked out.";
  return [first, second, labels, "A probe shows that something can be read, not that the model uses it."];
}
