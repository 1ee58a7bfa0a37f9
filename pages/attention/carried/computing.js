// One head's steps, computed in the browser by a model that travels with the picture: what core.analysis.heads.steps and
// figure.py make of a pass, for a decoder. tests/oracle/test_carried_pictures.py compares the two.

import { say } from "../../../app/kit/say.js";
import { rotation, softmax, tensor } from "../../../app/outside/model/forward.js";
import { lengths, topOf } from "../../../app/outside/model/numbers.js";
import { applied, placeOf, read, written } from "./scores.js";

/**
 * @import { Asked, Computing, Control } from "../../../app/outside/model/computing.js"
 * @import { Tensor, Trace } from "../../../app/outside/model/forward.js"
 * @import { Scores } from "./scores.js"
 * @import { Step } from "../figure.js"
 *
 * What Python knows (`told` in export.py): parts of the data that are the same for every text and head, the steps' words by
 * the head of keys and values, and the name of the switch of the positions.
 * @typedef {{constant: Record<string, any>, steps: Step[][], turn: string, scales: boolean, causal: boolean,
 *   blocks: number}} Told
 *
 * The head that is open, and what is changed in it.
 * @typedef {{block: number, head: number, shared: number, attn: string, scale: boolean, mask: boolean, turn: boolean,
 *   temperature: number, window: number | null, sinks: number, scores: Scores, changed: boolean}} Open
 */

const LARGEST_WEIGHT = 300_000; // numbers of a matrix that is carried on to the picture

/** @type {(asked: Asked) => Open} */
function openOf({ model: { config }, ids, values }) {
  const [block, head] = [
    Math.min(values.block, config.n_layers - 1),
    Math.min(values.head, config.n_heads - 1),
  ];
  const { scale, mask, turn, sharpness: temperature, local } = values;
  const [window, sinks] = local ? [values.reach, values.sinks] : [null, 0];
  const scores = read(values.edits, placeOf(block, head, ids.length), ids.length);
  return {
    block,
    head,
    shared: Math.floor((head * config.n_kv_heads) / config.n_heads),
    attn: `blocks.${block}.attn`,
    scale,
    mask,
    turn,
    temperature,
    window,
    sinks,
    scores,
    changed: !scale || !mask || !turn || temperature !== 1 || window !== null || scores.length > 0,
  };
}

/** Numbers of one head out of (T, heads, K): (T, K). @type {(x: Tensor, head: number) => Tensor} */
function ofHead(x, head) {
  const [T, H, K] = x.shape;
  const out = tensor([T, K]);
  for (let t = 0; t < T; t++) out.set(x.subarray((t * H + head) * K, (t * H + head + 1) * K), t * K);
  return out;
}

/** Rows of a stored weight (out, in), as the matrix (in, K) that x meets. @type {(weight: Tensor, first: number, K: number) => Tensor} */
function columns(weight, first, K) {
  const inner = weight.shape[1];
  const out = tensor([inner, K]);
  for (let k = 0; k < K; k++)
    for (let i = 0; i < inner; i++) out[i * K + k] = weight[(first + k) * inner + i];
  return out;
}

/** One head's part of the output matrix: (K, D). @type {(weight: Tensor, head: number, K: number) => Tensor} */
function outOf(weight, head, K) {
  const [D, wide] = weight.shape;
  const out = tensor([K, D]);
  for (let k = 0; k < K; k++) for (let d = 0; d < D; d++) out[k * D + d] = weight[d * wide + head * K + k];
  return out;
}

/** x (T, K) times W (K, D). @type {(x: Tensor, w: Tensor) => Tensor} */
function times(x, w) {
  const [[T, K], D] = [x.shape, w.shape[1]];
  const out = tensor([T, D]);
  for (let t = 0; t < T; t++) {
    for (let d = 0; d < D; d++) {
      let sum = 0;
      for (let k = 0; k < K; k++) sum += x[t * K + k] * w[k * D + d];
      out[t * D + d] = sum;
    }
  }
  return out;
}

