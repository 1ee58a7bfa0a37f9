"""Direct logit attribution: one logit as a sum of the contributions of every layer, head and neuron.

The stream is a sum and the unembedding is linear. Between the two stands a norm, which divides by a number that hangs
on the whole stream: taken as it was in this pass, it is linear, too, and every part goes through it by itself (Elhage
et al. 2021, "A Mathematical Framework for Transformer Circuits"; nostalgebraist 2020). So the parts add up to the
logit exactly, constants (biases of parts, norms and unembedding) among them.

The computation runs from the logit backwards: at each place of the stream there is the direction (D,) in which the
logit is read. A norm in the stream (post-norm, or after the embeddings) turns the direction, as the final one does. An
activation in a masked-LM head is taken as the ratio of what came out of it to what went in (Ali et al. 2022, "XAI for
Transformers: Better Explanations through Conservative Propagation", does the same to attention and norms).

Direct: indirect effects of a line through later blocks count as those blocks'. And the frozen scales would differ
without it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, cast

import numpy as np
import torch
from torch import Tensor

from core.analysis.places import row_of, traced
from core.analysis.stacks import Half
from core.model.attention import Attention
from core.model.block import Block
from core.model.embedding import MlmHead, Unembed
from core.model.norm import Normalise

if TYPE_CHECKING:
    from core.language_model import LanguageModel, Text
    from core.trace import Trace

Array = np.ndarray[Any, Any]
Part = Literal["embedding", "position", "token type", "attention", "cross-attention", "mlp", "biases"]


@dataclass(frozen=True)
class Line:
    """One part's share of the logit. layer: its block; None outside of the blocks."""

    part: Part
    layer: int | None
    name: str
    value: float


@dataclass(frozen=True, kw_only=True)
class Attribution:
    """One logit, or the difference of two, as a sum. L blocks, H heads, F neurons.

    Attributes:
        row: of the logits; token: whose logit; against: the token whose logit is taken off; None: nothing.
        lines: in the order in which they were written, "biases" (all constants together) last.
        heads: (L, H) of each block's attention; they add up to its line. cross: the same of attention to a source.
        neurons: (L, F) of each block's MLP; they add up to its line.
        logit: the model's own number, which the lines add up to.
        frozen: what was taken as it was, so that all is linear: "the final norm", "the norms in the stream", ...
    """

    row: int
    token: int
    against: int | None
    lines: tuple[Line, ...]
    heads: Array
    cross: Array | None
    neurons: Array
    logit: float
    frozen: tuple[str, ...]

    @property
    def total(self) -> float:
        """The sum of all lines."""
        return sum(line.value for line in self.lines)

    @property
    def error(self) -> float:
        """The difference between the sum and the model's logit: rounding."""
        return abs(self.total - self.logit)

    def __getitem__(self, name: str) -> float:
        """Return the line of that name.

        Raises:
            KeyError: there is none.
        """
        return {line.name: line.value for line in self.lines}[name]


class NoLogits(ValueError):
    """Raised when there is nothing to attribute; the message says why."""


