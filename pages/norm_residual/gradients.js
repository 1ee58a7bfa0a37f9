// One block wired both ways, with what is measured on the way; and six kinds of untrained models by depth.

import { counted } from "../../app/kit/counts.js";
import { mount } from "../../app/kit/glass.js";
import { pieces, say } from "../../app/kit/say.js";
import { MONO, css, fit, h, inLines, label, num, tokenSpans } from "../../app/kit/shapes.js";
import { isDesk } from "../../app/kit/widths.js";

/**
 * @import { Stage } from "../../app/kit/glass.js"
 * @import { Point, Shapes } from "../../app/kit/shapes.js"
 *
 * What Python sends (`show` in gradients.py).
 * @typedef {object} Data
 * @property {string} stamp
 * @property {number} layers blocks of the untrained models
 * @property {number} total models to measure
 * @property {number} done
 * @property {number} block of the open model
 * @property {string} token the followed one
 * @property {"layer" | "rms" | "none"} kind of its norms
 * @property {Way[] | null} ways the open block with its norms before its parts and after its sums
 * @property {Variant[]} variants kinds of untrained models, each with the band of its seeds
 *
 * @typedef {{wiring: "pre" | "post", own: boolean, steps: [where: string, size: number][]}} Way own: the model is built so; the
 *   size (rms) of the numbers after each step
 * @typedef {{name: string, residual: boolean, norms: "pre" | "post" | "none", seeds: number, reach: number | null,
 *   alike: number | null, stream: Band, activation: Band}} Variant reach: the gradient at the input over the one after the last
 *   block; alike: the mean cosine of two tokens there; null: it overflowed
 * @typedef {Record<"low" | "mid" | "high", (number | null)[]>} Band by depth: of the gradient, and of the stream's numbers (rms)
 * @typedef {{x: number, y: number, w: number}} Corner
 */

/** @type {Record<string, string>} */
const SHADE = { pre: "pos", post: "accent", none: "neg" };
/** @type {Record<string, string>} */
const WHERE = {
  x: say("x comes in"),
  sum: say("the sum"),
  attention: say("attention"),
  "cross-attention": say("cross-attention"),
  mlp: "MLP",
};
/** The same for who does not see them. @type {Record<string, string>} */
const HEARD = {
  x: "x",
  sum: say("sum"),
  attention: say("attention"),
  "cross-attention": say("cross-attention"),
  mlp: "mlp",
};
/** @type {Record<string, string>} */
const HUE = { attention: "att", "cross-attention": "att", mlp: "mlp", x: "res", sum: "res" };
/** @param {string} where */
const isNorm = (where) => where.startsWith("ln");

/** @param {number} n */
const raised = (n) => [...String(n)].map((c) => (c === "-" ? "⁻" : "⁰¹²³⁴⁵⁶⁷⁸⁹"[Number(c)])).join("");
/**
 * A number of any size: plain where that is short, else with a power of ten.
 * @param {number | null} v
 */
function sized(v) {
  if (v === null) return say("no number");
  if (v === 0) return "0";
  const power = Math.floor(Math.log10(v));
  if (power >= -2 && power <= 2) return num(v, 2);
  return `${num(v / 10 ** power, 1)} · 10${raised(power)}`;
}

/**
 * One way of wiring: the stream runs down, a part's branch leaves it to the right, each with the size measured.
 * @param {Corner} box @param {Way} way
 */
