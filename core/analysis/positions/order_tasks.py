"""Tiny tasks that require the order of the tokens: copy, reverse, and which came first.

Rows of ids, drawn by a seed, with their answers; only the answer's ids are scored, not the prompt's.

    copy      ^ d a k b | d a k b     repeat the letters
    reverse   ^ d a k b | b k a d     say them backwards
    first     ^ d a k b | b a  a      of the two letters named, the one that came first
"""

from __future__ import annotations

import string
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, get_args

import torch
from torch import Tensor

from core.training.loss import UNSCORED
from core.training.objectives import Example

Task = Literal["copy", "reverse", "first"]
TASKS: tuple[Task, ...] = get_args(Task)
START, ASK, PAD = 0, 1, 2  # "^" begins a row, "|" ends what is given, the rest of a row is padding
LETTERS = string.ascii_lowercase + string.ascii_uppercase
D_VOCAB = 3 + len(LETTERS)
SHORTEST = 2  # minimum: a single letter has no order


@dataclass(frozen=True)
class Rows:
    """A batch of one task. N rows of up to T + 1 ids.

    Attributes:
        ids: (N, T + 1) int64, `PAD` behind the end of a row.
        scored: (N, T + 1) bool, True at the ids that answer.
        lengths: (N,) how many letters each row gives.
    """

    ids: Tensor
    scored: Tensor
    lengths: Tensor

    @property
    def example(self) -> Example:
        """Inputs and targets of a decoder (core.training.objectives): (N, T), -100 where nothing is scored."""
        inputs, targets = self.ids[:, :-1], self.ids[:, 1:]
        return Example(inputs, targets.where(self.scored[:, 1:], UNSCORED), torch.zeros_like(inputs).bool())


def rows(
    task: Task, lengths: Sequence[int], *, letters: int = len(LETTERS), generator: torch.Generator
) -> Rows:
    """Draw one row for each number of letters in `lengths`, with distinct random letters.

    Raises:
        ValueError: no such task, or a length below 2 or above the number of letters.
    """
    if task not in TASKS:
        raise ValueError(f"no task is called {task!r}: choose one of {', '.join(TASKS)}")
    if not 1 <= letters <= len(LETTERS):
        raise ValueError(f"letters={letters} must lie between 1 and {len(LETTERS)}")
    if wrong := [length for length in lengths if not SHORTEST <= length <= letters]:
        raise ValueError(
            f"a row of {wrong[0]} letters: letters of a row differ, so it has {SHORTEST} to {letters}"
        )
    count = torch.tensor(lengths)[:, None]  # (N, 1)
    drawn = torch.rand(len(lengths), letters, generator=generator).argsort(1) + 3  # (N, letters)
    place = torch.arange(max(size(task, length) for length in lengths))[None]  # (1, T + 1)
    behind = place - count - 2  # 0 at the first place behind the bar
    ids = _at(drawn, place - 1).where(place <= count, PAD)  # (N, T + 1)
    ids = ids.where(place != 0, START).where(behind != -1, ASK)
    if task == "first":
        asked = _pairs(count[:, 0], generator)  # (N, 2) two places
        letter = _at(drawn, torch.cat([asked, asked.amin(1, keepdim=True)], dim=1))  # (N, 3)
        ids = torch.where((behind >= 0) & (behind < 3), _at(letter, behind), ids)
        scored = behind == 2
    else:
        scored = (behind >= 0) & (behind < count)  # (N, T + 1)
        ids = torch.where(scored, _at(drawn, behind if task == "copy" else count - 1 - behind), ids)
    return Rows(ids, scored, count[:, 0])


def size(task: Task, length: int) -> int:
    """Return the number of ids of a row with `length` letters."""
    return 2 + length + (3 if task == "first" else length)


def batches(
    task: Task, longest: int, *, letters: int = len(LETTERS), count: int = 64, seed: int = 0
) -> Iterator[Rows]:
    """Yield endless batches of `count` rows, each of 2 to `longest` letters, every length equally likely."""
    draw = torch.Generator().manual_seed(seed)
    while True:
        lengths = torch.randint(SHORTEST, longest + 1, (count,), generator=draw)
        yield rows(task, lengths.tolist(), letters=letters, generator=draw)


def written(ids: Sequence[int]) -> str:
    """Format a row: "^ d a k b | d a k b"; padding is left out."""
    return " ".join("^|"[id] if id < PAD else LETTERS[id - 3] for id in ids if id != PAD)


def exact(logits: Tensor, batch: Rows) -> Tensor:
    """Return (N,) bool: whether the likeliest id is right at every answer position of a row.

    The right answers so far stand in the row, yet this is what greedy decoding would write: it reads the same ids as
    long as it is right, and one wrong id ends the match.

    Args:
        logits: (N, T, V) for `batch.example.inputs`.
    """
    right = logits.argmax(-1) == batch.ids[:, 1:]
    return (right | ~batch.scored[:, 1:]).all(1)


def _at(values: Tensor, places: Tensor) -> Tensor:
    """Gather values (N, M) at indices (N or 1, K); an index out of range is clamped, and its value unused."""
    places = places.clamp(0, values.shape[1] - 1).expand(len(values), -1)
    return values.gather(1, places)  # (N, K)


def _pairs(count: Tensor, generator: torch.Generator) -> Tensor:
    """Draw (N, 2): two different positions below each count, every ordered pair equally likely."""
    draw = torch.rand(len(count), 2, generator=generator)
    one, other = (draw[:, 0] * count).long(), (draw[:, 1] * (count - 1)).long()
    return torch.stack([one, other + (other >= one)], dim=1)
