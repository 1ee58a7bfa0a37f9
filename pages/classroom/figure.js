// A vote on a token: the text with its hidden place, the options with the model's probability of each, and the votes of
// the class as they come (app/rooms/bar.js tells them).

import { mount } from "../../app/kit/glass.js";
import { say } from "../../app/kit/say.js";
import {
  chip,
  css,
  fit,
  h,
  inLines,
  label,
  measure,
  num,
  percent,
  shareBar,
  tokenSpans,
  visible,
} from "../../app/kit/shapes.js";
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

const NOTHING = say("Nothing of this text can be asked for: write a second word.");

/** @type {View<Data, Kept>} */
const classroom = {
  draw(g, data, local) {
    if (!local.listening) {
      local.listening = true;
      addEventListener("gb-class", () => {
        if (g.figure.isConnected) g.redraw();
      });
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
    const by =
      event.key === "ArrowRight" || event.key === "ArrowDown"
        ? 1
        : event.key === "ArrowLeft" || event.key === "ArrowUp"
          ? -1
          : 0;
    if (by && data.places[now + by] !== undefined) g.select({ follow: data.places[now + by] });
    else if (event.key === "Escape") g.visit("home");
    else if (!by) return false;
    return true;
  },

  describe(data) {
    if (!data.options.length) return NOTHING;
    const votes = barsOf(data, shared.room ?? null);
    const said = data.options.map((option, n) => {
      const [word, share] = [visible(option.text), percent(option.p)];
      if (votes.length > 1)
        return say("{word} {share}, votes {first} then {second}", {
          word,
          share,
          first: votes[0][n],
          second: votes[1][n],
        });
      return votes.length
        ? say("{word} {share}, votes {votes}", { word, share, votes: votes[0][n] })
        : `${word} ${share}`;
    });
    return say(
      "A vote on the token {token}. The model gives {options}. What came cost the model {loss} nats.",
      {
        token: visible(data.tokens[data.place ?? 0]),
        options: said.join("; "),
        loss: num(data.surprise ?? 0, 3),
      },
    );
  },

  state(data) {
    const votes = barsOf(data, shared.room ?? null);
    return {
      kind: data.kind,
      tokens: data.tokens,
      place: data.place ?? null,
      question: data.question ?? "",
      came: data.came ?? null,
      votes,
      options: data.options.map(({ id, text, p }) => ({ id, text, p })),
      entropy: data.entropy ?? null,
      surprise: data.surprise ?? null,
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
  return chosen ? node : g.tip(node, say("Ask for this one"));
}

/** @type {(at: ReturnType<typeof plan>, rounds: number) => SVGElement[]} */
function headsOf(at, rounds) {
  return [
    label(at.bar, at.head, say("the model"), { fill: "att-ink", weight: 600 }),
    ...(rounds
      ? [
          label(
            at.bar + measure(say("the model"), 12, false) + 16,
            at.head,
            rounds > 1 ? say("the class: first vote pale, second full") : say("the class"),
            { fill: "accent", weight: 600 },
          ),
        ]
      : []),
  ];
}

/** @type {(g: Stage, data: Data, option: Option, n: number, at: ReturnType<typeof plan>, votes: number[][]) => SVGElement} */
function rowOf(g, data, option, n, at, votes) {
  const y = at.top + n * at.pitch;
  const bars = [
    { share: option.p, fill: "att", faint: false },
    ...votes.map((one, round) => ({
      share:
        one[n] /
        Math.max(
          1,
          one.reduce((a, b) => a + b, 0),
        ),
      fill: "accent",
      faint: round < votes.length - 1,
    })),
  ];
  const tall = 9;
  const came = n === data.came;
  const numbers = [percent(option.p), ...votes.map((one) => String(one[n]))].join(" · ");
  const middle = at.phone ? y + 12 : y + (bars.length * (tall + 2)) / 2 + 4;
  const row = h(
    "g",
    { "data-option": n },
    h(
      "text",
      {
        x: 0,
        y: middle,
        "font-family": "var(--gb-mono)",
        "font-size": 14,
        fill: css("ink"),
        "font-weight": came ? 700 : null,
      },
      tokenSpans(option.text, at.names - (came ? 56 : 8), 14),
    ),
    came && label(at.names - 8, middle, say("came"), { anchor: "end", fill: "v-ink", weight: 600 }),
    bars.map((bar, k) =>
      shareBar(at.bar, y + (at.phone ? 20 : 0) + k * (tall + 2), at.room, tall, bar.share, {
        fill: css(bar.fill),
        opacity: bar.faint ? 0.45 : 1,
      }),
    ),
    label(at.right, middle, numbers, { anchor: "end", mono: true, fill: "ink2" }),
  );
  const lines = [
    `${visible(option.text)}${option.id < 0 ? "" : `  id ${option.id}`}`,
    say("the model: {share}", { share: percent(option.p) }),
    ...votes.map((one, round) =>
      round ? say("second vote: {votes}", { votes: one[n] }) : say("first vote: {votes}", { votes: one[n] }),
    ),
  ];
  return g.tip(row, lines.join("\n"));
}

/** The cross-entropies, in words. @type {(data: Data, at: ReturnType<typeof plan>, votes: number[][]) => SVGElement[]} */
function costsOf(data, at, votes) {
  const all = say("The model gave what came a loss of {loss} nats; it expected {expected}.", {
    loss: num(data.surprise ?? 0, 2),
    expected: num(data.entropy ?? 0, 2),
  });
  const costs = votes.map((one) => costOf(one, data.came ?? 0));
  const said = costs.map((cost) =>
    cost === null ? say("nobody chose it") : say("{cost} nats", { cost: num(cost, 2) }),
  );
  const none = () =>
    say("none yet; an even spread over {options} would be {loss} nats", {
      options: data.options.length,
      loss: num(data.evenly ?? 0, 2),
    });
  const theirs =
    said.length > 1
      ? say("{first}, then {second}", { first: said[0], second: said[1] })
      : (said[0] ?? none());
  const lines = [
    ...inLines(all, at.right, 13),
    ...inLines(
      say("The class’s loss, its shares of votes read as probabilities: {losses}.", { losses: theirs }),
      at.right,
      13,
    ),
  ];
  return lines.map((line, n) =>
    label(0, at.costs + n * 20, fit(line, at.right, 13, false), { size: 13, fill: "ink2" }),
  );
}

export default mount("classroom", classroom);
