// The panels around the tree. Below it: the two texts that matter, multiplied step by step, what decides between them in a
// sentence, and the legend, whose entries switch the strategies on and off. At the right: what may come after the chosen
// token. Under all, of an encoder-decoder: the text that it reads, coloured by the cross-attention of the chosen row.

import { say, sayOf } from "../../app/kit/say.js";
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
  shareBar,
  thousands,
  tokenSpans,
  visible,
} from "../../app/kit/shapes.js";
import { force } from "./input.js";
import { SAID, SOURCE_LINE, SOURCE_TOP } from "./layout.js";
import { activeNode, decimal, nameOf, odds, power, rivals, stagesOf } from "./paths.js";

/**
 * @import { Stage } from "../../app/kit/glass.js"
 * @import { Shapes } from "../../app/kit/shapes.js"
 * @import { Data, Kept, Path, Pieces, Source } from "./figure.js"
 * @import { Layout } from "./layout.js"
 */

// ---------------------------------------------------------------- the race

/** The probability of a path's text after each step: [p1, p1·p2, ...]. @param {Data} data @param {Path} path */
export const products = (data, path) => path.nodes.map((i) => Math.exp(data.nodes.sum[i]));

/**
 * Pieces of a sentence, [text, whether it is a token], broken into at most `lines` lines.
 * @param {number} x @param {number} y @param {Pieces} pieces @param {number} room
 * @param {{size?: number, lines?: number, colour?: string}} [o]
 */
function sentence(x, y, pieces, room, o = {}) {
  const { size = 12, lines = 2, colour = "ink" } = o;
  const words = pieces.flatMap(([text, mono]) =>
    (mono ? [visible(text)] : text.split(/(?<= )/)).map((word) => ({ text: word, mono })),
  );
  let row = words.slice(0, 0);
  const rows = [row];
  let used = 0;
  for (const word of words) {
    const wide = measure(word.text, size, word.mono);
    if (used + measure(word.text.trimEnd(), size, word.mono) > room && rows.length < lines && row.length) {
      row = [];
      rows.push(row);
      used = 0;
    }
    if (used + wide > room + 4)
      word.text = used < room - 16 ? fit(word.text, room - used, size, word.mono) : "";
    used += wide;
    if (word.text) row.push(word);
  }
  return rows.map((each, k) =>
    h(
      "text",
      { x, y: y + 16 * k, "font-size": size, fill: css(colour) },
      each.map((word) =>
        h(
          "tspan",
          { "font-family": word.mono ? MONO : null, "font-weight": word.mono ? 600 : null },
          word.text,
        ),
      ),
    ),
  );
}

/** The one notation in which all of these fit: decimals, or powers of ten. @param {number[]} all @param {Layout} at */
function notation(all, at) {
  const fits = all.every(
    (p) => p >= 1e-7 && measure(decimal(p), 12, true) <= Math.min(...at.w.slice(1)) + at.gap - 6,
  );
  return fits ? decimal : power;
}

