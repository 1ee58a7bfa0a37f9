// The layer's numbers: strips of the stream, the neurons before and behind the bend as cells, the activation as a curve with
// every neuron as a dot on it, and the ways between them.

import { roundTicks } from "../../app/kit/axes.js";
import { counted } from "../../app/kit/counts.js";
import { pointerAt } from "../../app/kit/glass.js";
import { say } from "../../app/kit/say.js";
import {
  clamp,
  css,
  fit,
  h,
  heat,
  heatImage,
  label,
  num,
  percent,
  thousands,
  wire,
} from "../../app/kit/shapes.js";
import { isPhone } from "../../app/kit/widths.js";
import { ACTIVATE, ADD, CONTRACT, EXPAND, firstRow, nameOf, outlined, short } from "./layout.js";

/**
 * @import { Stage } from "../../app/kit/glass.js"
 * @import { Shapes } from "../../app/kit/shapes.js"
 * @import { Data, Local, Strip } from "./figure.js"
 * @import { Box, GridBox, Layout, WideLayout } from "./layout.js"
 */

/**
 * A value near the far end of many: a single outlier would pale all others.
 * @param {Float32Array} values
 */
function usualMost(values, share = 0.97) {
  const sizes = Array.from(values, Math.abs)
    .filter((v) => v > 0)
    .sort((a, b) => a - b);
  return sizes[Math.min(sizes.length - 1, Math.floor(sizes.length * share))] || 1e-9;
}

/**
 * @param {Stage} g @param {Data} data @param {Local} local @param {Box} box @param {Strip} name
 * @param {string} title
 * @param {{about: string, frame?: string, ink?: string}} o
 */
export function drawStrip(g, data, local, box, name, title, o) {
  const strip = data.strips[name];
  const values = local.a[name];
  const most = usualMost(values);
  const what = `${o.about}\n${say("{numbers}, length {length}", { numbers: counted(data.width, "number"), length: num(strip.length, 2) })}`;
  const index = (/** @type {MouseEvent} */ event) => {
    const [x, y] = pointerAt(g, event);
    return clamp(
      Math.floor(((box.upright ? y - box.y : x - box.x) / (box.upright ? box.h : box.w)) * data.width),
      0,
      data.width - 1,
    );
  };
  g.part(`strip ${name}`, [box], () => {
    const href = heat(values, box.upright ? data.width : 1, box.upright ? 1 : data.width, (v) =>
      g.signedRgb(v, most),
    );
    return [
      heatImage(box.x, box.y, box.w, box.h, href),
      h("rect", {
        x: box.x - 0.5,
        y: box.y - 0.5,
        width: box.w + 1,
        height: box.h + 1,
        fill: "none",
        stroke: css(o.frame ?? "res"),
        "stroke-width": 1.5,
        rx: 2,
      }),
      box.upright
        ? label(box.x + box.w / 2, box.y - 8, title, { anchor: "middle", weight: 600, fill: o.ink ?? "ink" })
        : [
            label(box.x, box.y - 7, title, { weight: 600, fill: o.ink ?? "ink" }),
            label(box.x + box.w, box.y - 7, say("length {length}", { length: short(strip.length) }), {
              anchor: "end",
              fill: "ink3",
            }),
          ],
      box.upright && [
        label(box.x + box.w / 2, box.y + box.h + 16, short(strip.length), {
          anchor: "middle",
          mono: true,
          fill: "ink3",
        }),
        label(box.x + box.w / 2, box.y + box.h + 31, say("long"), { anchor: "middle", fill: "ink3" }),
      ],
      g.tip(
        h("rect", {
          x: box.x - 3,
          y: box.y,
          width: box.w + 6,
          height: box.h,
          fill: "transparent",
          class: "gb-hot",
        }),
        (event) =>
          `${what}\n${say("number {number}: {value}", { number: index(event), value: num(values[index(event)], 3) })}`,
      ),
    ];
  });
}

