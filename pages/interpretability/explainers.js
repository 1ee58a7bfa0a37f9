// Below the Interpretability picture: explainers token by token, judged by taking tokens away, and probes with controls.

import { counted } from "../../app/kit/counts.js";
import { mount, pointerAt } from "../../app/kit/glass.js";
import { roundTicks } from "../../app/kit/axes.js";
import { pieces, say } from "../../app/kit/say.js";
import {
  MONO,
  chip,
  clamp,
  css,
  fit,
  h,
  html,
  inLines,
  label,
  measure,
  num,
  tokenSpans,
  unpack,
  visible,
} from "../../app/kit/shapes.js";
import { isDesk } from "../../app/kit/widths.js";

/**
 * @import { Stage, View } from "../../app/kit/glass.js"
 * @import { Packed, Unpacked } from "../../app/kit/shapes.js"
 *
 * What explainers.py sends. T tokens; explainers, integrated and judged are empty or null where nothing was measured.
 * @typedef {object} Data
 * @property {string} stamp
 * @property {string} model
 * @property {string} asked the token whose number is explained
 * @property {number} row of the logits
 * @property {"logit" | "probability"} says which number
 * @property {"token" | "mean" | "zero"} blank what stands in a token's place
 * @property {string} blankWord that, in words
 * @property {Token[]} tokens (T,)
 * @property {string} why there is nothing to measure
 * @property {Name[]} names of all explainers, integrated gradients first
 * @property {"decoder" | "encoder" | "encoder-decoder"} shape
 * @property {boolean} normed whether the model norms a token's vector first, so that its length does not count
 * @property {Integrated | null} integrated
 * @property {Explainer[]} explainers
 * @property {Judged | null} judged null: one token to take away has no order
 * @property {Probe} probe
 *
 * @typedef {Data & {integrated: Integrated}} Explained what is sent once something was measured
 * @typedef {Explained & {judged: Judged}} Compared and where there are orders to compare
 *
 * @typedef {"integrated gradients" | "gradient × input" | "leave one out" | "attention rollout" | "last layer’s attention"} Name
 * @typedef {{text: string, id: number, place: number, written: boolean, free: boolean}} Token written by the decoder; free to be taken away
 * @typedef {{name: Name, values: number[]}} Explainer values (T,)
 *
 * The way from the blank text (base) to the text (at) in S steps: the share of the way at each, the height there, the
 * weight of the step, the slopes (S, T), and how far from adding up the shares are with other numbers of steps.
 * @typedef {{at: number, base: number, total: number, delta: number, addsUp: boolean, steps: number, along: number[], height: number[], weights: number[], slopes: Packed, deltas: [steps: number, delta: number][]}} Integrated
 *
 * What becomes of the number at each count of tokens gone or back, by explainer and for random orders.
 * @typedef {{counts: number[], at: number, base: number, orders: number, level: number, fewest: number, deletion: SideOf, insertion: SideOf}} Judged
 * @typedef {"deletion" | "insertion"} Side
 * @typedef {{band: number[][], area: number, curves: Record<Name, Curve>}} SideOf band: 5 %, mean and 95 % of random orders
 * @typedef {{values: number[], area: number, asGood: number, corrected: number, verdict: Verdict, order: number[]}} Curve corrected: p, for all tests of the text; asGood: the share of random orders that are
 * @typedef {"better than random" | "like random" | "worse than random" | "too few tokens"} Verdict
 *
 * What a probe reads of a task at each depth, what it reads of labels by lot, and the difference, each with its interval.
 * @typedef {{task: string, words: string, labels: string[], depth: number, stories: number, layers: Layer[], why: string}} Probe
 * @typedef {{depth: number, task: Interval, control: Interval, selectivity: Interval, of: number}} Layer
 * @typedef {[value: number, low: number, high: number]} Interval
 *
 * @typedef {{sel: {explainer?: number, along?: number}, data: Data, slopes: Unpacked | null, hover: number | null, ranks: (number | null)[][]}} Kept
 * @typedef {{x: number, y: number, w: number}} Box
 */

// ---------------------------------------------------------------- tokens and the way

/** @param {Data} data @returns {data is Explained} */
function isExplained(data) {
  return data.integrated !== null;
}
/** @param {Explained} data @returns {data is Compared} */
function isCompared(data) {
  return data.judged !== null;
}

/** @type {Record<Name, string>} */
const SHORT = {
  "integrated gradients": say("Integrated gradients"),
  "gradient × input": say("Gradient × input"),
  "leave one out": say("Leave one out"),
  "attention rollout": say("Attention rollout"),
  "last layer’s attention": say("Last layer’s attention"),
};
/** The same within a sentence. @type {Record<Name, string>} */
const NAMES = {
  "integrated gradients": say("integrated gradients"),
  "gradient × input": say("gradient × input"),
  "leave one out": say("leave one out"),
  "attention rollout": say("attention rollout"),
  "last layer’s attention": say("last layer’s attention"),
};
const SIGNED = new Set(["integrated gradients", "gradient × input", "leave one out"]); // weights say no direction
const PITCH = 24;
const LEAD = 112;

/** The chosen explainer, by its place among those that this model has. @param {Data} data @param {Kept} local */
const chosenOf = (data, local) => {
  const name = data.names[clamp(local.sel.explainer ?? 0, 0, data.names.length - 1)];
  const at = data.explainers.findIndex((one) => one.name === name);
  return Math.max(0, at);
};
/** @param {Stage} g @param {Explained} data @param {number} at */
const choose = (g, data, at) =>
  g.select({ explainer: data.names.indexOf(data.explainers[clamp(at, 0, data.explainers.length - 1)].name) });

