// One forward pass of a decoder, in the browser: what core/model computes, at the same hooks, by the same names. A picture
// that carries its model (packed.py) computes with this; tests/oracle/test_carried_model.py compares every hook with core's.

/**
 * @typedef {Float32Array & {shape: number[]}} Tensor row by row, the last axis fastest
 *
 * Those fields of core's ModelConfig that a decoder's pass depends on.
 * @typedef {object} Config
 * @property {number} n_layers
 * @property {number} d_model
 * @property {number} n_heads
 * @property {number} n_kv_heads
 * @property {number} d_head
 * @property {number} d_vocab
 * @property {number} n_ctx
 * @property {"learned" | "sinusoidal" | "rotary" | "alibi" | "none"} position
 * @property {number} rope_theta
 * @property {number} position_offset
 * @property {boolean} embed_norm
 * @property {boolean} final_norm
 * @property {"layer" | "rms" | "none"} norm
 * @property {"pre" | "post"} norm_placement
 * @property {number} norm_eps
 * @property {number} embed_scale
 * @property {"relu" | "gelu" | "gelu_tanh" | "silu" | "relu_squared"} act
 * @property {boolean} gated
 * @property {boolean} causal
 * @property {boolean} scale_scores
 * @property {boolean} residual
 * @property {boolean} qk_norm
 * @property {number} logit_scale
 *
 * @typedef {Map<string, Tensor>} Weights by their names in core's state dict; a linear map is stored (out, in)
 * @typedef {{config: Config, weights: Weights}} Model
 *
 * What a pass does otherwise: by hook, a function that changes the value in place or returns another.
 * @typedef {Record<string, (value: Tensor) => Tensor | void>} Change
 * @typedef {Map<string, Tensor>} Trace by hook, T rows, in the order of the computation
 */

/** Makes a tensor of zeros, or of numbers. @type {(shape: number[], values?: ArrayLike<number>) => Tensor} */
export function tensor(shape, values) {
  const made = values ? Float32Array.from(values) : new Float32Array(shape.reduce((a, b) => a * b, 1));
  return Object.assign(made, { shape });
}

/**
 * x W^T + b: (T, D) and a weight (F, D) -> (T, F).
 * @type {(x: Tensor, weight: Tensor, bias?: Tensor) => Tensor}
 */
export function linear(x, weight, bias) {
  const [wide, inner] = weight.shape;
  const rows = x.length / inner;
  const out = tensor([rows, wide]);
  const wider = Float64Array.from(x); // no conversion in the inner loop
  // Four rows with two outputs at a time, so that each number read is used several times: three times as fast as a sum each.
  // Past the end the last row and output come again, and write what stands there.
  for (let t = 0; t < rows; t += 4) {
    const [a, b, c, d] = [t, t + 1, t + 2, t + 3].map((row) => Math.min(row, rows - 1));
    const [ai, bi, ci, di] = [a * inner, b * inner, c * inner, d * inner];
    for (let o = 0; o < wide; o += 2) {
      const o2 = Math.min(o + 1, wide - 1);
      const [at, at2] = [o * inner, o2 * inner];
      let p = 0,
        q = 0,
        r = 0,
        s = 0,
        p2 = 0,
        q2 = 0,
        r2 = 0,
        s2 = 0;
      for (let i = 0; i < inner; i++) {
        const w = weight[at + i],
          w2 = weight[at2 + i];
        const xa = wider[ai + i],
          xb = wider[bi + i],
          xc = wider[ci + i],
          xd = wider[di + i];
        p += w * xa;
        q += w * xb;
        r += w * xc;
        s += w * xd;
        p2 += w2 * xa;
        q2 += w2 * xb;
        r2 += w2 * xc;
        s2 += w2 * xd;
      }
      out[a * wide + o] = p;
      out[b * wide + o] = q;
      out[c * wide + o] = r;
      out[d * wide + o] = s;
      out[a * wide + o2] = p2;
      out[b * wide + o2] = q2;
      out[c * wide + o2] = r2;
      out[d * wide + o2] = s2;
    }
  }
  if (bias) for (let i = 0; i < out.length; i++) out[i] += bias[i % wide];
  return out;
}

/** The softmax of each row of n numbers; a row of nothing but -infinity gets zeros. @type {(x: Tensor, n: number) => Tensor} */
export function softmax(x, n) {
  const out = tensor([...x.shape]);
  for (let at = 0; at < x.length; at += n) {
    let [most, sum] = [-Infinity, 0];
    for (let i = at; i < at + n; i++) most = Math.max(most, x[i]);
    if (most === -Infinity) continue;
    for (let i = at; i < at + n; i++) {
      out[i] = Math.exp(x[i] - most);
      sum += out[i];
    }
    for (let i = at; i < at + n; i++) out[i] /= sum;
  }
  return out;
}