/** @param {Data} data @param {Kept} local @param {Layout} at */
export function drawRace(data, local, at) {
  const y = at.raceY;
  const pair = rivals(data);
  const wide = at.wide;
  const many = pair.map((path) => products(data, path));
  const write = notation(many.flat(), at);
  const how =
    say("How likely the text is so far: the product of its steps") +
    (write === power ? say(" (10⁻³ is one in a thousand)") : "");
  /** @type {Shapes[]} */
  const out = [
    h("line", { x1: 0, x2: at.room, y1: y, y2: y, stroke: css("line") }),
    label(0, y + 16, wide ? how : say("How likely the text is so far"), { weight: 600, fill: "ink" }),
  ];
  /** @type {Shapes[]} */
  const cells = [];
  /** @type {Shapes[]} */
  const fixed = []; // names and verdicts: these do not move with the tree
  pair.forEach((path, k) => {
    const base = y + 34 + 17 * k;
    const best = path.name === data.best;
    const row = many[k];
    row.forEach((p, s) => {
      if (s + 1 > local.step) return;
      const same = pair.every((other) => other.nodes[s] === pair[0].nodes[s]);
      const ahead = !same && many.every((other) => other[s] === undefined || p >= other[s]);
      const half = measure(write(p), 12, true) / 2;
      const middle = Math.min(at.x[s + 1] + at.w[s + 1] / 2, at.end + 6 - half);
      const [from, to] = [middle - half - local.panX, middle + half - local.panX];
      if (from < at.w[0] + 12 || to > at.tree + 8) return; // a number cut in two would read as another one
      cells.push(
        label(middle, base, write(p), {
          anchor: "middle",
          mono: true,
          weight: ahead ? 700 : null,
          fill: ahead ? (best ? "accent" : "ink") : "ink3",
        }),
      );
    });
    const [end, first] = [row, many[0]].map((each) => each[Math.min(each.length, local.step) - 1]);
    const lead = k && end !== undefined ? ratio(end, first) : "";
    const colour = best ? "accent" : "ink2";
    if (wide) fixed.push(label(at.ends, base, lead, { fill: colour, weight: 600 }));
    else if (best) fixed.push(label(at.room, y + 16, lead, { fill: colour, weight: 600, anchor: "end" }));
    fixed.push(
      h("rect", { x: 0, y: base - 13, width: at.w[0] + 14, height: 18, fill: css("bg") }),
      label(0, base, nameOf(data, path.name), { weight: 600, fill: best ? "accent" : "ink" }),
    );
  });
  out.push(
    h("g", { "clip-path": "url(#dec-race)" }, h("g", { transform: `translate(${-local.panX},0)` }, cells)),
    fixed,
  );
  const under = y + 36 + 17 * pair.length;
  const ended = local.step >= at.depth;
  /** @type {Pieces} */
  const pieces = ended ? data.verdict.pieces : [[midway(data, local, pair, many), false]];
  if (wide || !ended) out.push(sentence(0, under, pieces, at.room, { lines: wide ? 2 : 5 }));
  else out.push(sentence(0, under, [...pieces, [" ", false], ...data.verdict.search], at.room, { lines: 7 }));
  if (wide && ended) out.push(drawSearch(data, at));
  return out;
}
/** What an exact search says of the end, in a line of its own. @param {Data} data @param {Layout} at */
function drawSearch(data, at) {
  if (!data.verdict.search.length) return null;
  const top = at.legendY - SAID;
  const found = data.verdict.act?.event === "force";
  return [
    h("rect", {
      x: 0.5,
      y: top + 0.5,
      width: at.room - 1,
      height: 25,
      rx: 6,
      fill: css(found ? "accent-soft" : "bg"),
      stroke: css("line"),
    }),
    sentence(10, top + 17, data.verdict.search, at.room - (data.verdict.act ? 140 : 20), { lines: 1 }),
  ];
}
/**
 * How many times as likely the first is: "×6.2 as likely"; "" when there is nothing to tell.
 * @param {number} p @param {number} other
 */
function ratio(p, other) {
  if (!(other > 0) || Math.abs(p / other - 1) < 0.0005) return "";
  const times = p / other;
  return say("×{ratio} as likely", {
    ratio:
      times < 0.01 ? power(times) : times < 10 ? num(times, times < 2 ? 2 : 1) : thousands(Math.round(times)),
  });
}
/**
 * While the tree grows: who is ahead now, and by which step.
 * @param {Data} data @param {Kept} local @param {Path[]} pair @param {number[][]} many
 */
function midway(data, local, pair, many) {
  const s = local.step;
  const where = data.heads[s - 1]?.toLowerCase();
  if (!s)
    return say(
      "Nothing is chosen yet: one pass of the model over the prompt gives every first token its probability.",
    );
  if (pair.length < 2 || many.some((row) => row.length < s)) return say("After {where}.", { where });
  const ends = [0, pair.length - 1]; // the first against the best
  const [a, b] = ends.map((k) => many[k][s - 1]);
  const [first, second] = ends.map((k) => nameOf(data, pair[k].name));
  if (pair[0].nodes[s - 1] === pair[pair.length - 1].nodes[s - 1])
    return say("After {where} {first} and {second} are still the same text.", { where, first, second });
  const [ahead, behind, high, low] = a >= b ? [first, second, a, b] : [second, first, b, a];
  return say("After {where} {ahead} is ahead: {high} against {low} for {behind}.", {
    where,
    ahead,
    high: odds(high),
    low: odds(low),
    behind,
  });
}

// ---------------------------------------------------------------- legend, steps

