// Scaling: the steps (the runs, their law, its band, the forecast, the frontier, everything), a row for each size, and the
// curves of a run that trains. The charts beside it are the page's.

import { curves, heardRuns } from "../../app/kit/curves.js";
import { mount } from "../../app/kit/glass.js";
import { say } from "../../app/kit/say.js";
import { clamp, css, h, label, num } from "../../app/kit/shapes.js";
import { powered, sized } from "../../app/kit/sizes.js";
import { stepMode } from "../../app/kit/steps.js";
import { isPhone } from "../../app/kit/widths.js";

/**
 * @import { Stage, View } from "../../app/kit/glass.js"
 * @import { Run } from "../../app/kit/curves.js"
 *
 * What figure.py sends. Losses are in nats a character; x is where a run stands on the axis: parameters N, characters read D, or
 * operations C.
 * @typedef {object} Data
 * @property {string[]} [tokens] of the open text, on the page
 * @property {string} against "parameters", "data" or "compute"
 * @property {string} axis in words
 * @property {"N" | "D" | "C"} letter
 * @property {boolean} tables whether the embeddings are counted
 * @property {number} withheld sizes kept from the fit
 * @property {Point[]} points the recorded runs
 * @property {{id: string, name: string, x: number, fits: boolean, alike: boolean, loss: number | null, width: number, d: number, n: number, going: boolean}[]} own
 *   the learner's; fits: it belongs on this axis; alike: it was trained by the ladder's recipe
 * @property {{floor: number, amount: number, exponent: number, low: number | null, high: number | null} | null} law
 *   loss = floor + amount / x^exponent, with the exponent's interval; null: there are too few runs, `why` says so
 * @property {{at: number, loss: number, low: number | null, high: number | null, truth: number | null, miss: number | null, verdict: string, held: number[]} | null} forecast
 * @property {string} why
 * @property {Row[]} rows
 * @property {{lines: {width: number, n: number, c: number[], loss: number[], d: number[]}[], best: {c: number, loss: number, name: string}[], own: {c: number, loss: number, name: string}[], share: number | null}} frontier
 * @property {string[]} told what the step says
 * @property {Run[]} live own runs that train
 *
 * A recorded run; low to high: the 95 % interval of its loss over held-out stories; used: for the fit.
 * @typedef {{name: string, x: number, loss: number, low: number, high: number, width: number, seed: number, n: number, d: number, used: boolean}} Point
 */
/**
 * A size: the mean of its runs, what the law says (null: there is none), by how much of that the runs lie above it.
 * @typedef {{x: number, loss: number, runs: number, own: boolean, used: boolean} & ({law: number, miss: number} | {law: null, miss: null})} Row
 *
 * @typedef {{sel: Record<string, any>, timer?: number | null, chart?: ReturnType<typeof curves> | null, fixed?: boolean}} Kept fixed: nothing is computed anew
 * @typedef {{x: number, y: number, w: number}} Box
 */

/** What a step says of what a learner can do, where that is computed anew. @type {Record<number, string>} */
const HANDS = {
  3: say("Click a size to keep it out, too."),
  5: say("Change the axis or what is kept from the fit below it, and see what the law says then."),
};
const stages = stepMode("stage", [
  say("Runs"),
  say("Law"),
  say("Band"),
  say("Forecast"),
  say("Frontier"),
  say("All together"),
]);
/** What each step shows. @type {((d: Data) => string)[]} */
const WORDS = [
  (d) =>
    ({
      N: say(
        "Many models were trained by one recipe; only their size differs. Each dot is a run, and its height the loss: how wrong the model is on stories that it has never read.",
      ),
      D: say(
        "Many models were trained by one recipe; only how much they read differs. Each dot is a run, and its height the loss: how wrong the model is on stories that it has never read.",
      ),
      C: say(
        "Many models were trained by one recipe; only their size and how much they read differs. Each dot is a run, and its height the loss: how wrong the model is on stories that it has never read.",
      ),
    })[d.letter],
  () =>
    say(
      "A law is a curve with three numbers, laid through the smaller sizes. Its exponent says how much a model gains each time it is made so many times larger.",
    ),
  () =>
    say(
      "The runs scatter, so the law could be a little different. The band holds the laws that the runs allow: where it is wide, nobody should be sure.",
    ),
  () =>
    say(
      "Now the law must foretell: the largest sizes were kept from the fit; the ring is what the law says of them, the dots what they came to.",
    ),
  () =>
    say(
      "Operations cost money. For each amount of computing the best size is marked: a larger model that reads less, or a smaller one that reads more, would have been worse.",
    ),
  () => say("Runs, law, band, forecast and frontier in one picture."),
];
const MOST = 4; // sizes kept from the fit

