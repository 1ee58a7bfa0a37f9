// Below the tree: the two texts that matter, multiplied step by step, what decides between them in a sentence, and the
// legend, whose entries switch the strategies on and off.

import { MONO, css, fit, h, html, label, measure, num, thousands, visible } from "../../app/kit/shapes.js";
import { goStep, play } from "./hands.js";
import { SAID } from "./layout.js";
import { decimal, nameOf, odds, pathOf, power } from "./tree.js";

/** The paths that are reckoned side by side: greedy's, what a hand forced, and the best (or, where greedy is the best,
 *  the runner-up as the first). */
export function rivals(data) {
  const best = pathOf(data, data.best);
  const greedy = pathOf(data, "greedy");
  const yours = data.paths.find((path) => path.name.startsWith("forced") && path.nodes.length);
  const others = data.paths.filter((path) => path !== best && path !== greedy && path.nodes.length && path.nodes.at(-1) !== best?.nodes.at(-1));
  const second = best === greedy || !greedy ? others.sort((a, b) => b.sum - a.sum)[0] : greedy;
  return [...new Set([second, yours, best])].filter(Boolean);
}
/** The probability of a path's text after each step: [p1, p1·p2, ...]. */
export const products = (data, path) => path.nodes.map((i) => Math.exp(data.nodes.sum[i]));

/** Pieces of a sentence, [text, whether it is a token], broken into at most `lines` lines. */
function sentence(x, y, pieces, room, o = {}) {
  const { size = 12, lines = 2, colour = "ink" } = o;
  const words = pieces.flatMap(([text, mono]) => (mono ? [{ text: visible(text), mono }] : text.split(/(?<= )/).map((word) => ({ text: word, mono }))));
  const rows = [[]];
  let used = 0;
  for (const word of words) {
    const wide = measure(word.text, size, word.mono);
    if (used + measure(word.text.trimEnd(), size, word.mono) > room && rows.length < lines && rows.at(-1).length) { rows.push([]); used = 0; }
    if (used + wide > room + 4) word.text = used < room - 16 ? fit(word.text, room - used, size, word.mono) : "";
    used += wide;
    if (word.text) rows.at(-1).push(word);
  }
  return rows.map((row, k) => h("text", { x, y: y + 16 * k, "font-size": size, fill: css(colour) },
    row.map((word) => h("tspan", { "font-family": word.mono ? MONO : null, "font-weight": word.mono ? 600 : null }, word.text))));
}

/** The one notation in which all of these fit: decimals, or powers of ten. */
function notation(all, at) {
  const fits = all.every((p) => p >= 1e-7 && measure(decimal(p), 12, true) <= Math.min(...at.w.slice(1)) + at.gap - 6);
  return fits ? decimal : power;
}

