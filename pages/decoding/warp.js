// At the right: what may come after the chosen token, as the model says and after every warper, in their order.

import { MONO, css, fit, h, label, measure, num, shareBar, thousands, tokenSpans, visible } from "../../app/kit/shapes.js";
import { activeNode, force } from "./hands.js";

const SHORT = { model: "model", "repetition penalty": "repeat", "first token": "first", temperature: "temp", "top-k": "top-k", "top-p": "top-p", "min-p": "min-p" };
const ALWAYS = ["model", "temperature", "top-k", "top-p"];
/** The columns behind computed node `e`: four, also those that are off; what is off gives way when others need the room. */
export function stagesOf(data, e) {
  const all = data.next.stages.map((stage, s) => ({ ...stage, s, active: stage.active[e] }));
  const usual = all.filter((stage) => stage.active || ALWAYS.includes(stage.name));
  return usual.length > 4 ? all.filter((stage) => stage.active || stage.name === "model") : usual;
}

/** The node whose distribution is shown, and the token in it that is pointed at: a text's last token has no passes. */
function askedAt(data, i) {
  const n = data.nodes;
  if (n.next[i] >= 0) return { node: i, token: null };
  return { node: n.parent[i], token: n.id[i] };
}
export function distribution(data, local, i) {
  const asked = askedAt(data, i);
  const e = data.nodes.next[asked.node];
  const next = data.next;
  const [, S, C] = next.probs.shape;
  const stages = stagesOf(data, e);
  const ids = next.ids[e];
  const p = stages.map(({ s }) => Array.from(local.probs.subarray((e * S + s) * C, (e * S + s) * C + ids.length)));
  return { ...asked, e, stages, ids, p, kept: stages.map(({ s }) => next.kept[e][s]), entropy: stages.map(({ s }) => next.entropy[e][s]) };
}

/** Which rows are shown: the likeliest, and in any case the token that is pointed at. */
function rowsOf(D, most) {
  const rows = D.ids.map((_, k) => k).slice(0, most);
  const at = D.token === null ? -1 : D.ids.indexOf(D.token);
  if (at >= most) rows[most - 1] = at;
  return rows;
}

export function drawPanel(g, data, local, at) {
  const { x, y, w } = at.panel;
  const active = activeNode(data, local);
  const D = distribution(data, local, active);
  const names = D.stages.length > 4 ? 52 : 64;
  const col = Math.min(72, (w - names) / D.stages.length);
  const most = 14;
  const rows = rowsOf(D, most);
  const pitch = 29;
  const top = y + 50;
  const token = D.node ? data.nodes.text[D.node] : data.prompt.chip;
  const lead = data.shape === "encoder" ? `${data.heads[data.nodes.depth[D.node]] ?? ""}, given ` : "Next token after ";
  const room = w - measure(lead, 12, false) - measure("”, warped", 12, false) - 16;
  const out = [];
  if (at.wide) out.push(h("line", { x1: x - 12, x2: x - 12, y1: 0, y2: at.tallest, stroke: css("line") }));
  out.push(h("text", { x, y: y + 14, "font-size": 12, "font-weight": 600, fill: css("ink") }, lead, "“",
    h("tspan", { "font-family": MONO, fill: css("accent") }, fit(visible(token), room, 12, true)), "”, warped"));
  g.tip(out.at(-1), "Warped: changed from the model’s probabilities by each setting in turn, and made to add up to 1. A sample is drawn from the last column.");
  D.stages.forEach((stage, c) => {
    const left = x + names + c * col;
    const on = stage.active;
    const final = c === D.stages.length - 1;
    out.push(label(left, y + 32, SHORT[stage.name] ?? stage.name, { fill: !on && c ? "ink3" : "ink2", weight: final ? 600 : null, size: 12 }),
      label(left, y + 46, stage.setting && fit(visible(stage.setting), col - 8, 12, true), { mono: true, fill: "ink3" }));
    if (stage.name === "first token") g.tip(out.at(-1), "This model always begins with this token: every other one is taken away before a sample is drawn.");
  });
  rows.forEach((k, r) => out.push(drawTokenRow(g, data, D, k, { x, y: top + r * pitch, w, pitch, names, col })));
  const under = top + Math.max(rows.length, at.wide ? most : 0) * pitch + 14;
  const last = D.stages.length - 1;
  out.push(label(x, under, `${thousands(D.kept[last])} of ${thousands(data.vocabulary)} stay; a dash is exactly 0.`, { fill: "ink3" }),
    label(x, under + 17, `Entropy ${num(D.entropy[0], 2)} bits, warped ${num(D.entropy[last], 2)}.`, { fill: "ink3" }),
    label(x, under + 34, hiddenYet(data, D.node) || "Click a token to force it.", { fill: "ink3" }));
  local.panelEnd = under + 40;
  return out;
}

/** Which blanks the model did not see either when it said this, after what a click does; "" for none. */
function hiddenYet(data, node) {
  const [first, last] = [data.nodes.depth[node] + 2, data.slots.length];
  if (first > last) return "";
  return first === last ? `Click to force. Blank ${last} is hidden too.` : `Click to force. Blanks ${first}–${last} hidden too.`;
}

function drawTokenRow(g, data, D, k, o) {
  const id = D.ids[k];
  const n = data.nodes;
  const child = data.children[D.node].find((i) => n.id[i] === id);
  const taken = child !== undefined && n.on[child].length > 0;
  const pointed = id === D.token;
  const gone = D.p.at(-1)[k] === 0;
  const mid = o.y + o.pitch / 2;
  const parts = [h("rect", { x: o.x - 4, y: o.y, width: o.w + 4, height: o.pitch, rx: 4, fill: css(pointed ? "accent-soft" : "bg") }),
    h("text", {
      x: o.x, y: mid + 4, "font-family": MONO, "font-size": 13, direction: "ltr", "font-weight": taken || pointed ? 700 : null,
      fill: css(pointed ? "accent" : gone ? "ink3" : "ink"),
    }, tokenSpans(data.words[id], o.names - 8, 13))];
  D.p.forEach((column, c) => {
    const p = column[k];
    const left = o.x + o.names + c * o.col;
    const final = c === D.p.length - 1;
    if (p === 0) { parts.push(label(left, mid + 4, "–", { fill: "ink3", mono: true })); return; }
    parts.push(shareBar(left, o.y + 3, o.col - 8, 8, p, { fill: css(final ? "accent" : "res"), opacity: D.stages[c].active || !c || final ? 1 : 0.55 }),
      label(left, o.y + 24, p >= 0.9995 ? "1.00" : p < 0.0005 ? "<.001" : num(p, 3).replace(/^0/, ""), { mono: true, fill: "ink2" }));
  });
  const node = h("g", { class: "gb-chip gb-hot", "data-token": id, onclick: () => force(g, D.node, id) }, parts);
  return g.tip(node, () => `${visible(data.words[id])}  id ${id}\n${D.stages.map((s, c) => `${(SHORT[s.name] ?? s.name).padEnd(7)} ${num(D.p[c][k], 5)}`).join("\n")}\n${taken ? "on the tree" : "click to force it"}`);
}