/**
 * The values drawn: of integrated gradients only so far as the chosen step of the way.
 * @param {Explained} data @param {Kept} local @param {Explainer} one
 */
function shownValues(data, local, one) {
  const along = local.sel.along ?? -1;
  const { steps, weights } = data.integrated;
  const { slopes } = local;
  if (!slopes || one.name !== data.names[0] || along < 0 || along >= steps - 1) return one.values;
  const n = data.tokens.length;
  const sums = new Array(n).fill(0);
  for (let step = 0; step <= along; step++)
    for (let i = 0; i < n; i++) sums[i] += weights[step] * slopes[step * n + i];
  return sums;
}

/**
 * Which place in the order of taking away a token has with an explainer, from 1; null for special tokens.
 * @param {Data} data @param {Explainer} one
 */
function ranksOf(data, one) {
  const free = data.tokens.flatMap((t, i) => (t.free ? [i] : []));
  const order = [...free].sort((a, b) => one.values[b] - one.values[a] || a - b);
  const ranks = new Array(data.tokens.length).fill(null);
  for (const [k, i] of order.entries()) ranks[i] = k + 1;
  return ranks;
}

/** @param {Stage} g @param {Explained} data @param {Kept} local @param {Box} box */
function drawTokens(g, data, local, { x, y, w }) {
  const narrow = w < 620;
  const chosen = chosenOf(data, local);
  const token = h("tspan", { "font-family": MONO, fill: css("accent") }, tokenSpans(data.asked, 120, 14));
  const about =
    data.says === "logit"
      ? narrow
        ? say("The logit of {token}")
        : say("What each explainer says of the logit of {token}")
      : narrow
        ? say("The probability of {token}")
        : say("What each explainer says of the probability of {token}");
  g.part("tokens head", [w], () =>
    h(
      "text",
      { x, y: y + 14, "font-size": 14, "font-weight": 600, fill: css("ink") },
      pieces(about, { token }),
    ),
  );
  const names = g.overlay(
    "explainers",
    { left: x, top: y + 22, width: narrow ? w : undefined },
    () =>
      html(
        "div",
        { class: "im-names", role: "group", "aria-label": say("Explainer") },
        data.explainers.map((one, i) =>
          html(
            "button",
            { type: "button", "data-explainer": i, onclick: () => choose(g, g.local.data, i) },
            SHORT[one.name],
          ),
        ),
      ),
    (node) => {
      node.classList.toggle("im-wide", !narrow);
      if (node.children.length !== data.explainers.length)
        node.replaceChildren(
          ...data.explainers.map((one, i) =>
            html(
              "button",
              { type: "button", "data-explainer": i, onclick: () => choose(g, g.local.data, i) },
              SHORT[one.name],
            ),
          ),
        );
      [...node.querySelectorAll("button")].forEach((button, i) => {
        button.setAttribute("aria-pressed", String(i === chosen));
        Object.assign(
          button.style,
          narrow
            ? { left: "", width: "" }
            : {
                left: `${LEAD + (i * (w - LEAD)) / data.explainers.length}px`,
                width: `${(w - LEAD) / data.explainers.length - 8}px`,
              },
        );
      });
    },
  );
  const top = y + (narrow ? 34 + names.offsetHeight : 66);
  const shown = narrow ? [chosen] : data.explainers.map((_, i) => i);
  const col = (w - LEAD) / shown.length;
  g.part("tokens", [w, local.hover ?? null, chosen, local.sel.along ?? -1], () =>
    data.tokens.map((t, i) => {
      const mid = top + PITCH * i + PITCH / 2;
      const name = chip(g, x, mid, LEAD - 16, t.text, {
        height: 20,
        size: 12,
        faint: !t.free,
        selected: i === local.hover,
        id: t.id,
      });
      const rule =
        i && t.written && !data.tokens[i - 1].written
          ? h("path", {
              d: `M${x},${mid - PITCH / 2}H${x + w}`,
              stroke: css("ink3"),
              "stroke-dasharray": "2 3",
            })
          : null;
      return h(
        "g",
        {},
        rule,
        name,
        shown.map((k, c) =>
          bar(g, data, local, k, i, { x: x + LEAD + c * col, w: col - 10, mid, chosen: k === chosen }),
        ),
      );
    }),
  );
  return top + PITCH * data.tokens.length;
}

/**
 * One bar: signed explainers grow to both sides of a middle line, weights to the right.
 * @param {Stage} g @param {Explained} data @param {Kept} local @param {number} k @param {number} i
 * @param {{x: number, w: number, mid: number, chosen: boolean}} box
 */
