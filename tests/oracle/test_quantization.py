"""Grids against torchao's, GPTQ against a slow reference written from the paper, packed files against safetensors."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
import safetensors.torch
import torch
from scipy import stats
from torch import Tensor

import core
from core.checkpoints.compact import restore
from core.efficiency import compressing, judging, kernels, quantization
from core.efficiency.gptq import DAMP, gptq
from core.efficiency.packing import from_file
from core.efficiency.quantization import Granularity, Quantization, grid_of, nearest, values

WAYS = [
    (bits, per, symmetric)
    for bits in (2, 4, 8)
    for per in ("tensor", "channel", "group")
    for symmetric in (True, False)
]


def weights(rows: int = 24, columns: int = 64, seed: int = 0) -> Tensor:
    source = torch.Generator().manual_seed(seed)
    return torch.randn(rows, columns, generator=source) * torch.linspace(0.2, 3, rows)[:, None] + 0.1


@pytest.mark.parametrize(("bits", "per", "symmetric"), WAYS)
def test_grids_codes_and_weights_equal_torchaos(
    bits: int, per: Granularity, symmetric: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from torchao.quantization.quant_primitives import (
            MappingType,
            choose_qparams_affine,
            dequantize_affine,
            quantize_affine,
        )
    weight = weights()
    setting = Quantization(bits, per, 16, "nearest", symmetric)
    ours = nearest(weight, setting)
    monkeypatch.setattr(quantization, "stored", lambda scale: scale)  # scales as they come, as theirs
    exact = nearest(weight, setting)
    block = {"tensor": weight.shape, "channel": (1, weight.shape[1]), "group": (1, 16)}[per]
    mapping = MappingType.SYMMETRIC if symmetric else MappingType.ASYMMETRIC
    low, high = setting.low, setting.high
    kind = torch.int8 if symmetric else torch.uint8
    scale, zero = choose_qparams_affine(weight, mapping, block, kind, low, high, scale_dtype=torch.float32)
    theirs = quantize_affine(weight, block, scale, zero, torch.int32, low, high)
    back = dequantize_affine(theirs, block, scale, zero, torch.int32, low, high)
    torch.testing.assert_close(exact.grid.scale.flatten(), scale.flatten(), rtol=1e-6, atol=0)
    assert exact.grid.zero.flatten().tolist() == zero.flatten().tolist()
    # They multiply by 1 / scale, we divide: only a weight on the very middle between two codes may differ.
    apart = exact.codes.int() != theirs.int()
    assert apart.float().mean() < 0.001
    torch.testing.assert_close(exact.weight()[~apart], back[~apart], rtol=1e-5, atol=1e-6)
    # What is stored has scales of 11 digits in base 2, rounded up: at most a code's distance from it.
    torch.testing.assert_close(ours.grid.scale, exact.grid.scale, rtol=2**-10, atol=0)
    assert (ours.grid.scale >= exact.grid.scale * (1 - 2**-20)).all()
    steps = [one.weight() / quantization.spread(one.grid.scale, weight.shape[1]) for one in (ours, exact)]
    assert (steps[0] - steps[1]).abs().max() < 1.01


def slow_gptq(weight: Tensor, hessian: Tensor, setting: Quantization) -> Tensor:
    """Optimal brain quantization in a fixed order (Frantar et al. 2023, equations 2 and 3), a row at a time: the
    inverse of H is made once and each rounded weight is taken out of it by Gaussian elimination."""
    result = torch.empty_like(weight)
    columns = weight.shape[1]
    size = setting.group if setting.granularity == "group" else columns
    for r in range(weight.shape[0]):
        inverse = torch.linalg.inv(
            hessian + DAMP * hessian.diagonal().mean() * torch.eye(columns, dtype=weight.dtype)
        )
        row, scale, zero = weight[r].clone(), 1.0, 0.0
        for q in range(columns):
            if q % size == 0:
                source = weight if setting.granularity == "tensor" else row[None, q : q + size]
                plain = Quantization(setting.bits, "tensor", symmetric=setting.symmetric)
                grid = grid_of(source, plain)
                scale, zero = float(grid.scale), float(grid.zero)
            options = torch.tensor(values(setting, scale, zero), dtype=weight.dtype)
            rounded = options[(options - row[q]).abs().argmin()]
            result[r, q] = rounded
            row = row - (row[q] - rounded) / inverse[q, q] * inverse[:, q]
            inverse = inverse - torch.outer(inverse[:, q], inverse[q]) / inverse[q, q]
    return result


@pytest.mark.parametrize("per", ["tensor", "channel", "group"])
@pytest.mark.parametrize(("bits", "symmetric"), [(2, False), (3 + 1, True), (4, False), (2, True)])
def test_gptq_equals_the_papers_steps_without_cholesky_and_batches(
    per: Granularity, bits: int, symmetric: bool
) -> None:
    source = torch.Generator().manual_seed(3)
    weight = weights(6, 160).double()  # more columns than a batch of the quick way
    x = torch.randn(160, 400, generator=source, dtype=torch.float64)
    x = x + 2 * x.roll(1, 0)  # inputs that have to do with each other
    setting = Quantization(bits, per, 32, "gptq", symmetric)
    quick = gptq(weight, x @ x.T, setting).weight().double()
    slow = slow_gptq(weight, x @ x.T, setting)
    torch.testing.assert_close(quick, slow, rtol=1e-5, atol=1e-6)
    plain = nearest(weight, Quantization(bits, per, 32, "nearest", symmetric)).weight().double()
    assert ((quick - weight) @ x).norm() < ((plain - weight) @ x).norm()


def test_a_damaged_gptq_is_told_from_the_slow_one(monkeypatch: pytest.MonkeyPatch) -> None:
    from core.efficiency import gptq as module

    weight = weights(4, 48).double()
    x = torch.randn(48, 90, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    setting = Quantization(2, "channel", method="gptq", symmetric=False)
    slow = slow_gptq(weight, x @ x.T, setting)
    monkeypatch.setattr(module, "DAMP", 0.5)
    assert not torch.allclose(gptq(weight, x @ x.T, setting).weight().double(), slow, atol=1e-4)


@pytest.mark.parametrize("bits", [16, 8, 4, 2])
def test_a_models_file_is_as_long_as_said_and_read_back_the_same(bits: int) -> None:
    lm = core.load("tales-gpt", device="cpu")
    setting = Quantization(bits, "group", 32, "nearest", False)
    *_, small = compressing.compress_steps(lm, setting)
    written = safetensors.torch.save(small.file())
    assert len(written) == small.bytes
    read = safetensors.torch.load(written)
    matrices = {
        name: from_file(name, read, weight.shape[1], setting).weight()
        for name, weight in judging.tensors(lm).items()
        if name in small.matrices
    }
    rest = {name: weight for name, weight in read.items() if name.rpartition(".")[0] not in matrices}
    back = matrices | restore(rest)
    for name, weight in small.state().items():
        assert torch.equal(back.pop(name).float(), weight), name
    assert not back


def test_the_file_of_a_whole_model_is_as_long_as_safetensors_makes_it() -> None:
    lm = core.load("tales-t5", device="cpu")
    state = {name: weight.contiguous() for name, weight in judging.tensors(lm).items()}
    assert judging.file_bytes(state) == len(safetensors.torch.save(state))
    odd = {
        "é": torch.zeros(3, dtype=torch.int8),
        "b": torch.zeros(2, 5, dtype=torch.float16),
        "a": torch.zeros(1),
    }
    assert judging.file_bytes(odd) == len(safetensors.torch.save(odd))


def test_int8_products_equal_whole_number_arithmetic() -> None:
    weight, x = weights(20, 48), torch.randn(2, 5, 48, generator=torch.Generator().manual_seed(2))
    bias = torch.arange(20.0)
    matrix = kernels.Int8Matrix(*kernels.rows(weight))
    step = x.abs().amax(-1, keepdim=True) / 127
    codes, scale = kernels.rows(weight)
    whole = (x / step).round().long() @ codes.long().T
    expected = whole.double() * step.double() * scale[:, 0].double() + bias
    torch.testing.assert_close(
        torch.nn.functional.linear(x, matrix, bias).double(),
        expected,
        rtol=1e-5,
        atol=1e-5,  # type: ignore[arg-type]
    )


def test_the_interval_of_a_loss_change_is_scipys_bootstrap_over_texts() -> None:
    """Texts of unlike length, whose places share what the text adds: places drawn one by one would say too much."""
    draw = np.random.default_rng(2)
    rises = [draw.normal(draw.normal(0.05, 0.1), 0.3, size) for size in draw.integers(8, 90, 16)]
    mean, low, high = judging.paired_interval(rises)
    assert mean == pytest.approx(np.concatenate(rises).mean()) and high - mean == pytest.approx(mean - low)
    sums, counts = (np.array([of(one) for one in rises], float) for of in (np.sum, np.size))
    theirs = stats.bootstrap(
        (sums, counts), lambda a, b, axis: a.sum(axis) / b.sum(axis), paired=True, method="percentile",
        n_resamples=20_000, vectorized=True, rng=np.random.default_rng(5),
    ).standard_error  # fmt: skip
    assert high - mean == pytest.approx(theirs * np.sqrt(16 / 15) * stats.t.ppf(0.975, 15), rel=0.05)
    every = np.concatenate(rises)
    alone = 1.96 * every.std() / np.sqrt(len(every))
    assert high - mean > 1.5 * alone
    only = judging.paired_interval([every])
    assert only[2] - only[0] == pytest.approx(alone, rel=0.1), "of a single text its places are drawn"


def test_of_four_texts_the_interval_holds_the_truth_about_as_often_as_it_says() -> None:
    held = 0
    for seed in range(200):
        draw = np.random.default_rng(seed)
        _, low, high = judging.paired_interval(
            [draw.normal(draw.normal(0.1, 0.05), 0.3, 120) for _ in range(4)]
        )
        held += low <= 0.1 <= high
    assert 182 <= held <= 198, "95 % of 200"
