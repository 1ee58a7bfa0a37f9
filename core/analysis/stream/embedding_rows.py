"""Rows of the token embedding table."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from core.model.transformer import EncoderDecoder

if TYPE_CHECKING:
    from core.language_model import LanguageModel


def row_lengths(lm: LanguageModel, ids: Sequence[int]) -> list[float]:
    """Compute the Euclidean length of each id's row in the token table, `W_E` (V, D), in the order of `ids`.

    Raises:
        IndexError: an id that the table does not have.
    """
    model = lm.transformer
    stack = model.encoder if isinstance(model, EncoderDecoder) else model
    table = stack.embed.W_E.detach()
    lengths: list[float] = table[list(ids)].float().norm(dim=-1).tolist()  # (T, D) -> (T,)
    return lengths