function bar(g, data, local, k, i, { x, w, mid, chosen }) {
  const one = data.explainers[k];
  if (!data.tokens[i].free)
    return i === 0 || data.tokens[i - 1].free
      ? label(x + 2, mid + 4, say("special: stays"), { fill: "ink3", size: 12 })
      : label(x + 2, mid + 4, say("stays"), { fill: "ink3" });
  const value = shownValues(data, local, one)[i];
  const most = Math.max(...one.values.map(Math.abs), 1e-12);
  const signed = SIGNED.has(one.name);
  const text =
    Math.max(most, 0) < 0.01 ? value.toExponential(0).replace("-", "−") : num(value, most >= 10 ? 1 : 2);
  const room = Math.max(10, w - 48);
  const zero = signed ? x + room / 2 : x;
  const size = (signed ? room / 2 : room) * Math.min(1, Math.abs(value) / most);
  const rank = local.ranks[k][i];
  return g.tip(
    h(
      "g",
      { class: "gb-hot", click: () => choose(g, data, k) },
      h("rect", { x, y: mid - PITCH / 2, width: w, height: PITCH, fill: "transparent" }),
      signed && h("path", { d: `M${zero},${mid - 9}v18`, stroke: css("line") }),
      h("rect", {
        x: value < 0 ? zero - size : zero,
        y: mid - 7,
        width: Math.max(0.5, size),
        height: 14,
        rx: 2,
        fill: css(!signed ? "att" : value < 0 ? "neg" : "pos"),
        opacity: chosen ? 1 : 0.55,
      }),
      label(x + w, mid + 4, text, { anchor: "end", mono: true, fill: chosen ? "ink" : "ink3" }),
    ),
    rank === 1
      ? say("{name}: {token} {value}\ngoes first in its order", {
          name: NAMES[one.name],
          token: visible(data.tokens[i].text),
          value: num(value, 4),
        })
      : say("{name}: {token} {value}\ngoes as number {rank} in its order", {
          name: NAMES[one.name],
          token: visible(data.tokens[i].text),
          value: num(value, 4),
          rank,
        }),
  );
}

// ---------------------------------------------------------------- the way of integrated gradients

/**
 * f from the blank text to the text, with the steps as dots; below, how well the shares add up.
 * @param {Stage} g @param {Explained} data @param {Kept} local @param {Box} box
 */
function drawWay(g, data, local, { x, y, w }) {
  const one = data.integrated;
  const along = local.sel.along ?? -1;
  const [left, right, top, bottom] = [x + 46, x + w - 8, y + 44, y + 150];
  const [low, high] = [Math.min(one.base, one.at, ...one.height), Math.max(one.base, one.at, ...one.height)];
  /** @param {number} t */
  const X = (t) => left + (right - left) * t;
  /** @param {number} v */
  const Y = (v) => bottom - ((bottom - top) * (v - low)) / (high - low || 1);
  const now = along < 0 || along >= one.steps ? one.steps - 1 : along;
  g.part("way", [w, along], () => {
    const dots = one.along.map((t, i) =>
      h("circle", {
        cx: X(t),
        cy: Y(one.height[i]),
        r: one.steps > 64 ? 1.6 : 2.8,
        fill: css(i <= now ? "accent" : "bg"),
        stroke: css("accent"),
        "stroke-width": 1,
      }),
    );
    const line = [[0, one.base], ...one.along.map((t, i) => [t, one.height[i]]), [1, one.at]]
      .map(([t, v], i) => `${i ? "L" : "M"}${X(t).toFixed(1)},${Y(v).toFixed(1)}`)
      .join("");
    /** @param {MouseEvent} event */
    const pick = (event) => {
      const t = clamp((pointerAt(g, event)[0] - left) / (right - left), 0, 1);
      const near = one.along.reduce(
        (best, at, i) => (Math.abs(at - t) < Math.abs(one.along[best] - t) ? i : best),
        0,
      );
      g.select({ along: near >= one.steps - 1 ? -1 : near });
    };
    const { ticks, step } = roundTicks(low, high, 3);
    return [
      label(x, y + 14, say("The way from nothing to the text"), { size: 14, weight: 600, fill: "ink" }),
      label(
        x,
        y + 31,
        fit(
          along < 0
            ? say("{steps}; a click stops at one of them", { steps: counted(one.steps, "step") })
            : say("the first {now} of {steps} are added up", {
                now: now + 1,
                steps: counted(one.steps, "step"),
              }),
          w,
          12,
          false,
        ),
        { fill: along < 0 ? "ink3" : "accent" },
      ),
      ticks.map((t) => [
        h("path", { d: `M${left},${Y(t)}H${right}`, stroke: css("line") }),
        label(left - 6, Y(t) + 4, step < 0.01 ? t.toExponential(0) : num(t, step < 0.1 ? 2 : 1), {
          anchor: "end",
          mono: true,
          fill: "ink3",
        }),
      ]),
      h("path", { d: line, fill: "none", stroke: css("ink2"), "stroke-width": 1.5 }),
      dots,
      label(left, bottom + 18, say("every token gone"), { fill: "ink3" }),
      label(right, bottom + 18, say("the text"), { fill: "ink3", anchor: "end" }),
      h("rect", {
        class: "gb-hot",
        "data-way": "",
        x: left - 6,
        y: top - 8,
        width: right - left + 12,
        height: bottom - top + 16,
        fill: "transparent",
        click: pick,
      }),
    ];
  });
  const sums = {
    total: sized(one.total),
    base: sized(one.base),
    end: sized(one.at),
    difference: sized(one.at - one.base),
  };
  const said = [
    data.says === "logit"
      ? say(
          "The shares add up to {total}; the logit goes from {base} to {end}, a difference of {difference}.",
          sums,
        )
      : say(
          "The shares add up to {total}; the probability goes from {base} to {end}, a difference of {difference}.",
          sums,
        ),
    one.addsUp
      ? say("Convergence delta: {delta}.", { delta: sized(one.delta) })
      : say(
          "Convergence delta: {delta}, more than a twentieth even with {steps} steps: these shares say nothing, so they are not drawn.",
          { delta: sized(one.delta), steps: one.steps },
        ),
    data.normed &&
      data.blank === "zero" &&
      say(
        "This model norms a token’s vector first, so its length does not count: from zeros all of the change lies at the very beginning, where no step looks, and gradient × input is 0 for every token.",
      ),
    data.shape === "encoder-decoder" &&
      say(
        "Both texts are explained, what was read and what was written; rollout takes every attention as a step: the encoder’s, the decoder’s own, and that between them.",
      ),
  ].flatMap((text) => (text ? inLines(text, w) : []));
  const less = one.deltas.filter(([n]) => n < one.steps);
  const fewer = less.length
    ? inLines(
        say("Delta with fewer steps: {list}.", {
          list: less.map(([n, d]) => `${n}: ${sized(d)}`).join(", "),
        }),
        w,
      )
    : [];
  g.part("adds up", [w], () => [
    said.map((line, i) => label(x, bottom + 42 + 16 * i, line, { fill: "ink2" })),
    fewer.map((line, i) => label(x, bottom + 48 + 16 * (said.length + i), line, { fill: "ink3" })),
  ]);
  return bottom + 44 + 16 * (said.length + fewer.length);
}

