// What heads write and what depends on it. Join: the heads' outputs side by side, one matrix, and what each head puts into
// the stream; they add up. Effect: every head a dot, across how much it reads, up and down what happens without it.

import { roundTicks } from "../../app/kit/axes.js";
import { counted } from "../../app/kit/counts.js";
import { say, sayOf } from "../../app/kit/say.js";
import {
  clamp,
  css,
  fit,
  h,
  html,
  label,
  lerp,
  measure,
  num,
  signed,
  visible,
} from "../../app/kit/shapes.js";
import { allMeasured, blockOf, headOf, nameOf, named, offSet, roleOf, wrapped } from "./layout.js";
import { furthest, strip } from "./reads.js";

/**
 * @import { Shapes } from "../../app/kit/shapes.js"
 * @import { Data, HeadsStage, Local, Measured, Token } from "./figure.js"
 * @import { Layout } from "./layout.js"
 *
 * Where the panels stand: the parts that add up, the dots of all heads.
 * @typedef {ReturnType<typeof joinPlan>} JoinAt
 * @typedef {ReturnType<typeof effectPlan>} EffectAt
 *
 * @typedef {[x: number, y: number]} Dot
 * @typedef {[left: number, base: number, led?: boolean]} Spot of a name; led: by a line from its dot
 * @typedef {{left: number, base: number, w: number}} Name
 */

// ---------------------------------------------------------------- join

/**
 * How many parts (heads, then the bias) have been added in the step mode; all of them outside it.
 * @param {Data} data
 */
export const partsOf = (data) => data.heads + (data.join.biased ? 1 : 0);
/** @param {Data} data @param {Local} local */
export function addedOf(data, local) {
  const added = local.sel.added ?? -1;
  return added < 0 ? partsOf(data) : Math.min(added, partsOf(data));
}
/**
 * The part whose row is lit: in the steps the one that was added last, -1 before the first; else the chosen head.
 * @type {(data: Data, local: Local) => number}
 */
export function litPart(data, local) {
  const stepping = (local.sel.tour ?? -1) >= 0 || (local.sel.added ?? -1) >= 0;
  return stepping ? addedOf(data, local) - 1 : headOf(data, local);
}
/**
 * The sum of the first n parts: (D).
 * @param {Local} local @param {number} n @param {number} D
 */
export function partial(local, n, D) {
  const out = new Float32Array(D);
  for (let i = 0; i < n; i++) for (let d = 0; d < D; d++) out[d] += local.a.vectors[i * D + d];
  return out;
}
/** @param {Float32Array} values */
export const length = (values) => Math.sqrt(values.reduce((s, v) => s + v * v, 0));
/** @param {Data} data @param {number} i */
export const partName = (data, i) => (i < data.heads ? nameOf(data.join.block, i) : sayOf("layer", "bias"));

/** @param {Data} data @param {Layout} at */
function joinPlan(data, at) {
  const p = at.panel;
  const names = 46;
  const parts = partsOf(data);
  const concat = p.top + 20;
  const top = concat + 84;
  const foot = at.phone ? 112 : 84;
  const pitch = Math.min(34, (p.bottom - foot - top) / parts);
  const width = Math.round((p.w - names) * (at.phone ? 0.4 : 0.46));
  const bar = p.x + names + width + 66;
  return {
    names,
    parts,
    concat,
    top,
    pitch,
    width,
    x: p.x + names,
    bar,
    barW: p.x + p.w - 54 - bar,
    sum: top + parts * pitch + 8,
  };
}

