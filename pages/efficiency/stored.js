// How a file holds a model: bytes of each part beside float32, and one block of weights on the grid of its codes.

import { counted } from "../../app/kit/counts.js";
import { mount } from "../../app/kit/glass.js";
import { paragraphs } from "../../app/kit/paragraphs.js";
import { say } from "../../app/kit/say.js";
import { clamp, css, fit, h, inLines, label, measure, num, thousands } from "../../app/kit/shapes.js";
import { siOf } from "../../app/kit/units.js";
import { isDesk } from "../../app/kit/widths.js";

/**
 * @import { Stage, View } from "../../app/kit/glass.js"
 *
 * What stored.py sends of the file that the open model was unpacked from. Sizes are in bytes; `bits` is bits a weight.
 * @typedef {object} Data
 * @property {string} stamp
 * @property {string[]} tokens of the open text
 * @property {string} name of the open model
 * @property {string} file its name
 * @property {number} size of the file
 * @property {number} bits on average
 * @property {number} bytes of all weights
 * @property {number} floats what they take as float32
 * @property {{part: string, kind: string, tensors: number, weights: number, bytes: number, floats: number, bits: number, group: number, block: number}[]} shares
 *   what each part takes: `group` weights make a block of `block` bytes
 * @property {Block | null} block null: the file has none of a kind that is taken apart
 *
 * One block of weights on its grid. number, of: which of how many; row, first: where in the tensor it begins; codes, values:
 * of its weights; grid: the value of each code from `low` on; bits: of a code; beside: what stands beside the codes, of `half`
 * bits each.
 * @typedef {object} Block
 * @property {string} name of the tensor
 * @property {string} kind "Q4_0", "Q4_1" or "Q8_0"
 * @property {number} number
 * @property {number} of
 * @property {number} row
 * @property {number} first
 * @property {number[]} codes
 * @property {number[]} values
 * @property {number[]} grid
 * @property {number} scale
 * @property {number} minimum
 * @property {number} low
 * @property {number} bits
 * @property {number} half
 * @property {("scale" | "minimum")[]} beside
 *
 * @typedef {{sel: Record<string, any>, pick: number}} Kept pick: the weight that is read out
 * @typedef {{x: number, y: number, w: number}} Box
 */

const PART = 30; // pixels of a part's row
/** Four digits that count. @param {number} v */
const four = (v) => (v === 0 ? "0" : num(v, clamp(3 - Math.floor(Math.log10(Math.abs(v))), 0, 8)));
/** @param {number} v */
const signed = (v) => (v < 0 ? `− ${four(-v)}` : `+ ${four(v)}`);
/** @param {number} count */
const bytesOf = (count) => siOf(count, "B");
/** @param {number} v */
const bitsOf = (v) => num(v, Number.isInteger(v) ? 0 : v * 2 === Math.round(v * 2) ? 1 : 2);

/** What the file saves, in sentences. @param {Data} data */
function saidOf(data) {
  const few = data.shares.reduce((a, b) => (b.bits < a.bits ? b : a));
  return [
    say(
      "{model} is {size} on disk, {times} times smaller than as float32: {bits} bits a weight on average, {fewest} where it has fewest. Before a product each code is widened to float32: storage is saved, and no time.",
      {
        model: data.name,
        size: bytesOf(data.size),
        times: num(data.floats / data.size, 1),
        bits: bitsOf(data.bits),
        fewest: bitsOf(few.bits),
      },
    ),
    say(
      "The weights that it was rounded from are not here, so what these bits cost is not known. To round it once more, as above, and compare would measure the second rounding, not the first.",
    ),
  ];
}

