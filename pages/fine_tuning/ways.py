"""Read the ways of adapting: recorded runs of a task, what each is worth, what it has learned and says of a text."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any, cast

from app import unlike
from app.kit.arms import Arm, recorded_arms
from core.messages import mark, say, spoken
from core.training.fine_tune_spec import FineTuneSpec, Task, Way
from core.training.lora import TARGETS

if TYPE_CHECKING:
    from torch import Tensor

    from core.language_model import LanguageModel
    from core.runs.records import Checkpoint
    from core.training.lora import Adapter

WAYS: dict[Way, str] = {
    "scratch": mark("From scratch"),
    "frozen": mark("Frozen body"),
    "full": mark("Full"),
    "lora": "LoRA",
}
FITTING = tuple(target for target in TARGETS if target != "gate")  # tales-bert has no gates


def recorded(task: Task) -> dict[Way, Arm]:
    """Return the recorded runs of a task."""
    names = {name: f"finetune-{task}-{way}" for way, name in WAYS.items()}
    return dict(zip(WAYS, recorded_arms(names), strict=True))


def last(arm: Arm) -> dict[str, Any]:
    """Return what a run is worth at its last checkpoint: `core.training.fine_tuning.Result` as JSON; {}: none yet."""
    found = _measured(arm)
    return {} if found is None else dict(found.health)


def measured_step(arm: Arm) -> int | None:
    """Return the step of the checkpoint that `last` describes; None: there is none yet."""
    found = _measured(arm)
    return None if found is None else found.step


def _measured(arm: Arm) -> Checkpoint | None:
    return next((one for one in reversed(arm.checkpoints) if one.health), None)


# ---------------------------------------------------------------- what a way has learned


@dataclass(frozen=True)
class Learned:
    """Where what a run has learned is read.

    Attributes:
        model: the model of a run as its last checkpoint keeps it; None: it keeps none yet.
        tensors: what a run has learned by then, by name; nothing: it keeps none yet.
    """

    model: Callable[[Arm], LanguageModel | None]
    tensors: Callable[[Arm], Mapping[str, Tensor]]


def _model(arm: Arm) -> LanguageModel:
    from core.runs.tuned_recordings import tuned_recording

    return tuned_recording(arm.id)


def _tensors(arm: Arm) -> Mapping[str, Tensor]:
    from core.runs.tuned_recordings import learned

    return learned(arm.id)


RECORDED = Learned(_model, _tensors)  # of recorded runs alone


def adapter_of(arm: Arm, learned: Learned = RECORDED) -> Adapter | None:
    """Return A and B of a LoRA run as its last checkpoint keeps them; None: none yet, or it is of another way."""
    from core.training.lora import Adapter
    from core.training.tuned import LORA

    found = learned.tensors(arm)
    pairs = {key.removeprefix(LORA): value for key, value in found.items() if key.startswith(LORA)}
    spec = cast(FineTuneSpec, arm.spec)
    return Adapter(spec.lora, pairs) if pairs else None


def judge(arm: Arm, text: str, question: str, learned: Learned = RECORDED) -> dict[str, Any]:
    """Answer a text with the model that one way of adapting made: {"says", "probability"}, or {"why"} it cannot."""
    if arm.run is None:
        return dict(_judge_recorded(arm.id, text, question, spoken()))
    return _answer(lambda: learned.model(arm), cast(FineTuneSpec, arm.spec), text, question)


@lru_cache(maxsize=256)
def _judge_recorded(id: str, text: str, question: str, language: str) -> dict[str, Any]:
    """Answer a text with the model of a recorded run, once for all visitors of a language."""
    from core.runs.recordings import recorded as recording
    from core.runs.tuned_recordings import tuned_recording

    return _answer(lambda: tuned_recording(id), cast(FineTuneSpec, recording(id).spec), text, question)


def _answer(
    model: Callable[[], LanguageModel | None], spec: FineTuneSpec, text: str, question: str
) -> dict[str, Any]:
    try:
        lm = model()
        if lm is None:
            return {"why": say("nothing learned yet")}
        if lm.config.head == "sequence":
            said, chance = lm.classify(text)[0]
        else:
            best = lm.answer(question, text)[0]
            said, chance = best.text, best.probability
        return unlike.judged(said, chance, text, labelled=spec.task == "sentiment" and not spec.text)
    except (ValueError, IndexError) as why:  # too long for the base's context, or nothing to read
        return {"why": str(why) or say("no answer")}
