// Below the Multi-head picture, three panels. Scores against chance: a row a score, a column a head, grey dots the same head
// by chance. Which heads fit together: a cell for each pair of a head that writes and one that reads. And sets of heads
// off: what each does alone, added up, beside what all of them do together.

import { counted } from "../../app/kit/counts.js";
import { mount, pointerAt } from "../../app/kit/glass.js";
import { pieces, say, sayOf } from "../../app/kit/say.js";
import {
  MONO,
  clamp,
  css,
  firstFit,
  fit,
  h,
  heat,
  heatImage,
  hex,
  html,
  inLines,
  label,
  num,
  signed,
  unpack,
  visible,
} from "../../app/kit/shapes.js";
import { isDesk, isPhone } from "../../app/kit/widths.js";

/**
 * @import { Local as Kept, Stage } from "../../app/kit/glass.js"
 * @import { Packed, Shapes, Unpacked } from "../../app/kit/shapes.js"
 *
 * What Python sends (`show` in composition.py): all of the whole model, whatever is off in the picture above.
 * @typedef {object} Data
 * @property {number} blocks
 * @property {number} heads
 * @property {number} block of the chosen head
 * @property {number} head
 * @property {"" | "c" | "e"} mark of the attention
 * @property {string[]} names of the block's heads
 * @property {string[]} briefs the same, for little room
 * @property {boolean[]} mixed whose name says that they have no single habit
 * @property {boolean} off whether heads are off above
 * @property {Score[]} chance
 * @property {number} from how far above an even spread, of what is possible, a score gives a name
 * @property {number} luck
 * @property {Fit | null} fit null: comparing all pairs takes too long
 * @property {Sets | null} sets null: nobody has asked yet for what takes long
 *
 * One score of the block's heads, and what it comes to by chance: line, which the luckiest of all heads passes in 1 of 20
 * draws; mean of the draws, how many reach the score; above the line, large enough for a name, named after it; dots (H, n).
 * @typedef {{group: "where" | "copies" | "words", name: string, names: string, tokens: number, line: number, how: string,
 *   draws: number, values: number[], mean: number[], reached: number[], above: boolean[], large: boolean[], named: boolean[],
 *   dots: Packed}} Score
 *
 * How well what each head writes fits what each later one reads: scores of `shape`, of random heads chance on average and
 * line at most; follows[i][j]: block j reads after block i.
 * @typedef {{way: Way, scores: Packed, chance: number, line: number, shape: [layers: number, heads: number, readers: number,
 *   heads: number], follows: number[][], mark: string, pair: Pair | null, score: number | null}} Fit
 * @typedef {"K" | "Q" | "V"} Way
 * @typedef {[block: number, head: number]} Head
 * @typedef {[writes: Head, reads: Head]} Pair
 *
 * Changes of a token's log probability: of each head off alone, of all together, and the sum of the single ones.
 * @typedef {{token: string, now: boolean, chosen: number, rows: HeadSet[], pairs: number, unsaid?: string}} Sets
 * @typedef {{heads: Head[], singles: number[], joint: number, total: number, beyond: number, off: string}} HeadSet
 *
 * @typedef {Kept & {fit: OpenFit | null, dots: Unpacked[]}} Local
 * @typedef {Omit<Fit, "scores"> & {scores: Unpacked}} OpenFit
 * @typedef {{x: number, y: number, w: number}} Corner where a panel begins, and its width
 */

/** @type {(head: Head) => string} */
const headName = ([block, head]) => `L${block}H${head}`;

// ---------------------------------------------------------------- scores against chance

/** @type {Record<Score["group"], string>} */
const GROUPS = {
  where: say("Where a token reads"),
  copies: say("Copies of a token"),
  words: say("Kinds of words"),
};
const STRIP = 26; // a row's height

/**
 * The heads that fit, around the chosen one.
 * @param {Data} data @param {number} w
 */
function headsShown(data, w) {
  const least = w / data.heads >= 44 ? 44 : 58; // a little closer where all of them then fit
  const room = Math.max(1, Math.min(data.heads, Math.floor(w / least)));
  const first = clamp(data.head - Math.floor(room / 2), 0, data.heads - room);
  return Array.from({ length: room }, (_, i) => first + i);
}

