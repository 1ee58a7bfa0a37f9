"""Serialization of a checkpoint's pictures for the store.

Attention with its tokens, or the positions of words on a map.
"""

from __future__ import annotations

import json

import numpy as np

from core.runs.records import Maps, Places

_PLACES = "places"


def pack_maps(maps: Maps) -> bytes:
    """Serialize attention patterns as half-precision safetensors."""
    from safetensors.numpy import save

    return save(
        {name: np.ascontiguousarray(values, np.float16) for name, values in maps.patterns.items()},
        {"tokens": json.dumps(maps.tokens), "names": json.dumps(list(maps.patterns))},
    )


def unpack_maps(body: bytes) -> Maps | None:
    """Restore the patterns of `pack_maps`; None for a map of words."""
    from safetensors.numpy import load

    length = int.from_bytes(body[:8], "little")
    about = json.loads(body[8 : 8 + length]).get("__metadata__", {})
    if "names" not in about:
        return None
    values = load(body)  # safetensors has no order
    patterns = {name: values[name].astype(np.float32) for name in json.loads(about["names"])}
    return Maps(tuple(json.loads(about["tokens"])), patterns)


def pack_places(places: Places) -> bytes:
    """Serialize points of a map as single-precision safetensors."""
    from safetensors.numpy import save

    return save({_PLACES: np.ascontiguousarray(places.points, np.float32)})


def unpack_places(body: bytes) -> Places | None:
    """Restore the points of `pack_places`; None for attention."""
    from safetensors.numpy import load

    values = load(body)
    return Places(values[_PLACES]) if values.keys() == {_PLACES} else None
