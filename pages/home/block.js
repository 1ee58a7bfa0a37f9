// Home's open block: heads, Q K V strips and ribbons, one head's dot matrix, K and V lanes, the pluses and the MLP.

import { keyGroups, sharedWords } from "../../app/kit/groups.js";
import { say, sayOf } from "../../app/kit/say.js";
import {
  MONO,
  clamp,
  css,
  fit,
  h,
  heat,
  heatImage,
  label,
  num,
  ribbon,
  tokenSpans,
  visible,
  wire,
} from "../../app/kit/shapes.js";
import { thumbnail } from "./columns.js";
import { follow, openBlock } from "./input.js";
import { NAMED, dotRadius, insides, lineWidth, spot } from "./layout.js";
import { argmax, attentionRow, blockOf, headOf, looking, pickRow, rowOf } from "./selection.js";

/**
 * @import { Attributes, Point, Shapes } from "../../app/kit/shapes.js"
 * @import { Data, Draw, Home, Kept } from "./figure.js"
 * @import { Layout } from "./layout.js"
 *
 * Where the open block is drawn: its corner, its rows and its bands above them; `tight` is a narrow one.
 * @typedef {object} Frame
 * @property {number} x
 * @property {number} w
 * @property {(i: number) => number} y the middle of a row
 * @property {number} first row in view
 * @property {number} last
 * @property {number} pitch
 * @property {number} rowsTop
 * @property {number} lanesTop
 * @property {number} bottom
 * @property {boolean} tight
 */
/**
 * What stands where inside it, from its left edge; `crossing`: its columns are a source's; `second`: a plus for what was read there.
 * @typedef {ReturnType<typeof insides> & {crossing: boolean, second?: number}} Inside
 */

/**
 * Where the open block is drawn: its corner, its rows and its bands above them.
 * @type {(L: Layout, l: number) => Frame}
 */
function frameOf(L, l) {
  if (!L.phone) {
    return {
      x: L.blocks[l].x,
      w: L.blocks[l].opened,
      y: L.y,
      first: L.first,
      last: L.last,
      pitch: L.pitch,
      rowsTop: L.rowsTop,
      lanesTop: 123,
      bottom: L.rowsTop + L.rows * L.pitch + 24,
      tight: L.folded,
    };
  }
  const y = (/** @type {number} */ i) => L.openRowsTop + (i - L.first + 0.5) * L.pitch;
  return {
    x: L.openX,
    w: L.openW,
    y,
    first: L.first,
    last: L.last,
    pitch: L.pitch,
    rowsTop: L.openRowsTop,
    lanesTop: L.openY + 38,
    bottom: L.openBottom,
    tight: true,
  };
}

/** @type {Draw} */
export function drawOpen(g, data, local, L) {
  if (!data.blocks) return;
  const open = blockOf(data, local);
  const shown = L.phone ? [open] : L.blocks.map((b, l) => (b.o > 0 ? l : -1)).filter((l) => l >= 0);
  for (const l of shown) {
    const scale = L.phone ? 1 : L.blocks[l].w / L.blocks[l].opened;
    const F = frameOf(L, l);
    const deps = [l, headOf(data, local), local.sel.attention, local.sel.ribbons, L.first, F.w, F.lanesTop];
    const parts = [g.part(`open ${l}`, deps, () => openRows(g, data, local, F, l))];
    if (l === open) {
      const row = rowOf(data, local);
      if (L.phone || L.blocks[l].o > 0.99) {
        const G = geometry(data, local, F);
        g.door(
          "feed_forward",
          { left: F.x + (G.mlp + G.mlpEnd) / 2, top: F.rowsTop - 20 },
          "MLP",
          say("The feed-forward layer of block {block}, neuron by neuron", { block: l }),
        ).classList.add("home-mlp");
      }
      if (!L.phone && L.blocks[l].o > 0.99) {
        const top = geometry(data, local, F).crossing ? 89 : 96;
        const about = say("{head} on its own page, number by number", {
          head: `L${l}H${headOf(data, local)}`,
        });
        g.door(
          "attention",
          { left: F.x + F.w / 2, top },
          headSentence(data, local, row),
          about,
        ).classList.add("home-sentence");
      }
      parts.push(g.part(`lanes ${l}`, [...deps, row], () => lanes(data, local, F, row)));
      parts.push(g.part(`followed ${l}`, [...deps, row], () => followedRow(g, data, local, F, l, row)));
      parts.push(g.part(`matrix ${l}`, deps, () => matrixGround(g, data, local, F, l)));
    }
    if (!L.phone)
      parts.push(
        g.part(`heads ${l}`, deps, () =>
          headMaps(g, data, local, l, {
            x: 10,
            y: L.top + 8,
            w: L.blocks[l].opened - 20,
            size: 44,
            pitch: 53,
          }),
        ),
      );
    for (const node of parts) {
      node.setAttribute("transform", `translate(${F.x},0) scale(${scale},1)`);
      node.setAttribute("opacity", String(L.phone ? 1 : L.blocks[l].o));
    }
  }
}

