"""The Objectives picture: one sentence as three training examples, and three runs that learn so (figure.js draws it).

`record` turns the `Lesson`s of `core.training.examples` into the component's JSON; it computes nothing.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from app.kit import pack, register
from core.language_model import LanguageModel
from core.messages import mark, mark_of, say, say_of
from core.training.examples import Lesson, Marks, lesson_losses, lessons, marks
from core.training.spec import Objective

objectives = register("objectives", __file__)

TITLES: dict[Objective, str] = {
    "next_token": mark("Next token"),
    "masked": mark("Masked"),
    "span_corruption": mark("Span corruption"),
}
COLUMNS: dict[Objective, tuple[str, ...]] = {
    "next_token": (mark("reads"), mark("must say")),
    "masked": (mark("reads"), mark("must say")),
    "span_corruption": (mark("reads"), mark("has written"), mark("must say")),
}
MAP_TITLES = {
    "self": mark_of("small map", "each row"),
    "encoder": mark_of("small map", "encoder"),
    "decoder": mark_of("small map", "decoder"),
    "cross": mark_of("small map", "across"),
}


@dataclass(frozen=True)
class Made:
    """The three lessons of a text, and what the open model loses in its own."""

    sentence: tuple[int, ...]
    before: tuple[int, ...]
    after: tuple[int, ...]
    marks: Marks
    lessons: tuple[Lesson, Lesson, Lesson]
    losses: npt.NDArray[np.float64]  # of the own lesson, (T',), not a number where nothing scores
    shape: str  # the open model's: its own lesson is the one for this shape

    @property
    def mean(self) -> float:
        """Nats per scored position of the own lesson; not a number where nothing scores."""
        return float(np.nanmean(self.losses)) if np.isfinite(self.losses).any() else math.nan


def split(lm: LanguageModel, ids: Sequence[int]) -> tuple[tuple[int, ...], tuple[int, ...], tuple[int, ...]]:
    """A text's ids as the special tokens before it, its own tokens, and the special tokens after it."""
    around = lm.tokenizer.encode("")
    first = 0
    while first < len(ids) - 1 and first < len(around) and ids[first] == around[first]:
        first += 1
    last = len(ids)
    for id in reversed(around[first:]):
        if last - 1 > first and ids[last - 1] == id:
            last -= 1
    return tuple(ids[:first]), tuple(ids[first:last]), tuple(ids[last:])


def made(lm: LanguageModel, ids: tuple[int, ...], rate: float, length: float, seed: int) -> Made:
    """The examples of a text by `lessons`, the very functions that training uses inside, scored by the open model."""
    before, sentence, after = split(lm, ids)
    told = marks(lm)
    three = lessons(sentence, told.specials, before=before, after=after, rate=rate, length=length, seed=seed)
    own = next(one for one in three if one.shape == lm.config.shape)
    return Made(sentence, before, after, told, three, lesson_losses(lm, own), lm.config.shape)


def record(lm: LanguageModel, found: Made, falling: Mapping[str, Any], stamp: str) -> dict[str, Any]:
    """Turn the examples into what figure.js draws.

    Args:
        falling: the runs whose curves are shown (pages/objectives/falling.py).
        stamp: names model, text and draw: under the same one the examples are the same.
    """
    sign, word = naming(lm, found.marks), lm.tokenizer.display
    return {
        "stamp": stamp,
        "note": found.marks.stands_in or _only_drawn(found.marks),
        "tokens": [word(i) for i in (*found.before, *found.sentence, *found.after)],
        "words": [{"id": i, "text": word(i)} for i in found.sentence],
        "offset": len(found.before),
        "lanes": [lane(found, lesson, word, sign) for lesson in found.lessons],
        **falling,
    }


def _only_drawn(told: Marks) -> str:
    """That other objectives need tokens that the open model does not have; "" where it has them all."""
    signs = {"[MASK]": told.specials.mask_id, "<x0>": told.specials.sentinels[0]}
    missing = [sign for sign, id in signs.items() if id in told.names]
    if not missing:
        return ""
    if len(missing) > 1:
        return say("{signs} are no tokens of this model: only drawn here.", signs=say(" and ").join(missing))
    return say("{sign} is no token of this model: only drawn here.", sign=missing[0])


def naming(lm: LanguageModel, told: Marks) -> Callable[[int], str]:
    """How a sign that stands for something else reads: [MASK], and a sentinel short, as a number in brackets."""
    short = {id: f"<x{k}>" for k, id in enumerate(told.specials.sentinels)}
    mask = told.specials.mask_id

    def sign(id: int) -> str:
        return short.get(id, "[MASK]" if id == mask else lm.tokenizer.display(id))

    return sign


def lane(
    found: Made, lesson: Lesson, word: Callable[[int], str], sign: Callable[[int], str]
) -> dict[str, Any]:
    """One objective: what is read, what is asked and what scores, each with its row of the picture.

    Args:
        word, sign: how a token of the text reads, and what stands in the place of one.
    """
    own = lesson.shape == found.shape
    losses = found.losses if own else np.full(len(lesson.targets), np.nan)
    return {
        "objective": lesson.objective,
        "title": say(TITLES[lesson.objective]),
        "shape": lesson.shape,
        "own": own,
        "columns": tuple(say(name) for name in COLUMNS[lesson.objective]),
        "hidden": lesson.hidden,
        "reads": _reads(found, lesson, word, sign),
        "answers": [
            {"id": id if scores else None, "text": (sign if mark else word)(id) if scores else "", "row": row}
            | {"mark": mark, "score": scores, "loss": float(nats) if scores and own else None}
            for id, row, mark, scores, nats in zip(
                lesson.targets, lesson.answers, lesson.marks, lesson.scores, losses
            )
        ],
        "decoder": [
            {"id": id, "text": (sign if mark else word)(id), "row": row, "mark": mark}
            for id, row, mark in zip(lesson.decoder_inputs, lesson.answers, (True, *lesson.marks[:-1]))
        ],
        "maps": [
            {
                "name": name,
                "title": say_of("small map", MAP_TITLES[name]),
                "rows": seen.shape[0],
                "cols": seen.shape[1],
            }
            | {"packed": pack(seen.astype(np.uint8))}
            for name, seen in lesson.sees.items()
        ],
        "mean": found.mean if own and math.isfinite(found.mean) else None,
    }


def _reads(
    found: Made, lesson: Lesson, word: Callable[[int], str], sign: Callable[[int], str]
) -> list[dict[str, Any]]:
    # A decoder's token stands in the row of the token that it is asked for: what it reads there is the one before.
    shift = 1 if lesson.objective == "next_token" else 0
    kinds = [_kind(found, lesson, row, id) for id, row in zip(lesson.inputs, lesson.reads)]
    return [
        {"id": id, "text": (sign if kind in ("mask", "sentinel") else word)(id), "row": row + shift}
        | {"at": row, "kind": kind}
        for id, row, kind in zip(lesson.inputs, lesson.reads, kinds)
    ]


def _kind(found: Made, lesson: Lesson, row: int, id: int) -> str:
    """What has become of the token at a position that is read."""
    if not 0 <= row < len(found.sentence):
        return "special"
    if row not in lesson.hidden:
        return "plain"
    if lesson.objective == "span_corruption":
        return "sentinel"
    if id == found.marks.specials.mask_id:
        return "mask"
    return "kept" if id == found.sentence[row] else "random"
