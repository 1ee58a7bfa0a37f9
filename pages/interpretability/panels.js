// The panels: tokens, lens, the parts of the logit, what each place and each head brings back.

import {
  MONO, chip, clamp, css, h, heat, heatImage, label, measure, num, thousands, tokenSpans, visible,
} from "../../app/kit/shapes.js";
import {
  COLOUR, SITE, SITE_INK, chosenOf, colWidth, depthName, headName, headValue, mapOf, nearest, patchRow, patchValue,
} from "./layout.js";

const tokenSpan = (token, room = 90, size = 12) => h("tspan", { "font-family": MONO, direction: "ltr" }, tokenSpans(token, room, size));
const answerOf = (data) => (data.against ? [tokenSpan(data.answer.text), " − ", tokenSpan(data.against.text)] : [tokenSpan(data.answer.text)]);
const headline = (x, y, title, about, o = {}) => [label(x, y, title, { fill: o.ink ?? "ink", weight: 600 }), about && h("text", { x, y: y + 15, "font-size": 12, fill: css("ink3") }, about)];

/** The cell under a pointer, {row, col}. */
function cellAt(event, box) {
  const area = event.currentTarget.getBoundingClientRect();
  const [u, v] = [(event.clientX - area.left) / area.width, (event.clientY - area.top) / area.height];
  return { col: clamp(Math.floor(u * box.cols), 0, box.cols - 1), row: clamp(Math.floor(v * box.rows), 0, box.rows - 1) };
}
/** Where a panel listens: `tip` and `pick` get the cell. */
function ground(g, box, name, tip, pick) {
  const node = h("rect", { class: "gb-hot", "data-panel": name, x: box.x, y: box.y, width: box.w, height: box.rows * box.pitch, fill: "transparent", click: (event) => pick(cellAt(event, box)) });
  return g.tip(node, (event) => tip(cellAt(event, box)));
}
const frame = (box, col, row, ink = "accent") => h("rect", { x: box.x + col * colWidth(box) + 0.75, y: box.y + row * box.pitch + 0.75, width: Math.max(3, colWidth(box) - 1.5), height: Math.max(3, box.pitch - 1.5), rx: 2, fill: "none", stroke: css(ink), "stroke-width": 2 });
const outline = (box) => h("rect", { x: box.x - 0.5, y: box.y - 0.5, width: box.w + 1, height: box.rows * box.pitch + 1, rx: 2, fill: "none", stroke: css("line") });

export function drawRail(g, data, local, at, which) {
  const box = which === "rows" ? at.second ?? at.rail : at.rail;
  const list = which === "tokens" ? data.tokens : data.rows;
  const top = which === "tokens" || !at.phone ? at.lens.y : Object.values(at.sites)[0].y;
  const chosen = chosenOf(data, local);
  const asked = which === "tokens" || data.one ? data.row : -1;
  const wide = Math.min(box.w, 74);
  const size = at.pitch < 16 ? 11 : 12;
  const tall = Math.min(21, at.pitch - 2);
  const place = (site, k) => (at.phone && which === "rows" ? at.sites[site].y : top) + (k + 0.5) * at.pitch;
  const lines = at.phone && which === "rows" ? data.sites.filter((_, i) => i % 2 === 0) : [data.sites[0]];
  const shows = which === "rows" || (data.one && !at.phone);
  g.part(`rail ${which}`, [asked, chosen.row], () => [
    !at.phone && headline(box.x, 12, which === "tokens" && !data.one ? "Decoder" : data.stack ? `The ${data.stack}` : "The text", shows && data.rows.some((one) => one.other) ? "right: corrupted" : null),
    lines.map((site) => list.map((token, k) => {
      const y = place(site, k);
      const other = shows ? data.rows[k].other : null;
      const bare = at.pitch < 15 && k !== asked; // no room for a frame
      return [bare ? g.tip(h("text", { x: box.x + wide / 2, y: y + 4, "text-anchor": "middle", "font-family": MONO, "font-size": size, fill: css(token.special ? "ink3" : "ink"), direction: "ltr" }, tokenSpans(token.text, wide - 4, size)), `${visible(token.text)}  id ${token.id}`)
        : chip(g, box.x + 0.5, y, wide - 1, token.text, { id: token.id, selected: k === asked, faint: token.special, height: tall, size }),
        other && !at.phone && g.tip(h("text", { x: box.x + wide + 4, y: y + 4, "font-family": MONO, "font-size": size, fill: css("neg"), "font-weight": 600 }, tokenSpans(other, box.w - wide - 4, size)), `in the corrupted text: ${visible(other)}`),
        other && at.phone && h("circle", { cx: box.x + wide - 5, cy: y - tall / 2 + 4, r: 2.5, fill: css("neg") })];
    })),
  ].flat(9));
}

