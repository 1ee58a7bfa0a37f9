"""The Loss page's question: smoothed labels, which the picture does not show, and whose loss they move most."""

from __future__ import annotations

from dataclasses import dataclass

from app import markup
from app.controls.predict import Answer
from core.language_model import LanguageModel
from core.training.losses import ScoredText


@dataclass(frozen=True)
class Question:
    """What is asked, the label smoothing in it, and the two scored positions that are compared."""

    text: str
    options: tuple[str, ...]
    smoothing: float
    least: int
    most: int

    def judge(self, lm: LanguageModel, told: ScoredText) -> Answer:
        """The token whose loss rises more under smoothing, with both rises."""
        plain, smoothed = told.losses(), told.losses(self.smoothing)
        rises = [float(smoothed[at] - plain[at]) for at in (self.least, self.most)]
        index = 2 if abs(rises[0] - rises[1]) < 1e-6 else 0 if rises[0] > rises[1] else 1
        said = "; ".join(
            f"{markup.mono(markup.visible(lm.tokenizer.display(int(told.targets[at]))))} goes from "
            f"{float(plain[at]):.3f} to {float(smoothed[at]):.3f} nats, by {rise:.3f}"
            for at, rise in zip((self.least, self.most), rises)
        )
        why = (
            "Smoothed labels want a little for every token, so what costs most is being sure."
            if index == 0
            else "Here the other tokens of the vocabulary had more left to lose where the surprise was largest."
            if index == 1
            else "It is the same token, or both were given the same."
        )
        return Answer(index, f"{said}. {why}", {"least": rises[0], "most": rises[1]})


def ask(lm: LanguageModel, told: ScoredText, smoothing: float) -> Question:
    """Compare the least and the most surprising token; with the smoothing that the picture shows not.

    Args:
        smoothing: the dial of the picture.
    """
    asked = 0.2 if abs(smoothing - 0.1) < 0.005 else 0.1
    text = f"Label smoothing {asked:g} instead of none: whose loss rises more?"
    if not len(told):
        return Question(
            text, ("The least surprising token", "The most surprising token", "Both alike"), asked, 0, 0
        )
    surprise = told.surprise
    least, most = int(surprise.argmin()), int(surprise.argmax())
    names = [lm.tokenizer.display(int(told.targets[at])) for at in (least, most)]
    options = (
        f"Least surprising: {markup.visible(names[0])}",
        f"Most surprising: {markup.visible(names[1])}",
        "Both alike",
    )
    return Question(text, options, asked, least, most)
