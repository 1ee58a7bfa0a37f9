// The pronoun gap: a row for each profession, a mark for each model, its interval over the templates.

import { roundTicks } from "../../app/kit/pens.js";
import { clamp, css, fit, h, inLines, label, measure, num, thousands } from "../../app/kit/shapes.js";

const GAP_MARKS = [["accent", "circle"], ["ink2", "square"], ["v-ink", "triangle"]];
const GAP_PITCH = 16;
const nats = (x) => (x > 0 ? "+" : "") + num(x, 2);

function gapMark(kind, x, y, r, colour) {
  if (kind === "square") return h("rect", { x: x - r, y: y - r, width: 2 * r, height: 2 * r, fill: colour });
  if (kind === "triangle") return h("path", { d: `M${x},${y - r - 0.5}L${x + r + 0.5},${y + r}H${x - r - 0.5}Z`, fill: colour });
  return h("circle", { cx: x, cy: y, r: r + 0.3, fill: colour });
}

/** The lines below the title: each model's mark, name, how it is asked, and what it cannot say. */
function gapLegend(data, w) {
  return data.series.flatMap((one, k) => {
    const unknown = one.unknown.length ? `; ${one.unknown.length} of ${data.tokens.length} not in its vocabulary: ${one.unknown.join(", ")}` : "";
    const said = one.waits ? "not asked yet, as it is large: press Ask below" : one.why || one.how + unknown + (one.open && one.band ? "; shaded: where chance keeps all its means" : "");
    return inLines(`${one.name}: ${said}`, w - 18, 12).map((text, line) => ({ k, text, line }));
  });
}

/** How wide the axis is, ± nats: all means, and intervals up to three times as far. */
function gapReach(data) {
  const gaps = data.series.flatMap((one) => one.gaps).filter(Boolean);
  const mean = Math.max(0.5, ...gaps.map((gap) => Math.abs(gap.mean)));
  const ends = gaps.flatMap((gap) => (gap.low === null ? [] : [Math.abs(gap.low), Math.abs(gap.high)]));
  return Math.min(Math.max(mean, ...ends) * 1.05, mean * 3);
}

export function drawGaps(g, data, local, box) {
  const legend = gapLegend(data, box.w);
  const top = box.y + 34 + 16 * legend.length;
  const rows = data.tokens.length;
  const name = Math.min(104, Math.max(...data.tokens.map((job) => measure(job, 12, true))) + 8);
  const [left, right] = [box.x + name, box.x + box.w - 8];
  const bottom = top + rows * GAP_PITCH + 4;
  const reach = gapReach(data);
  const px = (value) => (left + right) / 2 + (clamp(value, -reach, reach) / reach) * (right - left) * 0.5;
  g.part("gap head", [box], () => [
    label(box.x, box.y + 13, fit("Pronoun gap: log p(she) − log p(he), nats", box.w, 13.5, false), { weight: 600, fill: "ink", size: 13 }),
    ...legend.map(({ k, text, line }, i) => {
      const y = box.y + 32 + 16 * i;
      return [line ? null : gapMark(GAP_MARKS[k][1], box.x + 6, y - 4, 4, css(GAP_MARKS[k][0])), label(box.x + 18, y, text, { fill: data.series[k].open ? "ink" : "ink2" })];
    }),
  ]);
  g.part("gap axis", [box, reach], () => {
    const out = [];
    for (const tick of roundTicks(-reach, reach, clamp((right - left) / 64, 2, 7)).ticks) {
      out.push(h("path", { d: `M${px(tick)},${top - 2}V${bottom}`, stroke: css(tick ? "line" : "ink3"), "stroke-width": 1 }), label(px(tick), bottom + 15, tick ? num(tick, Math.abs(tick) < 1 || tick % 1 ? 1 : 0) : "0", { anchor: "middle", fill: "ink3", size: 11 }));
    }
    out.push(label(left, bottom + 30, "← he", { fill: "ink3", size: 11 }), label(right, bottom + 30, "she →", { anchor: "end", fill: "ink3", size: 11 }));
    return out;
  });
  const band = data.series.find((one) => one.open)?.band;
  g.part("gap band", [box, reach, band], () => band && g.tip(h("rect", { x: px(band[0]), y: top - 2, width: px(band[1]) - px(band[0]), height: bottom - top + 2, fill: css("accent"), opacity: 0.09, "data-band": "chance" }),
    `${data.series[0].name}: with the professions shuffled within each sentence, all means stay between ${nats(band[0])} and ${nats(band[1])} in ${num(100 * data.sure, 0)} of 100 shuffles`));
  g.part("gap rows", [box, local.row], () => data.tokens.map((job, r) => gapRow(g, data, local, { job, r, y: top + r * GAP_PITCH + GAP_PITCH / 2, left, right, px, x: box.x, w: box.w, name })));
  return gapDetail(g, data, local, { x: box.x, y: bottom + 42, w: box.w });
}

