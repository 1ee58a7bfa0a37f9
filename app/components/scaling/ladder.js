// The main chart: runs against their size, the law of the smaller ones, its band, and what it foretells.

const HALO = { stroke: css("bg"), "stroke-width": 4, "paint-order": "stroke", "stroke-linejoin": "round" }; // words over lines stay readable

/** What each step adds to the picture. */
const SHOWS = {
  0: {}, 1: { law: true }, 2: { law: true, band: true, laws: true }, 3: { law: true, band: true, forecast: true },
  4: { law: true, forecast: true }, 5: { law: true, band: true, forecast: true },
};

const shown = (data, x) => (data.letter === "C" ? powered(x) : sized(x));

function rangeOf(data) {
  const x = [...data.points.map((p) => p.x), ...data.own.filter((o) => o.fits && o.loss !== null).map((o) => o.x), ...(data.forecast ? [data.forecast.at] : [])];
  const near = data.against === "data" ? data.beside : [];
  const y = [...data.points.flatMap((p) => [p.loss]), ...near.map((p) => p.loss), ...data.own.filter((o) => o.fits && o.loss !== null).map((o) => o.loss),
    ...(data.forecast ? [data.forecast.loss, data.forecast.low ?? data.forecast.loss, data.forecast.high ?? data.forecast.loss] : [])];
  const all = data.against === "parameters" ? x : [...x, ...data.beside.map((p) => p.x)];
  return { x: [Math.min(...all) / 1.5, Math.max(...all) * (data.against === "compute" ? 12 : data.against === "data" ? 2.6 : 5)], y: [Math.min(...y) * 0.95, Math.max(...y) * 1.06] };
}

function drawLadder(g, data, box, step, pick) {
  const shows = SHOWS[step];
  const range = rangeOf(data);
  const spec = { ...range, across: `${data.axis}${data.against === "parameters" ? (data.tables ? ", embeddings counted" : ", without the embeddings") : ""}`, up: "loss, nats a character", powers: data.against === "compute", ticks: 6 };
  return g.part("ladder", [box, step, spec], () => logPlot(box, spec, (X, Y, edge) => [
    drawBeside(data, X, Y),
    shows.band && data.curve.low.length ? between(X, Y, data.curve.x, data.curve.low, data.curve.high) : null,
    shows.laws ? data.curve.laws.map((ys) => through(X, Y, data.curve.x, ys, { width: 0.8, opacity: 0.35 })) : null,
    shows.law && data.law ? drawLaw(data, X, Y, edge) : null,
    shows.forecast && data.forecast ? drawForecast(data, X, Y, edge) : null,
    drawPoints(g, data, X, Y, shows),
    drawOwn(g, data, X, Y),
    hits(g, data, X, edge, shows, pick),
  ]));
}

/** Runs of other widths, faint; of one width they are joined. */
function drawBeside(data, X, Y) {
  if (data.against === "parameters") return null;
  const widths = [...new Set(data.beside.map((p) => p.width))];
  return widths.map((width) => {
    const ours = data.beside.filter((p) => p.width === width && p.seed === 0).sort((a, b) => a.x - b.x);
    return [through(X, Y, ours.map((p) => p.x), ours.map((p) => p.loss), { stroke: "line", width: 1.5 }),
      ours.map((p) => h("circle", { cx: X(p.x), cy: Y(p.loss), r: 2.5, fill: css("ink3"), opacity: 0.7 }))];
  });
}

function drawLaw(data, X, Y, edge) {
  const last = Math.max(...data.points.filter((p) => p.used).map((p) => p.x));
  const split = data.curve.x.findIndex((x) => x > last);
  const cut = split < 0 ? data.curve.x.length : split + 1;
  const floor = Y(data.law.floor);
  return [
    floor < edge.bottom ? [h("path", { d: `M${edge.left},${floor}H${edge.right}`, stroke: css("ink3"), "stroke-dasharray": "1 4" }), label(edge.left + 4, floor - 5, `E = ${num(data.law.floor, 2)}`, { fill: "ink3", mono: true, size: 11 })] : null,
    through(X, Y, data.curve.x.slice(0, cut), data.curve.law.slice(0, cut), { "data-law": "fitted" }),
    through(X, Y, data.curve.x.slice(cut - 1), data.curve.law.slice(cut - 1), { dash: "5 4", "data-law": "beyond" }),
  ];
}

