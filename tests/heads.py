"""Tiny models for the tests of the heads: every shape with random weights, and one with two heads built by hand."""

from __future__ import annotations

from functools import cache
from typing import Any

import torch

from core.config import ModelConfig
from core.language_model import LanguageModel
from core.model.initial import initialise
from core.model.transformer import build
from core.text.training import train_bpe

TEXT = "The fox saw the red ball, and ran."
TARGET = "Der Fuchs sah"
T5 = {
    "shape": "encoder-decoder", "position": "relative", "scale_scores": False, "norm": "rms", "norm_bias": False,
    "decoder_start_id": 1, "n_decoder_layers": 3,
}  # fmt: skip
SHAPES: dict[str, dict[str, Any]] = {
    "gpt": {"position": "learned"},
    "llama, grouped": {
        "position": "rotary", "n_kv_heads": 2, "qk_norm": True, "norm": "rms", "norm_bias": False, "out_bias": False,
    },
    "alibi, one key head": {"position": "alibi", "n_kv_heads": 1},
    "no norm": {"position": "sinusoidal", "norm": "none"},
    "bert": {"shape": "encoder", "norm_placement": "post", "embed_norm": True, "final_norm": False, "mlm_head": True},
    "t5": {**T5, "qkv_bias": False, "out_bias": False},
    "post-norm with a source, grouped": {**T5, "position": "sinusoidal", "norm_placement": "post", "n_kv_heads": 2},
}  # fmt: skip
BOTH = ("t5", "post-norm with a source, grouped")
PLACES = [(name, "self") for name in SHAPES] + [
    (name, kind) for name in BOTH for kind in ("cross", "encoder")
]


@cache
def tiny(name: str) -> LanguageModel:
    """A model in float64, its weights wide enough that every part matters. Shared: write to `fresh` ones only."""
    return fresh(name)


def fresh(name: str) -> LanguageModel:
    """The same, of its own."""
    tokenizer = train_bpe([TEXT, TARGET], 280)
    sizes = {"n_layers": 2, "d_model": 24, "n_heads": 4, "n_ctx": 48, "d_vocab": len(tokenizer)}
    config = ModelConfig(**{**sizes, **SHAPES[name]})
    transformer = build(config).double().eval()
    initialise(transformer, config, seed=3, spread=0.4)
    return LanguageModel(transformer, tokenizer, name)


def target_of(lm: LanguageModel) -> str | None:
    """What the decoder has written so far, where there is one."""
    return TARGET if lm.config.shape == "encoder-decoder" else None


def attn_name(lm: LanguageModel, attention: str, layer: int) -> str:
    """The hook prefix of one layer's attention, spelled out independently of `core.analysis.places`."""
    if lm.config.shape != "encoder-decoder":
        return f"blocks.{layer}.attn"
    stack, part = {
        "self": ("decoder", "attn"),
        "cross": ("decoder", "cross_attn"),
        "encoder": ("encoder", "attn"),
    }[attention]
    return f"{stack}.blocks.{layer}.{part}"


def layers_of(lm: LanguageModel, attention: str) -> int:
    """How many blocks have that attention."""
    return lm.config.decoder_layers if attention != "encoder" else lm.config.n_layers


@cache
def induction_model() -> LanguageModel:
    """Two blocks built by hand: L0H0 reads the previous token, L1H0 what followed the same token, and says it again.

    The stream has three parts of 64 numbers: the token's code, its place (one-hot), and the code of the token before
    it, which L0H0 writes. The other heads are blank: they spread evenly and add nothing.
    """
    size, sharp = 64, 60.0
    tokenizer = train_bpe([TEXT, TARGET], 280)
    config = ModelConfig(
        n_layers=2, d_model=3 * size, n_heads=2, d_head=size, n_ctx=size, d_mlp=1, d_vocab=len(tokenizer),
        norm="none", qkv_bias=False, out_bias=False, scale_scores=False,
    )  # fmt: skip
    model = build(config).double().eval()
    draw = torch.Generator().manual_seed(0)
    codes = torch.randn(config.d_vocab, size, generator=draw, dtype=torch.float64)
    token, place, before = (slice(i * size, (i + 1) * size) for i in range(3))
    one = torch.eye(size, dtype=torch.float64)
    with torch.no_grad():
        for weight in model.parameters():
            weight.zero_()
        model.embed.W_E[:, token] = codes / codes.norm(dim=1, keepdim=True)
        model.pos_embed.W_pos[:, place] = one
        first, second = (block.attn for block in model.blocks)
        first.W_Q[0, place] = sharp * one
        first.W_K[0, place] = one.roll(1, dims=1)  # the key of place p is the query of place p + 1
        first.W_V[0, token], first.W_O[0, :, before] = one, one
        second.W_Q[0, token], second.W_K[0, before] = sharp * one, one
        second.W_V[0, token], second.W_O[0, :, token] = one, sharp * one
    return LanguageModel(model, tokenizer, "by hand")
