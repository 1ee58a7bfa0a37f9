// Home's right side: the row's distribution over the vocabulary at the chosen temperature, the fan, Append.

import { counted } from "../../app/kit/counts.js";
import { say, sayOf } from "../../app/kit/say.js";
import {
  MONO,
  clamp,
  css,
  fit,
  h,
  html,
  label,
  num,
  shareBar,
  tokenSpans,
  visible,
} from "../../app/kit/shapes.js";
import { follow } from "./input.js";
import { BASE } from "./layout.js";
import { frontierHides, rowOf } from "./selection.js";

/** The bars of a wide picture, and the y below their last line, the sum of all other tokens. */
const WIDE = { head: 14, top: 104, pitch: 33, n: 9, slider: 40, height: 14 };
export const OTHERS = WIDE.top + WIDE.n * WIDE.pitch + 12;

/**
 * @import { Shapes } from "../../app/kit/shapes.js"
 * @import { Data, Distribution, Draw, Home, Kept } from "./figure.js"
 * @import { Layout } from "./layout.js"
 *
 * The bars: their heading, the first and the distance to the next, how many, where and how wide; the slider's y.
 * @typedef {{head: number, top: number, pitch: number, n: number, bar: number, barW: number, slider: number, height: number}} Bars
 *
 * What the big button does for a row: an event for Python, or only another row.
 * @typedef {{verb: string, word: string, quiet?: boolean, event?: "append", value?: {id: number, row: number}}} Action
 * @typedef {HTMLButtonElement & {act?: () => void}} Button what it does changes with the row
 */

const NAMED = 9;

/**
 * softmax(logits / t) of one row: the named tokens and the rest. All in the browser, from the real logits.
 * @type {(data: Data, local: Kept, row: number) => Distribution}
 */
export function distribution(data, local, row) {
  const named = Math.min(NAMED, data.top.shape[1]);
  const ids = [...local.topIds.subarray(row * data.top.shape[1], row * data.top.shape[1] + named)];
  const t = local.temperature;
  const at = logitsRow(data, row);
  if (at < 0) {
    const p = [...local.topProbs.subarray(row * data.top.shape[1], row * data.top.shape[1] + named)];
    return { ids, p, others: 1 - p.reduce((a, b) => a + b, 0), exact: false };
  }
  const key = `${row} ${t}`;
  if (local.softmax?.key === key) return local.softmax.value;
  const V = data.vocabulary;
  const logits = local.logits.subarray(at * V, (at + 1) * V);
  /** @type {number[]} */
  let p;
  if (t === 0) p = ids.map((_, k) => (k === 0 ? 1 : 0));
  else {
    const top = logits[ids[0]];
    let sum = 0;
    for (let v = 0; v < V; v++) sum += Math.exp((logits[v] - top) / t);
    p = ids.map((id) => Math.exp((logits[id] - top) / t) / sum);
  }
  const value = { ids, p, others: Math.max(0, 1 - p.reduce((a, b) => a + b, 0)), exact: true };
  local.softmax = { key, value };
  return value;
}

/** Where a row's logits stand among those that came; -1: they did not. @type {(data: Data, row: number) => number} */
export const logitsRow = (data, row) => (data.logits?.rows ? data.logits.rows.indexOf(row) : row);

/** @type {(local: Kept, row: number) => number} */
const chosenOf = (local, row) => (local.choice?.row === row ? local.choice.k : 0);

