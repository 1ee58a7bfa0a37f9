// The chosen cell, or the step that is told, in one sentence with the numbers of these texts; and what it does not say.

import { counted } from "../../app/kit/counts.js";
import { MONO, css, h, inLines, label, num, thousands, tokenSpans } from "../../app/kit/shapes.js";
import {
  SITE, SITE_INK, bestOf, chosenOf, depthName, headName, headValue, knownFrom, loudestLine, mapOf, patchRow,
  patchValue, stepNow,
} from "./layout.js";
import { lensTop } from "./panels.js";

const mono = (text, ink = "ink") => h("tspan", { "font-family": MONO, "font-weight": 600, fill: css(ink) }, text);
const word = (one) => h("tspan", { "font-family": MONO, "font-weight": 600, fill: css("ink"), direction: "ltr" }, tokenSpans(one.text, 110, 12.5));
const asked = (data) => (data.against ? ["logit(", word(data.answer), ") − logit(", word(data.against), ")"] : ["logit(", word(data.answer), ")"]);
const gone = (data, value) => data.says.corrupted + value * (data.says.clean - data.says.corrupted);

const LIMITS = {
  lens: "The lens puts the model’s own head to streams that it was not made for: what early depths say is a hint, not a thought.",
  parts: "Direct only: what a later block made of a part counts as that block’s; frozen:",
  map: "Only about these two texts: another corrupted text asks for other places, and shares of places need not add up.",
};
const limitOf = (data, sight) => (sight === "lens" ? LIMITS.lens : sight === "parts" ? `${LIMITS.parts} ${data.parts.frozen.join(", ") || "nothing"}.` : LIMITS.map);

/** Lines of spans: what is to be read of the picture now. */
export function saidOf(data, local) {
  const step = stepNow(local);
  const chosen = chosenOf(data, local);
  const teller = [tellTexts, tellLens, tellParts, tellPatch, tellPlaces, tellHeads][step];
  const sight = [null, "lens", "parts", "map", "map", "map"][step] ?? (limitOf(data, chosen.sight) === LIMITS.map ? "map" : chosen.sight);
  const lines = teller ? teller(data, local, chosen) : tellCell(data, local, chosen);
  if (data.told) lines.push([data.told]);
  if (data.slight && (sight === "map" || !step)) lines.push([h("tspan", { "font-weight": 600, fill: css("ink") }, data.slight)]);
  else if (step) lines.push([h("tspan", { fill: css("ink3") }, (step >= 3 && coarseSaid(data)) || limitOf(data, sight))]);
  return lines;
}

/** Which blocks are patched while not all are, and what stands for the others; "": all, or none. */
function coarseSaid(data) {
  const blocks = data.patched[data.sites[0]] ?? [];
  if (data.whole || !blocks.length || blocks.length === data.blocks) return "";
  const gaps = new Set(blocks.slice(1).map((one, i) => one - blocks[i]));
  const even = gaps.size === 1 && blocks[0] === 0;
  return `${even ? `Every ${ordinal([...gaps][0])} block is patched so far` : `${blocks.length} of ${counted(data.blocks, "block")} are patched so far`}; a pale column repeats the nearest of them until its own block is.`;
}
const ordinal = (n) => ({ 2: "second", 3: "third", 4: "fourth", 8: "eighth" }[n] ?? `${n}th`);

function tellTexts(data) {
  const [own, other] = data.firsts;
  const chance = num(data.probability, 3);
  const said = own.id === data.answer.id ? ["The model answers ", word(own), ` with chance ${chance}. `] : ["The model answers ", word(own), "; ", word(data.answer), ` has chance ${chance}. `];
  if (data.why) return [[...said, data.why]];
  const how = data.change ? ["with ", mono(data.change[1]), " for ", mono(data.change[0])] : ["as it stands below"];
  return [[...said, "The corrupted text, ", ...how, other.id === own.id ? ", also gets " : ", asks for another answer, ", word(other), ":"],
    [...asked(data), " is ", mono(num(data.says.clean, 2)), " with the clean text and ", mono(num(data.says.corrupted, 2)), " with the corrupted one. Where in the pass does the difference sit?"]];
}
function tellLens(data, local) {
  if (!data.lens) return [["This model has no blocks: there is nothing between embedding and answer."]];
  const from = knownFrom(data, data.row);
  const chances = data.lens.ids.map((_, d) => num(local.chance[d * data.tokens.length + data.row], 3)).slice(-8).join(", ");
  return [["In the row of ", word(data.tokens[data.row]), from < 0 ? [", ", word(data.answer), " is not the first token in the end"] : [", ", word(data.answer), ` is the first token from ${from ? `block ${from - 1}` : "the embedding"} on`], `; its chance by depth: ${chances}.`]];
}
function tellParts(data) {
  const line = data.parts.lines[loudestLine(data)];
  return [[mono(`${counted(data.parts.lines.length, "part")}`), " add up to ", ...asked(data), " = ", mono(num(data.parts.total, 3)), `, the model’s own number (off by ${tinyNumber(data.parts.error)}). The largest part is `, mono(line.name), " with ", mono(num(line.value, 2)), "."]];
}
function tellPatch(data, local, chosen) {
  return tellCell(data, local, chosen.sight in SITE ? chosen : { sight: "stream", ...bestOf(data, local, "stream") });
}
function tellPlaces(data, local) {
  if (data.why || !data.blocks) return tellCell(data, local, { sight: "stream", row: 0, tier: 0 });
  const counts = data.sites.map((site) => [...(mapOf(data, local, site) ?? [])].filter((v) => v >= 0.5).length);
  const lead = data.whole ? "Places that" : `Patched so far: ${data.done} of ${data.total} results. Places among them that`;
  const rest = data.whole ? ` (of ${data.rows.length * data.blocks} each). Grey has no counterpart; 0 where nothing differs yet or nothing can be heard any more.` : ".";
  return [[`${lead} alone bring back half or more: `, data.sites.map((site, i) => [i ? ", " : "", mono(String(counts[i]), SITE_INK[site]), ` ${SITE[site].toLowerCase()}`]), rest]];
}
function tellHeads(data, local) {
  const map = local.maps.head;
  if (!map || !data.patched.head.length) return [[data.why || "The heads have not been patched yet."]];
  const best = map.reduce((at, v, i) => (Math.abs(v) > Math.abs(map[at]) || Number.isNaN(map[at]) ? i : at), 0);
  return tellCell(data, local, { sight: "heads", block: Math.floor(best / data.heads), head: best % data.heads, row: patchRow(data, local.sel.row) });
}

