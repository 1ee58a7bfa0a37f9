// All heads of a model side by side; one of them large: what it reads, why, what it adds, and what depends on it.
// layout.js says what stands where; grid.js draws all heads, reads.js and writes.js the chosen one; here are the foot, the
// steps that lead through the panels, and what pointer and keys do.

import { counted } from "../../app/kit/counts.js";
import { mount, pointerAt } from "../../app/kit/glass.js";
import { say } from "../../app/kit/say.js";
import {
  MONO,
  clamp,
  css,
  fit,
  h,
  html,
  label,
  measure,
  num,
  percent,
  shareBar,
  tokenSpans,
  unpack,
  visible,
} from "../../app/kit/shapes.js";
import { stepKey, stepMode } from "../../app/kit/steps.js";
import { drawGrid, drawOrder, drawRoles } from "./grid.js";
import {
  PANELS,
  PANEL_NAMES,
  allMeasured,
  argmax,
  blockOf,
  colOf,
  headOf,
  isOpen,
  nameOf,
  offSet,
  orderOf,
  orderedBy,
  panelOf,
  plan,
  roleOf,
  rowOf,
  shownHead,
  tile,
  tileAt,
  weightsOf,
} from "./layout.js";
import { drawHeader, drawLines, drawMap, drawPair } from "./reads.js";
import { addedOf, drawEffect, drawJoin, length, partName, partial, partsOf } from "./writes.js";

/**
 * @import { Local as Kept, PointBox, Stage } from "../../app/kit/glass.js"
 * @import { Packed, Unpacked } from "../../app/kit/shapes.js"
 * @import { Steps } from "../../app/kit/steps.js"
 * @import { Layout, PanelName } from "./layout.js"
 * @import { LinesAt, MapAt, PairAt } from "./reads.js"
 * @import { EffectAt, JoinAt } from "./writes.js"
 *
 * What Python sends (`record` in figure.py): all L blocks of H heads over T rows, which ask, and S columns, which answer. The
 * chosen head comes with exact arrays, K numbers a head and D a token, all others with maps in 256 steps.
 * @typedef {object} Data
 * @property {"self" | "cross" | "encoder"} kind
 * @property {"" | "c" | "e"} mark that the kind has in texts of heads that are off
 * @property {boolean} cross rows and columns are tokens of two texts
 * @property {boolean} causal
 * @property {Token[]} rows
 * @property {Token[]} cols
 * @property {number} blocks L
 * @property {number} heads H
 * @property {number} kvHeads fewer where heads share keys and values
 * @property {number} home the row that predicts
 * @property {number} block of the chosen head
 * @property {number} head
 * @property {string} mapsStamp under the same one the maps are the same
 * @property {Packed<"u8">} maps (L, H, T, S), 255 is 1
 * @property {Role[]} roles head by head, block by block
 * @property {string[]} scoreNames
 * @property {string[]} scoreShort
 * @property {string[]} scoreBrief for little room
 * @property {string[]} scoreTips
 * @property {number[]} scoreRows how many tokens each score is a mean over
 * @property {number} sharing how many of the scores are parts of the attention
 * @property {(number | null)[][]} scores of each head, 0 to 1; null: no such token in the text
 * @property {Arrays<Packed, Packed<"u8">>} arrays
 * @property {string} factorText "÷ √8"
 * @property {{block: number, row: number, biased: boolean, shares: number[], norms: number[]}} join each head's share of the
 *   block's output and its length, then the bias's
 * @property {{label: string, after: string, tokens: Likely[], changed: boolean}} next
 * @property {(Measured | Unmeasured) & {running: boolean}} effect
 *
 * @typedef {{text: string, id: number, special: boolean}} Token
 * @typedef {{text: string, id: number, before: number, after: number}} Likely a next token's probability, with all heads and as shown
 * @typedef {{name: string, short: string, score: number | null, by: string, on: string, means: string, was: string}} Role what a
 *   head does, the score that says so and its column, what it rests on; was: what it does while no head is off
 * @typedef {{change: (number | null)[][], weight: number[][], measured: number, where: string, token: string, before: number,
 *   row: number, seconds: number, largest: [block: number, head: number] | null, unsaid?: undefined,
 *   reader: [block: number, head: number, col: number, before: number, after: number] | null}} Measured change of the token's
 *   log probability with each head off (L, H; null: to come), the most that each head's row gives to one token, the head that
 *   matters most and a later one that reads otherwise without it
 * @typedef {{change: null, weight: null, token: null, seconds: number, unsaid?: string, measured?: undefined, before?: undefined,
 *   largest?: undefined, reader?: undefined}} Unmeasured seconds that measuring takes, or why it cannot be measured
 */