/** @param {HeadsStage} g @param {Data} data @param {Local} local @param {Layout} at */
export function drawJoin(g, data, local, at) {
  const q = joinPlan(data, at);
  local.joinAt = q;
  const p = at.panel;
  const D = local.a.vectors.shape[1];
  const added = addedOf(data, local);
  const lit = litPart(data, local);
  const token = data.rows[data.join.row];
  g.part("concat", [lit, added], () => drawConcat(g, data, local, at, q, lit, token, D));
  const most = furthest(local.a.vectors);
  const shares = data.join.shares;
  const [low, high] = [Math.min(0, ...shares), Math.max(...shares, 0.001)];
  const zero = q.bar + (q.barW * -low) / (high - low);
  const scale = q.barW / (high - low);
  const names = named(q.parts, q.pitch, lit < 0 ? [] : [lit]);
  g.part("join heads", null, () => [
    label(
      q.x,
      q.top - 8,
      fit(
        at.phone
          ? say("what each adds")
          : say("what each adds: {numbers}", { numbers: counted(D, "number") }),
        q.width,
        12,
        false,
      ),
      { fill: "att-ink", weight: 600 },
    ),
    label(q.bar - 12, q.top - 8, say("length"), { anchor: "end", fill: "ink2" }),
    label(p.x + p.w, q.top - 8, fit(say("share of the output"), q.barW + 54, 12, false), {
      anchor: "end",
      fill: "att-ink",
      weight: 600,
    }),
  ]);
  g.part("join rows", [added, lit], () =>
    Array.from({ length: q.parts }, (_, i) => {
      const middle = q.top + (i + 0.5) * q.pitch;
      const tall = Math.max(1, Math.min(24, q.pitch - (q.pitch > 8 ? 4 : 0.5)));
      const share = shares[i];
      /** @type {Shapes[]} */
      const out = [
        i === lit &&
          h("rect", {
            x: p.x,
            y: middle - q.pitch / 2,
            width: p.w,
            height: q.pitch,
            rx: 4,
            fill: css("accent-soft"),
          }),
        strip(
          g,
          local.a.vectors.subarray(i * D, (i + 1) * D),
          q.x,
          middle - tall / 2,
          q.width,
          tall,
          most,
          q.pitch > 10 ? "att" : null,
        ),
        h("rect", {
          x: Math.min(zero, zero + share * scale),
          y: middle - tall / 3,
          width: Math.max(1, Math.abs(share * scale)),
          height: (tall * 2) / 3,
          fill: css("att"),
          opacity: share < 0 ? 0.45 : 0.8,
        }),
      ];
      if (names.has(i)) {
        out.push(
          label(p.x + 4, middle + 4, partName(data, i), {
            fill: i === lit ? "accent" : "ink",
            weight: i === lit ? 700 : 500,
          }),
          label(q.bar - 12, middle + 4, num(data.join.norms[i], 2), {
            anchor: "end",
            mono: true,
            fill: "ink2",
          }),
          label(p.x + p.w, middle + 4, num(share, 3), {
            anchor: "end",
            mono: true,
            fill: i === lit ? "accent" : "att-ink",
            weight: i === lit ? 700 : 400,
          }),
        );
      }
      return h("g", { class: "gb-hot", "data-part-row": i, opacity: i < added ? 1 : 0.22 }, out);
    }).concat(
      h("path", {
        d: `M${zero},${q.top}V${q.top + q.parts * q.pitch}`,
        stroke: css("ink3"),
        "stroke-width": 1,
      }),
    ),
  );
  g.part("join sum", [added], () => drawTotal(g, data, local, at, q, p, added, D));
}

/**
 * All outputs side by side, the lit part framed, and the matrix that they meet.
 * @param {HeadsStage} g @param {Data} data @param {Local} local @param {Layout} at @param {JoinAt} q
 * @param {number} lit @param {Token} token @param {number} D
 */
