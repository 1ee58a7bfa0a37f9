"""The common result of all tokenization methods: pieces, each with its span in the text and its vocabulary entry."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

UNKNOWN = "[UNK]"

Span = tuple[int, int]


@dataclass(frozen=True)
class Piece:
    """One token of a text.

    `text` as a person reads it (stray bytes as `\\xf0\\x9f`), `entry` as the vocabulary writes it, `id` its number
    there. `start` and `end` count characters of the text: text[start:end] is what the piece stands for. Pieces that
    share one character (its bytes went to several) share its span. `unknown`: the vocabulary has nothing for it.
    `data`: the bytes it stands for, UTF-8; of a character's part, that part alone.
    """

    text: str
    entry: str
    id: int
    start: int
    end: int
    unknown: bool = False
    data: bytes = b""


@dataclass(frozen=True)
class Word:
    """A word from pre-tokenization, which no piece may cross.

    `entry`: its letters as vocabularies write them (a byte's stand-in, `▁` for a space). `spans[i]`: the characters of
    the text behind letter i, (first, after last), empty for a letter that was added. `start`, `end`: all of it.
    """

    entry: str
    start: int
    end: int
    spans: tuple[Span, ...]


class Method(Protocol):
    """A vocabulary with its tokenization rule, learned here or published."""

    name: str

    @property
    def vocabulary(self) -> Sequence[str]:
        """The entries in the order of their ids."""

    def __len__(self) -> int:
        """Return the number of entries."""

    def words(self, text: str) -> list[Word]:
        """Pre-tokenize a text into words, which no piece may cross."""

    def cut(self, word: Word, text: str) -> list[Piece]:
        """Tokenize one word of `words(text)`."""

    def encode(self, text: str) -> list[Piece]:
        """Tokenize a text, left to right."""
