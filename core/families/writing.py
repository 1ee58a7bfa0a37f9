"""Greedy generation by each architecture, token by token.

A decoder and an encoder-decoder are made for it: what is written is read, never changed, and the next token follows.
An encoder is not: here it gets a [MASK] behind the text, fills it, gets another behind that, and so on. This is one way
to generate with an encoder; repeated resampling of its tokens is another (Wang & Cho 2019).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from core.decoding.labels import wants
from core.decoding.reader import Reader
from core.decoding.warpers import forced
from core.families.predictions import guesses, sign_of, softmax
from core.training.examples import marks

if TYPE_CHECKING:
    from core.language_model import LanguageModel

Array = np.ndarray[Any, Any]
TOP = 5  # tokens kept of each step


@dataclass(frozen=True)
class Stroke:
    """One generated token: its id and probability, and the likeliest tokens with theirs."""

    id: int
    probability: float
    top: tuple[tuple[int, float], ...]


@dataclass(frozen=True, kw_only=True)
class Writing:
    """The text that a model generated after, or from, a text.

    read: (T,) ids of what it read at first. strokes: one a token. ended: it wrote an end token.
    positions: how many went through the model in all, without a cache: what writing so costs.
    crossing: (L, H, N, S), of an encoder-decoder: what each written token's row read of the source, block by block.
    regretted: of an encoder: which written tokens it would now, all others in place, no longer choose; now: (N,) what
        probability it gives them now. () of the others, whose past no later word reaches.
    """

    read: tuple[int, ...]
    strokes: tuple[Stroke, ...]
    ended: bool = False
    positions: int
    crossing: Array | None = None
    regretted: tuple[bool, ...] = ()
    now: tuple[float, ...] = ()

    @property
    def ids(self) -> tuple[int, ...]:
        """The tokens written."""
        return tuple(stroke.id for stroke in self.strokes)

    @property
    def different(self) -> int:
        """The number of different tokens among them."""
        return len(set(self.ids))


def _stroke(probabilities: Array, best: int) -> Stroke:
    order = [int(id) for id in np.argsort(-probabilities, kind="stable")[:TOP]]
    return Stroke(best, float(probabilities[best]), tuple((id, float(probabilities[id])) for id in order))


@torch.no_grad()
def write(lm: LanguageModel, ids: Sequence[int], count: int, after: Sequence[int] = ()) -> Writing:
    """Generate at most `count` tokens greedily, in the way of the architecture.

    Args:
        ids: (T,) the text, with the special tokens before it; an encoder-decoder reads all of it.
        after: special tokens that stay behind the text (an encoder's [SEP]).

    Raises:
        ValueError: a model that says no tokens, or no text.
        ContextTooLong: the text alone has more tokens than the context.
    """
    wants(lm, "lm")
    read = [*ids, *after]
    lm.encode(read)  # validates the request
    if lm.config.shape == "encoder":
        return _fill_behind(lm, list(ids), list(after), count)
    both = lm.config.shape == "encoder-decoder"
    start = marks(lm).specials.start_id
    written = [start] if both else read
    source = [torch.tensor([read], device=lm.device)] if both else []
    reader = None if both else Reader(lm, read)  # cached: earlier positions are not read again
    strokes: list[Stroke] = []
    first, positions = len(written), len(read) if both else 0
    while len(strokes) < count and len(written) < lm.config.n_ctx:
        row = torch.tensor([written], device=lm.device)
        logits = lm.transformer(*source, row)[:, -1] if reader is None else reader.logits()  # (1, V)
        best = int(forced(logits, row, lm.config.first_id).argmax())
        strokes.append(_stroke(softmax(logits[0]), best))
        positions += len(written)
        written = [*written, strokes[-1].id]
        if reader is not None:
            reader.extend(torch.tensor([[strokes[-1].id]], device=lm.device))
        if strokes[-1].id in lm.config.eos_ids:
            break
    ended = bool(strokes) and strokes[-1].id in lm.config.eos_ids
    crossing = crossed(lm, read, written[:-1]) if both and len(written) > first else None
    return Writing(
        read=tuple(read), strokes=tuple(strokes), ended=ended, positions=positions, crossing=crossing
    )


def crossed(lm: LanguageModel, source: Sequence[int], said: Sequence[int]) -> Array:
    """Compute what each row of a decoder reads of the source: (L, H, T', S), row t predicting token t + 1.

    One pass is enough: what is written later does not change an earlier row.

    Args:
        said: (T',) ids that the decoder reads, its start token first.
    """
    trace = lm.trace(list(source), list(said[1:]) or None)
    layers = range(lm.config.decoder_layers)
    found = torch.stack([trace[f"decoder.blocks.{i}.cross_attn.hook_pattern"] for i in layers])
    return found.float().cpu().numpy()


def _fill_behind(lm: LanguageModel, before: list[int], after: list[int], count: int) -> Writing:
    mask = sign_of(lm)
    assert mask is not None  # every supported encoder has a mask token
    written: list[int] = []
    strokes: list[Stroke] = []
    positions = 0
    room = lm.config.n_ctx - len(before) - len(after)
    for _ in range(min(count, room)):
        row = [*before, *written, mask, *after]
        place = len(before) + len(written)
        said = softmax(lm.transformer(torch.tensor([row], device=lm.device))[0, place])
        strokes.append(_stroke(said, int(said.argmax())))
        positions += len(row)
        written.append(strokes[-1].id)
    places = range(len(before), len(before) + len(written))
    again = guesses(lm, [*before, *written, *after], places)
    return Writing(
        read=(*before, *after),
        strokes=tuple(strokes),
        positions=positions,
        regretted=tuple(one.best != one.truth for one in again),
        now=tuple(float(one.probabilities[one.truth]) for one in again),
    )
