// The numbers as cells: strips of the stream, the neurons before and behind the bend, and the ways between them.

import { counted } from "../../app/kit/counts.js";
import { pointerAt } from "../../app/kit/glass.js";
import { clamp, css, fit, h, heat, heatImage, label, num, wire } from "../../app/kit/shapes.js";
import { ACTIVATE, ADD, CONTRACT, EXPAND, firstRow, nameOf, outlined, percent, short } from "./layout.js";

/** A value near the far end of many: a single outlier would pale all others. */
function usualMost(values, share = 0.97) {
  const sizes = Array.from(values, Math.abs).filter((v) => v > 0).sort((a, b) => a - b);
  return sizes[Math.min(sizes.length - 1, Math.floor(sizes.length * share))] || 1e-9;
}

export function drawStrip(g, data, local, box, name, title, o = {}) {
  const strip = data.strips[name];
  const values = local.a[name];
  const most = usualMost(values);
  const what = `${o.about}\n${counted(data.width, "number")}, length ${num(strip.length, 2)}`;
  const index = (event) => {
    const [x, y] = pointerAt(g, event);
    return clamp(Math.floor(((box.upright ? y - box.y : x - box.x) / (box.upright ? box.h : box.w)) * data.width), 0, data.width - 1);
  };
  g.part(`strip ${name}`, [box], () => {
    const href = heat(values, box.upright ? data.width : 1, box.upright ? 1 : data.width, (v) => g.signedRgb(v, most));
    return [
      heatImage(box.x, box.y, box.w, box.h, href),
      h("rect", { x: box.x - 0.5, y: box.y - 0.5, width: box.w + 1, height: box.h + 1, fill: "none", stroke: css(o.frame ?? "res"), "stroke-width": 1.5, rx: 2 }),
      box.upright ? label(box.x + box.w / 2, box.y - 8, title, { anchor: "middle", weight: 600, fill: o.ink ?? "ink" })
        : [label(box.x, box.y - 7, title, { weight: 600, fill: o.ink ?? "ink" }), label(box.x + box.w, box.y - 7, `length ${short(strip.length)}`, { anchor: "end", fill: "ink3" })],
      box.upright && [label(box.x + box.w / 2, box.y + box.h + 16, short(strip.length), { anchor: "middle", mono: true, fill: "ink3" }), label(box.x + box.w / 2, box.y + box.h + 31, "long", { anchor: "middle", fill: "ink3" })],
      g.tip(h("rect", { x: box.x - 3, y: box.y, width: box.w + 6, height: box.h, fill: "transparent", class: "gb-hot" }), (event) => `${what}\nnumber ${index(event)}: ${num(values[index(event)], 3)}`),
    ];
  });
}

/** The neuron that was chosen last, also while the page still works on it; -1 in the link: the strongest one. */
export const chosenOf = (data, local) => (local.sel.neuron >= 0 && local.sel.neuron < data.neurons ? local.sel.neuron : local.order[0]);
/** The one that writes a little more (-1) or less (1) than the chosen one. */
export const beside = (data, local, by) => local.order[clamp(local.order.indexOf(chosenOf(data, local)) + by, 0, data.neurons - 1)];

/** Where neuron n's cell is. */
function cellBox(box, n, neurons) {
  const rows = Math.ceil(neurons / box.cols);
  const [w, tall] = [box.w / box.cols, box.h / rows];
  return { x: box.x + (n % box.cols) * w, y: box.y + Math.floor(n / box.cols) * tall, w, h: tall, rows };
}

export function drawGrid(g, data, local, box, key, title, hint) {
  const n = data.neurons;
  const values = local.a[key];
  const { rows } = cellBox(box, 0, n);
  const most = usualMost(values, key === "pre" ? 0.97 : 0.9);
  const frame = (m, grow = 0.5) => { const c = cellBox(box, m, n); return { x: c.x - grow, y: c.y - grow, width: c.w + 2 * grow, height: c.h + 2 * grow }; };
  g.part(`grid ${key}`, [box, data.off.length], () => [
    label(box.x, box.y - (g.width < 760 ? 8 : 32), title, { weight: 600, fill: "ink" }),
    g.width < 760 ? label(box.x + box.w, box.y - 8, hint, { fill: "ink3", anchor: "end" }) : label(box.x, box.y - 16, fit(hint, box.w + 30, 12, false), { fill: "ink3" }),
    heatImage(box.x, box.y, box.w, box.h, heat(values, rows, box.cols, (v, i) => (i < n ? g.signedRgb(v, most) : null))),
    h("rect", { x: box.x - 0.5, y: box.y - 0.5, width: box.w + 1, height: box.h + 1, fill: "none", stroke: css(key === "post" ? "mlp" : "line"), rx: 2 }),
    key === "post" && outlined(data) && h("g", { fill: "none", stroke: css("mlp"), "stroke-width": 1.5 }, data.most.map((m) => h("rect", frame(m)))),
    key === "post" && data.off.length > 0 && h("path", { d: data.off.map((m) => { const c = cellBox(box, m, n); return `M${c.x + 1},${c.y + 1}l${c.w - 2},${c.h - 2}m0,${2 - c.h}l${2 - c.w},${c.h - 2}`; }).join(""), stroke: css("ink3"), "stroke-width": 0.75 }),
  ]);
  const chosen = chosenOf(data, local);
  g.part(`mark ${key}`, [chosen, local.hover, box], () => [
    local.hover !== null && local.hover !== chosen && h("rect", { ...frame(local.hover, 1.5), fill: "none", stroke: css("ink"), "stroke-width": 1.5 }),
    h("rect", { ...frame(chosen, 2), fill: "none", stroke: css("accent"), "stroke-width": 2.5, rx: 1 }),
  ]);
  const spot = (event) => {
    const [x, y] = pointerAt(g, event);
    const at = Math.floor(clamp((y - box.y) / box.h, 0, 0.9999) * rows) * box.cols + Math.floor(clamp((x - box.x) / box.w, 0, 0.9999) * box.cols);
    return at < n ? at : null;
  };
  g.part(`touch ${key}`, [box], () => {
    const node = h("rect", {
      x: box.x, y: box.y, width: box.w, height: box.h, fill: "transparent", class: "gb-hot", "data-grid": key,
      pointermove: (event) => { const now = spot(event); if (now !== local.hover) { local.hover = now; g.redraw(); } },
      pointerleave: () => { local.hover = null; g.redraw(); },
      click: (event) => { const now = spot(event); if (now !== null) g.select({ neuron: now }); },
    });
    return g.tip(node, (event) => { const now = spot(event); return now === null ? "" : cellWords(data, local, now); });
  });
}

