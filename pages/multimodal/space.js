// Pictures and captions in one space: a row for each picture, a column for each caption, the cosine of the two where they
// cross. A cell chooses both: beside the map stand the picture's nearest captions and the caption's nearest pictures.

import { mount, pointerAt, pointing } from "../../app/kit/glass.js";
import { paragraphs } from "../../app/kit/paragraphs.js";
import { say } from "../../app/kit/say.js";
import { clamp, css, h, heat, heatImage, inLines, label, num, unpack } from "../../app/kit/shapes.js";
import { isPhone } from "../../app/kit/widths.js";

/**
 * @import { Stage, View } from "../../app/kit/glass.js"
 * @import { Packed, Shapes, Unpacked } from "../../app/kit/shapes.js"
 *
 * What space.py sends: N pictures and their N captions; the learner's own drawing is one row more, the own text one column.
 * @typedef {object} Data
 * @property {string} stamp
 * @property {number} count N
 * @property {Packed<"u8">} images (rows, 12, 24), 0 for paper to 16 for ink
 * @property {number[]} numbers of the pictures, among those held out
 * @property {string[]} captions by column
 * @property {Packed} cosines (rows, columns)
 * @property {[row: number, column: number, kind: 0 | 1][]} missed where a wrong caption (0) or a wrong picture (1) is nearest
 * @property {[row: number, column: number]} first that is looked at
 * @property {string[]} told
 *
 * @typedef {{sel: {imaged: number, worded: number}, cosines: Unpacked, images: Unpacked<"u8">, hover?: [number, number] | null, listening?: boolean}} Kept
 * @typedef {{shown: Data, map: Layout}} Shown what is on the screen, for the listeners
 *
 * The map in pixels: `place` tells where a row or a column begins and how thick it is, `find` which one lies there (-1: none).
 * @typedef {{phone: boolean, cell: number, edge: number, x: number, y: number, size: number, place: (i: number) => [from: number, thick: number], find: (v: number, many: number) => number}} Layout
 * @typedef {{x: number, y: number, w: number, stack: boolean}} Box stack: the two lists below each other
 */

const NEAR = 5; // of either list
const LIST = 252; // narrower, and the captions of a list are cut off: the two stand below each other
const APART = 5; // pixels between the gallery and what is the learner's own

/** @param {Data} data @param {Kept} local @param {number} r @param {number} c */
const cosineAt = (data, local, r, c) => local.cosines[r * data.captions.length + c];
/** @param {Data} data @param {Kept} local */
const chosenRow = (data, local) =>
  local.hover?.[0] ??
  clamp(local.sel.imaged < 0 ? data.first[0] : local.sel.imaged, 0, data.images.shape[0] - 1);
/** @param {Data} data @param {Kept} local */
const chosenColumn = (data, local) =>
  local.hover?.[1] ??
  clamp(local.sel.worded < 0 ? data.first[1] : local.sel.worded, 0, data.captions.length - 1);
/** @param {number[]} values */
const order = (values) =>
  values
    .map((value, i) => [value, i])
    .sort((a, b) => b[0] - a[0])
    .slice(0, NEAR)
    .map(([, i]) => i);
/** @param {Data} data @param {Kept} local @param {number} r */
const nearCaptions = (data, local, r) =>
  order(data.captions.map((_, c) => cosineAt(data, local, r, c)).slice(0, data.count));
/** @param {Data} data @param {Kept} local @param {number} c */
const nearImages = (data, local, c) =>
  order(
    Array.from({ length: data.images.shape[0] }, (_, r) => cosineAt(data, local, r, c)).slice(0, data.count),
  );
/** @param {Data} data @param {number} r */
const nameOf = (data, r) =>
  r < data.count ? say("picture {number}", { number: data.numbers[r] }) : say("your drawing");

