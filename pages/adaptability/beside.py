"""Draw the chart that stands beside the picture on the page; a click on a place chooses it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from app.charts import vega
from app.charts.frame import About
from app.session import state
from core.messages import say
from pages.adaptability import charts

FIELDS = {"rank": "rank", "examples": "few", "prompt": "front", "context": "told"}


def table(shown: dict[str, Any]) -> dict[str, Sequence[Any]]:
    """A row for each way at each place."""
    lines = ({**line, "points": [{**line, "at": None}]} for line in shown["lines"])
    rows = [
        (shown["axis"], one["name"], point["at"], point["mean"], point["low"], point["high"])
        for one in (*shown["series"], *lines)
        for point in one["points"]
    ]
    rows += [
        (shown["axis"], say("yours: {way}", way=one["name"]), one["at"], one["value"], None, None)
        for one in shown["own"] if one["value"] is not None
    ]  # fmt: skip
    return dict(zip(("along", "way", "place", "right", "low", "high"), map(list, zip(*rows))))


def draw(data: dict[str, Any], titles: Mapping[str, str], chosen: Mapping[str, int], only: str) -> None:
    """The chart of the page's question, or of one study; a click on a place chooses it.

    Args:
        chosen: the place of each study that is looked at.
        only: a study, or "" for the question.
    """
    shown = charts.plan(data, only or "main", chosen[only or "examples"])
    memo = state.memo("adaptability.pick")

    def heard(what: dict[str, Any]) -> None:
        picked = [one["at"] for one in what.get("pick", [])] if isinstance(what.get("pick"), list) else []
        if picked and picked != memo.get(only):
            state.set(FIELDS[only or "examples"], int(picked[0]))
        memo[only] = picked

    said = (
        f"{say(titles[only])}: {'; '.join(data['findings'][only])}"
        if only
        else f"{data['answer']['question']} {' '.join(data['answer']['said'])}"
    )
    about = About(
        "adaptability_chart", said,
        {
            "studies": {
                shown["key"]: {
                    one["key"]: [[p[key] for key in ("at", "mean", "low", "high")] for p in one["points"]]
                    for one in shown["series"]
                }
            },
            "lines": {shown["key"]: [one["key"] for one in shown["lines"]]},
            "own": [one["id"] for one in shown["own"] if one["value"] is not None],
            "chosen": chosen[only or "examples"],
        },
        table(shown),
    )  # fmt: skip
    vega.draw(about, [vega.once(charts.chart, shown)], heard, form="low")
