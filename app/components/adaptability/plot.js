// A chart of many runs: every seed a dot, the mean of the seeds with its interval, lines to hold them against, own runs.

const WAY_COLOURS = { scratch: "ink2", frozen: "k-ink", full: "v-ink", lora: "accent", prompt: "accent", context: "accent", steps: "v-ink", elsewhere: "ink2" };
const WAY_DASHES = { scratch: "2 3", frozen: "8 3 2 3", full: "8 3", steps: "8 3", elsewhere: "2 3" };
const percent = (x) => `${num(100 * x, 1)} %`;
const span = (one) => `${percent(one.mean)} (${num(100 * one.low, 0)} to ${num(100 * one.high, 0)})`;

/** Where a place stands on its axis, 0 to 1: by its logarithm; examples in a prompt begin with none. */
function placed(places, place) {
  const log = (x) => Math.log(places[0] === 0 ? x + 1 : x);
  const [low, high] = [log(places[0]), log(places.at(-1))];
  return clamp((log(place) - low) / (high - low), -0.04, 1.04);
}

/** box: {x, y, w, h, wide: room for the names, where that is more than w}; plan: {places, axis, series, lines, chance, best, own, chosen, low, small}.
 * pick(place) when one is chosen. */
function plot(g, key, box, plan, pick) {
  const small = Boolean(plan.small);
  const left = box.x + 34;
  const right = box.x + box.w - (small ? 12 : 18);
  const rows = legendRows(plan, box.wide ?? box.w);
  const top = box.y + 8 + 18 * rows;
  const bottom = box.y + box.h - (small ? 20 : 36);
  const px = (place) => left + 10 + placed(plan.places, place) * (right - left - 20);
  const py = (value) => bottom - ((value - plan.low) / (1 - plan.low)) * (bottom - top);
  return g.part(key, [box, plan.chosen, plan.small], () => {
    const out = [];
    for (let value = Math.ceil(plan.low * 5) / 5; value <= 1.001; value += small ? 0.4 : 0.2) {
      out.push(h("path", { d: `M${left},${py(value)}H${right}`, stroke: css("line"), "stroke-width": 1 }), label(left - 5, py(value) + 4, num(100 * value, 0), { anchor: "end", fill: "ink3", size: 11 }));
    }
    if (plan.chosen !== undefined && !small) out.push(h("rect", { x: px(plan.chosen) - 14, y: top - 4, width: 28, height: bottom - top + 8, rx: 4, fill: css("accent-soft") }));
    for (const place of plan.places) out.push(label(px(place), bottom + 15, thousands(place), { anchor: "middle", fill: "ink3", size: 11, weight: place === plan.chosen && !small ? 700 : null }));
    if (!small) out.push(label(right, bottom + 31, plan.axis, { anchor: "end", fill: "ink3", size: 11 }), label(box.x, bottom + 31, "right, %", { fill: "ink3", size: 11 }));
    if (plan.chance) out.push(h("path", { d: `M${left},${py(plan.chance)}H${right}`, stroke: css("ink3"), "stroke-dasharray": "1 4" }), label(right, py(plan.chance) + 13, "guessing", { anchor: "end", fill: "ink3", size: 11 }));
    if (plan.best?.length) out.push(h("path", { d: "M" + plan.best.map((one) => `${px(one.at)},${py(one.value)}`).join("L"), fill: "none", stroke: css("ink3"), "stroke-width": 1, "stroke-dasharray": "4 4" }));
    for (const line of plan.lines ?? []) {
      const y = py(line.mean);
      out.push(h("rect", { x: left, y: py(line.high), width: right - left, height: Math.max(1, py(line.low) - py(line.high)), fill: css(WAY_COLOURS[line.key]), opacity: 0.1 }),
        h("path", { d: `M${left},${y}H${right}`, stroke: css(WAY_COLOURS[line.key]), "stroke-width": 1.5, "stroke-dasharray": WAY_DASHES[line.key] }));
    }
    plan.series.forEach((one, i) => out.push(drawSeries(g, one, (i - (plan.series.length - 1) / 2) * (small ? 2 : 6), px, py, small)));
    const marks = (plan.own ?? []).filter((own) => own.value !== null).map((own) => {
      const [x, y] = [px(own.at), py(own.value)];
      const mark = h("path", { d: `M${x},${y - 7}l7,7l-7,7l-7,-7z`, fill: css("bg"), stroke: css(WAY_COLOURS[own.way]), "stroke-width": 2, "data-own": own.id });
      return g.tip(mark, `yours: ${own.name}, ${thousands(own.at)}: ${percent(own.value)}${own.going ? ", still learning" : ""}`);
    });
    out.push(legend(plan, box), hits(g, plan, px, top, bottom, pick), marks);
    return out;
  });
}

