// The loss around the open model: a plane through its weights, and the training path on it.

import { counted } from "../../app/kit/counts.js";
import { clamp, css, h, html, label, num, thousands, unpack } from "../../app/kit/shapes.js";
import { drawGround, drawLine, lineTo, onGround } from "./ground.js";
import { paragraph, scaleOf, sig } from "./layout.js";

const momentOf = (data, local) => {
  const at = local.moment ?? local.sel.moment ?? -1;
  return at < 0 || at >= data.steps.length ? data.steps.length - 1 : at;
};
const showsPath = (data) => data.rows > 0 && data.kind === "path" && Boolean(data.places);

function landscapePlan(g) {
  const phone = g.width < 760;
  const w = phone ? g.width : Math.min(520, Math.round(g.width * 0.49));
  return {
    phone, map: { x: 0, y: 0, w, h: Math.round(w * 0.66) },
    words: phone ? { x: 0, y: Math.round(w * 0.66) + 34, w: g.width } : { x: w + 30, y: 0, w: g.width - w - 30 },
    height: phone ? Math.round(w * 0.66) + 420 : Math.round(w * 0.66) + 30,
  };
}

function drawWalk(g, data, local, at, scale) {
  const moment = momentOf(data, local);
  const points = data.places.map(([x, y]) => [scale.x(x), scale.y(y)]);
  g.part("walk", [at.map, moment], () => [
    drawLine(lineTo(points), { colour: "accent" }, 2),
    points.map(([x, y], i) => g.tip(h("circle", { class: "gb-hot", "data-moment": i, cx: x, cy: y, r: i === moment ? 7 : 4.5, fill: css(i === moment ? "accent" : "bg"), stroke: css(i === moment ? "bg" : "accent"), "stroke-width": 1.8 }),
      `after ${counted(data.steps[i], "step")}\nloss ${num(data.pathLosses[i], 3)}`)),
    onGround(clamp(points[0][0], at.map.x + 30, at.map.x + at.map.w - 30), points[0][1] + (points[0][1] < 30 ? 22 : -12), "step 0", { anchor: "middle", fill: "accent", weight: 600 }),
  ]);
}

function drawPathSide(g, data, local, at) {
  const { x, y, w } = at.words;
  const moment = momentOf(data, local);
  const top = y + 112;
  const tall = 84;
  const [left, right] = [x + 40, x + w - 6];
  const most = Math.max(...data.pathLosses) || 1;
  const X = (i) => left + ((right - left) * i) / (data.steps.length - 1);
  const Y = (v) => top + tall - (tall * v) / most;
  g.part("path side", [at.words, moment], () => [
    label(x, y + 14, `After ${counted(data.steps[moment], "step")} of training`, { weight: 600, fill: "ink", size: 14 }),
    label(x, y + 36, `loss on your text ${num(data.pathLosses[moment], 3)} nats`, { fill: "ink" }),
    paragraph(x, y + 56, moment === data.steps.length - 1 ? `The plane goes through this point. ${fell(data)}` : `The plane keeps ${num(100 * data.shares[moment], 1)} % of its squared distance from the end; the rest lies in directions that no picture of two axes has.`, w, { fill: "ink2" }),
    label(left, top - 8, "loss along the path", { fill: "ink3" }),
    h("path", { d: `M${left},${top + tall}H${right}`, stroke: css("line") }),
    [0, most].map((v) => label(left - 6, Y(v) + 4, num(v, 1), { mono: true, anchor: "end", fill: "ink3" })),
    drawLine(lineTo(data.pathLosses.map((v, i) => [X(i), Y(v)])), { colour: "accent" }, 1.8),
    data.pathLosses.map((v, i) => h("circle", { cx: X(i), cy: Y(v), r: i === moment ? 6 : 3, fill: css("accent"), stroke: css("bg"), "stroke-width": 1.2 })),
    data.here >= 0 && label(X(data.here), top + tall + 50, "open now", { anchor: data.here > data.steps.length / 2 ? "end" : "start", fill: "ink3" }),
  ]);
  g.overlay("moments", { left: left - 7, top: top + tall + 8, width: right - left + 14, height: at.phone ? 44 : 20 },
    () => html("input", { type: "range", class: "gb-range", min: 0, step: 1, "data-moments": "", "aria-label": "Moment of the training path",
      input: (event) => { local.moment = Number(event.target.value); g.redraw(); },
      change: (event) => { local.moment = null; g.select({ moment: Number(event.target.value) === data.steps.length - 1 ? -1 : Number(event.target.value) }); } }),
    (node) => {
      node.max = data.steps.length - 1;
      node.value = moment;
      node.style.setProperty("--fill", `${(100 * moment) / (data.steps.length - 1)}%`);
    });
}

/** What training did for this one text. */
function fell(data) {
  const [first, last] = [data.pathLosses[0], data.pathLosses.at(-1)];
  const share = Math.round(100 * (1 - last / first));
  return share >= 25 ? `On your text the loss fell by ${share} %.` : "On your text the loss hardly fell: training was on many others, and this one is unlike them.";
}

