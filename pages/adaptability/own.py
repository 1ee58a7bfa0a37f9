"""Find a learner's own runs of the studies, and prepare the next one.

An own run is a real fine-tuning run, with a seed that no recorded run has.
"""

from __future__ import annotations

from app import runs
from app.controls import own_run
from app.controls.own_run import Next
from app.kit.arms import Arm
from app.session import state
from core.messages import say
from core.runs.fine_tuning import bundled_base
from core.training import adapting
from core.training.adapting import STUDIES, Study
from core.training.fine_tune_spec import FineTuneSpec
from core.training.tuned import count
from pages.adaptability.studies import BASE

FIRST = 100  # seed of own runs; the next one has the next seed
KIND = "fine_tune"


def own_runs() -> dict[Study, list[Arm]]:
    """Return the learner's runs of the group that the link names, by study, oldest first."""
    found: dict[Study, list[Arm]] = {study: [] for study in STUDIES}
    group = str(state.get("adapted"))
    for run in runs.grouped(group, KIND) if group else ():
        study = next((one for one in STUDIES if run.name.startswith(f"{one}: ")), None)
        if study and (points := runs.points(run.id)) is not None:
            found[study].append(
                Arm(run.name, run.id, run.spec, points, runs.checkpoints(run.id), run, run.ended)
            )
    return found


def spec_of(study: Study, seed: int, share: str | None = None) -> FineTuneSpec:
    """Specify the next run by the page's settings. Raises ValueError: they do not fit the base; the message says why.

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
    """Choose the seed of the next run: other examples, in another order, than all before."""
    return FIRST + len(own)


def following(study: Study, own: list[Arm], share: str | None = None) -> Next:
    """Return the next run as it would be put into the queue. Raises as `spec_of`."""
    spec = spec_of(study, seed_of(own), share)
    return Next(spec, f"{study}: {adapting.name(spec)}")


def learned(study: Study) -> str:
    """Count the numbers that the next run learns, on the base's own matrices; "" where it would be refused."""
    try:
        found = count(spec_of(study, FIRST), bundled_base(BASE).config)
    except ValueError:
        return ""
    return say(
        "It learns {learned} of {whole} numbers of {model}, {head} of them the head’s.",
        learned=f"{found.learned:,}", whole=f"{found.whole:,}", model=BASE, head=f"{found.head:,}",
    )  # fmt: skip
