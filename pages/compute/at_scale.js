// Formula beside measurement on this machine; a training's hours and energy; what was published of each preset.

import { counted } from "../../app/kit/counts.js";
import { mount } from "../../app/kit/glass.js";
import { say } from "../../app/kit/say.js";
import { css, fit, h, inLines, label, num, thousands } from "../../app/kit/shapes.js";
import { siOf, sizeOf, timeOf } from "../../app/kit/units.js";
import { isPhone } from "../../app/kit/widths.js";

/**
 * @import { View } from "../../app/kit/glass.js"
 * @import { Shapes } from "../../app/kit/shapes.js"
 *
 * What at_scale.py sends. Operations are FLOP, rates a second.
 * @typedef {object} Data
 * @property {string} name of the configuration
 * @property {boolean} own whether it is the open model as it is, which can be measured
 * @property {boolean} resized
 * @property {[batch: number, length: number] | null} at the texts that are measured
 * @property {Row[]} rows
 * @property {{peak?: number, bandwidth?: number}} machine as measured
 * @property {Training} training
 * @property {Published[]} published
 *
 * A formula and its measurement (null: not measured; `why`: it cannot be), in bytes, or in seconds: then `formula` is the least
 * that this machine's roof allows (null: not measured), for so many operations and bytes.
 * @typedef {{name: string, measured: number | null, why: string} & ({kind: "bytes", formula: number} | {kind: "seconds", formula: number | null, flops: number, bytes: number, rate: number | null, roof: number | null})} Row
 */
/**
 * A training on so many tokens. reached: the share of a card's peak; roof: the share that is possible with `batch` texts at once,
 * and how many are enough for `reached` (null: no number is).
 * @typedef {object} Training
 * @property {{share: number, batch: number, enough: number | null}} roof
 * @property {number} tokens
 * @property {"yours" | "card" | "published" | "never" | "unpublished" | "unknown"} whose number that is
 * @property {boolean} writes whether the model has a decoder beside its encoder
 * @property {number} length of a text, in tokens
 * @property {number} flops
 * @property {number} seconds
 * @property {number} hours of all cards together
 * @property {number} energy kilowatt hours
 * @property {number} devices
 * @property {number} watts
 * @property {number} peak
 * @property {number} reached
 * @property {string} card
 * @property {Card[]} cards
 * @property {{tokens: number, hours: number | null, device: string, where: string, reached: number | null} | null} published
 *
 * A card by its maker, and the hours that one of them alone would train.
 * @typedef {{name: string, year: number, peak: number, memory: number, bandwidth: number, watts: number, source: string, chosen: boolean, hours: number}} Card
 *
 * Weights of a preset, counted here and as published; difference: of our count from theirs, as a share.
 * @typedef {{key: string, name: string, ours: number, published: number, agrees: boolean, said: string, where: string, note: string, difference: number}} Published
 *
 * @typedef {{x: number, y: number, w: number}} Box
 */

/** @type {Record<string, string>} */
const NAMES = {
  weights: say("Weights"),
  gradients: say("Gradients"),
  optimizer: say("AdamW’s moments"),
  activations: say("Kept activations"),
  prefill: say("Reading the text"),
  decode: say("Writing a token"),
  step: say("A training step"),
};
const EQUAL = say("equal");
/** 2 trillion, 175 billion, 117 million. @param {number} n */
function inWords(n) {
  /** @param {number} each */
  const short = (each) => String(Number((n / each).toFixed(2)));
  if (n >= 1e12) return say("{count} trillion", { count: short(1e12) });
  if (n >= 1e9) return say("{count} billion", { count: short(1e9) });
  return n >= 1e6 ? say("{count} million", { count: short(1e6) }) : thousands(n);
}
/** @type {(x: number, y: number, title: string, about: string) => Shapes} */
const head = (x, y, title, about) => [
  label(x, y + 14, title, { weight: 600, fill: "ink", size: 14 }),
  label(x, y + 32, about, { fill: "ink3" }),
];