/** erf to 1e-9 and better: its series near 0, and further out the continued fraction of 1 - erf. @param {number} x */
function erf(x) {
  const far = Math.abs(x);
  if (far > 6) return Math.sign(x);
  if (far < 2.5) {
    let [sum, term] = [x, x];
    for (let n = 1; Math.abs(term) > 1e-17; n++) {
      term *= (-x * x) / n;
      sum += term / (2 * n + 1);
    }
    return (2 / Math.sqrt(Math.PI)) * sum;
  }
  let fraction = 0;
  for (let n = 60; n > 0; n--) fraction = n / 2 / (far + fraction);
  return Math.sign(x) * (1 - Math.exp(-far * far) / Math.sqrt(Math.PI) / (far + fraction));
}

/** @type {Record<Config["act"], (x: number) => number>} */
const ACTIVATIONS = {
  relu: (x) => Math.max(0, x),
  relu_squared: (x) => (x <= 0 ? 0 : x * x), // x ** 2 takes ten times as long
  silu: (x) => x / (1 + Math.exp(-x)),
  gelu: (x) => (x / 2) * (1 + erf(x * Math.SQRT1_2)),
  gelu_tanh: (x) => (x / 2) * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3))),
};

/** The cosines and sines by which the queries and keys of T positions are turned, (T, K) each. @type {(config: Config, T: number) => {cos: Tensor, sin: Tensor}} */
export function rotation({ d_head: K, rope_theta }, T) {
  const [cos, sin] = [tensor([T, K]), tensor([T, K])];
  for (let t = 0; t < T; t++) {
    for (let i = 0; i < K; i++) {
      const angle = t * rope_theta ** ((-2 * (i % (K / 2))) / K);
      cos[t * K + i] = Math.cos(angle);
      sin[t * K + i] = Math.sin(angle);
    }
  }
  return { cos, sin };
}

/** A pass, place by place: every value goes through `hook`, which keeps it and lets the change have it. */
class Pass {
  /** @param {Model} model @param {number} rows T @param {Change} change */
  constructor({ config, weights }, rows, change) {
    this.config = config;
    this.weights = weights;
    this.change = change;
    this.rows = rows;
    /** @type {Trace} */
    this.trace = new Map();
    this.turn = config.position === "rotary" ? rotation(config, rows) : null;
  }

  /** @type {(name: string, value: Tensor, shape?: number[]) => Tensor} */
  hook(name, value, shape = value.shape) {
    const given = Object.assign(value, { shape });
    const kept = this.change[name]?.(given) ?? given;
    this.trace.set(name, kept);
    return kept;
  }

  /** Layer norm or RMS norm over the last axis, n numbers. @type {(name: string, x: Tensor) => Tensor} */
  norm(name, x) {
    const { norm, norm_eps } = this.config;
    if (norm === "none" && !/[qk]_norm$/.test(name)) return x;
    const n = /** @type {number} */ (x.shape.at(-1));
    const layer = norm === "layer" && !/[qk]_norm$/.test(name); // queries and keys: always by their length
    const scale = tensor([...x.shape.slice(0, -1), 1]);
    const middle = tensor([...x.shape]);
    for (let row = 0, at = 0; at < x.length; row++, at += n) {
      let [mean, square] = [0, 0];
      if (layer) {
        for (let i = 0; i < n; i++) mean += x[at + i];
        mean /= n;
      }
      for (let i = 0; i < n; i++) {
        const far = x[at + i] - mean;
        square += far * far;
        middle[at + i] = far;
      }
      scale[row] = Math.sqrt(square / n + norm_eps);
    }
    const by = this.hook(`${name}.hook_scale`, scale);
    for (let i = 0; i < middle.length; i++) middle[i] /= by[Math.floor(i / n)];
    const normalized = this.hook(`${name}.hook_normalized`, middle);
    const [gain, shift] = [this.weights.get(`${name}.w`), this.weights.get(`${name}.b`)];
    const out = tensor([...x.shape], normalized);
    for (let i = 0; i < out.length; i++)
      out[i] = out[i] * (gain ? gain[i % n] : 1) + (shift ? shift[i % n] : 0);
    return out;
  }

  /** @type {(name: string) => Tensor} */
  weight(name) {
    const found = this.weights.get(name);
    if (!found) throw new Error(`The model has no weight ${name}.`);
    return found;
  }

