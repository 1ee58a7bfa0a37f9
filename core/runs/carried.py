"""Runs as text, so that a notebook takes them along: curves, vectors of words, and what fine-tuning has learned.

A notebook of a run of one's own then says the same on every machine, without the store of the server that trained it.
The text is base64 of a zlib stream, of JSON or of the checkpoint's own bytes.
"""

from __future__ import annotations

import base64
import json
import zlib
from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import numpy as np

from core.runs.records import COLUMNS, Checkpoint, Points

if TYPE_CHECKING:
    from core.language_model import LanguageModel
    from core.training.fine_tune_spec import FineTuneSpec
    from core.vectors.static import StaticVectors


def pack_curve(points: Points, checkpoints: Sequence[Checkpoint] = ()) -> str:
    """A run's points and what was measured at its checkpoints, exactly."""
    columns = {name: column.tolist() for name, column in points.columns().items()}
    return _packed({"points": columns, "checkpoints": [asdict(one) for one in checkpoints]})


def curve(text: str) -> tuple[Points, list[Checkpoint]]:
    """The points and checkpoints of `pack_curve`."""
    found = _unpacked(text)
    whole = ("step", "tokens")
    columns: dict[str, Any] = {
        name: np.array(found["points"][name], dtype=np.int64 if name in whole else np.float64)
        for name in COLUMNS
    }
    return Points(**columns), [Checkpoint(**one) for one in found["checkpoints"]]


def pack_vectors(table: StaticVectors) -> str:
    """A table of words, in the precision that it is stored in."""
    rows = np.ascontiguousarray(table.vectors, dtype=np.float32)
    written = base64.b64encode(rows.tobytes()).decode("ascii")
    return _packed({"name": table.name, "words": list(table.words), "shape": rows.shape, "rows": written})


def vectors(text: str) -> StaticVectors:
    """The table of `pack_vectors`."""
    from core.vectors.static import StaticVectors

    found = _unpacked(text)
    rows = np.frombuffer(base64.b64decode(found["rows"]), dtype=np.float32).reshape(found["shape"])
    return StaticVectors(found["name"], tuple(found["words"]), rows)


def pack_tuned(spec: FineTuneSpec, weights: bytes) -> str:
    """What a fine-tuning run of a bundled base has learned: its spec, and the bytes of a checkpoint."""
    return _packed({"spec": spec.to_dict(), "weights": base64.b64encode(weights).decode("ascii")})


def tuned_model(text: str) -> LanguageModel:
    """The model of `pack_tuned`: the base with what was learned."""
    from core.runs.fine_tuning import bundled_base, read_file
    from core.training.fine_tune_spec import FineTuneSpec
    from core.training.tuned import tuned

    found = _unpacked(text)
    spec = FineTuneSpec.from_dict(found["spec"])
    return tuned(spec, bundled_base(spec.base), read_file(base64.b64decode(found["weights"])), "tuned")


def _packed(values: Any) -> str:
    return base64.b64encode(zlib.compress(json.dumps(values).encode("utf-8"), 9)).decode("ascii")


def _unpacked(text: str) -> Any:
    return json.loads(zlib.decompress(base64.b64decode(text)))