/** A number of any size, short. @param {number} v */
function sized(v) {
  if (v === 0) return "0";
  if (Math.abs(v) >= 0.01) return num(v, Math.abs(v) >= 100 ? 0 : 3);
  const [digits, power] = Math.abs(v).toExponential(1).split("e");
  return `${v < 0 ? "−" : ""}${digits}e${power.replace("-", "−").replace("+", "")}`;
}

// ---------------------------------------------------------------- faithfulness

/** @type {Record<Name, string>} */
const HUES = {
  "integrated gradients": "accent",
  "gradient × input": "q-ink",
  "leave one out": "v-ink",
  "attention rollout": "k-ink",
  "last layer’s attention": "mlp-ink",
};
/** @type {Partial<Record<Name, string>>} */
const DASHES = {
  "gradient × input": "7 3",
  "leave one out": "2 3",
  "attention rollout": "9 3 2 3",
  "last layer’s attention": "4 2",
};
/** @type {Side[]} */
const SIDES = ["deletion", "insertion"];
const TITLES = {
  deletion: say("Taken away, the highest first"),
  insertion: say("Put back, the highest first"),
};
const COUNTED = {
  deletion: say("tokens gone; grey: 9 of 10 random orders"),
  insertion: say("tokens back; grey: 9 of 10 random orders"),
};
const CHART = 236;

/** Words for how the orders did. @param {Compared} data */
function judgedSaid(data) {
  /** @param {string[]} names */
  const list = (names) =>
    names.length > 1
      ? say("{list} and {last}", { list: names.slice(0, -1).join(", "), last: names.at(-1) })
      : names[0];
  /** @param {Side} side @param {Verdict} verdict */
  const of = (side, verdict) =>
    data.explainers
      .map((one) => one.name)
      .filter((name) => data.judged[side].curves[name].verdict === verdict)
      .map((name) => NAMES[name]);
  if (of("deletion", "too few tokens").length)
    return say(
      "With fewer than {tokens} to take away, one of {tests} too easily finds the right order by luck: the text proves nothing about explainers.",
      { tokens: counted(data.judged.fewest, "token"), tests: counted(2 * data.explainers.length, "test") },
    );
  /** @param {Side} side */
  const told = (side) => {
    const [better, alike, worse] = [
      of(side, "better than random"),
      of(side, "like random"),
      of(side, "worse than random"),
    ];
    return [
      better.length && say("better than random orders: {list}", { list: list(better) }),
      alike.length &&
        (better.length + worse.length
          ? say("no better: {list}", { list: list(alike) })
          : say("no explainer is better than random orders")),
      worse.length && say("worse: {list}", { list: list(worse) }),
    ]
      .filter(Boolean)
      .join("; ");
  };
  return say("On this text, where tokens are taken away, {gone}. Where they are put back, {back}.", {
    gone: told("deletion"),
    back: told("insertion"),
  });
}

/** @param {Stage} g @param {Explained} data @param {Kept} local @param {Box} box */
function drawJudged(g, data, local, { x, y, w }) {
  g.part("judged head", [w, y], () => [
    h("path", { d: `M${x},${y - 18}H${x + w}`, stroke: css("line") }),
    label(x, y + 14, say("Is it true to the model?"), { size: 14, weight: 600, fill: "ink" }),
  ]);
  if (!isCompared(data)) {
    g.part("judged none", [w, y], () =>
      label(
        x,
        y + 36,
        say("With one token to take away there is no order to compare: write a longer text."),
        { fill: "ink2" },
      ),
    );
    return y + 48;
  }
  const said = inLines(judgedSaid(data), w);
  g.part("judged said", [w, y], () =>
    said.map((line, i) => label(x, y + 36 + 16 * i, line, { fill: "ink" })),
  );
  const top = y + 48 + 16 * said.length;
  const wide = isDesk(w);
  const each = wide ? (w - 40) / 2 : w;
  const chosen = data.explainers[chosenOf(data, local)].name;
  SIDES.forEach((side, i) => {
    const box = { x: wide ? x + i * (each + 40) : x, y: top + (wide ? 0 : i * (CHART + 16)), w: each };
    g.part(`chart ${side}`, [w, y, chosen], () => chart(g, data, side, chosen, box));
  });
  const under = top + (wide ? CHART : 2 * CHART + 16) + 22;
  const note = inLines(noteSaid(data), w);
  const rows = rowOf(w) * data.explainers.length;
  g.part("areas", [w, y, chosen], () => [
    ...areas(g, data, chosen, { x, y: under, w }),
    note.map((line, i) => label(x, under + rows + 30 + 16 * i, line, { fill: "ink3" })),
  ]);
  return under + rows + 30 + 16 * note.length;
}

