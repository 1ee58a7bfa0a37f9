"""A reference besides the learner's text: held-out Toyland stories, the same for every model and every change.

A text of ten tokens may be likelier by chance when a model is damaged; some hundred tokens hardly are.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from core.data import corpora
from core.training.text_loss import TextLoss, text_loss

if TYPE_CHECKING:
    from core.language_model import LanguageModel

STORIES = 4
LONGEST = 128  # tokens of each


def story_losses(lm: LanguageModel, count: int = STORIES, longest: int = LONGEST) -> list[TextLoss]:
    """Prepare the loss of `count` held-out stories, truncated at a space to fit the model's context.

    Computed once with the original model; the targets fit every model of the same shape and vocabulary.

    Raises:
        ValueError: no story, or a story of no token.
    """
    if count < 1:
        raise ValueError(f"count={count} must be at least 1")
    told = corpora.corpus("tales", split="held_out")
    return [text_loss(lm, cut(lm, next(told), min(longest, lm.config.n_ctx))) for _ in range(count)]


def mean_loss(lm: LanguageModel, asked: list[TextLoss]) -> float:
    """Compute the loss per target token, over all of these texts together, in nats."""
    with torch.no_grad():
        losses = [(float(one(lm.transformer)), one.asked) for one in asked]
    return sum(loss * n for loss, n in losses) / sum(n for _, n in losses)


def cut(lm: LanguageModel, story: str, longest: int) -> str:
    """Truncate `story` at a word boundary to at most `longest` tokens."""
    ends = [at for at, sign in enumerate(story) if sign.isspace()] + [len(story)]
    low, high = 0, len(ends) - 1
    while low < high:  # the number of tokens grows with the number of words
        middle = (low + high + 1) // 2
        if len(lm.tokenizer.encode(story[: ends[middle]])) <= longest:
            low = middle
        else:
            high = middle - 1
    return story[: ends[low]]
