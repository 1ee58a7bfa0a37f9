"""Size against loss: every setting that was measured is a point with its interval; those that none beats are joined."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import Any

import altair as alt

from app.charts import vega
from app.charts.frame import About
from app.charts.look import ink
from app.units import si

KEPT = ("name", "bytes", "loss", "low", "high", "above", "front", "here")  # of a row, for tests
TALL = 226  # px
NEAREST, GPTQ, ABOVE = "to nearest", "GPTQ", "above the chart"


def room(points: list[dict[str, Any]], base: float) -> tuple[float, float]:
    """Between what losses the chart goes: settings that lose half as much again as the original lie above it."""
    losses = [one["loss"] for one in points]
    reach = max(0.5 * base, 0.05)
    low, high = min([base, *losses]), max([base + 0.02, *(loss for loss in losses if loss <= base + reach)])
    return low - 0.08 * (high - low), high + 0.08 * (high - low)


def rows(data: dict[str, Any]) -> list[dict[str, Any]]:
    """A row for each setting, with what its tooltip says."""
    base = data["original"]["loss"]
    _, high = room(data["points"], base)
    made = []
    for one in data["points"]:
        above = one["loss"] > high
        made.append({
            "name": one["name"], "bits": one["bits"], "bytes": one["bytes"], "loss": one["loss"],
            "at": high if above else one["loss"], "low": base + one["riseLow"], "high": base + one["riseHigh"],
            "above": above, "kind": ABOVE if above else GPTQ if one["gptq"] else NEAREST, "front": one["front"],
            "here": one["here"], "said size": si(one["bytes"], "B"),
            "ink": ink("accent" if one["here"] else "ink" if one["front"] else "res"),
            "said loss": f"{one['loss']:.3f}{', above the chart' if above else ''}",
            "said interval": f"{base + one['riseLow']:.3f} to {base + one['riseHigh']:.3f}",
            "said kept": f"{_percent(one['agreement'])} of the first choices",
            "said front": "nothing is smaller and as good" if one["front"] else
            "another is smaller and as good, or better and as small",
        })  # fmt: skip
    return made


def _percent(share: float) -> str:
    return (
        f"{100 * share:.0f} %" if share in (0.0, 1.0) or 0.0995 <= share <= 0.9949 else f"{100 * share:.1f} %"
    )


def named(made: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The names: of each number of bits its best setting carries it, the chosen one wherever it lies above the chart.

    Those of settings above the chart stand below their marks, one below the other: beside them lies the next mark.
    """
    best: dict[int, dict[str, Any]] = {}
    for one in made:
        if one["bits"] not in best or one["loss"] < best[one["bits"]]["loss"]:
            best[one["bits"]] = one
    chosen = next((one for one in made if one["here"] and one["above"]), None)
    kept = [
        one for one in best.values() if chosen is None or one["bits"] != chosen["bits"] or not one["above"]
    ]
    kept += [chosen] if chosen is not None and chosen not in kept else []
    off = sorted((one for one in kept if one["above"]), key=lambda one: -one["bytes"])
    return [
        {**one, "said": f"{one['bits']}: {one['loss']:.1f}" if one["above"] else f"{one['bits']}",
         "down": 18 + 14 * off.index(one) if one["above"] else -8}
        for one in kept
    ]  # fmt: skip


def joined(made: list[dict[str, Any]], high: float) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """The front inside the chart, and what leads from it to a setting above: dashed, as steep as it is, to the edge."""
    order = sorted((one for one in made if one["front"]), key=lambda one: one["bytes"])
    inside = [{"bytes": one["bytes"], "loss": one["loss"]} for one in order if not one["above"]]
    stub = []
    for one, other in pairwise(order):
        if one["above"] and not other["above"]:
            part = (high - other["loss"]) / (one["loss"] - other["loss"])
            away = math.log(other["bytes"]) + part * (math.log(one["bytes"]) - math.log(other["bytes"]))
            stub = [{"bytes": other["bytes"], "loss": other["loss"]}, {"bytes": math.exp(away), "loss": high}]
    return inside, stub


def front(data: dict[str, Any]) -> alt.TopLevelMixin:
    """The chart."""
    made, original = rows(data), data["original"]
    low, high = room(data["points"], original["loss"])
    came = data.get("came")
    sizes = [*(one["bytes"] for one in made), original["bytes"], *([came["bytes"]] if came else ())]
    across = [min(sizes) * 0.85, max(sizes) * 1.15]
    every = (m * 10.0**k for k in range(3, 13) for m in (1, 2, 5))
    marks = [one for one in every if across[0] * 1.05 < one < across[1] * 0.95]
    written = [si(one, "B").replace(".00", "").replace(".0 ", " ") for one in marks]
    axis = alt.Axis(**vega.words(marks, written), title="size of the file")
    x = alt.X("bytes:Q", scale=alt.Scale(type="log", domain=across, nice=False), axis=axis)
    up = alt.Scale(domain=[low, high], nice=False)
    at = alt.Y("at:Q", scale=up)
    layers: list[Any] = _behind(made, original, high, x, up)
    layers += [] if came is None else _came(came, original["loss"], x, up)
    for one in named(made):
        word = alt.Chart(vega.data([one])).mark_text(
            align="left", dx=-5 if one["above"] else 13 if one["here"] else 9, dy=one["down"], font="JetBrains Mono",
            color=ink("accent" if one["here"] else "ink3"),
        )  # fmt: skip
        layers.append(vega.haloed(word.encode(x=x, y=at, text="said:N")))
    layers += _points(made, x, at, up)  # on top: a word would catch the pointer
    beaten = sum(not one["front"] for one in made)
    many = "setting" if len(made) == 1 else "settings"
    title = alt.TitleParams(
        "Size against loss, nats a token", subtitle=f"{len(made)} {many} measured, {beaten} beaten"
    )
    return alt.layer(*layers).properties(height=TALL, title=title)