/** @param {Stage} g @param {Compared} data @param {Side} side @param {Name} chosen @param {Box} box */
function chart(g, data, side, chosen, { x, y, w }) {
  const { counts } = data.judged;
  const of = data.judged[side];
  const all = [...of.band.flat(), ...Object.values(of.curves).flatMap((one) => one.values)];
  const [low, high] = [Math.min(...all), Math.max(...all)];
  const [left, right, top, bottom] = [x + 46, x + w - 6, y + 26, y + CHART - 44];
  /** @param {number} k */
  const X = (k) => left + ((right - left) * k) / counts[counts.length - 1];
  /** @param {number} v */
  const Y = (v) => bottom - ((bottom - top) * (v - low)) / (high - low || 1);
  /** @param {number[]} values */
  const path = (values) =>
    values.map((v, i) => `${i ? "L" : "M"}${X(counts[i]).toFixed(1)},${Y(v).toFixed(1)}`).join("");
  const { ticks, step } = roundTicks(low, high, 3);
  const band = [
    ...of.band[2].map((v, i) => [counts[i], v]),
    ...of.band[0].map((v, i) => [counts[i], v]).reverse(),
  ];
  const order = data.explainers
    .map((one) => one.name)
    .sort((a, b) => Number(a === chosen) - Number(b === chosen));
  const every = Math.max(1, Math.ceil(counts.length / 7));
  return [
    label(x, y + 12, TITLES[side], { weight: 600, fill: "ink" }),
    ticks.map((t) => [
      h("path", { d: `M${left},${Y(t)}H${right}`, stroke: css("line") }),
      label(left - 6, Y(t) + 4, step < 0.01 ? t.toExponential(0) : num(t, step < 0.1 ? 2 : 1), {
        anchor: "end",
        mono: true,
        fill: "ink3",
      }),
    ]),
    h("path", {
      d: `${band.map(([k, v], i) => `${i ? "L" : "M"}${X(k).toFixed(1)},${Y(v).toFixed(1)}`).join("")}Z`,
      fill: css("res"),
      opacity: 0.28,
    }),
    h("path", { d: path(of.band[1]), fill: "none", stroke: css("res"), "stroke-width": 1.5 }),
    order.map((name) =>
      g.tip(
        h("path", {
          d: path(of.curves[name].values),
          fill: "none",
          stroke: css(HUES[name]),
          "stroke-width": name === chosen ? 3 : 1.4,
          "stroke-dasharray": DASHES[name],
          opacity: name === chosen ? 1 : 0.8,
          "data-curve": name,
        }),
        say("{name}: area {area}, {verdict}", {
          name: NAMES[name],
          area: num(of.curves[name].area, 3),
          verdict: VERDICTS[of.curves[name].verdict],
        }),
      ),
    ),
    counts.map((k, i) =>
      i % every ? null : label(X(k), bottom + 16, k, { anchor: "middle", mono: true, fill: "ink3" }),
    ),
    label((left + right) / 2, bottom + 33, COUNTED[side], { anchor: "middle", fill: "ink3" }),
  ];
}

/** @param {number} w */
const phoneWide = (w) => w < 620;
/** @param {number} w */
const rowOf = (w) => (phoneWide(w) ? 42 : 26); // on a phone an explainer's numbers stand below its name
/** @type {Record<Verdict, string>} */
const VERDICTS = {
  "better than random": say("better than random"),
  "like random": say("like random"),
  "worse than random": say("worse than random"),
  "too few tokens": say("too few tokens"),
};
/** @type {Record<Verdict, string>} */
const SHORTLY = {
  "better than random": say("better"),
  "like random": say("like random"),
  "worse than random": say("worse"),
  "too few tokens": say("too few"),
};
/** @param {Curve} one @param {string} like */
const verdictInk = (one, like) => ({
  fill: one.verdict === "better than random" ? "v-ink" : one.verdict === "worse than random" ? "k-ink" : like,
  weight: one.verdict === "better than random" ? 600 : 400,
});

/**
 * A row an explainer: both areas, how likely random orders are as good (p, corrected for all tests), and the verdicts.
 * @param {Stage} g @param {Compared} data @param {Name} chosen @param {Box} box
 */
