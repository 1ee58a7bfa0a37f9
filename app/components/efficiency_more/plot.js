// A chart with two plain axes. box: {x, y, w, h}; spec: {x: [low, high], y: [low, high], xs, ys: about how many ticks,
// fx, fy: a tick as text, title, across}. draw(X, Y, edge) gives what lies on it; what is outside is cut off.

const CHARTS = Math.random().toString(36).slice(2, 8);
let charts = 0;

function plainPlot(box, spec, draw) {
  const edge = { left: box.x + 44, right: box.x + box.w - 10, top: box.y + 28, bottom: box.y + box.h - 36 };
  const X = (v) => edge.left + ((edge.right - edge.left) * (v - spec.x[0])) / (spec.x[1] - spec.x[0] || 1);
  const Y = (v) => edge.bottom - ((edge.bottom - edge.top) * (v - spec.y[0])) / (spec.y[1] - spec.y[0] || 1);
  const out = [label(box.x, box.y + 12, spec.title, { weight: 600, fill: "ink", size: 14 })];
  for (const tick of roundTicks(spec.y[0], spec.y[1], spec.ys ?? 5).ticks) {
    if (Y(tick) < edge.top - 1 || Y(tick) > edge.bottom + 1) continue;
    out.push(h("path", { d: `M${edge.left},${Y(tick).toFixed(1)}H${edge.right}`, stroke: css("line") }),
      label(edge.left - 6, Y(tick) + 4, spec.fy(tick), { anchor: "end", fill: "ink3", size: 11, mono: true }));
  }
  for (const tick of roundTicks(spec.x[0], spec.x[1], spec.xs ?? 5).ticks) {
    out.push(label(clamp(X(tick), edge.left + 4, edge.right - 12), edge.bottom + 16, spec.fx(tick), { anchor: "middle", fill: "ink3", size: 11, mono: true }));
  }
  out.push(h("path", { d: `M${edge.left},${edge.bottom}H${edge.right}`, stroke: css("ink3") }),
    label(edge.right, edge.bottom + 31, spec.across, { anchor: "end", fill: "ink3", size: 11 }));
  const id = `plain-${CHARTS}-${charts++}`;
  out.push(h("clipPath", { id }, h("rect", { x: edge.left - 7, y: edge.top - 8, width: edge.right - edge.left + 15, height: edge.bottom - edge.top + 12 })),
    h("g", { "clip-path": `url(#${id})` }, draw(X, Y, edge)));
  return out;
}

/** A line through [x, y] places. */
function chain(X, Y, places, o = {}) {
  const { stroke = "accent", width = 2, dash, ...rest } = o;
  return h("path", { d: `M${places.map(([x, y]) => `${X(x).toFixed(1)},${Y(y).toFixed(1)}`).join("L")}`, fill: "none", stroke: css(stroke), "stroke-width": width, "stroke-dasharray": dash, "stroke-linejoin": "round", "pointer-events": "none", ...rest });
}
/** The ground of an interval along [x, {low, high}]. */
function ground(X, Y, places, fill) {
  const up = places.map(([x, s]) => `${X(x).toFixed(1)},${Y(s.high).toFixed(1)}`);
  const down = places.map(([x, s]) => `${X(x).toFixed(1)},${Y(s.low).toFixed(1)}`).reverse();
  return h("path", { d: `M${[...up, ...down].join("L")}Z`, fill: css(fill), opacity: 0.14, "pointer-events": "none" });
}
/** A learner's own point. */
const diamond = (x, y, colour = "v-ink") => h("path", { d: `M${x.toFixed(1)},${(y - 7).toFixed(1)}l7,7l-7,7l-7,-7z`, fill: css(colour), stroke: css("bg") });
/** A key of what lines mean: [[words, {stroke, dash, diamond}], ...] from (x, y) on; returns the shapes and the y below. */
function legend(x, y, room, entries) {
  const out = [];
  let [at, line] = [x, y];
  for (const [words, o] of entries) {
    const wide = 34 + measure(words, 12, false) * 1.04;
    if (at > x && at + wide > x + room) { at = x; line += 18; }
    out.push(o.diamond ? diamond(at + 12, line - 4, o.stroke) : h("path", { d: `M${at},${line - 4}h24`, stroke: css(o.stroke), "stroke-width": 2, "stroke-dasharray": o.dash }),
      label(at + 30, line, words, { size: 12, fill: "ink2" }));
    at += wide + 14;
  }
  return [out, line + 12];
}