  /** @type {(ids: ArrayLike<number>) => Tensor} */
  embed(ids) {
    const { d_model: D, embed_scale, position, position_offset } = this.config;
    const [table, T] = [this.weight("embed.W_E"), this.rows];
    let x = tensor([T, D]);
    for (let t = 0; t < T; t++)
      for (let i = 0; i < D; i++) x[t * D + i] = table[ids[t] * D + i] * embed_scale;
    x = this.hook("hook_embed", x);
    if (position === "learned" || position === "sinusoidal") {
      const learned = this.weights.get("pos_embed.W_pos");
      const added = tensor([T, D]);
      for (let t = 0; t < T; t++) {
        const p = t + position_offset;
        for (let i = 0; i < D; i++) {
          const angle = p * 10000 ** ((-2 * Math.floor(i / 2)) / D);
          added[t * D + i] = learned ? learned[p * D + i] : i % 2 ? Math.cos(angle) : Math.sin(angle);
        }
      }
      x = sum(x, this.hook("hook_pos_embed", added));
    }
    return this.config.embed_norm ? this.norm("ln_embed", x) : x;
  }

  /** Turns each pair (i, i + K/2) of x (T, H, K) by the angle of its position. @type {(x: Tensor) => Tensor} */
  rotate(x) {
    const { cos, sin } = /** @type {{cos: Tensor, sin: Tensor}} */ (this.turn);
    const [, H, K] = x.shape;
    const out = tensor([...x.shape]);
    for (let i = 0; i < x.length; i++) {
      const [k, t] = [i % K, Math.floor(i / (H * K))];
      const other = k < K / 2 ? -x[i + K / 2] : x[i - K / 2];
      out[i] = x[i] * cos[t * K + k] + other * sin[t * K + k];
    }
    return out;
  }

  /** All heads of one block: what they add to the stream, (T, D). @type {(name: string, x: Tensor) => Tensor} */
  attention(name, x) {
    const { n_heads: H, n_kv_heads: G, d_head: K, position } = this.config;
    const T = this.rows;
    const together = linear(x, this.weight(`${name}.weight_qkv`), this.weights.get(`${name}.bias_qkv`)); // (T, (H + 2 G) K)
    const wide = (H + 2 * G) * K;
    const part = (/** @type {number} */ first, /** @type {number} */ count) => {
      const out = tensor([T, count, K]);
      for (let t = 0; t < T; t++)
        out.set(together.subarray(t * wide + first * K, t * wide + (first + count) * K), t * count * K);
      return out;
    };
    let q = this.hook(`${name}.hook_q`, part(0, H));
    let k = this.hook(`${name}.hook_k`, part(H, G));
    const v = this.hook(`${name}.hook_v`, part(H + G, G));
    if (this.config.qk_norm) [q, k] = [this.norm(`${name}.q_norm`, q), this.norm(`${name}.k_norm`, k)];
    if (position === "rotary")
      [q, k] = [
        this.hook(`${name}.hook_rot_q`, this.rotate(q)),
        this.hook(`${name}.hook_rot_k`, this.rotate(k)),
      ];
    const scores = this.hook(`${name}.hook_attn_scores`, this.scores(q, k));
    const pattern = this.hook(`${name}.hook_pattern`, softmax(scores, T));
    const z = tensor([T, H, K]);
    for (let h = 0; h < H; h++) {
      const shared = Math.floor((h * G) / H);
      for (let t = 0; t < T; t++) {
        for (let s = 0; s < T; s++) {
          const share = pattern[(h * T + t) * T + s];
          if (share)
            for (let i = 0; i < K; i++) z[(t * H + h) * K + i] += share * v[(s * G + shared) * K + i];
        }
      }
    }
    return linear(
      this.hook(`${name}.hook_z`, z),
      this.weight(`${name}.weight_o`),
      this.weights.get(`${name}.b_O`),
    );
  }

  /** Q K^T, scaled, with the bias of the position, -infinity where masked: (H, T, T). @type {(q: Tensor, k: Tensor) => Tensor} */
  scores(q, k) {
    const { n_heads: H, n_kv_heads: G, d_head: K, position, causal, scale_scores } = this.config;
    const T = this.rows;
    const out = tensor([H, T, T]);
    for (let h = 0; h < H; h++) {
      const shared = Math.floor((h * G) / H);
      const slope = position === "alibi" ? Math.fround(2 ** ((-8 / H) * (h + 1))) : 0;
      for (let t = 0; t < T; t++) {
        for (let s = 0; s < T; s++) {
          let dot = causal && s > t ? -Infinity : 0;
          if (dot === 0)
            for (let i = 0; i < K; i++) dot += q[(t * H + h) * K + i] * k[(s * G + shared) * K + i];
          out[(h * T + t) * T + s] = dot * (scale_scores ? 1 / Math.sqrt(K) : 1) - slope * Math.abs(t - s);
        }
      }
    }
    return out;
  }

