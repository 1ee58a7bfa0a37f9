// The race: five optimizers go downhill on a surface of two weights, seen from above, with the numbers of each step beside it.
// The page's other pictures, on the open model and on real runs, are mounted here too.

import { mount, pointerAt } from "../../app/kit/glass.js";
import { say } from "../../app/kit/say.js";
import {
  MONO,
  chip,
  clamp,
  css,
  h,
  html,
  label,
  lerp,
  measure,
  num,
  unpack,
  visible,
} from "../../app/kit/shapes.js";
import { isClear, stepKey } from "../../app/kit/steps.js";
import { isDesk } from "../../app/kit/widths.js";
import { finderFigure } from "./finder.js";
import { arrow, drawGround, drawLine, landscapeFigure, lineTo, onGround } from "./landscape.js";
import { LOOKS, near, paragraph, planRace, scaleOf, set, sig, sliderValue } from "./layout.js";
import { linesOf, momentsFigure } from "./moments.js";
import { beyond, drawDial, rateOf, recipeFigure, toyFigure, turn, unheard } from "./runs.js";

/**
 * @import { Given, Local, Stage, View } from "../../app/kit/glass.js"
 * @import { Lettering, Packed, Point, Shapes, Unpacked } from "../../app/kit/shapes.js"
 * @import { Bounds, Box, Rows } from "./layout.js"
 * @import { StepNumbers, StepSettings } from "./moments.js"
 * @import { Kind } from "./runs.js"
 *
 * The surface: its formula, what it teaches, what the map reaches, its lowest points and the loss there, usual start and rates.
 * @typedef {{name: string, title: string, formula: string, lesson: string, box: Bounds, minima: Point[], lowest: number, start: Point, rates: Record<string, number>}} Surface
 *
 * An optimizer with its rate; `keeps` and `about`: what it remembers, by its letters and in words.
 * @typedef {Kind & {keeps: string, about: string}} Racer
 *
 * What one optimizer did. `numbers`: gradient, used, m, v, m̂, v̂ and direction of each step, for x and y beside each other.
 * @typedef {object} TrackData
 * @property {string} id of the optimizer
 * @property {Packed} points (steps + 1, 2)
 * @property {Packed} losses (steps + 1,)
 * @property {Packed} numbers (steps, 14)
 * @property {number | null} left the step at which it left the map
 * @property {number | null} diverged the step at which it diverged
 *
 * @typedef {Omit<TrackData, "points" | "losses" | "numbers"> & {points: Unpacked, losses: Unpacked, numbers: Unpacked, box: Bounds, inside: (step: number) => boolean}} Track
 *
 * What Python sends. The fields that the picture selects: `start` "x y", `racers` "sgd adam" or "none", `rates` "sgd:0.1",
 * `racer` whose step is written out, `lap` the step that is shown (-1: the last).
 * @typedef {object} Race
 * @property {Surface} surface
 * @property {Packed} ground (rows, columns) losses over the map, the first row on top
 * @property {number[]} levels of the contour lines
 * @property {Point} start
 * @property {number} steps
 * @property {Racer[]} kinds all five, in their order
 * @property {Omit<StepSettings, "rate"> | null} settings of those that take part; null: nobody does
 * @property {TrackData[]} tracks of those that take part
 * @property {string[]} tokens of the learner's text in the open model
 * @property {(number | null)[]} tokenLosses of each in nats; null: not asked for
 *
 * `lap`: the step while the race is played or the slider dragged. `drag`: where the start is dragged to.
 * @typedef {object} RaceKept
 * @property {Track[]} tracks
 * @property {Unpacked} ground
 * @property {Record<string, number> | null} turning rates that the page has not heard of yet
 * @property {number | null} [lap]
 * @property {number} [timer] of Play
 * @property {Point | null} [drag]
 * @property {boolean} [listening]
 *
 * @typedef {Local & RaceKept} Kept
 * @typedef {ReturnType<typeof planRace>} Layout
 * @typedef {Stage & {data: Race, at: Layout}} Ground
 * @typedef {ReturnType<typeof scaleOf>} Scale
 * @typedef {{from: Point, to: Point, colour: string, width: number, dash: string | null, name: string}} Arrow
 */

// ---------------------------------------------------------------- what is chosen