/**
 * The neuron that was chosen last, also while the page still works on it; -1 in the link: the strongest one.
 * @param {Data} data @param {Local} local
 */
export const chosenOf = (data, local) =>
  local.sel.neuron >= 0 && local.sel.neuron < data.neurons ? local.sel.neuron : local.order[0];
/**
 * The one that writes a little more (-1) or less (1) than the chosen one.
 * @param {Data} data @param {Local} local @param {number} by
 */
export const beside = (data, local, by) =>
  local.order[clamp(local.order.indexOf(chosenOf(data, local)) + by, 0, data.neurons - 1)];

/**
 * Where neuron n's cell is.
 * @param {GridBox} box @param {number} n @param {number} neurons
 */
function cellBox(box, n, neurons) {
  const rows = Math.ceil(neurons / box.cols);
  const [w, tall] = [box.w / box.cols, box.h / rows];
  return { x: box.x + (n % box.cols) * w, y: box.y + Math.floor(n / box.cols) * tall, w, h: tall, rows };
}

/**
 * @param {Stage} g @param {Data} data @param {Local} local @param {GridBox} box @param {"pre" | "post"} key
 * @param {string} title @param {string} hint
 */
export function drawGrid(g, data, local, box, key, title, hint) {
  const n = data.neurons;
  const values = local.a[key];
  const { rows } = cellBox(box, 0, n);
  const most = usualMost(values, key === "pre" ? 0.97 : 0.9);
  const frame = (/** @type {number} */ m, grow = 0.5) => {
    const c = cellBox(box, m, n);
    return { x: c.x - grow, y: c.y - grow, width: c.w + 2 * grow, height: c.h + 2 * grow };
  };
  g.part(`grid ${key}`, [box, data.off.length], () => [
    label(box.x, box.y - (isPhone(g.width) ? 8 : 32), title, { weight: 600, fill: "ink" }),
    isPhone(g.width)
      ? label(box.x + box.w, box.y - 8, hint, { fill: "ink3", anchor: "end" })
      : label(box.x, box.y - 16, fit(hint, box.w + 30, 12, false), { fill: "ink3" }),
    heatImage(
      box.x,
      box.y,
      box.w,
      box.h,
      heat(values, rows, box.cols, (v, i) => (i < n ? g.signedRgb(v, most) : null)),
    ),
    h("rect", {
      x: box.x - 0.5,
      y: box.y - 0.5,
      width: box.w + 1,
      height: box.h + 1,
      fill: "none",
      stroke: css(key === "post" ? "mlp" : "line"),
      rx: 2,
    }),
    key === "post" &&
      outlined(data) &&
      h(
        "g",
        { fill: "none", stroke: css("mlp"), "stroke-width": 1.5 },
        data.most.map((m) => h("rect", frame(m))),
      ),
    key === "post" &&
      data.off.length > 0 &&
      h("path", {
        d: data.off
          .map((m) => {
            const c = cellBox(box, m, n);
            return `M${c.x + 1},${c.y + 1}l${c.w - 2},${c.h - 2}m0,${2 - c.h}l${2 - c.w},${c.h - 2}`;
          })
          .join(""),
        stroke: css("ink3"),
        "stroke-width": 0.75,
      }),
  ]);
  const chosen = chosenOf(data, local);
  g.part(`mark ${key}`, [chosen, local.hover, box], () => [
    local.hover !== null &&
      local.hover !== chosen &&
      h("rect", { ...frame(local.hover, 1.5), fill: "none", stroke: css("ink"), "stroke-width": 1.5 }),
    h("rect", { ...frame(chosen, 2), fill: "none", stroke: css("accent"), "stroke-width": 2.5, rx: 1 }),
  ]);
  const spot = (/** @type {MouseEvent} */ event) => {
    const [x, y] = pointerAt(g, event);
    const at =
      Math.floor(clamp((y - box.y) / box.h, 0, 0.9999) * rows) * box.cols +
      Math.floor(clamp((x - box.x) / box.w, 0, 0.9999) * box.cols);
    return at < n ? at : null;
  };
  g.part(`touch ${key}`, [box], () => {
    const node = h("rect", {
      x: box.x,
      y: box.y,
      width: box.w,
      height: box.h,
      fill: "transparent",
      class: g.can.recompute ? "gb-hot" : null,
      "data-grid": key,
      pointermove: (event) => {
        const now = spot(event);
        if (now !== local.hover) {
          local.hover = now;
          g.redraw();
        }
      },
      pointerleave: () => {
        local.hover = null;
        g.redraw();
      },
      click: (event) => {
        const now = spot(event);
        if (now !== null) g.select({ neuron: now });
      },
    });
    return g.tip(node, (event) => {
      const now = spot(event);
      return now === null ? "" : cellWords(data, local, now);
    });
  });
}

