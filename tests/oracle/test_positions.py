"""Positions as numbers, against transformers: Llama's turns, T5's buckets, MPT's and BLOOM's bias, Marian's sines."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from transformers import LlamaConfig, T5Config
from transformers.models.bloom.modeling_bloom import build_alibi_tensor
from transformers.models.llama.modeling_llama import LlamaRotaryEmbedding, apply_rotary_pos_emb
from transformers.models.marian.modeling_marian import MarianSinusoidalPositionalEmbedding
from transformers.models.mpt.modeling_mpt import build_mpt_alibi_tensor
from transformers.models.t5.modeling_t5 import T5Attention

from core.analysis.positions.distance_bias import alibi_bias, distance_bias, t5_buckets
from core.analysis.positions.rotation import arrows, rotary_rates, turned_by, turning
from core.analysis.positions.tables import sinusoidal
from tests.blocks import made
from tests.heads import T5, TEXT
from tests.oracle.compare import in_float64


@pytest.mark.parametrize(("width", "theta"), [(8, 10_000.0), (64, 10_000.0), (10, 123.0)])
def test_arrows_turn_as_llamas(width: int, theta: float) -> None:
    with in_float64(whole_numbers=True):
        config = LlamaConfig(
            head_dim=width, hidden_size=width, num_attention_heads=1, max_position_embeddings=64,
            rope_parameters={"rope_theta": theta, "rope_type": "default"},
        )  # fmt: skip
        turner = LlamaRotaryEmbedding(config)
        x = torch.randn(1, 1, 40, width, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
        cos, sin = turner(x, torch.arange(40)[None])
        wanted, _ = apply_rotary_pos_emb(x, x, cos, sin)
    angles = np.arange(40)[:, None] * rotary_rates(width, theta)
    ours = turned_by(arrows(x[0, 0].numpy()), angles)
    np.testing.assert_allclose(ours, arrows(wanted[0, 0].numpy()), atol=1e-9)
    np.testing.assert_allclose(np.cos(angles), cos[0, :, : width // 2], atol=1e-9)


def test_a_models_own_arrows_turn_as_llamas() -> None:
    lm = made(position="rotary", rope_theta=77.0)
    found = turning(lm, TEXT, 1, 2)
    with in_float64(whole_numbers=True):
        config = LlamaConfig(
            hidden_size=24,
            num_attention_heads=4,
            rope_parameters={"rope_theta": 77.0, "rope_type": "default"},
        )
        trace = lm.trace(TEXT)
        q = trace["blocks.1.attn.hook_q"].detach()[None].transpose(1, 2)  # (1, H, T, K)
        cos, sin = LlamaRotaryEmbedding(config)(q, torch.arange(q.shape[2])[None])
        wanted, _ = apply_rotary_pos_emb(q, q, cos, sin)
    np.testing.assert_allclose(found.turned_query, arrows(wanted[0, 2].numpy()), atol=1e-9)


@pytest.mark.parametrize("causal", [True, False])
@pytest.mark.parametrize(("buckets", "longest"), [(32, 128), (8, 10), (6, 50)])
def test_buckets_and_biases_are_t5s(buckets: int, longest: int, causal: bool) -> None:
    config = T5Config(
        d_model=24, d_kv=6, num_heads=4, is_decoder=causal, relative_attention_num_buckets=buckets,
        relative_attention_max_distance=longest,
    )  # fmt: skip
    theirs = T5Attention(config, has_relative_attention_bias=True, layer_idx=0).double()
    lm = made(
        **{
            **T5,
            "relative_buckets": buckets,
            "relative_max_distance": longest,
            "n_ctx": 200,
            "n_decoder_layers": 2,
        }
    )
    stack = "decoder" if causal else "encoder"
    table = lm.transformer.get_submodule(f"{stack}.relative").W_bias
    with torch.no_grad():
        theirs.relative_attention_bias.weight.copy_(table)
        wanted = theirs.compute_bias(150, 150)[0].numpy()  # (H, T, T)
    ours = distance_bias(lm, 150, stack).matrix(150)
    seen = np.tril(np.ones((150, 150), dtype=bool)) if causal else np.ones((150, 150), dtype=bool)
    np.testing.assert_allclose(ours[:, seen], wanted[:, seen], atol=1e-12)
    distances, found = t5_buckets(150, buckets=buckets, max_distance=longest, causal=causal)
    theirs_buckets = T5Attention._relative_position_bucket(
        torch.tensor(distances), bidirectional=not causal, num_buckets=buckets, max_distance=longest
    )
    np.testing.assert_array_equal(found, theirs_buckets)


@pytest.mark.parametrize("heads", [1, 2, 4, 8, 16])
def test_alibi_is_mpts_and_blooms(heads: int) -> None:
    """For powers of two; with other numbers of heads their code departs from the paper's formula, ours does not.

    Both add slope * key position instead of -slope * distance: the same but for a number a query's row has in common.
    """
    length = 12
    ours = alibi_bias(heads, length).matrix(length)  # (H, T, T)
    seen = np.tril(np.ones((length, length), dtype=bool))
    mpt = build_mpt_alibi_tensor(heads, length)[:, 0].double().numpy()  # (H, T)
    bloom = build_alibi_tensor(torch.ones(1, length), heads, torch.float64)[:, 0].numpy()  # (H, T)
    for theirs in (mpt, bloom):
        rows = np.broadcast_to(theirs[:, None, :], ours.shape)
        moved = rows - rows[:, np.arange(length), np.arange(length)][:, :, None]  # 0 on the diagonal, as ours
        np.testing.assert_allclose(ours[:, seen], moved[:, seen], atol=1e-5)


def test_sinusoids_are_marians_in_another_order_of_columns() -> None:
    """Marian writes all sines, then all cosines; the numbers are the same."""
    wanted = MarianSinusoidalPositionalEmbedding(40, 16).create_weight().double().numpy()
    ours = sinusoidal(40, 16)
    np.testing.assert_allclose(np.concatenate([ours[:, 0::2], ours[:, 1::2]], axis=1), wanted, atol=1e-6)
