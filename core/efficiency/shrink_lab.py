"""The runs of the Efficiency page: tales-gpt pruned and retrained, and students with and without a teacher.

All runs read Toyland's training stories; a seed draws the stories, their order and a student's first weights, so that
runs of one seed differ in nothing but what is compared. Rates, temperature, the share of the plain loss and the steps
were chosen on other training stories (`DEVELOPMENT`), never on those that are held out.
"""

from __future__ import annotations

from collections.abc import Iterator

from core.efficiency.shrink_spec import ShrinkSpec, Way

SEEDS = (0, 1, 2)
LEVELS = (
    0.0,
    0.5,
    0.7,
    0.8,
    0.9,
    0.95,
)  # of weights; 0: retrained without pruning, as a control for the extra training
PARTS = (0.25, 0.5, 0.75)  # of heads and neurons
RETRAINED = 150  # steps: 0.46 million tokens, a thirtieth of tales-gpt's training
LEARNED = 400  # steps of a student
LONGER = 1_100  # steps of a student alone, as many operations as those of a distilled one, with its teacher's passes
RATES_FROM = (
    ((0.0, 0.005), (0.3, 0.02), (0.6, 0.04)),  # of "magnitude": from this sparsity on, this rate
    ((0.0, 0.02), (0.4, 0.04)),  # of "structured"
)
DEVELOPMENT = 999_983  # the seed of the stories that choices were made on


def rate_at(way: Way, sparsity: float) -> float:
    """Return the learning rate of retraining, higher for higher sparsity.

    A rate that recovers a model at 80 % sparsity degrades an unpruned one.
    """
    found = [rate for from_here, rate in RATES_FROM[way == "structured"] if sparsity >= from_here]
    return found[-1]


def pruned(way: Way, sparsity: float, seed: int = 0, steps: int = RETRAINED) -> ShrinkSpec:
    """Build the spec of a pruned and retrained tales-gpt. Raises ValueError: no such sparsity."""
    return ShrinkSpec(
        way=way, sparsity=sparsity, seed=seed, steps=steps, checkpoints=2, rate=rate_at(way, sparsity)
    )


def student(way: Way, seed: int = 0, steps: int = LEARNED) -> ShrinkSpec:
    """Build the spec of a student of tales-gpt, distilled or alone."""
    return ShrinkSpec(way=way, seed=seed, steps=steps, checkpoints=6)


def levels(way: Way) -> tuple[float, ...]:
    """List the recorded sparsities of a way to prune."""
    return PARTS if way == "structured" else LEVELS


def name(spec: ShrinkSpec) -> str:
    """Return a run's name among the recorded ones: way, percent removed or steps, seed."""
    size = round(100 * spec.sparsity) if spec.way in ("magnitude", "structured") else spec.steps
    return f"{spec.way}-{size}-{spec.seed}"


def plan() -> Iterator[ShrinkSpec]:
    """List every recorded run, all of a seed before the next."""
    for seed in SEEDS:
        yield student("alone", seed)
        yield student("distilled", seed)
        for way in ("magnitude", "structured"):
            for sparsity in levels(way):
                yield pruned(way, sparsity, seed)
        yield student("alone", seed, LONGER)
