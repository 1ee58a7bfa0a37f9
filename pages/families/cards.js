// Published models on a line of time (a square each, its area as its number of weights, all to one scale), and their cards.

import { counted } from "../../app/kit/counts.js";
import { mount } from "../../app/kit/glass.js";
import { say, sayOf } from "../../app/kit/say.js";
import { clamp, css, h, html, inLines, label, measure } from "../../app/kit/shapes.js";
import { isDesk, isPhone } from "../../app/kit/widths.js";

/**
 * @import { Local, Stage, View } from "../../app/kit/glass.js"
 * @import { Lettering, Shapes } from "../../app/kit/shapes.js"
 */

/**
 * A published model: its stacks of blocks (an encoder-decoder has two), the width of its stream, its weights by our formula
 * and as they were published; whether the two agree, and `note`, why not. `opens`: this server has `hub`.
 * @typedef {{name: string, stacks: number[], width: number, heads: number, parameters: number, published: number,
 *   agrees: boolean, note: string, hub: string, opens: boolean}} Size
 *
 * A family of them, smallest first, and what its paper says. `date`: its year with the month as a fraction.
 * @typedef {{name: string, shape: "decoder" | "encoder" | "encoder-decoder", maker: string, date: number, since: string,
 *   source: string, data: string, objective: string, key: string, weights: string, sizes: Size[], closed: string,
 *   unpublished: string[]}} Family
 *
 * What cards.py sends. `now`: the open model; `gallery`: whether the page of all models can be visited.
 * @typedef {{families: Family[], now: string, gallery: boolean}} Data
 *
 * @typedef {Local & {listening?: boolean}} Kept
 * @typedef {ReturnType<typeof marksOf>["marks"][number]} Mark
 * @typedef {{one: Family, x: number, y: number, w: number} & ReturnType<typeof cardText>} Card
 */

const SHAPE = {
  decoder: sayOf("shape", "decoder"),
  encoder: sayOf("shape", "encoder"),
  "encoder-decoder": sayOf("shape", "encoder-decoder"),
};
const FROM = 2018; // the axis
const TILL = 2023.6;
const SHAPES = /** @type {const} */ (["decoder", "encoder", "encoder-decoder"]);
const LARGEST = 175e9;
/**
 * The longest side of all squares, and of one with so many weights.
 * @param {Pick<Stage, "width">} g @param {number} weights
 */
const sideOf = (g, weights) => (isPhone(g.width) ? 96 : 132) * Math.sqrt(weights / LARGEST);
/** @param {Pick<Stage, "width">} g @param {number} date */
const atYear = (g, date) => 8 + ((date - FROM) / (TILL - FROM)) * (g.width - 60);

/** 124,439,808 -> 124.4M; 174,604,259,328 -> 174.6B. @param {number} n */
function weightsText(n) {
  if (n >= 1e9) return `${(n / 1e9).toFixed(n < 1e10 ? 2 : 1)}B`;
  return `${(n / 1e6).toFixed(1)}M`;
}
/** @param {number} n */
const givenText = (n) => (n >= 2e9 ? `${n / 1e9}B` : `${n / 1e6}M`);

/**
 * Where each family stands: at its month, farther right where two of a row would overlap.
 * @param {Pick<Stage, "width">} g @param {Data} data
 */
function marksOf(g, data) {
  const top = sideOf(g, LARGEST) + 26;
  const base = { decoder: top, encoder: top + 44, "encoder-decoder": top + 104 };
  /** @type {Record<string, number>} */
  const free = {};
  const marks = data.families.map((one) => {
    const side = Math.max(
      3,
      ...one.sizes.map((size) => sideOf(g, size.parameters)),
      one.sizes.length ? 0 : 30,
    );
    const x = Math.max(atYear(g, one.date), (free[one.shape] ?? -1e9) + 10);
    free[one.shape] = x + Math.max(side + 6, 0) + measure(one.name, 12, false) * 1.05;
    return { one, x, side, y: base[one.shape] };
  });
  return { marks, base, height: base["encoder-decoder"] + 44 };
}