function drawConcat(g, data, local, at, q, lit, token, D) {
  const p = at.panel;
  const K = local.a.z.shape[1];
  const gap = data.heads > 24 ? 0.5 : 3;
  const room = p.w;
  const w = (room - gap * (data.heads - 1)) / data.heads;
  const max = furthest(local.a.z);
  const wide = w > 34;
  const wholes = { heads: data.heads, size: K, numbers: counted(data.heads * K, "number") };
  /** @type {Shapes[]} */
  const out = [
    h(
      "text",
      { x: p.x, y: p.top + 8, "font-size": 12, fill: css("ink2") },
      h("tspan", { "font-weight": 600, fill: css("att-ink") }, `${say("Concatenate")} `),
      fit(
        at.phone
          ? say("side by side: {heads} × {size} = {numbers}", wholes)
          : say("for {token} (row {row}): the heads’ outputs side by side, {heads} × {size} = {numbers}", {
              token: visible(token.text),
              row: data.join.row,
              ...wholes,
            }),
        p.w - 84,
        12,
        false,
      ),
    ),
  ];
  for (let i = 0; i < data.heads; i++) {
    const x = p.x + i * (w + gap);
    out.push(
      h(
        "g",
        { class: "gb-hot", "data-part-row": i },
        strip(g, local.a.z.subarray(i * K, (i + 1) * K), x, q.concat, w, 20, max, w > 6 ? "att" : null),
        i === lit &&
          h("rect", {
            x: x - 1,
            y: q.concat - 1,
            width: w + 2,
            height: 22,
            rx: 3,
            fill: "none",
            stroke: css("accent"),
            "stroke-width": 2,
          }),
        (wide || i === lit) &&
          label(clamp(x + w / 2, p.x + 16, p.x + p.w - 16), q.concat + 34, nameOf(data.join.block, i), {
            anchor: "middle",
            fill: i === lit ? "accent" : "ink3",
            weight: i === lit ? 700 : 400,
          }),
      ),
    );
  }
  out.push(
    h(
      "text",
      { x: p.x, y: q.concat + 55, "font-size": 12, fill: css("ink2") },
      h("tspan", { "font-weight": 600, fill: css("att-ink") }, `${say("Project")} `),
      fit(
        at.phone
          ? say("through W_O: each part becomes {numbers}", { numbers: counted(D, "number") })
          : say("through W_O, {wide} × {size}: each part meets its {rows} of W_O and becomes {numbers}", {
              wide: data.heads * K,
              size: D,
              rows: counted(K, "row"),
              numbers: counted(D, "number"),
            }),
        p.w - 50,
        12,
        false,
      ),
    ),
  );
  return out;
}

/**
 * The sum so far, its length, its share of the output; with everything added, how far it is from the model's own.
 * @param {HeadsStage} g @param {Data} data @param {Local} local @param {Layout} at @param {JoinAt} q
 * @param {Layout["panel"]} p @param {number} added @param {number} D
 */
function drawTotal(g, data, local, at, q, p, added, D) {
  const sum = partial(local, added, D);
  const all = added === q.parts;
  const share = data.join.shares.slice(0, added).reduce((a, b) => a + b, 0);
  const y = q.sum;
  const most = furthest(local.a.out);
  const gap = Math.max(...sum.map((v, d) => Math.abs(v - local.a.out[d])));
  local.gap = all ? gap : null;
  const same = all && gap <= 1e-4 * Math.max(1, most);
  const [first, last, count] = [partName(data, 0), partName(data, added - 1), q.parts - added];
  const text = all
    ? same
      ? say("The sum is what the attention adds to the stream: the very same numbers.")
      : say("The sum differs from the attention’s output by {gap}.", { gap: num(gap, 3) })
    : added > 1
      ? say("{first} to {last} added; {count} to come", { first, last, count })
      : added
        ? say("{first} added; {count} to come", { first, count })
        : say("nothing added yet: Next adds one head after the other");
  return [
    h("path", { d: `M${p.x},${y - 4}h${p.w}`, stroke: css("ink3") }),
    label(p.x + 4, y + 15, say("sum"), { weight: 600, fill: "att-ink" }),
    strip(g, sum, q.x, y + 1, q.width, 20, most, "att"),
    label(q.bar - 12, y + 15, num(length(sum), 2), { anchor: "end", mono: true, fill: "ink" }),
    label(p.x + p.w, y + 15, num(share, 3), { anchor: "end", mono: true, fill: "att-ink", weight: 700 }),
    label(q.bar, y + 15, at.phone ? say("add up to") : fit(say("shares add up to"), q.barW, 12, false), {
      fill: "ink3",
    }),
    [
      ...wrapped(text, p.w, 2),
      ...(all
        ? wrapped(
            say(
              "Lengths do not add up: the parts point in different directions. A share is a part’s length along the sum, over the sum’s length.",
            ),
            p.w,
            4,
          )
        : []),
    ].map((line, i) => label(p.x, y + 38 + 16 * i, line, { fill: "ink2" })),
  ];
}

// ---------------------------------------------------------------- effect

