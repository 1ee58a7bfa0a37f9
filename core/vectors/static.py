"""Static embeddings: a table with one vector per word, whatever its context.

Three tables have this face: GloVe, which comes with Glassbox; a language model's own token table W_E; and what
`core.vectors.word2vec` learns from a text.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from core.messages import say
from core.vectors.spelling import Spelling

if TYPE_CHECKING:
    from core.language_model import LanguageModel

Array = NDArray[np.float32]
GLOVE = Path(__file__).parent.parent.parent / "assets" / "vectors" / "glove-6b-50d-20k.safetensors"


class UnknownWord(ValueError):
    """Raised for a word that a table does not have. `near` are similarly spelt words that it has, best first."""

    def __init__(self, word: str, near: tuple[str, ...], table: str, size: int) -> None:
        self.word, self.near = word, near
        if word.strip():
            missing = {"word": repr(word), "count": f"{size:,}", "table": table}
            if near:
                offered = say(" or ").join(map(repr, near))
                said = say(
                    "{word} is not among the {count} words of {table}: did you mean {offered}?",
                    offered=offered, **missing,
                )  # fmt: skip
            else:
                said = say(
                    "{word} is not among the {count} words of {table}: none of them is spelt alike", **missing
                )
        else:
            said = say("write a word: {table} has {count}", table=table, count=f"{size:,}")
        super().__init__(said)


@dataclass(frozen=True)
class Neighbour:
    """A word near another: its row in the table, and the cosine of the angle between the two, -1 to 1."""

    word: str
    row: int
    cosine: float


@dataclass(frozen=True)
class Written:
    """A cosine with its parts: dot / (length * other_length)."""

    dot: float
    length: float
    other_length: float
    cosine: float


@dataclass(frozen=True)
class Lookup:
    """The look-up of a word's vector: a one-hot row times the table selects one row of it.

    row: the word's number.   one_hot: (V,) 0 everywhere but a 1 at `row`.   table: (V, D).
    product: (D,) one_hot @ table, which equals table[row].
    """

    word: str
    row: int
    one_hot: Array
    table: Array
    product: Array

    def terms(self, rows: slice) -> Array:
        """Return the contributions of rows of the table to the product.

        (len(rows), D), all 0 except at the word's row.
        """
        return self.one_hot[rows, None] * self.table[rows] + np.float32(0)  # avoid -0


@dataclass(frozen=True)
class StaticVectors:
    """Words and their vectors. Shared and read-only.

    Attributes:
        name: what a learner calls the table.
        words: (V,) in the order of the rows; the same text may stand twice (tokens that read alike): the first counts.
        vectors: (V, D) float32.

    Raises:
        ValueError: no words, another number of vectors than of words, or a number that is not finite.
    """

    name: str
    words: tuple[str, ...]
    vectors: Array

    def __post_init__(self) -> None:
        if self.vectors.ndim != 2 or len(self.words) != len(self.vectors) or not self.vectors.size:
            raise ValueError(
                f"{len(self.words):,} words and vectors of shape {self.vectors.shape} are no table: "
                "a table has one row of numbers a word"
            )
        if not np.isfinite(self.vectors).all():
            row = int((~np.isfinite(self.vectors)).any(axis=1).argmax())
            raise ValueError(
                say(
                    "the vector of {word} holds what is no number: training diverged",
                    word=repr(self.words[row]),
                )
            )

        read_only = self.vectors.view()
        read_only.flags.writeable = False
        object.__setattr__(self, "vectors", read_only)

    def __len__(self) -> int:
        return len(self.words)

    def __contains__(self, word: str) -> bool:
        return self._find(word) is not None

    def __getitem__(self, word: str) -> Array:
        """Return the vector of a word: (D,); see `row` for the errors."""
        return self.vectors[self.row(word)]

    @property
    def size(self) -> int:
        """D, the number of dimensions."""
        return int(self.vectors.shape[1])

    @cached_property
    def lengths(self) -> Array:
        """(V,) the Euclidean length of each vector, 1 where it is 0, so that it can be divided by."""
        lengths = np.sqrt(np.einsum("vd,vd->v", self.vectors, self.vectors, dtype=np.float64))
        return np.where(lengths > 0, lengths, 1.0).astype(np.float32)

    def unit(self, rows: NDArray[np.int64] | slice = slice(None)) -> Array:
        """Return the vectors of rows, each divided by its length: (len(rows), D)."""
        return self.vectors[rows] / self.lengths[rows, None]

    def row(self, word: str) -> int:
        """Find the row of a word as it is written; else in lowercase, or as a token with a space before it.

        Raises:
            UnknownWord: there is none; the message offers words spelt alike.
        """
        found = self._find(word)
        if found is None:
            near = tuple(self.words[at] for at in self._spelling.nearest(word))
            raise UnknownWord(word, near, self.name, len(self))
        return found

    def lookup(self, word: str) -> Lookup:
        """Return the steps from a word to its vector; raises as `row` does."""
        return self.look_up(self.row(word))

    def look_up(self, row: int) -> Lookup:
        """Return the steps from a word's number to its vector: a one-hot row (V,) times the table (V, D)."""
        one_hot = np.zeros(len(self), dtype=np.float32)
        one_hot[row] = 1
        return Lookup(self.words[row], row, one_hot, self.vectors, one_hot @ self.vectors)

    def cosines(self, to: Array) -> Array:
        """Compute the cosine of every word's vector with given ones: (D,) -> (V,), (N, D) -> (N, V)."""
        lengths = np.linalg.norm(to, axis=-1, keepdims=True)
        unit = to / np.where(lengths > 0, lengths, 1)
        return ((unit @ self.vectors.T) / self.lengths).astype(np.float32, copy=False)

    def cosine(self, one: str, other: str) -> float:
        """Compute the cosine of two words' vectors; raises as `row` does."""
        rows = np.array([self.row(one), self.row(other)])
        first, second = self.unit(rows)
        return float(first @ second)

    def neighbours(self, to: str | Array, count: int = 10, exclude: Collection[str] = ()) -> list[Neighbour]:
        """Find the words with the largest cosines, best first.

        Args:
            to: a word, which is not its own neighbour, or a vector (D,).
            exclude: words that shall not be found.

        Raises:
            UnknownWord: `to`, or a word to exclude, is not in the table.
        """
        unwanted = {self.row(word) for word in exclude}
        if isinstance(to, str):
            unwanted.add(self.row(to))
            to = self[to]
        return self._nearest(to, count, unwanted)

    def around(self, row: int, count: int = 10) -> list[Neighbour]:
        """Find the neighbours of a row, without the row itself.

        Of words that read alike, `neighbours` finds the first only.
        """
        return self._nearest(self.vectors[row], count, {row})

    def written(self, row: int, other: int) -> Written:
        """Return the cosine of two rows with its parts."""
        one, two = (self.vectors[at].astype(np.float64) for at in (row, other))
        dot, length, other_length = float(one @ two), float(np.linalg.norm(one)), float(np.linalg.norm(two))
        return Written(dot, length, other_length, dot / ((length * other_length) or 1.0))

    def first(self, size: int) -> StaticVectors:
        """Return the table with only the first `size` dimensions."""
        return StaticVectors(self.name, self.words, self.vectors[:, :size])

    def _nearest(self, to: Array, count: int, unwanted: Collection[int]) -> list[Neighbour]:
        cosines = self.cosines(to)
        count = max(0, min(count, len(self) - len(unwanted)))
        cosines[list(unwanted)] = -np.inf
        best = np.argpartition(-cosines, min(count, len(self) - 1))[:count]
        best = best[np.lexsort((best, -cosines[best]))]
        return [Neighbour(self.words[row], int(row), float(cosines[row])) for row in best]

    def _find(self, word: str) -> int | None:
        for form in (
            word,
            word.strip(),
            word.strip().lower(),
            f" {word.strip()}",
            f" {word.strip().lower()}",
        ):
            if form.strip() and (row := self._rows.get(form)) is not None:
                return row
        return None

    @cached_property
    def _rows(self) -> dict[str, int]:
        return {word: row for row, word in reversed(list(enumerate(self.words)))}

    @cached_property
    def _spelling(self) -> Spelling:
        return Spelling(self.words)


PUBLISHED_WORDS = 400_000  # of the table that GloVe's most frequent words here are cut from


@lru_cache(maxsize=1)
def glove() -> StaticVectors:
    """Load GloVe (Pennington et al. 2014): the 20,000 most frequent words of 6 billion, 50 dimensions.

    Learned by Stanford from Wikipedia (2014) and Gigaword 5, all in small letters; see assets/NOTICE.md.
    """
    from safetensors.numpy import load_file

    table = load_file(GLOVE)
    words = table["words"].tobytes().decode("utf-8").split("\n")
    return StaticVectors("GloVe", tuple(words), table["vectors"].astype(np.float32))


def of_model(lm: LanguageModel) -> StaticVectors:
    """Return a language model's token table, W_E (V, D), with each token's display text.

    Raises:
        ValueError: a row of the table is not finite.
    """
    table = lm.transformer.get_parameter(
        "encoder.embed.W_E" if lm.config.shape == "encoder-decoder" else "embed.W_E"
    )
    words = tuple(lm.tokenizer.display(id) for id in range(len(table)))
    return StaticVectors(lm.name, words, table.detach().float().cpu().numpy())
