"""A quantized model, and the file that holds it.

The matrices of the blocks take the setting's bits. The token table, other tables and what stands after the blocks (the
unembedding, a masked-LM head) take 8 bits with one scale a row, as our snapshots do: there a large error affects every
text. Norms and biases stay as float16: they are few. At 16 bits all are float16.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor

from core.checkpoints.compact import compact, restore
from core.efficiency.calibration import input_products
from core.efficiency.gptq import gptq
from core.efficiency.judging import changed, file_bytes, tensors
from core.efficiency.packing import to_file
from core.efficiency.quantization import (
    Grid,
    Quantization,
    QuantizationError,
    Quantized,
    check_width,
    grid_of,
    nearest,
)
from core.language_model import LanguageModel
from core.training.text_loss import TextLoss

CALIBRATION = 8  # training texts that GPTQ reads


@dataclass(frozen=True)
class Compressed:
    """A model's quantized weights.

    Attributes:
        matrices: those of the blocks, by name, as codes; at 16 bits none.
        rest: the tensors that a file holds for all the others.
    """

    setting: Quantization
    matrices: dict[str, Quantized]
    rest: dict[str, Tensor]

    def state(self) -> dict[str, Tensor]:
        """Return the dequantized weights, float32, by name."""
        return {name: matrix.weight() for name, matrix in self.matrices.items()} | {
            name: weight.float() for name, weight in restore(self.rest).items()
        }

    def file(self) -> dict[str, Tensor]:
        """Return the tensors of its file: codes packed into bytes, scales, zeros, and the rest."""
        return self.rest | self._packed

    @cached_property
    def _packed(self) -> dict[str, Tensor]:
        return {
            part: tensor
            for name, matrix in self.matrices.items()
            for part, tensor in to_file(name, matrix).items()
        }

    @property
    def bytes(self) -> int:
        """The size of its safetensors file."""
        return file_bytes(self.file())

    @property
    def bits_each(self) -> float:
        """Bits per weight in the blocks' matrices, with their scales and zeros."""
        if not self.matrices:
            return 16.0
        kept = sum(part.numel() * part.element_size() for part in self._packed.values())
        return 8 * kept / sum(matrix.codes.numel() for matrix in self.matrices.values())


def matrix_names(lm: LanguageModel) -> list[list[str]]:
    """List the blocks' matrices, which a setting's bits apply to, in the order of computing."""
    blocks: dict[str, list[str]] = {}
    for name, weight in lm.transformer.named_parameters():
        if "blocks." in name and weight.ndim == 2:
            head, _, tail = name.partition("blocks.")
            blocks.setdefault(f"{head}blocks.{tail.split('.')[0]}", []).append(name)
    return list(blocks.values())


def check_model(lm: LanguageModel, setting: Quantization) -> None:
    """Raise `QuantizationError` if a matrix of this model does not fit the setting."""
    weights = tensors(lm)
    for name in (name for block in matrix_names(lm) for name in block):
        check_width(weights[name].shape[1], setting, name)


def rest_of(lm: LanguageModel, setting: Quantization) -> dict[str, Tensor]:
    """Return a file's tensors for all weights but the blocks' matrices (at 16 bits: for all)."""
    skip = {name for block in matrix_names(lm) for name in block}
    if setting.bits == 16:
        return {name: weight.half().contiguous() for name, weight in tensors(lm).items()}
    return compact({name: weight for name, weight in tensors(lm).items() if name not in skip})


def compress_steps(
    lm: LanguageModel, setting: Quantization, texts: Sequence[TextLoss] = ()
) -> Iterator[Compressed]:
    """Compress block by block; yield the partial result after each one, the last time the whole.

    Args:
        texts: what GPTQ calibrates on. As in the paper (section 4) a block reads what the blocks before it make of the
            text once they are compressed.

    Raises:
        QuantizationError: a matrix does not fit the setting, or GPTQ has no text.
    """
    check_model(lm, setting)
    if setting.method == "gptq" and not texts:
        raise QuantizationError("GPTQ needs a text to calibrate on: none was given")
    rest = rest_of(lm, setting)
    if setting.bits == 16:
        yield Compressed(setting, {}, rest)
        return
    weights, done = tensors(lm), dict[str, Quantized]()
    copy = changed(lm, {}) if setting.method == "gptq" else None
    for block in matrix_names(lm) or [[]]:
        if copy is None:
            done |= {name: nearest(weights[name], setting) for name in block}
        else:
            done |= _calibrated(copy, block, setting, texts)
        yield Compressed(setting, dict(done), rest)


def model_of(lm: LanguageModel, small: Compressed) -> LanguageModel:
    """Build the model with these weights; `lm` stays as it is."""
    return changed(lm, small.state(), f"{lm.name}, {small.setting.bits} bits")


@torch.no_grad()
def _calibrated(
    copy: LanguageModel, block: Sequence[str], setting: Quantization, texts: Sequence[TextLoss]
) -> dict[str, Quantized]:
    """Quantize one block by GPTQ and put its weights into `copy`, whose earlier blocks are quantized."""
    own = dict(copy.transformer.named_parameters())
    products = input_products(copy.transformer, block, texts)
    found = {}
    for name in block:
        weight = own[name].detach()
        grid = grid_of(weight, setting)
        parts = [
            gptq(weight[first:last], product, setting, _of_rows(grid, first, last))
            for (first, last), product in sorted(products[name].items())
        ]
        found[name] = Quantized(
            torch.cat([part.codes for part in parts]),
            _joined([part.grid for part in parts], setting),
            setting,
        )
    for name, matrix in found.items():
        own[name].data = matrix.weight().to(own[name])  # weights of the copy: `lm` keeps its own
    return found


def _of_rows(grid: Grid, first: int, last: int) -> Grid:
    return grid if len(grid.scale) == 1 else Grid(grid.scale[first:last], grid.zero[first:last])


def _joined(grids: Sequence[Grid], setting: Quantization) -> Grid:
    if setting.granularity == "tensor":
        return grids[0]
    return Grid(torch.cat([grid.scale for grid in grids]), torch.cat([grid.zero for grid in grids]))
