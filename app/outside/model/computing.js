// What a picture computes that carries its model: its data, anew for each text, moment of the training and choice.

import { counted } from "../../kit/counts.js";
import { say } from "../../kit/say.js";
import { thousands } from "../../kit/shapes.js";
import { open } from "./carried.js";
import { rerun, run } from "./forward.js";

/**
 * @import { Carried, PackedModel } from "./carried.js"
 * @import { Change, Trace } from "./forward.js"
 *
 * What a picture is computed of.
 * @typedef {object} Asked
 * @property {Carried} model
 * @property {string} name the model's, with the moment of its training
 * @property {string} text
 * @property {number[]} ids as many as the picture holds
 * @property {number} longest that many
 * @property {string} stamp changes with model and text
 * @property {Record<string, any>} values by field: what is chosen, and what is changed in the model
 * @property {any} told what of the picture's words Python knows
 * @property {any} measured what Python measured of this model, on the text that the picture came with and on none
 * @property {(change?: Change, key?: string, first?: number) => Trace} pass over the text; with a change, the key that names it
 *   and the first block that it changes
 *
 * What an event of the picture changes; `note` says why nothing changes, or what did.
 * @typedef {{text?: string, values?: Record<string, any>, note?: string}} Turn
 *
 * A control above the picture, of the field `key`; with `when`, only while that field is set.
 * @typedef {{key: string, label: string, when?: string} & ({kind: "check"} | {kind: "range", low: number, high: number, step: number} |
 *   {kind: "choice", options: (asked: Asked) => [value: number | string, name: string][]})} Control
 *
 * How a page's picture is computed (pages/NAME/carried/computing.js).
 * @typedef {object} Computing
 * @property {(asked: Asked) => Record<string, any>} data as Python's record is, with the selection: of the choices, what this
 *   text and model have
 * @property {(asked: Asked) => Iterator<boolean>} [later] what takes longer than a reader waits for, in short steps after the
 *   picture stands, the first before any work: true where there is something new to draw
 * @property {string[]} [needs] choices in the picture that need new data
 * @property {(told: any) => Control[]} [controls]
 * @property {Record<string, (event: any, asked: Asked) => Turn>} [events]
 *
 * What a file carries for a picture that computes.
 * @typedef {object} Own
 * @property {PackedModel} model
 * @property {string} text
 * @property {number} longest tokens that the picture holds
 * @property {Record<string, any>} values as they were asked for
 * @property {Record<string, any>} shown the selection that the picture comes with
 * @property {any} told
 * @property {any[]} measured of each moment
 */

const PASSES = 24; // that are kept

/**
 * Computes a picture anew whenever its text, its model or a choice changes.
 * @param {Computing} way @param {Own} own
 */
export function computing(way, own) {
  const opened = open(own.model);
  const longest = Math.min(own.longest, own.model.config.n_ctx);
  const now = { text: own.text, moment: 0, values: { ...own.values } };
  /** @type {Map<string, Trace>} */
  const passes = new Map();
  /** What the picture and this told each other last. @type {Record<string, any>} */
  let said = { ...own.shown };
  /** The number of the last choice that was taken: an answer to an older one does not undo it. @type {number | undefined} */
  let taken;

  /** @returns {Asked & {whole: number}} */
  function asked() {
    const all = opened.tokenizer.encode(now.text);
    // Of too long a text the end is read, as in Python: the model predicts what comes next.
    const { before } = opened.tokenizer.around;
    const ids = all.length <= longest ? all : [...before, ...all.slice(all.length - longest + before.length)];
    const model = opened.at(now.moment);
    const stamp = JSON.stringify([now.moment, now.text]);
    const name =
      own.model.moments.length > 1 ? `${own.model.name}, ${opened.labels[now.moment]}` : own.model.name;
    /** @type {Asked["pass"]} */
    const pass = (change = {}, key = "", first = 0) => {
      const known = `${stamp} ${key}`;
      const trace =
        passes.get(known) ?? (first ? rerun(model, pass(), first, change) : run(model, ids, change));
      passes.delete(known);
      passes.set(known, trace); // the last used is the last to go
      for (const oldest of passes.keys()) if (passes.size > PASSES) passes.delete(oldest);
      return trace;
    };
    return {
      model,
      name,
      text: now.text,
      ids,
      longest,
      stamp,
      values: now.values,
      told: own.told,
      measured: own.measured[now.moment],
      pass,
      whole: all.length,
    };
  }

  return {
    now,
    asked,
    labels: opened.labels,
    controls: way.controls?.(own.told) ?? [],
    /** The picture's data, and what there is to say of them. */
    data() {
      const one = asked();
      if (!one.ids.length) return { data: null, said: say("Write a text first.") };
      const start = performance.now();
      const data = way.data(one);
      Object.assign(said, data.selection);
      data.selection = { ...data.selection, n: taken };
      const ms = Math.max(1, Math.round(performance.now() - start));
      if (one.whole <= longest) return { data, said: say("Computed in this file, in {ms} ms.", { ms }) };
      const tokens = { tokens: counted(longest, "token"), whole: thousands(one.whole) };
      return {
        data,
        said: say("Computed in this file, in {ms} ms. The picture holds the last {tokens} of the {whole}.", {
          ms,
          ...tokens,
        }),
      };
    },
    /** What is left to compute, in steps. @returns {Iterator<boolean>} */
    later() {
      const one = asked();
      return one.ids.length && way.later ? way.later(one) : [].values();
    },
    /**
     * Takes a choice; whether the picture needs new data for it. The picture tells all that is chosen in it, also what it was
     * told itself, such as the row that predicts: that is no choice, and goes along with the next text.
     * @param {Record<string, any>} chosen
     */
    choose({ n, ...chosen }) {
      taken = n;
      const fresh = Object.keys(chosen).filter((key) => chosen[key] !== said[key]);
      for (const key of fresh) now.values[key] = said[key] = chosen[key];
      return fresh.some((key) => way.needs?.includes(key));
    },
    /** Takes an event of the picture; null: it has no such event. @type {(event: string, value: any) => Turn | null} */
    event(event, value) {
      const turn = way.events?.[event]?.(value, asked()) ?? null;
      if (turn?.text !== undefined) now.text = turn.text;
      Object.assign(now.values, turn?.values);
      return turn;
    },
    reset() {
      Object.assign(now, { text: own.text, moment: 0, values: { ...own.values } });
      said = { ...own.shown };
      taken = undefined;
    },
  };
}
