// The path to one head: a map for its query, its keys and its values; a cell for the embedding, below it a row for
// each earlier block with a column for each of its heads and its MLP.

import { counted } from "../../app/kit/counts.js";
import { mount } from "../../app/kit/glass.js";
import { say, sayOf } from "../../app/kit/say.js";
import { clamp, css, h, inLines, label, num } from "../../app/kit/shapes.js";
import { isPhone } from "../../app/kit/widths.js";

/**
 * @import { Stage, View } from "../../app/kit/glass.js"
 *
 * What path.py sends: the paths to one head of the chosen pair of texts, sender by sender.
 * @typedef {object} Data
 * @property {string[]} tokens
 * @property {number} block of the receiver
 * @property {number} head the receiver
 * @property {number} heads of a block
 * @property {number} blocks
 * @property {boolean} cross whether heads of cross-attention are among the senders
 * @property {string} why there is no path to show
 * @property {string} slight what is to be said where the texts hardly differ
 * @property {Sender[]} senders in the order of the pass
 * @property {Record<Into, (number | null)[]>} shares of the difference that each sender's path brings back; null: not walked yet
 * @property {Record<Into, number | null>} whole all senders at once
 * @property {{into: Into, sender: string, share: number} | null} best
 *
 * @typedef {"Q" | "K" | "V"} Into the receiver's query, keys and values
 * @typedef {{name: string, layer: number | null, head: number | null, cross: boolean}} Sender layer null: the embedding; head null: an MLP
 * @typedef {{sel: {compose: Into, block: number, head: number}}} Kept
 * @typedef {{x: number, y: number}} Place of a map's first cell
 * @typedef {{cols: number, rows: number, pitch: number, w: number, places: Place[], height: number}} Layout of the three maps, each w wide
 */

/** @type {Into[]} */
const INTO = ["Q", "K", "V"];
const TITLES = {
  Q: sayOf("attention", "Query"),
  K: sayOf("attention", "Keys"),
  V: sayOf("attention", "Values"),
};
const INKS = { Q: "q", K: "k", V: "v" };

/**
 * Places of the three maps in a figure so wide: beside each other, on a phone below.
 * @param {number} width @param {Pick<Data, "block" | "cross" | "heads">} data
 * @returns {Layout}
 */
export function planMaps(width, data) {
  const phone = isPhone(width);
  const gap = 28;
  const w = phone ? width - 40 : (width - 2 * gap) / 3 - 40;
  const cols = data.heads * (data.cross ? 2 : 1) + 1;
  const rows = data.block + 1;
  const pitch = clamp(200 / rows, 12, 26);
  const tall = 52 + rows * pitch + 26;
  const places = INTO.map((_, i) =>
    phone ? { x: 34, y: 52 + i * tall } : { x: i * (w + 40 + gap) + 34, y: 52 },
  );
  return { cols, rows, pitch, w, places, height: (phone ? 3 : 1) * tall + 40 };
}
/** Where a sender's cell is: the embedding above, the blocks below in order. @param {Data} data @param {Sender} one */
const cellOf = (data, one) =>
  one.layer === null
    ? { row: 0, col: 0 }
    : {
        row: one.layer + 1,
        col: one.head === null ? data.heads * (data.cross ? 2 : 1) : one.head + (one.cross ? data.heads : 0),
      };

/** @type {View<Data, Kept>} */
const path = {
  draw(g, data, local) {
    const at = planMaps(g.width, data);
    const name = `L${data.block}H${data.head}`;
    if (data.why || !data.senders.length) {
      const why = inLines(
        data.why || say("The paths to {name} have not been walked yet.", { name }),
        g.width - 10,
        13,
      );
      g.height = Math.max(60, 24 + 18 * why.length);
      g.part("why", [data.why, g.width], () =>
        why.map((line, i) => label(0, 18 + 18 * i, line, { size: 13, fill: "ink2" })),
      );
      return;
    }
    for (const [i, into] of INTO.entries())
      g.part(into, [local.sel.compose, data.shares[into]], () =>
        drawMap(g, data, at, at.places[i], into, local),
      );
    const said = inLines([data.slight, saidOfPath(data, local)].filter(Boolean).join(" "), g.width, 13);
    g.height = Math.max(at.height, at.height - 24 + 17 * said.length); // a phone's sentence has more lines
    g.part("said", [local.sel.compose, said], () =>
      said.map((line, i) => label(0, at.height - 24 + 17 * i, line, { size: 13, fill: "ink2" })),
    );
  },

  // Keys: ← →: the head before or after; ↑ ↓: the block before or after; q k v: the query, the keys, the values.
  key(event, g, data, local) {
    const side = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    const down = { ArrowUp: -1, ArrowDown: 1 }[event.key];
    if (side)
      g.select({
        sight: "heads",
        block: local.sel.block,
        head: clamp(local.sel.head + side, 0, data.heads - 1),
      });
    else if (down)
      g.select({
        sight: "heads",
        head: local.sel.head,
        block: clamp(local.sel.block + down, 0, data.blocks - 1),
      });
    else if ("qkv".includes(event.key)) g.select({ compose: event.key.toUpperCase() });
    else return false;
    return true;
  },

  describe: (data, local) =>
    data.why
      ? data.why
      : data.senders.length
        ? `${data.slight} ${saidOfPath(data, local)}`.trim()
        : say("The paths to the chosen head have not been walked yet."),
  state: (data, local) => ({
    tokens: data.tokens,
    block: data.block,
    head: data.head,
    senders: data.senders.map((one) => one.name),
    shares: data.shares,
    whole: data.whole,
    best: data.best,
    why: data.why,
    into: local.sel.compose,
  }),
};

