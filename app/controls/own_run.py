"""The next runs of a page: their estimated cost, a shorter version, their start, and their progress.

Runs join a group click by click, or make one at once (app/runs/trained.py); a link carries the group, so
that others see its runs, too.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields
from fractions import Fraction
from typing import TYPE_CHECKING, Any, TypeVar

import streamlit as st

from app import markup, runs
from app.runs import trained
from app.session import state
from app.words import sentence
from core.messages import mark, say

if TYPE_CHECKING:
    from app.runs.trained import Arm
    from core.runs import Run
    from core.runs.kinds import Spec

NOBODY = mark("Nothing trains on this server: it was started without workers.")
LONG = 60.0  # seconds
SHARES = ("1", "1/2", "1/4", "1/8")  # a preset's share of steps
WAITS = 5.0  # seconds: a shorter time in the queue is not mentioned
LOOK = 1.0  # seconds between two polls of running runs

Described = TypeVar("Described", bound=Any)


@dataclass(frozen=True)
class Next:
    """A run to be started: its spec, its label, and the own text of a spec that has one."""

    spec: Any
    name: str
    text: str | None = None


# ------------------------------------------------------------------------------------------------ what it would take


def long() -> float:
    """Return the seconds that a run may take before the page offers a shorter one: GLASSBOX_LONG, or a minute."""
    return float(os.environ.get("GLASSBOX_LONG", "").strip() or LONG)


def duration(seconds: float) -> str:
    """Format an estimated duration, with no more digits than an estimate has."""
    if seconds < 1.5:
        return say("a second")
    if seconds < 20:
        return f"{seconds:.0f} s"
    if seconds < 90:
        return f"{5 * round(seconds / 5)} s"
    minutes = seconds / 60
    return f"{minutes:.1f}".removesuffix(".0") + " min" if minutes < 5 else f"{minutes:.0f} min"


def seconds(made: Sequence[Next]) -> float:
    """Estimate the seconds from the start of these runs to the end of the last, with this server's workers in parallel.

    Raises:
        ValueError: one of them would be refused (LimitExceeded), or its text is too small.
    """
    each = [runs.estimate(one.spec, one.text).seconds for one in made]
    return max(*each, sum(each) / runs.side_by_side())


def after_queue(time: str) -> str:
    """Return "about {time}"; if all workers are busy, add the estimated time in the queue."""
    if (waits := runs.queue_seconds()) < WAITS:
        return say("about {time}", time=time)
    return say("about {time}, after about {queue} in the queue", time=time, queue=duration(waits))


def cost(make: Callable[[], Next | Sequence[Next]]) -> tuple[str, str]:
    """Describe the cost of the next runs, or why they would be refused; one of the two strings is "".

    Args:
        make: the runs by the page's settings; ValueError: they do not fit.
    """
    try:
        made = make()
        return after_queue(duration(seconds([made] if isinstance(made, Next) else made))), ""
    except ValueError as why:  # LimitExceeded among them
        return "", sentence(why)


# ------------------------------------------------------------------------------------------------ shorter ones


def chosen() -> str:
    """Return the fraction of its steps that the open page's own runs take: one of SHARES."""
    page, _, share = str(state.get("fewer")).partition(" ")
    return share if page == state.page() and share in SHARES else "1"


def _choose(share: str | None) -> None:
    state.set("fewer", f"{state.page()} {share}" if share in SHARES[1:] else "")


def shortened(spec: Described, share: str | None = None) -> Described:
    """Shorten a preset's spec to the chosen fraction of its steps; all that depends on steps is scaled along.

    Args:
        share: one of SHARES; None: the page's choice.
    """
    part = Fraction(share or chosen())
    if part == 1:
        return spec
    steps = max(2, round(spec.steps * part))
    changes: dict[str, Any] = {"steps": steps}
    has = {field.name for field in fields(spec)}
    if "eval_every" in has and spec.eval_every:
        changes["eval_every"] = min(spec.eval_every, steps)
    # a number of steps; where the spec has a fraction, it stays one
    if isinstance(getattr(spec, "warmup", None), int):
        changes["warmup"] = round(spec.warmup * part)
    found: Described = spec.replace(**changes)
    return found