/** @param {Stage} g @param {Data} data @param {Local} local @param {Corner} at */
function drawChance(g, data, local, { x, y, w }) {
  const lead = w < 520 ? 124 : 200;
  const heads = headsShown(data, w - lead);
  const col = (w - lead) / heads.length;
  const said = inLines(
    [
      say(
        "Violet: a head’s score. Grey dots: the same head by chance. The line: what the luckiest of all {heads} does not pass in 19 of 20 draws.",
        { heads: counted(data.blocks * data.heads, "head") },
      ),
      say(
        "Filled: beyond the line. A name needs that, and {share} of the way from an even spread to the best possible.",
        { share: num(data.from, 1) },
      ),
    ].join(" "),
    w,
  );
  g.part("chance head", [w], () => [
    label(
      x,
      y + 14,
      data.off
        ? say("Block {block}, all heads on: more than chance?", { block: data.block })
        : say("Block {block}: more than chance?", { block: data.block }),
      { size: 14, weight: 600, fill: "ink" },
    ),
    said.map((line, i) => label(x, y + 34 + 16 * i, line, { fill: "ink3" })),
  ]);
  let at = y + 50 + 16 * said.length;
  g.part("heads", [w], () =>
    heads.map((h, k) => [
      label(x + lead + k * col + 4, at, headName([data.block, h]), {
        weight: h === data.head ? 700 : 600,
        fill: h === data.head ? "accent" : "ink",
        size: 12,
      }),
      label(x + lead + k * col + 4, at + 15, firstFit([data.names[h], data.briefs[h]], col - 4), {
        fill: data.mixed[h] ? "ink3" : "att-ink",
      }),
    ]),
  );
  if (!data.chance.length) {
    g.part("nothing", [w], () =>
      inLines(
        say(
          "This text is too short to compare: with one token to read there is no other place that chance could choose.",
        ),
        w - lead,
      ).map((line, i) => label(x + lead, at + 24 + 16 * i, line, { fill: "ink2" })),
    );
    return at + 64;
  }
  at += 26;
  /** @type {Score["group"] | ""} */
  let group = "";
  data.chance.forEach((row, r) => {
    if (row.group !== group) {
      const now = row.group;
      group = now;
      const top = at;
      g.part(`group ${group}`, [w, at], () => [
        h("path", { d: `M${x},${top}H${x + w}`, stroke: css("line") }),
        label(x, top + 15, GROUPS[now], { weight: 600, fill: "ink2" }),
        w < 520
          ? null
          : label(
              x + lead + 4,
              top + 15,
              fit(say("chance: {how}", { how: row.how }), w - lead - 8, 12, false),
              { fill: "ink3" },
            ),
      ]);
      at += 22;
    }
    const top = at;
    g.part(`score ${r}`, [w, top], () => strips(g, data, local, row, r, { x, top, lead, col, heads }));
    at += STRIP;
  });
  return at + 4;
}

/**
 * One score: its name, and for each head the dots of chance, the line, and the head's own score.
 * @param {Stage} g @param {Data} data @param {Local} local @param {Score} row @param {number} r
 * @param {{x: number, top: number, lead: number, col: number, heads: number[]}} at
 */
