// The upper half: the learner's text once, and below it one row a tokenizer, every chip under its own characters.

import { say, sayOf } from "../../app/kit/say.js";
import { MONO, css, fit, h, html, label, measure, num, thousands, visible } from "../../app/kit/shapes.js";
import { TOK, bytesOf, dotted, placePieces, placesOf, plain, rowPlaces } from "./layout.js";

/**
 * @import { Stage } from "../../app/kit/glass.js"
 * @import { Shapes } from "../../app/kit/shapes.js"
 * @import { Data, Kept, Piece, Row } from "./figure.js"
 * @import { TextColumns } from "./layout.js"
 */

/**
 * Columns of which only x and the usual width are read; where they are wider than `width`, the last ones are left out.
 * @typedef {{x: number[], base: number, width?: number}} ShownColumns
 */

/**
 * @param {Piece} p @param {number} x0 @param {number} x1 @param {ShownColumns} columns @param {string} colour
 */
function pieceText(p, x0, x1, columns, colour) {
  const bytes = bytesOf(p);
  const mid = { "text-anchor": "middle", "font-family": MONO, fill: css(colour), direction: "ltr" };
  if (bytes)
    return h("text", { ...mid, x: (x0 + x1) / 2, y: 4, "font-size": 12 }, fit(bytes, x1 - x0 - 2, 12));
  const shown = dotted(p.text);
  const letters = [...shown];
  const step = columns.base;
  if (
    plain(p.text) &&
    letters.length === p.end - p.start &&
    Math.abs(x1 - x0 - step * letters.length) < 0.5
  ) {
    const advance = measure("x", TOK.size, true);
    const dots = shown.match(/^·+/)?.[0] ?? "";
    return h(
      "text",
      {
        x: x0 + (step - advance) / 2,
        y: 4.5,
        "font-family": MONO,
        "font-size": TOK.size,
        fill: css(colour),
        style: `letter-spacing:${(step - advance).toFixed(2)}px`,
        direction: "ltr",
      },
      [dots && h("tspan", { opacity: 0.5 }, dots), shown.slice(dots.length)],
    );
  }
  return h(
    "text",
    { ...mid, x: (x0 + x1) / 2, y: 4.5, "font-size": TOK.size },
    fit(shown, x1 - x0 - 2, TOK.size),
  );
}

/**
 * One row's chips of the text, or (`word`) of the word beside it, as far as they are in view.
 * @param {Stage} g @param {Row} row @param {ShownColumns} columns @param {[from: number, to: number]} view
 * @param {boolean} on
 */
function rowChips(g, row, columns, view, on, word = false, spoken = word) {
  const pieces = word ? row.word : row.pieces;
  const boxes = placePieces(pieces, columns.x);
  // A word wider than its column ends with a whole chip and an ellipsis, not with half a chip.
  const end = (columns.width ?? Infinity) - 16;
  const whole =
    word && columns.x[columns.x.length - 1] > end + 16 ? boxes.findIndex(([, x1]) => x1 > end) : -1;
  return pieces.map((p, i) => {
    const [x0] = boxes[i];
    const x1 = whole === i ? end : boxes[i][1];
    const more = whole === i && label(x1 - x0 < 60 ? Math.max(0, x0) + 3 : x1 + 3, 4, "…", { fill: "ink3" });
    if (more && x1 - x0 < 60) return more;
    if (whole >= 0 && i > whole) return null;
    if (x1 < view[0] || x0 > view[1]) return null;
    const frame = p.unknown ? "neg" : on ? "accent" : "line";
    const node = h(
      "g",
      { class: "gb-hot", "data-chip": `${row.id}.${spoken ? "word" : i}` },
      h("rect", {
        x: x0 + 1,
        y: -TOK.chip / 2,
        width: Math.max(2, x1 - x0 - 2),
        height: TOK.chip,
        rx: 4,
        fill: p.unknown ? css("bg") : css(on ? "accent-soft" : "wash"),
        stroke: css(frame),
        "stroke-dasharray": p.unknown ? "3 2" : null,
      }),
      pieceText(p, x0, x1, columns, p.unknown ? "neg" : on ? "accent" : "ink"),
      more,
    );
    return g.tip(node, () => pieceTip(row, p));
  });
}