/** A step in words. @type {(data: Data, local: Kept, step: number) => string} */
const caption = (data, local, step) =>
  [WORDS[step](data), local.fixed ? "" : HANDS[step]].filter(Boolean).join(" ");

/** A place on the axis in few signs. @type {(data: Data, x: number) => string} */
const shown = (data, x) => (data.letter === "C" ? powered(x) : sized(x));

/** A size's runs, seed by seed, and how they go with the law. @type {(data: Data, row: Row, law?: boolean) => string} */
function rowText(data, row, law = true) {
  const seeds = data.points.filter((p) => p.x === row.x);
  const lines = [
    row.own
      ? say("{letter} = {size}, yours", { letter: data.letter, size: shown(data, row.x) })
      : `${data.letter} = ${shown(data, row.x)}`,
    row.runs > 1
      ? say("loss {loss}, mean of {runs} seeds: {list}", {
          loss: num(row.loss, 3),
          runs: row.runs,
          list: seeds.map((p) => num(p.loss, 3)).join(", "),
        })
      : say("loss {loss}", { loss: num(row.loss, 3) }),
  ];
  if (seeds.length)
    lines.push(
      say("held-out stories say {low} to {high}", {
        low: num(Math.min(...seeds.map((p) => p.low)), 3),
        high: num(Math.max(...seeds.map((p) => p.high)), 3),
      }),
    );
  if (law && row.law !== null)
    lines.push(
      off(num(row.law, 3), num(100 * Math.abs(row.miss), 1), row.miss >= 0),
      row.used ? say("used for the fit") : row.own ? say("never used for the fit") : say("kept from the fit"),
    );
  return lines.join("\n");
}

/** How far a size's runs lie off the law. @type {(law: string, miss: string, above: boolean) => string} */
const off = (law, miss, above) =>
  above
    ? say("the law says {law}, the runs are {miss} % above it", { law, miss })
    : say("the law says {law}, the runs are {miss} % below it", { law, miss });

/** A row for each size: what its runs came to, what the law says. Returns the y below. @type {(g: Stage, data: Data, box: Box & {pitch: number}, step: number, pick: (row: Row) => void) => number} */
function drawRows(g, data, box, step, pick) {
  const law = step > 0 && data.law;
  /** @type {[share: number, head: string][]} */
  const columns = [
    [0, data.letter],
    [0.24, say("loss")],
    [0.45, law ? say("the law") : ""],
    [0.68, law ? say("off by") : ""],
  ];
  const pitch = box.pitch;
  g.part("rows", [box, step], () => [
    columns.map(([share, head]) =>
      label(box.x + box.w * share, box.y + 10, head, { fill: "ink3", size: 11 }),
    ),
    data.rows.map((row, k) => {
      const y = box.y + 15 + k * pitch;
      const cells = [
        shown(data, row.x),
        num(row.loss, 3),
        ...(law && row.law !== null
          ? [num(row.law, 3), `${row.miss >= 0 ? "+" : "−"}${num(100 * Math.abs(row.miss), 1)} %`]
          : ["", ""]),
      ];
      const tag = row.own
        ? say("yours")
        : !law
          ? row.runs > 1
            ? say("{runs} seeds", { runs: row.runs })
            : say("1 seed")
          : row.used
            ? ""
            : say("kept out");
      const node = h(
        "g",
        { class: g.can.recompute ? "gb-hot" : null, "data-row": row.x, onclick: () => pick(row) },
        h("rect", {
          x: box.x - 4,
          y,
          width: box.w + 4,
          height: pitch - 1,
          rx: 4,
          fill: row.used || !law ? "transparent" : css("accent-soft"),
        }),
        cells.map((text, i) =>
          label(box.x + box.w * columns[i][0], y + pitch * 0.68, text, {
            mono: true,
            fill: row.own ? "v-ink" : "ink",
            weight: i ? null : 600,
          }),
        ),
        label(box.x + box.w - 4, y + pitch * 0.68, tag, {
          anchor: "end",
          fill: row.own ? "v-ink" : "k-ink",
          size: 11,
        }),
      );
      return g.tip(node, rowText(data, row, Boolean(law)));
    }),
  ]);
  return box.y + 18 + pitch * data.rows.length;
}

