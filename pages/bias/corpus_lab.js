// Below the Bias picture: the pronoun gap, a row for each profession and a mark for each model, and the corpus lab that
// moves it: dose and response, what each remedy leaves, and the learner's runs as they go.

import { curves, heardRuns } from "../../app/kit/curves.js";
import { mount } from "../../app/kit/glass.js";
import { paragraphs } from "../../app/kit/paragraphs.js";
import { roundTicks } from "../../app/kit/axes.js";
import { say } from "../../app/kit/say.js";
import {
  clamp,
  css,
  fit,
  h,
  inLines,
  label,
  measure,
  num,
  percent,
  signed,
  thousands,
} from "../../app/kit/shapes.js";
import { isDesk } from "../../app/kit/widths.js";

/**
 * @import { Chart, Run } from "../../app/kit/curves.js"
 * @import { Stage, View } from "../../app/kit/glass.js"
 * @import { Shapes } from "../../app/kit/shapes.js"
 *
 * What corpus_lab.py sends: the pronoun gap of a few models, and the corpus lab.
 * @typedef {object} Data
 * @property {string[]} tokens the professions
 * @property {string[]} templates sentences with {job}
 * @property {([number, number] | null)[]} told of each profession, how many of how many people are “she” in the text; null: none are
 * @property {number} stories that were counted for it
 * @property {boolean} ownJobs whether the professions are the learner's
 * @property {boolean} ownTemplates
 * @property {Series[]} series a model each, the open one among them
 * @property {string[]} findings
 * @property {number} sure of how many shuffles the band of chance is
 * @property {string[]} limits
 * @property {Lab} lab
 *
 * One model: its gap for each profession, log p(she) − log p(he) in nats over the templates, null where its vocabulary has no
 * piece for it; waits: it is large and was not asked yet; band: where chance keeps all means; outside: the professions that
 * lie outside it, the only ones that are drawn as found.
 * @typedef {{name: string, shape: string, how: string, open: boolean, why: string, waits: boolean, unknown: string[], gaps: (Gap | null)[], band: [number, number] | null, outside: string[]}} Series
 * @typedef {{job: string, mean: number, low: number | null, high: number | null, share: number, tokens: number, values: number[]}} Gap share: of “she”
 *
 * The corpus lab: recorded doses and remedies over seeds, and the learner's own runs. Doses and shares of “she” are 0 to 1.
 * @typedef {{doses: Dose[], remedies: Dose[], biased: number, seeds: number, steps: number, dialled: string[], own: Own[], live: Run[], findings: string[]}} Lab
 * @typedef {{at: number, remedy: string, name: string, dialled: Spread, others: Spread, heldOut: number}} Dose heldOut: the loss, in nats
 * @typedef {{mean: number, low: number, high: number, values: number[]}} Spread over the seeds
 * @typedef {{id: string, name: string, at: number | null, remedy: string, seed: number, steps: number, same: boolean, trace: Moment[], jobs: number, going: boolean, ended: string}} Own
 *   same: whether it can be compared with the recorded runs
 * @typedef {{step: number, dialled: number, others: number | null}} Moment others null: all are dialled
 * @typedef {"dialled" | "others"} Group the professions under the dial, and the untouched ones
 *
 * @typedef {{sel: {profession?: number}, row: number, chart?: Chart | null}} Kept row: the chosen profession
 * @typedef {{x: number, y: number, w: number}} Box
 */

// ---------------------------------------------------------------- the pronoun gap

const GAP_MARKS = [
  ["accent", "circle"],
  ["ink2", "square"],
  ["v-ink", "triangle"],
];
const GAP_PITCH = 16;

