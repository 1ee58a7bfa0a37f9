"""LoRA training of a large model on a few lines, one line per step: its own weights stay frozen and are shared.

Twenty lines of twenty tokens, five times over, are seconds of work even with 135 million weights, since only the thin
matrices have gradients kept (Hu et al. 2021, section 4.2).
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F

from core.language_model import LanguageModel
from core.messages import say
from core.model.transformer import Transformer
from core.training.adapters import Adapter, Lora
from core.training.lora import adapt, adapter_of, learning

MOST_LINES, MOST_TOKENS, PASSES = 20, 32, 5
RATE = 2e-3  # Adam's rate
LONGEST = 120.0  # maximum seconds of a run
_BACK = 3.0  # a step's duration in forward passes, before a step has been timed


@dataclass(frozen=True)
class Lesson:
    """One step: a line read once, with the mean loss of its tokens in nats; the adapter is the last step's."""

    at: int
    of: int
    loss: float
    adapter: Adapter | None = None


@dataclass(frozen=True)
class Guess:
    """The model's next-token prediction, the likeliest first: token texts and probabilities."""

    tokens: tuple[str, ...]
    probabilities: tuple[float, ...]


def read_lines(lm: LanguageModel, text: str) -> list[list[int]]:
    """Tokenize each line, without blank ones.

    Raises:
        ValueError: no line, too many, or one that is too long or has a single token; the message names it.
    """
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    if not lines:
        raise ValueError(say("There is no line to learn: write one a line."))
    if len(lines) > MOST_LINES:
        raise ValueError(
            say(
                "These are {count} lines; {most} are learned at most. Take some out.",
                count=len(lines),
                most=MOST_LINES,
            )
        )
    rows = [lm.tokenizer.encode(line) for line in lines]
    for line, ids in zip(lines, rows, strict=True):
        if len(ids) > MOST_TOKENS:
            raise ValueError(
                say(
                    "“{line}…” has {count} tokens; {most} are read at most. Shorten it.",
                    line=line[:40],
                    count=len(ids),
                    most=MOST_TOKENS,
                )
            )
        if len(ids) < 2:
            raise ValueError(say("“{line}” is a single token: there is nothing to predict in it.", line=line))
    return rows


def teach(
    lm: LanguageModel, rows: Sequence[Sequence[int]], lora: Lora, passes: int = PASSES, seed: int = 0
) -> Iterator[Lesson]:
    """Train on the lines, in an order drawn anew for each pass, step by step; the model itself is not changed.

    Raises:
        ValueError: as `core.training.lora.adapt`, or no decoder.
    """
    model = lm.transformer
    if not isinstance(model, Transformer) or lm.config.shape != "decoder" or lm.config.head != "lm":
        raise ValueError(f"{lm.name} writes nothing on: lines are learned by a decoder")
    adapted = adapt(model, lora, seed)
    optimizer = torch.optim.Adam([value for _, value in learning(adapted)], lr=RATE)
    draw = torch.Generator().manual_seed(seed)
    order = [int(at) for _ in range(passes) for at in torch.randperm(len(rows), generator=draw)]
    for at, row in enumerate(order):
        ids = torch.tensor([list(rows[row])], device=lm.device)
        with torch.enable_grad():
            loss = F.cross_entropy(adapted(ids)[0, :-1], ids[0, 1:])
            optimizer.zero_grad()
            loss.backward()
        optimizer.step()
        done = at + 1 == len(order)
        yield Lesson(at + 1, len(order), float(loss.detach()), adapter_of(adapted) if done else None)


@torch.no_grad()
def seconds(lm: LanguageModel, rows: Sequence[Sequence[int]], passes: int = PASSES) -> float:
    """Estimate the duration of `teach` on this machine, from one forward pass of the longest line, timed now."""
    longest = max(rows, key=len)
    ids = torch.tensor([list(longest)], device=lm.device)
    lm.transformer(ids)  # the first pass reads the weights from disk
    begun = time.perf_counter()
    lm.transformer(ids)
    once = time.perf_counter() - begun
    return _BACK * once * passes * len(rows)


@torch.no_grad()
def says(lm: LanguageModel, text: str, adapter: Adapter | None = None, most: int = 5) -> Guess:
    """Predict the next token, with or without an adapter.

    Raises:
        ValueError: no text, or one that is longer than a line may be.
    """
    ids = lm.tokenizer.encode(text)
    if not ids:
        raise ValueError(say("There is nothing to go on from: write the beginning of a line."))
    if len(ids) > MOST_TOKENS:
        raise ValueError(
            say(
                "What it is asked has {count} tokens; {most} are read at most. Shorten it.",
                count=f"{len(ids):,}",
                most=MOST_TOKENS,
            )
        )
    model = lm.transformer if adapter is None else adapt(lm.transformer, adapter)
    sure = model(torch.tensor([ids], device=lm.device))[0, -1].softmax(-1)
    best = sure.topk(min(most, sure.numel()))
    return Guess(
        tuple(lm.tokenizer.display(int(id)) for id in best.indices), tuple(float(p) for p in best.values)
    )