function strips(g, data, local, row, r, { x, top, lead, col, heads }) {
  const pad = 8;
  const wide = col - 2 * pad;
  const X = (/** @type {number} */ k, /** @type {number} */ v) =>
    x + lead + k * col + pad + wide * clamp(v, 0, 1);
  const middle = top + STRIP / 2;
  const dots = local.dots[r];
  const n = dots.shape[1];
  /** @type {Shapes[]} */
  const out = [
    g.tip(
      label(x, middle + 4, fit(row.name, lead - 42, 12, false), { fill: "ink" }),
      say("{score}: over {tokens}", { score: row.name, tokens: counted(row.tokens, "token") }),
    ),
    label(x + lead - 8, middle + 4, num(row.line, 2), { anchor: "end", mono: true, fill: "ink3" }),
  ];
  heads.forEach((h0, k) => {
    const cloud = [];
    for (let i = 0; i < n; i++)
      cloud.push(
        `M${X(k, dots[h0 * n + i]).toFixed(1)},${(middle + ((((i + 1) * 0.618) % 1) - 0.5) * (STRIP - 12)).toFixed(1)}h0`,
      );
    const [value, above] = [row.values[h0], row.above[h0]];
    const reached = { reached: row.reached[h0], draws: counted(row.draws, "draw") };
    const said = [
      say("{head} {score} {value}; by chance {mean} on average, the line {line}.", {
        head: headName([data.block, h0]),
        score: row.name,
        value: num(value, 3),
        mean: num(row.mean[h0], 3),
        line: num(row.line, 3),
      }),
      !above
        ? say("As high in {reached} of {draws}.", reached)
        : row.named[h0]
          ? say("As high in {reached} of {draws}: named after it.", reached)
          : row.large[h0]
            ? say("As high in {reached} of {draws}: another score names it.", reached)
            : say("As high in {reached} of {draws}: too little for a name.", reached),
      say("Chance: {how}.", { how: row.how }),
    ].join(" ");
    out.push(
      h("path", { d: `M${X(k, 0)},${middle}H${X(k, 1)}`, stroke: css("line") }),
      h("path", {
        d: cloud.join(""),
        stroke: css("ink3"),
        "stroke-width": 2.6,
        "stroke-linecap": "round",
        opacity: 0.42,
        fill: "none",
      }),
      h("path", {
        d: `M${X(k, row.line)},${top + 3}V${top + STRIP - 3}`,
        stroke: css("ink"),
        "stroke-width": 1.5,
      }),
      h("circle", {
        cx: X(k, value),
        cy: middle,
        r: row.named[h0] ? 6 : 4.5,
        fill: above ? css("att") : css("bg"),
        stroke: css("att"),
        "stroke-width": 1.8,
      }),
      g.tip(
        h("rect", {
          class: "gb-hot",
          "data-cell": `${r}.${h0}`,
          x: x + lead + k * col,
          y: top,
          width: col,
          height: STRIP,
          fill: "transparent",
          click: () => g.select({ block: data.block, head: h0 }),
        }),
        said,
      ),
    );
  });
  return out;
}

// ---------------------------------------------------------------- which heads fit together

/** @type {Record<Way, string>} */
const WAYS = { K: say("Keys"), Q: say("Queries"), V: say("Values") };
/** What of a head reads. @type {Record<Way, (head: string) => string>} */
const MET = {
  K: (head) => say("the keys of {head}", { head }),
  Q: (head) => say("the queries of {head}", { head }),
  V: (head) => say("the values of {head}", { head }),
};

/**
 * The chosen pair: what the hand chose while the page has not answered, else what came with the data.
 * @param {OpenFit | null} fit @param {Local} local
 */
function pairOf(fit, local) {
  if (!fit?.pair) return null;
  const read = /^(\d+)\.(\d+) (\d+)\.(\d+)$/.exec(local.sel.pair ?? "");
  /** @type {Pair | null} */
  const pair = read && [
    [Number(read[1]), Number(read[2])],
    [Number(read[3]), Number(read[4])],
  ];
  return pair && isPair(fit, pair) ? pair : fit.pair;
}
/** Whether the reader comes after the writer. @type {(fit: OpenFit, pair: Pair) => boolean} */
function isPair(fit, [[i, a], [j, b]]) {
  const [layers, heads, readers] = fit.shape;
  return (
    i >= 0 &&
    j >= 0 &&
    a >= 0 &&
    b >= 0 &&
    i < layers &&
    j < readers &&
    a < heads &&
    b < heads &&
    Boolean(fit.follows[i][j])
  );
}
/** @type {(fit: OpenFit, pair: Pair) => number} */
function scoreOf(fit, [[i, a], [j, b]]) {
  const [, heads, readers] = fit.shape;
  return fit.scores[((i * heads + a) * readers + j) * heads + b];
}
/** The pair at a cell of the map. @type {(row: number, col: number, heads: number) => Pair} */
const pairAt = (row, col, heads) => [
  [Math.floor(row / heads), row % heads],
  [Math.floor(col / heads), col % heads],
];
/** @type {(data: Data, fit: OpenFit, head: Head) => string} */
const writerName = (data, fit, head) =>
  fit.mark === data.mark
    ? headName(head)
    : fit.mark === "e"
      ? say("the encoder’s {head}", { head: headName(head) })
      : say("the decoder’s {head}", { head: headName(head) });

