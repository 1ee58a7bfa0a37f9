// The ten tests on one scale of effect sizes, and what chance makes of the chosen one, on the same scale below them.

/** Effect sizes from -reach to reach; beside the names and numbers of the tests, or (full) over the whole box. */
const scaleOf = (box, reach, full) => {
  const [left, right] = full ? [box.x + 6, box.x + box.w - 6] : [box.x + Math.min(172, box.w * 0.4), box.x + box.w - 92];
  const step = Math.ceil(reach / 3);
  const most = Math.floor(reach / step);
  const ticks = Array.from({ length: 2 * most + 1 }, (_, k) => (k - most) * step);
  return { left, right, ticks, px: (d) => left + ((clamp(d, -reach, reach) + reach) / (2 * reach)) * (right - left) };
};

/** A line for each test; pick(number) when one is chosen. Returns the y below. */
function testRows(g, key, box, { tests, test: chosen, reach }, pick) {
  const { left, right, ticks, px } = scaleOf(box, reach);
  const pitch = 20;
  const top = box.y + 22;
  const bottom = top + pitch * tests.length;
  g.part(key, [box, tests, chosen, reach], () => {
    const out = [
      label(box.x, box.y + 10, "Test", { fill: "ink3", size: 11 }), label(px(0), box.y + 10, "effect size d", { fill: "ink3", size: 11, anchor: "middle" }),
      label(right + 44, box.y + 10, "d", { fill: "ink3", size: 11, anchor: "end" }), label(box.x + box.w, box.y + 10, "found", { fill: "ink3", size: 11, anchor: "end" }),
    ];
    for (const tick of ticks) out.push(h("path", { d: `M${px(tick)},${top - 4}V${bottom}`, stroke: css("line"), "stroke-dasharray": tick ? null : "2 3" }));
    tests.forEach((test, k) => out.push(testRow(g, test, { x: box.x, y: top + k * pitch, w: box.w, h: pitch, left, right, px }, test.number === chosen, pick)));
    return out;
  });
  return bottom;
}

