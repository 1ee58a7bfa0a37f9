// Home: the whole machine in one picture. Data comes once for each text; everything here answers in the browser.

import { counted } from "../../app/kit/counts.js";
import { mount } from "../../app/kit/glass.js";
import { chip, clamp, css, fit, h, heatImage, label, num, unpack, visible } from "../../app/kit/shapes.js";
import { drawOpen, headSentence } from "./block.js";
import {
  drawClosed, drawGround, drawHeadings, drawHint, drawLegend, drawLens, drawLines, drawTokens, rowsShown, thumbnail,
} from "./columns.js";
import { drawReading, foldedOf, listenForFolded, rest } from "./fold.js";
import { attentionRow, blockOf, headOf, layout, looking, reference, rowOf, spot } from "./layout.js";
import { distribution, drawNext } from "./next.js";
import { caption, drawSteps, goTo, leaveSteps, play, stepOf, stepsOf, walked } from "./steps.js";

const DATA_ARRAYS = ["embed", "resid", "att", "crossAdded", "mlp", "lensIds", "lensProbs", "lensOwn", "topIds", "topProbs"];

function openHeads(packed) {
  return packed && Object.fromEntries(Object.entries(packed).map(([name, value]) => [name, unpack(value)]));
}
function rowNorms(values, rows) {
  const cols = values.length / Math.max(1, rows);
  return Float32Array.from({ length: rows }, (_, i) => Math.sqrt(values.subarray(i * cols, (i + 1) * cols).reduce((s, v) => s + v * v, 0)));
}

