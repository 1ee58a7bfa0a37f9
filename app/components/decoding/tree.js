// The tree: edges as wide as their probability, chips, and at every end the sum and who got there.

const pathOf = (data, name) => data.paths.find((path) => path.name === name);
const shownTo = (data, local, i) => data.nodes.depth[i] <= local.step;
/** A probability as a person reads it: two decimals, or as many as its first digit needs. */
function chance(p) {
  if (p >= 0.995) return "1.00";
  if (p >= 0.01) return num(p, 2);
  return p >= 0.0005 ? num(p, 3).slice(1) : p > 0 ? "<.001" : "0";
}
/** The longest end of `text` that fits. */
function fitEnd(text, room) {
  let letters = [...text];
  if (measure(text, 12, false) <= room) return text;
  while (letters.length > 1 && measure("…" + letters.join(""), 12, false) > room) letters.shift();
  return "…" + letters.join("").trimStart();
}
/** 4.5e−7 */
function tiny(p) {
  const power = Math.floor(Math.log10(p));
  return `${num(p / 10 ** power, 1)}e−${-power}`;
}
/** A small probability in words: 0.0024, or 1 in 41,000. */
function odds(p) {
  if (p >= 0.1) return num(p, 3);
  if (p >= 0.001) return num(p, 4);
  if (p <= 0) return "0";
  const one = 1 / p;
  if (one > 1e6) return tiny(p);
  const round = 10 ** Math.max(0, Math.floor(Math.log10(one)) - 1);
  return `1 in ${thousands(Math.round(one / round) * round)}`;
}

function edgePoints(at, data, i) {
  const p = data.nodes.parent[i];
  const d = data.nodes.depth[i];
  const x0 = at.x[d - 1] + at.w[d - 1];
  const [y0, y1] = [at.y(p), at.y(i)];
  return Math.abs(y1 - y0) < 1 ? [[x0, y0], [at.x[d], y1]] : [[x0, y0], [x0 + 3, y0], [x0 + 3, y1], [at.x[d], y1]];
}

function drawEdges(g, data, local, at) {
  const { p, on, parent } = data.nodes;
  const layers = { pale: [], kept: [], best: [], over: [] };
  const best = new Set(pathOf(data, data.best)?.nodes ?? []);
  for (let i = 1; i < parent.length; i++) {
    if (!at.drawn(i) || !shownTo(data, local, i)) continue;
    const d = wire(edgePoints(at, data, i), 4);
    const names = on[i];
    const pale = !names.length;
    const width = clamp(10 * p[i], pale ? 0.8 : 1.2, 10);
    layers[pale ? "pale" : best.has(i) ? "best" : "kept"].push(h("path", {
      d, fill: "none", "stroke-width": pale ? Math.min(width, 3) : width,
      stroke: css(best.has(i) ? "accent" : pale ? "line" : "res"), "stroke-linejoin": "round",
    }));
    const over = (dash, offset) => layers.over.push(h("path", {
      d, fill: "none", stroke: css(best.has(i) ? "accent-on" : "ink"), "stroke-width": best.has(i) ? Math.min(2.4, Math.max(1.2, width * 0.55)) : 2.2,
      "stroke-dasharray": dash, "stroke-dashoffset": offset, "stroke-linecap": dash.startsWith("0") ? "round" : "butt",
    }));
    const [greedy, sample] = [names.includes("greedy"), names.includes("sample")];
    if (greedy) over("8 6", 0);
    if (sample) over(greedy ? "0 14" : "0 5", greedy ? 3 : 0);
    if (names.some((name) => name.startsWith("forced"))) layers.over.push(h("path", {
      d, fill: "none", stroke: css("accent"), "stroke-width": 1.5, transform: `translate(0,${width / 2 + 2})`, opacity: 0.9,
    }));
  }
  return [layers.pale, layers.kept, layers.best, layers.over];
}

function drawChances(data, local, at) {
  const { p, on, parent, depth } = data.nodes;
  return parent.map((_, i) => {
    if (!i || !at.drawn(i) || !shownTo(data, local, i)) return null;
    return label(at.x[depth[i]] - 3, at.y(i) - Math.max(6, clamp(5 * p[i], 0.6, 5) + 3), chance(p[i]), { mono: true, anchor: "end", fill: on[i].length ? "ink2" : "ink3" });
  });
}

