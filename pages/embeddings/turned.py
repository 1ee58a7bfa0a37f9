"""Draw the words in three dimensions: what the flat map, which shows two of them, lays on each other."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go

from app.charts import rotatable
from app.charts.frame import About
from app.frame.page import Context
from app.models import cache
from app.session import state
from core.language_model import LanguageModel
from core.messages import mark, say
from core.vectors.map_view import MOST
from core.vectors.projection import Plane, pca
from core.vectors.static import StaticVectors, glove, of_model
from pages.embeddings.figure import Seen

WORDS = 2_500  # that are drawn: the first ones of the table, the frequent ones
HEIGHT = 460
EYE = (1.3, 1.3, 0.85)  # where the map is looked at from at first
# Of Plotly's drawing, as measured: the angle of its camera from top to bottom, what the scene leaves of its height, and
# px of a word's letter and of its line.
FIELD, FILLED, LETTER, LINE = math.radians(45), 0.93, 6.4, 15.0
# Where a word may stand by its point: what Plotly calls it, and px from the point to the word's middle, right and up;
# the first number adds half of the word's width.
SIDES = (
    ("top center", 0, 0, 16), ("bottom center", 0, 0, -16), ("middle right", 1, 12, 0), ("middle left", -1, -12, 0),
    ("top right", 1, 11, 17), ("top left", -1, -11, 17), ("bottom right", 1, 11, -17), ("bottom left", -1, -11, -17),
)  # fmt: skip
# What a row is here; the reader sees it in the legend.
LOOKED_UP, NEAR, ANALOGY = mark("looked up"), mark("its neighbours"), mark("the analogy")
OTHERS = mark("other words")


def space(table: StaticVectors) -> Plane:
    """Find the three directions in which the words of a table, each at length 1, differ most."""
    return pca(table.unit(slice(0, MOST)), 3)


def _space(lm: LanguageModel, which: str) -> Plane:
    """Find the directions of GloVe's table, or of the open model's own: the cache keeps them."""
    return space(glove() if which == "glove" else of_model(lm))


def space_of(ctx: Context, seen: Seen) -> Plane:
    """Find the directions of the chosen table, found once."""
    if seen.which == "learned":
        return space(seen.table)
    whose = cache.key(state.DEFAULT_MODEL) if seen.which == "glove" else ctx.model_key
    found: Plane = cache.call(_space, whose, seen.which)
    return found


def groups(seen: Seen) -> dict[str, list[int]]:
    """Group the rows that are drawn by what they are here; a row stands in the first group that it belongs to."""
    near = [one.row for one in seen.near]
    asked = []
    if seen.analogy is not None:
        asked = [seen.table.row(word) for word in seen.triple] + [seen.analogy.answers[0].row]
    listed = {LOOKED_UP: [seen.subject.row], NEAR: near, ANALOGY: asked}
    taken: set[int] = set()
    found = {}
    for name, rows in listed.items():
        found[name] = [row for row in dict.fromkeys(rows) if row not in taken]
        taken.update(rows)
    found[OTHERS] = [row for row in range(min(WORDS, len(seen.table))) if row not in taken]
    return found


def seen_from(points: np.ndarray[Any, Any], room: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Project points to where they stand on the screen at first, in px right and up of the middle.

    Args:
        points: (N, 3). room: (2, 3), the lowest and the highest of all that is drawn: it fills a cube of side 1.
    Returns:
        (N, 2).
    """
    eye = np.array(EYE)
    ahead = -eye / np.linalg.norm(eye)
    right = np.cross(ahead, (0.0, 0.0, 1.0))
    right /= np.linalg.norm(right)
    up = np.cross(right, ahead)
    cube = (points - room.mean(0)) / (room[1] - room[0])
    depth = (cube - eye) @ ahead
    plane = np.stack((cube @ right, cube @ up), axis=1) / depth[:, None]
    return np.asarray(plane * FILLED * HEIGHT / 2 / math.tan(FIELD / 2))


