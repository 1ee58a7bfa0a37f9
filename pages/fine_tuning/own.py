"""Find a learner's own runs of the ways of adapting, prepare the next ones, and read what they have learned."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import TYPE_CHECKING

from app import runs
from app.controls import own_run
from app.controls.own_run import Next
from app.kit.arms import Arm
from app.session import state
from core.data.corpora import check_text, fingerprint
from core.runs.serialized import pack_tuned
from core.training.fine_tune_spec import FineTuneSpec, Task, Way, compared
from pages.fine_tuning.ways import FITTING, RECORDED, WAYS, Learned, recorded

if TYPE_CHECKING:
    from torch import Tensor

    from core.language_model import LanguageModel

KIND = "fine_tune"


def task() -> Task:
    """Return the task that is shown."""
    found: Task = state.get("job")
    return found


def all_arms() -> dict[Way, Arm]:
    """Return the recorded runs of the task, with the learner's own of the group in their place."""
    found = recorded(task())
    group = str(state.get("tuned"))
    if not group:
        return found
    for run in reversed(runs.grouped(group, KIND)):  # the newest of a way counts
        if run.spec.task == task() and run.spec.way in WAYS and (points := runs.points(run.id)) is not None:
            short = run.over and run.step < run.steps
            found[run.spec.way] = Arm(
                WAYS[run.spec.way], run.id, run.spec, points, runs.checkpoints(run.id), run,
                run.ended if short else "",
            )  # fmt: skip
    return found


def targets() -> tuple[str, ...]:
    """The matrices that LoRA learns beside, as the link names them; without one of these the task's usual ones."""
    wanted = str(state.get("beside")).split()
    return tuple(target for target in FITTING if target in wanted) or compared(task(), "lora").targets


def own_lines() -> str:
    """The learner's own labelled lines; "" while there are none."""
    return str(state.memo(KIND).get("lines", ""))


def keep_lines(lines: str) -> None:
    """Remember the learner's lines, whatever they are: what is wrong with them is said, and nothing is lost."""
    state.memo(KIND)["lines"] = lines.replace("\r\n", "\n").replace("\r", "\n")


def spec_of(way: Way, share: str | None = None) -> tuple[FineTuneSpec, str | None]:
    """The next run of a way, by the page's settings, and the own lines that it learns from.

    Args:
        share: of the steps, as for `own_run.shortened`.

    Raises:
        ValueError: the settings, or the lines, cannot be learned with; the message says why.
    """
    text, name = None, ""
    if task() == "sentiment" and own_lines().strip():
        text = check_text(own_lines())
        name = fingerprint(text)
    spec = compared(
        task(), way, text=name, rank=state.get("rank"), alpha=float(state.get("alpha")), targets=targets(),
        seed=state.memo(KIND).get("seed", 0),
    )  # fmt: skip
    return own_run.shortened(spec, share), text


def following(way: Way, share: str | None = None) -> Next:
    """The next run of a way as it would be put into the queue. Raises as `spec_of`."""
    spec, text = spec_of(way, share)
    return Next(spec, WAYS[way], text)


# ---------------------------------------------------------------- what a run has learned


def _kept(arm: Arm) -> int | None:
    """Return the step of the last checkpoint whose weights are kept."""
    return next((one.step for one in reversed(arm.checkpoints) if one.kept), None)


def _model(arm: Arm) -> LanguageModel | None:
    if arm.run is None:
        return RECORDED.model(arm)
    step = _kept(arm)
    return None if step is None else _tuned(arm.id, step)


def _tensors(arm: Arm) -> Mapping[str, Tensor]:
    if arm.run is None:
        return RECORDED.tensors(arm)
    step = _kept(arm)
    return (None if step is None else _read(arm.id, step)) or {}


@lru_cache(maxsize=4)
def _read(id: str, step: int) -> dict[str, Tensor] | None:
    from core.runs.fine_tuning import read_file

    weights = runs.weights(id, step)
    return None if weights is None else read_file(weights)


@lru_cache(maxsize=6)  # tales-bert's size each at most; of a frozen body most is shared
def _tuned(id: str, step: int) -> LanguageModel | None:
    return runs.tuned(id, step)


LEARNED = Learned(_model, _tensors)


def packed(arm: Arm) -> str:
    """Pack what an own run has learned for a notebook; "": it is recorded, or keeps nothing just now."""
    step = _kept(arm)
    weights = None if arm.run is None or step is None else runs.weights(arm.id, step)
    return "" if weights is None or not isinstance(arm.spec, FineTuneSpec) else pack_tuned(arm.spec, weights)