/** The step that is shown: being dragged or played, chosen, or the last. @type {(data: Race, local: Kept) => number} */
function lapOf(data, local) {
  const at = local.lap ?? local.sel.lap ?? -1;
  return at < 0 || at > data.steps ? data.steps : at;
}
/** @type {(local: Kept, id: string) => Track | undefined} */
const trackOf = (local, id) => local.tracks.find((track) => track.id === id);
/** The optimizer whose numbers are written out: the chosen one, or the first that takes part. @param {Kept} local */
function racerOf(local) {
  return trackOf(local, local.sel.racer) ?? local.tracks[0] ?? null;
}
/** Whether an optimizer takes part as was last chosen: its track may still be on its way. @type {(data: Race, local: Kept, id: string) => boolean} */
const takes = (data, local, id) => {
  const said = (local.sel.racers ?? "").trim();
  return said ? said.split(/\s+/).includes(id) : data.kinds.some((kind) => kind.id === id);
};
/** Where the race begins as was last chosen: the race from there may still be on its way. @type {(data: Race, local: Kept) => Point} */
function startOf(data, local) {
  const said = (local.sel.start ?? "").trim().split(/\s+/).map(Number);
  return said.length === 2 && said.every(Number.isFinite) ? [said[0], said[1]] : data.start;
}
/** @type {(track: Track, step: number) => Point} */
const pointAt = (track, at) => [track.points[2 * at], track.points[2 * at + 1]];
/** How far a track has come at a step: one that diverged ends before. @type {(track: Track, lap: number) => number} */
const lastOf = (track, lap) => Math.min(lap, track.losses.length - 1);
/** What to say of a track at a step: "" while it is in the picture. @type {(track: Track, lap: number) => string} */
function fate(track, lap) {
  if (track.diverged !== null && lap >= track.diverged)
    return say("diverged at {step}", { step: track.diverged });
  return track.left !== null && lap >= track.left && !track.inside(lastOf(track, lap))
    ? say("out since {step}", { step: track.left })
    : "";
}
/** The numbers of one coordinate (0 or 1) of a track at step k, from 1. @type {(track: Track, k: number, axis: number) => StepNumbers} */
function numbersAt(track, k, axis) {
  const at = (/** @type {number} */ row, /** @type {number} */ column) =>
    track.numbers[14 * (row - 1) + 2 * column + axis];
  const [g, used, m, v, mHat, vHat, direction] = Array.from({ length: 7 }, (_, column) => at(k, column));
  return {
    g,
    used,
    m,
    v,
    mHat,
    vHat,
    direction,
    before: pointAt(track, k - 1)[axis],
    after: pointAt(track, k)[axis],
    m0: k > 1 ? at(k - 1, 2) : 0,
    v0: k > 1 ? at(k - 1, 3) : 0,
  };
}

// ---------------------------------------------------------------- the map

/** Everybody's way so far, where they stand, where downhill is, and the start. @type {(g: Ground, data: Race, local: Kept, at: Layout) => void} */
function drawMap(g, data, local, at) {
  const { map } = at;
  const lap = lapOf(data, local);
  const scale = scaleOf(data.surface.box, map);
  g.part("ground", [map], () => [
    drawGround(g, "race", local.ground, data.levels, map),
    data.surface.minima.map(([x, y]) =>
      h("path", {
        d: `M${scale.x(x) - 6},${scale.y(y)}h12M${scale.x(x)},${scale.y(y) - 6}v12`,
        stroke: css("ink"),
        "stroke-width": 1.5,
      }),
    ),
    onGround(
      map.x + 8,
      map.y + map.h - 8,
      say("x {left} to {right}, y {low} to {high}", {
        left: set(data.surface.box[0]),
        right: set(data.surface.box[1]),
        low: set(data.surface.box[2]),
        high: set(data.surface.box[3]),
      }),
      { fill: "ink3" },
    ),
  ]);
  const chosen = racerOf(local);
  // The chosen one lies on top; but where AdamW goes just as Adam does, its dots lie on Adam's line.
  const twins = sameWay(trackOf(local, "adam"), trackOf(local, "adamw"));
  const rank = (/** @type {Track} */ track) => (twins && track.id === "adamw" ? 2 : track === chosen ? 1 : 0);
  const order = [...local.tracks].sort((a, b) => rank(a) - rank(b));
  g.part("tracks", [lap, chosen?.id, map, Boolean(local.drag)], () =>
    h(
      "g",
      { "clip-path": "url(#op-race)", opacity: local.drag ? 0.3 : 1 },
      order.map((track) => {
        const last = lastOf(track, lap);
        const points = Array.from(track.losses, (_, i) => pointAt(track, i)).map(
          ([x, y]) => /** @type {Point} */ ([near(scale.x(x)), near(scale.y(y))]),
        );
        const done = points.slice(0, last + 1);
        const width = track === chosen ? 2.6 : 1.6;
        return [
          h("path", {
            d: lineTo(points.slice(last)),
            fill: "none",
            stroke: css(LOOKS[track.id].colour),
            "stroke-width": 1.2,
            opacity: 0.3,
          }),
          drawLine(lineTo(done), LOOKS[track.id], width).slice(twins && track.id === "adamw" ? 1 : 0), // no rim over Adam's line
          track === chosen &&
            last <= 120 &&
            done.map(([x, y]) => h("circle", { cx: x, cy: y, r: 2.2, fill: css(LOOKS[track.id].colour) })),
        ];
      }),
    ),
  );
  const arrows = chosen && !local.drag ? arrowsOf(chosen, lap, scale, map) : [];
  g.part("arrows", [lap, chosen?.id, map, Boolean(local.drag)], () =>
    arrows.map(({ from, to, colour, width, dash }) => arrow(from, to, colour, width, dash)),
  );
  g.part("heads", [lap, chosen?.id, map, local.drag], () =>
    local.drag ? [] : drawHeads(data, order, lap, scale, map, chosen, arrows, twins),
  );
  const [x, y] = local.drag ?? startOf(data, local);
  g.part("start", [x, y, map, lap], () => {
    const ring = h(
      "g",
      { class: g.can.recompute ? "op-start" : null, "data-start": "" },
      h("circle", { cx: scale.x(x), cy: scale.y(y), r: 22, fill: "transparent" }),
      h("circle", {
        cx: scale.x(x),
        cy: scale.y(y),
        r: 9,
        fill: "none",
        stroke: css("bg"),
        "stroke-width": 5,
      }),
      h("circle", {
        cx: scale.x(x),
        cy: scale.y(y),
        r: 9,
        fill: "none",
        stroke: css("ink"),
        "stroke-width": 2,
      }),
      h("circle", { cx: scale.x(x), cy: scale.y(y), r: 2, fill: css("ink") }),
    );
    const here = { x: sig(x, 3), y: sig(y, 3) };
    g.tip(
      ring,
      g.can.recompute
        ? say("start ({x}, {y}): drag it, or click where to start", here)
        : say("start ({x}, {y})", here),
    );
    const up = y > (data.surface.box[2] + data.surface.box[3]) / 2;
    return [
      ring,
      onGround(
        clamp(scale.x(x), map.x + 34, map.x + map.w - 34),
        scale.y(y) + (up ? -16 : 26),
        say("start"),
        { fill: "ink", anchor: "middle", weight: 600 },
      ),
    ];
  });
}