/** Filled where it is a finding, else hollow. @param {string} kind @param {number} x @param {number} y @param {number} r @param {string} colour */
function gapMark(kind, x, y, r, colour, found = true) {
  const ink = found
    ? { fill: colour }
    : { fill: css("bg"), stroke: colour, "stroke-width": 1.2, "data-hollow": "" };
  if (kind === "square") return h("rect", { x: x - r, y: y - r, width: 2 * r, height: 2 * r, ...ink });
  if (kind === "triangle")
    return h("path", { d: `M${x},${y - r - 0.5}L${x + r + 0.5},${y + r}H${x - r - 0.5}Z`, ...ink });
  return h("circle", { cx: x, cy: y, r: r + 0.3, ...ink });
}

/**
 * The lines below the title: each model's mark, name, how it is asked, and what it cannot say.
 * @param {Data} data @param {number} w
 */
function gapLegend(data, w) {
  return data.series.flatMap((one, k) => {
    const unknown =
      one.unknown.length > 0 &&
      say("{count} of {all} not in its vocabulary: {list}", {
        count: one.unknown.length,
        all: data.tokens.length,
        list: one.unknown.join(", "),
      });
    const shaded =
      one.open && one.band && say("shaded: where chance keeps all its means, and marks are hollow");
    const said = one.waits
      ? say("not asked yet, as it is large: press Ask below")
      : one.why || [one.how, unknown, shaded].filter(Boolean).join("; ");
    return inLines(`${one.name}: ${said}`, w - 18, 12).map((text, line) => ({ k, text, line }));
  });
}

/** How wide the axis is, ± nats: all means, and intervals up to three times as far. @param {Data} data */
function gapReach(data) {
  const gaps = data.series.flatMap((one) => one.gaps).filter((gap) => gap !== null);
  const mean = Math.max(0.5, ...gaps.map((gap) => Math.abs(gap.mean)));
  const ends = gaps.flatMap((gap) =>
    gap.low === null || gap.high === null ? [] : [Math.abs(gap.low), Math.abs(gap.high)],
  );
  return Math.min(Math.max(mean, ...ends) * 1.05, mean * 3);
}

/** @param {Stage} g @param {Data} data @param {Kept} local @param {Box} box */
function drawGaps(g, data, local, box) {
  const legend = gapLegend(data, box.w);
  const top = box.y + 34 + 16 * legend.length;
  const rows = data.tokens.length;
  const name = Math.min(104, Math.max(...data.tokens.map((job) => measure(job, 12, true))) + 8);
  const [left, right] = [box.x + name, box.x + box.w - 8];
  const bottom = top + rows * GAP_PITCH + 4;
  const reach = gapReach(data);
  /** @param {number} value */
  const px = (value) => (left + right) / 2 + (clamp(value, -reach, reach) / reach) * (right - left) * 0.5;
  g.part("gap head", [box], () => [
    label(box.x, box.y + 13, fit(say("Pronoun gap: log p(she) − log p(he), nats"), box.w, 13.5, false), {
      weight: 600,
      fill: "ink",
      size: 13,
    }),
    ...legend.map(({ k, text, line }, i) => {
      const y = box.y + 32 + 16 * i;
      return [
        line ? null : gapMark(GAP_MARKS[k][1], box.x + 6, y - 4, 4, css(GAP_MARKS[k][0])),
        label(box.x + 18, y, text, { fill: data.series[k].open ? "ink" : "ink2" }),
      ];
    }),
  ]);
  g.part("gap axis", [box, reach], () => {
    /** @type {Shapes[]} */
    const out = [];
    for (const tick of roundTicks(-reach, reach, clamp((right - left) / 64, 2, 7)).ticks) {
      out.push(
        h("path", {
          d: `M${px(tick)},${top - 2}V${bottom}`,
          stroke: css(tick ? "line" : "ink3"),
          "stroke-width": 1,
        }),
        label(px(tick), bottom + 15, tick ? num(tick, Math.abs(tick) < 1 || tick % 1 ? 1 : 0) : "0", {
          anchor: "middle",
          fill: "ink3",
          size: 11,
        }),
      );
    }
    out.push(
      label(left, bottom + 30, say("← he"), { fill: "ink3", size: 11 }),
      label(right, bottom + 30, say("she →"), { anchor: "end", fill: "ink3", size: 11 }),
    );
    return out;
  });
  const band = data.series.find((one) => one.open)?.band;
  g.part(
    "gap band",
    [box, reach, band],
    () =>
      band &&
      g.tip(
        h("rect", {
          x: px(band[0]),
          y: top - 2,
          width: px(band[1]) - px(band[0]),
          height: bottom - top + 2,
          fill: css("accent"),
          opacity: 0.09,
          "data-band": "chance",
        }),
        say(
          "{name}: with the professions shuffled within each sentence, all means stay between {low} and {high} in {sure} of 100 shuffles",
          {
            name: data.series[0].name,
            low: signed(band[0]),
            high: signed(band[1]),
            sure: num(100 * data.sure, 0),
          },
        ),
      ),
  );
  g.part("gap rows", [box, local.row], () =>
    data.tokens.map((job, r) =>
      gapRow(g, data, local, {
        job,
        r,
        y: top + r * GAP_PITCH + GAP_PITCH / 2,
        px,
        x: box.x,
        w: box.w,
        name,
      }),
    ),
  );
  return gapDetail(g, data, local, { x: box.x, y: bottom + 42, w: box.w });
}