function tellCell(data, local, chosen) {
  if (chosen.sight === "lens") return tellLensCell(data, local, chosen);
  if (chosen.sight === "parts") {
    const line = data.parts.lines[chosen.line];
    const loud = line.part === "mlp" ? data.parts.neurons[line.layer]?.[0] : null;
    return [[mono(line.name), " says ", mono(num(line.value, 3)), " of ", ...asked(data), " = ", mono(num(data.parts.logit, 3)), loud ? [`; its loudest neuron, ${loud[0]}, `, mono(num(loud[1], 3))] : "", `. All ${counted(data.parts.lines.length, "part")} add up to it, off by ${tinyNumber(data.parts.error)}.`]];
  }
  if (data.why) return [[data.why]];
  if (chosen.sight === "heads") {
    const value = headValue(data, local, chosen.block, chosen.head, chosen.row);
    const said = local.direct?.[chosen.block * data.heads + chosen.head];
    const direct = said === undefined ? ["It speaks to the decoder only. "] : ["Directly it says ", mono(num(said, 3)), " of ", mono(num(data.parts.logit, 3)), ". "];
    const where = local.sel.extent === "here" ? ["at ", word(data.rows[chosen.row])] : ["at every position"];
    const back = value === undefined ? ["Not patched yet."] : Number.isNaN(value) ? ["The corrupted text has no such place."] : ["Taken from the clean text ", ...where, " it brings back ", mono(num(value, 3)), " of the difference."];
    return [[mono(headName(data, chosen.block, chosen.head), "att-ink"), ": ", ...direct, ...back]];
  }
  const value = patchValue(data, local, chosen.sight, chosen.tier, chosen.row);
  const what = chosen.sight === "stream" ? [mono("the stream"), " of ", word(data.rows[chosen.row]), ` before block ${chosen.tier}`] : ["what ", mono(`L${chosen.tier} ${SITE[chosen.sight].toLowerCase()}`, SITE_INK[chosen.sight]), " adds at ", word(data.rows[chosen.row])];
  if (value === undefined) return [["Not patched yet: ", ...what, "."]];
  if (Number.isNaN(value)) return [["The corrupted text has no counterpart of ", ...what, ": where the texts differ in length, only their beginnings and ends are matched."]];
  return [["Take ", ...what, " from the clean text: ", ...asked(data), " goes from ", mono(num(data.says.corrupted, 2)), " to ", mono(num(gone(data, value), 2)), ", ", mono(num(value, 2)), " of the way to the clean ", mono(num(data.says.clean, 2)), "."]];
}
function tellLensCell(data, local, { row, tier }) {
  const top = lensTop(data, local, row, tier);
  const at = tier * data.tokens.length + row;
  return [["If the model stopped ", depthName(data, tier), ", it would say ", word(top[0]), ` after `, word(data.tokens[row]), ` (${num(top[0].probability, 3)}); `, word(data.answer), ` has chance ${num(local.chance[at], 3)} there, place ${thousands(data.lens.rank[tier][row] + 1)} of ${thousands(data.vocabulary)}.`]];
}
/** A very small number in plain digits. */
const tinyNumber = (v) => (v === 0 ? "0" : v < 1e-12 ? "less than 0.000000000001" : v.toFixed(Math.min(14, Math.max(3, Math.ceil(-Math.log10(v)) + 1))));

export function drawCard(g, data, local, at) {
  const { x, y, w } = at.card;
  g.part("card", [stepNow(local), chosenOf(data, local), local.sel.extent], () => {
    const lines = saidOf(data, local);
    if (!at.phone) return lines.map((spans, i) => h("text", { x, y: y + 17 * i, "font-size": 12.5, fill: css("ink2") }, spans.flat(9)));
    // A phone has no room for a line of spans: the words are set anew.
    let line = 0;
    return lines.map((spans) => {
      const plain = spans.flat(9).map((one) => (one instanceof Node ? one.textContent : one)).join("");
      return inLines(plain, w, 12.5).map((text) => label(x, y + 17 * line++, text, { size: 12.5, fill: "ink2" }));
    });
  });
}