/**
 * What a neuron does at the followed token, in a few lines.
 * @param {Data} data @param {Local} local @param {number} n
 */
function cellWords(data, local, n) {
  const a = local.a;
  const beside =
    data.curve.beside && a.beside
      ? [say("with {curve} {value}", { curve: data.curve.beside.name, value: num(a.beside[n], 3) })]
      : [];
  return [
    data.off.includes(n) ? say("{neuron}, off", { neuron: nameOf(data, n) }) : nameOf(data, n),
    say("before the bend {value}", { value: num(a.pre[n], 3) }),
    ...(a.linear ? [say("its second sum {value}", { value: num(a.linear[n], 3) })] : []),
    say("behind it {value}", { value: num(a.usual[n], 3) }),
    ...beside,
    say("{share} of what is written", { share: percent(a.shares[n], 1) }),
  ].join("\n");
}

/**
 * What later steps will show, as pale frames.
 * @param {Layout} at @param {number} step
 */
export const ghosts = (at, step) =>
  [
    { from: EXPAND, box: at.pre },
    { from: ACTIVATE, box: at.curve },
    { from: ACTIVATE, box: at.post },
    { from: CONTRACT, box: at.out },
    { from: ADD, box: at.after },
  ]
    .filter(({ from }) => step < from)
    .map(({ box }) =>
      h("rect", {
        x: box.x + 0.5,
        y: box.y + 0.5,
        width: box.w - 1,
        height: box.h - 1,
        rx: 2,
        fill: css("wash"),
        stroke: css("line"),
        "stroke-dasharray": "3 3",
      }),
    );

/**
 * Funnels, arrows and the way past the layer.
 * @param {Stage} g @param {Data} data @param {Layout} at @param {number} step
 */
