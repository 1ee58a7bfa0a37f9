// The learning-rate finder: loss against rate, a step each, and what can be read off it.

import { counted } from "../../app/kit/counts.js";
import { roundTicks } from "../../app/kit/axes.js";
import { say } from "../../app/kit/say.js";
import { clamp, css, h, label, num, unpack } from "../../app/kit/shapes.js";
import { lineTo, onGround } from "./landscape.js";
import { paragraph, planFinder, set, sig } from "./layout.js";

/**
 * @import { Local, View } from "../../app/kit/glass.js"
 * @import { Packed, Point, Unpacked } from "../../app/kit/shapes.js"
 *
 * What Python sends. While nobody has searched: `name`, `low`, `high`, and 0 trials.
 * @typedef {object} Search
 * @property {string} name of the optimizer
 * @property {number} low smallest rate of the axis
 * @property {number} high largest
 * @property {number} trials steps of the search so far
 * @property {Packed} rates of each step
 * @property {Packed} losses of each step, in nats; infinite where they burst
 * @property {Packed} smooth running mean of the losses
 * @property {number | null} steepest the step at which the loss falls fastest; null: nowhere
 * @property {number} lowest the step at which it is lowest
 * @property {string} end why the search ended, in words
 *
 * @typedef {Local & {rates: Unpacked | null, losses: Unpacked, smooth: Unpacked}} Kept
 */

