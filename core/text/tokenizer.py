"""Tokenizer: text to ids and back, through the `tokenizers` library, plus each token's display text."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import tokenizers


class TokenizerError(ValueError):
    """Raised for an unreadable tokenizer file, or a text that has no tokens."""


@dataclass(frozen=True)
class Pair:
    """Two texts as one row of T tokens, by the tokenizer's own template.

    types: (T) the sentence number of each.
    parts: (T) 0 or 1, the text that it came from; None for a special token.
    offsets: (T) where in that text: (first, after last) character; (0, 0) for a special token.
    """

    ids: list[int]
    types: list[int]
    parts: list[int | None]
    offsets: list[tuple[int, int]]


class Tokenizer:
    """A vocabulary and the rules that cut text into it. Read-only, so that sessions may share it."""

    def __init__(self, raw: tokenizers.Tokenizer) -> None:
        self.raw = raw
        self.raw.no_padding()
        self.raw.no_truncation()

    @classmethod
    def from_file(cls, path: str | Path) -> Tokenizer:
        """Read a `tokenizer.json`.

        Raises:
            TokenizerError: the file is missing or is not one; the message names it.
        """
        try:
            return cls(tokenizers.Tokenizer.from_str(Path(path).read_text(encoding="utf-8")))
        except Exception as error:  # the library raises plain Exception for a broken file
            raise TokenizerError(f"{path} is not a readable tokenizer.json: {error}") from error

    def __len__(self) -> int:
        """Return the number of entries, added tokens included."""
        return self.raw.get_vocab_size(with_added_tokens=True)

    def encode(self, text: str, *, add_special_tokens: bool = True) -> list[int]:
        """Encode a text to ids, with the special tokens of the tokenizer's post-processor.

        Raises:
            TokenizerError: the text holds half of a surrogate pair, which is no character; `mend` replaces it.
        """
        return self._encoding(text, add_special_tokens=add_special_tokens).ids

    def pair(self, first: str, second: str) -> Pair:
        """Encode two texts as one row, e.g. a question and its context.

        Raises:
            TokenizerError: as `encode`; or the tokenizer's template puts nothing between two texts (see `with_pairs`).
        """
        found = self._encoding(first, second)
        parts = list(found.sequence_ids)
        if any(parts[place : place + 2] == [0, 1] for place in range(len(parts))):
            raise TokenizerError(
                "this tokenizer puts no token between two texts, so a model cannot tell where the second begins; "
                "Tokenizer.with_pairs gives it a template"
            )
        return Pair(found.ids, found.type_ids, parts, found.offsets)

    def with_pairs(self, start: str = "<s>", end: str = "</s>") -> Tokenizer:
        """Return the tokenizer with a template for two texts: start A end B end, the second's sentence number 1.

        Raises:
            TokenizerError: it has no such tokens.
        """
        marks = {token: self.id(token) for token in (start, end)}
        if missing := [token for token, id in marks.items() if id is None]:
            raise TokenizerError(f"this tokenizer has no {missing[0]} to put around two texts")
        raw = tokenizers.Tokenizer.from_str(self.raw.to_str())
        alone = [*self.encode("a"), None]
        before, after = (start if alone[0] == marks[start] else ""), (end if alone[-2] == marks[end] else "")
        raw.post_processor = tokenizers.processors.TemplateProcessing(
            single=f"{before} $A {after}".strip(),
            pair=f"{start} $A {end} $B:1 {end}:1",
            special_tokens=list(marks.items()),
        )
        return Tokenizer(raw)

    def _encoding(
        self, text: str, second: str | None = None, *, add_special_tokens: bool = True
    ) -> tokenizers.Encoding:
        try:
            return self.raw.encode(text, second, add_special_tokens=add_special_tokens)
        except (UnicodeEncodeError, TypeError) as error:
            message = "the text holds half a character (a lone surrogate): delete it, or paste it anew"
            raise TokenizerError(message) from error

    def offsets(self, text: str, *, add_special_tokens: bool = True) -> list[tuple[int, int]]:
        """Return the span in the text of each token of `encode`: (first, past last) character; (0, 0) if added.

        Raises:
            TokenizerError: as `encode`.
        """
        return self._encoding(text, add_special_tokens=add_special_tokens).offsets

    def decode(self, ids: list[int], *, skip_special_tokens: bool = False) -> str:
        """Decode ids to text; incomplete characters become U+FFFD."""
        return self.raw.decode(ids, skip_special_tokens=skip_special_tokens)

    def token(self, id: int) -> str:
        """Return the vocabulary entry of an id; one past the vocabulary (padding of the table) reads `<id>`."""
        token = self.raw.id_to_token(id)
        return f"<{id}>" if token is None else token

    def id(self, token: str) -> int | None:
        """Return the id of a vocabulary entry, or None."""
        return self.raw.token_to_id(token)

    def display(self, id: int) -> str:
        """Return an entry's display text: spaces as spaces, stray bytes as `\\xe2`, special tokens as they are."""
        known = self._displayed.get(id)
        if known is None:
            known = self._as_read(id)
            if 0 <= id < len(self):
                self._displayed[id] = known
        return known

    def pieces(self, ids: Iterable[int]) -> list[str]:
        """Return the display texts in a row: WordPiece writes no space, but continuations of a word begin with ##."""
        told = [self.display(id) for id in ids]
        if type(self.raw.model).__name__ != "WordPiece":
            return told
        return [piece[2:] if piece.startswith("##") else f" {piece}" for piece in told]

    def joined(self, ids: Iterable[int]) -> str:
        """Join entries to one text: a word's pieces without ##, a space between words."""
        told = list(ids)
        return "".join([*map(self.display, told[:1]), *self.pieces(told[1:])])

    @cached_property
    def _displayed(self) -> dict[int, str]:
        """A cache of `display`, at most as large as the vocabulary.

        A picture needs the same tokens each time it is drawn.
        """
        return {}

    def _as_read(self, id: int) -> str:
        token = self.token(id)
        if id in self.special_ids:
            return token
        if self.kind == "bytes":
            data = bytes(_BYTE_OF[c] for c in token) if all(c in _BYTE_OF for c in token) else token.encode()
            return data.decode("utf-8", errors="backslashreplace")
        if self.kind == "metaspace":
            if token.startswith("<0x") and token.endswith(">"):
                return "\\" + token[2:-1].lower()
            return token.replace("▁", " ")
        return token

    @cached_property
    def special_ids(self) -> frozenset[int]:
        """Ids of the tokens that stand for no text."""
        return frozenset(id for id, added in self.raw.get_added_tokens_decoder().items() if added.special)

    @cached_property
    def kind(self) -> str:
        """The entries' encoding: "bytes" (a printable letter per byte), "metaspace" (`▁` for a space) or "plain"."""
        spec = json.loads(self.raw.to_str())
        rules = json.dumps([spec.get("pre_tokenizer"), spec.get("decoder")])
        if '"ByteLevel"' in rules:
            return "bytes"
        return "metaspace" if '"Metaspace"' in rules or "▁" in rules else "plain"


def mend(text: str) -> str:
    """Replace invalid characters (lone surrogates, NUL) by U+FFFD."""
    return "".join("�" if "\ud800" <= c <= "\udfff" or c == "\0" else c for c in text)


def byte_alphabet() -> dict[str, int]:
    """Return the printable stand-in for each byte in byte-level vocabularies (Radford et al. 2019, released
    encoder)."""
    printable = [
        *range(ord("!"), ord("~") + 1),
        *range(ord("¡"), ord("¬") + 1),
        *range(ord("®"), ord("ÿ") + 1),
    ]
    others = [byte for byte in range(256) if byte not in printable]
    return {chr(byte): byte for byte in printable} | {chr(256 + n): byte for n, byte in enumerate(others)}


_BYTE_OF = byte_alphabet()
