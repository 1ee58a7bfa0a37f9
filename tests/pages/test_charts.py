"""Charts of Altair's on pages: each fits Vega-Lite's schema, and is described anew only when what it shows is new."""

from __future__ import annotations

from typing import Any

import altair as alt
import fastjsonschema
import pytest

from app.charts import vega
from tests.pages.conftest import OpenPage


def test_a_chart_that_is_no_vega_lite_fails_a_pages_test() -> None:
    def fine(size: int) -> alt.Chart:
        return alt.Chart(vega.data([{"x": 1}])).mark_point(size=size).encode(x="x:Q")

    def wrong() -> alt.Chart:
        return alt.Chart(vega.data([{"x": 1}])).mark_point(size="large").encode(x="x:Q")

    assert vega.specification(fine, 3)["mark"]["size"] == 3
    with pytest.raises(fastjsonschema.JsonSchemaException):
        vega.specification(wrong)


def test_layers_share_the_rows_that_none_of_them_changes() -> None:
    rows = vega.data([{"x": 1}])
    layers = alt.layer(*(alt.Chart(rows).mark_point().encode(x="x:Q") for _ in range(2))).properties(height=9)
    assert layers.copy().data is rows
    assert layers.to_dict()["data"] == {"values": [{"x": 1}]}


@pytest.mark.full(reason="the other cases take 2 s", quick_cases=1)
@pytest.mark.parametrize(("slug", "charts"), [("bias", 1), ("efficiency", 4), ("scaling", 6)])
def test_another_text_draws_no_chart_anew_that_says_nothing_of_it(
    slug: str, charts: int, open_page: OpenPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = open_page(slug, text="A red kite")
    app.run()  # what is measured after the first picture, Efficiency draws in a second run
    described, asked, made = vega.specification, [], vega.once

    def specification(describe: Any, *given: Any) -> dict[str, Any]:
        asked.append(describe.__qualname__)
        return described(describe, *given)

    drawn = []

    def once(describe: Any, *given: Any) -> vega.Described:
        drawn.append(describe.__qualname__)
        return made(describe, *given)

    monkeypatch.setattr(vega, "specification", specification)
    monkeypatch.setattr(vega, "once", once)
    app.text_area(key="text").set_value("The green one").run()
    assert not app.exception
    assert len(drawn) >= charts and not asked