/** @param {Stage} g @param {Kept} local @param {number} r @param {number} x @param {number} y @param {number} w */
function thumb(g, local, r, x, y, w) {
  const [tall, wide] = local.images.shape.slice(1);
  const values = local.images.slice(r * tall * wide, (r + 1) * tall * wide);
  return [
    heatImage(
      x,
      y,
      w,
      w / 2,
      heat(values, tall, wide, (v) => g.sequentialRgb(v, 16, "ink", "field")),
    ),
    h("rect", { x, y, width: w, height: w / 2, rx: 2, fill: "none", stroke: css("line") }),
  ];
}

/**
 * The map's geometry: where a row or a column stands; own ones are thick and apart.
 * @param {number} width @param {Pick<Data, "count">} data
 * @returns {Layout}
 */
export function planMap(width, data) {
  const phone = isPhone(width);
  const cell = phone ? Math.max(2, Math.floor((width - 40) / data.count)) : 4;
  const own = 10;
  const edge = cell * data.count;
  /** @type {Layout["place"]} */
  const place = (i) => (i < data.count ? [i * cell, cell] : [edge + APART, own]);
  return {
    phone,
    cell,
    edge,
    x: 0,
    y: 38,
    place,
    find: (v, many) =>
      v < edge
        ? clamp(Math.floor(v / cell), 0, data.count - 1)
        : many > data.count && v > edge + APART / 2
          ? data.count
          : -1,
    size: edge + APART + own,
  };
}

/** @param {Stage & Shown} g @param {Kept} local */
function listenMap(g, local) {
  if (local.listening) return;
  local.listening = true;
  /** @param {MouseEvent} event */
  const under = (event) => {
    const [x, y] = pointerAt(g, event);
    const [data, map] = [g.shown, g.map];
    if (x < map.x || y < map.y || x > map.x + map.size || y > map.y + map.size) return null;
    const [r, c] = [map.find(y - map.y, data.images.shape[0]), map.find(x - map.x, data.captions.length)];
    return r < 0 || c < 0 ? null : [r, c];
  };
  pointing(g, local, under);
  g.svg.addEventListener("click", (event) => {
    const hit = under(event);
    const set = /** @type {HTMLElement | null} */ (
      /** @type {Element} */ (event.target).closest("[data-caption], [data-image]")
    )?.dataset;
    if (hit) {
      local.hover = null;
      g.select({ imaged: hit[0], worded: hit[1] });
    } else if (set?.caption !== undefined) g.select({ worded: Number(set.caption) });
    else if (set?.image !== undefined) g.select({ imaged: Number(set.image) });
  });
}

