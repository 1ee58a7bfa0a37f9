// Beside the map: the surface's formula, a row with a dial for each optimizer, their losses, and one step written out.

import { MONO, chip, clamp, css, h, html, label, measure, num, visible } from "../../app/kit/shapes.js";
import { drawLine, lineTo } from "./ground.js";
import { LOOKS, lapOf, near, paragraph, racerOf, set, sig, takes, trackOf } from "./layout.js";
import { fate, lastOf } from "./tracks.js";
import { linesOf, numbersAt } from "./written.js";

// A dial's places: 0, then from a ten-thousandth to ten in steps of about a tenth of what is there.
const LOWEST = -4;
const DECADES = 5;
const PLACES = 100;
const rateAt = (place) => (place <= 0 ? 0 : Number((10 ** (LOWEST + (DECADES * (place - 1)) / (PLACES - 1))).toPrecision(2)));
const placeOf = (rate) => (rate <= 0 ? 0 : clamp(Math.round(1 + ((Math.log10(rate) - LOWEST) / DECADES) * (PLACES - 1)), 1, PLACES));

export const rateOf = (local, kind) => local.turning?.[kind.id] ?? kind.rate;

export function drawSide(g, data, local, at) {
  const { side, rows } = at;
  const lap = lapOf(data, local);
  const chosen = racerOf(local);
  g.part("formula", [side], () => {
    const room = side.w - 46;
    const size = measure(data.surface.formula, 13, true) > room ? 12 : 13;
    const parts = data.surface.formula.split(/(?= \+ )/); // a long sum goes on in a second line
    let cut = parts.length;
    while (cut > 1 && measure(parts.slice(0, cut).join(""), size, true) > room) cut--;
    const rest = parts.slice(cut).join("").trim();
    return [
      h("text", { x: side.x, y: side.y + 14, "font-size": 14 },
        h("tspan", { fill: css("ink"), "font-weight": 600 }, "loss = "), h("tspan", { fill: css("ink"), "font-family": MONO, "font-size": size }, parts.slice(0, cut).join(""))),
      rest && label(side.x + 46, side.y + 30, rest, { mono: true, fill: "ink" }),
      paragraph(side.x, side.y + (rest ? 46 : 32), data.surface.lesson, side.w, { fill: "ink2" }),
    ];
  });
  g.part("heads of rows", [rows], () => [
    label(rows.x + rows.w, rows.y - 2, "loss", { anchor: "end", fill: "ink3" }), label(rows.x + (at.phone ? 118 : 212), rows.y - 2, "rate", { fill: "ink3" }),
    !at.phone && label(rows.x + 168, rows.y - 2, "keeps", { fill: "ink3" }),
  ]);
  data.kinds.forEach((kind, i) => drawRow(g, data, local, { ...rows, y: rows.y + 4 + i * rows.row }, kind, lap, chosen?.id === kind.id, at.phone));
  drawLosses(g, data, local, at, lap, chosen);
  drawNumbers(g, data, local, at, lap, chosen);
}

/** Rates that were turned and that the page has not heard of yet. */
export function unheard(data, local) {
  const left = Object.entries(local.turning ?? {}).filter(([id, rate]) => data.kinds.find((kind) => kind.id === id).rate !== rate);
  return left.length ? Object.fromEntries(left) : null;
}
/** Change one optimizer's rate: at once on the dial, and in the race as soon as it was run again. */
export function turn(g, data, local, field, kinds, id, rate) {
  local.turning = { ...local.turning, [id]: rate };
  const text = kinds.map((kind) => [kind.id, kind.id === id ? rate : rateOf(local, kind), kind.usual])
    .filter(([, now, usual]) => now !== usual).map(([name, now]) => `${name}:${now}`).join(" ");
  g.select({ [field]: text });
}

