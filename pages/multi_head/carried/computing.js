// All heads' data, computed in the browser by a model that travels with the picture: what figure.py makes of core's passes, for
// a decoder. What takes many passes comes after the picture stands. tests/oracle/test_carried_pictures.py compares the two.

import { say } from "../../../app/kit/say.js";
import { topOf } from "../../../app/outside/model/numbers.js";
import { effectsOf, following, largestOf, predictionOf, readerOf, withoutHeads } from "./effects.js";
import { measureLines, measureRepeats, ofText, onRepeats } from "./found.js";
import { nameHeads } from "./names.js";
import { joined, opened } from "./open_head.js";
import { evenness, patternScores } from "./patterns.js";
import { mapsIn, placeOf } from "./place.js";
import { changed, columnsOf, restsOn, rolesOf, tip } from "./words.js";

/**
 * @import { Asked, Computing } from "../../../app/outside/model/computing.js"
 * @import { Tensor } from "../../../app/outside/model/forward.js"
 * @import { OfText } from "./found.js"
 * @import { Known } from "./names.js"
 * @import { Maps, Scores } from "./patterns.js"
 * @import { Place } from "./place.js"
 * @import { Told } from "./words.js"
 */

/** @type {(asked: Asked, maps: Maps, repeats: Scores, text: OfText) => Known} */
const knownOf = ({ measured, told }, maps, repeats, { classes, lines }) => ({
  scores: patternScores(maps, told.rules),
  repeats,
  lines,
  repeatLines: measured.repeats.lines,
  classes,
  spread: evenness(maps),
  tokens: maps.ids.length,
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
    roles: changed(roles(now), roles(usual)),
    scoreNames: names,
    scoreShort: names.map((name) => told.unit[name]),
    scoreBrief: names.map((name) => told.brief[name] || told.unit[name]),
    sharing: names.filter((name) => name in told.about).length,
    scoreTips: names.map((name) => tip(name, rows.get(name) ?? 0, usual, told)),
    scoreRows: names.map((name) => rows.get(name)),
    scores: now.spread.flatMap((line, l) =>
      line.map((_, h) => names.map((name) => table.get(name)?.[l][h] ?? null)),
    ),
  };
}

/** What every head gives from a row: (L, H) rows of T. @type {(maps: Tensor[], row: number) => Float32Array[][]} */
const rowIn = (maps, row) =>
  maps.map((map) => {
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
  const then =
    less &&
    rowIn(
      mapsIn(
        asked,
        asked.pass(withoutHeads(less), JSON.stringify(less), Math.min(...less.heads.map(([l]) => l))),
      ).maps,
      row,
    );
  return {
    change: effects.change,
    measured: effects.change.length,
    weight: now.map((line) => line.map((one) => Math.max(...one))),
    where: say("at row {row}", { row }),
    token: model.tokenizer.display(token),
    before: effects.before,
    seconds: 0,
    row,
    largest,
    reader: largest && then && readerOf(largest, [block, head], off, now, then),
    running: false,
  };
}

/** @type {Computing} */
export const computing = {
  data(asked) {
    const {
      model: { config, tokenizer },
      ids,
      values,
      stamp,
    } = asked;
    const place = placeOf(asked);
    const { block, head, row, key, off, maps, plain, passed } = place;
    const [T, L, H] = [ids.length, config.n_layers, config.n_heads];
    const tokens = ids.map((id) => ({ text: tokenizer.display(id), id, special: tokenizer.special.has(id) }));
    const shades = new Uint8Array(L * H * T * T);
    for (const [l, map] of maps.maps.entries())
      for (let i = 0; i < map.length; i++) shades[l * map.length + i] = Math.round(255 * map[i]);
    const { arrays, join } = joined(asked.model, place);
    const { panel, added, tour, instead, order, col, follow } = values;
    const fitting = (/** @type {number} */ one) => (one < T ? one : -1);
    return {
      kind: "self",
      mark: "",
      cross: false,
      causal: config.causal,
      rows: tokens,
      cols: tokens,
      blocks: L,
      heads: H,
      kvHeads: config.n_kv_heads,
      home: T - 1,
      block,
      head,
      mapsStamp: stamp + key,
      maps: Object.assign(shades, { shape: [L, H, T, T] }),
      ...rolesIn(asked, place),
      arrays: { ...opened(asked.model, place), ...arrays },
      factorText: config.scale_scores ? `÷ √${config.d_head}` : "",
      join,
      next: following(asked.model, ids[row], predictionOf(plain, row), predictionOf(passed, row), off),
      effect: effectIn(asked, place),
      selection: {
        block,
        head,
        row,
        col: fitting(col),
        follow: fitting(follow),
        panel,
        added,
        tour,
        off: values.off,
        instead,
        order,
      },
    };
  },

  *later(asked) {
    const place = placeOf(asked);
    yield* measureRepeats(asked, place);
    yield* measureLines(asked, place);
    const [{ effects }, { token, name }] = [ofText(asked, place), target(place)];
    if (effects.has(name)) return;
    effects.set(name, yield* effectsOf(asked.model, place.passed, place.off, place.row, token));
    yield true;
  },

  controls: (/** @type {Told} */ { off }) => [
    { key: "instead", label: off.label, kind: "choice", options: () => off.adds },
  ],
  needs: ["block", "head", "row", "off", "instead"],
};
