"""Batches of text pairs: hidden spans among them, grouped by length.

A row of a batch is as long as the longest, so pairs of mixed lengths would be mostly padding. A batch is cut into
parts, each padded by itself, so that padding and the cost of one more part are least together; the gradient is that of
all parts. Parts have few different shapes, because for each new one a processor's products are written anew: with any
number of rows and any width a step took 1.3 times as long.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch

from core.data.pairs import Read
from core.training import objectives
from core.training.objectives import Example, Specials
from core.training.spec import TrainSpec

_PART = 200  # ids that can be read in the time of one more part
_WIDTH = 8  # parts are padded to a multiple of so many ids
_ROWS = 4  # parts hold a multiple of so many pairs, except one

Ids = tuple[list[int], list[int]]


def examples(
    reads: Sequence[Read], spec: TrainSpec, specials: Specials, generator: torch.Generator
) -> list[Example]:
    """Build the parts of a batch, shortest first. Spans are drawn by `generator`."""
    pairs = [hidden(read, spec, specials, generator) for read in reads]
    room = spec.config(spec.vocab_size).n_ctx
    widths = [*range(_WIDTH, room, _WIDTH), room]
    return [objectives.text_to_text(part, specials, widths) for part in parts(pairs)]


def together(
    reads: Sequence[Read], spec: TrainSpec, specials: Specials, generator: torch.Generator
) -> Example:
    """Build one example in the order given: for measuring and showing, not for training."""
    return objectives.text_to_text([hidden(read, spec, specials, generator) for read in reads], specials)


def hidden(read: Read, spec: TrainSpec, specials: Specials, generator: torch.Generator) -> Ids:
    """Hide spans: return the ids to read and those to write, without the end token."""
    if read.target is not None:
        return read.source, read.target
    example = objectives.span_corruption(
        torch.tensor([read.source]),
        specials,
        rate=spec.mask_rate,
        length=spec.span_length,
        generator=generator,
    )
    source, target = example.inputs[0].tolist(), example.targets[0].tolist()
    return source, target if specials.end_id is None else target[:-1]


def parts(pairs: Sequence[Ids], part: int = _PART, rows: int = _ROWS, width: int = _WIDTH) -> list[list[Ids]]:
    """Partition pairs sorted by length so that padding, plus `part` ids per part, is minimal.

    Args:
        rows: a part holds a multiple of so many pairs, but one part.
        width: a part is filled up to a multiple of so many ids.
    """
    ordered = sorted(pairs, key=lambda pair: (len(pair[0]), len(pair[1])))
    ends = [*range(rows, len(ordered), rows), len(ordered)]
    best, cut = {0: 0}, {0: 0}  # for the first n pairs: the cost, and where the last part begins
    for end in ends:
        long, wide, found = _up(len(ordered[end - 1][0]), width), 0, []
        for first in range(end - 1, -1, -1):
            wide = max(wide, _up(len(ordered[first][1]) + 1, width))
            if first in best:
                found.append((best[first] + part + (end - first) * (long + wide), first))
        best[end], cut[end] = min(found)
    groups, end = [], len(ordered)
    while end:
        groups.append(ordered[cut[end] : end])
        end = cut[end]
    return groups[::-1]


def _up(count: int, multiple: int) -> int:
    return -(-count // multiple) * multiple
