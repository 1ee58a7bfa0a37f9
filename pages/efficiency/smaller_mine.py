"""What pruning costs the open model, before it learns anything again: measured level by level, remembered by level."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from app import cache, state, work
from app.page import Context
from core.efficiency.removal import Cut, by_level
from core.efficiency.shrink_lab import levels
from pages.efficiency.measure import ready

JOB = "efficiency.pruned"
SMALL = 3_000_000  # weights of a model that is measured without being asked


def cut() -> Cut:
    """What is removed: "magnitude" or "structured"."""
    chosen: Cut = state.get("cutting")
    return chosen


def share() -> float:
    """The learner's share."""
    return int(state.get("removed")) / 100


def wanted(way: Cut) -> list[float]:
    """The shares that make the curve, and the learner's own."""
    return sorted({*(level for level in levels(way) if level), share()})


def _shelf(ctx: Context, way: Cut) -> str:
    return f"pruned {ctx.model_key} {way}"


def known(ctx: Context, way: Cut) -> dict[float, dict[str, Any]]:
    """What is measured of the open model, by share; "why" instead of figures where it cannot be cut so."""
    found = dict(cache.kept(_shelf(ctx, way)) or {})
    job = work.of(JOB, about(ctx, way))
    if job is not None and job.done:
        new = {one["sparsity"]: one for one in job.done}
        if not new.keys() <= found.keys():
            found |= new
            cache.keep(_shelf(ctx, way), found, small=True)
    return found


def about(ctx: Context, way: Cut) -> str:
    """The key of the work: the share is no part of it, so that what is measured stays when another is chosen."""
    return _shelf(ctx, way)


def missing(ctx: Context, way: Cut) -> list[float]:
    """The shares still to be measured, the learner's first."""
    found = known(ctx, way)
    return sorted((one for one in wanted(way) if one not in found), key=lambda one: (one != share(), one))


def begin(ctx: Context, way: Cut) -> None:
    """Ask for the work, if the model is small enough not to be asked for."""
    left = len(missing(ctx, way))
    job = work.of(JOB, about(ctx, way))
    if left and (job is None or job.ended):
        work.begin(JOB, about(ctx, way), left, lambda: steps(ctx, way))


def count(ctx: Context, way: Cut) -> None:
    """Tell the work that goes on how much it has to do: another share may have been chosen since it began."""
    job = work.of(JOB, about(ctx, way))
    if job is not None and not job.ended:
        job.total = max(1, len(job.done) + len(missing(ctx, way)))


def steps(ctx: Context, way: Cut) -> Iterator[dict[str, Any]]:
    """Measure the open model on the yardstick of the page's picture, at what is missing, the learner's share first."""
    while left := missing(ctx, way):
        try:
            before, _ = cache.share(ready, ctx.model_key)
            yield from by_level(before, way, left[:1])
        except ValueError as why:
            yield {"sparsity": left[0], "why": str(why)}
