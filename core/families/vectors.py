"""The output of an encoder without head: a vector for each token, and one for the whole text.

A token is given the stream behind the last block (Devlin et al. 2019, section 3.2: the representation that a task's
own head would read); the text the pooled vector that the model's own files ask for (core/vectors/sentences.py).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch
from numpy.typing import NDArray

from core.vectors.sentences import Pooling, cosines, pool, token_vectors

if TYPE_CHECKING:
    from core.language_model import LanguageModel

Array = NDArray[np.float32]


@dataclass(frozen=True)
class Vectors:
    """A model's vectors for one text, special tokens included.

    Attributes:
        tokens: (T, D).   alike: (T, T) their cosines.   text: (D',) pooled from them.
        kinds: how, of `Pooling`.   normalised: whether `text` was divided by its length.
    """

    tokens: Array
    alike: Array
    text: Array
    kinds: tuple[str, ...]
    normalised: bool


def vectors(lm: LanguageModel, ids: Sequence[int]) -> Vectors:
    """Compute the vectors of a text's tokens, and that of the text: pooled as the model's files ask, or the mean.

    Raises:
        ContextTooLong: more tokens than the model has positions for.
    """
    tokens = token_vectors(lm, ids)
    try:
        asked = Pooling.of(lm)
    except ValueError:  # the files ask for a pooling that is not supported here
        asked = Pooling()
    mask = torch.ones(1, len(tokens), dtype=torch.bool)
    text = pool(torch.from_numpy(tokens)[None], mask, asked)[0].numpy()
    return Vectors(tokens, cosines(tokens), text, asked.kinds, asked.normalised)


@dataclass(frozen=True)
class Turned:
    """The vector of token `at` before and after token `changed` went from `old` to `new`; cosine: of the two."""

    at: int
    changed: int
    old: int
    new: int
    cosine: float


def turned(lm: LanguageModel, ids: Sequence[int], at: int, changed: int, new: int) -> Turned:
    """Compute the change of the vector of token `at` when token `changed` becomes `new`.

    Raises:
        ValueError: no such token, or the token itself.
    """
    if not 0 <= changed < len(ids) or not 0 <= at < len(ids) or changed == at:
        raise ValueError(f"token {changed} is not another one of the {len(ids)} tokens than token {at}")
    other = [*ids[:changed], new, *ids[changed + 1 :]]
    pair = np.stack([token_vectors(lm, row)[at] for row in (ids, other)])
    return Turned(at, changed, int(ids[changed]), int(new), float(cosines(pair)[0, 1]))
