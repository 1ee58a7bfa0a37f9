// The norm at the chosen line, taken apart: what comes in, less its mean, over its spread, times the weight.

import { counted } from "../../app/kit/counts.js";
import { pieces, say } from "../../app/kit/say.js";
import {
  MONO,
  clamp,
  css,
  fit,
  h,
  heat,
  heatImage,
  inLines,
  label,
  num,
  percent,
  tokenSpans,
  visible,
} from "../../app/kit/shapes.js";
import { KIND, chosenOf, kindOf, nameOf, normStep, numberOf, placeOf, stepNow } from "./layout.js";
import { changed, long } from "./ledger.js";

/**
 * @import { Stage } from "../../app/kit/glass.js"
 * @import { Data, Kind, Local, Part, Place, Spread } from "./figure.js"
 * @import { Layout } from "./layout.js"
 */

/** @param {Data} data @param {Place} place */
export function titleOf(data, place) {
  const name = place.name.replace(/^(encoder|decoder)\./, "");
  const norm = place.own ? KIND[place.own] : "";
  if (name === "ln_embed")
    return place.own ? say("{norm} after the embeddings", { norm }) : say("After the embeddings: no norm");
  if (name === "ln_final")
    return place.own ? say("{norm} after the last block", { norm }) : say("After the last block: no norm");
  const [, block, which] = /^blocks\.(\d+)\.ln(\d)$/.exec(name) ?? [];
  const last = !(`L${block} cross-attention` in data.places) ? "2" : "3";
  const part =
    which === "1"
      ? say("L{block} attention", { block })
      : which === last
        ? say("L{block} MLP", { block })
        : say("L{block} cross-attention", { block });
  if (!place.own) return say("Before {part}: no norm", { part });
  return data.post
    ? say("{norm} after the sum with {part}", { norm, part })
    : say("{norm} before {part}", { norm, part });
}

/**
 * The steps of the shown kind: what it is called, what stands at its right, which numbers.
 * @param {Local} local @param {Place} place @param {Kind} kind
 */
function normRows(local, place, kind) {
  const s = place[kind];
  const q = local.p(place, kind);
  const root = `√(${num(s.variance, 3)} + ε)`;
  return [
    {
      title: say("x, the stream there"),
      said: say("mean {mean}, rms {rms}", { mean: num(place.before.mean, 3), rms: num(place.before.rms, 2) }),
      values: q.x,
    },
    {
      title: s.mean !== null ? say("− mean {mean}", { mean: num(s.mean, 3) }) : say("no mean is taken off"),
      said: kind === "layer" ? say("now around 0") : say("RMSNorm only divides"),
      values: q.centred,
    },
    { title: `÷ ${num(s.scale, 3)}`, said: root, values: q.normalised },
    {
      title:
        place.bias && kind === "layer"
          ? say("× weight + bias")
          : place.gain
            ? say("× weight")
            : say("no weight"),
      said: place.gain ? say("learned, a number each") : say("this norm has none"),
      values: q.output,
    },
  ];
}