/** @type {[name: "beam" | "greedy" | "sample", text: string][]} */
const SHOWN = [
  ["beam", sayOf("legend", "Beam search")],
  ["greedy", sayOf("legend", "Greedy")],
  ["sample", sayOf("legend", "Sample")],
];

/** @param {Layout} at */
function legendBoxes(at) {
  const high = at.wide ? 32 : 44;
  let x = 0;
  return SHOWN.map(([name, text], k) => {
    const w = at.wide ? [118, 92, 94][k] : [124, 96, 100][k];
    const box = { name, text, x, y: at.legendY, w, h: high };
    x += w - 1;
    return box;
  });
}
/** @param {Data} data @param {Layout} at */
export function drawLegend(data, at) {
  return legendBoxes(at).map(({ name, text, x, y, w, h: high }, k, all) => {
    const on = data.show[name];
    const mid = y + high / 2;
    const ink = on ? "ink" : "ink3";
    const line = {
      beam: { stroke: css(on ? "accent" : "ink3"), "stroke-width": 5 },
      greedy: { stroke: css(ink), "stroke-width": 2.2, "stroke-dasharray": "7 4" },
      sample: { stroke: css(ink), "stroke-width": 2.4, "stroke-dasharray": "0 5", "stroke-linecap": "round" },
    }[name];
    const r = k === 0 || k === all.length - 1 ? 8 : 0;
    return h(
      "g",
      {},
      h("rect", {
        x: x + 0.5,
        y: y + 0.5,
        width: w - 1,
        height: high - 1,
        rx: r,
        fill: css(on ? "accent-soft" : "bg"),
        stroke: css("line"),
      }),
      h("line", { x1: x + 10, x2: x + 30, y1: mid, y2: mid, ...line }),
      label(x + 36, mid + 4, text, {
        fill: on ? "ink" : "ink3",
        weight: on ? 600 : null,
        "text-decoration": on ? null : "line-through",
      }),
    );
  });
}
/** @param {Stage} g @param {Data} data @param {Kept} local @param {Layout} at */
export function overLegend(g, data, local, at) {
  if (!g.can.recompute) return;
  for (const box of legendBoxes(at)) {
    g.overlay(
      `show ${box.name}`,
      { left: box.x, top: box.y, width: box.w, height: box.h },
      () =>
        html("button", {
          type: "button",
          class: "dec-clear",
          "data-show": box.name,
          click: () => g.select({ [box.name]: !local.data.show[box.name] }),
        }),
      (node) => {
        node.setAttribute("aria-label", say("{name} on the tree", { name: box.text }));
        node.setAttribute("aria-pressed", String(data.show[box.name]));
      },
    );
  }
  const boxes = legendBoxes(at);
  const y = at.legendY;
  const tall = at.wide ? 32 : 44;
  /** @type {(key: string, left: number, width: number, top: number, text: string, act: () => void, about: string, kind?: string) => HTMLButtonElement} */
  const button = (key, left, width, top, text, act, about, kind = "") =>
    g.overlay(
      key,
      { left, top, width, height: tall },
      () => html("button", { type: "button", class: `gb-button dec-button ${kind}`, "data-act": key }),
      (node) => {
        node.onclick = act;
        node.textContent = text;
        node.title = about;
      },
    );
  let x = boxes.reduce((right, box) => Math.max(right, box.x + box.w), 0) + 8;
  let line = y;
  if (!at.wide) {
    x = 0;
    line = y + 52;
  }
  if (data.show.sample) {
    button(
      "again",
      x,
      92,
      line,
      say("Draw again"),
      () => g.send("again", { seed: data.seed + 1, at: Date.now() }),
      say("Another sample; this one has seed {seed}", { seed: data.seed }),
    );
    x += 96;
  }
  if (data.forced) {
    button(
      "release",
      x,
      78,
      line,
      say("Let go"),
      () => g.send("force", { path: "", at: Date.now() }),
      say("Give up the branch that you forced"),
    );
  }
  const last = local.step >= at.depth;
  const { act } = data.verdict;
  if (act && last) {
    g.overlay(
      "act",
      {
        left: at.room - 124,
        top: at.wide ? at.legendY - SAID : at.legendY - 52,
        width: 124,
        height: at.wide ? 26 : 44,
      },
      () => html("button", { type: "button", class: "gb-button dec-button", "data-act": "act" }),
      (node) => {
        node.onclick = () => g.send(act.event, { ...act.value, at: Date.now() });
        node.textContent = act.label;
        node.title = act.about;
      },
    );
  }
}

