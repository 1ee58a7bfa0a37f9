// "How it cuts this word": merge by merge, by longest match, or as the likeliest of all ways. Letters keep their column.

import { counted } from "../../app/kit/counts.js";
import { say, sayOf } from "../../app/kit/say.js";
import { MONO, clamp, css, fit, h, label, measure, num, thousands, visible } from "../../app/kit/shapes.js";
import { chipRow, sentence, timesText } from "./chips.js";
import { dotted } from "./layout.js";
import { walkOf } from "./learned.js";
import { liveMatching, mergesAt, rowOf, stepsOf } from "./replay.js";

/**
 * @import { Stage } from "../../app/kit/glass.js"
 * @import { Shapes } from "../../app/kit/shapes.js"
 * @import { Data, Kept } from "./figure.js"
 */

/**
 * How a word is cut, as cut.py sends it; `clipped`: only its beginning. BPE: the pair that each turn joins, with the pairs
 * that were there (rank -1: not learned); at the end the pairs that are left, and how often one must be met to be joined.
 * @typedef {{at: number, rank: number, made: string, left: string, right: string, pairs: [left: string, right: string,
 *   rank: number][], count?: number}} Turn
 * @typedef {{kind: "bpe", word: string, clipped: boolean, letters: string[], turns: Turn[],
 *   ends: {left: string, right: string, count?: number}[], needed?: number}} Merging
 *
 * WordPiece: every entry that was looked up, longest first.
 * @typedef {{start: number, end: number, tried: string, found: boolean}} Trial
 * @typedef {{kind: "wordpiece", word: string, clipped: boolean, letters: string[], inBytes: boolean, trials: Trial[],
 *   unknown: boolean}} Matching
 *
 * Unigram: every entry that fits, with its log p; the likeliest way through, and the likeliest ways with their shares.
 * @typedef {{pieces: string[], starts: number[], probability: number}} Way
 * @typedef {{kind: "unigram", word: string, clipped: boolean, letters: string[], edges: [from: number, to: number,
 *   entry: string, logp: number, unknown: boolean][], best: [from: number, to: number][], unknown: boolean,
 *   n_best: Way[]}} Lattice
 *
 * Words and characters: looked up whole.
 * @typedef {{kind: "lookup", word: string, clipped: boolean, letters: string[], said: string, unknown: boolean,
 *   pieces: {from: number, to: number, text: string, unknown: boolean}[]}} Lookup
 *
 * @typedef {Merging | Matching | Lattice | Lookup} Machine
 * @typedef {{x: number, y: number, w: number, h: number}} Box
 */

const CUT = { title: 16, letters: 40, first: 62, most: 30 };

/** Columns of the word's letters in a panel `w` wide. @param {Box} box @param {number} n @param {number} side */
function letterColumns(box, n, side) {
  const step = clamp((box.w - side) / Math.max(1, n), 7, CUT.most);
  return { step, x: (/** @type {number} */ i) => box.x + i * step, side: box.x + n * step + 10 };
}

/**
 * How a piece of the word looks.
 * @typedef {{size?: number, fill?: string, frame?: string, dash?: string, opacity?: number, ink?: string, weight?: number}} CellLook
 */
/**
 * A piece of the word, over its letters from x0 to x1.
 * @param {number} x0 @param {number} x1 @param {number} y @param {number} height @param {string} text
 * @param {CellLook} [o]
 */
function cell(x0, x1, y, height, text, o = {}) {
  const size = o.size ?? 12;
  return [
    h("rect", {
      x: x0 + 1,
      y: y - height / 2,
      width: Math.max(2, x1 - x0 - 2),
      height,
      rx: 3,
      fill: css(o.fill ?? "wash"),
      stroke: css(o.frame ?? "line"),
      "stroke-dasharray": o.dash,
      opacity: o.opacity,
    }),
    x1 - x0 > 6 &&
      height >= 11 &&
      label((x0 + x1) / 2, y + 4, fit(dotted(text), x1 - x0 - 2, size), {
        anchor: "middle",
        mono: true,
        size,
        fill: o.ink ?? "ink",
        weight: o.weight,
        direction: "ltr",
      }),
  ];
}

/**
 * The states of a word while it is merged: after each turn its parts, with the letters that they span.
 * @param {Merging} machine
 */
