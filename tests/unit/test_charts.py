"""The charts' frame: the theme as data, files without the page, the table twin, and who loads which library."""

from __future__ import annotations

import copy
import json
import subprocess
import sys
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import altair as alt
import numpy as np
import pytest

from app import theme
from app.charts import described, look, vega
from app.charts.frame import About, table_twin
from app.models.results import fingerprint

ROOT = Path(__file__).resolve().parents[2]


def chart() -> alt.Chart:
    """Two points with a name in a colour of ours."""
    rows = vega.data([{"x": 1, "y": 2.0}, {"x": 2, "y": 1.0}])
    points = alt.Chart(rows).mark_point(color=look.ink("accent")).encode(x="x:Q", y="y:Q")
    return points.properties(title="Size against loss")


@pytest.mark.parametrize("dark", [False, True])
def test_a_file_holds_the_colours_of_its_theme_and_nothing_of_the_page(dark: bool) -> None:
    text = vega.document([chart()], dark)
    assert "var(--" not in text
    assert theme.color("accent", dark) in text and theme.color("bg", dark) in text
    assert theme.color("accent", not dark) not in text
    drawn = vega.as_svg([chart()], dark)
    assert "Size against loss" in drawn and theme.color("accent", dark) in drawn
    assert theme.color("bg", dark) in drawn


def test_characters_that_xml_does_not_allow_are_replaced_in_a_file() -> None:
    kept = "\x7f \u05e9\u0301 \U0001f469\u200d\U0001f467"
    titled = chart().properties(title=f"a\x00b\x1b \ufffe\ud800{kept}")
    text = "".join(ElementTree.fromstring(vega.as_svg([titled], dark=False)).itertext())
    assert f"a\ufffdb\ufffd \ufffd\ufffd{kept}" in text
    assert vega.as_png([titled], dark=False).startswith(b"\x89PNG")


def test_a_png_is_drawn_in_our_own_type() -> None:
    size = {}
    for font in ("Inter", "a face that nobody has"):
        config = {**look.CONFIG, "font": font}
        titled = chart().properties(title=alt.TitleParams("mmmmmmmmmm", fontSize=40))
        whole = json.loads(vega.document([titled], dark=False))
        whole["config"]["font"] = config["font"]
        size[font] = described._converter().vegalite_to_png(json.dumps(whole), scale=1)
    assert size["Inter"].startswith(b"\x89PNG")
    assert size["Inter"] != size["a face that nobody has"]


def test_a_drawing_for_a_document_has_the_document_s_colours() -> None:
    drawn = described.drawing(
        alt.Chart(vega.data([{"x": 1}]), title="a<b").mark_point(color=look.ink("accent")).encode(x="x:Q")
    )
    assert "var(--gb-accent)" in drawn
    assert "a<b" in "".join(ElementTree.fromstring(drawn).itertext())


def test_charts_side_by_side_are_one_file() -> None:
    whole = json.loads(vega.document([chart(), chart()], dark=False))
    assert [part["width"] for part in whole["concat"]] == [described.WIDTH] * 2 and whole["columns"] == 2
    assert all("config" not in part for part in whole["concat"])


def test_only_what_a_chart_means_to_say_is_said() -> None:
    whole = json.loads(vega.document([chart()], dark=False))
    assert whole["config"]["mark"] == {"tooltip": None}, (
        "Streamlit would show the rows behind every line and word"
    )


def test_an_unknown_colour_is_an_error() -> None:
    with pytest.raises(KeyError):
        look.ink("mauve")


def test_text_in_a_table_twin_is_no_markup() -> None:
    said = table_twin(About("a", "<b>said</b>", table={"<i>": ["<script>", None], "n": [1234, float("nan")]}))
    assert "<script>" not in said and "<i>" not in said and "<b>" not in said
    assert "<td>&lt;script&gt;</td><td>1,234</td>" in said and "<td></td><td></td>" in said