/** What the head reads, and how the norm before it makes that of the stream. @type {(asked: Asked, trace: Trace, open: Open) => Record<string, Tensor>} */
function readBy({ model: { config, weights } }, trace, { block }) {
  const resid = /** @type {Tensor} */ (trace.get(`blocks.${block}.hook_resid_pre`));
  if (config.norm_placement === "post" || config.norm === "none") return { resid, x: resid };
  const [T, D] = resid.shape;
  const normalized = /** @type {Tensor} */ (trace.get(`blocks.${block}.ln1.hook_normalized`));
  const ones = tensor([D]).fill(1);
  const gain = weights.get(`blocks.${block}.ln1.w`) ?? Object.assign(ones, { shape: [D] });
  const shift = weights.get(`blocks.${block}.ln1.b`) ?? tensor([D]);
  const mean = tensor([T, 1]);
  if (config.norm === "layer")
    for (let t = 0; t < T; t++) mean[t] = resid.subarray(t * D, (t + 1) * D).reduce((a, b) => a + b, 0) / D;
  const x = tensor(
    [T, D],
    normalized.map((value, i) => value * gain[i % D] + shift[i % D]),
  );
  return {
    resid,
    x,
    mean,
    norm_scale: /** @type {Tensor} */ (trace.get(`blocks.${block}.ln1.hook_scale`)),
    gain,
    shift,
  };
}

/** Queries, keys and values of the head, after its own norms, and turned. @type {(asked: Asked, trace: Trace, open: Open) => Record<string, Tensor>} */
function askedBy({ model: { config, weights }, ids }, trace, { attn, head, shared, turn }) {
  const at = (/** @type {string} */ name, /** @type {number} */ which) =>
    ofHead(/** @type {Tensor} */ (trace.get(`${attn}.${name}`)), which);
  /** @type {Record<string, Tensor>} */
  const found = { q: at("hook_q", head), k: at("hook_k", shared), v: at("hook_v", shared) };
  if (config.qk_norm) {
    for (const [name, which] of /** @type {const} */ ([
      ["q", head],
      ["k", shared],
    ])) {
      const gain = weights.get(`${attn}.${name}_norm.w`);
      const normalized = at(`${name}_norm.hook_normalized`, which);
      found[`${name}n`] = tensor(
        [...normalized.shape],
        normalized.map((value, i) => value * (gain ? gain[i % config.d_head] : 1)),
      );
    }
  }
  if (config.position === "rotary") {
    for (const [name, which] of /** @type {const} */ ([
      ["q", head],
      ["k", shared],
    ])) {
      found[`t${name}`] = turn ? at(`hook_rot_${name}`, which) : (found[`${name}n`] ?? found[name]);
    }
    Object.assign(found, rotation(config, ids.length));
  }
  return found;
}

/** From the scores to what enters the softmax, with the changes. @type {(asked: Asked, open: Open, parts: Record<string, Tensor>) => Record<string, Tensor>} */
function scored({ model: { config }, ids }, open, parts) {
  const T = ids.length;
  const K = config.d_head;
  const [q, k] = [parts.tq ?? parts.qn ?? parts.q, parts.tk ?? parts.kn ?? parts.k];
  const scores = tensor([T, T]);
  for (let t = 0; t < T; t++)
    for (let s = 0; s < T; s++) for (let i = 0; i < K; i++) scores[t * T + s] += q[t * K + i] * k[s * K + i];
  for (const { row, col, value } of open.scores) scores[row * T + col] = value;
  const factor = open.scale && config.scale_scores ? 1 / Math.sqrt(K) : 1;
  const scaled = tensor(
    [T, T],
    scores.map((value) => value * factor),
  );
  const slope = config.position === "alibi" ? Math.fround(2 ** ((-8 / config.n_heads) * (open.head + 1))) : 0;
  const bias = config.position === "alibi" ? tensor([T, T]) : null;
  if (bias && open.turn)
    for (let i = 0; i < bias.length; i++) bias[i] = -slope * Math.abs((i % T) - Math.floor(i / T));
  const biased = bias
    ? tensor(
        [T, T],
        scaled.map((value, i) => value + bias[i]),
      )
    : scaled;
  const inView = new Set(open.scores.filter((one) => one.shown).map(({ row, col }) => row * T + col));
  const masked = tensor(
    [T, T],
    biased.map((value, i) => {
      const [t, s] = [Math.floor(i / T), i % T];
      const hidden =
        (config.causal && open.mask && s > t) ||
        (open.window !== null && Math.abs(t - s) >= open.window && s >= open.sinks);
      return hidden && !inView.has(i) ? -Infinity : value;
    }),
  );
  return { scores, scaled, ...(bias && { bias }), biased, masked };
}

