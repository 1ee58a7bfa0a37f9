"""Draw the roofline: operations for each byte against operations a second, a card's roof, the frontier of all cards."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import plotly.graph_objects as go

from app.charts import rotatable
from app.charts.frame import About
from app.counts import counted
from app.units import si, size
from core.costs.accelerators import ACCELERATORS
from core.costs.roofline import Work, attainable, ridge
from core.messages import mark, say
from pages.compute.subject import Subject

TALL = 232  # px
PLACES = 120  # of a roof, where one may point at it
PASSES = {"reading": mark("reading"), "writing": mark("writing")}
COLOURS = {"reading": "pos", "writing": "neg"}
Roof = tuple[float, float]  # operations a second, bytes a second


def passes(shown: Subject, works: Mapping[str, Work | None]) -> dict[str, dict[str, float]]:
    """Count both passes at the shown texts: operations, bytes, and what the card allows at most."""
    peak = shown.card.peak(shown.precision)
    return {
        name: {
            "flops": work.flops(shown.batch), "bytes": work.bytes(shown.batch),
            "intensity": work.intensity(shown.batch),
            "most": attainable(work.intensity(shown.batch), peak, shown.card.bandwidth),
        }
        for name, work in works.items() if work is not None
    }  # fmt: skip


def frontier(shown: Subject, at: np.ndarray[Any, Any]) -> tuple[list[float], list[str]]:
    """Find the most that any listed card reaches at each intensity, and which one it is."""
    roofs = {card.name: (card.peak(shown.precision), card.bandwidth) for card in ACCELERATORS.values()}
    found = [max((attainable(x, *one), name) for name, one in roofs.items()) for x in at]
    return [most for most, _ in found], [name for _, name in found]


def reach(
    found: Mapping[str, Mapping[str, float]], shown: Subject, machine: dict[str, Any] | None
) -> tuple[float, float]:
    """Set the range of intensity, in powers of ten."""
    points = [one["intensity"] for one in found.values()]
    points += [one["intensity"] for one in (machine or {"points": {}})["points"].values()]
    points.append(ridge(shown.card.peak(shown.precision), shown.card.bandwidth))
    return math.floor(math.log10(min(*points, 0.5)) - 0.2), math.ceil(math.log10(max(points)) + 0.3)


def roof(
    shown: Subject, found: Mapping[str, Mapping[str, float]], machine: dict[str, Any] | None, focus: str
) -> go.Figure:
    """Describe the chart, which is zoomed into.

    Args:
        found: of `passes`.
        machine: this machine's roof and the passes that were measured on it.
        focus: the pass that a step tells of.
    """
    x0, x1 = reach(found, shown, machine)
    at = np.logspace(x0, x1, PLACES)
    card: Roof = (shown.card.peak(shown.precision), shown.card.bandwidth)
    figure = go.Figure([_best(shown, at), _roof(at, card, shown.card.name, "ink", "solid")])
    if machine is not None:
        figure.add_trace(
            _roof(at, (machine["peak"], machine["bandwidth"]), say("this machine"), "accent", "dash")
        )
    for name, one in found.items():
        figure.add_trace(_pass(shown, name, one, 0.3 if focus in found and focus != name else 1.0))
    for name, one in (machine["points"] if machine else {}).items():
        figure.add_trace(_measured(name, one))
    _laid_out(figure, shown, (x0, x1), machine)
    knee = ridge(*card)
    figure.add_vline(x=knee, line={"color": rotatable.mark("res"), "width": 1, "dash": "dash"})
    for word, anchor, shift in ((say("← memory"), "right", -6), (say("computing →"), "left", 6)):
        figure.add_annotation(
            x=math.log10(knee), y=0.02, yref="paper", text=word, showarrow=False, xanchor=anchor, xshift=shift,
            font={"size": 11},
        )  # fmt: skip
    return figure


def _laid_out(
    figure: go.Figure, shown: Subject, across: tuple[float, float], machine: dict[str, Any] | None
) -> None:
    """Set axes, title and names."""
    axes = {"type": "log", "showgrid": True, "zeroline": False, "dtick": 1}
    about = say(
        "operations a second, at most, on {card}<br>dotted: the best of all cards", card=shown.card.name
    )
    if shown.own and machine is None:
        about = say(
            "operations a second, at most, on {card}<br>dotted: the best of all cards; this machine: not measured yet, "
            "see below",
            card=shown.card.name,
        )
    powers = [10.0**k for k in range(math.ceil(across[0]), math.floor(across[1]) + 1)]
    below = {"text": say("operations for each byte moved"), "font": {"size": 11}, "standoff": 4}
    figure.update_layout(
        height=TALL, margin={"l": 44, "r": 8, "t": 62, "b": 36}, uirevision=repr(across), showlegend=False,
        title={"text": say("What sets the pace"), "subtitle": {"text": about}, "font": {"size": 13}, "y": 0.99},
        dragmode="zoom", hovermode="closest", yaxis={**axes, "tickformat": "~s"},
        xaxis={
            **axes, "range": list(across), "title": below, "tickvals": powers,
            "ticktext": [f"{one:,g}" for one in powers],
        },
    )  # fmt: skip
    if machine is not None:
        figure.add_annotation(
            x=across[1], y=math.log10(machine["peak"]), text=say("this machine"), showarrow=False, xanchor="right",
            yanchor="bottom", font={"size": 11, "color": rotatable.mark("accent")},
        )  # fmt: skip


def _best(shown: Subject, at: np.ndarray[Any, Any]) -> go.Scatter:
    """Draw the frontier of all cards."""
    best, whose = frontier(shown, at)
    return go.Scatter(
        x=at, y=best, name=say("the best of all cards"), mode="lines", customdata=list(zip(map(si_rate, best), whose)),
        line={"color": rotatable.mark("res"), "width": 1.5, "dash": "dot"},
        hovertemplate=say(
            "at {intensity} operations for each byte<br>the best of all cards: at most {rate}, {card}",
            intensity="%{x:.3g}", rate="%{customdata[0]}", card="%{customdata[1]}",
        )
        + "<extra></extra>",
    )  # fmt: skip


def _measured(name: str, one: Mapping[str, float]) -> go.Scatter:
    """Draw a pass as it was measured on this machine, and how far it stays below its roof."""
    accent = rotatable.mark("accent")
    said = say(
        "measured here: {name}<br>{rate} of {most} that the roof allows",
        name=say(PASSES[name]), rate=si_rate(one["flops"]), most=si_rate(one["most"]),
    )  # fmt: skip
    return go.Scatter(
        x=[one["intensity"]] * 2, y=[one["flops"], one["most"]], mode="lines+markers", showlegend=False,
        line={"color": accent, "width": 1, "dash": "dot"},
        marker={"symbol": ["circle-open", "line-ew"], "size": 11, "color": accent, "line": {"width": 2}},
        hovertemplate=f"{said}<extra></extra>",
    )  # fmt: skip


def si_rate(value: float) -> str:
    """Write operations a second in few signs."""
    return si(value, "FLOP/s")


def _roof(at: np.ndarray[Any, Any], one: Roof, name: str, colour: str, dash: str) -> go.Scatter:
    """Draw a machine's roof, which says at every place what it allows."""
    most = [attainable(x, *one) for x in at]
    held = [say("memory") if x < ridge(*one) else say("computing") for x in at]
    return go.Scatter(
        x=at, y=most, name=name, mode="lines", line={"color": rotatable.mark(colour), "width": 2, "dash": dash},
        customdata=list(zip(map(si_rate, most), held)),
        hovertemplate=say(
            "at {intensity} operations for each byte<br>{name}: at most {rate}, held by {bound}",
            intensity="%{x:.3g}", name=name, rate="%{customdata[0]}", bound="%{customdata[1]}",
        )
        + "<extra></extra>",
    )  # fmt: skip


