"""Laws of rounding to a grid, for any weights."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from torch import Tensor

from core.efficiency.frontier import front
from core.efficiency.packing import from_file, pack, to_file, unpack
from core.efficiency.quantization import Quantization, encode, grid_of, grouped, nearest, spread
from tests.tiers import examples

BITS = st.sampled_from([1, 2, 4, 8])


@st.composite
def matrices(draw: st.DrawFn) -> Tensor:
    rows, groups = draw(st.integers(1, 5)), draw(st.integers(1, 3))
    size = 10.0 ** draw(st.integers(-6, 3))
    values = draw(arrays("float32", (rows, 8 * groups), elements=st.floats(-1, 1, width=32)))
    return torch.from_numpy(values.copy()) * size


@st.composite
def ways(draw: st.DrawFn) -> Quantization:
    bits = draw(BITS)
    symmetric = bits > 1 and draw(st.booleans())
    return Quantization(bits, draw(st.sampled_from(["tensor", "channel", "group"])), 8, "nearest", symmetric)


@settings(max_examples=examples(150), deadline=None)
@given(matrices(), ways())
def test_no_weight_moves_by_more_than_half_a_step(weight: Tensor, setting: Quantization) -> None:
    small = nearest(weight, setting)
    step = spread(small.grid.scale, weight.shape[1])
    assert ((small.weight() - weight).abs() <= 0.5 * step * (1 + 2**-10) + 1e-30).all()


@pytest.mark.parametrize(
    ("bits", "symmetric"), [(bits, symmetric) for bits in (1, 2, 4, 8) for symmetric in (True, False)][1:]
)
def test_half_a_step_holds_for_common_weights_too(bits: int, symmetric: bool) -> None:
    # Of a scale rounded down to float16 the 8-bit codes end before the outermost weight, in one row of fifty.
    weight = torch.randn(5_000, 24, generator=torch.Generator().manual_seed(bits))
    small = nearest(weight, Quantization(bits, "channel", symmetric=symmetric))
    steps = (small.weight() - weight).abs() / spread(small.grid.scale, weight.shape[1])
    assert float(steps.max()) <= 0.5 * (1 + 2**-10)


@settings(max_examples=examples(100), deadline=None)
@given(matrices(), ways())
def test_a_rounded_matrix_stays_on_its_grid(weight: Tensor, setting: Quantization) -> None:
    small = nearest(weight, setting)
    assert torch.equal(encode(small.weight(), small.grid, setting), small.codes)
    gone = grouped(weight, setting).any(-1) & ~grouped(small.codes, setting).any(
        -1
    )  # numbers that float32 hardly has
    if setting.symmetric and not gone.any():  # and its own grid is the same one
        again = nearest(small.weight(), setting)
        torch.testing.assert_close(again.weight(), small.weight(), rtol=1e-6, atol=0)


@settings(max_examples=examples(100), deadline=None)
@given(matrices(), st.booleans(), st.sampled_from(["tensor", "channel", "group"]))
def test_more_bits_are_never_worse_than_the_half_step_that_they_have(
    weight: Tensor, symmetric: bool, per: str
) -> None:
    weight = torch.where(
        weight.abs() < 1e-30, 0.0, weight
    )  # numbers that float32 hardly has, or does not divide
    steps, worst = [], []
    for bits in (2, 4, 8):
        small = nearest(weight, Quantization(bits, per, 8, "nearest", symmetric))  # type: ignore[arg-type]
        steps.append(float((spread(small.grid.scale, weight.shape[1]) * (weight != 0)).max()))
        worst.append(float((small.weight() - weight).abs().max()))
    assert steps[0] >= steps[1] >= steps[2]
    for few, more in (
        (0, 1),
        (1, 2),
    ):  # a weight that lies on the coarse grid by chance may miss the fine one
        assert worst[more] <= max(worst[few], 0.502 * steps[more]) + 1e-30


@settings(max_examples=examples(100), deadline=None)
@given(st.data(), BITS, st.integers(1, 4), st.integers(1, 21))
def test_unpacking_is_the_reverse_of_packing(data: st.DataObject, bits: int, rows: int, columns: int) -> None:
    codes = torch.from_numpy(
        data.draw(arrays("int16", (rows, columns), elements=st.integers(0, 2**bits - 1)))
    )
    packed = pack(codes, bits)
    assert packed.shape == (rows, -(-columns * bits // 8))
    assert torch.equal(unpack(packed, bits, columns), codes)


@settings(max_examples=examples(80), deadline=None)
@given(matrices(), ways())
def test_a_file_gives_the_matrix_back(weight: Tensor, setting: Quantization) -> None:
    small = nearest(weight, setting)
    again = from_file("w", to_file("w", small), weight.shape[1], setting)
    assert torch.equal(again.weight(), small.weight())


@settings(max_examples=examples(80), deadline=None)
@given(matrices(), ways())
def test_the_grid_reaches_every_weight_and_nought(weight: Tensor, setting: Quantization) -> None:
    grid = grid_of(weight, setting)
    low, high = grid.scale * (setting.low - grid.zero), grid.scale * (setting.high - grid.zero)
    assert (low <= 0).all() and (high >= 0).all()
    half = 0.502 * grid.scale
    if setting.granularity == "tensor":
        assert float(low - half) <= float(weight.min()) and float(weight.max()) <= float(high + half)


@given(st.lists(st.tuples(st.integers(0, 6), st.integers(0, 6)), min_size=1, max_size=14))
def test_the_front_holds_exactly_what_nothing_beats(points: list[tuple[int, int]]) -> None:
    def beaten(one: tuple[int, int]) -> bool:
        return any(a <= one[0] and b <= one[1] and (a, b) != one for a, b in points)

    assert sorted(front(points)) == [at for at, one in enumerate(points) if not beaten(one)]