export function drawFlow(g, data, at, step) {
  if (at.phone) return;
  const y = at.middle;
  const { stream, read, pre, curve, post, out, after } = at;
  const funnel = (/** @type {Box} */ a, /** @type {Box} */ b, /** @type {string} */ name) => [
    h("path", {
      d: `M${a.x + a.w + 3},${a.y}L${b.x - 4},${b.y}V${b.y + b.h}L${a.x + a.w + 3},${a.y + a.h}Z`,
      fill: css("mlp"),
      opacity: 0.16,
    }),
    label((a.x + a.w + b.x) / 2, y + 4, name, { anchor: "middle", mono: true, fill: "mlp-ink", weight: 600 }),
  ];
  const arrow = (/** @type {number} */ x0, /** @type {number} */ x1, colour = "res", width = 2) =>
    h("path", {
      d: `M${x0},${y}H${x1 - 1}m-5,-4l5,4l-5,4`,
      fill: "none",
      stroke: css(colour),
      "stroke-width": width,
      "stroke-linejoin": "round",
    });
  const row = data.row - firstRow(data, at);
  const from = at.chips.top + (row + 0.5) * at.chips.pitch;
  g.part("flow", [step, at.w, data.row], () => [
    h("path", {
      d: wire(
        [
          [at.chips.end + 2, from],
          [at.chips.end + 9, from],
          [at.chips.end + 9, y],
          [stream.x - 2, y],
        ],
        5,
      ),
      fill: "none",
      stroke: css("res"),
      "stroke-width": 2,
    }),
    arrow(stream.x + stream.w + 3, read.x - 3),
    step >= EXPAND && funnel(read, pre, "W_in"),
    step >= ACTIVATE && [arrow(pre.x + pre.w + 3, curve.x - 32), arrow(curve.x + curve.w + 2, post.x - 3)],
    step >= CONTRACT && funnel({ ...post, x: post.x, w: post.w }, out, "W_out"),
    step >= ADD && [
      arrow(out.x + out.w + 3, at.plus - 7, "mlp", 3),
      arrow(at.plus + 7, after.x - 3),
      arrow(after.x + after.w + 3, at.next.x - 5),
      data.residual &&
        h("path", {
          d: wire(
            [
              [stream.x + stream.w / 2, stream.y + stream.h + 36],
              [stream.x + stream.w / 2, at.floor],
              [at.plus, at.floor],
              [at.plus, y + 7],
            ],
            6,
          ),
          fill: "none",
          stroke: css("res"),
          "stroke-width": 2,
        }),
      data.residual &&
        label((stream.x + at.plus) / 2, at.floor + 4, say(" the stream goes past the layer "), {
          anchor: "middle",
          fill: "ink3",
          stroke: css("bg"),
          "stroke-width": 8,
          "paint-order": "stroke",
        }),
      h("circle", { cx: at.plus, cy: y, r: 6, fill: css("bg"), stroke: css("ink2") }),
      data.residual && h("path", { d: `M${at.plus - 3.5},${y}h7m-3.5,-3.5v7`, stroke: css("ink2") }),
    ],
  ]);
}

// ---------------------------------------------------------------- the activation

const BINS = 40; // pixels of the text's histogram

/**
 * The curve with every neuron of the followed token as a dot on it, and the whole text below.
 * @param {Stage} g @param {Data} data @param {Local} local @param {Box} box
 */
