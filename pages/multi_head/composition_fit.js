// How well what one head writes fits what a later one reads: a cell for each pair of heads.

import { pointerAt } from "../../app/kit/glass.js";
import { clamp, css, h, heat, heatImage, hex, html, inLines, label, num } from "../../app/kit/shapes.js";
import { NARROW, headName } from "./composition.js";

const WAYS = { K: "Keys", Q: "Queries", V: "Values" };
const MET = { K: "keys", Q: "queries", V: "values" };

/** The chosen pair: what the hand chose while the page has not answered, else what came with the data. */
export function pairOf(data, local) {
  if (!data.fit?.pair) return null;
  const read = /^(\d+)\.(\d+) (\d+)\.(\d+)$/.exec(local.sel.pair ?? "");
  const pair = read && [[Number(read[1]), Number(read[2])], [Number(read[3]), Number(read[4])]];
  return pair && isPair(data, pair) ? pair : data.fit.pair;
}
function isPair(data, [[i, a], [j, b]]) {
  const [layers, heads, readers] = data.fit.shape;
  return i >= 0 && j >= 0 && a >= 0 && b >= 0 && i < layers && j < readers && a < heads && b < heads && Boolean(data.fit.follows[i][j]);
}
export function scoreOf(data, local, [[i, a], [j, b]]) {
  const [, heads, readers] = data.fit.shape;
  return local.scores[((i * heads + a) * readers + j) * heads + b];
}
const writerName = (data, head) => (data.fit.mark === data.mark ? "" : data.fit.mark === "e" ? "the encoder’s " : "the decoder’s ") + headName(head);

/** The pair in one sentence. */
export function fitSaid(data, local, pair) {
  const score = scoreOf(data, local, pair);
  const { chance, line } = data.fit;
  const how = score > line ? "better than any of 64 pairs of random heads" : score > chance ? "a little better than two random heads" : "no better than two random heads";
  return `How well what ${writerName(data, pair[0])} writes fits what the ${MET[data.fit.way]} of ${headName(pair[1])} read: ${num(score, 3)}, ${how} (${num(chance, 3)} on average, ${num(line, 3)} at most).`;
}

function choosePair(g, pair) {
  const [[i, a], [j, b]] = pair;
  g.select({ pair: `${i}.${a} ${j}.${b}`, block: j, head: b });
}
/** Writer by writer and reader by reader, leaving out pairs that do not follow each other. */
export function movePair(g, data, local, down, right) {
  const [layers, heads, readers] = data.fit.shape;
  const [[i, a], [j, b]] = pairOf(data, local);
  let [row, col] = [i * heads + a, j * heads + b];
  do {
    [row, col] = [row + down, col + right];
    if (row < 0 || col < 0 || row >= layers * heads || col >= readers * heads) return;
  } while (!data.fit.follows[Math.floor(row / heads)][Math.floor(col / heads)]);
  choosePair(g, [[Math.floor(row / heads), row % heads], [Math.floor(col / heads), col % heads]]);
}