/** @type {(g: Home, data: Data, local: Kept, l: number, box: {x: number, y: number, w: number, size: number, pitch: number}) => Shapes} */
function headMaps(g, data, local, l, box) {
  const heads = looking(data, local);
  const kind = heads === local.cross ? "cross" : "own";
  const pitch = Math.min(box.pitch, box.w / data.heads);
  const shared = data.kv_heads < data.heads; // a line and words below the maps, which leave them room
  const size = Math.min(shared ? 34 : box.size, pitch - (pitch > 30 ? 6 : 2));
  const y = shared ? box.y - 3 : box.y + (box.size - size) / 2;
  const maps = Array.from({ length: data.heads }, (_, head) => {
    const x = box.x + head * pitch;
    const chosen = head === headOf(data, local);
    const node = h(
      "g",
      {
        class: "gb-hot",
        "data-head": head,
        onclick: () => openBlock(g, data, local, l, head),
        ondblclick: () => g.visit("attention"),
      },
      heatImage(x, y, size, size, thumbnail(g, local, heads, kind, l, head)),
      h("rect", {
        x,
        y,
        width: size,
        height: size,
        rx: 2,
        fill: "transparent",
        stroke: css(chosen ? "att" : "line"),
        "stroke-width": chosen ? 2 : 1,
      }),
      pitch >= 14 &&
        label(x + size / 2, y + size + 14, head, {
          mono: true,
          anchor: "middle",
          fill: chosen ? "att-ink" : "ink3",
          weight: chosen ? 700 : null,
        }),
    );
    const shares = sharedWords(head, data.heads, data.kv_heads);
    const name = { head: `L${l}H${head}` };
    const click = g.can.visit
      ? say("{head}: click for its dots, double-click for its own page", name)
      : say("{head}: click for its dots", name);
    return g.tip(node, shares ? say("{click}; it {shares}", { click, shares }) : click);
  });
  return [maps, keyGroups(data.heads, data.kv_heads, box.x, y + size + (pitch >= 14 ? 18 : 5), pitch, size)];
}

/** "L3H0: ·a reads most: ·saw, 0.33" @type {(data: Data, local: Kept, row: number) => string} */
export function headSentence(data, local, row) {
  const read = readSentence(data, local, row);
  return read && `L${blockOf(data, local)}H${headOf(data, local)}: ${read}`;
}
/**
 * What the row reads most in the chosen head; a token that the text has more than once carries its position.
 * @type {(data: Data, local: Kept, row: number, l?: number) => string}
 */
export function readSentence(data, local, row, l = blockOf(data, local)) {
  const weights = pickRow(looking(data, local).pattern, l * data.heads + headOf(data, local), row);
  if (!weights.length) return "";
  const best = argmax(weights);
  const crossing = looking(data, local) === local.cross && Boolean(data.cross);
  const side = crossing ? data.source : data.tokens;
  const several = side.indexOf(side[best]) !== side.lastIndexOf(side[best]);
  const read =
    !crossing && best === row
      ? sayOf("reads", "itself")
      : `${visible(side[best])}${several ? ` (${best})` : ""}`;
  return say("{token} reads most: {read}, {weight}", {
    token: visible(data.tokens[row]),
    read,
    weight: num(weights[best]),
  });
}

