// Beside a chart: what it shows, as JSON, once all of its drawings are there. A chart's own parts are hidden from screen
// readers: they read its sentence, which the library puts on it, and its table.

const DRAWN = { vega: "svg.marks", plotly: ".js-plotly-plot .main-svg:first-child" };

/** Beside Plotly's own button, which saves a PNG, one that has it save an SVG. */
function svgButton(plot) {
  const camera = plot.querySelector('.modebar-btn[data-title^="Download plot"]');
  if (!camera || camera.parentElement.querySelector(".gb-save-svg")) return;
  const button = document.createElement("button");
  button.type = "button";
  button.className = "modebar-btn gb-save-svg";
  button.dataset.title = "Save as SVG";
  button.setAttribute("aria-label", "Save as SVG");
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

export default function charted({ data, parentElement }) {
  let figure = parentElement.querySelector(":scope > figure");
  if (!figure) {
    figure = document.createElement("figure");
    figure.hidden = true;
    parentElement.append(figure);
  }
  const around = parentElement.closest(`[class*="st-key-gb-chart-${data.kind}-"]`);
  const look = () => {
    const drawn = around.querySelectorAll(DRAWN[data.kind]);
    for (const drawing of drawn) if (data.kind === "vega") drawing.setAttribute("aria-hidden", "true");
    for (const plot of around.querySelectorAll(".js-plotly-plot")) svgButton(plot);
    if (drawn.length >= data.drawings) figure.dataset.state = JSON.stringify(data.state);
  };
  figure.dataset.component = data.name;
  figure.dataset.chart = data.kind;
  figure.setAttribute("aria-label", data.said);
  const watch = new MutationObserver(look);
  watch.observe(around, { childList: true, subtree: true });
  look();
  return () => watch.disconnect();
}
