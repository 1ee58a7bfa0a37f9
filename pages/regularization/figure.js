// Regularization: dropout number by number on the open model (dropout.js), and trained runs with and without (runs.js).

import { mount } from "../../app/kit/glass.js";
import { clamp, inLines, label, num, unpack, visible } from "../../app/kit/shapes.js";
import { cellOf, drawMasks, drawMean, drawUnder } from "./dropout.js";
import { drawRuns, stopsHeight } from "./runs.js";
import { MANY, WORDS, inUse, numbersOf, stages } from "./stages.js";

function plan(g, data, step) {
  const rows = data.dropout.rows.length;
  if (g.width < 640) return phonePlan(g.width, rows, data, step);
  const w = g.width;
  const side = Math.round(w * 0.2);
  const gap = 28;
  const chips = 74;
  const pw = Math.floor((w - side - 26 - chips - 10 - 2 * gap) / 3);
  const panels = [0, 1, 2].map((k) => ({ x: chips + 10 + k * (pw + gap), w: pw, top: 42 }));
  const right = w - side;
  const c = panels[2].x;
  const pitch = step < stages.last ? 34 : 17; // step by step there is room: the runs come with the last
  const written = 42 + 10 * pitch + 22;
  return {
    x: 0, w, top: 42, pitch, chips, gap, panels, written, words: { x: 0, y: written + 36, w: right - 26 }, mean: { x: right, y: 0, w: side },
    under: { x: right, y: 124, w: side }, mid: 250, arms: { x: 140, y: 257 }, curves: { left: 0, top: 288, width: c - 30, height: 206 },
    legend: { x: c - 8, y: 272, anchor: "end" }, stops: { x: c, y: 258, w: right - c - 26 }, weights: { x: right, y: 258, w: side, h: 236 }, height: 500,
    door: { x: right - 122, y: 256 }, phone: false,
  };
}
function phonePlan(w, rows, data, step) {
  const tall = rows * 17;
  const early = step < stages.last; // the step's words stand on top, and nothing was trained yet
  const first = 50 + (early ? 20 * inLines(WORDS[step](data.dropout), w, 14).length + 14 : 0);
  const panels = [0, 1, 2].map((k) => ({ x: 70, w: w - 70, top: first + k * (tall + 36) }));
  const end = first + 3 * (tall + 36) - 8; // below the panels
  const stops = end + 644;
  const weights = stops + stopsHeight(data.trained, w) + 24;
  return {
    x: 0, w, top: first, pitch: 17, chips: 62, gap: 0, panels, written: end, words: { x: 0, y: 42, w }, mean: { x: 0, y: end + 46, w }, under: { x: 0, y: end + 176, w },
    mid: end + 300, arms: { x: 0, y: end + 330 }, curves: { left: 0, top: end + 404, width: w, height: 220 }, legend: { x: 0, y: end + 396, anchor: "start" },
    stops: { x: 0, y: stops, w }, weights: { x: 0, y: weights, w, h: 220 }, door: { x: -2, y: weights + 232 }, height: early ? end + 300 : weights + 262, phone: true,
  };
}

const regularization = {
  init(data) {
    const d = data.dropout;
    const a = Object.fromEntries(["clean", "factors", "values", "mean"].map((name) => [name, unpack(d[name])]));
    const idle = { clean: a.clean, factors: a.factors.map(() => 1), values: a.clean, mean: a.clean }; // in use: nothing is dropped
    return { a, idle, cols: d.clean.shape[1], hover: null };
  },

  draw(g, data, local) {
    const step = stages.of(local);
    const at = plan(g, data, step);
    g.height = at.height;
    stages.bar(g, local);
    drawMasks(g, data, local, at, step);
    if (step >= MANY) {
      g.part("mean", [at.mean], () => drawMean(g, data, at.mean));
      g.part("under", [at.under, step], () => drawUnder(g, data, at.under, inUse(data, local)));
    }
    if (step < stages.last) {
      local.chart = null;
      g.part("step", [step, at.words], () => inLines(WORDS[step](data.dropout), at.words.w, 14).map((line, i) => label(at.words.x, at.words.y + 20 * i, line, { size: 14, fill: "ink" })));
      return;
    }
    drawRuns(g, data, local, at);
    g.door("lab", { left: at.door.x, top: at.door.y }, "Training lab", "Runs of your own, with any dropout and decay");
  },

  key(event, g, data, local) {
    const d = data.dropout;
    const move = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] }[event.key];
    if (move && !event.shiftKey) {
      const [r, c] = cellOf(data, { ...local, hover: null });
      g.select({ row: d.rows[clamp(r + move[0], 0, d.rows.length - 1)].at, number: clamp(c + move[1], 0, local.cols - 1) });
    } else if (stages.key(event, g, local)) return true;
    else if (event.key === "n") g.send("another", { at: Date.now() });
    else if (event.key === "Escape") {
      if (!stages.halt(g, local) && !stages.whole(g, local)) g.visit("home");
    } else return false;
    return true;
  },

  describe(data, local) {
    const d = data.dropout;
    const [r, c] = cellOf(data, local);
    const a = numbersOf(data, local);
    const i = r * local.cols + c;
    const t = data.trained;
    const text = data.tokens.slice(0, 24).map((token) => visible(token.text)).join(" ");
    const step = stages.of(local);
    const told = step < stages.last ? `Step ${step + 1}, ${stages.names[step]}: ${WORDS[step](d)} ` : "";
    return `${told}The text ${text}${data.tokens.length > 24 ? " …" : ""}. ${inUse(data, local) ? "The model in use, nothing is dropped" : `Dropout of ${num(d.rate, 2)}`} on ${d.what}: number ${c} of ${visible(d.rows[r].text)} is ${num(a.clean[i], 3)} and goes on as ${num(a.values[i], 3)}. ` +
      `${d.next.label}: ${d.next.tokens.map((k) => `${visible(k.text)} ${num(k.clean, 3)}, mean under masks ${num(k.mean, 3)}`).join("; ")}. ` +
      t.runs.map((run, k) => `${run.name}: ${t.stops[k]?.text ?? "nothing measured yet"}`).join(" ");
  },

  state(data, local) {
    const d = data.dropout;
    const [r, c] = cellOf(data, local);
    const a = numbersOf(data, local);
    const i = r * local.cols + c;
    const { runs, stops, weights, step: at, own } = data.trained;
    return {
      tokens: data.tokens.map((t) => t.text), hook: d.hook, rate: d.rate, seed: d.seed, evaluate: d.evaluate, kept: d.kept, rows: d.rows.map((row) => row.at),
      cell: { row: d.rows[r].at, col: c, clean: a.clean[i], factor: a.factors[i], value: a.values[i], mean: a.mean[i] },
      errors: d.errors, next: d.next.tokens.map(({ text, id, clean, mean }) => ({ text, id, clean, mean })), stage: stages.state(local),
      arm: local.sel.arm, runs: runs.map((run) => run.name), stops, rms: weights.map((k) => k?.rms ?? null), step: at, own, curves: local.chart?.summary() ?? null,
    };
  },
};

export default mount("regularization", regularization);
