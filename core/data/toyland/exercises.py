"""Exercises with exact answers: sums to carry, lists to copy, brackets to close.

What is held out is held out by combination: two last digits never added in training, a bracket never opened
directly inside another, a colour never seen with a thing.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from random import Random
from typing import Literal

from core.data.toyland.dials import HELD_OUT_PAIRS
from core.data.toyland.words import COLOURS, HE_NAMES, SHE_NAMES, THINGS

Split = Literal["train", "held_out"]

HELD_OUT_DIGITS = frozenset({(1, 8), (2, 6), (3, 9), (4, 4), (5, 7), (0, 3), (6, 9), (7, 8)})  # smaller first
PAIRS = {"(": ")", "[": "]", "{": "}", "<": ">"}
HELD_OUT_NESTING = frozenset({("(", "{"), ("[", "<"), ("{", "["), ("<", "(")})  # (outside, directly inside)
_NAMES = (*SHE_NAMES, *HE_NAMES)
_THINGS = tuple(word for kinds in THINGS.values() for word, _, _ in kinds)


@dataclass(frozen=True)
class Exercise:
    """A text to go on from and the one right way to go on; `prompt + answer` is the whole text."""

    prompt: str
    answer: str


def sums(seed: int = 0, split: Split = "train", digits: int = 2) -> Iterator[Exercise]:
    """Endless sums of two numbers of up to `digits` digits: "27+58=" and "85", the same for the same seed.

    Sums whose last digits are a pair of HELD_OUT_DIGITS, in either order, are "held_out"; all others "train".
    Raises ValueError, at the call, if `digits` is less than 1 or the split is unknown.
    """
    if digits < 1:
        raise ValueError(f"a number has at least one digit, not {digits}")
    return _sums(Random(f"sums/{seed}"), _check(split), digits)


def _sums(rng: Random, held_out: bool, digits: int) -> Iterator[Exercise]:
    while True:
        one, other = (rng.randrange(10 ** rng.randint(1, digits)) for _ in range(2))
        if (tuple(sorted((one % 10, other % 10))) in HELD_OUT_DIGITS) == held_out:
            yield Exercise(f"{one}+{other}=", str(one + other))


def brackets(seed: int = 0, split: Split = "train", longest: int = 24) -> Iterator[Exercise]:
    """Endless rows of brackets to close: "([]{" and "})", the same for the same seed.

    The prompt has up to `longest` brackets and leaves at least one open. Rows in which a pair of
    HELD_OUT_NESTING occurs are "held_out"; all others "train".
    Raises ValueError, at the call, if `longest` is less than 2 or the split is unknown.
    """
    if longest < 2:
        raise ValueError(f"a row needs room for two brackets, one inside the other, not {longest}")
    return _brackets(Random(f"brackets/{seed}"), _check(split), longest)


def _brackets(rng: Random, held_out: bool, longest: int) -> Iterator[Exercise]:
    while True:
        row, still_open, nested = "", "", False
        for _ in range(rng.randint(2, longest)):
            if still_open and rng.random() < 0.45:
                row += PAIRS[still_open[-1]]
                still_open = still_open[:-1]
            else:
                new = rng.choice(tuple(PAIRS))
                nested = nested or (still_open[-1:], new) in HELD_OUT_NESTING
                row += new
                still_open += new
        if still_open and nested == held_out:
            yield Exercise(row, "".join(PAIRS[one] for one in reversed(still_open)))


def copies(seed: int = 0, split: str = "train") -> Iterator[str]:
    """Endless lists of names and things, each said two to four times on one line: "Nora, the kite. Nora, the kite."

    Nothing foretells a list, and everything foretells its second saying: what a model gains there it gains by looking
    back and copying. Stories need the same skill for their names, but give it less practice.

    The same for the same seed. Colours of things that stories hold out are in the "held_out" lists, in each at least
    one, and in no other.
    """
    draw = Random(seed)
    while True:
        things = [(draw.choice(COLOURS), draw.choice(_THINGS)) for _ in range(draw.randint(2, 5))]
        names = [draw.choice(_NAMES) for _ in range(draw.randint(2, 7))]
        repeats = draw.randint(2, 4)
        if any(pair in HELD_OUT_PAIRS for pair in things) is not (split == "held_out"):
            continue
        items = [*names, *(f"the {colour} {thing}" for colour, thing in things)]
        draw.shuffle(items)
        line = ", ".join(items)
        yield " ".join([f"{line[0].upper()}{line[1:]}."] * repeats)


def lists(seed: int = 0, split: Split = "train") -> Iterator[Exercise]:
    """The endless lists of `copies`, cut inside their second saying: what is left is foretold.

    The cut is after the second saying's first item, so that the prompt shows what is to be copied.
    Raises ValueError, at the call, if the split is unknown.
    """
    _check(split)
    return _lists(seed, split)


def _lists(seed: int, split: Split) -> Iterator[Exercise]:
    for text in copies(seed, split):
        first = text[: text.index(".") + 1]
        cut = len(first) + 1 + first.index(",") + 1
        yield Exercise(text[:cut], text[cut:])


def _check(split: str) -> bool:
    """Whether the split is the held-out one."""
    if split not in {"train", "held_out"}:
        raise ValueError(f"no split is called {split!r}: choose one of train, held_out")
    return split == "held_out"
