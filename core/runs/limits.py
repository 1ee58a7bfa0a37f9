"""Resource limits per learner and in total. Every limit can be set in the environment."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict, deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from core.messages import say
from core.runs.records import LimitExceeded
from core.settings import read, whole

if TYPE_CHECKING:
    from core.runs.kinds import Spec
    from core.training.estimates import Estimate

MB = 10**6
LARGEST_TEXT = 5 * 10**6  # bytes of an own text
LONGEST_NAME = 80
LONGEST_NOTE = 500
SHARE = 0.75  # share of the largest store that weights may take
WINDOW = 600.0  # seconds in which the starts of an address are counted
_ADDRESSES = 10_000  # addresses whose starts are remembered


def largest_store() -> int:
    """Read GLASSBOX_RUNS_MB: the maximum size of the run store's SQLite file, in bytes."""
    return whole("GLASSBOX_RUNS_MB", 8192) * MB


@dataclass(frozen=True)
class Limits:
    """Limits of a single run, and of the number of runs.

    Attributes:
        active: runs of one owner that wait, train or pause; waiting: of all owners together that wait.
        address: runs from one network address that wait, whoever owns them: a school is behind one, and so is somebody
            who invents owners. starts: from one address in ten minutes.
        kept: runs of one owner that the store keeps; the oldest ended ones give way.
        steps: of one run; megabytes: of memory while training; minutes: of computing.
        stored: megabytes that the runs of one owner may keep in the store.
    """

    active: int = 8
    waiting: int = 600
    address: int = 300
    starts: int = 600
    kept: int = 60
    steps: int = 20_000
    megabytes: int = 450
    minutes: int = 60
    stored: int = 2048

    @classmethod
    def from_environment(cls) -> Limits:
        """Read GLASSBOX_RUN_ACTIVE, _WAITING, _ADDRESS and so on (a variable for each limit), where they are set."""
        return read(cls, "GLASSBOX_RUN_")

    def check_spec(
        self, spec: Spec, text: str | None = None, correct: Callable[[Estimate], Estimate] | None = None
    ) -> Estimate:
        """Estimate a run and check it against the limits, before it starts.

        Args:
            correct: the estimate by what runs took here (`core.runs.corrections`).

        Raises:
            LimitExceeded: it is too long, too large or too slow for this server; the message has the estimate.
            ValueError: its text is too small for what is asked.
        """
        from core.runs.kinds import estimate, lighter

        if text is not None and len(text.encode("utf-8", "replace")) > LARGEST_TEXT:
            raise LimitExceeded(
                say(
                    "the text has {size} MB; at most {most} MB can be trained on: shorten it",
                    size=f"{len(text.encode('utf-8', 'replace')) / 1e6:.1f}",
                    most=f"{LARGEST_TEXT / 1e6:.0f}",
                )
            )
        if spec.steps > self.steps:
            raise LimitExceeded(
                say(
                    "{steps} steps are more than the {most} that this server allows a run: ask for fewer",
                    steps=f"{spec.steps:,}",
                    most=f"{self.steps:,}",
                )
            )
        cost = estimate(spec, text)
        if correct is not None:
            cost = correct(cost)
        words, (smaller, quicker) = in_words(cost), lighter(spec)
        if cost.bytes > self.megabytes * MB:
            raise LimitExceeded(
                say(
                    "this run would take {words}; this server allows {most} MB: {remedy}",
                    words=words,
                    most=self.megabytes,
                    remedy=say(smaller),
                )
            )
        if cost.seconds > self.minutes * 60:
            allowed = say("{minutes} minutes", minutes=self.minutes) if self.minutes > 1 else say("1 minute")
            raise LimitExceeded(
                say(
                    "this run would take {words}; this server allows {allowed}: {remedy}",
                    words=words,
                    allowed=allowed,
                    remedy=say(quicker),
                )
            )
        self.check_room(spec, cost)
        return cost

    @property
    def room(self) -> int:
        """Bytes that the runs of one owner may keep: no more than the store has for all."""
        return min(self.stored * MB, int(SHARE * largest_store()))

    def check_room(self, spec: Spec, cost: Estimate, held: int = 0) -> int:
        """Check the bytes that the run would keep in the store.

        Args:
            held: bytes that are kept for runs of its owner which have not ended.

        Raises:
            LimitExceeded: more than its owner, or the store, has room for; the message says what to do.
        """
        from core.runs.kinds import stored

        count, each, beside = stored(spec, cost)
        wanted = count * each + beside
        if held + wanted <= self.room:
            return wanted
        kept = say(
            "this run would keep {count} checkpoints of {each}, with the state to go on from {wanted} in the store",
            count=f"{count:,}",
            each=_size(each),
            wanted=_size(wanted),
        )
        allowed = {"kept": kept, "room": _size(self.room), "held": _size(held)}
        if not held:
            raise LimitExceeded(
                say(
                    "{kept}; one visitor may keep {room} here: ask for fewer checkpoints or a smaller model",
                    **allowed,
                )
            )
        if wanted > self.room:
            raise LimitExceeded(
                say(
                    "{kept}; one visitor may keep {room} here; {held} of it are taken by your runs that wait, train or "
                    "pause: ask for fewer checkpoints or a smaller model",
                    **allowed,
                )
            )
        raise LimitExceeded(
            say(
                "{kept}; one visitor may keep {room} here; {held} of it are taken by your runs that wait, train or "
                "pause: ask for fewer checkpoints or a smaller model, or stop one of them",
                **allowed,
            )
        )

    def check_counts(self, active: int, waiting: int, address: int = 0) -> None:
        """Check that an owner with `active` runs may start another while `waiting` runs wait.

        Args:
            address: how many of the waiting ones were started from the owner's network address.

        Raises:
            LimitExceeded: no; the message says what to do.
        """
        if active >= self.active:
            raise LimitExceeded(
                say(
                    "you have {active} runs that wait, train or pause, on all pages together; this server allows "
                    "{most} at a time: stop one, or wait until one ends",
                    active=active,
                    most=self.active,
                )
            )
        if waiting >= self.waiting:
            raise LimitExceeded(
                say("{waiting} runs wait already; try again in a few minutes", waiting=waiting)
            )
        if address >= self.address:
            raise LimitExceeded(
                say(
                    "{waiting} runs from your network wait already, and others want to train, too: try again in a few "
                    "minutes",
                    waiting=address,
                )
            )