/** A row for each part: its kind and bits; its bytes as float32 in outline, as they are stored filled. Returns the y below. @type {(g: Stage, data: Data, box: Box) => number} */
function drawShares(g, data, box) {
  const most = Math.max(...data.shares.map((one) => one.floats));
  const room = box.w - 92;
  g.part("shares", [box], () =>
    [
      label(box.x, box.y + 13, say("What {file} holds", { file: fit(data.file, box.w - 150, 13, false) }), {
        weight: 600,
        fill: "ink",
        size: 13,
      }),
      data.shares.map((one, i) => {
        const y = box.y + 36 + (PART + 8) * i;
        const said = say("{kind}, {bits} bits a weight", { kind: one.kind, bits: bitsOf(one.bits) });
        const node = h(
          "g",
          { "data-part-of": one.part },
          h("rect", { x: box.x, y: y - 12, width: box.w, height: PART + 4, fill: "transparent" }),
          label(box.x, y, one.part, { fill: "ink", weight: 600 }),
          label(box.x + box.w - 8, y, said, { fill: "ink2", anchor: "end" }),
          h("rect", {
            x: box.x + 0.5,
            y: y + 5.5,
            width: Math.max(1, room * (one.floats / most)),
            height: 11,
            rx: 2,
            fill: "none",
            stroke: css("ink3"),
            "stroke-dasharray": "2 2",
          }),
          h("rect", {
            x: box.x,
            y: y + 5,
            width: Math.max(1, room * (one.bytes / most)),
            height: 12,
            rx: 2,
            fill: css(one.bits < 16 ? "accent" : "res"),
          }),
          label(box.x + box.w - 8, y + 15, bytesOf(one.bytes), { mono: true, fill: "ink", anchor: "end" }),
        );
        return g.tip(node, () =>
          [
            say("{part}: {weights} weights in {tensors}, {bytes} bytes; as float32 {floats}", {
              part: one.part,
              weights: thousands(one.weights),
              tensors: counted(one.tensors, "tensor"),
              bytes: thousands(one.bytes),
              floats: thousands(one.floats),
            }),
            ...(one.group > 1
              ? [say("{group} weights make a block of {block} bytes", { group: one.group, block: one.block })]
              : []),
          ].join("\n"),
        );
      }),
    ].flat(3),
  );
  return box.y + 36 + (PART + 8) * data.shares.length;
}

/** What the code of a block's weight stands for. @param {Block} b @param {number} i */
function weightOf(b, i) {
  const code = b.codes[i];
  return say("weight {weight} of the row: code {code}, {sum} = {value}", {
    weight: thousands(b.first + i),
    code,
    sum:
      b.kind === "Q4_1"
        ? `${four(b.scale)} × ${code} ${signed(b.minimum)}`
        : `${four(b.scale)} × ${b.kind === "Q4_0" ? `(${code} − 8)` : code}`,
    value: four(b.values[i]),
  });
}

/** The grid of one block as a line of ticks, its weights piled up over them. Returns the y below. @type {(g: Stage, data: Data, local: Kept, box: Box) => number} */
function drawBlock(g, data, local, box) {
  const b = data.block;
  if (!b) return box.y;
  const count = b.codes.length;
  const title = say("Block {number} of {of}", { number: thousands(b.number), of: thousands(b.of) });
  const about = say("row {row}, weights {first} to {last}", {
    row: thousands(b.row),
    first: thousands(b.first),
    last: thousands(b.first + count - 1),
  });
  /** @type {Map<number, number>} */
  const piles = new Map();
  const places = b.codes.map((code) => {
    const n = piles.get(code) ?? 0;
    piles.set(code, n + 1);
    return n;
  });
  const tall = Math.max(...piles.values());
  const each = Math.min(15, (box.w - 16) / b.grid.length);
  const wide = b.grid.length > 32 ? (box.w - 16) / b.grid.length : Math.min(34, (box.w - 16) / b.grid.length);
  const r = b.grid.length > 32 ? 3 : Math.min(5, each / 2 - 0.5);
  const ground = box.y + 34 + tall * (2 * r + 1) + 6;
  const px = (/** @type {number} */ code) => box.x + 8 + (code - b.low + 0.5) * wide;
  const turn = (/** @type {number} */ x, /** @type {string} */ sign, /** @type {number} */ by) =>
    h(
      "g",
      {
        class: "gb-hot",
        "data-turn": by > 0 ? "next" : "before",
        click: () => g.select({ parcel: (b.number + by + b.of) % b.of }),
      },
      h("rect", { x: x - 8, y: box.y, width: 24, height: 20, fill: "transparent" }),
      label(x + 4, box.y + 14, sign, { anchor: "middle", fill: "accent", weight: 700 }),
    );
  const beside = b.beside
    .map((name) =>
      name === "scale"
        ? say("scale {value}", { value: four(b.scale) })
        : say("minimum {value}", { value: four(b.minimum) }),
    )
    .join(say(" and "));
  const bits = (count * b.bits + b.beside.length * b.half) / count;
  const sum = say("{beside}, {half} bits each, serve {weights}: {sum} = {bits} bits a weight.", {
    beside,
    half: b.half,
    weights: counted(count, "weight"),
    sum: `(${count} × ${b.bits} + ${b.beside.length} × ${b.half}) / ${count}`,
    bits: bitsOf(bits),
  });
  const picked = local.pick ?? 0;
  const text = [
    ...inLines(weightOf(b, picked), box.w),
    ...inLines(sum[0].toUpperCase() + sum.slice(1), box.w),
  ];
  g.part("block", [box, b.name, b.number, picked], () => {
    const from = measure(title, 13, false) * 1.07 + 14;
    const every = Math.ceil((b.low < 0 ? 40 : 22) / wide);
    return [
      label(box.x, box.y + 13, title, { weight: 600, fill: "ink", size: 13 }),
      turn(box.x + from, "‹", -1),
      turn(box.x + from + 24, "›", 1),
      label(box.x + from + 50, box.y + 13, fit(about, box.w - from - 50, 12, false), { fill: "ink3" }),
      h("path", {
        d: `M${box.x + 4},${ground}H${px(b.low + b.grid.length - 1) + wide / 2 + 4}`,
        stroke: css("line"),
      }),
      b.grid.map((_, i) => h("path", { d: `M${px(b.low + i).toFixed(1)},${ground}v6`, stroke: css("ink3") })),
      b.grid.map(
        (_, i) =>
          i % every === 0 &&
          label(px(b.low + i), ground + 18, String(b.low + i).replace("-", "−"), {
            anchor: "middle",
            mono: true,
            size: 11,
            fill: "ink2",
          }),
      ),
      b.codes.map((code, i) => {
        const node = h(
          "g",
          {
            class: "gb-hot",
            "data-weight": i,
            click: () => {
              local.pick = i;
              g.redraw();
            },
          },
          h("circle", {
            cx: px(code),
            cy: ground - 6 - r - places[i] * (2 * r + 1),
            r,
            fill: css(i === picked ? "accent" : "res"),
          }),
        );
        return g.tip(node, () => weightOf(b, i));
      }),
      label(px(b.low) - Math.min(wide / 2, 8), ground + 34, `${four(b.grid[0])}`, {
        mono: true,
        size: 11,
        fill: "ink2",
      }),
      label(
        px(b.low + b.grid.length - 1) + Math.min(wide / 2, 8),
        ground + 34,
        `${four(b.grid[b.grid.length - 1])}`,
        { mono: true, size: 11, fill: "ink2", anchor: "end" },
      ),
      label(
        (px(b.low) + px(b.low + b.grid.length - 1)) / 2,
        ground + 34,
        say("{count} values, a code each", { count: b.grid.length }),
        { anchor: "middle", fill: "ink3", size: 11 },
      ),
      text.map((line, i) => label(box.x, ground + 54 + 16 * i, line, { fill: "ink" })),
    ].flat(3);
  });
  return ground + 54 + 16 * text.length;
}

