// Three questions to one pass: when is the answer known (lens), who says it (attribution), where does it come from
// (patching). Panels of cells, the parts of the logit as bars, and what the chosen cell means, in a sentence.

/**
 * @import { Stage, View } from "../../app/kit/glass.js"
 * @import { Packed, Shapes, Unpacked } from "../../app/kit/shapes.js"
 * @import { Steps } from "../../app/kit/steps.js"
 *
 * What figure.py sends. T tokens of the logits' rows, S rows of the patched stack, L blocks, H heads; positions and blocks
 * count from 0, a depth is 0 at the embedding and l + 1 after block l. A map's values are shares of the difference between
 * the two texts that come back, NaN where the corrupted text has no such place or the block is not patched yet.
 * @typedef {object} Data
 * @property {string} stamp
 * @property {(Token & {special: boolean})[]} tokens (T,)
 * @property {Row[]} rows (S,)
 * @property {boolean} one whether rows and tokens are the same
 * @property {"" | "encoder" | "decoder"} stack that is patched, of an encoder-decoder
 * @property {number} blocks L
 * @property {number} heads H
 * @property {"H" | "X"} mark of a head's name; X: cross-attention
 * @property {number} row of the logits, whose answer is explained
 * @property {Token} answer
 * @property {Token | null} against whose logit is taken off
 * @property {number} probability of the answer
 * @property {Token[]} firsts the likeliest token of the clean text, then that of the corrupted one
 * @property {string} corrupted the other text
 * @property {[string, string] | null} change of the word that the page replaced
 * @property {{clean: number, corrupted: number}} says the logit, or its difference, with either text
 * @property {Lens | null} lens null: the model has no blocks
 * @property {number} vocabulary
 * @property {Parts} parts
 * @property {Partial<Record<MapName, Packed>>} maps so far: a site (L, S), head (L, H), heads (L, H, S)
 * @property {{[name in MapName]?: number[]}} patched the blocks that are in them
 * @property {number} done
 * @property {number} total results of patching
 * @property {boolean} whole
 * @property {string} why nothing can be patched
 * @property {number} seconds that patching takes, about
 * @property {string} slight what is to be said where the texts hardly differ
 * @property {string[]} opened the parts that are open: "says" is attribution, "patches" patching
 * @property {string} told what is to be said of a typed text
 * @property {{row: number, tier: number} | null} best the patch of the stream that brings most back
 * @property {Site[]} sites that are patched
 *
 * @typedef {{text: string, id: number}} Token
 * @typedef {Token & {special: boolean, other: string | null, place: number}} Row other, place: in the corrupted text
 * @typedef {"stream" | "attention" | "cross" | "mlp"} Site what is patched of a place
 * @typedef {Site | "head" | "heads"} MapName
 *
 * The lens, by depth and position: the likeliest ids (depths, T, 5), the chance of the answer and of each row's own last
 * word (depths, T), and the answer's rank.
 * @typedef {{ids: number[][][], words: Record<number, string>, probabilities: Packed, own: Packed, chance: Packed, rank: number[][]}} Lens
 *
 * The logit as a sum: parts in the order of the pass, heads (L, H), the loudest neurons of each MLP as [neuron, value].
 * @typedef {{lines: Part[], logit: number, total: number, error: number, frozen: string[], heads: Packed | null, neurons: [number, number][][]}} Parts
 * @typedef {{name: string, part: PartKind, layer: number | null, value: number}} Part
 * @typedef {"embedding" | "position" | "token type" | "attention" | "cross-attention" | "mlp" | "biases"} PartKind
 *
 * @typedef {{maps: Partial<Record<MapName, Unpacked>>, steps: Steps, direct: Unpacked | null, top: Unpacked | null, own: Unpacked | null, chance: Unpacked | null}} Arrays
 * @typedef {{sel: Selection, timer?: number | null} & Arrays} Kept
 * @typedef {{sight: Sight, row: number, tier: number, block: number, head: number, shade: "answer" | "own", extent: "all" | "here", stage: number}} Selection
 * @typedef {"lens" | Site | "heads" | "parts"} Sight the panel that the chosen cell is in
 *
 * The chosen cell: of the lens or a site; a head, patched at a row; a part of the logit.
 * @typedef {{sight: "lens" | Site, row: number, tier: number, block?: undefined, head?: undefined, line?: undefined}} Cell
 * @typedef {{sight: "heads", block: number, head: number, row: number, tier?: undefined, line?: undefined}} ChosenHead
 * @typedef {{sight: "parts", line: number, row?: undefined, tier?: undefined, block?: undefined, head?: undefined}} ChosenPart
 * @typedef {Cell | ChosenHead | ChosenPart} Chosen
 *
 * A panel of cells, in pixels: `pitch` is the height of a row, w / cols the width of a column.
 * @typedef {{x: number, y: number, w: number, cols: number, rows: number, pitch: number}} Box
 *
 * What decides where the panels stand.
 * @typedef {Pick<Data, "blocks" | "heads" | "lens" | "one" | "opened" | "rows" | "sites" | "tokens">} Counts
 *
 * @typedef {object} Layout
 * @property {boolean} phone
 * @property {number} pitch
 * @property {{x: number, w: number}} rail the tokens beside the lens
 * @property {{x: number, w: number} | null} second the rows beside the sites, where they are not the same
 * @property {Box} lens
 * @property {Record<Site, Box>} sites of those that are patched
 * @property {{x: number, y: number, w: number, h: number}} parts
 * @property {Box} direct heads, what each says
 * @property {Box} patched heads, what each brings back
 * @property {{x: number, y: number, w: number}} neurons
 * @property {{x: number, y: number, w: number}} card the sentence
 * @property {number} height
 * @property {string} opened the parts that take room: whatever is drawn depends on it
 */

import { counted } from "../../app/kit/counts.js";
import { mount } from "../../app/kit/glass.js";
import { pieces, say } from "../../app/kit/say.js";
import {
  MONO,
  chip,
  clamp,
  css,
  h,
  hatch,
  heat,
  heatImage,
  html,
  inLines,
  label,
  measure,
  num,
  thousands,
  tiny,
  tokenSpans,
  tokenTip,
  unpack,
  visible,
} from "../../app/kit/shapes.js";
import { stepMode } from "../../app/kit/steps.js";
import { isDesk } from "../../app/kit/widths.js";

// ---------------------------------------------------------------- places and the chosen cell

const STEPS = [
  say("The answer"),
  say("Lens"),
  say("Attribution"),
  say("Two texts, one patch"),
  say("Every place"),
  say("Every head"),
  say("Any of them"),
];
/** What each step shows. @type {((d: Data) => string)[]} */
const WORDS = [
  (d) =>
    say(
      "Your text lets the model say {text} next. From when on is that known, which part of the model says it, and where does it come from?",
      { text: visible(d.answer.text) },
    ),
  () =>
    say(
      "A model works in blocks, one after the other. The lens asks after each of them (to the right) and at each token (downwards): if the model stopped here, what would it say?",
    ),
  () =>
    say(
      "The score of the answer is a sum: each part of the model, an attention layer or an MLP, adds to it or takes from it. The bars are those parts, and together they are the score exactly.",
    ),
  () =>
    say(
      "Who caused it? A second text, the corrupted one, lacks what the answer needs; the model reads it, but at one place is given the numbers of the first: the darker the cell, the more of the answer comes back.",
    ),
  () =>
    say(
      "The same at every place: in the stream that carries all from block to block, and in what attention and the MLP add to it. A chain of dark cells is the way that the answer took.",
    ),
  () =>
    say(
      "Attention is made of heads, each looking for something of its own. Here each is given back alone: one or two often bring most of the answer, and the others nothing.",
    ),
  () =>
    say(
      "All panels together. Click any cell to read what it means; a place is a cause only if giving it back brings the answer back.",
    ),
];
/** @type {Sight[]} */
const SIGHTS = ["lens", "stream", "attention", "cross", "mlp", "heads", "parts"];
/** @type {Record<Site, string>} */
const SITE = {
  stream: say("Stream"),
  attention: say("Attention"),
  cross: say("Cross-attention"),
  mlp: "MLP",
};
/** @type {Record<Site, string>} */
const SITE_INK = { stream: "ink", attention: "att-ink", cross: "att-ink", mlp: "mlp-ink" };
/** @type {Record<PartKind, string>} */
const PART = {
  embedding: say("embedding"),
  position: say("position"),
  "token type": say("token type"),
  attention: say("attention"),
  "cross-attention": say("cross-attention"),
  mlp: "mlp",
  biases: say("biases"),
};
/** Names of the bars, three letters or so. @type {Record<PartKind, string>} */
const SHORT = {
  embedding: "emb",
  position: "pos",
  "token type": say("type"),
  biases: say("bias"),
  attention: say("att"),
  "cross-attention": say("crs"),
  mlp: "mlp",
};
/** @type {Record<PartKind, string>} */
const COLOUR = {
  embedding: "res",
  position: "res",
  "token type": "res",
  attention: "att",
  "cross-attention": "att",
  mlp: "mlp",
  biases: "ink3",
};
/** @param {Kept} local */
const stepNow = (local) => local.steps.of(local);
/** The first step that shows a part. */
const FROM = { says: 2, patches: 3 };
/**
 * Whether a part is shown: in the whole picture when it is open; a step shows what it and those before it tell of.
 * @param {Pick<Data, "opened">} data @param {Kept} local @param {"says" | "patches"} part
 */
