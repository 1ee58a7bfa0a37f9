"""Text pairs of a training run as a function of the spec and the step alone.

As with rows (`core.data.pool`), unit u reads a window of shards and shares all but one with the unit before, so that
each pair is read `WINDOW` times: half as often as rows, as generating pairs is cheaper than reading them. A unit's
pairs are shuffled and dealt into batches of about `batch_tokens` ids, sources and targets counted together, so that
most batches hold pairs of every task.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import accumulate, islice, pairwise
from random import Random
from typing import TYPE_CHECKING

from core.data.batches import encoded
from core.data.shards import Shards
from core.data.tasks import SPANS, TASKS, Split, mixture
from core.text.tokenizer import Tokenizer

if TYPE_CHECKING:
    from core.training.spec import TrainSpec

WINDOW = 2  # shards that are read together
PAIRS = 1_024  # of all tasks together in a shard
PIECE = 96  # ids of a piece of the corpus in which spans are hidden
_LEAST = 8  # ids of such a piece
_HELD_OUT = 96  # pairs that the held-out loss is measured on
_APART = 1_000_000  # between the seeds of two runs, as in `core.data.shards`
_STRIDE = 4 * PAIRS  # between the seeds of two shards: a pair may take more than one of a task's seeds


@dataclass(frozen=True)
class Read:
    """The ids of a pair. target None: the source is a piece of the corpus in which spans are to be hidden."""

    task: str
    source: list[int]
    target: list[int] | None

    @property
    def tokens(self) -> int:
        """The ids of both."""
        return len(self.source) + len(self.target or ())


class Pairs:
    """Batches of pairs as a function of the step.

    Args:
        spec: tasks, batch_tokens, context, stages, seed.
        shards: the corpus, for spans.
        longest: ids that the model has room for, in a source, and in a target with its end token.

    Raises:
        ValueError: no pair is as short as the model's context.

    Attributes:
        context: the longest source that is read at the end. notes: sentences about tasks that are too long for it.
    """

    def __init__(self, spec: TrainSpec, shards: Shards, tokenizer: Tokenizer, longest: int) -> None:
        self.spec, self.shards, self.tokenizer, self.longest = spec, shards, tokenizer, longest
        self.shares = mixture(spec.tasks)
        self.context = min(spec.context or longest, longest)
        self._read: OrderedDict[int, list[Read]] = OrderedDict()
        self._units: OrderedDict[tuple[int, int], list[list[Read]]] = OrderedDict()
        self._counts: dict[int, int] = {}
        fits = {read.task for read in self._fitting(0, self.context)}
        if not fits:
            raise ValueError(
                f"no pair of {', '.join(self.shares)} fits {self.context} tokens: give a longer context, or a "
                "vocabulary with longer pieces"
            )
        missing = [name for name in self.shares if name not in fits]
        self.notes = [f"No pair of {name!r} fits {self.context} tokens: it is left out." for name in missing]

    def batch(self, step: int) -> list[Read]:
        """Return the pairs of step 1, 2, ..."""
        before, wished = self.spec.stage(step)
        context = self.context if wished is None else min(wished, self.longest)
        unit, at = divmod(step - before - 1, self._count(context))
        # A later stage continues where the previous one ended, as nearly as whole units allow.
        unit += -(-before // self._count(self.context)) if before else 0
        return self._unit(unit, context)[at]

    def held_out(self) -> list[Read]:
        """Return the held-out pairs, always the same ones, the tasks in turn."""
        by_task = [
            self._encoded(name, self._pairs(name, 0, self._share(name, _HELD_OUT), "held_out"))
            for name in self.shares
            if name != SPANS
        ]
        if SPANS in self.shares:
            count = self._share(SPANS, _HELD_OUT)
            by_task.append(self._pieces(islice(self.shards.held_out(), count))[:count])
        fitting = [[read for read in reads if self._fits(read, self.context)] for reads in by_task]
        return [reads[n] for n in range(_HELD_OUT) for reads in fitting if n < len(reads)]

    def _count(self, context: int) -> int:
        """Return the batches per unit: as many as the first one fills."""
        if context not in self._counts:
            tokens = sum(read.tokens for read in self._fitting(0, context))
            self._counts[context] = max(1, round(tokens / self.spec.batch_tokens))
        return self._counts[context]

    def _unit(self, unit: int, context: int) -> list[list[Read]]:
        key = (unit, context)
        if key not in self._units:
            reads, count = self._fitting(unit, context), self._count(context)
            Random(f"{self.spec.seed}/{unit}/{context}").shuffle(reads)
            sums = list(accumulate((read.tokens for read in reads), initial=0))
            batches: list[list[Read]] = [[] for _ in range(count)]
            for read, (first, last) in zip(reads, pairwise(sums)):
                batches[(first + last) * count // (2 * sums[-1])].append(read)
            # A batch can be empty only where a pair is longer than a batch: it takes its neighbour's.
            self._units[key] = [
                batch or next(other for other in batches[n:] + batches[:n] if other)
                for n, batch in enumerate(batches)
            ]
            while len(self._units) > 2:
                self._units.popitem(last=False)
        return self._units[key]

    def _fitting(self, unit: int, context: int) -> list[Read]:
        shards = range(unit, unit + WINDOW)
        return [read for n in shards for read in self.shard(n) if self._fits(read, context)]

    def _fits(self, read: Read, context: int) -> bool:
        return len(read.source) <= context and len(read.target or ()) < self.longest

    def shard(self, number: int) -> list[Read]:
        """Generate the pairs of a shard, task by task, of any length."""
        if number not in self._read:
            found: list[Read] = []
            for name in self.shares:
                count = self._share(name, PAIRS)
                if name == SPANS:
                    found += self._pieces(_documents(self.shards, number))[:count]
                else:
                    found += self._encoded(name, self._pairs(name, number, count, "train"))
            self._read[number] = found
            while len(self._read) > 2 * WINDOW:
                self._read.popitem(last=False)
        return self._read[number]

    def _share(self, name: str, of: int) -> int:
        return max(1, round(self.shares[name] * of))

    def _pairs(self, name: str, shard: int, count: int, split: Split) -> tuple[tuple[str, str], ...]:
        return _told(name, self.spec.seed * _APART + shard * _STRIDE, count, split)

    def _encoded(self, name: str, told: tuple[tuple[str, str], ...]) -> list[Read]:
        sources = encoded((source for source, _ in told), self.tokenizer)
        targets = (self.tokenizer.encode(target, add_special_tokens=False) for _, target in told)
        return [Read(name, source, target) for source, target in zip(sources, targets, strict=True)]

    def _pieces(self, documents: Iterator[str]) -> list[Read]:
        """Cut documents into equal parts of at most `PIECE` ids."""
        found = []
        longest = min(PIECE, self.context)
        for ids in encoded(documents, self.tokenizer):
            parts = -(-len(ids) // longest)
            edges = [n * len(ids) // parts for n in range(parts + 1)]
            found += [ids[first:last] for first, last in pairwise(edges) if last - first >= _LEAST]
        return [Read(SPANS, ids, None) for ids in found]


def texts(spec: TrainSpec, shards: Shards, count: int) -> list[str]:
    """Generate sources and targets of the first `count` shards (at least one window), to learn a tokenizer from."""
    found: list[str] = []
    shares = mixture(spec.tasks)
    for number in range(max(WINDOW, count)):
        for name, share in shares.items():
            if name == SPANS:
                found += _documents(shards, number)
                continue
            seed = spec.seed * _APART + number * _STRIDE
            for pair in _told(name, seed, max(1, round(share * PAIRS)), "train"):
                found += pair
    return found


def _documents(shards: Shards, number: int) -> Iterator[str]:
    """Return the documents that unit `number` of a run of rows reads first."""
    return iter(shards.documents(shards.window(number)[0]))


@lru_cache(maxsize=64)
def _told(name: str, seed: int, count: int, split: Split) -> tuple[tuple[str, str], ...]:
    """Generate sources and targets, without the stories behind them; cached, as most runs have the same seed."""
    return tuple((pair.source, pair.target) for pair in islice(TASKS[name].pairs(seed, split), count))
