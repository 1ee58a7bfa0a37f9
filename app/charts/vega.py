"""Charts that Altair describes and Vega draws: distributions, intervals, small multiples, linked brushing.

A page describes them (`app.charts.described`) in functions of what they show; `once` caches such a function by its
arguments, and `draw` draws the result.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any

import altair as alt
import streamlit as st

from app.charts.described import Described, as_png, as_svg, specification
from app.charts.described import data as data
from app.charts.described import document as document
from app.charts.described import haloed as haloed
from app.charts.described import part as part
from app.charts.described import ticks as ticks
from app.charts.described import words as words
from app.charts.frame import About, framed
from app.charts.look import CONFIG
from app.models import cache
from app.models.results import fingerprint
from app.session import state
from core.messages import spoken

# Our own buttons only. Rendered as SVG, because custom properties have no colour on a canvas.
THEME = {"config": CONFIG, "usermeta": {"embedOptions": {"renderer": "svg"}}}


def once(describe: Callable[..., alt.TopLevelMixin], *given: Any) -> Described:
    """Cache a chart by its arguments for all visitors: Altair takes 0.1 to 1 s on every rerun of a page.

    Args:
        describe: a module-level function that depends on `given` alone.
        given: only what it reads (`part`), so that another text draws no chart anew that says nothing of it.
    """
    key = f"chart\x1f{spoken()}\x1f{describe.__module__}.{describe.__qualname__}\x1f{fingerprint(given)}"
    return cache.made(key, lambda: _described(describe, *given))


def _described(describe: Callable[..., alt.TopLevelMixin], *given: Any) -> Described:
    found = specification(describe, *given)
    return Described(json.dumps(found | THEME), stacked="vconcat" in found)


def draw(
    about: About, charts: Sequence[Described], chosen: Callable[[dict[str, Any]], None] | None = None,
    across: int = 0, form: str = "",
) -> None:  # fmt: skip
    """Draw one chart, or several side by side that are stacked on a phone.

    Args:
        charts: of `once`, without a width; each takes what its column has.
        chosen: callback for a brush or click, called with {name of the parameter: its values}; of one chart.
        across: how many stand side by side; 0: all of them.
        form: what `frame.css` knows of it: how much room the axes of charts above each other need ("stacked", or "rows"
            with names), or that its button lies below ("low").
    """
    dark = st.context.theme.type == "dark"
    files = [
        ("SVG", "image/svg+xml", lambda: as_svg(charts, dark, across)),
        ("PNG", "image/png", lambda: as_png(charts, dark, across)),
    ]
    if not form and any(chart.stacked for chart in charts):
        form = "stacked"
    with framed(about, "vega", files, f"{form}-" if form else ""):
        for first in range(0, len(charts), across or len(charts)):
            row = charts[first : first + (across or len(charts))]
            places = st.columns(across or len(charts), gap="medium") if len(charts) > 1 else [st.container()]
            for at, (place, chart) in enumerate(zip(places, row), first):
                with place:
                    _one(about, chart, f"chart.{about.name}.{at}", chosen)


def _one(about: About, chart: Any, key: str, chosen: Callable[[dict[str, Any]], None] | None) -> None:
    if chosen is None:
        st.altair_chart(chart, theme=None, key=key, alt=about.said, width="stretch")
        return

    def heard() -> None:
        found = state.widget_value(key) or {}
        chosen(dict(found.get("selection", {})))

    st.altair_chart(chart, theme=None, key=key, alt=about.said, width="stretch", on_select=state.whole(heard))
