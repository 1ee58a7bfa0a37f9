"""The residual stream of one token as a ledger: the contributions of all components, which add up to the last row.

Without norms in the stream (pre-norm) it is plain book-keeping: embedding, position, what each attention and each
feed-forward part adds, and their sum is the stream after the last block (Elhage et al. 2021, "A Mathematical Framework
for Transformer Circuits", "virtual weights and the residual stream as a communication channel").

A norm in the stream (post-norm blocks; a norm right after the embeddings) rescales what stands: it divides by a number
that hangs on all of it together. With that number taken as it was for this token, the norm is linear, and every entry
goes through it by itself:

    layer   entry -> (entry - mean(entry)) / scale * gain      and a new entry: the norm's bias
    rms     entry -> entry / scale * gain

So an entry has two vectors: as it was `written`, and `vector`, as it stands at the end, after all norms that came
later; the latter add up exactly. What they do not say: without the entry the scales would have been others, too. A
block without a residual connection keeps nothing of what stood: entries before it end at zero.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, cast

import numpy as np
import torch
from torch import Tensor

from core.analysis.places import row_of, traced
from core.analysis.stacks import Half, Stack
from core.model.attention import Attention
from core.model.block import Block
from core.model.norm import Normalise

if TYPE_CHECKING:
    from core.language_model import LanguageModel, Text
    from core.trace import Trace

Array = np.ndarray[Any, Any]
Part = Literal[
    "embedding", "position", "token type", "attention", "cross-attention", "mlp", "bias", "norm bias"
]


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One line: the component, and its contribution. D numbers each.

    Attributes:
        part: what kind; "bias" is that of an attention's or feed-forward part's output, "norm bias" a layer norm's.
        layer: the block, or None for what stands before the first block or after the last.
        head: of an attention taken apart by heads; None: all heads together.
        name: unique, as people write it: "embedding", "L0 attention", "L1H3", "L1 mlp bias", "L1 ln2 bias".
        written: (D,) what was added to the stream. vector: (D,) what of it stands at the end.
        norm: the length of `vector`. dot: its product with the final stream; cosine: with its direction, from -1 to 1.
        share: dot over the squared length of the final stream: shares add up to 1, and may be below 0.
        running: the length of the sum of the vectors up to and with this line.
    """

    part: Part
    layer: int | None
    head: int | None
    name: str
    written: Array
    vector: Array
    norm: float
    dot: float
    cosine: float
    share: float
    running: float


@dataclass(frozen=True, kw_only=True)
class Ledger:
    """All lines of one token, in the order of the computation.

    Attributes:
        row: of the stack's tokens; token: its id.
        final: (D,) the stream after the last block, from the model's pass; with `through_final`, after the final norm.
        rescaled: norms stood in the stream, so that `written` and `vector` differ.
        error: the length of (sum of vectors - final) over the length of final: rounding.
    """

    row: int
    token: int
    entries: tuple[Entry, ...]
    final: Array
    rescaled: bool
    error: float

    def __getitem__(self, name: str) -> Entry:
        """Return the line of that name.

        Raises:
            KeyError: there is none.
        """
        return {entry.name: entry for entry in self.entries}[name]

    def along(self, direction: Array) -> Array:
        """Project each line on a direction (D,), such as a token's column of W_U.

        The products add up to the final's: (n,).

        Of a ledger through the final norm these are the parts of that token's logit (without an unembedding's bias).
        """
        parts: Array = np.stack([entry.vector for entry in self.entries]) @ direction
        return parts


def ledger(
    lm: LanguageModel,
    text: Text,
    row: int = -1,
    *,
    by_head: bool = False,
    through_final: bool = False,
    stack: Stack | None = None,
    target: Text | None = None,
    trace: Trace | None = None,
) -> Ledger:
    """Compute the ledger of one token, from one pass, in float64.

    Args:
        row: of the stack's tokens, or from the end if negative.
        by_head: a line for each head instead of one for each attention.
        through_final: also through the norm after the last block, where there is one: what the unembedding reads.
        stack: "encoder" or "decoder" of an encoder-decoder; None: the decoder.
        trace: the pass of this text and target, if it is at hand; None: made now.

    Raises:
        ValueError: no such row or stack, or a trace of another text.
    """
    half = Half.of(lm, stack)
    trace = traced(lm, text, target, trace)
    ids = half.ids(trace)
    at = row_of(row, len(ids))
    book = _Book()
    with torch.no_grad():
        _open(book, half, trace, at)
        for layer, block in enumerate(half.stack.blocks):
            _block(book, cast(Block, block), trace, at, f"{half.prefix}blocks.{layer}", layer, by_head)
        final = half.leaving(trace)[at].detach().double()
        norm = half.stack.ln_final
        if through_final and norm is not None:
            book.norm(norm, final, None, "final norm")
            final = norm(half.leaving(trace))[at].double()
    return Ledger(
        row=at,
        token=int(ids[at]),
        entries=tuple(_lines(book, final)),
        final=_numpy(final),
        rescaled=book.rescaled,
        error=float((torch.stack(book.standing).sum(0) - final).norm() / final.norm().clamp_min(1e-30)),
    )


