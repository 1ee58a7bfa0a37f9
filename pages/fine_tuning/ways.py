"""The ways that are compared: recorded runs, the learner's own in their place, and what the next ones would be."""

from __future__ import annotations

from typing import Any

from app import own_run, runs, state
from app.own_run import Next
from app.trained import Arm, recorded_arms
from core.data.corpora import check_text, fingerprint
from core.training.fine_tune_spec import FineTuneSpec, Task, Way, compared
from core.training.lora import TARGETS

WAYS: dict[Way, str] = {"scratch": "From scratch", "frozen": "Frozen body", "full": "Full", "lora": "LoRA"}
KIND = "fine_tune"
FITTING = tuple(target for target in TARGETS if target != "gate")  # tales-bert has no gates


def task() -> Task:
    """The task that is shown."""
    found: Task = state.get("job")
    return found


def recorded() -> dict[Way, Arm]:
    """The recorded runs of the task."""
    names = {name: f"finetune-{task()}-{way}" for way, name in WAYS.items()}
    return dict(zip(WAYS, recorded_arms(names), strict=True))


def all_arms() -> dict[Way, Arm]:
    """The recorded runs of the task, with the learner's own of the group in their place."""
    found = recorded()
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


def last(arm: Arm) -> dict[str, Any]:
    """What a run is worth at its last checkpoint: `core.training.fine_tuning.Result` as JSON; {}: none yet."""
    found = next((one.health for one in reversed(arm.checkpoints) if one.health), {})
    return dict(found)
