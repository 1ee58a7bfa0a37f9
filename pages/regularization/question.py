"""Ask about another dropout rate than the picture's: the prediction under many masks."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from app import markup
from app.controls.predict import Answer
from core.language_model import LanguageModel
from core.training.dropout import under_masks
from pages.regularization.figure import Clean

OPTIONS = ("Higher", "Lower", "The same, within a tenth")
DRAWS = 48  # masks under which the model is asked


@dataclass(frozen=True)
class Question:
    """What is asked: the likeliest token's mean probability under masks of this rate."""

    text: str
    rate: float
    token: int

    def judge(
        self, lm: LanguageModel, text: str, target: str | None, hook: str, seed: int, clean: Clean
    ) -> Answer:
        """The right option, with the clean probability, the mean under the masks and their spread."""
        said = under_masks(lm, text, hook, self.rate, tuple(range(seed, seed + DRAWS)), target)
        under = said[:, clean.row, self.token].astype(np.float64)
        plain, mean, spread = float(clean.probabilities[self.token]), float(under.mean()), float(under.std())
        index = 2 if abs(mean - plain) <= 0.1 * plain else 0 if mean > plain else 1
        why = (
            f"With nothing dropped the model gives it {plain:.3f}. Each of the {DRAWS} masks drops other numbers, and "
            f"with each the model gives another probability: {mean:.3f} on average, mostly within "
            f"{spread:.3f} of that (the standard deviation). "
            "What a mask keeps is scaled up, so that each number stays the same on average; the probability, which "
            "the model computes from all of them, need not."
        )
        return Answer(index, why, {"plain": plain, "mean": mean, "spread": spread, "token": self.token})


def ask(lm: LanguageModel, clean: Clean, rate: float, what: str) -> Question:
    """About a rate of a half, or of 0.8 where the picture shows about a half."""
    asked = 0.5 if abs(rate - 0.5) > 0.05 else 0.8
    token = int(clean.probabilities.argmax())
    word = markup.mono(markup.visible(lm.tokenizer.display(token)))
    return Question(
        f"Drop {asked:g} of {what} under {DRAWS} masks: the mean probability of {word} is …", asked, token
    )
