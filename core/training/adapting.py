"""The runs of the Adaptability page: many small fine-tuning runs that differ in one setting and in their seed.

Three studies: LoRA's rank against quality; few examples against many; vectors in front of the text (prompt tuning).
Runs that are compared take the same number of steps with the same batch, so that only what is compared differs: a
hundred, or as many as it takes to read every example once. The seed draws the examples, their order and the first
values of all that is new.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import Any, Literal, get_args

from core.data.corpora import fingerprint
from core.training.fine_tune_spec import FineTuneSpec, Task, Way
from core.training.labelled import shuffled, told

Study = Literal["rank", "examples", "prompt"]
STUDIES: tuple[Study, ...] = get_args(Study)
TASK: Task = "sentiment"
RANKS = (1, 2, 4, 8, 16)
COUNTS = (10, 30, 100, 300, 1000)  # examples
VECTORS = (1, 2, 4, 8, 16)
WAYS: tuple[Way, ...] = ("scratch", "frozen", "full", "lora")  # of the study of few examples against many
LINES: tuple[Way, ...] = ("frozen", "full")  # held against LoRA's ranks and the prompts
SEEDS = (0, 1, 2)
STEPS, BATCH, HELD_OUT = 100, 16, 400
SOME = 300  # examples of the studies that do not vary them
RANK, ALPHA = 4, 16.0
# AdamW's rate for all but the head; tuned with `FineTuneSpec.measured` "development", not on held-out data.
RATES: dict[Way, float] = {"scratch": 3e-3, "frozen": 0.0, "full": 1e-3, "lora": 5e-3, "prompt": 3e-2}


def spec(way: Way, examples: int = SOME, rank: int = RANK, vectors: int = 8, seed: int = 0) -> FineTuneSpec:
    """Build the spec of one run.

    Raises:
        ValueError: a number that no run can have; the message says which.
    """
    beside: dict[str, Any] = {}
    if way == "lora":
        beside = {"rank": rank, "alpha": ALPHA}
    elif way == "prompt":
        beside = {"vectors": vectors}
    return FineTuneSpec(
        task=TASK, way=way, examples=examples, steps=max(STEPS, -(-examples // BATCH)), batch=BATCH, rate=RATES[way],
        held_out=HELD_OUT, eval_every=STEPS // 2, checkpoints=2, seed=seed, **beside,
    )  # fmt: skip


def places(study: Study) -> tuple[int, ...]:
    """List the positions on a study's axis: ranks, examples, or vectors."""
    return {"rank": RANKS, "examples": COUNTS, "prompt": VECTORS}[study]


def ways(study: Study) -> tuple[Way, ...]:
    """List the ways that a study compares; the first is the study's own, the others are reference lines."""
    return {"rank": ("lora", *LINES), "examples": WAYS, "prompt": ("prompt", *LINES)}[study]


def at(study: Study, way: Way, place: int, seed: int) -> FineTuneSpec:
    """Build the spec at a position of a study's axis; a way that does not vary along it is the same everywhere."""
    if study == "examples":
        return spec(way, examples=place, seed=seed)
    return spec(way, rank=place, vectors=place, seed=seed) if way not in LINES else spec(way, seed=seed)


def name(spec: FineTuneSpec) -> str:
    """Return a run's name among the recorded ones: way, its size, examples, seed."""
    size = {"lora": str(spec.rank), "prompt": str(spec.vectors)}.get(spec.way, "")
    return f"{spec.way}{size}-{spec.examples}-{spec.seed}"


def plan() -> Iterator[FineTuneSpec]:
    """List every run of the three studies, each once; all studies of a seed before the next seed."""
    seen: set[str] = set()
    for seed in SEEDS:
        for study in STUDIES:
            for way in ways(study):
                for place in places(study):
                    one = at(study, way, place, seed)
                    if name(one) not in seen:
                        seen.add(name(one))
                        yield one


def controls() -> Iterator[FineTuneSpec]:
    """List the control runs: LoRA as in the study of few examples, on the same texts with their labels shuffled."""
    for seed in SEEDS:
        for count in COUNTS:
            yield control(count, seed)


def control(examples: int, seed: int) -> FineTuneSpec:
    """Build the spec of one control run; its lines are `control_lines`."""
    return spec("lora", examples=examples, seed=seed).replace(text=fingerprint(control_lines(examples, seed)))


@lru_cache(maxsize=len(SEEDS) * len(COUNTS))
def control_lines(examples: int, seed: int) -> str:
    """Write the labelled lines of a control run: the texts of the run it is held against, with shuffled labels."""
    return shuffled(told(TASK, "train", examples, seed), seed)


def kept(spec: FineTuneSpec) -> bool:
    """Return whether a run's weights are bundled with its figures for demonstration: small ones of the first seed."""
    return not spec.text and spec.seed == SEEDS[0] and spec.way in ("frozen", "lora", "prompt")