function drawForecast(data, X, Y, edge) {
  const { at, loss, low, high, truth } = data.forecast;
  const [x, y] = [X(at), Y(loss)];
  const rod = low === null ? null : h("path", { d: `M${x},${Y(low)}V${Y(high)}M${x - 7},${Y(low)}h14M${x - 7},${Y(high)}h14`, stroke: css("accent"), "stroke-width": 2, fill: "none" });
  const from = Math.max(...data.points.filter((p) => p.used).map((p) => p.x));
  const line = data.forecast.held.length ? h("path", { d: `M${(X(from) + X(data.forecast.held[0])) / 2},${edge.top}V${edge.bottom}`, stroke: css("ink3"), "stroke-dasharray": "3 4" }) : null;
  const words = [`foretold ${num(loss, 3)}`, truth === null ? "not trained yet" : `came ${num(truth, 3)}`];
  const fits = x + 12 + Math.max(...words.map((text) => measure(text, 11, true))) < edge.right + 8;
  const top = Math.min(y, Y(high ?? loss), truth === null ? y : Y(truth)) - 24; // above the rod: the curve goes on beside it
  return [line, rod, h("path", { d: `M${x - 6},${y}h12`, stroke: css("accent"), "stroke-width": 3 }),
    words.map((text, i) => label(fits ? x + 12 : edge.right, clamp(top, edge.top + 6, edge.bottom - 20) + 15 * i, text, { "data-said": i ? "came" : "foretold", anchor: fits ? null : "end", fill: i ? (truth === null ? "ink3" : "k-ink") : "accent", weight: 600, mono: true, size: 11, ...HALO }))];
}

function drawPoints(g, data, X, Y, shows) {
  return data.points.map((p) => h("circle", {
    cx: X(p.x), cy: Y(p.loss), r: 4, fill: css(p.used || !shows.law ? "accent" : "bg"), stroke: css(p.used || !shows.law ? "accent" : "k-ink"), "stroke-width": 2, opacity: 0.85,
    "data-run": p.name,
  }));
}

const diamond = (x, y, r = 7) => `M${x},${y - r}l${r},${r}l${-r},${r}l${-r},${-r}z`;
function drawOwn(g, data, X, Y) {
  return data.own.filter((o) => o.fits && o.loss !== null).map((o) => h("path", { d: diamond(X(o.x), Y(o.loss)), fill: css(o.alike ? "v-ink" : "bg"), stroke: css("v-ink"), "stroke-width": 2, "data-own": o.id }));
}

/** A wide place to point at for each size: it reads the values; a click keeps this size and all larger ones from the fit. */
function hits(g, data, X, edge, shows, pick) {
  return data.rows.map((row) => {
    const node = h("rect", { class: "gb-hot", "data-x": row.x, x: X(row.x) - 13, y: edge.top - 6, width: 26, height: edge.bottom - edge.top + 10, fill: "transparent", onclick: () => pick(row) });
    return g.tip(node, rowText(data, row, shows.law));
  });
}
function rowText(data, row, law = true) {
  const seeds = data.points.filter((p) => p.x === row.x);
  const lines = [`${data.letter} = ${shown(data, row.x)}${row.own ? ", yours" : ""}`, `loss ${num(row.loss, 3)}${row.runs > 1 ? `, mean of ${row.runs} seeds: ${seeds.map((p) => num(p.loss, 3)).join(", ")}` : ""}`];
  if (seeds.length) lines.push(`held-out stories say ${num(Math.min(...seeds.map((p) => p.low)), 3)} to ${num(Math.max(...seeds.map((p) => p.high)), 3)}`);
  if (law && row.law !== null) lines.push(`the law says ${num(row.law, 3)}, the runs are ${num(100 * Math.abs(row.miss), 1)} % ${row.miss >= 0 ? "above" : "below"} it`, row.used ? "used for the fit" : row.own ? "never used for the fit" : "kept from the fit");
  return lines.join("\n");
}
