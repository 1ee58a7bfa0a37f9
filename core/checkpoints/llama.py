"""Llama (Touvron et al. 2023), and the same arithmetic in Qwen2 (q, k, v biases) and Mistral (without its window)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from torch import Tensor

from core.checkpoints.convert import Family, Part, Plan, gather, one, table
from core.checkpoints.settings import CheckpointError, Settings
from core.config import ModelConfig

_SPARE = re.compile(r"(layers\.\d+\.self_attn\.)?rotary_emb\.(inv_freq|cos_cached|sin_cached)")


def config(hf: Mapping[str, Any] | Settings) -> ModelConfig:
    """Convert a Llama, Qwen2 or Mistral config.json to a `ModelConfig`.

    Raises:
        CheckpointError: it asks for something that is not supported; the message names the key and the value.
    """
    hf = hf if isinstance(hf, Settings) else Settings(hf)
    hf.refuse_everywhere()
    hf.head("lm")
    kind = hf.values.get("model_type", "llama")
    d_model, n_heads = hf.whole("hidden_size", 4096), hf.whole("num_attention_heads", 32)
    d_vocab = hf.whole("vocab_size", 151_936 if kind == "qwen2" else 32_000)
    n_ctx = hf.whole("max_position_embeddings", {"qwen2": 32_768, "mistral": 131_072}.get(kind, 2048))
    _refuse_window(hf, kind, n_ctx)
    if "head_dim" not in hf.values and n_heads and d_model % n_heads:
        raise CheckpointError(
            f"config.json: hidden_size={d_model} does not divide into num_attention_heads={n_heads}"
        )
    bias = hf.flag("attention_bias", False) if kind == "llama" else False
    return ModelConfig(
        n_layers=hf.whole("num_hidden_layers", 32),
        d_model=d_model,
        n_heads=n_heads,
        d_head=hf.whole("head_dim", d_model // max(1, n_heads)),
        n_kv_heads=hf.whole("num_key_value_heads", _default_kv_heads(hf, kind, n_heads)),
        d_mlp=hf.whole("intermediate_size", {"qwen2": 22_016, "mistral": 14_336}.get(kind, 11_008)),
        d_vocab=d_vocab,
        n_ctx=n_ctx,
        position="rotary",
        rope_theta=_rope_theta(hf),
        norm="rms",
        norm_bias=False,
        norm_eps=hf.real("rms_norm_eps", 1e-6),
        act=hf.activation("hidden_act", "silu"),
        gated=True,
        qkv_bias=bias or kind == "qwen2",
        out_bias=bias,
        mlp_bias=hf.flag("mlp_bias", False) if kind == "llama" else False,
        tied_embeddings=hf.flag("tie_word_embeddings", False),
        **hf.special(d_vocab),
    )


def weights(tensors: Mapping[str, Tensor], config: ModelConfig) -> dict[str, Tensor]:
    """Convert a Llama's tensors (or their gradients) to our weights; see `convert.gather`."""
    return gather(FAMILY, config, tensors)


def _default_kv_heads(hf: Settings, kind: str, n_heads: int) -> int:
    """Return the default key/value heads as in transformers: null means one per query head.

    A missing key the first model's.
    """
    return n_heads if "num_key_value_heads" in hf.values else {"mistral": 8, "qwen2": 32}.get(kind, n_heads)


def _rope_theta(hf: Settings) -> float:
    """Read the base of the angles: `rope_parameters` in new files, `rope_theta` with `rope_scaling` in old ones."""
    theta = hf.values.get("rope_theta")
    for key in ("rope_parameters", "rope_scaling"):
        rope = hf.values.get(key) or {}
        if not isinstance(rope, dict):
            raise CheckpointError(f"config.json: {key}={rope!r} must be a dictionary")
        kind = rope.get("rope_type", rope.get("type", "default"))
        extra = sorted(set(rope) - {"rope_type", "type", "rope_theta", "partial_rotary_factor"})
        if kind != "default" or extra:
            raise CheckpointError(f"config.json: {key}={rope} is a rope scaling, which is not supported")
        theta = rope.get("rope_theta", theta)
        _whole_turn(f"{key}.partial_rotary_factor", rope.get("partial_rotary_factor"))
    _whole_turn("partial_rotary_factor", hf.values.get("partial_rotary_factor"))
    theta = 10_000.0 if theta is None else theta
    if isinstance(theta, bool) or not isinstance(theta, int | float) or not 0 < theta < float("inf"):
        raise CheckpointError(f"config.json: rope_theta={theta!r} must be a positive number")
    return float(theta)