/** @type {(data: Data, local: Kept) => number} */
const columnsOf = (data, local) => looking(data, local).pattern.shape[3];
/** @type {(F: Frame) => number} */
const stripHeight = (F) => clamp(F.pitch * 0.19, 3, 6);
/** @type {(F: Frame) => number} */
const under = (F) => clamp(F.pitch * 0.38, 7, 12);

/** @type {(data: Data, local: Kept, F: Frame) => Inside} */
function geometry(data, local, F) {
  const crossing = looking(data, local) === local.cross && Boolean(data.cross);
  /** @type {Inside} */
  const G = { ...insides(F.w, columnsOf(data, local), F.tight, crossing), crossing };
  if (data.cross && !G.crossing) {
    G.second = G.plus;
    G.plus -= 20;
    G.out -= 14;
  }
  return G;
}

/**
 * What one row shows, in pale or (followed) full colours.
 * @type {(g: Home, data: Data, local: Kept, F: Frame, G: Inside, l: number, i: number, full: boolean) => Shapes}
 */
function rowShapes(g, data, local, F, G, l, i, full) {
  const T = data.tokens.length;
  const heads = looking(data, local);
  const at = (l * data.heads + headOf(data, local)) * heads.q.shape[2] + i;
  const y = F.y(i);
  const line = full ? "ink2" : "res";
  const d = under(F);
  const sh = stripHeight(F);
  const [before, after] = [
    lineWidth(local, local.resid[l * T + i]),
    lineWidth(local, local.resid[(l + 1) * T + i]),
  ];
  const thick = (/** @type {number} */ norm, /** @type {number} */ scale) =>
    local.sel.ribbons === "sign" ? 1.5 : clamp((6 * norm) / scale, 0.75, 7.5);
  const strand = (/** @type {string} */ path) =>
    h("path", { d: path, fill: "none", stroke: css(line), "stroke-width": before });
  /** @type {Shapes[]} */
  const out = [
    h("line", { x1: 0, x2: G.start, y1: y, y2: y, stroke: css(line), "stroke-width": before }),
    strand(
      `M${G.start},${y}C${G.start + 10},${y} ${G.start + 8},${y + d} ${G.strip},${y + d}L${G.plus - 22},${y + d}C${G.plus - 8},${y + d} ${G.plus - 12},${y} ${G.plus - 6},${y}`,
    ),
  ];
  if (local.sel.ribbons !== "none") {
    /** @type {[name: string, norm: number, dy: number][]} */
    const bands = G.crossing
      ? [["q", heads.q_norm[at], 0]]
      : [
          ["q", heads.q_norm[at], -sh],
          ["k", heads.k_norm[at], 0],
          ["v", heads.v_norm[at], sh],
        ];
    for (const [name, norm, dy] of bands) {
      const w = thick(norm, local.ribbonScale);
      out.push(
        h("path", {
          "data-word": "ribbon",
          d: ribbon(G.start, y, w, G.strip, y + dy, w),
          fill: css(name),
          opacity: full ? 1 : 0.5,
        }),
      );
      if (name === "q")
        out.push(
          h("path", {
            "data-word": "ribbon",
            d: ribbon(G.stripEnd, y + dy, w, G.q, y, w),
            fill: css("q"),
            opacity: full ? 1 : 0.45,
          }),
        );
    }
  }
  out.push(strip(g, data, local, F, G, l, i, full));
  const added = (G.crossing ? local.crossAdded : local.att)[l * T + i];
  out.push(
    h("line", {
      x1: G.out,
      x2: G.plus - 6,
      y1: y,
      y2: y,
      stroke: css("att"),
      "stroke-width": thick(added, local.addScale),
      opacity: full ? 1 : 0.55,
    }),
  );
  out.push(
    h("line", { x1: G.plus + 6, x2: G.mlp, y1: y, y2: y, stroke: css(line), "stroke-width": before }),
    h("line", { x1: G.mlpEnd, x2: G.end, y1: y, y2: y, stroke: css(line), "stroke-width": after }),
    h("line", {
      x1: G.mlp,
      x2: G.mlpEnd,
      y1: y,
      y2: y,
      stroke: css(line),
      "stroke-width": before,
      opacity: full ? 1 : 0.35,
    }),
  );
  const half = Math.min(F.pitch * 0.42, 1.2 * dotRadius(local, local.mlp[l * T + i], 9));
  const bevel = Math.min(10, (G.mlpEnd - G.mlp) / 3);
  if (half > 0)
    out.push(
      h("path", {
        d: `M${G.mlp},${y}l${bevel},${-half}H${G.mlpEnd - bevel}l${bevel},${half}l${-bevel},${half}H${G.mlp + bevel}Z`,
        fill: css("mlp"),
        "fill-opacity": full ? 1 : 0.5,
        stroke: css("mlp"),
        "stroke-linejoin": "round",
      }),
    );
  const plus = (/** @type {number} */ x) =>
    h(
      "g",
      { "data-word": "plus sign" },
      h("circle", { cx: x, cy: y, r: F.tight ? 4.5 : 5.5, fill: css("bg"), stroke: css("ink2") }),
      h("path", { d: `M${x - 3},${y}H${x + 3}M${x},${y - 3}V${y + 3}`, stroke: css("ink2") }),
    );
  out.push(plus(G.plus), plus(G.plus2));
  if (G.second)
    out.push(
      h("circle", {
        cx: G.second,
        cy: y - d * 0.8,
        r: 2.5,
        fill: css("bg"),
        stroke: css("att"),
        "stroke-width": 1.5,
      }),
      plus(G.second),
    );
  if (G.crossing) out.push(h("circle", { cx: G.start - 3, cy: y - d * 0.6, r: 2.5, fill: css("att") }));
  return out;
}