export function drawRace(g, data, local, at) {
  const y = at.raceY;
  const pair = rivals(data);
  const wide = at.wide;
  const many = pair.map((path) => products(data, path));
  const write = notation(many.flat(), at);
  const how = `How likely the text is so far: the product of its steps${write === power ? " (10⁻³ is one in a thousand)" : ""}`;
  const out = [h("line", { x1: 0, x2: at.room, y1: y, y2: y, stroke: css("line") }),
    label(0, y + 16, wide ? how : "How likely the text is so far", { weight: 600, fill: "ink" })];
  const cells = [];
  const fixed = []; // names and verdicts: these do not move with the tree
  pair.forEach((path, k) => {
    const base = y + 34 + 17 * k;
    const best = path.name === data.best;
    const row = many[k];
    row.forEach((p, s) => {
      if (s + 1 > local.step) return;
      const same = pair.every((other) => other.nodes[s] === pair[0].nodes[s]);
      const ahead = !same && many.every((other) => other[s] === undefined || p >= other[s]);
      const half = measure(write(p), 12, true) / 2;
      const middle = Math.min(at.x[s + 1] + at.w[s + 1] / 2, at.end + 6 - half);
      const [from, to] = [middle - half - local.panX, middle + half - local.panX];
      if (from < at.w[0] + 12 || to > at.tree + 8) return; // a number cut in two would read as another one
      cells.push(label(middle, base, write(p), {
        anchor: "middle", mono: true, weight: ahead ? 700 : null, fill: ahead ? (best ? "accent" : "ink") : "ink3",
      }));
    });
    const [end, first] = [row, many[0]].map((each) => each[Math.min(each.length, local.step) - 1]);
    const lead = k && end !== undefined ? ratio(end, first) : "";
    const colour = best ? "accent" : "ink2";
    if (wide) fixed.push(label(at.ends, base, lead, { fill: colour, weight: 600 }));
    else if (best) fixed.push(label(at.room, y + 16, lead, { fill: colour, weight: 600, anchor: "end" }));
    fixed.push(h("rect", { x: 0, y: base - 13, width: at.w[0] + 14, height: 18, fill: css("bg") }),
      label(0, base, nameOf(data, path.name), { weight: 600, fill: best ? "accent" : "ink" }));
  });
  out.push(h("g", { "clip-path": "url(#dec-race)" }, h("g", { transform: `translate(${-local.panX},0)` }, cells)), fixed);
  const under = y + 36 + 17 * pair.length;
  const ended = local.step >= at.depth;
  const pieces = ended ? data.verdict.pieces : [[midway(data, local, pair, many), false]];
  if (wide || !ended) out.push(sentence(0, under, pieces, at.room, { lines: wide ? 2 : 5 }));
  else out.push(sentence(0, under, [...pieces, [" ", false], ...data.verdict.search], at.room, { lines: 7 }));
  if (wide && ended) out.push(drawSearch(data, at));
  return out;
}
/** What an exact search says of the end, in a line of its own. */
function drawSearch(data, at) {
  if (!data.verdict.search.length) return null;
  const top = at.legendY - SAID;
  const found = data.verdict.act?.event === "force";
  return [h("rect", { x: 0.5, y: top + 0.5, width: at.room - 1, height: 25, rx: 6, fill: css(found ? "accent-soft" : "bg"), stroke: css("line") }),
    sentence(10, top + 17, data.verdict.search, at.room - (data.verdict.act ? 140 : 20), { lines: 1 })];
}
/** How many times as likely the first is: "×6.2 as likely"; "" when there is nothing to tell. */
function ratio(p, other) {
  if (!(other > 0) || Math.abs(p / other - 1) < 0.0005) return "";
  const times = p / other;
  return `×${times < 0.01 ? power(times) : times < 10 ? num(times, times < 2 ? 2 : 1) : thousands(Math.round(times))} as likely`;
}
/** While the tree grows: who is ahead now, and by which step. */
function midway(data, local, pair, many) {
  const s = local.step;
  const where = data.heads[s - 1]?.toLowerCase();
  if (!s) return "Nothing is chosen yet: one pass of the model over the prompt gives every first token its probability.";
  if (pair.length < 2 || many.some((row) => row.length < s)) return `After ${where}.`;
  const ends = [0, pair.length - 1]; // the first against the best
  const [a, b] = ends.map((k) => many[k][s - 1]);
  const [first, second] = ends.map((k) => nameOf(data, pair[k].name));
  if (pair[0].nodes[s - 1] === pair.at(-1).nodes[s - 1]) return `After ${where} ${first} and ${second} are still the same text.`;
  const [ahead, behind, high, low] = a >= b ? [first, second, a, b] : [second, first, b, a];
  return `After ${where} ${ahead} is ahead: ${odds(high)} against ${odds(low)} for ${behind}.`;
}

// ---------------------------------------------------------------- legend, steps

const SHOWN = [["beam", "Beam search"], ["greedy", "Greedy"], ["sample", "Sample"]];

