"""Savings by the KV cache: the same greedy text with and without it, in positions computed and seconds."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch

from core.decoding.options import whole_number
from core.decoding.reader import Reader
from core.decoding.sequential import greedy
from core.hooks import recording

if TYPE_CHECKING:
    from core.language_model import LanguageModel, Text

MOST_TOKENS = 4_096
MOST_REPEATS = 100


@dataclass(frozen=True)
class CacheStep:
    """One new token.

    length: positions that it is predicted from.
    positions_with, positions_without: how many of them are computed for it.
    seconds_with, seconds_without: median time on this machine, now.
    """

    length: int
    positions_with: int
    positions_without: int
    seconds_with: float
    seconds_without: float


@dataclass(frozen=True)
class CacheCost:
    """A text, generated both ways.

    bytes: of the keys and values kept at the end.   ids: the tokens written; both ways write the same.
    """

    steps: tuple[CacheStep, ...]
    bytes: int
    ids: tuple[int, ...]
    repeats: int

    @property
    def positions_with(self) -> int:
        """Positions computed for the whole text with the cache."""
        return sum(step.positions_with for step in self.steps)

    @property
    def positions_without(self) -> int:
        """Positions computed for the whole text without the cache: quadratic in the length."""
        return sum(step.positions_without for step in self.steps)

    @property
    def seconds_with(self) -> float:
        """Seconds for the whole text with the cache."""
        return sum(step.seconds_with for step in self.steps)

    @property
    def seconds_without(self) -> float:
        """Seconds for the whole text without the cache."""
        return sum(step.seconds_without for step in self.steps)


def measure(
    lm: LanguageModel,
    prompt: Text,
    new_tokens: int = 32,
    *,
    target: Text | None = None,
    repeats: int = 3,
    clock: Callable[[], float] = time.perf_counter,
) -> CacheCost:
    """Generate `new_tokens` after `prompt`, `repeats` times with the cache and, alternating, as often without.

    End tokens do not stop generation. Positions are counted in separate, untimed runs. An encoder-decoder's are its
    decoder's; reading the source belongs to the first token's time, both ways.

    Args:
        clock: returns seconds.

    Raises:
        ValueError: an encoder, which reads a text once and has nothing to keep; or as `lm.generate`.
    """
    if lm.config.shape == "encoder":
        raise ValueError(
            f"{lm.name} is an encoder: every position sees every other, so a new token changes them all "
            "and nothing could be kept"
        )
    whole_number("new_tokens", new_tokens, 1, MOST_TOKENS)
    whole_number("repeats", repeats, 1, MOST_REPEATS)
    read = [row[0].tolist() for row in lm.batch(prompt, target)]
    kept, anew = (_Run(lm, read, new_tokens, use_cache, None).positions for use_cache in (True, False))
    runs: dict[bool, list[_Run]] = {True: [], False: []}
    for _ in range(repeats):
        for use_cache, done in runs.items():  # interleaved, so that a busy moment of the machine affects both
            done.append(_Run(lm, read, new_tokens, use_cache, clock))
    fast, slow = (
        [statistics.median(times) for times in zip(*(run.seconds for run in done))] for done in runs.values()
    )
    steps = zip(anew, kept, fast, slow)
    return CacheCost(
        tuple(CacheStep(length, new, length, quick, long) for length, new, quick, long in steps),
        runs[True][0].bytes,
        tuple(runs[True][0].ids),
        repeats,
    )


class _Run:
    """One generated text.

    Args:
        clock: None: count positions instead of measuring time.

    Attributes:
        positions, seconds: of each new token; one of them stays empty.
    """

    def __init__(
        self,
        lm: LanguageModel,
        read: Sequence[Sequence[int]],
        new_tokens: int,
        use_cache: bool,
        clock: Callable[[], float] | None,
    ) -> None:
        self.ids: list[int] = []
        self.positions: list[int] = []
        self.seconds: list[float] = []
        reader = Reader(lm, read[0], use_cache=use_cache)
        for id in read[1][1:] if len(read) == 2 else ():  # ids of an encoder-decoder's target
            reader.extend(torch.tensor([[id]], device=lm.device))
        place = "decoder.hook_embed" if len(read) == 2 else "hook_embed"  # (1, positions, D)
        for _ in range(min(new_tokens, lm.config.n_ctx - reader.ids.shape[1])):
            if clock is None:
                with recording([place]) as seen:
                    token = greedy(reader.logits())  # (1, 1)
                self.positions.append(seen[place].shape[1])
            else:
                before = clock()
                token = greedy(reader.logits())
                self.ids.append(int(token))
                self.seconds.append(clock() - before)
            reader.extend(token)
        self.bytes = reader.cache_bytes
