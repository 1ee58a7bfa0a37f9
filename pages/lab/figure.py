"""Describe the Training lab: curves that grow while a run trains, Rewind on their axis, the film strip below.

A curve is a recorded run, the one on a bundled model's card, that of a training run, or of a run of the store that is
drawn live, by its stream (`curves.py`). `record` turns what was computed into the component's JSON; it computes
nothing.
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from app import models
from app.counts import counted
from app.kit import pack, register
from app.run_names import RUN, run_id
from core import zoo
from core.catalogue import run_history
from core.checkpoints import CheckpointError
from core.language_model import LanguageModel
from core.messages import noun, say
from core.runs import recordings
from core.runs.records import COLUMNS
from core.training import TrainSpec
from core.training.preparation import longest_row
from pages.lab import presets, strip

if TYPE_CHECKING:
    from core.runs import Run

lab = register("lab", __file__)

# Characters of the text that the strip's heading quotes: of a longer one its beginning and its end.
PROMPT = 44
MOST = 6  # curves in one chart
GIVEN = "given"  # the id of a curve that a notebook gave


@dataclass(frozen=True)
class Curve:
    """The curve of a training.

    Attributes:
        id: of a run; of a recorded run or a bundled model its name.
        model: what opens it, as a link names it; "" where nothing does (recorded without weights, or not begun).
        run: the store's record; None where it is no run of the store, or told without it.
        mine: whether this browser may command it.
        columns: the points, where they do not come by a stream.
        steps: its moments that can be opened, in order.
        planned: how many steps it was to take.
        growth: (step, tokens): from there on it reads rows of so many tokens.
        spec: the settings that it was trained by; None: not known.
        begins: where a fork begins, on every axis.
        slot: its place in the order of colours, which it keeps.
        still: a file carries it: it is as far as it has come.
    """

    id: str
    name: str
    model: str = ""
    run: Run | None = None
    mine: bool = False
    columns: Mapping[str, Any] = field(default_factory=dict)
    steps: tuple[int, ...] = ()
    planned: int = 0
    growth: tuple[tuple[int, int], ...] = ()
    spec: TrainSpec | None = None
    begins: Mapping[str, float] = field(default_factory=dict)
    slot: int = 0
    still: bool = False

    @property
    def unit(self) -> str:
        """What a token of a run of the store is called."""
        return "character" if self.run is not None and self.run.spec.tokenizer == "characters" else "token"

    @property
    def setting(self) -> str:
        """A word for all settings but the seed and the text of its samples; "" where they are not known."""
        if self.run is None or self.spec is None:
            return ""
        return f"{zlib.crc32(self.spec.replace(seed=0, prompt='').to_json().encode()):x}"

    def stilled(self) -> Curve:
        """Return a copy for a file, with the points that a stream would bring."""
        return replace(self, columns=points_of(self), mine=False, still=True)

    def record(self) -> dict[str, Any]:
        """Turn it into what curves.js draws."""
        told: dict[str, Any] = {"id": self.id, "name": self.name, "model": self.model, "mine": self.mine}
        told["slot"] = self.slot
        told["growth"] = [
            {"x": step, "text": say("rows of {tokens}", tokens=counted(tokens, "token"))}
            for step, tokens in self.growth
        ]
        told["seeds"] = self.setting
        if self.begins:
            told["from"] = dict(self.begins)
        if self.run is not None and not self.still:
            return told | {
                "live": True, "steps": self.run.steps, "state": self.run.state, "group": self.run.group,
            }  # fmt: skip
        points = {name: pack(np.asarray(column, dtype=np.float32)) for name, column in self.columns.items()}
        told |= {"points": points, "steps": self.planned, "checkpoints": list(self.steps)}
        if self.run is not None:
            told["state"] = self.run.state if self.run.over else "stopped"
        return told


def points_of(curve: Curve) -> Mapping[str, Any]:
    """Return the columns of a curve; of a run of the store as they are there now, empty while it is unavailable."""
    if curve.run is None or curve.columns:
        return curve.columns
    try:
        return run_history(RUN + curve.id).points.columns()
    except CheckpointError:
        return {name: np.empty(0) for name in COLUMNS}


def recorded_curve(id: str) -> Curve | None:
    """Find the curve of a bundled model or a recorded run by its name; None: there is none."""
    if id in models.bundled():
        return _bundled(id)
    return _recorded(id) if id in recordings.names() else None


def trained_curve(name: str) -> Curve | None:
    """Read the curve of a training run, "run:ID", in its store or exported folder; None: it is in neither."""
    if not run_id(name):
        return None
    try:
        found = run_history(name)
    except CheckpointError:
        return None
    id = run_id(name)
    return Curve(
        id, found.name or say("Run {id}", id=id[:6]), name if found.moments else "", columns=found.points.columns(),
        steps=found.moments, planned=found.spec.steps, growth=growth(found.spec), spec=found.spec,
    )  # fmt: skip


def _bundled(name: str) -> Curve | None:
    card = zoo.card(name)
    curve = card.get("curve")
    if not curve:
        return None
    columns = {
        "step": [point["step"] for point in curve],
        "loss": [point["loss"] for point in curve],
        "held_out": [np.nan if point["held_out"] is None else point["held_out"] for point in curve],
    }
    batch = card.get("tokens_read", 0) / card["steps"]  # every step reads as many
    if batch:
        columns["tokens"] = [step * batch for step in columns["step"]]
    spec = TrainSpec.from_dict(card["spec"])
    return Curve(
        name, name, name, None, False, columns, tuple(zoo.snapshots(name)), card["steps"], growth(spec), spec
    )


def _recorded(name: str) -> Curve:
    run = recordings.recorded(name)
    columns = dict(run.points().columns())
    steps = tuple(int(each.step) for each in run.checkpoints())
    return Curve(name, name, "", None, False, columns, steps, run.spec.steps, growth(run.spec), run.spec)


def growth(spec: TrainSpec) -> tuple[tuple[int, int], ...]:
    """Return from which of its steps on a run reads rows of how many tokens."""
    return tuple(
        (step - spec.first_step, then or spec.context or longest_row(spec))
        for step, then in spec.growth()
        if spec.first_step < step < spec.total_steps
    )


# ---------------------------------------------------------------- the picture's JSON


def record(
    lm: LanguageModel, tokens: Sequence[str], text: str, curves: Sequence[Curve], film: strip.Film, model: str,
    label: str, x: str,
) -> dict[str, Any]:  # fmt: skip
    """Turn it all into what figure.js draws, but for the selection and the next run, which a page alone has.

    Args:
        tokens: of the text, as they read.
        curves: the first is the one that the picture is about.
        model: the open one's name in a link; label: its name for people. x: the axis.
    """
    unit = strip.unit(lm)
    first = curves[0] if curves else None
    # Otherwise the first curve is that of a run that cannot be opened yet.
    own = first is not None and first.model == model
    called = unit if own or first is None else first.unit
    return {
        "tokens": list(tokens),
        "unit": unit,
        "title": say("Loss, nats per {unit}", unit=noun(called, True) or called),
        "runs": [one.record() for one in curves],
        "guessing": guessing(lm) if own else None,
        "x": x,
        "moments": _moments(first, own, model, label),
        "forks": bool(own and first is not None and first.run is not None),
        "film": _film(lm, film, text, unit, "" if own or first is None or first.run is None else label),
        "trained": _trained(first),
        "plan": None,
        "next": None,
    }


def guessing(lm: LanguageModel) -> dict[str, Any]:
    """The loss of a model that knows nothing: the logarithm of how many tokens there are to choose from."""
    size = lm.config.d_vocab
    return {
        "value": float(np.log(size)),
        "text": say("guessing: {sum}", sum=f"ln {size:,} = {np.log(size):.2f}"),
    }


def _trained(first: Curve | None) -> dict[str, Any] | None:
    """The settings that the first curve comes from."""
    if first is None or first.spec is None:
        return None
    rows = dict(presets.told(first.spec))
    if first.planned > first.spec.steps:  # a bundled model's card tells of a second run after the first
        more = first.planned - first.spec.steps
        rows[say("Steps")] = say(
            "{steps} by these, then {more} more", steps=f"{first.spec.steps:,}", more=f"{more:,}"
        )
    return {
        "title": say("{name} was trained by", name=first.name),
        "rows": [list(row) for row in rows.items()],
    }


def _moments(first: Curve | None, own: bool, model: str, short: str) -> dict[str, Any]:
    if first is None or not own:
        name = model.removeprefix("./")
        why = (
            say(
                "{name} keeps no moments of its training; {other} beside it does", name=name, other=first.name
            )
            if first
            else say("{name} keeps no moments of its training; a run beside it does", name=name)
        )
        if first is not None and first.run is not None:
            begins = say(
                "Rewind begins with {name}’s first checkpoint; until then, below is {short}",
                name=first.name,
                short=short,
            )
            why = (
                say("{name} kept no checkpoint; below is {short}", name=first.name, short=short)
                if first.run.over
                else begins
            )
        return {"id": first.id if first else "", "model": "", "steps": [], "why": why}
    why = "" if first.steps or first.id != GIVEN else say("no moment of this training was kept to rewind to")
    return {"id": first.id, "model": first.model, "steps": list(first.steps), "why": why}


def _film(lm: LanguageModel, film: strip.Film, text: str, unit: str, whose: str) -> dict[str, Any]:
    """The strip. whose: the open model's name, where the page is about a run that cannot be opened yet."""
    title, about, short = strip.words(film, unit)
    title = f"{whose}: {title}" if whose else title
    shades = np.stack([film.map(at) for at in range(len(film.steps))])  # (F, T, S)
    frames = zip(film.steps, film.values, film.moments)
    return {
        "title": title,
        "about": about,
        "short": short,
        "prompt": text if len(text) <= PROMPT else f"{text[:14]} … {text[-PROMPT + 17 :]}",
        "fills": lm.config.shape == "encoder",
        "causal": bool(lm.config.shape == "decoder" and lm.config.causal),
        "block": film.block,
        "head": film.head,
        "maps": pack(shades),
        "frames": [
            {"step": step, "score": score, "sample": moment.sample, "loss": moment.loss}
            for step, score, moment in frames
        ],
    }