/**
 * The first 8 numbers of q, k and v of one row, as one small image.
 * @type {(g: Home, data: Data, local: Kept, F: Frame, G: Inside, l: number, i: number, full: boolean) => SVGElement}
 */
function strip(g, data, local, F, G, l, i, full) {
  const heads = looking(data, local);
  /** @type {("q" | "k" | "v")[]} */
  const names = G.crossing ? ["q"] : ["q", "k", "v"];
  const n = heads.q.shape[3];
  const at = ((l * data.heads + headOf(data, local)) * heads.q.shape[2] + i) * n;
  const sign = local.sel.ribbons === "sign";
  const key = `${G.crossing} ${l} ${headOf(data, local)} ${i} ${sign} ${g.dark}`;
  const sh = stripHeight(F);
  const scale = local.numberScale;
  local.qkv[key] ??= heat(
    names.flatMap((name) => [...heads[name].subarray(at, at + n)]),
    names.length,
    n,
    (v, index) =>
      sign ? g.signedRgb(v, scale) : g.sequentialRgb(Math.abs(v), scale, names[Math.floor(index / n)]),
  );
  const href = local.qkv[key];
  const top = F.y(i) - (names.length * sh) / 2;
  const node = h(
    "g",
    {},
    heatImage(G.strip, top, G.stripEnd - G.strip, names.length * sh, href),
    full &&
      h("rect", {
        x: G.strip - 0.5,
        y: top - 0.5,
        width: G.stripEnd - G.strip + 1,
        height: names.length * sh + 1,
        fill: "none",
        stroke: css("ink3"),
        "stroke-width": 0.75,
        rx: 1,
      }),
  );
  return g.tip(node, () =>
    names
      .map(
        (name) =>
          `${name}  ${[...heads[name].subarray(at, at + n)].map((v) => num(v).padStart(6)).join(" ")}`,
      )
      .join("\n"),
  );
}

/**
 * One row of the dot matrix: area is attention; a place that may not be seen is a faint speck.
 * @type {(g: Home, F: Frame, G: Inside, weights: Float32Array, i: number, full: boolean) => Shapes}
 */
