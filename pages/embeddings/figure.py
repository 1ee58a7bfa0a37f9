"""Draw a word's row by a one-hot product, all words on a map, its neighbours, and an analogy.

The functions here ask `core.vectors` and turn its answers into the component's JSON; they compute nothing.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from typing import Any

import numpy as np

from app import words
from app.kit import pack, register
from app.kit.figures import Asked
from core.language_model import LanguageModel
from core.messages import say
from core.vectors.analogies import Analogy, solve
from core.vectors.map_view import MOST, MapView, map_view
from core.vectors.static import Lookup, Neighbour, StaticVectors, UnknownWord, glove, of_model

embeddings = register("embeddings", __file__)

_WORD = re.compile(r"\w+|[^\w\s]")  # as GloVe was read: words, and signs by themselves
FALLBACK = "king"  # where nothing of the text is in the table
LONGEST_WORD = 60  # characters of a word that is searched for
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


def pieces_of(lm: LanguageModel, text: str, table: StaticVectors, own: bool) -> list[Piece]:
    """Cut the text into the table's words; `own`: into the model's tokens, but special ones if there are others."""
    if own:
        ids = lm.tokenizer.encode(text)
        every = [Piece(lm.tokenizer.display(id), at, id) for at, id in enumerate(ids)]
        return [piece for piece in every if ids[piece.follow] not in lm.special_ids] or every
    spans = lm.tokenizer.offsets(text)
    found = []
    for match in _WORD.finditer(text):
        start, end = match.span()
        follow = next((at for at, (a, b) in enumerate(spans) if a < end and b > start), len(spans) - 1)
        word = match.group()
        found.append(Piece(word, follow, table.row(word) if word in table else None))
    return found


def subject_of(table: StaticVectors, pieces: Sequence[Piece], follow: int, seek: str) -> Subject:
    """Choose the word searched for, or the followed one, or the nearest known one of the text."""
    said, offers = "", tuple[str, ...]()
    if seek.strip():
        try:
            row = table.row(seek[:LONGEST_WORD])
        except UnknownWord as why:
            said, offers = words.sentence(why), why.near
        else:
            return Subject(table.words[row], row, None)
    known = [at for at, piece in enumerate(pieces) if piece.row is not None]
    if not known:
        row = table.row(FALLBACK) if FALLBACK in table else len(table) - 1
        said = said or say(
            "No word of your text is in {table}: search one, or write others. This is one of its words.",
            table=table.name,
        )
        return Subject(table.words[row], row, None, said, offers)
    before = [at for at in known if follow < 0 or pieces[at].follow <= follow]
    at = before[-1] if before else known[0]
    chosen = at if follow < 0 else max((k for k, p in enumerate(pieces) if p.follow <= follow), default=at)
    if chosen != at and not said:
        try:
            table.row(pieces[chosen].text[:LONGEST_WORD])
        except UnknownWord as why:
            said, offers = words.sentence(why), why.near
    number = pieces[at].row or 0
    return Subject(table.words[number], number, at, said, offers)


def analogy_of(table: StaticVectors, pieces: Sequence[Piece], written: str) -> tuple[str, str, str]:
    """Read a, b, c of a : b :: c : ? as the link has them ("a|b|c"); nothing written: three that the table has."""
    if written:
        a, b, c = [*(word[:LONGEST_WORD] for word in written.split("|")), "", "", ""][:3]
        return a, b, c
    for triple in TRIPLES:
        if all(word in table for word in triple):
            return triple
    rows = list(dict.fromkeys(piece.row for piece in pieces if piece.row is not None))
    words = [*(table.words[row] for row in rows), *table.words[:3]]
    a, b, c = list(dict.fromkeys(words))[:3]
    return a, b, c


# ------------------------------------------------------------------------------------------------- lookup

NEAR = 14  # neighbours
ANSWERS = 14  # of the analogy
BESIDE = 3  # neighbours in the other table


@dataclass(frozen=True)
class Seen:
    """All that the picture shows.

    Attributes:
        which: the chosen table, "glove", "model" or "learned". lacking: why the model has no table, "" where it has.
        run: the id of the word2vec run and its checkpoint, where there is one.
        other: the word's row in the other table, if it has one. beside: its neighbours there.
        analogy: None where it cannot be put; `refused` says why.
        gaze: which words the map is laid through.
        held: names of what is large and known already to the browser that draws this.
    """

    asked: Asked
    which: str
    tables: Mapping[str, StaticVectors]
    lacking: str
    run: tuple[str, int] | None
    ids: Sequence[int]
    pieces: Sequence[Piece]
    subject: Subject
    lookup: Lookup
    near: Sequence[Neighbour]
    other: int | None
    beside: Sequence[Neighbour]
    triple: tuple[str, str, str]
    analogy: Analogy | None
    refused: str
    gaze: str
    held: Collection[str] = ()

    @property
    def table(self) -> StaticVectors:
        """The chosen one."""
        return self.tables[self.which]

    @property
    def other_table(self) -> StaticVectors:
        """The one that is not chosen."""
        return self.tables["glove" if self.which == "model" else "model"]

    @property
    def tokens(self) -> list[str]:
        """The text's tokens in the open model."""
        return [self.asked.lm.tokenizer.display(id) for id in self.ids]

    @property
    def key(self) -> str:
        """The chosen table's name, another for each checkpoint and model."""
        if self.which == "learned":
            return "learned {} {}".format(*(self.run or ("", 0)))
        return "glove" if self.which == "glove" else self.asked.key

    @property
    def map_key(self) -> str:
        """The map's name: along all words, or from where the neighbours or the analogy are seen best."""
        if self.gaze == "near":
            return f"{self.key}/near/{self.subject.row}"
        if self.gaze == "analogy" and self.analogy is not None:
            return f"{self.key}/analogy/{'|'.join(self.triple)}"
        return self.key

    @property
    def large(self) -> tuple[str, str]:
        """The names of what is large: the list of words, and the map."""
        return f"words:{self.key}", f"map:{self.map_key}"

    @cached_property
    def map(self) -> MapView:
        """The map."""
        if self.gaze == "near":
            rows = np.array([self.subject.row, *(one.row for one in self.near)])
            return map_view(self.table, self.table.unit(rows))
        if self.gaze == "analogy" and self.analogy is not None:
            return map_view(self.table, self.analogy.points[[0, 1, 2, 4]])
        if self.which == "learned":
            return map_view(self.table)
        if self.which == "glove":
            return glove_map()
        found: MapView = self.asked.call(own_map)
        return found

    def with_run(self, run: tuple[str, int], table: StaticVectors) -> Seen:
        """Put the vectors of a word2vec run beside the other tables, and look into them if they are chosen."""
        tables = {"glove": self.tables["glove"], "learned": table, **self.tables}
        if self.asked.values["vectors"] != "learned":
            return replace(self, tables=tables, run=run)
        return look_up(self.asked, tables, self.lacking, "learned", run)


