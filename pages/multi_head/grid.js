// The grid: every head of every block as a small map, with its name and what it does.

import { counted } from "../../app/kit/counts.js";
import { say, sayOf } from "../../app/kit/say.js";
import { MONO, clamp, css, firstFit, fit, h, html, label, measure, num } from "../../app/kit/shapes.js";
import {
  allMeasured,
  blockOf,
  blockTile,
  headOf,
  kindsOf,
  nameOf,
  offSet,
  orderedBy,
  roleOf,
  rowOf,
  tile,
} from "./layout.js";

/**
 * @import { Shapes } from "../../app/kit/shapes.js"
 * @import { Data, HeadsStage, Local } from "./figure.js"
 * @import { BlockGrid, Layout } from "./layout.js"
 */

/**
 * All maps as one image of twice the grid's pixels; drawn again only for other maps, sizes or colours.
 * @param {HeadsStage} g @param {Data} data @param {Local} local @param {Layout} at
 */
function sprite(g, data, local, at) {
  const { grid } = at;
  const key = JSON.stringify([local.mapsStamp, g.dark, grid]);
  if (local.sprite?.key === key) return local.sprite;
  const [T, S, L, H] = [data.rows.length, data.cols.length, data.blocks, data.heads];
  const [w, hgt] = [grid.w, grid.end - grid.top].map((v) => Math.ceil(v));
  const sheet = Object.assign(document.createElement("canvas"), { width: 2 * w, height: 2 * hgt });
  const one = Object.assign(document.createElement("canvas"), { width: S, height: T });
  const [draw, dot] = [sheet, one].map(
    (canvas) => /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d")),
  );
  // Of many tokens each gets little: there the pale end is stretched, the same for all heads.
  const bend = clamp(1 - (S - 12) / 60, 0.5, 1);
  const shades = Array.from({ length: 256 }, (_, v) => g.sequentialRgb((v / 255) ** bend, 1));
  const image = dot.createImageData(S, T);
  image.data.fill(255);
  draw.imageSmoothingEnabled = Math.max(T, S) > 2 * grid.size;
  draw.imageSmoothingQuality = "high";
  const [mw, mh] = mapSize(grid.size, T, S);
  for (let i = 0; i < L * H; i++) {
    const to = tile(at, Math.floor(i / H), i % H);
    if (!to) continue;
    const from = i * T * S;
    for (let k = 0; k < T * S; k++) image.data.set(shades[local.maps[from + k]], 4 * k);
    dot.putImageData(image, 0, 0);
    draw.drawImage(one, 2 * (to.x - grid.left), 2 * (to.y - grid.top), 2 * mw, 2 * mh);
  }
  local.sprite = { key, w, h: hgt, url: sheet.toDataURL() };
  return local.sprite;
}
/**
 * A map keeps square cells: the longer side fills the tile.
 * @param {number} size @param {number} T @param {number} S
 */
const mapSize = (size, T, S) => [
  Math.max(4, size * Math.min(1, S / T)),
  Math.max(4, size * Math.min(1, T / S)),
];

/** @param {HeadsStage} g @param {Data} data @param {Local} local @param {Layout} at */
export function drawGrid(g, data, local, at) {
  const { grid } = at;
  const [T, S] = [data.rows.length, data.cols.length];
  const [mw, mh] = mapSize(grid.size, T, S);
  const total = data.blocks * data.heads;
  const title = total === 1 ? say("The only head") : say("All {heads}", { heads: counted(total, "head") });
  g.part("grid", [grid, orderedBy(data, local)], () => {
    const sheet = sprite(g, data, local, at);
    /** @type {Shapes[]} */
    const out = [
      label(0, 12, title, { fill: "ink", weight: 600 }),
      h("image", {
        x: grid.left,
        y: grid.top,
        width: sheet.w,
        height: sheet.h,
        href: sheet.url,
        preserveAspectRatio: "none",
      }),
    ];
    if (!grid.large && !grid.order) out.push(gridLabels(data, grid, mw, mh));
    const counts = new Map(kindsOf(data).map(({ name, count }) => [name, count]));
    let kind = "";
    for (const i of grid.order ?? data.roles.keys()) {
      const first =
        orderedBy(data, local) === "kind" &&
        data.roles[i].name !== kind &&
        (counts.get(data.roles[i].name) ?? 0) > 1; // of its kind
      const [block, head] = [Math.floor(i / data.heads), i % data.heads];
      const to = tile(at, block, head);
      if (to) out.push(drawTile(data, at, to, block, head, mw, mh, first));
      kind = data.roles[i].name;
    }
    return out;
  });
  g.part("grid hint", [grid, local.sel.off], () => {
    const off = offSet(data, local);
    const first = Math.min(...[...off].map((name) => Number(name.split(".")[0])));
    const later = Array.from({ length: total }, (_, i) => i).some(
      (i) =>
        Math.floor(i / data.heads) > first && !off.has(`${Math.floor(i / data.heads)}.${i % data.heads}`),
    );
    const gone =
      off.size === 1
        ? say("without {head}", { head: `L${[...off][0].replace(".", "H")}` })
        : say("without the {heads} that are off", { heads: counted(off.size, "head") });
    const without = later ? `${gone}: ${say("later heads read differently")}` : gone;
    const touch = at.phone || window.matchMedia("(pointer: coarse)").matches;
    const how = data.cross ? say("row reads column, the encoder’s tokens") : say("row reads column");
    const x = measure(title, 12, false) * 1.07 + 12;
    const room = at.phone ? g.width - x : at.bar ? at.width - ORDER - x - 12 : at.panel.x - x - 4;
    const press = touch ? say("tap one to choose it") : say("click one");
    const hint =
      [
        [how, press, say("blocks and heads count from 0")],
        [how, press, say("counted from 0")],
        [how, press],
      ]
        .map((words) => words.join("; "))
        .find((one) => measure(one, 12, false) * 1.04 < room) ?? how;

    const text =
      off.size === total
        ? say("all heads off: what they read goes nowhere")
        : off.size
          ? without
          : total === 1
            ? how
            : hint;
    return label(x, 12, fit(text, room, 12, false), { fill: off.size ? "accent" : "ink3" });
  });
  drawMarks(g, data, local, at, mw, mh);
}

