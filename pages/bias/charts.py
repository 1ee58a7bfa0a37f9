"""Bias's chart: the tests with what chance allows each of them, above every split of the chosen one, on one scale."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import Any

import altair as alt

from app.charts import described
from app.charts.look import ink
from core.messages import mark, say
from core.vectors.association import LEAST, LEVEL

PITCH = 18  # px of a row
LABELS = 172  # px left of the plots, for the names of the tests
BEYOND, WITHIN, UNSURE = mark("beyond chance"), mark("within chance"), mark("not conclusive")


def kind(test: dict[str, Any]) -> str:
    """Name what an effect size may be told as."""
    if not test["conclusive"]:
        return UNSURE
    return WITHIN if test["within"] else BEYOND


def rows(data: dict[str, Any]) -> list[dict[str, Any]]:
    """Make a row for each test, with what its tooltip says."""
    return [_row(one, one["number"] == data["test"]) for one in data["tests"]]


def _row(test: dict[str, Any], chosen: bool) -> dict[str, Any]:
    d, published = test["d"], test["published"]
    name = test["short"] if test["number"] == "own" else f"{test['number']}  {test['short']}"
    found = {
        side: say("{name}: {count} of {asked} found", name=of, count=many, asked=asked)
        for side, of, (many, asked) in zip("XYAB", test["names"], test["found"])
    }
    return {
        "number": test["number"], "name": name, "chosen": chosen, "d": d,
        "low": test["band"][0], "high": test["band"][1], "kind": None if d is None else kind(test),
        "said kind": None if d is None else say(kind(test)),
        "share": test["share"], "enough": test["share"] >= LEAST,
        "published": published["d"] if published else None, "said d": "–" if d is None else _signed(d),
        "said share": f"{test['share']:.0%}".replace("%", " %"), "here": _here(test),
        "said published": f"d = {_signed(published['d'])}, p = {published['p']}" if published else "",
        "said band": ""
        if d is None
        else say("{low} to {high}", low=_signed(test["band"][0]), high=_signed(test["band"][1])),
        **found,
    }  # fmt: skip


def _here(test: dict[str, Any]) -> str:
    """Say what a test came to on this table, or why it could not be made."""
    if test["d"] is None:
        why: str = test["why"]
        return why
    found = f"d = {_signed(test['d'])}, p = {test['p']}: {say(kind(test))}"
    if kind(test) != UNSURE:
        return found
    return say("{found}, under {least} % of a list", found=found, least=f"{100 * LEAST:.0f}")


def _signed(d: float) -> str:
    return f"{d:.2f}".replace("-", "−")


def tests(data: dict[str, Any]) -> alt.TopLevelMixin:
    """Chart the tests, a row each; below them the splits of the chosen one, where it could be made."""
    reach = data["reach"]
    step = math.ceil(reach / 3)
    marks = [k * step for k in range(-math.floor(reach / step), math.floor(reach / step) + 1)]
    scale = alt.Scale(domain=[-reach, reach], nice=False, clamp=True)
    made = data["shown"]["d"] is not None

    def size(column: str, labels: bool) -> alt.X:
        axis = alt.Axis(
            values=marks, grid=True, title=say("effect size d") if labels else None, labels=labels, format="~r",
            domain=labels, ticks=labels,
        )  # fmt: skip
        return alt.X(f"{column}:Q", scale=scale, axis=axis)

    upper = _tests(rows(data), size, not made).properties(height=PITCH * len(data["tests"]))
    return alt.vconcat(upper, _splits(data["shown"], size)) if made else alt.vconcat(upper)


def _tips() -> list[Any]:
    """Describe what a test's row says under a pointer."""
    return [
        alt.Tooltip("name:N", title=say("test")), alt.Tooltip("here:N", title=say("here")),
        alt.Tooltip("said published:N", title=say("published, p one-sided")),
        alt.Tooltip("said band:N", title=say("{share} % of random splits", share=f"{100 * (1 - LEVEL):.0f}")),
        *(alt.Tooltip(f"{side}:N", title=side) for side in "XYAB"),
    ]  # fmt: skip


def _heads() -> list[Any]:
    """Describe the heads of the columns, one text each."""
    return [
        alt.Chart(described.data([{"said": head}]))
        .mark_text(align="right", baseline="bottom", dx=dx, dy=-4, color=ink("ink3"))
        .encode(x=alt.value("width"), y=alt.value(0), text="said:N")
        for head, dx in (
            (say("◇ published, bar: {share} % of chance", share=f"{100 * (1 - LEVEL):.0f}"), 20),
            ("d", 44),
            (say("found"), 88),
        )
    ]


