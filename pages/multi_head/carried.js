// All heads' data, computed in the browser by a model that travels with the picture: what figure.py makes of core's passes, for
// a decoder. What takes many passes comes after the picture stands. tests/oracle/test_carried_heads.py compares the two.

import { tensor } from "../../app/outside/model/forward.js";
import { topOf } from "../../app/outside/model/numbers.js";
import { mapsOf, movedWeights, repeatsTakenOut } from "./carried/chance.js";
import { classScores } from "./carried/classes.js";
import { effectsOf, following, largestOf, predictionOf, readerOf, withoutHeads } from "./carried/effects.js";
import { nameHeads } from "./carried/names.js";
import { joined, opened } from "./carried/open_head.js";
import { evenness, pairsOf, patternScores, rowsOf } from "./carried/patterns.js";
import { changed, columnsOf, restsOn, rolesOf, tip } from "./carried/words.js";
import { offSet } from "./layout.js";

/**
 * @import { Asked, Computing } from "../../app/outside/model/computing.js"
 * @import { Carried } from "../../app/outside/model/carried.js"
 * @import { Tensor, Trace } from "../../app/outside/model/forward.js"
 * @import { Lines } from "./carried/chance.js"
 * @import { ClassScores } from "./carried/classes.js"
 * @import { Effects, Head, Off } from "./carried/effects.js"
 * @import { Known } from "./carried/names.js"
 * @import { OpenHead } from "./carried/open_head.js"
 * @import { Maps, Scores } from "./carried/patterns.js"
 * @import { Told } from "./carried/words.js"
 *
 * What Python measured (`measured` in carried.py): on random tokens said twice the scores, with no head off, and their lines of
 * chance, and these texts; of the text that the picture came with the lines, so that they stay what they were.
 * @typedef {{repeats: {texts: number[][], scores: Scores, lines: Lines}, came: {text: string, lines: Lines, classes: Record<string, number>}}} Given
 *
 * What was found about a text, with no head off: scores by classes of words, lines of chance, those about tokens Infinity until
 * they are measured; and the effects of single heads, by what they hang on.
 * @typedef {{classes: ClassScores, lines: Lines, measured: boolean, effects: Map<string, Effects>}} OfText
 *
 * The picture's place: the chosen head, the row, the heads that are off, and the passes with all heads and without those.
 * @typedef {OpenHead & {row: number, off: Off, key: string, plain: Trace}} Place
 */

const TEXTS = 12; // that are kept

/** What was found about texts, and the scores on repeats with heads off. @type {WeakMap<Carried, {texts: Map<string, OfText>, repeats: Map<string, Scores>}>} */
const kept = new WeakMap();

/** @type {(trace: Trace, name: string) => Tensor} */
const at = (trace, name) => /** @type {Tensor} */ (trace.get(name));

/** @param {Carried} model */
function keptOf(model) {
  const known = kept.get(model) ?? { texts: new Map(), repeats: new Map() };
  kept.set(model, known);
  return known;
}

/** @type {(asked: Asked) => Place} */
function placeOf(asked) {
  const { model: { config }, ids, values } = asked;
  const { n_layers: blocks, n_heads: heads } = config;
  const names = [...offSet({ mark: "", blocks, heads }, { sel: values })].map((name) => /** @type {Head} */ (name.split(".").map(Number)));
  const off = { heads: names.sort(([l, h], [k, i]) => l - k || h - i), value: values.instead };
  const row = [values.row, values.follow].find((one) => one >= 0 && one < ids.length) ?? ids.length - 1;
  const key = off.heads.length ? JSON.stringify(off) : "";
  const [plain, passed] = [asked.pass(), off.heads.length ? asked.pass(withoutHeads(off), key) : asked.pass()];
  return { block: Math.min(values.block, blocks - 1), head: Math.min(values.head, heads - 1), row, off, key, plain, passed, maps: mapsIn(asked, passed) };
}