export function drawBend(g, data, local, box) {
  const c = data.curve;
  const a = local.a;
  const [xs, ys] = [a.cx, a.cy];
  const [low, high] = [xs[0], xs[xs.length - 1]];
  const shown = [...ys, ...a.usual];
  const bottom = box.y + box.h - BINS - 20;
  const [least, most] = [Math.min(0, ...shown), Math.max(...shown, 1e-9)];
  const X = (/** @type {number} */ v) => box.x + (box.w * (clamp(v, low, high) - low)) / (high - low || 1);
  const Y = (/** @type {number} */ v) =>
    bottom - ((bottom - box.y) * (clamp(v, least, most) - least)) / (most - least || 1);
  const path = (/** @type {ArrayLike<number>} */ values) =>
    xs.reduce((d, x, i) => `${d}${i ? "L" : "M"}${X(x).toFixed(1)},${Y(values[i]).toFixed(1)}`, "");
  const one = data.neuron;
  g.part("bend", [box], () => {
    const counts = data.bins.counts;
    const highest = Math.max(...counts, 1);
    const wide = (data.bins.high - data.bins.low) / counts.length;
    const bars = counts
      .map((count, i) => {
        const [left, right] = [data.bins.low + i * wide, data.bins.low + (i + 1) * wide];
        return right < low || left > high || !count
          ? ""
          : `M${X(left).toFixed(1)},${box.y + box.h}v${(-(BINS - 4) * Math.sqrt(count / highest)).toFixed(1)}H${X(right).toFixed(1)}V${box.y + box.h}Z`;
      })
      .join("");
    return [
      label(box.x, box.y - 32, data.act, { weight: 600, fill: "ink" }),
      g.tip(
        label(
          box.x,
          box.y - 16,
          fit(
            data.gated ? say("{formula} × 2nd sum", { formula: data.formula }) : data.formula,
            box.w + 10,
            12,
            true,
          ),
          { mono: true, fill: "ink3" },
        ),
        `${data.act}: ${data.gated ? say("{formula} × the neuron’s second sum", { formula: data.formula }) : data.formula}`,
      ),
      h("path", { d: `M${box.x},${Y(0)}H${box.x + box.w}M${X(0)},${box.y}V${bottom}`, stroke: css("line") }),
      roundTicks(low, high, 4).ticks.map((v) =>
        label(X(v), bottom + 14, short(v).replace(/\.?0+$/, "") || "0", {
          anchor: "middle",
          mono: true,
          fill: "ink3",
        }),
      ),
      [least, most]
        .filter((v, i) => i || v < -0.02 * most)
        .map((v) => label(box.x - 4, Y(v) + 4, short(v), { anchor: "end", mono: true, fill: "ink3" })),
      h("path", { d: bars, fill: css("res"), opacity: 0.45 }),
      g.tip(
        h("rect", { x: box.x, y: box.y + box.h - BINS, width: box.w, height: BINS, fill: "transparent" }),
        `${say("before the bend, in the whole text: {count} sums", { count: thousands(counts.reduce((s, v) => s + v, 0)) })}\n${say("the bars’ heights are the roots of their counts")}`,
      ),
      h("path", { d: path(ys), fill: "none", stroke: css("res"), "stroke-width": 1.5 }),
      c.beside &&
        a.cb && [
          h("path", {
            d: path(a.cb),
            fill: "none",
            stroke: css("ink2"),
            "stroke-width": 1.5,
            "stroke-dasharray": "5 3",
          }),
          label(box.x + 6, box.y + 12, say("dashed: {curve}", { curve: c.beside.name }), { fill: "ink2" }),
        ],
      h("path", {
        d: Array.from(a.pre, (v, i) => `M${X(v).toFixed(1)},${Y(a.usual[i]).toFixed(1)}h0`).join(""),
        stroke: css("mlp"),
        "stroke-width": data.neurons > 1500 ? 2.5 : 4.5,
        "stroke-linecap": "round",
        opacity: 0.75,
      }),
    ];
  });
  const marked = (/** @type {number} */ n) => [X(a.pre[n]), Y(a.usual[n])];
  g.part("bend mark", [local.hover, box], () => {
    const [x, y] = marked(one.number);
    const flip = x > box.x + box.w * 0.6;
    const own = clamp(y + 4, box.y + 10, bottom - 6);
    const other = c.beside ? Y(c.beside.dot) + 4 : 0; // kept apart from the model's own number
    const besideY =
      Math.abs(other - own) >= 15
        ? other
        : own + (c.beside && c.beside.dot > one.post && own > box.y + 24 ? -15 : 15);
    return [
      local.hover !== null &&
        h("circle", {
          cx: marked(local.hover)[0],
          cy: marked(local.hover)[1],
          r: 5,
          fill: "none",
          stroke: css("ink"),
          "stroke-width": 1.5,
        }),
      h("path", { d: `M${x},${Y(0)}V${y}`, stroke: css("accent"), "stroke-dasharray": "2 3" }),
      c.beside &&
        h("circle", {
          cx: x,
          cy: Y(c.beside.dot),
          r: 5,
          fill: css("bg"),
          stroke: css("accent"),
          "stroke-width": 2,
        }),
      h("circle", { cx: x, cy: y, r: 6, fill: css("accent"), stroke: css("bg"), "stroke-width": 1.5 }),
      label(x + (flip ? -11 : 11), own, short(one.post), {
        anchor: flip ? "end" : "start",
        mono: true,
        weight: 700,
        fill: "accent",
        stroke: css("bg"),
        "stroke-width": 4,
        "paint-order": "stroke",
      }),
      c.beside &&
        label(x + (flip ? -11 : 11), besideY, short(c.beside.dot), {
          anchor: flip ? "end" : "start",
          mono: true,
          fill: "ink2",
          stroke: css("bg"),
          "stroke-width": 4,
          "paint-order": "stroke",
        }),
    ];
  });
}
