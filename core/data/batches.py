"""From documents to ids, and from ids to rows of a batch."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice

import numpy as np
from numpy.typing import NDArray

from core.text.tokenizer import Tokenizer

Ids = NDArray[np.int32]

_AT_ONCE = 64  # documents per tokenizer call: the call runs in parallel, and its overhead is shared


def encoded(documents: Iterable[str], tokenizer: Tokenizer) -> Iterator[list[int]]:
    """Yield the ids of each document, in order."""
    source = iter(documents)
    while batch := list(islice(source, _AT_ONCE)):
        for encoding in tokenizer.raw.encode_batch_fast(batch):
            yield encoding.ids


def streamed(documents: Iterable[str], tokenizer: Tokenizer, end_id: int | None) -> list[Ids]:
    """Yield the ids of each document, followed by the end token."""
    end = [] if end_id is None else [end_id]
    return [np.array([*ids, *end], dtype=np.int32) for ids in encoded(documents, tokenizer)]


def row_starts(lengths: Sequence[int], length: int, first: int = 0) -> NDArray[np.int64]:
    """Compute where rows of `length` + 1 ids begin in concatenated documents, the first row at `first`.

    A row begins where the one before ended (their one common id is a target, then an input). But where a document no
    longer than a row was cut, its rest is left out and the next row begins with the next document: so where documents
    are short each row begins one, as every text does that the model will later read.

    Returns:
        (rows,) positions; empty where the documents hold fewer than `length` + 1 ids.
    """
    edges = np.concatenate([[0], np.cumsum(lengths, dtype=np.int64)])  # (documents + 1,)
    last = int(edges[-1]) - length - 1
    if last < first:
        return np.zeros(0, dtype=np.int64)
    if min(lengths) > length:
        return np.arange(first, last + 1, length, dtype=np.int64)
    begins = edges.tolist()
    found, at = [], first
    while at <= last:
        found.append(at)
        end = at + length
        document = bisect_right(begins, end) - 1
        cut = begins[document] < end and begins[document + 1] - begins[document] <= length
        at = begins[document + 1] if cut else end
    return np.array(found, dtype=np.int64)
