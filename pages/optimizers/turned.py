"""The landscapes in three dimensions, with the ways over them: the race's ground, and the plane through the model."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go

from app.charts import turned
from app.charts.frame import About
from core.analysis.health.landscape import Path
from core.training.race import Track
from pages.optimizers.setup import NAMES, Setup

GRID = (73, 55)  # columns and rows of the ground
COLOURS = {"sgd": "ink", "momentum": "k", "adam": "accent", "adamw": "v", "muon": "q"}  # as the race is drawn
LIFT = 0.012  # of the height: a way lies a little above its ground, so that it is seen


def ground(setup: Setup, tracks: Sequence[Track]) -> go.Figure:
    """The race's surface, with what each optimizer walked as far as the picture reaches."""
    left, right, low, high = setup.surface.box
    x, y = np.linspace(left, right, GRID[0]), np.linspace(low, high, GRID[1])
    heights = setup.surface.grid(*GRID)[::-1]
    floor, top = float(heights.min()), float(np.quantile(heights, 0.9))
    top = max(top, 1.05 * setup.surface.loss(np.array(setup.start)))
    figure = turned.surface(
        x, y, heights, ("x", "y", "loss"), (floor - 0.03 * (top - floor), top),
        "x %{x:.3f}, y %{y:.3f}<br>loss %{z:.4f}",
    )  # fmt: skip
    for track in tracks:
        inside = _inside(track, setup.surface.box, top)
        points, losses = track.points[:inside], track.losses[:inside]
        figure.add_trace(
            _way(points, losses, NAMES[track.rule.kind], COLOURS[track.rule.kind], LIFT * (top - floor),
                 [f"step {at:,}" for at in range(inside)])
        )  # fmt: skip
    return figure


def _inside(track: Track, box: tuple[float, float, float, float], top: float) -> int:
    """How many points of a way are drawn: up to the first that lies outside."""
    left, right, low, high = box
    x, y = track.points.T
    out = ~((x >= left) & (x <= right) & (y >= low) & (y <= high) & (track.losses <= top))
    return int(out.argmax()) if out.any() else len(out)


def _way(points: Any, losses: Any, name: str, colour: str, lift: float, said: Sequence[str]) -> go.Scatter3d:
    """A way over a landscape: a line with a dot for each step."""
    return go.Scatter3d(
        x=points[:, 0], y=points[:, 1], z=np.asarray(losses) + lift, mode="lines+markers", name=name,
        line={"color": turned.mark(colour), "width": 5}, marker={"color": turned.mark(colour), "size": 2.5},
        text=list(said), customdata=np.asarray(losses),
        hovertemplate=f"{name}, %{{text}}<br>x %{{x:.3f}}, y %{{y:.3f}}<br>loss %{{customdata:.4f}}<extra></extra>",
    )  # fmt: skip


def draw_race(setup: Setup, tracks: Sequence[Track]) -> None:
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
    turned.draw(about, ground(setup, tracks))


def draw_land(
    heights: Any, box: tuple[float, float, float, float], path: Path | None, steps: Sequence[int]
) -> None:
    """The measured plane through the open model's weights; `path`: its training on it."""
    left, right, low, high = box
    rows, columns = heights.shape
    x, y = np.linspace(left, right, columns), np.linspace(high, low, rows)
    finite = heights[np.isfinite(heights)]
    floor, top = float(finite.min()), float(np.quantile(finite, 0.97))
    if path is not None:
        top = max(top, 1.03 * float(path.losses.max()))
    figure = turned.surface(
        x, y, np.where(np.isfinite(heights), heights, np.nan), ("first direction", "second direction", "loss, nats"),
        (floor - 0.03 * (top - floor), top), "at %{x:.2f}, %{y:.2f}<br>loss on your text %{z:.3f}",
    )  # fmt: skip
    if path is not None:
        said = [f"after {at:,} steps" for at in steps]
        figure.add_trace(_way(path.places, path.losses, "training", "accent", LIFT * (top - floor), said))
    here = divmod(int(np.nanargmin(heights)), columns)
    about = About(
        "optimizers_land",
        f"Loss on your text over a plane through this model's weights, in three dimensions: from {floor:.3f} "
        f"at the lowest of {rows * columns} points to {float(finite.max()):.3f}.",
        {
            "box": box, "heights": heights, "lowest": [float(x[here[1]]), float(y[here[0]])],
            "path": None if path is None else {"places": path.places, "losses": path.losses, "steps": list(steps)},
        },
        {
            "first direction": [float(at) for _ in y for at in x],
            "second direction": [float(at) for at in y for _ in x],
            "loss": [float(loss) for loss in heights.ravel()],
        },
    )  # fmt: skip
    turned.draw(about, figure)
