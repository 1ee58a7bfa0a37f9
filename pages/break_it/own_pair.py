"""Train the pair of the Break it page anew: the learner's own two runs, beside the recorded ones (pair.py)."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from app.controls import own_run
from app.controls.own_run import Next
from app.kit.arms import Arm
from app.runs import trained
from app.session import state
from core.config import Part
from core.training.pairs import broken_spec
from pages.break_it.figure import NOTHING

if TYPE_CHECKING:
    from core.training.spec import TrainSpec

ARMS = ("whole", "without")


def specs(part: str, seed: int, share: str | None = "1") -> dict[str, TrainSpec]:
    """A pair's runs: alike but for the part; where nothing is taken out, alike but for the seed.

    Args:
        share: of the steps, as for `own_run.shortened`.
    """
    other = broken_spec(None, seed + 1) if part == NOTHING else broken_spec(cast(Part, part), seed)
    pair = (own_run.shortened(spec, share) for spec in (broken_spec(None, seed), other))
    return dict(zip(ARMS, pair, strict=True))


def following(part: str, share: str | None = None) -> list[Next]:
    """The next pair, as it would be put into the queue."""
    return own_run.of_arms(specs(part, int(state.memo("break_it").get("seed", 0)) + 1, share))


def own_pair(part: str) -> list[Arm]:
    """The learner's own pair, where it is one of this part."""
    own = trained.own_arms(state.get("duo"), ARMS)
    return own if own and own[1].spec.changes == specs(part, 0)["without"].changes else []


def begin(part: str) -> None:
    """Train both anew, from another seed than the last own pair's."""
    memo = state.memo("break_it")
    memo["seed"] = memo.get("seed", 0) + 1
    group, memo["why"] = trained.start(specs(part, memo["seed"], None))
    if group:
        state.set("duo", group)