def tables_of(asked: Asked) -> tuple[dict[str, StaticVectors], str]:
    """Open GloVe and the model's own table; say why where the model's numbers are none."""
    found = {"glove": glove()}
    try:
        found["model"] = asked.share(own_table, asked.label)
    except ValueError as why:  # training diverged
        return found, say("{label} has no table to look into: {why}.", label=asked.label, why=why)
    return found, ""


def own_table(lm: LanguageModel, name: str) -> StaticVectors:
    """Read a model's table, under its name in a sentence."""
    table = of_model(lm)
    return StaticVectors(name, table.words, table.vectors)


def look_up(
    asked: Asked, tables: Mapping[str, StaticVectors], lacking: str, which: str, run: tuple[str, int] | None = None
) -> Seen:  # fmt: skip
    """Look the followed or searched word up in the chosen table, and put the analogy.

    Args:
        lacking, which, run: as in `Seen`.
    """
    table, ids = tables[which], asked.lm.tokenizer.encode(asked.text)
    pieces = pieces_of(asked.lm, asked.text, table, which == "model")
    subject = subject_of(table, pieces, asked.at_most("follow", len(ids) - 1), str(asked.values["seek"]))
    triple = analogy_of(table, pieces, str(asked.values["analogy"]))
    analogy, refused = None, ""
    try:
        analogy = solve(table, *triple, count=ANSWERS)
    except ValueError as why:
        refused = words.sentence(why)
    other = _elsewhere(ids, tables, which, pieces, subject)
    beside = (
        tables["glove" if which == "model" else "model"].around(other, BESIDE) if other is not None else ()
    )
    return Seen(
        asked, which, tables, lacking, run, ids, pieces, subject, table.look_up(subject.row),
        table.around(subject.row, NEAR), other, beside, triple, analogy, refused, str(asked.values["gaze"]),
    )  # fmt: skip


def _elsewhere(
    ids: Sequence[int],
    tables: Mapping[str, StaticVectors],
    which: str,
    pieces: Sequence[Piece],
    subject: Subject,
) -> int | None:
    """Find the row of the same word in the other table: of the model, the followed word's first token."""
    if which == "model" or "model" not in tables:
        glove_table = tables["glove"]
        return glove_table.row(subject.word) if which == "model" and subject.word in glove_table else None
    if subject.at is None:
        return tables["model"].row(subject.word) if subject.word in tables["model"] else None
    return int(ids[pieces[subject.at].follow])


@lru_cache(maxsize=1)
def glove_map() -> MapView:
    """Lay out the map of all of GloVe's words, once."""
    return map_view(glove())