const shows = (data, local, part) =>
  stepNow(local) < local.steps.last ? stepNow(local) >= FROM[part] : data.opened.includes(part);
/** The parts below the lens, each with the heading of its fold. @type {["says" | "patches", string][]} */
const FOLDS = [
  ["says", say("Who says it: attribution, heads, neurons")],
  ["patches", say("Where it comes from: patching")],
];
/** @param {number} tier */
const depthName = (tier) =>
  tier ? say("after block {block}", { block: tier - 1 }) : say("at the embedding");
/** @param {Part} line */
const partName = (line) => (line.layer === null ? PART[line.part] : `L${line.layer} ${PART[line.part]}`);
/** @param {Data} data @param {number} block @param {number} head */
const headName = (data, block, head) => `L${block}${data.mark}${head}`;

/**
 * Places of all panels in a figure so wide; those of a part that is not open take no room.
 * @param {number} width @param {Counts} data
 * @returns {Layout}
 */
export function plan(width, data) {
  const phone = !isDesk(width);
  const most = Math.max(data.rows.length, data.tokens.length);
  const pitch = phone ? clamp(Math.floor(420 / most), 17, 24) : clamp(Math.floor(262 / most), 13, 21);
  return {
    ...(phone ? phonePlan(width, data, pitch) : widePlan(width, data, pitch)),
    opened: data.opened.join(" "),
  };
}

/** @param {number} W @param {Counts} data @param {number} pitch */
function widePlan(W, data, pitch) {
  const L = data.blocks;
  const top = 50;
  const rail = { x: 0, w: data.one ? 134 : 84 };
  const depths = data.lens ? data.lens.ids.length : 0;
  const says = data.opened.includes("says");
  const patches = data.opened.includes("patches");
  const narrow = depths ? Math.round(clamp(depths * 60, 150, W * 0.3)) : 0;
  const x0 = rail.x + rail.w + 8;
  const wide = Math.round(clamp(depths * 150, narrow, W - 1 - x0));
  const lens = { x: x0, y: top, w: patches ? narrow : wide, cols: depths, rows: data.tokens.length, pitch };
  const edge = x0 + narrow;
  let x = edge + 24;
  const second = data.one ? null : { x, w: 128 };
  if (second) x += second.w + 8;
  const gap = 16;
  const each = (W - 1 - x - gap * (data.sites.length - 1)) / data.sites.length;
  const sites = /** @type {Layout["sites"]} */ (
    Object.fromEntries(
      data.sites.map((site, i) => [
        site,
        { x: x + i * (each + gap), y: top, w: each, cols: L, rows: data.rows.length, pitch },
      ]),
    )
  );
  const tall = Math.max(patches ? data.rows.length : 0, data.tokens.length) * pitch;
  const band = top + tall + 20;
  const parts = { x: 0, y: band, w: edge, h: 112 };
  const right = edge + 24;
  const third = (W - right - 32) / 3;
  const cell = clamp(92 / Math.max(1, L), 5, 23);
  /** @param {number} i */
  const head = (i) => ({
    x: right + i * (third + 16),
    y: band + 34,
    w: third - 26,
    cols: data.heads,
    rows: L,
    pitch: cell,
  });
  const below = says || patches ? Math.max(says ? parts.h + 6 : 0, 40 + L * cell) : -16;
  return {
    phone: false,
    pitch,
    top,
    rail,
    second,
    lens,
    sites,
    parts,
    direct: head(0),
    patched: head(1),
    neurons: { x: right + 2 * (third + 16), y: band, w: third },
    card: { x: 0, y: band + below + 24, w: W },
    height: band + below + 24 + 28,
  };
}

/** @param {number} width @param {Counts} data @param {number} pitch */
function phonePlan(width, data, pitch) {
  const [L, W] = [data.blocks, width - 1]; // the frame's last line
  const rail = { x: 0, w: 66 };
  const top = 66;
  const depths = data.lens ? data.lens.ids.length : 0;
  const lens = { x: rail.w + 6, y: top, w: W - rail.w - 6, cols: depths, rows: data.tokens.length, pitch };
  let y = top + data.tokens.length * pitch + 30;
  const second = { x: 0, w: 66 };
  const sites = /** @type {Layout["sites"]} */ ({});
  const before = y;
  for (let i = 0; i < data.sites.length; i += 2) {
    const pair = data.sites.slice(i, i + 2);
    const each = (W - second.w - 6 - 14 * (pair.length - 1)) / Math.max(2, pair.length);
    for (const [k, site] of pair.entries())
      sites[site] = {
        x: second.w + 6 + k * (each + 14),
        y: y + 44,
        w: each,
        cols: L,
        rows: data.rows.length,
        pitch,
      };
    y += 44 + data.rows.length * pitch + 18;
  }
  const says = data.opened.includes("says");
  const patches = data.opened.includes("patches");
  if (!patches) y = before;
  const parts = { x: 0, y, w: W, h: 130 };
  if (says) y += 150;
  const cell = clamp(110 / Math.max(1, L), 6, 26);
  const half = (W - 14) / 2;
  /** @param {number} i */
  const head = (i) => ({
    x: i * (half + 14),
    y: y + 50,
    w: half - 24,
    cols: data.heads,
    rows: L,
    pitch: cell,
  });
  const places = [head(0), head(1)];
  if (says || patches) y += 50 + L * cell + 24;
  const neurons = { x: 0, y, w: W };
  if (says) y += 138;
  return {
    phone: true,
    pitch,
    top,
    rail,
    second,
    lens,
    sites,
    parts,
    direct: places[0],
    patched: places[1],
    neurons,
    card: { x: 0, y, w: W },
    height: y + 112,
  };
}

/** Whether a panel is a site's. @param {string} sight @returns {sight is Site} */
function isSite(sight) {
  return sight in SITE;
}
/**
 * The lens with its numbers, of a model that has one.
 * @param {Data} data @param {Kept} local
 */
function lensOf(data, local) {
  const [{ lens }, { top, own, chance }] = [data, local];
  if (!lens || !top || !own || !chance) throw new Error("a model without blocks has no lens");
  return { ids: lens.ids, words: lens.words, rank: lens.rank, top, own, chance };
}

/** @param {Box} box */
const colWidth = (box) => box.w / Math.max(1, box.cols);

/**
 * The map of a site so far, or null; of its blocks those of `data.patched` are.
 * @param {Pick<Kept, "maps">} local @param {Site} site
 */
const mapOf = (local, site) => local.maps[site] ?? null;
/** @param {Data} data @param {MapName} site @param {number} tier */
const isPatched = (data, site, tier) => data.patched[site]?.includes(tier) ?? false;
/**
 * The blocks of a map that are not measured: their cells are hatched. None while the whole map is not measured.
 * @param {Pick<Data, "blocks" | "patched">} data @param {MapName} name
 */
export function unmeasuredBlocks(data, name) {
  const measured = data.patched[name] ?? [];
  const blocks = Array.from({ length: data.blocks }, (_, block) => block);
  return measured.length ? blocks.filter((block) => !measured.includes(block)) : [];
}
/** How much of all patches is measured; "": all or nothing. @param {Pick<Data, "done" | "total">} data */
export function describeCoverage({ done, total }) {
  return done && done < total
    ? say("{done} of {total} measured", { done: String(done), total: String(total) })
    : "";
}

/**
 * The chosen cell: {sight, row, tier, block, head, line}. Where nothing was chosen, the strongest there is.
 * @param {Data} data @param {Kept} local
 * @returns {Chosen}
 */
