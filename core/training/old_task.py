"""The pretraining task as a measure of forgetting: masked-word loss on held-out tales."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from itertools import islice

import torch
from torch import Tensor, nn

from core.data import corpora
from core.language_model import LanguageModel
from core.training import objectives
from core.training.lora import sharing
from core.training.objectives import Specials

ROWS, STORIES, SEED = 32, 200, 1_000_003
RATE = 0.15  # share of the tokens that is hidden, in whole words where the vocabulary marks them


@torch.inference_mode()
def old_loss(base: LanguageModel, body: Mapping[str, Tensor] | None = None) -> float:
    """Compute nats per hidden token, over the same `ROWS` rows of the model's context at every call.

    Args:
        body: weights in place of the base's, by name; what it does not name (the unembedding) stays the base's.
    """
    model = base.transformer
    if body is not None:
        model = sharing(model)
        weights = dict(model.named_parameters())
        for name, value in body.items():
            _replace(model, name, value.to(weights[name]))
    rows = _rows(base)
    specials = Specials.of(base.tokenizer)
    starts = objectives.word_starts(base.tokenizer)[rows]
    chance = torch.Generator().manual_seed(SEED)
    question = objectives.masked(rows, specials, rate=RATE, generator=chance, whole_words=starts)
    return objectives.loss(model, question.to(base.device)).item()


def _replace(model: nn.Module, name: str, value: Tensor) -> None:
    path, _, last = name.rpartition(".")
    setattr(model.get_submodule(path), last, nn.Parameter(value, requires_grad=False))


def _rows(base: LanguageModel) -> Tensor:
    """Cut held-out tales into rows: (N, T)."""
    length, ids = base.config.n_ctx, []
    for story in _stories():
        ids += base.tokenizer.encode(story)
        if len(ids) >= ROWS * length:
            break
    count = min(ROWS, len(ids) // length)
    return torch.tensor(ids[: count * length]).view(count, length)


@lru_cache(maxsize=1)
def _stories() -> tuple[str, ...]:
    return tuple(islice(corpora.corpus("tales", SEED, "held_out"), STORIES))