/**
 * The pair in one sentence.
 * @param {Data} data @param {OpenFit} fit @param {Pair} pair
 */
function fitSaid(data, fit, pair) {
  const score = scoreOf(fit, pair);
  const { chance, line } = fit;
  const how =
    score > line
      ? say("better than any of 64 pairs of random heads")
      : score > chance
        ? say("a little better than two random heads")
        : say("no better than two random heads");
  return say(
    "How well what {writer} writes fits what {part} read: {score}, {how} ({mean} on average, {most} at most).",
    {
      writer: writerName(data, fit, pair[0]),
      part: MET[fit.way](headName(pair[1])),
      score: num(score, 3),
      how,
      mean: num(chance, 3),
      most: num(line, 3),
    },
  );
}

/** @param {Stage} g @param {Pair} pair */
function choosePair(g, pair) {
  const [[i, a], [j, b]] = pair;
  g.select({ pair: `${i}.${a} ${j}.${b}`, block: j, head: b });
}
/**
 * Writer by writer and reader by reader, leaving out pairs that do not follow each other.
 * @param {Stage} g @param {OpenFit} fit @param {Pair} pair @param {number} down @param {number} right
 */
function movePair(g, fit, [[i, a], [j, b]], down, right) {
  const [layers, heads, readers] = fit.shape;
  let [row, col] = [i * heads + a, j * heads + b];
  do {
    [row, col] = [row + down, col + right];
    if (row < 0 || col < 0 || row >= layers * heads || col >= readers * heads) return;
  } while (!fit.follows[Math.floor(row / heads)][Math.floor(col / heads)]);
  choosePair(g, pairAt(row, col, heads));
}

