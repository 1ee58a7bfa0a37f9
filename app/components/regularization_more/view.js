// The open model's matrices as histograms, and the size of four runs' weights as they train.

const COLOURS = ["ink2", "accent", "k-ink", "v-ink"];
const DASHES = [null, null, "8 3", "2 3"];

/** One matrix: how its numbers are spread, on the axis that all share. */
function drawMatrix(g, x, y, w, tall, name, one, edge) {
  const total = one.counts.reduce((a, b) => a + b, 0);
  const most = Math.max(...one.counts) / (2 * one.edge);
  const X = (v) => x + (w * (clamp(v, -edge, edge) + edge)) / (2 * edge);
  const wide = (2 * one.edge) / one.counts.length;
  const top = y + 24;
  const bars = one.counts.map((c, i) => {
    const high = ((tall - 44) * (c / (2 * one.edge))) / (most || 1);
    const [left, right] = [X(-one.edge + i * wide), X(-one.edge + (i + 1) * wide)];
    return `M${left.toFixed(1)},${(y + tall - 20).toFixed(1)}v${(-high).toFixed(1)}H${right.toFixed(1)}v${high.toFixed(1)}Z`;
  }).join("");
  return [
    h("text", { x, y: y + 12, "font-family": MONO, "font-size": 12, "font-weight": 600, fill: css("ink") }, name),
    label(x + w, y + 12, `rms ${num(one.rms, 3)}`, { anchor: "end", mono: true, fill: "ink2" }),
    h("path", { d: bars, fill: css("res"), opacity: 0.8 }), h("path", { d: `M${x},${y + tall - 20}H${x + w}M${X(0)},${top}V${y + tall - 20}`, stroke: css("line") }),
    g.tip(h("rect", { x, y, width: w, height: tall, fill: "transparent" }), `${name}: ${thousands(total)} numbers, rms ${num(one.rms, 4)}`),
  ];
}

/** rms of the weights inside the blocks at each checkpoint, a line a run. */
function drawSizes(g, data, box) {
  const { x, y, w, h: tall } = box;
  const arms = data.arms.filter((arm) => arm.steps.length);
  const said = inLines(`Weight decay takes ${num(100 * data.rate * data.decay, 1)} % of every weight at a step of full rate: w − ${data.rate} × ${data.decay} × w.`, w);
  const out = [label(x, y + 14, "How large the weights grow in training", { size: 14, weight: 600, fill: "ink" }),
    label(x + w - 150, y + 14, "rms", { fill: "ink3" }), said.map((line, i) => label(x, y + 34 + 16 * i, line, { fill: "ink3" }))];
  if (!arms.length) return out;
  const [left, right, top, bottom] = [x + 4, x + w - 150, y + 34 + 16 * said.length, y + tall - 20];
  const last = Math.max(...arms.flatMap((arm) => arm.steps), 1);
  const most = Math.max(...arms.flatMap((arm) => arm.rms));
  const X = (s) => left + ((right - left) * s) / last;
  const Y = (v) => bottom - ((bottom - top) * v) / (1.05 * most);
  const ends = arms.map((arm) => ({ arm, k: data.arms.indexOf(arm), y: Y(arm.rms.at(-1)) })).sort((a, b) => a.y - b.y);
  ends.forEach((end, i) => { if (i && end.y - ends[i - 1].y < 16) end.y = ends[i - 1].y + 16; });
  out.push(h("path", { d: `M${left},${bottom}H${right}`, stroke: css("line") }), label(left, bottom + 16, "step 0", { fill: "ink3" }), label(right, bottom + 16, thousands(last), { fill: "ink3", anchor: "end" }));
  for (const { arm, k, y: at } of ends) {
    out.push(h("path", { d: arm.steps.map((s, i) => `${i ? "L" : "M"}${X(s).toFixed(1)},${Y(arm.rms[i]).toFixed(1)}`).join(""), fill: "none", stroke: css(COLOURS[k]), "stroke-width": 2, "stroke-dasharray": DASHES[k] }),
      label(right + 8, at + 4, `${arm.name} ${num(arm.rms.at(-1), 3)}`, { fill: COLOURS[k], weight: k ? 600 : 400 }));
  }
  return out;
}

const more = {
  draw(g, data) {
    const names = Object.keys(data.weights);
    const wide = g.width >= 900;
    const room = wide ? Math.round(g.width * 0.54) : g.width;
    const across = wide ? 3 : g.width < 420 ? 2 : 3;
    const [w, tall] = [(room - 20 * (across - 1)) / across, 118];
    const edge = Math.max(...names.map((name) => data.weights[name].edge));
    g.part("matrices", null, () => [
      label(0, 14, `Weights of ${fit(data.name, 160, 14, false)}, ${data.block.replace("blocks.", "block ").replace(".", " ")}`, { size: 14, weight: 600, fill: "ink" }),
      label(0, 34, `each from ${num(-edge, 2)} to ${num(edge, 2)}`, { fill: "ink3" }),
      names.map((name, i) => drawMatrix(g, (i % across) * (w + 20), 46 + Math.floor(i / across) * tall, w, tall - 8, name, data.weights[name], edge)),
    ]);
    const under = 46 + Math.ceil(names.length / across) * tall;
    const box = wide ? { x: room + 36, y: 0, w: g.width - room - 36, h: under - 6 } : { x: 0, y: under + 16, w: g.width, h: 240 };
    g.part("sizes", null, () => drawSizes(g, data, box));
    g.height = wide ? under : under + 260;
  },

  describe(data) {
    return `Weights of ${data.block}: ${Object.entries(data.weights).map(([name, one]) => `${name} rms ${num(one.rms, 3)}`).join(", ")}. ` +
      data.arms.filter((arm) => arm.rms.length).map((arm) => `${arm.name}: rms ${num(arm.rms[0], 3)} grows to ${num(arm.rms.at(-1), 3)}`).join("; ");
  },

  state(data) {
    return { block: data.block, rms: Object.fromEntries(Object.entries(data.weights).map(([name, one]) => [name, one.rms])), arms: data.arms };
  },
};

export default mount("regularization_more", more);
