// One matrix: where it stands among all, its weights with the grid over them, and some of them one by one.

import { counted } from "../../app/kit/counts.js";
import { clamp, css, fit, h, inLines, label, measure, thousands } from "../../app/kit/shapes.js";
import { PITCH, errorAt, percent, pieceName, small, stepNow, title, weightSaid } from "./layout.js";

export function drawMatrices(g, data, local, at) {
  const { x, y, w } = at.heat;
  const names = 92;
  const each = (w - names - 26) / 2;
  const m = data.matrix;
  const kinds = [["weights", "weights: |W′ − W| / |W|"], ["products", "products: |W′X − WX| / |WX|"]];
  g.part("matrices", [m?.block, m?.piece, at.phone], () => [
    title(x, y + 12, "Moved", null),
    data.pieces.map((piece, k) => label(x, y + 45 + PITCH * k, fit(piece.name, names - 6, 12, false), { fill: m?.piece === piece.key ? "ink" : "ink2", weight: m?.piece === piece.key ? 600 : null })),
    kinds.map(([kind, said], side) => {
      const left = x + names + side * (each + 26);
      const cell = each / Math.max(1, data.blocks);
      const most = Math.max(0.05, ...data.errors.map((one) => one[kind]));
      const numbers = (said) => cell >= 40 && measure(said, 11, true) < cell;
      const every = Math.ceil(22 / cell);
      return [
        label(left, y + 12, fit(said, each + 20, 12, false), { fill: "ink3" }),
        Array.from({ length: data.blocks }, (_, b) => b % every === 0 && label(left + (b + 0.5) * cell, y + 27, `L${b}`, { anchor: "middle", fill: "ink3", size: 11 })),
        data.pieces.map((piece, k) => Array.from({ length: data.blocks }, (_, b) => {
          const one = errorAt(data, b, piece.key);
          const top = y + 32 + PITCH * k;
          const here = m && m.block === b && m.piece === piece.key;
          const share = one ? one[kind] / most : 0;
          const node = h("g", { class: "gb-hot", "data-matrix": `${b} ${piece.key}`, click: () => g.select({ block: b, piece: piece.key, stage: -1 }) },
            h("rect", { x: left + b * cell + 0.5, y: top + 0.5, width: Math.max(1, cell - 1), height: PITCH - 1, rx: 2, fill: one ? g.sequential(0.62 * share, 1, "accent") : css("wash") }),
            one && numbers(percent(one[kind])) && label(left + (b + 0.5) * cell, top + 13, percent(one[kind]), { anchor: "middle", mono: true, size: 11, fill: "ink" }),
            here && h("rect", { x: left + b * cell + 1, y: top + 1, width: Math.max(2, cell - 2), height: PITCH - 2, rx: 2, fill: "none", stroke: css("accent"), "stroke-width": 2 }));
          return g.tip(node, () => `${piece.name} of block ${b}\n${one ? `its weights moved by ${percent(one.weights)} of their size\nits products on your text by ${percent(one.products)}` : "not compressed yet"}`);
        })),
      ];
    }),
  ].flat(9));
}

/** From weights to pixels: the matrix's own range, with the grid inside. */
function scaleOf(box, m) {
  const reach = Math.max(1e-12, (m.high - m.low) * 0.03);
  const low = Math.min(m.low, ...m.grid.slice(0, 1)) - reach;
  const high = Math.max(m.high, ...m.grid.slice(-1)) + reach;
  return { X: (v) => box.x + ((v - low) / (high - low)) * box.w, low, high };
}

