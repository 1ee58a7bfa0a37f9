// Decoding: one tree of shared forward passes. Every strategy walks through the same nodes; an edge is as wide as its
// probability, the best text is filled, greedy is dashed, the sample dotted, what nobody took is pale and can be forced.
// layout.js says what stands where; tree.js draws it; panels.js draws what stands around it; input.js answers pointer and
// keys.

import { counted } from "../../app/kit/counts.js";
import { mount } from "../../app/kit/glass.js";
import { say } from "../../app/kit/say.js";
import { clamp, css, h, label, num, unpack, visible } from "../../app/kit/shapes.js";
import { stepKey, stepMode } from "../../app/kit/steps.js";
import { arrive, bindPan, chooseNode, force, walk } from "./input.js";
import { TOP, plan } from "./layout.js";
import {
  distribution,
  drawLegend,
  drawPanel,
  drawRace,
  drawSource,
  mostRead,
  overLegend,
  overSource,
  products,
  readFor,
  readerOf,
  saidOf,
} from "./panels.js";
import { activeNode, nameOf, rivals, shownTo, wayTo } from "./paths.js";
import {
  drawChances,
  drawChips,
  drawEdges,
  drawEnds,
  drawHeads,
  drawNote,
  drawRing,
  drawSumHead,
  fitEnd,
} from "./tree.js";

/**
 * @import { Local, View } from "../../app/kit/glass.js"
 * @import { Packed, Shapes, Unpacked } from "../../app/kit/shapes.js"
 * @import { Steps } from "../../app/kit/steps.js"
 * @import { Arranged, Layout } from "./layout.js"
 */

/**
 * Text, and whether it is a token.
 * @typedef {[text: string, mono: boolean][]} Pieces
 *
 * One text of the tree: the nodes behind the prompt, its sum of log p, and that sum divided by the length's penalty.
 * @typedef {{name: string, strategy: "greedy" | "beam" | "sample" | "forced", nodes: number[], text: string, sum: number,
 *   score: number, finished: string}} Path
 *
 * The tree, a column each: node 0 is the prompt. `on`: names of the paths that go through; `running`: a beam search kept
 * it at its step; `next`: its place in `Data.next`, -1 where the model was not asked what follows.
 * @typedef {{parent: number[], depth: number[], id: number[], text: string[], p: number[], sum: number[], score: number[],
 *   on: string[][], running: boolean[], next: number[]}} Nodes
 *
 * What may follow, for each node that was asked: ids and `probs` (node, stage, candidate) as the model says and after every
 * warper; `kept` tokens and entropy in bits (node, stage). `active`: by node, whether a stage changes anything.
 * @typedef {{ids: number[][], probs: Packed, kept: number[][], entropy: number[][],
 *   stages: {name: string, setting: string, active: boolean[]}[]}} Next
 *
 * What an encoder-decoder reads, and `reads` (node asked, token): the cross-attention of the row after it, NaN where it was
 * not kept. `readers`: whose attention can be shown, all heads first.
 * @typedef {{tokens: {text: string, special: boolean}[], reads: Packed, readers: string[]}} Source
 *
 * The finding; `act`: the button beside it, and the event that it sends.
 * @typedef {{kind: "miss" | "hidden" | "same" | "open", pieces: Pieces, search: Pieces,
 *   act: {event: string, label: string, value: Record<string, unknown>, about: string} | null}} Verdict
 */
/**
 * What figure.py sends.
 * @typedef {object} Data
 * @property {string} stamp changes with anything but the selection
 * @property {"decoder" | "encoder" | "encoder-decoder"} shape of the model
 * @property {string[]} tokens of the text
 * @property {{chip: string, before: string, long: string}} prompt its last token, what stands before that, and both
 * @property {string} root what the first chip is
 * @property {boolean} starts whether the decoder of an encoder-decoder has written nothing yet
 * @property {string[]} heads of the columns, one a step
 * @property {number[]} slots positions of an encoder's blanks; none elsewhere
 * @property {number} depth steps of the tree
 * @property {number} penalty the power of the length by which a score is divided
 * @property {Nodes} nodes
 * @property {Path[]} paths
 * @property {string} best name of the path with the highest score; "" without paths
 * @property {number} focus the node whose distribution tells most
 * @property {Verdict} verdict
 * @property {Next} next
 * @property {Record<number, string>} words tokens by id
 * @property {number} vocabulary entries
 * @property {number} passes of the model over a text
 * @property {Source | null} source of an encoder-decoder
 * @property {string[]} doors pages that can be visited
 * @property {number} beams
 * @property {number} seed
 * @property {boolean} forced whether a branch is
 * @property {Record<"beam" | "greedy" | "sample", boolean>} show
 * @property {number[][]} children of every node, found here
 */
