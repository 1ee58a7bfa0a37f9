"""The next-token list of Home's followed row as a question to the class."""

from __future__ import annotations

import torch

from app.rooms.token_question import TokenQuestion
from core.analysis.stream.overview import Overview
from core.analysis.tasks.token_vote import token_choices, token_vote_on
from core.language_model import LanguageModel


def question(lm: LanguageModel, seen: Overview, row: int) -> TokenQuestion | None:
    """Ask for the token after the row, which the text may know; of an encoder for the one that its mask hides.

    Args:
        row: the followed one.

    Returns:
        None where the row predicts nothing: an encoder's without a mask, and of a model that says no tokens.
    """
    if seen.logits is None:
        return None
    ids, logits = seen.ids.tolist(), torch.from_numpy(seen.logits[row])
    if lm.config.shape == "encoder":
        if ids[row] != lm.config.mask_id:
            return None
        return TokenQuestion(lm, "masked", ids, token_choices(lm, logits, row), logits)
    kind = "next" if lm.config.shape == "decoder" else "target"
    if row + 1 < len(ids):
        vote = token_vote_on(lm, logits, row + 1, ids[row + 1])
        return TokenQuestion(lm, kind, ids, vote, logits)
    return TokenQuestion(lm, kind, ids, token_choices(lm, logits, row + 1), logits)
