"""Draw the race of the optimizers, from above and in three dimensions; `draw` mounts the page's other pictures.

`setup_of` reads what the fields say of the race; `record` turns tracks of `core.training.race` into its JSON,
`perspective` into a landscape that can be turned, for which the page's charts are imported where it is drawn.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from app.kit import pack, register
from core.messages import mark, say
from core.training.race import Track
from core.training.rules import KINDS, Kind, Rule, Step
from core.training.surfaces import SURFACES, Surface, levels

if TYPE_CHECKING:
    import plotly.graph_objects as go

optimizers = register("optimizers", __file__)

NAMES: dict[Kind, str] = {
    "sgd": mark("Gradient descent"),
    "momentum": mark("Momentum"),
    "adam": "Adam",
    "adamw": "AdamW",
    "muon": "Muon",
}
GRID = (97, 73)  # columns and rows of the ground: enough for smooth contour lines
GRID_3D = (73, 55)  # the same in three dimensions
LIFT = 0.012  # of the height: a way lies a little above its ground, so that it is seen
COLOURS = {"sgd": "ink", "momentum": "k", "adam": "accent", "adamw": "v", "muon": "q"}  # as the race is drawn
SHORT = {"sgd": "GD", "momentum": "Mom", "adam": "Adam", "adamw": "AdamW", "muon": "Muon"}
USUAL = mark("the usual rate")
# What each optimizer keeps from step to step: by its letters in the written-out step, and in words.
KEEPS = {
    "sgd": ("–", mark("remembers nothing")),
    "momentum": ("b", mark("remembers the direction")),
    "adam": ("m, v", mark("remembers direction and size")),
    "adamw": ("m, v", mark("remembers direction and size")),
    "muon": ("b", mark("remembers the direction, at one length")),
}
NUMBERS = ("gradients", "used", "first", "second", "first_hat", "second_hat", "directions")


@dataclass(frozen=True)
class Setup:
    """A race: where, from which point, by which rules (those that take part, in the usual order), how long."""

    surface: Surface
    start: tuple[float, float]
    rules: tuple[Rule, ...]
    rates: Mapping[str, float]  # of all five
    steps: int


def setup_of(values: Mapping[str, Any], wrong: Callable[[str, str, str, str], None]) -> Setup:
    """Read the race that fields describe.

    Args:
        wrong: told of a text that does not fit: its field, the text in its place, why, and what is used.
    """
    surface = SURFACES[values["surface"]]
    rates, why = parsed_rates(str(values["rates"]), surface.rates)
    if why:
        wrong("rates", write_rates(rates, surface.rates), why, say(USUAL))
    beta, decay = float(values["beta"]), float(values["decay"])
    rules = tuple(
        Rule(
            kind, rates[kind], momentum=beta, beta1=beta, beta2=float(values["beta2"]), weight_decay=decay,
            nesterov=bool(values["nesterov"]),
        )
        for kind in read_racers(str(values["racers"]))
    )  # fmt: skip
    start, put, why = parsed_start(str(values["start"]), surface)
    if why:
        wrong("start", put, why, say("the nearest point inside") if put else say("the surface’s own start"))
    return Setup(surface, start, rules, rates, int(values["laps"]))


def read_racers(raw: str) -> tuple[Kind, ...]:
    """Who takes part, from a text such as "sgd adam"; "none" is nobody; what is no optimizer is left out."""
    if not raw.strip():
        return KINDS
    return tuple(kind for kind in KINDS if kind in raw.split())


def parsed_start(raw: str, surface: Surface) -> tuple[tuple[float, float], str, str]:
    """Where the race begins, never outside the picture; where the text does not fit, one that does, and why."""
    if not raw.strip():
        return surface.start, raw, ""
    try:
        x, y = (float(part) for part in raw.split())
        if not (math.isfinite(x) and math.isfinite(y)):
            raise ValueError
    except ValueError:
        return surface.start, "", say("The start is not two numbers")
    left, right, low, high = surface.box
    fitted = min(max(x, left), right), min(max(y, low), high)
    if fitted == (x, y):
        return fitted, raw, ""
    return fitted, f"{fitted[0]:g} {fitted[1]:g}", say("The start lies outside the picture")


def parsed_rates(raw: str, usual: Mapping[str, float]) -> tuple[dict[str, float], str]:
    """Rates of all five from a text such as "sgd:0.1 adam:0.3", else the usual ones; and what is wrong with it."""
    rates, wrong = dict(usual), []
    for part in raw.split():
        kind, _, number = part.partition(":")
        try:
            rate = float(number) if number.isascii() and "_" not in number else math.nan
        except ValueError:
            rate = math.nan
        if kind in rates and math.isfinite(rate) and 0 <= rate <= 1e12:
            rates[kind] = rate
        else:
            wrong.append(part)
    named = ", ".join(f"“{part[:24]}”" for part in wrong[:3])
    return rates, say("{named}: a rate is a number from 0 up", named=named) if wrong else ""


def write_rates(rates: Mapping[str, float], usual: Mapping[str, float]) -> str:
    """The text that `parsed_rates` reads: only what differs from the usual rates."""
    return " ".join(f"{kind}:{rate:g}" for kind, rate in rates.items() if rate != usual[kind])


def record(setup: Setup, tracks: Sequence[Track]) -> dict[str, Any]:
    """What figure.js draws of the race: the ground as a grid, its contour levels, and each track with its numbers."""
    surface = setup.surface
    ground = surface.grid(*GRID)
    rule = setup.rules[0] if setup.rules else None
    return {
        "figure": "race",
        "stamp": repr((surface.name, setup)), "tokens": [], "tokenLosses": [],  # `with_text`
        "surface": {
            "name": surface.name, "title": say(surface.title), "formula": surface.formula,
            "lesson": say(surface.lesson), "box": surface.box, "minima": surface.minima,
            "lowest": surface.lowest, "start": surface.start,
            "rates": surface.rates,
        },
        "ground": pack(ground),
        "levels": levels(ground).tolist(),
        "start": setup.start,
        "steps": setup.steps,
        "kinds": [
            {
                "id": kind, "name": say(name), "short": SHORT[kind], "rate": setup.rates[kind],
                "keeps": KEEPS[kind][0], "about": say(KEEPS[kind][1]),
            }
            for kind, name in NAMES.items()
        ],
        "settings": None if rule is None else {
            "beta": rule.momentum, "beta2": rule.beta2, "eps": rule.eps, "decay": rule.weight_decay,
            "nesterov": rule.nesterov,
        },
        "tracks": [_track(track) for track in tracks],
    }  # fmt: skip


def with_text(setup: Setup, tokens: Sequence[str], losses: Sequence[float | None]) -> dict[str, Any]:
    """What the page alone has: the learner's text in the open model, where the steps below the race begin.

    Args:
        losses: of each token, in nats; None where it is not asked for.
    """
    return {"stamp": repr((setup, tokens, losses)), "tokens": list(tokens), "tokenLosses": list(losses)}


def _track(track: Track) -> dict[str, Any]:
    # A diverged track ends beyond what 32 bits hold: it is drawn as infinite.
    with np.errstate(over="ignore"):
        columns = np.concatenate([getattr(track, name) for name in NUMBERS], axis=1)  # (n, 14)
        return {
            "id": track.rule.kind, "points": pack(track.points), "losses": pack(track.losses),
            "numbers": pack(columns), "left": track.left, "diverged": track.diverged,
        }  # fmt: skip


def draw(data: Mapping[str, Any], key: str, on: Mapping[str, Callable[[], None]]) -> Any:
    """Mount one of the pictures; `on`: what to do for each event that it sends."""
    return optimizers(data=dict(data), key=key, on=on)


# ---------------------------------------------------------------- who wins, and why

RAVINE, BENT = (
    "ravine",
    "rosenbrock",
)  # the surface of the first view, and one on which plain descent loses at once
STEEP = 20.0  # the second derivative of the ravine across; a step of 2 / STEEP times the slope no longer comes down


def winner(tracks: Sequence[Track]) -> Track | None:
    """Return the track that ends lowest; None where nobody races or all diverge."""
    ended = [track for track in tracks if np.isfinite(track.losses[-1])]
    return min(ended, key=lambda track: float(track.losses[-1]), default=None)


def told(setup: Setup, tracks: Sequence[Track]) -> str:
    """Say who ends lowest and, where plain descent does on the ravine, why."""
    first = winner(tracks)
    if first is None:
        return ""
    ends = {"steps": setup.steps, "name": say(NAMES[first.rule.kind]), "loss": f"{first.losses[-1]:.2g}"}
    if first.rule.kind != "sgd" or setup.surface.name != RAVINE:
        return say("Lowest after {steps} steps: {name}, {loss}.", **ends)
    return say(
        "Lowest after {steps} steps: {name}, {loss}: its slope is exact, the ravine straight, the rate below the "
        "limit, 2 ÷ {steep}. Real models grant none of it.",
        steep=f"{STEEP:g}", **ends,
    )  # fmt: skip


# ---------------------------------------------------------------- a step, written out

COLUMNS = ("gradient", "used", "first", "second", "first_hat", "second_hat", "direction", "before", "after")


def numbers(steps: Sequence[Step]) -> np.ndarray:
    """The steps' numbers: (n, 9), in the order of `COLUMNS`."""
    rows = [
        [
            s.gradient,
            s.used,
            s.memory.first,
            s.memory.second,
            s.first_hat,
            s.second_hat,
            s.direction,
            s.before,
            s.after,
        ]
        for s in steps
    ]
    return np.array([[float(np.nan if value is None else value) for value in row] for row in rows])