/** @param {Stage} g @param {Data} data @param {Kept} local @param {Layout} map */
function drawMap(g, data, local, map) {
  const [r, c] = [chosenRow(data, local), chosenColumn(data, local)];
  const [rows, columns] = [data.images.shape[0], data.captions.length];
  g.part("map head", [map.edge], () => [
    label(0, 12, say("{count} pictures and {count} captions, as rows and columns", { count: data.count }), {
      weight: 600,
      fill: "ink",
      size: 13.5,
    }),
    label(0, 29, say("Green: near each other. Its own caption stands on the diagonal"), { fill: "ink3" }),
  ]);
  /** @param {number} r0 @param {number} r1 @param {number} c0 @param {number} c1 */
  const block = (r0, r1, c0, c1) => {
    const values = [];
    for (let i = r0; i < r1; i++) for (let j = c0; j < c1; j++) values.push(cosineAt(data, local, i, j));
    const [x, w] = [map.place(c0)[0], c1 > data.count ? map.place(c0)[1] : map.edge];
    const [y, tall] = [map.place(r0)[0], r1 > data.count ? map.place(r0)[1] : map.edge];
    return heatImage(
      map.x + x,
      map.y + y,
      w,
      tall,
      heat(values, r1 - r0, c1 - c0, (v) => g.signedRgb(v, 1)),
    );
  };
  const n = data.count;
  g.part("map", [map.cell, rows, columns], () => [
    block(0, n, 0, n),
    columns > n && block(0, n, n, n + 1),
    rows > n && block(n, n + 1, 0, n),
    rows > n && columns > n && block(n, n + 1, n, n + 1),
    data.missed.map(([i, j, kind]) =>
      h("circle", {
        cx: map.x + (j + 0.5) * map.cell,
        cy: map.y + (i + 0.5) * map.cell,
        r: 3.2,
        fill: "none",
        stroke: css("accent"),
        "stroke-width": 1.5,
        "stroke-dasharray": kind ? "1.5 1.5" : null,
        "data-missed": `${i},${j}`,
      }),
    ),
  ]);
  g.part("cross", [map.cell, r, c], () => {
    const [[y, tall], [x, w]] = [map.place(r), map.place(c)];
    /** @param {{x: number, y: number, width: number, height: number}} a */
    const line = (a) =>
      h("rect", { ...a, fill: "none", stroke: css("accent"), "stroke-width": 1, "pointer-events": "none" });
    return [
      line({ x: map.x - 1, y: map.y + y - 0.5, width: map.size, height: tall + 1 }),
      line({ x: map.x + x - 0.5, y: map.y - 1, width: w + 1, height: map.size }),
    ];
  });
  const under = [
    columns > n ? say("last column: your text") : "",
    rows > n ? say("last row: your drawing") : "",
  ]
    .filter(Boolean)
    .join("; ");
  const foot = inLines(
    [say("where a wrong caption, or (dotted) a wrong picture, is nearest"), under].filter(Boolean).join("; "),
    (map.phone ? g.width : map.size + 20) - 14,
  );
  g.part("map foot", [map.size, foot, data.missed.length], () => [
    h("circle", {
      cx: 5,
      cy: map.y + map.size + 14,
      r: 3.2,
      fill: "none",
      stroke: css("accent"),
      "stroke-width": 1.5,
    }),
    foot.map((text, i) => label(14, map.y + map.size + 18 + 15 * i, text, { fill: "ink3" })),
  ]);
  return map.y + map.size + 11 + 15 * foot.length;
}

/** @param {Stage} g @param {Data} data @param {Kept} local @param {Box} box */
function drawLists(g, data, local, box) {
  const [r, c] = [chosenRow(data, local), chosenColumn(data, local)];
  const half = box.stack ? box.w : Math.floor((box.w - 24) / 2);
  const bar = 46;
  const y = box.y;
  g.part("captions", [box, r], () => {
    const name = nameOf(data, r);
    /** @type {Shapes[]} */
    const out = [
      label(box.x, y + 12, say("The captions nearest to {name}", { name }), {
        weight: 600,
        fill: "ink",
        size: 13.5,
      }),
      thumb(g, local, r, box.x, y + 22, 144),
    ];
    nearCaptions(data, local, r).forEach((j, k) => {
      const top = y + 116 + 40 * k;
      const right = r < data.count ? j === r : null;
      const said = inLines(data.captions[j], half - bar - 40);
      out.push(
        h(
          "g",
          { class: "gb-hot", "data-caption": j },
          h("rect", { x: box.x, y: top - 14, width: half, height: 36, fill: "transparent" }),
          h("rect", {
            x: box.x,
            y: top - 6,
            width: Math.max(1, bar * cosineAt(data, local, r, j)),
            height: 6,
            fill: css(right ? "pos" : "res"),
          }),
          label(box.x, top + 14, num(cosineAt(data, local, r, j)), { mono: true, fill: "ink3" }),
          said.slice(0, 2).map((text, i) => label(box.x + bar + 22, top + 4 + 15 * i, text, { fill: "ink" })),
          right && label(box.x + bar + 6, top + 5, "✓", { fill: "v-ink", weight: 700, size: 14 }),
        ),
      );
    });
    return out;
  });
  const [x2, y2] = box.stack ? [box.x, y + 116 + 40 * NEAR + 10] : [box.x + half + 24, y];
  g.part("images", [box, c], () => {
    const own = c >= data.count;
    const said = inLines(
      own
        ? say("The pictures nearest to your text, “{caption}”", { caption: data.captions[c] })
        : say("The pictures nearest to “{caption}”", { caption: data.captions[c] }),
      half,
      13.5,
    ).slice(0, 3);
    /** @type {Shapes[]} */
    const out = said.map((text, i) =>
      label(x2, y2 + 12 + 18 * i, text, { weight: 600, fill: "ink", size: 13.5 }),
    );
    nearImages(data, local, c).forEach((i, k) => {
      const top = y2 + 62 + 52 * k;
      const right = own ? data.captions[i] === data.captions[c] || null : i === c;
      const true0 = inLines(data.captions[i], half - 110);
      out.push(
        h(
          "g",
          { class: "gb-hot", "data-image": i },
          h("rect", { x: x2, y: top, width: half, height: 46, fill: "transparent" }),
          thumb(g, local, i, x2, top, 88),
          label(x2 + 98, top + 12, `${num(cosineAt(data, local, i, c))}${right ? "  ✓" : ""}`, {
            mono: true,
            fill: right ? "v-ink" : "ink3",
            weight: right ? 700 : null,
          }),
          true0.slice(0, 2).map((text, n) => label(x2 + 98, top + 28 + 14 * n, text, { fill: "ink2" })),
        ),
      );
    });
    return out;
  });
  return y2 + 62 + 52 * NEAR;
}

