"""The curves and slopes of the activations, against torch's functions and autograd."""

from __future__ import annotations

from typing import Any, get_args

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from core.analysis.neurons.activation_curves import FORMULAS, SLOPES, curve, held, lowest
from core.config import Activation

TORCH = {
    "relu": F.relu,
    "gelu": F.gelu,
    "gelu_tanh": lambda x: F.gelu(x, approximate="tanh"),
    "silu": F.silu,
    "relu_squared": lambda x: F.relu(x) ** 2,
}
X = np.concatenate([np.linspace(-8, 8, 161), [-40.0, 40.0, 1e-3, -1e-3]])


@pytest.mark.parametrize("act", get_args(Activation))
def test_values_and_slopes_are_torchs(act: Any) -> None:
    found = curve(act, X)
    x = torch.tensor(X, requires_grad=True)
    y = TORCH[act](x)
    (slope,) = torch.autograd.grad(y.sum(), x)
    np.testing.assert_allclose(found.y, y.detach(), atol=1e-12)
    np.testing.assert_allclose(found.slope, slope, atol=1e-12)
    assert found.y.dtype == np.float64
    assert set(FORMULAS) == set(SLOPES) == set(TORCH)


def test_a_gate_stretches_the_curve() -> None:
    """SwiGLU: silu(gate) * linear, with its slope over the gate."""
    gate = torch.tensor(X, requires_grad=True)
    for linear in (-2.0, 0.0, 1.5):
        found = curve("silu", X, linear)
        y = F.silu(gate) * linear
        (slope,) = torch.autograd.grad(y.sum(), gate)
        np.testing.assert_allclose(found.y, y.detach(), atol=1e-12)
        np.testing.assert_allclose(found.slope, slope, atol=1e-12)
        assert found.linear == linear


def test_exact_and_tanh_gelu_are_near_but_not_the_same() -> None:
    apart = np.abs(curve("gelu", X).y - curve("gelu_tanh", X).y).max()
    assert 4e-4 < apart < 5e-4


@pytest.mark.parametrize("act", get_args(Activation))
def test_the_lowest_point(act: Any) -> None:
    x, y = lowest(act)
    fine = np.linspace(-4, 1, 200_001)
    values = TORCH[act](torch.tensor(fine)).numpy()
    assert y == pytest.approx(values.min(), abs=1e-9)
    if act in ("gelu", "gelu_tanh", "silu"):
        assert x == pytest.approx(fine[values.argmin()], abs=1e-4)
    else:
        assert (x, y) == (0.0, 0.0)


def test_an_unknown_activation() -> None:
    with pytest.raises(ValueError, match="no activation is called 'tanh'"):
        curve("tanh", X)  # type: ignore[arg-type]


def test_what_is_held_near_nothing() -> None:
    x = np.array([-20.0, -1.0, 0.0, 0.09, 0.2, 5.0])
    assert held(curve("relu", x).y) == 0.5
    assert held(curve("relu_squared", x).y) == pytest.approx(4 / 6), "0.09 squared is less than 0.01"
    assert held(curve("silu", x).y) == pytest.approx(2 / 6)
    assert held(curve("silu", x).y, within=0.3) == pytest.approx(5 / 6)