/** @param {Data} data @param {Measured} e @param {Local} local @param {Layout} at */
function effectPlan(data, e, local, at) {
  const p = at.panel;
  const said = allMeasured(data) ? largestSaid(data, e, local, p, at.phone) : measuredSaid(data, p);
  while (data.roles.length > 64 && said.length < (at.phone ? 5 : 3)) said.push(""); // so that the axes stay where they are
  const [left, right, top, bottom] = [
    p.x + 54,
    p.x + p.w - 22,
    p.top + 36 + 16 * (said.length - 1),
    p.bottom - 40,
  ];
  const values = e.change.flat().filter((v) => v !== null);
  let [low, high] = [Math.min(0, ...values), Math.max(0, ...values)];
  const room = Math.max(0.02, high - low) * 0.07;
  const names = 44 / Math.max(1, bottom - top - 44); // of the other side's reach: room for names beyond the line at 0
  [low, high] = [Math.min(low - room, -high * names), Math.max(high + room, -low * names)];
  const reach = Math.max(...e.weight.flat());
  const most = [0.05, 0.1, 0.2, 0.4].find((step) => step >= reach) ?? 1; // where all heads spread widely, the axis ends early
  /** @type {(weight: number) => number} */
  const x = (weight) => left + (weight / most) * (right - left);
  /** @type {(change: number) => number} */
  const y = (change) => top + ((high - change) / (high - low)) * (bottom - top);
  return { said, left, right, top, bottom, low, high, most, x, y };
}
/** @param {HeadsStage} g @param {Data} data @param {Local} local @param {Layout} at */
export function drawEffect(g, data, local, at) {
  const p = at.panel;
  const e = data.effect;
  if (!e.change) {
    drawUnmeasured(g, data, at);
    return;
  }
  const q = effectPlan(data, e, local, at);
  local.effectAt = q;
  const [block, head] = [blockOf(data, local), headOf(data, local)];
  g.part("effect axes", [e.token, local.sel.off, e.measured], () => {
    const { ticks, step } = roundTicks(q.low, q.high, 6);
    const digits = Math.max(0, -Math.floor(Math.log10(step) + 1e-9));
    return [
      q.said.map((line, i) => label(p.x, p.top + 8 + 16 * i, line, { fill: "ink", weight: 500 })),
      ticks.map((v) => [
        h("path", {
          d: `M${q.left},${q.y(v)}H${q.right}`,
          stroke: css(v === 0 ? "ink3" : "line"),
          "stroke-width": 1,
        }),
        label(q.left - 6, q.y(v) + 4, signed(v, digits), { anchor: "end", mono: true, fill: "ink3" }),
      ]),
      [0, 0.25, 0.5, 0.75, 1]
        .map((part) => part * q.most)
        .map((w) => [
          h("path", { d: `M${q.x(w)},${q.bottom}v4`, stroke: css("ink3") }),
          label(q.x(w), q.bottom + 16, num(w, q.most < 0.4 ? 3 : 2), {
            anchor: "middle",
            mono: true,
            fill: "ink3",
          }),
        ]),
      label(
        q.right + 20,
        q.bottom + 34,
        fit(
          at.phone ? say("its largest weight →") : say("the most that the row gives to one token →"),
          (q.right - q.left) / 1.8,
          12,
          false,
        ),
        { anchor: "end", fill: "ink2" },
      ),
      label(
        p.x,
        q.top - 10,
        fit(
          at.phone
            ? say("change of log p of {token} ↑ likelier without it", { token: visible(e.token) })
            : say("each dot: a head off; change of log p of {token} {where} ↑ likelier without it", {
                token: visible(e.token),
                where: e.where,
              }),
          p.w,
          12,
          false,
        ),
        { fill: "ink2" },
      ),
      label(p.x, q.bottom + 34, say("↓ less likely: the head helped"), { fill: "ink2" }),
    ];
  });
  if (!allMeasured(data) && !e.running)
    measureButton(g, data, { left: p.x + 300, top: p.top - 8, height: at.phone ? 44 : 30 });
  const sizes = e.change.flat().map((v) => (v === null ? -1 : Math.abs(v)));
  const order = [...sizes.keys()].filter((i) => sizes[i] >= 0).sort((i, k) => sizes[k] - sizes[i]);
  g.part("dots", [block, head, local.peek, e.measured], () => {
    const radius = data.roles.length > 64 ? 3.5 : 5;
    const off = offSet(data, local);
    return e.change.flatMap((line, l) =>
      line.map((v, i) => {
        if (v === null) return null;
        const on = l === block && i === head;
        const peek = local.peek?.block === l && local.peek?.head === i;
        return h("circle", {
          class: "gb-hot",
          "data-dot": `${l}.${i}`,
          cx: q.x(e.weight[l][i]),
          cy: q.y(v),
          r: on || peek ? radius + 2 : radius,
          fill: off.has(`${l}.${i}`) ? css("bg") : css("att"),
          "fill-opacity": on || peek ? 1 : 0.55,
          stroke: css(on || peek ? "accent" : "att"),
          "stroke-width": on || peek ? 2 : 1,
        });
      }),
    );
  });
  g.part("dot names", [block, head, local.peek, e.measured], () =>
    dotNames(data, e, local, q, order, block, head),
  );
}

