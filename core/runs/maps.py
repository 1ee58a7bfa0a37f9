"""Attention patterns as bytes for the store: half-precision safetensors, the tokens beside them."""

from __future__ import annotations

import json

import numpy as np

from core.runs.records import Maps


def pack_maps(maps: Maps) -> bytes:
    """Attention patterns as half-precision safetensors."""
    from safetensors.numpy import save

    return save(
        {name: np.ascontiguousarray(values, np.float16) for name, values in maps.patterns.items()},
        {"tokens": json.dumps(maps.tokens), "names": json.dumps(list(maps.patterns))},
    )


def unpack_maps(body: bytes) -> Maps:
    """The patterns that `pack_maps` packed."""
    from safetensors.numpy import load

    length = int.from_bytes(body[:8], "little")
    about = json.loads(body[8 : 8 + length])["__metadata__"]
    values = load(body)  # in no order
    patterns = {name: values[name].astype(np.float32) for name in json.loads(about["names"])}
    return Maps(tuple(json.loads(about["tokens"])), patterns)
