// Home's left and middle: token rows, embedding strips, residual lines, closed blocks, the logit lens, the legend.

import { counted } from "../../app/kit/counts.js";
import { say } from "../../app/kit/say.js";
import {
  MONO,
  chip,
  css,
  h,
  heat,
  heatImage,
  label,
  num,
  tokenSpans,
  visible,
} from "../../app/kit/shapes.js";
import { drawLensLine, foldedHeadings, isFolded } from "./fold.js";
import { follow, openBlock } from "./input.js";
import { NAMED, dotRadius, legendOf, lineWidth, reference } from "./layout.js";
import { blockOf, looking, rowOf } from "./selection.js";

/**
 * @import { Shapes, Unpacked } from "../../app/kit/shapes.js"
 * @import { Data, Draw, Heads, Home, Kept } from "./figure.js"
 * @import { Layout } from "./layout.js"
 */

/**
 * Where to look first, in the free corner over the rows; what a row's end is for depends on the model's shape.
 * @type {(g: Home, data: Data, L: Layout) => void}
 */
export function drawHint(g, data, L) {
  const lines = {
    decoder: say(
      "Each token of the text\nis one row. Follow the\ntinted row to the right:\neach block adds to it;\nits end names what\ncomes next.",
    ),
    // of a decoder that reads a source
    answer: say(
      "Each token of the answer\nis one row. Follow the\ntinted row to the right:\neach block adds to it;\nits end names what\ncomes next.",
    ),
    encoder: say(
      "Each token of the text\nis one row. Follow the\ntinted row to the right:\neach block adds to it;\nits end names the\ntoken of its place.",
    ),
    source: say(
      "Each token of the text\nis one row. Follow the\ntinted row to the right:\neach block adds to it;\nits end is what the\ndecoder reads.",
    ),
    bare: say(
      "Each token of the text\nis one row. Follow the\ntinted row to the right:\neach block adds to it;\nits end is the token’s\nvector in this text.",
    ),
  }[
    data.bare
      ? "bare"
      : data.shape !== "encoder-decoder"
        ? data.shape
        : data.stack === "encoder"
          ? "source"
          : data.source.length
            ? "answer"
            : "decoder"
  ].split("\n");
  g.part("hint", [L.blocksX], () => lines.map((line, i) => label(0, 51 + 16 * i, line, { fill: "ink3" })));
}

/** @type {(L: Layout) => number[]} */
export const rowsShown = (L) => Array.from({ length: L.rows }, (_, i) => L.first + i);

/** @type {Draw} */
export function drawHeadings(g, data, local, L) {
  const open = blockOf(data, local);
  const wide = L.blocks[open];
  g.door(
    "tokenization",
    { left: -2, top: L.phone ? -12 : 0 },
    say("Tokens"),
    say("How a text is cut into tokens"),
  );
  if (!L.phone)
    g.door(
      "embeddings",
      { left: L.embX - 9, top: 0 },
      say("Embedding"),
      say("The table’s row for each token, and which rows are alike"),
    );
  if (!L.phone && wide?.o > 0.99)
    g.door(
      "multi_head",
      { left: wide.x + 8, top: 0 },
      say("Block {block}, open", { block: open }),
      say("All heads side by side"),
    );
  g.part("headings", [L.blocks, L.narrow, local.sel.attention, open], () => {
    /** @type {Shapes[]} */
    const out = [];
    if (!L.phone) {
      const many = data.d_model > data.embed.shape[1];
      const text = many
        ? say("{shown} of {all}", { shown: data.embed.shape[1], all: data.d_model })
        : `${counted(data.d_model, "value")}`;
      out.push(
        label(L.folded ? L.blocksX - 6 : L.embX, 30, text, { fill: "ink3", anchor: L.folded ? "end" : null }),
      );
    }
    if (L.folded) return [out, foldedHeadings(data, L, open)];
    L.blocks.forEach((b, l) => {
      const name = L.phone
        ? l === open && L.closed < 50
          ? String(l)
          : L.closed < 50
            ? l
            : say("Block {block}", { block: l })
        : b.o > 0.5
          ? say("Block {block}, open", { block: l })
          : L.narrow
            ? l
            : say("Block {block}", { block: l });
      const mid = L.phone || b.o <= 0.5;
      if (!L.phone && b.o > 0.99) {
        const what =
          data.cross && local.sel.attention === "cross"
            ? say("one map per head: row reads the source's column")
            : say("one map per head: row reads column");
        out.push(label(b.x + b.w, 14, what, { fill: "ink3", anchor: "end" }));
        return;
      }
      out.push(
        label(mid ? b.x + b.w / 2 : b.x + 10, 14, name, {
          fill: L.phone && l === open ? "att-ink" : "ink",
          weight: 600,
          anchor: mid ? "middle" : null,
        }),
      );
    });
    return out;
  });
}