# ---------------------------------------------------------------- in three dimensions


def perspective(setup: Setup, tracks: Sequence[Track]) -> go.Figure:
    """The race's surface, with what each optimizer walked as far as the picture reaches."""
    from app.charts import rotatable

    left, right, low, high = setup.surface.box
    x, y = np.linspace(left, right, GRID_3D[0]), np.linspace(low, high, GRID_3D[1])
    heights = setup.surface.grid(*GRID_3D)[::-1]
    floor, top = float(heights.min()), float(np.quantile(heights, 0.9))
    top = max(top, 1.05 * setup.surface.loss(np.array(setup.start)))
    figure = rotatable.surface(
        x, y, heights, ("x", "y", say("loss")), (floor - 0.03 * (top - floor), top),
        f"x %{{x:.3f}}, y %{{y:.3f}}<br>{say('loss')} %{{z:.4f}}",
    )  # fmt: skip
    for track in tracks:
        inside = _inside(track, setup.surface.box, top)
        points, losses = track.points[:inside], track.losses[:inside]
        figure.add_trace(
            way(points, losses, say(NAMES[track.rule.kind]), COLOURS[track.rule.kind], LIFT * (top - floor),
                 [say("step {step}", step=f"{at:,}") for at in range(inside)])
        )  # fmt: skip
    return figure