function chosenOf(data, local) {
  const { sight, row, tier, block, head } = local.sel;
  let kind = SIGHTS.includes(sight) ? sight : "stream";
  const depths = data.lens?.ids.length ?? 0;
  if (kind === "lens" && !data.lens) kind = "parts";
  if (isSite(kind) && !data.sites.includes(kind)) kind = "stream";
  if (isSite(kind) && (data.why || !data.blocks)) kind = data.lens ? "lens" : "parts";
  if (kind === "heads" && !data.blocks) kind = "parts";
  if (data.lens && !shows(data, local, "patches") && kind !== "parts") kind = "lens"; // the only panel that is shown
  if (kind === "lens")
    return {
      sight: kind,
      row: row >= 0 ? Math.min(row, data.tokens.length - 1) : data.row,
      tier: tier >= 0 ? Math.min(tier, depths - 1) : depths - 1,
    };
  if (kind === "heads")
    return {
      sight: kind,
      block: clamp(block, 0, data.blocks - 1),
      head: clamp(head, 0, data.heads - 1),
      row: patchRow(data, row),
    };
  if (kind === "parts")
    return { sight: kind, line: tier >= 0 ? Math.min(tier, data.parts.lines.length - 1) : loudestLine(data) };
  const best = bestOf(data, local, kind);
  return {
    sight: kind,
    row: row >= 0 ? patchRow(data, row) : best.row,
    tier: tier >= 0 ? Math.min(tier, data.blocks - 1) : best.tier,
  };
}
/** The row that is patched: the chosen one, or the strongest. @param {Data} data @param {number} row */
const patchRow = (data, row) =>
  row >= 0 ? Math.min(row, data.rows.length - 1) : (data.best?.row ?? data.rows.length - 1);
/** @param {Data} data */
function loudestLine(data) {
  return data.parts.lines.reduce(
    (best, line, i, all) => (Math.abs(line.value) > Math.abs(all[best].value) ? i : best),
    0,
  );
}
/** @param {Data} data @param {Kept} local @param {Site} site */
function bestOf(data, local, site) {
  if (site === "stream" && data.best) return data.best;
  const map = mapOf(local, site);
  const [first] = data.patched[site] ?? [];
  if (!map || first === undefined) return { row: data.rows.length - 1, tier: 0 };
  let at = first * data.rows.length;
  for (let i = 0; i < map.length; i++)
    if (
      isPatched(data, site, Math.floor(i / data.rows.length)) &&
      (Math.abs(map[i]) > Math.abs(map[at]) || Number.isNaN(map[at]))
    )
      at = i;
  return { row: at % data.rows.length, tier: Math.floor(at / data.rows.length) };
}
/** @param {Data} data @param {Kept} local @param {Site} site @param {number} tier @param {number} row */
const patchValue = (data, local, site, tier, row) =>
  isPatched(data, site, tier) ? local.maps[site]?.[tier * data.rows.length + row] : undefined;
/**
 * One head's patch: at all positions, or at the chosen one.
 * @param {Data} data @param {Kept} local @param {number} block @param {number} head @param {number} row
 */
function headValue(data, local, block, head, row) {
  if (local.sel.extent === "here")
    return isPatched(data, "heads", block)
      ? local.maps.heads?.[(block * data.heads + head) * data.rows.length + row]
      : undefined;
  return isPatched(data, "head", block) ? local.maps.head?.[block * data.heads + head] : undefined;
}
/** From which depth on the answer is the first token of its row, or -1. @param {Data} data @param {number} row */
function knownFrom(data, row) {
  const ranks = data.lens?.rank.map((line) => line[row]) ?? [];
  let from = ranks.length;
  while (from > 0 && ranks[from - 1] === 0) from--;
  return from < ranks.length ? from : -1;
}

// ---------------------------------------------------------------- the panels

/** @param {string} token */
const tokenSpan = (token, room = 90, size = 12) =>
  h("tspan", { "font-family": MONO, direction: "ltr" }, tokenSpans(token, room, size));
/** @param {Data} data */
const answerOf = (data) =>
  data.against
    ? [tokenSpan(data.answer.text), " − ", tokenSpan(data.against.text)]
    : [tokenSpan(data.answer.text)];
/** @param {number} x @param {number} y @param {string} title @param {Shapes} about */
const headline = (x, y, title, about, ink = "ink") => [
  label(x, y, title, { fill: ink, weight: 600 }),
  about && h("text", { x, y: y + 15, "font-size": 12, fill: css("ink3") }, about),
];

/** The cell under a pointer, {row, col}. @param {MouseEvent} event @param {Box} box */
function cellAt(event, box) {
  const area = /** @type {Element} */ (event.currentTarget).getBoundingClientRect();
  const [u, v] = [(event.clientX - area.left) / area.width, (event.clientY - area.top) / area.height];
  return {
    col: clamp(Math.floor(u * box.cols), 0, box.cols - 1),
    row: clamp(Math.floor(v * box.rows), 0, box.rows - 1),
  };
}
/**
 * Where a panel listens: `tip` and `pick` get the cell.
 * @param {Stage} g @param {Box} box @param {string} name @param {(cell: {row: number, col: number}) => string} tip
 * @param {(cell: {row: number, col: number}) => void} pick
 */
function ground(g, box, name, tip, pick) {
  const node = h("rect", {
    class: "gb-hot",
    "data-panel": name,
    x: box.x,
    y: box.y,
    width: box.w,
    height: box.rows * box.pitch,
    fill: "transparent",
    click: (event) => pick(cellAt(event, box)),
  });
  return g.tip(node, (event) => tip(cellAt(event, box)));
}
/** @param {Box} box @param {number} col @param {number} row */
const frame = (box, col, row, ink = "accent") =>
  h("rect", {
    x: box.x + col * colWidth(box) + 0.75,
    y: box.y + row * box.pitch + 0.75,
    width: Math.max(3, colWidth(box) - 1.5),
    height: Math.max(3, box.pitch - 1.5),
    rx: 2,
    fill: "none",
    stroke: css(ink),
    "stroke-width": 2,
  });
/** @param {Box} box */
const outline = (box) =>
  h("rect", {
    x: box.x - 0.5,
    y: box.y - 0.5,
    width: box.w + 1,
    height: box.rows * box.pitch + 1,
    rx: 2,
    fill: "none",
    stroke: css("line"),
  });

/** @param {Stage} g @param {Data} data @param {Kept} local @param {Layout} at @param {"tokens" | "rows"} which */
function drawRail(g, data, local, at, which) {
  const box = which === "rows" ? (at.second ?? at.rail) : at.rail;
  const list = which === "tokens" ? data.tokens : data.rows;
  const top = which === "tokens" || !at.phone ? at.lens.y : Object.values(at.sites)[0].y;
  const chosen = chosenOf(data, local);
  const asked = which === "tokens" || data.one ? data.row : -1;
  const wide = Math.min(box.w, 74);
  const size = at.pitch < 16 ? 11 : 12;
  const tall = Math.min(21, at.pitch - 2);
  /** @param {Site} site @param {number} k */
  const place = (site, k) => (at.phone && which === "rows" ? at.sites[site].y : top) + (k + 0.5) * at.pitch;
  const lines = at.phone && which === "rows" ? data.sites.filter((_, i) => i % 2 === 0) : [data.sites[0]];
  const beside = which === "rows" || (data.one && !at.phone && shows(data, local, "patches"));
  g.part(`rail ${which}`, [at.opened, asked, chosen.row, beside], () =>
    [
      !at.phone &&
        headline(
          box.x,
          12,
          which === "tokens" && !data.one
            ? say("Decoder")
            : data.stack
              ? data.stack === "encoder"
                ? say("The encoder")
                : say("The decoder")
              : say("The text"),
          beside && data.rows.some((one) => one.other) ? say("right: corrupted") : null,
        ),
      lines.map((site) =>
        list.map((token, k) => {
          const y = place(site, k);
          const other = beside ? data.rows[k].other : null;
          const bare = at.pitch < 15 && k !== asked; // no room for a frame
          return [
            bare
              ? g.tip(
                  h(
                    "text",
                    {
                      x: box.x + wide / 2,
                      y: y + 4,
                      "text-anchor": "middle",
                      "font-family": MONO,
                      "font-size": size,
                      fill: css(token.special ? "ink3" : "ink"),
                      direction: "ltr",
                    },
                    tokenSpans(token.text, wide - 4, size),
                  ),
                  tokenTip(token.text, token.id),
                )
              : chip(g, box.x + 0.5, y, wide - 1, token.text, {
                  id: token.id,
                  selected: k === asked,
                  faint: token.special,
                  height: tall,
                  size,
                }),
            other &&
              !at.phone &&
              g.tip(
                h(
                  "text",
                  {
                    x: box.x + wide + 4,
                    y: y + 4,
                    "font-family": MONO,
                    "font-size": size,
                    fill: css("neg"),
                    "font-weight": 600,
                  },
                  tokenSpans(other, box.w - wide - 4, size),
                ),
                say("in the corrupted text: {other}", { other: visible(other) }),
              ),
            other &&
              at.phone &&
              h("circle", { cx: box.x + wide - 5, cy: y - tall / 2 + 4, r: 2.5, fill: css("neg") }),
          ];
        }),
      ),
    ].flat(9),
  );
}