  /** Expand, activate, contract, each position alone. @type {(name: string, x: Tensor) => Tensor} */
  mlp(name, x) {
    const bend = ACTIVATIONS[this.config.act];
    const wide = linear(x, this.weight(`${name}.weight_in`), this.weights.get(`${name}.bias_in`));
    const F = wide.shape[1] / (this.config.gated ? 2 : 1);
    const half = (/** @type {number} */ first) => {
      const out = tensor([this.rows, F]);
      for (let t = 0; t < this.rows; t++)
        out.set(wide.subarray(t * wide.shape[1] + first, t * wide.shape[1] + first + F), t * F);
      return out;
    };
    const pre = this.hook(`${name}.hook_pre`, half(0));
    const by = this.config.gated ? this.hook(`${name}.hook_pre_linear`, half(F)) : null;
    const post = tensor([this.rows, F]);
    for (let i = 0; i < post.length; i++) post[i] = bend(pre[i]) * (by ? by[i] : 1);
    return linear(
      this.hook(`${name}.hook_post`, post),
      this.weight(`${name}.weight_out`),
      this.weights.get(`${name}.b_out`),
    );
  }

  /** What a part says, added to the stream; without residual connections it takes its place. @type {(x: Tensor, update: Tensor) => Tensor} */
  add(x, update) {
    return this.config.residual ? sum(x, update) : update;
  }

  /** @type {(name: string, x: Tensor) => Tensor} */
  block(name, x) {
    const post = this.config.norm_placement === "post";
    x = this.hook(`${name}.hook_resid_pre`, x);
    const attended = this.hook(
      `${name}.hook_attn_out`,
      this.attention(`${name}.attn`, post ? x : this.norm(`${name}.ln1`, x)),
    );
    x = this.hook(`${name}.hook_resid_mid`, this.add(x, attended));
    if (post) x = this.hook(`${name}.hook_normalized_resid_mid`, this.norm(`${name}.ln1`, x));
    const worked = this.hook(
      `${name}.hook_mlp_out`,
      this.mlp(`${name}.mlp`, post ? x : this.norm(`${name}.ln2`, x)),
    );
    x = this.hook(`${name}.hook_resid_post`, this.add(x, worked));
    return post ? this.hook(`${name}.hook_normalized_resid_post`, this.norm(`${name}.ln2`, x)) : x;
  }

  /** The last norm and the unembedding: (T, D) -> logits (T, V). @type {(x: Tensor) => Tensor} */
  head(x) {
    if (this.config.final_norm) x = this.norm("ln_final", x);
    x = this.hook("unembed.hook_in", x);
    const { logit_scale } = this.config;
    if (logit_scale !== 1)
      x = tensor(
        [...x.shape],
        x.map((value) => value * logit_scale),
      );
    const table = this.weights.get("unembed.weight") ?? this.weight("embed.W_E");
    return this.hook("unembed.hook_out", linear(x, table, this.weights.get("unembed.b_U")));
  }
}

/** @type {(a: Tensor, b: Tensor) => Tensor} */
const sum = (a, b) =>
  tensor(
    [...a.shape],
    a.map((value, i) => value + b[i]),
  );

/**
 * Runs a model over a text; the last value, "unembed.hook_out", are the logits (T, V).
 * @param {Model} model @param {ArrayLike<number>} ids @param {Change} [change]
 * @returns {Trace}
 */
export function run(model, ids, change = {}) {
  const pass = new Pass(model, ids.length, change);
  let x = pass.embed(ids);
  for (let l = 0; l < model.config.n_layers; l++) x = pass.block(`blocks.${l}`, x);
  pass.head(x);
  return pass.trace;
}

/**
 * Runs a text again with a change that begins in block `first`: what comes before is that of a pass without it.
 * @type {(model: Model, plain: Trace, first: number, change: Change) => Trace}
 */
export function rerun(model, plain, first, change) {
  const start = `blocks.${first}.hook_resid_pre`;
  const stream = /** @type {Tensor} */ (plain.get(start));
  let x = tensor([...stream.shape], stream); // the plain pass keeps its own
  const pass = new Pass(model, x.shape[0], change);
  for (const [name, value] of plain) {
    if (name === start) break;
    pass.trace.set(name, value);
  }
  for (let l = first; l < model.config.n_layers; l++) x = pass.block(`blocks.${l}`, x);
  pass.head(x);
  return pass.trace;
}

/**
 * Runs the blocks from block `first` on over the stream that enters it, (T, D): the stream after the last.
 * @type {(model: Model, first: number, stream: Tensor, change?: Change) => Tensor}
 */
export function resume(model, first, stream, change = {}) {
  const pass = new Pass(model, stream.shape[0], change);
  let x = stream;
  for (let l = first; l < model.config.n_layers; l++) x = pass.block(`blocks.${l}`, x);
  return x;
}

/** The model's head put to a stream of any depth, (T, D): logits (T, V). @type {(model: Model, stream: Tensor) => Tensor} */
export function unembed(model, stream) {
  return new Pass(model, stream.shape[0], {}).head(stream);
}