/** Whether two tracks are the same to the eye. @type {(one: Track | undefined, other: Track | undefined) => boolean} */
function sameWay(one, other) {
  if (!one || !other || one.points.length !== other.points.length) return false;
  return one.points.every((v, i) => Math.abs(v - other.points[i]) < 1e-6);
}

/**
 * Where everybody stands: a dot, and names where they lie on no dot, no arrow and no other name.
 * @param {Race} data
 * @param {Track[]} order from the lowest drawn to the uppermost
 * @param {number} lap
 * @param {Scale} scale
 * @param {Box} map
 * @param {Track | null} chosen
 * @param {Arrow[]} arrows
 * @param {boolean} twins whether AdamW goes just as Adam does
 * @returns {Shapes}
 */
function drawHeads(data, order, lap, scale, map, chosen, arrows, twins) {
  /** @type {(x: number, y: number, w: number, h: number) => Box} */
  const boxOf = (x, y, w, h) => ({ x, y, w, h });
  const heads = order.map((track) => {
    const last = lastOf(track, lap);
    const [x, y] = pointAt(track, last);
    return {
      track,
      gone: !track.inside(last),
      px: clamp(near(scale.x(x)), map.x + 8, map.x + map.w - 8),
      py: clamp(near(scale.y(y)), map.y + 8, map.y + map.h - 8),
    };
  });
  const [sx, sy] = [scale.x(data.start[0]), scale.y(data.start[1])];
  const taken = [
    ...heads.map(({ px, py }) => boxOf(px - 7, py - 7, 14, 14)),
    boxOf(sx - 20, sy - 30, 40, 42),
  ];
  for (const { from, to } of arrows)
    for (const t of [0.25, 0.5, 0.75, 1])
      taken.push(boxOf(lerp(from[0], to[0], t) - 4, lerp(from[1], to[1], t) - 4, 8, 8));
  const free = (/** @type {Box} */ box) =>
    !taken.some((b) => box.x < b.x + b.w && b.x < box.x + box.w && box.y < b.y + b.h && b.y < box.y + box.h);
  /** Words beside a place, at the first of these distances where they lie on nothing. @type {(px: number, py: number, text: string, o: Lettering, far: number[]) => SVGTextElement | null} */
  const write = (px, py, text, o, far) => {
    const w = measure(text, 12, false) * 1.05 + 4;
    /** @type {Point[]} */
    const spots = [];
    for (const d of far)
      spots.push(
        [px + d, py + 4],
        [px - d - w, py + 4],
        [px - w / 2, py - d - 2],
        [px - w / 2, py + d + 11],
        [px + d, py - d],
        [px + d, py + d + 8],
        [px - d - w, py - d],
        [px - d - w, py + d + 8],
      );
    const spot = spots.find(
      ([x, y]) =>
        x > map.x + 2 &&
        x + w < map.x + map.w - 2 &&
        y > map.y + 12 &&
        y < map.y + map.h - 4 &&
        free(boxOf(x, y - 11, w, 14)),
    );
    if (!spot) return null;
    taken.push(boxOf(spot[0], spot[1] - 11, w, 14));
    return onGround(spot[0], spot[1], text, o);
  };
  const names = [...heads].reverse().map(({ track, px, py }) => {
    if (twins && track.id === "adamw") return null;
    const short = data.kinds.find((one) => one.id === track.id)?.short ?? "";
    return write(
      px,
      py,
      twins && track.id === "adam" ? "Adam = AdamW" : short,
      { fill: LOOKS[track.id].colour, weight: track === chosen ? 700 : 600 },
      [10, 18, 30],
    );
  });
  for (const { to, name } of arrows)
    if (name) names.push(write(to[0], to[1], name, { fill: "ink2" }, [8, 16]));
  const [x, y] = data.surface.minima[0];
  names.push(
    write(
      scale.x(x),
      scale.y(y),
      data.surface.minima.length > 1 ? say("lowest points") : say("lowest point"),
      { fill: "ink3" },
      [10, 18, 30, 44],
    ),
  );
  return [
    heads.map(({ track, gone, px, py }) =>
      gone
        ? h("path", {
            d: `M${px - 6},${py - 6}L${px + 6},${py + 6}M${px + 6},${py - 6}L${px - 6},${py + 6}`,
            stroke: css(LOOKS[track.id].colour),
            "stroke-width": 3,
          })
        : h("circle", {
            cx: px,
            cy: py,
            r: twins && track.id === "adamw" ? 3 : track === chosen ? 6.5 : 5,
            fill: css(LOOKS[track.id].colour),
            stroke: css("bg"),
            "stroke-width": 1.5,
          }),
    ),
    names,
  ];
}

