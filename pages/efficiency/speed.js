// Whether few bits save time as well: a pass of the model and single products, timed on this machine.

import { counted } from "../../app/kit/counts.js";
import { mount } from "../../app/kit/glass.js";
import { paragraphs } from "../../app/kit/paragraphs.js";
import { say } from "../../app/kit/say.js";
import { css, fit, h, label, num, percent, thousands } from "../../app/kit/shapes.js";
import { timeOf } from "../../app/kit/units.js";
import { isDesk, isPhone } from "../../app/kit/widths.js";

/**
 * @import { Stage, View } from "../../app/kit/glass.js"
 *
 * What speed.py sends: times are in seconds.
 * @typedef {object} Data
 * @property {string[]} tokens of the open text
 * @property {string} name of the open model
 * @property {Passes | null} passes null: not timed yet
 * @property {Product[]} speeds
 * @property {[rows: number, columns: number]} large the matrix of a far larger model
 *
 * A pass in float32 and with int8 products. int8: null where this machine has none (`why`); low, high: the middle half of
 * int8 / float32; agreement: the share of first choices that both have alike.
 * @typedef {{float32: number, int8: number | null, tokens: number, low: number, high: number, agreement: number | null, why: string}} Passes
 *
 * A matrix times `tokens` columns. seconds: null where the kernel does not run here (`why`); error: of the result, of its
 * size; halved: the matrix was taken as the sum of two of 7 bits.
 * @typedef {{kernel: string, rows: number, columns: number, tokens: number, seconds: number | null, error: number, halved: boolean, why: string}} Product
 */

/** @type {Record<string, string>} */
const KERNEL_INK = {
  float32: "res",
  bfloat16: "ink3",
  int8: "accent",
  "int8 weights": "pos",
  "int4 weights": "mlp",
};
/** @type {Record<string, string>} */
const KERNEL_NAMES = { "int8 weights": say("int8 weights"), "int4 weights": say("int4 weights") };
/** @param {string} kernel */
const kernelName = (kernel) => KERNEL_NAMES[kernel] ?? kernel;
/** @param {number} v */
const shareOf = (v) => percent(v, v < 0.0995 ? 1 : 0);

/** The products by matrix and number of tokens. @type {(data: Data) => [name: string, products: Product[]][]} */
function panelsOf(data) {
  /** @type {Map<string, Product[]>} */
  const found = new Map();
  for (const one of data.speeds) {
    const name = `${thousands(one.rows)} × ${thousands(one.columns)}, ${counted(one.tokens, "token")}`;
    found.set(name, [...(found.get(name) ?? []), one]);
  }
  return [...found];
}

/** What a pass takes in float32 and with int8 products. @type {(name: string, p: Passes) => string[]} */
function passSaid(name, p) {
  const given = { model: name, tokens: counted(p.tokens, "token"), float32: timeOf(p.float32) };
  if (p.int8 === null)
    return [
      say("{model} in float32: a pass of {tokens} takes {float32}. With int8 numbers, not here: {why}", {
        ...given,
        why: p.why,
      }),
    ];
  const verdict =
    p.high < 1
      ? say("so it saves time as well")
      : p.low > 1
        ? say("so at this size rounding what is read costs more than whole numbers save")
        : say("so neither is clearly quicker");
  const said = say(
    "{model} multiplying int8 numbers in its blocks: a pass of {tokens} takes {int8} here, in float32 {float32}; turn by turn int8 takes {low} to {high} of the time (the middle half of the rounds), {verdict}.",
    { ...given, int8: timeOf(p.int8), low: num(p.low, 2), high: num(p.high, 2), verdict },
  );
  return [
    p.agreement === null
      ? said
      : `${said} ${say("It keeps {share} of the first choices.", { share: shareOf(p.agreement) })}`,
  ];
}

