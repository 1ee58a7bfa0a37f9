"""One token through a feed-forward layer, neuron by neuron: expansion, activation, contraction; and a neuron's role.

A neuron reads one direction of the stream (its column of W_in), applies the activation, and writes one direction back
(its row of W_out), scaled by the activation: the key and the value of Geva et al. 2021, "Transformer Feed-Forward
Layers Are Key-Value Memories".
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import torch
from torch import Tensor

from core.analysis.places import row_of, traced
from core.analysis.stacks import Half, Stack
from core.config import Activation
from core.model.block import Block
from core.model.transformer import Transformer

if TYPE_CHECKING:
    from core.language_model import LanguageModel, Text
    from core.trace import Trace

Array = np.ndarray[Any, Any]


class NotLinear(ValueError):
    """Raised when more than a linear map stands between this model's blocks and its vocabulary.

    The message says what.
    """


@dataclass(frozen=True, kw_only=True)
class TokenSteps:
    """One token in the feed-forward part of one block, D -> F -> D.

    Attributes:
        row: of the stack's tokens.
        stream: (D,) what stands before the layer, the stream that it adds to (of a model without residuals, replaces).
        read: (D,) what the layer reads: the stream after the norm before it, or under post-norm the stream.
        pre: (F,) read W_in + b_in, or of a gated layer read W_gate + b_gate.
        pre_linear: (F,) of a gated layer read W_in + b_in; None elsewhere.
        post: (F,) act(pre), times pre_linear in a gated layer.
        W_in, W_out: (D, F) and (F, D). W_gate: (D, F) of a gated layer, None elsewhere.
        b_in, b_gate, b_out: (F,), (F,) and (D,), or None.
        out: (D,) what the layer adds to the stream.
        after: (D,) the stream behind it: stream + out, and under post-norm what the norm behind it makes of that.
    """

    layer: int
    row: int
    act: Activation
    stream: Array
    read: Array
    pre: Array
    pre_linear: Array | None
    post: Array
    W_in: Array
    W_gate: Array | None
    b_in: Array | None
    b_gate: Array | None
    W_out: Array
    b_out: Array | None
    out: Array
    after: Array

    @property
    def contributions(self) -> Array:
        """(F, D): post * W_out row, what each neuron writes. Their sum is out - b_out."""
        written: Array = self.post[:, None] * self.W_out
        return written

    @property
    def strengths(self) -> Array:
        """(F,): the length of each neuron's contribution."""
        lengths: Array = np.abs(self.post) * np.linalg.norm(self.W_out, axis=1)
        return lengths

    def strongest(self, count: int = 10) -> list[int]:
        """Return the neurons with the longest contributions, longest first, ties by number."""
        return [int(at) for at in np.argsort(-self.strengths, kind="stable")[:count]]

    @property
    def shares(self) -> Array:
        """(F,): each neuron's squared strength, over the sum of all; zeros where none writes."""
        squares: Array = self.strengths.astype(np.float64) ** 2
        return squares / (float(squares.sum()) or 1.0)

    def needed(self, share: float = 0.9) -> int:
        """Count the fewest neurons whose shares make up `share` (0 where none writes)."""
        shares = np.sort(self.shares)[::-1]
        return int((np.cumsum(shares) < share).sum()) + 1 if shares.any() else 0

    @property
    def error(self) -> float:
        """The largest |sum of contributions + b_out - out|, over the largest |out|: rounding."""
        total = self.contributions.sum(0) + (0.0 if self.b_out is None else self.b_out)
        return float(np.abs(total - self.out).max() / max(float(np.abs(self.out).max()), 1e-30))

    def neuron(self, neuron: int) -> NeuronSteps:
        """Return every number of one neuron at this token.

        Raises:
            ValueError: no such neuron.
        """
        at = neuron_of(neuron, len(self.post))
        gate = self.W_in if self.W_gate is None else self.W_gate
        bias = self.b_in if self.W_gate is None else self.b_gate
        return NeuronSteps(
            neuron=at,
            products=self.read * gate[:, at],
            bias=0.0 if bias is None else float(bias[at]),
            pre=float(self.pre[at]),
            pre_linear=None if self.pre_linear is None else float(self.pre_linear[at]),
            post=float(self.post[at]),
            written=self.post[at] * self.W_out[at],
        )


