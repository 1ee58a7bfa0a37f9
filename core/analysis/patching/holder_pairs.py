"""A pair of Toyland texts that a model answers correctly, as the starting point of activation patching."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from core.data.toyland.holders import Holders, holders

if TYPE_CHECKING:
    from core.language_model import LanguageModel

TRIES = 24  # draws, of which the first that the model answers correctly is used


def said(lm: LanguageModel, text: str) -> str:
    """Return the likeliest next token as text, or the first one of an encoder-decoder's answer."""
    with torch.no_grad():
        logits = lm.transformer(*lm.batch(text))[0, -1]
    return lm.tokenizer.display(int(logits.argmax())).strip()


def draw_pair(lm: LanguageModel, seed: int, longest: int = 40) -> tuple[Holders, int] | None:
    """Draw the first pair from `seed` on that the model answers correctly in both texts; return its seed, too.

    None: it gets none of `TRIES` right, or it is an encoder, which continues no text. Both texts have as many tokens,
    at most `longest`.
    """
    shape = lm.config.shape
    if shape == "encoder":
        return None
    for at in range(seed, seed + TRIES):
        pair = holders(shape, at)
        sizes = {len(lm.tokenizer.encode(text)) for text in (pair.clean, pair.corrupted)}
        if len(sizes) > 1 or max(sizes) > min(longest, lm.config.n_ctx):
            continue
        one, other = said(lm, pair.clean), said(lm, pair.corrupted)
        if one and other and one != other and pair.answer.startswith(one) and pair.other.startswith(other):
            return pair, at
    return None
