"""One word in two sentences, read by the open model: what `core.vectors.contextual` says, as the page keeps it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from app import cache, models, reading, state
from app.page import Context
from core.language_model import LanguageModel
from core.vectors.contextual import Occurrence, compare, occurrence

LONGEST = 1000  # characters of a sentence


@dataclass(frozen=True)
class Pair:
    """The word in both sentences.

    sides: of each sentence, its tokens, which of them are the word, and the text as it was read.
    static: the cosine of the two rows of the table.   cosines, usual: (L + 1,) by depth.
    said: why there is nothing to compare; "" where there is.
    """

    word: str
    sides: tuple[dict[str, Any], ...] = ()
    static: float = 0.0
    cosines: tuple[float, ...] = ()
    usual: tuple[float, ...] = ()
    said: str = ""


def read_pair(ctx: Context) -> Pair:
    """The word and the sentences of the boxes below the picture."""
    word, first, second = (
        reading.clean(str(state.get(key)))[0][:LONGEST] for key in ("sense", "first", "second")
    )
    pair: Pair = cache.call(followed, ctx.model_key, word, first, second)
    return pair


def followed(lm: LanguageModel, word: str, first: str, second: str) -> Pair:
    """As the cache calls it."""
    try:
        one, other = occurrence(lm, first, word), occurrence(lm, second, word)
    except ValueError as why:
        return Pair(word, said=models.reason(why))
    found = compare(one, other)
    if not (np.isfinite(found.cosines).all() and np.isfinite(found.usual).all()):
        return Pair(word, said="The model's vectors are no numbers any more: its training diverged.")
    return Pair(
        word, (_side(lm, one), _side(lm, other)), found.static,
        tuple(found.cosines.tolist()), tuple(found.usual.tolist()),
    )  # fmt: skip


def _side(lm: LanguageModel, seen: Occurrence) -> dict[str, Any]:
    return {
        "text": seen.text,
        "tokens": [lm.tokenizer.display(id) for id in lm.encode(seen.text)],
        "mine": list(seen.positions),
    }
