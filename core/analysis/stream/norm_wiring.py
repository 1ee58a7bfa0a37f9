"""One block with its own weights as pre-norm and as post-norm.

pre    x + attn(ln1(x)), then + mlp(ln2(.))        the stream itself is never touched
post   ln1(x + attn(x)), then ln2(. + mlp(.))      the stream is brought to size after every sum

The model was trained one way; the other way is the same arithmetic with the same weights, for comparison only
(Xiong et al. 2020, "On Layer Normalization in the Transformer Architecture", figure 1).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import torch
from torch import Tensor

from core.analysis.stacks import Half, Stack
from core.analysis.stream.depth import rms
from core.model.attention import Geometry
from core.model.norm import Normalise

if TYPE_CHECKING:
    from core.language_model import LanguageModel
    from core.trace import Trace

Wiring = Literal["pre", "post"]
Run = Callable[[Tensor], Tensor]


@dataclass(frozen=True)
class Wired:
    """The rms of one row on its way through a block: (where, rms), in the order of computation.

    Where: "x" what enters, "ln1" what leaves a norm, "attention", "cross-attention" and "mlp" what a part writes, "sum"
    the stream after it. own: the model itself is wired so.
    """

    wiring: Wiring
    own: bool
    steps: tuple[tuple[str, float], ...]


def wired(
    lm: LanguageModel, trace: Trace, layer: int, row: int, wiring: Wiring, stack: Stack | None = None
) -> Wired:
    """Send the stream that entered block `layer` through it, with its norms before the parts or after the sums.

    Args:
        row: of the stack's tokens, whose numbers are measured.

    Raises:
        ValueError: the model has no such block or stack.
    """
    half = Half.of(lm, stack)
    x = trace[f"{half.block_name(layer)}.hook_resid_pre"][None]  # (1, T, D)
    steps: list[tuple[str, Tensor]] = [("x", x)]
    block: Any = half.stack.blocks[layer]
    with torch.no_grad():
        for name, run, norm in _parts(lm, half, trace, layer):
            if wiring == "pre":
                read = norm(x)
                steps.append((norm_name(block, norm), read))
            else:
                read = x
            wrote = run(read)
            x = x + wrote if block.residual else wrote
            steps += [(name, wrote), ("sum", x)]
            if wiring == "post":
                x = norm(x)
                steps.append((norm_name(block, norm), x))
    own = half.stack.config.norm_placement == wiring
    return Wired(wiring=wiring, own=own, steps=tuple((where, rms(value[0, row])) for where, value in steps))


def norm_name(block: Any, norm: Normalise) -> str:
    """Return which of the block's norms this is: "ln1", "ln2" or "ln3"."""
    return next(name for name in ("ln1", "ln2", "ln3") if getattr(block, name, None) is norm)


def _parts(lm: LanguageModel, half: Half, trace: Trace, layer: int) -> list[tuple[str, Run, Normalise]]:
    """Return the block's parts in order, each with its norm."""
    block: Any = half.stack.blocks[layer]
    stream = trace[f"{half.block_name(layer)}.hook_resid_pre"]
    places = torch.arange(stream.shape[0], device=stream.device)
    geometry = half.stack.geometry(places, 0, None, stream.dtype)
    parts: list[tuple[str, Run, Normalise]] = [
        ("attention", lambda read: block.attn(read, geometry, None, None), block.ln1)
    ]
    if block.cross:
        encoder = Half.of(lm, "encoder")
        source = encoder.stack.head(encoder.leaving(trace)[None])  # (1, S, D)
        parts.append(
            ("cross-attention", lambda read: block.cross_attn(read, Geometry(), source, None), block.ln2)
        )
    parts.append(("mlp", block.mlp, block.ln3 if block.cross else block.ln2))
    return parts
