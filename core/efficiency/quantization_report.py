"""A quantized model beside the original: size and loss on held-out texts, and token by token on one text."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

from core.efficiency.calibration import inputs_read
from core.efficiency.compressing import CALIBRATION, Compressed, compress_steps, matrix_names, model_of
from core.efficiency.judging import Judged, Reference, judge, tensors, yardstick
from core.efficiency.movement import product_error, share
from core.efficiency.quantization import Quantization
from core.language_model import LanguageModel
from core.training.text_loss import TextLoss


@dataclass(frozen=True)
class Choice:
    """The likeliest token of one row of the logits, before and after, each with its probability.

    left: the original's first choice's probability after quantization.
    """

    before: int
    probability: float
    after: int
    now: float
    left: float


@dataclass(frozen=True)
class MatrixError:
    """The error of one matrix: |W' - W| / |W|, and |W' X - W X| / |W X| on its inputs on the text in the original."""

    name: str
    weights: float
    products: float


@dataclass(frozen=True)
class Beside:
    """Both models. matrices: of the blocks, in the order of computing. choices: one per row of the logits."""

    setting: Quantization
    judged: Judged
    bits_each: float
    matrices: tuple[MatrixError, ...]
    choices: tuple[Choice, ...]


def beside_steps(
    before: Reference, setting: Quantization, text: str, target: str | None = None
) -> Iterator[tuple[Beside | None, Compressed]]:
    """Compress block by block and compare with the original: yield None after each block, at last a `Beside`.

    Args:
        text: that both read. target: what an encoder-decoder has written so far.

    Raises:
        QuantizationError: a matrix does not fit the setting.
    """
    lm = before.lm
    texts = yardstick(lm, "train", CALIBRATION) if setting.method == "gptq" else []
    read = TextLoss(lm.batch(text, target), torch.empty(1, 0, dtype=torch.long), "what both read")
    for small in compress_steps(lm, setting, texts):
        yield None, small
    other = model_of(lm, small)
    judged = judge(before, other, size=small.bytes, timed=False)
    choices = first_choices(lm, other, text, target)
    yield Beside(setting, judged, small.bits_each, matrix_errors(lm, other, read), choices), small


def beside(
    before: Reference, setting: Quantization, text: str, target: str | None = None
) -> tuple[Beside, Compressed]:
    """Run all of `beside_steps` at once."""
    *_, (found, small) = beside_steps(before, setting, text, target)
    assert found is not None
    return found, small


def first_choices(
    lm: LanguageModel, other: LanguageModel, text: str, target: str | None = None
) -> tuple[Choice, ...]:
    """Compute both models' likeliest tokens at every row of their logits over one text."""
    inputs = lm.batch(text, target)
    with torch.no_grad():
        was, now = (one.transformer(*inputs)[0].float().softmax(-1) for one in (lm, other))  # (T, V) twice
    first, then = was.argmax(-1), now.argmax(-1)  # (T,) twice

    def at(chances: Tensor, ids: Tensor) -> list[float]:
        return [float(value) for value in chances.gather(-1, ids[:, None])[:, 0]]

    rows = zip(first.tolist(), at(was, first), then.tolist(), at(now, then), at(now, first), strict=True)
    return tuple(Choice(*row) for row in rows)


def matrix_errors(lm: LanguageModel, other: LanguageModel, read: TextLoss) -> tuple[MatrixError, ...]:
    """Compute the errors of the blocks' matrices of `other` against those of `lm`, block by block."""
    names = [name for block in matrix_names(lm) for name in block]
    if not names:
        return ()
    own, now, inputs = tensors(lm), tensors(other), inputs_read(lm.transformer, names, [read])
    return tuple(
        MatrixError(
            name, share(now[name] - own[name], own[name]), product_error(own[name], now[name], inputs[name])
        )
        for name in names
    )
