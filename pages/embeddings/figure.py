"""Draw a word's row by a one-hot product, all words on a map, its neighbours, and an analogy.

The functions here ask `core.vectors` and turn its answers into the component's JSON; they compute nothing.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from app import models
from app.frame.page import Context
from app.kit import pack, register
from app.models import cache
from app.runs import learned_vectors as learned
from app.session import state
from core.language_model import LanguageModel
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


def pieces_of(ctx: Context, table: StaticVectors, own: bool) -> list[Piece]:
    """Cut the text into the table's words; `own`: into the model's tokens, but special ones if there are others."""
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
    """Choose the word searched for, or the followed one, or the nearest known one of the text."""
    said, offers = "", tuple[str, ...]()
    if seek.strip():
        try:
            row = table.row(seek[:LONGEST_WORD])
        except UnknownWord as why:
            said, offers = models.reason(why), why.near
        else:
            return Subject(table.words[row], row, None)
    known = [at for at, piece in enumerate(pieces) if piece.row is not None]
    if not known:
        row = table.row(FALLBACK) if FALLBACK in table else len(table) - 1
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
            table.row(pieces[chosen].text[:LONGEST_WORD])
        except UnknownWord as why:
            said, offers = models.reason(why), why.near
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
SENT = 10  # maps and word lists that a browser is taken to hold


@dataclass(frozen=True)
class Seen:
    """All that the picture shows.

    which: "glove", "model" or "learned".
    other: the word's row in the other table, if it has one.   beside: its neighbours there.
    analogy: None where it cannot be put; `refused` says why.
    run: the id of the word2vec run and its checkpoint, where there is one.
    """

    which: str
    tables: Mapping[str, StaticVectors]
    pieces: Sequence[Piece]
    subject: Subject
    lookup: Lookup
    near: Sequence[Neighbour]
    other: int | None
    beside: Sequence[Neighbour]
    triple: tuple[str, str, str]
    analogy: Analogy | None
    refused: str
    run: tuple[str, int] | None

    @property
    def table(self) -> StaticVectors:
        """The chosen one."""
        return self.tables[self.which]

    @property
    def other_table(self) -> StaticVectors:
        """The one that is not chosen."""
        return self.tables["glove" if self.which == "model" else "model"]


def tables_of(ctx: Context) -> tuple[dict[str, StaticVectors], str]:
    """Open GloVe, the model's own table, a word2vec run's; say why where the model's numbers are none."""
    found = {"glove": glove()}
    at = learned.checkpoint()
    own = learned.table_at(*at) if at is not None else None
    if own is not None:
        found["learned"] = own
    if state.get("vectors") not in {*found, "model"}:
        state.put({"vectors": "glove"})
    try:
        found["model"] = cache.share(_own_table, ctx.model_key, ctx.short_name)
    except ValueError as why:  # training diverged
        return found, f"{ctx.short_name} has no table to look into: {why}."
    return found, ""


def _own_table(lm: LanguageModel, name: str) -> StaticVectors:
    """Read a model's table, under its short name (called by the cache)."""
    table = of_model(lm)
    return StaticVectors(name, table.words, table.vectors)


def look_up(ctx: Context, tables: Mapping[str, StaticVectors]) -> Seen:
    """Look the followed or searched word up in the chosen table, and put the analogy."""
    which = state.get("vectors") if state.get("vectors") in tables else "glove"
    table = tables[which]
    pieces = pieces_of(ctx, table, which == "model")
    subject = subject_of(table, pieces, state.get("follow"), state.get("seek"))
    triple = analogy_of(table, pieces, state.get("analogy"))
    analogy, refused = None, ""
    try:
        analogy = solve(table, *triple, count=ANSWERS)
    except ValueError as why:
        refused = models.reason(why)
    other = _elsewhere(ctx, tables, which, pieces, subject)
    beside = (
        tables["glove" if which == "model" else "model"].around(other, BESIDE) if other is not None else ()
    )
    return Seen(
        which, tables, pieces, subject, table.look_up(subject.row), table.around(subject.row, NEAR), other, beside,
        triple, analogy, refused, learned.checkpoint(),
    )  # fmt: skip


def _elsewhere(
    ctx: Context, tables: Mapping[str, StaticVectors], which: str, pieces: Sequence[Piece], subject: Subject
) -> int | None:
    """Find the row of the same word in the other table: of the model, the followed word's first token."""
    if which == "model" or "model" not in tables:
        glove_table = tables["glove"]
        return glove_table.row(subject.word) if which == "model" and subject.word in glove_table else None
    if subject.at is None:
        return tables["model"].row(subject.word) if subject.word in tables["model"] else None
    follow = pieces[subject.at].follow
    return int(ctx.ids[follow])


