"""`generate` and `stream`: continue a text."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING, Any

import torch

from core.decoding import beam, sequential
from core.decoding.options import DecodingOptions
from core.decoding.reader import Reader
from core.decoding.steps import Block, Facts, Finished, Step, Steps, facts, step
from core.decoding.written import written

if TYPE_CHECKING:
    from core.language_model import LanguageModel

__all__ = ["Beam", "DecodingOptions", "Generation", "Step", "generate", "stream"]

_TOGETHER = 64  # steps whose facts are computed at once
_HELD = (
    2**18
)  # scores that a block of steps may keep until its facts are needed; with more, they are computed at once


@dataclass(frozen=True)
class Beam:
    """One finished text of a beam search; the fields are those of `Generation`."""

    ids: list[int]
    tokens: list[str]
    text: str
    steps: Sequence[Step] = field(repr=False)
    finished: Finished
    score: float


@dataclass(frozen=True)
class Generation:
    """A generated text.

    ids, tokens, text: the new tokens only. An end token is the last of ids and tokens; text leaves special tokens out.
    prompt_ids: what it read, special tokens included (an encoder-decoder's encoder read it).
    steps: one `Step` a token.
    finished: "end token", "length" (max_new_tokens are written) or "context" (no position is left).
    beams: the finished texts of a beam search, best first (the first is this one); otherwise empty.
    """

    ids: list[int]
    tokens: list[str]
    text: str
    prompt_ids: list[int]
    steps: Sequence[Step] = field(repr=False)
    finished: Finished
    beams: tuple[Beam, ...] = field(default=(), repr=False)

    @property
    def scores(self) -> list[float]:
        """log p / tokens ** length_penalty of each beam, best first; empty without a beam search."""
        return [beam.score for beam in self.beams]

    @property
    def score(self) -> float | None:
        """The best beam's score; None without a beam search."""
        return self.beams[0].score if self.beams else None


class _Task:
    """A validated request: the model, the prompt's ids, the options, and the two length limits."""

    def __init__(
        self, lm: LanguageModel, prompt: str | Sequence[int], special: bool, options: DecodingOptions
    ) -> None:
        self.lm, self.options = lm, options
        self.prompt_ids = lm.encode(prompt, add_special_tokens=special)
        self.stop_ids = lm.config.eos_ids if options.stop_ids is None else options.stop_ids
        if wrong := [id for id in self.stop_ids if id >= lm.config.d_vocab]:
            raise ValueError(
                f"stop_ids: {wrong[0]} lies outside the vocabulary, 0 to {lm.config.d_vocab - 1}"
            )
        self.reader = Reader(lm, self.prompt_ids, use_cache=options.use_cache)
        self.limit = min(options.max_new_tokens, self.reader.room)

    def choices(self) -> Iterator[sequential.Choice]:
        return sequential.choices(self.reader, self.options, self.stop_ids, self.limit)

    def finished(self, last: int | None) -> Finished:
        """Return why a text whose last new token is `last` has ended."""
        if last in self.stop_ids:
            return "end token"
        return "length" if self.limit == self.options.max_new_tokens else "context"

    def told(self, ids: list[int], blocks: Sequence[Block]) -> dict[str, Any]:
        """Return the fields of a single generated text."""
        finished = self.finished(ids[-1] if ids else None)
        return {
            "ids": ids,
            "tokens": self.lm.tokens(ids),
            "text": written(self.lm, self.prompt_ids, ids),
            "steps": Steps(blocks, self.lm.tokenizer.token, finished),
            "finished": finished,
        }


def generate(
    lm: LanguageModel, prompt: str | Sequence[int], *, add_special_tokens: bool = True, **options: Any
) -> Generation:
    """Continue a text: greedily, 40 tokens at most, unless told otherwise.

    Ids, and the scores of a beam search, are those of `transformers`' generate with the same options. It stops after an
    end token, which is kept in `.ids`, after max_new_tokens, or when the context is full, and records which.
    Interventions that are active around the call hold inside it.

    Args:
        prompt: a text, or ids; an encoder-decoder reads it with its encoder.
        add_special_tokens: put the tokenizer's own special tokens around a text.
        options: fields of `DecodingOptions`: strategy, max_new_tokens, temperature, top_k, top_p, min_p,
            repetition_penalty, seed, n_beams, length_penalty, early_stopping, n_return, stop_ids, use_cache.

    Raises:
        ValueError: an option outside its range, an empty prompt, or an encoder, which continues no text.
        ContextTooLong: the prompt alone has more tokens than the context.
    """
    checked = DecodingOptions(**options)
    task = _Task(lm, prompt, add_special_tokens, checked)
    if checked.strategy == "beam":
        beams = _beams(task)
        best = {name: getattr(beams[0], name) for name in ("ids", "tokens", "text", "steps", "finished")}
        return Generation(**best, prompt_ids=task.prompt_ids, beams=tuple(beams))
    ids, blocks = _collect(task.choices())
    return Generation(**task.told(ids, blocks), prompt_ids=task.prompt_ids)


def stream(
    lm: LanguageModel, prompt: str | Sequence[int], *, add_special_tokens: bool = True, **options: Any
) -> Iterator[Step]:
    """Continue a text and yield each token as it comes; the same tokens as `generate` with the same options.

    The request is checked at once. Each token is computed under the interventions active when it is asked for; between
    two tokens the generator holds no setting of its own, so several may take turns.

    Raises:
        ValueError: as `generate`; and for a beam search, which knows its first token only when it has found the last.
    """
    checked = DecodingOptions(**options)
    if checked.strategy == "beam":
        raise ValueError(
            "strategy='beam' cannot be streamed: its first token is known when the last is. Use generate"
        )
    return _stream(_Task(lm, prompt, add_special_tokens, checked))


def _stream(task: _Task) -> Iterator[Step]:
    for count, choice in enumerate(task.choices(), start=1):
        last = choice.id in task.stop_ids or count == task.limit
        yield step(_facts([choice]), 0, task.lm.tokenizer.token, task.finished(choice.id) if last else None)


def _collect(choices: Iterable[sequential.Choice]) -> tuple[list[int], list[Block]]:
    """Collect the ids and their steps."""
    ids: list[int] = []
    blocks: list[Block] = []
    waiting: list[sequential.Choice] = []
    for choice in choices:
        ids.append(choice.id)
        waiting.append(choice)
        if len(waiting) == _TOGETHER:
            blocks.append(_block(waiting))
            waiting = []
    if waiting:
        blocks.append(_block(waiting))
    return ids, blocks


def _block(choices: Sequence[sequential.Choice]) -> Block:
    if len(choices) * len(choices[0].logits) <= _HELD:
        return Block(len(choices), partial(_facts, choices))
    found = _facts(choices)
    return Block(len(choices), lambda: found)


def _facts(choices: Sequence[sequential.Choice]) -> Facts:
    logits = torch.stack([choice.logits for choice in choices])  # (N, V)
    changed = any(choice.warped is not choice.logits for choice in choices)
    warped = torch.stack([choice.warped for choice in choices]) if changed else logits
    return facts([choice.id for choice in choices], logits, warped)


def _beams(task: _Task) -> list[Beam]:
    options = task.options
    if options.n_beams == 1:  # as in `transformers`, a search of width one is greedy
        task.options = replace(
            options, strategy="greedy", temperature=1.0, top_k=None, top_p=None, min_p=None
        )
        ids, blocks = _collect(task.choices())
        log_prob = sum(float(block.facts.log_after.sum()) for block in blocks)
        return [Beam(**task.told(ids, blocks), score=log_prob / max(1, len(ids)) ** options.length_penalty)]
    found = beam.search(task.reader, options, task.stop_ids, task.limit)[: options.n_return]
    if not found:
        return [Beam(**task.told([], []), score=0.0)]
    beams = []
    for text in found:
        ids = [node.id for node in text.last.path()]
        beams.append(
            Beam(**task.told(ids, [Block(len(ids), partial(beam.facts, text.last))]), score=text.score)
        )
    return beams
