"""The next token's distribution before and after each warper, in the order they apply.

The warpers are `core.decoding.warpers`; the last stage is what a sample is drawn from.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from core.decoding import warpers
from core.decoding.options import DecodingOptions
from core.decoding.prefixes import ROOT, Prefixes, blanks

if TYPE_CHECKING:
    from core.language_model import LanguageModel, Text

STAGES = ("model", "repetition penalty", "temperature", "top-k", "top-p", "min-p")
FIRST = "first token"  # one more stage, after the penalty, for models with a forced first token


@dataclass(frozen=True)
class Stage:
    """The scores before or after one warper.

    name: one of `STAGES`, or `FIRST`.   value: its setting; None: off, or the model itself.
    active: whether its setting can change anything.   scores: (B, V); a removed token's is -inf.
    """

    name: str
    value: float | None
    active: bool
    scores: Tensor


@dataclass(frozen=True)
class Next:
    """The next-token distribution after one prefix, at every stage (S of them, named in `stages`).

    ids, tokens: (C,) the tokens most probable at any stage, in the model's order; tokens as a person reads them.
    probabilities: (S, C); a token that a warper removed has 0.
    kept: (S,) how many tokens of the whole vocabulary have a probability above 0.
    entropy: (S,) in bits, over the whole vocabulary: 2 ** entropy equally likely tokens would be as uncertain.
    stages: (name, value, active) of each.   vocabulary: V.
    """

    ids: NDArray[np.int64]
    tokens: list[str]
    probabilities: NDArray[np.float32]
    kept: NDArray[np.int64]
    entropy: NDArray[np.float32]
    stages: tuple[tuple[str, float | None, bool], ...]
    vocabulary: int


def warped_stages(
    logits: Tensor, ids: Tensor, options: DecodingOptions, first_id: int | None = None
) -> list[Stage]:
    """Compute the scores (B, V) before any warper and after each, in the order of `warpers.warp`.

    Args:
        logits: (B, V) of the next token.
        ids: (B, T) the text so far, for the repetition penalty.
        first_id: the token that the model always writes first, for a stage of its own; None: no such stage.
    """
    applied: list[tuple[str, float | None, bool, Callable[[Tensor], Tensor]]] = [
        (
            STAGES[1],
            options.repetition_penalty,
            options.repetition_penalty != 1.0,
            lambda scores: warpers.repetition_penalty(scores, ids, options.repetition_penalty),
        ),
        (
            STAGES[2],
            options.temperature,
            options.temperature != 1.0,
            lambda scores: warpers.temperature(scores, options.temperature),
        ),
        (
            STAGES[3],
            options.top_k,
            options.top_k is not None,
            lambda scores: warpers.top_k(scores, options.top_k or 1),
        ),
        (
            STAGES[4],
            options.top_p,
            options.top_p is not None and options.top_p < 1.0,
            lambda scores: warpers.top_p(scores, options.top_p or 0.0),
        ),
        (
            STAGES[5],
            options.min_p,
            options.min_p is not None and options.min_p > 0.0,
            lambda scores: warpers.min_p(scores, options.min_p or 0.0),
        ),
    ]
    if first_id is not None:
        begins = ids.shape[1] == 1
        applied.insert(1, (FIRST, None, begins, lambda scores: warpers.forced(scores, ids, first_id)))
    found = [Stage(STAGES[0], None, True, logits)]
    for name, value, active, warper in applied:
        scores = found[-1].scores
        found.append(Stage(name, value, active, warper(scores) if active else scores))
    return found


class Summary(NamedTuple):
    """`Next` for a batch of prefixes, as tensors. ids (B, C), probabilities (B, S, C), kept and entropy (B, S)."""

    ids: Tensor
    probabilities: Tensor
    kept: Tensor
    entropy: Tensor
    stages: tuple[tuple[str, float | None, bool], ...]
    vocabulary: int

    def next(self, row: int, display: Callable[[int], str]) -> Next:
        """Format one prefix's summary; `display` turns an id into its text."""
        ids = self.ids[row].numpy()
        return Next(
            ids,
            [display(int(id)) for id in ids],
            self.probabilities[row].numpy(),
            self.kept[row].numpy(),
            self.entropy[row].numpy(),
            self.stages,
            self.vocabulary,
        )


