"""The Objectives page's question: more of the sentence hidden; which example still asks for as many tokens?"""

from __future__ import annotations

from app import questions
from app.questions import Answer
from core.language_model import LanguageModel
from pages.objectives.figure import Made, made

NAMES = ("next", "masked", "spans")  # in the order of the examples
OBJECTIVES = {"next_token": "next", "masked": "masked", "span_corruption": "spans"}


def more(rate: float) -> float:
    """Return the share that the question hides: much more than the picture's."""
    return 0.6 if rate < 0.45 else 0.9


def ask() -> questions.Asked:
    """Ask it."""
    return questions.ask("objectives", "more-hidden")


def asked_for(found: Made) -> dict[str, int]:
    """Count the tokens of the sentence that each example asks for; sentinels and ends are none."""
    return {
        OBJECTIVES[one.objective]: sum(scores and not mark for scores, mark in zip(one.scores, one.marks))
        for one in found.lessons
    }


def judge(lm: LanguageModel, found: Made, rate: float, length: float, seed: int) -> Answer:
    """Count both ways, with the same seed."""
    hidden = more(rate)
    other = made(lm, (*found.before, *found.sentence, *found.after), hidden, length, seed)
    now, then = asked_for(found), asked_for(other)
    kept = [name for name in NAMES if now[name] == then[name]]
    key = "all" if len(kept) == len(NAMES) else kept[0]
    numbers = {
        f"{name}_{when}": each[name] for when, each in (("now", now), ("then", then)) for name in NAMES
    }
    return ask().answer(
        key, {**numbers}, {"mask_rate": hidden}, share=f"{hidden:.0%}".replace("%", " %"), **numbers
    )