/**
 * "0.999 → 0.049", with as many places as it takes to tell the two apart (five at most).
 * @param {number} before @param {number} after
 */
function fromTo(before, after) {
  const both = (/** @type {number} */ digits) => [before, after].map((log) => num(Math.exp(log), digits));
  const digits = [3, 4, 5].find((n) => both(n)[0] !== both(n)[1]) ?? 3;
  return both(digits)
    .map((text) => (Number(text) === 0 ? `<${num(10 ** -digits, digits)}` : text))
    .join(" → ");
}

/**
 * How far the measurement is, where it is not done.
 * @param {Data} data @param {Layout["panel"]} p
 */
function measuredSaid(data, p) {
  const done = { measured: data.effect.measured, blocks: counted(data.blocks, "block") };
  return wrapped(
    data.effect.running
      ? say(
          "Measured so far: the heads of {measured} of {blocks}, from coarse to fine; a bar below says how far it is.",
          done,
        )
      : say("Measured so far: the heads of {measured} of {blocks}, from coarse to fine.", done),
    p.w,
    3,
  );
}

/**
 * What the measurement found, in words: the head that matters most, and what becomes of a later head without it.
 * @param {Data} data @param {Measured} e @param {Local} local @param {Layout["panel"]} p @param {boolean} phone
 */
function largestSaid(data, e, local, p, phone) {
  if (offSet(data, local).size === data.roles.length)
    return wrapped(say("All heads are off already: none is left to switch off."), p.w, 2);
  if (!e.largest) return wrapped(say("Here no head changes anything."), p.w, 2);
  const [block, head] = e.largest;
  const change = e.change[block][head] ?? 0;
  const [name, token] = [nameOf(block, head), fit(visible(e.token), 110, 12, true)];
  const found = {
    head: name,
    does: roleOf(data, block, head).name,
    token,
    change: fromTo(e.before, e.before + change),
  };
  const first = offSet(data, local).size
    ? change < 0
      ? say("Of the heads still on, {head} ({does}) matters most: without it {token} falls, {change}.", found)
      : say("Of the heads still on, {head} ({does}) matters most: without it {token} rises, {change}.", found)
    : change < 0
      ? say("Of all heads, {head} ({does}) matters most: without it {token} falls, {change}.", found)
      : say("Of all heads, {head} ({does}) matters most: without it {token} rises, {change}.", found);
  return [...wrapped(first, p.w, 3), ...wrapped(readerSaid(data, e, name), p.w, phone ? 4 : 2)];
}
/** @param {Data} data @param {Measured} e @param {string} without */
function readerSaid(data, e, without) {
  if (!e.reader) return say("No head that is on comes after its block.");
  const [block, head, col, before, after] = e.reader;
  const [name, token] = [nameOf(block, head), fit(visible(data.cols[col].text), 110, 12, true)];
  if (Math.abs(after - before) < 0.005)
    return say("What {head} reads most stays: {token}, {weight}.", {
      head: name,
      token,
      weight: num(before, 2),
    });
  return say(
    "{head} then gives {token} {after} of its attention, not {before}: what it reads depends on {without}.",
    { head: name, token, after: num(after, 2), before: num(before, 2), without },
  );
}

