"""Decoding of generated ids to the text that they add to the prompt."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from core.language_model import LanguageModel


def written(lm: LanguageModel, prompt_ids: Sequence[int], ids: Sequence[int]) -> str:
    """Decode the new tokens, special tokens left out: the text they add to the prompt's, with its leading space.

    An encoder-decoder generates a separate text, and an encoder fills blanks: their ids are decoded alone.
    """
    alone = lm.tokenizer.decode(list(ids), skip_special_tokens=True)
    if lm.config.shape != "decoder":
        return alone
    before = lm.tokenizer.decode(list(prompt_ids), skip_special_tokens=True)
    together = lm.tokenizer.decode([*prompt_ids, *ids], skip_special_tokens=True)
    return together[len(before) :] if together.startswith(before) else alone
