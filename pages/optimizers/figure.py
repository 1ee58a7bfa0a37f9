"""The Optimizers page's pictures: the race (view.js) and, below the fold, five figures (below.py has their data).

`record` turns tracks of `core.training.race` into the race's JSON; the arithmetic is theirs.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from app.kit import pack, register
from core.training.race import Track
from core.training.surfaces import levels
from pages.optimizers.setup import NAMES, Setup

optimizers = register("optimizers", __file__)

GRID = (97, 73)  # columns and rows of the ground: enough for smooth contour lines
SHORT = {"sgd": "GD", "momentum": "Mom", "adam": "Adam", "adamw": "AdamW", "muon": "Muon"}
# What each optimizer keeps from step to step: by its letters in the written-out step, and in words.
KEEPS = {
    "sgd": ("–", "remembers nothing"),
    "momentum": ("b", "remembers the direction"),
    "adam": ("m, v", "remembers direction and size"),
    "adamw": ("m, v", "remembers direction and size"),
    "muon": ("b", "remembers the direction, at one length"),
}
NUMBERS = ("gradients", "used", "first", "second", "first_hat", "second_hat", "directions")


def record(
    setup: Setup,
    tracks: Sequence[Track],
    selection: Mapping[str, Any],
    tokens: Sequence[str],
    losses: Sequence[float | None],
) -> dict[str, Any]:
    """What the race draws: the ground as a grid with its contour levels, and each track with its numbers.

    Args:
        tokens, losses: of the learner's text in the open model: where the steps below the race begin.
    """
    surface = setup.surface
    ground = surface.grid(*GRID)
    rule = setup.rules[0] if setup.rules else None
    return {
        "figure": "race",
        "stamp": repr((surface.name, setup, tokens, losses)),
        "tokens": list(tokens),
        "tokenLosses": list(losses),
        "surface": {
            "name": surface.name, "title": surface.title, "formula": surface.formula, "lesson": surface.lesson,
            "box": surface.box, "minima": surface.minima, "lowest": surface.lowest, "start": surface.start,
            "rates": surface.rates,
        },
        "ground": pack(ground),
        "levels": levels(ground).tolist(),
        "start": setup.start,
        "steps": setup.steps,
        "kinds": [
            {
                "id": kind, "name": name, "short": SHORT[kind], "rate": setup.rates[kind], "keeps": KEEPS[kind][0],
                "about": KEEPS[kind][1],
            }
            for kind, name in NAMES.items()
        ],
        "settings": None if rule is None else {
            "beta": rule.momentum, "beta2": rule.beta2, "eps": rule.eps, "decay": rule.weight_decay,
            "nesterov": rule.nesterov,
        },
        "tracks": [_track(track) for track in tracks],
        "selection": dict(selection),
    }  # fmt: skip


def _track(track: Track) -> dict[str, Any]:
    with np.errstate(
        over="ignore"
    ):  # a diverged track ends beyond what 32 bits hold: it is drawn as infinite
        columns = np.concatenate([getattr(track, name) for name in NUMBERS], axis=1)  # (n, 14)
        return {
            "id": track.rule.kind, "points": pack(track.points), "losses": pack(track.losses),
            "numbers": pack(columns), "left": track.left, "diverged": track.diverged,
        }  # fmt: skip


def draw(data: Mapping[str, Any], key: str, on: Mapping[str, Callable[[], None]]) -> Any:
    """Mount one of the pictures; `on`: what to do for each event that it sends."""
    return optimizers(data=dict(data), key=key, **{f"on_{name}_change": act for name, act in on.items()})