/** @param {Stage} g @param {Data} data @param {Kept} local */
function drawTimeline(g, data, local) {
  const { marks, base, height } = marksOf(g, data);
  const chosen = chosenOf(data, local);
  /** @type {Shapes[]} */
  const out = [];
  const axis = height - 14;
  for (let year = FROM; year <= 2023; year++) {
    out.push(
      h("line", { x1: atYear(g, year), x2: atYear(g, year), y1: 14, y2: axis - 22, stroke: css("line") }),
      label(atYear(g, year), axis + 4, String(year), {
        anchor: year === FROM ? "start" : "middle",
        fill: "ink3",
      }),
    );
  }
  for (const shape of SHAPES)
    out.push(
      h("line", { x1: 0, x2: g.width, y1: base[shape], y2: base[shape], stroke: css("line") }),
      label(g.width, base[shape] + 14, SHAPE[shape], { anchor: "end", fill: "ink3" }),
    );
  for (const mark of marks) out.push(drawMark(g, mark, mark.one.name === chosen));
  return out;
}
/** @param {Stage} g @param {Mark} given @param {boolean} on */
function drawMark(g, { one, x, side, y }, on) {
  const ordered = [...one.sizes].sort((a, b) => b.parameters - a.parameters);
  /** @type {Element[]} */
  const squares = ordered.map((size, k) => {
    const s = Math.max(2, sideOf(g, size.parameters));
    return h("rect", {
      x,
      y: y - s,
      width: s,
      height: s,
      fill: css(k === ordered.length - 1 ? (on ? "accent" : "ink3") : on ? "accent-soft" : "field"),
      stroke: css(on ? "accent" : "ink3"),
      "stroke-width": 1,
    });
  });
  if (!one.sizes.length)
    squares.push(
      h("rect", {
        x,
        y: y - side,
        width: side,
        height: side,
        fill: "none",
        stroke: css(on ? "accent" : "ink3"),
        "stroke-dasharray": "3 3",
      }),
      label(x + side / 2, y - side / 2 + 5, "?", {
        anchor: "middle",
        size: 15,
        fill: on ? "accent" : "ink3",
      }),
    );
  const fits = x + side + 5 + measure(one.name, 12, false) * 1.1 <= g.width;
  const node = h(
    "g",
    { class: "gb-hot", "data-family": one.name },
    h("rect", {
      x: x - 4,
      y: y - Math.max(side, 22),
      width: side + 12 + measure(one.name, 12, false),
      height: Math.max(side, 22) + 4,
      fill: "transparent",
    }),
    squares,
    label(fits ? x + side + 5 : g.width, fits ? y - 5 : y - side - 6, one.name, {
      anchor: fits ? null : "end",
      fill: on ? "accent" : "ink",
      weight: on ? 700 : 500,
    }),
  );
  const said = one.sizes.length
    ? one.sizes.map((size) => `${one.name} ${size.name}: ${counted(size.parameters, "weight")}`).join("\n")
    : say("{name}: its size is not published", { name: one.name });
  return g.tip(node, `${one.since}\n${said}`);
}

// ---------------------------------------------------------------- cards

// What each paper says, its blocks drawn to one scale, and our count of its weights beside the published one.

const TOWER = { wide: 92 / 12288, tall: 104 / 96, gap: 5 }; // pixels a number of the stream, a block, between stacks
const CARD = { pad: 14, gap: 18, line: 17 };

/** A card's lines, and what it needs of height. @param {Family} one @param {number} w */
function cardText(one, w) {
  const room = w - 2 * CARD.pad;
  const notes = one.sizes
    .filter((size) => !size.agrees)
    .map((size) => `${size.name ? `${size.name}: ` : ""}${size.note}`);
  const lines = {
    key: inLines(one.key, room - 100),
    data: inLines(say("Read: {data}.", { data: one.data }), room),
    asked: inLines(say("Asked: {objective}.", { objective: one.objective }), room),
    notes: notes.flatMap((note) => inLines(note, room)),
    unpublished: one.unpublished.length
      ? inLines(say("Not published: {list}.", { list: one.unpublished.join("; ") }), room)
      : [],
    closed: one.closed ? inLines(one.closed, room) : [],
    weights: inLines(
      say("Weights: {weights}. Source: {source}.", { weights: one.weights, source: one.source }),
      room,
    ),
  };
  const count =
    lines.data.length +
    lines.asked.length +
    lines.notes.length +
    lines.unpublished.length +
    lines.closed.length +
    lines.weights.length;
  return {
    lines,
    height: 132 + (one.sizes.length ? 22 + 20 * one.sizes.length : 0) + count * CARD.line + 16,
  };
}

/** @param {Stage} g @param {Data} data @param {number} top */
function planCards(g, data, top) {
  const columns = isDesk(g.width) ? 3 : isPhone(g.width) ? 1 : 2;
  const w = (g.width - CARD.gap * (columns - 1)) / columns;
  /** @type {Card[]} */
  const places = [];
  let y = top;
  for (let first = 0; first < data.families.length; first += columns) {
    const row = data.families.slice(first, first + columns).map((one) => ({ one, ...cardText(one, w) }));
    const height = Math.max(...row.map((card) => card.height));
    for (const [k, card] of row.entries()) places.push({ ...card, x: k * (w + CARD.gap), y, w, height });
    y += height + CARD.gap;
  }
  return { places, height: y - CARD.gap };
}

