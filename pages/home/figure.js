// Home: the whole machine in one picture. Data comes once for each text; everything here answers in the browser.

import { counted } from "../../app/kit/counts.js";
import { mount } from "../../app/kit/glass.js";
import { say } from "../../app/kit/say.js";
import { chip, clamp, css, fit, h, heatImage, label, num, unpack, visible } from "../../app/kit/shapes.js";
import { stepKey } from "../../app/kit/steps.js";
import { drawOpen, headSentence } from "./block.js";
import {
  drawClosed,
  drawGround,
  drawHeadings,
  drawHint,
  drawLegend,
  drawLens,
  drawLines,
  drawTokens,
  rowsShown,
  thumbnail,
} from "./columns.js";
import { drawReading, foldedOf } from "./fold.js";
import { follow, listen, openBlock } from "./input.js";
import { layout, reference, spot } from "./layout.js";
import { distribution, drawNext } from "./next.js";
import { attentionRow, blockOf, headOf, looking, rowOf, stepOf, stepsOf, walked } from "./selection.js";
import { caption, drawSteps, walkOf } from "./steps.js";

/**
 * @import { Local, PointBox, Stage, View } from "../../app/kit/glass.js"
 * @import { Packed, Unpacked } from "../../app/kit/shapes.js"
 * @import { Steps } from "../../app/kit/steps.js"
 * @import { Layout, Phone } from "./layout.js"
 *
 * All heads of one kind, in every block: L blocks, H heads, T rows, S columns (T, or the source's length), n numbers.
 * @template [Numbers=Packed]
 * @typedef {object} Heads
 * @property {Numbers} pattern (L, H, T, S), rows sum to 1
 * @property {Numbers} q (L, H, T, n), the first n numbers of each
 * @property {Numbers} k (L, H, S, n)
 * @property {Numbers} v (L, H, S, n)
 * @property {Numbers} q_norm (L, H, T), lengths
 * @property {Numbers} k_norm (L, H, S)
 * @property {Numbers} v_norm (L, H, S)
 */
/**
 * One pass of the model over the text, as Python sends it (`record` in figure.py). T rows, one for each token.
 * @typedef {object} Data
 * @property {string} stamp changes with model, text and stack
 * @property {string} [model]
 * @property {"decoder" | "encoder" | "encoder-decoder"} shape
 * @property {"encoder" | "decoder"} stack
 * @property {boolean} bare an encoder without a head that says tokens
 * @property {string[]} tokens
 * @property {number[]} ids
 * @property {boolean[]} special tokens that are no text
 * @property {string[]} source what cross-attention reads, else empty
 * @property {number} blocks
 * @property {number} heads
 * @property {number} kv_heads that the heads share
 * @property {number} d_model
 * @property {number} vocabulary
 * @property {number} home_row the one that predicts
 * @property {number | null} mask_id
 * @property {Record<string, string>} words how a person reads the token of an id
 * @property {Packed} embed (T, at most 128), the beginning of each row of the table
 * @property {number[]} embed_norm (T), lengths
 * @property {number[] | null} position_norm
 * @property {number[] | null} read_norm of what the unembedding reads
 * @property {boolean} embed_normed whether a norm stands after the embedding
 * @property {boolean} final_norm
 * @property {Packed} resid (L + 1, T), lengths of the stream
 * @property {Packed} att (L, T), lengths of what attention adds
 * @property {Packed} mlp (L, T)
 * @property {Packed | null} crossAdded (L, T)
 * @property {Heads} own
 * @property {Heads | null} cross
 * @property {boolean} lens whether there is a logit lens
 * @property {Packed} lensIds (L + 1, T), its first guess
 * @property {Packed} lensProbs (L + 1, T)
 * @property {Packed} lensOwn (L + 1, T), what it gives to the row's own answer
 * @property {Packed} topIds (T, 9), best first
 * @property {Packed} topProbs (T, 9)
 * @property {{shape: [rows: number, named: number]}} top
 * @property {{values: Packed, rows: number[] | null} | null} logits (T, vocabulary), or of these rows alone
 *
 * @typedef {{ids: number[], p: number[], others: number, exact: boolean}} Distribution of a row: the named tokens, and the rest
 */
