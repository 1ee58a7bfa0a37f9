"""Trace: one text's way through a model, every named value kept."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import torch
from torch import Tensor, nn


@dataclass(frozen=True)
class Trace(Mapping[str, Tensor]):
    """What a forward pass computed, without the batch axis. `trace["blocks.0.attn.hook_pattern"]` is (H, T, S).

    Attributes:
        ids: (T,) the tokens read; tokens: the same, as the vocabulary writes them.
        logits: (T, V); over the decoder's positions in an encoder-decoder.
        decoder_ids, decoder_tokens: what the decoder read (begins with the start token); None and [] elsewhere.
        hooks: the recorded names, in the order of the computation.
    """

    ids: Tensor
    tokens: list[str]
    logits: Tensor
    activations: dict[str, Tensor] = field(repr=False)
    model: nn.Module = field(repr=False)
    decoder_ids: Tensor | None = None
    decoder_tokens: list[str] = field(default_factory=list)

    @property
    def hooks(self) -> list[str]:
        """The names of all values kept."""
        return list(self.activations)

    def __getitem__(self, name: str) -> Tensor:
        """The value at a hook. `hook_result` (T, H, D), too large to keep for all, is computed here from z and W_O.

        Raises:
            KeyError: the model has no such hook; the message suggests near ones.
        """
        if name in self.activations:
            return self.activations[name]
        if (
            name.endswith(".hook_result")
            and (z := self.activations.get(name.replace("hook_result", "hook_z"))) is not None
        ):
            attention = self.model.get_submodule(name.removesuffix(".hook_result"))
            return torch.einsum("thk,hkd->thd", z, attention.W_O)
        last = name.rsplit(".", 1)[-1]
        near = [known for known in self.activations if known.endswith(last)][:3] or self.hooks[:3]
        raise KeyError(f"no hook is called {name!r}; there is {', '.join(near)}, ...: see trace.hooks")

    def __iter__(self) -> Iterator[str]:
        return iter(self.activations)

    def __len__(self) -> int:
        return len(self.activations)