export function drawLens(g, data, local, at) {
  const box = at.lens;
  const { lens } = data;
  const width = colWidth(box);
  const own = local.sel.shade === "own";
  const shown = own ? local.own : local.chance;
  const chosen = chosenOf(data, local);
  const size = at.pitch < 16 ? 10.5 : 12;
  g.part("lens", [local.sel.shade], () => {
    const order = new Float32Array(box.cols * box.rows);
    for (let d = 0; d < box.cols; d++) for (let t = 0; t < box.rows; t++) order[t * box.cols + d] = shown[d * box.rows + t];
    const every = Math.ceil((box.cols > 10 ? 28 : 18) / width); // two digits are wider
    return [
      headline(at.phone ? 0 : box.x, 12, "Lens: the first token at each depth", ["shade: chance of ", own ? "the row’s own last word" : tokenSpan(data.answer.text, 80)]),
      Array.from({ length: box.cols }, (_, d) => d % every === 0 && box.x + (d + 0.5) * width + 11 < g.width && label(box.x + (d + 0.5) * width, box.y - 5, d ? `L${d - 1}` : width > 24 ? "emb" : "e", { anchor: "middle", fill: "ink3" })),
      heatImage(box.x, box.y, box.w, box.rows * box.pitch, heat(order, box.rows, box.cols, (v) => g.sequentialRgb(0.6 * v ** 0.6, 1, "accent"))),
      outline(box),
      width >= 34 && lens.ids.map((line, d) => line.map((ids, t) => h("text", { x: box.x + (d + 0.5) * width, y: box.y + (t + 0.5) * at.pitch + 4, "text-anchor": "middle", "font-family": MONO, "font-size": size, fill: css("ink"), direction: "ltr", "pointer-events": "none" }, tokenSpans(lens.words[ids[0]], width - 4, size)))),
      ground(g, box, "lens", ({ row, col }) => lensTip(data, local, row, col), ({ row, col }) => g.select({ sight: "lens", row, tier: col, stage: -1 })),
    ];
  });
  g.part("lens frame", [chosen], () => [h("path", { d: `M${box.x - 4},${box.y + (data.row + 0.5) * at.pitch - 4}l4,4l-4,4z`, fill: css("accent") }), chosen.sight === "lens" && frame(box, chosen.tier, chosen.row)]);
}
export function lensTop(data, local, row, tier) {
  return data.lens.ids[tier][row].map((id, k) => ({ text: data.lens.words[id], id, probability: local.top[(tier * data.tokens.length + row) * data.lens.ids[tier][row].length + k] }));
}
function lensTip(data, local, row, tier) {
  const at = tier * data.tokens.length + row;
  const top = lensTop(data, local, row, tier).map((one) => `${num(one.probability, 3)}  ${visible(one.text)}`).join("\n");
  return `${visible(data.tokens[row].text)}, ${depthName(data, tier)}\n${top}\n${visible(data.answer.text)}: ${num(local.chance[at], 3)}, place ${thousands(data.lens.rank[tier][row] + 1)} of ${thousands(data.vocabulary)}`;
}

