"""Every activation of a decoder against transformer-lens 3.9.0's HookedTransformer: the same names, the same values."""

from __future__ import annotations

import re
import warnings
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from core.config import ModelConfig
from core.hooks import recording
from core.model.initial import initialise
from core.model.transformer import build

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from transformer_lens import HookedTransformer, HookedTransformerConfig

TOLERANCE = 1e-8  # of the largest magnitude, in float64; they keep the slopes of alibi in float32
SIZES = {"n_layers": 2, "d_model": 16, "n_heads": 4, "d_vocab": 19, "n_ctx": 12}
LLAMA = {"norm": "rms", "norm_bias": False, "act": "silu", "gated": True, "position": "rotary"}
NO_BIAS = {"qkv_bias": False, "out_bias": False, "mlp_bias": False}
CONFIGS: dict[str, dict[str, Any]] = {
    "gpt2": {"position": "learned", "act": "gelu_tanh"},
    "llama, grouped heads": {**LLAMA, **NO_BIAS, "n_kv_heads": 2, "tied_embeddings": False, "rope_theta": 500.0},
    "llama, one key head, wide heads": {**LLAMA, **NO_BIAS, "n_kv_heads": 1, "d_head": 6, "qkv_bias": True},
    "alibi, relu": {"position": "alibi", "act": "relu", "norm_eps": 1e-3},
    "alibi, three heads, exact gelu, unembedding bias": {
        "position": "alibi", "act": "gelu", "n_heads": 3, "d_model": 12, "unembed_bias": True, "tied_embeddings": False,
    },
    "learned, rms, unscaled scores, narrow": {
        "norm": "rms", "norm_bias": False, "act": "relu", "scale_scores": False, "d_mlp": 5,
    },
    "no norm": {"norm": "none", "act": "gelu_tanh", "n_layers": 1},
}  # fmt: skip
NAMES = {
    "learned": "standard", "rotary": "rotary", "alibi": "alibi",
    "gelu_tanh": "gelu_new", "gelu": "gelu", "relu": "relu", "silu": "silu",
    "layer": "LN", "rms": "RMS", "none": None,
}  # fmt: skip


def theirs_of(config: ModelConfig) -> Any:
    """The same transformer in their words."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return HookedTransformer(
            HookedTransformerConfig(
                n_layers=config.n_layers,
                d_model=config.d_model,
                n_ctx=config.n_ctx,
                d_head=config.head_size,
                n_heads=config.n_heads,
                n_key_value_heads=None if config.kv_heads == config.n_heads else config.kv_heads,
                d_mlp=config.mlp_size,
                d_vocab=config.d_vocab,
                act_fn=NAMES[config.act],
                gated_mlp=config.gated,
                eps=config.norm_eps,
                normalization_type=NAMES[config.norm],
                positional_embedding_type=NAMES[config.position],
                rotary_dim=config.head_size,
                rotary_base=config.rope_theta,
                use_attn_scale=config.scale_scores,
                use_attn_result=True,
                dtype=torch.float64,
                device="cpu",
            )
        )


def copy_weights(ours: nn.Module, theirs: nn.Module) -> list[str]:
    """Fill their parameters from ours, by name; those that we do not have (absent biases) become 0. Returns these."""
    absent = []
    with torch.no_grad():
        for name, weight in theirs.named_parameters():
            path, _, last = name.rpartition(".")
            owner = dict(ours.named_modules()).get(path)  # they keep an unused position table beside alibi
            value: Tensor | None = getattr(owner, last.lstrip("_"), None)
            if value is None:
                absent.append(name)
            weight.copy_(torch.zeros_like(weight) if value is None else value)
    return absent


def pair(name: str) -> tuple[nn.Module, Any, list[str]]:
    config = ModelConfig(**{**SIZES, **CONFIGS[name]})
    ours = build(config)
    initialise(ours, config, seed=len(name), spread=0.3)
    ours, theirs = ours.double().eval(), theirs_of(config)
    return ours, theirs, copy_weights(ours, theirs)


@pytest.mark.parametrize("name", CONFIGS)
def test_every_name_and_value_equals_transformer_lens(name: str) -> None:
    ours, theirs, absent = pair(name)
    assert all(re.search(r"\._?b_|^pos_embed", weight) for weight in absent), absent
    ids = torch.randint(0, 19, (2, 10), generator=torch.Generator().manual_seed(5))
    with torch.no_grad():
        logits, cache = theirs.run_with_cache(ids)
        with recording() as seen:
            ours(ids)
        results = [hook for hook in cache if hook.endswith("hook_result")]
        with recording(results) as asked:
            assert (ours(ids) - logits).abs().max() <= TOLERANCE * logits.abs().max()
    seen |= asked
    assert set(seen) == set(cache)
    for hook, value in cache.items():
        assert seen[hook].shape == value.shape, hook
        finite = torch.isfinite(value)
        assert torch.equal(finite, torch.isfinite(seen[hook])), f"{hook}: another mask"
        error = (seen[hook] - value)[finite].abs().max() / value[finite].abs().max()
        assert error <= TOLERANCE, f"{hook}: {error:.1e}"


def test_a_wrong_head_order_would_be_seen() -> None:
    ours, theirs, _ = pair("gpt2")
    with torch.no_grad():
        theirs.blocks[0].attn.W_Q.copy_(theirs.blocks[0].attn.W_Q.flip(0))
        logits, cache = theirs.run_with_cache(torch.arange(10)[None])
        with recording() as seen:
            ours(torch.arange(10)[None])
    assert not torch.allclose(seen["blocks.0.attn.hook_q"], cache["blocks.0.attn.hook_q"])
    assert not torch.allclose(seen["unembed.hook_out"], logits)
