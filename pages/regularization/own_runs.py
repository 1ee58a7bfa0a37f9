"""Train the four runs of the Regularization page anew: the learner's own, beside the recorded ones (runs.py)."""

from __future__ import annotations

from app.controls import own_run
from app.controls.own_run import Next
from app.kit.arms import Arm
from app.runs import trained
from app.session import state
from core.training.pairs import few_fables, regularized_spec
from core.training.spec import TrainSpec
from pages.regularization.runs import ARMS


def own_four() -> dict[str, Arm]:
    """The learner's own four: key -> run; {}: there are none."""
    own = trained.own_arms(state.get("quartet"), tuple(ARMS.values()))
    return dict(zip(ARMS, own, strict=True)) if own else {}


def specs(seed: int, share: str | None = None) -> dict[str, TrainSpec]:
    """The four runs; `share` of their steps as for `own_run.shortened`."""
    return {
        name: own_run.shortened(regularized_spec(key, seed=seed), share)  # type: ignore[arg-type]
        for key, name in ARMS.items()
    }


def following(share: str | None = None) -> list[Next]:
    """The next four, as they would be put into the queue."""
    return own_run.of_arms(specs(int(state.memo("regularization").get("seed", 0)) + 1, share), few_fables())


def begin() -> None:
    """Train all four anew, from another seed than the last own ones'."""
    memo = state.memo("regularization")
    memo["seed"] = memo.get("seed", 0) + 1
    group, memo["why"] = trained.start(specs(memo["seed"]), few_fables())
    if group:
        state.set("quartet", group)