function turnsOf(machine) {
  let parts = machine.letters.map((text, i) => ({ text, from: i, to: i + 1, made: false }));
  /** @type {{parts: typeof parts, turn: Turn | null}[]} */
  const rows = [{ parts, turn: null }];
  for (const turn of machine.turns) {
    const [left, right] = [parts[turn.at], parts[turn.at + 1]];
    const made = { text: turn.made, from: left.from, to: right.to, made: true };
    parts = [...parts.slice(0, turn.at), made, ...parts.slice(turn.at + 2)].map((p) => ({
      ...p,
      made: p === made,
    }));
    rows.push({ parts, turn });
  }
  return rows;
}

/**
 * Where BPE's cut of the word ends, and why; before merge m, what it still waits for.
 * @param {Merging} machine @param {number} m
 */
function whyNot(machine, m) {
  const next = machine.turns.find((turn) => turn.rank >= m);
  if (next)
    return say("With {merges} no more is joined here; #{number} is the next that joins.", {
      merges: counted(m, "merge"),
      number: thousands(next.rank + 1),
    });
  const ends = machine.ends ?? [];
  if (!ends.length)
    return machine.turns.length ? say("One piece: every pair on the way had been learned.") : "";
  if (machine.needed === 0) return say("Nothing was merged, so every word stays spelled.");
  const e = ends[0];
  const pair = `${dotted(e.left)} + ${dotted(e.right)}`;
  if (e.count === undefined) return say("It stops here: no merge joins {pair}.", { pair });
  const told = { pair, times: timesText(e.count), needed: thousands(machine.needed ?? 0) };
  return e.count === 0
    ? say("It stops here: {pair} never met in the corpus; the last merge had {needed}.", told)
    : say("It stops here: {pair} met {times}; the last merge had {needed}.", told);
}

/** @param {Stage} g @param {Kept} local @param {Box} box @param {Merging} machine */
function drawMerging(g, local, box, machine) {
  const rows = turnsOf(machine);
  const n = machine.letters.length;
  const columns = letterColumns(box, n, 116);
  const steps = stepsOf(local);
  const m = steps ? mergesAt(local, steps) : Infinity;
  const room = box.h - CUT.letters - 30;
  const pitch = clamp(room / rows.length, 15, 24);
  const fits = Math.max(2, Math.floor(room / pitch));
  const first = Math.max(0, rows.length - fits);
  const shown = rows.slice(first);
  return [
    shown.map((row, k) => {
      const y = box.y + CUT.letters + (k + 0.5) * pitch;
      const { turn } = row;
      const off = turn !== null && turn.rank >= m;
      const last = row === rows[rows.length - 1];
      const node = h(
        "g",
        {
          opacity: off ? 0.35 : 1,
          class: turn && steps ? "gb-hot" : null,
          "data-turn": turn && steps ? turn.rank : null,
        },
        turn &&
          steps &&
          h("rect", { x: box.x, y: y - pitch / 2, width: box.w, height: pitch, fill: "transparent" }),
        row.parts.map((p) =>
          cell(
            columns.x(p.from),
            columns.x(p.to),
            y,
            Math.min(20, pitch - 3),
            p.text,
            p.made
              ? { fill: "accent-soft", frame: "accent", ink: "accent", weight: 600 }
              : last
                ? { fill: "bg", frame: "ink3" }
                : {},
          ),
        ),
        turn
          ? [
              label(columns.side, y + 4, `#${thousands(turn.rank + 1)}`, {
                mono: true,
                fill: off ? "ink3" : "ink2",
              }),
              turn.count !== undefined &&
                label(box.x + box.w, y + 4, `×${thousands(turn.count)}`, {
                  anchor: "end",
                  mono: true,
                  fill: "ink3",
                }),
            ]
          : label(
              columns.side,
              y + 4,
              first
                ? say("turn {number} of {count}", { number: first, count: rows.length - 1 })
                : say("as spelled"),
              { fill: "ink3" },
            ),
      );
      if (turn)
        g.tip(node, () =>
          say("pairs there: {list}\nthe earliest learned is taken", {
            list: turn.pairs
              .map(
                (p) =>
                  `${visible(p[0])}+${visible(p[1])} ${p[2] < 0 ? say("not learned") : `#${thousands(p[2] + 1)}`}`,
              )
              .join(", "),
          }),
        );
      return node;
    }),
    label(columns.side, box.y + CUT.letters - 8, sayOf("column", "merge"), { fill: "ink3" }),
    machine.turns[0]?.count !== undefined &&
      label(box.x + box.w, box.y + CUT.letters - 8, sayOf("column", "seen"), { anchor: "end", fill: "ink3" }),
    sentence(
      box.x,
      box.y + CUT.letters + shown.length * pitch + 16,
      box.w,
      whyNot(machine, m),
      m < (machine.turns.at(-1)?.rank ?? -1) + 1 ? { fill: "ink3" } : {},
    ),
  ];
}