@dataclass(frozen=True, kw_only=True)
class NeuronSteps:
    """One neuron at one token: products.sum() + bias = pre, act(pre) (* pre_linear) = post, post * W_out row = written.

    Attributes:
        products: (D,) what the layer reads times the neuron's column, number by number (a gated layer's gate).
        written: (D,) what it adds to the stream.
    """

    neuron: int
    products: Array
    bias: float
    pre: float
    pre_linear: float | None
    post: float
    written: Array


def token_steps(
    lm: LanguageModel,
    text: Text,
    layer: int,
    row: int = -1,
    *,
    stack: Stack | None = None,
    target: Text | None = None,
    trace: Trace | None = None,
) -> TokenSteps:
    """Decompose the feed-forward part of block `layer` at one token.

    Args:
        row: of the stack's tokens, or from the end if negative.
        stack: of an encoder-decoder; None: the decoder.
        trace: the pass of this text and target, if it is at hand; None: made now.

    Raises:
        ValueError: no such block, row or stack, or a trace of another text.
    """
    half = Half.of(lm, stack)
    name = half.block_name(layer)
    trace = traced(lm, text, target, trace)
    at = row_of(row, len(half.ids(trace)))
    block = cast(Block, half.stack.blocks[layer])
    mlp, gated = block.mlp, block.mlp.gated
    ends = f"{name}.hook_normalized_resid_post" if block.post_norm else f"{name}.hook_resid_post"
    bias_gate = None if mlp.bias_in is None or not gated else mlp.bias_in[: mlp.d_mlp]
    return TokenSteps(
        layer=layer, row=at, act=lm.config.act,
        stream=_numpy(trace[_before(block, name)][at]),
        read=_numpy(_read(block, trace, name)[at]),
        pre=_numpy(trace[f"{name}.mlp.hook_pre"][at]),
        pre_linear=_numpy(trace[f"{name}.mlp.hook_pre_linear"][at]) if gated else None,
        post=_numpy(trace[f"{name}.mlp.hook_post"][at]),
        W_in=_numpy(mlp.W_in), W_gate=_numpy(mlp.W_gate) if gated else None,
        b_in=None if mlp.b_in is None else _numpy(mlp.b_in),
        b_gate=None if bias_gate is None else _numpy(bias_gate),
        W_out=_numpy(mlp.W_out), b_out=None if mlp.b_out is None else _numpy(mlp.b_out),
        out=_numpy(trace[f"{name}.hook_mlp_out"][at]),
        after=_numpy(trace[ends][at]),
    )  # fmt: skip


def neuron_of(neuron: int, neurons: int) -> int:
    """Check a neuron's index and return it.

    Raises:
        ValueError: there is no such neuron; the message counts those there are.
    """
    if not 0 <= neuron < neurons:
        raise ValueError(f"neuron {neuron} is not one of the {neurons} neurons, counted from 0")
    return int(neuron)


def _before(block: Block, name: str) -> str:
    """Return the hook of the stream (T, D) that the feed-forward part adds to."""
    middle = "resid_mid_cross" if block.cross else "resid_mid"
    return f"{name}.hook_normalized_{middle}" if block.post_norm else f"{name}.hook_{middle}"


def _read(block: Block, trace: Trace, name: str) -> Tensor:
    """Compute the input of the feed-forward part: (T, D)."""
    stream = trace[_before(block, name)]
    if block.post_norm:
        return stream
    with torch.no_grad():
        read: Tensor = (block.ln3 if block.cross else block.ln2)(stream)
    return read


@dataclass(frozen=True)
class Promoted:
    """Tokens by how a neuron's output moves their logits. Both lists are n long, the largest effect first.

    ids, scores: the ones pushed up most; low_ids, low_scores: the ones pushed down most.
    """

    ids: tuple[int, ...]
    scores: tuple[float, ...]
    low_ids: tuple[int, ...]
    low_scores: tuple[float, ...]

    @classmethod
    def of(cls, scores: Tensor, count: int) -> Promoted:
        """Sort scores (V,) into promoted and demoted tokens."""
        count = min(count, len(scores))
        up, down = scores.topk(count), scores.topk(count, largest=False)
        return cls(
            tuple(up.indices.tolist()), tuple(up.values.tolist()),
            tuple(down.indices.tolist()), tuple(down.values.tolist()),
        )  # fmt: skip


