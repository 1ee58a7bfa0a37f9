"""The Classroom picture: a place of the text, what a class may choose there, and the model's probabilities (figure.js).

The votes come to the browser by themselves, through the teacher's bar (app/rooms/bar.js).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from app import markup
from app.kit import register
from core.analysis.tasks.token_vote import TokenVote, vote_cross_entropy
from core.language_model import LanguageModel
from core.training.losses import ScoredText

draw = register("classroom", __file__)

HIDDEN = "▁"  # what stands for the token that is asked for
# How the class is asked, by what stands before it; a text is shown between backticks.
ASKS = {
    "next": "What comes next? {text}",
    "masked": "What is hidden? {text}",
    "read back": "What is hidden? {text}",
    "target": "What comes next in the answer? {text}",
    "copy": "What comes next? {text}",
}
LONGEST = 400  # characters of the text in a question: what stands before that is cut


@dataclass(frozen=True)
class Asked:
    """A question to the class: its words, and its options as they are shown."""

    text: str
    options: tuple[str, ...]


def asked(lm: LanguageModel, told: ScoredText, vote: TokenVote) -> Asked:
    """Word the question of a vote: the text up to the place, or around it where the model sees both sides."""
    word = lm.tokenizer.display
    ids = [id for id in told.ids[: vote.place] if id not in lm.special_ids]
    shown = "".join(word(id) for id in ids).strip()
    shown = f"…{shown[-LONGEST:]}" if len(shown) > LONGEST else shown
    line = f"{shown} {HIDDEN}" if shown else HIDDEN
    if told.kind in ("masked", "read back"):
        after = "".join(word(id) for id in told.ids[vote.place + 1 :] if id not in lm.special_ids)
        line += after[:LONGEST]
    words = ASKS[told.kind].format(text=markup.mono(markup.visible(line)))
    return Asked(words, tuple(markup.mono(_named(word(id))) for id in vote.ids))


def _named(text: str) -> str:
    """Write a token as a word, without the space before it; one that is all space as its symbols."""
    return text.strip() or markup.visible(text) or "∅"


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
    question = asked(lm, told, vote)
    return found | {
        "place": vote.place,
        "came": vote.came,
        "question": question.text,
        "asked": list(question.options),
        "options": _options(vote, word),
        "elsewhere": vote.elsewhere,
        "entropy": vote.entropy,
        "surprise": vote.surprise,
        "evenly": vote_cross_entropy([1] * len(vote.ids), vote.came),
    }


def _options(vote: TokenVote, word: Callable[[int], str]) -> list[dict[str, Any]]:
    return [{"id": id, "text": word(id), "p": p} for id, p in zip(vote.ids, vote.probabilities)]