def _behind(
    made: list[dict[str, Any]], original: dict[str, Any], high: float, x: alt.X, up: alt.Scale
) -> list[alt.Chart]:
    """The original, and the front as a line."""
    y = alt.Y("loss:Q", scale=up, axis=alt.Axis(tickCount=5))
    whole = {"bytes": original["bytes"], "loss": original["loss"]}
    whole |= {"said": si(original["bytes"], "B"), "how": f"{original['loss']:.3f}"}
    line = alt.Chart(vega.data([whole]))
    whose = [alt.Tooltip("said:N", title="the original, float32"), alt.Tooltip("how:N", title="loss")]
    inside, stub = joined(made, high)
    joint: dict[str, Any] = {"color": ink("ink3"), "strokeWidth": 1.5}
    return [
        line.mark_rule(color=ink("res"), strokeDash=[3, 3]).encode(y=y),
        line.mark_point(color=ink("res"), filled=False, size=90, strokeWidth=2).encode(
            x=x, y=y, tooltip=whose
        ),
        alt.Chart(vega.data(inside)).mark_line(**joint).encode(x=x, y=y),
        alt.Chart(vega.data(stub)).mark_line(strokeDash=[4, 3], **joint).encode(x=x, y=y),
    ]


def _came(came: dict[str, Any], loss: float, x: alt.X, up: alt.Scale) -> list[alt.Chart]:
    """The file that the original was unpacked from: the same weights, so the same loss, in fewer bytes."""
    one = {"bytes": came["bytes"], "loss": loss, "said": si(came["bytes"], "B"), "how": f"{loss:.3f}"}
    one |= {"kind": f"{came['kind']}, {came['bits']:.2f} bits a weight", "word": "as it came"}
    base = alt.Chart(vega.data([one])).encode(x=x, y=alt.Y("loss:Q", scale=up))
    told = {"said": "its file", "kind": "in", "how": "loss"}
    tips = [alt.Tooltip(f"{field}:N", title=title) for field, title in told.items()]
    mark = base.mark_point(shape="diamond", filled=True, size=110, color=ink("res")).properties(name="came")
    word = base.mark_text(dy=-13, color=ink("ink2")).encode(text="word:N")
    return [mark.encode(tooltip=tips), vega.haloed(word)]


def _points(made: list[dict[str, Any]], x: alt.X, at: alt.Y, up: alt.Scale) -> list[alt.Chart]:
    """The settings, each with its interval."""
    base = alt.Chart(vega.data(made))
    colour = alt.Color("ink:N", scale=None)
    told = {
        "name": "setting", "said size": "size", "said loss": "loss", "said interval": "95 % interval",
        "said kept": "keeps", "said front": "here",
    }  # fmt: skip
    shape = alt.Shape(
        "kind:N", scale=alt.Scale(domain=[NEAREST, GPTQ, ABOVE], range=["circle", "square", "triangle-up"]),
        legend=alt.Legend(symbolFillColor=ink("ink3"), symbolStrokeColor=ink("ink3")),
    )  # fmt: skip
    interval = base.transform_filter("!datum.above").mark_rule(strokeWidth=1.5, opacity=0.6, clip=True)
    ring = base.transform_filter("datum.here").mark_point(
        filled=False, size=300, strokeWidth=2, color=ink("accent")
    )
    dots = base.mark_point(filled=True, size=60).properties(name="points")
    tips = [alt.Tooltip(f"{field}:N", title=title) for field, title in told.items()]
    bright = alt.condition("datum.front || datum.here", alt.value(1), alt.value(0.6))
    return [
        interval.encode(x=x, y=alt.Y("low:Q", scale=up), y2="high:Q", color=colour),
        ring.encode(x=x, y=at),
        dots.encode(x=x, y=at, color=colour, shape=shape, tooltip=tips, opacity=bright),
    ]


def draw(data: dict[str, Any]) -> None:
    """The chart on the page."""
    made = rows(data)
    about = About(
        "efficiency_front",
        f"Size against loss of {len(made)} settings; the original: {si(data['original']['bytes'], 'B')}, loss "
        f"{data['original']['loss']:.3f}. "
        + "; ".join(f"{one['name']}: {one['said size']}, {one['said loss']}" for one in made if one["front"]) + ".",
        {
            "points": [{key: one[key] for key in KEPT} for one in made],
            "names": [one["said"] for one in named(made)],
            "came": data.get("came"),
        },
        {
            "setting": [one["name"] for one in made], "bytes": [one["bytes"] for one in made],
            "loss": [one["loss"] for one in made], "low": [one["low"] for one in made],
            "high": [one["high"] for one in made], "keeps": [one["said kept"] for one in made],
            "beaten by none": [one["front"] for one in made],
        },
    )  # fmt: skip
    vega.draw(about, [vega.once(front, data)])
