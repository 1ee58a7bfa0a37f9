"""What the learner turns below the lower picture: whom to ask about and how, and the next run of the corpus lab."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from app import own_run, runs, state, widgets
from app.page import Context
from app.trained import Arm
from core.analysis.tasks.pronoun_gap import TEMPLATES
from core.data.dial import REMEDIES
from core.training import corpus_lab
from core.training.corpus_lab import DIALLED
from pages.bias import corpus_lab_gaps as gaps
from pages.bias import corpus_lab_lab as lab
from pages.bias.corpus_lab_gaps import Series


def draw(ctx: Context, what: gaps.Asked, shown: list[Series], arms: list[Arm]) -> Callable[[], None]:
    """Both rows. Returns what asks a heavy model, if the learner wants it: to be called when the page is drawn."""
    slot, heavy = None, gaps.asking(ctx.lm, ctx.model_key, what)
    if any(one.waits for one in shown):
        slot = heavy.buttons(f"Ask {widgets.escape(shown[0].name)}")
    with st.container(horizontal=True, gap="small", vertical_alignment="bottom"):
        _whom()
        with st.container(width=260):
            st.slider("Dose: percent of “she” told", 0, 100, step=5, **state.bind("dose"))
        widgets.segments("Remedy", "remedy", REMEDIES, lambda name: lab.NAMES[name].capitalize())  # type: ignore[index]
        with st.popover("Dialled", key="gb-dosed"):
            st.text_area(
                "Professions under the dial",
                height=150,
                placeholder=", ".join(DIALLED),
                **widgets.hidden("dosed"),
            )
    if not any(arm.going for arm in arms):
        own_run.shorter(lambda share: [lab.following(arms, share)], corpus_lab.STEPS)
    _buttons(arms)
    for said in what.why:
        st.warning(widgets.escape(said))
    return lambda: heavy.go_on(slot, first=heavy.total)


def _whom() -> None:
    with st.popover("Whom, and how", key="gb-jobs"):
        st.text_area(
            "Professions, with commas",
            height=90,
            placeholder="doctor, nurse, pilot",
            **widgets.hidden("jobs"),
        )
        st.text_area(
            "Sentences, one a line, with {job} and {she/he}", height=190, placeholder="\n".join(TEMPLATES),
            **widgets.hidden("frames"),
        )  # fmt: skip


def _buttons(arms: list[Arm]) -> None:
    spend, why = own_run.cost(lambda: lab.following(arms))
    off = bool(why) or runs.engine() is None
    with st.container(horizontal=True, gap="small", width="content"):
        going = own_run.under_way(arms, "bias_corpus_lab.stop")
        own_run.button(
            "Retrain under this dose", spend, "bias_corpus_lab.train", going, disabled=off,
            on_click=state.whole(own_run.start), args=("bias", "doses", lambda: [lab.following(arms)]),
        )  # fmt: skip
        if state.get("doses"):
            st.button(
                "Without mine",
                key="bias_corpus_lab.back",
                on_click=state.whole(lambda: state.set("doses", "")),
            )
    if any(arm.checkpoints for arm in arms):
        st.caption(
            "Your retrained models stand in the list of models: open one, and its gaps are drawn above."
        )
    own_run.warn(own_run.why_not("bias", why))
