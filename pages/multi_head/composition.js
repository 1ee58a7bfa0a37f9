// Scores against chance, how well heads fit together, and sets of heads off: three panels below the picture.
// chance.js, fit.js and sets.js draw them.

import { mount } from "../../app/kit/glass.js";
import { num, unpack } from "../../app/kit/shapes.js";
import { drawChance } from "./composition_chance.js";
import { drawFit, fitSaid, movePair, pairOf, scoreOf } from "./composition_fit.js";
import { drawSets } from "./composition_sets.js";

export const headName = ([block, head]) => `L${block}H${head}`;
export const NARROW = 900;

const more = {
  init(data) {
    return { scores: data.fit && unpack(data.fit.scores), dots: data.chance.map((row) => unpack(row.dots)) };
  },

  draw(g, data, local) {
    const wide = g.width >= NARROW;
    const left = wide ? Math.round(g.width * 0.57) : g.width;
    const table = { x: 0, y: 0, w: left };
    const under = drawChance(g, data, local, table);
    const map = wide ? { x: left + 40, y: 0, w: g.width - left - 40 } : { x: 0, y: under + 28, w: g.width };
    const below = drawFit(g, data, local, map);
    const y = Math.max(under, below) + 26;
    g.height = drawSets(g, data, local, { x: 0, y, w: g.width });
  },

  key(event, g, data, local) {
    const move = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] }[event.key];
    if (!move || !data.fit?.pair) return false;
    movePair(g, data, local, ...move);
    return true;
  },

  describe(data, local) {
    const named = data.chance.flatMap((row) => row.named.map((is, h) => is && `${headName([data.block, h])} ${row.names}`)).filter(Boolean);
    const fitted = data.fit?.pair ? ` ${fitSaid(data, local, pairOf(data, local))}` : "";
    const sets = data.sets?.rows.length ? ` ${data.sets.rows.map((row) => `${row.heads.map(headName).join(" and ")} off: together ${num(row.joint, 2)}, single effects added ${num(row.total, 2)}`).slice(0, 3).join("; ")}.` : "";
    return `Scores of block ${data.block} against chance; beyond the line and named: ${named.join(", ") || "none"}.${fitted}${sets}`;
  },

  state(data, local) {
    const pair = pairOf(data, local);
    return {
      block: data.block, way: data.fit?.way ?? null, pair, score: pair && scoreOf(data, local, pair), chance: data.fit?.chance ?? null,
      rows: data.chance.map(({ name, line, values, above, named, reached, draws }) => ({ name, line, values, above, named, reached, draws })),
      sets: data.sets?.rows.map(({ heads, singles, joint, total }) => ({ heads, singles, joint, total })) ?? null,
    };
  },
};

export default mount("multi_head_composition", more);
