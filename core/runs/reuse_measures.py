"""Measures of what an old model brings to a new job: recorded adaptations, fewer bits, memory; as lessons name them.

`core.analysis.measures` declares their names and arguments; `core.runs.run_measures` lists them with the others.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any, cast

import torch
from torch import Tensor

from core.analysis.seeds import apart
from core.analysis.tasks import in_context
from core.checkpoints.convert import Settings
from core.checkpoints.folder import FAMILIES
from core.costs.accelerators import ACCELERATORS
from core.costs.memory import PRECISIONS, largest_batch, training_memory, using_memory
from core.efficiency.compressing import compress_steps, matrix_names, model_of
from core.efficiency.judging import judge, reference, yardstick
from core.efficiency.movement import moved, share
from core.efficiency.quantization import Quantization, nearest
from core.families.presets import PRESETS
from core.hub_models import BY_ID
from core.language_model import LanguageModel
from core.parts import parts
from core.runs import adaptations
from core.runs.fine_tuning import bundled_base
from core.runs.recordings import recorded
from core.runs.records import RunError
from core.runs.tuned_recordings import learned as weights_of
from core.training import adapting
from core.training.fine_tune_spec import FineTuneSpec
from core.training.lora import places
from core.training.tuned import LORA

SENTIMENT = "sentiment"
CARD = "rtx4090"


# ------------------------------------------------------------------------------ one run of each way, and its matrix


def judged(way: str, task: str = SENTIMENT) -> float:
    """Return how many percent of held-out examples a recorded way of fine-tuning gets right. Raises RunError."""
    found = _health(way, task)["accuracy"]
    return 100 * float(found["right"]) / float(found["of"])


def learned(way: str, task: str = SENTIMENT) -> float:
    """Return how many numbers a recorded way of fine-tuning learns. Raises RunError."""
    return int(_health(way, task)["trained"])


def cells(table: str) -> float:
    """Return how many numbers there are in the matrix W that the page shows, or in A and B together ("thin")."""
    before, (a, b), _ = _matrix()
    if table not in ("W", "thin"):
        raise RunError(f"the tables are W and thin, not “{table}”")
    return before.numel() if table == "W" else a.numel() + b.numel()


def shift(way: str) -> float:
    """Return what "full" fine-tuning changed in that matrix, or "lora" lays over it, in percent of its length."""
    before, (a, b), after = _matrix()
    if way not in ("full", "lora"):
        raise RunError(f"the matrix is shifted by full or lora, not by “{way}”")
    gone = after - before if way == "full" else _scale() * (b @ a)
    return 100 * share(gone, before)


def _health(way: str, task: str) -> dict[str, Any]:
    return dict(recorded(f"finetune-{task}-{way}").checkpoints()[-1].health)


def _spec() -> FineTuneSpec:
    return cast(FineTuneSpec, recorded(f"finetune-{SENTIMENT}-lora").spec)


def _scale() -> float:
    return _spec().lora.scale


@lru_cache(maxsize=1)
def _matrix() -> tuple[Tensor, tuple[Tensor, Tensor], Tensor]:
    """The last matrix that LoRA learns beside: as it was, A and B, and as full fine-tuning left it."""
    spec = _spec()
    base = bundled_base(spec.base).transformer
    place = places(base, spec.lora)[-1]
    adapter = weights_of(f"finetune-{SENTIMENT}-lora")
    a, b = (adapter[f"{LORA}{place.key}.{side}"].float() for side in "AB")
    before = dict(base.named_parameters())[place.name].detach().float()
    after = weights_of(f"finetune-{SENTIMENT}-full")[place.name].float()
    return before[place.first : place.last], (a, b), after[place.first : place.last]


# ---------------------------------------------------------------------------- many runs: examples, ranks, prompts


def adapted(run: str) -> float:
    """Return how many percent of held-out texts are right after an adaptation, the mean of its seeds.

    Args:
        run: way with its size, and examples: lora4-100, full-300, scratch-10.

    Raises:
        RunError: none of that name is recorded.
    """
    found = _shares(run)
    return 100 * sum(found) / len(found)


def numbers(run: str) -> float:
    """Return how many numbers an adaptation learns. Raises RunError as `adapted`."""
    return int(adaptations.result(f"{run}-{adapting.SEEDS[0]}")["trained"])


def ahead(run: str, other: str) -> float:
    """Return 1 where the seeds tell that a run is right more often than another, -1 less often, 0 where they do not.

    Raises:
        RunError: as `adapted`.
    """
    return apart(_shares(run), _shares(other))


def _shares(run: str) -> list[float]:
    results = [adaptations.result(f"{run}-{seed}") for seed in adapting.SEEDS]
    return [one["right"] / one["of"] for one in results]


def prompted(game: str, how: str, examples: int) -> float:
    """Return how many percent are right with so many examples in the prompt, the mean of the rounds.

    Args:
        game: list, pairs or kinds. how: context, elsewhere (another model) or steps; "chance": what guessing comes to.

    Raises:
        RunError: that was not recorded.
    """
    if game not in in_context.GAMES:
        raise RunError(f"there is no game “{game}”: there are {', '.join(in_context.GAMES)}")
    if how == "chance":
        return 100 * in_context.chance(game)
    found = {count: one.mean for count, _, one in adaptations.played(game, how)}
    if examples not in found:
        raise RunError(f"{game} was not played “{how}” with {examples} examples")
    return 100 * found[examples]


# ---------------------------------------------------------------------------------------- fewer bits, memory, weights


def kept(lm: LanguageModel, bits: int) -> float:
    """Return how many percent of first choices stay on held-out text, every row of the blocks rounded to its own grid.

    Raises:
        ValueError: no such number of bits.
    """
    before = reference(lm, yardstick(lm))
    *_, small = compress_steps(lm, Quantization(bits), [])
    return 100 * judge(before, model_of(lm, small), size=small.bytes, timed=False).agreement


def zeroed(lm: LanguageModel, bits: int) -> float:
    """Return how many percent of the weights into the last block's MLP become 0 in so many bits.

    Raises:
        ValueError: no such number of bits, or the model has no such matrix.
    """
    found = [name for block in matrix_names(lm) for name in block if name.endswith("mlp.weight_in")]
    if not found:
        raise ValueError("this model has no MLP")
    weight = lm.transformer.get_parameter(found[-1]).detach()
    with torch.inference_mode():
        return 100 * moved(weight, nearest(weight, Quantization(bits))).zeros


def burden(lm: LanguageModel, length: int) -> float:
    """Return how many times its weights training with AdamW holds, in float32, on a text of that length."""
    kinds = training_memory(lm.config, length)
    return sum(kind.bytes(1) for kind in kinds) / kinds[0].bytes(1)


def fits(mode: str, model: str, precision: str, card: str = CARD) -> float:
    """Return how many texts of its full length a published model holds on a card, in "training" or in "using".

    Raises:
        RunError: no such model, precision, card or mode.
    """
    memory = {"training": training_memory, "using": using_memory}
    if model not in PRESETS or precision not in PRECISIONS or card not in ACCELERATORS or mode not in memory:
        raise RunError(f"nothing is known of {mode} of {model} in {precision} on {card}")
    config = PRESETS[model].config
    kinds = memory[mode](config, config.n_ctx, precision)
    most = largest_batch(kinds, ACCELERATORS[card].memory)
    return float("inf") if most is None else most


def weights(id: str) -> float:
    """Return how many million weights a model of the hub has, by its configuration: nothing is fetched.

    Raises:
        RunError: no such model is offered, or its architecture does not open.
    """
    facts = BY_ID.get(id)
    family = None if facts is None else FAMILIES.get(str(facts.config["model_type"]))
    if facts is None or family is None:
        raise RunError(f"there is no model “{id}” whose weights are known")
    return sum(parts(family.config(Settings(facts.config))).values()) / 1e6


REUSED: Mapping[str, Callable[..., float]] = {
    "judged": judged, "learned": learned, "cells": cells, "shift": shift, "adapted": adapted,
    "numbers": numbers, "ahead": ahead, "prompted": prompted, "kept": kept, "zeroed": zeroed, "burden": burden,
    "fits": fits, "weights": weights,
}  # fmt: skip