/** @param {Stage} g @param {Data} data @param {Local} local @param {Corner} at */
function drawFit(g, data, local, { x, y, w }) {
  g.part("fit head", [x, y, w], () =>
    label(x, y + 14, say("Which heads fit together"), { size: 14, weight: 600, fill: "ink" }),
  );
  const about = inLines(
    say(
      "A later head reads what an earlier one wrote, by its keys, its queries or its values. How well their weights fit (composition score, Elhage et al. 2021): green above two random heads, brown below.",
    ),
    w,
  );
  g.part("fit about", [x, y, w], () =>
    about.map((line, i) => label(x, y + 34 + 16 * i, line, { fill: "ink3" })),
  );
  let top = y + 42 + 16 * about.length;
  const { fit } = local;
  if (!fit) {
    g.part("fit none", [x, top, w], () =>
      inLines(
        say("This model has so many heads that comparing every pair takes minutes; it is left out here."),
        w,
      ).map((line, i) => label(x, top + 8 + 16 * i, line, { fill: "ink2" })),
    );
    return top + 40;
  }
  g.overlay(
    "ways",
    { left: x, top: top - 8 },
    () =>
      html(
        "div",
        { class: "mm-ways", role: "group", "aria-label": say("What of the later head reads") },
        Object.entries(WAYS).map(([way, name]) =>
          html(
            "button",
            { type: "button", "data-way": way, onclick: () => g.select({ compose: way }) },
            name,
          ),
        ),
      ),
    (node) => {
      for (const button of node.querySelectorAll("button"))
        button.setAttribute("aria-pressed", String(button.dataset.way === (local.sel.compose ?? fit.way)));
    },
  );
  top += isDesk(g.width) ? 38 : 50;
  const [layers, heads, readers] = fit.shape;
  const [rows, cols] = [layers * heads, readers * heads];
  const box = { x: x + 34, y: top + 18, w: w - 36 };
  const cell = Math.min(box.w / cols, 340 / rows, 22);
  const [wide, tall] = [cell * cols, cell * rows];
  const { chance, follows, scores } = fit;
  const values = Float32Array.from({ length: rows * cols }, (_, k) => scores[k] - chance);
  const reads = (/** @type {number} */ k) =>
    follows[Math.floor(Math.floor(k / cols) / heads)][Math.floor((k % cols) / heads)];
  const most = values.reduce((m, v, k) => (reads(k) ? Math.max(m, Math.abs(v)) : m), 1e-9);
  g.part("fit map", [x, top, w], () => {
    const ground = hex(g.color("field"));
    /** @type {Shapes[]} */
    const out = [
      label(x, top + 6, say("down: the head that writes; across: the head that reads"), { fill: "ink3" }),
      heatImage(
        box.x,
        box.y,
        wide,
        tall,
        heat(values, rows, cols, (v, k) => (reads(k) ? g.signedRgb(v, most) : ground)),
      ),
    ];
    const lines = [];
    for (let i = 0; i <= layers; i++) lines.push(`M${box.x},${box.y + i * heads * cell}h${wide}`);
    for (let j = 0; j <= readers; j++) lines.push(`M${box.x + j * heads * cell},${box.y}v${tall}`);
    out.push(h("path", { d: lines.join(""), stroke: css("bg"), "stroke-width": 2 }));
    const [down, across] = [13, 26].map((room) => Math.ceil(room / (heads * cell)));
    for (let i = 0; i < layers; i += down)
      out.push(
        label(box.x - 6, box.y + (i + 0.5) * heads * cell + 4, `L${i}`, { anchor: "end", fill: "ink2" }),
      );
    for (let j = 0; j < readers; j += across)
      out.push(
        label(box.x + (j + 0.5) * heads * cell, box.y + tall + 15, `L${j}`, {
          anchor: "middle",
          fill: "ink2",
        }),
      );
    const at = (/** @type {MouseEvent} */ event) => {
      const [px, py] = pointerAt(g, event);
      const [row, col] = [
        clamp(Math.floor((py - box.y) / cell), 0, rows - 1),
        clamp(Math.floor((px - box.x) / cell), 0, cols - 1),
      ];
      return pairAt(row, col, heads);
    };
    const over = h("rect", {
      class: "gb-hot",
      "data-fit": "map",
      x: box.x,
      y: box.y,
      width: wide,
      height: tall,
      fill: "transparent",
      click: (event) => {
        const pair = at(event);
        if (isPair(fit, pair)) choosePair(g, pair);
      },
    });
    out.push(
      g.tip(over, (event) => {
        const pair = at(event);
        if (!isPair(fit, pair))
          return say("{reader} does not come after {writer}", {
            reader: headName(pair[1]),
            writer: writerName(data, fit, pair[0]),
          });
        return say("{writer} → {reader}: {score}, at random {mean}", {
          writer: writerName(data, fit, pair[0]),
          reader: headName(pair[1]),
          score: num(scoreOf(fit, pair), 4),
          mean: num(chance, 4),
        });
      }),
    );
    return out;
  });
  const pair = pairOf(fit, local);
  const said = inLines(
    pair ? fitSaid(data, fit, pair) : say("With one block no head comes after another."),
    w,
  );
  const fine = inLines(
    say(
      "From the weights alone: a turn by position, the norms’ division, and what really stands in a text are not in it.",
    ),
    w,
  );
  g.part("fit pair", [x, top, w, pair], () => [
    pair &&
      h("rect", {
        x: box.x + (pair[1][0] * heads + pair[1][1]) * cell - 1,
        y: box.y + (pair[0][0] * heads + pair[0][1]) * cell - 1,
        width: cell + 2,
        height: cell + 2,
        rx: 2,
        fill: "none",
        stroke: css("accent"),
        "stroke-width": 2.2,
      }),
    said.map((line, i) => label(x, box.y + tall + 38 + 16 * i, line, { fill: "ink" })),
    fine.map((line, i) => label(x, box.y + tall + 42 + 16 * (said.length + i), line, { fill: "ink3" })),
  ]);
  return box.y + tall + 38 + 16 * (said.length + fine.length);
}

// ---------------------------------------------------------------- sets of heads off

const NIL = 0.01; // nats: what is less is drawn, and not spoken of

/**
 * What it means that together is more or less than the sum.
 * @param {HeadSet} row
 */
function meaning(row) {
  const many = row.heads.length > 2;
  if (Math.abs(row.beyond) < Math.max(NIL, 0.1 * Math.max(Math.abs(row.total), Math.abs(row.joint))))
    return say("they add up");
  if (row.joint < 0 && row.singles.every((v) => v < NIL)) {
    if (row.joint < row.total)
      return many ? say("they cover for each other") : say("each covers for the other");
    return many ? say("they need each other") : say("one needs the other");
  }
  return row.beyond > 0 ? say("likelier than that") : say("less likely than that");
}

