"""Pruning, for any weights: how many go, that no smaller one stays, that files return."""

from __future__ import annotations

import torch
from hypothesis import given
from hypothesis import strategies as st

from core.efficiency.pruning import applied, magnitude, packed
from tests.pruned import unpacked

SHAPES = st.lists(st.tuples(st.integers(1, 9), st.integers(1, 9)), min_size=1, max_size=4)
SHARES = st.floats(0, 0.9)


def drawn(shapes: list[tuple[int, int]], seed: int) -> dict[str, torch.Tensor]:
    draw = torch.Generator().manual_seed(seed)
    return {f"w{n}": torch.randn(shape, generator=draw) for n, shape in enumerate(shapes)}


@given(SHAPES, SHARES, st.integers(0, 999))
def test_so_many_go_and_none_that_stays_is_smaller(
    shapes: list[tuple[int, int]], share: float, seed: int
) -> None:
    weights = drawn(shapes, seed)
    total = sum(weight.numel() for weight in weights.values())
    if round(share * total) == total:
        return
    masks = magnitude(weights, share)
    assert sum(int((~mask).sum()) for mask in masks.values()) == round(share * total)
    gone = torch.cat([weight[~masks[name]].abs() for name, weight in weights.items()])
    stays = torch.cat([weight[masks[name]].abs() for name, weight in weights.items()])
    assert not len(gone) or gone.max() <= stays.min()


@given(SHAPES, SHARES, SHARES, st.integers(0, 999))
def test_what_a_higher_sparsity_keeps_a_lower_one_keeps(
    shapes: list[tuple[int, int]], one: float, other: float, seed: int
) -> None:
    weights = drawn(shapes, seed)
    total = sum(weight.numel() for weight in weights.values())
    low, high = sorted((one, other))
    if round(high * total) == total:
        return
    more, fewer = magnitude(weights, low), magnitude(weights, high)
    assert all((more[name] | ~fewer[name]).all() for name in weights)


@given(SHAPES, SHARES, st.integers(0, 999))
def test_files_return(shapes: list[tuple[int, int]], share: float, seed: int) -> None:
    weights = drawn(shapes, seed)
    if round(share * sum(weight.numel() for weight in weights.values())) == sum(
        w.numel() for w in weights.values()
    ):
        return
    masks = magnitude(weights, share)
    state = {**applied(weights, masks), "other": torch.ones(3)}
    back = unpacked(packed(state, masks))
    assert set(back) == set(state) and all(torch.equal(back[name], state[name]) for name in state)
