"""The words in three dimensions: what the flat map, which shows two of them, lays on each other."""

from __future__ import annotations

from typing import Any

import numpy as np
import plotly.graph_objects as go

from app import cache, state
from app.charts import turned
from app.charts.frame import About
from app.components.embeddings import Seen, key_of
from app.page import Context
from core.language_model import LanguageModel
from core.vectors.map_view import MOST
from core.vectors.projection import Plane, pca
from core.vectors.static import StaticVectors, glove, of_model

WORDS = 2_500  # that are drawn: the first ones of the table, the frequent ones
HEIGHT = 460
OTHERS = "other words"


def space(table: StaticVectors) -> Plane:
    """The three directions in which the words of a table, each at length 1, differ most."""
    return pca(table.unit(slice(0, MOST)), 3)


def _space(lm: LanguageModel, which: str) -> Plane:
    """Find the directions of GloVe's table, or of the open model's own: the cache keeps them."""
    return space(glove() if which == "glove" else of_model(lm))


def space_of(ctx: Context, seen: Seen) -> Plane:
    """The directions of the chosen table, found once."""
    if seen.which == "learned":
        return space(seen.table)
    whose = cache.key(state.DEFAULT_MODEL) if seen.which == "glove" else ctx.model_key
    found: Plane = cache.call(_space, whose, seen.which)
    return found


def groups(seen: Seen) -> dict[str, list[int]]:
    """The rows that are drawn, by what they are here; a row stands in the first group that it belongs to."""
    near = [one.row for one in seen.near]
    asked = []
    if seen.analogy is not None:
        asked = [seen.table.row(word) for word in seen.triple] + [seen.analogy.answers[0].row]
    listed = {"looked up": [seen.subject.row], "its neighbours": near, "the analogy": asked}
    taken: set[int] = set()
    found = {}
    for name, rows in listed.items():
        found[name] = [row for row in dict.fromkeys(rows) if row not in taken]
        taken.update(rows)
    found[OTHERS] = [row for row in range(min(WORDS, len(seen.table))) if row not in taken]
    return found


def figure(seen: Seen, places: dict[str, Any]) -> go.Figure:
    """The map, which is turned by hand."""
    drawn = go.Figure()
    for name, colour, size in (
        (OTHERS, "res", 2.2), ("its neighbours", "q", 5), ("the analogy", "mlp", 5), ("looked up", "accent", 8),
    ):  # fmt: skip
        rows, points = places[name]
        if not rows:
            continue
        named = name != OTHERS
        words = [seen.table.words[row] for row in rows]
        drawn.add_trace(
            go.Scatter3d(
                x=points[:, 0], y=points[:, 1], z=points[:, 2], name=name, text=words,
                mode="markers+text" if named else "markers", textposition="top center",
                marker={"color": turned.mark(colour), "size": size, "opacity": 1 if named else 0.45},
                textfont={"color": turned.mark(colour), "size": 12},
                hovertemplate="%{text}<br>%{x:.3f}, %{y:.3f}, %{z:.3f}<extra>" + name + "</extra>",
            )
        )  # fmt: skip
    axes = {"showticklabels": False, "showspikes": False}
    drawn.update_layout(
        height=HEIGHT, margin={"l": 0, "r": 0, "t": 0, "b": 0}, uirevision="space",
        legend={"x": 0, "y": 1, "orientation": "h"},
        scene={
            f"{axis}axis": {**axes, "title": {"text": f"component {k}"}} for k, axis in enumerate("xyz", 1)
        } | {"camera": {"eye": {"x": 1.1, "y": 1.1, "z": 0.7}}},
    )  # fmt: skip
    return drawn


def draw(ctx: Context, seen: Seen) -> None:
    """The map on the page."""
    plane, table = space_of(ctx, seen), seen.table
    places = {
        name: (rows, plane.place(table.unit(np.array(rows, dtype=np.int64))))
        for name, rows in groups(seen).items()
    }
    told = {name: both for name, both in places.items() if name != OTHERS}
    named = [
        (table.words[row], name, *map(float, point))
        for name, (rows, points) in told.items() for row, point in zip(rows, points)
    ]  # fmt: skip
    shares = ", ".join(f"{share:.1%}" for share in plane.shares)
    about = About(
        "embeddings_space",
        f"{len(places[OTHERS][0]) + len(named):,} words of {table.name} in three dimensions, around "
        f"“{seen.subject.word}”: the directions hold {shares} of what differs between the words.",
        {
            "table": seen.which, "key": key_of(ctx, seen), "shares": plane.shares,
            "groups": {name: [table.words[row] for row in rows] for name, (rows, _) in told.items()},
            "places": {name: points for name, (_, points) in told.items()},
            "others": len(places[OTHERS][0]),
        },
        dict(zip(("word", "here", "component 1", "component 2", "component 3"), map(list, zip(*named)))),
    )  # fmt: skip
    turned.draw(about, figure(seen, places))
