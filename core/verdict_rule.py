"""The rule of a verdict: what was measured, from where on a verdict is passed, and what it is corrected for.

A rule stands beside the function that decides by it, and takes its numbers from the constants of that function.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from core.messages import Later, say, say_of

Text = str | Later  # a marked message, or one that is kept with its numbers


@dataclass(frozen=True)
class Rule:
    """How a verdict is reached, in sentences, which are translated where they are read: `title` and `rows`.

    Attributes:
        verdict: the words that are shown: "beyond chance".
        statistic: what is measured.
        threshold: where it becomes a verdict.
        sample: how many of what it rests on, and what they were drawn from.
        correction: for how many verdicts at once; or that there is none, and what that means.
        source: of the method.
        function: decides by this rule.
    """

    verdict: Text
    statistic: Text
    threshold: Text
    sample: Text
    correction: Text
    source: Text
    function: Callable[..., Any]

    @property
    def title(self) -> str:
        """The verdict that it is the rule of."""
        return say(self.verdict)

    @property
    def rows(self) -> tuple[tuple[str, str], ...]:
        """The parts with their names, in the order in which they are read."""
        return (
            (say("Measured"), say(self.statistic)), (say("Threshold"), say(self.threshold)),
            (say_of("verdict", "Sample"), say(self.sample)), (say("Correction"), say(self.correction)),
            (say("Source"), say(self.source)),
            (say("Computed by"), f"`{self.function.__module__}.{self.function.__qualname__}`"),
        )  # fmt: skip


def percent(share: float) -> str:
    """Write a share as a rule says it: "5 %"."""
    return f"{100 * share:.0f} %"
