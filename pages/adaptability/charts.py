"""The question and the studies as charts: every seed a dot, their mean with its interval, lines to compare with."""

from __future__ import annotations

from typing import Any

import altair as alt

from app.charts import described
from app.charts.look import ink
from core.analysis.seeds import place_among
from core.messages import mark, say

WHOLE, LONG, SHORT, DOTTED = [1, 0], [8, 3], [4, 4], [2, 3]
WAYS = {
    "scratch": ("ink2", DOTTED), "frozen": ("k-ink", [8, 3, 2, 3]), "full": ("v-ink", LONG), "lora": ("accent", WHOLE),
    "prompt": ("accent", WHOLE), "context": ("accent", WHOLE), "steps": ("v-ink", LONG), "elsewhere": ("ink2", DOTTED),
    "best": ("ink3", SHORT), "shuffled": ("mlp-ink", SHORT),
}  # fmt: skip
TALL = 352  # px
APART = 6  # px between the intervals of two ways at one place
BEST = mark("if nothing is forgotten")
PERCENT = "format(100 * datum.value, '.0f')"


def plan(data: dict[str, Any], key: str, chosen: int | None) -> dict[str, Any]:
    """What a study's chart shows: the three with labels as they were recorded, and the game."""
    if key == "main":
        return {**data["main"], "chosen": chosen, "best": []}
    if key != "context":
        return {**data["studies"][key], "chosen": chosen, "best": []}
    game = data["game"]
    names = {
        "context": say("in the prompt, {model}", model=game["model"]), "steps": say("learned by steps"),
        "elsewhere": say("in the prompt of {model}", model=game["other"]),
    }  # fmt: skip
    series = [{"key": how, "name": name, "points": game[how]} for how, name in names.items() if game[how]]
    return {
        "key": key, "title": game["asks"], "under": say("{game}; right, %", game=game["title"]),
        "axis": say("solved examples"), "places": [one["at"] for one in game["context"]],
        "low": 0.0, "chance": game["chance"], "series": series, "lines": [], "own": [], "best": game["best"],
        "chosen": chosen,
    }  # fmt: skip


def span(one: dict[str, Any]) -> str:
    """A mean with its interval: 88.1 % (85 to 91)."""
    return say(
        "{mean} % ({low} to {high})",
        mean=f"{100 * one['mean']:.1f}", low=f"{100 * one['low']:.0f}", high=f"{100 * one['high']:.0f}",
    )  # fmt: skip


def chart(shown: dict[str, Any]) -> alt.TopLevelMixin:
    """The question, or one study."""
    places = shown["places"]
    kind = (
        alt.Scale(type="symlog", constant=1, nice=False)
        if places[0] == 0
        else alt.Scale(type="log", nice=False)
    )
    first, last = (places[0], places[-1] * 1.12) if places[0] == 0 else (places[0] / 1.15, places[-1] * 1.15)
    kind.domain = [-0.25 if places[0] == 0 else first, last]
    axis = alt.Axis(**described.words(places, [f"{one:,}" for one in places]), title=shown["axis"])
    x = alt.X("at:Q", scale=kind, axis=axis)
    up = alt.Scale(domain=[shown["low"], 1], nice=False)
    y = alt.Y("mean:Q", scale=up, axis=alt.Axis(tickCount=6, labelExpr=PERCENT))
    layers = [*_ground(shown, x, up), *_lines(shown, up)]
    for at, one in enumerate(shown["series"]):
        shift = (at - (len(shown["series"]) - 1) / 2) * APART
        layers += _series(one, x, y, up, shift)
    layers += _hits(shown, x)
    layers += _own(shown, x, up)
    title = alt.TitleParams(
        shown["title"], subtitle=shown.get("under", say("right, %")), fontSize=12, offset=4
    )
    return alt.layer(*layers).properties(height=TALL, title=title)


def _colour(shown: dict[str, Any]) -> tuple[alt.Scale, alt.Scale]:
    """Colours and dashes of the ways by their names."""
    names = {one["name"]: one["key"] for one in (*shown["series"], *shown["lines"])}
    names |= {say(BEST): "best"} if shown["best"] else {}
    domain = list(names)
    return (
        alt.Scale(domain=domain, range=[ink(WAYS[key][0]) for key in names.values()]),
        alt.Scale(domain=domain, range=[WAYS[key][1] for key in names.values()]),
    )