/** Formula beside measurement on this machine. @type {(data: Data, box: Box) => Shapes} */
function drawMeasured(data, { x, y, w }) {
  const { at, machine: here } = data;
  if (!data.own || !at)
    return [
      head(x, y, say("Formula and measurement"), ""),
      inLines(
        data.resized
          ? say(
              "A model of these sizes is not built here, so nothing of it is measured. Its formulas are the same ones that can be held against measurements of the open model.",
            )
          : say(
              "A published configuration is not built here, so nothing of it is measured. Its formulas are the same ones that can be held against measurements of the open model.",
            ),
        w,
      ).map((line, i) => label(x, y + 34 + 17 * i, line, { fill: "ink2" })),
    ];
  const known = data.rows.some((row) => row.measured !== null);
  const bytes = (/** @type {number} */ n) => (w < 480 && n >= 1e8 ? siOf(n, "B") : thousands(n)); // all digits of so many do not fit a phone
  const columns = [x + w * 0.5, x + w * 0.72, x + w];
  const sub = say("{name}, float32, {texts} of {tokens}", {
    name: data.name,
    texts: counted(at[0], "text"),
    tokens: counted(at[1], "token"),
  });
  const machine =
    here.peak && here.bandwidth
      ? [
          say("This machine: {peak} in a product of two matrices, {bandwidth} in copying.", {
            peak: siOf(here.peak, "FLOP/s"),
            bandwidth: siOf(here.bandwidth, "B/s"),
          }),
        ]
      : [say("Not measured yet: the button above times the passes here and asks autograd what it keeps.")];
  return [
    head(x, y, say("Formula and measurement"), fit(sub, w, 12, false)),
    [say("Formula"), known ? say("Measured") : "", known ? say("The two") : ""].map((title, i) =>
      label(columns[i], y + 56, title, { anchor: "end", fill: "ink3" }),
    ),
    data.rows.map((row, i) => {
      const mid = y + 78 + 24 * i;
      const ratio = row.measured !== null && row.formula ? row.measured / row.formula : null;
      const said =
        row.kind === "bytes"
          ? ratio === null
            ? ""
            : row.measured === row.formula
              ? EQUAL
              : `× ${num(ratio, 4)}`
          : row.rate
            ? siOf(row.rate, "FLOP/s")
            : "";
      const formula =
        row.kind === "bytes"
          ? bytes(row.formula)
          : row.formula
            ? `≥ ${timeOf(row.formula)}`
            : siOf(row.flops, "FLOP");
      const found =
        row.measured === null
          ? row.why
            ? say("not here")
            : "–"
          : row.kind === "bytes"
            ? bytes(row.measured)
            : timeOf(row.measured);
      return h(
        "g",
        { "data-measure": row.name },
        label(x, mid, NAMES[row.name], { fill: "ink" }),
        [formula, known || row.why ? found : "", said].map((text, k) =>
          label(columns[k], mid, text, {
            anchor: "end",
            mono: true,
            fill: said === EQUAL && k === 2 ? "pos" : "ink2",
          }),
        ),
      );
    }),
    [...machine, ...new Set(data.rows.map((row) => row.why).filter(Boolean))]
      .flatMap((line) => inLines(line, w))
      .map((line, i) => label(x, y + 84 + 24 * data.rows.length + 17 * i, line, { fill: "ink2" })),
  ];
}

/** Where the number of tokens is from. @type {Record<string, string>} */
const WHOSE = {
  yours: say("The number of tokens is yours."),
  card: say("So many tokens did it read, by its card."),
  never: say("Nobody trained a model of these sizes: 20 tokens for each weight, unless you say how many."),
  unpublished: say("How many tokens it read was not published: 20 for each weight, unless you say how many."),
  unknown: say("Its card does not say how many tokens it read: 20 for each weight, unless you say how many."),
};

