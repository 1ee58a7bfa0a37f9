"""Ask what becomes of the text's loss without another part than the one that the picture shows."""

from __future__ import annotations

import math
from dataclasses import dataclass

from app import questions
from app.controls.predict import Answer
from core.analysis.health.component_ablation import losses_without, missing
from core.config import WITHOUT, Part
from core.language_model import LanguageModel
from core.messages import say

# Each part, and after it the one that is asked about while the picture shows it. On the page's texts the loss rises
# without one and hardly changes without the next.
ORDER: tuple[Part, ...] = ("residual", "scale", "mask", "norm", "position")
SAME = 0.05  # of the whole model's loss: less is called hardly a change


@dataclass(frozen=True)
class Question:
    """What is asked, and of which part."""

    asked: questions.Asked
    part: Part

    def judge(self, lm: LanguageModel, text: str, target: str | None, whole: float) -> Answer:
        """Find the right option, with the loss without the part; one that is no number counts as the highest."""
        loss = losses_without(lm, text, target).get(self.part, whole)
        numbers: dict[str, float | int | str] = {"whole": whole}
        if math.isfinite(loss):
            numbers[self.part] = loss
        return self.asked.answer(
            verdict(whole, loss),
            numbers,
            {"part": self.part, "stage": -1},
            whole=whole,
            without=f"{loss:.3f}" if math.isfinite(loss) else say("its numbers overflow"),
        )


def verdict(whole: float, loss: float) -> str:
    """Say whether a loss "rises", "falls" or "stays"."""
    if math.isfinite(loss) and abs(loss - whole) < SAME * whole:
        return "stays"
    return "falls" if loss < whole else "rises"


def ask(lm: LanguageModel, name: str, part: str) -> Question:
    """Ask about the part that follows the shown one, of those that the model has.

    Args:
        name: of the model.   part: what the picture shows.
    """
    at = ORDER.index(part) if part in ORDER else len(ORDER) - 1
    others = [*ORDER[at + 1 :], *ORDER[: at + 1]]
    there = [one for one in others if not missing(lm.config, one)]
    asked: Part = next(iter(there or WITHOUT))
    match asked:
        case "residual":
            said = questions.ask("break_it", "residual", model=name)
        case "norm":
            said = questions.ask("break_it", "norm", model=name)
        case "scale":
            said = questions.ask("break_it", "scale", model=name)
        case "position":
            said = questions.ask("break_it", "position", model=name)
        case "mask":
            said = questions.ask("break_it", "mask", model=name)
    return Question(said, asked)