/** @param {Stage} g @param {Data} data @param {Local} local @param {Layout} at */
export function drawNorm(g, data, local, at) {
  const step = normStep(data, local);
  const { x, y, w } = at.norm;
  if (step < 0) return drawStory(g, data, local, at);
  const chosen = chosenOf(data, local);
  const place = placeOf(data, chosen);
  const kind = kindOf(data, place);
  const number = numberOf(local);
  const token = data.tokens[data.row].text;
  g.part("norm head", [place.name, kind], () => [
    label(
      x,
      y + 14,
      fit(
        kind && kind !== place.own ? say("{norm} in its place", { norm: KIND[kind] }) : titleOf(data, place),
        w,
        14,
        false,
      ),
      { size: 14, weight: 600, fill: "ink" },
    ),
    h(
      "text",
      { x, y: y + 31, "font-size": 12, fill: css("ink3") },
      kind && kind !== place.own
        ? fit(titleOf(data, place), w, 12, false)
        : pieces(say("of {token}: {numbers}, ε = {eps}"), {
            token: h("tspan", { "font-family": MONO, direction: "ltr" }, tokenSpans(token, 90, 12)),
            numbers: counted(data.width, "number"),
            eps: eps(place.eps),
          }),
    ),
  ]);
  if (!kind) {
    g.part("norm none", [place.name], () =>
      inLines(
        say(
          "These numbers go on as they are: mean {mean}, rms {rms}. Choose LayerNorm or RMSNorm below to see what it would make of them.",
          { mean: num(place.before.mean, 3), rms: num(place.before.rms, 3) },
        ),
        w,
      ).map((line, i) => label(x, y + 60 + 17 * i, line, { fill: "ink2" })),
    );
    g.part("histograms", [place.name], () =>
      drawSpread(g, { x, y: y + 150, w, h: 84 }, say("as they are"), place.before, "res"),
    );
    return;
  }
  const rows = normRows(local, place, kind).slice(0, step + 1);
  const pitch = 45;
  const cell = w / local.cols;
  g.part("norm rows", [place.name, kind, step], () =>
    rows.map((row, i) => {
      const top = y + 44 + i * pitch;
      const sizes = Array.from(row.values, Math.abs).sort((a, b) => a - b);
      const strong = sizes[Math.floor(sizes.length * 0.97)] || 1e-30;
      const spot = (/** @type {MouseEvent} */ event) => {
        const box = /** @type {Element} */ (event.currentTarget).getBoundingClientRect();
        return clamp(Math.floor(((event.clientX - box.left) / box.width) * local.cols), 0, local.cols - 1);
      };
      return [
        label(x, top + 12, row.title, { fill: "ink", weight: 600 }),
        label(x + w, top + 12, row.said, { anchor: "end", fill: "ink2" }),
        heatImage(
          x,
          top + 18,
          w,
          16,
          heat(row.values, 1, local.cols, (v) => g.signedRgb(v, strong)),
        ),
        g.tip(
          h("rect", {
            class: "gb-hot",
            x,
            y: top + 17,
            width: w,
            height: 18,
            fill: "transparent",
            click: (event) => g.select({ number: spot(event) }),
          }),
          (event) =>
            say("number {number}: {value}", { number: spot(event), value: num(row.values[spot(event)], 4) }),
        ),
      ];
    }),
  );
  g.part("norm number", [place.name, kind, step, number], () => [
    rows.map((_, i) =>
      h("rect", {
        x: x + number * cell - 1,
        y: y + 60 + i * pitch,
        width: Math.max(3, cell) + 1.5,
        height: 20,
        rx: 2,
        fill: "none",
        stroke: css("accent"),
        "stroke-width": 1.5,
      }),
    ),
    writtenOut(local, place, kind, number, Math.min(step, 3)).map((line, i) =>
      label(x, y + 44 + 4 * pitch + 14 + 17 * i, line, { mono: true, fill: i ? "accent" : "ink" }),
    ),
  ]);
  if (step < 3) return;
  const half = (w - 20) / 2;
  g.part("histograms", [place.name, kind], () => [
    drawSpread(g, { x, y: y + 266, w: half, h: 84 }, say("before"), place.before, "res"),
    drawSpread(
      g,
      { x: x + half + 20, y: y + 266, w: half, h: 84 },
      say("after"),
      place[kind].after,
      "accent",
    ),
  ]);
  if (step > 3)
    g.part("against", [place.name, kind], () =>
      inLines(against(place), w).map((line, i) => label(x, y + 384 + 16 * i, line, { fill: "ink2" })),
    );
}

/**
 * One number's way through, in digits.
 * @param {Local} local @param {Place} place @param {Kind} kind @param {number} i @param {number} step
 */
function writtenOut(local, place, kind, i, step) {
  const q = local.p(place, kind);
  const s = place[kind];
  const x = num(q.x[i], 3);
  const mean = s.mean === null ? "" : s.mean < 0 ? `(${num(s.mean, 3)})` : num(s.mean, 3); // RMSNorm takes none off
  const off = kind === "layer" ? (step >= 1 ? `(${x} − ${mean})` : x) : x;
  const named = (/** @type {string} */ value) => say("number {number}: {value}", { number: i, value });
  const lines = [named(step >= 2 ? `${off} ÷ ${num(s.scale, 3)}` : off)];
  if (step === 0) return [named(x)];
  if (step === 1) return [named(kind === "layer" ? `${x} − ${mean}` : x), `= ${num(q.centred[i], 3)}`];
  if (step === 2) return [...lines, `= ${num(q.normalised[i], 3)}`];
  const weight = q.gain ? ` × ${num(q.gain[i], 3)}` : "";
  const bias =
    q.bias && kind === "layer" ? ` + ${q.bias[i] < 0 ? `(${num(q.bias[i], 3)})` : num(q.bias[i], 3)}` : "";
  return [lines[0], `${weight.trim()}${bias} = ${num(q.output[i], 3)}`.trim()];
}

