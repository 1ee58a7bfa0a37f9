"""The class's runs: sizes that its teacher deals, one a learner, as points beside the ladder's law."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from fractions import Fraction

import streamlit as st

from app import markup, runs
from app.controls import own_run
from app.controls.own_run import Next
from app.counts import counted
from app.rooms import dealing, teaching
from app.session import state
from core.rooms import Look, Size
from core.runs import ladder_recordings
from core.training import ladder
from core.training.spec import TrainSpec
from pages.scaling.seen import Own

WIDTHS = (16, 32, 48, 64, 80, 96, 112, 128)  # from one that takes seconds to one that takes a minute or so
FIRST = 1_000  # seed of the class's runs
FEWEST = 4  # sizes that are dealt, however few are here
TITLE = "Class: "  # how the names of the class's runs begin
WATCHED = 4  # runs whose end is waited for: the queue trains them in their order


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
    return f"{width} numbers wide, {blocks + tables:,} weights, reads {read:,} characters: about {takes} of training"


def draw(mine: list[Own]) -> None:
    """Draw the section of the class's runs, where this session teaches, and its progress where it follows."""
    going = [one.arm.run for one in mine if one.of_class and one.arm.going][-WATCHED:]
    look = dealing.look() if teaching.teaches() else None
    if look is not None:
        st.html('<section class="gb-words"><h2>Sizes for the class</h2></section>')
        with st.container(key="gb-class-sizes", horizontal=True, gap="medium", vertical_alignment="bottom"):
            _buttons(look, mine)
        _told(look)
    if going:
        own_run.progress(going)


def _buttons(look: Look, mine: list[Own]) -> None:
    """Draw the buttons: deal, take back, keep."""
    count = max(FEWEST, len(look.here))
    portion, dealt = str(state.get("portion")), look.deals
    free = [one for one in dealt if not one.member]
    specs = sizes(count, portion, len(dealt))
    spend, why = own_run.cost(lambda: [Next(spec, "") for spec in specs])
    label = f"Deal {counted(count, 'size')} to the class{f', {spend} for all' if spend else ''}"
    st.button(
        label, key="scaling.deal", icon=":material/groups:", disabled=bool(why) or runs.engine() is None,
        on_click=state.whole(_deal), args=(specs,),
        help="Each phone offers one size, with a button that trains it; smaller shares of the text are quicker.",
    )  # fmt: skip
    if free:
        st.button(
            "Take back what is free",
            key="scaling.undeal",
            on_click=state.whole(_done),
            args=(dealing.take_back,),
        )
    if any(one.of_class for one in mine):
        st.button(
            "Keep the class’s runs", key="scaling.keep", on_click=state.whole(_keep),
            help="They become yours and stay when the room ends; otherwise they are deleted with it.",
        )  # fmt: skip
    own_run.warn(why or (own_run.NOBODY if runs.engine() is None else ""))


def _told(look: Look) -> None:
    said = str(state.memo("class").pop("dealt", ""))
    if not said and (dealt := look.deals):
        taken, done = [one for one in dealt if one.member], [one for one in dealt if one.state == "done"]
        said = f"{counted(len(dealt), 'size')} dealt, {len(taken)} taken, {len(done)} trained."
    if not said:
        said = "The share of the text chosen above holds for the class, too. Its runs go when the room ends."
    st.caption(markup.escape(said))


def _deal(specs: list[TrainSpec]) -> None:
    made = [Size(spec, f"{TITLE}{ladder.name(spec)}", says(spec)) for spec in specs]
    _done(lambda: dealing.deal(made))


def _keep() -> None:
    into = str(state.get("ladder")) or secrets.token_hex(8)
    _done(lambda: dealing.keep(into))
    state.set("ladder", into)


def _done(act: Callable[[], str]) -> None:
    state.memo("class")["dealt"] = act()