function dots(g, F, G, weights, i, full) {
  const S = weights.length;
  const y = F.y(i);
  if (S > 40) {
    const href = heat(weights, 1, S, (v) => g.sequentialRgb(Math.sqrt(v), 1));
    return heatImage(G.first - G.pitch / 2, y - F.pitch * 0.3, G.pitch * S, F.pitch * 0.6, href, {
      opacity: full ? 1 : 0.8,
    });
  }
  const R = Math.min(10, Math.max(G.pitch * 0.52, 3), F.pitch * 0.46);
  return Array.from(weights, (a, j) =>
    h("circle", {
      cx: G.col(j),
      cy: y,
      r: a > 0 ? Math.max(0.9, R * Math.sqrt(a)) : 0.75,
      fill: a > 0 ? g.sequential(0.45 + 0.55 * Math.sqrt(a), 1) : css("line"),
      opacity: full || a === 0 ? null : 0.9,
    }),
  );
}

/** @type {(g: Home, data: Data, local: Kept, F: Frame, l: number) => Shapes} */
function openRows(g, data, local, F, l) {
  const G = geometry(data, local, F);
  const heads = looking(data, local);
  const at = l * data.heads + headOf(data, local);
  /** @type {Shapes[]} */
  const out = [];
  for (let i = F.first; i <= F.last; i++) {
    out.push(
      rowShapes(g, data, local, F, G, l, i, false),
      dots(g, F, G, pickRow(heads.pattern, at, i), i, false),
    );
  }
  const y = F.rowsTop - 6;
  const mid = (G.strip + G.stripEnd) / 2;
  /** @type {["q" | "k" | "v", x: number][]} */
  const names = G.crossing
    ? [["q", mid]]
    : [
        ["q", mid - (F.tight ? 10 : 14)],
        ["k", mid],
        ["v", mid + (F.tight ? 10 : 14)],
      ];
  for (const [name, x] of names)
    out.push(
      h(
        "g",
        { "data-word": NAMED[name] },
        label(x, y, name.toUpperCase(), { fill: `${name}-ink`, weight: 600, anchor: "middle" }),
      ),
    );
  if (!F.tight)
    out.push(
      label((G.out + G.plus) / 2 + 6, y, say("all heads"), {
        fill: "att-ink",
        weight: 600,
        anchor: "middle",
      }),
    );
  return out;
}

/**
 * K climbs over into the columns, V comes from below; a source's keys and values come straight to their columns.
 * @type {(data: Data, local: Kept, F: Frame, row: number) => Shapes}
 */
function lanes(data, local, F, row) {
  const G = geometry(data, local, F);
  const weights = attentionRow(data, local, row);
  const S = weights.length;
  const most = Math.max(...weights) || 1;
  if (G.crossing) return sourceLanes(data, F, G, weights);
  if (local.sel.ribbons === "none") return [];
  /** @type {Shapes[]} */
  const out = [];
  const order = Array.from(weights, (_, j) => j).sort((a, b) => weights[a] - weights[b]);
  const drawn = S > 24 ? order.slice(-8) : order;
  const [step, rise, fall] = [G.lanesEnd - G.lanes, F.rowsTop - 4 - F.lanesTop, 15].map(
    (room) => room / Math.max(1, S - 1),
  );
  const [low, high] = [F.y(F.first) - F.pitch / 2, F.y(F.last) + F.pitch / 2];
  const sh = stripHeight(F);
  for (const j of drawn) {
    const a = weights[j];
    const x = G.lanesEnd - j * step;
    const look = (/** @type {"k" | "v"} */ name) => ({
      "data-word": "ribbon",
      fill: "none",
      stroke: css(name),
      "stroke-width": clamp(0.6 + 8 * a, 0.6, F.tight ? 3 : 5),
      opacity: 0.3 + 0.7 * (a / most),
      "stroke-linejoin": "round",
    });
    const top = F.rowsTop - 4 - j * rise;
    const below = high + 5 + j * fall;
    const [hidden, y] = [F.y(j) < low || F.y(j) > high, clamp(F.y(j), low, high)];
    /** @type {(start: number) => Point[]} */
    const from = (start) => (hidden ? [] : [[G.stripEnd, start]]);
    out.push(
      h("path", {
        d: wire([...from(y), [x, y], [x, top], [G.col(j), top], [G.col(j), F.rowsTop]], 3),
        ...look("k"),
      }),
    );
    out.push(
      h("path", {
        d: wire([...from(y + sh), [x, y + sh], [x, below], [G.col(j), below], [G.col(j), high - 4]], 3),
        ...look("v"),
      }),
    );
  }
  return out;
}

