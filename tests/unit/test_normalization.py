"""Norms step by step, equal to torch and to every norm of every model."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F

import core
from core.analysis.stream.normalization import NoNorm, norm_names, norm_of, norm_steps
from core.hooks import name_hooks, recording
from core.model.norm import Normalise
from tests.blocks import STACKS, made, model, target_of
from tests.heads import TEXT


@pytest.mark.parametrize("kind", ["layer", "rms"])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_the_output_is_torchs(kind: Any, dtype: torch.dtype) -> None:
    draw = torch.Generator().manual_seed(0)
    x, gain, bias = (torch.randn(*shape, generator=draw, dtype=dtype) for shape in ((5, 12), (12,), (12,)))
    x = x * 3 + 1
    for eps in (0.0, 1e-5, 0.5):
        for w, b in ((None, None), (gain, None), (gain, bias)):
            if kind == "rms" and b is not None:
                continue
            found = norm_steps(x, kind, eps, w, b)
            wanted = F.layer_norm(x, (12,), w, b, eps) if kind == "layer" else F.rms_norm(x, (12,), w, eps)
            tolerance = 1e-12 if dtype == torch.float64 else 2e-6
            np.testing.assert_allclose(found.output, wanted, rtol=0, atol=tolerance * 10)


@pytest.mark.parametrize("kind", ["layer", "rms"])
@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
@pytest.mark.parametrize("size", [1.0, 600.0])  # the square of 600 is infinite in float16
def test_half_precision_is_the_same_with_hooks_and_without(
    kind: Any, dtype: torch.dtype, size: float
) -> None:
    x = (size * torch.randn(5, 12, generator=torch.Generator().manual_seed(0))).to(dtype)
    part = Normalise(12, kind, 1e-5).to(dtype)
    name_hooks(part)
    wanted = F.layer_norm(x, (12,), eps=1e-5) if kind == "layer" else F.rms_norm(x, (12,), eps=1e-5)
    # With gradients a layer norm is computed step by step.
    with recording() as seen:
        found = part(x)
    assert found.dtype == seen["hook_scale"].dtype == dtype
    torch.testing.assert_close(found, wanted)
    torch.testing.assert_close(part(x), wanted)
    rms = (
        x.float().square().mean(-1, keepdim=True) if kind == "rms" else x.float().var(-1, False, keepdim=True)
    )
    torch.testing.assert_close(seen["hook_scale"], (rms + 1e-5).sqrt().to(dtype))


def test_every_step_with_numbers_by_hand() -> None:
    x = torch.tensor([[1.0, 3.0, 5.0, 7.0]], dtype=torch.float64)
    gain = torch.tensor([1.0, 2.0, 1.0, 2.0], dtype=torch.float64)
    bias = torch.tensor([0.0, 0.0, 10.0, 10.0], dtype=torch.float64)
    layer = norm_steps(x, "layer", 4.0, gain, bias)
    assert layer.mean.tolist() == [[4.0]]
    assert layer.centred.tolist() == [[-3.0, -1.0, 1.0, 3.0]]
    assert layer.variance.tolist() == [[5.0]]
    assert layer.scale.tolist() == [[3.0]]
    assert layer.normalised.tolist() == [[-1.0, -1 / 3, 1 / 3, 1.0]]
    assert layer.output[0] == pytest.approx([-1.0, -2 / 3, 10 + 1 / 3, 12.0])
    assert layer.eps_share.tolist() == [pytest.approx(4 / 9)]
    rms = norm_steps(x, "rms", 4.0, gain)
    assert rms.mean is None
    assert rms.bias is None
    assert rms.variance.tolist() == [[21.0]]
    assert rms.scale.tolist() == [[5.0]]
    assert rms.output[0] == pytest.approx([0.2, 1.2, 1.0, 2.8])


@pytest.mark.parametrize(("name", "stack"), STACKS)
def test_every_norm_of_every_model_is_the_one_that_ran(name: str, stack: Any) -> None:
    lm = model(name)
    trace = lm.trace(TEXT, target_of(lm))
    found = norm_names(lm, stack)
    recorded = [
        hook.removesuffix(".hook_scale")
        for hook in trace.hooks
        if hook.endswith(".hook_scale") and "_norm" not in hook and "mlm_head" not in hook
    ]
    prefix = "" if stack is None else f"{stack}."
    assert found == [hook for hook in recorded if hook.startswith(prefix)]
    for place in found:
        steps = norm_of(lm, TEXT, place, target=target_of(lm), trace=trace)
        np.testing.assert_allclose(steps.scale, trace[f"{place}.hook_scale"].detach(), rtol=1e-12)
        np.testing.assert_allclose(steps.normalised, trace[f"{place}.hook_normalized"].detach(), atol=1e-12)
        part = lm.transformer.get_submodule(place)
        np.testing.assert_allclose(steps.output, part(torch.tensor(steps.x)).detach(), atol=1e-12)
        assert (steps.gain is None) == (part.w is None)
        assert (steps.mean is None) == (part.kind == "rms")


def test_what_the_next_part_reads_is_the_output() -> None:
    lm = model("gpt")
    trace = lm.trace(TEXT)
    steps = norm_of(lm, TEXT, "blocks.1.ln1", trace=trace)
    q = steps.output @ lm.transformer.blocks[1].attn.W_Q[2].detach().numpy()
    q = q + lm.transformer.blocks[1].attn.b_Q[2].detach().numpy()
    np.testing.assert_allclose(q, trace["blocks.1.attn.hook_q"][:, 2].detach(), atol=1e-12)
    post = model("bert")
    trace = post.trace(TEXT)
    steps = norm_of(post, TEXT, "blocks.0.ln2", trace=trace)
    np.testing.assert_allclose(steps.output, trace["blocks.1.hook_resid_pre"].detach(), atol=1e-12)


def test_the_bundled_model_and_the_models_own_precision() -> None:
    lm = core.load("tales-gpt", device="cpu")
    assert norm_names(lm)[0] == "ln_embed"
    assert norm_names(lm)[-1] == "ln_final"
    steps = norm_of(lm, "Once upon a time", "ln_final")
    assert steps.output.dtype == np.float32
    assert steps.kind == "rms"
    assert (steps.eps_share < 1e-3).all()


def test_a_vector_of_zeros_and_one_number() -> None:
    zeros = norm_steps(torch.zeros(2, 6), "layer", 1e-5)
    assert not zeros.output.any()
    assert zeros.eps_share.tolist() == [1.0, 1.0]
    one = norm_steps(torch.tensor([[3.0]]), "layer", 1e-5)
    assert one.output.tolist() == [[0.0]]


def test_what_cannot_be() -> None:
    with pytest.raises(ValueError, match="neither 'layer' nor 'rms'"):
        norm_steps(torch.ones(2, 3), "none", 1e-5)
    with pytest.raises(ValueError, match=r"shape \(3,\)"):
        norm_steps(torch.ones(3), "rms", 1e-5)
    with pytest.raises(NoNorm, match=r"no norm 'blocks.9.ln1': blocks.0.ln1, "):
        norm_of(model("gpt"), TEXT, "blocks.9.ln1")
    with pytest.raises(NoNorm, match="it has none at all"):
        norm_of(model("no norm"), TEXT, "ln_final")
    with pytest.raises(NoNorm, match="it is a decoder"):
        norm_of(model("gpt"), TEXT, "encoder.ln_final")
    assert norm_names(model("no norm")) == []
    with pytest.raises(ValueError, match="another text"):
        norm_of(model("gpt"), TEXT, "ln_final", trace=model("gpt").trace("a"))


def test_no_gain_is_no_gain() -> None:
    steps = norm_of(made(norm_gain=False, norm_bias=False), TEXT, "ln_final")
    assert steps.gain is None
    assert steps.bias is None
    np.testing.assert_array_equal(steps.normalised, steps.output)
