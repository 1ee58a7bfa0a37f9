"""The controls above the charts: what is removed and how much of it, and the next own run."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from app import own_run, runs, state, widgets, work
from app.counts import counted
from app.page import Context
from app.trained import Arm
from app.words import sentence
from core.efficiency.removal import Cut
from pages.efficiency import smaller_mine as mine
from pages.efficiency import smaller_own as own

CUTS = {"magnitude": "Weights, smallest first", "structured": "Heads and neurons"}
KINDS = {"distilled": "Student, taught", "alone": "Student, alone", "pruned": "Pruned, retrained"}


def draw(ctx: Context, arms: list[Arm], way: Cut, missing: Sequence[float]) -> DeltaGenerator:
    """The row of controls; returns the place for the bars of what is measured."""
    with st.container(key="gb-efficiency-dials", horizontal=True, gap="medium", vertical_alignment="bottom"):
        widgets.segments("Removed", "cutting", tuple(CUTS), lambda name: CUTS[str(name)])
        st.slider("Share removed, percent", 5, 95, step=5, width=220, **state.bind("removed"))
        with st.popover("Train your own", key="gb-own-shrunk"):
            _own(ctx, arms)
        own_run.under_way(arms, "efficiency.stop")
        bar = _measuring(ctx, way, missing)
    for arm in arms[:1]:  # a later run has its own fate
        if arm.run is not None and arm.run.over and arm.run.state != "done":
            said = sentence(arm.ended or f"It was {arm.run.state}")
            own_run.warn(f"Your {own.title(arm.spec)}: {said}")  # type: ignore[arg-type]
    why = own_run.cost(lambda: own.following(ctx, arms))[1]
    own_run.warn(plainly(why or own_run.refused("efficiency")))
    return bar


def plainly(why: str) -> str:
    """A refusal in the words of this page: it has no batch to choose, and says where its settings are."""
    told = why.replace("choose fewer steps, or a smaller batch", "choose fewer steps")
    return f"{told} The settings stand under “Train your own”." if told else ""


def _measuring(ctx: Context, way: Cut, missing: Sequence[float]) -> DeltaGenerator:
    """A button where measuring the open model takes long; small ones are measured without being asked."""
    if ctx.lm.n_parameters <= mine.SMALL or not missing:
        return st.container(width="stretch", key="gb-bar-efficiency")
    job, key = work.of(mine.JOB, mine.about(ctx, way)), mine.about(ctx, way)
    asked = (mine.JOB, key, len(missing), lambda: mine.steps(ctx, way))
    if job is not None and job.ended:  # what is missing now is another share: nothing is done again
        st.button(
            f"Measure {mine.share():.0%}", key="efficiency.share", type="primary",
            on_click=state.whole(work.begin), args=asked,
        )  # fmt: skip
        return st.container(width="stretch", key="gb-bar-efficiency")
    return work.buttons(mine.JOB, key, f"Prune {widgets.escape(ctx.label)}", *asked[2:])


def _own(ctx: Context, arms: list[Arm]) -> None:
    """What the next own run trains, and the buttons."""
    widgets.segments("Train", "shrunk", tuple(KINDS), lambda name: KINDS[str(name)])
    kind = str(state.get("shrunk"))
    if kind == "distilled":
        st.number_input("Temperature", 0.1, 20.0, step=0.5, **widgets.hidden("softness"))
        st.slider("Share of the plain loss", 0.0, 1.0, step=0.1, **widgets.hidden("plainly"))
    st.number_input("Steps", 1, 20_000, step=50, **widgets.hidden("lessons"))
    spend, why = own_run.cost(lambda: own.following(ctx, arms))
    going = any(arm.going for arm in arms)
    own_run.button(
        "Train it now", spend, "efficiency.train", going, disabled=bool(why) or runs.engine() is None,
        on_click=state.whole(own_run.start), args=("efficiency", "shrinks", lambda: [own.following(ctx, arms)]),
    )  # fmt: skip
    if not going:
        own_run.quicker(
            "efficiency", lambda steps: own.following(ctx, arms, steps), int(state.get("lessons")),
            [steps for steps in (800, 400, 200, 100, 50, 20) if steps < int(state.get("lessons"))],
            lambda steps: counted(steps, "step"), lambda steps: state.set("lessons", steps),
        )  # fmt: skip
    if state.get("shrinks"):
        st.button(
            "Without mine", key="efficiency.back", on_click=state.whole(lambda: state.set("shrinks", ""))
        )
    if runs.engine() is None:
        st.caption(own_run.NOBODY)
    base = own.base_of(ctx)
    begun = f"Begins with {base.name or 'the open run'}" + (f": {base.why}. " if base.why else ". ")
    st.caption(
        widgets.escape(begun)
        + "It reads training stories only, with a seed of its own; when it is done, it is measured on held-out ones."
    )
