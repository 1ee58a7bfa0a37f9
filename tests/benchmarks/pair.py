"""Times several ways of computing the same thing, fairly: interleaved, warmed up, by the median.

One after the other would measure the machine's mood: a turbo that fades, a neighbour that wakes. So every round calls
each way once, each round in another order, and the medians over the rounds are compared.
"""

from __future__ import annotations

import gc
import importlib.metadata
import json
import platform
import statistics
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import torch


@dataclass(frozen=True)
class Comparison:
    """Seconds of every round, by the name of the way; the first name is ours, the others are compared with it."""

    title: str
    seconds: dict[str, list[float]]
    versions: dict[str, str] = field(default_factory=dict)

    def median(self, name: str) -> float:
        """Median seconds of one call."""
        return statistics.median(self.seconds[name])

    def ratio(self, name: str) -> float:
        """How many times as long as ours this way takes: above 1, ours is faster."""
        return self.median(name) / self.median(next(iter(self.seconds)))

    def table(self) -> str:
        """The comparison for a terminal: median, the middle half of the rounds, and the ratio to ours."""
        rounds = len(next(iter(self.seconds.values())))
        lines = ["", f"{self.title}  (median of {rounds} interleaved rounds)"]
        for name, seconds in self.seconds.items():
            low, middle, high = (1000 * value for value in statistics.quantiles(seconds, n=4))
            lines.append(f"  {name:<34}{middle:9.2f} ms  [{low:.2f}, {high:.2f}]  × {self.ratio(name):.2f}")
        lines.append("  " + ", ".join(f"{name} {version}" for name, version in self.versions.items()))
        return "\n".join(lines)


def versions(*packages: str) -> dict[str, str]:
    """What the numbers were measured with: Python, torch with its threads, and the peers."""
    found = {name: importlib.metadata.version(name) for name in packages}
    return {
        "python": platform.python_version(),
        "torch": f"{torch.__version__} ({torch.get_num_threads()} threads)",
        **found,
    }


def compare(
    title: str,
    ways: Mapping[str, Callable[[], object]],
    *,
    peers: tuple[str, ...] = (),
    rounds: int = 30,
    warm_up: int = 5,
) -> Comparison:
    """Time the ways against each other.

    Args:
        title: what is computed.
        ways: name -> a call that computes it and returns the result; ours first.
        peers: the packages whose versions belong beside the numbers.
        rounds: how often each way is timed; at least 2.
        warm_up: calls of each way that are not timed.
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
    return Comparison(title, seconds, versions(*peers))


def save(comparison: Comparison, path: Path) -> None:
    """Append a comparison to a file, one JSON object a line."""
    record = {
        "title": comparison.title,
        "versions": comparison.versions,
        "median_ms": {name: round(1000 * comparison.median(name), 4) for name in comparison.seconds},
        "ratio": {name: round(comparison.ratio(name), 4) for name in comparison.seconds},
    }
    with path.open("a", encoding="utf-8") as file:
        file.write(json.dumps(record, ensure_ascii=False) + "\n")
