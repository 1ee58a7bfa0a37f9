// A picture that computes by itself: its file carries the model, so above it stand the text, the moments of the training,
// and what can be changed in the model. Nothing leaves the file.

import { html } from "../../kit/shapes.js";
import { open } from "./carried.js";
import { run } from "./forward.js";

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
 * @property {(change?: Change, key?: string) => Trace} pass over the text; with a change, the key that names it
 *
 * What an event of the picture changes; `note` says why nothing changes, or what did.
 * @typedef {{text?: string, values?: Record<string, any>, note?: string}} Turn
 *
 * A control above the picture, of the field `key`.
 * @typedef {{key: string, label: string} & ({kind: "check"} | {kind: "range", low: number, high: number, step: number} |
 *   {kind: "choice", options: (asked: Asked) => [value: number, name: string][]})} Control
 *
 * How a page's picture is computed (pages/NAME/carried.js).
 * @typedef {object} Computing
 * @property {(asked: Asked) => Record<string, any>} data as Python's record is, with the selection: of the choices, what this
 *   text and model have
 * @property {string[]} [needs] choices in the picture that need new data
 * @property {(told: any) => Control[]} [controls]
 * @property {Record<string, (event: any, asked: Asked) => Turn>} [events]
 *
 * What a file carries for a picture that computes.
 * @typedef {object} Own
 * @property {PackedModel} model
 * @property {string} text
 * @property {number} longest tokens that the picture holds
 * @property {Record<string, any>} values
 * @property {any} told
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

  /** @returns {Asked & {whole: number}} */
  function asked() {
    const all = opened.tokenizer.encode(now.text);
    const ids = all.slice(0, longest);
    const model = opened.at(now.moment);
    const stamp = JSON.stringify([now.moment, now.text]);
    const name = own.model.moments.length > 1 ? `${own.model.name}, ${opened.labels[now.moment]}` : own.model.name;
    const pass = (/** @type {Change} */ change = {}, key = "") => {
      const known = `${stamp} ${key}`;
      const trace = passes.get(known) ?? run(model, ids, change);
      passes.delete(known);
      passes.set(known, trace); // the last used is the last to go
      for (const oldest of passes.keys()) if (passes.size > PASSES) passes.delete(oldest);
      return trace;
    };
    return { model, name, text: now.text, ids, longest, stamp, values: now.values, told: own.told, pass, whole: all.length };
  }

  return {
    now, asked, labels: opened.labels, controls: way.controls?.(own.told) ?? [],
    /** The picture's data, and what there is to say of them. */
    data() {
      const one = asked();
      if (!one.ids.length) return { data: null, said: "Write a text first." };
      const start = performance.now();
      const data = way.data(one);
      Object.assign(now.values, data.selection);
      const ms = Math.max(1, Math.round(performance.now() - start));
      const cut = one.whole > longest ? ` The picture holds ${longest} tokens of the ${one.whole}.` : "";
      return { data, said: `Computed in this file, in ${ms} ms.${cut}` };
    },
    /** Takes a choice; whether the picture needs new data for it. @param {Record<string, any>} chosen */
    choose({ n: _, ...chosen }) {
      const needs = way.needs?.some((key) => key in chosen && chosen[key] !== now.values[key]) ?? false;
      Object.assign(now.values, chosen);
      return needs;
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
    },
  };
}

/**
 * The controls above a picture that computes.
 * @param {ReturnType<typeof computing>} machine @param {{again: () => void, reset: () => void}} act
 */
export function controls(machine, { again, reset }) {
  /** @type {HTMLTextAreaElement} */
  const text = html("textarea", { rows: 1, spellcheck: "false", "aria-label": "Text", oninput: () => { machine.now.text = text.value; again(); } });
  const name = `moment${Math.random()}`;
  const moments = machine.labels.map((_, i) => html("input", { type: "radio", name, value: i, onchange: () => { machine.now.moment = i; again(); } }));
  const made = machine.controls.map((control) => ({ control, ...controlOf(control, machine, again) }));
  const status = html("span", { class: "gb-own-status", role: "status" });
  const whole = html("div", { class: "gb-own" },
    html("label", { class: "gb-own-text" }, html("span", {}, "Text"), text),
    html("div", { class: "gb-own-row" },
      moments.length > 1 ? html("fieldset", { class: "gb-switch" }, html("legend", {}, "Rewind"), ...moments.map((input, i) => html("label", {}, input, machine.labels[i])).reverse()) : "",
      ...made.map(({ node }) => node),
      html("button", { type: "button", onclick: reset }, "As it came"), status));
  return {
    whole,
    /** Shows what is chosen, where something else than these controls chose it. @param {string} said */
    show(said) {
      if (text.value !== machine.now.text) text.value = machine.now.text;
      for (const [i, input] of moments.entries()) input.checked = i === machine.now.moment;
      for (const { follow } of made) follow();
      status.textContent = said;
    },
  };
}

/** @type {(control: Control, machine: ReturnType<typeof computing>, again: () => void) => {node: HTMLElement, follow: () => void}} */
function controlOf(control, machine, again) {
  const { key, label } = control;
  const set = (/** @type {unknown} */ value) => { machine.now.values[key] = value; again(); };
  if (control.kind === "check") {
    /** @type {HTMLInputElement} */
    const input = html("input", { type: "checkbox", onchange: () => set(input.checked) });
    return { node: html("label", {}, input, label), follow: () => { input.checked = Boolean(machine.now.values[key]); } };
  }
  if (control.kind === "choice") {
    /** @type {HTMLSelectElement} */
    const select = html("select", { "aria-label": label, onchange: () => set(Number(select.value)) });
    const follow = () => {
      const options = control.options(machine.asked());
      if (options.length !== select.options.length) select.replaceChildren(...options.map(([value, name]) => new Option(name, String(value))));
      select.value = String(machine.now.values[key]);
    };
    return { node: html("label", {}, label, select), follow };
  }
  const { low, high, step } = control;
  const read = html("output", {});
  /** @type {HTMLInputElement} */
  const input = html("input", { type: "range", min: low, max: high, step, "aria-label": label, oninput: () => set(Number(input.value)) });
  const follow = () => {
    input.value = String(machine.now.values[key]);
    read.textContent = input.value;
  };
  return { node: html("label", {}, label, input, read), follow };
}
