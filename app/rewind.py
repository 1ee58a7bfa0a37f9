"""Rewind, on every page: one slider over the moments of the open model's training."""

from __future__ import annotations

from app import events, state
from app.frame import rewind_bar as rewind
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
    total = steps[-1] if run is None else max(run.steps, steps[-1])
    shown, going = ("done", "") if run is None else (run.state, "" if run.over else run.id)
    selection = events.selection(key, {"snapshot": state.get("snapshot")})
    rewind.draw(steps, at, total, shown, going, selection, key, lambda: events.select(key, ("snapshot",)))