function drawRow(g, data, local, row, kind, lap, chosen, phone) {
  const on = takes(data, local, kind.id);
  const track = trackOf(local, kind.id);
  const look = LOOKS[kind.id];
  const mid = row.y + row.row / 2;
  const said = track ? fate(track, lap) : "";
  const loss = track ? track.losses[lastOf(track, lap)] : NaN;
  g.part(`row ${kind.id}`, [row, on, chosen, said, loss, rateOf(local, kind)], () => [
    chosen && h("rect", { x: row.x - 4, y: row.y + 1, width: row.w + 8, height: row.row - 2, rx: 4, fill: css("accent-soft") }),
    h("path", { d: `M${row.x + 30},${mid}h22`, stroke: css(look.colour), "stroke-width": 2.5, "stroke-dasharray": look.dash?.join(" "), opacity: on ? 1 : 0.3 }),
    label(row.x + 58, mid + (phone ? -3 : 4), phone ? kind.short : kind.name, { fill: on ? look.colour : "ink3", weight: chosen ? 700 : 600 }),
    label(row.x + (phone ? 58 : 168), mid + (phone ? 13 : 4), phone ? `keeps ${kind.keeps}` : kind.keeps, { fill: "ink2", mono: !phone }),
    label(row.x + row.w - (phone ? 96 : 132), mid + 4, set(rateOf(local, kind)), { mono: true, fill: "ink" }),
    label(row.x + row.w, mid + 4, !on ? "off" : said || (track ? sig(loss) : "…"), { mono: !said && on, anchor: "end", fill: said ? "accent" : on ? "ink" : "ink3", weight: said ? 600 : null }),
  ]);
  const height = phone ? 44 : 24;
  const top = mid - height / 2;
  g.overlay(`on ${kind.id}`, { left: row.x, top, width: phone ? 30 : 24, height },
    () => html("button", { type: "button", class: "op-on", "data-on": kind.id, click: () => {
      const taking = g.data.kinds.filter((k) => takes(g.data, local, k.id) !== (k.id === kind.id)).map((k) => k.id);
      g.select({ racers: taking.length === g.data.kinds.length ? "" : taking.join(" ") || "none" });
    } }, html("i", {})),
    (node) => {
      node.setAttribute("aria-pressed", String(on));
      node.setAttribute("aria-label", `${kind.name} takes part`);
      node.style.setProperty("--look", css(look.colour));
    });
  g.overlay(`pick ${kind.id}`, { left: row.x + (phone ? 32 : 28), top, width: phone ? 78 : 132, height },
    () => html("button", { type: "button", class: "op-pick", "data-pick": kind.id, click: () => g.select({ racer: kind.id }) }),
    (node) => {
      node.setAttribute("aria-pressed", String(chosen));
      node.setAttribute("aria-label", `Write out ${kind.name}’s step`);
      node.disabled = !on;
    });
  const left = row.x + (phone ? 118 : 212);
  drawDial(g, data, local, `rate ${kind.id}`, { left, top, width: row.x + row.w - (phone ? 104 : 142) - left, height }, kind, (rate) =>
    turn(g, g.data, local, "rates", g.data.kinds.map((k) => ({ ...k, usual: g.data.surface.rates[k.id] })), kind.id, rate));
}

export function drawDial(g, data, local, name, box, kind, turned) {
  g.overlay(name, box,
    () => html("input", { type: "range", class: "gb-range", min: 0, max: PLACES, step: 1, "data-rate": kind.id,
      input: (event) => turned(rateAt(Number(event.target.value))) }),
    (node) => {
      const place = placeOf(rateOf(local, kind));
      if (document.activeElement !== node || Number(node.value) !== place) node.value = place;
      node.style.setProperty("--fill", `${place}%`);
      node.setAttribute("aria-label", `Rate of ${kind.name}`);
      node.setAttribute("aria-valuetext", set(rateOf(local, kind)));
    });
}

/** Everybody's loss above the lowest, step by step, on a scale of powers of ten. */
function drawLosses(g, data, local, at, lap, chosen) {
  const { x, y, w, h: tall } = at.chart;
  const over = (track, i) => Math.max(track.losses[i] - data.surface.lowest, 1e-30);
  const [left, right] = [x + 40, x + w];
  const X = (step) => left + ((right - left) * step) / Math.max(1, data.steps);
  const heights = local.tracks.flatMap((track) => Array.from(track.losses, (_, i) => over(track, i))).filter(Number.isFinite);
  const first = Math.max(1e-3, ...local.tracks.map((track) => over(track, 0)));
  const high = Math.ceil(Math.log10(Math.min(Math.max(first, ...heights), first * 1e3)));
  const low = Math.max(high - 8, Math.floor(Math.log10(Math.max(1e-8, Math.min(...heights, 1)))));
  const Y = (value) => y + tall - (tall * clamp(Math.log10(value) - low, 0, high - low + 0.3)) / (high - low || 1);
  g.part("losses", [at.chart, chosen?.id], () => [
    label(right, y - (at.phone ? 18 : 13), "each line down: a tenth", { anchor: "end", fill: "ink3" }),
    Array.from({ length: high - low + 1 }, (_, i) => low + i).map((ten) => h("path", { d: `M${left},${Y(10 ** ten)}H${right}`, stroke: css("line"), "stroke-width": 0.7 })),
    [high, low].map((ten) => label(left - 6, Y(10 ** ten) + 4, set(10 ** ten), { mono: true, anchor: "end", fill: "ink3" })),
    h("defs", {}, h("clipPath", { id: "op-losses" }, h("rect", { x: left, y: y - 4, width: right - left + 2, height: tall + 8 }))),
    h("g", { "clip-path": "url(#op-losses)" }, [...local.tracks].sort((a, b) => (a === chosen) - (b === chosen)).map((track) =>
      drawLine(lineTo(Array.from(track.losses, (_, i) => [X(i), near(Y(Number.isFinite(over(track, i)) ? over(track, i) : 1e30))])), LOOKS[track.id], track === chosen ? 2.2 : 1.4))),
  ]);
  g.door("loss", { left: x - 2, top: y - (at.phone ? 44 : 27) }, data.surface.lowest ? "Loss above the lowest" : "Loss", "What a model’s loss is made of");
  g.part("now", [at.chart, lap], () => h("path", { d: `M${X(lap)},${y - 4}V${y + tall + 4}`, stroke: css("accent"), "stroke-width": 1.5 }));
}

