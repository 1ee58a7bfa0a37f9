// The numbers of a step, written out: one cosine as a sum, one word's cosines, the lists, the formula, what is left.

import { paragraphs } from "../../app/kit/paragraphs.js";
import { clamp, css, fit, h, inLines, label, num, unpack, visible } from "../../app/kit/shapes.js";

export const heading = (g, key, box, text) => {
  g.part(key, [box, text], () => label(box.x, box.y + 12, fit(text, box.w, 13.5, false), { weight: 600, fill: "ink", size: 13 }));
  return box.y + 20;
};
const monoLines = (g, key, box, lines) => {
  g.part(key, [box, lines], () => lines.map((line, k) => label(box.x, box.y + 14 + 19 * k, fit(line, box.w, 13), { mono: true, size: 13, fill: "ink" })));
  return box.y + 14 + 19 * lines.length;
};

/** cos(w, o): the dot product over the lengths, and every number's part of it. */
export function writeCosine(g, box, pair, one, other) {
  let y = heading(g, "head", box, `cos(${one}, ${other})`);
  if (!pair) return y;
  const [a, b] = pair.lengths;
  y = monoLines(g, "sum", { ...box, y }, [
    `${one} · ${other} = ${num(pair.dot, 4)}`, `|${one}| = ${num(a, 4)}`, `|${other}| = ${num(b, 4)}`,
    `cos = ${num(pair.dot, 4)} / (${num(a, 4)} × ${num(b, 4)})`, `    = ${num(pair.cosine, 4)}`,
  ]) + 6;
  const products = unpack(pair.products);
  const tall = 96;
  const most = Math.max(1e-9, ...products.map(Math.abs));
  const wide = (box.w - 8) / products.length;
  g.part("products", [{ ...box, y }], () => {
    const middle = y + 24 + tall / 2;
    const out = [label(box.x, y + 10, `What each of the ${products.length} numbers adds (vectors at length 1)`, { fill: "ink3", size: 11 }), h("path", { d: `M${box.x},${middle}h${box.w - 8}`, stroke: css("ink3") })];
    products.forEach((value, k) => {
      const height = (Math.abs(value) / most) * (tall / 2);
      const bar = h("rect", { x: box.x + k * wide, y: value < 0 ? middle : middle - height, width: Math.max(0.5, wide - 1), height: Math.max(0.5, height), fill: css(value < 0 ? "neg" : "pos") });
      out.push(products.length <= 128 ? g.tip(bar, `number ${k}: ${num(value, 4)}`) : bar);
    });
    return out;
  });
  return paragraphs(g, "about", { ...box, y: y + 26 + tall }, ["1: the same way. 0: at right angles. −1: opposite ways. Lengths do not matter."], { fill: "ink2" });
}

/** Two columns of words with their numbers, and each column's mean. */
export function columns(g, key, box, sides, o = {}) {
  const wide = (box.w - 20) / 2;
  const rows = Math.max(...sides.map((side) => side.words.length));
  const pitch = rows > 16 ? 14 : 18;
  const size = rows > 16 ? 11 : 12;
  g.part(key, [box, sides, o.chosen], () => sides.map((side, at) => {
    const x = box.x + at * (wide + 20);
    const order = side.words.map((word, i) => ({ word, value: side.values[i], i })).sort((a, b) => b.value - a.value);
    const most = Math.max(1e-9, ...sides.flatMap((one) => one.values.map(Math.abs)));
    const bar = wide * 0.3;
    return [
      label(x, box.y + 11, fit(side.name, wide, 12, false), { weight: 600, fill: side.fill }),
      order.map(({ word, value, i }, k) => {
        const y = box.y + 20 + k * pitch;
        const place = side.first + i;
        const on = place === o.chosen;
        return h("g", { class: o.pick ? "gb-hot" : null, [o.mark]: place, onclick: () => o.pick?.(place) },
          h("rect", { x: x - 3, y, width: wide + 3, height: pitch, rx: 3, fill: on ? css("accent-soft") : "transparent" }),
          label(x, y + pitch - 4, fit(visible(word), wide * 0.44, size, false), { size, fill: on ? "accent" : "ink", weight: on ? 700 : null }),
          h("rect", { x: x + wide * 0.46 + (value < 0 ? bar / 2 - (bar / 2) * Math.abs(value) / most : bar / 2), y: y + pitch / 2 - 3, width: Math.max(0.5, (bar / 2) * Math.abs(value) / most), height: 6, fill: css(value < 0 ? "neg" : "pos") }),
          label(x + wide, y + pitch - 4, num(value, 3), { size, mono: true, anchor: "end", fill: "ink2" }));
      }),
      label(x, box.y + 34 + side.words.length * pitch, "mean", { fill: side.fill, weight: 600 }),
      label(x + wide, box.y + 34 + side.words.length * pitch, num(side.mean, 4), { mono: true, anchor: "end", fill: side.fill, weight: 600 }),
    ];
  }));
  return box.y + 44 + rows * pitch;
}