/** What a training comes to, in lines. @type {(data: Data, w: number) => string[]} */
function trainingLines(data, w) {
  const t = data.training;
  const lines = [
    say("{operations} at {reached} % of {peak} on {devices} × {card}: {time}, {energy}.", {
      operations: siOf(t.flops, "FLOP"),
      reached: num(100 * t.reached, 0),
      peak: siOf(t.peak, "FLOP/s"),
      devices: thousands(t.devices),
      card: t.card,
      time: timeOf(t.seconds),
      energy: siOf(t.energy * 1000, "Wh"),
    }),
  ];
  if (t.reached > t.roof.share * 1.0001) {
    const values = {
      share: num(100 * t.roof.share, t.roof.share < 0.1 ? 1 : 0),
      texts: counted(t.roof.batch, "text"),
      reached: num(100 * t.reached, 0),
      enough: t.roof.enough === null ? "" : thousands(t.roof.enough),
    };
    lines.push(
      t.roof.enough === null
        ? say(
            "The roofline allows {share} % with {texts} at once; {reached} % are beyond it with any number of them.",
            values,
          )
        : say(
            "The roofline allows {share} % with {texts} at once; {reached} % take {enough} or more.",
            values,
          ),
    );
  }
  if (t.published) {
    const told = { tokens: inWords(t.published.tokens), where: t.published.where };
    lines.push(
      t.published.hours
        ? say("Published: {tokens} tokens, {hours} hours of {device} ({where}).", {
            ...told,
            hours: thousands(t.published.hours),
            device: t.published.device,
          })
        : say("Published: {tokens} tokens ({where}).", told),
    );
    if (t.published.reached)
      lines.push(
        say("So that training reached {reached} % of the peak, waiting and repairs counted.", {
          reached: num(100 * t.published.reached, 1),
        }),
      );
  }
  if (WHOSE[t.whose]) lines.push(WHOSE[t.whose]);
  if (t.writes)
    lines.push(
      say(
        "Counted as if it wrote as many tokens as it reads. A training on hidden spans, as T5’s own, writes fewer: about 114 for 512.",
      ),
    );
  return lines.flatMap((line) => inLines(line, w));
}
/** A training's hours and energy. @type {(data: Data, box: Box) => Shapes} */
function drawTraining(data, { x, y, w }) {
  const t = data.training;
  return [
    head(
      x,
      y,
      say("A training, by hours and energy"),
      fit(
        say("3 passes for each of {tokens} tokens, in texts of {length}", {
          tokens: inWords(t.tokens),
          length: thousands(t.length),
        }),
        w,
        12,
        false,
      ),
    ),
    trainingLines(data, w).map((line, i) => label(x, y + 56 + 17 * i, line, { fill: "ink2" })),
  ];
}

/** The height of a card's row. @param {boolean} phone */
const cardTall = (phone) => (phone ? 40 : 22);
/** What each card can do by its maker, and how long one of them alone would train. @type {(data: Data, box: Box, phone: boolean) => Shapes} */
function drawCards(data, { x, y, w }, phone) {
  const t = data.training;
  const most = Math.max(...t.cards.map((card) => card.hours));
  /** @type {[title: string, at: number][]} */
  const columns = phone
    ? []
    : [
        [say("Peak"), 190],
        [say("Memory"), 258],
        [say("Bandwidth"), 344],
        [say("Power"), 400],
      ];
  const bar = phone ? { from: x + 118, room: w - 118 - 180 } : { from: x + 424, room: 120 };
  const [time, energy] = phone ? [x + w - 82, x + w] : [x + 650, x + 736];
  return [
    head(
      x,
      y,
      say("One card alone, at that share of its peak"),
      fit(
        say(
          "peaks of products in what the model is trained in, dense, as published; cards at full power and nothing else counted",
        ),
        w,
        12,
        false,
      ),
    ),
    columns.map(([title, at]) => label(x + at, y + 56, title, { anchor: "end", fill: "ink3" })),
    !phone && [
      label(bar.from, y + 56, say("Time"), { fill: "ink3" }),
      label(energy, y + 56, say("Energy"), { anchor: "end", fill: "ink3" }),
      label(x + 760, y + 56, say("Source"), { fill: "ink3" }),
    ],
    t.cards.map((card, i) => {
      const mid = y + (phone ? 58 : 78) + cardTall(phone) * i;
      const facts = [
        siOf(card.peak),
        sizeOf(card.memory).replace(".0", ""),
        siOf(card.bandwidth, "B/s"),
        `${card.watts} W`,
      ];
      return h(
        "g",
        { "data-card": card.name },
        label(x, mid, card.name, { fill: card.chosen ? "accent" : "ink", weight: card.chosen ? 600 : 400 }),
        columns.map(([, at], k) => label(x + at, mid, facts[k], { anchor: "end", mono: true, fill: "ink2" })),
        h("rect", {
          x: bar.from,
          y: mid - 9,
          width: Math.max(1, (bar.room * card.hours) / most),
          height: 10,
          rx: 2,
          fill: css(card.chosen ? "accent" : "res"),
        }),
        label(time, mid, timeOf(card.hours * 3600), { anchor: "end", mono: true, fill: "ink2" }),
        label(energy, mid, siOf(card.hours * card.watts, "Wh"), { anchor: "end", mono: true, fill: "ink2" }),
        phone
          ? label(x, mid + 16, fit(facts.join(", "), w, 12, false), { fill: "ink3" })
          : label(x + 760, mid, fit(card.source, w - 760, 12, false), { fill: "ink3" }),
      );
    }),
  ];
}