const strengthen = (v) => Math.sign(v) * Math.min(1, Math.abs(v)) ** 0.75;

export function drawSite(g, data, local, at, site, only) {
  const box = at.sites[site];
  const map = mapOf(data, local, site);
  const chosen = chosenOf(data, local);
  const width = colWidth(box);
  const there = data.patched[site]?.length ?? 0;
  g.part(`map ${site}`, [only, only && chosen], () => {
    const of = Array.from({ length: box.cols }, (_, tier) => nearest(data, site, tier)); // the block that a column shows
    const own = (i) => of[i % box.cols] === i % box.cols;
    const cell = (row, col) => (only ? (chosen.sight === site && row === chosen.row && col === chosen.tier ? patchValue(data, local, site, col, row) : undefined) : there ? map[of[col] * box.rows + row] : undefined);
    const values = Array.from({ length: box.rows * box.cols }, (_, i) => cell(Math.floor(i / box.cols), i % box.cols));
    const every = Math.ceil((box.cols > 10 ? 28 : 18) / width); // two digits are wider
    const numbers = width >= 30 && at.pitch >= 13;
    const about = { stream: "before each block", attention: "what it adds", cross: "what it adds", mlp: "what it adds" }[site];
    const first = site === data.sites[0] && !at.phone;
    return [
      headline(box.x, box.y - 38, first ? "Patched: stream" : SITE[site], first ? "share that returns" : about, { ink: SITE_INK[site] }),
      Array.from({ length: box.cols }, (_, l) => l % every === 0 && box.x + (l + 0.5) * width + 11 < g.width && label(box.x + (l + 0.5) * width, box.y - 5, `L${l}`, { anchor: "middle", fill: "ink3" })),
      there > 0 && heatImage(box.x, box.y, box.w, box.rows * box.pitch, heat(values, box.rows, box.cols, (v, i) => (v === undefined ? null : Number.isNaN(v) ? g.sequentialRgb(own(i) ? 0.35 : 0.2, 1, "res") : g.signedRgb(strengthen(v), 1, own(i) ? 0.75 : 0.4)))),
      outline(box),
      numbers && values.map((v, i) => v !== undefined && own(i) && !Number.isNaN(v) && Math.abs(v) >= 0.005 && label(box.x + ((i % box.cols) + 0.5) * width, box.y + (Math.floor(i / box.cols) + 0.5) * at.pitch + 4, num(v, 2), { anchor: "middle", mono: true, size: at.pitch < 16 || width < 36 ? 10 : 11, fill: "ink", "pointer-events": "none" })),
      ground(g, box, site, ({ row, col }) => patchTip(data, local, site, row, col), ({ row, col }) => g.select({ sight: site, row, tier: col, stage: -1 })),
    ];
  });
  g.part(`frame ${site}`, [chosen, only], () => chosen.sight === site && frame(box, chosen.tier, chosen.row));
}
function patchTip(data, local, site, row, tier) {
  const value = patchValue(data, local, site, tier, row);
  const where = `${site === "stream" ? `the stream before block ${tier}` : `what L${tier} ${SITE[site]} adds`} at ${visible(data.rows[row].text)}`;
  const near = nearest(data, site, tier);
  if (value === undefined) return `${where}: not patched yet${near < 0 ? "" : `\nthe colour is that of block ${near}, the nearest that is`}`;
  if (Number.isNaN(value)) return `${where}: the corrupted text has no such place`;
  const said = data.says.corrupted + value * (data.says.clean - data.says.corrupted);
  return `${where}\nbrings back ${num(value, 3)} of the difference\n${num(data.says.corrupted, 3)} becomes ${num(said, 3)}; clean ${num(data.says.clean, 3)}`;
}

