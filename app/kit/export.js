// Taking a picture away: SVG that needs nothing of the page, and the same as PNG. What is written over the picture as
// HTML (titles that are doors, sliders) is drawn into it, buttons are left out, charts of the page stand where they
// stand beside it (export_parts.js), the page's claim stands over it, and its fonts are inside.

import { chartOf, drawingsOf } from "./export_parts.js";
import { SVG_NS, h, html, inLines, label } from "./shapes.js";

const EXPORT_MARGIN = 16; // pixels of margin: what reaches over the picture's edge on the page is not cut off
const EXPORT_TITLE = { size: 18, line: 26 };
const EXPORT_PROBE = 24;
const EXPORT_LONGEST = 30_000; // pixels of a side: browsers make no canvas of 32,768
const EXPORT_FAMILIES = ["Inter", "JetBrains Mono"]; // the families that app/static/fonts holds

/**
 * The picture as SVG text: custom properties written out, fonts embedded.
 * beside: the page's charts that belong to it.
 * probe: draw a letter of each font below the picture, EXPORT_PROBE pixels deep, by which one sees that it has come.
 */
async function exportText(figure, beside = [], probe = false) {
  const chart = chartOf(figure); // of a chart, the figure only says what it shows
  const parts = await drawingsOf(figure, beside);
  const source = parts[0].source;
  const style = getComputedStyle(figure);
  const colour = chart ? exportInk(chart) : (name) => style.getPropertyValue(name).trim();
  const [width, height] = [Math.max(...parts.map((part) => part.x + part.width)), Math.max(...parts.map((part) => part.y + part.height))];
  const claim = document.querySelector(".gb-claim h1")?.textContent?.trim() ?? "";
  const title = claim ? inLines(claim, (width - 8) / 1.08, EXPORT_TITLE.size) : [];
  const top = title.length ? title.length * EXPORT_TITLE.line + 6 : 0;
  const [w, tall] = [width + 2 * EXPORT_MARGIN, height + top + 2 * EXPORT_MARGIN];
  const fonts = h("style", {});
  const copy = h("svg", { xmlns: SVG_NS, width: w, height: tall, viewBox: `${-EXPORT_MARGIN} ${-EXPORT_MARGIN - top} ${w} ${tall}`, "font-family": "var(--gb-sans)", "font-size": 12 },
    h("title", {}, figure.getAttribute("aria-label") ?? ""), fonts,
    h("rect", { x: -EXPORT_MARGIN, y: -EXPORT_MARGIN - top, width: w, height: tall, fill: "var(--gb-bg)" }),
    h("g", { "data-part": "claim" }, title.map((line, i) => label(0, EXPORT_TITLE.size - 2 - top + EXPORT_TITLE.line * i, line, { size: EXPORT_TITLE.size, weight: 600, fill: "ink" }))),
    parts.map((part) => part.drawn));
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

/** What a token's colour is where an element stands: the page itself holds both of its themes. A face is no colour. */
const exportInk = (element) => (name) => {
  if (name === "--gb-sans" || name === "--gb-mono") return getComputedStyle(element).getPropertyValue(name).trim();
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

// ---------------------------------------------------------------- files

/** The picture as a PNG blob, `scale` pixels a unit, fewer of one that is very long. */
async function exportBlob(figure, beside, scale = 2) {
  const text = await exportText(figure, beside, true);
  const faces = text.split("@font-face").length - 1;
  const url = URL.createObjectURL(new Blob([text], { type: "image/svg+xml" }));
  try {
    const image = new Image();
    image.src = url;
    await image.decode();
    scale = Math.min(scale, EXPORT_LONGEST / Math.max(image.width, image.height));
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
/** Returns the SVG text, or the PNG blob; with a file name it is also saved. beside: charts that belong to it. */
async function exportSVG(figure, name, beside = []) {
  const text = await exportText(figure, beside);
  if (name) exportSave(new Blob([text], { type: "image/svg+xml" }), name);
  return text;
}
async function exportPNG(figure, name, beside = []) {
  const blob = await exportBlob(figure, beside);
  if (name) exportSave(blob, name);
  return blob;
}
window.glassbox = Object.assign(window.glassbox ?? {}, { exportSVG, exportPNG });
