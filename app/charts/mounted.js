// Beside a chart: what it shows, as JSON, once all of its drawings are there. A chart's own parts are hidden from screen
// readers: they read its sentence, which the library puts on it, and its table.

import { say } from "../kit/say.js";

/**
 * @import { Given } from "../kit/glass.js"
 *
 * What a chart says of itself: how many drawings it has, its sentence for screen readers, and what they show.
 * @typedef {{name: string, kind: "vega" | "plotly", drawings: number, said: string, state: unknown, waits: boolean}} Data
 *
 * An element of Plotly's, with the options of its camera.
 * @typedef {Element & {_context: {toImageButtonOptions: {format: string}}}} Plot
 */

const NEAR = "300px"; // below the visible part of the page
const DRAWN = { vega: "svg.marks", plotly: ".js-plotly-plot .main-svg:first-child" };

/** Beside Plotly's own button, which saves a PNG, one that has it save an SVG. @param {Plot} plot */
function svgButton(plot) {
  const camera = /** @type {HTMLElement | null} */ (
    plot.querySelector('.modebar-btn[data-title^="Download plot"]')
  );
  if (!camera || camera.parentElement?.querySelector(".gb-save-svg")) return;
  const button = document.createElement("button");
  button.type = "button";
  button.className = "modebar-btn gb-save-svg";
  button.dataset.title = say("Save as SVG");
  button.setAttribute("aria-label", say("Save as SVG"));
  button.textContent = "SVG";
  button.addEventListener("click", () => {
    const options = plot._context.toImageButtonOptions; // read when the camera is clicked
    const { format } = options;
    options.format = "svg";
    camera.click();
    options.format = format;
  });
  camera.after(button);
}

/** @param {Given<Data>} given */
export default function charted({ data, parentElement, setTriggerValue }) {
  let figure = /** @type {HTMLElement | null} */ (parentElement.querySelector(":scope > figure"));
  if (!figure) {
    figure = document.createElement("figure");
    figure.hidden = true;
    parentElement.append(figure);
  }
  const { dataset } = figure;
  const around = parentElement.closest(`[class*="st-key-gb-chart-${data.kind}-"]`) ?? parentElement;
  const look = () => {
    const drawn = around.querySelectorAll(DRAWN[data.kind]);
    for (const drawing of drawn) if (data.kind === "vega") drawing.setAttribute("aria-hidden", "true");
    for (const plot of /** @type {NodeListOf<Plot>} */ (around.querySelectorAll(".js-plotly-plot")))
      svgButton(plot);
    if (drawn.length >= data.drawings) dataset.state = JSON.stringify(data.state);
  };
  dataset.component = data.name;
  dataset.chart = data.kind;
  figure.setAttribute("aria-label", data.said);
  const watch = new MutationObserver(look);
  watch.observe(around, { childList: true, subtree: true });
  look();
  const approach = new IntersectionObserver(
    (seen) => {
      if (!seen.some((one) => one.isIntersecting)) return;
      approach.disconnect();
      setTriggerValue("near", { at: Date.now() });
    },
    { rootMargin: NEAR },
  );
  if (data.waits) approach.observe(around);
  return () => {
    watch.disconnect();
    approach.disconnect();
  };
}
