"""The Objectives page's question: the same tokens the other way round, in the open model's own lesson."""

from __future__ import annotations

import math

from app.controls.predict import Answer
from core.language_model import LanguageModel
from pages.objectives.figure import Made, made

QUESTION = "The same tokens in reverse order: the mean loss …"
OPTIONS = ("Falls or stays", "Rises", "Rises past blind guessing")


def backwards(found: Made) -> tuple[int, ...]:
    """The text with its own tokens reversed; the special tokens around it stay."""
    return (*found.before, *reversed(found.sentence), *found.after)


def judge(lm: LanguageModel, found: Made, rate: float, length: float, seed: int) -> Answer:
    """The mean loss of both orders."""
    other = made(lm, backwards(found), rate, length, seed)
    before, after = found.mean, other.mean
    guess = math.log(lm.config.d_vocab)
    index = 0 if after <= before else 1 if after < guess else 2
    why = (
        "the tokens have become easier to guess: here order brings this model nothing"
        if index == 0
        else "what it knows of one token from the others hangs on their order"
        if index == 1
        else "it is sure of what would come in the right order, and being sure of a wrong token costs more"
    )
    said = f"It goes from {before:.3f} to {after:.3f} nats; guessing blindly costs {guess:.2f}: {why}."
    return Answer(index, said, {"before": before, "after": after})