export function drawHistogram(g, data, local, at) {
  const box = at.histogram;
  const m = data.matrix;
  const step = stepNow(local);
  if (!m) {
    g.part("histogram", null, () => box.said.map((line, i) => label(box.x, box.y + 14 + 15 * i, line)));
    return;
  }
  const { X } = scaleOf(box, m);
  const [top, bottom] = [box.y + 24 + 15 * box.said.length, box.y + box.h - 18];
  g.part("histogram", [step, m.row, m.group], () => {
    const most = Math.max(...m.counts);
    const bin = (m.high - m.low) / m.bins;
    const width = Math.max(0.5, X(bin) - X(0) - 0.4);
    const values = step >= 1 ? m.grid : [];
    const close = values.length > 1 && X(values[1]) - X(values[0]) < 3;
    const marks = [m.low, 0, m.high].filter((v, i) => i !== 1 || (X(0) - X(m.low) > 56 && X(m.high) - X(0) > 56));
    return [
      title(box.x, box.y + 12, `${pieceName(data, m.piece)} of block ${m.block}${data.stack ? `, ${data.stack}` : ""}`, null),
      (step >= 2 ? box.said : [`${thousands(m.rows)} × ${counted(m.columns, "weight")} by size`]).map((line, i) => label(box.x, box.y + 28 + 15 * i, line, { fill: "ink3" })),
      m.counts.map((count, i) => count > 0 && h("rect", { x: X(m.low + i * bin), y: bottom - (bottom - top) * (count / most), width, height: (bottom - top) * (count / most), fill: css("res"), opacity: 0.55 })),
      h("path", { d: `M${box.x},${bottom + 0.5}H${box.x + box.w}`, stroke: css("line") }),
      values.map((v) => h("path", { class: "gb-grid-value", d: `M${X(v).toFixed(2)},${top - 4}V${bottom}`, stroke: css("accent"), "stroke-width": close ? 0.6 : 1.3, opacity: close ? 0.55 : 0.9 })),
      marks.map((v, i) => label(clamp(X(v), box.x + measure(small(v), 11, true) / 2, box.x + box.w - measure(small(v), 11, true) / 2), bottom + 14, small(v), { anchor: "middle", mono: true, size: 11, fill: "ink3" })),
    ].flat(3);
  });
}

export function drawStrip(g, data, local, at) {
  const box = at.strip;
  const m = data.matrix;
  if (!m) return;
  const { X } = scaleOf(box, m);
  const step = stepNow(local);
  const [up, down] = [box.y + 30, box.y + 58];
  const picked = local.pick ?? 0;
  const rounded = step >= 2 && m.after.length > 0;
  const what = m.groups > 1 ? `Row ${m.row}, group ${m.group}` : `Row ${m.row}`;
  const about = m.before.length < (m.groups > 1 ? m.columns / m.groups : m.columns) ? `its first ${counted(m.before.length, "weight")}, before and after` : `its ${counted(m.before.length, "weight")}, before and after`;
  const turn = (x, sign, by) => h("g", { class: "gb-hot", "data-turn": by > 0 ? "next" : "before", click: () => turnGroup(g, data, by) },
    h("rect", { x: x - 8, y: box.y, width: 24, height: 20, fill: "transparent" }), label(x + 4, box.y + 14, sign, { anchor: "middle", fill: "accent", weight: 700 }));
  g.part("strip", [step, picked, m.row, m.group], () => {
    const from = measure(what, 12, false) * 1.07 + 14;
    return [
      title(box.x, box.y + 14, what, null),
      turn(box.x + from, "‹", -1), turn(box.x + from + 24, "›", 1),
      label(box.x + from + 50, box.y + 14, fit(about, box.w - from - 50, 12, false), { fill: "ink3" }),
      h("path", { d: `M${box.x},${up}H${box.x + box.w}M${box.x},${down}H${box.x + box.w}`, stroke: css("line") }),
      rounded && m.grid.length <= 64 && m.grid.map((v) => h("path", { d: `M${X(v).toFixed(2)},${down - 5}v10`, stroke: css("accent"), opacity: 0.6 })),
      m.before.map((w, i) => {
        const here = i === picked;
        const now = m.after[i];
        const node = h("g", { class: "gb-hot", "data-weight": i, click: () => { local.pick = i; g.redraw(); } },
          rounded && h("path", { d: `M${X(w).toFixed(2)},${up}L${X(now).toFixed(2)},${down}`, stroke: css(here ? "accent" : "ink3"), "stroke-width": here ? 2 : 0.8, opacity: here ? 1 : 0.5 }),
          h("circle", { cx: X(w), cy: up, r: here ? 4.5 : 3, fill: css(here ? "accent" : "res") }),
          rounded && h("circle", { cx: X(now), cy: down, r: here ? 4.5 : 3, fill: css("accent") }),
          h("circle", { cx: X(w), cy: up, r: 7, fill: "transparent" }));
        return g.tip(node, () => weightSaid(data, i));
      }),
      inLines((rounded ? weightSaid(data, picked) : null) ?? "", box.w).slice(0, 2).map((line, i) => label(box.x, box.y + 80 + 15 * i, line, { fill: "ink2" })),
    ].flat(3);
  });
}

/** The next weights that share a grid, or those before. */
export function turnGroup(g, data, by) {
  const m = data.matrix;
  if (!m) return;
  const all = m.rows * m.groups;
  const next = (m.row * m.groups + m.group + by + all) % all;
  g.select({ output: Math.floor(next / m.groups), slice: next % m.groups });
}