/** Every row of the table of presets: its lines of words, and where it stands. @type {(data: Data, w: number, phone: boolean) => {one: Published, words: string[], at: number, end: number}[]} */
function publishedRows(data, w, phone) {
  let y = 58;
  return data.published.map((one) => {
    const off = Math.abs(100 * one.difference);
    const same = one.agrees
      ? say("the same, rounded")
      : one.difference > 0
        ? say("{off} % more than was said", { off: num(off, 1) })
        : say("{off} % less than was said", { off: num(off, 1) });
    const words = inLines(
      `${phone ? `${one.where}: ` : ""}${one.note ? `${same}. ${one.note}` : same}`,
      phone ? w : w - 600,
    );
    const at = y;
    y += phone ? 34 + 16 * words.length : 8 + 16 * words.length;
    return { one, words, at, end: y };
  });
}
/** Weights of every preset, counted and as published. @type {(data: Data, box: Box, phone: boolean) => Shapes} */
function drawPublished(data, { x, y, w }, phone) {
  const columns = phone ? [x, x + w * 0.68, x + w] : [x, x + 246, x + 350, x + 376, x + 600];
  return [
    head(
      x,
      y,
      say("Every preset, counted and as published"),
      fit(say("shared weights once; a published count is rounded as its authors rounded it"), w, 12, false),
    ),
    publishedRows(data, w, phone).map(({ one, words, at }) => {
      const mid = y + at;
      return h(
        "g",
        { "data-published": one.key },
        label(columns[0], mid, one.name, { fill: "ink", weight: 500 }),
        label(columns[1], mid, thousands(one.ours), { anchor: "end", mono: true, fill: "ink" }),
        label(columns[2], mid, one.said, { anchor: "end", fill: "ink2" }),
        !phone && label(columns[3], mid, fit(one.where, 216, 12, false), { fill: "ink3" }),
        words.map((line, i) =>
          label(phone ? x : columns[4], mid + (phone ? 17 : 0) + 16 * i, line, {
            fill: one.agrees ? "pos" : "ink2",
          }),
        ),
      );
    }),
  ];
}

/** @type {View<Data>} */
const atScale = {
  draw(g, data) {
    const phone = isPhone(g.width);
    const half = phone ? g.width : (g.width - 48) / 2;
    const first = data.own ? 100 + 24 * data.rows.length + 17 * (phone ? 5 : 3) : 60 + 17 * (phone ? 5 : 3);
    const second = 76 + 17 * trainingLines(data, half).length;
    g.part("measured", null, () => drawMeasured(data, { x: 0, y: 8, w: half }));
    g.part("training", null, () =>
      drawTraining(data, phone ? { x: 0, y: first + 20, w: half } : { x: half + 48, y: 8, w: half }),
    );
    const cards = (phone ? first + 20 + second : Math.max(first, second)) + 8;
    g.part("cards", null, () => drawCards(data, { x: 0, y: cards, w: g.width }, phone));
    const top = cards + 96 + cardTall(phone) * data.training.cards.length;
    g.part("published", null, () => drawPublished(data, { x: 0, y: top, w: g.width }, phone));
    g.height = top + Math.max(...publishedRows(data, g.width, phone).map((one) => one.end)) + 8;
  },

  describe(data) {
    const rows = data.rows
      .flatMap((row) =>
        row.measured === null
          ? []
          : [
              `${NAMES[row.name]}: ${row.kind === "bytes" ? say("{measured} bytes measured, {formula} by formula", { measured: thousands(row.measured), formula: thousands(row.formula) }) : say("{time} measured", { time: timeOf(row.measured) })}`,
            ],
      )
      .join("; ");
    const t = data.training;
    return [
      `${rows || say("Nothing measured yet")}.`,
      say("A training on {tokens} tokens: {operations}, {time} on {devices} × {card}, {energy}.", {
        tokens: siOf(t.tokens),
        operations: siOf(t.flops, "FLOP"),
        time: timeOf(t.seconds),
        devices: thousands(t.devices),
        card: t.card,
        energy: siOf(t.energy * 1000, "Wh"),
      }),
      `${data.published.map((one) => say("{name} {weights}, published {count}", { name: one.name, weights: counted(one.ours, "weight"), count: one.said })).join("; ")}.`,
    ].join(" ");
  },

  state(data) {
    return {
      name: data.name,
      own: data.own,
      at: data.at,
      rows: data.rows,
      machine: data.machine,
      training: data.training,
      published: data.published,
    };
  },
};

export default mount("compute_at_scale", atScale);