/** Of how many columns of the lens one has room for its name and its words. @param {Box} box */
export const everyDepth = (box) => Math.ceil(44 / colWidth(box));
/**
 * Returns the room of a column's words, from the left edge of the box: the column, and the unnamed columns before it.
 * @param {Box} box @param {number} col
 * @returns {[left: number, width: number]}
 */
export function wordSlot(box, col) {
  const first = Math.max(0, col + 1 - everyDepth(box));
  return [first * colWidth(box), (col + 1 - first) * colWidth(box)];
}
/** Whether a column shows its depth and its words. The last column always does. @param {Box} box @param {number} col */
export const hasWords = (box, col) =>
  (box.cols - 1 - col) % everyDepth(box) === 0 && wordSlot(box, col)[1] >= 24;
/** Up to `most` depths, evenly spread, the last one among them. @param {number} depths */
export const someDepths = (depths, most = 8) => {
  const step = Math.max(1, (depths - 1) / (most - 1));
  return Array.from({ length: Math.min(depths, most) }, (_, i) =>
    Math.round(depths - 1 - i * step),
  ).reverse();
};
/**
 * The depths over the lens's columns.
 * @param {Box} box
 */
function depthLabels(box) {
  return Array.from({ length: box.cols }, (_, d) => {
    const [left, room] = wordSlot(box, d);
    return (
      hasWords(box, d) &&
      label(box.x + left + room / 2, box.y - 5, d ? `L${d - 1}` : room > 24 ? "emb" : "e", {
        anchor: "middle",
        fill: "ink3",
      })
    );
  });
}
/**
 * Draws the frame of the chosen cell. It encloses the whole word, which may be wider than its column.
 * @param {Box} box @param {number} col @param {number} row
 */
function lensFrame(box, col, row) {
  if (!hasWords(box, col)) return frame(box, col, row);
  const [left, room] = wordSlot(box, col);
  return frame({ ...box, x: box.x + left, w: room, cols: 1 }, 0, row);
}
/**
 * The place of the lens before it is told: its depths, and nothing of what it says.
 * @param {Stage} g @param {Layout} at
 */
function drawEmptyLens(g, at) {
  const box = at.lens;
  g.part("lens", ["empty", at.opened], () => [
    headline(at.phone ? 0 : box.x, 12, say("What would it say, after each block?"), null),
    depthLabels(box),
    outline(box),
    Array.from({ length: box.cols - 1 }, (_, d) =>
      h("path", {
        d: `M${box.x + (d + 1) * colWidth(box)},${box.y}v${box.rows * box.pitch}`,
        stroke: css("line"),
      }),
    ),
  ]);
}

/** @param {Stage} g @param {Data} data @param {Kept} local @param {Layout} at */
function drawLens(g, data, local, at) {
  const box = at.lens;
  const lens = lensOf(data, local);
  const own = local.sel.shade === "own";
  const shown = own ? lens.own : lens.chance;
  const chosen = chosenOf(data, local);
  const size = at.pitch < 16 ? 10.5 : 12;
  g.part("lens", [at.opened, local.sel.shade], () => {
    const order = new Float32Array(box.cols * box.rows);
    for (let d = 0; d < box.cols; d++)
      for (let t = 0; t < box.rows; t++) order[t * box.cols + d] = shown[d * box.rows + t];
    const every = everyDepth(box);
    return [
      headline(
        at.phone ? 0 : box.x,
        12,
        every > 1
          ? say("Lens: the first token at the depths named")
          : say("Lens: the first token at each depth"),
        own
          ? say("shade: chance of the row’s own last word")
          : pieces(say("shade: chance of {word}"), { word: tokenSpan(data.answer.text, 80) }),
      ),
      depthLabels(box),
      heatImage(
        box.x,
        box.y,
        box.w,
        box.rows * box.pitch,
        heat(order, box.rows, box.cols, (v) => g.sequentialRgb(0.6 * v ** 0.6, 1, "accent")),
      ),
      outline(box),
      lens.ids.map(
        (line, d) =>
          hasWords(box, d) &&
          line.map((ids, t) =>
            h(
              "text",
              {
                x: box.x + wordSlot(box, d)[0] + wordSlot(box, d)[1] / 2,
                "text-anchor": "middle",
                y: box.y + (t + 0.5) * at.pitch + 4,
                "font-family": MONO,
                "font-size": size,
                fill: css("ink"),
                direction: "ltr",
                "pointer-events": "none",
              },
              tokenSpans(lens.words[ids[0]], wordSlot(box, d)[1] - 4, size),
            ),
          ),
      ),
      ground(
        g,
        box,
        "lens",
        ({ row, col }) => lensTip(data, local, row, col),
        ({ row, col }) => g.select({ sight: "lens", row, tier: col, stage: -1 }),
      ),
    ];
  });
  g.part("lens frame", [at.opened, chosen], () => [
    h("path", {
      d: `M${box.x - 4},${box.y + (data.row + 0.5) * at.pitch - 4}l4,4l-4,4z`,
      fill: css("accent"),
    }),
    chosen.sight === "lens" && lensFrame(box, chosen.tier, chosen.row),
  ]);
}
/** @param {Data} data @param {Kept} local @param {number} row @param {number} tier */
function lensTop(data, local, row, tier) {
  const { ids, words, top } = lensOf(data, local);
  const ranked = ids[tier][row];
  return ranked.map((id, k) => ({
    text: words[id],
    id,
    probability: top[(tier * data.tokens.length + row) * ranked.length + k],
  }));
}
/** @param {Data} data @param {Kept} local @param {number} row @param {number} tier */
function lensTip(data, local, row, tier) {
  const { chance, rank } = lensOf(data, local);
  const at = tier * data.tokens.length + row;
  const top = lensTop(data, local, row, tier)
    .map((one) => `${num(one.probability, 3)}  ${visible(one.text)}`)
    .join("\n");
  return say("{token}, {depth}\n{top}\n{answer}: {chance}, place {rank} of {vocabulary}", {
    token: visible(data.tokens[row].text),
    depth: depthName(tier),
    top,
    answer: visible(data.answer.text),
    chance: num(chance[at], 3),
    rank: thousands(rank[tier][row] + 1),
    vocabulary: thousands(data.vocabulary),
  });
}

/** @param {number} v */
const strengthen = (v) => Math.sign(v) * Math.min(1, Math.abs(v)) ** 0.75;
/**
 * The colour of a cell: clear while it is not patched, grey where the corrupted text has no such place.
 * @param {Stage} g @param {number | undefined} v @param {(v: number) => number} scaled
 */
const shade = (g, v, scaled) =>
  v === undefined
    ? null
    : Number.isNaN(v)
      ? g.sequentialRgb(0.35, 1, "res")
      : g.signedRgb(scaled(v), 1, 0.75);

/**
 * @param {Stage} g @param {Data} data @param {Kept} local @param {Layout} at @param {Site} site @param {boolean} only
 */