/**
 * What the browser knows by itself: the arrays, opened, and what the pointer does.
 * @typedef {object} Opened
 * @property {Unpacked} embed
 * @property {Unpacked} resid
 * @property {Unpacked} att
 * @property {Unpacked} mlp
 * @property {Unpacked} crossAdded where there is a source
 * @property {Unpacked} lensIds
 * @property {Unpacked} lensProbs
 * @property {Unpacked} lensOwn
 * @property {Unpacked} topIds
 * @property {Unpacked} topProbs
 * @property {Unpacked} logits
 * @property {number[]} embedNorm
 * @property {Heads<Unpacked>} own
 * @property {Heads<Unpacked> | null} cross
 * @property {number} residScale typical lengths: of the stream
 * @property {number} addScale of what is added to it
 * @property {number} ribbonScale of q, k and v
 * @property {number} numberScale of one number of them
 * @property {Record<string, string>} maps images that were drawn already: of heads
 * @property {Record<string, string>} strips of embeddings
 * @property {Record<string, string>} qkv of q, k and v
 * @property {{key: string, value: Distribution} | null} softmax the last that was asked for
 *
 * @typedef {object} Pointed
 * @property {number | null} [hover] the row under the pointer
 * @property {number | null} [peek] the folded block that the pointer rests on
 * @property {number | null} [restsOn] before it opens
 * @property {number} [resting] a timer
 * @property {{row: number, k: number} | null} [choice] the bar that was clicked
 * @property {number} [first] the first row in view
 * @property {number} [followed]
 * @property {boolean} [folds]
 * @property {Steps} [walk] the steps of this pass
 * @property {number | null} [timer] of Play
 * @property {boolean} [dragging]
 * @property {number} temperature
 * @property {number} [temperatureFrom] the one that Python said
 * @property {{from: number, t: number} | null} [opening] a block that closes while another opens
 * @property {() => void} [stop]
 * @property {number} [sent] how often Append was pressed
 *
 * @typedef {Local & Opened & Pointed} Kept
 * @typedef {Omit<Stage, "local"> & {local: Kept, data: Data, layout: Layout, listening?: boolean}} Home
 * @typedef {(g: Home, data: Data, local: Kept, L: Layout) => void} Draw
 */

/** @type {("embed" | "resid" | "att" | "crossAdded" | "mlp" | "lensIds" | "lensProbs" | "lensOwn" | "topIds" | "topProbs")[]} */
const DATA_ARRAYS = [
  "embed",
  "resid",
  "att",
  "crossAdded",
  "mlp",
  "lensIds",
  "lensProbs",
  "lensOwn",
  "topIds",
  "topProbs",
];

/** @type {(packed: Heads) => Heads<Unpacked>} */
const openHeads = (packed) =>
  /** @type {Heads<Unpacked>} */ (
    Object.fromEntries(Object.entries(packed).map(([name, value]) => [name, unpack(value)]))
  );

