"""Draw the runs with their law and how far they lie off it, linked by a brush, and the frontier of compute."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import altair as alt
import numpy as np

from app.charts import described
from app.charts.look import ink
from core.messages import mark, say
from core.runs import ladder_recordings
from core.runs.ladder_recordings import Rung
from pages.scaling.seen import AXES, Own, Seen, fits, places
from pages.scaling.words import powered, raised, sized

LINES = 40  # of the laws of resampled runs
MOST = 4  # sizes kept from the fit
# What each step adds to the picture: the runs, their law, its band, the forecast, the frontier, everything.
SHOWS: tuple[frozenset[str], ...] = tuple(
    frozenset(one.split())
    for one in (
        "",
        "law",
        "law band laws",
        "law band forecast",
        "law forecast frontier",
        "law band forecast frontier",
    )
)
NAMED = 4  # own runs whose names are written beside them
USED, KEPT, YOURS = mark("used for the fit"), mark("kept from the fit"), mark("yours")
PLAIN = mark("a run")
BRUSHES = ("brush", "under")  # of the runs, and of how far they lie off the law
SIGNED = "datum.value ? format(datum.value, '+~r') : '0'"


def shows(step: str, steps: Sequence[str]) -> frozenset[str]:
    """The layers of a step by its name; "" is the whole picture."""
    return SHOWS[steps.index(step)] if step in steps else SHOWS[-1]


def shown(seen: Seen, x: float) -> str:
    """A place on the axis, as the axis writes it."""
    return powered(x) if seen.against == "compute" else sized(x)


# ------------------------------------------------------------------------------------------------- the rows


def points(seen: Seen, mine: Sequence[Own]) -> list[dict[str, Any]]:
    """A row for each run: where it stands, how far it lies off the law in percent, and what its tooltip says."""
    used = max(seen.found.used) if seen.found else 0.0
    rows = [
        _point(seen, one, USED if one.at(seen.against, seen.tables) <= used else KEPT) for one in seen.runs
    ]
    return rows + [_point(seen, one.rung, YOURS) for one in mine if one.known and fits(one.rung, seen)]


def _point(seen: Seen, one: Rung, kind: str) -> dict[str, Any]:
    x = one.at(seen.against, seen.tables)
    law = float(seen.found.law(x)) if seen.found else None
    alike = [other for other in seen.runs if other.at(seen.against, seen.tables) == x]
    losses = [other.loss for other in alike]
    return {
        "x": x, "loss": one.loss, "off": None if law is None else 100 * (one.loss / law - 1), "law": law,
        "kind": kind if seen.found or kind == YOURS else PLAIN, "run": one.name, "size": shown(seen, x),
        "seed": one.seed, "said kind": say(kind if seen.found or kind == YOURS else PLAIN),
        "said loss": f"{one.loss:.3f}",
        "said seeds": say("one run") if kind == YOURS or len(alike) < 2 else
        say("mean of {count} seeds {mean}: {list}", count=len(alike), mean=f"{np.mean(losses):.3f}",
            list=", ".join(f"{loss:.3f}" for loss in losses)),
        "said stories": say("{low} to {high}", low=f"{one.low:.3f}", high=f"{one.high:.3f}"),
        "said law": "" if law is None else _by_law(one.loss, law),
    }  # fmt: skip


def _by_law(loss: float, law: float) -> str:
    values = {"law": f"{law:.3f}", "miss": f"{abs(100 * (loss / law - 1)):.1f}"}
    if loss >= law:
        return say("{law}; the run is {miss} % above it", **values)
    return say("{law}; the run is {miss} % below it", **values)


def _beside(seen: Seen) -> list[dict[str, Any]]:
    """Runs of other widths, and on the axis of compute all that are not of the frontier."""
    if seen.against == "parameters":
        return []
    return [
        {"x": one.at(seen.against, seen.tables), "loss": one.loss, "width": one.width, "first": one.seed == 0}
        for one in ladder_recordings.rungs()
        if one not in seen.runs
    ]


def _curve(seen: Seen) -> list[dict[str, Any]]:
    """The law at many places, with its band, and whether it is fitted there or reaches beyond."""
    if seen.found is None:
        return []
    x, last, band = places(seen), max(seen.found.used), seen.found.band
    law = seen.found.law(x)
    low, high = band.at(x) if band else (np.full(len(x), np.nan), np.full(len(x), np.nan))
    beyond = [at > last for at in x]
    return [
        {"x": at, "law": float(law[i]), "low": _number(low[i]), "high": _number(high[i]), "beyond": beyond[i],
         "joins": i and beyond[i] and not beyond[i - 1]}
        for i, at in enumerate(x)
    ]  # fmt: skip


def _number(value: Any) -> float | None:
    return None if value != value else float(value)


def domain(seen: Seen, rows: Sequence[dict[str, Any]]) -> tuple[list[float], list[float]]:
    """Between what the axes of size and of loss reach."""
    beside, found = _beside(seen), seen.found
    x = [one["x"] for one in (*rows, *beside)] + ([found.at] if found else [])
    y = [one["loss"] for one in rows] + [one["loss"] for one in beside if seen.against == "data"]
    if found:
        y += [end for end in (found.loss, found.low, found.high) if end is not None]
    room = {"compute": 12, "data": 2.6, "parameters": 5}[seen.against]
    return [min(x) / 1.5, max(x) * room], [min(y) * 0.95, max(y) * 1.06]


# ------------------------------------------------------------------------------------------------- the drawing


def ladder(seen: Seen, mine: Sequence[Own], layers: frozenset[str], hands: bool = True) -> alt.TopLevelMixin:
    """The runs and their law, above how far the runs lie off it; what is brushed in one is bright in both.

    hands: whether it can be brushed and clicked, and says so.
    """
    rows, law = points(seen, mine), "law" in layers and seen.found is not None
    if not law:  # nothing is used for a fit, or kept from it, before there is one
        plain = {"kind": PLAIN, "said kind": say(PLAIN)}
        rows = [row if row["kind"] == YOURS else row | plain for row in rows]
    across, up = domain(seen, rows)
    brushes = [alt.selection_interval(name=name, encodings=["x"]) for name in BRUSHES]
    # A second click on a run takes it out of the selection again, so that both clicks are heard; no other click does.
    pick = alt.selection_point(name="pick", fields=["x"], on="click", toggle="true", clear=False)
    x = _sizes(seen, across, not law)
    y = alt.Y(
        "loss:Q",
        scale=alt.Scale(type="log", domain=up, nice=False),
        axis=alt.Axis(values=described.ticks(up[0], up[1]), minExtent=40),
    )
    main = alt.layer(
        *_behind(seen, x, y, layers, up), _dots("runs", 56, rows, x, y, brushes, law).add_params(pick, brushes[0]),
        *_named(rows, x, y), *(_forecast(seen, x, y) if "forecast" in layers else []),
    ).properties(
        height=168 if law else 266,
        title=alt.TitleParams(
            say("Loss against {axis}", axis=say(AXES[seen.against][0])),
            subtitle=[
                say("nats a character; a dot is a run; drag to brush"),
                say("Click a run: its size is kept from the fit, or given back"),
            ]
            if hands
            else say("nats a character; a dot is a run"),
        ),
    )  # fmt: skip
    if not law:
        return alt.vconcat(main)
    under = _residuals(rows, _sizes(seen, across, True), brushes)
    return alt.vconcat(main, under).resolve_scale(color="shared")


def _also(y: alt.Y, column: str) -> alt.Y:
    """Draw another column on the axis of `y`."""
    return alt.Y(f"{column}:Q", scale=y["scale"], axis=y["axis"])


def _sizes(seen: Seen, across: list[float], named: bool) -> alt.X:
    """The axis of size, which both charts share; only the lower one is labelled."""
    powers = range(int(np.ceil(np.log10(across[0]))), int(np.floor(np.log10(across[1]))) + 1)
    values = [10.0**power for power in powers]
    texts = [f"10{raised(power)}" if seen.against == "compute" else sized(10.0**power) for power in powers]
    title = say(AXES[seen.against][0])
    if seen.against == "parameters":
        title = (
            say("parameters, embeddings counted")
            if seen.tables
            else say("parameters, without the embeddings")
        )
    axis = alt.Axis(
        **described.words(values, texts), title=title if named else None, labels=named, ticks=True
    )
    return alt.X("x:Q", scale=alt.Scale(type="log", domain=across, nice=False), axis=axis)


def _kind(law: bool) -> alt.Color:
    names = (USED, KEPT, YOURS) if law else (PLAIN, YOURS)
    colours = [ink(name) for name in (("accent", "k-ink", "v-ink") if law else ("accent", "v-ink"))]
    return alt.Color("kind:N", scale=alt.Scale(domain=list(names), range=colours), legend=None)


def _tips() -> list[alt.Tooltip]:
    return [
        alt.Tooltip("run:N", title=say("run")), alt.Tooltip("size:N", title=say("size")),
        alt.Tooltip("said loss:N", title=say("loss")), alt.Tooltip("said seeds:N", title=say("seeds")),
        alt.Tooltip("said stories:N", title=say("held-out stories say")),
        alt.Tooltip("said law:N", title=say("the law says")), alt.Tooltip("said kind:N", title=say("here")),
    ]  # fmt: skip


SHAPE = alt.Shape(
    "kind:N", legend=None,
    scale=alt.Scale(domain=[USED, KEPT, PLAIN, YOURS], range=["circle", "circle", "circle", "diamond"]),
)  # fmt: skip


def _bright(brushes: list[alt.Parameter], law: bool) -> Any:
    """Bright where every brush that is drawn reaches, whichever of the two charts it was drawn in."""
    return alt.condition(brushes[0] & brushes[1] if law else brushes[0], alt.value(0.95), alt.value(0.2))


def _dots(
    name: str,
    size: int,
    rows: Sequence[dict[str, Any]],
    x: alt.X,
    y: alt.Y,
    brushes: list[alt.Parameter],
    law: bool,
) -> alt.Chart:
    """Draw a dot for each run, bright where it is brushed."""
    return (
        alt.Chart(described.data(rows))
        .mark_point(filled=True, size=size)
        .properties(name=name)
        .encode(
            x=x, y=y, color=_kind(law), shape=SHAPE, tooltip=_tips(),
            opacity=_bright(brushes, law),
        )
    )  # fmt: skip


def _named(rows: Sequence[dict[str, Any]], x: alt.X, y: alt.Y) -> list[alt.LayerChart]:
    """The names of own runs, where they are few: those of a class would cover each other, and tooltips tell them."""
    mine = [row for row in rows if row["kind"] == YOURS]
    if not 0 < len(mine) <= NAMED:
        return []
    text = alt.Chart(described.data(mine)).mark_text(
        align="left", dx=9, dy=-7, fontWeight=600, color=ink("v-ink")
    )
    return [described.haloed(text.encode(x=x, y=y, text="run:N"))]


def _behind(seen: Seen, x: alt.X, y: alt.Y, layers: frozenset[str], up: list[float]) -> list[alt.Chart]:
    """Other runs, faint; the band, the laws of resampled runs, the law and its floor."""
    out: list[alt.Chart] = []
    beside = described.data(_beside(seen))
    if seen.against != "parameters":
        base = alt.Chart(beside)
        joined = base.transform_filter("datum.first").mark_line(color=ink("line"), strokeWidth=1.5)
        dots = base.mark_point(color=ink("ink3"), size=18, opacity=0.6)
        out += [joined.encode(x=x, y=y, detail="width:N"), dots.encode(x=x, y=y)]
    if seen.found is None or "law" not in layers:
        return out
    curve = described.data(_curve(seen))
    base = alt.Chart(curve)
    clipped: dict[str, Any] = {"clip": True}
    if "band" in layers and seen.found.band:
        out.append(
            base.mark_area(color=ink("accent"), opacity=0.14, **clipped).encode(
                x=x, y=_also(y, "low"), y2="high:Q"
            )
        )
    if "laws" in layers and seen.found.band:
        at = places(seen)
        many = [
            {"x": x_, "law": float(value), "line": k}
            for k, line in enumerate(seen.found.band.laws(at)[:LINES]) for x_, value in zip(at, line)
        ]  # fmt: skip
        out.append(
            alt.Chart(described.data(many)).mark_line(color=ink("accent"), strokeWidth=0.8, opacity=0.35, **clipped)
            .encode(x=x, y=_also(y, "law"), detail="line:N")
        )  # fmt: skip
    law = _also(y, "law")
    for kept, dash in (("!datum.beyond || datum.joins", [1, 0]), ("datum.beyond", [5, 4])):
        line = base.transform_filter(kept).mark_line(color=ink("accent"), strokeDash=dash, **clipped)
        out.append(line.encode(x=x, y=law))
    floor = seen.found.law.floor
    if floor > up[0]:
        ground = alt.Chart(described.data([{"loss": floor, "said": f"E = {floor:.2f}"}]))
        out += [
            ground.mark_rule(color=ink("ink3"), strokeDash=[1, 4]).encode(y=y),
            ground.mark_text(align="left", dx=4, dy=-6, color=ink("ink3")).encode(
                x=alt.value(0), y=y, text="said:N"
            ),
        ]
    return out


def _forecast(seen: Seen, x: alt.X, y: alt.Y) -> list[Any]:
    """The interval at the size that is foretold, what it says and what came."""
    found = seen.found
    if found is None:
        return []
    ends = {
        "low": found.loss if found.low is None else found.low,
        "high": found.loss if found.high is None else found.high,
    }
    row = {"x": found.at, "loss": found.loss, **ends}
    base = alt.Chart(described.data([row]))
    rod = base.mark_rule(color=ink("accent"), strokeWidth=2)
    cross: dict[str, Any] = {"color": ink("accent"), "orient": "horizontal"}
    out: list[Any] = [rod.encode(x=x, y=_also(y, "low"), y2="high:Q")]
    for place, size in (("low", 14), ("high", 14), ("loss", 12)):
        tick = base.mark_tick(thickness=3 if place == "loss" else 2, size=size, **cross)
        out.append(tick.encode(x=x, y=_also(y, place)))
    if found.held:
        edge = [{"x": float(np.sqrt(max(found.used) * found.held[0]))}]
        out.append(
            alt.Chart(described.data(edge)).mark_rule(color=ink("ink3"), strokeDash=[3, 4]).encode(x=x)
        )
    top = max(ends["high"], found.truth or 0.0)
    came = say("not trained yet") if found.truth is None else say("came {truth}", truth=f"{found.truth:.3f}")
    said = (
        (say("foretold {loss}", loss=f"{found.loss:.3f}"), "accent", -27),
        (came, "ink3" if found.truth is None else "k-ink", -12),
    )
    for text, colour, up in said:
        word = alt.Chart(described.data([{"top": top, "said": text}])).mark_text(
            align="right", dx=0, dy=up, fontWeight=600, color=ink(colour)
        )
        out.append(described.haloed(word.encode(x=alt.value("width"), y=_also(y, "top"), text="said:N")))
    return out


def _residuals(rows: Sequence[dict[str, Any]], x: alt.X, brushes: list[alt.Parameter]) -> Any:
    """How far each run lies off the law, in percent."""
    far = max(1.0, *(1.15 * abs(row["off"]) for row in rows))
    y = alt.Y(
        "off:Q",
        scale=alt.Scale(domain=[-far, far], nice=False),
        axis=alt.Axis(tickCount=3, minExtent=40, labelExpr=SIGNED),
    )
    dots = _dots("residuals", 44, rows, x, y, brushes, law=True)
    zero = alt.Chart(described.data([{"off": 0.0}])).mark_rule(color=ink("accent"), strokeWidth=1).encode(y=y)
    return alt.layer(zero, dots.add_params(brushes[1])).properties(
        height=64,
        title=alt.TitleParams(
            say("Off the law, %"), fontSize=11, fontWeight=400, color=ink("ink3"), offset=4
        ),
    )


# ------------------------------------------------------------------------------------------------- the frontier


def _compute_axes(cs: list[float], losses: list[float]) -> tuple[alt.X, alt.Y]:
    """Return both logarithmic axes: operations by powers of ten, and losses."""
    across, up = [min(cs) / 2, max(cs) * 3], [min(losses) * 0.94, max(losses) * 1.12]
    powers = range(int(np.ceil(np.log10(across[0]))), int(np.floor(np.log10(across[1]))) + 1)
    axis = alt.Axis(
        **described.words([10.0**k for k in powers], [f"10{raised(k)}" for k in powers]),
        title=say("operations, 6 N D"),
    )
    x = alt.X("c:Q", scale=alt.Scale(type="log", domain=across, nice=False), axis=axis)
    y = alt.Y(
        "loss:Q",
        scale=alt.Scale(type="log", domain=up, nice=False),
        axis=alt.Axis(values=described.ticks(up[0], up[1], 4), minExtent=40),
    )
    return x, y


def frontier(data: dict[str, Any], loud: bool) -> alt.TopLevelMixin:
    """Loss against compute: a line for each size, and the sizes that none cheaper beats."""
    lines = [
        {"c": c, "loss": loss, "n": line["n"], "size": sized(line["n"]), "first": i == 0, "order": order,
         "said": say("{n} parameters, {d} characters", n=sized(line["n"]), d=sized(line["d"][i])), "at": powered(c),
         "how": f"{loss:.3f}"}
        for order, line in enumerate(data["lines"]) for i, (c, loss) in enumerate(zip(line["c"], line["loss"]))
    ]  # fmt: skip
    x, y = _compute_axes([row["c"] for row in lines], [row["loss"] for row in lines])
    told = {"said": say("size"), "at": say("operations"), "how": say("loss")}
    tips = [alt.Tooltip(f"{field}:N", title=title) for field, title in told.items()]
    base = alt.Chart(described.data(lines))
    best, ours = (
        [
            {**one, "said": one["name"], "at": powered(one["c"]), "how": f"{one['loss']:.3f}"}
            for one in data[kind]
        ]
        for kind in ("best", "own")
    )
    front = alt.Chart(described.data(best))
    # Names stand where lines begin, every other one higher: on a phone two are closer than a name is wide.
    named = [
        base.transform_filter(f"datum.first && datum.order % 2 == {odd}").mark_text(
            align="right", dx=-5, dy=-16 if odd else -5, fontSize=10, color=ink("ink3")
        )
        for odd in (0, 1)
    ]
    dots = front.mark_point(color=ink("accent"), size=50 if loud else 36).properties(name="front")
    layers: list[Any] = [
        base.mark_line(color=ink("ink3"), strokeWidth=1.2, opacity=0.9 if loud else 0.6).encode(
            x=x, y=y, detail="n:N"
        ),
        base.mark_point(color=ink("ink3"), size=24).encode(x=x, y=y, tooltip=tips),
        *(described.haloed(name.encode(x=x, y=y, text="size:N")) for name in named),
        front.mark_line(color=ink("accent"), strokeWidth=3.5 if loud else 2.5).encode(x=x, y=y),
        dots.encode(x=x, y=y, tooltip=tips),
    ]
    if ours:
        mine = alt.Chart(described.data(ours))
        word = mine.mark_text(align="left", dx=8, dy=-6, fontWeight=600, color=ink("v-ink"))
        layers += [
            mine.mark_point(shape="diamond", color=ink("v-ink"), size=70).encode(x=x, y=y, tooltip=tips),
            *(
                [described.haloed(word.encode(x=x, y=y, text=alt.value(say("yours"))))]
                if len(ours) <= NAMED
                else []
            ),
        ]
    title = alt.TitleParams(
        say("Loss against compute: a line a size"),
        subtitle=say("bold: no cheaper size is better, by its mean"),
        subtitleColor=ink("accent"),
    )
    return alt.layer(*layers).properties(height=170, title=title)
