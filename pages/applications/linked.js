// Translation: source words above, written words below (in two columns where they find no room), and what links them.

import { chip, css, h, inLines, label, measure, num, visible } from "../../app/kit/shapes.js";
import { PAD, partOf, readsOf, spoken } from "./layout.js";

const FAINT = 0.08; // weights below it are not drawn, but for a word's largest one
const SHORT = ["English", "Spanish"]; // titles where there is little room

function planLinks(g, data) {
  const wide = (list) => list.reduce((sum, one) => sum + measure(visible(one.text), 13, true) + 16, 0);
  const across = Math.max(wide(data.read), wide(data.written)) <= g.width - 2 * PAD;
  const spread = (list, y) => {
    const room = g.width - 2 * PAD;
    const gap = Math.min(28, (room - wide(list)) / Math.max(1, list.length) + 4);
    let x = PAD;
    return list.map((one) => {
      const w = measure(visible(one.text), 13, true) + 12;
      const place = { x, y, w };
      x += w + gap;
      return place;
    });
  };
  if (across) {
    const [top, below] = [62, 262];
    return { across, read: spread(data.read, top), written: spread(data.written, below), bottom: below + 44 };
  }
  const each = Math.min(220, (g.width - 2 * PAD) * 0.36);
  const column = (list, x, right) => list.map((one, i) => {
    const w = Math.min(each, measure(visible(one.text), 13, true) + 12);
    return { x: right ? x + each - w : x, y: 50 + i * 26, w };
  });
  const right = Math.min(g.width - PAD - each, PAD + each + 260);
  return { across, each, right, read: column(data.read, PAD, true), written: column(data.written, right, false), bottom: 50 + 26 * Math.max(data.read.length, data.written.length) + 6 };
}

/** Both ends of a link. */
function linkPath(at, i, j) {
  const [a, b] = [at.read[i], at.written[j]];
  if (at.across) {
    const [x0, y0, x1, y1] = [a.x + a.w / 2, a.y + 12, b.x + b.w / 2, b.y - 12];
    const m = (y0 + y1) / 2;
    return `M${x0},${y0}C${x0},${m} ${x1},${m} ${x1},${y1}`;
  }
  const [x0, y0, x1, y1] = [a.x + a.w, a.y, b.x, b.y];
  const m = (x0 + x1) / 2;
  return `M${x0},${y0}C${m},${y0} ${m},${y1} ${x1},${y1}`;
}

export function drawLinks(g, data, local) {
  const at = planLinks(g, data);
  const count = spoken(data, local);
  const part = partOf(data, local);
  const pointed = local.hover?.kind === "read" ? local.hover.at : -1;
  const looked = local.hover || (local.sel.said ?? -1) >= 0;
  g.part("titles", null, () => [
    label(PAD, 20, at.across ? data.titles[0] : SHORT[0], { weight: 600, fill: "ink2" }),
    label(at.across ? PAD : at.right, at.across ? 302 : 20, at.across ? data.titles[1] : SHORT[1], { weight: 600, fill: "ink2" }),
  ]);
  g.part("links", [count, part, pointed, Boolean(looked)], () => {
    const out = [];
    const width = data.read.length;
    for (let j = 0; j < count; j++) {
      const row = data.cells.slice(j * width, (j + 1) * width);
      const most = Math.max(...row, 1e-9);
      for (let i = 0; i < width; i++) {
        if (data.read[i].mark || data.written[j].mark || row[i] < Math.min(FAINT, most)) continue;
        const on = pointed >= 0 ? i === pointed : !looked || j === part;
        const line = h("path", { d: linkPath(at, i, j), fill: "none", stroke: css("att"), "stroke-width": 1 + 6 * row[i], opacity: (on ? 0.25 + 0.6 * (row[i] / most) : 0.07).toFixed(3), "data-link": `${i},${j}` });
        out.push(g.tip(line, `${data.written[j].text} reads ${data.read[i].text}: ${num(row[i], 3)}`));
      }
    }
    for (const [kind, list] of [["sure", data.sure], ["possible", data.possible]]) {
      for (const [i, j] of list) {
        if (j >= count) continue;
        const on = pointed >= 0 ? i === pointed : !looked || j === part;
        out.push(h("path", { d: linkPath(at, i, j), fill: "none", stroke: css("ink"), "stroke-width": 1.25, "stroke-dasharray": kind === "sure" ? "5 3" : "1.5 4", opacity: on ? 0.85 : 0.12, "data-true": kind, "pointer-events": "none", transform: at.across ? "translate(5 0)" : "translate(0 4)" }));
      }
    }
    return out;
  });
  g.part("read words", [part, pointed], () => data.read.map((one, i) => wordChip(g, data, local, at.read[i], one, "read", i, i === pointed, part)));
  g.part("written words", [count, part, pointed], () => data.written.slice(0, count).map((one, j) => wordChip(g, data, local, at.written[j], one, "written", j, Boolean(looked) && j === part && pointed < 0, part)));
  const y = at.bottom + (at.across ? 18 : 14);
  g.part("legend", null, () => {
    const lines = [{ colour: "att", dash: null, width: 4, text: "attention" }];
    if (data.judged) lines.push({ colour: "ink", dash: "5 3", width: 1.25, text: "true link" }, { colour: "ink", dash: "1.5 4", width: 1.25, text: "possible link" });
    let x = PAD;
    return [...lines.map((one) => {
      const node = [h("path", { d: `M${x},${y - 4}h26`, stroke: css(one.colour), "stroke-width": one.width, "stroke-dasharray": one.dash }), label(x + 32, y, one.text, { fill: "ink3" })];
      x += 46 + measure(one.text, 12, false);
      return node;
    }), ...inLines(data.rule, g.width - x - PAD > 200 ? g.width - x - PAD : g.width - 2 * PAD).map((text, i) => label(g.width - x - PAD > 200 ? x : PAD, g.width - x - PAD > 200 ? y + 16 * i : y + 18 + 16 * i, text, { fill: "ink3" }))];
  });
  return { top: y + (g.width < 600 ? 44 : 22) };
}

function wordChip(g, data, local, place, one, kind, i, selected, part) {
  const reads = kind === "read" ? readsOf(data, local, part) : null;
  const node = h("g", { class: "gb-hot", [`data-${kind}`]: i },
    chip(g, place.x, place.y, place.w, one.text, { selected, colour: one.strange ? "pos" : undefined, faint: one.mark }));
  const told = kind === "read" ? `${one.text}${reads ? `: ${num(reads[i], 3)} of what ${data.written[part].text} reads` : ""}${one.strange ? ". Not a word of Toyland" : ""}` : `${one.text}${one.p === null ? "" : `  p ${num(one.p, 3)}`}`;
  return g.tip(node, told);
}