/**
 * The chosen head: pattern, scaled, bias, allowed (T, S), q (T, K), k (S, K); of its block at the chosen row z (H, K), out (D),
 * vectors (H + 1, D), the last one the bias.
 * @template Floats
 * @template Bytes
 * @typedef {{pattern: Floats, q: Floats, k: Floats, scaled: Floats, bias?: Floats, z: Floats, out: Floats, vectors: Floats, allowed: Bytes}} Arrays
 */
/**
 * What the browser keeps: arrays and maps unpacked, what the pointer is over (hover: a row or column, peek: a head, role: a
 * kind of heads), the kind that is pinned, and where the open panel stands.
 * @typedef {Kept & {
 *   a: Arrays<Unpacked, Unpacked<"u8">>, maps: Unpacked<"u8">, mapsStamp?: string, hover: {row?: number, col?: number} | null,
 *   peek: Head | null, under: string | null, pinned: string | null, role?: string | null, tour: Steps, timer?: number | null,
 *   linesAt?: LinesAt, mapAt?: MapAt, pairAt?: PairAt, joinAt?: JoinAt, effectAt?: EffectAt, gap?: number | null,
 *   sprite?: {key: string, w: number, h: number, url: string}, listening?: boolean,
 * }} Local
 * @typedef {{block: number, head: number}} Head
 * @typedef {Stage & {data: Data, at: Layout}} HeadsStage
 * @typedef {{tile?: Head, row?: number, col?: number, part?: number}} Hit what lies under a point
 */

// ---------------------------------------------------------------- what is off, and what the model predicts

/** @param {HeadsStage} g @param {Data} data @param {Set<string>} names */
function setOff(g, data, names) {
  const parts = [];
  for (let l = 0; l < data.blocks; l++) {
    const line = Array.from({ length: data.heads }, (_, i) => `${l}.${i}`).filter((name) => names.has(name));
    parts.push(...(line.length === data.heads ? [`${l}.*`] : line).map((name) => data.mark + name));
  }
  g.select({ off: names.size === data.blocks * data.heads ? `${data.mark}*` : parts.join(" ") });
}
/**
 * Switches a group of heads off, or on again where all of it is off already.
 * @param {HeadsStage} g @param {Data} data @param {Local} local @param {string[]} names
 */
function toggle(g, data, local, names) {
  const off = offSet(data, local);
  const on = names.every((name) => off.has(name));
  for (const name of names)
    if (on) off.delete(name);
    else off.add(name);
  setOff(g, data, off);
}
/** @param {Data} data @param {Local} local */
function groups(data, local) {
  const [block, head] = [blockOf(data, local), headOf(data, local)];
  const row = (/** @type {number} */ l) => Array.from({ length: data.heads }, (_, i) => `${l}.${i}`);
  return [
    { key: "head", text: nameOf(block, head), names: [`${block}.${head}`] },
    { key: "block", text: say("Block {block}", { block }), names: row(block) },
    { key: "all", text: say("All"), names: Array.from({ length: data.blocks }, (_, l) => row(l)).flat() },
  ];
}

