"""Draw the Positions picture: one kind of position on the learner's text, alone and by distance; the text shuffled.

The functions here ask `core` (kinds.py, order.py) and turn its answers into the component's JSON; they compute nothing.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from app.kit import pack, register
from core.analysis.positions.rotation import one_by_distance
from core.config import Position
from core.language_model import LanguageModel
from core.messages import mark, mark_of, say, say_of
from pages.positions.kinds import COLS, SPAN, TABLES, Seen, finite
from pages.positions.order import Order

positions = register("positions", __file__)

TITLES: dict[Position, str] = {
    "sinusoidal": mark_of("positions", "Sinusoidal"), "learned": mark_of("positions", "Learned"),
    "rotary": mark_of("positions", "Rotary"), "alibi": "ALiBi", "relative": mark_of("positions", "T5 relative"),
    "none": mark_of("positions", "None"),
}  # fmt: skip
WHAT: dict[Position, str] = {
    "sinusoidal": mark("sines and cosines, added to the embedding"),
    "learned": mark("a learned vector, added to the embedding"),
    "rotary": mark("queries and keys are turned"),
    "alibi": mark("every score is lowered by distance"),
    "relative": mark("a learned number is added to every score, by distance"),
    "none": mark("nothing is added, nothing is turned"),
}
USES: dict[Position, str] = {  # what the open model does, where its own way is not the one that is shown
    "learned": mark("The open model itself adds a learned vector to each token's embedding."),
    "sinusoidal": mark("The open model itself adds sines and cosines to each token's embedding."),
    "rotary": mark("The open model itself turns queries and keys."),
    "alibi": mark("The open model itself lowers each score by a slope times the distance."),
    "relative": mark("The open model itself adds a learned number to each score, by distance."),
    "none": mark("The open model itself is told nothing of positions."),
}


def title(kind: Position) -> str:
    """Name a kind of position in the reader's language."""
    return say_of("positions", TITLES[kind])


def chosen(row: int, col: int, last: int) -> tuple[int, int]:
    """Choose the query's row and the key's; where no key was chosen, one three before the query."""
    return row, col if 0 <= col <= last else max(0, row - 3)


def badge(lm: LanguageModel, seen: Seen, place: str) -> tuple[str, str]:
    """Say whose the shown positions are, in two or three words, and in a full sentence."""
    uses = say(USES[lm.config.position])
    if seen.kind == "none":
        return (
            (say("the open model’s own"), "") if own(lm, seen) else (say_of("positions", "taken away"), uses)
        )
    if seen.source == "own":
        return say("the open model’s own"), place if seen.kind not in ("learned", "sinusoidal") else ""
    if seen.source == "formula":
        return say("by formula"), uses
    return say("of a tiny model that learned to copy letters"), uses


def own(lm: LanguageModel, seen: Seen) -> bool:
    """Test whether the shown positions are the open model's."""
    return seen.source == "own" and (seen.kind != "none" or lm.config.position == "none")


def record(
    lm: LanguageModel, seen: Seen, order: Order, place: str, head: int, begins: int, pair: tuple[int, int]
) -> dict[str, Any]:
    """Turn what a kind shows into the JSON that figure.js draws.

    Args:
        place: the block and head that are looked at, in words.
        pair: the rows of the chosen query and key.
    """
    word = lm.tokenizer.display
    whose, more = badge(lm, seen, place)
    count = len(seen.ids)
    data: dict[str, Any] = {
        "kind": seen.kind, "title": title(seen.kind), "what": say(WHAT[seen.kind]), "source": seen.source,
        "badge": whose, "own": own(lm, seen), "about": more, "place": place,
        "door": seen.source == "own" and (seen.turning is not None or seen.bias is not None),
        "tokens": [{"text": word(i), "id": i} for i in seen.ids],
        "begins": begins, "start": seen.start, "rows": list(seen.rows), "notes": list(seen.notes),
        "causal": seen.causal, "columns": list(seen.columns), "width": seen.width, "trained": seen.trained,
        "waves": None if seen.waves is None else pack(seen.waves),
        "others": None if seen.others is None else pack(seen.others),
        "rates": None if seen.rates is None else finite(seen.rates),
        "lengths": None if seen.lengths is None else finite(seen.lengths),
        "strength": None if seen.strength is None else finite(seen.strength),
        "embed": pack(_embedding(seen)), "added": seen.kind in TABLES and seen.width == seen.embed.shape[1],
        "embedWidth": seen.embed.shape[1],
        "matrix": _matrix(seen, head, count), "curve": _curve(seen, pair), "arrows": _arrows(seen),
        "bias": _bias(seen, head), "order": order.record(lm),
    }  # fmt: skip
    return data


def _embedding(seen: Seen) -> np.ndarray[Any, Any]:
    """Select the token vectors (T, C) in the columns that are shown of the table, or in the first ones."""
    beside = seen.kind in TABLES and seen.width == seen.embed.shape[1]
    return seen.embed[:, list(seen.columns)] if beside else seen.embed[:, :COLS]


def _matrix(seen: Seen, head: int, count: int) -> dict[str, Any] | None:
    """Pack a number for every query (row) and key (column)."""
    if seen.turning is not None:
        return {"of": "q · k", "values": pack(seen.turning.scores)}
    if seen.alike is not None:
        return {"of": "cosine", "values": pack(seen.alike)}
    if seen.bias is not None:
        values = np.nan_to_num(seen.bias.matrix(count)[head], nan=0.0)
        scores = None if seen.scores is None else pack(np.maximum(seen.scores[head], -1e9))
        return {"of": "added to the score", "values": pack(values), "scores": scores}
    return None


def _curve(seen: Seen, pair: tuple[int, int]) -> dict[str, Any] | None:
    """Collect what distance does, over all pairs, and of rotary for the chosen query and key alone."""
    if seen.by is None:
        return None
    mine = None
    if seen.turning is not None and seen.source == "own":
        mine = {
            "row": pair[0],
            "col": pair[1],
            "values": finite(one_by_distance(seen.turning, *pair, SPAN - 1).mean),
        }
    return {
        "distances": [int(d) for d in seen.by.distances],
        "mean": finite(seen.by.mean), "spread": finite(seen.by.spread), "mine": mine,
    }  # fmt: skip


def _arrows(seen: Seen) -> dict[str, Any] | None:
    turning = seen.turning
    if turning is None:
        return None
    return {
        "query": pack(turning.query), "key": pack(turning.key),
        "turnedQuery": pack(turning.turned_query), "turnedKey": pack(turning.turned_key), "factor": turning.factor,
    }  # fmt: skip


def _bias(seen: Seen, head: int) -> dict[str, Any] | None:
    bias = seen.bias
    if bias is None:
        return None
    near = np.abs(bias.distances) < SPAN
    return {
        "distances": bias.distances[near].tolist(), "values": [finite(row) for row in bias.values[:, near]],
        "slopes": None if bias.slopes is None else finite(bias.slopes),
        "buckets": None if bias.buckets is None else bias.buckets[near].tolist(),
        "spans": [list(span) for span in bias.bucket_spans], "head": head,
    }  # fmt: skip