/** @param {Data} data @param {Kept} local */
function saidOfPath(data, local) {
  const into = local.sel.compose;
  const line = data.shares[into].filter((v) => v !== null);
  const all = data.shares[into].length;
  if (line.length < all) {
    const values = { walked: line.length, paths: counted(all, "path") };
    if (into === "Q")
      return say("{walked} of {paths} into its query walked so far; a cell without a colour waits.", values);
    return into === "K"
      ? say("{walked} of {paths} into its keys walked so far; a cell without a colour waits.", values)
      : say("{walked} of {paths} into its values walked so far; a cell without a colour waits.", values);
  }
  const at = line.reduce((best, v, i) => (Math.abs(v) > Math.abs(line[best]) ? i : best), 0);
  const most = {
    receiver: `L${data.block}H${data.head}`,
    sender: data.senders[at].name,
    share: num(line[at], 3),
  };
  const back = line[at] >= 0;
  const whole = { share: num(data.whole[into] ?? 0, 3) };
  return [
    into === "Q"
      ? back
        ? say("Of what {receiver}’s query hears, {sender} brings back most: {share} of the difference.", most)
        : say(
            "Of what {receiver}’s query hears, {sender} counts most, the other way: {share} of the difference.",
            most,
          )
      : into === "K"
        ? back
          ? say("Of what {receiver}’s keys hear, {sender} brings back most: {share} of the difference.", most)
          : say(
              "Of what {receiver}’s keys hear, {sender} counts most, the other way: {share} of the difference.",
              most,
            )
        : back
          ? say(
              "Of what {receiver}’s values hear, {sender} brings back most: {share} of the difference.",
              most,
            )
          : say(
              "Of what {receiver}’s values hear, {sender} counts most, the other way: {share} of the difference.",
              most,
            ),
    into === "Q"
      ? say("All senders at once, into its query alone: {share}.", whole)
      : into === "K"
        ? say("All senders at once, into its keys alone: {share}.", whole)
        : say("All senders at once, into its values alone: {share}.", whole),
    say("Everything else stays as in the corrupted text; shares need not add up."),
    data.slight,
  ]
    .filter(Boolean)
    .join(" ");
}

/**
 * @param {Stage} g @param {Data} data @param {Layout} at @param {Place} place @param {Into} into @param {Kept} local
 */
function drawMap(g, data, at, place, into, local) {
  const { x, y } = place;
  const [title, ink] = [TITLES[into], INKS[into]];
  const width = at.w / at.cols;
  const most = Math.max(
    ...Object.values(data.shares)
      .flat()
      .map((v) => Math.abs(v ?? 0)),
    1e-30,
  );
  const chosen = local.sel.compose === into;
  const every = Math.ceil(26 / width);
  const names = [...Array(data.heads).keys()]
    .map((i) => `H${i}`)
    .concat(data.cross ? [...Array(data.heads).keys()].map((i) => `X${i}`) : [], "mlp");
  const cells = data.senders.map((one, i) => {
    const { row, col } = cellOf(data, one);
    const value = data.shares[into][i];
    const [cx, cy, cw] = [x + col * width, y + row * at.pitch, one.layer === null ? at.w : width];
    if (value === null)
      return h("rect", {
        x: cx + 0.5,
        y: cy + 0.5,
        width: cw - 1,
        height: at.pitch - 1,
        fill: css("bg"),
        stroke: css("line"),
        "stroke-width": 0.5,
      });
    return g.tip(
      h(
        "g",
        {},
        h("rect", {
          x: cx + 0.5,
          y: cy + 0.5,
          width: cw - 1,
          height: at.pitch - 1,
          fill: g.signed(Math.sign(value) * (Math.abs(value) / most) ** 0.75, 1, 0.7),
        }),
        cw >= 34 &&
          label(cx + cw / 2, cy + at.pitch / 2 + 4, num(value, 2), {
            anchor: "middle",
            mono: true,
            size: 11,
            fill: "ink",
          }),
      ),
      say("{name}, into the {part}: {value}", {
        name: one.name,
        part: title.toLowerCase(),
        value: num(value, 4),
      }),
    );
  });
  return [
    h(
      "g",
      { class: "gb-hot", "data-into": into, click: () => g.select({ compose: into }) },
      h("rect", { x: x - 34, y: y - 52, width: at.w + 40, height: 20, fill: "transparent" }),
      label(
        x - 34,
        y - 38,
        say("{title} of L{block}H{head}", { title, block: data.block, head: data.head }),
        { fill: `${ink}-ink`, weight: 600, size: 13 },
      ),
      chosen && h("path", { d: `M${x - 34},${y - 32}h${at.w + 34}`, stroke: css(ink), "stroke-width": 2 }),
    ),
    label(
      x - 34,
      y - 18,
      data.whole[into] === null ? "" : say("all at once: {share}", { share: num(data.whole[into] ?? 0, 3) }),
      { fill: "ink3" },
    ),
    data.block > 0 &&
      names.map(
        (one, i) =>
          (i % every === 0 || one === "mlp") &&
          label(x + (i + 0.5) * width, y + (data.block + 1) * at.pitch + 13, one, {
            anchor: "middle",
            fill: "ink3",
            size: 11,
          }),
      ),
    Array.from({ length: data.block }, (_, l) =>
      label(x - 6, y + (l + 1.5) * at.pitch + 4, `L${l}`, { anchor: "end", fill: "ink3", size: 11 }),
    ),
    label(x - 6, y + 0.5 * at.pitch + 4, "emb", { anchor: "end", fill: "ink3", size: 11 }),
    cells,
  ];
}

export default mount("interpretability_path", path);