def attribute(
    lm: LanguageModel,
    text: Text,
    token: int,
    against: int | None = None,
    *,
    row: int = -1,
    target: Text | None = None,
    trace: Trace | None = None,
) -> Attribution:
    """Decompose the logit of `token` at `row`, in float64, from one pass.

    Args:
        against: a second token: its logit is taken off everywhere, so that the lines add up to the difference.
        row: of the logits (the decoder's of an encoder-decoder), or from the end if negative.
        target: of an encoder-decoder, what is written so far. Its decoder is taken apart; what crosses from the source
            counts as the decoder's cross-attention.
        trace: the pass of this text and target, if it is at hand; None: made now.

    Raises:
        NoLogits: the model has no head that says tokens.
        ValueError: no such row or token, or a trace of another text.
    """
    half = Half.of(lm)
    if half.stack.unembed is None:
        raise NoLogits(f"{lm.name} has no head that says tokens, so it has no logits of them")
    for one in (token, against):
        if one is not None and not 0 <= one < lm.config.d_vocab:
            raise ValueError(f"token id {one} lies outside the vocabulary of {lm.config.d_vocab:,}")
    trace = traced(lm, text, target, trace)
    at = row_of(row, len(trace.logits))
    back = _Back(half, trace, at)
    with torch.no_grad():
        back.readout(token, against)
        for layer in reversed(range(len(half.stack.blocks))):
            back.block(layer)
        back.opening()
    logits = trace.logits[at].detach()
    logit = float(logits[token].double() - (0 if against is None else logits[against].double()))
    lines = [*reversed(back.lines), Line("biases", None, "biases", back.constant)]
    return Attribution(
        row=at, token=token, against=against, lines=tuple(lines), logit=logit, frozen=tuple(back.frozen),
        heads=_stacked(back.heads, lm.config.n_heads), neurons=_stacked(back.neurons, lm.config.mlp_size),
        cross=_stacked(back.cross, lm.config.n_heads) if half.prefix else None,
    )  # fmt: skip


def direction(unembed: Unembed, token: int, against: int | None = None) -> tuple[Tensor, float]:
    """Return (D,) and a constant: a row y that enters the unembedding gives y . direction + constant. In float64."""
    u, bias = (
        unembed.table[token].detach().double(),
        0.0 if unembed.b_U is None else float(unembed.b_U[token]),
    )
    if against is not None:
        u = u - unembed.table[against].detach().double()
        bias -= 0.0 if unembed.b_U is None else float(unembed.b_U[against])
    return u * unembed.scale, bias


def through_norm(norm: Normalise, x: Tensor, u: Tensor) -> tuple[Tensor, float]:
    """Pull a direction behind a norm back to its input, with the scale that the norm has for x.

    Args:
        x: (D,) what goes in. u: (D,) the direction behind it.

    Returns:
        (D,) the direction before it, and what the norm's bias adds: norm(x) . u = x . direction + number.
    """
    if norm.kind == "none":
        return u, 0.0
    centred = x - x.mean() if norm.kind == "layer" else x
    scale = (centred.square().mean() + norm.eps).sqrt()
    back = (u if norm.w is None else u * norm.w.double()) / scale
    if norm.kind == "layer":
        back = back - back.mean()
    return back, 0.0 if norm.b is None else float(norm.b.double() @ u)


def normed(norm: Normalise, x: Tensor) -> Tensor:
    """Apply a norm to x (D,), in float64."""
    if norm.kind == "none":
        return x
    centred = x - x.mean() if norm.kind == "layer" else x
    y = centred / (centred.square().mean() + norm.eps).sqrt()
    y = y if norm.w is None else y * norm.w.double()
    return y if norm.b is None else y + norm.b.double()


def through_head(head: MlmHead, x: Tensor, u: Tensor) -> tuple[Tensor, float]:
    """Pull a direction back through a masked-LM head, its activation linearized as the ratio of output to input.

    x, u: (D,).
    """
    bent = head.b.double() + x @ head.W.double()  # (D,)
    out = head.act(bent)
    u, bias = through_norm(head.ln, out, u)
    ratio = torch.where(bent == 0, torch.zeros_like(bent), out / bent)
    u = u * ratio
    return head.W.double() @ u, bias + float(head.b.double() @ u)


