"""Below the Efficiency picture: pruning with and without retraining, students with and without a teacher, DistilBERT.

The recorded runs fill both charts at once; the open model's own pruning curve is measured beside them, and a learner's
own runs are points on them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import streamlit as st

from app import events, state, work
from app.kit import register
from app.page import Context
from app.trained import Arm as Run
from core.analysis.seeds import Interval
from core.efficiency import distilbert, held_out
from core.efficiency.removal import Cut, neurons_only
from core.efficiency.shrink_lab import LONGER, RETRAINED
from core.efficiency.speed import told
from core.runs import shrunk
from core.runs.shrunk import Arm, Level
from pages.efficiency import smaller_charts as charts
from pages.efficiency import smaller_controls as controls
from pages.efficiency import smaller_mine as mine
from pages.efficiency import smaller_own as own
from pages.efficiency import smaller_said as said
from pages.efficiency.smaller_take import cells as cells

more = register("efficiency_smaller", __file__)

TERMS = ("pruning", "sparsity", "distillation", "teacher", "temperature", "held out", "seed", "interval")


def record(ctx: Context, arms: Sequence[Run]) -> dict[str, Any]:
    """What view.js draws."""
    way = mine.cut()
    alone, taught, longer = shrunk.arm("alone"), shrunk.arm("distilled"), shrunk.arm("alone", LONGER)
    curves: dict[Cut, list[Level]] = {
        "magnitude": shrunk.curve("magnitude"),
        "structured": shrunk.curve("structured"),
    }
    found = mine.known(ctx, way)
    listed = [own.record(arm) for arm in arms]
    return {
        "stamp": repr((ctx.model_key, way, mine.share(), sorted(found), listed)),
        "tokens": list(ctx.tokens), "name": ctx.label, "cut": way, "share": mine.share(), "retrained": RETRAINED,
        "base": {name: shrunk.base()[name] for name in ("name", "loss", "numbers", "bytes", "places")}
        | {"texts": held_out.STORIES},
        "curves": {name: [_level(one) for one in levels] for name, levels in curves.items()},
        "neuronsOnly": neurons_only(ctx.lm),
        "mine": [_found(found[share]) for share in mine.wanted(way) if share in found],
        "waits": len(mine.missing(ctx, way)),
        "students": [_arm(one) for one in (alone, taught, longer)],
        "own": listed, "live": [arm.curve() for arm in arms if arm.going],
        "published": [
            {
                "name": one.name, "counted": one.size.parameters, "said": one.size.published, "glue": one.glue,
                "imdb": one.imdb, "squad": one.squad, "seconds": one.seconds,
            }
            for one in (distilbert.TEACHER, distilbert.STUDENT)
        ],
        "said": {
            "pruned": [*said.pruned(curves["magnitude"], curves["structured"]), said.over()],
            "taught": said.taught(alone, taught, longer), "published": said.published(),
        },
    }  # fmt: skip


def _found(one: dict[str, Any]) -> dict[str, Any]:
    return one if "why" in one else {**one, "speed": _speed(one["speed"])}


def _level(one: Level) -> dict[str, Any]:
    return {
        "sparsity": one.sparsity, "numbers": one.numbers, "bytes": one.bytes, "speed": _speed(one.speed),
        "before": {name: one.before[name] for name in ("rise", "agreement")},
        "after": {name: _spread(one.spread(name)) for name in ("rise", "agreement")},
    }  # fmt: skip


def _arm(one: Arm) -> dict[str, Any]:
    return {
        "way": one.way, "steps": one.steps, "numbers": one.end[0]["numbers"], "bytes": one.end[0]["bytes"],
        "trace": [
            {"step": moment["step"], "loss": _spread(one.spread("loss", at))} for at, moment in enumerate(one.trace[0])
        ],
        "agreement": _spread(one.spread("agreement")),
        "speed": _speed(shrunk.speed(one.end)),
    }  # fmt: skip


def _speed(one: Sequence[float]) -> float | None:
    """How many times as fast; None: the rounds do not tell it from the original's."""
    return one[1] if told(one) else None


def _spread(one: Interval) -> dict[str, float]:
    return {"mean": one.mean, "low": one.low, "high": one.high}


def show(ctx: Context) -> Callable[[], None]:
    """The heading, the controls and the figure. Returns what measures: to be called when the page is drawn."""
    arms = own.found()
    way = mine.cut()
    missing = mine.missing(ctx, way)
    if ctx.lm.n_parameters <= mine.SMALL:
        mine.begin(ctx, way)
    mine.count(ctx, way)
    st.html(
        '<section class="gb-words"><h2>Weights taken out, and a small model with a teacher</h2></section>'
    )
    bar = controls.draw(ctx, arms, way, missing)
    chosen = {"removed": int(state.get("removed"))}
    data = record(ctx, arms)
    charts.draw(data)
    more(
        data={**data, "selection": events.selection("more", chosen)},
        key="more",
        on_select_change=lambda: events.select("more", tuple(chosen)),
        on_arrived_change=lambda: None,  # the run of the page that comes with it reads what is new
    )

    def measure() -> None:
        work.go_on(mine.JOB, mine.about(ctx, way), bar, "shares measured")
        own.measure(own.waiting(arms), bar)

    return measure
