// The chosen head by what it reads: its name and scores, lines from token to token, or its map at full size.

import { sharedWords } from "../../app/kit/groups.js";
import {
  MONO, chip, clamp, css, fit, h, heat, heatImage, hex, label, measure, num, tokenSpans, visible,
} from "../../app/kit/shapes.js";
import { offSet } from "./foot.js";
import { argmax, colOf, nameOf, named, panelOf, roleOf, shownHead, weightsOf, wrapped } from "./layout.js";

/** The panel's head: name, what it does with the number that says so, one sentence about the followed row, all scores. */
export function drawHeader(g, data, local, at, row) {
  const { block, head } = shownHead(data, local);
  const off = offSet(data, local).has(`${block}.${head}`);
  const p = at.panel;
  const top = p.head;
  g.part("header", [block, head, row, panelOf(local), off, local.hover?.col ?? -1], () => {
    const role = roleOf(data, block, head);
    const name = nameOf(block, head) + (data.kind === "self" ? "" : `, ${data.kind}`);
    const wide = measure(name, 16, false) * 1.08 + 10;
    const title = role.name + (role.score === null ? "" : ` ${num(role.score, 2)}`);
    const used = wide + measure(title, 16, false) * 1.08 + 10;
    const tails = [sharedWords(head, data.heads, data.kvHeads), sharedWords(head, data.heads, data.kvHeads).replace("keys and values", "K, V"), ""]
      .map((shares) => [off && "switched off", role.was ? `all heads on: ${role.was}` : role.on, shares].filter(Boolean).join("; "));
    const tail = tails.find((one) => measure(one, 12, false) * 1.05 < p.w - used) ?? tails.at(-1);
    return [
      h("text", { x: p.x, y: top + 50, "font-size": 16, "font-weight": 600, fill: css("accent") }, name),
      h("text", { x: p.x + wide, y: top + 50, "font-size": 16, "font-weight": 600, fill: css(role.short ? "att-ink" : "ink2") }, title),
      label(p.x + used, top + 50, fit(tail, p.w - used, 12, false), { fill: off || role.was ? "accent" : "ink2", weight: 500 }),
      wrapped(role.means, p.w, at.phone ? 2 : 1).map((line, i) => label(p.x, top + 70 + 16 * i, line, { fill: "ink2" })),
      sentence(data, local, block, head, row, p, top + (at.phone ? 104 : 88)),
      drawScores(g, data, block, head, p, top + (at.phone ? 130 : 98)),
    ];
  });
}
/** "Here ·red (10) reads ·ball (3) most: 0.99", with the tokens set as tokens. */
function sentence(data, local, block, head, row, p, y) {
  const weights = weightsOf(data, local, block, head, row);
  const pointed = local.hover?.col;
  const col = pointed ?? argmax(weights);
  const mono = (token, room) => h("tspan", { "font-family": MONO, "font-weight": 600, fill: css("ink"), direction: "ltr" }, tokenSpans(token, room, 12));
  const self = !data.cross && col === row;
  if (data.causal && col > row) {
    return h("text", { x: p.x, y, "font-size": 12, fill: css("ink2") }, "Here ", mono(data.rows[row].text, 100), ` (row ${row}) cannot see `, mono(data.cols[col].text, 100), ` (${col}): it comes later.`);
  }
  return h("text", { x: p.x, y, "font-size": 12, fill: css("ink2") }, "Here ", mono(data.rows[row].text, 100), ` (row ${row}) `,
    pointed === undefined ? "reads " : "gives ", self ? "itself" : [mono(data.cols[col].text, 100), ` (${col})`], pointed === undefined ? " most: " : ": ", h("tspan", { "font-family": MONO, fill: css("att-ink"), "font-weight": 600 }, num(weights[col], 3)));
}
/** Every score of the head, as a number over a bar; the one that named it is in full colour. */
function drawScores(g, data, block, head, p, y) {
  const values = data.scores[block * data.heads + head];
  const role = roleOf(data, block, head);
  const w = (p.w - p.lead) / p.scores;
  const lead = p.lead ? ["Attention to …", "(they overlap)"].map((line, i) => label(p.x, y + 12 + 15 * i, line, { fill: "ink2" }))
    : p.scores < data.scoreNames.length ? label(p.x, y - 4, "Attention to … (they overlap)", { fill: "ink2" }) : null;
  const first = y;
  // The last ones are no part of the attention to anything: a rule sets them apart.
  const rule = p.lead && data.sharing < data.scoreNames.length && h("path", { d: `M${p.x + p.lead + data.sharing * w - 2.5},${y + 2}v32`, stroke: css("ink3") });
  return [lead, data.scoreNames.map((name, i) => {
    const on = name === role.by;
    const x = p.x + p.lead + (i % p.scores) * w;
    const y = first + 38 * Math.floor(i / p.scores);
    const value = values[i];
    const digits = value === null ? "–" : num(value, 2);
    const score = h("g", { "data-score": name },
      h("rect", { x, y, width: w - 4, height: 36, fill: css("bg") }),
      label(x, y + 12, fit(data.scoreShort[i], w - 2, 12, false), { fill: on ? "att-ink" : "ink3", weight: on ? 600 : 400 }),
      label(x, y + 27, digits, { mono: true, fill: on ? "att-ink" : "ink2", weight: on ? 600 : 400 }),
      h("rect", { x, y: y + 31, width: w - 8, height: 3, rx: 1.5, fill: css("field") }),
      value > 0 && h("rect", { x, y: y + 31, width: Math.max(1, (w - 8) * Math.min(1, value)), height: 3, rx: 1.5, fill: css("att"), opacity: on ? 1 : 0.45 }));
    g.tip(score, data.scoreTips[i]);
    return score;
  }), rule];
}