/** At the chosen one's last step: where downhill was, and where it went. @type {(track: Track, lap: number, scale: Scale, map: Box) => Arrow[]} */
function arrowsOf(track, lap, scale, map) {
  const k = Math.max(1, lastOf(track, lap));
  if (track.losses.length < 2 || !track.inside(k - 1)) return [];
  const [x, y] = pointAt(track, k - 1);
  /** @type {Point} */
  const from = [scale.x(x), scale.y(y)];
  const unit = [map.w / (track.box[1] - track.box[0]), map.h / (track.box[3] - track.box[2])];
  /** @type {(vx: number, vy: number) => Point | null} */
  const towards = (vx, vy) => {
    const [dx, dy] = [vx * unit[0], -vy * unit[1]];
    const far = Math.hypot(dx, dy);
    return far > 0 && Number.isFinite(far) ? [from[0] + (dx / far) * 44, from[1] + (dy / far) * 44] : null;
  };
  const row = 14 * (k - 1);
  const [nx, ny] = pointAt(track, k);
  const down = towards(-track.numbers[row], -track.numbers[row + 1]);
  const went = towards(nx - x, ny - y);
  return [
    ...(down ? [{ from, to: down, colour: "ink", width: 1.5, dash: "3 3", name: say("downhill") }] : []),
    ...(went ? [{ from, to: went, colour: LOOKS[track.id].colour, width: 2.5, dash: null, name: "" }] : []),
  ];
}

// ---------------------------------------------------------------- beside the map

/** The formula, a row for each optimizer, their losses and one step. @type {(g: Ground, data: Race, local: Kept, at: Layout) => void} */
function drawSide(g, data, local, at) {
  const { side, rows } = at;
  const lap = lapOf(data, local);
  const chosen = racerOf(local);
  g.part("formula", [side], () => {
    const head = say("loss = ");
    const lead = Math.max(46, Math.round(measure(head, 14, false) * 1.08));
    const room = side.w - lead;
    const size = measure(data.surface.formula, 13, true) > room ? 12 : 13;
    const parts = data.surface.formula.split(/(?= \+ )/); // a long sum goes on in a second line
    let cut = parts.length;
    while (cut > 1 && measure(parts.slice(0, cut).join(""), size, true) > room) cut--;
    const rest = parts.slice(cut).join("").trim();
    return [
      h(
        "text",
        { x: side.x, y: side.y + 14, "font-size": 14 },
        h("tspan", { fill: css("ink"), "font-weight": 600 }, head),
        h(
          "tspan",
          { fill: css("ink"), "font-family": MONO, "font-size": size },
          parts.slice(0, cut).join(""),
        ),
      ),
      rest && label(side.x + lead, side.y + 30, rest, { mono: true, fill: "ink" }),
      paragraph(side.x, side.y + (rest ? 46 : 32), data.surface.lesson, side.w, { fill: "ink2" }),
    ];
  });
  const further = at.phone ? 0 : beyond(data.kinds);
  g.part("heads of rows", [rows, further], () => [
    label(rows.x + rows.w, rows.y - 2, say("loss"), { anchor: "end", fill: "ink3" }),
    label(
      rows.x + (g.can.recompute ? (at.phone ? 118 : 212 + further) : rows.w - (at.phone ? 96 : 132)),
      rows.y - 2,
      say("rate"),
      { fill: "ink3" },
    ), // over the dials, or the numbers
    !at.phone && label(rows.x + 168 + further, rows.y - 2, say("keeps"), { fill: "ink3" }),
  ]);
  for (const [i, kind] of data.kinds.entries())
    drawRow(
      g,
      data,
      local,
      { ...rows, y: rows.y + 4 + i * rows.row },
      kind,
      lap,
      chosen?.id === kind.id,
      at.phone,
    );
  drawLosses(g, data, local, at, lap, chosen);
  drawNumbers(g, data, at, lap, chosen);
}

/** One optimizer: whether it takes part, what it keeps, its rate, its loss. @type {(g: Ground, data: Race, local: Kept, row: Rows, kind: Racer, lap: number, chosen: boolean, phone: boolean) => void} */
function drawRow(g, data, local, row, kind, lap, chosen, phone) {
  const further = phone ? 0 : beyond(data.kinds);
  const on = takes(data, local, kind.id);
  const track = trackOf(local, kind.id);
  const look = LOOKS[kind.id];
  const mid = row.y + row.row / 2;
  const said = track ? fate(track, lap) : "";
  const loss = track ? track.losses[lastOf(track, lap)] : NaN;
  g.part(`row ${kind.id}`, [row, on, chosen, said, loss, rateOf(local, kind)], () => [
    chosen &&
      h("rect", {
        x: row.x - 4,
        y: row.y + 1,
        width: row.w + 8,
        height: row.row - 2,
        rx: 4,
        fill: css("accent-soft"),
      }),
    h("path", {
      d: `M${row.x + 30},${mid}h22`,
      stroke: css(look.colour),
      "stroke-width": 2.5,
      "stroke-dasharray": look.dash?.join(" "),
      opacity: on ? 1 : 0.3,
    }),
    label(row.x + 58, mid + (phone ? -3 : 4), phone ? kind.short : kind.name, {
      fill: on ? look.colour : "ink3",
      weight: chosen ? 700 : 600,
    }),
    label(
      row.x + (phone ? 58 : 168 + further),
      mid + (phone ? 13 : 4),
      phone ? say("keeps {keeps}", { keeps: kind.keeps }) : kind.keeps,
      { fill: "ink2", mono: !phone },
    ),
    label(row.x + row.w - (phone ? 96 : 132), mid + 4, set(rateOf(local, kind)), { mono: true, fill: "ink" }),
    label(row.x + row.w, mid + 4, !on ? say("off") : said || (track ? sig(loss) : "…"), {
      mono: !said && on,
      anchor: "end",
      fill: said ? "accent" : on ? "ink" : "ink3",
      weight: said ? 600 : null,
    }),
  ]);
  const height = phone ? 44 : 24;
  const top = mid - height / 2;
  if (g.can.recompute)
    g.overlay(
      `on ${kind.id}`,
      { left: row.x, top, width: phone ? 30 : 24, height },
      () =>
        html(
          "button",
          {
            type: "button",
            class: "op-on",
            "data-on": kind.id,
            click: () => {
              const taking = g.data.kinds
                .filter((k) => takes(g.data, local, k.id) !== (k.id === kind.id))
                .map((k) => k.id);
              g.select({ racers: taking.length === g.data.kinds.length ? "" : taking.join(" ") || "none" });
            },
          },
          html("i", {}),
        ),
      (node) => {
        node.setAttribute("aria-pressed", String(on));
        node.setAttribute("aria-label", say("{name} takes part", { name: kind.name }));
        node.style.setProperty("--look", css(look.colour));
      },
    );
  g.overlay(
    `pick ${kind.id}`,
    { left: row.x + (phone ? 32 : 28), top, width: phone ? 78 : 132, height },
    () =>
      html("button", {
        type: "button",
        class: "op-pick",
        "data-pick": kind.id,
        click: () => g.select({ racer: kind.id }),
      }),
    (node) => {
      node.setAttribute("aria-pressed", String(chosen));
      node.setAttribute("aria-label", say("Write out {name}’s step", { name: kind.name }));
      node.disabled = !on;
    },
  );
  const left = row.x + (phone ? 118 : 212 + further);
  if (g.can.recompute)
    drawDial(
      g,
      local,
      `rate ${kind.id}`,
      { left, top, width: row.x + row.w - (phone ? 104 : 142) - left, height },
      kind,
      (rate) =>
        turn(
          g,
          local,
          "rates",
          g.data.kinds.map((k) => ({ ...k, usual: g.data.surface.rates[k.id] })),
          kind.id,
          rate,
        ),
    );
}