/** @param {Card} place @param {boolean} on */
function drawCard(place, on) {
  const { one, lines, x, y, w, height } = place;
  const left = x + CARD.pad;
  /** @type {Shapes[]} */
  const out = [
    h("rect", {
      x: x + 0.5,
      y: y + 0.5,
      width: w - 1,
      height: height - 1,
      rx: 8,
      fill: css(on ? "wash" : "bg"),
      stroke: css(on ? "accent" : "line"),
      "stroke-width": on ? 1.5 : 1,
    }),
    label(left, y + 26, one.name, { size: 16, weight: 600, fill: on ? "accent" : "ink" }),
    label(left, y + 46, SHAPE[one.shape], { fill: "ink2" }),
    label(left, y + 62, `${one.maker}, ${one.since}`, { fill: "ink2" }),
    lines.key.map((line, i) => label(left, y + 84 + i * 16, line, { fill: "ink" })),
    drawTowers(place),
  ];
  let at = y + 138;
  if (one.sizes.length) {
    out.push(drawSizes(place, at));
    at += 22 + 20 * one.sizes.length;
  }
  const put = (/** @type {string[]} */ list, /** @type {string} */ fill) => {
    for (const line of list) {
      out.push(label(left, at, line, { fill }));
      at += CARD.line;
    }
  };
  put(lines.notes, "ink2");
  put(lines.unpublished, "ink");
  put(lines.data, "ink2");
  put(lines.asked, "ink2");
  put(lines.weights, "ink3");
  put(lines.closed, "ink3");
  return h("g", { class: "gb-hot", "data-family": one.name }, out.flat(2));
}

/**
 * The largest and the smallest published model: a stack's width is d_model, its height its blocks.
 * @param {Card} given
 */
function drawTowers({ one, x, y, w }) {
  const base = y + 122;
  let right = x + w - CARD.pad;
  if (!one.sizes.length) {
    return [
      h("rect", {
        x: right - 60,
        y: base - 76,
        width: 60,
        height: 76,
        fill: "none",
        stroke: css("ink3"),
        "stroke-dasharray": "3 3",
      }),
      label(right - 30, base - 33, "?", { anchor: "middle", size: 18, fill: "ink3" }),
    ];
  }
  const ends = one.sizes.length > 1 ? [one.sizes[one.sizes.length - 1], one.sizes[0]] : [one.sizes[0]];
  /** @type {Shapes[]} */
  const out = [];
  ends.forEach((size, k) => {
    for (const blocks of [...size.stacks].reverse()) {
      const [wide, tall] = [Math.max(2, size.width * TOWER.wide), Math.max(2, blocks * TOWER.tall)];
      out.push(
        h("rect", {
          x: right - wide,
          y: base - tall,
          width: wide,
          height: tall,
          fill: css(k ? "ink3" : "res"),
          opacity: k ? 0.9 : 0.75,
        }),
      );
      right -= wide + TOWER.gap;
    }
    right -= TOWER.gap;
  });
  return out;
}

/** The sizes as a small table; the last column is where "Open" stands. @param {Card} place */
function sizeColumns(place) {
  const left = place.x + CARD.pad;
  const room = place.w - 2 * CARD.pad;
  return {
    name: left,
    blocks: left + room * 0.38,
    width: left + room * 0.51,
    heads: left + room * 0.64,
    ours: left + room * 0.81,
    given: left + room,
  };
}
/** @param {Card} place @param {number} at */
function drawSizes(place, at) {
  const c = sizeColumns(place);
  /** @type {Lettering} */
  const end = { anchor: "end", fill: "ink3" };
  const head = [
    label(c.blocks, at, sayOf("narrow column", "blocks"), end),
    label(c.width, at, sayOf("narrow column", "width"), end),
    label(c.heads, at, sayOf("narrow column", "heads"), end),
    label(c.ours, at, sayOf("narrow column", "formula"), end),
    label(c.given, at, sayOf("narrow column", "stated"), end),
  ];
  return [
    ...head,
    ...place.one.sizes.flatMap((size, i) => {
      const y = at + 20 * (i + 1);
      /** @type {Lettering} */
      const mono = { anchor: "end", mono: true, fill: "ink" };
      return [
        size.opens ? null : label(c.name, y, size.name || say("the one size"), { fill: "ink" }),
        label(c.blocks, y, size.stacks.join("+"), mono),
        label(c.width, y, String(size.width), mono),
        label(c.heads, y, String(size.heads), mono),
        label(c.ours, y, weightsText(size.parameters), { ...mono, weight: 600 }),
        label(c.given, y, givenText(size.published) + (size.agrees ? "" : " *"), mono),
      ];
    }),
  ];
}
/**
 * "Open" where this server has the weights: a native button in the place of the size's name.
 * @param {Stage} g @param {Data} data @param {Card} place
 */