/** @type {View<Search, Kept>} */
export const finderFigure = {
  init(data) {
    if (!data.trials) return { rates: null };
    return { rates: unpack(data.rates), losses: unpack(data.losses), smooth: unpack(data.smooth) };
  },
  draw(g, data, local) {
    const at = planFinder(g.width);
    g.height = at.height;
    const { rates } = local;
    if (!rates) {
      // no empty chart
      g.height = at.phone ? 92 : 56;
      g.part("none", [g.width], () =>
        paragraph(
          0,
          16,
          say(
            "Nothing was searched on this text yet. The search trains a copy of the model, with a rate that grows from far too small to far too large, and watches the loss.",
          ),
          Math.min(g.width, 760),
          { fill: "ink2" },
        ),
      );
      return;
    }
    const [low, high] = [Math.log10(data.low), Math.log10(data.high)];
    const X = (/** @type {number} */ rate) =>
      at.left + ((Math.log10(rate) - low) / (high - low)) * (at.right - at.left);
    const seen = Array.from(local.losses).filter(Number.isFinite);
    const most = seen.length ? Math.min(Math.max(...seen), 1.6 * seen[0] + 0.5) : 7;
    const Y = (/** @type {number} */ loss) =>
      at.bottom - ((at.bottom - at.top) * clamp(loss, 0, most * 1.04)) / (most * 1.04);
    const unit = roundTicks(0, most, 4);
    g.part("axes", [at, most], () => [
      Array.from({ length: Math.floor(most / unit.step) + 1 }, (_, i) => i * unit.step).map((v) => [
        h("path", { d: `M${at.left},${Y(v)}H${at.right}`, stroke: css("line") }),
        label(at.left - 6, Y(v) + 4, set(v), { mono: true, anchor: "end", fill: "ink3" }),
      ]),
      Array.from({ length: Math.round(high - low) + 1 }, (_, i) => low + i).map((ten) =>
        label(X(10 ** ten), at.bottom + 18, set(10 ** ten), {
          mono: true,
          anchor: ten === low ? "start" : ten === high ? "end" : "middle",
          fill: "ink3",
        }),
      ),
      label(
        (at.left + at.right) / 2,
        at.bottom + 34,
        say("rate of {name}, a little larger at each step", { name: data.name }),
        { anchor: "middle", fill: "ink3" },
      ),
      label(0, at.top, say("loss"), { fill: "ink3" }),
    ]);
    const clip = "op-finder";
    const d = (/** @type {ArrayLike<number>} */ values) =>
      lineTo(
        Array.from(
          values,
          (v, i) => /** @type {Point} */ ([X(rates[i]), Number.isFinite(v) ? Y(v) : at.top]),
        ),
      );
    g.part("curve", [at, most], () => [
      h(
        "defs",
        {},
        h(
          "clipPath",
          { id: clip },
          h("rect", {
            x: at.left,
            y: at.top - 6,
            width: at.right - at.left + 4,
            height: at.bottom - at.top + 8,
          }),
        ),
      ),
      h(
        "g",
        { "clip-path": `url(#${clip})` },
        h("path", {
          d: d(local.losses),
          fill: "none",
          stroke: css("res"),
          "stroke-width": 1.2,
          opacity: 0.8,
        }),
        h("path", {
          d: d(Array.from(local.smooth).filter((v) => Number.isFinite(v))),
          fill: "none",
          stroke: css("ink"),
          "stroke-width": 2,
        }),
      ),
      Array.from(rates, (rate, i) =>
        g.tip(
          h("rect", { x: X(rate) - 3, y: at.top, width: 6, height: at.bottom - at.top, fill: "transparent" }),
          say("step {step}, rate {rate}\nloss {loss}, smooth {smooth}", {
            step: i + 1,
            rate: sig(rate, 3),
            loss: sig(local.losses[i]),
            smooth: sig(local.smooth[i]),
          }),
        ),
      ),
    ]);
    /** A line at a step of the search, with words beside it. @type {(i: number, colour: string, text: string, strong: boolean) => SVGElement[]} */
    const mark = (i, colour, text, strong) => [
      h("path", {
        d: `M${X(rates[i])},${at.top}V${at.bottom}`,
        stroke: css(colour),
        "stroke-width": 1.5,
        "stroke-dasharray": strong ? null : "4 3",
      }),
      h("circle", {
        cx: X(rates[i]),
        cy: Y(local.smooth[i]),
        r: 5,
        fill: css(colour),
        stroke: css("bg"),
        "stroke-width": 1.5,
      }),
      onGround(X(rates[i]) - 6, at.top + (strong ? 8 : 26), text, {
        anchor: "end",
        fill: colour,
        weight: 600,
      }),
    ];
    g.part("marks", [at, data.steepest, data.lowest], () => [
      mark(data.lowest, "ink2", say("lowest"), false),
      data.steepest !== null &&
        mark(
          data.steepest,
          "accent",
          say("falls fastest: {rate}", { rate: sig(rates[data.steepest], 2) }),
          true,
        ),
    ]);
    g.part("words", [at, data.steepest, data.end], () => {
      const { x, y, w } = at.words;
      const said =
        data.steepest === null
          ? say("The loss never fell: no rate helps here.")
          : say(
              "Begin near {rate}: there the loss falls fastest. At {far} it was lowest, which is already too far: there it no longer falls.",
              { rate: sig(rates[data.steepest], 2), far: sig(rates[data.lowest], 2) },
            );
      const first = paragraph(x, y + 14, said, w, { fill: "ink", size: 14, line: 20 });
      return [
        first,
        paragraph(
          x,
          y + 14 + first.length * 20 + 6,
          `${data.end} ${say("A real search reads new text at each step.")}`.trim(),
          w,
          { fill: "ink2" },
        ),
        paragraph(
          x,
          y + 14 + first.length * 20 + 76,
          say("grey: the loss of each step; black: its running mean"),
          w,
          { fill: "ink3" },
        ),
      ];
    });
  },
  describe(data, local) {
    if (!local.rates)
      return say("Learning-rate finder for {name}: nothing was searched yet.", { name: data.name });
    const seen = {
      name: data.name,
      steps: counted(data.trials, "step"),
      first: num(local.losses[0], 3),
      lowest: num(local.smooth[data.lowest], 3),
      there: sig(local.rates[data.lowest], 3),
    };
    const said =
      data.steepest === null
        ? say(
            "Learning-rate finder for {name}: {steps}, loss {first} at first; it never fell; lowest {lowest} at rate {there}.",
            seen,
          )
        : say(
            "Learning-rate finder for {name}: {steps}, loss {first} at first; it fell fastest at rate {rate}; lowest {lowest} at rate {there}.",
            { ...seen, rate: sig(local.rates[data.steepest], 3) },
          );
    return `${said} ${data.end}`;
  },
  state(data, local) {
    return {
      name: data.name,
      trials: data.trials,
      rates: local.rates ? Array.from(local.rates) : [],
      losses: local.rates ? Array.from(local.losses) : [],
      steepest: data.steepest ?? null,
      lowest: data.lowest ?? null,
    };
  },
};