function drawSite(g, data, local, at, site, only) {
  const box = at.sites[site];
  const chosen = chosenOf(data, local);
  const width = colWidth(box);
  const there = data.patched[site]?.length ?? 0;
  g.part(`map ${site}`, [at.opened, only, only && chosen], () => {
    /** @param {number} row @param {number} col */
    const cell = (row, col) =>
      only
        ? chosen.sight === site && row === chosen.row && col === chosen.tier
          ? patchValue(data, local, site, col, row)
          : undefined
        : patchValue(data, local, site, col, row);
    const values = Array.from({ length: box.rows * box.cols }, (_, i) =>
      cell(Math.floor(i / box.cols), i % box.cols),
    );
    const every = Math.ceil((box.cols > 10 ? 28 : 18) / width); // two digits are wider
    const numbers = width >= 30 && at.pitch >= 13;
    const about = {
      stream: say("before each block"),
      attention: say("what it adds"),
      cross: say("what it adds"),
      mlp: say("what it adds"),
    }[site];
    const first = site === data.sites[0] && !at.phone;
    return [
      headline(
        box.x,
        box.y - 38,
        first ? say("Patched: stream") : SITE[site],
        (site === data.sites[0] && describeCoverage(data)) || (first ? say("share that returns") : about),
        SITE_INK[site],
      ),
      Array.from(
        { length: box.cols },
        (_, l) =>
          l % every === 0 &&
          box.x + (l + 0.5) * width + 11 < g.width &&
          label(box.x + (l + 0.5) * width, box.y - 5, `L${l}`, { anchor: "middle", fill: "ink3" }),
      ),
      there > 0 &&
        heatImage(
          box.x,
          box.y,
          box.w,
          box.rows * box.pitch,
          heat([...values.keys()], box.rows, box.cols, (i) => shade(g, values[i], strengthen)),
        ),
      !only &&
        unmeasuredBlocks(data, site).map((block) =>
          hatch(box.x + block * width, box.y, width, box.rows * box.pitch),
        ),
      outline(box),
      numbers &&
        values.map(
          (v, i) =>
            v !== undefined &&
            !Number.isNaN(v) &&
            Math.abs(v) >= 0.005 &&
            label(
              box.x + ((i % box.cols) + 0.5) * width,
              box.y + (Math.floor(i / box.cols) + 0.5) * at.pitch + 4,
              num(v, 2),
              {
                anchor: "middle",
                mono: true,
                size: at.pitch < 16 || width < 36 ? 10 : 11,
                fill: "ink",
                "pointer-events": "none",
              },
            ),
        ),
      ground(
        g,
        box,
        site,
        ({ row, col }) => patchTip(data, local, site, row, col),
        ({ row, col }) => g.select({ sight: site, row, tier: col, stage: -1 }),
      ),
    ];
  });
  g.part(
    `frame ${site}`,
    [at.opened, chosen, only],
    () => chosen.sight === site && frame(box, chosen.tier, chosen.row),
  );
}
/** @param {Data} data @param {Kept} local @param {Site} site @param {number} row @param {number} tier */
function patchTip(data, local, site, row, tier) {
  const value = patchValue(data, local, site, tier, row);
  const place = { block: tier, part: SITE[site], token: visible(data.rows[row].text) };
  const where =
    site === "stream"
      ? say("the stream before block {block} at {token}", place)
      : say("what L{block} {part} adds at {token}", place);
  if (value === undefined) return say("{where}: not patched yet", { where });
  if (Number.isNaN(value)) return say("{where}: the corrupted text has no such place", { where });
  const said = data.says.corrupted + value * (data.says.clean - data.says.corrupted);
  return say("{where}\nbrings back {share} of the difference\n{corrupted} becomes {now}; clean {clean}", {
    where,
    share: num(value, 3),
    corrupted: num(data.says.corrupted, 3),
    now: num(said, 3),
    clean: num(data.says.clean, 3),
  });
}

/**
 * Bars from sum to sum: each part begins where those before it have come to.
 * @param {Stage} g @param {Data} data @param {Kept} local @param {Layout} at
 */
function drawParts(g, data, local, at) {
  const { x, y, w, h: tall } = at.parts;
  const { lines, logit } = data.parts;
  const chosen = chosenOf(data, local);
  g.part("parts", [at.opened, chosen.line], () => {
    const sums = [0];
    for (const line of lines) sums.push(sums[sums.length - 1] + line.value);
    const [low, high] = [Math.min(0, ...sums, logit), Math.max(0, ...sums, logit)];
    const top = y + 34;
    const room = tall - 52;
    /** @param {number} v */
    const py = (v) => top + room * (1 - (v - low) / (high - low || 1));
    const wide = w / (lines.length + 1);
    const bar = Math.max(2, wide - Math.min(8, wide * 0.25));
    const several = measure(SHORT.attention, 12, false) + 4 < wide;
    return [
      headline(
        x,
        y + 12,
        say("Attribution: who says it"),
        pieces(say("parts of logit {answer}"), { answer: answerOf(data) }),
      ),
      h("path", { d: `M${x},${py(0)}H${x + w}`, stroke: css("line") }),
      lines.map((line, i) => {
        const [from, to] = [py(sums[i]), py(sums[i + 1])];
        const left = x + i * wide + (wide - bar) / 2;
        const node = h(
          "g",
          { class: "gb-hot", "data-line": i, click: () => g.select({ sight: "parts", tier: i, stage: -1 }) },
          h("rect", {
            x: x + i * wide,
            y: top - 4,
            width: wide,
            height: room + 22,
            fill: chosen.sight === "parts" && chosen.line === i ? css("accent-soft") : "transparent",
          }),
          h("rect", {
            x: left,
            y: Math.min(from, to),
            width: bar,
            height: Math.max(1.5, Math.abs(to - from)),
            rx: 1.5,
            fill: css(COLOUR[line.part]),
          }),
          h("path", { d: `M${left + bar},${to}H${left + wide}`, stroke: css("ink3"), "stroke-width": 0.75 }),
          several &&
            label(x + (i + 0.5) * wide, top + room + 13, SHORT[line.part], {
              anchor: "middle",
              fill: "ink3",
              size: 11,
            }),
        );
        return g.tip(
          node,
          say("{name}: {value}\nthe sum is then {sum}", {
            name: partName(line),
            value: num(line.value, 4),
            sum: num(sums[i + 1], 4),
          }),
        );
      }),
      several &&
        lines.map(
          (line, i) =>
            line.part === "attention" &&
            label(x + i * wide + 2, top + room + 25, `L${line.layer}`, { fill: "ink3", size: 11 }),
        ),
      h("rect", {
        x: x + lines.length * wide + (wide - bar) / 2,
        y: Math.min(py(0), py(logit)),
        width: bar,
        height: Math.max(1.5, Math.abs(py(logit) - py(0))),
        rx: 1.5,
        fill: css("accent"),
      }),
      label(
        Math.min(x + (lines.length + 0.5) * wide, g.width - measure(num(logit, 2), 11, true) * 0.55),
        logit >= 0 ? py(logit) - 4 : py(logit) + 13,
        num(logit, 2),
        { anchor: "middle", mono: true, fill: "accent", weight: 700, size: 11 },
      ),
      several &&
        label(x + (lines.length + 0.5) * wide, top + room + 13, say("sum"), {
          anchor: "middle",
          fill: "ink3",
          size: 11,
        }),
    ];
  });
}

/** @param {Stage} g @param {Data} data @param {Kept} local @param {Layout} at @param {"direct" | "patched"} which */
function drawHeads(g, data, local, at, which) {
  const box = at[which];
  const chosen = chosenOf(data, local);
  const direct = which === "direct";
  const row = patchRow(data, local.sel.row);
  const here = !direct && local.sel.extent === "here";
  /** @param {number} block @param {number} head */
  const value = (block, head) =>
    direct ? local.direct?.[block * data.heads + head] : headValue(data, local, block, head, row);
  g.part(`heads ${which}`, [at.opened, local.sel.extent, here && row], () => {
    const values = Array.from({ length: box.rows * box.cols }, (_, i) =>
      value(Math.floor(i / box.cols), i % box.cols),
    );
    const known = values.flatMap((v) => (v === undefined || Number.isNaN(v) ? [] : [v]));
    const most = direct ? Math.max(...known.map(Math.abs), 1e-30) : 1;
    const width = colWidth(box);
    const numbers = width >= 30 && box.pitch >= 13;
    const x = box.x;
    const every = Math.ceil(24 / width);
    const down = Math.ceil(12 / box.pitch);
    return [
      headline(
        x,
        box.y - 22,
        direct ? say("Heads: what each says") : say("Heads: what returns"),
        at.phone
          ? null
          : direct
            ? say("directly, to the logit")
            : here
              ? pieces(say("patched at {token}"), { token: tokenSpan(data.rows[row].text, 60) })
              : say("patched everywhere"),
        "att-ink",
      ),
      known.length > 0 && [
        heatImage(
          x,
          box.y,
          box.w,
          box.rows * box.pitch,
          heat([...values.keys()], box.rows, box.cols, (i) =>
            shade(g, values[i], direct ? (v) => v / most : strengthen),
          ),
        ),
        !direct &&
          unmeasuredBlocks(data, here ? "heads" : "head").map((block) =>
            hatch(x, box.y + block * box.pitch, box.w, box.pitch),
          ),
        numbers &&
          values.map(
            (v, i) =>
              v !== undefined &&
              !Number.isNaN(v) &&
              Math.abs(v) >= 0.005 &&
              label(
                x + ((i % box.cols) + 0.5) * width,
                box.y + (Math.floor(i / box.cols) + 0.5) * box.pitch + 4,
                num(v, 2),
                { anchor: "middle", mono: true, size: 11, fill: "ink", "pointer-events": "none" },
              ),
          ),
      ],
      outline(box),
      Array.from(
        { length: box.cols },
        (_, i) =>
          i % every === 0 &&
          label(x + (i + 0.5) * width, box.y + box.rows * box.pitch + 12, `${data.mark}${i}`, {
            anchor: "middle",
            fill: "ink3",
            size: 11,
          }),
      ),
      Array.from(
        { length: box.rows },
        (_, l) =>
          l % down === 0 &&
          label(x + box.w + 5, box.y + (l + 0.5) * box.pitch + 4, `L${l}`, { fill: "ink3", size: 11 }),
      ),
      ground(
        g,
        box,
        which,
        ({ row: block, col: head }) => headTip(data, local, block, head),
        ({ row: block, col: head }) => g.select({ sight: "heads", block, head, stage: -1 }),
      ),
    ];
  });
  g.part(
    `heads frame ${which}`,
    [at.opened, chosen],
    () => chosen.sight === "heads" && frame(box, chosen.head, chosen.block),
  );
}
/** @param {Data} data @param {Kept} local @param {number} block @param {number} head */
function headTip(data, local, block, head) {
  const said = local.direct?.[block * data.heads + head];
  const value = headValue(data, local, block, head, patchRow(data, local.sel.row));
  return [
    headName(data, block, head),
    said === undefined ? "" : say("says {value} directly", { value: num(said, 4) }),
    value === undefined
      ? say("not patched")
      : say("brings back {share} of the difference", { share: num(value, 3) }),
  ]
    .filter(Boolean)
    .join("\n");
}