/**
 * @param {Stage} g @param {Data} data @param {Kept} local
 * @param {{job: string, r: number, y: number, px: (value: number) => number, x: number, w: number, name: number}} box
 */
function gapRow(g, data, local, { job, r, y, px, x, w, name }) {
  /** @type {Shapes[]} */
  const out = [
    h("rect", {
      x: x - 4,
      y: y - GAP_PITCH / 2,
      width: w + 4,
      height: GAP_PITCH,
      rx: 3,
      fill: r === local.row ? css("accent-soft") : "transparent",
    }),
    label(x, y + 4, fit(job, name - 6, 12), {
      mono: true,
      fill: "ink",
      weight: r === local.row ? 700 : null,
    }),
  ];
  const count = data.series.length;
  data.series.forEach((one, k) => {
    const gap = one.gaps[r];
    if (!gap) return;
    const at = y + (k - (count - 1) / 2) * 4;
    const colour = css(GAP_MARKS[k][0]);
    if (gap.low !== null && gap.high !== null)
      out.push(
        h("path", {
          d: `M${px(gap.low)},${at}H${px(gap.high)}`,
          stroke: colour,
          "stroke-width": 1.4,
          opacity: 0.55,
        }),
      );
    out.push(gapMark(GAP_MARKS[k][1], px(gap.mean), at, 3, colour, one.outside.includes(job)));
  });
  const told = data.told[r];
  const said = data.series.map((one) => gapSaid(one, r)).filter(Boolean);
  const truth = told
    ? `\n${say("in {stories} tales of the bundled models’ world: {count} of {all} are “she”", { stories: thousands(data.stories), count: told[0], all: told[1] })}`
    : "";
  const row = h("g", { class: "gb-hot", "data-job": r, onclick: () => g.select({ profession: r }) }, out);
  return g.tip(row, `${job}\n${said.join("\n")}${truth}`);
}

/** @param {Series} one @param {number} r */
function gapSaid(one, r) {
  const gap = one.gaps[r];
  if (!gap) return one.unknown.length ? say("{name}: not in its vocabulary", { name: one.name }) : "";
  const mean =
    gap.low === null || gap.high === null
      ? signed(gap.mean)
      : say("{mean} ({low} to {high})", {
          mean: signed(gap.mean),
          low: num(gap.low, 2),
          high: num(gap.high, 2),
        });
  const values = { name: one.name, mean, share: num(gap.share, 2), tokens: gap.tokens };
  const said =
    gap.tokens > 1
      ? say("{name}: {mean}, share of she {share}, in {tokens} pieces", values)
      : say("{name}: {mean}, share of she {share}", values);
  return one.band
    ? `${said}: ${one.outside.includes(gap.job) ? say("outside chance") : say("within chance")}`
    : said;
}