function areas(g, data, chosen, { x, y, w }) {
  const phone = phoneWide(w);
  const [first, second] = [x + 26, x + 26 + (w - 26) / 2];
  /** @param {number} share */
  const at = (share) => x + share * w;
  const { deletion, insertion } = data.judged;
  /** @param {number} px @param {number} py @param {Curve} one */
  const numbers = (px, py, one) => [
    label(px, py, num(one.area, 2), { mono: true, fill: "ink" }),
    label(px + 58, py, SHORTLY[one.verdict], verdictInk(one, "ink2")),
  ];
  const heads = phone
    ? [
        { name: say("taken away"), px: first },
        { name: say("put back"), px: second },
      ]
    : [
        { name: say("Area, taken away"), px: at(0.36) },
        { name: say("p, corrected"), px: at(0.5) },
        { name: say("Area, put back"), px: at(0.66) },
        { name: say("p, corrected"), px: at(0.8) },
        { name: say("taken away / put back"), px: x + w },
      ];
  return [
    heads.map(({ name, px }) => label(px, y, name, { fill: "ink3", anchor: phone ? "start" : "end" })),
    data.explainers.map(({ name }, i) => {
      const top = y + 7 + rowOf(w) * i;
      const py = top + 17;
      const [gone, back] = [deletion.curves[name], insertion.curves[name]];
      return h(
        "g",
        { class: "gb-hot", "data-row": i, click: () => choose(g, data, i) },
        h("rect", {
          x,
          y: top,
          width: w,
          height: rowOf(w),
          fill: css(name === chosen ? "accent-soft" : "bg"),
          rx: 4,
        }),
        h("path", {
          d: `M${x + 4},${py - 4}h${phone ? 18 : 26}`,
          stroke: css(HUES[name]),
          "stroke-width": name === chosen ? 3 : 2,
          "stroke-dasharray": DASHES[name],
        }),
        label(x + (phone ? 26 : 38), py, fit(SHORT[name], phone ? w - 30 : 220, 12, false), {
          fill: "ink",
          weight: name === chosen ? 600 : 400,
        }),
        phone
          ? [numbers(first, py + 17, gone), numbers(second, py + 17, back)]
          : [
              label(at(0.36), py, num(gone.area, 3), { anchor: "end", mono: true, fill: "ink" }),
              label(at(0.5), py, num(gone.corrected, 3), { anchor: "end", mono: true, fill: "ink2" }),
              label(at(0.66), py, num(back.area, 3), { anchor: "end", mono: true, fill: "ink" }),
              label(at(0.8), py, num(back.corrected, 3), { anchor: "end", mono: true, fill: "ink2" }),
              label(x + w, py, `${SHORTLY[gone.verdict]} / ${SHORTLY[back.verdict]}`, {
                anchor: "end",
                ...verdictInk(gone, "ink2"),
              }),
            ],
      );
    }),
  ];
}
/** @param {Compared} data */
const noteSaid = (data) =>
  say(
    "Random orders: {gone} taken away, {back} put back, on average of {orders}. A verdict is passed at p ≤ {level}, corrected for {tests}. Lower is better where tokens go, higher where they come back. A gone token is replaced by {blank}: a text the model never read, so part of a fall is the hole itself.",
    {
      gone: num(data.judged.deletion.area, 3),
      back: num(data.judged.insertion.area, 3),
      orders: data.judged.orders,
      level: num(data.judged.level, 2),
      tests: counted(2 * data.explainers.length, "test"),
      blank: blankSaid(data),
    },
  );
/** @param {Data} data */
const blankSaid = (data) =>
  data.blank === "token" ? say("the vector of {token}", { token: visible(data.blankWord) }) : data.blankWord;

// ---------------------------------------------------------------- probes

const PROBE = 250;
const [RIGHT, TASK, CONTROL] = [say("share right:"), say("task"), say("control")];

/** @param {Stage} g @param {Data} data @param {Box} box */
function drawProbes(g, data, { x, y, w }) {
  const { probe } = data;
  const wide = isDesk(w);
  const each = wide ? Math.round(w * 0.56) : w;
  const about = inLines(
    say(
      "{words} Toyland knows. The control: every kind of word gets one of the two labels by lot, so only the word’s identity can tell it (Hewitt & Liang 2019).",
      { words: probe.words },
    ),
    w,
  );
  g.part("probe head", [w, y], () => [
    h("path", { d: `M${x},${y - 18}H${x + w}`, stroke: css("line") }),
    label(
      x,
      y + 14,
      w < 620
        ? say("What a probe reads at each depth")
        : say("What a probe reads in the stream, and what it would read anyway"),
      { size: 14, weight: 600, fill: "ink" },
    ),
    about.map((line, i) => label(x, y + 35 + 16 * i, line, { fill: "ink3" })),
  ]);
  const top = y + 46 + 16 * about.length;
  g.part("probe", [w, y], () => probeChart(g, probe, { x, y: top, w: each }));
  const side = wide ? { x: x + each + 40, y: top, w: w - each - 40 } : { x, y: top + PROBE + 12, w };
  const said = probeSaid(data).flatMap((text) => [...inLines(text, side.w), ""]);
  g.part("probe said", [w, y], () =>
    said.map((line, i) => label(side.x, side.y + 22 + 16 * i, line, { fill: "ink2" })),
  );
  return Math.max(top + PROBE, side.y + 26 + 16 * said.length);
}

