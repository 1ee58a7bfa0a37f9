"""The next runs of a page whose own runs join a group click by click: what they would take, their start, and why not.

A link carries the group, so that others see its runs, too. (Runs that make a group of their own: app/trained.py.)
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import streamlit as st

from app import runs, state, widgets
from app.words import sentence

if TYPE_CHECKING:
    from core.training.fine_tune_spec import FineTuneSpec
    from core.training.spec import TrainSpec


NOBODY = "Nothing trains on this server: it was started without workers."


@dataclass(frozen=True)
class Next:
    """A run to come: its spec, what it is called, and the own text of a spec that has one."""

    spec: TrainSpec | FineTuneSpec
    name: str
    text: str | None = None


def cost(page: str, make: Callable[[], Next]) -> tuple[str, str]:
    """What the next run would take, in words, or why it would be refused: one of the two is "".

    What was said of a spec is said again, whatever its seed: an estimate changes with the machine's other work.

    Args:
        make: the run by the page's settings; ValueError: they do not fit.
    """
    try:
        one = make()
        memo: dict[str, str] = state.memo(f"{page}.costs")
        key = one.spec.replace(seed=0).to_json()
        if key not in memo:
            seconds = runs.estimate(one.spec, one.text).seconds
            memo[key] = (
                f"about {max(1, round(seconds))} s" if seconds < 100 else f"about {seconds / 60:.0f} min"
            )
        return memo[key], ""
    except ValueError as why:  # LimitExceeded among them
        return "", sentence(why)


def start(page: str, field: str, make: Callable[[], Sequence[Next]]) -> None:
    """Put runs into the queue, in the group that the link names in `field`; `why_not` tells why they were not.

    Where one is refused, those before it are taken back.

    Args:
        make: the runs by the page's settings; ValueError: they do not fit.
    """
    memo = state.memo(f"{page}.start")
    memo["why"] = ""
    group = str(state.get(field)) or secrets.token_hex(8)
    begun: list[str] = []
    try:
        for one in make():
            run = runs.start(one.spec, one.text, name=one.name, group=group)
            if isinstance(run, str):
                raise ValueError(run)
            begun.append(run.id)
    except ValueError as why:
        memo["why"] = sentence(why)
        for id in begun:
            runs.command(id, "stop")
            runs.delete(id)
        return
    state.set(field, group)


def refused(page: str) -> str:
    """Why the last start was refused, or ""."""
    return str(state.memo(f"{page}.start").get("why", ""))


def why_not(page: str, why: str) -> str:
    """What `cost` said, or why the last start was refused, or that no worker is here; "" where all is well."""
    return why or refused(page) or (NOBODY if runs.engine() is None else "")


def warn(said: str) -> None:
    """Show a reason, where there is one."""
    if said:
        st.warning(widgets.escape(said))
