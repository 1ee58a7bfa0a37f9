"""Draw three runs whose losses fall side by side: recorded ones, or those that the learner trained (own_runs.py)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from app.kit.arms import Arm, recorded_arms
from core.messages import mark, say
from core.training.examples import LESSONS
from core.training.spec import Objective, TrainSpec

NAMES: dict[Objective, str] = {
    "next_token": mark("Next token"),
    "masked": mark("Masked"),
    "span_corruption": mark("Span corruption"),
}
RECORDED = {NAMES[objective]: f"objectives-{objective}" for objective in LESSONS}


@dataclass(frozen=True)
class Offer:
    """What the page offers to train; nothing in a file.

    Attributes:
        mine: whether the learner may stop the runs that are shown.
        cannot: why nothing trains here. estimate: what training the three would cost.
    """

    mine: bool = False
    cannot: str = ""
    estimate: str = ""


def recorded_three() -> list[Arm]:
    """The recorded runs, in the order of `NAMES`."""
    return recorded_arms(RECORDED)


def falling(three: list[Arm], offer: Offer) -> dict[str, Any]:
    """Turn the three runs into the picture's JSON."""
    spec = next(arm.spec for arm in three if arm.spec.objective == "masked")
    own = any(arm.run is not None for arm in three)
    return {
        "runs": [arm.curve() | {"name": say(arm.name), "objective": arm.spec.objective} for arm in three],
        "guessing": {
            "value": three[0].guessing,
            "text": say(
                "guessing: ln {size} = {loss}", size=spec.vocab_size, loss=f"{three[0].guessing:.2f}"
            ),
        },
        "trained": _trained(spec, own),
        "mine": offer.mine,
        "cannot": offer.cannot,
        "estimate": offer.estimate,
    }


def _trained(spec: TrainSpec, own: bool) -> str:
    """Say where the three were trained, and on what."""
    told = {"share": f"{spec.mask_rate:.0%}", "seed": spec.seed}
    if own:
        return say("trained here: {share} hidden, seed {seed}", **told)
    return say("recorded: {share} hidden, seed {seed}", **told)