/** What a neuron does at the followed token, in a few lines. */
function cellWords(data, local, n) {
  const a = local.a;
  const off = data.off.includes(n);
  const beside = data.curve.beside && `\nwith ${data.curve.beside.name} ${num(a.beside[n], 3)}`;
  return `${nameOf(data, n)}${off ? ", off" : ""}\nbefore the bend ${num(a.pre[n], 3)}${data.gated ? `\nits second sum ${num(a.linear[n], 3)}` : ""}\nbehind it ${num(a.usual[n], 3)}${beside ?? ""}\n${percent(a.shares[n], 1)} of what is written`;
}

/** What later steps will show, as pale frames. */
export const ghosts = (at, step) => [[EXPAND, at.pre], [ACTIVATE, at.curve], [ACTIVATE, at.post], [CONTRACT, at.out], [ADD, at.after]]
  .filter(([from]) => step < from)
  .map(([, box]) => h("rect", { x: box.x + 0.5, y: box.y + 0.5, width: box.w - 1, height: box.h - 1, rx: 2, fill: css("wash"), stroke: css("line"), "stroke-dasharray": "3 3" }));

/** Funnels, arrows and the way past the layer. */
export function drawFlow(g, data, local, at, step) {
  if (at.phone) return;
  const y = at.middle;
  const { stream, read, pre, curve, post, out, after } = at;
  const funnel = (a, b, name) => [
    h("path", { d: `M${a.x + a.w + 3},${a.y}L${b.x - 4},${b.y}V${b.y + b.h}L${a.x + a.w + 3},${a.y + a.h}Z`, fill: css("mlp"), opacity: 0.16 }),
    label((a.x + a.w + b.x) / 2, y + 4, name, { anchor: "middle", mono: true, fill: "mlp-ink", weight: 600 }),
  ];
  const arrow = (x0, x1, colour = "res", width = 2) => h("path", { d: `M${x0},${y}H${x1 - 1}m-5,-4l5,4l-5,4`, fill: "none", stroke: css(colour), "stroke-width": width, "stroke-linejoin": "round" });
  const row = data.row - firstRow(data, at);
  const from = at.chips.top + (row + 0.5) * at.chips.pitch;
  g.part("flow", [step, at.w, data.row], () => [
    h("path", { d: wire([[at.chips.end + 2, from], [at.chips.end + 9, from], [at.chips.end + 9, y], [stream.x - 2, y]], 5), fill: "none", stroke: css("res"), "stroke-width": 2 }),
    arrow(stream.x + stream.w + 3, read.x - 3),
    step >= EXPAND && funnel(read, pre, "W_in"),
    step >= ACTIVATE && [arrow(pre.x + pre.w + 3, curve.x - 32), arrow(curve.x + curve.w + 2, post.x - 3)],
    step >= CONTRACT && funnel({ ...post, x: post.x, w: post.w }, out, "W_out"),
    step >= ADD && [
      arrow(out.x + out.w + 3, at.plus - 7, "mlp", 3), arrow(at.plus + 7, after.x - 3), arrow(after.x + after.w + 3, at.next.x - 5),
      data.residual && h("path", { d: wire([[stream.x + stream.w / 2, stream.y + stream.h + 36], [stream.x + stream.w / 2, at.floor], [at.plus, at.floor], [at.plus, y + 7]], 6), fill: "none", stroke: css("res"), "stroke-width": 2 }),
      data.residual && label((stream.x + at.plus) / 2, at.floor + 4, " the stream goes past the layer ", { anchor: "middle", fill: "ink3", stroke: css("bg"), "stroke-width": 8, "paint-order": "stroke" }),
      h("circle", { cx: at.plus, cy: y, r: 6, fill: css("bg"), stroke: css("ink2") }),
      data.residual && h("path", { d: `M${at.plus - 3.5},${y}h7m-3.5,-3.5v7`, stroke: css("ink2") }),
    ],
  ]);
}
