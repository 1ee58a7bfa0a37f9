"""The Classroom's question: as unsure as an even choice among how many tokens is the model at this place?"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from app import markup, questions
from app.controls.predict import Answer, draw
from core.analysis.tasks.token_vote import TokenVote
from core.language_model import LanguageModel
from core.training.losses import ScoredText

FEW, MANY = 3.0, 10.0  # tokens


@dataclass(frozen=True)
class Question:
    """What is asked of a place; `vote` is None where nothing scores."""

    asked: questions.Asked
    vote: TokenVote | None

    def judge(self) -> Answer:
        """Compute e to the entropy of the model's distribution, and what a class of one mind would cost."""
        if self.vote is None:
            return self.asked.answer("few", {})
        entropy = self.vote.entropy
        even = math.exp(min(entropy, 700.0))
        key = "few" if even < FEW else "some" if even <= MANY else "many"
        return self.asked.answer(key, {"entropy": entropy, "even": even}, entropy=entropy, even=f"{even:.2f}")


def ask(lm: LanguageModel, told: ScoredText, vote: TokenVote | None) -> Question:
    """Ask how unsure the model is at the place of a vote."""
    if vote is None:
        return Question(questions.ask("classroom", "no-token"), None)
    came = markup.mono(markup.visible(lm.tokenizer.display(int(vote.ids[vote.came]))))
    return Question(questions.ask("classroom", "unsure", token=came), vote)


def another(told: ScoredText, vote: TokenVote | None, seed: int) -> Mapping[str, int]:
    """Draw another place to ask about."""
    return {"follow": draw(seed, told.places, vote.place)} if vote is not None else {}
