"""Choose the next runs: the task, LoRA's rank, alpha and matrices, own examples; start them."""

from __future__ import annotations

from collections.abc import Mapping

import streamlit as st

from app import runs
from app.controls import own_run, widgets
from app.counts import counted
from app.runs.trained import Arm
from app.session import state
from core.messages import mark, say
from core.training.fine_tune_spec import PRESETS, Way
from pages.fine_tuning import own
from pages.fine_tuning.own import KIND
from pages.fine_tuning.ways import FITTING, WAYS

_NAMES = {"q": "Q", "k": "K", "v": "V", "o": "O", "in": mark("MLP in"), "out": mark("MLP out")}


def draw(arms: Mapping[Way, Arm]) -> None:
    """The row below the picture."""
    widgets.segments(
        say("Task"),
        "job",
        ("sentiment", "questions"),
        lambda name: say("Sentiment") if name == "sentiment" else say("Questions"),
    )
    if own.task() == "questions":
        st.text_input(say("Question about your text"), width=260, **state.bind("quiz"))
    st.number_input(say("Rank"), 1, 128, step=1, width=110, **state.bind("rank"))
    st.number_input(say("Alpha"), 0.01, 1024.0, step=1.0, width=110, **state.bind("alpha"))
    st.pills(
        say("LoRA beside"), list(FITTING), selection_mode="multi", format_func=lambda name: say(_NAMES[str(name)]),
        **state.part("beside", list(own.targets()), _beside),
    )  # fmt: skip
    if own.task() == "sentiment":
        _own_examples()
    if not any(arm.going for arm in arms.values()):
        own_run.shorter(lambda share: [own.following("lora", share)], PRESETS[own.task()]["steps"])
    with st.container(horizontal=True, gap="small", width="content"):  # a row of its own where space is short
        _buttons(arms)


def _beside(chosen: list[str] | None) -> None:
    state.set("beside", " ".join(target for target in FITTING if target in (chosen or [])))


def _buttons(arms: Mapping[Way, Arm]) -> None:
    spend, why = own_run.cost(lambda: own.following("lora"))
    off = bool(why) or runs.engine() is None
    if not own_run.under_way(list(arms.values()), "fine_tuning.stop"):
        own_run.button(
            say("Train LoRA now"), spend, "fine_tuning.lora", False, disabled=off, on_click=state.whole(_start),
            args=("lora",),
        )  # fmt: skip
        whole, _ = own_run.cost(lambda: [own.following(way) for way in WAYS])
        st.button(
            say("Train all four, {time}", time=whole) if whole else say("Train all four"),
            key="fine_tuning.all", disabled=off,
            on_click=state.whole(_start), args=tuple(WAYS),
        )  # fmt: skip
    if state.get("tuned"):
        st.button(
            say("Recorded runs"), key="fine_tuning.back", on_click=state.whole(lambda: state.set("tuned", ""))
        )
    own_run.warn(own_run.why_not("fine_tuning", why))


def _start(*chosen: Way) -> None:
    own_run.start("fine_tuning", "tuned", lambda: [own.following(way) for way in chosen])


def _own_examples() -> None:
    """Where a learner brings labelled lines."""
    with st.popover(say("Your examples"), key="gb-own-examples"):
        st.caption(
            say(
                "One a line: the text, a semicolon (or a tab, |, a comma), then `negative` or `positive`. "
                "Measured is held-out news all the same."
            )
        )
        st.text_area(
            say("Labelled lines"), key=f"{KIND}.lines", height=160, on_change=state.whole(_typed),
            placeholder="The rain took the bridge away.; negative",
        )  # fmt: skip
        if own.own_lines().strip():
            count = sum(bool(line.strip()) for line in own.own_lines().splitlines())
            st.caption(say("{lines} of your own will be learned from.", lines=counted(count, "line")))
            st.button(
                say("News of Toyland instead"), key="fine_tuning.reviews", on_click=state.whole(_forget)
            )


def _typed() -> None:
    own.keep_lines(str(state.widget_value(f"{KIND}.lines") or ""))


def _forget() -> None:
    own.keep_lines("")
    state.empty_widget(f"{KIND}.lines")
