"""The training examples of a run at each step: its rows, or its pairs of texts, as inputs and targets."""

from __future__ import annotations

import zlib

import torch
from torch import Tensor

from core.data.pairs import Pairs
from core.data.pool import Encoded, Pool, Source
from core.data.shards import Shards
from core.text.tokenizer import Tokenizer
from core.training import objectives, text_to_text
from core.training.objectives import Example, Specials
from core.training.preparation import longest_row
from core.training.spec import TrainSpec


class Reading:
    """The examples of `spec` as a function of the step.

    Args:
        shards: the corpus; source: ids to learn from instead (rows only). One of the two is given.

    Raises:
        ValueError: the text cannot be trained on.
    """

    def __init__(
        self, spec: TrainSpec, tokenizer: Tokenizer, shards: Shards | None, source: Source | None
    ) -> None:
        self.spec, self.specials = spec, Specials.of(tokenizer)
        self.pool: Pool | Pairs
        if spec.objective == "text_to_text":
            self.pool = Pairs(spec, shards or Shards(spec), tokenizer, longest_row(spec))
        else:
            if source is None:
                assert shards is not None
                source = Encoded(shards, tokenizer)
            self.pool = Pool(spec, source, longest_row(spec))
        self._starts = objectives.word_starts(tokenizer) if spec.whole_words else None

    def of_step(self, step: int) -> tuple[list[Example], int]:
        """Return the examples of step 1, 2, ..., in parts, and how many tokens are read for it."""
        if isinstance(self.pool, Pairs):
            reads = self.pool.batch(step)
            parts = text_to_text.examples(reads, self.spec, self.specials, self._drawn("mask", step))
            return parts, sum(read.tokens for read in reads)
        rows = self.pool.batch(step)
        return [self._example(rows, "mask", step)], rows.shape[0] * (rows.shape[1] - 1)

    def held_out(self) -> Example:
        """Return the held-out examples."""
        if isinstance(self.pool, Pairs):
            draw = self._drawn("held out", 0)
            return text_to_text.together(self.pool.held_out(), self.spec, self.specials, draw)
        return self._example(self.pool.held_out(), "held out", 0)

    def held_out_rows(self) -> Tensor:
        """Return the held-out rows of ids, (N, T + 1).

        Raises:
            ValueError: pairs of texts are no rows.
        """
        if isinstance(self.pool, Pairs):
            raise ValueError("this run reads pairs of texts, no rows: see held_out_example")
        return self.pool.held_out()

    def _drawn(self, purpose: str, step: int) -> torch.Generator:
        return torch.Generator().manual_seed(seed_of(self.spec.seed, purpose, step))

    def _example(self, rows: Tensor, purpose: str, step: int) -> Example:
        spec = self.spec
        if spec.objective == "next_token":
            return objectives.next_token(rows)
        rows, draw = rows[:, :-1], self._drawn(purpose, step)
        if spec.objective == "masked":
            starts = None if self._starts is None else self._starts[rows]
            return objectives.masked(
                rows, self.specials, rate=spec.mask_rate, generator=draw, whole_words=starts
            )
        return objectives.span_corruption(
            rows, self.specials, rate=spec.mask_rate, length=spec.span_length, generator=draw
        )


def seed_of(seed: int, purpose: str, step: int) -> int:
    """Derive a seed for one purpose at one step, so that no other state is needed."""
    return zlib.crc32(f"{seed} {purpose} {step}".encode())
