// The length of the residual stream: a bar before the first block, and one after each.

import { mount } from "../../app/kit/glass.js";
import { say } from "../../app/kit/say.js";
import { clamp, css, h, label, num } from "../../app/kit/shapes.js";

/** @typedef {{lengths: number[], names: string[]}} Data  mean L2 norm of a token's stream, and where */

const ROW = 24;
const BARS = 110; // where the bars begin
const NUMBERS = 60; // room for a number behind the longest bar

/** @type {import("../../app/kit/glass.js").View<Data>} */
const view = {
  draw(g, data, local) {
    const longest = Math.max(...data.lengths);
    const room = g.width - BARS - NUMBERS;
    g.height = ROW * data.lengths.length;
    g.part("bars", local.sel.block, () =>
      data.lengths.map((length, depth) => {
        const y = ROW * depth;
        const width = room * (length / longest);
        const weight = depth - 1 === local.sel.block ? 700 : null;
        return h(
          "g",
          { onclick: () => depth && g.select({ block: depth - 1 }) },
          label(0, y + 16, data.names[depth], { fill: "ink2", weight }),
          h("rect", { x: BARS, y: y + 4, width, height: 16, fill: css("res") }),
          label(BARS + width + 6, y + 16, num(length, 1), { fill: "ink", weight }),
        );
      }),
    );
  },
  key(event, g, data, local) {
    const step = { ArrowUp: -1, ArrowDown: 1 }[event.key];
    if (step) g.select({ block: clamp(local.sel.block + step, 0, data.lengths.length - 2) });
    return Boolean(step);
  },
  describe: (data) =>
    say("Length of the stream: {lengths}.", {
      lengths: data.lengths.map((length, depth) => `${data.names[depth]} ${num(length, 1)}`).join(", "),
    }),
  state: (data, local) => ({ lengths: data.lengths, block: local.sel.block }),
};

export default mount("my_page", view);
