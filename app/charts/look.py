"""The theme of the charts: colours, type and axes, from the tokens of `app/theme.py`.

What Vega draws is SVG in the page, so its colours are the page's own custom properties and follow the theme at once.
Plotly draws with WebGL and needs hexadecimal values: Streamlit puts those of its own theme, which `config.toml` fills
with `PALETTE` and `RAMP`, in the place of what `mark` and `RAMP_OF_THEME` name.
"""

from __future__ import annotations

import re
from typing import Any

from app import theme

_PROPERTY = re.compile(r"var\(--gb-([a-z0-9-]+)\)")

# Categories of a Plotly chart, in Streamlit's order: ten, as its theme has.
PALETTE = ("accent", "q", "k", "v", "att", "mlp", "res", "neg", "pos", "ink")
# ends of the colour ramp of surfaces, muted so that paths drawn on a surface stand out
LOW, HIGH = "mid", "res"


def ink(name: str) -> str:
    """Return a token as the colour of a Vega mark; KeyError for a name that is no token."""
    theme.TOKENS[name]
    return f"var(--gb-{name})"


def plain(text: str, dark: bool) -> str:
    """Replace the tokens' names in a Vega-Lite document by their values, for files used outside the page."""
    return _PROPERTY.sub(lambda found: theme.color(found[1], dark), text)


def ramp(dark: bool) -> tuple[str, ...]:
    """Return a ramp of ten colours, from the most muted to the strongest."""
    ends = [theme.color(name, dark) for name in (LOW, HIGH)]
    low, high = ([int(one[at : at + 2], 16) for at in (1, 3, 5)] for one in ends)
    shares = [step / 9 for step in range(10)]
    mixed = ([round(a + (b - a) * share) for a, b in zip(low, high)] for share in shares)
    return tuple("#{:02X}{:02X}{:02X}".format(*one) for one in mixed)


_SMALL = {"labelFontSize": 11, "titleFontSize": 11, "titleFontWeight": 400}

CONFIG: dict[str, Any] = {
    "background": "transparent",
    "font": theme.SANS,
    "padding": {"left": 2, "right": 4, "top": 4, "bottom": 4},
    # Tooltips for what the chart encodes, not for the data rows behind a line or a label.
    "mark": {"tooltip": None},
    "view": {"stroke": None, "continuousHeight": 240},
    "concat": {"spacing": 10},
    "axis": _SMALL | {
        "labelColor": ink("ink3"), "titleColor": ink("ink3"), "labelFont": theme.MONO, "gridColor": ink("line"),
        "domainColor": ink("ink3"), "tickColor": ink("ink3"), "tickSize": 4, "labelPadding": 4, "labelLimit": 220,
    },
    "axisX": {"grid": False, "titleAnchor": "end", "titlePadding": 6, "labelFlush": True, "labelOverlap": True},
    "axisY": {"domain": False, "ticks": False, "title": None},
    "legend": _SMALL | {
        "orient": "top", "title": None, "labelColor": ink("ink2"), "labelFontSize": 12, "symbolSize": 60,
        "labelLimit": 260, "columnPadding": 14, "padding": 0, "offset": 6,
    },
    "title": {
        "anchor": "start", "frame": "group", "color": ink("ink"), "fontSize": 13, "fontWeight": 600, "offset": 8,
        "subtitleColor": ink("ink3"), "subtitleFontSize": 11, "subtitlePadding": 4,
    },
    "header": {"labelColor": ink("ink"), "labelFontSize": 12, "title": None},
    "text": {"font": theme.SANS, "fontSize": 11, "color": ink("ink")},
    "rule": {"color": ink("ink3")},
    "line": {"strokeWidth": 2, "strokeJoin": "round"},
    "point": {"filled": True, "size": 50, "opacity": 1},
}  # fmt: skip
