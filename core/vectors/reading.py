"""A text as numbered words, for word2vec: the vocabulary with counts, and the sentences as ids."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

FEWEST = 3  # minimum number of different words: with two, each is the other's only neighbour
LONGEST = 1000  # maximum words of a sentence; a longer one (a text without full stops) is cut
_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")  # letters and digits of any script; don't is one word
# includes the full-width full stop, exclamation and question mark of Chinese and Japanese
_FULL = "\u3002\uff01\uff1f"
# possessive matching: a million full stops are scanned once each
_END = re.compile(rf"(?<![.!?…{_FULL}])[.!?…{_FULL}]++[\"'”’»)\]]*+(?=\s|$)|\n|(?<=[{_FULL}])")


@dataclass(frozen=True)
class Reading:
    """A text ready for word2vec.

    words: the V words kept, the most frequent first, in small letters.   counts: (V,) how often each occurs.
    ids: (N,) the text as rows of `words`.
    begins: (S + 1,) where each sentence begins in `ids`, and where the last one ends.
    left_out: how many words of the text are too rare to be kept.
    """

    words: tuple[str, ...]
    counts: NDArray[np.int64]
    ids: NDArray[np.int64]
    begins: NDArray[np.int64]
    left_out: int

    def __len__(self) -> int:
        return len(self.ids)


def sentences(documents: Iterable[str]) -> Iterator[list[str]]:
    """Split documents into sentences of lowercase words without punctuation; sentences without words are left out."""
    for document in documents:
        for part in _END.split(document):
            words = _WORD.findall(part.lower())
            for first in range(0, len(words), LONGEST):
                yield words[first : first + LONGEST]


def read(documents: Iterable[str], *, min_count: int = 5, most: int | None = None) -> Reading:
    """Number the words of documents (see `read_sentences`)."""
    return read_sentences(sentences(documents), min_count=min_count, most=most)


def read_sentences(
    source: Iterable[Sequence[str]], *, min_count: int = 5, most: int | None = None
) -> Reading:
    """Number the words of sentences.

    Args:
        min_count: words that occur less often are left out, as if they were not there.
        most: stop after so many words; None: read to the end.

    Raises:
        ValueError: too few words, too few different ones, or none that stands beside another; the message says which.
    """
    read: list[Sequence[str]] = []
    total = 0
    for sentence in source:
        if most is not None and total >= most:
            break
        part = sentence if most is None else sentence[: most - total]
        read.append(part)
        total += len(part)
    counts: Counter[str] = Counter(word for sentence in read for word in sentence)
    kept = sorted((word for word in counts if counts[word] >= min_count), key=lambda w: (-counts[w], w))
    _check(counts, kept, min_count)
    rows = {word: row for row, word in enumerate(kept)}
    numbered = [[rows[word] for word in sentence if word in rows] for sentence in read]
    if max(map(len, numbered)) < 2:
        raise ValueError(
            "no word of the text stands beside another in a sentence: word2vec learns from neighbours"
        )
    begins = np.cumsum([0, *map(len, numbered)], dtype=np.int64)
    ids = np.fromiter(
        (row for sentence in numbered for row in sentence), dtype=np.int64, count=int(begins[-1])
    )
    return Reading(
        words=tuple(kept),
        counts=np.array([counts[word] for word in kept], dtype=np.int64),
        ids=ids,
        begins=begins,
        left_out=total - len(ids),
    )


def _check(counts: Counter[str], kept: Sequence[str], min_count: int) -> None:
    if not counts:
        raise ValueError("the text has no words: bring some sentences")
    need = f"word2vec needs at least {FEWEST} different ones to tell who stands beside whom"
    if len(counts) < FEWEST:
        kinds = "one word, " if len(counts) == 1 else "two words, "
        raise ValueError(f"the text has only {kinds}{' and '.join(map(repr, sorted(counts)))}: {need}")
    if len(kept) < FEWEST:
        raise ValueError(
            f"of the {len(counts):,} different words of this text {len(kept) or 'none'} stand there "
            f"{min_count} times or more: {need}; lower the smallest count, or bring a longer text"
        )
