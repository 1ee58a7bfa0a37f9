"""Ask which half of its training taught the model more of the learner's own text. The model answers at commit.

Of a run that is still training the answer waits for its end.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from app import questions
from app.controls.predict import Answer, NotYet
from app.run_names import RUN
from core.language_model import LanguageModel
from core.messages import say
from core.training.one_step import one_step
from pages.lab.export import RATE
from pages.lab.figure import Curve
from pages.lab.strip import Moment

NEAR = 0.1  # nats: two falls that differ by less are alike
FLAT = 0.001  # nats: a loss that moves by less stays


@dataclass(frozen=True)
class Question:
    """What is asked.

    Attributes:
        steps: first and last moment of the training, or first, middle and last; None: one more step is taken instead.
        waits: for what the answer waits; "": for nothing.
        about: what it hangs on besides its words.
    """

    asked: questions.Asked
    steps: tuple[int, ...] | None = None
    waits: str = ""
    about: str = ""
    shows: Mapping[str, int] = field(default_factory=dict)


def coming(first: Curve | None, text: str, target: str | None) -> Question | None:
    """About the run that the page shows and that has no moment yet; None: there is none.

    The words, and what the question hangs on, are those of `ask` once it has moments: what was said stays said.
    """
    if first is None or first.run is None or first.model or first.run.over:
        return None
    return _of_run(first, (0, 0), f"{RUN}{first.id} {text} {target}")


def _of_run(run: Curve, steps: tuple[int, int], about: str) -> Question:
    waits = (
        ""
        if run.run is None or run.run.over
        else say("The answer comes when {name} has ended.", name=run.name)
    )
    return Question(questions.ask("lab", "to-the-end", name=run.name), steps, waits, f"{about} end")


def ask(own: Curve | None, about: str) -> Question:
    """About the halves of the open model's training; of a visitor's run about all of it; else about one more step.

    Args:
        own: the open model's curve. about: the open model's name and the text.
    """
    if own is not None and own.run is not None:  # the same words while it trains and afterwards
        return _of_run(own, (own.steps[0], own.steps[-1]) if own.steps else (0, 0), about)
    if own is None or len(own.steps) < 3:
        return Question(questions.ask("lab", "one-step"), about=about)
    first, last = own.steps[0], own.steps[-1]
    middle = min(own.steps, key=lambda step: abs(2 * step - first - last))
    asked = questions.ask("lab", "which-half", name=own.name)
    return Question(asked, (first, middle, last), about=f"{about} halves", shows={"snapshot": middle})


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
    """The losses, as far as the training has come."""
    if question.steps is None:
        losses = list(one_step(lm, text, target, rate=RATE))
    else:
        losses = [seen(step).loss for step in question.steps]
    if len(losses) == 2:
        before, after = losses
        key = "stays" if abs(after - before) < FLAT else "falls" if after < before else "rises"
        return question.asked.answer(
            key, {"before": before, "after": after}, loss_first=before, loss_last=after
        )
    falls = [losses[0] - losses[1], losses[1] - losses[2]]
    key = "alike" if abs(falls[0] - falls[1]) <= NEAR else "first" if falls[0] > falls[1] else "second"
    assert question.steps is not None
    names = ("first", "middle", "last")
    return question.asked.answer(
        key, {"before": losses[0], "middle": losses[1], "after": losses[2]}, question.shows,
        **{f"loss_{name}": loss for name, loss in zip(names, losses)},
        **{f"step_{name}": step for name, step in zip(names, question.steps)},
    )  # fmt: skip