/** @param {Row} row @param {Piece} p */
function pieceTip(row, p) {
  const bytes = bytesOf(p);
  const what = bytes ? say("bytes {bytes}: a part of a character", { bytes }) : visible(p.text);
  if (p.unknown)
    return say("{name} has no piece for this: it reads {entry} and forgets what stood here", {
      name: row.name,
      entry: p.entry,
    });
  const space = p.entry.includes("Ġ")
    ? say(" (Ġ: how a vocabulary of bytes writes the space)")
    : p.entry.includes("▁")
      ? say(" (▁: the space)")
      : "";
  const length =
    p.length === undefined
      ? ""
      : say("\nrow {id} of the model's embedding table, {length} long", {
          id: p.id,
          length: num(p.length, 3),
        });
  return `${what}\n${say("entry {entry}, id {id}", { entry: p.entry + space, id: p.id })}${length}`;
}

/**
 * Special tokens that the model itself puts around the text.
 * @param {string[]} tokens @param {number} x
 */
function specials(tokens, x) {
  let at = x;
  return tokens.map((t) => {
    const w = measure(visible(t), 12, true) + 12;
    const node = h(
      "g",
      {},
      h("rect", {
        x: at + 1,
        y: -TOK.chip / 2,
        width: w - 2,
        height: TOK.chip,
        rx: 4,
        fill: css("bg"),
        stroke: css("line"),
        "stroke-dasharray": "2 2",
      }),
      label(at + w / 2, 4, visible(t), { anchor: "middle", mono: true, fill: "ink3" }),
    );
    at += w + 4;
    return node;
  });
}

/** @param {Row} row @param {number} y @param {TextColumns} columns @param {boolean} on */
function rowLabel(row, y, columns, on) {
  const room = columns.left - 12;
  const entries = row.entries ? thousands(row.entries) : "";
  const name = fit(row.name, columns.wide ? room - measure(entries, 12, true) - 10 : room, 12, false);
  return [
    on &&
      h("rect", {
        x: 0,
        y: y - columns.pitch / 2 + 1,
        width: columns.left - 6,
        height: columns.pitch - 2,
        rx: 4,
        fill: css("accent-soft"),
      }),
    label(6, y + 4, name, { fill: on ? "accent" : "ink", weight: on ? 600 : 500 }),
    columns.wide && label(columns.left - 14, y + 4, entries, { anchor: "end", mono: true, fill: "ink3" }),
  ];
}

/** @param {Row} row @param {number} y @param {Stage} g @param {TextColumns} columns @param {number} most */
function rowCount(row, y, g, columns, most) {
  const x = g.width - columns.right + 10;
  if (row.pending) return label(g.width, y + 4, "…", { anchor: "end", mono: true, fill: "ink3" });
  const n = row.pieces.length;
  const lost = row.pieces.filter((p) => p.unknown).length;
  const room = columns.right - 46;
  return [
    columns.wide &&
      h("rect", {
        x,
        y: y - 4,
        width: Math.max(1, (room * n) / most),
        height: 8,
        rx: 2,
        fill: css(lost ? "neg" : "res"),
        opacity: 0.75,
      }),
    label(g.width, y + 4, n, { anchor: "end", mono: true, fill: "ink", weight: 500 }),
  ];
}

/**
 * The text or the word as plain characters over the rows.
 * @param {string[]} chars @param {ShownColumns} columns @param {[from: number, to: number]} view
 */
function plainLine(chars, columns, view) {
  const width = columns.width ?? Infinity;
  return chars.map((c, i) => {
    if (columns.x[i + 1] > width - 16 && columns.x[columns.x.length - 1] > width) return null;
    if (columns.x[i + 1] < view[0] || columns.x[i] > view[1]) return null;
    const shown = /\s/.test(c) ? (c === "\n" ? "⏎" : " ") : visible(c);
    return label((columns.x[i] + columns.x[i + 1]) / 2, 13, shown, {
      anchor: "middle",
      mono: true,
      fill: "ink2",
      size: TOK.size,
      direction: "ltr",
    });
  });
}

