"""Long computations on a page, in small steps at the end of its run, with a progress bar and a Stop button.

Any click interrupts it between two steps, the page answers, and the work goes on where it was. Its results stay in the
session until other work of that name is started. `Shared` is work of all visitors, in a thread of its own. The steps of
both take turns with those of other visitors (`app.models.turns`).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import Any

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from app import markup
from app.models import sweeps, turns
from app.session import state
from core.messages import say

EVERY = 0.1  # seconds between two progress updates
SHOWN = 2.5  # seconds after which partial results are drawn
_END = object()  # what comes after the last result
TO_THE_END = 10**9  # results to wait for where the total is unknown


@dataclass
class Job:
    """A long computation: `key` identifies its input, `steps` yields its `total` results, `done` holds them."""

    key: str
    steps: Iterator[Any]
    total: int
    done: list[Any] = field(default_factory=list)
    ended: bool = False
    stopped: bool = False
    seconds: float = 0.0

    @property
    def going(self) -> bool:
        """Whether results are still missing."""
        return not (self.ended or self.stopped)


def _jobs() -> dict[str, Job]:
    return state.memo("work")


def of(name: str, key: str) -> Job | None:
    """Return the job of that name if it is on `key`; an unfinished job on anything else is dropped."""
    found = _jobs().get(name)
    if found is None or found.key == key:
        return found
    if not found.ended:  # a dropped job must not keep its copy of a model
        del _jobs()[name]
    return None


def begin(name: str, key: str, total: int, make: Callable[[], Iterator[Any]]) -> None:
    """Start a job of that name; `go_on` computes it."""
    _jobs()[name] = Job(key, make(), total)


def buttons(name: str, key: str, label: str, total: int, make: Callable[[], Iterator[Any]]) -> DeltaGenerator:
    """Draw the button that starts, stops or resumes a job; return the placeholder for the bar of `go_on`."""

    found = of(name, key)
    with st.container(horizontal=True, gap="small", vertical_alignment="center", key=f"gb-work-{name}"):
        if found is None or found.ended:
            st.button(
                label if found is None else say("Again"), key=f"work.{name}", on_click=state.whole(begin),
                args=(name, key, total, make), type="primary" if found is None else "secondary",
            )  # fmt: skip
        elif found.stopped:
            st.button(say("Go on"), key=f"work.{name}", on_click=state.whole(_turn), args=(found, False))
            st.caption(
                markup.escape(say("stopped after {done} of {total}", done=len(found.done), total=found.total))
            )
        else:
            st.button(say("Stop"), key=f"work.{name}", on_click=state.whole(_turn), args=(found, True))
        return st.container(width="stretch", key=f"gb-bar-{name}")


def _turn(job: Job, stopped: bool) -> None:
    job.stopped = stopped


def go_on(name: str, key: str, slot: DeltaGenerator, what: str, at_once: int | None = None) -> None:
    """Continue an unfinished job with progress in `slot`, then rerun the page.

    Args:
        what: the unit of the work, in the plural.
        at_once: after how many results the page is drawn anew, to show them; None: when all are there.
    """
    job = of(name, key)
    if job is None or not job.going:
        return
    bar = slot.progress(min(1.0, len(job.done) / job.total), text=markup.escape(f"{len(job.done)} {what}"))
    started, last, before = time.monotonic(), 0.0, job.seconds

    def waits() -> None:
        said = say(
            "{done} of {total} {what}; waits for other visitors’ work",
            done=len(job.done), total=job.total, what=what,
        )  # fmt: skip
        bar.progress(min(1.0, len(job.done) / job.total), text=markup.escape(said))

    while (result := _step(job, waits)) is not _END:
        job.done.append(result)
        now = time.monotonic()
        job.seconds = before + now - started
        if now - last > EVERY:
            last = now
            share = min(1.0, len(job.done) / job.total)
            left = job.seconds * (1 - share) / share
            text = say(
                "{done} of {total} {what}; about {seconds} s left",
                done=len(job.done), total=job.total, what=what, seconds=max(1, round(left)),
            )  # fmt: skip
            bar.progress(share, text=markup.escape(text))
        if at_once and len(job.done) % at_once == 0 and len(job.done) < job.total:
            again()
    job.ended = True
    again()


def _step(job: Job, report: Callable[[], object]) -> Any:
    """Compute the next result when it is this job's turn; _END: there is none. `report` is called while it waits."""
    with turns.turn(report):
        return next(job.steps, _END)


