// Positions: one kind on the learner's text, alone (table.js) and by distance (pairs.js), and the text shuffled (order.js).
// cells.js knows what is chosen, stages.js tells it step by step.

import { mount } from "../../app/kit/glass.js";
import { clamp, css, fit, h, inLines, label, measure, num, thousands, unpack, visible } from "../../app/kit/shapes.js";
import { colOf, columnAt, countOf, factsOf, rowOf, shownRows } from "./cells.js";
import { CALLED, drawOrder, orderTall, percent } from "./order.js";
import { drawBias, drawCurve, drawMatrix } from "./pairs.js";
import {
  APART, BIASES, INTO, NUMBER, PLACE, formula, inTurns, rateText, said, sentences, short, stages,
} from "./stages.js";
import { drawChips, drawClock, drawHeat, drawWaves, drawWhole } from "./table.js";

const MOST = 14; // tokens with a row of their own

/** How many tokens have a row of their own. */
const rowsIn = (g, data) => (g.whole ? countOf(data) : Math.min(MOST, countOf(data)));
/** How many rows the rule behind a bias has: a head's slope each, or a bucket's distances. */
const ruleRows = (data) => (data.bias.slopes ?? data.bias.spans).length;

function plan(g, data, local) {
  const rows = rowsIn(g, data);
  if (g.width < 760) return phonePlan(g, data, local, rows);
  const w = g.width;
  const pitch = Math.min(22, 222 / Math.min(MOST, rows));
  const more = g.whole && BIASES.includes(data.kind) ? Math.max(0, 16 * ruleRows(data) - 224) : Math.max(0, pitch * rows - 222);
  const left = Math.round(w * 0.38);
  const mid = left + 30;
  const midW = Math.round(w * 0.275);
  const large = BIASES.includes(data.kind) || data.kind === "none";
  const right = large ? w - 340 : mid + midW + 34;
  const rw = w - right;
  const matrix = large ? Math.min(190, rw - 140) : 118;
  return {
    phone: false, w, pitch, heading: 1, chips: { x: 0, w: 76 }, heat: { x: 106, y: 58, w: left - 106 }, waves: { x: mid, y: 58, w: midW, h: 84 },
    clock: { x: mid, y: 178, w: midW, r: 46 }, matrix: { x: right, y: 58, size: matrix }, told: { x: right + matrix + 16, y: 58, w: rw - matrix - 16 },
    curve: { x: right, y: 208, w: rw, h: 76 }, bias: { left: 0, x: 44, y: 58, w: left + 20, h: 218 }, rule: { x: left + 100, y: 58, w: right - left - 140, h: 224 + more },
    words: { x: 0, y: 340 + more, w }, mute: { x: mid, y: 58, w: right - mid - 40 }, order: { x: 0, y: 310 + more, w }, height: ((w - 416) / data.order.tokens.length < 40 ? 510 : 490) + more,
  };
}
function phonePlan(g, data, local, rows) {
  const w = g.width;
  const step = stages.of(local);
  const heading = (measure(`${data.title}: ${data.what}`, 14, false) * 1.05 > w ? 3 : 2) + (data.notes.length ? 2 : 1) - 1;
  const early = step < stages.last;
  const words = 36 + 18 * heading;
  const top = words + 10 + (early ? 22 * sentences(data, local, step).flatMap((s) => inLines(s, w, 14)).length + 8 : 0) + 22;
  const pitch = 22;
  const under = top + rows * pitch + 64;
  const biased = BIASES.includes(data.kind);
  const plain = data.kind === "none";
  const clock = under + 84 + 44;
  const ruled = biased ? 16 * (g.whole ? ruleRows(data) : Math.min(14, ruleRows(data))) : 0;
  const matrix = biased ? top + 200 + 62 + ruled + 44 : plain ? under + 150 : clock + 150;
  const size = Math.min(160, w - 150);
  const curve = matrix + Math.max(size, 130) + 48;
  const end = plain ? matrix + Math.max(size, 130) + 30 : biased ? matrix + Math.max(size, 130) + 40 : curve + 90 + 36;
  return {
    phone: true, w, pitch, heading, chips: { x: 0, w: 68 }, heat: { x: 98, y: top, w: w - 98 }, waves: { x: 0, y: under, w, h: 84 }, clock: { x: 0, y: clock, w, r: 52 },
    matrix: { x: 0, y: matrix, size }, told: { x: size + 14, y: matrix, w: w - size - 14 }, curve: { x: 0, y: curve, w, h: 90 },
    bias: { left: 0, x: 44, y: top, w: w - 46, h: 200 }, rule: { x: 0, y: top + 262, w: Math.min(w, 300), h: ruled }, mute: { x: 0, y: under, w },
    words: { x: 0, y: words + 14, w }, order: { x: 0, y: end, w }, height: end + (early ? 0 : orderTall(data)),
  };
}