/**
 * Names over the columns and beside the rows; a line over the columns of heads that share keys and values.
 * @param {Data} data @param {BlockGrid} grid @param {number} mw @param {number} mh
 */
function gridLabels(data, grid, mw, mh) {
  const out = [];
  const every = [1, grid.per].find((step) => step * grid.dx >= 26) ?? Math.ceil(26 / grid.dx);
  const down = Math.ceil(13 / grid.dy);
  for (let first = 0; first < data.blocks; first += grid.rows) {
    const shared = grid.per > 1;
    for (let i = 0; i < data.heads; i += every)
      out.push(
        label(blockTile(grid, first, i).x + mw / 2, grid.top - (shared ? 9 : 5), `H${i}`, {
          anchor: "middle",
          fill: "ink3",
        }),
      );
    for (let i = 0; shared && i < data.heads; i += grid.per) {
      out.push(
        h("path", {
          d: `M${blockTile(grid, first, i).x},${grid.top - 4}H${blockTile(grid, first, i + grid.per - 1).x + mw}`,
          stroke: css("k"),
          "stroke-width": 1.5,
          "data-keys": i / grid.per,
        }),
      );
    }
    for (let l = first; l < Math.min(data.blocks, first + grid.rows); l += down) {
      const { x, y } = blockTile(grid, l, 0);
      out.push(label(x - 6, y + Math.min(mh / 2 + 4, 15), `L${l}`, { anchor: "end", fill: "ink3" }));
    }
  }
  return out;
}

/**
 * @param {Data} data @param {Layout} at @param {{x: number, y: number}} to @param {number} block @param {number} head @param {number} mw
 * @param {number} mh @param {boolean} first
 */
function drawTile(data, at, { x, y }, block, head, mw, mh, first) {
  const role = roleOf(data, block, head);
  /** @type {Shapes[]} */
  const out = [
    h("rect", {
      x: x + 0.5,
      y: y + 0.5,
      width: mw - 1,
      height: mh - 1,
      rx: 2,
      fill: "none",
      stroke: css("line"),
    }),
  ];
  if (at.grid.large) {
    const room = at.grid.dx - 8;
    out.push(
      label(x, y + mh + 14, nameOf(block, head), { weight: 600, fill: "ink" }),
      label(
        x + Math.max(40, 1.07 * measure(nameOf(block, head), 12, false) + 7),
        y + mh + 14,
        role.score === null ? "" : num(role.score, 2),
        { mono: true, fill: "ink3" },
      ),
      label(x, y + mh + 28, firstFit([role.name, role.short || role.name], room), {
        fill: role.short ? "att-ink" : "ink3",
      }),
    );
  } else if ((at.grid.size >= 27 && role.short) || (first && at.grid.size >= 14)) {
    out.push(
      label(x + mw - 2, y + 11, role.short || sayOf("brief", "mix"), {
        anchor: "end",
        fill: "ink",
        "paint-order": "stroke",
        stroke: css("bg"),
        "stroke-width": 3,
        "stroke-linejoin": "round",
      }),
    );
  }
  return out;
}

/**
 * What changes with the hand: the chosen head's frame, the followed row, heads that are off, roles that are asked for.
 * @param {HeadsStage} g @param {Data} data @param {Local} local @param {Layout} at @param {number} mw
 * @param {number} mh
 */
