"""Documents to batches: rows of ids, each beginning where a document begins, packed until the row is full."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice

import torch
from torch import Tensor
from torch.utils.data import IterableDataset

from core.text.tokenizer import Tokenizer

_AT_ONCE = 64  # documents a tokenizer call: it works on them in parallel, and the call's own cost is shared


class Rows(IterableDataset[Tensor]):
    """Endless rows of `length` + 1 ids: document, end token, next document, ... cut where the row is full.

    Every row starts with a document's first token, as every text does that the model will later read.
    """

    def __init__(
        self, documents: Iterable[str], tokenizer: Tokenizer, length: int, end_id: int | None
    ) -> None:
        super().__init__()
        self.documents, self.tokenizer, self.length = documents, tokenizer, length
        self.end = [] if end_id is None else [end_id]

    def __iter__(self) -> Iterator[Tensor]:
        row: list[int] = []
        for ids in encoded(self.documents, self.tokenizer):
            row += [*ids, *self.end]
            if len(row) > self.length:
                yield torch.tensor(row[: self.length + 1])
                row = []


def encoded(documents: Iterable[str], tokenizer: Tokenizer) -> Iterator[list[int]]:
    """The ids of each document, in order."""
    source = iter(documents)
    while batch := list(islice(source, _AT_ONCE)):
        for encoding in tokenizer.raw.encode_batch_fast(batch):
            yield encoding.ids
