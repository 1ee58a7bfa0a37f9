"""Calibration data: the inputs X of each matrix product, or X X^T, collected from passes over text."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

from core.training.text_loss import TextLoss

Rows = tuple[int, int]  # first row of a matrix, and past its last


class _Enough(Exception):
    """Ends a pass once all requested inputs are collected."""


class _Watch(TorchFunctionMode):
    """Collects x, or accumulates x x^T, wherever one of these weights, or some of its rows, is multiplied in this
    thread."""

    def __init__(self, weights: Mapping[str, Tensor], squared: bool) -> None:
        super().__init__()
        self.weights, self.squared = weights, squared
        self.found: dict[str, dict[Rows, Tensor]] = {}
        self.seen: set[str] = set()

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        if func is F.linear:
            self._note(args[0], args[1])
        return func(*args, **(kwargs or {}))

    def _note(self, x: Tensor, weight: Tensor) -> None:
        place = self._place(weight)
        if place is None:
            if self.seen == set(self.weights):
                raise _Enough
            return
        name, rows = place
        self.seen.add(name)
        flat = x.detach().flatten(0, -2).float()  # (tokens, columns)
        parts = self.found.setdefault(name, {})
        before = parts.get(rows)
        if self.squared:
            product = flat.T @ flat  # (columns, columns)
            parts[rows] = product if before is None else before + product
        else:
            parts[rows] = flat.clone() if before is None else torch.cat([before, flat])

    def _place(self, weight: Tensor) -> tuple[str, Rows] | None:
        """Find which rows of which weight a tensor is: a view shares the weight's memory."""
        at = weight.data_ptr()
        for name, whole in self.weights.items():
            row = whole.shape[1] * whole.element_size()
            begin = (at - whole.data_ptr()) // row
            if weight.shape[-1] == whole.shape[1] and 0 <= begin < whole.shape[0]:
                return name, (begin, begin + weight.shape[0])
        return None


def input_products(
    transformer: nn.Module, names: Collection[str], texts: Sequence[TextLoss]
) -> dict[str, dict[Rows, Tensor]]:
    """Compute X X^T of the inputs of each of these matrices, in one pass over each text.

    Args:
        names: weights (rows, columns) as `named_parameters` calls them, stored row by row. The passes end after the
            last of them.

    Returns:
        for each name its rows, in parts that read the same, each with X X^T (columns, columns): a matrix is one part,
        but a cross-attention's has queries that read the decoder, keys and values that read the encoder.

    Raises:
        ValueError: no text, or a weight that no product uses.
    """
    if not texts:
        raise ValueError("GPTQ needs a text to calibrate on: none was given")
    return _watched(transformer, names, texts, squared=True)


def inputs_read(
    transformer: nn.Module, names: Collection[str], texts: Sequence[TextLoss]
) -> dict[str, dict[Rows, Tensor]]:
    """Collect the inputs X of each of these matrices, text by text.

    As `input_products`, but each part has its inputs as they are, (tokens, columns). Of a short text they are far fewer
    numbers than X X^T.

    Raises:
        ValueError: a weight that no product uses.
    """
    return _watched(transformer, names, texts, squared=False)


def _watched(
    transformer: nn.Module, names: Collection[str], texts: Sequence[TextLoss], squared: bool
) -> dict[str, dict[Rows, Tensor]]:
    own = dict(transformer.named_parameters())
    watch = _Watch({name: own[name].detach() for name in names}, squared)
    for text in texts:
        watch.seen.clear()
        try:
            with torch.no_grad(), watch:
                transformer(*text.inputs)
        except _Enough:
            pass
    if missing := set(names) - set(watch.found):
        raise ValueError(f"no product of this model uses {sorted(missing)[0]}")
    return watch.found
