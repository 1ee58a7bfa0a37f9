// What the picture is asked for: the chosen head, the row, the heads that are off, and the passes over the text.

import { offSet } from "../layout.js";
import { withoutHeads } from "./effects.js";

/**
 * @import { Asked } from "../../../app/outside/model/computing.js"
 * @import { Tensor, Trace } from "../../../app/outside/model/forward.js"
 * @import { Head, Off } from "./effects.js"
 * @import { OpenHead } from "./open_head.js"
 * @import { Maps } from "./patterns.js"
 *
 * The chosen head in the pass without those that are off; key: "" where none is; plain: the pass with all heads.
 * @typedef {OpenHead & {row: number, off: Off, key: string, plain: Trace}} Place
 */

/** @type {(asked: Asked) => Place} */
export function placeOf(asked) {
  const {
    model: { config },
    ids,
    values,
  } = asked;
  const { n_layers: blocks, n_heads: heads } = config;
  const names = [...offSet({ mark: "", blocks, heads }, { sel: values })].map(
    (name) => /** @type {Head} */ (name.split(".").map(Number)),
  );
  const off = { heads: names.sort(([l, h], [k, i]) => l - k || h - i), value: values.instead };
  const row = [values.row, values.follow].find((one) => one >= 0 && one < ids.length) ?? ids.length - 1;
  const key = off.heads.length ? JSON.stringify(off) : "";
  const [plain, passed] = [
    asked.pass(),
    off.heads.length ? asked.pass(withoutHeads(off), key, off.heads[0][0]) : asked.pass(),
  ];
  return {
    block: Math.min(values.block, blocks - 1),
    head: Math.min(values.head, heads - 1),
    row,
    off,
    key,
    plain,
    passed,
    maps: mapsIn(asked, passed),
  };
}

/** All maps of a pass. @type {(asked: Asked, trace: Trace) => Maps} */
export const mapsIn = ({ model: { config }, ids }, trace) => ({
  ids,
  causal: config.causal,
  maps: Array.from(
    { length: config.n_layers },
    (_, l) => /** @type {Tensor} */ (trace.get(`blocks.${l}.attn.hook_pattern`)),
  ),
});
