"""Character and word tokenization: every character, or every word, is a piece. Unknown ones become `[UNK]`."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from difflib import SequenceMatcher
from typing import Any, Self
from unicodedata import normalize

from core.text.pieces import UNKNOWN, Piece, Word
from core.text.pretokens import count, piece, split


class Listed(ABC):
    """A vocabulary of whole words (or characters), each looked up as it is.

    Args:
        counts: how often each stands in the corpus.
        size: entries to keep, `[UNK]` (id 0) among them: the most frequent, of equals the first in the alphabet.
    Raises:
        ValueError: size is below 1.
    """

    name = ""

    def __init__(self, counts: Mapping[str, int], size: int) -> None:
        if size < 1:
            raise ValueError(f"a vocabulary of {size} entries cannot hold {UNKNOWN}: 1 or more")
        ranked = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
        self.counts, self.size = dict(ranked), size
        self.vocabulary = [UNKNOWN, *(entry for entry, _ in ranked[: size - 1])]
        self.left_out: tuple[str, int] | None = ranked[size - 1] if len(ranked) >= size else None
        self.ids = {entry: id for id, entry in enumerate(self.vocabulary)}

    def __len__(self) -> int:
        return len(self.vocabulary)

    def state(self) -> dict[str, Any]:
        """Return what was learned for `restore`, as JSON can hold it."""
        return {"counts": self.counts, "size": self.size}

    @classmethod
    def restore(cls, about: Mapping[str, Any]) -> Self:
        """Return what was learned. about: what the `state` of another one gave."""
        return cls(about["counts"], about["size"])

    @abstractmethod
    def words(self, text: str) -> list[Word]:
        """Split a text into the units to look up."""

    def cut(self, word: Word, text: str) -> list[Piece]:
        """Return the one piece of a word."""
        id = self.ids.get(word.entry, 0)
        return [piece("words", text, word, 0, len(word.entry), self.vocabulary[id], id, unknown=id == 0)]

    def encode(self, text: str) -> list[Piece]:
        """Tokenize a text, left to right."""
        return [found for word in self.words(text) for found in self.cut(word, text)]


class Characters(Listed):
    """Every character is a piece, spaces and line ends too."""

    name = "characters"

    @classmethod
    def learn(cls, corpus: str | Iterable[str], size: int) -> Characters:
        """Learn the `size` - 1 most frequent characters of a corpus, and `[UNK]`."""
        counts: Counter[str] = Counter()
        for document in [corpus] if isinstance(corpus, str) else corpus:
            counts.update(document)
        return cls(counts, size)

    def words(self, text: str) -> list[Word]:
        """Split a text into characters."""
        return [Word(letter, at, at + 1, ((at, at + 1),)) for at, letter in enumerate(text)]


class Words(Listed):
    """Every word is a piece, and every punctuation mark; spaces are dropped."""

    name = "words"

    @classmethod
    def learn(cls, corpus: str | Iterable[str], size: int) -> Words:
        """Learn the `size` - 1 most frequent words of a corpus, and `[UNK]`."""
        return cls(count(corpus, "words"), size)

    def words(self, text: str) -> list[Word]:
        """Split a text into words and punctuation marks."""
        return split(text, "words")


def hidden(pieces: Sequence[Piece], text: str) -> float:
    """Compute the share of a text's characters, without spaces, that became `[UNK]`: 0 to 1; 0 of an empty text."""
    visible = {at for at, letter in enumerate(text) if not letter.isspace()}
    lost = {at for piece in pieces if piece.unknown for at in range(piece.start, piece.end)}
    return len(visible & lost) / len(visible) if visible else 0.0


def altered(pieces: Sequence[Piece], text: str) -> float:
    """Compute the share of a text's characters, without spaces, that its pieces change: 0 to 1.

    A normalizer may drop accents and marks and lowercase the text: then the pieces spell another text. What stands
    behind `[UNK]` is not counted here but by `hidden`.
    """
    visible = {at for at, letter in enumerate(text) if not letter.isspace()}
    said = {at for piece in pieces if piece.unknown for at in range(piece.start, piece.end)}
    at = 0
    while at < len(pieces):
        start, end, data = pieces[at].start, pieces[at].end, pieces[at].data
        at += 1
        # pieces that share a character's bytes
        while at < len(pieces) and start < end and pieces[at].start < end:
            end, data, at = max(end, pieces[at].end), data + pieces[at].data, at + 1
        stretch, read = text[start:end], normalize("NFC", data.decode("utf-8", "replace"))
        if normalize("NFC", stretch) == read:  # composed and decomposed characters count as the same text
            said.update(range(start, end))
            continue
        for block in SequenceMatcher(None, stretch, read, autojunk=False).get_matching_blocks():
            said.update(range(start + block.a, start + block.a + block.size))
    return len(visible - said) / len(visible) if visible else 0.0
