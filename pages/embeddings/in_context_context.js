// One word in two sentences: the tokens of both, how like the two occurrences are at each depth, and the probe's word.

import { chip, clamp, css, fit, h, inLines, label, measure, num, visible } from "../../app/kit/shapes.js";

export const depthName = (i) => (i ? `after block ${i - 1}` : "entering block 0");

export function drawSides(g, data, box) {
  const { pair } = data;
  return pair.sides.map((side, k) => {
    const y = box.y + 30 * k;
    let x = box.x;
    const out = [];
    for (const [i, token] of side.tokens.entries()) {
      const w = clamp(measure(visible(token), 12, true) + 10, 18, 120);
      if (x + w > box.x + box.w - 12) { out.push(label(x, y + 4, "…", { fill: "ink3" })); break; }
      const mine = side.mine.includes(i);
      out.push(chip(g, x, y, w, token, { height: 22, size: 12, selected: mine, faint: !mine }));
      x += w + 3;
    }
    return h("g", { "data-side": k }, out);
  });
}

/** A chart by depth: y from `low` to 1, ticks at 0, 0.5 and 1, the table's own value first. */
function depthChart(box, count, low) {
  const [left, right, top, bottom] = [box.x + 34, box.x + box.w - 6, box.y, box.y + box.h];
  const step = (right - left) / Math.max(1, count);
  const X = (i) => left + step * (i + 0.5);
  const Y = (v) => bottom - ((bottom - top) * (v - low)) / (1 - low);
  const ticks = [low, (low + 1) / 2, 1].map((v) => [h("path", { d: `M${left},${Y(v)}H${right}`, stroke: css("line") }), label(left - 6, Y(v) + 4, num(v, 1), { anchor: "end", mono: true, fill: "ink3" })]);
  const nameOf = (i) => (i === 0 ? "table" : i === 1 ? "in" : `${i - 2}`);
  const half = (i) => measure(nameOf(i), 12, false) / 2 + 3;
  let ends = -Infinity; // of the name before; the last one always stands
  const names = Array.from({ length: count }, (_, i) => {
    const last = count - 1;
    if (X(i) - half(i) < ends || (i < last && X(i) + half(i) > X(last) - half(last))) return null;
    ends = X(i) + half(i);
    return label(X(i), bottom + 18, nameOf(i), { anchor: "middle", fill: "ink3", "data-depth": i });
  });
  return { X, Y, step, left, right, top, bottom, axes: [...ticks.flat(), ...names, label(right, bottom + 34, "after block …", { anchor: "end", fill: "ink3" })] };
}

export function drawPair(g, data, box) {
  const { pair } = data;
  const out = [label(box.x, box.y + 14, `${fit(visible(pair.word), 90, 14, false)} in both sentences: how alike`, { size: 14, weight: 600, fill: "ink" })];
  if (pair.said) return [...out, inLines(pair.said, box.w, 13).map((line, i) => label(box.x, box.y + 42 + 18 * i, line, { size: 13, fill: "neg" }))];
  const low = Math.min(0, ...pair.cosines, ...pair.usual) < -0.02 ? -1 : 0;
  const c = depthChart({ x: box.x, y: box.y + 34, w: box.w - 92, h: box.h - 74 }, pair.cosines.length + 1, low);
  const line = (values) => values.map((v, i) => `${i ? "L" : "M"}${c.X(i + 1).toFixed(1)},${c.Y(v).toFixed(1)}`).join("");
  const last = pair.cosines.length;
  const ends = [{ text: `“${fit(visible(pair.word), 50, 12, false)}” ${num(pair.cosines.at(-1), 2)}`, y: c.Y(pair.cosines.at(-1)), fill: "accent", weight: 700 }, { text: `any two ${num(pair.usual.at(-1), 2)}`, y: c.Y(pair.usual.at(-1)), fill: "ink2" }].sort((a, b) => a.y - b.y);
  if (ends[1].y - ends[0].y < 15) { const middle = (ends[0].y + ends[1].y) / 2; ends[0].y = middle - 8; ends[1].y = middle + 8; }
  out.push(label(box.x + box.w, box.y + 14, "cosine", { anchor: "end", fill: "ink3" }), c.axes,
    h("path", { d: line(pair.usual), fill: "none", stroke: css("res"), "stroke-width": 2, "stroke-dasharray": "5 3" }),
    h("path", { d: line(pair.cosines), fill: "none", stroke: css("accent"), "stroke-width": 2.5 }),
    h("circle", { cx: c.X(0), cy: c.Y(pair.static), r: 5, fill: css("accent") }),
    pair.cosines.map((v, i) => h("circle", { cx: c.X(i + 1), cy: c.Y(v), r: 4, fill: css("accent") })),
    ends.map((end) => label(c.X(last) + 10, end.y + 4, end.text, { fill: end.fill, weight: end.weight })),
    Array.from({ length: last + 1 }, (_, i) => g.tip(h("rect", { x: c.X(i) - c.step / 2, y: c.top, width: c.step, height: c.bottom - c.top, fill: "transparent" }),
      i ? `${depthName(i - 1)}\ncosine of the two: ${num(pair.cosines[i - 1], 4)}\nmean of any two tokens: ${num(pair.usual[i - 1], 4)}` : `rows of the table\ncosine: ${num(pair.static, 4)}`)));
  return out;
}

