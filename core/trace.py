"""Trace: the recorded activations of one forward pass over a text."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field

import torch
from torch import Tensor, nn


class NoHead(ValueError):
    """Raised when a bare encoder is asked for predictions."""

    @staticmethod
    def of(name: str) -> str:
        """Build the error with its message: what the model `name` is, and what to do."""
        return (
            f"{name} is a bare encoder: it turns a text into vectors and has no head that says tokens, so there are no "
            'logits. For a prediction take a masked language model, e.g. core.load("tales-bert"); for what it is '
            "made for, core.vectors.sentences.sentence_vectors(lm, texts)"
        )


@dataclass(frozen=True)
class Trace(Mapping[str, Tensor]):
    """What a forward pass computed, without the batch axis. `trace["blocks.0.attn.hook_pattern"]` is (H, T, S).

    Attributes:
        ids: (T,) the tokens read; tokens: the same, as the vocabulary writes them.
        output: what the model says: logits (T, V), over the decoder's positions in an encoder-decoder; scores of
            classes or spans; None of a bare encoder, which says nothing.
        decoder_ids, decoder_tokens: what the decoder read (begins with the start token); None and [] elsewhere.
        hooks: the recorded names, in the order of the computation.
    """

    ids: Tensor
    tokens: list[str]
    output: Tensor | None
    activations: dict[str, Tensor] = field(repr=False)
    model: nn.Module = field(repr=False)
    decoder_ids: Tensor | None = None
    decoder_tokens: list[str] = field(default_factory=list)

    @property
    def logits(self) -> Tensor:
        """The model's predictions, as `output`.

        Raises:
            NoHead: a bare encoder; the message says what it is for, and what to open for logits.
        """
        if self.output is None:
            raise NoHead(NoHead.of("This model"))
        return self.output

    @property
    def rows(self) -> int:
        """The number of predicting rows: the decoder's, of others the text's; T as well without predictions."""
        return len(self.ids) if self.output is None else len(self.output)

    def probabilities(self, row: int) -> Tensor:
        """Compute the probabilities at a row: (V,), which sum to 1; of a bare encoder none, (0,)."""
        if self.output is None:
            return torch.zeros(0, device=self.ids.device)
        return self.output[row].detach().softmax(-1)

    @property
    def hooks(self) -> list[str]:
        """The names of all values kept."""
        return list(self.activations)

    def __getitem__(self, name: str) -> Tensor:
        """Return the value at a hook.

        `hook_result` (T, H, D), too large to keep for all, is computed here from z and W_O.

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


def residual_streams(trace: Trace, prefix: str, layers: int) -> list[Tensor]:
    """Return the stream entering block 0 and leaving each block: L + 1 tensors (T, D).

    After a post-norm block the stream is the normalised sum, which is what the next block reads.
    """
    return [trace[name] for name in stream_names(trace.hooks, prefix, layers)]


def stream_names(hooks: Collection[str], prefix: str, layers: int) -> list[str]:
    """Return the hook names of `residual_streams`: L + 1 of them; none without a block."""
    if not layers:
        return []
    leaving = "hook_normalized_resid_post"
    if f"{prefix}blocks.0.{leaving}" not in hooks:
        leaving = "hook_resid_post"
    return [
        f"{prefix}blocks.0.hook_resid_pre",
        *(f"{prefix}blocks.{layer}.{leaving}" for layer in range(layers)),
    ]
