"""Ask which of the other parts the learner's text would miss most."""

from __future__ import annotations

import math
from dataclasses import dataclass

from app.controls.predict import Answer
from core.analysis.health.component_ablation import losses_without, missing
from core.config import WITHOUT, Part
from core.language_model import LanguageModel
from pages.break_it.figure import NAMES, WITHOUT_WORDS


@dataclass(frozen=True)
class Question:
    """What is asked, and the parts that the learner chooses among."""

    text: str
    parts: tuple[Part, ...]

    @property
    def options(self) -> list[str]:
        """The parts' names; where only one is left, what its absence does."""
        if len(self.parts) > 1:
            return [NAMES[part] for part in self.parts]
        return ["It rises", "It falls"]

    def judge(self, lm: LanguageModel, text: str, target: str | None, whole: float) -> Answer:
        """The right option, with the loss without each part; one that is no number counts as the highest."""
        found = losses_without(lm, text, target)
        losses = {part: found.get(part, whole) for part in self.parts}
        numbers: dict[str, float | int | str] = {"whole": whole}
        numbers |= {part: loss for part, loss in losses.items() if math.isfinite(loss)}
        listed = "; ".join(
            f"without {WITHOUT_WORDS[part]} "
            + (f"{loss:.3f}" if math.isfinite(loss) else "its numbers overflow")
            for part, loss in losses.items()
        )
        worst = max(losses, key=lambda part: losses[part] if math.isfinite(losses[part]) else math.inf)
        index = self.parts.index(worst) if len(self.parts) > 1 else 0 if not losses[worst] < whole else 1
        return Answer(index, f"The whole model’s loss is {whole:.3f}; {listed}.", numbers)


def ask(lm: LanguageModel, part: str) -> Question:
    """About all parts that the model has but the one that the picture shows."""
    has = [one for one in WITHOUT if not missing(lm.config, one)]
    others = tuple(one for one in has if one != part) or tuple(has) or (next(iter(WITHOUT)),)
    if len(others) > 1:
        return Question("Taken out alone, which of these raises this text’s loss most?", others)
    return Question(f"Take {WITHOUT_WORDS[others[0]]} out instead: this text’s loss …", others)
