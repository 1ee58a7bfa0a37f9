"""The class's runs: sizes that its teacher deals, one a learner, as points beside the ladder's law."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction

import streamlit as st

from app import markup, runs
from app.controls import own_run
from app.controls.own_run import Next
from app.counts import counted
from app.rooms import dealing, teaching
from app.runs import trained
from app.session import state
from core.messages import say
from core.rooms import Look, Size
from core.runs import ladder_recordings
from core.runs.records import ENDED
from core.training import ladder
from core.training.spec import TrainSpec
from pages.scaling.seen import Own

WIDTHS = (16, 32, 48, 64, 80, 96, 112, 128)  # from one that takes seconds to one that takes a minute or so
FIRST = 1_000  # seed of the class's runs
FEWEST = 4  # sizes that are dealt, however few are here
TITLE = "Class: "  # how the names of the class's runs begin
LOOK = 2.0  # seconds between two looks at the class's runs


def sizes(count: int, portion: str, before: int = 0) -> list[TrainSpec]:
    """Describe so many runs of different sizes, the small ones first, those beyond the widths with another seed.

    Args:
        portion: the share of the ladder's text that each reads.   before: runs that were dealt earlier in this room.
    """
    tokens = int(ladder.FULL * Fraction(portion))
    chosen = sorted(WIDTHS[at % len(WIDTHS)] for at in range(count))
    return [ladder.spec(width, tokens, FIRST + before + at) for at, width in enumerate(chosen)]


def says(spec: TrainSpec) -> str:
    """Say what a run is and how long it takes, for the learner who gets it. Raises ValueError: it is too large here."""
    blocks, tables = ladder.counted(spec.config(ladder_recordings.vocabulary()))
    width, read = ladder.width_of(spec), ladder.tokens_of(spec)
    takes = own_run.duration(runs.estimate(spec).seconds)
    return say(
        "{width} numbers wide, {blocks} weights, reads {read} characters: about {takes} of training",
        width=width,
        blocks=f"{blocks + tables:,}",
        read=f"{read:,}",
        takes=takes,
    )


def draw(mine: list[Own]) -> None:
    """Draw the section of the class's runs where this session teaches, and how far they are where it follows, too."""
    look = dealing.look()
    if look is None:
        return
    if teaching.teaches():
        st.html(f'<section class="gb-words"><h2>{markup.escape(say("Sizes for the class"))}</h2></section>')
        with st.container(key="gb-class-sizes", horizontal=True, gap="medium", vertical_alignment="bottom"):
            _buttons(look, mine)
        _told()
    if look.deals:
        _looked_at(_states(look))


def _states(look: Look) -> tuple[tuple[bool, str], ...]:
    """Of each size whether it is taken, and the state of its run."""
    return tuple((bool(one.member), one.state) for one in look.deals)


def _changes(states: tuple[tuple[bool, str], ...]) -> list[tuple[bool, bool]]:
    """Of each size what a page shows by itself: whether its run was started, and whether it has ended."""
    return [(started != "", started in ENDED) for _, started in states]


@st.fragment(run_every=LOOK)
def _looked_at(drawn: tuple[tuple[bool, str], ...]) -> None:
    """Poll the class's runs: one that was started or has ended draws the page anew, else this line is all."""
    look = dealing.look()
    now = drawn if look is None else _states(look)
    if _changes(now) != _changes(drawn):
        state.turn_again()
        st.rerun()
    trains = sum(one == "running" for _, one in now)
    taken, done = sum(one for one, _ in now), sum(one == "done" for _, one in now)
    values = {"sizes": counted(len(now), "size"), "taken": taken, "trains": trains, "done": done}
    st.caption(
        say(
            "{sizes} dealt: {taken} taken, {trains} training now, {done} trained; the green diamonds are the class’s.",
            **values,
        )
        if done
        else say("{sizes} dealt: {taken} taken, {trains} training now, {done} trained.", **values)
    )


def _buttons(look: Look, mine: list[Own]) -> None:
    """Draw the buttons: deal, take back, keep."""
    count = max(FEWEST, len(look.here))
    portion, dealt = str(state.get("portion")), look.deals
    free = [one for one in dealt if not one.member]
    specs = sizes(count, portion, len(dealt))
    spend, why = own_run.cost(lambda: [Next(spec, "") for spec in specs])
    many = counted(count, "size")
    label = (
        say("Deal {sizes} to the class, {spend} for all", sizes=many, spend=spend)
        if spend
        else say("Deal {sizes} to the class", sizes=many)
    )
    st.button(
        label, key="scaling.deal", icon=":material/groups:", disabled=bool(why) or runs.engine() is None,
        on_click=state.whole(_deal), args=(specs,),
        help=say("Each phone offers one size, with a button that trains it; smaller shares of the "
"text are quicker."),
    )  # fmt: skip
    if free:
        st.button(
            say("Take back what is free"),
            key="scaling.undeal",
            on_click=state.whole(_done),
            args=(dealing.take_back,),
        )
    if any(one.of_class for one in mine):
        st.button(
            say("Keep the class’s runs"), key="scaling.keep", on_click=state.whole(_keep),
            help=say("They become yours and stay when the room ends; otherwise they are deleted with it."),
        )  # fmt: skip
    own_run.warn(why or (say(own_run.NOBODY) if runs.engine() is None else ""))


def _told() -> None:
    said = str(state.memo("class").pop("dealt", ""))
    st.caption(
        markup.escape(said)
        or say(
            "The share of the text chosen above holds for the class, too: with all of it (1) its "
            "runs stand on every axis, with less on that of compute. They go when the room ends."
        )
    )


def _deal(specs: list[TrainSpec]) -> None:
    made = [Size(spec, f"{TITLE}{ladder.name(spec)}", says(spec)) for spec in specs]
    _done(lambda: dealing.deal(made))


def _keep() -> None:
    into = str(state.get("ladder")) or trained.new_group()
    _done(lambda: dealing.keep(into))
    state.set("ladder", into)


def _done(act: Callable[[], str]) -> None:
    state.memo("class")["dealt"] = act()
