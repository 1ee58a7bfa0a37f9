"""Chart the weights: how those of each matrix of the open model are spread, how large four runs' weights grow.

The buttons that train the four runs anew stand with them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import altair as alt
import numpy as np
import streamlit as st

from app import markup
from app.charts import vega
from app.charts.frame import About
from app.charts.look import ink
from app.controls import own_run
from app.counts import counted
from app.models import cache
from app.runs.trained import Arm
from app.session import state
from core.analysis.stream.weights import BINS, by_matrix
from core.language_model import LanguageModel
from core.messages import say

ACROSS = 3
TALL, GROWTH = 74, 216  # px
COLOURS, DASHES = ("ink2", "accent", "k-ink", "v-ink"), ([1, 0], [1, 0], [8, 3], [2, 3])  # of the four runs


def matrix(name: str, one: dict[str, Any], edge: float) -> alt.TopLevelMixin:
    """One matrix: how dense its numbers lie, on the axis that all share, and the interval of one rms around 0."""
    wide = 2 * one["edge"] / BINS
    total = sum(one["counts"])
    rows = [
        {"from": -one["edge"] + k * wide, "to": -one["edge"] + (k + 1) * wide, "share": count / total / wide,
         "said": say("{count} of {total}", count=f'{count:,}', total=f'{total:,}')}
        for k, count in enumerate(one["counts"])
    ]  # fmt: skip
    axis = alt.Axis(values=[-edge, 0, edge], format=".2f", title=None, ticks=True)
    x = alt.X("from:Q", scale=alt.Scale(domain=[-edge, edge], nice=False), axis=axis)
    y = alt.Y("share:Q", axis=None)
    tips = [
        alt.Tooltip("said:N", title=say("numbers")), alt.Tooltip("from:Q", format=".3f", title=say("from")),
        alt.Tooltip("to:Q", format=".3f", title=say("to")),
    ]  # fmt: skip
    bars = alt.Chart(vega.data(rows)).mark_bar(color=ink("res"), opacity=0.85, clip=True)
    ends = {
        "low": -one["rms"],
        "high": one["rms"],
        "said": say("rms {rms}, {numbers}", rms=f"{one['rms']:.4f}", numbers=counted(total, "number")),
    }
    band = alt.Chart(vega.data([ends]))
    within = alt.X("low:Q", scale=x["scale"])
    said = [alt.Tooltip("said:N", title=name)]
    head = alt.TitleParams(name, subtitle=f"rms {one['rms']:.3f}", subtitleColor=ink("accent"))
    return alt.layer(
        band.mark_rect(color=ink("accent"), opacity=0.13, clip=True).encode(
            x=within, x2="high:Q", tooltip=said
        ),
        bars.encode(x=x, x2="to:Q", y=y, y2=alt.datum(0), tooltip=tips),
        band.mark_rule(color=ink("accent"), strokeWidth=1).encode(x=within, tooltip=said),
        band.mark_rule(color=ink("accent"), strokeWidth=1).encode(
            x=alt.X("high:Q", scale=x["scale"]), tooltip=said
        ),
    ).properties(height=TALL + 52, title=head)


def place_of(block: str) -> str:
    """A block's path in words."""
    stack, _, number = block.rpartition("blocks.")
    if stack:
        return say("{stack} block {block}", stack=say(stack.removesuffix(".")), block=number)
    return say("block {block}", block=number)


def draw_weights(model: str, block: str, found: dict[str, dict[str, Any]]) -> None:
    """The matrices of a block, small and beside each other."""
    edge = max(one["edge"] for one in found.values())
    shares = {name: _within(one) for name, one in found.items()}
    about = About(
        "regularization_weights",
        say(
            "Weights of {model}, {place}, each from {low} to {high}: {sizes}.",
            model=model, place=place_of(block), low=f"{-edge:.2f}", high=f"{edge:.2f}",
            sizes=", ".join(f"{name} rms {one['rms']:.3f}" for name, one in found.items()),
        ),
        {"block": block, "rms": {name: one["rms"] for name, one in found.items()}, "within": shares},
        {
            "matrix": list(found), "numbers": [sum(one["counts"]) for one in found.values()],
            "rms": [one["rms"] for one in found.values()],
            "largest, of either sign": [one["edge"] for one in found.values()],
            "share within one rms of 0": list(shares.values()),
        },
        drawings=len(found),
    )  # fmt: skip
    vega.draw(about, [vega.once(matrix, name, one, edge) for name, one in found.items()], across=ACROSS)


def _within(one: dict[str, Any]) -> float:
    """Which share of a matrix's numbers lies within one rms of 0, by the bins whose middle does."""
    middles = (np.arange(BINS) + 0.5) * 2 * one["edge"] / BINS - one["edge"]
    counts = np.array(one["counts"])
    return float(counts[np.abs(middles) <= one["rms"]].sum() / counts.sum())


