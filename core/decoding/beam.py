"""Beam search: keep the B most probable hypotheses, scored as whole texts.

Graves 2012, section 3 (the idea); the length penalty, the end tokens and the three ways to stop are those of
`transformers`, so that ids and scores are too.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

from core.decoding.options import DecodingOptions
from core.decoding.reader import Reader
from core.decoding.steps import Facts
from core.decoding.warpers import forced, repetition_penalty

_SHOWN = 20  # candidates per step kept to show the winner's steps


@dataclass(frozen=True, slots=True)
class _Layer:
    """The best candidates of every running hypothesis at one step: ids, log_before, log_after are (B, C)."""

    ids: Tensor
    log_before: Tensor
    log_after: Tensor


@dataclass(
    slots=True, eq=False
)  # not frozen: a search makes thousands, and that would triple the cost of each
class Node:
    """A token in the tree of hypotheses: its text is the path from the root.

    log_prob: of the whole path, as searched.
    """

    parent: Node | None
    id: int
    log_prob: float
    layer: _Layer
    row: int  # index of the hypothesis that it continues
    place: int  # index of the candidate

    def path(self) -> list[Node]:
        """Return the tokens from the first new one to this one."""
        nodes = list(self._upwards())
        return nodes[::-1]

    def _upwards(self) -> Iterator[Node]:
        node: Node | None = self
        while node is not None:
            yield node
            node = node.parent


@dataclass(frozen=True, slots=True)
class Hypothesis:
    """A finished hypothesis: its last token, and log p / tokens ** length_penalty."""

    score: float
    last: Node


def search(
    reader: Reader, options: DecodingOptions, stop_ids: Collection[int], limit: int
) -> list[Hypothesis]:
    """Search for the best finished texts, at most n_beams, best first.

    Args:
        limit: the most new tokens; texts that reach it count as finished.
    """
    width = options.n_beams
    running: list[Node] = []
    finished: list[Hypothesis] = []
    for length in range(1, limit + 1):
        # enough candidates that `width` hypotheses continue, whichever end
        candidates = _candidates(reader, running, options, (1 + max(1, len(stop_ids))) * width)
        ending = [node.id in stop_ids or length == limit for node in candidates]
        penalty = length**options.length_penalty
        # A hypothesis may end only if its end token is among the best `width`.
        new = [
            Hypothesis(node.log_prob / penalty, node)
            for node, ends in zip(candidates[:width], ending)
            if ends
        ]
        finished = sorted([*finished, *new], key=lambda text: -text.score)[:width]
        running = [node for node, ends in zip(candidates, ending) if not ends][:width]
        if not running or (
            len(finished) == width and not _worth_it(running[0], finished, options, length, limit)
        ):
            break
        _advance(reader, running)
    return finished


def _worth_it(
    best: Node, finished: list[Hypothesis], options: DecodingOptions, length: int, limit: int
) -> bool:
    """Return whether the best running hypothesis may still beat the worst of a full set of finished ones."""
    if options.early_stopping is True:
        return False
    # "never" assumes the length with the best score; False the present length.
    longest = limit if options.early_stopping == "never" and options.length_penalty > 0 else length
    return best.log_prob / longest**options.length_penalty > finished[-1].score


@torch.inference_mode()
def _candidates(reader: Reader, running: list[Node], options: DecodingOptions, count: int) -> list[Node]:
    """Find the `count` best one-token continuations of all hypotheses, best first; fewer where fewer are possible."""
    log_before = reader.logits().log_softmax(-1)  # (B, V)
    log_after = repetition_penalty(log_before, reader.ids, options.repetition_penalty)
    log_after = forced(log_after, reader.ids, reader.first_id)
    best = log_after.topk(
        min(max(count, _SHOWN), log_after.shape[-1])
    )  # (B, C): no hypothesis can contribute more than `count`
    before = best.values if log_after is log_before else log_before.gather(-1, best.indices)
    layer = _Layer(best.indices, before, best.values)
    so_far = torch.tensor(
        [[node.log_prob] for node in running] or [[0.0]], device=log_before.device
    )  # (B, 1)
    totals, flat = (best.values + so_far).flatten().topk(min(count, best.values.numel()))
    ids = best.indices.take(flat)
    nodes = []
    for log_prob, position, id in zip(totals.tolist(), flat.tolist(), ids.tolist()):
        if log_prob == -math.inf:  # no end token: the model always generates another token here
            break
        row, place = divmod(position, best.indices.shape[1])
        nodes.append(Node(running[row] if running else None, id, log_prob, layer, row, place))
    return nodes


def _advance(reader: Reader, running: list[Node]) -> None:
    """Extend the reader by the tokens of the running hypotheses."""
    device = reader.ids.device
    order = [node.row for node in running]
    # each hypothesis continues by one token in place: nothing to reorder
    same = order == list(range(len(reader.ids)))
    rows = None if same else torch.tensor(order, device=device)
    reader.extend(torch.tensor([[node.id] for node in running], device=device), rows)


@torch.inference_mode()
def facts(last: Node) -> Facts:
    """Collect the steps of the hypothesis that ends in `last`."""
    path = last.path()
    ids = torch.tensor([node.id for node in path])
    shown = min(node.layer.ids.shape[1] for node in path)
    before = torch.stack([node.layer.log_before[node.row, node.place] for node in path]).cpu()
    after = torch.stack([node.layer.log_after[node.row, node.place] for node in path]).cpu()
    candidates = torch.stack([node.layer.ids[node.row, :shown] for node in path]).cpu()
    log_candidates = torch.stack([node.layer.log_after[node.row, :shown] for node in path]).cpu()
    return Facts(ids, before, after, candidates, log_candidates, torch.full((len(path),), shown))
