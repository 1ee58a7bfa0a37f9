// Shows a picture in a page of its own, without a server; app/kit/standalone.py writes that page. Around it may be a
// notebook or a course page: it is told how high the picture is, and nothing else.

import { shared } from "./shared.js";

/** @import { Figure, Given } from "./glass.js" */

/** @type {(button: HTMLButtonElement, place: HTMLElement) => Promise<void>} */
async function save(button, place) {
  const figure = /** @type {Figure | null} */ (place.querySelector(".gb-figure"));
  const kind = button.dataset.save === "PNG" ? "PNG" : "SVG";
  if (figure) await shared[`export${kind}`]?.(figure, `${document.body.dataset.file}.${kind.toLowerCase()}`);
}

/**
 * Shows the charts of the picture's step, or those of no step where it has none of its own.
 * @param {HTMLElement} place of the picture @param {HTMLElement} charts
 */
function follow(place, charts) {
  const figure = /** @type {HTMLElement | null} */ (place.querySelector("figure"));
  const all = /** @type {HTMLElement[]} */ ([...charts.children]);
  const choose = () => {
    const { step, whole } = JSON.parse(figure?.dataset.state ?? "{}").stage ?? { step: -1, whole: true };
    const now = !whole && all.some((chart) => chart.dataset.step === String(step)) ? step : -1;
    for (const chart of all) chart.hidden = chart.dataset.step !== String(now);
  };
  if (figure) new MutationObserver(choose).observe(figure, { attributeFilter: ["data-state"] });
  choose();
}

/** @param {(given: Given) => unknown} component the default export of a picture's script */
export async function show(component) {
  // The room of a label is measured, so the fonts come first; they lie in this file.
  await Promise.allSettled([...document.fonts].map((face) => face.load()));
  const data = JSON.parse(document.getElementById("data")?.textContent ?? "null");
  const place = /** @type {HTMLElement} */ (document.getElementById("picture"));
  component({ data, parentElement: place, setTriggerValue: () => {}, can: {} });
  const charts = document.getElementById("charts");
  if (charts) follow(place, charts);
  for (const button of /** @type {NodeListOf<HTMLButtonElement>} */ (document.querySelectorAll("[data-save]"))) {
    button.addEventListener("click", () => save(button, place));
    button.hidden = false;
  }
  if (parent === window) return;
  const tell = () => parent.postMessage({ glassbox: Math.ceil(document.body.getBoundingClientRect().height) }, "*");
  new ResizeObserver(tell).observe(document.body);
}
