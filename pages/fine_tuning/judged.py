"""The learner's own text, judged by what each way has learned."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any, cast

from app import runs, strange
from app.trained import Arm

if TYPE_CHECKING:
    from torch import Tensor

    from core.language_model import LanguageModel
    from core.training.fine_tune_spec import FineTuneSpec
    from core.training.lora import Adapter


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
    spec = cast("FineTuneSpec", arm.spec)
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
        spec = cast("FineTuneSpec", arm.spec)
        return strange.judged(said, chance, text, labelled=spec.task == "sentiment" and not spec.text)
    except (ValueError, IndexError) as why:  # too long for the base's context, or nothing to read
        return {"why": str(why) or "no answer"}