/** How much room the buttons take that switch heads off. @param {Data} data @param {Local} local */
function switchesWidth(data, local) {
  const words = [say("Switch off"), ...groups(data, local).map(({ text }) => text), say("Reset")];
  return Math.max(306, Math.ceil(words.reduce((all, word) => all + measure(word, 12, false), 4 * 22 + 28)));
}

/** @param {HeadsStage} g @param {Data} data @param {Local} local @param {Layout} at */
function drawFoot(g, data, local, at) {
  const wide = !at.phone;
  const y = at.foot;
  const { tokens, label: name, changed } = data.next;
  const after = data.next.after ? ` ${fit(visible(data.next.after), 90, 12)}` : "";
  if (!tokens.length) g.part("unsaid", [name], () => label(0, y + 25, name, { fill: "ink2" }));
  else
    g.door(
      "decoding",
      { left: -2, top: y + 9 },
      name + after,
      say("From probabilities to text: greedy, beam, sampling"),
    );
  const lead = wide ? 1.07 * measure(name + after, 12, false) + 42 : 0;
  const room = wide ? switchesWidth(data, local) : g.width;
  const buttons = wide ? room + 10 : 0;
  const n = wide
    ? Math.max(1, Math.min(tokens.length, Math.floor((g.width - lead - buttons) / (changed ? 146 : 112))))
    : 4;
  const per = wide ? Math.min(190, (g.width - lead - buttons) / n) : g.width / 2;
  g.part("next", [data.next], () => [
    h("path", { d: `M0,${y}H${g.width}`, stroke: css("line") }),
    tokens.slice(0, n).map((t, i) => {
      const x = wide ? lead + i * per : (i % 2) * per;
      const base = wide ? y + 7 : y + 38 + 28 * Math.floor(i / 2);
      const numbers = changed ? `${num(t.before, 3)} → ${num(t.after, 3)}` : num(t.after, 3);
      const bar = per - 14;
      return [
        h(
          "text",
          { x, y: base + 14, "font-family": MONO, "font-size": 13, fill: css("ink"), direction: "ltr" },
          tokenSpans(t.text, per - measure(numbers, 12, true) - 22),
        ),
        label(x + bar, base + 14, numbers, {
          anchor: "end",
          mono: true,
          fill: changed && t.after !== t.before ? "accent" : "ink2",
        }),
        h("rect", { x, y: base + 20, width: bar, height: 4, rx: 2, fill: css("field") }),
        changed && shareBar(x, base + 20, bar, 4, t.before, { fill: css("res"), opacity: 0.55 }),
        shareBar(x, base + (changed ? 21 : 20), bar, changed ? 2 : 4, t.after, {
          fill: css(changed ? "accent" : "res"),
        }),
      ];
    }),
  ]);
  const box = wide
    ? { left: g.width - room, top: y + 8, width: room, height: 30 }
    : { left: 0, top: y + 100, width: room };
  if (g.can.recompute)
    g.overlay(
      "switches",
      box,
      () => switches(g, local),
      (node) => {
        const off = offSet(data, local);
        const buttons = [...node.querySelectorAll("button")]; // one for each group, and Reset
        for (const [i, { text, names }] of groups(data, local).entries()) {
          const button = buttons[i];
          const all = names.every((part) => off.has(part));
          button.textContent = text;
          button.setAttribute("aria-pressed", String(all));
          button.setAttribute("aria-label", say("Switch {heads} off", { heads: text }));
        }
        buttons[3].disabled = off.size === 0 && local.sel.instead !== "mean";
      },
    );
}
/** @param {HeadsStage} g @param {Local} local */
function switches(g, local) {
  const press = (/** @type {string} */ key) => () => {
    const group = groups(g.data, local).find((one) => one.key === key);
    if (group) toggle(g, g.data, local, group.names);
    else g.select({ off: "", instead: "zero" });
  };
  return html(
    "div",
    { class: "mh-switches", role: "group", "aria-label": say("Heads that are off") },
    html("span", {}, say("Switch off")),
    ["head", "block", "all"].map((key) =>
      html("button", { type: "button", class: "gb-button mh-small", "data-off": key, onclick: press(key) }),
    ),
    html(
      "button",
      { type: "button", class: "gb-button mh-small", "data-off": "none", onclick: press("none") },
      say("Reset"),
    ),
  );
}