/** The changed scores put in the place of the head's own. @type {(open: Open, masked: Tensor) => (all: Tensor) => void} */
const replacing =
  ({ head, temperature }, masked) =>
  (all) => {
    for (let i = 0; i < masked.length; i++) all[head * masked.length + i] = masked[i] / temperature;
  };

/** What a window leaves. @type {(reach: number, sinks: number, back: boolean) => string} */
function narrowed(reach, sinks, back) {
  if (sinks) {
    return back
      ? say("each row reads at most {reach} back and the first {sinks}; the rest is −∞", { reach, sinks })
      : say("each row reads at most {reach} away and the first {sinks}; the rest is −∞", { reach, sinks });
  }
  return back
    ? say("each row reads at most {reach} back; the rest is −∞", { reach })
    : say("each row reads at most {reach} away; the rest is −∞", { reach });
}

/** The steps' words, each with whether it is switched off. @type {(asked: Asked, open: Open) => Step[]} */
function stepsOf({ told, model: { config } }, { shared, scale, mask, turn, window, sinks }) {
  /** @type {Record<string, boolean>} */
  const off = {
    turn: !turn,
    bias: !turn,
    scale: !scale && config.scale_scores,
    mask: !mask && window === null,
  };
  const narrow = window !== null && {
    formula: say("window {tokens}", { tokens: `${window}${sinks ? `+${sinks}` : ""}` }),
    hint: narrowed(window - 1, sinks, config.causal && mask),
  };
  return told.steps[shared].map((/** @type {Step} */ step) => ({
    ...step,
    off: off[step.id] ?? false,
    ...(step.id === "mask" && narrow),
  }));
}

/** What the model predicts, as it is and with the change. @type {(asked: Asked, before: Trace, after: Trace, changed: boolean) => object} */
function following(
  {
    model: {
      config: { d_vocab: V },
      tokenizer,
    },
    ids,
  },
  before,
  after,
  changed,
) {
  const last = (/** @type {Trace} */ trace) =>
    softmax(tensor([V], /** @type {Tensor} */ (trace.get("unembed.hook_out")).subarray(-V)), V);
  const [was, is] = [last(before), last(after)];
  const likely = [...new Set([...topOf(was, 4), ...topOf(is, 5)])].slice(0, 5);
  const tokens = likely.map((id) => ({ text: tokenizer.display(id), id, before: was[id], after: is[id] }));
  return { label: say("Next token after"), after: tokenizer.display(ids[ids.length - 1]), tokens, changed };
}

