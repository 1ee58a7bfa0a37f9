"""Draw the charts that stand beside the picture on the page: what is brushed in them, and what a click chooses."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import Any

import numpy as np
import streamlit as st

from app.charts import vega
from app.charts.frame import About
from app.session import state
from core.messages import say
from pages.scaling import charts
from pages.scaling.seen import AXES, Own, Seen


def brushed(rows: Sequence[dict[str, Any]], between: Sequence[float]) -> str:
    """What the brushed runs say of the law: how many, and how far they lie off it."""
    low, high = between
    inside = [row for row in rows if low <= row["x"] <= high]
    off = [row["off"] for row in inside if row["off"] is not None]
    if not inside:
        return say("No run lies in what you brushed.")
    values = {"runs": len(inside), "first": inside[0]["size"], "last": inside[-1]["size"]}
    if not off:
        losses = [row["loss"] for row in inside]
        return say(
            "Brushed: {runs} runs from {first} to {last}, loss {low} to {high}.",
            low=f"{min(losses):.3f}", high=f"{max(losses):.3f}", **values,
        )  # fmt: skip
    rms = float(np.sqrt(np.mean(np.square(off))))
    return say(
        "Brushed: {runs} runs from {first} to {last}, {low} to {high} % off the law, {rms} % in the root mean square.",
        low=f"{min(off):+.1f}", high=f"{max(off):+.1f}", rms=f"{rms:.1f}", **values,
    )  # fmt: skip


def _between(ranges: Sequence[Sequence[float] | None]) -> list[float] | None:
    """What all brushes reach that are drawn; None where none is."""
    drawn = [sorted(one) for one in ranges if one]
    return [max(low for low, _ in drawn), min(high for _, high in drawn)] if drawn else None


def withheld(seen: Seen, x: float) -> int | None:
    """How many of the largest sizes a click on a run at x keeps from the fit; None: too many, or no size of the ladder.

    The smallest that is kept already is given back.
    """
    sizes = sorted(set(seen.x))
    count = len(sizes) - sizes.index(x) if x in sizes else 0
    if not 0 < count <= charts.MOST:
        return None
    return count - 1 if count == seen.withheld else count


def draw_ladder(seen: Seen, mine: Sequence[Own], layers: frozenset[str], told: str) -> None:
    """The ladder on the page; a click on a run keeps its size and all larger ones from the fit."""
    rows = sorted(charts.points(seen, mine), key=lambda row: row["x"])
    memo = state.memo("scaling.brush")
    about_axis = (seen.against, seen.tables)
    if memo.get("axis") != about_axis:
        memo.clear()
    between = memo.get("x")

    def chosen(what: dict[str, Any]) -> None:
        memo.update(axis=about_axis, x=_between([what.get(name, {}).get("x") for name in charts.BRUSHES]))
        picked = [one["x"] for one in what.get("pick", [])] if isinstance(what.get("pick"), list) else []
        clicked = set(picked) ^ set(memo.get("picked", []))
        memo["picked"] = picked
        if len(clicked) == 1 and (count := withheld(seen, clicked.pop())) is not None:
            state.set("withheld", count)

    said = brushed(rows, between) if between else ""
    about = About(
        "scaling_ladder", say("Loss against {axis}. {told}", axis=say(AXES[seen.against][0]), told=told),
        {
            "against": seen.against, "layers": sorted(layers), "brush": between, "brushed": said,
            "points": [{key: row[key] for key in ("run", "x", "loss", "off", "kind")} for row in rows],
        },
        {
            "run": [row["run"] for row in rows], AXES[seen.against][0]: [row["x"] for row in rows],
            "loss": [row["loss"] for row in rows], "law": [row["law"] for row in rows],
            "off the law, %": [row["off"] for row in rows], "here": [row["kind"] for row in rows],
        },
    )  # fmt: skip
    vega.draw(about, [vega.once(charts.ladder, seen, mine, layers)], chosen)
    if said:
        st.html(f'<p class="gb-hint" role="status">{escape(said)}</p>')


def draw_frontier(data: dict[str, Any], loud: bool) -> None:
    """The frontier on the page."""
    lines = [
        (line["n"], line["d"][i], c, line["loss"][i])
        for line in data["lines"]
        for i, c in enumerate(line["c"])
    ]
    best = {(one["c"], one["loss"]) for one in data["best"]}
    rows = lines + [(None, None, one["c"], one["loss"]) for one in data["own"]]
    about = About(
        "scaling_frontier",
        say("Loss against operations of training, a line for each size: the frontier goes from "
"{first} to {last}.", first=f"{data['best'][0]['loss']:.3f}", last=f"{data['best'][-1]['loss']:.3f}"),
        data,
        {
            "parameters": [row[0] for row in rows], "characters read": [row[1] for row in rows],
            "operations": [row[2] for row in rows], "loss": [row[3] for row in rows],
            "on the frontier": [row[2:] in best for row in rows], "yours": [row[0] is None for row in rows],
        },
    )  # fmt: skip
    vega.draw(about, [vega.once(charts.frontier, data, loud)])
