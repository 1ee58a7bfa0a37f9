"""The controls of the step that is looked at: the next own run, or the examples in the prompt."""

from __future__ import annotations

import streamlit as st

from app import markup, runs
from app.controls import own_run, widgets
from app.kit.arms import Arm
from app.session import state
from core.analysis.tasks.in_context import COUNTS, GAMES
from core.messages import say
from core.training.adapting import WAYS, Study
from pages.adaptability import games, own
from pages.adaptability.studies import NAMES


def draw(step: str, arms: list[Arm], what: games.Shown) -> None:
    """Draw the row below the picture; `step` is a study's name, or "context"."""
    if step == "context":
        _context(what)
        return
    study: Study = step  # type: ignore[assignment]
    if study == "rank":
        st.number_input(say("Rank"), 1, 128, step=1, width=120, **state.bind("rank"))
    elif study == "prompt":
        st.number_input(say("Vectors in front"), 1, 64, step=1, width=150, **state.bind("front"))
    else:
        widgets.segments(say("Way"), "way", WAYS, lambda name: _begun(say(NAMES[name])))  # type: ignore[index]
        st.number_input(say("Labelled examples"), 2, 20_000, step=10, width=150, **state.bind("few"))
    if not any(arm.going for arm in arms):
        own_run.shorter(
            lambda share: [own.following(study, arms, share)],
            own.spec_of(study, own.FIRST, "1").steps,
        )
    _buttons(study, arms)


def _buttons(study: Study, arms: list[Arm]) -> None:
    spend, why = own_run.cost(lambda: own.following(study, arms))
    off = bool(why) or runs.engine() is None
    with st.container(horizontal=True, gap="small", width="content"):  # a row of its own where space is short
        going = own_run.under_way(arms, "adaptability.stop")
        own_run.button(
            say("Train this point now"), spend, "adaptability.train", going, disabled=off,
            on_click=state.whole(own_run.start),
            args=("adaptability", "adapted", lambda: [own.following(study, arms)]),
        )  # fmt: skip
        if state.get("adapted"):
            st.button(
                say("Without mine"),
                key="adaptability.back",
                on_click=state.whole(lambda: state.set("adapted", "")),
            )
    if told := own.learned(study):
        st.caption(told)
    own_run.warn(own_run.why_not("adaptability", why))


def _context(what: games.Shown) -> None:
    widgets.segments(say("Game"), "game", GAMES, lambda name: _begun(say(games.TITLES[name])))  # type: ignore[index]
    if not what.own:
        st.segmented_control(
            say("Examples"),
            COUNTS,
            required=True,
            **state.part("told", games.count(state.snapshot()), lambda n: state.set("told", n)),
        )
        st.button(say("Other words"), key="adaptability.lot", on_click=state.whole(_another))
    if what.game == "pairs":
        with st.popover(say("Your pairs"), key="gb-own-pairs"):
            st.text_area(
                say("One pair a line, two words"), height=150, placeholder="kite red\nball blue\nboat green",
                **widgets.hidden("solved"),
            )  # fmt: skip
            st.text_input(say("Whose partner?"), **widgets.hidden("sought"))
    if what.why:
        said = f"{what.why[:1].upper()}{what.why[1:]}."
        st.warning(markup.escape(said))


def _another() -> None:
    state.set("lot", (int(state.get("lot")) + 1) % 10_000)


def _begun(name: str) -> str:
    """Begin a name with a capital; the rest stays: LoRA."""
    return f"{name[:1].upper()}{name[1:]}"