/** @param {Stage} g @param {Data} data @param {Corner} at */
function drawSets(g, data, { x, y, w }) {
  const sets = data.sets;
  const token = sets ? visible(sets.token) : "";
  const about = inLines(
    sets?.unsaid
      ? sets.unsaid
      : sets
        ? say(
            "Change of log p of {token} with heads off, in the whole model. Violet: each head off alone; the mark is their sum. Red: all of them off together. Where mark and red differ, the heads meet.",
            { token },
          )
        : say(
            "Switching off pairs of heads takes long on this model and text: the button below measures it.",
          ),
    w,
  );
  g.part("sets head", [x, y, w], () => [
    h("path", { d: `M${x},${y}H${x + w}`, stroke: css("line") }),
    label(x, y + 26, say("Heads off together: the sum of their parts?"), {
      size: 14,
      weight: 600,
      fill: "ink",
    }),
    about.map((line, i) => label(x, y + 46 + 16 * i, line, { fill: "ink3" })),
  ]);
  const at = y + 58 + 16 * about.length;
  if (!sets || sets.unsaid) return at;
  if (!sets.rows.length) {
    g.part("sets none", [x, at, w], () =>
      label(x, at + 6, say("This model has no two heads to switch off together."), { fill: "ink2" }),
    );
    return at + 24;
  }
  const phone = isPhone(w);
  const [lead, tail] = phone ? [0, 0] : [240, 372];
  // A large set's change could leave no room for the others': then it runs over the edge, and its number says how far.
  const endsOf = (/** @type {HeadSet[]} */ rows) =>
    rows.flatMap((row) => [row.joint, sum(row.singles, -1), sum(row.singles, 1), row.total]);
  const reach = (/** @type {number[]} */ ends) => [Math.min(0, ...ends), Math.max(0, ...ends)];
  const [all, few] = [endsOf(sets.rows), endsOf(sets.rows.filter((row) => row.heads.length <= 3))].map(reach);
  const [low, high] = few[1] > few[0] && all[1] - all[0] > 3 * (few[1] - few[0]) ? few : all;
  const wide = w - lead - tail;
  const X = (/** @type {number} */ v) => x + lead + wide * clamp((v - low) / (high - low || 1), 0, 1);
  const over = (/** @type {number} */ v) => v < low || v > high;
  const pitch = phone ? 104 : 36;
  sets.rows.forEach((row, r) => {
    const top = at + r * pitch;
    const names =
      row.heads.length > 3 ? counted(row.heads.length, "head") : row.heads.map(headName).join(" + ");
    const what = r >= sets.chosen ? "" : r === 0 && sets.now ? say("off now") : say("the pair");
    g.overlay(
      `set ${r}`,
      { left: x, top: top + (phone ? 0 : 2), height: phone ? 44 : 28 },
      () =>
        html("button", {
          type: "button",
          class: "gb-button gb-small mm-set",
          onclick: (event) => g.select({ off: /** @type {HTMLElement} */ (event.currentTarget).dataset.off }),
        }),
      (node) => {
        node.dataset.off = row.off;
        node.textContent = say("Switch off {heads}", { heads: names });
        node.disabled = r === 0 && sets.now;
      },
    );
    const [bars, right] = [phone ? top + 48 : top + 3, phone ? x : x + w - tail + 12];
    g.part(`bars ${r}`, [x, top, w], () => {
      let [down, up] = [0, 0];
      const singles = row.singles.map((v, k) => {
        const from = v < 0 ? down : up;
        if (v < 0) down += v;
        else up += v;
        const [a, b] = [X(Math.min(from, from + v)), X(Math.max(from, from + v))];
        return g.tip(
          h("rect", {
            x: a,
            y: bars,
            width: Math.max(0.5, b - a - (b - a > 3 ? 1 : 0)),
            height: 11,
            fill: css("att"),
            opacity: k % 2 ? 0.55 : 0.85,
          }),
          say("{head} off alone: {change}", { head: headName(row.heads[k]), change: signed(v) }),
        );
      });
      const [a, b] = [X(Math.min(0, row.joint)), X(Math.max(0, row.joint))];
      return [
        h("path", { d: `M${X(0)},${bars - 2}v29`, stroke: css("ink3") }),
        singles,
        g.tip(
          h("rect", { x: a, y: bars + 13, width: Math.max(1, b - a), height: 11, fill: css("accent") }),
          say("all off together: {change}", { change: signed(row.joint) }),
        ),
        over(row.joint) &&
          label(X(row.joint) + (row.joint < 0 ? 4 : -4), bars + 23, row.joint < 0 ? "◂" : "▸", {
            fill: "accent-on",
            anchor: row.joint < 0 ? "start" : "end",
          }),
        h("path", { d: `M${X(row.total)},${bars - 2}v13`, stroke: css("ink"), "stroke-width": 1.5 }),
        !phone && what ? label(x + lead - 12, top + 20, what, { anchor: "end", fill: "ink3" }) : null,
        h(
          "text",
          { x: right, y: phone ? bars + 38 : top + 20, "font-size": 12, fill: css("ink2") },
          pieces(say("{added} added, {joint} together: {meaning}"), {
            added: h("tspan", { "font-family": MONO, fill: css("att-ink") }, signed(row.total)),
            joint: h(
              "tspan",
              { "font-family": MONO, fill: css("accent"), "font-weight": 600 },
              signed(row.joint),
            ),
            meaning: meaning(row),
          }),
        ),
      ];
    });
  });
  return at + sets.rows.length * pitch + 6;
}
/**
 * The parts of one sign, added.
 * @param {number[]} values @param {number} sign
 */
