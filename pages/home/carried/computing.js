// Home's data, computed in the browser by a model that travels with the picture: what core.analysis.stream.overview and
// figure.py make of a pass, for a decoder. tests/oracle/test_carried_pictures.py compares the two.

import { counted } from "../../../app/kit/counts.js";
import { say } from "../../../app/kit/say.js";
import { softmax, tensor, unembed } from "../../../app/outside/model/forward.js";
import { lengths, stacked, topOf } from "../../../app/outside/model/numbers.js";

/**
 * @import { Asked, Computing, Turn } from "../../../app/outside/model/computing.js"
 * @import { Tensor, Trace } from "../../../app/outside/model/forward.js"
 */

const EMBEDDING = 128; // how many numbers of an embedding the strip shows
const STRIP = 8; // of a query, key or value
const TOP = 9; // next tokens that are named

/** The first n numbers of each row. @type {(x: Tensor, n: number) => Tensor} */
function beginnings(x, n) {
  const wide = /** @type {number} */ (x.shape.at(-1));
  const kept = Math.min(n, wide);
  const out = tensor([...x.shape.slice(0, -1), kept]);
  for (let row = 0; row * wide < x.length; row++)
    out.set(x.subarray(row * wide, row * wide + kept), row * kept);
  return out;
}

/** (T, H or G, K) -> (H, T, K); keys and values that several heads share are repeated. @type {(x: Tensor, heads: number) => Tensor} */
function byHead(x, heads) {
  const [T, G, K] = x.shape;
  const out = tensor([heads, T, K]);
  for (let h = 0; h < heads; h++) {
    const shared = Math.floor((h * G) / heads);
    for (let t = 0; t < T; t++)
      out.set(x.subarray((t * G + shared) * K, (t * G + shared + 1) * K), (h * T + t) * K);
  }
  return out;
}

/** All heads of all blocks. @type {(trace: Trace, asked: Asked) => Record<string, Tensor>} */
function headsOf(trace, { model: { config } }) {
  const blocks = Array.from({ length: config.n_layers }, (_, l) => `blocks.${l}.attn.`);
  const turned = config.position === "rotary" ? "rot_" : "";
  const all = (/** @type {string} */ name) =>
    blocks.map((block) => byHead(/** @type {Tensor} */ (trace.get(`${block}hook_${name}`)), config.n_heads));
  const T = /** @type {Tensor} */ (trace.get("hook_embed")).shape[0];
  const parts = { q: all(`${turned}q`), k: all(`${turned}k`), v: all("v") };
  return {
    pattern: stacked(
      blocks.map((block) => /** @type {Tensor} */ (trace.get(`${block}hook_pattern`))),
      [config.n_heads, T, T],
    ),
    ...Object.fromEntries(
      Object.entries(parts).flatMap(([name, heads]) => [
        [
          name,
          stacked(
            heads.map((one) => beginnings(one, STRIP)),
            [config.n_heads, T, Math.min(STRIP, config.d_head)],
          ),
        ],
        [`${name}_norm`, stacked(heads.map(lengths), [config.n_heads, T])],
      ]),
    ),
  };
}

/** The head's first guess after the embedding and after every block, and what each gives to the answer in the end. @type {(asked: Asked, trace: Trace, last: number[]) => Record<string, Tensor>} */
function lensOf({ model, ids }, trace, last) {
  const depths = model.config.n_layers ? streams(model.config.n_layers, trace) : [];
  const shape = [depths.length, ids.length];
  const [lensIds, lensProbs, lensOwn] = [tensor(shape), tensor(shape), tensor(shape)];
  const V = model.config.d_vocab;
  for (const [depth, stream] of depths.entries()) {
    const end = depth === depths.length - 1;
    const shares = softmax(
      end ? /** @type {Tensor} */ (trace.get("unembed.hook_out")) : unembed(model, stream),
      V,
    );
    for (let t = 0; t < ids.length; t++) {
      const row = shares.subarray(t * V, (t + 1) * V);
      const [best] = topOf(row, 1);
      const at = depth * ids.length + t;
      [lensIds[at], lensProbs[at], lensOwn[at]] = [best, row[best], row[last[t]]];
    }
  }
  return { lensIds, lensProbs, lensOwn };
}

