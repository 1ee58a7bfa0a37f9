"""Texts for the circuit's measurements: a list said twice, said after another list, and said from another start.

Random tokens are the usual material. A model trained on stories alone may not copy them; then a list of
names, "Tim, Anna, Ben. Tim, Anna, Ben.", is nearer to what it knows.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
import torch
from torch import Tensor

from core.analysis.heads.patterns import frame_and_usual
from core.data.toyland.words import HE_NAMES, SHE_NAMES
from core.messages import mark

if TYPE_CHECKING:
    from core.language_model import LanguageModel

Material = Literal["tokens", "names"]
MATERIALS: dict[Material, str] = {
    "tokens": mark("random tokens"),
    "names": mark("names, with commas between them"),
}
TEXTS, TOKENS, NAMES = 8, 20, 10  # texts, and items of a list
HIDDEN = 4  # an encoder's every fourth item of the second saying is masked
Lines = list[list[int]]


@dataclass(frozen=True, kw_only=True)
class Said:
    """Lists said twice.

    sides: what the model takes, (B, T) each.   control: the same second saying after another list.   turned: the second
    saying begins in the middle of the list.
    asked: rows of the logits that are asked; columns: where, in the first saying, the answer stands.
    wanted: (B, asked) what is to be said.   items: (B, K) of the list.
    period: tokens of a saying; marks: places of commas and stops.
    by_content, by_place: for the turned texts, the (row, column) pairs of both ways to look back.
    """

    material: Material
    sides: tuple[Tensor, ...]
    control: tuple[Tensor, ...]
    turned: tuple[Tensor, ...]
    asked: tuple[int, ...]
    columns: tuple[int, ...]
    wanted: Tensor
    items: Tensor
    period: int
    marks: frozenset[int]
    by_content: tuple[tuple[int, int], ...]
    by_place: tuple[tuple[int, int], ...]


def said_twice(
    lm: LanguageModel,
    material: Material = "tokens",
    *,
    texts: int = TEXTS,
    items: int | None = None,
    seed: int = 0,
) -> Said:
    """Draw the lists: distinct items, no special tokens, and for the control a disjoint first list.

    A decoder with a source reads other random tokens there: only what it wrote itself can help. An encoder has every
    fourth item of the second saying hidden.

    Raises:
        ValueError: a context or a vocabulary too small to say four items twice, or an encoder without a mask.
    """
    frame, usual = frame_and_usual(lm, "self")
    pool, comma, stop = _pool(lm, material, usual)
    each = 1 if material == "tokens" else 2
    wanted = (TOKENS if material == "tokens" else NAMES) if items is None else items
    many = min(wanted, len(pool) // 2, (lm.config.n_ctx - len(frame[0]) - len(frame[1])) // (2 * each))
    if many < 4:
        raise ValueError(f"{lm.name} has too small a context or vocabulary to say four of these twice")
    if lm.config.shape == "encoder" and lm.config.mask_id is None:
        raise ValueError(f"{lm.name} has no mask, so no token can be hidden and asked for")
    draw = np.random.default_rng(seed)
    lists = [draw.choice(pool, 2 * many, replace=False).tolist() for _ in range(texts)]
    source = [draw.choice(usual, min(len(usual), 12), replace=False).tolist() for _ in range(texts)]
    turn = many // 2

    def told(first: Sequence[int], second: Sequence[int]) -> list[int]:
        body: list[int] = []
        for half in (first, second):
            for at, item in enumerate(half):
                body += [item] if each == 1 else [item, stop if at == many - 1 else comma]
        return [*frame[0], *body, *frame[1]]

    rows = [told(line[:many], line[:many]) for line in lists]
    other = [told(line[many:], line[:many]) for line in lists]
    turned = [told(line[:many], line[turn:many] + line[:turn]) for line in lists]
    start, period = len(frame[0]), each * many
    asked, columns, answers = _asked(lm, rows, start, each, many)
    by_content, by_place = _both_ways(asked, columns, start, each, many)
    marks = range(start + 1, start + 2 * period, 2) if each == 2 else ()
    return Said(
        material=material, sides=_sides(lm, source, rows, asked), control=_sides(lm, source, other, asked),
        turned=_sides(lm, source, turned, asked), asked=asked, columns=columns,
        wanted=torch.tensor(answers, device=lm.device),
        items=torch.tensor([line[:many] for line in lists], device=lm.device), period=period,
        marks=frozenset(marks), by_content=by_content, by_place=by_place,
    )  # fmt: skip


def _sides(lm: LanguageModel, source: Lines, lines: Lines, asked: Sequence[int]) -> tuple[Tensor, ...]:
    """Build the model's inputs: an encoder's targets masked, a source before a decoder's text."""
    if lm.config.shape == "encoder":
        lines = [
            [lm.config.mask_id or 0 if at in asked else i for at, i in enumerate(line)] for line in lines
        ]
    both = [source, lines] if lm.config.shape == "encoder-decoder" else [lines]
    return tuple(torch.tensor(one, device=lm.device) for one in both)


def _both_ways(
    asked: Sequence[int], columns: Sequence[int], start: int, each: int, many: int
) -> tuple[tuple[tuple[int, int], ...], tuple[tuple[int, int], ...]]:
    """Return, for the second saying rotated by half a list, the (row, column) pairs by content and by position.

    Item number at of the second saying is then item (at + turn) % many of the first.
    """
    turn = many // 2
    shift = {column: start + each * (((column - start) // each + turn) % many) for column in columns}
    # Where the answer wraps to the start of the list, the item before it does not precede it there.
    kept = [(row, column) for row, column in zip(asked, columns, strict=True) if shift[column] != start]
    return tuple((row, shift[column]) for row, column in kept), tuple(kept)


def _pool(lm: LanguageModel, material: Material, usual: list[int]) -> tuple[list[int], int, int]:
    """Return the ids that a list may hold, and those of comma and full stop."""
    if material == "tokens":
        return usual, -1, -1

    def ids(text: str) -> list[int]:
        return lm.tokenizer.encode(text, add_special_tokens=False)

    names = [ids(f" {name}") for name in (*SHE_NAMES, *HE_NAMES)]
    comma, stop = ids(" a, b")[-2:-1], ids(" a.")[-1:]
    if not comma or not stop:
        return [], -1, -1
    known = set(usual)
    return sorted({one[-1] for one in names if len(one) == 1 and one[0] in known}), comma[0], stop[0]


def _asked(
    lm: LanguageModel, rows: Lines, first: int, each: int, many: int
) -> tuple[tuple[int, ...], tuple[int, ...], Lines]:
    """Return the target rows, the columns of their answers in the first saying, and the answers."""
    second = first + each * many
    if lm.config.shape == "encoder":
        asked = tuple(second + each * at for at in range(HIDDEN // 2, many, HIDDEN))
        answers = [[line[at] for at in asked] for line in rows]
        return asked, tuple(at - each * many for at in asked), answers
    asked = tuple(
        second + each * at + each - 1 for at in range(many - 1)
    )  # the row before each item but the first
    answers = [[line[at + 1] for at in asked] for line in rows]
    return asked, tuple(at + 1 - each * many for at in asked), answers