// ---------------------------------------------------------------- the distribution: as the model says, and after every warper

/** @type {Record<string, string>} */
const SHORT = {
  model: sayOf("stage", "model"),
  "repetition penalty": sayOf("stage", "repeat"),
  "first token": sayOf("stage", "first"),
  temperature: sayOf("stage", "temp"),
  "top-k": "top-k",
  "top-p": "top-p",
  "min-p": "min-p",
};

/**
 * The node whose distribution is shown, and the token in it that is pointed at: a text's last token has no passes.
 * @param {Data} data @param {number} i
 */
function askedAt(data, i) {
  const n = data.nodes;
  if (n.next[i] >= 0) return { node: i, token: null };
  return { node: n.parent[i], token: n.id[i] };
}
/**
 * What may follow: a column of probabilities for each stage.
 * @typedef {ReturnType<typeof distribution>} Distribution
 *
 * @param {Data} data @param {Kept} local @param {number} i
 */
export function distribution(data, local, i) {
  const asked = askedAt(data, i);
  const e = data.nodes.next[asked.node];
  const next = data.next;
  const [, S, C] = next.probs.shape;
  const stages = stagesOf(data, e);
  const ids = next.ids[e];
  const p = stages.map(({ s }) =>
    Array.from(local.probs.subarray((e * S + s) * C, (e * S + s) * C + ids.length)),
  );
  return {
    ...asked,
    e,
    stages,
    ids,
    p,
    kept: stages.map(({ s }) => next.kept[e][s]),
    entropy: stages.map(({ s }) => next.entropy[e][s]),
  };
}

/**
 * Which rows are shown: the likeliest, and in any case the token that is pointed at.
 * @param {Distribution} D @param {number} most
 */
function rowsOf(D, most) {
  const rows = D.ids.map((_, k) => k).slice(0, most);
  const at = D.token === null ? -1 : D.ids.indexOf(D.token);
  if (at >= most) rows[most - 1] = at;
  return rows;
}

/** @param {Stage} g @param {Data} data @param {Kept} local @param {Layout} at */
export function drawPanel(g, data, local, at) {
  const { x, y, w } = at.panel;
  const active = activeNode(data, local);
  const D = distribution(data, local, active);
  const names = D.stages.length > 4 ? 52 : 64;
  const col = Math.min(72, (w - names) / D.stages.length);
  const most = 14;
  const rows = rowsOf(D, most);
  const pitch = 29;
  const top = y + 50;
  const token = D.node ? data.nodes.text[D.node] : data.prompt.chip;
  const head =
    data.shape === "encoder"
      ? say("{blank}, given “{token}”, warped", {
          blank: data.heads[data.nodes.depth[D.node]] ?? "",
          token: "\0",
        })
      : say("Next token after “{token}”, warped", { token: "\0" });
  const [lead, trail] = head.split("\0");
  const room = w - measure(lead, 12, false) - measure(trail, 12, false) - 10;
  /** @type {Shapes[]} */
  const out = [];
  if (at.wide) out.push(h("line", { x1: x - 12, x2: x - 12, y1: 0, y2: at.tallest, stroke: css("line") }));
  out.push(
    g.tip(
      h(
        "text",
        { x, y: y + 14, "font-size": 12, "font-weight": 600, fill: css("ink") },
        lead,
        h("tspan", { "font-family": MONO, fill: css("accent") }, fit(visible(token), room, 12, true)),
        trail,
      ),
      say(
        "Warped: changed from the model’s probabilities by each setting in turn, and made to add up to 1. A sample is drawn from the last column.",
      ),
    ),
  );
  D.stages.forEach((stage, c) => {
    const left = x + names + c * col;
    const on = stage.active;
    const final = c === D.stages.length - 1;
    const setting = label(left, y + 46, stage.setting && fit(visible(stage.setting), col - 8, 12, true), {
      mono: true,
      fill: "ink3",
    });
    out.push(
      label(left, y + 32, SHORT[stage.name] ?? stage.name, {
        fill: !on && c ? "ink3" : "ink2",
        weight: final ? 600 : null,
        size: 12,
      }),
      setting,
    );
    if (stage.name === "first token")
      g.tip(
        setting,
        say(
          "This model always begins with this token: every other one is taken away before a sample is drawn.",
        ),
      );
  });
  for (const [r, k] of rows.entries())
    out.push(drawTokenRow(g, data, D, k, { x, y: top + r * pitch, w, pitch, names, col }));
  const under = top + Math.max(rows.length, at.wide ? most : 0) * pitch + 14;
  const last = D.stages.length - 1;
  out.push(
    label(
      x,
      under,
      say("{kept} of {vocabulary} stay; a dash is exactly 0.", {
        kept: thousands(D.kept[last]),
        vocabulary: thousands(data.vocabulary),
      }),
      { fill: "ink3" },
    ),
    label(
      x,
      under + 17,
      say("Entropy {before} bits, warped {after}.", {
        before: num(D.entropy[0], 2),
        after: num(D.entropy[last], 2),
      }),
      { fill: "ink3" },
    ),
    label(
      x,
      under + 34,
      g.can.recompute ? hiddenYet(data, D.node) || say("Click a token to force it.") : "",
      { fill: "ink3" },
    ),
  );
  local.panelEnd = under + 40;
  return out;
}

