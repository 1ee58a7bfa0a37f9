// Shows pictures in a page of their own, without a server; app/outside/standalone.py writes that page. Around it may be a
// notebook or a course page. It is told how high the pictures are and whether they are dark, and what is chosen in them;
// it may say whether it is dark itself, and choose.

import { shared } from "../kit/shared.js";

/**
 * @import { Figure, Given } from "../kit/glass.js"
 * @import { PackedModel } from "./model/carried.js"
 * @import { Computing, Own } from "./model/computing.js"
 *
 * @typedef {(given: Given) => unknown} Component the default export of a picture's script
 *
 * What a picture draws, and its heading; of all states but the first, only the parts that differ, and those that are gone.
 * `record`: what a file says of its origin.
 * @typedef {{claim: string, data: Record<string, any>, record: Record<string, string>, gone?: string[]}} State
 */

/** @type {(button: HTMLButtonElement, place: HTMLElement) => Promise<void>} */
async function save(button, place) {
  const figure = /** @type {Figure | null} */ (place.querySelector(".gb-figure"));
  const kind = button.dataset.save === "PNG" ? "PNG" : "SVG";
  if (figure) await shared[`export${kind}`]?.(figure, `${place.dataset.file}.${kind.toLowerCase()}`);
}

/** All data of a state. @type {(states: State[], which: number) => Record<string, any>} */
export function dataOf(states, which) {
  const whole = { ...states[0].data, ...states[which].data };
  for (const key of states[which].gone ?? []) delete whole[key];
  return whole;
}

/**
 * What of a choice stays when another state is shown: all in which the states themselves are alike.
 * @type {(states: State[], chosen: Record<string, unknown>) => Record<string, unknown>}
 */
export function keptOf(states, chosen) {
  const said = states.map((_, i) => dataOf(states, i).selection ?? {});
  const alike = (/** @type {string} */ key) =>
    said.every((one) => JSON.stringify(one[key]) === JSON.stringify(said[0][key]));
  return Object.fromEntries(Object.entries(chosen).filter(([key]) => alike(key)));
}

/**
 * Shows, of the charts beside a picture, those of its state and step, or of no step where that has none.
 * @param {HTMLElement} section @param {number} which of the states
 */
function showCharts(section, which) {
  const figure = /** @type {HTMLElement | null} */ (section.querySelector(".gb-figure"));
  const { step, whole } = JSON.parse(figure?.dataset.state ?? "{}").stage ?? { step: -1, whole: true };
  const all = /** @type {HTMLElement[]} */ ([...section.querySelectorAll(".gb-charts > div")]);
  const ours = all.filter((chart) => chart.dataset.stateOf === String(which));
  const now = !whole && ours.some((chart) => chart.dataset.step === String(step)) ? step : -1;
  for (const chart of all) chart.hidden = !ours.includes(chart) || chart.dataset.step !== String(now);
}

/** Draws one picture into its section. @type {(component: Component, section: HTMLElement, states: State[]) => void} */
function draw(component, section, states) {
  const place = /** @type {HTMLElement} */ (section.querySelector(".picture"));
  const fields = /** @type {HTMLFieldSetElement | null} */ (section.querySelector(".gb-switch"));
  const name = section.querySelector("h1");
  /** @type {Record<string, unknown>} */
  let chosen = {};
  let shown = 0;
  /** @type {(event: string, value: any) => void} */
  const setTriggerValue = (event, value) => {
    if (event !== "select") return;
    chosen = value;
    if (parent !== window) parent.postMessage({ glassbox: { selected: value } }, "*");
  };
  const turn = (/** @type {number} */ which) => {
    const data = dataOf(states, which);
    if (data.selection) data.selection = { ...data.selection, ...keptOf(states, chosen) };
    if (name) name.textContent = states[which].claim;
    section.dataset.record = JSON.stringify(states[which].record);
    for (const table of section.querySelectorAll("details"))
      table.hidden = table.dataset.stateOf !== String(which);
    component({ data, parentElement: place, setTriggerValue, can: {} });
    shown = which;
    showCharts(section, which);
  };
  turn(0);
  const figure = section.querySelector(".gb-figure");
  if (figure && section.querySelector(".gb-charts"))
    new MutationObserver(() => showCharts(section, shown)).observe(figure, {
      attributeFilter: ["data-state"],
    });
  if (fields) {
    fields.hidden = false;
    fields.addEventListener("change", ({ target }) =>
      turn(Number(/** @type {HTMLInputElement} */ (target).value)),
    );
  }
}

/** Lets the buttons below a picture save it. @param {HTMLElement} section */
function letSave(section) {
  for (const button of /** @type {NodeListOf<HTMLButtonElement>} */ (
    section.querySelectorAll("[data-save]")
  )) {
    button.addEventListener("click", () => save(button, section));
    button.hidden = false;
  }
}

/** Tells the page around how high this one is, and whether it is dark, and takes its colours from there. */
function follow() {
  const page = document.documentElement;
  const fixed = page.dataset.theme;
  const system = matchMedia("(prefers-color-scheme: dark)");
  const figures = () => /** @type {NodeListOf<Figure>} */ (document.querySelectorAll(".gb-figure"));
  const dark = () => (page.dataset.theme ? page.dataset.theme === "dark" : system.matches);
  let hello = true;
  const tell = () => {
    parent.postMessage(
      { glassbox: Math.ceil(document.body.getBoundingClientRect().height), dark: dark(), hello },
      "*",
    );
    hello = false;
  };
  addEventListener("message", ({ data, source }) => {
    if (source !== parent || !data?.glassbox) return;
    const said = data.glassbox;
    if (typeof said.dark === "boolean") {
      if (!fixed) page.dataset.theme = said.dark ? "dark" : "light";
      page.classList.toggle("gb-clear", said.clear && said.dark === dark()); // the ground around is as dark: it may be seen
      for (const figure of figures()) figure.recolour?.(); // a frame out of sight hears of no transition
      tell();
    }
    if (said.choose) figures()[0]?.choose?.(said.choose);
  });
  system.addEventListener("change", tell);
  new ResizeObserver(tell).observe(document.body);
}

/** What a script element of the document holds, as JSON. @type {(id: string) => any} */
const held = (id) => JSON.parse(document.getElementById(id)?.textContent ?? "[]");

/**
 * @param {Component[]} components of the document's pictures, in their order
 * @param {(Computing | null)[]} [ways] how each is computed, where it carries its model
 * @param {typeof import("./model/desk.js").drawOwn} [drawOwn] draws those
 */
export async function show(components, ways = [], drawOwn = undefined) {
  // The room of a label is measured, so the fonts come first; they lie in this file.
  await Promise.allSettled([...document.fonts].map((face) => face.load()));
  /** @type {State[][]} */
  const data = held("data");
  /** @type {PackedModel[]} */
  const models = held("models");
  /** @type {(Omit<Own, "model"> & {model: number} | null)[]} */
  const owns = held("owns");
  const sections = /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll("section[data-file]"));
  for (const [i, component] of components.entries()) {
    const [way, own] = [ways[i], owns[i]];
    if (way && own) drawOwn?.(component, sections[i], data[i][0], way, { ...own, model: models[own.model] });
    else draw(component, sections[i], data[i]);
    letSave(sections[i]);
  }
  if (parent !== window) follow();
}