# ------------------------------------------------------------------------------------------------- maps


def _whole_map(lm: LanguageModel, which: str) -> MapView:
    """Lay out the map of all words of a table (called by the cache)."""
    return map_view(glove() if which == "glove" else of_model(lm))


def key_of(ctx: Context, seen: Seen) -> str:
    """Name the chosen table, another for each checkpoint and model."""
    if seen.which == "learned":
        return "learned {} {}".format(*(seen.run or ("", 0)))
    return "glove" if seen.which == "glove" else ctx.model_key


def map_of(ctx: Context, seen: Seen, gaze: str) -> tuple[str, MapView]:
    """Lay out the map, with its key: along all words, or from where the neighbours or the analogy are seen best."""
    name = key_of(ctx, seen)
    if gaze == "near":
        rows = np.array([seen.subject.row, *(one.row for one in seen.near)])
        return f"{name}/near/{seen.subject.row}", map_view(seen.table, seen.table.unit(rows))
    if gaze == "analogy" and seen.analogy is not None:
        return f"{name}/analogy/{'|'.join(seen.triple)}", map_view(
            seen.table, seen.analogy.points[[0, 1, 2, 4]]
        )
    if seen.which == "learned":
        return name, map_view(seen.table)
    # GloVe is of no model: its map is kept beside the usual one's results, once for all moments of all models.
    whose = cache.key(state.DEFAULT_MODEL) if seen.which == "glove" else ctx.model_key
    return name, cache.call(_whole_map, whose, seen.which)


def _once(kind: str, key: str, make: Callable[[], Any]) -> dict[str, Any]:
    """Send what is large once: its key, and the thing itself if this browser does not have it yet."""
    sent: list[str] = state.memo("embeddings.sent").setdefault("keys", [])
    name = f"{kind}:{key}"
    if name in sent:
        return {"key": name}
    state.memo("embeddings.sent")["keys"] = [*sent, name][-SENT:]
    return {"key": name, "sent": make()}


def send_again() -> None:
    """Send maps and lists of words again: a browser says that it has not got one."""
    state.memo("embeddings.sent").clear()


# ------------------------------------------------------------------------------------------------- the data


def rows_shown(row: int, count: int) -> list[int]:
    """Choose the rows that the picture writes down: the first two, the word's with one on either side, the last."""
    near = {0, 1, row - 1, row, row + 1, count - 1}
    return sorted(at for at in near if 0 <= at < count)


def record(ctx: Context, seen: Seen, gaze: str) -> dict[str, Any]:
    """Describe what figure.js draws, as its JSON."""
    table, subject = seen.table, seen.subject
    key, view = map_of(ctx, seen, gaze)
    shown = min(len(table), MOST)
    rows = rows_shown(subject.row, len(table))
    list_key = key_of(ctx, seen)
    return {
        "stamp": "\x1f".join(
            [ctx.model_key, ctx.text, key, str(subject.row), subject.said, "|".join(seen.triple), gaze]
        ),
        "table": {"id": seen.which, "name": table.name, "size": len(table), "dims": table.size, "shown": shown},
        "gaze": gaze, "tokens": list(ctx.tokens),
        "words": _once("words", list_key, lambda: json.dumps(table.words[:shown])),
        "map": _once("map", key, lambda: pack(view.points)) | {"share": view.share},
        "shades": pack(shades(table, *_aim(seen, gaze))[:shown]),
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
        "analogy": _analogy(seen, view),
    }  # fmt: skip


def _aim(seen: Seen, gaze: str) -> tuple[np.ndarray[Any, Any], Sequence[Neighbour]]:
    """Find the vector that words are coloured by, and its nearest words: the looked-up row, or the analogy's target."""
    if gaze == "analogy" and seen.analogy is not None:
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


def _analogy(seen: Seen, view: MapView) -> dict[str, Any]:
    """Describe the three words, the best answers, and where all of it lies on the map."""
    if seen.analogy is None:
        return {"written": list(seen.triple), "said": seen.refused, "answers": []}
    found = seen.analogy
    rows = [seen.table.row(word) for word in (found.a, found.b, found.c)]
    return {
        "written": list(seen.triple), "words": [found.a, found.b, found.c], "rows": rows, "said": "",
        "answers": [{"word": one.word, "row": one.row, "cosine": one.cosine} for one in found.answers],
        "ends": view.plane.place(found.points).tolist(), "arrows": found.arrows,
    }  # fmt: skip


def draw(data: dict[str, Any], key: str, on: Mapping[str, Callable[[], None]]) -> Any:
    """Mount the picture; `on` maps its events to callbacks."""
    return embeddings(data=data, key=key, on=on)