export function drawFit(g, data, local, { x, y, w }) {
  g.part("fit head", [x, y, w], () => label(x, y + 14, "Which heads fit together", { size: 14, weight: 600, fill: "ink" }));
  const about = inLines("A later head reads what an earlier one wrote, by its keys, its queries or its values. How well their weights fit (composition score, Elhage et al. 2021): green above two random heads, brown below.", w);
  g.part("fit about", [x, y, w], () => about.map((line, i) => label(x, y + 34 + 16 * i, line, { fill: "ink3" })));
  let top = y + 42 + 16 * about.length;
  if (!data.fit) {
    g.part("fit none", [x, top, w], () => inLines("This model has so many heads that comparing every pair takes minutes; it is left out here.", w).map((line, i) => label(x, top + 8 + 16 * i, line, { fill: "ink2" })));
    return top + 40;
  }
  g.overlay("ways", { left: x, top: top - 8 }, () => html("div", { class: "mm-ways", role: "group", "aria-label": "What of the later head reads" },
    Object.entries(WAYS).map(([way, name]) => html("button", { type: "button", "data-way": way, onclick: () => g.select({ compose: way }) }, name))), (node) => {
    for (const button of node.children) button.setAttribute("aria-pressed", String(button.dataset.way === (local.sel.compose ?? data.fit.way)));
  });
  top += g.width < NARROW ? 50 : 38;
  const [layers, heads, readers] = data.fit.shape;
  const [rows, cols] = [layers * heads, readers * heads];
  const box = { x: x + 34, y: top + 18, w: w - 36 };
  const cell = Math.min(box.w / cols, 340 / rows, 22);
  const [wide, tall] = [cell * cols, cell * rows];
  const { chance } = data.fit;
  const values = Float32Array.from({ length: rows * cols }, (_, k) => local.scores[k] - chance);
  const reads = (k) => data.fit.follows[Math.floor(Math.floor(k / cols) / heads)][Math.floor((k % cols) / heads)];
  const most = values.reduce((m, v, k) => (reads(k) ? Math.max(m, Math.abs(v)) : m), 1e-9);
  g.part("fit map", [x, top, w], () => {
    const ground = hex(g.color("field"));
    const out = [label(x, top + 6, "down: the head that writes; across: the head that reads", { fill: "ink3" }),
      heatImage(box.x, box.y, wide, tall, heat(values, rows, cols, (v, k) => (reads(k) ? g.signedRgb(v, most) : ground)))];
    const lines = [];
    for (let i = 0; i <= layers; i++) lines.push(`M${box.x},${box.y + i * heads * cell}h${wide}`);
    for (let j = 0; j <= readers; j++) lines.push(`M${box.x + j * heads * cell},${box.y}v${tall}`);
    out.push(h("path", { d: lines.join(""), stroke: css("bg"), "stroke-width": 2 }));
    const [down, across] = [13, 26].map((room) => Math.ceil(room / (heads * cell)));
    for (let i = 0; i < layers; i += down) out.push(label(box.x - 6, box.y + (i + 0.5) * heads * cell + 4, `L${i}`, { anchor: "end", fill: "ink2" }));
    for (let j = 0; j < readers; j += across) out.push(label(box.x + (j + 0.5) * heads * cell, box.y + tall + 15, `L${j}`, { anchor: "middle", fill: "ink2" }));
    const at = (event) => {
      const [px, py] = pointerAt(g, event);
      const [row, col] = [clamp(Math.floor((py - box.y) / cell), 0, rows - 1), clamp(Math.floor((px - box.x) / cell), 0, cols - 1)];
      return [[Math.floor(row / heads), row % heads], [Math.floor(col / heads), col % heads]];
    };
    const over = h("rect", { class: "gb-hot", "data-fit": "map", x: box.x, y: box.y, width: wide, height: tall, fill: "transparent", click: (event) => { const pair = at(event); if (isPair(data, pair)) choosePair(g, pair); } });
    out.push(g.tip(over, (event) => {
      const pair = at(event);
      if (!isPair(data, pair)) return `${headName(pair[1])} does not come after ${writerName(data, pair[0])}`;
      return `${writerName(data, pair[0])} → ${headName(pair[1])}: ${num(scoreOf(data, local, pair), 4)}, at random ${num(chance, 4)}`;
    }));
    return out;
  });
  const pair = pairOf(data, local);
  const said = inLines(pair ? fitSaid(data, local, pair) : "With one block no head comes after another.", w);
  const fine = inLines("From the weights alone: a turn by position, the norms’ division, and what really stands in a text are not in it.", w);
  g.part("fit pair", [x, top, w, pair], () => [
    pair && h("rect", { x: box.x + (pair[1][0] * heads + pair[1][1]) * cell - 1, y: box.y + (pair[0][0] * heads + pair[0][1]) * cell - 1, width: cell + 2, height: cell + 2, rx: 2, fill: "none", stroke: css("accent"), "stroke-width": 2.2 }),
    said.map((line, i) => label(x, box.y + tall + 38 + 16 * i, line, { fill: "ink" })),
    fine.map((line, i) => label(x, box.y + tall + 42 + 16 * (said.length + i), line, { fill: "ink3" })),
  ]);
  return box.y + tall + 38 + 16 * (said.length + fine.length);
}
