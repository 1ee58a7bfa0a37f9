// Below the tree: the same model and text, seen as many draws, as a text, and as work (panels.js draws the three).

import { counted } from "../../app/kit/counts.js";
import { mount } from "../../app/kit/glass.js";
import { html, num, visible } from "../../app/kit/shapes.js";
import { FIRST, LINE, drawCache, drawEntropy, drawFill, drawSamples, stacked } from "./draws_panels.js";

const more = {
  draw(g, data) {
    const wide = g.width >= 900;
    const gap = 36;
    const w = wide ? (g.width - 2 * gap) / 3 : Math.min(g.width, 420);
    const rows = (n, line = LINE) => FIRST + n * line + 70;
    const tall = [rows(data.samples.texts.length, stacked(data, w) ? 2 * LINE - 4 : LINE), rows(data.entropy.rows.length || 4), data.fill ? 300 : data.cache.steps.length ? 396 : 160];
    const places = [0, 1, 2].map((k) => (wide ? { x: k * (w + gap), y: 0, w } : { x: 0, y: tall.slice(0, k).reduce((a, b) => a + b + 28, 0), w }));
    g.part("samples", null, () => drawSamples(g, data, places[0]));
    g.part("entropy", null, () => drawEntropy(g, data, places[1]));
    g.part("work", null, () => (data.fill ? drawFill(g, data, places[2]) : drawCache(g, data, places[2])));
    if (!data.fill && data.cache.again) {
      const below = places[2].y + (data.cache.steps.length ? 346 + 17 * 3 : 110);
      g.overlay("measure", { left: places[2].x, top: below, height: wide ? 28 : 44 },
        () => html("button", { type: "button", class: "gb-button dec-measure", click: () => g.send("measure", { at: Date.now() }) }),
        (node) => { node.textContent = data.cache.again; });
      tall[2] = Math.max(tall[2], below - places[2].y + 48);
    }
    g.height = wide ? Math.max(...tall) : places[2].y + tall[2];
  },

  describe(data) {
    const s = data.samples;
    const draws = s.texts.slice(0, 3).map((t) => `${visible(t.text)} ${num(t.frequency, 3)}, exactly ${num(t.p, 3)}`).join("; ");
    const work = data.fill ? data.fill.text : data.cache.text || data.cache.why;
    return `${counted(s.n, "draw")}: ${draws}. Entropy along the text: ${data.entropy.rows.map((r) => `${visible(r.token)} ${num(r.entropy, 1)}`).join(", ") || data.entropy.why}. ${work}`;
  },

  state(data) {
    return {
      n: data.samples.n, span: data.samples.span, texts: data.samples.texts, covered: data.samples.covered, entropy: data.entropy.rows,
      cache: data.cache?.steps ?? null, fill: data.fill,
    };
  },
};

export default mount("decoding_draws", more);
