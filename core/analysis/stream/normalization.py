"""LayerNorm (Ba et al. 2016) and RMSNorm (Zhang & Sennrich 2019), step by step, for every token.

layer   mean = sum(x) / D      centred = x - mean      variance = sum(centred^2) / D
rms     (nothing is taken off)                         variance = sum(x^2) / D
scale = sqrt(variance + eps)   normalised = centred / scale   output = normalised * gain + bias
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, cast

import numpy as np
import torch
from torch import Tensor

from core.analysis.places import traced
from core.analysis.stacks import Half, Stack
from core.model.block import Block
from core.model.norm import Normalise

if TYPE_CHECKING:
    from core.language_model import LanguageModel, Text
    from core.trace import Trace

Array = np.ndarray[Any, Any]
Kind = Literal["layer", "rms"]


@dataclass(frozen=True, kw_only=True)
class NormSteps:
    """Every step of one norm over N vectors of D numbers.

    Attributes:
        x: (N, D) what comes in. mean: (N, 1) of a layer norm; None: an RMS norm takes none off.
        centred: (N, D) x - mean, or x. variance: (N, 1) the mean of its squares.
        scale: (N, 1) sqrt(variance + eps), in the units of x.
        normalised: (N, D) centred / scale. gain, bias: (D,), None where there is none. output: (N, D).
    """

    kind: Kind
    eps: float
    x: Array
    mean: Array | None
    centred: Array
    variance: Array
    scale: Array
    normalised: Array
    gain: Array | None
    bias: Array | None
    output: Array

    @property
    def eps_share(self) -> Array:
        """(N,): the share of eps under the root: near 0, unless x is tiny; 1 for a vector of zeros."""
        share: Array = (self.eps / np.maximum(self.variance + self.eps, 1e-300))[:, 0]
        return share


def norm_steps(
    x: Tensor, kind: Kind, eps: float, gain: Tensor | None = None, bias: Tensor | None = None
) -> NormSteps:
    """Normalise vectors x (N, D) step by step, in the precision of x.

    Args:
        gain, bias: (D,); a bias belongs to a layer norm.

    Raises:
        ValueError: no such kind, or x is no table of vectors.
    """
    if kind not in ("layer", "rms"):
        raise ValueError(f"kind={kind!r} is neither 'layer' nor 'rms'")
    if x.ndim != 2 or not x.shape[1]:
        raise ValueError(f"x has the shape {tuple(x.shape)}: give vectors as rows, (N, D)")
    with torch.no_grad():
        mean = x.mean(-1, keepdim=True) if kind == "layer" else None  # (N, 1)
        centred = x if mean is None else x - mean
        variance = centred.square().mean(-1, keepdim=True)  # (N, 1)
        scale = (variance + eps).sqrt()
        normalised = centred / scale
        output = normalised if gain is None else normalised * gain
        output = output if bias is None else output + bias
    arrays = {
        "x": x, "mean": mean, "centred": centred, "variance": variance, "scale": scale, "normalised": normalised,
        "gain": gain, "bias": bias, "output": output,
    }  # fmt: skip
    return NormSteps(kind=kind, eps=eps, **{name: _numpy(value) for name, value in arrays.items()})


class NoNorm(ValueError):
    """Raised when the model has no such norm; the message names those it has."""


@dataclass(frozen=True)
class _NormPlace:
    """A norm of the stream and the hook of its input ("": the input of the first block)."""

    norm: Normalise
    reads: str


def norm_names(lm: LanguageModel, stack: Stack | None = None) -> list[str]:
    """List the norms over the stream in the order of the computation: "ln_embed", "blocks.0.ln1", ..., "ln_final".

    [] for a model without. In an encoder-decoder the names of a stack begin with "encoder." or "decoder.".

    Raises:
        ValueError: the model has no such stack.
    """
    return [name for name, _ in _places(Half.of(lm, stack))]


def norm_of(
    lm: LanguageModel,
    text: Text,
    name: str,
    *,
    target: Text | None = None,
    trace: Trace | None = None,
) -> NormSteps:
    """Compute the steps of one norm over all tokens of a text, N = T, from one pass.

    Args:
        name: one of `norm_names`.
        trace: the pass of this text and target, if it is at hand; None: made now.

    Raises:
        NoNorm: the model has no norm of that name.
        ValueError: a trace of another text.
    """
    stack: Stack | None = "encoder" if name.startswith("encoder.") else None
    if stack and lm.config.shape != "encoder-decoder":
        raise NoNorm(f"{lm.name} has no {name}: it is a {lm.config.shape}")
    half = Half.of(lm, stack)
    places = dict(_places(half))
    if name not in places:
        raise NoNorm(f"{lm.name} has no norm {name!r}: {', '.join(places) or 'it has none at all'}")
    norm, reads = places[name].norm, places[name].reads
    trace = traced(lm, text, target, trace)
    if name.endswith("ln_embed"):
        x = half.embedded(trace)
    else:
        x = trace[reads] if reads else half.leaving(trace)
    return norm_steps(x.detach(), cast(Kind, norm.kind), norm.eps, norm.w, norm.b)


def stream_before(lm: LanguageModel, name: str, trace: Trace, stack: Stack | None = None) -> Tensor:
    """Return the stream (T, D) at a norm's place, also where this model has no norm.

    Args:
        name: as in `norm_names`, also one that this model lacks.

    Raises:
        ValueError: the model has no such stack or block.
    """
    half = Half.of(lm, stack)
    if name == f"{half.prefix}ln_embed":
        return half.embedded(trace)
    if name == f"{half.prefix}ln_final":
        return half.leaving(trace)
    path, _, norm = name.rpartition(".ln")
    block = cast(Block, half.stack.blocks[int(path.rpartition(".")[2])])
    between = ["hook_resid_mid", *(["hook_resid_mid_cross"] if block.cross else [])]
    places = ["hook_resid_pre", *between, "hook_resid_post"]
    return trace[f"{path}.{places[int(norm) - 1 + block.post_norm]}"]


@dataclass(frozen=True, kw_only=True)
class Spread:
    """The distribution of numbers: `counts` of equal bins from -edge to edge, mean, rms, and standard deviation."""

    edge: float
    counts: tuple[int, ...]
    mean: float
    rms: float
    deviation: float


def spread(values: Array, bins: int = 31) -> Spread:
    """Compute the distribution of numbers (D,); the largest absolute value is the edge."""
    numbers = values.astype(np.float64)
    edge = float(np.abs(numbers).max()) or 1.0
    counts = np.histogram(numbers, bins=bins, range=(-edge, edge))[0]
    return Spread(
        edge=edge, counts=tuple(int(count) for count in counts), mean=float(numbers.mean()),
        rms=float(np.sqrt(np.mean(numbers**2))), deviation=float(numbers.std()),
    )  # fmt: skip


def _places(half: Half) -> Iterator[tuple[str, _NormPlace]]:
    stack, prefix = half.stack, half.prefix
    if stack.ln_embed is not None and stack.ln_embed.kind != "none":
        yield f"{prefix}ln_embed", _NormPlace(stack.ln_embed, "")
    for layer, part in enumerate(stack.blocks):
        block, name = cast(Block, part), f"{prefix}blocks.{layer}"
        if block.ln1.kind == "none":
            continue
        norms = [block.ln1, block.ln2, *([block.ln3] if block.cross else [])]
        before = ["hook_resid_pre", "hook_resid_mid", "hook_resid_mid_cross"]
        after = ["hook_resid_mid", *(["hook_resid_mid_cross"] if block.cross else []), "hook_resid_post"]
        for at, norm in enumerate(norms):
            reads = after[at] if block.post_norm else before[at]
            yield f"{name}.ln{at + 1}", _NormPlace(norm, f"{name}.{reads}")
    if stack.ln_final is not None and stack.ln_final.kind != "none":
        yield f"{prefix}ln_final", _NormPlace(stack.ln_final, "")


def _numpy(value: Tensor | None) -> Any:
    return None if value is None else value.detach().cpu().numpy().copy()