def again() -> None:
    """Rerun the page, keeping the messages that have not been read yet."""
    state.turn_again()
    st.rerun()


def anew(steps: Callable[[], Iterator[Any]]) -> sweeps.Make:
    """Restart a computation whose steps depend on earlier ones, and skip the results that are already there."""
    return lambda known: islice(steps(), len(known), None)


@dataclass(frozen=True)
class Shared:
    """Long work that visitors share (`app.models.sweeps`): each session sees all results, and waits for more or not.

    name: of the work. key: its input; sessions with the same key share results. total: results in all.
    what: their unit, in the plural. make: yields what is left to do, given what is there.
    about: there may be fewer than `total`, or more.
    """

    name: str
    key: str
    total: int
    what: str
    make: sweeps.Make
    about: bool = False

    @property
    def measured(self) -> sweeps.Measured:
        """All results so far, whichever session computed them."""
        found = sweeps.measured(self.key)
        return replace(found, ended=found.ended or (len(found.results) >= self.total and not self.about))

    @property
    def until(self) -> int | None:
        """The number of results that this session waits for; 0: it has stopped waiting; None: it has never started."""
        key, until = state.memo("shared work").get(self.name, ("", None))
        return until if key == self.key else None

    def wait(self, until: int) -> None:
        """Wait for this many results, from the end of this page run on; 0: stop waiting."""
        until = TO_THE_END if self.about and until >= self.total else until
        state.memo("shared work")[self.name] = self.key, until

    def buttons(self, label: str) -> DeltaGenerator | None:
        """Draw the button that starts, stops or resumes.

        Return the placeholder for the bar of `go_on`, None if all is there.
        """
        found = self.measured
        if found.ended:
            return None
        done, going = len(found.results), (self.until or 0) > len(found.results)
        with st.container(
            horizontal=True, gap="small", vertical_alignment="center", key=f"gb-work-{self.name}"
        ):
            st.button(
                say("Stop") if going else label if not done else say("Go on"), key=f"work.{self.name}",
                on_click=state.whole(self.wait), args=(0 if going else self.total,),
                type="secondary" if going or done else "primary",
            )  # fmt: skip
            if done and not going:
                st.caption(
                    markup.escape(
                        say("{done} of {total} {what}", done=done, total=self.total, what=self.what)
                    )
                )
            return st.container(width="stretch", key=f"gb-bar-{self.name}")

    def go_on(self, slot: DeltaGenerator | None, first: int = 1, whole: bool = True) -> None:
        """Wait for results if this session asked for them, with progress in `slot`, then rerun the page to show them.

        Args:
            first: results that the first picture waits for; later ones are drawn every few seconds.
            whole: all of it was drawn: False where it was not, and it may have ended since then.
        """
        there, until = self.measured, self.until or 0
        before = len(there.results)
        if there.ended and not whole:
            again()
        if slot is None or there.ended or before >= until:
            return
        bar, started = slot.empty(), time.monotonic()

        def enough(done: int) -> bool:
            share, spent = min(1.0, done / self.total), time.monotonic() - started
            values = {"done": done, "total": max(done, self.total), "what": self.what}
            said = say("{done} of {total} {what}", **values)
            if done > before:
                left = max(1, round(spent * (self.total - done) / (done - before)))
                said = say("{done} of {total} {what}; about {seconds} s left", **values, seconds=left)
            bar.progress(share, text=markup.escape(said))
            if done >= until:
                return until < self.total  # after the last step the job is marked as ended
            return done >= first and done > before and spent > SHOWN

        sweeps.follow(self.key, self.make, enough)
        again()