/** @type {View<Data, Kept, Home>} */
const home = {
  init(data, _, before) {
    if (before && before.stamp === data.stamp) return {};
    const arrays = /** @type {Pick<Kept, typeof DATA_ARRAYS[number]>} */ (
      Object.fromEntries(DATA_ARRAYS.map((name) => [name, data[name] ? unpack(data[name]) : null]))
    );
    const own = openHeads(data.own);
    return {
      ...arrays,
      own,
      cross: data.cross && openHeads(data.cross),
      logits: data.logits ? unpack(data.logits.values) : undefined,
      embedNorm: data.embed_norm,
      residScale: reference(arrays.resid, 2.5),
      addScale: reference([...arrays.att, ...arrays.mlp, ...(arrays.crossAdded ?? [])], 3),
      ribbonScale: reference([...own.q_norm, ...own.k_norm, ...own.v_norm], 2.5),
      numberScale: reference([...own.q, ...own.k, ...own.v].map(Math.abs), 5),
      maps: {},
      strips: {},
      qkv: {},
      softmax: null,
      choice: null,
      hover: null,
      peek: null,
      first: undefined,
    };
  },

  draw(g, data, local) {
    g.data = data;
    const walks = Boolean(stepOf(data, local));
    walkOf(g, data, local).bar(g, local, (now) => caption(data, local, stepsOf(data)[now]));
    if (!local.dragging)
      local.temperature =
        local.temperatureFrom === local.sel.temperature ? local.temperature : (local.sel.temperature ?? 1);
    local.temperatureFrom = local.sel.temperature;
    const L = layout(g, data, local);
    g.layout = L;
    local.folds = L.folded;
    g.pictureWidth = L.width;
    g.height = L.height;
    listen(g);
    drawGround(g, data, local, L);
    drawHeadings(g, data, local, L);
    if (!L.phone && !walks) drawHint(g, data, L);
    drawLines(g, data, local, L);
    drawTokens(g, data, local, L);
    if (L.folded && !L.phone) drawReading(g, data, local, L);
    drawClosed(g, data, local, L);
    drawOpen(g, data, local, L);
    if (L.phone) drawPhone(g, data, local, L);
    drawLens(g, data, local, L);
    drawNext(g, data, local, L);
    drawScroll(g, data, local, L);
    drawLegend(g, data, local, L);
    drawSteps(g, data, local, L);
    if (!L.phone && walks) drawHint(g, data, L); // over the curtain: it is read at every step
  },

  /** A selection just made here: the old block closes while the new one opens. */
  selected(_g, _data, local, change) {
    if (change.follow !== undefined) local.hover = null;
  },

  points(g, data, local) {
    const L = layout(g, data, local);
    const top = L.phone ? L.barsY : 26;
    const next = /** @type {PointBox} */ ([L.barsX, top, L.barsW, L.phone ? 160 : 380]);
    return {
      next,
      ...Object.fromEntries(
        L.blocks.map((b, l) => [`block ${l}`, /** @type {PointBox} */ ([b.x, L.top, b.w, L.bottom - L.top])]),
      ),
      ...Object.fromEntries(
        rowsShown(L).map((i) => [
          `row ${i}`,
          /** @type {PointBox} */ ([0, L.y(i) - L.pitch / 2, L.blocksEnd, L.pitch]),
        ]),
      ),
    };
  },

  key(event, g, data, local) {
    const row = rowOf(data, local);
    const walk = walkOf(g, data, local);
    /** @type {Record<string, () => void>} */
    const keys = {
      ArrowRight: () => openBlock(g, data, local, blockOf(data, local) + 1),
      ArrowLeft: () => openBlock(g, data, local, blockOf(data, local) - 1),
      ArrowDown: () => follow(g, data, Math.min(data.tokens.length - 1, row + 1)),
      ArrowUp: () => follow(g, data, Math.max(0, row - 1)),
      " ": () => walk.play(g, local, !local.timer),
      s: () => walk.to(g, local, 0),
      Enter: () => g.visit("attention"),
      Escape: () => {
        if (!walk.halt(g, local) && !walk.whole(g, local)) g.select({ follow: -1 });
      },
    };
    const move = stepKey(event);
    if (move) walk.by(g, local, move);
    else if (/^[0-9]$/.test(event.key) && Number(event.key) < data.heads)
      openBlock(g, data, local, blockOf(data, local), Number(event.key));
    else if (keys[event.key]) keys[event.key]();
    else return false;
    return true;
  },

  describe(data, local) {
    const row = rowOf(data, local);
    const kind = {
      decoder: say("decoder"),
      encoder: say("encoder"),
      "encoder-decoder":
        data.stack === "encoder" ? say("encoder-decoder, its encoder") : say("encoder-decoder, its decoder"),
    }[data.shape];
    const parts = [
      say("The whole machine, {kind}: {blocks} of {heads} over {tokens}.", {
        kind,
        blocks: counted(data.blocks, "block"),
        heads: counted(data.heads, "head"),
        tokens: counted(data.tokens.length, "token"),
      }),
    ];
    if (data.blocks)
      parts.push(
        say("Block {block} is open; {sentence}.", {
          block: blockOf(data, local),
          sentence: headSentence(data, local, row),
        }),
      );
    if (data.source.length)
      parts.push(
        say("Its cross-attention reads the source: {source}.", {
          source: visible(data.source.join("").trim()),
        }),
      );
    if (data.logits) {
      const D = distribution(data, local, row);
      const best = D.ids
        .slice(0, 3)
        .map((id, k) => `${visible(data.words[id])} ${num(D.p[k], 3)}`)
        .join(", ");
      parts.push(
        say("Row {row}, {token}, predicts {best}.", { row, token: visible(data.tokens[row]), best }),
      );
    }
    const step = stepOf(data, local);
    if (step)
      parts.push(say("Step {step}: {caption}", { step: step.name, caption: caption(data, local, step) }));
    return parts.join(" ");
  },

  state(data, local) {
    const row = rowOf(data, local);
    const T = data.tokens.length;
    const D = data.logits ? distribution(data, local, row) : null;
    const step = stepOf(data, local);
    const depth = (/** @type {ArrayLike<number>} */ values) =>
      Array.from({ length: data.blocks + 1 }, (_, l) => values[l * T + row]);
    return {
      model: data.model,
      shape: data.shape,
      stack: data.stack,
      tokens: data.tokens,
      ids: data.ids,
      blocks: data.blocks,
      heads: data.heads,
      block: blockOf(data, local),
      head: headOf(data, local),
      row,
      attention: data.cross && local.sel.attention === "cross" ? "cross" : "self",
      ribbons: local.sel.ribbons,
      temperature: local.temperature,
      step: walked(data, local),
      step_name: step?.name ?? null,
      steps: stepsOf(data).length,
      caption: step ? caption(data, local, step) : null,
      playing: Boolean(local.timer),
      folded: foldedOf(data, local),
      opening: Boolean(local.opening),
      attends: data.blocks ? [...attentionRow(data, local, row)] : [],
      resid: data.blocks ? depth(local.resid) : [],
      lens: data.lens ? depth(local.lensIds).map((id, l) => [id, local.lensProbs[l * T + row]]) : [],
      own: data.lens ? depth(local.lensOwn) : [],
      top: D ? D.ids.map((id, k) => [id, D.p[k]]) : [],
      others: D ? D.others : null,
    };
  },
};

