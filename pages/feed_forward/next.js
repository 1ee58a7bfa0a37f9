// What the model then predicts at the followed token, as it is and with the neurons that are off.

import { MONO, css, h, inLines, label, num, shareBar, tokenSpans, visible } from "../../app/kit/shapes.js";
import { TOP } from "./layout.js";

export function drawNext(g, data, local, at) {
  const { x, y, w } = at.next;
  const { tokens, label: name, changed, after } = data.next;
  if (!tokens.length) {
    g.part("unsaid", [at.next], () => inLines(name, w).map((line, i) => label(x, y + (at.phone ? 16 : 12) + 16 * i, line, { fill: "ink3" })));
    return;
  }
  g.door("decoding", { left: x - 2, top: y - (at.phone ? 6 : 4) }, name, "From probabilities to text: greedy, beam, sampling");
  const top = y + (at.phone ? 48 : TOP + 6);
  g.part("next", [at.next], () => [
    after && h("text", { x: at.phone ? x + w : x, y: at.phone ? y + 16 : y + 28, "text-anchor": at.phone ? "end" : "start", "font-size": 12, fill: css("ink3") }, "after ", h("tspan", { "font-family": MONO, fill: css("ink"), direction: "ltr" }, tokenSpans(after, 66, 12))),
    tokens.map((t, i) => {
      const base = top + 47 * i;
      const moved = changed && Math.abs(t.after - t.before) >= 0.0005;
      return g.tip(h("g", {},
        h("text", { x, y: base + 4, "font-family": MONO, "font-size": 13, fill: css("ink"), direction: "ltr" }, tokenSpans(t.text, w - (changed ? 0 : 48), 13)),
        label(x + w, base + (changed ? 20 : 4), changed ? `${num(t.before, 3)} → ${num(t.after, 3)}` : num(t.after, 3), { anchor: "end", mono: true, fill: moved ? "accent" : "ink2" }),
        h("rect", { x, y: base + (changed ? 25 : 10), width: w, height: 5, rx: 2, fill: css("field") }),
        changed && shareBar(x, base + 25, w, 5, t.before, { fill: css("res"), opacity: 0.55 }),
        shareBar(x, base + (changed ? 26 : 10), w, changed ? 3 : 5, t.after, { fill: css(moved ? "accent" : "res") }),
        h("rect", { x, y: base - 10, width: w, height: 40, fill: "transparent" })),
      `${visible(t.text)}\nas it is ${num(t.before, 4)}${changed ? `\nwith neurons off ${num(t.after, 4)}` : ""}`);
    }),
  ]);
}
