"""The three runs whose losses fall side by side: recorded ones at first, then those that the learner trains here."""

from __future__ import annotations

from typing import Any

from app import runs
from app.controls import own_run
from app.controls.own_run import Next
from app.counts import counted
from app.runs import trained
from app.session import state
from core.training.examples import LESSONS, triple
from core.training.spec import Objective, TrainSpec

NAMES: dict[Objective, str] = {
    "next_token": "Next token",
    "masked": "Masked",
    "span_corruption": "Span corruption",
}
RECORDED = {NAMES[objective]: f"objectives-{objective}" for objective in LESSONS}


def arms() -> list[trained.Arm]:
    """The three runs of the group in the link, or the recorded ones."""
    own = trained.own_arms(str(state.get("triple")), list(NAMES.values()))
    return own or trained.recorded_arms(RECORDED)


def falling(three: list[trained.Arm]) -> dict[str, Any]:
    """The part of the picture's data that is about the three runs."""
    spec = next(arm.spec for arm in three if arm.spec.objective == "masked")
    own = [arm.run for arm in three if arm.run is not None]
    return {
        "runs": [arm.curve() | {"objective": arm.spec.objective} for arm in three],
        "guessing": {
            "value": three[0].guessing,
            "text": f"guessing: ln {spec.vocab_size} = {three[0].guessing:.2f}",
        },
        "trained": f"{'trained here' if own else 'recorded'}: {spec.mask_rate:.0%} hidden, seed {spec.seed}",
        "mine": bool(own) and all(runs.is_mine(run) for run in own),
        "cannot": "" if runs.engine() else "Nothing trains on this server: it was started without workers.",
        "estimate": _estimate(),
    }


def _estimate() -> str:
    """What the three would cost here, in words."""
    spend, why = own_run.cost(following)
    steps = next(iter(wished().values())).steps
    return why or f"{counted(steps, 'step')} each with your share, span length and seed: {spend} in all."


def following(share: str | None = None) -> list[Next]:
    """The next three, as they would be put into the queue."""
    return own_run.of_arms(wished(share))


def wished(share: str | None = None) -> dict[str, TrainSpec]:
    """The three runs of the page's dials, by name; `share` of their steps as for `own_run.shortened`."""
    rate = max(0.01, float(state.get("mask_rate")))  # training refuses to hide nothing
    specs = triple(rate, float(state.get("span_length")), int(state.get("seed")))
    return {NAMES[objective]: own_run.shortened(spec, share) for objective, spec in specs.items()}


def train() -> None:
    """Start the three runs of the dials as one group, and show them."""
    group, why = trained.start(wished())
    if why:
        state.note(why)
    else:
        state.set("triple", group)


def stop() -> None:
    """Stop those of the three that are still going."""
    trained.stop(arms())
