"""Below the Regularization picture: the open model's weights by matrix, and how decay holds weights down."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import streamlit as st

from app import cache, own_run, state, widgets
from app.trained import Arm
from core.analysis.stream.weights import by_matrix
from core.language_model import LanguageModel
from pages.regularization import decay_charts as charts


def weights(lm: LanguageModel, block: str) -> dict[str, dict[str, Any]]:
    """The matrices of one block of the open model."""
    return by_matrix(lm.transformer, block)


def sizes(arm: Arm) -> dict[str, Any]:
    """The size of a run's weights at each checkpoint."""
    seen = [one for one in arm.checkpoints if one.health]
    return {
        "name": arm.name,
        "steps": [one.step for one in seen],
        "rms": [one.health["weights"]["rms"] for one in seen],
    }


def moment(steps: Sequence[int], glance: int) -> None:
    """The slider over the checkpoints at which the shown pair's weights were counted; glance: the one that is shown."""
    if len(steps) > 1:
        st.select_slider(
            "Runs’ weights at step",
            range(len(steps)),
            format_func=lambda i: f"{steps[i]:,}",
            **state.part("glance", glance, lambda index: state.set("glance", index)),
        )


def show(
    lm: LanguageModel, name: str, key: str, block: str, arms: Sequence[Arm],
    begin: Callable[[], None], following: Callable[..., list[own_run.Next]],
) -> None:  # fmt: skip
    """The heading, the buttons that train anew, and the two panels.

    Args:
        name: what the model is called.
        block: the path of the block whose matrices are counted.
        following: the runs that `begin` would start, with a share of their steps as for `own_run.shortened`.
    """
    st.html('<section class="gb-words"><h2>The weights, and training anew</h2></section>')
    with st.container(horizontal=True, gap="medium", vertical_alignment="bottom"):
        if not own_run.under_way(arms, "regularization.stop", "Stop all four"):
            own_run.shorter(following, following("1")[0].spec.steps)
            spend, refused = own_run.cost(following)
            own_run.button(
                "Train all four now", spend, "regularization.start", False, on_click=state.whole(begin)
            )
            own_run.warn(refused)
    if why := state.memo("regularization").pop("why", ""):
        st.warning(widgets.escape(why))
    decayed = max(arms, key=lambda arm: arm.spec.weight_decay).spec
    left, right = st.columns([58, 42], gap="medium")
    with left:
        said = f"The weights of {widgets.mono(name)}, {charts.place_of(block)}: the open model, none of the four runs."
        st.html(f'<p class="gb-hint">{widgets.inline(said)}</p>')
        charts.draw_weights(name, block, cache.call(weights, key, block))
    with right:
        charts.draw_sizes([sizes(arm) for arm in arms], decayed.learning_rate, decayed.weight_decay)
