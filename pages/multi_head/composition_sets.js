// Sets of heads off: what each does alone, added up, beside what all of them do together.

import { counted } from "../../app/kit/counts.js";
import { MONO, clamp, css, h, html, inLines, label, num, visible } from "../../app/kit/shapes.js";
import { headName } from "./composition.js";

const NIL = 0.01; // nats: what is less is drawn, and not spoken of

/** What it means that together is more or less than the sum. */
function meaning(row) {
  const many = row.heads.length > 2;
  if (Math.abs(row.beyond) < Math.max(NIL, 0.1 * Math.max(Math.abs(row.total), Math.abs(row.joint)))) return "they add up";
  if (row.joint < 0 && row.singles.every((v) => v < NIL)) {
    if (row.joint < row.total) return many ? "they cover for each other" : "each covers for the other";
    return many ? "they need each other" : "one needs the other";
  }
  return row.beyond > 0 ? "likelier than that" : "less likely than that";
}
const signedNum = (v) => (v > 0 ? "+" : "") + num(v, 2);

export function drawSets(g, data, local, { x, y, w }) {
  const sets = data.sets;
  const token = sets ? visible(sets.token) : "";
  const about = inLines(sets?.unsaid ? sets.unsaid : sets ? `Change of log p of ${token} with heads off, in the whole model. Violet: each head off alone; the mark is their sum. Red: all of them off together. Where mark and red differ, the heads meet.`
    : "Switching off pairs of heads takes long on this model and text: the button below measures it.", w);
  g.part("sets head", [x, y, w], () => [h("path", { d: `M${x},${y}H${x + w}`, stroke: css("line") }),
    label(x, y + 26, "Heads off together: the sum of their parts?", { size: 14, weight: 600, fill: "ink" }),
    about.map((line, i) => label(x, y + 46 + 16 * i, line, { fill: "ink3" }))]);
  let at = y + 58 + 16 * about.length;
  if (!sets || sets.unsaid) return at;
  if (!sets.rows.length) {
    g.part("sets none", [x, at, w], () => label(x, at + 6, "This model has no two heads to switch off together.", { fill: "ink2" }));
    return at + 24;
  }
  const phone = w < 640;
  const [lead, tail] = phone ? [0, 0] : [240, 372];
  // A large set's change could leave no room for the others': then it runs over the edge, and its number says how far.
  const endsOf = (rows) => rows.flatMap((row) => [row.joint, sum(row.singles, -1), sum(row.singles, 1), row.total]);
  const reach = (ends) => [Math.min(0, ...ends), Math.max(0, ...ends)];
  const [all, few] = [endsOf(sets.rows), endsOf(sets.rows.filter((row) => row.heads.length <= 3))].map(reach);
  const [low, high] = few[1] > few[0] && all[1] - all[0] > 3 * (few[1] - few[0]) ? few : all;
  const wide = w - lead - tail;
  const X = (v) => x + lead + wide * clamp((v - low) / (high - low || 1), 0, 1);
  const over = (v) => v < low || v > high;
  const pitch = phone ? 104 : 36;
  sets.rows.forEach((row, r) => {
    const top = at + r * pitch;
    const names = row.heads.length > 3 ? `${counted(row.heads.length, "head")}` : row.heads.map(headName).join(" + ");
    const what = r >= sets.chosen ? "" : r === 0 && sets.now ? "off now" : "the pair";
    g.overlay(`set ${r}`, { left: x, top: top + (phone ? 0 : 2), height: phone ? 44 : 28 }, () => html("button", { type: "button", class: "gb-button gb-small mm-set", onclick: (event) => g.select({ off: event.currentTarget.dataset.off }) }), (node) => {
      node.dataset.off = row.off;
      node.textContent = `Switch off ${names}`;
      node.disabled = r === 0 && sets.now;
    });
    const [bars, right] = [phone ? top + 48 : top + 3, phone ? x : x + w - tail + 12];
    g.part(`bars ${r}`, [x, top, w], () => {
      let [down, up] = [0, 0];
      const singles = row.singles.map((v, k) => {
        const from = v < 0 ? down : up;
        if (v < 0) down += v; else up += v;
        const [a, b] = [X(Math.min(from, from + v)), X(Math.max(from, from + v))];
        return g.tip(h("rect", { x: a, y: bars, width: Math.max(0.5, b - a - (b - a > 3 ? 1 : 0)), height: 11, fill: css("att"), opacity: k % 2 ? 0.55 : 0.85 }), `${headName(row.heads[k])} off alone: ${signedNum(v)}`);
      });
      const [a, b] = [X(Math.min(0, row.joint)), X(Math.max(0, row.joint))];
      return [h("path", { d: `M${X(0)},${bars - 2}v29`, stroke: css("ink3") }), singles,
        g.tip(h("rect", { x: a, y: bars + 13, width: Math.max(1, b - a), height: 11, fill: css("accent") }), `all off together: ${signedNum(row.joint)}`),
        over(row.joint) && label(X(row.joint) + (row.joint < 0 ? 4 : -4), bars + 23, row.joint < 0 ? "◂" : "▸", { fill: "accent-on", anchor: row.joint < 0 ? "start" : "end" }),
        h("path", { d: `M${X(row.total)},${bars - 2}v13`, stroke: css("ink"), "stroke-width": 1.5 }),
        !phone && what ? label(x + lead - 12, top + 20, what, { anchor: "end", fill: "ink3" }) : null,
        label(right, phone ? bars + 38 : top + 20, [h("tspan", { "font-family": MONO, fill: css("att-ink") }, signedNum(row.total)), " added, ", h("tspan", { "font-family": MONO, fill: css("accent"), "font-weight": 600 }, signedNum(row.joint)), " together: ", meaning(row)], { fill: "ink2" })];
    });
  });
  return at + sets.rows.length * pitch + 6;
}
/** The parts of one sign, added. */
const sum = (values, sign) => values.reduce((total, v) => (Math.sign(v) === sign ? total + v : total), 0);
