// Every model that this installation can open (list.js), the details of the picked one, and what the learner's text
// does with the weights of the open one (card.js). layout.js says what stands where.

import { counted } from "../../app/kit/counts.js";
import { mount } from "../../app/kit/glass.js";
import { say } from "../../app/kit/say.js";
import { clamp, num } from "../../app/kit/shapes.js";
import { entryKey } from "../../app/kit/steps.js";
import { drawCard, drawText, openIt, opens } from "./card.js";
import { millions, pickedOf, plan, rowOf } from "./layout.js";
import { drawList } from "./list.js";

/**
 * @import { Local, Stage, View } from "../../app/kit/glass.js"
 * @import { Plan } from "./layout.js"
 */
/**
 * A model that can be opened, or is known of.
 * @typedef {object} Entry
 * @property {string} name
 * @property {string} label
 * @property {string} short its label without the account that it is from
 * @property {string} source
 * @property {string} from where it is from, in words
 * @property {string} kind
 * @property {string} shape its architecture, in words
 * @property {string} what it was made for
 * @property {string} licence
 * @property {number[]} parts weights of tables, attention, feed-forward, norms and heads
 * @property {number} total weights; 0: not known
 * @property {string} stored size of its files, in words
 * @property {string} memory that it takes, in words
 * @property {number} bytes of memory; 0: not known
 * @property {boolean} here whether its files are on this machine
 * @property {boolean} open whether it is in memory
 * @property {string} problem why it does not open
 * @property {boolean} headed whether it says labels in place of words
 * @property {string} asked what Applications asks it for
 */
/**
 * All models, and what the text does with the weights of the open one, as Python sends them (`record` in figure.py).
 * @typedef {object} Data
 * @property {string} [stamp]
 * @property {Entry[]} entries that fit the filters
 * @property {Entry} current the open one
 * @property {Entry} picked the one whose details are shown
 * @property {Held | null} held null: in a file, which knows no server
 * @property {string[]} titles of the four parts
 * @property {{id: number, text: string, size: number}[]} tokens of the text; size: the root mean square of a token's row
 * @property {Use} use
 * @property {string} refused why the model that a link picked is not here
 *
 * Bytes that models in the server's memory take together, and may take; freeText: what the machine has left.
 * @typedef {{now: number, most: number, nowText: string, mostText: string, freeText: string}} Held
 *
 * Weights of each part, how many of them the text meets, their root mean square; the percent met of all; the rows read of
 * a table of `vocabulary` rows, `tied` to the choice of the next token.
 * @typedef {{whole: number[], used: number[], sizes: number[], share: number, rows: number, vocabulary: number, tied: boolean}} Use
 *
 * What the browser knows by itself: the first row in view, and whether a hand moved the list away from the picked model.
 * @typedef {Local & {first?: number, free?: boolean, listening?: boolean, height?: number}} Kept
 * @typedef {Stage & {data: Data}} Models
 * @typedef {(g: Models, data: Data, local: Kept, at: Plan) => void} Draw
 */

/** The name of the model whose row an event is on. @type {(event: Event) => string | undefined} */
const nameAt = (event) =>
  event.target instanceof Element
    ? /** @type {HTMLElement | null} */ (event.target.closest("[data-row]"))?.dataset.row
    : undefined;

/** @type {(g: Models, data: Data, local: Kept, to: number) => void} */
function choose(g, data, local, to) {
  if (!data.entries.length) return;
  const name = data.entries[clamp(to, 0, data.entries.length - 1)].name;
  local.free = false;
  g.select({ picked: name });
}

/** @type {(g: Models, local: Kept) => void} */
function listen(g, local) {
  if (local.listening) return;
  local.listening = true;
  g.svg.addEventListener("click", (event) => {
    const name = nameAt(event);
    if (name !== undefined)
      choose(
        g,
        g.data,
        local,
        g.data.entries.findIndex((one) => one.name === name),
      );
  });
  g.svg.addEventListener(
    "wheel",
    (event) => {
      const at = plan(g, g.data);
      const over = nameAt(event) !== undefined && g.data.entries.length > at.list.rows;
      if (!over || Math.abs(event.deltaY) < Math.abs(event.deltaX)) return;
      const to = clamp((local.first ?? 0) + Math.sign(event.deltaY), 0, g.data.entries.length - at.list.rows);
      if (to === local.first) return; // at an end the page scrolls on
      event.preventDefault();
      local.free = true;
      local.first = to;
      g.redraw();
    },
    { passive: false },
  );
}

/** @type {View<Data, Kept, Models>} */
const modelsView = {
  draw(g, data, local) {
    g.data = data;
    listen(g, local);
    const at = plan(g, data);
    drawList(g, data, local, at);
    drawCard(g, data, local, at);
    g.height = local.height ?? at.text.y + 96;
    drawText(g, data, at);
    local.height = g.height;
  },

  key(event, g, data, local) {
    const row = rowOf(data, local);
    const move = entryKey(event);
    if (move) choose(g, data, local, row + move);
    else if (event.key === "Home") choose(g, data, local, 0);
    else if (event.key === "End") choose(g, data, local, data.entries.length - 1);
    else if (event.key === "Enter" && event.target === g.figure) {
      const one = pickedOf(data, local);
      if (opens(g, data, one)) openIt(g, one.name);
    } else if (event.key === "Escape") {
      if (pickedOf(data, local).name === data.current.name) g.visit("home");
      else g.select({ picked: data.current.name });
    } else return false;
    return true;
  },

  describe(data, local) {
    const one = pickedOf(data, local);
    const list = data.entries
      .slice(0, 40)
      .map(
        (each) =>
          `${each.label}: ${each.problem ? say("does not open") : each.total ? say("{weights} weights, {memory} in memory", { weights: millions(each.total), memory: each.memory }) : say("known when it is fetched")}`,
      )
      .join("; ");
    const about = {
      label: one.label,
      shape: one.problem || one.shape,
      stored: one.stored,
      memory: one.memory,
      licence: one.licence,
    };
    return [
      say("{models} that can be opened, to one scale: {list}.", {
        models: counted(data.entries.length, "model"),
        list: list || say("none of this kind"),
      }),
      one.here
        ? say("Details of {label}: {shape}; on disk {stored}, in memory {memory}, licence {licence}.", about)
        : say(
            "Details of {label}: {shape}; to fetch {stored}, in memory {memory}, licence {licence}.",
            about,
          ),
      say("Open is {label}: your text of {tokens} uses {share} % of its weights.", {
        label: data.current.label,
        tokens: counted(data.tokens.length, "token"),
        share: num(data.use.share, 1),
      }),
    ].join(" ");
  },

  state(data, local) {
    const one = pickedOf(data, local);
    return {
      tokens: data.tokens.map((each) => each.text),
      sizes: data.tokens.map((each) => each.size),
      entries: data.entries.map(({ name, label, total, parts, bytes, problem, open, here, asked }) => ({
        name,
        label,
        total,
        parts,
        bytes,
        problem,
        open,
        here,
        asked,
      })),
      picked: one.name,
      current: data.current.name,
      ruler: local.sel.ruler ?? "log",
      used: data.use.used,
      whole: data.use.whole,
      share: data.use.share,
      sizesOfParts: data.use.sizes,
      refused: data.refused,
      first: local.first ?? 0,
    };
  },
};

export default mount("models", modelsView);