function drawSeries(g, one, shift, px, py, small) {
  const colour = css(WAY_COLOURS[one.key]);
  const out = [h("path", { d: "M" + one.points.map((p) => `${px(p.at) + shift},${py(p.mean)}`).join("L"), fill: "none", stroke: colour, "stroke-width": small ? 1.5 : 2, "stroke-dasharray": WAY_DASHES[one.key] })];
  for (const p of one.points) {
    const x = px(p.at) + shift;
    const rod = `M${x},${py(p.low)}V${py(p.high)}` + (small ? "" : `M${x - 3},${py(p.low)}h6M${x - 3},${py(p.high)}h6`);
    out.push(h("path", { d: rod, stroke: colour, "stroke-width": 1.5, opacity: 0.8, fill: "none" }));
    if (!small) out.push(p.shares.map((share) => h("circle", { cx: x, cy: py(share), r: 2.2, fill: colour, opacity: 0.4 })));
    out.push(h("circle", { cx: x, cy: py(p.mean), r: small ? 2 : 3.6, fill: colour }));
  }
  return out;
}

const legendNames = (plan) => [...plan.series, ...(plan.lines ?? []), ...(plan.best?.length ? [{ key: "best", name: "if nothing is forgotten" }] : []), ...(plan.own?.some((o) => o.value !== null) ? [{ key: "own", name: "yours" }] : [])];
function legendAt(plan, width) {
  let [x, row] = [0, 0];
  return legendNames(plan).map((one) => {
    const w = measure(one.name, 12, false) + 44;
    if (x && x + w > width) [x, row] = [0, row + 1];
    const spot = { one, x, row };
    x += w;
    return spot;
  });
}
const legendRows = (plan, width) => Math.max(0, ...legendAt(plan, width).map((spot) => spot.row)) + 1;
function legend(plan, box) {
  return legendAt(plan, box.wide ?? box.w).map(({ one, x, row }) => {
    const y = box.y + 6 + 18 * row;
    const colour = css(WAY_COLOURS[one.key] ?? "ink3");
    const sample = one.key === "own" ? h("path", { d: `M${box.x + x + 11},${y - 6}l6,6l-6,6l-6,-6z`, fill: css("bg"), stroke: css("accent"), "stroke-width": 2 })
      : h("path", { d: `M${box.x + x},${y}h22`, stroke: colour, "stroke-width": one.key === "best" ? 1 : 2, "stroke-dasharray": one.key === "best" ? "4 4" : WAY_DASHES[one.key] });
    return [sample, label(box.x + x + 28, y + 4, one.name, { fill: "ink" })];
  });
}

/** A wide place to point at for each place of the axis; places that stand close share the ground between them. */
function hits(g, plan, px, top, bottom, pick) {
  const apart = Math.min(...plan.places.slice(1).map((place, k) => px(place) - px(plan.places[k])));
  const half = clamp(apart / 2, 5, 18);
  return plan.places.map((place) => {
    const said = [...plan.series.map((one) => [one.name, one.points.find((p) => p.at === place)]), ...(plan.lines ?? []).map((one) => [one.name, one])].filter(([, p]) => p);
    const node = h("rect", { class: pick ? "gb-hot" : null, "data-place": place, x: px(place) - half, y: top - 6, width: 2 * half, height: bottom - top + 28, fill: "transparent", onclick: () => pick?.(place) });
    return g.tip(node, `${plan.axis}: ${thousands(place)}\n` + said.map(([name, p]) => `${name}: ${span(p)}`).join("\n"));
  });
}
