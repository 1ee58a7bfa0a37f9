// The film strip: one head's map, its score and a sample at each moment of the training.

import { say } from "../../app/kit/say.js";
import {
  clamp,
  css,
  fit,
  h,
  heat,
  heatImage,
  html,
  inLines,
  label,
  measure,
  num,
  thousands,
  visible,
} from "../../app/kit/shapes.js";
import { MAP, UNDER } from "./layout.js";
import { momentNow, nearest, rewindTo } from "./rewind.js";

/**
 * @import { Film, Ground, Kept, Lab, Layout } from "./figure.js"
 */

const THIN = 0.4; // of a map's side: of few tokens it is not thinner

/** The strip's title, what is shaded, and its frames. @type {(g: Ground, data: Lab, local: Kept, at: Layout) => void} */
export function drawStrip(g, data, local, at) {
  const { film } = data;
  const y = at.stripY;
  g.part("strip line", [at], () => h("path", { d: `M0,${y - 6.5}h${g.width}`, stroke: css("line") }));
  /** @type {() => HTMLElement} */
  const titled = () =>
    g.can.visit
      ? html("button", {
          class: "gb-door",
          type: "button",
          "data-door": "attention",
          onclick: () => openHead(g, local.data),
        })
      : html("span", { class: "gb-door gb-named" });
  g.overlay("door attention", { left: -2, top: y }, titled, (node) => {
    if (node.textContent !== film.title) node.textContent = film.title;
    node.title = g.can.visit ? say("This head on the page Attention") : "";
  });
  const x = at.wide ? measure(film.title, 12) * 1.1 + 44 : 0;
  const about = aboutOf(film);
  const lines = at.wide ? [fit(about, g.width - x, 12, false)] : inLines(about, g.width);
  g.part("strip about", [at, lines], () =>
    lines.map((line, i) => label(x, (at.wide ? y + 14 : y + UNDER) + 16 * i, line, { fill: "ink3" })),
  );
  const now = momentNow(data, local);
  const shownStep =
    now === null
      ? film.frames[film.frames.length - 1]?.step
      : nearest(
          film.frames.map((f) => f.step),
          now,
        );
  const top = y + (at.wide ? 26 : UNDER + 16 * lines.length);
  film.frames.forEach((frame, i) => {
    const box = { x: (i % at.columns) * at.pitch, y: top + Math.floor(i / at.columns) * at.down };
    const chosen = film.frames.length > 1 && frame.step === shownStep;
    g.part(`frame ${i}`, [at, box, chosen, frame.step, g.dark], () =>
      drawFrame(g, data, local, i, box, chosen, at),
    );
  });
}

/** What is shaded, and what stands below. @param {Film} film */
function aboutOf({ about, prompt, fills }) {
  if (!prompt) return say("shaded: {about}", { about });
  const text = visible(prompt);
  return fills
    ? say("shaded: {about}; below: what it puts in each place of “{text}”", { about, text })
    : say("shaded: {about}; below: what it writes after “{text}”", { about, text });
}

/** A frame's map as an image. @type {(g: Ground, data: Lab, local: Kept, i: number) => string} */
function mapImage(g, data, local, i) {
  const [, T, S] = local.maps.shape;
  const from = i * T * S;
  const bend = clamp(1 - (S - 12) / 60, 0.5, 1); // of many tokens each gets little: the pale end is stretched
  return heat(local.maps.subarray(from, from + T * S), T, S, (value, k) =>
    data.film.causal && k % S > Math.floor(k / S) ? null : g.sequentialRgb(value ** bend, 1),
  );
}

/** One moment: map, step, score, sample. @type {(g: Ground, data: Lab, local: Kept, i: number, box: {x: number, y: number}, chosen: boolean, at: Layout) => SVGGElement} */
function drawFrame(g, data, local, i, { x, y }, chosen, at) {
  const { film } = data;
  const frame = film.frames[i];
  const [, T, S] = local.maps.shape;
  const size = MAP;
  const [w, tall] = [size * clamp(S / T, THIN, 1), size * clamp(T / S, THIN, 1)]; // a row or two stay a map, not a line
  const many = film.frames.length > 1;
  const text = x + size + 9;
  const room = at.pitch - 6;
  const sample = visible(frame.sample) === "∅" ? say("(nothing)") : visible(frame.sample);
  const rewinds = many && Boolean(data.moments.model);
  const act = () => {
    if (rewinds) rewindTo(g, data, frame.step);
    else if (g.can.visit) openHead(g, data);
  };
  const out = h(
    "g",
    {
      class: rewinds || g.can.visit ? "gb-hot" : null,
      "data-frame": frame.step,
      onclick: act,
      ondblclick: () => {
        if (g.can.visit) openHead(g, data);
      },
    },
    h("rect", {
      x: x - (chosen ? 6 : 0),
      y: y - 6,
      width: at.pitch - (chosen ? 4 : 8),
      height: 128,
      rx: 8,
      fill: chosen ? css("accent-soft") : "transparent",
    }),
    h("rect", { x: x + 0.5, y: y + 0.5, width: w - 1, height: tall - 1, fill: css("bg") }),
    heatImage(x, y, w, tall, mapImage(g, data, local, i)),
    h("rect", {
      x: x + 0.5,
      y: y + 0.5,
      width: w - 1,
      height: tall - 1,
      rx: 2,
      fill: "none",
      stroke: css(chosen ? "accent" : "line"),
      "stroke-width": chosen ? 2 : 1,
    }),
    label(text, y + 12, frame.step < 0 ? say("model") : say("step")),
    label(text, y + 30, frame.step < 0 ? say("as it is") : thousands(frame.step), {
      size: frame.step < 0 ? 12 : 16,
      mono: frame.step >= 0,
      fill: chosen ? "accent" : "ink",
      weight: chosen ? 600 : null,
    }),
    label(text, y + 58, fit(film.short, at.pitch - size - 11, 12, false)),
    label(text, y + 76, num(frame.score, 2), { mono: true, fill: "att-ink" }),
    label(x, y + size + 21, fit(sample, room, 12, true), { mono: true, fill: chosen ? "ink" : "ink2" }),
  );
  const measured = `${film.about}: ${num(frame.score, 3)}`;
  return g.tip(
    out,
    [
      frame.step < 0 ? measured : `${say("step {step}", { step: thousands(frame.step) })}: ${measured}`,
      say("loss on your text: {loss} nats a token", { loss: num(frame.loss, 3) }),
      film.fills
        ? say("puts: {sample}", { sample: visible(frame.sample) })
        : say("writes: {sample}", { sample: visible(frame.sample) }),
    ].join("\n"),
  );
}

/** The strip's head on its own page, at the moment that is shown. @type {(g: Ground, data: Lab) => void} */
export function openHead(g, { film }) {
  g.select({ block: film.block, head: film.head });
  g.visit("attention");
}
