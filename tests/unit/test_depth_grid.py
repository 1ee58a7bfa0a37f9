"""The gradient by depth in six ways to build a block: measured, equal to a slow reference, and as the papers say."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from core.analysis.stream.depth_grid import VARIANTS, Variant, glorot, gradient_by_depth, mean_cosine
from core.config import ModelConfig
from core.model.transformer import build


def one(residual: bool, norms: str, **options: object):
    (found,) = gradient_by_depth([Variant(residual, norms)], **{"n_layers": 6, "seeds": (0, 1), **options})
    return found


def test_there_are_six_ways_and_each_is_measured_at_every_depth() -> None:
    assert len({variant.name for variant in VARIANTS}) == 6
    for found, variant in zip(gradient_by_depth(n_layers=3, d_model=16, d_vocab=40, seeds=(0, 1)), VARIANTS):
        assert found.variant == variant
        assert found.stream.shape == found.activation.shape == (2, 4)
        assert found.weights.shape == (2, 3)
        assert found.loss.shape == found.alike.shape == (2,)
        assert np.isfinite(found.stream).all()


@pytest.mark.parametrize("variant", VARIANTS, ids=lambda variant: variant.name)
def test_the_gradient_is_a_difference_quotient_of_the_loss(variant: Variant) -> None:
    """Slow reference: the loss of the same model, its embeddings moved a little along the gradient itself."""
    rows = torch.randint(30, (2, 7), generator=torch.Generator().manual_seed(4))
    found = one(variant.residual, variant.norms, n_layers=2, d_model=16, rows=rows, d_vocab=30, seeds=(5,))
    config = ModelConfig(
        n_layers=2, d_model=16, n_heads=4, d_vocab=30, n_ctx=6, tied_embeddings=False, residual=variant.residual,
        norm="none" if variant.norms == "none" else "layer",
        norm_placement="post" if variant.norms == "post" else "pre", final_norm=variant.norms == "pre",
    )  # fmt: skip
    model = build(config)
    glorot(model, 5)
    model = model.double()
    place: Any = model.pos_embed

    def loss(move: torch.Tensor) -> torch.Tensor:
        x = model.embed(rows[:, :-1]) + place(torch.arange(6)) + move
        geometry = model.geometry(torch.arange(6), 0, None, x.dtype)
        for block in model.blocks:
            x = block(x, geometry)
        return F.cross_entropy(model.head(x).flatten(0, 1), rows[:, 1:].flatten())

    still = torch.zeros(2, 6, 16, dtype=torch.float64, requires_grad=True)
    value = loss(still)
    (gradient,) = torch.autograd.grad(value, still)
    assert found.loss[0] == pytest.approx(float(value.detach()), rel=1e-5)
    assert found.stream[0, 0] == pytest.approx(float(gradient.square().mean().sqrt()), rel=1e-4)
    small = 1e-6 / float(gradient.norm())
    with torch.no_grad():
        slope = (loss(gradient * small) - loss(-gradient * small)) / (2 * small)
    assert float(slope) == pytest.approx(float(gradient.square().sum()), rel=1e-3)


def test_every_matrix_is_drawn_by_glorots_rule() -> None:
    config = ModelConfig(n_layers=1, d_model=128, n_heads=4, d_vocab=400, n_ctx=64, tied_embeddings=False)
    model = build(config)
    glorot(model, 0)
    attn, mlp = model.blocks[0].attn, model.blocks[0].mlp
    for weight, fans in (
        (attn.W_Q.transpose(1, 2).flatten(0, 1), 256), (attn.W_K.transpose(1, 2).flatten(0, 1), 256),
        (attn.W_V.transpose(1, 2).flatten(0, 1), 256), (attn.W_O.flatten(0, 1), 256),
        (mlp.W_in, 128 + 512), (mlp.W_out, 512 + 128), (model.unembed.W_U, 128 + 400),
    ):  # fmt: skip
        assert float(weight.detach().std()) == pytest.approx((2 / fans) ** 0.5, rel=0.03)
    stream = model.embed.W_E[:64] + model.pos_embed.W_pos
    assert float(stream.detach().square().mean().sqrt()) == pytest.approx(1, rel=0.03)
    assert not attn.b_O.any()
    assert (model.ln_final.w == 1).all()


def test_what_the_papers_say_is_what_is_measured() -> None:
    """Without residuals and norms it vanishes; with both it reaches the input whole, however deep."""
    plain = one(False, "none", n_layers=12)
    both = one(True, "pre", n_layers=12)
    deeper = one(False, "none", n_layers=24)
    assert plain.reach < 1e-3
    assert deeper.reach < plain.reach / 100
    assert 0.1 < both.reach < 100
    loud = one(True, "none", n_layers=12)
    assert loud.activation[:, -1].min() > 10 * both.activation[:, -1].max()
    assert one(True, "post", n_layers=12).activation[:, -1] == pytest.approx([1.0, 1.0], abs=0.01)


def test_the_same_seed_gives_the_same_numbers_and_nothing_else_changes() -> None:
    before = torch.get_rng_state()
    first, again = one(True, "post"), one(True, "post")
    np.testing.assert_array_equal(first.stream, again.stream)
    assert (first.stream[0] != first.stream[1]).all()
    assert torch.equal(before, torch.get_rng_state())


@pytest.mark.full(reason="takes more than a second")
def test_twenty_four_layers_have_a_place_each_and_one_for_the_input() -> None:
    found = list(gradient_by_depth(n_layers=24))
    assert [len(one.stream[0]) for one in found] == [25] * 6


def test_a_text_of_ones_own_and_what_cannot_be() -> None:
    rows = torch.tensor([[3, 1, 2]])
    assert one(True, "pre", rows=rows, d_vocab=4).loss.shape == (2,)
    for options, said in (
        ({"n_layers": 25}, "between 1 and 24"),
        ({"n_layers": 0}, "between 1 and 24"),
        ({"rows": rows, "d_vocab": 3}, "token id 3 lies outside"),
        ({"rows": torch.tensor([[3]])}, "no next token"),
        ({"d_model": 30}, "n_heads=4"),
    ):
        with pytest.raises(ValueError, match=said):
            gradient_by_depth(**options)


def test_norms_without_residuals_keep_the_gradients_size_and_lose_what_sets_tokens_apart() -> None:
    alone, whole = one(False, "pre", n_layers=8), one(True, "pre", n_layers=8)
    assert 0.1 < alone.reach < 10 and 0.1 < whole.reach < 10, "its size alone does not tell them apart"
    assert alone.alike.min() > 0.98 and whole.alike.max() < 0.6

    draw = torch.randn(2, 5, 7, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    pairs = [
        F.cosine_similarity(row[i], row[j], dim=0)
        for row in draw
        for i in range(5)
        for j in range(5)
        if i != j
    ]
    assert mean_cosine(draw) == pytest.approx(float(torch.stack(pairs).mean()), rel=1e-9)
