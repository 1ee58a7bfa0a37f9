// Optimizers: five of them race downhill on a surface of two weights; below the fold, on the open model and real runs.
// layout.js says what stands where; ground.js, tracks.js, side.js and written.js draw; hands.js listens and plays.

import { mount } from "../../app/kit/glass.js";
import { unpack, visible } from "../../app/kit/shapes.js";
import { finderFigure } from "./finder.js";
import { drawBar, drawSlider, listen, moveStart, play, setLap, stepBy } from "./hands.js";
import { landscapeFigure } from "./landscape.js";
import { lapOf, plan, racerOf, set, sig, startOf } from "./layout.js";
import { momentsFigure } from "./moments.js";
import { recipeFigure } from "./recipe.js";
import { drawSide, drawStrip, rateOf, unheard } from "./side.js";
import { toyFigure } from "./toy.js";
import { drawMap, fate, lastOf, pointAt } from "./tracks.js";
import { linesOf, numbersAt } from "./written.js";

const race = {
  init(data, local) {
    const box = data.surface.box;
    const tracks = data.tracks.map((track) => {
      const points = unpack(track.points);
      const inside = (i) => points[2 * i] >= box[0] && points[2 * i] <= box[1] && points[2 * i + 1] >= box[2] && points[2 * i + 1] <= box[3];
      return { ...track, box, points, inside, losses: unpack(track.losses), numbers: unpack(track.numbers) };
    });
    return { tracks, ground: unpack(data.ground), turning: unheard(data, local) };
  },

  draw(g, data, local) {
    g.data = data;
    listen(g, local);
    drawBar(g, data, local);
    const at = (g.at = plan(g));
    g.height = at.height;
    drawMap(g, data, local, at);
    drawSlider(g, data, local, at);
    drawSide(g, data, local, at);
    drawStrip(g, data, at);
  },

  key(event, g, data, local) {
    const move = { ArrowLeft: -1, ArrowRight: 1, ",": -1, ".": 1 }[event.key];
    const way = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] }[event.key];
    const [left, right, low, high] = data.surface.box;
    const from = startOf(data, local);
    if (way && event.shiftKey) moveStart(g, data, local, from[0] + (way[0] * (right - left)) / 28, from[1] + (way[1] * (high - low)) / 21);
    else if (move) stepBy(g, data, local, move);
    else if (event.key === " ") play(g, data, local, !local.timer);
    else if (event.key === "Home") setLap(g, data, local, 0);
    else if (event.key === "End") setLap(g, data, local, data.steps);
    else if (/^[1-5]$/.test(event.key)) g.select({ racer: data.kinds[Number(event.key) - 1].id });
    else if (event.key === "Escape") {
      if (local.timer) play(g, data, local, false);
      else if (lapOf(data, local) < data.steps) setLap(g, data, local, data.steps);
      else g.visit("home");
    } else return false;
    return true;
  },

  describe(data, local) {
    const lap = lapOf(data, local);
    const where = local.tracks.map((track) => {
      const last = lastOf(track, lap);
      const [x, y] = pointAt(track, last);
      return `${data.kinds.find((kind) => kind.id === track.id).name} ${fate(track, lap) || `at (${sig(x, 3)}, ${sig(y, 3)})`}, loss ${sig(track.losses[last], 3)}`;
    });
    return `Race on the surface ${data.surface.title}, ${data.surface.formula}, from (${set(data.start[0])}, ${set(data.start[1])}); step ${lap} of ${data.steps}. ${where.join("; ") || "Nobody takes part"}. Below, the open model is trained on your text: ${data.tokens.map(visible).join(" ")}.`;
  },

  state(data, local) {
    const lap = lapOf(data, local);
    const chosen = racerOf(local);
    const k = chosen ? Math.max(1, lastOf(chosen, lap)) : 0;
    const kind = chosen && data.kinds.find((one) => one.id === chosen.id);
    const lines = chosen && chosen.losses.length > 1 ? [0, 1].map((axis) => linesOf(chosen.id, numbersAt(chosen, k, axis), { ...data.settings, rate: kind.rate }, k).map(({ id, value }) => [id, value])) : [];
    return {
      surface: data.surface.name, start: data.start, tokens: data.tokens, tokenLosses: data.tokenLosses, lap, steps: data.steps, playing: Boolean(local.timer), racer: chosen?.id ?? null,
      rates: Object.fromEntries(data.kinds.map((one) => [one.id, rateOf(local, one)])),
      tracks: local.tracks.map((track) => ({ id: track.id, point: pointAt(track, lastOf(track, lap)), loss: track.losses[lastOf(track, lap)], fate: fate(track, lap), left: track.left, diverged: track.diverged })),
      step: k, lines,
    };
  },
};

const FIGURES = {
  race: mount("optimizers", race),
  moments: mount("moments", momentsFigure),
  toy: mount("toy", toyFigure),
  finder: mount("finder", finderFigure),
  landscape: mount("landscape", landscapeFigure),
  recipe: mount("recipe", recipeFigure),
};

export default (given) => FIGURES[given.data.figure](given);