/** @type {(asked: Asked) => Record<string, any>} */
function data(asked) {
  const {
    model: { config, weights, tokenizer },
    ids,
    values,
    told,
  } = asked;
  const [open, plain] = [openOf(asked), asked.pass()];
  const { attn, head, shared, changed } = open;
  const [T, D, K] = [ids.length, config.d_model, config.d_head];
  const parts = { ...readBy(asked, plain, open), ...askedBy(asked, plain, open) };
  const steps = scored(asked, open, parts);
  const key = JSON.stringify([
    open.block,
    head,
    open.scale,
    open.mask,
    open.turn,
    open.temperature,
    open.window,
    open.sinks,
    open.scores,
  ]);
  const after = changed
    ? asked.pass({ [`${attn}.hook_attn_scores`]: replacing(open, steps.masked) }, key)
    : plain;
  const pattern = tensor(
    [T, T],
    /** @type {Tensor} */ (after.get(`${attn}.hook_pattern`)).subarray(head * T * T, (head + 1) * T * T),
  );
  const [qkv, bias] = [
    /** @type {Tensor} */ (weights.get(`${attn}.weight_qkv`)),
    weights.get(`${attn}.bias_qkv`),
  ];
  const wo = outOf(/** @type {Tensor} */ (weights.get(`${attn}.weight_o`)), head, K);
  const first = {
    q: head * K,
    k: (config.n_heads + shared) * K,
    v: (config.n_heads + config.n_kv_heads + shared) * K,
  };
  const made = (/** @type {Trace} */ trace) =>
    ofHead(/** @type {Tensor} */ (trace.get(`${attn}.hook_z`)), head);
  const [result, usual] = [times(made(after), wo), times(made(plain), wo)];
  const arrays = {
    ...parts,
    ...steps,
    pattern,
    z: made(after),
    result,
    ...(D * K <= LARGEST_WEIGHT && {
      wq: columns(qkv, first.q, K),
      wk: columns(qkv, first.k, K),
      wv: columns(qkv, first.v, K),
      wo,
    }),
    ...(bias &&
      Object.fromEntries(
        Object.entries(first).map(([name, at]) => [`b${name}`, tensor([K], bias.subarray(at, at + K))]),
      )),
  };
  const row = [values.row, values.follow].find((one) => one >= 0 && one < T) ?? T - 1;
  const col =
    values.col >= 0 && values.col < T ? values.col : topOf(pattern.subarray(row * T, (row + 1) * T), 1)[0];
  const words = stepsOf(asked, open);
  const tokens = ids.map((id) => ({ text: tokenizer.display(id), id, special: tokenizer.special.has(id) }));
  const shown = open.scores.filter((one) => one.shown).map((one) => [one.row, one.col]);
  return {
    ...told.constant,
    name: `L${open.block}H${head}`,
    block: open.block,
    head,
    rows: tokens,
    cols: tokens,
    steps: words,
    arrays,
    factor: open.scale && config.scale_scores ? 1 / Math.sqrt(K) : 1,
    factorName: open.scale && config.scale_scores ? `1/√${K}` : say("not scaled"),
    temperature: open.temperature,
    on: { turn: open.turn },
    rule: { causal: config.causal && open.mask, window: open.window, sinks: open.sinks, shown },
    blind: ids.flatMap((_, t) =>
      steps.masked.subarray(t * T, (t + 1) * T).every((value) => value === -Infinity) ? [t] : [],
    ),
    moved: changed ? moved(result, usual) : null,
    edits: open.scores.map((one) => [one.row, one.col, one.value === -Infinity ? null : one.value]),
    next: following(asked, plain, after, changed),
    selection: { step: values.step < words.length ? values.step : -1, row, col },
  };
}

/** By which share of its length each row's output has moved. @type {(result: Tensor, usual: Tensor) => number[]} */
function moved(result, usual) {
  const far = lengths(
    tensor(
      [...usual.shape],
      result.map((value, i) => value - usual[i]),
    ),
  );
  return [...lengths(usual)].map((long, t) => Number((far[t] / (long || 1)).toFixed(5)));
}

/** @type {Control[]} */
const WINDOW = [
  { key: "local", label: say("Sliding window"), kind: "check" },
  { key: "reach", label: say("Window, in tokens"), kind: "range", low: 1, high: 64, step: 1, when: "local" },
  { key: "sinks", label: say("Sink tokens"), kind: "range", low: 0, high: 16, step: 1, when: "local" },
];

/** @type {(told: Told) => Control[]} */
const controls = ({ constant, turn, scales, causal, blocks }) => [
  { key: "block", label: say("Block"), kind: "choice", options: numbers(blocks) },
  { key: "head", label: say("Head"), kind: "choice", options: numbers(constant.nHeads) },
  ...(scales
    ? [
        /** @type {Control} */ ({
          key: "scale",
          label: say("Scale by 1/√{size}", { size: constant.dHead }),
          kind: "check",
        }),
      ]
    : []),
  ...(causal ? [/** @type {Control} */ ({ key: "mask", label: say("Causal mask"), kind: "check" })] : []),
  ...(turn ? [/** @type {Control} */ ({ key: "turn", label: turn, kind: "check" })] : []),
  ...(causal ? WINDOW : []),
  { key: "sharpness", label: say("Softmax temperature"), kind: "range", low: 0.1, high: 5, step: 0.1 },
];

/** @type {(count: number) => () => [value: number, name: string][]} */
const numbers = (count) => () => Array.from({ length: count }, (_, i) => [i, String(i)]);

/** @type {Computing} */
export const computing = {
  data,
  controls,
  needs: ["block", "head"],
  events: {
    edit(event, { ids, values, model: { config } }) {
      const place = placeOf(
        Math.min(values.block, config.n_layers - 1),
        Math.min(values.head, config.n_heads - 1),
        ids.length,
      );
      return {
        values: { edits: written(applied(event, read(values.edits, place, ids.length), ids.length), place) },
      };
    },
    reset: () => ({ values: { edits: "", scale: true, mask: true, turn: true, sharpness: 1, local: false } }),
  },
};
