"""Ask about another dropout rate than the picture's: the prediction under many masks."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from app import markup, questions
from app.questions import Answer
from core.language_model import LanguageModel
from core.messages import say_of
from core.training.dropout import under_masks
from pages.regularization.figure import Clean

DRAWS = 48  # masks under which the model is asked


@dataclass(frozen=True)
class Question:
    """What is asked: the likeliest token's mean probability under masks of this rate."""

    asked: questions.Asked
    rate: float
    token: int

    def judge(
        self, lm: LanguageModel, text: str, target: str | None, hook: str, seed: int, clean: Clean
    ) -> Answer:
        """The right option, with the clean probability, the mean under the masks and their spread."""
        said = under_masks(lm, text, hook, self.rate, tuple(range(seed, seed + DRAWS)), target)
        under = said[:, clean.row, self.token].astype(np.float64)
        plain, mean, spread = float(clean.probabilities[self.token]), float(under.mean()), float(under.std())
        key = "same" if abs(mean - plain) <= 0.1 * plain else "higher" if mean > plain else "lower"
        return self.asked.answer(
            key, {"plain": plain, "mean": mean, "spread": spread, "token": self.token},
            {"drop": self.rate, "evaluate": False, "stage": -1},
            plain=plain, mean=mean, spread=spread, masks=DRAWS,
        )  # fmt: skip


def ask(lm: LanguageModel, clean: Clean, rate: float, what: str) -> Question:
    """About a rate of a half, or of 0.8 where the picture shows about a half."""
    asked = 0.5 if abs(rate - 0.5) > 0.05 else 0.8
    token = int(clean.probabilities.argmax())
    word = markup.mono(markup.visible(lm.tokenizer.display(token)))
    share = say_of("of the numbers", "half") if asked == 0.5 else say_of("of the numbers", "most")
    return Question(
        questions.ask("regularization", "dropped", share=share, what=what, token=word), asked, token
    )
