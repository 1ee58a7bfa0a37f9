"""WordPiece: a word is tokenized by its longest matching prefix, then the longest matching continuation, and so on.

Devlin et al. 2019, released tokenizer; the idea is from Schuster & Nakajima 2012.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from core.text.pieces import UNKNOWN, Piece, Word
from core.text.pretokens import piece, split

CONTINUED = "##"  # prefix of an entry that continues a word
LONGEST_WORD = 100  # maximum letters; BERT treats a longer word as unknown


@dataclass(frozen=True)
class Trial:
    """One look-up: of the word's letters start to end (excluded), and whether the entry exists."""

    start: int
    end: int
    tried: str
    found: bool


def trials(word: str, ids: Mapping[str, int], longest: int = LONGEST_WORD) -> list[Trial]:
    """List every look-up of a word's tokenization, in order.

    The pieces are those that were found. When nothing fits, down to a single letter, the search ends there and the
    whole word is unknown; so it is, without any look-up, when the word has more than `longest` letters.
    """
    made: list[Trial] = []
    start = 0
    if len(word) > longest:
        return made
    while start < len(word):
        for end in range(len(word), start, -1):
            tried = (CONTINUED if start else "") + word[start:end]
            made.append(Trial(start, end, tried, tried in ids))
            if made[-1].found:
                break
        if not made[-1].found:
            return made
        start = made[-1].end
    return made


class WordPiece:
    """A vocabulary whose entries begin a word, or with `##` go on one; `[UNK]` stands for a word that none fits.

    Args:
        vocabulary: the entries in the order of their ids; `[UNK]` is one of them.
        pretokens: a name in `pretokens.PRETOKENS`.
    """

    name = "WordPiece"

    def __init__(self, vocabulary: Sequence[str], pretokens: str = "words") -> None:
        self.vocabulary = list(vocabulary)
        self.pretokens = pretokens
        self.ids = {entry: id for id, entry in enumerate(self.vocabulary)}

    def __len__(self) -> int:
        return len(self.vocabulary)

    def words(self, text: str) -> list[Word]:
        """Pre-tokenize a text into words."""
        return split(text, self.pretokens)

    def trials(self, word: Word) -> list[Trial]:
        """List the look-ups for this word, in order."""
        return trials(word.entry, self.ids)

    def cut(self, word: Word, text: str) -> list[Piece]:
        """Tokenize one word of `text`: `[UNK]` for all of it as soon as nothing matches."""
        found = [trial for trial in self.trials(word) if trial.found]
        if not found or found[-1].end < len(word.entry):
            return [
                piece(
                    self.pretokens, text, word, 0, len(word.entry), UNKNOWN, self.ids[UNKNOWN], unknown=True
                )
            ]
        return [
            piece(self.pretokens, text, word, each.start, each.end, each.tried, self.ids[each.tried])
            for each in found
        ]

    def encode(self, text: str) -> list[Piece]:
        """Tokenize a text, left to right."""
        return [found for word in self.words(text) for found in self.cut(word, text)]