/**
 * Places for a name beside a dot, near ones first: left edge, base line, and whether a line must lead there.
 * @param {number} x @param {number} y @param {number} w @param {boolean} on
 * @returns {Spot[]}
 */
function spots(x, y, w, on) {
  /** @type {Spot[]} */
  const near = [
    [x + 10, y + 4],
    [x - 10 - w, y + 4],
    [x - w / 2, y - 11],
    [x - w / 2, y + 20],
    [x + 6, y - 9],
    [x - w - 6, y - 9],
    [x + 6, y + 18],
    [x - w - 6, y + 18],
    [x - w + 8, y - 18],
    [x - 8, y - 18],
    [x - w + 8, y + 28],
    [x - 8, y + 28],
  ];
  const far = [27, 41, 56].flatMap((d) =>
    [-1, 1].flatMap((side) =>
      [0, 14, -14, 30, -30].map(
        (shift) => /** @type {Spot} */ ([x - w / 2 + shift, y + side * d + (side > 0 ? 10 : 0), true]),
      ),
    ),
  );
  const aside = (on ? [50, 90, 140, 200] : [24]).flatMap((d) =>
    [0, 16, -16, 34, -34].flatMap(
      (down) =>
        /** @type {Spot[]} */ ([
          [x + d, y + 4 + down, true],
          [x - d - w, y + 4 + down, true],
        ]),
    ),
  );
  return [...near, ...far, ...aside];
}
/**
 * Names of the dots (of many heads the largest only), none over a dot, a line, or another name.
 * @param {Data} data @param {Measured} e @param {Local} local @param {EffectAt} q @param {number[]} order
 * @param {number} block @param {number} head
 */
function dotNames(data, e, local, q, order, block, head) {
  const peek = local.peek ? local.peek.block * data.heads + local.peek.head : -1;
  const chosen = block * data.heads + head;
  /** @type {Dot[]} */
  const dots = e.change.flatMap((line, l) =>
    line.map((v, k) => (v === null ? [-1e6, -1e6] : [q.x(e.weight[l][k]), q.y(v)])),
  ); // those to come are out of the way
  /** @type {Name[]} */
  const boxes = [];
  /** @type {Dot[]} */
  const leads = [];
  const tried = [
    ...new Set([...(peek >= 0 ? [peek] : []), chosen, ...order.slice(0, dots.length > 36 ? 8 : 36)]),
  ];
  return tried.map((i) => {
    const [l, k] = [Math.floor(i / data.heads), i % data.heads];
    const v = e.change[l][k];
    if (v === null) return null;
    const on = i === chosen || i === peek;
    const text = on ? `${nameOf(l, k)}  ${fromTo(e.before, e.before + v)}` : nameOf(l, k);
    const w = measure(text, 12, false) * (on ? 1.08 : 1.02);
    const [x, y] = dots[i];
    /** @type {Spot | null} */
    const place =
      spots(x, y, w, on).find((spot) => isFree(spot, w, i, q, dots, boxes, leads)) ??
      (on ? [clamp(x - w / 2, q.left + 2, q.right + 20 - w), clamp(y - 11, q.top + 10, q.bottom - 4)] : null);
    if (!place) return null;
    boxes.push({ left: place[0], base: place[1], w });
    const to = leadEnd(place, x, y, w);
    if (place[2]) leads.push(...between([x, y], to));
    return [
      place[2] &&
        h("path", {
          d: `M${x},${y}L${to[0]},${to[1]}`,
          stroke: css(on ? "accent" : "ink3"),
          "stroke-width": 0.8,
        }),
      label(place[0], place[1], text, {
        fill: on ? "accent" : "ink",
        weight: on ? 700 : 500,
        "paint-order": "stroke",
        stroke: css("bg"),
        "stroke-width": 3,
      }),
    ];
  });
}
/** @type {(spot: Spot, x: number, y: number, w: number) => Dot} */
const leadEnd = ([left, base], x, y, w) => [clamp(x, left, left + w), base < y ? base + 4 : base - 11];
/** @type {(from: Dot, to: Dot) => Dot[]} */
const between = ([x0, y0], [x1, y1]) =>
  Array.from({ length: 7 }, (_, i) => [lerp(x0, x1, (i + 1) / 8), lerp(y0, y1, (i + 1) / 8)]);
