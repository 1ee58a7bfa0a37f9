"""Activation patching of every place and every head, block by block (`core.analysis.patching.patches`)."""

from __future__ import annotations

from collections.abc import Collection, Iterator

import numpy as np

from core.analysis.patching.patches import POSITIONS, Array, Patching

COARSE = 8  # block step of the first round


def coarse_to_fine(layers: int) -> list[int]:
    """Order all blocks: every eighth, then those halfway between, and so on."""
    order = list(range(0, layers, COARSE))
    step = COARSE
    while step > 1:
        order += range(step // 2, layers, step)
        step //= 2
    return order


def sweep(
    found: Patching, by_place: bool = True, *, coarse: bool = False, known: Collection[tuple[str, int]] = ()
) -> Iterator[tuple[str, int, Array]]:
    """Patch every site and head, block by block: ("stream", 0, (T',)), ..., ("head", 0, (H,)), ("heads", 0, (H, T')).

    For a page that shows progress or stops. `steps` returns how many results there are.

    Args:
        by_place: heads at each position, too.
        coarse: every eighth block comes first, then those between; else one after the other.
        known: (site, block) of those that are left out.
    """
    places = len(found.counterpart)
    together = (len(found.sites) * places + found.heads) * places <= POSITIONS
    for layer in coarse_to_fine(found.layers) if coarse else range(found.layers):
        wanted = [name for name in (*found.sites, "head") if (name, layer) not in known]
        if together and wanted:
            lines = found.by_layer(layer)
            yield from ((name, layer, lines[name]) for name in wanted)
        else:
            for site in found.sites:
                if site in wanted:
                    yield site, layer, found.by_place(site, layer)
            if "head" in wanted:
                yield "head", layer, found.by_head(layer)
        if by_place and ("heads", layer) not in known:
            yield "heads", layer, found.by_head_and_place(layer)


def steps(found: Patching, by_place: bool = True) -> int:
    """Return how many results `sweep` yields."""
    return found.layers * (len(found.sites) + 1 + by_place)


def patched(found: Patching, by_place: bool = True) -> dict[str, Array]:
    """Patch all sites and heads: site -> (L, T'), "head" -> (L, H), "heads" -> (L, H, T')."""
    lines: dict[str, list[Array]] = {}
    for name, _, line in sweep(found, by_place):
        lines.setdefault(name, []).append(line)
    return {name: np.stack(rows) for name, rows in lines.items()}