/**
 * The bar that shows which part of a longer text is in view.
 * @param {Stage} g @param {Kept} local @param {TextColumns} columns @param {number} y
 */
function drawThumb(g, local, columns, y) {
  if (columns.total <= columns.room) return;
  const share = columns.room / columns.total;
  g.part("thumb", [local.scroll, share, y], () => [
    h("rect", { x: columns.left, y, width: columns.room, height: 4, rx: 2, fill: css("field") }),
    h("rect", {
      x: columns.left + local.scroll * share,
      y,
      width: Math.max(24, columns.room * share),
      height: 4,
      rx: 2,
      fill: css("ink3"),
    }),
  ]);
}

/**
 * @param {Stage} g @param {Data} data @param {TextColumns} columns @param {Row} row @param {number} y
 * @param {boolean} on @param {number} most @param {[from: number, to: number]} view
 * @param {(nodes: Shapes) => SVGElement} inside @param {(nodes: Shapes) => SVGElement} beside @param {boolean} spoken
 */
function rowParts(g, data, columns, row, y, on, most, view, inside, beside, spoken) {
  return [
    h("rect", {
      x: 0,
      y: y - columns.pitch / 2,
      width: g.width,
      height: columns.pitch,
      fill: "transparent",
      class: "gb-hot",
      "data-row": row.id,
    }),
    h("g", { "data-row": row.id, class: "gb-hot" }, rowLabel(row, y, columns, on)),
    row.pending
      ? label(columns.left, y + 4, row.pending, { fill: "ink3" })
      : [
          inside(
            h("g", { transform: `translate(0,${y})` }, [
              row.id === "model" && !spoken && specials(data.front, 0),
              rowChips(g, row, columns, view, on, false, spoken),
              row.id === "model" && !spoken && specials(data.back, columns.x[data.chars.length] + 4),
            ]),
          ),
          columns.word &&
            beside(
              h(
                "g",
                { transform: `translate(0,${y})` },
                rowChips(g, row, columns.word, [0, columns.word.width], on, true),
              ),
            ),
        ],
    rowCount(row, y, g, columns, most),
  ];
}

/** What can be done here, as long as there is room for it. @param {Row[]} rows @param {number} room @param {boolean} [cuts] whether another word can be cut */
function hintOf(rows, room, cuts) {
  const click = cuts
    ? say("A chip is a token. Click a row to see its rule at work, a chip to take its word.")
    : say("A chip is a token. Click a row to see its rule at work.");
  const dashed = rows.some((r) => [...r.pieces, ...r.word].some((p) => p.unknown));
  const said = dashed
    ? [
        `${click} ${say("Dashed: unknown, the model reads [UNK].")}`,
        say("A chip is a token: click it or its row. Dashed: unknown, read as [UNK]."),
        say("Dashed: unknown, read as [UNK]."),
      ]
    : [click, say("A chip is a token: click it or its row.")];
  return said.find((text) => measure(text, 12, false) <= room) ?? "";
}

/** On a phone: whether the rows show the text or the word. @param {Stage} g @param {Kept} local */
function textOrWord(g, local) {
  for (const [k, name] of [say("Text"), say("Your word")].entries()) {
    g.overlay(
      `show ${name}`,
      { left: k * 64, top: 0, width: k ? 92 : 58, height: 44 },
      () =>
        html(
          "button",
          {
            type: "button",
            class: "gb-button tok-button",
            "data-rows-of": name,
            onclick: () => {
              local.spoken = k === 1;
              local.scroll = 0;
              g.redraw();
            },
          },
          name,
        ),
      (node) => node.setAttribute("aria-pressed", String(Boolean(local.spoken) === (k === 1))),
    );
  }
}

/**
 * The whole upper half; returns its height.
 * @param {Stage} g @param {Data} data @param {Kept} local @param {TextColumns & {mark: string}} columns
 */
