// A chart whose axes are logarithms: laws of scale are straight lines on it.
//
//   const nodes = logPlot(box, spec, (X, Y, edge) => shapes);      // inside g.part
//
// box: {x, y, w, h}. spec: {x: [low, high], y: [low, high], across, up: the axes' words, powers: ticks of x as 10ⁿ,
// linear: the y axis is no logarithm, ticks: about how many on y, format: a tick of y as text, left: room for them}.
// X and Y place values; edge = {left, right, top, bottom}. What lies outside is cut off.

const PLOTS = Math.random().toString(36).slice(2, 8); // clip paths of two pictures on a page must not share a name
let plots = 0;

function logPlot(box, spec, draw) {
  const left = box.x + (spec.left ?? 40);
  const [right, top, bottom] = [box.x + box.w - 8, box.y + (spec.up ? 18 : 6), box.y + box.h - (spec.across ? 36 : 20)];
  const [x0, x1] = spec.x.map(Math.log10);
  const [y0, y1] = spec.linear ? spec.y : spec.y.map(Math.log10);
  const X = (v) => left + ((right - left) * (Math.log10(v) - x0)) / (x1 - x0 || 1);
  const Y = (v) => bottom - ((bottom - top) * ((spec.linear ? v : Math.log10(v)) - y0)) / (y1 - y0 || 1);
  const out = [];
  const wide = spec.y[1] / spec.y[0] > 30 && !spec.linear;
  const { ticks, step } = wide ? logTicks(...spec.y) : roundTicks(spec.y[0], spec.y[1], spec.ticks ?? 5);
  for (const tick of ticks) {
    if (Y(tick) < top - 1 || Y(tick) > bottom + 1) continue;
    out.push(h("path", { d: `M${left},${Y(tick).toFixed(1)}H${right}`, stroke: css("line") }),
      label(left - 6, Y(tick) + 4, spec.format ? spec.format(tick) : wide ? sized(tick, 0) : brief(tick, step), { anchor: "end", fill: "ink3", size: 11, mono: true }));
  }
  const every = Math.max(1, Math.ceil((x1 - x0) / Math.max(2, (right - left) / 64)));
  for (let power = Math.ceil(x0 - 1e-9); power <= x1 + 1e-9; power++) {
    const at = X(10 ** power);
    out.push(h("path", { d: `M${at.toFixed(1)},${bottom}v4`, stroke: css("ink3") }));
    if (power % every === 0) out.push(label(clamp(at, left + 6, right - 8), bottom + 16, spec.powers ? `10${raise(power)}` : sized(10 ** power, 0), { anchor: "middle", fill: "ink3", size: 11, mono: true }));
  }
  out.push(h("path", { d: `M${left},${bottom}H${right}`, stroke: css("ink3") }));
  if (spec.across) out.push(label(right, bottom + 31, spec.across, { anchor: "end", fill: "ink3", size: 11 }));
  if (spec.up) out.push(label(box.x, box.y + 8, spec.up, { fill: "ink3", size: 11 }));
  const id = `logplot-${PLOTS}-${plots++}`;
  out.push(h("clipPath", { id }, h("rect", { x: left - 7, y: top - 9, width: right - left + 15, height: bottom - top + 14 })),
    h("g", { "clip-path": `url(#${id})` }, draw(X, Y, { left, right, top, bottom })));
  return out;
}

/** A line through places of a log plot; NaN and null break it. */
function through(X, Y, xs, ys, o = {}) {
  let [d, pen] = ["", "M"];
  xs.forEach((x, i) => {
    if (ys[i] === null || !Number.isFinite(ys[i])) { pen = "M"; return; }
    d += `${pen}${X(x).toFixed(1)},${Y(ys[i]).toFixed(1)}`;
    pen = "L";
  });
  const { stroke = "accent", width = 2, dash, ...rest } = o;
  return h("path", { d, fill: "none", stroke: css(stroke), "stroke-width": width, "stroke-dasharray": dash, "stroke-linejoin": "round", ...rest });
}
/** The ground between two lines. */
function between(X, Y, xs, low, high, o = {}) {
  const up = xs.map((x, i) => `${X(x).toFixed(1)},${Y(high[i]).toFixed(1)}`);
  const down = xs.map((x, i) => `${X(x).toFixed(1)},${Y(low[i]).toFixed(1)}`).reverse();
  return h("path", { d: `M${[...up, ...down].join("L")}Z`, fill: css(o.fill ?? "accent"), opacity: o.opacity ?? 0.14 });
}
