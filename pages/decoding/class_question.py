"""The next tokens after a node of the tree as a question to the class."""

from __future__ import annotations

from collections.abc import Sequence

from app.rooms.token_question import TokenQuestion
from core.analysis.tasks.token_vote import token_choices
from core.decoding.prefixes import ROOT, Prefixes
from core.language_model import LanguageModel
from pages.decoding.request import Asked


def question(lm: LanguageModel, asked: Asked, way: Sequence[int]) -> TokenQuestion | None:
    """Ask for the token after a node's text, or in an encoder's next blank.

    Args:
        way: the tokens from the prompt to the node.

    Returns:
        None where nothing follows: the context, or the last blank, is full.
    """
    prefixes = Prefixes(lm, asked.ids, target=asked.target, slots=asked.slots)
    at = ROOT
    if len(way) >= prefixes.room:
        return None
    for token in way:
        at = prefixes.child(at, token)
    logits = prefixes.logits([at])[0]
    ids = prefixes.ids([at])[0].tolist()
    kind = {"decoder": "next", "encoder": "masked", "encoder-decoder": "target"}[lm.config.shape]
    place = prefixes.slots[len(way)] if prefixes.slots else len(ids)
    return TokenQuestion(lm, kind, ids, token_choices(lm, logits, place), logits)
