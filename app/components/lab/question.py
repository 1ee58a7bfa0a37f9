"""The question: how far does training move the loss on the learner's own text? The model answers at commit."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from app.components.lab.strip import Moment
from app.predict import Answer
from core.language_model import LanguageModel
from core.training.one_step import one_step

RATE = 0.1  # of the one step
LIMITS = (0.0, 0.1, 1.0)  # nats: where one answer ends and the next begins
OPTIONS = ("It rises", "Falls less than 0.1", "Falls 0.1 to 1", "Falls more than 1")


@dataclass(frozen=True)
class Question:
    """What is asked, and between which moments; `steps` is None where one more step is taken instead."""

    text: str
    options: tuple[str, ...]
    steps: tuple[int, int] | None
    unit: str


def ask(steps: tuple[int, ...], now: int | None, name: str, unit: str) -> Question:
    """About two moments of the training if there are two: from the one shown (or an early one) to the last.

    Args:
        steps: the moments of the open model, in order.
        now: the shown one; None: the finished model.
    """
    if len(steps) < 2:
        text = "If it took one step of gradient descent on your text: how would its loss on it move?"
        return Question(text, OPTIONS, None, unit)
    last = steps[-1]
    early = now if now is not None and now < last else steps[len(steps) // 2 - (len(steps) % 2 == 0)]
    text = f"From step {early:,} to {last:,} of {name}: how far does the loss on your text move, nats per {unit}?"
    return Question(text, OPTIONS, (early, last), unit)


def judge(
    question: Question, seen: Callable[[int], Moment], lm: LanguageModel, text: str, target: str | None
) -> Answer:
    """Measure it.

    Args:
        seen: the moment of a step.
    """
    if question.steps:
        before, after = (seen(step).loss for step in question.steps)
        how = f"At step {question.steps[0]:,} the loss on your text was {before:.3f}, at {question.steps[1]:,} it is"
    else:
        before, after = one_step(lm, text, target, rate=RATE)
        how = f"A step of {RATE:g} times the gradient takes the loss on your text from {before:.3f} to"
    fall = before - after
    index = sum(fall > limit for limit in LIMITS) if fall > 0 else 0
    moved = f"{fall:.3f} less" if fall >= 0 else f"{-fall:.3f} more"
    return Answer(index, f"{how} {after:.3f}: {moved}.", {"before": before, "after": after})
