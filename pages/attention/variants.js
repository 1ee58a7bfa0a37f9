// Below the Attention picture: masks side by side, heads that share keys, and the cost of a longer text.

import { counted } from "../../app/kit/counts.js";
import { mount, pointerAt } from "../../app/kit/glass.js";
import { clamp, html, num, unpack, visible } from "../../app/kit/shapes.js";
import { LINES, costHeight, drawCost, milliseconds } from "./variants_cost.js";
import { bytes, drawShared, headsHeight } from "./variants_heads.js";
import { drawMasks, drawUnder, maskRow, panelsOf, planMasks, rowIn, seenBy } from "./variants_masks.js";

const more = {
  keys: [["↑ ↓ or ← →", "another token asks"]],

  init(data, local) {
    const chosen = local.sel.row ?? -1;
    const last = data.rows.length - 1;
    return { allowed: data.masks.map((m) => unpack(m.allowed)), row: chosen < 0 || chosen > last ? last : chosen, hover: null, data };
  },
  selected(g, data, local, change) {
    if ("row" in change) local.row = change.row;
  },

  draw(g, data, local) {
    if (!local.bound) { local.bound = true; bindMasks(g, local); }
    const plan = (local.plan = planMasks(g, data, local));
    const wide = g.width >= 900;
    g.part("masks", [local.hover, local.row], () => drawMasks(g, data, local, plan));
    g.part("under", null, () => drawUnder(g, data, plan));
    const y = plan.height + 30;
    const w = wide ? Math.round(g.width * 0.56) : g.width;
    const left = { x: 0, y, w };
    const right = wide ? { x: w + 48, y, w: g.width - w - 48 } : { x: 0, y: y + headsHeight(data, w) + 24, w: g.width };
    g.part("shared", null, () => drawShared(g, data, left));
    g.part("cost", null, () => drawCost(g, data, right));
    const ends = right.y + costHeight(data, right.w);
    g.overlay("measure", { left: right.x, top: ends - 34, height: wide ? 28 : 44 },
      () => html("button", { type: "button", class: "gb-button att-measure", click: () => g.send("measure", { at: Date.now() }) }),
      (node) => { node.textContent = data.cost.points.length ? "Measure again" : "Measure now"; });
    g.height = Math.max(y + headsHeight(data, w), ends + (wide ? 4 : 20));
  },

  key(event, g, data, local) {
    const by = { ArrowUp: -1, ArrowLeft: -1, ArrowDown: 1, ArrowRight: 1 }[event.key];
    if (!by) return false;
    local.hover = null;
    g.select({ row: clamp(local.row + by, 0, data.rows.length - 1) });
    return true;
  },

  describe(data, local) {
    const active = local.hover ?? local.row;
    const masks = panelsOf(data, local).map((panel) => {
      const seen = seenBy(panel, rowIn(panel, active)).filter(Boolean).length;
      const then = panel.cross || data.waits ? "" : `, likeliest ${visible(panel.next[0].text)} ${num(panel.next[0].p, 3)}, loss of the stories ${num(panel.stories, 2)}`;
      return `${panel.name}: sees ${seen} of ${panel.cols.length}${then}`;
    });
    const shared = data.shared.map((one) => `${one.name} with ${one.kv}: ${bytes(one.bytes)}${data.waits ? "" : `, likeliest ${visible(one.next[0].text)} ${num(one.next[0].p, 3)}, loss of the stories ${num(one.stories, 2)}`}`);
    const cost = data.cost.points.map((p) => `${counted(p.n, "token")} ${LINES.map(({ key, name }) => `${name} ${milliseconds(p[key])}`).join(", ")}`);
    return `Who may see whom, as ${visible(data.rows[clamp(active, 0, data.rows.length - 1)])} asks. ${masks.join("; ")}. Heads that share keys. ${shared.join("; ")}. Cost. ${cost.join("; ") || "not measured yet"}.`;
  },

  state(data, local) {
    const panels = panelsOf(data, local);
    const active = local.hover ?? local.row;
    return {
      row: local.row, hover: local.hover !== null, active,
      masks: panels.map((panel) => ({ name: panel.name, own: panel.own ?? null, seen: seenBy(panel, rowIn(panel, active)).flatMap((on, c) => (on ? [c] : [])), next: panel.next ?? [], loss: panel.loss ?? null, stories: panel.stories ?? null })),
      shared: data.shared, cost: data.cost.points, curves: data.cost.curves,
    };
  },
};

function bindMasks(g, local) {
  const under = (event) => maskRow(local.plan, ...pointerAt(g, event));
  g.svg.addEventListener("pointermove", (event) => {
    const row = under(event);
    g.svg.style.cursor = row === null ? "" : "pointer";
    if (row === local.hover) return;
    local.hover = row;
    g.redraw();
  });
  g.svg.addEventListener("pointerleave", () => { if (local.hover !== null) { local.hover = null; g.redraw(); } });
  g.svg.addEventListener("click", (event) => {
    const row = under(event);
    if (row !== null) g.select({ row: clamp(row, 0, local.data.rows.length - 1) });
  });
}

export default mount("attention_variants", more);
