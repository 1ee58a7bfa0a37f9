"""The Embeddings picture: a word's row by a one-hot product, all words on a map, neighbours, an analogy (view.js).

The functions here ask `core.vectors` and turn its answers into the component's JSON; they compute nothing.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from app import cache, models, state
from app import learned_vectors as learned
from app.kit import pack, register
from app.page import Context
from core.language_model import LanguageModel
from core.vectors.analogies import Analogy, solve
from core.vectors.map_view import MOST, MapView, map_view
from core.vectors.static import Lookup, Neighbour, StaticVectors, glove, of_model
from pages.embeddings.words import Piece, Subject, analogy_of, pieces_of, subject_of

embeddings = register("embeddings", __file__)

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
    """GloVe, the open model's own table, a word2vec run's; where the model's numbers are none, without it, and why."""
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
    """A model's table under its short name, as the cache calls it."""
    table = of_model(lm)
    return StaticVectors(name, table.words, table.vectors)


def see(ctx: Context, tables: Mapping[str, StaticVectors]) -> Seen:
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
    """The row of the same word in the other table: of the model, the followed word's first token."""
    if which == "model" or "model" not in tables:
        glove_table = tables["glove"]
        return glove_table.row(subject.word) if which == "model" and subject.word in glove_table else None
    if subject.at is None:
        return tables["model"].row(subject.word) if subject.word in tables["model"] else None
    follow = pieces[subject.at].follow
    return int(ctx.ids[follow])


# ------------------------------------------------------------------------------------------------- maps


def _whole_map(lm: LanguageModel, which: str) -> MapView:
    """The map of all words of a table, as the cache calls it."""
    return map_view(glove() if which == "glove" else of_model(lm))


def key_of(ctx: Context, seen: Seen) -> str:
    """A name of the chosen table, another for each checkpoint and model."""
    if seen.which == "learned":
        return "learned {} {}".format(*(seen.run or ("", 0)))
    return "glove" if seen.which == "glove" else ctx.model_key


def map_of(ctx: Context, seen: Seen, gaze: str) -> tuple[str, MapView]:
    """The map and its key: along all words, or from where the neighbours or the analogy are seen best."""
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
    """What is large and sent once: its key, and the thing itself if this browser does not have it yet."""
    sent: list[str] = state.memo("embeddings.sent").setdefault("keys", [])
    name = f"{kind}:{key}"
    if name in sent:
        return {"key": name}
    state.memo("embeddings.sent")["keys"] = [*sent, name][-SENT:]
    return {"key": name, "sent": make()}


def needed() -> None:
    """The browser says that it has not got a map or a list of words: it will be sent again."""
    state.memo("embeddings.sent").clear()


# ------------------------------------------------------------------------------------------------- the data


def rows_shown(row: int, count: int) -> list[int]:
    """Rows of the table that the picture writes down: the first two, the word's with one on either side, the last."""
    near = {0, 1, row - 1, row, row + 1, count - 1}
    return sorted(at for at in near if 0 <= at < count)


def record(ctx: Context, seen: Seen, gaze: str) -> dict[str, Any]:
    """What view.js draws."""
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
    """The vector that words are coloured by, and its nearest words: the looked-up row, or the analogy's target."""
    if gaze == "analogy" and seen.analogy is not None:
        return seen.analogy.points[4], seen.analogy.answers
    return seen.lookup.product, seen.near


def shades(table: StaticVectors, to: np.ndarray[Any, Any], near: Sequence[Neighbour]) -> np.ndarray[Any, Any]:
    """(V,) uint8: how strong a word's colour is, by its cosine with a vector; its nearest word has all of it."""
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
    """The same word in the other table: its row, and who is near it there."""
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
    """The three words, the best answers, and where all of it lies on the map."""
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
    return embeddings(data=data, key=key, **{f"on_{name}_change": callback for name, callback in on.items()})