function legendBoxes(data, at) {
  const high = at.wide ? 32 : 44;
  let x = 0;
  return SHOWN.map(([name, text], k) => {
    const w = at.wide ? [118, 92, 94][k] : [124, 96, 100][k];
    const box = { name, text, x, y: at.legendY, w, h: high };
    x += w - 1;
    return box;
  });
}
export function drawLegend(g, data, local, at) {
  return legendBoxes(data, at).map(({ name, text, x, y, w, h: high }, k, all) => {
    const on = data.show[name];
    const mid = y + high / 2;
    const ink = on ? "ink" : "ink3";
    const line = { beam: { stroke: css(on ? "accent" : "ink3"), "stroke-width": 5 }, greedy: { stroke: css(ink), "stroke-width": 2.2, "stroke-dasharray": "7 4" }, sample: { stroke: css(ink), "stroke-width": 2.4, "stroke-dasharray": "0 5", "stroke-linecap": "round" } }[name];
    const r = k === 0 || k === all.length - 1 ? 8 : 0;
    return h("g", {}, h("rect", { x: x + 0.5, y: y + 0.5, width: w - 1, height: high - 1, rx: r, fill: css(on ? "accent-soft" : "bg"), stroke: css("line") }),
      h("line", { x1: x + 10, x2: x + 30, y1: mid, y2: mid, ...line }),
      label(x + 36, mid + 4, text, { fill: on ? "ink" : "ink3", weight: on ? 600 : null, "text-decoration": on ? null : "line-through" }));
  });
}
export function overLegend(g, data, local, at) {
  for (const box of legendBoxes(data, at)) {
    g.overlay(`show ${box.name}`, { left: box.x, top: box.y, width: box.w, height: box.h },
      () => html("button", { type: "button", class: "dec-clear", "data-show": box.name, click: () => g.select({ [box.name]: !local.data.show[box.name] }) }),
      (node) => {
        node.setAttribute("aria-label", `${box.text} on the tree`);
        node.setAttribute("aria-pressed", String(data.show[box.name]));
      });
  }
  const end = legendBoxes(data, at).at(-1);
  const y = at.legendY;
  const tall = at.wide ? 32 : 44;
  const button = (key, left, width, top, text, act, about, kind = "") => g.overlay(key, { left, top, width, height: tall },
    () => html("button", { type: "button", class: `gb-button dec-button ${kind}`, "data-act": key, click: (event) => event.currentTarget.act() }),
    (node) => { node.act = act; node.textContent = text; node.title = about; });
  let x = end.x + end.w + 8;
  let line = y;
  if (!at.wide) { x = 0; line = y + 52; }
  if (data.show.sample) {
    button("again", x, 92, line, "Draw again", () => g.send("again", { seed: data.seed + 1, at: Date.now() }), `Another sample; this one has seed ${data.seed}`);
    x += 96;
  }
  if (data.forced) {
    button("release", x, 78, line, "Let go", () => g.send("force", { path: "", at: Date.now() }), "Give up the branch that you forced");
  }
  const [right, row] = at.wide ? [at.room, y] : [at.room, y + (data.show.sample || data.forced ? 52 : 52)];
  const last = local.step >= at.depth;
  const bar = [["back", "Back", 52, () => goStep(g, local, local.step - 1)], ["next", last ? "End" : "Next", 54, () => goStep(g, local, local.step + 1)], ["play", local.timer ? "Pause" : "Play", 56, () => play(g, local)]];
  let left = right - bar.reduce((w, b) => w + b[2] + 4, -4);
  for (const [key, text, width, act] of bar) {
    const node = button(key, left, width, row, text, act, "", key === "next" ? "gb-primary" : "");
    node.disabled = (key === "back" && local.step === 0) || (key === "next" && last);
    left += width + 4;
  }
  if (data.verdict.act && last) {
    g.overlay("act", { left: at.room - 124, top: at.wide ? at.legendY - SAID : at.legendY - 52, width: 124, height: at.wide ? 26 : 44 },
      () => html("button", { type: "button", class: "gb-button dec-button", "data-act": "act", click: (event) => event.currentTarget.act() }),
      (node) => {
        node.act = () => g.send(local.data.verdict.act.event, { ...local.data.verdict.act.value, at: Date.now() });
        node.textContent = data.verdict.act.label;
        node.title = data.verdict.act.about;
      });
  }
}