/** Bars from sum to sum: each part begins where those before it have come to. */
export function drawParts(g, data, local, at) {
  const { x, y, w, h: tall } = at.parts;
  const { lines, logit } = data.parts;
  const chosen = chosenOf(data, local);
  g.part("parts", [chosen.line], () => {
    const sums = lines.reduce((all, line) => [...all, all.at(-1) + line.value], [0]);
    const [low, high] = [Math.min(0, ...sums, logit), Math.max(0, ...sums, logit)];
    const top = y + 34;
    const room = tall - 52;
    const py = (v) => top + room * (1 - (v - low) / (high - low || 1));
    const wide = w / (lines.length + 1);
    const bar = Math.max(2, wide - Math.min(8, wide * 0.25));
    const short = (line) => (line.layer === null ? { embedding: "emb", position: "pos", "token type": "type", biases: "bias" }[line.part] : { attention: "att", "cross-attention": "crs", mlp: "mlp" }[line.part]);
    const several = measure("att", 12, false) + 4 < wide;
    return [
      headline(x, y + 12, "Attribution: who says it", ["parts of logit ", answerOf(data)]),
      h("path", { d: `M${x},${py(0)}H${x + w}`, stroke: css("line") }),
      lines.map((line, i) => {
        const [from, to] = [py(sums[i]), py(sums[i + 1])];
        const left = x + i * wide + (wide - bar) / 2;
        const node = h("g", { class: "gb-hot", "data-line": i, click: () => g.select({ sight: "parts", tier: i, stage: -1 }) },
          h("rect", { x: x + i * wide, y: top - 4, width: wide, height: room + 22, fill: chosen.sight === "parts" && chosen.line === i ? css("accent-soft") : "transparent" }),
          h("rect", { x: left, y: Math.min(from, to), width: bar, height: Math.max(1.5, Math.abs(to - from)), rx: 1.5, fill: css(COLOUR[line.part]) }),
          h("path", { d: `M${left + bar},${to}H${left + wide}`, stroke: css("ink3"), "stroke-width": 0.75 }),
          several && label(x + (i + 0.5) * wide, top + room + 13, short(line), { anchor: "middle", fill: "ink3", size: 11 }));
        return g.tip(node, `${line.name}: ${num(line.value, 4)}\nthe sum is then ${num(sums[i + 1], 4)}`);
      }),
      several && lines.map((line, i) => line.part === "attention" && label(x + i * wide + 2, top + room + 25, `L${line.layer}`, { fill: "ink3", size: 11 })),
      h("rect", { x: x + lines.length * wide + (wide - bar) / 2, y: Math.min(py(0), py(logit)), width: bar, height: Math.max(1.5, Math.abs(py(logit) - py(0))), rx: 1.5, fill: css("accent") }),
      label(Math.min(x + (lines.length + 0.5) * wide, g.width - measure(num(logit, 2), 11, true) * 0.55), (logit >= 0 ? py(logit) - 4 : py(logit) + 13), num(logit, 2), { anchor: "middle", mono: true, fill: "accent", weight: 700, size: 11 }),
      several && label(x + (lines.length + 0.5) * wide, top + room + 13, "sum", { anchor: "middle", fill: "ink3", size: 11 }),
    ];
  });
}