def shorter(made: Callable[[str], Sequence[Next]], steps: int) -> None:
    """Draw the choice of fewer steps where a preset takes over a minute here, with the duration of each choice.

    Args:
        made: the runs with that share of their steps (one of SHARES).
        steps: of the whole preset.
    """
    whole = _taken(made, "1")
    if whole <= long() and chosen() == "1":
        return
    taken = {"1": whole, **{share: _taken(made, share) for share in SHARES if share != "1"}}
    names = {share: f"{max(2, round(steps * Fraction(share))):,}" for share in SHARES}
    st.segmented_control(
        say("Steps"), list(SHARES), required=True, format_func=lambda share: names[share],
        **state.part("fewer", chosen(), _choose),
    )  # fmt: skip
    quick = next((share for share in SHARES if taken[share] <= long()), SHARES[-1])
    fewer = names[quick] if quick != "1" and taken[quick] < float("inf") else ""
    st.caption(_compared(names["1"], whole, fewer, taken[quick]))


def _compared(steps: str, whole: float, fewer: str, less: float) -> str:
    """Say how many seconds all steps take (infinite: too many), and how many some fewer take, where there are such."""
    refused = whole == float("inf")
    values = {
        "steps": steps, "fewer": fewer,
        "time": "" if refused else duration(whole), "less": duration(less) if fewer else "",
    }  # fmt: skip
    if refused and fewer:
        return say(
            "All {steps} steps take more than this server allows on this computer; {fewer} take about {less} and tell "
            "less.",
            **values,
        )
    if refused:
        return say("All {steps} steps take more than this server allows on this computer.", **values)
    if fewer:
        return say(
            "All {steps} steps take about {time} on this computer; {fewer} take about {less} and tell less.",
            **values,
        )
    return say("All {steps} steps take about {time} on this computer.", **values)


def quicker(
    key: str, made: Callable[[Any], Next | Sequence[Next]], now: Any, options: Sequence[Any],
    name: Callable[[Any], str], choose: Callable[[Any], None],
) -> None:  # fmt: skip
    """Draw a button for the largest setting that takes at most a minute, where the present one takes longer.

    Args:
        made: the runs of a setting; now: the present one; options: smaller ones, the largest first.
        name: of a setting, on the button; choose: takes one over.
    """

    def taken(setting: Any) -> float:
        return _taken(lambda _: [one] if isinstance(one := made(setting), Next) else one, "")

    if (whole := taken(now)) <= long():
        return
    known = say("This takes more than this server allows on this computer.")
    if whole < float("inf"):
        known = say("This takes about {time} on this computer.", time=duration(whole))
    fitting = next((one for one in options if taken(one) <= long()), None)
    with st.container(horizontal=True, gap="small", vertical_alignment="center", key=f"gb-quicker-{key}"):
        st.caption(known, width="content")
        if fitting is not None:
            label = say(
                "{setting} instead: about {time}", setting=name(fitting), time=duration(taken(fitting))
            )
            st.button(label, key=f"{key}.quicker", on_click=state.whole(choose), args=(fitting,))


def _taken(made: Callable[[str], Sequence[Next]], share: str) -> float:
    try:
        return seconds(made(share))
    except ValueError:
        return float("inf")


# ------------------------------------------------------------------------------------------------ the start


def start(page: str, field: str, make: Callable[[], Sequence[Next]]) -> None:
    """Put runs into the queue, in the group that the link names in `field`; `why_not` tells why they were not.

    Where one is refused, those before it are taken back. A group of another visitor's stays as it is: these runs begin
    one of their own.

    Args:
        make: the runs by the page's settings; ValueError: they do not fit.
    """
    memo = state.memo(f"{page}.start")
    memo["why"], memo["of"] = "", state.link()
    group = str(state.get(field))
    if others := bool(group) and not runs.may_add(group):
        group = ""
    group = group or trained.new_group()
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
    if others:
        state.note(
            say("The link that you opened shows another visitor’s runs. Yours begin a set of their own.")
        )


def button(label: str, spend: str, key: str, going: bool, **more: Any) -> None:
    """Draw the button that starts the next runs; it is secondary while a run is going and Stop is primary."""
    st.button(
        f"{label}{f', {spend}' if spend else ''}", key=key, type="secondary" if going else "primary", **more
    )


def refused(page: str) -> str:
    """Return why the last start was refused, while the settings are unchanged; or ""."""
    memo = state.memo(f"{page}.start")
    return str(memo.get("why", "")) if memo.get("of") == state.link() else ""


