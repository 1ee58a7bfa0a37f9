"""Activation patching of every place and every head, block by block (`core.analysis.patching`)."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from core.analysis.patching import POSITIONS, Array, Patching


def sweep(found: Patching, by_place: bool = True) -> Iterator[tuple[str, int, Array]]:
    """Every site and head, block by block: ("stream", 0, (T',)), ..., ("head", 0, (H,)), ("heads", 0, (H, T')).

    For a page that shows progress or stops. `steps` says how many there are.

    Args:
        by_place: heads at each position, too.
    """
    places = len(found.counterpart)
    together = (len(found.sites) * places + found.heads) * places <= POSITIONS
    for layer in range(found.layers):
        if together:
            for name, line in found.by_layer(layer).items():
                yield name, layer, line
        else:
            for site in found.sites:
                yield site, layer, found.by_place(site, layer)
            yield "head", layer, found.by_head(layer)
        if by_place:
            yield "heads", layer, found.by_head_and_place(layer)


def steps(found: Patching, by_place: bool = True) -> int:
    """How many results `sweep` gives."""
    return found.layers * (len(found.sites) + 1 + by_place)


def patched(found: Patching, by_place: bool = True) -> dict[str, Array]:
    """All of it: site -> (L, T'), "head" -> (L, H), "heads" -> (L, H, T')."""
    lines: dict[str, list[Array]] = {}
    for name, _, line in sweep(found, by_place):
        lines.setdefault(name, []).append(line)
    return {name: np.stack(rows) for name, rows in lines.items()}
