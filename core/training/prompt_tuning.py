"""Prompt tuning (Lester et al. 2021): the model stays frozen, and vectors before a text's embeddings are learned.

The vectors take the first positions, as tokens would, but need not be any token's: `nearest` says which come close.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from core.hooks import Intervention, intervene
from core.language_model import LanguageModel
from core.model.part import Part
from core.model.transformer import EncoderDecoder, Transformer

Model = Transformer | EncoderDecoder


def draw(model: Model, count: int, seed: int = 0, among: Tensor | None = None) -> nn.Parameter:
    """Initialize the prompt, (count, D), by embeddings of tokens drawn by the seed (Lester et al., section 3.2).

    Args:
        among: ids to draw from; None: all.

    Raises:
        ValueError: no vectors, or so many that the context has no place for a text.
    """
    table, most = _table(model), model.config.n_ctx - 1
    if not 1 <= count <= most:
        raise ValueError(f"a prompt of {count} vectors: choose 1 to {most}, so that a text fits behind it")
    chance = torch.Generator().manual_seed(seed)
    known = torch.arange(len(table)) if among is None else among
    ids = known[torch.randint(len(known), (count,), generator=chance)]
    return nn.Parameter(table.detach()[ids.to(table.device)].clone())


def prompted(model: Model, prompt: Tensor, ids: Tensor, *rest: Tensor, **given: Any) -> Tensor:
    """Run the model on ids (B, T) after `prompt` (N, D); outputs at the prompt are left out.

    Args:
        rest: of an encoder-decoder, the decoder's ids. given: as the model takes it; `mask` (B, T) grows by N.

    Raises:
        ContextTooLong: N + T are more than the context.
    """
    count, both = len(prompt), isinstance(model, EncoderDecoder)
    longer = torch.cat([ids.new_zeros(len(ids), count), ids], dim=1)  # (B, N + T): the first are replaced
    if (mask := given.get("mask")) is not None:
        given["mask"] = torch.cat([mask.new_ones(len(ids), count), mask], dim=1)
    if (types := given.get("token_types")) is not None:
        given["token_types"] = torch.cat([types.new_zeros(len(ids), count), types], dim=1)

    def put(x: Tensor) -> Tensor:  # (B, N + T, D)
        return torch.cat([prompt.to(x.dtype).expand(len(x), -1, -1), x[:, count:]], dim=1)

    name = "encoder.hook_embed" if both else "hook_embed"
    with intervene(Intervention((name,), put, f"{count} vectors in front", whole_text=True)):
        said: Tensor = model(longer, *rest, **given)
    return said if both or said.ndim == 2 else said[:, count:]


class Prompted(Part):
    """A stack of blocks with a prompt before every text: called like the stack alone, with a shorter context."""

    def __init__(self, transformer: Transformer, vectors: nn.Parameter) -> None:
        super().__init__()
        self.transformer, self.vectors = transformer, vectors
        self.config = transformer.config.replace(n_ctx=transformer.config.n_ctx - len(vectors))

    @property
    def device(self) -> torch.device:
        """Where the weights are."""
        return self.transformer.device

    def forward(self, ids: Tensor, **given: Any) -> Tensor:  # (B, T) -> as the stack's output
        return prompted(self.transformer, self.vectors, ids, **given)


def nearest(lm: LanguageModel, prompt: Tensor, count: int = 5) -> list[list[tuple[int, float]]]:
    """Find for each vector of a prompt (N, D) the tokens with the most similar embeddings: (id, cosine), ...

    Special tokens are left out: they are no words.
    """
    table = nn.functional.normalize(_table(lm.transformer).detach().float(), dim=-1)  # (V, D)
    cosines = nn.functional.normalize(prompt.detach().float(), dim=-1) @ table.T  # (N, V)
    cosines[:, sorted(lm.special_ids)] = -torch.inf
    best = cosines.topk(min(count, cosines.shape[1] - len(lm.special_ids)), dim=-1)
    return [list(zip(ids, near)) for ids, near in zip(best.indices.tolist(), best.values.tolist())]


def _table(model: Model) -> Tensor:
    return (model.encoder if isinstance(model, EncoderDecoder) else model).embed.W_E