const home = {
  init(data, local, before) {
    if (before && before.stamp === data.stamp) return {};
    const out = { maps: {}, strips: {}, qkv: {}, softmax: null, choice: null, hover: null, peek: null, first: undefined };
    for (const name of DATA_ARRAYS) out[name] = data[name] ? unpack(data[name]) : null;
    Object.assign(out, { own: openHeads(data.own), cross: openHeads(data.cross), logits: data.logits ? unpack(data.logits.values) : null });
    out.embedNorm = data.embed_norm;
    out.residScale = reference(out.resid, 2.5);
    const added = [...out.att, ...out.mlp, ...(out.crossAdded ?? [])];
    out.addScale = reference(added, 3);
    out.ribbonScale = reference([...out.own.q_norm, ...out.own.k_norm, ...out.own.v_norm], 2.5);
    out.numberScale = reference([...out.own.q, ...out.own.k, ...out.own.v].map(Math.abs), 5);
    return out;
  },

  draw(g, data, local) {
    g.data = data;
    const walks = Boolean(stepOf(data, local));
    if (walks && local.walks === false && document.activeElement?.matches("body, button")) g.figure.focus({ preventScroll: true });
    local.walks = walks;
    if (!local.dragging) local.temperature = local.temperatureFrom === local.sel.temperature ? local.temperature : local.sel.temperature ?? 1;
    local.temperatureFrom = local.sel.temperature;
    const L = (g.layout = layout(g, data, local));
    local.folds = L.folded;
    g.pictureWidth = L.width;
    g.height = L.height;
    listen(g);
    drawGround(g, data, local, L);
    drawHeadings(g, data, local, L);
    if (!L.phone && !walks) drawHint(g, data, L);
    drawLines(g, data, local, L);
    drawTokens(g, data, local, L);
    if (L.folded && !L.phone) drawReading(g, data, local, L);
    drawClosed(g, data, local, L);
    drawOpen(g, data, local, L);
    if (L.phone) drawPhone(g, data, local, L);
    drawLens(g, data, local, L);
    drawNext(g, data, local, L);
    drawScroll(g, data, local, L);
    if (!stepOf(data, local) || L.phone) drawLegend(g, data, local, L);
    drawSteps(g, data, local, L);
    if (!L.phone && walks) drawHint(g, data, L); // over the curtain: it is read at every step
  },

  /** A selection just made here: the old block closes while the new one opens. */
  selected(g, data, local, change) {
    if (change.follow !== undefined) local.hover = null;
  },

  key(event, g, data, local) {
    const step = stepOf(data, local);
    const row = rowOf(data, local);
    const keys = {
      ArrowRight: () => (step ? goTo(g, data, local, walked(local) + 1) : openBlock(g, data, local, blockOf(data, local) + 1)),
      ArrowLeft: () => (step ? goTo(g, data, local, walked(local) - 1) : openBlock(g, data, local, blockOf(data, local) - 1)),
      ArrowDown: () => follow(g, data, local, Math.min(data.tokens.length - 1, row + 1)),
      ArrowUp: () => follow(g, data, local, Math.max(0, row - 1)),
      " ": () => play(g, data, local, !local.timer),
      s: () => goTo(g, data, local, 0),
      Enter: () => g.visit("attention"),
      Escape: () => (step ? leaveSteps(g, data, local) : g.select({ follow: -1 })),
    };
    if (/^[0-9]$/.test(event.key) && Number(event.key) < data.heads) openBlock(g, data, local, blockOf(data, local), Number(event.key));
    else if (keys[event.key]) keys[event.key]();
    else return false;
    return true;
  },

  describe(data, local) {
    const row = rowOf(data, local);
    const kind = { decoder: "decoder", encoder: "encoder", "encoder-decoder": `encoder-decoder, its ${data.stack}` }[data.shape];
    const parts = [`The whole machine, ${kind}: ${counted(data.blocks, "block")} of ${counted(data.heads, "head")} over ${counted(data.tokens.length, "token")}.`];
    if (data.blocks) parts.push(`Block ${blockOf(data, local)} is open; ${headSentence(data, local, row)}.`);
    if (data.source.length) parts.push(`Its cross-attention reads the source: ${visible(data.source.join("").trim())}.`);
    if (data.logits) {
      const D = distribution(data, local, row);
      parts.push(`Row ${row}, ${visible(data.tokens[row])}, predicts ` + D.ids.slice(0, 3).map((id, k) => `${visible(data.words[id])} ${num(D.p[k], 3)}`).join(", ") + ".");
    }
    const step = stepOf(data, local);
    if (step) parts.push(`Step ${step.name}: ${caption(data, local, step)}`);
    return parts.join(" ");
  },

  state(data, local) {
    const row = rowOf(data, local);
    const T = data.tokens.length;
    const D = data.logits ? distribution(data, local, row) : null;
    const step = stepOf(data, local);
    const depth = (values) => Array.from({ length: data.blocks + 1 }, (_, l) => values[l * T + row]);
    return {
      model: data.model, shape: data.shape, stack: data.stack, tokens: data.tokens, ids: data.ids, blocks: data.blocks, heads: data.heads,
      block: blockOf(data, local), head: headOf(data, local), row, attention: data.cross && local.sel.attention === "cross" ? "cross" : "self",
      ribbons: local.sel.ribbons, temperature: local.temperature, step: walked(local), step_name: step?.name ?? null,
      steps: stepsOf(data).length, caption: step ? caption(data, local, step) : null, playing: Boolean(local.timer),
      folded: foldedOf(data, local), opening: Boolean(local.opening), attends: data.blocks ? [...attentionRow(data, local, row)] : [],
      resid: data.blocks ? depth(local.resid) : [], lens: data.lens ? depth(local.lensIds).map((id, l) => [id, local.lensProbs[l * T + row]]) : [],
      own: data.lens ? depth(local.lensOwn) : [],
      top: D ? D.ids.map((id, k) => [id, D.p[k]]) : [], others: D ? D.others : null,
    };
  },
};

export function openBlock(g, data, local, l, head) {
  const to = clamp(l, 0, Math.max(0, data.blocks - 1));
  openBlockFrom(g, data, local, to);
  local.peek = null;
  g.select(head === undefined ? { block: to } : { block: to, head });
}
/** Starts the opening movement from the block that is open now. */
export function openBlockFrom(g, data, local, to) {
  const from = blockOf(data, local);
  if (from === to || g.layout.phone) return;
  local.stop?.();
  local.opening = g.reduced ? null : { from, t: 0 };
  local.stop = g.tween(300, (t) => {
    local.opening = t < 1 ? { from, t } : null;
    g.redraw();
  });
}
export function follow(g, data, local, row) {
  g.select({ follow: row === data.home_row ? -1 : row });
}

