// The table of scores: a row a score, a column a head of the block; grey dots are the same head by chance.

import { counted } from "../../app/kit/counts.js";
import { clamp, css, fit, h, inLines, label, num } from "../../app/kit/shapes.js";
import { headName } from "./composition.js";

const GROUPS = {
  where: "Where a token reads",
  copies: "Copies of a token",
  words: "Kinds of words",
};
const STRIP = 26; // a row's height

/** The heads that fit, around the chosen one. */
function headsShown(data, w) {
  const least = w / data.heads >= 44 ? 44 : 58; // a little closer where all of them then fit
  const room = Math.max(1, Math.min(data.heads, Math.floor(w / least)));
  const first = clamp(data.head - Math.floor(room / 2), 0, data.heads - room);
  return Array.from({ length: room }, (_, i) => first + i);
}

export function drawChance(g, data, local, { x, y, w }) {
  const lead = w < 520 ? 124 : 200;
  const heads = headsShown(data, w - lead);
  const col = (w - lead) / heads.length;
  const said = inLines(`Violet: a head’s score. Grey dots: the same head by chance. The line: what the luckiest of all ${counted(data.blocks * data.heads, "head")} reaches in 19 of 20 draws. ` +
    `Filled: beyond the line. A name needs that, and ${num(data.from, 1)} of the way from an even spread to the best possible.`, w);
  g.part("chance head", [w], () => [
    label(x, y + 14, `Block ${data.block}${data.off ? ", all heads on" : ""}: more than chance?`, { size: 14, weight: 600, fill: "ink" }),
    said.map((line, i) => label(x, y + 34 + 16 * i, line, { fill: "ink3" })),
  ]);
  let at = y + 50 + 16 * said.length;
  g.part("heads", [w], () => heads.map((h, k) => [
    label(x + lead + k * col + 4, at, headName([data.block, h]), { weight: h === data.head ? 700 : 600, fill: h === data.head ? "accent" : "ink", size: 12 }),
    label(x + lead + k * col + 4, at + 15, fit(data.names[h], col - 4, 12, false), { fill: data.names[h] === "mixed" ? "ink3" : "att-ink" }),
  ]));
  if (!data.chance.length) {
    g.part("nothing", [w], () => inLines("This text is too short to compare: with one token to read there is no other place that chance could choose.", w - lead).map((line, i) => label(x + lead, at + 24 + 16 * i, line, { fill: "ink2" })));
    return at + 64;
  }
  at += 26;
  let group = "";
  data.chance.forEach((row, r) => {
    if (row.group !== group) {
      group = row.group;
      const top = at;
      g.part(`group ${group}`, [w, at], () => [h("path", { d: `M${x},${top}H${x + w}`, stroke: css("line") }),
        label(x, top + 15, GROUPS[group], { weight: 600, fill: "ink2" }), w < 520 ? null : label(x + lead + 4, top + 15, fit(`chance: ${row.how}`, w - lead - 8, 12, false), { fill: "ink3" })]);
      at += 22;
    }
    const top = at;
    g.part(`score ${r}`, [w, top], () => strips(g, data, local, row, r, { x, top, lead, col, heads }));
    at += STRIP;
  });
  return at + 4;
}

/** One score: its name, and for each head the dots of chance, the line, and the head's own score. */
function strips(g, data, local, row, r, { x, top, lead, col, heads }) {
  const pad = 8;
  const wide = col - 2 * pad;
  const X = (k, v) => x + lead + k * col + pad + wide * clamp(v, 0, 1);
  const middle = top + STRIP / 2;
  const dots = local.dots[r];
  const n = dots.shape[1];
  const out = [g.tip(label(x, middle + 4, fit(row.name, lead - 42, 12, false), { fill: "ink" }), `${row.name}: over ${row.tokens} ${row.tokens === 1 ? "token" : "tokens"}`),
    label(x + lead - 8, middle + 4, num(row.line, 2), { anchor: "end", mono: true, fill: "ink3" })];
  heads.forEach((h0, k) => {
    const cloud = [];
    for (let i = 0; i < n; i++) cloud.push(`M${X(k, dots[h0 * n + i]).toFixed(1)},${(middle + ((((i + 1) * 0.618) % 1) - 0.5) * (STRIP - 12)).toFixed(1)}h0`);
    const [value, above] = [row.values[h0], row.above[h0]];
    const said = `${headName([data.block, h0])} ${row.name} ${num(value, 3)}; by chance ${num(row.mean[h0], 3)} on average, the line ${num(row.line, 3)}. ` +
      `As high in ${row.reached[h0]} of ${counted(row.draws, "draw")}${above ? (row.named[h0] ? ": named after it" : row.large[h0] ? ": another score names it" : ": too little for a name") : ""}. Chance: ${row.how}.`;
    out.push(h("path", { d: `M${X(k, 0)},${middle}H${X(k, 1)}`, stroke: css("line") }),
      h("path", { d: cloud.join(""), stroke: css("ink3"), "stroke-width": 2.6, "stroke-linecap": "round", opacity: 0.42, fill: "none" }),
      h("path", { d: `M${X(k, row.line)},${top + 3}V${top + STRIP - 3}`, stroke: css("ink"), "stroke-width": 1.5 }),
      h("circle", { cx: X(k, value), cy: middle, r: row.named[h0] ? 6 : 4.5, fill: above ? css("att") : css("bg"), stroke: css("att"), "stroke-width": 1.8 }),
      g.tip(h("rect", { class: "gb-hot", "data-cell": `${r}.${h0}`, x: x + lead + k * col, y: top, width: col, height: STRIP, fill: "transparent", click: () => g.select({ block: data.block, head: h0 }) }), said));
  });
  return out;
}
