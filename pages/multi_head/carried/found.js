// What is known of a text and of a model, and is kept: it hangs neither on the chosen head nor on the row.

import { tensor } from "../../../app/outside/model/forward.js";
import { mapsOf, movedWeights, repeatsTakenOut } from "./chance.js";
import { classScores } from "./classes.js";
import { withoutHeads } from "./effects.js";
import { pairsOf, patternScores, rowsOf } from "./patterns.js";
import { mapsIn } from "./place.js";

/**
 * @import { Asked } from "../../../app/outside/model/computing.js"
 * @import { Carried } from "../../../app/outside/model/carried.js"
 * @import { Tensor } from "../../../app/outside/model/forward.js"
 * @import { Lines } from "./chance.js"
 * @import { ClassScores } from "./classes.js"
 * @import { Effects } from "./effects.js"
 * @import { Score, Scores } from "./patterns.js"
 * @import { Place } from "./place.js"
 * @import { Told } from "./words.js"
 *
 * What Python measured (`measured` in for_browser.py): on random tokens said twice the scores, with no head off, and their lines of
 * chance, and these texts; of the text that the picture came with the lines, so that they stay what they were.
 * @typedef {{repeats: {texts: number[][], scores: Scores, lines: Lines}, came: {text: string, lines: Lines, classes: Record<string, number>}}} Given
 *
 * What was found about a text, with no head off: scores by classes of words, lines of chance, those about tokens Infinity until
 * they are measured; and the effects of single heads, by what they hang on.
 * @typedef {{classes: ClassScores, lines: Lines, measured: boolean, effects: Map<string, Effects>}} OfText
 */

const TEXTS = 12; // that are kept

/** What was found about texts, and the scores on repeats with heads off. @type {WeakMap<Carried, {texts: Map<string, OfText>, repeats: Map<string, Scores>}>} */
const kept = new WeakMap();

/** @param {Carried} model */
function keptOf(model) {
  const known = kept.get(model) ?? { texts: new Map(), repeats: new Map() };
  kept.set(model, known);
  return known;
}

/** What is known of the text with no head off. @type {(asked: Asked, place: Place) => OfText} */
export function ofText(asked, place) {
  const { texts } = keptOf(asked.model);
  const found = texts.get(asked.stamp) ?? ofNewText(asked, place);
  texts.set(asked.stamp, found);
  for (const oldest of texts.keys()) if (texts.size > TEXTS) texts.delete(oldest);
  return found;
}

/** @type {(asked: Asked, place: Place) => OfText} */
function ofNewText(asked, { plain }) {
  const [maps, told, { came }] = [
    mapsIn(asked, plain),
    /** @type {Told} */ (asked.told),
    /** @type {Given} */ (asked.measured),
  ];
  const [classes, effects] = [classScores(asked.model, maps, told), new Map()];
  if (asked.text === came.text) {
    for (const [name, one] of Object.entries(classes)) one.line = came.classes[name];
    return { classes, lines: came.lines, measured: true, effects };
  }
  const pairs = pairsOf(maps, told.rules);
  const content = told.rules.content.filter((job) => rowsOf(pairs[job] ?? []));
  const lines = { ...movedWeights(maps, told), ...Object.fromEntries(content.map((job) => [job, Infinity])) };
  return { classes, lines, measured: !content.length, effects };
}

/** Measures the lines of chance that take passes; true once they are there. @type {(asked: Asked, place: Place) => Generator<boolean, void>} */
export function* measureLines(asked, place) {
  const text = ofText(asked, place);
  if (text.measured) return;
  Object.assign(text.lines, yield* repeatsTakenOut(asked.model, mapsIn(asked, place.plain), asked.told));
  text.measured = true;
  yield true;
}

/** The last block whose maps hang on no head that is off: a block's maps hang on the blocks before it. @type {(place: Place) => number} */
const lastSure = ({ off }) => off.heads[0]?.[0] ?? Infinity;

/** The scores on random tokens said twice, without the heads that are off: null where that is not measured yet. @type {(asked: Asked, place: Place) => Scores} */
export function onRepeats({ model, measured }, place) {
  const known = keptOf(model).repeats.get(place.key);
  if (known) return known;
  const { scores } = /** @type {Given} */ (measured).repeats;
  const sure = (/** @type {Score} */ score) => ({
    ...score,
    value: score.value.map((line, l) => (l > lastSure(place) ? line.map(() => null) : line)),
  });
  return Object.fromEntries(Object.entries(scores).map(([job, score]) => [job, sure(score)]));
}

/** Measures them, a text at a step; true once they are there. @type {(asked: Asked, place: Place) => Generator<boolean, void>} */
export function* measureRepeats({ model, measured, told }, place) {
  const [{ texts }, { repeats }, { n_layers, causal }] = [
    /** @type {Given} */ (measured).repeats,
    keptOf(model),
    model.config,
  ];
  if (repeats.has(place.key) || !texts.length || lastSure(place) >= n_layers - 1) return;
  /** @type {Tensor[][]} */
  const all = [];
  for (const ids of texts) {
    yield false;
    all.push(mapsOf(model, ids, withoutHeads(place.off)));
  }
  const mean = all[0].map((map, l) =>
    tensor(
      map.shape,
      map.map((_, i) => all.reduce((sum, one) => sum + one[l][i], 0) / all.length),
    ),
  );
  repeats.set(place.key, patternScores({ maps: mean, ids: texts[0], causal }, told.rules)); // the pairs of all texts are the same
  yield true;
}