/**
 * Which blanks the model did not see either when it said this, after what a click does; "" for none.
 * @param {Data} data @param {number} node
 */
function hiddenYet(data, node) {
  const [first, last] = [data.nodes.depth[node] + 2, data.slots.length];
  if (first > last) return "";
  return first === last
    ? say("Click to force. Blank {last} is hidden too.", { last })
    : say("Click to force. Blanks {first}–{last} hidden too.", { first, last });
}

/**
 * @param {Stage} g @param {Data} data @param {Distribution} D @param {number} k
 * @param {{x: number, y: number, w: number, pitch: number, names: number, col: number}} o
 */
function drawTokenRow(g, data, D, k, o) {
  const id = D.ids[k];
  const n = data.nodes;
  const child = data.children[D.node].find((i) => n.id[i] === id);
  const taken = child !== undefined && n.on[child].length > 0;
  const pointed = id === D.token;
  const gone = D.p[D.p.length - 1][k] === 0;
  const mid = o.y + o.pitch / 2;
  /** @type {Shapes[]} */
  const parts = [
    h("rect", {
      x: o.x - 4,
      y: o.y,
      width: o.w + 4,
      height: o.pitch,
      rx: 4,
      fill: css(pointed ? "accent-soft" : "bg"),
    }),
    h(
      "text",
      {
        x: o.x,
        y: mid + 4,
        "font-family": MONO,
        "font-size": 13,
        direction: "ltr",
        "font-weight": taken || pointed ? 700 : null,
        fill: css(pointed ? "accent" : gone ? "ink3" : "ink"),
      },
      tokenSpans(data.words[id], o.names - 8, 13),
    ),
  ];
  D.p.forEach((column, c) => {
    const p = column[k];
    const left = o.x + o.names + c * o.col;
    const final = c === D.p.length - 1;
    if (p === 0) {
      parts.push(label(left, mid + 4, "–", { fill: "ink3", mono: true }));
      return;
    }
    parts.push(
      shareBar(left, o.y + 3, o.col - 8, 8, p, {
        fill: css(final ? "accent" : "res"),
        opacity: D.stages[c].active || !c || final ? 1 : 0.55,
      }),
      label(left, o.y + 24, p >= 0.9995 ? "1.00" : p < 0.0005 ? "<.001" : num(p, 3).replace(/^0/, ""), {
        mono: true,
        fill: "ink2",
      }),
    );
  });
  const node = h(
    "g",
    {
      class: g.can.recompute ? "gb-chip gb-hot" : "gb-chip",
      "data-token": id,
      onclick: () => force(g, D.node, id),
    },
    parts,
  );
  return g.tip(
    node,
    () =>
      `${visible(data.words[id])}  id ${id}\n${D.stages.map((s, c) => `${(SHORT[s.name] ?? s.name).padEnd(7)} ${num(D.p[c][k], 5)}`).join("\n")}\n${taken ? say("on the tree") : g.can.recompute ? say("click to force it") : say("not on the tree")}`,
  );
}

// ---------------------------------------------------------------- the source