/**
 * What a step does: a line of the ledger written, or what the norm does to the numbers of the chosen place.
 * @param {Data} data @param {Local} local @param {number} step
 */
export function captionOf(data, local, step) {
  if (step < data.lines.length) return lineSaid(data, step);
  const place = placeOf(data, chosenOf(data, local));
  const kind = kindOf(data, place);
  const at = step - data.lines.length;
  if (at > 3) {
    return kind === "rms"
      ? say(
          "There are two usual norms, LayerNorm and RMSNorm. Here stands what LayerNorm, which takes the mean off as well, would have made of the same numbers; choose it below to see it step by step.",
        )
      : say(
          "There are two usual norms, LayerNorm and RMSNorm. Here stands what RMSNorm, which takes no mean off, would have made of the same numbers; choose it below to see it step by step.",
        );
  }
  return kind
    ? wordsOf(data, place, kind, at)
    : say(
        "No norm stands at this place: the numbers go on as they are. Choose one below to see what it would make of them.",
      );
}
/**
 * What a step of the norm does.
 * @param {Data} data @param {Place} place @param {Kind} kind @param {number} step
 */
function wordsOf(data, place, kind, step) {
  const into = !place.own
    ? ""
    : place.name.endsWith("ln_embed")
      ? say("The stream begins with this.")
      : place.name.endsWith("ln_final")
        ? say("What comes after reads this copy.")
        : data.post
          ? say("The result takes the stream’s place: what stood is rescaled.")
          : say("The part reads this copy; the stream itself is left as it is.");
  return [
    say(
      "The ledger is written. Before a part of the model reads the stream, a norm brings the numbers to one size, because how large they are hangs on the token and on the depth: here it finds them.",
    ),
    kind === "layer"
      ? say("The mean of the numbers is taken off each of them, so that they lie around 0.")
      : say(
          "RMSNorm takes no mean off the numbers; the other usual norm, LayerNorm, would: choose it below to see that.",
        ),
    say(
      "All are divided by one number, the root of the mean of their squares and a tiny ε, which only keeps off a division by 0. Every token leaves with size {size}.",
      { size: num(1 - place[kind].epsShare / 2, 2) },
    ),
    `${place.gain ? say("Each is stretched by a weight that training has set.") : say("No weight: this is the result.")} ${into}`,
  ][step];
}

/** @param {number} v */
const eps = (v) => (v >= 0.001 ? num(v, 3) : v.toFixed(Math.min(14, Math.ceil(-Math.log10(v || 1e-14)))));

/**
 * LayerNorm against RMSNorm on these numbers.
 * @param {Place} place
 */
function against(place) {
  const mean = place.layer.mean ?? 0;
  const spread = place.rms.scale || 1e-30;
  const far =
    place.alike > 0.995
      ? say("nearly the same")
      : place.alike > 0.9
        ? say("much alike")
        : say("clearly different");
  return [
    say(
      "LayerNorm takes off the mean, {mean}, which is {share} of the size, and divides by {layer}; RMSNorm divides by {rms} and no more.",
      {
        mean: num(mean, 3),
        share: percent(Math.abs(mean) / spread, 1),
        layer: num(place.layer.scale, 3),
        rms: num(place.rms.scale, 3),
      },
    ),
    say("What they make of these numbers is {far}: cosine {cosine}.", { far, cosine: num(place.alike, 4) }),
  ].join(" ");
}

/**
 * How numbers lie: bars, with the mean and a deviation to each side.
 * @param {Stage} g @param {{x: number, y: number, w: number, h: number}} box @param {string} title
 * @param {Spread} one @param {string} colour
 */