class _Book:
    """The lines written so far, and what remains of each."""

    def __init__(self) -> None:
        self.heads: list[tuple[Part, int | None, int | None, str]] = []
        self.written: list[Tensor] = []
        self.standing: list[Tensor] = []
        self.rescaled = False

    def write(
        self, part: Part, name: str, value: Tensor, layer: int | None = None, head: int | None = None
    ) -> None:
        """Add a new line (D,)."""
        self.heads.append((part, layer, head, name))
        self.written.append(value.detach().double())
        self.standing.append(value.detach().double())

    def wipe(self) -> None:
        """Zero all earlier lines, which are not carried on without a residual connection."""
        self.standing = [torch.zeros_like(value) for value in self.standing]

    def norm(self, norm: Normalise, stream: Tensor, layer: int | None, name: str) -> None:
        """Apply a norm to every line with the scale that it has for `stream` (D,), and add its bias as a line."""
        if norm.kind == "none":
            return
        self.rescaled = True
        centred = stream - stream.mean() if norm.kind == "layer" else stream
        scale = (centred.square().mean() + norm.eps).sqrt()
        gain = 1.0 if norm.w is None else norm.w.double()
        for at, value in enumerate(self.standing):
            if norm.kind == "layer":
                value = value - value.mean()
            self.standing[at] = value / scale * gain
        if norm.b is not None:
            self.write("norm bias", f"{name} bias", norm.b, layer)


def _open(book: _Book, half: Half, trace: Trace, at: int) -> None:
    """Add the lines before the first block."""
    before: tuple[tuple[Part, str], ...] = (
        ("embedding", "hook_embed"), ("position", "hook_pos_embed"), ("token type", "hook_token_type_embed"),
    )  # fmt: skip
    for part, hook in before:
        if half.prefix + hook in trace.hooks:
            book.write(part, part, trace[half.prefix + hook][at])
    if half.stack.ln_embed is not None:
        book.norm(half.stack.ln_embed, sum_of(book.standing), None, "embedding norm")


def _block(book: _Book, block: Block, trace: Trace, at: int, name: str, layer: int, by_head: bool) -> None:
    """Add the lines of one block in its order, with the norms between them under post-norm."""

    def add(
        wrote: Iterator[tuple[Part, str, Tensor, int | None]], norm: Normalise, norm_name: str, hook: str
    ) -> None:
        if not block.residual:
            book.wipe()
        for part, called, value, head in wrote:
            book.write(part, called, value, layer, head)
        if block.post_norm:
            book.norm(norm, trace[f"{name}.{hook}"][at].double(), layer, f"L{layer} {norm_name}")

    add(_attention(block.attn, trace, at, f"{name}.attn", f"{name}.hook_attn_out", layer, by_head), block.ln1, "ln1",
        "hook_resid_mid")  # fmt: skip
    if block.cross:
        place = f"{name}.cross_attn", f"{name}.hook_cross_attn_out"
        add(_attention(block.cross_attn, trace, at, *place, layer, by_head, cross=True), block.ln2, "ln2",
            "hook_resid_mid_cross")  # fmt: skip
    last = ("ln3", block.ln3) if block.cross else ("ln2", block.ln2)
    add(_mlp(block, trace, at, name, layer), last[1], last[0], "hook_resid_post")


def _attention(
    attn: Attention,
    trace: Trace,
    at: int,
    name: str,
    out: str,
    layer: int,
    by_head: bool,
    cross: bool = False,
) -> Iterator[tuple[Part, str, Tensor, int | None]]:
    part: Part = "cross-attention" if cross else "attention"
    called = f"L{layer} {part}"
    if by_head:
        z = trace[f"{name}.hook_z"][at].double()  # (H, K)
        results = torch.einsum("hk,hkd->hd", z, attn.W_O.double())  # (H, D)
        mark = "X" if cross else "H"  # L1X3: head 3 of the attention to the source
        for head, result in enumerate(results):
            yield part, f"L{layer}{mark}{head}", result, head
    else:
        wrote = trace[out][at].double()
        yield part, called, wrote if attn.b_O is None else wrote - attn.b_O.double(), None
    if attn.b_O is not None:
        yield "bias", f"{called} bias", attn.b_O, None


def _mlp(
    block: Block, trace: Trace, at: int, name: str, layer: int
) -> Iterator[tuple[Part, str, Tensor, int | None]]:
    wrote, bias = trace[f"{name}.hook_mlp_out"][at].double(), block.mlp.b_out
    yield "mlp", f"L{layer} mlp", wrote if bias is None else wrote - bias.double(), None
    if bias is not None:
        yield "bias", f"L{layer} mlp bias", bias, None


def _lines(book: _Book, final: Tensor) -> Iterator[Entry]:
    length = float(final.norm())
    running = torch.zeros_like(final)
    for (part, layer, head, name), written, vector in zip(book.heads, book.written, book.standing):
        running = running + vector
        norm, dot = float(vector.norm()), float(vector @ final)
        yield Entry(
            part=part, layer=layer, head=head, name=name, written=_numpy(written), vector=_numpy(vector),
            norm=norm, dot=dot, cosine=dot / (norm * length) if norm * length else 0.0,
            share=dot / length**2 if length else 0.0, running=float(running.norm()),
        )  # fmt: skip


def sum_of(parts: list[Tensor]) -> Tensor:
    """Sum vectors (D,)."""
    return torch.stack(parts).sum(0)


def _numpy(value: Tensor) -> Array:
    return value.detach().cpu().numpy()