/** @param {Stage} g @param {Probe} probe @param {Box} box */
function probeChart(g, probe, { x, y, w }) {
  const [left, right, top, bottom] = [x + 38, x + w - 8, y + 12, y + PROBE - 46];
  const low = Math.min(-0.1, ...probe.layers.map((one) => one.selectivity[1]));
  /** @param {number} v */
  const Y = (v) => bottom - ((bottom - top) * (v - low)) / (1 - low);
  /** @param {number} d */
  const X = (d) => left + 24 + ((right - left - 48) * d) / Math.max(1, probe.depth - 1);
  /** @param {"task" | "control"} name */
  const line = (name) =>
    probe.layers
      .map((one, i) => `${i ? "L" : "M"}${X(one.depth).toFixed(1)},${Y(one[name][0]).toFixed(1)}`)
      .join("");
  /** @param {Layer} one @param {"task" | "control"} name @param {number} move */
  const whisker = (one, name, move) =>
    h("path", {
      d: `M${X(one.depth) + move},${Y(one[name][1])}V${Y(one[name][2])}`,
      stroke: css({ task: "v-ink", control: "ink3" }[name]),
      "stroke-width": 1.5,
    });
  const key = [Math.max(74, measure(RIGHT, 12, false) + 8)]; // where the words of the legend begin
  key.push(Math.max(key[0] + 32, key[0] + measure(TASK, 12, false) * 1.08 + 7));
  key.push(Math.max(key[1] + 50, key[1] + measure(CONTROL, 12, false) * 1.08 + 7));
  return [
    [0, 0.25, 0.5, 0.75, 1].map((t) => [
      h("path", {
        d: `M${left},${Y(t)}H${right}`,
        stroke: css(t === 0 ? "ink3" : "line"),
        "stroke-dasharray": t === 0.5 ? "3 3" : null,
      }),
      label(left - 6, Y(t) + 4, num(t, 2), { anchor: "end", mono: true, fill: "ink3" }),
    ]),
    Array.from({ length: probe.depth }, (_, d) =>
      probe.depth > 14 && d % 2
        ? null
        : label(X(d), bottom + 16, d ? `L${d - 1}` : "embed", { anchor: "middle", mono: true, fill: "ink3" }),
    ),
    probe.layers.map((one) => {
      const [value, from, to] = one.selectivity;
      const sure = from > 0 || to < 0;
      return g.tip(
        h(
          "g",
          {},
          h("rect", {
            x: X(one.depth) - 9,
            y: Y(Math.max(0, value)),
            width: 18,
            height: Math.max(1, Math.abs(Y(value) - Y(0))),
            fill: css(value < 0 ? "neg" : "pos"),
            opacity: sure ? 0.75 : 0.3,
          }),
          h("path", {
            d: `M${X(one.depth)},${Y(from)}V${Y(to)}M${X(one.depth) - 4},${Y(from)}h8M${X(one.depth) - 4},${Y(to)}h8`,
            stroke: css("ink"),
            "stroke-width": 1.3,
          }),
        ),
        say("{depth}: task {task}, control {control}\nselectivity {value}, from {from} to {to}", {
          depth: one.depth ? say("after block {block}", { block: one.depth - 1 }) : say("the embedding"),
          task: num(one.task[0], 3),
          control: num(one.control[0], 3),
          value: num(value, 3),
          from: num(from, 3),
          to: num(to, 3),
        }),
      );
    }),
    probe.layers.map((one) => [whisker(one, "task", -12), whisker(one, "control", 12)]),
    probe.layers.length > 1 && [
      h("path", { d: line("task"), fill: "none", stroke: css("v"), "stroke-width": 2.2 }),
      h("path", {
        d: line("control"),
        fill: "none",
        stroke: css("ink3"),
        "stroke-width": 1.8,
        "stroke-dasharray": "5 3",
      }),
    ],
    label(left, bottom + 34, RIGHT, { fill: "ink3" }),
    label(left + key[0], bottom + 34, TASK, { fill: "v-ink", weight: 600 }),
    label(left + key[1], bottom + 34, CONTROL, { fill: "ink3", weight: 600 }),
    label(left + key[2], bottom + 34, say("bars: selectivity, 95 %"), { fill: "pos" }),
    !probe.layers.length &&
      label(
        (left + right) / 2,
        (top + bottom) / 2,
        probe.why ? say("nothing to measure") : say("not measured yet: the button below does it"),
        { anchor: "middle", fill: "ink2" },
      ),
  ];
}

/** What the numbers say, in sentences. @param {Data} data */
function probeSaid(data) {
  const { probe } = data;
  const labels = say(
    "The two answers: “{first}” and “{second}”, equally often, so that a guess is right half the time.",
    { first: probe.labels[0], second: probe.labels[1] },
  );
  if (probe.why) return [labels, say("Nothing to probe here: {why}.", { why: probe.why })];
  if (!probe.layers.length)
    return [
      labels,
      say("Reads {stories} held-out stories of Toyland and fits a probe and three controls at each depth.", {
        stories: probe.stories,
      }),
    ];
  const best = probe.layers.reduce((a, b) => (b.task[0] > a.task[0] ? b : a));
  const clear = probe.layers.filter((one) => one.selectivity[1] > 0);
  /** @param {Layer} one */
  const where = (one) =>
    one.depth ? say("after block {block}", { block: one.depth - 1 }) : say("at the embedding");
  const first =
    best.task[1] > 0.5
      ? say("It can be read: {share} % right {where} ({low} to {high} %, {words}).", {
          share: num(100 * best.task[0], 0),
          where: where(best),
          low: num(100 * best.task[1], 0),
          high: num(100 * best.task[2], 0),
          words: counted(best.of, "word"),
        })
      : say("It cannot be read: nowhere is the probe surely better than a guess (best {share} %).", {
          share: num(100 * best.task[0], 0),
        });
  const second = clear.length
    ? say("More than the word alone would give, at 95 %: {list}.", { list: clear.map(where).join(", ") })
    : say(
        "At no depth is the task surely easier than its control: what the probe finds, it may owe to the words, not to what the model worked out.",
      );
  return [
    first,
    second,
    labels,
    say("A probe shows that something can be read, not that the model uses it."),
  ];
}

// ---------------------------------------------------------------- the picture