/** Everybody's loss above the lowest, step by step, on a scale of powers of ten. @type {(g: Ground, data: Race, local: Kept, at: Layout, lap: number, chosen: Track | null) => void} */
function drawLosses(g, data, local, at, lap, chosen) {
  const { x, y, w, h: tall } = at.chart;
  const over = (/** @type {Track} */ track, /** @type {number} */ i) =>
    Math.max(track.losses[i] - data.surface.lowest, 1e-30);
  const [left, right] = [x + 40, x + w];
  const X = (/** @type {number} */ step) => left + ((right - left) * step) / Math.max(1, data.steps);
  const heights = local.tracks
    .flatMap((track) => Array.from(track.losses, (_, i) => over(track, i)))
    .filter(Number.isFinite);
  const first = Math.max(1e-3, ...local.tracks.map((track) => over(track, 0)));
  const high = Math.ceil(Math.log10(Math.min(Math.max(first, ...heights), first * 1e3)));
  const low = Math.max(high - 8, Math.floor(Math.log10(Math.max(1e-8, Math.min(...heights, 1)))));
  const Y = (/** @type {number} */ value) =>
    y + tall - (tall * clamp(Math.log10(value) - low, 0, high - low + 0.3)) / (high - low || 1);
  g.part("losses", [at.chart, chosen?.id], () => [
    label(right, y - (at.phone ? 18 : 13), say("each line down: a tenth"), { anchor: "end", fill: "ink3" }),
    Array.from({ length: high - low + 1 }, (_, i) => low + i).map((ten) =>
      h("path", { d: `M${left},${Y(10 ** ten)}H${right}`, stroke: css("line"), "stroke-width": 0.7 }),
    ),
    [high, low].map((ten) =>
      label(left - 6, Y(10 ** ten) + 4, set(10 ** ten), { mono: true, anchor: "end", fill: "ink3" }),
    ),
    h(
      "defs",
      {},
      h(
        "clipPath",
        { id: "op-losses" },
        h("rect", { x: left, y: y - 4, width: right - left + 2, height: tall + 8 }),
      ),
    ),
    h(
      "g",
      { "clip-path": "url(#op-losses)" },
      [...local.tracks]
        .sort((a, b) => Number(a === chosen) - Number(b === chosen))
        .map((track) =>
          drawLine(
            lineTo(
              Array.from(
                track.losses,
                (_, i) =>
                  /** @type {Point} */ ([
                    X(i),
                    near(Y(Number.isFinite(over(track, i)) ? over(track, i) : 1e30)),
                  ]),
              ),
            ),
            LOOKS[track.id],
            track === chosen ? 2.2 : 1.4,
          ),
        ),
    ),
  ]);
  g.door(
    "loss",
    { left: x - 2, top: y - (at.phone ? 44 : 27) },
    data.surface.lowest ? say("Loss above the lowest") : say("Loss"),
    say("What a model’s loss is made of"),
  );
  g.part("now", [at.chart, lap], () =>
    h("path", { d: `M${X(lap)},${y - 4}V${y + tall + 4}`, stroke: css("accent"), "stroke-width": 1.5 }),
  );
}

