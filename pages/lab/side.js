// The right column: learning rate, gradient norm and speed of every run; before the first run, what it would be.

import { curves } from "../../app/kit/curves.js";
import { css, fit, h, inLines, label, measure } from "../../app/kit/shapes.js";
import { SIDES, statusOf } from "./layout.js";

export function drawSide(g, data, local, at) {
  const { x } = at.sideAt;
  const [place, time] = statusOf(local.chart.feeds[0], data);
  const right = x + at.side;
  const y = at.wide ? 0 : at.sideAt.y - 22;
  g.part("status", [at, place, time], () => [
    label(right - measure(time, 12) * 1.05 - (time ? 12 : 0), y + 12, place, { anchor: "end", mono: true, fill: "ink2" }),
    label(right, y + 12, time, { anchor: "end", fill: "ink3" }),
  ]);
  const measured = local.chart.feeds.some((feed) => feed.last("learning_rate"));
  if (measured || data.runs[0]?.live) drawSmall(g, data, local, at);
  else drawPlan(g, data, at);
}

function drawSmall(g, data, local, at) {
  const { x, y } = at.sideAt;
  const pitch = 104;
  SIDES.forEach((one, i) => {
    const top = y + 26 + i * pitch;
    const name = one.column === "rate" ? one.title.replace("Tokens", data.unit === "character" ? "Characters" : "Tokens") : one.title;
    g.part(`title ${one.name}`, [at, top, name], () => label(x, top + 8, name, { weight: 600, fill: "ink" }));
    curves(g, one.name, { left: x, top: top + 13, width: at.side, height: pitch - 23 }, {
      runs: data.runs, x: data.x, lines: [{ column: one.column }], scale: one.scale, low: one.low, ends: "column", room: 106, left: 44,
      axis: false, title: name, format: one.format, sync: true, own: true, marks: local.marks.map((mark) => ({ ...mark, width: 1 })),
      names: { [one.column]: "" },
    });
  });
  const { text, wrong } = data.next;
  g.part("next", [at, text, wrong], () => label(x, y + 26 + 3 * pitch + 10, fit(text, at.side, 12, false), { fill: wrong ? "accent" : "ink3" }));
}

/** The next run in numbers: what Start will train, and what it takes on this machine. */
function drawPlan(g, data, at) {
  const { x, y } = at.sideAt;
  const { rows, about, refused } = data.plan;
  g.part("plan", [at, rows, about, refused], () => {
    const top = y + 26;
    const out = [
      h("rect", { x: x + 0.5, y: top + 0.5, width: at.side - 1, height: 300, rx: 8, fill: css("wash"), stroke: css("line") }),
      label(x + 16, top + 26, "Start trains this", { weight: 600, fill: "ink", size: 14 }),
    ];
    inLines(about, at.side - 32).slice(0, 2).forEach((line, i) => out.push(label(x + 16, top + 46 + i * 16, line, { fill: "ink3" })));
    rows.forEach(([name, value, strong], i) => {
      const line = top + 88 + i * 25;
      out.push(h("path", { d: `M${x + 16},${line - 16.5}h${at.side - 32}`, stroke: css("line") }),
        label(x + 16, line, name), label(x + at.side - 16, line, fit(value, at.side - 150, 12, true), { anchor: "end", mono: true, fill: strong ? "accent" : "ink", weight: strong ? 600 : null }));
    });
    inLines(refused, at.side - 32).slice(0, 2).forEach((line, i) => out.push(label(x + 16, top + 276 + i * 16, line, { fill: "accent", weight: 600 })));
    return out;
  });
}