def why_not(page: str, why: str) -> str:
    """Return why no run can be started: `cost`'s reason, the last refusal, or no worker.

    "" where nothing prevents it.
    """
    return why or refused(page) or (say(NOBODY) if runs.engine() is None else "")


def warn(said: str) -> None:
    """Show the reason as a warning, if there is one."""
    if said:
        st.warning(markup.escape(said))


def of_arms(specs: Mapping[str, Spec], text: str | None = None) -> list[Next]:
    """Turn the specs of a comparison into runs, one for each arm."""
    return [Next(spec, name, text) for name, spec in specs.items()]


# ------------------------------------------------------------------------------------------------ while they train


def under_way(arms: Sequence[Arm], key: str, label: str = "") -> bool:
    """Draw the Stop button and the progress while a run is going; return whether one is going.

    Args:
        arms: the page's runs; key, label: of the button; "": "Stop".
    """
    going = [arm for arm in arms if arm.going]
    if not going:
        return False
    with st.container(horizontal=True, gap="small", vertical_alignment="center", width="content"):
        st.button(label or say("Stop"), key=key, on_click=state.whole(trained.stop), args=(going,))
        progress([arm.run for arm in going])
    return True


def offer_last(page: str) -> None:
    """Offer the runs that this browser started last on a page, where the page shows none of its own runs."""
    field = trained.GROUPS.get(page, "")
    if not field or state.get(field) or not (last := trained.last_group(page)):
        return
    going = [run for run in last if not run.over]
    label = (
        say("Your last runs on this page: {progress}.", progress=how_far(going))
        if going
        else say("Your last runs on this page have ended.")
    )
    with st.container(horizontal=True, gap="small", vertical_alignment="center", key="gb-last-runs"):
        st.caption(markup.escape(label), width="content")
        st.button(
            say("Show your last runs"), key="last_runs.show", on_click=state.whole(state.set),
            args=(field, last[0].group),
        )  # fmt: skip


def progress(of: Sequence[Run | None]) -> None:
    """Draw the progress and remaining time of runs; the page reruns when one of them has ended."""
    if going := tuple((run.id, run.kind) for run in of if run is not None and not run.over):
        _looked_at(going)


@st.fragment(run_every=LOOK)
def _looked_at(ids: tuple[tuple[str, str], ...]) -> None:
    """Poll the runs and draw the line of `progress`. A fragment: polling redraws this line, not the page."""
    state.speak()
    found = [runs.find(id, kind) for id, kind in ids]
    now = [run for run in found if run is not None]
    if any(run.over for run in now):
        state.turn_again()
        st.rerun()
    st.caption(markup.escape(how_far(now)), width="content")


def how_far(now: Sequence[Run]) -> str:
    """Describe progress and remaining time of unfinished runs: "step 120 of 400, about 8 s left"."""
    begun = [run for run in now if run.state != "queued"]
    if not begun:
        place = min((run.place for run in now), default=0)
        if runs.starting():
            return say("the workers are starting")
        waits = runs.queue_seconds(place) if place else 0.0
        if waits >= WAITS:
            return say(
                "waiting for a free worker: place {place} in the queue, about {time} until training begins",
                place=place, time=duration(waits),
            )  # fmt: skip
        if place > 1:
            return say("waiting for a free worker: place {place} in the queue", place=place)
        return say("about to begin")
    each = [_left(run) for run in now]
    step, steps = sum(run.step for run in begun), sum(run.steps for run in begun)
    far = say("step {step} of {total}", step=f"{step:,}", total=f"{steps:,}")
    if len(now) > 1:
        far = say("{begun} of {all} training, {far}", begun=len(begun), all=len(now), far=far)
    if all(run.state == "paused" for run in begun):
        return say("paused at {far}", far=far)
    left = max(*each, sum(each) / runs.side_by_side()) if len(each) > 1 else each[0]
    return say("{far}, about {time} left", far=far, time=duration(left)) if left else far


def _left(run: Run) -> float:
    """Estimate the seconds to a run's end: by the estimate at first, then by its own pace; 0 where neither is known."""
    from core.runs.corrections import beside, left

    try:
        foretold = runs.estimate(run.spec).seconds
    except ValueError:  # the run was started under other limits, or with an own text that is no longer here
        foretold = 0.0
    return left(run.step, run.steps, run.seconds, foretold, beside(run.spec))