// ---------------------------------------------------------------- lines

const LINE_FLOOR = 0.015; // weights below it are not drawn as lines
/** Where rows and columns stand in the panel of lines. */
function linesPlan(data, at) {
  const p = at.panel;
  const top = p.top + 20;
  const room = p.bottom - top;
  const longest = (side) => Math.max(...side.map((t) => measure(visible(t.text), 13, true)));
  const most = at.phone ? 84 : 118;
  const chips = [data.rows, data.cols].map((side) => clamp(longest(side) + 18, 44, most));
  const pitch = [data.rows, data.cols].map((side) => Math.min(30, room / side.length));
  const left = p.x + chips[0];
  const right = p.x + p.w - chips[1] - 46;
  return { top, room, chips, pitch, left, right, y: (side, i) => top + (i + 0.5) * pitch[side] };
}
const curve = (q, r, c) => {
  const [x0, x1, y0, y1] = [q.left + 4, q.right - 4, q.y(0, r), q.y(1, c)];
  const m = (x1 - x0) * 0.45;
  return `M${x0.toFixed(1)},${y0.toFixed(1)}C${(x0 + m).toFixed(1)},${y0.toFixed(1)} ${(x1 - m).toFixed(1)},${y1.toFixed(1)} ${x1.toFixed(1)},${y1.toFixed(1)}`;
};

export function drawLines(g, data, local, at, row) {
  const { block, head } = shownHead(data, local);
  const q = (local.linesAt = linesPlan(data, at));
  const [T, S] = [data.rows.length, data.cols.length];
  const pointed = local.hover?.col ?? null;
  const backwards = pointed !== null && local.hover.row === undefined;
  g.part("faint lines", [block, head], () => {
    const steps = ["", "", "", ""];
    for (let r = 0; r < T; r++) {
      const weights = weightsOf(data, local, block, head, r);
      for (let c = 0; c < S; c++) if (weights[c] > LINE_FLOOR * 2) steps[Math.min(3, Math.floor(weights[c] * 4))] += curve(q, r, c);
    }
    const dense = Math.min(1, 14 / T);
    return steps.map((d, i) => d && h("path", { d, fill: "none", stroke: css("att"), "stroke-width": 0.6 + 0.5 * i, opacity: (0.08 + 0.09 * i) * (0.35 + 0.65 * dense) }));
  });
  const strong = backwards
    ? Array.from({ length: T }, (_, r) => [r, pointed, weightsOf(data, local, block, head, r)[pointed]])
    : weightsOf(data, local, block, head, row).map((w, c) => [row, c, w]);
  g.part("strong lines", [block, head, strong.map(([r, c]) => [r, c]).at(-1), backwards], () => strong.filter(([, , w]) => w > LINE_FLOOR).map(([r, c, w]) =>
    h("path", { d: curve(q, r, c), fill: "none", stroke: css("att"), "stroke-width": 1 + 6 * w, opacity: 0.3 + 0.7 * w, "stroke-linecap": "round" })));
  drawSides(g, data, local, at, q, row, strong, backwards);
}