function drawWay(box, way) {
  const { x, y, w } = box;
  const pitch = 29;
  const most = Math.max(...way.steps.map(([, size]) => size), 1e-30);
  const line = x + 9;
  const branch = x + 32;
  const room = Math.max(20, w - 190);
  const inStream = (/** @type {string} */ where) =>
    where === "x" || where === "sum" || (way.wiring === "post" && isNorm(where));
  const Y = (/** @type {number} */ i) => y + 62 + i * pitch;
  /** @type {Shapes[]} */
  const out = [
    label(
      x,
      y + 14,
      way.wiring === "pre" ? say("Norm before each part (pre-norm)") : say("Norm after each sum (post-norm)"),
      { weight: 600, fill: "ink" },
    ),
    label(x, y + 31, way.own ? say("this model is built so") : say("its weights, wired the other way"), {
      fill: way.own ? "accent" : "ink3",
    }),
    h("path", {
      d: `M${line},${Y(0)}V${Y(way.steps.length - 1) + 12}m-4,-6l4,6l4,-6`,
      fill: "none",
      stroke: css("res"),
      "stroke-width": 3,
    }),
  ];
  let from = 0;
  way.steps.forEach((step, i) => {
    const [where, size] = step;
    const on = inStream(where);
    if (where === "sum")
      out.push(
        h("path", {
          d: `M${line + 2},${Y(from) + 2}Q${branch - 8},${Y(from) + 4} ${branch - 6},${Y(from + 1) - 4}V${Y(i - 1) + 4}Q${branch - 8},${Y(i) - 6} ${line + 8},${Y(i)}`,
          fill: "none",
          stroke: css("ink3"),
          "stroke-width": 1.2,
        }),
      );
    if (on) from = i;
    const name = isNorm(where) ? say("norm {name}", { name: where }) : WHERE[where];
    out.push(
      on
        ? h("circle", {
            cx: line,
            cy: Y(i),
            r: where === "sum" ? 6 : 4.5,
            fill: css(isNorm(where) ? "accent-soft" : "bg"),
            stroke: css(isNorm(where) ? "accent" : "ink2"),
            "stroke-width": 1.5,
          })
        : null,
      where === "sum" &&
        h("path", { d: `M${line - 3},${Y(i)}h6M${line},${Y(i) - 3}v6`, stroke: css("ink2") }),
      label(on ? line + 14 : branch, Y(i) + 4, name, {
        fill: isNorm(where)
          ? "accent"
          : HUE[where] === "att"
            ? "att-ink"
            : HUE[where] === "mlp"
              ? "mlp-ink"
              : "ink",
        weight: on ? 600 : 400,
      }),
      h("rect", {
        x: x + 138,
        y: Y(i) - 4,
        width: Math.max(1, (room * size) / most),
        height: 8,
        rx: 2,
        fill: css(isNorm(where) ? "accent" : HUE[where]),
        opacity: 0.85,
      }),
      label(x + w, Y(i) + 4, num(size, 2), { anchor: "end", mono: true, fill: "ink2" }),
    );
  });
  return out;
}

/**
 * Six curves over the blocks on a logarithmic axis, the seeds as a band.
 * @param {Stage} g @param {Data} data @param {Corner & {h: number}} box @param {"stream" | "activation"} what
 * @param {string} title @param {string} about
 */
function drawDepth(g, data, box, what, title, about) {
  const { x, y, w, h: tall } = box;
  const known = data.variants
    .flatMap((one) => [...one[what].low, ...one[what].high])
    .flatMap((v) => (v !== null && v > 0 ? [v] : []));
  const [low, high] = known.length
    ? [Math.floor(Math.log10(Math.min(...known))), Math.ceil(Math.log10(Math.max(...known)))]
    : [-6, 0];
  const [left, right, top, bottom] = [x + 40, x + w - 8, y + 44, y + tall - 34];
  const X = (/** @type {number} */ i) => left + ((right - left) * i) / data.layers;
  const Y = (/** @type {number} */ v) =>
    bottom - ((bottom - top) * (Math.log10(v) - low)) / Math.max(1, high - low);
  const every = Math.max(1, Math.ceil((high - low) / 7));
  const ticks = Array.from({ length: Math.floor((high - low) / every) + 1 }, (_, i) => low + i * every);
  /** @type {(values: (number | null)[]) => Point[]} */
  const points = (values) =>
    values.flatMap((v, i) => (v !== null && v > 0 ? [/** @type {Point} */ ([X(i), Y(v)])] : []));
  const path = (/** @type {Point[]} */ list) =>
    list.map(([a, b], i) => `${i ? "L" : "M"}${a.toFixed(1)},${b.toFixed(1)}`).join("");
  return [
    label(x, y + 14, title, { weight: 600, fill: "ink", size: 14 }),
    label(x, y + 31, about, { fill: "ink3" }),
    ticks.map((t) => [
      h("path", { d: `M${left},${Y(10 ** t)}H${right}`, stroke: css("line") }),
      label(left - 6, Y(10 ** t) + 4, `10${raised(t)}`, { anchor: "end", mono: true, fill: "ink3" }),
    ]),
    [0, Math.round(data.layers / 2), data.layers].map((i) =>
      label(X(i), bottom + 16, i, { anchor: "middle", mono: true, fill: "ink3" }),
    ),
    label((left + right) / 2, bottom + 31, say("blocks passed, from the input"), {
      anchor: "middle",
      fill: "ink3",
    }),
    data.variants.map((one) => {
      const [up, down, mid] = [
        points(one[what].high),
        points(one[what].low).reverse(),
        points(one[what].mid),
      ];
      return g.tip(
        h(
          "g",
          {},
          h("path", { d: `${path([...up, ...down])}Z`, fill: css(SHADE[one.norms]), opacity: 0.16 }),
          h("path", {
            d: path(mid),
            fill: "none",
            stroke: css(SHADE[one.norms]),
            "stroke-width": 2,
            "stroke-dasharray": one.residual ? null : "5 3",
          }),
        ),
        `${one.name}\n${say("at the input {first}, after block {block} {last}", { first: sized(one[what].mid[0]), block: data.layers - 1, last: sized(one[what].mid[one[what].mid.length - 1]) })}`,
      );
    }),
  ];
}