/** One set of pointer listeners for all rows: hovering a row follows it until the pointer leaves. */
function listen(g) {
  if (g.listening) return;
  g.listening = true;
  const rowAt = (event) => {
    const L = g.layout;
    const [x, y] = spot(g, event);
    const i = L.first + Math.floor((y - L.rowsTop) / L.pitch);
    return x <= L.blocksEnd && y >= L.rowsTop && i <= L.last ? i : null;
  };
  const hover = (row) => {
    if (row === g.local.hover) return;
    g.local.hover = row;
    g.redraw();
  };
  g.svg.addEventListener("pointermove", (event) => {
    if (event.pointerType === "touch") return;
    hover(rowAt(event));
    rest(g, event);
  });
  listenForFolded(g);
  g.svg.addEventListener("pointerleave", () => hover(null));
  g.svg.addEventListener("wheel", (event) => {
    const L = g.layout;
    if (!L.scrolls || rowAt(event) === null) return;
    const first = clamp(L.first + Math.sign(event.deltaY) * 2, 0, g.data.tokens.length - L.rows);
    if (first === L.first) return;
    event.preventDefault();
    g.local.first = first;
    g.local.hover = null;
    g.redraw();
  }, { passive: false });
}

/** More rows than fit: a thin bar at the left edge shows, and drags, the part that is seen. */
function drawScroll(g, data, local, L) {
  if (!L.scrolls) return;
  const n = data.tokens.length;
  const track = L.rows * L.pitch;
  g.part("scroll", [L.first], () => {
    const move = (event) => {
      if (!event.buttons) return;
      const [, y] = spot(g, event);
      local.first = clamp(Math.round(((y - L.rowsTop) / track) * n - L.rows / 2), 0, n - L.rows);
      g.redraw();
    };
    const x = L.chipW + 3;
    const said = `rows ${L.first} to ${L.last} of ${n}`;
    return [h("rect", { x, y: L.rowsTop, width: 4, height: track, rx: 2, fill: css("line") }),
      h("rect", { x, y: L.rowsTop + (L.first / n) * track, width: 4, height: (L.rows / n) * track, rx: 2, fill: css("ink3") }),
      h("rect", { x: x - 4, y: L.rowsTop, width: 12, height: track, fill: "transparent", class: "gb-hot", onpointerdown: move, onpointermove: move }, h("title", {}, said)),
      L.phone ? null : label(0, L.rowsTop + track + 16, said, { fill: "ink3" })];
  });
}

/** The phone's bands between the blocks and the bars: the open block's heads, and the block itself one screen down. */
function drawPhone(g, data, local, L) {
  const row = rowOf(data, local);
  const open = blockOf(data, local);
  if (!data.blocks) return;
  g.door("multi_head", { left: -2, top: L.headsY - 26 }, `Block ${open}, ${counted(data.heads, "head")}`, "All heads side by side");
  g.part("phone heads", [open, headOf(data, local), local.sel.attention], () => {
    const heads = looking(data, local);
    const kind = heads === local.cross ? "cross" : "own";
    return [Array.from({ length: data.heads }, (_, head) => {
        const x = (head % L.across) * (L.size + 4);
        const y = L.headsY + 10 + Math.floor(head / L.across) * (L.size + 4);
        const chosen = head === headOf(data, local);
        return h("g", { class: "gb-hot", "data-head": head, onclick: () => g.select({ head }) },
          heatImage(x, y, L.size, L.size, thumbnail(g, data, local, heads, kind, open, head)),
          h("rect", { x: x + 0.5, y: y + 0.5, width: L.size - 1, height: L.size - 1, rx: 2, fill: "transparent", stroke: css(chosen ? "att" : "line"), "stroke-width": chosen ? 2 : 1 }));
      })];
  });
  g.part("phone sentence", [row, open, headOf(data, local), local.sel.attention], () => label(L.width, L.headsY,
    fit(headSentence(data, local, row).replace(/^\S+ /, ""), L.width - 120, 12, false), { anchor: "end", fill: "att-ink", weight: 600 }));
  g.part("phone open", [open, L.first, row], () => [
    label(0, L.openY + 14, `Block ${open}, open`, { fill: "ink", weight: 600 }),
    rowsShown(L).map((i) => chip(g, 0.5, L.openRowsTop + (i - L.first + 0.5) * L.pitch, 45, data.tokens[i], { height: Math.min(22, L.pitch - 3), size: 12, selected: i === row })),
  ]);
}

export default mount("home", home);
