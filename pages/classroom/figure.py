"""The Classroom picture: a place of the text, what a class may choose there, and the model's probabilities (figure.js).

The votes come to the browser by themselves, through the teacher's bar (app/rooms/bar.js).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from app.kit import register
from app.rooms import token_question
from core.analysis.tasks.token_vote import TokenVote, vote_cross_entropy
from core.language_model import LanguageModel
from core.messages import say
from core.training.losses import ScoredText

draw = register("classroom", __file__)


def record(lm: LanguageModel, told: ScoredText, vote: TokenVote | None) -> dict[str, Any]:
    """Turn a vote into what figure.js draws; None: nothing of the text scores."""
    word = lm.tokenizer.display
    found: dict[str, Any] = {
        "kind": told.kind,
        "tokens": [word(id) for id in told.ids],
        "places": list(told.places),
        "options": [],
    }
    if vote is None:
        return found
    question = token_question.words(lm, told.kind, told.ids, vote)
    return found | {
        "place": vote.place,
        "came": vote.came,
        "question": question.text,
        "asked": list(question.options),
        "options": [
            *_options(vote, word),
            {"id": -1, "text": say(question.options[-1]), "p": vote.elsewhere},
        ],
        "entropy": vote.entropy,
        "surprise": vote.surprise,
        "evenly": vote_cross_entropy([1] * len(question.options), vote.came),
    }


def _options(vote: TokenVote, word: Callable[[int], str]) -> list[dict[str, Any]]:
    return [{"id": id, "text": word(id), "p": p} for id, p in zip(vote.ids, vote.probabilities)]
