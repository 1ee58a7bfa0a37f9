// Tiny models, equal but for their positions, trained on rows of 2 to 10 letters and asked for longer ones.

import { counted } from "../../app/kit/counts.js";
import { css, fit, h, inLines, label, measure, num } from "../../app/kit/shapes.js";

const LOOKS = { sinusoidal: ["q-ink", null], learned: ["ink2", "6 3"], rotary: ["k-ink", null], alibi: ["v-ink", null], relative: ["att-ink", "8 3"], none: ["mlp-ink", "2 3"] };

export function drawBeyond(g, data, local, box) {
  const { x, y, w } = box;
  const seeds = data.charts[0].seeds;
  const said = inLines(`The same tiny model with each kind of position, trained on rows of 2 to ${counted(data.charts[0].trained, "letter")} and tested on up to 30. The share of 200 rows without a mistake; lines: mean of ${counted(seeds, "seed")}, bands: from the worst to the best seed.`, w, 12);
  const out = [label(x, y + 14, "Beyond the trained length", { size: 14, weight: 600, fill: "ink" }), said.map((line, i) => label(x, y + 34 + 16 * i, line))];
  const names = data.charts[0].kinds;
  let [lx, ly] = [x, y + 42 + 16 * said.length];
  for (const one of names) {
    const wide = 30 + measure(one.name, 12, false) * 1.06 + 18;
    if (lx + wide > x + w) { lx = x; ly += 22; }
    const [colour, dash] = LOOKS[one.kind];
    const on = local.over ? local.over === one.kind : one.kind === data.kind;
    const node = h("g", { class: "gb-hot", "data-kind": one.kind, pointerenter: () => { local.over = one.kind; g.redraw(); }, pointerleave: () => { local.over = null; g.redraw(); } },
      h("rect", { x: lx - 4, y: ly - 2, width: wide - 6, height: 20, rx: 10, fill: css(on ? "field" : "bg") }), h("path", { d: `M${lx + 2},${ly + 8}h22`, stroke: css(colour), "stroke-width": 2.5, "stroke-dasharray": dash }),
      label(lx + 30, ly + 12, one.name, { weight: on ? 700 : 400, fill: "ink" }));
    out.push(node);
    lx += wide;
  }
  const across = w < 620 ? 1 : 3;
  const cw = (w - 26 * (across - 1)) / across;
  const top = ly + 40;
  const tall = 186;
  data.charts.forEach((chart, k) => out.push(drawTask(g, data, local, chart, { x: x + (k % across) * (cw + 26), y: top + Math.floor(k / across) * (tall + 66), w: cw, h: tall })));
  const end = top + (across === 1 ? 3 : 1) * (tall + 66) - 8;
  out.push(drawAnswer(data, local, x, end, w));
  local.beyondEnd = end + 82;
  return out;
}