@torch.inference_mode()
def summary(stages: Sequence[Stage], shown: int, always: Sequence[Sequence[int]] = ()) -> Summary:
    """Select the `shown` most relevant tokens of each row, with kept counts and entropies of all.

    Args:
        always: for each row, ids that have to be among them.
    """
    told: dict[
        int, tuple[Tensor, Tensor, Tensor]
    ] = {}  # cache by scores: an inactive stage shares those of the one before
    for stage in stages:
        if id(stage.scores) not in told:
            probabilities = stage.scores.softmax(-1)  # (B, V)
            told[id(stage.scores)] = probabilities, (probabilities > 0).sum(-1), entropy_bits(stage.scores)
    distinct = list(told.values())
    most = torch.stack([probabilities for probabilities, _, _ in distinct]).amax(0)  # (B, V)
    for row, ids_wanted in enumerate(always):
        most[row, list(ids_wanted)] = 2.0  # before every probability
    shown = max([shown, *map(len, always)])
    ids = most.topk(min(shown, most.shape[-1])).indices  # (B, C)
    order = distinct[0][0].gather(-1, ids).argsort(dim=-1, descending=True, stable=True)
    ids = ids.gather(-1, order)
    columns = [told[id(stage.scores)] for stage in stages]
    return Summary(
        ids.cpu(),
        torch.stack([probabilities.gather(-1, ids) for probabilities, _, _ in columns], dim=1).cpu(),
        torch.stack([kept for _, kept, _ in columns], dim=1).cpu(),
        torch.stack([entropy for _, _, entropy in columns], dim=1).cpu(),
        tuple((stage.name, stage.value, stage.active) for stage in stages),
        most.shape[-1],
    )


def entropy_bits(scores: Tensor) -> Tensor:
    """Compute the entropy -sum p log2 p of the softmax of scores (..., V): (...). Shannon 1948, section 6."""
    log_p = scores.log_softmax(-1)
    bits = log_p.clamp(min=-1e30) / -math.log(2.0)  # a removed token's 0 * inf counts as 0
    return (log_p.exp() * bits).sum(-1).clamp(min=0.0)


@torch.inference_mode()
def next_tokens(
    lm: LanguageModel,
    prompt: Text,
    path: Sequence[int] = (),
    *,
    target: Text | None = None,
    slots: Sequence[int] | None = None,
    shown: int = 16,
    **options: Any,
) -> Next:
    """Compute the next-token distribution after `prompt` and the tokens of `path`, at every stage.

    Args:
        prompt: a text or ids; an encoder's holds the blanks that `path` fills from left to right.
        target: what an encoder-decoder has written before `path`.
        slots: an encoder's blanks, by position; None: where its mask tokens stand.
        shown: the most tokens to name.
        options: the warpers' fields of `DecodingOptions`.

    Raises:
        ValueError: as `core.decoding.prefixes.Prefixes`; and a path that holds an id outside the vocabulary, is longer
            than the context allows, or fills every blank.
    """
    checked = DecodingOptions(**options)
    added = check_path(lm, path)
    read = [row[0].tolist() for row in lm.batch(prompt, target)]
    if lm.config.shape == "encoder":
        places = blanks(lm, read[0], slots)
        if len(added) >= len(places):
            raise ValueError(f"{len(added)} tokens fill all {len(places)} blanks: nothing is left to predict")
        for place, id in zip(places, added):
            read[0][place] = id
        prefixes = Prefixes(lm, read[0], slots=places[len(added) :])
    elif lm.config.shape == "encoder-decoder":
        prefixes = Prefixes(lm, read[0], target=[*read[1][1:], *added], slots=slots)
    else:
        prefixes = Prefixes(lm, [*read[0], *added], slots=slots)
    stages = warped_stages(prefixes.logits([ROOT]), prefixes.ids([ROOT]), checked, lm.config.first_id)
    return summary(stages, shown).next(0, lm.tokenizer.display)


def check_path(lm: LanguageModel, path: Sequence[int]) -> list[int]:
    """Check the ids of a path that a learner has chosen.

    Raises:
        ValueError: an id outside the vocabulary; the message names both.
    """
    for id in path:
        if isinstance(id, bool) or not isinstance(id, int) or not 0 <= id < lm.config.d_vocab:
            raise ValueError(
                f"token {id!r} lies outside the vocabulary: ids go from 0 to {lm.config.d_vocab - 1:,}"
            )
    return list(path)