/** What was tried in vain before a piece was found. @typedef {{misses: Trial[], hit: Trial | null}} TrialGroup */

/**
 * The tries of longest match, a group for each piece: what was tried in vain, and the entry that was found.
 * @param {Trial[]} trials
 */
function trialGroups(trials) {
  /** @type {TrialGroup[]} */
  const groups = [{ misses: [], hit: null }];
  for (const t of trials) {
    const group = groups[groups.length - 1];
    if (t.found) {
      group.hit = t;
      groups.push({ misses: [], hit: null });
    } else group.misses.push(t);
  }
  return groups.filter((group) => group.hit || group.misses.length);
}
/**
 * How many vain tries of each group can be drawn, `thin` high each, so that all groups fit into `room`.
 * @param {TrialGroup[]} groups @param {number} room @param {number} thin
 */
function triesDrawn(groups, room, thin) {
  let most = 0;
  const used = (/** @type {number} */ n) =>
    groups.reduce((sum, group) => sum + Math.min(n, group.misses.length), 0) * thin;
  const all = Math.max(0, ...groups.map((group) => group.misses.length));
  while (most < all && used(most + 1) <= room) most++;
  return most;
}

/**
 * Longest match: every beginning that was tried, longest first, until one is an entry; what has no room is counted.
 * @param {Stage} g @param {Box} box @param {Matching} machine
 */