/** The chosen one's step, line by line, for x and y. @type {(g: Ground, data: Race, at: Layout, lap: number, chosen: Track | null) => void} */
function drawNumbers(g, data, at, lap, chosen) {
  const { x, y, w } = at.numbers;
  const { phone } = at;
  const kind = data.kinds.find((one) => one.id === chosen?.id);
  if (!chosen || !kind || !data.settings) {
    g.part("numbers", ["nobody", at.numbers], () =>
      paragraph(
        x,
        y + 14,
        g.can.recompute ? say("Nobody takes part. Switch an optimizer on.") : say("Nobody takes part."),
        w,
        { fill: "ink" },
      ),
    );
    return;
  }
  const k = Math.max(1, lastOf(chosen, lap));
  const settings = { ...data.settings, rate: kind.rate };
  g.part("numbers", [chosen.id, k, at.numbers], () => {
    if (chosen.losses.length < 2) return [];
    const sides = [0, 1].map((axis) => linesOf(chosen.id, numbersAt(chosen, k, axis), settings, k));
    const columns = [x + w - 92, x + w];
    const head =
      k === chosen.diverged
        ? say("diverged at step {step}", { step: k })
        : (phone ? "" : `${kind.about}; `) +
          (lap === 0 ? say("step {step}, the first to come", { step: k }) : say("step {step}", { step: k }));
    const note =
      chosen.id === "muon"
        ? say("Muon is made for matrices; the step counts as one of 1 × 2: only its length is changed.")
        : chosen.id === "adamw" && !settings.decay
          ? say("Without weight decay AdamW is Adam.")
          : "";
    return [
      label(x, y, kind.name, { weight: 600, fill: LOOKS[kind.id].colour }),
      label(x + measure(kind.name, 12, false) * 1.06 + 8, y, head, { fill: "ink2" }),
      label(columns[0], y, "x", { anchor: "end", fill: "ink3", mono: true }),
      label(columns[1], y, "y", { anchor: "end", fill: "ink3", mono: true }),
      sides[0].map((line, i) => {
        const top = y + 18 + i * 17;
        const row = h(
          "g",
          { "data-line": line.id },
          h("rect", { x, y: top - 13, width: w, height: 17, fill: "transparent" }),
          label(x, top, line.symbol, {
            mono: true,
            weight: 700,
            fill: line.id === "move" ? LOOKS[kind.id].colour : "ink",
          }),
          label(x + 22, top, i ? `= ${line.rule}` : line.rule, { mono: i > 0, fill: "ink2" }),
          sides.map((lines, axis) =>
            label(columns[axis], top, sig(lines[i].value), {
              mono: true,
              anchor: "end",
              fill: "ink",
              weight: line.id === "move" ? 700 : null,
            }),
          ),
        );
        return g.tip(
          row,
          line.sum
            ? `x: ${sides[0][i].sum} = ${sig(sides[0][i].value)}\ny: ${sides[1][i].sum} = ${sig(sides[1][i].value)}`
            : `${line.rule}: ${sig(sides[0][i].value)}, ${sig(sides[1][i].value)}`,
        );
      }),
      note && paragraph(x, y + 18 + sides[0].length * 17 + 4, note, w, { fill: "ink3" }),
    ];
  });
}

/** The learner's text in the open model: what its tokens cost now, before the panels below train on it. @type {(g: Ground, data: Race, at: Layout) => void} */
function drawStrip(g, data, at) {
  const { x, y, w } = at.strip;
  if (!data.tokens.length) return;
  g.part("strip", [at.strip], () => {
    const known = data.tokenLosses.filter((v) => v !== null);
    const most = Math.max(...known, 1e-9);
    const mean = known.reduce((a, b) => a + b, 0) / (known.length || 1);
    const head = say("Your text, trained on below");
    const said = known.length ? say("loss now: {mean}", { mean: num(mean, 3) }) : "";
    /** @type {Shapes[]} */
    const out = [
      label(x, y + (at.phone ? 10 : 14), head, { weight: 600, fill: "ink" }),
      label(x + w, y + (at.phone ? 10 : 14), said, { anchor: "end", fill: "ink2" }),
    ];
    const top = at.phone ? y + 30 : y + 10;
    const end = x + w - (at.phone ? 0 : measure(said, 12, false) + 20);
    let left = at.phone ? x : x + measure(head, 12, false) * 1.06 + 16;
    for (const [i, token] of data.tokens.entries()) {
      const room = clamp(measure(visible(token), 12, true) + 12, 20, 110);
      if (left + room > end - (i < data.tokens.length - 1 ? 22 : 0)) {
        out.push(label(left + 2, top + 4, "…", { fill: "ink3" }));
        break;
      }
      const loss = data.tokenLosses[i];
      const node = h(
        "g",
        {},
        chip(g, left, top, room, token, { height: 20, size: 12, faint: loss === null }),
        loss !== null &&
          h("rect", {
            x: left + 2,
            y: top + 11.5,
            width: Math.max(1, ((room - 4) * loss) / most),
            height: 3,
            rx: 1.5,
            fill: css("res"),
          }),
      );
      out.push(
        g.tip(
          node,
          loss === null
            ? say("{token}: not asked for", { token: visible(token) })
            : say("{token}: loss {loss}", { token: visible(token), loss: num(loss, 3) }),
        ),
      );
      left += room + 4;
    }
    return out;
  });
}

// ---------------------------------------------------------------- pointer, slider, play

/** Stop playing. @param {Kept} local */
function halt(local) {
  clearInterval(local.timer);
  local.timer = undefined;
}

/** Show a step; while it is dragged or played the page is not told. @type {(g: Stage, data: Race, local: Kept, lap: number, tell?: boolean) => void} */
function setLap(g, data, local, lap, tell = true) {
  const to = clamp(lap, 0, data.steps);
  if (tell) {
    local.lap = null;
    g.select({ lap: to === data.steps ? -1 : to });
  } else {
    local.lap = to;
    g.redraw();
  }
}