def growth(arms: Sequence[dict[str, Any]], said: Sequence[str]) -> alt.TopLevelMixin:
    """rms of the weights inside the blocks at each checkpoint, a line a run."""
    rows = [
        {"step": step, "rms": rms, "run": arm["name"], "said": f"{rms:.3f}"}
        for arm in arms for step, rms in zip(arm["steps"], arm["rms"])
    ]  # fmt: skip
    names = [arm["name"] for arm in arms]
    ends = [f"{arm['name']} {arm['rms'][-1]:.3f}" if arm["rms"] else arm["name"] for arm in arms]
    written = f"{ends!r}[indexof({names!r}, datum.label)]"
    legend = alt.Legend(labelExpr=written, symbolType="stroke", columns=2)
    colour = alt.Color(
        "run:N",
        legend=legend,
        scale=alt.Scale(domain=names, range=[ink(name) for name in COLOURS[: len(names)]]),
    )
    dash = alt.StrokeDash(
        "run:N", legend=legend, scale=alt.Scale(domain=names, range=list(DASHES[: len(names)]))
    )
    x = alt.X("step:Q", axis=alt.Axis(title=say("step"), format=",d", tickCount=5))
    y = alt.Y("rms:Q", scale=alt.Scale(zero=True), axis=alt.Axis(tickCount=4))
    base = alt.Chart(vega.data(rows))
    tips = [
        alt.Tooltip("run:N", title=say("run")), alt.Tooltip("step:Q", format=",", title=say("step")),
        alt.Tooltip("said:N", title="rms"),
    ]  # fmt: skip
    dots = base.mark_point(size=26, filled=True)
    return alt.layer(
        base.mark_line().encode(x=x, y=y, color=colour, strokeDash=dash),
        dots.encode(x=x, y=y, color=colour, tooltip=tips),
    ).properties(
        height=GROWTH + 90,
        title=alt.TitleParams(say("How large the weights grow: rms"), subtitle=list(said)),
    )


def draw_sizes(arms: Sequence[dict[str, Any]], rate: float, decay: float) -> None:
    """The size of four runs' weights as they train."""
    shown = [arm for arm in arms if arm["steps"]]
    takes = say("Weight decay takes {rate} % of every weight", rate=f"{100 * rate * decay:.1f}")
    when = say("at a step of full rate: w − {rate} × {decay} × w", rate=f"{rate:g}", decay=f"{decay:g}")
    said = "; ".join(
        say(
            "{name}: {first} grows to {last}",
            name=arm["name"],
            first=f"{arm['rms'][0]:.3f}",
            last=f"{arm['rms'][-1]:.3f}",
        )
        for arm in shown
    )
    about = About(
        "regularization_sizes",
        say(
            "rms of the weights in training. {sizes}. {takes} {when}.",
            sizes=said or say("Nothing is measured yet"), takes=takes, when=when,
        ),
        {"arms": list(arms)},
        {
            "run": [arm["name"] for arm in shown for _ in arm["steps"]],
            "step": [step for arm in shown for step in arm["steps"]],
            "rms": [rms for arm in shown for rms in arm["rms"]],
        },
    )  # fmt: skip
    vega.draw(about, [vega.once(growth, shown, (takes, when))])


# ---------------------------------------------------------------- on the page


def _matrices(lm: LanguageModel, block: str) -> dict[str, dict[str, Any]]:
    """Count the weights of one block by matrix, as the cache calls it."""
    return by_matrix(lm.transformer, block)


def sizes(arm: Arm) -> dict[str, Any]:
    """The size of a run's weights at each checkpoint."""
    seen = [one for one in arm.checkpoints if one.health]
    return {
        "name": say(arm.name),
        "steps": [one.step for one in seen],
        "rms": [one.health["weights"]["rms"] for one in seen],
    }


def moment(steps: Sequence[int], glance: int) -> None:
    """The slider over the checkpoints at which the shown pair's weights were counted; glance: the one that is shown."""
    if len(steps) > 1:
        st.select_slider(
            say("Runs’ weights at step"),
            range(len(steps)),
            format_func=lambda i: f"{steps[i]:,}",
            **state.part("glance", glance, lambda index: state.set("glance", index)),
        )


def show(
    name: str, key: str, block: str, arms: Sequence[Arm],
    begin: Callable[[], None], following: Callable[..., list[own_run.Next]],
) -> None:  # fmt: skip
    """The heading, the buttons that train anew, and the two panels.

    Args:
        name: what the model is called.
        block: the path of the block whose matrices are counted.
        following: the runs that `begin` would start, with a share of their steps as for `own_run.shortened`.
    """
    title = markup.inline(say("The weights, and training anew"))
    st.html(f'<section class="gb-words"><h2>{title}</h2></section>')
    with st.container(horizontal=True, gap="medium", vertical_alignment="bottom"):
        if not own_run.under_way(arms, "regularization.stop", say("Stop all four")):
            own_run.shorter(following, following("1")[0].spec.steps)
            spend, refused = own_run.cost(following)
            own_run.button(
                say("Train all four now"), spend, "regularization.start", False, on_click=state.whole(begin)
            )
            own_run.warn(refused)
    if why := state.memo("regularization").pop("why", ""):
        st.warning(markup.escape(why))
    decayed = max(arms, key=lambda arm: arm.spec.weight_decay).spec
    left, right = st.columns([58, 42], gap="medium")
    with left:
        said = say(
            "The weights of {name}, {place}: the open model, none of the four runs.",
            name=markup.mono(name), place=place_of(block),
        )  # fmt: skip
        st.html(f'<p class="gb-hint">{markup.inline(said)}</p>')
        draw_weights(name, block, cache.call(_matrices, key, block))
    with right:
        draw_sizes([sizes(arm) for arm in arms], decayed.learning_rate, decayed.weight_decay)
