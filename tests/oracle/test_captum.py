"""Attributions beside captum's: integrated gradients, gradient times input and leaving one out, on every shape.

captum is given the model by putting its vectors in the place of what the token table gives, not through our hooks.
"""

from __future__ import annotations

from collections.abc import Callable
from unittest.mock import patch

import numpy as np
import pytest
import torch
from captum.attr import FeatureAblation, InputXGradient, IntegratedGradients
from torch import Tensor

from core.analysis.explaining.explainers import gradient_times_input, leave_one_out
from core.analysis.explaining.integrated_gradients import deltas, integrated_gradients
from core.analysis.explaining.readout import BASELINES, Readout, baseline
from core.language_model import LanguageModel
from core.model.embedding import Embed
from tests.heads import SHAPES, TEXT, target_of, tiny

TOLERANCE = 1e-6  # relative to the largest attribution


def asked(lm: LanguageModel, says: str = "logit", row: int = -1) -> Readout:
    return Readout.of(lm, TEXT, target=target_of(lm), row=row, token=17, says=says)


def forward(of: Readout) -> Callable[..., Tensor]:
    """The model as a function of the vectors of its one or two texts."""
    model = of.lm.transformer
    both = of.lm.config.shape == "encoder-decoder"
    ids = torch.tensor([of.ids])
    sides = [ids[:, : of.split], ids[:, of.split :]] if both else [ids]

    def run(*vectors: Tensor) -> Tensor:
        left = list(vectors)
        with patch.object(Embed, "__call__", lambda *_: left.pop(0)):
            logits = model(*(side.expand(len(vectors[0]), -1) for side in sides))[:, of.row]
        if of.says == "logit":
            return logits[:, of.token]
        return logits.softmax(-1)[:, of.token]

    return run


def parts(of: Readout, vectors: Tensor) -> tuple[Tensor, ...]:
    """(N, D) as captum takes it: a tensor a text, with a batch axis."""
    whole = vectors[None]
    return (whole[:, : of.split], whole[:, of.split :]) if len(of.names) > 1 else (whole,)


def joined(found: tuple[Tensor, ...]) -> np.ndarray:
    return torch.cat(found, dim=1)[0].sum(-1).detach().numpy()


def close(ours: np.ndarray, theirs: np.ndarray) -> None:
    np.testing.assert_allclose(ours, theirs, rtol=0, atol=TOLERANCE * np.abs(theirs).max())
    assert np.abs(theirs).max() > 1e-4, "nothing to compare"


@pytest.mark.full(reason="the other cases take a second", quick_cases=14)
@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("kind", BASELINES)
@pytest.mark.parametrize("says", ["logit", "probability"])
def test_integrated_gradients_and_their_delta(shape, kind, says):
    lm = tiny(shape)
    if shape == "no norm":
        says = "logit"  # its logits are hundreds apart: no probability moves
    if kind == "token" and lm.config.bos_id is None and lm.config.mask_id is None and not lm.config.eos_ids:
        kind = "mean"
    of = asked(lm, says)
    base = baseline(of, kind)
    ours = integrated_gradients(of, base, 24)
    theirs, delta = IntegratedGradients(forward(of)).attribute(
        parts(of, of.vectors), parts(of, base), n_steps=24, return_convergence_delta=True
    )
    close(ours.values, joined(theirs))
    # The delta is a small difference of large sums: compared in their unit.
    assert ours.delta == pytest.approx(float(delta), abs=TOLERANCE * np.abs(ours.values).sum())


@pytest.mark.parametrize("shape", SHAPES)
def test_gradient_times_input(shape):
    of = asked(tiny(shape))
    theirs = InputXGradient(forward(of)).attribute(
        tuple(one.requires_grad_() for one in parts(of, of.vectors.clone()))
    )
    free = list(of.free)
    close(gradient_times_input(of)[free], joined(theirs)[free])
    np.testing.assert_array_equal(
        gradient_times_input(of, torch.zeros_like(of.vectors)), gradient_times_input(of)
    )
    base = baseline(of, "mean")
    gone = (of.vectors - base).detach()
    (slope,) = torch.autograd.grad(of(vectors := of.vectors[None].clone().requires_grad_()).sum(), vectors)
    np.testing.assert_allclose(gradient_times_input(of, base)[free], (slope[0] * gone).sum(-1).numpy()[free])


@pytest.mark.parametrize("shape", SHAPES)
def test_leaving_one_out(shape):
    of = asked(tiny(shape), "logit" if shape == "no norm" else "probability")
    base = baseline(of, "mean")
    inputs, size = parts(of, of.vectors), of.vectors.shape[1]
    first = 0
    masks = []
    for one in inputs:  # a token's numbers go together
        masks.append((first + torch.arange(one.shape[1]))[None, :, None].expand(1, -1, size))
        first += one.shape[1]
    theirs = FeatureAblation(forward(of)).attribute(inputs, parts(of, base), feature_mask=tuple(masks))
    each = torch.cat(theirs, dim=1)[0, :, 0].numpy()  # the same for all numbers of a token
    free = list(of.free)
    close(leave_one_out(of, base)[free], each[free])


@pytest.mark.parametrize("mistake", ["half the way", "no weights", "another baseline"])
def test_a_mistake_would_be_seen(mistake):
    of = asked(tiny("gpt"))
    base = baseline(of, "zero")
    right = integrated_gradients(of, base, 24)
    wrong = {
        "half the way": right.slopes[:12].mean(0),
        "no weights": right.slopes.mean(0),
        "another baseline": integrated_gradients(of, baseline(of, "mean"), 24).values,
    }[mistake]
    assert np.abs(wrong - right.values).max() > 100 * TOLERANCE * np.abs(right.values).max()


def test_more_steps_miss_by_less():
    of = asked(tiny("gpt"))
    found = np.abs(deltas(of, baseline(of, "mean"), (1, 4, 16, 64)))
    assert found[-1] < 1e-6 * max(1.0, found[0]) or found[-1] < 0.01 * found[0]