/** @type {(asked: Asked, trace: Trace) => Maps} */
const mapsIn = ({ model: { config }, ids }, trace) => ({
  ids, causal: config.causal, maps: Array.from({ length: config.n_layers }, (_, l) => at(trace, `blocks.${l}.attn.hook_pattern`)),
});

/** What is known of the text with no head off. @type {(asked: Asked, place: Place) => OfText} */
function ofText(asked, { plain }) {
  const { texts } = keptOf(asked.model);
  const known = texts.get(asked.stamp);
  if (known) return known;
  const [maps, told, { came }] = [mapsIn(asked, plain), /** @type {Told} */ (asked.told), /** @type {Given} */ (asked.measured)];
  const pairs = pairsOf(maps, told.rules);
  const content = told.rules.content.filter((job) => rowsOf(pairs[job] ?? []));
  const classes = classScores(asked.model, maps, told);
  /** @type {OfText} */
  let found;
  if (asked.text === came.text) {
    for (const [name, one] of Object.entries(classes)) one.line = came.classes[name];
    found = { classes, lines: came.lines, measured: true, effects: new Map() };
  } else {
    const lines = { ...movedWeights(maps, told), ...Object.fromEntries(content.map((job) => [job, Infinity])) };
    found = { classes, lines, measured: !content.length, effects: new Map() };
  }
  texts.set(asked.stamp, found);
  for (const oldest of texts.keys()) if (texts.size > TEXTS) texts.delete(oldest);
  return found;
}

/** The scores on random tokens said twice, without the heads that are off. @type {(asked: Asked, place: Place) => Scores} */
function onRepeats({ model, measured, told }, { off, key }) {
  const { texts, scores } = /** @type {Given} */ (measured).repeats;
  if (!key || !texts.length) return scores;
  const { repeats } = keptOf(model);
  const known = repeats.get(key);
  if (known) return known;
  const all = texts.map((ids) => mapsOf(model, ids, withoutHeads(off)));
  const mean = all[0].map((map, l) => tensor(map.shape, map.map((_, i) => all.reduce((sum, one) => sum + one[l][i], 0) / all.length)));
  const found = patternScores({ maps: mean, ids: texts[0], causal: model.config.causal }, told.rules); // the pairs of all texts are the same
  repeats.set(key, found);
  return found;
}

/** @type {(asked: Asked, maps: Maps, repeats: Scores, text: OfText) => Known} */
const knownOf = ({ measured, told }, maps, repeats, { classes, lines }) => ({
  scores: patternScores(maps, told.rules), repeats, lines, repeatLines: measured.repeats.lines, classes, spread: evenness(maps), tokens: maps.ids.length,
});

/** What every head does, and the table of the scores. @type {(asked: Asked, place: Place) => Record<string, any>} */
function rolesIn(asked, place) {
  const [told, text] = [/** @type {Told} */ (asked.told), ofText(asked, place)];
  const usual = knownOf(asked, mapsIn(asked, place.plain), asked.measured.repeats.scores, text);
  const now = place.key ? knownOf(asked, place.maps, onRepeats(asked, place), text) : usual;
  const { causal } = place.maps;
  const [table, rows] = [columnsOf(now, told), restsOn(now, told, causal)];
  const names = [...table.keys()];
  const roles = (/** @type {Known} */ known) => rolesOf(nameHeads(known, told), known, told, causal);
  return {
    roles: changed(roles(now), roles(usual)), scoreNames: names, scoreShort: names.map((name) => told.unit[name]),
    scoreBrief: names.map((name) => told.brief[name] || told.unit[name]), sharing: names.filter((name) => name in told.about).length,
    scoreTips: names.map((name) => tip(name, rows.get(name) ?? 0, usual, told)), scoreRows: names.map((name) => rows.get(name)),
    scores: now.spread.flatMap((line, l) => line.map((_, h) => names.map((name) => table.get(name)?.[l][h] ?? null))),
  };
}