// ---------------------------------------------------------------- from step to step

/**
 * The steps in order: a panel, and in Join how many parts have been added.
 * @param {Data} data @returns {{panel: PanelName, name: string, added?: number}[]}
 */
function stepsOf(data) {
  /** @type {(panel: PanelName) => {panel: PanelName, name: string, added?: number}[]} */
  const of = (panel) => {
    if (panel !== "join") return [{ panel, name: PANEL_NAMES[panel] }];
    return Array.from({ length: partsOf(data) + 1 }, (_, i) => ({
      panel,
      added: i,
      name: i ? say("Add {part}", { part: partName(data, i - 1) }) : say("Concatenate"),
    }));
  };
  return PANELS.flatMap(of);
}
/**
 * Where the picture stands among the steps.
 * @param {Data} data @param {Local} local
 */
function stepAt(data, local) {
  const panel = panelOf(local);
  const added = panel === "join" ? addedOf(data, local) : undefined;
  return stepsOf(data).findIndex((s) => s.panel === panel && s.added === added);
}
/** @type {Record<PanelName, (data: Data, local: Local, added: number) => string>} */
const WORDS = {
  lines: (data, local) =>
    say(
      "Attention is the work of heads: each looks from every token, a word or a part of one, to others, in a way of its own. Each small map is a head; of the chosen one, {head}, the lines show where each token looks.",
      { head: nameOf(blockOf(data, local), headOf(data, local)) },
    ),
  map: () =>
    say(
      "The same as a map: the row is the token that looks, the column the one looked at, and the darker a cell, the more it looks there. Each row adds up to all of its attention.",
    ),
  pair: () =>
    say(
      "Why it looks there: the looking token has a row of numbers, its query, and the other one a key. They are multiplied, number by number, and added up: a high sum draws attention.",
    ),
  join: (data, _, added) =>
    added
      ? say(
          "{part} adds what it has read: {share} of what this block’s attention makes is there by now. At the end the sum is the very same numbers.",
          {
            part: partName(data, added - 1),
            share: percent(
              data.join.shares.slice(0, added).reduce((x, y) => x + y, 0),
              0,
            ),
          },
        )
      : say(
          "Each head brings what it has read. Laid end to end (concatenated) they go through one table of weights, which is the same as adding up what each head makes of it alone.",
        ),
  effect: () =>
    say(
      "Which head matters? Each is switched off in turn, and the chance of the next token is measured again; many are not missed, because others do the same.",
    ),
};
/** What a step shows. @param {Data} data @param {Local} local @param {number} step */
function captionOf(data, local, step) {
  const { panel, added = 0 } = stepsOf(data)[step];
  return WORDS[panel](data, local, added);
}
/** @param {Data} data @param {number} at */
function chosenBy(data, at) {
  const { panel, added = -1 } = stepsOf(data)[at];
  return { panel, added: added < partsOf(data) ? added : -1 };
}
/**
 * The steps of this text's block, kept while they are the same.
 * @param {Data} data @param {Local} local
 */
function tourOf(data, local) {
  const names = stepsOf(data).map((one) => one.name);
  if (local.tour?.names.join() === names.join()) return local.tour;
  return stepMode("tour", names, {
    along: (_, at) => {
      local.hover = null;
      return chosenBy(data, at);
    },
    leave: { panel: "lines", added: -1 },
  });
}

/** What a panel's numbers hang on, besides what the maps of all heads hold. @type {Record<PanelName, string[]>} */
const BOUND = { lines: [], map: [], pair: ["block", "head"], join: ["block", "row"], effect: ["row"] };

