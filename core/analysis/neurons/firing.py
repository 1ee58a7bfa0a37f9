"""Activation frequencies: how often and how strongly each neuron fires over a sample of text; dead and always-on ones.

A neuron fires at a token when its pre-activation is above 0. For relu and squared relu that is the same as post > 0.
gelu and silu are not exactly 0 below 0 (at least -0.17 and -0.28), so the sign of the pre-activation decides there,
too; in a gated layer it is the gate's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor

from core.analysis.stacks import Half, Stack
from core.hooks import recording
from core.messages import later, mark
from core.model.transformer import EncoderDecoder
from core.verdict_rule import Rule

if TYPE_CHECKING:
    from core.language_model import LanguageModel

Array = np.ndarray[Any, Any]

ALWAYS = 0.95  # share of the tokens from which a neuron is always on
RARE = 0.001  # share up to which it is rare; a dead one fires nowhere in the sample
AT_ONCE = 2**24  # numbers of one kind in one pass: tokens * L * F
SHORT = 16  # minimum tokens that a text counts for, so that a pass has not too many rows


@dataclass(frozen=True)
class Firing:
    """L blocks of F neurons over a sample.

    Attributes:
        share: (L, F) of the tokens at which the neuron fires.
        mean: (L, F) of post, over all tokens. most: (L, F) the largest post.
        tokens: how many were read.
    """

    share: Array
    mean: Array
    most: Array
    tokens: int

    @property
    def dead(self) -> Array:
        """(L, F) bool: fires at no token of the sample. A very rare neuron may look dead (see `unseen`)."""
        return self.share == 0

    @property
    def rare(self) -> Array:
        """(L, F) bool: fires, but at no more than `RARE` of the tokens."""
        return (self.share > 0) & (self.share <= RARE)

    @property
    def always_on(self) -> Array:
        """(L, F) bool: fires at `ALWAYS` of the tokens or more."""
        return self.share >= ALWAYS

    def spread(self, bins: int = 25) -> Array:
        """Count the neurons of each block by firing frequency: (L, bins), from 0 to 1/bins of the tokens, and so on."""
        return np.stack([np.histogram(row, bins=bins, range=(0.0, 1.0))[0] for row in self.share])

    @property
    def unseen(self) -> float:
        """The share of tokens that a dead neuron may yet fire at, with 95 % confidence: 3 / tokens (the rule of three,
        Hanley & Lippman-Hand 1983), were the tokens independent; those of one story are not quite."""
        return 3 / self.tokens


def firing(
    lm: LanguageModel,
    texts: Iterable[Sequence[int]],
    *,
    stack: Stack | None = None,
    progress: Callable[[int], None] | None = None,
) -> Firing:
    """Measure how often every neuron of a stack fires over some texts.

    Args:
        texts: ids, each text as the model reads one; what is longer than the context is cut, an empty one left out.
        stack: "encoder" of an encoder-decoder reads the texts; its decoder has no text of its own to read.
        progress: called with the number of tokens read so far.

    Raises:
        ValueError: no token at all, no such stack, or the decoder of an encoder-decoder.
    """
    fired = total = most = None
    tokens = 0
    for batch in passes(lm, texts, stack):
        pre, post = batch.pre[:, batch.real], batch.post[:, batch.real]  # (L, N, F) each
        now = (pre > 0).sum(1), post.sum(1, dtype=torch.float64), post.amax(1)
        if fired is None or total is None or most is None:
            fired, total, most = now
        else:
            fired, total, most = fired + now[0], total + now[1], torch.maximum(most, now[2])
        tokens += pre.shape[1]
        if progress is not None:
            progress(tokens)
    if fired is None or total is None or most is None:
        raise ValueError("the sample has no tokens: give at least one text")
    return Firing(
        share=(fired.double() / tokens).cpu().numpy(),
        mean=(total / tokens).cpu().numpy(),
        most=most.float().cpu().numpy(),
        tokens=tokens,
    )


@dataclass(frozen=True)
class Pass:
    """Some texts in one pass of B rows, padded behind.

    Attributes:
        numbers: of the B texts, counted from 0. ids: (B, T), real: (B, T) bool, False at padding.
        pre, post: (L, B, T, F).
    """

    numbers: tuple[int, ...]
    ids: Tensor
    real: Tensor
    pre: Tensor
    post: Tensor


def passes(lm: LanguageModel, texts: Iterable[Sequence[int]], stack: Stack | None = None) -> Iterator[Pass]:
    """Run the texts through a stack in batches of similar length, and yield the neurons' activations.

    Raises:
        ValueError: as `firing`.
    """
    half = _reader(lm, stack)
    names = [f"{half.prefix}blocks.{layer}.mlp." for layer in range(len(half.stack.blocks))]
    wanted = [name + hook for name in names for hook in ("hook_pre", "hook_post")]
    room = AT_ONCE // (len(names) * lm.config.mlp_size)
    for rows in _grouped(texts, lm.config.n_ctx, room):
        longest = max(len(ids) for _, ids in rows)
        ids = torch.zeros(len(rows), longest, dtype=torch.long)
        real = torch.zeros(len(rows), longest, dtype=torch.bool)
        for at, (_, row) in enumerate(rows):
            ids[at, : len(row)] = torch.tensor(row)
            real[at, : len(row)] = True
        ids, real = ids.to(lm.device), real.to(lm.device)
        with torch.inference_mode(), recording(wanted) as seen:
            # Padding after a text is not visible to a causal stack's earlier tokens.
            half.stack(ids, mask=None if half.stack.causal or bool(real.all()) else real)
        pre, post = (torch.stack([seen[name + hook] for name in names]) for hook in ("hook_pre", "hook_post"))
        yield Pass(tuple(number for number, _ in rows), ids, real, pre, post)


def _reader(lm: LanguageModel, stack: Stack | None) -> Half:
    """Return the stack that reads a text by itself."""
    if isinstance(lm.transformer, EncoderDecoder) and stack == "decoder":
        raise ValueError("the decoder of an encoder-decoder reads no text by itself: take its encoder")
    half = Half.of(lm, "encoder" if isinstance(lm.transformer, EncoderDecoder) else stack)
    if not len(half.stack.blocks):
        raise ValueError(f"{lm.name} has no blocks, so it has no neurons")
    return half


def _grouped(
    texts: Iterable[Sequence[int]], longest: int, room: int
) -> Iterator[list[tuple[int, list[int]]]]:
    """Group texts: (number, ids) of `room` tokens with their padding, or a single text."""
    held: list[tuple[int, list[int]]] = []
    width = 0
    for number, text in enumerate(texts):
        ids = list(text)[:longest]
        if not ids:
            continue
        wider = max(width, len(ids), SHORT)
        if held and wider * (len(held) + 1) > room:
            yield held
            held, wider = [], max(len(ids), SHORT)
        held.append((number, ids))
        width = wider
    if held:
        yield held


RULE = Rule(
    mark("A neuron: “dead”, “rare”, “always on”"),
    mark("The share of the tokens read at which it fires (its pre-activation is above 0)."),
    later(
        "Dead: at none. Rare: at most {rare} of them. Always on: {always} or more.",
        rare=f"{RARE:g}",
        always=f"{ALWAYS:g}",
    ),
    mark(
        "The tokens of your text, or of the sample that was read: their number stands beside the verdict. A neuron "
        "that fired at none of n may yet fire at 3 / n of all tokens (95 %)."
    ),
    mark("None: with thousands of neurons some look dead that are not; a longer sample tells."),
    mark("The rule of three: Hanley & Lippman-Hand 1983"),
    firing,
)