function drawHeading(g, data, at) {
  const title = `${data.title}: ${data.what}`;
  const wide = measure(data.badge, 12, false) * 1.04 + 18;
  g.part("heading", [at.phone], () => {
    const own = data.source === "own" && data.badge.endsWith("own");
    const first = at.phone ? inLines(title, at.w, 14) : [title];
    const x = at.phone ? 0 : measure(title, 14, false) * 1.05 + 14;
    const y = at.phone ? 16 + 18 * first.length : 15;
    return [first.map((line, i) => label(0, 15 + 18 * i, line, { size: 14, weight: 600, fill: "ink" })),
      h("rect", { x, y: y - 14, width: wide, height: 20, rx: 10, fill: css(own ? "accent-soft" : "bg"), stroke: css(own ? "accent" : "ink3"), "stroke-dasharray": own ? null : "3 2" }),
      label(x + 9, y, data.badge, { weight: 600, fill: own ? "accent" : "ink2", "data-badge": data.source }),
      data.notes.length ? (at.phone ? inLines(data.notes[0], at.w, 12).slice(0, 2) : [data.notes[0]]).map((line, i) => at.phone ? label(0, y + 20 + 16 * i, line, { fill: "accent" }) : label(at.w, y, fit(line, at.w - x - wide - 12, 12, false), { anchor: "end", weight: 600, fill: "accent" }))
        : data.about && (at.phone ? label(0, y + 20, fit(data.about, at.w, 12, false), { fill: "ink3" }) : label(at.w, y, fit(data.about, at.w - x - wide - 12, 12, false), { anchor: "end", fill: "ink3" }))];
  });
}

function drawWritten(g, data, local, at, rows) {
  const f = factsOf(data, local);
  const y = at.heat.y + rows.length * at.pitch + 24 + (data.trained !== null && rows.some((r) => data.rows[r] + data.start >= data.trained) ? 12 : 0);
  g.part("written", [f.row, f.n, at.heat, stages.of(local)], () => {
    const place = thousands(f.place);
    const line = data.kind === "rotary" ? `${place} × ${rateText(f.rate)} = ${short(f.angle)} rad = ${inTurns(f.angle)}`
      : data.kind === "sinusoidal" ? `${f.column % 2 ? "cos" : "sin"}(${place} × ${rateText(f.rate)}) = ${short(f.value)}` : `row ${thousands(data.start + data.rows[f.row])}, column ${f.column}: ${short(f.value)}`;
    const into = f.embed !== null && stages.of(local) >= INTO ? `; + embedding ${short(f.embed)} = ${short(f.embed + f.value)}` : "";
    const [room, text] = [at.heat.x + at.heat.w, line + into];
    const size = measure(text, 12, true) > room ? 11 : 12;
    return [label(at.chips.x, y, fit(text, room, size), { mono: true, size, fill: "ink" })];
  });
}