/** A click on a size keeps it and all larger ones from the fit; on the smallest of these, gives it back. @type {(g: Stage, data: Data, row: Row) => void} */
function keepFrom(g, data, row) {
  if (row.own) return;
  const sizes = [...new Set(data.points.map((p) => p.x))].sort((a, b) => a - b);
  const count = sizes.length - sizes.indexOf(row.x);
  if (sizes.indexOf(row.x) >= 0 && count <= MOST)
    g.select({ withheld: count === data.withheld ? count - 1 : count });
}

/** The curves of runs that train. Returns the height that they take. @type {(g: Stage, data: Data, local: Kept, box: Box) => number} */
function drawLive(g, data, local, box) {
  local.chart = null;
  if (!data.live.length) return 0;
  g.part("live head", [box], () =>
    label(box.x, box.y + 10, say("Your run: loss on what it reads, smoothed, by step"), { fill: "ink3" }),
  );
  local.chart = curves(
    g,
    "live",
    { left: box.x, top: box.y + 16, width: box.w, height: 120 },
    {
      runs: data.live,
      lines: [{ column: "smooth", kind: "solid" }],
      x: "step",
      ends: "line",
      title: say("Your run"),
      onpoint: (_, what) => heardRuns(g, local, what),
    },
  );
  return box.y + 150;
}

/** @type {View<Data, Kept>} */
const scaling = {
  draw(g, data, local) {
    const step = stages.of(local);
    local.fixed = !g.can.recompute;
    stages.bar(g, local, (now) => caption(data, local, now));
    const pitch = isPhone(g.width) ? 24 : data.rows.length > 7 ? 17 : 19;
    const box = { x: 4, y: 0, w: g.width - 8 };
    const under = drawRows(g, data, { ...box, pitch }, step, (row) => keepFrom(g, data, row));
    g.height = under + drawLive(g, data, local, { ...box, y: under + 8 });
  },

  key(event, g, data, local) {
    if (stages.key(event, g, local)) return true;
    const move = event.key === "ArrowUp" ? 1 : event.key === "ArrowDown" ? -1 : 0;
    if (move && g.can.recompute) {
      g.select({ withheld: clamp((local.sel.withheld ?? data.withheld) + move, 0, MOST) });
      return true;
    }
    if (event.key !== "Escape") return false;
    stages.up(g, local);
    return true;
  },

  within: ({ withheld, ...change }) => change,

  describe(data, local) {
    const rows = data.rows
      .map((row) =>
        [
          `${data.letter} ${shown(data, row.x)}${row.own ? `, ${say("yours")}` : ""}: ${say("loss {loss}", { loss: num(row.loss, 3) })}`,
          row.law !== null && say("law {law}", { law: num(row.law, 3) }),
          !row.used && say("not fitted"),
        ]
          .filter(Boolean)
          .join(", "),
      )
      .join("; ");
    return `${stages.said(local, (now) => caption(data, local, now))}${say("Loss against {axis}.", { axis: data.axis })} ${data.told.join(" ")} ${rows}.`;
  },

  state(data, local) {
    return {
      tokens: data.tokens,
      stage: stages.state(local),
      against: data.against,
      withheld: data.withheld,
      tables: data.tables,
      law: data.law,
      forecast: data.forecast,
      rows: data.rows,
      points: data.points.map((p) => ({ name: p.name, x: p.x, loss: p.loss, used: p.used })),
      own: data.own,
      why: data.why,
      best: data.frontier.best,
      live: local.chart?.summary() ?? null,
    };
  },
};

export default mount("scaling", scaling);