def own_map(lm: LanguageModel) -> MapView:
    """Lay out the map of all words of a model's table."""
    return map_view(of_model(lm))


# ------------------------------------------------------------------------------------------------- the data


def rows_shown(row: int, count: int) -> list[int]:
    """Choose the rows that the picture writes down: the first two, the word's with one on either side, the last."""
    near = {0, 1, row - 1, row, row + 1, count - 1}
    return sorted(at for at in near if 0 <= at < count)


def record(seen: Seen) -> dict[str, Any]:
    """Describe what figure.js draws, as its JSON."""
    table, subject, gaze = seen.table, seen.subject, seen.gaze
    shown = min(len(table), MOST)
    rows = rows_shown(subject.row, len(table))
    many, view = seen.large
    return {
        "stamp": "\x1f".join([
            seen.asked.key, seen.asked.text, seen.map_key, str(subject.row), subject.said, "|".join(seen.triple), gaze,
        ]),
        "table": {"id": seen.which, "name": table.name, "size": len(table), "dims": table.size, "shown": shown},
        "gaze": gaze, "tokens": seen.tokens,
        "words": _large(seen, many, lambda: json.dumps(table.words[:shown])),
        "map": _large(seen, view, lambda: pack(seen.map.points)) | {"share": seen.map.share},
        "shades": pack(shades(table, *_aim(seen))[:shown]),
        "pieces": [{"text": one.text, "follow": one.follow, "row": one.row} for one in seen.pieces],
        "subject": {
            "word": subject.word, "row": subject.row, "at": subject.at, "said": subject.said,
            "offers": list(subject.offers),
        },
        "lookup": {
            "rows": rows, "words": [table.words[at] for at in rows], "one_hot": seen.lookup.one_hot[rows].tolist(),
            "values": pack(table.vectors[rows]), "product": pack(seen.lookup.product),
            "length": float(table.lengths[subject.row]),
        },
        "near": [_near(table, subject.row, one) for one in seen.near],
        "other": _other(seen),
        "analogy": _analogy(seen),
    }  # fmt: skip


def _large(seen: Seen, name: str, make: Callable[[], Any]) -> dict[str, Any]:
    """Return a large part of the picture's data under its name, without the data where the browser holds it already."""
    return {"key": name} if name in seen.held else {"key": name, "sent": make()}


def _aim(seen: Seen) -> tuple[np.ndarray[Any, Any], Sequence[Neighbour]]:
    """Find the vector that words are coloured by, and its nearest words: the looked-up row, or the analogy's target."""
    if seen.gaze == "analogy" and seen.analogy is not None:
        return seen.analogy.points[4], seen.analogy.answers
    return seen.lookup.product, seen.near


def shades(table: StaticVectors, to: np.ndarray[Any, Any], near: Sequence[Neighbour]) -> np.ndarray[Any, Any]:
    """Shade words by their cosine with a vector, (V,) uint8; its nearest word has the whole colour."""
    most = max((one.cosine for one in near), default=1.0)
    strength = np.clip(table.cosines(to) / (most if most > 0 else 1.0), 0, 1) ** 2.5
    shade: np.ndarray[Any, Any] = np.rint(255 * strength).astype(np.uint8)
    return shade


def _near(table: StaticVectors, row: int, one: Neighbour) -> dict[str, Any]:
    written = table.written(row, one.row)
    return {
        "word": one.word, "row": one.row, "cosine": one.cosine, "dot": written.dot, "length": written.other_length,
    }  # fmt: skip


def _other(seen: Seen) -> dict[str, Any] | None:
    """Look the same word up in the other table: its row, and who is near it there."""
    if len(seen.tables) < 2:
        return None
    table = seen.other_table
    about = {"name": table.name, "size": len(table), "dims": table.size}
    if seen.other is None:
        return about | {"row": None}
    return about | {
        "row": seen.other, "word": table.words[seen.other], "values": pack(table.vectors[seen.other]),
        "near": [{"word": one.word, "cosine": one.cosine} for one in seen.beside],
    }  # fmt: skip


def _analogy(seen: Seen) -> dict[str, Any]:
    """Describe the three words, the best answers, and where all of it lies on the map."""
    if seen.analogy is None:
        return {"written": list(seen.triple), "said": seen.refused, "answers": []}
    found = seen.analogy
    rows = [seen.table.row(word) for word in (found.a, found.b, found.c)]
    return {
        "written": list(seen.triple), "words": [found.a, found.b, found.c], "rows": rows, "said": "",
        "answers": [{"word": one.word, "row": one.row, "cosine": one.cosine} for one in found.answers],
        "ends": seen.map.plane.place(found.points).tolist(), "arrows": found.arrows,
    }  # fmt: skip