class Starts:
    """The starts from each network address in the last ten minutes.

    Args:
        most: of one address.
    """

    def __init__(self, most: int) -> None:
        self.most = most
        self._lock = threading.Lock()
        self._times: OrderedDict[str, deque[float]] = OrderedDict()

    def count(self, address: str, now: float | None = None) -> None:
        """Count a start. Raises LimitExceeded: there were too many."""
        if not address:
            return
        now = time.monotonic() if now is None else now
        with self._lock:
            times = self._times.setdefault(address, deque())
            self._times.move_to_end(address)
            while len(self._times) > _ADDRESSES:
                self._times.popitem(last=False)
            while times and times[0] <= now - WINDOW:
                times.popleft()
            if len(times) >= self.most:
                raise LimitExceeded(
                    say(
                        "{count} runs were started from your network in the last {minutes} minutes; try again in a few "
                        "minutes",
                        count=len(times),
                        minutes=f"{WINDOW / 60:.0f}",
                    )
                )
            times.append(now)


def in_words(cost: Estimate) -> str:
    """Format an estimate for a learner."""
    seconds = cost.seconds
    time = f"{seconds:.0f} s" if seconds < 120 else say("{minutes} minutes", minutes=f"{seconds / 60:.0f}")
    return say(
        "about {time} and {memory} MB ({parameters} parameters)",
        time=time,
        memory=f"{cost.bytes / MB:,.0f}",
        parameters=f"{cost.parameters:,}",
    )


def _size(bytes: int) -> str:
    return f"{bytes / MB:,.0f} MB" if bytes >= 10 * MB else f"{bytes / MB:.1f} MB"