/**
 * What the browser knows: the step that is grown, the chosen node and the one under the pointer, how far the tree is moved
 * under its window, and the layout of the last draw.
 * @typedef {Local & {data: Data, probs: Unpacked, reads: Unpacked | null, arranged?: Arranged, steps: Steps, step: number, node: number,
 *   hover: number | null, panX: number, panY: number, fresh: boolean, at: Layout, bound?: boolean, dragged?: boolean,
 *   timer?: ReturnType<typeof setInterval> | null, panelEnd: number}} Kept
 */

/** @param {Data} data @param {string | undefined} way */
function nodeAt(data, way) {
  let at = 0;
  if (!way) return data.focus;
  for (const id of way === "." ? [] : way.split(".")) {
    at = data.children[at].find((i) => data.nodes.id[i] === Number(id)) ?? 0;
    if (!at) return 0;
  }
  return at;
}

/** @param {Pieces} pieces */
const spoken = (pieces) => pieces.map(([text, mono]) => (mono ? visible(text) : text)).join("");

/** @type {Record<string, [dx: number, dy: number]>} */
const MOVES = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

/** @type {View<Data, Kept>} */
const decoding = {
  init(data, local, before) {
    data.children = data.nodes.parent.map(() => []);
    data.nodes.parent.forEach((p, i) => {
      if (i) data.children[p].push(i);
    });
    const same = before && before.stamp === data.stamp;
    const names = [say("The prompt"), ...data.heads.slice(0, data.depth)];
    const steps = local.steps?.names.join() === names.join() ? local.steps : stepMode("level", names);
    return {
      data,
      probs: unpack(data.next.probs),
      reads: data.source ? unpack(data.source.reads) : null,
      arranged: same ? local.arranged : undefined,
      steps,
      step: Math.min(steps.of(local), data.depth),
      node: nodeAt(data, local.sel.node),
      hover: null,
      panX: same ? local.panX : 0,
      panY: same ? local.panY : 0,
      fresh: !same,
    };
  },

  selected(_, data, local, change) {
    if ("node" in change) local.node = nodeAt(data, change.node);
    if ("level" in change) arrive(local);
  },

  draw(g, data, local) {
    if (!local.bound) {
      local.bound = true;
      bindPan(g, local);
    }
    let at = plan(g, data, local);
    for (let tries = 0; g.whole && at.mostX && tries < 4; tries++) {
      g.width += Math.ceil(at.mostX);
      at = plan(g, data, local);
    }
    local.at = at;
    local.steps.bar(g, local, (now) => captionOf(data, now));
    if (local.fresh && !at.wide) {
      // a phone opens at the prompt, or where the tree is growing
      const from =
        local.step < data.depth ? Math.min(data.nodes.depth[data.focus], Math.max(0, local.step - 1)) : 0;
      local.panX = from ? at.x[from] - 6 : 0;
    }
    local.fresh = false;
    local.panX = clamp(local.panX, 0, at.mostX);
    local.panY = clamp(local.panY, 0, at.mostY);
    const active = activeNode(data, local);
    const grown = [local.step];
    const over = at.wide ? 10 : 0; // the last column's frame and name, before the sums begin
    g.part("clip", null, () => [
      h(
        "clipPath",
        { id: "dec-tree" },
        h("rect", { x: -4, y: at.clip.y, width: at.clip.w + 4 + over, height: at.clip.h }),
      ),
      h(
        "clipPath",
        { id: "dec-ends" },
        h("rect", { x: -4, y: at.clip.y, width: at.room + 4, height: at.clip.h }),
      ),
      h("clipPath", { id: "dec-heads" }, h("rect", { x: -4, y: 0, width: at.clip.w + 4 + over, height: 20 })),
      h(
        "clipPath",
        { id: "dec-race" },
        h("rect", { x: at.w[0] + 14, y: at.raceY + 20, width: at.clip.w - at.w[0] - 6, height: 80 }),
      ),
    ]);
    // Built once a step; panning only moves what is there.
    const shift = (/** @type {Element} */ part) =>
      part.firstElementChild?.firstElementChild?.setAttribute(
        "transform",
        `translate(${-local.panX},${-local.panY})`,
      );
    const moved = (
      /** @type {string} */ name,
      /** @type {unknown[]} */ deps,
      /** @type {() => Shapes} */ build,
    ) =>
      shift(
        g.part(name, [...grown, ...deps], () =>
          h("g", { "clip-path": "url(#dec-tree)" }, h("g", {}, build())),
        ),
      );
    g.part("heads", [...grown, local.panX], () =>
      h(
        "g",
        { "clip-path": "url(#dec-heads)" },
        h("g", { transform: `translate(${-local.panX},0)` }, drawHeads(data, local, at)),
      ),
    );
    const beside = (/** @type {Element} */ part) =>
      part.firstElementChild?.firstElementChild?.setAttribute(
        "transform",
        `translate(${at.wide ? 0 : -local.panX},${-local.panY})`,
      );
    g.part("sums", [at.wide ? 0 : local.panX], () =>
      h(
        "g",
        at.wide ? {} : { "clip-path": "url(#dec-heads)" },
        h("g", { transform: `translate(${at.wide ? 0 : -local.panX},0)` }, drawSumHead(g, data, at)),
      ),
    );
    g.part("note", grown, () => drawNote(data, local, at));
    moved("edges", [], () => drawEdges(data, local, at));
    moved("chances", [], () => drawChances(data, local, at));
    moved("chips", [], () => drawChips(g, data, local, at));
    moved("ring", [active], () => drawRing(data, at, active));
    moved("ends", [], () => [
      label(
        at.x[0] - 2,
        at.y(0) - at.pitch / 2 - 4,
        fitEnd(data.prompt.before.trim() && visible(data.prompt.before.trim()), at.w[0] + at.gap - 8),
        { fill: "ink3" },
      ),
      drawEnds(data, local, at, false),
    ]);
    beside(
      g.part("results", grown, () =>
        h("g", { "clip-path": "url(#dec-ends)" }, h("g", {}, drawEnds(data, local, at, true))),
      ),
    );
    if (at.mostX || at.mostY) g.part("thumbs", [local.panX, local.panY], () => drawThumbs(local, at));
    g.part("race", [...grown, local.panX], () => drawRace(data, local, at));
    g.part("legend", null, () => drawLegend(data, at));
    overLegend(g, data, local, at);
    const { source } = data;
    if (source) {
      g.part("source", [...grown, active], () => drawSource(g, data, source, local, at, active));
      overSource(g, data, source, local, at);
    }
    g.part("panel", [...grown, active], () => drawPanel(g, data, local, at));
    if (at.wide && data.doors.includes("tokenization"))
      g.door("tokenization", { left: -2, top: 18 }, say("tokens"), say("How the prompt was cut"));
    g.height = at.wide ? at.tallest + at.source.flow.height : local.panelEnd + 4;
  },

  key(event, g, data, local) {
    const move = MOVES[event.key];
    const step = stepKey(event);
    if (step) local.steps.by(g, local, step);
    else if (move) walk(g, data, local, ...move);
    else if (event.key === " ") local.steps.play(g, local, !local.timer);
    else if (event.key === "Enter") {
      const i = activeNode(data, local);
      if (i) force(g, data.nodes.parent[i], data.nodes.id[i]);
    } else if (event.key === "Escape" && !local.timer && (local.node || local.hover)) chooseNode(g, 0);
    else if (event.key === "Escape") local.steps.up(g, local);
    else return false;
    return true;
  },

  points(_g, _data, local) {
    const { clip, room, labels, wide } = local.at;
    return { tree: [0, clip.y + 4, wide ? Math.min(room, clip.w + labels) : clip.w, clip.h - 4] }; // with the sums beside it
  },

  describe(data, local) {
    const ended = local.step >= data.depth; // before, nothing is said of the end
    const found = !ended
      ? ""
      : data.paths
          .map((path) =>
            say("{name}: {text} (sum of log p {sum})", {
              name: nameOf(data, path.name),
              text: visible(path.text),
              sum: num(path.sum, 2),
            }),
          )
          .join("; ");
    const D = distribution(data, local, activeNode(data, local));
    const next = D.ids
      .slice(0, 3)
      .map((id, k) => `${visible(data.words[id])} ${num(D.p[0][k], 3)}`)
      .join(", ");
    const read = mostRead(data, local, activeNode(data, local), 3)
      .map(({ text, share }) => `${visible(text)} ${num(share, 2)}`)
      .join(", ");
    const source = data.source
      ? say(" The source is {text}.", {
          text: data.source.tokens
            .map(({ text }) => text)
            .join("")
            .trim(),
        }) +
        (read
          ? say(" To say {next} it read most: {read} ({reader}).", {
              next: saidOf(data, activeNode(data, local)),
              read,
              reader: data.source.readers[readerOf(data, local)],
            })
          : "")
      : "";
    return (
      local.steps.said(local, (now) => captionOf(data, now)) +
      say("Tree of {text}, grown to step {step} of {depth}. ", {
        text: visible(data.prompt.long),
        step: local.step,
        depth: data.depth,
      }) +
      (ended ? `${found}. ${spoken(data.verdict.pieces)} ${spoken(data.verdict.search)} ` : "") +
      say("After {where} come {next}.", {
        where: D.node ? visible(data.nodes.text[D.node]) : say("the prompt"),
        next,
      }) +
      source
    );
  },

  state(data, local) {
    const active = activeNode(data, local);
    const D = distribution(data, local, active);
    const reads = readFor(data, local, active);
    return {
      tokens: data.tokens,
      depth: data.depth,
      step: local.step,
      node: active,
      way: wayTo(data, active),
      hover: local.hover !== null,
      nodes: data.nodes.parent.length,
      drawn: data.nodes.parent.filter((_, i) => local.at.drawn(i) && shownTo(data, local, i)).length,
      paths: data.paths.map(({ name, nodes, sum, score }) => ({
        name,
        ids: nodes.map((i) => data.nodes.id[i]),
        sum,
        score,
      })),
      best: data.best,
      verdict: data.verdict,
      show: data.show,
      seed: data.seed,
      passes: data.passes,
      forced: data.forced,
      asked: {
        node: D.node,
        stages: D.stages.map((s) => s.name),
        ids: D.ids,
        p: D.p.map((row) => row.map((v) => Number(v.toPrecision(6)))),
        kept: D.kept,
        entropy: D.entropy,
      },
      root: data.root,
      source: data.source && {
        tokens: data.source.tokens.map(({ text }) => text),
        reader: data.source.readers[readerOf(data, local)],
        says: saidOf(data, active),
        reads: reads && Array.from(reads, (v) => Number(v.toFixed(5))),
      },
      race: rivals(data).map((path) => ({ name: path.name, products: products(data, path) })),
      pan: [local.panX, local.panY],
      playing: Boolean(local.timer),
      whole: !local.steps.told(local),
    };
  },
};

