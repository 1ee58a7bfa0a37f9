"""Rows of a training run as a function of the spec and the step alone.

Unit u of a run reads a window of shards: their documents are shuffled, laid end to end and cut into rows, the rows are
shuffled, and a batch is a slice of them. So a run can resume at any step, and a step only slices.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import TYPE_CHECKING, Protocol

import numpy as np
import torch
from torch import Tensor

from core.data.batches import Ids, row_starts, streamed
from core.data.shards import WINDOW, Shards
from core.messages import say
from core.text.tokenizer import Tokenizer

if TYPE_CHECKING:
    from core.training.spec import TrainSpec

FEWEST = 8  # ids that can be trained on
_HELD_OUT_ROWS, _HELD_OUT_IDS = 64, 4096  # at least so many of both, where the text has them


class Source(Protocol):
    """Where ids come from."""

    def window(self, unit: int) -> list[int]:
        """Return the shards that a unit reads."""

    def ids(self, shard: int) -> list[Ids]:
        """Return the documents of a shard."""

    def held_out(self) -> Iterator[Ids]:
        """Return the held-out documents."""


class Encoded:
    """Shards of text through a tokenizer. Those of an endless corpus are kept while they are read."""

    def __init__(self, shards: Shards, tokenizer: Tokenizer) -> None:
        self.shards, self.tokenizer, self.end_id = shards, tokenizer, tokenizer.id("</s>")
        self._kept: OrderedDict[int, list[Ids]] = OrderedDict()

    def window(self, unit: int) -> list[int]:
        """See `Shards.window`."""
        return self.shards.window(unit)

    def ids(self, shard: int) -> list[Ids]:
        """Tokenize the documents of a shard, with an end token after each."""
        if shard not in self._kept:
            self._kept[shard] = streamed(self.shards.documents(shard), self.tokenizer, self.end_id)
            while self.shards.endless and len(self._kept) > 2 * WINDOW:
                self._kept.popitem(last=False)
        return self._kept[shard]

    def held_out(self) -> Iterator[Ids]:
        """Tokenize the held-out documents, a few at a time."""
        documents = self.shards.held_out()
        while some := list(islice(documents, 16)):
            yield from streamed(some, self.tokenizer, self.end_id)


class Given:
    """Ids made elsewhere: one long document to learn from, one held out."""

    def __init__(self, train: Sequence[int] | Ids, held_out: Sequence[int] | Ids) -> None:
        self._train, self._held_out = (np.asarray(ids, dtype=np.int32) for ids in (train, held_out))

    def window(self, unit: int) -> list[int]:
        """Return the only window."""
        return [0]

    def ids(self, shard: int) -> list[Ids]:
        """Return the one document."""
        return [self._train]

    def held_out(self) -> Iterator[Ids]:
        """Return the one held-out document."""
        return iter([self._held_out])


class Pool:
    """Batches of rows as a function of the step.

    Args:
        spec: batch_tokens, context, stages, seed.
        source: the ids.
        longest: the largest context that the model has room for.

    Raises:
        ValueError: the text has fewer than `FEWEST` ids.

    `notes` says in sentences what the text was too short for.
    """

    def __init__(self, spec: TrainSpec, source: Source, longest: int) -> None:
        self.spec, self.source = spec, source
        self.notes: list[str] = []
        self._rows: OrderedDict[tuple[int, int], Tensor] = OrderedDict()
        self._counts: dict[int, int] = {}
        self.tokens = sum(len(ids) for shard in source.window(0) for ids in source.ids(shard))
        if self.tokens < FEWEST:
            raise ValueError(
                say(
                    "the text is too short to train on: {tokens} tokens, and at least {fewest} are needed; bring "
                    "more text, or a tokenizer with smaller pieces",
                    tokens=self.tokens,
                    fewest=FEWEST,
                )
            )
        self._longest = min(longest, self.tokens - 1)
        self.context = self._fitting(spec.context or max(2, longest // 2))
        self._held_out: Tensor | None = None

    def batch(self, step: int) -> Tensor:
        """Return the rows of step 1, 2, ...: (B, T + 1) ids, each row overlapping the next by one id."""
        before, wished = self.spec.stage(step)
        context = self.context if wished is None else min(wished, self._longest)
        count = self._count(context)  # rows per unit
        size = min(max(1, self.spec.batch_tokens // context), count)
        unit, at = divmod((step - before - 1) * size, count)
        # A later stage continues where the previous one ended, as nearly as whole units allow.
        unit += -(-before * self.spec.batch_tokens // self.tokens)
        rows = self._unit(unit, context)
        if at + size <= min(count, len(rows)):
            return rows[at : at + size]
        more = torch.arange(at, min(at + size, count)) % len(rows)
        rest = size - len(more)
        return torch.cat([rows[more], self._unit(unit + 1, context)[:rest]]) if rest else rows[more]

    def held_out(self) -> Tensor:
        """Return the first rows of the held-out text: (N, T + 1), always the same; shorter where the text is."""
        if self._held_out is None:
            wanted = max(_HELD_OUT_ROWS, _HELD_OUT_IDS // self.context)
            found: list[Ids] = []
            total = 0
            for ids in self.source.held_out():
                found.append(ids)
                total += len(ids)
                if total > 2 * (wanted + 1) * (self.context + 1):  # enough, even if half is left out
                    break
            length = min(self.context, total - 1)
            starts = row_starts([len(ids) for ids in found], length)[:wanted]
            self._held_out = _cut(np.concatenate(found), starts, length)
        return self._held_out

    def _fitting(self, wished: int) -> int:
        if wished <= self._longest:
            return wished
        if self._longest == self.tokens - 1:
            self.notes.append(
                f"The text has {self.tokens:,} tokens, so rows are {self._longest:,} long, not {wished:,}."
            )
        else:
            self.notes.append(
                f"The model reads at most {self._longest:,} tokens: rows are so long, not {wished:,}."
            )
        return self._longest

    def _count(self, context: int) -> int:
        """Return the rows that every unit gives.

        One fewer than fit, as a unit may begin a little later in its first document.
        """
        if context not in self._counts:
            lengths = [len(ids) for shard in self.source.window(0) for ids in self.source.ids(shard)]
            self._counts[context] = max(1, len(row_starts(lengths, context)) - 1)
        return self._counts[context]

    def _unit(self, unit: int, context: int) -> Tensor:
        """Cut all rows of a unit in the order they are read: (rows, T + 1)."""
        key = (unit, context)
        if key not in self._rows:
            draw = np.random.default_rng([self.spec.seed, unit, context])
            documents = [ids for shard in self.source.window(unit) for ids in self.source.ids(shard)]
            documents = [documents[n] for n in draw.permutation(len(documents))]
            lengths = [len(ids) for ids in documents]
            room = min(context, sum(lengths) - context)
            first = int(draw.integers(room)) if lengths[0] > context and room > 1 else 0
            starts = draw.permutation(row_starts(lengths, context, first))
            self._rows[key] = _cut(np.concatenate(documents), starts, context)
            while len(self._rows) > 2:
                self._rows.popitem(last=False)
        return self._rows[key]


def _cut(ids: Ids, starts: np.ndarray, length: int) -> Tensor:
    windows = np.lib.stride_tricks.sliding_window_view(ids, length + 1)  # (positions, T + 1)
    return torch.from_numpy(windows[starts].astype(np.int64))
