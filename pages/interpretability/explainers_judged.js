// Two charts of what becomes of the number as tokens go and as they come back, and the areas as a table.

import { css, fit, h, inLines, label, num, visible } from "../../app/kit/shapes.js";
import { SHORT, choose, chosenOf, roundEnds } from "./explainers_tokens.js";

const HUES = { "integrated gradients": "accent", "gradient × input": "q-ink", "leave one out": "v-ink", "attention rollout": "k-ink", "last layer’s attention": "mlp-ink" };
const DASHES = { "gradient × input": "7 3", "leave one out": "2 3", "attention rollout": "9 3 2 3", "last layer’s attention": "4 2" };
const SIDES = { deletion: ["Taken away, the highest first", "tokens gone"], insertion: ["Put back, the highest first", "tokens back"] };
const CHART = 236;

/** Words for how the orders did. */
export function judgedSaid(data) {
  const list = (names) => (names.length > 1 ? `${names.slice(0, -1).join(", ")} and ${names.at(-1)}` : names[0]);
  const of = (side, verdict) => data.explainers.map((one) => one.name).filter((name) => data.judged[side].curves[name].verdict === verdict);
  if (of("deletion", "too few tokens").length) return `With fewer than five tokens to take away, the best of ${data.explainers.length} orders is too easily the right one by luck: the text proves nothing about explainers.`;
  const told = (side) => {
    const [better, alike, worse] = ["better than random", "like random", "worse than random"].map((verdict) => of(side, verdict));
    return [better.length && `better than random orders: ${list(better)}`, alike.length && (better.length + worse.length ? `no better: ${list(alike)}` : "no explainer is better than random orders"), worse.length && `worse: ${list(worse)}`].filter(Boolean).join("; ");
  };
  return `On this text, where tokens are taken away, ${told("deletion")}. Where they are put back, ${told("insertion")}.`;
}

export function drawJudged(g, data, local, { x, y, w }) {
  g.part("judged head", [w, y], () => [h("path", { d: `M${x},${y - 18}H${x + w}`, stroke: css("line") }), label(x, y + 14, "Is it true to the model?", { size: 14, weight: 600, fill: "ink" })]);
  if (!data.judged) {
    g.part("judged none", [w, y], () => label(x, y + 36, "With one token to take away there is no order to compare: write a longer text.", { fill: "ink2" }));
    return y + 48;
  }
  const said = inLines(judgedSaid(data), w);
  g.part("judged said", [w, y], () => said.map((line, i) => label(x, y + 36 + 16 * i, line, { fill: "ink" })));
  const top = y + 48 + 16 * said.length;
  const wide = w >= 900;
  const each = wide ? (w - 40) / 2 : w;
  const chosen = data.explainers[chosenOf(data, local)].name;
  Object.keys(SIDES).forEach((side, i) => {
    const box = { x: wide ? x + i * (each + 40) : x, y: top + (wide ? 0 : i * (CHART + 16)), w: each };
    g.part(`chart ${side}`, [w, y, chosen], () => chart(g, data, side, chosen, box));
  });
  const under = top + (wide ? CHART : 2 * CHART + 16) + 22;
  const note = inLines(noteSaid(data), w);
  const rows = rowOf(w) * data.explainers.length;
  g.part("areas", [w, y, chosen], () => [...areas(g, data, chosen, { x, y: under, w }), note.map((line, i) => label(x, under + rows + 30 + 16 * i, line, { fill: "ink3" }))]);
  return under + rows + 30 + 16 * note.length;
}

function chart(g, data, side, chosen, { x, y, w }) {
  const { counts } = data.judged;
  const of = data.judged[side];
  const all = [...of.band.flat(), ...Object.values(of.curves).flatMap((one) => one.values)];
  const [low, high] = [Math.min(...all), Math.max(...all)];
  const [left, right, top, bottom] = [x + 46, x + w - 6, y + 26, y + CHART - 44];
  const X = (k) => left + ((right - left) * k) / counts.at(-1);
  const Y = (v) => bottom - ((bottom - top) * (v - low)) / (high - low || 1);
  const path = (values) => values.map((v, i) => `${i ? "L" : "M"}${X(counts[i]).toFixed(1)},${Y(v).toFixed(1)}`).join("");
  const { ticks, step } = roundEnds(low, high);
  const band = [...of.band[2].map((v, i) => [counts[i], v]), ...of.band[0].map((v, i) => [counts[i], v]).reverse()];
  const order = data.explainers.map((one) => one.name).sort((a, b) => (a === chosen) - (b === chosen));
  const every = Math.max(1, Math.ceil(counts.length / 7));
  return [
    label(x, y + 12, SIDES[side][0], { weight: 600, fill: "ink" }),
    ticks.map((t) => [h("path", { d: `M${left},${Y(t)}H${right}`, stroke: css("line") }), label(left - 6, Y(t) + 4, step < 0.01 ? t.toExponential(0) : num(t, step < 0.1 ? 2 : 1), { anchor: "end", mono: true, fill: "ink3" })]),
    h("path", { d: `${band.map(([k, v], i) => `${i ? "L" : "M"}${X(k).toFixed(1)},${Y(v).toFixed(1)}`).join("")}Z`, fill: css("res"), opacity: 0.28 }),
    h("path", { d: path(of.band[1]), fill: "none", stroke: css("res"), "stroke-width": 1.5 }),
    order.map((name) => g.tip(h("path", { d: path(of.curves[name].values), fill: "none", stroke: css(HUES[name]), "stroke-width": name === chosen ? 3 : 1.4, "stroke-dasharray": DASHES[name], opacity: name === chosen ? 1 : 0.8, "data-curve": name }),
      `${name}: area ${num(of.curves[name].area, 3)}, ${of.curves[name].verdict}`)),
    counts.map((k, i) => (i % every ? null : label(X(k), bottom + 16, k, { anchor: "middle", mono: true, fill: "ink3" }))),
    label((left + right) / 2, bottom + 33, `${SIDES[side][1]}; grey: 9 of 10 random orders`, { anchor: "middle", fill: "ink3" }),
  ];
}

