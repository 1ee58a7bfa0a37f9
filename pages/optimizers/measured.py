"""Measure the open model when a learner asks: its loss against the learning rate, and the landscape of the loss.

Both take a while: `work` goes on with them, a step or a row at a time, while the page shows what has come.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from app import models
from app.charts import rotatable
from app.charts.frame import About
from app.controls import widgets, work
from app.frame.page import Context
from app.kit import pack
from app.models import cache
from app.session import events, state
from core.analysis.health.landscape import Path, load_path, measure, path_plane, random_plane, walk
from core.language_model import LanguageModel
from core.messages import mark, say
from core.training.rate_finder import RANGES, STEPS, Found, Trial, found, search
from core.training.rules import Kind
from core.training.surfaces import levels
from pages.optimizers import figure
from pages.optimizers.export import finder_cell, landscape_cell

if TYPE_CHECKING:
    import plotly.graph_objects as go
from pages.optimizers.figure import NAMES

ENDS = {
    "burst": mark("Then the steps were too long and the loss ran away: the search ended."),
    "learned": mark(
        "One text is soon known by heart, and what is known has no gradient: so no rate was too large here."
    ),
    "open": "",
}
GRID = 21  # points of the landscape along a side
PATH = 12  # models of a training path, at most
MOST = 30_000_000  # weights: the copies of a larger model would not fit beside it

# ---------------------------------------------------------------- the learning-rate finder


def finder_key(ctx: Context, target: str | None) -> str:
    """What a search depends on."""
    return repr((ctx.model_key, ctx.text, target, state.get("finder"), state.get("fresh")))


def result(ctx: Context, target: str | None) -> Found | None:
    """What the search of this text found so far; None: nobody has asked."""
    job = work.of("finder", finder_key(ctx, target))
    if job is None or not job.done:
        return None
    # A search that is still going has not burst.
    return found(job.done, STEPS if job.ended else len(job.done))


def finder_cells(ctx: Context, target: str | None) -> list[str]:
    """A notebook cell for what was searched."""
    seen = result(ctx, target)
    fresh = state.get("fresh") == "new"
    return [] if seen is None else [finder_cell(seen, str(state.get("finder")), fresh)]


def finder_panel(ctx: Context, target: str | None) -> DeltaGenerator:
    """Controls, button and picture; returns the place for the bar."""
    kind, fresh = cast(Kind, state.get("finder")), state.get("fresh") == "new"

    def make() -> Iterator[Trial]:
        return search(ctx.lm, ctx.text, kind, target, fresh=fresh)

    with st.container(horizontal=True, gap="medium", vertical_alignment="bottom"):
        widgets.segments(say("Optimizer"), "finder", tuple(NAMES), lambda name: say(NAMES[cast(Kind, name)]))
        widgets.segments(
            say("Begin with"), "fresh", ("trained", "new"),
            lambda name: say("the open model’s weights") if name == "trained" else say("new random weights"),
        )  # fmt: skip
    slot = work.buttons(
        "finder", finder_key(ctx, target), say("Search: {steps} steps", steps=STEPS), STEPS, make
    )
    figure.draw(finder_record(ctx, target, kind), key="rate-finder", on={})
    return slot


def finder_record(ctx: Context, target: str | None, kind: Kind) -> dict[str, Any]:
    """What finder.js draws; without trials while nobody has asked."""
    seen = result(ctx, target)
    low, high = RANGES[kind]
    base: dict[str, Any] = {
        "figure": "finder",
        "low": low,
        "high": high,
        "name": say(NAMES[kind]),
        "trials": 0,
    }
    job = work.of("finder", finder_key(ctx, target))
    base["stamp"] = repr(
        (finder_key(ctx, target), 0 if job is None else len(job.done), job is not None and job.ended)
    )
    if seen is None:
        return base
    losses = np.array([trial.loss for trial in seen.trials])
    return base | {
        "trials": len(seen.trials), "rates": pack([trial.rate for trial in seen.trials]),
        "losses": pack(np.where(np.isfinite(losses), losses, np.inf)), "smooth": pack(seen.smooth),
        "steepest": seen.steepest, "lowest": seen.lowest, "end": say(ENDS[seen.end]) if ENDS[seen.end] else "",
    }  # fmt: skip


# ---------------------------------------------------------------- the loss landscape


@dataclass(frozen=True)
class Line:
    """One finished row of the grid, with the plane's box and the path over it (None: there is none)."""

    losses: np.ndarray
    box: tuple[float, float, float, float]
    path: Path | None
    steps: tuple[int, ...]


