"""A language model's token table as a table of words: a word of several tokens has their mean.

Such a row has less information than the model: the tokens are combined in the blocks. With a large
vocabulary most common words are one token each, and their rows are the model's own vectors.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from core.messages import later
from core.vectors.static import StaticVectors, glove

if TYPE_CHECKING:
    from core.language_model import LanguageModel

FREQUENT = 8_000  # words to choose from by their frequency in GloVe, where many are wanted


def pieces(lm: LanguageModel, words: Sequence[str]) -> list[list[int]]:
    """Tokenize each word as it stands in a text, after a blank, or without one where that gives fewer tokens.

    Empty for a word that the vocabulary cannot write without a token that stands for anything ([UNK]).
    """
    raw, special = lm.tokenizer.raw, lm.tokenizer.special_ids
    # A lone surrogate is no character: no tokenizer reads it, and no page sends one.
    plain = [word.encode("utf-8", "replace").decode("utf-8") for word in words]
    spaced = raw.encode_batch([f" {word}" for word in plain], add_special_tokens=False)
    bare = raw.encode_batch(plain, add_special_tokens=False)
    found = []
    for one, other in zip(spaced, bare):
        ids = one.ids if len(one.ids) <= len(other.ids) else other.ids
        found.append([] if special & set(ids) else list(ids))
    return found


def of_words(lm: LanguageModel, words: Sequence[str], name: str = "") -> StaticVectors:
    """Build a table (N, D) from the rows of W_E for these words, each once.

    Args:
        name: of the table; "": the model's.

    Raises:
        ValueError: none of the words can be written with the vocabulary, or a number is not finite (training diverged).
    """
    shape = lm.config.shape == "encoder-decoder"
    rows = (
        lm.transformer.get_parameter("encoder.embed.W_E" if shape else "embed.W_E")
        .detach()
        .float()
        .cpu()
        .numpy()
    )
    kept = tuple(dict.fromkeys(words))
    cut = {word: ids for word, ids in zip(kept, pieces(lm, kept)) if ids}
    if not cut:
        raise ValueError(
            later("the vocabulary of {model} can write none of the words", model=name or lm.name)
        )
    vectors = np.stack([rows[ids].mean(axis=0) for ids in cut.values()])  # (N, D)
    return StaticVectors(name or lm.name, tuple(cut), vectors)


def frequent(count: int = FREQUENT) -> tuple[str, ...]:
    """List the most frequent words of English, without signs and numbers, by GloVe."""
    return tuple(word for word in glove().words if word.isalpha())[:count]
