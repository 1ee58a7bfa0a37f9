"""Draw the chart that stands beside the picture on the page; a click on a test chooses it."""

from __future__ import annotations

from typing import Any

from app.charts import vega
from app.charts.frame import About
from app.session import state
from core.messages import say
from pages.bias import charts

KEPT = ("number", "d", "low", "high", "kind", "published", "share")  # of a row, for tests


def draw(data: dict[str, Any]) -> None:
    """Draw the chart on the page; a click on a test chooses it."""
    made = charts.rows(data)
    memo = state.memo("bias.pick")

    def chosen(what: dict[str, Any]) -> None:
        picked = [one["number"] for one in what.get("pick", [])] if isinstance(what.get("pick"), list) else []
        if picked and picked != memo.get("picked"):
            state.update({"weat": picked[0], "subject": -1, "mate": -1})
        memo["picked"] = picked

    said = "; ".join(f"{one['name']}: {one['here']}" for one in made)
    about = About(
        "bias_tests", say("Effect sizes of the tests, on {table}. {said}.", table=data["table"]["name"], said=said),
        {
            "chosen": data["test"], "reach": data["reach"],
            "tests": [{key: one[key] for key in KEPT} for one in made],
            "splits": {key: data["shown"].get(key) for key in ("d", "p", "far", "edges", "counts")},
        },
        {
            "test": [one["name"] for one in made], "d": [one["d"] for one in made],
            "chance from": [one["low"] for one in made], "chance to": [one["high"] for one in made],
            "here": [one["here"] for one in made], "published": [one["said published"] for one in made],
            "found, least of the lists": [one["said share"] for one in made],
            **{side: [one[side] for one in made] for side in "XYAB"},
        },
    )  # fmt: skip
    read = vega.part(data, "tests", "test", "reach", "shown")
    vega.draw(about, [vega.once(charts.tests, read)], chosen, form="rows")
