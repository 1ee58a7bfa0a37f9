// Export of a picture as a self-contained SVG, and as PNG. HTML over the picture
// (titles that are links, sliders) is drawn into it, buttons are left out, charts of the page keep their place
// beside it, the page's claim and the caption of its step are above it, and its fonts are embedded.

import { withText } from "./png.js";
import { SVG_NS, css, h, html, inLines, label } from "./shapes.js";
import { shared } from "./shared.js";

/**
 * @import { Figure } from "./glass.js"
 *
 * A drawing's copy, its size, and its place on the page.
 * @typedef {{source: SVGSVGElement, drawn: SVGSVGElement, width: number, height: number, left: number, top: number}} Copied
 * @typedef {{x: number, y: number, width: number, height: number}} Place
 * @typedef {import("./shared.js").FileRecord} FileRecord
 * @typedef {(box: DOMRect) => Place} At what the page says as a place in the picture
 *
 * An element of Plotly's, with the scenes that it draws by WebGL.
 * @typedef {{container: Element, toImage: (format: string) => string}} Scene
 * @typedef {Element & {_fullLayout?: {_subplots?: {gl3d?: string[]}} & {[id: string]: {_scene: Scene}}}} Plot
 */

const NOT_XML = /[^\t\n\r\x20-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu; // XML 1.0, 2.2: a text may hold what no file may
const EXPORT_MARGIN = 16; // pixels of margin, so that what overlaps the picture's edge is not cut off
const EXPORT_TITLE = { size: 18, line: 26 };
const EXPORT_CAPTION = { size: 14, line: 20 };
const EXPORT_PROBE = 24;
const EXPORT_SCALE = 2;
const EXPORT_LONGEST = 30_000; // pixels of a side: browsers make no canvas of 32,768
const EXPORT_FAMILIES = ["Inter", "JetBrains Mono"]; // the families that app/static/fonts holds

/**
 * Returns the picture as SVG text: custom properties resolved, fonts embedded.
 * @param {Figure} figure
 * @param {Element[]} beside the page's charts that belong to it
 * @param {FileRecord | null} record
 * @param {boolean} probe draw a letter of each font below the picture, EXPORT_PROBE pixels deep, by which one sees that it has come
 */
async function exportText(figure, beside = [], record = recordOf(figure), probe = false) {
  const chart = chartOf(figure); // the figure of a chart holds only its state
  const parts = await drawingsOf(figure, beside);
  const source = parts[0].source;
  const style = getComputedStyle(figure);
  const colour = chart
    ? exportInk(chart)
    : (/** @type {string} */ name) => style.getPropertyValue(name).trim();
  const [width, height] = [
    Math.max(...parts.map((part) => part.x + part.width)),
    Math.max(...parts.map((part) => part.y + part.height)),
  ];
  const claim =
    (figure.closest("section[data-file]") ?? document).querySelector(".gb-claim h1")?.textContent?.trim() ??
    "";
  const title = claim ? inLines(claim, (width - 8) / 1.08, EXPORT_TITLE.size) : [];
  const step = [...figure.querySelectorAll(".gb-steps-told .gb-steps-said > *")]
    .map((part) => part.textContent)
    .join(": ");
  const caption = step ? inLines(step, (width - 8) / 1.08, EXPORT_CAPTION.size) : [];
  const top =
    (title.length ? title.length * EXPORT_TITLE.line + 6 : 0) +
    (caption.length ? caption.length * EXPORT_CAPTION.line + 6 : 0);
  const [w, tall] = [width + 2 * EXPORT_MARGIN, height + top + 2 * EXPORT_MARGIN];
  const fonts = h("style", {});
  const copy = h(
    "svg",
    {
      xmlns: SVG_NS,
      width: w,
      height: tall,
      viewBox: `${-EXPORT_MARGIN} ${-EXPORT_MARGIN - top} ${w} ${tall}`,
      "font-family": "var(--gb-sans)",
      "font-size": 12,
    },
    h("title", {}, figure.getAttribute("aria-label") ?? ""),
    fonts,
    h("rect", { x: -EXPORT_MARGIN, y: -EXPORT_MARGIN - top, width: w, height: tall, fill: "var(--gb-bg)" }),
    h(
      "g",
      { "data-part": "claim" },
      title.map((line, i) =>
        label(0, EXPORT_TITLE.size - 2 - top + EXPORT_TITLE.line * i, line, {
          size: EXPORT_TITLE.size,
          weight: 600,
          fill: "ink",
        }),
      ),
    ),
    caption.length > 0 &&
      h(
        "g",
        { "data-part": "caption" },
        caption.map((line, i) =>
          label(0, -12 - EXPORT_CAPTION.line * (caption.length - 1 - i), line, {
            size: EXPORT_CAPTION.size,
            fill: "ink",
          }),
        ),
      ),
    parts.map((part) => part.drawn),
  );
  const faces = await fontsOf(copy.textContent ?? "");
  // Behind the fonts, which take the letters of what is drawn. A text that names a custom property keeps the name.
  if (record) fonts.before(h("metadata", {}, JSON.stringify(record).replaceAll("--gb-", "\\u002d-gb-")));
  const words = getComputedStyle(source.querySelector("text") ?? source);
  fonts.textContent = `${faces.map((face) => face.rule).join("")}text{white-space:${words.whiteSpace};font-variant-numeric:${words.fontVariantNumeric};letter-spacing:${words.letterSpacing}}`;
  if (probe) {
    copy.setAttribute("height", String(tall + EXPORT_PROBE));
    copy.setAttribute("viewBox", `${-EXPORT_MARGIN} ${-EXPORT_MARGIN - top} ${w} ${tall + EXPORT_PROBE}`);
    copy.append(
      h(
        "g",
        {},
        faces.map(({ family, letter }, i) =>
          h(
            "text",
            {
              x: EXPORT_PROBE * i - EXPORT_MARGIN,
              y: height + EXPORT_MARGIN + EXPORT_PROBE - 6,
              "font-size": EXPORT_PROBE - 6,
              "font-family": `'${family}'`,
            },
            letter,
          ),
        ),
      ),
    );
  }
  return new XMLSerializer()
    .serializeToString(copy)
    .replace(NOT_XML, "\ufffd")
    .replace(/var\((--gb-[a-z0-9-]+)\)/g, (_, p) => (colour(p) || "inherit").replace(/"/g, "'"));
}

/**
 * What a document's picture says of its origin (app/outside/file_record.py); a page gives it with the call.
 * @type {(figure: Figure) => FileRecord | null}
 */
function recordOf(figure) {
  const section = /** @type {HTMLElement | null} */ (figure.closest("section[data-file]"));
  return JSON.parse(section?.dataset.record ?? "null");
}

/**
 * Resolves a token's colour at an element: the page defines both themes. Font tokens are no colours.
 * @type {(element: Element) => (name: string) => string}
 */
const exportInk = (element) => (name) => {
  if (name === "--gb-sans" || name === "--gb-mono")
    return getComputedStyle(element).getPropertyValue(name).trim();
  const probe = element.appendChild(html("i", { hidden: "" }));
  probe.style.color = `var(${name})`;
  const { color } = getComputedStyle(probe);
  probe.remove();
  return color;
};

// ---------------------------------------------------------------- fonts

/** @type {Map<string, string>} an address -> the file as a data URL */
const fontFiles = new Map();

/**
 * Collects the font faces that these letters need: family, a sample letter, the @font-face rule with the file embedded.
 * @param {string} letters
 */
async function fontsOf(letters) {
  const codes = new Set([...letters].map((letter) => letter.codePointAt(0) ?? 0));
  const rules = [...document.styleSheets].flatMap((sheet) => {
    try {
      return [...sheet.cssRules]
        .filter((rule) => rule instanceof CSSFontFaceRule)
        .map((rule) => ({ face: rule.style, base: sheet.href ?? document.baseURI }));
    } catch {
      return [];
    } // a style sheet of another origin is unreadable
  });
  const found = await Promise.all(
    rules.map(async ({ face, base }) => {
      const family = face.getPropertyValue("font-family").replace(/["']/g, "");
      const file = /url\(["']?([^"')]+)/.exec(face.getPropertyValue("src"))?.[1];
      const range = face.getPropertyValue("unicode-range");
      const letter = [...codes].find(
        (code) => inRange(code, range) && /[\p{L}\p{N}]/u.test(String.fromCodePoint(code)),
      );
      if (!EXPORT_FAMILIES.includes(family) || !file || letter === undefined) return [];
      const address = new URL(file, base).href;
      if (!fontFiles.has(address))
        fontFiles.set(address, address.startsWith("data:") ? address : await asDataUrl(address));
      const weight = face.getPropertyValue("font-weight") || "normal";
      const rule = `@font-face{font-family:'${family}';font-weight:${weight};src:url(${fontFiles.get(address)}) format('woff2');${range ? `unicode-range:${range}` : ""}}`;
      return [{ family, rule, letter: String.fromCodePoint(letter) }];
    }),
  );
  return found.flat();
}
/** Whether a code point lies in a CSS unicode-range; "" holds all. @type {(code: number, range: string) => boolean} */
const inRange = (code, range) =>
  !range ||
  range.split(",").some((part) => {
    const [low, high] = part
      .trim()
      .replace(/^U\+/i, "")
      .split("-")
      .map((end) => parseInt(end, 16));
    return code >= low && code <= (high ?? low);
  });
/** @type {(address: string) => Promise<string>} */
async function asDataUrl(address) {
  const blob = await (await fetch(address)).blob();
  return new Promise((done, failed) => {
    const reader = new FileReader();
    reader.onload = () => done(String(reader.result));
    reader.onerror = failed;
    reader.readAsDataURL(blob);
  });
}

// ---------------------------------------------------------------- drawings and their positions

const EXPORT_CHARTS = '[class*="st-key-gb-chart-vega-"], [class*="st-key-gb-chart-plotly-"]';

/** The chart that a figure only says the state of; null of a picture. @param {Element} figure */
const chartOf = (figure) => figure.closest(EXPORT_CHARTS);

/**
 * Collects the drawings of a figure and of charts beside it: {source, drawn, x, y, width, height}, from the left upper corner of all.
 * @type {(figure: Figure, beside: Element[]) => Promise<(Place & Pick<Copied, "source" | "drawn">)[]>}
 */
async function drawingsOf(figure, beside) {
  const charts = new Set([chartOf(figure) ?? [], beside].flat());
  const own = chartOf(figure) ? [] : [pictureDrawn(figure)];
  const parts = [...own, ...(await Promise.all([...charts].map(chartDrawn))).flat()];
  const [left, top] = /** @type {const} */ (["left", "top"]).map((side) =>
    Math.min(...parts.map((part) => part[side])),
  );
  return parts.map(({ left: x, top: y, drawn, ...part }, i) => {
    for (const [name, value] of Object.entries({
      x: x - left,
      y: y - top,
      width: part.width,
      height: part.height,
      overflow: "visible",
    }))
      drawn.setAttribute(name, String(value));
    return { ...part, drawn: apart(drawn, i), x: x - left, y: y - top };
  });
}
/**
 * Copies an SVG, with its size and position on the page in its own pixels: the projector mode enlarges the page.
 * @type {(source: SVGSVGElement) => Copied}
 */
function copied(source) {
  const [width, height] = ["width", "height"].map((side) => Number(source.getAttribute(side)));
  const box = source.getBoundingClientRect();
  const zoom = box.width ? width / box.width : 1;
  const drawn = /** @type {SVGSVGElement} */ (source.cloneNode(true));
  drawn.removeAttribute("aria-hidden");
  drawn.removeAttribute("style");
  if (!drawn.hasAttribute("viewBox")) drawn.setAttribute("viewBox", `0 0 ${width} ${height}`);
  return { source, drawn, width, height, left: box.left * zoom, top: box.top * zoom };
}
/** The picture with what is scrolled out of view on the page. @param {Figure} figure */
function pictureDrawn(figure) {
  const take = () => {
    const part = copied(/** @type {SVGSVGElement} */ (figure.querySelector("svg")));
    for (const drawn of figure.exports?.values() ?? []) part.drawn.append(drawn() ?? ""); // the content of a canvas over the picture
    part.drawn.append(h("g", { "data-part": "over" }, overlaysDrawn(figure, part.source)));
    return part;
  };
  return figure.whole ? figure.whole(take) : take();
}
/** @param {Element} chart */
async function chartDrawn(chart) {
  const layers = [
    .../** @type {NodeListOf<SVGSVGElement>} */ (
      chart.querySelectorAll("svg.marks, .js-plotly-plot .main-svg")
    ),
  ].map(copied);
  for (const plot of /** @type {NodeListOf<Plot>} */ (chart.querySelectorAll(".js-plotly-plot"))) {
    // The WebGL layer lies between the first layer and the others; its scene provides a copy.
    for (const id of plot._fullLayout?._subplots?.gl3d ?? []) {
      const scene = plot._fullLayout?.[id]?._scene;
      const first = layers.find(({ source }) => plot.contains(source));
      if (!first || !scene) continue;
      const [box, around] = [scene.container, first.source].map((node) => node.getBoundingClientRect());
      first.drawn.append(
        h("image", {
          x: box.left - around.left,
          y: box.top - around.top,
          width: box.width,
          height: box.height,
          href: scene.toImage("png"),
        }),
      );
    }
  }
  return layers;
}
/**
 * Makes ids of clips and gradients unique: two charts may use the same ones.
 * @type {(drawn: SVGSVGElement, which: number) => SVGSVGElement}
 */
function apart(drawn, which) {
  const own = new Set([...drawn.querySelectorAll("[id]")].map((node) => node.id));
  for (const node of [drawn, ...drawn.querySelectorAll("*")]) {
    for (const { name, value } of [...node.attributes]) {
      if (name === "id") node.id = `p${which}-${value}`;
      else if (/url\(|^#/.test(value))
        node.setAttribute(
          name,
          value
            .replace(/(url\(["']?)[^"')#]*#|^#/g, "$1#")
            .replace(/#([^"')\s;]+)/g, (all, id) => (own.has(id) ? `#p${which}-${id}` : all)),
        );
    }
  }
  return drawn;
}

// ---------------------------------------------------------------- HTML over the picture

/**
 * Draws titles and sliders over the picture as shapes at their positions; buttons are left out, as a file has no use for them.
 * @type {(figure: Figure, source: SVGSVGElement) => SVGElement[]}
 */
function overlaysDrawn(figure, source) {
  const frame = source.getBoundingClientRect();
  const zoom = Number(source.getAttribute("width")) / frame.width; // the projector mode enlarges the page
  const at = (/** @type {DOMRect} */ box) => ({
    x: (box.left - frame.left) * zoom,
    y: (box.top - frame.top) * zoom,
    width: box.width * zoom,
    height: box.height * zoom,
  });
  return [...figure.querySelectorAll(".gb-over")].flatMap((node) => elementDrawn(node, at));
}
/** @type {(node: Element, at: At) => SVGElement[]} */
function elementDrawn(node, at) {
  const style = getComputedStyle(node);
  if (
    node.tagName === "CANVAS" ||
    node.matches(".gb-button") ||
    style.display === "none" ||
    style.visibility === "hidden" ||
    Number(style.opacity) < 0.05
  )
    return [];
  const box = at(node.getBoundingClientRect());
  if (!box.width || !box.height) return [];
  const opacity = Number(style.opacity) < 1 ? style.opacity : null;
  if (node instanceof HTMLInputElement || node instanceof HTMLSelectElement)
    return inputDrawn(node, style, box, opacity);
  const border = parseFloat(style.borderTopWidth) || 0;
  const filled = !/^(transparent|rgba\(.*, 0\))$/.test(style.backgroundColor);
  const drawn = node.querySelector("canvas"); // the canvas itself is exported already
  const ground =
    (filled || border) && !drawn
      ? [
          h("rect", {
            x: box.x + border / 2,
            y: box.y + border / 2,
            width: box.width - border,
            height: box.height - border,
            rx: Math.min(parseFloat(style.borderTopLeftRadius) || 0, box.height / 2),
            fill: filled ? style.backgroundColor : "none",
            stroke: border ? style.borderTopColor : null,
            "stroke-width": border || null,
            opacity,
          }),
        ]
      : [];
  const inside = [...node.childNodes].flatMap((child) =>
    child instanceof Text
      ? wordsDrawn(child, style, at, opacity)
      : child instanceof HTMLElement
        ? elementDrawn(child, at)
        : [],
  );
  return [...ground, ...inside];
}
/**
 * Splits a text node into its rendered lines.
 * @type {(text: Text, style: CSSStyleDeclaration, at: At, opacity: string | null) => SVGElement[]}
 */
function wordsDrawn(text, style, at, opacity) {
  const size = parseFloat(style.fontSize);
  /** @type {{box: Place, words: string[]}[]} */
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
  return lines.map(({ box, words }) =>
    h(
      "text",
      {
        x: box.x,
        y: box.y + box.height / 2 + size * 0.36,
        "font-size": size,
        "font-weight": style.fontWeight,
        fill: style.color,
        opacity,
        "font-family": style.fontFamily.replace(/"/g, "'"),
        direction: "ltr",
      },
      words.join(" "),
    ),
  );
}
/**
 * Draws a slider as its rail and knob, and an input as a box with its value.
 * @type {(node: HTMLInputElement | HTMLSelectElement, style: CSSStyleDeclaration, box: Place, opacity: string | null) => SVGElement[]}
 */
function inputDrawn(node, style, box, opacity) {
  const middle = box.y + box.height / 2;
  if (node instanceof HTMLInputElement && node.type === "range") {
    const [value, min, max] = [node.value, node.min, node.max].map(Number);
    const share = (value - min) / (max - min || 1);
    const knob = box.x + 8 + share * (box.width - 16);
    return [
      h("path", {
        d: `M${box.x},${middle}h${box.width}`,
        stroke: css("line"),
        "stroke-width": 4,
        "stroke-linecap": "round",
      }),
      h("path", {
        d: `M${box.x},${middle}H${knob}`,
        stroke: css("accent"),
        "stroke-width": 4,
        "stroke-linecap": "round",
        opacity,
      }),
      h("circle", { cx: knob, cy: middle, r: 8, fill: css("accent"), opacity }),
    ];
  }
  const shown = node instanceof HTMLSelectElement ? (node.selectedOptions[0]?.textContent ?? "") : node.value;
  const size = parseFloat(style.fontSize);
  if (!shown) return []; // an empty search box
  return [
    h("rect", {
      x: box.x + 0.5,
      y: box.y + 0.5,
      width: box.width - 1,
      height: box.height - 1,
      rx: 6,
      fill: css("bg"),
      stroke: css("line"),
    }),
    label(box.x + 8, middle + size * 0.36, shown, {
      size,
      fill: "ink",
      "font-family": style.fontFamily.replace(/"/g, "'"),
    }),
  ];
}

// ---------------------------------------------------------------- files

/**
 * Renders the picture as a PNG blob, with EXPORT_SCALE pixels per unit, fewer for a very long one.
 * @type {(figure: Figure, beside: Element[], record?: FileRecord | null) => Promise<Blob | null>}
 */
async function exportBlob(figure, beside, record = recordOf(figure)) {
  const text = await exportText(figure, beside, null, true);
  const faces = text.split("@font-face").length - 1;
  const url = URL.createObjectURL(new Blob([text], { type: "image/svg+xml" }));
  try {
    const image = new Image();
    image.src = url;
    await image.decode();
    const scale = Math.min(EXPORT_SCALE, EXPORT_LONGEST / Math.max(image.width, image.height));
    const canvas = Object.assign(document.createElement("canvas"), {
      width: image.width * scale,
      height: (image.height - EXPORT_PROBE) * scale,
    });
    const strip = Object.assign(document.createElement("canvas"), {
      width: EXPORT_PROBE * faces,
      height: EXPORT_PROBE,
    });
    // An image's embedded fonts load after it: until then their letters are not drawn at all.
    const until = performance.now() + 5000;
    while (faces && !lettersIn(strip, image, faces) && performance.now() < until)
      await new Promise((done) => setTimeout(done, 30));
    canvas.getContext("2d")?.drawImage(image, 0, 0, image.width * scale, image.height * scale);
    /** @type {Blob | null} */
    const blob = await new Promise((done) => canvas.toBlob(done, "image/png"));
    if (!blob || !record) return blob;
    const file = withText(new Uint8Array(await blob.arrayBuffer()), "Glassbox", JSON.stringify(record));
    return new Blob([file], { type: "image/png" });
  } finally {
    URL.revokeObjectURL(url);
  }
}
/**
 * Returns whether the sample letter of each font face was drawn below the picture.
 * @type {(strip: HTMLCanvasElement, image: HTMLImageElement, faces: number) => boolean}
 */
function lettersIn(strip, image, faces) {
  const pen = strip.getContext("2d", { willReadFrequently: true });
  if (!pen) return true;
  pen.clearRect(0, 0, strip.width, strip.height);
  pen.drawImage(
    image,
    0,
    image.height - EXPORT_PROBE,
    strip.width,
    EXPORT_PROBE,
    0,
    0,
    strip.width,
    EXPORT_PROBE,
  );
  return Array.from({ length: faces }, (_, i) =>
    pen
      .getImageData(EXPORT_PROBE * i, 0, EXPORT_PROBE, EXPORT_PROBE)
      .data.some((v, at) => at % 4 === 3 && v > 0),
  ).every(Boolean);
}
/** @type {(blob: Blob, name: string) => void} */
function exportSave(blob, name) {
  const link = html("a", { href: URL.createObjectURL(blob), download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}
/**
 * Returns the SVG text, or the PNG blob; with a file name it is also saved. beside: charts that belong to it.
 * @type {NonNullable<typeof shared.exportSVG>}
 */
async function exportSVG(figure, name, beside = [], record = recordOf(figure)) {
  const text = await exportText(figure, beside, record);
  if (name) exportSave(new Blob([text], { type: "image/svg+xml" }), name);
  return text;
}
/** @type {NonNullable<typeof shared.exportPNG>} */
async function exportPNG(figure, name, beside = [], record = recordOf(figure)) {
  const blob = await exportBlob(figure, beside, record);
  if (name && blob) exportSave(blob, name);
  return blob;
}
Object.assign(shared, { exportSVG, exportPNG });
