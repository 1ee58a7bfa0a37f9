"""The transformer: embed, add positions, run the blocks, normalise, unembed.

`Transformer` is a decoder (GPT-2, Llama) or an encoder (BERT); `EncoderDecoder` is two of them (T5). Neither depends on
a model family: the configuration decides which parts exist.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from core import hooks
from core.config import ModelConfig
from core.hooks import HookPoint
from core.model.attention import Geometry
from core.model.block import Block
from core.model.embedding import Embed, MlmHead, PosEmbed, TokenTypeEmbed, Unembed
from core.model.heads import LabelHead
from core.model.kv_cache import KVCache
from core.model.norm import Normalise
from core.model.part import Part
from core.model.position import AlibiBias, RelativeBias, rotary_table

_ANYWHERE = Geometry()  # every query sees every key, however far


class ContextTooLong(ValueError):
    """More tokens than the model has positions for."""


class Transformer(Part):
    """One stack of blocks over one text.

    Args:
        config: the shape and the parts.
        layers: the number of blocks; None: config.n_layers.
        causal: each position sees itself and the past only; None: config.causal.
        cross: every block also attends to a source (the encoder's output).
        logits: end in an unembedding, or in the labels of `config.head`; otherwise in the normalised stream.
        embed: a token table to share with another stack.
    """

    def __init__(
        self,
        config: ModelConfig,
        *,
        layers: int | None = None,
        causal: bool | None = None,
        cross: bool = False,
        logits: bool = True,
        embed: Embed | None = None,
    ) -> None:
        super().__init__()
        self.config = config
        self.causal = bool(config.causal if causal is None else causal)
        self.embed = Embed(config) if embed is None else embed
        self.hook_embed = HookPoint()  # (B, T, D)
        self.pos_embed = PosEmbed(config) if config.position in ("learned", "sinusoidal") else None
        if self.pos_embed is not None:
            self.hook_pos_embed = HookPoint()  # (B, T, D)
        self.token_type_embed = TokenTypeEmbed(config) if config.n_token_types else None
        if self.token_type_embed is not None:
            self.hook_token_type_embed = HookPoint()  # (B, T, D)
        self.ln_embed = Normalise.of(config) if config.embed_norm else None
        if config.position == "relative":
            self.relative = RelativeBias(
                config.n_heads,
                config.relative_buckets,
                config.relative_max_distance,
                two_sided=not self.causal,
            )
        elif config.position == "alibi":
            self.alibi = AlibiBias(config.n_heads)
        count = config.n_layers if layers is None else layers
        self.blocks = nn.ModuleList(Block(config, cross=cross) for _ in range(count))
        self.ln_final = Normalise.of(config) if config.final_norm else None
        self.mlm_head = MlmHead(config) if logits and config.mlm_head else None
        self.unembed = Unembed(config, self.embed) if logits and config.head == "lm" else None
        labels = logits and config.head in ("sequence", "token", "span")
        self.label_head = LabelHead(config) if labels else None
        self.hook_names = hooks.name_hooks(self)
        self._known_hooks = frozenset(self.hook_names)

    @property
    def device(self) -> torch.device:
        """Where the weights are."""
        return self.embed.W_E.device

    def forward(
        self,
        ids: Tensor,
        *,
        mask: Tensor | None = None,
        token_types: Tensor | None = None,
        cache: KVCache | None = None,
        source: Tensor | None = None,
        source_mask: Tensor | None = None,
        last_only: bool = False,
        only: Tensor | None = None,
        prefix: Tensor | None = None,
    ) -> Tensor:
        """Compute logits (B, T, V), or the normalised stream (B, T, D) of a stack without a head.

        With C classes instead of tokens, `config.head` "sequence" gives (B, C), "token" (B, T, C), "span" (B, T, 2):
        a score for each token as the start, and as the end.

        Args:
            ids: (B, T) tokens; with a cache, only those it has not seen.
            mask: (B, S) bool, False at padding, over all positions seen; None: no padding.
            token_types: (B, T) sentence numbers, for models that have them; None: all 0.
            source, source_mask: (B, S, D) and (B, S), what cross-attention reads.
            last_only: unembed the last position only: (B, 1, V).
            only: (B, T) bool; unembed these N positions only: (N, V) in order.
                Neither is for a head over the whole text ("sequence").
            prefix: (B, P, D) vectors that stand before the tokens, for instance the patches of an image, and that
                every position may see, the prefix's own too (Raffel et al. 2020, section 3.2.1, "prefix LM"). What
                comes out then has P + T positions. With a cache, only in the first call.

        Raises:
            ContextTooLong: more positions than the context holds; the message gives both numbers.
            HookError: an active intervention names a place that this model lacks.
            ValueError: a prefix behind what the cache holds already.
        """
        if cache is None or cache.length == 0:
            hooks.check(self._known_hooks)
        past = 0 if cache is None else cache.length
        before = 0 if prefix is None else prefix.shape[1]
        new = before + ids.shape[1]
        self._check(past, before, new, chosen=last_only or only is not None)
        positions = torch.arange(past, past + new, device=ids.device)
        x = self._embed(ids, positions, token_types, prefix)
        geometry = self.geometry(positions, past, mask, x.dtype, before)
        source_geometry = _ANYWHERE
        if source_mask is not None:
            source_geometry = Geometry(allowed=source_mask.bool()[:, None, None, :])
        for block in self.blocks:
            x = block(x, geometry, source, source_geometry, cache)  # (B, T, D)
        if cache is not None:
            cache.length += new
        if only is not None:
            return self.head(x[only])
        return self.head(x[:, -1:] if last_only else x, mask)

    def _check(self, past: int, before: int, new: int, chosen: bool) -> None:
        """Check the arguments of `forward`: `before` of `new` positions are a prefix, `past` are in a cache."""
        if before and past:
            raise ValueError(
                f"a prefix stands before all tokens, but the cache holds {past:,} positions already: "
                "give it in the first call, with an empty cache"
            )
        if past + new > self.config.n_ctx:
            raise ContextTooLong(
                f"cannot read {past + new:,} tokens: the context of this model is {self.config.n_ctx:,}"
            )
        if chosen and self.config.head == "sequence":
            raise ValueError("head='sequence' speaks of a whole text: it has no places to choose from")

    def head(self, x: Tensor, mask: Tensor | None = None) -> Tensor:
        """Apply the head to the stream after the last block.

        Final norm, then masked-LM head and unembedding, or labels.
        """
        if self.ln_final is not None:
            x = self.ln_final(x)
        if self.mlm_head is not None:
            x = self.mlm_head(x)
        if self.label_head is not None:
            return self.label_head(x, mask)  # (B, C), or (B, T, C)
        return x if self.unembed is None else self.unembed(x)  # (B, T, V)

    def _embed(
        self, ids: Tensor, positions: Tensor, token_types: Tensor | None, prefix: Tensor | None = None
    ) -> Tensor:
        x = self.embed(ids)  # (B, T, D)
        x = self.hook_embed(x if prefix is None else torch.cat([prefix, x], dim=1))  # (B, P + T, D)
        if self.pos_embed is not None:
            if not self.config.pad_has_position:
                positions = _counted(ids, self.config.pad_id, x.shape[1] - ids.shape[1])
            x = x + self.hook_pos_embed(self.pos_embed(positions).expand_as(x))
        if self.token_type_embed is not None:
            types = positions.new_zeros(x.shape[:2]) if token_types is None else token_types
            x = x + self.hook_token_type_embed(self.token_type_embed(types))
        if self.ln_embed is not None:
            x = self.ln_embed(x)
        return F.dropout(x, self.config.dropout) if self.training and self.config.dropout else x

    def geometry(
        self, positions: Tensor, past: int, mask: Tensor | None, dtype: torch.dtype, before: int = 0
    ) -> Geometry:
        """Build mask, bias and rotation for the positions of new tokens.

        Args:
            positions: (T,) of the new tokens; past: how many came before them.
            mask: (B, S) bool, False at padding, or None.
            dtype: of the stream.
            before: how many of the first positions everybody may see, a prefix.
        """
        new = positions.shape[0]
        allowed = None
        if self.causal and new > 1:
            keys = torch.arange(past + new, device=positions.device)
            allowed = (keys[None, :] <= positions[:, None])[None, None]  # (1, 1, T, S)
            if before:
                allowed = allowed | (keys < before)
        square = allowed is not None and past == 0 and mask is None and not before
        if mask is not None:
            padding = mask.bool()[:, None, None, :]  # (B, 1, 1, S)
            allowed = padding if allowed is None else allowed & padding
        bias = turn = None
        if self.config.position in ("relative", "alibi"):
            keys = torch.arange(past + new, device=positions.device)
            by_distance = self.relative if self.config.position == "relative" else self.alibi
            bias = by_distance(positions, keys).to(dtype)
        elif self.config.position == "rotary":
            table = rotary_table(
                past + new, self.config.head_size, self.config.rope_theta, dtype, positions.device
            )
            turn = table[0][past:], table[1][past:]  # (T, 1, K) twice
        return Geometry(allowed=allowed, bias=bias, turn=turn, causal=square)


def _counted(ids: Tensor, pad_id: int | None, before: int) -> Tensor:
    """Compute positions (B, P + T) that count the prefix of P and every token of ids (B, T); padding is at -1."""
    seen = torch.ne(ids, -1 if pad_id is None else pad_id).long()
    counts = torch.cat([ids.new_ones(len(ids), before), seen], dim=1)
    return counts.cumsum(1) * counts - 1


class EncoderDecoder(Part):
    """An encoder reads the source; a decoder generates, with cross-attention to it (Vaswani et al. 2017)."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.config = config
        self.encoder = Transformer(config, causal=False, logits=False)
        self.decoder = Transformer(
            config, layers=config.n_decoder_layers, causal=True, cross=True, embed=self.encoder.embed
        )
        self.hook_names = hooks.name_hooks(self)
        for stack in (self.encoder, self.decoder):
            stack._known_hooks = frozenset(self.hook_names)

    @property
    def device(self) -> torch.device:
        """Where the weights are."""
        return self.encoder.device

    def encode(self, ids: Tensor, mask: Tensor | None = None) -> Tensor:
        """Compute the encoder's output for ids (B, S): (B, S, D)."""
        return self.encoder(ids, mask=mask)

    def decode(
        self,
        ids: Tensor,
        source: Tensor,
        *,
        mask: Tensor | None = None,
        source_mask: Tensor | None = None,
        cache: KVCache | None = None,
    ) -> Tensor:
        """Compute logits (B, T, V) for decoder ids (B, T) given the encoder's output (B, S, D)."""
        return self.decoder(ids, mask=mask, source=source, source_mask=source_mask, cache=cache)

    def forward(
        self,
        ids: Tensor,
        decoder_ids: Tensor,
        *,
        mask: Tensor | None = None,
        decoder_mask: Tensor | None = None,
    ) -> Tensor:
        """Compute logits over the decoder's positions (B, T, V) for source ids (B, S) and decoder ids (B, T)."""
        return self.decode(decoder_ids, self.encode(ids, mask), mask=decoder_mask, source_mask=mask)


def build(config: ModelConfig) -> Transformer | EncoderDecoder:
    """Build the module that `config` describes, its weights not yet set (see `core.model.initial`,
    `core.checkpoints`)."""
    return EncoderDecoder(config) if config.shape == "encoder-decoder" else Transformer(config)