/** @type {Draw} */
export function drawGround(g, data, local, L) {
  const open = blockOf(data, local);
  g.part("ground", [L.blocks, open], () =>
    L.blocks.map((b, l) => {
      const chosen = L.phone ? l === open : b.o > 0;
      return h("rect", {
        x: b.x + 0.5,
        y: L.top + 0.5,
        width: b.w - 1,
        height: L.bottom - L.top - 1,
        rx: Math.min(8, b.w / 3),
        "data-block": l,
        class: "gb-hot",
        fill: css(!L.phone && b.o > 0 ? "bg" : "wash"),
        stroke: css(chosen ? (L.phone ? "att" : "ink3") : "line"),
        "stroke-width": chosen ? 1.5 : 1,
        onclick: () => openBlock(g, data, local, l),
      });
    }),
  );
  const row = rowOf(data, local);
  g.part("followed ground", [row, L.first, L.blocksEnd], () => {
    if (row < L.first || row > L.last) return [];
    return h("rect", {
      x: 0,
      y: L.y(row) - L.pitch / 2,
      width: L.blocksEnd + (L.phone ? 0 : 8),
      height: L.pitch,
      fill: css("accent-soft"),
      "pointer-events": "none",
    });
  });
}

/** @type {Draw} */
export function drawTokens(g, data, local, L) {
  const height = Math.min(24, L.pitch - 3);
  const size = L.pitch < 22 ? 12 : 13;
  const one = (/** @type {number} */ i, /** @type {boolean} */ selected) => {
    const node = chip(g, 0.5, L.y(i), L.chipW - 1, data.tokens[i], {
      id: data.ids[i],
      selected,
      height,
      size,
      faint: data.special[i],
    });
    node.classList.add("gb-hot");
    node.addEventListener("click", () => follow(g, data, i));
    return node;
  };
  g.part("tokens", [L.first], () => rowsShown(L).map((i) => one(i, false)));
  const row = rowOf(data, local);
  g.part("followed token", [row, L.first], () => (row < L.first || row > L.last ? [] : one(row, true)));
  if (L.phone) return;
  g.part("embedding", [L.first], () => {
    const cols = data.embed.shape[1];
    const max = reference(local.embed.map(Math.abs), 4);
    const height = Math.min(16, L.pitch - 4);
    return rowsShown(L).map((i) => {
      const key = `${i} ${g.dark}`;
      local.strips[key] ??= heat(local.embed.subarray(i * cols, (i + 1) * cols), 1, cols, (v) =>
        g.signedRgb(v, max),
      );
      const href = local.strips[key];
      const node = h(
        "g",
        {},
        heatImage(L.embX, L.y(i) - height / 2, L.embW, height, href),
        h("rect", {
          x: L.embX - 0.5,
          y: L.y(i) - height / 2 - 0.5,
          width: L.embW + 1,
          height: height + 1,
          rx: 2,
          fill: "none",
          stroke: css("line"),
        }),
      );
      return g.tip(
        node,
        () =>
          `${say("{token}: {numbers}, length {length}", { token: visible(data.tokens[i]), numbers: counted(data.d_model, "number"), length: num(local.embedNorm[i]) })}\n${[
            ...local.embed.subarray(i * cols, i * cols + 6),
          ]
            .map((v) => num(v))
            .join("  ")} …`,
      );
    });
  });
}

