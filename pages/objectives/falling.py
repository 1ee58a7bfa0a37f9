"""Draw three runs whose losses fall side by side: recorded ones, or those that the learner trained (own_runs.py)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from app.kit.arms import Arm, recorded_arms
from core.training.examples import LESSONS
from core.training.spec import Objective

NAMES: dict[Objective, str] = {
    "next_token": "Next token",
    "masked": "Masked",
    "span_corruption": "Span corruption",
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
        "runs": [arm.curve() | {"objective": arm.spec.objective} for arm in three],
        "guessing": {
            "value": three[0].guessing,
            "text": f"guessing: ln {spec.vocab_size} = {three[0].guessing:.2f}",
        },
        "trained": f"{'trained here' if own else 'recorded'}: {spec.mask_rate:.0%} hidden, seed {spec.seed}",
        "mine": offer.mine,
        "cannot": offer.cannot,
        "estimate": offer.estimate,
    }
