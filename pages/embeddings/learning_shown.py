"""An own run of words as the picture takes it, and what happens when one is started or stopped."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import streamlit as st

from app import runs, state, widgets
from app.fields import BY_KEY
from app.trained import Arm

if TYPE_CHECKING:
    from core.runs import Run
    from core.runs.kinds import Spec


def find(field: str, kind: str) -> Run | None:
    """The own run that a field of the link names; the picture says where there is none of this kind."""
    id = str(state.get(field))
    if not id:
        return None
    run = runs.find(id, kind)
    if run is None and not runs.away():
        state.put({field: ""})
        why = "The run that the link names is not here any more: it was deleted, or the link is not complete."
        refuse(field, why)
    return run


def live(run: Run) -> dict[str, Any]:
    """What the picture knows of an own run: its curve, live while it goes on, and who may stop it."""
    points = runs.points(run.id)
    if points is None:
        return {
            "run": {"id": run.id, "name": "", "steps": run.steps, "live": True},
            "mine": runs.is_mine(run),
        }
    arm = Arm("", run.id, run.spec, points, runs.checkpoints(run.id), run)
    return {"run": arm.curve(), "mine": runs.is_mine(run), "ended": run.ended}


def begin(spec: Spec, field: str, name: str, text: str | None = None) -> None:
    """Put a run into the queue and show it; the picture says why one was not started."""
    begun = runs.start(spec, text, name=name)
    refuse(field, begun if isinstance(begun, str) else "")
    if not isinstance(begun, str):
        state.set(field, begun.id)


def refuse(field: str, why: str) -> None:
    """Say in the picture why nothing was started or shown, until something is."""
    state.memo("embeddings_learning")[field] = why


def refused(field: str) -> str:
    """What `refuse` said last."""
    return str(state.memo("embeddings_learning").get(field, ""))


def stop(field: str) -> None:
    """Stop the run that a field names."""
    if why := runs.command(str(state.get(field)), "stop"):
        refuse(field, why)


def cannot() -> str:
    """Why nothing can be started here at all, or ""."""
    return "" if runs.engine() else "Nothing trains on this server: it was started without workers."


def cost(spec: Spec, text: str | None = None) -> tuple[str, str]:
    """What a run would take, in words, or why it would be refused: one of the two is ""."""
    memo: dict[str, tuple[str, str]] = state.memo("embeddings_costs")
    key = spec.to_json()
    if key not in memo:
        if len(memo) > 50:
            memo.clear()
        try:
            found = runs.estimate(spec, text)
            memo[key] = (f"About {max(1, round(found.seconds))} s on this machine.", "")
        except ValueError as why:  # LimitExceeded among them
            said = str(why)
            memo[key] = ("", said[:1].upper() + said[1:] + ".")
    return memo[key]


def number(label: str, key: str, most: int, width: int = 120) -> None:
    """A box for a whole number that a field holds."""
    low = int(BY_KEY[key].low)
    st.number_input(widgets.escape(label), low, most, step=1, width=width, **state.bind(key))