/**
 * One row's residual line from its chip to the end, outside open blocks.
 * @type {(data: Data, local: Kept, L: Layout, i: number, colour: string) => SVGElement[]}
 */
function residualLine(data, local, L, i, colour) {
  const T = data.tokens.length;
  const y = L.y(i);
  const at = (/** @type {number} */ l) => lineWidth(local, local.resid[l * T + i]);
  /** @type {(x1: number, x2: number, w: number, opacity?: number) => SVGElement} */
  const piece = (x1, x2, w, opacity = 1) =>
    h("line", {
      x1,
      x2,
      y1: y,
      y2: y,
      stroke: css(colour),
      "stroke-width": w,
      opacity: opacity < 1 ? opacity : null,
    });
  const out = L.phone
    ? [piece(L.chipW, L.blocksX, at(0))]
    : [piece(L.chipW, L.embX - 1, 1.5), piece(L.embX + L.embW + 1, L.blocksX, at(0))];
  L.blocks.forEach((b, l) => {
    if (l) out.push(piece(b.x - L.gap, b.x, at(l)));
    if (b.o < 1)
      out.push(
        piece(b.x, b.x + b.w / 2, at(l), 1 - b.o),
        piece(b.x + b.w / 2, b.x + b.w, at(l + 1), 1 - b.o),
      );
  });
  if (!L.phone) out.push(piece(L.blocksEnd, L.blocksEnd + 8, at(data.blocks)));
  return out;
}

/** @type {Draw} */
export function drawLines(g, data, local, L) {
  const row = rowOf(data, local);
  g.part("lines", [L.blocks, L.first], () => rowsShown(L).map((i) => residualLine(data, local, L, i, "res")));
  g.part("followed line", [row, L.blocks, L.first], () =>
    row < L.first || row > L.last ? [] : residualLine(data, local, L, row, "ink2"),
  );
}

/** @type {(g: Home, local: Kept, heads: Heads<Unpacked>, kind: "own" | "cross", l: number, head: number) => string} */
export function thumbnail(g, local, heads, kind, l, head) {
  const key = `${kind} ${l} ${head} ${g.dark}`;
  const [, H, T, S] = heads.pattern.shape;
  const start = (l * H + head) * T * S;
  local.maps[key] ??= heat(heads.pattern.subarray(start, start + T * S), T, S, (v) =>
    g.sequentialRgb(Math.sqrt(v), 1),
  );
  return local.maps[key];
}

/**
 * The largest square cells in which n maps fill w x height.
 * @type {(n: number, w: number, height: number, gap: number) => {cols: number, rows: number, size: number}}
 */
function grid(n, w, height, gap) {
  let best = { cols: 1, rows: n, size: 0 };
  for (let cols = 1; cols <= n; cols++) {
    const rows = Math.ceil(n / cols);
    const size = Math.min((w - gap * (cols - 1)) / cols, (height - gap * (rows - 1)) / rows);
    if (size > best.size) best = { cols, rows, size };
  }
  return best;
}