const ALIKE = 64; // width of the column of how alike the tokens are
/** @param {Data} data @param {Corner} box */
function drawLegend(data, box) {
  const { x, y, w } = box;
  return [
    label(x, y + 14, say("What reaches the input"), { weight: 600, fill: "ink", size: 14 }),
    label(x, y + 31, fit(say("gradient there ÷ after the last block"), w - 92, 12, false), { fill: "ink3" }),
    label(x + w, y + 31, say("tokens alike"), { anchor: "end", fill: "ink3" }),
    data.variants.map((one, i) => {
      const mid = y + 56 + i * 26;
      return [
        h("path", {
          d: `M${x},${mid - 4}h26`,
          stroke: css(SHADE[one.norms]),
          "stroke-width": 2.5,
          "stroke-dasharray": one.residual ? null : "5 3",
        }),
        label(x + 34, mid, one.name, { fill: "ink" }),
        label(x + w - ALIKE, mid, sized(one.reach), { anchor: "end", mono: true, fill: "ink2" }),
        label(x + w, mid, one.alike === null ? say("no number") : num(one.alike, 2), {
          anchor: "end",
          mono: true,
          fill: "ink2",
        }),
      ];
    }),
    data.done < data.total
      ? label(
          x,
          y + 56 + data.variants.length * 26 + 4,
          say("{done} of {models} measured …", { done: data.done, models: counted(data.total, "model") }),
          { fill: "ink3" },
        )
      : inLines(verdict(data), w).map((line, i) =>
          label(x, y + 66 + data.variants.length * 26 + 17 * i, line, { fill: "ink2" }),
        ),
  ];
}
/**
 * What the six numbers say.
 * @param {Data} data
 */
function verdict(data) {
  const bare = data.variants.find((one) => !one.residual && one.norms === "none");
  const pre = data.variants.find((one) => one.residual && one.norms === "pre");
  const loose = data.variants.find((one) => one.residual && one.norms === "none");
  if (!bare || !pre || !loose) return "";
  const said = [];
  if (bare.reach !== null)
    said.push(
      bare.reach < 0.1
        ? say("With neither, {share} of the gradient is left at the input: the first blocks hardly learn.", {
            share: sized(bare.reach),
          })
        : say(
            "With neither, {share} of the gradient is left at the input: at this depth that is no trouble yet.",
            { share: sized(bare.reach) },
          ),
    );
  if (loose.reach === null || loose.reach > 10)
    said.push(
      loose.reach === null
        ? say("Residuals without norms: the stream grows block by block, and the gradient overflows.")
        : say(
            "Residuals without norms: the stream grows block by block, and the gradient with it, {ratio} times.",
            { ratio: sized(loose.reach) },
          ),
    );
  if (pre.reach !== null)
    said.push(
      say("Residuals with norms before the parts keep it within a few times: {ratio}.", {
        ratio: sized(pre.reach),
      }),
    );
  const alone = data.variants.find((one) => !one.residual && one.norms === "pre");
  if (alone?.reach && alone.alike !== null && pre.alike !== null && alone.reach > 0.1)
    said.push(
      alone.alike > pre.alike + 0.1
        ? say(
            "Norms without residuals keep its size, too: {ratio}. But after the last block any two tokens of a text are alike, with a cosine of {alike}; with residuals it is {other}. What set the tokens apart is lost, so a gradient of a good size has little to teach.",
            { ratio: sized(alone.reach), alike: num(alone.alike, 3), other: num(pre.alike, 3) },
          )
        : say("Norms without residuals keep its size, too: {ratio}.", { ratio: sized(alone.reach) }),
    );
  return said.join(" ");
}

