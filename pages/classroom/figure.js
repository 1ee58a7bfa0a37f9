// A vote on a token: the text with its hidden place, the options with the model's probability of each, and the votes of
// the class as they come (app/rooms/bar.js tells them).

import { mount } from "../../app/kit/glass.js";
import { chip, css, fit, h, inLines, label, measure, num, percent, shareBar, tokenSpans, visible } from "../../app/kit/shapes.js";
import { shared } from "../../app/kit/shared.js";
import { costOf } from "../../app/kit/votes.js";
import { barsOf, plan } from "./layout.js";

/**
 * @import { Local, Stage, View } from "../../app/kit/glass.js"
 * @import { State } from "../../app/rooms/connection.js"
 *
 * @typedef {{id: number, text: string, p: number}} Option
 *
 * The vote, as Python sends it (`record` in figure.py); without options nothing of the text scores.
 * @typedef {object} Data
 * @property {string} [stamp]
 * @property {string} kind how the text is scored
 * @property {string[]} tokens
 * @property {number[]} places of the tokens that score
 * @property {Option[]} options the last stands for all other tokens: its id is -1
 * @property {number} [place] of the token that is asked for
 * @property {number} [came] which option stands in the text
 * @property {string} [question] as the class is asked it
 * @property {string[]} [asked] the options as the class is shown them
 * @property {number} [entropy] of the model there, in nats
 * @property {number} [surprise] the model’s loss at what came, in nats
 * @property {number} [evenly] what a class that spreads its votes evenly would pay, in nats
 *
 * @typedef {Local & {listening?: boolean}} Kept
 */

const NOTHING = "Nothing of this text can be asked for: write a second word.";

/** @type {View<Data, Kept>} */
const classroom = {
  draw(g, data, local) {
    if (!local.listening) {
      local.listening = true;
      addEventListener("gb-class", () => { if (g.figure.isConnected) g.redraw(); });
    }
    if (!data.options.length) {
      g.height = 60;
      g.part("nothing", null, () => label(0, 36, NOTHING, { size: 14, fill: "ink" }));
      return;
    }
    const votes = barsOf(data, shared.room ?? null);
    const at = plan(g.width, wordsOf(data), measure, data.options.length, votes.length);
    g.height = at.height;
    g.part("text", [local.sel.follow], () => at.words.map(({ x, y, w }, n) => wordOf(g, data, n, x, y, w)));
    g.part("heads", [votes.length], () => headsOf(at, votes.length));
    g.part("options", [votes], () => data.options.map((option, n) => rowOf(g, data, option, n, at, votes)));
    g.part("costs", [votes], () => costsOf(data, at, votes));
  },

  key(event, g, data) {
    const now = data.places.indexOf(data.place ?? -1);
    const by = event.key === "ArrowRight" || event.key === "ArrowDown" ? 1 : event.key === "ArrowLeft" || event.key === "ArrowUp" ? -1 : 0;
    if (by && data.places[now + by] !== undefined) g.select({ follow: data.places[now + by] });
    else if (event.key === "Escape") g.visit("home");
    else if (!by) return false;
    return true;
  },

  describe(data) {
    if (!data.options.length) return NOTHING;
    const votes = barsOf(data, shared.room ?? null);
    const said = data.options.map((option, n) => `${visible(option.text)} ${percent(option.p)}${votes.length ? `, votes ${votes.map((one) => one[n]).join(" then ")}` : ""}`);
    return `A vote on the token ${visible(data.tokens[data.place ?? 0])}. The model gives ${said.join("; ")}. What came cost the model ${num(data.surprise ?? 0, 3)} nats.`;
  },

  state(data) {
    const votes = barsOf(data, shared.room ?? null);
    return {
      kind: data.kind, tokens: data.tokens, place: data.place ?? null, question: data.question ?? "", came: data.came ?? null, votes,
      options: data.options.map(({ id, text, p }) => ({ id, text, p })), entropy: data.entropy ?? null, surprise: data.surprise ?? null,
      costs: votes.map((one) => costOf(one, data.came ?? 0)),
    };
  },
};

