// Taking a picture away: SVG that needs nothing of the page, and the same as PNG. What lies over the picture as HTML
// (titles that are doors, buttons, sliders) is drawn into it, the page's claim stands over it, and its fonts are inside.

const EXPORT_MARGIN = 16; // pixels of margin: what reaches over the picture's edge on the page is not cut off
const EXPORT_TITLE = { size: 18, line: 26 };
const EXPORT_PROBE = 24;
const EXPORT_FAMILIES = ["Inter", "JetBrains Mono"]; // the families that app/static/fonts holds

/**
 * The picture as SVG text: custom properties written out, fonts embedded.
 * probe: draw a letter of each font below the picture, EXPORT_PROBE pixels deep, by which one sees that it has come.
 */
async function exportText(figure, probe = false) {
  const chart = figure.closest('[class*="st-key-gb-chart-vega-"]'); // of a chart, the figure only says what it shows
  const source = chart ? chart.querySelector("svg.marks") : figure.querySelector("svg");
  const style = getComputedStyle(figure);
  const colour = chart ? exportInk(chart) : (name) => style.getPropertyValue(name).trim();
  const [width, height] = ["width", "height"].map((side) => Number(source.getAttribute(side)));
  const claim = document.querySelector(".gb-claim h1")?.textContent?.trim() ?? "";
  const title = claim ? inLines(claim, (width - 8) / 1.08, EXPORT_TITLE.size) : [];
  const top = title.length ? title.length * EXPORT_TITLE.line + 6 : 0;
  const copy = source.cloneNode(true);
  const [w, tall] = [width + 2 * EXPORT_MARGIN, height + top + 2 * EXPORT_MARGIN];
  for (const [name, value] of Object.entries({ xmlns: SVG_NS, width: w, height: tall, viewBox: `${-EXPORT_MARGIN} ${-EXPORT_MARGIN - top} ${w} ${tall}` })) copy.setAttribute(name, value);
  copy.removeAttribute("aria-hidden");
  copy.removeAttribute("style");
  const fonts = h("style", {});
  copy.prepend(h("title", {}, figure.getAttribute("aria-label") ?? ""), fonts,
    h("rect", { x: -EXPORT_MARGIN, y: -EXPORT_MARGIN - top, width: w, height: tall, fill: "var(--gb-bg)" }),
    h("g", { "data-part": "claim" }, title.map((line, i) => label(0, EXPORT_TITLE.size - 2 - top + EXPORT_TITLE.line * i, line, { size: EXPORT_TITLE.size, weight: 600, fill: "ink" }))));
  for (const drawn of figure.exports?.values() ?? []) copy.append(drawn() ?? ""); // what a canvas over the picture shows
  copy.append(h("g", { "data-part": "over" }, overlaysDrawn(figure, source)));
  const faces = await fontsOf(copy.textContent);
  const words = getComputedStyle(source.querySelector("text") ?? source);
  fonts.textContent = `${faces.map((face) => face.rule).join("")}text{white-space:${words.whiteSpace};font-variant-numeric:${words.fontVariantNumeric};letter-spacing:${words.letterSpacing}}`;
  if (probe) {
    copy.setAttribute("height", tall + EXPORT_PROBE);
    copy.setAttribute("viewBox", `${-EXPORT_MARGIN} ${-EXPORT_MARGIN - top} ${w} ${tall + EXPORT_PROBE}`);
    copy.append(h("g", {}, faces.map(({ family, letter }, i) => h("text", { x: EXPORT_PROBE * i - EXPORT_MARGIN, y: height + EXPORT_MARGIN + EXPORT_PROBE - 6, "font-size": EXPORT_PROBE - 6, "font-family": `'${family}'` }, letter))));
  }
  return new XMLSerializer().serializeToString(copy)
    .replace(/var\((--gb-[a-z0-9-]+)\)/g, (_, p) => (colour(p) || "inherit").replace(/"/g, "'"));
}

/** What a token's colour is where an element stands: the page itself holds both of its themes. */
const exportInk = (element) => (name) => {
  const probe = element.appendChild(html("i", { hidden: "" }));
  probe.style.color = `var(${name})`;
  const { color } = getComputedStyle(probe);
  probe.remove();
  return color;
};

// ---------------------------------------------------------------- fonts

const fontFiles = new Map(); // an address -> the file as a data URL

/** The faces of our families that these letters need: family, a letter of it, the @font-face rule with the file in it. */
async function fontsOf(letters) {
  const codes = new Set([...letters].map((letter) => letter.codePointAt(0)));
  const rules = [...document.styleSheets].flatMap((sheet) => {
    try { return [...sheet.cssRules].filter((rule) => rule instanceof CSSFontFaceRule).map((rule) => [rule.style, sheet.href ?? document.baseURI]); } catch { return []; } // another server's sheet
  });
  const found = await Promise.all(rules.map(async ([face, base]) => {
    const family = face.getPropertyValue("font-family").replace(/["']/g, "");
    const file = /url\(["']?([^"')]+)/.exec(face.getPropertyValue("src"))?.[1];
    const range = face.getPropertyValue("unicode-range");
    const letter = [...codes].find((code) => inRange(code, range) && /[\p{L}\p{N}]/u.test(String.fromCodePoint(code)));
    if (!EXPORT_FAMILIES.includes(family) || !file || letter === undefined) return null;
    const address = new URL(file, base).href;
    if (!fontFiles.has(address)) fontFiles.set(address, await asDataUrl(address));
    const weight = face.getPropertyValue("font-weight") || "normal";
    const rule = `@font-face{font-family:'${family}';font-weight:${weight};src:url(${fontFiles.get(address)}) format('woff2');${range ? `unicode-range:${range}` : ""}}`;
    return { family, rule, letter: String.fromCodePoint(letter) };
  }));
  return found.filter(Boolean);
}
/** Whether a code point lies in a CSS unicode-range; "" holds all. */
const inRange = (code, range) => !range || range.split(",").some((part) => {
  const [low, high] = part.trim().replace(/^U\+/i, "").split("-").map((end) => parseInt(end, 16));
  return code >= low && code <= (high ?? low);
});
async function asDataUrl(address) {
  const blob = await (await fetch(address)).blob();
  return new Promise((done, failed) => {
    const reader = new FileReader();
    reader.onload = () => done(reader.result);
    reader.onerror = failed;
    reader.readAsDataURL(blob);
  });
}

// ---------------------------------------------------------------- what lies over the picture

/** Titles, buttons and sliders over the picture as shapes at their places. */
function overlaysDrawn(figure, source) {
  const frame = source.getBoundingClientRect();
  const zoom = Number(source.getAttribute("width")) / frame.width; // the projector mode enlarges the page
  const at = (box) => ({ x: (box.left - frame.left) * zoom, y: (box.top - frame.top) * zoom, width: box.width * zoom, height: box.height * zoom });
  return [...figure.querySelectorAll(".gb-over")].flatMap((node) => elementDrawn(node, at));
}
function elementDrawn(node, at) {
  const style = getComputedStyle(node);
  if (node.tagName === "CANVAS" || style.display === "none" || style.visibility === "hidden" || Number(style.opacity) < 0.05) return [];
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

// ---------------------------------------------------------------- files

/** The picture as a PNG blob, `scale` pixels a unit. */
async function exportBlob(figure, scale = 2) {
  const text = await exportText(figure, true);
  const faces = text.split("@font-face").length - 1;
  const url = URL.createObjectURL(new Blob([text], { type: "image/svg+xml" }));
  try {
    const image = new Image();
    image.src = url;
    await image.decode();
    const canvas = Object.assign(document.createElement("canvas"), { width: image.width * scale, height: (image.height - EXPORT_PROBE) * scale });
    const strip = Object.assign(document.createElement("canvas"), { width: EXPORT_PROBE * faces, height: EXPORT_PROBE });
    // A picture's fonts are read after it: until then their letters are not drawn at all.
    const until = performance.now() + 5000;
    while (faces && !lettersIn(strip, image, faces) && performance.now() < until) await new Promise((done) => setTimeout(done, 30));
    canvas.getContext("2d").drawImage(image, 0, 0, image.width * scale, image.height * scale);
    return await new Promise((done) => canvas.toBlob(done, "image/png"));
  } finally {
    URL.revokeObjectURL(url);
  }
}
/** Whether the letter of each face is there, below the picture. */
function lettersIn(strip, image, faces) {
  const pen = strip.getContext("2d", { willReadFrequently: true });
  pen.clearRect(0, 0, strip.width, strip.height);
  pen.drawImage(image, 0, image.height - EXPORT_PROBE, strip.width, EXPORT_PROBE, 0, 0, strip.width, EXPORT_PROBE);
  return Array.from({ length: faces }, (_, i) => pen.getImageData(EXPORT_PROBE * i, 0, EXPORT_PROBE, EXPORT_PROBE).data.some((v, at) => at % 4 === 3 && v > 0)).every(Boolean);
}
function exportSave(blob, name) {
  const link = html("a", { href: URL.createObjectURL(blob), download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}
/** Returns the SVG text, or the PNG blob; with a file name it is also saved. */
async function exportSVG(figure, name) {
  const text = await exportText(figure);
  if (name) exportSave(new Blob([text], { type: "image/svg+xml" }), name);
  return text;
}
async function exportPNG(figure, name) {
  const blob = await exportBlob(figure);
  if (name) exportSave(blob, name);
  return blob;
}
window.glassbox = Object.assign(window.glassbox ?? {}, { exportSVG, exportPNG });
