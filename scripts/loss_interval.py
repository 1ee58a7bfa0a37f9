"""How sure a held-out loss is: 95 % by a bootstrap over the documents that it is a mean over.

Tokens of one text are alike, so the text is drawn again, not the token (Efron 1979): each draw takes as many documents
as there are, with replacement, and its loss is their nats over their tokens.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from core.data.batches import Ids, row_starts
from core.data.pairs import Pairs
from core.training import objectives
from core.training.loss import UNSCORED
from core.training.reading import Reading

HOW = "95 %, percentiles of a bootstrap over documents"
_DRAWS = 2_000
_AT_ONCE = 16  # rows in one pass


def interval(nats: Sequence[float], tokens: Sequence[int], seed: int = 0) -> tuple[float, float]:
    """95 % of sum(nats) / sum(tokens), in nats per token.

    Args:
        nats, tokens: of each document.

    Raises:
        ValueError: there is no document with a token.
    """
    sums, counts = np.asarray(nats, dtype=np.float64), np.asarray(tokens, dtype=np.int64)
    if not counts.sum():
        raise ValueError("there is no token to measure a loss on")
    sums, counts = sums[counts > 0], counts[counts > 0]
    draws = np.random.default_rng(seed).integers(0, len(sums), (_DRAWS, len(sums)))  # (draws, documents)
    low, high = np.percentile(sums[draws].sum(1) / counts[draws].sum(1), [2.5, 97.5])
    return float(low), float(high)


def held_out(model: nn.Module, reading: Reading) -> tuple[float, dict[str, Any]]:
    """The loss that a training calls held out, over the very rows and positions, and how sure it is.

    Returns:
        nats per token, and its interval as a card holds it: low, high, documents, tokens, how.
    """
    nats, tokens = by_document(model, reading)
    low, high = interval(nats.tolist(), tokens.tolist())
    return round(float(nats.sum() / tokens.sum()), 4), {
        "low": round(low, 4),
        "high": round(high, 4),
        "documents": int((tokens > 0).sum()),
        "tokens": int(tokens.sum()),
        "how": HOW,
    }


def by_document(model: nn.Module, reading: Reading) -> tuple[Tensor, Tensor]:
    """Nats, and tokens that score, of each held-out document: (documents,) each."""
    example, of = reading.held_out(), _documents(reading)
    size = int(of.max()) + 1
    nats, tokens = torch.zeros(size, dtype=torch.float64), torch.zeros(size, dtype=torch.int64)
    device = next(model.parameters()).device
    for first in range(0, len(example.inputs), _AT_ONCE):
        part = example.rows(first, first + _AT_ONCE).to(device)
        with torch.inference_mode():
            logits = objectives.logits(model, part).float()  # (B, T', V)
            losses = F.cross_entropy(
                logits.flatten(0, 1), part.targets.flatten(), ignore_index=UNSCORED, reduction="none"
            )
        scored = (part.targets != UNSCORED).flatten().cpu()
        where = of[first : first + _AT_ONCE].flatten()[scored]
        nats.index_add_(0, where, losses.cpu().double()[scored])
        tokens.index_add_(0, where, torch.ones_like(where))
    return nats, tokens


def _documents(reading: Reading) -> Tensor:
    """The number of the document that each target belongs to: (N, T')."""
    if isinstance(reading.pool, Pairs):
        targets = reading.held_out().targets
        return torch.arange(len(targets))[:, None].expand_as(targets)
    if reading.spec.objective not in ("next_token", "masked"):
        raise ValueError(f"targets of {reading.spec.objective} do not lie where their documents do")
    rows = reading.held_out_rows()  # (N, T + 1)
    count, length = len(rows), rows.shape[1] - 1
    found: list[Ids] = []
    total = 0
    for ids in reading.pool.source.held_out():
        found.append(ids)
        total += len(ids)
        if total > 2 * (count + 1) * (length + 1):  # as far as the rows were looked for (core/data/pool.py)
            break
    starts = row_starts([len(ids) for ids in found], length)[:count]
    places = starts[:, None] + np.arange(length + 1)  # (N, T + 1)
    assert np.array_equal(np.concatenate(found)[places], rows.numpy()), "these are not the rows measured"
    places = places[:, 1:] if reading.spec.objective == "next_token" else places[:, :-1]
    ends = np.cumsum([len(ids) for ids in found])
    return torch.from_numpy(np.searchsorted(ends, places, side="right"))
