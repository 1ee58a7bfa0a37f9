"""Long work on a page: done in small steps at the end of the page's run, with a bar and a button to stop.

Any click interrupts it between two steps, the page answers, and the work goes on where it was. What it came to stays
with the session until other work of that name is asked for.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from app import state, widgets

EVERY = 0.1  # seconds between two signs of progress


@dataclass
class Job:
    """Work that was asked for: `key` says on what, `steps` yields its `total` results one by one, `done` has them."""

    key: str
    steps: Iterator[Any]
    total: int
    done: list[Any] = field(default_factory=list)
    ended: bool = False
    stopped: bool = False
    seconds: float = 0.0

    @property
    def going(self) -> bool:
        """Whether there is something left to do."""
        return not (self.ended or self.stopped)


def _jobs() -> dict[str, Job]:
    return state.memo("work")


def of(name: str, key: str) -> Job | None:
    """The work of that name on `key`: on anything else it does not count, and unfinished it is given up."""
    found = _jobs().get(name)
    if found is None or found.key == key:
        return found
    if not found.ended:  # it holds a copy of a model
        del _jobs()[name]
    return None


def begin(name: str, key: str, total: int, make: Callable[[], Iterator[Any]]) -> None:
    """Ask for work of that name; `go_on` does it."""
    _jobs()[name] = Job(key, make(), total)


def buttons(name: str, key: str, label: str, total: int, make: Callable[[], Iterator[Any]]) -> DeltaGenerator:
    """The button that begins, stops or goes on; returns the place for the bar of `go_on`."""

    found = of(name, key)
    with st.container(horizontal=True, gap="small", vertical_alignment="center", key=f"gb-work-{name}"):
        if found is None or found.ended:
            st.button(
                label if found is None else "Again", key=f"work.{name}", on_click=state.whole(begin),
                args=(name, key, total, make), type="primary" if found is None else "secondary",
            )  # fmt: skip
        elif found.stopped:
            st.button("Go on", key=f"work.{name}", on_click=state.whole(_turn), args=(found, False))
            st.caption(widgets.escape(f"stopped after {len(found.done)} of {found.total}"))
        else:
            st.button("Stop", key=f"work.{name}", on_click=state.whole(_turn), args=(found, True))
        return st.container(width="stretch", key=f"gb-bar-{name}")


def _turn(job: Job, stopped: bool) -> None:
    job.stopped = stopped


def go_on(name: str, key: str, slot: DeltaGenerator, what: str, at_once: int | None = None) -> None:
    """If there is something left to do: do it, saying in `slot` how far it is; then draw the page anew.

    Args:
        what: the unit of the work, in the plural.
        at_once: after how many results the page is drawn anew, to show them; None: when all are there.
    """
    job = of(name, key)
    if job is None or not job.going:
        return
    bar = slot.progress(min(1.0, len(job.done) / job.total), text=widgets.escape(f"{len(job.done)} {what}"))
    started, last, before = time.monotonic(), 0.0, job.seconds
    for result in job.steps:
        job.done.append(result)
        now = time.monotonic()
        job.seconds = before + now - started
        if now - last > EVERY:
            last = now
            share = min(1.0, len(job.done) / job.total)
            left = job.seconds * (1 - share) / share
            text = f"{len(job.done)} of {job.total} {what}; about {max(1, round(left))} s left"
            bar.progress(share, text=widgets.escape(text))
        if at_once and len(job.done) % at_once == 0 and len(job.done) < job.total:
            again()
    job.ended = True
    again()


def again() -> None:
    """Draw the page anew, with the messages that nobody has had time to read."""
    state.turn_again()
    st.rerun()