@dataclass
class _Back:
    """The backward computation from a logit to the embedding: `u` is the direction in which the logit is read here."""

    half: Half
    trace: Trace
    at: int
    u: Tensor = field(init=False)
    constant: float = 0.0
    lines: list[Line] = field(default_factory=list)
    heads: list[Array] = field(default_factory=list)
    cross: list[Array] = field(default_factory=list)
    neurons: list[Array] = field(default_factory=list)
    frozen: dict[str, None] = field(default_factory=dict)

    def _row(self, name: str) -> Tensor:
        return self.trace[self.half.prefix + name][self.at].detach().double()

    def norm(self, norm: Normalise, x: Tensor, called: str) -> None:
        self.u, bias = through_norm(norm, x, self.u)
        self.constant += bias
        if norm.kind != "none":
            self.frozen[called] = None

    def readout(self, token: int, against: int | None) -> None:
        """Go from the logit to the stream after the last block."""
        stack, x = self.half.stack, self.half.leaving(self.trace)[self.at].detach().double()
        assert stack.unembed is not None
        self.u, self.constant = direction(stack.unembed, token, against)
        if stack.mlm_head is not None:
            read = x if stack.ln_final is None else normed(stack.ln_final, x)
            self.u, bias = through_head(stack.mlm_head, read, self.u)
            self.constant += bias
            self.frozen["the head’s activation and norm"] = None
        if stack.ln_final is not None:
            self.norm(stack.ln_final, x, "the final norm")

    def block(self, layer: int) -> None:
        """Add the lines of one block, the last written first."""
        block, name = cast(Block, self.half.stack.blocks[layer]), f"blocks.{layer}"
        last = block.ln3 if block.cross else block.ln2
        self._after(block, last, f"{name}.hook_resid_post")
        post = self._row(f"{name}.mlp.hook_post")  # (F,)
        neurons = post * (block.mlp.W_out.double() @ self.u)  # (F,)
        self.neurons.append(neurons.cpu().numpy())
        self._line("mlp", layer, float(neurons.sum()), block.mlp.b_out)
        self._before(block)
        if block.cross:
            self._after(block, block.ln2, f"{name}.hook_resid_mid_cross")
            self._heads(block.cross_attn, layer, f"{name}.cross_attn", "cross-attention", self.cross)
            self._before(block)
        self._after(block, block.ln1, f"{name}.hook_resid_mid")
        self._heads(block.attn, layer, f"{name}.attn", "attention", self.heads)
        self._before(block)

    def _after(self, block: Block, norm: Normalise, summed: str) -> None:
        """Go back through a norm after a sum, under post-norm."""
        if block.post_norm:
            self.norm(norm, self._row(summed), "the norms in the stream")

    def _before(self, block: Block) -> None:
        """Go back past a block's part: without a residual connection nothing earlier contributes."""
        if not block.residual:
            self.u = torch.zeros_like(self.u)

    def _heads(self, attn: Attention, layer: int, name: str, part: Part, into: list[Array]) -> None:
        z = self._row(f"{name}.hook_z")  # (H, K)
        said = (z * (attn.W_O.double() @ self.u)).sum(-1)  # (H,)
        into.append(said.cpu().numpy())
        self._line(part, layer, float(said.sum()), attn.b_O)

    def _line(self, part: Part, layer: int | None, value: float, bias: Tensor | None = None) -> None:
        self.lines.append(Line(part, layer, part if layer is None else f"L{layer} {part}", value))
        if bias is not None:
            self.constant += float(bias.double() @ self.u)

    def opening(self) -> None:
        """Add the lines before the first block."""
        stack, prefix = self.half.stack, self.half.prefix
        if stack.ln_embed is not None:
            self.norm(
                stack.ln_embed,
                self.half.embedded(self.trace)[self.at].detach().double(),
                "the embedding’s norm",
            )
        before: tuple[tuple[Part, str], ...] = (
            ("token type", "hook_token_type_embed"), ("position", "hook_pos_embed"), ("embedding", "hook_embed"),
        )  # fmt: skip
        for part, hook in before:
            if prefix + hook in self.trace.hooks:
                self._line(part, None, float(self._row(hook) @ self.u))


def _stacked(rows: list[Array], width: int) -> Array:
    """Stack rows (width,) that were computed from the last block to the first, as (L, width)."""
    return np.stack(rows[::-1]) if rows else np.zeros((0, width))