function drawSides(g, data, local, at, q, row, strong, backwards) {
  const p = at.panel;
  const { block, head } = shownHead(data, local);
  const lit = new Map(strong.map(([r, c, w]) => [backwards ? r : c, w]));
  const best = [...lit.entries()].sort((a, b) => b[1] - a[1]).map(([i]) => i);
  const pointed = backwards ? local.hover.col : null;
  const side = (tokens, k, x, frame, first) => {
    const w = q.chips[k];
    const chips = q.pitch[k] >= 20;
    const shown = named(tokens.length, q.pitch[k], first);
    return tokens.map((t, i) => {
      const on = frame(i);
      if (!shown.has(i)) return h("circle", { cx: k ? x + 3 : x + w - 3, cy: q.y(k, i), r: 1.2, fill: css("ink3") });
      if (chips) return chip(g, x + 0.75, q.y(k, i), w - 1.5, t.text, { height: Math.min(24, q.pitch[k] - 4), id: t.id, colour: on, selected: on === "accent", faint: t.special });
      return h("text", { x: k ? x + 6 : x + w - 6, y: q.y(k, i) + 4, "text-anchor": k ? "start" : "end", "font-family": MONO, "font-size": 12, "font-weight": on ? 700 : null, fill: css(on === "q" ? "q-ink" : on === "k" ? "k-ink" : t.special ? "ink3" : "ink"), direction: "ltr", class: "gb-chip" }, tokenSpans(t.text, w - 8, 12));
    });
  };
  g.part("left tokens", [row, pointed, backwards, block, head], () => [
    label(p.x, p.top + 8, "this token …", { fill: "q-ink", weight: 600 }),
    side(data.rows, 0, p.x, (i) => (backwards ? (lit.get(i) > 0.15 ? "att" : undefined) : i === row ? "q" : undefined), backwards ? best : [row]),
  ]);
  g.part("right tokens", [row, pointed, backwards, block, head], () => {
    const read = (i) => (backwards ? (i === pointed ? "k" : undefined) : i === best[0] ? "k" : undefined);
    const names = named(data.cols.length, q.pitch[1], backwards ? [pointed] : best);
    const numbers = backwards ? [] : [...lit.entries()].filter(([i, w]) => (w >= 0.02 || i === best[0]) && names.has(i));
    return [
      label(q.right, p.top + 8, "… reads these", { fill: "k-ink", weight: 600 }),
      side(data.cols, 1, q.right, read, backwards ? [pointed] : best),
      numbers.map(([i, w]) => label(p.x + p.w, q.y(1, i) + 4, num(w, 2), { anchor: "end", mono: true, fill: i === best[0] ? "att-ink" : "ink2", weight: i === best[0] ? 600 : 400 })),
      backwards && strong.filter(([, , w]) => w > 0.04).sort((a, b) => b[2] - a[2]).slice(0, 1).map(([r, , w]) => label((q.left + q.right) / 2, p.top + 8, `read most by row ${r}, ${num(w, 2)}`, { anchor: "middle", fill: "ink2" })),
    ];
  });
}

// ---------------------------------------------------------------- the map at full size

