"""Token-by-token decoding: greedy and sampling."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import NamedTuple

import torch
from torch import Tensor

from core.decoding.options import DecodingOptions
from core.decoding.reader import Reader
from core.decoding.warpers import warp


class Choice(NamedTuple):
    """A token with the scores it was chosen by: logits (V,) as the model gave them, warped (V,) as they were used."""

    id: int
    logits: Tensor
    warped: Tensor


def greedy(scores: Tensor) -> Tensor:
    """Choose the best token, the first of ties: (B, V) -> (B, 1)."""
    return scores.argmax(-1, keepdim=True)


def sample(scores: Tensor, draw: torch.Generator) -> Tensor:
    """Sample a token by its probability: (B, V) -> (B, 1)."""
    return torch.multinomial(scores.softmax(-1), 1, generator=draw)


def generator(seed: int | None, device: torch.device) -> torch.Generator:
    """Create a separate random generator, so that the global one is not used. seed None: a random seed."""
    draw = torch.Generator(device)
    if seed is None:
        draw.seed()
    else:
        draw.manual_seed(seed)
    return draw


def choices(
    reader: Reader, options: DecodingOptions, stop_ids: Collection[int], limit: int
) -> Iterator[Choice]:
    """Yield at most `limit` tokens; the last is an end token if one came."""
    draws = options.strategy == "sample" and options.temperature > 0
    draw = generator(options.seed, reader.ids.device) if draws else None
    for count in range(limit):
        choice, token = _choose(reader, options, draw)
        yield choice
        if choice.id in stop_ids or count + 1 == limit:
            return
        reader.extend(token)


def _choose(reader: Reader, options: DecodingOptions, draw: torch.Generator | None) -> tuple[Choice, Tensor]:
    logits = reader.logits()  # (1, V)
    warped = warp(logits, reader.ids, options, reader.first_id)
    token = greedy(warped) if draw is None else sample(warped, draw)  # (1, 1)
    row = logits[0]
    return Choice(int(token), row, row if warped is logits else warped[0]), token
