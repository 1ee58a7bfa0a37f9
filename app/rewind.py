"""Rewind, on every page: one slider over the moments of the open model's training."""

from __future__ import annotations

from app import events, state
from app.components import rewind
from app.opening import Opened


def slider(opened: Opened, view: str = "") -> None:
    """The slider, where the model has moments to go back to.

    Args:
        view: a second place on the same page.
    """
    steps, run = opened.moments, opened.run
    if len(steps) < 2:
        return
    key = f"rewind.{view}" if view else "rewind"
    at = steps[-1] if opened.moment < 0 else opened.moment
    total, end = steps[-1], "finished"
    if run is not None:
        total = max(run.steps, total)
        end = {"done": "finished", "stopped": "stopped", "diverged": "diverged", "failed": "ended"}.get(
            run.state, "newest"
        )
    selection = events.selection(key, {"snapshot": state.get("snapshot")})
    rewind.draw(steps, at, total, end, selection, key, lambda: events.select(key, ("snapshot",)))