/**
 * What was read to say node i, or of the tree's root to say the first token: (S,); null where it was not computed.
 * @param {Data} data @param {Kept} local @param {number} i
 */
export function readFor(data, local, i) {
  if (!data.source || !local.reads) return null;
  const e = data.nodes.next[i ? data.nodes.parent[i] : 0];
  const count = data.source.tokens.length;
  const row = local.reads.subarray(e * count, (e + 1) * count);
  return e >= 0 && !Number.isNaN(row[0]) ? row : null;
}
/** @param {Data} data @param {Kept} local */
export const readerOf = (data, local) =>
  clamp((local.sel.crossing ?? -1) + 1, 0, (data.source?.readers.length ?? 1) - 1);
/**
 * The source's tokens that were read most, with their shares.
 * @param {Data} data @param {Kept} local @param {number} i @param {number} count
 */
export function mostRead(data, local, i, count) {
  const row = readFor(data, local, i);
  const { source } = data;
  if (!row || !source) return [];
  return [...row.keys()]
    .sort((a, b) => row[b] - row[a])
    .slice(0, count)
    .map((k) => ({ text: source.tokens[k].text, share: row[k] }));
}
/** @param {Data} data @param {number} i */
export const saidOf = (data, i) =>
  i ? `“${visible(data.nodes.text[i])}”` : data.starts ? say("the first token") : say("the next token");

/**
 * @param {Stage} g @param {Data} data @param {Source} source @param {Kept} local @param {Layout} at @param {number} i
 */
export function drawSource(g, data, source, local, at, i) {
  const { y, room, flow } = at.source;
  const row = readFor(data, local, i);
  const most = row ? Math.max(...row, 1e-9) : 1;
  const lead = row
    ? say("Source: what it read to say ")
    : say("Source: what it read was not kept for this dropped text");
  /** @type {Shapes[]} */
  const out = [
    h("line", { x1: 0, x2: room, y1: y, y2: y, stroke: css("line") }),
    h(
      "text",
      { x: 0, y: y + 19, "font-size": 12, "font-weight": 600, fill: css("ink") },
      lead,
      row &&
        h(
          "tspan",
          { "font-family": i ? MONO : null, fill: css("accent") },
          fit(saidOf(data, i), room - measure(lead, 12, false) * 1.06 - 104, 12, Boolean(i)),
        ),
    ),
  ];
  for (const place of flow.places) {
    const token = source.tokens[place.i];
    const share = row?.[place.i] ?? 0;
    const node = h(
      "g",
      { "data-source": place.i },
      h("rect", {
        x: place.x,
        y: y + SOURCE_TOP + place.y,
        width: place.w,
        height: SOURCE_LINE - 3,
        rx: 3,
        fill: row ? g.sequential(0.45 * share, most, "att") : css("bg"),
      }),
      h(
        "text",
        {
          x: place.x + 3,
          y: y + SOURCE_TOP + 13 + place.y,
          "font-family": MONO,
          "font-size": 12,
          direction: "ltr",
          fill: css(token.special && !share ? "ink3" : "ink"),
        },
        tokenSpans(token.text, place.w - 3, 12),
      ),
    );
    out.push(
      g.tip(
        node,
        row
          ? say("{text}: {share} of what it read to say {next}", {
              text: visible(token.text),
              share: num(share, 3),
              next: saidOf(data, i),
            })
          : visible(token.text),
      ),
    );
  }
  return out;
}

/**
 * Whose cross-attention is shown: a native list over the picture.
 * @param {Stage} g @param {Data} data @param {Source} source @param {Kept} local @param {Layout} at
 */
export function overSource(g, data, source, local, at) {
  if (!g.can.recompute) return;
  const told = JSON.stringify(source.readers);
  g.overlay(
    "reader",
    { left: at.source.room - 100, top: at.source.y + 4, width: 100, height: 22 },
    () =>
      html("select", { class: "dec-reader", "aria-label": say("Whose cross-attention colours the source") }),
    (node) => {
      node.onchange = () => g.select({ crossing: node.selectedIndex - 1 });
      if (node.dataset.told !== told) {
        node.replaceChildren(...source.readers.map((name) => html("option", {}, name)));
        node.dataset.told = told;
      }
      node.selectedIndex = readerOf(data, local);
    },
  );
}