/** @param {Stage} g @param {Data} data @param {Kept} local @param {Layout} at */
function drawNeurons(g, data, local, at) {
  const { x, y, w } = at.neurons;
  const chosen = chosenOf(data, local);
  const line = chosen.sight === "parts" && data.parts.lines[chosen.line];
  const layer = (line && line.part === "mlp" ? line.layer : null) ?? -1;
  g.part("neurons", [at.opened, layer], () => {
    const all = data.parts.neurons.flatMap((list, l) =>
      layer < 0 || l === layer ? list.map(([n, value]) => ({ name: `L${l}N${n}`, value })) : [],
    );
    const shown = all.sort((a, b) => Math.abs(b.value) - Math.abs(a.value)).slice(0, 5);
    const most = Math.max(...shown.map((one) => Math.abs(one.value)), 1e-30);
    const room = w - 74 - 48;
    const mid = x + 74 + room / 2;
    return [
      headline(
        x,
        y + 12,
        say("Neurons: what they say"),
        layer < 0 ? say("the loudest of all MLPs") : say("the loudest of L{layer} mlp", { layer }),
        "mlp-ink",
      ),
      shown.map((one, i) => {
        const top = y + 36 + i * 17;
        const long = Math.max(1, ((room / 2) * Math.abs(one.value)) / most);
        return [
          label(x, top + 10, one.name, { mono: true, fill: "mlp-ink", size: 11 }),
          h("rect", {
            x: one.value < 0 ? mid - long : mid,
            y: top + 2,
            width: long,
            height: 9,
            fill: css(one.value < 0 ? "neg" : "pos"),
          }),
          label(x + w, top + 10, num(one.value, 2), { anchor: "end", mono: true, fill: "ink2", size: 11 }),
        ];
      }),
    ];
  });
}

// ---------------------------------------------------------------- in words

/** @param {string} text */
const mono = (text, ink = "ink") =>
  h("tspan", { "font-family": MONO, "font-weight": 600, fill: css(ink) }, text);
/** @param {Token} one */
const word = (one) =>
  h(
    "tspan",
    { "font-family": MONO, "font-weight": 600, fill: css("ink"), direction: "ltr" },
    tokenSpans(one.text, 110, 12.5),
  );
/** @param {Data} data */
const asked = (data) =>
  data.against
    ? ["logit(", word(data.answer), ") − logit(", word(data.against), ")"]
    : ["logit(", word(data.answer), ")"];
/** @param {Data} data @param {number} value */
const gone = (data, value) => data.says.corrupted + value * (data.says.clean - data.says.corrupted);

const LIMITS = {
  lens: say(
    "The lens puts the model’s own head to streams that it was not made for: what early depths say is a hint, not a thought.",
  ),
  map: say(
    "Only about these two texts: another corrupted text asks for other places, and shares of places need not add up.",
  ),
};
/** @param {Data} data @param {string} sight */
const limitOf = (data, sight) =>
  sight === "lens"
    ? LIMITS.lens
    : sight === "parts"
      ? frozen(data.parts.frozen.map((one) => FROZEN[one] ?? one).join(", "))
      : LIMITS.map;
/** What was taken as it was, in words. @type {Record<string, string>} */
const FROZEN = {
  "the final norm": say("the final norm"),
  "the norms in the stream": say("the norms in the stream"),
  "the head’s activation and norm": say("the head’s activation and norm"),
};
/** @param {string} list */
const frozen = (list) =>
  list
    ? say("Direct only: what a later block made of a part counts as that block’s; frozen: {list}.", { list })
    : say("Direct only: what a later block made of a part counts as that block’s; frozen: nothing.");

/**
 * Lines of spans: what is to be read of the picture now.
 * @param {Data} data @param {Kept} local
 * @returns {Shapes[][]}
 */
function saidOf(data, local) {
  const step = stepNow(local);
  const chosen = chosenOf(data, local);
  const teller = [tellAnswer, tellLens, tellParts, tellPatch, tellPlaces, tellHeads][step];
  const sight =
    [null, "lens", "parts", "map", "map", "map"][step] ??
    (limitOf(data, chosen.sight) === LIMITS.map ? "map" : chosen.sight);
  /** @type {Shapes[][]} */
  const lines = teller ? teller(data, local, chosen) : tellCell(data, local, chosen);
  if (data.told && sight === "map") lines.push([data.told]);
  if (data.slight && sight === "map")
    lines.push([h("tspan", { "font-weight": 600, fill: css("ink") }, data.slight)]);
  else if (step && !(data.why && sight === "map"))
    lines.push([
      h(
        "tspan",
        { fill: css("ink3") },
        step >= 3 && describeCoverage(data)
          ? say("Hatched cells are not measured yet.")
          : limitOf(data, sight),
      ),
    ]);
  return lines;
}

