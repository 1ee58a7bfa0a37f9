"""Both ways of pruning under one interface, and the loss at each sparsity before retraining."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Literal

from core.efficiency import structure
from core.efficiency.held_out import measure
from core.efficiency.judging import Reference, changed
from core.efficiency.pruning import Masks, Scope, applied, magnitude, prunable
from core.language_model import LanguageModel

Cut = Literal["magnitude", "structured"]


def removed(
    lm: LanguageModel, cut: Cut, sparsity: float, scope: Scope = "global"
) -> tuple[LanguageModel, Masks]:
    """Prune a share of the weights ("magnitude"), or of the heads and neurons ("structured").

    Where heads cannot be taken out (see `core.efficiency.structure`), "structured" removes neurons alone.

    Returns:
        the changed model, and masks of the weights that are gone ({}: parts are gone, so that it is smaller).

    Raises:
        ValueError: no such way, or a share that leaves nothing.
    """
    if cut == "structured":
        heads = 0.0 if neurons_only(lm) else sparsity
        return structure.cut(lm, structure.choose(lm.transformer, heads, sparsity)), {}
    if cut != "magnitude":
        raise ValueError(f"cut={cut!r} is neither 'magnitude' nor 'structured'")
    weights = prunable(lm)
    masks = magnitude(weights, sparsity, scope)
    return changed(lm, applied(weights, masks)), masks


def neurons_only(lm: LanguageModel) -> bool:
    """Return whether structured pruning must keep the heads of a model."""
    return lm.config.position in structure.BIASED


def by_level(before: Reference, cut: Cut, sparsities: Sequence[float]) -> Iterator[dict[str, Any]]:
    """Compute the figures of `core.efficiency.held_out.measure` at each sparsity, without any retraining.

    Returns:
        for each share with "sparsity", the texts and places that the figures rest on, and of "structured" `stays`.

    Raises:
        ValueError: as `removed`.
    """
    rests = {"texts": len(before.asked), "places": sum(len(said) for said in before.said)}
    for sparsity in sparsities:
        small, masks = removed(before.lm, cut, sparsity)
        parts = stays(before.lm, small) if cut == "structured" else {}
        yield {"sparsity": sparsity, **rests, **parts, **measure(before, small, masks)}


def stays(whole: LanguageModel, small: LanguageModel) -> dict[str, list[int]]:
    """Return how many heads and neurons of each block are left, and of how many."""
    one, other = small.config, whole.config
    return {"heads": [one.n_heads, other.n_heads], "neurons": [one.mlp_size, other.mlp_size]}