const sum = (values, sign) => values.reduce((total, v) => (Math.sign(v) === sign ? total + v : total), 0);

// ---------------------------------------------------------------- the picture

/** @type {import("../../app/kit/glass.js").View<Data, Local>} */
const composition = {
  init(data) {
    return {
      fit: data.fit && { ...data.fit, scores: unpack(data.fit.scores) },
      dots: data.chance.map((row) => unpack(row.dots)),
    };
  },

  draw(g, data, local) {
    const wide = isDesk(g.width);
    const left = wide ? Math.round(g.width * 0.57) : g.width;
    const table = { x: 0, y: 0, w: left };
    const under = drawChance(g, data, local, table);
    const map = wide ? { x: left + 40, y: 0, w: g.width - left - 40 } : { x: 0, y: under + 28, w: g.width };
    const below = drawFit(g, data, local, map);
    const y = Math.max(under, below) + 26;
    g.height = drawSets(g, data, { x: 0, y, w: g.width });
  },

  key(event, g, _data, local) {
    const right = Number(event.key === "ArrowRight") - Number(event.key === "ArrowLeft");
    const down = Number(event.key === "ArrowDown") - Number(event.key === "ArrowUp");
    const pair = pairOf(local.fit, local);
    if (!(right || down) || !local.fit || !pair) return false;
    movePair(g, local.fit, pair, down, right);
    return true;
  },

  describe(data, local) {
    const named = data.chance
      .flatMap((row) => row.named.map((is, h) => is && `${headName([data.block, h])} ${row.names}`))
      .filter(Boolean);
    const pair = pairOf(local.fit, local);
    const scores = say("Scores of block {block} against chance; beyond the line and named: {heads}.", {
      block: data.block,
      heads: named.join(", ") || sayOf("heads", "none"),
    });
    const sets =
      data.sets?.rows.slice(0, 3).map((row) =>
        say("{heads} off: together {joint}, single effects added {added}", {
          heads: row.heads.map(headName).join(say(" and ")),
          joint: num(row.joint, 2),
          added: num(row.total, 2),
        }),
      ) ?? [];
    return [
      scores,
      ...(local.fit && pair ? [fitSaid(data, local.fit, pair)] : []),
      ...(sets.length ? [`${sets.join("; ")}.`] : []),
    ].join(" ");
  },

  state(data, local) {
    const pair = pairOf(local.fit, local);
    return {
      block: data.block,
      way: data.fit?.way ?? null,
      pair,
      score: local.fit && pair && scoreOf(local.fit, pair),
      chance: data.fit?.chance ?? null,
      rows: data.chance.map(({ name, line, values, above, named, reached, draws }) => ({
        name,
        line,
        values,
        above,
        named,
        reached,
        draws,
      })),
      sets:
        data.sets?.rows.map(({ heads, singles, joint, total }) => ({ heads, singles, joint, total })) ?? null,
    };
  },
};

export default mount("multi_head_composition", composition);
