"""How much one learner, and all of them together, may ask of this server. Every limit can be set in the environment."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING

from core.runs.records import LimitExceeded

if TYPE_CHECKING:
    from core.costs import Estimate
    from core.runs.kinds import Spec

MB = 2**20
LARGEST_TEXT = 5 * 10**6  # bytes of an own text
LONGEST_NAME = 80


def largest_store() -> int:
    """Bytes that the SQLite file of the run store may grow to: GLASSBOX_RUNS_MB."""
    return _setting("GLASSBOX_RUNS_MB", 8192) * MB


@dataclass(frozen=True)
class Limits:
    """What a run may take, and how many runs there may be.

    Attributes:
        active: runs of one owner that wait, train or pause; waiting: of all owners together that wait.
        kept: runs of one owner that the store keeps; the oldest ended ones give way.
        steps: of one run; megabytes: of memory while training; minutes: of computing.
    """

    active: int = 8
    waiting: int = 200
    kept: int = 60
    steps: int = 20_000
    megabytes: int = 450
    minutes: int = 60

    @classmethod
    def from_environment(cls) -> Limits:
        """GLASSBOX_RUN_ACTIVE, _WAITING, _KEPT, _STEPS, _MEGABYTES, _MINUTES, where they are set."""
        return cls(
            **{
                each.name: _setting(f"GLASSBOX_RUN_{each.name.upper()}", int(str(each.default)))
                for each in fields(cls)
            }
        )

    def check_spec(
        self, spec: Spec, text: str | None = None, correct: Callable[[Estimate], Estimate] | None = None
    ) -> Estimate:
        """What the run will take, before it starts.

        Args:
            correct: the estimate by what runs took here (`core.runs.corrections`).

        Raises:
            LimitExceeded: it is too long, too large or too slow for this server; the message has the estimate.
            ValueError: its text is too small for what is asked.
        """
        from core.runs.kinds import estimate, lighter

        if text is not None and len(text.encode("utf-8", "replace")) > LARGEST_TEXT:
            raise LimitExceeded(
                f"the text has {len(text.encode('utf-8', 'replace')) / 1e6:.1f} MB; at most "
                f"{LARGEST_TEXT / 1e6:.0f} MB can be trained on: shorten it"
            )
        if spec.steps > self.steps:
            raise LimitExceeded(
                f"{spec.steps:,} steps are more than the {self.steps:,} that this server allows a run: ask for fewer"
            )
        cost = estimate(spec, text)
        if correct is not None:
            cost = correct(cost)
        words, (smaller, quicker) = in_words(cost), lighter(spec)
        if cost.bytes > self.megabytes * MB:
            raise LimitExceeded(
                f"this run would take {words}; this server allows {self.megabytes} MB: {smaller}"
            )
        if cost.seconds > self.minutes * 60:
            allowed = f"{self.minutes} minute{'s' * (self.minutes > 1)}"
            raise LimitExceeded(f"this run would take {words}; this server allows {allowed}: {quicker}")
        return cost

    def check_counts(self, active: int, waiting: int) -> None:
        """Whether an owner with `active` runs may start another while `waiting` runs wait.

        Raises:
            LimitExceeded: no; the message says what to do.
        """
        if active >= self.active:
            raise LimitExceeded(
                f"you have {active} runs that wait, train or pause; this server allows {self.active} at a time: "
                "stop one, or wait until one ends"
            )
        if waiting >= self.waiting:
            raise LimitExceeded(f"{waiting} runs wait already; try again in a few minutes")


def in_words(cost: Estimate) -> str:
    """An estimate as a learner reads it."""
    seconds = cost.seconds
    time = f"{seconds:.0f} s" if seconds < 120 else f"{seconds / 60:.0f} minutes"
    return f"about {time} and {cost.bytes / MB:,.0f} MB ({cost.parameters:,} parameters)"


def _setting(name: str, default: int) -> int:
    value = os.environ.get(name, "").strip()
    if not value:
        return default
    if not value.isdecimal() or int(value) < 1:
        raise ValueError(f"{name}={value} must be a whole number from 1 on")
    return int(value)
