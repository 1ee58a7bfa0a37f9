"""Collect the ways of adapting: runs, recorded or own, what the next ones would be, what each has learned."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any, cast

from app import runs
from app.controls import own_run, unlike_text
from app.controls.own_run import Next
from app.runs.trained import Arm, recorded_arms
from app.session import state
from core.data.corpora import check_text, fingerprint
from core.training.fine_tune_spec import FineTuneSpec, Task, Way, compared
from core.training.lora import TARGETS

if TYPE_CHECKING:
    from torch import Tensor

    from core.language_model import LanguageModel
    from core.training.lora import Adapter

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


# ---------------------------------------------------------------- what a way has learned


def model_of(arm: Arm) -> LanguageModel | None:
    """The model of a run as its last checkpoint keeps it; None: it keeps none yet."""
    if arm.run is None:
        from core.runs.tuned_recordings import tuned_recording

        return tuned_recording(arm.id)
    kept = [one.step for one in arm.checkpoints if one.kept]
    return _own(arm.id, kept[-1]) if kept else None


def adapter_of(arm: Arm) -> Adapter | None:
    """A and B of a LoRA run as its last checkpoint keeps them; None: it keeps none, or is of another way."""
    from core.training.lora import Adapter
    from core.training.tuned import LORA

    found = learned_of(arm)
    pairs = {key.removeprefix(LORA): value for key, value in found.items() if key.startswith(LORA)}
    spec = cast(FineTuneSpec, arm.spec)
    return Adapter(spec.lora, pairs) if pairs else None


def learned_of(arm: Arm) -> Mapping[str, Tensor]:
    """What a run has learned as its last checkpoint keeps it, by name; nothing: it keeps none yet."""
    if arm.run is None:
        from core.runs.tuned_recordings import learned

        return learned(arm.id)
    kept = [one.step for one in arm.checkpoints if one.kept]
    return (_learned(arm.id, kept[-1]) if kept else None) or {}


@lru_cache(maxsize=4)
def _learned(id: str, step: int) -> dict[str, Tensor] | None:
    from core.runs.fine_tuning import read_file

    weights = runs.weights(id, step)
    return None if weights is None else read_file(weights)


@lru_cache(maxsize=6)  # tales-bert's size each at most; of a frozen body most is shared
def _own(id: str, step: int) -> LanguageModel | None:
    return runs.tuned(id, step)


def judge(arm: Arm, text: str, question: str) -> dict[str, Any]:
    """What a way says of a text: {"says", "probability"}, or {"why"} where that holds for nothing."""
    try:
        lm = model_of(arm)
        if lm is None:
            return {"why": "nothing learned yet"}
        if lm.config.head == "sequence":
            said, chance = lm.classify(text)[0]
        else:
            best = lm.answer(question, text)[0]
            said, chance = best.text, best.probability
        spec = cast(FineTuneSpec, arm.spec)
        return unlike_text.judged(said, chance, text, labelled=spec.task == "sentiment" and not spec.text)
    except (ValueError, IndexError) as why:  # too long for the base's context, or nothing to read
        return {"why": str(why) or "no answer"}
