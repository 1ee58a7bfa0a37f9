"""Ablation of neurons: an intervention on the forward pass, and the model's prediction under it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import torch
from torch import Tensor

from core.analysis.neurons.feed_forward import neuron_of
from core.analysis.places import row_of, traced
from core.analysis.stacks import Half, Stack
from core.hooks import HookError, Intervention, intervene

if TYPE_CHECKING:
    from core.language_model import LanguageModel, Text
    from core.trace import Trace

Array = np.ndarray[Any, Any]
Value = Literal["zero", "mean"]


def ablate_neurons(
    layer: int, neurons: Sequence[int], value: Value = "zero", stack: Stack | None = None
) -> Intervention:
    """Ablate neurons of one block: their activations, post (B, T, F), become 0 or their mean over the text.

    For `core.hooks.intervene`, beside any other change. The mean keeps a neuron's average push on the stream, and needs
    the whole text, so that cached generation recomputes it.

    Args:
        stack: "encoder" or "decoder" of an encoder-decoder; None: the one that makes the logits.

    Raises:
        HookError: no such value or stack; at the forward pass also a block or neuron that the model lacks.
    """
    if value not in ("zero", "mean"):
        raise HookError(f"value={value!r} is neither 'zero' nor 'mean'")
    places: dict[Stack | None, tuple[str, ...]] = {
        None: (f"blocks.{layer}", f"decoder.blocks.{layer}"),
        "decoder": (f"decoder.blocks.{layer}",),
        "encoder": (f"encoder.blocks.{layer}",),
    }
    if stack not in places:
        raise HookError(f"stack={stack!r} is neither 'encoder' nor 'decoder'")
    chosen = sorted({int(neuron) for neuron in neurons})

    def edit(post: Tensor) -> Tensor:  # (B, T, F)
        if wrong := [neuron for neuron in chosen if not 0 <= neuron < post.shape[-1]]:
            raise HookError(
                f"neuron {wrong[0]} of layer {layer}: this model has neurons 0 to {post.shape[-1] - 1}"
            )
        post = post.clone()
        post[..., chosen] = 0.0 if value == "zero" else post[..., chosen].mean(dim=-2, keepdim=True)
        return post

    names = tuple(f"{place}.mlp.hook_post" for place in places[stack])
    said = ", ".join(f"L{layer}N{neuron}" for neuron in chosen[:3]) + (
        f" and {len(chosen) - 3} more" if len(chosen) > 3 else ""
    )
    return Intervention(names, edit, f"{said or 'no neuron'} off", whole_text=value == "mean")


@dataclass(frozen=True, kw_only=True)
class NeuronKnockout:
    """The prediction at one row with some neurons ablated, and as it was.

    Probabilities add up to 1; a bare encoder has none.
    """

    layer: int
    neurons: tuple[int, ...]
    value: Value
    row: int  # of the logits
    before: Array  # (V,) probabilities
    after: Array  # (V,)

    @property
    def change(self) -> Array:
        """(V,) after - before."""
        moved: Array = self.after - self.before
        return moved

    def most_changed(self, count: int = 5) -> list[int]:
        """Return the ids whose probability changed most, up or down."""
        return [int(at) for at in np.argsort(-np.abs(self.change), kind="stable")[:count]]


def knock_out_neurons(
    lm: LanguageModel,
    text: Text,
    layer: int,
    neurons: Sequence[int],
    *,
    row: int = -1,
    value: Value = "zero",
    stack: Stack | None = None,
    target: Text | None = None,
    trace: Trace | None = None,
    without: Trace | None = None,
) -> NeuronKnockout:
    """Predict at `row` of the logits with and without some neurons of a block; all of them, or none.

    Args:
        trace, without: the passes of this text and target as it is and with the neurons off, if they are at hand; None:
            made now.

    Raises:
        ValueError: no such block, neuron, row or stack, or a trace of another text.
    """
    half = Half.of(lm, stack)
    half.block_name(layer)
    chosen = tuple(dict.fromkeys(neuron_of(neuron, lm.config.mlp_size) for neuron in neurons))
    plain = traced(lm, text, target, trace)
    at = row_of(row, plain.rows)
    off = ablate_neurons(layer, chosen, value, stack if half.prefix else None)
    with intervene(off):
        changed = traced(lm, text, target, without)
    before, after = (_numpy(found.probabilities(at)) for found in (plain, changed))
    return NeuronKnockout(layer=layer, neurons=chosen, value=value, row=at, before=before, after=after)


def attributions(
    lm: LanguageModel,
    text: Text,
    layer: int,
    *,
    row: int = -1,
    token: int | None = None,
    stack: Stack | None = None,
    target: Text | None = None,
) -> Array:
    """Estimate each neuron's effect on one prediction to first order, in nats of log p(token): (F,).

    The sum over the text's tokens of post * d log p / d post: how log p would change, were the neuron turned up, per
    unit of its own strength. One pass and one gradient for all neurons, to choose which ones to ablate;
    `knock_out_neurons` measures the true effect.

    Args:
        row: of the logits. token: its id; None: the likeliest one.

    Raises:
        ValueError: no such block, row or stack.
    """
    name = f"{Half.of(lm, stack).block_name(layer)}.mlp.hook_post"
    trace = lm.trace(text, target, grad=True)
    logits = trace.logits[row_of(row, len(trace.logits))].log_softmax(-1)  # (V,)
    said = logits[int(logits.argmax()) if token is None else token]
    post = trace[name]  # (T, F)
    (slope,) = torch.autograd.grad(said, post)
    return _numpy((post * slope).sum(0))


def _numpy(value: Tensor) -> Array:
    value = value.detach()
    return (value if value.dtype == torch.float64 else value.float()).cpu().numpy().copy()