/** @type {(box: Name, dot: Dot, r: number) => boolean} */
const hits = (box, [x, y], r) =>
  x > box.left - r && x < box.left + box.w + r && y > box.base - 10 - r && y < box.base + 3 + r;
/**
 * Whether a name fits at a spot of dot i: inside the plot, over no dot, no line at 0, no name, and led there past all of them.
 * @type {(spot: Spot, w: number, i: number, q: EffectAt, dots: Dot[], boxes: Name[], leads: Dot[]) => boolean}
 */
function isFree([left, base, led], w, i, q, dots, boxes, leads) {
  const [box, zero] = [{ left, base, w }, q.y(0)];
  if (left < q.left + 2 || left + w > q.right + 20 || base < q.top + 10 || base > q.bottom - 4) return false;
  if (base - 11 < zero && base + 4 > zero) return false;
  if (boxes.some((b) => left < b.left + b.w + 5 && left + w + 5 > b.left && Math.abs(base - b.base) < 14))
    return false;
  if (dots.some((dot) => hits(box, dot, 6)) || leads.some((at) => hits(box, at, 1))) return false;
  return (
    !led ||
    between(dots[i], leadEnd([left, base], ...dots[i], w)).every(
      (at) =>
        !boxes.some((b) => hits(b, at, 1)) &&
        !dots.some((dot, j) => j !== i && Math.hypot(dot[0] - at[0], dot[1] - at[1]) < 6),
    )
  );
}

/** @param {HeadsStage} g @param {Data} data @param {Layout} at */
function drawUnmeasured(g, data, at) {
  const p = at.panel;
  if (data.effect.unsaid) {
    const why = wrapped(
      `${data.effect.unsaid} ${say("What a head is worth to a prediction cannot be measured here; what it brings to its block is under Join.")}`,
      p.w,
      4,
    );
    g.part("unmeasured", null, () =>
      why.map((line, i) => label(p.x, p.top + 24 + 18 * i, line, { fill: "ink2" })),
    );
    return;
  }
  const n = data.blocks * data.heads;
  const { seconds } = data.effect; // 0: no time to speak of, so there is no bar that says how far it is
  const heads = counted(n, "head");
  const asks = [
    say("Each of the {heads} is switched off alone, and the model runs again.", { heads }),
    ...(seconds
      ? [
          say(
            "On this model and text that takes about {seconds} s on one processor; you can stop it at any time.",
            { seconds },
          ),
        ]
      : []),
  ].join(" ");
  const text = g.can.recompute
    ? asks
    : say("What becomes of the prediction without each of the {heads} was not measured for this picture.", {
        heads,
      });
  const lines = wrapped(text, p.w, 4);
  const y = p.top + 24 + 18 * lines.length;
  g.part("unmeasured", null, () =>
    lines.map((line, i) => label(p.x, p.top + 24 + 18 * i, line, { fill: "ink2" })),
  );
  if (data.effect.running) {
    g.part("measuring", null, () =>
      label(
        p.x,
        y + 16,
        seconds ? say("Being measured: a bar below says how far it is.") : say("Being measured."),
        { fill: "accent", weight: 600 },
      ),
    );
    return;
  }
  measureButton(g, data, { left: p.x, top: y, height: at.phone ? 44 : 36 });
}
/**
 * Begins the measurement, or goes on with it.
 * @param {HeadsStage} g @param {Data} data @param {{left: number, top: number, height: number}} box
 */
function measureButton(g, data, box) {
  if (g.can.recompute)
    g.overlay(
      "measure",
      box,
      () =>
        html("button", {
          type: "button",
          class: "gb-button gb-primary",
          onclick: () => g.send("measure", { at: Date.now() }),
        }),
      (node) => {
        node.textContent = data.effect.change
          ? say("Go on")
          : say("Measure {heads}", { heads: counted(data.blocks * data.heads, "head") });
      },
    );
}
