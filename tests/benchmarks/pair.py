"""Times several ways of computing the same thing, fairly: interleaved, warmed up, by the median.

One after the other would measure the machine's mood: a turbo that fades, a neighbour that wakes. So every round calls
each way once, each round in another order; a ratio is the median of the rounds' own ratios.
"""

from __future__ import annotations

import gc
import importlib.metadata
import platform
import statistics
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import torch


@dataclass(frozen=True)
class Comparison:
    """Seconds of every round, by the name of the way; the first name is ours, the others are compared with it.

    work: what one call does, in `unit`s: (120, "tokens") makes tokens a second of seconds.
    least: the ratio to reach, by the name of the other way.
    """

    title: str
    seconds: dict[str, list[float]]
    versions: dict[str, str] = field(default_factory=dict)
    work: tuple[int, str] | None = None
    least: Mapping[str, float] = field(default_factory=dict)

    def median(self, name: str) -> float:
        """Median seconds of one call."""
        return statistics.median(self.seconds[name])

    def ratio(self, name: str) -> float:
        """How many times as long as ours this way takes: above 1, ours is faster."""
        ours = next(iter(self.seconds.values()))
        return statistics.median(theirs / mine for theirs, mine in zip(self.seconds[name], ours))

    @property
    def missed(self) -> dict[str, float]:
        """The ratios that are below the one to reach, by the name of the other way."""
        return {name: self.ratio(name) for name, least in self.least.items() if self.ratio(name) < least}

    def value(self, name: str) -> str:
        """What one way needs, for a person."""
        if self.work is not None:
            count, unit = self.work
            return f"{count / self.median(name):,.0f} {unit}/s"
        milliseconds = 1000 * self.median(name)
        return f"{milliseconds:,.2f} ms" if milliseconds < 10 else f"{milliseconds:,.0f} ms"

    def table(self) -> str:
        """The comparison for a terminal: median, the middle half of the rounds, and the ratio to ours."""
        rounds = len(next(iter(self.seconds.values())))
        lines = ["", f"{self.title}  (median of {rounds} interleaved rounds)"]
        for name, seconds in self.seconds.items():
            low, middle, high = (1000 * value for value in statistics.quantiles(seconds, n=4))
            least = f"  (figure: {self.least[name]:g})" if name in self.least else ""
            per = f"  {self.value(name)}" if self.work else ""
            lines.append(
                f"  {name:<34}{middle:9.2f} ms  [{low:.2f}, {high:.2f}]  × {self.ratio(name):.2f}{least}{per}"
            )
        lines.append("  " + ", ".join(f"{name} {version}" for name, version in self.versions.items()))
        return "\n".join(lines)

    def record(self) -> dict[str, Any]:
        """The comparison as plain values, for a file."""
        return {
            "title": self.title,
            "rounds": len(next(iter(self.seconds.values()))),
            "value": {name: self.value(name) for name in self.seconds},
            "median_ms": {name: round(1000 * self.median(name), 4) for name in self.seconds},
            "ratio": {name: round(self.ratio(name), 4) for name in self.seconds},
            "least": dict(self.least),
            "versions": self.versions,
        }


@dataclass(frozen=True)
class Figure:
    """Something measured alone, beside the most it may be.

    Args:
        values: of every round, in `unit`; most: what their median must stay below.
        most_95: what 95 of 100 rounds must stay below; None: nothing is asked of them.
    """

    title: str
    values: list[float]
    most: float
    unit: str = "ms"
    most_95: float | None = None

    @property
    def median(self) -> float:
        """Median over the rounds."""
        return statistics.median(self.values)

    @property
    def high(self) -> float:
        """The 95th percentile of the rounds, by interpolation between those seen; of one round, itself."""
        if len(self.values) == 1:
            return self.values[0]
        return statistics.quantiles(self.values, n=20, method="inclusive")[-1]

    @property
    def reached(self) -> bool:
        """Median, and 95th percentile where one is asked for, are within their figures."""
        return self.median < self.most and (self.most_95 is None or self.high < self.most_95)

    def table(self) -> str:
        """One line for a terminal."""
        high = f"{self.high:9.1f} 95th percentile" if len(self.values) > 1 else ""
        asked = f"{self.most:g}" + ("" if self.most_95 is None else f" and {self.most_95:g}")
        return (
            f"\n  {self.title:<52}{self.median:9.1f} {self.unit} median{high}   (figure: {asked} {self.unit})"
        )

    def record(self) -> dict[str, Any]:
        """The figure as plain values, for a file."""
        return {
            "title": self.title,
            "rounds": len(self.values),
            "median": round(self.median, 3),
            "high": round(self.high, 3),
            "most": self.most,
            "most_95": self.most_95,
            "unit": self.unit,
        }


@dataclass(frozen=True)
class Foretold:
    """A run whose time was said before it began, twice: seconds said, and seconds that it took.

    first: by formula and rate alone, before any such run; second: corrected by what the first took.
    within: how many times as long, or as short, as said the second may take.
    """

    title: str
    first: tuple[float, float]
    second: tuple[float, float]
    within: float

    @property
    def off(self) -> tuple[float, float]:
        """How many times as long as said both took."""
        return self.first[1] / self.first[0], self.second[1] / self.second[0]

    @property
    def reached(self) -> bool:
        """Both were within the figure."""
        return all(1 / self.within <= ratio <= self.within for ratio in self.off)

    def table(self) -> str:
        """One line for a terminal."""
        (said, took), (again, then) = self.first, self.second
        first, second = self.off
        return (
            f"\n  {self.title:<60} said {said:6.1f} s, took {took:6.1f} (× {first:.2f});"
            f" corrected {again:6.1f}, took {then:6.1f} (× {second:.2f})   (figure: within {self.within:g})"
        )

    def record(self) -> dict[str, Any]:
        """The same as plain values, for a file."""
        return {
            "title": self.title,
            "said": [round(self.first[0], 2), round(self.second[0], 2)],
            "took": [round(self.first[1], 2), round(self.second[1], 2)],
            "within": self.within,
        }


