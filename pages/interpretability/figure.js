// Three questions to one pass: when is the answer known (lens), who says it (attribution), where does it come from
// (patching). layout.js places the panels, panels.js draws them, words.js says what the chosen cell means.

import { mount } from "../../app/kit/glass.js";
import { clamp, css, h, inLines, label, num, unpack } from "../../app/kit/shapes.js";
import { stepMode } from "../../app/kit/steps.js";
import { SIGHTS, SITE, STEPS, chosenOf, plan, stepNow } from "./layout.js";
import { drawHeads, drawLens, drawNeurons, drawParts, drawRail, drawSite } from "./panels.js";
import { drawCard, saidOf } from "./words.js";

const interpretability = {
  keys: [["↑ ↓", "the token before or after"], ["← →", "the depth before or after; of heads, the head"], ["[ ]", "the panel before or after"], ["s", "the lens’s shade: the answer, or each row’s own"], ["a", "heads everywhere, or at the chosen token"], ["Shift + ← →", "one step back or on; also , and ."], ["Space", "play and pause"], ["Esc", "up, to the whole picture"]],

  init(data, local, before) {
    if (before && before.stamp === data.stamp) return {};
    const maps = Object.fromEntries(Object.entries(data.maps).map(([name, packed]) => [name, unpack(packed)]));
    const { lens } = data;
    return {
      maps, steps: local.steps ?? stepMode("stage", STEPS), direct: data.parts.heads && unpack(data.parts.heads),
      top: lens && unpack(lens.probabilities), own: lens && unpack(lens.own), chance: lens && unpack(lens.chance),
    };
  },

  draw(g, data, local) {
    const at = plan(g, data);
    g.height = at.height;
    local.steps.bar(g, local);
    const step = stepNow(local);
    drawRail(g, data, local, at, "tokens");
    if (!data.one || at.phone) drawRail(g, data, local, at, "rows");
    if (data.lens && step >= 1) drawLens(g, data, local, at);
    if (step >= 2) drawParts(g, data, local, at);
    if (step >= 2 && data.blocks && local.direct) drawHeads(g, data, local, at, "direct");
    if (step >= 2 && data.parts.neurons.length) drawNeurons(g, data, local, at);
    if (step >= 3 && data.blocks) for (const site of step === 3 ? [siteShown(data, local)] : data.sites) drawSite(g, data, local, at, site, step === 3);
    if (step >= 5 && data.blocks) drawHeads(g, data, local, at, "patched");
    if (data.why && step >= 3) drawWhy(g, data, at);
    drawCard(g, data, local, at);
  },

  key(event, g, data, local) {
    const chosen = chosenOf(data, local);
    const [down, side] = [{ ArrowUp: -1, ArrowDown: 1 }[event.key], { ArrowLeft: -1, ArrowRight: 1 }[event.key]];
    if (down) move(g, data, chosen, down, 0);
    else if (side && !event.shiftKey) move(g, data, chosen, 0, side);
    else if (event.key === "[" || event.key === "]") turn(g, data, chosen, event.key === "[" ? -1 : 1);
    else if (event.key === "s") g.select({ shade: local.sel.shade === "own" ? "answer" : "own" });
    else if (event.key === "a") g.select({ extent: local.sel.extent === "all" ? "here" : "all" });
    else if (local.steps.key(event, g, local)) return true;
    else if (event.key === "Escape") {
      if (!local.steps.halt(g, local) && !local.steps.whole(g, local)) g.visit("home");
    } else return false;
    return true;
  },

  describe(data, local) {
    const plain = saidOf(data, local).map((line) => line.flat(9).map((one) => (one instanceof Node ? one.textContent : one)).join("")).join(" ");
    const parts = data.parts.lines.map((line) => `${line.name} ${num(line.value, 2)}`).slice(0, 40).join("; ");
    const step = stepNow(local) < local.steps.last ? `Step ${stepNow(local) + 1}, ${STEPS[stepNow(local)]}. ` : "";
    return `${step}${plain} The parts of the logit: ${parts}; together ${num(data.parts.total, 2)}.`;
  },

  state(data, local) {
    const chosen = chosenOf(data, local);
    const shown = (values) => (values ? [...values].map((v) => (Number.isNaN(v) ? null : v)) : null);
    const last = data.lens && data.lens.ids.length;
    return {
      tokens: data.tokens.map((token) => token.text), rows: data.rows.map(({ text, other, place }) => ({ text, other, place })), stage: local.steps.state(local),
      row: data.row, answer: data.answer, against: data.against, alone: data.against === null, corrupted: data.corrupted, says: data.says, probability: data.probability,
      lens: data.lens && { first: data.lens.ids.map((line) => line.map((ids) => ids[0])), chance: shown(local.chance), rank: data.lens.rank, depths: last },
      parts: data.parts.lines.map(({ name, value }) => ({ name, value })), total: data.parts.total, logit: data.parts.logit, direct: shown(local.direct),
      maps: Object.fromEntries(Object.entries(local.maps).filter(([name]) => name !== "heads").map(([name, values]) => [name, shown(values)])),
      done: data.done, whole: data.whole, placed: data.patched.heads ?? [], why: data.why, shade: local.sel.shade, extent: local.sel.extent, chosen,
    };
  },
};

const siteShown = (data, local) => (chosenOf(data, local).sight in SITE ? chosenOf(data, local).sight : data.sites[0]);

/** One cell up or down, left or right, in the chosen panel. */
function move(g, data, chosen, down, side) {
  if (chosen.sight === "heads") {
    g.select({ block: clamp(chosen.block + down, 0, data.blocks - 1), head: clamp(chosen.head + side, 0, data.heads - 1), sight: "heads" });
  } else if (chosen.sight === "parts") {
    g.select({ sight: "parts", tier: clamp(chosen.line + (side || down), 0, data.parts.lines.length - 1) });
  } else {
    const lens = chosen.sight === "lens";
    const most = lens ? [data.tokens.length, data.lens.ids.length] : [data.rows.length, data.blocks];
    g.select({ sight: chosen.sight, row: clamp(chosen.row + down, 0, most[0] - 1), tier: clamp(chosen.tier + side, 0, most[1] - 1) });
  }
}
/** The panel before or after. */
function turn(g, data, chosen, by) {
  const there = SIGHTS.filter((one) => (one in SITE ? data.sites.includes(one) && !data.why : one !== "lens" || data.lens) && (data.blocks || one === "parts"));
  const next = there[(there.indexOf(chosen.sight) + by + there.length) % there.length];
  g.select({ sight: next, tier: -1 });
}

function drawWhy(g, data, at) {
  const box = Object.values(at.sites)[0];
  const wide = at.phone ? g.width - box.x : Math.max(...Object.values(at.sites).map((one) => one.x + one.w)) - box.x;
  g.part("why", null, () => [h("rect", { x: box.x, y: box.y, width: wide, height: Math.min(box.rows * box.pitch, 64), rx: 4, fill: css("wash") }), inLines(data.why, wide - 24).map((line, i) => label(box.x + 12, box.y + 22 + 17 * i, line, { fill: "ink2" }))]);
}

export default mount("interpretability", interpretability);