function drawOpens(g, data, place) {
  const c = sizeColumns(place);
  place.one.sizes.forEach((size, i) => {
    if (!size.opens) return;
    const y = place.y + 138 + 20 * (i + 1);
    const now = data.now === size.hub;
    const tall = isPhone(g.width) ? 44 : 20; // room for a finger
    g.overlay(
      `open ${size.hub}`,
      { left: c.name - 2, top: y - 4 - tall / 2, height: tall },
      () =>
        html("button", {
          type: "button",
          class: "gb-door fam-open",
          "data-open": size.hub,
          click: () => g.send("open", { name: size.hub, at: Date.now() }),
        }),
      (node) => {
        node.textContent = now
          ? size.name
            ? say("{name} is open", { name: size.name })
            : say("it is open")
          : size.name
            ? say("Open {name}", { name: size.name })
            : say("Open it");
        node.disabled = now;
        node.title = size.hub;
      },
    );
  });
}

// ---------------------------------------------------------------- the picture

/** The family that is looked at. @param {Data} data @param {Kept} local */
function chosenOf(data, local) {
  const name = local.sel.published;
  return data.families.some((one) => one.name === name) ? name : data.families[0].name;
}

/** @type {View<Data, Kept>} */
const cardsView = {
  draw(g, data, local) {
    if (!local.listening) {
      local.listening = true;
      g.svg.addEventListener("click", (event) => {
        const name =
          event.target instanceof Element &&
          event.target.closest("[data-family]")?.getAttribute("data-family");
        if (name) g.select({ published: name });
      });
    }
    const chosen = chosenOf(data, local);
    g.part("timeline", [chosen], () => drawTimeline(g, data, local));
    const under = marksOf(g, data).height + 18;
    const words = inLines(
      say(
        "Above: a square’s area is its number of weights. Below: a stack is as wide as d_model and as high as its blocks. * The reason stands under the figures.",
      ),
      g.width - 130,
    );
    g.part("words", null, () => words.map((line, i) => label(0, under + 16 * i, line, { fill: "ink3" })));
    if (data.gallery)
      g.door(
        "models",
        { left: g.width - 118, top: under - 14 },
        say("Models here"),
        say("What this installation can open"),
      );
    const cards = planCards(g, data, under + 16 * words.length + 6);
    g.height = cards.height + 2;
    for (const place of cards.places) {
      g.part(`card ${place.one.name}`, [place.one.name === chosen], () =>
        drawCard(place, place.one.name === chosen),
      );
      drawOpens(g, data, place);
    }
  },

  key(event, g, data, local) {
    const by = { ArrowLeft: -1, ArrowUp: -1, ArrowRight: 1, ArrowDown: 1 }[event.key];
    if (!by) return false;
    const at = data.families.findIndex((one) => one.name === chosenOf(data, local));
    g.select({ published: data.families[clamp(at + by, 0, data.families.length - 1)].name });
    return true;
  },

  describe(data, local) {
    const told = data.families.map(
      (one) =>
        `${one.name}, ${SHAPE[one.shape]}, ${one.since}: ${one.sizes.map((size) => `${size.name} ${say("{formula} by the formula, {published} published", { formula: weightsText(size.parameters), published: givenText(size.published) })}`.trim()).join("; ") || say("not published: {list}", { list: one.unpublished.join(", ") })}`,
    );
    return say("Published models on a line of time and as cards, to one scale. Chosen: {chosen}. {list}.", {
      chosen: chosenOf(data, local),
      list: told.join(". "),
    });
  },

  state(data, local) {
    return {
      chosen: chosenOf(data, local),
      gallery: data.gallery,
      now: data.now,
      families: data.families.map((one) => ({
        name: one.name,
        shape: one.shape,
        date: one.date,
        sizes: one.sizes.map((size) => ({
          name: size.name,
          blocks: size.stacks,
          heads: size.heads,
          parameters: size.parameters,
          published: size.published,
          opens: size.opens,
          hub: size.hub,
        })),
      })),
    };
  },
};

export default mount("families_cards", cardsView);
