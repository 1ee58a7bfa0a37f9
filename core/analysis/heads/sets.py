"""Sets of heads: is their joint effect the sum of the single effects?

Ablating a set of heads may change a token's log-probability less or more than the sum of single ablations. Less: the
heads form a chain, and without one the other has no effect. More: each can replace the other, so that one alone is not
missed (Wang et al. 2022, "Interpretability in the Wild", section 3.4, backup heads; McGrath et al. 2023, "The Hydra
Effect").
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from core.analysis.heads.effects import HeadEffects, Resumable, Value
from core.analysis.places import Kind, Place
from core.language_model import LanguageModel, Text

Head = tuple[int, int]  # layer, head
Change = tuple[tuple[Head, ...], float]  # ablated heads, and the change of the token's log-probability
TOGETHER = 256  # positions of all variants in one batch: more gain no speed, and progress would not show


@dataclass(frozen=True, kw_only=True)
class SetEffect:
    """A set of ablated heads. Changes are of one token's log-probability, in nats; below 0 the heads helped it."""

    heads: tuple[Head, ...]
    singles: tuple[float, ...]  # each of them off, alone
    joint: float  # all of them off

    @property
    def total(self) -> float:
        """The sum of the single changes."""
        return sum(self.singles)

    @property
    def beyond(self) -> float:
        """The interaction: the joint change minus the sum of single changes, 0 for independent heads."""
        return self.joint - self.total


def set_effects(
    lm: LanguageModel,
    text: Text,
    sets: Sequence[Sequence[Head]],
    *,
    row: int = -1,
    token: int | None = None,
    value: Value = "zero",
    attention: Kind = "self",
    target: Text | None = None,
) -> tuple[SetEffect, ...]:
    """Ablate every set, and every head of them alone, and measure one token's log-probability at `row`.

    All variants run as batches that start at the first block in which any of them differs.

    Args:
        sets: of (layer, head) pairs, counted from 0; naming a head twice changes nothing, a set may be empty.
        row, token, value, attention, target: as for `head_effects`.

    Raises:
        ValueError: no such head, attention, row or token.
    """
    made = changes(
        lm, text, sets, row=row, token=token, value=value, attention=attention, target=target,
    )  # fmt: skip
    return collected(sets, made)


def changes(
    lm: LanguageModel,
    text: Text,
    sets: Sequence[Sequence[Head]],
    *,
    row: int = -1,
    token: int | None = None,
    value: Value = "zero",
    attention: Kind = "self",
    target: Text | None = None,
    known: Collection[tuple[Head, ...]] = (),
) -> Iterator[Change]:
    """Measure variant by variant, for a page that shows progress or stops: yields the ablated heads and the change.

    Args:
        known: variants that are left out. The others: as for `set_effects`, which says what is raised.
    """
    wanted = variants(sets)
    for layer, head in dict.fromkeys(head for heads in wanted for head in heads):
        Place.of(lm, layer, head, attention)
    run = Resumable.of(lm, text, row, token, value, attention, target)
    left = [heads for heads in wanted if heads not in known]
    size = max(1, TOGETHER // max(len(stream[0]) for stream in run.streams)) if run.streams else 1
    for first in range(0, len(left), size):
        batch = left[first : first + size]
        logs = run.without(batch)[:, run.token]
        yield from ((heads, float(log) - run.before) for heads, log in zip(batch, logs, strict=True))


def variants(sets: Sequence[Sequence[Head]]) -> list[tuple[Head, ...]]:
    """List all ablations that `changes` measures: each set, and each head alone, sorted by first block."""
    wanted = _distinct(sets)
    singles = [(head,) for heads in wanted for head in heads]
    return sorted(dict.fromkeys([*singles, *filter(None, wanted)]), key=min_layer)


def collected(sets: Sequence[Sequence[Head]], changed: Iterable[Change]) -> tuple[SetEffect, ...]:
    """Assemble the effect of each set from all that `changes` yields."""
    change = {(): 0.0, **dict(changed)}
    return tuple(
        SetEffect(heads=heads, singles=tuple(change[(head,)] for head in heads), joint=change[heads])
        for heads in _distinct(sets)
    )


def _distinct(sets: Sequence[Sequence[Head]]) -> list[tuple[Head, ...]]:
    """Remove repeated heads within each set."""
    return [tuple(dict.fromkeys((int(layer), int(head)) for layer, head in heads)) for heads in sets]


def min_layer(heads: Sequence[Head]) -> int:
    """Return the first block that a set touches."""
    return min(layer for layer, _ in heads)


def pairs_of_largest(effects: HeadEffects, count: int = 8) -> tuple[tuple[Head, Head], ...]:
    """List all pairs of the `count` heads with the largest single effects, in the model's order."""
    order = np.argsort(-np.abs(effects.change), axis=None, kind="stable")[:count]
    heads = sorted(divmod(int(at), effects.change.shape[1]) for at in order)
    return tuple(combinations(heads, 2))