function mapPlan(data, at) {
  const p = at.panel;
  const [T, S] = [data.rows.length, data.cols.length];
  const longest = Math.max(...data.rows.map((t) => measure(visible(t.text), 13, true)));
  const chips = clamp(longest + 18, 44, at.phone ? 76 : 104);
  const width = p.w - chips - 12;
  const cell = Math.min(56, width / S);
  const slanted = cell >= 13 && Math.max(...data.cols.map((t) => measure(visible(t.text), 12, true))) > cell - 3;
  const top = p.top + (slanted ? 46 : 18);
  const tall = Math.min(30, (p.bottom - top) / T);
  return { x: p.x + chips + 8, y: top, cell, tall, chips, slanted };
}
export function drawMap(g, data, local, at, row) {
  const { block, head } = shownHead(data, local);
  const q = (local.mapAt = mapPlan(data, at));
  const [T, S] = [data.rows.length, data.cols.length];
  const col = colOf(data, local);
  g.part("map", [block, head], () => {
    const values = Array.from({ length: T }, (_, r) => weightsOf(data, local, block, head, r)).flat();
    const numbers = q.cell >= 32 && q.tall >= 15;
    const strength = numbers ? (g.dark ? 0.5 : 0.62) : 1;
    const hidden = hex(g.color("field"));
    const paint = (v, i) => (v === 0 && data.causal && i % S > Math.floor(i / S) ? hidden : g.sequentialRgb(v * strength, 1));
    const out = [heatImage(q.x, q.y, q.cell * S, q.tall * T, heat(values, T, S, paint))];
    if (q.tall >= 10) {
      const d = [];
      for (let r = 0; r <= T; r++) d.push(`M${q.x},${q.y + r * q.tall}h${q.cell * S}`);
      for (let c = 0; c <= S; c++) d.push(`M${q.x + c * q.cell},${q.y}v${q.tall * T}`);
      out.push(h("path", { d: d.join(""), stroke: css("bg"), "stroke-width": 2 }));
    }
    if (numbers) values.forEach((v, i) => v >= 0.005 && out.push(label(q.x + ((i % S) + 0.5) * q.cell, q.y + (Math.floor(i / S) + 0.5) * q.tall + 4, num(v, 2), { anchor: "middle", mono: true, fill: "ink" })));
    return out;
  });
  g.part("map names", [row, col, block, head], () => {
    const shown = named(T, q.tall, [row]);
    const across = named(S, q.cell, [col]);
    return [
      data.rows.map((t, r) => shown.has(r) && chip(g, at.panel.x + 0.75, q.y + (r + 0.5) * q.tall, q.chips - 1.5, t.text, { height: clamp(q.tall - 4, 13, 24), size: q.tall < 20 ? 12 : 13, id: t.id, colour: r === row ? "q" : q.tall < 18 ? "bg" : undefined, faint: t.special })),
      data.cols.map((t, c) => {
        const x = q.x + (c + 0.5) * q.cell;
        const o = { mono: true, fill: c === col ? "k-ink" : "ink2", weight: c === col ? 700 : 400, direction: "ltr" };
        if (q.slanted && across.has(c)) return label(x - 2, q.y - 6, fit(visible(t.text), 50, 12, true), { ...o, transform: `rotate(-48 ${x - 2} ${q.y - 6})` });
        if (!q.slanted && q.cell >= 13) return label(x, q.y - 6, visible(t.text), { ...o, anchor: "middle" });
        return c === col ? label(x, q.y - 6, visible(t.text), { ...o, anchor: "middle" }) : null;
      }),
    ];
  });
  g.part("map cell", [row, col], () => [
    h("rect", { x: q.x - 1, y: q.y + row * q.tall, width: q.cell * S + 2, height: q.tall, rx: 3, fill: "none", stroke: css("q"), "stroke-width": 2 }),
    h("rect", { x: q.x + col * q.cell, y: q.y - 1, width: q.cell, height: q.tall * T + 2, rx: 3, fill: "none", stroke: css("k"), "stroke-width": 1.5 }),
    h("rect", { x: q.x + col * q.cell, y: q.y + row * q.tall, width: q.cell, height: q.tall, rx: 3, fill: "none", stroke: css("accent"), "stroke-width": 2.5 }),
  ]);
}
