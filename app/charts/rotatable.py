"""Plotly charts that can be rotated in three dimensions or zoomed.

Streamlit's theme gives type, axes and ground. A mark takes its colour from it, too, so that it follows the page from
light to dark by itself: `mark` names one of `look.PALETTE`, `RAMP` is for surfaces.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Hashable
from typing import Any

import plotly.graph_objects as go
import plotly.io as pio
import streamlit as st

from app.charts.frame import About, clean, framed, name_chart
from app.charts.look import PALETTE
from app.frame.takeaway import describe_page
from app.models import cache
from app.session import state

HEIGHT = 420  # px
REMOVED = [
    "lasso2d",
    "select2d",
    "zoomIn2d",
    "zoomOut2d",
    "autoScale2d",
    "resetCameraLastSave3d",
    "tableRotation",
]


def _made(about: About, make: Callable[[], go.Figure], beside: Hashable) -> go.Figure:
    """Return the chart of what `about` says, made once for all visitors."""
    told = json.dumps(clean([about.said, about.state]), separators=(",", ":"))
    mark = hashlib.blake2b(told.encode("utf-8", "surrogatepass")).hexdigest()
    return cache.made(f"turned\x1f{about.name}\x1f{mark}\x1f{beside!r}", make)


def mark(name: str) -> str:
    """Return the colour of a token of `look.PALETTE` as Streamlit's theme defines it; ValueError for any other."""
    return str(pio.templates["streamlit"].layout.colorway[PALETTE.index(name)])


def ramp() -> list[tuple[float, str]]:
    """Return the colours of a surface, from its lowest to its highest point."""
    return [
        (float(share), str(colour))
        for share, colour in pio.templates["streamlit"].layout.colorscale.sequential
    ]


def surface(
    x: Any, y: Any, heights: Any, names: tuple[str, str, str], room: tuple[float, float], hover: str
) -> go.Figure:
    """Build a surface plot that can be rotated, first seen from above.

    Args:
        heights: (len(y), len(x)).
        names: of the two axes of the plane and of the height.
        room: the range of heights that is drawn; values outside it are clipped.
        hover: the hover text of a point, with %{x}, %{y} and %{z}.
    """
    low, high = room
    figure = go.Figure(
        go.Surface(
            x=x, y=y, z=heights, colorscale=ramp(), cmin=low, cmax=high, opacity=0.94, showscale=False,
            hovertemplate=f"{hover}<extra></extra>",
            contours={"z": {"show": True, "start": low, "end": high, "size": (high - low) / 14, "width": 1}},
        )
    )  # fmt: skip
    across, up, height = names
    figure.update_layout(
        height=HEIGHT, margin={"l": 0, "r": 0, "t": 0, "b": 0}, uirevision="turned",
        legend={"x": 0, "y": 1, "orientation": "h"},
        scene={
            "xaxis": {"title": {"text": across}}, "yaxis": {"title": {"text": up}},
            "zaxis": {"title": {"text": height}, "range": [low, high]},
            "aspectmode": "manual", "aspectratio": {"x": 1.33, "y": 1, "z": 0.6},
            # camera over the near slope, into the valley
            "camera": {"eye": {"x": -0.62, "y": -0.86, "z": 1.8}},
        },
    )  # fmt: skip
    return figure


@st.fragment
def draw(about: About, make: Callable[[], go.Figure], beside: Hashable = None, height: int = HEIGHT) -> None:
    """Draw the chart; its own buttons save it as a PNG and as an SVG.

    Plotly takes a browser one to three seconds, in which nothing else of the page is drawn. So the chart is drawn when
    the visitor comes near it, in a fragment.

    Args:
        make: describes it to Plotly, which checks every number: it is called once for what `about` says.
        beside: what the chart shows that `about` does not say.
        height: pixels that are reserved until the chart is drawn.
    """
    state.speak()
    if about.name not in state.memo("near"):
        with framed(about, "plotly", near=lambda: state.memo("near").update({about.name: True})):
            st.html(f'<div style="height: {height}px"></div>')
        return
    name = name_chart(about, describe_page())
    config = {
        "displaylogo": False, "displayModeBar": True, "scrollZoom": False,
        "modeBarButtonsToRemove": REMOVED,
        "toImageButtonOptions": {"format": "png", "filename": name, "scale": 2},
    }  # fmt: skip
    with framed(about, "plotly"):
        st.plotly_chart(_made(about, make, beside), key=f"chart.{about.name}", alt=about.said, config=config)