/**
 * The row of panels, and the way to the one head's own page.
 * @param {HeadsStage} g @param {Data} data @param {Local} local @param {Layout} at
 */
function drawButtons(g, data, local, at) {
  local.tour.bar(g, local, (now) => captionOf(data, local, now));
  const p = at.panel;
  g.overlay(
    "panels",
    { left: p.x, top: p.y, width: p.w, height: at.phone ? 44 : 30 },
    () =>
      html(
        "div",
        { class: "mh-panels", role: "group", "aria-label": say("View of the chosen head") },
        PANELS.map((name) =>
          html(
            "button",
            {
              type: "button",
              "data-panel": name,
              onclick: () => {
                local.hover = null;
                g.select({ panel: name, added: -1, tour: -1 });
              },
            },
            PANEL_NAMES[name],
          ),
        ),
      ),
    (node) => {
      for (const button of node.querySelectorAll("button"))
        button.setAttribute("aria-pressed", String(button.dataset.panel === panelOf(local)));
    },
  );
  if (g.can.visit)
    g.door(
      "attention",
      { left: p.x + p.w - 132, top: at.phone ? p.y + 44 : p.y + 4 },
      say("{head} step by step", { head: nameOf(blockOf(data, local), headOf(data, local)) }),
      say("This head from x to output"),
    );
}

// ---------------------------------------------------------------- pointer and keys

/**
 * What lies under a point of the grid or the open panel.
 * @param {Data} data @param {Local} local @param {Layout} at @param {number} x @param {number} y
 * @returns {Hit | null}
 */
function locate(data, local, at, x, y) {
  const tile = tileAt(data, at, x, y);
  if (tile) return { tile };
  const p = at.panel;
  if (x < p.x - 4 || y < p.top || y > p.bottom) return null;
  const inside = (/** @type {number} */ i, /** @type {number} */ n) => (i >= 0 && i < n ? i : undefined);
  switch (panelOf(local)) {
    case "lines": {
      const q = local.linesAt;
      if (!q) return null;
      if (x < q.left + 30)
        return some({ row: inside(Math.floor((y - q.top) / q.pitch[0]), data.rows.length) });
      if (x > q.right - 30)
        return some({ col: inside(Math.floor((y - q.top) / q.pitch[1]), data.cols.length) });
      return null;
    }
    case "map": {
      const q = local.mapAt;
      if (!q) return null;
      const row = inside(Math.floor((y - q.y) / q.tall), data.rows.length);
      const col = inside(Math.floor((x - q.x) / q.cell), data.cols.length);
      return row === undefined ? null : col === undefined ? (x < q.x ? { row } : null) : { row, col };
    }
    case "pair": {
      const q = local.pairAt;
      return q ? some({ col: inside(Math.floor((y - q.top) / q.pitch), data.cols.length) }) : null;
    }
    case "join": {
      const q = local.joinAt;
      const part = q && inside(Math.floor((y - q.top) / q.pitch), data.heads);
      return part === undefined ? null : { part };
    }
    default:
      return null;
  }
}
/**
 * The dot of the Effect panel nearest to a point, as {block, head}, if a finger could mean it.
 * @param {Data} data @param {Local} local @param {number} x @param {number} y
 */
function dotNear(data, local, x, y) {
  const q = local.effectAt;
  const { change, weight } = data.effect;
  if (panelOf(local) !== "effect" || !change || !weight || !q) return null;
  /** @type {Head | null} */
  let best = null;
  let least = 14;
  for (const [block, line] of change.entries()) {
    for (const [head, v] of line.entries()) {
      const far = v === null ? Infinity : Math.hypot(q.x(weight[block][head]) - x, q.y(v) - y);
      if (far < least) [best, least] = [{ block, head }, far];
    }
  }
  return best;
}
/** @param {Hit} found */
const some = (found) => (Object.values(found).some((v) => v !== undefined) ? found : null);

