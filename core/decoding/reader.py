"""Reader: a model with a growing text that returns the next token's scores at each step.

It does not choose tokens: `sequential` and `beam` do. No setting outlives a call, so a generator may own a reader, be
suspended, resumed in another context or thread, or closed there.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from core import hooks
from core.decoding.labels import wants
from core.model.kv_cache import KVCache
from core.model.transformer import EncoderDecoder, Transformer

if TYPE_CHECKING:
    from core.language_model import LanguageModel


class Reader:
    """B texts of one length, grown together from one prompt.

    Args:
        prompt: what a decoder continues, or what an encoder-decoder's encoder reads.
        use_cache: compute each position once. While an intervention that needs the whole text is active, positions
            are computed anew all the same, so that the numbers are those of a full pass.

    Raises:
        ValueError: the model is an encoder, or an encoder-decoder without a start token.
    """

    def __init__(self, lm: LanguageModel, prompt: Sequence[int], *, use_cache: bool = True) -> None:
        config, model = lm.config, lm.transformer
        if config.shape == "encoder":
            wants(lm, "lm")
            raise ValueError(
                f"{lm.name} is an encoder: it fills blanks and continues no text; "
                "read trace(text).logits at its mask token"
            )
        self._model = model
        self._decoder: Transformer = model.decoder if isinstance(model, EncoderDecoder) else model
        self._names = frozenset(model.hook_names)
        self._cache = KVCache() if use_cache else None
        self._prompt: Tensor | None = None
        self._source: Tensor | None = None
        given = torch.tensor([list(prompt)], device=lm.device)  # (1, T)
        if isinstance(model, EncoderDecoder):
            if config.decoder_start_id is None:
                raise ValueError(f"{lm.name} names no decoder_start_id, so its decoder cannot begin")
            self._prompt, given = given, torch.tensor([[config.decoder_start_id]], device=lm.device)
        self.ids = given  # (B, T): the decoder's ids
        self.first_id = config.first_id  # the forced first token, if any
        self.room = config.n_ctx - given.shape[1]  # tokens that may still be generated

    @property
    def cache_bytes(self) -> int:
        """Bytes of the keys and values kept so far; 0 without a cache."""
        return 0 if self._cache is None else self._cache.size_bytes

    @torch.inference_mode()
    def logits(self) -> Tensor:
        """Return the scores of the token after the text so far.

        (B, V) in float32, under the currently active interventions.
        """
        hooks.check(self._names)
        if self._prompt is not None and self._source is None:
            self._source = self._decoder_source(self._prompt)
        cache = None if hooks.needs_whole_text() else self._cache
        unseen = self.ids if cache is None else self.ids[:, cache.length :]
        source = None if self._source is None else self._source.expand(len(self.ids), -1, -1)
        # With hooks active, every position is computed; otherwise only the last one is unembedded.
        out = self._decoder(unseen, source=source, cache=cache, last_only=not hooks.listening())
        last = out[:, -1]
        return last.float() if out.shape[1] == 1 else last.to(torch.float32, copy=True)

    @torch.inference_mode()
    def extend(self, token: Tensor, rows: Tensor | None = None) -> None:
        """Add token (B', 1) to the texts `rows` (B',), in that order; None: each text gets its own."""
        if rows is not None:
            self.ids = self.ids.index_select(0, rows)
            if self._cache is not None:
                self._cache.select(rows)
        self.ids = torch.cat([self.ids, token], dim=1)

    def _decoder_source(self, prompt: Tensor) -> Tensor:
        assert isinstance(self._model, EncoderDecoder)
        return self._model.encode(prompt)
