"""Rewind, on every page: one slider over the checkpoints of the open model's training, which every picture follows.

rewind.js sends "select" with {"snapshot": the step, or -1 for the end, "n": the number of the choice}.
"""

from __future__ import annotations

from app.kit import register
from app.models.opening import Opened
from app.session import events, state
from core.messages import mark, say

rewind = register("rewind", __file__, shared=False)

# For a finished run the last checkpoint; for every other run the newest one.
ENDS = {
    "done": mark("finished"),
    "stopped": mark("stopped"),
    "diverged": mark("diverged"),
    "failed": mark("ended"),
}


def slider(opened: Opened, view: str = "") -> None:
    """Draw the slider, if the model has checkpoints to go back to.

    Args:
        view: a second place on the same page.
    """
    steps, run = opened.moments, opened.run
    if len(steps) < 2:
        return
    key = f"rewind.{view}" if view else "rewind"
    data = {
        "steps": list(steps),  # steps of the kept checkpoints, in order
        "at": steps[-1] if opened.moment < 0 else opened.moment,
        "total": steps[-1] if run is None else max(run.steps, steps[-1]),
        "state": "done" if run is None else run.state,
        "ends": {end: say(said) for end, said in ENDS.items()},
        "run": "" if run is None or run.over else run.id,  # later checkpoints come by the event stream
        "n": events.selection(key, {"snapshot": state.get("snapshot")})[
            "n"
        ],  # the number of the last selection that was handled
    }
    rewind(data=data, key=key, on={"select": lambda: events.select(key, ("snapshot",))})