/** @param {HeadsStage} g @param {Local} local */
function listen(g, local) {
  if (local.listening) return;
  local.listening = true;
  const point = (/** @type {MouseEvent} */ event) => locate(g.data, local, g.at, ...pointerAt(g, event));
  const dotOf = (/** @type {MouseEvent} */ event) => dotNear(g.data, local, ...pointerAt(g, event));
  const roleAt = (/** @type {Event} */ { target }) =>
    (target instanceof Element ? target.closest("[data-role]")?.getAttribute("data-role") : null) ?? null;
  g.svg.addEventListener("pointermove", (event) => {
    if (event.pointerType === "touch") return;
    const found = point(event);
    const role = roleAt(event);
    const peek = dotOf(event) ?? found?.tile ?? null;
    const hover = found && !found.tile && found.part === undefined ? found : null;
    g.svg.style.cursor = found || peek || role ? "pointer" : "";
    const now = JSON.stringify([peek, hover, role]);
    if (now === local.under) return;
    local.under = now;
    Object.assign(local, { peek, hover, role });
    g.redraw();
  });
  g.svg.addEventListener("pointerleave", () => {
    if (!local.under) return;
    Object.assign(local, { peek: null, hover: null, role: null, under: null });
    g.redraw();
  });
  g.svg.addEventListener("click", (event) => {
    const role = roleAt(event);
    const dot = dotOf(event);
    const found = dot ? { tile: dot } : point(event);
    g.figure.focus({ preventScroll: true });
    if (role) {
      local.pinned = local.pinned === role ? null : role;
      g.redraw();
      return;
    }
    if (found) choose(g, g.data, local, found);
  });
  g.svg.addEventListener("dblclick", (event) => point(event)?.tile && g.visit("attention"));
}

/**
 * Makes a tile, a token or a part the chosen one; a row is the row on the other pages too.
 * @param {HeadsStage} g @param {Data} data @param {Local} local @param {Hit} found
 */
function choose(g, data, local, found) {
  /** @type {Record<string, number>} */
  const change = {};
  const to = found.tile ?? (found.part !== undefined ? { block: data.join.block, head: found.part } : null);
  if (to) Object.assign(change, to);
  if (found.row !== undefined && !to) Object.assign(change, followed(data, found.row));
  if (found.col !== undefined) change.col = found.col;
  local.peek = null;
  if (Object.keys(change).length) g.select(change);
}

/** What is chosen with a row: the one that predicts is none, and goes along with another text. @type {(data: Data, row: number) => {row: number, follow: number}} */
const followed = ({ home }, row) => (row === home ? { row: -1, follow: -1 } : { row, follow: row });

/** @param {HeadsStage} g @param {Data} data @param {Local} local @param {number} across @param {number} down */
function moveHead(g, data, local, across, down) {
  const { grid } = g.at;
  let block = clamp(blockOf(data, local) + down, 0, data.blocks - 1);
  let head = clamp(headOf(data, local) + across, 0, data.heads - 1);
  if (grid.order) {
    const slot = grid.slots[blockOf(data, local) * data.heads + headOf(data, local)];
    const to = grid.order[slot < 0 ? 0 : clamp(slot + across + down * grid.cols, 0, grid.order.length - 1)];
    [block, head] = [Math.floor(to / data.heads), to % data.heads];
  }
  local.peek = null;
  g.select({ block, head });
}
/** @param {HeadsStage} g @param {Data} data @param {Local} local @param {number} by */
function moveRow(g, data, local, by) {
  local.hover = null;
  const row = clamp(rowOf(data, local) + by, 0, data.rows.length - 1);
  g.select(followed(data, row));
}

// ---------------------------------------------------------------- the picture

