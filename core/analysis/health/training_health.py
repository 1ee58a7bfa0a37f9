"""Health of a model in training at one checkpoint: by block, and its sensitivity to order and to later tokens.

Measured on fixed held-out rows, so that two moments, and two runs, compare. `core.analysis.health.diagnosis` reads it.
"""

from __future__ import annotations

import dataclasses
import math
from statistics import fmean
from typing import TYPE_CHECKING, Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from core.analysis.stream.depth import blocks_of, measure_depth
from core.analysis.stream.weights import weight_sizes
from core.hooks import recording

if TYPE_CHECKING:
    from core.training.objectives import Example
    from core.training.trainer import Trainer

WATCHED = 384  # tokens in the gradient
ROWS, READ = 24, 32  # held-out rows that are read in other orders and alone, and tokens of each


def measure(trainer: Trainer) -> dict[str, Any]:
    """Measure the state of a run as plain JSON.

    It holds the numbers of `core.analysis.stream.depth.Depth`, by block, and of the whole model those of `other_ways`,
    `update` (the size of the last step over that of the weights) and `weights` (see `weight_sizes`).

    A number that cannot be measured is None. The run is not touched: no random number, no `.grad`, no flag.
    """
    model, example = trainer.model, trainer.held_out_example(ROWS)
    training = model.training
    model.eval()
    try:
        few = _first(example, max(1, WATCHED // example.inputs.shape[1]))

        def forward() -> Tensor:
            return F.cross_entropy(_logits(model, few).flatten(0, 1).float(), few.targets.flatten())

        depth = measure_depth(model, forward)
        found = {
            name: getattr(depth, name)
            for name in (
                "names", "loss", "activation", "read", "carry", "gradient", "entropy", "spread", "ahead", "dead",
                "logit_spread",
            )
        }  # fmt: skip
        with torch.no_grad():
            found |= other_ways(model, example)
    finally:
        model.train(training)
    size = math.sqrt(sum(float(weight.detach().square().sum()) for weight in model.parameters()))
    found["update"] = None if trainer.moved is None else trainer.moved.update / size
    found["weights"] = weight_sizes(model)
    return {name: _plain(value) for name, value in found.items()}


def order_seen(model: nn.Module, ids: Tensor) -> tuple[float, Tensor, Tensor]:
    """Read rows as they stand, and with all but their last token shuffled; ids (B, T).

    Returns:
        How much another vector the first block's attention brings at the last position, |change| / |vector|, mean over
        rows and heads: 0, up to rounding, where nothing tells it of positions, as its sums over the past are the same
        in any order (deeper blocks of a causal model may still tell); then what the model returns for both readings.
        Of an encoder-decoder it is the encoder's.
    """
    stack: nn.Module = getattr(model, "encoder", model)
    name = next(path for path, _ in blocks_of(model)) + ".attn.hook_z"
    read, brought = [], []
    for row in (ids, ids[:, _shuffled(ids.shape[1])]):
        with recording([name]) as seen:
            read.append(stack(row))  # (B, T, V)
        brought.append(seen[name][:, -1].flatten(0, 1))  # (B H, K)
    plain, other = brought
    change = (plain - other).norm(dim=-1) / plain.norm(dim=-1).clamp_min(1e-12)
    return float(change.mean()), read[0], read[1]


def other_ways(model: nn.Module, example: Example) -> dict[str, float | None]:
    """Read the rows in other ways: all but their last token shuffled, and only their first third and two thirds.

    Returns:
        order: see `order_seen`. in_order, shuffled: the loss of the last position.
        together, alone: the loss a third and two thirds into each row, with all that follows in the pass, and without,
        as when the model writes and nothing follows yet. The two are equal where no position sees later ones.
        The four losses are None where no next token is predicted.
    """
    ids, targets = example.inputs[:, :READ], example.targets[:, :READ]
    length = ids.shape[1]
    order, plain, other = order_seen(model, ids)
    found: dict[str, float | None] = dict.fromkeys(("in_order", "shuffled", "together", "alone"))
    if _is_next_token(example):
        found["in_order"], found["shuffled"] = (_loss_at(way, targets, length) for way in (plain, other))
        cuts = sorted({length // 3, 2 * length // 3} - {0})
        if cuts:
            found["together"] = fmean(_loss_at(plain, targets, cut) for cut in cuts)
            found["alone"] = fmean(_loss_at(model(ids[:, :cut]), targets, cut) for cut in cuts)
    return {"order": order, **found}


def _loss_at(logits: Tensor, targets: Tensor, length: int) -> float:
    """Compute the mean loss of the last of the first `length` positions."""
    return float(F.cross_entropy(logits[:, length - 1].float(), targets[:, length - 1]))


def _logits(model: nn.Module, example: Example) -> Tensor:
    logits: Tensor
    if example.decoder_inputs is not None:
        logits = model(example.inputs, example.decoder_inputs, mask=example.mask)
    else:
        logits = model(example.inputs, mask=example.mask)
    return logits


def _first(example: Example, rows: int) -> Example:
    parts = {field.name: getattr(example, field.name) for field in dataclasses.fields(example)}
    return dataclasses.replace(
        example, **{name: part[:rows] for name, part in parts.items() if isinstance(part, Tensor)}
    )


def _is_next_token(example: Example) -> bool:
    """Return whether each position's target is the token after it."""
    if example.decoder_inputs is not None or example.inputs.shape != example.targets.shape:
        return False
    return bool((example.inputs[:, 1:] == example.targets[:, :-1]).all())


def _shuffled(length: int) -> list[int]:
    """Return an order of `length` positions that keeps the last in place: every second of the rest, then the others."""
    last = length - 1
    return [*range(1, last, 2), *range(0, last, 2), last]


def _plain(value: Any) -> Any:
    """Convert a value to JSON: six digits, None for NaN and infinity."""
    if isinstance(value, float):
        return float(f"{value:.6g}") if math.isfinite(value) else None
    if isinstance(value, dict):
        return {name: _plain(part) for name, part in value.items()}
    return [_plain(part) for part in value] if isinstance(value, list | tuple) else value