/** The text's tokens as the picture writes them. @param {Data} data */
const wordsOf = (data) => data.tokens.map((token) => visible(token));

/** @type {(g: Stage, data: Data, n: number, x: number, y: number, w: number) => SVGElement} */
function wordOf(g, data, n, x, y, w) {
  const chosen = n === data.place;
  const scored = data.places.includes(n);
  const node = chip(g, x, y, w, data.tokens[n], { selected: chosen, faint: !scored });
  node.setAttribute("data-token", String(n));
  if (!scored) return node;
  node.classList.add("gb-hot");
  node.addEventListener("click", () => g.select({ follow: n }));
  return chosen ? node : g.tip(node, "Ask for this one");
}

/** @type {(at: ReturnType<typeof plan>, rounds: number) => SVGElement[]} */
function headsOf(at, rounds) {
  return [
    label(at.bar, at.head, "the model", { fill: "att-ink", weight: 600 }),
    ...(rounds ? [label(at.bar + measure("the model", 12, false) + 16, at.head, rounds > 1 ? "the class: first vote pale, second full" : "the class", { fill: "accent", weight: 600 })] : []),
  ];
}

/** @type {(g: Stage, data: Data, option: Option, n: number, at: ReturnType<typeof plan>, votes: number[][]) => SVGElement} */
function rowOf(g, data, option, n, at, votes) {
  const y = at.top + n * at.pitch;
  const bars = [{ share: option.p, fill: "att", faint: false }, ...votes.map((one, round) => ({ share: one[n] / Math.max(1, one.reduce((a, b) => a + b, 0)), fill: "accent", faint: round < votes.length - 1 }))];
  const tall = 9;
  const came = n === data.came;
  const numbers = [percent(option.p), ...votes.map((one) => String(one[n]))].join(" · ");
  const middle = at.phone ? y + 12 : y + (bars.length * (tall + 2)) / 2 + 4;
  const row = h("g", { "data-option": n },
    h("text", { x: 0, y: middle, "font-family": "var(--gb-mono)", "font-size": 14, fill: css("ink"), "font-weight": came ? 700 : null },
      tokenSpans(option.text, at.names - (came ? 56 : 8), 14)),
    came && label(at.names - 8, middle, "came", { anchor: "end", fill: "v-ink", weight: 600 }),
    bars.map((bar, k) => shareBar(at.bar, y + (at.phone ? 20 : 0) + k * (tall + 2), at.room, tall, bar.share, { fill: css(bar.fill), opacity: bar.faint ? 0.45 : 1 })),
    label(at.right, middle, numbers, { anchor: "end", mono: true, fill: "ink2" }));
  return g.tip(row, `${visible(option.text)}${option.id < 0 ? "" : `  id ${option.id}`}\nthe model: ${percent(option.p)}${votes.map((one, round) => `\n${["first", "second"][round]} vote: ${one[n]}`).join("")}`);
}

/** The cross-entropies, in words. @type {(data: Data, at: ReturnType<typeof plan>, votes: number[][]) => SVGElement[]} */
function costsOf(data, at, votes) {
  const all = `The model gave what came a loss of ${num(data.surprise ?? 0, 2)} nats; it expected ${num(data.entropy ?? 0, 2)}.`;
  const costs = votes.map((one) => costOf(one, data.came ?? 0));
  const said = costs.map((cost) => (cost === null ? "nobody chose it" : `${num(cost, 2)} nats`));
  const theirs = votes.length ? said.join(", then ") : `none yet; an even spread over ${data.options.length} would be ${num(data.evenly ?? 0, 2)} nats`;
  const lines = [...inLines(all, at.right, 13), ...inLines(`The class’s loss, its shares of votes read as probabilities: ${theirs}.`, at.right, 13)];
  return lines.map((line, n) => label(0, at.costs + n * 20, fit(line, at.right, 13, false), { size: 13, fill: "ink2" }));
}

export default mount("classroom", classroom);
