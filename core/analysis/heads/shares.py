"""Output decomposition: what each head of one block contributes to the output of its attention.

The heads' outputs stand side by side, (H K,), and meet one matrix W_O (Vaswani et al. 2017, section 3.2.2). Cut W_O
into H slices of K rows and the product falls apart into one vector per head, z_h W_O_h, whose sum (with the bias) is
the output (Elhage et al. 2021, "A Mathematical Framework for Transformer Circuits").
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from core.analysis.places import Kind, Place, row_of, stack_of, traced
from core.language_model import LanguageModel, Text
from core.trace import Trace

Array = np.ndarray[Any, Any]


@dataclass(frozen=True, kw_only=True)
class HeadShares:
    """One row of one block's attention output, head by head. Norms have the unit of the residual stream.

    A share is dot(vector, out) / |out|^2: the head's contribution along the output's own direction. Shares
    and `bias_share` add up to 1; a negative one points the other way. All are 0 where the output is exactly 0.
    """

    layer: int
    attention: Kind
    row: int  # a position of the asking side, from 0
    z: Array  # (H, K) what each head mixed out of the values
    W_O: Array  # (H, K, D) the slices of the output matrix
    vectors: Array  # (H, D) z W_O, what each head adds to the stream
    bias: Array  # (D,) b_O; zeros where the model has none
    out: Array  # (D,) the attention's output, as the pass computed it
    resid: Array  # (D,) the stream that the output is added to
    shares: Array  # (H,)
    bias_share: float
    norms: Array  # (H,) of the vectors
    bias_norm: float
    out_norm: float
    cosines: Array  # (H,) between each vector and the output; 0 where either has no length

    @property
    def total(self) -> Array:
        """(D,) the sum of the vectors and the bias: `out` up to rounding."""
        return self.vectors.sum(axis=0) + self.bias


def head_shares(
    lm: LanguageModel,
    text: Text,
    layer: int,
    *,
    row: int = -1,
    attention: Kind = "self",
    target: Text | None = None,
    trace: Trace | None = None,
) -> HeadShares:
    """Run `text` and decompose the attention of block `layer` at `row` by heads.

    An active `core.hooks.intervene` counts: a head that is off has the zero vector.

    Args:
        row: a position of the asking side, or from the end if negative: the encoder's for "encoder", else the
            decoder's or the only one.
        attention: "self", or in an encoder-decoder also "cross" and "encoder".
        trace: the pass of this text and target, if available (made under the same interventions); None: computed now.

    Raises:
        ValueError: no such layer, attention or row, or a trace of another text.
        ContextTooLong: more tokens than the model has positions for.
    """
    place = Place.of(lm, layer, 0, attention)
    trace = traced(lm, text, target, trace)
    z = trace[f"{place.attn_name}.hook_z"]  # (T, H, K)
    row = row_of(row, len(z))
    parts, out = head_outputs(trace, place, row)
    shares, norms, cosines = _measures(parts, out)
    return HeadShares(
        layer=layer, attention=attention, row=row, z=_numpy(z[row]), W_O=_numpy(place.attn.W_O),
        vectors=parts[:-1], bias=parts[-1], out=out, resid=_numpy(trace[place.resid_name][row]),
        shares=shares[:-1], bias_share=float(shares[-1]), norms=norms[:-1], bias_norm=float(norms[-1]),
        out_norm=float(np.linalg.norm(out)), cosines=cosines[:-1],
    )  # fmt: skip


def share_table(
    lm: LanguageModel,
    text: Text,
    *,
    row: int = -1,
    attention: Kind = "self",
    target: Text | None = None,
    trace: Trace | None = None,
) -> Array:
    """Compute every head's share of its own block's attention output at `row`: (L, H + 1), the bias in the last column.

    Each line adds up to 1 (to 0 where the output is exactly 0).

    Args:
        row, attention, target, trace: as for `head_shares`.

    Raises:
        ValueError: no such attention or row, or a trace of another text.
    """
    trace = traced(lm, text, target, trace)
    lines = []
    for layer in range(len(stack_of(lm, attention).blocks)):
        place = Place.of(lm, layer, 0, attention)
        row = row_of(row, len(trace[place.out_name]))
        lines.append(_measures(*head_outputs(trace, place, row))[0])
    return np.stack(lines) if lines else np.zeros((0, lm.config.n_heads + 1))


def head_outputs(trace: Trace, place: Place, row: int) -> tuple[Array, Array]:
    """Compute the contributions of every head and the bias at `row`, (H + 1, D), and their sum, (D,)."""
    with torch.no_grad():
        vectors = torch.einsum("hk,hkd->hd", trace[f"{place.attn_name}.hook_z"][row], place.attn.W_O)
        bias = torch.zeros_like(vectors[:1]) if place.attn.b_O is None else place.attn.b_O[None]
        parts = torch.cat([vectors, bias])  # (H + 1, D)
    return _numpy(parts), _numpy(trace[place.out_name][row])


def _measures(parts: Array, out: Array) -> tuple[Array, Array, Array]:
    """Compute shares, norms and cosines of parts (N, D) that add up to out (D,): three of (N,)."""
    along, square = parts @ out, float(out @ out)
    norms = np.linalg.norm(parts, axis=1)
    shares = along / square if square > 0 else np.zeros_like(along)
    lengths = norms * np.sqrt(square)
    cosines = np.divide(along, lengths, out=np.zeros_like(along), where=lengths > 0)
    return shares, norms, cosines


def _numpy(value: torch.Tensor) -> Array:
    return value.detach().cpu().numpy().copy()
