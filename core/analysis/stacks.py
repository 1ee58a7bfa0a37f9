"""The stack of blocks under analysis: a model has one, an encoder-decoder two."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from torch import Tensor

from core.model.transformer import EncoderDecoder, Transformer

if TYPE_CHECKING:
    from core.language_model import LanguageModel
    from core.trace import Trace

Stack = Literal["encoder", "decoder"]


@dataclass(frozen=True)
class Half:
    """One stack and the prefix of its hook names: "", "encoder." or "decoder."."""

    stack: Transformer
    prefix: str

    @classmethod
    def of(cls, lm: LanguageModel, stack: Stack | None = None) -> Half:
        """Select the stack of that name; None: the one with the logits.

        Raises:
            ValueError: the model has no such stack.
        """
        model = lm.transformer
        if isinstance(model, EncoderDecoder):
            return cls(model.encoder, "encoder.") if stack == "encoder" else cls(model.decoder, "decoder.")
        if stack is not None and stack != lm.config.shape:
            raise ValueError(f"stack={stack!r}: {lm.name} is a {lm.config.shape} without another stack")
        return cls(model, "")

    def ids(self, trace: Trace) -> Tensor:
        """Return the ids that this stack read: (T,)."""
        written = trace.decoder_ids
        return trace.ids if written is None or self.prefix == "encoder." else written

    def block_name(self, layer: int) -> str:
        """Return the hook prefix of block `layer`, e.g. "decoder.blocks.0".

        Raises:
            ValueError: there is no such block; the message counts those there are.
        """
        if not 0 <= layer < len(self.stack.blocks):
            raise ValueError(
                f"block {layer} is not one of the {len(self.stack.blocks)} blocks, counted from 0"
            )
        return f"{self.prefix}blocks.{layer}"

    def embedded(self, trace: Trace) -> Tensor:
        """Compute the sum of token, position and sentence vectors, before a norm of them: (T, D)."""
        x = trace[f"{self.prefix}hook_embed"]
        for name in ("hook_pos_embed", "hook_token_type_embed"):
            if f"{self.prefix}{name}" in trace.hooks:
                x = x + trace[f"{self.prefix}{name}"]
        return x

    def entering(self, trace: Trace) -> Tensor:
        """Return the stream that enters the first block, also where there is no block: (T, D)."""
        if len(self.stack.blocks):
            return trace[f"{self.prefix}blocks.0.hook_resid_pre"]
        x = self.embedded(trace)
        return x if self.stack.ln_embed is None else self.stack.ln_embed(x)

    def leaving(self, trace: Trace) -> Tensor:
        """Return the stream after the last block, before any final norm: (T, D)."""
        last = len(self.stack.blocks) - 1
        if last < 0:
            return self.entering(trace)
        name = f"{self.prefix}blocks.{last}.hook_normalized_resid_post"
        return trace[name] if name in trace.hooks else trace[f"{self.prefix}blocks.{last}.hook_resid_post"]