/** @type {(g: Ground, data: Race, local: Kept, on: boolean) => void} */
function play(g, data, local, on) {
  halt(local);
  if (on) {
    if (lapOf(data, local) >= data.steps) local.lap = 0;
    const every = g.reduced ? 160 : Math.max(24, Math.min(90, 5000 / data.steps));
    local.timer = setInterval(() => {
      if (!g.figure.isConnected) {
        halt(local);
        return;
      }
      const next = lapOf(g.data, local) + 1;
      if (next >= g.data.steps) halt(local);
      setLap(g, g.data, local, next, next >= g.data.steps);
    }, every);
  } else if (local.lap !== null && local.lap !== undefined) setLap(g, data, local, local.lap);
  g.redraw();
}
/** One step by button or key ends the playing. @type {(g: Stage, data: Race, local: Kept, by: number) => void} */
function stepBy(g, data, local, by) {
  halt(local);
  setLap(g, data, local, lapOf(data, local) + by);
}

/** Begin at a place of the surface, as near as the map reaches. @type {(g: Stage, data: Race, x: number, y: number) => void} */
function moveStart(g, data, x, y) {
  const [left, right, low, high] = data.surface.box;
  const round = (/** @type {number} */ v) => Number(v.toPrecision(3));
  g.select({ start: `${round(clamp(x, left, right))} ${round(clamp(y, low, high))}` });
}

/** The pointer on the map: the start is dragged, or put where it is clicked. @type {(g: Ground, local: Kept) => void} */
function listen(g, local) {
  if (local.listening || !g.can.recompute) return;
  local.listening = true;
  const place = (/** @type {MouseEvent} */ event) => pointerAt(g, event);
  const inMap = (/** @type {Point} */ [x, y]) => x >= 0 && x <= g.at.map.w && y >= 0 && y <= g.at.map.h;
  /** @type {(event: MouseEvent) => Point} */
  const at = (event) => {
    const [x, y] = scaleOf(g.data.surface.box, g.at.map).back(...place(event));
    const [left, right, low, high] = g.data.surface.box;
    return [clamp(x, left, right), clamp(y, low, high)];
  };
  g.svg.addEventListener("pointerdown", (event) => {
    const grabbed = /** @type {Element} */ (event.target).closest?.("[data-start]");
    // A finger that scrolls the page begins on the map, too: only the ring itself may be dragged by touch.
    if (event.button || !inMap(place(event)) || (event.pointerType === "touch" && !grabbed)) return;
    event.preventDefault();
    g.figure.focus({ preventScroll: true });
    const from = place(event);
    const move = (/** @type {PointerEvent} */ now) => {
      if (!local.drag && Math.hypot(place(now)[0] - from[0], place(now)[1] - from[1]) < 3) return;
      local.drag = at(now);
      g.redraw();
    };
    const up = (/** @type {PointerEvent} */ now) => {
      window.removeEventListener("pointermove", move);
      window.removeEventListener("pointerup", up);
      const to = local.drag ?? at(now);
      const moved = Boolean(local.drag) || !grabbed;
      local.drag = null;
      if (moved) moveStart(g, g.data, ...to);
      else g.redraw();
    };
    window.addEventListener("pointermove", move);
    window.addEventListener("pointerup", up);
  });
  g.svg.addEventListener("click", (event) => {
    if (event.pointerType === "touch" && inMap(place(event))) moveStart(g, g.data, ...at(event));
  });
}

/** Back, Next and Play: at the right of the claim where there is room, else above the picture. @type {(g: Ground, data: Race, local: Kept) => void} */
function drawBar(g, data, local) {
  let bar = g.figure.querySelector(".gb-steps");
  if (!bar) {
    /** @type {(act: string, click: () => void, extra?: string) => HTMLButtonElement} */
    const button = (act, click, extra = "") =>
      html("button", { type: "button", class: `gb-button gb-small ${extra}`, "data-act": act, click });
    bar = html(
      "div",
      { class: "gb-steps" },
      html("span", { class: "gb-steps-count", role: "status" }),
      button("back", () => stepBy(g, g.data, local, -1)),
      button("next", () => stepBy(g, g.data, local, 1)),
      button("play", () => play(g, g.data, local, !local.timer), "gb-primary"),
    );
    g.figure.prepend(bar);
  }
  const lap = lapOf(data, local);
  const [count, back, next, run] = /** @type {HTMLCollectionOf<HTMLButtonElement>} */ (bar.children);
  count.textContent = say("Step {lap} of {steps}", { lap, steps: data.steps });
  back.textContent = say("Back");
  next.textContent = say("Next");
  run.textContent = local.timer ? say("Pause") : lap >= data.steps ? say("Play again") : say("Play");
  g.figure.classList.toggle("gb-steps-beside", isDesk(g.width) && isClear(g.figure, bar, g.width));
  back.disabled = lap === 0;
  next.disabled = lap >= data.steps;
}

/** A slider over the steps, and what pointer and keys do. @type {(g: Ground, data: Race, local: Kept, at: Layout) => void} */
function drawSlider(g, data, local, at) {
  const lap = lapOf(data, local);
  g.overlay(
    "lap",
    { left: at.slider.x, top: at.slider.y, width: at.slider.w, height: at.slider.h },
    () =>
      html("input", {
        type: "range",
        class: "gb-range",
        min: 0,
        step: 1,
        "data-lap": "",
        "aria-label": say("Step of the race"),
        input: (event) => {
          halt(local);
          setLap(g, g.data, local, sliderValue(event), false);
        },
        change: (event) => setLap(g, g.data, local, sliderValue(event)),
      }),
    (node) => {
      Object.assign(node, { max: data.steps, value: lap });
      node.style.setProperty("--fill", `${(100 * lap) / data.steps}%`);
    },
  );
  const below = at.slider.y + at.slider.h + 15;
  const [all, few] = [
    say("Keys: , and . step, Space plays, 1 to 5 choose whose step is written out."),
    say("Keys: , and . step, Space plays."),
  ];
  const start = say("Click where to start, drag the ring, or press arrow keys.");
  const hint = !g.can.recompute
    ? at.phone
      ? ""
      : all
    : at.phone
      ? say("Tap where to start, or drag the ring.")
      : `${start} ${all}`;
  const short = g.can.recompute ? `${start} ${few}` : few;
  g.part("hint", [at.slider, at.phone], () =>
    label(at.slider.x, below, measure(hint, 12, false) <= at.slider.w ? hint : short, { fill: "ink3" }),
  );
}

