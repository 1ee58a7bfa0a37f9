"""A count with the formula behind it, so that a page writes out exactly what was added."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import prod


@dataclass(frozen=True)
class Count:
    """times x (a x b + c + ...): each term is a product of whole numbers."""

    times: int
    terms: tuple[tuple[int, ...], ...]

    @property
    def value(self) -> int:
        """The count itself."""
        return self.times * sum(prod(term) for term in self.terms)

    @property
    def written(self) -> str:
        """The formula with its numbers: "4 × (128 × 384 + 384)"."""
        terms = " + ".join(" × ".join(f"{factor:,}" for factor in term) for term in self.terms)
        if self.times == 1:
            return terms
        return f"{self.times:,} × ({terms})" if len(self.terms) > 1 else f"{self.times:,} × {terms}"


def count(times: int, *terms: Sequence[int] | int) -> Count:
    """Build a count without its zero terms; a term with one factor is written as that number."""
    listed = (term if isinstance(term, Sequence) else (term,) for term in terms)
    return Count(times, tuple(tuple(term) for term in listed if prod(term)))


@dataclass(frozen=True)
class Part:
    """The count of one part of a model, as a sum of counts."""

    name: str
    counts: tuple[Count, ...]

    @property
    def value(self) -> int:
        """Their sum."""
        return sum(one.value for one in self.counts)

    @property
    def written(self) -> str:
        """The formula with its numbers; "0" where there is nothing."""
        return " + ".join(one.written for one in self.counts if one.value) or "0"


def part(name: str, *counts: Count) -> Part:
    """Build a part without its zero counts."""
    return Part(name, tuple(one for one in counts if one.value))


def total(parts: Iterable[Part]) -> int:
    """Sum all parts."""
    return sum(one.value for one in parts)
