"""The charts below the ladder: one task by two metrics, and the published laws with well-known models."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import altair as alt
import numpy as np

from app.charts import vega
from app.charts.frame import About
from app.charts.look import ink
from pages.scaling.words import powered, raised, sized

METRIC, LAW = 270, 430  # px, the lower ones with their legends
LAWS = {
    "kaplan": ("Kaplan 2020", "k-ink", [8, 3]),
    "one": ("Hoffmann 2022, approach 1", "q-ink", [1, 0]),
    "three": ("Hoffmann 2022, approach 3", "q-ink", [2, 3]),
    "refit": ("Besiroglu 2024, refit", "v-ink", [5, 2, 1, 2]),
    "hoffmann": ("Hoffmann 2022, best split, approach 3", "q-ink", [2, 3]),
}
FAINT = 0.35  # opacity of a law that is stretched
BUDGET, SIZE = [2e9, 1e30], [3e3, 3e12]  # the names at the right need the room
MILLIONS, NATS = [1e6, 1e12], [1.45, 4.3]
# Where a model's name stands beside its point: the points are published, so their places are known.
NAMES = {
    "GPT-2": (-10, 4), "GPT-3": (-10, 14), "Gopher": (-10, 2), "Chinchilla": (10, -1), "Llama 65B": (10, 12),
    "Llama 7B": (4, 20), "Llama 3 8B": (10, 6), "Llama 3.1 405B": (0, -12),
}  # fmt: skip


# ------------------------------------------------------------------------------------------------- two metrics


def smooth(data: dict[str, Any]) -> alt.TopLevelMixin:
    """Mean log p of the next character against size."""
    logs = [one["log"] for one in (*data["metrics"], *data["own"])]
    room = [min(logs) - 0.1, min(0.0, max(logs) + 0.15)]
    return _metric(data, "log", room, alt.Axis(tickCount=4), []).properties(
        height=METRIC, title="Smooth: mean log p of a character"
    )


def sharp(data: dict[str, Any]) -> alt.TopLevelMixin:
    """The share of texts whose next characters are all right, with its intervals."""
    most = max(0.001, *(one["high"] for one in (*data["metrics"], *data["own"])))
    written = f"format(100 * datum.value, '.{1 if most < 0.05 else 0}f') + ' %'"
    x, y = _sizes(data), alt.Y("exact:Q", scale=alt.Scale(domain=[0, 1.1 * most], nice=False))
    power = _mean_line(data, "power", x, y, ink("ink3"), [2, 4], 1.2)
    base = alt.Chart(vega.data(_tipped(data, data["metrics"])))
    spans = base.mark_rule(color=ink("accent"), opacity=0.6, strokeWidth=1.5).encode(
        x=x, y=alt.Y("low:Q", scale=y["scale"]), y2="high:Q"
    )
    right = f"the next {data['length']} all right" if data["length"] > 1 else "the next one right"
    return _metric(
        data, "exact", [0, 1.1 * most], alt.Axis(tickCount=5, labelExpr=written), [power, spans]
    ).properties(height=METRIC, title=f"Sharp: {right}")


def _metric(
    data: dict[str, Any], value: str, room: Sequence[float], axis: alt.Axis, behind: Sequence[Any]
) -> Any:
    """A dot for each model, a line through the means of the seeds, own runs as diamonds."""
    x, y = _sizes(data), alt.Y(f"{value}:Q", scale=alt.Scale(domain=list(room), nice=False), axis=axis)
    tips = [
        alt.Tooltip("size:N", title="N"), alt.Tooltip("seed:N"),
        alt.Tooltip("said log:N", title="log p of a character"),
        alt.Tooltip("said right:N", title="one right"),
        alt.Tooltip("said exact:N", title=f"{data['length']} in a row right"),
    ]  # fmt: skip
    dots = alt.Chart(vega.data(_tipped(data, data["metrics"]))).mark_point(color=ink("accent"), opacity=0.85)
    layers = [
        *behind, _mean_line(data, value, x, y, ink("accent")),
        dots.encode(x=x, y=y, tooltip=tips).properties(name=value),
    ]  # fmt: skip
    if data["own"]:
        mine = alt.Chart(vega.data(_tipped(data, data["own"]))).mark_point(
            shape="diamond", size=110, color=ink("v-ink")
        )
        layers.append(mine.encode(x=x, y=y, tooltip=[alt.Tooltip("name:N", title="yours"), *tips[2:]]))
    return alt.layer(*layers)


def _tipped(data: dict[str, Any], rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    return [
        {**one, "size": sized(one["n"]), "said log": f"{one['log']:.3f}".replace("-", "−"),
         "said right": f"{100 * one['right']:.1f} %",
         "said exact": f"{100 * one['exact']:.2f} % ({100 * one['low']:.2f} to {100 * one['high']:.2f})"}
        for one in rows
    ]  # fmt: skip


def _mean_line(
    data: dict[str, Any], value: str, x: alt.X, y: alt.Y, colour: str, dash: Sequence[int] = (1, 0), width: float = 2
) -> Any:  # fmt: skip
    """A line through the means of each size's seeds."""
    sizes = sorted({one["n"] for one in data["metrics"]})
    rows = [
        {"n": n, "mean": float(np.mean([one[value] for one in data["metrics"] if one["n"] == n]))} for n in sizes
    ]  # fmt: skip
    line = alt.Chart(vega.data(rows)).mark_line(color=colour, strokeDash=list(dash), strokeWidth=width)
    return line.encode(x=x, y=alt.Y("mean:Q", scale=y["scale"]))


