"""Train the three runs of the Objectives page anew: the learner's own, in place of the recorded ones (falling.py)."""

from __future__ import annotations

from app import runs
from app.controls import own_run
from app.controls.own_run import Next
from app.counts import counted
from app.kit.arms import Arm
from app.runs import trained
from app.session import state
from core.messages import say
from core.training.examples import triple
from core.training.spec import TrainSpec
from pages.objectives.falling import NAMES, Offer


def own_three() -> list[Arm]:
    """The three runs of the group in the link; []: there is none."""
    return trained.own_arms(str(state.get("triple")), list(NAMES.values()))


def offer(three: list[Arm]) -> Offer:
    """What the page offers beside the three runs that it shows."""
    own = [arm.run for arm in three if arm.run is not None]
    cannot = "" if runs.engine() else say("Nothing trains on this server: it was started without workers.")
    return Offer(bool(own) and all(runs.is_mine(run) for run in own), cannot, _estimate())


def _estimate() -> str:
    """What the three would cost here, in words."""
    spend, why = own_run.cost(following)
    steps = next(iter(wished().values())).steps
    return why or say(
        "{steps} each with your share, span length and seed: {spend} in all.",
        steps=counted(steps, "step"),
        spend=spend,
    )


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
    trained.stop(own_three())
