// All heads of a model side by side; one of them large: what it reads, why, what it adds, and what depends on it.
// layout.js says what stands where; grid.js, reads.js, pair.js, join.js, effect.js and foot.js draw it; steps.js walks.

import { counted } from "../../app/kit/counts.js";
import { mount } from "../../app/kit/glass.js";
import { num, unpack, visible } from "../../app/kit/shapes.js";
import { drawEffect } from "./effect.js";
import { drawFoot, groups, offSet, toggle } from "./foot.js";
import { drawGrid, drawOrder, drawRoles } from "./grid.js";
import { listen, moveHead, moveRow } from "./hands.js";
import { addedOf, drawJoin, length, partName, partial } from "./join.js";
import {
  PANEL_NAMES, allMeasured, argmax, blockOf, colOf, headOf, isOpen, nameOf, orderOf, orderedBy, panelOf, plan,
  roleOf, rowOf, shownHead, weightsOf,
} from "./layout.js";
import { drawPair } from "./pair.js";
import { drawHeader, drawLines, drawMap } from "./reads.js";
import { drawButtons, goTo, play, stepAt, stepsOf } from "./steps.js";

const heads = {
  init(data, local) {
    const a = {};
    for (const [name, packed] of Object.entries(data.arrays)) a[name] = unpack(packed);
    const maps = local.mapsStamp === data.mapsStamp ? local.maps : unpack(data.maps);
    const other = local.mapsStamp !== data.mapsStamp;
    return { a, maps, mapsStamp: data.mapsStamp, ...(other ? { hover: null, peek: null, under: null, pinned: null } : {}) };
  },

  draw(g, data, local) {
    g.data = data;
    listen(g, local);
    const at = (g.at = plan(g, data, local));
    g.height = at.height;
    const row = rowOf(data, local);
    drawGrid(g, data, local, at);
    drawRoles(g, data, local, at);
    drawOrder(g, data, local, at);
    drawHeader(g, data, local, at, row);
    const panel = panelOf(local);
    if (panel === "lines") drawLines(g, data, local, at, row);
    else if (panel === "map") drawMap(g, data, local, at, row);
    else if (panel === "pair") drawPair(g, data, local, at, row);
    else if (panel === "join") drawJoin(g, data, local, at);
    else drawEffect(g, data, local, at, row);
    drawFoot(g, data, local, at);
    drawButtons(g, data, local, at);
  },

  key(event, g, data, local) {
    const move = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
    if (move && event.shiftKey) {
      if (move[1]) moveRow(g, data, local, move[1]);
      else goTo(g, data, local, stepAt(data, local) + move[0]);
    } else if (move) moveHead(g, data, local, ...move);
    else if (event.key === "," || event.key === ".") goTo(g, data, local, stepAt(data, local) + (event.key === "," ? -1 : 1));
    else if (event.key === " ") play(g, data, local, !local.timer);
    else if (event.key === "Enter") g.visit("attention");
    else if (event.key === "o") toggle(g, data, local, groups(data, local)[0].names);
    else if (event.key === "Escape") { if (panelOf(local) === "lines") g.visit("home"); else { play(g, data, local, false); goTo(g, data, local, 0); } }
    else if (/^[0-9]$/.test(event.key) && Number(event.key) < data.heads) g.select({ head: Number(event.key) });
    else return false;
    return true;
  },

  describe(data, local) {
    const { block, head } = shownHead(data, local);
    const role = roleOf(data, block, head);
    const row = rowOf(data, local);
    const weights = weightsOf(data, local, block, head, row);
    const col = argmax(weights);
    const off = offSet(data, local);
    const joined = panelOf(local) === "join" ? ` In block ${data.join.block} the heads’ shares of the output are ${data.join.shares.slice(0, data.heads).map((s, i) => `${partName(data, i)} ${num(s, 3)}`).join(", ")}.` : "";
    return `${counted(data.blocks * data.heads, "head")} over ${counted(data.rows.length, "token")}; ${PANEL_NAMES[panelOf(local)]} of ${nameOf(block, head)}: ${role.name}${role.score === null ? "" : ` ${num(role.score, 2)} ${role.on}`}. ` +
      `${role.means} Row ${row} ${visible(data.rows[row].text)} reads ${visible(data.cols[col].text)} most, ${num(weights[col], 3)}.${joined} ` +
      `${off.size ? `${counted(off.size, "head")} are off. ` : ""}${data.next.tokens.length ? `${data.next.label} ${visible(data.next.after)}: ${data.next.tokens.slice(0, 3).map((t) => `${visible(t.text)} ${num(t.after, 3)}`).join(", ")}.` : data.next.label}`;
  },

  state(data, local) {
    const { block, head } = shownHead(data, local);
    const row = rowOf(data, local);
    const panel = panelOf(local);
    const role = roleOf(data, block, head);
    const D = data.arrays.vectors.shape[1];
    const out = {
      tokens: data.rows.map((t) => t.text), keys: data.cols.map((t) => t.text), kind: data.kind, blocks: data.blocks, heads: data.heads,
      panel, block: blockOf(data, local), head: headOf(data, local), shown: [block, head], row, col: colOf(data, local), exact: isOpen(data, block, head),
      weights: weightsOf(data, local, block, head, row), role: role.name, score: role.score, on: role.on, was: role.was, means: role.means, roles: data.roles.map((r) => r.name),
      scores: data.scores[block * data.heads + head], off: [...offSet(data, local)], order: orderedBy(data, local), listed: orderOf(data, local), step: stepAt(data, local), steps: stepsOf(data).length,
      playing: Boolean(local.timer), changed: data.next.changed, next: data.next.tokens.map(({ text, id, before, after }) => ({ text, id, before, after })),
    };
    if (panel === "pair") {
      const { row: r, col } = out;
      const K = local.a.q.shape[1];
      const products = Array.from({ length: K }, (_, i) => local.a.q[r * K + i] * local.a.k[col * K + i]);
      out.pair = { products: products.length > 128 ? [] : products, sum: products.reduce((x, y) => x + y, 0), scaled: local.a.scaled[r * data.cols.length + col] };
    }
    if (panel === "join") {
      const added = addedOf(data, local);
      out.join = { block: data.join.block, row: data.join.row, added, shares: data.join.shares, norms: data.join.norms, share: data.join.shares.slice(0, added).reduce((x, y) => x + y, 0), length: length(partial(local, added, D)), gap: local.gap };
    }
    if (panel === "effect") out.effect = { measured: allMeasured(data), blocks: data.effect.measured ?? 0, token: data.effect.token, before: data.effect.before, change: data.effect.change, weight: data.effect.weight, largest: data.effect.largest, reader: data.effect.reader };
    return out;
  },
};

export default mount("multi_head", heads);