/** @param {Data} data */
function tellAnswer(data) {
  const [own] = data.firsts;
  const chance = num(data.probability, 3);
  return [
    own.id === data.answer.id
      ? pieces(say("The model answers {word} with chance {chance}."), { word: word(own), chance })
      : pieces(say("The model answers {word}; {other} has chance {chance}."), {
          word: word(own),
          other: word(data.answer),
          chance,
        }),
  ];
}
/** @param {Data} data */
function tellTexts(data) {
  const [own, other] = data.firsts;
  if (data.why) return [];
  const values = {
    new: data.change && mono(data.change[1]),
    old: data.change && mono(data.change[0]),
    word: word(other),
    logit: asked(data),
    clean: mono(num(data.says.clean, 2)),
    corrupted: mono(num(data.says.corrupted, 2)),
  };
  const same = other.id === own.id;
  if (data.change) {
    return [
      pieces(
        same
          ? say(
              "The corrupted text, with {new} for {old}, also gets {word}: {logit} is {clean} with the clean text, {corrupted} with it.",
            )
          : say(
              "The corrupted text, with {new} for {old}, asks for another answer, {word}: {logit} is {clean} with the clean text, {corrupted} with it.",
            ),
        values,
      ),
    ];
  }
  return [
    pieces(
      same
        ? say(
            "The corrupted text, as it was given, also gets {word}: {logit} is {clean} with the clean text, {corrupted} with it.",
          )
        : say(
            "The corrupted text, as it was given, asks for another answer, {word}: {logit} is {clean} with the clean text, {corrupted} with it.",
          ),
      values,
    ),
  ];
}
/** @param {Data} data @param {Kept} local */
function tellLens(data, local) {
  if (!data.lens) return [[say("This model has no blocks: there is nothing between embedding and answer.")]];
  const { chance } = lensOf(data, local);
  const from = knownFrom(data, data.row);
  const chances = someDepths(data.lens.ids.length)
    .map((d) => `${d ? `L${d - 1}` : "emb"} ${num(chance[d * data.tokens.length + data.row], 3)}`)
    .join(", ");
  const values = {
    row: word(data.tokens[data.row]),
    word: word(data.answer),
    block: String(from - 1),
    chances,
  };
  if (from < 0)
    return [
      pieces(
        say("In the row of {row}, {word} is not the first token in the end; its chance by depth: {chances}."),
        values,
      ),
    ];
  return [
    pieces(
      from
        ? say(
            "In the row of {row}, {word} is the first token from block {block} on; its chance by depth: {chances}.",
          )
        : say(
            "In the row of {row}, {word} is the first token from the embedding on; its chance by depth: {chances}.",
          ),
      values,
    ),
  ];
}
/** @param {Data} data */
function tellParts(data) {
  const line = data.parts.lines[loudestLine(data)];
  return [
    pieces(
      say(
        "{parts} add up to {logit} = {total}, the model’s own number (off by {error}). The largest part is {name} with {value}.",
      ),
      {
        parts: mono(counted(data.parts.lines.length, "part")),
        logit: asked(data),
        total: mono(num(data.parts.total, 3)),
        error: tiny(data.parts.error),
        name: mono(partName(line)),
        value: mono(num(line.value, 2)),
      },
    ),
  ];
}
/** @param {Data} data @param {Kept} local @param {Chosen} chosen */
function tellPatch(data, local, chosen) {
  return [
    ...tellTexts(data),
    ...tellCell(
      data,
      local,
      chosen.sight in SITE ? chosen : { sight: "stream", ...bestOf(data, local, "stream") },
    ),
  ];
}
/** @param {Data} data @param {Kept} local */
function tellPlaces(data, local) {
  if (data.why || !data.blocks) return tellCell(data, local, { sight: "stream", row: 0, tier: 0 });
  const counts = data.sites.map((site) => [...(mapOf(local, site) ?? [])].filter((v) => v >= 0.5).length);
  const list = data.sites.map((site, i) => [
    i ? ", " : "",
    mono(String(counts[i]), SITE_INK[site]),
    ` ${SITE[site].toLowerCase()}`,
  ]);
  if (!data.whole)
    return [
      pieces(
        say(
          "Patched so far: {done} of {total} results. Places among them that alone bring back half or more: {list}.",
        ),
        { done: String(data.done), total: String(data.total), list },
      ),
    ];
  return [
    pieces(
      say(
        "Places that alone bring back half or more: {list} (of {count} each). Grey has no counterpart; 0 where nothing differs yet or nothing can be heard any more.",
      ),
      { list, count: String(data.rows.length * data.blocks) },
    ),
  ];
}
/** @param {Data} data @param {Kept} local */
function tellHeads(data, local) {
  const map = local.maps.head;
  if (!map || !data.patched.head?.length) return [[data.why || say("The heads have not been patched yet.")]];
  const best = map.reduce(
    (at, v, i) => (Math.abs(v) > Math.abs(map[at]) || Number.isNaN(map[at]) ? i : at),
    0,
  );
  return tellCell(data, local, {
    sight: "heads",
    block: Math.floor(best / data.heads),
    head: best % data.heads,
    row: patchRow(data, local.sel.row),
  });
}

/** @param {Data} data @param {Kept} local @param {Chosen} chosen */
function tellCell(data, local, chosen) {
  if (chosen.sight === "lens") return tellLensCell(data, local, chosen);
  if (chosen.sight === "parts") {
    const line = data.parts.lines[chosen.line];
    const loud = line.part === "mlp" && line.layer !== null ? data.parts.neurons[line.layer]?.[0] : null;
    const values = {
      name: mono(partName(line)),
      value: mono(num(line.value, 3)),
      logit: asked(data),
      sum: mono(num(data.parts.logit, 3)),
      neuron: loud && String(loud[0]),
      loudest: loud && mono(num(loud[1], 3)),
      parts: counted(data.parts.lines.length, "part"),
      error: tiny(data.parts.error),
    };
    return [
      pieces(
        loud
          ? say(
              "{name} says {value} of {logit} = {sum}; its loudest neuron, {neuron}, {loudest}. All {parts} add up to it, off by {error}.",
            )
          : say("{name} says {value} of {logit} = {sum}. All {parts} add up to it, off by {error}."),
        values,
      ),
    ];
  }
  if (data.why) return [[data.why]];
  if (chosen.sight === "heads") {
    const value = headValue(data, local, chosen.block, chosen.head, chosen.row);
    const said = local.direct?.[chosen.block * data.heads + chosen.head];
    const direct =
      said === undefined
        ? [say("It speaks to the decoder only.")]
        : pieces(say("Directly it says {value} of {sum}."), {
            value: mono(num(said, 3)),
            sum: mono(num(data.parts.logit, 3)),
          });
    const share = value === undefined ? "" : mono(num(value, 3));
    const back =
      value === undefined
        ? [say("Not patched yet.")]
        : Number.isNaN(value)
          ? [say("The corrupted text has no such place.")]
          : local.sel.extent === "here"
            ? pieces(say("Taken from the clean text at {token} it brings back {share} of the difference."), {
                token: word(data.rows[chosen.row]),
                share,
              })
            : pieces(
                say("Taken from the clean text at every position it brings back {share} of the difference."),
                { share },
              );
    return [[mono(headName(data, chosen.block, chosen.head), "att-ink"), ": ", ...direct, " ", ...back]];
  }
  const value = patchValue(data, local, chosen.sight, chosen.tier, chosen.row);
  const stream = chosen.sight === "stream";
  const values = {
    token: word(data.rows[chosen.row]),
    block: String(chosen.tier),
    part: mono(
      stream ? say("the stream") : `L${chosen.tier} ${SITE[chosen.sight].toLowerCase()}`,
      stream ? "ink" : SITE_INK[chosen.sight],
    ),
    logit: asked(data),
    corrupted: mono(num(data.says.corrupted, 2)),
    clean: mono(num(data.says.clean, 2)),
    now: value === undefined ? "" : mono(num(gone(data, value), 2)),
    share: value === undefined ? "" : mono(num(value, 2)),
  };
  if (value === undefined)
    return [
      pieces(
        stream
          ? say("Not patched yet: {part} of {token} before block {block}.")
          : say("Not patched yet: what {part} adds at {token}."),
        values,
      ),
    ];
  if (Number.isNaN(value)) {
    return [
      pieces(
        stream
          ? say(
              "The corrupted text has no counterpart of {part} of {token} before block {block}: where the texts differ in length, only their beginnings and ends are matched.",
            )
          : say(
              "The corrupted text has no counterpart of what {part} adds at {token}: where the texts differ in length, only their beginnings and ends are matched.",
            ),
        values,
      ),
    ];
  }
  return [
    pieces(
      stream
        ? say(
            "Take {part} of {token} before block {block} from the clean text: {logit} goes from {corrupted} to {now}, {share} of the way to the clean {clean}.",
          )
        : say(
            "Take what {part} adds at {token} from the clean text: {logit} goes from {corrupted} to {now}, {share} of the way to the clean {clean}.",
          ),
      values,
    ),
  ];
}
/** @param {Data} data @param {Kept} local @param {{row: number, tier: number}} box */
function tellLensCell(data, local, { row, tier }) {
  const top = lensTop(data, local, row, tier);
  const { chance, rank } = lensOf(data, local);
  const at = tier * data.tokens.length + row;
  return [
    pieces(
      say(
        "If the model stopped {depth}, it would say {first} after {token} ({most}); {word} has chance {chance} there, place {rank} of {vocabulary}.",
      ),
      {
        depth: depthName(tier),
        first: word(top[0]),
        token: word(data.tokens[row]),
        most: num(top[0].probability, 3),
        word: word(data.answer),
        chance: num(chance[at], 3),
        rank: thousands(rank[tier][row] + 1),
        vocabulary: thousands(data.vocabulary),
      },
    ),
  ];
}

/** @param {Stage} g @param {Data} data @param {Kept} local @param {Layout} at */
function drawCard(g, data, local, at) {
  const { x, y, w } = at.card;
  g.part("card", [at.opened, stepNow(local), chosenOf(data, local), local.sel.extent], () => {
    const lines = saidOf(data, local);
    if (!at.phone)
      return lines.map((spans, i) =>
        h("text", { x, y: y + 17 * i, "font-size": 12.5, fill: css("ink2") }, spans.flat(9)),
      );
    // A phone has no room for a line of spans: the words are set anew.
    let line = 0;
    return lines.map((spans) => {
      const plain = spans
        .flat(9)
        .map((one) => (one instanceof Node ? one.textContent : one))
        .join("");
      return inLines(plain, w, 12.5).map((text) =>
        label(x, y + 17 * line++, text, { size: 12.5, fill: "ink2" }),
      );
    });
  });
}

