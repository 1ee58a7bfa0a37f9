"""Compare the published laws, with well-known models, and emergence by two metrics, below the ladder."""

from __future__ import annotations

import math
from collections.abc import Sequence
from html import escape
from typing import Any

import altair as alt
import numpy as np
import streamlit as st

from app.charts import described, vega
from app.charts.frame import About
from app.charts.look import ink
from app.session import state
from core.analysis.health.emergence import LENGTHS
from core.messages import mark, say
from core.runs import ladder_recordings
from core.runs.ladder_recordings import Rung
from core.scaling import published
from pages.scaling.seen import Own
from pages.scaling.words import powered, raised, sized

NOTE = mark(
    "N and D as each paper states them; Kaplan’s N leaves out the embeddings. Faint: where a law is stretched "
    "beyond the runs that it was fitted to: {fitted}. GPT-2’s D was never published: it stands at one pass over "
    "its text, its true place is to the right. Losses of two papers, or of this ladder’s characters, are on "
    "different texts: compare along a line, not between lines. Besiroglu et al. (2024) fitted the form of "
    "approach 3 again and came to the answer of approaches 1 and 2."
)
BUDGETS = (1e9, 1e27)  # operations, of the chart of sizes
FEW = 0.01  # a share that is as good as none
LEAP = 1 / 3  # how far a share has gone beside log p where it is flat first and steep then


def length() -> int:
    """Choose how many characters in a row: the recorded number that is nearest to the page's own."""
    wanted = int(state.get("inarow"))
    return min(LENGTHS, key=lambda one: abs(one - wanted))


def record(tables: bool, own: Sequence[Own]) -> dict[str, Any]:
    """Turn both comparisons into what the charts show."""
    runs = ladder_recordings.series("parameters")
    k = length()
    return {
        "tables": tables, "length": k, "models": [_model(one) for one in published.MODELS],
        "budgets": _budgets(), "losses": _losses(),
        "ladder": [
            {"n": one.parameters(tables), "c": one.at("compute", tables), "name": one.name}
            for one in ladder_recordings.rungs()
        ],
        "own": [_metrics(one.rung, tables, k) for one in own if one.known and one.rung.exact],
        "metrics": [_metrics(one, tables, k) for one in runs], "said": said(runs, tables, k),
        "dotted": dotted(runs, k), "fitted": fitted(),
    }  # fmt: skip


def _model(one: published.Known) -> dict[str, Any]:
    known = one.flops is not None
    flops = (
        one.flops or 6 * one.parameters * published.GPT2_PASS
    )  # one pass over its text, where D is unknown
    return {
        "name": one.name, "year": one.year, "n": one.parameters, "d": one.tokens, "c": flops, "source": say(one.source),
        "note": str(one.note), "kaplan_n": float(published.kaplan_parameters(one.parameters)),
        "kaplan": _loss(published.kaplan_both, one), "hoffmann": _loss(published.CHINCHILLA, one),
        "refit": _loss(published.REFIT, one),
        "best_kaplan": float(published.kaplan_best(flops)[0]) if known else None,
        "best_hoffmann": float(published.chinchilla_best(flops)[0]) if known else None,
    }  # fmt: skip


def _loss(law: Any, one: published.Known) -> float | None:
    return None if one.tokens is None else float(law(one.parameters, one.tokens))


def _budgets() -> dict[str, Any]:
    """Compute the best number of parameters for each budget, by each paper."""
    c = np.geomspace(*BUDGETS, 55)
    return {
        "c": c.tolist(), "measured": {name: list(one.flops) for name, one in published.FITTED.items()},
        "kaplan": published.kaplan_best(c)[0].tolist(),
        "one": published.chinchilla_best(c)[0].tolist(), "three": published.CHINCHILLA.best(c)[0].tolist(),
        "refit": published.REFIT.best(c)[0].tolist(),
    }  # fmt: skip


def _losses() -> dict[str, Any]:
    """Compute the loss at each size by Kaplan's L(N), and at the best split of Hoffmann et al. and of the refit."""
    n = np.geomspace(1e6, 1e12, 40)
    c = np.geomspace(1e16, 1e26, 40)
    best = {"hoffmann": published.CHINCHILLA, "refit": published.REFIT}
    found = {name: (law.best(c)[0], law(*law.best(c))) for name, law in best.items()}
    return {
        "measured": {name: list(one.parameters) for name, one in published.FITTED.items()},
        "n": n.tolist(), "kaplan": published.kaplan_parameters(n).tolist(),
        **{name: {"n": at.tolist(), "loss": loss.tolist()} for name, (at, loss) in found.items()},
    }  # fmt: skip