const positionsView = {
  init(data, local, before) {
    // Where the text begins was changed: the hands turn there, from where they stood, at most half a turn of the fastest.
    const moved = before && before.kind === data.kind ? clamp(data.begins - before.begins, -3, 3) : 0;
    const list = (packed) => (packed ? unpack(packed) : null);
    const embed = unpack(data.embed);
    const arrows = data.arrows ?? {};
    return { hover: null, moved, embedCols: embed.shape[1], a: { embed, waves: list(data.waves), others: list(data.others), matrix: list(data.matrix?.values), scores: list(data.matrix?.scores),
      query: list(arrows.query), key: list(arrows.key), turnedQuery: list(arrows.turnedQuery), turnedKey: list(arrows.turnedKey) } };
  },

  draw(g, data, local) {
    stages.bar(g, local);
    const step = stages.of(local);
    const at = plan(g, data, local);
    g.height = at.height;
    drawHeading(g, data, at);
    if (local.moved) {
      const way = local.moved;
      local.moved = 0;
      local.stop?.();
      local.stop = g.tween(400, (t) => { local.late = way * (1 - t); g.redraw(); });
    }
    const rows = shownRows(data, local, rowsIn(g, data));
    const biased = BIASES.includes(data.kind);
    if (biased) {
      if (step >= NUMBER) drawBias(g, data, local, at);
      if (step >= PLACE) drawMatrix(g, data, local, at);
    } else {
      drawChips(g, data, local, at, rows);
      if (data.kind === "none") {
        drawHeat(g, data, local, at, rows);
        g.part("mute", [at.mute], () => inLines("Nothing in these rows says where a token stands. The same token has the same vector at every position, and any two tokens have the same score at every distance.", at.mute.w, 14).map((line, i) => label(at.mute.x, at.mute.y + 14 + 22 * i, line, { size: 14, fill: "ink" })));
        drawMatrix(g, data, local, at);
      } else if (step >= PLACE) {
        drawHeat(g, data, local, at, rows);
        drawWritten(g, data, local, at, rows);
        drawWaves(g, data, local, at);
        if (step >= NUMBER) (data.kind === "learned" ? drawWhole : drawClock)(g, data, local, at);
        if (step >= (data.kind === "rotary" ? INTO : APART)) drawMatrix(g, data, local, at);
        if (step >= APART) drawCurve(g, data, local, at);
      }
    }
    if (data.door && step >= INTO) g.door("attention", { left: at.told.x - 2, top: at.told.y + 106 }, "Attention", "This head, number by number");
    if (step === stages.last) drawOrder(g, data, local, at);
    else g.part("step", [step, at.words, local.sel, local.hover], () => {
      const size = at.phone ? 14 : 16;
      const lines = sentences(data, local, step).flatMap((sentence) => inLines(sentence, Math.min(at.words.w, 900), size));
      const worked = at.phone ? "" : formula(data, local, step);
      return [worked && label(at.words.x, at.words.y + 12, worked, { size: 24, mono: true, fill: "accent" }),
        lines.map((line, i) => label(at.words.x, at.words.y + (worked ? 48 : 8) + (size + 8) * i, line, { size, fill: "ink" }))];
    });
  },

  key(event, g, data, local) {
    const move = { ArrowUp: -1, ArrowDown: 1, ArrowLeft: -1, ArrowRight: 1 }[event.key];
    const [row, col, last] = [rowOf(data, local), colOf(data, local), countOf(data) - 1];
    local.hover = null;
    if (event.key === "ArrowUp" || event.key === "ArrowDown") g.select(event.shiftKey ? { row, col: clamp(col + move, 0, last) } : { row: clamp(row + move, 0, last), col });
    else if (move && !event.shiftKey) {
      if (data.columns.length) g.select({ number: data.columns[clamp(columnAt(data, local.sel.number ?? 0) + move, 0, data.columns.length - 1)] });
      else g.select({ row, col: clamp(col + move, 0, last) });
    } else if (stages.key(event, g, local)) return true;
    else if (event.key === "n") g.send("another", { at: Date.now() });
    else if (event.key === "Escape") {
      if (!stages.halt(g, local) && !stages.whole(g, local)) g.visit("home");
    } else return false;
    return true;
  },

  describe(data, local) {
    const f = factsOf(data, local);
    const step = stages.of(local);
    const told = step < stages.last ? `Step ${step + 1}, ${stages.names[step]}: ${sentences(data, local, step).join(" ")} ` : "";
    const cell = f.value === null ? "" : `Position ${f.place}, ${data.kind === "rotary" ? "pair" : "column"} ${f.column}: ${short(f.value)}. `;
    const pair = f.pair === null ? "" : `${said(data, f.row)} at ${f.place} and ${said(data, f.col)} at ${f.other}: ${data.matrix.of} ${short(f.pair)}. `;
    const o = data.order;
    const shuffled = o.shuffles ? o.ways.map((way) => `${CALLED[way.way]}: the vectors ${way.same ? "do not change" : `change by up to ${num(Math.max(...way.change), 2)}`}${o.token ? `, p of ${visible(o.token.text)} ${percent(way.pair[0])}, then ${percent(way.pair[1])}` : ""}`).join("; ") : "there is only one order";
    const text = data.tokens.map((token) => visible(token.text)).join(" ");
    return `${told}The text ${text}. ${data.title} positions, ${data.badge}: ${data.what}. ${data.notes.join(" ")} ${cell}${pair}The words in another order: ${shuffled}.`;
  },

  state(data, local) {
    const f = factsOf(data, local);
    const o = data.order;
    return {
      kind: data.kind, source: data.source, badge: data.badge, tokens: data.tokens.map((t) => t.text), begins: data.begins, notes: data.notes, stage: stages.state(local),
      cell: { row: f.row, col: f.col, place: f.place, column: f.column, value: f.value, angle: f.angle, embed: f.embed, pair: f.pair, product: f.product ?? null, score: f.score, bucket: f.bucket },
      curve: data.curve && { mean: data.curve.mean, spread: data.curve.spread, mine: data.curve.mine },
      bias: data.bias && { head: data.bias.head, distances: data.bias.distances, values: data.bias.values[data.bias.head] },
      order: { order: o.order, shuffles: o.shuffles, token: o.token, ways: o.ways.map(({ way, same, change, pair }) => ({ way, same, change, pair })) },
    };
  },
};

export default mount("positions", positionsView);