/** @type {Draw} */
export function drawNext(g, data, local, L) {
  if (!data.logits) return;
  const row = rowOf(data, local);
  const D = distribution(data, local, row);
  const last = data.tokens.length - 1;
  const B = L.phone
    ? {
        head: L.barsY,
        top: L.barsY + 24,
        pitch: 23,
        n: 5,
        bar: 66,
        barW: L.width - 66 - 50,
        slider: L.controlsY,
        height: 14,
      }
    : { ...WIDE, bar: L.barsX + 62, barW: 66 };
  const n = Math.min(B.n, D.ids.length);
  const word = data.tokens[row];
  const title =
    data.shape === "encoder"
      ? data.ids[row] === data.mask_id
        ? say("Fills the mask")
        : say("Row predicts itself")
      : row === last
        ? say("Next token")
        : say("After {token}", { token: fit(visible(word), 100, 12) });
  g.door(
    "decoding",
    { left: L.barsX - 2, top: B.head - (L.phone ? 26 : 14) },
    title,
    say("From probabilities to text: greedy, beam, sampling"),
  );
  const chosen = chosenOf(local, row);
  g.part("bars", [row, D.p, chosen, B], () => {
    /** @type {Shapes[]} */
    const out = [];
    out.push(
      label(
        L.barsX,
        B.slider + 4,
        D.exact
          ? say("Temperature")
          : g.can.recompute
            ? say("Click the row to change")
            : say("At temperature 1"),
        { fill: "ink2" },
      ),
      label(L.barsX + L.barsW, B.slider + 4, num(D.exact ? local.temperature : 1, 1), {
        mono: true,
        fill: "accent",
        anchor: "end",
      }),
    );
    for (let k = 0; k < n; k++) out.push(oneBar(g, data, local, L, B, D, k, row, k === chosen));
    const y = B.top + n * B.pitch - 16;
    const hidden = D.p.slice(n).reduce((a, b) => a + b, 0);
    if (!L.phone)
      out.push(h("line", { x1: L.barsX, x2: L.barsX + L.barsW, y1: y + 2, y2: y + 2, stroke: css("line") }));
    out.push(
      label(L.barsX, y + (L.phone ? 16 : 20), `${counted(data.vocabulary - n, "other")}`, { fill: "ink3" }),
      label(L.barsX + L.barsW, y + (L.phone ? 16 : 20), num(D.others + hidden, 3), {
        mono: true,
        fill: "ink3",
        anchor: "end",
      }),
    );
    if (!L.phone) out.push(truth(data, local, L, row, y + 40));
    return out;
  });
  if (!L.phone)
    g.part("fan", [row, L.first, D.p, chosen, L.blocksEnd, B.pitch], () => fan(L, B, D, n, row, chosen));
  controls(g, data, local, L, B, D, row, chosen);
}

/**
 * What the text itself goes on with, where it does: the row's target.
 * @type {(data: Data, local: Kept, L: Layout, row: number, y: number) => Shapes}
 */
function truth(data, local, L, row, y) {
  if (data.shape === "encoder" || row >= data.tokens.length - 1) return [];
  const at = logitsRow(data, row);
  const id = data.ids[row + 1];
  const out = [
    label(L.barsX, y, say("the text has"), { fill: "ink3" }),
    h(
      "text",
      { x: L.barsX + 72, y, "font-family": MONO, fill: css("ink"), direction: "ltr" },
      tokenSpans(data.tokens[row + 1], 54, 12),
    ),
  ];
  if (at >= 0 && local.temperature > 0) {
    const D = distribution(data, local, row);
    const V = data.vocabulary;
    const p =
      D.p[0] * Math.exp((local.logits[at * V + id] - local.logits[at * V + D.ids[0]]) / local.temperature);
    out.push(label(L.barsX + L.barsW, y, num(p, 3), { mono: true, anchor: "end" }));
  }
  return out;
}

/** @type {(g: Home, data: Data, local: Kept, L: Layout, B: Bars, D: Distribution, k: number, row: number, chosen: boolean) => SVGElement} */
function oneBar(g, data, local, L, B, D, k, row, chosen) {
  const y = B.top + k * B.pitch;
  const token = data.words[D.ids[k]];
  const p = D.p[k];
  const node = h(
    "g",
    {
      class: "gb-hot",
      "data-bar": k,
      onclick: () => {
        local.choice = { row, k };
        g.redraw();
      },
    },
    h("rect", { x: L.barsX, y: y - B.pitch / 2, width: L.barsW, height: B.pitch, fill: "transparent" }),
    h(
      "text",
      {
        x: L.barsX,
        y: y + 4.5,
        "font-family": MONO,
        "font-size": 13,
        "font-weight": chosen ? 700 : null,
        fill: css(chosen ? "accent" : "ink"),
        direction: "ltr",
      },
      tokenSpans(token, B.bar - L.barsX - 4, 13),
    ),
    shareBar(B.bar, y - B.height / 2, B.barW, B.height, p, { fill: css(chosen ? "accent" : "res") }),
    label(L.barsX + L.barsW, y + 4, num(p, 3), {
      mono: true,
      anchor: "end",
      fill: chosen ? "accent" : "ink2",
      weight: chosen ? 600 : null,
    }),
  );
  return g.tip(node, `${visible(token)}  id ${D.ids[k]}  ${num(p, 5)}`);
}

