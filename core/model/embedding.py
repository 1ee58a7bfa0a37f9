"""Embedding and unembedding: token and position tables, and the projection to logits."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from core.config import ModelConfig
from core.hooks import HookPoint
from core.model.feed_forward import ACTIVATIONS
from core.model.norm import Normalise
from core.model.part import Part
from core.model.position import sinusoidal_table


class Embed(Part):
    """The table of token vectors, W_E (V, D), each multiplied by `embed_scale` when it is read."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.W_E = nn.Parameter(torch.empty(config.d_vocab, config.d_model))
        self.scale = config.embed_scale

    def forward(self, ids: Tensor) -> Tensor:  # (B, T) -> (B, T, D)
        x = torch.embedding(self.W_E, ids)
        return x if self.scale == 1.0 else x * self.scale


class PosEmbed(Part):
    """A vector for each position, W_pos (T, D): learned, or sine and cosine waves."""

    W_pos: Tensor

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.offset = config.position_offset
        rows = config.n_ctx + config.position_offset
        if config.position == "learned":
            self.W_pos = nn.Parameter(torch.empty(rows, config.d_model))
        else:
            self.register_buffer("W_pos", sinusoidal_table(rows, config.d_model).float(), persistent=False)

    def forward(self, positions: Tensor) -> Tensor:  # (..., T) -> (..., T, D)
        return torch.embedding(self.W_pos, positions + self.offset if self.offset else positions)


class TokenTypeEmbed(Part):
    """BERT's vector for "first sentence" and "second sentence", W_token_type (types, D)."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.W_token_type = nn.Parameter(torch.empty(config.n_token_types, config.d_model))

    def forward(self, types: Tensor) -> Tensor:  # (B, T) -> (B, T, D)
        return self.W_token_type[types]


class MlmHead(Part):
    """BERT's transformation before its unembedding: norm(act(x W + b)) (Devlin et al. 2019, released code)."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.empty(config.d_model, config.d_model))
        self.b = nn.Parameter(torch.zeros(config.d_model))
        self.act = ACTIVATIONS[config.act]
        self.ln = Normalise.of(config)

    @property
    def W(self) -> Tensor:
        """(D, D), used as x W."""
        return self.weight.T

    def forward(self, x: Tensor) -> Tensor:  # (B, T, D) -> (B, T, D)
        return self.ln(self.act(F.linear(x, self.weight, self.b)))


class Unembed(Part):
    """x W_U + b_U: from the stream to a logit for every token. A tied unembedding reads the embedding's table."""

    def __init__(self, config: ModelConfig, embed: Embed) -> None:
        super().__init__()
        self._embed = [embed]  # in a list, so that the table is not registered twice
        self.scale = config.logit_scale
        self.weight = (
            None if config.tied_embeddings else nn.Parameter(torch.empty(config.d_vocab, config.d_model))
        )
        self.b_U = nn.Parameter(torch.zeros(config.d_vocab)) if config.unembed_bias else None
        self.hook_in = HookPoint()  # (B, T, D)
        self.hook_out = HookPoint()  # (B, T, V)

    @property
    def table(self) -> Tensor:
        """(V, D): the vector of each token; its product with x is the logit."""
        return self._embed[0].W_E if self.weight is None else self.weight

    @property
    def W_U(self) -> Tensor:
        """(D, V)"""
        return self.table.T

    def lay_out(self) -> None:
        """Store the table column by column: its shape and values stay, and a product with one row takes half as long.

        A product with a single row is memory-bound, and columns (V numbers) are read contiguously. For generation;
        looking up rows of a tied embedding gets a little slower.
        """
        self.table.data = self.table.data.T.contiguous().T

    def forward(self, x: Tensor) -> Tensor:  # (B, T, D) -> (B, T, V)
        x = self.hook_in(x)
        if self.scale != 1.0:
            x = x * self.scale
        return self.hook_out(F.linear(x, self.table, self.b_U))
