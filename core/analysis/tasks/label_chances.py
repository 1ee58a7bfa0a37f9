"""The probability of whole answers under an encoder-decoder."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from core.language_model import LanguageModel


def label_chances(lm: LanguageModel, source: str, labels: Sequence[str]) -> tuple[tuple[str, float], ...]:
    """Compute each label's probability as the whole answer to a source: the product over its pieces and an end token.

    The rest to 1 is the probability of all other texts.

    Raises:
        ValueError: no encoder-decoder, an empty source, or an empty label.
        ContextTooLong: the source has more tokens than the context.
    """
    found = []
    for label in labels:
        ids = [*lm.encode(label, add_special_tokens=False), *lm.config.eos_ids[:1]]
        found.append((label, float(lm.score(source, target=ids).sum().exp())))
    return tuple(found)