def _metrics(one: Rung, tables: bool, k: int) -> dict[str, Any]:
    exact = {at: (share, low, high) for at, share, low, high in one.exact}
    share, low, high = exact[k]
    return {
        "name": one.name, "n": one.parameters(tables), "seed": one.seed, "log": one.log, "right": one.right,
        "exact": share, "low": low, "high": high, "power": one.right**k,
    }  # fmt: skip


def said(runs: Sequence[Rung], tables: bool, k: int) -> str:
    """Tell what the two charts say together, in the seeds' means of the smallest, a middle and the largest size."""
    kinds = _kinds(runs)
    chosen = [kinds[0], kinds[len(kinds) // 2], kinds[-1]]
    logs = [_mean([one.log for one in kind]) for kind in kinds]
    exact = [_mean([_share(one, k) for one in kind]) for kind in kinds]
    sizes = ", ".join(sized(kind[0].parameters(tables)) for kind in chosen)
    shares = ", ".join(f"{exact[kinds.index(kind)]:.1%}" for kind in chosen)
    values = {"sizes": sizes, "list": ", ".join(f"{logs[kinds.index(kind)]:.2f}" for kind in chosen)}
    rises = logs == sorted(logs)
    smooth = (
        say(
            "With {sizes} parameters the mean log p of a character is {list}: it rises at every size.",
            **values,
        )
        if rises
        else say(
            "With {sizes} parameters the mean log p of a character is {list}: it does not rise at every size.",
            **values,
        )
    )
    sharp = (
        say("The next one right: {shares}.", shares=shares)
        if k == 1
        else say("All of the next {k} right: {shares}.", k=k, shares=shares)
    )
    return f"{smooth} {sharp} {_judged(logs, exact, sized(kinds[1][0].parameters(tables)), k)}"


def _judged(logs: Sequence[float], exact: Sequence[float], second: str, k: int) -> str:
    """Judge whether the share grows as smoothly as log p does: by how far each has come at the second size."""
    if max(exact) < FEW:
        return say(
            "Whoever asks for {k} in a row sees nothing yet, even of the largest: under {few}. "
            "By log p all of these models differ.",
            k=k,
            few=f"{FEW:.0%}",
        )
    smooth, sharp = ((all[1] - all[0]) / (all[-1] - all[0]) for all in (logs, exact))
    values = {"second": second, "smooth": f"{smooth:.0%}", "sharp": f"{sharp:.0%}"}
    if sharp < smooth * LEAP:
        return say(
            "At {second} log p has gone {smooth} of its way from the smallest to the largest, this share {sharp}: "
            "little for long, then much. The metric makes the leap, not the model (Schaeffer et al. 2023).",
            **values,
        )
    if k > 1:
        return say(
            "At {second} log p has gone {smooth} of its way from the smallest to the largest, this share {sharp}: "
            "no leap.",
            **values,
        )
    return say(
        "At {second} log p has gone {smooth} of its way from the smallest to the largest, this share {sharp}: one "
        "character at a time, this metric does not leap either.",
        **values,
    )


def dotted(runs: Sequence[Rung], k: int) -> str:
    """Tell what the dotted line is, and on which side of it the sizes lie."""
    if k == 1:
        return say(
            "Dotted: the share over all characters; asked are those with 32 before them in their "
            "row and 31 after."
        )
    kinds = _kinds(runs)
    above = sum(
        _mean([_share(one, k) for one in kind]) > _mean([one.right**k for one in kind]) for kind in kinds
    )
    if above == len(kinds):
        return say(
            "Dotted: the share of single characters right, to the power of {k}. Characters are right together more "
            "often than that at every size.",
            k=k,
        )
    return say(
        "Dotted: the share of single characters right, to the power of {k}. Characters are right together more often "
        "than that at {above} of the {count} sizes.",
        k=k, above=above, count=len(kinds),
    )  # fmt: skip


def _kinds(runs: Sequence[Rung]) -> list[list[Rung]]:
    """Group the runs by width, narrow ones first."""
    return [[one for one in runs if one.width == width] for width in sorted({one.width for one in runs})]


def _share(one: Rung, k: int) -> float:
    return {at: share for at, share, *_ in one.exact}[k]


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)


def fitted() -> str:
    """Say where each law was fitted, as the note below the charts says it."""
    laws = (
        ("Kaplan", published.FITTED["kaplan"]),
        (say("Hoffmann and the refit"), published.FITTED["hoffmann"]),
    )
    return "; ".join(
        say(
            "{name} by runs of {low} to {high} operations and {smallest} to {largest} parameters ({source})",
            name=name, low=powered(one.flops[0]), high=powered(one.flops[1]), smallest=sized(one.parameters[0]),
            largest=sized(one.parameters[1]), source=say(one.source),
        )
        for name, one in laws
    )  # fmt: skip


def show(tables: bool, own: Sequence[Own]) -> None:
    """Draw the heading, the dial and the charts."""
    title = escape(say("Published laws, and emergence by the metric"))
    st.html(f'<section class="gb-words"><h2>{title}</h2></section>')
    with st.container(horizontal=True, gap="medium", vertical_alignment="bottom"):
        st.segmented_control(
            say("Characters in a row that must all be right"), LENGTHS, required=True,
            **state.part("inarow", length(), lambda k: state.set("inarow", k)),
        )  # fmt: skip
    data = record(tables, own)
    draw_metrics(data)
    st.html("".join(f'<p class="gb-told">{escape(data[key])}</p>' for key in ("said", "dotted")))
    draw_published(data)
    st.html(f'<p class="gb-told">{escape(say(NOTE, fitted=data["fitted"]))}</p>')


METRIC, LAW = 270, 430  # px, the lower ones with their legends
LAWS = {
    "kaplan": ("Kaplan 2020", "k-ink", [8, 3]),
    "one": (mark("Hoffmann 2022, approach 1"), "q-ink", [1, 0]),
    "three": (mark("Hoffmann 2022, approach 3"), "q-ink", [2, 3]),
    "refit": (mark("Besiroglu 2024, refit"), "v-ink", [5, 2, 1, 2]),
    "hoffmann": (mark("Hoffmann 2022, best split, approach 3"), "q-ink", [2, 3]),
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


def smooth_chart(data: dict[str, Any]) -> alt.TopLevelMixin:
    """Describe mean log p of the next character against size."""
    logs = [one["log"] for one in (*data["metrics"], *data["own"])]
    room = [min(logs) - 0.1, min(0.0, max(logs) + 0.15)]
    return _metric(data, "log", room, alt.Axis(tickCount=4), []).properties(
        height=METRIC, title=say("Smooth: mean log p of a character")
    )


def sharp_chart(data: dict[str, Any]) -> alt.TopLevelMixin:
    """Describe the share of texts whose next characters are all right, with its intervals."""
    most = max(0.001, *(one["high"] for one in (*data["metrics"], *data["own"])))
    written = f"format(100 * datum.value, '.{1 if most < 0.05 else 0}f') + ' %'"
    x, y = _sizes(data), alt.Y("exact:Q", scale=alt.Scale(domain=[0, 1.1 * most], nice=False))
    power = _mean_line(data, "power", x, y, ink("ink3"), [2, 4], 1.2)
    base = alt.Chart(vega.data(_tipped(data, data["metrics"])))
    spans = base.mark_rule(color=ink("accent"), opacity=0.6, strokeWidth=1.5).encode(
        x=x, y=alt.Y("low:Q", scale=y["scale"]), y2="high:Q"
    )
    title = (
        say("Sharp: the next {length} all right", length=data["length"])
        if data["length"] > 1
        else say("Sharp: the next one right")
    )
    return _metric(
        data, "exact", [0, 1.1 * most], alt.Axis(tickCount=5, labelExpr=written), [power, spans]
    ).properties(height=METRIC, title=title)


def _metric(
    data: dict[str, Any], value: str, room: Sequence[float], axis: alt.Axis, behind: Sequence[Any]
) -> Any:
    """A dot for each model, a line through the means of the seeds, own runs as diamonds."""
    x, y = _sizes(data), alt.Y(f"{value}:Q", scale=alt.Scale(domain=list(room), nice=False), axis=axis)
    tips = [
        alt.Tooltip("size:N", title="N"), alt.Tooltip("seed:N", title=say("seed")),
        alt.Tooltip("said log:N", title=say("log p of a character")),
        alt.Tooltip("said right:N", title=say("one right")),
        alt.Tooltip("said exact:N", title=say("{length} in a row right", length=data["length"])),
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
        layers.append(mine.encode(x=x, y=y, tooltip=[alt.Tooltip("name:N", title=say("yours")), *tips[2:]]))
        word = mine.mark_text(align="left", dx=8, dy=-6, fontWeight=600, color=ink("v-ink"))
        layers.append(described.haloed(word.encode(x=x, y=y, text=alt.value(say("yours")))))
    return alt.layer(*layers)


def _tipped(data: dict[str, Any], rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    return [
        {**one, "size": sized(one["n"]), "said log": f"{one['log']:.3f}".replace("-", "−"),
         "said right": f"{100 * one['right']:.1f} %",
         "said exact": say("{share} % ({low} to {high})", share=f"{100 * one['exact']:.2f}",
                          low=f"{100 * one['low']:.2f}", high=f"{100 * one['high']:.2f}")}
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
    counted = (
        say("parameters, embeddings counted") if data["tables"] else say("parameters, without the embeddings")
    )
    return _log("n", [min(sizes) / 1.5, max(sizes) * 1.6], counted, powers=False)


def _log(field: str, domain: Sequence[float], title: str | None, powers: bool, every: int = 1) -> alt.X:
    """An axis of powers of ten."""
    found = range(math.ceil(math.log10(domain[0])), math.floor(math.log10(domain[1])) + 1)
    values = [10.0**power for power in found if power % every == 0]
    texts = [f"10{raised(round(math.log10(one)))}" if powers else sized(one) for one in values]
    axis = alt.Axis(**vega.words(values, texts), title=title)
    return alt.X(f"{field}:Q", scale=alt.Scale(type="log", domain=list(domain), nice=False), axis=axis)


# ------------------------------------------------------------------------------------------------- published laws


def budget_chart(data: dict[str, Any]) -> alt.TopLevelMixin:
    """Describe the best number of parameters for each budget by each law, with the ladder and the well-known models."""
    found = data["budgets"]
    rows = [
        {"x": c, "y": n, "law": say(LAWS[name][0]), "fitted": low <= c <= high}
        for name in ("kaplan", "one", "three", "refit")
        for low, high in [found["measured"][name]]
        for c, n in zip(found["c"], found[name])
    ]
    x = _log("x", BUDGET, say("operations of training, C = 6 N D"), powers=True, every=4)
    up = _log("y", SIZE, None, powers=False)
    y = alt.Y("y:Q", scale=up["scale"], axis=up["axis"])
    ladder = [
        {"x": one["c"], "y": one["n"], "said": f"{one['name']}: N = {sized(one['n'])}, C = {powered(one['c'])}"}
        for one in data["ladder"]
    ]  # fmt: skip
    dots = alt.Chart(vega.data(ladder)).mark_point(color=ink("accent"), size=26, opacity=0.8)
    word = alt.Chart(vega.data([{"x": 2e14, "y": 3e5, "said": say("this page’s ladder")}])).mark_text(
        align="left", color=ink("accent")
    )
    layers: list[Any] = [
        *_laws(rows, x, y),
        dots.encode(x=x, y=y, tooltip=[alt.Tooltip("said:N", title=say("this page’s ladder"))]),
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
            say("Which size for which budget?"),
            subtitle=say("parameters N; faint: stretched beyond its runs"),
        ),
    )


def loss_chart(data: dict[str, Any]) -> alt.TopLevelMixin:
    """Describe the loss that each law expects of a size, with the well-known models."""
    found = data["losses"]
    series = {"kaplan": (found["n"], found["kaplan"])}
    series |= {name: (found[name]["n"], found[name]["loss"]) for name in ("hoffmann", "refit")}
    rows = [
        {"x": n, "y": loss, "law": say(LAWS[name][0]), "fitted": low <= n <= high}
        for name, (sizes, expected) in series.items()
        for low, high in [found["measured"][name]]
        for n, loss in zip(sizes, expected)
    ]
    x = _log("x", MILLIONS, say("parameters N"), powers=False)
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
        {**_tip_of(one), "x": one["n"], "y": loss, "by": by}
        for one in data["models"]
        for loss, by in ((one["kaplan"] or one["kaplan_n"], "k-ink"), (one["hoffmann"], "q-ink"))
        if loss is not None
    ]
    for by in ("k-ink", "q-ink"):
        dots = alt.Chart(vega.data([one for one in expected if one["by"] == by])).mark_point(color=ink(by))
        layers.append(dots.encode(x=x, y=y, tooltip=_tips()))
    return alt.layer(*layers).properties(
        height=LAW,
        title=alt.TitleParams(
            say("What loss do they expect?"), subtitle=say("nats a token, each paper on its own text")
        ),
    )


def _laws(rows: Sequence[dict[str, Any]], x: alt.X, y: alt.Y) -> list[alt.Chart]:
    """Draw each law as a line: faint where it is stretched beyond the runs that it was fitted to."""
    names = list(dict.fromkeys(row["law"] for row in rows))
    styles = {say(name): (colour, dash) for name, colour, dash in LAWS.values() if say(name) in names}
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


def _tips() -> list[alt.Tooltip]:
    return [
        alt.Tooltip("name:N", title=say("model")), alt.Tooltip("size:N", title="N"), alt.Tooltip("text:N", title="D"),
        alt.Tooltip("cost:N", title="C"), alt.Tooltip("best:N", title=say("the best N for this C")),
        alt.Tooltip("loss:N", title=say("loss")), alt.Tooltip("source:N", title=say("source")),
        alt.Tooltip("note:N", title=say("note")),
    ]  # fmt: skip


def _tip_of(one: dict[str, Any]) -> dict[str, Any]:
    """Write what a tooltip says of a published model."""
    known = one["d"] is not None
    return {
        "name": f"{one['name']} ({one['year']})", "size": sized(one["n"]),
        "text": say("{tokens}, {each} for each of N", tokens=sized(one["d"]), each=_each(one)) if known
        else say("never published"),
        "cost": powered(one["c"]) if known else "",
        "best": say("{kaplan} by Kaplan, {hoffmann} by Hoffmann", kaplan=sized(one["best_kaplan"]),
                    hoffmann=sized(one["best_hoffmann"])) if known else "",
        "loss": say("by Kaplan {kaplan}, by Hoffmann {hoffmann}, by the refit {refit}", kaplan=f"{one['kaplan']:.2f}",
                    hoffmann=f"{one['hoffmann']:.2f}", refit=f"{one['refit']:.2f}") if known
        else say("by Kaplan’s L(N) {loss}", loss=f"{one['kaplan_n']:.2f}"),
        "source": one["source"], "note": one["note"],
    }  # fmt: skip


def _each(one: dict[str, Any]) -> str:
    ratio = one["d"] / one["n"]
    return f"{ratio:.{1 if ratio < 10 else 0}f}"


def _known(models: Sequence[dict[str, Any]], x: alt.X, y: alt.Y) -> Any:
    """Draw the published models; hollow where the text that one read was never published."""
    rows = [{**_tip_of(one), "x": one["c"], "y": one["n"], "known": one["d"] is not None} for one in models]
    dots = alt.Chart(vega.data(rows)).mark_point(
        size=90, filled=True, stroke=ink("ink"), strokeWidth=2, opacity=1
    )
    filled = alt.condition("datum.known", alt.value(ink("ink")), alt.value(ink("bg")))
    return dots.encode(x=x, y=y, fill=filled, tooltip=_tips()).properties(name="models")


def _name(text: str, place: dict[str, float], x: alt.X, y: alt.Y, dx: int, dy: int) -> Any:
    """Write a model's name beside its point."""
    align: Any = "right" if dx < 0 else "center" if dx == 0 else "left"
    mark = alt.Chart(vega.data([{**place, "name": text}])).mark_text(
        align=align, dx=dx, dy=dy, fontWeight=600, color=ink("ink")
    )
    return vega.haloed(mark.encode(x=x, y=y, text="name:N"))


# ------------------------------------------------------------------------------------------------- on the page


def draw_metrics(data: dict[str, Any]) -> None:
    """Draw both metrics beside each other."""
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
    vega.draw(about, [vega.once(smooth_chart, data), vega.once(sharp_chart, data)], form="low")


def draw_published(data: dict[str, Any]) -> None:
    """Draw both charts of the published laws."""
    told = [_tip_of(one) for one in data["models"]]
    columns = {
        "year": "year",
        "parameters": "n",
        "tokens": "d",
        "operations": "c",
        "loss by Kaplan": "kaplan",
    }
    columns |= {"by Hoffmann": "hoffmann", "by the refit": "refit", "source": "source"}
    said = "; ".join(
        say("{name} {size} parameters, D {text}", name=one["name"], size=one["size"], text=one["text"])
        for one in told
    )
    about = About(
        "scaling_published", say("Published laws and models: {said}.", said=said),
        {"models": data["models"], "ladder": len(data["ladder"])},
        {"model": [one["name"] for one in data["models"]]}
        | {name: [one[key] for one in data["models"]] for name, key in columns.items()},
        drawings=2,
    )  # fmt: skip
    vega.draw(about, [vega.once(budget_chart, data), vega.once(loss_chart, data)], form="low")