/** @type {View<Data, Kept>} */
const storedView = {
  init(data, _, before) {
    return before && before.stamp === data.stamp ? {} : { pick: 0 };
  },

  draw(g, data, local) {
    const W = g.width - 2;
    const phone = !isDesk(g.width);
    const half = phone ? W : Math.round(W * 0.46);
    const left = drawShares(g, data, { x: 0, y: 0, w: half });
    const right = drawBlock(
      g,
      data,
      local,
      phone ? { x: 0, y: left + 14, w: W } : { x: half + 40, y: 0, w: W - half - 40 },
    );
    g.height = paragraphs(g, "said", { x: 0, y: Math.max(left, right) + 2, w: W }, saidOf(data), {
      fill: "ink2",
    });
  },

  // ← →: the block of weights before or after; n p: the weight after or before.
  key(event, g, data, local) {
    const b = data.block;
    const side = event.key === "ArrowLeft" ? -1 : event.key === "ArrowRight" ? 1 : 0;
    if (!b) return false;
    if (side) g.select({ parcel: (b.number + side + b.of) % b.of });
    else if (event.key === "n" || event.key === "p") {
      local.pick = clamp((local.pick ?? 0) + (event.key === "n" ? 1 : -1), 0, b.codes.length - 1);
      g.redraw();
    } else return false;
    return true;
  },

  describe(data, local) {
    const shares = data.shares
      .map((one) =>
        say("{part}: {kind}, {bits} bits a weight, {size}", {
          part: one.part,
          kind: one.kind,
          bits: bitsOf(one.bits),
          size: bytesOf(one.bytes),
        }),
      )
      .join("; ");
    const b = data.block;
    const looked = b
      ? ` ${say("Block {number} of {tensor}: scale {scale}, code 0 is {minimum}; {weight}.", { number: b.number, tensor: b.name, scale: four(b.scale), minimum: four(b.minimum), weight: weightOf(b, local.pick ?? 0) })}`
      : "";
    return `${shares}.${looked} ${saidOf(data).join(" ")}`;
  },

  state: (data, local) => ({
    tokens: data.tokens,
    size: data.size,
    bits: data.bits,
    shares: data.shares,
    block: data.block,
    picked: local.pick ?? 0,
    said: saidOf(data),
  }),
};

export default mount("efficiency_stored", storedView);
