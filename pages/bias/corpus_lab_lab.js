// The corpus lab: dose and response, what each remedy leaves, and the learner's runs as they move.

import { curves, heardRuns } from "../../app/kit/curves.js";
import { css, fit, h, inLines, label, measure, num, thousands } from "../../app/kit/shapes.js";

const LAB_GROUPS = [["dialled", "accent", null, "dialled professions"], ["others", "ink2", "5 4", "untouched ones"]];
export const inPercent = (x) => `${num(100 * x, 0)} %`;

/** The frame of both charts: y is the share of "she", 0 to 1, with one half marked. */
function shareFrame(box, py, left, right) {
  return [0, 0.25, 0.5, 0.75, 1].flatMap((share) => [
    h("path", { d: `M${left},${py(share)}H${right}`, stroke: css(share === 0.5 ? "ink3" : "line"), "stroke-width": 1, "stroke-dasharray": share === 0.5 ? "1 4" : null }),
    label(left - 6, py(share) + 4, num(100 * share, 0), { anchor: "end", fill: "ink3", size: 11 }),
  ]);
}

export function drawDoses(g, data, local, box) {
  const { lab } = data;
  const titles = inLines(`Dose and response: ${lab.doses.length} doses × ${lab.seeds} seeds, only the dial differs`, box.w, 13.5);
  const legend = [...LAB_GROUPS.map(([key, colour, dash, name]) => ({ key, colour, dash, name })), { colour: "ink3", dash: "2 3", name: "as the text says" }, ...(lab.own.some((one) => one.trace.length) ? [{ own: true, name: "yours" }] : [])];
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
  const px = (dose) => left + 12 + dose * (right - left - 24);
  const py = (share) => bottom - share * (bottom - top);
  g.part("doses", [box], () => {
    const out = titles.map((line, i) => label(box.x, box.y + 13 + 17 * i, line, { weight: 600, fill: "ink", size: 13 }));
    for (const { one, x, row: at } of spots) {
      const y = begin + 16 + 18 * at;
      out.push(one.own ? h("path", { d: `M${x + 11},${y - 6}l6,6l-6,6l-6,-6z`, fill: css("bg"), stroke: css("accent"), "stroke-width": 2 }) : h("path", { d: `M${x},${y}h22`, stroke: css(one.colour), "stroke-width": 2, "stroke-dasharray": one.dash }), label(x + 28, y + 4, one.name, { fill: "ink" }));
    }
    out.push(shareFrame(box, py, left, right), h("path", { d: `M${px(0)},${py(0)}L${px(1)},${py(1)}`, stroke: css("ink3"), "stroke-dasharray": "2 3", fill: "none" }));
    for (const dose of [0, 0.25, 0.5, 0.75, 1]) out.push(label(px(dose), bottom + 15, num(100 * dose, 0), { anchor: "middle", fill: "ink3", size: 11 }));
    out.push(label(right, bottom + 30, "dose: “she” among the dialled, %, as told", { anchor: "end", fill: "ink3", size: 11 }), label(box.x, top - 8, "“she” in the model, %", { fill: "ink3", size: 11 }));
    LAB_GROUPS.forEach(([key, colour, dash], k) => {
      const shift = k ? 4 : -4;
      out.push(h("path", { d: "M" + lab.doses.map((one) => `${px(one.at) + shift},${py(one[key].mean)}`).join("L"), fill: "none", stroke: css(colour), "stroke-width": k ? 1.6 : 2.2, "stroke-dasharray": dash }));
      for (const one of lab.doses) out.push(...rod(one[key], px(one.at) + shift, py, css(colour)));
    });
    for (const one of lab.doses) {
      const hit = h("rect", { "data-dose": one.at, x: px(one.at) - 16, y: top - 6, width: 32, height: bottom - top + 24, fill: "transparent" });
      out.push(g.tip(hit, `dose ${inPercent(one.at)}\n` + LAB_GROUPS.map(([key, , , name]) => `${name}: ${inPercent(one[key].mean)} (${num(100 * one[key].low, 0)} to ${num(100 * one[key].high, 0)})`).join("\n")));
    }
    out.push(lab.own.filter((one) => one.at !== null && one.trace.length).map((one) => ownMark(g, one, px, py)));
    return out;
  });
  return bottom + 40;
}

/** Seeds as dots, their mean, its interval. */
function rod(one, x, py, colour) {
  return [
    h("path", { d: `M${x},${py(one.low)}V${py(one.high)}M${x - 3},${py(one.low)}h6M${x - 3},${py(one.high)}h6`, stroke: colour, "stroke-width": 1.5, opacity: 0.75, fill: "none" }),
    ...one.values.map((value) => h("circle", { cx: x, cy: py(value), r: 2, fill: colour, opacity: 0.4 })),
    h("circle", { cx: x, cy: py(one.mean), r: 3.4, fill: colour }),
  ];
}

function ownMark(g, one, px, py) {
  const last = one.trace.at(-1);
  const [x, y] = [px(one.at), py(last.dialled)];
  const node = h("path", { d: `M${x},${y - 7}l7,7l-7,7l-7,-7z`, fill: css("bg"), stroke: css("accent"), "stroke-width": 2, "stroke-dasharray": one.same && one.remedy === "none" ? null : "2 2", "data-own": one.id });
  const other = one.same ? "" : "\nother professions or steps than the recorded runs";
  return g.tip(node, `yours: ${one.name}, seed ${one.seed}\n“she” in the model: ${inPercent(last.dialled)} at step ${thousands(last.step)} of ${thousands(one.steps)}${one.going ? ", still learning" : ""}${other}`);
}