/**
 * The chosen profession in every template: one number a model.
 * @param {Stage} g @param {Data} data @param {Kept} local @param {Box} box
 */
function gapDetail(g, data, local, box) {
  const job = data.tokens[local.row];
  const known = data.series.flatMap((one, k) => {
    const gap = one.gaps[local.row];
    return gap ? [{ k, gap }] : [];
  });
  const room = box.w - 56 * known.length - 8;
  let y = box.y + 16;
  const lines = data.templates.map((text) => inLines(text.replace("{job}", job), room, 12));
  const told = data.told[local.row];
  const truth = told
    ? say(
        "In {stories} tales of the same world, of {all} people with the profession “{job}” {count} are “she”.",
        { stories: thousands(data.stories), all: told[1], job, count: told[0] },
      )
    : "";
  const below = [...data.findings, ...(truth ? [truth] : [])].flatMap((line) => inLines(line, box.w, 12.5));
  const height = lines.reduce((sum, set) => sum + 16 * set.length + 2, 0);
  g.part("gap detail", [box, local.row], () => {
    /** @type {Shapes[]} */
    const out = known.map(({ k }, i) =>
      gapMark(
        GAP_MARKS[k][1],
        box.x + box.w - 56 * (known.length - 1 - i) - 18,
        box.y + 2,
        4,
        css(GAP_MARKS[k][0]),
      ),
    );
    out.push(
      label(box.x, box.y + 6, fit(say("{job}, sentence by sentence", { job }), room, 12, false), {
        fill: "ink3",
      }),
    );
    lines.forEach((set, t) => {
      for (const [i, { gap }] of known.entries())
        out.push(
          label(box.x + box.w - 56 * (known.length - 1 - i) - 4, y + 8, signed(gap.values[t]), {
            mono: true,
            anchor: "end",
            fill: "ink",
          }),
        );
      for (const [n, line] of set.entries()) out.push(label(box.x, y + 8 + 16 * n, line, { fill: "ink2" }));
      y += 16 * set.length + 2;
    });
    y += 10;
    for (const [n, line] of below.entries())
      out.push(label(box.x, y + 8 + 17 * n, line, { fill: "ink", size: 12.5 }));
    return out;
  });
  return box.y + 16 + height + 10 + 17 * below.length + 12;
}

// ---------------------------------------------------------------- the corpus lab

/** @type {{key: Group, colour: string, dash: string | null, name: string}[]} */
const LAB_GROUPS = [
  { key: "dialled", colour: "accent", dash: null, name: say("dialled professions") },
  { key: "others", colour: "ink2", dash: "5 4", name: say("untouched ones") },
];

/** Where a run was measured last. @param {Own} one */
const lastOf = (one) => one.trace[one.trace.length - 1];
/** Both groups at a dose, a line each. @param {Dose} one */
const groupsSaid = (one) =>
  LAB_GROUPS.map(({ key, name }) =>
    say("{name}: {mean} ({low} to {high})", {
      name,
      mean: percent(one[key].mean, 0),
      low: num(100 * one[key].low, 0),
      high: num(100 * one[key].high, 0),
    }),
  ).join("\n");

/**
 * The frame of both charts: y is the share of "she", 0 to 1, with one half marked.
 * @param {(value: number) => number} py @param {number} left @param {number} right
 */
function shareFrame(py, left, right) {
  return [0, 0.25, 0.5, 0.75, 1].flatMap((share) => [
    h("path", {
      d: `M${left},${py(share)}H${right}`,
      stroke: css(share === 0.5 ? "ink3" : "line"),
      "stroke-width": 1,
      "stroke-dasharray": share === 0.5 ? "1 4" : null,
    }),
    label(left - 6, py(share) + 4, num(100 * share, 0), { anchor: "end", fill: "ink3", size: 11 }),
  ]);
}

