"""A learner's own point on a curve: a real fine-tuning run, with a seed that no recorded run has."""

from __future__ import annotations

from app import own_run, state
from app.own_run import Next
from app.trained import Arm
from core.runs.fine_tuning import bundled_base
from core.training import adapting
from core.training.adapting import Study
from core.training.fine_tune_spec import FineTuneSpec
from core.training.tuned import count

BASE = adapting.spec("full").base  # what every run of the page adapts
FIRST = 100  # seed of own runs; the next one has the next seed


def spec_of(study: Study, seed: int, share: str | None = None) -> FineTuneSpec:
    """The next run by the page's settings. Raises ValueError: they do not fit the base; the message says why.

    Args:
        share: of the steps, as for `own_run.shortened`.
    """
    if study == "rank":
        spec = adapting.spec("lora", rank=int(state.get("rank")), seed=seed)
    elif study == "prompt":
        spec = adapting.spec("prompt", vectors=int(state.get("front")), seed=seed)
    else:
        spec = adapting.spec(state.get("way"), examples=int(state.get("few")), seed=seed)
    return own_run.shortened(spec, share)


def seed_of(own: list[Arm]) -> int:
    """The seed of the next run: other examples, in another order, than all before."""
    return FIRST + len(own)


def following(study: Study, own: list[Arm], share: str | None = None) -> Next:
    """The next run as it would be put into the queue. Raises as `spec_of`."""
    spec = spec_of(study, seed_of(own), share)
    return Next(spec, f"{study}: {adapting.name(spec)}")


def learned(study: Study) -> str:
    """How many numbers the next run learns, counted on the base's own matrices; "" where it would be refused."""
    try:
        found = count(spec_of(study, FIRST), bundled_base(BASE).config)
    except ValueError:
        return ""
    return f"It learns {found.learned:,} of {found.whole:,} numbers of {BASE}, {found.head:,} of them the head’s."


def live(own: list[Arm]) -> list[dict[str, object]]:
    """The runs that are going, as curves.js follows them; nothing where none is."""
    going = [arm for arm in own if arm.going]
    return [arm.curve() for arm in going]
