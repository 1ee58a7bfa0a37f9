"""The rule of a verdict: what was measured, from where on a verdict is passed, and what it is corrected for.

A rule stands beside the function that decides by it, and takes its numbers from the constants of that function.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Rule:
    """How a verdict is reached, in sentences.

    Attributes:
        verdict: the words that are shown: "beyond chance".
        statistic: what is measured.
        threshold: where it becomes a verdict.
        sample: how many of what it rests on, and what they were drawn from.
        correction: for how many verdicts at once; or that there is none, and what that means.
        source: of the method.
        function: decides by this rule.
    """

    verdict: str
    statistic: str
    threshold: str
    sample: str
    correction: str
    source: str
    function: Callable[..., Any]

    @property
    def rows(self) -> tuple[tuple[str, str], ...]:
        """The parts with their names, in the order in which they are read."""
        return (
            ("Measured", self.statistic), ("Threshold", self.threshold), ("Sample", self.sample),
            ("Correction", self.correction), ("Source", self.source),
            ("Computed by", f"`{self.function.__module__}.{self.function.__qualname__}`"),
        )  # fmt: skip


def percent(share: float) -> str:
    """Write a share as a rule says it: "5 %"."""
    return f"{100 * share:.0f} %"
