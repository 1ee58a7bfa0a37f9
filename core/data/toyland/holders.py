"""Who has it? Short texts in which something changes hands between two people, and their twins with the two exchanged.

Both texts have the same words in the same places but for two names, so that in the twin the other one is the answer.
They are worded as Toyland tells, asks and leaves blanks, yet are no stories: a plot would only be in the way.
"""

from __future__ import annotations

from dataclasses import dataclass
from random import Random
from typing import Literal

from core.data.toyland import words

Shape = Literal["decoder", "encoder-decoder"]


@dataclass(frozen=True)
class Form:
    """A way to tell it, for models of one shape.

    text: with {a} and {b}, two people, {c} a colour, {x} a thing. answer: who has it in the end, "a" or "b".
    """

    shape: Shape
    text: str
    answer: Literal["a", "b"]


ASKED = "question: Who has the {x} at the end? context: "
FORMS = (
    Form("decoder", '"Here is your {x}, {b}," said {a}, and gave the {x} back to', "b"),
    Form("decoder", "{a} had a {c} {x}. {b} asked for it, and {a} gave the {x} to", "b"),
    Form("decoder", '"May I borrow your {x}, {b}?" asked {a}. {b} lent the {x} to', "a"),
    Form("encoder-decoder", ASKED + "{a} had a {c} {x}. {a} gave the {x} to {b}.", "b"),
    Form("encoder-decoder", ASKED + "{a} lent {b} a {c} {x}. {b} gave the {x} back to {a}.", "a"),
)


@dataclass(frozen=True)
class Holders:
    """A text, its twin, and the true answers of both: names."""

    clean: str
    corrupted: str
    answer: str
    other: str


def holders(shape: Shape, seed: int) -> Holders:
    """The pair that a seed draws, for models of that shape."""
    rng = Random(f"holders {seed}")
    form = rng.choice([form for form in FORMS if form.shape == shape])
    a, b = rng.sample((*words.SHE_NAMES, *words.HE_NAMES), 2)
    thing = rng.choice([row[0] for row in words.THINGS["toy"]])
    colour = rng.choice(words.COLOURS)
    told = form.text.format(a=a, b=b, c=colour, x=thing)
    twin = form.text.format(a=b, b=a, c=colour, x=thing)
    answer, other = (a, b) if form.answer == "a" else (b, a)
    return Holders(told, twin, answer, other)
