// The upper half: the open model with one part taken out, on the learner's own text, measured now.

/** The text's tokens with the loss of each, whole and without the part, as bars below the chip. */
function drawTokens(g, data, box) {
  const { x, y, w } = box;
  const said = data.now.said;
  // Long tokens give way first, so that all of a short text stands here.
  const widest = clamp(Math.floor((w - 132) / said.length) - 4, 60, 96);
  const width = (t) => clamp(measure(visible(t.text), 13, true) + 14, 30, widest);
  let [first, used] = [said.length, 0];
  while (first > 0 && used + width(said[first - 1]) + 4 <= w - 132) used += width(said[--first]) + 4;
  const most = Math.max(1, ...said.slice(first).flatMap((t) => [t.whole, t.without]).filter(Number.isFinite));
  const out = [
    label(x, y + 14, "Loss of each token", { weight: 600, fill: "ink" }),
    label(x, y + 30, "in nats", { fill: "ink3" }),
    first > 0 && label(x, y + 46, `… ${first} before these`, { fill: "ink3" }),
  ];
  let at = x + 132;
  said.slice(first).forEach((t) => {
    const wide = width(t);
    const bar = (value, dx, colour) => {
      const full = Number.isFinite(value) && value !== null;
      const tall = full ? Math.max(1, (26 * value) / most) : 26;
      return h("rect", { x: at + wide / 2 + dx, y: y + 56 - tall, width: 7, height: tall, fill: full ? css(colour) : "none", stroke: css(colour) });
    };
    const node = h("g", {}, chip(g, at, y + 11, wide, t.text, { height: 20, size: 12 }), bar(t.whole, -9, "res"), bar(t.without, 2, WITHOUT),
      h("rect", { x: at, y, width: wide, height: 58, fill: "transparent" }));
    out.push(g.tip(node, `${visible(t.text)}  id ${t.id}\nloss, whole ${sized(t.whole)}\nwithout ${sized(t.without)}`));
    at += wide + 4;
  });
  return out;
}

/** The likeliest next tokens of both, two bars each. */
function drawNext(g, data, box) {
  const { x, y, w } = box;
  const next = data.now.next;
  const room = w - 74 - 48;
  const out = [label(x, y + 12, `${next.label} ${fit(visible(next.after), 70, 12, true)}`, { weight: 600, fill: "ink" }),
    label(x, y + 28, "whole and without", { fill: "ink3" })];
  next.tokens.forEach((t, i) => {
    const top = y + 36 + i * 27;
    const bar = (p, dy, colour) => [
      h("rect", { x: x + 74, y: top + dy, width: Math.max(1, room * (p ?? 0)), height: 9, rx: 2, fill: css(colour) }),
      label(x + w, top + dy + 9, p === null ? "–" : num(p, 3), { anchor: "end", mono: true, fill: colour === WITHOUT ? "accent" : "ink2" }),
    ];
    const node = h("g", {}, h("text", { x, y: top + 14, "font-family": MONO, "font-size": 13, fill: css("ink"), direction: "ltr" }, tokenSpans(t.text, 70, 13)),
      bar(t.whole, 0, "res"), bar(t.without, 11, WITHOUT));
    out.push(g.tip(node, `${visible(t.text)}\nwhole ${t.whole === null ? "–" : num(t.whole, 5)}, without ${t.without === null ? "no number" : num(t.without, 5)}`));
  });
  return out;
}

function drawNow(g, data, at) {
  const now = data.now;
  const title = `Now: ${fit(data.name, 220, 14, false)} without ${data.words.without}, on your text`;
  g.part("now head", null, () => [
    label(at.x, at.head + 14, title, { size: 14, weight: 600, fill: "ink" }),
    at.phone ? null : label(at.x + measure(title, 14, false) * 1.06 + 20, at.head + 14, `loss: ${now.asked}`, { fill: "ink3" }),
    legend(at.x + at.w, at.head + 10, at.phone),
  ]);
  g.part("tokens", null, () => drawTokens(g, data, at.tokens));
  g.part("next", null, () => drawNext(g, data, at.next));
  now.charts.forEach((chart, i) => g.part(`now ${chart.key}`, null, () => drawDepth(g, at.now[i], { ...chart, names: now.names })));
  g.part("now says", null, () => drawFindings(at.says.x, at.says.y, at.says.w, "What the numbers say", now.findings, now.cost, at.says.h).nodes);
}

function legend(right, y, phone) {
  if (phone) return null;
  return [
    h("path", { d: `M${right - 166},${y}h22`, stroke: css(WHOLE), "stroke-width": 2 }), h("circle", { cx: right - 155, cy: y, r: 3, fill: css(WHOLE) }),
    label(right - 138, y + 4, "whole"),
    h("path", { d: `M${right - 84},${y}h26`, stroke: css(WITHOUT), "stroke-width": 2, "stroke-dasharray": "6 3" }), h("rect", { x: right - 74, y: y - 3, width: 6, height: 6, fill: css(WITHOUT) }),
    label(right, y + 4, "without", { fill: "accent", anchor: "end" }),
  ];
}