function gapRow(g, data, local, { job, r, y, left, right, px, x, w, name }) {
  const out = [
    h("rect", { x: x - 4, y: y - GAP_PITCH / 2, width: w + 4, height: GAP_PITCH, rx: 3, fill: r === local.row ? css("accent-soft") : "transparent" }),
    label(x, y + 4, fit(job, name - 6, 12), { mono: true, fill: "ink", weight: r === local.row ? 700 : null }),
  ];
  const count = data.series.length;
  data.series.forEach((one, k) => {
    const gap = one.gaps[r];
    if (!gap) return;
    const at = y + (k - (count - 1) / 2) * 4;
    const colour = css(GAP_MARKS[k][0]);
    if (gap.low !== null) out.push(h("path", { d: `M${px(gap.low)},${at}H${px(gap.high)}`, stroke: colour, "stroke-width": 1.4, opacity: 0.55 }));
    out.push(gapMark(GAP_MARKS[k][1], px(gap.mean), at, 3, colour));
  });
  const told = data.told[r];
  const said = data.series.map((one) => gapSaid(one, r)).filter(Boolean);
  const truth = told ? `\nin ${thousands(data.stories)} tales of the bundled models’ world: ${told[0]} of ${told[1]} are “she”` : "";
  const row = h("g", { class: "gb-hot", "data-job": r, onclick: () => g.select({ profession: r }) }, out);
  return g.tip(row, `${job}\n${said.join("\n")}${truth}`);
}

export function gapSaid(one, r) {
  const gap = one.gaps[r];
  if (!gap) return one.unknown.length ? `${one.name}: not in its vocabulary` : "";
  const between = gap.low === null ? "" : ` (${num(gap.low, 2)} to ${num(gap.high, 2)})`;
  return `${one.name}: ${nats(gap.mean)}${between}, share of she ${num(gap.share, 2)}${gap.tokens > 1 ? `, in ${gap.tokens} pieces` : ""}`;
}

/** The chosen profession in every template: one number a model. */
function gapDetail(g, data, local, box) {
  const job = data.tokens[local.row];
  const known = data.series.map((one, k) => ({ k, gap: one.gaps[local.row] })).filter(({ gap }) => gap);
  const room = box.w - 56 * known.length - 8;
  let y = box.y + 16;
  const lines = data.templates.map((text) => inLines(text.replace("{job}", job), room, 12));
  const told = data.told[local.row];
  const truth = told ? `In ${thousands(data.stories)} tales of the same world, of ${told[1]} people with the profession “${job}” ${told[0]} are “she”.` : "";
  const below = [...data.findings, ...(truth ? [truth] : [])].flatMap((line) => inLines(line, box.w, 12.5));
  const height = lines.reduce((sum, set) => sum + 16 * set.length + 2, 0);
  g.part("gap detail", [box, local.row], () => {
    const out = known.map(({ k }, i) => gapMark(GAP_MARKS[k][1], box.x + box.w - 56 * (known.length - 1 - i) - 18, box.y + 2, 4, css(GAP_MARKS[k][0])));
    out.push(label(box.x, box.y + 6, fit(`${job}, sentence by sentence`, room, 12, false), { fill: "ink3" }));
    lines.forEach((set, t) => {
      known.forEach(({ gap }, i) => out.push(label(box.x + box.w - 56 * (known.length - 1 - i) - 4, y + 8, nats(gap.values[t]), { mono: true, anchor: "end", fill: "ink" })));
      set.forEach((line, n) => out.push(label(box.x, y + 8 + 16 * n, line, { fill: "ink2" })));
      y += 16 * set.length + 2;
    });
    y += 10;
    below.forEach((line, n) => out.push(label(box.x, y + 8 + 17 * n, line, { fill: "ink", size: 12.5 })));
    return out;
  });
  return box.y + 16 + height + 10 + 17 * below.length + 12;
}