function drawTask(g, data, local, chart, box) {
  const { w, h: tall } = box;
  const x = box.x + 36;
  const wide = w - 46;
  const lengths = chart.lengths;
  const X = (n) => x + (wide * (n - lengths[0])) / (lengths.at(-1) - lengths[0]);
  const Y = (share) => box.y + 16 + (tall - 16) * (1 - share);
  const chosen = local.over ?? data.kind;
  const path = (values) => values.map((v, i) => `${i ? "L" : "M"}${X(lengths[i]).toFixed(1)},${Y(v).toFixed(1)}`).join("");
  const at = local.length ?? null;
  return h("g", {},
    label(box.x, box.y, chart.title, { weight: 600, fill: "ink" }),
    data.mine && data.task === chart.task && label(box.x + w, box.y, data.mine.exact.length ? `dots: trained here, seed ${data.mine.seed}` : `trained here: step ${data.mine.step}, loss ${num(data.mine.loss, 3)}`, { anchor: "end", fill: "accent", weight: 600 }),
    h("rect", { x: X(lengths[0]), y: Y(1), width: X(chart.trained) - X(lengths[0]), height: Y(0) - Y(1), fill: css("field") }),
    label(X(lengths[0]) + 4, Y(0) - 6, "trained on", { size: 11, fill: "ink3" }),
    [0, 0.5, 1].map((v) => [h("path", { d: `M${x},${Y(v)}h${wide}`, stroke: css("line") }), label(x - 5, Y(v) + 4, `${100 * v}%`, { anchor: "end", size: 11, fill: "ink3" })]),
    chart.kinds.map((one) => one.kind === chosen && h("path", { d: path(one.span.map((s) => s[1])) + one.span.map((_, i) => one.span.length - 1 - i).map((i) => `L${X(lengths[i]).toFixed(1)},${Y(one.span[i][0]).toFixed(1)}`).join("") + "Z", fill: css(LOOKS[one.kind][0]), opacity: 0.22 })),
    chart.kinds.map((one) => h("path", { d: path(one.mean), fill: "none", stroke: css(LOOKS[one.kind][0]), "stroke-width": one.kind === chosen ? 3 : 1.5, opacity: one.kind === chosen || !local.over ? 1 : 0.35, "stroke-dasharray": LOOKS[one.kind][1] })),
    data.mine && data.task === chart.task && data.mine.exact.length > 0 && drawMine(data.mine, lengths, X, Y),
    at !== null && h("path", { d: `M${X(at)},${Y(1)}V${Y(0)}`, stroke: css("ink3"), "stroke-dasharray": "2 3" }),
    [lengths[0], chart.trained, 20, lengths.at(-1)].map((n) => label(X(n), Y(0) + 15, n, { anchor: "middle", mono: true, size: 11, fill: "ink3" })), label(x + wide / 2, Y(0) + 30, "letters", { anchor: "middle", size: 11, fill: "ink3" }),
    g.tip(h("rect", {
      class: "gb-hot", x, y: Y(1), width: wide, height: Y(0) - Y(1), fill: "transparent",
      pointermove: (event) => { const n = lengthAt(event, lengths); if (n !== local.length || local.task !== chart.task) { local.length = n; local.task = chart.task; g.redraw(); } },
      pointerleave: () => { local.length = null; g.redraw(); },
    }), (event) => {
      const i = lengths.indexOf(lengthAt(event, lengths));
      return `${counted(lengths[i], "letter")}\n` + [...chart.kinds].sort((a, b) => b.mean[i] - a.mean[i]).map((one) => `${num(100 * one.mean[i], 0).padStart(3)} % ${one.name} (${num(100 * one.span[i][0], 0)} to ${num(100 * one.span[i][1], 0)})`).join("\n");
    }));
}
/** The model that was trained on this page: a dot for each tested length, with what counting 200 rows leaves open. */
function drawMine(mine, lengths, X, Y) {
  return lengths.map((n, i) => [h("path", { d: `M${X(n)},${Y(Math.min(1, mine.exact[i] + mine.margin[i]))}V${Y(Math.max(0, mine.exact[i] - mine.margin[i]))}`, stroke: css("accent") }), h("circle", { cx: X(n), cy: Y(mine.exact[i]), r: 3.5, fill: css("accent") })]);
}
function lengthAt(event, lengths) {
  const box = event.target.getBoundingClientRect();
  const n = lengths[0] + ((event.clientX - box.left) / box.width) * (lengths.at(-1) - lengths[0]);
  return lengths.reduce((best, one) => (Math.abs(one - n) < Math.abs(best - n) ? one : best), lengths[0]);
}
/** One tested row of the page's kind: what was given, what is right, and what the model wrote. */
function drawAnswer(data, local, x, y, w) {
  const chart = data.charts.find((one) => one.task === (local.task ?? data.task));
  const length = local.length ?? 12;
  const mine = data.mine && data.task === chart.task && data.mine.answers.length ? data.mine : null;
  const answers = mine ? mine.answers : chart.answers;
  const answer = answers.find((one) => one[0] === length) ?? answers[0];
  const [n, given, right, wrote] = answer;
  const same = right === wrote;
  return h("g", {}, label(x, y + 12, `${data.name}${mine ? ", trained here" : ""}, one row of ${counted(n, "letter")} (${chart.title.toLowerCase()})`, { weight: 600, fill: "ink" }),
    [["given", given, "ink2"], ["right", right, "ink2"], ["written", wrote, same ? "accent" : "ink"]].map(([name, text, fill], i) => [
      label(x, y + 32 + 18 * i, name, { fill: "ink3" }), label(x + 56, y + 32 + 18 * i, fit(text, w - 110, 12), { mono: true, fill }), i === 2 && label(x + w, y + 32 + 18 * i, same ? "right" : "wrong", { anchor: "end", weight: 600, fill: same ? "accent" : "ink2" })]));
}
