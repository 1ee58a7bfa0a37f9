"""The key/value cache against the plain thing: every layer's tensors, concatenated and indexed anew each time."""

from __future__ import annotations

import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from core.model.kv_cache import KVCache
from tests.tiers import examples

LAYERS = ("a", "b", "c")


class Plain:
    """Keys and values without any saving."""

    def __init__(self) -> None:
        self.kept: dict[str, tuple[torch.Tensor, torch.Tensor]] = {}

    def append(self, layer: str, k: torch.Tensor, v: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        if layer in self.kept:
            k, v = (torch.cat(pair, dim=2) for pair in zip(self.kept[layer], (k, v)))
        self.kept[layer] = k, v
        return k, v

    def select(self, rows: torch.Tensor) -> None:
        self.kept = {layer: (k[rows], v[rows]) for layer, (k, v) in self.kept.items()}


@settings(max_examples=examples(150), deadline=None)
@given(st.data())
def test_whatever_grows_and_moves_is_what_plain_tensors_hold(data: st.DataObject) -> None:
    cache, plain = KVCache(), Plain()
    cross = torch.randn(data.draw(st.integers(1, 2), "rows at first"), 2, 4, 3)
    rows = len(cross)
    for turn in range(data.draw(st.integers(1, 12), "turns")):
        new = data.draw(st.integers(1, 20 if turn == 0 else 3), "positions")
        for layer in LAYERS:
            k, v = torch.randn(2, rows, 2, new, 3)
            for mine, expected in zip(cache.append(layer, k, v), plain.append(layer, k, v)):
                assert torch.equal(mine, expected)
        cache.length += new
        if turn == 0:
            cache.fix("cross", cross, -cross)
        if data.draw(st.booleans(), "move"):
            count = data.draw(st.sampled_from([rows, rows, 1, 4]), "rows")
            order = torch.tensor(
                data.draw(st.lists(st.integers(0, rows - 1), min_size=count, max_size=count))
            )
            cache.select(order)
            plain.select(order)
            cross, rows = cross[order], count
        held = cache.fixed("cross")
        assert held is not None and torch.equal(held[0], cross) and torch.equal(held[1], -cross)
        grown = sum(k.nbytes + v.nbytes for k, v in plain.kept.values())
        assert cache.size_bytes == grown + 2 * cross.numel() * 4


def test_moving_rows_before_anything_is_cached_changes_nothing() -> None:
    cache = KVCache()
    cache.select(torch.tensor([0, 0, 0]))
    k = torch.randn(3, 2, 5, 3)
    assert torch.equal(cache.append("a", k, k)[0], k)
    assert cache.length == 0
