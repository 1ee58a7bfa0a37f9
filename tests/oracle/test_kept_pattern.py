"""Masked and cross-attention in learning keep their pattern: values and gradients are those of torch's attention."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from core.config import ModelConfig
from core.model.attention import Attention, Geometry
from core.model.initial import initialise
from core.training.fast_cpu import put_in

B, T, S = 3, 7, 11


def layer(**changes: object) -> Attention:
    config = ModelConfig(
        shape="encoder-decoder", n_layers=1, d_model=16, n_heads=2, d_vocab=9, n_ctx=32, position="none",
        **changes,  # type: ignore[arg-type]
    )  # fmt: skip
    attention = Attention(config)
    initialise(attention, config, spread=0.4)
    put_in(attention)
    return attention


def read(attention: Attention, source: Tensor | None, geometry: Geometry) -> tuple[Tensor, list[Tensor]]:
    """What it adds, and the gradients of its weights, in float64."""
    x = torch.randn(B, T, 16, generator=torch.Generator().manual_seed(1)).to(attention.weight_qkv.dtype)
    other = None if source is None else source.to(x.dtype)
    out = attention(x, geometry, other)
    wanted = torch.randn(out.shape, generator=torch.Generator().manual_seed(2)).to(out.dtype)
    attention.zero_grad()
    (out * wanted).sum().backward()
    return out.detach().double(), [
        weight.grad.double().clone() for weight in attention.parameters() if weight.grad is not None
    ]


@pytest.mark.parametrize("cross", [False, True])
@pytest.mark.parametrize("norm", [False, True])
@pytest.mark.parametrize("bias", [False, True])
def test_what_is_kept_is_what_torch_computes(cross: bool, norm: bool, bias: bool) -> None:
    attention = layer(qk_norm=norm)
    keys = S if cross else T
    source = torch.randn(B, S, 16, generator=torch.Generator().manual_seed(3)) if cross else None
    allowed = torch.arange(keys) < torch.tensor([keys, 4, 1])[:, None]
    added = torch.randn(1, 2, T, keys, generator=torch.Generator().manual_seed(4)) if bias else None
    geometry = Geometry(allowed=allowed[:, None, None, :], bias=added)
    out, gradients = read(attention.double().eval(), source, geometry)
    half = attention.bfloat16()
    geometry = Geometry(geometry.allowed, None if added is None else added.bfloat16())
    for training in (False, True):
        found, moved = read(half.train(training), source, geometry)
        assert torch.allclose(found, out, atol=0.03 * float(out.abs().max())), training
        for one, other in zip(moved, gradients, strict=True):
            assert torch.allclose(one, other, atol=0.04 * float(other.abs().max())), training


def test_a_hidden_place_is_not_read_in_learning() -> None:
    attention = layer().bfloat16().train()
    source = torch.randn(B, S, 16, generator=torch.Generator().manual_seed(3)).bfloat16()
    geometry = Geometry(allowed=(torch.arange(S) < 6)[None, None, None, :].expand(B, 1, 1, S))
    x = torch.zeros(B, T, 16, dtype=torch.bfloat16)
    changed = source.clone()
    changed[:, 6:] += 100
    assert torch.equal(attention(x, geometry, source), attention(x, geometry, changed))
    changed[:, 5] += 100
    assert not torch.equal(attention(x, geometry, source), attention(x, geometry, changed))
