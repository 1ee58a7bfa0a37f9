"""One model under several metrics on the same held-out characters: smooth ones, and one that seems to emerge suddenly.

Schaeffer, Miranda and Koyejo 2023, "Are Emergent Abilities of Large Language Models a Mirage?", section 2: where the
chance to get one token right grows smoothly with size, the chance to get k of them right in a row grows like its k-th
power: flat, then steep. Greedy decoding writes the very next k characters exactly where each of them is the likeliest
after the true ones before it, so that one pass over the text measures it at every position.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice

import numpy as np
import numpy.typing as npt
import torch
import torch.nn.functional as F
from torch import Tensor

from core.data import corpora
from core.data.batches import streamed
from core.language_model import LanguageModel

STORIES = 48  # number of held-out stories, the same for every model
LENGTHS = (1, 2, 4, 8, 16, 32)
BEFORE = 32  # minimum context in characters before the next k are predicted
DRAWS = 1_000
_AT_ONCE = 16  # rows per batch


@dataclass(frozen=True)
class Share:
    """An accuracy and its 95 % interval over stories."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Metrics:
    """The metrics of one model on the held-out stories.

    Attributes:
        loss: nats per character, with the interval over stories in `value`, `low`, `high`.
        right: the share of characters predicted greedily; the mean log p over the same ones: `log`.
        exact: how often the next k are all right, by k.
        asked: positions at which the next k characters were predicted; characters: those that `loss` is over.
    """

    loss: Share
    right: float
    log: float
    exact: dict[int, Share]
    asked: int
    characters: int


@dataclass(frozen=True)
class Rows:
    """Held-out text as rows of T + 1 ids, and the number of the story that each row is from."""

    ids: Tensor  # (N, T + 1)
    story: npt.NDArray[np.int64]  # (N,)


def rows(lm: LanguageModel, length: int, stories: int = STORIES) -> Rows:
    """Cut the first held-out stories into whole rows.

    Args:
        length: T, the characters predicted in a row.

    Raises:
        ValueError: no story is so long.
    """
    told = list(islice(corpora.corpus("tales", seed=0, split="held_out"), stories))
    found, of = [], []
    for number, ids in enumerate(streamed(told, lm.tokenizer, lm.tokenizer.id("</s>"))):
        for first in range(0, len(ids) - length, length):
            found.append(ids[first : first + length + 1].astype(np.int64))
            of.append(number)
    if not found:
        raise ValueError(f"no held-out story has rows of {length} characters: ask for shorter ones")
    return Rows(torch.from_numpy(np.stack(found)), np.array(of))


def measure(lm: LanguageModel, held_out: Rows, lengths: Sequence[int] = LENGTHS) -> Metrics:
    """Compute every metric of one model, from one pass over the rows.

    Raises:
        ValueError: the rows are too short for the longest answer.
    """
    length = held_out.ids.shape[1] - 1
    last = length - max(lengths)
    if last < BEFORE:
        raise ValueError(
            f"rows of {length} characters have no room for {BEFORE} before an answer of {max(lengths)}"
        )
    logs, hits = _scored(lm, held_out.ids)  # (N, T), (N, T)
    count = int(held_out.story.max()) + 1

    def by_story(values: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        found: npt.NDArray[np.float64] = np.bincount(held_out.story, values.sum(axis=1), count).astype(
            np.float64
        )
        return found

    ends = {k: _all_of(hits, k)[:, BEFORE : last + 1] for k in lengths}  # (N, starts) each
    starts = by_story(np.ones_like(ends[min(lengths)], dtype=np.float64))
    spread = _Draws(starts > 0)
    nats, characters = by_story(-logs), by_story(np.ones_like(logs))
    return Metrics(
        loss=spread.share(nats, characters),
        right=float(hits.mean()),
        log=float(logs.mean()),
        exact={k: spread.share(by_story(found.astype(np.float64)), starts) for k, found in ends.items()},
        asked=int(starts.sum()),
        characters=int(characters.sum()),
    )


def _scored(lm: LanguageModel, ids: Tensor) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.bool_]]:
    """Compute log p of every character after the first, and whether it is the likeliest: (N, T) each."""
    logs, hits = [], []
    for first in range(0, len(ids), _AT_ONCE):
        part = ids[first : first + _AT_ONCE].to(lm.device)
        with torch.inference_mode():
            scores = F.log_softmax(lm.transformer(part[:, :-1]).float(), dim=-1)  # (B, T, V)
        targets = part[:, 1:]
        logs.append(scores.gather(-1, targets[..., None])[..., 0].cpu())
        hits.append((scores.argmax(dim=-1) == targets).cpu())
    return torch.cat(logs).double().numpy(), torch.cat(hits).numpy()


def _all_of(hits: npt.NDArray[np.bool_], k: int) -> npt.NDArray[np.bool_]:
    """Return whether this and the next k - 1 are all right: (N, T) -> (N, T - k + 1)."""
    found: npt.NDArray[np.bool_] = np.all(np.lib.stride_tricks.sliding_window_view(hits, k, axis=1), axis=-1)
    return found


class _Draws:
    """Bootstrap draws of stories, the same for every metric."""

    def __init__(self, told: npt.NDArray[np.bool_]) -> None:
        self.told = np.flatnonzero(told)
        self.draws = np.random.default_rng(0).integers(0, len(self.told), (DRAWS, len(self.told)))

    def share(self, sums: npt.NDArray[np.float64], counts: npt.NDArray[np.float64]) -> Share:
        sums, counts = sums[self.told], counts[self.told]
        low, high = np.percentile(sums[self.draws].sum(1) / counts[self.draws].sum(1), [2.5, 97.5])
        return Share(float(sums.sum() / counts.sum()), float(low), float(high))