/** @type {import("../../app/kit/glass.js").View<Data, Local, {data: Data, at: Layout}>} */
const heads = {
  init(data, local) {
    const { pattern, q, k, scaled, bias, allowed, z, out, vectors } = data.arrays;
    const a = {
      pattern: unpack(pattern),
      q: unpack(q),
      k: unpack(k),
      scaled: unpack(scaled),
      allowed: unpack(allowed),
      z: unpack(z),
      out: unpack(out),
      vectors: unpack(vectors),
      ...(bias && { bias: unpack(bias) }),
    };
    const maps = local.mapsStamp === data.mapsStamp ? local.maps : unpack(data.maps);
    const other = local.mapsStamp !== data.mapsStamp;
    const tour = tourOf(data, local);
    if (tour.told(local)) Object.assign(local.sel, chosenBy(data, tour.of(local))); // of a link that names the step alone
    return {
      a,
      maps,
      tour,
      mapsStamp: data.mapsStamp,
      ...(other ? { hover: null, peek: null, under: null, pinned: null } : {}),
    };
  },

  draw(g, data, local) {
    g.data = data;
    listen(g, local);
    const at = plan(g, data, local);
    g.at = at;
    g.height = at.height;
    const row = rowOf(data, local);
    drawGrid(g, data, local, at);
    drawRoles(g, local, at);
    drawOrder(g, data, local, at);
    drawHeader(g, data, local, at, row);
    const panel = panelOf(local);
    if (panel === "lines") drawLines(g, data, local, at, row);
    else if (panel === "map") drawMap(g, data, local, at, row);
    else if (panel === "pair") drawPair(g, data, local, at, row);
    else if (panel === "join") drawJoin(g, data, local, at);
    else drawEffect(g, data, local, at);
    drawFoot(g, data, local, at);
    drawButtons(g, data, local, at);
  },

  points(g, data) {
    const { at } = /** @type {HeadsStage} */ (g);
    const heads = Array.from({ length: data.blocks * data.heads }, (_, i) => [
      Math.floor(i / data.heads),
      i % data.heads,
    ]);
    return Object.fromEntries(
      heads.flatMap(([l, head]) => {
        const place = tile(at, l, head);
        return place
          ? [[`head ${l} ${head}`, /** @type {PointBox} */ ([place.x, place.y, at.grid.size, at.grid.size])]]
          : [];
      }),
    );
  },

  // Of one head there are queries and keys, of one row the sum of a block and the effects: a panel that shows them leads back
  // to those, and a choice beside them leads out of it.
  within({ off: _, instead: __, ...change }, data, local) {
    const sel = { ...local.sel, ...change };
    /** @type {Record<string, number>} */
    const there = { block: data.block, head: data.head, row: data.join.row };
    /** @type {Record<string, number>} */
    const now = { block: sel.block, head: sel.head, row: rowOf(data, { ...local, sel, hover: null }) };
    const bound = BOUND[panelOf({ sel })];
    if (bound.every((key) => now[key] === there[key])) return change;
    return "panel" in change
      ? { ...change, ...Object.fromEntries(bound.map((key) => [key, there[key]])) }
      : { ...change, panel: "lines", added: -1, tour: -1 };
  },

  key(event, g, data, local) {
    const dx = Number(event.key === "ArrowRight") - Number(event.key === "ArrowLeft");
    const dy = Number(event.key === "ArrowDown") - Number(event.key === "ArrowUp");
    const step = stepKey(event);
    if (step) local.tour.by(g, local, step);
    else if (dy && event.shiftKey) moveRow(g, data, local, dy);
    else if (dx || dy) moveHead(g, data, local, dx, dy);
    else if (event.key === " ") local.tour.play(g, local, !local.timer);
    else if (event.key === "Enter") g.visit("attention");
    else if (event.key === "o") toggle(g, data, local, groups(data, local)[0].names);
    else if (event.key === "Escape")
      local.tour.up(g, local, () => {
        if (panelOf(local) === "lines") return false;
        g.select({ panel: "lines", added: -1 });
        return true;
      });
    else if (/^[0-9]$/.test(event.key) && Number(event.key) < data.heads)
      g.select({ head: Number(event.key) });
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
    const does = role.score === null ? role.name : `${role.name} ${num(role.score, 2)} ${role.on}`;
    const shown = say("{heads} over {tokens}; {panel} of {head}: {does}.", {
      heads: counted(data.blocks * data.heads, "head"),
      tokens: counted(data.rows.length, "token"),
      panel: PANEL_NAMES[panelOf(local)],
      head: nameOf(block, head),
      does,
    });
    const shares = data.join.shares
      .slice(0, data.heads)
      .map((s, i) => `${partName(data, i)} ${num(s, 3)}`)
      .join(", ");
    return [
      local.tour.said(local, (now) => captionOf(data, local, now)) + shown,
      role.means,
      say("Row {row} {asking} reads {answering} most, {weight}.", {
        row,
        asking: visible(data.rows[row].text),
        answering: visible(data.cols[col].text),
        weight: num(weights[col], 3),
      }),
      ...(panelOf(local) === "join"
        ? [
            say("In block {block} the heads’ shares of the output are {shares}.", {
              block: data.join.block,
              shares,
            }),
          ]
        : []),
      ...(off.size ? [say("{heads} are off.", { heads: counted(off.size, "head") })] : []),
      data.next.tokens.length
        ? `${data.next.label} ${visible(data.next.after)}: ${data.next.tokens
            .slice(0, 3)
            .map((t) => `${visible(t.text)} ${num(t.after, 3)}`)
            .join(", ")}.`
        : data.next.label,
    ].join(" ");
  },

  state(data, local) {
    const { block, head } = shownHead(data, local);
    const row = rowOf(data, local);
    const panel = panelOf(local);
    const role = roleOf(data, block, head);
    const D = data.arrays.vectors.shape[1];
    const shown = {
      tokens: data.rows.map((t) => t.text),
      keys: data.cols.map((t) => t.text),
      kind: data.kind,
      blocks: data.blocks,
      heads: data.heads,
      panel,
      block: blockOf(data, local),
      head: headOf(data, local),
      shown: [block, head],
      row,
      col: colOf(data, local),
      exact: isOpen(data, block, head),
      weights: weightsOf(data, local, block, head, row),
      role: role.name,
      score: role.score,
      on: role.on,
      was: role.was,
      means: role.means,
      roles: data.roles.map((r) => r.name),
      scores: data.scores[block * data.heads + head],
      off: [...offSet(data, local)],
      order: orderedBy(data, local),
      listed: orderOf(data, local),
      step: stepAt(data, local),
      steps: stepsOf(data).length,
      whole: !local.tour.told(local),
      playing: Boolean(local.timer),
      changed: data.next.changed,
      next: data.next.tokens.map(({ text, id, before, after }) => ({ text, id, before, after })),
    };
    if (panel === "pair") {
      const { col } = shown;
      const K = local.a.q.shape[1];
      const products = Array.from({ length: K }, (_, i) => local.a.q[row * K + i] * local.a.k[col * K + i]);
      return {
        ...shown,
        pair: {
          products: products.length > 128 ? [] : products,
          sum: products.reduce((x, y) => x + y, 0),
          scaled: local.a.scaled[row * data.cols.length + col],
        },
      };
    }
    if (panel === "join") {
      const added = addedOf(data, local);
      return {
        ...shown,
        join: {
          block: data.join.block,
          row: data.join.row,
          added,
          shares: data.join.shares,
          norms: data.join.norms,
          share: data.join.shares.slice(0, added).reduce((x, y) => x + y, 0),
          length: length(partial(local, added, D)),
          gap: local.gap,
        },
      };
    }
    if (panel === "effect")
      return {
        ...shown,
        effect: {
          measured: allMeasured(data),
          blocks: data.effect.measured ?? 0,
          token: data.effect.token,
          before: data.effect.before,
          change: data.effect.change,
          weight: data.effect.weight,
          largest: data.effect.largest,
          reader: data.effect.reader,
        },
      };
    return shown;
  },
};

export default mount("multi_head", heads);
