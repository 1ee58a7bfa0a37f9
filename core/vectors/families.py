"""Toyland's words by semantic family (names, colours, ...): the ground truth for vectors learned from its tales."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from core.messages import mark_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from core.vectors.static import StaticVectors

FAMILIES = (
    mark_of("family", "names"),
    mark_of("family", "colours"),
    mark_of("family", "things"),
    mark_of("family", "sizes"),
    mark_of("family", "work"),
)
NEAREST = 5


@lru_cache(maxsize=1)
def families() -> dict[str, str]:
    """Build the table lowercase word -> family; a word of two families belongs to the first."""
    from core.data.toyland import words

    kinds = [kind for group in words.THINGS.values() for kind, _, _ in group]
    members = {
        "names": (*words.SHE_NAMES, *words.HE_NAMES),
        "colours": words.COLOURS,
        "sizes": words.SIZES,
        "things": kinds,
        "work": words.PROFESSIONS,
    }
    found: dict[str, str] = {}
    for family in FAMILIES:
        for word in members[family]:
            if " " not in word:
                found.setdefault(word.lower(), family)
    return found


def of(words: Sequence[str]) -> tuple[int, ...]:
    """Return the family of each word as an index into `FAMILIES`, -1 for none."""
    known = families()
    return tuple(FAMILIES.index(known[word]) if word in known else -1 for word in words)


def kinship(table: StaticVectors) -> tuple[float, float]:
    """Compute the share of a family word's 5 nearest words that are of its family, and the share expected by chance.

    Chance: the share that a family has among the other words, averaged over the words of all families. NaN: the table
    has no word of a family.
    """
    family = np.array(of(table.words))
    rows = np.flatnonzero(family >= 0)
    if not len(rows):
        return float("nan"), float("nan")
    cosines = table.unit(rows) @ table.unit().T  # (N, V)
    cosines[np.arange(len(rows)), rows] = -np.inf
    count = min(NEAREST, len(table) - 1)
    near = np.argpartition(-cosines, count - 1, axis=1)[:, :count]
    own = family[near] == family[rows][:, None]
    sizes = np.bincount(family[rows], minlength=len(FAMILIES))
    return float(own.mean()), float(((sizes[family[rows]] - 1) / (len(table) - 1)).mean())
