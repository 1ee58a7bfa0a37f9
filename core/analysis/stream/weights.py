"""Weight sizes: histograms of a model's matrices, which weight decay shrinks."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor, nn

from core.analysis.stream.depth import blocks_of

BINS = 80  # bins of a histogram, over four times the rms to each side
SPAN = 4.0


def weight_sizes(model: nn.Module) -> dict[str, Any]:
    """Measure all matrices inside the blocks together: `rms`, and `counts` of BINS equal bins from -edge to edge.

    What lies beyond the edge, four times the rms, is counted in the last bin of its side.
    """
    return sizes(torch.cat([weight.detach().flatten().float() for weight in matrices_of(model)]))


def sizes(values: Tensor) -> dict[str, Any]:
    """Compute the `rms` of values (N,), and their histogram over `SPAN` times that to each side."""
    size = float(values.square().mean().sqrt())
    return {"rms": size, **histogram(values, SPAN * size)}


def histogram(values: Tensor, edge: float) -> dict[str, Any]:
    """Count the values in BINS equal bins from -edge to edge, ends included: {"edge", "counts"}."""
    edge = max(edge, 1e-12)
    counts = torch.histc(values.clamp(-edge, edge), BINS, -edge, edge)
    return {"edge": edge, "counts": [int(count) for count in counts]}


def matrices_of(model: nn.Module) -> Iterator[Tensor]:
    """Return the weight matrices inside the blocks, which weight decay applies to."""
    for _, block in blocks_of(model):
        yield from (weight for weight in block.parameters() if weight.ndim > 1)


def by_matrix(model: nn.Module, block: str) -> dict[str, dict[str, Any]]:
    """Measure rms and histogram of each matrix of the block with this path ("blocks.0"), by its TransformerLens name.

    Raises:
        KeyError: the model has no such block.
    """
    part: Any = dict(blocks_of(model))[block]
    found = {f"W_{name}": getattr(part.attn, f"W_{name}") for name in "QKVO"}
    found |= {"W_gate": part.mlp.W_gate} if part.mlp.gated else {}
    found |= {"W_in": part.mlp.W_in, "W_out": part.mlp.W_out}
    return {name: sizes(weight.detach().flatten().float()) for name, weight in found.items()}