def _inside(track: Track, box: tuple[float, float, float, float], top: float) -> int:
    """How many points of a way are drawn: up to the first that lies outside."""
    left, right, low, high = box
    x, y = track.points.T
    out = ~((x >= left) & (x <= right) & (y >= low) & (y <= high) & (track.losses <= top))
    return int(out.argmax()) if out.any() else len(out)


def way(points: Any, losses: Any, name: str, colour: str, lift: float, said: Sequence[str]) -> go.Scatter3d:
    """A way over a landscape: a line with a dot for each step."""
    import plotly.graph_objects as go

    from app.charts import rotatable

    return go.Scatter3d(
        x=points[:, 0], y=points[:, 1], z=np.asarray(losses) + lift, mode="lines+markers", name=name,
        line={"color": rotatable.mark(colour), "width": 5}, marker={"color": rotatable.mark(colour), "size": 2.5},
        text=list(said), customdata=np.asarray(losses),
        hovertemplate=f"{name}, %{{text}}<br>x %{{x:.3f}}, y %{{y:.3f}}<br>"
        f"{say('loss')} %{{customdata:.4f}}<extra></extra>",
    )  # fmt: skip


def draw_perspective(setup: Setup, tracks: Sequence[Track]) -> None:
    """The race's landscape on the page."""
    from app.charts import rotatable
    from app.charts.frame import About

    ends = {NAMES[track.rule.kind]: track for track in tracks}
    said = ", ".join(
        say(
            "{name} at {loss} after {steps} steps",
            name=say(name),
            loss=f"{track.losses[-1]:.4g}",
            steps=len(track.losses) - 1,
        )
        for name, track in ends.items()
    )
    about = About(
        "optimizers_ground",
        say(
            "The surface {surface} in three dimensions, with the ways over it: {ends}.",
            surface=say(setup.surface.title), ends=said or say("nobody races"),
        ),
        {
            "surface": setup.surface.name, "box": setup.surface.box,
            "ways": {track.rule.kind: track.points.tolist() for track in tracks},
            "losses": {track.rule.kind: track.losses.tolist() for track in tracks},
        },
        {
            "optimizer": [name for name, track in ends.items() for _ in track.losses],
            "step": [at for track in tracks for at in range(len(track.losses))],
            "x": [float(x) for track in tracks for x in track.points[:, 0]],
            "y": [float(y) for track in tracks for y in track.points[:, 1]],
            "loss": [float(loss) for track in tracks for loss in track.losses],
        },
    )  # fmt: skip
    rotatable.draw(about, lambda: perspective(setup, tracks), setup.steps)