def _ground(shown: dict[str, Any], x: alt.X, up: alt.Scale) -> list[alt.Chart]:
    """The chosen place, what guessing comes to, and what is best if nothing is forgotten."""
    out = []
    if shown["chosen"] is not None:
        here = alt.Chart(described.data([{"at": shown["chosen"]}]))
        out.append(here.mark_rule(color=ink("accent-soft"), strokeWidth=28).encode(x=x))
    if shown["chance"]:
        chance = alt.Chart(described.data([{"mean": shown["chance"], "said": say("guessing")}]))
        level = alt.Y("mean:Q", scale=up)
        out += [
            chance.mark_rule(color=ink("ink3"), strokeDash=[1, 4]).encode(y=level),
            chance.mark_text(align="right", dy=9, color=ink("ink3")).encode(
                x=alt.value("width"), y=level, text="said:N"
            ),
        ]
    if shown.get("enough"):
        enough = alt.Chart(
            described.data(
                [{"mean": shown["enough"], "said": say("enough: {share}", share=f"{shown['enough']:.0%}")}]
            )
        )
        level = alt.Y("mean:Q", scale=up)
        out += [
            enough.mark_rule(color=ink("ink3"), strokeDash=[6, 4]).encode(y=level),
            enough.mark_text(align="left", dx=4, dy=-7, color=ink("ink2")).encode(
                x=alt.value(0), y=level, text="said:N"
            ),
        ]
    if shown["best"]:
        colour, dash = _colour(shown)
        rows = [{"at": one["at"], "mean": one["value"], "way": say(BEST)} for one in shown["best"]]
        line = alt.Chart(described.data(rows)).mark_line(strokeWidth=1)
        ways = {"color": alt.Color("way:N", scale=colour), "strokeDash": alt.StrokeDash("way:N", scale=dash)}
        out.append(line.encode(x=x, y=alt.Y("mean:Q", scale=up), **ways))
    return out


def _ways(shown: dict[str, Any]) -> dict[str, Any]:
    """Colour and dash of a way, with one legend for both."""
    colour, dash = _colour(shown)
    legend = alt.Legend(symbolType="stroke", symbolSize=240, symbolOpacity=1, symbolStrokeWidth=2, columns=2)
    return {
        "color": alt.Color("way:N", scale=colour, legend=legend),
        "strokeDash": alt.StrokeDash("way:N", scale=dash, legend=legend),
    }


def _lines(shown: dict[str, Any], up: alt.Scale) -> list[alt.Chart]:
    """Ways that do not vary along the axis, with their intervals."""
    if not shown["lines"] and not shown["series"]:
        return []
    rows = [
        {**{key: one[key] for key in ("mean", "low", "high")}, "way": one["name"]} for one in shown["lines"]
    ]
    base = alt.Chart(described.data(rows))
    ways = _ways(shown)
    return [
        base.mark_rect(opacity=0.1).encode(
            x=alt.value(0),
            x2=alt.value("width"),
            y=alt.Y("low:Q", scale=up),
            y2="high:Q",
            color=ways["color"],
        ),
        base.mark_rule(strokeWidth=1.5).encode(y=alt.Y("mean:Q", scale=up), **ways),
    ]


def _series(one: dict[str, Any], x: alt.X, y: alt.Y, up: alt.Scale, shift: float) -> list[alt.Chart]:
    """A way along the axis: its means joined, the interval of each, and every seed."""
    rows = [
        {**{key: p[key] for key in ("at", "mean", "low", "high")}, "way": one["name"]} for p in one["points"]
    ]
    colour, dash = WAYS[one["key"]]
    base = alt.Chart(described.data(rows))
    paint: dict[str, Any] = {"color": ink(colour), "xOffset": shift}
    out = [
        base.mark_line(strokeDash=dash, **paint).encode(x=x, y=y),
        base.mark_rule(strokeWidth=1.5, opacity=0.8, **paint).encode(
            x=x, y=alt.Y("low:Q", scale=up), y2="high:Q"
        ),
    ]
    seeds = [{"at": p["at"], "share": share} for p in one["points"] for share in p["shares"]]
    dots = alt.Chart(described.data(seeds)).mark_point(size=20, opacity=0.4, **paint)
    out.append(dots.encode(x=x, y=alt.Y("share:Q", scale=up)))
    out.append(base.mark_point(size=44, **paint).encode(x=x, y=y))
    return out