/** @type {Draw} */
export function drawClosed(g, data, local, L) {
  const T = data.tokens.length;
  const places = data.cross ? [0.2, 0.5, 0.8] : [1 / 3, 2 / 3];
  L.blocks.forEach((b, l) => {
    if (b.o === 1) return;
    const w = b.closed;
    const limit = Math.min(8, L.pitch * 0.42, (w / (places.length + 0.6)) * 0.5);
    const heads = looking(data, local);
    const node = g.part(`closed ${l}`, [w, L.first, L.phone, heads === local.cross], () => {
      /** @type {Shapes[]} */
      const out = [];
      if (!L.phone && !isFolded(data, L, l)) {
        const { cols, size } = grid(data.heads, w - 8, 100, 3);
        const left = (w - (cols * (size + 3) - 3)) / 2;
        for (let head = 0; size >= 8 && head < data.heads; head++) {
          const x = left + (head % cols) * (size + 3);
          const y = L.top + 6 + Math.floor(head / cols) * (size + 3);
          const map = h(
            "g",
            { class: "gb-hot", onclick: () => openBlock(g, data, local, l, head) },
            heatImage(
              x,
              y,
              size,
              size,
              thumbnail(g, local, heads, heads === local.cross ? "cross" : "own", l, head),
            ),
            h("rect", { x, y, width: size, height: size, rx: 2, fill: "none", stroke: css("line") }),
          );
          out.push(
            g.tip(map, say("{head}: open block {block} at this head", { head: `L${l}H${head}`, block: l })),
          );
        }
      }
      for (const i of rowsShown(L)) {
        /** @type {["att" | "cross" | "mlp", Unpacked][]} */
        const added = data.cross
          ? [
              ["att", local.att],
              ["cross", local.crossAdded],
              ["mlp", local.mlp],
            ]
          : [
              ["att", local.att],
              ["mlp", local.mlp],
            ];
        added.forEach(([kind, norms], k) => {
          const r = dotRadius(local, norms[l * T + i], limit);
          const ring = kind === "cross";
          const dot = h("circle", {
            cx: w * places[k],
            cy: L.y(i),
            r: ring ? Math.max(0.5, r - 1) : r,
            fill: css(ring ? "bg" : kind),
            class: "gb-hot",
            stroke: css(ring ? "att" : "wash"),
            "stroke-width": ring ? 2 : isFolded(data, L, l) ? 0 : 1,
            onclick: () => openBlock(g, data, local, l),
          });
          const values = {
            token: visible(data.tokens[i]),
            block: l,
            added: num(norms[l * T + i]),
            stream: num(local.resid[l * T + i]),
          };
          out.push(
            g.tip(
              dot,
              {
                att: say("{token}, block {block}: attention adds {added} to a stream of {stream}", values),
                cross: say(
                  "{token}, block {block}: cross-attention adds {added} to a stream of {stream}",
                  values,
                ),
                mlp: say("{token}, block {block}: MLP adds {added} to a stream of {stream}", values),
              }[kind],
            ),
          );
        });
      }
      return out;
    });
    node.setAttribute("transform", `translate(${b.x + (b.w - w) / 2},0)`);
    node.setAttribute("opacity", String(1 - b.o));
  });
}