export function drawRows(g, data, local, columns) {
  const { word } = columns;
  if (!columns.wide) textOrWord(g, local);
  const spoken = !columns.wide && Boolean(local.spoken); // on a phone the word takes the text's place
  const rows = spoken ? local.rows.map((row) => ({ ...row, pieces: row.word })) : local.rows;
  const places = rowPlaces(rows, columns);
  const height = places[places.length - 1] + columns.pitch / 2;
  /** @type {[from: number, to: number]} */
  const view = [local.scroll - 20, local.scroll + columns.room + 20];
  const marks = spoken ? [] : placesOf(data.chars, local.sel.word ?? "");
  const wordAt = columns.left + columns.room + 24;
  g.part("clip", [columns.room, height, wordAt], () => [
    h(
      "clipPath",
      { id: "tok-text" },
      h("rect", { x: columns.left, y: 0, width: columns.room, height: height + 4 }),
    ),
    word &&
      h(
        "clipPath",
        { id: "tok-word" },
        h("rect", { x: wordAt, y: 0, width: word.width + 2, height: height + 4 }),
      ),
  ]);
  const inside = (/** @type {Shapes} */ nodes) =>
    h(
      "g",
      { "clip-path": "url(#tok-text)" },
      h("g", { transform: `translate(${columns.left - local.scroll},0)` }, nodes),
    );
  const beside = (/** @type {Shapes} */ nodes) =>
    h("g", { "clip-path": "url(#tok-word)" }, h("g", { transform: `translate(${wordAt},0)` }, nodes));
  g.part("band", [marks, local.scroll, height, columns.mark], () =>
    inside(
      marks.map(([a, b]) =>
        h("rect", {
          x: columns.x[a],
          y: 0,
          width: columns.x[b] - columns.x[a],
          height,
          rx: 4,
          fill: css("field"),
        }),
      ),
    ),
  );
  g.part("head", [columns.mark, rows.length], () => [
    columns.wide && label(6, 13, say("Tokenizer"), { weight: 600, fill: "ink" }),
    columns.wide && label(columns.left - 14, 13, sayOf("column", "entries"), { anchor: "end", fill: "ink3" }),
    label(g.width, columns.wide ? 13 : 58, columns.wide ? say("tokens") : "#", {
      anchor: "end",
      weight: 600,
      fill: "ink",
    }),
    word && h("rect", { x: wordAt - 5, y: 0, width: word.width + 10, height, rx: 6, fill: css("field") }),
    word && beside(plainLine(word.chars, word, [0, word.width])),
    rows.map(
      (row, i) =>
        i > 0 &&
        row.group !== rows[i - 1].group &&
        h("path", { d: `M0,${places[i] - (columns.pitch + TOK.gap) / 2}H${g.width}`, stroke: css("line") }),
    ),
  ]);
  g.part("text", [local.scroll, columns.mark], () =>
    inside(
      h(
        "g",
        { transform: `translate(0,${columns.wide ? 0 : 45})` },
        plainLine(spoken ? [...data.spoken] : data.chars, columns, view),
      ),
    ),
  );
  const most = Math.max(1, ...rows.map((row) => row.pieces.length));
  rows.forEach((row, i) => {
    const on = row.id === local.sel.method;
    g.part(`row ${row.id}`, [row.mark, on, local.scroll, places[i], most, row.pending, columns.mark], () =>
      rowParts(g, data, columns, row, places[i], on, most, view, inside, beside, spoken),
    );
  });
  drawThumb(g, local, columns, height + 2);
  const hint = word
    ? hintOf(rows, Math.min(wordAt + word.width - 70, g.width - 70) - 16, g.can.recompute)
    : "";
  g.part(
    "hint",
    [height, columns.left, hint],
    () =>
      word && [
        label(6, height + 19, hint, { fill: "ink3" }),
        label(wordAt + word.width, height + 19, say("your word"), { anchor: "end", fill: "ink3" }),
      ],
  );
  return height + (columns.wide ? 24 : 10);
}
