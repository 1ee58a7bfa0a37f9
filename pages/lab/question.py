"""Ask how far training moves the loss on the learner's own text. The model answers at commit.

Of a run that is still training the answer waits for its end.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from app import runs
from app.controls.predict import Answer, NotYet
from core.language_model import LanguageModel
from core.training.one_step import one_step
from pages.lab.curves import Curve
from pages.lab.strip import Moment

RATE = 0.1  # of the one step
WIDE = (0.0, 1.0, 2.0)  # nats: where one answer ends and the next begins, of a whole run
NEAR = (0.0, 0.1, 1.0)  # of a part of one, or of one step


@dataclass(frozen=True)
class Question:
    """What is asked.

    Attributes:
        limits: between the options, in nats.
        steps: two moments of the training; None: one more step is taken instead.
        waits: for what the answer waits; "": for nothing.
        about: what it hangs on besides its words.
    """

    text: str
    limits: tuple[float, ...]
    steps: tuple[int, int] | None = None
    waits: str = ""
    about: str = ""

    @property
    def options(self) -> tuple[str, ...]:
        """From a rise to a deep fall."""
        _, less, more = self.limits
        return (
            "It rises",
            f"Falls less than {less:g}",
            f"Falls {less:g} to {more:g}",
            f"Falls more than {more:g}",
        )


def coming(first: Curve | None, text: str, target: str | None) -> Question | None:
    """About the run that the page shows and that has no moment yet; None: there is none.

    The words, and what the question hangs on, are those of `ask` once it has moments: what was said stays said.
    """
    if first is None or first.run is None or first.model or first.run.over:
        return None
    return _of_run(first, 0, 0, first.unit, f"{runs.RUN}{first.id} {text} {target}")


def _of_run(run: Curve, early: int, last: int, unit: str, about: str) -> Question:
    waits = "" if run.run is None or run.run.over else f"The answer comes when {run.name} has ended."
    text = (
        f"From step {early:,} to its end: how far does {run.name}’s loss on your text move, nats per {unit}?"
    )
    return Question(text, NEAR if early else WIDE, (early, last), waits, f"{about} {early}")


def ask(own: Curve | None, now: int | None, unit: str, about: str) -> Question:
    """About two moments of the open model's training if it keeps two, else about one more step.

    Args:
        own: the open model's curve.
        now: the shown moment; None: the finished model.
        about: the open model's name and the text.
    """
    if own is None or (len(own.steps) < 2 and own.run is None):
        text = "If it took one step of gradient descent on your text: how would its loss on it move?"
        return Question(text, NEAR, about=about)
    steps, last = own.steps, own.steps[-1]
    rewound = now is not None and now < last
    if own.run is not None:  # the same words while it trains and afterwards: what was said stays said
        early = now if rewound and now is not None else steps[0]
        return _of_run(own, early, last, unit, about)
    early = now if rewound and now is not None else steps[(len(steps) - 1) // 2]
    text = f"From step {early:,} to {last:,} of {own.name}: how far does the loss on your text move, nats per {unit}?"
    return Question(text, NEAR, (early, last), about=f"{about} {early}")


def judge(
    question: Question, seen: Callable[[int], Moment], lm: LanguageModel, text: str, target: str | None
) -> Answer:
    """The answer. Raises NotYet while the run trains.

    Args:
        seen: the moment of a step.
    """
    if question.waits:
        raise NotYet(question.waits)
    return measure(question, seen, lm, text, target)


def measure(
    question: Question, seen: Callable[[int], Moment], lm: LanguageModel, text: str, target: str | None
) -> Answer:
    """The loss before and after, as far as the training has come."""
    if question.steps:
        before, after = (seen(step).loss for step in question.steps)
        how = f"At step {question.steps[0]:,} the loss on your text was {before:.3f}, at {question.steps[1]:,} it is"
    else:
        before, after = one_step(lm, text, target, rate=RATE)
        how = f"A step of {RATE:g} times the gradient takes the loss on your text from {before:.3f} to"
    fall = before - after
    index = sum(fall > limit for limit in question.limits)
    moved = f"{fall:.3f} less" if fall >= 0 else f"{-fall:.3f} more"
    return Answer(index, f"{how} {after:.3f}: {moved}.", {"before": before, "after": after})