def _pass(shown: Subject, name: str, one: Mapping[str, float], bright: float) -> go.Scatter:
    """Draw reading or writing, under the card's roof."""
    values = {
        "texts": counted(shown.batch, "text"), "tokens": counted(shown.length, "token"),
        "flops": si(one["flops"], "FLOP"), "bytes": size(one["bytes"]), "each": f"{one['intensity']:.2f}",
        "rate": si_rate(one["most"]),
    }  # fmt: skip
    said = (
        say("reading {texts} of {tokens}<br>{flops} for {bytes}: {each} a byte<br>at most {rate}", **values)
        if name == "reading"
        else say(
            "writing {texts} of {tokens}<br>{flops} for {bytes}: {each} a byte<br>at most {rate}", **values
        )
    )
    return go.Scatter(
        x=[one["intensity"]], y=[one["most"]], mode="markers+text", text=[say(PASSES[name])],
        textposition="bottom right",
        marker={"color": rotatable.mark(COLOURS[name]), "size": 12}, opacity=bright, showlegend=False,
        hovertemplate=f"{said}<extra></extra>",
    )  # fmt: skip


def draw(
    shown: Subject, works: Mapping[str, Work | None], machine: dict[str, Any] | None, focus: str
) -> None:
    """Put the chart on the page."""
    found = passes(shown, works)
    peak, width = shown.card.peak(shown.precision), shown.card.bandwidth
    told = "; ".join(
        say(
            "{name} {each} operations a byte, at most {rate}",
            name=say(PASSES[name]),
            each=f"{one['intensity']:.2f}",
            rate=si_rate(one["most"]),
        )
        for name, one in found.items()
    )
    measured = machine["points"] if machine else {}
    cards = list(ACCELERATORS.values())
    about = About(
        "compute_roof",
        say("The roof of {card}: {rate} from {ridge} operations a byte on. {told}.", card=shown.card.name,
            rate=si_rate(peak), ridge=f"{ridge(peak, width):.0f}", told=told),
        {
            "card": {"name": shown.card.name, "peak": peak, "bandwidth": width, "ridge": ridge(peak, width)},
            "passes": found, "measured": measured,
            "machine": None if machine is None else {key: machine[key] for key in ("peak", "bandwidth")},
            "frontier": sorted(set(frontier(shown, np.logspace(*reach(found, shown, machine), PLACES))[1])),
        },
        {
            "what": [*found, *(f"{name}, measured here" for name in measured), *(card.name for card in cards)],
            "operations a byte": [
                *(one["intensity"] for one in found.values()), *(one["intensity"] for one in measured.values()),
                *(ridge(card.peak(shown.precision), card.bandwidth) for card in cards),
            ],
            "operations a second": [
                *(one["most"] for one in found.values()), *(one["flops"] for one in measured.values()),
                *(card.peak(shown.precision) for card in cards),
            ],
            "bytes a second": [*(None for _ in (*found, *measured)), *(card.bandwidth for card in cards)],
        },
    )  # fmt: skip
    beside = (shown.key, shown.batch, shown.length, shown.precision, focus)
    rotatable.draw(about, lambda: roof(shown, found, machine, focus), beside, TALL)