export function drawProbe(g, data, box) {
  const { probe } = data;
  const out = [label(box.x, box.y + 14, probe.word ? "Can a probe tell its senses apart?" : "Words with two senses: can a probe tell which?", { size: 14, weight: 600, fill: "ink" })];
  const say = (text, fill = "ink2") => [...out, inLines(text, box.w, 13).map((line, i) => label(box.x, box.y + 42 + 18 * i, line, { size: 13, fill }))];
  if (probe.said) return say(probe.said, "neg");
  const all = [probe.static, ...probe.layers];
  const top = probe.more ? 80 : 62;
  const c = depthChart({ x: box.x, y: box.y + top, w: box.w, h: box.h - top - 40 }, all.length, 0);
  const wide = Math.min(30, c.step * 0.62);
  out.push(label(box.x, box.y + 34, fit(probe.about, box.w, 12, false), { fill: "ink3" }), probe.more && label(box.x, box.y + 52, fit(probe.more, box.w, 12, false), { fill: "ink3" }), c.axes,
    h("circle", { cx: c.left + 4, cy: c.bottom + 30, r: 4, fill: css("bg"), stroke: css("ink"), "stroke-width": 1.5 }), label(c.left + 14, c.bottom + 34, "wordings never fitted on", { fill: "ink3" }),
    h("path", { d: `M${c.left},${c.Y(0.5)}H${c.right}`, stroke: css("ink3"), "stroke-dasharray": "4 3" }));
  all.forEach((one, i) => {
    const best = i === probe.best + 1;
    out.push(g.tip(h("g", {}, h("rect", { x: c.X(i) - wide / 2, y: c.Y(one.share), width: wide, height: c.bottom - c.Y(one.share), rx: 2, fill: css(i ? (best ? "accent" : "att") : "res"), opacity: best || !i ? 1 : 0.65 }),
      h("path", { d: `M${c.X(i)},${c.Y(one.low)}V${c.Y(one.high)}`, stroke: css("ink"), "stroke-width": 1.5 }),
      (all.length < 9 || best || !i) && label(c.X(i), c.Y(one.high) - 4, `${num(100 * one.share, 0)}%`, { anchor: "middle", mono: true, weight: best ? 700 : null, fill: best ? "accent" : "ink2" })),
    `${i ? depthName(i - 1) : "its row of the table"}\n${one.right} of ${one.of} right: ${num(100 * one.share, 1)} %\n95 % interval ${num(100 * one.low, 0)} to ${num(100 * one.high, 0)} %\nwordings never fitted on: ${probe.worded[i].right} of ${probe.worded[i].of}, ${num(100 * probe.worded[i].share, 1)} %`));
    out.push(h("circle", { cx: c.X(i), cy: c.Y(probe.worded[i].share), r: 4, fill: css("bg"), stroke: css("ink"), "stroke-width": 1.5, "pointer-events": "none" }));
  });

  return out;
}
