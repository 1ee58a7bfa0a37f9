"""What the Embeddings page follows: the words of the text in the chosen table, and the one whose row is looked up."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from app import models
from app.page import Context
from core.vectors.static import StaticVectors, UnknownWord

_WORD = re.compile(r"\w+|[^\w\s]")  # as GloVe was read: words, and signs by themselves
NONE = "king"  # where nothing of the text is in the table
LONGEST = 60  # characters of a word that is searched for
TRIPLES = (("man", "king", "woman"), ("he", "his", "she"), ("boy", "he", "girl"))


@dataclass(frozen=True)
class Piece:
    """A word of the text: how it reads, its first token's position, and its row in the table (None: it has none)."""

    text: str
    follow: int
    row: int | None


@dataclass(frozen=True)
class Subject:
    """The word that is looked up.

    at: its place among the text's pieces; None: searched for, or no word of the text is known.
    said: what there is to say about it.   offers: words spelt like one that the table does not have.
    """

    word: str
    row: int
    at: int | None
    said: str = ""
    offers: tuple[str, ...] = ()


def pieces_of(ctx: Context, table: StaticVectors, own: bool) -> list[Piece]:
    """The text as the table's words; `own`: as the open model's tokens, special ones left out if there are others."""
    if own:
        every = [Piece(text, at, id) for at, (text, id) in enumerate(zip(ctx.tokens, ctx.ids))]
        return [piece for piece in every if ctx.ids[piece.follow] not in ctx.lm.special_ids] or every
    spans = ctx.lm.tokenizer.offsets(ctx.text)
    found = []
    for match in _WORD.finditer(ctx.text):
        start, end = match.span()
        follow = next((at for at, (a, b) in enumerate(spans) if a < end and b > start), len(spans) - 1)
        word = match.group()
        found.append(Piece(word, follow, table.row(word) if word in table else None))
    return found


def subject_of(table: StaticVectors, pieces: Sequence[Piece], follow: int, seek: str) -> Subject:
    """The word searched for, or the followed one, or the nearest known one of the text."""
    said, offers = "", tuple[str, ...]()
    if seek.strip():
        try:
            row = table.row(seek[:LONGEST])
        except UnknownWord as why:
            said, offers = models.reason(why), why.near
        else:
            return Subject(table.words[row], row, None)
    known = [at for at, piece in enumerate(pieces) if piece.row is not None]
    if not known:
        row = table.row(NONE) if NONE in table else len(table) - 1
        said = (
            said
            or f"No word of your text is in {table.name}: search one, or write others. This is one of its words."
        )
        return Subject(table.words[row], row, None, said, offers)
    before = [at for at in known if follow < 0 or pieces[at].follow <= follow]
    at = before[-1] if before else known[0]
    chosen = at if follow < 0 else max((k for k, p in enumerate(pieces) if p.follow <= follow), default=at)
    if chosen != at and not said:
        try:
            table.row(pieces[chosen].text[:LONGEST])
        except UnknownWord as why:
            said, offers = models.reason(why), why.near
    number = pieces[at].row or 0
    return Subject(table.words[number], number, at, said, offers)


def analogy_of(table: StaticVectors, pieces: Sequence[Piece], written: str) -> tuple[str, str, str]:
    """a, b, c of a : b :: c : ? as the link has them ("a|b|c"); nothing written: three that the table has."""
    if written:
        a, b, c = [*(word[:LONGEST] for word in written.split("|")), "", "", ""][:3]
        return a, b, c
    for triple in TRIPLES:
        if all(word in table for word in triple):
            return triple
    rows = list(dict.fromkeys(piece.row for piece in pieces if piece.row is not None))
    words = [*(table.words[row] for row in rows), *table.words[:3]]
    a, b, c = list(dict.fromkeys(words))[:3]
    return a, b, c