/** @type {View<Data, Kept>} */
const explainedView = {
  init(data, local, before) {
    const same = before && data.stamp === before.stamp;
    return {
      data,
      slopes: data.integrated && unpack(data.integrated.slopes),
      hover: same ? local.hover : null,
      ranks: data.explainers.map((one) => ranksOf(data, one)),
    };
  },

  draw(g, data, local) {
    const w = g.width;
    const wide = isDesk(w);
    let y = 0;
    if (isExplained(data)) {
      const left = wide ? w - 320 : w;
      const rows = drawTokens(g, data, local, { x: 0, y: 0, w: left });
      const way = drawWay(
        g,
        data,
        local,
        wide ? { x: left + 36, y: 0, w: w - left - 36 } : { x: 0, y: rows + 24, w },
      );
      y = drawJudged(g, data, local, { x: 0, y: Math.max(rows, way) + 40, w });
    } else {
      const said = inLines(
        data.why
          ? say("Nothing to explain here: {why}.", { why: data.why })
          : say("Not measured yet: the button above measures what each token is worth."),
        w,
      );
      g.part("none", [w], () =>
        said.map((line, i) => label(0, 16 + 17 * i, line, { fill: "ink2", size: 13 })),
      );
      y = 20 + 17 * said.length;
    }
    g.height = drawProbes(g, data, { x: 0, y: y + 36, w }) + 8;
  },

  // Keys: ← →: another explainer; ↑ ↓: another token; , .: a step of integrated gradients.
  key(event, g, data, local) {
    if (!isExplained(data)) return false;
    const at = local.sel.along ?? -1;
    const across = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    const down = { ArrowUp: -1, ArrowDown: 1 }[event.key];
    const along = { ",": -1, ".": 1 }[event.key];
    if (across) choose(g, data, chosenOf(data, local) + across);
    else if (down) {
      local.hover = clamp(
        (local.hover ?? (down > 0 ? -1 : data.tokens.length)) + down,
        0,
        data.tokens.length - 1,
      );
      g.redraw();
    } else if (along) {
      const { steps } = data.integrated;
      const now = at < 0 || at >= steps ? steps - 1 : at;
      const next = clamp(now + along, 0, steps - 1);
      g.select({ along: next === steps - 1 ? -1 : next });
    } else if (event.key === "Escape" && (local.hover !== null || at >= 0)) {
      local.hover = null;
      if (at >= 0) g.select({ along: -1 });
      else g.redraw();
    } else return false;
    return true;
  },

  describe(data, local) {
    const list = data.probe.layers
      .map((one) =>
        say("{depth} {task}, control {control}", {
          depth: one.depth ? say("after block {block}", { block: one.depth - 1 }) : say("embedding"),
          task: num(one.task[0], 2),
          control: num(one.control[0], 2),
        }),
      )
      .join("; ");
    const probe = data.probe.why
      ? say("Nothing to probe: {why}.", { why: data.probe.why })
      : list && say("Probe, {words} {list}.", { words: data.probe.words, list });
    if (!isExplained(data))
      return [data.why || say("The explanations of this large model are not measured yet."), probe]
        .filter(Boolean)
        .join(" ");
    const one = data.explainers[chosenOf(data, local)];
    const values = shownValues(data, local, one);
    const top = data.tokens
      .map((_, i) => [i, values[i]])
      .filter(([i]) => data.tokens[i].free)
      .sort((a, b) => b[1] - a[1])
      .slice(0, 3);
    const of = { token: visible(data.asked), name: NAMES[one.name] };
    return [
      data.says === "logit"
        ? say("Explained is the logit of {token}, by {name}.", of)
        : say("Explained is the probability of {token}, by {name}.", of),
      local.hover === null
        ? ""
        : `${visible(data.tokens[local.hover].text)}: ${num(values[local.hover], 3)}.`,
      say("Highest: {list}.", {
        list: top.map(([i, v]) => `${visible(data.tokens[i].text)} ${num(v, 3)}`).join(", "),
      }),
      say("The shares of integrated gradients add up to {total}, delta {delta}.", {
        total: sized(data.integrated.total),
        delta: sized(data.integrated.delta),
      }),
      isCompared(data) ? judgedSaid(data) : "",
      probe,
    ]
      .filter(Boolean)
      .join(" ");
  },

  state(data, local) {
    const one = isExplained(data) ? data.explainers[chosenOf(data, local)] : null;
    /** @param {SideOf} side */
    const areasOf = (side) =>
      Object.fromEntries(
        Object.entries(side.curves).map(([name, curve]) => [
          name,
          {
            area: curve.area,
            asGood: curve.asGood,
            corrected: curve.corrected,
            verdict: curve.verdict,
            values: curve.values,
          },
        ]),
      );
    return {
      asked: data.asked,
      says: data.says,
      blank: data.blank,
      why: data.why,
      tokens: data.tokens.map((t) => t.text),
      hover: local.hover,
      explainer: one?.name ?? null,
      shown: isExplained(data) && one ? shownValues(data, local, one) : [],
      values: Object.fromEntries(data.explainers.map((each) => [each.name, each.values])),
      along: local.sel.along ?? -1,
      integrated: data.integrated && {
        at: data.integrated.at,
        base: data.integrated.base,
        total: data.integrated.total,
        delta: data.integrated.delta,
        addsUp: data.integrated.addsUp,
        steps: data.integrated.steps,
        deltas: data.integrated.deltas,
      },
      judged: data.judged && {
        counts: data.judged.counts,
        deletion: areasOf(data.judged.deletion),
        insertion: areasOf(data.judged.insertion),
        random: { deletion: data.judged.deletion.area, insertion: data.judged.insertion.area },
      },
      probe: data.probe,
    };
  },
};

export default mount("interpretability_explainers", explainedView);