export function drawHeads(g, data, local, at, which) {
  const box = at[which];
  const chosen = chosenOf(data, local);
  const direct = which === "direct";
  const row = patchRow(data, local.sel.row);
  const here = !direct && local.sel.extent === "here";
  const value = (block, head) => (direct ? local.direct?.[block * data.heads + head] : headValue(data, local, block, head, row));
  g.part(`heads ${which}`, [local.sel.extent, here && row], () => {
    const values = Array.from({ length: box.rows * box.cols }, (_, i) => value(Math.floor(i / box.cols), i % box.cols));
    const known = values.filter((v) => v !== undefined && !Number.isNaN(v));
    const most = direct ? Math.max(...known.map(Math.abs), 1e-30) : 1;
    const width = colWidth(box);
    const numbers = width >= 30 && box.pitch >= 13;
    const x = box.x;
    const every = Math.ceil(24 / width);
    const down = Math.ceil(12 / box.pitch);
    return [
      headline(x, box.y - 22, direct ? "Heads: what each says" : "Heads: what returns", at.phone ? null : direct ? "directly, to the logit" : here ? ["patched at ", tokenSpan(data.rows[row].text, 60)] : "patched everywhere", { ink: "att-ink" }),
      known.length > 0 && [
        heatImage(x, box.y, box.w, box.rows * box.pitch, heat(values, box.rows, box.cols, (v) => (v === undefined ? null : Number.isNaN(v) ? g.sequentialRgb(0.35, 1, "res") : g.signedRgb(direct ? v / most : strengthen(v), 1, 0.75)))),
        numbers && values.map((v, i) => v !== undefined && !Number.isNaN(v) && Math.abs(v) >= 0.005 && label(x + ((i % box.cols) + 0.5) * width, box.y + (Math.floor(i / box.cols) + 0.5) * box.pitch + 4, num(v, 2), { anchor: "middle", mono: true, size: 11, fill: "ink", "pointer-events": "none" })),
      ],
      outline(box),
      Array.from({ length: box.cols }, (_, i) => i % every === 0 && label(x + (i + 0.5) * width, box.y + box.rows * box.pitch + 12, `${data.mark}${i}`, { anchor: "middle", fill: "ink3", size: 11 })),
      Array.from({ length: box.rows }, (_, l) => l % down === 0 && label(x + box.w + 5, box.y + (l + 0.5) * box.pitch + 4, `L${l}`, { fill: "ink3", size: 11 })),
      ground(g, box, which, ({ row: block, col: head }) => headTip(data, local, block, head), ({ row: block, col: head }) => g.select({ sight: "heads", block, head, stage: -1 })),
    ];
  });
  g.part(`heads frame ${which}`, [chosen], () => chosen.sight === "heads" && frame(box, chosen.head, chosen.block));
}
function headTip(data, local, block, head) {
  const said = local.direct?.[block * data.heads + head];
  const value = headValue(data, local, block, head, patchRow(data, local.sel.row));
  return [headName(data, block, head), said === undefined ? "" : `says ${num(said, 4)} directly`, value === undefined ? "not patched" : `brings back ${num(value, 3)} of the difference`].filter(Boolean).join("\n");
}

export function drawNeurons(g, data, local, at) {
  const { x, y, w } = at.neurons;
  const chosen = chosenOf(data, local);
  const line = chosen.sight === "parts" && data.parts.lines[chosen.line];
  const layer = line && line.part === "mlp" ? line.layer : -1;
  g.part("neurons", [layer], () => {
    const all = data.parts.neurons.flatMap((list, l) => (layer < 0 || l === layer ? list.map(([n, value]) => ({ name: `L${l}N${n}`, value })) : []));
    const shown = all.sort((a, b) => Math.abs(b.value) - Math.abs(a.value)).slice(0, 5);
    const most = Math.max(...shown.map((one) => Math.abs(one.value)), 1e-30);
    const room = w - 74 - 48;
    const mid = x + 74 + room / 2;
    return [
      headline(x, y + 12, "Neurons: what they say", layer < 0 ? "the loudest of all MLPs" : `the loudest of L${layer} mlp`, { ink: "mlp-ink" }),
      shown.map((one, i) => {
        const top = y + 36 + i * 17;
        const long = Math.max(1, ((room / 2) * Math.abs(one.value)) / most);
        return [label(x, top + 10, one.name, { mono: true, fill: "mlp-ink", size: 11 }),
          h("rect", { x: one.value < 0 ? mid - long : mid, y: top + 2, width: long, height: 9, fill: css(one.value < 0 ? "neg" : "pos") }),
          label(x + w, top + 10, num(one.value, 2), { anchor: "end", mono: true, fill: "ink2", size: 11 })];
      }),
    ];
  });
}