/** The folds below the sentence; returns the height of the picture. @param {Stage} g @param {Data} data @param {Layout} at */
function drawFolds(g, data, at) {
  const across = at.phone ? 1 : 2;
  const wide = g.width / across;
  FOLDS.forEach(([part, title], k) => {
    const open = data.opened.includes(part);
    const rest = data.opened.filter((one) => one !== part);
    const place = {
      left: wide * (k % across),
      top: at.height + 30 * Math.floor(k / across),
      width: wide - 12,
    };
    const unfold = (open ? rest : [...rest, part]).join(" ");
    /** @type {Partial<Selection> & {unfold: string}} */
    const next = open ? { unfold, sight: "stream", tier: -1, stage: -1 } : { unfold, stage: -1 };
    g.overlay(
      `fold ${part}`,
      place,
      () => html("button", { type: "button", class: "inter-fold" }),
      (node) => {
        node.textContent = title;
        node.setAttribute("aria-expanded", String(open));
        node.onclick = () => g.select(next);
      },
    );
  });
  return at.height + 30 * Math.ceil(FOLDS.length / across);
}

// ---------------------------------------------------------------- the picture

/** @type {View<Data, Kept>} */
const interpretability = {
  init(data, local, before) {
    if (before && before.stamp === data.stamp) return {};
    const maps = Object.fromEntries(
      Object.entries(data.maps).map(([name, packed]) => [name, unpack(packed)]),
    );
    const { lens } = data;
    return {
      maps,
      steps: local.steps ?? stepMode("stage", STEPS),
      direct: data.parts.heads && unpack(data.parts.heads),
      top: lens && unpack(lens.probabilities),
      own: lens && unpack(lens.own),
      chance: lens && unpack(lens.chance),
    };
  },

  draw(g, data, local) {
    const step = stepNow(local);
    const whole = step === local.steps.last;
    /** @param {"says" | "patches"} part */
    const shown = (part) => shows(data, local, part);
    const at = plan(g.width, whole ? data : { ...data, opened: FOLDS.map(([part]) => part).filter(shown) });
    const third = !at.phone && step === FROM.patches ? 17 : 0; // its words have a line more
    g.height = whole && g.can.recompute ? drawFolds(g, data, at) : at.height + third;
    local.steps.bar(g, local, (now) => WORDS[now](data));
    const [says, patches] = [shown("says"), shown("patches")];
    drawRail(g, data, local, at, "tokens");
    if ((!data.one || at.phone) && patches) drawRail(g, data, local, at, "rows");
    if (data.lens && step >= 1) drawLens(g, data, local, at);
    else if (data.lens) drawEmptyLens(g, at);
    if (says) drawParts(g, data, local, at);
    if (says && data.blocks && local.direct) drawHeads(g, data, local, at, "direct");
    if (says && data.parts.neurons.length) drawNeurons(g, data, local, at);
    if (patches && data.blocks)
      for (const site of step === 3 ? [siteShown(data, local)] : data.sites)
        drawSite(g, data, local, at, site, step === 3);
    if (patches && step >= 5 && data.blocks) drawHeads(g, data, local, at, "patched");
    if (data.why && patches) drawWhy(g, data, at);
    drawCard(g, data, local, at);
  },

  within({ unfold: _, ...change }, data) {
    // the data have the parts that were open, and heads place by place where these were asked for
    if (change.extent === "here" && !data.patched.heads) delete change.extent;
    return change;
  },

  // Keys: ↑ ↓: the token before or after; ← →: the depth before or after; of heads, the head; [ ]: the panel before
  // or after; s: the lens’s shade: the answer, or each row’s own; a: heads everywhere, or at the chosen token;
  // Shift + ← →: one step back or on; also , and .; Space: play and pause; Esc: up, to the whole picture.
  key(event, g, data, local) {
    const chosen = chosenOf(data, local);
    const [down, side] = [
      { ArrowUp: -1, ArrowDown: 1 }[event.key],
      { ArrowLeft: -1, ArrowRight: 1 }[event.key],
    ];
    if (down) move(g, data, chosen, down, 0);
    else if (side && !event.shiftKey) move(g, data, chosen, 0, side);
    else if (event.key === "[" || event.key === "]") turn(g, data, chosen, event.key === "[" ? -1 : 1);
    else if (event.key === "s") g.select({ shade: local.sel.shade === "own" ? "answer" : "own" });
    else if (event.key === "a") g.select({ extent: local.sel.extent === "all" ? "here" : "all" });
    else if (local.steps.key(event, g, local)) return true;
    else if (event.key === "Escape") local.steps.up(g, local);
    else return false;
    return true;
  },

  describe(data, local) {
    const plain = saidOf(data, local)
      .map((line) =>
        line
          .flat(9)
          .map((one) => (one instanceof Node ? one.textContent : one))
          .join(""),
      )
      .join(" ");
    const parts = data.parts.lines
      .map((line) => `${partName(line)} ${num(line.value, 2)}`)
      .slice(0, 40)
      .join("; ");
    const step = local.steps.said(local, (now) => WORDS[now](data));
    const sum = say("The parts of the logit: {parts}; together {total}.", {
      parts,
      total: num(data.parts.total, 2),
    });
    return `${step}${plain}${shows(data, local, "says") ? ` ${sum}` : ""}`;
  },

  state(data, local) {
    const chosen = chosenOf(data, local);
    /** @param {Unpacked | null} values */
    const shown = (values) => (values ? [...values].map((v) => (Number.isNaN(v) ? null : v)) : null);
    const last = data.lens?.ids.length;
    return {
      tokens: data.tokens.map((token) => token.text),
      rows: data.rows.map(({ text, other, place }) => ({ text, other, place })),
      stage: local.steps.state(local),
      row: data.row,
      answer: data.answer,
      against: data.against,
      alone: data.against === null,
      corrupted: data.corrupted,
      says: data.says,
      probability: data.probability,
      lens: data.lens && {
        first: data.lens.ids.map((line) => line.map((ids) => ids[0])),
        chance: shown(local.chance),
        rank: data.lens.rank,
        depths: last,
      },
      parts: data.parts.lines.map(({ name, value }) => ({ name, value })),
      total: data.parts.total,
      logit: data.parts.logit,
      direct: shown(local.direct),
      maps: Object.fromEntries(
        Object.entries(local.maps)
          .filter(([name]) => name !== "heads")
          .map(([name, values]) => [name, shown(values)]),
      ),
      done: data.done,
      whole: data.whole,
      placed: data.patched.heads ?? [],
      why: data.why,
      shade: local.sel.shade,
      extent: local.sel.extent,
      chosen,
      opened: data.opened,
    };
  },
};

/** @param {Data} data @param {Kept} local */
function siteShown(data, local) {
  const { sight } = chosenOf(data, local);
  return isSite(sight) ? sight : data.sites[0];
}

/**
 * One cell up or down, left or right, in the chosen panel.
 * @param {Stage} g @param {Data} data @param {Chosen} chosen @param {number} down @param {number} side
 */
function move(g, data, chosen, down, side) {
  if (chosen.sight === "heads") {
    g.select({
      block: clamp(chosen.block + down, 0, data.blocks - 1),
      head: clamp(chosen.head + side, 0, data.heads - 1),
      sight: "heads",
    });
  } else if (chosen.sight === "parts") {
    g.select({ sight: "parts", tier: clamp(chosen.line + (side || down), 0, data.parts.lines.length - 1) });
  } else {
    const lens = chosen.sight === "lens";
    const most = lens ? [data.tokens.length, data.lens?.ids.length ?? 0] : [data.rows.length, data.blocks];
    g.select({
      sight: chosen.sight,
      row: clamp(chosen.row + down, 0, most[0] - 1),
      tier: clamp(chosen.tier + side, 0, most[1] - 1),
    });
  }
}
/** The panel before or after. @param {Stage} g @param {Data} data @param {Chosen} chosen @param {number} by */
function turn(g, data, chosen, by) {
  const there = SIGHTS.filter(
    (one) =>
      (isSite(one) ? data.sites.includes(one) && !data.why : one !== "lens" || data.lens) &&
      (data.blocks || one === "parts"),
  );
  const next = there[(there.indexOf(chosen.sight) + by + there.length) % there.length];
  g.select({ sight: next, tier: -1 });
}

/** @param {Stage} g @param {Data} data @param {Layout} at */
function drawWhy(g, data, at) {
  const box = Object.values(at.sites)[0];
  const wide = at.phone
    ? g.width - box.x
    : Math.max(...Object.values(at.sites).map((one) => one.x + one.w)) - box.x;
  g.part("why", at.opened, () => [
    h("rect", {
      x: box.x,
      y: box.y,
      width: wide,
      height: Math.min(box.rows * box.pitch, 64),
      rx: 4,
      fill: css("wash"),
    }),
    inLines(data.why, wide - 24).map((line, i) =>
      label(box.x + 12, box.y + 22 + 17 * i, line, { fill: "ink2" }),
    ),
  ]);
}

export default mount("interpretability", interpretability);
