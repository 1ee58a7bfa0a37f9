"""Draw the race of the optimizers, from above and in three dimensions; `draw` mounts every picture of the page.

`record` turns tracks of `core.training.race` into the race's JSON, `perspective` into a landscape that can be turned.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go

from app.charts import rotatable
from app.charts.frame import About
from app.kit import pack, register
from core.training.race import Track
from core.training.surfaces import levels
from pages.optimizers.controls import NAMES, Setup

optimizers = register("optimizers", __file__)

GRID = (97, 73)  # columns and rows of the ground: enough for smooth contour lines
GRID_3D = (73, 55)  # the same in three dimensions
LIFT = 0.012  # of the height: a way lies a little above its ground, so that it is seen
COLOURS = {"sgd": "ink", "momentum": "k", "adam": "accent", "adamw": "v", "muon": "q"}  # as the race is drawn
SHORT = {"sgd": "GD", "momentum": "Mom", "adam": "Adam", "adamw": "AdamW", "muon": "Muon"}
# What each optimizer keeps from step to step: by its letters in the written-out step, and in words.
KEEPS = {
    "sgd": ("–", "remembers nothing"),
    "momentum": ("b", "remembers the direction"),
    "adam": ("m, v", "remembers direction and size"),
    "adamw": ("m, v", "remembers direction and size"),
    "muon": ("b", "remembers the direction, at one length"),
}
NUMBERS = ("gradients", "used", "first", "second", "first_hat", "second_hat", "directions")


def record(
    setup: Setup,
    tracks: Sequence[Track],
    selection: Mapping[str, Any],
    tokens: Sequence[str],
    losses: Sequence[float | None],
) -> dict[str, Any]:
    """What figure.js draws of the race: the ground as a grid with its contour levels, and each track with its numbers.

    Args:
        tokens, losses: of the learner's text in the open model: where the steps below the race begin.
    """
    surface = setup.surface
    ground = surface.grid(*GRID)
    rule = setup.rules[0] if setup.rules else None
    return {
        "figure": "race",
        "stamp": repr((surface.name, setup, tokens, losses)),
        "tokens": list(tokens),
        "tokenLosses": list(losses),
        "surface": {
            "name": surface.name, "title": surface.title, "formula": surface.formula, "lesson": surface.lesson,
            "box": surface.box, "minima": surface.minima, "lowest": surface.lowest, "start": surface.start,
            "rates": surface.rates,
        },
        "ground": pack(ground),
        "levels": levels(ground).tolist(),
        "start": setup.start,
        "steps": setup.steps,
        "kinds": [
            {
                "id": kind, "name": name, "short": SHORT[kind], "rate": setup.rates[kind], "keeps": KEEPS[kind][0],
                "about": KEEPS[kind][1],
            }
            for kind, name in NAMES.items()
        ],
        "settings": None if rule is None else {
            "beta": rule.momentum, "beta2": rule.beta2, "eps": rule.eps, "decay": rule.weight_decay,
            "nesterov": rule.nesterov,
        },
        "tracks": [_track(track) for track in tracks],
        "selection": dict(selection),
    }  # fmt: skip


def _track(track: Track) -> dict[str, Any]:
    # A diverged track ends beyond what 32 bits hold: it is drawn as infinite.
    with np.errstate(over="ignore"):
        columns = np.concatenate([getattr(track, name) for name in NUMBERS], axis=1)  # (n, 14)
        return {
            "id": track.rule.kind, "points": pack(track.points), "losses": pack(track.losses),
            "numbers": pack(columns), "left": track.left, "diverged": track.diverged,
        }  # fmt: skip


def draw(data: Mapping[str, Any], key: str, on: Mapping[str, Callable[[], None]]) -> Any:
    """Mount one of the pictures; `on`: what to do for each event that it sends."""
    return optimizers(data=dict(data), key=key, on=on)


# ---------------------------------------------------------------- in three dimensions


def perspective(setup: Setup, tracks: Sequence[Track]) -> go.Figure:
    """The race's surface, with what each optimizer walked as far as the picture reaches."""
    left, right, low, high = setup.surface.box
    x, y = np.linspace(left, right, GRID_3D[0]), np.linspace(low, high, GRID_3D[1])
    heights = setup.surface.grid(*GRID_3D)[::-1]
    floor, top = float(heights.min()), float(np.quantile(heights, 0.9))
    top = max(top, 1.05 * setup.surface.loss(np.array(setup.start)))
    figure = rotatable.surface(
        x, y, heights, ("x", "y", "loss"), (floor - 0.03 * (top - floor), top),
        "x %{x:.3f}, y %{y:.3f}<br>loss %{z:.4f}",
    )  # fmt: skip
    for track in tracks:
        inside = _inside(track, setup.surface.box, top)
        points, losses = track.points[:inside], track.losses[:inside]
        figure.add_trace(
            way(points, losses, NAMES[track.rule.kind], COLOURS[track.rule.kind], LIFT * (top - floor),
                 [f"step {at:,}" for at in range(inside)])
        )  # fmt: skip
    return figure


def _inside(track: Track, box: tuple[float, float, float, float], top: float) -> int:
    """How many points of a way are drawn: up to the first that lies outside."""
    left, right, low, high = box
    x, y = track.points.T
    out = ~((x >= left) & (x <= right) & (y >= low) & (y <= high) & (track.losses <= top))
    return int(out.argmax()) if out.any() else len(out)


def way(points: Any, losses: Any, name: str, colour: str, lift: float, said: Sequence[str]) -> go.Scatter3d:
    """A way over a landscape: a line with a dot for each step."""
    return go.Scatter3d(
        x=points[:, 0], y=points[:, 1], z=np.asarray(losses) + lift, mode="lines+markers", name=name,
        line={"color": rotatable.mark(colour), "width": 5}, marker={"color": rotatable.mark(colour), "size": 2.5},
        text=list(said), customdata=np.asarray(losses),
        hovertemplate=f"{name}, %{{text}}<br>x %{{x:.3f}}, y %{{y:.3f}}<br>loss %{{customdata:.4f}}<extra></extra>",
    )  # fmt: skip


def draw_perspective(setup: Setup, tracks: Sequence[Track]) -> None:
    """The race's landscape on the page."""
    ends = {NAMES[track.rule.kind]: track for track in tracks}
    said = ", ".join(
        f"{name} at {track.losses[-1]:.4g} after {len(track.losses) - 1} steps"
        for name, track in ends.items()
    )
    about = About(
        "optimizers_ground",
        f"The surface {setup.surface.title} in three dimensions, with the ways over it: {said or 'nobody races'}.",
        {
            "surface": setup.surface.name, "box": setup.surface.box,
            "ways": {track.rule.kind: track.points.tolist() for track in tracks},
            "losses": {track.rule.kind: track.losses.tolist() for track in tracks},
        },
        {
            "optimizer": [name for name, track in ends.items() for _ in track.losses],
            "step": [at for track in tracks for at in range(len(track.losses))],
            "x": [float(x) for track in tracks for x in track.points[:, 0]],
            "y": [float(y) for track in tracks for y in track.points[:, 1]],
            "loss": [float(loss) for track in tracks for loss in track.losses],
        },
    )  # fmt: skip
    rotatable.draw(about, perspective(setup, tracks))