/** What every head gives from a row: (L, H) rows of T. @type {(maps: Tensor[], row: number) => Float32Array[][]} */
const rowIn = (maps, row) => maps.map((map) => {
  const [H, T] = map.shape;
  return Array.from({ length: H }, (_, h) => map.subarray((h * T + row) * T, (h * T + row + 1) * T));
});

/** The likeliest token at the row with no head off, and the name of the effects on it. @type {(place: Place) => {token: number, name: string}} */
function target({ plain, row, key }) {
  const [token] = topOf(predictionOf(plain, row), 1);
  return { token, name: JSON.stringify([key, row]) };
}

/** What the prediction loses without each head, once that is measured. @type {(asked: Asked, place: Place) => Record<string, any>} */
function effectIn(asked, place) {
  const { token, name } = target(place);
  const effects = ofText(asked, place).effects.get(name);
  if (!effects) return { change: null, token: null, weight: null, seconds: 0, running: true };
  const { model, told } = asked;
  const [{ row, off, block, head, maps }, largest] = [place, largestOf(effects, told)];
  const now = rowIn(maps.maps, row);
  const less = largest && { heads: [...off.heads, largest], value: off.value };
  const then = less && rowIn(mapsIn(asked, asked.pass(withoutHeads(less), JSON.stringify(less))).maps, row);
  return {
    change: effects.change, measured: effects.change.length, weight: now.map((line) => line.map((one) => Math.max(...one))), where: `at row ${row}`,
    token: model.tokenizer.display(token), before: effects.before, seconds: 0, row, largest,
    reader: largest && then && readerOf(largest, [block, head], off, now, then), running: false,
  };
}

/** @type {Computing} */
const heads = {
  data(asked) {
    const { model: { config, tokenizer }, ids, values, stamp } = asked;
    const place = placeOf(asked);
    const { block, head, row, key, off, maps, plain, passed } = place;
    const [T, L, H] = [ids.length, config.n_layers, config.n_heads];
    const tokens = ids.map((id) => ({ text: tokenizer.display(id), id, special: tokenizer.special.has(id) }));
    const shades = new Uint8Array(L * H * T * T);
    for (const [l, map] of maps.maps.entries()) for (let i = 0; i < map.length; i++) shades[l * map.length + i] = Math.round(255 * map[i]);
    const { arrays, join } = joined(asked.model, place);
    const { panel, added, tour, instead, order, col, follow } = values;
    const fitting = (/** @type {number} */ one) => (one < T ? one : -1);
    return {
      kind: "self", mark: "", cross: false, causal: config.causal, rows: tokens, cols: tokens, blocks: L, heads: H, kvHeads: config.n_kv_heads,
      home: T - 1, block, head, mapsStamp: stamp + key, maps: Object.assign(shades, { shape: [L, H, T, T] }), ...rolesIn(asked, place),
      arrays: { ...opened(asked.model, place), ...arrays }, factorText: config.scale_scores ? `÷ √${config.d_head}` : "", join,
      next: following(asked.model, ids[row], predictionOf(plain, row), predictionOf(passed, row), off), effect: effectIn(asked, place),
      selection: { block, head, row, col: fitting(col), follow: fitting(follow), panel, added, tour, off: values.off, instead, order },
    };
  },

  *later(asked) {
    const place = placeOf(asked);
    const [text, told] = [ofText(asked, place), /** @type {Told} */ (asked.told)];
    if (!text.measured) {
      Object.assign(text.lines, yield* repeatsTakenOut(asked.model, mapsIn(asked, place.plain), told));
      text.measured = true;
      yield true;
    }
    const { token, name } = target(place);
    if (text.effects.has(name)) return;
    text.effects.set(name, yield* effectsOf(asked.model, place.passed, place.off, place.row, token));
    yield true;
  },

  controls: (/** @type {Told} */ told) => [{ key: "instead", label: "A head that is off adds", kind: "choice", options: () => told.offAdds }],
  needs: ["block", "head", "row", "off", "instead"],
};

export default heads;