def land_key(ctx: Context, target: str | None) -> str:
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


def land_panel(ctx: Context, target: str | None) -> DeltaGenerator | None:
    """Controls, button and picture; returns the place for the bar. None: the model is too large for it."""
    if ctx.lm.n_parameters > MOST:
        st.caption(
            say(
                "This model has {count} million weights: too many to copy here.",
                count=f"{ctx.lm.n_parameters / 1e6:,.0f}",
            )
        )
        return None
    kind = plane_kind(ctx)
    if len(ctx.moments) >= 3:
        widgets.segments(
            say("Plane"), "plane", ("random", "path"),
            lambda name: say("two random directions") if name == "random" else say("the training path’s own"),
        )  # fmt: skip
    slot = work.buttons(
        "land",
        land_key(ctx, target),
        say("Measure {count} points", count=GRID * GRID),
        GRID,
        lambda: survey(ctx, target, kind),
    )
    figure.draw(
        land_record(ctx, target, kind),
        key="landscape",
        on={"select": lambda: events.select("landscape", ("moment",))},
    )
    done = rows(ctx, target)
    if len(done) == GRID and np.isfinite([line.losses for line in done]).any():
        draw_perspective(
            np.array([line.losses for line in done]), done[-1].box, done[-1].path, done[-1].steps
        )
    return slot


def rows(ctx: Context, target: str | None) -> list[Line]:
    """The rows that have been measured."""
    job = work.of("land", land_key(ctx, target))
    return [] if job is None else job.done


def land_cells(ctx: Context, target: str | None) -> list[str]:
    """A notebook cell for the landscape, once all of it is measured."""
    done = rows(ctx, target)
    heights = np.array([line.losses for line in done])
    if len(done) < GRID or not np.isfinite(heights).all():
        return []
    steps = done[-1].steps if plane_kind(ctx) == "path" else ()
    return [landscape_cell(heights, done[-1].box, steps, str(models.resolve(ctx.name).target))]


def land_record(ctx: Context, target: str | None, kind: str) -> dict[str, Any]:
    """What landscape.js draws; without rows while nobody has asked."""
    done = rows(ctx, target)
    base: dict[str, Any] = {
        "figure": "landscape", "kind": kind, "rows": len(done), "grid": GRID, "hasPath": len(ctx.moments) >= 3,
        "stamp": repr((land_key(ctx, target), len(done))),
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


def draw_perspective(
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

    def chart() -> go.Figure:
        drawn = rotatable.surface(
            x, y, np.where(np.isfinite(heights), heights, np.nan),
            (say("first direction"), say("second direction"), say("loss, nats")), (floor - 0.03 * (top - floor), top),
            f"{say('at {place}', place='%{x:.2f}, %{y:.2f}')}<br>{say('loss on your text')} %{{z:.3f}}",
        )  # fmt: skip
        if path is not None:
            said = [say("after {steps} steps", steps=f"{at:,}") for at in steps]
            drawn.add_trace(
                figure.way(
                    path.places, path.losses, say("training"), "accent", figure.LIFT * (top - floor), said
                )
            )
        return drawn

    here = divmod(int(np.nanargmin(heights)), columns)
    about = About(
        "optimizers_land",
        say(
            "Loss on your text over a plane through this model's weights, in three dimensions: from {lowest} at the "
            "lowest of {points} points to {highest}.",
            lowest=f"{floor:.3f}", points=rows * columns, highest=f"{float(finite.max()):.3f}",
        ),
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
    rotatable.draw(about, chart)


def go_on(
    ctx: Context, target: str | None, searching: DeltaGenerator, measuring: DeltaGenerator | None
) -> None:
    """Do the next part of what was asked for, when the page is drawn; searching, measuring: the places of the bars."""
    work.go_on("finder", finder_key(ctx, target), searching, say("steps"))
    if measuring is not None:
        work.go_on("land", land_key(ctx, target), measuring, say("rows"))
