"""Rewind: one slider over the moments of a model's training that were kept; every picture of every page follows it.

It sends "select" with {"snapshot": the step, or -1 for the end, "n": the number of the choice} (see app/events.py).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from app.kit import register

rewind = register("rewind", __file__, shared=False)

# The last kept step of a run that has ended so; of every other run it is the newest.
ENDS = {"done": "finished", "stopped": "stopped", "diverged": "diverged", "failed": "ended"}


def draw(
    steps: Sequence[int], at: int, total: int, state: str, run: str, selection: dict[str, Any], key: str,
    on_select: Callable[[], None],
) -> Any:  # fmt: skip
    """Mount the slider.

    Args:
        steps: the kept steps, in order; at: the one that is shown.
        total: how many steps the whole training has.
        state: of the run, or "done"; it says what the last kept step is called (`ENDS`).
        run: the id of a run that still trains: its later steps come by its stream; "": none.
        selection: the page's `snapshot`, with the number of the last choice it has heard.
    """
    data = {"steps": list(steps), "at": at, "total": total, "state": state, "ends": ENDS, "run": run}
    data["n"] = selection["n"]
    return rewind(data=data, key=key, on_select_change=on_select)
