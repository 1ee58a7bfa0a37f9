"""The five optimizers on a real small model: recorded runs at first, the learner's own when they trained some."""

from __future__ import annotations

from typing import Any, cast

import numpy as np
import streamlit as st

from app import events, state, trained
from app.components import optimizers as view
from app.components.optimizers import SHORT
from app.components.optimizers.setup import NAMES, read_rates
from app.trained import Arm
from core.training.quintet import RATES, STEPS, quintet

KINDS = {NAMES[kind]: kind for kind in NAMES}


def arms() -> list[Arm]:
    """The learner's own five where there are some, else the recorded ones."""
    own = trained.own_arms(str(state.get("quintet")), list(KINDS))
    return own or trained.recorded_arms({name: f"optimizers-{kind}" for name, kind in KINDS.items()})


def panel() -> None:
    """The figure, and the buttons that train the five anew at the chosen rates or stop them."""
    shown = arms()
    going = [arm for arm in shown if arm.going]
    view.draw(
        record(shown),
        key="toy",
        on={
            "select": lambda: events.select("toy", ("toyrates",)),
            "visit": lambda: events.visit("toy"),
            "ended": lambda: None,  # the page is drawn anew, with what the run came to
        },
    )
    memo = state.memo("optimizers")
    with st.container(horizontal=True, gap="small", vertical_alignment="center"):
        if going:
            st.button("Stop them", key="optimizers.toy.stop", on_click=trained.stop, args=(shown,))
        else:
            st.button(f"Train all five: {STEPS} steps each", key="optimizers.toy", on_click=begin)
        if state.get("quintet"):
            st.button(
                "Show the recorded ones", key="optimizers.toy.back", on_click=lambda: state.set("quintet", "")
            )
        if memo.get("said"):
            st.caption(memo.pop("said"))


def begin() -> None:
    """Put the five runs into the queue."""
    group, why = trained.start(
        {NAMES[kind]: spec for kind, spec in quintet(read_rates("toyrates", cast(Any, RATES))).items()}
    )
    if group:
        state.set("quintet", group)
    state.memo("optimizers")["said"] = why


def record(shown: list[Arm]) -> dict[str, Any]:
    """What the figure draws: five curves, and for each its rate and its last held-out loss."""
    rates = read_rates("toyrates", cast(Any, RATES))
    runs = []
    for arm in shown:
        held = arm.points.held_out[np.isfinite(arm.points.held_out)]
        runs.append(
            arm.curve()
            | {
                "kind": KINDS[arm.name], "rate": arm.spec.learning_rate, "ended": arm.ended, "going": arm.going,
                "held": float(held[-1]) if len(held) else None,
            }
        )  # fmt: skip
    kinds = [
        {"id": kind, "name": name, "short": SHORT[kind], "rate": rates[kind], "usual": RATES[kind]}
        for name, kind in KINDS.items()
    ]
    return {
        "figure": "toy", "runs": runs, "kinds": kinds, "guessing": shown[0].guessing if shown else None,
        "own": any(arm.run is not None for arm in shown), "going": any(arm.going for arm in shown),
        "stamp": repr([(run["id"], run["going"], run["held"]) for run in runs] + [rates]),
        "selection": events.selection("toy", {"toyrates": state.get("toyrates")}),
    }  # fmt: skip