/** More rows than fit: a thin bar at the left edge shows, and drags, the part that is seen. @type {Draw} */
function drawScroll(g, data, local, L) {
  if (!L.scrolls) return;
  const n = data.tokens.length;
  const track = L.rows * L.pitch;
  g.part("scroll", [L.first], () => {
    const move = (/** @type {PointerEvent} */ event) => {
      if (!event.buttons) return;
      const [, y] = spot(g, event);
      local.first = clamp(Math.round(((y - L.rowsTop) / track) * n - L.rows / 2), 0, n - L.rows);
      g.redraw();
    };
    const x = L.chipW + 3;
    const said = say("rows {first} to {last} of {count}", { first: L.first, last: L.last, count: n });
    return [
      h("rect", { x, y: L.rowsTop, width: 4, height: track, rx: 2, fill: css("line") }),
      h("rect", {
        x,
        y: L.rowsTop + (L.first / n) * track,
        width: 4,
        height: (L.rows / n) * track,
        rx: 2,
        fill: css("ink3"),
      }),
      h(
        "rect",
        {
          x: x - 4,
          y: L.rowsTop,
          width: 12,
          height: track,
          fill: "transparent",
          class: "gb-hot",
          onpointerdown: move,
          onpointermove: move,
        },
        h("title", {}, said),
      ),
      L.phone ? null : label(0, L.rowsTop + track + 16, said, { fill: "ink3" }),
    ];
  });
}

/**
 * The phone's bands between the blocks and the bars: the open block's heads, and the block itself one screen down.
 * @type {(g: Home, data: Data, local: Kept, L: Phone) => void}
 */
function drawPhone(g, data, local, L) {
  const row = rowOf(data, local);
  const open = blockOf(data, local);
  if (!data.blocks) return;
  g.door(
    "multi_head",
    { left: -2, top: L.headsY - 26 },
    say("Block {block}, {heads}", { block: open, heads: counted(data.heads, "head") }),
    say("All heads side by side"),
  );
  g.part("phone heads", [open, headOf(data, local), local.sel.attention], () => {
    const heads = looking(data, local);
    const kind = heads === local.cross ? "cross" : "own";
    return [
      Array.from({ length: data.heads }, (_, head) => {
        const x = (head % L.across) * (L.size + 4);
        const y = L.headsY + 10 + Math.floor(head / L.across) * (L.size + 4);
        const chosen = head === headOf(data, local);
        return h(
          "g",
          { class: "gb-hot", "data-head": head, onclick: () => g.select({ head }) },
          heatImage(x, y, L.size, L.size, thumbnail(g, local, heads, kind, open, head)),
          h("rect", {
            x: x + 0.5,
            y: y + 0.5,
            width: L.size - 1,
            height: L.size - 1,
            rx: 2,
            fill: "transparent",
            stroke: css(chosen ? "att" : "line"),
            "stroke-width": chosen ? 2 : 1,
          }),
        );
      }),
    ];
  });
  g.part("phone sentence", [row, open, headOf(data, local), local.sel.attention], () =>
    label(
      L.width,
      L.headsY,
      fit(headSentence(data, local, row).replace(/^\S+ /, ""), L.width - 120, 12, false),
      { anchor: "end", fill: "att-ink", weight: 600 },
    ),
  );
  g.part("phone open", [open, L.first, row], () => [
    label(0, L.openY + 14, say("Block {block}, open", { block: open }), { fill: "ink", weight: 600 }),
    rowsShown(L).map((i) =>
      chip(g, 0.5, L.openRowsTop + (i - L.first + 0.5) * L.pitch, 45, data.tokens[i], {
        height: Math.min(22, L.pitch - 3),
        size: 12,
        selected: i === row,
      }),
    ),
  ]);
}

export default mount("home", home);