def _tests(made: list[dict[str, Any]], size: Any, lowest: bool) -> Any:
    base = alt.Chart(described.data(made))
    axis = alt.Axis(labelFont="Inter, sans-serif", labelFontSize=12, labelColor=ink("ink"), labelLimit=LABELS - 6,
                    minExtent=LABELS, maxExtent=LABELS, domain=False, ticks=False, grid=False)  # fmt: skip
    y = alt.Y("name:N", sort=[one["name"] for one in made], axis=axis)
    x = size("d", lowest)
    pick = alt.selection_point(name="pick", fields=["number"], on="click", toggle=False)
    whole = {"x": alt.value(0), "x2": alt.value("width"), "y": y}
    known = base.transform_filter("datum.d !== null")
    tints = alt.Scale(
        domain=[say(BEYOND), say(WITHIN), say(UNSURE)], range=[ink("accent"), ink("ink2"), ink("res")]
    )
    colour = alt.Color(
        "said kind:N",
        scale=tints,
        legend=alt.Legend(orient="none", direction="horizontal", legendX=16 - LABELS, legendY=-34),
    )
    aside = base.mark_text(align="right", dx=88).encode(x=alt.value("width"), y=y, text="said share:N")
    enough = alt.condition("datum.enough", alt.value(ink("ink3")), alt.value(ink("accent")))
    filled = alt.condition(f"datum.kind == '{BEYOND}'", alt.value(1), alt.value(0))
    ground = base.transform_filter("datum.chosen").mark_bar(
        height=PITCH - 2, cornerRadius=4, color=ink("accent-soft")
    )
    band = known.mark_bar(height=8, cornerRadius=2, color=ink("res"), opacity=0.35)
    published = base.transform_filter("datum.published !== null").mark_point(
        shape="diamond", filled=False, color=ink("ink2"), size=60, strokeWidth=1.3
    )
    here = known.mark_point(filled=True, size=70, strokeWidth=1.5)
    written = base.mark_text(align="right", dx=44, fontSize=12, color=ink("ink"))
    touched = base.mark_bar(height=PITCH, opacity=0, cursor="pointer").properties(name="tests")
    return alt.layer(
        *_heads(),
        ground.encode(**whole),
        band.encode(x=size("low", lowest), x2="high:Q", y=y),
        published.encode(x=size("published", lowest), y=y),
        here.encode(
            x=x,
            y=y,
            color=colour,
            stroke=alt.Stroke("said kind:N", scale=tints, legend=None),
            fillOpacity=filled,
        ),
        written.encode(x=alt.value("width"), y=y, text="said d:N"),
        aside.encode(color=enough),
        touched.encode(**whole, tooltip=_tips()).add_params(pick),
    )


def _splits(shown: dict[str, Any], size: Any) -> Any:
    """Chart every split's effect size as a histogram; what lies as far out as the observed one is filled."""
    d, found = shown["d"], ink("ink2" if shown["within"] or not shown["conclusive"] else "accent")
    bars = []
    for (low, high), count in zip(pairwise(shown["edges"]), shown["counts"]):
        said = say(
            "{count} of {splits} splits",
            count=f"{count:,}",
            splits=f"{(shown['splits'] if shown['exact'] else sum(shown['counts'])):,}",
        )
        cuts = [low, *(end for end in (-abs(d), abs(d)) if low < end < high), high]
        bars += [
            {"from": a, "to": b, "count": count, "far": a >= abs(d) or b <= -abs(d), "said": said}
            for a, b in pairwise(cuts)
            if count
        ]
    base = alt.Chart(described.data(bars))
    axis = alt.Axis(minExtent=LABELS, maxExtent=LABELS, labels=False, grid=False, domain=False, ticks=False)
    y = alt.Y("count:Q", axis=axis, scale=alt.Scale(zero=True))
    colour = alt.condition("datum.far", alt.value(found), alt.value(ink("res")))
    tips = [
        alt.Tooltip("said:N", title=say("here")),
        alt.Tooltip("from:Q", title=say("from"), format=".2f"),
        alt.Tooltip("to:Q", title=say("to"), format=".2f"),
    ]
    line = alt.Chart(described.data([{"d": d, "said": f"p = {shown['said_p']}"}]))
    side: dict[str, Any] = {"align": "right", "dx": -6} if d > 0 else {"align": "left", "dx": 6}
    word = line.mark_text(fontWeight=600, color=found, baseline="top", **side)
    return alt.layer(
        base.mark_bar(stroke=ink("bg"), strokeWidth=0.5).encode(
            x=size("from", True), x2="to:Q", y=y, y2=alt.datum(0), color=colour, tooltip=tips
        ),
        line.mark_rule(color=found, strokeWidth=2).encode(x=size("d", True)),
        described.haloed(word.encode(x=size("d", True), y=alt.value(0), text="said:N")),
    ).properties(
        height=72,
        title=alt.TitleParams(
            say("Random splits of X and Y"), fontSize=11, fontWeight=400, color=ink("ink3"), offset=4
        ),
    )  # fmt: skip