function drawChips(g, data, local, at) {
  const { text, on, depth, parent, running } = data.nodes;
  const best = new Set(pathOf(data, data.best)?.nodes ?? []);
  return parent.map((_, i) => {
    if (!at.drawn(i) || !shownTo(data, local, i)) return null;
    const [x, y, w] = [at.x[depth[i]], at.y(i), at.w[depth[i]]];
    const high = Math.min(26, at.pitch - 3);
    const filled = best.has(i);
    const alive = running[i] && depth[i] === local.step && local.step < at.depth; // a beam as yet
    const pale = i > 0 && !on[i].length && !alive;
    const node = h("g", { class: "gb-chip gb-hot", "data-node": i, onclick: () => press(g, i), onpointerenter: () => hoverNode(g, i), onpointerleave: () => hoverNode(g, null) },
      h("rect", {
        x, y: y - high / 2, width: w, height: high, rx: 4, fill: css(i === 0 ? "field" : filled ? "accent" : "bg"),
        stroke: css(filled ? "accent" : pale ? "ink3" : i ? "ink3" : "field"), "stroke-dasharray": pale ? "3 3" : null, "stroke-opacity": pale ? 0.6 : null,
      }),
      h("text", {
        x: x + w / 2, y: y + 4.6, "text-anchor": "middle", "font-family": MONO, "font-size": 13, direction: "ltr",
        "font-weight": filled ? 700 : on[i].length ? 600 : null, fill: css(filled ? "accent-on" : pale ? "ink3" : "ink"),
      }, tokenSpans(i ? text[i] : data.prompt.chip, w - 3, 13)));
    return g.tip(node, () => tipOf(local.data, i));
  });
}
/** Around the node whose distribution is shown. */
function drawRing(data, at, i) {
  const high = Math.min(26, at.pitch - 3) + 6;
  return h("rect", {
    x: at.x[data.nodes.depth[i]] - 3, y: at.y(i) - high / 2, width: at.w[data.nodes.depth[i]] + 6, height: high, rx: 7, fill: "none",
    stroke: css("accent"), "stroke-width": 2, "pointer-events": "none",
  });
}
function tipOf(data, i) {
  if (!i) return `${visible(data.prompt.long)}\nthe prompt`;
  const n = data.nodes;
  const names = n.on[i].map((name) => nameOf(data, name)).join(", ");
  const who = names || (n.running[i] ? "the beam search kept it at this step and dropped it later; click to force it" : "nobody took it; click to force it");
  return `${visible(n.text[i])}  id ${n.id[i]}\np ${num(n.p[i], 5)}   text so far ${odds(Math.exp(n.sum[i]))}\nsum of log p ${num(n.sum[i], 3)}\n${who}`;
}

/** A path's name as the learner reads it: "beam 1", "greedy", "sample", "yours". */
const nameOf = (data, name) => (name.startsWith("forced") ? "yours" : name.startsWith("beam") && data.beams === 1 ? "beam" : name);

/** The names of several paths with one end: many beams as their number; while the tree grows, they are still one. */
function namesOf(data, paths, growing) {
  const beams = paths.filter((path) => path.strategy === "beam");
  const others = paths.filter((path) => path.strategy !== "beam").map((path) => nameOf(data, path.name));
  const told = growing && beams.length ? ["a beam"] : beams.length > 1 ? [`${beams.length} beams`] : beams.map((path) => nameOf(data, path.name));
  return paths[0].strategy === "beam" || paths.some((path) => path.name === data.best && path.strategy === "beam") ? [...told, ...others] : [...others, ...told];
}

/** At the end of every path: the sum, the score and the names; at pale ends the sum alone. */
function drawEnds(data, local, at) {
  const { on, depth, parent, sum, score, running } = data.nodes;
  const last = new Map();
  for (const path of data.paths) {
    const seen = path.nodes.filter((i) => shownTo(data, local, i));
    if (seen.length) last.set(seen.at(-1), [...(last.get(seen.at(-1)) ?? []), path]);
  }
  return parent.map((_, i) => {
    if (!i || !at.drawn(i) || !shownTo(data, local, i)) return null;
    const paths = last.get(i);
    const x = at.x[depth[i]] + at.w[depth[i]] + 12;
    const y = at.y(i);
    if (!paths) {
      const ends = !on[i].length && !at.kids[i].some((k) => at.drawn(k) && shownTo(data, local, k));
      if (!ends) return null;
      const alive = running[i] && depth[i] === local.step && local.step < at.depth;
      const word = alive ? "a beam" : running[i] ? "dropped" : "";
      return [label(x, y + 4, num(sum[i], 2), { mono: true, fill: alive ? "ink" : "ink3" }),
        label(x + Math.max(46, measure(num(sum[i], 2), 12, true) + 8), y + 4, word, { fill: alive ? "ink" : "ink3" })];
    }
    const best = paths.some((path) => path.name === data.best);
    const growing = local.step < data.depth;
    const names = namesOf(data, paths, growing);
    const colour = best ? "accent" : "ink";
    const more = depth[i] < local.step && paths[0].finished !== "length" ? ", ended" : "";
    const up = at.pitch < 34 ? -2 : 0;
    const total = num(sum[i], 2);
    const worth = num(score[i], 2);
    const from = (text, size) => Math.max(46, measure(text, size, true) + 7);
    const name = (text, left) => fit(text, (depth[i] < at.depth ? 190 : at.labels) - 12 - left, 12, false);
    return [label(x, y + up, total, { mono: true, size: 13, weight: 600, fill: colour }),
      label(x + from(total, 13), y + up, name(names[0] + more, from(total, 13)), { weight: 600, fill: colour }),
      label(x, y + up + (up ? 13 : 15), worth, { mono: true, fill: "ink3" }),
      names.length > 1 && label(x + from(worth, 12), y + up + (up ? 13 : 15), name(names.slice(1).join(", "), from(worth, 12)), { fill: colour })];
  });
}

function drawHeads(data, local, at) {
  const centre = (d) => at.x[d] + at.w[d] / 2;
  const out = [label(at.x[0], 14, data.shape === "encoder" ? "Text" : "Prompt", { weight: 600, fill: "ink" })];
  for (let d = 1; d <= at.depth; d++) {
    const now = d === local.step && local.step < at.depth;
    out.push(label(centre(d), 14, data.heads[d - 1], { anchor: "middle", weight: 600, fill: d > local.step ? "ink3" : now ? "accent" : "ink" }));
  }
  const x = at.end + 12;
  const penalty = `÷ length^${num(data.penalty, data.penalty % 1 && (data.penalty * 10) % 1 ? 2 : 1)}`;
  out.push(label(x, 14, "Sum of log p", { weight: 600, fill: "ink" }), label(x, 30, penalty, { fill: "ink3" }));
  return out;
}
