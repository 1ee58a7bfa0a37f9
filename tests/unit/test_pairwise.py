"""The design of the tests that cover pairs of values instead of every combination."""

from __future__ import annotations

from itertools import combinations, product

import pytest

from tests.pairwise import cover_pairs


@pytest.mark.parametrize("lengths", [(27, 20, 4), (27, 3, 2), (27, 4, 2), (5, 5, 5)])
def test_every_pair_of_values_is_in_a_row(lengths: tuple[int, int, int]) -> None:
    factors = [[f"{name}{at}" for at in range(length)] for name, length in zip("abc", lengths, strict=True)]
    rows = cover_pairs(*factors)
    assert len(rows) == len(set(rows)) == lengths[0] * lengths[1]
    for one, other in combinations(range(3), 2):
        assert {(row[one], row[other]) for row in rows} == set(product(factors[one], factors[other]))


def test_a_long_third_factor_is_paired_with_the_second() -> None:
    rows = cover_pairs(range(27), "xy", range(5))
    assert {row[:2] for row in rows} == set(product(range(27), "xy"))
    assert {row[1:] for row in rows} == set(product("xy", range(5)))