def _sizes(data: dict[str, Any]) -> alt.X:
    """The axis of sizes."""
    sizes = [one["n"] for one in (*data["metrics"], *data["own"])]
    counted = "embeddings counted" if data["tables"] else "without the embeddings"
    return _log("n", [min(sizes) / 1.5, max(sizes) * 1.6], f"parameters, {counted}", powers=False)


def _log(field: str, domain: Sequence[float], title: str | None, powers: bool, every: int = 1) -> alt.X:
    """An axis of powers of ten."""
    found = range(math.ceil(math.log10(domain[0])), math.floor(math.log10(domain[1])) + 1)
    values = [10.0**power for power in found if power % every == 0]
    texts = [f"10{raised(round(math.log10(one)))}" if powers else sized(one) for one in values]
    axis = alt.Axis(**vega.words(values, texts), title=title)
    return alt.X(f"{field}:Q", scale=alt.Scale(type="log", domain=list(domain), nice=False), axis=axis)


# ------------------------------------------------------------------------------------------------- published laws


def budgets(data: dict[str, Any]) -> alt.TopLevelMixin:
    """The best number of parameters for each budget by each law, with the ladder and the well-known models."""
    found = data["budgets"]
    rows = [
        {"x": c, "y": n, "law": LAWS[name][0], "fitted": low <= c <= high}
        for name in ("kaplan", "one", "three", "refit")
        for low, high in [found["measured"][name]]
        for c, n in zip(found["c"], found[name])
    ]
    x = _log("x", BUDGET, "operations of training, C = 6 N D", powers=True, every=4)
    up = _log("y", SIZE, None, powers=False)
    y = alt.Y("y:Q", scale=up["scale"], axis=up["axis"])
    ladder = [
        {"x": one["c"], "y": one["n"], "said": f"{one['name']}: N = {sized(one['n'])}, C = {powered(one['c'])}"}
        for one in data["ladder"]
    ]  # fmt: skip
    dots = alt.Chart(vega.data(ladder)).mark_point(color=ink("accent"), size=26, opacity=0.8)
    word = alt.Chart(vega.data([{"x": 2e14, "y": 3e5, "said": "this page’s ladder"}])).mark_text(
        align="left", color=ink("accent")
    )
    layers: list[Any] = [
        *_laws(rows, x, y),
        dots.encode(x=x, y=y, tooltip=[alt.Tooltip("said:N", title="this page’s ladder")]),
        vega.haloed(word.encode(x=x, y=y, text="said:N")),
        _known(data["models"], x, y),
    ]
    for one in data["models"]:
        dx, dy = NAMES.get(one["name"], (10, 4))
        layers.append(_name(one["name"], {"x": one["c"], "y": one["n"]}, x, y, dx, dy))
    unknown = [{"x": one["c"], "y": one["n"]} for one in data["models"] if one["d"] is None]
    arrow = alt.Chart(vega.data(unknown)).mark_text(text="→", dx=16, fontSize=16, color=ink("ink"))
    return alt.layer(*layers, arrow.encode(x=x, y=y)).properties(
        height=LAW,
        title=alt.TitleParams(
            "Which size for which budget?", subtitle="parameters N; faint: stretched beyond its runs"
        ),
    )


