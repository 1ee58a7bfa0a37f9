"""written: ids that a model wrote, as the text that they add to what it read."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from core.language_model import LanguageModel


def written(lm: LanguageModel, prompt_ids: Sequence[int], ids: Sequence[int]) -> str:
    """The new tokens as text, special tokens left out: what they add to the prompt's, with a space that begins them.

    An encoder-decoder writes a text of its own, and an encoder fills blanks: theirs is read alone.
    """
    alone = lm.tokenizer.decode(list(ids), skip_special_tokens=True)
    if lm.config.shape != "decoder":
        return alone
    before = lm.tokenizer.decode(list(prompt_ids), skip_special_tokens=True)
    together = lm.tokenizer.decode([*prompt_ids, *ids], skip_special_tokens=True)
    return together[len(before) :] if together.startswith(before) else alone