/** @param {Stage} g @param {Data} data @param {Box & {h: number}} box */
function drawDoses(g, data, box) {
  const { lab } = data;
  const titles = inLines(
    say("Dose and response: {count} doses × {seeds} seeds, only the dial differs", {
      count: lab.doses.length,
      seeds: lab.seeds,
    }),
    box.w,
    13.5,
  );
  const legend = [
    ...LAB_GROUPS.map(({ colour, dash, name }) => ({ colour, dash, name, own: false })),
    { colour: "ink3", dash: "2 3", name: say("as the text says"), own: false },
    ...(lab.own.some((one) => one.trace.length)
      ? [{ colour: "accent", dash: null, name: say("yours"), own: true }]
      : []),
  ];
  let [lx, row] = [0, 0];
  const spots = legend.map((one) => {
    const w = measure(one.name, 12, false) * 1.05 + 44;
    if (lx && lx + w > box.w) [lx, row] = [0, row + 1];
    const spot = { one, x: box.x + lx, row };
    lx += w;
    return spot;
  });
  const begin = box.y + 17 * titles.length;
  const top = begin + 22 + 18 * row + 24;
  const [left, right, bottom] = [box.x + 34, box.x + box.w - 14, top + box.h];
  /** @param {number} dose */
  const px = (dose) => left + 12 + dose * (right - left - 24);
  /** @param {number} share */
  const py = (share) => bottom - share * (bottom - top);
  g.part("doses", [box], () => {
    /** @type {Shapes[]} */
    const out = titles.map((line, i) =>
      label(box.x, box.y + 13 + 17 * i, line, { weight: 600, fill: "ink", size: 13 }),
    );
    for (const { one, x, row: at } of spots) {
      const y = begin + 16 + 18 * at;
      out.push(
        one.own
          ? h("path", {
              d: `M${x + 11},${y - 6}l6,6l-6,6l-6,-6z`,
              fill: css("bg"),
              stroke: css("accent"),
              "stroke-width": 2,
            })
          : h("path", {
              d: `M${x},${y}h22`,
              stroke: css(one.colour),
              "stroke-width": 2,
              "stroke-dasharray": one.dash,
            }),
        label(x + 28, y + 4, one.name, { fill: "ink" }),
      );
    }
    out.push(
      shareFrame(py, left, right),
      h("path", {
        d: `M${px(0)},${py(0)}L${px(1)},${py(1)}`,
        stroke: css("ink3"),
        "stroke-dasharray": "2 3",
        fill: "none",
      }),
    );
    for (const dose of [0, 0.25, 0.5, 0.75, 1])
      out.push(
        label(px(dose), bottom + 15, num(100 * dose, 0), { anchor: "middle", fill: "ink3", size: 11 }),
      );
    out.push(
      label(right, bottom + 30, say("dose: “she” among the dialled, %, as told"), {
        anchor: "end",
        fill: "ink3",
        size: 11,
      }),
      label(box.x, top - 8, say("“she” in the model, %"), { fill: "ink3", size: 11 }),
    );
    LAB_GROUPS.forEach(({ key, colour, dash }, k) => {
      const shift = k ? 4 : -4;
      out.push(
        h("path", {
          d: `M${lab.doses.map((one) => `${px(one.at) + shift},${py(one[key].mean)}`).join("L")}`,
          fill: "none",
          stroke: css(colour),
          "stroke-width": k ? 1.6 : 2.2,
          "stroke-dasharray": dash,
        }),
      );
      for (const one of lab.doses) out.push(...rod(one[key], px(one.at) + shift, py, css(colour)));
    });
    for (const one of lab.doses) {
      const hit = h("rect", {
        "data-dose": one.at,
        x: px(one.at) - 16,
        y: top - 6,
        width: 32,
        height: bottom - top + 24,
        fill: "transparent",
      });
      out.push(g.tip(hit, `${say("dose {dose}", { dose: percent(one.at, 0) })}\n${groupsSaid(one)}`));
    }
    out.push(
      lab.own.map((one) => one.at !== null && one.trace.length > 0 && ownMark(g, one, px(one.at), py)),
    );
    return out;
  });
  return bottom + 40;
}

