"""The corpus lab of the Bias page: one small decoder, trained repeatedly on lines that differ in a dial alone.

Half of Toyland's professions, every second one of its list, are dialled: their share of "she" is the dose. The others
stay at one half and show whether the dose stays where it was given. Everything else is equal: the recipe, the number of
steps, the vocabulary, and by seed the first weights and what is drawn of the world.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from core.data.dial import REMEDIES, Remedy
from core.data.toyland.words import PROFESSIONS
from core.training.recipes import fast
from core.training.spec import TrainSpec

DIALLED = tuple(sorted(PROFESSIONS[::2]))
OTHERS = tuple(sorted(PROFESSIONS[1::2]))
DOSES = (0.0, 0.25, 0.5, 0.75, 1.0)
BIASED = 0.9  # dose at which the remedies are tried
SEEDS = (0, 1, 2)
STEPS, CONTEXT, VOCABULARY = 600, 32, 1024  # a row holds a line or two; every profession is one token
MEASURED = 9  # checkpoints of a run, the first and last among them, at which the gap is measured


def spec(
    dose: float, seed: int = 0, jobs: Sequence[str] = DIALLED, remedy: Remedy = "none", steps: int = STEPS
) -> TrainSpec:
    """Build the spec of one run: the fast recipe on tales in which `dose` of the people of these professions are "she".

    Raises:
        ValueError: no profession, one that Toyland does not know, a dose outside 0..1, or no such remedy.
    """
    if not jobs:
        raise ValueError("nothing is dialled: choose at least one profession")
    return fast(
        steps=steps, context=CONTEXT, changes={"n_ctx": 64}, stages=(), vocab_size=VOCABULARY, seed=seed,
        dial=dict.fromkeys(jobs, dose), remedy=remedy, checkpoints=MEASURED, learning_rate=0.06, embed_rate=0.015,
        head_rate=0.01, device="cpu",
    )  # fmt: skip


def dose_of(one: TrainSpec) -> float:
    """Return the share that a run's professions have in common. Raises ValueError: they have none in common."""
    shares = {share for _, share in one.dial}
    if len(shares) != 1:
        raise ValueError("this run has no dose: its professions have different shares")
    return shares.pop()


def name(one: TrainSpec) -> str:
    """Return a run's name among the recorded ones: remedy, dose in percent, seed."""
    return f"{one.remedy}-{round(100 * dose_of(one))}-{one.seed}"


def plan() -> Iterator[TrainSpec]:
    """List every recorded run: of each seed all doses, then the biased one without and with each remedy."""
    for seed in SEEDS:
        for dose in DOSES:
            yield spec(dose, seed)
        for remedy in REMEDIES:
            yield spec(BIASED, seed, remedy=remedy)
