// The drawings that a picture taken away is made of, each at its place: a picture's SVG with what lies over it, the SVG of
// a chart by Altair, the layers of a chart by Plotly.

import { css, h, label } from "./shapes.js";

const EXPORT_CHARTS = '[class*="st-key-gb-chart-vega-"], [class*="st-key-gb-chart-plotly-"]';

/** The chart that a figure only says the state of; null of a picture. */
export const chartOf = (figure) => figure.closest(EXPORT_CHARTS);

/** The drawings of a figure and of charts beside it: {source, drawn, x, y, width, height}, from the left upper corner of all. */
export async function drawingsOf(figure, beside) {
  const charts = [...new Set([chartOf(figure), ...beside].filter(Boolean))];
  const own = chartOf(figure) ? [] : [pictureDrawn(figure)];
  const parts = [...own, ...(await Promise.all(charts.map(chartDrawn))).flat()];
  const [left, top] = ["left", "top"].map((side) => Math.min(...parts.map((part) => part[side])));
  return parts.map(({ left: x, top: y, drawn, ...part }, i) => {
    for (const [name, value] of Object.entries({ x: x - left, y: y - top, width: part.width, height: part.height, overflow: "visible" })) drawn.setAttribute(name, value);
    return { ...part, drawn: apart(drawn, i), x: x - left, y: y - top };
  });
}
/** An SVG's copy, with its size and place on the page in its own pixels: the projector mode enlarges the page. */
function copied(source) {
  const [width, height] = ["width", "height"].map((side) => Number(source.getAttribute(side)));
  const box = source.getBoundingClientRect();
  const zoom = box.width ? width / box.width : 1;
  const drawn = source.cloneNode(true);
  drawn.removeAttribute("aria-hidden");
  drawn.removeAttribute("style");
  if (!drawn.hasAttribute("viewBox")) drawn.setAttribute("viewBox", `0 0 ${width} ${height}`);
  return { source, drawn, width, height, left: box.left * zoom, top: box.top * zoom };
}
/** The picture with what is scrolled out of view on the page. */
function pictureDrawn(figure) {
  const take = () => {
    const part = copied(figure.querySelector("svg"));
    for (const drawn of figure.exports?.values() ?? []) part.drawn.append(drawn() ?? ""); // what a canvas over the picture shows
    part.drawn.append(h("g", { "data-part": "over" }, overlaysDrawn(figure, part.source)));
    return part;
  };
  return figure.whole ? figure.whole(take) : take();
}
async function chartDrawn(chart) {
  const layers = [...chart.querySelectorAll("svg.marks, .js-plotly-plot .main-svg")].map(copied);
  for (const plot of chart.querySelectorAll(".js-plotly-plot")) {
    // What WebGL draws lies between the first layer and the others; its own scene knows how to copy it.
    for (const id of plot._fullLayout?._subplots?.gl3d ?? []) {
      const scene = plot._fullLayout[id]._scene;
      const first = layers.find(({ source }) => plot.contains(source));
      const [box, around] = [scene.container, first.source].map((node) => node.getBoundingClientRect());
      first.drawn.append(h("image", { x: box.left - around.left, y: box.top - around.top, width: box.width, height: box.height, href: scene.toImage("png") }));
    }
  }
  return layers;
}
/** Names of clips and gradients are a drawing's own: two charts would call theirs alike. */
function apart(drawn, which) {
  const own = new Set([...drawn.querySelectorAll("[id]")].map((node) => node.id));
  for (const node of [drawn, ...drawn.querySelectorAll("*")]) {
    for (const { name, value } of [...node.attributes]) {
      if (name === "id") node.id = `p${which}-${value}`;
      else if (/url\(|^#/.test(value)) node.setAttribute(name, value.replace(/(url\(["']?)[^"')#]*#|^#/g, "$1#").replace(/#([^"')\s;]+)/g, (all, id) => (own.has(id) ? `#p${which}-${id}` : all)));
    }
  }
  return drawn;
}

// ---------------------------------------------------------------- what lies over the picture

/** Titles and sliders over the picture as shapes at their places; what one presses there says nothing in a file. */
function overlaysDrawn(figure, source) {
  const frame = source.getBoundingClientRect();
  const zoom = Number(source.getAttribute("width")) / frame.width; // the projector mode enlarges the page
  const at = (box) => ({ x: (box.left - frame.left) * zoom, y: (box.top - frame.top) * zoom, width: box.width * zoom, height: box.height * zoom });
  return [...figure.querySelectorAll(".gb-over")].flatMap((node) => elementDrawn(node, at));
}
function elementDrawn(node, at) {
  const style = getComputedStyle(node);
  if (node.tagName === "CANVAS" || node.matches(".gb-button") || style.display === "none" || style.visibility === "hidden" || Number(style.opacity) < 0.05) return [];
  const box = at(node.getBoundingClientRect());
  if (!box.width || !box.height) return [];
  const opacity = Number(style.opacity) < 1 ? style.opacity : null;
  if (node.tagName === "INPUT" || node.tagName === "SELECT") return inputDrawn(node, style, box, opacity);
  const border = parseFloat(style.borderTopWidth) || 0;
  const filled = !/^(transparent|rgba\(.*, 0\))$/.test(style.backgroundColor);
  const drawn = node.querySelector("canvas"); // its picture is under this already
  const ground = (filled || border) && !drawn && h("rect", {
    x: box.x + border / 2, y: box.y + border / 2, width: box.width - border, height: box.height - border, rx: Math.min(parseFloat(style.borderTopLeftRadius) || 0, box.height / 2),
    fill: filled ? style.backgroundColor : "none", stroke: border ? style.borderTopColor : null, "stroke-width": border || null, opacity,
  });
  const inside = [...node.childNodes].flatMap((child) => (child instanceof Text ? wordsDrawn(child, style, at, opacity) : child instanceof HTMLElement ? elementDrawn(child, at) : []));
  return [ground || null, ...inside].filter(Boolean);
}
/** The words of a text node, a line of it after the other. */
function wordsDrawn(text, style, at, opacity) {
  const size = parseFloat(style.fontSize);
  const lines = [];
  const range = document.createRange();
  for (const word of text.data.matchAll(/\S+/g)) {
    range.setStart(text, word.index);
    range.setEnd(text, word.index + word[0].length);
    const box = at(range.getBoundingClientRect());
    if (!box.width) continue;
    const last = lines.at(-1);
    if (last && Math.abs(last.box.y - box.y) < size / 2) last.words.push(word[0]);
    else lines.push({ box, words: [word[0]] });
  }
  return lines.map(({ box, words }) => h("text", {
    x: box.x, y: box.y + box.height / 2 + size * 0.36, "font-size": size, "font-weight": style.fontWeight, fill: style.color, opacity,
    "font-family": style.fontFamily.replace(/"/g, "'"), direction: "ltr",
  }, words.join(" ")));
}
/** A slider as its rail and knob; a box for a word or a number with what is in it. */
function inputDrawn(node, style, box, opacity) {
  const middle = box.y + box.height / 2;
  if (node.type === "range") {
    const share = (node.value - node.min) / (node.max - node.min || 1);
    const knob = box.x + 8 + share * (box.width - 16);
    return [h("path", { d: `M${box.x},${middle}h${box.width}`, stroke: css("line"), "stroke-width": 4, "stroke-linecap": "round" }),
      h("path", { d: `M${box.x},${middle}H${knob}`, stroke: css("accent"), "stroke-width": 4, "stroke-linecap": "round", opacity }), h("circle", { cx: knob, cy: middle, r: 8, fill: css("accent"), opacity })];
  }
  const shown = node.tagName === "SELECT" ? node.selectedOptions[0]?.textContent ?? "" : node.value;
  const size = parseFloat(style.fontSize);
  if (!shown) return []; // a search that nobody has made
  return [h("rect", { x: box.x + 0.5, y: box.y + 0.5, width: box.width - 1, height: box.height - 1, rx: 6, fill: css("bg"), stroke: css("line") }),
    label(box.x + 8, middle + size * 0.36, shown, { size, fill: "ink", "font-family": style.fontFamily.replace(/"/g, "'") })];
}