/** @type {(L: Layout, B: Bars, D: Distribution, n: number, row: number, chosen: number) => SVGElement[]} */
function fan(L, B, D, n, row, chosen) {
  if (row < L.first || row > L.last) return [];
  const x0 = L.blocksEnd + 8;
  const x1 = L.barsX - 5;
  const m = x0 + 14;
  const order = Array.from({ length: n }, (_, k) => k).sort(
    (a, b) => Number(a === chosen) - Number(b === chosen) || D.p[a] - D.p[b],
  );
  return order.map((k) => {
    const y = B.top + k * B.pitch;
    return h("path", {
      d: `M${x0},${L.y(row)}C${m + 6},${L.y(row)} ${m - 6},${y} ${x1},${y}`,
      fill: "none",
      stroke: css(k === chosen ? "accent" : "res"),
      "stroke-width": clamp(28 * D.p[k], 0.6, 14),
      opacity: k === chosen ? 1 : 0.45,
      "stroke-linecap": "butt",
    });
  });
}

/**
 * What the big button does for this row, or null.
 * @type {(data: Data, D: Distribution, row: number, chosen: number) => Action | null}
 */
function action(data, D, row, chosen) {
  const last = data.tokens.length - 1;
  const id = D.ids[chosen];
  if (data.shape === "encoder") {
    if (data.special[row] && data.ids[row] !== data.mask_id) return null;
    if (data.ids[row] === data.mask_id)
      return { verb: say("Fill in"), word: data.words[id], event: "append", value: { id, row } };
    return data.mask_id === null
      ? null
      : {
          verb: sayOf("button", "Mask"),
          word: data.tokens[row],
          event: "append",
          value: { id: data.mask_id, row },
        };
  }
  if (row !== last) return { verb: say("Follow the last row"), word: "", quiet: true };
  return { verb: say("Append"), word: data.words[id], event: "append", value: { id, row } };
}

const sliderValue = (/** @type {Event} */ event) =>
  Number(/** @type {HTMLInputElement} */ (event.target).value);

/** @type {(g: Home, data: Data, local: Kept, L: Layout, B: Bars, D: Distribution, row: number, chosen: number) => void} */
function controls(g, data, local, L, B, D, row, chosen) {
  const dim = (/** @type {HTMLElement} */ node) => {
    node.style.opacity = frontierHides(data, local, "next") ? "0.15" : "";
  };
  g.overlay(
    "temperature",
    { left: L.barsX, top: B.slider + (L.phone ? 4 : 11), width: L.barsW },
    () =>
      html("input", {
        type: "range",
        class: "gb-range",
        min: 0,
        max: 2,
        step: 0.1,
        "aria-label": say("Temperature"),
        oninput: (event) => {
          local.temperature = sliderValue(event);
          g.redraw();
        },
        onchange: (event) => g.select({ temperature: sliderValue(event) }),
      }),
    (node) => {
      if (Number(node.value) !== local.temperature) node.value = String(local.temperature);
      node.style.setProperty("--fill", `${local.temperature * 50}%`);
      node.disabled = !D.exact;
      dim(node);
    },
  );
  const what = action(data, D, row, chosen);
  if (!what || (what.event && !g.can.append)) return;
  const box = L.phone
    ? { left: 0, top: L.controlsY + 62, width: L.width, height: 44 }
    : { left: L.barsX, top: L.actY, width: L.barsW, height: BASE.act };
  const act = () => {
    if (!what.event) return follow(g, data, data.home_row);
    local.sent = (local.sent ?? 0) + 1;
    g.send(what.event, { ...what.value, n: local.sent });
  };
  g.overlay(
    "append",
    box,
    () => {
      /** @type {Button} */
      const button = html("button", { class: "gb-button", type: "button", onclick: () => button.act?.() });
      return button;
    },
    (node) => {
      node.act = act;
      node.classList.toggle("gb-primary", !what.quiet);
      node.replaceChildren(
        what.verb,
        ...(what.word ? [html("code", {}, fit(visible(what.word).replace(/^·/, ""), 90, 14))] : []),
      );
      dim(node);
    },
  );
}