def test_round_ticks_lie_inside() -> None:
    assert vega.ticks(0.68, 1.66) == [0.8, 1.0, 1.2, 1.4, 1.6]
    assert vega.ticks(0.51, 3.4) == [1.0, 2.0, 3.0]


@pytest.mark.parametrize(("mode", "dark"), [("light", False), ("dark", True)])
def test_streamlits_theme_has_the_palette_of_plotly(mode: str, dark: bool) -> None:
    config = tomllib.loads((ROOT / "app" / ".streamlit" / "config.toml").read_text(encoding="utf-8"))[
        "theme"
    ][mode]
    assert config["chartCategoricalColors"] == [theme.color(name, dark) for name in look.PALETTE]
    assert config["chartSequentialColors"] == list(look.ramp(dark))


@pytest.mark.full(reason="takes 4 s")
def test_a_page_without_charts_loads_nothing_for_them() -> None:
    """Plotly's Python is Streamlit's to load; what it draws with in the browser, only a page with a chart asks for."""
    code = (
        "import sys; import app.frame.page, app.server.start, pages.attention.figure, pages.home.figure; "
        "print([name for name in ('altair', 'app.charts', 'pandas', 'vl_convert') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_names_of_settings_above_the_front_stand_below_their_marks() -> None:
    from pages.efficiency.figure import named

    made = [
        {"bits": bits, "loss": loss, "bytes": size, "above": above, "here": bits == 4}
        for bits, loss, size, above in ((1, 9.1, 300, True), (2, 8.3, 400, True), (4, 0.6, 700, False))
    ]
    down = {one["said"]: one["down"] for one in named(made)}
    assert down["4"] < 0, "over its mark"
    assert sorted(value for said, value in down.items() if ":" in said) == [18, 32], "one below the other"


@dataclass(frozen=True)
class Shown:
    """What a chart may be of."""

    name: str
    values: tuple[float, ...]
    made: Any = None


def test_a_chart_is_described_once_for_each_set_of_values() -> None:
    asked: list[Shown] = []

    def describe(shown: Shown) -> alt.Chart:
        asked.append(shown)
        return alt.Chart(vega.data([{"x": value} for value in shown.values])).mark_point().encode(x="x:Q")

    first = vega.once(describe, Shown("a", (1.0, 2.5)))
    again = vega.once(describe, Shown("a", (1.0, 2.5)))
    other = vega.once(describe, Shown("a", (1.0, 2.0)))
    assert first == again and len(asked) == 2 and other != first
    described = first.to_dict()
    assert described["config"] == json.loads(json.dumps(look.CONFIG)) and described["mark"] == {
        "type": "point"
    }
    described["mark"] = "changed"
    assert first.to_dict()["mark"] == {"type": "point"}, "each who asks has one of their own"
    assert vega.as_svg([first], dark=False).startswith("<svg")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (1, 1.0), (True, 1), ("1", 1), (0.1, 0.1 + 1e-15), ((1, 2), (2, 1)), ([1], (1,)), ({"a": 1}, {"a": 2}),
        (((1,), 2), (1, (2,))), ([["a"], []], [[], ["a"]]), ({1, 2}, {1, 3}), (None, "None"),
        (np.arange(3), np.arange(3.0)), (np.zeros((2, 3)), np.zeros((3, 2))), (Shown("a", ()), Shown("b", ())),
        (Shown("a", (), {"k": np.ones(2)}), Shown("a", (), {"k": np.zeros(2)})),
    ],
)  # fmt: skip
def test_what_differs_has_another_fingerprint(one: Any, other: Any) -> None:
    assert fingerprint(one) != fingerprint(other)
    assert fingerprint(one) == fingerprint(copy.deepcopy(one))


def test_what_has_no_contents_is_refused() -> None:
    assert fingerprint({"b", "a", "c"}) == fingerprint({"c", "a", "b"})
    with pytest.raises(TypeError, match="no contents"):
        fingerprint([object()])