def losses(data: dict[str, Any]) -> alt.TopLevelMixin:
    """The loss that each law expects of a size, with the well-known models."""
    found = data["losses"]
    series = {"kaplan": (found["n"], found["kaplan"])}
    series |= {name: (found[name]["n"], found[name]["loss"]) for name in ("hoffmann", "refit")}
    rows = [
        {"x": n, "y": loss, "law": LAWS[name][0], "fitted": low <= n <= high}
        for name, (sizes, expected) in series.items()
        for low, high in [found["measured"][name]]
        for n, loss in zip(sizes, expected)
    ]
    x = _log("x", MILLIONS, "parameters N", powers=False)
    y = alt.Y(
        "y:Q",
        scale=alt.Scale(type="log", domain=NATS, nice=False),
        axis=alt.Axis(values=[2, 3, 4], format="d"),
    )
    layers: list[Any] = []
    for at, one in enumerate(sorted(data["models"], key=lambda model: model["n"])):
        top = 8 + 14 * at
        row = {"x": one["n"], "y": one["hoffmann"] or one["kaplan_n"], "name": one["name"]}
        here = alt.Chart(vega.data([row]))
        layers.append(here.mark_rule(color=ink("line")).encode(x=x, y=y, y2=alt.value(top + 6)))
        name = here.mark_text(align="right", dx=-4, fontWeight=600, color=ink("ink"))
        layers.append(name.encode(x=x, y=alt.value(top), text="name:N"))
    layers += _laws(rows, x, y)
    expected = [
        {**_told(one), "x": one["n"], "y": loss, "by": by}
        for one in data["models"]
        for loss, by in ((one["kaplan"] or one["kaplan_n"], "k-ink"), (one["hoffmann"], "q-ink"))
        if loss is not None
    ]
    for by in ("k-ink", "q-ink"):
        dots = alt.Chart(vega.data([one for one in expected if one["by"] == by])).mark_point(color=ink(by))
        layers.append(dots.encode(x=x, y=y, tooltip=TIPS))
    return alt.layer(*layers).properties(
        height=LAW,
        title=alt.TitleParams(
            "What loss do they expect?", subtitle="nats a token, each paper on its own text"
        ),
    )


def _laws(rows: Sequence[dict[str, Any]], x: alt.X, y: alt.Y) -> list[alt.Chart]:
    """Each law as a line: faint where it is stretched beyond the runs that it was fitted to."""
    names = list(dict.fromkeys(row["law"] for row in rows))
    styles = {name: (colour, dash) for name, colour, dash in LAWS.values() if name in names}
    legend = alt.Legend(symbolType="stroke", symbolSize=240, symbolStrokeWidth=2, symbolOpacity=1, columns=1)
    scales = (
        alt.Scale(domain=names, range=[ink(styles[name][0]) for name in names]),
        alt.Scale(domain=names, range=[styles[name][1] for name in names]),
    )
    encoded: dict[str, Any] = {
        "x": x, "y": y, "color": alt.Color("law:N", scale=scales[0], legend=legend),
        "strokeDash": alt.StrokeDash("law:N", scale=scales[1], legend=legend),
    }  # fmt: skip
    base = alt.Chart(vega.data(rows))
    clipped: dict[str, Any] = {"clip": True}
    return [
        base.mark_line(strokeWidth=1, opacity=FAINT, **clipped).encode(**encoded),
        base.transform_filter("datum.fitted").mark_line(**clipped).encode(**encoded),
    ]