def promoted(lm: LanguageModel, layer: int, neuron: int, count: int = 10) -> Promoted:
    """Compute the tokens that a neuron promotes and demotes, from the weights alone, without any text.

    Its row of W_out (D,), centred if the last norm is a layer norm, times that norm's gain, times W_U: a score for
    every token, in logits for a neuron that fires with 1 into a stream whose last norm divides by 1 (Geva et al. 2022,
    "Transformer Feed-Forward Layers Build Predictions by Promoting Concepts in the Vocabulary Space", section 2). It is
    a linear reading, and leaves out:
    - how the blocks after this one read what it writes (often most of what an early neuron does);
    - the last norm's division, one positive number for each token: it scales all scores alike and leaves their order;
    - under post-norm the norms between, each with a gain and a division of its own;
    - how often and how strongly it fires, and with which sign.
    `direct_effect` and `core.analysis.neurons.knockouts.knock_out_neurons` measure with these in, on a text.

    Args:
        layer: of the stack that makes the logits.

    Raises:
        NotLinear: a masked-LM head (dense layer, activation, norm) stands between: see `direct_effect`.
        ValueError: no such block or neuron.
    """
    half = Half.of(lm)
    stack = half.stack
    half.block_name(layer)
    if stack.mlm_head is not None:
        raise NotLinear(
            f"{lm.name} has a masked-LM head before its vocabulary, which bends what a neuron writes: "
            "read its direct effect on a text instead"
        )
    mlp = cast(Block, stack.blocks[layer]).mlp
    neuron_of(neuron, mlp.d_mlp)
    with torch.no_grad():
        row = mlp.W_out[neuron]  # (D,)
        last = _last_norm(stack)
        if last is not None and last.kind == "layer":
            row = row - row.mean()
        if last is not None and last.w is not None:
            row = row * last.w
        assert stack.unembed is not None
        scores = (stack.unembed.table @ row * stack.unembed.scale).float().cpu()  # (V,)
    return Promoted.of(scores, count)


def direct_effect(
    lm: LanguageModel,
    text: Text,
    layer: int,
    neuron: int,
    row: int = -1,
    *,
    target: Text | None = None,
    trace: Trace | None = None,
) -> Tensor:
    """Compute how the logits at one token change when a neuron's output is subtracted from the last stream: (V,).

    logits(stream) - logits(stream - post * W_out row) through the model's own head: final norm with its division,
    masked-LM head, unembedding. What is left out are the blocks between, which go on as if nothing had happened, and
    under post-norm the norms between.

    Raises:
        ValueError: no such block, neuron or row, or a trace of another text.
    """
    half = Half.of(lm)
    name = half.block_name(layer)
    trace = traced(lm, text, target, trace)
    at = row_of(row, len(half.ids(trace)))
    mlp = cast(Block, half.stack.blocks[layer]).mlp
    neuron_of(neuron, mlp.d_mlp)
    with torch.no_grad():
        stream = half.leaving(trace)[at]  # (D,)
        wrote = trace[f"{name}.mlp.hook_post"][at, neuron] * mlp.W_out[neuron]  # (D,)
        with_it, without = half.stack.head(torch.stack([stream, stream - wrote])[None])[0]  # (V,) each
    change: Tensor = with_it - without
    return change


def _last_norm(stack: Transformer) -> Any:
    """Return the last norm before the unembedding, or None."""
    if stack.ln_final is not None:
        return stack.ln_final
    last = cast(Block, stack.blocks[-1])
    return (last.ln3 if last.cross else last.ln2) if last.post_norm else None


def _numpy(value: Tensor) -> Array:
    value = value.detach()
    return (value if value.dtype == torch.float64 else value.float()).cpu().numpy().copy()