export const landscapeFigure = {
  init(data) {
    return data.rows ? { heights: unpack(data.heights) } : { heights: null };
  },
  draw(g, data, local) {
    const at = landscapePlan(g);
    g.data = data;
    if (!local.listening) {
      local.listening = true;
      g.svg.addEventListener("click", (event) => {
        const to = event.target.closest("[data-moment]");
        if (to) g.select({ moment: Number(to.dataset.moment) === g.data.steps.length - 1 ? -1 : Number(to.dataset.moment) });
      });
    }
    g.height = at.height;
    if (!local.heights) {
      g.height = at.phone ? 120 : 64;
      g.part("none", [g.width], () => paragraph(0, 16, `Nothing was measured on this text yet. Each of the ${counted(data.grid * data.grid, "point")} is a forward pass of a copy whose weights were moved that far along two directions.`, Math.min(g.width, 760), { fill: "ink2" }));
      return;
    }
    const scale = scaleOf(data.box, at.map);
    const n = data.grid;
    g.part("ground", [at.map], () => [
      drawGround(g, "land", local.heights, data.levels, at.map),
      Array.from({ length: data.rows * n }, (_, i) => {
        const [r, c] = [Math.floor(i / n), i % n];
        const [dx, dy] = [at.map.w / (n - 1), at.map.h / (n - 1)];
        return g.tip(h("rect", { x: clamp((c - 0.5) * dx, 0, at.map.w), y: clamp((r - 0.5) * dy, 0, at.map.h), width: dx, height: dy, fill: "transparent" }), `loss ${sig(local.heights[i])}`);
      }),
      h("path", { d: `M${scale.x(0) - 7},${scale.y(0)}h14M${scale.x(0)},${scale.y(0) - 7}v14`, stroke: css("ink"), "stroke-width": 2 }),
      onGround(scale.x(0) + 10, scale.y(0) + 18, data.kind === "path" ? "the end" : "the open model", { fill: "ink", weight: 600 }),
      label(at.map.x, at.map.h + 18, data.kind === "path" ? "the two main directions of the training path" : "two random directions; at the edge as far as the weights are long", { fill: "ink3" }),
    ]);
    if (showsPath(data)) {
      drawWalk(g, data, local, at, scale);
      drawPathSide(g, data, local, at);
      return;
    }
    g.part("words", [at.words, data.rows], () => {
      const { x, y, w } = at.words;
      const middle = local.heights[Math.floor(n / 2) * n + Math.floor(n / 2)];
      const seen = Array.from(local.heights).filter(Number.isFinite);
      const lowest = Math.min(...seen);
      const near = [[-1, 0], [1, 0], [0, -1], [0, 1]].map(([r, c]) => local.heights[(Math.floor(n / 2) + 2 * r) * n + Math.floor(n / 2) + 2 * c]);
      const far = near.every(Number.isFinite) ? near.reduce((a, b) => a + b) / 4 : NaN;
      const out = data.rows < n ? [[`${data.rows} of ${counted(n, "row")} are measured.`]] : [
        [`At the middle the loss is ${num(middle, 3)}; a fifth of the way out it is ${num(far, 3)} on average.`, { fill: "ink", size: 14, line: 20 }],
        [lowest < middle - 1e-6 ? `The lowest point of the grid has ${num(lowest, 3)}: on this one text the model is not at the bottom, as it was trained on many others.` : "No point of the grid lies lower.", { fill: "ink2" }],
        [data.hasPath ? `The way that training took lies in other directions: of the distance from its first moment these two hold ${data.shares[0] < 1e-4 ? "less than a ten-thousandth" : `${num(100 * data.shares[0], 2)} %`}. Choose its own plane to see it.` : "", { fill: "ink2" }],
        ["Each row of each matrix moves as far as it is long; gains and biases stay (Li et al. 2018).", { fill: "ink3" }],
      ];
      let top = y + 14;
      return out.map(([text, o]) => {
        const lines = paragraph(x, top, text, w, o);
        top += lines.length * (o?.line ?? 16) + 10;
        return h("g", {}, lines);
      });
    });
  },
  key(event, g, data, local) {
    if (!showsPath(data) || !["ArrowLeft", "ArrowRight"].includes(event.key)) return false;
    const to = clamp(momentOf(data, local) + (event.key === "ArrowLeft" ? -1 : 1), 0, data.steps.length - 1);
    g.select({ moment: to === data.steps.length - 1 ? -1 : to });
    return true;
  },
  describe(data, local) {
    if (!local.heights) return "Loss landscape: nothing was measured yet.";
    const seen = Array.from(local.heights).filter(Number.isFinite);
    const where = showsPath(data) ? ` The training path goes from loss ${num(data.pathLosses[0], 3)} to ${num(data.pathLosses.at(-1), 3)}; shown: step ${thousands(data.steps[momentOf(data, local)])}, ${num(data.pathLosses[momentOf(data, local)], 3)}.` : "";
    return `Loss landscape over ${data.kind === "path" ? "the training path’s plane" : "two random directions"}: ${data.rows} of ${counted(data.grid, "row")} measured, from ${num(Math.min(...seen), 3)} to ${num(Math.max(...seen), 3)}.${where}`;
  },
  state(data, local) {
    const path = showsPath(data) ? { moment: momentOf(data, local), places: data.places, losses: data.pathLosses, shares: data.shares, steps: data.steps } : null;
    return { kind: data.kind, rows: data.rows, box: data.box ?? null, heights: local.heights ? Array.from(local.heights) : [], path };
  },
};