/** @type {import("../../app/kit/glass.js").View<Data>} */
const gradients = {
  draw(g, data) {
    const wide = isDesk(g.width);
    const w = g.width;
    const rows = data.ways ? data.ways[0].steps.length : 0;
    const high = data.ways ? 74 + rows * 29 : 44;
    const half = wide ? (w - 48) / 2 : w;
    for (const [i, way] of (data.ways ?? []).entries())
      g.part(`way ${i}`, [i], () =>
        drawWay({ x: wide ? i * (half + 48) : 0, y: (wide ? 0 : i * (high + 16)) + 24, w: half }, way),
      );
    g.part("head", null, () => [
      data.ways &&
        h(
          "text",
          { x: 0, y: 12, "font-size": 14, "font-weight": 600, fill: css("ink") },
          pieces(
            wide
              ? say("Block {block} on {token}: size (rms) of its numbers on the way")
              : say("Block {block} on {token}"),
            {
              block: String(data.block),
              token: h("tspan", { "font-family": MONO }, tokenSpans(data.token, 100, 14)),
            },
          ),
        ),
      !data.ways &&
        inLines(
          data.kind === "none"
            ? say("This model has no norms to place.")
            : say("This model has no block to wire."),
          w,
        ).map((line, i) => label(0, 14 + 17 * i, line, { fill: "ink2" })),
    ]);
    const top = (data.ways ? (wide ? high : 2 * high + 16) : 20) + 44;
    const third = wide ? (w - 60) / 3 : w;
    const at = (/** @type {number} */ i) =>
      wide
        ? { x: i * (third + 30), y: top, w: third, h: 300 }
        : { x: 0, y: top + [0, 320, 640][i], w, h: 300 };
    g.part("gradient", null, () =>
      drawDepth(
        g,
        data,
        at(0),
        "stream",
        say("Gradient by depth"),
        say("rms of the loss’s gradient by the stream"),
      ),
    );
    g.part("activation", null, () =>
      drawDepth(g, data, at(1), "activation", say("The stream by depth"), say("rms of its numbers")),
    );
    g.part("legend", null, () => drawLegend(data, at(2)));
    const told =
      data.done < data.total ? 0 : 60 + data.variants.length * 26 + 17 * inLines(verdict(data), third).length;
    g.height = wide ? top + Math.max(306, told) : top + 640 + Math.max(320, told);
  },

  describe(data) {
    const ways = (data.ways ?? [])
      .map((way) => {
        const steps = way.steps
          .map(([where, size]) => `${isNorm(where) ? where : (HEARD[where] ?? where)} ${num(size, 2)}`)
          .join(", ");
        return `${way.own ? say("{wiring}-norm, as this model is built", { wiring: way.wiring }) : `${way.wiring}-norm`}: ${steps}.`;
      })
      .join(" ");
    const reached = data.variants.map((one) => `${one.name} ${sized(one.reach)}`);
    if (data.done < data.total)
      reached.push(say("{done} of {total} measured", { done: data.done, total: data.total }));
    return `${ways} ${say("Untrained models of {blocks}, gradient at the input over the one after the last block: {reached}.", { blocks: counted(data.layers, "block"), reached: reached.join("; ") })}`;
  },

  state(data) {
    return {
      layers: data.layers,
      done: data.done,
      total: data.total,
      ways: data.ways,
      variants: data.variants,
    };
  },
};

export default mount("norm_residual_gradients", gradients);