// ---------------------------------------------------------------- the picture

/** @type {Record<string, Point>} */
const WAYS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] }; // of the start

/** @type {View<Race, Kept, {data: Race, at: Layout}>} */
const race = {
  init(data, local) {
    const box = data.surface.box;
    const tracks = data.tracks.map((track) => {
      const points = unpack(track.points);
      const inside = (/** @type {number} */ i) =>
        points[2 * i] >= box[0] &&
        points[2 * i] <= box[1] &&
        points[2 * i + 1] >= box[2] &&
        points[2 * i + 1] <= box[3];
      return { ...track, box, points, inside, losses: unpack(track.losses), numbers: unpack(track.numbers) };
    });
    return { tracks, ground: unpack(data.ground), turning: unheard(data, local) };
  },

  within: ({ racer, lap }) => ({
    ...(racer === undefined ? {} : { racer }),
    ...(lap === undefined ? {} : { lap }),
  }), // the data are of one race

  draw(g, data, local) {
    g.data = data;
    listen(g, local);
    drawBar(g, data, local);
    const at = planRace(g.width);
    g.at = at;
    g.height = data.tokens.length ? at.height : at.strip.y; // a file has no text below the race
    drawMap(g, data, local, at);
    drawSlider(g, data, local, at);
    drawSide(g, data, local, at);
    drawStrip(g, data, at);
  },

  key(event, g, data, local) {
    const move = stepKey(event);
    const way = WAYS[event.key];
    const [left, right, low, high] = data.surface.box;
    const from = startOf(data, local);
    if (move) stepBy(g, data, local, move);
    else if (way && g.can.recompute)
      moveStart(g, data, from[0] + (way[0] * (right - left)) / 28, from[1] + (way[1] * (high - low)) / 21);
    else if (event.key === " ") play(g, data, local, !local.timer);
    else if (event.key === "Home") setLap(g, data, local, 0);
    else if (event.key === "End") setLap(g, data, local, data.steps);
    else if (/^[1-5]$/.test(event.key)) g.select({ racer: data.kinds[Number(event.key) - 1].id });
    else if (event.key === "Escape") {
      if (local.timer) play(g, data, local, false);
      else if (lapOf(data, local) < data.steps) setLap(g, data, local, data.steps);
      else g.visit("home");
    } else return false;
    return true;
  },

  describe(data, local) {
    const lap = lapOf(data, local);
    const where = local.tracks.map((track) => {
      const last = lastOf(track, lap);
      const [x, y] = pointAt(track, last);
      const place = fate(track, lap) || say("at ({x}, {y})", { x: sig(x, 3), y: sig(y, 3) });
      return say("{name} {place}, loss {loss}", {
        name: data.kinds.find((kind) => kind.id === track.id)?.name,
        place,
        loss: sig(track.losses[last], 3),
      });
    });
    const race = say("Race on the surface {surface}, {formula}, from ({x}, {y}); step {step} of {steps}.", {
      surface: data.surface.title,
      formula: data.surface.formula,
      x: set(data.start[0]),
      y: set(data.start[1]),
      step: lap,
      steps: data.steps,
    });
    const ways = where.length ? `${where.join("; ")}.` : say("Nobody takes part.");
    return [
      race,
      ways,
      ...(data.tokens.length
        ? [
            say("Below, the open model is trained on your text: {tokens}.", {
              tokens: data.tokens.map(visible).join(" "),
            }),
          ]
        : []),
    ].join(" ");
  },

  state(data, local) {
    const lap = lapOf(data, local);
    const chosen = racerOf(local);
    const k = chosen ? Math.max(1, lastOf(chosen, lap)) : 0;
    const kind = data.kinds.find((one) => one.id === chosen?.id);
    const { settings } = data;
    const lines =
      chosen && kind && settings && chosen.losses.length > 1
        ? [0, 1].map((axis) =>
            linesOf(chosen.id, numbersAt(chosen, k, axis), { ...settings, rate: kind.rate }, k).map(
              ({ id, value }) => [id, value],
            ),
          )
        : [];
    return {
      surface: data.surface.name,
      start: data.start,
      tokens: data.tokens,
      tokenLosses: data.tokenLosses,
      lap,
      steps: data.steps,
      playing: Boolean(local.timer),
      racer: chosen?.id ?? null,
      rates: Object.fromEntries(data.kinds.map((one) => [one.id, rateOf(local, one)])),
      tracks: local.tracks.map((track) => ({
        id: track.id,
        point: pointAt(track, lastOf(track, lap)),
        loss: track.losses[lastOf(track, lap)],
        fate: fate(track, lap),
        left: track.left,
        diverged: track.diverged,
      })),
      step: k,
      lines,
    };
  },
};

/** By the name that Python gives its data. @type {Record<string, (given: Given) => () => void>} */
const FIGURES = {
  race: mount("optimizers", race),
  moments: mount("moments", momentsFigure),
  toy: mount("toy", toyFigure),
  finder: mount("finder", finderFigure),
  landscape: mount("landscape", landscapeFigure),
  recipe: mount("recipe", recipeFigure),
};

/** @param {Given<{figure: string}>} given */
export default (given) => FIGURES[given.data.figure](given);
