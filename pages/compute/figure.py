"""Draw what a configuration costs: its parts, its memory beside a card's, its two passes under a roof.

`record` asks core for every number at every stop of the two sliders, so that dragging them is a matter of the browser
(figure.js); the arithmetic is core's.
"""

from __future__ import annotations

from bisect import insort
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

from app.kit import register
from app.units import PRECISIONS
from core.config import ModelConfig
from core.costs.counts import Part
from core.costs.memory import (
    Held,
    Precision,
    activations,
    kept_keys,
    largest_batch,
    largest_length,
    trained_in,
    training_memory,
    using_memory,
)
from core.costs.operations import flops_by_part
from core.costs.roofline import Work, attainable, decode, prefill, ridge
from core.costs.weights import parameters_by_part
from core.messages import say
from core.training.measuring import Measured, Size
from pages.compute.subject import Subject

compute = register("compute", __file__)

MOST = 2**20  # texts, and tokens of one
# What the table calls its rows: those of weights, and the products that have none.
ROWS = ("embedding", "positions", "attention", "scores", "cross-attention", "mlp", "norms", "head")


def stops(*more: int) -> list[int]:
    """List where a slider stops: 1, 2, 3, 4, 6, 8, 12 ... 1,048,576, and any other number that is asked for."""
    found = sorted({1, *(power for k in range(1, 21) for power in (2**k, 3 * 2 ** (k - 1))), MOST})
    for one in more:
        if one not in found:
            insort(found, one)
    return [one for one in found if one <= MOST or one in more]


def works(shown: Subject, length: int) -> dict[str, Work | None]:
    """Count the work of reading texts of that length, and writing a token after one; an encoder writes none."""
    writes = shown.config.shape != "encoder"
    return {
        "reading": prefill(shown.config, length, shown.precision),
        "writing": decode(shown.config, length, shown.precision) if writes else None,
    }


def fits(shown: Subject) -> dict[str, dict[str, int | None]]:
    """Find how many texts of this length fit on the card, and how long this many may be: in training, and in use."""
    found = {}
    for name, memory in (("training", training_memory), ("using", using_memory)):
        batch, length = _largest(
            memory, shown.config, shown.precision, shown.length, shown.batch, shown.card.memory
        )
        found[name] = {"batch": batch, "length": length}
    return found


@lru_cache(maxsize=64)  # the length is searched for, step by step
def _largest(
    memory: Callable[..., tuple[Held, ...]],
    config: ModelConfig,
    precision: Precision,
    length: int,
    batch: int,
    room: int,
) -> tuple[int | None, int | None]:
    def of_length(tokens: int) -> tuple[Held, ...]:
        return memory(config, tokens, precision)

    return largest_batch(of_length(length), room), largest_length(of_length, batch, room)


def rows(shown: Subject) -> list[tuple[str, Part | None, Part | None]]:
    """Make the table's rows: name, weights, operations of a pass over one text; a part without either is left out."""
    weights = {one.name: one for one in parameters_by_part(shown.config)}
    flops = {one.name: one for one in flops_by_part(shown.config, shown.length, shown.length)}
    listed = [(name, weights.get(name), flops.get(name)) for name in ROWS]
    return [row for row in listed if any(one is not None and one.value for one in row[1:])]


def record(shown: Subject, tokens: list[str], steps: list[dict[str, Any]]) -> dict[str, Any]:
    """Describe what figure.js draws, as its JSON, but for what the page alone has (`machine`)."""
    lengths = stops(shown.length, shown.usual, shown.config.n_ctx)
    listed = rows(shown)
    peak = shown.card.peak(shown.precision)
    return {
        "stamp": repr(shown),
        "name": shown.name, "own": shown.own, "shape": shown.config.shape, "tokens": tokens,
        "changed": bool(shown.sizes) and not shown.wrong, "wrong": shown.wrong,
        "rows": [
            {"name": name, "weights": weights.value if weights else 0, "sum": weights.written if weights else ""}
            for name, weights, _ in listed
        ],
        "batches": stops(shown.batch), "lengths": lengths, "usual": shown.usual, "context": shown.config.n_ctx,
        "flops": _flops(shown, lengths, [name for name, _, _ in listed]),
        "memory": _memory(shown, lengths),
        "precision": say(PRECISIONS[shown.precision]), "trained": say(PRECISIONS[trained_in(shown.precision)]),
        "card": {
            "name": shown.card.name, "memory": shown.card.memory, "bandwidth": shown.card.bandwidth,
            "peak": peak, "ridge": ridge(peak, shown.card.bandwidth),
        },
        "works": _works(shown, lengths),
        "fits": {"batch": shown.batch, "length": shown.length, "longest": shown.longest, **fits(shown)},
        "steps": steps,
        "machine": None,
    }  # fmt: skip


def _flops(shown: Subject, lengths: list[int], names: list[str]) -> list[list[int]]:
    """Count the operations over one text, for each row of the table and each length."""
    found = [{one.name: one.value for one in flops_by_part(shown.config, at, at)} for at in lengths]
    return [[counts.get(name, 0) for counts in found] for name in names]


def _memory(shown: Subject, lengths: list[int]) -> dict[str, list[dict[str, Any]]]:
    """Count every kind of memory at every length; only the last of each changes with it."""
    found = {}
    for name, memory, last in (
        ("training", training_memory, activations),
        ("using", using_memory, kept_keys),
    ):
        *steady, _ = memory(shown.config, shown.length, shown.precision)
        kinds = [[one] * len(lengths) for one in steady]
        kinds.append([last(shown.config, length, shown.precision) for length in lengths])
        found[name] = [
            {"name": one[0].name, "fixed": [each.fixed for each in one], "row": [each.row for each in one]}
            for one in kinds
        ]
    return found


def _works(shown: Subject, lengths: list[int]) -> dict[str, Any]:
    found = [works(shown, length) for length in lengths]
    drawn: dict[str, Any] = {}
    for name in ("reading", "writing"):
        each = [one for works_there in found if (one := works_there[name]) is not None]
        drawn[name] = (
            {
                "weights": each[0].weights, "flops": [one.row_flops for one in each],
                "bytes": [one.row_bytes for one in each],
            }
            if each
            else None
        )  # fmt: skip
    return drawn


def machine(shown: Subject, measured: Mapping[str, Measured], at: Size | None) -> dict[str, Any] | None:
    """Describe the measured roof of this machine, and the open model's passes under it.

    Args:
        measured: what was measured on this machine, by name. at: the texts that it was measured on.
    """
    peak, width = (measured[name].value if name in measured else None for name in ("peak", "bandwidth"))
    if not peak or not width or at is None:
        return None
    points = {}
    for name, took in (("reading", "prefill"), ("writing", "decode")):
        work = works(shown, at.length)[name]
        spent = measured[took].value if took in measured else None
        if work is not None and spent:
            there = work.intensity(at.batch)
            points[name] = {
                "intensity": there, "flops": work.flops(at.batch) / spent, "seconds": spent,
                "most": attainable(there, peak, width),
            }  # fmt: skip
    return {"peak": peak, "bandwidth": width, "batch": at.batch, "length": at.length, "points": points}