def _whole_turn(key: str, value: Any) -> None:
    if value not in (None, 1):
        raise CheckpointError(
            f"config.json: {key}={value!r} is not supported: only heads that turn as a whole are"
        )


def _refuse_window(hf: Settings, kind: str, n_ctx: int) -> None:
    """Refuse a sliding window narrower than the context; Mistral has one unless it says null."""
    window = hf.values.get("sliding_window", 4096 if kind == "mistral" else None)
    wide = window is None or (type(window) is int and window >= n_ctx)
    on = kind != "qwen2" or (
        hf.flag("use_sliding_window", False)
        and hf.whole("max_window_layers", 28) < hf.whole("num_hidden_layers", 32)
    )
    if on and not wide:
        raise CheckpointError(
            f"config.json: sliding_window={window!r} is not supported: the context of {n_ctx:,} tokens is wider than it"
        )
    types = hf.values.get("layer_types") or []
    if odd := [
        name for name in types if name != "full_attention" and not (name == "sliding_attention" and wide)
    ]:
        raise CheckpointError(f"config.json: layer_types holds {odd[0]!r}, which is not supported")


def _canonical(name: str) -> str:
    return name.removeprefix("model.")


def _plan(config: ModelConfig) -> Plan:
    d, f, k = config.d_model, config.mlp_size, config.head_size
    queries, keys = config.n_heads * k, config.kv_heads * k
    plan: Plan = table(config, ("embed_tokens.weight",), "lm_head.weight")
    for i in range(config.n_layers):
        ours, theirs = f"blocks.{i}", f"layers.{i}"
        rows = {"q": queries, "k": keys, "v": keys}
        plan[f"{ours}.ln1.w"] = one(f"{theirs}.input_layernorm.weight", d)
        plan[f"{ours}.ln2.w"] = one(f"{theirs}.post_attention_layernorm.weight", d)
        plan[f"{ours}.attn.weight_qkv"] = tuple(
            Part((f"{theirs}.self_attn.{part}_proj.weight",), (size, d)) for part, size in rows.items()
        )
        plan[f"{ours}.attn.weight_o"] = one(f"{theirs}.self_attn.o_proj.weight", d, queries)
        plan[f"{ours}.mlp.weight_in"] = tuple(
            Part((f"{theirs}.mlp.{part}_proj.weight",), (f, d)) for part in ("gate", "up")
        )
        plan[f"{ours}.mlp.weight_out"] = one(f"{theirs}.mlp.down_proj.weight", d, f)
        if config.qkv_bias:
            plan[f"{ours}.attn.bias_qkv"] = tuple(
                Part((f"{theirs}.self_attn.{part}_proj.bias",), (size,)) for part, size in rows.items()
            )
        if config.out_bias:
            plan[f"{ours}.attn.b_O"] = one(f"{theirs}.self_attn.o_proj.bias", d)
        if config.mlp_bias:
            plan[f"{ours}.mlp.bias_in"] = tuple(
                Part((f"{theirs}.mlp.{part}_proj.bias",), (f,)) for part in ("gate", "up")
            )
            plan[f"{ours}.mlp.b_out"] = one(f"{theirs}.mlp.down_proj.bias", d)
    plan["ln_final.w"] = one("norm.weight", d)
    return plan


FAMILY = Family(
    model_types=("llama", "qwen2", "mistral"),
    config=config,
    plan=_plan,
    canonical=_canonical,
    embedding="embed_tokens.weight",
    head="lm_head.weight",
    spare=_SPARE,
    hints={"lm_head": "this is a bare stack without its unembedding; save the ...ForCausalLM model instead"},
)