/** What each remedy leaves of the biased dose, a row each. */
export function drawRemedies(g, data, box) {
  const { lab } = data;
  const name = 96;
  const last = 76;
  const [left, right] = [box.x + name, box.x + box.w - last];
  const px = (share) => left + share * (right - left);
  const title = inLines(`Remedies at a dose of ${inPercent(lab.biased)}: “she” in the model, %`, box.w, 13);
  const top = box.y + 17 * title.length + 18;
  const pitch = 24;
  const bottom = top + pitch * lab.remedies.length;
  g.part("remedies", [box], () => {
    const out = title.map((line, i) => label(box.x, box.y + 13 + 17 * i, line, { weight: 600, fill: "ink", size: 12.5 }));
    out.push(label(box.x + box.w, top - 4, "loss", { anchor: "end", fill: "ink3", size: 11 }));
    for (const share of [0, 0.25, 0.5, 0.75, 1]) out.push(h("path", { d: `M${px(share)},${top}V${bottom}`, stroke: css(share === 0.5 ? "ink3" : "line"), "stroke-dasharray": share === 0.5 ? "1 4" : null }), label(px(share), bottom + 14, num(100 * share, 0), { anchor: "middle", fill: "ink3", size: 11 }));
    lab.remedies.forEach((one, r) => {
      const y = top + pitch * r + pitch / 2;
      const row = h("g", { "data-remedy": one.remedy }, h("rect", { x: box.x, y: y - pitch / 2, width: box.w, height: pitch, fill: "transparent" }), label(box.x, y + 4, one.name, { fill: "ink" }), label(box.x + box.w, y + 4, num(one.heldOut, 3), { mono: true, anchor: "end", fill: "ink2" }));
      LAB_GROUPS.forEach(([key, colour], k) => {
        const [at, spread] = [y + (k ? 4 : -4), one[key]];
        row.append(h("path", { d: `M${px(spread.low)},${at}H${px(spread.high)}`, stroke: css(colour), "stroke-width": 1.5, opacity: 0.7 }), ...spread.values.map((value) => h("circle", { cx: px(value), cy: at, r: 2, fill: css(colour), opacity: 0.4 })), h("circle", { cx: px(spread.mean), cy: at, r: 3.4, fill: css(colour) }));
      });
      out.push(g.tip(row, `${one.name}\n` + LAB_GROUPS.map(([key, , , words]) => `${words}: ${inPercent(one[key].mean)} (${num(100 * one[key].low, 0)} to ${num(100 * one[key].high, 0)})`).join("\n") + `\nheld-out loss on the world as it is: ${num(one.heldOut, 3)} nats`));
    });
    return out;
  });
  return bottom + 26;
}

/** The learner's runs: the share at each moment, and the loss of those that are going, live. */
export function drawOwn(g, data, local, box) {
  const { lab } = data;
  local.chart = null;
  const traced = lab.own.filter((one) => one.trace.length);
  if (!traced.length && !lab.live.length) return box.y;
  let y = box.y + 8;
  if (traced.length) {
    const most = Math.max(...traced.map((one) => one.steps));
    const [left, right, top, bottom] = [box.x + 34, box.x + box.w - 96, y + 24, y + 134];
    const px = (step) => left + (step / most) * (right - left);
    const py = (share) => bottom - share * (bottom - top);
    g.part("own", [box], () => [
      label(box.x, y + 10, "Your runs on the way: “she” in the model, %, by step", { weight: 600, fill: "ink", size: 12.5 }),
      shareFrame(box, py, left, right),
      label(left, bottom + 15, "0", { anchor: "middle", fill: "ink3", size: 11 }), label(right, bottom + 15, thousands(most), { anchor: "middle", fill: "ink3", size: 11 }),
      spread(traced.map((one) => py(one.trace.at(-1).dialled)), 14).map((at, k) => {
        const one = traced[k];
        const drawn = LAB_GROUPS.map((group) => [...group, one.trace.filter((p) => p[group[0]] !== null)]).filter((group) => group.at(-1).length); // nothing is untouched where all are dialled
        return drawn.map(([key, colour, dash, , points]) => h("path", { d: "M" + points.map((p) => `${px(p.step)},${py(p[key])}`).join("L"), fill: "none", stroke: css(colour), "stroke-width": key === "dialled" ? 2 : 1.2, "stroke-dasharray": dash, "data-trace": key })).concat(
          h("circle", { cx: px(one.trace.at(-1).step), cy: py(one.trace.at(-1).dialled), r: 3.4, fill: css("accent") }), label(right + 8, at + 4, fit(one.name, 88, 11.5, false), { fill: "ink2", size: 11.5 }));
      }),
    ]);
    y = bottom + 30;
  }
  if (lab.live.length) {
    g.part("live head", [box, y], () => label(box.x, y + 8, "Their loss, live", { fill: "ink3" }));
    local.chart = curves(g, "live", { left: box.x, top: y + 14, width: box.w, height: 120 }, {
      runs: lab.live, lines: [{ column: "loss", kind: "raw" }, { column: "smooth", kind: "solid" }], x: "step", ends: "line", title: "Loss of your runs, nats a token",
      onpoint: (feed, what) => heardRuns(g, local, what),
    });
    y += 144;
  }
  return y;
}

/** Places for names beside lines: at least `gap` apart, in the order of the lines. */
function spread(wanted, gap) {
  const order = wanted.map((y, k) => [y, k]).sort((a, b) => a[0] - b[0]);
  const placed = [];
  let last = -Infinity;
  for (const [y, k] of order) placed[k] = last = Math.max(y, last + gap);
  return placed;
}