/** d with the numbers in it. */
export function writeEffect(g, box, shown) {
  const [x, y] = shown.means;
  const many = shown.x.length + shown.y.length;
  let at = heading(g, "head", box, "d: the distance between the means, in standard deviations");
  at = monoLines(g, "sum", { ...box, y: at }, [
    `mean of X = ${num(x, 4)}`, `mean of Y = ${num(y, 4)}`, `difference = ${num(x - y, 4)}`,
    `standard deviation = ${num(shown.spread, 4)}`, `d = ${num(x - y, 4)} / ${num(shown.spread, 4)} = ${num(shown.d, 4)}`,
  ]);
  return paragraphs(g, "about", { ...box, y: at + 6 }, [
    `The deviation is that of all ${many} associations together, X and Y, divided by ${many} (ddof 0).`,
    "d = 2 is the most there can be with as many words in X as in Y: every word of X at one place, every word of Y at another. Psychologists call 0.2 small, 0.5 medium and 0.8 large.",
    "d says how far apart the lists lie. It does not say whether so few words could lie so by chance: that is the next step.",
  ], { fill: "ink2" });
}

/** Tests before and after, and how well a classifier still tells the words apart. */
export function writeRemoval(g, box, removal, reach) {
  let y = heading(g, "head", box, "What the projection takes, and what it leaves");
  if (removal.why) return paragraphs(g, "about", { ...box, y }, [`Nothing can be removed: ${removal.why}.`]);
  const left = box.x + 76;
  const px = (d) => left + ((clamp(d, -reach, reach) + reach) / (2 * reach)) * (box.w - 76 - 84);
  const from = y + 14;
  g.part("pairs", [{ ...box, y }, removal.pairs, reach], () => {
    const out = [label(box.x, y + 10, "d, before and after", { fill: "ink3", size: 11 }), h("path", { d: `M${px(0)},${from}v${20 * removal.pairs.length}`, stroke: css("line"), "stroke-dasharray": "2 3" })];
    removal.pairs.forEach((one, k) => {
      const at = from + 12 + 20 * k;
      out.push(label(box.x, at + 4, one.name, { fill: "ink" }), h("path", { d: `M${px(one.before)},${at}H${px(one.after)}`, stroke: css("ink3") }),
        h("circle", { cx: px(one.before), cy: at, r: 4.5, fill: css("bg"), stroke: css("ink2"), "stroke-width": 1.5 }), h("circle", { cx: px(one.after), cy: at, r: 4.5, fill: css("accent") }),
        label(box.x + box.w, at + 4, `${num(one.before, 2)} → ${num(one.after, 2)}`, { mono: true, anchor: "end", fill: "ink2" }));
    });
    return out;
  });
  y = from + 20 * removal.pairs.length + 12;
  if (removal.rest) return paragraphs(g, "about", { ...box, y }, [`What is left was not probed: ${removal.rest}.`], { fill: "ink2" });
  y = paragraphs(g, "direct", { ...box, y }, [`The direction is the first component of ${removal.of} pairs such as she and he (${num(100 * removal.share, 0)} % of their variance). Of science, art and mathematics words it holds a mean |cosine| of ${num(removal.direct, 3)} before, 0 after.`], { fill: "ink2", size: 12 });
  const bars = y + 30;
  g.part("bars", [{ ...box, y }, removal.bars], () => {
    const [start, room] = [box.x + 126, box.w - 126 - 140];
    const bx = (share) => start + share * room;
    const out = inLines(`Held-out words put on their old side (${removal.words} that leaned most)`, box.w, 12).slice(0, 1).map((line) => label(box.x, y + 14, line, { fill: "ink3", size: 11 }));
    out.push(h("path", { d: `M${bx(0.5)},${bars - 4}v${22 * removal.bars.length}`, stroke: css("ink3"), "stroke-dasharray": "2 3" }));
    removal.bars.forEach((one, k) => {
      const at = bars + 22 * k;
      out.push(label(box.x, at + 11, one.name, { fill: "ink", weight: k === 1 ? 600 : null }),
        h("rect", { x: start, y: at, width: Math.max(1, bx(one.share) - start), height: 14, rx: 2, fill: css(k === 1 ? "accent" : "line") }),
        h("path", { d: `M${bx(one.low)},${at + 7}H${bx(one.high)}M${bx(one.low)},${at + 3}v8M${bx(one.high)},${at + 3}v8`, stroke: css("ink") }),
        label(box.x + box.w, at + 11, `${num(100 * one.share, 1)} % (${num(100 * one.low, 0)}–${num(100 * one.high, 0)})`, { mono: true, size: 11, anchor: "end", fill: "ink2" }));
    });
    return out;
  });
  return paragraphs(g, "about", { ...box, y: bars + 22 * removal.bars.length }, [
    `Some that leaned to “he”: ${removal.one.map(visible).join(", ")}. To “she”: ${removal.two.map(visible).join(", ")}. Names are among them: where there are no capitals, not all can be told from words.`,
    ...removal.said,
  ], { fill: "ink2", size: 12 });
}