function testRow(g, test, at, on, pick) {
  const y = at.y + at.h / 2;
  const ink = test.conclusive && !test.within ? "ink" : "ink3";
  const name = test.number === "own" ? test.short : `${test.number}  ${test.short}`;
  const parts = [
    h("rect", { x: at.x - 4, y: at.y + 1, width: at.w + 4, height: at.h - 2, rx: 4, fill: on ? css("accent-soft") : "transparent" }),
    label(at.x, y + 4, fit(name, at.left - at.x - 8, 12, false), { fill: ink, weight: on ? 700 : null }),
  ];
  if (test.d !== null) parts.push(h("rect", { x: at.px(test.band[0]), y: y - 4, width: at.px(test.band[1]) - at.px(test.band[0]), height: 8, rx: 2, fill: css(on ? "line" : "field") }));
  if (test.published) parts.push(h("path", { d: `M${at.px(test.published.d)},${y - 5}l5,5l-5,5l-5,-5z`, fill: "none", stroke: css("ink2"), "stroke-width": 1.3 }));
  if (test.d !== null) parts.push(h("circle", { cx: at.px(test.d), cy: y, r: 4.5, fill: css(test.conclusive && !test.within ? (on ? "accent" : "ink") : "bg"), stroke: css(test.conclusive && !test.within ? (on ? "accent" : "ink") : "ink3"), "stroke-width": 1.5 }));
  parts.push(label(at.right + 44, y + 4, test.d === null ? "–" : num(test.d, 2), { fill: ink, mono: true, anchor: "end" }),
    label(at.x + at.w, y + 4, `${Math.round(100 * test.share)} %`, { fill: test.share < 0.7 ? "accent" : "ink3", mono: true, size: 11, anchor: "end" }));
  return g.tip(h("g", { class: "gb-hot", "data-test": test.number, onclick: () => pick(test.number) }, parts), tipOf(test));
}
function tipOf(test) {
  const sides = ["X", "Y", "A", "B"].map((side, k) => `${side} ${test.names[k]}: ${test.found[k][0]} of ${test.found[k][1]} found`);
  const lines = [test.d === null ? test.why : `d = ${num(test.d, 2)}, p = ${test.p}${test.conclusive ? "" : ": not conclusive, under 70 % of a list"}`];
  if (test.published) lines.push(`published: d = ${num(test.published.d, 2)}, p = ${test.published.p}`);
  if (test.d !== null) lines.push(`95 % of random splits: ${num(test.band[0], 2)} to ${num(test.band[1], 2)}${test.within ? ": within chance, no finding" : ""}`);
  return [...lines, ...sides].join("\n");
}
/** What the marks of the rows mean. */
function testKey(g, box) {
  const ring = (x, y, solid) => h("circle", { cx: x, cy: y, r: 4.5, fill: css(solid ? "ink" : "bg"), stroke: css(solid ? "ink" : "ink3"), "stroke-width": 1.5 });
  const marks = [
    ["here", (x, y) => ring(x + 5, y, true), 10], ["here, within chance or not conclusive", (x, y) => ring(x + 5, y, false), 10],
    ["published", (x, y) => h("path", { d: `M${x + 5},${y - 5}l5,5l-5,5l-5,-5z`, fill: "none", stroke: css("ink2"), "stroke-width": 1.3 }), 10],
    ["95 % of chance", (x, y) => h("rect", { x, y: y - 4, width: 22, height: 8, rx: 2, fill: css("line") }), 22],
  ];
  let [x, y] = [box.x, box.y];
  const set = marks.map(([text, draw, wide]) => {
    const w = wide + 6 + measure(text, 11, false) * 1.05 + 14;
    if (x > box.x && x + w - 14 > box.x + box.w) [x, y] = [box.x, y + 18];
    const spot = { text, draw, x, y, at: x + wide + 6 };
    x += w;
    return spot;
  });
  g.part("key", [box], () => set.map((one) => [one.draw(one.x, one.y), label(one.at, one.y + 4, one.text, { fill: "ink2", size: 11 })]));
  return y + 12;
}

/** Every split's effect size as a histogram; what reaches the observed one is filled. */
function splits(g, key, box, shown, reach, o = {}) {
  const full = o.full;
  const { left, right, ticks, px } = scaleOf(box, reach, full);
  const [top, bottom] = [box.y + 16, box.y + box.h - 18];
  const most = Math.max(1, ...shown.counts);
  g.part(key, [box, shown.d, shown.counts, full, reach], () => {
    const out = [h("path", { d: `M${left},${bottom}H${right}`, stroke: css("ink3") })];
    shown.counts.forEach((count, k) => {
      if (!count) return;
      const [from, to] = [shown.edges[k], shown.edges[k + 1]];
      const y = bottom - Math.max(1, (count / most) * (bottom - top));
      const bar = (a, b, fill) => h("rect", { x: px(a), y, width: Math.max(0.5, px(b) - px(a) - 0.5), height: bottom - y, fill: css(fill) });
      if (from < shown.d) out.push(bar(from, Math.min(to, shown.d), "res"));
      if (to > shown.d) out.push(bar(Math.max(from, shown.d), to, "accent"));
    });
    for (const tick of ticks) out.push(label(px(tick), bottom + 14, num(tick, 0), { anchor: "middle", fill: "ink3", size: 11, mono: true }));
    const end = px(shown.d) > (left + right) / 2;
    out.push(h("path", { d: `M${px(shown.d)},${box.y + 2}V${bottom}`, stroke: css("accent"), "stroke-width": 2 }),
      label(px(shown.d) + (end ? 6 : -6), box.y + 10, `p = ${shown.said_p}`, { fill: "accent", weight: 600, anchor: end && px(shown.d) + 90 < box.x + box.w ? null : "end", ...HALO }));
    if (!full) inLines("Random splits of X and Y", left - box.x - 12).forEach((line, k) => out.push(label(box.x, box.y + 26 + 15 * k, line, { fill: "ink3", size: 11 })));
    return out;
  });
  return box.y + box.h;
}