/** The stream before block 0 and after each block. @type {(blocks: number, trace: Trace) => Tensor[]} */
function streams(blocks, trace) {
  const after = (/** @type {number} */ l) =>
    trace.get(`blocks.${l}.hook_normalized_resid_post`) ?? trace.get(`blocks.${l}.hook_resid_post`);
  return /** @type {Tensor[]} */ ([
    trace.get("blocks.0.hook_resid_pre"),
    ...Array.from({ length: blocks }, (_, l) => after(l)),
  ]);
}

/** @type {Computing} */
export const computing = {
  data(asked) {
    const {
      model: { config, tokenizer },
      ids,
      stamp,
    } = asked;
    const trace = asked.pass();
    const [T, L, V] = [ids.length, config.n_layers, config.d_vocab];
    const at = (/** @type {string} */ name) => /** @type {Tensor} */ (trace.get(name));
    const logits = at("unembed.hook_out");
    const shares = softmax(logits, V);
    const n = Math.min(TOP, V);
    const [topIds, topProbs] = [tensor([T, n]), tensor([T, n])];
    for (let t = 0; t < T; t++) {
      const row = shares.subarray(t * V, (t + 1) * V);
      for (const [k, id] of topOf(row, n).entries()) [topIds[t * n + k], topProbs[t * n + k]] = [id, row[id]];
    }
    const lens = lensOf(
      asked,
      trace,
      Array.from({ length: T }, (_, t) => topIds[t * n]),
    );
    const blocks = (/** @type {string} */ name) =>
      stacked(
        Array.from({ length: L }, (_, l) => lengths(at(`blocks.${l}.${name}`))),
        [T],
      );
    const named = [...new Set([...topIds, ...lens.lensIds])];
    const position = trace.get("hook_pos_embed");
    return {
      stamp,
      shape: "decoder",
      stack: "decoder",
      model: asked.name,
      tokens: ids.map((id) => tokenizer.display(id)),
      ids,
      special: ids.map((id) => tokenizer.special.has(id)),
      source: [],
      blocks: L,
      heads: config.n_heads,
      kv_heads: config.n_kv_heads,
      d_model: config.d_model,
      vocabulary: V,
      home_row: T - 1,
      mask_id: null,
      words: Object.fromEntries(named.map((id) => [id, tokenizer.display(id)])),
      embed: beginnings(at("hook_embed"), EMBEDDING),
      embed_norm: [...lengths(at("hook_embed"))],
      position_norm: position ? [...lengths(position)] : null,
      read_norm: [...lengths(at("unembed.hook_in"))],
      embed_normed: config.embed_norm && config.norm !== "none",
      final_norm: config.final_norm && config.norm !== "none",
      resid: L ? stacked(streams(L, trace).map(lengths), [T]) : tensor([0, T]),
      att: blocks("hook_attn_out"),
      mlp: blocks("hook_mlp_out"),
      crossAdded: null,
      own: headsOf(trace, asked),
      cross: null,
      lens: L > 0,
      ...lens,
      topIds,
      topProbs,
      top: { shape: [T, n] },
      bare: false,
      logits: { values: logits, rows: null },
      selection: selected(asked),
    };
  },

  events: { append },
};

/**
 * Puts the chosen token at the end of the text.
 * @param {{id: number}} event @param {Asked} asked @returns {Turn}
 */
function append({ id }, { model: { tokenizer }, text, ids, longest }) {
  const after = tokenizer.continued(text, id);
  if (after === text)
    return {
      note: say("“{token}” is no text: with it the model says that it has finished.", {
        token: tokenizer.display(id),
      }),
    };
  if (ids.length >= longest)
    return {
      note: say("All {rows} of the picture are used up: shorten the text to append to it.", {
        rows: counted(longest, "row"),
      }),
    };
  return { text: after, values: { follow: -1 } };
}

/** What is chosen, as far as this text has it. @type {(asked: Asked) => Record<string, any>} */
function selected({ values, ids, model: { config } }) {
  const { block, head, follow, ribbons, attention, temperature, walk } = values;
  const row = follow >= ids.length - 1 ? -1 : follow;
  return {
    block: Math.min(block, Math.max(0, config.n_layers - 1)),
    head: Math.min(head, config.n_heads - 1),
    follow: row,
    ribbons,
    attention,
    temperature,
    walk,
  };
}