TIPS = [
    alt.Tooltip("name:N", title="model"), alt.Tooltip("size:N", title="N"), alt.Tooltip("text:N", title="D"),
    alt.Tooltip("cost:N", title="C"), alt.Tooltip("best:N", title="the best N for this C"),
    alt.Tooltip("loss:N", title="loss"), alt.Tooltip("source:N"), alt.Tooltip("note:N"),
]  # fmt: skip


def _told(one: dict[str, Any]) -> dict[str, Any]:
    """What a tooltip says of a published model."""
    known = one["d"] is not None
    return {
        "name": f"{one['name']} ({one['year']})", "size": sized(one["n"]),
        "text": f"{sized(one['d'])}, {one['d'] / one['n']:.{1 if one['d'] / one['n'] < 10 else 0}f} for each of N"
        if known else "never published",
        "cost": powered(one["c"]) if known else "",
        "best": f"{sized(one['best_kaplan'])} by Kaplan, {sized(one['best_hoffmann'])} by Hoffmann" if known else "",
        "loss": f"by Kaplan {one['kaplan']:.2f}, by Hoffmann {one['hoffmann']:.2f}, by the refit {one['refit']:.2f}"
        if known else f"by Kaplan’s L(N) {one['kaplan_n']:.2f}",
        "source": one["source"], "note": one["note"],
    }  # fmt: skip


def _known(models: Sequence[dict[str, Any]], x: alt.X, y: alt.Y) -> Any:
    """The published models; hollow where the text that one read was never published."""
    rows = [{**_told(one), "x": one["c"], "y": one["n"], "known": one["d"] is not None} for one in models]
    dots = alt.Chart(vega.data(rows)).mark_point(
        size=90, filled=True, stroke=ink("ink"), strokeWidth=2, opacity=1
    )
    filled = alt.condition("datum.known", alt.value(ink("ink")), alt.value(ink("bg")))
    return dots.encode(x=x, y=y, fill=filled, tooltip=TIPS).properties(name="models")


def _name(text: str, place: dict[str, float], x: alt.X, y: alt.Y, dx: int, dy: int) -> Any:
    """A model's name beside its point."""
    align: Any = "right" if dx < 0 else "center" if dx == 0 else "left"
    mark = alt.Chart(vega.data([{**place, "name": text}])).mark_text(
        align=align, dx=dx, dy=dy, fontWeight=600, color=ink("ink")
    )
    return vega.haloed(mark.encode(x=x, y=y, text="name:N"))


# ------------------------------------------------------------------------------------------------- on the page


def draw_metrics(data: dict[str, Any]) -> None:
    """Both metrics beside each other."""
    rows = [*data["metrics"], *data["own"]]
    columns = {"parameters": "n", "seed": "seed", "mean log p of a character": "log", "one right": "right"}
    columns |= {f"{data['length']} in a row right": "exact", "from": "low", "to": "high"}
    about = About(
        "scaling_metrics", f"{data['said']} {data['dotted']}",
        {key: data[key] for key in ("length", "tables", "metrics", "own")},
        {"model": [one["name"] for one in rows]}
        | {name: [one[key] for one in rows] for name, key in columns.items()},
        drawings=2,
    )  # fmt: skip
    vega.draw(about, [vega.once(smooth, data), vega.once(sharp, data)], form="low")


def draw_published(data: dict[str, Any]) -> None:
    """Both charts of the published laws."""
    told = [_told(one) for one in data["models"]]
    columns = {
        "year": "year",
        "parameters": "n",
        "tokens": "d",
        "operations": "c",
        "loss by Kaplan": "kaplan",
    }
    columns |= {"by Hoffmann": "hoffmann", "by the refit": "refit", "source": "source"}
    said = "; ".join(f"{one['name']} {one['size']} parameters, D {one['text']}" for one in told)
    about = About(
        "scaling_published", f"Published laws and models: {said}.",
        {"models": data["models"], "ladder": len(data["ladder"])},
        {"model": [one["name"] for one in data["models"]]}
        | {name: [one[key] for one in data["models"]] for name, key in columns.items()},
        drawings=2,
    )  # fmt: skip
    vega.draw(about, [vega.once(budgets, data), vega.once(losses, data)], form="low")