/** What the times come to, in sentences. @param {Data} data */
function saidOf(data) {
  const p = data.passes;
  const lines = [
    say(
      "Codes that are widened to float32 before each product save storage only: the products are the same as before.",
    ),
  ];
  if (p) lines.push(...passSaid(data.name, p));
  const [rows, columns] = data.large;
  const large = (/** @type {string} */ kernel) =>
    data.speeds.find(
      (one) => one.kernel === kernel && one.rows === rows && one.columns === columns && one.tokens > 1,
    )?.seconds;
  const [float, whole] = [large("float32"), large("int8")];
  if (float && whole) {
    const given = {
      rows: thousands(rows),
      columns: thousands(columns),
      int8: timeOf(whole),
      float32: timeOf(float),
      times: num(float / whole, 1),
    };
    lines.push(
      whole < 0.85 * float
        ? say(
            "A matrix of {rows} × {columns}, as in a model of 7 billion weights: {int8} in int8, {float32} in float32, {times} times quicker.",
            given,
          )
        : say(
            "A matrix of {rows} × {columns}, as in a model of 7 billion weights: {int8} in int8, {float32} in float32, not clearly quicker.",
            given,
          ),
    );
  }
  if (data.speeds.some((one) => one.halved))
    lines.push(
      say(
        "This processor adds two int8 products up in 16 bits, where large ones have no room. So each matrix is taken as the sum of two of 7 bits: what comes out is exact, and takes two products.",
      ),
    );
  if (!data.speeds.length)
    lines.push(say("The button times single products, also of a matrix of a far larger model."));
  return lines;
}

/** The products of one matrix as bars. @type {(g: Stage, name: string, kernels: Product[], box: {x: number, y: number, w: number}) => SVGElement} */
function drawPanel(g, name, kernels, { x, y, w }) {
  const most = Math.max(...kernels.map((one) => one.seconds ?? 0));
  const room = w - 168;
  return h(
    "g",
    { "data-products": name },
    label(x, y, name, { fill: "ink", weight: 600 }),
    kernels.map((one, i) => {
      const at = y + 18 + 17 * i;
      const long = one.seconds ? Math.max(1, room * (one.seconds / most)) : 0;
      const node = h(
        "g",
        {},
        h("rect", { x, y: at - 11, width: w - 8, height: 16, fill: "transparent" }),
        label(x, at, kernelName(one.kernel), { fill: "ink2" }),
        one.seconds &&
          h("rect", {
            x: x + 88,
            y: at - 9,
            width: long,
            height: 10,
            rx: 2,
            fill: css(KERNEL_INK[one.kernel] ?? "res"),
          }),
        label(
          x + 94 + long,
          at,
          one.seconds
            ? timeOf(one.seconds)
            : fit(say("not here: {why}", { why: one.why }), w - 100, 12, false),
          { fill: "ink3", size: 11, mono: Boolean(one.seconds) },
        ),
      );
      return g.tip(node, () =>
        one.seconds
          ? say("{kernel}: {time}\nits result is off by {share} of its size", {
              kernel: kernelName(one.kernel),
              time: timeOf(one.seconds),
              share: shareOf(one.error),
            })
          : say("{kernel} does not run here: {why}", { kernel: kernelName(one.kernel), why: one.why }),
      );
    }),
  );
}

/** @type {View<Data>} */
const speedView = {
  init: () => ({}),

  draw(g, data) {
    const W = g.width - 2;
    const low = paragraphs(g, "said", { x: 0, y: 0, w: W }, saidOf(data), { fill: "ink2" });
    const panels = panelsOf(data);
    const cols = isDesk(g.width) ? 4 : isPhone(g.width) ? 1 : 2;
    const tall = 30 + 17 * 5 + 14;
    g.part("products", null, () =>
      panels.map(([name, kernels], k) =>
        drawPanel(g, name, kernels, {
          x: (k % cols) * (W / cols),
          y: low + 18 + Math.floor(k / cols) * tall,
          w: W / cols,
        }),
      ),
    );
    g.height = low + (panels.length ? 8 + Math.ceil(panels.length / cols) * tall : 0);
  },

  describe(data) {
    const products = panelsOf(data).map(
      ([name, kernels]) =>
        `${name}: ${kernels.map((one) => `${kernelName(one.kernel)} ${one.seconds ? timeOf(one.seconds) : say("does not run here")}`).join(", ")}`,
    );
    return [...saidOf(data), ...products].join(" ");
  },

  state: (data) => ({ tokens: data.tokens, passes: data.passes, speeds: data.speeds, said: saidOf(data) }),
};

export default mount("efficiency_speed", speedView);