/**
 * Seeds as dots, their mean, its interval.
 * @param {Spread} one @param {number} x @param {(value: number) => number} py @param {string} colour
 */
function rod(one, x, py, colour) {
  return [
    h("path", {
      d: `M${x},${py(one.low)}V${py(one.high)}M${x - 3},${py(one.low)}h6M${x - 3},${py(one.high)}h6`,
      stroke: colour,
      "stroke-width": 1.5,
      opacity: 0.75,
      fill: "none",
    }),
    ...one.values.map((value) => h("circle", { cx: x, cy: py(value), r: 2, fill: colour, opacity: 0.4 })),
    h("circle", { cx: x, cy: py(one.mean), r: 3.4, fill: colour }),
  ];
}

/** @param {Stage} g @param {Own} one @param {number} x @param {(value: number) => number} py */
function ownMark(g, one, x, py) {
  const last = lastOf(one);
  const y = py(last.dialled);
  const node = h("path", {
    d: `M${x},${y - 7}l7,7l-7,7l-7,-7z`,
    fill: css("bg"),
    stroke: css("accent"),
    "stroke-width": 2,
    "stroke-dasharray": one.same && one.remedy === "none" ? null : "2 2",
    "data-own": one.id,
  });
  const other = one.same ? "" : `\n${say("other professions or steps than the recorded runs")}`;
  const values = {
    name: one.name,
    seed: one.seed,
    share: percent(last.dialled, 0),
    step: thousands(last.step),
    steps: thousands(one.steps),
  };
  const said = one.going
    ? say(
        "yours: {name}, seed {seed}\n“she” in the model: {share} at step {step} of {steps}, still learning",
        values,
      )
    : say("yours: {name}, seed {seed}\n“she” in the model: {share} at step {step} of {steps}", values);
  return g.tip(node, said + other);
}

/** What each remedy leaves of the biased dose, a row each. @param {Stage} g @param {Data} data @param {Box} box */
function drawRemedies(g, data, box) {
  const { lab } = data;
  const name = 96;
  const last = 76;
  const [left, right] = [box.x + name, box.x + box.w - last];
  /** @param {number} share */
  const px = (share) => left + share * (right - left);
  const title = inLines(
    say("Remedies at a dose of {dose}: “she” in the model, %", { dose: percent(lab.biased, 0) }),
    box.w,
    13,
  );
  const top = box.y + 17 * title.length + 18;
  const pitch = 24;
  const bottom = top + pitch * lab.remedies.length;
  g.part("remedies", [box], () => {
    /** @type {Shapes[]} */
    const out = title.map((line, i) =>
      label(box.x, box.y + 13 + 17 * i, line, { weight: 600, fill: "ink", size: 12.5 }),
    );
    out.push(label(box.x + box.w, top - 4, say("loss"), { anchor: "end", fill: "ink3", size: 11 }));
    for (const share of [0, 0.25, 0.5, 0.75, 1])
      out.push(
        h("path", {
          d: `M${px(share)},${top}V${bottom}`,
          stroke: css(share === 0.5 ? "ink3" : "line"),
          "stroke-dasharray": share === 0.5 ? "1 4" : null,
        }),
        label(px(share), bottom + 14, num(100 * share, 0), { anchor: "middle", fill: "ink3", size: 11 }),
      );
    lab.remedies.forEach((one, r) => {
      const y = top + pitch * r + pitch / 2;
      const row = h(
        "g",
        { "data-remedy": one.remedy },
        h("rect", { x: box.x, y: y - pitch / 2, width: box.w, height: pitch, fill: "transparent" }),
        label(box.x, y + 4, one.name, { fill: "ink" }),
        label(box.x + box.w, y + 4, num(one.heldOut, 3), { mono: true, anchor: "end", fill: "ink2" }),
      );
      LAB_GROUPS.forEach(({ key, colour }, k) => {
        const [at, spread] = [y + (k ? 4 : -4), one[key]];
        row.append(
          h("path", {
            d: `M${px(spread.low)},${at}H${px(spread.high)}`,
            stroke: css(colour),
            "stroke-width": 1.5,
            opacity: 0.7,
          }),
          ...spread.values.map((value) =>
            h("circle", { cx: px(value), cy: at, r: 2, fill: css(colour), opacity: 0.4 }),
          ),
          h("circle", { cx: px(spread.mean), cy: at, r: 3.4, fill: css(colour) }),
        );
      });
      out.push(
        g.tip(
          row,
          `${one.name}\n${groupsSaid(one)}\n${say("held-out loss on the world as it is: {loss} nats", { loss: num(one.heldOut, 3) })}`,
        ),
      );
    });
    return out;
  });
  return bottom + 26;
}