/** @type {(data: Data, F: Frame, G: Inside, weights: Float32Array) => Shapes} */
function sourceLanes(data, F, G, weights) {
  const every = Math.max(1, Math.ceil(13 / G.pitch));
  const columns = Array.from(weights, (a, j) => {
    const x = G.col(j);
    const width = clamp(0.6 + 9 * a, 0.6, 6);
    const low = F.y(F.last) + F.pitch / 2;
    return [
      h("line", {
        x1: x,
        x2: x,
        y1: F.rowsTop - 4,
        y2: F.rowsTop + 2,
        stroke: css("k"),
        "stroke-width": width,
      }),
      h("line", { x1: x, x2: x, y1: low - 2, y2: low + 8, stroke: css("v"), "stroke-width": width }),
      j % every === 0 &&
        h(
          "text",
          {
            transform: `translate(${x + 3},${F.rowsTop - 6}) rotate(-50)`,
            "font-family": MONO,
            fill: css("k-ink"),
            direction: "ltr",
          },
          tokenSpans(data.source[j], 38, 12),
        ),
    ];
  });
  return [
    columns,
    label(
      G.first - 6,
      F.y(F.last) + F.pitch / 2 + 20,
      fit(say("K and V of the source, from the encoder’s end"), F.w - G.first + 6, 12, false),
      { fill: "v-ink" },
    ),
  ];
}

/** @type {(g: Home, data: Data, local: Kept, F: Frame, l: number, row: number) => Shapes} */
function followedRow(g, data, local, F, l, row) {
  if (row < F.first || row > F.last) return [];
  const G = geometry(data, local, F);
  return [
    rowShapes(g, data, local, F, G, l, row, true),
    dots(g, F, G, attentionRow(data, local, row), row, true),
  ];
}

/**
 * An invisible ground over the dots that answers the pointer with the cell's own numbers.
 * @type {(g: Home, data: Data, local: Kept, F: Frame, l: number) => SVGElement}
 */
function matrixGround(g, data, local, F, l) {
  const G = geometry(data, local, F);
  const cell = (/** @type {MouseEvent} */ event) => {
    const [x, y] = spot(g, event);
    const left = frameOf(g.layout, l).x; // the block was still on its way when this was built
    const j = Math.round((x - left - G.first) / (G.pitch || 1));
    const i = F.first + Math.floor((y - F.rowsTop) / F.pitch);
    return [clamp(i, F.first, F.last), clamp(j, 0, columnsOf(data, local) - 1)];
  };
  const node = h("rect", {
    x: G.first - 9,
    y: F.rowsTop,
    width: G.lastCol - G.first + 18,
    height: (F.last - F.first + 1) * F.pitch,
    fill: "transparent",
    class: "gb-hot",
    onclick: (event) => follow(g, data, cell(event)[0]),
    ondblclick: () => g.visit("attention"),
  });
  const names = G.crossing ? data.source : data.tokens;
  return g.tip(node, (event) => {
    const [i, j] = cell(event);
    const weight = attentionRow(data, local, i)[j];
    if (weight === 0 && j > i && !G.crossing)
      return say("{token} does not read {other}: it comes later", {
        token: visible(data.tokens[i]),
        other: visible(names[j]),
      });
    return say("{token} reads {other}: {weight}", {
      token: visible(data.tokens[i]),
      other: visible(names[j]),
      weight: num(weight, 4),
    });
  });
}