const phoneWide = (w) => w < 620;
const rowOf = (w) => (phoneWide(w) ? 42 : 26); // on a phone an explainer's numbers stand below its name
const SHORTLY = { "better than random": "better", "like random": "like random", "worse than random": "worse", "too few tokens": "too few" };
const verdictInk = (one, like) => ({ fill: one.verdict === "better than random" ? "v-ink" : one.verdict === "worse than random" ? "k-ink" : like, weight: one.verdict === "better than random" ? 600 : 400 });

/** A row an explainer: both areas, how many random orders are as good, and the verdicts. */
function areas(g, data, chosen, { x, y, w }) {
  const phone = phoneWide(w);
  const [first, second] = [x + 26, x + 26 + (w - 26) / 2];
  const at = (share) => x + share * w;
  const { deletion, insertion } = data.judged;
  const numbers = (px, py, one) => [label(px, py, num(one.area, 2), { mono: true, fill: "ink" }), label(px + 58, py, SHORTLY[one.verdict], verdictInk(one, "ink2"))];
  const heads = phone ? [["taken away", first, "start"], ["put back", second, "start"]]
    : [["Area, taken away", at(0.36), "end"], ["as good by lot", at(0.5), "end"], ["Area, put back", at(0.66), "end"], ["as good by lot", at(0.8), "end"], ["taken away / put back", x + w, "end"]];
  return [
    heads.map(([name, px, anchor]) => label(px, y, name, { fill: "ink3", anchor })),
    data.explainers.map(({ name }, i) => {
      const top = y + 7 + rowOf(w) * i;
      const py = top + 17;
      const [gone, back] = [deletion.curves[name], insertion.curves[name]];
      return h("g", { class: "gb-hot", "data-row": i, click: () => choose(g, data, i) },
        h("rect", { x, y: top, width: w, height: rowOf(w), fill: css(name === chosen ? "accent-soft" : "bg"), rx: 4 }),
        h("path", { d: `M${x + 4},${py - 4}h${phone ? 18 : 26}`, stroke: css(HUES[name]), "stroke-width": name === chosen ? 3 : 2, "stroke-dasharray": DASHES[name] }),
        label(x + (phone ? 26 : 38), py, fit(SHORT[name], phone ? w - 30 : 220, 12, false), { fill: "ink", weight: name === chosen ? 600 : 400 }),
        phone ? [numbers(first, py + 17, gone), numbers(second, py + 17, back)]
          : [label(at(0.36), py, num(gone.area, 3), { anchor: "end", mono: true, fill: "ink" }), label(at(0.5), py, num(gone.asGood, 2), { anchor: "end", mono: true, fill: "ink2" }),
            label(at(0.66), py, num(back.area, 3), { anchor: "end", mono: true, fill: "ink" }), label(at(0.8), py, num(back.asGood, 2), { anchor: "end", mono: true, fill: "ink2" }),
            label(x + w, py, `${SHORTLY[gone.verdict]} / ${SHORTLY[back.verdict]}`, { anchor: "end", ...verdictInk(gone, "ink2") })]);
    }),
  ];
}
const noteSaid = (data) => `Random orders: ${num(data.judged.deletion.area, 3)} taken away, ${num(data.judged.insertion.area, 3)} put back, on average of ${data.judged.orders}. Lower is better where tokens go, higher where they come back. A gone token is replaced by ${blankSaid(data)}: a text the model never read, so part of a fall is the hole itself.`;
const blankSaid = (data) => (data.blank === "token" ? `the vector of ${visible(data.blankWord)}` : data.blankWord);