function drawTrials(g, box, machine) {
  const n = machine.letters.length;
  const columns = letterColumns(box, n, 96);
  const groups = trialGroups(machine.trials);
  const room = box.h - CUT.letters - 36;
  const thin = 13;
  const drawnAt = (/** @type {number} */ tall) => triesDrawn(groups, room - groups.length * tall, thin);
  // Flatter pieces where that leaves room for a try of each.
  const height =
    [20, 17, 15].find((tall) => drawnAt(tall) > 0) ?? clamp(room / Math.max(1, groups.length), 13, 20);
  const fits = Math.floor(room / height + 0.01);
  const shown =
    groups.length > fits ? groups.slice(0, Math.max(1, Math.floor((room - 16) / height))) : groups;
  const drawn = shown.length < groups.length ? 0 : drawnAt(height);
  const written = (/** @type {Trial} */ t) => {
    // the ## goes where a chip is too narrow for it
    const wide = columns.x(t.end) - columns.x(t.start) - 2 >= measure(dotted(t.tried), 12, true);
    return wide || t.tried.length < 3 ? t.tried : t.tried.replace(/^##/, "");
  };
  let y = box.y + CUT.letters;
  /** @type {Shapes[]} */
  const nodes = [
    machine.letters.map((c, i) =>
      label(columns.x(i + 0.5), box.y + CUT.letters - 8, dotted(c), {
        anchor: "middle",
        mono: true,
        fill: "ink2",
      }),
    ),
  ];
  const put = (/** @type {Trial} */ t, /** @type {number} */ tall, /** @type {string | null} */ about) => {
    const node = h(
      "g",
      { "data-trial": t.found ? "found" : "vain" },
      cell(
        columns.x(t.start),
        columns.x(t.end),
        y + tall / 2,
        tall - 2,
        written(t),
        t.found
          ? { fill: "accent-soft", frame: "accent", ink: "accent", weight: 600, size: Math.min(12, tall - 2) }
          : { fill: "field", frame: "field", ink: "ink3", size: 11 },
      ),
    );
    nodes.push(
      g.tip(node, () => `${t.tried}: ${t.found ? say("an entry, taken") : say("no entry, one letter less")}`),
    );
    if (about) nodes.push(label(columns.side, y + tall / 2 + 4, about, { fill: "ink3" }));
    y += tall;
  };
  for (const { misses, hit } of shown) {
    const left = misses.length - drawn;
    for (const [k, t] of misses.slice(0, drawn).entries())
      put(t, thin, left > 0 && k === drawn - 1 ? say("and {count} more", { count: left }) : null);
    if (hit)
      put(
        hit,
        height,
        misses.length
          ? say("after {tries}", { tries: counted(misses.length, "try") })
          : sayOf("found", "at once"),
      );
  }
  const more = groups.length - shown.length;
  if (more)
    nodes.push(
      label(box.x, y + 12, say("and {pieces}", { pieces: counted(more, "more piece") }), { fill: "ink3" }),
    );
  const unknown = machine.unknown;
  const said = unknown
    ? say("Stuck: not even one sign fits here, so the whole word becomes [UNK].")
    : say("From the left: the longest beginning that is an entry, then on with the rest.");
  nodes.push(sentence(box.x, y + (more ? 30 : 18), box.w, said, { fill: unknown ? "neg" : "ink2" }));
  return nodes;
}

/** @param {number} p */
const shareText = (p) => (p >= 0.0005 ? num(p, 3) : "<0.001");
const UNREAD = { fill: "bg", frame: "neg", ink: "neg", dash: "3 2" }; // a sign that the vocabulary has nothing for

/**
 * Unigram: all entries that fit in the word, the likeliest way through them, and the runners-up.
 * @param {Stage} g @param {Box} box @param {Lattice} machine
 */
function drawLattice(g, box, machine) {
  const n = machine.letters.length;
  const columns = letterColumns(box, n, 10);
  const best = new Set(machine.best.map((e) => `${e[0]}.${e[1]}`));
  /** @type {[from: number, to: number][][]} */
  const lanes = [];
  const edges = [...machine.edges].sort(
    (a, b) =>
      Number(best.has(`${b[0]}.${b[1]}`)) - Number(best.has(`${a[0]}.${a[1]}`)) ||
      b[1] - b[0] - (a[1] - a[0]) ||
      a[0] - b[0],
  );
  const max = Math.max(...edges.map((e) => e[3]), -1);
  const least = Math.min(...edges.map((e) => e[3]), -2);
  const rows = Math.min(machine.n_best.length, 4);
  const most = Math.max(2, Math.floor((box.h - CUT.letters - rows * 21 - 48) / 17));
  /** @type {Shapes[]} */
  const nodes = [];
  let hidden = 0;
  for (const [from, to, entry, logp, unknown] of edges) {
    let lane = 0;
    while (lanes[lane]?.some(([a, b]) => from < b && to > a)) lane++;
    if (lane >= most) {
      hidden++;
      continue;
    }
    lanes[lane] = [...(lanes[lane] ?? []), [from, to]];
    const on = best.has(`${from}.${to}`);
    const y = box.y + CUT.letters + lane * 17 + 12;
    const strength = 0.35 + 0.65 * ((logp - least) / (max - least || 1));
    const node = h(
      "g",
      {},
      cell(
        columns.x(from),
        columns.x(to),
        y,
        15,
        unknown ? machine.letters[from] : entry,
        unknown
          ? UNREAD
          : on
            ? { fill: "accent-soft", frame: "accent", ink: "accent", weight: 600 }
            : { opacity: strength, ink: "ink2" },
      ),
    );
    nodes.push(
      g.tip(node, () =>
        unknown
          ? say("no entry is {sign}: [UNK], far less probable than any entry", {
              sign: dotted(machine.letters[from]),
            })
          : say("{entry}: probability {p}, log {log}", {
              entry: dotted(entry),
              p: Math.exp(logp) < 0.0001 ? Math.exp(logp).toExponential(1) : num(Math.exp(logp), 4),
              log: num(logp, 2),
            }),
      ),
    );
  }
  const y = box.y + CUT.letters + Math.min(lanes.length, most) * 17 + 20;
  const wide = box.w - 62;
  const lost = new Set(edges.filter((e) => e[4]).map((e) => e[0])); // letters that no entry fits alone
  const known = edges.length - lost.size;
  const [fitting, brief] = fittingWords(known, lost.size, hidden);
  nodes.push(
    label(
      box.x,
      box.y + CUT.letters - 6,
      fit(measure(fitting, 12, false) <= box.w ? fitting : brief, box.w, 12, false),
      { fill: known ? "ink3" : "neg" },
    ),
    label(box.x, y + 4, say("The likeliest ways"), { weight: 600, fill: "ink" }),
    label(box.x + box.w, y + 4, sayOf("column", "share"), { anchor: "end", fill: "ink3" }),
    machine.n_best.slice(0, rows).map((way, k) => {
      const at = y + 22 + k * 21;
      return h(
        "g",
        { "data-way": k },
        h("rect", {
          x: box.x,
          y: at - 9,
          width: Math.max(1, wide * way.probability),
          height: 18,
          rx: 3,
          fill: css(k ? "field" : "accent-soft"),
        }),
        chipRow(box.x + 3, at, wide, way.pieces, {
          height: 16,
          on: () => k === 0,
          lost: (i) => lost.has(way.starts[i]),
        }),
        label(box.x + box.w, at + 4, shareText(way.probability), {
          anchor: "end",
          mono: true,
          fill: k ? "ink2" : "accent",
          weight: k ? null : 600,
        }),
      );
    }),
  );
  return nodes;
}

/**
 * How many entries fit in the word, and shorter, where there is little room.
 * @param {number} known @param {number} lost signs that none fits @param {number} hidden entries that are not drawn
 * @returns {[whole: string, brief: string]}
 */
function fittingWords(known, lost, hidden) {
  if (!known) {
    const none = say("No entry fits anywhere in it: every sign is unknown, [UNK]");
    return [none, none];
  }
  if (lost) {
    const fits = known === 1 ? say("1 entry fits in it") : say("{count} entries fit in it", { count: known });
    const whole =
      fits +
      (lost === 1
        ? say("; the dashed sign fits none: [UNK]")
        : say("; the {count} dashed signs fit none: [UNK]", { count: lost }));
    return [whole, whole];
  }
  const brief =
    (known === 1
      ? say("1 entry fits somewhere in it")
      : say("{count} entries fit somewhere in it", { count: known })) +
    (hidden ? say(", {count} not drawn", { count: hidden }) : "");
  return [brief + say("; any way through is possible"), brief];
}

/**
 * Words and characters: looked up whole.
 * @param {Box} box @param {Lookup} machine
 */
function drawLookup(box, machine) {
  const n = Math.max(1, machine.letters.length);
  const columns = letterColumns(box, n, 10);
  /** @type {Shapes[]} */
  const nodes = [
    machine.letters.map((c, i) =>
      h("g", {}, cell(columns.x(i), columns.x(i + 1), box.y + CUT.letters + 8, 20, c)),
    ),
    machine.pieces.map((p) =>
      h(
        "g",
        {},
        h("path", {
          d: `M${columns.x((p.from + p.to) / 2)},${box.y + CUT.letters + 20}v14`,
          stroke: css(p.unknown ? "neg" : "ink3"),
        }),
        cell(
          columns.x(p.from),
          columns.x(p.to),
          box.y + CUT.letters + 46,
          22,
          p.unknown ? "[UNK]" : p.text,
          p.unknown ? UNREAD : { fill: "accent-soft", frame: "accent", ink: "accent", weight: 600 },
        ),
      ),
    ),
    sentence(box.x, box.y + CUT.letters + 84, box.w, machine.said, { lines: 4 }),
  ];
  return nodes;
}

/**
 * How the chosen row cuts the word: of Unigram, with the entries of the chosen round.
 * @param {Data} data @param {Kept} local
 */
export function machineOf(data, local) {
  const { method } = local.sel;
  const machine = data.machines[method];
  const steps = stepsOf(local);
  if (machine?.kind === "wordpiece" && steps && mergesAt(local, steps) < steps.n) {
    return liveMatching(data.cuts.wordpiece.word, machine, steps, mergesAt(local, steps));
  }
  const walk = method === "unigram" ? walkOf(local) : null;
  return (walk && walk.at < walk.n ? data.rounds[walk.at]?.machine : data.machines[method]) ?? null;
}

/** @param {Stage} g @param {Kept} local @param {Box} box @param {Machine} machine */
function drawMachine(g, local, box, machine) {
  if (machine.kind === "bpe") return drawMerging(g, local, box, machine);
  if (machine.kind === "wordpiece") return drawTrials(g, box, machine);
  return machine.kind === "unigram" ? drawLattice(g, box, machine) : drawLookup(box, machine);
}

/** @param {Stage} g @param {Data} data @param {Kept} local @param {Box} box */
export function drawCut(g, data, local, box) {
  const machine = machineOf(data, local);
  const row = rowOf(local);
  const title =
    row.id === "words" || row.id === "characters"
      ? say("How this cuts ")
      : say("How {name} cuts ", { name: row.name });
  const room =
    box.w -
    measure(title, 14, false) * 1.06 -
    (machine?.clipped ? measure(say("(its beginning)"), 12, false) + 12 : 4);
  g.part("cut", [local.sel.method, local.sel.merge, local.sel.round, box, Boolean(local.learned)], () => [
    label(box.x, box.y + CUT.title, [
      h("tspan", { "font-weight": 600, fill: css("ink"), "font-size": 14 }, title),
      h(
        "tspan",
        { "font-family": MONO, "font-size": 13, "font-weight": 600, fill: css("accent") },
        machine ? fit(dotted(machine.word), room / 1.04, 13) : "",
      ),
      machine?.clipped && h("tspan", { dx: 6 }, say("(its beginning)")),
    ]),
    machine
      ? drawMachine(g, local, box, machine)
      : label(box.x, box.y + 44, say("Comes when the vocabulary is learned."), { fill: "ink3" }),
  ]);
}
