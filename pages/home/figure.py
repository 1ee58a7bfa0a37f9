"""Home's picture: the whole machine over one text, as one SVG.

`record` turns what core computed into the component's data; `home` mounts it. The browser answers to the pointer from
this data alone and sends "select" (its whole selection), "append" ({"id", "row"}) and "visit" ({"page"}).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields
from typing import Any

import numpy as np

from app.kit import pack, register
from core.analysis.stream.overview import Heads, Overview

home = register("home", __file__)

EMBEDDING = 128  # how many numbers of an embedding the strip shows
LOGITS = 400_000  # up to so many logits all rows' distributions are sent, past it the followed row's alone


def record(seen: Overview, word: Callable[[int], str], follow: int, stamp: str) -> dict[str, Any]:
    """The picture's data, without the selection.

    Args:
        seen: what core computed.
        word: how a person reads the token of an id.
        follow: the row whose logits are sent when there are too many for all rows.
        stamp: changes when model, text or stack change; with the same stamp the browser keeps what it has unpacked.
    """
    limited = follow if seen.logits is not None and seen.logits.size > LOGITS else None
    named = np.unique(np.concatenate([seen.top_ids.ravel(), seen.lens_ids.ravel()]))
    return {
        "stamp": stamp if limited is None else f"{stamp}\x1f{limited}",
        "shape": seen.shape,
        "stack": seen.stack,
        "tokens": seen.tokens,
        "ids": seen.ids.tolist(),
        "special": seen.special.tolist(),
        "source": seen.source,
        "blocks": seen.n_blocks,
        "heads": seen.heads.pattern.shape[1],
        "kv_heads": seen.kv_heads,
        "d_model": seen.embed.shape[1],
        "vocabulary": seen.vocabulary,
        "home_row": seen.predicting_row,
        "mask_id": seen.mask_id,
        "words": {str(token): word(int(token)) for token in named},
        "embed": pack(seen.embed[:, :EMBEDDING]),
        "embed_norm": _norms(seen.embed),
        "position_norm": None if seen.position is None else _norms(seen.position),
        "read_norm": None if seen.read is None else seen.read.tolist(),
        "embed_normed": seen.embed_norm,
        "final_norm": seen.final_norm,
        "resid": pack(seen.resid),
        "att": pack(seen.heads.added),
        "mlp": pack(seen.mlp),
        "crossAdded": None if seen.cross is None else pack(seen.cross.added),
        "own": _heads(seen.heads),
        "cross": None if seen.cross is None else _heads(seen.cross),
        "lens": seen.lens_ids.size > 0,
        "lensIds": pack(seen.lens_ids),
        "lensProbs": pack(seen.lens_probabilities),
        "lensOwn": pack(seen.lens_own),
        "topIds": pack(seen.top_ids),
        "topProbs": pack(seen.top_probabilities),
        "top": {"shape": list(seen.top_ids.shape)},
        "bare": seen.logits is None and seen.shape == "encoder",
        "logits": None if seen.logits is None else _logits(seen.logits, limited),
    }


def _heads(heads: Heads) -> dict[str, Any]:
    return {field.name: pack(getattr(heads, field.name)) for field in fields(heads) if field.name != "added"}


def _norms(vectors: np.ndarray[Any, Any]) -> list[float]:
    norms: list[float] = np.linalg.norm(vectors, axis=-1).tolist()
    return norms


def _logits(logits: np.ndarray[Any, Any], follow: int | None) -> dict[str, Any]:
    if follow is None:
        return {"values": pack(logits), "rows": None}
    rows = sorted({follow, len(logits) - 1})
    return {"values": pack(logits[rows]), "rows": rows}