function drawMarks(g, data, local, at, mw, mh) {
  const [block, head] = [blockOf(data, local), headOf(data, local)];
  const row = rowOf(data, local);
  g.part("row ticks", [at.grid, row], () => {
    if (mh < 12) return null;
    const d = [];
    for (let i = 0; i < data.blocks * data.heads; i++) {
      const to = tile(at, Math.floor(i / data.heads), i % data.heads);
      if (!to) continue;
      const { x, y } = to;
      const middle = y + ((row + 0.5) * mh) / data.rows.length;
      d.push(at.grid.large ? `M${x - 5},${middle - 3.5}l4,3.5l-4,3.5z` : `M${x - 2},${middle}h4`);
    }
    return h("path", {
      d: d.join(""),
      fill: at.grid.large ? css("accent") : "none",
      stroke: at.grid.large ? "none" : css("accent"),
      "stroke-width": 1.5,
    });
  });
  g.part("off tiles", [at.grid, local.sel.off], () =>
    [...offSet(data, local)].map((name) => {
      const [l, i] = name.split(".").map(Number);
      const to = l < data.blocks && i < data.heads ? tile(at, l, i) : null;
      if (!to) return null;
      const { x, y } = to;
      return [
        h("rect", { x, y, width: mw, height: mh, fill: css("bg"), opacity: 0.78 }),
        h("path", {
          d: `M${x + 2},${y + mh - 2}L${x + mw - 2},${y + 2}`,
          stroke: css("accent"),
          "stroke-width": 1.5,
        }),
        mw >= 27 &&
          label(x + mw / 2, y + mh / 2 + 4, sayOf("head", "off"), {
            anchor: "middle",
            weight: 600,
            fill: "accent",
            "paint-order": "stroke",
            stroke: css("bg"),
            "stroke-width": 4,
          }),
      ];
    }),
  );
  const asked = local.role ?? local.pinned ?? null;
  g.part(
    "dim",
    [at.grid, asked],
    () =>
      asked &&
      data.roles.map((role, i) => {
        const to = role.name === asked ? null : tile(at, Math.floor(i / data.heads), i % data.heads);
        if (!to) return null;
        const { x, y } = to;
        return h("rect", {
          x: x - 6,
          y: y - 1,
          width: at.grid.large ? at.grid.dx : mw + 7,
          height: at.grid.large ? at.grid.dy - 1 : mh + 2,
          fill: css("bg"),
          opacity: 0.76,
        });
      }),
  );
  const peek = local.peek;
  g.part("chosen tile", [at.grid, block, head, peek], () => {
    const frame = (/** @type {number} */ l, /** @type {number} */ i, /** @type {number} */ width) => {
      const to = tile(at, l, i);
      if (!to) return null;
      const { x, y } = to;
      return h("rect", {
        x: x - 1,
        y: y - 1,
        width: mw + 2,
        height: mh + 2,
        rx: 3,
        fill: "none",
        stroke: css("accent"),
        "stroke-width": width,
      });
    };
    const own = tile(at, block, head);
    return [
      frame(block, head, 2.5),
      peek && frame(peek.block, peek.head, 1.2),
      own &&
        at.grid.large &&
        label(own.x, own.y + mh + 14, nameOf(block, head), {
          weight: 700,
          fill: "accent",
          "paint-order": "stroke",
          stroke: css("bg"),
          "stroke-width": 3,
        }),
    ];
  });
}

/**
 * The roles over the grid: how many heads do what; pointing at one dims the others.
 * @param {HeadsStage} g @param {Local} local @param {Layout} at
 */
export function drawRoles(g, local, at) {
  g.part("roles", [at.lines, local.pinned ?? null, local.role ?? null], () =>
    at.lines.map((line, k) =>
      line.map((role) => {
        const on = (local.role ?? local.pinned) === role.name;
        return h(
          "text",
          {
            x: role.x,
            y: 31 + at.bar + 17 * k,
            "font-size": 12,
            class: "gb-hot",
            "data-role": role.name,
            fill: css(on ? "accent" : role.short ? "att-ink" : "ink3"),
            "text-decoration": on ? "underline" : null,
          },
          role.text,
          h("tspan", { "font-family": MONO, fill: css(on ? "accent" : "ink2") }, role.count),
        );
      }),
    ),
  );
}

const ORDER = 206; // the width of its buttons
/**
 * Many heads can be put in another order: by block, by kind, by effect.
 * @param {HeadsStage} g @param {Data} data @param {Local} local @param {Layout} at
 */
export function drawOrder(g, data, local, at) {
  if (!at.bar) return;
  const names = { block: say("By block"), kind: say("By kind"), effect: say("By effect") };
  const pick = (/** @type {string} */ order) =>
    g.select({ order, ...(order === "effect" && !allMeasured(g.data) ? { panel: "effect", tour: -1 } : {}) });
  const box = at.phone
    ? { left: 0, top: 20, width: at.width, height: 44 }
    : { left: at.width - ORDER, top: 0, width: ORDER, height: 24 };
  g.overlay(
    "order",
    box,
    () =>
      html(
        "div",
        { class: "mh-panels mh-order", role: "group", "aria-label": say("Order of the heads") },
        Object.entries(names).map(([order, name]) =>
          html("button", { type: "button", "data-order": order, onclick: () => pick(order) }, name),
        ),
      ),
    (node) => {
      const buttons = [...node.querySelectorAll("button")];
      for (const button of buttons)
        button.setAttribute("aria-pressed", String(button.dataset.order === orderedBy(data, local)));
      buttons[2].title = allMeasured(data)
        ? say("The heads whose absence changes the prediction most come first")
        : say("Their effects have to be measured first");
    },
  );
}
