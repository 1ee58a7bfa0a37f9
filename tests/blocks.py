"""Tiny models for the tests of what is inside a block: the shapes of `tests.heads`, and parts that those lack."""

from __future__ import annotations

from functools import cache
from typing import Any

from core.config import ModelConfig
from core.language_model import LanguageModel
from core.model.initial import initialise
from core.model.transformer import build
from core.text.training import train_bpe
from tests.heads import SHAPES, T5, TARGET, TEXT

PARTS: dict[str, dict[str, Any]] = {
    **SHAPES,
    "as tales-gpt": {
        "position": "rotary", "norm": "rms", "norm_bias": False, "embed_norm": True, "qk_norm": True,
        "act": "relu_squared", "qkv_bias": False, "out_bias": False, "mlp_bias": False, "tied_embeddings": False,
    },
    "gated silu": {"position": "rotary", "norm": "rms", "norm_bias": False, "act": "silu", "gated": True},
    "gated, no biases": {"position": "none", "act": "gelu", "gated": True, "mlp_bias": False, "norm_gain": False},
    "no residual": {"residual": False},
    "no residual, post-norm": {"residual": False, "norm_placement": "post", "position": "sinusoidal"},
    "post-norm and a final norm": {"norm_placement": "post", "embed_norm": True, "n_token_types": 2, "act": "relu"},
    "rotary encoder": {"shape": "encoder", "position": "rotary", "norm": "rms", "norm_bias": False},
    "sinusoidal encoder": {"shape": "encoder", "position": "sinusoidal", "norm_placement": "post", "act": "gelu"},
    "no blocks": {"n_layers": 0, "embed_norm": True},
    "rotary with a source": {**T5, "position": "rotary", "n_kv_heads": 2, "embed_norm": True},
}  # fmt: skip
STACKS = [
    (name, stack)
    for name, parts in PARTS.items()
    for stack in (("encoder", "decoder") if parts.get("shape") == "encoder-decoder" else (None,))
]


@cache
def model(name: str) -> LanguageModel:
    """A model in float64, its weights wide, gains and biases far from 1 and 0. Shared: do not write to it."""
    return made(name, **PARTS[name])


def made(name: str = "made", **parts: Any) -> LanguageModel:
    """A model of these parts, of its own."""
    tokenizer = train_bpe([TEXT, TARGET], 280)
    sizes = {"n_layers": 2, "d_model": 24, "n_heads": 4, "n_ctx": 48, "d_mlp": 40, "d_vocab": len(tokenizer)}
    config = ModelConfig(**{**sizes, **parts})
    transformer = build(config).double().eval()
    initialise(transformer, config, seed=3, spread=0.4)
    return LanguageModel(transformer, tokenizer, name)


def target_of(lm: LanguageModel) -> str | None:
    """What the decoder has written so far, where there is one."""
    return TARGET if lm.config.shape == "encoder-decoder" else None