function drawSpread(g, box, title, one, colour) {
  const { x, y, w, h: tall } = box;
  const [top, bottom] = [y + 20, y + tall];
  const most = Math.max(...one.counts, 1);
  const X = (/** @type {number} */ v) => x + (w * (v + one.edge)) / (2 * one.edge);
  const wide = w / one.counts.length;
  const d = one.counts
    .map(
      (c, i) =>
        `M${(x + i * wide).toFixed(1)},${bottom}v${((-(bottom - top) * c) / most).toFixed(1)}h${Math.max(0.5, wide - 0.8).toFixed(1)}V${bottom}Z`,
    )
    .join("");
  return g.tip(
    h(
      "g",
      {},
      label(x, y + 10, title, { fill: "ink", weight: 600 }),
      label(x + w, y + 10, `rms ${num(one.rms, 2)}`, { anchor: "end", mono: true, fill: "ink2" }),
      h("path", { d, fill: css(colour), opacity: 0.85 }),
      h("path", { d: `M${x},${bottom}h${w}`, stroke: css("line") }),
      h("path", { d: `M${X(one.mean)},${top - 4}V${bottom}`, stroke: css("ink"), "stroke-width": 1.5 }),
      h("path", {
        d: `M${clamp(X(one.mean - one.deviation), x, x + w)},${bottom + 4}H${clamp(X(one.mean + one.deviation), x, x + w)}`,
        stroke: css("ink"),
        "stroke-width": 2,
      }),
      label(x, bottom + 17, num(-one.edge, 1), { mono: true, fill: "ink3" }),
      label(x + w, bottom + 17, num(one.edge, 1), { mono: true, anchor: "end", fill: "ink3" }),
      h("rect", { x, y, width: w, height: tall + 18, fill: "transparent" }),
    ),
    `${say("{title}: mean {mean}, standard deviation {deviation}, rms {rms}", { title, mean: num(one.mean, 4), deviation: num(one.deviation, 4), rms: num(one.rms, 4) })}\n${say("bar below: mean ± deviation")}`,
  );
}

/**
 * Who writes a line of the ledger, and what.
 * @param {Data} data @param {number} step
 */
function lineSaid(data, step) {
  const one = data.lines[step];
  const token = visible(data.tokens[data.row].text);
  /** @type {Partial<Record<Part, string>>} */
  const begins = {
    embedding: say(
      "A model carries each token as a row of {numbers}, the stream. That of {token} begins as its embedding, looked up in a learned table: {length} long (the root of the sum of their squares).",
      { numbers: counted(data.width, "number"), token, length: long(one.norm) },
    ),
    position: say("A row of numbers for its position is added: another line of the ledger, not a new start."),
    "token type": say("So is a row of numbers that says which sentence the token stands in."),
    "norm bias": say(
      "The norms add constant numbers of their own, their biases; together they are one line.",
    ),
  };
  const begun = begins[one.part];
  if (begun) return begun;
  const adds = { line: nameOf(one), numbers: counted(data.width, "number"), length: long(one.norm) };
  const said = data.post
    ? say("{line} reads the stream as it stands and adds {numbers} of its own, {length} long.", adds)
    : data.norms
      ? say(
          "{line} reads a copy of the stream, brought to one size by a norm, and adds {numbers} of its own, {length} long.",
          adds,
        )
      : say("{line} reads the stream and adds {numbers} of its own, {length} long.", adds);
  const does =
    one.part === "attention"
      ? say("Attention brings something from other tokens.")
      : one.part === "mlp"
        ? say("An MLP, a small network, works on this token alone.")
        : "";
  return does ? `${said} ${does}` : said;
}
/**
 * While the ledger grows: what becomes of the stream, in a few sentences.
 * @param {Stage} g @param {Data} data @param {Local} local @param {Layout} at
 */
function drawStory(g, data, local, at) {
  const { x, y, w } = at.norm;
  const step = stepNow(local);
  const one = data.lines[step];
  const before = step ? data.lines[step - 1] : null;
  const lengths = { before: long(before?.running ?? 0), after: long(one.running) };
  const way = !before
    ? ""
    : one.running > before.running * 1.005
      ? say(
          "The stream grows from {before} to {after}: shorter than the two lengths together, as they do not point the same way.",
          lengths,
        )
      : one.running < before.running * 0.995
        ? say("The stream shrinks from {before} to {after}: the new line points against what stood.", lengths)
        : say("The stream keeps its length, {after}, and turns.", lengths);
  const kept = changed(data, one)
    ? say(
        "(It was written {length} long; a norm that all rows pass has changed that. Lines are shown as they stand at the end.)",
        { length: long(one.written) },
      )
    : "";
  const nothing = !before
    ? ""
    : data.residual
      ? say("Nothing that stood before is changed.")
      : say("This model has no residual connections: what stood before is gone.");
  g.part("story", [step], () => {
    let top = y + 60;
    return [nothing, way, kept].filter(Boolean).map((text) => {
      const lines = inLines(text, w, 14);
      const out = lines.map((line, i) => label(x, top + 20 * i, line, { size: 14, fill: "ink" }));
      top += 20 * lines.length + 10;
      return out;
    });
  });
}
