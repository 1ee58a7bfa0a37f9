"""Predictions of an encoder with a head of classes or spans.

A span's probability is that of its first token as the start times that of its last as the end, as the model was trained
to say them (Devlin et al. 2019, section 4.2). Starts and ends outside the context, and ends before their start, are no
answers; what probability the model gives them is missing from the sum over all answers.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import torch
from torch import Tensor

from core.decoding.options import whole_number
from core.trace import NoHead

if TYPE_CHECKING:
    from core.config import Head
    from core.language_model import LanguageModel, Text

_SAYS = {
    "lm": "says tokens",
    "sequence": "names a class of the whole text (classify)",
    "token": "names a class of each token (tag)",
    "span": "says where an answer starts and ends (answer)",
    "none": "says nothing",
}


class Tag(NamedTuple):
    """One token and its likeliest class; `offset`: its (first, past last) character, (0, 0) where none is known."""

    token: str
    label: str
    probability: float
    offset: tuple[int, int]


class Answer(NamedTuple):
    """A span of the context; `start`, `end`: its first and past its last character.

    first, last: its tokens, as positions of the row that the model read.
    """

    text: str
    probability: float
    start: int
    end: int
    first: int
    last: int


@torch.inference_mode()
def classify(lm: LanguageModel, text: Text) -> list[tuple[str, float]]:
    """Classify a text: every class with its probability, likeliest first.

    Raises:
        ValueError: the model has another head.
        ContextTooLong: more tokens than the context.
    """
    wants(lm, "sequence")
    chances = lm.transformer(*lm.batch(text))[0].float().softmax(-1)  # (C,)
    return sorted(zip(lm.config.labels, chances.tolist(), strict=True), key=lambda pair: -pair[1])


@torch.inference_mode()
def tag(lm: LanguageModel, text: Text) -> list[Tag]:
    """Classify each token; the special tokens around the text are left out.

    Raises:
        ValueError: the model has another head.
        ContextTooLong: more tokens than the context.
    """
    wants(lm, "token")
    (ids,) = lm.batch(text)
    likeliest = lm.transformer(ids)[0].float().softmax(-1).max(-1)  # (T,) twice
    where = lm.tokenizer.offsets(text) if isinstance(text, str) else [(0, 0)] * ids.shape[1]
    labels = [lm.config.labels[best] for best in likeliest.indices.tolist()]
    rows = zip(ids[0].tolist(), labels, likeliest.values.tolist(), where, strict=True)
    return [
        Tag(lm.tokenizer.display(id), label, chance, offset)
        for id, label, chance, offset in rows
        if id not in lm.special_ids
    ]


@torch.inference_mode()
def answer(
    lm: LanguageModel, question: str, context: str, *, n_best: int = 1, longest: int = 30
) -> list[Answer]:
    """Find the likeliest spans of the context that answer the question, best first; fewer where there are fewer.

    Args:
        longest: the most tokens an answer may have.

    Raises:
        ValueError: the model has another head, an empty question or context, or a number out of range.
        ContextTooLong: question and context have more tokens than the model's context.
    """
    wants(lm, "span")
    whole_number("n_best", n_best, 1, 1_000)
    whole_number("longest", longest, 1, 1_000_000)
    pair = lm.tokenizer.pair(question, context)
    for part, what in enumerate(("question", "context")):
        if part not in pair.parts:
            raise ValueError(f"the {what} has no tokens: write at least one character")
    ids = torch.tensor([lm.encode(pair.ids)], device=lm.device)
    types = torch.tensor([pair.types], device=lm.device) if lm.config.n_token_types > 1 else None
    start, end = lm.transformer(ids, token_types=types)[0].float().log_softmax(0).unbind(-1)  # (T,) twice
    inside = torch.tensor([part == 1 for part in pair.parts], device=lm.device)
    found = best_spans(start, end, inside, n_best=n_best, longest=longest)
    answers = []
    for first, last, log_p in found:
        begin, stop = pair.offsets[first][0], pair.offsets[last][1]
        begin += len(context[begin:stop]) - len(
            context[begin:stop].lstrip()
        )  # a token may begin with its space
        answers.append(Answer(context[begin:stop], math.exp(log_p), begin, stop, first, last))
    return answers


def best_spans(
    start: Tensor, end: Tensor, inside: Tensor, *, n_best: int = 1, longest: int = 30
) -> list[tuple[int, int, float]]:
    """Find the spans (first, last, start[first] + end[last]) of the largest sums, with first <= last, both inside.

    Args:
        start, end: (T,) scores of each position (their logarithms of probability, for a probability in the end).
        inside: (T,) bool, where an answer may lie.
        longest: the most positions of a span.
    """
    size = start.shape[0]
    length = (
        torch.arange(size, device=start.device)[None, :] - torch.arange(size, device=start.device)[:, None]
    )
    valid = (length >= 0) & (length < longest) & inside[:, None] & inside[None, :]  # (T, T): first, last
    sums = (start[:, None] + end[None, :]).masked_fill(~valid, -torch.inf).flatten()
    best = sums.topk(min(n_best, int(valid.sum())))
    return [
        (place // size, place % size, value)
        for place, value in zip(best.indices.tolist(), best.values.tolist(), strict=True)
    ]


def wants(lm: LanguageModel, *heads: Head) -> None:
    """Check that the model's head is one of `heads`.

    Raises:
        ValueError: it is another one; the message says what it says, and what is needed. NoHead: it has none.
    """
    if lm.config.head == "none" and "none" not in heads:
        raise NoHead(NoHead.of(lm.name))
    if lm.config.head not in heads:
        needed: Sequence[str] = [repr(head) for head in heads]
        raise ValueError(
            f"{lm.name} {_SAYS[lm.config.head]}: its head is {lm.config.head!r}, and {' or '.join(needed)} is needed"
        )
