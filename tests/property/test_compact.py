"""8-bit snapshots: the error the docstring promises, and nothing else changed."""

import torch
from hypothesis import given
from hypothesis import strategies as st

from core.checkpoints.compact import compact, restore


@given(st.integers(0, 10_000), st.floats(1e-6, 1e4), st.integers(1, 6), st.integers(1, 9))
def test_no_weight_moves_by_more_than_its_rows_largest_over_254(seed, size, rows, columns):
    draw = torch.Generator().manual_seed(seed)
    state = {
        "W": torch.randn(rows, columns, generator=draw) * size,
        "b": torch.randn(columns, generator=draw),
    }
    back = restore(compact(state))
    assert set(back) == set(state)
    allowed = state["W"].abs().amax(dim=1, keepdim=True) / 254 * (1 + 1e-5)
    assert ((back["W"] - state["W"]).abs() <= allowed).all()
    assert torch.equal(back["b"], state["b"].half())


def test_zero_rows_stay_zero_and_plain_states_pass_through():
    assert not restore(compact({"W": torch.zeros(2, 3)}))["W"].any()
    plain = {"W": torch.ones(2, 2), "W.scale": torch.ones(2, 1)}
    assert restore({"W": plain["W"]})["W"] is plain["W"]