def placed(words: Sequence[str], at: np.ndarray[Any, Any]) -> list[str]:
    """Place each word by its point, so that none lies on another or on another's point; "": there is no room for it.

    Args:
        words: the most important first. at: (N, 2), px of their points.
    """
    boxes: list[tuple[float, float, float, float]] = []
    found = []
    for mine, (word, (x, y)) in enumerate(zip(words, at)):
        wide = LETTER * len(word)
        for name, side, right, up in SIDES:
            middle = x + side * wide / 2 + right
            box = (middle - wide / 2, middle + wide / 2, y + up - LINE / 2, y + up + LINE / 2)
            free = all(box[1] < a or b < box[0] or box[3] < c or d < box[2] for a, b, c, d in boxes)
            inside = (
                (at[:, 0] > box[0] - 4) & (at[:, 0] < box[1] + 4) & (at[:, 1] > box[2]) & (at[:, 1] < box[3])
            )
            inside[mine] = False
            if free and not inside.any():
                boxes.append(box)
                found.append(name)
                break
        else:
            found.append("")
    return found


def sides(seen: Seen, places: dict[str, Any]) -> dict[int, str]:
    """Choose where each row's word stands by its point: the looked-up one chooses first, then the analogy's."""
    every = np.concatenate([points for rows, points in places.values() if rows])
    room = np.stack((every.min(0), every.max(0)))
    told = [places[name] for name in (LOOKED_UP, ANALOGY, NEAR)]
    listed = [pair for rows, points in told for pair in zip(rows, points)]
    words = [seen.table.words[row] for row, _ in listed]
    where = placed(words, seen_from(np.array([point for _, point in listed]), room))
    return {row: side for (row, _), side in zip(listed, where)}


def figure(seen: Seen, places: dict[str, Any]) -> go.Figure:
    """Describe the map, which is turned by hand."""
    drawn = go.Figure()
    side = sides(seen, places)
    for name, colour, size in (
        (OTHERS, "res", 2.2), (NEAR, "q", 5), (ANALOGY, "mlp", 5), (LOOKED_UP, "accent", 8),
    ):  # fmt: skip
        rows, points = places[name]
        if not rows:
            continue
        named = name != OTHERS
        where = [side.get(row) or "top center" for row in rows] if named else ["top center"]
        words = [seen.table.words[row] for row in rows]
        drawn.add_trace(
            go.Scatter3d(
                x=points[:, 0], y=points[:, 1], z=points[:, 2], name=say(name), hovertext=words,
                text=[word if side.get(row) else "" for row, word in zip(rows, words)],
                mode="markers+text" if named else "markers",
                textposition=where if len(where) > 1 else where[0],  # of one word Plotly does not read a list
                marker={"color": rotatable.mark(colour), "size": size, "opacity": 1 if named else 0.45},
                textfont={"color": rotatable.mark(colour), "size": 12},
                hovertemplate="%{hovertext}<br>%{x:.3f}, %{y:.3f}, %{z:.3f}<extra>" + say(name) + "</extra>",
            )
        )  # fmt: skip
    axes = {"showticklabels": False, "showspikes": False}
    drawn.update_layout(
        height=HEIGHT, margin={"l": 0, "r": 0, "t": 0, "b": 0}, uirevision="space",
        legend={"x": 0, "y": 1, "orientation": "h"},
        scene={
            f"{axis}axis": {**axes, "title": {"text": say("component {number}", number=k)}}
            for k, axis in enumerate("xyz", 1)
        } | {"camera": {"eye": dict(zip("xyz", EYE))}, "aspectmode": "cube"},
    )  # fmt: skip
    return drawn


def draw(ctx: Context, seen: Seen) -> None:
    """Put the map on the page."""
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
        say(
            "{count} words of {table} in three dimensions, around “{word}”: the directions hold {shares} of what "
            "differs between the words.",
            count=f"{len(places[OTHERS][0]) + len(named):,}", table=table.name, word=seen.subject.word, shares=shares,
        ),
        {
            "table": seen.which, "key": seen.key, "shares": plane.shares,
            "groups": {name: [table.words[row] for row in rows] for name, (rows, _) in told.items()},
            "places": {name: points for name, (_, points) in told.items()},
            "others": len(places[OTHERS][0]),
        },
        dict(zip(("word", "here", "component 1", "component 2", "component 3"), map(list, zip(*named)))),
    )  # fmt: skip
    rotatable.draw(about, lambda: figure(seen, places), (seen.which, seen.key), HEIGHT)