@dataclass(frozen=True)
class Acts:
    """What a class met: how long each kind of act took, and what it cost.

    Args:
        seconds: of every act, by its kind; failures: what went wrong, in words.
        busy: how many processors "servers", "workers" and "client" kept busy; megabytes: of the servers.
        servers, learners: how many there were; load: the machine's load average; wall: seconds that were measured.
    """

    title: str
    seconds: dict[str, list[float]]
    failures: list[str]
    busy: Mapping[str, float]
    megabytes: float
    servers: int
    learners: int
    load: float
    wall: float

    @property
    def summaries(self) -> dict[str, dict[str, float]]:
        """Count, median, 95th percentile and longest of each kind of act, in milliseconds."""
        return {name: _summary(values) for name, values in self.seconds.items() if values}

    def table(self) -> str:
        """One line for each kind of act, for a terminal."""
        lines = [
            "",
            f"{self.title}  ({self.wall:.0f} s, {len(self.failures)} failures, load {self.load:.1f})",
        ]
        for name, found in self.summaries.items():
            lines.append(
                f"  {name:<16}{found['count']:6.0f} ×{found['median']:9.0f} ms median{found['high']:9.0f}"
                f" 95th percentile{found['longest']:9.0f} longest"
            )
        busy = ", ".join(f"{name} {share:.2f}" for name, share in self.busy.items())
        return "\n".join(
            [*lines, f"  processors kept busy: {busy}; servers' memory {self.megabytes:,.0f} MB"]
        )

    def record(self) -> dict[str, Any]:
        """The same as plain values, for a file."""
        return {
            "title": self.title,
            "acts": self.summaries,
            "failures": len(self.failures),
            "busy": {name: round(share, 3) for name, share in self.busy.items()},
            "megabytes": round(self.megabytes, 1),
            "servers": self.servers,
            "learners": self.learners,
            "load": round(self.load, 2),
            "wall": round(self.wall, 1),
        }


@dataclass(frozen=True)
class Views:
    """What a view costs the server: milliseconds of processor time and messages, by page and by what was done.

    earlier: the milliseconds of another version, measured beside this one; of acts that both know.
    """

    title: str
    costs: dict[str, dict[str, tuple[float, float]]]
    rounds: int
    earlier: dict[str, dict[str, float]] = field(default_factory=dict)

    def table(self) -> str:
        """A line for each page, for a terminal."""
        lines = ["", f"{self.title}  (mean of {self.rounds} rounds)"]
        for page, acts in self.costs.items():
            was = self.earlier.get(page, {})
            told = ", ".join(
                f"{what} {cost:.0f} ms{f' (was {was[what]:.0f})' if what in was else ''}, {count:.0f}"
                for what, (cost, count) in acts.items()
            )
            lines.append(f"  {page:<24}{told}")
        return "\n".join(lines)

    def record(self) -> dict[str, Any]:
        """The same as plain values, for a file."""
        return {"title": self.title, "views": self.costs, "rounds": self.rounds, "earlier": self.earlier}


def _summary(seconds: list[float]) -> dict[str, float]:
    high = statistics.quantiles(seconds, n=20, method="inclusive")[-1] if len(seconds) > 1 else seconds[0]
    found = {"median": statistics.median(seconds), "high": high, "longest": max(seconds)}
    return {"count": len(seconds), **{name: round(1000 * value, 1) for name, value in found.items()}}


def versions(*packages: str) -> dict[str, str]:
    """What the numbers were measured with: Python, torch with its threads, and the peers."""
    found = {name: importlib.metadata.version(name) for name in packages}
    threads = torch.get_num_threads()
    return {
        "python": platform.python_version(),
        "torch": f"{torch.__version__} ({threads} thread{'s' if threads > 1 else ''})",
        **found,
    }


def compare(
    title: str,
    ways: Mapping[str, Callable[[], object]],
    *,
    peers: tuple[str, ...] = (),
    rounds: int = 30,
    warm_up: int = 5,
    work: tuple[int, str] | None = None,
    least: Mapping[str, float] | None = None,
) -> Comparison:
    """Time the ways against each other.

    Args:
        title: what is computed.
        ways: name -> a call that computes it and returns the result; ours first.
        peers: the packages whose versions belong beside the numbers.
        rounds: how often each way is timed; at least 2.
        warm_up: calls of each way that are not timed.
        work, least: see `Comparison`.
    Raises:
        ValueError: fewer than two ways or two rounds.
    """
    if len(ways) < 2 or rounds < 2:
        raise ValueError(f"a comparison needs two ways and two rounds, not {len(ways)} and {rounds}")
    for call in ways.values():
        for _ in range(warm_up):
            call()
    seconds: dict[str, list[float]] = {name: [] for name in ways}
    names = list(ways)
    gc.collect()
    gc.disable()  # a collection in the middle would be charged to whoever happens to run
    try:
        for number in range(rounds):
            turn = number % len(names)
            for name in names[turn:] + names[:turn]:
                start = time.perf_counter()
                ways[name]()
                seconds[name].append(time.perf_counter() - start)
    finally:
        gc.enable()
    return Comparison(title, seconds, versions(*peers), work, least or {})
