"""The loss landscape's panel: controls, work, and the figure's data."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from app import cache, events, models, state, widgets, work
from app.kit import pack
from app.page import Context
from core.analysis.health.landscape import Path, load_path, measure, path_plane, random_plane, walk
from core.language_model import LanguageModel
from core.training.surfaces import levels
from pages.optimizers import figure as view
from pages.optimizers import turned
from pages.optimizers.take import measured

GRID = 21  # points along a side
PATH = 12  # models of a training path, at most
MOST = 30_000_000  # weights: the copies of a larger model would not fit beside it


@dataclass(frozen=True)
class Line:
    """One finished row of the grid, with the plane's box and the path over it (None: there is none)."""

    losses: np.ndarray
    box: tuple[float, float, float, float]
    path: Path | None
    steps: tuple[int, ...]


def key(ctx: Context, target: str | None) -> str:
    """What a landscape depends on."""
    return repr((ctx.model_key, ctx.text, target, plane_kind(ctx)))


def plane_kind(ctx: Context) -> str:
    """The plane that is shown: the training path's own only where there is a path."""
    return "path" if state.get("plane") == "path" and len(ctx.moments) >= 3 else "random"


def survey(ctx: Context, target: str | None, kind: str) -> Iterator[Line]:
    """The plane, then its grid row by row."""
    steps = ctx.moments
    path_models: list[LanguageModel] = []
    if len(steps) >= 3:
        chosen = sorted({steps[round(at)] for at in np.linspace(0, len(steps) - 1, min(PATH, len(steps)))})
        path_models = load_path(lambda step: cache.model(ctx.name, step), chosen, PATH)
        steps = tuple(chosen)
    plane = path_plane(path_models) if kind == "path" else random_plane(ctx.lm)
    path = walk(plane, path_models, ctx.text, target) if path_models else None
    middle = path_models[-1] if kind == "path" else ctx.lm
    for row in measure(middle, plane, ctx.text, target, columns=GRID, rows=GRID):
        yield Line(row, plane.box, path, steps)


def panel(ctx: Context, target: str | None) -> DeltaGenerator | None:
    """Controls, button and figure; returns the place for the bar. None: the model is too large for it."""
    if ctx.lm.n_parameters > MOST:
        st.caption(f"This model has {ctx.lm.n_parameters / 1e6:,.0f} million weights: too many to copy here.")
        return None
    kind = plane_kind(ctx)
    if len(ctx.moments) >= 3:
        widgets.segments(
            "Plane", "plane", ("random", "path"),
            lambda name: "two random directions" if name == "random" else "the training path’s own",
        )  # fmt: skip
    slot = work.buttons(
        "land", key(ctx, target), f"Measure {GRID * GRID} points", GRID, lambda: survey(ctx, target, kind)
    )
    view.draw(
        record(ctx, target, kind),
        key="landscape",
        on={"select": lambda: events.select("landscape", ("moment",))},
    )
    done = rows(ctx, target)
    if len(done) == GRID and np.isfinite([line.losses for line in done]).any():
        turned.draw_land(
            np.array([line.losses for line in done]), done[-1].box, done[-1].path, done[-1].steps
        )
    return slot


def rows(ctx: Context, target: str | None) -> list[Line]:
    """The rows that have been measured."""
    job = work.of("land", key(ctx, target))
    return [] if job is None else job.done


def cells(ctx: Context, target: str | None) -> list[str]:
    """A notebook cell for the landscape, once all of it is measured."""
    done = rows(ctx, target)
    heights = np.array([line.losses for line in done])
    if len(done) < GRID or not np.isfinite(heights).all():
        return []
    steps = done[-1].steps if plane_kind(ctx) == "path" else ()
    return [measured(heights, done[-1].box, steps, str(models.resolve(ctx.name).target))]


def record(ctx: Context, target: str | None, kind: str) -> dict[str, Any]:
    """What the figure draws; without rows while nobody has asked."""
    done = rows(ctx, target)
    base: dict[str, Any] = {
        "figure": "landscape", "kind": kind, "rows": len(done), "grid": GRID, "hasPath": len(ctx.moments) >= 3,
        "stamp": repr((key(ctx, target), len(done))),
        "selection": events.selection("landscape", {"moment": state.get("moment")}),
    }  # fmt: skip
    if not done:
        return base
    heights = np.full((GRID, GRID), np.inf)
    heights[: len(done)] = [line.losses for line in done]
    seen = heights[np.isfinite(heights)]
    path = done[-1].path
    told = {
        "heights": pack(heights),
        "box": done[-1].box,
        "levels": levels(seen, 12).tolist() if len(seen) else [],
    }
    if path is not None:
        told |= {
            "places": path.places.tolist(), "pathLosses": path.losses.tolist(), "shares": path.shares.tolist(),
            "steps": list(done[-1].steps), "here": _here(done[-1].steps, ctx),
        }  # fmt: skip
    return base | told


def _here(steps: tuple[int, ...], ctx: Context) -> int:
    """The place on the path of the model that the page shows; -1: between two of them."""
    now = steps[-1] if ctx.snapshot is None else ctx.snapshot
    return steps.index(now) if now in steps else -1