def _hits(shown: dict[str, Any], x: alt.X) -> list[alt.Chart]:
    """A wide place to point at for each place of the axis: it reads every way there."""
    names = [one["name"] for one in (*shown["series"], *shown["lines"])]
    rows = []
    for place in shown["places"]:
        row: dict[str, Any] = {"at": place, "place": f"{place:,}"}
        for one in shown["series"]:
            row[one["name"]] = next((span(p) for p in one["points"] if p["at"] == place), "")
        rows.append(row | {one["name"]: span(one) for one in shown["lines"]})
    tips = [alt.Tooltip("place:N", title=shown["axis"])]
    tips += [alt.Tooltip(field=name, type="nominal", title=name) for name in names]
    pick = alt.selection_point(name="pick", fields=["at"], on="click", toggle=False)
    touched = alt.Chart(described.data(rows)).mark_bar(
        size=30, opacity=0, cursor="pointer", orient="vertical"
    )
    whole = {"y": alt.value(0), "y2": alt.value("height")}
    return [touched.encode(x=x, tooltip=tips, **whole).properties(name="places").add_params(pick)]


def _own_said(one: dict[str, Any]) -> str:
    """Say where an own run stands."""
    values = {"way": one["name"], "place": f"{one['at']:,}", "share": f"{100 * one['value']:.1f}"}
    if one["going"]:
        return say("{way}, {place}: {share} %, still learning", **values)
    return say("{way}, {place}: {share} %", **values)


def own_verdict(one: dict[str, Any], shown: dict[str, Any]) -> str:
    """Label an own run: its value, and where it lies among the recorded runs of its way at its place.

    One run is held against single runs: the interval of a mean is narrower than they are spread.
    """
    share = f"{100 * one['value']:.1f}"
    if one["going"]:
        return say("yours, {share} %, still learning", share=share)
    series = [(p["at"], p) for way in shown["series"] if way["key"] == one["way"] for p in way["points"]]
    series += [(one["at"], line) for line in shown["lines"] if line["key"] == one["way"]]
    recorded: list[float] = next((p.get("shares", []) for at, p in series if at == one["at"]), [])
    if not recorded:
        return say("yours, {share} %: nothing recorded at {at}", share=share, at=f"{one['at']:,}")
    values = {"share": share, "count": len(recorded)}
    place = place_among(one["value"], recorded)
    if place > 0:
        return say("yours, {share} %: above all {count} recorded runs", **values)
    if place < 0:
        return say("yours, {share} %: below all {count} recorded runs", **values)
    return say("yours, {share} %: within the {count} recorded runs", **values)


def _own(shown: dict[str, Any], x: alt.X, up: alt.Scale) -> list[Any]:
    """The learner's own runs, as far as they are measured, each with its label."""
    rows = [
        {"at": one["at"], "mean": one["value"], "said": _own_said(one), "label": own_verdict(one, shown),
         "ink": ink(WAYS[one["way"]][0]), "left": one["at"] > shown["places"][len(shown["places"]) // 2]}
        for one in shown["own"] if one["value"] is not None
    ]  # fmt: skip
    if not rows:
        return []
    base = alt.Chart(described.data(rows)).mark_point(
        shape="diamond", size=110, filled=True, fill=ink("bg"), strokeWidth=2, opacity=1
    )
    tip = [alt.Tooltip("said:N", title=say("yours"))]
    place = {"x": x, "y": alt.Y("mean:Q", scale=up)}
    points = base.encode(**place, stroke=alt.Stroke("ink:N", scale=None), tooltip=tip)
    words = [
        alt.Chart(described.data(rows)).transform_filter(f"{'' if left else '!'}datum.left")
        .mark_text(align="right" if left else "left", dx=-10 if left else 10, fontWeight=600, color=ink("ink"))
        .encode(**place, text="label:N")
        for left in (False, True)
    ]  # fmt: skip
    return [points, *map(described.haloed, words)]
