"""One text in many languages, and the number of tokens per word, per character, per byte."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from core.text.pieces import Method

PARALLEL = Path(__file__).parent.parent.parent / "assets" / "corpora" / "parallel.json"


@dataclass(frozen=True)
class Language:
    """A language and the same four sentences in it.

    `name` in English, `native` in itself; `script`; `spaced`: whether it writes spaces between words; `direction`
    "ltr" or "rtl"; `sentences`: the k-th says the same in every language.
    """

    code: str
    name: str
    native: str
    script: str
    spaced: bool
    direction: str
    sentences: tuple[str, ...]


@dataclass(frozen=True)
class Rates:
    """The tokens of a text, and its words, characters and bytes.

    `words`: stretches between spaces; None where the language writes no spaces. `bytes`: of UTF-8. `unknown`: tokens
    that say only that something was there.
    """

    tokens: int
    unknown: int
    words: int | None
    characters: int
    bytes: int

    @property
    def per_word(self) -> float | None:
        """Tokens per word (the vocabulary's fertility); None without words."""
        return self.tokens / self.words if self.words else None

    @property
    def per_character(self) -> float:
        """Tokens per character; 0 of an empty text."""
        return self.tokens / max(self.characters, 1)

    @property
    def per_byte(self) -> float:
        """Tokens per byte; 0 of an empty text."""
        return self.tokens / max(self.bytes, 1)


@cache
def languages() -> tuple[Language, ...]:
    """List the languages of the parallel sentences, those in the Latin script first."""
    records = json.loads(PARALLEL.read_text(encoding="utf-8"))
    return tuple(Language(**{**record, "sentences": tuple(record["sentences"])}) for record in records)


def rates(method: Method, texts: Iterable[str], spaced: bool = True) -> Rates:
    """Count the tokens of texts, each tokenized by itself (a language's sentences)."""
    tokens = unknown = words = characters = size = 0
    for text in texts:
        pieces = method.encode(text)
        tokens += len(pieces)
        unknown += sum(piece.unknown for piece in pieces)
        words += len(text.split())
        characters += len(text)
        size += len(text.encode("utf-8", "surrogatepass"))
    return Rates(tokens, unknown, words if spaced else None, characters, size)
