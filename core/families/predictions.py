"""One missing word predicted by each architecture in its own way, and the effect of a changed word on the prediction.

decoder          the words before it are read; the last row says what comes next    (Radford et al. 2018)
encoder          the word is hidden by [MASK]; its own row says what stood there     (Devlin et al. 2019)
encoder-decoder  the word is a gap in what is read; the decoder says what fills it   (Raffel et al. 2020), or, with a
                 [MASK] and no sentinels, writes the text up to it                   (Lewis et al. 2020)
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor

from core.config import Shape
from core.decoding.labels import wants
from core.training.examples import marks

if TYPE_CHECKING:
    from core.language_model import LanguageModel

Array = np.ndarray[Any, Any]

TOGETHER = 32  # texts per pass


@dataclass(frozen=True, kw_only=True)
class Guess:
    """A prediction of one token that the model does not see.

    at: the token's position in the text. truth: its id.
    row: the row of the logits that speaks of it. read: (T,) the ids read; said: (T',) what the decoder has read.
    probabilities: (V,).
    """

    at: int
    truth: int
    row: int
    read: tuple[int, ...]
    said: tuple[int, ...] = ()
    probabilities: Array

    @property
    def best(self) -> int:
        """The likeliest token's id."""
        return int(self.probabilities.argmax())

    def likeliest(self, count: int) -> list[tuple[int, float]]:
        """Return the likeliest ids with their probabilities."""
        order = np.argsort(-self.probabilities, kind="stable")[:count]
        return [(int(id), float(self.probabilities[id])) for id in order]


def sign_of(lm: LanguageModel) -> int | None:
    """Return the id of a missing token: [MASK], or T5’s first sentinel. None for a decoder."""
    told = marks(lm)
    if lm.config.shape == "decoder":
        return None
    if lm.config.shape == "encoder" or (told.stands_in and lm.config.mask_id is not None):
        return told.specials.mask_id
    return told.specials.sentinels[0]


def _sign(lm: LanguageModel) -> int:
    id = sign_of(lm)
    assert id is not None  # not called for a decoder
    return id


@torch.no_grad()
def guesses(lm: LanguageModel, ids: Sequence[int], at: Sequence[int]) -> list[Guess]:
    """Predict each of these tokens without seeing it. A decoder cannot predict the first token.

    Args:
        ids: (T,) a text, special tokens included. at: positions in it.

    Raises:
        ValueError: no such token, or a model that says no tokens.
    """
    wants(lm, "lm")
    if wrong := [place for place in at if not 0 <= place < len(ids)]:
        raise ValueError(f"token {wrong[0]} is not one of the {len(ids)} tokens, counted from 0")
    if not at:
        return []
    return _ASK[lm.config.shape](lm, list(ids), list(at))


def _next(lm: LanguageModel, ids: list[int], at: list[int]) -> list[Guess]:
    """Predict all in one pass: row k - 1 has seen only the tokens before k."""
    logits = lm.transformer(torch.tensor([ids], device=lm.device))[0]  # (T, V)
    return [
        Guess(
            at=place, truth=ids[place], row=place - 1, read=tuple(ids[:place]),
            probabilities=softmax(logits[place - 1]),
        )
        for place in at
        if place > 0
    ]  # fmt: skip


def _masked(lm: LanguageModel, ids: list[int], at: list[int]) -> list[Guess]:
    """Predict each in a pass where only this token is hidden."""
    rows = _hidden(lm, ids, at)
    said = _together(lm, [rows], at)
    return [
        Guess(at=place, truth=ids[place], row=place, read=tuple(read), probabilities=probabilities)
        for place, read, probabilities in zip(at, rows, said, strict=True)
    ]


def _gap(lm: LanguageModel, ids: list[int], at: list[int]) -> list[Guess]:
    """Predict each in a pass where the decoder has written the gap's sentinel, or the text before the gap."""
    sign, start = _sign(lm), marks(lm).specials.start_id
    infills = sign == lm.config.mask_id
    rows = _hidden(lm, ids, at)
    written = [start, *(ids[: max(at)] if infills else [sign])]  # no row sees those behind it
    spoken = at if infills else [1] * len(at)
    said = _together(lm, [rows, [written] * len(at)], spoken)
    return [
        Guess(
            at=place, truth=ids[place], row=row, read=tuple(read), said=tuple(written[: row + 1]),
            probabilities=probabilities,
        )
        for place, row, read, probabilities in zip(at, spoken, rows, said, strict=True)
    ]  # fmt: skip


def _hidden(lm: LanguageModel, ids: list[int], at: list[int]) -> list[list[int]]:
    """Return the text once for each of these tokens, with the sign of a missing token in its place."""
    sign = _sign(lm)
    return [[*ids[:place], sign, *ids[place + 1 :]] for place in at]


def _together(lm: LanguageModel, inputs: list[list[list[int]]], rows: list[int]) -> list[Array]:
    """Return the probabilities (V,) that each text's row has; many texts of one length are read in one pass.

    Args:
        inputs: what the model is given, each (B, T) ids: what is read, and of an encoder-decoder what is written.
    """
    found = []
    for first in range(0, len(rows), TOGETHER):
        part = slice(first, first + TOGETHER)
        logits = lm.transformer(
            *(torch.tensor(given[part], device=lm.device) for given in inputs)
        )  # (B, T, V)
        found += [softmax(each[row]) for each, row in zip(logits, rows[part], strict=True)]
    return found


_ASK: dict[Shape, Callable[[LanguageModel, list[int], list[int]], list[Guess]]] = {
    "decoder": _next,
    "encoder": _masked,
    "encoder-decoder": _gap,
}


@dataclass(frozen=True)
class Swap:
    """A prediction before and after another token of the text was replaced.

    at: the token that changed. old, new: its ids.
    """

    at: int
    old: int
    new: int
    before: Guess
    after: Guess

    @property
    def moved(self) -> float:
        """Total variation distance of the two distributions: 0 equal, 1 disjoint.

        Exactly 0 where the change is not visible.
        """
        return float(np.abs(self.after.probabilities - self.before.probabilities).sum() / 2)

    @property
    def other(self) -> bool:
        """Whether the likeliest token changes."""
        return self.before.best != self.after.best


def swap(lm: LanguageModel, ids: Sequence[int], at: int, changed: int, new: int) -> Swap:
    """Predict token `at` before and after token `changed` becomes `new`.

    Raises:
        ValueError: no such token, or as `guesses`.
    """
    if not 0 <= changed < len(ids) or changed == at:
        raise ValueError(f"token {changed} is not another one of the {len(ids)} tokens than token {at}")
    turned = [*ids[:changed], new, *ids[changed + 1 :]]
    before, after = (guesses(lm, row, (at,))[0] for row in (ids, turned))
    return Swap(changed, int(ids[changed]), new, before, after)


def stand_in(lm: LanguageModel, ids: Sequence[int], at: int) -> int:
    """Choose the replacement of token `at`: the farthest different token of the text; else any other."""
    special = lm.special_ids
    others = [place for place, id in enumerate(ids) if id != ids[at] and id not in special]
    if others:
        return int(ids[max(others, key=lambda place: (abs(place - at), -place))])
    usable = min(lm.config.d_vocab, len(lm.tokenizer))
    return next(id for id in range(usable - 1, -1, -1) if id != ids[at] and (id not in special or id == 0))


def softmax(logits: Tensor) -> Array:
    """Compute softmax probabilities (..., V) as float64, which add up to 1 more closely than the model's own."""
    found: Array = logits.double().softmax(-1).cpu().numpy()
    return found