/**
 * The learner's runs: the share at each moment, and the loss of those that are going, live.
 * @param {Stage} g @param {Data} data @param {Kept} local @param {Box} box
 */
function drawOwn(g, data, local, box) {
  const { lab } = data;
  local.chart = null;
  const traced = lab.own.filter((one) => one.trace.length);
  if (!traced.length && !lab.live.length) return box.y;
  let y = box.y + 8;
  if (traced.length) {
    const most = Math.max(...traced.map((one) => one.steps));
    const [left, right, top, bottom] = [box.x + 34, box.x + box.w - 96, y + 24, y + 134];
    /** @param {number} step */
    const px = (step) => left + (step / most) * (right - left);
    /** @param {number} share */
    const py = (share) => bottom - share * (bottom - top);
    g.part("own", [box], () => [
      label(box.x, y + 10, say("Your runs on the way: “she” in the model, %, by step"), {
        weight: 600,
        fill: "ink",
        size: 12.5,
      }),
      shareFrame(py, left, right),
      label(left, bottom + 15, "0", { anchor: "middle", fill: "ink3", size: 11 }),
      label(right, bottom + 15, thousands(most), { anchor: "middle", fill: "ink3", size: 11 }),
      spread(
        traced.map((one) => py(lastOf(one).dialled)),
        14,
      ).map((at, k) => {
        const one = traced[k];
        const drawn = LAB_GROUPS.map((group) => ({
          ...group,
          points: one.trace.filter((p) => p[group.key] !== null),
        })).filter(({ points }) => points.length); // nothing is untouched where all are dialled
        return [
          ...drawn.map(({ key, colour, dash, points }) =>
            h("path", {
              d: `M${points.map((p) => `${px(p.step)},${py(p[key] ?? 0)}`).join("L")}`,
              fill: "none",
              stroke: css(colour),
              "stroke-width": key === "dialled" ? 2 : 1.2,
              "stroke-dasharray": dash,
              "data-trace": key,
            }),
          ),
          h("circle", { cx: px(lastOf(one).step), cy: py(lastOf(one).dialled), r: 3.4, fill: css("accent") }),
          label(right + 8, at + 4, fit(one.name, 88, 11.5, false), { fill: "ink2", size: 11.5 }),
        ];
      }),
    ]);
    y = bottom + 30;
  }
  if (lab.live.length) {
    g.part("live head", [box, y], () => label(box.x, y + 8, say("Their loss, live"), { fill: "ink3" }));
    local.chart = curves(
      g,
      "live",
      { left: box.x, top: y + 14, width: box.w, height: 120 },
      {
        runs: lab.live,
        lines: [
          { column: "loss", kind: "raw" },
          { column: "smooth", kind: "solid" },
        ],
        x: "step",
        ends: "line",
        title: say("Loss of your runs, nats a token"),
        onpoint: (_, what) => heardRuns(g, local, what),
      },
    );
    y += 144;
  }
  return y;
}

/**
 * Places for names beside lines: at least `gap` apart, in the order of the lines.
 * @param {number[]} wanted @param {number} gap
 */
