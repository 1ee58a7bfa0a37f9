"""Charts that Altair describes, without a page around them: their rows, words and ticks, and files of them.

A page describes `alt.Chart`s over rows of plain dicts (`data`), coloured by `look.ink`, in functions of what they show;
`app.charts.vega` draws them on a page, `drawing` beside a picture outside of the app. No Streamlit in here.
"""

from __future__ import annotations

import copy
import json
import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import altair as alt
from altair.utils import schemapi

from app.charts.look import CONFIG, ink, plain

WIDTH = 480  # width in px of one drawing in a file; on the page it takes the available width
SCALE = 2  # pixels of a PNG per px of a drawing
FONTS = Path(__file__).resolve().parent / "fonts"
# Held against Vega-Lite's schema, each part of a chart again with all that it holds, a chart takes three times as long
# in every rerun that shows new numbers. The tests of the pages check each kind of chart, whole and once.
schemapi.disable_debug_mode()
NOT_XML = re.compile("[^\t\n\r -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")  # XML 1.0, 2.2: what is no Char
# Top-level properties of a document, which a part of it must not have.
_WHOLE = ("$schema", "config", "usermeta", "background", "padding", "datasets", "autosize")


class Rows(alt.Data):
    """Inline data that nobody changes, so that the copies which layers make of a chart share it."""

    def __deepcopy__(self, memo: Any) -> Rows:
        return self


def data(rows: Sequence[dict[str, Any]]) -> alt.Data:
    """Return rows of plain values as a chart's inline data; no table library is loaded for them."""
    return Rows(values=list(rows))


def haloed(text: alt.Chart) -> Any:
    """Layer text over a wide outline in the background colour, so that it stays readable over lines."""
    mark = text.mark if isinstance(text.mark, dict) else text.mark.to_dict()
    ground = {key: value for key, value in mark.items() if key != "color"}
    below = copy.deepcopy(text)
    below.mark = alt.MarkDef(
        **ground, color=ink("bg"), stroke=ink("bg"), strokeWidth=4, strokeJoin="round", aria=False
    )
    return alt.layer(below, text)


def words(values: Sequence[float], texts: Sequence[str]) -> dict[str, Any]:
    """Return axis settings that put a tick at each value and write its text below."""
    return {
        "values": list(values),
        "labelOverlap": "greedy",
        "labelExpr": f"{json.dumps(list(texts), ensure_ascii=False)}[indexof({json.dumps(list(values))}, datum.value)]",
    }


def ticks(low: float, high: float, count: int = 5) -> list[float]:
    """Return about `count` round values between two, for a logarithmic axis, on which the library marks powers only."""
    raw = (high - low) / count
    power = 10.0 ** math.floor(math.log10(raw))
    step = power * next(size for size in (1, 2, 5, 10) if size * power >= 0.99 * raw)
    return [round(at * step, 10) for at in range(math.ceil(low / step), math.floor(high / step) + 1)]


@dataclass(frozen=True)
class Described:
    """A chart compiled to Vega-Lite in our theme.

    Attributes:
        text: JSON.   stacked: whether it is several charts above each other.
    """

    text: str
    stacked: bool = False

    def to_dict(self, *_: Any, **__: Any) -> dict[str, Any]:
        """Return the specification as a dict, as Altair's charts do."""
        described: dict[str, Any] = json.loads(self.text)
        return described


Drawn = Described | alt.TopLevelMixin


def part(data: dict[str, Any], *keys: str) -> dict[str, Any]:
    """Return what a chart reads of a page's record; a key that is not there stays away."""
    return {key: data[key] for key in keys if key in data}


def specification(describe: Callable[..., alt.TopLevelMixin], *given: Any) -> dict[str, Any]:
    """Return what a function describes as Vega-Lite."""
    return describe(*given).to_dict(validate=False)


# ------------------------------------------------------------------------------------------------- files


def drawing(chart: Drawn) -> str:
    """Render a chart as SVG for a document of ours: its colours are the document's properties, and follow its theme."""
    whole = _sized(chart.to_dict(validate=False)) | {"$schema": alt.SCHEMA_URL, "config": CONFIG}
    return _svg(json.dumps(_written(whole)))


@lru_cache(maxsize=32)
def _svg(text: str) -> str:
    return str(_converter().vegalite_to_svg(text, allowed_base_urls=[]))


def document(charts: Sequence[Drawn], dark: bool, across: int = 0) -> str:
    """Combine the charts, `across` side by side (0: all), into one self-contained Vega-Lite document.

    A character that no SVG may hold becomes U+FFFD: the converter, which measures text as SVG, would end the process.
    """
    parts = [_sized(chart.to_dict(validate=False)) for chart in charts]
    params = [one for part in parts for one in part.pop("params", [])]
    whole: dict[str, Any] = (
        parts[0] if len(parts) == 1 else {"concat": parts, "columns": across or len(parts)}
    )
    if params:
        whole["params"] = params
    whole |= {
        "$schema": alt.SCHEMA_URL,
        "config": CONFIG | {"background": ink("bg"), "padding": 16},
    }
    return plain(json.dumps(_written(whole)), dark)


def _written(value: Any) -> Any:
    """Return a part of a document without characters that XML does not allow."""
    if isinstance(value, dict):
        return {_written(key): _written(one) for key, one in value.items()}
    if isinstance(value, list):
        return [_written(one) for one in value]
    return NOT_XML.sub("\ufffd", value) if isinstance(value, str) else value


def _sized(part: dict[str, Any]) -> dict[str, Any]:
    """Return a chart as a part of a document, with the width used in files."""
    kept = {key: value for key, value in part.items() if key not in _WHOLE}
    if "vconcat" in kept:
        kept["vconcat"] = [{**one, "width": WIDTH} for one in kept["vconcat"]]
    else:
        kept["width"] = WIDTH
    return kept


@lru_cache(maxsize=1)
def _converter() -> Any:
    """Return vl-convert with our fonts registered; loaded when the first file is requested."""
    import vl_convert

    vl_convert.register_font_directory(str(FONTS))
    return vl_convert


def as_svg(charts: Sequence[Drawn], dark: bool, across: int = 0) -> str:
    """Render the charts as SVG text."""
    return str(_converter().vegalite_to_svg(document(charts, dark, across), allowed_base_urls=[]))


def as_png(charts: Sequence[Drawn], dark: bool, across: int = 0) -> bytes:
    """Render the charts as the bytes of a PNG."""
    return bytes(
        _converter().vegalite_to_png(document(charts, dark, across), scale=SCALE, allowed_base_urls=[])
    )