/** The chosen one's step, line by line, for x and y. */
function drawNumbers(g, data, local, at, lap, chosen) {
  const { x, y, w } = at.numbers;
  const { phone } = at;
  if (!chosen) {
    g.part("numbers", ["nobody", at.numbers], () => paragraph(x, y + 14, "Nobody takes part. Switch an optimizer on.", w, { fill: "ink" }));
    return;
  }
  const k = Math.max(1, lastOf(chosen, lap));
  const kind = data.kinds.find((one) => one.id === chosen.id);
  const settings = { ...data.settings, rate: kind.rate };
  g.part("numbers", [chosen.id, k, at.numbers], () => {
    if (chosen.losses.length < 2) return [];
    const sides = [0, 1].map((axis) => linesOf(chosen.id, numbersAt(chosen, k, axis), settings, k));
    const columns = [x + w - 92, x + w];
    const head = k === chosen.diverged ? `diverged at step ${k}` : `${phone ? "" : `${kind.about}; `}step ${k}${lap === 0 ? ", the first to come" : ""}`;
    const note = chosen.id === "muon" ? "Muon is made for matrices; the point counts as one of 1 × 2: only its length is changed." : chosen.id === "adamw" && !settings.decay ? "Without weight decay AdamW is Adam." : "";
    return [
      label(x, y, kind.name, { weight: 600, fill: LOOKS[kind.id].colour }), label(x + measure(kind.name, 12, false) * 1.06 + 8, y, head, { fill: "ink2" }),
      label(columns[0], y, "x", { anchor: "end", fill: "ink3", mono: true }), label(columns[1], y, "y", { anchor: "end", fill: "ink3", mono: true }),
      sides[0].map((line, i) => {
        const top = y + 18 + i * 17;
        const row = h("g", { "data-line": line.id }, h("rect", { x, y: top - 13, width: w, height: 17, fill: "transparent" }),
          label(x, top, line.symbol, { mono: true, weight: 700, fill: line.id === "move" ? LOOKS[kind.id].colour : "ink" }),
          label(x + 22, top, i ? `= ${line.rule}` : line.rule, { mono: i > 0, fill: "ink2" }),
          sides.map((lines, axis) => label(columns[axis], top, sig(lines[i].value), { mono: true, anchor: "end", fill: "ink", weight: line.id === "move" ? 700 : null })));
        return g.tip(row, line.sum ? `x: ${sides[0][i].sum} = ${sig(sides[0][i].value)}\ny: ${sides[1][i].sum} = ${sig(sides[1][i].value)}` : `${line.rule}: ${sig(sides[0][i].value)}, ${sig(sides[1][i].value)}`);
      }),
      note && paragraph(x, y + 18 + sides[0].length * 17 + 4, note, w, { fill: "ink3" }),
    ];
  });
}

/** The learner's text in the open model: what its tokens cost now, before the panels below train on it. */
export function drawStrip(g, data, at) {
  const { x, y, w } = at.strip;
  g.part("strip", [at.strip], () => {
    const known = data.tokenLosses.filter((v) => v !== null);
    const most = Math.max(...known, 1e-9);
    const mean = known.reduce((a, b) => a + b, 0) / (known.length || 1);
    const head = "Your text, trained on below";
    const said = known.length ? `loss now: ${num(mean, 3)}` : "";
    const out = [label(x, y + (at.phone ? 10 : 14), head, { weight: 600, fill: "ink" }),
      label(x + w, y + (at.phone ? 10 : 14), said, { anchor: "end", fill: "ink2" })];
    const top = at.phone ? y + 30 : y + 10;
    const end = x + w - (at.phone ? 0 : measure(said, 12, false) + 20);
    let left = at.phone ? x : x + measure(head, 12, false) * 1.06 + 16;
    for (const [i, token] of data.tokens.entries()) {
      const room = clamp(measure(visible(token), 12, true) + 12, 20, 110);
      if (left + room > end - (i < data.tokens.length - 1 ? 22 : 0)) { out.push(label(left + 2, top + 4, "…", { fill: "ink3" })); break; }
      const loss = data.tokenLosses[i];
      const node = h("g", {}, chip(g, left, top, room, token, { height: 20, size: 12, faint: loss === null }),
        loss !== null && h("rect", { x: left + 2, y: top + 11.5, width: Math.max(1, ((room - 4) * loss) / most), height: 3, rx: 1.5, fill: css("res") }));
      out.push(g.tip(node, loss === null ? `${visible(token)}: not asked for` : `${visible(token)}: loss ${num(loss, 3)}`));
      left += room + 4;
    }
    return out;
  });
}