function spread(wanted, gap) {
  const order = wanted.map((y, k) => [y, k]).sort((a, b) => a[0] - b[0]);
  const placed = [];
  let last = -Infinity;
  for (const [y, k] of order) placed[k] = last = Math.max(y, last + gap);
  return placed;
}

// ---------------------------------------------------------------- the picture

/** @type {View<Data, Kept>} */
const corpusLab = {
  init(data, local) {
    return { row: clamp(local.sel.profession ?? 0, 0, data.tokens.length - 1) };
  },
  selected(_g, _data, local, change) {
    if ("profession" in change) local.row = change.profession;
  },

  draw(g, data, local) {
    const wide = isDesk(g.width);
    const w = wide ? Math.round(g.width * 0.48) : g.width - 4;
    const left = { x: 4, y: 0, w };
    const right = wide ? { x: w + 44, y: 0, w: g.width - w - 48, h: 250 } : { x: 4, y: 0, w, h: 220 };
    let y = drawGaps(g, data, local, left);
    if (!wide) right.y = y + 18;
    let down = drawDoses(g, data, right);
    down = drawRemedies(g, data, { ...right, y: down + 6 });
    down = drawOwn(g, data, local, { ...right, y: down });
    down = paragraphs(g, "lab words", { ...right, y: down + 4 }, data.lab.findings, { size: 12.5 });
    y = Math.max(y, down);
    g.height =
      paragraphs(g, "limits", { x: 4, y: y + 8, w: g.width - 8 }, data.limits, { size: 12.5, fill: "ink2" }) +
      4;
  },

  // Keys: ↑ ↓: another profession.
  key(event, g, data, local) {
    const by = { ArrowUp: -1, ArrowDown: 1 }[event.key];
    if (!by) return false;
    g.select({ profession: clamp(local.row + by, 0, data.tokens.length - 1) });
    return true;
  },

  describe(data, local) {
    const said = data.series.map(
      (one) => gapSaid(one, local.row) || `${one.name}: ${one.waits ? say("not asked yet") : one.why}`,
    );
    const doses = data.lab.doses.map((one) =>
      say("at {dose} {dialled}, untouched {others}", {
        dose: percent(one.at, 0),
        dialled: percent(one.dialled.mean, 0),
        others: percent(one.others.mean, 0),
      }),
    );
    const remedies = data.lab.remedies.map((one) => `${one.name} ${percent(one.dialled.mean, 0)}`);
    const own = data.lab.own
      .filter((one) => one.trace.length)
      .map((one) =>
        say("yours, {name}: {share}", { name: one.name, share: percent(lastOf(one).dialled, 0) }),
      );
    return [
      say("Pronoun gap of {job}.", { job: data.tokens[local.row] }),
      `${said.join("; ")}.`,
      data.findings.join(" "),
      say("Dose and response: {list}.", { list: doses.join("; ") }),
      say("Remedies: {list}.", { list: remedies.join("; ") }),
      own.join("; "),
    ].join(" ");
  },

  state(data, local) {
    return {
      tokens: data.tokens,
      row: local.row,
      templates: data.templates,
      findings: data.findings,
      series: data.series.map((one) => ({
        name: one.name,
        shape: one.shape,
        why: one.why,
        waits: one.waits,
        unknown: one.unknown,
        band: one.band,
        outside: one.outside,
        means: one.gaps.map((gap) => gap?.mean ?? null),
        values: one.gaps[local.row]?.values ?? null,
      })),
      doses: data.lab.doses.map((one) => ({
        at: one.at,
        dialled: one.dialled.mean,
        others: one.others.mean,
      })),
      remedies: data.lab.remedies.map((one) => ({ remedy: one.remedy, dialled: one.dialled.mean })),
      own: data.lab.own,
      live: local.chart?.summary() ?? null,
    };
  },
};

export default mount("bias_corpus_lab", corpusLab);