/** @type {Draw} */
export function drawLens(g, data, local, L) {
  if (!data.lens) {
    if (data.blocks && !L.phone)
      g.part("lens", [], () =>
        label(
          0,
          L.lensY + 24,
          data.bare
            ? say(
                "A bare encoder has no head that says tokens: its last vectors are what others use, for instance their mean as the vector of the text (Embeddings).",
              )
            : say(
                "An encoder says nothing by itself: its last vectors are what the decoder's cross-attention reads. Choose the decoder below.",
              ),
          { fill: "ink3" },
        ),
      );
    return;
  }
  if (L.folded) return drawLensLine(g, data, local, L);
  const T = data.tokens.length;
  const row = rowOf(data, local);
  const box = L.phone ? Math.max(L.closed, 30) : 54;
  g.part("lens", [row, L.blocks], () => {
    const middle = L.lensY + 20;
    const cells = L.blocks.map((b, l) => ({ x: b.x + b.w / 2, l: l + 1 }));
    if (!L.phone) cells.unshift({ x: L.embX + L.embW / 2 - 1, l: 0 });
    const open = blockOf(data, local) + 1;
    const order = [...cells].sort((a, b) => rank(b) - rank(a));
    function rank(/** @type {{l: number}} */ c) {
      return c.l === data.blocks ? 3 : c.l === open ? 2 : c.l === 0 ? 1 : -c.l / 1000;
    }
    /** @type {typeof cells} */
    const placed = [];
    for (const c of order) if (placed.every((p) => Math.abs(p.x - c.x) >= box + 2)) placed.push(c);
    const [above, below] = (L.phone ? say("If stopped\nhere:") : say("If the model\nstopped here:")).split(
      "\n",
    );
    /** @type {SVGElement[]} */
    const out = [
      label(0, L.lensY + 16, above, { fill: "ink3" }),
      label(0, L.lensY + 32, below, { fill: "ink3" }),
    ];
    if (!L.phone)
      out.push(
        h("line", {
          x1: cells[0].x,
          x2: cells[cells.length - 1].x,
          y1: middle,
          y2: middle,
          stroke: css("line"),
        }),
      );
    const covered = (/** @type {typeof cells[number]} */ c) =>
      !placed.includes(c) && placed.some((p) => Math.abs(p.x - c.x) < box / 2 + 3);
    for (const c of cells.filter((one) => !covered(one))) {
      const [id, p] = [local.lensIds[c.l * T + row], local.lensProbs[c.l * T + row]];
      const word = data.words[id];
      const after = c.l ? say("after block {block}", { block: c.l - 1 }) : say("after the embedding");
      const last = c.l === data.blocks;
      const node = placed.includes(c)
        ? h(
            "g",
            {},
            h("rect", {
              x: c.x - box / 2 + 0.5,
              y: L.lensY + 0.5,
              width: box - 1,
              height: 39,
              rx: 4,
              fill: css(last ? "accent-soft" : "bg"),
              stroke: css(last ? "accent" : "line"),
            }),
            h(
              "text",
              {
                x: c.x,
                y: L.lensY + 17,
                "text-anchor": "middle",
                "font-family": MONO,
                fill: css(last ? "accent" : "ink"),
                direction: "ltr",
              },
              tokenSpans(word, box - 6, 12),
            ),
            label(c.x, L.lensY + 33, num(p), {
              mono: true,
              anchor: "middle",
              fill: last ? "accent" : "ink2",
            }),
          )
        : h("circle", { cx: c.x, cy: middle, r: 3, fill: css("bg"), stroke: css("ink3") });
      out.push(g.tip(node, `${after}: ${visible(word)} ${num(p, 3)}`));
    }
    return out;
  });
}

/** @type {Draw} */
export function drawLegend(g, data, local, L) {
  const about = say("What each part adds to a row, line by line, and the norms that read it");
  if (!L.phone)
    g.door("norm_residual", { left: 18, top: L.legendY - 10 }, say("residual stream"), about).classList.add(
      "home-legend",
    );
  g.part("legend", [local.sel.ribbons, L.bottom, L.width, L.barsX], () =>
    legendOf(data, L).map(({ kind, colour, text, x, y, left, right }) => {
      const mark =
        kind === "line"
          ? h("rect", { x, y: y - 2, width: 14, height: 4, rx: 1, fill: css(colour) })
          : h("circle", {
              cx: x + 5,
              cy: y,
              r: kind === "ring" ? 4 : 5,
              fill: kind === "ring" ? "none" : css(colour),
              stroke: kind === "ring" ? css(colour) : null,
              "stroke-width": 2,
            });
      const door = text.indexOf("→") + 1; // the words before it are the button that lies there
      const word =
        colour === "q" || colour === "k" || colour === "v" ? NAMED[colour] : kind === "dot" ? "dot" : null;
      return h(
        "g",
        { "data-word": word },
        mark,
        label(door ? right : left, y + 4, door ? text.slice(door).trim() : text, {
          fill: "ink3",
          anchor: door ? "end" : null,
        }),
      );
    }),
  );
}