/** @type {View<Data, Kept, Shown>} */
const space = {
  init(data, local, before) {
    const hover = before?.stamp === data.stamp ? local.hover : null;
    return { cosines: unpack(data.cosines), images: unpack(data.images), hover };
  },

  draw(g, data, local) {
    g.shown = data;
    g.map = planMap(g.width, data);
    listenMap(g, local);
    const below = drawMap(g, data, local, g.map);
    const room = g.width - g.map.size - 36;
    const box = g.map.phone
      ? { x: 0, y: below + 16, w: g.width, stack: true }
      : { x: g.map.size + 36, y: 0, w: room, stack: room < 2 * LIST + 24 };
    const lists = drawLists(g, data, local, box);
    const y = g.map.phone ? lists : Math.max(below, lists);
    g.height = paragraphs(g, "told", { x: 0, y, w: Math.min(g.width, 860) }, data.told) + 4;
  },

  key(event, g, data, local) {
    const move = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] }[event.key];
    if (move) {
      const [r, c] = [chosenRow(data, local), chosenColumn(data, local)];
      local.hover = null;
      g.select({
        imaged: clamp(r + move[0], 0, data.images.shape[0] - 1),
        worded: clamp(c + move[1], 0, data.captions.length - 1),
      });
    } else if (event.key === "Escape") {
      if (local.sel.imaged < 0 && local.sel.worded < 0) return false;
      g.select({ imaged: -1, worded: -1 });
    } else return false;
    return true;
  },

  describe(data, local) {
    const [r, c] = [chosenRow(data, local), chosenColumn(data, local)];
    return `${data.told.join(" ")} ${nameOf(data, r)}: ${nearCaptions(data, local, r)
      .map((j) => `${data.captions[j]} ${num(cosineAt(data, local, r, j))}`)
      .join("; ")}. “${data.captions[c]}”: ${nearImages(data, local, c)
      .map((i) => `${nameOf(data, i)} ${num(cosineAt(data, local, i, c))}`)
      .join("; ")}.`;
  },

  state(data, local) {
    const [r, c] = [chosenRow(data, local), chosenColumn(data, local)];
    return {
      tokens: data.captions,
      row: r,
      column: c,
      rows: data.images.shape[0],
      columns: data.captions.length,
      cosine: cosineAt(data, local, r, c),
      captions: nearCaptions(data, local, r),
      images: nearImages(data, local, c),
      missed: data.missed.length,
      told: data.told,
      hover: local.hover ?? null,
    };
  },
};

export default mount("multimodal_space", space);
