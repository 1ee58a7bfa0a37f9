"""What no library at hand computes, against the formulas of the papers, written out number by number."""

from __future__ import annotations

import math
from typing import Any

import pytest
import torch
from torch import Tensor

from core.config import ModelConfig
from core.hooks import recording
from core.model.initial import initialise
from core.model.transformer import Transformer, build


def decoder(**parts: Any) -> Transformer:
    config = ModelConfig(**{"n_layers": 1, "d_model": 12, "n_heads": 3, "d_vocab": 17, "n_ctx": 20, **parts})
    model = build(config)
    initialise(model, config, seed=1, spread=0.3)
    model = model.double().eval()
    assert isinstance(model, Transformer)
    return model


def seen_in(model: Transformer, length: int = 9) -> dict[str, Tensor]:
    ids = torch.randint(0, 17, (1, length), generator=torch.Generator().manual_seed(2))
    with torch.no_grad(), recording() as seen:
        model(ids)
    return seen


# Press et al. 2022, section 3: a geometric series that begins with its ratio, 2^(-8/n): eight
# heads have 1/2, 1/4 ... 1/256, and sixteen begin with 2^-0.5.
SLOPES = {
    1: [1 / 256],
    2: [1 / 16, 1 / 256],
    3: [2 ** (-8 / 3), 2 ** (-16 / 3), 1 / 256],
    8: [1 / 2, 1 / 4, 1 / 8, 1 / 16, 1 / 32, 1 / 64, 1 / 128, 1 / 256],
    16: [2 ** (-0.5 * n) for n in range(1, 17)],
}


@pytest.mark.parametrize("heads", SLOPES)
def test_alibi_lowers_each_score_by_slope_times_distance(heads: int) -> None:
    model = decoder(position="alibi", n_heads=heads, d_model=4 * heads)
    seen = seen_in(model)
    q, k = seen["blocks.0.attn.hook_q"][0], seen["blocks.0.attn.hook_k"][0]
    scores = seen["blocks.0.attn.hook_attn_scores"][0]
    for head, slope in enumerate(SLOPES[heads]):
        for query in range(9):
            for key in range(query + 1):
                expected = float(q[query, head] @ k[key, head]) / math.sqrt(4) - slope * (query - key)
                assert float(scores[head, query, key]) == pytest.approx(expected, rel=1e-6, abs=1e-6)
    assert "hook_pos_embed" not in seen


def test_sinusoidal_positions_follow_the_formula() -> None:
    """Vaswani et al. 2017, section 3.5: PE(pos, 2i) = sin(pos / 10000^(2i/d)), PE(pos, 2i+1) = cos(same)."""
    seen = seen_in(decoder(position="sinusoidal"))
    added = seen["hook_pos_embed"][0]
    assert torch.equal(seen["blocks.0.hook_resid_pre"], seen["hook_embed"] + seen["hook_pos_embed"])
    for position in range(9):
        for column in range(12):
            angle = position / 10_000 ** (2 * (column // 2) / 12)
            expected = math.cos(angle) if column % 2 else math.sin(angle)
            assert float(added[position, column]) == pytest.approx(expected, abs=1e-6)


def test_an_odd_width_has_one_sine_more_than_cosines() -> None:
    seen = seen_in(decoder(position="sinusoidal", d_model=15, n_heads=3))
    assert float(seen["hook_pos_embed"][0, 1, 14]) == pytest.approx(math.sin(10_000 ** (-14 / 15)), abs=1e-6)


def test_rotary_positions_turn_each_pair_by_its_angle() -> None:
    """Su et al. 2021, section 3.2: pair i turns by pos * theta^(-2i/d); pairs are (i, i + K/2), as in Llama's files."""
    seen = seen_in(decoder(position="rotary", d_model=18, rope_theta=50.0))  # K = 6
    q, turned = seen["blocks.0.attn.hook_q"][0], seen["blocks.0.attn.hook_rot_q"][0]
    for position in range(9):
        for i in range(3):
            angle = position * 50.0 ** (-2 * i / 6)
            a, b = (float(q[position, 1, j]) for j in (i, i + 3))
            expected = [a * math.cos(angle) - b * math.sin(angle), b * math.cos(angle) + a * math.sin(angle)]
            assert turned[position, 1, [i, i + 3]].tolist() == pytest.approx(expected)


def test_query_and_key_norm_give_every_head_a_length_of_root_k() -> None:
    model = decoder(qk_norm=True, norm_gain=False, norm="rms", norm_bias=False, norm_eps=0.0)
    seen = seen_in(model)
    q, k = seen["blocks.0.attn.hook_q"][0], seen["blocks.0.attn.hook_k"][0]
    scores = seen["blocks.0.attn.hook_attn_scores"][0]
    for head in range(3):
        for query in range(9):
            for key in range(query + 1):
                a, b = q[query, head], k[key, head]
                cosine = float(a @ b) / math.sqrt(float(a @ a) * float(b @ b))
                assert float(scores[head, query, key]) == pytest.approx(4 * cosine / math.sqrt(4))


def test_squared_relu() -> None:
    seen = seen_in(decoder(act="relu_squared"))
    pre, post = seen["blocks.0.mlp.hook_pre"], seen["blocks.0.mlp.hook_post"]
    assert torch.equal(post, torch.where(pre > 0, pre * pre, torch.zeros_like(pre)))


def test_without_residual_a_block_passes_on_only_what_it_computes() -> None:
    seen = seen_in(decoder(residual=False))
    assert torch.equal(seen["blocks.0.hook_resid_mid"], seen["blocks.0.hook_attn_out"])
    assert torch.equal(seen["blocks.0.hook_resid_post"], seen["blocks.0.hook_mlp_out"])
