"""Steps: the alternatives at each generated token, stored compactly and computed when needed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal, NamedTuple, overload

import torch
from torch import Tensor

Finished = Literal["end token", "length", "context"]

SHOWN = 100  # candidates kept for a step; enough for every usual top_k


@dataclass(frozen=True)
class Step:
    """One generated token.

    id, token: which, and as the vocabulary writes it.
    probability_before, probability_after: its probability as the model gave it, and after the warpers.
    log_prob: log(probability_before), natural.
    candidate_ids, candidate_probabilities: the tokens that the warpers kept, best first, with their probabilities
        after warping; at most `SHOWN` of them. n_kept: how many there were.
    finished: at the last token, why it is the last.
    """

    id: int
    token: str
    probability_before: float
    probability_after: float
    log_prob: float
    candidate_ids: tuple[int, ...] = field(repr=False)
    candidate_probabilities: tuple[float, ...] = field(repr=False)
    n_kept: int
    finished: Finished | None = None


class Facts(NamedTuple):
    """The numbers of N steps. ids, n_kept: (N,); log_before, log_after: (N,); candidates, log_candidates: (N, C)."""

    ids: Tensor
    log_before: Tensor
    log_after: Tensor
    candidates: Tensor
    log_candidates: Tensor
    n_kept: Tensor


@torch.inference_mode()
def facts(ids: Sequence[int], logits: Tensor, warped: Tensor) -> Facts:
    """Reduce the full scores of N steps, logits and warped (N, V), to the stored facts."""
    chosen = torch.tensor(ids, device=logits.device)[:, None]  # (N, 1)
    before = logits.log_softmax(-1)
    after = before if warped is logits else warped.log_softmax(-1)
    best = after.topk(min(SHOWN, after.shape[-1]))
    n_kept = (after > -torch.inf).sum(-1)
    log_before, log_after = (log.gather(-1, chosen)[:, 0] for log in (before, after))
    found = (chosen[:, 0], log_before, log_after, best.indices, best.values, n_kept)
    return Facts(*(numbers.cpu() for numbers in found))


class Block:
    """Consecutive steps of one text. Their facts are computed once, when first needed.

    Args:
        size: how many steps.
        work: gives their facts; let go of afterwards, with the scores that it holds.
    """

    def __init__(self, size: int, work: Callable[[], Facts]) -> None:
        self.size, self._work = size, work

    @cached_property
    def facts(self) -> Facts:
        """The numbers of the steps."""
        found = self._work()
        self._work = lambda: found
        return found


class Steps(Sequence[Step]):
    """The steps of one text. Behaves as a tuple of `Step`, created on access.

    Args:
        blocks: the text's steps, in order.
        token: from an id to the vocabulary's entry.
        finished: why the last step is the last.
    """

    def __init__(self, blocks: Sequence[Block], token: Callable[[int], str], finished: Finished) -> None:
        self._blocks, self._token, self._finished = blocks, token, finished
        self._places = [(block, row) for block in blocks for row in range(block.size)]

    def __len__(self) -> int:
        return len(self._places)

    @overload
    def __getitem__(self, index: int) -> Step: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[Step, ...]: ...
    def __getitem__(self, index: int | slice) -> Step | tuple[Step, ...]:
        places = range(len(self))[index]
        return self._step(places) if isinstance(places, int) else tuple(self._step(place) for place in places)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sequence) and tuple(self) == tuple(other)

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"Steps({len(self)})"

    def _step(self, place: int) -> Step:
        block, row = self._places[place]
        return step(block.facts, row, self._token, self._finished if place + 1 == len(self) else None)


def step(found: Facts, row: int, token: Callable[[int], str], finished: Finished | None) -> Step:
    """Build one row's `Step`."""
    id = int(found.ids[row])
    n_kept = int(found.n_kept[row])
    shown = slice(0, n_kept)
    return Step(
        id=id,
        token=token(id),
        probability_before=float(found.log_before[row].exp()),
        probability_after=float(found.log_after[row].exp()),
        log_prob=float(found.log_before[row]),
        candidate_ids=tuple(found.candidates[row, shown].tolist()),
        candidate_probabilities=tuple(found.log_candidates[row, shown].exp().tolist()),
        n_kept=n_kept,
        finished=finished,
    )