/** What a step shows. @param {Data} data @param {number} step */
function captionOf(data, step) {
  if (!step)
    return say(
      "The model has read your text, the prompt, and has chosen nothing yet. It only says how likely each next token is, a word or a part of one; who chooses among them is another question.",
    );
  if (step === data.depth)
    return say(
      "Every way has its text. The score at the end adds up how likely each of its tokens was (as logarithms): the way that always took the likeliest token need not have found the likeliest text.",
    );
  if (step > 1) {
    const alone = data.paths
      .filter((path) => path.strategy !== "beam" && path.nodes.length >= step)
      .map((path) =>
        say("{name} with {text}", {
          name: nameOf(data, path.name),
          text: visible(data.nodes.text[path.nodes[step - 1]]),
        }),
      );
    // Of a beam search those that it keeps as yet: most are dropped before the end.
    const kept = data.nodes.text
      .filter((_, node) => data.nodes.running[node] && data.nodes.depth[node] === step)
      .map(visible);
    const on = [
      ...new Set(alone),
      ...(kept.length
        ? [
            say("the {beams} with {texts}", {
              beams: counted(kept.length, "beam"),
              texts: kept.slice(0, 4).join(", "),
            }),
          ]
        : []),
    ];
    return say(
      "Each text goes on by a token: {list}. How likely a text is, is the product of its tokens’ probabilities, so a poor one costs it for good.",
      { list: on.slice(0, 4).join(", ") || say("none of them does") },
    );
  }
  return say("The first token. {list}.", {
    list:
      [
        data.show.greedy && say("Greedy takes the likeliest one"),
        data.show.beam && say("beam search keeps several texts at once"),
        data.show.sample && say("sampling draws one by lot"),
      ]
        .filter(Boolean)
        .join(", ")
        .replace(/^./, (c) => c.toUpperCase()) || say("Ways of choosing are switched on below the tree"),
  });
}

/** @param {Kept} local @param {Layout} at */
function drawThumbs(local, at) {
  /** @type {Shapes[]} */
  const out = [];
  const bar = (
    /** @type {number} */ x,
    /** @type {number} */ y,
    /** @type {number} */ width,
    /** @type {number} */ height,
  ) => out.push(h("rect", { x, y, width, height, rx: 2, fill: css("ink3"), opacity: 0.5 }));
  if (at.mostX)
    bar((local.panX / at.total) * at.tree, at.clip.y + at.clip.h - 5, (at.tree / at.total) * at.tree, 4);
  if (at.mostY) {
    const whole = at.clip.h + at.mostY;
    bar(
      at.tree + (at.wide ? 3 : -5),
      TOP + (local.panY / whole) * at.clip.h,
      4,
      (at.clip.h / whole) * at.clip.h,
    );
  }
  return out;
}

export default mount("decoding", decoding);
